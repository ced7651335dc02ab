//! What several packages say when they are presented together, which none says alone (FORMAT §12.3).
//!
//! Separate from the pass, which sees one package. Only what the seals say is compared. An exhibit speaks for its package here.

use std::collections::BTreeMap;

use crate::crypto::digest::SealDigest;
use crate::format::identifier::PackageId;
use crate::verify::exhibit::ExhibitReport;
use crate::verify::finding::{Code, Finding, Severity};
use crate::verify::verdict::{CheckOutcome, CheckResult, Outcome, Report};

/// Reports packages with one identifier and different seals, in all reports on them and on their exhibits. `packages` and `exhibits`
/// are named as the reader named the files.
pub fn compare_packages(packages: &mut [(String, Report)], exhibits: &mut [(String, ExhibitReport)]) {
    let of_packages =
        packages.iter().map(|(file, report)| Named::new(file, report.facts.package.as_ref(), report.facts.seal_sha256));
    let cut =
        exhibits.iter().map(|(file, report)| Named::new(file, report.facts.package.as_ref(), report.facts.seal_sha256));
    let names: Vec<Named> = of_packages.chain(cut).collect();
    let judged_packages = packages.iter_mut().map(|(_, report)| Judged {
        outcome: &mut report.outcome,
        checks: &mut report.checks,
        findings: &mut report.findings,
        finding_counts: &mut report.finding_counts,
        place: "seal/seal.json#package",
    });
    let judged_exhibits = exhibits.iter_mut().map(|(_, report)| Judged {
        outcome: &mut report.outcome,
        checks: &mut report.checks,
        findings: &mut report.findings,
        finding_counts: &mut report.finding_counts,
        place: "package/seal/seal.json#package",
    });
    for (index, mut judged) in judged_packages.chain(judged_exhibits).enumerate() {
        let Some(own) = names.get(index) else { continue };
        for other in names.iter().filter(|other| own.contradicts(other)) {
            let finding = Finding::new(Code::PackageTwice, judged.place, own.words(), other.words());
            judged.add_violation(finding);
        }
    }
}

/// What a file says of the package it is, or was cut from.
struct Named {
    file: String,
    package: Option<PackageId>,
    seal: Option<SealDigest>,
}

impl Named {
    fn new(file: &str, package: Option<&PackageId>, seal: Option<SealDigest>) -> Self {
        Self { file: file.to_owned(), package: package.cloned(), seal }
    }

    fn contradicts(&self, other: &Self) -> bool {
        let is_known = self.package.is_some() && self.seal.is_some() && other.seal.is_some();
        is_known && self.package == other.package && self.seal != other.seal
    }

    fn words(&self) -> String {
        let package = self.package.as_ref().map(ToString::to_string).unwrap_or_default();
        let seal = self.seal.map(|seal| seal.to_string()).unwrap_or_default();
        format!("{package} in {}, seal {seal}", self.file)
    }
}

/// The parts of a report that a finding changes.
struct Judged<'a> {
    outcome: &'a mut Outcome,
    checks: &'a mut Vec<CheckResult>,
    findings: &'a mut Vec<Finding>,
    finding_counts: &'a mut BTreeMap<Code, u64>,
    place: &'static str,
}

impl Judged<'_> {
    /// Adds what was found after the pass; a violation makes the outcome INVALID, whatever it was.
    fn add_violation(&mut self, finding: Finding) {
        let step = finding.code.step();
        let count = self.finding_counts.entry(finding.code).or_insert(0);
        *count = count.saturating_add(1);
        for check in self.checks.iter_mut().filter(|check| check.step == step) {
            check.outcome = CheckOutcome::Failed;
        }
        let place = self.findings.partition_point(|listed| listed.severity == Severity::Violation);
        self.findings.insert(place, finding);
        *self.outcome = Outcome::Invalid;
    }
}
