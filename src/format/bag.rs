//! The bag around the payload (FORMAT §10): declaration, bag-info and manifests, each with one legal spelling.
//!
//! RFC 8493 leaves room (line ends, letter case of digests, optional files); evidence must not, so everything here is written in
//! exactly one way and a reader compares or refuses.

use std::collections::BTreeMap;

use super::genesis::{Genesis, SIMULATED};
use super::path::{NotAPath, PackagePath};
use super::seal::Seal;
use crate::crypto::digest::{FileDigest, NotADigest};

/// The whole of `bagit.txt`.
pub const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// Sizes of the payload, for `Payload-Oxum`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayloadOxum {
    /// Bytes of all files below `data/`.
    pub byte_len: u64,
    /// How many files.
    pub file_count: u64,
}

/// What `bag-info.txt` says about one package.
#[derive(Clone, Copy, Debug)]
pub struct BagInfo<'a> {
    /// The plan.
    pub genesis: &'a Genesis,
    /// The package's identifier.
    pub package: &'a str,
    /// The day of sealing, `YYYY-MM-DD`.
    pub day: &'a str,
    /// Volume number, and whether it is the last.
    pub volume: (u64, bool),
    /// The payload.
    pub payload: PayloadOxum,
}

impl BagInfo<'_> {
    /// Returns the whole of `bag-info.txt`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Genesis { matter, plan, acquisition, simulated, .. } = self.genesis;
        let mut text = String::new();
        if let Some(organisation) = &matter.organisation {
            text += &format!("Source-Organization: {organisation}\n");
        }
        let mark = if *simulated { format!("{SIMULATED}. ") } else { String::new() };
        let (number, last) = self.volume;
        let count = if last { number.to_string() } else { "?".to_owned() };
        text += &format!("External-Identifier: {}\n", self.package);
        text += &format!("External-Description: {mark}Microsoft Entra ID sign-in logs, {} to {}\n", plan.from, plan.to);
        text += &format!("Bagging-Date: {}\n", self.day);
        text += &format!("Bag-Group-Identifier: {acquisition}\n");
        text += &format!("Bag-Count: {number} of {count}\n");
        text += &format!("Internal-Sender-Identifier: {}\n", matter.id);
        text += &format!("Payload-Oxum: {}.{}\n", self.payload.byte_len, self.payload.file_count);
        text
    }

    /// Takes what it can from a seal: identifier, day and volume.
    #[must_use]
    pub fn matches(genesis: &Genesis, seal: &Seal, payload: PayloadOxum, claimed: &str) -> bool {
        let info = BagInfo {
            genesis,
            package: seal.package.as_str(),
            day: &seal.created.day(),
            volume: (seal.volume.number, seal.volume.last),
            payload,
        };
        info.to_text() == claimed
    }
}

/// A manifest: paths and the digests of the files there, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<PackagePath, FileDigest>);

impl Manifest {
    /// Adds a file; a path that is there already gets the new digest.
    pub fn insert(&mut self, path: PackagePath, digest: FileDigest) {
        self.0.insert(path, digest);
    }

    /// Returns the digest of the file at `path`.
    #[must_use]
    pub fn digest_of(&self, path: &PackagePath) -> Option<FileDigest> {
        self.0.get(path).copied()
    }

    /// Returns paths and digests, sorted by path bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&PackagePath, &FileDigest)> {
        self.0.iter()
    }

    /// Returns how many files it names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether it names no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the manifest file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.0.len() * 96);
        for (path, digest) in &self.0 {
            text += &format!("{digest}  {path}\n");
        }
        text
    }

    /// Reads a manifest file.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] with the line, for anything that [`Manifest::to_text`] would not write.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let text = str::from_utf8(bytes).map_err(|error| ManifestError { line: 0, reason: error.to_string() })?;
        let mut manifest = BTreeMap::new();
        let mut last: Option<PackagePath> = None;
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let refused = |reason: String| ManifestError { line: number, reason };
            let line = line.strip_suffix('\n').ok_or_else(|| refused("no newline at the end".to_owned()))?;
            let (digest, path) =
                line.split_once("  ").ok_or_else(|| refused("not a digest, two spaces and a path".to_owned()))?;
            let digest: FileDigest = digest.parse().map_err(|error: NotADigest| refused(error.to_string()))?;
            let path = PackagePath::new(path).map_err(|error: NotAPath| refused(error.to_string()))?;
            if last.as_ref().is_some_and(|last| *last >= path) {
                return Err(refused(format!("`{path}` is not after the path before it")));
            }
            manifest.insert(path.clone(), digest);
            last = Some(path);
        }
        Ok(Self(manifest))
    }
}

/// Where and why a manifest file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ManifestError {
    /// The line, from 1; 0 for the whole file.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let mut manifest = Manifest::default();
        for path in ["data/pages/000001.json", "data/genesis.json", "data/log/run.jsonl"] {
            manifest.insert(PackagePath::new(path).unwrap(), FileDigest::of(path.as_bytes()));
        }
        manifest
    }

    #[test]
    fn manifests_round_trip() {
        let text = manifest().to_text();
        assert_eq!(Manifest::parse(text.as_bytes()), Ok(manifest()));
        assert_eq!(Manifest::parse(b""), Ok(Manifest::default()));
    }

    #[test]
    fn every_other_spelling_of_a_manifest_is_refused() {
        let text = manifest().to_text();
        let lines: Vec<&str> = text.lines().collect();
        let unsorted = format!("{}\n{}\n{}\n", lines[1], lines[0], lines[2]);
        let twice = format!("{}\n{}\n", lines[0], lines[0]);
        for (what, altered) in [
            ("CRLF", text.replace('\n', "\r\n")),
            ("upper case", text.to_uppercase()),
            ("one space", text.replace("  ", " ")),
            ("binary marker", text.replace("  ", " *")),
            ("leading ./", text.replace("  data", "  ./data")),
            ("no last newline", text.trim_end().to_owned()),
            ("empty line", format!("{text}\n")),
            ("comment", format!("# x\n{text}")),
            ("unsorted", unsorted),
            ("twice", twice),
            ("byte order mark", format!("\u{feff}{text}")),
            ("escape", text.replace("data/genesis", "data/%67enesis")),
        ] {
            assert!(Manifest::parse(altered.as_bytes()).is_err(), "{what}");
        }
    }

    #[test]
    fn bag_info_marks_simulated_data() {
        let genesis = crate::format::genesis::example();
        let info = BagInfo {
            genesis: &genesis,
            package: "ACME-2026-014_20261122T060452Z-1a2b3c4d",
            day: "2026-11-22",
            volume: (1, true),
            payload: PayloadOxum { byte_len: 42, file_count: 6 },
        };
        assert_eq!(
            info.to_text(),
            "Source-Organization: ACME Ltd\n\
             External-Identifier: ACME-2026-014_20261122T060452Z-1a2b3c4d\n\
             External-Description: SIMULATED DATA, NOT EVIDENCE. Microsoft Entra ID sign-in logs, 2026-11-21T00:00:00Z to 2026-11-22T00:00:00Z\n\
             Bagging-Date: 2026-11-22\n\
             Bag-Group-Identifier: 20261122T060452Z-1a2b3c4d\n\
             Bag-Count: 1 of 1\n\
             Internal-Sender-Identifier: ACME-2026-014\n\
             Payload-Oxum: 42.6\n"
        );
    }
}
