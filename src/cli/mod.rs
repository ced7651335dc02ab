//! The hall: what was typed becomes a plan, the plan becomes calls into the rooms, their results become words and an exit code.
//!
//! The only place that wires doors to rooms, prints, reads the environment, or exits. One file for each verb.

mod aadsts;
mod admission;
mod again;
mod certification;
mod collect;
mod corroborate;
mod credential_choice;
mod credentials;
mod custody;
mod demo;
mod destruction;
mod document_file;
mod draft;
mod error;
mod exhibit;
mod export;
mod gather;
mod init;
mod inspect;
mod interrupt;
mod key;
mod notification;
mod out;
mod passphrase;
mod plan;
mod policy;
mod progress;
mod report;
mod revocation;
mod sealed;
mod sealing;
mod series;
mod service;
mod signing;
mod simulate;
mod stamping;
mod summary;
mod together;
mod triage;
mod trust;
mod verify;
mod verify_exhibit;
mod verify_ledger;
mod window;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::CliError;

/// Preserves Microsoft Entra ID sign-in logs as evidence.
#[derive(Parser)]
#[command(
    name = "signhold",
    version,
    long_version = concat!(env!("CARGO_PKG_VERSION"), "\npackage format 1"),
    after_help = "Exit codes: 0 valid or done; 1 INVALID; 2 the request was wrong; 3 INDETERMINATE; 4 the machine or network failed; \
                  5 sealed, with gaps.",
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the whole job against the built-in simulator: collect, seal, time-stamp, verify, refuse a tampered copy, report
    Demo(demo::DemoArgs),
    /// Make a matter folder
    Init(init::InitArgs),
    /// Make and show Ed25519 keys
    #[command(subcommand)]
    Key(key::KeyVerb),
    /// Say what `collect` would bring, what it would not, and what expires next; asks the service for probes only
    Plan(plan::PlanArgs),
    /// Pull sign-in logs, sign every page, seal and time-stamp the package
    Collect(collect::CollectArgs),
    /// Go on with an acquisition that was interrupted, and seal it
    Resume(collect::ResumeArgs),
    /// Give a verdict over packages, those that belong together, exhibits, and ledgers
    Verify(verify::VerifyArgs),
    /// Keep the chain of custody: record, hand over, receive, countersign
    Custody(custody::CustodyArgs),
    /// Hold a package against the service's own log of requests, or print the query that finds them there
    Corroborate(corroborate::CorroborateArgs),
    /// Cut records out of a package: their exact bytes, what proves that they are in it, and nobody else's data
    Exhibit(Box<exhibit::ExhibitArgs>),
    /// Copy the records of a package for other programs; copies are derived and say so
    Export(export::ExportArgs),
    /// Write what a package holds and shows as a document for people: HTML, PDF/A or Word
    Report(report::ReportArgs),
    /// Say what is in a package or an exhibit, without any claim about trust
    Inspect(inspect::InspectArgs),
    /// Run Graph, login and a time stamp authority on this machine, with invented data
    Simulate(simulate::SimulateArgs),
}

/// Runs the program on the process's own arguments.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // It repeats what was typed, which may hold what moves a cursor.
            out::talk(out::escape(&error.to_string()).trim_end());
            return ExitCode::from(2);
        }
        Err(answer) => {
            // Help and version are answers; nobody is left to tell when standard output is closed.
            let _ = answer.print();
            return ExitCode::SUCCESS;
        }
    };
    let done: Result<ExitCode, CliError> = match cli.verb {
        Verb::Custody(args) => custody::run(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::Init(args) => init::run(args),
        Verb::Key(verb) => key::run(verb),
        Verb::Plan(args) => plan::run(&args),
        Verb::Collect(args) => collect::run(&args),
        Verb::Resume(args) => collect::resume(&args),
        Verb::Verify(args) => verify::run(&args),
        Verb::Corroborate(args) => corroborate::run(&args),
        Verb::Exhibit(args) => exhibit::run(&args),
        Verb::Export(args) => export::run(&args),
        Verb::Inspect(args) => inspect::run(&args),
        Verb::Report(args) => report::run(&args),
        Verb::Simulate(args) => simulate::run(&args),
    };
    done.unwrap_or_else(|error| {
        out::talk(error.to_text().trim_end());
        error.exit_code()
    })
}
