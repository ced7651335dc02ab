//! How much a plan will ask for and how long that takes at its rate, as far as the probes allow to say.
//!
//! A window costs one request at least. More is known only where the service counts its own sign-ins by day, or says that a kind
//! is empty; everything else stays unknown.

use serde::Serialize;

use super::findings::{Findings, Held, Offer};
use super::plan;
use super::table::RunTable;
use crate::format::genesis::Plan;
use crate::format::kind::Kind;
use crate::time::TimeError;

/// What a kind, or the whole plan, will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// The kind; null for the whole.
    pub kind: Option<Kind>,
    /// How many windows are asked one by one, each at least once, or twice where there is a second pass.
    pub windows: u64,
    /// How many records there are, where the service counts them.
    pub records: Option<u64>,
    /// About how many pages that makes, both passes together.
    pub pages: Option<u64>,
    /// The least time at the permitted rate; null without one.
    pub seconds_at_least: Option<u64>,
    /// About how long it takes at the permitted rate.
    pub seconds: Option<u64>,
}

/// Estimates each kind of the plan, then the whole.
///
/// # Errors
///
/// [`TimeError`] when the plan's window is none.
pub fn forecast(plan: &Plan, findings: &Findings) -> Result<Vec<Forecast>, TimeError> {
    let streams = plan::remaining(plan, &RunTable::default())?;
    let counts = &findings.daily_counts;
    let counted = (counts.state == Offer::Offered)
        .then(|| counts.days.iter().fold(0_u64, |sum, day| sum.saturating_add(day.count)));
    let nothing = |held: Held| matches!(held, Held::None | Held::NotAsked);
    let is_empty = |kind: Kind| {
        findings
            .kinds
            .iter()
            .any(|found| found.kind == kind && nothing(found.within_retention) && nothing(found.beyond_retention))
    };
    let full: Vec<Kind> = plan.kinds.iter().copied().filter(|kind| kind.is_windowed() && !is_empty(*kind)).collect();
    // The service counts all sign-ins together. They are one kind's alone only when the others were asked and have none.
    let all_asked = Kind::SIGN_INS.iter().all(|kind| plan.kinds.contains(kind));
    let others_asked = plan.kinds.iter().any(|kind| !Kind::SIGN_INS.contains(kind));
    let mut forecasts = Vec::new();
    for kind in &plan.kinds {
        let windows = streams.iter().filter(|stream| stream.kind == *kind).count() as u64;
        let records = match full.as_slice() {
            _ if is_empty(*kind) => Some(0),
            [only] if all_asked && only == kind => counted,
            _ => None,
        };
        forecasts.push(estimate(plan, Some(*kind), windows, records));
    }
    let records = if full.is_empty() { Some(0) } else { counted.filter(|_| !others_asked) };
    forecasts.push(estimate(plan, None, streams.len() as u64, records));
    Ok(forecasts)
}

fn estimate(plan: &Plan, kind: Option<Kind>, windows: u64, records: Option<u64>) -> Forecast {
    let passes = if plan.second_pass { 2 } else { 1 };
    let asked = windows.saturating_mul(passes);
    let pages = records.map(|records| windows.saturating_add(records / plan.top.max(1)).saturating_mul(passes));
    let seconds =
        |requests: u64| plan.rate.map(|rate| requests.saturating_mul(rate.seconds).div_ceil(rate.requests.max(1)));
    Forecast { kind, windows, records, pages, seconds_at_least: seconds(asked), seconds: pages.and_then(seconds) }
}
