//! Legacy authentication: protocols that send a password and cannot ask for a second factor.

use super::event::Event;
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Counted, Draft, Found, Question, Sightings};
use crate::report::words::counted;

/// Asks for legacy authentication.
pub(super) struct Legacy {
    accounts: States<Account>,
    failed: u64,
}

/// What one account did.
#[derive(Default)]
struct Account {
    succeeded: u64,
    failed: u64,
    places: Places,
}

impl Legacy {
    pub(super) fn new() -> Self {
        Self { accounts: States::new(MAX_STATES), failed: 0 }
    }
}

impl Question for Legacy {
    fn take(&mut self, event: &Event, _: &Networks) {
        let (Some(account), true) = (event.account, event.is_legacy) else { return };
        let Some(state) = self.accounts.of(account, |_| false) else { return };
        if event.succeeded() {
            state.succeeded += 1;
            state.places.add(event.place);
        } else {
            state.failed += 1;
            self.failed += 1;
        }
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let limits = self.accounts.limits("accounts").into_iter().collect();
        let succeeded = self.accounts.into_states().filter(|account| account.succeeded > 0);
        let found = succeeded.map(|account| Found {
            about: About::Account,
            says: format!(
                "{} by legacy authentication, {} that failed.",
                counted(account.succeeded, "successful sign-in"),
                account.failed
            ),
            weight: account.succeeded,
            places: account.places,
        });
        Draft {
            question: "legacy-authentication",
            title: "Legacy authentication",
            asks: "Older protocols send the password alone: a guessed or stolen one is enough.",
            rule: "Listed: accounts with successful sign-ins whose client application is one of those that the service counts as legacy: ActiveSync, IMAP, POP, \
                   SMTP, MAPI, older clients of Exchange, and \"Other clients\"."
                .to_owned(),
            sightings: Sightings::rank(found, 0),
            counted: vec![Counted::new("sign-ins by legacy authentication that did not succeed", self.failed)],
            limits,
        }
    }
}
