//! ECDSA with SHA-512 on P-256 and P-384 (FIPS 186-5, RFC 5758 §3.2), as `rustls-webpki` wants its algorithms.
//!
//! Apart from the rest because *ring*, which verifies everything else, does not offer it, and authorities sign so. The curves are
//! the RustCrypto ones; only public data pass through here. What is accepted is what *ring* accepts of the other digests: a
//! point in its uncompressed form, and a signature in strict DER with neither number zero.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use sha2::{Digest as _, Sha512};

/// ECDSA on P-256 with SHA-512.
pub(super) const ECDSA_P256_SHA512: &dyn SignatureVerificationAlgorithm = &P256;
/// ECDSA on P-384 with SHA-512.
pub(super) const ECDSA_P384_SHA512: &dyn SignatureVerificationAlgorithm = &P384;

#[derive(Debug)]
struct P256;

#[derive(Debug)]
struct P384;

impl SignatureVerificationAlgorithm for P256 {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        use p256::ecdsa::{DerSignature, VerifyingKey};
        check_uncompressed(public_key)?;
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = DerSignature::from_bytes(signature).map_err(|_| InvalidSignature)?;
        key.verify_prehash(&Sha512::digest(message), &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA512
    }
}

impl SignatureVerificationAlgorithm for P384 {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        use p384::ecdsa::{DerSignature, VerifyingKey};
        check_uncompressed(public_key)?;
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = DerSignature::from_bytes(signature).map_err(|_| InvalidSignature)?;
        key.verify_prehash(&Sha512::digest(message), &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P384
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA512
    }
}

/// SEC 1 §2.3.3 has further forms of a point; X.509 has them, too, and nobody writes them.
fn check_uncompressed(public_key: &[u8]) -> Result<(), InvalidSignature> {
    if public_key.first() == Some(&4) { Ok(()) } else { Err(InvalidSignature) }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::hazmat::PrehashSigner as _;

    use super::*;

    /// One signature over `message` with a key made of ones, and the public point.
    fn signed(message: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let key = p256::ecdsa::SigningKey::from_bytes(&[1; 32].into()).expect("a scalar");
        let signature: p256::ecdsa::Signature = key.sign_prehash(&Sha512::digest(message)).expect("a signature");
        let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        (point, signature.to_der().as_bytes().to_vec())
    }

    #[test]
    fn a_signature_fits_its_key_and_message_alone() {
        let (point, signature) = signed(b"stamped");
        assert!(ECDSA_P256_SHA512.verify_signature(&point, b"stamped", &signature).is_ok());
        assert!(ECDSA_P256_SHA512.verify_signature(&point, b"Stamped", &signature).is_err());
        assert!(ECDSA_P384_SHA512.verify_signature(&point, b"stamped", &signature).is_err());
    }

    /// Zero for r or s fits every message where a verifier forgets to look (CVE-2022-21449).
    #[test]
    fn numbers_of_zero_and_slack_encodings_are_refused() {
        let (point, signature) = signed(b"stamped");
        let slack = [&signature[..], &[0]].concat();
        let padded = {
            let mut padded = signature.clone();
            padded.splice(4..4, [0]);
            padded[1] += 1;
            padded[3] += 1;
            padded
        };
        let raw = vec![7; 64];
        for bad in [&[0x30, 6, 2, 1, 0, 2, 1, 0][..], &[0x30, 6, 2, 1, 1, 2, 1, 0], &slack, &padded, &raw, &[]] {
            assert!(ECDSA_P256_SHA512.verify_signature(&point, b"stamped", bad).is_err());
            assert!(ECDSA_P384_SHA512.verify_signature(&point, b"stamped", bad).is_err());
        }
    }

    #[test]
    fn a_compressed_point_is_refused() {
        let (point, signature) = signed(b"stamped");
        let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
        assert!(p256::ecdsa::VerifyingKey::from_sec1_bytes(&compressed).is_ok(), "the curve itself would take it");
        assert!(ECDSA_P256_SHA512.verify_signature(&compressed, b"stamped", &signature).is_err());
    }
}
