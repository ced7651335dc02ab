//! The acquisitions of one series together (FORMAT §9.5).
//!
//! A link is a digest that was signed before the first request, so it cannot be made to fit afterwards. Where no link holds, what
//! is presented under the same matter and key with the number before is taken for what stands in its place, whoever else names
//! it: otherwise one more package presented would hide what is withheld.

use std::collections::{BTreeMap, BTreeSet};

use crate::crypto::digest::SealDigest;
use crate::format::genesis::Genesis;
use crate::format::identifier::AcquisitionId;
use crate::format::path::GENESIS;
use crate::verify::finding::{Code, Findings};
use crate::verify::set::member::Member;
use crate::verify::set::{SeriesMember, SeriesReport, SetReport};
use crate::verify::verdict::{Outcome, Report, outcome};

/// One acquisition: a package, or a set of volumes.
struct Unit<'a> {
    acquisition: &'a AcquisitionId,
    genesis: &'a Genesis,
    top: &'a str,
    indices: Vec<usize>,
    /// Seals of its last volume; none where that was not presented.
    last_seals: BTreeSet<SealDigest>,
    simulated: bool,
    outcome: Outcome,
}

impl Unit<'_> {
    fn number(&self) -> u64 {
        self.genesis.series.number
    }

    fn owner(&self) -> (&str, String) {
        (self.genesis.matter.id.as_str(), self.genesis.keys.operator.to_string())
    }

    fn place(&self, member: &str) -> String {
        format!("{}/{GENESIS}#{member}", self.top)
    }
}

/// How a unit comes after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tie {
    /// It names the other's seal.
    Linked,
    /// It has the number after the other's, and names another seal.
    Misses,
    /// It has the number after the other's, whose last volume was not presented.
    Open,
    /// Members between the two were not presented.
    Apart,
    /// It names the same seal as the other, which was not presented.
    Beside,
}

/// Finds the series and judges each.
pub(super) fn judge(members: &[Member], packages: &[Report], sets: &[SetReport]) -> Vec<SeriesReport> {
    let units = units(members, packages, sets);
    let ties: Vec<Option<(usize, Tie)>> = (0..units.len()).map(|index| tie(index, &units)).collect();
    let twins = twins(&units);
    chains(&units, &ties, &twins).into_iter().map(|chain| judge_chain(&chain, &units, &ties, &twins)).collect()
}

/// Says what a unit comes after, among those that were presented.
fn tie(index: usize, units: &[Unit<'_>]) -> Option<(usize, Tie)> {
    let unit = units.get(index)?;
    let named = unit.genesis.series.previous_seal;
    let linked = named.and_then(|seal| units.iter().position(|other| other.last_seals.contains(&seal)));
    if let Some(before) = linked {
        return Some((before, Tie::Linked));
    }
    if unit.number() <= 1 {
        return None;
    }
    if let Some(other) = units.iter().take(index).position(|other| other.genesis.series.previous_seal == named) {
        return Some((other, Tie::Beside));
    }
    let candidates =
        units.iter().enumerate().filter(|(_, other)| other.number() < unit.number() && other.owner() == unit.owner());
    let (before, other) = candidates.max_by_key(|(_, other)| other.number())?;
    let tie = match (other.number().saturating_add(1) == unit.number(), other.last_seals.is_empty()) {
        (true, false) => Tie::Misses,
        (true, true) => Tie::Open,
        (false, _) => Tie::Apart,
    };
    Some((before, tie))
}

/// Finds for each unit the first of the same matter, key and number. Collections that follow none are all number 1.
fn twins(units: &[Unit<'_>]) -> Vec<Option<usize>> {
    let mut first = BTreeMap::new();
    let twin = |(index, unit): (usize, &Unit<'_>)| {
        let (matter, key) = unit.owner();
        let one = *first.entry((matter.to_owned(), key, unit.number())).or_insert(index);
        (one != index && unit.number() > 1).then_some(one)
    };
    units.iter().enumerate().map(twin).collect()
}

fn units<'a>(members: &'a [Member], packages: &[Report], sets: &[SetReport]) -> Vec<Unit<'a>> {
    let mut units: BTreeMap<&AcquisitionId, Unit<'a>> = BTreeMap::new();
    for member in members {
        let acquisition = &member.seal.acquisition;
        let of_package = packages.get(member.index).map_or(Outcome::Indeterminate, |report| report.outcome);
        let of_set = sets.iter().find(|set| set.acquisition == *acquisition).map(|set| set.outcome);
        let unit = units.entry(acquisition).or_insert_with(|| Unit {
            acquisition,
            genesis: &member.genesis,
            top: &member.top,
            indices: Vec::new(),
            last_seals: BTreeSet::new(),
            simulated: false,
            outcome: Outcome::Valid,
        });
        unit.simulated |= member.simulated;
        unit.indices.push(member.index);
        unit.outcome = unit.outcome.or_worse(of_set.unwrap_or(of_package));
        if member.seal.volume.last {
            unit.last_seals.insert(member.seal_sha256);
        }
    }
    let mut units: Vec<Unit<'_>> = units.into_values().collect();
    units.sort_by(|one, other| (one.number(), one.acquisition).cmp(&(other.number(), other.acquisition)));
    units
}

/// Gathers what hangs together: members by number, those that are alone and say nothing of others left out.
fn chains(units: &[Unit<'_>], ties: &[Option<(usize, Tie)>], twins: &[Option<usize>]) -> Vec<Vec<usize>> {
    let mut root: Vec<usize> = (0..units.len()).collect();
    // Ties may, between lying packages, form a circle; so names of groups are spread until none changes.
    loop {
        let mut changed = false;
        let linked = ties.iter().enumerate().filter_map(|(index, tie)| Some((index, (*tie)?.0)));
        let twinned = twins.iter().enumerate().filter_map(|(index, twin)| Some((index, (*twin)?)));
        for (index, before) in linked.chain(twinned) {
            let (Some(one), Some(other)) = (root.get(index).copied(), root.get(before).copied()) else { continue };
            for place in [index, before] {
                if let Some(name) = root.get_mut(place).filter(|name| **name != one.min(other)) {
                    *name = one.min(other);
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, name) in root.into_iter().enumerate() {
        groups.entry(name).or_default().push(index);
    }
    let speaks = |group: &Vec<usize>| {
        group.len() > 1 || group.iter().filter_map(|index| units.get(*index)).any(|unit| unit.number() > 1)
    };
    groups.into_values().filter(speaks).collect()
}

fn judge_chain(
    chain: &[usize],
    units: &[Unit<'_>],
    ties: &[Option<(usize, Tie)>],
    twins: &[Option<usize>],
) -> SeriesReport {
    let mut findings = Findings::default();
    let members: Vec<&Unit<'_>> = chain.iter().filter_map(|index| units.get(*index)).collect();
    let mut named: BTreeMap<SealDigest, &Unit<'_>> = BTreeMap::new();
    for index in chain {
        let Some(unit) = units.get(*index) else { continue };
        let tie = ties.get(*index).copied().flatten();
        match tie.and_then(|(before, tie)| Some((units.get(before)?, tie))) {
            Some((before, tie)) => check_tie(unit, before, tie, &mut findings),
            None if unit.number() > 1 => {
                let missing = numbers(1, unit.number().saturating_sub(1));
                let place = unit.place("series.number");
                findings.say(Code::SeriesBeginsLater, place, unit.number().to_string(), not_presented(&missing));
            }
            None => {}
        }
        let series = &unit.genesis.series;
        let rival = series.previous_seal.and_then(|seal| named.insert(seal, unit));
        let twin = twins.get(*index).copied().flatten().and_then(|twin| units.get(twin));
        if let (Some(seal), Some(other)) = (series.previous_seal, rival) {
            let place = unit.place("series.previous_seal");
            let computed = format!("named as the one before by {} already", other.acquisition);
            findings.say(Code::SeriesFork, place, seal.to_string(), computed);
        } else if let Some(other) = twin {
            let computed = format!("{} has this number, matter and key already", other.acquisition);
            findings.say(Code::SeriesFork, unit.place("series.number"), series.number.to_string(), computed);
        }
    }
    let worst = members.iter().fold(Outcome::Valid, |worst, unit| worst.or_worse(unit.outcome));
    let outcome = worst.or_worse(outcome(&findings, &BTreeMap::new()));
    let (findings, finding_counts) = findings.finish();
    let simulated = members.iter().any(|unit| unit.simulated);
    let members = members.into_iter().map(|unit| SeriesMember {
        number: unit.number(),
        matter: unit.genesis.matter.id.clone(),
        acquisition: unit.acquisition.clone(),
        indices: unit.indices.clone(),
        from: unit.genesis.plan.from,
        to: unit.genesis.plan.to,
        signer: unit.genesis.keys.operator,
        outcome: unit.outcome,
    });
    SeriesReport { outcome, simulated, members: members.collect(), findings, finding_counts }
}

fn check_tie(unit: &Unit<'_>, before: &Unit<'_>, tie: Tie, findings: &mut Findings) {
    let series = &unit.genesis.series;
    let expected = before.number().saturating_add(1);
    let claimed = series.previous_seal.map_or_else(|| "null".to_owned(), |seal| seal.to_string());
    match tie {
        // That two name one seal is said of all members at once.
        Tie::Beside => {}
        Tie::Linked => {
            if series.number != expected {
                let place = unit.place("series.number");
                findings.say(Code::SeriesBroken, place, series.number.to_string(), expected.to_string());
            }
            if unit.owner() != before.owner() {
                let words = |unit: &Unit<'_>| format!("matter {}, key {}", unit.owner().0, unit.owner().1);
                findings.say(Code::SeriesMismatch, unit.place("series"), words(unit), words(before));
            }
            check_windows(unit, before, findings);
        }
        Tie::Misses => {
            let computed = before.last_seals.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            findings.say(Code::SeriesBroken, unit.place("series.previous_seal"), claimed, computed);
        }
        Tie::Open => {
            let computed = format!("not presented: the last volume of {}", before.acquisition);
            findings.say(Code::SeriesIncomplete, unit.place("series.previous_seal"), claimed, computed);
            check_windows(unit, before, findings);
        }
        Tie::Apart => {
            let missing = numbers(expected, series.number.saturating_sub(1));
            findings.say(Code::SeriesIncomplete, unit.place("series.previous_seal"), claimed, not_presented(&missing));
        }
    }
}

fn check_windows(unit: &Unit<'_>, before: &Unit<'_>, findings: &mut Findings) {
    let (earlier, later) = (&before.genesis.plan, &unit.genesis.plan);
    let place = unit.place("plan");
    let claimed = format!("{} to {}", later.from, later.to);
    // A member may also reach back behind the one before it: then what lies between the two is the hole.
    let holes = [(earlier.to, later.from), (later.to, earlier.from)];
    if let Some((from, to)) = holes.into_iter().find(|(from, to)| from < to) {
        findings.say(Code::SeriesHole, place, claimed, format!("nobody asked for {from} to {to}"));
        return;
    }
    let (from, to) = (earlier.from.max(later.from), earlier.to.min(later.to));
    if from < to {
        findings.say(Code::SeriesOverlap, place, claimed, format!("{from} to {to} was asked for by both"));
    }
}

fn numbers(first: u64, last: u64) -> String {
    if first >= last { first.to_string() } else { format!("{first} to {last}") }
}

fn not_presented(numbers: &str) -> String {
    format!("not presented: {numbers}")
}
