//! SHA-256 digests, one type for each thing that is digested (FORMAT §2).
//!
//! A page's digest can then never be compared with a manifest's by mistake. All of them print and serialise as 64 lower-case
//! hexadecimal digits, and read nothing else.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256, Sha512};

/// Text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest of 64 lower-case hexadecimal digits")]
pub struct NotADigest(pub String);

macro_rules! digests {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// Computes the digest of `bytes`.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(Sha256::digest(bytes).into())
            }

            /// Takes 32 bytes that are such a digest already.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Returns the 32 bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = NotADigest;

            fn from_str(text: &str) -> Result<Self, NotADigest> {
                let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
                bytes.map(Self).ok_or_else(|| NotADigest(text.to_owned()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

digests! {
    /// Of all archive bytes before the seal (FORMAT §9, `archive`).
    ArchiveDigest,
    /// Of a certificate in DER.
    CertificateDigest,
    /// Of a line of a ledger, without its line feed (FORMAT §20.1).
    EventDigest,
    /// Of a whole file: one named by a manifest (FORMAT §10), a package as handed over (FORMAT §20.2).
    FileDigest,
    /// Of the bytes of a genesis document.
    GenesisDigest,
    /// Of the first line of a ledger: its name (FORMAT §20.1).
    LedgerName,
    /// Of a Merkle leaf, domain byte included (FORMAT §8).
    LeafHash,
    /// Of a page body as stored.
    PageDigest,
    /// Of the bytes of a page record, or of genesis for the first: what a record's `previous` names (FORMAT §6.2).
    RecordDigest,
    /// The root of a Merkle tree (FORMAT §8).
    RootHash,
    /// Of the bytes of a seal.
    SealDigest,
    /// Of the tag manifest.
    TagManifestDigest,
    /// Of a timestamp file.
    TimestampDigest,
}

/// SHA-512 of what a renewal is over (FORMAT §§11.1, 20.4): 128 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WideDigest(pub [u8; 64]);

impl WideDigest {
    /// Digests bytes by SHA-512.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha512::digest(bytes).into())
    }
}

impl Serialize for WideDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for WideDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("not 128 lower-case hexadecimal digits"))
    }
}

/// The first four bytes of SHA-256: a hint where to look for something, and no proof of anything.
pub type Prefix = [u8; 4];

/// Returns the prefix of a text.
#[must_use]
pub fn prefix(text: &str) -> Prefix {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    [a, b, c, d]
}

/// Stands for an element that has not exactly one identifier in plain letters: where it is, one has to look.
pub const UNNAMED: Prefix = [0; 4];

/// Returns what an index holds of an element: the prefix of its identifier, or [`UNNAMED`].
#[must_use]
pub fn prefix_of(id: Option<&str>) -> Prefix {
    id.map_or(UNNAMED, prefix)
}

/// A digest that is fed piece by piece.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the digest of everything taken so far, as bytes for one of the digest types.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_abc_is_the_one_in_fips_180() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(FileDigest::of(b"abc").to_string(), expected);
        assert_eq!(expected.parse::<FileDigest>(), Ok(FileDigest::of(b"abc")));
        assert_eq!(prefix("abc"), [0xba, 0x78, 0x16, 0xbf]);
        let mut hasher = Hasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(FileDigest::from_bytes(hasher.finish()), FileDigest::of(b"abc"));
    }

    #[test]
    fn upper_case_short_and_long_text_is_no_digest() {
        let good = FileDigest::of(b"abc").to_string();
        for text in [
            good.to_uppercase(),
            good.get(1..).unwrap().to_owned(),
            format!("{good}0"),
            format!("{good}00"),
            String::new(),
        ] {
            assert_eq!(text.parse::<FileDigest>(), Err(NotADigest(text.clone())));
        }
    }
}
