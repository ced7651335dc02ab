//! Time stamps: requests for them (RFC 3161 §2.4.1) and everything a verifier must check about them.
//!
//! * [`request`] and [`nonce_for`] make the request for an imprint, always the same one, so that a verifier can make it
//!   again;
//! * [`parse_response`] reads what the authority answered, strictly: DER, one value, at most 64 KiB;
//! * [`Token::check`] holds the token against our own imprint and checks the signature and the signer (RFC 5652, RFC
//!   5816);
//! * [`Token::check_chain`] looks for a path to a root that the caller trusts, valid at the token's time.
//!
//! A token inside a package is a claim like any other: no certificate that comes with it is trusted for being there.
//! Nothing here reads a file, a clock or a network, and no input makes it panic.

#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)
)]

mod algorithm;
pub(in crate::crypto) mod certificate;
mod chain;
mod ecdsa_sha512;
mod fault;
#[cfg(test)]
mod forge;
mod imprint;
mod instant;
mod path_problem;
mod signer;
mod statement;
mod token;

pub use chain::{ChainReport, TrustRoot, TrustRootError, trust_roots_from_pem};
pub use fault::{AlgorithmRole, AttributeProblem, AuthorisationProblem, IdentificationProblem, TimestampFault};
pub use imprint::Imprint;
pub use signer::SignerDigest;
pub use token::{Token, parse_response};

use sha2::{Digest as _, Sha256};

use crate::codec::der::{
    BOOLEAN, DerFault, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, encode, encode_unsigned,
};
use certificate::Certificate;

/// Returns the nonce that FORMAT fixes for an imprint.
///
/// `nonce = first 8 bytes of SHA-256("signhold/nonce/v1" || imprint)`, with the top bit of the first byte cleared so
/// that the integer is positive. It ties a response to our request format, not to a moment: whoever has the imprint can
/// compute it.
#[must_use]
pub fn nonce_for<'a>(imprint: impl Into<Imprint<'a>>) -> [u8; 8] {
    let digest: [u8; 32] =
        Sha256::new().chain_update(NONCE_LABEL).chain_update(imprint.into().bytes()).finalize().into();
    let mut nonce = [0; 8];
    for (octet, from) in nonce.iter_mut().zip(digest) {
        *octet = from;
    }
    let [first, ..] = &mut nonce;
    *first &= 0x7f;
    nonce
}

/// Returns the `TimeStampReq` for an imprint: version 1, the nonce of [`nonce_for`], certificates wanted.
#[must_use]
pub fn request<'a>(imprint: impl Into<Imprint<'a>>) -> Vec<u8> {
    let imprint = imprint.into();
    let algorithm = encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[imprint.algorithm().as_bytes()]), &[NULL, 0]]);
    let message_imprint = encode(SEQUENCE, &[&algorithm, &encode(OCTET_STRING, &[imprint.bytes()])]);
    let version = encode(INTEGER, &[&[1]]);
    let wants_certificates = encode(BOOLEAN, &[&[0xff]]);
    encode(SEQUENCE, &[&version, &message_imprint, &nonce_integer(nonce_for(imprint)), &wants_certificates])
}

/// Returns the INTEGER for a nonce; leading zero bytes fall away, as DER demands.
fn nonce_integer(nonce: [u8; 8]) -> Vec<u8> {
    encode_unsigned(&nonce)
}

/// Names the field in which the encoding is wrong.
fn at(place: &'static str) -> impl Fn(DerFault) -> TimestampFault + Copy {
    move |problem| TimestampFault::Malformed { place, problem }
}

/// The label of the nonce: FORMAT, time stamps.
const NONCE_LABEL: &[u8] = b"signhold/nonce/v1";

/// 64 KiB: tokens of public authorities with their whole chain take 3 to 8 KiB; the rest is room for long chains and
/// post-quantum signatures.
pub const MAX_RESPONSE_LEN: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::forge::{Authority, IMPRINT};
    use super::*;

    #[test]
    fn the_request_is_what_rfc_3161_describes() {
        let expected = "30430201013031300d060960864801650304020105000420\
                        a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\
                        0208712fcfac5ca53aa20101ff";
        assert_eq!(data_encoding::HEXLOWER.encode(&request(&IMPRINT)), expected);
    }

    #[test]
    fn a_nonce_is_positive_and_depends_on_the_imprint() {
        assert_eq!(nonce_for(&IMPRINT), [0x71, 0x2f, 0xcf, 0xac, 0x5c, 0xa5, 0x3a, 0xa2]);
        for number in 0..=255 {
            let [first, ..] = nonce_for(&[number; 32]);
            assert!(first < 0x80);
        }
        assert_ne!(nonce_for(&[0; 32]), nonce_for(&[1; 32]));
    }

    #[test]
    fn a_nonce_with_leading_zeros_is_a_minimal_integer() {
        assert_eq!(nonce_integer([0, 0, 0, 0, 0, 0, 0, 0]), [2, 1, 0]);
        assert_eq!(nonce_integer([0, 0, 0, 0, 0, 0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(nonce_integer([0, 0x7f, 0, 0, 0, 0, 0, 0]), [2, 7, 0x7f, 0, 0, 0, 0, 0, 0]);
        let imprint = (0_u16..).map(|number| Sha256::digest(number.to_be_bytes()).into());
        let imprint: [u8; 32] = imprint.take(5000).find(|imprint| nonce_for(imprint)[0] == 0).expect("one in 128");
        let authority = Authority::good();
        let mut forge = authority.forge();
        forge.statement[forge::MESSAGE_IMPRINT] = forge::message_imprint(algorithm::SHA_256, &imprint);
        forge.statement[forge::NONCE] = nonce_integer(nonce_for(&imprint));
        assert_eq!(forge.parse().check(&imprint, Some(nonce_for(&imprint)), None), []);
    }

    macro_rules! vectors {
        ($($name:ident: $file:literal, $root:literal, $expected:expr;)*) => {$(
            #[test]
            fn $name() {
                let response = include_bytes!(concat!("../../../tests/vectors/timestamp/", $file));
                let roots = include_str!(concat!("../../../tests/vectors/timestamp/", $root));
                let imprint = Sha256::digest(include_bytes!("../../../tests/vectors/timestamp/stamped.txt")).into();
                let expected: &[&str] = &$expected;
                assert_eq!(codes(response, &imprint, roots), expected);
            }
        )*};
    }

    fn codes(response: &[u8], imprint: &[u8; 32], roots: &str) -> Vec<&'static str> {
        let roots = trust_roots_from_pem(roots).expect("a root");
        match parse_response(response) {
            Err(fault) => vec![fault.code()],
            Ok(token) => {
                let path = token.check_chain(&roots);
                let mut faults = token.check(imprint, None, Some(&["1.3.6.1.4.1.55555.1.1".to_owned()]));
                if let Err(fault) = path.map(|report| assert_eq!(report.subjects.len(), 3))
                    && !faults.contains(&fault)
                {
                    faults.push(fault);
                }
                faults.iter().map(TimestampFault::code).collect()
            }
        }
    }

    vectors! {
        openssl_rsa_with_a_fraction: "rsa-fraction.tsr", "rsa-root.pem", [];
        openssl_rsa_with_whole_seconds: "rsa-whole-second.tsr", "rsa-root.pem", [];
        openssl_rsa_named_by_sha1: "rsa-first-kind.tsr", "rsa-root.pem", [];
        openssl_rsa_4096_with_sha512: "rsa4096-sha512.tsr", "rsa4096-root.pem", [];
        openssl_p384_with_sha384: "p384-sha384.tsr", "p384-root.pem", [];
        openssl_cms_with_issuer_and_serial: "rsa-cms.tsr", "rsa-root.pem", [];
        openssl_rsa_pss: "rsa-pss.tsr", "rsa-root.pem", [];
        openssl_rsa_pss_with_a_long_salt: "rsa-pss-long-salt.tsr", "rsa-root.pem", ["timestamp-algorithm-not-accepted"];
        openssl_p384_with_sha512: "p384-sha512.tsr", "p384-root.pem", [];
        openssl_sha1_imprint: "rsa-sha1-imprint.tsr", "rsa-root.pem", ["timestamp-imprint-algorithm"];
        openssl_without_certificates: "rsa-without-certificates.tsr", "rsa-root.pem", ["timestamp-signer-not-identified"];
        openssl_rejection: "rsa-rejected.tsr", "rsa-root.pem", ["timestamp-rejected"];
        openssl_purpose_not_critical: "plain-purpose-not-critical.tsr", "plain-root.pem", ["timestamp-signer-not-authorised"];
        openssl_two_purposes: "two-purposes.tsr", "two-root.pem", ["timestamp-signer-not-authorised"];
        openssl_under_another_root: "rsa-fraction.tsr", "p384-root.pem", ["timestamp-chain-untrusted"];
    }

    fn examine(response: &[u8]) {
        if let Ok(token) = parse_response(response) {
            for fault in token.check(&IMPRINT, Some([0; 8]), Some(&[])) {
                assert!(fault.to_string().starts_with(fault.code()));
            }
            let _ = token.check_chain(&trust_roots_from_pem(GOOD_ROOT).expect("a root"));
            let _ = (token.signer_subject(), token.claimed_authority(), token.serial_hex());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_checker_panic(response in proptest::collection::vec(any::<u8>(), 0..512)) {
            examine(&response);
        }

        #[test]
        fn no_change_to_a_good_response_makes_the_checker_panic(
            changes in proptest::collection::vec((0..GOOD.len(), any::<u8>()), 1..4),
            cut in any::<prop::sample::Index>(),
            insert in proptest::collection::vec(any::<u8>(), 0..3),
        ) {
            let mut response = GOOD.to_vec();
            for (position, octet) in changes {
                response[position] = octet;
            }
            examine(&response);
            let at = cut.index(response.len());
            response.splice(at..at, insert);
            examine(&response);
        }
    }

    const GOOD: &[u8] = include_bytes!("../../../tests/vectors/timestamp/rsa-cms.tsr");
    const GOOD_ROOT: &str = include_str!("../../../tests/vectors/timestamp/rsa-root.pem");
}
