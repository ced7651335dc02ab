//! What can be wrong with an archive, and why reading it can stop.
//!
//! A [`Fault`] is a result, not an error: it says what the archive claims, what was computed, and where. Its code stays the
//! same for ever, because reports and tests outside this crate name it.

use std::collections::BTreeMap;
use std::{fmt, io};

use thiserror::Error;

/// One deviation from the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which rule is broken.
    pub code: FaultKind,
    /// Where in the archive, in bytes from its start.
    pub offset: u64,
    /// The entry it concerns, if it concerns one; printable ASCII.
    pub name: Option<String>,
    /// What the archive says.
    pub claimed: String,
    /// What the bytes or the profile say.
    pub computed: String,
}

/// Which rule of the profile is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// Two names differ in case only; a file system that ignores case keeps one of them.
    CaseTwin,
    /// The archive or an entry carries a comment.
    Comment,
    /// The number of entries differs from what the end record says, or is zero.
    Count,
    /// The content does not have the CRC-32 of its header.
    Crc,
    /// The sizes stand behind the data (flag bit 3), so that a forward pass cannot find the next entry.
    DataDescriptor,
    /// The compressed data are not one deflate stream of exactly the sizes given.
    Deflate,
    /// The central directory does not stand where the end record says, or is not made of directory headers.
    Directory,
    /// Two entries have the same name.
    DuplicateName,
    /// A field has a value other than the one the profile fixes.
    Field,
    /// A name is at once a file and a directory above another file.
    FileAsDirectory,
    /// Bytes that belong to nothing stand between two parts.
    Gap,
    /// The local and the central header of an entry differ.
    HeaderMismatch,
    /// A name breaks the rules for names.
    Name,
    /// The file is not a ZIP archive.
    NotAnArchive,
    /// The central directory lists the entries in another order than they stand in.
    Order,
    /// Two entries claim the same bytes, or one runs into the central directory.
    Overlap,
    /// Bytes stand before the first entry.
    Prefix,
    /// The archive, an entry, a ratio or a number of entries exceeds a limit of this reader.
    SizeCap,
    /// The entries do not share exactly one top directory.
    TopDirectory,
    /// Bytes stand behind the end record.
    TrailingBytes,
    /// The archive ends too early.
    Truncated,
    /// A local entry is missing in the central directory.
    UnlistedEntry,
    /// The archive uses ZIP64.
    Zip64,
}

/// The faults of one archive in the order they were met.
///
/// The first [`MAX_LISTED_PER_KIND`] of each kind are listed in full, all are counted: many of one kind cannot hide another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<Fault>,
    counts: BTreeMap<FaultKind, u64>,
}

/// Why reading stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file was not the same when it was read a second time: somebody writes to it.
    #[error("the archive changed while it was read")]
    Changed,
    /// The file could not be read.
    #[error("the archive cannot be read")]
    Io(#[from] io::Error),
    /// The next part cannot be found; the last of the faults says why.
    #[error("the archive cannot be followed further: {}", .0.last().map_or("faults", |fault| fault.code.code()))]
    Unlocatable(Faults),
}

impl Faults {
    /// Adds one fault, or only counts it if enough of its kind are listed.
    pub fn push(&mut self, fault: Fault) {
        let count = self.counts.entry(fault.code).or_default();
        *count = count.saturating_add(1);
        if *count <= MAX_LISTED_PER_KIND {
            self.listed.push(fault);
        }
    }

    /// Adds the fault that ends the reading: it is listed whatever was listed before.
    pub(super) fn push_last(&mut self, fault: Fault) {
        let count = self.counts.entry(fault.code).or_default();
        *count = count.saturating_add(1);
        self.listed.push(fault);
    }

    /// Returns the faults that are listed in full.
    #[must_use]
    pub fn listed(&self) -> &[Fault] {
        &self.listed
    }

    /// Returns how many faults of each kind were met, listed or not.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<FaultKind, u64> {
        &self.counts
    }

    /// Returns the last fault of the list: the one that ended the reading, if something did.
    #[must_use]
    pub fn last(&self) -> Option<&Fault> {
        self.listed.last()
    }

    /// Says whether there is no fault at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

impl FaultKind {
    /// Returns the code, which never changes.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CaseTwin => "zip-case-twin",
            Self::Comment => "zip-comment",
            Self::Count => "zip-count",
            Self::Crc => "zip-crc",
            Self::DataDescriptor => "zip-data-descriptor",
            Self::Deflate => "zip-deflate",
            Self::Directory => "zip-directory",
            Self::DuplicateName => "zip-duplicate-name",
            Self::Field => "zip-field",
            Self::FileAsDirectory => "zip-file-as-directory",
            Self::Gap => "zip-gap",
            Self::HeaderMismatch => "zip-header-mismatch",
            Self::Name => "zip-name",
            Self::NotAnArchive => "zip-not-an-archive",
            Self::Order => "zip-order",
            Self::Overlap => "zip-overlap",
            Self::Prefix => "zip-prefix",
            Self::SizeCap => "zip-size-cap",
            Self::TopDirectory => "zip-top-directory",
            Self::TrailingBytes => "zip-trailing-bytes",
            Self::Truncated => "zip-truncated",
            Self::UnlistedEntry => "zip-unlisted-entry",
            Self::Zip64 => "zip-zip64",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// 100 faults of a kind: more than anyone reads, and a bound on what a hostile archive of 65,000 entries makes us remember.
pub const MAX_LISTED_PER_KIND: u64 = 100;
