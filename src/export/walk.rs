//! The walk through a package that every format shares, and the count of what became of its records.

use std::io::{Read, Seek};

use serde::Serialize;

use super::{ExportError, Exporter, Fate, Row};
use crate::format::kind::Kind;
use crate::format::page::Slicing;
use crate::verify::{ReadAgainError, VerifiedPackage};

/// What became of the records of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Records of the package, as its seal counts them.
    pub records_in_seal: u64,
    /// Records that were read. Fewer than in the seal only where the package is INVALID.
    pub records_read: u64,
    /// Records that are in the copy.
    pub rows: u64,
    /// Records that are not, by reason.
    pub left_out: Vec<LeftOut>,
    /// Pages of the package, as its seal counts them.
    pub pages_in_seal: u64,
    /// Pages that were read.
    pub pages_read: u64,
    /// Among these, pages that could not be cut into records: they have none, neither in the seal nor here.
    pub pages_opaque: u64,
    /// Pages of an INVALID package that could not be read.
    pub pages_unreadable: u64,
}

/// Records for which a format has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Why.
    pub reason: &'static str,
    /// How many.
    pub records: u64,
}

/// Goes through a package, hands every page and record to an exporter, and reports the tally after each page.
///
/// One page is in memory at a time. A page that cannot be read ends the walk, unless the package is INVALID and somebody wanted
/// a copy all the same: then it is passed over and counted.
///
/// # Errors
///
/// [`ExportError::Read`] where the package is no longer what was verified, [`ExportError::Count`] where an accepted package has
/// other records than its seal counts, and whatever the exporter says.
pub fn walk<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    exporter: &mut dyn Exporter,
    seen: &mut dyn FnMut(&Tally),
) -> Result<Tally, ExportError> {
    let totals = package.seal().totals;
    let is_invalid = !package.provenance().despite_findings.is_empty();
    let mut tally = Tally { records_in_seal: totals.records, pages_in_seal: totals.pages, ..Tally::default() };
    for number in page_numbers(package, exporter)? {
        let Some(page) = package.page_if_there(number)? else {
            tally.pages_unreadable = tally.pages_unreadable.saturating_add(1);
            continue;
        };
        exporter.page(&page)?;
        tally.pages_read = tally.pages_read.saturating_add(1);
        if page.record.records.slicing == Slicing::Opaque {
            tally.pages_opaque = tally.pages_opaque.saturating_add(1);
        }
        for record in page.records() {
            let fate = exporter.record(&Row { record, page: &page })?;
            tally.take(fate);
        }
        seen(&tally);
    }
    if !is_invalid && tally.records_read != tally.records_in_seal {
        return Err(ExportError::Count { in_seal: tally.records_in_seal, read: tally.records_read });
    }
    Ok(tally)
}

/// Returns the numbers of all pages in the order in which the exporter wants them.
fn page_numbers<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    exporter: &dyn Exporter,
) -> Result<Vec<u64>, ReadAgainError> {
    let numbers = package.page_numbers();
    if Kind::ALL.iter().all(|kind| exporter.turn(*kind) == 0) {
        return Ok(numbers);
    }
    let mut in_turn = Vec::with_capacity(numbers.len());
    for number in numbers {
        // A page whose record is not there has no turn, and will not be there itself.
        let turn = package.page_record_if_there(number)?.map(|record| exporter.turn(record.stream.kind));
        in_turn.push((turn, number));
    }
    in_turn.sort_unstable();
    Ok(in_turn.into_iter().map(|(_, number)| number).collect())
}

impl Tally {
    fn take(&mut self, fate: Fate) {
        self.records_read = self.records_read.saturating_add(1);
        let count = match fate {
            Fate::LeaveOut(reason) => {
                let place = self.left_out.iter().position(|left_out| left_out.reason == reason).unwrap_or_else(|| {
                    self.left_out.push(LeftOut { reason, records: 0 });
                    self.left_out.len().saturating_sub(1)
                });
                self.left_out.get_mut(place).map(|left_out| &mut left_out.records)
            }
            Fate::Write => Some(&mut self.rows),
        };
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
    }
}
