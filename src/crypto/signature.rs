//! Ed25519 verification, strict (RFC 8032, FORMAT §6), and fingerprints of public keys.
//!
//! Strict means: canonical public key and R, neither of small order, S below the group order, no cofactor. Stock verifiers
//! accept a small-order key, under which one signature fits every message; that is why a weak key is refused before any
//! signature is looked at. Private keys are not here: they live behind [`Signer`].

use std::fmt;
use std::str::FromStr;

use bip39::Mnemonic;
use data_encoding::HEXLOWER;
use ed25519_dalek::VerifyingKey;
use pkcs8::der::pem::{LineEnding, encode_string};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// SHA-256 of a SubjectPublicKeyInfo (FORMAT §6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Returns the 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the fingerprint as 24 English words (BIP-39), for reading out over a telephone; the last word checks the rest.
    #[must_use]
    pub fn words(&self) -> String {
        Mnemonic::from_entropy(&self.0).map(|words| words.to_string()).unwrap_or_default()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    /// Reads 64 lower-case hexadecimal digits or 24 words.
    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        if let Some(bytes) = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok()) {
            return Ok(Self(bytes));
        }
        let words = Mnemonic::parse_normalized(text).map_err(|_| NotAFingerprint)?;
        words.to_entropy().try_into().map(Self).map_err(|_| NotAFingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fingerprint: Self = text.parse().map_err(serde::de::Error::custom)?;
        if fingerprint.to_string() == text { Ok(fingerprint) } else { Err(serde::de::Error::custom(NotAFingerprint)) }
    }
}

/// Text that is neither 64 lower-case hexadecimal digits nor 24 words with a right check word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 lower-case hexadecimal digits or 24 words")]
pub struct NotAFingerprint;

/// The 64 raw bytes of an Ed25519 signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes the 64 bytes of a signature file; `None` when there are more or fewer.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Returns the 64 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl From<[u8; 64]> for Signature {
    fn from(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }
}

/// Whoever holds a private key. The key itself never crosses this line.
pub trait Signer: Sync {
    /// Returns the public half.
    fn public_key(&self) -> PublicKey;

    /// Returns the signature over `message`. The same message always gets the same signature (RFC 8032 is deterministic).
    ///
    /// A signature that came from outside this process was verified with [`Signer::public_key`] before it is returned. Nothing is
    /// tried twice.
    ///
    /// # Errors
    ///
    /// [`NotSigned`] when the key is out of reach; a key in memory never is.
    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned>;
}

/// Why there is no signature: a token was taken out, an agent ended or refuses, or what came back is not a signature of this key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key did not sign: {0}")]
pub struct NotSigned(pub String);

/// An Ed25519 public key that is canonically encoded and not weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes the 32 bytes of RFC 8032.
    ///
    /// # Errors
    ///
    /// [`KeyError::Malformed`] when they encode no point, or encode one in a second way; [`KeyError::Weak`] when the point is of
    /// small order, or has a part of small order: verifiers with and without cofactor disagree about signatures under such a key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Malformed)?;
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        // Decompression forgets a non-canonical y; compressing again shows it.
        if key.to_edwards().compress().to_bytes() != *bytes {
            return Err(KeyError::Malformed);
        }
        if !key.to_edwards().is_torsion_free() {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// Reads a public key in PEM, exactly as [`PublicKey::to_pem`] writes it.
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_bytes`], and [`KeyError::Malformed`] for any other text, a second key or a private one among them.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, der) = pkcs8::der::pem::decode_vec(pem.as_bytes()).map_err(|_| KeyError::Malformed)?;
        let key = Self::from_spki(&der)?;
        if label == PEM_LABEL && key.to_pem() == pem { Ok(key) } else { Err(KeyError::Malformed) }
    }

    /// Reads the 44 bytes of a SubjectPublicKeyInfo (RFC 8410).
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_bytes`], and [`KeyError::Malformed`] for any other bytes.
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let bytes = spki.strip_prefix(&SPKI_PREFIX).and_then(|rest| <&[u8; 32]>::try_from(rest).ok());
        Self::from_bytes(bytes.ok_or(KeyError::Malformed)?)
    }

    /// Returns the 32 bytes of RFC 8032.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Returns the key as PEM (RFC 7468) with LF line ends.
    #[must_use]
    pub fn to_pem(&self) -> String {
        encode_string(PEM_LABEL, LineEnding::LF, &self.to_spki()).unwrap_or_default()
    }

    /// Returns the 44 bytes of the SubjectPublicKeyInfo (RFC 8410).
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        [SPKI_PREFIX.as_slice(), self.0.as_bytes()].concat()
    }

    /// Returns the key's fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.to_spki()).into())
    }

    /// Says whether `signature` over `message` is this key's, strictly.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(message, &signature).is_ok()
    }
}

/// What is wrong with a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not an Ed25519 SubjectPublicKeyInfo in PEM, or a second encoding of one.
    #[error("not an Ed25519 public key in PEM")]
    Malformed,
    /// A point of small order: one signature under it fits every message.
    #[error("an Ed25519 public key of small order")]
    Weak,
}

/// The twelve bytes before the key in every Ed25519 SubjectPublicKeyInfo (RFC 8410 §10.1).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM_LABEL: &str = "PUBLIC KEY";

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn signing_key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    #[test]
    fn pem_and_fingerprint_round_trip() {
        let key = PublicKey::from_bytes(signing_key().verifying_key().as_bytes()).unwrap();
        assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key));
        assert_eq!(key.to_pem().lines().count(), 3);
        let fingerprint = key.fingerprint();
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        assert_eq!(fingerprint.words().split(' ').count(), 24);
        assert_eq!(fingerprint.words().parse(), Ok(fingerprint));
    }

    #[test]
    fn pem_with_anything_more_is_refused() {
        let pem = PublicKey::from_bytes(signing_key().verifying_key().as_bytes()).unwrap().to_pem();
        for text in [
            format!("{pem}{pem}"),
            format!("{pem}\n"),
            pem.replace('\n', "\r\n"),
            pem.replace("PUBLIC", "PRIVATE"),
            format!("x\n{pem}"),
        ] {
            assert_eq!(PublicKey::from_pem(&text), Err(KeyError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_signature_is_bound_to_key_and_message() {
        let key = PublicKey::from_bytes(signing_key().verifying_key().as_bytes()).unwrap();
        let signature = Signature(signing_key().sign(b"message").to_bytes());
        assert!(key.verify(b"message", &signature));
        assert!(!key.verify(b"messagf", &signature));
        let other = PublicKey::from_bytes(SigningKey::from_bytes(&[8; 32]).verifying_key().as_bytes()).unwrap();
        assert!(!other.verify(b"message", &signature));
    }

    #[test]
    fn small_order_keys_are_refused() {
        let identity = {
            let mut bytes = [0; 32];
            bytes[0] = 1;
            bytes
        };
        assert_eq!(PublicKey::from_bytes(&identity), Err(KeyError::Weak));
        assert_eq!(PublicKey::from_bytes(&[0; 32]), Err(KeyError::Weak));
    }

    /// The eight points of small order, each with either sign bit, and the encodings above the field's prime that decode to one.
    const SMALL_ORDER: [&str; 7] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    fn point(hexadecimal: &str) -> [u8; 32] {
        HEXLOWER.decode(hexadecimal.as_bytes()).unwrap().try_into().unwrap()
    }

    #[test]
    fn every_encoding_of_a_point_of_small_order_is_refused() {
        for mut bytes in SMALL_ORDER.map(point) {
            assert!(PublicKey::from_bytes(&bytes).is_err());
            bytes[31] ^= 0x80;
            assert!(PublicKey::from_bytes(&bytes).is_err());
        }
    }

    #[test]
    fn a_key_with_a_part_of_small_order_is_refused() {
        let honest = signing_key().verifying_key().to_edwards();
        for small in &SMALL_ORDER[2..5] {
            let mixed = honest + VerifyingKey::from_bytes(&point(small)).unwrap().to_edwards();
            let bytes = mixed.compress().to_bytes();
            assert!(!VerifyingKey::from_bytes(&bytes).unwrap().is_weak(), "not weak by the library's word");
            assert_eq!(PublicKey::from_bytes(&bytes), Err(KeyError::Weak));
        }
        assert!(PublicKey::from_bytes(&honest.compress().to_bytes()).is_ok());
    }

    #[test]
    fn a_key_in_a_second_encoding_is_refused() {
        // y = p + 3, which encodes the same point as y = 3 where that is on the curve; p = 2^255 - 19.
        for low in 0xed..=0xff_u8 {
            let mut bytes = [0xff; 32];
            bytes[0] = low;
            bytes[31] = 0x7f;
            assert!(PublicKey::from_bytes(&bytes).is_err(), "{low:x}");
        }
    }

    #[test]
    fn a_signature_with_s_plus_group_order_is_refused() {
        let order = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10_u8,
        ];
        let mut bytes = signing_key().sign(b"message").to_bytes();
        let mut carry = 0;
        for (byte, add) in bytes.iter_mut().skip(32).zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        let key = PublicKey::from_bytes(signing_key().verifying_key().as_bytes()).unwrap();
        assert!(!key.verify(b"message", &Signature(bytes)));
    }
}
