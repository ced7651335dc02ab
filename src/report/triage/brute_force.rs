//! Brute force: many guesses at one account, perhaps until one is right.

use std::collections::{BTreeSet, VecDeque};

use super::event::{Event, Place};
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Draft, Found, HOUR, Open, Question, Sightings, after, span};
use crate::codec::result_code::Grounds;
use crate::report::tally::Key;

/// Asks for brute force.
pub(super) struct BruteForce {
    accounts: States<Account>,
    bursts: Open<Burst>,
}

/// What happened to one account in the last hour.
#[derive(Default)]
struct Account {
    failures: VecDeque<Failure>,
    burst: Option<usize>,
    last: i64,
}

#[derive(Clone, Copy)]
struct Failure {
    second: i64,
    address: Option<Key>,
    place: Place,
    is_on_password: bool,
}

/// One burst of failures.
struct Burst {
    places: Places,
    addresses: BTreeSet<Key>,
    failures: u64,
    /// Those of them that ended on the password.
    on_password: u64,
    first: i64,
    last: i64,
    /// How long after the failure before it the account first succeeded, and whether from an address that had failed by then. The
    /// burst may go on after it.
    success: Option<(i64, bool)>,
}

impl BruteForce {
    pub(super) fn new() -> Self {
        Self { accounts: States::new(MAX_STATES), bursts: Open::new() }
    }

    fn fail(&mut self, account: Key, event: &Event) {
        let now = event.second();
        let failure = Failure {
            second: now,
            address: event.address,
            place: event.place,
            is_on_password: event.grounds() == Some(Grounds::Password),
        };
        let Some(state) = self.accounts.of(account, |state| state.last < now - HOUR) else { return };
        state.forget(now);
        state.last = now;
        if let Some(place) = state.burst {
            if let Some(burst) = self.bursts.at(place) {
                burst.take(failure);
            }
            return;
        }
        state.failures.push_back(failure);
        if state.failures.len() < MIN_FAILURES {
            return;
        }
        let first = state.failures.front().map_or(now, |failure| failure.second);
        let mut burst = Burst {
            places: Places::default(),
            addresses: BTreeSet::new(),
            failures: 0,
            on_password: 0,
            first,
            last: now,
            success: None,
        };
        state.failures.drain(..).for_each(|failure| burst.take(failure));
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
        while self.failures.front().is_some_and(|failure| failure.second < now - HOUR) {
            self.failures.pop_front();
        }
    }
}

impl Burst {
    fn take(&mut self, failure: Failure) {
        self.failures += 1;
        self.on_password += u64::from(failure.is_on_password);
        self.last = failure.second;
        self.places.add(failure.place);
        if let Some(address) = failure.address.filter(|_| self.addresses.len() < MAX_ADDRESSES) {
            self.addresses.insert(address);
        }
    }

    /// Says how many failures there were, and on what.
    fn failures(&self) -> String {
        match self.failures - self.on_password {
            0 => format!("{} failures on the password", self.failures),
            others => format!(
                "{} failures, of which {} on the password and {others} on an account that is unknown, locked or disabled,",
                self.failures, self.on_password
            ),
        }
    }

    fn addresses(&self) -> String {
        match self.addresses.len() {
            MAX_ADDRESSES => format!("{MAX_ADDRESSES} or more addresses"),
            1 => "1 address".to_owned(),
            number => format!("{number} addresses"),
        }
    }

    /// Says what came of it.
    fn then(&self) -> String {
        let Some((later, is_same)) = self.success else {
            return "no success within an hour after the last of them".to_owned();
        };
        let with = if is_same { "with" } else { "without" };
        format!("a success from an address {with} such a failure before, {}", after(later, "the failure before it"))
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
        let found = self.bursts.all.into_iter().map(|burst| Found {
            about: About::Account,
            says: format!(
                "{} from {} within {}; {}.",
                burst.failures(),
                burst.addresses(),
                span(burst.last - burst.first),
                burst.then()
            ),
            weight: burst.failures + burst.success.map_or(0, |(_, is_same)| 1_000_000 * (1 + u64::from(is_same))),
            places: burst.places,
        });
        Draft {
            question: "brute-force",
            title: "One account, many failures as of guessed passwords",
            asks: "Many wrong passwords for one account may be guesses, and so may sign-ins that a lock then turns away; a success after them may be the right guess, or the person.",
            rule: format!(
                "Listed: an account for which at least {MIN_FAILURES} sign-ins within 60 minutes failed on the password or on an account that is \
                 unknown, locked or disabled (50034, 50053, 50057; of 50053 the record says whether it was the account or an address that was \
                 blocked), from whatever addresses. The burst goes on until an hour passes without a failure. The first success of the account \
                 that comes within an hour of a failure of the burst is named and cited with it; failures may follow that."
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
