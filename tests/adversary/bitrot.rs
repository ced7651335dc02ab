//! Nobody in particular: disks, cables, and people who hold nothing but the file.

use std::io::Cursor;

use signhold::verify::{Options, Outcome, Trust, verify};

use crate::package::Draft;
use crate::{expect_invalid, pinned};

/// Who: anybody, with nothing. FORMAT §4: every byte has one legal value or is covered by a digest.
///
/// Every byte, one of its bits each; `every_flipped_bit_is_refused` takes all eight.
#[test]
fn every_changed_byte_is_refused() {
    let archive = smallest().build().zip();
    refuse_all(archive.len(), &pinned(), |offset| {
        let mut altered = archive.clone();
        altered[offset] ^= 1 << (offset % 8);
        (altered, format!("byte {offset} of {}", archive.len()))
    });
}

/// The same for a failure's files, which the smallest package does not have, each fifth byte of the archive.
#[test]
fn every_changed_byte_is_refused_where_a_request_failed() {
    let archive = Draft::with_failure().build().zip();
    refuse_all(archive.len() / 5, &pinned(), |number| {
        let mut altered = archive.clone();
        let offset = number * 5 + number % 5;
        altered[offset] ^= 0x80 >> (number % 8);
        (altered, format!("byte {offset} of {}", archive.len()))
    });
}

/// Each bit of the seal's entries, of the directory and of the end record, which no digest in the seal covers: each third of them,
/// so that all places of a byte are met.
#[test]
fn every_third_bit_after_the_seal_begins_is_refused() {
    let files = smallest().build();
    let archive = files.zip();
    let (from, _) = files.before_the_seal();
    refuse_all((archive.len() - from) * 8 / 3, &pinned(), |number| flipped(&archive, from * 8 + number * 3));
}

/// Every bit there is: about 40 000 verifications. `.ci/run` does them all.
#[test]
#[ignore = "takes minutes; `.ci/run` does it"]
fn every_flipped_bit_is_refused() {
    let archive = smallest().build().zip();
    refuse_all(archive.len() * 8, &pinned(), |bit| flipped(&archive, bit));
}

/// The same where tokens stand after the seal.
#[test]
#[ignore = "takes minutes; `.ci/run` does it"]
fn every_flipped_bit_of_a_stamped_seal_is_refused() {
    let files = crate::timestamp::stamped().build();
    let archive = files.zip();
    let (from, _) = files.before_the_seal();
    refuse_all((archive.len() - from) * 8, &crate::timestamp::with_root(), |number| {
        flipped(&archive, from * 8 + number)
    });
}

/// Who: anybody, with nothing. FORMAT §4.1.
#[test]
fn every_truncation_is_refused() {
    let archive = Draft::with_failure().build().zip();
    refuse_all(archive.len(), &pinned(), |len| (archive[..len].to_vec(), format!("cut at {len} of {}", archive.len())));
}

/// Who: anybody, with nothing: pieces of the archive copied over other pieces, taken out, or put in twice.
#[test]
fn transplanted_pieces_are_refused() {
    let archive = Draft::with_failure().build().zip();
    let options = Options { trust: pinned(), threads: 1, ..Options::default() };
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(limit).unwrap()).unwrap()
    };
    for round in 0..1500 {
        let (from, to) = (below(archive.len()), below(archive.len()));
        let piece = archive[from..(from + 1 + below(600)).min(archive.len())].to_vec();
        let mut altered = archive.clone();
        let end = (to + if round % 3 == 0 { 0 } else { piece.len() }).min(altered.len());
        altered.splice(to..end, if round % 3 == 1 { Vec::new() } else { piece });
        if altered == archive {
            continue;
        }
        if let Ok(report) = verify(Cursor::new(&altered), &options) {
            assert_eq!(report.outcome, Outcome::Invalid, "round {round}");
        }
    }
}

/// Who: anybody, with nothing. FORMAT §4.1.
#[test]
fn every_short_extension_is_refused() {
    let archive = Draft::good().build().zip();
    let options = Options { trust: pinned(), threads: 1, ..Options::default() };
    for byte in 0..=255_u8 {
        for altered in [[&archive[..], &[byte]].concat(), [&[byte], &archive[..]].concat()] {
            if let Ok(report) = verify(Cursor::new(&altered), &options) {
                assert_eq!(report.outcome, Outcome::Invalid, "{byte:#x}");
            }
        }
    }
}

/// Who: somebody who edits one file and zips again, and knows of no digest.
#[test]
fn an_edited_page_is_seen_by_page_record_manifest_and_seal() {
    let mut files = Draft::good().build();
    files.replace("data/pages/000002.json", "\"c\"", "\"x\"");
    expect_invalid(
        &files,
        &["manifest-digest-mismatch", "seal-archive-digest-mismatch", "page-digest-mismatch", "page-records-mismatch"],
    );
}

/// As above, with a page that becomes longer.
#[test]
fn a_longer_page_is_seen_by_its_length_too() {
    let mut files = Draft::good().build();
    files.replace("data/pages/000002.json", "\"c\"", "\"cc\"");
    expect_invalid(
        &files,
        &[
            "bag-info-mismatch",
            "manifest-digest-mismatch",
            "seal-archive-digest-mismatch",
            "page-digest-mismatch",
            "page-length-mismatch",
            "page-records-mismatch",
            "seal-totals-mismatch",
        ],
    );
}

/// The same with time stamps: their files after the seal are covered by no digest, and by the tokens' own signatures.
#[test]
fn every_changed_byte_of_a_stamped_seal_is_refused() {
    let files = crate::timestamp::stamped().build();
    let archive = files.zip();
    let trust = crate::timestamp::with_root();
    let options = Options { trust: trust.clone(), threads: 1, ..Options::default() };
    assert_eq!(verify(Cursor::new(&archive), &options).unwrap().outcome, Outcome::Valid);
    // All that no other test has changed lies from the seal on.
    let (from, _) = files.before_the_seal();
    refuse_all((archive.len() - from) / 2, &trust, |number| flipped(&archive, (from + number * 2) * 8 + number % 16));
}

/// One page with one record: the least that has a file of each kind but for failures.
fn smallest() -> Draft {
    let mut draft = Draft::good();
    draft.pages.truncate(1);
    draft.pages[0].next_link = None;
    draft.pages[0].elements.truncate(1);
    draft
}

fn flipped(archive: &[u8], bit: usize) -> (Vec<u8>, String) {
    let mut altered = archive.to_vec();
    altered[bit / 8] ^= 1 << (bit % 8);
    (altered, format!("byte {}, bit {} of {}", bit / 8, bit % 8, archive.len()))
}

/// Verifies `count` damaged archives on two threads; each must be INVALID.
fn refuse_all(count: usize, trust: &Trust, make: impl Fn(usize) -> (Vec<u8>, String) + Sync) {
    let options = || Options { trust: trust.clone(), threads: 1, ..Options::default() };
    std::thread::scope(|scope| {
        for first in 0..2 {
            let make = &make;
            scope.spawn(move || {
                let options = options();
                for number in (first..count).step_by(2) {
                    let (archive, what) = make(number);
                    let report = verify(Cursor::new(&archive), &options).expect("memory can always be read");
                    assert_eq!(report.outcome, Outcome::Invalid, "{what}");
                }
            });
        }
    });
}
