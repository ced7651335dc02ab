//! A document as PDF/A-2a (ISO 19005-2, level A), typeset by Typst inside the program.
//!
//! The same document and the same moment give the same bytes. Values go in as data (`data.rs`), never as markup; the template
//! (`template.typ`) is ours, and `press.rs` is all the world it sees.

mod data;
mod press;

use chrono::{Datelike as _, Timelike as _};
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp, pdf};

use self::data::Paper;
use self::press::{Press, can_draw};
use super::document::Document;
use crate::time::LocalTime;

/// Why there is no PDF. None of them is the reader's doing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// What was typeset does not meet PDF/A.
    #[error("the PDF does not meet PDF/A: {0}")]
    Archive(String),
    /// The thread that typesets could not be started, or panicked.
    #[error("the typesetting was stopped")]
    Stopped,
    /// The document could not be typeset.
    #[error("the document could not be typeset: {0}")]
    Typeset(String),
}

/// Writes a document as PDF/A-2a, made at `created`.
///
/// # Errors
///
/// [`PdfError`].
pub fn render(document: &Document, created: LocalTime) -> Result<Vec<u8>, PdfError> {
    let paper = Paper::new(document, can_draw).map_err(|error| PdfError::Typeset(error.to_string()))?;
    let press = Press::new(paper).ok_or_else(|| PdfError::Typeset("a path is not one".to_owned()))?;
    let ident = format!("{}\n{}\n{created}", document.title, document.footer);
    let typeset = move || {
        let bytes = typeset(&press, ident, created);
        // What was memoised is of no use to the next document, and is held for ever otherwise.
        typst::comemo::evict(0);
        bytes
    };
    // Layout descends deeper than the stack of a thread of tests allows.
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(typeset).map_err(|_| PdfError::Stopped)?;
    thread.join().map_err(|_| PdfError::Stopped)?
}

fn typeset(press: &Press, ident: String, created: LocalTime) -> Result<Vec<u8>, PdfError> {
    let document = typst::compile(press).output.map_err(|errors| PdfError::Typeset(messages(&errors)))?;
    let standards =
        PdfStandards::new(&[PdfStandard::A_2a]).map_err(|error| PdfError::Archive(error.message().to_string()))?;
    let options = PdfOptions {
        ident: Smart::Custom(ident),
        creator: Smart::Custom(Some(concat!("signhold ", env!("CARGO_PKG_VERSION")).to_owned())),
        timestamp: timestamp(created),
        standards,
        ..PdfOptions::default()
    };
    pdf(&document, &options).map_err(|errors| PdfError::Archive(messages(&errors)))
}

fn timestamp(created: LocalTime) -> Option<Timestamp> {
    let at = created.to_datetime();
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(|part| u8::try_from(part).unwrap_or_default());
    Datetime::from_ymd_hms(at.year(), month, day, hour, minute, second).map(Timestamp::new_utc)
}

fn messages(errors: &[SourceDiagnostic]) -> String {
    let messages = errors.iter().flat_map(|error| {
        let hints = error.hints.iter().map(|hint| hint.v.to_string());
        std::iter::once(error.message.to_string()).chain(hints)
    });
    messages.collect::<Vec<String>>().join("; ")
}

const STACK_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use typst::layout::{Frame, FrameItem};

    use super::*;
    use crate::report::document::{Block, Text};
    use crate::report::legible::legible;
    use crate::report::specimen::{HOSTILE, moment, specimen};

    /// Returns what is set on each page, page by page, without the spaces.
    fn pages(document: &Document) -> Vec<String> {
        fn collect(frame: &Frame, text: &mut String) {
            for (_, item) in frame.items() {
                match item {
                    FrameItem::Group(group) => collect(&group.frame, text),
                    FrameItem::Text(run) => text.extend(run.text.chars().filter(|c| !c.is_whitespace())),
                    _ => {}
                }
            }
        }
        let press = Press::new(Paper::new(document, can_draw).unwrap()).unwrap();
        let compile = move || -> Vec<String> {
            let set = typst::compile::<typst_layout::PagedDocument>(&press).output.unwrap();
            let page = |frame: &Frame| {
                let mut text = String::new();
                collect(frame, &mut text);
                text
            };
            set.pages().iter().map(|set| page(&set.frame)).collect()
        };
        std::thread::Builder::new().stack_size(STACK_BYTES).spawn(compile).unwrap().join().unwrap()
    }

    fn squeezed(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    #[test]
    fn marks_and_number_stand_on_every_page_and_strangers_text_comes_out_as_it_is() {
        let document = specimen();
        let pages = pages(&document);
        assert!(pages.len() > 3, "{}", pages.len());
        for (number, page) in (1..).zip(&pages) {
            for mark in &document.marks {
                assert_eq!(page.matches(&squeezed(mark)).count(), 2, "head and foot of page {number}");
            }
            assert!(page.contains(&squeezed(&document.footer)), "page {number}");
            assert!(page.contains(&format!("{number}/{}", pages.len())), "page {number}");
        }
        let all = pages.concat();
        // What has letters from the right is set in another order; the others come out character by character.
        for value in HOSTILE.iter().filter(|value| !value.contains('ש')) {
            assert!(all.contains(&squeezed(&legible(value))), "{value}");
        }
        assert!(all.contains("Müller\\u{606f}\\u{1f680}\\u{e000}"), "what no font has is spelled out");
        assert_eq!(
            all.matches("ValueAswordsCount").count(),
            pages.len() - 1,
            "the table runs from the second page to the last"
        );
    }

    #[test]
    fn a_declaration_and_its_lines_stay_on_one_page() {
        let line = |number: usize| Block::paragraph(format!("line {number}"));
        let lines = vec!["Place".to_owned(), "Name".to_owned(), "Signature".to_owned()];
        // Wherever on the page it begins.
        for before in [25, 30, 35, 40, 45] {
            let mut blocks: Vec<Block> = (0..before).map(line).collect();
            let signed = Block::SignatureLines(lines.clone());
            blocks.push(Block::Kept(vec![Block::paragraph("I declare"), signed]));
            let pages = pages(&Document { title: "Kept".to_owned(), blocks, ..Document::default() });
            let page = pages.iter().find(|page| page.contains("Ideclare")).unwrap();
            assert!(["Place", "Name", "Signature"].iter().all(|label| page.contains(label)), "{before}: {pages:?}");
        }
    }

    #[test]
    fn the_same_document_and_moment_give_the_same_bytes() {
        let mut document = specimen();
        // The long table adds time, and no sort of block.
        document.blocks.retain(|block| !matches!(block, Block::Table(table) if table.rows.len() > 20));
        let first = render(&document, moment()).unwrap();
        assert!(first.starts_with(b"%PDF-1.7"));
        assert_eq!(first, render(&document, moment()).unwrap());
    }

    #[test]
    fn every_character_that_can_be_drawn_meets_the_archive_standard() {
        let all: Vec<char> = (0..=0x2_ffff).filter_map(char::from_u32).filter(|c| can_draw(*c)).collect();
        assert!(all.len() > 3000, "{}", all.len());
        let line = |chars: &[char]| {
            let text: String = chars.iter().collect();
            [Block::Paragraph(Text::plain(text.clone())), Block::Paragraph(Text::code(text))]
        };
        let blocks = all.chunks(512).flat_map(line).collect();
        render(&Document { title: "All".to_owned(), blocks, ..Document::default() }, moment()).unwrap();
    }
}
