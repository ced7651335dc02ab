//! What a record says, in the order in which people ask: which account, when, from where, with what, how it ended, and why.
//!
//! Words are the service's own or say what its numbers and members mean; nothing is concluded. What the record does not state
//! is named as such where people would ask for it, and left out otherwise.

use std::collections::HashSet;

use chrono_tz::Tz;

use super::html::{Html, short, text};
use super::moment;
use crate::codec::json::{Json, Shape};
use crate::codec::result_code;
use crate::codec::sign_in::{Policy, SignIn, Step, Words};
use crate::codec::sign_in_words as words;
use crate::exhibit::selection::Picked;

/// Writes what a sign-in record says.
pub(super) fn sign_in(html: &mut Html, picked: &Picked, zone: Option<Tz>) {
    let Some(record) = SignIn::read(&picked.bytes) else { return other(html, picked, zone) };
    html.heading("What the record says");
    if Json::read(&picked.bytes).is_some_and(repeats) {
        html.note("Some member stands in it more than once. Here the last one counts; below, each is shown.");
    }
    html.begin_rows();
    who(html, &record);
    let mut stated = |label: &str, value: &Words<'_>| row(html, label, value);
    stated("Identifier", &record.id);
    let time = picked.time.as_deref().or(record.created.as_deref());
    html.row_html("When", &time.map_or_else(not_stated, |time| moment::of_service(time, zone)));
    from_where(html, &record);
    with_what(html, &record);
    outcome(html, &record);
    conditions(html, &record);
    device(html, &record);
    risk(html, &record);
    session(html, &record);
    html.end_rows();
    policies(html, record.policies.as_deref());
    steps(html, &record.steps, zone);
}

/// Writes the little that can be said of a record of any other log.
pub(super) fn other(html: &mut Html, picked: &Picked, zone: Option<Tz>) {
    html.heading("What the record says");
    html.begin_rows();
    html.row("Log", picked.kind.as_str());
    let id = picked.id.as_deref().map_or_else(not_stated, |id| format!("<bdi>{}</bdi>", short(id)));
    html.row_html("Identifier", &id);
    html.row_html("When", &picked.time.as_deref().map_or_else(not_stated, |time| moment::of_service(time, zone)));
    html.end_rows();
    html.note("Records of this log have no summary; all of it stands below.");
}

fn who(html: &mut Html, record: &SignIn<'_>) {
    let is_person = record.user_id.is_some() || record.user_principal_name.is_some();
    if is_person || record.service_principal_id.is_none() && record.service_principal_name.is_none() {
        row(html, "Account", &record.user_principal_name);
        known(html, "Name shown", &record.user_display_name);
        known(html, "Account's identifier", &record.user_id);
        known(html, "Kind of account", &record.user_type);
    }
    known(html, "Service principal", &record.service_principal_name);
    known(html, "Its identifier", &record.service_principal_id);
    known_but_none(html, "Its credential", &record.client_credential_type);
    known(html, "Home tenant", &record.home_tenant_id);
    known_but_none(html, "Access across tenants", &record.cross_tenant_access_type);
    let interactive = match record.is_interactive {
        Some(true) => "yes: the service logged it as interactive",
        Some(false) => "no: the service logged it as not interactive",
        None => return,
    };
    html.row("Interactive", interactive);
}

fn from_where(html: &mut Html, record: &SignIn<'_>) {
    row(html, "From the address", &record.ip_address);
    if let Some(number) = record.autonomous_system_number {
        html.row("Network (autonomous system)", &number.to_string());
    }
    let location = &record.location;
    let parts = [&location.city, &location.state, &location.country];
    let named: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
    let place = named.join(", ");
    let place = if place.is_empty() { None } else { Some(place.into()) };
    row(html, "Place, as the service takes the address to be", &place);
    if let Some((latitude, longitude)) = location.coordinates() {
        html.row("Coordinates, likewise", &format!("{latitude}, {longitude}"));
    }
}

fn with_what(html: &mut Html, record: &SignIn<'_>) {
    row(html, "With the application", &record.app_display_name);
    known(html, "Application's identifier", &record.app_id);
    row(html, "To reach", &record.resource_display_name);
    known(html, "Resource's identifier", &record.resource_id);
    known(html, "Client", &record.client_app_used);
    known(html, "Browser or program, by its own word", &record.user_agent);
    known_but_none(html, "Protocol", &record.authentication_protocol);
}

fn outcome(html: &mut Html, record: &SignIn<'_>) {
    let status = &record.status;
    let ended = match status.error_code {
        None => not_stated(),
        Some(0) => "<b>succeeded</b> (error code 0)".to_owned(),
        Some(code) => match result_code::meaning(code) {
            Some(meaning) => format!(
                "<b>error code {code}</b>, {}: {} <small>(meaning after: {})</small>",
                text(meaning.name),
                text(meaning.words),
                text(meaning.source)
            ),
            None => format!("<b>error code {code}</b>, which is {}", text(result_code::words(code))),
        },
    };
    html.row_html("How it ended", &ended);
    known(html, "In the service's words", &status.failure_reason);
    known(html, "And", &status.additional_details);
}

fn conditions(html: &mut Html, record: &SignIn<'_>) {
    meant(html, "Authentication required", &record.authentication_requirement, words::authentication_requirement);
    meant(html, "Conditional Access", &record.conditional_access_status, words::conditional_access_status);
}

fn device(html: &mut Html, record: &SignIn<'_>) {
    let device = &record.device;
    known(html, "Device", &device.display_name);
    known(html, "Its identifier", &device.id);
    known(html, "Operating system", &device.operating_system);
    known(html, "Browser", &device.browser);
    let mut flag = |label: &str, value: Option<bool>| {
        if let Some(value) = value {
            html.row(label, if value { "yes" } else { "no" });
        }
    };
    flag("Compliant with policy", device.is_compliant);
    flag("Managed", device.is_managed);
    known(html, "Joined as", &device.trust_type);
}

fn risk(html: &mut Html, record: &SignIn<'_>) {
    meant(html, "Risk during the sign-in, by the service", &record.risk_level_during_sign_in, words::risk_level);
    meant(html, "State of that risk", &record.risk_state, words::risk_state);
    let events = record.risk_event_types.iter().take(ROWS);
    let events: Vec<String> = events.map(|member| meaning(member, words::risk_event_type)).collect();
    if !events.is_empty() {
        html.row_html("Kinds of risk noted", &events.join("<br>"));
    }
}

fn session(html: &mut Html, record: &SignIn<'_>) {
    known(html, "Session", &record.session_id);
    known(html, "Correlation identifier, chosen by the client", &record.correlation_id);
    known(html, "Token issued", &record.unique_token_identifier);
    known_but_none(html, "Token presented", &record.incoming_token_type);
}

fn policies(html: &mut Html, policies: Option<&[Policy<'_>]>) {
    let Some(policies) = policies.filter(|policies| !policies.is_empty()) else { return };
    html.heading("Conditional Access policies that were looked at");
    html.push("<table><tr><th>Policy</th><th>Result</th><th>Asked for</th></tr>");
    for policy in policies.iter().take(ROWS) {
        let name = policy.display_name.as_ref().or(policy.id.as_ref());
        let result = policy
            .result
            .as_deref()
            .map_or_else(not_stated, |member| meaning(member, words::conditional_access_result));
        let controls: Vec<&str> =
            policy.grant_controls.iter().chain(&policy.session_controls).map(AsRef::as_ref).collect();
        let name = name.map_or_else(not_stated, |name| format!("<bdi>{}</bdi>", short(name)));
        html.push(&format!("<tr><td>{name}</td><td>{result}</td><td>{}</td></tr>", short(&controls.join(", "))));
    }
    html.push("</table>");
    rest(html, policies.len());
}

fn steps(html: &mut Html, steps: &[Step<'_>], zone: Option<Tz>) {
    if steps.is_empty() {
        return;
    }
    html.heading("Steps of the authentication");
    html.push("<table><tr><th>When</th><th>Method</th><th>Succeeded</th><th>In the service's words</th></tr>");
    for step in steps.iter().take(ROWS) {
        let time = step.time.as_deref().map_or_else(not_stated, |time| moment::of_service(time, zone));
        let parts = [&step.method, &step.method_detail];
        let method: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
        let succeeded = match step.succeeded {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => not_stated(),
        };
        let said: Vec<&str> =
            [&step.result, &step.requirement].into_iter().filter_map(|part| part.as_deref()).collect();
        html.push(&format!(
            "<tr><td>{time}</td><td><bdi>{}</bdi></td><td>{succeeded}</td><td><bdi>{}</bdi></td></tr>",
            short(&method.join(", ")),
            short(&said.join("; "))
        ));
    }
    html.push("</table>");
    rest(html, steps.len());
}

fn rest(html: &mut Html, count: usize) {
    if count > ROWS {
        html.note(&format!("{} more stand among the members below.", count - ROWS));
    }
}

/// Adds a row whether the record states the value or not.
fn row(html: &mut Html, label: &str, value: &Words<'_>) {
    let value = value.as_deref().map_or_else(not_stated, |value| format!("<bdi>{}</bdi>", short(value)));
    html.row_html(label, &value);
}

/// Adds a row where the record states the value.
fn known(html: &mut Html, label: &str, value: &Words<'_>) {
    if let Some(value) = value {
        html.row(label, value);
    }
}

/// The same, where the value is not the service's word for there being none.
fn known_but_none(html: &mut Html, label: &str, value: &Words<'_>) {
    if value.as_deref() != Some("none") {
        known(html, label, value);
    }
}

/// Adds a row with a member of an enumeration and what it means.
fn meant(html: &mut Html, label: &str, value: &Words<'_>, words: fn(&str) -> Option<&'static str>) {
    if let Some(member) = value {
        html.row_html(label, &meaning(member, words));
    }
}

fn meaning(member: &str, words: fn(&str) -> Option<&'static str>) -> String {
    // Where the words are the member's own they say nothing more.
    let said =
        words(member).filter(|words| *words != member).map_or(String::new(), |words| format!(": {}", text(words)));
    format!("<bdi>{}</bdi>{said}", short(member))
}

fn not_stated() -> String {
    "<small>not stated</small>".to_owned()
}

/// Says whether some name stands more than once in an object, at any depth; a record has at most 128 (FORMAT §7.1).
fn repeats(json: Json<'_>) -> bool {
    let mut names = HashSet::new();
    match json.shape() {
        Shape::Object => json.members().any(|(name, value)| !names.insert(name.spelled()) || repeats(value)),
        Shape::Array => json.items().any(repeats),
        _ => false,
    }
}

/// 100: what a table can hold that somebody reads; all stands among the members.
const ROWS: usize = 100;
