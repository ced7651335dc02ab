//! What an INVALID package claims to have and does not show: pages that are gone, cannot be read, or are not those that were signed.
//!
//! Apart from the chapters that say so, because a seal goes on calling a window complete when its page is lost: coverage, gaps, cover
//! and triage have to agree on what is left of that. Of a package that is not INVALID there is nothing to look for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use super::words::grouped;
use crate::format::kind::Kind;
use crate::format::seal::{Run, RunState};
use crate::time::Bound;
use crate::verify::{Outcome, ReadAgainError, Severity, VerifiedPackage};

/// The pages and windows in question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unread {
    /// The first pages that are there and cannot be read as they were sealed.
    pages: Vec<u64>,
    /// How many more.
    beyond: u64,
    /// Pages that the seal counts and that are not there at all.
    absent: u64,
    /// Runs that the seal calls closed and of which a page is missing.
    runs: BTreeSet<Key>,
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
        let accused = accused(package);
        let runs = &package.seal().streams;
        let mut seen: BTreeMap<Key, u64> = runs.iter().map(|run| (key(run), 0)).collect();
        let numbers = package.page_numbers();
        for number in &numbers {
            let page = match package.page(*number) {
                Ok(page) if !accused.contains(number) => page,
                Ok(_) | Err(ReadAgainError::Missing(_)) => {
                    unread.note(*number);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let stream = &page.record.stream;
            if let Some(pages) = seen.get_mut(&(stream.kind, stream.from, stream.to, stream.pass, stream.run)) {
                *pages += 1;
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

    /// Says which pages could not be read; none where all could, and no window lacks one.
    pub(super) fn words(&self) -> Option<String> {
        let mut said = Vec::new();
        let listed: Vec<String> = self.pages.iter().map(u64::to_string).collect();
        match listed.as_slice() {
            [] => {}
            [one] => said.push(format!("page {one} could not be read as it was sealed")),
            _ if self.beyond == 0 => {
                said.push(format!("pages {} could not be read as they were sealed", listed.join(", ")))
            }
            _ => said.push(format!(
                "pages {} and {} more could not be read as they were sealed",
                listed.join(", "),
                grouped(self.beyond)
            )),
        }
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

    fn note(&mut self, number: u64) {
        if self.pages.len() < MAX_LISTED {
            self.pages.push(number);
        } else {
            self.beyond += 1;
        }
    }
}

/// Returns the pages that a finding contradicts: they can be read, and are not those that were signed.
fn accused<R>(package: &VerifiedPackage<R>) -> BTreeSet<u64> {
    let findings = package.report().findings.iter().filter(|finding| finding.severity == Severity::Violation);
    findings
        .filter_map(|finding| {
            let name = FOLDERS.iter().find_map(|folder| finding.place.strip_prefix(folder))?;
            name.split('.').next()?.parse().ok()
        })
        .collect()
}

fn key(run: &Run) -> Key {
    (run.kind, run.from, run.to, run.pass, run.run)
}

/// Where a page and its record lie; a finding may name an element behind them.
const FOLDERS: [&str; 2] = ["data/pages/", "data/records/"];
/// A line of numbers; a package of which more is lost shows that too.
const MAX_LISTED: usize = 20;
