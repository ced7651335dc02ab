//! Graph's error bodies (graph-api §1.6): status, code and message of each case, and the envelope around them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use serde_json::json;

use super::super::{
    answer::Answer,
    login::token::Rejection,
    tenant::{Log, guid::Guid},
};

/// Why Graph does not answer with records.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    BadFilter,
    BadOrder(String),
    BadTop(String),
    /// The token lacks these claims, in base64.
    Challenge(String),
    ForbiddenOption(String),
    GatewayTimeout,
    LostSkipToken,
    MissingPermission,
    MissingRight,
    NoLicence,
    NotGet,
    NotFound(String),
    /// A case of the table that says the same each time: status, code, message.
    Plain(u16, &'static str, &'static str),
    Throttled(Duration),
    /// Until the HTTP date, or without a word on how long.
    ThrottledUntil(Option<String>),
    Token(Rejection),
    /// Older than the log goes back: the earliest day, as this text writes days.
    TooEarly(String, Log),
    Unavailable,
    UnknownProperty(String, Log),
    UnknownSegment(String),
    WrongAudience,
}

impl Refusal {
    /// Makes the answer; `request_id` also serves as the correlation id of throttling texts.
    pub(crate) fn answer(&self, now: DateTime<Utc>, request_id: Guid, client_request_id: &str) -> Answer {
        let (status, code, message) = self.words(request_id);
        let body = json!({
            "error": {
                "code": code,
                "message": message,
                "innerError": {
                    "date": now.format("%Y-%m-%dT%H:%M:%S").to_string(),
                    "request-id": request_id.to_string(),
                    "client-request-id": client_request_id,
                },
            },
        });
        let answer = Answer::new(status, "application/json", body.to_string());
        match self {
            Self::Throttled(wait) => {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                answer.with("retry-after", seconds.max(1).to_string())
            }
            Self::ThrottledUntil(Some(date)) => answer.with("retry-after", date.clone()),
            Self::Unavailable => answer.with("retry-after", "2"),
            Self::Challenge(claims) => answer
                .with("www-authenticate", format!("{CHALLENGE}, error=\"insufficient_claims\", claims=\"{claims}\"")),
            Self::Plain(401, ..) | Self::Token(_) | Self::WrongAudience => answer.with("www-authenticate", CHALLENGE),
            Self::NotGet => answer.with("allow", "GET"),
            _ => answer,
        }
    }

    fn words(&self, request_id: Guid) -> (StatusCode, &'static str, String) {
        let bad = |message: String| (StatusCode::BAD_REQUEST, "BadRequest", message);
        let denied = |message: &str| (StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message.to_owned());
        match self {
            Self::BadFilter => bad("Invalid filter clause".to_owned()),
            Self::BadOrder(order) => bad(format!("Invalid orderby clause: '{order}'")),
            Self::BadTop(top) => bad(format!(
                "Invalid value '{top}' for $top query option found. The $top query option requires a non-negative integer \
                 value."
            )),
            Self::Challenge(_) => denied(
                "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                 TokenIssuedBeforeRevocationTimestamp",
            ),
            Self::ForbiddenOption(option) => bad(format!(
                "Query option '{option}' is not allowed. To allow it, set the 'AllowedQueryOptions' property on \
                 EnableQueryAttribute or QueryValidationSettings."
            )),
            Self::GatewayTimeout => (StatusCode::GATEWAY_TIMEOUT, "UnknownError", String::new()),
            Self::LostSkipToken => {
                (StatusCode::BAD_REQUEST, "UnknownError", "Invalid Skip Token, skip token is null".to_owned())
            }
            Self::MissingPermission => (
                StatusCode::FORBIDDEN,
                "Authentication_MSGraphPermissionMissing",
                "Calling principal does not have required MSGraph permissions AuditLog.Read.All".to_owned(),
            ),
            Self::MissingRight => (
                StatusCode::FORBIDDEN,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.".to_owned(),
            ),
            Self::NoLicence => (
                StatusCode::FORBIDDEN,
                "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
                "Neither tenant is B2C or tenant doesn't have premium license".to_owned(),
            ),
            Self::NotGet => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Request_BadRequest",
                "Specified HTTP method is not allowed for the request target.".to_owned(),
            ),
            Self::NotFound(id) => (
                StatusCode::NOT_FOUND,
                "Request_ResourceNotFound",
                format!(
                    "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
                ),
            ),
            Self::Plain(status, code, message) => {
                (StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST), code, (*message).to_owned())
            }
            Self::ThrottledUntil(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "UnknownError",
                format!("This request is throttled. Please try again after some time. CorrelationId: {request_id}"),
            ),
            Self::Throttled(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "UnknownError",
                format!(
                    "This request is throttled. Please try again after the value specified in the Retry-After header. \
                     CorrelationId: {request_id}"
                ),
            ),
            Self::Token(Rejection::Expired) => denied("Lifetime validation failed, the token is expired."),
            Self::Token(Rejection::Garbage) => denied("CompactToken parsing failed with error code: 80049217"),
            Self::Token(Rejection::Missing) => denied("Access token is empty."),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "serviceNotAvailable",
                "The service is temporarily unavailable. Please try again later.".to_owned(),
            ),
            Self::TooEarly(day, log) => bad(format!(
                "Specified argument was out of the range of valid values. (Parameter 'Minimum allowed time for {} is \
                 {day}')",
                log.time_property()
            )),
            Self::UnknownProperty(name, log) => bad(format!(
                "Invalid filter clause: Could not find a property named '{name}' on type '{}'.",
                log.type_name()
            )),
            Self::UnknownSegment(segment) => bad(format!("Resource not found for the segment '{segment}'.")),
            Self::WrongAudience => denied("Access token validation failure. Invalid audience."),
        }
    }
}

/// As seen from the service.
const CHALLENGE: &str = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
                         client_id=\"00000003-0000-0000-c000-000000000000\"";
