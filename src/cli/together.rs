//! What `verify` says about packages that belong together: volumes of one acquisition, acquisitions of one series.

use super::out::{counted, escape_line, grouped};
use super::verify::finding_text;
use crate::format::genesis::SIMULATED;
use crate::verify::{Finding, Outcome, SeriesReport, SetReport, Severity};

/// Puts the verdict over the volumes of one acquisition in words.
pub(super) fn set_text(files: &[String], set: &SetReport) -> String {
    let mut text = format!(
        "{}  volumes of acquisition {}\n",
        words(set.outcome, &set.findings),
        escape_line(set.acquisition.as_str())
    );
    text += &mark(set.simulated);
    for member in &set.members {
        let last = if member.last { ", the last" } else { "" };
        let file = files.get(member.index).map_or("", String::as_str);
        text += &format!("volume {:<3} {}{last}  {}\n", member.number, member.outcome.as_str(), escape_line(file));
        text += &format!("           seal {}\n", member.seal_sha256);
    }
    let counts = &set.counts;
    text += &format!(
        "together   {}, {} ({} in the window), {}\n",
        counted(counts.pages, "page"),
        counted(counts.records, "record"),
        grouped(counts.inside),
        counted(counts.failures, "failed request"),
    );
    text + &findings_text(&set.findings)
}

/// Puts the verdict over a series in words.
pub(super) fn series_text(files: &[String], series: &SeriesReport) -> String {
    let mut text = format!("{}  series\n", words(series.outcome, &series.findings));
    text += &mark(series.simulated);
    for member in &series.members {
        text += &format!(
            "number {:<3} {}  matter {}, {} to {}\n",
            member.number,
            member.outcome.as_str(),
            escape_line(member.matter.as_str()),
            member.from,
            member.to
        );
        for file in member.indices.iter().filter_map(|index| files.get(*index)) {
            text += &format!("           {}\n", escape_line(file));
        }
    }
    text + &findings_text(&series.findings)
}

fn mark(simulated: bool) -> String {
    if simulated { format!("{SIMULATED}\n\n") } else { "\n".to_owned() }
}

fn findings_text(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let list: String = findings.iter().map(finding_text).collect();
    format!("\n{} about them together\n{list}", counted(findings.len() as u64, "finding"))
}

fn words(outcome: Outcome, findings: &[Finding]) -> String {
    let is_open = findings.iter().any(|finding| finding.severity == Severity::Unestablished);
    let is_violated = findings.iter().any(|finding| finding.severity == Severity::Violation);
    let reason = match outcome {
        Outcome::Valid => "",
        Outcome::Invalid if is_violated => "",
        Outcome::Indeterminate if is_open => " (see below what is not established)",
        Outcome::Indeterminate | Outcome::Invalid => " (as one of the packages is)",
    };
    format!("{}{reason}", outcome.as_str())
}
