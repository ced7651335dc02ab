//! Step 21, FORMAT §12.21: what one reader demands beside what the format does.
//!
//! Apart from the other steps because a demand is the reader's and not the format's: one that is not met leaves a verdict open and
//! never makes an intact package INVALID. It is judged last, over reports and never over bytes, so nothing that the other steps say
//! depends on it. What names whom the reader trusts is [`Trust`](crate::verify::Trust)'s, whoever wrote it down.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::crypto::signature::Fingerprint;
use crate::format::seal::{Run, RunState};
use crate::verify::finding::{Code, Finding, Severity, Step};
use crate::verify::ledger::LedgerReport;
use crate::verify::set::{SeriesReport, Verification};
use crate::verify::verdict::{CheckOutcome, Facts, Outcome, Report, TokenFact};

/// One thing that a reader demands of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// The operator's clock and others are no further apart than so many seconds.
    ClockOffset(u64),
    /// Of these keys so many have countersigned the package in a ledger.
    Countersignatures(Vec<Fingerprint>, u64),
    /// No window failed, had expired or was not asked.
    NoGaps,
    /// The package holds no invented data.
    NoSimulation,
    /// Every window that was closed was asked twice.
    SecondPass,
    /// The signer is trusted; the text says whom the reader named.
    Signer(String),
    /// So many authorities have stamped the seal.
    TimestampAuthorities(u64),
    /// All time stamps were made under one of these policies, dotted object identifiers.
    TimestampPolicies(Vec<String>),
    /// Plan and seal both have a time stamp that is accepted.
    Timestamps,
    /// No member of the package's series is missing or leaves a hole.
    WholeSeries,
}

/// How a package stands to a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It was shown to be met.
    Met,
    /// It was shown not to be met.
    NotMet,
    /// What was presented does not show it.
    NotShown,
}

/// One demand, held against one package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// The member of the policy that makes it.
    pub requirement: &'static str,
    /// How the package stands to it.
    pub standing: Standing,
    /// What is demanded.
    pub demanded: String,
    /// What was found.
    pub found: String,
    /// The code that is raised where it is not met.
    pub code: Code,
}

/// Holds every package against every demand: a list for each, in the order of `demands`. What is not met, or not shown, becomes a
/// finding, and leaves the package, its set and its series INDETERMINATE at best.
#[must_use]
pub fn apply(demands: &[Demand], verification: &mut Verification, ledgers: &[&LedgerReport]) -> Vec<Vec<Requirement>> {
    let mut lists = Vec::new();
    for (index, report) in verification.packages.iter_mut().enumerate() {
        let series = verification
            .series
            .iter()
            .find(|series| series.members.iter().any(|member| member.indices.contains(&index)));
        let list: Vec<Requirement> = demands.iter().map(|demand| judge(demand, report, series, ledgers)).collect();
        for requirement in list.iter().filter(|requirement| requirement.standing != Standing::Met) {
            report.add_unmet(requirement);
        }
        lists.push(list);
    }
    let is_unmet = |index: usize| {
        lists.get(index).is_some_and(|list| list.iter().any(|requirement| requirement.standing != Standing::Met))
    };
    for set in &mut verification.sets {
        for member in set.members.iter_mut().filter(|member| is_unmet(member.index)) {
            member.outcome = member.outcome.or_worse(Outcome::Indeterminate);
            set.outcome = set.outcome.or_worse(Outcome::Indeterminate);
        }
    }
    for series in &mut verification.series {
        for member in &mut series.members {
            if member.indices.iter().any(|index| is_unmet(*index)) {
                member.outcome = member.outcome.or_worse(Outcome::Indeterminate);
                series.outcome = series.outcome.or_worse(Outcome::Indeterminate);
            }
        }
    }
    lists
}

impl Report {
    /// Says whether nothing but the reader's policy keeps the package from being VALID.
    #[must_use]
    pub fn lacks_only_policy(&self) -> bool {
        let mut open = self.findings.iter().filter(|finding| finding.severity == Severity::Unestablished).peekable();
        self.outcome == Outcome::Indeterminate
            && open.peek().is_some()
            && open.all(|finding| finding.code.step() == Step::Policy)
            && self.checks.iter().all(|check| check.outcome == CheckOutcome::Passed)
    }

    fn add_unmet(&mut self, requirement: &Requirement) {
        let words = match requirement.standing {
            Standing::NotShown => "this is not shown to meet your policy",
            Standing::Met | Standing::NotMet => "this does not meet your policy",
        };
        let place = format!("policy#{}", requirement.requirement);
        let computed = format!("{}; {words}", requirement.demanded);
        let count = self.finding_counts.entry(requirement.code).or_insert(0);
        *count = count.saturating_add(1);
        let at = self.findings.partition_point(|listed| listed.severity >= Severity::Unestablished);
        self.findings.insert(at, Finding::new(requirement.code, place, &requirement.found, computed));
        self.outcome = self.outcome.or_worse(Outcome::Indeterminate);
    }
}

fn judge(demand: &Demand, report: &Report, series: Option<&SeriesReport>, ledgers: &[&LedgerReport]) -> Requirement {
    let facts = &report.facts;
    let (requirement, code, demanded) = named(demand);
    let (mut standing, mut found) = match demand {
        Demand::ClockOffset(seconds) => clock_offset(report, *seconds),
        Demand::Countersignatures(keys, threshold) => countersignatures(facts, keys, *threshold, ledgers),
        Demand::NoGaps => gaps(facts),
        Demand::NoSimulation => simulation(facts),
        Demand::SecondPass => second_pass(&facts.coverage),
        Demand::Signer(_) => signer(facts),
        Demand::TimestampAuthorities(count) => authorities(&facts.times.seal_tokens, *count),
        Demand::TimestampPolicies(policies) => policies_of(facts, policies),
        Demand::Timestamps => timestamps(facts),
        Demand::WholeSeries => whole_series(facts, series),
    };
    // What an INVALID package says of itself shows nothing.
    if report.outcome == Outcome::Invalid && standing == Standing::Met {
        standing = Standing::NotShown;
        found += ", says a package that is INVALID";
    }
    Requirement { requirement, standing, demanded, found, code }
}

/// The member of the policy, the code, and the demand in words.
fn named(demand: &Demand) -> (&'static str, Code, String) {
    match demand {
        Demand::ClockOffset(seconds) => (
            "clock.maximum_offset_seconds",
            Code::PolicyClockOffset,
            format!("clocks no further apart than {seconds} s"),
        ),
        Demand::Countersignatures(keys, threshold) => {
            let demanded = format!("countersignatures of the {} named: at least {threshold}", keys.len());
            ("countersignatures.threshold", Code::PolicyCountersignatures, demanded)
        }
        Demand::NoGaps => ("completeness.gaps", Code::PolicyGaps, "no gap in the windows".to_owned()),
        Demand::NoSimulation => ("simulated", Code::PolicySimulated, "no simulated data".to_owned()),
        Demand::SecondPass => {
            ("completeness.second_pass", Code::PolicySecondPass, "every closed window asked twice".to_owned())
        }
        Demand::Signer(named) => ("signer", Code::PolicySigner, named.clone()),
        Demand::TimestampAuthorities(count) => {
            let demanded = format!("accepted time stamps over the seal from so many authorities: {count}");
            ("timestamps.minimum_authorities", Code::PolicyTimestampAuthorities, demanded)
        }
        Demand::TimestampPolicies(policies) => {
            let demanded = format!("time stamps under {} alone", policies.join(", "));
            ("timestamps.accepted_policies", Code::PolicyTimestampPolicy, demanded)
        }
        Demand::Timestamps => {
            let demanded = "an accepted time stamp over the plan and one over the seal".to_owned();
            ("timestamps.required", Code::PolicyTimestamp, demanded)
        }
        Demand::WholeSeries => {
            let demanded = "every member of the series before this one, and no hole between them".to_owned();
            ("completeness.series", Code::PolicySeries, demanded)
        }
    }
}

fn clock_offset(report: &Report, seconds: u64) -> (Standing, String) {
    let Some(offset) = report.facts.times.service_offset_ms else {
        return (Standing::NotShown, "no other clock is on record".to_owned());
    };
    let found = format!("{} s apart at most", offset.div_ceil(1000));
    match offset > seconds.saturating_mul(1000) {
        true => (Standing::NotMet, found),
        false if report.quick => (Standing::NotShown, format!("{found}; requests were not read")),
        false => (Standing::Met, found),
    }
}

/// The ledger that names most of the keys counts; one that is INVALID does not.
fn countersignatures(
    facts: &Facts,
    keys: &[Fingerprint],
    threshold: u64,
    ledgers: &[&LedgerReport],
) -> (Standing, String) {
    let sound = ledgers.iter().filter(|ledger| ledger.outcome != Outcome::Invalid);
    let of_package = sound.flat_map(|ledger| &ledger.facts.packages);
    let counts = of_package.filter(|custody| Some(&custody.package) == facts.package.as_ref()).map(|custody| {
        let count = custody.countersigned_by.iter().filter(|key| keys.contains(key)).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    });
    match counts.max() {
        None if ledgers.is_empty() => (Standing::NotShown, "no ledger was presented".to_owned()),
        None => (Standing::NotShown, "no ledger that is intact speaks of the package".to_owned()),
        Some(count) => {
            let standing = if count >= threshold { Standing::Met } else { Standing::NotMet };
            (standing, format!("countersignatures of those named: {count}"))
        }
    }
}

fn gaps(facts: &Facts) -> (Standing, String) {
    if facts.coverage.is_empty() {
        return (Standing::NotShown, "no windows could be read".to_owned());
    }
    let gaps: Vec<&Run> = facts.coverage.iter().filter(|run| run.state.is_gap()).collect();
    let Some(first) = gaps.first() else { return (Standing::Met, "no gap".to_owned()) };
    let found =
        format!("gaps: {}, the first {} {} to {} {}", gaps.len(), first.kind, first.from, first.to, first.state);
    (Standing::NotMet, found)
}

fn simulation(facts: &Facts) -> (Standing, String) {
    match facts.simulated {
        None => (Standing::NotShown, "no plan could be read".to_owned()),
        Some(false) => (Standing::Met, "not simulated".to_owned()),
        Some(true) => (Standing::NotMet, "simulated data".to_owned()),
    }
}

fn second_pass(coverage: &[Run]) -> (Standing, String) {
    let closed = |pass: u64| {
        let runs = coverage.iter().filter(move |run| run.pass == pass && run.kind.is_windowed());
        let runs = runs.filter(|run| matches!(run.state, RunState::Complete | RunState::Empty));
        runs.map(|run| (run.kind, run.from, run.to)).collect::<BTreeSet<_>>()
    };
    let (first, second) = (closed(1), closed(2));
    if first.is_empty() {
        return (Standing::NotShown, "no window was closed".to_owned());
    }
    let asked = first.intersection(&second).count();
    let standing = if asked == first.len() { Standing::Met } else { Standing::NotMet };
    (standing, format!("{asked} of {} closed windows asked twice", first.len()))
}

fn signer(facts: &Facts) -> (Standing, String) {
    match &facts.operator_key {
        None => (Standing::NotShown, "no key could be read".to_owned()),
        Some(key) if !facts.signer_trusted => (Standing::NotMet, format!("the operator's key is {key}")),
        Some(key) => (Standing::Met, format!("the operator's key is {key}")),
    }
}

/// Authorities are told apart by the reader's roots: two signers below one root are one.
fn authorities(seal_tokens: &[TokenFact], least: u64) -> (Standing, String) {
    let roots: BTreeSet<_> = seal_tokens.iter().filter(|token| token.accepted).map(|token| token.root_sha256).collect();
    let count = u64::try_from(roots.len()).unwrap_or(u64::MAX);
    let tokens = u64::try_from(seal_tokens.len()).unwrap_or(u64::MAX);
    let standing = match (count >= least, tokens >= least) {
        (true, _) => Standing::Met,
        // With more roots it may yet be.
        (false, true) if seal_tokens.iter().any(|token| !token.accepted) => Standing::NotShown,
        _ => Standing::NotMet,
    };
    (standing, format!("authorities accepted: {count}; time stamps over the seal: {tokens}"))
}

fn policies_of(facts: &Facts, policies: &[String]) -> (Standing, String) {
    let times = &facts.times;
    let tokens: Vec<&TokenFact> = times
        .genesis_tokens
        .iter()
        .chain(&times.page_tokens)
        .chain(&times.seal_tokens)
        .chain(&times.renewal_tokens)
        .collect();
    if tokens.is_empty() {
        return (Standing::Met, "no time stamp, so none under another".to_owned());
    }
    if let Some(token) = tokens.iter().find(|token| !policies.contains(&token.policy)) {
        return (Standing::NotMet, format!("{} under {}", token.path, token.policy));
    }
    let found: BTreeSet<&str> = tokens.iter().map(|token| token.policy.as_str()).collect();
    (Standing::Met, found.into_iter().collect::<Vec<_>>().join(", "))
}

fn timestamps(facts: &Facts) -> (Standing, String) {
    let words = |tokens: &[TokenFact]| {
        let accepted = tokens.iter().filter(|token| token.accepted).count();
        format!("{accepted} of {}", tokens.len())
    };
    let (plan, seal) = (&facts.times.genesis_tokens, &facts.times.seal_tokens);
    let found = format!("accepted over the plan {}, over the seal {}", words(plan), words(seal));
    let has = |tokens: &[TokenFact]| tokens.iter().any(|token| token.accepted);
    let standing = match (plan.is_empty() || seal.is_empty(), has(plan) && has(seal)) {
        (true, _) => Standing::NotMet,
        (false, true) => Standing::Met,
        (false, false) => Standing::NotShown,
    };
    (standing, found)
}

fn whole_series(facts: &Facts, series: Option<&SeriesReport>) -> (Standing, String) {
    let Some(number) = facts.series.map(|series| series.number) else {
        return (Standing::NotShown, "no plan could be read".to_owned());
    };
    let of_series =
        |wanted: fn(&Finding) -> bool| series.and_then(|series| series.findings.iter().find(|of| wanted(of)));
    let hole = of_series(|finding| finding.code == Code::SeriesHole || finding.severity == Severity::Violation);
    let missing = of_series(|finding| matches!(finding.code, Code::SeriesBeginsLater | Code::SeriesIncomplete));
    match (hole, missing) {
        (Some(finding), _) => {
            (Standing::NotMet, format!("number {number}; {}: {}", finding.code.as_str(), finding.computed))
        }
        (None, Some(finding)) => (Standing::NotShown, format!("number {number}; {}", finding.computed)),
        (None, None) if series.is_none() && number > 1 => {
            (Standing::NotShown, format!("number {number}, presented alone"))
        }
        (None, None) => (Standing::Met, format!("number {number}, and all before it")),
    }
}
