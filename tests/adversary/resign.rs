//! Who: somebody with a key. Their own, which makes everything consistent and convinces nobody who knows the operator's; or one
//! of the keys for which stock verifiers accept what nobody signed.

use ed25519_dalek::{SigningKey, Verifier as _};
use sha2::Digest as _;
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
    let changes: [Change; 9] = [
        |_| rcgen::KeyPair::generate().unwrap().public_key_pem(),
        |_| crate::package::pem_of(&[0x11; 32]).replace("MCowBQYDK2VwAyEA", "MCowBQYDK2VuAyEA"),
        |_| shorter_pem(31),
        |_| shorter_pem(33),
        |pem| pem.trim_end().to_owned(),
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

/// A public key file around so many bytes, with lengths that fit.
fn shorter_pem(byte_len: u8) -> String {
    let mut spki = vec![0x30, byte_len + 10, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, byte_len + 1, 0];
    spki.extend(std::iter::repeat_n(0x11, byte_len.into()));
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", data_encoding::BASE64.encode(&spki))
}

/// FORMAT §6: a key made of the operator's and a point of order 8. Verifiers that multiply by the cofactor see no difference.
#[test]
fn a_key_of_mixed_order_is_refused() {
    let small = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let small: [u8; 32] = data_encoding::HEXLOWER.decode(small.as_bytes()).unwrap().try_into().unwrap();
    let small = ed25519_dalek::VerifyingKey::from_bytes(&small).unwrap().to_edwards();
    let mut draft = Draft::good();
    draft.point = (crate::package::operator_key().verifying_key().to_edwards() + small).compress().to_bytes();
    expect_invalid(&draft.build(), &["key-weak"]);
}

/// FORMAT §6: the holder of a key chooses R of small order: one commitment for every message.
#[test]
fn a_signature_with_r_of_small_order_is_refused() {
    let key = crate::package::operator_key();
    let mut files = Draft::good().build();
    let mut identity = [0; 32];
    identity[0] = 1;
    let message = [&identity[..], key.verifying_key().as_bytes(), files.bytes("seal/seal.json")].concat();
    let challenge = reduced(&sha2::Sha512::digest(&message));
    let mut secret = key.to_scalar_bytes();
    secret[0] &= 0xf8;
    secret[31] = secret[31] & 0x3f | 0x40;
    let signature = [&identity[..], &reduced(&product(&challenge, &secret))].concat();
    let lax = ed25519_dalek::Signature::from_slice(&signature).unwrap();
    key.verifying_key().verify(files.bytes("seal/seal.json"), &lax).expect("verifiers that are not strict accept it");
    files.set("seal/seal.sig", signature);
    expect_invalid(&files, &["seal-signature-invalid"]);
}

/// The product of two numbers, little end first.
fn product(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut sum = vec![0_u32; one.len() + other.len() + 1];
    for (i, a) in one.iter().enumerate() {
        for (j, b) in other.iter().enumerate() {
            let mut carry = u32::from(*a) * u32::from(*b);
            let mut at = i + j;
            while carry > 0 {
                let digit = sum[at] + (carry & 0xff);
                sum[at] = digit & 0xff;
                carry = (carry >> 8) + (digit >> 8);
                at += 1;
            }
        }
    }
    sum.into_iter().map(|digit| digit.to_le_bytes()[0]).collect()
}

/// What is left of a number, little end first, when the order of the group is taken away as often as it goes: bit by bit.
fn reduced(number: &[u8]) -> [u8; 32] {
    let mut rest = [0_u8; 33];
    for bit in (0..number.len() * 8).rev() {
        let mut carry = number[bit / 8] >> (bit % 8) & 1;
        for digit in &mut rest {
            (*digit, carry) = (*digit << 1 | carry, *digit >> 7);
        }
        let mut borrow = 0;
        let mut less = rest;
        for (digit, order) in less.iter_mut().zip(ORDER.into_iter().chain([0])) {
            let difference = i16::from(*digit) - i16::from(order) - borrow;
            borrow = i16::from(difference < 0);
            *digit = difference.rem_euclid(256).to_le_bytes()[0];
        }
        if borrow == 0 {
            rest = less;
        }
    }
    rest[..32].try_into().unwrap()
}

/// FORMAT §6: a signature in other forms than its 64 bytes, and bytes that are none.
#[test]
fn a_signature_in_another_form_is_none() {
    let good = Draft::good().build();
    let right = good.bytes("seal/seal.sig").to_vec();
    for signature in [
        right[..63].to_vec(),
        [&right[..], b"\n"].concat(),
        data_encoding::HEXLOWER.encode(&right).into_bytes(),
        data_encoding::BASE64.encode(&right).into_bytes(),
        vec![0; 64],
        vec![0xff; 64],
        Vec::new(),
    ] {
        let mut files = good.clone();
        files.set("seal/seal.sig", signature);
        expect_invalid(&files, &["seal-signature-invalid"]);
    }
}

/// FORMAT §6: S + L in place of S, which lax verifiers accept.
#[test]
fn a_signature_with_another_s_of_the_same_value_is_refused() {
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

/// The order of the group, little end first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
