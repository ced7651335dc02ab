//! What `exhibit` says: what was cut, where each record stands, what is not shown, and what the exhibit gives away besides.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::find::Found;
use crate::cli::admission::Admitted;
use crate::cli::out::{self, bytes, counted, either, grouped, shell};
use crate::cli::verify::findings_text;
use crate::crypto::digest::{FileDigest, LeafHash};
use crate::exhibit::{Cut, left_out};
use crate::format::exhibit::{Exhibit, SourcePackage};
use crate::format::kind::Kind;
use crate::format::line::Line;
use crate::verify::{Code, ExhibitReport, Finding, Outcome};

/// What `exhibit` says with `--json`.
#[derive(Debug, Serialize)]
pub(super) struct ExhibitAnswer {
    /// The new file.
    file: String,
    /// The exhibit identifier: its top directory.
    exhibit: String,
    /// Its number in the case.
    number: Option<Line>,
    /// SHA-256 of the whole exhibit.
    sha256: Option<FileDigest>,
    /// Its length in bytes.
    byte_len: u64,
    /// Lines that stand on everything made of the package.
    marks: Vec<String>,
    /// The verdict over the exhibit, verified after it was written, with the same trust.
    verdict: Outcome,
    /// What that verification found.
    findings: Vec<Finding>,
    /// How often each code was raised, listed or not.
    finding_counts: BTreeMap<Code, u64>,
    /// The package it was cut from.
    package: SourcePackage,
    /// The verdict over the package, as far as it was verified.
    package_verdict: Outcome,
    /// Whether of the package only container digest, signatures and time stamps were verified, and what is shown besides.
    package_quick: bool,
    /// How the records were found.
    searched: Searched,
    /// The records shown.
    records: Vec<RecordAnswer>,
    /// How many records of the package are not shown, by the signed seal.
    undisclosed: u64,
    /// How many of these count (FORMAT §9, `inside`).
    undisclosed_inside: u64,
    /// How many custodians the plan names, which is in the exhibit.
    custodians_named: u64,
    /// Fingerprint of the key that signed the statement.
    signer: Option<crate::crypto::signature::Fingerprint>,
}

/// How records were found.
#[derive(Debug, Serialize)]
struct Searched {
    /// Whether only those pages were read that the index beside the package names.
    by_index: bool,
    /// Pages read.
    pages: u64,
    /// Pages of the package.
    of_pages: u64,
    /// Records looked at.
    records: u64,
    /// Records passed over because they lack what the expression asks for.
    wanting: u64,
}

/// One record that is shown.
#[derive(Debug, Serialize)]
struct RecordAnswer {
    /// N of `records/N.json`.
    number: u64,
    /// Its file.
    path: String,
    /// Its number in the production.
    bates: Option<Line>,
    /// Its identifier, where it has exactly one, in plain letters.
    id: Option<String>,
    /// All its identifiers, where it has others than that.
    ids: Vec<String>,
    /// Its time as the service wrote it.
    time: Option<String>,
    /// Which log.
    kind: Kind,
    /// 1, or 2 for the second pass.
    pass: u64,
    /// Whether it counts (FORMAT §9, `inside`).
    counted: bool,
    /// Sequence of its page.
    page: u64,
    /// Index of its element in the page, from 0.
    element: u64,
    /// Length in bytes.
    byte_len: u64,
    /// Its leaf.
    leaf: LeafHash,
    /// Other records shown with the same identifier and the same bytes.
    same_bytes: Vec<u64>,
    /// Other records shown with the same identifier and other bytes.
    other_bytes: Vec<u64>,
}

impl ExhibitAnswer {
    pub(super) fn new(file: &Path, package: &Admitted, found: &Found, cut: &Cut, report: ExhibitReport) -> Self {
        let provenance = package.provenance();
        let (gathered, exhibit) = (&found.gathered, &cut.exhibit);
        Self {
            file: file.display().to_string(),
            exhibit: cut.identifier.clone(),
            number: exhibit.number.clone(),
            sha256: report.facts.archive_sha256,
            byte_len: report.facts.archive_byte_len,
            marks: provenance.marks(),
            verdict: report.outcome,
            findings: report.findings,
            finding_counts: report.finding_counts,
            package: exhibit.package.clone(),
            package_verdict: provenance.verdict,
            package_quick: provenance.quick,
            searched: Searched {
                by_index: found.by_index,
                pages: gathered.pages_searched,
                of_pages: found.page_count,
                records: gathered.records_searched,
                wanting: gathered.wanting,
            },
            records: records(found, exhibit),
            undisclosed: exhibit.undisclosed,
            undisclosed_inside: gathered.undisclosed_inside(package.seal()),
            custodians_named: package.genesis().matter.custodians.len() as u64,
            signer: exhibit.signer,
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for mark in &self.marks {
            text += &format!("{mark}\n");
        }
        text +=
            &format!("\nwritten    {}, {}\n", out::escape_line(&shell(Path::new(&self.file))), bytes(self.byte_len));
        text += &format!("sha256     {}\n", self.sha256.map_or(String::new(), |digest| digest.to_string()));
        text += &format!("exhibit    {}\n", self.exhibit);
        if let Some(signer) = self.signer {
            text += &format!("signed by  {signer}\n");
        }
        text += &format!(
            "shown      {}; by the signed seal, {}\n",
            counted(self.records.len() as u64, "record"),
            left_out(self.undisclosed, self.undisclosed_inside)
        );
        for record in self.records.iter().take(LISTED) {
            text += &record.to_text();
        }
        if self.records.len() > LISTED {
            text +=
                &format!("           and {} more; --json lists all\n", grouped((self.records.len() - LISTED) as u64));
        }
        text += &format!("verified   the exhibit, as written: {}\n", outcome_words(self.verdict));
        let of_package = if self.package_quick {
            "container digest, signatures and time stamps; what is shown was proven besides; --whole verifies all of it"
                .to_owned()
        } else {
            format!("every byte: {}", outcome_words(self.package_verdict))
        };
        text += &format!("           the package, {of_package}\n");
        text += &self.notes();
        text += &findings_text(&self.findings, &self.finding_counts);
        text
    }

    fn notes(&self) -> String {
        let mut text = String::new();
        let mut note = |words: String| text += &format!("note       {words}\n");
        if self.searched.by_index {
            note(format!(
                "{} of {} read, as the index beside the package says; that no other holds these identifiers is its word \
                 alone, and --whole reads every page",
                grouped(self.searched.pages),
                counted(self.searched.of_pages, "page")
            ));
        }
        let unread = self.searched.of_pages.saturating_sub(self.searched.pages);
        if unread > 0 && !self.searched.by_index {
            note(format!(
                "{} could not be read or cut into records, and may hold more of what was asked for",
                counted(unread, "page")
            ));
        }
        if self.undisclosed == 0 {
            note("every record of the package is shown: nothing is kept back".to_owned());
        }
        if self.searched.wanting > 0 {
            note(format!(
                "{} of {} {} a member that the expression needs, and {} not selected",
                grouped(self.searched.wanting),
                counted(self.searched.records, "record"),
                either(self.searched.wanting, "lacks", "lack"),
                either(self.searched.wanting, "was", "were")
            ));
        }
        if self.custodians_named > 0 {
            note(format!(
                "the plan is part of every exhibit and names {}: whoever gets the exhibit reads them",
                counted(self.custodians_named, "custodian")
            ));
        }
        text
    }
}

impl RecordAnswer {
    fn to_text(&self) -> String {
        let bates = self.bates.as_ref().map_or(String::new(), |bates| format!("  {bates}"));
        let id = self.id.as_ref().or(self.ids.first());
        let id = id.map_or("no identifier".to_owned(), |id| out::escape_line(id));
        let time = self.time.as_deref().map_or("undated".to_owned(), out::escape_line);
        let pass = if self.pass == 1 { String::new() } else { format!(", pass {}", self.pass) };
        let is_counted = if self.counted { "" } else { ", not counted" };
        let mut text = format!(
            "  {:>6}{bates}  {id}  {time}  {}{pass}{is_counted}, page {}, element {}\n",
            self.number, self.kind, self.page, self.element
        );
        if self.ids.len() > 1 {
            let ids: Vec<String> = self.ids.iter().take(10).map(|id| out::escape_line(id)).collect();
            text += &format!(
                "          it has {} identifiers: {}; readers of JSON differ in which they take\n",
                self.ids.len(),
                ids.join(", ")
            );
        }
        let list = |numbers: &[u64]| numbers.iter().take(10).map(u64::to_string).collect::<Vec<_>>().join(", ");
        if !self.same_bytes.is_empty() {
            text += &format!("          the same identifier and the same bytes as {}\n", list(&self.same_bytes));
        }
        if !self.other_bytes.is_empty() {
            text += &format!("          the same identifier and OTHER bytes than {}\n", list(&self.other_bytes));
        }
        text
    }
}

fn records(found: &Found, exhibit: &Exhibit) -> Vec<RecordAnswer> {
    let mut by_id: BTreeMap<&str, Vec<(u64, LeafHash)>> = BTreeMap::new();
    for (number, picked) in (1..).zip(&found.gathered.picked) {
        for id in picked.id.iter().chain(&picked.ids) {
            by_id.entry(id).or_default().push((number, picked.leaf));
        }
    }
    let shown = (1..).zip(&found.gathered.picked).zip(&exhibit.records);
    shown
        .map(|((number, picked), shown)| {
            let id = picked.id.as_ref().or(picked.ids.first());
            let of_id = id.and_then(|id| by_id.get(id.as_str())).map(Vec::as_slice).unwrap_or_default();
            let others = |same: bool| {
                let others = of_id.iter().filter(|(other, leaf)| *other != number && (*leaf == picked.leaf) == same);
                others.map(|(other, _)| *other).take(SAME_LISTED).collect()
            };
            RecordAnswer {
                number,
                path: shown.path.to_string(),
                bates: shown.bates.clone(),
                id: picked.id.clone(),
                ids: picked.ids.clone(),
                time: picked.time.clone(),
                kind: picked.kind,
                pass: picked.pass,
                counted: picked.is_counted,
                page: picked.page,
                element: picked.element,
                byte_len: shown.byte_len,
                leaf: picked.leaf,
                same_bytes: others(true),
                other_bytes: others(false),
            }
        })
        .collect()
}

fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Indeterminate => "INDETERMINATE: intact, but signer or time not established",
        Outcome::Invalid | Outcome::Valid => outcome.as_str(),
    }
}

/// 40: what a person reads on a screen.
const LISTED: usize = 40;
/// 100: somebody can give thousands of records one identifier.
const SAME_LISTED: usize = 100;
