//! One sign-in record of Microsoft Graph, read for people and for counting (resource type `signIn`, beta and v1.0).
//!
//! A reader of strangers' text: it takes what it understands and passes over the rest. A member that is unknown, missing, `null`,
//! empty or of another type than documented is absent here and never fails the record. Of members of one name the last counts, as
//! in most readers of JSON, or, for who counts and concludes, none ([`SignIn::read_unrepeated`]). Strings are borrowed where they hold no escape; lone surrogates become U+FFFD.
//!
//! The evidence is the record's bytes; nothing here is ever written back, and nothing that signs or verifies asks this view.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Text of a record; empty text is absent, as the service writes both for the same thing.
pub type Words<'a> = Option<Cow<'a, str>>;

/// One sign-in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignIn<'a> {
    /// `id`.
    pub id: Words<'a>,
    /// `createdDateTime`, as it stands there.
    pub created: Words<'a>,
    /// `userId`.
    pub user_id: Words<'a>,
    /// `userPrincipalName`.
    pub user_principal_name: Words<'a>,
    /// `userDisplayName`.
    pub user_display_name: Words<'a>,
    /// `userType`: `member` or `guest`.
    pub user_type: Words<'a>,
    /// `appId`.
    pub app_id: Words<'a>,
    /// `appDisplayName`.
    pub app_display_name: Words<'a>,
    /// `resourceId`, which is the application id of the resource.
    pub resource_id: Words<'a>,
    /// `resourceDisplayName`.
    pub resource_display_name: Words<'a>,
    /// `servicePrincipalId`.
    pub service_principal_id: Words<'a>,
    /// `servicePrincipalName`.
    pub service_principal_name: Words<'a>,
    /// `servicePrincipalCredentialKeyId`.
    pub service_principal_credential_key_id: Words<'a>,
    /// `servicePrincipalCredentialThumbprint`.
    pub service_principal_credential_thumbprint: Words<'a>,
    /// `clientCredentialType`.
    pub client_credential_type: Words<'a>,
    /// `homeTenantId`.
    pub home_tenant_id: Words<'a>,
    /// `resourceTenantId`.
    pub resource_tenant_id: Words<'a>,
    /// `crossTenantAccessType`, which may be a list with commas.
    pub cross_tenant_access_type: Words<'a>,
    /// `ipAddress`.
    pub ip_address: Words<'a>,
    /// `autonomousSystemNumber`.
    pub autonomous_system_number: Option<u32>,
    /// `clientAppUsed`.
    pub client_app_used: Words<'a>,
    /// `userAgent`.
    pub user_agent: Words<'a>,
    /// `isInteractive`.
    pub is_interactive: Option<bool>,
    /// `signInEventTypes`.
    pub sign_in_event_types: Vec<Cow<'a, str>>,
    /// `correlationId`, which the client chooses.
    pub correlation_id: Words<'a>,
    /// `originalRequestId`.
    pub original_request_id: Words<'a>,
    /// `sessionId`.
    pub session_id: Words<'a>,
    /// `uniqueTokenIdentifier`.
    pub unique_token_identifier: Words<'a>,
    /// `incomingTokenType`.
    pub incoming_token_type: Words<'a>,
    /// `originalTransferMethod`.
    pub original_transfer_method: Words<'a>,
    /// `authenticationProtocol`.
    pub authentication_protocol: Words<'a>,
    /// `authenticationRequirement`.
    pub authentication_requirement: Words<'a>,
    /// `tokenIssuerType`.
    pub token_issuer_type: Words<'a>,
    /// `conditionalAccessStatus`.
    pub conditional_access_status: Words<'a>,
    /// `appliedConditionalAccessPolicies`; absent where the identity that asked may not read them.
    pub policies: Option<Vec<Policy<'a>>>,
    /// `riskLevelDuringSignIn`.
    pub risk_level_during_sign_in: Words<'a>,
    /// `riskLevelAggregated`.
    pub risk_level_aggregated: Words<'a>,
    /// `riskState`.
    pub risk_state: Words<'a>,
    /// `riskDetail`.
    pub risk_detail: Words<'a>,
    /// `riskEventTypes_v2`.
    pub risk_event_types: Vec<Cow<'a, str>>,
    /// `status`.
    pub status: Status<'a>,
    /// `deviceDetail`.
    pub device: Device<'a>,
    /// `location`, which the service derives from the address.
    pub location: Location<'a>,
    /// `authenticationDetails`.
    pub steps: Vec<Step<'a>>,
    /// Whether a member of it, or of its objects that are read, stands there twice and is therefore absent here
    /// ([`SignIn::read_unrepeated`]).
    pub has_repeated: bool,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status<'a> {
    /// `errorCode`; zero is a success ([`super::result_code`]).
    pub error_code: Option<u32>,
    /// Whether the number is absent because it, or `status`, stands there twice.
    pub error_code_is_repeated: bool,
    /// `failureReason`, in the service's words; also there for a success.
    pub failure_reason: Words<'a>,
    /// `additionalDetails`, in the service's words.
    pub additional_details: Words<'a>,
}

/// The device, as far as the service knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device<'a> {
    /// `deviceId`.
    pub id: Words<'a>,
    /// `displayName`.
    pub display_name: Words<'a>,
    /// `operatingSystem`.
    pub operating_system: Words<'a>,
    /// `browser`.
    pub browser: Words<'a>,
    /// `isCompliant`.
    pub is_compliant: Option<bool>,
    /// `isManaged`.
    pub is_managed: Option<bool>,
    /// `trustType`.
    pub trust_type: Words<'a>,
}

/// Where the service takes the address to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Location<'a> {
    /// `city`.
    pub city: Words<'a>,
    /// `state`.
    pub state: Words<'a>,
    /// `countryOrRegion`.
    pub country: Words<'a>,
    /// `geoCoordinates.latitude`, degrees north.
    pub latitude: Option<f64>,
    /// `geoCoordinates.longitude`, degrees east.
    pub longitude: Option<f64>,
}

/// A Conditional Access policy that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy<'a> {
    /// `id`.
    pub id: Words<'a>,
    /// `displayName`.
    pub display_name: Words<'a>,
    /// `result`.
    pub result: Words<'a>,
    /// `enforcedGrantControls`.
    pub grant_controls: Vec<Cow<'a, str>>,
    /// `enforcedSessionControls`.
    pub session_controls: Vec<Cow<'a, str>>,
}

/// A step of the authentication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step<'a> {
    /// `authenticationStepDateTime`, as it stands there.
    pub time: Words<'a>,
    /// `authenticationMethod`.
    pub method: Words<'a>,
    /// `authenticationMethodDetail`.
    pub method_detail: Words<'a>,
    /// `succeeded`.
    pub succeeded: Option<bool>,
    /// `authenticationStepResultDetail`, in the service's words.
    pub result: Words<'a>,
    /// `authenticationStepRequirement`.
    pub requirement: Words<'a>,
}

impl<'a> SignIn<'a> {
    /// Reads a record; `None` when the bytes are not one JSON object in UTF-8. Of members of one name the last counts.
    #[must_use]
    pub fn read(record: &'a [u8]) -> Option<Self> {
        Self::read_with(Twice::LastCounts, record)
    }

    /// Reads a record; what stands there twice is absent, since nobody can say which of the two is meant.
    #[must_use]
    pub fn read_unrepeated(record: &'a [u8]) -> Option<Self> {
        Self::read_with(Twice::IsAbsent, record)
    }

    fn read_with(twice: Twice, record: &'a [u8]) -> Option<Self> {
        let mut sign_in = Self::default();
        let repeated =
            each_member(std::str::from_utf8(record).ok()?, twice, |name, value| sign_in.take(name, value, twice))?;
        sign_in.has_repeated |= !repeated.is_empty();
        sign_in.status.error_code_is_repeated |= repeated.iter().any(|name| name == "status");
        Some(sign_in)
    }

    /// Says whether it succeeded; `None` when the record does not say.
    #[must_use]
    pub fn succeeded(&self) -> Option<bool> {
        self.status.error_code.map(|code| code == 0)
    }

    fn take(&mut self, name: &str, value: &'a str, twice: Twice) {
        let repeated = &mut self.has_repeated;
        match name {
            "id" => self.id = words(value),
            "createdDateTime" => self.created = words(value),
            "userId" => self.user_id = words(value),
            "userPrincipalName" => self.user_principal_name = words(value),
            "userDisplayName" => self.user_display_name = words(value),
            "userType" => self.user_type = words(value),
            "appId" => self.app_id = words(value),
            "appDisplayName" => self.app_display_name = words(value),
            "resourceId" => self.resource_id = words(value),
            "resourceDisplayName" => self.resource_display_name = words(value),
            "servicePrincipalId" => self.service_principal_id = words(value),
            "servicePrincipalName" => self.service_principal_name = words(value),
            "servicePrincipalCredentialKeyId" => self.service_principal_credential_key_id = words(value),
            "servicePrincipalCredentialThumbprint" => self.service_principal_credential_thumbprint = words(value),
            "clientCredentialType" => self.client_credential_type = words(value),
            "homeTenantId" => self.home_tenant_id = words(value),
            "resourceTenantId" => self.resource_tenant_id = words(value),
            "crossTenantAccessType" => self.cross_tenant_access_type = words(value),
            "ipAddress" => self.ip_address = words(value),
            "autonomousSystemNumber" => self.autonomous_system_number = number(value),
            "clientAppUsed" => self.client_app_used = words(value),
            "userAgent" => self.user_agent = words(value),
            "isInteractive" => self.is_interactive = flag(value),
            "signInEventTypes" => self.sign_in_event_types = list(value),
            "correlationId" => self.correlation_id = words(value),
            "originalRequestId" => self.original_request_id = words(value),
            "sessionId" => self.session_id = words(value),
            "uniqueTokenIdentifier" => self.unique_token_identifier = words(value),
            "incomingTokenType" => self.incoming_token_type = words(value),
            "originalTransferMethod" => self.original_transfer_method = words(value),
            "authenticationProtocol" => self.authentication_protocol = words(value),
            "authenticationRequirement" => self.authentication_requirement = words(value),
            "tokenIssuerType" => self.token_issuer_type = words(value),
            "conditionalAccessStatus" => self.conditional_access_status = words(value),
            "appliedConditionalAccessPolicies" => {
                self.policies =
                    elements(value).map(|all| all.iter().map(|one| Policy::read(one.get(), twice, repeated)).collect());
            }
            "riskLevelDuringSignIn" => self.risk_level_during_sign_in = words(value),
            "riskLevelAggregated" => self.risk_level_aggregated = words(value),
            "riskState" => self.risk_state = words(value),
            "riskDetail" => self.risk_detail = words(value),
            "riskEventTypes_v2" => self.risk_event_types = list(value),
            "status" => self.status = Status::read(value, twice, repeated),
            "deviceDetail" => self.device = Device::read(value, twice, repeated),
            "location" => self.location = Location::read(value, twice, repeated),
            "authenticationDetails" => {
                self.steps = elements(value)
                    .unwrap_or_default()
                    .iter()
                    .map(|one| Step::read(one.get(), twice, repeated))
                    .collect();
            }
            _ => {}
        }
    }
}

impl<'a> Status<'a> {
    fn read(object: &'a str, twice: Twice, repeated: &mut bool) -> Self {
        let mut status = Self::default();
        let twofold = each_member(object, twice, |name, value| match name {
            "errorCode" => status.error_code = number(value),
            "failureReason" => status.failure_reason = words(value),
            "additionalDetails" => status.additional_details = words(value),
            _ => {}
        });
        let twofold = twofold.unwrap_or_default();
        *repeated |= !twofold.is_empty();
        status.error_code_is_repeated = twofold.iter().any(|name| name == "errorCode");
        status
    }
}

impl<'a> Device<'a> {
    fn read(object: &'a str, twice: Twice, repeated: &mut bool) -> Self {
        let mut device = Self::default();
        let twofold = each_member(object, twice, |name, value| match name {
            "deviceId" => device.id = words(value),
            "displayName" => device.display_name = words(value),
            "operatingSystem" => device.operating_system = words(value),
            "browser" => device.browser = words(value),
            "isCompliant" => device.is_compliant = flag(value),
            "isManaged" => device.is_managed = flag(value),
            "trustType" => device.trust_type = words(value),
            _ => {}
        });
        *repeated |= twofold.is_some_and(|names| !names.is_empty());
        device
    }
}

impl<'a> Location<'a> {
    fn read(object: &'a str, twice: Twice, repeated: &mut bool) -> Self {
        let mut location = Self::default();
        let twofold = each_member(object, twice, |name, value| match name {
            "city" => location.city = words(value),
            "state" => location.state = words(value),
            "countryOrRegion" => location.country = words(value),
            "geoCoordinates" => {
                (location.latitude, location.longitude) = (None, None);
                let twofold = each_member(value, twice, |name, value| match name {
                    "latitude" => location.latitude = degrees(value),
                    "longitude" => location.longitude = degrees(value),
                    _ => {}
                });
                *repeated |= twofold.is_some_and(|names| !names.is_empty());
            }
            _ => {}
        });
        *repeated |= twofold.is_some_and(|names| !names.is_empty());
        location
    }

    /// Returns latitude and longitude in degrees, where both are there, on the globe, and not both zero: that is what many
    /// databases write for a place they do not know.
    #[must_use]
    pub fn coordinates(&self) -> Option<(f64, f64)> {
        let (latitude, longitude) = (self.latitude?, self.longitude?);
        let on_the_globe = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        (on_the_globe && (latitude != 0.0 || longitude != 0.0)).then_some((latitude, longitude))
    }
}

impl<'a> Policy<'a> {
    fn read(object: &'a str, twice: Twice, repeated: &mut bool) -> Self {
        let mut policy = Self::default();
        let twofold = each_member(object, twice, |name, value| match name {
            "id" => policy.id = words(value),
            "displayName" => policy.display_name = words(value),
            "result" => policy.result = words(value),
            "enforcedGrantControls" => policy.grant_controls = list(value),
            "enforcedSessionControls" => policy.session_controls = list(value),
            _ => {}
        });
        *repeated |= twofold.is_some_and(|names| !names.is_empty());
        policy
    }
}

impl<'a> Step<'a> {
    fn read(object: &'a str, twice: Twice, repeated: &mut bool) -> Self {
        let mut step = Self::default();
        let twofold = each_member(object, twice, |name, value| match name {
            "authenticationStepDateTime" => step.time = words(value),
            "authenticationMethod" => step.method = words(value),
            "authenticationMethodDetail" => step.method_detail = words(value),
            "succeeded" => step.succeeded = flag(value),
            "authenticationStepResultDetail" => step.result = words(value),
            "authenticationStepRequirement" => step.requirement = words(value),
            _ => {}
        });
        *repeated |= twofold.is_some_and(|names| !names.is_empty());
        step
    }
}

/// What of members of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Twice {
    /// None of them is there.
    IsAbsent,
    /// They are taken in order, so that the last one stays.
    LastCounts,
}

/// Hands each member of a JSON object on, its value as it is spelled; `None` when it is no object. Where members of one name are to
/// be absent, each such name is handed on once, as `null`, and returned; else none is.
fn each_member<'a>(json: &'a str, twice: Twice, mut take: impl FnMut(&str, &'a str)) -> Option<Vec<Cow<'a, str>>> {
    struct Members<'m, 'de>(&'m mut dyn FnMut(Cow<'de, str>, &'de str));

    impl<'de> Visitor<'de> for Members<'_, 'de> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(Spelled(name)) = map.next_key()? {
                let value: &'de RawValue = map.next_value()?;
                (self.0)(name, value.get());
            }
            Ok(())
        }
    }

    let read = |each: &mut dyn FnMut(Cow<'a, str>, &'a str)| {
        let mut reader = serde_json::Deserializer::from_str(json);
        reader.deserialize_map(Members(each)).ok()?;
        reader.end().ok()
    };
    if twice == Twice::LastCounts {
        read(&mut |name, value| take(&name, value))?;
        return Some(Vec::new());
    }
    let mut members = Vec::new();
    read(&mut |name, value| members.push((name, value)))?;
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    let mut repeated: Vec<Cow<'a, str>> = Vec::new();
    for pair in names.windows(2) {
        if let [first, second] = pair
            && first == second
            && repeated.last().is_none_or(|last| last != first)
        {
            repeated.push(Cow::Owned((*first).to_owned()));
        }
    }
    for (name, value) in members {
        if repeated.is_empty() || repeated.binary_search(&name).is_err() {
            take(&name, value);
        }
    }
    for name in &repeated {
        take(name, "null");
    }
    Some(repeated)
}

/// Returns the elements of a JSON array, as they are spelled; `None` when it is no array.
fn elements(json: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json).ok()
}

fn words(json: &str) -> Words<'_> {
    let Spelled(text) = serde_json::from_str(json).ok()?;
    (!text.is_empty()).then_some(text)
}

fn list(json: &str) -> Vec<Cow<'_, str>> {
    elements(json).unwrap_or_default().into_iter().filter_map(|element| words(element.get())).collect()
}

fn number(json: &str) -> Option<u32> {
    serde_json::from_str(json).ok()
}

fn flag(json: &str) -> Option<bool> {
    serde_json::from_str(json).ok()
}

fn degrees(json: &str) -> Option<f64> {
    serde_json::from_str(json).ok().filter(|degrees: &f64| degrees.is_finite())
}

/// A JSON string, also one that does not spell Unicode text.
struct Spelled<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Spelled<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Spelled<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Spelled<'de>, E> {
                Ok(Spelled(String::from_utf8_lossy(bytes)))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Spelled<'de>, E> {
                Ok(Spelled(Cow::Owned(String::from_utf8_lossy(bytes).into_owned())))
            }

            // The reader of bytes takes arrays too; they are no text.
            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Spelled<'de>, A::Error> {
                Err(serde::de::Error::custom("not a string"))
            }
        }

        deserializer.deserialize_bytes(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read() {
        let record = br#"{"id":"a-1","createdDateTime":"2026-11-18T09:14:27Z","userPrincipalName":"dana@contoso.example",
            "ipAddress":"203.0.113.45","autonomousSystemNumber":64496,"isInteractive":true,"signInEventTypes":["interactiveUser"],
            "sessionId":null,"servicePrincipalId":"","status":{"errorCode":50126,"failureReason":"no"},
            "location":{"city":"Utrecht","countryOrRegion":"NL","geoCoordinates":{"altitude":null,"latitude":52.09,"longitude":5.12}},
            "appliedConditionalAccessPolicies":[{"displayName":"CA001","result":"success","enforcedGrantControls":["Mfa"]}],
            "authenticationDetails":[{"authenticationMethod":"Password","succeeded":false}],"newMember":{"deep":[1]}}"#;
        let sign_in = SignIn::read(record).unwrap();
        assert!(matches!(sign_in.id, Some(Cow::Borrowed("a-1"))));
        assert_eq!(sign_in.autonomous_system_number, Some(64_496));
        assert_eq!((sign_in.session_id.as_deref(), sign_in.service_principal_id.as_deref()), (None, None));
        assert_eq!((sign_in.status.error_code, sign_in.succeeded()), (Some(50_126), Some(false)));
        assert_eq!(sign_in.location.coordinates(), Some((52.09, 5.12)));
        assert_eq!(sign_in.sign_in_event_types, ["interactiveUser"]);
        let policies = sign_in.policies.unwrap();
        assert_eq!((policies[0].result.as_deref(), policies[0].grant_controls.len()), (Some("success"), 1));
        assert_eq!(sign_in.steps[0].succeeded, Some(false));
    }

    #[test]
    fn members_of_another_type_are_absent_and_fail_nothing() {
        let record = br#"{"id":7,"ipAddress":["a"],"autonomousSystemNumber":"64496","status":"no","deviceDetail":[1],
            "location":{"geoCoordinates":5,"city":{}},"riskEventTypes_v2":["a",3,null,"b"],"signInEventTypes":"x",
            "authenticationDetails":{},"appliedConditionalAccessPolicies":null,"isInteractive":"true","userAgent":"kept"}"#;
        let sign_in = SignIn::read(record).unwrap();
        let kept = SignIn {
            user_agent: Some("kept".into()),
            risk_event_types: vec!["a".into(), "b".into()],
            ..SignIn::default()
        };
        assert_eq!(sign_in, kept);
        for code in ["-1", "4294967296", "1.5", "\"0\"", "null", "{}"] {
            let record = format!(r#"{{"status":{{"errorCode":{code}}}}}"#);
            assert_eq!(SignIn::read(record.as_bytes()).unwrap().succeeded(), None, "{code}");
        }
    }

    #[test]
    fn of_members_of_one_name_the_last_counts() {
        let record = br#"{"id":"first","status":{"errorCode":1,"failureReason":"x"},"i\u0064":"last","status":{"errorCode":0},
            "userAgent":"x","userAgent":null,"location":{"geoCoordinates":{"latitude":1,"longitude":1},"geoCoordinates":{"latitude":2}}}"#;
        let sign_in = SignIn::read(record).unwrap();
        assert_eq!(sign_in.id.as_deref(), Some("last"));
        assert_eq!(sign_in.status, Status { error_code: Some(0), ..Status::default() });
        assert_eq!((sign_in.user_agent, sign_in.location.coordinates()), (None, None));
    }

    #[test]
    fn for_who_counts_what_stands_there_twice_is_absent() {
        let read = |record: &'static str| SignIn::read_unrepeated(record.as_bytes()).unwrap();
        for record in [
            r#"{"status":{"errorCode":0,"errorCode":50126}}"#,
            r#"{"status":{"errorCode":0,"error\u0043ode":50126}}"#,
            r#"{"status":{"errorCode":50126,"errorCode":null,"errorCode":0}}"#,
            r#"{"status":{"errorCode":0},"status":{"errorCode":50126}}"#,
            r#"{"status":null,"status":{"errorCode":0}}"#,
        ] {
            let status = read(record).status;
            assert_eq!((status.error_code, status.error_code_is_repeated), (None, true), "{record}");
            assert!(read(record).has_repeated, "{record}");
        }
        let sign_in = read(
            r#"{"userId":"a","userId":"b","appId":"c","status":{"errorCode":1,"x":1,"x":2},"location":{"city":"d","countryOrRegion":"e","city":"f","geoCoordinates":{"latitude":1,"latitude":2,"longitude":3}}}"#,
        );
        assert_eq!((sign_in.user_id.as_deref(), sign_in.app_id.as_deref()), (None, Some("c")));
        assert_eq!((sign_in.status.error_code, sign_in.status.error_code_is_repeated), (Some(1), false));
        let location = &sign_in.location;
        assert_eq!((location.city.as_deref(), location.country.as_deref()), (None, Some("e")));
        assert_eq!((location.latitude, location.longitude, sign_in.has_repeated), (None, Some(3.0), true));
        let plain = r#"{"id":"a","status":{"errorCode":0},"location":{"city":"b"},"new":{"x":1,"x":2}}"#;
        assert_eq!(Some(read(plain)), SignIn::read(plain.as_bytes()), "nothing that is read stands there twice");
    }

    #[test]
    fn text_that_is_no_text_does_not_hide_the_rest() {
        let record = br#"{"\ud800":1,"userDisplayName":"a\ud800b\u0000","appDisplayName":"caf\u00e9\n","id":"x"}"#;
        let sign_in = SignIn::read(record).unwrap();
        assert_eq!(sign_in.user_display_name.as_deref(), Some("a\u{fffd}\u{fffd}\u{fffd}b\0"));
        assert_eq!((sign_in.app_display_name.as_deref(), sign_in.id.as_deref()), (Some("caf\u{e9}\n"), Some("x")));
    }

    #[test]
    fn what_is_no_object_is_no_record() {
        for record in [b"[]".as_slice(), b"7", b"\"id\"", b"null", b"", b"{\"id\":\"a\"} x", b"{\"id\":\"\xff\"}"] {
            assert_eq!(SignIn::read(record), None);
        }
        assert_eq!(SignIn::read(b"{}"), Some(SignIn::default()));
    }

    #[test]
    fn deep_nesting_and_long_text_are_borne() {
        let deep = format!(
            r#"{{"x":{}{},"status":{},"id":"a"}}"#,
            "[".repeat(120),
            "]".repeat(120),
            "{\"a\":".repeat(3) + "1}}}"
        );
        assert_eq!(SignIn::read(deep.as_bytes()).unwrap().id.as_deref(), Some("a"));
        let long = format!(r#"{{"userAgent":"{}"}}"#, "x".repeat(1 << 20));
        assert_eq!(SignIn::read(long.as_bytes()).unwrap().user_agent.unwrap().len(), 1 << 20);
    }

    #[test]
    fn coordinates_that_stand_for_nowhere_are_none() {
        for (latitude, longitude) in
            [("0", "0"), ("0.0", "-0.0"), ("91", "0"), ("1", "181"), ("null", "5"), ("1e999", "5")]
        {
            let record =
                format!(r#"{{"location":{{"geoCoordinates":{{"latitude":{latitude},"longitude":{longitude}}}}}}}"#);
            assert_eq!(SignIn::read(record.as_bytes()).unwrap().location.coordinates(), None, "{latitude} {longitude}");
        }
    }
}
