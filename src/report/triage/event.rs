//! A sign-in as the questions of the triage see it: small, without text, with a place to find the record again.
//!
//! What a stranger wrote is kept as a [`Key`]; names come from the records themselves, which are read again when they are cited.

use std::cmp::Ordering;
use std::net::IpAddr;

use serde::Serialize;

use crate::codec::result_code::{self, Grounds};
use crate::codec::sign_in::SignIn;
use crate::format::kind::Kind;
use crate::report::activity;
use crate::report::tally::Key;
use crate::time::ServiceTime;
use crate::verify::VerifiedRecord;

/// Where a record stands in the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// N of `data/pages/N.json`.
    pub page: u64,
    /// Its index in the page, from 0.
    pub element: u64,
}

/// One sign-in.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) time: ServiceTime,
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) code: Option<u32>,
    pub(super) is_legacy: bool,
    /// Of a person; none for applications and resources that sign in as themselves.
    pub(super) account: Option<Key>,
    /// Of an application or resource.
    pub(super) principal: Option<Key>,
    pub(super) address: Option<Key>,
    /// The autonomous system; where the service does not say, the address's /24 or /48.
    pub(super) network: Option<Key>,
    pub(super) country: Option<Key>,
    pub(super) application: Option<Key>,
    pub(super) session: Option<Key>,
    /// The user agent without the numbers in it, which change with every update.
    pub(super) agent: Option<Key>,
    /// Degrees north and east.
    pub(super) coordinates: Option<(f64, f64)>,
}

impl Event {
    /// Takes from a record what the questions ask; `None` for one without a time that can be read.
    pub(super) fn of(record: &VerifiedRecord<'_>, sign_in: &SignIn<'_>) -> Option<Self> {
        let place = Place { page: record.page, element: record.element };
        Self::at(place, record.kind, record.time?, sign_in)
    }

    /// The same of a record that was found elsewhere.
    pub(super) fn at(place: Place, kind: Kind, time: &str, sign_in: &SignIn<'_>) -> Option<Self> {
        let key = |text: Option<&str>| text.map(Key::of);
        let is_person = matches!(kind, Kind::InteractiveUser | Kind::NonInteractiveUser);
        let principal = sign_in.service_principal_id.as_deref().or(sign_in.app_id.as_deref());
        Some(Self {
            time: ServiceTime::parse(time)?,
            place,
            kind,
            code: sign_in.status.error_code,
            is_legacy: sign_in.client_app_used.as_deref().is_some_and(activity::is_legacy),
            account: key(activity::account(sign_in).filter(|_| is_person)),
            principal: key(principal.filter(|_| !is_person)),
            address: key(sign_in.ip_address.as_deref()),
            network: network(sign_in).as_deref().map(Key::of),
            country: key(sign_in.location.country.as_deref()),
            application: key(sign_in.app_id.as_deref()),
            session: key(sign_in.session_id.as_deref()),
            agent: sign_in.user_agent.as_deref().map(|agent| Key::of(&without_numbers(agent))),
            coordinates: sign_in.location.coordinates(),
        })
    }

    /// Returns the seconds since 1970.
    pub(super) fn second(&self) -> i64 {
        i64::try_from(self.time.nanos().div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
    }

    pub(super) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Says whether it failed as a guess does: on the password, or on an account that is unknown, locked or disabled.
    pub(super) fn is_guess(&self) -> bool {
        self.grounds() == Some(Grounds::Password) || matches!(self.code, Some(50_034 | 50_053 | 50_057))
    }

    /// Says whether it was interrupted: a step on the way.
    pub(super) fn is_interrupted(&self) -> bool {
        self.code.is_some_and(result_code::is_interruption)
    }

    /// Says whether a second factor was asked for and refused, wrong, or not given in time.
    pub(super) fn is_refused_factor(&self) -> bool {
        self.code == Some(500_121)
    }

    pub(super) fn grounds(&self) -> Option<Grounds> {
        self.code.and_then(result_code::meaning).map(|meaning| meaning.grounds)
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By time; of one time, by place.
impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time).then(self.place.cmp(&other.place))
    }
}

/// Names the network a sign-in came from.
pub(super) fn network(sign_in: &SignIn<'_>) -> Option<String> {
    if let Some(number) = sign_in.autonomous_system_number.filter(|number| *number != 0) {
        return Some(format!("AS{number}"));
    }
    let address: IpAddr = sign_in.ip_address.as_deref()?.parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    })
}

fn without_numbers(agent: &str) -> String {
    agent.chars().filter(|c| !c.is_ascii_digit() && !matches!(c, '.' | '_')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network_of(record: &str) -> Option<String> {
        network(&SignIn::read(record.as_bytes()).unwrap())
    }

    #[test]
    fn a_network_is_the_autonomous_system_or_the_prefix_of_the_address() {
        assert_eq!(network_of(r#"{"autonomousSystemNumber":64496,"ipAddress":"192.0.2.7"}"#).unwrap(), "AS64496");
        assert_eq!(network_of(r#"{"autonomousSystemNumber":0,"ipAddress":"192.0.2.7"}"#).unwrap(), "192.0.2.0/24");
        assert_eq!(network_of(r#"{"ipAddress":"::ffff:192.0.2.7"}"#).unwrap(), "192.0.2.0/24");
        assert_eq!(network_of(r#"{"ipAddress":"2001:db8:4:7::21"}"#).unwrap(), "2001:db8:4::/48");
        assert_eq!(network_of(r#"{"ipAddress":"<script>"}"#), None);
        assert_eq!(network_of("{}"), None);
    }

    #[test]
    fn an_update_of_a_browser_is_no_other_browser() {
        let before = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.1 Safari/605.1.15";
        assert_eq!(without_numbers(before), without_numbers(&before.replace("26.1", "27.0")));
        assert_ne!(without_numbers(before), without_numbers("Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"));
    }
}
