//! What a second pass brought, and the service's own counts against ours (FORMAT §§9.1, 9.2).
//!
//! Bodies are read back from disk window by window, so memory is bounded by a window. Nothing is decided here: late, changed and
//! vanished records are all kept in their pages, and the numbers are signed as they are.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{PAGE_BODY, PartSource, RECORD, SealError};
use crate::codec::content;
use crate::codec::json::{Element, slice_page};
use crate::crypto::merkle::leaf_hash;
use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::page::PageRecord;
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
    for first in streams.iter().filter(|run| run.pass == 1 && run.kind.is_windowed() && is_closed(run)) {
        let same_window =
            |run: &&Run| run.pass == 2 && (run.kind, run.from, run.to) == (first.kind, first.from, first.to);
        let Some(second) = streams.iter().filter(same_window).find(|run| is_closed(run)) else {
            comparison.failed += 1;
            continue;
        };
        comparison.windows += 1;
        let mut leaves = [BTreeMap::new(), BTreeMap::new()];
        for (run, names) in [first, second].into_iter().zip(&mut leaves) {
            for_each_counting(parts, index, run, |element, _| {
                let leaf = leaf_hash(element.bytes);
                let name = element.id.map_or_else(|| leaf.to_string(), str::to_owned);
                names.entry(name).or_insert_with(BTreeSet::new).insert(leaf);
            })?;
        }
        let [first_names, second_names] = leaves;
        let late = second_names.keys().filter(|name| !first_names.contains_key(*name)).count() as u64;
        let vanished = first_names.keys().filter(|name| !second_names.contains_key(*name)).count() as u64;
        let differs =
            |(name, leaves): &(&String, &BTreeSet<_>)| second_names.get(*name).is_some_and(|other| other != *leaves);
        let changed = first_names.iter().filter(differs).count() as u64;
        if late + vanished + changed > 0 {
            comparison.late += late;
            comparison.vanished += vanished;
            comparison.changed += changed;
            let (kind, from, to) = (first.kind, first.from, first.to);
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
    let counted = |kind: Kind| {
        streams.iter().filter(move |run| run.kind == kind && run.pass == 1 && run.state != RunState::Superseded)
    };
    for count in Kind::COUNTS.into_iter().filter(|kind| plan.kinds.contains(kind)) {
        let mut reported: BTreeMap<String, u64> = BTreeMap::new();
        for run in counted(count).filter(|run| is_closed(run)) {
            for_each_element(parts, index, run, |element, time| {
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
                        for_each_counting(parts, index, run, |_, time| {
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
    let counted =
        |run: &&Run| of_applications.contains(&run.kind) && run.pass == 1 && run.state != RunState::Superseded;
    for run in streams.iter().filter(counted).filter(|_| !client_id.is_empty()) {
        for_each_counting(parts, index, run, |element, _| {
            // Most records do not name the application anywhere: only those that do are parsed.
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
    mut take: impl FnMut(&Element<'_>, Option<ServiceTime>),
) -> Result<(), SealError> {
    let window = Window::new(run.from, run.to).ok();
    for_each_element(parts, index, run, |element, time| {
        if time.is_none_or(|time| window.is_some_and(|window| window.contains(time))) {
            take(element, time);
        }
    })
}

fn for_each_element<P: PartSource>(
    parts: &P,
    index: &PageIndex,
    run: &Run,
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
            decode(&entry(RECORD, PageRecord::MAX_BYTE_LEN as u64)?).map_err(|error| damaged(error.to_string()))?;
        let body = entry(PAGE_BODY, MAX_BODY_BYTE_LEN)?;
        // A body that cannot be cut has no elements; its page record says so.
        let Ok(text) = content::decode(record.body.content_encoding.as_deref(), &body) else { continue };
        let Ok(page) = slice_page(&text, run.kind.time_member()) else { continue };
        page.elements.iter().for_each(|element| take(element, element.time.and_then(ServiceTime::parse)));
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

/// 32 MiB: FORMAT §15.
const MAX_BODY_BYTE_LEN: u64 = 32 << 20;
