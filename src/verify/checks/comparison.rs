//! Step 11, FORMAT §§9.1, 9.2: what a second pass brought, and the service's own counts, computed again from the bytes.
//!
//! Pages of the two passes lie far apart in the archive, so this reads a window's pages a second time, after the pass that judged
//! them; memory is bounded by a window. Packages without a second pass and without counts cost nothing here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::codec::content;
use crate::codec::json::{Element, slice_page};
use crate::crypto::digest::LeafHash;
use crate::crypto::merkle::leaf_hash;
use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::page::PageRecord;
use crate::format::path::SEAL;
use crate::format::seal::{PassDifference, Reconciliation, Run, RunState, Seal, SecondPass};
use crate::time::{Bound, ServiceTime, Window};
use crate::verify::finding::{Code, Findings};
use crate::verify::verified::ReadAgainError;

type RunKey = (Kind, Bound, Bound, u64, u64);

/// Where the bodies of each run lie, and how they are coded.
#[derive(Debug, Default)]
pub(in crate::verify) struct Bodies(BTreeMap<RunKey, Vec<(String, Option<String>)>>);

impl Bodies {
    /// Takes a page.
    pub(in crate::verify) fn add(&mut self, record: &PageRecord) {
        let stream = &record.stream;
        let key = (stream.kind, stream.from, stream.to, stream.pass, stream.run);
        let body = (record.body.path.to_string(), record.body.content_encoding.clone());
        self.0.entry(key).or_default().push(body);
    }
}

/// Reads a file of the archive again.
pub(in crate::verify) type ReadAgain<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<u8>, ReadAgainError>;

/// Computes both members of the seal again and compares.
pub(in crate::verify) fn check(
    bodies: &Bodies,
    genesis: &Genesis,
    seal: &Seal,
    read: ReadAgain<'_>,
    findings: &mut Findings,
) -> Result<(), ReadAgainError> {
    let computed = if genesis.plan.second_pass { Some(compare_passes(bodies, &seal.streams, read)?) } else { None };
    if seal.second_pass != computed {
        let place = format!("{SEAL}#second_pass");
        findings.say(
            Code::SecondPassMismatch,
            place,
            pass_text(seal.second_pass.as_ref()),
            pass_text(computed.as_ref()),
        );
    }
    if let Some(failed) = computed.as_ref().map(|computed| computed.failed).filter(|failed| *failed > 0) {
        let place = format!("{SEAL}#second_pass");
        findings.say(
            Code::SecondPassDiffers,
            place,
            "every window asked twice",
            format!("{failed} windows not closed again"),
        );
    }
    for difference in computed.iter().flat_map(|computed| &computed.differences) {
        let PassDifference { kind, from, to, late, changed, vanished } = difference;
        let place = format!("{kind} {from} to {to}");
        let brought = format!("{late} late, {changed} changed, {vanished} vanished");
        findings.say(Code::SecondPassDiffers, place, "the same records in both passes", brought);
    }
    let computed = reconcile(bodies, genesis, &seal.streams, read)?;
    if seal.reconciliation != computed {
        let place = format!("{SEAL}#reconciliation");
        findings.say(Code::ReconciliationMismatch, place, days_text(&seal.reconciliation), days_text(&computed));
    }
    for day in computed.iter().filter(|day| day.collected.is_some() && day.collected != day.reported) {
        let place = format!("{} {}", day.kind, day.day);
        findings.say(Code::CountsDiffer, place, number(day.reported), number(day.collected));
    }
    Ok(())
}

fn compare_passes(bodies: &Bodies, runs: &[Run], read: ReadAgain<'_>) -> Result<SecondPass, ReadAgainError> {
    let mut result = SecondPass::default();
    for first in runs.iter().filter(|run| run.pass == 1 && run.kind.is_windowed() && has_closed(run)) {
        let (kind, from, to) = (first.kind, first.from, first.to);
        let again = runs
            .iter()
            .find(|run| run.pass == 2 && has_closed(run) && (run.kind, run.from, run.to) == (kind, from, to));
        let Some(again) = again else {
            result.failed = result.failed.saturating_add(1);
            continue;
        };
        result.windows = result.windows.saturating_add(1);
        let before = names(bodies, first, read)?;
        let after = names(bodies, again, read)?;
        let (mut changed, mut vanished) = (0_u64, 0_u64);
        for (name, leaves) in &before {
            match after.get(name) {
                None => vanished = vanished.saturating_add(1),
                Some(others) if others != leaves => changed = changed.saturating_add(1),
                Some(_) => {}
            }
        }
        let only_after = after.keys().filter(|name| !before.contains_key(*name)).count();
        let late = u64::try_from(only_after).unwrap_or(u64::MAX);
        if (late, changed, vanished) != (0, 0, 0) {
            result.late = result.late.saturating_add(late);
            result.changed = result.changed.saturating_add(changed);
            result.vanished = result.vanished.saturating_add(vanished);
            result.differences.push(PassDifference { kind, from, to, late, changed, vanished });
        }
    }
    Ok(result)
}

fn names(
    bodies: &Bodies,
    run: &Run,
    read: ReadAgain<'_>,
) -> Result<BTreeMap<String, BTreeSet<LeafHash>>, ReadAgainError> {
    let mut names: BTreeMap<String, BTreeSet<LeafHash>> = BTreeMap::new();
    let window = Window::new(run.from, run.to).ok();
    each_element(bodies, run, read, |element, time| {
        if counts(time, window) {
            let leaf = leaf_hash(element.bytes);
            let name = element.id.map_or_else(|| leaf.to_string(), str::to_owned);
            names.entry(name).or_default().insert(leaf);
        }
    })?;
    Ok(names)
}

fn reconcile(
    bodies: &Bodies,
    genesis: &Genesis,
    runs: &[Run],
    read: ReadAgain<'_>,
) -> Result<Vec<Reconciliation>, ReadAgainError> {
    let plan = &genesis.plan;
    let mut ours: BTreeMap<Kind, BTreeMap<i64, u64>> = BTreeMap::new();
    let mut result = Vec::new();
    for kind in Kind::COUNTS.into_iter().filter(|kind| plan.kinds.contains(kind)) {
        let mut theirs: BTreeMap<i64, u64> = BTreeMap::new();
        for run in runs.iter().filter(|run| run.kind == kind && run.pass == 1 && has_closed(run)) {
            each_element(bodies, run, read, |element, time| {
                if let (Some(time), Some(reported)) = (time, reported(element.bytes)) {
                    let day = theirs.entry(day(time)).or_default();
                    *day = day.saturating_add(reported);
                }
            })?;
        }
        let was_asked = kind.counted_logs().iter().all(|log| plan.kinds.contains(log));
        for (day, reported) in theirs.into_iter().filter(|(day, _)| is_inside(*day, plan.from, plan.to)) {
            let mut collected = 0_u64;
            for log in kind.counted_logs().iter().filter(|_| was_asked) {
                if !ours.contains_key(log) {
                    ours.insert(*log, days_of(bodies, *log, runs, read)?);
                }
                let of_day = ours.get(log).and_then(|days| days.get(&day)).copied();
                collected = collected.saturating_add(of_day.unwrap_or_default());
            }
            let day = Bound::from_unix(day.saturating_mul(DAY))
                .map(|begin| begin.to_datetime().format("%Y-%m-%d").to_string());
            let collected = was_asked.then_some(collected);
            result.push(Reconciliation { kind, day: day.unwrap_or_default(), reported: Some(reported), collected });
        }
    }
    Ok(result)
}

fn days_of(
    bodies: &Bodies,
    log: Kind,
    runs: &[Run],
    read: ReadAgain<'_>,
) -> Result<BTreeMap<i64, u64>, ReadAgainError> {
    let mut days: BTreeMap<i64, u64> = BTreeMap::new();
    let counted = runs.iter().filter(|run| run.kind == log && run.pass == 1 && run.state != RunState::Superseded);
    for run in counted {
        let window = Window::new(run.from, run.to).ok();
        each_element(bodies, run, read, |_, time| {
            if let Some(time) = time.filter(|time| counts(Some(*time), window)) {
                let number = days.entry(day(time)).or_default();
                *number = number.saturating_add(1);
            }
        })?;
    }
    Ok(days)
}

fn each_element(
    bodies: &Bodies,
    run: &Run,
    read: ReadAgain<'_>,
    mut take: impl FnMut(&Element<'_>, Option<ServiceTime>),
) -> Result<(), ReadAgainError> {
    let key = (run.kind, run.from, run.to, run.pass, run.run);
    for (path, coding) in bodies.0.get(&key).into_iter().flatten() {
        let body = match read(path) {
            // What is missing or damaged was found by the pass before, and makes the package INVALID.
            Err(ReadAgainError::Missing(_)) => continue,
            body => body?,
        };
        let Ok(text) = content::decode(coding.as_deref(), &body) else { continue };
        let Ok(page) = slice_page(&text, run.kind.time_member()) else { continue };
        page.elements.iter().for_each(|element| take(element, element.time.and_then(ServiceTime::parse)));
    }
    Ok(())
}

fn reported(element: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(rename = "signInCount")]
        sign_in_count: Option<u64>,
    }
    serde_json::from_slice::<Row>(element).ok()?.sign_in_count
}

fn counts(time: Option<ServiceTime>, window: Option<Window>) -> bool {
    time.is_none_or(|time| window.is_some_and(|window| window.contains(time)))
}

fn has_closed(run: &Run) -> bool {
    matches!(run.state, RunState::Complete | RunState::Empty | RunState::Expired)
}

fn day(time: ServiceTime) -> i64 {
    i64::try_from(time.nanos().div_euclid(1_000_000_000)).unwrap_or_default().div_euclid(DAY)
}

fn is_inside(day: i64, from: Bound, to: Bound) -> bool {
    from.unix() <= day.saturating_mul(DAY) && day.saturating_add(1).saturating_mul(DAY) <= to.unix()
}

fn pass_text(pass: Option<&SecondPass>) -> String {
    pass.map_or_else(
        || "null".to_owned(),
        |pass| {
            let SecondPass { windows, failed, late, changed, vanished, differences } = pass;
            let windows_that_differ = differences.len();
            format!(
                "{windows} windows, {failed} failed, {late} late, {changed} changed, {vanished} vanished, \
             {windows_that_differ} windows that differ"
            )
        },
    )
}

fn days_text(days: &[Reconciliation]) -> String {
    let texts =
        days.iter().map(|day| format!("{} {}: {}, {}", day.kind, day.day, number(day.reported), number(day.collected)));
    texts.collect::<Vec<_>>().join("; ")
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "null".to_owned(), |number| number.to_string())
}

/// Seconds of a UTC day; RFC 3339 instants here have no leap second.
const DAY: i64 = 86_400;
