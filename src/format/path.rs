//! Paths below a package's top directory (FORMAT §§4.6, 5), the only place where they are built.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path that FORMAT §5 allows, below the top directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackagePath(String);

impl PackagePath {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// [`NotAPath`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, NotAPath> {
        if text.len() > MAX_PATH_BYTE_LEN {
            return Err(NotAPath::TooLong(text.len()));
        }
        let segment_count = text.split('/').count();
        if segment_count > MAX_SEGMENTS {
            return Err(NotAPath::TooDeep(segment_count));
        }
        text.split('/').try_for_each(check_segment)?;
        Ok(Self(text.to_owned()))
    }

    /// `data/records/N.json`.
    #[must_use]
    pub fn page_record(sequence: u64) -> Self {
        Self(format!("data/records/{sequence:06}.json"))
    }

    /// `data/records/N.sig`.
    #[must_use]
    pub fn page_signature(sequence: u64) -> Self {
        Self(format!("data/records/{sequence:06}.sig"))
    }

    /// `data/records/N.tsr`.
    #[must_use]
    pub fn page_timestamp(sequence: u64) -> Self {
        Self(format!("data/records/{sequence:06}.tsr"))
    }

    /// `data/pages/N.json`, or `.bin` when the service did not call it JSON.
    #[must_use]
    pub fn page_body(sequence: u64, is_json: bool) -> Self {
        Self(format!("data/pages/{sequence:06}.{}", if is_json { "json" } else { "bin" }))
    }

    /// `data/failures/N.json`.
    #[must_use]
    pub fn failure_record(sequence: u64) -> Self {
        Self(format!("data/failures/{sequence:06}.json"))
    }

    /// `data/failures/N.sig`.
    #[must_use]
    pub fn failure_signature(sequence: u64) -> Self {
        Self(format!("data/failures/{sequence:06}.sig"))
    }

    /// `data/failures/N.body`.
    #[must_use]
    pub fn failure_body(sequence: u64) -> Self {
        Self(format!("data/failures/{sequence:06}.body"))
    }

    /// `data/genesis.tsr`, `data/genesis-2.tsr`, …: the timestamp with that number, from 1.
    #[must_use]
    pub fn genesis_timestamp(number: usize) -> Self {
        Self(numbered("data/genesis", number))
    }

    /// `seal/seal.tsr`, `seal/seal-2.tsr`, …: the timestamp with that number, from 1.
    #[must_use]
    pub fn seal_timestamp(number: usize) -> Self {
        Self(numbered("seal/seal", number))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PackagePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PackagePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Checks one path segment: letters, digits, `.`, `_`, `-`, beginning with a letter or digit, not ending in `.`, no device name.
///
/// # Errors
///
/// [`NotAPath`] with what is wrong.
pub fn check_segment(segment: &str) -> Result<(), NotAPath> {
    let starts_well = segment.starts_with(|c: char| c.is_ascii_alphanumeric());
    let allowed = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if !starts_well || !allowed || segment.ends_with('.') {
        return Err(NotAPath::Segment(segment.to_owned()));
    }
    let stem = segment.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered_device = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let is_numbered_device = numbered_device.is_some_and(|n| matches!(n.as_bytes(), [b'1'..=b'9']));
    if is_numbered_device || matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") {
        return Err(NotAPath::DeviceName(segment.to_owned()));
    }
    Ok(())
}

/// Why text is not a path or segment that FORMAT §5 allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAPath {
    /// A name that Windows gives to a device.
    #[error("`{0}` is a device name on Windows")]
    DeviceName(String),
    /// A segment with other characters than letters, digits, `.`, `_`, `-`.
    #[error("`{0}` may only hold letters, digits, `.`, `_` and `-`, begin with a letter or digit, and not end in `.`")]
    Segment(String),
    /// More segments than allowed.
    #[error("{0} segments, at most 15 are allowed below the top directory")]
    TooDeep(usize),
    /// More bytes than allowed.
    #[error("{0} bytes are too many")]
    TooLong(usize),
}

/// `bagit.txt`.
pub const BAGIT: &str = "bagit.txt";
/// `bag-info.txt`.
pub const BAG_INFO: &str = "bag-info.txt";
/// `manifest-sha256.txt`.
pub const MANIFEST: &str = "manifest-sha256.txt";
/// `tagmanifest-sha256.txt`.
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// `README.txt`.
pub const README: &str = "README.txt";
/// `keys/signer.pem`.
pub const SIGNER_KEY: &str = "keys/signer.pem";
/// `keys/signer-cert.pem`.
pub const SIGNER_CERTIFICATE: &str = "keys/signer-cert.pem";
/// The revocation lists kept for the time stamps, where there are any.
pub const TIMESTAMP_LISTS: &str = "keys/tsa-crls.pem";
/// `keys/operator.pem`.
pub const OPERATOR_KEY: &str = "keys/operator.pem";
/// `data/genesis.json`.
pub const GENESIS: &str = "data/genesis.json";
/// `data/genesis.sig`.
pub const GENESIS_SIGNATURE: &str = "data/genesis.sig";
/// `data/log/run.jsonl`.
pub const RUN_LOG: &str = "data/log/run.jsonl";
/// `seal/seal.json`.
pub const SEAL: &str = "seal/seal.json";
/// `seal/seal.sig`.
pub const SEAL_SIGNATURE: &str = "seal/seal.sig";

/// 200 bytes with the top directory: FORMAT §5.
const MAX_PATH_BYTE_LEN: usize = 200;
/// 16 segments with the top directory: FORMAT §5.
const MAX_SEGMENTS: usize = 15;

fn numbered(stem: &str, number: usize) -> String {
    if number <= 1 { format!("{stem}.tsr") } else { format!("{stem}-{number}.tsr") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_leave_the_package_are_refused() {
        for text in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/../b",
            "./a",
            "a\\b",
            "C:a",
            "a/b.",
            "data/NUL.json",
            "data/lpt9",
            "a\n",
            "a/~x",
        ] {
            assert!(PackagePath::new(text).is_err(), "{text:?}");
        }
        assert!(PackagePath::new(&"a/".repeat(15)).is_err());
        assert!(PackagePath::new(&"a".repeat(201)).is_err());
    }

    #[test]
    fn built_paths_are_allowed_paths() {
        for path in [
            PackagePath::page_record(1),
            PackagePath::page_body(20_000, false),
            PackagePath::failure_body(7),
            PackagePath::genesis_timestamp(1),
            PackagePath::seal_timestamp(2),
        ] {
            assert_eq!(PackagePath::new(path.as_str()), Ok(path));
        }
        assert_eq!(PackagePath::genesis_timestamp(2).as_str(), "data/genesis-2.tsr");
    }
}
