//! Limits of the verifier, each with its origin.
//!
//! FORMAT §15 says what a reader accepts at least and a writer makes at most. We accept exactly that: whatever is beyond
//! was not made by a conforming writer, and is a finding, never an allocation.

/// 2 GiB: FORMAT §15; an archive above it is the next volume.
pub const ARCHIVE_BYTES: u64 = 2 << 30;
/// 65 000: FORMAT §15; below the 65 535 that a ZIP without ZIP64 can count.
pub const ENTRIES: u64 = 65_000;
/// 20 000: FORMAT §15; three entries each stay below the entry limit.
pub const PAGES: u64 = 20_000;
/// 32 MiB: FORMAT §15; Graph's pages of 1000 records are 2 to 4 MB.
pub const PAGE_BYTES: u64 = 32 << 20;
/// 1 MiB: FORMAT §15, for genesis, page records and failure records.
pub const RECORD_BYTES: u64 = 1 << 20;
/// 8 MiB: FORMAT §15.
pub const SEAL_BYTES: u64 = 8 << 20;
/// 16 MiB: FORMAT §15; 65 000 lines of 270 bytes.
pub const MANIFEST_BYTES: u64 = 16 << 20;
/// 65 536: FORMAT §15; tokens with a full chain are 4 to 8 KB.
pub const TIMESTAMP_BYTES: u64 = 65_536;
/// 8: FORMAT §15, of each sort.
pub const TIMESTAMPS: u64 = 8;
/// 65 536: FORMAT §15, for all certificates of a signer; one has 1 to 2 KB.
pub const CERTIFICATES_BYTES: u64 = 65_536;
/// 32 MiB: FORMAT §15, for every other file.
pub const OTHER_BYTES: u64 = 32 << 20;

/// 64: FORMAT §6; RFC 8032 signatures are exactly that long. The margin lets a longer one be named as such.
pub const SIGNATURE_BYTES: u64 = 4096;
/// 64 KiB: `bagit.txt`, `bag-info.txt` and `keys/signer.pem` have one right content, far shorter; longer ones are hashed
/// and not kept.
pub const TAG_FILE_BYTES: u64 = 65_536;

/// 20: what a reader of a report can take in of one kind; all are counted.
pub const FINDINGS_LISTED_PER_CODE: u64 = 20;
/// 4096: a finding quotes values of strangers; longer ones are cut and their length said.
pub const FINDING_TEXT_BYTES: usize = 4096;

/// 300 seconds: FORMAT §12.13, between clocks that were never set against one another.
pub const CLOCK_TOLERANCE_SECONDS: u64 = 300;
