//! HTTPS to the log service and its token service: the only way to either.
//!
//! What leaves here is exactly what came: bodies after transfer coding and before content decoding, headers in order, the
//! peer's certificates. Nothing is retried and no redirect is followed; the engine decides. Tokens are sent to the configured
//! service and nowhere else.

pub mod auth;
pub mod cloud;
pub mod graph;
pub mod http;
#[cfg(test)]
mod responder;
pub mod route;
pub mod throttle;
pub mod tls;

/// Why a door could not be opened at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// An address that is none, or plain HTTP to another machine.
    #[error("`{url}` cannot be used: {reason}")]
    Address {
        /// As given.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The session was cancelled while a token was waited for.
    #[error("interrupted")]
    Cancelled,
    /// The system's certificates, or the one given, cannot be used.
    #[error("no certificates to trust: {0}")]
    Certificates(String),
    /// The HTTP client could not be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    /// The token service, or what stands for it, refuses: wrong tenant, application or credential.
    #[error("`{service}` gives no token: {reason}")]
    Refused {
        /// The token endpoint, file or program.
        service: String,
        /// What it says.
        reason: String,
        /// Microsoft's numbers for what is wrong, where it gives any.
        codes: Vec<u64>,
    },
    /// The token service cannot be reached or is out of order.
    #[error("`{service}` cannot be asked for a token: {reason}")]
    Unreachable {
        /// The token endpoint.
        service: String,
        /// Why.
        reason: String,
    },
}
