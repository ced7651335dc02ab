//! From the start of a clock to its end.
//!
//! Hours are hours: they run through nights, weekends, holidays and the change of clocks. Days and months are counted on the
//! calendar of the place that the start was named in; the day of the start never counts, and the period ends with the last day
//! (for months: with the day of the same number, or the last of a shorter month). Where two readings of a rule differ, the
//! earlier end is computed: a plan made by it meets the later one too. So a last day that is a Saturday, a Sunday or a holiday is
//! not moved, and of Regulation (EEC, Euratom) No 1182/71 neither Article 3(1) (the hour of the event does not count) nor 3(4)
//! (a last day without work moves) is applied; the sheet says so.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::holidays::business_day_after;
use super::moment::{Moment, Zone};
use crate::report::words::counted;

/// How long a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Business days of the Securities and Exchange Commission, to the hour at which its office takes filings of that day.
    BusinessDays(u32),
    /// Days of the calendar.
    CalendarDays(u32),
    /// Days after the end of the calendar year in which it starts.
    DaysAfterYearEnd(u32),
    /// Hours.
    Hours(u32),
    /// Months.
    Months(u32),
    /// No fixed length: the words of the rule.
    Words(&'static str),
}

/// The end of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The last instant that is in time; where whole days are counted, the first one after the last day.
    pub until: DateTime<Utc>,
    /// The last day, where the clock counts days.
    pub last_day: Option<NaiveDate>,
    /// Whose wall clock and calendar it was computed by.
    pub zone: Zone,
}

impl Length {
    /// Computes the end of a clock that starts there; none where the rule has no fixed length.
    #[must_use]
    pub fn end(self, start: &Moment) -> Option<Deadline> {
        let zone = start.zone;
        let of_day = |day: NaiveDate| Deadline { until: zone.end_of(day), last_day: Some(day), zone };
        match self {
            Self::BusinessDays(count) => filing_hour(business_day_after(commission_day(start), count)),
            Self::CalendarDays(count) => days_after(start.day(), count).map(of_day),
            Self::DaysAfterYearEnd(count) => {
                let year = chrono::Datelike::year(&start.day());
                days_after(NaiveDate::from_ymd_opt(year, 12, 31)?, count).map(of_day)
            }
            Self::Hours(count) => {
                let until = start.utc.checked_add_signed(TimeDelta::hours(i64::from(count)))?;
                Some(Deadline { until, last_day: None, zone })
            }
            Self::Months(count) => start.day().checked_add_months(Months::new(count)).map(of_day),
            Self::Words(_) => None,
        }
    }

    /// Says whether days, months or years are counted, which is done on the calendar of a place.
    #[must_use]
    pub fn needs_calendar(self) -> bool {
        !matches!(self, Self::Hours(_) | Self::Words(_))
    }

    /// Says it in words: `72 hours`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::BusinessDays(count) => counted(count.into(), "business day"),
            Self::CalendarDays(count) => counted(count.into(), "calendar day"),
            Self::DaysAfterYearEnd(count) => {
                format!("{} after the end of the calendar year", counted(count.into(), "day"))
            }
            Self::Hours(count) => counted(count.into(), "hour"),
            Self::Months(count) => counted(count.into(), "month"),
            Self::Words(words) => words.to_owned(),
        }
    }
}

impl Deadline {
    /// Writes the end as it is on the wall there.
    #[must_use]
    pub fn local(&self) -> String {
        match self.last_day {
            Some(day) if self.is_end_of(day) => format!("end of {}", day.format("%a %Y-%m-%d")),
            _ => self.zone.written(self.until),
        }
    }

    /// Says how an instant stands to it.
    #[must_use]
    pub fn standing(&self, at: DateTime<Utc>) -> String {
        let left = self.until.signed_duration_since(at);
        if self.is_over(at) {
            format!("PASSED by {}", hours_and_minutes(-left))
        } else {
            format!("{} left", hours_and_minutes(left))
        }
    }

    /// Says whether it is too late at an instant.
    #[must_use]
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        at > self.until || at == self.until && self.last_day.is_some_and(|day| self.is_end_of(day))
    }

    /// Says whether the whole of that day is in time, and not only a part of it.
    fn is_end_of(&self, day: NaiveDate) -> bool {
        self.until == self.zone.end_of(day)
    }
}

/// Writes a span as hours and whole minutes, dropping seconds: `71 h 04 min`; beyond what clocks in hours run, as days and hours:
/// `58 d 13 h`.
#[must_use]
pub(super) fn hours_and_minutes(span: TimeDelta) -> String {
    let minutes = span.num_minutes();
    let sign = if minutes < 0 { "-" } else { "" };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    if hours < IN_HOURS {
        format!("{sign}{hours} h {minutes:02} min")
    } else {
        format!("{sign}{} d {} h", hours / 24, hours % 24)
    }
}

/// Returns the day of an event for a count of the Commission's days: the earlier one of that on the wall where the event was, and
/// of that in Washington. Which of them counts the form does not say.
#[must_use]
pub(super) fn commission_day(start: &Moment) -> NaiveDate {
    start.day().min(COMMISSION.wall(start.utc).date())
}

fn filing_hour(day: NaiveDate) -> Option<Deadline> {
    let until = COMMISSION.earliest(day.and_time(NaiveTime::from_hms_opt(17, 30, 0)?))?;
    Some(Deadline { until, last_day: Some(day), zone: COMMISSION })
}

fn days_after(day: NaiveDate, count: u32) -> Option<NaiveDate> {
    day.checked_add_days(Days::new(u64::from(count)))
}

/// Filings are of the day by Washington's clock, until 5:30 p.m.: 17 CFR 232.13(a)(2).
const COMMISSION: Zone = Zone::Named(Tz::America__New_York);

/// 96: a day more than the longest clock that counts hours.
const IN_HOURS: i64 = 96;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str, zone: Tz) -> Moment {
        Moment::parse(text, Some(zone)).unwrap()
    }

    fn ends(length: Length, start: &Moment) -> String {
        length.end(start).unwrap().until.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Each worked out by hand, with a calendar and the dates on which clocks change.
    #[test]
    fn hours_run_through_everything() {
        let berlin = Tz::Europe__Berlin;
        let new_york = Tz::America__New_York;
        for (start, zone, hours, utc, wall) in [
            // Friday evening to Monday evening.
            ("2026-11-20T18:00", berlin, 72, "2026-11-23T17:00:00Z", "Mon 2026-11-23 18:00:00 +01:00"),
            // Over 25 October 2026, when clocks in Berlin are set back at 03:00: an hour earlier on the wall.
            ("2026-10-23T10:00", berlin, 72, "2026-10-26T08:00:00Z", "Mon 2026-10-26 09:00:00 +01:00"),
            // Over 29 March 2026, when they are set forward at 02:00: an hour later on the wall.
            ("2026-03-27T10:00", berlin, 72, "2026-03-30T09:00:00Z", "Mon 2026-03-30 11:00:00 +02:00"),
            // Ends in the hour that Berlin has twice, in its second half.
            ("2026-10-24T02:30", berlin, 25, "2026-10-25T01:30:00Z", "Sun 2026-10-25 02:30:00 +01:00"),
            ("2026-10-24T02:30", berlin, 24, "2026-10-25T00:30:00Z", "Sun 2026-10-25 02:30:00 +02:00"),
            // New York: set back on 1 November 2026 at 02:00, forward on 8 March 2026 at 02:00.
            ("2026-10-30T12:00", new_york, 72, "2026-11-02T16:00:00Z", "Mon 2026-11-02 11:00:00 -05:00"),
            ("2026-03-06T12:00", new_york, 72, "2026-03-09T17:00:00Z", "Mon 2026-03-09 13:00:00 -04:00"),
            ("2026-03-07T02:30", new_york, 24, "2026-03-08T07:30:00Z", "Sun 2026-03-08 03:30:00 -04:00"),
            // A leap day; a year's end; the four hours of DORA over midnight.
            ("2028-02-28T09:00", berlin, 24, "2028-02-29T08:00:00Z", "Tue 2028-02-29 09:00:00 +01:00"),
            ("2026-12-30T09:00", berlin, 72, "2027-01-02T08:00:00Z", "Sat 2027-01-02 09:00:00 +01:00"),
            ("2026-11-20T22:00", berlin, 4, "2026-11-21T01:00:00Z", "Sat 2026-11-21 02:00:00 +01:00"),
            // The four hours over the change of clocks itself: five, then three on the wall.
            ("2026-03-29T00:30", berlin, 4, "2026-03-29T03:30:00Z", "Sun 2026-03-29 05:30:00 +02:00"),
            ("2026-10-25T00:30", berlin, 4, "2026-10-25T02:30:00Z", "Sun 2026-10-25 03:30:00 +01:00"),
            // A year that is no leap year, though divisible by four; one that is, though divisible by a hundred.
            ("2100-02-28T09:00", berlin, 24, "2100-03-01T08:00:00Z", "Mon 2100-03-01 09:00:00 +01:00"),
            ("2000-02-28T09:00", berlin, 24, "2000-02-29T08:00:00Z", "Tue 2000-02-29 09:00:00 +01:00"),
            // A zone at half an hour, and one that never changes.
            ("2026-11-20T18:00", Tz::Asia__Kolkata, 72, "2026-11-23T12:30:00Z", "Mon 2026-11-23 18:00:00 +05:30"),
            ("2026-10-23T10:00", Tz::UTC, 72, "2026-10-26T10:00:00Z", "Mon 2026-10-26 10:00:00 +00:00"),
        ] {
            let start = at(start, zone);
            let end = Length::Hours(hours).end(&start).unwrap();
            assert_eq!(ends(Length::Hours(hours), &start), utc, "{start:?}");
            assert_eq!(end.local(), wall, "{start:?}");
        }
    }

    #[test]
    fn days_end_with_the_last_one_on_the_wall() {
        let new_york = Tz::America__New_York;
        for (start, zone, days, utc, wall) in [
            // Thirty days from 15 October reach over 1 November: the end is an hour later by UTC.
            ("2026-10-15T08:00", new_york, 30, "2026-11-15T05:00:00Z", "end of Sat 2026-11-14"),
            ("2026-10-15T23:59:59", new_york, 30, "2026-11-15T05:00:00Z", "end of Sat 2026-11-14"),
            ("2026-09-01T00:00", new_york, 60, "2026-11-01T04:00:00Z", "end of Sat 2026-10-31"),
            ("2028-01-01T12:00", new_york, 60, "2028-03-02T05:00:00Z", "end of Wed 2028-03-01"),
            ("2027-01-01T12:00", new_york, 60, "2027-03-03T05:00:00Z", "end of Tue 2027-03-02"),
            ("2026-01-30T12:00", Tz::America__Los_Angeles, 30, "2026-03-02T08:00:00Z", "end of Sun 2026-03-01"),
        ] {
            let start = at(start, zone);
            let end = Length::CalendarDays(days).end(&start).unwrap();
            assert_eq!(ends(Length::CalendarDays(days), &start), utc, "{start:?}");
            assert_eq!(end.local(), wall, "{start:?}");
        }
        let year_end = Length::DaysAfterYearEnd(60);
        assert_eq!(year_end.end(&at("2026-05-05T12:00", new_york)).unwrap().local(), "end of Mon 2027-03-01");
        assert_eq!(year_end.end(&at("2027-05-05T12:00", new_york)).unwrap().local(), "end of Tue 2028-02-29");
        // Already next year in UTC, still the old one in New York.
        assert_eq!(year_end.end(&at("2026-12-31T23:00", new_york)).unwrap().local(), "end of Mon 2027-03-01");
    }

    #[test]
    fn a_month_ends_on_the_day_of_the_same_number_or_the_last() {
        for (start, wall) in [
            ("2026-01-31T10:00", "end of Sat 2026-02-28"),
            ("2028-01-31T10:00", "end of Tue 2028-02-29"),
            ("2026-01-28T10:00", "end of Sat 2026-02-28"),
            ("2026-02-28T10:00", "end of Sat 2026-03-28"),
            ("2026-03-31T10:00", "end of Thu 2026-04-30"),
            ("2026-11-25T10:00", "end of Fri 2026-12-25"),
            ("2026-12-31T10:00", "end of Sun 2027-01-31"),
        ] {
            let end = Length::Months(1).end(&at(start, Tz::Europe__Berlin)).unwrap();
            assert_eq!(end.local(), wall, "{start}");
        }
    }

    #[test]
    fn four_business_days_end_when_the_office_takes_no_more_filings() {
        for (start, zone, utc, wall) in [
            ("2026-11-16T09:00", Tz::America__New_York, "2026-11-20T22:30:00Z", "Fri 2026-11-20 17:30:00 -05:00"),
            // Over Thanksgiving.
            ("2026-11-24T16:00", Tz::America__New_York, "2026-12-01T22:30:00Z", "Tue 2026-12-01 17:30:00 -05:00"),
            // Over the set-back of 1 November 2026; over the set-forward of 8 March 2026.
            ("2026-10-29T09:00", Tz::America__New_York, "2026-11-04T22:30:00Z", "Wed 2026-11-04 17:30:00 -05:00"),
            ("2026-03-05T09:00", Tz::America__New_York, "2026-03-11T21:30:00Z", "Wed 2026-03-11 17:30:00 -04:00"),
            // In summer.
            ("2026-07-13T16:00", Tz::America__New_York, "2026-07-17T21:30:00Z", "Fri 2026-07-17 17:30:00 -04:00"),
            // Thursday evening in Los Angeles is Friday in New York: counted from Thursday.
            ("2026-11-12T22:30", Tz::America__Los_Angeles, "2026-11-18T22:30:00Z", "Wed 2026-11-18 17:30:00 -05:00"),
            // Friday morning in Tokyo is Thursday in New York: counted from Thursday.
            ("2026-11-13T08:00", Tz::Asia__Tokyo, "2026-11-18T22:30:00Z", "Wed 2026-11-18 17:30:00 -05:00"),
        ] {
            let start = at(start, zone);
            let end = Length::BusinessDays(4).end(&start).unwrap();
            assert_eq!(ends(Length::BusinessDays(4), &start), utc, "{start:?}");
            assert_eq!(end.local(), wall, "{start:?}");
        }
    }

    #[test]
    fn the_end_itself_is_in_time_and_a_moment_later_is_not() {
        let end = Length::Hours(72).end(&at("2026-11-20T18:00", Tz::UTC)).unwrap();
        assert_eq!(end.standing(end.until), "0 h 00 min left");
        assert_eq!(end.standing(end.until + TimeDelta::seconds(1)), "PASSED by 0 h 00 min");
        assert_eq!(end.standing(end.until - TimeDelta::seconds(3 * 3600 + 61)), "3 h 01 min left");
        assert_eq!(end.standing(end.until + TimeDelta::hours(100)), "PASSED by 4 d 4 h");
        assert_eq!(hours_and_minutes(TimeDelta::minutes(-61)), "-1 h 01 min");
        // A day has no instant left when the next one begins.
        let day = Length::CalendarDays(30).end(&at("2026-11-20T18:00", Tz::UTC)).unwrap();
        assert_eq!(day.standing(day.until), "PASSED by 0 h 00 min");
        assert_eq!(day.standing(day.until - TimeDelta::minutes(1)), "0 h 01 min left");
    }

    #[test]
    fn words_without_a_length_have_no_end() {
        let words = Length::Words("without undue delay");
        assert_eq!(words.end(&at("2026-11-20T18:00", Tz::UTC)), None);
        assert_eq!(words.words(), "without undue delay");
        assert_eq!(Length::Months(1).words(), "1 month");
        assert_eq!(Length::BusinessDays(4).words(), "4 business days");
    }

    const ZONES: [Tz; 7] = [
        Tz::UTC,
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::America__Santiago,
        Tz::Australia__Lord_Howe,
        Tz::Asia__Kathmandu,
        Tz::Pacific__Apia,
    ];

    proptest! {
        #[test]
        fn no_clock_ends_before_it_starts(seconds in 0_i64..4_102_444_800, zone in 0..ZONES.len(), count in 1_u32..90) {
            let utc = DateTime::from_timestamp(seconds, 0).unwrap();
            let start = Moment { utc, zone: Zone::Named(ZONES[zone]) };
            for length in [Length::Hours(count), Length::CalendarDays(count), Length::Months(count), Length::BusinessDays(count), Length::DaysAfterYearEnd(count)] {
                let end = length.end(&start).unwrap();
                prop_assert!(end.until > utc, "{:?} {:?}", start, length);
            }
        }

        #[test]
        fn days_never_end_sooner_than_as_many_times_24_hours_less_the_change_of_clocks(
            seconds in 0_i64..4_102_444_800, zone in 0..ZONES.len(), count in 1_u32..90,
        ) {
            let utc = DateTime::from_timestamp(seconds, 0).unwrap();
            let start = Moment { utc, zone: Zone::Named(ZONES[zone]) };
            let days = Length::CalendarDays(count).end(&start).unwrap();
            let hours = Length::Hours(24 * count).end(&start).unwrap();
            // A zone may be moved over the date line: 24 hours.
            prop_assert!(days.until >= hours.until - TimeDelta::hours(24));
            prop_assert!(days.until <= hours.until + TimeDelta::hours(49));
        }
    }
}
