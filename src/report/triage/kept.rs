//! What the questions remember, each with a limit: states of accounts, addresses or sessions, sets of keys, places of records.
//!
//! A tenant can have any number of accounts, and a stranger can invent any number of names and addresses. Where there is no room
//! for another, that is counted, and said beside the answer.

use std::collections::{HashMap, HashSet};

use super::event::Place;
use crate::report::tally::Key;
use crate::report::words::{counted, counted_of};

/// One state for each key.
#[derive(Debug)]
pub(super) struct States<S> {
    by_key: HashMap<Key, S>,
    limit: usize,
    lost: u64,
    /// How many more find no room before those that are over are looked for again: looking takes as long as there are states.
    patience: usize,
}

impl<S: Default> States<S> {
    /// Keeps at most `limit` states.
    pub(super) fn new(limit: usize) -> Self {
        Self { by_key: HashMap::new(), limit, lost: 0, patience: 0 }
    }

    /// Returns the state of a key, a new one for a new key; none, and counts, when there is no room even though from time to time
    /// those are forgotten that are `over`.
    pub(super) fn of(&mut self, key: Key, over: impl Fn(&S) -> bool) -> Option<&mut S> {
        if self.by_key.len() >= self.limit && !self.by_key.contains_key(&key) {
            if let Some(patience) = self.patience.checked_sub(1) {
                self.patience = patience;
            } else {
                self.by_key.retain(|_, state| !over(state));
                self.patience = self.limit / 8;
            }
            if self.by_key.len() >= self.limit {
                self.lost += 1;
                return None;
            }
        }
        Some(self.by_key.entry(key).or_default())
    }

    /// Returns the state of a key that has one.
    pub(super) fn known(&mut self, key: Key) -> Option<&mut S> {
        self.by_key.get_mut(&key)
    }

    /// Changes each state, in no order.
    pub(super) fn each(&mut self, change: impl FnMut(&mut S)) {
        self.by_key.values_mut().for_each(change);
    }

    /// Says how many sign-ins found no room, if any did.
    pub(super) fn limits(&self, of: &str) -> Option<String> {
        (self.lost > 0).then(|| {
            format!(
                "Not looked at: {}, for want of room; {} {of} are remembered at a time.",
                counted(self.lost, "sign-in"),
                self.limit
            )
        })
    }

    /// Returns all states, in no order.
    pub(super) fn into_states(self) -> impl Iterator<Item = S> {
        self.by_key.into_values()
    }
}

/// One state for each key; those not seen for long make room for new ones.
#[derive(Debug)]
pub(super) struct Turnover<S> {
    young: HashMap<Key, S>,
    old: HashMap<Key, S>,
    limit: usize,
    set_aside: u64,
}

impl<S: Default> Turnover<S> {
    /// Keeps at least the `limit` keys seen last, and at most twice as many.
    pub(super) fn new(limit: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), limit, set_aside: 0 }
    }

    /// Returns the state of a key, a new one for a new key.
    pub(super) fn of(&mut self, key: Key) -> &mut S {
        if !self.young.contains_key(&key) {
            let state = self.old.remove(&key).unwrap_or_default();
            if self.young.len() >= self.limit {
                self.set_aside += u64::try_from(self.old.len()).unwrap_or(u64::MAX);
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(key, state);
        }
        self.young.entry(key).or_default()
    }

    /// Says how many states were set aside, if any were; `of` is what one of them is of.
    pub(super) fn limits(&self, of: &str) -> Option<String> {
        (self.set_aside > 0).then(|| {
            format!(
                "Set aside after {} had been seen: {}; what went on later with any of these was not seen to go on.",
                counted_of(self.limit, &format!("other {of}")),
                counted(self.set_aside, of)
            )
        })
    }
}

/// A set of keys.
#[derive(Debug)]
pub(super) struct Keys {
    held: HashSet<Key>,
    limit: usize,
    lost: u64,
}

impl Keys {
    /// Keeps at most `limit`.
    pub(super) fn new(limit: usize) -> Self {
        Self { held: HashSet::new(), limit, lost: 0 }
    }

    /// Takes a key; says whether it is a new one. One without room is counted, and is not new.
    pub(super) fn insert(&mut self, key: Key) -> bool {
        if self.held.len() < self.limit {
            return self.held.insert(key);
        }
        self.lost += u64::from(!self.held.contains(&key));
        false
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.held.contains(&key)
    }

    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.held.len()).unwrap_or(u64::MAX)
    }

    /// Returns how many found no room.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }
}

/// Places of records to cite: the first of them, and how many there were besides.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) listed: Vec<Place>,
    pub(super) beyond: u64,
}

impl Places {
    /// Takes a place.
    pub(super) fn add(&mut self, place: Place) {
        if self.listed.len() < MAX_CITED { self.listed.push(place) } else { self.beyond += 1 }
    }

    /// Takes a place that has to be there: the last one gives way.
    pub(super) fn insist(&mut self, place: Place) {
        if self.listed.len() >= MAX_CITED {
            self.listed.pop();
            self.beyond += 1;
        }
        self.listed.push(place);
    }

    /// Returns how many there were.
    pub(super) fn total(&self) -> u64 {
        self.beyond + u64::try_from(self.listed.len()).unwrap_or(u64::MAX)
    }
}

/// 40 records of one sighting are cited; the rest are counted.
pub(super) const MAX_CITED: usize = 40;
/// 100,000 accounts, addresses or applications at a time.
pub(super) const MAX_STATES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        Key::of(&number.to_string())
    }

    #[test]
    fn states_without_room_are_counted_unless_others_are_over() {
        let mut states = States::<u32>::new(2);
        for number in [0, 1] {
            *states.of(key(number), |_| false).unwrap() = 7;
        }
        assert!(states.of(key(2), |_| false).is_none() && states.of(key(1), |_| false).is_some());
        assert_eq!(
            states.limits("accounts").unwrap(),
            "Not looked at: 1 sign-in, for want of room; 2 accounts are remembered at a time."
        );
        assert!(states.of(key(2), |state| *state == 7).is_some());
        assert_eq!(states.into_states().count(), 1);
    }

    #[test]
    fn of_what_turns_over_the_latest_stay() {
        let mut sessions = Turnover::<u32>::new(10);
        for number in 0..1_000 {
            *sessions.of(key(0)) += 1;
            *sessions.of(key(number)) += 1;
        }
        assert_eq!(*sessions.of(key(0)), 1_001, "who comes again stays");
        assert_eq!(*sessions.of(key(999)), 1);
        assert_eq!(*sessions.of(key(500)), 0, "who stays away is forgotten");
        assert!(sessions.limits("session").is_some() && sessions.young.len() + sessions.old.len() <= 20);
    }

    #[test]
    fn places_beyond_the_limit_are_counted() {
        let mut places = Places::default();
        for element in 0..100 {
            places.add(Place { page: 1, element });
        }
        places.insist(Place { page: 2, element: 0 });
        assert_eq!((places.listed.len(), places.total()), (MAX_CITED, 101));
        assert_eq!(places.listed.last().unwrap().page, 2);
    }
}
