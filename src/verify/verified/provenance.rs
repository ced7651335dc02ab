//! What everything made of a package has to say about it: which package, how it fared, and that it is not the evidence itself.
//!
//! One place, so that no export, report or exhibit can forget a mark that another one bears.

use serde::Serialize;

use crate::crypto::digest::{FileDigest, SealDigest};
use crate::format::genesis::SIMULATED;
use crate::format::identifier::PackageId;
use crate::format::seal::Seal;
use crate::verify::finding::{Code, Severity};
use crate::verify::verdict::{Outcome, Report};

/// Where something derived comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The package, as its seal names it.
    pub package: PackageId,
    /// SHA-256 of the whole archive; null where it could not be read to its end.
    pub archive_sha256: Option<FileDigest>,
    /// Length of the archive in bytes.
    pub archive_byte_len: u64,
    /// Digest of its seal; null where the seal could not be digested.
    pub seal_sha256: Option<SealDigest>,
    /// The verdict over it, when this was made.
    pub verdict: Outcome,
    /// Whether only container digest, signatures and time stamps were checked, and beside them what is in here.
    pub quick: bool,
    /// The violations, where the package is INVALID and something was made of it all the same.
    pub despite_findings: Vec<Code>,
    /// Whether the data was invented.
    pub simulated: bool,
    /// Whether nothing but reading all of it stands between the package and VALID.
    #[serde(skip)]
    is_only_unread: bool,
}

impl Provenance {
    pub(super) fn new(report: &Report, seal: &Seal) -> Self {
        let facts = &report.facts;
        let violations = report.findings.iter().filter(|finding| finding.severity == Severity::Violation);
        let mut despite_findings: Vec<Code> = violations.map(|finding| finding.code).collect();
        despite_findings.sort_unstable();
        despite_findings.dedup();
        Self {
            package: seal.package.clone(),
            archive_sha256: facts.archive_sha256,
            archive_byte_len: facts.archive_byte_len,
            seal_sha256: facts.seal_sha256,
            verdict: report.outcome,
            quick: report.quick,
            despite_findings,
            simulated: facts.simulated != Some(false),
            is_only_unread: report.quick && report.findings.iter().all(|finding| finding.severity == Severity::Note),
        }
    }

    /// Returns the lines that have to stand on everything made of the package, the gravest first.
    #[must_use]
    pub fn marks(&self) -> Vec<String> {
        let mut marks = self.warnings();
        marks.push("derived; the evidence is the sealed package".to_owned());
        marks
    }

    /// Returns the lines that have to stand also where the sealed bytes themselves are shown.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut marks = Vec::new();
        if self.simulated {
            marks.push(SIMULATED.to_owned());
        }
        if !self.despite_findings.is_empty() {
            let codes: Vec<&str> = self.despite_findings.iter().map(|code| code.as_str()).collect();
            marks.push(format!(
                "FROM A PACKAGE THAT FAILED VERIFICATION ({}), MADE AT ITS READER'S EXPRESS WISH",
                codes.join(", ")
            ));
        }
        if self.is_only_unread {
            marks.push(
                "of the package, only the container digest, signatures and time stamps were checked when this was made"
                    .to_owned(),
            );
        } else if self.verdict == Outcome::Indeterminate {
            marks
                .push("signer, time or completeness of the package were not established when this was made".to_owned());
        }
        marks
    }
}
