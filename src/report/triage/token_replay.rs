//! Token replay: tokens of a person used without them from a network where that person never signed in.

use super::event::Event;
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Counted, Draft, Found, Open, Question, Sightings, span};
use crate::format::kind::Kind;
use crate::report::tally::Key;
use crate::report::words::counted;

/// Asks for token replay.
pub(super) struct TokenReplay {
    /// By account and network.
    pairs: States<Option<usize>>,
    replays: Open<Replay>,
    /// From networks that are common.
    common: u64,
    /// Of accounts that never signed in interactively in this package.
    without_baseline: u64,
}

/// One account from one network.
struct Replay {
    sign_ins: u64,
    first: i64,
    last: i64,
    places: Places,
}

impl TokenReplay {
    pub(super) fn new() -> Self {
        Self { pairs: States::new(MAX_STATES), replays: Open::new(), common: 0, without_baseline: 0 }
    }
}

impl Question for TokenReplay {
    fn take(&mut self, event: &Event, networks: &Networks) {
        let is_asked = event.kind == Kind::NonInteractiveUser && event.succeeded();
        let (Some(account), Some(network), true) = (event.account, event.network, is_asked) else { return };
        if networks.is_interactive(account, network) {
            return;
        }
        if networks.is_common(network) {
            self.common += 1;
            return;
        }
        if !networks.has_interactive(account) {
            self.without_baseline += 1;
            return;
        }
        let now = event.second();
        let Some(replay) = self.pairs.of(Key::pair(account, network), |_| false) else { return };
        let place = *replay.get_or_insert_with(|| {
            self.replays.open(Replay { sign_ins: 0, first: now, last: now, places: Places::default() })
        });
        if let Some(replay) = self.replays.at(place) {
            replay.sign_ins += 1;
            replay.last = now;
            replay.places.add(event.place);
        }
    }

    fn answer(self: Box<Self>, networks: &Networks) -> Draft {
        let found = self.replays.all.into_iter().map(|replay| Found {
            about: About::Account,
            says: format!(
                "{} from a network without a successful interactive sign-in of the account in this package; between the first and the last: {}.",
                counted(replay.sign_ins, "successful non-interactive sign-in"),
                span(replay.last - replay.first)
            ),
            weight: replay.sign_ins,
            places: replay.places,
        });
        Draft {
            question: "token-replay",
            title: "Tokens used from a network without an interactive sign-in of that account here",
            asks: "Whoever has a person's refresh token or cookie needs neither password nor second factor, and shows in the non-interactive log alone, as a rule.",
            rule: format!(
                "Listed, by account and network: successful non-interactive sign-ins from an uncommon network from which the account has no successful interactive \
                 sign-in anywhere in this package, and so none from that address. For confidential clients the service writes the address to which the \
                 token was first issued, not the caller's. {}",
                networks.rule()
            ),
            sightings: Sightings::rank(found, self.replays.beyond),
            counted: vec![
                Counted::new("such sign-ins from networks that are common here", self.common),
                Counted::new(
                    "such sign-ins of accounts without any interactive success in this package",
                    self.without_baseline,
                ),
            ],
            limits: self.pairs.limits("pairs of account and network").into_iter().chain(networks.limits()).collect(),
        }
    }
}
