//! A package that was verified, and the handle to read it again.
//!
//! Trust is a type here: exhibits and exports take a [`VerifiedPackage`] and nothing less, and only this room can make one. The
//! archive may change behind our back between two reads; so every file read again meets the digest it had when it was judged.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use sha2::{Digest as _, Sha256};

use crate::verify::pass::EntrySeen;
use crate::verify::verdict::Report;

/// A package in which nothing was found to contradict its signed claims, and the handle to read it again.
///
/// Only this room can make one. Its report may be VALID or, where signer or time are not established, INDETERMINATE; never
/// INVALID, and never of a quick verification. What is read through it is compared with the digest it had then.
#[derive(Debug)]
pub struct VerifiedPackage<R> {
    archive: R,
    report: Report,
    top: String,
    entries: Vec<EntrySeen>,
    /// Where in `entries` a path stands.
    places: BTreeMap<String, usize>,
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
    pub(in crate::verify) fn new(archive: R, report: Report, top: String, entries: Vec<EntrySeen>) -> Self {
        let places = entries.iter().enumerate().map(|(place, entry)| (entry.path.clone(), place)).collect();
        Self { archive, report, top, entries, places }
    }

    /// Returns the report of the verification.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Returns the paths of all files below the top directory, in the order of the archive.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.path.as_str())
    }
}

impl<R: Read + Seek> VerifiedPackage<R> {
    /// Reads a file again and compares it with the digest it had when it was verified.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`].
    pub fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadAgainError> {
        let missing = || ReadAgainError::Missing(path.to_owned());
        let place = self.places.get(path).ok_or_else(missing)?;
        let entry = self.entries.get(*place).ok_or_else(missing)?;
        read_entry(&mut self.archive, &self.top, entry)
    }
}

/// Reads a file again and compares it with the digest it had in the pass.
pub(in crate::verify) fn read_entry<R: Read + Seek>(
    archive: &mut R,
    top: &str,
    entry: &EntrySeen,
) -> Result<Vec<u8>, ReadAgainError> {
    let digest = entry.digest.ok_or_else(|| ReadAgainError::Missing(entry.path.clone()))?;
    // The profile has no extra field: 30 bytes of header, the name, the data (FORMAT §4).
    let name_len = [top.len(), 1, entry.path.len()]
        .into_iter()
        .fold(LOCAL_HEADER_BYTES, |sum, len| sum.saturating_add(u64::try_from(len).unwrap_or(u64::MAX)));
    archive.seek(SeekFrom::Start(entry.header_offset.saturating_add(name_len)))?;
    let compressed = archive.by_ref().take(u64::from(entry.compressed_len));
    // Not more than the pass had in memory at once.
    let mut content = Vec::with_capacity(usize::try_from(entry.byte_len).unwrap_or_default());
    flate2::read::DeflateDecoder::new(compressed).take(entry.byte_len).read_to_end(&mut content)?;
    let computed: [u8; 32] = Sha256::digest(&content).into();
    if computed == digest { Ok(content) } else { Err(ReadAgainError::Changed(entry.path.clone())) }
}

/// 30: the fixed part of a local header (FORMAT §4).
const LOCAL_HEADER_BYTES: u64 = 30;
