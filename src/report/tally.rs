//! Counting values that strangers chose: how often each stands there, and how many different ones there are.
//!
//! Memory is bounded whatever the values are: of each only a digest or its first characters are kept, and a limited number of them.
//! What is beyond a limit is counted and said, never dropped.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZero;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::crypto::digest::LeafHash;

/// Stands for a value: 127 bits of SHA-256, so that nobody can make two values count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(NonZero<u128>);

impl Key {
    /// Returns the key of a value.
    pub(super) fn of(value: &str) -> Self {
        Self::digest(value.as_bytes())
    }

    /// Returns the key of two values together, in this order.
    pub(super) fn pair(first: Self, second: Self) -> Self {
        let [first, second] = [first, second].map(|key| key.0.get().to_be_bytes());
        Self::digest(&[first, second].concat())
    }

    /// Returns the key of a record.
    pub(super) fn of_leaf(leaf: LeafHash) -> Self {
        Self::of_digest(*leaf.as_bytes())
    }

    fn digest(bytes: &[u8]) -> Self {
        Self::of_digest(Sha256::digest(bytes).into())
    }

    fn of_digest(digest: [u8; 32]) -> Self {
        let (half, _) = digest.split_first_chunk().expect("32 bytes begin with 16");
        // Never zero, so that an absent key takes no room of its own.
        Self(NonZero::<u128>::MIN | u128::from_be_bytes(*half))
    }
}

/// How many different values there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Distinct {
    /// The number; where it is not exact, there are more.
    pub count: u64,
    /// Whether it is exact.
    pub is_exact: bool,
}

/// None at all, which is exact.
impl Default for Distinct {
    fn default() -> Self {
        Self { count: 0, is_exact: true }
    }
}

/// Counts different values.
#[derive(Clone, Debug, Default)]
pub(super) struct DistinctCounter {
    seen: HashSet<Key>,
    is_full: bool,
}

impl DistinctCounter {
    /// Takes a value.
    pub(super) fn add(&mut self, value: &str) {
        let key = Key::of(value);
        if self.seen.len() < MAX_DISTINCT {
            self.seen.insert(key);
        } else if !self.is_full {
            self.is_full = !self.seen.contains(&key);
        }
    }

    /// Returns how many there were.
    pub(super) fn distinct(&self) -> Distinct {
        Distinct { count: u64::try_from(self.seen.len()).unwrap_or(u64::MAX), is_exact: !self.is_full }
    }
}

/// How often each value stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ranking {
    /// Values and how many records have them, the most frequent first, then by value. Values are those of the log.
    pub entries: Vec<Entry>,
    /// Records with further values, which are not listed.
    pub beyond: u64,
    /// Records without a value.
    pub absent: u64,
}

/// A value and how many records have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The value; of a long one the first characters and an ellipsis.
    pub value: String,
    /// How many.
    pub records: u64,
}

/// Counts how often values stand there; the first `limit` different ones, each by itself.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    limit: usize,
    records: BTreeMap<String, u64>,
    beyond: u64,
    absent: u64,
}

impl Tally {
    /// Counts up to `limit` different values, each by itself.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, records: BTreeMap::new(), beyond: 0, absent: 0 }
    }

    /// Takes the value of a record.
    pub(super) fn add(&mut self, value: Option<&str>) {
        let Some(value) = value else {
            self.absent += 1;
            return;
        };
        if let Some(records) = self.records.get_mut(value) {
            *records += 1;
        } else {
            let value = shortened(value);
            if self.records.len() < self.limit || self.records.contains_key(&value) {
                *self.records.entry(value).or_default() += 1;
            } else {
                self.beyond += 1;
            }
        }
    }

    /// Returns what was counted.
    pub(super) fn ranking(&self) -> Ranking {
        let entry = |(value, records): (&String, &u64)| Entry { value: value.clone(), records: *records };
        let mut entries: Vec<Entry> = self.records.iter().map(entry).collect();
        entries.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.value.cmp(&b.value)));
        Ranking { entries, beyond: self.beyond, absent: self.absent }
    }
}

/// Returns a value, or its first characters where it is long.
pub(super) fn shortened(value: &str) -> String {
    match value.char_indices().nth(MAX_SHOWN) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
    }
}

/// 200,000 different values are counted exactly: some 10 MB of keys.
pub(super) const MAX_DISTINCT: usize = 200_000;
/// 120 characters of a value are kept and shown; sign-in names have at most 113.
pub(super) const MAX_SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ranked_by_how_often_they_stand_there() {
        let mut tally = Tally::new(2);
        for value in [Some("NL"), Some("DE"), None, Some("DE"), Some("BR"), Some("NL"), Some("DE"), Some("SG")] {
            tally.add(value);
        }
        let ranking = tally.ranking();
        let entries: Vec<(&str, u64)> =
            ranking.entries.iter().map(|entry| (entry.value.as_str(), entry.records)).collect();
        assert_eq!((entries, ranking.beyond, ranking.absent), (vec![("DE", 3), ("NL", 2)], 2, 1));
    }

    #[test]
    fn a_long_value_is_kept_short_and_counted_as_one() {
        let mut tally = Tally::new(1);
        let long = "é".repeat(1 << 20);
        tally.add(Some(&long));
        tally.add(Some(&long));
        let ranking = tally.ranking();
        assert_eq!((ranking.entries[0].value.chars().count(), ranking.entries[0].records), (MAX_SHOWN + 1, 2));
        assert_eq!(ranking.beyond, 0);
    }

    #[test]
    fn different_values_are_counted_exactly_up_to_the_limit() {
        let mut counter = DistinctCounter::default();
        for value in 0..MAX_DISTINCT {
            counter.add(&value.to_string());
            counter.add("0");
        }
        assert_eq!(counter.distinct(), Distinct { count: 200_000, is_exact: true });
        counter.add("one more");
        counter.add("and another");
        assert_eq!(counter.distinct(), Distinct { count: 200_000, is_exact: false });
    }
}
