//! Parquet: a typed row for each record, with its documented properties in columns and its exact bytes in one.
//!
//! The columns are those of [`super::csv`], typed: page, element, offsets and codes are whole numbers, coordinates are floating
//! point, `counted`, `isInteractive` and their like are truth values, lists are JSON as text, and times are microseconds in UTC,
//! since readers that know nanoseconds cannot reckon with them, with the text as it was written, all its digits, beside them in a column
//! whose name ends in `_text`. `time` is the record's own time in whatever
//! log. What is not of its column's type is null and named in `changes`, as is a text that is no time; text stands as it is, whatever it holds, and is never
//! cut. `raw` is the record byte for byte: SHA-256 over a zero byte and these bytes is `leaf`.
//!
//! The footer has what is said of the copy, under the names `signhold.marks`, `signhold.provenance`, `signhold.tool` and
//! `signhold.made`; each row has the marks too.

use super::columns::{COLUMNS, Cell, OTHER_TYPE, Sort, flatten};
use super::table::{Datum, Field, FieldSort, Table};
use super::{ExportError, Exporter, Fate, Origin, Outputs, Row, Tally};
use crate::codec::amount::counted;
use crate::codec::json::Shape;
use crate::time::ServiceTime;

/// Writes Parquet.
pub struct Parquet<O: Outputs> {
    outputs: O,
    table: Table<O::File>,
    package: String,
    marks: String,
    unsaid: u64,
}

impl<O: Outputs> Parquet<O> {
    /// Begins.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`] and [`ExportError::Encode`].
    pub fn begin(mut outputs: O, origin: &Origin) -> Result<Self, ExportError> {
        let table = Table::begin(outputs.create("")?, &fields(), metadata(origin)?)?;
        let (package, marks) = (origin.provenance.package.to_string(), origin.marks_line());
        Ok(Self { outputs, table, package, marks, unsaid: 0 })
    }
}

impl<O: Outputs> Exporter for Parquet<O> {
    fn record(&mut self, row: &Row<'_>) -> Result<Fate, ExportError> {
        let record = &row.record;
        let mut changes = Vec::new();
        let mut data = place(row, &self.package);
        data.push(record.time.and_then(micros).map_or(Datum::Null, Datum::Time));
        data.push(record.time.map_or(Datum::Null, |time| Datum::Text(time.into())));
        for (column, cell) in COLUMNS.iter().zip(flatten(record.bytes)) {
            let (datum, why) = typed(column.sort, cell);
            if let Some(why) = why {
                changes.push(format!("{}: {why}", column.path));
            }
            if column.sort == Sort::Time {
                let time = if let Datum::Text(text) = &datum { micros(text) } else { None };
                if time.is_none() && why.is_none() && datum != Datum::Null {
                    changes.push(format!("{}: no time", column.path));
                }
                data.push(time.map_or(Datum::Null, Datum::Time));
            }
            data.push(datum);
        }
        self.unsaid = self.unsaid.saturating_add(u64::from(!changes.is_empty()));
        data.push(if changes.is_empty() { Datum::Null } else { Datum::Text(changes.join("; ").into()) });
        data.push(Datum::Bytes(record.bytes));
        data.push(Datum::Text(self.marks.as_str().into()));
        self.table.push(data)?;
        Ok(Fate::Write)
    }

    fn finish(mut self: Box<Self>, _: &Tally) -> Result<Vec<String>, ExportError> {
        let file = self.table.finish()?;
        self.outputs.close(file)?;
        let mut remarks = vec![
            "`raw` is each record byte for byte; the properties of sign-ins that are documented stand in typed columns of their \
             own as well; text stands there as it is, so whoever shows it has to escape it"
                .to_owned(),
        ];
        if self.unsaid > 0 {
            let rows = counted(self.unsaid, "row");
            remarks.push(format!("in {rows} a property does not fit its column; `changes` names each"));
        }
        Ok(remarks)
    }
}

/// What the footer says of the copy.
///
/// # Errors
///
/// [`ExportError::Encode`].
pub(super) fn metadata(origin: &Origin) -> Result<Vec<(String, String)>, ExportError> {
    let json = |value: Result<String, serde_json::Error>| value.map_err(|error| ExportError::Encode(Box::new(error)));
    Ok(vec![
        ("signhold.marks".to_owned(), json(serde_json::to_string(&origin.provenance.marks()))?),
        ("signhold.provenance".to_owned(), json(serde_json::to_string(&origin.provenance))?),
        ("signhold.tool".to_owned(), json(serde_json::to_string(&origin.tool))?),
        ("signhold.made".to_owned(), origin.made.to_string()),
    ])
}

/// The columns that say where a row comes from, in every table.
fn place_fields() -> Vec<Field> {
    let sorts = [
        ("package", FieldSort::Text),
        ("page", FieldSort::Integer),
        ("element", FieldSort::Integer),
        ("byte_offset", FieldSort::Integer),
        ("byte_len", FieldSort::Integer),
        ("leaf", FieldSort::Text),
        ("kind", FieldSort::Text),
        ("pass", FieldSort::Integer),
        ("counted", FieldSort::Bool),
    ];
    sorts.map(|(name, sort)| field(name, sort)).into()
}

/// What stands in [`place_fields`] for a row.
fn place<'a>(row: &Row<'a>, package: &'a str) -> Vec<Datum<'a>> {
    let number = |number: u64| i64::try_from(number).map_or(Datum::Null, Datum::Integer);
    let record = &row.record;
    vec![
        Datum::Text(package.into()),
        number(record.page),
        number(record.element),
        number(record.offset),
        number(u64::try_from(record.bytes.len()).unwrap_or(u64::MAX)),
        Datum::Text(record.leaf().to_string().into()),
        Datum::Text(record.kind.as_str().into()),
        number(record.pass),
        Datum::Bool(record.is_counted),
    ]
}

fn fields() -> Vec<Field> {
    let mut fields = place_fields();
    fields.push(field("time", FieldSort::Microseconds));
    fields.push(field("time_text", FieldSort::Text));
    for column in &COLUMNS {
        let sort = match column.sort {
            Sort::Bool => FieldSort::Bool,
            Sort::Double => FieldSort::Double,
            Sort::Integer => FieldSort::Integer,
            Sort::List | Sort::Text => FieldSort::Text,
            Sort::Time => FieldSort::Microseconds,
        };
        fields.push(field(column.path, sort));
        if column.sort == Sort::Time {
            fields.push(field(&format!("{}_text", column.path), FieldSort::Text));
        }
    }
    fields.push(field("changes", FieldSort::Text));
    fields.push(field("raw", FieldSort::Bytes));
    fields.push(field("marks", FieldSort::Text));
    fields
}

fn field(name: &str, sort: FieldSort) -> Field {
    Field { name: name.to_owned(), sort, is_varied: VARIED.contains(&name) || name.ends_with("_text") }
}

/// Returns what a cell is in a column of that sort, and why it is nothing. Of times it is the text.
fn typed(sort: Sort, cell: Cell<'_>) -> (Datum<'_>, Option<&'static str>) {
    let value = match cell {
        Cell::Empty => return (Datum::Null, None),
        Cell::Unsaid(why) => return (Datum::Null, Some(why)),
        Cell::Value(value) => value,
    };
    let datum = match (sort, value.shape()) {
        (Sort::Bool, Shape::Bool(truth)) => Some(Datum::Bool(truth)),
        (Sort::Double, Shape::Number(spelled)) => {
            spelled.parse().ok().filter(|number: &f64| number.is_finite()).map(Datum::Double)
        }
        (Sort::Integer, Shape::Number(spelled)) => spelled.parse().ok().map(Datum::Integer),
        (Sort::List, Shape::Array) => Some(Datum::Text(value.raw().into())),
        (Sort::Text | Sort::Time, Shape::Text(text)) => match text.text() {
            Some(text) => Some(Datum::Text(text)),
            None => return (Datum::Text(value.raw().into()), Some("no text")),
        },
        _ => None,
    };
    datum.map_or((Datum::Null, Some(OTHER_TYPE)), |datum| (datum, None))
}

/// Reads a time as the service writes it; digits behind the sixth are cut off.
fn micros(text: &str) -> Option<i64> {
    ServiceTime::parse(text).and_then(|time| i64::try_from(time.nanos().div_euclid(1_000)).ok())
}

/// Columns whose values differ from row to row, besides times.
const VARIED: [&str; 9] = [
    "appliedConditionalAccessPolicies",
    "authenticationDetails",
    "changes",
    "correlationId",
    "id",
    "leaf",
    "originalRequestId",
    "sessionId",
    "uniqueTokenIdentifier",
];
