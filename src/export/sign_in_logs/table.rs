//! The four tables of Azure Monitor that sign-ins lie in, and what each calls itself.
//!
//! Name and category differ in spelling; rules compare both as they stand.

use serde::Serialize;

use crate::format::kind::Kind;

/// A table of a Log Analytics workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Table {
    /// Sign-ins in which a person took part.
    #[serde(rename = "SigninLogs")]
    Interactive,
    /// Sign-ins of a client in a person's name.
    #[serde(rename = "AADNonInteractiveUserSignInLogs")]
    NonInteractive,
    /// Sign-ins of applications.
    #[serde(rename = "AADServicePrincipalSignInLogs")]
    ServicePrincipal,
    /// Sign-ins of Azure resources as themselves.
    #[serde(rename = "AADManagedIdentitySignInLogs")]
    ManagedIdentity,
}

impl Table {
    /// All tables, in the order in which their types stand in a [`Column`](super::column::Column).
    pub const ALL: [Self; 4] = [Self::Interactive, Self::NonInteractive, Self::ServicePrincipal, Self::ManagedIdentity];

    /// Returns the table that the sign-ins of a log go into; `None` for what is no sign-in log.
    ///
    /// The cross-check in version 1.0 of the API holds interactive sign-ins, with fewer members.
    #[must_use]
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::InteractiveUser | Kind::InteractiveUserV1 => Some(Self::Interactive),
            Kind::NonInteractiveUser => Some(Self::NonInteractive),
            Kind::ServicePrincipal => Some(Self::ServicePrincipal),
            Kind::ManagedIdentity => Some(Self::ManagedIdentity),
            _ => None,
        }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interactive => "SigninLogs",
            Self::NonInteractive => "AADNonInteractiveUserSignInLogs",
            Self::ServicePrincipal => "AADServicePrincipalSignInLogs",
            Self::ManagedIdentity => "AADManagedIdentitySignInLogs",
        }
    }

    /// Returns the category of the diagnostic settings that feeds it.
    #[must_use]
    pub fn category(self) -> &'static str {
        match self {
            Self::Interactive => "SignInLogs",
            Self::NonInteractive => "NonInteractiveUserSignInLogs",
            Self::ServicePrincipal => "ServicePrincipalSignInLogs",
            Self::ManagedIdentity => "ManagedIdentitySignInLogs",
        }
    }

    /// Returns its place in [`Table::ALL`].
    #[must_use]
    pub fn slot(self) -> usize {
        match self {
            Self::Interactive => 0,
            Self::NonInteractive => 1,
            Self::ServicePrincipal => 2,
            Self::ManagedIdentity => 3,
        }
    }
}
