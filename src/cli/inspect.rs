//! `inspect`: what a package or an exhibit says of itself, without any claim about trust.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::error::CliError;
use super::out::{self, bytes, counted, escape_line, grouped};
use super::verify::open;
use super::verify_exhibit::{contents as exhibit_contents, is_exhibit, marks, records_text};
use crate::format::genesis::SIMULATED;
use crate::format::kind::Kind;
use crate::format::seal::{Run, RunState};
use crate::verify::{Facts, Options, inspect, verify_exhibit};

#[derive(Args)]
pub(super) struct InspectArgs {
    /// A package, or an exhibit
    file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &InspectArgs) -> Result<ExitCode, CliError> {
    if is_exhibit(&args.file)? {
        return run_exhibit(args);
    }
    let facts = inspect(open(&args.file)?)?;
    if facts.package.is_none() {
        return Err(CliError::request(format!("`{}` holds no package that can be read", args.file.display()))
            .hint("`signhold verify` says what is wrong with it"));
    }
    if args.json {
        out::answer_json(&facts);
    } else {
        let mark = if facts.simulated == Some(true) { format!("{SIMULATED}\n") } else { String::new() };
        out::answer(&format!(
            "{mark}{}{}\nWhat the package says of itself; nothing was verified.\n",
            contents(&facts),
            keys(&facts)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// An exhibit is read whole, since its records are what it is about.
fn run_exhibit(args: &InspectArgs) -> Result<ExitCode, CliError> {
    let facts = verify_exhibit(open(&args.file)?, &Options::default())?.facts;
    if facts.package.is_none() || facts.created.is_none() {
        return Err(CliError::request(format!("`{}` holds no exhibit that can be read", args.file.display()))
            .hint("`signhold verify` says what is wrong with it"));
    }
    if args.json {
        out::answer_json(&facts);
    } else {
        out::answer(&format!(
            "{}{}\n{}\nWhat the exhibit says of itself; nothing was verified.\n",
            marks(&facts),
            exhibit_contents(&facts),
            records_text(&facts, None)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Names the keys that come with a package.
fn keys(facts: &Facts) -> String {
    let mut text = facts.signer.map(|signer| format!("signer     {signer}\n")).unwrap_or_default();
    if let Some(operator) = facts.operator_key.filter(|operator| Some(*operator) != facts.signer) {
        text += &format!("plan by    {operator}\n");
    }
    text
}

/// Puts the contents of a package in words.
pub(super) fn contents(facts: &Facts) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text += &format!("{name:<10} {}\n", escape_line(&value));
        }
    };
    line(
        "package",
        facts.package.as_ref().map(|package| {
            format!("{package}, {}, {}", bytes(facts.archive_byte_len), counted(facts.file_count, "file"))
        }),
    );
    line(
        "matter",
        facts.matter.as_ref().map(|matter| match &matter.title {
            Some(title) => format!("{}, {title}", matter.id),
            None => matter.id.to_string(),
        }),
    );
    line("operator", facts.operator.as_ref().map(ToString::to_string));
    line("service", facts.service.clone());
    if !facts.extra_roots.is_empty() {
        let roots: Vec<String> = facts.extra_roots.iter().map(ToString::to_string).collect();
        line(
            "tls roots",
            Some(format!("{} added by the operator: {}", counted(roots.len() as u64, "root"), roots.join(" "))),
        );
    }
    line("proxy", facts.proxy.clone());
    line("window", facts.window.as_ref().map(|window| format!("{} to {}", window.from, window.to)));
    let counts = &facts.counts;
    let basis = if facts.counts_computed { "counted" } else { "by its own word" };
    line(
        "content",
        Some(format!(
            "{}, {} ({} in the window), {}, {basis}",
            counted(counts.pages, "page"),
            counted(counts.records, "record"),
            grouped(counts.inside),
            bytes(counts.body_bytes)
        )),
    );
    if counts.failures > 0 {
        line("failures", Some(format!("{}, each kept", counted(counts.failures, "request"))));
    }
    for kind in &facts.kinds {
        line("coverage", Some(format!("{kind}: {}", coverage(*kind, &facts.coverage))));
    }
    for kind in &facts.kinds_not_asked {
        line("coverage", Some(format!("{kind}: not asked")));
    }
    text
}

fn coverage(kind: Kind, runs: &[Run]) -> String {
    let of_kind = || runs.iter().filter(move |run| run.kind == kind && run.pass == 1);
    let count = |state: RunState| of_kind().filter(|run| run.state == state).count() as u64;
    let records: u64 = of_kind().filter(|run| run.state != RunState::Superseded).map(|run| run.inside).sum();
    let states = [
        RunState::Complete,
        RunState::Empty,
        RunState::Failed,
        RunState::Expired,
        RunState::NotAsked,
        RunState::Superseded,
    ];
    let parts: Vec<String> =
        states.into_iter().filter(|state| count(*state) > 0).map(|state| format!("{} {state}", count(state))).collect();
    format!("{} in windows: {}", counted(records, "record"), parts.join(", "))
}
