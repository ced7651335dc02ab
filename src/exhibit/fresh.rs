//! Views of the records of an exhibit, made anew by whoever verified it, so that nobody has to believe the views inside.
//!
//! Apart from [`super::cut`] because here is no package: everything comes from what the verification of the exhibit read and judged.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::readable::{self, Case, Index, Origin};
use super::selection::{Picked, PickedPage};
use crate::codec::json::slice_page;
use crate::format::exhibit::paths;
use crate::format::genesis::SIMULATED;
use crate::format::line::Line;
use crate::verify::{ExhibitReport, KeptExhibit, Outcome, RecordFact};

/// Returns the view of each record, with the name of its file, and the list of them. `tool` names what makes them.
pub fn views<'a>(
    report: &'a ExhibitReport,
    kept: &'a KeptExhibit,
    tool: &str,
    time_zone: Option<Tz>,
) -> impl Iterator<Item = (String, String)> + use<'a> {
    let case = case(report, kept, tool, time_zone);
    let list = list(&case, report, kept);
    let pages: BTreeMap<u64, PickedPage> = kept.pages.iter().map(|(number, record)| (*number, record.into())).collect();
    let views = report.facts.records.iter().filter_map(move |fact| {
        let (picked, page) = (picked(fact, kept)?, pages.get(&fact.page)?);
        Some((paths::view_name(fact.number), readable::render(&case, fact.number, bates(fact), &picked, page)))
    });
    views.chain([(LIST.to_owned(), list)])
}

fn list(case: &Case, report: &ExhibitReport, kept: &KeptExhibit) -> String {
    let records = &report.facts.records;
    let mut list = Index::begin(case, records.iter().any(|fact| fact.bates.is_some()));
    for fact in records {
        if let Some(picked) = picked(fact, kept) {
            list.add(fact.number, bates(fact), &picked);
        }
    }
    list.end()
}

fn bates(fact: &RecordFact) -> Option<&str> {
    fact.bates.as_ref().map(Line::as_str)
}

fn case(report: &ExhibitReport, kept: &KeptExhibit, tool: &str, time_zone: Option<Tz>) -> Case {
    let (facts, statement) = (&report.facts, &kept.statement);
    let mut marks = Vec::new();
    if facts.simulated != Some(false) {
        marks.push(SIMULATED.to_owned());
    }
    if !statement.despite_findings.is_empty() {
        let codes: Vec<&str> = statement.despite_findings.iter().map(Line::as_str).collect();
        marks.push(format!("FROM A PACKAGE THAT FAILED VERIFICATION ({})", codes.join(", ")));
    }
    if report.outcome != Outcome::Valid {
        marks.push("signer, time or package were not established when this was made".to_owned());
    }
    marks.push("derived; the evidence is the sealed record".to_owned());
    let title = kept.genesis.matter.title.as_ref().map_or(String::new(), |title| format!(", {title}"));
    Case {
        marks,
        exhibit: statement.number.as_ref().map(Line::to_string),
        by: statement.by.as_ref().map(Line::to_string),
        created: statement.created,
        is_signed: report.facts.exhibitor.is_some(),
        count: statement.records.len() as u64,
        time_zone,
        matter: format!("{}{title}", kept.genesis.matter.id),
        package: kept.seal.package.to_string(),
        seal_sha256: statement.package.seal_sha256.to_string(),
        // The statement's word alone.
        archive_sha256: None,
        operator: kept.genesis.operator.to_string(),
        operator_key: kept.genesis.keys.operator,
        signer: kept.seal.signer,
        seal_created: kept.seal.created,
        not_before: facts.times.genesis_tokens.clone(),
        not_after: facts.times.seal_tokens.clone(),
        tool: format!("{} {}", statement.tool.name, statement.tool.version),
        origin: Origin::Reader { tool: tool.to_owned() },
    }
}

fn picked(fact: &RecordFact, kept: &KeptExhibit) -> Option<Picked> {
    let (bytes, kind) = (kept.records.get(&fact.number)?, fact.kind?);
    let page = [b"{\"value\":[", bytes.as_slice(), b"]}"].concat();
    let (mut time, mut id) = (None, None);
    let cut = slice_page(&page, kind.time_member(), |element| {
        (time, id) = (element.time.map(str::to_owned), element.id.map(str::to_owned));
    });
    Some(Picked {
        page: fact.page,
        element: fact.element,
        bytes: bytes.clone(),
        leaf: fact.leaf,
        proof: Vec::new(),
        kind,
        pass: fact.pass.unwrap_or(1),
        is_counted: fact.counted.unwrap_or(false),
        time: time.filter(|_| cut.is_ok()),
        id: id.filter(|_| cut.is_ok()),
        ids: Vec::new(),
    })
}

/// Beside the views, as in an exhibit.
const LIST: &str = "index.html";
