//! Step 8, FORMAT §7.3: every request is the one the plan or the service's own link leads to.
//!
//! A run is followed page by page. Of a link only its digest and its beginning are kept, so that hostile links of a megabyte
//! each cost nothing.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::format::failure::FailureRecord;
use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::page::PageRecord;
use crate::format::parts::StreamPosition;
use crate::format::path::PackagePath;
use crate::time::{Bound, LocalTime, Window};
use crate::verify::checks::page::PageContent;
use crate::verify::finding::{Code, Findings};

/// Names a run: kind, window, pass and attempt, in the order in which the seal lists runs.
pub(in crate::verify) type RunKey = (Kind, Bound, Bound, u64, u64);

/// What was seen of one run.
#[derive(Clone, Debug, Default)]
pub(in crate::verify) struct RunSeen {
    pub(in crate::verify) pages: u64,
    pub(in crate::verify) records: u64,
    pub(in crate::verify) inside: u64,
    pub(in crate::verify) failures: u64,
    /// Whether the last page is sliced and has no next link.
    pub(in crate::verify) is_closed: bool,
    /// When the last page was there, by the operator's clock.
    pub(in crate::verify) finished: Option<LocalTime>,
    /// Sequence in the run of the last page.
    pub(in crate::verify) sequence: u64,
    pub(in crate::verify) next: Option<Link>,
    /// Digests of all next links, by the sequence of their page in the run.
    pub(in crate::verify) links: BTreeMap<u64, [u8; 32]>,
    /// Whether the content of the last page is known.
    pub(in crate::verify) is_known: bool,
    /// The first page, which may continue a run of the volume before; none in volume 1.
    pub(in crate::verify) first: Option<FirstSeen>,
    /// Failures that asked for a link which is not in this volume.
    pub(in crate::verify) unlinked_failures: Vec<UnlinkedFailure>,
}

/// An address: its digest, and as much of it as a finding quotes.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Link {
    pub(in crate::verify) digest: [u8; 32],
    pub(in crate::verify) beginning: String,
}

impl Link {
    fn to(url: &str) -> Self {
        Self { digest: sha256(url), beginning: url.chars().take(LINK_CHARS_KEPT).collect() }
    }
}

/// The first page of a run in a volume.
#[derive(Clone, Debug)]
pub(in crate::verify) struct FirstSeen {
    /// Its number in the acquisition.
    pub(in crate::verify) number: u64,
    /// Its sequence in the run.
    pub(in crate::verify) sequence: u64,
    pub(in crate::verify) url: Link,
}

/// A failed request whose page before lies in another volume.
#[derive(Clone, Debug)]
pub(in crate::verify) struct UnlinkedFailure {
    /// Its number in the acquisition.
    pub(in crate::verify) number: u64,
    /// Sequence in the run of the page whose link it asked for.
    pub(in crate::verify) after: u64,
    pub(in crate::verify) url: Link,
}

/// All runs of a package.
#[derive(Debug, Default)]
pub(in crate::verify) struct Runs(pub(in crate::verify) BTreeMap<RunKey, RunSeen>);

impl Runs {
    /// Follows a run by one page. `is_first_volume` says that no page can have come before.
    pub(in crate::verify) fn follow(
        &mut self,
        number: u64,
        record: &PageRecord,
        content: Option<&PageContent>,
        genesis: Option<&Genesis>,
        is_first_volume: bool,
        findings: &mut Findings,
    ) {
        let stream = &record.stream;
        let place = PackagePath::page_record(number);
        let run = self.0.entry(key(stream)).or_default();
        let is_continued = run.pages == 0 && !is_first_volume && stream.sequence > 1;
        let expected = run.sequence.saturating_add(1);
        if stream.sequence != expected && !is_continued {
            let place = format!("{place}#stream.sequence");
            findings.say(Code::PaginationBroken, place, stream.sequence.to_string(), expected.to_string());
        }
        let place = format!("{place}#request.url");
        if run.pages == 0 {
            if let (Some(genesis), false) = (genesis, is_continued)
                && let Ok(window) = stream.window()
            {
                let computed = first_url(genesis, stream, window);
                if record.request.url != computed {
                    findings.say(Code::RequestMismatch, place, &record.request.url, computed);
                }
                if !(1..=2).contains(&stream.pass) || (stream.pass == 2 && !genesis.plan.second_pass) {
                    let place = format!("{}#stream.pass", PackagePath::page_record(number));
                    findings.say(Code::RequestMismatch, place, stream.pass.to_string(), "a pass of the plan");
                }
                let planned = u64::try_from(genesis.plan.to.unix().saturating_sub(genesis.plan.from.unix()));
                let whole = planned.unwrap_or(u64::MAX);
                let longest = if stream.kind.is_windowed() { genesis.plan.window_seconds } else { whole };
                if u64::try_from(window.seconds()).is_ok_and(|seconds| seconds > longest) {
                    let place = format!("{}#stream.to", PackagePath::page_record(number));
                    let claimed = format!("a window of {} seconds", window.seconds());
                    findings.say(Code::RequestMismatch, place, claimed, format!("at most {longest} seconds"));
                }
            }
        } else if run.is_known {
            match &run.next {
                None => {
                    let computed = "no further page: the page before has no next link";
                    findings.say(Code::PaginationBroken, place, &record.request.url, computed);
                }
                Some(link) if link.digest != sha256(&record.request.url) => {
                    findings.say(Code::PaginationBroken, place, &record.request.url, &link.beginning);
                }
                Some(_) => {}
            }
        }
        if run.pages == 0 && !is_first_volume {
            run.first = Some(FirstSeen { number, sequence: stream.sequence, url: Link::to(&record.request.url) });
        }
        run.pages = run.pages.saturating_add(1);
        run.sequence = stream.sequence;
        run.finished = Some(record.request.finished);
        run.is_known = content.is_some();
        run.is_closed = content.is_some_and(|content| content.is_sliced() && content.next_link.is_none());
        run.next = content.and_then(|content| content.next_link.as_deref()).map(Link::to);
        if let Some(link) = &run.next {
            run.links.insert(stream.sequence, link.digest);
        }
        if let Some(content) = content {
            run.records = run.records.saturating_add(content.records.count);
            run.inside = run.inside.saturating_add(content.records.inside);
        }
    }

    /// Counts a failed request to its run, and checks that it asked what its place in the run demands.
    ///
    /// Failures are read after all pages, so the links of the whole run are known then.
    pub(in crate::verify) fn follow_failure(
        &mut self,
        number: u64,
        record: &FailureRecord,
        genesis: Option<&Genesis>,
        is_first_volume: bool,
        findings: &mut Findings,
    ) {
        let stream = &record.stream;
        let run = self.0.entry(key(stream)).or_default();
        run.failures = run.failures.saturating_add(1);
        let claimed = &record.request.url;
        let place = format!("{}#request.url", PackagePath::failure_record(number));
        if stream.sequence == 1 {
            if let (Some(genesis), Ok(window)) = (genesis, stream.window()) {
                let computed = first_url(genesis, stream, window);
                if *claimed != computed {
                    findings.say(Code::RequestMismatch, place, claimed, computed);
                }
            }
            return;
        }
        let after = stream.sequence.saturating_sub(1);
        match run.links.get(&after) {
            Some(link) if *link != sha256(claimed) => {
                findings.say(Code::RequestMismatch, place, claimed, next_link_of(after));
            }
            None if !is_first_volume => {
                run.unlinked_failures.push(UnlinkedFailure { number, after, url: Link::to(claimed) });
            }
            _ => {}
        }
    }
}

/// Names the address that a request after page `sequence` of a run has to have.
pub(in crate::verify) fn next_link_of(sequence: u64) -> String {
    format!("the next link of page {sequence} of the run")
}

fn first_url(genesis: &Genesis, stream: &StreamPosition, window: Window) -> String {
    let source = &genesis.source;
    stream.kind.first_url(&source.graph_url, window, genesis.plan.top)
}

/// Returns the run a page or failure belongs to.
pub(in crate::verify) fn key(stream: &StreamPosition) -> RunKey {
    (stream.kind, stream.from, stream.to, stream.pass, stream.run)
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// 2000 characters: Graph's links have 300 to 1500; what is beyond them is in the digest.
const LINK_CHARS_KEPT: usize = 2000;
