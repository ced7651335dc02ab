//! A break in the user agent of a session: it goes on from another address with another browser or client.

use super::event::{Event, Place};
use super::kept::{Places, Turnover};
use super::networks::Networks;
use super::question::{About, Counted, Draft, Found, Open, Question, Sightings, after};
use super::session_countries::MAX_SESSIONS;
use crate::report::tally::Key;
use crate::report::words::counted;

/// Asks for breaks in user agents.
pub(super) struct SessionAgents {
    sessions: Turnover<Session>,
    breaks: Open<Break>,
    /// Sign-ins of a session with another user agent from the address it was first seen at.
    same_address: u64,
}

/// How a session was first seen.
#[derive(Default)]
struct Session {
    first: Option<First>,
    broken: Option<usize>,
}

#[derive(Clone, Copy)]
struct First {
    agent: Key,
    address: Key,
    second: i64,
    place: Place,
}

/// A session whose user agent breaks.
struct Break {
    others: u64,
    after: i64,
    places: Places,
}

impl SessionAgents {
    pub(super) fn new() -> Self {
        Self { sessions: Turnover::new(MAX_SESSIONS), breaks: Open::new(), same_address: 0 }
    }
}

impl Question for SessionAgents {
    fn take(&mut self, event: &Event, _: &Networks) {
        let (Some(session), Some(agent), Some(address), Some(_)) =
            (event.session, event.agent, event.address, event.account)
        else {
            return;
        };
        let now = event.second();
        let state = self.sessions.of(session);
        let first = *state.first.get_or_insert(First { agent, address, second: now, place: event.place });
        if agent == first.agent {
            return;
        }
        if address == first.address {
            self.same_address += 1;
            return;
        }
        let place = *state.broken.get_or_insert_with(|| {
            let mut places = Places::default();
            places.add(first.place);
            self.breaks.open(Break { others: 0, after: now - first.second, places })
        });
        if let Some(broken) = self.breaks.at(place) {
            broken.others += 1;
            broken.places.add(event.place);
        }
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let found = self.breaks.all.into_iter().map(|broken| Found {
            about: About::Session,
            says: format!(
                "{} of the session with another user agent and from another address than its first; first seen {}.",
                counted(broken.others, "sign-in"),
                after(broken.after, "that one")
            ),
            weight: broken.others,
            places: broken.places,
        });
        Draft {
            question: "session-agents",
            title: "One session, two user agents",
            asks: "A token that is used elsewhere is often used by another program.",
            rule: "Listed: a session identifier with sign-ins whose user agent, numbers left out, and whose address both differ from those of the first \
                   sign-in with that identifier. Records without a user agent are passed over. A user agent is whatever the client chose to send."
                .to_owned(),
            sightings: Sightings::rank(found, self.breaks.beyond),
            counted: vec![Counted::new("sign-ins of a session with another user agent from the same address", self.same_address)],
            limits: self.sessions.limits("session").into_iter().collect(),
        }
    }
}
