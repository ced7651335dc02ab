//! A load file for review platforms: `load.dat` in the form of Concordance, and for each record a native and a text.
//!
//! * `load.dat` is UTF-8 with a byte order mark; its lines end in CRLF, the first has the names of the fields. Every value stands
//!   between þ (U+00FE), and U+0014 separates them. Within a value a line end (LF or CRLF) becomes ® (U+00AE). So that no value
//!   ends its field or passes for a line end, þ, ® and U+0014 of its own become `\u{fe}`, `\u{ae}` and `\u{14}`, and likewise
//!   every character that steers or hides ([`is_unseen`](crate::codec::visible::is_unseen)). What was there is in the native.
//!   `ACCOUNT` to `COUNTRY` are what the record says once and as documented ([`super::columns`]); otherwise they are empty.
//!   `CUSTODIAN` is empty: the log is everybody's, and was not asked for by person.
//! * `NATIVES/0001/NUMBER.json` is the record byte for byte: SHA-256 over it is `NATIVE_SHA256`, over a zero byte and it `LEAF_HASH`.
//! * `TEXT/0001/NUMBER.txt` is what has to be said of the copy, and the record as text to read and search ([`super::readable`]).
//!
//! A folder holds 1000 records. Each record that the seal counts comes once and has one Bates number; what the seal does not count
//! (second passes, windows asked again, edges that two windows share) would be reviewed twice, and is left out and tallied.
//! There is no Opticon file (`load.opt`): that lists images of pages, and log records have none.

use std::borrow::Cow;
use std::io::Write;

use super::bates::Bates;
use super::columns::{COLUMNS, Cell, flatten};
use super::readable::readable;
use super::sign_in_logs::why_not_counted;
use super::{ExportError, Exporter, Fate, Origin, Outputs, Row, Tally};
use crate::codec::amount::counted;
use crate::codec::json::Shape;
use crate::codec::visible::visible;
use crate::crypto::digest::{FileDigest, PageDigest};
use crate::time::ServiceTime;
use crate::verify::VerifiedRecord;

/// Writes a load file with its natives and texts.
pub struct Concordance<O: Outputs> {
    outputs: O,
    load: O::File,
    bates: Bates,
    common: Common,
    records: u64,
    first: Option<String>,
    last: Option<String>,
    cut: u64,
    custodians: Vec<String>,
}

/// What every record says.
struct Common {
    package: String,
    marks: Vec<String>,
}

/// The page of a record.
struct Page<'a> {
    path: &'a str,
    sha256: &'a PageDigest,
}

impl<O: Outputs> Concordance<O> {
    /// Begins, with the given number or with the first of the matter.
    ///
    /// # Errors
    ///
    /// [`ExportError::Write`].
    pub fn begin(outputs: O, origin: &Origin, bates: Option<Bates>) -> Result<Self, ExportError> {
        let matter = &origin.genesis.matter;
        let bates = bates.unwrap_or_else(|| Bates::of_matter(&matter.id));
        let (package, marks) = (origin.provenance.package.to_string(), origin.provenance.marks());
        let custodians = matter.custodians.iter().map(ToString::to_string).collect();
        Ok(Self { custodians, ..Self::with(outputs, bates, Common { package, marks })? })
    }

    fn with(mut outputs: O, bates: Bates, common: Common) -> Result<Self, ExportError> {
        let mut load = outputs.create("load.dat")?;
        load.write_all("\u{feff}".as_bytes())?;
        load.write_all(line(&FIELDS).as_bytes())?;
        Ok(Self { outputs, load, bates, common, records: 0, first: None, last: None, cut: 0, custodians: Vec::new() })
    }

    fn write(&mut self, record: &VerifiedRecord<'_>, page: &Page<'_>) -> Result<(), ExportError> {
        let number = self.bates.take().map_err(|error| ExportError::Unfit(error.to_string()))?;
        let folder = format!("{:04}", (self.records / FOLDER_RECORDS).saturating_add(1));
        self.file(&format!("NATIVES/{folder}/{number}.json"), record.bytes)?;
        let text = self.text(&number, record);
        self.file(&format!("TEXT/{folder}/{number}.txt"), text.as_bytes())?;
        let time = record.time.filter(|time| ServiceTime::parse(time).is_some()).unwrap_or_default();
        let said = Said::of(record);
        self.cut = self.cut.saturating_add(u64::from(said.was_cut));
        let values = [
            number.as_str(),
            &number,
            "",
            &said.id,
            time,
            record.kind.as_str(),
            &said.account,
            &said.address,
            &said.application,
            &said.result,
            &said.country,
            page.path,
            &page.sha256.to_string(),
            &record.offset.to_string(),
            &record.bytes.len().to_string(),
            &record.element.to_string(),
            &record.leaf().to_string(),
            &FileDigest::of(record.bytes).to_string(),
            &self.common.package,
            &format!("NATIVES\\{folder}\\{number}.json"),
            &format!("TEXT\\{folder}\\{number}.txt"),
            &self.common.marks.join("; "),
        ];
        self.load.write_all(line(&values).as_bytes())?;
        self.records = self.records.saturating_add(1);
        self.first.get_or_insert_with(|| number.clone());
        self.last = Some(number);
        Ok(())
    }

    /// The text of a record: what has to be said of it stands before it.
    fn text(&self, number: &str, record: &VerifiedRecord<'_>) -> String {
        let mut text = String::new();
        for mark in &self.common.marks {
            text += &format!("{mark}\n");
        }
        text += &format!(
            "{number}: element {} of page {} of {}\n\n{}\n",
            record.element,
            record.page,
            self.common.package,
            readable(record.bytes)
        );
        text
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let mut file = self.outputs.create(name)?;
        file.write_all(bytes)?;
        Ok(self.outputs.close(file)?)
    }
}

impl<O: Outputs> Exporter for Concordance<O> {
    fn record(&mut self, row: &Row<'_>) -> Result<Fate, ExportError> {
        if !row.record.is_counted {
            return Ok(Fate::LeaveOut(why_not_counted(&row.record, row.page.record.stream.window().ok())));
        }
        let body = &row.page.record.body;
        self.write(&row.record, &Page { path: body.path.as_str(), sha256: &body.sha256 })?;
        Ok(Fate::Write)
    }

    fn finish(mut self: Box<Self>, _: &Tally) -> Result<Vec<String>, ExportError> {
        self.load.flush()?;
        self.outputs.close(self.load)?;
        let mut remarks = Vec::new();
        if let (Some(first), Some(last)) = (self.first, self.last) {
            remarks.push(format!("Bates numbers {first} to {last}, one for each record"));
        }
        remarks.extend(REMARKS.map(str::to_owned));
        if !self.custodians.is_empty() {
            let named = self.custodians.join(", ");
            remarks.push(format!(
                "CUSTODIAN is empty, since the service was not asked for single persons; the plan names {named}"
            ));
        }
        if self.cut > 0 {
            remarks.push(format!(
                "in {} a value of the record is cut after {MAX_CHARS} characters and ends in `…`; the native has all of it",
                counted(self.cut, "line")
            ));
        }
        Ok(remarks)
    }
}

/// A line of the load file.
fn line(values: &[&str; FIELDS.len()]) -> String {
    let quoted = values.each_ref().map(|value| format!("{QUOTE}{}{QUOTE}", harmless(value)));
    quoted.join(SEPARATOR) + "\r\n"
}

/// Writes a value so that it stays within its field.
fn harmless(value: &str) -> String {
    // The line ends go last: until then no ® is ours.
    visible(&value.replace("\r\n", "\n")).replace(QUOTE, "\\u{fe}").replace(NEWLINE, "\\u{ae}").replace('\n', NEWLINE)
}

/// What a record says of itself, as far as a field has room for it.
#[derive(Default)]
struct Said {
    id: String,
    account: String,
    address: String,
    application: String,
    result: String,
    country: String,
    was_cut: bool,
}

impl Said {
    fn of(record: &VerifiedRecord<'_>) -> Self {
        let cells = flatten(record.bytes);
        let cell = |path: &str| {
            let place = COLUMNS.iter().position(|column| column.path == path);
            place.and_then(|place| cells.get(place)).map_or(Cow::Borrowed(""), text)
        };
        let first = |paths: [&str; 2]| paths.map(cell).into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let mut said = Self::default();
        said.id = said.fit(record.id.unwrap_or_default());
        said.account = said.fit(&first(["userPrincipalName", "servicePrincipalName"]));
        said.address = said.fit(&cell("ipAddress"));
        said.application = said.fit(&cell("appDisplayName"));
        said.result = said.fit(&cell("status.errorCode"));
        said.country = said.fit(&cell("location.countryOrRegion"));
        said
    }

    /// Cuts a value to what the fields of review platforms have room for.
    fn fit(&mut self, value: &str) -> String {
        let Some((end, _)) = value.char_indices().nth(MAX_CHARS) else { return value.to_owned() };
        self.was_cut = true;
        format!("{}…", value.get(..end).unwrap_or_default())
    }
}

/// Returns a text or a number; nothing of anything else.
fn text<'a>(cell: &Cell<'a>) -> Cow<'a, str> {
    let Cell::Value(value) = cell else { return Cow::Borrowed("") };
    match value.shape() {
        Shape::Number(spelled) => Cow::Borrowed(spelled),
        Shape::Text(text) => text.text().unwrap_or_default(),
        _ => Cow::Borrowed(""),
    }
}

/// The fields, in the order of the values.
const FIELDS: [&str; 22] = [
    "BEGBATES",
    "ENDBATES",
    "CUSTODIAN",
    "RECORDID",
    "DATETIME_UTC",
    "KIND",
    "ACCOUNT",
    "IP_ADDRESS",
    "APPLICATION",
    "RESULT_CODE",
    "COUNTRY",
    "SOURCE_PAGE",
    "PAGE_SHA256",
    "BYTE_OFFSET",
    "BYTE_LENGTH",
    "ELEMENT_INDEX",
    "LEAF_HASH",
    "NATIVE_SHA256",
    "PACKAGE",
    "NATIVEPATH",
    "TEXTPATH",
    "MARKS",
];

/// What a reader has to know of every load file.
const REMARKS: [&str; 5] = [
    "load.dat is UTF-8 with a byte order mark; values stand between U+00FE, U+0014 separates them, and U+00AE is a line end \
     within a value; these characters in a value, and those that steer or hide, are written as \\u{…}",
    "each file below NATIVES is a record byte for byte: SHA-256 over it is NATIVE_SHA256, over a zero byte and it LEAF_HASH, which the \
     package's seal covers",
    "files below TEXT are records made readable, for searching; they are not the bytes that were sealed",
    "PAGE_SHA256 is of the page as it is stored; BYTE_OFFSET counts in it after its content coding, if any, is undone",
    "there is no load.opt: it would list images of pages, and records of a log have none",
];

const QUOTE: &str = "\u{fe}";
const SEPARATOR: &str = "\u{14}";
const NEWLINE: &str = "\u{ae}";
/// 1000: how many records a folder of natives or texts holds, which platforms and file systems open without trouble.
const FOLDER_RECORDS: u64 = 1000;
/// 400: below the 450 bytes that platforms index at most, for the identifiers of a service, which are ASCII.
const MAX_CHARS: usize = 400;

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::crypto::merkle::leaf_hash;
    use crate::export::sign_in_logs::tests::Memory;
    use crate::format::kind::Kind;

    /// Without a user's name it is the service principal's; the application stands twice.
    const RECORD: &[u8] =
        br#"{"servicePrincipalName":"Zo\u00eb","userPrincipalName":null,"ipAddress":"::1","appDisplayName":"a",
        "appDisplayName":"b","status":{"errorCode":50126}}"#;

    /// Makes a load file of records that are nothing but these bytes, with this identifier.
    fn load(bates: &str, records: &[(&[u8], Option<&str>)]) -> Result<(Memory, Vec<String>), ExportError> {
        let common = Common { package: "A_1".to_owned(), marks: vec!["one".to_owned(), "two".to_owned()] };
        let memory = Memory::default();
        let mut concordance = Box::new(Concordance::with(memory.clone(), bates.parse().unwrap(), common)?);
        for ((bytes, id), element) in records.iter().zip(0..) {
            let record = VerifiedRecord {
                page: 7,
                element,
                bytes,
                offset: 10,
                time: Some("2026-11-01T08:00:00.1234567Z"),
                id: *id,
                kind: Kind::InteractiveUser,
                pass: 1,
                is_counted: true,
            };
            let page = Page { path: "data/pages/000007.json", sha256: &PageDigest::of(b"page") };
            concordance.write(&record, &page)?;
        }
        let remarks = concordance.finish(&Tally::default())?;
        Ok((memory, remarks))
    }

    /// Reads a load file by nothing but its separators.
    fn values(dat: &[u8]) -> Vec<Vec<String>> {
        let text = std::str::from_utf8(dat).unwrap().strip_prefix('\u{feff}').unwrap();
        let lines = text.strip_suffix("\r\n").unwrap().split("\r\n");
        let value = |value: &str| {
            let value = value.strip_prefix('þ').unwrap().strip_suffix('þ').unwrap();
            assert!(!value.contains(['þ', '\u{14}', '\r', '\n']), "{value}");
            value.to_owned()
        };
        lines.map(|line| line.split('\u{14}').map(value).collect()).collect()
    }

    #[test]
    fn no_value_leaves_its_field() {
        assert_eq!(harmless("aþb\u{14}c®d\r\ne\nf\rg"), "a\\u{fe}b\\u{14}c\\u{ae}d®e®f\\u{d}g");
        assert_eq!(harmless("\u{1b}[2J\0\u{202e}\u{feff}\u{2028}"), "\\u{1b}[2J\\u{0}\\u{202e}\\u{feff}\\u{2028}");
        assert_eq!(harmless("Zoë 息 =cmd"), "Zoë 息 =cmd");
        let (memory, _) = load("A1", &[(b"{}", Some("þ\u{14}þ\r\nþA9þ\u{14}®\u{1b}"))]).unwrap();
        let lines = values(&memory.file("load.dat"));
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [22, 22]);
        assert_eq!(lines[1][3], "\\u{fe}\\u{14}\\u{fe}®\\u{fe}A9\\u{fe}\\u{14}\\u{ae}\\u{1b}");
    }

    #[test]
    fn fields_say_where_a_record_comes_from() {
        let (memory, remarks) = load("A08", &[(b"{}", Some("x")), (RECORD, None)]).unwrap();
        let lines = values(&memory.file("load.dat"));
        assert_eq!(lines[0], FIELDS);
        let (page, leaf) = (PageDigest::of(b"page").to_string(), leaf_hash(RECORD).to_string());
        let (byte_len, native) = (RECORD.len().to_string(), FileDigest::of(RECORD).to_string());
        let expected = [
            "A09",
            "A09",
            "",
            "",
            "2026-11-01T08:00:00.1234567Z",
            Kind::InteractiveUser.as_str(),
            "Zoë",
            "::1",
            "",
            "50126",
            "",
            "data/pages/000007.json",
            &page,
            "10",
            &byte_len,
            "1",
            &leaf,
            &native,
            "A_1",
            "NATIVES\\0001\\A09.json",
            "TEXT\\0001\\A09.txt",
            "one; two",
        ];
        assert_eq!(lines[2], expected);
        assert_eq!(remarks[0], "Bates numbers A08 to A09, one for each record");
        let text = String::from_utf8(memory.file("TEXT/0001/A09.txt")).unwrap();
        assert!(text.starts_with("one\ntwo\nA09: element 1 of page 7 of A_1\n\n{\n"), "{text}");
    }

    #[test]
    fn natives_are_the_sealed_bytes_and_a_folder_holds_a_thousand() {
        let bytes: Vec<Vec<u8>> =
            (0..1001).map(|n| format!("{{ \"n\":\r\n{n}, \"þ\":\"\\u0014\"}}").into_bytes()).collect();
        let records: Vec<(&[u8], Option<&str>)> = bytes.iter().map(|bytes| (bytes.as_slice(), None)).collect();
        let (memory, _) = load("A0001", &records).unwrap();
        let lines = values(&memory.file("load.dat"));
        assert_eq!(lines.len(), 1002);
        for (line, bytes) in lines[1..].iter().zip(&bytes) {
            let native = memory.file(&line[19].replace('\\', "/"));
            assert_eq!(native, *bytes);
            let leaf = Sha256::new().chain_update([0]).chain_update(&native).finalize();
            assert_eq!(line[16], data_encoding::HEXLOWER.encode(&leaf));
        }
        assert_eq!(lines[1000][19], "NATIVES\\0001\\A1000.json");
        assert_eq!(lines[1001][20], "TEXT\\0002\\A1001.txt");
    }

    #[test]
    fn numbers_that_do_not_fit_end_it() {
        let error = load("A9", &[(b"1", None), (b"2", None)]).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("after `A9` need more than the 1 digits"), "{error}");
    }

    #[test]
    fn long_identifiers_are_cut_and_said_to_be() {
        let long = "é".repeat(1 << 20);
        let (memory, remarks) = load("A1", &[(b"{}", Some(&long)), (b"{}", Some(&long[..800]))]).unwrap();
        let lines = values(&memory.file("load.dat"));
        assert_eq!(lines[1][3], format!("{}…", "é".repeat(400)));
        assert_eq!(lines[2][3], "é".repeat(400));
        assert!(remarks.last().unwrap().starts_with("in 1 line a value of the record is cut"), "{remarks:?}");
    }
}
