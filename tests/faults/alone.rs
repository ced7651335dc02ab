//! Each fault by itself, in its usual form: it ends as the simulator says that it can.

use std::collections::BTreeSet;

use signhold::collect::session::SessionEnd;
use signhold::collect::stream::Stop;
use signhold::format::seal::Run;
use signhold::simulate::{Expectation, Fault, FaultName, Settings};

use crate::bench::{Bench, Setup};
use crate::judged::Judged;
use crate::memory::Memory;
use crate::{for_all, names};

/// Collects what can be had and seals it.
fn collect(setup: Setup, workers: usize) -> (Bench, SessionEnd, Judged) {
    let (bench, memory) = (Bench::start(setup), Memory::default());
    let end = bench.run(&memory, bench.nothing_yet(), workers);
    let judged = bench.seal(&memory, &end);
    (bench, end, judged)
}

fn judge((name, workers): (FaultName, usize)) -> Result<(), String> {
    let fault = Fault::usual(name);
    let mut setup = Setup::new(&[fault]);
    if name == FaultName::ShortToken {
        // Four seconds pass in one.
        setup.change = |settings| settings.clock_rate = 4;
    }
    let (bench, end, judged) = collect(setup, workers);
    judged.check(&bench, &BTreeSet::new())?;
    let gaps = judged.gaps();
    let told = format!("gaps {gaps:?}, stop {:?}", end.stop);
    match (fault.expectation(), &end.stop) {
        (Expectation::Stops, Some(Stop::Refused { status: 403, .. })) => {}
        (Expectation::Complete, None) if gaps.is_empty() => {}
        (Expectation::Gap, None) if is_survived(name) == gaps.is_empty() => {}
        (Expectation::RetentionPasses, None) => {
            // Collector and verifier name the same windows, and among these some that lost records.
            let named = end.table.passed_by_retention(&bench.genesis, &judged.seal.streams);
            assert!(named.iter().all(|(run, _)| judged.is_passed(run)) && named.len() == judged.passed.len());
            let lost = |run: &&Run| judged.ids(run).len() < bench.truth(run.kind, run.from, run.to).len();
            let closed = judged.runs(1).filter(|run| !run.state.is_gap());
            if closed.filter(lost).count() == 0 {
                return Err("nothing was lost: the case shows nothing".to_owned());
            }
        }
        (Expectation::DiffersOnSecondPass, None) if gaps.is_empty() => {
            let second = judged.seal.second_pass.as_ref().ok_or("there was no second pass")?;
            let shown = match name {
                FaultName::Mutation => second.changed,
                FaultName::Vanishing => second.vanished,
                _ => second.late,
            };
            if shown == 0 || second.failed > 0 {
                return Err(format!("the second pass shows {second:?}"));
            }
        }
        (expected, _) => return Err(format!("should end {expected:?}, but {told}")),
    }
    keeps_the_failure(name, &judged)
}

/// Gaps that asking again avoids.
fn is_survived(name: FaultName) -> bool {
    matches!(name, FaultName::Http400 | FaultName::Http404)
}

/// What a fault leaves behind: status (none without an answer), reason, whether there is a body.
fn trace(name: FaultName) -> Option<(Option<u64>, &'static str, bool)> {
    Some(match name {
        FaultName::ChinaSegment | FaultName::UnsupportedQuery => (Some(400), "status", true),
        FaultName::ClaimsChallenge | FaultName::ExpireToken => (Some(401), "status", true),
        FaultName::ConnectionReset => (None, "transport", false),
        FaultName::CutBody | FaultName::TruncatedChunked | FaultName::WrongContentLength => {
            (Some(200), "body-cut", true)
        }
        FaultName::Empty200 => (Some(200), "not-a-page", false),
        FaultName::LicenceFlaky => (Some(403), "status", true),
        FaultName::Html200 | FaultName::NotJson200 => (Some(200), "not-a-page", true),
        FaultName::Redirect => (Some(302), "status", false),
        FaultName::Stall => (None, "timeout", false),
        FaultName::Sticky429 | FaultName::ThrottledOnce => (Some(429), "status", true),
        name => (Some(name.name().strip_prefix("http-")?.get(..3)?.parse().ok()?), "status", true),
    })
}

fn keeps_the_failure(name: FaultName, judged: &Judged) -> Result<(), String> {
    let Some((status, reason, has_body)) = trace(name) else {
        return Ok(());
    };
    let fits = judged.failures.iter().any(|failure| {
        failure["reason"] == reason
            && failure["response"]["status"].as_u64() == status
            && (!has_body || failure["body"]["byte_len"].as_u64().is_some_and(|byte_len| byte_len > 0))
    });
    if fits { Ok(()) } else { Err(format!("no failure {status:?} {reason} among {:?}", judged.failures)) }
}

#[test]
fn each_fault_alone_ends_as_well_as_it_can() {
    for_all(names().into_iter().flat_map(|name| [(name, 1), (name, 4)]).collect(), judge);
}

#[test]
fn a_throttling_service_is_waited_for_as_long_as_it_says() {
    let (bench, _, _) = collect(Setup::new(&[Fault::usual(FaultName::Http429HttpDate)]), 1);
    let waits = bench.pace.waits();
    assert!(waits.iter().any(|wait| (1..=3).contains(&wait.as_secs())), "{waits:?}");
}

#[test]
fn an_outage_stops_the_session_before_it_makes_gaps_of_all_that_is_left() {
    for (fault, workers) in [("connection-reset", 1), ("connection-reset", 4), ("http-503-no-retry-after", 1)] {
        let (bench, memory) = (Bench::start(Setup::new(&[fault.parse().unwrap()])), Memory::default());
        let end = bench.run(&memory, bench.nothing_yet(), workers);
        assert!(matches!(end.stop, Some(Stop::Unanswered { windows: 3.., .. })), "{fault}: {:?}", end.stop);
        let asked = end.uncovered.iter().filter(|stream| end.table.next_run(**stream) > 1).count();
        assert!(asked <= 2 + workers, "{fault}: {asked} of {}", end.uncovered.len());
    }
}

#[test]
fn a_licence_that_is_missing_for_good_ends_it_after_a_while() {
    let without: fn(&mut Settings) = |_| {};
    let with: fn(&mut Settings) = |settings| settings.tenant.permissions.push("Directory.Read.All".to_owned());
    for (change, refusals) in [(without, 40), (with, 3)] {
        let mut setup = Setup::new(&["http-403-licence".parse().unwrap()]);
        setup.change = change;
        let (bench, end, judged) = collect(setup, 1);
        judged.check(&bench, &BTreeSet::new()).unwrap();
        assert!(
            matches!(end.stop, Some(Stop::NotLicensed { refusals: told, .. }) if told == refusals),
            "{:?}",
            end.stop
        );
        assert_eq!(judged.failures.len() as u64, refusals);
        assert_eq!(judged.gaps().len(), judged.seal.streams.len());
    }
}

#[test]
fn a_challenge_among_many_workers_is_answered_once_for_all() {
    // Which worker meets the challenge, and which only an expired token, differs from run to run.
    for_all(vec![(FaultName::ClaimsChallenge, 4); 24], judge);
}
