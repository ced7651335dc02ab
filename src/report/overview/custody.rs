//! Who had the package: the events of a ledger that speak of it, and how the ledger itself fared.

use std::io::{self, BufRead};

use chrono_tz::Tz;

use super::clocks::beside;
use crate::custody::Replay;
use crate::custody::lines::{Line, Lines};
use crate::format::event::{Act, Event};
use crate::format::genesis::Genesis;
use crate::format::ledger::{MAX_LINE_BYTE_LEN, SignedEvent};
use crate::format::seal::Seal;
use crate::report::document::{Block, Column, Span, Table, Text};
use crate::report::words::{self, counted, grouped};
use crate::verify::LedgerReport;

/// A verified ledger, as far as it speaks of one package.
#[derive(Clone, Debug)]
pub struct Custody {
    file: String,
    report: LedgerReport,
    events: Vec<Listed>,
    /// Events that speak of it and are beyond what is listed.
    beyond: u64,
    /// Events that speak of other packages alone.
    others: u64,
    /// The line behind which nothing is listed, because it is torn or too long.
    ends_at: Option<u64>,
}

#[derive(Clone, Debug)]
struct Listed {
    number: u64,
    /// None where the line is no event.
    event: Option<Event>,
    /// What is wrong with it.
    faults: Vec<String>,
}

impl Custody {
    /// Reads the events of a ledger, which was verified as `report` says, and keeps those that speak of this package.
    ///
    /// # Errors
    ///
    /// What the input says; [`io::ErrorKind::InvalidData`] where its lines are no longer those that were verified.
    pub fn read<R: BufRead>(
        ledger: R,
        file: String,
        report: LedgerReport,
        genesis: &Genesis,
        seal: &Seal,
    ) -> io::Result<Self> {
        let mut custody = Self { file, report, events: Vec::new(), beyond: 0, others: 0, ends_at: None };
        let mut replay = Replay::new();
        let mut lines = Lines::new(ledger, u64::try_from(MAX_LINE_BYTE_LEN).unwrap_or(u64::MAX));
        while let Some(line) = lines.next_line()? {
            // What is no whole line is a finding of the verification, which ends there too.
            let Line::Whole(bytes) = line else {
                custody.ends_at = Some(replay.line_count().saturating_add(1));
                break;
            };
            let listed = list(bytes, &mut replay);
            let concerns = listed.event.as_ref().is_none_or(|event| concerns(event, genesis, seal));
            if !concerns && listed.faults.is_empty() {
                custody.others += 1;
            } else if custody.events.len() < MAX_EVENTS {
                custody.events.push(listed);
            } else {
                custody.beyond += 1;
            }
        }
        if replay.root() != custody.report.facts.merkle_root {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its lines changed while it was read"));
        }
        Ok(custody)
    }

    /// Returns the verification of the ledger.
    #[must_use]
    pub fn report(&self) -> &LedgerReport {
        &self.report
    }
}

/// Returns the chapter.
pub(super) fn blocks(custody: Option<&Custody>, zone: Tz) -> Vec<Block> {
    let mut blocks = vec![Block::heading(1, "Custody")];
    let Some(custody) = custody else {
        blocks.push(Block::paragraph(
            "No ledger was given for this report: who had the package since it was sealed is not shown here. That is not to say that \
             no ledger exists.",
        ));
        return blocks;
    };
    let report = &custody.report;
    let verdict = vec![
        Span::Plain("The ledger ".to_owned()),
        Span::Code(custody.file.clone()),
        Span::Plain(" was verified for this report: ".to_owned()),
        Span::Strong(report.outcome.as_str().to_owned()),
        Span::Plain(
            ". Times are those of the actors' own clocks; that nothing was left out at its end shows only against a head that somebody \
             else kept."
                .to_owned(),
        ),
    ];
    blocks.push(Block::Paragraph(Text(verdict)));
    let findings: Vec<Text> = report
        .findings
        .iter()
        .map(|finding| {
            let code = Span::Code(finding.code.as_str().to_owned());
            let said = format!(
                " ({}, {}): {}; {}",
                words::severity(finding.severity),
                finding.place,
                finding.claimed,
                finding.computed
            );
            Text(vec![code, Span::Plain(said)])
        })
        .collect();
    if !findings.is_empty() {
        blocks.push(Block::List { numbered: false, items: findings });
    }
    let rows: Vec<Vec<Text>> = custody.events.iter().map(|listed| row(listed, zone)).collect();
    let mut caption = format!("{} on this package", counted(u64::try_from(rows.len()).unwrap_or(u64::MAX), "event"));
    if custody.beyond > 0 {
        caption += &format!(", the first of {}", grouped(custody.beyond.saturating_add(rows.len() as u64)));
    }
    if custody.others > 0 {
        caption += &format!("; {} on others not listed", counted(custody.others, "event"));
    }
    if let Some(line) = custody.ends_at {
        caption += &format!("; nothing behind line {line}, which is torn or too long, was read");
    }
    blocks.push(Block::Table(Table {
        caption,
        columns: vec![
            Column::numbers("No.", 1),
            Column::words("Time", 6),
            Column::words("What", 3),
            Column::words("Who", 6),
            Column::words("Said", 9),
        ],
        rows,
    }));
    let facts = &report.facts;
    let mut named = Vec::new();
    if let Some(ledger) = facts.ledger {
        named.push(("Ledger".to_owned(), Text::code(ledger.to_string())));
    }
    if let Some(head) = facts.head_sha256 {
        named.push(("Last line".to_owned(), Text::code(head.to_string())));
    }
    for key in &facts.keys {
        let trusted = if key.trusted { "a key the reader named" } else { "a key the reader did not name" };
        let revoked = key.revoked_since.map(|since| format!("; revoked since {since}")).unwrap_or_default();
        let events = counted(key.event_count, "event");
        let said = vec![Span::Code(key.key.to_string()), Span::Plain(format!(" signed {events}: {trusted}{revoked}"))];
        named.push(("Key".to_owned(), Text(said)));
    }
    blocks.push(Block::Facts(named));
    blocks
}

fn list(bytes: &[u8], replay: &mut Replay) -> Listed {
    let number = replay.line_count().saturating_add(1);
    match SignedEvent::decode(bytes) {
        Err(error) => {
            replay.skip(bytes);
            Listed { number, event: None, faults: vec![error.to_string()] }
        }
        Ok(signed) if !signed.is_signed(bytes) => {
            replay.skip(bytes);
            Listed { number, event: Some(signed.event), faults: vec!["not signed by the key that it names".to_owned()] }
        }
        Ok(signed) => {
            let faults = replay.follow(&signed, bytes).iter().map(ToString::to_string).collect();
            Listed { number, event: Some(signed.event), faults }
        }
    }
}

fn concerns(event: &Event, genesis: &Genesis, seal: &Seal) -> bool {
    let is_named = event.packages.iter().any(|package| package.package == seal.package);
    is_named
        || match &event.act {
            Act::Opened(_) | Act::KeyRevoked(_) => true,
            Act::Collected(collection) => collection.acquisition == genesis.acquisition,
            _ => false,
        }
}

fn row(listed: &Listed, zone: Tz) -> Vec<Text> {
    let number = Text::plain(listed.number.to_string());
    let faults: Vec<Span> =
        listed.faults.iter().map(|fault| Span::Strong(format!("NOT IN ORDER: {fault}. "))).collect();
    let Some(event) = &listed.event else {
        return vec![number, Text::default(), Text::plain("no event"), Text::default(), Text(faults)];
    };
    let actor = &event.actor;
    let organisation = actor.organisation.as_ref().map_or(String::new(), |name| format!(", {name}"));
    let mut said = faults;
    said.push(Span::Plain(words::act(&event.act)));
    vec![
        number,
        Text::plain(event.time.to_string()).and_plain(&beside(event.time.to_datetime(), zone)),
        Text::plain(event.act.kind()),
        Text::plain(format!("{} ({}{organisation})", actor.name, actor.role)),
        Text(said),
    ]
}

/// A few pages; a ledger may have a million lines.
const MAX_EVENTS: usize = 300;
