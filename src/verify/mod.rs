//! The judge: package bytes to a verdict (FORMAT §§12, 13).
//!
//! It shares no code with what made the package above the format itself, reads one handle from its first byte to its last,
//! computes every value anew, and believes none that is stored. It has no disk, network, clock or randomness: the same bytes
//! and the same trust give the same report everywhere. `pass` goes over the archive, `checks` one file for each section of
//! FORMAT, [`finding`] the table of codes, [`verdict`] the one function that draws the verdict, [`budget`] all limits.
//!
//! # Attack manual
//!
//! Each class of attack, what in the design meets it, and which tests show it (`tests/adversary/`, unless said otherwise).
//!
//! | attack | what meets it | shown by |
//! |---|---|---|
//! | bit rot, truncation, extension | every byte has one legal value or a digest over it; the seal's own entries, which no digest can cover, must have zero in every bit that deflate leaves free | `bitrot` (each byte, each length) |
//! | two readers, two contents (ambiguous ZIP) | strict reader of one profile; local headers count, directory must agree; `archive` in the seal | `container`; `codec::zip` |
//! | bombs, hostile lengths | limits before inflating; bounded queue; findings and links bounded; codes counted, not listed | `container::zip_size_cap…`, `finding` |
//! | edit without a key, digests made to fit | signatures over records, genesis, seal; chain; tag manifest in the seal | `rehash` |
//! | pages dropped, swapped, repeated | chain, sequence, Merkle root, head and totals in the seal, all recomputed | `rehash`, `signed_lies::page_…` |
//! | forged whole with another key | only a key the reader names makes VALID; a wrong one is INVALID, none is INDETERMINATE | `resign`, `honest` |
//! | a certificate of one's own, or one that had ended, was revoked, or is for something else | only an authority the reader names ends a path; validity and revocation at the time of an accepted stamp | `certificate` |
//! | weak keys, second encodings, malleable signatures | strict Ed25519; small order refused before any signature is looked at; one PEM form | `resign` |
//! | a signature of one role used for another | type prefix checked before parsing; role follows from the path | `rehash::a_signature_of_another_role…`, `signed_lies::seal_malformed…` |
//! | two spellings of one document | canonical JSON: parse, encode, compare | `signed_lies::seal_malformed`, `format` |
//! | lies by the holder of the key: counts, roots, times, links, states | everything claimed is computed again from the bytes | `signed_lies` |
//! | a page that means two things (`value` twice, bad UTF-8) | opaque for everybody: kept, one leaf, no records | `signed_lies::page_opaque…`, `codec::json` |
//! | a smaller question than planned; links not followed | first URL from the plan, later ones from the body's own link | `signed_lies::request_mismatch`, `…pagination_broken…` |
//! | a gap made to look like absence | windows tile the plan; four states, each checked against what was seen; every gap named | `signed_lies::coverage_…`, `…expired…`, `honest` |
//! | simulated data passed off as evidence | the verifier's own cloud table; named on every report | `signed_lies::…simulated…` |
//! | time stamps removed, exchanged, of another root | signed mode; token digests in every record; imprint, nonce and chain checked, roots from the reader alone | `timestamp`; `crypto::timestamp` |
//! | clocks moved | one order of all readings, with a tolerance; tokens bracket it | `signed_lies::time_order…`, `timestamp::…order…` |
//! | the archive changed while it is read | one pass, hashed as judged; a later read compares digests | `honest::only_an_intact_package…` |
//!
//! What nothing here meets: an operator who forges pages before they are first hashed. No signature shows where bytes came
//! from; see FORMAT §16.

#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)
)]

pub mod budget;
mod checks;
pub mod finding;
pub mod package;
mod pass;
pub mod verdict;
pub mod verified;
mod workers;

pub use finding::{Code, Finding, Severity, Step};
pub use package::{Options, Renewal, Trust, VerifyError, inspect, verify, verify_and_keep};
pub use verdict::{
    CertificateFact, CheckOutcome, CheckResult, Counts, Facts, Outcome, PlannedWindow, Report, Times, TokenFact,
};
pub use verified::{ReadAgainError, VerifiedPackage};
