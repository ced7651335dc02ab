//! Findings while they are collected: a list that a reader can take in, and what has to be known of all of them.
//!
//! Apart from [`super::finding`], the table of what there is to say, because this bounds what is kept of a package that is wrong
//! everywhere: nothing that a later step or a report asks may depend on what still found room in the list.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::verify::budget::FINDINGS_LISTED_PER_CODE;
use crate::verify::checks::container::Role;
use crate::verify::finding::{Code, Finding, Severity, Step, bounded};

/// Findings as they are collected: a bounded list, exact counts, and every page that is contradicted.
#[derive(Debug, Default)]
pub(in crate::verify) struct Findings {
    listed: Vec<Finding>,
    counts: BTreeMap<Code, u64>,
    worst: BTreeMap<Step, Severity>,
    /// As many at most as a package may have pages.
    contradicted_pages: BTreeSet<u64>,
}

impl Findings {
    /// Adds a finding; beyond the limit of one code it is counted and not listed.
    pub(in crate::verify) fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.code).or_insert(0);
        *count = count.saturating_add(1);
        let worst = self.worst.entry(finding.code.step()).or_insert(finding.severity);
        *worst = (*worst).max(finding.severity);
        self.contradicted_pages.extend(contradicted_page(&finding));
        if *count <= FINDINGS_LISTED_PER_CODE {
            self.listed.push(finding);
        }
    }

    /// Counts findings that were met and are not listed.
    pub(in crate::verify) fn count(&mut self, code: Code, more: u64) {
        let count = self.counts.entry(code).or_insert(0);
        *count = count.saturating_add(more);
    }

    /// Adds a finding from its parts.
    pub(in crate::verify) fn say(
        &mut self,
        code: Code,
        place: impl AsRef<str>,
        claimed: impl AsRef<str>,
        computed: impl AsRef<str>,
    ) {
        self.add(Finding::new(code, place, claimed, computed));
    }

    /// Takes over what others found, each place named anew.
    pub(in crate::verify) fn take(&mut self, others: Self, place: impl Fn(&str) -> String) {
        let (listed, counts) = others.finish();
        for (code, count) in counts {
            let of_code = listed.iter().filter(|finding| finding.code == code).count();
            self.count(code, count.saturating_sub(u64::try_from(of_code).unwrap_or(u64::MAX)));
        }
        for mut finding in listed {
            finding.place = bounded(&place(&finding.place));
            self.add(finding);
        }
    }

    /// Hands over the numbers of the pages that a violation contradicts, listed or not.
    pub(in crate::verify) fn take_contradicted_pages(&mut self) -> BTreeSet<u64> {
        std::mem::take(&mut self.contradicted_pages)
    }

    /// Returns the heaviest severity a step has raised.
    pub(in crate::verify) fn worst_of(&self, step: Step) -> Option<Severity> {
        self.worst.get(&step).copied()
    }

    /// Returns the heaviest severity of all.
    pub(in crate::verify) fn worst(&self) -> Option<Severity> {
        self.worst.values().copied().max()
    }

    /// Returns the first listed finding of that step and severity.
    pub(in crate::verify) fn first(&self, step: Step, severity: Severity) -> Option<&Finding> {
        self.listed.iter().find(|finding| finding.code.step() == step && finding.severity == severity)
    }

    /// Returns the list, the heaviest first, then by step and place of discovery, and the exact counts.
    pub(in crate::verify) fn finish(mut self) -> (Vec<Finding>, BTreeMap<Code, u64>) {
        self.listed.sort_by_key(|finding| (Reverse(finding.severity), finding.code.step()));
        (self.listed, self.counts)
    }
}

/// Returns the number of the page that a finding contradicts, in its body or its signed record.
fn contradicted_page(finding: &Finding) -> Option<u64> {
    match Role::of(finding.place.split('#').next()?)? {
        // How the container is written says nothing against what is in it.
        Role::Page(number, _) if finding.severity == Severity::Violation && finding.code.step() != Step::Container => {
            Some(number)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_findings_than_a_list_can_bear_are_still_counted() {
        let mut findings = Findings::default();
        for number in 0..100 {
            findings.say(Code::PageMissing, format!("data/pages/{number}"), "", "");
        }
        let (listed, counts) = findings.finish();
        assert_eq!(listed.len(), 20);
        assert_eq!(counts.get(&Code::PageMissing), Some(&100));
    }

    #[test]
    fn every_contradicted_page_is_known_listed_or_not() {
        let mut findings = Findings::default();
        for number in 1..=100 {
            findings.say(Code::PageDigestMismatch, format!("data/pages/{number:06}.json"), "", "");
        }
        findings.say(Code::PageChainBroken, "data/records/000200.json#previous", "", "");
        findings.say(Code::PageOpaque, "data/pages/000300.bin", "a note", "");
        findings.say(Code::ZipField, "data/pages/000500.json", "how it is written", "");
        findings.say(Code::FailureMalformed, "data/failures/000400.json", "", "");
        assert_eq!(findings.take_contradicted_pages(), (1..=100).chain([200]).collect());
        assert_eq!(findings.finish().0.iter().filter(|finding| finding.code == Code::PageDigestMismatch).count(), 20);
    }
}
