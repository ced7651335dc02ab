//! The main report: what a package holds, what was asked and came back, who had it, and what it does not show.
//!
//! One file for each chapter. Everything comes from the verified package, the verification's report and, where given, a verified
//! ledger; nothing is believed that a stored document says and the verification did not check. Pages are read one at a time.

mod checks;
mod clocks;
mod completeness;
mod cover;
mod coverage;
mod custody;
mod failures;
mod glossary;
mod limits;
mod reconciliation;
mod sign_ins;
mod timeline;

use std::io::{Read, Seek};

use chrono_tz::Tz;

use super::activity::Activity;
use super::document::{Block, Document};
use super::naming::{self, Asked};
use super::unread::Unread;
use crate::time::LocalTime;
use crate::verify::{Outcome, ReadAgainError, VerifiedPackage};

pub use custody::Custody;

/// What a report is made with, besides the package.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The package's file, as its reader named it.
    pub file: String,
    /// When the report is made.
    pub made: LocalTime,
    /// In which zone times are given beside UTC.
    pub zone: Tz,
    /// The ledger, where one was given.
    pub custody: Option<Custody>,
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
    let activity = Activity::of(package)?;
    let asked = Asked::of(package)?;
    let failures = failures::blocks(package)?;
    let custody = setting.custody.as_ref();
    let unread = Unread::of(package)?;
    let mut blocks = cover::blocks(package, &activity.census, setting, &unread);
    blocks.extend(coverage::blocks(package, &unread));
    blocks.extend(sign_ins::blocks(&activity));
    blocks.extend(timeline::blocks(package, asked.as_ref(), activity.first, setting.zone));
    blocks.extend(custody::blocks(custody, setting.zone));
    blocks.extend(reconciliation::blocks(package));
    blocks.extend(clocks::blocks(package, setting.zone));
    blocks.extend(failures);
    blocks.extend(checks::blocks(package.report()));
    blocks.extend([Block::heading(1, "Values to copy"), Block::Facts(naming::digests(package))]);
    blocks.extend(limits::blocks());
    blocks.extend(glossary::blocks());
    let title = "Report on a sealed package of sign-in logs";
    let about = Document::about(title, naming::subtitle(package), &package.provenance(), setting.made);
    let mut document = Document { blocks, ..about };
    if custody.is_some_and(|custody| custody.report().outcome == Outcome::Invalid) {
        document.marks.insert(0, "THE LEDGER FAILED VERIFICATION".to_owned());
    }
    Ok(document)
}
