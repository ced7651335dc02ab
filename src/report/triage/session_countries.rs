//! A session in two countries: the same session identifier in sign-ins that the service places in different countries.

use std::collections::BTreeSet;

use super::event::{Event, Place};
use super::kept::{Places, Turnover};
use super::networks::Networks;
use super::question::{About, Draft, Found, Open, Question, Sightings, after};
use crate::report::tally::Key;
use crate::report::words::counted;

/// Asks for sessions in two countries.
pub(super) struct SessionCountries {
    sessions: Turnover<Session>,
    wanderers: Open<Wanderer>,
}

/// Where a session was first seen.
#[derive(Default)]
struct Session {
    first: Option<(Key, i64, Place)>,
    wanderer: Option<usize>,
}

/// A session in more than one country.
struct Wanderer {
    countries: BTreeSet<Key>,
    elsewhere: u64,
    /// How long after it was first seen it was seen in a second country.
    after: i64,
    succeeded: u64,
    places: Places,
}

impl SessionCountries {
    pub(super) fn new() -> Self {
        Self { sessions: Turnover::new(MAX_SESSIONS), wanderers: Open::new() }
    }
}

impl Question for SessionCountries {
    fn take(&mut self, event: &Event, _: &Networks) {
        let (Some(session), Some(country), Some(_)) = (event.session, event.country, event.account) else { return };
        let now = event.second();
        let state = self.sessions.of(session);
        let (home, since, first) = *state.first.get_or_insert((country, now, event.place));
        if country == home {
            return;
        }
        let place = *state.wanderer.get_or_insert_with(|| {
            let mut wanderer = Wanderer {
                countries: BTreeSet::from([home]),
                elsewhere: 0,
                after: now - since,
                succeeded: 0,
                places: Places::default(),
            };
            wanderer.places.add(first);
            self.wanderers.open(wanderer)
        });
        if let Some(wanderer) = self.wanderers.at(place) {
            wanderer.elsewhere += 1;
            wanderer.succeeded += u64::from(event.succeeded());
            wanderer.places.add(event.place);
            if wanderer.countries.len() < MAX_COUNTRIES {
                wanderer.countries.insert(country);
            }
        }
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let found = self.wanderers.all.into_iter().map(|wanderer| Found {
            about: About::Session,
            says: format!(
                "Seen in {} countries: in a second one {}; {} elsewhere than at first, successful: {}.",
                wanderer.countries.len(),
                after(wanderer.after, "it was first seen"),
                counted(wanderer.elsewhere, "sign-in"),
                wanderer.succeeded
            ),
            weight: wanderer.succeeded,
            places: wanderer.places,
        });
        Draft {
            question: "session-countries",
            title: "One session, two countries",
            asks: "A session that began at one place and goes on in another country may have been carried, or stolen with its token.",
            rule: "Listed: a session identifier with sign-ins, successful or not, that the service places in another country than the first one with that \
                   identifier. The service derives the country from the address; proxies and telephones that roam do the same. The identifier stands in \
                   records of the beta interface alone."
                .to_owned(),
            sightings: Sightings::rank(found, self.wanderers.beyond),
            counted: Vec::new(),
            limits: self.sessions.limits("session").into_iter().collect(),
        }
    }
}

/// 50,000 sessions at least, 100,000 at most: some 12 MB.
pub(super) const MAX_SESSIONS: usize = 50_000;
/// 300 countries of a session are told apart; ISO 3166-1 has 249.
const MAX_COUNTRIES: usize = 300;
