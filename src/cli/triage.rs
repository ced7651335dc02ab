//! `report --triage`: where an investigator would look first, as a document and, with `--json`, as data.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::admission::Admitted;
use super::document_file::DocumentFile;
use super::error::{CliError, with_causes};
use super::out;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::report::triage::{Triage, document};

/// What `report --triage` says with `--json`.
#[derive(Debug, Serialize)]
struct TriageAnswer {
    /// The document that was written.
    path: String,
    /// Its length in bytes.
    byte_len: u64,
    /// The lines that stand on every page of it.
    marks: Vec<String>,
    /// What it says.
    triage: Triage,
}

/// Asks the questions, writes the document, and says how many sightings there are. `source` is the package as it was typed.
pub(super) fn run(mut package: Admitted, source: &Path, file: &DocumentFile, json: bool) -> Result<ExitCode, CliError> {
    let made = SystemClock::start().now();
    let triage = Triage::of(&mut package, made).map_err(|error| CliError::machine(with_causes(&error)))?;
    let name = out::file_name(source);
    let document = document(&triage, &name, &out::shell(Path::new(&name)));
    let byte_len = file.write(&document, made)?;
    let path = file.path().display().to_string();
    if json {
        out::answer_json(&TriageAnswer { path, byte_len, marks: document.marks, triage });
    } else {
        out::answer(&text(&path, byte_len, &triage));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(path: &str, byte_len: u64, triage: &Triage) -> String {
    let mut text = format!("{}  {}\n", out::escape_line(path), out::bytes(byte_len));
    for answer in &triage.answers {
        let sightings = answer.sightings_beyond + answer.sightings.len() as u64;
        text += &format!("{:>6}  {}\n", out::grouped(sightings), answer.question);
    }
    let gaps = triage.gap_count();
    if gaps > 0 {
        text += &format!("{} of the sign-in logs: absence may be absence of data\n", out::counted(gaps, "gap"));
    }
    text + "Descriptive, not evidence, not a finding about a person.\n"
}
