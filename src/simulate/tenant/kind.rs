//! The four kinds of sign-in, by the names the `signInEventTypes` property carries (graph-api §1.2).

/// A kind of sign-in; each has its own rhythm, its own set of values, and its own sequence of records.
///
/// Ordered as the service's documentation lists them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A person typed or tapped something.
    InteractiveUser,
    /// A client used what a person did earlier: refresh tokens, cookies, single sign-on.
    NonInteractiveUser,
    /// An application signed in with its own secret or certificate.
    ServicePrincipal,
    /// An Azure resource signed in as itself.
    ManagedIdentity,
}

impl Kind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 4] =
        [Self::InteractiveUser, Self::NonInteractiveUser, Self::ServicePrincipal, Self::ManagedIdentity];

    /// Returns the member of `signInEventTypes`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InteractiveUser => "interactiveUser",
            Self::NonInteractiveUser => "nonInteractiveUser",
            Self::ServicePrincipal => "servicePrincipal",
            Self::ManagedIdentity => "managedIdentity",
        }
    }

    /// Returns the kind with this `signInEventTypes` name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the place in [`Kind::ALL`], for arithmetic.
    pub(crate) fn ordinal(self) -> u64 {
        self.slot() as u64
    }

    /// Returns the place in [`Kind::ALL`], for arrays with one entry a kind.
    pub(crate) fn slot(self) -> usize {
        match self {
            Self::InteractiveUser => 0,
            Self::NonInteractiveUser => 1,
            Self::ServicePrincipal => 2,
            Self::ManagedIdentity => 3,
        }
    }

    /// Returns the kind at a place in [`Kind::ALL`].
    pub(crate) fn from_ordinal(ordinal: u64) -> Option<Self> {
        usize::try_from(ordinal).ok().and_then(|place| Self::ALL.get(place).copied())
    }

    /// Says whether a person stands behind the sign-in.
    pub(crate) fn is_user(self) -> bool {
        matches!(self, Self::InteractiveUser | Self::NonInteractiveUser)
    }
}
