//! The limits of FORMAT §15, each in one place: a reader accepts at least, a writer makes at most.
//!
//! The maker refuses what would exceed them before it is sealed; the judge reports what does (`verify/budget.rs`). Both take
//! the numbers from here, so that nothing can be made which is then refused.

use crate::codec::zip::Limits;
use crate::crypto::timestamp::MAX_RESPONSE_LEN;
use crate::time::UnixNanos;

/// 2 GiB: a larger acquisition is the next volume, and no field comes near the values that stand for ZIP64.
pub const ARCHIVE_BYTES: u64 = 2 << 30;
/// 65 000: 20 000 pages with record and signature each, and 5000 for all else; below the 65 535 that a ZIP without ZIP64 counts.
pub const ENTRIES: u64 = 65_000;
/// 20 000: three entries each stay below the entry limit.
pub const PAGES: u64 = 20_000;
/// 32 MiB, of a page body decoded or not: Graph's pages of 1000 records are 2 to 5 MB.
pub const PAGE_BYTES: u64 = FILE_BYTES as u64;
/// 500 000 elements in a page: the documented maximum of one Log Analytics answer, and 500 times that of a Graph page.
pub use crate::codec::json::MAX_ELEMENTS as PAGE_ELEMENTS;
/// 1 MiB, of genesis, a page record or a failure record.
pub const RECORD_BYTES: u64 = 1 << 20;
/// 8 MiB, of the seal: a run takes about 200 bytes, so this is some 40 000 of them.
pub const SEAL_BYTES: u64 = 8 << 20;
/// 16 MiB, of a manifest: 65 000 lines of 270 bytes.
pub const MANIFEST_BYTES: u64 = 16 << 20;
/// 65 536, of a timestamp: tokens with a full chain are 4 to 8 KB.
pub const TIMESTAMP_BYTES: u64 = MAX_RESPONSE_LEN as u64;
/// 65 536, of all certificates of a signer; one has 1 to 2 KB.
pub const CERTIFICATES_BYTES: u64 = 65_536;
/// 16 MiB, of the revocation lists kept for time stamps; those of public authorities have 1 KB to some MB.
pub const TIMESTAMP_LISTS_BYTES: u64 = 16 << 20;
/// 8 timestamps of each sort.
pub const TIMESTAMPS: u64 = 8;
/// 256 timestamps over page records: one an hour for ten days; a reader keeps them until the end.
pub const PAGE_TIMESTAMPS: u64 = 256;
/// 16 MiB, of an exhibit's statement (§21.5): 10 000 records take about 1500 bytes each with their proofs.
pub const EXHIBIT_BYTES: u64 = 16 << 20;
/// 10 000 records in an exhibit (§21.5): three files each stay below the entry limit.
pub const EXHIBIT_RECORDS: u64 = 10_000;
/// 64 digests in a proof (§21.5): of a tree with 2^64 leaves.
pub const PROOF_DIGESTS: u64 = 64;
/// 32 MiB, of every other file.
pub const OTHER_BYTES: u64 = FILE_BYTES as u64;
/// 32 MiB: the longest of all files.
const FILE_BYTES: u32 = 32 << 20;
/// 300 seconds (§12.13): between clocks that were never set against one another.
pub const CLOCK_TOLERANCE_SECONDS: u32 = 300;
/// The same in the unit of instants.
pub const CLOCK_TOLERANCE_NANOS: UnixNanos = CLOCK_TOLERANCE_SECONDS as UnixNanos * 1_000_000_000;

/// 50 million elements in all pages of a package: 20 000 full pages of Graph have 20 million.
pub const ELEMENTS: u64 = 50_000_000;
/// 16 million elements in the two passes over one window (§9.1): as many pages of 4 MB as a package can hold are 6 million.
pub const COMPARED_ELEMENTS: u64 = 16_000_000;
/// 64 GiB, of the content of all files: 2 GiB at twice the ratio that sign-in JSON reaches (15).
pub const CONTENT_BYTES: u64 = 64 << 30;
/// 128 bytes of content for each byte of the archive, beyond [`FREE_CONTENT_BYTES`]: eight times what sign-in JSON reaches. Deflate
/// itself ends at 1032, which a small archive could use to keep a reader busy for long.
pub const CONTENT_RATIO: u64 = 128;
/// 256 MiB of content are in proportion for any archive.
pub const FREE_CONTENT_BYTES: u64 = 256 << 20;

/// 1100 bytes out of one: deflate itself ends at 1032, so every honest stream passes, even a page of repeated test data, and a claim
/// beyond is a lie told to make a reader allocate.
const ENTRY_RATIO: u32 = 1100;

/// Returns what a reader takes on of an archive of `archive_byte_len`.
#[must_use]
pub const fn of_archive(archive_byte_len: u64) -> Limits {
    Limits {
        max_archive_bytes: ARCHIVE_BYTES,
        max_entries: ENTRIES,
        max_entry_bytes: FILE_BYTES,
        max_content_bytes: content_bytes(archive_byte_len),
        max_ratio: ENTRY_RATIO,
    }
}

/// 1 Mi elements at once, 32 bytes each: what does not fit is compared in portions, each reading the pages again. No limit of
/// FORMAT, but both the maker and the judge have to stay within their memory.
pub const COMPARED_AT_ONCE: usize = 1 << 20;

/// Returns how many bytes all files of an archive of `archive_byte_len` may have together.
#[must_use]
pub const fn content_bytes(archive_byte_len: u64) -> u64 {
    let proportional = archive_byte_len.saturating_mul(CONTENT_RATIO).saturating_add(FREE_CONTENT_BYTES);
    if proportional < CONTENT_BYTES { proportional } else { CONTENT_BYTES }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_in_proportion_to_the_archive_and_has_an_end() {
        assert_eq!(content_bytes(0), 256 << 20);
        assert_eq!(content_bytes(10 << 20), (256 << 20) + 128 * (10 << 20));
        assert_eq!(content_bytes(ARCHIVE_BYTES), CONTENT_BYTES);
    }
}
