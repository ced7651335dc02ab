//! What goes wrong, by name and at which request: the one place that decides it.
//!
//! Graph requests are numbered from 1 in order of arrival, refused ones included; requests for tokens and device codes
//! have numbers of their own. What a bare name means stands in the catalogue: most faults then strike every request, and
//! those that would leave a client no way on strike once. Faults that change the log itself follow how often a window was
//! read, which [`memory`] knows; they and the faults of shape act beside any other. Of several faults that want the same
//! answer, the first in the list has it.

pub(crate) mod memory;
mod name;

use std::{fmt, str::FromStr};

use chrono::TimeDelta;

pub(crate) use self::name::Nature;
pub use self::name::{Expectation, FaultName};
use super::tenant::noise::mix;

/// A fault and when it strikes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub name: FaultName,
    /// When.
    pub when: When,
}

/// Which requests a fault strikes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// `NAME@Nm`: once this many simulated minutes have passed; for late arrival, mutation and vanishing.
    After(u32),
    /// All of them.
    Always,
    /// `NAME@N`: this one, counted from 1.
    At(u64),
    /// `NAME@N-M`: these, both ends included.
    Between(u64, u64),
    /// `NAME%K`: every one whose number K divides.
    Every(u64),
}

/// A fault that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UnknownFault {
    /// The name is not in the list.
    #[error("no fault is named `{name}`; `simulate --list-faults` prints them")]
    Name {
        /// What was asked for.
        name: String,
    },
    /// What follows the name says no request.
    #[error(
        "`{text}` says no request; write `NAME`, `NAME@N`, `NAME@N-M`, `NAME@Nm` (minutes, where records come, change or go) or `NAME%K`, from 1 on"
    )]
    When {
        /// What was asked for.
        text: String,
    },
}

impl Fault {
    /// Makes the fault a bare name stands for.
    #[must_use]
    pub fn bare(name: FaultName) -> Self {
        Self { name, when: name.row().bare }
    }

    /// Makes the form that shows what a fault is about: transient ones strike the second request, the rest as often as
    /// their bare name says. [`FaultName::expectation`] is about this form.
    #[must_use]
    pub fn usual(name: FaultName) -> Self {
        Self { name, when: name.row().usual }
    }

    /// Returns what a correct client ends with.
    ///
    /// An answer that is always wrong leaves a gap, or stops the client where tokens and rights are concerned, even if a
    /// single one would have been survived.
    #[must_use]
    pub fn expectation(self) -> Expectation {
        let row = self.name.row();
        let always = matches!(self.when, When::Always | When::Every(1));
        if !always || row.nature != Nature::Answer || row.expectation != Expectation::Complete {
            return row.expectation;
        }
        match self.name {
            // One request in ten is answered all the same.
            FaultName::LicenceFlaky => Expectation::Complete,
            FaultName::ClaimsChallenge
            | FaultName::ExpireToken
            | FaultName::Http401Expired
            | FaultName::Http401Lifetime
            | FaultName::Http403Licence => Expectation::Stops,
            _ => Expectation::Gap,
        }
    }

    fn strikes(self, request: u64) -> bool {
        match self.when {
            When::After(_) => false,
            When::Always => true,
            When::At(at) => at == request,
            When::Between(first, last) => (first..=last).contains(&request),
            When::Every(step) => step != 0 && request.is_multiple_of(step),
        }
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    /// Reads `NAME`, `NAME@N`, `NAME@N-M`, `NAME@Nm` or `NAME%K`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let end = text.find(['@', '%']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let name = FaultName::ALL.iter().copied().find(|fault| fault.name() == name);
        let name = name.ok_or_else(|| UnknownFault::Name { name: text.to_owned() })?;
        if rest.is_empty() {
            return Ok(Self::bare(name));
        }
        let number = |digits: &str| digits.parse::<u64>().ok().filter(|number| *number > 0);
        let when = match rest.split_at(1) {
            ("%", step) => number(step).map(When::Every),
            (_, span) => match (span.split_once('-'), span.strip_suffix('m')) {
                (Some((first, last)), _) => number(first)
                    .zip(number(last))
                    .filter(|(first, last)| first <= last)
                    .map(|(first, last)| When::Between(first, last)),
                (None, Some(minutes)) if name.lasts() => {
                    number(minutes).and_then(|minutes| u32::try_from(minutes).ok()).map(When::After)
                }
                (None, Some(_)) => None,
                (None, None) => number(span).map(When::At),
            },
        };
        when.map(|when| Self { name, when }).ok_or_else(|| UnknownFault::When { text: text.to_owned() })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name.name())?;
        match self.when {
            when if when == self.name.row().bare => Ok(()),
            When::After(minutes) => write!(formatter, "@{minutes}m"),
            // For the few names that stand for one request.
            When::Always => formatter.write_str("%1"),
            When::At(at) => write!(formatter, "@{at}"),
            When::Between(first, last) => write!(formatter, "@{first}-{last}"),
            When::Every(step) => write!(formatter, "%{step}"),
        }
    }
}

impl FaultName {
    /// Says whether the fault is a change that begins and stays.
    fn lasts(self) -> bool {
        matches!(self, Self::LateArrival | Self::Mutation | Self::Vanishing)
    }

    /// Says whether a record, by its number in the log, is in the fixed set this fault is about; an eighth of all are.
    pub(crate) fn touches(self, number: u64) -> bool {
        mix(number ^ mix(self as u64 + 0x0066_6175_6c74)).is_multiple_of(8)
    }
}

/// Returns the fault of this nature that strikes a request; the first of the list when several would.
pub(crate) fn strike(faults: &[Fault], nature: Nature, request: u64) -> Option<FaultName> {
    let mut struck = faults.iter().filter(|fault| fault.name.row().nature == nature);
    struck.find(|fault| fault.strikes(request)).map(|fault| fault.name)
}

/// Says whether this one fault strikes a request, whatever else does.
pub(crate) fn strikes(faults: &[Fault], name: FaultName, request: u64) -> bool {
    faults.iter().any(|fault| fault.name == name && fault.strikes(request))
}

/// Returns when a fault strikes, if it is in the list.
pub(crate) fn planned(faults: &[Fault], name: FaultName) -> Option<When> {
    faults.iter().find(|fault| fault.name == name).map(|fault| fault.when)
}

impl When {
    /// Says whether a lasting change has begun: at request N and later, after so many minutes, or by `reading`: when the
    /// window was read before.
    pub(crate) fn has_begun(self, request: u64, passed: TimeDelta, read_before: bool) -> bool {
        match self {
            Self::After(minutes) => passed >= TimeDelta::minutes(i64::from(minutes)),
            Self::Always => read_before,
            Self::At(at) | Self::Between(at, _) | Self::Every(at) => request >= at,
        }
    }
}

#[cfg(test)]
mod grammar {
    use std::collections::BTreeSet;

    use super::{Expectation, Fault, FaultName, Nature, When, strike};

    #[test]
    fn every_fault_reads_back_as_it_is_written() {
        for name in FaultName::ALL.iter().copied() {
            for when in [When::Always, When::At(7), When::Between(2, 5), When::Every(3), name.row().bare] {
                let fault = Fault { name, when };
                let read: Fault = fault.to_string().parse().unwrap();
                let same = read == fault || (when == When::Always && read.when == When::Every(1));
                assert!(same, "{fault}");
            }
        }
        assert_eq!("late-arrival@20m".parse::<Fault>().map(|fault| fault.when), Ok(When::After(20)));
    }

    #[test]
    fn unknown_names_and_requests_that_cannot_be_are_refused() {
        let nonsense = ["", "cut-bodies", "cut-body@", "cut-body@0", "cut-body@-1", "@3", "cut-body%0", "cut-body@5-4"];
        for text in nonsense.into_iter().chain(["cut-body@3m", "sticky-429@3m", "stall%"]) {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_fault_strikes_the_requests_its_text_names() {
        let strikes = |text: &str| {
            let faults = [text.parse().unwrap()];
            (1..=6).filter(|request| strike(&faults, Nature::Answer, *request).is_some()).collect::<Vec<u64>>()
        };
        assert_eq!(strikes("http-503@2"), [2]);
        assert_eq!(strikes("http-503@2-4"), [2, 3, 4]);
        assert_eq!(strikes("http-503%3"), [3, 6]);
        assert_eq!(strikes("stall"), [1, 2, 3, 4, 5, 6]);
        assert_eq!(strikes("throttled-once"), [1]);
        assert_eq!(strikes("unsupported-query"), [2, 4, 6]);
    }

    #[test]
    fn names_are_unique_and_each_has_its_line() {
        let names: BTreeSet<&str> = FaultName::ALL.iter().map(|name| name.name()).collect();
        assert_eq!(names.len(), FaultName::ALL.len());
        for name in FaultName::ALL {
            assert!(!name.line().is_empty() && !name.line().ends_with(". "));
            assert!(name.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        }
    }

    #[test]
    fn a_transient_fault_that_never_ends_is_a_gap_or_the_end() {
        let expects = |text: &str| text.parse::<Fault>().unwrap().expectation();
        assert_eq!(expects("http-503@3"), Expectation::Complete);
        assert_eq!(expects("http-503"), Expectation::Gap);
        assert_eq!(expects("http-401-expired"), Expectation::Stops);
        assert_eq!(expects("http-403-licence"), Expectation::Stops);
        assert_eq!(expects("licence-flaky"), Expectation::Complete);
        assert_eq!(expects("mutation@3"), Expectation::DiffersOnSecondPass);
    }
}

#[cfg(test)]
mod tests;
