//! Who: somebody with a key. Their own, which makes everything consistent and convinces nobody who knows the operator's; or one
//! of the keys for which stock verifiers accept what nobody signed.

use ed25519_dalek::SigningKey;
use signhold::verify::{Outcome, Trust};

use crate::package::{Draft, other_key};
use crate::{codes, expect_invalid, report_on};

/// FORMAT §12.4: a whole package forged with a key of one's own.
#[test]
fn a_package_signed_by_another_key_is_refused_by_who_knows_the_right_one() {
    expect_invalid(&Draft::good().signed_by(&other_key()).build(), &["signer-mismatch"]);
}

/// FORMAT §12.4: the same, before a reader who knows no key; never VALID.
#[test]
fn a_package_signed_by_another_key_is_not_established_for_anybody_else() {
    let archive = Draft::good().signed_by(&other_key()).build().zip();
    let report = report_on(&archive, Trust::default());
    assert_eq!(codes(&report), ["signer-not-established", "timestamp-absent"]);
    assert_eq!(report.outcome, Outcome::Indeterminate);
}

/// FORMAT §6: only the seal is signed anew, with a key that is not the one named.
#[test]
fn a_seal_signed_by_another_key_is_invalid() {
    let mut draft = Draft::good();
    draft.seal_key = other_key();
    expect_invalid(&draft.build(), &["seal-signature-invalid"]);
}

/// FORMAT §6: seal and key file exchanged, the rest genuine.
#[test]
fn a_package_resealed_with_another_key_does_not_name_one_key() {
    let mut files = Draft::good().build();
    let key = other_key();
    files.set("keys/signer.pem", crate::package::pem_of(&key.verifying_key().to_bytes()));
    files.make_manifests();
    files.reseal(&key);
    expect_invalid(
        &files,
        &["key-mismatch", "signer-mismatch", "genesis-signature-invalid", "page-record-signature-invalid"],
    );
}

/// FORMAT §6: records signed by a key that nobody delegated to.
#[test]
fn records_signed_by_another_key_are_invalid() {
    let mut draft = Draft::with_failure();
    draft.record_key = other_key();
    draft.failure_key = other_key();
    expect_invalid(&draft.build(), &["page-record-signature-invalid", "failure-signature-invalid"]);
}

/// FORMAT §6: genesis signed by another key than it names.
#[test]
fn genesis_signed_by_another_key_is_invalid() {
    let mut draft = Draft::good();
    draft.genesis_key = other_key();
    expect_invalid(&draft.build(), &["genesis-signature-invalid"]);
}

/// FORMAT §6: the identity as a public key. One signature then fits every message for verifiers that are not strict.
#[test]
fn a_key_of_small_order_is_refused() {
    let mut draft = Draft::good();
    draft.point = [0; 32];
    draft.point[0] = 1;
    let mut files = draft.build();
    let mut forged = [0; 64];
    forged[0] = 1;
    for path in ["data/genesis.sig", "data/records/000001.sig", "data/records/000002.sig"] {
        files.set(path, forged);
    }
    files.make_manifests();
    files.reseal(&SigningKey::from_bytes(&[0x33; 32]));
    files.set("seal/seal.sig", forged);
    expect_invalid(&files, &["key-weak"]);
}

/// FORMAT §6: a point with y = p + 3, a second encoding.
#[test]
fn a_key_in_a_second_encoding_is_refused() {
    let mut draft = Draft::good();
    draft.point = [0xff; 32];
    draft.point[0] = 0xf0;
    draft.point[31] = 0x7f;
    expect_invalid(&draft.build(), &["key-malformed"]);
}

/// FORMAT §6: the key file in other forms than its one.
#[test]
fn a_key_file_in_another_form_is_refused() {
    type Change = fn(&str) -> String;
    let changes: [Change; 4] = [
        |pem| pem.replace('\n', "\r\n"),
        |pem| format!("{pem}{pem}"),
        |pem| pem.replace("PUBLIC", "PRIVATE"),
        |pem| format!("subject=signer\n{pem}"),
    ];
    for change in changes {
        let mut draft = Draft::good();
        draft.edit_files = Some(Box::new(move |files| {
            let pem = String::from_utf8(files.bytes("keys/signer.pem").to_vec()).unwrap();
            files.set("keys/signer.pem", change(&pem));
        }));
        expect_invalid(&draft.build(), &["key-malformed"]);
    }
}

/// FORMAT §6: S + L in place of S, which lax verifiers accept.
#[test]
fn a_signature_with_another_s_of_the_same_value_is_refused() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut files = Draft::good().build();
    let mut signature = files.bytes("seal/seal.sig").to_vec();
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    files.set("seal/seal.sig", signature);
    expect_invalid(&files, &["seal-signature-invalid"]);
}
