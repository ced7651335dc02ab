//! Step 10, FORMAT §§8, 9: root, head, totals and runs, all computed anew and compared with the seal.

use std::collections::{BTreeMap, BTreeSet};

use crate::crypto::digest::{RecordDigest, RootHash};
use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::path::SEAL;
use crate::format::seal::{Head, Run, RunState, Seal, Totals};
use crate::time::Bound;
use crate::verify::checks::pagination::{RunKey, RunSeen, Runs};
use crate::verify::checks::volume::Extent;
use crate::verify::finding::{Code, Findings};

/// Compares root and head. `head` is none where the last record could not be read.
pub(in crate::verify) fn check_root_and_head(
    seal: &Seal,
    root: RootHash,
    head: Option<(u64, RecordDigest)>,
    findings: &mut Findings,
) {
    if seal.merkle_root != root {
        findings.say(
            Code::SealRootMismatch,
            format!("{SEAL}#merkle_root"),
            seal.merkle_root.to_string(),
            root.to_string(),
        );
    }
    if let Some((sequence, sha256)) = head
        && seal.head != (Head { sequence, sha256 })
    {
        findings.say(
            Code::SealHeadMismatch,
            format!("{SEAL}#head"),
            format!("{} {}", seal.head.sequence, seal.head.sha256),
            format!("{sequence} {sha256}"),
        );
    }
}

/// Compares the totals, member by member.
pub(in crate::verify) fn check_totals(seal: &Seal, computed: &Totals, findings: &mut Findings) {
    let members = [
        ("pages", seal.totals.pages, computed.pages),
        ("records", seal.totals.records, computed.records),
        ("inside", seal.totals.inside, computed.inside),
        ("body_bytes", seal.totals.body_bytes, computed.body_bytes),
        ("failures", seal.totals.failures, computed.failures),
    ];
    for (member, claimed, computed) in members.into_iter().filter(|(_, claimed, computed)| claimed != computed) {
        let place = format!("{SEAL}#totals.{member}");
        findings.say(Code::SealTotalsMismatch, place, claimed.to_string(), computed.to_string());
    }
}

/// Returns the elements that count: those of all runs of pass 1 of logs that are not superseded (FORMAT §9).
pub(in crate::verify) fn inside_of(seal: &Seal, runs: &Runs) -> u64 {
    let counted = seal.streams.iter().filter(|run| run.is_counted());
    let seen = counted.filter_map(|run| runs.0.get(&key(run)));
    seen.fold(0, |sum, run| sum.saturating_add(run.inside))
}

/// Compares the list of runs with what was seen: order, members, counts and states. Of a part of the volumes only what none of the
/// others can mend is compared.
pub(in crate::verify) fn check_streams(
    seal: &Seal,
    genesis: Option<&Genesis>,
    runs: &Runs,
    extent: Extent,
    findings: &mut Findings,
) {
    let mut say = |place: String, claimed: String, computed: String| {
        findings.say(Code::SealStreamsMismatch, place, claimed, computed);
    };
    let mut last: Option<RunKey> = None;
    let mut listed = BTreeSet::new();
    let asked = Asked::of(seal.streams.iter());
    for run in &seal.streams {
        let key = key(run);
        if last.is_some_and(|last| last >= key) {
            say(
                place(&key),
                "after a run of the same or a later place".to_owned(),
                "by kind, from, to, pass, run".to_owned(),
            );
        }
        last = Some(key);
        listed.insert(key);
        let nothing = RunSeen::default();
        let seen = runs.0.get(&key).unwrap_or(&nothing);
        let claimed = (run.pages, run.records, run.inside);
        let computed = (seen.pages, seen.records, seen.inside);
        let fits = match extent {
            Extent::Part => computed.0 <= claimed.0 && computed.1 <= claimed.1 && computed.2 <= claimed.2,
            Extent::Whole => claimed == computed,
        };
        if !fits {
            say(place(&key), counts(claimed), counts(computed));
        }
        if let Some(expected) = state_problem(run, seen, &asked, genesis, extent) {
            say(place(&key), format!("{}, reason {}", run.state, reason(run)), expected.to_owned());
        }
    }
    for key in runs.0.keys().filter(|key| !listed.contains(key)) {
        say(place(key), "not listed".to_owned(), "a run with requests".to_owned());
    }
}

/// Says what state the run should have, where the claimed one does not fit what was seen.
fn state_problem(
    run: &Run,
    seen: &RunSeen,
    asked: &Asked,
    genesis: Option<&Genesis>,
    extent: Extent,
) -> Option<&'static str> {
    let is_part = extent == Extent::Part;
    let has_requests = seen.pages > 0 || seen.failures > 0;
    let has_reason = run.reason.is_some();
    match run.state {
        RunState::Complete | RunState::Empty | RunState::Superseded if has_reason => Some("this state has no reason"),
        RunState::Complete if is_part || (seen.is_closed && seen.records > 0) => None,
        RunState::Complete => Some("complete is closed, with records"),
        RunState::Empty if genesis.is_some_and(|genesis| is_expired(run.to, genesis)) => {
            Some("nothing came from beyond the stated retention: expired")
        }
        RunState::Empty if (is_part || seen.is_closed) && seen.records == 0 => None,
        RunState::Empty => Some("empty is closed, without records"),
        // A run that is closed in one volume may be found to go on, against all links, in the next: that is for all of them to say.
        RunState::Failed if seen.is_closed && !is_part => Some("a closed run has not failed"),
        RunState::Failed if !has_reason => Some("failed has a reason"),
        RunState::Failed if run.run == 0 || !(has_requests || is_part) => Some("a run that failed was asked"),
        RunState::Expired if seen.records > 0 => Some("of an expired window no records came"),
        RunState::Expired if !seen.is_closed && !is_part => Some("what the service refused to answer has failed"),
        RunState::Expired if genesis.is_some_and(|genesis| !is_expired(run.to, genesis)) => {
            Some("the window lies within the stated retention")
        }
        RunState::Expired if !has_reason => Some("expired has a reason"),
        RunState::NotAsked if has_requests || run.run != 0 => Some("not asked is run 0, without requests"),
        RunState::NotAsked if !has_reason => Some("not asked has a reason"),
        RunState::Superseded if !asked.has_another(run) => Some("superseded was asked again"),
        _ => None,
    }
}

/// Says whether a window that ends at `to` lay wholly beyond the retention when the plan was made.
fn is_expired(to: Bound, genesis: &Genesis) -> bool {
    let kept = i128::from(genesis.retention.days).saturating_mul(86_400_000_000_000);
    to.nanos() <= genesis.created.nanos().saturating_sub(kept)
}

/// The windows that were asked, by kind and pass: their beginnings and their ends, each in order.
#[derive(Default)]
struct Asked(BTreeMap<(Kind, u64), (Vec<Bound>, Vec<Bound>)>);

impl Asked {
    fn of<'a>(runs: impl Iterator<Item = &'a Run>) -> Self {
        let runs: BTreeSet<RunKey> = runs.filter(|run| run.run >= 1).map(key).collect();
        let mut asked = Self::default();
        for (kind, from, to, pass, _) in runs {
            let (begins, ends) = asked.0.entry((kind, pass)).or_default();
            begins.push(from);
            ends.push(to);
        }
        for (begins, ends) in asked.0.values_mut() {
            begins.sort_unstable();
            ends.sort_unstable();
        }
        asked
    }

    /// Says whether another run asked for the window, or for a part of it: all but those that end before it or begin after it.
    fn has_another(&self, run: &Run) -> bool {
        let Some((begins, ends)) = self.0.get(&(run.kind, run.pass)) else { return false };
        let before = ends.partition_point(|end| *end <= run.from);
        let up_to_its_end = begins.partition_point(|begin| *begin < run.to);
        up_to_its_end.saturating_sub(before) > usize::from(run.run >= 1)
    }
}

/// Returns what a run of the seal is known by.
pub(in crate::verify) fn key(run: &Run) -> RunKey {
    (run.kind, run.from, run.to, run.pass, run.run)
}

/// Names a run of the seal.
pub(in crate::verify) fn place((kind, from, to, pass, run): &RunKey) -> String {
    format!("{SEAL}#streams {kind} {from} {to} pass {pass} run {run}")
}

/// Puts counts of a run in words.
pub(in crate::verify) fn counts((pages, records, inside): (u64, u64, u64)) -> String {
    format!("{pages} pages, {records} records, {inside} inside")
}

fn reason(run: &Run) -> &str {
    run.reason.as_ref().map_or("null", |reason| reason.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(from: i64, len: i64, number: u64) -> Run {
        let bound = |hour: i64| Bound::from_unix(1_800_000_000 + hour * 3600).expect("a time");
        Run {
            kind: Kind::InteractiveUser,
            from: bound(from),
            to: bound(from + len),
            pass: 1,
            run: number,
            state: RunState::Superseded,
            pages: 0,
            records: 0,
            inside: 0,
            reason: None,
        }
    }

    proptest! {
        #[test]
        fn a_window_was_asked_again_if_another_run_has_a_part_of_it(
            windows in prop::collection::vec((0_i64..12, 1_i64..5, 0_u64..3), 1..12),
        ) {
            let runs: Vec<Run> = windows.iter().map(|(from, len, number)| run(*from, *len, *number)).collect();
            let asked = Asked::of(runs.iter());
            for run in &runs {
                let overlaps = |other: &&Run| other.from < run.to && run.from < other.to;
                let another = runs.iter().filter(|other| other.run >= 1 && key(other) != key(run)).find(overlaps);
                prop_assert_eq!(asked.has_another(run), another.is_some());
            }
        }
    }
}
