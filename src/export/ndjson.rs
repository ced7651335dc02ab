//! NDJSON: one line for each record, with its exact bytes.
//!
//! A line is the element as it was sealed, whenever that is one line which nobody has to fear. JSON permits two things that it
//! must not hold: line ends between tokens, which would make two lines of one record, and characters in strings that nobody sees
//! or that steer a terminal ([`is_unseen`]). The first become spaces and the second `\uXXXX` escapes; the JSON value stays the
//! same, its bytes do not. So beside the lines lies an index, a line for each line, with the place of the record and its leaf;
//! of a line that differs it has the exact bytes in base64.
//!
//! An envelope instead holds all that in one file: each line is an object with the place, the record and its exact bytes. A record
//! with a string that spells no Unicode text, which many readers refuse, stands there as its bytes alone.

use std::io::Write;

use data_encoding::BASE64;
use serde::Serialize;
use serde_json::value::RawValue;

use super::about::Listed;
use super::{ExportError, Exporter, Fate, Origin, Outputs, Row, Tally};
use crate::codec::amount::counted;
use crate::codec::visible::is_unseen;
use crate::crypto::digest::LeafHash;
use crate::format::identifier::PackageId;
use crate::format::kind::Kind;

/// Whether each line is a record or holds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// A record and where it comes from.
    Envelopes,
    /// A record; where it comes from stands in the index.
    Records,
}

/// Writes NDJSON.
#[derive(Debug)]
pub struct Ndjson<O: Outputs> {
    outputs: O,
    lines: O::File,
    /// None when the lines are envelopes.
    index: Option<O::File>,
    package: PackageId,
    marks: String,
    line: u64,
    differing: Listed,
}

/// Where a line comes from: a line of the index.
#[derive(Serialize)]
struct Place<'a> {
    /// From 1.
    line: u64,
    package: &'a PackageId,
    page: u64,
    element: u64,
    byte_offset: u64,
    byte_len: u64,
    leaf: LeafHash,
    kind: Kind,
    pass: u64,
    counted: bool,
    /// Whether the line, or `record`, is byte for byte what was sealed.
    exact: bool,
    /// The exact bytes; null where the line is them.
    raw_base64: Option<String>,
    marks: &'a str,
}

/// The same with the record.
#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    /// Null where it spells no text.
    record: Option<&'a RawValue>,
}

impl<O: Outputs> Ndjson<O> {
    /// Begins.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`].
    pub fn begin(mut outputs: O, origin: &Origin, lines: Lines) -> Result<Self, ExportError> {
        let main = outputs.create("")?;
        let index = match lines {
            Lines::Envelopes => None,
            Lines::Records => Some(outputs.create(INDEX)?),
        };
        let (package, marks) = (origin.provenance.package.clone(), origin.marks_line());
        Ok(Self { outputs, lines: main, index, package, marks, line: 0, differing: Listed::default() })
    }
}

impl<O: Outputs> Exporter for Ndjson<O> {
    fn record(&mut self, row: &Row<'_>) -> Result<Fate, ExportError> {
        let record = &row.record;
        let line = one_line(record.bytes);
        self.line = self.line.saturating_add(1);
        if line.is_some() {
            self.differing.add(self.line);
        }
        let wants_bytes = line.is_some() || self.index.is_none();
        let mut place = Place {
            line: self.line,
            package: &self.package,
            page: record.page,
            element: record.element,
            byte_offset: record.offset,
            byte_len: u64::try_from(record.bytes.len()).unwrap_or(u64::MAX),
            leaf: row.record.leaf(),
            kind: record.kind,
            pass: record.pass,
            counted: record.is_counted,
            exact: line.is_none(),
            raw_base64: wants_bytes.then(|| BASE64.encode(record.bytes)),
            marks: &self.marks,
        };
        let bytes = line.as_deref().map_or(record.bytes, str::as_bytes);
        if let Some(index) = &mut self.index {
            self.lines.write_all(bytes)?;
            serde_json::to_writer(&mut *index, &place).map_err(std::io::Error::from)?;
            index.write_all(b"\n")?;
        } else {
            let record = serde_json::from_slice(bytes).ok().filter(|_| spells_text(bytes));
            place.exact = place.exact && record.is_some();
            serde_json::to_writer(&mut self.lines, &Envelope { place, record }).map_err(std::io::Error::from)?;
        }
        self.lines.write_all(b"\n")?;
        Ok(Fate::Write)
    }

    fn finish(mut self: Box<Self>, _: &Tally) -> Result<Vec<String>, ExportError> {
        let mut remarks = Vec::new();
        self.outputs.close(self.lines)?;
        match self.index {
            Some(index) => {
                self.outputs.close(index)?;
                remarks.push(format!(
                    "each line is one record, byte for byte where `exact` says so; `*{INDEX}` has a line for each of them with its place and leaf"
                ));
            }
            None => remarks.push("`raw_base64` of each line is the exact bytes of one record".to_owned()),
        }
        if self.differing.count() > 0 {
            remarks.push(format!(
                "in {}, line ends within a record are written as spaces and unseen characters as \\u escapes, which \
                 leaves its value as it was; their exact bytes are in `raw_base64`: lines {}",
                counted(self.differing.count(), "line"),
                self.differing.words()
            ));
        }
        Ok(remarks)
    }
}

/// Writes an element in one line without anything unseen; `None` where it is so already.
fn one_line(element: &[u8]) -> Option<String> {
    // Elements are UTF-8 (FORMAT §7.1).
    let text = String::from_utf8_lossy(element);
    // A tab between tokens does no harm. In strings there are no raw control characters, so line ends are between tokens.
    let harmful = |c: char| c != '\t' && is_unseen(c);
    if !text.chars().any(harmful) {
        return None;
    }
    let mut line = String::with_capacity(text.len().saturating_add(64));
    for c in text.chars() {
        match c {
            '\n' | '\r' => line.push(' '),
            c if harmful(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    line.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => line.push(c),
        }
    }
    Some(line)
}

/// Says whether all escapes in an element spell Unicode text: no half of a surrogate pair stands alone.
fn spells_text(element: &[u8]) -> bool {
    let mut rest = element;
    let mut awaits_low = false;
    loop {
        // Backslashes stand in strings alone.
        let at = rest.iter().position(|byte| *byte == b'\\');
        if awaits_low && at != Some(0) {
            return false;
        }
        let Some((escape, behind)) = at.and_then(|at| rest.get(at..)).and_then(|rest| rest.split_at_checked(2)) else {
            return true;
        };
        rest = behind;
        let unit = if escape == b"\\u" { hexadecimal(behind) } else { 0 };
        match (awaits_low, unit) {
            (true, 0xdc00..=0xdfff) => awaits_low = false,
            (false, 0xd800..=0xdbff) => awaits_low = true,
            (true, _) | (false, 0xdc00..=0xdfff) => return false,
            (false, _) => {}
        }
        if escape == b"\\u" {
            rest = rest.get(4..).unwrap_or_default();
        }
    }
}

/// Reads four hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> u32 {
    let digits = bytes.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

/// What the index is called, behind the name of the lines.
const INDEX: &str = ".index.ndjson";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_that_is_one_line_stays_as_it_is() {
        for element in [r#"{"a":"\u202e\n é 息 🚀","b":	1e400}"#, "-1", "\"\\ud800\""] {
            assert_eq!(one_line(element.as_bytes()), None, "{element}");
        }
    }

    #[test]
    fn line_ends_and_unseen_characters_leave_the_value_as_it_was() {
        let element = "{\n\t\"a\":\r\n\"x\u{202e}\u{9b}\u{e0041}\u{7f}\"}";
        let line = one_line(element.as_bytes()).unwrap();
        assert_eq!(line, "{ \t\"a\":  \"x\\u202e\\u009b\\udb40\\udc41\\u007f\"}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&line), value(element));
    }

    #[test]
    fn half_a_pair_spells_no_text() {
        for (element, spells) in [
            (r#""\ud83d\ude80 \\ud83d \n\u0041""#, true),
            (r#""\uD83D\uDE80""#, true),
            (r#""\ud83d""#, false),
            (r#""\ud83d \ude80""#, false),
            (r#""\ud83d\ud83d\ude80""#, false),
            (r#""\ud83d\n""#, false),
            (r#""\ude80\ud83d""#, false),
            ("7", true),
        ] {
            assert_eq!(spells_text(element.as_bytes()), spells, "{element}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(element).is_ok(), spells, "{element}");
        }
    }
}
