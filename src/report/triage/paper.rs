//! The triage as a document for people.

use super::gaps::Gaps;
use super::question::{About, Counted};
use super::{Answer, Cited, MARK, Sighting, Triage};
use crate::report::document::{Block, Column, Document, Span, Table, Text};
use crate::report::words::{counted, grouped, verdict};

/// Puts the triage on paper. `file` is the package as its reader named it, `typed` the same as a shell takes it.
#[must_use]
pub fn document(triage: &Triage, file: &str, typed: &str) -> Document {
    let mut document = Document::about(
        "Triage of sign-ins",
        format!("Where an investigator would look first in package {}", triage.provenance.package),
        &triage.provenance,
        triage.made,
    );
    document.marks.insert(0, MARK.to_owned());
    let mut blocks = vec![Block::Notice(Text::plain(triage.notice)), Block::paragraph(verdict(&triage.provenance))];
    blocks.push(Block::heading(1, "Questions and answers"));
    blocks.push(Block::Table(summary(&triage.answers)));
    blocks.push(Block::heading(1, "What was looked at"));
    blocks.push(Block::Facts(looked(triage, file)));
    blocks.extend(missing(&triage.gaps));
    blocks.push(Block::heading(2, "How to follow a record"));
    blocks.push(Block::Paragraph(
        Text::plain("Each record is cited by its page and element in the package, and by its id. To lay one before somebody else, with proofs that it is in the package: ")
            .and(Span::Code(format!("signhold exhibit {typed} --id ID --out EXHIBIT.zip"))),
    ));
    for answer in &triage.answers {
        blocks.extend(chapter(answer));
    }
    document.blocks = blocks;
    document
}

fn summary(answers: &[Answer]) -> Table {
    let row = |answer: &Answer| {
        let sightings = answer.sightings_beyond + u64::try_from(answer.sightings.len()).unwrap_or(0);
        let aside: u64 = answer.counted.iter().map(|counted| counted.number).sum();
        vec![Text::plain(answer.title), Text::plain(grouped(sightings)), Text::plain(grouped(aside))]
    };
    Table {
        caption: "Sightings, and what was counted beside them without being listed".to_owned(),
        columns: vec![
            Column::words("Question", 5),
            Column::numbers("Sightings", 1),
            Column::numbers("Counted only", 1),
        ],
        rows: answers.iter().map(row).collect(),
    }
}

fn looked(triage: &Triage, file: &str) -> Vec<(String, Text)> {
    let looked = &triage.looked;
    let fact = |name: &str, value: String| (name.to_owned(), Text::plain(value));
    let mut facts = vec![
        ("Package".to_owned(), Text::code(file)),
        fact("Planned window", format!("from {} to {}, the end not part of it", triage.gaps.from, triage.gaps.to)),
        fact("Sign-ins looked at", format!("{}; on {}", looked.sign_ins(), counted(looked.pages, "page"))),
    ];
    if looked.repeats.count > 0 {
        facts.push(fact("Repeats", "the questions see an entry that repeats another as one more sign-in".to_owned()));
    }
    for (name, number) in [
        ("Pages that could not be read", looked.pages_unread),
        ("Records that could not be read", looked.records_unread),
        ("Records with a member that stands twice, which no question saw", looked.records_with_repeated),
        ("Sign-ins without a time, which no question saw", triage.undated),
        ("Sign-ins met after later ones", triage.out_of_order),
    ] {
        if number > 0 {
            facts.push(fact(name, grouped(number)));
        }
    }
    facts
}

fn missing(gaps: &Gaps) -> Vec<Block> {
    let [lines, reasons] = gaps.lines();
    let mut blocks = vec![Block::heading(2, "Absence here may be absence of data")];
    if lines.is_empty() {
        blocks.push(Block::paragraph(
            "Every window of all four sign-in logs was closed in this package. That means complete as returned to this query, this identity and at this time; what was \
             never logged, or arrived later, is not in it.",
        ));
    } else {
        blocks.push(Block::paragraph("These parts of the sign-in logs are not, or not wholly, in this package:"));
        blocks.push(Block::List { numbered: false, items: lines });
        if !reasons.is_empty() {
            blocks.push(Block::paragraph("Reasons by their numbers, as the seal has them:"));
            blocks.push(Block::List { numbered: false, items: reasons });
        }
    }
    blocks
}

fn chapter(answer: &Answer) -> Vec<Block> {
    let mut blocks = vec![
        Block::heading(1, answer.title),
        Block::paragraph(answer.asks),
        Block::Paragraph(Text(vec![Span::Strong("How it was found. ".to_owned()), Span::Plain(answer.rule.clone())])),
    ];
    if !answer.counted.is_empty() {
        let aside = |counted: &Counted| {
            Text(vec![Span::Plain(format!("{}: ", counted.what)), Span::Strong(grouped(counted.number))])
        };
        blocks.push(Block::Paragraph(Text(vec![Span::Strong("Counted, not listed.".to_owned())])));
        blocks.push(Block::List { numbered: false, items: answer.counted.iter().map(aside).collect() });
    }
    if !answer.limits.is_empty() {
        blocks.push(Block::Paragraph(Text(vec![Span::Strong("Not looked at.".to_owned())])));
        blocks.push(Block::List {
            numbered: false,
            items: answer.limits.iter().map(|limit| Text::plain(limit.clone())).collect(),
        });
    }
    if answer.sightings.is_empty() {
        blocks.push(Block::paragraph("Nothing in this package fits the rule."));
    }
    for (number, sighting) in (1_u64..).zip(&answer.sightings) {
        blocks.extend(sighted(number, sighting));
    }
    if answer.sightings_beyond > 0 {
        blocks.push(Block::paragraph(format!(
            "{} more fit the rule and are not listed.",
            grouped(answer.sightings_beyond)
        )));
    }
    blocks
}

fn sighted(number: u64, sighting: &Sighting) -> Vec<Block> {
    let about = match sighting.about {
        About::Account => "Account",
        About::Address => "Address",
        About::Application => "Application",
        About::Hour => "Hour",
        About::ServicePrincipal => "Service principal",
        About::Session => "Session",
    };
    let subject = sighting.subject.clone().unwrap_or_else(|| "without a name".to_owned());
    let columns = vec![
        Column::words("Time", 8),
        Column::words("Who, by what application", 9),
        Column::words("From", 7),
        Column::words("Result", 8),
        Column::words("Record", 10),
    ];
    let beyond = if sighting.records_beyond > 0 {
        format!("; {} not listed", counted(sighting.records_beyond, "more record"))
    } else {
        String::new()
    };
    let listed = u64::try_from(sighting.records.len()).unwrap_or(0);
    vec![
        Block::Paragraph(Text(vec![
            Span::Strong(format!("{number}. {about} ")),
            Span::Code(subject),
            Span::Plain(format!(": {}", sighting.says)),
        ])),
        Block::Table(Table {
            caption: format!("{}{beyond}", counted(listed, "record")),
            columns,
            rows: sighting.records.iter().map(row).collect(),
        }),
    ]
}

fn row(record: &Cited) -> Vec<Text> {
    let code = |value: &Option<String>| Span::Code(value.clone().unwrap_or_else(|| "–".to_owned()));
    let plain = |words: String| Span::Plain(words);
    let result = record.code.map_or_else(|| "–".to_owned(), |code| code.to_string());
    vec![
        Text(vec![code(&record.time), plain(format!(" {}", record.kind))]),
        Text(vec![code(&record.account), plain(", ".to_owned()), code(&record.application)]),
        Text(vec![
            code(&record.address),
            plain(", ".to_owned()),
            code(&record.network),
            plain(", ".to_owned()),
            code(&record.country),
        ]),
        Text(vec![Span::Code(result), plain(format!(" {}", record.result))]),
        Text(vec![plain(format!("page {}, element {}, id ", record.page, record.element)), code(&record.id)]),
    ]
}
