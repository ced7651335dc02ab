//! Instants and half-open windows, all in UTC.
//!
//! Says whose clock an instant comes from: [`LocalTime`] is ours, [`ServiceTime`] the log service's, [`TsaTime`] a token's
//! genTime. They do not convert into one another silently: compare them through [`UnixNanos`], on purpose and with a
//! tolerance. [`Bound`] is not a reading of any clock but the edge of a window that a person or a plan chose.
//! Forms as in FORMAT §2; calendar arithmetic is chrono's, except for the service's times, of which a package holds millions.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Nanoseconds since 1970-01-01T00:00:00Z, the common ground on which instants of different clocks are compared.
pub type UnixNanos = i128;

const NANOS: i128 = 1_000_000_000;

/// The edge of a window: whole seconds, UTC, years 1970 to 9999 (FORMAT §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound(i64);

impl Bound {
    /// Makes a bound of an instant, dropping fractions of a second; `None` outside the years 1970 to 9999.
    #[must_use]
    pub fn floor(instant: DateTime<Utc>) -> Option<Self> {
        Self::from_unix(instant.timestamp())
    }

    /// Makes a bound of seconds since 1970; `None` outside the years 1970 to 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        (0..=MAX_UNIX_SECONDS).contains(&seconds).then_some(Self(seconds))
    }

    /// Returns the seconds since 1970.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Returns the bound `seconds` later, or `None` when that leaves the range.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Option<Self> {
        self.0.checked_add(seconds).and_then(Self::from_unix)
    }

    /// Returns the nanoseconds since 1970.
    #[must_use]
    pub fn nanos(self) -> UnixNanos {
        i128::from(self.0) * NANOS
    }

    /// Returns the same instant for calendar arithmetic.
    #[must_use]
    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default()
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_datetime().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl FromStr for Bound {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let malformed = || TimeError::NotABound(text.to_owned());
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| malformed())?;
        let bound = Self::floor(instant.to_utc()).ok_or_else(malformed)?;
        if bound.to_string() == text { Ok(bound) } else { Err(malformed()) }
    }
}

/// A reading of our own clock, with milliseconds (FORMAT §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(DateTime<Utc>);

impl LocalTime {
    /// Makes a reading of an instant, dropping fractions of a millisecond.
    #[must_use]
    pub fn new(instant: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_millis(instant.timestamp_millis()).unwrap_or_default())
    }

    /// Returns the nanoseconds since 1970.
    #[must_use]
    pub fn nanos(self) -> UnixNanos {
        i128::from(self.0.timestamp_millis()) * 1_000_000
    }

    /// Returns the same instant for calendar arithmetic.
    #[must_use]
    pub fn to_datetime(self) -> DateTime<Utc> {
        self.0
    }

    /// Returns `YYYYMMDDTHHMMSSZ`, as acquisition identifiers have it (FORMAT §5).
    #[must_use]
    pub fn compact(self) -> String {
        self.0.format("%Y%m%dT%H%M%SZ").to_string()
    }

    /// Returns the calendar day, `YYYY-MM-DD`.
    #[must_use]
    pub fn day(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for LocalTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let malformed = || TimeError::NotAClockReading(text.to_owned());
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| malformed())?.to_utc();
        let reading = Self::new(instant);
        let in_range = (0..=MAX_UNIX_SECONDS).contains(&instant.timestamp());
        if in_range && reading.to_string() == text { Ok(reading) } else { Err(malformed()) }
    }
}

/// A time the log service wrote into a record, to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceTime(UnixNanos);

impl ServiceTime {
    /// Reads `YYYY-MM-DDTHH:MM:SS[.fraction]Z` with up to nine fraction digits; anything else has no time (FORMAT §7.1).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date_time, rest) = text.as_bytes().split_at_checked(19)?;
        let date_time: &[u8; 19] = date_time.try_into().ok()?;
        let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2] = *date_time
        else {
            return None;
        };
        let two = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
        let year = two(y1, y2)? * 100 + two(y3, y4)?;
        let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, two(mo1, mo2)?, two(d1, d2)?)?;
        let (hour, minute, second) = (two(h1, h2)?, two(mi1, mi2)?, two(s1, s2)?);
        if year < 1970 || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let fraction = match rest {
            [b'Z'] => 0,
            [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
                let mut nanos = 0;
                for place in 0..9 {
                    nanos = nanos * 10 + digits.get(place).map_or(Some(0), |byte| digit(*byte))?;
                }
                nanos
            }
            _ => return None,
        };
        let days = i128::from(day.signed_duration_since(NaiveDate::default()).num_days());
        let seconds = days * 86_400 + i128::from(hour * 3_600 + minute * 60 + second);
        Some(Self(seconds * NANOS + i128::from(fraction)))
    }

    /// Returns the nanoseconds since 1970.
    #[must_use]
    pub fn nanos(self) -> UnixNanos {
        self.0
    }
}

/// The genTime of an RFC 3161 token, with the authority's stated accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TsaTime {
    /// What the authority's clock showed.
    pub instant: DateTime<Utc>,
    /// How far it may be off, by its own word; zero when it says nothing.
    pub accuracy: TimeDelta,
}

impl TsaTime {
    /// Returns the nanoseconds since 1970 of genTime itself.
    #[must_use]
    pub fn nanos(self) -> UnixNanos {
        i128::from(self.instant.timestamp()) * NANOS + i128::from(self.instant.timestamp_subsec_nanos())
    }
}

impl fmt::Display for TsaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.instant.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A half-open span of time, `[from, to)`, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    from: Bound,
    to: Bound,
}

impl Window {
    /// Makes a window.
    ///
    /// # Errors
    ///
    /// [`TimeError::EmptyWindow`] when `from` is not before `to`.
    pub fn new(from: Bound, to: Bound) -> Result<Self, TimeError> {
        if from < to { Ok(Self { from, to }) } else { Err(TimeError::EmptyWindow { from, to }) }
    }

    /// Returns the first instant inside.
    #[must_use]
    pub fn from(self) -> Bound {
        self.from
    }

    /// Returns the first instant after it.
    #[must_use]
    pub fn to(self) -> Bound {
        self.to
    }

    /// Returns its length.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.to.0 - self.from.0
    }

    /// Says whether `time` lies inside: not before `from`, and before `to`.
    #[must_use]
    pub fn contains(self, time: ServiceTime) -> bool {
        self.from.nanos() <= time.0 && time.0 < self.to.nanos()
    }

    /// Cuts the window into consecutive ones of at most `seconds`, aligned to multiples of `seconds` since 1970.
    #[must_use]
    pub fn tiles(self, seconds: i64) -> Vec<Self> {
        let seconds = seconds.max(1);
        let mut tiles = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let next = from.0.div_euclid(seconds).saturating_add(1).saturating_mul(seconds);
            let to = Bound(next.min(self.to.0));
            tiles.push(Self { from, to });
            from = to;
        }
        tiles
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.from, self.to)
    }
}

/// What is wrong with a written time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// A window whose end is not after its beginning, usually with the two swapped.
    #[error("window ends at `{to}`, which is not after its beginning `{from}`")]
    EmptyWindow {
        /// The beginning.
        from: Bound,
        /// The end.
        to: Bound,
    },
    /// Not `YYYY-MM-DDTHH:MM:SSZ` in the years 1970 to 9999.
    #[error("`{0}` is not an instant of the form `2026-11-01T00:00:00Z`")]
    NotABound(String),
    /// Not `YYYY-MM-DDTHH:MM:SS.mmmZ` in the years 1970 to 9999.
    #[error("`{0}` is not a clock reading of the form `2026-11-01T00:00:00.000Z`")]
    NotAClockReading(String),
}

macro_rules! serde_by_text {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
serde_by_text!(Bound, LocalTime);

fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

/// 9999-12-31T23:59:59Z: the last instant RFC 3339 can write.
const MAX_UNIX_SECONDS: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str) -> Bound {
        text.parse().unwrap()
    }

    #[test]
    fn bounds_have_exactly_one_spelling() {
        assert_eq!(bound("2026-11-01T00:00:00Z").to_string(), "2026-11-01T00:00:00Z");
        for text in [
            "2026-11-01T00:00:00+00:00",
            "2026-11-01T00:00:00.000Z",
            "2026-11-01 00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-11-01T00:00:60Z",
            "2026-02-30T00:00:00Z",
            "2026-11-01",
        ] {
            assert_eq!(text.parse::<Bound>(), Err(TimeError::NotABound(text.to_owned())));
        }
    }

    #[test]
    fn clock_readings_have_milliseconds() {
        let reading: LocalTime = "2026-11-22T06:04:52.113Z".parse().unwrap();
        assert_eq!(reading.to_string(), "2026-11-22T06:04:52.113Z");
        assert_eq!(reading.compact(), "20261122T060452Z");
        assert!("2026-11-22T06:04:52Z".parse::<LocalTime>().is_err());
        assert!("2026-11-22T06:04:52.1130Z".parse::<LocalTime>().is_err());
    }

    #[test]
    fn service_times_agree_with_chrono() {
        for text in [
            "2026-11-18T09:14:27Z",
            "2026-02-28T23:59:59.1234567Z",
            "2024-02-29T00:00:00.000000001Z",
            "1970-01-01T00:00:00Z",
        ] {
            let expected = DateTime::parse_from_rfc3339(text).unwrap().timestamp_nanos_opt().unwrap();
            assert_eq!(ServiceTime::parse(text).unwrap().nanos(), i128::from(expected), "{text}");
        }
    }

    #[test]
    fn service_times_of_other_shapes_are_no_times() {
        for text in [
            "",
            "2026-11-18T09:14:27",
            "2026-11-18T09:14:27+01:00",
            "2026-11-18T09:14:60Z",
            "2025-02-29T00:00:00Z",
            "2026-11-18T09:14:27.Z",
            "2026-11-18T09:14:27.1234567890Z",
            "2026-11-18t09:14:27Z",
            "+026-11-18T09:14:27Z",
        ] {
            assert_eq!(ServiceTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_record_at_the_end_of_a_window_belongs_to_the_next() {
        let window = Window::new(bound("2026-11-01T00:00:00Z"), bound("2026-11-01T06:00:00Z")).unwrap();
        assert!(window.contains(ServiceTime::parse("2026-11-01T00:00:00Z").unwrap()));
        assert!(window.contains(ServiceTime::parse("2026-11-01T05:59:59.9999999Z").unwrap()));
        assert!(!window.contains(ServiceTime::parse("2026-11-01T06:00:00Z").unwrap()));
    }

    #[test]
    fn tiles_cover_a_window_without_hole_or_overlap() {
        let window = Window::new(bound("2026-11-01T05:30:00Z"), bound("2026-11-02T01:00:00Z")).unwrap();
        let tiles = window.tiles(21_600);
        assert_eq!(tiles.len(), 5);
        assert_eq!(tiles.first().unwrap().from(), window.from());
        assert_eq!(tiles.last().unwrap().to(), window.to());
        assert!(tiles.windows(2).all(|pair| pair[0].to() == pair[1].from()));
    }
}
