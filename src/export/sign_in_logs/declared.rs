//! What the tables declare of themselves: columns with types and where they come from, and what stands in for what a workspace
//! alone has.
//!
//! `tables.json` is for programs, `tables.kql` makes the tables in a Kusto database, `tables.sql` in DuckDB.

use serde::Serialize;

use super::column::{Source, Type, columns_of};
use super::table::Table;
use super::{Forms, lines, parquet_file};
use crate::export::Origin;
use crate::format::identifier::PackageId;

/// `tables.json`; its form is `schemas/sign-in-tables.schema.json`.
#[derive(Debug, Serialize)]
pub(super) struct Declared<'a> {
    marks: Vec<String>,
    package: &'a PackageId,
    tables: Vec<DeclaredTable>,
    surrogates: &'static [Surrogate],
    remarks: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct DeclaredTable {
    name: &'static str,
    category: &'static str,
    rows: u64,
    files: Vec<String>,
    columns: Vec<DeclaredColumn>,
}

#[derive(Debug, Serialize)]
struct DeclaredColumn {
    name: &'static str,
    r#type: &'static str,
    /// The member of the record that fills it, as `location.countryOrRegion`; null where none does.
    from: Option<String>,
    /// How, in one word.
    by: &'static str,
    /// What stands in every row, for constants; else null.
    constant: Option<&'static str>,
}

/// A column that is not what it is in a workspace.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Surrogate {
    column: &'static str,
    /// What it is there.
    stands_for: &'static str,
    /// What it is here.
    holds: &'static str,
    /// What follows for rules.
    effect: &'static str,
}

impl<'a> Declared<'a> {
    pub(super) fn new(origin: &'a Origin, forms: Forms, rows: [u64; 4]) -> Self {
        Self {
            marks: origin.provenance.marks(),
            package: &origin.provenance.package,
            tables: Table::ALL.into_iter().zip(rows).map(|(table, rows)| declare(table, forms, rows)).collect(),
            surrogates: SURROGATES,
            remarks: REMARKS,
        }
    }
}

impl Surrogate {
    /// Returns it in a sentence.
    pub(super) fn sentence(&self) -> String {
        format!("`{}` is {}, for {}: {}", self.column, self.holds, self.stands_for, self.effect)
    }
}

fn declare(table: Table, forms: Forms, rows: u64) -> DeclaredTable {
    let mut files = Vec::new();
    if forms.lines() {
        files.push(lines::file_name(table));
    }
    if forms.parquet() {
        files.push(parquet_file::file_name(table));
    }
    let columns = columns_of(table).map(|(column, r#type)| {
        let (from, by) = told(column.source);
        let constant = match column.source {
            Source::Category => Some(table.category()),
            Source::Constant(text) => Some(text),
            Source::Name => Some(table.name()),
            Source::Zero => Some("0"),
            _ => None,
        };
        DeclaredColumn { name: column.name, r#type: r#type.kusto(), from, by, constant }
    });
    DeclaredTable { name: table.name(), category: table.category(), rows, files, columns: columns.collect() }
}

/// Says which member of a record fills a column, and how.
fn told(source: Source) -> (Option<String>, &'static str) {
    let member = |name: &str| Some(name.to_owned());
    match source {
        Source::Category | Source::Constant(_) | Source::Name | Source::Zero => (None, "constant"),
        Source::Place(_) => (None, "place"),
        Source::List(name) => (member(name), "list"),
        Source::Member(object, name) => (Some(format!("{object}.{name}")), "member"),
        Source::NonZero(name) => (member(name), "nonzero"),
        Source::Nothing => (None, "nothing"),
        Source::Object(name, _) | Source::Property(name) => (member(name), "property"),
        Source::Reason => (member("status.failureReason"), "failure"),
        Source::Remainder => (None, "remainder"),
        Source::ResourceId | Source::Tenant => (None, "tenant"),
        Source::Surrogate => (member("createdDateTime"), "surrogate"),
        Source::UserType => (member("userType"), "capitalised"),
    }
}

/// Returns the commands that make the tables in a Kusto database.
pub(super) fn kusto(origin: &Origin) -> String {
    let mut text = heading("//", origin);
    for table in Table::ALL {
        let columns: Vec<String> =
            columns_of(table).map(|(column, r#type)| format!("['{}']: {}", column.name, r#type.kusto())).collect();
        text += &format!("\n.create-merge table {} ({})\n", table.name(), columns.join(", "));
    }
    text
}

/// Returns the statements that make the tables in DuckDB, over the files of the folder they are run in.
pub(super) fn duckdb(origin: &Origin, forms: Forms) -> String {
    let mut text = heading("--", origin);
    for table in Table::ALL {
        let rows = if forms.parquet() {
            format!("read_parquet('{}')", parquet_file::file_name(table))
        } else {
            let columns: Vec<String> =
                columns_of(table).map(|(column, r#type)| format!("'{}': '{}'", column.name, r#type.duckdb())).collect();
            format!("read_ndjson('{}', columns = {{{}}})", lines::file_name(table), columns.join(", "))
        };
        text += &format!("\nCREATE OR REPLACE VIEW {} AS SELECT * FROM {rows};\n", table.name());
    }
    text
}

fn heading(comment: &str, origin: &Origin) -> String {
    let mut text = format!("{comment} Sign-ins of package {}.\n", origin.provenance.package);
    for mark in origin.provenance.marks() {
        text += &format!("{comment} {mark}\n");
    }
    text
}

/// Every column that is not what it is in a workspace, and matters to rules.
pub(super) const SURROGATES: &[Surrogate] = &[
    Surrogate {
        column: "TimeGenerated",
        stands_for: "the time at which the service passed the record on, some minutes later",
        holds: "`createdDateTime`",
        effect: "compare with other sources by `CreatedDateTime`",
    },
    Surrogate {
        column: "IngestionTime",
        stands_for: "the function `ingestion_time()`",
        holds: "`createdDateTime`",
        effect: "a rule that calls the function has to name the column instead",
    },
    Surrogate {
        column: "_ItemId",
        stands_for: "the identifier that a workspace gives each row",
        holds: "empty",
        effect: "rules that join on it find nothing",
    },
    Surrogate {
        column: "TenantId",
        stands_for: "the identifier of the workspace",
        holds: "empty",
        effect: "the tenant whose log was read is in `AADTenantId`",
    },
    Surrogate {
        column: "RiskEventTypes",
        stands_for: "the older list of risk events",
        holds: "`[]` unless the record has one",
        effect: "an empty text would match rules that ask for any event",
    },
];

/// What else differs, and every reader has to know.
pub(super) const REMARKS: &[&str] = &[
    "text columns are empty, never null, where the record has no such member, null, or an empty text",
    "`DeviceDetail.isCompliant` is false here also where a workspace has no such key, so rules that look for it find more",
    "`conditionsSatisfied` and `conditionsNotSatisfied` of `ConditionalAccessPolicies` are words here, numbers in a workspace",
    "`UserType` is capitalised as in a workspace; `ResultDescription` is empty on success, and `Status` keeps the service's words",
    "`SignholdRaw` has what the record says and no column took as it stands, under its own names",
    "in JSON, half a surrogate pair is U+FFFD and a number beyond binary64 is a text; the sealed bytes have what was sent",
    "times in Parquet end at the microsecond; those in NDJSON are the service's own text",
];

impl Type {
    /// Returns its name in DuckDB.
    fn duckdb(self) -> &'static str {
        match self {
            Self::Bool => "BOOLEAN",
            Self::DateTime => "TIMESTAMPTZ",
            Self::Dynamic => "JSON",
            Self::Long => "BIGINT",
            Self::Real => "DOUBLE",
            Self::Text => "VARCHAR",
        }
    }
}
