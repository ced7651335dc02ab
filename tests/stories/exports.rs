//! An analyst takes a copy into their own tools, and can lead every row back to the sealed bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::cli::{Cli, Said};
use crate::hostile_records;
use crate::opened::Opened;
use crate::package::operator_key;
use crate::service::{Matter, Service, entries};

const SIMULATED: &str = "SIMULATED DATA, NOT EVIDENCE";
const DERIVED: &str = "derived; the evidence is the sealed package";

/// A package to copy, and a folder to copy it to.
struct Source {
    package: PathBuf,
    trust: Vec<String>,
    folder: TempDir,
    /// Of every record in order of the pages, by page and element: the exact bytes.
    records: Vec<(u64, u64, Vec<u8>)>,
}

impl Source {
    /// What the simulator holds of one day.
    fn collected(records: u64) -> Self {
        let service = Service::start(records);
        let matter = Matter::new();
        service.collect(&matter).code(0);
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package.zip");
        std::fs::copy(matter.package(), &package).unwrap();
        let (key, root) = (folder.path().join("key.pem"), folder.path().join("root.pem"));
        std::fs::copy(matter.public_key(), &key).unwrap();
        std::fs::copy(&service.tsa_root, &root).unwrap();
        let trust = ["--trust", key.to_str().unwrap(), "--tsa-root", root.to_str().unwrap()].map(str::to_owned);
        Self { records: sealed_records(&package), package, trust: trust.into(), folder }
    }

    /// What an attacker can write.
    fn hostile() -> Self {
        Self::of(hostile_records::package)
    }

    fn of(make: impl FnOnce(&Path) -> PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = make(folder.path());
        let key = crate::package::fingerprint_of(&operator_key().verifying_key().to_bytes());
        Self { records: sealed_records(&package), package, trust: vec!["--trust".to_owned(), key], folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, format: &str, name: &str) -> Cli {
        let out = self.path(name);
        Cli::new()
            .arg("export")
            .arg(&self.package)
            .args(&self.trust)
            .args(["--format", format, "--quiet"])
            .set("--out", out)
    }

    /// Makes a copy and reads it.
    fn copy(&self, format: &str, name: &str) -> Made {
        self.made(self.export(format, name), name)
    }

    fn made(&self, cli: Cli, name: &str) -> Made {
        let said = cli.arg("--json").code(0);
        let about: Value = serde_json::from_str(&said.stdout).unwrap();
        let path = self.path(name);
        let beside = if path.is_dir() { path.join("about.json") } else { self.path(&format!("{name}.about.json")) };
        assert_eq!(std::fs::read_to_string(beside).unwrap(), said.stdout, "the answer is what stands beside the copy");
        for file in about["files"].as_array().unwrap() {
            let name = file["name"].as_str().unwrap();
            let bytes = std::fs::read(if path.is_dir() { path.join(name) } else { self.path(name) }).unwrap();
            assert_eq!(file["byte_len"], bytes.len());
            assert_eq!(file["sha256"], HEXLOWER.encode(&Sha256::digest(&bytes)));
        }
        assert_eq!(about["sha256"], about["files"][0]["sha256"]);
        assert_eq!(about["counts"]["records_in_seal"], self.records.len());
        Made { about, path }
    }

    /// Compares the exact bytes of rows, by page and element, and their leaves with what is sealed.
    fn assert_all_there(&self, rows: &[Row]) {
        assert_eq!(rows.len(), self.records.len());
        for (row, (page, element, bytes)) in rows.iter().zip(&self.records) {
            assert_eq!((row.page, row.element), (*page, *element));
            assert!(row.raw == *bytes, "page {page}, element {element}");
            let leaf = Sha256::new().chain_update([0]).chain_update(&row.raw).finalize();
            assert_eq!(row.leaf, HEXLOWER.encode(&leaf));
        }
    }
}

/// A copy that was made.
struct Made {
    about: Value,
    path: PathBuf,
}

impl Made {
    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    fn remarks(&self) -> String {
        self.about["remarks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|remark| remark.as_str().unwrap())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// What every format gives of a record.
struct Row {
    page: u64,
    element: u64,
    leaf: String,
    raw: Vec<u8>,
}

/// Cuts the pages of a package with other people's code.
fn sealed_records(package: &Path) -> Vec<(u64, u64, Vec<u8>)> {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        value: Vec<&'a RawValue>,
    }
    let opened = Opened::read(package);
    let mut records = Vec::new();
    for (path, body) in opened.files.iter().filter(|(path, _)| path.starts_with("data/pages/")) {
        let number: u64 = path.trim_start_matches("data/pages/").split('.').next().unwrap().parse().unwrap();
        let Ok(body) = serde_json::from_slice::<Body<'_>>(body) else { continue };
        for (element, raw) in (0..).zip(body.value) {
            records.push((number, element, raw.get().as_bytes().to_vec()));
        }
    }
    records
}

/// Says whether a person may see what stands there: nothing steers, nothing hides.
#[track_caller]
fn assert_harmless(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    let hidden = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            || matches!(c, '\u{e0000}'..='\u{e007f}')
    };
    assert!(!text.contains(hidden), "{:?}", text.chars().find(|c| hidden(*c)));
}

// CSV.

/// Reads CSV by the header.
fn csv_rows(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(bytes).deserialize().map(|row| row.unwrap()).collect()
}

fn rows_of_csv(bytes: &[u8]) -> Vec<Row> {
    let raw = |row: &BTreeMap<String, String>| match row["raw_encoding"].as_str() {
        "base64" => BASE64.decode(row["raw"].as_bytes()).unwrap(),
        other => {
            assert_eq!(other, "json");
            row["raw"].clone().into_bytes()
        }
    };
    let number = |text: &str| text.parse().unwrap();
    let row = |row: &BTreeMap<String, String>| Row {
        page: number(&row["page"]),
        element: number(&row["element"]),
        leaf: row["leaf"].clone(),
        raw: raw(row),
    };
    csv_rows(bytes).iter().map(row).collect()
}

#[test]
fn a_spreadsheet_has_a_row_for_every_sealed_record() {
    let source = Source::collected(400);
    let made = source.copy("csv", "copy.csv");
    let bytes = made.bytes();
    source.assert_all_there(&rows_of_csv(&bytes));
    assert_eq!(made.about["counts"]["rows"], source.records.len());
    assert_eq!(made.about["marks"], serde_json::json!([SIMULATED, DERIVED]));
    let mut codes = 0;
    for (row, (_, _, raw)) in csv_rows(&bytes).iter().zip(&source.records) {
        let record: Value = serde_json::from_slice(raw).unwrap();
        assert_eq!(row["id"], record["id"].as_str().unwrap());
        assert_eq!(row["time"], record["createdDateTime"].as_str().unwrap());
        assert_eq!(row["status.errorCode"], record["status"]["errorCode"].to_string());
        assert_eq!(row["marks"], format!("{SIMULATED}; {DERIVED}"));
        codes += usize::from(row["status.errorCode"] != "0");
    }
    assert!(codes > 0, "some sign-ins failed");
    // RFC 4180: every line ends in CRLF, and no field holds a bare one.
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches('\n').count(), source.records.len() + 1);
    assert_eq!(text.matches("\r\n").count(), source.records.len() + 1);
}

#[test]
fn no_value_of_a_log_is_a_formula_in_a_spreadsheet() {
    let source = Source::hostile();
    let made = source.copy("csv", "copy.csv");
    let bytes = made.bytes();
    source.assert_all_there(&rows_of_csv(&bytes));
    assert_harmless(&bytes);
    // Neither for a reader of commas, nor for one that takes semicolons for the ends of cells.
    for delimiter in [b',', b';'] {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(bytes.as_slice());
        for row in reader.byte_records() {
            for cell in &row.unwrap() {
                let cell = String::from_utf8_lossy(cell);
                let begins = cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']);
                let is_number = cell.parse::<f64>().is_ok();
                assert!(!begins || is_number, "{}", cell.chars().take(99).collect::<String>());
            }
        }
    }
    let rows = csv_rows(&bytes);
    let cell = |row: usize, name: &str| rows[row][name].as_str();
    assert_eq!(cell(0, "id"), format!("'{}", hostile_records::FORMULA));
    assert_eq!(cell(0, "sessionId"), "''quoted");
    assert_eq!(cell(0, "status.failureReason"), "a,\"b\"");
    assert_eq!(cell(0, "status.additionalDetails"), "x\\u{d}\\u{a}y");
    assert_eq!(cell(0, "location.geoCoordinates.latitude"), "-47.68050003051758");
    assert!(cell(0, "changes").starts_with("id: quoted; userPrincipalName: quoted; "), "{}", cell(0, "changes"));
    assert_eq!((cell(0, "raw_encoding"), cell(1, "raw_encoding")), ("base64", "json"));
    assert_eq!(cell(1, "userDisplayName"), "\\u{1b}]0;title\\u{7}\\u{1b}[2J");
    assert_eq!(cell(1, "appDisplayName"), "\"\\ud800\"");
    assert_eq!(
        cell(1, "changes"),
        "userDisplayName: visible; appDisplayName: no text; userAgent: visible; resourceDisplayName: visible"
    );
    assert_eq!((cell(2, "appDisplayName"), cell(2, "raw_encoding")), ("Müller 息 🚀 é", "base64"));
    assert_eq!(cell(3, "signInEventTypes"), "[\\u{d}\\u{a}\"interactiveUser\" ]");
    assert_eq!((cell(4, "userId"), cell(4, "appId"), cell(4, "status.errorCode")), ("", "escaped", ""));
    assert_eq!((cell(4, "autonomousSystemNumber"), cell(4, "isInteractive")), ("1e400", "yes"));
    assert!(
        cell(4, "changes").contains("userId: repeated") && cell(4, "changes").contains("status.errorCode: other type")
    );
    assert_eq!(cell(5, "userAgent").chars().count(), 32_002);
    assert_eq!(cell(5, "changes"), "appDisplayName: cut; userAgent: cut; userAgent: quoted");
    // A name that spells no text takes nothing from the members beside it.
    let ids: Vec<&str> = rows[6..].iter().map(|row| row["id"].as_str()).collect();
    assert_eq!(ids.iter().filter(|id| **id == "g").count(), 1, "{ids:?}");
    assert!(
        rows[6..].iter().all(|row| ["", "g"].contains(&row["id"].as_str()) && row["changes"].is_empty()),
        "{ids:?}"
    );
    assert!(made.remarks().contains("1 of 2 pages could not be cut into records"), "{}", made.remarks());
}

// NDJSON.

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines.pop(), Some(&b""[..]), "the last line ends");
    lines
}

fn rows_of_index(index: &[u8], exact: impl Fn(usize) -> Vec<u8>) -> Vec<Row> {
    let row = |(at, line): (usize, &&[u8])| {
        let place: BTreeMap<&str, &RawValue> = serde_json::from_slice(line).unwrap();
        let place: BTreeMap<&str, Value> = place
            .into_iter()
            .filter(|(name, _)| *name != "record")
            .map(|(name, value)| (name, serde_json::from_str(value.get()).unwrap()))
            .collect();
        assert_eq!(place["line"], at + 1);
        let raw = place["raw_base64"].as_str().map(|text| BASE64.decode(text.as_bytes()).unwrap());
        let raw = raw.unwrap_or_else(|| exact(at));
        assert_eq!(place["byte_len"], raw.len());
        Row {
            page: place["page"].as_u64().unwrap(),
            element: place["element"].as_u64().unwrap(),
            leaf: place["leaf"].as_str().unwrap().to_owned(),
            raw,
        }
    };
    lines(index).iter().enumerate().map(row).collect()
}

#[test]
fn lines_are_the_exact_bytes_and_the_index_says_where_they_are_from() {
    let source = Source::collected(400);
    let made = source.copy("ndjson", "copy.ndjson");
    let (bytes, index) = (made.bytes(), std::fs::read(source.path("copy.ndjson.index.ndjson")).unwrap());
    let lines = lines(&bytes);
    source.assert_all_there(&rows_of_index(&index, |at| lines[at].to_vec()));
    assert_eq!(made.about["file_count"], 2);
    let first: Value = serde_json::from_slice(index.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(first["marks"], format!("{SIMULATED}; {DERIVED}"));
    let seal = Opened::read(&source.package).seal();
    assert_eq!(first["package"], seal["package"]);
}

#[test]
fn a_line_that_could_not_stand_as_it_is_has_its_bytes_beside_it() {
    let source = Source::hostile();
    let made = source.copy("ndjson", "copy.ndjson");
    let (bytes, index) = (made.bytes(), std::fs::read(source.path("copy.ndjson.index.ndjson")).unwrap());
    assert_harmless(&bytes);
    assert_harmless(&index);
    let lines = lines(&bytes);
    source.assert_all_there(&rows_of_index(&index, |at| lines[at].to_vec()));
    // Only the two that had to be are different, and they say the same.
    let differing: Vec<usize> = (0..lines.len()).filter(|at| lines[*at] != source.records[*at].2).collect();
    assert_eq!(differing, [2, 3]);
    for at in differing {
        let (line, record): (Value, Value) =
            (serde_json::from_slice(lines[at]).unwrap(), serde_json::from_slice(&source.records[at].2).unwrap());
        assert_eq!(line, record);
    }
    assert!(made.remarks().contains("in 2 lines"), "{}", made.remarks());
    assert!(made.remarks().ends_with("lines 3, 4"), "{}", made.remarks());
}

#[test]
fn an_envelope_holds_record_place_and_bytes() {
    let source = Source::hostile();
    let made = source.made(source.export("ndjson", "copy.ndjson").arg("--envelope"), "copy.ndjson");
    let bytes = made.bytes();
    assert_harmless(&bytes);
    source.assert_all_there(&rows_of_index(&bytes, |_| panic!("every envelope has the bytes")));
    assert_eq!(made.about["file_count"], 1);
    let second: Value = serde_json::from_slice(lines(&bytes)[2]).unwrap();
    assert_eq!(second["record"]["appDisplayName"], "Müller 息 🚀 é");
    assert_eq!(second["exact"], false);
    // Half a surrogate pair: many readers would refuse the whole line.
    let half: Value = serde_json::from_slice(lines(&bytes)[1]).unwrap();
    assert_eq!((&half["record"], &half["exact"]), (&Value::Null, &Value::Bool(false)));
    source.export("csv", "other.csv").arg("--envelope").code(2);
}

// Parquet.

/// Reads the columns of a Parquet file that every copy has.
fn rows_of_parquet(path: &Path) -> Vec<Row> {
    let rows = parquet_rows(path);
    let row = |row: &BTreeMap<String, Field>| Row {
        page: u64::try_from(long(&row["page"])).unwrap(),
        element: u64::try_from(long(&row["element"])).unwrap(),
        leaf: text(&row["leaf"]).to_owned(),
        raw: if let Field::Bytes(raw) = &row["raw"] { raw.data().to_vec() } else { panic!("{:?}", row["raw"]) },
    };
    rows.iter().map(row).collect()
}

fn parquet_rows(path: &Path) -> Vec<BTreeMap<String, Field>> {
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().into_columns().into_iter().collect()).collect()
}

fn long(field: &Field) -> i64 {
    if let Field::Long(number) = field { *number } else { panic!("{field:?}") }
}

fn micros(field: &Field) -> i64 {
    if let Field::TimestampMicros(number) = field { *number } else { panic!("{field:?}") }
}

fn text(field: &Field) -> &str {
    if let Field::Str(text) = field { text } else { panic!("{field:?}") }
}

#[test]
fn a_database_gets_typed_columns_and_the_exact_bytes() {
    let source = Source::collected(400);
    let made = source.copy("parquet", "copy.parquet");
    source.assert_all_there(&rows_of_parquet(&made.path));
    for (row, (_, _, raw)) in parquet_rows(&made.path).iter().zip(&source.records) {
        let record: Value = serde_json::from_slice(raw).unwrap();
        assert_eq!(text(&row["id"]), record["id"].as_str().unwrap());
        assert_eq!(long(&row["status.errorCode"]), record["status"]["errorCode"].as_i64().unwrap());
        assert_eq!(row["isInteractive"], Field::Bool(record["isInteractive"].as_bool().unwrap()));
        let time: chrono::DateTime<chrono::Utc> = record["createdDateTime"].as_str().unwrap().parse().unwrap();
        let written = time.timestamp_micros();
        assert_eq!((micros(&row["createdDateTime"]), micros(&row["time"])), (written, written));
        assert_eq!(text(&row["createdDateTime_text"]), record["createdDateTime"].as_str().unwrap());
        let policies: Value = serde_json::from_str(text(&row["appliedConditionalAccessPolicies"])).unwrap();
        assert_eq!(policies, record["appliedConditionalAccessPolicies"]);
        assert_eq!(row["changes"], Field::Null);
        assert_eq!(text(&row["marks"]), format!("{SIMULATED}; {DERIVED}"));
    }
    let reader = SerializedFileReader::new(std::fs::File::open(&made.path).unwrap()).unwrap();
    let footer = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let marks = footer.iter().find(|pair| pair.key == "signhold.marks").unwrap();
    assert_eq!(marks.value.as_deref(), Some(format!("[\"{SIMULATED}\",\"{DERIVED}\"]").as_str()));
}

#[test]
fn what_does_not_fit_a_typed_column_is_named_and_stays_in_the_bytes() {
    let source = Source::hostile();
    let made = source.copy("parquet", "copy.parquet");
    source.assert_all_there(&rows_of_parquet(&made.path));
    let rows = parquet_rows(&made.path);
    assert_eq!(text(&rows[0]["id"]), hostile_records::FORMULA);
    assert_eq!(rows[0]["location.geoCoordinates.latitude"], Field::Double(-47.680_500_030_517_58));
    assert_eq!(text(&rows[1]["userAgent"]), "a\0b");
    assert_eq!(micros(&rows[1]["time"]) % 1_000_000, 123_456);
    assert!(text(&rows[1]["time_text"]).ends_with(".1234567Z"), "no digit is lost");
    assert_eq!(text(&rows[1]["changes"]), "appDisplayName: no text");
    for name in ["userId", "isInteractive", "autonomousSystemNumber", "processingTimeInMilliseconds", "location.city"] {
        assert_eq!(rows[4][name], Field::Null, "{name}");
        assert!(text(&rows[4]["changes"]).contains(&format!("{name}: ")), "{name}");
    }
    assert_eq!(text(&rows[5]["userAgent"]).len(), 1 << 20);
    assert_eq!(rows[6]["time"], Field::Null);
}

// CASE.

/// The nodes of a description, by name; every name once.
fn nodes(bytes: &[u8]) -> BTreeMap<String, Value> {
    let graph: Value = serde_json::from_slice(bytes).unwrap();
    let nodes = graph["@graph"].as_array().unwrap();
    let named: BTreeMap<String, Value> =
        nodes.iter().map(|node| (node["@id"].as_str().unwrap().to_owned(), node.clone())).collect();
    assert_eq!(named.len(), nodes.len());
    named
}

fn of_type<'a>(nodes: &'a BTreeMap<String, Value>, kind: &str) -> Vec<&'a Value> {
    nodes.values().filter(|node| node["@type"] == kind).collect()
}

fn hash_of(node: &Value) -> String {
    let facets = node["uco-core:hasFacet"].as_array().unwrap();
    let hash = facets.iter().find_map(|facet| facet.get("uco-observable:hash")).unwrap();
    hash["uco-types:hashValue"]["@value"].as_str().unwrap().to_owned()
}

#[test]
fn a_laboratory_reads_who_did_what_to_which_files() {
    let source = Source::collected(200);
    let made = source.copy("case", "copy.jsonld");
    let (counts, records) = (&made.about["counts"], source.records.len());
    assert_eq!(
        (&counts["rows"], &counts["left_out"][0]["records"]),
        (&serde_json::json!(0), &serde_json::json!(records))
    );
    let first = nodes(&made.bytes());
    let opened = Opened::read(&source.package);
    let mut expected: Vec<String> = opened
        .files
        .iter()
        .filter(|(path, _)| path.starts_with("data/pages/"))
        .map(|(_, body)| HEXLOWER.encode(&Sha256::digest(body)))
        .collect();
    expected.push(HEXLOWER.encode(&Sha256::digest(std::fs::read(&source.package).unwrap())));
    expected.sort();
    let files = of_type(&first, "uco-observable:File");
    let mut hashes: Vec<String> = files.iter().map(|file| hash_of(file)).collect();
    hashes.sort();
    assert_eq!(hashes, expected);
    assert!(files.iter().all(|file| file["uco-core:description"][0] == SIMULATED));
    let actions = of_type(&first, "case-investigation:InvestigativeAction");
    let mut names: Vec<&str> = actions.iter().map(|action| action["uco-core:name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["collect", "export", "seal"]);
    assert_eq!(of_type(&first, "case-investigation:Investigation").len(), 1);
    // What is named is there, and a second description names the same things the same.
    let text = String::from_utf8(made.bytes()).unwrap();
    for name in text.split("{\"@id\":\"").skip(1).filter_map(|rest| rest.split_once("\"}")) {
        if name.0.starts_with("urn:uuid:") && name.0.len() == 45 {
            assert!(first.contains_key(name.0), "{}", name.0);
        }
    }
    let second =
        nodes(&source.made(source.export("case", "again.jsonld").set("--by", "R. Roe"), "again.jsonld").bytes());
    let only_here = first.keys().filter(|name| !second.contains_key(*name)).count();
    assert_eq!(only_here, 2, "the export's own action and tool");
}

#[test]
fn each_record_is_described_on_request() {
    let source = Source::hostile();
    let made = source.made(source.export("case", "copy.jsonld").arg("--records"), "copy.jsonld");
    assert_eq!(made.about["counts"]["rows"], source.records.len());
    assert_harmless(&made.bytes());
    let nodes = nodes(&made.bytes());
    let mut described: Vec<String> =
        of_type(&nodes, "uco-observable:ObservableObject").iter().map(|node| hash_of(node)).collect();
    let mut sealed: Vec<String> =
        source.records.iter().map(|(_, _, bytes)| HEXLOWER.encode(&Sha256::digest(bytes))).collect();
    described.sort();
    sealed.sort();
    assert_eq!(described, sealed);
    source.export("csv", "copy.csv").arg("--records").code(2);
}

// Load files.

#[test]
fn a_review_platform_gets_each_counted_record_once_with_its_exact_bytes() {
    let source = Source::hostile();
    let made = source.made(source.export("concordance", "copy").args(["--bates", "ACME-0007"]), "copy");
    let load = std::fs::read_to_string(made.path.join("load.dat")).unwrap();
    let lines: Vec<Vec<&str>> = load
        .strip_prefix('\u{feff}')
        .unwrap()
        .lines()
        .map(|line| line.split('\u{14}').map(|value| value.trim_matches('þ')).collect())
        .collect();
    let (names, lines) = lines.split_first().unwrap();
    let at = |name: &str| names.iter().position(|field| *field == name).unwrap();
    assert_eq!(made.about["counts"]["rows"], lines.len());
    let mut records = source.records.iter().filter(|(page, _, _)| *page == source.records[0].0);
    for (line, number) in lines.iter().zip(7..) {
        assert_eq!(line.len(), names.len());
        assert_eq!(line[at("BEGBATES")], format!("ACME-{number:04}"));
        let native = std::fs::read(made.path.join(line[at("NATIVEPATH")].replace('\\', "/"))).unwrap();
        let (_, element, raw) = records.next().unwrap();
        assert_eq!((line[at("ELEMENT_INDEX")], &native), (element.to_string().as_str(), raw));
        let leaf = Sha256::new().chain_update([0]).chain_update(&native).finalize();
        assert_eq!(line[at("LEAF_HASH")], HEXLOWER.encode(&leaf));
        assert_eq!(line[at("NATIVE_SHA256")], HEXLOWER.encode(&Sha256::digest(&native)));
        assert_eq!((line[at("CUSTODIAN")], line[at("MARKS")]), ("", DERIVED));
        let text = std::fs::read(made.path.join(line[at("TEXTPATH")].replace('\\', "/"))).unwrap();
        assert_harmless(&text);
        assert!(text.starts_with(DERIVED.as_bytes()));
    }
    assert_eq!(lines.len(), source.records.len(), "all of them count");
    assert_eq!(lines[0][at("RECORDID")], hostile_records::FORMULA);
    assert_eq!((lines[1][at("RESULT_CODE")], lines[1][at("APPLICATION")]), ("0", ""), "no text");
    assert!(made.remarks().contains("there is no load.opt"), "{}", made.remarks());
    // Thirteen records need two digits.
    let said = source.export("concordance", "other").args(["--bates", "A1"]).code(2);
    assert!(said.stderr.contains("after `A9` need more than the 1 digits"), "{}", said.stderr);
    source.export("concordance", "other").args(["--bates", "A/1"]).code(2);
    source.export("csv", "other").args(["--bates", "A1"]).code(2);
    assert_eq!(left(&source), ["copy", "hostile.zip"]);
}

// What holds for all of them.

#[test]
fn the_answer_says_what_was_made_of_what() {
    let source = Source::hostile();
    source
        .export("csv", "copy.csv")
        .without_flag("--quiet")
        .stdout(
            "derived; the evidence is the sealed package

written    [..]/copy.csv
rows       13, of 13 records in the seal
sha256     [..]
package    ACME-1_20261122T060400Z-1a2b3c4d, VALID
note       1 of 2 pages could not be cut into records and gives no row; the package keeps such pages whole
note       `raw` is each record byte for byte, [..]
note       in 6 rows a cell was made harmless for spreadsheets or could not be filled; `changes` names each
note       in [..] rows `raw` is base64, since it could do harm in a cell
",
        )
        .stderr("[..]: derived; the evidence is the sealed package\n100% 13 of 13 records\n")
        .code(0);
}

#[test]
fn of_a_package_that_failed_nothing_is_made_unless_somebody_says_so() {
    let source = Source::of(hostile_records::tampered_package);
    for (format, name) in FORMATS {
        let said = source.export(format, name).code(1);
        assert_refused(&said);
        assert_eq!(left(&source), ["hostile.zip"], "{format}");
    }
    for (format, name) in FORMATS {
        let made = source.made(source.export(format, name).arg("--despite-findings"), name);
        let mark = made.about["marks"][0].as_str().unwrap();
        assert!(mark.starts_with("FROM A PACKAGE THAT FAILED VERIFICATION ("), "{mark}");
        assert_eq!(made.about["provenance"]["verdict"], "INVALID");
    }
}

#[track_caller]
fn assert_refused(said: &Said) {
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("is INVALID; nothing was made of it"), "{}", said.stderr);
}

/// Each format and the name of a copy in it.
const FORMATS: [(&str, &str); 4] =
    [("concordance", "copy"), ("csv", "copy.csv"), ("ndjson", "copy.ndjson"), ("parquet", "copy.parquet")];

fn left(source: &Source) -> Vec<String> {
    let entries = source.folder.path().read_dir().unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    let source = Source::hostile();
    for (format, name) in FORMATS {
        std::fs::write(source.path(name), "precious").unwrap();
        let said = source.export(format, name).stdout("").code(2);
        assert!(said.stderr.contains("exists already and is left as it is"), "{}", said.stderr);
        assert_eq!(std::fs::read_to_string(source.path(name)).unwrap(), "precious");
        assert_eq!(left(&source), [name, "hostile.zip"]);
        std::fs::remove_file(source.path(name)).unwrap();
    }
}

#[test]
fn a_full_disk_leaves_nothing_half_made() {
    let source = Source::hostile();
    for (format, name) in FORMATS {
        let said = source.export(format, name).file_limit(8).stdout("").code(4);
        assert!(said.stderr.contains("error: the copy could not be written"), "{}", said.stderr);
        assert_eq!(left(&source), ["hostile.zip"], "{format}");
    }
}

#[test]
#[cfg(unix)]
fn an_interrupted_export_leaves_nothing_behind() {
    let (service, matter) = (Service::start(3000), Matter::new());
    service.collect(&matter).code(0);
    let folder = matter.path("copies");
    std::fs::create_dir(&folder).unwrap();
    let export = Cli::new()
        .arg("export")
        .arg(matter.package())
        .set("--trust", matter.public_key())
        .set("--tsa-root", &service.tsa_root)
        .args(["--format", "concordance"])
        .set("--out", folder.join("load"));
    let mut running = export.start();
    // As soon as something has been begun.
    while entries(&folder).is_empty() && running.is_alive() {
        std::thread::yield_now();
    }
    running.interrupt();
    let (said, code) = running.end();
    assert_eq!(code, Some(4), "{}", said.stderr);
    assert!(said.stderr.contains("interrupted; what was not finished is removed"), "{}", said.stderr);
    assert_eq!(entries(&folder), Vec::<PathBuf>::new());
}
