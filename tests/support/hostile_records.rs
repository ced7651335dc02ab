//! A package whose records hold what an attacker can put into a log, and what readers of JSON stumble over.
//!
//! Written from FORMAT.md alone, sealed in order, of the real service's address: nothing about it is wrong but what it says.

use std::path::{Path, PathBuf};

use crate::archive::Files;
use crate::package::{Draft, run};

/// What would be a formula in a spreadsheet.
pub(crate) const FORMULA: &str = "=cmd|' /C calc'!A0";

/// The records, as they stand in the pages, each with its time.
pub(crate) fn records() -> Vec<(String, Option<String>)> {
    let at = |time: &str| Some(time.to_owned());
    let mut records = vec![
        // Formulas in every spelling, for readers that split at commas or at semicolons; script; a property nobody knows.
        (
            format!(
                r#"{{"id":"{FORMULA}","createdDateTime":"2026-11-01T09:00:00Z","userDisplayName":"<script>alert(1)</script>","userPrincipalName":"+1+{FORMULA}","userAgent":"@SUM(A1)","appDisplayName":"  -2","clientAppUsed":"＝1+1","sessionId":"'quoted","correlationId":"a;=1;\"{FORMULA}","status":{{"errorCode":50126,"failureReason":"a,\"b\"","additionalDetails":"x\r\ny"}},"location":{{"geoCoordinates":{{"latitude":-47.68050003051758}}}},"notInAnySchema":{{"deep":["{FORMULA}"]}}}}"#
            ),
            at("2026-11-01T09:00:00Z"),
        ),
        // Escapes: terminal, NUL, a half of a pair, delimiters of load files.
        (
            r#"{"id":"b","createdDateTime":"2026-11-01T08:00:00.1234567Z","userDisplayName":"\u001b]0;title\u0007\u001b[2J","userAgent":"a\u0000b","appDisplayName":"\ud800","resourceDisplayName":"þ\u0014®þ","status":{"errorCode":0}}"#.to_owned(),
            at("2026-11-01T08:00:00.1234567Z"),
        ),
        // The same unescaped, where JSON permits it: direction, C1, tags, line separators; a soft hyphen; a byte order mark.
        (
            "{\"id\":\"c\",\"createdDateTime\":\"2026-11-01T07:00:00Z\",\"userDisplayName\":\"moc.\u{202e}elgoog\u{2066}\u{9b}2J\u{e0041}\u{2028}\u{85}\u{7f}\u{ad}\u{feff}\",\"appDisplayName\":\"Müller 息 🚀 é\"}".to_owned(),
            at("2026-11-01T07:00:00Z"),
        ),
        // White space between tokens, line ends among it.
        (
            "{\r\n\t\"id\" : \"d\",\n\t\"createdDateTime\" : \"2026-11-01T06:00:00Z\",\n\t\"signInEventTypes\" : [\r\n\"interactiveUser\" ]\n}".to_owned(),
            at("2026-11-01T06:00:00Z"),
        ),
        // Members that readers disagree on, types that nobody documented, numbers of any size.
        (
            r#"{"id":"e","createdDateTime":"2026-11-01T05:00:00Z","userId":"first","userId":"second","\u0061ppId":"escaped","status":"no object","location":{"city":["Utrecht"]},"autonomousSystemNumber":1e400,"processingTimeInMilliseconds":99999999999999999999,"isInteractive":"yes","deviceDetail":null}"#.to_owned(),
            at("2026-11-01T05:00:00Z"),
        ),
        // A property of a megabyte, and one that would be a formula if it were cut at the wrong place.
        (
            format!(
                r#"{{"id":"f","createdDateTime":"2026-11-01T04:00:00Z","userAgent":"{}","appDisplayName":"{}"}}"#,
                "=A".repeat(1 << 19),
                "é".repeat(40_000)
            ),
            at("2026-11-01T04:00:00Z"),
        ),
        // What is no record at all.
        (format!("\"{FORMULA}\""), None),
        ("-1".to_owned(), None),
        ("null".to_owned(), None),
        ("[ \"@SUM(A1)\" ]".to_owned(), None),
        ("{\"\\ud800\":1,\"id\":\"g\"}".to_owned(), None),
        ("{}".to_owned(), None),
    ];
    let nested = format!("{}1{}", "{\"a\":".repeat(125), "}".repeat(125));
    records.push((nested, None));
    records
}

/// Makes the package: a page with all of these, and one that cannot be cut since it is not UTF-8.
pub(crate) fn package(folder: &Path) -> PathBuf {
    written(folder, &files())
}

/// The same with a page altered after it was sealed.
pub(crate) fn tampered_package(folder: &Path) -> PathBuf {
    let mut files = files();
    files.replace("data/pages/000001.json", "<script>", "<SCRIPT>");
    written(folder, &files)
}

fn files() -> Files {
    let mut draft = Draft::good();
    draft.pages[0].elements = records();
    draft.pages[1].body = Some(b"{\"value\":[\"\xff\"]}".to_vec());
    draft.pages[1].opaque = true;
    draft.runs = vec![run("failed", Some("the second page cannot be cut"))];
    draft.build()
}

fn written(folder: &Path, files: &Files) -> PathBuf {
    let path = folder.join("hostile.zip");
    std::fs::write(&path, files.zip()).expect("a file can be written");
    path
}
