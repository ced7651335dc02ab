//! A table as Parquet: text and times typed, `dynamic` as JSON.
//!
//! Times are microseconds of UTC: readers that know nanoseconds cannot reckon with them, so digits behind the sixth are cut off
//! here and stand in the other form.

use super::cells::{Cell, Cells};
use super::column::{Type, columns_of};
use super::table::Table;
use crate::export::table::{Datum, Field, FieldSort, Table as Writer};
use crate::export::{ExportError, Outputs};

/// The file of one table.
pub(super) struct ParquetFile<O: Outputs>(Writer<O::File>);

impl<O: Outputs> ParquetFile<O> {
    /// Begins; `metadata` stands in the footer.
    pub(super) fn begin(outputs: &mut O, table: Table, metadata: Vec<(String, String)>) -> Result<Self, ExportError> {
        let field =
            |name: &str, r#type| Field { name: name.to_owned(), sort: sort(r#type), is_varied: VARIED.contains(&name) };
        let fields: Vec<Field> = columns_of(table).map(|(column, r#type)| field(column.name, r#type)).collect();
        let file = outputs.create(&file_name(table))?;
        Ok(Self(Writer::begin(file, &fields, metadata)?))
    }

    pub(super) fn write(&mut self, cells: &Cells) -> Result<(), ExportError> {
        self.0.push(cells.iter().map(|cell| match cell {
            Cell::Bool(yes) => Datum::Bool(yes),
            Cell::Json(text) | Cell::Text(text) => Datum::Text(text.into()),
            Cell::Long(number) => Datum::Integer(number),
            Cell::Null => Datum::Null,
            Cell::Time(_, micros) => Datum::Time(micros),
        }))
    }

    pub(super) fn end(self, outputs: &mut O) -> Result<(), ExportError> {
        Ok(outputs.close(self.0.finish()?)?)
    }
}

/// Returns how a column of that type is kept.
fn sort(r#type: Type) -> FieldSort {
    match r#type {
        Type::Bool => FieldSort::Bool,
        Type::DateTime => FieldSort::Microseconds,
        Type::Dynamic => FieldSort::Json,
        Type::Long => FieldSort::Integer,
        Type::Real => FieldSort::Double,
        Type::Text => FieldSort::Text,
    }
}

/// Returns what the file of a table is called.
pub(super) fn file_name(table: Table) -> String {
    format!("{}.parquet", table.name())
}

/// Columns whose values differ from row to row.
const VARIED: [&str; 9] = [
    "AuthenticationDetails",
    "ConditionalAccessPolicies",
    "CorrelationId",
    "Id",
    "OriginalRequestId",
    "SessionId",
    "SignholdLeaf",
    "SignholdRaw",
    "UniqueTokenIdentifier",
];

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    use super::*;
    use crate::export::sign_in_logs::tests::{Memory, cells};

    #[test]
    fn what_was_written_is_read_again_as_its_type() {
        let table = Table::Interactive;
        let mut outputs = Memory::default();
        let mut file = ParquetFile::begin(&mut outputs, table, Vec::new()).unwrap();
        let agent = |row: usize| format!("{row}\0\u{1b}é{}", "x".repeat(row));
        for row in 0..9 {
            let element = format!(
                r#"{{"createdDateTime":"2026-11-18T09:14:27.{row}234567Z","userAgent":{},"location":{{"city":"C{row}"}},"isInteractive":{}}}"#,
                serde_json::json!(agent(row)),
                if row % 2 == 0 { "true" } else { "null" },
            );
            file.write(&cells(table, &element)).unwrap();
        }
        file.end(&mut outputs).unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(outputs.file(&file_name(table)))).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 9);
        for (number, row) in rows.iter().enumerate() {
            let field = |name: &str| row.get_column_iter().find(|(held, _)| *held == name).unwrap().1.clone();
            assert_eq!(field("UserAgent"), Field::Str(agent(number)));
            let micros = 1_794_993_267_023_456_i64 + i64::try_from(number).unwrap() * 100_000;
            assert_eq!(field("CreatedDateTime"), Field::TimestampMicros(micros));
            assert_eq!(field("IsInteractive"), if number % 2 == 0 { Field::Bool(true) } else { Field::Null });
            assert_eq!(field("LocationDetails"), Field::Str(format!(r#"{{"city":"C{number}"}}"#)));
            assert_eq!(field("Status"), Field::Null);
            assert_eq!(field("UserPrincipalName"), Field::Str(String::new()));
            assert_eq!(field("SignholdPage"), Field::Long(7));
        }
    }
}
