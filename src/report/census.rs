//! All records of a package, each in its place: those that count, and why the others do not.
//!
//! One place, so that a cover, a sheet and a certificate cannot explain the same number differently. What counts is FORMAT §9,
//! `inside`; the rest came in the second pass, in a run that was replaced, to compare with, as a count of the service, or lies at an
//! edge that two windows share. Everything is counted from the pages as they were read again.

use std::io::{Read, Seek};

use serde::Serialize;

use super::reading::each_page;
use super::repeats::{Repeats, Seen};
use super::words::{counted, grouped};
use crate::format::kind::Sort;
use crate::format::page::Slicing;
use crate::verify::{Counts, ReadAgainError, VerifiedPackage, VerifiedPage, VerifiedRecord};

/// How many records stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// Pages that were read.
    pub pages: u64,
    /// Pages that could not be read again, as of a package that failed verification.
    pub pages_unread: u64,
    /// Pages that could not be cut into records and are kept whole.
    pub pages_opaque: u64,
    /// Records of all pages; the sum of those below.
    pub records: u64,
    /// Entries of logs that count.
    pub inside: u64,
    /// How many of those repeat another one byte for byte.
    pub repeats: Repeats,
    /// Entries of logs outside the window of their request: at the edges that neighbouring windows share, as a rule.
    pub outside: u64,
    /// Entries of logs from windows that were asked again.
    pub replaced: u64,
    /// Entries of the second pass.
    pub second_pass: u64,
    /// Entries fetched only to compare a log with.
    pub cross_check: u64,
    /// The service's own counts, each a record of its own.
    pub counts: u64,
}

impl Census {
    /// Reads all pages.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`], when the package changed since it was verified, or cannot be read.
    pub(super) fn of<R: Read + Seek>(package: &mut VerifiedPackage<R>) -> Result<Self, ReadAgainError> {
        let (mut census, mut seen) = (Self::default(), Seen::default());
        let numbers = package.page_numbers();
        census.pages_unread = each_page(package, numbers, |page| {
            census.take_page(page);
            for record in page.records() {
                census.take(page, &record, &mut seen);
            }
        })?;
        census.repeats.is_exact = !seen.is_forgetful();
        Ok(census)
    }

    /// Takes a page without its records.
    pub(super) fn take_page(&mut self, page: &VerifiedPage) {
        self.pages += 1;
        self.pages_opaque += u64::from(page.record.records.slicing == Slicing::Opaque);
    }

    /// Takes a record of a page; says whether it counts and repeats another one that counts.
    pub(super) fn take(&mut self, page: &VerifiedPage, record: &VerifiedRecord<'_>, seen: &mut Seen) -> bool {
        self.records += 1;
        if record.is_counted {
            self.inside += 1;
            let is_repeat = seen.is_repeat(record.leaf());
            self.repeats.count += u64::from(is_repeat);
            return is_repeat;
        }
        *match record.kind.sort() {
            Sort::Count => &mut self.counts,
            Sort::CrossCheck => &mut self.cross_check,
            Sort::Log if record.pass != 1 => &mut self.second_pass,
            Sort::Log if page.is_superseded => &mut self.replaced,
            Sort::Log => &mut self.outside,
        } += 1;
        false
    }

    /// Says how many entries count, and how many of them repeat another.
    #[must_use]
    pub fn entries(&self) -> String {
        entries(self.inside, "entry", "entries", self.repeats)
    }

    /// Says where the records are that do not count, in as many parts as there are any.
    #[must_use]
    pub fn others(&self) -> Vec<String> {
        let parts = [
            (self.second_pass, "of the second pass over the same windows"),
            (self.replaced, "of windows that were asked again, kept and not counted"),
            (self.outside, "outside the window that was asked, such as at an edge that two windows share"),
            (self.cross_check, "fetched by the other version of the interface, to compare with"),
            (self.counts, "of the service's own counts"),
        ];
        let some = parts.into_iter().filter(|(count, _)| *count > 0);
        some.map(|(count, what)| format!("{} {what}", grouped(count))).collect()
    }

    /// Says what stands between these numbers and those that the verification counted, where there is anything.
    #[must_use]
    pub fn missing(&self, counts: &Counts) -> Option<String> {
        let is_same = (self.pages, self.records, self.inside) == (counts.pages, counts.records, counts.inside);
        (!is_same).then(|| {
            format!(
                "of these, {} with {} could be read again for this paper; {} could not",
                counted(self.pages, "page"),
                counted(self.records, "record"),
                counted(self.pages_unread, "page")
            )
        })
    }
}

/// Says how many things there are, and how many of them repeat another byte for byte.
pub(super) fn entries(count: u64, one: &str, many: &str, repeats: Repeats) -> String {
    let things = format!("{} {}", grouped(count), if count == 1 { one } else { many });
    let at_least = if repeats.is_exact { "" } else { "at least " };
    match repeats.count {
        _ if count == 0 => things,
        0 if repeats.is_exact => format!("{things}, of which none repeats another byte for byte"),
        0 => format!(
            "{things}, of which none repeats another byte for byte, as far as each was compared: with the {} before it",
            grouped(u64::try_from(super::repeats::REMEMBERED).unwrap_or_default())
        ),
        1 => format!("{things}, of which {at_least}1 repeats another byte for byte"),
        more => format!("{things}, of which {at_least}{} repeat another byte for byte", grouped(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_said_as_far_as_they_are_known() {
        let say = |count, repeats, is_exact| entries(count, "entry", "entries", Repeats { count: repeats, is_exact });
        assert_eq!(say(322, 14, true), "322 entries, of which 14 repeat another byte for byte");
        assert_eq!(say(322, 1, false), "322 entries, of which at least 1 repeats another byte for byte");
        assert_eq!(say(1, 0, true), "1 entry, of which none repeats another byte for byte");
        assert_eq!(say(0, 0, true), "0 entries");
        assert!(say(1_000_000, 0, false).ends_with("as far as each was compared: with the 229,000 before it"));
    }
}
