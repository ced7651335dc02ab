//! What `verify` says of exhibits: the verdict, and for each record what it proves.
//!
//! Nothing is said of a record that was not established, and what is somebody's word is called so.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::CliError;
use super::gather::tool;
use super::out::{self, bytes, counted, either, escape_line, grouped, shell};
use super::verify::{checks_text, established, findings_text, open, outcome_words};
use crate::exhibit::views;
use crate::format::exhibit::{Search, looks_like_an_exhibit};
use crate::format::genesis::SIMULATED;
use crate::format::line::Line;
use crate::store::new_file::{NewFile, refuse_taken};
use crate::verify::verdict::TokenFact;
use crate::verify::{
    Code, ExhibitFacts, ExhibitReport, Facts, Options, Outcome, RecordFact, verify_exhibit, verify_exhibit_and_keep,
};

/// One exhibit's verdict.
#[derive(Debug, Serialize)]
pub(super) struct ExhibitFileReport {
    /// The file as it was named.
    pub(super) file: String,
    /// The verification.
    pub(super) report: ExhibitReport,
}

/// Says whether a file is an exhibit, by its first entry.
pub(super) fn is_exhibit(file: &Path) -> Result<bool, CliError> {
    let refused = |error: std::io::Error| CliError::machine(format!("cannot read `{}`: {error}", file.display()));
    Ok(looks_like_an_exhibit(open(file)?.fill_buf().map_err(refused)?))
}

/// Takes the exhibits out of the files given.
pub(super) fn take_exhibits(files: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>, CliError> {
    let mut exhibits = Vec::new();
    for file in std::mem::take(files) {
        let of = if is_exhibit(&file)? { &mut exhibits } else { &mut *files };
        of.push(file);
    }
    Ok(exhibits)
}

/// Refuses what makes no sense for an exhibit.
pub(super) fn check_options(exhibit: &Path, quick: bool, has_demands: bool) -> Result<(), CliError> {
    let name = exhibit.display();
    if quick {
        return Err(CliError::request(format!("`{name}` is an exhibit, and --quick looks at packages"))
            .hint("leave out --quick: an exhibit is small and always checked whole"));
    }
    if has_demands {
        return Err(CliError::request(format!(
            "`{name}` is an exhibit, and the policy demands what only a whole package can show"
        ))
        .hint("name keys and roots with --trust and --tsa-root instead, or ask for the package"));
    }
    Ok(())
}

/// Verifies exhibits; each report with its file as it was named.
pub(super) fn judge(exhibits: &[PathBuf], options: &Options<'_>) -> Result<Vec<(String, ExhibitReport)>, CliError> {
    let judge = |file: &PathBuf| Ok((file.display().to_string(), verify_exhibit(open(file)?, options)?));
    exhibits.iter().map(judge).collect()
}

/// Writes views of the records of the one exhibit into a new folder, unless it is INVALID; verified once more as it is read for them.
pub(super) fn write_views(exhibits: &[PathBuf], folder: &Path, options: &Options<'_>) -> Result<(), CliError> {
    let [exhibit] = exhibits else {
        return Err(CliError::request(format!("--readable is for one exhibit; {} are given", exhibits.len()))
            .hint("verify them one by one"));
    };
    refuse_taken(folder)?;
    let (report, Some(kept)) = verify_exhibit_and_keep(open(exhibit)?, options)? else {
        out::talk(&format!("`{}` is INVALID; no views were made of it", exhibit.display()));
        return Ok(());
    };
    std::fs::create_dir(folder).map_err(|error| {
        CliError::machine(format!("cannot make the folder `{}`: {error}", folder.display())).hint("name another folder")
    })?;
    let tool = tool();
    for (name, view) in views(&report, &kept, &format!("{} {}", tool.name, tool.version), None) {
        let file = NewFile::begin(&folder.join(name))?;
        file.file().write_all(view.as_bytes()).map_err(file.trouble("write"))?;
        file.publish()?;
    }
    out::talk(&format!(
        "written: {} in {}, from the records as verified",
        counted(kept.records.len() as u64, "view"),
        shell(folder)
    ));
    Ok(())
}

/// Puts a report in words.
pub(super) fn to_text(file: &str, report: &ExhibitReport) -> String {
    let facts = &report.facts;
    let verdict = outcome_words(report.outcome, &report.findings);
    let mut text = format!("{verdict}  {}\n{}\n", escape_line(file), marks(facts));
    text += &checks_text(&report.checks);
    text += &findings_text(&report.findings, &report.finding_counts);
    if facts.package.is_some() {
        text += &format!("\n{}", contents(facts));
        text += &signed_and_stamped(facts);
        text += &format!("\n{}", records_text(facts, Some(report.outcome)));
    }
    if report.finding_counts.contains_key(&Code::ExhibitRecordMismatch) {
        text += REWRITTEN;
    }
    text += LIMITS;
    text
}

/// What must stand above everything said of an exhibit.
pub(super) fn marks(facts: &ExhibitFacts) -> String {
    let mut text = String::new();
    if facts.simulated == Some(true) {
        text += &format!("{SIMULATED}\n");
    }
    if !facts.despite_findings.is_empty() {
        text += "FROM A PACKAGE THAT FAILED VERIFICATION\n";
    }
    text
}

/// Says which exhibit it is, of which package; what is only its statement's word is called so.
pub(super) fn contents(facts: &ExhibitFacts) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text += &format!("{name:<10} {}\n", escape_line(&value));
        }
    };
    let size = format!("{}, {}", bytes(facts.archive_byte_len), counted(facts.file_count, "file"));
    line("exhibit", facts.exhibit.as_ref().map(|name| format!("{name}, {size}")));
    line("number", facts.number.as_ref().map(|number| format!("{number}, by its own word")));
    let created = facts.created.map(|created| created.to_string()).unwrap_or_default();
    let by = facts.by.as_ref().map_or_else(|| "somebody".to_owned(), ToString::to_string);
    line("cut by", facts.created.map(|_| format!("{by}, {created}, by its own word")));
    line(
        "",
        facts.created.map(|_| match (&facts.exhibitor, facts.exhibitor_trusted) {
            (None, _) => "no signature holds over that word".to_owned(),
            (Some(key), true) => format!("signed with {key}, a key you named"),
            (Some(key), false) => format!("signed with {key}, a key you did not name"),
        }),
    );
    if let Some(selection) = &facts.selection {
        let asked = match (selection.ids.len() as u64, &selection.r#where) {
            (0, None) => "nothing is said about it".to_owned(),
            (0, Some(expression)) => format!("records where {}", expression.as_str()),
            (count, None) => counted(count, "identifier"),
            (count, Some(expression)) => {
                format!("{}, records where {}", counted(count, "identifier"), expression.as_str())
            }
        };
        line("asked for", Some(format!("{asked}; by its own word")));
    }
    line("searched", facts.search.as_ref().map(search_words));
    if facts.search.as_ref().is_some_and(|search| search.by_index || search.pages < search.of_pages) {
        let hides = "a page that was not read, or an index that is stale or forged, may hide records asked for";
        line("", Some(hides.to_owned()));
    }
    if !facts.despite_findings.is_empty() {
        let codes: Vec<&str> = facts.despite_findings.iter().map(Line::as_str).collect();
        line("despite", Some(codes.join(", ")));
    }
    line("package", facts.package.as_ref().map(ToString::to_string));
    line("seal", facts.seal_sha256.map(|digest| digest.to_string()));
    line("matter", facts.matter.as_ref().map(|matter| matter.id.to_string()));
    line("operator", facts.operator.as_ref().map(ToString::to_string));
    line("service", facts.service.clone());
    line("window", facts.window.map(|window| format!("{} to {}", window.from, window.to)));
    text
}

/// How whoever cut the exhibit says that they looked.
fn search_words(search: &Search) -> String {
    let mut words = format!("{} of {}", grouped(search.pages), counted(search.of_pages, "page"));
    if search.by_index {
        words += ", as an unsigned index told";
    }
    words += if search.whole { ", of a package verified whole" } else { ", of a package looked at quickly" };
    if search.wanting > 0 {
        let of = counted(search.records, "record");
        let lack = either(search.wanting, "lacks", "lack");
        words += &format!("; {} of {of} {lack} what the expression needs", grouped(search.wanting));
    }
    if let Some(language) = &search.language {
        words += &format!("; in {language}");
    }
    words + "; by its own word"
}

/// Keys and times, in the words used for packages.
fn signed_and_stamped(facts: &ExhibitFacts) -> String {
    let of_package = Facts {
        signer: facts.signer,
        operator_key: facts.operator_key,
        signer_trusted: facts.signer_trusted,
        signer_certificate: facts.signer_certificate.clone(),
        times: facts.times.clone(),
        ..Facts::default()
    };
    established(&of_package, false)
}

/// Says for each record what it is, and how many are kept back. Without an outcome nothing was verified.
pub(super) fn records_text(facts: &ExhibitFacts, outcome: Option<Outcome>) -> String {
    let package = facts.package.as_ref().map(ToString::to_string).unwrap_or_default();
    let package = escape_line(&package);
    let count = counted(facts.records.len() as u64, "record");
    let mut text = match outcome {
        Some(Outcome::Valid) => format!("shown      {count} of {package}, byte for byte{}\n", bracket(facts)),
        Some(Outcome::Indeterminate) => {
            format!("shown      {count} of {package}, byte for byte, if what is not established above holds\n")
        }
        Some(Outcome::Invalid) => format!("claimed    {count} of {package}; the exhibit is INVALID\n"),
        None => format!("claimed    {count} of {package}\n"),
    };
    text += "           elements are counted from 0\n";
    for record in facts.records.iter().take(RECORDS_LISTED) {
        let standing = match (outcome, record.holds) {
            (Some(Outcome::Invalid), true) => "  holds by itself",
            (Some(Outcome::Invalid), false) => "  NOT SHOWN",
            _ => "",
        };
        text += &format!("  {}{standing}\n", record_words(record));
    }
    let more = facts.records.len().saturating_sub(RECORDS_LISTED) as u64;
    if more > 0 {
        let failing = facts.records.iter().skip(RECORDS_LISTED).filter(|record| !record.holds).count() as u64;
        let failing = match outcome {
            Some(Outcome::Invalid) if failing > 0 => format!(", of which {} NOT SHOWN", grouped(failing)),
            _ => String::new(),
        };
        text += &format!("  and {} more{failing}; --json lists all\n", grouped(more));
    }
    if let Some(undisclosed) = facts.undisclosed {
        let by = if outcome.is_some() { ", by the signed seal" } else { ", by its seal" };
        text += &format!("kept back  {} of the package{by}", counted(undisclosed, "other record"));
        if let Some(inside) = facts.undisclosed_inside.filter(|inside| *inside != undisclosed) {
            let not = "of a second pass, of a window asked again, or from the edge of a window";
            text += &format!(
                ", of which {} {}; what does not is {not}",
                grouped(inside),
                either(inside, "counts", "count")
            );
        }
        text.push('\n');
    }
    text
}

fn record_words(record: &RecordFact) -> String {
    let of = record.of.map(|of| format!(" of {}", grouped(of))).unwrap_or_default();
    let element = grouped(record.element);
    let kind = record.kind.map(|kind| format!(", {kind}")).unwrap_or_default();
    let window = record.window.map(|window| format!(" {} to {}", window.from, window.to)).unwrap_or_default();
    let pass = record.pass.filter(|pass| *pass > 1).map(|pass| format!(", pass {pass}")).unwrap_or_default();
    let bates = record.bates.as_ref().map(|bates| format!("  {}", escape_line(bates.as_str()))).unwrap_or_default();
    let (number, page, len) = (record.number, grouped(record.page), bytes(record.byte_len));
    format!("record {number}: element {element}{of} on page {page}{kind}{window}{pass}, {len}{bates}")
}

/// Between which moments the records were sealed, as far as accepted time stamps say.
fn bracket(facts: &ExhibitFacts) -> String {
    let accepted = |token: &&TokenFact| token.accepted;
    let latest = facts.times.genesis_tokens.iter().filter(accepted).max_by_key(|token| &token.gen_time);
    let earliest = facts.times.seal_tokens.iter().filter(accepted).min_by_key(|token| &token.gen_time);
    let words = |token: &TokenFact| format!("{} ({})", token.gen_time, token.accuracy_words());
    let (latest, earliest) = (latest.map(words), earliest.map(words));
    match (latest, earliest) {
        (Some(latest), Some(earliest)) => format!(", sealed not before {latest} and not after {earliest}"),
        (Some(latest), None) => format!(", sealed not before {latest}"),
        (None, Some(earliest)) => format!(", sealed not after {earliest}"),
        (None, None) => ", sealed when the operator's own clock says".to_owned(),
    }
}

/// 20: what a reader can take in; `--json` has them all.
const RECORDS_LISTED: usize = 20;
const REWRITTEN: &str = "\nhint: a record that was opened in another program and saved again is no longer the sealed bytes; take the file from\n\
                         \x20     the exhibit as it was handed over\n";
const LIMITS: &str = "\nNot shown by any exhibit: what the records kept back say, why these were chosen, and whether the rest of the package is in\n\
                      order: ask for the package. Nor that the service sent these bytes. README.txt and readable/ were not compared with the records:\n\
                      whoever cut the exhibit wrote them; --readable NEWDIR makes views of your own. See LEGAL_NOTES.md.\n";
