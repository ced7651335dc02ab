//! Step 22, FORMAT §21.1: which files an exhibit has, in which order, and how long they may be.

use crate::format::exhibit::paths;
use crate::verify::budget;
use crate::verify::checks::container::{Part, Role};

/// What a file of an exhibit is, by its path alone; ordered as the entries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ExhibitRole {
    Statement,
    Signature,
    ExhibitorKey,
    Manifest,
    Readme,
    /// Of the records, for people.
    List,
    /// With its number, from 1.
    Shown(u64, Form),
    /// A file of the package.
    OfPackage(Role),
}

/// Which file of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    /// The exact bytes of the element.
    Record,
    /// A rendering for people.
    Readable,
}

impl ExhibitRole {
    /// Reads a path below the top directory; `None` for one that no exhibit has.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path {
            paths::STATEMENT => Self::Statement,
            paths::SIGNATURE => Self::Signature,
            paths::EXHIBITOR_KEY => Self::ExhibitorKey,
            paths::MANIFEST => Self::Manifest,
            paths::README => Self::Readme,
            paths::LIST => Self::List,
            _ => {
                if let Some(path) = path.strip_prefix(paths::PACKAGE) {
                    Self::OfPackage(Role::of(path).filter(|role| is_taken(*role))?)
                } else if let Some(rest) = path.strip_prefix("records/") {
                    Self::Shown(number(rest, ".json")?, Form::Record)
                } else {
                    Self::Shown(number(path.strip_prefix("readable/")?, ".html")?, Form::Readable)
                }
            }
        })
    }

    /// Returns the most bytes such a file may have, FORMAT §§15, 21.5.
    pub(super) fn byte_limit(self) -> u64 {
        match self {
            Self::Statement => budget::EXHIBIT_BYTES,
            Self::Signature => budget::SIGNATURE_BYTES,
            Self::ExhibitorKey => budget::TAG_FILE_BYTES,
            Self::Manifest => budget::MANIFEST_BYTES,
            Self::Shown(_, Form::Record) => budget::PAGE_BYTES,
            Self::OfPackage(role) => role.byte_limit(),
            Self::Readme | Self::List | Self::Shown(_, Form::Readable) => budget::OTHER_BYTES,
        }
    }
}

/// Says whether an exhibit takes such a file from the package.
fn is_taken(role: Role) -> bool {
    match role {
        Role::SignerKey
        | Role::OperatorKey
        | Role::SignerCertificate
        | Role::TimestampLists
        | Role::Genesis
        | Role::GenesisSignature
        | Role::GenesisTimestamp(_)
        | Role::Seal
        | Role::SealSignature
        | Role::SealTimestamp(_) => true,
        Role::Page(_, part) => part != Part::Body,
        _ => false,
    }
}

/// Reads `NNNNNN`, from 1, and the ending.
fn number(rest: &str, ending: &str) -> Option<u64> {
    let digits = rest.strip_suffix(ending)?;
    let number = digits.parse().ok().filter(|number| *number >= 1)?;
    (digits == format!("{number:06}") && digits.len() == 6).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered_as_entries_are() {
        let paths = [
            "exhibit.json",
            "exhibit.sig",
            "keys/exhibitor.pem",
            "manifest-sha256.txt",
            "README.txt",
            "readable/index.html",
            "records/000001.json",
            "readable/000001.html",
            "records/000002.json",
            "readable/000002.html",
            "package/keys/signer.pem",
            "package/keys/operator.pem",
            "package/keys/signer-cert.pem",
            "package/keys/tsa-crls.pem",
            "package/data/genesis.json",
            "package/data/genesis.sig",
            "package/data/genesis.tsr",
            "package/data/records/000007.json",
            "package/data/records/000007.sig",
            "package/data/records/000007.tsr",
            "package/data/records/000009.json",
            "package/seal/seal.json",
            "package/seal/seal.sig",
            "package/seal/seal-2.tsr",
        ];
        let roles: Vec<ExhibitRole> = paths.iter().map(|path| ExhibitRole::of(path).expect(path)).collect();
        assert!(roles.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn what_would_bring_other_records_along_has_no_role() {
        for path in [
            "package/data/pages/000001.json",
            "package/data/failures/000001.json",
            "package/data/log/run.jsonl",
            "package/manifest-sha256.txt",
            "package/exhibit.json",
            "data/genesis.json",
            "records/000000.json",
            "records/1.json",
            "records/+00001.json",
            "records/0000001.json",
            "readable/000001.json",
            "readable/index.htm",
            "records/000001.html",
            "package/",
            "",
        ] {
            assert_eq!(ExhibitRole::of(path), None, "{path}");
        }
    }
}
