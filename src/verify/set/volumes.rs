//! The volumes of one acquisition together (FORMAT §9.4).
//!
//! Which packages belong together is taken from their seals, whatever their names and their order. What a volume alone leaves
//! open is settled here or stays open, and the numbers that are missing are named.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use crate::format::identifier::AcquisitionId;
use crate::format::kind::Sort;
use crate::format::path::SEAL;
use crate::verify::checks::comparison::{self, Bodies};
use crate::verify::checks::volume::Extent;
use crate::verify::checks::{coverage, roots};
use crate::verify::finding::{Code, Findings, Severity};
use crate::verify::package::VerifyError;
use crate::verify::pass::EntrySeen;
use crate::verify::set::joined::{Joined, in_package};
use crate::verify::set::member::Member;
use crate::verify::set::{SetMember, SetReport};
use crate::verify::verdict::{Counts, Outcome, outcome};
use crate::verify::verified::{ReadAgainError, read_entry};

/// Finds the sets and judges each.
pub(super) fn judge<R: Read + Seek>(
    members: &[Member],
    archives: &mut [R],
    quick: bool,
) -> Result<Vec<SetReport>, VerifyError> {
    let mut by_acquisition: BTreeMap<&AcquisitionId, Vec<&Member>> = BTreeMap::new();
    for member in members {
        by_acquisition.entry(&member.seal.acquisition).or_default().push(member);
    }
    let mut reports = Vec::new();
    for (acquisition, mut set) in by_acquisition {
        // Copies of one package are no set, and which of two different ones was named first makes no difference.
        set.sort_by_key(|member| (member.seal.volume.number, *member.seal_sha256.as_bytes(), member.index));
        let is_set = set.iter().any(|member| Extent::of(&member.seal.volume) == Extent::Part)
            || set.windows(2).any(|two| matches!(two, [one, other] if one.seal_sha256 != other.seal_sha256));
        if is_set {
            reports.push(judge_set(acquisition, &set, archives, quick)?);
        }
    }
    Ok(reports)
}

fn judge_set<R: Read + Seek>(
    acquisition: &AcquisitionId,
    set: &[&Member],
    archives: &mut [R],
    quick: bool,
) -> Result<SetReport, VerifyError> {
    let mut findings = Findings::default();
    // One package for each number: others with the same seal are copies, with another are told.
    let mut volumes: Vec<&Member> = Vec::new();
    for member in set.iter().copied() {
        match volumes.last() {
            Some(last) if last.seal.volume.number == member.seal.volume.number => {
                if last.seal_sha256 != member.seal_sha256 {
                    let place = in_package(member, &format!("{SEAL}#volume.number"));
                    let number = member.seal.volume.number;
                    let claimed = format!("volume {number}, seal {}", member.seal_sha256);
                    findings.say(Code::VolumeTwice, place, claimed, format!("one seal, {}", last.seal_sha256));
                }
            }
            _ => volumes.push(member),
        }
    }
    check_shared(&volumes, &mut findings);
    check_links(&volumes, &mut findings);
    let is_whole = check_presence(&volumes, &mut findings);
    let worst = set.iter().fold(Outcome::Valid, |worst, member| worst.or_worse(member.in_company));
    let mut counts = Counts::default();
    for member in &volumes {
        add(&mut counts, &member.counts);
    }
    // What contradicts itself is not followed: every page of it would be found again.
    if !quick && worst != Outcome::Invalid && findings.worst() != Some(Severity::Violation) {
        let mut joined = Joined::default();
        for member in &volumes {
            joined.add(member, &mut findings);
        }
        if let Some(last) = volumes.last() {
            let extent = if is_whole { Extent::Whole } else { Extent::Part };
            let mut of_runs = Findings::default();
            roots::check_streams(&last.seal, Some(&last.genesis), &joined.runs, extent, &mut of_runs);
            coverage::note_retention(&last.seal, &last.genesis, &joined.runs, &mut of_runs);
            findings.take(of_runs, |place| in_package(last, place));
        }
        if is_whole && findings.worst() != Some(Severity::Violation) {
            compare(&volumes, archives, &mut findings)?;
        }
    }
    let outcome = worst.or_worse(outcome(&findings, &BTreeMap::new()));
    let members = set
        .iter()
        .map(|member| SetMember {
            index: member.index,
            package: member.seal.package.clone(),
            number: member.seal.volume.number,
            last: member.seal.volume.last,
            seal_sha256: member.seal_sha256,
            outcome: member.in_company,
        })
        .collect();
    let (findings, finding_counts) = findings.finish();
    let simulated = set.iter().any(|member| member.simulated);
    let acquisition = acquisition.clone();
    Ok(SetReport { outcome, acquisition, simulated, members, counts, findings, finding_counts })
}

/// Compares what is the same in every volume with the first presented.
fn check_shared(volumes: &[&Member], findings: &mut Findings) {
    let Some((first, others)) = volumes.split_first() else { return };
    for member in others {
        let mut differ = |path: &str, claimed: &str, computed: &str| {
            findings.say(Code::VolumeMismatch, in_package(member, path), claimed, computed);
        };
        let files: BTreeSet<&str> = first.shared.iter().chain(&member.shared).map(|(path, _)| path.as_str()).collect();
        let digest = |of: &Member, path: &str| {
            let found = of.shared.iter().find(|(held, _)| held == path);
            found.map_or_else(|| "no such file".to_owned(), |(_, digest)| digest.to_string())
        };
        for path in files {
            let (claimed, computed) = (digest(member, path), digest(first, path));
            if claimed != computed {
                differ(path, &claimed, &computed);
            }
        }
        let (ours, theirs) = (&member.seal, &first.seal);
        let same = format!("as in volume {}", theirs.volume.number);
        if ours.streams != theirs.streams {
            let at = ours.streams.iter().zip(&theirs.streams).find(|(ours, theirs)| ours != theirs);
            let claimed = at.map_or_else(
                || format!("{} runs", ours.streams.len()),
                |(run, _)| format!("{} {} to {}, run {}: {}", run.kind, run.from, run.to, run.run, run.state),
            );
            differ(&format!("{SEAL}#streams"), &claimed, &same);
        }
        if ours.second_pass != theirs.second_pass {
            differ(&format!("{SEAL}#second_pass"), "another comparison", &same);
        }
        if ours.reconciliation != theirs.reconciliation {
            differ(&format!("{SEAL}#reconciliation"), "other counts", &same);
        }
    }
}

/// Follows the links from seal to seal.
fn check_links(volumes: &[&Member], findings: &mut Findings) {
    for two in volumes.windows(2) {
        let [before, member] = two else { continue };
        let volume = &member.seal.volume;
        if before.seal.volume.last {
            let place = in_package(member, &format!("{SEAL}#volume.number"));
            let computed = format!("at most {}, which says that it is the last", before.seal.volume.number);
            findings.say(Code::VolumeBroken, place, volume.number.to_string(), computed);
        }
        let is_next = volume.number == before.seal.volume.number.saturating_add(1);
        if is_next && volume.previous_seal != Some(before.seal_sha256) {
            let place = in_package(member, &format!("{SEAL}#volume.previous_seal"));
            let claimed = volume.previous_seal.map_or_else(|| "null".to_owned(), |digest| digest.to_string());
            findings.say(Code::VolumeBroken, place, claimed, before.seal_sha256.to_string());
        }
    }
}

/// Names the volumes that are missing; returns whether all are there.
fn check_presence(volumes: &[&Member], findings: &mut Findings) -> bool {
    let numbers: Vec<u64> = volumes.iter().map(|member| member.seal.volume.number).collect();
    let mut missing: Vec<String> = Vec::new();
    let mut expected = 1_u64;
    for number in &numbers {
        match number.checked_sub(expected) {
            None | Some(0) => {}
            Some(1) => missing.push(expected.to_string()),
            Some(_) => missing.push(format!("{expected} to {}", number.saturating_sub(1))),
        }
        expected = number.saturating_add(1);
    }
    if !volumes.iter().any(|member| member.seal.volume.last) {
        missing.push(format!("{expected} and whatever follows, to the last"));
    }
    if missing.is_empty() {
        return true;
    }
    let place = volumes.last().map_or_else(String::new, |member| in_package(member, &format!("{SEAL}#volume")));
    let presented = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let computed = format!("not presented: {}", missing.join("; "));
    findings.say(Code::VolumeIncomplete, place, format!("presented: {presented}"), computed);
    false
}

/// Computes second pass and reconciliation from the pages of all volumes.
fn compare<R: Read + Seek>(
    volumes: &[&Member],
    archives: &mut [R],
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    let Some(last) = volumes.last() else { return Ok(()) };
    let (genesis, seal) = (&last.genesis, &last.seal);
    let has_counts = genesis.plan.kinds.iter().any(|kind| kind.sort() == Sort::Count);
    let claims_any = seal.second_pass.is_some() || !seal.reconciliation.is_empty();
    if !(genesis.plan.second_pass || has_counts || claims_any) {
        return Ok(());
    }
    let mut bodies = Bodies::default();
    let mut places: BTreeMap<&str, (&Member, &EntrySeen)> = BTreeMap::new();
    for member in volumes {
        bodies.append(&member.bodies);
        places.extend(member.entries.iter().map(|entry| (entry.path.as_str(), (*member, entry))));
    }
    let mut read = |path: &str| {
        let missing = || ReadAgainError::Missing(path.to_owned());
        let (member, entry) = places.get(path).ok_or_else(missing)?;
        let archive = archives.get_mut(member.index).ok_or_else(missing)?;
        read_entry(archive, entry)
    };
    let mut compared = Findings::default();
    match comparison::check(&bodies, genesis, seal, &mut read, &mut compared) {
        Err(ReadAgainError::Io(error)) => return Err(VerifyError::Io(error)),
        Err(ReadAgainError::Changed(_)) => return Err(VerifyError::Changed),
        Err(ReadAgainError::Missing(_)) | Ok(()) => {}
    }
    findings.take(compared, |place| if place.starts_with(SEAL) { in_package(last, place) } else { place.to_owned() });
    Ok(())
}

fn add(sum: &mut Counts, counts: &Counts) {
    sum.pages = sum.pages.saturating_add(counts.pages);
    sum.records = sum.records.saturating_add(counts.records);
    sum.inside = sum.inside.saturating_add(counts.inside);
    sum.undated = sum.undated.saturating_add(counts.undated);
    sum.opaque_pages = sum.opaque_pages.saturating_add(counts.opaque_pages);
    sum.body_bytes = sum.body_bytes.saturating_add(counts.body_bytes);
    sum.failures = sum.failures.saturating_add(counts.failures);
}
