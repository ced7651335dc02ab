//! Compares two crowds of named digests in bounded memory: what is only in the second, only in the first, in both but different.
//!
//! The two passes over a window may bring millions of records, and the pages that hold them lie far apart. So names are cut to 128
//! bits of their SHA-256 and taken in portions of one range each: where a portion would outgrow its room, its range is cut, and the
//! crowds are read once more for the next. Memory depends on the room alone, whatever the names are.

use sha2::{Digest as _, Sha256};

use super::digest::LeafHash;

/// How two crowds differ, counted by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Names only in the second.
    pub late: u64,
    /// Names in both, whose sets of digests differ.
    pub changed: u64,
    /// Names only in the first.
    pub vanished: u64,
}

/// Which crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// The one before.
    First,
    /// The one after.
    Second,
}

/// Compares two crowds; `read` hands each member of the one asked for to its last argument, in any order, and is called once for
/// each crowd and portion. `None` when one name has more digests than there is room for.
///
/// # Errors
///
/// Those of `read`.
pub fn compare<E>(
    room: usize,
    mut read: impl FnMut(Crowd, &mut dyn FnMut(&str, LeafHash)) -> Result<(), E>,
) -> Result<Option<Differences>, E> {
    let mut differences = Differences::default();
    let mut from = Some(0);
    while let Some(first_name) = from {
        let mut portion = Portion::new(first_name, room);
        for crowd in [Crowd::First, Crowd::Second] {
            read(crowd, &mut |name, digest| portion.take(crowd, cut(&Sha256::digest(name).into()), cut(&digest.0)))?;
        }
        if portion.has_overflowed {
            return Ok(None);
        }
        from = portion.last_name.checked_add(1);
        portion.add_to(&mut differences);
    }
    Ok(Some(differences))
}

/// The members of both crowds whose names lie in one range.
struct Portion {
    first_name: u128,
    /// Falls while the portion outgrows its room.
    last_name: u128,
    room: usize,
    first: Vec<(u128, u128)>,
    second: Vec<(u128, u128)>,
    has_overflowed: bool,
}

impl Portion {
    fn new(first_name: u128, room: usize) -> Self {
        let (first, second) = (Vec::new(), Vec::new());
        Self { first_name, last_name: u128::MAX, room, first, second, has_overflowed: false }
    }

    fn take(&mut self, crowd: Crowd, name: u128, digest: u128) {
        if self.has_overflowed || name < self.first_name || name > self.last_name {
            return;
        }
        if self.len() >= self.room {
            self.shrink();
        }
        if name <= self.last_name {
            let side = if crowd == Crowd::First { &mut self.first } else { &mut self.second };
            side.push((name, digest));
        }
    }

    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }

    /// Drops what is there twice and, where that is not half of all, the names in the last quarter of the longer side.
    fn shrink(&mut self) {
        self.settle();
        if self.len() <= self.room / 2 {
            return;
        }
        let longer = if self.first.len() > self.second.len() { &self.first } else { &self.second };
        let Some((name, _)) = longer.get(longer.len() / 4 * 3) else { return };
        self.last_name = if *name > self.first_name { name - 1 } else { self.first_name };
        for side in [&mut self.first, &mut self.second] {
            side.truncate(side.partition_point(|(name, _)| *name <= self.last_name));
        }
        self.has_overflowed = self.len() >= self.room;
    }

    fn settle(&mut self) {
        for side in [&mut self.first, &mut self.second] {
            side.sort_unstable();
            side.dedup();
        }
    }

    fn add_to(mut self, differences: &mut Differences) {
        self.settle();
        let mut before = self.first.chunk_by(|a, b| a.0 == b.0).peekable();
        let mut after = self.second.chunk_by(|a, b| a.0 == b.0).peekable();
        loop {
            let names = (before.peek().and_then(|of| of.first()), after.peek().and_then(|of| of.first()));
            match names {
                (None, None) => return,
                (Some((name, _)), other) if other.is_none_or(|(other, _)| name < other) => {
                    before.next();
                    differences.vanished += 1;
                }
                (Some((name, _)), Some((other, _))) if name == other => {
                    differences.changed += u64::from(before.next() != after.next());
                }
                _ => {
                    after.next();
                    differences.late += 1;
                }
            }
        }
    }
}

/// The first 128 bits: a second name or digest with the same is as far out of reach as breaking Ed25519.
fn cut(digest: &[u8; 32]) -> u128 {
    digest.first_chunk().map_or(0, |half| u128::from_be_bytes(*half))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::super::merkle::leaf_hash;
    use super::*;

    type Members = Vec<(String, u8)>;

    fn compared(room: usize, crowds: &[Members; 2]) -> (Option<Differences>, usize) {
        let mut reads = 0;
        let differences = compare(room, |crowd, take| {
            reads += 1;
            let members = if crowd == Crowd::First { &crowds[0] } else { &crowds[1] };
            for (name, text) in members {
                take(name, leaf_hash(&[*text]));
            }
            Ok::<_, Infallible>(())
        });
        (differences.expect("infallible"), reads)
    }

    fn expected(crowds: &[Members; 2]) -> Differences {
        let [first, second] = [&crowds[0], &crowds[1]].map(|members| {
            let mut names: BTreeMap<&str, BTreeSet<u8>> = BTreeMap::new();
            for (name, text) in members {
                names.entry(name).or_default().insert(*text);
            }
            names
        });
        let missing = |of: &BTreeMap<&str, _>, among: &BTreeMap<&str, BTreeSet<u8>>| {
            of.keys().filter(|name| !among.contains_key(*name)).count() as u64
        };
        let changed = first.iter().filter(|(name, texts)| second.get(*name).is_some_and(|other| other != *texts));
        Differences {
            late: missing(&second, &first),
            changed: changed.count() as u64,
            vanished: missing(&first, &second),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_room_the_differences_are_those_of_the_sets(
            first in prop::collection::vec(("[a-h]{1,2}", 0_u8..3), 0..80),
            second in prop::collection::vec(("[a-h]{1,2}", 0_u8..3), 0..80),
            room in 24_usize..200,
        ) {
            let crowds = [first, second];
            prop_assert_eq!(compared(room, &crowds).0, Some(expected(&crowds)));
        }
    }

    #[test]
    fn what_does_not_fit_is_read_once_more_for_each_portion() {
        let members: Members = (0..1000).map(|number| (number.to_string(), 0)).collect();
        let crowds = [members.clone(), members];
        assert_eq!(compared(2001, &crowds), (Some(Differences::default()), 2));
        let (differences, reads) = compared(500, &crowds);
        assert_eq!(differences, Some(Differences::default()));
        assert!((8..40).contains(&reads), "{reads} reads for 4 times the room");
    }

    #[test]
    fn members_that_come_again_and_again_take_no_room() {
        let members: Members = (0..10_000).map(|number| ((number % 10).to_string(), 0)).collect();
        assert_eq!(
            compared(50, &[members, Vec::new()]),
            (Some(Differences { vanished: 10, ..Differences::default() }), 2)
        );
    }

    #[test]
    fn one_name_with_more_digests_than_there_is_room_for_is_given_up() {
        let members: Members = (0..200).map(|text| ("a".to_owned(), text)).collect();
        assert_eq!(compared(100, &[members, Vec::new()]).0, None);
    }
}
