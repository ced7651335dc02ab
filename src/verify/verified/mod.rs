//! A package that was verified, and the handle to read it again.
//!
//! Trust is a type here: exhibits, reports and exports take a [`VerifiedPackage`] and nothing less, and only this room can make
//! one. The archive may change behind our back between two reads; so every file read again meets the digest it had when it was
//! judged. [`page`] reads pages record by record; [`provenance`] is what everything made of a package has to say about it.

mod page;
mod provenance;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::crypto::digest::LeafHash;
use crate::format::genesis::Genesis;
use crate::format::seal::{RunState, Seal};
use crate::verify::checks::pagination::RunKey;
use crate::verify::checks::roots;
use crate::verify::pass::EntrySeen;
use crate::verify::verdict::Report;

pub use page::{PackedPage, VerifiedPage, VerifiedRecord};
pub use provenance::Provenance;

/// A package that a verification let through, and the handle to read it again.
///
/// Only this room can make one: of a package in which nothing contradicts its signed claims, whose report is VALID or, where
/// signer or time are not established, INDETERMINATE; of an INVALID one only where the caller asked for that in so many words
/// ([`crate::verify::Admit::DespiteFindings`]). What is read through it is compared with the digest it had then. Of a quick
/// verification pages were not read, and have none: whoever makes something of them has to prove them.
#[derive(Debug)]
pub struct VerifiedPackage<R> {
    archive: R,
    report: Report,
    kept: Kept,
    /// Where in the entries a path stands.
    places: BTreeMap<String, usize>,
    /// Runs whose windows were asked again: their elements are not counted.
    superseded: Arc<BTreeSet<RunKey>>,
}

/// What a pass leaves: plan and seal, and where everything lies.
#[derive(Debug)]
pub(in crate::verify) struct Kept {
    pub(in crate::verify) top: String,
    pub(in crate::verify) entries: Vec<EntrySeen>,
    pub(in crate::verify) leaves: BTreeMap<u64, LeafHash>,
    pub(in crate::verify) contradicted_pages: BTreeSet<u64>,
    pub(in crate::verify) genesis: Genesis,
    pub(in crate::verify) seal: Seal,
}

/// Why a file of a verified package could not be read again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadAgainError {
    /// The bytes are no longer those that were verified.
    #[error("`{0}` is no longer the file that was verified")]
    Changed(String),
    /// The archive could not be read.
    #[error("the archive could not be read")]
    Io(#[from] std::io::Error),
    /// There is no such file.
    #[error("there is no `{0}` in the package")]
    Missing(String),
}

impl<R> VerifiedPackage<R> {
    /// Makes the token; the pass alone does, after a verdict that allows it.
    pub(in crate::verify) fn new(archive: R, report: Report, kept: Kept) -> Self {
        let places = kept.entries.iter().enumerate().map(|(place, entry)| (entry.path.clone(), place)).collect();
        let superseded = kept.seal.streams.iter().filter(|run| run.state == RunState::Superseded).map(roots::key);
        let superseded = Arc::new(superseded.collect());
        Self { archive, report, kept, places, superseded }
    }

    /// Returns the plan.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.kept.genesis
    }

    /// Returns the seal.
    #[must_use]
    pub fn seal(&self) -> &Seal {
        &self.kept.seal
    }

    /// Returns what everything made of this package has to say about it.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        Provenance::new(&self.report, &self.kept.seal)
    }

    /// Says whether there is a file of that path.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// Returns the leaves of the page records in the seal's tree, by sequence; none of a quick verification that was not asked for them
    /// ([`crate::verify::Options::leaves`]).
    #[must_use]
    pub fn leaves(&self) -> &BTreeMap<u64, LeafHash> {
        &self.kept.leaves
    }

    /// Returns the numbers of the pages that a violation contradicts, in their bodies or their signed records; none of a package that is
    /// not INVALID. Not all of them need be among the findings listed.
    #[must_use]
    pub fn contradicted_pages(&self) -> &BTreeSet<u64> {
        &self.kept.contradicted_pages
    }

    /// Returns the report of the verification.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Returns the paths of all files below the top directory, in the order of the archive.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.kept.entries.iter().map(|entry| entry.path.as_str())
    }
}

impl<R: Read + Seek> VerifiedPackage<R> {
    /// Reads a file again and compares it with the digest it had when it was verified, if it was read then.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`].
    pub fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadAgainError> {
        self.packed(path)?.open()
    }

    /// Reads a file as it lies in the archive, to be opened elsewhere.
    fn packed(&mut self, path: &str) -> Result<PackedFile, ReadAgainError> {
        let missing = || ReadAgainError::Missing(path.to_owned());
        let place = self.places.get(path).ok_or_else(missing)?;
        let entry = self.kept.entries.get(*place).ok_or_else(missing)?;
        if entry.digest.is_none() && !self.report.quick {
            return Err(missing());
        }
        let bytes = read_packed(&mut self.archive, &self.kept.top, entry)?;
        Ok(PackedFile { path: entry.path.clone(), bytes, byte_len: entry.byte_len, digest: entry.digest })
    }
}

/// A file as it lies in the archive.
#[derive(Debug)]
struct PackedFile {
    path: String,
    bytes: Vec<u8>,
    byte_len: u64,
    /// None of a file that a quick verification did not read.
    digest: Option<[u8; 32]>,
}

impl PackedFile {
    /// Returns how many bytes it takes, deflated and inflated.
    fn room(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX).saturating_add(self.byte_len)
    }

    /// Inflates it and compares it with the digest it had when it was verified, if it was read then.
    fn open(&self) -> Result<Vec<u8>, ReadAgainError> {
        let content = inflate(&self.bytes, self.byte_len)?;
        match self.digest {
            Some(digest) if <[u8; 32]>::from(Sha256::digest(&content)) != digest => {
                Err(ReadAgainError::Changed(self.path.clone()))
            }
            _ => Ok(content),
        }
    }
}

/// Reads a file again and compares it with the digest it had in the pass.
pub(in crate::verify) fn read_entry<R: Read + Seek>(
    archive: &mut R,
    top: &str,
    entry: &EntrySeen,
) -> Result<Vec<u8>, ReadAgainError> {
    let digest = entry.digest.ok_or_else(|| ReadAgainError::Missing(entry.path.clone()))?;
    let bytes = read_packed(archive, top, entry)?;
    PackedFile { path: entry.path.clone(), bytes, byte_len: entry.byte_len, digest: Some(digest) }.open()
}

/// Reads the bytes of an entry where the pass saw it.
fn read_packed<R: Read + Seek>(archive: &mut R, top: &str, entry: &EntrySeen) -> Result<Vec<u8>, std::io::Error> {
    // The profile has no extra field: 30 bytes of header, the name, the data (FORMAT §4).
    let name_len = [top.len(), 1, entry.path.len()]
        .into_iter()
        .fold(LOCAL_HEADER_BYTES, |sum, len| sum.saturating_add(u64::try_from(len).unwrap_or(u64::MAX)));
    archive.seek(SeekFrom::Start(entry.header_offset.saturating_add(name_len)))?;
    let mut bytes = Vec::new();
    archive.by_ref().take(u64::from(entry.compressed_len)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Inflates a file; not more of it than the pass had in memory at once.
fn inflate(bytes: &[u8], byte_len: u64) -> Result<Vec<u8>, std::io::Error> {
    let mut content = Vec::with_capacity(usize::try_from(byte_len).unwrap_or_default());
    flate2::bufread::DeflateDecoder::new(bytes).take(byte_len).read_to_end(&mut content)?;
    Ok(content)
}

/// 30: the fixed part of a local header (FORMAT §4).
const LOCAL_HEADER_BYTES: u64 = 30;
