//! What several packages say when they are presented together, which none says alone (FORMAT §12.3).
//!
//! Separate from the pass, which sees one package. Only what the seals say is compared.

use crate::verify::finding::{Code, Finding, Severity};
use crate::verify::verdict::{CheckOutcome, Outcome, Report};

/// Reports two packages with one identifier and different seals, in both reports. `reports` are named as the reader named the files.
pub fn compare_packages(reports: &mut [(String, Report)]) {
    let names: Vec<_> = reports
        .iter()
        .map(|(file, report)| (file.clone(), report.facts.package.clone(), report.facts.seal_sha256))
        .collect();
    for (index, (file, report)) in reports.iter_mut().enumerate() {
        let (Some(package), Some(seal)) = (report.facts.package.clone(), report.facts.seal_sha256) else { continue };
        for (other, (other_file, other_package, other_seal)) in names.iter().enumerate() {
            if other == index || other_package.as_ref() != Some(&package) {
                continue;
            }
            if let Some(other_seal) = other_seal.filter(|other_seal| *other_seal != seal) {
                let claimed = format!("{package} in {file}, seal {seal}");
                let computed = format!("{package} in {other_file}, seal {other_seal}");
                report.add_violation(Finding::new(Code::PackageTwice, "seal/seal.json#package", claimed, computed));
            }
        }
    }
}

impl Report {
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
        self.outcome = Outcome::Invalid;
    }
}
