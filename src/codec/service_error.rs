//! The error envelope of Microsoft Graph and of the OAuth token endpoint, read for people only.
//!
//! Nothing is decided by it: statuses decide. The strings come from outside and are escaped where they are shown.

use serde::Deserialize;

/// What a service says went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// Its code.
    pub code: String,
    /// Its message, first line.
    pub message: String,
}

#[derive(Deserialize)]
struct GraphEnvelope {
    error: GraphError,
}

#[derive(Deserialize)]
struct GraphError {
    code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct OAuthError {
    error: String,
    error_description: Option<String>,
}

/// Reads an error body; `None` when it is in neither form.
#[must_use]
pub fn read(body: &[u8]) -> Option<ServiceError> {
    let first_line = |text: Option<String>| text.unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    if let Ok(envelope) = serde_json::from_slice::<GraphEnvelope>(body) {
        let GraphError { code, message } = envelope.error;
        return Some(ServiceError { code: code.unwrap_or_default(), message: first_line(message) });
    }
    let error: OAuthError = serde_json::from_slice(body).ok()?;
    Some(ServiceError { code: error.error, message: first_line(error.error_description) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_envelopes_are_read_and_nothing_else() {
        let graph = read(
            br#"{"error":{"code":"UnknownError","message":"This request is throttled.\r\nmore","innerError":{}}}"#,
        )
        .unwrap();
        assert_eq!((graph.code.as_str(), graph.message.as_str()), ("UnknownError", "This request is throttled."));
        let oauth =
            read(br#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}"#)
                .unwrap();
        assert_eq!(oauth.code, "invalid_client");
        assert_eq!(read(b"<html>"), None);
    }
}
