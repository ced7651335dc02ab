//! Identifiers of matters, acquisitions and packages (FORMAT §5): each is one path segment and valid for ever after.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::path::{NotAPath, check_segment};
use crate::time::{Bound, LocalTime};

/// The case's identifier, chosen by the operator; one path segment of at most 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatterId(String);

/// `YYYYMMDDTHHMMSSZ-` and 8 hexadecimal digits: when an acquisition was planned, and a random part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AcquisitionId(String);

/// Matter `_` acquisition, with `_vN` from the second volume on: a package's top directory and file stem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(String);

impl AcquisitionId {
    /// Makes the identifier of an acquisition planned at `planned`; `random` comes from the caller.
    #[must_use]
    pub fn new(planned: LocalTime, random: [u8; 4]) -> Self {
        Self(format!("{}-{}", planned.compact(), HEXLOWER.encode(&random)))
    }
}

impl PackageId {
    /// Makes the identifier of volume `volume` of an acquisition.
    #[must_use]
    pub fn new(matter: &MatterId, acquisition: &AcquisitionId, volume: u64) -> Self {
        if volume <= 1 {
            Self(format!("{matter}_{acquisition}"))
        } else {
            Self(format!("{matter}_{acquisition}_v{volume}"))
        }
    }
}

impl FromStr for MatterId {
    type Err = NotAnIdentifier;

    fn from_str(text: &str) -> Result<Self, NotAnIdentifier> {
        check_segment(text).map_err(|reason| NotAnIdentifier { text: text.to_owned(), reason })?;
        if text.len() > MAX_MATTER_BYTE_LEN {
            return Err(NotAnIdentifier { text: text.to_owned(), reason: NotAPath::TooLong(text.len()) });
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for AcquisitionId {
    type Err = NotAnIdentifier;

    fn from_str(text: &str) -> Result<Self, NotAnIdentifier> {
        let malformed = || NotAnIdentifier { text: text.to_owned(), reason: NotAPath::Segment(text.to_owned()) };
        let (instant, random) = text.split_once('-').ok_or_else(malformed)?;
        let random_is_right = random.len() == 8 && HEXLOWER.decode(random.as_bytes()).is_ok();
        let part = |range: std::ops::Range<usize>| instant.get(range).unwrap_or_default();
        let spelled =
            format!("{}-{}-{}T{}:{}:{}Z", part(0..4), part(4..6), part(6..8), part(9..11), part(11..13), part(13..15));
        let instant_is_right =
            instant.len() == 16 && part(8..9) == "T" && part(15..16) == "Z" && spelled.parse::<Bound>().is_ok();
        if random_is_right && instant_is_right { Ok(Self(text.to_owned())) } else { Err(malformed()) }
    }
}

impl FromStr for PackageId {
    type Err = NotAnIdentifier;

    fn from_str(text: &str) -> Result<Self, NotAnIdentifier> {
        check_segment(text).map_err(|reason| NotAnIdentifier { text: text.to_owned(), reason })?;
        Ok(Self(text.to_owned()))
    }
}

macro_rules! text_identifiers {
    ($($name:ident),*) => {$(
        impl $name {
            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
text_identifiers!(MatterId, AcquisitionId, PackageId);

/// Text that cannot be an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid identifier: {reason}")]
pub struct NotAnIdentifier {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: NotAPath,
}

/// 64 bytes: FORMAT §5; leaves room for the longest path below the top directory.
const MAX_MATTER_BYTE_LEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_after_matter_and_time() {
        let matter: MatterId = "ACME-2026-014".parse().unwrap();
        let planned = "2026-11-22T06:04:52.113Z".parse().unwrap();
        let acquisition = AcquisitionId::new(planned, [0x1a, 0x2b, 0x3c, 0x4d]);
        assert_eq!(acquisition.to_string().parse(), Ok(acquisition.clone()));
        assert_eq!(PackageId::new(&matter, &acquisition, 1).as_str(), "ACME-2026-014_20261122T060452Z-1a2b3c4d");
        assert_eq!(PackageId::new(&matter, &acquisition, 2).as_str(), "ACME-2026-014_20261122T060452Z-1a2b3c4d_v2");
    }

    #[test]
    fn names_that_a_file_system_or_shell_would_twist_are_refused() {
        for text in ["", "-x", ".x", "a/b", "a b", "a.", "nul", "COM1.txt", "é", "a:b"] {
            assert!(text.parse::<MatterId>().is_err(), "{text}");
        }
        assert!("x".repeat(65).parse::<MatterId>().is_err());
    }

    #[test]
    fn acquisition_identifiers_have_one_form() {
        for text in [
            "20261122T060452Z",
            "20261122T060452Z-1A2B3C4D",
            "20261322T060452Z-1a2b3c4d",
            "20261122T060452Z-1a2b3c4d5",
            "2026112xT060452Z-1a2b3c4d",
        ] {
            assert!(text.parse::<AcquisitionId>().is_err(), "{text}");
        }
    }
}
