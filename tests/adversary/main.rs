//! What an attacker may do to a package, and what the verifier says to it.
//!
//! Each case starts from a good package, applies one deviation, and re-hashes and re-signs everything that the attacker of the
//! case could. The exact set of findings is stated; only the note that every package without time stamps carries
//! (`timestamp-absent`) is left out where a case is not about time stamps.

#![allow(clippy::unwrap_used, reason = "a case whose package cannot be made has failed")]

#[path = "../support/archive.rs"]
mod archive;
#[path = "../support/certificates.rs"]
mod certificates;
#[path = "../support/exhibit.rs"]
mod exhibit;
#[path = "../support/hostile_authority.rs"]
mod hostile_authority;
#[path = "../support/ledger.rs"]
mod ledger;
#[path = "../support/package.rs"]
mod package;
#[path = "../support/volumes.rs"]
mod several;

mod acquisition_key;
mod ambiguous;
mod bitrot;
mod catalogue;
mod certificate;
mod clocks;
mod codes;
mod comparison;
mod container;
mod exhibit_proofs;
mod exhibits;
mod forged_tokens;
mod honest;
mod ledger_length;
mod ledger_lies;
mod page_stamps;
mod policy;
mod rehash;
mod renewal;
mod resign;
mod series;
mod signed_lies;
mod spellings;
mod splice;
mod timestamp;
mod volumes;

use std::collections::BTreeSet;
use std::io::Cursor;

use signhold::crypto::signature::Fingerprint;
use signhold::verify::{Code, Options, Outcome, Report, Trust, verify};

use archive::Files;
use package::{fingerprint_of, operator_key};

/// A reader who has the operator's fingerprint from elsewhere.
fn pinned() -> Trust {
    Trust {
        keys: vec![fingerprint_of(&operator_key().verifying_key().to_bytes()).parse().unwrap()],
        ..Trust::default()
    }
}

/// A fingerprint of somebody else.
fn other_fingerprint() -> Fingerprint {
    fingerprint_of(&package::other_key().verifying_key().to_bytes()).parse().unwrap()
}

/// Verifies archive bytes with one thread.
fn report_on(archive: &[u8], trust: Trust) -> Report {
    let options = Options { trust, threads: 1, ..Options::default() };
    verify(Cursor::new(archive), &options).expect("memory can always be read")
}

/// The codes found, in the order of FORMAT, each once.
fn codes(report: &Report) -> Vec<&'static str> {
    report.finding_counts.keys().map(|code| code.as_str()).collect()
}

/// Asserts outcome and exact finding set for archive bytes, `timestamp-absent` aside.
#[track_caller]
fn expect_bytes(archive: &[u8], outcome: Outcome, expected: &[&str]) -> Report {
    let report = report_on(archive, pinned());
    let found: BTreeSet<&str> = codes(&report).into_iter().filter(|code| *code != "timestamp-absent").collect();
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    for code in &expected {
        assert!(Code::from_text(code).is_some(), "`{code}` is a code");
    }
    assert_eq!(found, expected, "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome, "{:#?}", report.checks);
    report
}

/// Asserts that files zipped by the profile are refused with exactly these findings.
#[track_caller]
fn expect_invalid(files: &Files, expected: &[&str]) -> Report {
    expect_bytes(&files.zip(), Outcome::Invalid, expected)
}

/// Asserts that files zipped by the profile pass with exactly these notes.
#[track_caller]
fn expect_valid(files: &Files, expected: &[&str]) -> Report {
    expect_bytes(&files.zip(), Outcome::Valid, expected)
}
