//! Why windows failed: the service's own words once, in ours beside it, and a number by which a list of gaps points there.
//!
//! A service that refuses says the same of every window. Apart from the chapters that list gaps, so that report and triage number and
//! word reasons in one way. What the service wrote is read for people only; that it may write otherwise one day costs a word, no fact.

use super::document::{Block, Column, Span, Table, Text};
use super::words::grouped;

/// The reasons of a list of windows, in the order in which they were met.
#[derive(Clone, Debug, Default)]
pub(super) struct Reasons {
    listed: Vec<(String, u64)>,
    /// Windows whose reason found no room.
    beyond: u64,
}

impl Reasons {
    /// Takes the reason of so many windows. Returns our words for it, with its number.
    pub(super) fn note(&mut self, raw: &str, windows: u64) -> String {
        let words = in_words(raw);
        let known = self.listed.iter().position(|(known, _)| known == raw);
        if known.is_none() && self.listed.len() >= MAX_LISTED {
            self.beyond += windows;
            return words;
        }
        let place = known.unwrap_or_else(|| {
            self.listed.push((raw.to_owned(), 0));
            self.listed.len() - 1
        });
        if let Some((_, count)) = self.listed.get_mut(place) {
            *count += windows;
        }
        format!("{words} [{}]", place + 1)
    }

    /// Returns each reason with its number, as it stands in the seal; none where there is none.
    pub(super) fn table(&self) -> Option<Block> {
        let row = |(number, (raw, windows)): (u64, &(String, u64))| {
            vec![
                Text::plain(format!("[{number}]")),
                Text::plain(in_words(raw)),
                Text::code(raw.clone()),
                Text::plain(grouped(*windows)),
            ]
        };
        let beyond = match self.beyond {
            0 => String::new(),
            beyond => format!("; the seal has those of {} more", grouped(beyond)),
        };
        (!self.listed.is_empty()).then(|| {
            Block::Table(Table {
                caption: format!("Reasons, in our words and as the seal has them{beyond}"),
                columns: vec![
                    Column::words("No.", 1),
                    Column::words("In words", 4),
                    Column::words("In the seal", 8),
                    Column::numbers("Windows", 2),
                ],
                rows: (1..).zip(&self.listed).map(row).collect(),
            })
        })
    }

    /// Returns the same as lines of a list.
    pub(super) fn lines(&self) -> Vec<Text> {
        let line = |(number, (raw, _)): (u64, &(String, u64))| {
            Text::plain(format!("[{number}] in the seal: ")).and(Span::Code(raw.clone()))
        };
        (1..).zip(&self.listed).map(line).collect()
    }
}

/// Says in our words why a window failed.
fn in_words(raw: &str) -> String {
    if earliest(raw).is_some() {
        return "refused; the service named an earliest time".to_owned();
    }
    let status: Option<u16> = raw.split_once("status ").and_then(|(_, rest)| rest.get(..3)?.parse().ok());
    let words = match status {
        Some(400) => "the service refused the request as wrong",
        Some(401) => "the service did not accept the token",
        Some(403) => "the service did not permit it",
        Some(404) => "the service did not find what was asked",
        Some(408 | 504) => "the service took too long",
        Some(429) => "the service was asked too often",
        Some(500..=599) => "the service had a fault of its own",
        Some(200..=299) => "the answer was no page of the log",
        Some(_) => "the service answered otherwise than with a page",
        None => WORDS.iter().find(|(start, _)| raw.starts_with(start)).map_or("see there", |(_, words)| words),
    };
    status.map_or_else(|| words.to_owned(), |status| format!("{words} (HTTP {status})"))
}

/// Returns the earliest time that the service named when it refused a window as too old.
pub(super) fn earliest(raw: &str) -> Option<&str> {
    let (_, rest) = raw.split_once(TOO_OLD)?;
    let (_, named) = rest.split_once(" is ")?;
    Some(named.split(['\'', ')']).next().unwrap_or(named).trim())
}

/// What the service says of a window that begins before its log does (seen in answers to `signIns`).
const TOO_OLD: &str = "Minimum allowed time for ";
/// How a reason begins that has no HTTP status (FORMAT §6.3, `reason`).
const WORDS: [(&str, &str); 5] = [
    ("body-cut", "the answer broke off"),
    ("body-too-long", "the answer was longer than a package can hold"),
    ("not-a-page", "the answer was no page of the log"),
    ("timeout", "no whole answer came in time"),
    ("transport", "the connection failed"),
];
/// More than a service has texts; those of one that says something new each time are in the seal.
const MAX_LISTED: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    const TOO_EARLY: &str = "status: status 400 `BadRequest`: Specified argument was out of the range of valid values. (Parameter 'Minimum \
                             allowed time for createdDateTime is 10/21/2026 12:00:00 AM')";

    #[test]
    fn a_reason_is_listed_once_and_pointed_to() {
        let mut reasons = Reasons::default();
        assert_eq!(reasons.note(TOO_EARLY, 2), "refused; the service named an earliest time [1]");
        assert_eq!(
            reasons.note("status: status 404 `x`: y", 1),
            "the service did not find what was asked (HTTP 404) [2]"
        );
        assert_eq!(reasons.note(TOO_EARLY, 3), "refused; the service named an earliest time [1]");
        assert_eq!(reasons.note("transport: nobody there", 1), "the connection failed [3]");
        let Some(Block::Table(table)) = reasons.table() else { panic!("no table") };
        let windows: Vec<&Text> = table.rows.iter().map(|row| &row[3]).collect();
        assert_eq!(windows, [&Text::plain("5"), &Text::plain("1"), &Text::plain("1")]);
        assert_eq!(table.rows[0][2], Text::code(TOO_EARLY));
    }

    #[test]
    fn the_earliest_time_is_read_as_the_service_wrote_it() {
        assert_eq!(earliest(TOO_EARLY), Some("10/21/2026 12:00:00 AM"));
        assert_eq!(earliest("status: status 400 `BadRequest`: Invalid filter clause"), None);
    }

    #[test]
    fn reasons_without_end_stay_few() {
        let mut reasons = Reasons::default();
        for number in 0..100 {
            reasons.note(&format!("new each time {number}"), 1);
        }
        assert_eq!((reasons.listed.len(), reasons.beyond), (MAX_LISTED, 60));
    }
}
