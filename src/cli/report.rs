//! `report`: what a package holds and shows, as a document for people; a cover sheet for an authority; a draft of a certificate.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::Args;
use serde::Serialize;

use super::admission::{Admitted, Depth, SourceArgs};
use super::certification::CertificateArgs;
use super::document_file::DocumentFile;
use super::error::{CliError, with_causes};
use super::notification::NotificationArgs;
use super::verify::open;
use super::verify_ledger::{self, archive_names, judge, renewals};
use super::{out, triage};
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::report::certificate::{self, Enclosed};
use crate::report::overview::{Custody, Setting, overview};
use crate::report::regulatory;
use crate::store::FolderError;
use crate::time::LocalTime;
use crate::verify::{Outcome, Presented, Provenance, Trust};

#[derive(Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where to write it: X.html, X.pdf (PDF/A) or X.docx
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The ledger that came with the package: its events are listed, and its renewals carry the package on
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// The zone in which moments are given beside UTC in report and cover sheet, such as Europe/Berlin; hours and days stay UTC
    #[arg(long, value_name = "ZONE", value_parser = parse_zone, conflicts_with = "certificate")]
    time_zone: Option<Tz>,
    /// Instead of the report: where an investigator would look first, by stated rules; descriptive, not evidence
    #[arg(long, conflicts_with_all = ["certificate", "regulatory", "time_zone"])]
    triage: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    notification: NotificationArgs,
    #[command(flatten)]
    certificate: CertificateArgs,
}

/// What `report` says with `--json`.
#[derive(Debug, Serialize)]
struct ReportAnswer {
    /// The document that was written.
    path: String,
    /// Its length in bytes.
    byte_len: u64,
    /// When it was made.
    made: LocalTime,
    /// The lines that stand on every page of it.
    marks: Vec<String>,
    /// Of which package, and how that fared.
    provenance: Provenance,
}

pub(super) fn run(args: &ReportArgs) -> Result<ExitCode, CliError> {
    let file = DocumentFile::new(&args.out)?;
    if args.triage {
        return triage::run(admit(args)?, &args.source.file, &file, args.json);
    }
    let made = SystemClock::start().now();
    let sheet = args.notification.request(args.time_zone, made)?;
    let mut package = admit(args)?;
    let read = |ledger| custody(ledger, &package, &args.source.trust()?, args.source.goes_on());
    let custody = args.ledger.as_deref().map(read).transpose()?;
    let document = if let Some(request) = sheet {
        regulatory::sheet(&mut package, &request)
    } else if let Some(form) = args.certificate.certificate {
        let exhibits = args.certificate.exhibits(&args.source, &package)?;
        let enclosed = Enclosed { exhibits, ledger: custody.map(|custody| custody.report().clone()) };
        certificate::draft(&mut package, &enclosed, form, made)
    } else {
        let zone = args.time_zone.unwrap_or(Tz::UTC);
        overview(&mut package, &Setting { file: out::file_name(&args.source.file), made, zone, custody })
    };
    let document = document.map_err(|error| CliError::machine(with_causes(&error)))?;
    let byte_len = file.write(&document, made)?;
    let provenance = package.provenance();
    if args.json {
        let path = file.path().display().to_string();
        out::answer_json(&ReportAnswer { path, byte_len, made, marks: document.marks, provenance });
    } else {
        let path = out::escape_line(&file.path().display().to_string());
        out::answer(&format!("{path}  {}\n", out::bytes(byte_len)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the report on a package that was let through, with its ledger, into all of these files: the demo's last step.
pub(super) fn write_all(
    package: &mut Admitted,
    file: &Path,
    ledger: &Path,
    trust: &Trust,
    into: &[DocumentFile],
) -> Result<(), CliError> {
    let made = SystemClock::start().now();
    let custody = Some(custody(ledger, package, trust, false)?);
    let setting = Setting { file: out::file_name(file), made, zone: Tz::UTC, custody };
    let document = overview(package, &setting).map_err(|error| CliError::machine(with_causes(&error)))?;
    for file in into {
        file.write(&document, made)?;
    }
    Ok(())
}

/// Reads the name of a time zone.
pub(super) fn parse_zone(given: &str) -> Result<Tz, String> {
    given.parse().map_err(|_| "name a zone of the IANA time zone database, such as Europe/Berlin or UTC".to_owned())
}

/// Verifies the package, with the renewals that the ledger has of it, and says what is read now.
fn admit(args: &ReportArgs) -> Result<Admitted, CliError> {
    let package = if let Some(ledger) = &args.ledger {
        let archives = archive_names(std::slice::from_ref(&args.source.file))?;
        let renewals = renewals(std::slice::from_ref(ledger), &archives)?;
        args.source.admit_renewed(Depth::Whole, renewals.into_iter().next().unwrap_or_default())?
    } else {
        args.source.admit(Depth::Whole)?
    };
    let records = package.seal().totals.records;
    if records >= WORTH_A_WORD {
        out::talk(&format!("{} are read", out::counted(records, "record")));
    }
    Ok(package)
}

/// Verifies the ledger against the package, and reads what it says of it.
fn custody(ledger: &Path, package: &Admitted, trust: &Trust, goes_on: bool) -> Result<Custody, CliError> {
    let report = package.report();
    let presented = report.facts.archive_sha256.and_then(|sha256| Presented::of(report, sha256));
    let judged = judge(ledger, presented.as_slice(), trust)?;
    let name = ledger.display().to_string();
    if judged.report.outcome == Outcome::Invalid && !goes_on {
        out::talk(verify_ledger::to_text(&judged).trim_end());
        return Err(CliError::evidence(format!("the ledger `{name}` is INVALID; nothing was made"))
            .hint("leave it out, or give --despite-findings: the report is made all the same, and says so"));
    }
    Custody::read(open(ledger)?, out::file_name(ledger), judged.report, package.genesis(), package.seal())
        .map_err(|error| FolderError::io("read", ledger)(error).into())
}

/// 100,000 records take some seconds, in which nothing else is said.
const WORTH_A_WORD: u64 = 100_000;
