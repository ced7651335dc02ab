//! Which window of which logs, and how long the service is taken to keep it: the same words for `plan` and `collect`.

use clap::Args;

use super::error::CliError;
use super::out;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::collect::plan;
use crate::collect::retention::{Profile, assume};
use crate::format::genesis::{Plan, Rate, Retention};
use crate::format::kind::{Kind, Sort};
use crate::time::Bound;

/// Window, kinds and retention.
#[derive(Args, Clone, Debug)]
pub(super) struct WindowArgs {
    /// The window's beginning: 2026-11-01 or 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) from: Bound,
    /// The window's end, not part of it; 15 minutes ago if left out, since records arrive late
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) to: Option<Bound>,
    /// A log to ask for: the four sign-in logs if left out; also `directoryAudit` and `riskDetection`
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Vec<Kind>,
    /// Ask every window a second time after all others, and keep what was late, changed or has vanished
    #[arg(long)]
    pub(super) second_pass: bool,
    /// Collect the service's own daily counts too, and hold them against the records
    #[arg(long)]
    pub(super) counts: bool,
    /// Collect interactive sign-ins by version 1.0 of the interface too, the one that Microsoft supports
    #[arg(long)]
    pub(super) cross_check_v1: bool,
    /// The longest window asked at once, in hours
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=744), value_name = "HOURS")]
    pub(super) window_hours: u64,
    /// How long the service keeps sign-ins, as you know it; 30 days if neither this nor a profile is given
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=3650), value_name = "DAYS")]
    pub(super) retention_days: Option<u64>,
    /// The same by name: graph-free (7 days), graph-p1 and graph-p2 (30), ual-90, ual-180, ual-365, or workspace with a number
    #[arg(long, value_name = "PROFILE")]
    pub(super) retention: Option<Profile>,
}

impl WindowArgs {
    /// Makes the plan, or says why there is none.
    pub(super) fn plan(&self, rate: Option<Rate>) -> Result<Plan, CliError> {
        let now = whole_seconds_now()?;
        let to = match self.to {
            Some(to) => to,
            None => now.plus_seconds(-LATENCY_SECONDS).unwrap_or(now),
        };
        if to > now {
            return Err(CliError::request(format!("the window ends at {to}, in the future (it is {now})"))
                .hint("leave out --to for all that has arrived, or name an earlier time"));
        }
        if self.from >= to {
            return Err(CliError::request(format!(
                "the window begins at {} and ends at {to}, which is not later",
                self.from
            ))
            .hint("--from must be before --to"));
        }
        let mut kinds = if self.kind.is_empty() { Kind::SIGN_INS.to_vec() } else { self.kind.clone() };
        if kinds.iter().all(|kind| kind.sort() != Sort::Log) {
            return Err(CliError::request("no log is asked for")
                .hint("name at least one log with --kind, or leave it out for the four sign-in logs"));
        }
        kinds.extend(self.counts.then_some(Kind::COUNTS).into_iter().flatten());
        kinds.extend(self.cross_check_v1.then_some(Kind::InteractiveUserV1));
        kinds.sort();
        kinds.dedup();
        let not_asked = plan::not_asked(&kinds);
        Ok(Plan {
            from: self.from,
            to,
            kinds,
            not_asked,
            second_pass: self.second_pass,
            window_seconds: self.window_hours * 3600,
            top: PAGE_RECORDS,
            rate,
        })
    }

    /// Makes the assumption that is signed into the plan.
    pub(super) fn retention(&self) -> Result<Retention, CliError> {
        let refused = |error: crate::collect::retention::RetentionError| {
            CliError::request(error.to_string()).hint(
                "give --retention-days N, or --retention PROFILE, or --retention workspace with --retention-days N",
            )
        };
        let retention = assume(self.retention, self.retention_days).map_err(refused)?;
        if let Some(profile) = self.retention.filter(|profile| !profile.is_of_graph()) {
            out::talk(&format!("warning: `{profile}` is the retention of another log than Microsoft Graph serves"));
        }
        Ok(retention)
    }
}

/// Says so when the window ends where records may still arrive.
pub(super) fn latency_warning(plan: &Plan, now: Bound) -> Option<&'static str> {
    (plan.to.unix() > now.unix() - LATENCY_SECONDS)
        .then_some("records of the last 15 minutes may still arrive at the service; collect that time again later")
}

/// Reads the clock in whole seconds.
pub(super) fn whole_seconds_now() -> Result<Bound, CliError> {
    Bound::floor(SystemClock::start().now().to_datetime())
        .ok_or_else(|| CliError::machine("the clock of this machine is out of range"))
}

pub(super) fn parse_time(text: &str) -> Result<Bound, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole.parse().map_err(|_| format!("`{text}` is not of the form 2026-11-01 or 2026-11-01T00:00:00Z (UTC)"))
}

/// Default and maximum page of the service.
const PAGE_RECORDS: u64 = 1000;
/// 15 minutes: reports name ten and more for sign-ins with several factors.
const LATENCY_SECONDS: i64 = 900;
