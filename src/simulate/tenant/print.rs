//! Small printing tools shared by the two record shapes.
//!
//! Records are printed straight into the page: constant pieces of JSON between slots. A JSON tree would say the same at a
//! tenth of the speed, and could not keep the service's order of keys.

use super::{
    guid::Guid,
    outcome::Outcome,
    place::Place,
    sign_in::{PolicyResult, SignIn},
    software::Device,
};

/// What the caller of the service gets to see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct View {
    /// The caller sent `Prefer: include-unknown-enum-members`.
    pub newer_members: bool,
    /// The caller may read Conditional Access policies; without it the property is left out.
    pub policies: bool,
    /// The tenant has the licence for risk; without it the values are `hidden`.
    pub risk: bool,
}

impl View {
    /// Everything: all rights, all licences, all enum members.
    pub const FULL: Self = Self { newer_members: true, policies: true, risk: true };
}

/// Appends a piece of JSON as it stands.
pub(crate) fn put(out: &mut Vec<u8>, piece: &str) {
    out.extend_from_slice(piece.as_bytes());
}

/// Appends a quoted string that needs no escapes, or has them already.
pub(crate) fn quoted(out: &mut Vec<u8>, json: &str) {
    out.push(b'"');
    put(out, json);
    out.push(b'"');
}

/// Appends a quoted string or `null`.
pub(crate) fn nullable(out: &mut Vec<u8>, json: Option<&str>) {
    match json {
        Some(json) => quoted(out, json),
        None => put(out, "null"),
    }
}

/// Appends a quoted GUID.
pub(crate) fn guid(out: &mut Vec<u8>, guid: Guid) {
    out.push(b'"');
    out.extend_from_slice(&guid.text());
    out.push(b'"');
}

/// Appends a quoted GUID or `null`.
pub(crate) fn nullable_guid(out: &mut Vec<u8>, value: Option<Guid>) {
    match value {
        Some(value) => guid(out, value),
        None => put(out, "null"),
    }
}

/// Appends a number.
pub(crate) fn number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [b'0'; 20];
    let mut rest = number;
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends an enum member; members newer than the evolvable enum's sentinel only when the caller asked for them.
///
/// graph-api §1.5 and §2.5: a member listed after `unknownFutureValue` is returned as `unknownFutureValue` otherwise.
pub(crate) fn member(out: &mut Vec<u8>, member: &str, view: View) {
    let newer = NEWER_MEMBERS.contains(&member);
    quoted(out, if newer && !view.newer_members { "unknownFutureValue" } else { member });
}

/// Appends the four risk members with their keys, and a comma after each.
pub(crate) fn risk(out: &mut Vec<u8>, sign_in: &SignIn<'_>, view: View) {
    let risk = &sign_in.risk;
    let shown = |value| if view.risk { value } else { "hidden" };
    put(out, "\"riskDetail\":");
    member(out, shown(risk.detail), view);
    put(out, ",\"riskLevelAggregated\":");
    member(out, shown(risk.level), view);
    put(out, ",\"riskLevelDuringSignIn\":");
    member(out, shown(risk.level), view);
    put(out, ",\"riskState\":");
    member(out, shown(risk.state), view);
    out.push(b',');
}

/// Appends the names of the risk events, as a list.
pub(crate) fn risk_events(out: &mut Vec<u8>, sign_in: &SignIn<'_>, view: View) {
    out.push(b'[');
    for (place, event) in sign_in.risk.events.iter().filter(|_| view.risk).enumerate() {
        if place > 0 {
            out.push(b',');
        }
        quoted(out, event);
    }
    out.push(b']');
}

/// Appends `"status":{…}`.
pub(crate) fn status(out: &mut Vec<u8>, outcome: &Outcome) {
    put(out, "\"status\":{\"errorCode\":");
    number(out, u64::from(outcome.code));
    put(out, ",\"failureReason\":");
    nullable(out, outcome.reason);
    put(out, ",\"additionalDetails\":");
    nullable(out, outcome.details);
    out.push(b'}');
}

/// Appends `"deviceDetail":{…}`, with the browser id that beta gives interactive sign-ins.
pub(crate) fn device(out: &mut Vec<u8>, sign_in: &SignIn<'_>, with_browser_id: bool) {
    let browser_id = if with_browser_id { "\"browserId\":null," } else { "" };
    let Some(Device { operating_system, browser, trust, .. }) = sign_in.device else {
        put(out, "\"deviceDetail\":{\"deviceId\":\"\",\"displayName\":null,\"operatingSystem\":\"\",\"browser\":\"\",");
        put(out, browser_id);
        put(out, "\"isCompliant\":null,\"isManaged\":null,\"trustType\":null}");
        return;
    };
    put(out, "\"deviceDetail\":{\"deviceId\":");
    match sign_in.device_id {
        Some(device_id) => {
            guid(out, device_id);
            put(out, ",\"displayName\":\"PC-");
            out.extend_from_slice(&device_id.text()[..8]);
            out.push(b'"');
        }
        None => put(out, "\"\",\"displayName\":\"\""),
    }
    put(out, ",\"operatingSystem\":");
    quoted(out, operating_system);
    put(out, ",\"browser\":");
    quoted(out, if sign_in.client_app == Some("Browser") { browser } else { "" });
    out.push(b',');
    put(out, browser_id);
    let managed = if sign_in.device_id.is_some() && *trust != "Azure AD registered" { "true" } else { "false" };
    put(out, "\"isCompliant\":");
    put(out, managed);
    put(out, ",\"isManaged\":");
    put(out, managed);
    put(out, ",\"trustType\":");
    quoted(out, if sign_in.device_id.is_some() { trust } else { "" });
    out.push(b'}');
}

/// Appends `"location":{…}`.
pub(crate) fn location(out: &mut Vec<u8>, place: &Place) {
    put(out, "\"location\":{\"city\":");
    quoted(out, place.city);
    put(out, ",\"state\":");
    quoted(out, place.state);
    put(out, ",\"countryOrRegion\":");
    quoted(out, place.country);
    put(out, ",\"geoCoordinates\":");
    put(out, &place.coordinates);
    out.push(b'}');
}

/// Appends the applied policies as a list; the shape differs between the versions in what follows the result.
pub(crate) fn policies(out: &mut Vec<u8>, sign_in: &SignIn<'_>, beta: bool) {
    if !sign_in.kind.is_user() || (sign_in.policy == PolicyResult::NotApplied && sign_in.client_app != Some("Browser"))
    {
        put(out, "\"appliedConditionalAccessPolicies\":[]");
        return;
    }
    put(out, "\"appliedConditionalAccessPolicies\":[{\"id\":\"1c2d3e4f-5061-4728-93a4-b5c6d7e8f901\",\"displayName\":");
    put(out, "\"CA001 Require MFA\",\"enforcedGrantControls\":[\"Mfa\"],\"enforcedSessionControls\":[],");
    let (satisfied, missed) = match sign_in.policy {
        PolicyResult::NotApplied => ("application", "users"),
        PolicyResult::Failure | PolicyResult::Success => ("application,users", "none"),
    };
    if beta {
        put(out, "\"sessionControlsNotSatisfied\":[],");
    }
    put(out, "\"result\":");
    quoted(out, sign_in.policy.name());
    if beta {
        put(out, ",\"conditionsSatisfied\":");
        quoted(out, satisfied);
        put(out, ",\"conditionsNotSatisfied\":");
        quoted(out, missed);
        put(out, ",\"authenticationStrength\":null,\"includeRulesSatisfied\":[{\"conditionalAccessCondition\":");
        put(out, "\"application\",\"ruleSatisfied\":\"allApps\"}");
        if sign_in.policy != PolicyResult::NotApplied {
            put(out, ",{\"conditionalAccessCondition\":\"users\",\"ruleSatisfied\":\"allUsers\"}");
        }
        put(out, "],\"excludeRulesSatisfied\":[]");
    }
    put(out, "}]");
}

/// Members that the evolvable enums gained after their sentinel and that our records use.
const NEWER_MEMBERS: [&str; 5] = [
    "adminDismissedRiskForSignIn",
    "authorizationCodeWithPkce",
    "clientCredentials",
    "refreshToken",
    "remoteDesktopToken",
];
