//! `report`: what a package holds and shows, as a document for people; a cover sheet for an authority; a draft of a certificate.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::Args;
use serde::Serialize;

use super::admission::{Depth, SourceArgs};
use super::certification::CertificateArgs;
use super::document_file::DocumentFile;
use super::error::{CliError, with_causes};
use super::notification::NotificationArgs;
use super::out;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::report::overview::{Setting, overview};
use crate::report::{certificate, regulatory};
use crate::time::LocalTime;
use crate::verify::Provenance;

#[derive(Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where to write it: X.html, X.pdf (PDF/A) or X.docx
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The zone in which times are given beside UTC, such as Europe/Berlin; UTC if left out
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    time_zone: Option<Tz>,
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
    let made = SystemClock::start().now();
    let sheet = args.notification.request(args.time_zone, made)?;
    let mut package = args.source.admit(Depth::Whole)?;
    let document = if let Some(request) = sheet {
        regulatory::sheet(&mut package, &request)
    } else if let Some(form) = args.certificate.certificate {
        let exhibits = args.certificate.exhibits(&args.source, &package)?;
        certificate::draft(&mut package, &exhibits, form, made)
    } else {
        let zone = args.time_zone.unwrap_or(Tz::UTC);
        overview(&mut package, &Setting { file: args.source.file.display().to_string(), made, zone })
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

pub(super) fn parse_zone(given: &str) -> Result<Tz, String> {
    given.parse().map_err(|_| "name a zone of the IANA time zone database, such as Europe/Berlin or UTC".to_owned())
}
