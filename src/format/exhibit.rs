//! The statement of an exhibit, `exhibit.json`: which records are shown, where they stand, and the proofs (FORMAT §21.2).

use serde::{Deserialize, Serialize};

use super::Document;
use super::identifier::{MatterId, PackageId};
use super::limits::EXHIBIT_BYTES;
use super::line::Line;
use super::parts::Tool;
use super::path::PackagePath;
use super::statement::Statement;
use crate::crypto::digest::{FileDigest, LeafHash, RootHash, SealDigest};
use crate::crypto::signature::Fingerprint;
use crate::time::LocalTime;

/// `exhibit.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exhibit {
    /// The document's role.
    pub r#type: ExhibitType,
    /// The exhibit's number in its case.
    pub number: Option<Line>,
    /// Who cut it.
    pub by: Option<Line>,
    /// When, by that person's clock.
    pub created: LocalTime,
    /// What cut it.
    pub tool: Tool,
    /// The package it was cut from.
    pub package: SourcePackage,
    /// Whether the data was invented.
    pub simulated: bool,
    /// Codes of the violations, where the package is INVALID; sorted, none twice.
    pub despite_findings: Vec<Line>,
    /// What was asked for.
    pub selection: Selection,
    /// How it was looked for.
    pub search: Search,
    /// The records shown, by page and element.
    pub records: Vec<ShownRecord>,
    /// Their pages, by sequence.
    pub pages: Vec<ShownPage>,
    /// How many records of the package are not shown, by its seal.
    pub undisclosed: u64,
    /// Of `manifest-sha256.txt`.
    pub manifest_sha256: FileDigest,
    /// The key that signed this statement, if any.
    pub signer: Option<Fingerprint>,
}

/// The only value of an exhibit's `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExhibitType {
    /// Version 1.
    #[default]
    #[serde(rename = "signhold/exhibit/v1")]
    V1,
}

/// Which package an exhibit was cut from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcePackage {
    /// As its seal names it.
    pub id: PackageId,
    /// Of `seal/seal.json`.
    pub seal_sha256: SealDigest,
    /// Of the whole ZIP; none where it was not computed.
    pub archive_sha256: Option<FileDigest>,
    /// Length of the ZIP in bytes.
    pub byte_len: u64,
}

/// What was asked for: identifiers, an expression, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Records with one of these identifiers.
    pub ids: Vec<Line>,
    /// Records for which this expression in CEL is true.
    pub r#where: Option<Statement>,
}

/// How far somebody looked for what was asked for: their word, and what of the package they did not see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Whether the package was verified by every step before.
    pub whole: bool,
    /// Whether only those pages were read that an index beside the package names; nobody signs it.
    pub by_index: bool,
    /// Pages read and cut into records, those that records are shown from among them.
    pub pages: u64,
    /// Pages of the package.
    pub of_pages: u64,
    /// Records looked at.
    pub records: u64,
    /// Records passed over because they lack what the expression asks for.
    pub wanting: u64,
    /// The language of the expression, where there is one (FORMAT §21.6).
    pub language: Option<Line>,
}

/// One record, its place and its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownRecord {
    /// `records/N.json`.
    pub path: PackagePath,
    /// Its number in a production.
    pub bates: Option<Line>,
    /// Sequence of its page.
    pub page: u64,
    /// Index of its element in the page, from 0.
    pub element: u64,
    /// Length in bytes.
    pub byte_len: u64,
    /// Its leaf.
    pub leaf: LeafHash,
    /// From the leaf to the page's root, lowest first.
    pub proof: Vec<RootHash>,
}

/// One page of which a record is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownPage {
    /// Its sequence.
    pub sequence: u64,
    /// From the leaf of its page record to the seal's root, lowest first.
    pub proof: Vec<RootHash>,
}

impl Document for Exhibit {
    const TYPE: &'static str = "signhold/exhibit/v1";
    const MAX_BYTE_LEN: u64 = EXHIBIT_BYTES;
}

/// Returns the exhibit identifier, which is the name of the top directory (FORMAT §21.1); `statement` is the bytes of `exhibit.json`.
#[must_use]
pub fn identifier(matter: &MatterId, statement: &[u8]) -> String {
    let digest = FileDigest::of(statement).to_string();
    format!("{}_exhibit-{}", matter.as_str(), digest.get(..16).unwrap_or_default())
}

/// Says whether a file that begins with `bytes` may be an exhibit: a ZIP whose first entry is a statement.
#[must_use]
pub fn looks_like_an_exhibit(bytes: &[u8]) -> bool {
    let name = bytes.strip_prefix(b"PK\x03\x04").and_then(|_| {
        // The name's length, and behind the length of the extra field the name (APPNOTE 6.3 §4.3.7).
        let (_, rest) = bytes.split_at_checked(26)?;
        let (byte_len, rest) = rest.split_first_chunk::<2>()?;
        rest.split_at_checked(2)?.1.get(..u16::from_le_bytes(*byte_len).into())
    });
    name.is_some_and(|name| name.ends_with(b"/exhibit.json"))
}

/// Paths below an exhibit's top directory (FORMAT §21.1).
pub mod paths {
    use super::PackagePath;

    /// The statement.
    pub const STATEMENT: &str = "exhibit.json";
    /// Its signature.
    pub const SIGNATURE: &str = "exhibit.sig";
    /// The public key of the signature.
    pub const EXHIBITOR_KEY: &str = "keys/exhibitor.pem";
    /// Digests of all files but itself, statement and signature.
    pub const MANIFEST: &str = "manifest-sha256.txt";
    /// How to check with stock tools.
    pub const README: &str = "README.txt";
    /// The directory of what comes from the package, named as there.
    pub const PACKAGE: &str = "package/";

    /// `records/N.json`, N from 1.
    ///
    /// # Panics
    ///
    /// Never: every number gives a path.
    #[must_use]
    pub fn record(number: u64) -> PackagePath {
        PackagePath::new(&format!("records/{number:06}.json")).expect("letters, digits and a dot")
    }

    /// The list of the records for people.
    pub const LIST: &str = "readable/index.html";

    /// `readable/N.html`, N from 1.
    #[must_use]
    pub fn readable(number: u64) -> String {
        format!("readable/{}", view_name(number))
    }

    /// `N.html`, N from 1.
    #[must_use]
    pub fn view_name(number: u64) -> String {
        format!("{number:06}.html")
    }

    /// A file of the package, where the exhibit has it.
    #[must_use]
    pub fn of_package(path: &str) -> String {
        format!("{PACKAGE}{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{decode, encode};

    fn example() -> Exhibit {
        let leaf = LeafHash::of(b"leaf");
        Exhibit {
            r#type: ExhibitType::V1,
            number: Some("A-12".parse().expect("a line")),
            by: None,
            created: "2026-11-22T09:00:00.000Z".parse().expect("a clock reading"),
            tool: Tool {
                name: "signhold".parse().expect("a line"),
                version: "0.1.0".parse().expect("a line"),
                executable_sha256: None,
                format: "1".to_owned(),
            },
            package: SourcePackage {
                id: "ACME-2026-014_20261122T060400Z-1a2b3c4d".parse().expect("a package identifier"),
                seal_sha256: SealDigest::of(b"seal"),
                archive_sha256: None,
                byte_len: 1234,
            },
            simulated: true,
            despite_findings: Vec::new(),
            selection: Selection { ids: vec!["6f7e".parse().expect("a line")], r#where: None },
            search: Search { pages: 1, of_pages: 3, records: 42, ..Search::default() },
            records: vec![ShownRecord {
                path: paths::record(1),
                bates: None,
                page: 2,
                element: 0,
                byte_len: 17,
                leaf,
                proof: vec![RootHash::of(b"sibling")],
            }],
            pages: vec![ShownPage { sequence: 2, proof: Vec::new() }],
            undisclosed: 41,
            manifest_sha256: FileDigest::of(b""),
            signer: None,
        }
    }

    #[test]
    fn a_statement_survives_writing_and_reading() {
        let bytes = encode(&example()).expect("short");
        assert_eq!(decode::<Exhibit>(&bytes), Ok(example()));
    }

    #[test]
    fn an_exhibit_is_known_by_its_first_entry() {
        let header = |name: &str| {
            let len = u16::try_from(name.len()).expect("short").to_le_bytes();
            [b"PK\x03\x04".as_slice(), &[0; 22], &len, &[0; 2], name.as_bytes(), b"{}"].concat()
        };
        assert!(looks_like_an_exhibit(&header("ACME-1_exhibit-ba7816bf8f01cfea/exhibit.json")));
        for other in ["ACME-1/bagit.txt", "exhibit.json", "a/exhibit.json/b", ""] {
            assert!(!looks_like_an_exhibit(&header(other)), "{other}");
        }
        let whole = header("a/exhibit.json");
        assert!((0..44).all(|len| !looks_like_an_exhibit(&whole[..len])));
    }

    #[test]
    fn the_identifier_follows_from_the_statement() {
        let matter: MatterId = "ACME-2026-014".parse().expect("a matter identifier");
        let name = identifier(&matter, b"abc");
        assert_eq!(name, "ACME-2026-014_exhibit-ba7816bf8f01cfea");
        assert_ne!(identifier(&matter, b"abd"), name);
    }
}
