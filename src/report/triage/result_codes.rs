//! Failures that investigators ask about, by account, address and hour.

use std::collections::BTreeMap;

use super::event::{Event, Place};
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Counted, Draft, Found, HOUR, Question, Sightings};
use crate::codec::result_code::Grounds;
use crate::report::words::counted;

/// Counts failures.
pub(super) struct ResultCodes {
    accounts: States<Failures>,
    addresses: States<Failures>,
    /// By hour since 1970.
    hours: BTreeMap<i64, Failures>,
    totals: Failures,
    lost_hours: u64,
}

/// Failures of one account, address or hour, on each of the grounds asked.
#[derive(Clone, Default)]
struct Failures {
    on: [u64; ASKED.len()],
    /// Sign-ins that were interrupted for a second factor: steps on the way, no failures.
    interrupted: u64,
    places: Vec<Place>,
}

impl Failures {
    fn take(&mut self, ground: Option<usize>, place: Place) {
        let Some(count) = ground.and_then(|ground| self.on.get_mut(ground)) else {
            self.interrupted += 1;
            return;
        };
        *count += 1;
        if self.places.len() < MAX_EXAMPLES {
            self.places.push(place);
        }
    }

    fn total(&self) -> u64 {
        self.on.iter().sum()
    }

    fn found(self, about: About, lead: u64) -> Found {
        let total = self.total();
        let parts: Vec<String> = self
            .on
            .iter()
            .zip(ASKED)
            .filter(|(count, _)| **count > 0)
            .map(|(count, (_, words))| format!("{count} {words}"))
            .collect();
        let interrupted = match self.interrupted {
            0 => String::new(),
            count => format!("; besides, {count} {INTERRUPTED}"),
        };
        let mut places = Places::default();
        self.places.into_iter().for_each(|place| places.add(place));
        places.beyond = total - places.total().min(total);
        Found {
            about,
            says: format!("{total} failures: {}{interrupted}.", parts.join(", ")),
            places,
            weight: lead + total,
        }
    }
}

impl ResultCodes {
    pub(super) fn new() -> Self {
        Self {
            accounts: States::new(MAX_STATES),
            addresses: States::new(MAX_STATES),
            hours: BTreeMap::new(),
            totals: Failures::default(),
            lost_hours: 0,
        }
    }
}

impl Question for ResultCodes {
    fn take(&mut self, event: &Event, _: &Networks) {
        let Some(account) = event.account else { return };
        let Some(ground) = ASKED.iter().position(|(ground, _)| event.grounds() == Some(*ground)) else { return };
        let ground = (!event.is_interrupted()).then_some(ground);
        self.totals.take(ground, event.place);
        if let Some(state) = self.accounts.of(account, |_| false) {
            state.take(ground, event.place);
        }
        if let Some(state) = event.address.and_then(|address| self.addresses.of(address, |_| false)) {
            state.take(ground, event.place);
        }
        let hour = event.second().div_euclid(HOUR);
        if self.hours.len() < MAX_HOURS || self.hours.contains_key(&hour) {
            self.hours.entry(hour).or_default().take(ground, event.place);
        } else {
            self.lost_hours += 1;
        }
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let mut limits: Vec<String> =
            self.accounts.limits("accounts").into_iter().chain(self.addresses.limits("addresses")).collect();
        if self.lost_hours > 0 {
            limits.push(format!(
                "In none of the first {MAX_HOURS} hours that were met: {}.",
                counted(self.lost_hours, "failure")
            ));
        }
        // Accounts first, then addresses, then hours: each group by how many failures it has.
        let most = |states: Vec<Failures>, about: About, lead: u64| {
            let mut states: Vec<Failures> = states.into_iter().filter(|state| state.total() >= MIN_FAILURES).collect();
            states.sort_by(|a, b| b.total().cmp(&a.total()).then_with(|| a.places.cmp(&b.places)));
            states.truncate(MAX_EACH);
            states.into_iter().map(move |state| state.found(about, lead)).collect::<Vec<Found>>()
        };
        let mut found = most(self.accounts.into_states().collect(), About::Account, 2 << 60);
        found.extend(most(self.addresses.into_states().collect(), About::Address, 1 << 60));
        found.extend(most(self.hours.into_values().collect(), About::Hour, 0));
        let counted = self.totals.on.into_iter().zip(ASKED);
        let counted = counted.map(|(count, (_, words))| Counted::new(format!("failures {words}"), count));
        let interrupted = Counted::new(format!("sign-ins {INTERRUPTED}"), self.totals.interrupted);
        Draft {
            question: "result-codes",
            title: "Failures by account, address and hour",
            asks: "Wrong passwords (50126), second factors refused or not given (500121), sign-ins that Conditional Access stops (53003) and kin are where attacks \
                   show first; most of them are people who mistype.",
            rule: format!(
                "Counted: sign-ins of people that ended on the password, on a second factor, on a policy or on the account; apart from them, those that were interrupted because a second factor was asked for (50074, 50076 and kin), which are steps on \
                 the way and no failures. Listed as figures, without any judgement: \
                 the {MAX_EACH} accounts, addresses and hours (UTC) with the most, from {MIN_FAILURES} on, each with the first records."
            ),
            sightings: Sightings::rank(found, 0),
            counted: counted.chain([interrupted]).collect(),
            limits,
        }
    }
}

/// The grounds asked, and how they read behind a number.
const ASKED: [(Grounds, &str); 4] = [
    (Grounds::Password, "on the password"),
    (Grounds::MultiFactor, "on a second factor"),
    (Grounds::ConditionalAccess, "on a policy"),
    (Grounds::Account, "on the account"),
];
/// The same of those that did not fail.
const INTERRUPTED: &str = "interrupted for a second factor";
/// 8 accounts, addresses and hours each.
const MAX_EACH: usize = 8;
/// 5 failures: below, everybody has some.
const MIN_FAILURES: u64 = 5;
/// 5 records each are cited.
const MAX_EXAMPLES: usize = 5;
/// 20,000 hours: more than two years.
const MAX_HOURS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sign_in::SignIn;
    use crate::format::kind::Kind;

    fn take(question: &mut ResultCodes, user: &str, code: u32, element: u64) {
        let record = format!(r#"{{"userId":"{user}","ipAddress":"192.0.2.1","status":{{"errorCode":{code}}}}}"#);
        let sign_in = SignIn::read(record.as_bytes()).unwrap();
        let place = Place { page: 1, element };
        let event = Event::at(place, Kind::InteractiveUser, "2026-11-01T00:59:59Z", &sign_in).unwrap();
        question.take(&event, &Networks::new());
    }

    #[test]
    fn failures_are_counted_by_what_they_ended_on() {
        let mut question = ResultCodes::new();
        for element in 0..6 {
            take(&mut question, "a", 50_126, element);
        }
        take(&mut question, "a", 53_003, 6);
        take(&mut question, "b", 500_121, 7);
        take(&mut question, "a", 50_074, 8);
        for code in [0, 50_140, 70_043, 1] {
            take(&mut question, "b", code, 8);
        }
        let draft = Box::new(question).answer(&Networks::new());
        let says: Vec<&str> = draft.sightings.listed.iter().map(|found| found.says.as_str()).collect();
        assert_eq!(
            says,
            [
                "7 failures: 6 on the password, 1 on a policy; besides, 1 interrupted for a second factor.",
                "8 failures: 6 on the password, 1 on a second factor, 1 on a policy; besides, 1 interrupted for a second factor.",
                "8 failures: 6 on the password, 1 on a second factor, 1 on a policy; besides, 1 interrupted for a second factor."
            ]
        );
        let places = &draft.sightings.listed[0].places;
        assert_eq!((places.listed.len(), places.beyond), (5, 2));
        let counts: Vec<u64> = draft.counted.iter().map(|counted| counted.number).collect();
        assert_eq!(counts, [6, 1, 1, 0, 1]);
    }
}
