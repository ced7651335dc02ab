//! The instants at which clocks start, as people name them: with an offset, or by a wall clock in a named time zone.
//!
//! Separate because nothing here may be guessed. A wall clock that shows a time twice (when clocks are set back) or never (when
//! they are set forward) does not name an instant, and a time without offset and zone names none either; each is refused with
//! what to write instead. An offset names an instant and no calendar, so days are not counted from one ([`super::Request::without_calendar`]).
//! Zones are those of the IANA time zone database, in the edition that `chrono-tz` carries.

use std::fmt;

use chrono::{
    DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;

/// An instant that somebody named, and the place whose calendar it is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub utc: DateTime<Utc>,
    /// Whose wall clock and calendar.
    pub zone: Zone,
}

/// Whose wall clock and calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// A fixed distance from UTC; knows no daylight saving.
    Fixed(FixedOffset),
    /// A zone of the IANA database.
    Named(Tz),
}

impl Moment {
    /// Reads `2026-11-22T10:20`, with seconds or not, with an offset (`Z`, `+01:00`) or, where a zone is given, without.
    ///
    /// With both, the offset says which instant it is and the zone whose calendar is used.
    ///
    /// # Errors
    ///
    /// [`NotAMoment`].
    pub fn parse(text: &str, zone: Option<Tz>) -> Result<Self, NotAMoment> {
        let malformed = || NotAMoment::Malformed(text.to_owned());
        let (wall, offset) = split_offset(text).ok_or_else(malformed)?;
        let wall = read_wall(wall).ok_or_else(malformed)?;
        if !(MIN_YEAR..=MAX_YEAR).contains(&chrono::Datelike::year(&wall)) {
            return Err(malformed());
        }
        match (offset, zone) {
            (Some(offset), zone) => {
                let utc = offset.from_local_datetime(&wall).single().ok_or_else(malformed)?.to_utc();
                Ok(Self { utc, zone: zone.map_or(Zone::Fixed(offset), Zone::Named) })
            }
            (None, Some(zone)) => match zone.from_local_datetime(&wall) {
                LocalResult::Single(instant) => Ok(Self { utc: instant.to_utc(), zone: Zone::Named(zone) }),
                LocalResult::Ambiguous(first, second) => Err(NotAMoment::Twice {
                    text: text.to_owned(),
                    zone,
                    first: first.fixed_offset(),
                    second: second.fixed_offset(),
                }),
                LocalResult::None => Err(NotAMoment::Never { text: text.to_owned(), zone }),
            },
            (None, None) => Err(NotAMoment::NoZone(text.to_owned())),
        }
    }

    /// Returns the calendar day it falls on there.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.zone.wall(self.utc).date()
    }
}

impl Zone {
    /// Returns the first instant after a calendar day there. A day can have 23 or 25 hours, and midnight may be missing.
    #[must_use]
    pub fn end_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.checked_add_days(chrono::Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN);
        // Where clocks jump over midnight the next day begins with the first wall clock time that exists.
        (0..STEPS_TO_LOOK_AHEAD)
            .filter_map(|step| midnight.checked_add_signed(STEP * step))
            .find_map(|wall| self.earliest(wall))
            .unwrap_or_else(|| midnight.and_utc())
    }

    /// Returns the first instant at which the wall clock shows this; none when it never does.
    #[must_use]
    pub fn earliest(self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self {
            Self::Fixed(offset) => offset.from_local_datetime(&wall).earliest().map(|instant| instant.to_utc()),
            Self::Named(zone) => zone.from_local_datetime(&wall).earliest().map(|instant| instant.to_utc()),
        }
    }

    /// Says whether it is a place, by whose calendar days are counted. Some names of the database are offsets by another name.
    #[must_use]
    pub fn has_calendar(self) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Named(zone) => !zone.name().starts_with("Etc/") && !OFFSETS_BY_NAME.contains(&zone.name()),
        }
    }

    /// Returns what the wall clock there shows at an instant.
    #[must_use]
    pub fn wall(self, instant: DateTime<Utc>) -> NaiveDateTime {
        match self {
            Self::Fixed(offset) => instant.with_timezone(&offset).naive_local(),
            Self::Named(zone) => instant.with_timezone(&zone).naive_local(),
        }
    }

    /// Writes an instant as it was on the wall there: `Sun 2026-11-22 10:20:00 +01:00`.
    #[must_use]
    pub fn written(self, instant: DateTime<Utc>) -> String {
        let offset = match self {
            Self::Fixed(offset) => offset,
            Self::Named(zone) => instant.with_timezone(&zone).offset().fix(),
        };
        instant.with_timezone(&offset).format("%a %Y-%m-%d %H:%M:%S %:z").to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(offset) if offset.local_minus_utc() == 0 => f.write_str("UTC"),
            Self::Fixed(offset) => write!(f, "UTC{offset}"),
            Self::Named(zone) => f.write_str(zone.name()),
        }
    }
}

/// Why a text names no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAMoment {
    /// Not of a form that is read.
    #[error("`{0}` is not of the form `2026-11-22T10:20`, `2026-11-22T10:20:30Z` or `2026-11-22T10:20+01:00`")]
    Malformed(String),
    /// The clock was set forward over it.
    #[error("no clock in {zone} ever showed `{text}`: it was set forward over it")]
    Never {
        /// What was written.
        text: String,
        /// Where.
        zone: Tz,
    },
    /// Neither offset nor zone.
    #[error("`{0}` has no offset from UTC, and no time zone was named")]
    NoZone(String),
    /// The clock was set back over it.
    #[error("clocks in {zone} showed `{text}` twice: at offset {} and at offset {}", first.offset(), second.offset())]
    Twice {
        /// What was written.
        text: String,
        /// Where.
        zone: Tz,
        /// The first time.
        first: DateTime<FixedOffset>,
        /// The second time.
        second: DateTime<FixedOffset>,
    },
}

/// Takes `Z` or `+01:00` off the end; none when the text is too short to hold a time.
fn split_offset(text: &str) -> Option<(&str, Option<FixedOffset>)> {
    if let Some(wall) = text.strip_suffix(['Z', 'z']) {
        return Some((wall, FixedOffset::east_opt(0)));
    }
    let (wall, tail) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = tail.as_bytes() else { return Some((text, None)) };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    Some((wall, FixedOffset::east_opt(if *sign == b'-' { -seconds } else { seconds })))
}

/// Reads `YYYY-MM-DDTHH:MM` with seconds or without, and with a space for the `T` if need be.
fn read_wall(text: &str) -> Option<NaiveDateTime> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let format = match shape.as_str() {
        "9999-99-99T99:99" => "%Y-%m-%dT%H:%M",
        "9999-99-99 99:99" => "%Y-%m-%d %H:%M",
        "9999-99-99T99:99:99" => "%Y-%m-%dT%H:%M:%S",
        "9999-99-99 99:99:99" => "%Y-%m-%d %H:%M:%S",
        _ => return None,
    };
    // chrono would read a leap second; no clock named here has any.
    NaiveDateTime::parse_from_str(text, format)
        .ok()
        .filter(|wall| !text.ends_with(":60") && wall.and_utc().timestamp_subsec_nanos() == 0)
}

/// What else the database has under `Etc`, and offsets with the name of a zone that changes its clocks.
const OFFSETS_BY_NAME: [&str; 12] =
    ["EST", "GMT", "GMT+0", "GMT-0", "GMT0", "Greenwich", "HST", "MST", "UCT", "UTC", "Universal", "Zulu"];
const MIN_YEAR: i32 = 1970;
/// One less than RFC 3339 can write: deadlines lie later than what starts them.
const MAX_YEAR: i32 = 9998;
/// Every change of clocks so far was by a multiple of 15 minutes or began at one.
const STEP: TimeDelta = TimeDelta::minutes(15);
/// Two days: Samoa left out all of 30 December 2011.
const STEPS_TO_LOOK_AHEAD: i32 = 2 * 24 * 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn an_offset_names_an_instant_by_itself() {
        for text in ["2026-11-22T10:20+01:00", "2026-11-22T10:20:00+01:00", "2026-11-22 09:20Z", "2026-11-22T09:20:00z"]
        {
            assert_eq!(Moment::parse(text, None).unwrap().utc, utc("2026-11-22T09:20:00Z"), "{text}");
        }
        let both = Moment::parse("2026-11-22T09:20Z", Some(Tz::America__New_York)).unwrap();
        assert_eq!(both.zone.written(both.utc), "Sun 2026-11-22 04:20:00 -05:00");
    }

    #[test]
    fn an_offset_by_another_name_has_no_calendar() {
        for name in ["UTC", "Etc/UTC", "Etc/GMT+4", "EST", "MST", "Zulu"] {
            let zone: Tz = name.parse().unwrap();
            assert!(!Zone::Named(zone).has_calendar(), "{name}");
        }
        assert!(
            [Tz::America__New_York, Tz::Atlantic__Reykjavik, Tz::EST5EDT]
                .iter()
                .all(|zone| Zone::Named(*zone).has_calendar())
        );
    }

    #[test]
    fn a_wall_clock_needs_a_zone() {
        let berlin = Moment::parse("2026-07-01T10:20", Some(Tz::Europe__Berlin)).unwrap();
        assert_eq!(berlin.utc, utc("2026-07-01T08:20:00Z"));
        assert_eq!(Moment::parse("2026-07-01T10:20", None), Err(NotAMoment::NoZone("2026-07-01T10:20".to_owned())));
    }

    #[test]
    fn a_time_that_never_was_is_refused() {
        for (text, zone) in [
            ("2026-03-29T02:30", Tz::Europe__Berlin),
            ("2026-03-08T02:00", Tz::America__New_York),
            ("2026-03-08T02:59:59", Tz::America__New_York),
            ("2011-12-30T12:00", Tz::Pacific__Apia),
        ] {
            assert!(matches!(Moment::parse(text, Some(zone)), Err(NotAMoment::Never { .. })), "{text}");
        }
        assert!(Moment::parse("2026-03-08T03:00", Some(Tz::America__New_York)).is_ok());
    }

    #[test]
    fn a_time_that_was_twice_is_refused_with_both_offsets() {
        let error = Moment::parse("2026-10-25T02:30", Some(Tz::Europe__Berlin)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "clocks in Europe/Berlin showed `2026-10-25T02:30` twice: at offset +02:00 and at offset +01:00"
        );
        let said = Moment::parse("2026-10-25T02:30+01:00", Some(Tz::Europe__Berlin)).unwrap();
        assert_eq!(said.utc, utc("2026-10-25T01:30:00Z"));
        assert!(matches!(
            Moment::parse("2026-11-01T01:30", Some(Tz::America__New_York)),
            Err(NotAMoment::Twice { .. })
        ));
    }

    #[test]
    fn other_shapes_are_no_moments() {
        for text in [
            "",
            "now",
            "2026-11-22",
            "2026-11-22T10",
            "22.11.2026 10:20",
            "2026-11-22T10:20:60Z",
            "2026-02-30T10:20Z",
            "2026-11-22T24:00Z",
            "+026-11-22T10:20Z",
            "2026-11-22T10:20+15:00",
            "2026-11-22T10:20+0100",
            "1969-12-31T23:59Z",
            "9999-01-01T00:00Z",
            "2026-11-22T10:20:00.5Z",
            "2026-11-22T10:20\u{a0}Z",
            "２026-11-22T10:20Z",
            "ü",
            "üüüü:üü",
        ] {
            assert!(matches!(Moment::parse(text, Some(Tz::UTC)), Err(NotAMoment::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn a_day_ends_when_the_next_one_begins_on_the_wall() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let end = |zone: Tz, text: &str| Zone::Named(zone).end_of(day(text));
        assert_eq!(end(Tz::Europe__Berlin, "2026-11-22"), utc("2026-11-22T23:00:00Z"));
        // 25 hours, then 23.
        assert_eq!(end(Tz::Europe__Berlin, "2026-10-25"), utc("2026-10-25T23:00:00Z"));
        assert_eq!(end(Tz::Europe__Berlin, "2026-03-29"), utc("2026-03-29T22:00:00Z"));
        // Clocks in Santiago went from 24:00 to 01:00: the day ends where the next one begins.
        assert_eq!(end(Tz::America__Santiago, "2025-09-06"), utc("2025-09-07T04:00:00Z"));
        assert_eq!(end(Tz::Pacific__Apia, "2011-12-29"), utc("2011-12-30T10:00:00Z"));
        let fixed = Zone::Fixed(FixedOffset::east_opt(19_800).unwrap());
        assert_eq!(fixed.end_of(day("2026-11-22")), utc("2026-11-22T18:30:00Z"));
        assert_eq!(fixed.to_string(), "UTC+05:30");
    }
}
