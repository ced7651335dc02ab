//! Step 11, FORMAT §9: the windows of the runs tile the planned window, and every gap in them is named.
//!
//! A window that failed, one that had expired, one never asked and one that is empty stay four different facts.

use crate::format::genesis::Genesis;
use crate::format::path::SEAL;
use crate::format::seal::{Run, RunState, Seal};
use crate::time::Bound;
use crate::verify::checks::pagination::Runs;
use crate::verify::finding::{Code, Findings};

/// Checks coverage. Every volume lists the runs of the whole acquisition, so each is checked for itself.
pub(in crate::verify) fn check(seal: &Seal, genesis: &Genesis, findings: &mut Findings) {
    for run in &seal.streams {
        let place = place(run);
        let reason = run.reason.as_ref().map_or("no reason", |reason| reason.as_str());
        match run.state {
            RunState::Superseded => {
                findings.say(Code::RunSuperseded, place, "superseded", "kept, and not counted");
            }
            state if state.is_gap() => {
                findings.say(Code::CoverageGap, place, state.to_string(), reason);
            }
            _ => {}
        }
    }
    let plan = &genesis.plan;
    for run in seal.streams.iter().filter(|run| !plan.kinds.contains(&run.kind)) {
        findings.say(Code::CoverageBroken, place(run), run.kind.as_str(), "a kind of the plan");
    }
    for kind in &plan.kinds {
        let mut windows: Vec<(Bound, Bound)> = seal
            .streams
            .iter()
            .filter(|run| run.kind == *kind && run.is_current())
            .map(|run| (run.from, run.to))
            .collect();
        windows.sort_unstable();
        let mut covered = plan.from;
        for (from, to) in windows {
            if from != covered {
                let place = format!("{SEAL}#streams {kind}");
                findings.say(Code::CoverageBroken, place, format!("a window from {from}"), format!("from {covered}"));
            }
            covered = to;
        }
        if covered != plan.to {
            let place = format!("{SEAL}#streams {kind}");
            findings.say(Code::CoverageBroken, place, format!("windows to {covered}"), format!("to {}", plan.to));
        }
    }
}

/// Names the runs that are passed by retention (FORMAT §9.3): of these, records may have gone while they were asked for.
pub(in crate::verify) fn note_retention(seal: &Seal, genesis: &Genesis, runs: &Runs, findings: &mut Findings) {
    let days = genesis.retention.days;
    let kept = i128::from(days).saturating_mul(86_400_000_000_000);
    let is_closed = |run: &&Run| matches!(run.state, RunState::Complete | RunState::Empty) && run.kind.is_windowed();
    for run in seal.streams.iter().filter(is_closed) {
        let seen = runs.0.get(&(run.kind, run.from, run.to, run.pass, run.run));
        let Some(finished) = seen.and_then(|seen| seen.finished) else { continue };
        let had_expired = run.to.nanos() <= genesis.created.nanos().saturating_sub(kept);
        if !had_expired && run.from.nanos() < finished.nanos().saturating_sub(kept) {
            let computed =
                format!("its beginning was beyond the stated {days} days when its last page came, {finished}");
            findings.say(Code::RetentionPassed, place(run), run.state.to_string(), computed);
        }
    }
}

fn place(run: &Run) -> String {
    format!("{SEAL}#streams {} {} {} pass {} run {}", run.kind, run.from, run.to, run.pass, run.run)
}
