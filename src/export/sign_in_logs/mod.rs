//! Sign-ins as rows of the tables SigninLogs, AADNonInteractiveUserSignInLogs, AADServicePrincipalSignInLogs and
//! AADManagedIdentitySignInLogs of a Log Analytics workspace, for the rules and questions that are written for these.
//!
//! A folder with one file for each table, as NDJSON, as Parquet or both, which a Kusto database and DuckDB load as they are.
//! Names and types of columns are those of the workspace ([`column`]), and what fills them is data too. What a workspace has and
//! a record of Graph has not is declared beside the rows ([`declared`]), never guessed. A sign-in is a row once: what the seal
//! does not count (second passes, windows asked again, the edges that two windows share) would be counted double by rules, and
//! comes only where somebody asks for every record.

mod cells;
pub mod column;
mod declared;
pub(super) mod json;
mod lines;
mod parquet_file;
pub mod table;
#[cfg(test)]
pub(super) mod tests;

use std::io::Write as _;
use std::mem;

use self::cells::{Cells, Filler};
use self::lines::Lines;
use self::parquet_file::ParquetFile;
use self::table::Table;
use super::parquet::metadata;
use super::{ExportError, Exporter, Fate, Origin, Outputs, Row, Tally};
use crate::codec::amount::counted;
use crate::format::kind::{Kind, Sort};
use crate::time::{ServiceTime, Window};
use crate::verify::VerifiedRecord;

/// In which form each table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// As NDJSON and as Parquet.
    Both,
    /// As NDJSON.
    Lines,
    /// As Parquet.
    Parquet,
}

/// Which records become rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Every record of a sign-in log, however often the service sent it.
    All,
    /// Those that the seal counts: each once.
    Counted,
}

/// Writes the tables.
pub struct SignInLogs<O: Outputs> {
    outputs: O,
    origin: Origin,
    forms: Forms,
    records: Records,
    filler: Filler,
    cells: Cells,
    /// The table under way, and its files. One at a time: what a Parquet file holds of its group under way would be held four times.
    slot: usize,
    files: Files<O>,
    rows: [u64; 4],
}

/// The files of one table.
struct Files<O: Outputs> {
    lines: Option<Lines<O>>,
    parquet: Option<ParquetFile<O>>,
}

impl<O: Outputs> Files<O> {
    fn begin(outputs: &mut O, origin: &Origin, forms: Forms, table: Table) -> Result<Self, ExportError> {
        let lines = if forms.lines() { Some(Lines::begin(outputs, table)?) } else { None };
        let parquet = if forms.parquet() { Some(ParquetFile::begin(outputs, table, metadata(origin)?)?) } else { None };
        Ok(Self { lines, parquet })
    }

    fn write(&mut self, cells: &Cells) -> Result<(), ExportError> {
        self.lines.as_mut().map_or(Ok(()), |lines| lines.write(cells))?;
        self.parquet.as_mut().map_or(Ok(()), |parquet| parquet.write(cells))
    }

    fn end(self, outputs: &mut O) -> Result<(), ExportError> {
        self.lines.map_or(Ok(()), |lines| lines.end(outputs))?;
        self.parquet.map_or(Ok(()), |parquet| parquet.end(outputs))
    }
}

impl Forms {
    fn lines(self) -> bool {
        self != Self::Parquet
    }

    fn parquet(self) -> bool {
        self != Self::Lines
    }
}

impl<O: Outputs> SignInLogs<O> {
    /// Begins the first table; the others follow, and those without rows are there too.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`], [`ExportError::Encode`].
    pub fn begin(mut outputs: O, origin: &Origin, forms: Forms, records: Records) -> Result<Self, ExportError> {
        let files = Files::begin(&mut outputs, origin, forms, Table::Interactive)?;
        Ok(Self {
            outputs,
            origin: origin.clone(),
            forms,
            records,
            filler: Filler::new(&origin.provenance.package, origin.marks_line(), &origin.genesis.identity),
            cells: Cells::default(),
            slot: Table::Interactive.slot(),
            files,
            rows: [0; 4],
        })
    }

    /// Ends the tables before that one, and begins it.
    fn go_on_to(&mut self, table: Table) -> Result<(), ExportError> {
        if table.slot() < self.slot {
            return Err(ExportError::Turn(table.name()));
        }
        for next in Table::ALL.into_iter().skip(self.slot.saturating_add(1)).take_while(|next| *next <= table) {
            // One file is ended before the next takes its memory.
            let none = Files { lines: None, parquet: None };
            mem::replace(&mut self.files, none).end(&mut self.outputs)?;
            self.files = Files::begin(&mut self.outputs, &self.origin, self.forms, next)?;
            self.slot = next.slot();
        }
        Ok(())
    }
}

impl<O: Outputs> Exporter for SignInLogs<O> {
    fn turn(&self, kind: Kind) -> usize {
        Table::of(kind).map_or(0, Table::slot)
    }

    fn record(&mut self, row: &Row<'_>) -> Result<Fate, ExportError> {
        let Some(table) = Table::of(row.record.kind) else { return Ok(Fate::LeaveOut(NO_SIGN_IN)) };
        if self.records == Records::Counted && !row.record.is_counted {
            return Ok(Fate::LeaveOut(why_not_counted(&row.record, row.page.record.stream.window().ok())));
        }
        self.go_on_to(table)?;
        self.filler.fill(&mut self.cells, table, &row.record);
        self.files.write(&self.cells)?;
        if let Some(rows) = self.rows.get_mut(table.slot()) {
            *rows = rows.saturating_add(1);
        }
        Ok(Fate::Write)
    }

    fn finish(mut self: Box<Self>, _: &Tally) -> Result<Vec<String>, ExportError> {
        self.go_on_to(Table::ManagedIdentity)?;
        self.files.end(&mut self.outputs)?;
        let declared = declared::Declared::new(&self.origin, self.forms, self.rows);
        let declared = serde_json::to_string_pretty(&declared).map_err(std::io::Error::from)?;
        let documents = [
            ("tables.json", declared + "\n"),
            ("tables.kql", declared::kusto(&self.origin)),
            ("tables.sql", declared::duckdb(&self.origin, self.forms)),
        ];
        for (name, text) in documents {
            let mut file = self.outputs.create(name)?;
            file.write_all(text.as_bytes())?;
            self.outputs.close(file)?;
        }
        let mut remarks = Vec::new();
        for (table, rows) in Table::ALL.into_iter().zip(self.rows) {
            remarks.push(format!("{} in {}", counted(rows, "row"), table.name()));
        }
        remarks.extend(declared::SURROGATES.iter().map(declared::Surrogate::sentence));
        remarks.extend(declared::REMARKS.iter().map(ToString::to_string));
        Ok(remarks)
    }
}

/// Says why the seal does not count a record.
pub(super) fn why_not_counted(record: &VerifiedRecord<'_>, window: Option<Window>) -> &'static str {
    let time = record.time.and_then(ServiceTime::parse);
    if record.kind.sort() != Sort::Log {
        "asked only to compare with, in version 1.0 of the API"
    } else if record.pass > 1 {
        "of the second pass, which asks for everything again"
    } else if let (Some(window), Some(time)) = (window, time)
        && !window.contains(time)
    {
        "at the edge of its window; the neighbouring window has it, or it lies outside the plan"
    } else {
        "of a window that was asked again"
    }
}

/// Of directory audits, risk detections and the service's own counts.
const NO_SIGN_IN: &str = "no sign-ins: of another log";
