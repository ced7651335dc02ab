//! What clocks say of one another, and how a moment is written.

use chrono::{DateTime, Offset as _, SecondsFormat, Utc};
use chrono_tz::Tz;

use crate::report::document::{Block, Column, Span, Table, Text};
use crate::report::naming;
use crate::verify::{Code, VerifiedPackage};

/// Returns the chapter.
pub(super) fn blocks<R>(package: &VerifiedPackage<R>, zone: Tz) -> Vec<Block> {
    let (genesis, report) = (package.genesis(), package.report());
    let mut blocks = vec![
        Block::heading(1, "Clocks"),
        Block::paragraph(
            "Three clocks speak in a package: the operator's in every signed document, the service's in its answers and records, and \
             those of time stamp authorities in their tokens. Only the last can be independent of both sides, as far as the authority is.",
        ),
    ];
    if genesis.clock.is_empty() {
        blocks.push(Block::paragraph("The operator's clock was not compared with another before the plan was signed."));
    } else {
        let row = |reading: &crate::format::genesis::ClockReading| {
            vec![
                Text::code(reading.against.clone()),
                Text::plain(reading.local.to_string()).and_plain(&beside(reading.local.to_datetime(), zone)),
                Text::code(reading.remote.to_string()),
                Text::plain(format!("{} ms", reading.round_trip_ms)),
            ]
        };
        blocks.push(Block::Table(Table {
            caption: "The operator's clock beside others, before the plan was signed".to_owned(),
            columns: vec![
                Column::words("Asked", 6),
                Column::words("Operator's clock", 5),
                Column::words("Answer", 5),
                Column::numbers("Round trip", 2),
            ],
            rows: genesis.clock.iter().map(row).collect(),
        }));
    }
    let times = &report.facts.times;
    let offset = naming::apart(package);
    let offset =
        offset.unwrap_or_else(|| "not measured: no answer and no reading gives another clock's time".to_owned());
    let mut facts = vec![("Difference between clocks".to_owned(), Text::plain(offset))];
    let of_clocks = [
        Code::ServiceClockOffset,
        Code::RecordAfterSeal,
        Code::TimestampLate,
        Code::TimeOrder,
        Code::TimestampOrder,
        Code::TimestampAbsent,
    ];
    let raised = report.findings.iter().filter(|finding| of_clocks.contains(&finding.code));
    facts.extend(raised.map(|finding| {
        let said = vec![Span::Plain(format!("{}; {}", finding.claimed, finding.computed))];
        (format!("Finding {}", finding.code.as_str()), Text(said))
    }));
    if let Some(as_of) = times.as_of {
        facts.push(("Tokens judged as of".to_owned(), Text::plain(as_of.to_string())));
    }
    blocks.push(Block::Facts(facts));
    blocks
}

/// Writes a moment in UTC, and beside it as clocks on the wall of the zone showed it.
pub(super) fn both(at: DateTime<Utc>, zone: Tz) -> String {
    format!("{}{}", at.to_rfc3339_opts(SecondsFormat::Millis, true), beside(at, zone))
}

/// Writes, for behind a moment in UTC, how clocks on the wall of the zone showed it; nothing where they showed the same.
pub(super) fn beside(at: DateTime<Utc>, zone: Tz) -> String {
    if zone == Tz::UTC {
        return String::new();
    }
    let local = at.with_timezone(&zone);
    format!(" ({} {}, {zone})", local.format("%Y-%m-%d %H:%M:%S"), local.offset().fix())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_wall_showed_it_in_summer_and_winter() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (winter, summer) = (at("2026-01-01T00:00:00Z"), at("2026-07-01T12:00:00.5Z"));
        assert_eq!(both(winter, Tz::UTC), "2026-01-01T00:00:00.000Z");
        let berlin = Tz::Europe__Berlin;
        assert_eq!(both(winter, berlin), "2026-01-01T00:00:00.000Z (2026-01-01 01:00:00 +01:00, Europe/Berlin)");
        assert_eq!(both(summer, berlin), "2026-07-01T12:00:00.500Z (2026-07-01 14:00:00 +02:00, Europe/Berlin)");
    }
}
