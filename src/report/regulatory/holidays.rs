//! Which days the federal offices of the United States are closed, as far as a rule says so, and counting business days by it.
//!
//! 5 U.S.C. 6103(a) names the days; one that falls on a Saturday is observed on the Friday before (6103(b)), one on a Sunday on
//! the Monday after (Executive Order 11582). Not in here: Inauguration Day, which is a holiday around Washington alone, and days on
//! which an Executive Order closes the offices. To leave one out can only bring a deadline forward, never put it off.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

/// Returns the `count`th business day after `day`; the day itself never counts.
///
/// Form 8-K, General Instruction B.1: where the event falls on a day without business, the period begins to run on, and includes,
/// the first business day after it. That comes to the same.
#[must_use]
pub(super) fn business_day_after(day: NaiveDate, count: u32) -> NaiveDate {
    let mut last = day;
    for _ in 0..count {
        last = next(last);
        while !is_business_day(last) {
            last = next(last);
        }
    }
    last
}

/// Says whether it is neither a Saturday, nor a Sunday, nor a day on which a federal holiday is observed.
#[must_use]
pub(super) fn is_business_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_observed(day)
}

/// Says whether a federal holiday is observed that day.
fn is_observed(day: NaiveDate) -> bool {
    // New Year's Day may be observed on the last day of the year before.
    [day.year(), day.year().saturating_add(1)].into_iter().flat_map(observed).any(|observed| observed == day)
}

/// Returns the days on which the holidays of a year are observed.
fn observed(year: i32) -> Vec<NaiveDate> {
    let fixed = |month, day| NaiveDate::from_ymd_opt(year, month, day).map(shifted);
    let nth = |month, weekday, n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    // The last Monday of May is the fifth or, where there are four, the fourth.
    let memorial = nth(5, Weekday::Mon, 5).or_else(|| nth(5, Weekday::Mon, 4));
    let juneteenth = if year >= 2021 { fixed(6, 19) } else { None };
    [
        fixed(1, 1),
        nth(1, Weekday::Mon, 3),
        nth(2, Weekday::Mon, 3),
        memorial,
        juneteenth,
        fixed(7, 4),
        nth(9, Weekday::Mon, 1),
        nth(10, Weekday::Mon, 2),
        fixed(11, 11),
        nth(11, Weekday::Thu, 4),
        fixed(12, 25),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the day on which a holiday of a fixed date is observed.
fn shifted(day: NaiveDate) -> NaiveDate {
    match day.weekday() {
        Weekday::Sat => day.checked_sub_days(Days::new(1)).unwrap_or(day),
        Weekday::Sun => next(day),
        _ => day,
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The calendars that the Office of Personnel Management gives for these years.
    #[test]
    fn the_holidays_of_some_years_are_those_of_the_calendar() {
        let calendar = [
            (2021, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"),
            (2022, "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26"),
            (2023, "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25"),
            (2024, "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25"),
            (2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"),
            (2027, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"),
        ];
        for (year, expected) in calendar {
            let expected: Vec<NaiveDate> = expected.split(' ').map(|text| day(&format!("{year}-{text}"))).collect();
            let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let closed: Vec<NaiveDate> = first
                .iter_days()
                .take_while(|day| day.year() == year)
                .filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_business_day(*day))
                .collect();
            assert_eq!(closed, expected, "{year}");
        }
    }

    #[test]
    fn juneteenth_is_no_holiday_before_there_was_one() {
        assert!(is_business_day(day("2020-06-19")));
        assert!(!is_business_day(day("2026-06-19")));
    }

    /// Counted on a paper calendar.
    #[test]
    fn four_business_days_after() {
        for (event, expected) in [
            // Monday to Friday of one week.
            ("2026-11-16", "2026-11-20"),
            // Friday, and then either day of the weekend: Thursday.
            ("2026-11-13", "2026-11-19"),
            ("2026-11-14", "2026-11-19"),
            ("2026-11-15", "2026-11-19"),
            // Over Thanksgiving (26 November), from the Sunday, the Monday, the day before and the day itself.
            ("2026-11-22", "2026-11-27"),
            ("2026-11-23", "2026-11-30"),
            ("2026-11-25", "2026-12-02"),
            ("2026-11-26", "2026-12-02"),
            // Independence Day on a Saturday, observed on Friday 3 July 2026.
            ("2026-06-30", "2026-07-07"),
            // Juneteenth on a Saturday, observed on Friday 18 June 2027.
            ("2027-06-15", "2027-06-22"),
            // Christmas on a Sunday, observed on Monday 26 December 2022; New Year's Day on Monday 2 January 2023.
            ("2022-12-23", "2022-12-30"),
            ("2022-12-28", "2023-01-04"),
            // New Year's Day 2028 on a Saturday, observed in 2027.
            ("2027-12-29", "2028-01-05"),
            // A leap day between.
            ("2028-02-25", "2028-03-02"),
        ] {
            assert_eq!(business_day_after(day(event), 4), day(expected), "{event}");
        }
    }

    proptest! {
        #[test]
        fn the_nth_business_day_is_one_and_has_n_minus_one_between(days in 0_u64..40_000, count in 1_u32..60) {
            let event = day("2000-01-01").checked_add_days(Days::new(days)).unwrap();
            let last = business_day_after(event, count);
            prop_assert!(is_business_day(last));
            let counted = event.iter_days().skip(1).take_while(|day| *day <= last).filter(|day| is_business_day(*day)).count();
            prop_assert_eq!(counted, usize::try_from(count).unwrap());
        }

        #[test]
        fn a_later_event_never_has_an_earlier_end(days in 0_u64..40_000, count in 1_u32..30) {
            let event = day("2000-01-01").checked_add_days(Days::new(days)).unwrap();
            prop_assert!(business_day_after(event, count) <= business_day_after(next(event), count));
        }

        #[test]
        fn there_are_never_more_than_three_days_in_a_row_without_business(days in 0_u64..40_000) {
            let event = day("2000-01-01").checked_add_days(Days::new(days)).unwrap();
            let gap = business_day_after(event, 1).signed_duration_since(event).num_days();
            prop_assert!((1..=4).contains(&gap), "{} {}", event, gap);
        }

        #[test]
        fn a_year_has_ten_to_twelve_holidays_observed(year in 2022_i32..9000) {
            let closed = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().iter_days().take_while(|day| day.year() == year)
                .filter(|day| is_observed(*day)).count();
            prop_assert!((10..=12).contains(&closed), "{} {}", year, closed);
        }
    }
}
