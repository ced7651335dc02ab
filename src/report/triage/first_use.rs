//! An application that was not used before.

use std::collections::BTreeSet;

use super::event::Event;
use super::kept::{Places, States};
use super::networks::Networks;
use super::question::{About, DAY, Draft, Found, Question, Sightings, span};
use crate::report::tally::Key;
use crate::report::words::{counted, counted_of};

/// Asks for the first use of applications.
pub(super) struct FirstUse {
    applications: States<Application>,
    /// The earliest and the latest sign-in of all.
    span: Option<(i64, i64)>,
}

/// Who used an application.
#[derive(Default)]
struct Application {
    first: Option<i64>,
    sign_ins: u64,
    accounts: BTreeSet<Key>,
    places: Places,
}

impl FirstUse {
    pub(super) fn new() -> Self {
        Self { applications: States::new(MAX_APPLICATIONS), span: None }
    }
}

impl Question for FirstUse {
    fn take(&mut self, event: &Event, _: &Networks) {
        let now = event.second();
        self.span = Some(self.span.map_or((now, now), |(first, last)| (first.min(now), last.max(now))));
        let (Some(application), Some(account), true) = (event.application, event.account, event.succeeded()) else {
            return;
        };
        let Some(state) = self.applications.of(application, |_| false) else { return };
        state.first.get_or_insert(now);
        state.sign_ins += 1;
        if state.accounts.len() <= MAX_ACCOUNTS {
            state.accounts.insert(account);
            state.places.add(event.place);
        }
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let (begin, end) = self.span.unwrap_or_default();
        let mut limits: Vec<String> = self.applications.limits("applications").into_iter().collect();
        if end - begin < QUIET_DAYS * DAY {
            limits.push(format!("The sign-ins span less than {QUIET_DAYS} days: nothing can be called the first use."));
        }
        let first = |application: &Application| application.first.unwrap_or(begin) - begin;
        let is_new = |application: &Application| {
            first(application) >= QUIET_DAYS * DAY && application.accounts.len() <= MAX_ACCOUNTS
        };
        let found = self.applications.into_states().filter(is_new).map(|application| Found {
            about: About::Application,
            says: format!(
                "First seen {} after the package's earliest sign-in: {} of {}.",
                span(first(&application)),
                counted(application.sign_ins, "successful sign-in"),
                counted_of(application.accounts.len(), "account")
            ),
            weight: application.sign_ins,
            places: application.places,
        });
        Draft {
            question: "first-use",
            title: "Applications first seen late in this package",
            asks: "An application that nobody used before may be new, or may be the one that consent was phished for.",
            rule: format!(
                "Listed: applications to which a person first signed in with success at least {QUIET_DAYS} days after the earliest sign-in of this package, and to \
                 which at most {MAX_ACCOUNTS} accounts did. What was used before the package begins cannot be seen."
            ),
            sightings: Sightings::rank(found, 0),
            counted: Vec::new(),
            limits,
        }
    }
}

/// 7 days without a use, so that the first one is worth a look.
const QUIET_DAYS: i64 = 7;
/// 3 accounts: what more people use was rolled out.
const MAX_ACCOUNTS: usize = 3;
/// 20,000 applications; large tenants have some thousand.
const MAX_APPLICATIONS: usize = 20_000;
