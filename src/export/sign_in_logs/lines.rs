//! A table as NDJSON: one line for each row, an object with every column of the table, `dynamic` as JSON.
//!
//! Every line has every column, so that a reader who goes by what it finds finds the same in each file.

use std::io::Write;

use super::cells::{Cell, Cells};
use super::column::columns_of;
use super::json::quote;
use super::table::Table;
use crate::export::{ExportError, Outputs};

/// The file of one table.
#[derive(Debug)]
pub(super) struct Lines<O: Outputs> {
    file: O::File,
    /// What stands before each value: the brace or comma, the name, the colon.
    heads: Vec<String>,
    line: String,
}

impl<O: Outputs> Lines<O> {
    pub(super) fn begin(outputs: &mut O, table: Table) -> Result<Self, ExportError> {
        let head = |(place, name): (usize, &str)| format!("{}\"{name}\":", if place == 0 { '{' } else { ',' });
        let heads = columns_of(table).map(|(column, _)| column.name).enumerate().map(head).collect();
        Ok(Self { file: outputs.create(&file_name(table))?, heads, line: String::new() })
    }

    pub(super) fn write(&mut self, cells: &Cells) -> Result<(), ExportError> {
        let line = &mut self.line;
        line.clear();
        for (head, cell) in self.heads.iter().zip(cells.iter()) {
            line.push_str(head);
            match cell {
                Cell::Bool(yes) => line.push_str(if yes { "true" } else { "false" }),
                Cell::Json(json) => line.push_str(json),
                Cell::Long(number) => line.push_str(&number.to_string()),
                Cell::Null => line.push_str("null"),
                Cell::Text(text) | Cell::Time(text, _) => quote(line, text),
            }
        }
        line.push_str("}\n");
        self.file.write_all(line.as_bytes())?;
        Ok(())
    }

    pub(super) fn end(self, outputs: &mut O) -> Result<(), ExportError> {
        Ok(outputs.close(self.file)?)
    }
}

/// Returns what the file of a table is called.
pub(super) fn file_name(table: Table) -> String {
    format!("{}.ndjson", table.name())
}
