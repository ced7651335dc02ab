//! A document as an Office Open XML file (ISO/IEC 29500), for people who have to edit it.
//!
//! The same text as everywhere; what a person has to fill in is highlighted. Pictures are left out, for what they show is said
//! beside them in words.

use std::io::Cursor;

use docx_rs::{
    AbstractNumbering, AlignmentType, BorderType, BreakType, Docx, Footer, Header, IndentLevel, Level, LevelJc,
    LevelOverride, LevelText, LineSpacing, NumPages, NumberFormat, Numbering, NumberingId, PageMargin, PageNum,
    Paragraph, Run, RunFonts, Shading, SpecialIndentType, Start, Style, StyleType, Table as Grid, TableBorder,
    TableBorderPosition, TableBorders, TableCell, TableLayoutType, TableRow, WidthType,
};

use super::document::{Alignment, Block, Document, Table, Text};
use super::legible::{Look, chapters, legible, shown};
use crate::time::LocalTime;

/// The file could not be put together, which only a lack of memory brings about.
#[derive(Debug, thiserror::Error)]
#[error("the document could not be written: {0}")]
pub struct DocxError(String);

/// Writes a document as an Office Open XML file, made at `created`.
///
/// # Errors
///
/// [`DocxError`].
pub fn render(document: &Document, created: LocalTime) -> Result<Vec<u8>, DocxError> {
    let at = created.to_datetime().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut writer = Writer { docx: styled(Docx::new()).created_at(&at).updated_at(&at), lists: 0, is_kept: false };
    writer.frame(document);
    writer.paragraph(Paragraph::new().style("Title").add_run(run(&legible(&document.title))));
    writer.paragraph(Paragraph::new().style("Subtitle").add_run(run(&legible(&document.subtitle))));
    for block in &document.blocks {
        writer.block(document, block);
    }
    let mut bytes = Cursor::new(Vec::new());
    writer.docx.pack(&mut bytes).map_err(|error| DocxError(error.to_string()))?;
    Ok(bytes.into_inner())
}

struct Writer {
    docx: Docx,
    /// How many numbered lists there are: each counts from one.
    lists: usize,
    /// Whether a paragraph stands on the page of the one after it.
    is_kept: bool,
}

impl Writer {
    /// Puts the marks on every page, above and below.
    fn frame(&mut self, document: &Document) {
        let mark = |mark: &String| {
            Paragraph::new().align(AlignmentType::Center).add_run(run(&legible(mark)).bold().size(SMALL))
        };
        let header = document.marks.iter().map(mark).fold(Header::new(), Header::add_paragraph);
        let count = Paragraph::new().align(AlignmentType::Right).size(SMALL);
        let count = count.add_page_num(PageNum::new()).add_run(run(" / ")).add_num_pages(NumPages::new());
        let line = Paragraph::new().add_run(run(&legible(&document.footer)).size(SMALL).color(QUIET));
        let footer = Footer::new().add_paragraph(line).add_paragraph(count);
        let footer = document.marks.iter().map(mark).fold(footer, Footer::add_paragraph);
        self.change(|docx| docx.header(header).footer(footer));
    }

    fn block(&mut self, document: &Document, block: &Block) {
        match block {
            Block::Contents => {
                for title in chapters(document) {
                    let tight = LineSpacing::new().after(20);
                    self.paragraph(Paragraph::new().line_spacing(tight).add_run(run(&legible(title))));
                }
            }
            Block::Facts(facts) => {
                let row = |(name, value): &(String, Text)| {
                    let name = paragraph(&Text::plain(name.as_str())).color(QUIET);
                    TableRow::new(vec![cell(name, WIDTH * 3 / 10), cell(paragraph(value), WIDTH * 7 / 10)])
                };
                let grid = Grid::without_borders(facts.iter().map(row).collect());
                self.grid(grid, vec![WIDTH * 3 / 10, WIDTH * 7 / 10]);
            }
            Block::Figure { caption, alternative, .. } => {
                let words = format!("{} (picture left out here). {}", legible(caption), legible(alternative));
                self.paragraph(Paragraph::new().add_run(run(&words).italic()));
            }
            Block::Heading { level, text } => {
                let style = format!("Heading{}", (*level).clamp(1, 3));
                self.paragraph(Paragraph::new().style(&style).keep_next(true).add_run(run(&legible(text))));
            }
            Block::Kept(blocks) => {
                for (place, block) in (1..).zip(blocks) {
                    self.is_kept = place < blocks.len();
                    self.block(document, block);
                }
                self.is_kept = false;
            }
            Block::List { numbered, items } => self.list(*numbered, items),
            Block::Notice(text) => {
                let framed = TableBorders::with_empty();
                let sides = [
                    TableBorderPosition::Top,
                    TableBorderPosition::Bottom,
                    TableBorderPosition::Left,
                    TableBorderPosition::Right,
                ];
                let line = |side| TableBorder::new(side).border_type(BorderType::Single).size(12);
                let framed = sides.into_iter().map(line).fold(framed, TableBorders::set);
                let grid = Grid::new(vec![TableRow::new(vec![cell(paragraph(text), WIDTH)])]).set_borders(framed);
                self.grid(grid, vec![WIDTH]);
            }
            Block::PageBreak => self.paragraph(Paragraph::new().add_run(Run::new().add_break(BreakType::Page))),
            Block::Paragraph(text) => self.paragraph(paragraph(text)),
            Block::SignatureLines(labels) => {
                for (place, label) in (1..).zip(labels) {
                    let space = LineSpacing::new().before(700).after(0);
                    self.paragraph(Paragraph::new().line_spacing(space).keep_next(true).add_run(run(SIGNATURE_LINE)));
                    // One line alone on a page could be under anything.
                    let line = Paragraph::new().keep_next(place < labels.len());
                    self.paragraph(line.add_run(run(&legible(label)).color(QUIET)));
                }
            }
            Block::Table(table) => self.table(table),
        }
    }

    fn list(&mut self, numbered: bool, items: &[Text]) {
        let id = if numbered {
            self.lists += 1;
            let id = DECIMAL + self.lists;
            let numbering = Numbering::new(id, DECIMAL).add_override(LevelOverride::new(0).start(1));
            self.change(|docx| docx.add_numbering(numbering));
            id
        } else {
            BULLETS
        };
        for item in items {
            self.paragraph(paragraph(item).numbering(NumberingId::new(id), IndentLevel::new(0)));
        }
    }

    fn table(&mut self, table: &Table) {
        if !table.caption.is_empty() {
            self.paragraph(Paragraph::new().keep_next(true).add_run(run(&legible(&table.caption)).bold()));
        }
        let sum: usize = table.columns.iter().map(|column| usize::from(column.weight)).sum::<usize>().max(1);
        let widths: Vec<usize> = table.columns.iter().map(|column| WIDTH * usize::from(column.weight) / sum).collect();
        let aligned = |paragraph: Paragraph, place: usize| {
            let right = table.columns.get(place).is_some_and(|column| column.alignment == Alignment::Right);
            if right { paragraph.align(AlignmentType::Right) } else { paragraph }
        };
        let width = |place: usize| widths.get(place).copied().unwrap_or_default();
        let heads = table.columns.iter().enumerate().map(|(place, column)| {
            let head = Paragraph::new().add_run(run(&legible(&column.title)).bold());
            cell(aligned(head, place), width(place)).shading(Shading::new().fill("E8E8E8"))
        });
        let mut rows = vec![TableRow::new(heads.collect()).cant_split()];
        for row in &table.rows {
            let cells = row.iter().enumerate();
            rows.push(TableRow::new(
                cells.map(|(place, text)| cell(aligned(paragraph(text), place), width(place))).collect(),
            ));
        }
        self.grid(Grid::new(rows), widths);
    }

    /// Adds a table, and an empty line after it: two tables that touch become one.
    fn grid(&mut self, grid: Grid, widths: Vec<usize>) {
        let grid = grid.set_grid(widths).width(WIDTH, WidthType::Dxa).layout(TableLayoutType::Fixed);
        self.change(|docx| docx.add_table(grid));
        self.paragraph(Paragraph::new());
    }

    fn paragraph(&mut self, paragraph: Paragraph) {
        let paragraph = if self.is_kept { paragraph.keep_next(true) } else { paragraph };
        self.change(|docx| docx.add_paragraph(paragraph));
    }

    fn change(&mut self, change: impl FnOnce(Docx) -> Docx) {
        self.docx = change(std::mem::take(&mut self.docx));
    }
}

/// Sets page, styles and the two sorts of lists.
fn styled(docx: Docx) -> Docx {
    let margin = PageMargin::new().left(MARGIN).right(MARGIN).top(1400).bottom(1400).header(500).footer(500);
    let heading = |level: usize, half_points: usize| {
        let style = Style::new(format!("Heading{level}"), StyleType::Paragraph).name(format!("heading {level}"));
        style.size(half_points).bold().outline_lvl(level - 1).line_spacing(LineSpacing::new().before(360).after(120))
    };
    let level =
        |start: usize, format: &str, text: &str| {
            Level::new(0, Start::new(start), NumberFormat::new(format), LevelText::new(text), LevelJc::new("left"))
                .indent(Some(560), Some(SpecialIndentType::Hanging(360)), None, None)
        };
    docx.page_size(11906, 16838)
        .page_margin(margin)
        .default_fonts(RunFonts::new().ascii(FONT).hi_ansi(FONT).cs(FONT).east_asia(FONT))
        .default_size(21)
        .default_line_spacing(LineSpacing::new().after(120))
        .add_style(Style::new("Title", StyleType::Paragraph).name("Title").size(40).bold())
        .add_style(Style::new("Subtitle", StyleType::Paragraph).name("Subtitle").size(24).color(QUIET))
        .add_style(heading(1, 30))
        .add_style(heading(2, 25))
        .add_style(heading(3, 22))
        .add_abstract_numbering(AbstractNumbering::new(BULLETS).add_level(level(1, "bullet", "•")))
        .add_numbering(Numbering::new(BULLETS, BULLETS))
        .add_abstract_numbering(AbstractNumbering::new(DECIMAL).add_level(level(1, "decimal", "%1.")))
}

fn cell(paragraph: Paragraph, width: usize) -> TableCell {
    let tight = LineSpacing::new().before(40).after(40);
    TableCell::new().add_paragraph(paragraph.line_spacing(tight)).width(width, WidthType::Dxa)
}

fn paragraph(text: &Text) -> Paragraph {
    let stretch = |span| {
        let (look, words) = shown(span);
        let run = run(&words);
        match look {
            Look::Blank => run.highlight("yellow"),
            Look::Code => run.fonts(RunFonts::new().ascii(MONO).hi_ansi(MONO).cs(MONO)).size(18),
            Look::Plain => run,
            Look::Strong => run.bold(),
        }
    };
    text.0.iter().map(stretch).fold(Paragraph::new(), Paragraph::add_run)
}

fn run(words: &str) -> Run {
    Run::new().add_text(words)
}

/// Twentieths of a point, as all lengths here: A4 less twice the margin.
const WIDTH: usize = 9638;
const MARGIN: i32 = 1134;
/// Half points.
const SMALL: usize = 15;
const QUIET: &str = "505050";
const FONT: &str = "Times New Roman";
const MONO: &str = "Courier New";
/// Two and three: docx-rs itself defines a list of number one, and the first definition counts.
const BULLETS: usize = 2;
const DECIMAL: usize = 3;
const SIGNATURE_LINE: &str = "________________________________________";

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::report::specimen::{HOSTILE, moment, specimen};

    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn no_value_becomes_markup_and_blanks_are_highlighted() {
        let bytes = render(&specimen(), moment()).unwrap();
        let text = part(&bytes, "word/document.xml");
        for tag in text.split('<').skip(1).filter(|tag| !tag.starts_with('?')) {
            assert!(tag.trim_start_matches('/').starts_with("w:"), "<{}", tag.chars().take(60).collect::<String>());
        }
        for value in HOSTILE {
            let escaped = legible(value).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let escaped = escaped.replace('"', "&quot;").replace('\'', "&apos;");
            assert!(text.contains(&escaped), "{value}");
        }
        assert!(text.contains("<w:highlight w:val=\"yellow\" />"), "a blank");
        assert!(text.contains("[____ your name ____]"));
    }

    #[test]
    fn a_declaration_and_its_lines_stay_on_one_page() {
        let bytes = render(&specimen(), moment()).unwrap();
        let text = part(&bytes, "word/document.xml");
        let (_, kept) = text.split_once(">Declaration<").unwrap();
        let (kept, last) = kept.rsplit_once("<w:p ").unwrap();
        let paragraphs = kept.matches("<w:p ").count();
        assert!(paragraphs > 3 && kept.matches("<w:keepNext />").count() == paragraphs, "{kept}");
        assert!(!last.contains("keepNext"), "{last}");
    }

    #[test]
    fn marks_stand_above_and_below_every_page() {
        let document = specimen();
        let bytes = render(&document, moment()).unwrap();
        for name in ["word/header1.xml", "word/footer1.xml"] {
            let text = part(&bytes, name);
            assert!(document.marks.iter().all(|mark| text.contains(mark)), "{name}: {text}");
        }
        assert_eq!(bytes, render(&document, moment()).unwrap(), "the same document and moment give the same bytes");
    }
}
