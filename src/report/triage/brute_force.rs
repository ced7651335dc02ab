//! Brute force: many wrong passwords for one account, perhaps until one is right.

use std::collections::{BTreeSet, VecDeque};

use super::event::{Event, Place};
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Draft, Found, HOUR, Open, Question, Sightings, span};
use crate::report::tally::Key;

/// Asks for brute force.
pub(super) struct BruteForce {
    accounts: States<Account>,
    bursts: Open<Burst>,
}

/// What happened to one account in the last hour.
#[derive(Default)]
struct Account {
    failures: VecDeque<(i64, Option<Key>, Place)>,
    burst: Option<usize>,
    last: i64,
}

/// One burst of failures.
struct Burst {
    places: Places,
    addresses: BTreeSet<Key>,
    failures: u64,
    first: i64,
    last: i64,
    /// How long after the last failure the account succeeded, and whether from an address that had failed.
    success: Option<(i64, bool)>,
}

impl BruteForce {
    pub(super) fn new() -> Self {
        Self { accounts: States::new(MAX_STATES), bursts: Open::new() }
    }

    fn fail(&mut self, account: Key, event: &Event) {
        let now = event.second();
        let Some(state) = self.accounts.of(account, |state| state.last < now - HOUR) else { return };
        state.forget(now);
        state.last = now;
        if let Some(place) = state.burst {
            if let Some(burst) = self.bursts.at(place) {
                burst.take(now, event.address, event.place);
            }
            return;
        }
        state.failures.push_back((now, event.address, event.place));
        if state.failures.len() < MIN_FAILURES {
            return;
        }
        let first = state.failures.front().map_or(now, |(second, ..)| *second);
        let mut burst = Burst {
            places: Places::default(),
            addresses: BTreeSet::new(),
            failures: 0,
            first,
            last: now,
            success: None,
        };
        for (second, address, place) in state.failures.drain(..) {
            burst.take(second, address, place);
        }
        state.burst = Some(self.bursts.open(burst));
    }

    fn succeed(&mut self, account: Key, event: &Event) {
        let now = event.second();
        let Some(state) = self.accounts.known(account) else { return };
        state.forget(now);
        if let Some(burst) = state.burst.and_then(|place| self.bursts.at(place))
            && burst.success.is_none()
        {
            let is_same = event.address.is_some_and(|address| burst.addresses.contains(&address));
            burst.success = Some((now - burst.last, is_same));
            burst.places.insist(event.place);
        }
    }
}

impl Account {
    /// Forgets what is older than an hour.
    fn forget(&mut self, now: i64) {
        if self.last < now - HOUR {
            self.burst = None;
        }
        while self.failures.front().is_some_and(|(second, ..)| *second < now - HOUR) {
            self.failures.pop_front();
        }
    }
}

impl Burst {
    fn take(&mut self, second: i64, address: Option<Key>, place: Place) {
        self.failures += 1;
        self.last = second;
        self.places.add(place);
        if let Some(address) = address.filter(|_| self.addresses.len() < MAX_ADDRESSES) {
            self.addresses.insert(address);
        }
    }
}

impl Question for BruteForce {
    fn take(&mut self, event: &Event, _: &Networks) {
        let Some(account) = event.account else { return };
        if event.is_guess() {
            self.fail(account, event);
        } else if event.succeeded() {
            self.succeed(account, event);
        }
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let found = self.bursts.all.into_iter().map(|burst| {
            let then = match burst.success {
                None => "no success within an hour after the last of them".to_owned(),
                Some((after, true)) => {
                    format!("a success from one of these addresses, {} after the last of them", span(after))
                }
                Some((after, false)) => {
                    format!("a success from another address, {} after the last of them", span(after))
                }
            };
            Found {
                about: About::Account,
                says: format!(
                    "{} failures on the password from {} addresses within {}; {then}.",
                    burst.failures,
                    burst.addresses.len(),
                    span(burst.last - burst.first)
                ),
                weight: burst.failures + burst.success.map_or(0, |(_, is_same)| 1_000_000 * (1 + u64::from(is_same))),
                places: burst.places,
            }
        });
        Draft {
            question: "brute-force",
            title: "One account, many wrong passwords",
            asks: "Many wrong passwords for one account may be guesses; a success after them may be the right guess, or the person.",
            rule: format!(
                "Listed: an account for which at least {MIN_FAILURES} sign-ins within 60 minutes failed on the password or because it is locked or \
                 disabled, from whatever addresses. The burst goes on until an hour passes without a failure. A success counts as following it when it \
                 comes within an hour of the failure before it."
            ),
            sightings: Sightings::rank(found, self.bursts.beyond),
            counted: Vec::new(),
            limits: self.accounts.limits("accounts").into_iter().collect(),
        }
    }
}

/// 10 failures within an hour.
const MIN_FAILURES: usize = 10;
/// 1,000 addresses of one burst are told apart.
const MAX_ADDRESSES: usize = 1_000;
