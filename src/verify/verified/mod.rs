//! A package that was verified, and the handle to read it again.
//!
//! Trust is a type here: exhibits, reports and exports take a [`VerifiedPackage`] and nothing less, and only this room can make
//! one. The archive may change behind our back between two reads; so every file read again meets the digest it had when it was
//! judged. [`page`] reads pages record by record; [`provenance`] is what everything made of a package has to say about it.

mod page;
mod provenance;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::codec::zip::{RawEntry, entry_at};
use crate::crypto::digest::LeafHash;
use crate::format::genesis::Genesis;
use crate::format::seal::{RunState, Seal};
use crate::verify::budget;
use crate::verify::checks::pagination::RunKey;
use crate::verify::checks::roots;
use crate::verify::pass::EntrySeen;
use crate::verify::verdict::{Outcome, Report};

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
    /// There is no such file, or none that can be unpacked.
    #[error("there is no `{0}` in the package that can be read")]
    Missing(String),
}

/// Takes what was read again; none where it is missing and may be. A package that failed verification may lack anything; of any other,
/// the verification saw everything that it names.
fn if_there<T>(may_lack: bool, read: Result<T, ReadAgainError>) -> Result<Option<T>, ReadAgainError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(ReadAgainError::Missing(_)) if may_lack => Ok(None),
        Err(error) => Err(error),
    }
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

    fn is_invalid(&self) -> bool {
        self.report.outcome == Outcome::Invalid
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

    /// The same of a file that may be wanting; none where the package is INVALID and lacks one that can be read.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`].
    pub fn read_if_there(&mut self, path: &str) -> Result<Option<Vec<u8>>, ReadAgainError> {
        if_there(self.is_invalid(), self.read(path))
    }

    /// Reads a file as it lies in the archive, to be opened elsewhere.
    fn packed(&mut self, path: &str) -> Result<PackedFile, ReadAgainError> {
        let missing = || ReadAgainError::Missing(path.to_owned());
        let place = self.places.get(path).ok_or_else(missing)?;
        let entry = self.kept.entries.get(*place).ok_or_else(missing)?;
        if entry.digest.is_none() && !self.report.quick {
            return Err(missing());
        }
        PackedFile::read(&mut self.archive, entry)
    }
}

/// A file as it lies in the archive.
#[derive(Debug)]
struct PackedFile {
    path: String,
    raw: RawEntry,
    /// None of a file that a quick verification did not read.
    digest: Option<[u8; 32]>,
}

impl PackedFile {
    /// Reads the bytes of a file where the pass saw it.
    fn read<R: Read + Seek>(archive: &mut R, entry: &EntrySeen) -> Result<Self, ReadAgainError> {
        let raw = entry_at(archive, entry.header_offset, budget::OTHER_BYTES)?;
        let raw = raw.ok_or_else(|| lost(&entry.path, entry.digest))?;
        Ok(Self { path: entry.path.clone(), raw, digest: entry.digest })
    }

    /// Returns how many bytes it takes, deflated and inflated.
    fn room(&self) -> u64 {
        self.raw.entry.byte_len()
    }

    /// Inflates it and compares it with the digest it had when it was verified, if it was read then.
    fn open(&self) -> Result<Vec<u8>, ReadAgainError> {
        let content = self.raw.inflate().map_err(|_| lost(&self.path, self.digest))?;
        match self.digest {
            Some(digest) if <[u8; 32]>::from(Sha256::digest(&content)) != digest => {
                Err(ReadAgainError::Changed(self.path.clone()))
            }
            _ => Ok(content),
        }
    }
}

/// Says of a file that cannot be unpacked what has become of it: one that was not read before may never have been otherwise.
fn lost(path: &str, digest: Option<[u8; 32]>) -> ReadAgainError {
    match digest {
        Some(_) => ReadAgainError::Changed(path.to_owned()),
        None => ReadAgainError::Missing(path.to_owned()),
    }
}

/// Reads a file again and compares it with the digest it had in the pass.
pub(in crate::verify) fn read_entry<R: Read + Seek>(
    archive: &mut R,
    entry: &EntrySeen,
) -> Result<Vec<u8>, ReadAgainError> {
    if entry.digest.is_none() {
        return Err(ReadAgainError::Missing(entry.path.clone()));
    }
    PackedFile::read(archive, entry)?.open()
}
