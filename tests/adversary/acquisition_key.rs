//! Who: the operator, or whoever has the operator's key, after the key of one acquisition was destroyed; and whoever got hold of
//! that key before. What a key per acquisition narrows (FORMAT §16), and what it does not.

use ed25519_dalek::SigningKey;
use signhold::crypto::signature::Fingerprint;
use signhold::verify::{Outcome, Trust};

use crate::package::{Draft, element, fingerprint_of, operator_key, other_key, pem_of};
use crate::timestamp::{stamp, stamped, with_root};
use crate::{codes, expect_invalid, expect_valid, report_on};

fn acquisition_key() -> SigningKey {
    SigningKey::from_bytes(&[0x44; 32])
}

fn print(key: &SigningKey) -> Fingerprint {
    fingerprint_of(&key.verifying_key().to_bytes()).parse().unwrap()
}

fn good() -> Draft {
    Draft::with_failure().with_acquisition_key(&acquisition_key())
}

fn trusting(key: &SigningKey) -> Trust {
    Trust { keys: vec![print(key)], ..Trust::default() }
}

/// The first page says something else.
fn with_another_page(mut draft: Draft) -> Draft {
    draft.pages[0].elements[0] = element("z", "2026-11-01T09:00:00Z");
    draft
}

/// Genesis as it was, naming the operator's key and that of the acquisition, in a package that is otherwise of other keys.
fn under_the_old_genesis(mut draft: Draft) -> Draft {
    let keys = format!("{{\"operator\":\"{}\",\"signer\":\"{}\"}}", print(&operator_key()), print(&acquisition_key()));
    draft.edit_genesis = Some(Box::new(move |genesis| genesis.set("keys", keys.clone())));
    draft
}

/// FORMAT §6: nobody attacks.
#[test]
fn who_trusts_the_operator_trusts_the_key_that_the_operator_named() {
    let report = expect_valid(&good().build(), &[]);
    assert_eq!(report.facts.signer, Some(print(&acquisition_key())));
    assert_eq!(report.facts.operator_key, Some(print(&operator_key())));
    assert!(report.facts.signer_trusted);
}

/// FORMAT §12.4: a reader was given the wrong one of two fingerprints. Nothing contradicts that reader; nothing says who planned.
#[test]
fn trusting_the_key_of_the_acquisition_alone_does_not_establish_the_operator() {
    let report = report_on(&good().build().zip(), trusting(&acquisition_key()));
    assert_eq!(codes(&report), ["operator-not-established", "timestamp-absent"]);
    assert_eq!(report.outcome, Outcome::Indeterminate);
    assert!(!report.facts.signer_trusted);
    assert_eq!(report.findings[0].place, "keys/operator.pem");
    assert_eq!(report.findings[0].claimed, print(&operator_key()).to_string());
}

/// FORMAT §12.4: a key of an acquisition of one's own, under a plan signed by oneself.
#[test]
fn a_stranger_with_two_keys_is_a_stranger() {
    let draft = Draft::good().signed_by(&other_key()).with_acquisition_key(&acquisition_key());
    expect_invalid(&draft.build(), &["signer-mismatch"]);
    let report = report_on(&draft.build().zip(), Trust::default());
    assert_eq!(codes(&report), ["signer-not-established", "timestamp-absent"]);
}

/// FORMAT §16: the operator's key, after the acquisition's was destroyed; a page is exchanged and everything after it signed anew.
#[test]
fn the_operator_cannot_sign_other_pages_under_the_old_genesis() {
    let mut draft = with_another_page(good());
    draft.record_key = operator_key();
    draft.failure_key = operator_key();
    draft.seal_key = operator_key();
    let expected = ["seal-signature-invalid", "page-record-signature-invalid", "failure-signature-invalid"];
    expect_invalid(&draft.build(), &expected);
}

/// FORMAT §16: the same, and the operator's key given out as the signer's.
#[test]
fn the_operator_cannot_stand_in_for_the_key_of_the_acquisition() {
    let report = expect_invalid(&under_the_old_genesis(with_another_page(Draft::good())).build(), &["key-mismatch"]);
    assert_eq!(report.findings[0].place, "data/genesis.json#keys.signer");
}

/// FORMAT §16: the same with a second key for the same acquisition.
#[test]
fn another_key_cannot_stand_in_for_the_key_of_the_acquisition() {
    let draft = with_another_page(Draft::good().with_acquisition_key(&other_key()));
    let report = expect_invalid(&under_the_old_genesis(draft).build(), &["key-mismatch"]);
    assert_eq!(report.findings[0].place, "data/genesis.json#keys.signer");
}

/// FORMAT §§11, 16: a new plan that names a new key, under the token of the old one.
#[test]
fn a_new_genesis_does_not_fit_the_old_token() {
    let old = stamped().with_acquisition_key(&acquisition_key()).build();
    let token = old.bytes("data/genesis.tsr").to_vec();
    let mut draft = with_another_page(stamped().with_acquisition_key(&other_key()));
    draft.genesis_stamps = vec![Box::new(move |_| token.clone())];
    let report = report_on(&draft.build().zip(), with_root());
    assert_eq!(codes(&report), ["timestamp-imprint-mismatch", "timestamp-nonce-mismatch"]);
    assert_eq!(report.outcome, Outcome::Invalid);
}

/// FORMAT §§12.13, 16: a new plan, stamped when it was made, under requests of an earlier time.
#[test]
fn a_new_genesis_is_later_than_the_requests_it_is_put_under() {
    let mut draft = with_another_page(stamped().with_acquisition_key(&other_key()));
    draft.genesis_stamps = vec![stamp("2026-11-22T08:00:00Z")];
    draft.seal_stamps = vec![stamp("2026-11-22T08:30:00Z")];
    let report = report_on(&draft.build().zip(), with_root());
    assert_eq!(codes(&report), ["timestamp-order", "clock-offset", "timestamp-late"]);
    assert_eq!(report.outcome, Outcome::Invalid);
}

/// FORMAT §16, what remains: the operator lies from the first request on, in a whole new acquisition. It is VALID, and it is another
/// one: who holds the digest of the old genesis, or its time, sees that.
#[test]
fn a_new_acquisition_is_valid_and_visibly_another() {
    let old = report_on(&stamped().with_acquisition_key(&acquisition_key()).build().zip(), with_root());
    let mut draft = with_another_page(stamped().with_acquisition_key(&other_key()));
    let later = |time: &str| time.replace("T06:", "T08:");
    draft.created = later(&draft.created);
    draft.sealed = later(&draft.sealed);
    for page in &mut draft.pages {
        page.started = later(&page.started);
        page.finished = later(&page.finished);
    }
    draft.genesis_stamps = vec![stamp("2026-11-22T08:04:30Z")];
    draft.seal_stamps = vec![stamp("2026-11-22T08:30:30Z")];
    let new = report_on(&draft.build().zip(), with_root());
    assert_eq!((old.outcome, new.outcome), (Outcome::Valid, Outcome::Valid), "{:#?}", new.findings);
    assert_ne!(old.facts.genesis_sha256, new.facts.genesis_sha256);
    assert_ne!(old.facts.signer, new.facts.signer);
    assert_eq!(old.facts.operator_key, new.facts.operator_key);
    assert!(old.facts.times.genesis_tokens[0].gen_time < new.facts.times.genesis_tokens[0].gen_time);
}

/// FORMAT §16, what remains: the key of the acquisition was copied before it was destroyed. It is a key.
#[test]
fn a_copy_of_the_key_signs_other_pages() {
    expect_valid(&with_another_page(good()).build(), &[]);
}

/// FORMAT §6: the key of the acquisition signs no plan.
#[test]
fn the_key_of_the_acquisition_cannot_sign_genesis() {
    let mut draft = good();
    draft.genesis_key = acquisition_key();
    expect_invalid(&draft.build(), &["genesis-signature-invalid"]);
}

/// FORMAT §12.4: the operator's key file taken out by whoever has the key of the acquisition.
#[test]
fn without_its_file_the_operator_is_the_signer_and_genesis_says_otherwise() {
    let mut files = good().build();
    files.remove("keys/operator.pem");
    files.make_manifests();
    files.reseal(&acquisition_key());
    expect_invalid(&files, &["key-mismatch", "signer-mismatch", "genesis-signature-invalid"]);
}

/// FORMAT §6: one key, one file.
#[test]
fn one_key_in_both_files_is_refused() {
    let report = expect_invalid(&Draft::good().with_acquisition_key(&operator_key()).build(), &["key-mismatch"]);
    assert_eq!(report.findings[0].place, "keys/operator.pem");
}

/// FORMAT §6: the operator's key file is as strict as the signer's.
#[test]
fn an_operator_key_that_is_weak_or_in_another_form_is_refused() {
    let mut weak = good();
    let mut identity = [0; 32];
    identity[0] = 1;
    weak.operator_point = Some(identity);
    expect_invalid(&weak.build(), &["key-weak"]);
    let mut twice = good();
    twice.edit_files = Some(Box::new(|files| {
        let pem = pem_of(&operator_key().verifying_key().to_bytes());
        files.set("keys/operator.pem", format!("{pem}{pem}"));
    }));
    expect_invalid(&twice.build(), &["key-malformed"]);
}

/// FORMAT §4.6: the operator's key stands behind the signer's.
#[test]
fn the_key_files_have_one_order() {
    let mut files = good().build();
    let pem = files.remove("keys/operator.pem");
    files.insert_before("keys/signer.pem", "keys/operator.pem", pem);
    files.make_manifests();
    files.reseal(&acquisition_key());
    expect_invalid(&files, &["entry-order"]);
}
