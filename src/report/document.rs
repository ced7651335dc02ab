//! A document: what is said, block by block, without a word on how it looks.
//!
//! One text serves HTML, PDF and a word processor, so that they cannot say different things. Values of a log go in as they are:
//! each renderer makes them visible ([`crate::codec::visible`]) and escapes them for its medium, and nothing in a document is
//! ever markup.

use crate::time::LocalTime;
use crate::verify::Provenance;

/// A whole document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The title.
    pub title: String,
    /// A line below it.
    pub subtitle: String,
    /// Lines that stand on every page: [`crate::verify::Provenance::marks`], and that a draft is one.
    pub marks: Vec<String>,
    /// A line at the foot of every page: which package, by which digest and version.
    pub footer: String,
    /// What is said.
    pub blocks: Vec<Block>,
}

impl Document {
    /// Returns an empty document that says of which package it is made, by what and when.
    #[must_use]
    pub fn about(title: impl Into<String>, subtitle: impl Into<String>, of: &Provenance, made: LocalTime) -> Self {
        let archive = of.archive_sha256.map_or_else(|| "could not be computed".to_owned(), |digest| digest.to_string());
        Self {
            title: title.into(),
            subtitle: subtitle.into(),
            marks: of.marks(),
            footer: format!(
                "made {made} by signhold {} from package {}; SHA-256 of the package: {archive}",
                env!("CARGO_PKG_VERSION"),
                of.package
            ),
            blocks: Vec::new(),
        }
    }
}

/// One piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The chapters, each with where it begins.
    Contents,
    /// Names and values in two columns.
    Facts(Vec<(String, Text)>),
    /// A picture.
    Figure {
        /// Said below it.
        caption: String,
        /// What it shows, for who cannot see it.
        alternative: String,
        /// The picture, SVG 1.1 without scripts, links and fonts of its own.
        svg: String,
    },
    /// A heading; level 1 begins a chapter.
    Heading {
        /// 1 to 3.
        level: u8,
        /// Its text.
        text: String,
    },
    /// Pieces that belong on one page, such as a declaration and the lines to sign it on; together they are shorter than one.
    Kept(Vec<Block>),
    /// Items, numbered or not.
    List {
        /// Whether they are numbered.
        numbered: bool,
        /// The items.
        items: Vec<Text>,
    },
    /// Something that nobody should miss, in a frame.
    Notice(Text),
    /// What follows begins a page.
    PageBreak,
    /// Running text.
    Paragraph(Text),
    /// Lines to be signed or filled in by hand, each with its label.
    SignatureLines(Vec<String>),
    /// A table.
    Table(Table),
}

/// A table. Rows have as many cells as there are columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Said above it.
    pub caption: String,
    /// The heads.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Text>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub title: String,
    /// How its cells stand.
    pub alignment: Alignment,
    /// Its part of the width, relative to the other columns'.
    pub weight: u16,
}

/// How the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Running text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Vec<Span>);

/// A stretch of text of one sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// A place that a person has to fill in; the text says with what. Shown as a marked blank, and never filled by us.
    Blank(String),
    /// An empty box that a person may tick. Nothing is ticked by us.
    Box,
    /// Digests, identifiers, values of a log, to be read character by character; may break anywhere.
    Code(String),
    /// Words.
    Plain(String),
    /// Words that weigh more.
    Strong(String),
}

impl Text {
    /// Returns plain words.
    #[must_use]
    pub fn plain(words: impl Into<String>) -> Self {
        Self(vec![Span::Plain(words.into())])
    }

    /// Returns a value to be read character by character.
    #[must_use]
    pub fn code(value: impl Into<String>) -> Self {
        Self(vec![Span::Code(value.into())])
    }

    /// Returns a marked blank.
    #[must_use]
    pub fn blank(what: impl Into<String>) -> Self {
        Self(vec![Span::Blank(what.into())])
    }

    /// Adds words; nothing where there are none.
    #[must_use]
    pub fn and_plain(self, words: &str) -> Self {
        if words.is_empty() { self } else { self.and(Span::Plain(words.to_owned())) }
    }

    /// Adds a stretch.
    #[must_use]
    pub fn and(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }
}

impl Column {
    /// Returns a column of words.
    #[must_use]
    pub fn words(title: impl Into<String>, weight: u16) -> Self {
        Self { title: title.into(), alignment: Alignment::Left, weight }
    }

    /// Returns a column of numbers.
    #[must_use]
    pub fn numbers(title: impl Into<String>, weight: u16) -> Self {
        Self { title: title.into(), alignment: Alignment::Right, weight }
    }
}

impl Block {
    /// Returns a heading.
    #[must_use]
    pub fn heading(level: u8, text: impl Into<String>) -> Self {
        Self::Heading { level, text: text.into() }
    }

    /// Returns a paragraph of plain words.
    #[must_use]
    pub fn paragraph(words: impl Into<String>) -> Self {
        Self::Paragraph(Text::plain(words))
    }
}
