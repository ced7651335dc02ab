//! Instants in the service's finest unit, and how it writes them.
//!
//! `createdDateTime` is a whole second in nearly all real data and has seven digits of fraction in some (graph-api §2.1),
//! so the unit is 100 nanoseconds since 1970.

use chrono::{DateTime, Utc};

/// An instant in units of 100 ns since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Moment(i64);

impl Moment {
    /// The earliest instant this type can hold.
    pub(crate) const MIN: Self = Self(i64::MIN);
    /// The latest instant this type can hold.
    pub(crate) const MAX: Self = Self(i64::MAX);

    /// Makes the instant `ticks` of 100 ns after a whole second.
    pub(crate) fn new(second: i64, ticks: i64) -> Self {
        Self(second.saturating_mul(TICKS).saturating_add(ticks))
    }

    /// Returns the whole second this instant lies in.
    pub(crate) fn second(self) -> i64 {
        self.0.div_euclid(TICKS)
    }

    /// Returns the next instant; the bridge from `le` to a half-open bound.
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Returns the instant so many seconds later.
    pub(crate) fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(TICKS)))
    }

    /// Returns the instant as a calendar time; instants beyond the calendar become its start.
    pub(crate) fn calendar(self) -> DateTime<Utc> {
        let nanoseconds = u32::try_from(self.0.rem_euclid(TICKS) * 100).unwrap_or(0);
        DateTime::from_timestamp(self.second(), nanoseconds).unwrap_or_default()
    }

    /// Writes `yyyy-MM-ddTHH:mm:ssZ`, with seven digits of fraction when there is one.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let (year, month, day) = civil(self.second().div_euclid(DAY));
        let of_day = self.second().rem_euclid(DAY);
        digits(out, year, 4);
        out.push(b'-');
        digits(out, month, 2);
        out.push(b'-');
        digits(out, day, 2);
        out.push(b'T');
        digits(out, of_day / 3_600, 2);
        out.push(b':');
        digits(out, of_day / 60 % 60, 2);
        out.push(b':');
        digits(out, of_day % 60, 2);
        let fraction = self.0.rem_euclid(TICKS);
        if fraction != 0 {
            out.push(b'.');
            digits(out, fraction, 7);
        }
        out.push(b'Z');
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(time: DateTime<Utc>) -> Self {
        Self::new(time.timestamp(), i64::from(time.timestamp_subsec_nanos() / 100))
    }
}

/// Turns days since 1970 into year, month and day of the Gregorian calendar.
///
/// H. Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Writes the last `count` decimal digits of a number that is not negative.
fn digits(out: &mut Vec<u8>, number: i64, count: usize) {
    let start = out.len();
    out.resize(start + count, b'0');
    let mut rest = number;
    for digit in out.iter_mut().skip(start).rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
}

/// Units of 100 ns in a second.
const TICKS: i64 = 10_000_000;
/// Seconds in a day.
const DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::Moment;

    fn written(text: &str) -> String {
        let time: DateTime<Utc> = text.parse().unwrap();
        let mut out = Vec::new();
        Moment::from(time).write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn whole_seconds_are_written_without_a_fraction() {
        for text in ["2026-11-18T09:14:27Z", "2024-02-29T23:59:59Z", "1970-01-01T00:00:00Z", "2100-03-01T00:00:00Z"] {
            assert_eq!(written(text), text);
        }
    }

    #[test]
    fn fractions_are_written_with_seven_digits() {
        assert_eq!(written("2026-11-18T09:14:27.5Z"), "2026-11-18T09:14:27.5000000Z");
        assert_eq!(written("2026-11-18T09:14:27.0000001Z"), "2026-11-18T09:14:27.0000001Z");
    }

    #[test]
    fn the_calendar_gives_back_the_same_instant() {
        let time: DateTime<Utc> = "2026-11-18T09:14:27.1234567Z".parse().unwrap();
        assert_eq!(Moment::from(time).calendar(), time);
        assert_eq!(Moment::from(Moment::from(time).calendar()), Moment::from(time));
    }
}
