//! Requests that brought no page, each kept in the package: by reason, and the first of them one by one.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use crate::format::decode;
use crate::format::failure::FailureRecord;
use crate::report::document::{Block, Column, Table, Text};
use crate::report::words::{self, counted, grouped};
use crate::verify::{ReadAgainError, VerifiedPackage};

/// Returns the chapter. One record is in memory at a time.
pub(super) fn blocks<R: Read + Seek>(package: &mut VerifiedPackage<R>) -> Result<Vec<Block>, ReadAgainError> {
    let paths: Vec<String> = package.paths().filter(|path| is_failure_record(path)).map(str::to_owned).collect();
    let mut blocks = vec![Block::heading(1, "Failed requests")];
    if paths.is_empty() {
        blocks.push(Block::paragraph("None: every request that is recorded brought a page."));
        return Ok(blocks);
    }
    let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
    let (mut rows, mut unread) = (Vec::new(), 0);
    for path in &paths {
        let record = package.read_if_there(path)?.and_then(|bytes| decode::<FailureRecord>(&bytes).ok());
        let Some(record) = record else {
            unread += 1;
            continue;
        };
        let status = record.response.as_ref().map(|response| response.status.to_string()).unwrap_or_default();
        *sums.entry((record.reason.to_string(), status.clone())).or_default() += 1;
        if rows.len() < MAX_ROWS {
            rows.push(row(&record, status));
        }
    }
    let total = u64::try_from(paths.len()).unwrap_or(u64::MAX);
    blocks.push(Block::paragraph(format!(
        "{}; each is recorded with its reason and, as far as there was an answer, its headers and its body. A request that failed and was made again is no gap: gaps stand under coverage.",
        counted(total, "request")
    )));
    if unread > 0 {
        blocks.push(Block::Notice(Text::plain(format!("{} could not be read.", counted(unread, "failure record")))));
    }
    let sum = |((reason, status), count): ((String, String), u64)| {
        vec![Text::plain(reason), Text::plain(status), Text::plain(grouped(count))]
    };
    blocks.push(Block::Table(Table {
        caption: "By reason".to_owned(),
        columns: vec![Column::words("Reason", 4), Column::words("HTTP status", 3), Column::numbers("Requests", 2)],
        rows: sums.into_iter().map(sum).collect(),
    }));
    let listed = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let caption =
        if listed < total { format!("The first {listed}; the package has all") } else { "One by one".to_owned() };
    blocks.push(Block::Table(Table {
        caption,
        columns: vec![
            Column::numbers("No.", 2),
            Column::words("Log", 4),
            Column::words("Window", 5),
            Column::words("Asked at", 5),
            Column::words("Status", 2),
            Column::words("What happened", 8),
        ],
        rows,
    }));
    Ok(blocks)
}

fn row(record: &FailureRecord, status: String) -> Vec<Text> {
    vec![
        Text::plain(record.sequence.to_string()),
        Text::plain(words::kind(record.stream.kind)),
        Text::plain(format!("{} to {}", record.stream.from, record.stream.to)),
        Text::plain(record.request.started.to_string()),
        Text::plain(status),
        Text::plain(record.detail.to_string()),
    ]
}

fn is_failure_record(path: &str) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|name| name.strip_suffix(".json").is_some())
}

const FOLDER: &str = "data/failures/";
/// A few pages; a package may have failures by the thousand.
const MAX_ROWS: usize = 150;
