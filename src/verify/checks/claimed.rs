//! Step 10 where pages are not read, FORMAT §§9, 21.3: what signed page records say of their own counts, held against the seal.
//!
//! Apart from [`super::roots`] because nothing here is counted anew: the pages themselves are elsewhere, or stay unread for the sake
//! of speed. Still both are signed by one key, so where the two contradict each other one of them is untrue.

use std::collections::BTreeMap;

use crate::format::page::PageRecord;
use crate::format::path::SEAL;
use crate::format::seal::{Run, Seal, Totals};
use crate::verify::checks::pagination::{self, RunKey};
use crate::verify::checks::roots;
use crate::verify::checks::volume::Extent;
use crate::verify::finding::{Code, Findings};

/// How many of a package's page records were added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Pages {
    /// Every one of the package, which has so many failed requests.
    All {
        /// Failure records.
        failures: u64,
    },
    /// Those of which an exhibit shows something.
    Some,
}

/// Sums over the page records that were read.
#[derive(Debug, Default)]
pub(in crate::verify) struct Claimed {
    runs: BTreeMap<RunKey, Counts>,
    body_bytes: u64,
}

/// Pages, their elements, and those that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    pages: u64,
    records: u64,
    inside: u64,
}

impl Claimed {
    /// Adds what one page record says.
    pub(in crate::verify) fn add(&mut self, record: &PageRecord) {
        let counts = self.runs.entry(pagination::key(&record.stream)).or_default();
        *counts = counts.plus(Counts { pages: 1, records: record.records.count, inside: record.records.inside });
        self.body_bytes = self.body_bytes.saturating_add(record.body.byte_len);
    }

    /// Holds the sums against the seal. Of some pages they may be less than the seal's, never more; and then the seal has to agree
    /// with itself, which is implied where all pages were added up.
    pub(in crate::verify) fn check(&self, seal: &Seal, pages: Pages, findings: &mut Findings) {
        let computed = self.totals(seal, pages);
        match pages {
            Pages::All { .. } => roots::check_totals(seal, &computed, findings),
            // Every page is shown: nothing is left that could make up for a difference.
            Pages::Some if computed.pages == seal.totals.pages => {
                roots::check_totals(seal, &Totals { failures: seal.totals.failures, ..computed }, findings);
            }
            Pages::Some => {
                check_least(seal, &computed, findings);
                check_sums(seal, findings);
            }
        }
        let has_all = matches!(pages, Pages::All { .. }) && Extent::of(&seal.volume) == Extent::Whole;
        self.check_runs(seal, has_all, findings);
    }

    fn totals(&self, seal: &Seal, pages: Pages) -> Totals {
        let all = self.runs.values().fold(Counts::default(), |sum, run| sum.plus(*run));
        let counted = seal.streams.iter().filter(|run| run.is_counted());
        let inside = counted.filter_map(|run| self.runs.get(&roots::key(run)));
        let inside = inside.fold(0_u64, |sum, run| sum.saturating_add(run.inside));
        let failures = if let Pages::All { failures } = pages { failures } else { 0 };
        Totals { pages: all.pages, records: all.records, inside, body_bytes: self.body_bytes, failures }
    }

    /// Compares run by run. A run of several volumes, or of which pages are not here, has no less than was seen of it.
    fn check_runs(&self, seal: &Seal, has_all: bool, findings: &mut Findings) {
        let listed: BTreeMap<RunKey, Counts> =
            seal.streams.iter().map(|run| (roots::key(run), Counts::of(run))).collect();
        let mut say = |key: &RunKey, claimed: String, computed: Counts| {
            findings.say(Code::SealStreamsMismatch, roots::place(key), claimed, computed.words());
        };
        for (key, claimed) in &listed {
            let computed = self.runs.get(key).copied().unwrap_or_default();
            let fits = if has_all { *claimed == computed } else { claimed.is_at_least(computed) };
            if !fits {
                say(key, claimed.words(), computed);
            }
        }
        for (key, computed) in self.runs.iter().filter(|(key, _)| !listed.contains_key(*key)) {
            say(key, "not listed".to_owned(), *computed);
        }
    }
}

impl Counts {
    fn of(run: &Run) -> Self {
        Self { pages: run.pages, records: run.records, inside: run.inside }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            pages: self.pages.saturating_add(other.pages),
            records: self.records.saturating_add(other.records),
            inside: self.inside.saturating_add(other.inside),
        }
    }

    fn is_at_least(self, other: Self) -> bool {
        self.pages >= other.pages && self.records >= other.records && self.inside >= other.inside
    }

    fn words(self) -> String {
        roots::counts((self.pages, self.records, self.inside))
    }
}

/// Some pages cannot hold more than all of them.
fn check_least(seal: &Seal, computed: &Totals, findings: &mut Findings) {
    let totals = &seal.totals;
    for (member, claimed, least) in [
        ("pages", totals.pages, computed.pages),
        ("records", totals.records, computed.records),
        ("inside", totals.inside, computed.inside),
        ("body_bytes", totals.body_bytes, computed.body_bytes),
    ] {
        if claimed < least {
            let computed = format!("at least {least}, by the signed records of the pages shown");
            findings.say(Code::SealTotalsMismatch, format!("{SEAL}#totals.{member}"), claimed.to_string(), computed);
        }
    }
}

/// A seal's totals are the sums over its own runs; those of one volume of several are not more.
fn check_sums(seal: &Seal, findings: &mut Findings) {
    let sum = |runs: &mut dyn Iterator<Item = &Run>| runs.map(Counts::of).fold(Counts::default(), Counts::plus);
    let all = sum(&mut seal.streams.iter());
    let counted = sum(&mut seal.streams.iter().filter(|run| run.is_counted()));
    let is_whole = Extent::of(&seal.volume) == Extent::Whole;
    for (member, claimed, sum) in [
        ("pages", seal.totals.pages, all.pages),
        ("records", seal.totals.records, all.records),
        ("inside", seal.totals.inside, counted.inside),
    ] {
        let fits = if is_whole { claimed == sum } else { claimed <= sum };
        if !fits {
            let computed = format!("{}{sum}, by the seal's own runs", if is_whole { "" } else { "at most " });
            findings.say(Code::SealTotalsMismatch, format!("{SEAL}#totals.{member}"), claimed.to_string(), computed);
        }
    }
}
