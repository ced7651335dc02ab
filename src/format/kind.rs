//! The kinds of log that can be asked for, and the request with which each stream begins (FORMAT §7.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Window;

/// One of the logs asked for. The order is that of FORMAT §7.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Sign-ins in which a person gave a factor.
    InteractiveUser,
    /// Sign-ins that a client made on a person's behalf, such as by refresh token.
    NonInteractiveUser,
    /// Sign-ins of applications with their own credential.
    ServicePrincipal,
    /// Sign-ins of Azure resources with a credential Azure keeps.
    ManagedIdentity,
}

impl Kind {
    /// All kinds, in order.
    pub const ALL: [Self; 4] =
        [Self::InteractiveUser, Self::NonInteractiveUser, Self::ServicePrincipal, Self::ManagedIdentity];

    /// Returns the name that the service gives it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InteractiveUser => "interactiveUser",
            Self::NonInteractiveUser => "nonInteractiveUser",
            Self::ServicePrincipal => "servicePrincipal",
            Self::ManagedIdentity => "managedIdentity",
        }
    }

    /// Returns the URL of the first page of a run over `window`, `top` records a page.
    ///
    /// `graph_url` has no trailing slash. Only `ge` and `le` are documented for `createdDateTime`, so the end is asked for too.
    #[must_use]
    pub fn first_url(self, graph_url: &str, api_version: &str, window: Window, top: u64) -> String {
        let (from, to) = (window.from(), window.to());
        format!(
            "{graph_url}/{api_version}/auditLogs/signIns?$filter=createdDateTime%20ge%20{from}%20and%20createdDateTime%20le%20{to}\
             %20and%20signInEventTypes/any(t:%20t%20eq%20%27{self}%27)&$top={top}"
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// A name that is no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a kind; the kinds are `interactiveUser`, `nonInteractiveUser`, `servicePrincipal`, `managedIdentity`"
)]
pub struct UnknownKind(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_is_the_one_in_the_format() {
        let window =
            Window::new("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-01T06:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(
            Kind::ServicePrincipal.first_url("https://graph.microsoft.com", "beta", window, 1000),
            "https://graph.microsoft.com/beta/auditLogs/signIns?$filter=createdDateTime%20ge%202026-11-01T00:00:00Z%20and%20\
             createdDateTime%20le%202026-11-01T06:00:00Z%20and%20signInEventTypes/any(t:%20t%20eq%20%27servicePrincipal%27)&$top=1000"
        );
    }

    #[test]
    fn names_round_trip() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        assert!("InteractiveUser".parse::<Kind>().is_err());
    }
}
