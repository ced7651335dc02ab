//! What a second pass brought, and the service's own counts against ours (FORMAT §§9.1, 9.2).
//!
//! Bodies are read back from disk page by page, and memory is bounded whatever a window holds. Nothing is decided here: late, changed and
//! vanished records are all kept in their pages, and the numbers are signed as they are.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{PAGE_BODY, PartSource, RECORD, SealError};
use crate::codec::content;
use crate::codec::json::{Element, slice_page};
use crate::crypto::merkle::leaf_hash;
use crate::crypto::named::{self, Crowd, Differences};
use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::limits::{COMPARED_AT_ONCE, COMPARED_ELEMENTS, PAGE_BYTES};
use crate::format::page::{PageRecord, Slicing};
use crate::format::seal::{PassDifference, Reconciliation, Run, RunState, SecondPass};
use crate::format::{Document as _, decode};
use crate::time::{Bound, ServiceTime, Window};

/// The pages of each run, by sequence.
#[derive(Debug, Default)]
pub struct PageIndex(BTreeMap<(Kind, Bound, Bound, u64, u64), Vec<u64>>);

impl PageIndex {
    /// Takes a page that is durable.
    pub fn add(&mut self, record: &PageRecord) {
        let stream = &record.stream;
        let key = (stream.kind, stream.from, stream.to, stream.pass, stream.run);
        self.0.entry(key).or_default().push(record.sequence);
    }

    fn pages_of(&self, run: &Run) -> &[u64] {
        self.0.get(&(run.kind, run.from, run.to, run.pass, run.run)).map_or(&[], Vec::as_slice)
    }
}

/// Compares the two passes; none when the plan has no second.
///
/// # Errors
///
/// [`SealError::Damaged`] when a page on disk is not what was committed.
pub fn second_pass<P: PartSource>(
    parts: &P,
    index: &PageIndex,
    genesis: &Genesis,
    streams: &[Run],
) -> Result<Option<SecondPass>, SealError> {
    if !genesis.plan.second_pass {
        return Ok(None);
    }
    let mut comparison = SecondPass::default();
    let window = |run: &Run| (run.kind, run.from, run.to);
    let second_runs: BTreeMap<_, &Run> =
        streams.iter().rev().filter(|run| run.pass == 2 && is_closed(run)).map(|run| (window(run), run)).collect();
    for first in streams.iter().filter(|run| run.pass == 1 && run.kind.is_windowed() && is_closed(run)) {
        let Some(second) = second_runs.get(&window(first)) else {
            comparison.failed += 1;
            continue;
        };
        comparison.windows += 1;
        let count = first.records + second.records;
        let too_large =
            SealError::TooLarge { what: "elements in the two passes over one window", count, limit: COMPARED_ELEMENTS };
        if count > COMPARED_ELEMENTS {
            return Err(too_large);
        }
        let compared = named::compare(COMPARED_AT_ONCE, |crowd, take| {
            let run = if crowd == Crowd::First { first } else { second };
            for_each_counting(parts, index, run, None, |element, _| {
                let leaf = leaf_hash(element.bytes);
                match element.id {
                    Some(id) => take(id, leaf),
                    None => take(&leaf.to_string(), leaf),
                }
            })
        })?;
        let Differences { late, changed, vanished } = compared.ok_or(too_large)?;
        if late + vanished + changed > 0 {
            comparison.late += late;
            comparison.vanished += vanished;
            comparison.changed += changed;
            let (kind, from, to) = window(first);
            comparison.differences.push(PassDifference { kind, from, to, late, changed, vanished });
        }
    }
    Ok(Some(comparison))
}

/// Holds the service's own counts against ours, day by day.
///
/// # Errors
///
/// As [`second_pass`].
pub fn reconciliation<P: PartSource>(
    parts: &P,
    index: &PageIndex,
    genesis: &Genesis,
    streams: &[Run],
) -> Result<Vec<Reconciliation>, SealError> {
    let plan = &genesis.plan;
    let mut entries = Vec::new();
    let mut collected: BTreeMap<Kind, BTreeMap<String, u64>> = BTreeMap::new();
    let counted = |kind: Kind| streams.iter().filter(move |run| run.kind == kind && run.is_current());
    for count in Kind::COUNTS.into_iter().filter(|kind| plan.kinds.contains(kind)) {
        let mut reported: BTreeMap<String, u64> = BTreeMap::new();
        for run in counted(count).filter(|run| is_closed(run)) {
            for_each_element(parts, index, run, None, |element, time| {
                let summary: Result<Summary, _> = serde_json::from_slice(element.bytes);
                if let (Some(time), Some(number)) = (time, summary.ok().and_then(|summary| summary.sign_in_count)) {
                    *reported.entry(day_of(time)).or_default() += number;
                }
            })?;
        }
        let all_asked = count.counted_logs().iter().all(|log| plan.kinds.contains(log));
        for (day, number) in reported.into_iter().filter(|(day, _)| is_whole_day(day, plan.from, plan.to)) {
            let mut ours = 0;
            for log in count.counted_logs().iter().filter(|_| all_asked) {
                if !collected.contains_key(log) {
                    let mut days: BTreeMap<String, u64> = BTreeMap::new();
                    for run in counted(*log) {
                        for_each_counting(parts, index, run, None, |_, time| {
                            if let Some(time) = time {
                                *days.entry(day_of(time)).or_default() += 1;
                            }
                        })?;
                    }
                    collected.insert(*log, days);
                }
                ours += collected.get(log).and_then(|days| days.get(&day)).copied().unwrap_or_default();
            }
            entries.push(Reconciliation {
                kind: count,
                day,
                reported: Some(number),
                collected: all_asked.then_some(ours),
            });
        }
    }
    Ok(entries)
}

/// Finds the collection's own sign-ins among the records: those of the application that asked, by their `id`.
///
/// A collection leaves traces in the very log it collects; whoever reads the log must be able to tell them from others.
///
/// # Errors
///
/// As [`second_pass`].
pub fn own_sign_ins<P: PartSource>(
    parts: &P,
    index: &PageIndex,
    genesis: &Genesis,
    streams: &[Run],
) -> Result<Vec<String>, SealError> {
    let client_id = genesis.identity.client_id.as_str();
    let mut own = Vec::new();
    let of_applications = [Kind::ServicePrincipal, Kind::ManagedIdentity];
    let counted = |run: &&Run| of_applications.contains(&run.kind) && run.is_current();
    for run in streams.iter().filter(counted).filter(|_| !client_id.is_empty()) {
        // Most pages do not name the application anywhere, and most records of the others do not: only those that do are parsed.
        for_each_counting(parts, index, run, Some(client_id), |element, _| {
            if memchr::memmem::find(element.bytes, client_id.as_bytes()).is_none() {
                return;
            }
            let named: Option<Named> = serde_json::from_slice(element.bytes).ok();
            if named.is_some_and(|named| named.app_id.is_some_and(|id| id.eq_ignore_ascii_case(client_id))) {
                own.push(element.id.unwrap_or("(without id)").to_owned());
            }
        })?;
    }
    Ok(own)
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "appId")]
    app_id: Option<String>,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(rename = "signInCount")]
    sign_in_count: Option<u64>,
}

fn is_closed(run: &Run) -> bool {
    match run.state {
        RunState::Complete | RunState::Empty | RunState::Expired => true,
        RunState::Failed | RunState::NotAsked | RunState::Superseded => false,
    }
}

fn for_each_counting<P: PartSource>(
    parts: &P,
    index: &PageIndex,
    run: &Run,
    holding: Option<&str>,
    mut take: impl FnMut(&Element<'_>, Option<ServiceTime>),
) -> Result<(), SealError> {
    let window = Window::new(run.from, run.to).ok();
    for_each_element(parts, index, run, holding, |element, time| {
        if time.is_none_or(|time| window.is_some_and(|window| window.contains(time))) {
            take(element, time);
        }
    })
}

/// Goes over the elements of a run; pages without `holding` anywhere in them are passed over.
fn for_each_element<P: PartSource>(
    parts: &P,
    index: &PageIndex,
    run: &Run,
    holding: Option<&str>,
    mut take: impl FnMut(&Element<'_>, Option<ServiceTime>),
) -> Result<(), SealError> {
    for sequence in index.pages_of(run) {
        let damaged = |reason: String| SealError::Damaged { part: format!("page {sequence}"), reason };
        let mut bundle = parts.page(*sequence)?;
        let mut entry = |name: &str, limit: u64| {
            bundle
                .read(name, limit)
                .map_err(|error| damaged(error.to_string()))?
                .ok_or_else(|| damaged(format!("it lacks `{name}`")))
        };
        let record: PageRecord =
            decode(&entry(RECORD, PageRecord::MAX_BYTE_LEN)?).map_err(|error| damaged(error.to_string()))?;
        let body = entry(PAGE_BODY, PAGE_BYTES)?;
        // A body that cannot be cut has no elements; its page record says so.
        let Ok(text) = content::decode(record.body.content_encoding.as_deref(), &body, PAGE_BYTES) else { continue };
        if holding.is_some_and(|part| memchr::memmem::find(&text, part.as_bytes()).is_none()) {
            continue;
        }
        // What was cut once can be cut again: the record stands for the same bytes.
        if record.records.slicing == Slicing::Elements {
            slice_page(&text, run.kind.time_member(), |element| {
                take(&element, element.time.and_then(ServiceTime::parse));
            })
            .map_err(|why| damaged(why.to_string()))?;
        }
    }
    Ok(())
}

fn day_of(time: ServiceTime) -> String {
    let seconds = i64::try_from(time.nanos() / 1_000_000_000).unwrap_or_default();
    Bound::from_unix(seconds).map(|bound| bound.to_datetime().format("%Y-%m-%d").to_string()).unwrap_or_default()
}

fn is_whole_day(day: &str, from: Bound, to: Bound) -> bool {
    let begins: Option<Bound> = format!("{day}T00:00:00Z").parse().ok();
    let ends = begins.and_then(|begins| begins.plus_seconds(86_400));
    begins.is_some_and(|begins| from <= begins) && ends.is_some_and(|ends| ends <= to)
}
