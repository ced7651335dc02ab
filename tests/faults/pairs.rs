//! Faults in pairs, each in its usual form: nothing is called complete that is not, and nothing ends worse than the worse of two.

use std::collections::BTreeSet;

use signhold::collect::stream::Stop;
use signhold::simulate::{Expectation, Fault, FaultName, When};

use crate::bench::{Bench, KINDS, Setup};
use crate::memory::Memory;
use crate::{for_all, names};

fn judge((one, other): (FaultName, FaultName)) -> Result<(), String> {
    let mut faults = [one, other].map(Fault::usual);
    // Two that want the same request are one; a second one later is the pair that can be met.
    if faults[0].when == When::At(2) && faults[1].when == When::At(2) {
        faults[1].when = When::At(4);
    }
    let (bench, memory) = (Bench::start(Setup::new(&faults)), Memory::default());
    let end = bench.run(&memory, bench.nothing_yet(), 1);
    let judged = bench.seal(&memory, &end);
    judged.check(&bench, &never_served(&bench, [one, other]))?;
    let worst = faults.map(Fault::expectation).into_iter().max().unwrap_or(Expectation::Complete);
    let gaps = judged.gaps();
    let told = format!("should end {worst:?} at worst, but gaps {gaps:?}, stop {:?}", end.stop);
    match &end.stop {
        Some(Stop::Refused { .. }) if worst == Expectation::Stops => Ok(()),
        None if worst >= Expectation::Gap || gaps.is_empty() => Ok(()),
        _ => Err(told),
    }
}

/// What was hidden from the first pass and is gone on the second.
fn never_served(bench: &Bench, pair: [FaultName; 2]) -> BTreeSet<String> {
    let hides = |name| matches!(name, FaultName::LateArrival | FaultName::OmitAtBoundary | FaultName::SilentTruncation);
    if !pair.contains(&FaultName::Vanishing) || !pair.into_iter().any(hides) {
        return BTreeSet::new();
    }
    let (from, to) = (bench.genesis.plan.from.to_datetime(), bench.genesis.plan.to.to_datetime());
    let touched = |(_, kind)| bench.server.tenant().touched(FaultName::Vanishing, kind, from, to);
    KINDS.into_iter().flat_map(touched).collect()
}

/// Faults that the engine cannot tell from one that stays, or that no question here meets.
fn is_left_out(name: FaultName) -> bool {
    use FaultName as Name;
    let stand_ins = [
        // For these stay http-503-no-retry-after, http-429, http-401-expired, http-403-permission.
        &[Name::Http408, Name::Http500, Name::Http502, Name::Http503, Name::Http504][..],
        &[Name::Http429HttpDate, Name::Http429NoRetryAfter, Name::ThrottledOnce],
        &[Name::Http401Lifetime],
        &[Name::Http403Role],
        // For these html-200, cut-body, redirect, next-link-foreign-host.
        &[Name::Empty200, Name::NotJson200],
        &[Name::TruncatedChunked, Name::WrongContentLength],
        &[Name::ChinaSegment],
        &[Name::NextLinkHttp, Name::NextLinkOtherPort],
        // No daily counts are asked for.
        &[Name::SummaryAbsent, Name::SummaryDisagrees],
    ];
    stand_ins.iter().any(|names| names.contains(&name))
}

#[test]
fn no_pair_lets_anything_be_called_complete_that_is_not() {
    let names: Vec<FaultName> = names().into_iter().filter(|name| !is_left_out(*name)).collect();
    let mut pairs = Vec::new();
    for (place, one) in names.iter().enumerate() {
        pairs.extend(names[place + 1..].iter().map(|other| (*one, *other)));
    }
    for_all(pairs, judge);
}
