//! A Parquet file of typed columns, written row by row in bounded memory.
//!
//! Parquet keeps the columns of a group of rows one behind the other, and readers want groups large. What is held of the group
//! under way is each column's pages as they will be written, and one page of each that is not full yet; a group ends when these
//! grow to [`GROUP_BYTES`]. So the memory does not depend on the number of rows, but for the few hundred bytes that the file's
//! footer keeps of each column of each group.
//!
//! Columns whose values repeat are written as numbers in a list of them, and that is all; those whose values differ from row to row
//! are compressed (Zstandard). Every column has its own compressor, so few are compressed, and in small pages.
//!
//! Every column may be null. Text is UTF-8 of whatever length and content, as Parquet permits: nothing in it can end a value, and
//! whoever shows it escapes it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::column::page::{CompressedPage, PageWriteSpec, PageWriter};
use parquet::column::writer::{ColumnWriter, get_column_writer};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, ColumnPath, Type, TypePtr};

use super::ExportError;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub sort: FieldSort,
    /// Whether its values differ from row to row. Bytes do.
    pub is_varied: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldSort {
    /// Truth values.
    Bool,
    /// Bytes, too many and too different to be listed or compared.
    Bytes,
    /// 64 bit floating point numbers.
    Double,
    /// 64 bit whole numbers.
    Integer,
    /// JSON as text.
    Json,
    /// Microseconds since 1970 in UTC.
    Microseconds,
    /// Text.
    Text,
}

/// What stands in a column for one row. It has to be of the column's sort, or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Datum<'a> {
    /// A truth value.
    Bool(bool),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A number.
    Double(f64),
    /// A whole number.
    Integer(i64),
    /// Nothing.
    #[default]
    Null,
    /// Text, or JSON as text.
    Text(Cow<'a, str>),
    /// Microseconds since 1970.
    Time(i64),
}

/// A Parquet file under way.
pub struct Table<W: Write + Send> {
    file: SerializedFileWriter<Shared<W>>,
    /// The same file: its writer gives it back only after another footer.
    whole: Shared<W>,
    properties: WriterPropertiesPtr,
    /// What was pushed and is not encoded yet.
    batch: Vec<Batch>,
    batch_rows: usize,
    batch_bytes: usize,
    /// The group under way; none between groups.
    group: Vec<Chunk>,
    group_rows: usize,
    /// The pages of all its columns.
    held: Shared<Vec<u8>>,
}

/// Values of one column.
struct Batch {
    values: Values,
    /// 1 for a row that has a value, 0 for one that has none.
    levels: Vec<i16>,
}

enum Values {
    Bool(Vec<bool>),
    Bytes(Vec<ByteArray>),
    Double(Vec<f64>),
    Integer(Vec<i64>),
}

/// A column of the group under way.
struct Chunk {
    /// None while no row has a value: a writer takes most of 100 KiB before it writes a thing, and many columns stay empty.
    writer: Option<ColumnWriter<'static>>,
    /// Rows that no writer was told of.
    nulls: usize,
    /// Its pages so far, encoded and compressed.
    pages: Shared<Pages>,
}

/// What is written to, shared with whoever takes it in the end.
struct Shared<W>(Arc<Mutex<W>>);

/// The pages of a column. They lie among those of the others, in memory that is taken once: many small and long-lived pieces
/// between the large and short-lived ones that come and go with each page of a package would tear it.
struct Pages {
    held: Shared<Vec<u8>>,
    places: Vec<Range<usize>>,
}

/// Writes the pages of a column.
struct PageSink(TrackedWrite<Shared<Pages>>);

impl<W: Write + Send> Table<W> {
    /// Begins, with names and values to keep in the footer.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`] and [`ExportError::Encode`].
    pub fn begin(file: W, fields: &[Field], metadata: Vec<(String, String)>) -> Result<Self, ExportError> {
        let schema = Arc::new(schema(fields)?);
        let metadata = metadata.into_iter().map(|(name, value)| KeyValue::new(name, value)).collect();
        let mut properties = WriterProperties::builder()
            .set_created_by(format!("signhold version {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(metadata))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_data_page_size_limit(PAGE_BYTES)
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_write_batch_size(VALUES_BETWEEN_LOOKS);
        let compression = Compression::ZSTD(ZstdLevel::try_new(COMPRESSION_LEVEL)?);
        for field in fields.iter().filter(|field| field.is_varied || field.sort == FieldSort::Bytes) {
            let column = ColumnPath::new(vec![field.name.clone()]);
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_compression(column.clone(), compression);
            properties = if field.sort == FieldSort::Bytes {
                properties
                    .set_column_statistics_enabled(column.clone(), EnabledStatistics::None)
                    .set_column_data_page_size_limit(column, WIDE_PAGE_BYTES)
            } else {
                properties.set_column_data_page_size_limit(column, VARIED_PAGE_BYTES)
            };
        }
        let properties = Arc::new(properties.build());
        let whole = Shared::new(file);
        let file = SerializedFileWriter::new(whole.share(), schema, Arc::clone(&properties))?;
        let batch = fields.iter().map(|field| Batch { values: Values::of(field.sort), levels: Vec::new() }).collect();
        let held = Shared::new(Vec::with_capacity(GROUP_BYTES + GROUP_BYTES / 8));
        let (group, group_rows) = (Vec::new(), 0);
        Ok(Self { file, whole, properties, batch, batch_rows: 0, batch_bytes: 0, group, group_rows, held })
    }

    /// Adds a row: one datum for each column, in order; what is of another sort than its column is nothing.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`] and [`ExportError::Encode`].
    pub fn push<'a>(&mut self, row: impl IntoIterator<Item = Datum<'a>>) -> Result<(), ExportError> {
        let mut row = row.into_iter();
        for batch in &mut self.batch {
            let byte_len = batch.push(row.next().unwrap_or_default());
            self.batch_bytes = self.batch_bytes.saturating_add(byte_len);
        }
        self.batch_rows = self.batch_rows.saturating_add(1);
        if self.batch_rows >= BATCH_ROWS || self.batch_bytes >= BATCH_BYTES {
            self.encode()?;
        }
        Ok(())
    }

    /// Ends the file and hands it back.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`] and [`ExportError::Encode`].
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.encode()?;
        self.end_group()?;
        self.file.finish()?;
        self.file.flush()?;
        drop(self.file);
        let file = Arc::into_inner(self.whole.0).map(|file| file.into_inner().unwrap_or_else(PoisonError::into_inner));
        file.ok_or_else(|| ParquetError::General("the file is in use still".to_owned()).into())
    }

    /// Hands what was pushed to the writers of the columns.
    fn encode(&mut self) -> Result<(), ExportError> {
        if self.batch_rows == 0 {
            return Ok(());
        }
        if self.group.is_empty() {
            let pages = || Shared::new(Pages { held: self.held.share(), places: Vec::new() });
            self.group = self.batch.iter().map(|_| Chunk { writer: None, nulls: 0, pages: pages() }).collect();
        }
        let columns = self.file.schema_descr().columns();
        for ((chunk, batch), column) in self.group.iter_mut().zip(&mut self.batch).zip(columns) {
            if chunk.writer.is_none() && batch.values.is_empty() {
                chunk.nulls = chunk.nulls.saturating_add(mem::take(&mut batch.levels).len());
            } else {
                batch.write_to(chunk.writer(column, &self.properties, &batch.values)?)?;
            }
        }
        self.group_rows = self.group_rows.saturating_add(self.batch_rows);
        (self.batch_rows, self.batch_bytes) = (0, 0);
        let held = self.held.lock().len();
        if held >= GROUP_BYTES || self.group_rows >= GROUP_ROWS { self.end_group() } else { Ok(()) }
    }

    /// Writes the group under way.
    fn end_group(&mut self) -> Result<(), ExportError> {
        if self.group.is_empty() {
            return Ok(());
        }
        let columns = self.file.schema_descr().columns().to_vec();
        let mut group = self.file.next_row_group()?;
        for ((mut chunk, batch), column) in self.group.drain(..).zip(&self.batch).zip(&columns) {
            chunk.writer(column, &self.properties, &batch.values)?;
            if let Some(writer) = chunk.writer {
                let held = self.held.lock().len();
                let closed = writer.close()?;
                group.append_column(&*chunk.pages.lock(), closed)?;
                // Its last pages and its list of values are written: the others need not lie behind them.
                self.held.lock().truncate(held);
            }
        }
        group.close()?;
        self.group_rows = 0;
        self.held.lock().clear();
        Ok(())
    }
}

impl Chunk {
    /// Returns the column's writer, which knows of all rows so far; its values are of the sort of these.
    fn writer(
        &mut self,
        column: &ColumnDescPtr,
        properties: &WriterPropertiesPtr,
        sort: &Values,
    ) -> Result<&mut ColumnWriter<'static>, ExportError> {
        if self.writer.is_none() {
            let sink = Box::new(PageSink(TrackedWrite::new(self.pages.share())));
            let mut writer = get_column_writer(Arc::clone(column), Arc::clone(properties), sink);
            // In pieces: their levels are counted in memory.
            while self.nulls > 0 {
                let rows = self.nulls.min(PAGE_ROWS);
                Batch { values: sort.emptied(), levels: vec![0; rows] }.write_to(&mut writer)?;
                self.nulls = self.nulls.saturating_sub(rows);
            }
            self.writer = Some(writer);
        }
        self.writer.as_mut().ok_or_else(|| ParquetError::General("no writer".to_owned()).into())
    }
}

/// Returns the file's schema.
fn schema(fields: &[Field]) -> Result<Type, ParquetError> {
    let column = |field: &Field| {
        let (physical, logical) = match field.sort {
            FieldSort::Bool => (Physical::BOOLEAN, None),
            FieldSort::Bytes => (Physical::BYTE_ARRAY, None),
            FieldSort::Double => (Physical::DOUBLE, None),
            FieldSort::Integer => (Physical::INT64, None),
            FieldSort::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            FieldSort::Microseconds => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
            FieldSort::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let column = Type::primitive_type_builder(&field.name, physical).with_repetition(Repetition::OPTIONAL);
        column.with_logical_type(logical).build().map(Arc::new)
    };
    let columns = fields.iter().map(column).collect::<Result<Vec<TypePtr>, _>>()?;
    Type::group_type_builder("signhold").with_fields(columns).build()
}

impl Values {
    fn of(sort: FieldSort) -> Self {
        match sort {
            FieldSort::Bool => Self::Bool(Vec::new()),
            FieldSort::Bytes | FieldSort::Json | FieldSort::Text => Self::Bytes(Vec::new()),
            FieldSort::Double => Self::Double(Vec::new()),
            FieldSort::Integer | FieldSort::Microseconds => Self::Integer(Vec::new()),
        }
    }
}

impl Values {
    /// Returns none of the same sort.
    fn emptied(&self) -> Self {
        match self {
            Self::Bool(_) => Self::Bool(Vec::new()),
            Self::Bytes(_) => Self::Bytes(Vec::new()),
            Self::Double(_) => Self::Double(Vec::new()),
            Self::Integer(_) => Self::Integer(Vec::new()),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Bool(values) => values.is_empty(),
            Self::Bytes(values) => values.is_empty(),
            Self::Double(values) => values.is_empty(),
            Self::Integer(values) => values.is_empty(),
        }
    }
}

impl Batch {
    /// Adds a value, and returns how much memory it takes.
    fn push(&mut self, datum: Datum<'_>) -> usize {
        let byte_len = match (&mut self.values, datum) {
            (Values::Bool(values), Datum::Bool(value)) => {
                values.push(value);
                Some(1)
            }
            (Values::Bytes(values), Datum::Bytes(value)) => {
                values.push(value.to_vec().into());
                Some(value.len())
            }
            (Values::Bytes(values), Datum::Text(value)) => {
                let byte_len = value.len();
                values.push(value.into_owned().into_bytes().into());
                Some(byte_len)
            }
            (Values::Double(values), Datum::Double(value)) => {
                values.push(value);
                Some(8)
            }
            (Values::Integer(values), Datum::Integer(value) | Datum::Time(value)) => {
                values.push(value);
                Some(8)
            }
            _ => None,
        };
        self.levels.push(i16::from(byte_len.is_some()));
        byte_len.unwrap_or_default()
    }

    fn write_to(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ExportError> {
        let levels = mem::take(&mut self.levels);
        let levels = Some(levels.as_slice());
        match (&mut self.values, writer) {
            (Values::Bool(values), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(&mem::take(values), levels, None)?;
            }
            (Values::Bytes(values), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                writer.write_batch(&mem::take(values), levels, None)?;
            }
            (Values::Double(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                writer.write_batch(&mem::take(values), levels, None)?;
            }
            (Values::Integer(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(&mem::take(values), levels, None)?;
            }
            _ => return Err(ParquetError::General("the column is of another type".to_owned()).into()),
        }
        Ok(())
    }
}

impl<W> Shared<W> {
    fn new(whole: W) -> Self {
        Self(Arc::new(Mutex::new(whole)))
    }

    fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn lock(&self) -> MutexGuard<'_, W> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().flush()
    }
}

impl Write for Pages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.held.lock();
        let start = held.len();
        held.extend_from_slice(bytes);
        self.places.push(start..held.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Length for Pages {
    fn len(&self) -> u64 {
        self.places.iter().fold(0, |sum, place| sum.saturating_add(u64::try_from(place.len()).unwrap_or(u64::MAX)))
    }
}

impl ChunkReader for Pages {
    type T = PagesReader;

    fn get_read(&self, start: u64) -> Result<PagesReader, ParquetError> {
        let mut reader = PagesReader { held: self.held.share(), places: self.places.iter().cloned().collect() };
        io::copy(&mut reader.by_ref().take(start), &mut io::sink())?;
        Ok(reader)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = Vec::with_capacity(length);
        self.get_read(start)?.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// Reads the pages of a column one after the other.
struct PagesReader {
    held: Shared<Vec<u8>>,
    places: VecDeque<Range<usize>>,
}

impl Read for PagesReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(place) = self.places.front_mut() {
            if place.start >= place.end {
                self.places.pop_front();
                continue;
            }
            let held = self.held.lock();
            let byte_len = held.get(place.clone()).unwrap_or_default().read(buffer)?;
            place.start = place.start.saturating_add(byte_len);
            return Ok(byte_len);
        }
        Ok(0)
    }
}

impl PageWriter for PageSink {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec, ParquetError> {
        let spec = SerializedPageWriter::new(&mut self.0).write_page(page)?;
        // So that what is held can be measured.
        self.0.flush()?;
        Ok(spec)
    }

    fn close(&mut self) -> Result<(), ParquetError> {
        Ok(self.0.flush()?)
    }
}

impl From<ParquetError> for ExportError {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(source) => Self::Write(*source),
                Err(source) => Self::Encode(source),
            },
            other => Self::Encode(Box::new(other)),
        }
    }
}

/// 4 MiB: with the pages under way, the package's page in memory and what verification leaves, the whole stays below the budget of
/// 96 MiB at a million rows.
const GROUP_BYTES: usize = 4 << 20;
/// 100,000 rows: as many as readers commonly take at a time.
const GROUP_ROWS: usize = 100_000;
/// 512 rows and 1 MiB: what is worth a call of the encoder for each column.
const BATCH_ROWS: usize = 512;
const BATCH_BYTES: usize = 1 << 20;
/// 128 KiB: there is one for each column.
const PAGE_BYTES: usize = 1 << 17;
/// 4096 rows: a page under way holds eight bytes for each, also where all are the same.
const PAGE_ROWS: usize = 4096;
/// 32 KiB: what a compressor takes grows with the pages it is given, to most of a megabyte.
const VARIED_PAGE_BYTES: usize = 1 << 15;
/// 512 KiB: records resemble each other, and the more of them are compressed together the better.
const WIDE_PAGE_BYTES: usize = 1 << 19;
/// 256 KiB: some thousand names or identifiers; a column that has more of them in a group is written out.
const DICTIONARY_BYTES: usize = 1 << 18;
/// 32: after so many values the size of a page is looked at; one may be a megabyte.
const VALUES_BETWEEN_LOOKS: usize = 32;
/// 3: Zstandard's own choice.
const COMPRESSION_LEVEL: i32 = 3;

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;

    use super::*;

    fn fields() -> Vec<Field> {
        let field = |name: &str, sort| Field { name: name.to_owned(), sort, is_varied: name == "text" };
        vec![
            field("truth", FieldSort::Bool),
            field("raw", FieldSort::Bytes),
            field("double", FieldSort::Double),
            field("integer", FieldSort::Integer),
            field("text", FieldSort::Text),
            field("time", FieldSort::Microseconds),
        ]
    }

    fn row(number: i64, raw: &[u8]) -> [Datum<'_>; 6] {
        [
            Datum::Bool(number % 2 == 0),
            Datum::Bytes(raw),
            Datum::Double(0.5),
            Datum::Integer(number),
            Datum::Text(format!("{number}\0\u{202e}").into()),
            Datum::Time(1_700_000_000_123_456_789),
        ]
    }

    #[test]
    fn what_was_pushed_is_read_back_from_several_groups() {
        // Bytes that do not compress: a group is full before the rows are at their end.
        let mut state = 1_u64;
        let mut noise = || {
            let mut draw = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_be_bytes()[0]
            };
            (0..4000).map(&mut draw).collect::<Vec<u8>>()
        };
        let metadata = vec![("marks".to_owned(), "derived".to_owned())];
        let mut table = Table::begin(Vec::new(), &fields(), metadata).unwrap();
        let rows: Vec<Vec<u8>> = (0..7000).map(|_| noise()).collect();
        for (number, raw) in (0..).zip(&rows) {
            table.push(row(number, raw)).unwrap();
        }
        table.push([Datum::Integer(1), Datum::Null]).unwrap();
        let file = table.finish().unwrap();
        let reader = SerializedFileReader::new(Bytes::from(file)).unwrap();
        assert!(reader.num_row_groups() > 1);
        let footer = reader.metadata().file_metadata();
        assert_eq!(footer.num_rows(), 7001);
        assert_eq!(footer.key_value_metadata().unwrap()[0], KeyValue::new("marks".to_owned(), "derived".to_owned()));
        let mut count = 0;
        for (number, read) in reader.get_row_iter(None).unwrap().map(Result::unwrap).enumerate().take(7000) {
            assert_eq!(read.get_bytes(1).unwrap().data(), rows[number]);
            let number = i64::try_from(number).unwrap();
            assert_eq!(read.get_long(3).unwrap(), number);
            assert_eq!(*read.get_string(4).unwrap(), format!("{number}\0\u{202e}"));
            count += 1;
        }
        assert_eq!(count, 7000);
        // Of another sort than the column, null, or left out: nothing.
        let last = reader.get_row_iter(None).unwrap().last().unwrap().unwrap();
        assert!((0..6).all(|column| last.is_null(column).unwrap()), "{last}");
    }

    #[test]
    fn a_table_without_rows_can_be_read() {
        let file = Table::begin(Vec::new(), &fields(), Vec::new()).unwrap().finish().unwrap();
        assert_eq!(SerializedFileReader::new(Bytes::from(file)).unwrap().metadata().file_metadata().num_rows(), 0);
    }

    #[test]
    fn a_full_disk_is_told_as_one() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let table = Table::begin(Full, &fields(), Vec::new()).unwrap();
        match table.finish() {
            Err(ExportError::Write(error)) => assert_eq!(error.kind(), io::ErrorKind::StorageFull),
            other => panic!("{:?}", other.map(|_| "a file")),
        }
    }
}
