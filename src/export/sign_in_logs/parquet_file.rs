//! A table as Parquet: text and times typed, `dynamic` as JSON, one row group after another.
//!
//! Text is never null, as in a workspace; everything else may be. Times are microseconds of UTC: readers that know nanoseconds
//! cannot reckon with them, so digits behind the sixth are cut off here and stand in the other form. Rows wait in memory, column
//! by column, until they are a row group; how much may wait is a number of bytes, so that it does not depend on the records.

use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::cells::{Cell, Cells};
use super::column::{Type, columns_of};
use super::table::Table;
use crate::export::{ExportError, Outputs};

/// The file of one table.
pub(super) struct ParquetFile<O: Outputs> {
    writer: SerializedFileWriter<O::File>,
    columns: Vec<Waiting>,
    waiting_bytes: usize,
    waiting_rows: usize,
}

/// The cells of one column that wait for their row group.
enum Waiting {
    Bool(Vec<bool>, Levels),
    /// Nothing in this program fills a column of that type.
    Double(Levels),
    Json(Texts, Levels),
    Long(Vec<i64>, Levels),
    Text(Texts),
}

/// One for each row: 1 where there is a value, else 0.
type Levels = Vec<i16>;

/// Texts, one behind the other, and where each ends.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl<O: Outputs> ParquetFile<O> {
    /// Begins; `about` stands in the file's own metadata.
    pub(super) fn begin(outputs: &mut O, table: Table, about: &[(&str, String)]) -> Result<Self, ExportError> {
        let schema = parse_message_type(&schema(table)).map_err(encode)?;
        let about =
            about.iter().map(|(name, value)| KeyValue::new(format!("signhold.{name}"), value.clone())).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_data_page_size_limit(PAGE_BYTES)
            .set_dictionary_page_size_limit(PAGE_BYTES)
            .set_key_value_metadata(Some(about))
            .build();
        let file = outputs.create(&file_name(table))?;
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(encode)?;
        Ok(Self { writer, columns: waiting(table), waiting_bytes: 0, waiting_rows: 0 })
    }

    pub(super) fn write(&mut self, cells: &Cells) -> Result<(), ExportError> {
        for (column, cell) in self.columns.iter_mut().zip(cells.iter()) {
            self.waiting_bytes = self.waiting_bytes.saturating_add(column.push(cell));
        }
        self.waiting_rows = self.waiting_rows.saturating_add(1);
        if self.waiting_bytes >= WAITING_BYTES { self.write_group() } else { Ok(()) }
    }

    pub(super) fn end(mut self, outputs: &mut O) -> Result<(), ExportError> {
        if self.waiting_rows > 0 {
            self.write_group()?;
        }
        Ok(outputs.close(self.writer.into_inner().map_err(encode)?)?)
    }

    /// Writes what waits as a row group.
    fn write_group(&mut self) -> Result<(), ExportError> {
        let mut group = self.writer.next_row_group().map_err(encode)?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column().map_err(encode)? else { break };
            column.write(&mut writer).map_err(encode)?;
            writer.close().map_err(encode)?;
        }
        group.close().map_err(encode)?;
        self.waiting_bytes = 0;
        self.waiting_rows = 0;
        Ok(())
    }
}

impl Waiting {
    /// Takes a cell, and returns how many bytes it makes wait. A cell of another type than the column's is empty.
    fn push(&mut self, cell: Cell<'_>) -> usize {
        match self {
            Self::Bool(values, levels) => {
                let value = if let Cell::Bool(yes) = cell { Some(yes) } else { None };
                levels.push(i16::from(value.is_some()));
                values.extend(value);
            }
            Self::Double(levels) => levels.push(0),
            Self::Json(texts, levels) => {
                let value = if let Cell::Json(json) = cell { Some(json) } else { None };
                levels.push(i16::from(value.is_some()));
                return value.map_or(0, |json| texts.push(json)).saturating_add(SMALL);
            }
            Self::Long(values, levels) => {
                let value = match cell {
                    Cell::Long(number) | Cell::Time(_, number) => Some(number),
                    _ => None,
                };
                levels.push(i16::from(value.is_some()));
                values.extend(value);
            }
            Self::Text(texts) => return texts.push(if let Cell::Text(text) = cell { text } else { "" }),
        }
        SMALL
    }

    /// Writes what waits, and forgets it.
    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::Bool(values, levels) => {
                writer.typed::<BoolType>().write_batch(&std::mem::take(values), Some(&std::mem::take(levels)), None)?;
            }
            Self::Double(levels) => {
                writer.typed::<DoubleType>().write_batch(&[], Some(&std::mem::take(levels)), None)?;
            }
            Self::Json(texts, levels) => {
                let values = std::mem::take(texts).into_values();
                writer.typed::<ByteArrayType>().write_batch(&values, Some(&std::mem::take(levels)), None)?;
            }
            Self::Long(values, levels) => {
                writer.typed::<Int64Type>().write_batch(
                    &std::mem::take(values),
                    Some(&std::mem::take(levels)),
                    None,
                )?;
            }
            Self::Text(texts) => {
                let values = std::mem::take(texts).into_values();
                writer.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            }
        }
        Ok(())
    }
}

impl Texts {
    fn push(&mut self, text: &str) -> usize {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
        text.len().saturating_add(SMALL)
    }

    fn into_values(self) -> Vec<ByteArray> {
        let all = ByteArray::from(self.bytes);
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| all.slice(start, end.saturating_sub(start))).collect()
    }
}

/// Returns empty columns for a table.
fn waiting(table: Table) -> Vec<Waiting> {
    let empty = |r#type| match r#type {
        Type::Bool => Waiting::Bool(Vec::new(), Vec::new()),
        Type::DateTime | Type::Long => Waiting::Long(Vec::new(), Vec::new()),
        Type::Dynamic => Waiting::Json(Texts::default(), Vec::new()),
        Type::Real => Waiting::Double(Vec::new()),
        Type::Text => Waiting::Text(Texts::default()),
    };
    columns_of(table).map(|(_, r#type)| empty(r#type)).collect()
}

/// Returns the schema of a table, as Parquet's own notation has it.
fn schema(table: Table) -> String {
    let field = |name: &str, r#type| match r#type {
        Type::Bool => format!("optional boolean {name};"),
        Type::DateTime => format!("optional int64 {name} (TIMESTAMP(MICROS,true));"),
        Type::Dynamic => format!("optional binary {name} (JSON);"),
        Type::Long => format!("optional int64 {name};"),
        Type::Real => format!("optional double {name};"),
        Type::Text => format!("required binary {name} (STRING);"),
    };
    let fields: Vec<String> = columns_of(table).map(|(column, r#type)| field(column.name, r#type)).collect();
    format!("message {} {{ {} }}", table.name(), fields.join(" "))
}

/// Returns what the file of a table is called.
pub(super) fn file_name(table: Table) -> String {
    format!("{}.parquet", table.name())
}

fn encode(error: ParquetError) -> ExportError {
    ExportError::Encode(Box::new(error))
}

/// 6 MiB of one table: four tables may wait at a time, and as much again is encoded (96 MiB in all, DESIGN §6).
const WAITING_BYTES: usize = 6 << 20;
/// 256 KiB: of a column of 100, a page and a dictionary.
const PAGE_BYTES: usize = 256 << 10;
/// 16: what a cell takes beside its text.
const SMALL: usize = 16;

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    use super::*;
    use crate::export::sign_in_logs::tests::{Memory, cells};

    #[test]
    fn what_was_written_is_read_again_over_several_row_groups() {
        let table = Table::Interactive;
        let mut outputs = Memory::default();
        let mut file = ParquetFile::begin(&mut outputs, table, &[]).unwrap();
        let agent = |row: usize| format!("{row}\0\u{1b}é{}", "x".repeat(1 << 20));
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
        assert_eq!(reader.num_row_groups(), 2);
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
