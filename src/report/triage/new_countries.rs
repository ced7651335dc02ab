//! A new country for an account.

use std::collections::BTreeSet;

use super::event::Event;
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Counted, DAY, Draft, Found, Open, Question, Sightings};
use crate::report::tally::Key;

/// Asks for new countries.
pub(super) struct NewCountries {
    accounts: States<Account>,
    arrivals: Open<Arrival>,
    common: u64,
}

/// Where an account succeeded so far.
#[derive(Default)]
struct Account {
    countries: BTreeSet<Key>,
    successes: u64,
    days: u64,
    last_day: i64,
    /// The arrival whose country is still new, with that country.
    arrival: Option<(Key, usize)>,
}

/// An account in a country that is new to it.
struct Arrival {
    before: u64,
    known: usize,
    places: Places,
}

impl NewCountries {
    pub(super) fn new() -> Self {
        Self { accounts: States::new(MAX_STATES), arrivals: Open::new(), common: 0 }
    }
}

impl Question for NewCountries {
    fn take(&mut self, event: &Event, networks: &Networks) {
        let (Some(account), Some(country), true) = (event.account, event.country, event.succeeded()) else { return };
        let Some(state) = self.accounts.of(account, |_| false) else { return };
        let day = event.second().div_euclid(DAY);
        // Of an account in more countries than are remembered nothing can be told to be new.
        let is_new = !state.countries.contains(&country) && state.countries.len() < MAX_COUNTRIES;
        if is_new && state.successes >= MIN_SUCCESSES && state.days >= MIN_DAYS {
            let is_uncommon = networks.is_either_uncommon(event.network, None);
            self.common += u64::from(!is_uncommon);
            let (before, known) = (state.successes, state.countries.len());
            let arrival = Arrival { before, known, places: Places::default() };
            state.arrival = is_uncommon.then(|| (country, self.arrivals.open(arrival)));
        }
        if let Some((_, place)) = state.arrival.filter(|(arrived, _)| *arrived == country)
            && let Some(arrival) = self.arrivals.at(place)
        {
            arrival.places.add(event.place);
        }
        if state.countries.len() < MAX_COUNTRIES {
            state.countries.insert(country);
        }
        if state.successes == 0 || state.last_day != day {
            state.days += 1;
            state.last_day = day;
        }
        state.successes += 1;
    }

    fn answer(self: Box<Self>, networks: &Networks) -> Draft {
        let found = self.arrivals.all.into_iter().map(|arrival| Found {
            about: About::Account,
            says: format!(
                "After {} successes in {}, {} from a country in which this package has none before.",
                arrival.before,
                if arrival.known == 1 { "one country".to_owned() } else { format!("{} countries", arrival.known) },
                if arrival.places.total() == 1 { "one".to_owned() } else { arrival.places.total().to_string() }
            ),
            weight: arrival.before,
            places: arrival.places,
        });
        Draft {
            question: "new-countries",
            title: "Accounts in a country that is new in this package",
            asks: "People travel; so do stolen passwords.",
            rule: format!(
                "Listed: successful sign-ins, interactive or not, from a country in which the account had none before in this package, after at least {MIN_SUCCESSES} \
                 successes on at least {MIN_DAYS} days and in fewer than {MAX_COUNTRIES} countries, and from an uncommon network. The service derives the country from the address. {}",
                networks.rule()
            ),
            sightings: Sightings::rank(found, self.arrivals.beyond),
            counted: vec![Counted::new("such first sign-ins from networks that are common here", self.common)],
            limits: self.accounts.limits("accounts").into_iter().chain(networks.limits()).collect(),
        }
    }
}

/// 5 successes, so that there is something to be new against.
const MIN_SUCCESSES: u64 = 5;
/// 3 days with successes.
const MIN_DAYS: u64 = 3;
/// 32 countries of an account are remembered.
const MAX_COUNTRIES: usize = 32;
