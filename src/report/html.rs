//! A document as one HTML file (WHATWG HTML) that loads nothing, runs nothing and can be printed.
//!
//! Values reach the page through [`legible`] and then through [`escaped`]; nothing of them is ever markup. The policy in the
//! head (Content Security Policy Level 3) allows this one style sheet, by its digest, and nothing else: should a value slip
//! through all the same, it could neither run nor ask for anything.

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use super::document::{Alignment, Block, Document, Table, Text};
use super::legible::{Look, chapters, is_short, is_time, legible, shown};
use crate::codec::markup;

/// Writes a document as one HTML file.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut page = Page { body: String::new(), style: STYLE.to_owned(), chapters: 0, tables: 0 };
    for block in &document.blocks {
        page.block(document, block);
    }
    let title = escaped(&document.title);
    let marks: String = document.marks.iter().map(|mark| element("p", "", &escaped(mark))).collect();
    let digest = BASE64.encode(&Sha256::digest(page.style.as_bytes()));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n\
         <header class=\"top marks\">{marks}</header>\n<main>\n<h1>{title}</h1>\n<p class=\"subtitle\">{subtitle}</p>\n\
         {body}</main>\n<footer class=\"bottom\"><div class=\"foot\">{footer}</div><div class=\"marks\">{marks}</div></footer>\n</body>\n</html>\n",
        style = page.style,
        subtitle = escaped(&document.subtitle),
        body = page.body,
        footer = escaped(&document.footer),
    )
}

struct Page {
    body: String,
    /// The style sheet, with the widths of the columns of each table.
    style: String,
    chapters: usize,
    tables: usize,
}

impl Page {
    fn block(&mut self, document: &Document, block: &Block) {
        match block {
            Block::Contents => self.contents(document),
            Block::Facts(facts) => {
                let facts =
                    facts.iter().map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(name), html(value)));
                self.body += &format!("<dl>\n{}</dl>\n", facts.collect::<String>());
            }
            Block::Figure { caption, alternative, svg } => {
                self.body += &format!(
                    "<figure><div role=\"img\" aria-label=\"{}\">{svg}</div><figcaption>{}</figcaption></figure>\n",
                    escaped(alternative),
                    escaped(caption)
                );
            }
            Block::Heading { level, text } => self.heading(*level, text),
            Block::Kept(blocks) => {
                self.body += "<div class=\"kept\">\n";
                for block in blocks {
                    self.block(document, block);
                }
                self.body += "</div>\n";
            }
            Block::List { numbered, items } => {
                let tag = if *numbered { "ol" } else { "ul" };
                let items: String = items.iter().map(|item| element("li", "", &html(item))).collect();
                self.body += &format!("<{tag}>\n{items}</{tag}>\n");
            }
            Block::Notice(text) => self.body += &format!("<div class=\"notice\" role=\"note\">{}</div>\n", html(text)),
            Block::PageBreak => self.body += "<div class=\"break\"></div>\n",
            Block::Paragraph(text) => self.body += &format!("<p>{}</p>\n", html(text)),
            Block::SignatureLines(labels) => {
                for label in labels {
                    self.body += &format!("<div class=\"sign\">{}</div>\n", escaped(label));
                }
            }
            Block::Table(table) => self.table(table),
        }
    }

    fn contents(&mut self, document: &Document) {
        self.body += "<nav aria-label=\"Contents\"><ol>\n";
        for (number, title) in (1..).zip(chapters(document)) {
            self.body += &format!("<li><a href=\"#chapter-{number}\">{}</a></li>\n", escaped(title));
        }
        self.body += "</ol></nav>\n";
    }

    /// The title is the one heading of the first rank, so each level stands one rank lower.
    fn heading(&mut self, level: u8, text: &str) {
        let text = escaped(text);
        match level {
            0 | 1 => {
                self.chapters += 1;
                self.body += &format!("<h2 id=\"chapter-{}\">{text}</h2>\n", self.chapters);
            }
            2 => self.body += &format!("<h3>{text}</h3>\n"),
            _ => self.body += &format!("<h4>{text}</h4>\n"),
        }
    }

    fn table(&mut self, table: &Table) {
        self.tables += 1;
        let number = self.tables;
        let sum: u32 = table.columns.iter().map(|column| u32::from(column.weight)).sum::<u32>().max(1);
        for (place, column) in (1..).zip(&table.columns) {
            let tenths = u32::from(column.weight) * 1000 / sum;
            self.style += &format!(".t{number} col:nth-child({place}){{width:{}.{}%}}\n", tenths / 10, tenths % 10);
        }
        let class = |place: usize| {
            let right = table.columns.get(place).is_some_and(|column| column.alignment == Alignment::Right);
            if right { " class=\"n\"" } else { "" }
        };
        let heads = table.columns.iter().enumerate();
        let heads: String = heads
            .map(|(place, column)| element("th", &format!(" scope=\"col\"{}", class(place)), &escaped(&column.title)))
            .collect();
        let short = if is_short(table) { " short" } else { "" };
        let columns = "<col>".repeat(table.columns.len());
        self.body += &format!(
            "<table class=\"t{number}{short}\"><caption>{}</caption><colgroup>{columns}</colgroup>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n",
            escaped(&table.caption)
        );
        for row in &table.rows {
            let cells = row.iter().enumerate();
            let cells: String = cells.map(|(place, cell)| element("td", class(place), &html(cell))).collect();
            self.body += &format!("<tr>{cells}</tr>\n");
        }
        self.body += "</tbody></table>\n";
    }
}

/// Writes an element; `attributes` begin with a space, and `content` is markup already.
fn element(name: &str, attributes: &str, content: &str) -> String {
    format!("<{name}{attributes}>{content}</{name}>\n")
}

/// Writes running text. Each value stands in an isolate, so that text that runs from the right cannot reorder what is beside it.
fn html(text: &Text) -> String {
    let stretch = |span| {
        let (look, words) = shown(span);
        let words = markup::escaped(&words);
        match look {
            Look::Blank => format!("<mark>{words}</mark>"),
            Look::Code => format!("<code{}>{words}</code>", breakable(&words, LONG_CODE)),
            Look::Plain => format!("<bdi{}>{words}</bdi>", breakable(&words, LONG_WORD)),
            Look::Strong => format!("<strong><bdi>{words}</bdi></strong>"),
        }
    };
    text.0.iter().map(stretch).collect()
}

/// Marks text with a word that may be longer than a column and therefore may break anywhere, and a time, which may break nowhere.
fn breakable(words: &str, limit: usize) -> &'static str {
    if words.split(' ').any(|word| word.chars().count() > limit) {
        " class=\"long\""
    } else if is_time(words) && !words.contains(' ') {
        " class=\"whole\""
    } else {
        ""
    }
}

fn escaped(value: &str) -> String {
    markup::escaped(&legible(value))
}

/// A time to the nanosecond has 30 characters; a digest or an identifier has more.
const LONG_CODE: usize = 30;
/// Words of a language are shorter.
const LONG_WORD: usize = 30;
const STYLE: &str = include_str!("html.css");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Span;
    use crate::report::specimen::{HOSTILE, specimen};

    #[test]
    fn digests_may_break_and_times_may_not() {
        let text = Text::code("2026-11-20T06:21:05.543Z")
            .and(Span::Code("0f".repeat(32)))
            .and(Span::Plain("computer".to_owned()));
        let digest = "0f".repeat(32);
        assert_eq!(
            html(&text),
            format!(
                "<code class=\"whole\">2026-11-20T06:21:05.543Z</code><code class=\"long\">{digest}</code><bdi>computer</bdi>"
            )
        );
        let long = "x".repeat(31);
        assert_eq!(html(&Text::plain(format!("see {long}"))), format!("<bdi class=\"long\">see {long}</bdi>"));
    }

    #[test]
    fn no_value_becomes_markup() {
        let document = specimen();
        let page = render(&document);
        let known = [
            "!DOCTYPE",
            "a",
            "bdi",
            "body",
            "caption",
            "code",
            "col",
            "colgroup",
            "dd",
            "div",
            "dl",
            "dt",
            "figcaption",
            "figure",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "head",
            "header",
            "html",
            "li",
            "main",
            "mark",
            "meta",
            "nav",
            "ol",
            "p",
            "rect",
            "strong",
            "style",
            "svg",
            "table",
            "tbody",
            "td",
            "text",
            "th",
            "thead",
            "title",
            "tr",
            "ul",
        ];
        for tag in page.split('<').skip(1) {
            let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
            let name = if tag.starts_with('!') { "!DOCTYPE" } else { name.as_str() };
            assert!(known.contains(&name), "<{}", tag.chars().take(60).collect::<String>());
        }
        for value in HOSTILE {
            assert!(page.contains(&escaped(value)), "{value}");
        }
        assert!(!page.contains(['\0', '\u{1b}', '\u{202e}', '\u{200b}', '\u{ffff}', '\r']));
        assert!(page.contains("[cut here: 1040384 more bytes are in the sealed package]"));
    }

    #[test]
    fn the_page_asks_for_nothing_and_may_run_nothing() {
        let page = render(&specimen());
        let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).expect("a style").0;
        let digest = BASE64.encode(&Sha256::digest(style.as_bytes()));
        let policy = format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'");
        assert!(page.contains(&format!("content=\"{policy}\"")));
        assert!(!style.contains("url(") && !style.contains("@import"));
        let attributes = page.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag);
        for tag in attributes {
            let names: String = tag.split('"').step_by(2).collect();
            assert!(![" style=", " src=", " on", "xlink"].iter().any(|name| names.contains(name)), "{tag}");
            let links = tag.split("href=\"").skip(1);
            assert!(links.into_iter().all(|link| link.starts_with("#chapter-")), "{tag}");
        }
    }

    #[test]
    fn marks_stand_above_and_below_and_heads_in_every_table() {
        let document = specimen();
        let page = render(&document);
        for mark in &document.marks {
            assert_eq!(page.matches(&format!("<p>{mark}</p>")).count(), 2, "{mark}");
        }
        assert_eq!(page.matches("<table ").count(), page.matches("<thead>").count());
        assert_eq!(page, render(&document), "nothing in it depends on when it is written");
    }
}
