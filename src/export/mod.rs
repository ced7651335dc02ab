//! Copies of a package's records in forms that other programs read: rows for a spreadsheet, a database, a review platform.
//!
//! Everything here is derived: made of a package that verification let through, never evidence, never inside a package. Each
//! row says where it comes from (package, page, element, leaf), so that it can be held against the sealed bytes. Values of a log
//! were written by strangers; every format makes them harmless for whatever reads it, and keeps a way back to the exact bytes.
//!
//! [`walk`](walk()) goes through the package, page by page and record by record; what becomes of a record is the business of an
//! [`Exporter`], one file for each format: [`case`], [`concordance`], [`csv`], [`ndjson`], [`parquet`], [`sign_in_logs`]. It writes into [`Outputs`] that are
//! handed in: no disk, clock or network here. [`about`] is what stands beside every copy.

#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)
)]

pub mod about;
pub mod bates;
pub mod case;
pub mod columns;
pub mod concordance;
pub mod csv;
pub mod ndjson;
mod outputs;
pub mod parquet;
mod readable;
pub mod sign_in_logs;
pub mod spreadsheet;
pub mod table;
mod walk;

use std::error::Error;
use std::io;

use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::parts::Tool;
use crate::format::seal::Seal;
use crate::time::LocalTime;
use crate::verify::{Provenance, ReadAgainError, VerifiedPackage, VerifiedPage, VerifiedRecord};

pub use about::About;
pub use outputs::Outputs;
pub use walk::{LeftOut, Tally, walk};

/// Makes one format of the records that it is handed.
///
/// A constructor begins, with the [`Origin`]; then every page comes with its records; then the end.
pub trait Exporter {
    /// Says when it wants the pages of a log: those of a lower turn come before those of a higher. Within a turn they come in the
    /// order of the seal, which is that of the answers of several logs in turn.
    fn turn(&self, kind: Kind) -> usize {
        let _ = kind;
        0
    }

    /// Takes a page, before its records. Opaque pages come too, and have none.
    ///
    /// # Errors
    ///
    /// [`ExportError`] where it cannot be written.
    fn page(&mut self, page: &VerifiedPage) -> Result<(), ExportError> {
        let _ = page;
        Ok(())
    }

    /// Takes a record, and says what became of it.
    ///
    /// # Errors
    ///
    /// [`ExportError`] where it cannot be written.
    fn record(&mut self, row: &Row<'_>) -> Result<Fate, ExportError>;

    /// Writes what comes after the last record, closes all outputs, and returns what a reader of this copy has to know: sentences
    /// for [`About::remarks`].
    ///
    /// # Errors
    ///
    /// [`ExportError`] where it cannot be written.
    fn finish(self: Box<Self>, tally: &Tally) -> Result<Vec<String>, ExportError>;
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// This format has no place for it; why, in a few words without a full stop.
    LeaveOut(&'static str),
    /// It is a row.
    Write,
}

/// A record with its place.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Bytes, page number, element index, offset, time, id, kind, pass, whether it counts.
    pub record: VerifiedRecord<'a>,
    /// Its page, with the signed record.
    pub page: &'a VerifiedPage,
}

/// Where a copy comes from, and who makes it when.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Which package, and how it fared.
    pub provenance: Provenance,
    /// The plan it carried out.
    pub genesis: Genesis,
    /// Its seal.
    pub seal: Seal,
    /// What makes the copy.
    pub tool: Tool,
    /// When, by the clock of whoever makes it.
    pub made: LocalTime,
}

impl Origin {
    /// Says of a package what every copy has to say.
    #[must_use]
    pub fn of<R>(package: &VerifiedPackage<R>, tool: Tool, made: LocalTime) -> Self {
        Self {
            provenance: package.provenance(),
            genesis: package.genesis().clone(),
            seal: package.seal().clone(),
            tool,
            made,
        }
    }

    /// Returns the marks in one line, for rows.
    #[must_use]
    pub fn marks_line(&self) -> String {
        self.provenance.marks().join("; ")
    }
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The seal of an accepted package counts other records than were read: a fault of this program.
    #[error("the seal counts {in_seal} records, but {read} were read")]
    Count {
        /// By the seal.
        in_seal: u64,
        /// By this walk.
        read: u64,
    },
    /// A page comes after its turn ([`Exporter::turn`]): a fault of this program.
    #[error("a page for {0} comes after its turn")]
    Turn(&'static str),
    /// The library for a format refused.
    #[error("the rows could not be encoded")]
    Encode(#[source] Box<dyn Error + Send + Sync>),
    /// The package could not be read again.
    #[error("the package could not be read again")]
    Read(#[from] ReadAgainError),
    /// A name or a number does not fit the format.
    #[error("{0}")]
    Unfit(String),
    /// The copy could not be written, usually because the disk is full.
    #[error("the copy could not be written")]
    Write(#[from] io::Error),
}
