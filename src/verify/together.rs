//! What several packages say when they are presented together, which none says alone (FORMAT §12.3).
//!
//! Separate from the pass, which sees one package. Of packages only what the seals say is compared. An exhibit speaks for its package
//! here, and beside that package what it says by its word alone is held against what the package is.

use std::collections::BTreeMap;

use crate::crypto::digest::SealDigest;
use crate::format::exhibit::paths;
use crate::format::identifier::PackageId;
use crate::verify::exhibit::ExhibitReport;
use crate::verify::finding::{Code, Finding, Severity, Step};
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
            judged.add(finding);
        }
    }
    let twice = numbers_twice(exhibits);
    for ((_, report), of_numbers) in exhibits.iter_mut().zip(twice) {
        let beside_packages = packages.iter().flat_map(|(file, package)| against_package(report, file, package));
        let findings: Vec<Finding> = beside_packages.chain(of_numbers).collect();
        for finding in findings {
            Judged {
                outcome: &mut report.outcome,
                checks: &mut report.checks,
                findings: &mut report.findings,
                finding_counts: &mut report.finding_counts,
                place: "",
            }
            .add(finding);
        }
    }
}

/// Holds what an exhibit says by its word alone of its package against that package.
fn against_package(exhibit: &ExhibitReport, file: &str, package: &Report) -> Vec<Finding> {
    let (said, is) = (&exhibit.facts, &package.facts);
    let is_its_own = said.seal_sha256.is_some() && (&said.package, said.seal_sha256) == (&is.package, is.seal_sha256);
    let (true, Some(claimed_len), Some(sha256)) = (is_its_own, said.package_byte_len, is.archive_sha256) else {
        return Vec::new();
    };
    let is_same_file =
        claimed_len == is.archive_byte_len && said.package_sha256.is_none_or(|claimed| claimed == sha256);
    if package.outcome != Outcome::Invalid {
        if is_same_file {
            return Vec::new();
        }
        let claimed = said.package_sha256.map_or_else(|| "no digest".to_owned(), |claimed| claimed.to_string());
        let claimed = format!("{claimed}, {claimed_len} bytes");
        let computed = format!("{sha256}, {} bytes, in {file}", is.archive_byte_len);
        return vec![Finding::new(Code::ExhibitMismatch, format!("{}#package", paths::STATEMENT), claimed, computed)];
    }
    // A copy that was damaged later says nothing about what the exhibit was cut from, and neither does whom this reader trusts.
    let of_reader = [Step::Signer, Step::Timestamps, Step::Policy];
    let violations = package.findings.iter().filter(|finding| finding.severity == Severity::Violation);
    let mut codes: Vec<&str> = violations
        .filter(|finding| !of_reader.contains(&finding.code.step()) && finding.code != Code::PackageTwice)
        .map(|finding| finding.code.as_str())
        .collect();
    codes.dedup();
    if codes.is_empty() || !is_same_file || said.package_sha256.is_none() || !said.despite_findings.is_empty() {
        return Vec::new();
    }
    let place = format!("{}#despite_findings", paths::STATEMENT);
    let computed = format!("{} is INVALID: {}", file, codes.join(", "));
    vec![Finding::new(Code::ExhibitDespiteFindings, place, "none", computed)]
}

/// Notes, for each exhibit, the others that bear its number in its matter and are other exhibits.
fn numbers_twice(exhibits: &[(String, ExhibitReport)]) -> Vec<Vec<Finding>> {
    let of = |(file, report): &(String, ExhibitReport)| {
        let (own, matter) = (&report.facts, report.facts.matter.as_ref().map(|matter| &matter.id));
        let is_twin = |other: &&(String, ExhibitReport)| {
            let facts = &other.1.facts;
            facts.number == own.number
                && facts.matter.as_ref().map(|matter| &matter.id) == matter
                && facts.exhibit != own.exhibit
        };
        let name = |report: &ExhibitReport| report.facts.exhibit.clone().unwrap_or_default();
        let note = |number: &str, (other_file, other): &(String, ExhibitReport)| {
            let claimed = format!("{number}: {} in {file}", name(report));
            let computed = format!("{number}: {} in {other_file}", name(other));
            Finding::new(Code::ExhibitNumberTwice, format!("{}#number", paths::STATEMENT), claimed, computed)
        };
        let Some(number) = &own.number else { return Vec::new() };
        exhibits.iter().filter(is_twin).take(TWINS_NAMED).map(|other| note(number.as_str(), other)).collect()
    };
    exhibits.iter().map(of).collect()
}

/// 20: as many as are listed of one code.
const TWINS_NAMED: usize = 20;

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
    /// Adds what was found after the pass; a violation makes the outcome INVALID, whatever it was, and what is not established VALID no
    /// longer.
    fn add(&mut self, finding: Finding) {
        let step = finding.code.step();
        let count = self.finding_counts.entry(finding.code).or_insert(0);
        *count = count.saturating_add(1);
        match finding.severity {
            Severity::Violation => {
                for check in self.checks.iter_mut().filter(|check| check.step == step) {
                    check.outcome = CheckOutcome::Failed;
                }
                *self.outcome = Outcome::Invalid;
            }
            Severity::Unestablished => *self.outcome = self.outcome.or_worse(Outcome::Indeterminate),
            Severity::Note => {}
        }
        let place = self.findings.partition_point(|listed| listed.severity >= finding.severity);
        self.findings.insert(place, finding);
    }
}
