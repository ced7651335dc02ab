//! Reading the sign-ins of a verified package that count, one after the other.
//!
//! Everything in this room that counts records takes them from here, so that a figure of one page of a report cannot differ from
//! that of another: pages of the four sign-in logs, first pass, not superseded, inside their window (FORMAT §9, `inside`). One page is
//! in memory at a time.

use std::io::{Read, Seek};
use std::ops::AddAssign;

use serde::Serialize;

use crate::codec::sign_in::SignIn;
use crate::verify::{ReadAgainError, VerifiedPackage, VerifiedRecord};

/// What was looked at, and what could not be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// Pages of the sign-in logs that were read.
    pub pages: u64,
    /// Pages that could not be read, as of a package that failed verification.
    pub pages_unread: u64,
    /// Sign-ins that count, and were read.
    pub records: u64,
    /// Elements that count and are no JSON object: nothing was read of them.
    pub records_unread: u64,
}

impl AddAssign for Looked {
    fn add_assign(&mut self, other: Self) {
        self.pages += other.pages;
        self.pages_unread += other.pages_unread;
        self.records += other.records;
        self.records_unread += other.records_unread;
    }
}

/// Reads the pages of these numbers, in this order, and hands each sign-in on that counts.
///
/// # Errors
///
/// [`ReadAgainError::Changed`] and [`ReadAgainError::Io`]; pages that are missing are counted.
pub(super) fn each_sign_in<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    numbers: impl IntoIterator<Item = u64>,
    mut take: impl FnMut(&VerifiedRecord<'_>, &SignIn<'_>),
) -> Result<Looked, ReadAgainError> {
    let mut looked = Looked::default();
    for number in numbers {
        let page = match package.page(number) {
            Ok(page) => page,
            Err(ReadAgainError::Missing(_)) => {
                looked.pages_unread += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        if !page.record.stream.kind.is_sign_in() {
            continue;
        }
        looked.pages += 1;
        for record in page.records().filter(|record| record.is_counted) {
            if let Some(sign_in) = SignIn::read(record.bytes) {
                looked.records += 1;
                take(&record, &sign_in);
            } else {
                looked.records_unread += 1;
            }
        }
    }
    Ok(looked)
}
