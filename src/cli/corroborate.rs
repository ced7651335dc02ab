//! `corroborate`: a package beside the service's own log of requests.
//!
//! Verifies the package first and goes no further with one that is INVALID. Rows were written by strangers; every value of them
//! is shown escaped and on one line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::error::{CliError, with_causes};
use super::out::{self, counted, escape};
use super::trust::TrustArgs;
use super::verify::{open, threads, to_text as verdict_text};
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::corroborate::matching::{Comparison, Conclusion, Property, compare};
use crate::corroborate::query::{Query, queries};
use crate::corroborate::{rows, sent};
use crate::format::genesis::SIMULATED;
use crate::format::identifier::{AcquisitionId, PackageId};
use crate::verify::{Options, Outcome, Trust, verify_and_keep};

#[derive(Args)]
pub(super) struct CorroborateArgs {
    /// A package
    file: PathBuf,
    /// Rows of MicrosoftGraphActivityLogs, exported as CSV, JSON array or JSON lines; without it the queries are printed
    #[arg(long, value_name = "EXPORT")]
    rows: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What `corroborate` says with `--json`.
#[derive(Debug, Serialize)]
struct CorroborateAnswer {
    /// The package.
    package: Option<PackageId>,
    /// The collection act.
    acquisition: AcquisitionId,
    /// The verdict over the package, which comes first.
    verdict: Outcome,
    /// Whether the data was invented.
    simulated: bool,
    /// The application that asked.
    client_id: String,
    /// The questions to the service's log; none where rows were given.
    queries: Vec<Query>,
    /// Requests that no question can name, because their identifier is none.
    requests_left_out: u64,
    /// The comparison; null where no rows were given.
    comparison: Option<Comparison>,
}

pub(super) fn run(args: &CorroborateArgs) -> Result<ExitCode, CliError> {
    let mut trust = Trust::default();
    args.trust.read_into(&mut trust)?;
    let rows = args.rows.as_ref().map(read_rows).transpose()?;
    let as_of = Some(SystemClock::start().now());
    let options = Options { trust, as_of, threads: threads(), ..Options::default() };
    let (report, package) = verify_and_keep(open(&args.file)?, &options)?;
    let Some(mut package) = package else {
        out::talk(&verdict_text(&args.file.display().to_string(), &report));
        out::talk(
            "error: the package is INVALID; there is nothing to corroborate\nhint: `signhold verify` says what is wrong with it",
        );
        return Ok(ExitCode::from(1));
    };
    let asked = sent::read(&mut package).map_err(|error| {
        CliError::machine(with_causes(&error)).hint("copy the file to a good disk and try the copy")
    })?;
    let comparison = rows.map(|rows| compare(&asked, &rows));
    let (queries, requests_left_out) = if comparison.is_none() { queries(&asked) } else { (Vec::new(), 0) };
    let answer = CorroborateAnswer {
        package: report.facts.package.clone(),
        acquisition: asked.genesis.acquisition.clone(),
        verdict: report.outcome,
        simulated: report.facts.simulated == Some(true),
        client_id: asked.genesis.identity.client_id.clone(),
        queries,
        requests_left_out,
        comparison,
    };
    if args.json {
        out::answer_json(&answer);
    } else {
        out::answer(&match &answer.comparison {
            None => queries_text(&answer),
            Some(comparison) => comparison_text(&answer, comparison),
        });
    }
    Ok(match answer.comparison.map(|comparison| comparison.conclusion) {
        None | Some(Conclusion::Matched) => ExitCode::SUCCESS,
        Some(Conclusion::Contradicting) => ExitCode::from(1),
        Some(Conclusion::Missing) => ExitCode::from(3),
    })
}

fn read_rows(path: &PathBuf) -> Result<Vec<rows::Row>, CliError> {
    let refused = |reason: String| {
        CliError::request(format!("cannot use the rows `{}`: {reason}", path.display())).hint(
            "export rows of MicrosoftGraphActivityLogs with the columns that `corroborate` asks for, as CSV, a JSON array or JSON lines",
        )
    };
    let byte_len = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?.len();
    if byte_len > MAX_EXPORT_BYTE_LEN {
        return Err(refused(format!("{} are more than {}", out::bytes(byte_len), out::bytes(MAX_EXPORT_BYTE_LEN))));
    }
    let bytes = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    rows::read(&bytes).map_err(|error| refused(error.to_string()))
}

fn queries_text(answer: &CorroborateAnswer) -> String {
    let mut text = format!("// package {}, {}\n", package_name(answer), outcome_word(answer.verdict));
    if answer.simulated {
        text += &format!("// {SIMULATED}\n");
    }
    text += "// Ask these of the Log Analytics workspace that keeps MicrosoftGraphActivityLogs; rows take up to two hours to arrive.\n\
             // Export the rows (CSV or JSON) and give them to `signhold corroborate FILE --rows EXPORT`.\n";
    if answer.requests_left_out > 0 {
        text += &format!(
            "// {} cannot be asked for: its identifier is none\n",
            counted(answer.requests_left_out, "request")
        );
    }
    if answer.queries.is_empty() {
        text += "// The package holds no request that could be asked for.\n";
    }
    answer.queries.iter().for_each(|query| text += &format!("\n{}", query.text));
    text
}

fn comparison_text(answer: &CorroborateAnswer, comparison: &Comparison) -> String {
    let counts = &comparison.counts;
    let head = match comparison.conclusion {
        Conclusion::Contradicting => "CONTRADICTING: rows of the service's log say otherwise than the package",
        Conclusion::Matched => "MATCHED: every request of the package has its row, and no row says otherwise",
        Conclusion::Missing => "MISSING: some requests of the package have no row; no row says otherwise",
    };
    let mut text = format!("{head}\n");
    if answer.simulated {
        text += &format!("{SIMULATED}\n");
    }
    text += &format!("\npackage    {}, {}\n", package_name(answer), outcome_word(answer.verdict));
    text += &format!("asked as   application {}\n", one_line(&answer.client_id));
    text += &format!(
        "requests   {}: {} matched, {} missing, {} contradicted\n",
        out::grouped(counts.requests),
        out::grouped(counts.matched),
        out::grouped(counts.missing),
        out::grouped(counts.contradicting)
    );
    text += &format!("rows       {}\n", out::grouped(counts.rows));
    for property in &comparison.properties {
        text += &format!(
            "{:<20} {:>7} agree, {} differ, {} not compared\n",
            property_name(property.property),
            out::grouped(property.agreed),
            out::grouped(property.differed),
            out::grouped(property.not_compared)
        );
    }
    section(&mut text, "contradicting", &comparison.contradicting, |difference| {
        format!(
            "  {}  row {}  {}\n      package  {}\n      row      {}\n",
            one_line(&difference.place),
            difference.row,
            property_name(difference.property),
            one_line(&difference.in_package),
            one_line(&difference.in_row)
        )
    });
    section(&mut text, "missing", &comparison.missing, |missing| {
        let answered = if missing.answered { "" } else { "  no answer came; it may never have arrived" };
        format!(
            "  {}  {}  {}{answered}\n",
            one_line(&missing.place),
            one_line(&missing.client_request_id),
            missing.started
        )
    });
    section(&mut text, "rows of this application that the package does not know", &comparison.strangers, |stranger| {
        let shown = |value: &Option<String>| value.as_deref().map_or("-".to_owned(), one_line);
        format!(
            "  row {}  {}  {}  {}\n      {}\n",
            stranger.row,
            shown(&stranger.time),
            shown(&stranger.status),
            shown(&stranger.client_request_id),
            shown(&stranger.uri)
        )
    });
    section(&mut text, "matched", &comparison.matched, |matched| {
        format!("  {}  {}\n", one_line(&matched.place), one_line(&matched.client_request_id))
    });
    if counts.rows_of_other_times > 0 {
        text += &format!("\n{} of this application at other times\n", counted(counts.rows_of_other_times, "row"));
    }
    text + LIMITS
}

fn section<T>(text: &mut String, title: &str, entries: &[T], entry: impl Fn(&T) -> String) {
    if entries.is_empty() {
        return;
    }
    *text += &format!("\n{title}: {}\n", out::grouped(entries.len() as u64));
    entries.iter().take(MAX_LISTED).for_each(|one| *text += &entry(one));
    if entries.len() > MAX_LISTED {
        *text += &format!("  and {} more; --json lists all\n", out::grouped((entries.len() - MAX_LISTED) as u64));
    }
}

/// Makes a stranger's text safe for one line of a terminal, and bounded.
fn one_line(text: &str) -> String {
    let shown: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    escape(&shown).replace('\n', "\\n") + more
}

fn package_name(answer: &CorroborateAnswer) -> String {
    answer.package.as_ref().map_or_else(|| answer.acquisition.to_string(), ToString::to_string)
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Indeterminate => "INDETERMINATE by itself (`signhold verify` says why)",
        Outcome::Invalid => "INVALID",
        Outcome::Valid => "VALID by itself",
    }
}

fn property_name(property: Property) -> &'static str {
    match property {
        Property::Application => "application",
        Property::ByteLen => "length",
        Property::ClientRequestId => "client-request-id",
        Property::RequestId => "request-id",
        Property::Status => "status",
        Property::Time => "time (300 s)",
        Property::Uri => "address",
    }
}

/// 1 GiB: rows have about a kilobyte, and a package at most twenty thousand pages.
const MAX_EXPORT_BYTE_LEN: u64 = 1 << 30;
/// Enough to begin with on a screen.
const MAX_LISTED: usize = 100;
/// A URL of ours with a long link fits.
const MAX_SHOWN_CHARS: usize = 600;
const LIMITS: &str = "\nRows are signed by nobody: they show what whoever exported them says the service logged. A missing row shows nothing;\n\
                      rows take up to two hours to arrive, and a tenant may not keep them. Rows the package does not know may come from\n\
                      `plan`, from another run, from somebody else with this application, or from a request that is not in the package.\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_stays_on_its_line() {
        assert_eq!(one_line("a\nMATCHED\u{1b}[2J\u{202e}\r"), "a\\nMATCHED\\u{1b}[2J\\u{202e}\\u{d}");
        assert_eq!(one_line(&"x".repeat(MAX_SHOWN_CHARS + 1)).chars().count(), MAX_SHOWN_CHARS + 1);
    }
}
