//! Reading the sign-ins of a verified package that count, one after the other.
//!
//! Everything in this room that counts records takes them from here, so that a figure of one page of a report cannot differ from
//! that of another: pages of the four sign-in logs, first pass, not superseded, inside their window (FORMAT §9, `inside`). An entry
//! that repeats another byte for byte counts as they all do; how many do is counted beside. One page is in memory at a time.

use std::io::{Read, Seek};

use serde::Serialize;

use super::census::{Census, entries};
use super::repeats::{Repeats, Seen};
use crate::codec::sign_in::SignIn;
use crate::verify::{ReadAgainError, VerifiedPackage, VerifiedPage, VerifiedRecord};

/// What was looked at, and what could not be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// Pages of the sign-in logs that were read.
    pub pages: u64,
    /// Pages that could not be read, as of a package that failed verification.
    pub pages_unread: u64,
    /// Entries of sign-in logs that count, and were read.
    pub records: u64,
    /// How many of those repeat another one byte for byte; they count like all others.
    pub repeats: Repeats,
    /// Entries in which a member stands twice: what that member says is in no figure.
    pub records_with_repeated: u64,
    /// Elements that count and are no JSON object: nothing was read of them.
    pub records_unread: u64,
}

impl Looked {
    /// Says how many sign-ins were read, and how many of them repeat another.
    #[must_use]
    pub fn sign_ins(&self) -> String {
        entries(self.records, "entry", "entries", self.repeats)
    }
}

/// What reading pages came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Reading {
    /// Of the sign-in logs.
    pub(super) looked: Looked,
    /// Of all pages that were read.
    pub(super) census: Census,
}

/// Reads the pages of these numbers, in this order, counts all their records, and hands each sign-in on that counts.
///
/// # Errors
///
/// [`ReadAgainError`]; pages that an INVALID package lacks are counted.
pub(super) fn count_sign_ins<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    numbers: impl IntoIterator<Item = u64>,
    mut take: impl FnMut(&VerifiedRecord<'_>, &SignIn<'_>),
) -> Result<Reading, ReadAgainError> {
    let (mut looked, mut census, mut seen) = (Looked::default(), Census::default(), Seen::default());
    let unread = each_page(package, numbers, |page| {
        let is_sign_in = page.record.stream.kind.is_sign_in();
        looked.pages += u64::from(is_sign_in);
        census.take_page(page);
        for record in page.records() {
            let is_repeat = census.take(page, &record, &mut seen);
            if !is_sign_in || !record.is_counted {
                continue;
            }
            if let Some(sign_in) = SignIn::read_unrepeated(record.bytes) {
                looked.records += 1;
                looked.records_with_repeated += u64::from(sign_in.has_repeated);
                looked.repeats.count += u64::from(is_repeat);
                take(&record, &sign_in);
            } else {
                looked.records_unread += 1;
            }
        }
    })?;
    (looked.pages_unread, census.pages_unread) = (unread, unread);
    (looked.repeats.is_exact, census.repeats.is_exact) = (!seen.is_forgetful(), !seen.is_forgetful());
    Ok(Reading { looked, census })
}

/// Hands the same sign-ins on without counting anything, for whoever comes again.
///
/// # Errors
///
/// As [`count_sign_ins`].
pub(super) fn each_sign_in<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    numbers: impl IntoIterator<Item = u64>,
    mut take: impl FnMut(&VerifiedRecord<'_>, &SignIn<'_>),
) -> Result<(), ReadAgainError> {
    let each = each_page(package, numbers, |page| {
        for record in page.records().filter(|record| record.kind.is_sign_in() && record.is_counted) {
            if let Some(sign_in) = SignIn::read_unrepeated(record.bytes) {
                take(&record, &sign_in);
            }
        }
    });
    each.map(|_unread| ())
}

/// Reads the pages of these numbers, in this order; returns how many could not be read.
///
/// # Errors
///
/// As [`count_sign_ins`].
pub(super) fn each_page<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    numbers: impl IntoIterator<Item = u64>,
    mut take: impl FnMut(&VerifiedPage),
) -> Result<u64, ReadAgainError> {
    let mut unread = 0;
    for number in numbers {
        match package.page_if_there(number)? {
            Some(page) => take(&page),
            None => unread += 1,
        }
    }
    Ok(unread)
}
