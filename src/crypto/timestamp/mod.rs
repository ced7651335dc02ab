//! Time stamps: requests for them (RFC 3161 §2.4.1) and everything a verifier must check about them.
//!
//! * [`request`] and [`nonce_for`] make the request for an imprint, always the same one, so that a verifier can make it again;
//! * [`parse_response`] reads what the authority answered, strictly: DER, one value, at most 64 KiB;
//! * [`Token::check`] holds the token against our own imprint and checks the signature and the signer (RFC 5652, RFC 5816);
//! * [`Token::check_chain`] looks for a path to a root that the caller trusts, valid at the token's time.
//!
//! A token inside a package is a claim like any other: no certificate that comes with it is trusted for being there. Nothing
//! here reads a file, a clock or a network, and no input makes it panic.

mod algorithm;
mod certificate;
mod chain;
mod fault;
#[cfg(test)]
mod forge;
mod instant;
mod signer;
mod token;

pub use chain::{ChainReport, TrustRoot, TrustRootError, trust_roots_from_pem};
pub use fault::{AlgorithmRole, AttributeProblem, AuthorisationProblem, IdentificationProblem, TimestampFault};
pub use signer::SignerDigest;
pub use token::{Token, parse_response};

use sha2::{Digest as _, Sha256};

use crate::codec::der::{BOOLEAN, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, encode, encode_unsigned};
use certificate::Certificate;

/// Returns the nonce that FORMAT fixes for an imprint.
///
/// `nonce = first 8 bytes of SHA-256("signhold/nonce/v1" || imprint)`, with the top bit of the first byte cleared so that the
/// integer is positive. It ties a response to our request format, not to a moment: whoever has the imprint can compute it.
#[must_use]
pub fn nonce_for(imprint: &[u8; 32]) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::new().chain_update(NONCE_LABEL).chain_update(imprint).finalize().into();
    let [first, b, c, d, e, f, g, h, ..] = digest;
    [first & 0x7f, b, c, d, e, f, g, h]
}

/// Returns the `TimeStampReq` for an imprint: version 1, SHA-256, the nonce of [`nonce_for`], certificates wanted.
#[must_use]
pub fn request(imprint: &[u8; 32]) -> Vec<u8> {
    let algorithm = encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[algorithm::SHA_256.as_bytes()]), &[NULL, 0]]);
    let message_imprint = encode(SEQUENCE, &[&algorithm, &encode(OCTET_STRING, &[imprint])]);
    let version = encode(INTEGER, &[&[1]]);
    let wants_certificates = encode(BOOLEAN, &[&[0xff]]);
    encode(SEQUENCE, &[&version, &message_imprint, &nonce_integer(nonce_for(imprint)), &wants_certificates])
}

/// Returns the INTEGER for a nonce; leading zero bytes fall away, as DER demands.
fn nonce_integer(nonce: [u8; 8]) -> Vec<u8> {
    encode_unsigned(&nonce)
}

/// The label of the nonce: FORMAT, time stamps.
const NONCE_LABEL: &[u8] = b"signhold/nonce/v1";

/// 64 KiB: tokens of public authorities with their whole chain take 3 to 8 KiB; the rest is room for long chains and
/// post-quantum signatures.
pub const MAX_RESPONSE_LEN: usize = 64 * 1024;
