//! What `verify` says of ledgers: whom the reader named, which heads they hold, and the verdict in words.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::custody::packages::file_digest;
use super::error::CliError;
use super::out::{self, escape_line};
use super::trust::read_one_key;
use super::verify::{checks_text, findings_text, open, outcome_words};
use crate::format::checkpoint::Checkpoint;
use crate::format::ledger::looks_like_a_ledger;
use crate::verify::{
    ArchiveName, ExpectedHead, LedgerFacts, LedgerReport, Presented, Renewal, Trust, read_renewals, verify_ledger,
};

#[derive(Args)]
pub(super) struct LedgerArgs {
    /// The ledger that came with the packages, to hold them against
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// What you kept of the ledger: a checkpoint's file, or the digest of a line; may be given several times
    #[arg(long, value_name = "FILE|DIGEST")]
    expect_head: Vec<String>,
    /// A second person's public key or fingerprint; may be given several times
    #[arg(long, value_name = "KEY|FINGERPRINT")]
    countersigned_by: Vec<String>,
    /// How many of these must have countersigned each package; all if left out
    #[arg(long, value_name = "N", requires = "countersigned_by")]
    pub(super) countersignatures: Option<u64>,
}

/// One ledger's verdict.
#[derive(Debug, Serialize)]
pub(super) struct LedgerFileReport {
    /// The file as it was named.
    file: String,
    /// The verification.
    pub(super) report: LedgerReport,
}

impl LedgerArgs {
    /// Adds to `trust` what the reader demands of ledgers; `threshold` is that of the reader's policy.
    pub(super) fn add_to(&self, trust: &mut Trust, threshold: Option<u64>) -> Result<(), CliError> {
        for given in &self.countersigned_by {
            let key = read_one_key(given)?;
            if !trust.countersigners.contains(&key) {
                trust.countersigners.push(key);
            }
        }
        let named = trust.countersigners.len() as u64;
        trust.countersignatures = self.countersignatures.or(threshold).unwrap_or(named);
        if trust.countersignatures > named {
            return Err(CliError::request(format!(
                "{} countersignatures are demanded of {}",
                trust.countersignatures,
                out::counted(named, "key")
            ))
            .hint("name more keys with --countersigned-by, or demand fewer"));
        }
        trust.heads = self.expect_head.iter().map(|given| read_head(given)).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Takes the ledgers out of the files given, and adds that of `--ledger`.
    pub(super) fn ledgers(&self, files: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>, CliError> {
        let mut ledgers: Vec<PathBuf> = self.ledger.iter().cloned().collect();
        let mut packages = Vec::new();
        for file in files.drain(..) {
            let refused =
                |error: std::io::Error| CliError::machine(format!("cannot read `{}`: {error}", file.display()));
            if looks_like_a_ledger(open(&file)?.fill_buf().map_err(refused)?) {
                ledgers.push(file);
            } else {
                packages.push(file);
            }
        }
        *files = packages;
        if ledgers.is_empty() && !(self.expect_head.is_empty() && self.countersigned_by.is_empty()) {
            return Err(CliError::request("heads and countersignatures are in a ledger, and none was named")
                .hint("name it with --ledger"));
        }
        Ok(ledgers)
    }
}

/// Says by which digests a ledger names these files.
pub(super) fn archive_names(files: &[PathBuf]) -> Result<Vec<ArchiveName>, CliError> {
    let name = |file: &PathBuf| file_digest(file).map(|(sha256, byte_len)| ArchiveName { sha256, byte_len });
    files.iter().map(name).collect()
}

/// Finds the renewals of each package. Of several ledgers, which may be copies of one, that counts which has most of a package.
pub(super) fn renewals(ledgers: &[PathBuf], archives: &[ArchiveName]) -> Result<Vec<Vec<Renewal>>, CliError> {
    let mut best = vec![Vec::new(); archives.len()];
    for ledger in ledgers {
        let name = ledger.file_name().unwrap_or_default().to_string_lossy();
        for (best, found) in best.iter_mut().zip(read_renewals(open(ledger)?, &name, archives)?) {
            if found.len() > best.len() {
                *best = found;
            }
        }
    }
    Ok(best)
}

/// Verifies one ledger.
pub(super) fn judge(file: &Path, presented: &[Presented], trust: &Trust) -> Result<LedgerFileReport, CliError> {
    let report = verify_ledger(open(file)?, presented, trust)?;
    Ok(LedgerFileReport { file: file.display().to_string(), report })
}

/// Puts a verdict in words.
pub(super) fn to_text(ledger: &LedgerFileReport) -> String {
    let report = &ledger.report;
    let verdict = outcome_words(report.outcome, &report.findings);
    let mut text = format!("{verdict}  {}\n\n", escape_line(&ledger.file));
    text += &checks_text(&report.checks);
    text += &findings_text(&report.findings, &report.finding_counts);
    text += &format!("\n{}", facts_text(&report.facts));
    text += LIMITS;
    text
}

fn facts_text(facts: &LedgerFacts) -> String {
    let mut text = String::new();
    if let (Some(matter), Some(name)) = (&facts.matter, &facts.ledger) {
        text += &format!("ledger     {name}\nmatter     {matter}\n");
    }
    text += &format!("lines      {}\n", out::grouped(facts.line_count));
    if let (Some(opened), Some(latest)) = (facts.opened, facts.latest) {
        text += &format!("times      {opened} to {latest}, by the clocks of those who signed\n");
    }
    for key in &facts.keys {
        let trusted = if key.trusted { "you named it" } else { "you did not name it" };
        let revoked = key.revoked_since.map_or(String::new(), |since| format!(", revoked since {since}"));
        text += &format!(
            "key        {}\n           {}, {trusted}{revoked}\n",
            key.key,
            out::counted(key.event_count, "event")
        );
    }
    for package in &facts.packages {
        text += &format!("package    {}, {}", package.package, out::counted(package.event_count, "event"));
        let count = package.countersigned_by.len() as u64;
        text += &if count == 0 { "\n".to_owned() } else { format!(", {}\n", out::counted(count, "countersignature")) };
    }
    if let Some(head) = &facts.head_sha256 {
        text += &format!("head       {head}\n");
    }
    text
}

fn read_head(given: &str) -> Result<ExpectedHead, CliError> {
    // A digest first: a file of that name must not stand in for it.
    if let Ok(digest) = given.trim().to_lowercase().parse() {
        return Ok(ExpectedHead::Digest(digest));
    }
    let refused = |reason: String| {
        CliError::request(format!("`{given}` is neither a checkpoint nor the digest of a line: {reason}"))
            .hint("give the file that `signhold custody DIR checkpoint` wrote, or 64 hexadecimal digits")
    };
    let text = std::fs::read_to_string(given).map_err(|error| refused(error.to_string()))?;
    let checkpoint = Checkpoint::parse(&text).map_err(|error| refused(error.to_string()))?;
    Ok(ExpectedHead::Checkpoint(given.to_owned(), checkpoint))
}

const LIMITS: &str = "\nNot shown by any ledger: what was done and not put on record. That nothing was cut from its end is shown only by a\n\
                      checkpoint or head in other hands (--expect-head). See LEGAL_NOTES.md.\n";
