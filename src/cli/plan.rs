//! `plan`: what `collect` would bring and what not, which days expire next, and how long it takes. A dry run.
//!
//! Asks the service for probes only, shows each, and writes nothing into the matter folder. That something will be missing is an
//! answer, not an error; an error is what would keep `collect` from collecting at all.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::collect::{parse_rate, permitted_rate, refuse_too_many_windows};
use super::credentials::{CredentialArgs, EndpointArgs};
use super::error::CliError;
use super::gather::shared_schedule;
use super::out::{self, counted, escape, grouped};
use super::progress::{hours, passing, span};
use super::service::{Service, stop_on_interrupt};
use super::window::{WindowArgs, latency_warning, whole_seconds_now};
use crate::collect::findings::{
    Findings, Held, LicenceState, Obstacle, Offer, ProbeRequest, Purpose, Rights, Visibility,
};
use crate::collect::forecast::{Forecast, forecast};
use crate::collect::probe::{self, POLICIES, RISK_FIELDS};
use crate::collect::retention::{self, Standing, StandingState};
use crate::format::genesis::{Identity, Plan, Rate, Retention, Source};
use crate::format::identifier::MatterId;
use crate::format::kind::{Kind, Sort};
use crate::source::graph::GraphSource;
use crate::source::throttle::Pacer;
use crate::store::matter::MatterFolder;
use crate::time::{Bound, Window};

#[derive(Args)]
pub(super) struct PlanArgs {
    /// The matter folder; nothing is written to it
    dir: PathBuf,
    #[command(flatten)]
    window: WindowArgs,
    #[command(flatten)]
    endpoints: EndpointArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    /// Requests permitted, such as 5/10 for five in ten seconds; above that only outside the cloud table
    #[arg(long, value_name = "N/SECONDS", value_parser = parse_rate)]
    rate: Option<Rate>,
    /// How long an answer may take
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS")]
    timeout: u64,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What `plan` says with `--json`.
#[derive(Debug, Serialize)]
struct PlanAnswer {
    /// The case.
    matter: MatterId,
    /// Whether any endpoint is outside the cloud table.
    simulated: bool,
    /// The present, by our clock.
    now: Bound,
    /// The service.
    source: Source,
    /// As whom it was asked.
    identity: Identity,
    /// What would be collected.
    plan: Plan,
    /// The stated retention.
    retention: Retention,
    /// What the probes told.
    findings: Findings,
    /// Fields that will be missing, and what would bring them.
    missing: Vec<Missing>,
    /// Every kind and UTC day of the window.
    days: Vec<Day>,
    /// What expires next; null when nothing of the window can.
    countdown: Option<Countdown>,
    /// Each kind, then the whole.
    forecast: Vec<Forecast>,
    /// What to know before collecting.
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Missing {
    fields: Vec<&'static str>,
    because: &'static str,
    brought_by: &'static str,
}

/// One kind on one day, as far as the window reaches.
#[derive(Clone, Copy, Debug, Serialize)]
struct Day {
    kind: Kind,
    from: Bound,
    to: Bound,
    state: StandingState,
    /// Whole hours until its first instant is beyond the stated retention; 0 when it is.
    begins_in_hours: u64,
    /// Whole hours until all of it is; 0 when it is.
    gone_in_hours: u64,
    #[serde(skip)]
    standing: Standing,
}

#[derive(Clone, Debug, Serialize)]
struct Countdown {
    kinds: Vec<Kind>,
    from: Bound,
    to: Bound,
    state: StandingState,
    begins_in_hours: u64,
    gone_in_hours: u64,
}

pub(super) fn run(args: &PlanArgs) -> Result<ExitCode, CliError> {
    let matter = MatterFolder::open(&args.dir)?;
    let endpoints = args.endpoints.endpoints()?;
    let rate = permitted_rate(args.rate, endpoints.is_simulated())?;
    let retention = args.window.retention()?;
    let plan = args.window.plan(rate)?;
    refuse_too_many_windows(&plan)?;
    let service = Service::open(endpoints, &args.credentials, Duration::from_secs(args.timeout))?;
    let login_clock = service.sign_in()?;
    let Service { endpoints, http, tokens, clock, .. } = &service;
    let identity = tokens.identity();
    let schedule = shared_schedule(rate, endpoints, &identity, clock.clone());
    let pacer = Arc::new(Pacer::new(rate, clock.clone(), schedule));
    stop_on_interrupt(&pacer);
    let source = GraphSource::new(http, tokens, endpoints)?;
    let now = whole_seconds_now()?;
    let aim = probe::Aim {
        graph_url: &endpoints.graph_url,
        plan: &plan,
        retention_days: retention.days,
        claims: identity.claims.as_deref().unwrap_or_default(),
        now,
    };
    let outside = probe::Outside { source: &source, clock: clock.as_ref(), pace: pacer.as_ref() };
    let mut findings = probe::run(&outside, &aim);
    if let Some(obstacle @ Obstacle::Interrupted) = &findings.obstacle {
        return Err(stopped_by(obstacle));
    }
    findings.clocks.splice(0..0, login_clock.as_ref().and_then(probe::clock_offset));
    let days = days(&plan, retention.days, now)?;
    let answer = PlanAnswer {
        matter: matter.settings().matter.clone(),
        simulated: endpoints.is_simulated(),
        now,
        source: service.source(),
        identity,
        missing: missing(&findings),
        countdown: countdown(&days),
        forecast: forecast(&plan, &findings).map_err(|error| CliError::request(error.to_string()))?,
        warnings: warnings(&plan, &retention, &findings, now),
        days,
        plan,
        retention,
        findings,
    };
    if args.json {
        out::answer_json(&answer);
    } else {
        out::answer(&to_text(&answer));
    }
    answer.findings.obstacle.as_ref().map_or(Ok(ExitCode::SUCCESS), |obstacle| Err(stopped_by(obstacle)))
}

fn stopped_by(obstacle: &Obstacle) -> CliError {
    match obstacle {
        Obstacle::Interrupted => CliError::machine("interrupted").hint("nothing was written; plan again"),
        Obstacle::Licence(detail) => {
            CliError::request(format!("the service refuses for want of a licence, three times: {detail}"))
                .hint("the tenant needs Entra ID P1 or P2; if it has one, grant Directory.Read.All too and plan again")
        }
        Obstacle::NotServed(detail) => CliError::request(format!("the service does not serve this log: {detail}"))
            .hint("check --cloud; some clouds do not offer the sign-in log"),
        Obstacle::Rights(detail) => CliError::request(format!("the service refuses access: {detail}"))
            .hint("the application needs AuditLog.Read.All with admin consent; a user needs Security Reader or Global Reader too"),
        Obstacle::Token(detail) => {
            CliError::request(format!("the service refuses the token: {detail}")).hint("check credential, tenant and --cloud")
        }
        Obstacle::Unreachable(detail) => CliError::machine(format!("the service gives no answer that can be used: {detail}"))
            .hint("check the network and plan again; nothing was written"),
    }
}

fn missing(findings: &Findings) -> Vec<Missing> {
    let mut missing = Vec::new();
    if findings.conditional_access.state == Visibility::Hidden {
        missing.push(Missing {
            fields: vec![POLICIES],
            because: "the service leaves it out for callers that may not read Conditional Access policies",
            brought_by: "permission Policy.Read.ConditionalAccess (or Policy.Read.All) with admin consent; a user also needs \
                         Security Reader, Global Reader or Conditional Access Administrator",
        });
    }
    if findings.risk.state == Visibility::Hidden {
        missing.push(Missing {
            fields: RISK_FIELDS.to_vec(),
            because: "the service writes `hidden` for tenants without Entra ID P2",
            brought_by: "licence Entra ID P2, for sign-ins from then on",
        });
    }
    missing
}

fn warnings(plan: &Plan, retention: &Retention, findings: &Findings, now: Bound) -> Vec<String> {
    let mut warnings: Vec<String> = latency_warning(plan, now).map(str::to_owned).into_iter().collect();
    if findings.licence.state == LicenceState::Flaky {
        warnings.push(
            "the service refused for want of a licence now and then; permission Directory.Read.All is known to cure that".to_owned(),
        );
    }
    for clock in findings.clocks.iter().filter(|clock| clock.offset_ms.abs() - clock.uncertainty_ms > CLOCK_WARNING_MS)
    {
        warnings.push(format!(
            "the clock of this machine is {} s off that of {}",
            clock.offset_ms.abs() / 1000,
            clock.against
        ));
    }
    if let Some(floor) = retention::floor(retention.days, now).filter(|floor| plan.from < *floor) {
        let until = floor.min(plan.to);
        let still: Vec<&str> = findings
            .kinds
            .iter()
            .filter(|kind| kind.beyond_retention == Held::Some)
            .map(|kind| kind.kind.as_str())
            .collect();
        let found = if still.is_empty() {
            "it is asked for all the same, and recorded as expired where the service gives nothing".to_owned()
        } else {
            format!("the service still gives some of it ({}): collect at once", still.join(", "))
        };
        warnings.push(format!("{} to {until} is beyond the stated {} days; {found}", plan.from, retention.days));
    }
    warnings
}

fn days(plan: &Plan, retention_days: u64, now: Bound) -> Result<Vec<Day>, CliError> {
    let window = Window::new(plan.from, plan.to).map_err(|error| CliError::request(error.to_string()))?;
    let tiles = window.tiles(DAY_SECONDS);
    let day = |kind: Kind, window: &Window| {
        let standing = Standing::of(*window, retention_days, now);
        Day {
            kind,
            from: window.from(),
            to: window.to(),
            state: standing.state(),
            begins_in_hours: whole_hours(standing.begins_in),
            gone_in_hours: whole_hours(standing.gone_in),
            standing,
        }
    };
    let logs = plan.kinds.iter().filter(|kind| kind.sort() == Sort::Log);
    Ok(logs.flat_map(|kind| tiles.iter().map(|window| day(*kind, window))).collect())
}

fn countdown(days: &[Day]) -> Option<Countdown> {
    let next = days.iter().filter(|day| day.state != StandingState::Expired).min_by_key(|day| day.from)?;
    let kinds = days.iter().filter(|day| day.from == next.from).map(|day| day.kind).collect();
    Some(Countdown {
        kinds,
        from: next.from,
        to: next.to,
        state: next.state,
        begins_in_hours: next.begins_in_hours,
        gone_in_hours: next.gone_in_hours,
    })
}

fn whole_hours(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or_default() / 3600
}

fn to_text(answer: &PlanAnswer) -> String {
    let mut text = String::new();
    if answer.simulated {
        text += "SIMULATED SERVICE: what comes from it is no evidence\n\n";
    }
    let mut line = |name: &str, value: &str| text += &format!("{name:<10} {}\n", escape(value).replace('\n', " "));
    let plan = &answer.plan;
    line("matter", answer.matter.as_str());
    line("window", &format!("{} to {}", plan.from, plan.to));
    line("service", &answer.source.graph_url);
    let identity = &answer.identity;
    line(
        "asked as",
        &format!("application {} in tenant {}, by {}", identity.client_id, identity.tenant, identity.method),
    );
    findings_lines(&answer.findings, &mut line);
    line("retention", &format!("{} days; {}", answer.retention.days, answer.retention.basis));
    for missing in &answer.missing {
        line("missing", &format!("{}: {}", missing.fields.join(", "), missing.because));
        line("", &format!("brought by {}", missing.brought_by));
    }
    if !plan.not_asked.is_empty() {
        let kinds: Vec<&str> = plan.not_asked.iter().map(|kind| kind.as_str()).collect();
        line("not asked", &kinds.join(", "));
    }
    answer.warnings.iter().for_each(|warning| line("warning", warning));
    text += &format!("\n{:<19} {:<26} {}\n", "kind", "beyond stated retention", "within it");
    for kind in &answer.findings.kinds {
        let why = kind.detail.as_ref().map_or(String::new(), |why| format!("  {}", escape(why).replace('\n', "?")));
        let beyond = held(kind.beyond_retention, kind.newest_beyond.as_deref());
        let within = held(kind.within_retention, kind.newest_within.as_deref());
        text += &format!("{:<19} {beyond:<26} {within}{why}\n", kind.kind.as_str());
    }
    text += &format!("\n{}", days_table(answer));
    text += &format!("\n{}", forecast_lines(answer));
    text += &format!("\ncountdown  {}\n", countdown_words(answer));
    text
}

fn findings_lines(findings: &Findings, line: &mut impl FnMut(&str, &str)) {
    let detail = |detail: &Option<String>| detail.as_ref().map_or(String::new(), |detail| format!(": {detail}"));
    line(
        "probes",
        &format!("{}, each for one record or for daily counts", counted(findings.requests.len() as u64, "request")),
    );
    findings.requests.iter().for_each(|request| line("", &request_words(request)));
    let rights = match findings.rights.state {
        Rights::Denied => "refused",
        Rights::Granted => "granted",
        Rights::PermissionMissing => "refused: AuditLog.Read.All is missing",
        Rights::RoleMissing => "refused: the user has none of the roles that may read the log",
        Rights::Unknown => "unknown",
    };
    line("rights", &format!("{rights}{}", detail(&findings.rights.detail)));
    let licence = &findings.licence;
    line(
        "licence",
        &match licence.state {
            LicenceState::Flaky => {
                format!("refused {} of {} times, granted otherwise", licence.refusals, licence.tries)
            }
            LicenceState::NotPremium => format!("not premium: refused {} of {} times", licence.refusals, licence.tries),
            LicenceState::Premium => "premium".to_owned(),
            LicenceState::Unknown => "unknown".to_owned(),
        },
    );
    let visibility = |state| match state {
        Visibility::Hidden => "hidden",
        Visibility::Unknown => "unknown",
        Visibility::Visible => "visible",
    };
    let policies = &findings.conditional_access;
    line("policies", &format!("Conditional Access {}{}", visibility(policies.state), detail(&policies.detail)));
    line("risk", &format!("{}{}", visibility(findings.risk.state), detail(&findings.risk.detail)));
    for clock in &findings.clocks {
        let way = if clock.offset_ms < 0 { "behind" } else { "ahead of" };
        line(
            "clock",
            &format!(
                "{} is {} s {way} ours, give or take {} s",
                clock.against,
                tenths(clock.offset_ms),
                tenths(clock.uncertainty_ms)
            ),
        );
    }
    line(
        "counts",
        &match findings.daily_counts.state {
            Offer::NotOffered => format!("daily counts are not offered{}", detail(&findings.daily_counts.detail)),
            Offer::Offered => {
                "daily counts are offered; which kinds the service counts in them is not documented".to_owned()
            }
            Offer::Unknown => format!("not known{}", detail(&findings.daily_counts.detail)),
        },
    );
}

fn request_words(request: &ProbeRequest) -> String {
    let purpose = match request.purpose {
        Purpose::BeyondRetention => "beyond retention",
        Purpose::DailyCounts => "daily counts",
        Purpose::WithinRetention => "within retention",
    };
    let status = request.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let trouble = request.trouble.as_ref().map_or(String::new(), |trouble| format!("  {trouble}"));
    let kind = request.kind.map_or("", Kind::as_str);
    format!("{status:<4}  {purpose:<16}  {kind:<18}  {}{trouble}", request.client_request_id)
}

fn held(held: Held, newest: Option<&str>) -> String {
    match (held, newest) {
        (Held::None, _) => "nothing".to_owned(),
        (Held::NotAsked, _) => "not in the window".to_owned(),
        (Held::Some, Some(newest)) => escape(newest).replace('\n', "?"),
        (Held::Some, None) => "a record without time".to_owned(),
        (Held::Unknown, _) => "unknown".to_owned(),
    }
}

/// One line for each day that expires within a week, one for all before and one for all after.
fn days_table(answer: &PlanAnswer) -> String {
    let Some(first) = answer.plan.kinds.first() else { return String::new() };
    let days: Vec<&Day> = answer.days.iter().filter(|day| day.kind == *first).collect();
    let counts = &answer.findings.daily_counts;
    let count = |day: &Day| {
        let name = date(day.from);
        counts.days.iter().find(|counted| counted.day == name).map(|counted| counted.count)
    };
    let row = |days: &[&Day], words: String| {
        let (Some(from), Some(to)) = (days.first(), days.last()) else { return String::new() };
        let name = if days.len() == 1 { date(from.from) } else { format!("{} to {}", date(from.from), date(to.from)) };
        let held: Vec<u64> = days.iter().filter_map(|day| count(day)).collect();
        let sum = if held.is_empty() { "?".to_owned() } else { grouped(held.iter().sum()) };
        format!("{name:<26} {sum:>10}  {words}\n")
    };
    let gone = days.partition_point(|day| day.state == StandingState::Expired);
    let soon = days.partition_point(|day| day.standing.begins_in < SOON_SECONDS);
    let (gone, rest) = days.split_at(gone);
    let (soon, later) = rest.split_at(soon.saturating_sub(gone.len()));
    let mut text = format!("{:<26} {:>10}  {}\n", "day (UTC)", "sign-ins", "by the stated retention");
    text += &row(gone, "beyond it already".to_owned());
    for day in soon {
        text += &row(&[day], passing(day.standing));
    }
    if let Some(first) = later.first() {
        text += &row(later, format!("beyond the stated retention in {} or later", hours(first.standing.begins_in)));
    }
    text
}

fn forecast_lines(answer: &PlanAnswer) -> String {
    let rate = answer
        .plan
        .rate
        .map_or("no limit".to_owned(), |rate| format!("{} requests in {} s", rate.requests, rate.seconds));
    let mut text = format!("{:<19} {:>8} {:>10} {:>8}  time at {rate}\n", "kind", "windows", "records", "pages");
    for forecast in &answer.forecast {
        let name = forecast.kind.map_or("together", Kind::as_str);
        let number = |value: Option<u64>| value.map_or("unknown".to_owned(), grouped);
        let time = match (forecast.seconds, forecast.seconds_at_least) {
            (Some(seconds), _) => format!("about {}", span(seconds)),
            (None, Some(seconds)) => format!("at least {}", span(seconds)),
            (None, None) => "unknown".to_owned(),
        };
        text += &format!(
            "{name:<19} {:>8} {:>10} {:>8}  {time}\n",
            grouped(forecast.windows),
            number(forecast.records),
            number(forecast.pages)
        );
    }
    text
}

fn countdown_words(answer: &PlanAnswer) -> String {
    let Some(next) = &answer.countdown else {
        return "everything in the window is beyond the stated retention".to_owned();
    };
    let standing = answer.days.iter().find(|day| day.from == next.from).map(|day| passing(day.standing));
    let kinds = if next.kinds == answer.plan.kinds {
        "all kinds asked".to_owned()
    } else {
        next.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
    };
    format!("{} ({kinds}): {}", date(next.from), standing.unwrap_or_default())
}

fn date(bound: Bound) -> String {
    bound.to_string().chars().take(10).collect()
}

/// Writes milliseconds as seconds with one digit, without the sign.
fn tenths(milliseconds: i64) -> String {
    let tenths = milliseconds.unsigned_abs() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

const DAY_SECONDS: i64 = 86_400;
/// A week: what expires in it is listed day by day.
const SOON_SECONDS: i64 = 7 * DAY_SECONDS;
/// As `collect` warns.
const CLOCK_WARNING_MS: i64 = 30_000;
