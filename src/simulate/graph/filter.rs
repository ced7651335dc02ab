//! What a `$filter` means: tests on a record, and the window and kinds that follow from them.

use super::{
    super::tenant::{Kind, moment::Moment, sign_in::SignIn},
    property::Property,
};

/// A parsed filter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Filter {
    /// All of these.
    All(Vec<Filter>),
    /// Any of these.
    Any(Vec<Filter>),
    /// Created in `[from, to)`.
    Created { from: Moment, to: Moment },
    /// The error code is, or is not, this.
    ErrorCode { equal: bool, code: i64 },
    /// One of these kinds, in the order of [`Kind::ALL`].
    Kinds([bool; 4]),
    /// A risk event that passes the test.
    RiskEvent(Member),
    /// The text is this.
    TextIs(Property, String),
    /// The text starts like this.
    TextStarts(Property, String),
}

/// A test on one member of a collection, inside `any()`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Member {
    All(Vec<Member>),
    Any(Vec<Member>),
    Is(String),
    IsNot(String),
    Starts(String),
}

impl Filter {
    /// Says whether a record passes.
    pub(crate) fn accepts(&self, sign_in: &SignIn<'_>) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.accepts(sign_in)),
            Self::Any(filters) => filters.iter().any(|filter| filter.accepts(sign_in)),
            Self::Created { from, to } => (*from..*to).contains(&sign_in.created),
            Self::ErrorCode { equal, code } => (i64::from(sign_in.outcome.code) == *code) == *equal,
            Self::Kinds(kinds) => kinds[sign_in.kind.slot()],
            Self::RiskEvent(member) => sign_in.risk.events.iter().any(|event| member.accepts(event)),
            Self::TextIs(property, text) => property.of(sign_in) == text.as_str(),
            Self::TextStarts(property, text) => property.of(sign_in).starts_with(text.as_str()),
        }
    }

    /// Returns the window `[from, to)` outside which no record passes.
    pub(crate) fn window(&self) -> (Moment, Moment) {
        match self {
            Self::All(filters) => {
                filters.iter().map(Self::window).fold(EVER, |one, other| (one.0.max(other.0), one.1.min(other.1)))
            }
            Self::Any(filters) => filters
                .iter()
                .map(Self::window)
                .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
                .unwrap_or(EVER),
            Self::Created { from, to } => (*from, *to),
            _ => EVER,
        }
    }

    /// Returns the kinds outside which no record passes; `None` when the filter says nothing about kinds.
    pub(crate) fn kinds(&self) -> Option<[bool; 4]> {
        let join = |filters: &[Self], both: fn(bool, bool) -> bool| {
            filters
                .iter()
                .filter_map(Self::kinds)
                .reduce(|one, other| Kind::ALL.map(|kind| both(one[kind.slot()], other[kind.slot()])))
        };
        match self {
            Self::All(filters) => join(filters, |one, other| one && other),
            // A branch without a word about kinds leaves them all open.
            Self::Any(filters) if filters.iter().any(|filter| filter.kinds().is_none()) => {
                join(filters, |_, _| true).map(|_| [true; 4])
            }
            Self::Any(filters) => join(filters, |one, other| one || other),
            Self::Kinds(kinds) => Some(*kinds),
            _ => None,
        }
    }

    /// Returns the id every passing record has, if the filter demands one.
    pub(crate) fn pinned_id(&self) -> Option<&str> {
        match self {
            Self::All(filters) => filters.iter().find_map(Self::pinned_id),
            Self::TextIs(Property::Id, id) => Some(id),
            _ => None,
        }
    }

    /// Says whether window and kinds are all there is to the filter.
    pub(crate) fn is_window_and_kinds(&self) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(Self::is_window_and_kinds),
            Self::Created { .. } | Self::Kinds(_) => true,
            _ => false,
        }
    }
}

impl Member {
    /// Says whether a value passes.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        match self {
            Self::All(members) => members.iter().all(|member| member.accepts(value)),
            Self::Any(members) => members.iter().any(|member| member.accepts(value)),
            Self::Is(text) => value == text,
            Self::IsNot(text) => value != text,
            Self::Starts(text) => value.starts_with(text.as_str()),
        }
    }
}

/// No bound on either side.
pub(crate) const EVER: (Moment, Moment) = (Moment::MIN, Moment::MAX);
