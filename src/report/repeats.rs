//! Records that repeat another one byte for byte: the service gives some of them twice, above all where two pages meet.
//!
//! FORMAT §9 counts entries; whoever takes an entry for an event counts such a one twice. So every paper that says how many entries
//! count says beside it how many of them repeat another. Records are compared by their leaves (FORMAT §8), of which a bounded number
//! is remembered; from where that is less than all, the number is a lower bound, and says so.

use std::collections::HashSet;

use serde::Serialize;

use super::tally::Key;
use crate::crypto::digest::LeafHash;

/// How many records repeat an earlier one byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// The number; where it is not exact, there may be more.
    pub count: u64,
    /// Whether it is exact: whether each record was compared with all before it, and not only with the latest of them.
    pub is_exact: bool,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { count: 0, is_exact: true }
    }
}

/// Remembers records: at least the latest [`REMEMBERED`] different ones.
#[derive(Debug, Default)]
pub(super) struct Seen {
    young: HashSet<Key>,
    old: HashSet<Key>,
    is_forgetful: bool,
}

impl Seen {
    /// Takes a record by its leaf; says whether it is known to repeat one that was taken before.
    pub(super) fn is_repeat(&mut self, leaf: LeafHash) -> bool {
        self.take(Key::of_leaf(leaf), REMEMBERED)
    }

    /// Says whether any record was forgotten.
    pub(super) fn is_forgetful(&self) -> bool {
        self.is_forgetful
    }

    fn take(&mut self, key: Key, room: usize) -> bool {
        if self.young.contains(&key) {
            return true;
        }
        let is_repeat = self.old.contains(&key);
        if self.young.len() >= room {
            self.is_forgetful |= !self.old.is_empty();
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key);
        is_repeat
    }
}

/// 229,000, twice over: as many as fit into 2 × 4.5 MB of a hash table, and more than a hundred pages of one window.
pub(super) const REMEMBERED: usize = 229_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn take(seen: &mut Seen, number: usize) -> bool {
        seen.take(Key::of(&number.to_string()), 10)
    }

    #[test]
    fn what_comes_again_is_a_repeat_each_time() {
        let mut seen = Seen::default();
        let repeats = [1, 2, 1, 3, 1, 2].map(|number| take(&mut seen, number));
        assert_eq!(repeats, [false, false, true, false, true, true]);
        assert!(!seen.is_forgetful());
    }

    #[test]
    fn of_more_than_there_is_room_for_the_latest_are_remembered_and_the_others_said_to_be_forgotten() {
        let mut seen = Seen::default();
        assert!((0..20).all(|number| !take(&mut seen, number)));
        assert!(!seen.is_forgetful() && take(&mut seen, 0), "twice the room is remembered whole");
        assert!((20..1_000).all(|number| !take(&mut seen, number)));
        assert!(seen.is_forgetful() && seen.young.len() + seen.old.len() <= 20);
        assert!(take(&mut seen, 990) && !take(&mut seen, 500));
    }
}
