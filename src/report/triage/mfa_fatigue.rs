//! MFA fatigue: second factors asked for again and again, refused, and at last accepted.

use std::collections::VecDeque;

use super::event::{Event, Place};
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Counted, Draft, Found, HOUR, Open, Question, Sightings, after, span};
use crate::codec::result_code::Grounds;
use crate::format::kind::Kind;
use crate::report::tally::Key;

/// Asks for MFA fatigue.
pub(super) struct MfaFatigue {
    accounts: States<Account>,
    bursts: Open<Burst>,
    refused: u64,
    /// Those of them that are in a burst, whether there was room for it or not.
    in_bursts: u64,
}

/// What happened to one account in the last hour.
#[derive(Default)]
struct Account {
    /// When, whether it was refused, where the record stands.
    asked: VecDeque<(i64, bool, Place)>,
    burst: Option<usize>,
    last: i64,
}

/// One burst of refused factors.
struct Burst {
    places: Places,
    asked: u64,
    refused: u64,
    first: i64,
    last: i64,
    /// How long after the last one a factor was accepted.
    accepted: Option<i64>,
}

impl MfaFatigue {
    pub(super) fn new() -> Self {
        Self { accounts: States::new(MAX_STATES), bursts: Open::new(), refused: 0, in_bursts: 0 }
    }

    fn ask(&mut self, account: Key, event: &Event) {
        let now = event.second();
        let Some(state) = self.accounts.of(account, |state| state.last < now - HOUR) else { return };
        state.forget(now);
        state.last = now;
        self.refused += u64::from(event.is_refused_factor());
        if let Some(place) = state.burst {
            self.in_bursts += u64::from(event.is_refused_factor());
            if let Some(burst) = self.bursts.at(place) {
                burst.take(now, event.is_refused_factor(), event.place);
            }
            return;
        }
        if state.asked.len() >= MAX_ASKED {
            state.asked.pop_front();
        }
        state.asked.push_back((now, event.is_refused_factor(), event.place));
        if state.refused() >= MIN_REFUSED {
            let burst = state.burst_of(now);
            self.in_bursts += burst.refused;
            state.burst = Some(self.bursts.open(burst));
            state.asked.clear();
        }
    }

    fn succeed(&mut self, account: Key, event: &Event) {
        let now = event.second();
        let Some(state) = self.accounts.known(account) else { return };
        state.forget(now);
        if let Some(burst) = state.burst.take().and_then(|place| self.bursts.at(place)) {
            burst.accepted = Some(now - burst.last);
            burst.places.insist(event.place);
        }
        state.asked.clear();
    }
}

impl Account {
    fn forget(&mut self, now: i64) {
        if self.last < now - HOUR {
            self.burst = None;
        }
        while self.asked.front().is_some_and(|(second, ..)| *second < now - HOUR) {
            self.asked.pop_front();
        }
    }

    fn refused(&self) -> usize {
        self.asked.iter().filter(|(_, is_refused, _)| *is_refused).count()
    }

    fn burst_of(&self, now: i64) -> Burst {
        let first = self.asked.front().map_or(now, |(second, ..)| *second);
        let mut burst = Burst { places: Places::default(), asked: 0, refused: 0, first, last: now, accepted: None };
        for (second, is_refused, place) in &self.asked {
            burst.take(*second, *is_refused, *place);
        }
        burst
    }
}

impl Burst {
    fn take(&mut self, second: i64, is_refused: bool, place: Place) {
        self.asked += 1;
        self.refused += u64::from(is_refused);
        self.last = second;
        self.places.add(place);
    }
}

impl Question for MfaFatigue {
    fn take(&mut self, event: &Event, _: &Networks) {
        let Some(account) = event.account else { return };
        if event.grounds() == Some(Grounds::MultiFactor) {
            self.ask(account, event);
        } else if event.succeeded() && event.kind == Kind::InteractiveUser {
            self.succeed(account, event);
        }
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let found = self.bursts.all.into_iter().map(|burst| {
            let then = burst.accepted.map_or_else(
                || "no interactive success within an hour after the last of them".to_owned(),
                |later| format!("an interactive success {}", after(later, "the last of them")),
            );
            Found {
                about: About::Account,
                says: format!(
                    "{} sign-ins ended on a second factor within {}, {} of them because it was refused, wrong or not answered; {then}.",
                    burst.asked,
                    span(burst.last - burst.first),
                    burst.refused
                ),
                weight: burst.refused + if burst.accepted.is_some() { 1_000_000 } else { 0 },
                places: burst.places,
            }
        });
        Draft {
            question: "mfa-fatigue",
            title: "Second factors refused, and perhaps accepted at last",
            asks: "Whoever has a password can ask for the second factor until its owner gives in.",
            rule: format!(
                "Listed: an account for which, within 60 minutes, at least {MIN_REFUSED} sign-ins ended because the second factor was refused, wrong or not answered \
                 in time (500121), without an interactive success between them. Cited with them are the account's other sign-ins of that time that ended on a second factor (50074, 50076 and kin), and \
                 the first interactive success within an hour after the last one."
            ),
            sightings: Sightings::rank(found, self.bursts.beyond),
            counted: vec![Counted::new("refused factors that are not in a burst", self.refused - self.in_bursts)],
            limits: self.accounts.limits("accounts").into_iter().collect(),
        }
    }
}

/// 3 refused factors within an hour.
const MIN_REFUSED: usize = 3;
/// 16 sign-ins of an account that ended on a second factor are remembered for an hour, until enough of them were refused.
const MAX_ASKED: usize = 16;
