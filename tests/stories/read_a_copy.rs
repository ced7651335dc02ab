//! Whoever is handed a copy can look up what stands in it: `schemas/EXPORTS.md` says of every format what is written, no less and no
//! more. Held against copies of what an attacker can write.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::basic::{LogicalType, TimeUnit, Type};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::ColumnDescriptor;
use serde_json::Value;
use signhold::export::columns::{COLUMNS, Sort};
use tempfile::TempDir;

use crate::cli::Cli;
use crate::hostile_records;
use crate::package::{fingerprint_of, operator_key};

const DOCUMENT: &str = include_str!("../../schemas/EXPORTS.md");

/// Rows of the tables in the document whose first column has this title, cell by cell, without the ticks around names.
fn described(title: &str) -> Vec<Vec<Vec<String>>> {
    let mut tables: Vec<Vec<Vec<String>>> = Vec::new();
    let mut is_inside = false;
    for line in DOCUMENT.lines() {
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else {
            is_inside &= line.starts_with('|');
            continue;
        };
        let cells: Vec<String> = row.split(" | ").map(|cell| cell.trim_matches('`').to_owned()).collect();
        if cells[0] == title {
            tables.push(Vec::new());
            is_inside = true;
        } else if is_inside {
            tables.last_mut().unwrap().push(cells);
        }
    }
    tables
}

fn names(rows: &[Vec<String>]) -> Vec<&str> {
    rows.iter().map(|row| row[0].as_str()).collect()
}

struct Copies {
    package: PathBuf,
    folder: TempDir,
}

impl Copies {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { package: hostile_records::package(folder.path()), folder }
    }

    fn make(&self, format: &str, options: &[&str]) -> PathBuf {
        let out = self.folder.path().join(format!("{format}{}", options.concat()));
        let key = fingerprint_of(&operator_key().verifying_key().to_bytes());
        let export = Cli::new().arg("export").arg(&self.package).args(["--trust", &key, "--format", format, "--quiet"]);
        export.args(options).set("--out", &out).code(0);
        out
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn first_line(path: &Path) -> Value {
    serde_json::from_str(std::fs::read_to_string(path).unwrap().lines().next().unwrap()).unwrap()
}

/// The type of a column in the words of the document.
fn type_of(column: &ColumnDescriptor) -> &'static str {
    match (column.physical_type(), column.logical_type_ref()) {
        (Type::BOOLEAN, None) => "bool",
        (Type::BYTE_ARRAY, None) => "bytes",
        (Type::BYTE_ARRAY, Some(LogicalType::String)) => "text",
        (Type::DOUBLE, None) => "double",
        (Type::INT64, None) => "integer",
        (Type::INT64, Some(LogicalType::Timestamp(time)))
            if time.is_adjusted_to_u_t_c && time.unit == TimeUnit::MICROS =>
        {
            "time"
        }
        other => panic!("{}: {other:?}", column.name()),
    }
}

/// The same, of a type as the document's table has it: lists are texts.
fn sort_of(told: &str) -> &str {
    match told.strip_suffix(", Parquet alone").unwrap_or(told) {
        "list" => "text",
        sort => sort,
    }
}

/// The words in a cell `changes`, such as `id: quoted; userAgent: cut`.
fn words(changes: &str) -> impl Iterator<Item = &str> {
    changes.split("; ").filter_map(|change| change.split_once(": ")).map(|(_, word)| word)
}

#[test]
fn every_column_is_described_in_order_and_by_its_type() {
    let (copies, tables) = (Copies::new(), described("column"));
    let columns = &tables[0];
    let mut csv = csv::Reader::from_path(copies.make("csv", &[])).unwrap();
    let in_csv: Vec<&str> =
        columns.iter().filter(|row| !row[1].ends_with("Parquet alone")).map(|row| row[0].as_str()).collect();
    assert_eq!(csv.headers().unwrap().iter().collect::<Vec<_>>(), in_csv);

    let parquet = SerializedFileReader::new(File::open(copies.make("parquet", &[])).unwrap()).unwrap();
    let schema = parquet.metadata().file_metadata().schema_descr();
    let in_parquet: Vec<(&str, &str)> =
        schema.columns().iter().map(|column| (column.name(), type_of(column))).collect();
    let in_document: Vec<(&str, &str)> = columns
        .iter()
        .filter(|row| !row[1].ends_with("CSV alone"))
        .map(|row| (row[0].as_str(), sort_of(&row[1])))
        .collect();
    assert_eq!(in_parquet, in_document);

    // Lists are texts in both; which columns hold them, the table in the source says.
    for row in columns {
        let is_list = COLUMNS.iter().any(|column| column.path == row[0] && column.sort == Sort::List);
        assert_eq!(row[1] == "list", is_list, "{}", row[0]);
    }
}

#[test]
fn every_word_for_a_change_is_described() {
    let copies = Copies::new();
    let told = |place: &str| -> BTreeSet<String> {
        let rows = described("word").remove(0);
        rows.into_iter().filter(|row| row[1] == "both" || row[1] == place).map(|row| row[0].clone()).collect()
    };
    let mut csv = csv::Reader::from_path(copies.make("csv", &[])).unwrap();
    let place = csv.headers().unwrap().iter().position(|name| name == "changes").unwrap();
    let changes: Vec<String> = csv.records().map(|row| row.unwrap()[place].to_owned()).collect();
    let written: BTreeSet<String> = changes.iter().flat_map(|changes| words(changes)).map(str::to_owned).collect();
    assert_eq!(written, told("CSV"));

    let parquet = SerializedFileReader::new(File::open(copies.make("parquet", &[])).unwrap()).unwrap();
    let mut written = BTreeSet::from(["no time".to_owned()]);
    for row in parquet.get_row_iter(None).unwrap() {
        for (name, value) in row.unwrap().get_column_iter() {
            if let ("changes", Field::Str(changes)) = (name.as_str(), value) {
                written.extend(words(changes).map(str::to_owned));
            }
        }
    }
    assert_eq!(written, told("Parquet"));
}

#[test]
fn every_member_field_and_node_is_described() {
    let (copies, tables) = (Copies::new(), described("column"));
    let members = described("member").remove(0);
    let (record, place) = members.split_last().unwrap();
    let index = copies.make("ndjson", &[]).with_added_extension("index.ndjson");
    let written: Vec<String> = first_line(&index).as_object().unwrap().keys().cloned().collect();
    assert_eq!(written.iter().collect::<BTreeSet<_>>(), place.iter().map(|row| &row[0]).collect());
    let envelope = first_line(&copies.make("ndjson", &["--envelope"]));
    let written: BTreeSet<&str> = envelope.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(written, names(place).into_iter().chain([record[0].as_str()]).collect());

    let declared = json(&copies.make("signinlogs", &[]).join("tables.json"));
    for table in declared["tables"].as_array().unwrap() {
        let columns = table["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap());
        assert_eq!(columns.filter(|name| name.starts_with("Signhold")).collect::<Vec<_>>(), names(&tables[1]));
    }
    let surrogates = declared["surrogates"].as_array().unwrap().iter();
    assert_eq!(
        surrogates.map(|surrogate| surrogate["column"].as_str().unwrap()).collect::<Vec<_>>(),
        names(&tables[2])
    );

    let load = std::fs::read_to_string(copies.make("concordance", &[]).join("load.dat")).unwrap();
    let header = load.lines().next().unwrap().trim_start_matches('\u{feff}');
    let fields: Vec<&str> = header.split('\u{14}').map(|field| field.trim_matches('\u{fe}')).collect();
    assert_eq!(fields, names(&described("field")[0]));

    let case = json(&copies.make("case", &["--records", "--by", "A. Nalyst"]));
    let nodes: BTreeSet<&str> =
        case["@graph"].as_array().unwrap().iter().map(|node| node["@type"].as_str().unwrap()).collect();
    let described = described("node").remove(0);
    let told: BTreeSet<&str> = names(&described).into_iter().collect();
    assert!(nodes.is_subset(&told), "{:?}", nodes.difference(&told));
    assert!(nodes.len() + 2 >= told.len(), "authority and organisation may be missing: {:?}", told.difference(&nodes));
}
