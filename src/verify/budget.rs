//! Limits of the verifier, each with its origin.
//!
//! FORMAT §15 says what a reader accepts at least and a writer makes at most (`format/limits.rs`). We accept exactly that:
//! whatever is beyond was not made by a conforming writer, and is a finding, never an allocation.

pub use crate::format::limits::{
    CERTIFICATES_BYTES, CLOCK_TOLERANCE_NANOS, COMPARED_AT_ONCE, COMPARED_ELEMENTS, ELEMENTS, EXHIBIT_BYTES,
    EXHIBIT_RECORDS, MANIFEST_BYTES, OTHER_BYTES, PAGE_BYTES, PAGE_TIMESTAMPS, PAGES, PROOF_DIGESTS, RECORD_BYTES,
    SEAL_BYTES, TIMESTAMP_BYTES, TIMESTAMP_LISTS_BYTES, TIMESTAMPS, of_archive,
};

/// 64: FORMAT §6; RFC 8032 signatures are exactly that long. The margin lets a longer one be named as such.
pub const SIGNATURE_BYTES: u64 = 4096;
/// 64 KiB: `bagit.txt`, `bag-info.txt` and `keys/signer.pem` have one right content, far shorter; longer ones are hashed
/// and not kept.
pub const TAG_FILE_BYTES: u64 = 65_536;

/// 20: what a reader of a report can take in of one kind; all are counted.
pub const FINDINGS_LISTED_PER_CODE: u64 = 20;
/// 4096: a finding quotes values of strangers; longer ones are cut and their length said.
pub const FINDING_TEXT_BYTES: usize = 4096;
/// 60 seconds: FORMAT §12.13, between a `Date` header and the request it answers; caches and load balancers stay below.
pub const SERVICE_CLOCK_TOLERANCE_SECONDS: u64 = 60;

/// 1 MiB: FORMAT §20.8; a renewal with eight tokens of 64 KiB, in base64, is 700 KB. What else is remembered of a ledger is bounded
/// where it is remembered, in `custody`.
pub const LEDGER_LINE_BYTES: u64 = 1 << 20;
/// 64: FORMAT §20.8; renewals of one package, each of which may be as long as a line.
pub const RENEWALS: usize = 64;
