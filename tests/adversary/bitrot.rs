//! Nobody in particular: disks, cables, and people who hold nothing but the file.

use std::io::Cursor;

use signhold::verify::{Options, Outcome, verify};

use crate::package::Draft;
use crate::{expect_invalid, pinned};

/// Who: anybody, with nothing. FORMAT §4: every byte has one legal value or is covered by a digest.
#[test]
fn every_changed_byte_is_refused() {
    let archive = Draft::with_failure().build().zip();
    let options = Options { trust: pinned(), threads: 1, ..Options::default() };
    let mut altered = archive.clone();
    for offset in 0..archive.len() {
        altered[offset] ^= 1 << (offset % 8);
        if let Ok(report) = verify(Cursor::new(&altered), &options) {
            assert_eq!(report.outcome, Outcome::Invalid, "byte {offset} of {}", archive.len());
        }
        altered[offset] = archive[offset];
    }
}

/// The same for more bits of the seal's entries and of the directory, which no digest in the seal covers.
#[test]
fn every_changed_bit_after_the_seal_begins_is_refused() {
    let files = Draft::good().build();
    let archive = files.zip();
    let options = Options { trust: pinned(), threads: 1, ..Options::default() };
    let (from, _) = files.before_the_seal();
    let mut altered = archive.clone();
    for offset in from..archive.len() {
        for bit in [0, 3, 7] {
            altered[offset] ^= 1 << bit;
            if let Ok(report) = verify(Cursor::new(&altered), &options) {
                assert_eq!(report.outcome, Outcome::Invalid, "byte {offset}, bit {bit} of {}", archive.len());
            }
            altered[offset] = archive[offset];
        }
    }
}

/// Who: anybody, with nothing. FORMAT §4.1.
#[test]
fn every_truncation_is_refused() {
    let archive = Draft::with_failure().build().zip();
    let options = Options { trust: pinned(), threads: 1, ..Options::default() };
    for len in 0..archive.len() {
        if let Ok(report) = verify(Cursor::new(&archive[..len]), &options) {
            assert_eq!(report.outcome, Outcome::Invalid, "cut at {len} of {}", archive.len());
        }
    }
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
fn every_changed_byte_of_a_stamped_package_is_refused() {
    let files = crate::timestamp::stamped().build();
    let archive = files.zip();
    let options = Options { trust: crate::timestamp::with_root(), threads: 1, ..Options::default() };
    assert_eq!(verify(Cursor::new(&archive), &options).unwrap().outcome, Outcome::Valid);
    // All that no other test has changed lies from the seal on.
    let (from, _) = files.before_the_seal();
    let mut altered = archive.clone();
    for offset in from..archive.len() {
        altered[offset] ^= 1 << (offset % 8);
        if let Ok(report) = verify(Cursor::new(&altered), &options) {
            assert_eq!(report.outcome, Outcome::Invalid, "byte {offset} of {}", archive.len());
        }
        altered[offset] = archive[offset];
    }
}
