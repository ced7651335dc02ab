//! CSV (RFC 4180): a row for each record, with its documented properties in columns and its exact bytes in one.
//!
//! UTF-8 without a byte order mark, commas, CRLF, a header. The first columns say where the row comes from, then come [`COLUMNS`],
//! then what was done to them and the record itself:
//!
//! * `time` is the record's own time in whatever log.
//! * Strings go through [`super::spreadsheet`]; numbers and truth values stand as they are spelled, and lists as their JSON.
//!   A property that is not there, is null or is empty gives an empty cell; `raw` tells them apart.
//! * `changes` names each cell that does not say what the record says, and how: `userAgent: quoted` by the rules of
//!   [`super::spreadsheet`]; `id: repeated` for a member that stands twice and `status: other type` for one that is not what is
//!   documented, both left empty; `x: no text` for a string that spells no Unicode text and stands as its JSON.
//! * `raw` is the record byte for byte where `raw_encoding` says `json`; where it could do harm in a cell it is base64 (RFC 4648),
//!   and `raw_encoding` says so. It is never cut: SHA-256 over a zero byte and its bytes is `leaf`.
//! * `marks` says of every row what has to be said of the copy.

use std::borrow::Cow;

use data_encoding::BASE64;

use super::columns::{COLUMNS, Cell, flatten};
use super::spreadsheet::{harmless, is_harmless};
use super::{ExportError, Exporter, Fate, Origin, Outputs, Row, Tally};
use crate::codec::amount::counted;
use crate::codec::json::Shape;

/// Writes CSV.
pub struct Csv<O: Outputs> {
    outputs: O,
    rows: csv::Writer<O::File>,
    package: String,
    marks: String,
    changed: u64,
    encoded: u64,
}

impl<O: Outputs> Csv<O> {
    /// Begins: writes the header.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`].
    pub fn begin(mut outputs: O, origin: &Origin) -> Result<Self, ExportError> {
        let file = outputs.create("")?;
        let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        let names = COLUMNS.iter().map(|column| column.path);
        rows.write_record(PLACE.into_iter().chain(names).chain(RECORD)).map_err(of_csv)?;
        let (package, marks) = (origin.provenance.package.to_string(), origin.marks_line());
        Ok(Self { outputs, rows, package, marks, changed: 0, encoded: 0 })
    }
}

impl<O: Outputs> Exporter for Csv<O> {
    fn record(&mut self, row: &Row<'_>) -> Result<Fate, ExportError> {
        let record = &row.record;
        let cells = flatten(record.bytes);
        let mut changes = String::new();
        self.rows.write_field(&self.package).map_err(of_csv)?;
        for number in [record.page, record.element, record.offset] {
            self.rows.write_field(number.to_string()).map_err(of_csv)?;
        }
        self.rows.write_field(record.bytes.len().to_string()).map_err(of_csv)?;
        self.rows.write_field(row.record.leaf().to_string()).map_err(of_csv)?;
        self.rows.write_field(record.kind.as_str()).map_err(of_csv)?;
        self.rows.write_field(record.pass.to_string()).map_err(of_csv)?;
        self.rows.write_field(if record.is_counted { "true" } else { "false" }).map_err(of_csv)?;
        let time = plain(record.time.unwrap_or_default(), "time", &mut changes);
        self.rows.write_field(time.as_ref()).map_err(of_csv)?;
        for (column, cell) in COLUMNS.iter().zip(&cells) {
            let text = words(cell, column.path, &mut changes);
            self.rows.write_field(text.as_ref()).map_err(of_csv)?;
        }
        if !changes.is_empty() {
            self.changed = self.changed.saturating_add(1);
        }
        self.rows.write_field(changes).map_err(of_csv)?;
        match std::str::from_utf8(record.bytes) {
            Ok(text) if is_harmless(text) => {
                self.rows.write_field("json").map_err(of_csv)?;
                self.rows.write_field(text).map_err(of_csv)?;
            }
            _ => {
                self.encoded = self.encoded.saturating_add(1);
                self.rows.write_field("base64").map_err(of_csv)?;
                self.rows.write_field(BASE64.encode(record.bytes)).map_err(of_csv)?;
            }
        }
        self.rows.write_field(&self.marks).map_err(of_csv)?;
        self.rows.write_record(None::<&[u8]>).map_err(of_csv)?;
        Ok(Fate::Write)
    }

    fn finish(mut self: Box<Self>, _: &Tally) -> Result<Vec<String>, ExportError> {
        self.rows.flush()?;
        let file = self.rows.into_inner().map_err(|error| ExportError::Write(error.into_error()))?;
        self.outputs.close(file)?;
        let mut remarks = vec![
            "`raw` is each record byte for byte, as JSON or as base64, as `raw_encoding` says; the properties of sign-ins that \
             are documented stand in columns of their own as well"
                .to_owned(),
        ];
        if self.changed > 0 {
            remarks.push(format!(
                "in {} a cell was made harmless for spreadsheets or could not be filled; `changes` names each",
                counted(self.changed, "row")
            ));
        }
        if self.encoded > 0 {
            let rows = counted(self.encoded, "row");
            remarks.push(format!("in {rows} `raw` is base64, since it could do harm in a cell"));
        }
        Ok(remarks)
    }
}

/// Writes a cell, and adds to `changes` what it does not say.
fn words<'a>(cell: &Cell<'a>, path: &str, changes: &mut String) -> Cow<'a, str> {
    let value = match cell {
        Cell::Empty => return Cow::Borrowed(""),
        Cell::Unsaid(why) => {
            note(changes, path, why);
            return Cow::Borrowed("");
        }
        Cell::Value(value) => value,
    };
    let text = match value.shape() {
        Shape::Bool(_) | Shape::Null => return Cow::Borrowed(value.raw()),
        // By the grammar of JSON a number calculates nothing; a long one is cut like any other text.
        Shape::Number(spelled) if spelled.len() <= LONG_NUMBER => return Cow::Borrowed(spelled),
        Shape::Array | Shape::Number(_) | Shape::Object => Cow::Borrowed(value.raw()),
        Shape::Text(text) => text.text().unwrap_or_else(|| {
            note(changes, path, "no text");
            Cow::Borrowed(value.raw())
        }),
    };
    match text {
        Cow::Borrowed(text) => plain(text, path, changes),
        Cow::Owned(text) => Cow::Owned(plain(&text, path, changes).into_owned()),
    }
}

/// Makes a text harmless, and adds to `changes` what that changed.
fn plain<'a>(text: &'a str, path: &str, changes: &mut String) -> Cow<'a, str> {
    let (text, done) = harmless(text);
    for change in done {
        note(changes, path, change.as_str());
    }
    text
}

fn note(changes: &mut String, path: &str, what: &str) {
    let separator = if changes.is_empty() { "" } else { "; " };
    changes.push_str(&format!("{separator}{path}: {what}"));
}

fn of_csv(error: csv::Error) -> ExportError {
    ExportError::Write(error.into())
}

/// 64: no number of a sign-in is longer.
const LONG_NUMBER: usize = 64;

/// The columns before the properties.
const PLACE: [&str; 10] =
    ["package", "page", "element", "byte_offset", "byte_len", "leaf", "kind", "pass", "counted", "time"];
/// The columns behind them.
const RECORD: [&str; 4] = ["changes", "raw_encoding", "raw", "marks"];
