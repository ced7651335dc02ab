//! A document with every block in it, full of what strangers might write; for the tests of the renderers.

use super::document::{Block, Column, Document, Span, Table, Text};
use crate::format::genesis::SIMULATED;
use crate::time::LocalTime;

/// What somebody who signs in, or names a device, could put into a log.
pub(super) const HOSTILE: [&str; 14] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "]]><!-- & &lt; ' --> </style></svg></table>",
    "=cmd|' /C calc'!A0",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "a\u{202e}gnp.exe\u{2066}b\u{200b}c",
    "nul \0 and \u{ffff} and \u{fdd0}",
    "#read(\"/etc/passwd\") #import \"@preview/x:0.1.0\": * #panic(1)",
    "] $ \\ #{ } ` _x_ *y* @z <label> // /* \\u{41} ~ -- ---",
    "line one\nline two\r\nline three",
    "Müller 息 🚀 \u{e000} שלום سلام e\u{301}\u{fe0f}",
    "fi fl ffi -> << >> 'quoted' \"quoted\" ...",
    "{\"sort\":\"heading\",\"level\":1}",
];

/// Returns a document with everything a document can have in it.
pub(super) fn specimen() -> Document {
    let long = "x".repeat(1 << 20);
    let every = || {
        Text::plain("Sealed by ")
            .and(Span::Code("0f".repeat(32)))
            .and(Span::Strong(" strong ".to_owned()))
            .and(Span::Blank("your name".to_owned()))
    };
    let row = |value: &str| vec![Text::code(value), Text::plain(value), Text::plain("1,234")];
    let columns = vec![Column::words("Value", 3), Column::words("As words", 3), Column::numbers("Count", 1)];
    let mut rows: Vec<Vec<Text>> = HOSTILE.iter().map(|value| row(value)).collect();
    rows.push(row(&long));
    rows.extend((0..60).map(|number| row(&format!("row {number}"))));
    Document {
        title: format!("Specimen {}", HOSTILE[0]),
        subtitle: "All blocks".to_owned(),
        marks: vec![SIMULATED.to_owned(), "derived; the evidence is the sealed package".to_owned()],
        footer: format!("package x, SHA-256 {}", "ab".repeat(32)),
        blocks: vec![
            Block::Notice(every()),
            Block::Contents,
            Block::PageBreak,
            Block::heading(1, "First chapter"),
            Block::Paragraph(every()),
            Block::Facts(HOSTILE.iter().map(|value| ((*value).to_owned(), Text::code(*value))).collect()),
            Block::heading(2, HOSTILE[8]),
            Block::List { numbered: true, items: vec![Text::plain("one"), every()] },
            Block::List { numbered: false, items: vec![Text::plain("a point")] },
            Block::Figure { caption: "A figure".to_owned(), alternative: HOSTILE[1].to_owned(), svg: SVG.to_owned() },
            Block::heading(1, "Second chapter"),
            Block::heading(3, "A detail"),
            Block::Table(Table { caption: "Everything".to_owned(), columns, rows }),
            Block::Table(Table {
                caption: String::new(),
                columns: vec![Column::words("Nothing", 1)],
                rows: Vec::new(),
            }),
            Block::Kept(vec![
                Block::heading(2, "Declaration"),
                Block::Paragraph(every().and(Span::Box)),
                Block::SignatureLines(vec!["Name".to_owned(), "Date".to_owned()]),
            ]),
        ],
    }
}

/// Returns when it is made.
pub(super) fn moment() -> LocalTime {
    "2026-11-22T10:00:00.000Z".parse().expect("a time")
}

const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="720" height="80" viewBox="0 0 720 80"><rect x="10" y="10" width="300" height="40" fill="#000000"/><text x="330" y="40" font-family="Helvetica, Arial, sans-serif" font-size="16">text in a figure</text></svg>"##;
