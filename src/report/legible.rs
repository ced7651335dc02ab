//! What of a value people see, whatever the medium.
//!
//! Apart from the renderers, so that none of them can forget a step: unseen characters are made visible, one value is one line,
//! and a value of a megabyte does not bury the page. The escaping of the medium comes after this.

use super::document::{Block, Document, Span, Table};
use crate::codec::visible::visible_line;

/// How a stretch of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// To be filled in by hand.
    Blank,
    /// Character by character.
    Code,
    /// Words.
    Plain,
    /// Words that weigh more.
    Strong,
}

/// Returns how a stretch looks and what of it is shown.
pub(super) fn shown(span: &Span) -> (Look, String) {
    match span {
        Span::Blank(what) => (Look::Blank, format!("[____ {} ____]", legible(what))),
        Span::Box => (Look::Blank, "\u{2610}".to_owned()),
        Span::Code(value) => (Look::Code, legible(value)),
        Span::Plain(words) => (Look::Plain, legible(words)),
        Span::Strong(words) => (Look::Strong, legible(words)),
    }
}

/// Returns a value as one line without anything unseen; a long one ends with how much of it is not shown.
pub(super) fn legible(value: &str) -> String {
    let kept = value.char_indices().nth(MAX_CHARS).map_or(value, |(end, _)| value.get(..end).unwrap_or(value));
    let mut line = String::with_capacity(kept.len());
    for c in visible_line(kept).chars() {
        if is_noncharacter(c) { line.extend(c.escape_unicode()) } else { line.push(c) }
    }
    let cut = value.len() - kept.len();
    if cut > 0 {
        line += &format!(" [cut here: {cut} more bytes are in the sealed package]");
    }
    line
}

/// Returns the titles of the chapters.
pub(super) fn chapters(document: &Document) -> Vec<&str> {
    let title = |block: &'_ Block| matches!(block, Block::Heading { level: 0..=1, .. });
    let chapters = document.blocks.iter().filter(|block| title(block));
    chapters
        .filter_map(|block| if let Block::Heading { text, .. } = block { Some(text.as_str()) } else { None })
        .collect()
}

/// Says whether a table is so short that no page has to break it.
pub(super) fn is_short(table: &Table) -> bool {
    let stretches = table.rows.iter().flatten().flat_map(|cell| &cell.0);
    table.rows.len() <= SHORT_ROWS && stretches.map(|span| shown(span).1.len()).sum::<usize>() <= SHORT_BYTES
}

/// Says whether a word begins as RFC 3339 writes times.
pub(super) fn is_time(word: &str) -> bool {
    let start = word.trim_start_matches(['[', '(']).bytes().take(11);
    let shape: Vec<u8> = start.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte }).collect();
    shape == b"0000-00-00T"
}

/// Says whether Unicode reserves a code point for ever: XML and fonts have none of them.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// The longest value that the service writes by itself, a user agent or a list of policies in JSON, stays below.
const MAX_CHARS: usize = 8192;
/// A quarter of a page: longer tables fill the page they begin on.
const SHORT_ROWS: usize = 8;
/// The same, were it all in one narrow column.
const SHORT_BYTES: usize = 1500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_visible_line() {
        assert_eq!(legible("a\nb\0\u{202e}\u{ffff}"), "a\\u{a}b\\u{0}\\u{202e}\\u{ffff}");
        assert_eq!(legible("Müller 息"), "Müller 息");
    }

    #[test]
    fn a_time_is_told_from_other_words() {
        assert!(is_time("2026-11-20T06:21:05Z") && is_time("[2026-11-20T06:21:05Z,"));
        assert!(!is_time("2026-11-20") && !is_time("ACME-2026-014_20261122T16") && !is_time(""));
    }

    #[test]
    fn a_long_value_says_how_much_is_missing() {
        let long = "é".repeat(MAX_CHARS + 3);
        let line = legible(&long);
        assert!(line.ends_with("é [cut here: 6 more bytes are in the sealed package]"), "{}", line.len());
        assert_eq!(legible(&"x".repeat(MAX_CHARS)).len(), MAX_CHARS);
    }
}
