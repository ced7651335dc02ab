//! Which digests and signatures a token may use, and the call that verifies one.
//!
//! The list is ours and closed: SHA-256, SHA-384, SHA-512; RSA PKCS#1 v1.5 and PSS (RFC 8017) with 2048 to 8192 bits,
//! ECDSA on P-256 and P-384, Ed25519 (RFC 8032). Identifiers choose from it, they never add to it. ECDSA with SHA-512, which
//! *ring* does not offer, stands in `ecdsa_sha512`.

use const_oid::ObjectIdentifier;
use rustls_pki_types::SignatureVerificationAlgorithm;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::ecdsa_sha512::{ECDSA_P256_SHA512, ECDSA_P384_SHA512};
use super::fault::{AlgorithmRole, TimestampFault};
use crate::codec::der::{DerFault, DerProblem, INTEGER, NULL, OBJECT_IDENTIFIER, SEQUENCE, Value};

/// A digest algorithm from the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

/// `AlgorithmIdentifier` (RFC 5280 §4.1.1.2), unjudged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AlgorithmIdentifier {
    pub(super) algorithm: ObjectIdentifier,
    /// The encoding of the parameters, if there are any.
    pub(super) parameters: Option<Vec<u8>>,
}

impl Digest {
    pub(super) fn new(identifier: &AlgorithmIdentifier) -> Option<Self> {
        match identifier.algorithm {
            _ if !identifier.has_no_parameters() => None,
            SHA_256 => Some(Self::Sha256),
            SHA_384 => Some(Self::Sha384),
            SHA_512 => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(super) fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    fn byte_len(self) -> u32 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl AlgorithmIdentifier {
    pub(super) fn read(value: &Value<'_>) -> Result<Self, DerFault> {
        let mut fields = value.fields();
        let algorithm = fields.expect(OBJECT_IDENTIFIER)?.object_identifier()?;
        let parameters = fields.remaining()?;
        match parameters.as_slice() {
            [] => Ok(Self { algorithm, parameters: None }),
            [only] => Ok(Self { algorithm, parameters: Some(only.encoding.to_vec()) }),
            [_, second, ..] => Err(DerFault { offset: second.offset, problem: DerProblem::TrailingBytes }),
        }
    }

    /// Absent and NULL mean the same (RFC 5754 §2, RFC 4055 §2.1), and both are written.
    pub(super) fn has_no_parameters(&self) -> bool {
        self.parameters.as_deref().is_none_or(|parameters| parameters == [NULL, 0])
    }
}

/// Verifies `signature` over `message` with the key in a `SubjectPublicKeyInfo`, given as its two parts.
///
/// `digest` is the digest algorithm that the signer names beside the signature algorithm; the two must agree. RFC 8419
/// asks Ed25519 signers for SHA-512 there; any listed digest is accepted, since it covers the content, not the
/// signature.
pub(super) fn verify(
    identifier: &AlgorithmIdentifier,
    digest: Digest,
    key_algorithm: &[u8],
    key: &[u8],
    message: &[u8],
    signature: &[u8],
    signer: &str,
) -> Result<(), TimestampFault> {
    let not_accepted = |role, claimed| TimestampFault::AlgorithmNotAccepted { role, claimed };
    let claimed = identifier.algorithm.to_string();
    let candidates =
        candidates(identifier, digest).ok_or_else(|| not_accepted(AlgorithmRole::Signature, claimed.clone()))?;
    let algorithm = candidates
        .iter()
        .find(|candidate| candidate.public_key_alg_id().as_ref() == key_algorithm)
        .ok_or_else(|| not_accepted(AlgorithmRole::Key, data_encoding::HEXLOWER.encode(key_algorithm)))?;
    algorithm
        .verify_signature(key, message, signature)
        .map_err(|_| TimestampFault::SignatureInvalid { algorithm: claimed, signer: signer.to_owned() })
}

/// Returns the verifications that a signature algorithm stands for, one for each kind of key.
fn candidates(
    identifier: &AlgorithmIdentifier,
    digest: Digest,
) -> Option<Vec<&'static dyn SignatureVerificationAlgorithm>> {
    use webpki::ring;

    if identifier.algorithm == RSASSA_PSS {
        let parameters = identifier.parameters.as_deref()?;
        return (pss_parameters(parameters).ok()?? == digest).then_some(match digest {
            Digest::Sha256 => vec![ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
            Digest::Sha384 => vec![ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
            Digest::Sha512 => vec![ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        });
    }
    if !identifier.has_no_parameters() {
        return None;
    }
    match (identifier.algorithm, digest) {
        (RSA_ENCRYPTION | SHA256_WITH_RSA, Digest::Sha256) => Some(vec![ring::RSA_PKCS1_2048_8192_SHA256]),
        (RSA_ENCRYPTION | SHA384_WITH_RSA, Digest::Sha384) => Some(vec![ring::RSA_PKCS1_2048_8192_SHA384]),
        (RSA_ENCRYPTION | SHA512_WITH_RSA, Digest::Sha512) => Some(vec![ring::RSA_PKCS1_2048_8192_SHA512]),
        (ECDSA_WITH_SHA256, Digest::Sha256) => Some(vec![ring::ECDSA_P256_SHA256, ring::ECDSA_P384_SHA256]),
        (ECDSA_WITH_SHA384, Digest::Sha384) => Some(vec![ring::ECDSA_P256_SHA384, ring::ECDSA_P384_SHA384]),
        (ECDSA_WITH_SHA512, Digest::Sha512) => Some(vec![ECDSA_P256_SHA512, ECDSA_P384_SHA512]),
        (ED25519, _) => Some(vec![ring::ED25519]),
        _ => None,
    }
}

/// Reads `RSASSA-PSS-params` (RFC 4055 §3.1): one listed digest for both purposes, a salt as long as it, trailer 1.
fn pss_parameters(encoding: &[u8]) -> Result<Option<Digest>, DerFault> {
    let mut fields = Value::only(encoding, SEQUENCE)?.fields();
    let (Some(hash), Some(mask), Some(salt)) = (fields.optional(0xa0)?, fields.optional(0xa1)?, fields.optional(0xa2)?)
    else {
        return Ok(None); // a default would be SHA-1
    };
    if let Some(trailer) = fields.optional(0xa3)?
        && trailer.inner(INTEGER)?.small_integer()? != 1
    {
        return Ok(None);
    }
    fields.finish()?;
    let digest = Digest::new(&AlgorithmIdentifier::read(&hash.inner(SEQUENCE)?)?);
    let mask = AlgorithmIdentifier::read(&mask.inner(SEQUENCE)?)?;
    let mask_digest = match mask.parameters {
        Some(parameters) if mask.algorithm == MGF1 => {
            Digest::new(&AlgorithmIdentifier::read(&Value::only(&parameters, SEQUENCE)?)?)
        }
        _ => None,
    };
    let salt_len = salt.inner(INTEGER)?.small_integer()?;
    Ok(digest.filter(|digest| mask_digest == Some(*digest) && salt_len == digest.byte_len()))
}

/// Returns SHA-1 of `bytes`: for the digest that names a certificate in tokens of the first kind, nothing else (see
/// `signer`).
pub(super) fn sha1_for_certificate_identifier(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

/// id-sha256 (RFC 5754).
pub(super) const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
pub(super) const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA384_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const SHA512_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
