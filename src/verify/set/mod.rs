//! Several packages at once (FORMAT §§9.4, 9.5, 12): each by itself first, then the volumes of one acquisition together, then the
//! acquisitions of one series.
//!
//! Apart from the pass because nothing here reads an archive but the comparison of two passes over the same windows: what a
//! package alone shows is said in its own report, which is the same whatever else was presented. [`member`] is what remains of a
//! pass, [`volumes`] finds sets and judges them, [`joined`] follows what runs on from one volume to the next, [`series`] the
//! links between acquisitions.

mod joined;
mod member;
mod series;
mod volumes;

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use serde::Serialize;

use crate::crypto::digest::SealDigest;
use crate::crypto::signature::Fingerprint;
use crate::format::identifier::{AcquisitionId, MatterId, PackageId};
use crate::time::Bound;
use crate::verify::finding::{Code, Finding};
use crate::verify::package::{Options, Renewal, VerifyError};
use crate::verify::pass;
use crate::verify::set::member::Member;
use crate::verify::verdict::{Counts, Outcome, Report};

/// What several packages come to.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// One report for each archive, in the order given.
    pub packages: Vec<Report>,
    /// The acquisitions of several volumes.
    pub sets: Vec<SetReport>,
    /// The linked acquisitions.
    pub series: Vec<SeriesReport>,
}

/// What the volumes of one acquisition come to together.
#[derive(Clone, Debug, Serialize)]
pub struct SetReport {
    /// The verdict over all volumes.
    pub outcome: Outcome,
    /// The acquisition they say they belong to.
    pub acquisition: AcquisitionId,
    /// Whether any of them holds invented data.
    pub simulated: bool,
    /// By number.
    pub members: Vec<SetMember>,
    /// Sums over the volumes, each number once.
    pub counts: Counts,
    /// What is to say about the set, beside what the packages' own reports say.
    pub findings: Vec<Finding>,
    /// How often each code was raised, listed or not.
    pub finding_counts: BTreeMap<Code, u64>,
}

/// One volume of a set.
#[derive(Clone, Debug, Serialize)]
pub struct SetMember {
    /// Which of the packages, from 0.
    pub index: usize,
    /// As its seal names it.
    pub package: PackageId,
    /// The volume's number, from 1.
    pub number: u64,
    /// Whether its seal says that no volume follows.
    pub last: bool,
    /// Digest of its seal.
    pub seal_sha256: SealDigest,
    /// What it would be worth if nothing were wanting but the other volumes.
    pub outcome: Outcome,
}

/// What the acquisitions of one series come to together.
#[derive(Clone, Debug, Serialize)]
pub struct SeriesReport {
    /// The worst of its members' outcomes and its own findings.
    pub outcome: Outcome,
    /// Whether any of them holds invented data.
    pub simulated: bool,
    /// By number.
    pub members: Vec<SeriesMember>,
    /// What is to say about the series, beside what the reports on its members say.
    pub findings: Vec<Finding>,
    /// How often each code was raised, listed or not.
    pub finding_counts: BTreeMap<Code, u64>,
}

/// One acquisition of a series.
#[derive(Clone, Debug, Serialize)]
pub struct SeriesMember {
    /// Its number in the series, from 1.
    pub number: u64,
    /// The case.
    pub matter: MatterId,
    /// Which acquisition.
    pub acquisition: AcquisitionId,
    /// Which of the packages, from 0.
    pub indices: Vec<usize>,
    /// The window's beginning.
    pub from: Bound,
    /// The window's end, not part of it.
    pub to: Bound,
    /// The key it names.
    pub signer: Fingerprint,
    /// Its package's or its set's outcome.
    pub outcome: Outcome,
}

impl Verification {
    /// Returns the worst outcome. A volume that stands in a set counts as the set does.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let in_sets: Vec<usize> =
            self.sets.iter().flat_map(|set| set.members.iter().map(|member| member.index)).collect();
        let alone = self.packages.iter().enumerate().filter(|(index, _)| !in_sets.contains(index));
        let outcomes = alone
            .map(|(_, report)| report.outcome)
            .chain(self.sets.iter().map(|set| set.outcome))
            .chain(self.series.iter().map(|series| series.outcome));
        outcomes.fold(Outcome::Valid, Outcome::or_worse)
    }
}

/// Verifies packages, each by itself and then those that belong together, in whatever order they are given.
///
/// `renewals` are those of each package, in the order of the packages; where there are fewer lists, the others have none.
/// [`Options::renewals`] is not looked at.
///
/// # Errors
///
/// [`VerifyError`] where the machine failed; whatever is wrong with the evidence is in the reports.
pub fn verify_all<R: Read + Seek>(
    archives: &mut [R],
    renewals: &[Vec<Renewal>],
    options: &Options<'_>,
) -> Result<Verification, VerifyError> {
    let mut packages = Vec::new();
    let mut members = Vec::new();
    for (index, archive) in archives.iter_mut().enumerate() {
        let (report, pass) = pass::run(archive, renewals.get(index).map_or(&[], Vec::as_slice), options)?;
        members.extend(Member::of(index, pass));
        packages.push(report);
    }
    let sets = volumes::judge(&members, archives, options.quick)?;
    let series = series::judge(&members, &packages, &sets);
    Ok(Verification { packages, sets, series })
}
