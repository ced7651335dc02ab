//! Who: somebody with several genuine packages of one operator, and no key: an archive, an old backup, the other side's copy. They put
//! pieces of one into another, each with its own right signature, and make every digest fit that needs no signature.

use crate::archive::Files;
use crate::expect_invalid;
use crate::package::{Draft, element};

/// Another acquisition of the same operator, signed with the same key.
fn another() -> Files {
    let mut draft = Draft { acquisition: "20261123T060400Z-5e6f7a8b".to_owned(), ..Draft::good() };
    draft.pages[1].elements = vec![element("z", "2026-11-01T07:00:00Z")];
    draft.build()
}

const OUTSIDE: [&str; 2] = ["seal-archive-digest-mismatch", "seal-tagmanifest-mismatch"];

#[track_caller]
fn expect_spliced(mut files: Files, more: &[&str]) {
    files.make_manifests();
    expect_invalid(&files, &[&OUTSIDE[..], more].concat());
}

/// FORMAT §9: the seal of another package, whole.
#[test]
fn the_seal_of_another_package_seals_nothing_here() {
    let mut files = Draft::good().build();
    let other = another();
    for path in ["seal/seal.json", "seal/seal.sig"] {
        files.set(path, other.bytes(path));
    }
    expect_invalid(
        &files,
        &[
            "bag-info-mismatch",
            "seal-archive-digest-mismatch",
            "seal-tagmanifest-mismatch",
            "seal-package-mismatch",
            "genesis-mismatch",
            "seal-root-mismatch",
            "seal-head-mismatch",
        ],
    );
}

/// FORMAT §6: only the signature of another package's seal: genuine, and over other bytes.
#[test]
fn the_signature_of_another_seal_is_none() {
    let mut files = Draft::good().build();
    files.set("seal/seal.sig", another().bytes("seal/seal.sig"));
    expect_invalid(&files, &["seal-signature-invalid"]);
}

/// FORMAT §6.2: a page of another acquisition, with its record and signature.
#[test]
fn a_page_of_another_acquisition_does_not_belong() {
    let mut files = Draft::good().build();
    let other = another();
    for path in ["data/records/000002.json", "data/records/000002.sig", "data/pages/000002.json"] {
        files.set(path, other.bytes(path));
    }
    expect_spliced(files, &["genesis-mismatch", "page-chain-broken", "seal-root-mismatch", "seal-head-mismatch"]);
}

/// FORMAT §6.2: two records change places, each with its own signature and its own page.
#[test]
fn records_that_changed_places_are_out_of_sequence() {
    let mut files = Draft::good().build();
    for kind in ["data/records/00000#.json", "data/records/00000#.sig", "data/pages/00000#.json"] {
        let (first, second) = (kind.replace('#', "1"), kind.replace('#', "2"));
        let (one, other) = (files.bytes(&first).to_vec(), files.bytes(&second).to_vec());
        files.set(&first, other);
        files.set(&second, one);
    }
    expect_spliced(
        files,
        &[
            "page-record-malformed",
            "page-chain-broken",
            "page-sequence-broken",
            "pagination-broken",
            "request-mismatch",
            "seal-root-mismatch",
            "seal-head-mismatch",
            "seal-streams-mismatch",
        ],
    );
}

/// FORMAT §6.1: the plan of another acquisition, under which this one would have been right.
#[test]
fn the_plan_of_another_acquisition_plans_nothing_here() {
    let mut files = Draft::good().build();
    let other = another();
    for path in ["data/genesis.json", "data/genesis.sig"] {
        files.set(path, other.bytes(path));
    }
    expect_spliced(files, &["bag-info-mismatch", "seal-package-mismatch", "genesis-mismatch", "page-chain-broken"]);
}

/// FORMAT §10: what people see first is changed after sealing.
#[test]
fn a_changed_bag_info_is_not_what_was_signed() {
    let mut files = Draft::good().build();
    files.replace("bag-info.txt", "Bagging-Date: 2026-11-22", "Bagging-Date: 2026-11-21");
    expect_spliced(files, &["bag-info-mismatch"]);
}

/// FORMAT §7: a page under the record of another, both of this package.
#[test]
fn a_page_under_the_record_of_another_is_not_the_one_named() {
    let mut files = Draft::good().build();
    let first = files.bytes("data/pages/000001.json").to_vec();
    files.set("data/pages/000002.json", first);
    expect_spliced(
        files,
        &[
            "bag-info-mismatch",
            "page-digest-mismatch",
            "page-length-mismatch",
            "page-records-mismatch",
            "page-next-link-mismatch",
            "seal-totals-mismatch",
            "seal-streams-mismatch",
        ],
    );
}
