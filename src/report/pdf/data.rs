//! A document as the template takes it: JSON, every value cut into the parts between which a line may break.
//!
//! Apart from the press, because what no built-in font can draw is replaced here: PDF/A forbids a glyph that stands for nothing,
//! and a character that vanished would be worse than one that is spelled out.

use serde::Serialize;

use crate::report::document::{Alignment, Block, Document, Span, Text};
use crate::report::legible::{Look, is_short, is_time, legible, shown};

/// The document, and its pictures by their path.
pub(super) struct Paper {
    pub(super) json: Vec<u8>,
    pub(super) pictures: Vec<(String, String)>,
}

#[derive(Serialize)]
struct PaperData {
    title: String,
    heading: Vec<Stretch>,
    subtitle: Vec<Stretch>,
    marks: Vec<Vec<Stretch>>,
    /// How many lines the marks take, at most.
    mark_lines: usize,
    footer: Vec<Stretch>,
    blocks: Vec<BlockData>,
}

/// Text of one look.
#[derive(Serialize)]
struct Stretch {
    look: &'static str,
    parts: Vec<String>,
}

#[derive(Serialize)]
#[serde(tag = "sort", rename_all = "snake_case")]
enum BlockData {
    Contents,
    Facts { facts: Vec<Fact> },
    Figure { caption: Vec<Stretch>, alternative: String, path: String },
    Heading { level: u8, text: Vec<Stretch> },
    Kept { blocks: Vec<BlockData> },
    List { numbered: bool, items: Vec<Vec<Stretch>> },
    Notice { text: Vec<Stretch> },
    PageBreak,
    Paragraph { text: Vec<Stretch> },
    SignatureLines { labels: Vec<Vec<Stretch>> },
    Table { caption: Vec<Stretch>, columns: Vec<ColumnData>, rows: Vec<Vec<Vec<Stretch>>>, is_short: bool },
}

#[derive(Serialize)]
struct Fact {
    name: Vec<Stretch>,
    value: Vec<Stretch>,
}

#[derive(Serialize)]
struct ColumnData {
    title: Vec<Stretch>,
    right: bool,
    weight: u16,
}

impl Paper {
    /// Lays a document out as data. `can_draw` says for which characters there is a glyph.
    pub(super) fn new(document: &Document, can_draw: impl Fn(char) -> bool) -> Result<Self, serde_json::Error> {
        let typesetter = Typesetter { can_draw };
        let mut pictures = Vec::new();
        let blocks = document.blocks.iter().map(|block| typesetter.block(block, &mut pictures)).collect();
        let data = PaperData {
            title: typesetter.drawable(&legible(&document.title)),
            heading: typesetter.line(&document.title),
            subtitle: typesetter.line(&document.subtitle),
            marks: document.marks.iter().map(|mark| typesetter.line(mark)).collect(),
            mark_lines: document.marks.iter().map(|mark| legible(mark).chars().count().div_ceil(MARK_CHARS)).sum(),
            footer: typesetter.foot(&document.footer),
            blocks,
        };
        Ok(Self { json: serde_json::to_vec(&data)?, pictures })
    }
}

struct Typesetter<D> {
    can_draw: D,
}

impl<D: Fn(char) -> bool> Typesetter<D> {
    fn block(&self, block: &Block, pictures: &mut Vec<(String, String)>) -> BlockData {
        match block {
            Block::Contents => BlockData::Contents,
            Block::Facts(facts) => BlockData::Facts {
                facts: facts
                    .iter()
                    .map(|(name, value)| Fact { name: self.line(name), value: self.text(value) })
                    .collect(),
            },
            Block::Figure { caption, alternative, svg } => {
                let path = format!("figure-{}.svg", pictures.len());
                pictures.push((path.clone(), svg.clone()));
                BlockData::Figure { caption: self.line(caption), alternative: legible(alternative), path }
            }
            Block::Heading { level, text } => BlockData::Heading { level: (*level).clamp(1, 3), text: self.line(text) },
            Block::Kept(blocks) => {
                BlockData::Kept { blocks: blocks.iter().map(|block| self.block(block, pictures)).collect() }
            }
            Block::List { numbered, items } => {
                BlockData::List { numbered: *numbered, items: items.iter().map(|item| self.text(item)).collect() }
            }
            Block::Notice(text) => BlockData::Notice { text: self.text(text) },
            Block::PageBreak => BlockData::PageBreak,
            Block::Paragraph(text) => BlockData::Paragraph { text: self.text(text) },
            Block::SignatureLines(labels) => {
                BlockData::SignatureLines { labels: labels.iter().map(|label| self.line(label)).collect() }
            }
            Block::Table(table) => BlockData::Table {
                is_short: is_short(table),
                caption: self.line(&table.caption),
                columns: table
                    .columns
                    .iter()
                    .map(|column| ColumnData {
                        title: self.line(&column.title),
                        right: column.alignment == Alignment::Right,
                        weight: column.weight.max(1),
                    })
                    .collect(),
                rows: table.rows.iter().map(|row| row.iter().map(|cell| self.text(cell)).collect()).collect(),
            },
        }
    }

    fn line(&self, words: &str) -> Vec<Stretch> {
        if words.is_empty() { Vec::new() } else { self.text(&Text::plain(words)) }
    }

    /// The foot is as wide as the page: a digest in it stays whole.
    fn foot(&self, words: &str) -> Vec<Stretch> {
        vec![Stretch { look: "plain", parts: parts(&self.drawable(&legible(words)), LONG_WORD_OF_FOOT) }]
    }

    fn text(&self, text: &Text) -> Vec<Stretch> {
        text.0.iter().map(|span| self.stretch(span)).collect()
    }

    fn stretch(&self, span: &Span) -> Stretch {
        let (look, words) = shown(span);
        let look = match look {
            Look::Blank => "blank",
            Look::Code => "code",
            Look::Plain => "plain",
            Look::Strong => "strong",
        };
        Stretch { look, parts: parts(&self.drawable(&words), LONG_WORD) }
    }

    /// Spells out what cannot be drawn.
    fn drawable(&self, words: &str) -> String {
        let mut drawn = String::with_capacity(words.len());
        for c in words.chars() {
            if (self.can_draw)(c) { drawn.push(c) } else { drawn.extend(c.escape_unicode()) }
        }
        drawn
    }
}

/// Cuts text where a word is too long to be sure of a line: a time before its hour, other words behind signs, digests anywhere.
fn parts(words: &str, long_word: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in words.split_inclusive(' ') {
        let bare = word.trim_end();
        let is_long = bare.chars().count() > long_word;
        let is_time = is_time(bare);
        let longest = if bare.chars().all(|c| c.is_ascii_hexdigit()) { PART } else { PART_OF_WORD };
        let (mut run, mut before) = (0, None);
        for c in word.chars() {
            let may_break = match before {
                None | Some(' ') => false,
                Some(before) if is_time => before == 'T',
                Some(before) => c != ' ' && (run >= longest || SIGNS.contains(before) && c.is_alphanumeric()),
            };
            if is_long && may_break {
                parts.push(String::new());
                run = 0;
            }
            if let Some(last) = parts.last_mut() {
                last.push(c);
            }
            (run, before) = (run + 1, Some(c));
        }
    }
    parts
}

/// So many characters of a mark fit a line of the header, in capitals.
const MARK_CHARS: usize = 95;
/// Words of a language are shorter.
const LONG_WORD: usize = 16;
/// Longer than a digest.
const LONG_WORD_OF_FOOT: usize = 80;
/// Divides the length of a digest; narrower than any column.
const PART: usize = 4;
/// Narrow enough, and what is left can be read as a part of a word.
const PART_OF_WORD: usize = 8;
/// Behind these a word may go on in the next line.
const SIGNS: &str = "-/_.:,;@=&?+|";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_may_break_and_nothing_is_lost() {
        let text = "see 0123456789abcdef0123 and more";
        assert_eq!(parts(text, LONG_WORD), ["see 0123", "4567", "89ab", "cdef", "0123 and more"]);
        assert_eq!(parts(text, LONG_WORD).concat(), text);
        assert_eq!(parts("short words stay whole", LONG_WORD), ["short words stay whole"]);
        assert_eq!(parts("", LONG_WORD), [""]);
        assert_eq!(parts("[2026-11-20T06:21:05.543Z to", LONG_WORD), ["[2026-11-20T", "06:21:05.543Z to"]);
        assert_eq!(parts("data/pages/000029.json", LONG_WORD), ["data/", "pages/", "000029.", "json"]);
        assert_eq!(parts("MSGraphPermissionMissing", LONG_WORD), ["MSGraphP", "ermissio", "nMissing"]);
    }
}
