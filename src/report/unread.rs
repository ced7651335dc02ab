//! What an INVALID package claims to have and does not show: pages that are gone, cannot be read, or contradict what was signed.
//!
//! Apart from the chapters that say so, because a seal goes on calling a window complete when its page is lost: coverage, gaps, cover
//! and triage have to agree on what is left of that. Of a package that is not INVALID there is nothing to look for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use super::words::{self, grouped};
use crate::format::kind::Kind;
use crate::format::seal::{Run, RunState};
use crate::time::Bound;
use crate::verify::{Outcome, ReadAgainError, VerifiedPackage};

/// The pages and windows in question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unread {
    /// Pages that are there and cannot be read.
    illegible: Numbers,
    /// Pages that can be read, and that a finding contradicts.
    contradicted: Numbers,
    /// Pages that the seal counts and that are not there at all.
    absent: u64,
    /// Runs that the seal calls closed and of which a page is missing.
    runs: BTreeSet<Key>,
    /// Elements that count on the pages that can be read, by log.
    inside: BTreeMap<Kind, u64>,
}

/// Numbers of pages: the first of them, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Numbers {
    listed: Vec<u64>,
    beyond: u64,
}

/// What came of a window, as far as a reader can see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WindowState {
    /// As the seal says.
    Sealed(RunState),
    /// Closed by the seal's word, of an INVALID package; a page of it is gone, cannot be read, or contradicts what was signed.
    Unread,
}

/// One attempt at one window of one log.
type Key = (Kind, Bound, Bound, u64, u64);

impl Unread {
    /// Holds the pages that can be read against what the seal says of each run.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError::Changed`] and [`ReadAgainError::Io`].
    pub(super) fn of<R: Read + Seek>(package: &mut VerifiedPackage<R>) -> Result<Self, ReadAgainError> {
        let mut unread = Self::default();
        if package.report().outcome != Outcome::Invalid {
            return Ok(unread);
        }
        let contradicted = package.contradicted_pages().clone();
        let runs = &package.seal().streams;
        let mut seen: BTreeMap<Key, u64> = runs.iter().map(|run| (key(run), 0)).collect();
        let current: BTreeSet<Key> = runs.iter().filter(|run| run.is_current()).map(key).collect();
        let numbers = package.page_numbers();
        for number in &numbers {
            let Some(page) = package.page_if_there(*number)? else {
                unread.illegible.note(*number);
                continue;
            };
            if contradicted.contains(number) {
                unread.contradicted.note(*number);
                continue;
            }
            let stream = &page.record.stream;
            let key = (stream.kind, stream.from, stream.to, stream.pass, stream.run);
            if let Some(pages) = seen.get_mut(&key) {
                *pages += 1;
            }
            if current.contains(&key) {
                let inside = unread.inside.entry(stream.kind).or_default();
                *inside = inside.saturating_add(page.record.records.inside);
            }
        }
        let there = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
        unread.absent = package.seal().totals.pages.saturating_sub(there);
        let short = package.seal().streams.iter().filter(|run| {
            let is_claimed = matches!(run.state, RunState::Complete | RunState::Empty);
            is_claimed && seen.get(&key(run)).is_some_and(|pages| *pages < run.pages)
        });
        unread.runs = short.map(key).collect();
        Ok(unread)
    }

    /// Says whether a page of this run is missing, though the seal calls it closed.
    pub(super) fn is_of(&self, run: &Run) -> bool {
        self.runs.contains(&key(run))
    }

    /// Returns what came of a run, as far as it can be seen.
    pub(super) fn state(&self, run: &Run) -> WindowState {
        if self.is_of(run) { WindowState::Unread } else { WindowState::Sealed(run.state) }
    }

    /// Returns how many elements of a log count on pages that can be read; none where all that the seal claims can.
    pub(super) fn inside(&self, kind: Kind) -> Option<u64> {
        let is_short = self.runs.iter().any(|(short, ..)| *short == kind);
        is_short.then(|| self.inside.get(&kind).copied().unwrap_or_default())
    }

    /// Says which pages could not be read, and which are not as they were signed; none where there is neither, and no window lacks one.
    pub(super) fn words(&self) -> Option<String> {
        let mut said = Vec::new();
        said.extend(self.illegible.said([
            "could not be read as it was sealed, and is in no figure",
            "could not be read as they were sealed, and are in no figure",
        ]));
        said.extend(self.contradicted.said([
            "contradicts what was signed; what it holds now is in the figures",
            "contradict what was signed; what they hold now is in the figures",
        ]));
        match self.absent {
            0 => {}
            1 => said.push("1 page that the seal counts is not there".to_owned()),
            absent => said.push(format!("{} pages that the seal counts are not there", grouped(absent))),
        }
        if said.is_empty() && !self.runs.is_empty() {
            said.push("windows have fewer pages than the seal says".to_owned());
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

impl Numbers {
    fn note(&mut self, number: u64) {
        if self.listed.len() < MAX_LISTED {
            self.listed.push(number);
        } else {
            self.beyond += 1;
        }
    }

    /// Says something of one page or of several; none where there is none.
    fn said(&self, [of_one, of_several]: [&str; 2]) -> Option<String> {
        let listed: Vec<String> = self.listed.iter().map(u64::to_string).collect();
        Some(match (listed.as_slice(), self.beyond) {
            ([], _) => return None,
            ([one], 0) => format!("page {one} {of_one}"),
            (listed, 0) => format!("pages {} {of_several}", listed.join(", ")),
            (listed, beyond) => format!("pages {} and {} more {of_several}", listed.join(", "), grouped(beyond)),
        })
    }
}

fn key(run: &Run) -> Key {
    (run.kind, run.from, run.to, run.pass, run.run)
}

/// A line of numbers; a package of which more is lost shows that too.
const MAX_LISTED: usize = 20;

impl WindowState {
    /// Says whether records may be missing from a window in this state.
    pub(super) fn is_gap(self) -> bool {
        match self {
            Self::Sealed(state) => state.is_gap(),
            Self::Unread => true,
        }
    }

    /// Says what came of the window.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Sealed(state) => words::state(state),
            Self::Unread => "claimed, not established",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_can_be_read_and_those_that_cannot_are_told_apart() {
        let mut unread = Unread::default();
        assert_eq!(unread.words(), None);
        unread.illegible.note(3);
        unread.contradicted.note(7);
        assert_eq!(
            unread.words().unwrap(),
            "page 3 could not be read as it was sealed, and is in no figure; page 7 contradicts what was signed; what it holds now is in \
             the figures"
        );
        let mut unread = Unread { absent: 1, ..Unread::default() };
        (1..=22).for_each(|number| unread.contradicted.note(number));
        let listed = "pages 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 and 2 more contradict what was signed";
        assert_eq!(
            unread.words().unwrap(),
            format!("{listed}; what they hold now is in the figures; 1 page that the seal counts is not there")
        );
    }
}
