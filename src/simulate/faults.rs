//! What goes wrong, by name and at which request: the one place that decides it.
//!
//! Graph requests are numbered from 1 in order of arrival, refused ones included. `NAME@N` strikes request N alone. A bare
//! name strikes every request, except `throttled-once` and `expire-token`, which strike the first alone: a server that
//! does these at every request would leave its client no way on.

use std::{fmt, str::FromStr};

/// A fault and the request it strikes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub name: FaultName,
    /// The Graph request it strikes, counted from 1.
    pub at: Option<u64>,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultName {
    /// The connection is closed in the middle of the body.
    CutBody,
    /// All tokens issued so far count as expired.
    ExpireToken,
    /// A proxy answers in the service's place: status 200 and a web page.
    Html200,
    /// The service is unavailable for a moment.
    Http503,
    /// The gateway gave up waiting; the message is empty, as is typical.
    Http504,
    /// No answer at all, until the client goes away.
    Stall,
    /// Refused for no visible reason, with a time to wait.
    ThrottledOnce,
}

/// A fault that is not in the list.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no fault is named `{name}`; known are {}", FaultName::ALL.map(FaultName::name).join(", "))]
pub struct UnknownFault {
    /// What was asked for.
    pub name: String,
}

impl Fault {
    fn strikes(self, request: u64) -> bool {
        match (self.at, self.name) {
            (Some(at), _) => at == request,
            (None, FaultName::ThrottledOnce | FaultName::ExpireToken) => request == 1,
            (None, _) => true,
        }
    }
}

impl FaultName {
    /// All faults, by name.
    pub const ALL: [Self; 7] = [
        Self::CutBody,
        Self::ExpireToken,
        Self::Html200,
        Self::Http503,
        Self::Http504,
        Self::Stall,
        Self::ThrottledOnce,
    ];

    /// Returns the name as written on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CutBody => "cut-body",
            Self::ExpireToken => "expire-token",
            Self::Html200 => "html-200",
            Self::Http503 => "http-503",
            Self::Http504 => "http-504",
            Self::Stall => "stall",
            Self::ThrottledOnce => "throttled-once",
        }
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    /// Reads `NAME` or `NAME@N`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownFault { name: text.to_owned() };
        let (name, at) = match text.split_once('@') {
            Some((name, at)) => (name, Some(at.parse().ok().filter(|at| *at > 0).ok_or_else(unknown)?)),
            None => (text, None),
        };
        let name = FaultName::ALL.into_iter().find(|fault| fault.name() == name).ok_or_else(unknown)?;
        Ok(Self { name, at })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name.name())?;
        self.at.map_or(Ok(()), |at| write!(formatter, "@{at}"))
    }
}

/// Returns the fault that strikes a Graph request; the first of the list when several would.
pub(crate) fn strike(faults: &[Fault], request: u64) -> Option<FaultName> {
    faults.iter().find(|fault| fault.strikes(request)).map(|fault| fault.name)
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultName, strike};

    #[test]
    fn every_fault_reads_back_as_it_is_written() {
        for name in FaultName::ALL {
            for at in [None, Some(7)] {
                let fault = Fault { name, at };
                assert_eq!(fault.to_string().parse(), Ok(fault));
            }
        }
    }

    #[test]
    fn unknown_names_and_request_zero_are_refused() {
        for text in ["", "cut-bodies", "cut-body@", "cut-body@0", "cut-body@-1", "@3"] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_numbered_fault_strikes_once_and_a_bare_one_always() {
        let numbered = [Fault { name: FaultName::Http503, at: Some(2) }];
        assert_eq!([1, 2, 3].map(|request| strike(&numbered, request)), [None, Some(FaultName::Http503), None]);
        let bare = [Fault { name: FaultName::Stall, at: None }];
        assert_eq!(strike(&bare, 99), Some(FaultName::Stall));
        let once = [Fault { name: FaultName::ThrottledOnce, at: None }];
        assert_eq!([1, 2].map(|request| strike(&once, request)), [Some(FaultName::ThrottledOnce), None]);
    }
}
