//! The comparison: what the sealed side says, beside a blank for what the declarant computes again.
//!
//! The recomputed side is never filled here. Whoever signs says that they computed; a value that the program wrote there would be
//! its own and not theirs.

use std::collections::BTreeSet;

use super::subject::Subject;
use super::wording::Paragraphs;
use crate::report::document::{Block, Column, Table, Text};
use crate::report::words::counted_of;
use crate::verify::{ExhibitReport, RecordFact, VerifiedPackage};

/// Adds the statement and the table for the package.
pub(super) fn compare<R>(paragraphs: &mut Paragraphs, package: &VerifiedPackage<R>) {
    paragraphs.heading("Comparison");
    paragraphs.say(
        "On [date] at [place], with [program and version], I computed again from the item offered the values in the last column.",
        &[],
    );
    let rows = package_values(package).into_iter().map(|(what, value)| {
        let recorded = value.map_or_else(|| Text::blank("value, and where it stands"), Text::code);
        vec![Text::plain(what), recorded, recomputed()]
    });
    paragraphs.block(Block::Table(Table {
        caption: "Values of the package".to_owned(),
        columns: vec![Column::words("What", 4), Column::words("Recorded", 6), Column::words("Computed again", 5)],
        rows: rows.collect(),
    }));
    paragraphs.say(
        "The two values of each row were [identical, or for each row that was not, what was found]. The signature over the seal was \
         checked with [program], under the key named above, and was [result].",
        &[],
    );
    paragraphs.say(
        "A value recorded elsewhere and earlier, in the custody ledger, a receipt or a checkpoint, is the better one to compare with: \
         [value, where recorded, and when; or that there is none].",
        &[],
    );
}

/// Says that an exhibit is what is offered, where a form does not go into its proofs.
pub(super) fn offered(paragraphs: &mut Paragraphs, exhibits: &[ExhibitReport]) {
    for exhibit in exhibits {
        let facts = &exhibit.facts;
        paragraphs.say(
            "The records offered are those of the exhibit {}, a file of {} bytes that shows {}. Its SHA-256, as read when this draft \
             was made, is {}; that of the copy offered: [computed by the declarant].",
            &[name(exhibit), facts.archive_byte_len.to_string(), counted_of(facts.records.len(), "record"), digest(exhibit)],
        );
    }
}

/// Says how the exhibits hang together with the package.
pub(super) fn origin<R>(paragraphs: &mut Paragraphs, package: &VerifiedPackage<R>, exhibits: &[ExhibitReport]) {
    for exhibit in exhibits {
        paragraphs.say(
            "The exhibit {}, with the SHA-256 {}, was cut from package {} and has for each of its records a path to the root in the signed \
             seal. The program's verification of it before this draft came to {}. That its copy is the same as what was sealed is for a \
             certification by Rule 902(14).",
            &[name(exhibit), digest(exhibit), package.seal().package.to_string(), exhibit.outcome.as_str().to_owned()],
        );
    }
}

/// Returns how an exhibit is called: by its number, where it has one, and its identifier.
#[must_use]
pub(super) fn name(exhibit: &ExhibitReport) -> String {
    let facts = &exhibit.facts;
    let name = facts.exhibit.clone().unwrap_or_default();
    facts.number.as_ref().map_or_else(|| name.clone(), |number| format!("{number} ({name})"))
}

fn digest(exhibit: &ExhibitReport) -> String {
    exhibit.facts.archive_sha256.map_or_else(|| "not computed".to_owned(), |digest| digest.to_string())
}

/// Adds the exhibits: for each record its leaf and its place, on both levels of the proof.
pub(super) fn compare_exhibits<R>(
    paragraphs: &mut Paragraphs,
    package: &VerifiedPackage<R>,
    subject: &Subject,
    exhibits: &[ExhibitReport],
) {
    for exhibit in exhibits {
        let facts = &exhibit.facts;
        paragraphs.heading(&format!("Exhibit {}", name(exhibit)));
        paragraphs.say(
            "The exhibit has {} bytes and, as read when this draft was made, the SHA-256 {}; computed again: [digest]. It shows {} of the \
             package's records and leaves {} undisclosed. The program's verification of it before this draft came to {}.",
            &[
                facts.archive_byte_len.to_string(),
                digest(exhibit),
                facts.records.len().to_string(),
                facts.undisclosed.map_or_else(|| "an unknown number".to_owned(), |count| count.to_string()),
                exhibit.outcome.as_str().to_owned(),
            ],
        );
        let seal = package.seal();
        paragraphs.say(
            "Each record's leaf is SHA-256 over the byte 0x00 and the record's bytes (RFC 9162). With its index and the page's size the path \
             in the exhibit leads to the root in the signed page record; that record's leaf leads with its index, and the size {}, to the \
             root in the signed seal, {}. For all records of the exhibit this was [computed again, with what result].",
            &[seal.totals.pages.to_string(), seal.merkle_root.to_string()],
        );
        paragraphs.block(Block::Table(records(&facts.records)));
        if let Some(more @ 1..) = facts.records.len().checked_sub(LISTED_RECORDS) {
            paragraphs.say(
                "Listed in the statement of the exhibit (exhibit.json) alone: {}.",
                &[counted_of(more, "more record")],
            );
        }
        paragraphs.block(Block::Table(pages(&facts.records, subject, seal.volume.first_page)));
    }
}

/// The records, each with its leaf and a blank.
fn records(records: &[RecordFact]) -> Table {
    let rows = records.iter().take(LISTED_RECORDS).map(|record| {
        let bates = record.bates.as_ref().map(|bates| format!(", {bates}")).unwrap_or_default();
        let size = record.of.map_or_else(|| "unknown".to_owned(), |of| of.to_string());
        vec![
            Text::plain(format!("{}{bates}", record.path)),
            Text::plain(format!("page {}, index {} of {size}", record.page, record.element)),
            Text::code(record.leaf.to_string()),
            recomputed(),
        ]
    });
    Table {
        caption: "Records of the exhibit".to_owned(),
        columns: vec![
            Column::words("Record", 3),
            Column::words("Place", 3),
            Column::words("Recorded leaf", 7),
            Column::words("Leaf computed again", 4),
        ],
        rows: rows.collect(),
    }
}

/// Their pages, each with its place among all and the root that was signed for it.
fn pages(records: &[RecordFact], subject: &Subject, first_page: u64) -> Table {
    let numbers: BTreeSet<u64> = records.iter().take(LISTED_RECORDS).map(|record| record.page).collect();
    let rows = numbers.into_iter().map(|page| {
        let root =
            subject.page_roots.get(&page).map_or_else(|| Text::plain("not read"), |root| Text::code(root.to_string()));
        vec![
            Text::plain(page.to_string()),
            Text::plain(page.saturating_sub(first_page).to_string()),
            root,
            recomputed(),
        ]
    });
    Table {
        caption: "Pages of these records".to_owned(),
        columns: vec![
            Column::words("Page", 2),
            Column::words("Index among all", 2),
            Column::words("Recorded root over its records", 7),
            Column::words("Root that the path leads to", 4),
        ],
        rows: rows.collect(),
    }
}

/// Returns the values by which a package is compared, and where each is recorded.
fn package_values<R>(package: &VerifiedPackage<R>) -> [(&'static str, Option<String>); 5] {
    let (facts, seal) = (&package.report().facts, package.seal());
    [
        (
            "SHA-256 of the whole package file; recorded: as read when this draft was made",
            facts.archive_sha256.map(|digest| digest.to_string()),
        ),
        (
            "SHA-256 of seal/seal.json; recorded: as read when this draft was made",
            facts.seal_sha256.map(|digest| digest.to_string()),
        ),
        ("SHA-256 of tagmanifest-sha256.txt; recorded in the seal", Some(seal.tagmanifest_sha256.to_string())),
        ("SHA-256 of data/genesis.json; recorded in the seal", Some(seal.genesis.sha256.to_string())),
        (
            "Merkle root over all page records (RFC 9162, SHA-256); recorded in the seal",
            Some(seal.merkle_root.to_string()),
        ),
    ]
}

fn recomputed() -> Text {
    Text::blank("computed by the declarant")
}

/// 200: some 30 pages; whoever offers more refers to the statement in the exhibit.
const LISTED_RECORDS: usize = 200;
