//! The main report: what a package holds, what was asked and came back, who had it, and what it does not show.
//!
//! One file for each chapter. Everything comes from the verified package, the verification's report and, where given, a verified
//! ledger; nothing is believed that a stored document says and the verification did not check.

mod checks;
mod cover;

use std::io::{Read, Seek};

use chrono_tz::Tz;

use super::document::{Block, Document};
use crate::time::LocalTime;
use crate::verify::{ReadAgainError, VerifiedPackage};

/// What a report is made with, besides the package.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The package's file, as its reader named it.
    pub file: String,
    /// When the report is made.
    pub made: LocalTime,
    /// In which zone times are given beside UTC.
    pub zone: Tz,
}

/// Puts the report together.
///
/// # Errors
///
/// [`ReadAgainError`] when the package can no longer be read as it was verified.
pub fn overview<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    setting: &Setting,
) -> Result<Document, ReadAgainError> {
    let (genesis, provenance) = (package.genesis(), package.provenance());
    let title = match &genesis.matter.title {
        Some(title) => format!("{}: {title}", genesis.matter.id),
        None => genesis.matter.id.to_string(),
    };
    let mut document = Document::about(
        title,
        "What was preserved of the sign-in logs, and what that shows",
        &provenance,
        setting.made,
    );
    let mut blocks = cover::blocks(package, setting);
    blocks.push(Block::PageBreak);
    blocks.extend(checks::blocks(package.report()));
    document.blocks = blocks;
    Ok(document)
}
