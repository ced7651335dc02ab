//! HTML that holds strangers' text: what is written goes in through here, escaped, and nothing else makes tags of values.

use std::fmt::Write as _;

use crate::codec::markup;
use crate::codec::visible::visible_line;

/// A page being written.
pub(super) struct Html(String);

/// Makes text harmless and visible: unseen characters as `\u{…}`, and nothing that HTML would act on.
pub(super) fn text(value: &str) -> String {
    markup::escaped(&visible_line(value))
}

/// The same, cut after a few lines; the whole stands among the members.
pub(super) fn short(value: &str) -> String {
    match value.char_indices().nth(SHORT_CHARS) {
        None => text(value),
        Some((end, _)) => {
            let cut = value.get(..end).unwrap_or_default();
            format!("{}… <small>({} characters; whole below)</small>", text(cut), value.chars().count())
        }
    }
}

impl Html {
    /// Begins a page.
    pub(super) fn begin(title: &str) -> Self {
        Self(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
            text(title)
        ))
    }

    /// Begins what stands on every printed page, with the marks.
    pub(super) fn begin_header(&mut self, marks: &[String]) {
        self.push("<header>");
        for mark in marks {
            self.push(&format!("<p class=\"mark\">{}</p>", text(mark)));
        }
    }

    /// Ends that with the title, and begins what stands there once, below the title too.
    pub(super) fn begin_main(&mut self, title: &str) {
        let title = text(title);
        self.push(&format!("<p class=\"exhibit\">{title}</p>"));
        self.push("</header>\n<main>");
        self.push(&format!("<h1>{title}</h1>"));
    }

    /// Ends it.
    pub(super) fn end(mut self) -> String {
        self.0.push_str("</body>\n</html>\n");
        self.0
    }

    /// Adds HTML as it is: tags of ours, values that went through [`text`].
    pub(super) fn push(&mut self, html: &str) {
        self.0.push_str(html);
        self.0.push('\n');
    }

    /// Says how long it is so far, in bytes.
    pub(super) fn byte_len(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was added behind that length.
    pub(super) fn take_back(&mut self, byte_len: usize) {
        self.0.truncate(byte_len);
    }

    pub(super) fn heading(&mut self, heading: &str) {
        let _ = writeln!(self.0, "<h2>{}</h2>", text(heading));
    }

    pub(super) fn note(&mut self, note: &str) {
        let _ = writeln!(self.0, "<p>{}</p>", text(note));
    }

    /// Adds the end of the page: printed, it does not stand alone on a last one.
    pub(super) fn last_note(&mut self, note: &str) {
        let _ = writeln!(self.0, "<p class=\"last\">{}</p>", text(note));
    }

    pub(super) fn begin_rows(&mut self) {
        self.push("<table>");
    }

    pub(super) fn end_rows(&mut self) {
        self.push("</table>");
    }

    /// Adds a row of a table of two columns.
    pub(super) fn row(&mut self, label: &str, value: &str) {
        self.row_html(label, &format!("<bdi>{}</bdi>", short(value)));
    }

    /// The same with something that is compared character by character.
    pub(super) fn row_code(&mut self, label: &str, value: &str) {
        self.row_html(label, &format!("<code>{}</code>", text(value)));
    }

    /// The same with HTML as it is.
    pub(super) fn row_html(&mut self, label: &str, html: &str) {
        let _ = writeln!(self.0, "<tr><th scope=\"row\">{}</th><td>{html}</td></tr>", text(label));
    }
}

/// 400: five lines on paper.
const SHORT_CHARS: usize = 400;

const STYLE: &str = "\
body { font: 11pt/1.45 Georgia, 'Times New Roman', serif; color: #000; background: #fff; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: .3rem 0; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; border-bottom: 1px solid #000; }
.mark { border: 2px solid #000; padding: .25rem .6rem; margin: .3rem 0; font-weight: bold; }
.bates { float: right; font: bold 12pt monospace; margin: 0; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #767676; padding: .2rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: normal; background: #f0f0f0; overflow-wrap: normal; } th[scope=row] { width: 30%; }
body:has(.list) { max-width: 76rem; } .list { font-size: 9.5pt; line-height: 1.3; } .list th { white-space: nowrap; font-weight: bold; }
code { font: 9.5pt monospace; overflow-wrap: anywhere; } small { color: #333; }
ul { list-style: none; margin: 0; padding-left: 1.2rem; border-left: 1px solid #bbb; } .members { line-height: 1.3; } .members > ul { border: 0; padding: 0; }
.name { font-weight: bold; font-family: monospace; font-size: 9.5pt; overflow-wrap: anywhere; } .twice { border: 1px solid #000; padding: 0 .3rem; }
.exhibit { display: none; }
@page { margin: 14mm 16mm; }
@media print {
  body { display: table; width: 100%; margin: 0; padding: 0; max-width: none; font-size: 9.5pt; }
  /* A head that may not break is repeated on every page. */
  header { display: table-header-group; break-inside: avoid; }
  main { display: table-row-group; }
  .mark { font-size: 8.5pt; } .exhibit { display: block; margin: 0 0 4mm; font-weight: bold; }
  tr, .mark { break-inside: avoid; } h2, h2 + p { break-after: avoid; } .last { break-before: avoid; break-inside: avoid; } th { background: none; }
  .list { font-size: 7.5pt; } .list th, .list td { padding: .1rem .25rem; }
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_is_left_to_act() {
        let hostile = "<script>alert('x')</script>&\"\u{202e}\0\u{1b}[2J\u{e0041}\nend";
        let harmless =
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\\u{202e}\\u{0}\\u{1b}[2J\\u{e0041}\\u{a}end";
        assert_eq!(text(hostile), harmless);
    }

    #[test]
    fn long_values_are_cut_where_the_whole_stands_elsewhere() {
        assert_eq!(short("é"), "é");
        let cut = short(&"é".repeat(1 << 20));
        assert!(cut.len() < 1000 && cut.ends_with("… <small>(1048576 characters; whole below)</small>"), "{cut}");
    }
}
