//! What a token is about: the digest of the stamped bytes, by one of two algorithms.
//!
//! Genesis and seal are stamped by SHA-256 (FORMAT §11), renewals by SHA-512 (FORMAT, renewal), so that a renewal still binds the
//! archive when SHA-256 no longer does.

use super::algorithm;
use const_oid::ObjectIdentifier;

/// A digest that a token is asked for, or held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imprint<'a> {
    /// FIPS 180-4 SHA-256.
    Sha256(&'a [u8; 32]),
    /// FIPS 180-4 SHA-512.
    Sha512(&'a [u8; 64]),
}

impl<'a> Imprint<'a> {
    pub(super) fn bytes(self) -> &'a [u8] {
        match self {
            Imprint::Sha256(bytes) => bytes,
            Imprint::Sha512(bytes) => bytes,
        }
    }

    pub(super) fn algorithm(self) -> ObjectIdentifier {
        match self {
            Imprint::Sha256(_) => algorithm::SHA_256,
            Imprint::Sha512(_) => algorithm::SHA_512,
        }
    }
}

impl<'a> From<&'a [u8; 32]> for Imprint<'a> {
    fn from(bytes: &'a [u8; 32]) -> Self {
        Imprint::Sha256(bytes)
    }
}

impl<'a> From<&'a [u8; 64]> for Imprint<'a> {
    fn from(bytes: &'a [u8; 64]) -> Self {
        Imprint::Sha512(bytes)
    }
}
