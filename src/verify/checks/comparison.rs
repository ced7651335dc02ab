//! Step 11, FORMAT §§9.1, 9.2: what a second pass brought, and the service's own counts, computed again from the bytes.
//!
//! Pages of the two passes lie far apart in the archive, so this reads a window's pages a second time, after the pass that judged
//! them; memory is bounded whatever a window holds. Packages without a second pass and without counts cost nothing here.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::codec::content;
use crate::codec::json::{Element, slice_page};
use crate::crypto::digest::LeafHash;
use crate::crypto::merkle::leaf_hash;
use crate::crypto::named::{self, Crowd, Differences};
use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::page::{PageRecord, Slicing};
use crate::format::path::{PackagePath, SEAL};
use crate::format::seal::{PassDifference, Reconciliation, Run, RunState, Seal, SecondPass};
use crate::time::{Bound, ServiceTime, Window};
use crate::verify::budget;
use crate::verify::checks::pagination::RunKey;
use crate::verify::checks::{pagination, roots, signed};
use crate::verify::finding::{Code, Findings};
use crate::verify::verified::ReadAgainError;

/// The pages of each run that were cut: where the body lies, how it is coded, how many elements it has.
#[derive(Debug, Default)]
pub(in crate::verify) struct Bodies(BTreeMap<RunKey, Vec<Body>>);

#[derive(Clone, Debug)]
struct Body {
    number: u64,
    is_json: bool,
    content_encoding: Option<String>,
    element_count: u64,
}

impl Bodies {
    /// Takes a page.
    pub(in crate::verify) fn add(&mut self, number: u64, record: &PageRecord) {
        if record.records.slicing == Slicing::Opaque {
            return;
        }
        let body = Body {
            number,
            is_json: signed::is_json(&record.response),
            content_encoding: record.body.content_encoding.clone(),
            element_count: record.records.count,
        };
        self.0.entry(pagination::key(&record.stream)).or_default().push(body);
    }

    fn of(&self, run: &Run) -> &[Body] {
        self.0.get(&roots::key(run)).map_or(&[], Vec::as_slice)
    }

    fn element_count(&self, run: &Run) -> u64 {
        self.of(run).iter().fold(0, |sum, body| sum.saturating_add(body.element_count))
    }
}

impl Bodies {
    /// Adds the pages of the next volume.
    pub(in crate::verify) fn append(&mut self, next: &Self) {
        for (key, bodies) in &next.0 {
            self.0.entry(*key).or_default().extend(bodies.iter().cloned());
        }
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
    let computed = match computed.transpose() {
        Ok(computed) => computed,
        Err(why) => {
            let claimed = pass_text(seal.second_pass.as_ref());
            findings.say(Code::SecondPassMismatch, format!("{SEAL}#second_pass"), claimed, why);
            return Ok(());
        }
    };
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

/// Compares the passes; `Err` inside says why that cannot be.
fn compare_passes(
    bodies: &Bodies,
    runs: &[Run],
    read: ReadAgain<'_>,
) -> Result<Result<SecondPass, String>, ReadAgainError> {
    let mut result = SecondPass::default();
    let window = |run: &Run| (run.kind, run.from, run.to);
    let mut second_runs = BTreeMap::new();
    for run in runs.iter().filter(|run| run.pass == 2 && has_closed(run)) {
        second_runs.entry(window(run)).or_insert(run);
    }
    for first in runs.iter().filter(|run| run.pass == 1 && run.kind.is_windowed() && has_closed(run)) {
        let Some(again) = second_runs.get(&window(first)) else {
            result.failed = result.failed.saturating_add(1);
            continue;
        };
        result.windows = result.windows.saturating_add(1);
        let (kind, from, to) = window(first);
        let element_count = bodies.element_count(first).saturating_add(bodies.element_count(again));
        if element_count > budget::COMPARED_ELEMENTS {
            let limit = budget::COMPARED_ELEMENTS;
            return Ok(Err(format!("{kind} {from} to {to}: {element_count} elements, at most {limit} are compared")));
        }
        let compared = named::compare(budget::COMPARED_AT_ONCE, |crowd, take| {
            let run = if crowd == Crowd::First { first } else { again };
            each_name(bodies, run, read, take)
        })?;
        let Some(Differences { late, changed, vanished }) = compared else {
            return Ok(Err(format!("{kind} {from} to {to}: one name with too many elements to compare")));
        };
        if (late, changed, vanished) != (0, 0, 0) {
            result.late = result.late.saturating_add(late);
            result.changed = result.changed.saturating_add(changed);
            result.vanished = result.vanished.saturating_add(vanished);
            result.differences.push(PassDifference { kind, from, to, late, changed, vanished });
        }
    }
    Ok(Ok(result))
}

fn each_name(
    bodies: &Bodies,
    run: &Run,
    read: ReadAgain<'_>,
    take: &mut dyn FnMut(&str, LeafHash),
) -> Result<(), ReadAgainError> {
    let window = Window::new(run.from, run.to).ok();
    each_element(bodies, run, read, |element, time| {
        if counts(time, window) {
            let leaf = leaf_hash(element.bytes);
            match element.id {
                Some(id) => take(id, leaf),
                None => take(&leaf.to_string(), leaf),
            }
        }
    })
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
    let counted = runs.iter().filter(|run| run.kind == log && run.is_current());
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
    for listed in bodies.of(run) {
        let body = match read(PackagePath::page_body(listed.number, listed.is_json).as_str()) {
            // What is missing or damaged was found by the pass before, and makes the package INVALID.
            Err(ReadAgainError::Missing(_)) => continue,
            body => body?,
        };
        let coding = listed.content_encoding.as_deref();
        let Ok(text) = content::decode(coding, &body, budget::PAGE_BYTES) else { continue };
        // Only what was cut in the pass is here, and these are the same bytes.
        let _ = slice_page(&text, run.kind.time_member(), |element| {
            take(&element, element.time.and_then(ServiceTime::parse));
        });
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
