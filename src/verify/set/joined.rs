//! What runs on from one volume to the next: chain, runs, failures, times (FORMAT §9.4).
//!
//! A volume that is missing breaks nothing that can be told: what comes after it is followed anew from its own first page.

use crate::crypto::digest::RecordDigest;
use crate::format::path::{PackagePath, SEAL};
use crate::time::LocalTime;
use crate::verify::budget::CLOCK_TOLERANCE_NANOS;
use crate::verify::checks::pagination::{RunSeen, Runs, next_link_of};
use crate::verify::finding::{Code, Findings};
use crate::verify::set::member::Member;

/// The volumes so far.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// The number of the last volume joined, 0 for none.
    number: u64,
    /// Number and digest of the last page record.
    head: Option<(u64, RecordDigest)>,
    last_failure: Option<(u64, u64)>,
    sealed: Option<LocalTime>,
    /// Whether a volume is missing among those so far.
    has_gap: bool,
    pub(super) runs: Runs,
}

impl Joined {
    /// Adds the next volume by number.
    pub(super) fn add(&mut self, member: &Member, findings: &mut Findings) {
        let volume = &member.seal.volume;
        let is_next = volume.number == self.number.saturating_add(1);
        if !is_next {
            // Any run may have gone on in a volume that is missing.
            self.has_gap = true;
            self.runs.0.values_mut().for_each(|run| {
                run.sequence = 0;
                run.is_known = false;
            });
        }
        if is_next && volume.number > 1 {
            self.check_chain(member, findings);
            self.check_failures(member, findings);
            self.check_times(member, findings);
        }
        self.check_unlinked(member, findings);
        for (key, run) in &member.runs.0 {
            let place = |number: u64| in_package(member, PackagePath::page_record(number).as_str());
            let before = self.runs.0.entry(*key).or_default();
            check_continuation(before, run, self.has_gap, place, findings);
            merge(before, run);
        }
        self.number = volume.number;
        self.head = Some(member.head.unwrap_or((member.seal.head.sequence, member.seal.head.sha256)));
        self.last_failure = if is_next { member.last_failure.or(self.last_failure) } else { member.last_failure };
        self.sealed = Some(member.seal.created);
    }

    fn check_chain(&self, member: &Member, findings: &mut Findings) {
        let Some((number, digest)) = self.head else { return };
        let first = member.seal.volume.first_page;
        let expected = number.saturating_add(1);
        if first != expected {
            let place = in_package(member, &format!("{SEAL}#volume.first_page"));
            findings.say(Code::VolumeBroken, place, first.to_string(), expected.to_string());
        } else if let Some(claimed) = member.first_previous
            && claimed != digest
        {
            let place = in_package(member, &format!("{}#previous", PackagePath::page_record(first)));
            findings.say(Code::PageChainBroken, place, claimed.to_string(), digest.to_string());
        }
        let head = &member.seal.head;
        if member.counts.pages == 0 && head.sha256 != digest {
            let place = in_package(member, &format!("{SEAL}#head"));
            findings.say(Code::VolumeBroken, place, head.sha256.to_string(), digest.to_string());
        }
    }

    fn check_failures(&self, member: &Member, findings: &mut Findings) {
        let Some((number, after)) = member.first_failure else { return };
        // Without a gap before, volumes without a failure leave the count where it was.
        let (last, last_after) = match self.last_failure {
            Some(last) => last,
            None if self.has_gap => return,
            None => (0, 0),
        };
        let place = in_package(member, PackagePath::failure_record(number).as_str());
        let expected = last.saturating_add(1);
        if number != expected {
            findings.say(Code::FailureMismatch, &place, number.to_string(), expected.to_string());
        }
        if let Some(after) = after.filter(|after| *after < last_after) {
            let place = format!("{place}#after_page");
            findings.say(Code::FailureMismatch, place, after.to_string(), format!("at least {last_after}"));
        }
    }

    fn check_times(&self, member: &Member, findings: &mut Findings) {
        let Some(before) = self.sealed else { return };
        if before.nanos() > member.seal.created.nanos().saturating_add(CLOCK_TOLERANCE_NANOS) {
            let place = in_package(member, &format!("{SEAL}#created"));
            let computed = format!("not before the volume before, {before}");
            findings.say(Code::TimeOrder, place, member.seal.created.to_string(), computed);
        }
    }

    /// Failures that asked for the link of a page in a volume before.
    fn check_unlinked(&self, member: &Member, findings: &mut Findings) {
        for (key, run) in &member.runs.0 {
            let Some(before) = self.runs.0.get(key) else { continue };
            for failure in &run.unlinked_failures {
                if let Some(link) = before.links.get(&failure.after)
                    && *link != failure.url.digest
                {
                    let path = format!("{}#request.url", PackagePath::failure_record(failure.number));
                    let computed = next_link_of(failure.after);
                    findings.say(Code::RequestMismatch, in_package(member, &path), &failure.url.beginning, computed);
                }
            }
        }
    }
}

/// Names a file of one volume: its path with the top directory.
pub(super) fn in_package(member: &Member, path: &str) -> String {
    format!("{}/{path}", member.top)
}

/// Checks that the first page of a run in a volume follows its last page in the volumes before.
fn check_continuation(
    before: &RunSeen,
    run: &RunSeen,
    has_gap: bool,
    place: impl Fn(u64) -> String,
    findings: &mut Findings,
) {
    let Some(first) = &run.first else { return };
    // Where a run stands behind a missing volume is known only once it was met again.
    if has_gap && before.sequence == 0 {
        return;
    }
    let expected = before.sequence.saturating_add(1);
    if first.sequence != expected {
        let place = format!("{}#stream.sequence", place(first.number));
        findings.say(Code::PaginationBroken, place, first.sequence.to_string(), expected.to_string());
        return;
    }
    if before.sequence == 0 || !before.is_known {
        return;
    }
    let place = format!("{}#request.url", place(first.number));
    match &before.next {
        None => {
            let computed = "no further page: the page before has no next link";
            findings.say(Code::PaginationBroken, place, &first.url.beginning, computed);
        }
        Some(link) if link.digest != first.url.digest => {
            findings.say(Code::PaginationBroken, place, &first.url.beginning, &link.beginning);
        }
        Some(_) => {}
    }
}

fn merge(before: &mut RunSeen, run: &RunSeen) {
    before.records = before.records.saturating_add(run.records);
    before.inside = before.inside.saturating_add(run.inside);
    before.failures = before.failures.saturating_add(run.failures);
    before.links.extend(run.links.iter().map(|(sequence, link)| (*sequence, *link)));
    if run.pages > 0 {
        before.pages = before.pages.saturating_add(run.pages);
        before.sequence = run.sequence;
        before.next.clone_from(&run.next);
        before.is_known = run.is_known;
        before.is_closed = run.is_closed;
        before.finished = run.finished;
    }
}
