//! Who: somebody with the disk and no key. They edit, make every digest right that needs no signature, and zip by the profile.

use crate::archive::Files;
use crate::expect_invalid;
use crate::package::Draft;

/// What every change behind a rehash leaves: the seal still names the old bag and the old archive.
const SEAL_KNOWS: [&str; 2] = ["seal-archive-digest-mismatch", "seal-tagmanifest-mismatch"];

#[track_caller]
fn expect_rehashed(mut files: Files, more: &[&str]) {
    files.make_manifests();
    expect_invalid(&files, &[&SEAL_KNOWS[..], more].concat());
}

/// FORMAT §7: a record is changed in place.
#[test]
fn an_edited_page_is_seen_by_its_signed_record() {
    let mut files = Draft::good().build();
    files.replace("data/pages/000002.json", "\"c\"", "\"x\"");
    expect_rehashed(files, &["page-digest-mismatch", "page-records-mismatch"]);
}

/// FORMAT §6.2: the page record is made to fit, and cannot be signed.
#[test]
fn an_edited_page_record_is_seen_by_its_signature_and_the_chain() {
    let mut files = Draft::good().build();
    files.replace("data/records/000001.json", "\"inside\":2", "\"inside\":1");
    expect_rehashed(
        files,
        &["page-record-signature-invalid", "page-records-mismatch", "page-chain-broken", "seal-root-mismatch"],
    );
}

/// FORMAT §6.1.
#[test]
fn an_edited_genesis_is_seen_by_its_signature_and_all_that_name_it() {
    let mut files = Draft::good().build();
    files.replace("data/genesis.json", "R. Roe", "J. Doe");
    expect_rehashed(files, &["genesis-signature-invalid", "genesis-mismatch", "page-chain-broken"]);
}

/// FORMAT §6.1: the plan is taken out.
#[test]
fn a_package_without_genesis_is_refused() {
    let mut files = Draft::good().build();
    files.remove("data/genesis.json");
    expect_rehashed(files, &["genesis-missing"]);
}

/// FORMAT §12.6: the last page is taken out, record and all.
#[test]
fn a_dropped_last_page_is_seen_by_head_root_and_totals() {
    let mut files = Draft::good().build();
    for path in ["data/records/000002.json", "data/records/000002.sig", "data/pages/000002.json"] {
        files.remove(path);
    }
    expect_rehashed(
        files,
        &[
            "bag-info-mismatch",
            "seal-root-mismatch",
            "seal-head-mismatch",
            "seal-totals-mismatch",
            "seal-streams-mismatch",
        ],
    );
}

/// FORMAT §12.6: only the body is taken out.
#[test]
fn a_page_without_body_is_missing() {
    let mut files = Draft::good().build();
    files.remove("data/pages/000002.json");
    expect_rehashed(files, &["bag-info-mismatch", "page-missing", "seal-totals-mismatch", "seal-streams-mismatch"]);
}

/// FORMAT §12.6: only the signature is taken out; an unsigned record is not one.
#[test]
fn a_page_record_without_signature_is_missing_a_part() {
    let mut files = Draft::good().build();
    files.remove("data/records/000002.sig");
    expect_rehashed(files, &["bag-info-mismatch", "page-missing"]);
}

/// FORMAT §6: a signature in another length, though it begins with the right bytes.
#[test]
fn a_longer_signature_is_none() {
    let mut files = Draft::good().build();
    let mut signature = files.bytes("data/records/000002.sig").to_vec();
    signature.push(0);
    files.set("data/records/000002.sig", signature);
    expect_rehashed(files, &["bag-info-mismatch", "page-record-signature-invalid"]);
}

/// FORMAT §6: a genuine signature over another document of the same key.
#[test]
fn a_signature_of_another_role_is_none() {
    let mut files = Draft::good().build();
    let other = files.bytes("data/records/000001.sig").to_vec();
    files.set("seal/seal.sig", other);
    expect_invalid(&files, &["seal-signature-invalid"]);
}

/// FORMAT §6.3: a failed request is made to vanish.
#[test]
fn a_dropped_failure_is_seen_by_totals() {
    let mut files = Draft::with_failure().build();
    for ending in ["json", "sig", "body"] {
        files.remove(&format!("data/failures/000001.{ending}"));
    }
    expect_rehashed(files, &["bag-info-mismatch", "seal-totals-mismatch"]);
}

/// FORMAT §6.3.
#[test]
fn an_edited_failure_is_seen_by_its_signature() {
    let mut files = Draft::with_failure().build();
    files.replace("data/failures/000001.json", "500 Internal", "404 Internal");
    expect_rehashed(files, &["failure-signature-invalid"]);
}

/// FORMAT §6.3.
#[test]
fn an_edited_failure_body_is_seen_by_its_record() {
    let mut files = Draft::with_failure().build();
    files.replace("data/failures/000001.body", "UnknownError", "unknownError");
    expect_rehashed(files, &["failure-mismatch"]);
}

/// FORMAT §9: "unsigned" is never good.
#[test]
fn a_package_without_seal_signature_is_refused() {
    let mut files = Draft::good().build();
    files.remove("seal/seal.sig");
    expect_invalid(&files, &["seal-missing"]);
}

/// FORMAT §9: the seal is edited in place.
#[test]
fn an_edited_seal_is_seen_by_its_signature() {
    let mut files = Draft::good().build();
    files.replace("seal/seal.json", "\"state\":\"complete\"", "\"state\":\"Complete\"");
    expect_invalid(&files, &["seal-signature-invalid", "seal-malformed"]);
}

/// FORMAT §9: the manifests are made to fit, and sealed archive and tag manifest are not.
#[test]
fn a_changed_readme_is_seen_by_the_seal_alone() {
    let mut files = Draft::good().build();
    files.set("README.txt", "Trust us.\n");
    expect_rehashed(files, &[]);
}

/// FORMAT §10: the tag manifest taken out; common BagIt tools do not mind.
#[test]
fn a_bag_without_tag_manifest_is_refused() {
    let mut files = Draft::good().build();
    files.remove("tagmanifest-sha256.txt");
    expect_invalid(&files, &["manifest-malformed", "seal-archive-digest-mismatch"]);
}

/// FORMAT §10: a file that no manifest names; common BagIt tools do not mind.
#[test]
fn an_unlisted_file_is_refused() {
    let mut files = Draft::good().build();
    files.insert_before("data/log/run.jsonl", "data/failures/000001.json", "{}");
    expect_invalid(
        &files,
        &[
            "bag-info-mismatch",
            "manifest-file-unlisted",
            "seal-archive-digest-mismatch",
            "failure-malformed",
            "seal-totals-mismatch",
        ],
    );
}

/// FORMAT §10: a line for a file that is not there.
#[test]
fn a_listed_file_that_is_not_there_is_refused() {
    let mut files = Draft::good().build();
    files.remove("data/log/run.jsonl");
    expect_invalid(&files, &["bag-info-mismatch", "manifest-file-missing", "seal-archive-digest-mismatch"]);
}
