//! Rows of `MicrosoftGraphActivityLogs` as people export them: CSV, a JSON array of objects, or one object a line.
//!
//! Columns are found by name, in any case and order; `TimeGenerated [UTC]`, as Log Analytics writes into CSV, is
//! `TimeGenerated`. Further columns are ignored. A value that cannot be read is no value, and what was not compared is said.

use chrono::{NaiveDateTime, TimeZone as _, Utc};
use serde_json::{Map, Value};

use crate::time::{ServiceTime, UnixNanos};

/// One row, as far as it can be compared. Every text is a stranger's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Which row of the export, from 1.
    pub number: u64,
    /// `ClientRequestId`.
    pub client_request_id: Option<String>,
    /// `RequestId`.
    pub request_id: Option<String>,
    /// `OperationId`.
    pub operation_id: Option<String>,
    /// `RequestUri`.
    pub uri: Option<String>,
    /// `ResponseStatusCode`.
    pub status: Option<String>,
    /// `ResponseSizeBytes`.
    pub byte_len: Option<String>,
    /// `AppId`.
    pub app_id: Option<String>,
    /// `TimeGenerated`, as written.
    pub time: Option<String>,
    /// Whether [`Row::time`] is in UTC, by its column's name or its own spelling.
    pub time_is_utc: bool,
}

/// Why an export cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// CSV that breaks off or has rows of several lengths.
    #[error("not CSV that can be read: {0}")]
    Csv(String),
    /// JSON that breaks off, or holds something else than objects.
    #[error("not JSON that can be read, in row {row}: {reason}")]
    Json {
        /// Which row, from 1.
        row: u64,
        /// What the parser says.
        reason: String,
    },
    /// An export of another table, or one that leaves the identifier out.
    #[error("no column `ClientRequestId`")]
    NoIdentifier,
    /// Neither UTF-8 nor anything else.
    #[error("not UTF-8 text")]
    NotText,
}

/// Reads an export; its form is seen from its first character.
///
/// # Errors
///
/// [`RowsError`] when it is none.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, RowsError> {
    let text = str::from_utf8(bytes).map_err(|_| RowsError::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = match text.trim_start().chars().next() {
        Some('[') => read_array(text)?,
        Some('{') => read_lines(text)?,
        _ => read_csv(text)?,
    };
    // An empty export is an answer: nothing was found. One without the column is a mistake.
    if !rows.is_empty() && rows.iter().all(|row| row.client_request_id.is_none()) {
        return Err(RowsError::NoIdentifier);
    }
    Ok(rows)
}

/// Reads the time of a row: RFC 3339, or as the portal writes it into CSV, `11/22/2026, 6:05:01.123 AM`.
#[must_use]
pub fn instant(text: &str) -> Option<UnixNanos> {
    if let Some(time) = ServiceTime::parse(text) {
        return Some(time.nanos());
    }
    let civil = PORTAL_TIMES.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Utc.from_utc_datetime(&civil).timestamp_nanos_opt().map(i128::from)
}

fn read_array(text: &str) -> Result<Vec<Row>, RowsError> {
    let broken = |error: serde_json::Error| RowsError::Json { row: 1, reason: error.to_string() };
    let objects: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(broken)?;
    Ok((1..).zip(&objects).map(|(number, object)| from_object(number, object)).collect())
}

fn read_lines(text: &str) -> Result<Vec<Row>, RowsError> {
    let mut rows = Vec::new();
    for (number, object) in (1..).zip(serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>()) {
        let object = object.map_err(|error| RowsError::Json { row: number, reason: error.to_string() })?;
        rows.push(from_object(number, &object));
    }
    Ok(rows)
}

fn read_csv(text: &str) -> Result<Vec<Row>, RowsError> {
    let broken = |error: csv::Error| RowsError::Csv(error.to_string());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().map_err(broken)?.clone();
    let known = names.iter().any(|name| column(name).is_some_and(|(name, _)| name == "clientrequestid"));
    if !known {
        return Err(RowsError::NoIdentifier);
    }
    let mut rows = Vec::new();
    for (number, record) in (1..).zip(reader.records()) {
        let record = record.map_err(broken)?;
        let mut row = Row { number, ..Row::default() };
        names.iter().zip(&record).for_each(|(name, value)| row.set(name, value));
        rows.push(row);
    }
    Ok(rows)
}

fn from_object(number: u64, object: &Map<String, Value>) -> Row {
    let mut row = Row { number, ..Row::default() };
    for (name, value) in object {
        match value {
            Value::String(text) => row.set(name, text),
            Value::Number(number) => row.set(name, &number.to_string()),
            _ => {}
        }
    }
    row
}

impl Row {
    fn set(&mut self, name: &str, value: &str) {
        let Some((name, zone)) = column(name) else { return };
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let field = match name.as_str() {
            "clientrequestid" => &mut self.client_request_id,
            "requestid" => &mut self.request_id,
            "operationid" => &mut self.operation_id,
            "requesturi" => &mut self.uri,
            "responsestatuscode" => &mut self.status,
            "responsesizebytes" => &mut self.byte_len,
            "appid" => &mut self.app_id,
            "timegenerated" => {
                self.time_is_utc = zone.map_or(value.ends_with('Z'), |zone| zone == "utc");
                &mut self.time
            }
            _ => return,
        };
        *field = Some(value.to_owned());
    }
}

/// Splits a column's name, in lower case, from the zone that Log Analytics adds to it.
fn column(name: &str) -> Option<(String, Option<String>)> {
    let name = name.trim().to_ascii_lowercase();
    match name.split_once('[') {
        None => Some((name, None)),
        Some((name, zone)) => Some((name.trim_end().to_owned(), Some(zone.strip_suffix(']')?.to_owned()))),
    }
}

const PORTAL_TIMES: [&str; 3] = ["%m/%d/%Y, %I:%M:%S%.f %p", "%m/%d/%Y %I:%M:%S%.f %p", "%Y-%m-%d %H:%M:%S%.f"];

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"TimeGenerated":"2026-11-22T06:05:01.1234567Z","ClientRequestId":"c-1","RequestId":"r-1","OperationId":"r-1",
        "RequestUri":"https://graph.microsoft.com/beta/auditLogs/signIns","ResponseStatusCode":200,"ResponseSizeBytes":"77","AppId":"a-1","Roles":["x"],"Extra":null}"#;

    fn expected() -> Row {
        let text = |text: &str| Some(text.to_owned());
        Row {
            number: 1,
            client_request_id: text("c-1"),
            request_id: text("r-1"),
            operation_id: text("r-1"),
            uri: text("https://graph.microsoft.com/beta/auditLogs/signIns"),
            status: text("200"),
            byte_len: text("77"),
            app_id: text("a-1"),
            time: text("2026-11-22T06:05:01.1234567Z"),
            time_is_utc: true,
        }
    }

    #[test]
    fn objects_come_in_an_array_or_one_a_line() {
        assert_eq!(read(format!("[{JSON}]").as_bytes()).unwrap(), [expected()]);
        let lines =
            read(format!("\u{feff}{}\n{}\n", JSON.replace('\n', ""), JSON.replace('\n', "")).as_bytes()).unwrap();
        assert_eq!(lines, [expected(), Row { number: 2, ..expected() }]);
        assert_eq!(read(b"[]").unwrap(), []);
    }

    #[test]
    fn csv_is_read_as_the_portal_writes_it() {
        let csv = "\u{feff}\"TimeGenerated [UTC]\",ClientRequestId,\"Extra, more\",ResponseStatusCode,RequestUri\r\n\
                   \"11/22/2026, 6:05:01.123 AM\",c-1,\"a \"\"b\"\"\",200,\"https://x/?$filter=a,b\"\r\n";
        let rows = read(csv.as_bytes()).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].client_request_id.as_deref(), rows[0].uri.as_deref()),
            (Some("c-1"), Some("https://x/?$filter=a,b"))
        );
        assert!(rows[0].time_is_utc);
        let time = instant(rows[0].time.as_deref().unwrap()).unwrap();
        assert_eq!(Some(time), ServiceTime::parse("2026-11-22T06:05:01.123Z").map(ServiceTime::nanos));
        let local = csv.replace("[UTC]", "[Local Time]");
        assert!(!read(local.as_bytes()).unwrap()[0].time_is_utc);
    }

    #[test]
    fn what_is_no_such_export_is_refused() {
        assert!(matches!(read(b"a,b\n1,2\n"), Err(RowsError::NoIdentifier)));
        assert!(matches!(read(br#"[{"RequestId":"x"}]"#), Err(RowsError::NoIdentifier)));
        assert!(matches!(read(br#"[{"ClientRequestId":"x"}"#), Err(RowsError::Json { .. })));
        assert!(matches!(read(b"{\"ClientRequestId\":\"x\"}\n[1]"), Err(RowsError::Json { row: 2, .. })));
        assert!(matches!(read(b"ClientRequestId,b\n1,2,3\n"), Err(RowsError::Csv(_))));
        assert!(matches!(read(b"\xff\xfe"), Err(RowsError::NotText)));
        assert!(matches!(read(b""), Err(RowsError::NoIdentifier)));
    }
}
