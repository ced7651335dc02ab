//! What an event breaks.

use std::fmt;

/// Which rule of FORMAT §20 an event breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// `previous` or `ledger` names another line.
    Chain,
    /// An event that its kind does not allow here.
    Kind,
    /// More packages, keys or open transfers than a reader remembers.
    Limit,
    /// Another matter.
    Matter,
    /// A package under one name with two contents.
    Package,
    /// A number that does not follow.
    Sequence,
    /// A time before that of an earlier event.
    Time,
    /// A receipt that does not fit a transfer.
    Transfer,
}

/// One rule broken by one event, with both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which rule.
    pub rule: Rule,
    /// The member of the event that breaks it.
    pub member: &'static str,
    /// What the event says.
    pub claimed: String,
    /// What it had to say.
    pub expected: String,
}

impl Breach {
    pub(super) fn new(
        rule: Rule,
        member: &'static str,
        claimed: impl fmt::Display,
        expected: impl fmt::Display,
    ) -> Self {
        Self { rule, member, claimed: claimed.to_string(), expected: expected.to_string() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, expected {}", self.member, self.claimed, self.expected)
    }
}

impl std::error::Error for Breach {}
