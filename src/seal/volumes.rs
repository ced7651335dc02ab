//! Where an acquisition is cut into volumes (FORMAT §§9.4, 15).
//!
//! Pages and failures are laid in the order in which they came, and a volume ends before the one that it cannot hold any more. Sizes
//! are estimated from above, from the bundles on disk: a volume is never larger than its limit, and may be a little smaller.

use super::SealError;
use crate::format::limits;

/// What a volume may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pages.
    pub pages: u64,
    /// Entries of the archive.
    pub entries: u64,
    /// Bytes of the archive.
    pub byte_len: u64,
}

/// What one page or failure adds to an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Its files.
    pub entries: u64,
    /// Length of its bundle on disk.
    pub byte_len: u64,
}

/// A failure to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureLoad {
    /// The last page written before it, 0 for none.
    pub after_page: u64,
    /// What it adds.
    pub load: Load,
}

/// The pages and failures of one volume, by the numbers they have in the acquisition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Sequence of its first page, or of the next page if it has none.
    pub first_page: u64,
    /// How many pages.
    pub page_count: u64,
    /// Sequence of its first failure, or of the next failure if it has none.
    pub first_failure: u64,
    /// How many failures.
    pub failure_count: u64,
}

impl Cut {
    /// Returns the first page and failure behind it.
    #[must_use]
    pub fn end(&self) -> (u64, u64) {
        (self.first_page + self.page_count, self.first_failure + self.failure_count)
    }
}

impl Limits {
    /// Returns the limits of FORMAT with at most `pages` pages, `loose` being the bytes of plan and run log, which every volume holds.
    #[must_use]
    pub fn new(pages: u64, loose: u64) -> Self {
        Self {
            pages: pages.clamp(1, MAX_PAGES),
            entries: MAX_ENTRIES - LOOSE_ENTRIES,
            byte_len: MAX_ARCHIVE_BYTE_LEN.saturating_sub(loose).saturating_sub(SEAL_AND_TAGS),
        }
    }
}

/// Cuts what comes from page and failure `start` on: `pages` in sequence, `failures` in sequence, `start` being the numbers of the
/// first of each. There is at least one volume.
///
/// # Errors
///
/// [`SealError::TooLarge`] when there are more numbers than names can bear, or one page is larger than a volume.
pub fn cut(start: (u64, u64), pages: &[Load], failures: &[FailureLoad], limits: Limits) -> Result<Vec<Cut>, SealError> {
    let end = (start.0 + pages.len() as u64, start.1 + failures.len() as u64);
    for (what, count) in [("pages", end.0 - 1), ("failures", end.1 - 1)] {
        if count > MAX_NUMBER {
            return Err(SealError::TooLarge { what, count, limit: MAX_NUMBER });
        }
    }
    let mut cuts = Vec::new();
    let mut volume = Filling::new(start);
    let mut waiting = failures.iter().peekable();
    // Failures before the first page still belong to the pages before it.
    for (sequence, load) in (start.0 - 1..).zip(std::iter::once(None).chain(pages.iter().map(Some))) {
        if let Some(load) = load {
            volume.make_room(*load, true, limits, &mut cuts)?;
        }
        while let Some(failure) = waiting.next_if(|failure| failure.after_page <= sequence) {
            volume.make_room(failure.load, false, limits, &mut cuts)?;
        }
    }
    for failure in waiting {
        volume.make_room(failure.load, false, limits, &mut cuts)?;
    }
    cuts.push(volume.cut);
    Ok(cuts)
}

/// A volume being filled.
struct Filling {
    cut: Cut,
    entries: u64,
    byte_len: u64,
}

impl Filling {
    fn new((first_page, first_failure): (u64, u64)) -> Self {
        let cut = Cut { first_page, page_count: 0, first_failure, failure_count: 0 };
        Self { cut, entries: 0, byte_len: 0 }
    }

    /// Adds a page or failure, to the next volume where this one is full.
    fn make_room(&mut self, load: Load, is_page: bool, limits: Limits, cuts: &mut Vec<Cut>) -> Result<(), SealError> {
        let byte_len = load.byte_len + load.entries * ENTRY_OVERHEAD;
        if byte_len > limits.byte_len {
            return Err(SealError::TooLarge { what: "bytes of one page", count: byte_len, limit: limits.byte_len });
        }
        let is_full = (is_page && self.cut.page_count >= limits.pages)
            || self.entries + load.entries > limits.entries
            || self.byte_len + byte_len > limits.byte_len;
        if is_full {
            cuts.push(self.cut);
            *self = Self::new(self.cut.end());
        }
        self.entries += load.entries;
        self.byte_len += byte_len;
        let count = if is_page { &mut self.cut.page_count } else { &mut self.cut.failure_count };
        *count += 1;
        Ok(())
    }
}

/// 20 000: FORMAT §15.
pub const MAX_PAGES: u64 = limits::PAGES;
/// 65 000: FORMAT §15, below what an end record without ZIP64 can count.
pub const MAX_ENTRIES: u64 = limits::ENTRIES;
/// 2 GiB: FORMAT §15.
pub const MAX_ARCHIVE_BYTE_LEN: u64 = limits::ARCHIVE_BYTES;
/// 999 999: FORMAT §5, numbers in names have six digits.
const MAX_NUMBER: u64 = 999_999;
/// 32: nine files at the beginning, genesis and its signature, the run log, seal and signature are 14; time stamps at most 16.
const LOOSE_ENTRIES: u64 = 32;
/// 12 MiB: a seal of 8 MiB, and what is small: README, key, bag files, 16 time stamps of 64 KiB.
const SEAL_AND_TAGS: u64 = 12 << 20;
/// 620 bytes: a name of at most 200 in local header and directory (30 and 46 bytes more), and a line in the manifest, where the
/// digest does not shrink: 66 bytes and the path, less the names that a bundle has itself.
const ENTRY_OVERHEAD: u64 = 620;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { pages: 3, entries: 12, byte_len: 1 << 20 };

    fn pages(count: usize) -> Vec<Load> {
        vec![Load { entries: 3, byte_len: 1000 }; count]
    }

    fn failures(after: &[u64]) -> Vec<FailureLoad> {
        let load = Load { entries: 3, byte_len: 1000 };
        after.iter().map(|after_page| FailureLoad { after_page: *after_page, load }).collect()
    }

    fn cuts(start: (u64, u64), pages: &[Load], failures: &[FailureLoad], limits: Limits) -> Vec<[u64; 4]> {
        let cuts = cut(start, pages, failures, limits).unwrap();
        cuts.iter().map(|cut| [cut.first_page, cut.page_count, cut.first_failure, cut.failure_count]).collect()
    }

    #[test]
    fn an_acquisition_that_fits_is_one_volume() {
        assert_eq!(cuts((1, 1), &[], &[], LIMITS), [[1, 0, 1, 0]]);
        assert_eq!(cuts((1, 1), &pages(3), &failures(&[0]), LIMITS), [[1, 3, 1, 1]]);
    }

    #[test]
    fn one_page_too_many_begins_the_next_volume() {
        assert_eq!(cuts((1, 1), &pages(7), &[], LIMITS), [[1, 3, 1, 0], [4, 3, 1, 0], [7, 1, 1, 0]]);
    }

    #[test]
    fn a_failure_stays_with_the_page_it_came_after() {
        assert_eq!(cuts((1, 1), &pages(4), &failures(&[3, 3, 4]), LIMITS), [[1, 3, 1, 1], [4, 1, 2, 2]]);
        assert_eq!(cuts((1, 1), &pages(4), &failures(&[0, 4]), LIMITS), [[1, 3, 1, 1], [4, 1, 2, 1]]);
    }

    #[test]
    fn failures_that_fill_a_volume_go_on_in_one_without_pages() {
        assert_eq!(cuts((1, 1), &pages(2), &failures(&[1; 9]), LIMITS), [[1, 1, 1, 3], [2, 0, 4, 4], [2, 1, 8, 2]]);
        assert_eq!(cuts((1, 1), &[], &failures(&[0; 5]), LIMITS), [[1, 0, 1, 4], [1, 0, 5, 1]]);
    }

    #[test]
    fn bytes_fill_a_volume_as_well() {
        let limits = Limits { byte_len: 6000, ..LIMITS };
        assert_eq!(cuts((1, 1), &pages(3), &[], limits), [[1, 2, 1, 0], [3, 1, 1, 0]]);
        let huge = [Load { entries: 3, byte_len: 6000 }];
        assert!(matches!(cut((1, 1), &huge, &[], limits), Err(SealError::TooLarge { .. })));
    }

    #[test]
    fn cutting_goes_on_behind_what_is_sealed() {
        assert_eq!(cuts((4, 2), &pages(4), &failures(&[3, 5]), LIMITS), [[4, 2, 2, 2], [6, 2, 4, 0]]);
    }

    #[test]
    fn numbers_beyond_six_digits_are_refused() {
        let refused = cut((999_999, 1), &pages(2), &[], LIMITS);
        assert!(matches!(refused, Err(SealError::TooLarge { what: "pages", count: 1_000_000, .. })));
    }
}
