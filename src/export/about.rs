//! What stands beside every copy, as JSON: which package, by which program, how many rows, and the digests of what was written.
//!
//! Its form is `schemas/export.schema.json`. It is also what the program answers.

use serde::Serialize;

use super::{Origin, Tally};
use crate::codec::amount::{counted, either, grouped};
use crate::crypto::digest::FileDigest;
use crate::format::parts::Tool;
use crate::format::seal::Volume;
use crate::time::LocalTime;
use crate::verify::Provenance;

/// About a copy.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// What has to be said of it, the gravest first.
    pub marks: Vec<String>,
    /// The format, as it was asked for.
    pub format: String,
    /// When it was made.
    pub made: LocalTime,
    /// By what.
    pub tool: Tool,
    /// Of which package.
    pub provenance: Provenance,
    /// Which volume of its acquisition that is.
    pub volume: Volume,
    /// What became of its records.
    pub counts: Tally,
    /// Digest of the file itself; of a folder, that of its `manifest-sha256.txt`.
    pub sha256: FileDigest,
    /// How many files there are, this one and the manifest not counted.
    pub file_count: u64,
    /// The files, the one asked for first; of a folder its manifest alone, which lists them.
    pub files: Vec<FileSum>,
    /// What a reader has to know.
    pub remarks: Vec<String>,
}

/// A file of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileSum {
    /// Its name, beside this document.
    pub name: String,
    /// Its length in bytes.
    pub byte_len: u64,
    /// Its digest.
    pub sha256: FileDigest,
}

/// What was written, by whoever wrote it.
#[derive(Clone, Debug)]
pub struct Written {
    /// As in [`About`].
    pub sha256: FileDigest,
    /// As in [`About`].
    pub file_count: u64,
    /// As in [`About`].
    pub files: Vec<FileSum>,
}

impl About {
    /// Puts together what is known once all is written.
    #[must_use]
    pub fn new(format: &str, origin: &Origin, counts: Tally, written: Written, remarks: Vec<String>) -> Self {
        let Written { sha256, file_count, files } = written;
        let mut all = general_remarks(origin, &counts);
        all.extend(remarks);
        Self {
            marks: origin.provenance.marks(),
            format: format.to_owned(),
            made: origin.made,
            tool: origin.tool.clone(),
            provenance: origin.provenance.clone(),
            volume: origin.seal.volume,
            counts,
            sha256,
            file_count,
            files,
            remarks: all,
        }
    }
}

/// What holds for every format.
fn general_remarks(origin: &Origin, counts: &Tally) -> Vec<String> {
    let mut remarks = Vec::new();
    if !origin.seal.volume.last || origin.seal.volume.number > 1 {
        remarks.push(format!(
            "the package is volume {} of its acquisition; what the other volumes hold is not in here",
            origin.seal.volume.number
        ));
    }
    if counts.pages_opaque > 0 {
        remarks.push(format!(
            "{} of {} could not be cut into records and {} no row; the package keeps such pages whole",
            grouped(counts.pages_opaque),
            counted(counts.pages_read, "page"),
            either(counts.pages_opaque, "gives", "give")
        ));
    }
    if counts.pages_unreadable > 0 {
        remarks.push(format!(
            "{} could not be read, with all {} held; the package failed verification",
            counted(counts.pages_unreadable, "page"),
            either(counts.pages_unreadable, "it", "they")
        ));
    }
    if counts.records_read != counts.records_in_seal {
        remarks.push(format!(
            "the seal counts {}, and {} could be read; the package failed verification",
            counted(counts.records_in_seal, "record"),
            grouped(counts.records_read)
        ));
    }
    remarks.extend(counts.left_out.iter().map(|left| format!("records left out: {}, {}", left.records, left.reason)));
    remarks
}

/// Words for a number of things that are listed up to a point: `3 lines differ: 1, 5, 9`.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    count: u64,
    first: Vec<u64>,
}

impl Listed {
    /// Adds one.
    pub(super) fn add(&mut self, number: u64) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < LISTED {
            self.first.push(number);
        }
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the first of them, and whether there are more.
    pub(super) fn words(&self) -> String {
        let mut words = self.first.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        if self.count > u64::try_from(self.first.len()).unwrap_or(u64::MAX) {
            words.push_str(" and more");
        }
        words
    }
}

/// 20: what a person looks through.
const LISTED: usize = 20;
