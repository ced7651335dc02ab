//! Instants for people: in UTC, and as a clock on a wall showed them.

use chrono::{DateTime, Offset as _, Utc};
use chrono_tz::{OffsetName as _, Tz};

use super::html::{short, text};
use crate::time::{LocalTime, ServiceTime};

/// Writes a time of the service as it stands there and, where it can be read, as the wall clock of `zone` showed it.
pub(super) fn of_service(spelled: &str, zone: Option<Tz>) -> String {
    let local = ServiceTime::parse(spelled).and_then(|time| {
        let seconds = i64::try_from(time.nanos().div_euclid(1_000_000_000)).ok()?;
        Some(on_the_wall(DateTime::from_timestamp(seconds, 0)?, zone?))
    });
    let zulu = if ServiceTime::parse(spelled).is_some() { " (UTC)" } else { "" };
    join(&format!("<bdi>{}</bdi>{zulu}", short(spelled)), local)
}

/// Writes a reading of the operator's clock likewise.
pub(super) fn reading(time: LocalTime, zone: Option<Tz>) -> String {
    join(&format!("{time} (UTC)"), zone.map(|zone| on_the_wall(time.to_datetime(), zone)))
}

fn join(utc: &str, local: Option<String>) -> String {
    local.map_or_else(|| utc.to_owned(), |local| format!("{utc}<br>{}", text(&local)))
}

/// Writes date, time to the second, the zone, its name of the hour, its distance from UTC, and that nobody said so who signed in:
/// beside the place of an address it would read as the time there.
fn on_the_wall(instant: DateTime<Utc>, zone: Tz) -> String {
    let local = instant.with_timezone(&zone);
    let name = local.offset().abbreviation().filter(|name| name.chars().all(char::is_alphabetic));
    let name = name.map_or(String::new(), |name| format!("{name}, "));
    let (time, offset) = (local.format("%Y-%m-%d %H:%M:%S"), local.offset().fix());
    format!("{time} in {zone} ({name}UTC{offset}; the zone chosen by whoever cut this)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_that_comes_twice_is_told_apart() {
        let berlin = Some(Tz::Europe__Berlin);
        for (utc, local) in [
            (
                "2026-10-25T00:30:00Z",
                "2026-10-25 02:30:00 in Europe/Berlin (CEST, UTC+02:00; the zone chosen by whoever cut this)",
            ),
            (
                "2026-10-25T01:30:00.5Z",
                "2026-10-25 02:30:00 in Europe/Berlin (CET, UTC+01:00; the zone chosen by whoever cut this)",
            ),
        ] {
            assert_eq!(of_service(utc, berlin), format!("<bdi>{utc}</bdi> (UTC)<br>{local}"));
        }
        let kathmandu = of_service("2026-01-01T00:00:00Z", Some(Tz::Asia__Kathmandu));
        assert!(
            kathmandu
                .ends_with("2026-01-01 05:45:00 in Asia/Kathmandu (UTC+05:45; the zone chosen by whoever cut this)"),
            "{kathmandu}"
        );
    }

    #[test]
    fn what_is_no_time_is_shown_as_it_is() {
        assert_eq!(of_service("<b>", Some(Tz::UTC)), "<bdi>&lt;b&gt;</bdi>");
        assert_eq!(of_service("2026-01-01T00:00:00Z", None), "<bdi>2026-01-01T00:00:00Z</bdi> (UTC)");
    }
}
