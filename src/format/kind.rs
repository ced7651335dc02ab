//! The kinds of log that can be asked for, and the request with which each stream begins (FORMAT §7.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Window;

/// One of the logs, cross-checks or counts that can be asked for. The order is that of FORMAT §7.3.
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
    /// Changes to the directory.
    DirectoryAudit,
    /// What the service took for risky.
    RiskDetection,
    /// Interactive sign-ins by the supported version of the interface, to compare with the first kind.
    InteractiveUserV1,
    /// The service's own number of sign-ins a day.
    SignInEventsSummary,
    /// The service's own groups of non-interactive sign-ins.
    NonInteractiveUserSummary,
    /// The service's own groups of service principal sign-ins.
    ServicePrincipalSummary,
    /// The service's own groups of managed identity sign-ins.
    ManagedIdentitySummary,
}

/// What a kind is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// To be counted against.
    Count,
    /// To be compared with.
    CrossCheck,
    /// To be preserved.
    Log,
}

impl Kind {
    /// All kinds, in order.
    pub const ALL: [Self; 11] = [
        Self::InteractiveUser,
        Self::NonInteractiveUser,
        Self::ServicePrincipal,
        Self::ManagedIdentity,
        Self::DirectoryAudit,
        Self::RiskDetection,
        Self::InteractiveUserV1,
        Self::SignInEventsSummary,
        Self::NonInteractiveUserSummary,
        Self::ServicePrincipalSummary,
        Self::ManagedIdentitySummary,
    ];
    /// The four sign-in logs.
    pub const SIGN_INS: [Self; 4] =
        [Self::InteractiveUser, Self::NonInteractiveUser, Self::ServicePrincipal, Self::ManagedIdentity];
    /// The counts.
    pub const COUNTS: [Self; 4] = [
        Self::SignInEventsSummary,
        Self::NonInteractiveUserSummary,
        Self::ServicePrincipalSummary,
        Self::ManagedIdentitySummary,
    ];

    /// Returns the name, for sign-ins that of the service.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InteractiveUser => "interactiveUser",
            Self::NonInteractiveUser => "nonInteractiveUser",
            Self::ServicePrincipal => "servicePrincipal",
            Self::ManagedIdentity => "managedIdentity",
            Self::DirectoryAudit => "directoryAudit",
            Self::RiskDetection => "riskDetection",
            Self::InteractiveUserV1 => "interactiveUserV1",
            Self::SignInEventsSummary => "signInEventsSummary",
            Self::NonInteractiveUserSummary => "nonInteractiveUserSummary",
            Self::ServicePrincipalSummary => "servicePrincipalSummary",
            Self::ManagedIdentitySummary => "managedIdentitySummary",
        }
    }

    /// Returns what it is asked for.
    #[must_use]
    pub fn sort(self) -> Sort {
        match self {
            Self::InteractiveUserV1 => Sort::CrossCheck,
            kind if Self::COUNTS.contains(&kind) => Sort::Count,
            _ => Sort::Log,
        }
    }

    /// Says whether it is one of the four sign-in logs.
    #[must_use]
    pub fn is_sign_in(self) -> bool {
        Self::SIGN_INS.contains(&self)
    }

    /// Says whether it is asked window by window; counts are asked once, for the plan's window.
    #[must_use]
    pub fn is_windowed(self) -> bool {
        self.sort() != Sort::Count
    }

    /// Returns the member that holds the time of an element.
    #[must_use]
    pub fn time_member(self) -> &'static str {
        match self {
            Self::DirectoryAudit | Self::RiskDetection | Self::SignInEventsSummary => "activityDateTime",
            Self::NonInteractiveUserSummary | Self::ServicePrincipalSummary | Self::ManagedIdentitySummary => {
                "aggregationDateTime"
            }
            _ => "createdDateTime",
        }
    }

    /// Returns the logs whose records a count kind reports; none for other kinds.
    #[must_use]
    pub fn counted_logs(self) -> &'static [Self] {
        match self {
            Self::SignInEventsSummary => &Self::SIGN_INS,
            Self::NonInteractiveUserSummary => &[Self::NonInteractiveUser],
            Self::ServicePrincipalSummary => &[Self::ServicePrincipal],
            Self::ManagedIdentitySummary => &[Self::ManagedIdentity],
            _ => &[],
        }
    }

    /// Returns the URL of the first page of a run over `window`, `top` records a page.
    ///
    /// `graph_url` has no trailing slash. Only `ge` and `le` are documented for times, so the end is asked for too.
    #[must_use]
    pub fn first_url(self, graph_url: &str, window: Window, top: u64) -> String {
        let time = self.time_member();
        let range = format!("{time}%20ge%20{}%20and%20{time}%20le%20{}", window.from(), window.to());
        let below = match self {
            Self::InteractiveUser | Self::NonInteractiveUser | Self::ServicePrincipal | Self::ManagedIdentity => {
                let of_kind = format!("signInEventTypes/any(t:%20t%20eq%20%27{self}%27)");
                format!("/beta/auditLogs/signIns?$filter={range}%20and%20{of_kind}&$top={top}")
            }
            Self::DirectoryAudit => format!("/v1.0/auditLogs/directoryAudits?$filter={range}&$top={top}"),
            Self::RiskDetection => format!("/v1.0/identityProtection/riskDetections?$filter={range}"),
            Self::InteractiveUserV1 => format!("/v1.0/auditLogs/signIns?$filter={range}&$top={top}"),
            Self::SignInEventsSummary => "/beta/auditLogs/signInEventsSummary".to_owned(),
            Self::NonInteractiveUserSummary => summarized("NonInteractive"),
            Self::ServicePrincipalSummary => summarized("ServicePrincipal"),
            Self::ManagedIdentitySummary => summarized("MSI"),
        };
        format!("{graph_url}{below}")
    }
}

fn summarized(of: &str) -> String {
    format!("/beta/auditLogs/getSummarized{of}SignIns(aggregationWindow='d1')")
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
            Kind::ServicePrincipal.first_url("https://graph.microsoft.com", window, 1000),
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
