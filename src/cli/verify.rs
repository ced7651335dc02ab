//! `verify`: the verdict, for people and for programs.
//!
//! The first line never says more than was checked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::error::CliError;
use super::inspect::contents;
use super::out::{self, escape_line};
use super::policy::{self, Policy, PolicyNamed};
use super::together;
use super::trust::TrustArgs;
use super::verify_exhibit::{self, ExhibitFileReport};
use super::verify_ledger::{self, LedgerArgs, LedgerFileReport, archive_names, judge, renewals};
use super::window::parse_time;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::format::genesis::SIMULATED;
use crate::time::{Bound, LocalTime};
use crate::verify::verdict::TokenFact;
use crate::verify::{
    CheckOutcome, CheckResult, Code, Facts, Finding, LedgerReport, Options, Outcome, Presented, Report, Requirement,
    SeriesReport, SetReport, Severity, Trust, compare_packages, policy::apply, verify_all,
};

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// Packages, exhibits, or ledgers
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Your requirements in one file, TOML; options add to them
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Judge as of this moment instead of now, as RFC 3339 or a date: certificates that have ended by then need a renewal
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Bound>,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// What else must hold for VALID
    #[arg(long, value_name = "WHAT")]
    require: Vec<Require>,
    /// Write views of the records of one exhibit, made from what was just verified, into a new folder
    #[arg(long, value_name = "NEWDIR")]
    readable: Option<PathBuf>,
    /// Check container digest, signatures and time stamps of packages only; never VALID
    #[arg(long)]
    quick: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Require {
    /// A package without time stamps is INDETERMINATE
    TimeStamp,
}

/// What `verify` says with `--json`.
#[derive(Debug, Serialize)]
struct VerifyAnswer<'a> {
    /// The worst outcome; a volume that stands in a set counts as the set does.
    outcome: Outcome,
    /// The policy that was held against the packages.
    policy: Option<&'a PolicyNamed>,
    /// One for each package, in the order given.
    packages: Vec<FileReport>,
    /// One for each exhibit, in the order given.
    exhibits: Vec<ExhibitFileReport>,
    /// One for each ledger, that of `--ledger` first.
    ledgers: Vec<LedgerFileReport>,
    /// One for each acquisition of several volumes.
    sets: Vec<SetReport>,
    /// One for each series of linked acquisitions.
    series: Vec<SeriesReport>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    /// The file as it was named.
    file: String,
    /// The verification.
    report: Report,
    /// Those of the policy.
    requirements: Vec<Requirement>,
}

pub(super) fn run(args: &VerifyArgs) -> Result<ExitCode, CliError> {
    let mut trust = Trust { require_timestamp: args.require.contains(&Require::TimeStamp), ..Trust::default() };
    let policy = args.policy.as_deref().map(|path| Policy::read(path, &mut trust)).transpose()?;
    if let Some(policy) = &policy {
        policy.check_options(trust.require_timestamp, args.ledger.countersignatures)?;
    }
    args.trust.read_into(&mut trust)?;
    args.ledger.add_to(&mut trust, policy.as_ref().and_then(Policy::threshold))?;
    let demands = policy.as_ref().map(|policy| policy.demands(&mut trust)).unwrap_or_default();
    let mut files = args.files.clone();
    let ledgers = args.ledger.ledgers(&mut files)?;
    let exhibits = verify_exhibit::take_exhibits(&mut files)?;
    if let Some(exhibit) = exhibits.first() {
        verify_exhibit::check_options(exhibit, args.quick, !demands.is_empty())?;
    }
    let as_of = args.at.map_or_else(|| SystemClock::start().now(), |at| LocalTime::new(at.to_datetime()));
    let options = Options { trust, as_of: Some(as_of), threads: threads(), quick: args.quick, ..Options::default() };
    // A name that cannot be opened is told before time is spent on the others.
    let mut opened: Vec<_> = files.iter().map(|file| open(file)).collect::<Result<_, _>>()?;
    for ledger in &ledgers {
        open(ledger)?;
    }
    let archives = if ledgers.is_empty() { Vec::new() } else { archive_names(&files)? };
    let renewals = renewals(&ledgers, &archives)?;
    let mut verification = verify_all(&mut opened, &renewals, &options)?;
    let of_packages = archives.iter().zip(&verification.packages);
    let mut presented: Vec<Presented> =
        of_packages.filter_map(|(archive, report)| Presented::of(report, archive.sha256)).collect();
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let mut reports: Vec<(String, Report)> =
        names.iter().cloned().zip(std::mem::take(&mut verification.packages)).collect();
    let mut on_exhibits = verify_exhibit::judge(&exhibits, &options)?;
    if let Some(folder) = &args.readable {
        verify_exhibit::write_views(&exhibits, folder, &options)?;
    }
    compare_packages(&mut reports, &mut on_exhibits);
    verification.packages = reports.into_iter().map(|(_, report)| report).collect();
    for of_exhibit in on_exhibits.iter().filter_map(|(_, report)| Presented::of_exhibit(report)) {
        if !presented.iter().any(|presented| presented.name == of_exhibit.name) {
            presented.push(of_exhibit);
        }
    }
    let judged = ledgers.iter().map(|ledger| judge(ledger, &presented, &options.trust));
    let ledgers: Vec<LedgerFileReport> = judged.collect::<Result<_, _>>()?;
    let of_ledgers: Vec<&LedgerReport> = ledgers.iter().map(|ledger| &ledger.report).collect();
    let requirements = apply(&demands, &mut verification, &of_ledgers);
    let policy = policy.as_ref().map(Policy::named);
    let of_ledgers = ledgers.iter().map(|ledger| ledger.report.outcome);
    let shown = on_exhibits.iter().map(|(_, report)| report.outcome);
    let outcome = of_ledgers.chain(shown).fold(verification.outcome(), Outcome::or_worse);
    if args.json {
        let reports = names.into_iter().zip(verification.packages).zip(requirements);
        let packages =
            reports.map(|((file, report), requirements)| FileReport { file, report, requirements }).collect();
        let (sets, series) = (verification.sets, verification.series);
        let exhibits = on_exhibits.into_iter().map(|(file, report)| ExhibitFileReport { file, report }).collect();
        out::answer_json(&VerifyAnswer { outcome, policy, packages, exhibits, ledgers, sets, series });
    } else {
        let reports = names.iter().zip(&verification.packages).zip(&requirements);
        let alone = reports.map(|((file, report), requirements)| {
            let of_policy = policy.map(|policy| policy::to_text(policy, requirements)).unwrap_or_default();
            text_with(file, report, &of_policy)
        });
        let sets = verification.sets.iter().map(|set| together::set_text(&names, set));
        let series = verification.series.iter().map(|series| together::series_text(&names, series));
        let ledgers = ledgers.iter().map(verify_ledger::to_text);
        let exhibits = on_exhibits.iter().map(|(file, report)| verify_exhibit::to_text(file, report));
        out::answer(&alone.chain(exhibits).chain(sets).chain(series).chain(ledgers).collect::<Vec<_>>().join("\n"));
    }
    Ok(exit_code(outcome))
}

/// Opens a package for reading.
pub(super) fn open(path: &Path) -> Result<BufReader<File>, CliError> {
    let refused = |error: std::io::Error| {
        CliError::request(format!("cannot open the package `{}`: {error}", path.display())).hint("check the path")
    };
    let file = File::open(path).map_err(refused)?;
    if !file.metadata().map_err(refused)?.is_file() {
        return Err(CliError::request(format!("`{}` is not a regular file", path.display()))
            .hint("name the package's ZIP file"));
    }
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// Puts a report in words.
pub(super) fn to_text(file: &str, report: &Report) -> String {
    text_with(file, report, "")
}

/// The same, with what came of the reader's policy behind the findings.
fn text_with(file: &str, report: &Report, of_policy: &str) -> String {
    let facts = &report.facts;
    let mut text = format!("{}  {}\n", verdict_words(report), escape_line(file));
    if facts.simulated == Some(true) {
        text += &format!("{SIMULATED}\n");
    }
    text += "\n";
    text += &checks_text(&report.checks);
    text += &findings_text(&report.findings, &report.finding_counts);
    text += of_policy;
    if facts.package.is_some() {
        text += &format!("\n{}", contents(facts));
        text += &established(facts, report.quick);
    }
    text += LIMITS;
    text
}

/// One line for each step.
pub(super) fn checks_text(checks: &[CheckResult]) -> String {
    let mut text = String::new();
    for check in checks {
        let outcome = match check.outcome {
            CheckOutcome::Passed => "passed",
            CheckOutcome::Failed => "FAILED",
            CheckOutcome::NotChecked => "not checked",
        };
        let reason = check.reason.as_ref().map_or(String::new(), |reason| format!(": {}", escape_line(reason)));
        text += &format!("{:>3}  {:<20} {outcome}{reason}\n", check.number, check.step.title());
    }
    text
}

/// What was found, and how often; nothing when nothing was.
pub(super) fn findings_text(findings: &[Finding], counts: &BTreeMap<Code, u64>) -> String {
    let (listed, raised) = (findings.len() as u64, counts.values().sum::<u64>());
    if raised == 0 {
        return String::new();
    }
    let mut text = format!("\n{}\n", out::counted(raised, "finding"));
    for finding in findings {
        text += &finding_text(finding);
    }
    if raised > listed {
        text += &format!("  and {} more of the same codes\n", raised - listed);
    }
    text
}

/// The exit code of DESIGN's table for a verdict.
pub(super) fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Valid => ExitCode::SUCCESS,
        Outcome::Invalid => ExitCode::from(1),
        Outcome::Indeterminate => ExitCode::from(3),
    }
}

fn verdict_words(report: &Report) -> &'static str {
    match report.outcome {
        Outcome::Indeterminate if report.lacks_only_policy() => "INDETERMINATE (does not meet the policy)",
        Outcome::Indeterminate if report.quick => "INDETERMINATE (quick look: pages were not read)",
        outcome => outcome_words(outcome, &report.findings),
    }
}

/// Says a verdict, and why it is no better.
pub(super) fn outcome_words(outcome: Outcome, findings: &[Finding]) -> &'static str {
    match outcome {
        Outcome::Indeterminate if findings.iter().any(|finding| finding.severity == Severity::Unestablished) => {
            "INDETERMINATE (consistent in itself, but see below what is not established)"
        }
        Outcome::Indeterminate => "INDETERMINATE (not everything could be checked)",
        Outcome::Invalid | Outcome::Valid => outcome.as_str(),
    }
}

pub(super) fn finding_text(finding: &Finding) -> String {
    let mark = match finding.severity {
        Severity::Violation => "violation     ",
        Severity::Unestablished => "unestablished ",
        Severity::Note => "note          ",
    };
    let place = if finding.place.is_empty() { String::new() } else { format!("  `{}`", escape_line(&finding.place)) };
    let mut text = format!("  {mark}{}{place}  {}\n", finding.code.as_str(), finding.clause);
    for (name, value) in [("claimed ", &finding.claimed), ("computed", &finding.computed)] {
        if !value.is_empty() {
            text += &format!("      {name}  {}\n", escape_line(value));
        }
    }
    text
}

/// Says whose key it is, by whose word, and how far that was checked.
fn signer_words(facts: &Facts) -> String {
    let Some(certificate) = &facts.signer_certificate else {
        let words = if facts.signer_trusted {
            "the key you named"
        } else {
            "a key that comes with the package and proves nothing by itself"
        };
        return format!("           {words}\n");
    };
    let subject = escape_line(&certificate.subject);
    let (Some(authority), true) = (certificate.path.last(), certificate.accepted) else {
        let words = if facts.signer_trusted {
            "the key you named; a certificate beside it, which was not needed, says"
        } else {
            "a key that comes with the package and proves nothing by itself, whatever its certificate says:"
        };
        return format!("           {words} `{subject}`\n");
    };
    let at = certificate.checked_at.as_deref().unwrap_or_default();
    let clock = if certificate.checked_at_trusted { "" } else { ", by the operator's own clock" };
    let lists = if certificate.revocation_checked { "not revoked then" } else { "revocation not checked" };
    format!(
        "           the key of `{subject}`\n           vouched for by `{}`, whom you trust; valid at {at}{clock}; {lists}\n",
        escape_line(authority)
    )
}

/// Says whose keys and which times were established, and how far.
pub(super) fn established(facts: &Facts, quick: bool) -> String {
    let mut text = String::new();
    if let Some(signer) = &facts.signer {
        match facts.operator_key.filter(|operator| operator != signer) {
            None => text += &format!("signer     {signer}\n{}", signer_words(facts)),
            Some(operator) => {
                text += &format!(
                    "operator   {operator}\n{}           it signed the plan\n\
                     signer     {signer}\n           a key of this acquisition, named in the plan; it signed the rest\n",
                    signer_words(facts)
                );
            }
        }
    }
    let line = |token: &TokenFact, what: &str| {
        let word = if token.accepted { "" } else { ", not accepted" };
        let authority = token.authority.as_deref().map_or("an unnamed authority", |name| name);
        let accuracy = token.accuracy_words();
        format!("{what} {} ({accuracy}) by {}{word}\n", token.gen_time, escape_line(authority))
    };
    facts.times.genesis_tokens.iter().for_each(|token| text += &line(token, "not before"));
    facts.times.seal_tokens.iter().for_each(|token| text += &line(token, "not after "));
    facts.times.renewal_tokens.iter().for_each(|token| text += &line(token, "renewed   "));
    let tokens = [&facts.times.genesis_tokens, &facts.times.seal_tokens, &facts.times.renewal_tokens];
    if let Some(as_of) = facts.times.as_of.filter(|_| tokens.iter().any(|tokens| !tokens.is_empty())) {
        text += &format!("judged     as of {as_of}\n");
    }
    if facts.times.seal_tokens.is_empty() && !quick {
        text += "times      the operator's own clock; no time stamp\n";
    }
    text
}

/// Returns how many threads work at once.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(MAX_THREADS)
}

/// More threads than this wait for the one that reads.
pub(super) const MAX_THREADS: usize = 8;
const LIMITS: &str = "\nNot shown by any verification: that the service sent these bytes, or that it returned all it had.\n\
                      \"Complete\" means: as returned to this query, this identity, at this time. See LEGAL_NOTES.md.\n";
