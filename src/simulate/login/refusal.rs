//! The token endpoint's error bodies (graph-api §6.5).

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use serde_json::json;

use super::super::{
    answer::Answer,
    settings::{CLIENT_ID, TENANT_ID},
    tenant::guid::Guid,
};

/// Why no token is issued.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    AssertionInvalid(&'static str),
    AssertionSignature,
    AssertionTime,
    AssertionType,
    BadCode,
    BadRefreshToken,
    BadScope(String),
    Declined,
    ExpiredCode,
    MissingField(&'static str),
    NoCredential,
    NotPosted,
    Pending,
    SlowDown,
    Unavailable,
    UnknownApplication(String),
    UnknownTenant(String),
    UnsupportedGrant(String),
    WrongSecret,
}

impl Refusal {
    /// Makes the answer.
    pub(crate) fn answer(&self, now: DateTime<Utc>, trace_id: Guid, correlation_id: &str) -> Answer {
        let (error, code, message) = self.words();
        let status = match error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let timestamp = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
        let body = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{code}: {message} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
            ),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace_id.to_string(),
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        Answer::json(status, &body)
    }

    fn words(&self) -> (&'static str, u32, String) {
        match self {
            Self::AssertionInvalid(why) => ("invalid_client", 50_013, format!("Assertion failed validation: {why}.")),
            Self::AssertionSignature => (
                "invalid_client",
                700_027,
                format!(
                    "The certificate with identifier used to sign the client assertion is not registered on application \
                     '{CLIENT_ID}', or the signature does not verify."
                ),
            ),
            Self::AssertionTime => (
                "invalid_client",
                500_133,
                "Assertion is not within its valid time range. Ensure that the clock of the machine is right."
                    .to_owned(),
            ),
            Self::AssertionType => (
                "invalid_request",
                50_012,
                "The request body must contain a 'client_assertion_type' of \
                 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'."
                    .to_owned(),
            ),
            Self::BadCode => ("bad_verification_code", 70_018, "The code is not valid.".to_owned()),
            Self::BadRefreshToken => {
                ("invalid_grant", 70_008, "The refresh token has expired or was never issued.".to_owned())
            }
            Self::Declined => ("authorization_declined", 70_000, "The person declined to sign in.".to_owned()),
            Self::ExpiredCode => ("expired_token", 70_019, "The device code has expired.".to_owned()),
            Self::Pending => (
                "authorization_pending",
                70_016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.".to_owned(),
            ),
            Self::SlowDown => ("slow_down", 70_016, "Polling too fast; wait five seconds longer.".to_owned()),
            Self::Unavailable => {
                ("temporarily_unavailable", 90_033, "A transient error has occurred. Please try again.".to_owned())
            }
            Self::BadScope(scope) => (
                "invalid_scope",
                70_011,
                format!(
                    "The provided request must include a 'scope' input parameter. The provided value for the input \
                     parameter 'scope' is not valid. The scope {scope} is not valid."
                ),
            ),
            Self::MissingField(name) => (
                "invalid_request",
                900_144,
                format!("The request body must contain the following parameter: '{name}'."),
            ),
            Self::NoCredential => (
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
                    .to_owned(),
            ),
            Self::NotPosted => (
                "invalid_request",
                900_561,
                "The endpoint only accepts POST requests. Received a GET request.".to_owned(),
            ),
            Self::UnknownApplication(client) => (
                "unauthorized_client",
                700_016,
                format!(
                    "Application with identifier '{client}' was not found in the directory '{TENANT_ID}'. This can \
                     happen if the application has not been installed by the administrator of the tenant or consented \
                     to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
                ),
            ),
            Self::UnknownTenant(tenant) => (
                "invalid_request",
                90_002,
                format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into \
                     the correct cloud. Check with your subscription administrator, this may happen if there are no \
                     active subscriptions for the tenant."
                ),
            ),
            Self::UnsupportedGrant(grant) => {
                ("unsupported_grant_type", 70_003, format!("The app requested an unsupported grant type '{grant}'."))
            }
            Self::WrongSecret => (
                "invalid_client",
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                     value, not the client secret ID, for a secret added to app '{CLIENT_ID}'."
                ),
            ),
        }
    }
}
