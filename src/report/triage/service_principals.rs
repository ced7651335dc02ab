//! Service principals from networks that are new to them.

use std::collections::BTreeSet;

use super::event::Event;
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Counted, Draft, Found, Open, Question, Sightings};
use crate::format::kind::Kind;
use crate::report::tally::Key;

/// Asks for service principals that moved.
pub(super) struct ServicePrincipals {
    principals: States<Principal>,
    moves: Open<Move>,
    /// New addresses in networks that were known.
    same_network: u64,
    /// New networks of principals that come from many.
    restless: u64,
}

/// Where a principal signed in from so far.
#[derive(Default)]
struct Principal {
    networks: BTreeSet<Key>,
    addresses: BTreeSet<Key>,
    sign_ins: u64,
    /// The move whose network is still new, with that network.
    moved: Option<(Key, usize)>,
}

/// A principal in a network that is new to it.
struct Move {
    before: u64,
    known: usize,
    places: Places,
}

impl ServicePrincipals {
    pub(super) fn new() -> Self {
        Self { principals: States::new(MAX_STATES), moves: Open::new(), same_network: 0, restless: 0 }
    }
}

impl Question for ServicePrincipals {
    fn take(&mut self, event: &Event, _: &Networks) {
        let is_asked = event.kind == Kind::ServicePrincipal;
        let (Some(principal), Some(address), Some(network), true) =
            (event.principal, event.address, event.network, is_asked)
        else {
            return;
        };
        let Some(state) = self.principals.of(principal, |_| false) else { return };
        let is_settled = state.sign_ins >= MIN_SIGN_INS;
        if is_settled && !state.networks.contains(&network) {
            if state.networks.len() > MAX_NETWORKS {
                self.restless += 1;
            } else {
                let (before, known) = (state.sign_ins, state.networks.len());
                state.moved = Some((network, self.moves.open(Move { before, known, places: Places::default() })));
            }
        } else if is_settled && !state.addresses.contains(&address) {
            self.same_network += 1;
        }
        if let Some((_, place)) = state.moved.filter(|(moved, _)| *moved == network)
            && let Some(moved) = self.moves.at(place)
        {
            moved.places.add(event.place);
        }
        if state.networks.len() <= MAX_KNOWN {
            state.networks.insert(network);
        }
        if state.addresses.len() <= MAX_KNOWN {
            state.addresses.insert(address);
        }
        state.sign_ins += 1;
    }

    fn answer(self: Box<Self>, _: &Networks) -> Draft {
        let found = self.moves.all.into_iter().map(|moved| Found {
            about: About::ServicePrincipal,
            says: format!(
                "After {} sign-ins from {}, {} from a network from which this package has none before.",
                moved.before,
                if moved.known == 1 { "one network".to_owned() } else { format!("{} networks", moved.known) },
                if moved.places.total() == 1 { "one".to_owned() } else { moved.places.total().to_string() }
            ),
            weight: moved.before,
            places: moved.places,
        });
        Draft {
            question: "service-principals",
            title: "Service principals in a network that is new in this package",
            asks: "An application runs where it runs; a stolen secret or certificate of it runs elsewhere.",
            rule: format!(
                "Listed: sign-ins of a service principal, successful or not, from a network from which it had none before in this package, after at least {MIN_SIGN_INS} \
                 sign-ins from at most {MAX_NETWORKS} networks. A network is the autonomous system, or the address's /24 or /48. Managed identities have no \
                 address in the log."
            ),
            sightings: Sightings::rank(found, self.moves.beyond),
            counted: vec![
                Counted::new("sign-ins from new addresses in known networks", self.same_network),
                Counted::new("sign-ins from new networks of service principals that come from many", self.restless),
            ],
            limits: self.principals.limits("service principals").into_iter().collect(),
        }
    }
}

/// 10 sign-ins, so that there is something to be new against.
const MIN_SIGN_INS: u64 = 10;
/// 5 networks: what comes from more is expected to come from another.
const MAX_NETWORKS: usize = 5;
/// 64 networks and addresses of a principal are remembered.
const MAX_KNOWN: usize = 64;
