//! Who signs in from which network: the background against which a sign-in looks uncommon.
//!
//! Counted over the whole package before any question is asked, so that an answer does not depend on what came first. A network is
//! an autonomous system ([`super::event::network`]). It is *common* when more accounts succeeded from it than an attacker is
//! likely to hold: more than three, and more than one in fifty. Questions about travel and new networks list only sign-ins from
//! networks that are not common, and count the others.

use std::collections::HashMap;

use super::event::Event;
use super::kept::Keys;
use crate::format::kind::Kind;
use crate::report::tally::Key;
use crate::report::words::counted;

/// The background.
#[derive(Debug)]
pub(super) struct Networks {
    /// Accounts of people that succeeded.
    accounts: Keys,
    /// How many accounts succeeded from a network.
    accounts_of: HashMap<Key, u64>,
    /// Network and account that succeeded from it.
    uses: Keys,
    /// Account and network it succeeded from interactively.
    interactive: Keys,
    /// Accounts that succeeded interactively.
    interactive_accounts: Keys,
}

impl Networks {
    pub(super) fn new() -> Self {
        Self {
            accounts: Keys::new(MAX_PAIRS),
            accounts_of: HashMap::new(),
            uses: Keys::new(MAX_PAIRS),
            interactive: Keys::new(MAX_PAIRS),
            interactive_accounts: Keys::new(MAX_PAIRS),
        }
    }

    /// Takes a sign-in, in any order.
    pub(super) fn take(&mut self, event: &Event) {
        let (Some(account), true) = (event.account, event.succeeded()) else { return };
        self.accounts.insert(account);
        let is_interactive = event.kind == Kind::InteractiveUser;
        if is_interactive {
            self.interactive_accounts.insert(account);
        }
        if let Some(network) = event.network {
            // A pair is new at most as often as there is room for pairs, which bounds the networks too.
            if self.uses.insert(Key::pair(network, account)) {
                *self.accounts_of.entry(network).or_default() += 1;
            }
            if is_interactive {
                self.interactive.insert(Key::pair(account, network));
            }
        }
    }

    /// Says whether so many accounts succeeded from a network that it is ordinary here.
    pub(super) fn is_common(&self, network: Key) -> bool {
        self.accounts_of.get(&network).is_some_and(|accounts| *accounts > self.uncommon())
    }

    /// Says whether either of two networks is known and not common.
    pub(super) fn is_either_uncommon(&self, one: Option<Key>, other: Option<Key>) -> bool {
        [one, other].into_iter().flatten().any(|network| !self.is_common(network))
    }

    /// Returns from how many accounts at most a network is not common.
    pub(super) fn uncommon(&self) -> u64 {
        (self.accounts.len() / 50).max(3)
    }

    /// Says whether an account ever succeeded interactively from a network.
    pub(super) fn is_interactive(&self, account: Key, network: Key) -> bool {
        self.interactive.contains(Key::pair(account, network))
    }

    /// Says whether an account ever succeeded interactively.
    pub(super) fn has_interactive(&self, account: Key) -> bool {
        self.interactive_accounts.contains(account)
    }

    /// Says what an uncommon network is.
    pub(super) fn rule(&self) -> String {
        format!(
            "A network is the autonomous system that the service names, or the address's /24 or /48 where it names none. It is uncommon here when \
             at most {} of the {} accounts that succeeded in this package succeeded from it.",
            self.uncommon(),
            self.accounts.len()
        )
    }

    /// Says what found no room.
    pub(super) fn limits(&self) -> Option<String> {
        let lost = [&self.accounts, &self.uses, &self.interactive, &self.interactive_accounts].map(Keys::lost);
        let lost: u64 = lost.iter().sum();
        (lost > 0).then(|| {
            format!(
                "There was no room for {} in the list of who uses which network: some networks are taken for less common than they are.",
                counted(lost, "sign-in")
            )
        })
    }
}

/// 300,000 pairs of account and network: some 10 MB in each of four sets.
const MAX_PAIRS: usize = 300_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sign_in::SignIn;
    use crate::report::triage::event::Place;

    fn event(kind: Kind, account: usize, network: u32, code: u32) -> Event {
        let record =
            format!(r#"{{"userId":"u{account}","autonomousSystemNumber":{network},"status":{{"errorCode":{code}}}}}"#);
        let sign_in = SignIn::read(record.as_bytes()).unwrap();
        Event::at(Place { page: 1, element: 0 }, kind, "2026-11-01T00:00:00Z", &sign_in).unwrap()
    }

    #[test]
    fn a_network_is_common_when_enough_accounts_succeeded_from_it() {
        let mut networks = Networks::new();
        for account in 0..400 {
            networks.take(&event(Kind::InteractiveUser, account, 1, 0));
        }
        for account in 0..8 {
            networks.take(&event(Kind::NonInteractiveUser, account, 2, 0));
            networks.take(&event(Kind::InteractiveUser, account, 2, 50_126));
            networks.take(&event(Kind::InteractiveUser, account + 100, 3, 50_126));
        }
        let key = |network| event(Kind::InteractiveUser, 0, network, 0).network.unwrap();
        assert_eq!(networks.uncommon(), 8);
        assert!(networks.is_common(key(1)) && !networks.is_common(key(2)) && !networks.is_common(key(3)));
        networks.take(&event(Kind::NonInteractiveUser, 9, 2, 0));
        assert!(networks.is_common(key(2)));
        let account = event(Kind::InteractiveUser, 0, 1, 0).account.unwrap();
        assert!(networks.is_interactive(account, key(1)) && !networks.is_interactive(account, key(2)));
        assert!(networks.limits().is_none());
    }
}
