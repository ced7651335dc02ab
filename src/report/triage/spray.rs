//! Password spray: one address tries many accounts, each a few times.

use std::collections::{BTreeSet, VecDeque};

use super::event::{Event, Place};
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Counted, DAY, Draft, Found, HOUR, Open, Question, Sightings, span};
use crate::report::tally::Key;
use crate::report::words::counted;

/// Asks for sprays.
pub(super) struct Spray {
    addresses: States<Address>,
    /// Failures that are remembered, of all addresses.
    remembered: usize,
    /// How many more find no room before old ones are looked for again.
    patience: usize,
    /// Failures that found no room.
    lost: u64,
    sprays: Open<Burst>,
    /// How often many accounts failed from an address and half as many or more succeeded.
    busy: u64,
}

/// What one address did in the last hour.
#[derive(Default)]
struct Address {
    failures: VecDeque<(i64, Key, Place)>,
    /// Accounts that succeeded from it since the first of these failures.
    succeeded: BTreeSet<Key>,
    last: i64,
    spray: Option<usize>,
    is_busy: bool,
}

/// One spray.
struct Burst {
    places: Places,
    accounts: BTreeSet<Key>,
    failures: u64,
    first: i64,
    last: i64,
    /// Accounts that had been tried and then succeeded from the same address.
    entered: BTreeSet<Key>,
}

impl Spray {
    pub(super) fn new() -> Self {
        Self { addresses: States::new(MAX_STATES), remembered: 0, patience: 0, lost: 0, sprays: Open::new(), busy: 0 }
    }

    /// Makes room for one more failure; says whether there is any.
    fn make_room(&mut self, now: i64) -> bool {
        if self.remembered >= MAX_REMEMBERED {
            if let Some(patience) = self.patience.checked_sub(1) {
                self.patience = patience;
            } else {
                self.addresses.each(|state| state.forget(now));
                self.remembered = 0;
                self.addresses.each(|state| self.remembered += state.failures.len());
                self.patience = MAX_REMEMBERED / 8;
            }
        }
        self.remembered < MAX_REMEMBERED
    }

    fn fail(&mut self, address: Key, account: Key, event: &Event) {
        let now = event.second();
        if !self.make_room(now) {
            self.lost += 1;
            return;
        }
        let over = |state: &Address| state.last < now - DAY || (state.spray.is_none() && state.last < now - HOUR);
        let Some(state) = self.addresses.of(address, over) else { return };
        let before = state.failures.len();
        state.forget(now);
        state.last = now;
        if state.failures.len() >= MAX_FAILURES {
            state.failures.pop_front();
        }
        state.failures.push_back((now, account, event.place));
        self.remembered = (self.remembered + state.failures.len()).saturating_sub(before);
        if let Some(place) = state.spray {
            if let Some(spray) = self.sprays.at(place) {
                spray.take(now, account, event.place);
            }
            return;
        }
        let accounts: BTreeSet<Key> = state.failures.iter().map(|(_, account, _)| *account).collect();
        if accounts.len() < MIN_ACCOUNTS {
            return;
        }
        if 2 * state.succeeded.len() >= accounts.len() {
            self.busy += u64::from(!state.is_busy);
            state.is_busy = true;
            return;
        }
        let mut burst = Burst {
            places: Places::default(),
            accounts: BTreeSet::new(),
            failures: 0,
            first: state.failures.front().map_or(now, |(second, ..)| *second),
            last: now,
            entered: BTreeSet::new(),
        };
        for (second, account, place) in &state.failures {
            burst.take(*second, *account, *place);
        }
        state.spray = Some(self.sprays.open(burst));
    }

    fn succeed(&mut self, address: Key, account: Key, event: &Event) {
        let now = event.second();
        let Some(state) = self.addresses.known(address) else { return };
        if let Some(spray) = state.spray.and_then(|place| self.sprays.at(place))
            && now - spray.last <= DAY
            && spray.accounts.contains(&account)
            && spray.entered.insert(account)
        {
            spray.places.insist(event.place);
        }
        let before = state.failures.len();
        state.forget(now);
        self.remembered = (self.remembered + state.failures.len()).saturating_sub(before);
        if !state.failures.is_empty() && state.succeeded.len() < MAX_FAILURES {
            state.succeeded.insert(account);
        }
    }
}

impl Address {
    /// Forgets failures that are older than an hour, and the spray when it is over for a day.
    fn forget(&mut self, now: i64) {
        while self.failures.front().is_some_and(|(second, ..)| *second < now - HOUR) {
            self.failures.pop_front();
        }
        if self.failures.is_empty() {
            self.succeeded.clear();
            self.is_busy = false;
            if self.last < now - DAY {
                self.spray = None;
            }
        }
    }
}

impl Burst {
    fn take(&mut self, second: i64, account: Key, place: Place) {
        self.failures += 1;
        self.last = second;
        self.places.add(place);
        if self.accounts.len() < MAX_ACCOUNTS {
            self.accounts.insert(account);
        }
    }
}

impl Question for Spray {
    fn take(&mut self, event: &Event, _: &Networks) {
        let (Some(address), Some(account)) = (event.address, event.account) else { return };
        if event.is_guess() {
            self.fail(address, account, event);
        } else if event.succeeded() {
            self.succeed(address, account, event);
        }
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let mut limits: Vec<String> = self.addresses.limits("addresses").into_iter().collect();
        if self.lost > 0 {
            limits.push(format!(
                "Not looked at: {}, for want of room; {MAX_REMEMBERED} of the last hour are remembered.",
                counted(self.lost, "failure")
            ));
        }
        let found = self.sprays.all.into_iter().map(|burst| Found {
            about: About::Address,
            says: format!(
                "{} failures on {} accounts within {}; {} of these accounts succeeded from the same address during the spray or within a day after it.",
                burst.failures,
                if burst.accounts.len() < MAX_ACCOUNTS {
                    burst.accounts.len().to_string()
                } else {
                    format!("{MAX_ACCOUNTS} or more")
                },
                span(burst.last - burst.first),
                burst.entered.len()
            ),
            weight: burst.failures + 1_000_000 * u64::try_from(burst.entered.len()).unwrap_or(0),
            places: burst.places,
        });
        Draft {
            question: "password-spray",
            title: "One address, many accounts, wrong passwords",
            asks: "Whoever guesses one password for many people is not stopped by the lock on each account.",
            rule: format!(
                "Listed: an address from which, among its last {MAX_FAILURES} such failures and within 60 minutes, sign-ins to at least {MIN_ACCOUNTS} \
                 accounts failed on the password or on an account that is unknown, locked or disabled, while fewer than half as many accounts succeeded from it; from an office behind one address most succeed. \
                 Further failures from the address are counted with it as long as a day does not pass without one."
            ),
            sightings: Sightings::rank(found, self.sprays.beyond),
            counted: vec![Counted::new(
                "times at which as many accounts failed from one address within an hour and at least half as many succeeded",
                self.busy,
            )],
            limits,
        }
    }
}

/// 10 accounts within an hour.
const MIN_ACCOUNTS: usize = 10;
/// 64 failures of an address are remembered for an hour, until there are enough for a spray.
const MAX_FAILURES: usize = 64;
/// 300,000 failures of all addresses are remembered: some 15 MB.
const MAX_REMEMBERED: usize = 300_000;
/// 1,000 accounts of one spray are told apart.
const MAX_ACCOUNTS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sign_in::SignIn;
    use crate::format::kind::Kind;

    #[test]
    fn what_is_remembered_is_bounded_however_many_addresses_fail() {
        let mut question = Spray::new();
        let networks = Networks::new();
        let sign_in = SignIn::read(br#"{"userId":"a","status":{"errorCode":50126}}"#).unwrap();
        let fail = |question: &mut Spray, number: u64, time: &str| {
            let mut event =
                Event::at(Place { page: 1, element: number }, Kind::InteractiveUser, time, &sign_in).unwrap();
            event.address = Some(Key::of(&(number % 90_000).to_string()));
            question.take(&event, &networks);
        };
        for number in 0..400_000 {
            fail(&mut question, number, "2026-11-01T00:00:00Z");
        }
        assert_eq!((question.remembered, question.lost), (MAX_REMEMBERED, 100_000));
        for number in 0..100_000 {
            fail(&mut question, number, "2026-11-01T02:00:00Z");
        }
        assert!((62_500..=100_000).contains(&question.remembered), "{}", question.remembered);
        assert_eq!(Box::new(question).answer(&networks).limits.len(), 1);
    }
}
