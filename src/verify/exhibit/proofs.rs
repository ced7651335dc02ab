//! Steps 24 and 25, FORMAT §21.2: from the bytes of a record to its page's signed root, and from the page's record to the root in
//! the signed seal.
//!
//! A path does not fix the number of leaves, so both sizes are those that were signed: `records.count` of the page record,
//! `totals.pages` of the seal.

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::json::slice_page;
use crate::crypto::digest::{LeafHash, RootHash};
use crate::crypto::merkle::{NodeHash, leaf_hash, verify_inclusion};
use crate::format::exhibit::{Exhibit, ShownRecord, paths};
use crate::format::kind::Kind;
use crate::format::page::{PageRecord, Slicing};
use crate::format::parts::StreamPosition;
use crate::format::path::PackagePath;
use crate::format::seal::Seal;
use crate::time::ServiceTime;
use crate::verify::checks::pagination::RunKey;
use crate::verify::checks::{pagination, roots};
use crate::verify::exhibit::RecordFact;
use crate::verify::finding::{Code, Findings};
use crate::verify::verdict::PlannedWindow;

/// A record's bytes, as far as they are needed after they were read.
#[derive(Debug)]
pub(super) struct RecordSeen {
    leaf: LeafHash,
    byte_len: u64,
    /// Whether the same JSON without white space is what the statement names.
    is_spread_out: bool,
    /// Its time, by each member that holds the time of some log.
    times: Vec<(&'static str, Option<ServiceTime>)>,
}

impl RecordSeen {
    pub(super) fn of(bytes: &[u8], shown: Option<&ShownRecord>) -> Self {
        let leaf = leaf_hash(bytes);
        let is_other = |shown: &ShownRecord| shown.leaf != leaf;
        let is_spread_out =
            shown.is_some_and(|shown| is_other(shown) && leaf_hash(&without_white_space(bytes)) == shown.leaf);
        Self { leaf, byte_len: u64::try_from(bytes.len()).unwrap_or(u64::MAX), is_spread_out, times: times(bytes) }
    }
}

/// What the signed record of a page says, as far as paths need it.
#[derive(Debug)]
pub(super) struct PageSeen {
    leaf: LeafHash,
    /// Elements; none in a page that is opaque.
    count: u64,
    merkle_root: RootHash,
    stream: StreamPosition,
    /// Whether nothing was wrong with record and signature.
    is_sound: bool,
}

impl PageSeen {
    pub(super) fn new(record: &PageRecord, leaf: LeafHash, is_sound: bool) -> Self {
        let records = &record.records;
        let count = if records.slicing == Slicing::Opaque { 0 } else { records.count };
        Self { leaf, count, merkle_root: records.merkle_root, stream: record.stream, is_sound }
    }
}

/// What all paths lead to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed<'a> {
    pub(super) seal: Option<&'a Seal>,
    /// Whether nothing was wrong with seal, plan and keys.
    pub(super) is_sound: bool,
}

/// Follows all paths; returns what came of each record.
pub(super) fn check(
    statement: &Exhibit,
    records: &BTreeMap<u64, RecordSeen>,
    pages: &BTreeMap<u64, PageSeen>,
    sealed: Sealed<'_>,
    findings: &mut Findings,
) -> Vec<RecordFact> {
    let lead = sealed.seal.map(|seal| check_pages(statement, pages, seal, findings)).unwrap_or_default();
    let runs = sealed.seal.map(|seal| seal.streams.iter().filter(|run| run.is_counted()).map(roots::key));
    let counted_runs: Option<BTreeSet<RunKey>> = runs.map(Iterator::collect);
    let shown = statement.records.iter().zip(1_u64..);
    let facts = shown.map(|(shown, number)| {
        let page = pages.get(&shown.page);
        let has_bytes = check_bytes(number, shown, records.get(&number), findings);
        let leads = page.is_some_and(|page| check_path(number, shown, page, findings));
        let is_sealed = sealed.is_sound && lead.get(&shown.page).copied().unwrap_or(false);
        RecordFact {
            number,
            bates: shown.bates.clone(),
            path: paths::record(number).to_string(),
            byte_len: shown.byte_len,
            leaf: shown.leaf,
            page: shown.page,
            element: shown.element,
            of: page.map(|page| page.count),
            kind: page.map(|page| page.stream.kind),
            window: page.map(|page| PlannedWindow { from: page.stream.from, to: page.stream.to }),
            pass: page.map(|page| page.stream.pass),
            counted: page.zip(records.get(&number)).zip(counted_runs.as_ref()).map(is_counted),
            holds: has_bytes && leads && is_sealed,
        }
    });
    facts.collect()
}

/// Says whether a record counts (FORMAT §9, `inside`): the kind of its page says which member is its time.
fn is_counted(((page, record), counted_runs): ((&PageSeen, &RecordSeen), &BTreeSet<RunKey>)) -> bool {
    let is_counted_run = counted_runs.contains(&pagination::key(&page.stream));
    let member = page.stream.kind.time_member();
    let time = record.times.iter().find(|(name, _)| *name == member).and_then(|(_, time)| *time);
    is_counted_run && page.stream.window().ok().zip(time).is_none_or(|(window, time)| window.contains(time))
}

/// Reads the time of an element as it is read in its page, by the member of each log.
fn times(bytes: &[u8]) -> Vec<(&'static str, Option<ServiceTime>)> {
    let page = [b"{\"value\":[", bytes, b"]}"].concat();
    let members: BTreeSet<&'static str> = Kind::ALL.iter().map(|kind| kind.time_member()).collect();
    let time = |member| {
        let mut time = None;
        let cut = slice_page(&page, member, |element| time = element.time.and_then(ServiceTime::parse));
        (member, time.filter(|_| cut.is_ok()))
    };
    members.into_iter().map(time).collect()
}

/// Compares a record's bytes with the leaf and length that the statement gives.
fn check_bytes(number: u64, shown: &ShownRecord, seen: Option<&RecordSeen>, findings: &mut Findings) -> bool {
    // One that is not there, or could not be read, has had its finding.
    let Some(seen) = seen else { return false };
    let is_right = (seen.leaf, seen.byte_len) == (shown.leaf, shown.byte_len);
    if !is_right {
        let hint = if seen.is_spread_out {
            "; the same JSON without white space between its parts has that leaf, so this is a copy written anew"
        } else {
            ""
        };
        let claimed = format!("{} bytes, leaf {}", shown.byte_len, shown.leaf);
        let computed = format!("{} bytes, leaf {}{hint}", seen.byte_len, seen.leaf);
        findings.say(Code::ExhibitRecordMismatch, paths::record(number).as_str(), claimed, computed);
    }
    is_right
}

/// Follows a record's path to its page's root. The leaf is the statement's: that the bytes have it was asked before.
fn check_path(number: u64, shown: &ShownRecord, page: &PageSeen, findings: &mut Findings) -> bool {
    let leads = verify_inclusion(shown.leaf, shown.element, page.count, &nodes(&shown.proof), page.merkle_root);
    if !leads {
        let claimed = format!("element {} of page {}, by a path of {}", shown.element, shown.page, shown.proof.len());
        let computed = format!("not under the root {} of its {} elements", page.merkle_root, page.count);
        findings.say(Code::ExhibitRecordPath, paths::record(number).as_str(), claimed, computed);
    }
    leads
}

/// Follows the paths of the pages to the seal's root; returns which lead there, with nothing wrong on the way.
fn check_pages(
    statement: &Exhibit,
    pages: &BTreeMap<u64, PageSeen>,
    seal: &Seal,
    findings: &mut Findings,
) -> BTreeMap<u64, bool> {
    let mut lead = BTreeMap::new();
    for shown in &statement.pages {
        let Some(page) = pages.get(&shown.sequence) else { continue };
        let (size, root) = (seal.totals.pages, seal.merkle_root);
        let index = shown.sequence.checked_sub(seal.volume.first_page);
        let leads = index.is_some_and(|index| verify_inclusion(page.leaf, index, size, &nodes(&shown.proof), root));
        if !leads {
            let place = paths::of_package(PackagePath::page_record(shown.sequence).as_str());
            let claimed = format!("page {}, by a path of {}", shown.sequence, shown.proof.len());
            let first = seal.volume.first_page;
            let computed = format!("not under the root {root} of {size} pages from page {first} on");
            findings.say(Code::ExhibitPagePath, place, claimed, computed);
        }
        lead.insert(shown.sequence, leads && page.is_sound);
    }
    lead
}

/// Returns JSON text without the white space between its parts (RFC 8259 §2).
fn without_white_space(text: &[u8]) -> Vec<u8> {
    let (mut in_string, mut is_escaped) = (false, false);
    let is_kept = |byte: &u8| {
        let was_in_string = in_string;
        if in_string {
            in_string = is_escaped || *byte != b'"';
            is_escaped = !is_escaped && *byte == b'\\';
        } else {
            in_string = *byte == b'"';
        }
        was_in_string || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
    };
    text.iter().copied().filter(is_kept).collect()
}

fn nodes(proof: &[RootHash]) -> Vec<NodeHash> {
    proof.iter().map(|hash| NodeHash(hash.0)).collect()
}
