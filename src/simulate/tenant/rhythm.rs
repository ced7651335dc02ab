//! When sign-ins happen: a weekly rhythm with a closed form in both directions.
//!
//! Each hour of the week has a weight. The running sum of weights since the epoch maps time to progress, and progress to
//! time, so the record with a given index knows its second and a window knows its index range without a table of records.

use super::{kind::Kind, noise::mix};

/// Maps the index of a record to the second it was created in, in ascending order.
#[derive(Clone, Debug)]
pub(crate) struct Rhythm {
    seed: u64,
    record_count: u64,
    hour_weight: [u64; HOURS],
    /// Progress at the start of each hour of the week; the last entry is the progress of a whole week.
    progress: [u64; HOURS + 1],
    start: u64,
    span: u64,
}

impl Rhythm {
    /// Spreads `record_count` records of `kind` over the seconds `[from, to)`, both since 1970.
    pub(crate) fn new(seed: u64, kind: Kind, record_count: u64, from: i64, to: i64) -> Self {
        let mut hour_weight = [0; HOURS];
        let mut progress = [0; HOURS + 1];
        let mut sum = 0;
        for (hour, weight) in hour_weight.iter_mut().enumerate() {
            *weight = weight_of(kind, hour);
            progress[hour] = sum;
            sum += *weight * 3_600;
        }
        progress[HOURS] = sum;
        let mut rhythm =
            Self { seed: mix(seed ^ mix(kind.ordinal() + 1)), record_count, hour_weight, progress, start: 0, span: 0 };
        rhythm.start = rhythm.progress_at(from);
        rhythm.span = rhythm.progress_at(to).saturating_sub(rhythm.start);
        rhythm
    }

    /// Returns how many records there are.
    pub(crate) fn record_count(&self) -> u64 {
        self.record_count
    }

    /// Returns the second, since 1970, in which the record at `index` was created. Ascending in `index`.
    pub(crate) fn second(&self, index: u64) -> i64 {
        // One group of four in eight is a burst: its records share the second of the first.
        let burst = mix(self.seed ^ (index >> 2)).is_multiple_of(8);
        let index = if burst { index & !3 } else { index };
        let jitter = mix(self.seed.wrapping_add(index)) >> 48;
        let numerator = ((u128::from(index) << 16) | u128::from(jitter)) * u128::from(self.span);
        let denominator = u128::from(self.record_count.max(1)) << 16;
        self.second_at(self.start + u64::try_from(numerator / denominator).unwrap_or(0))
    }

    /// Returns how many records were created before the second `second`.
    pub(crate) fn count_before(&self, second: i64) -> u64 {
        // A record lies before `second` if, and only if, its progress lies before that of `second`; jitter and bursts move
        // a record by less than four places, so the quotient is at most a few places off.
        let done = u128::from(self.progress_at(second).saturating_sub(self.start).min(self.span));
        let estimate = done * u128::from(self.record_count) / u128::from(self.span.max(1));
        let mut count = u64::try_from(estimate).unwrap_or(u64::MAX).min(self.record_count);
        while count > 0 && self.second(count - 1) >= second {
            count -= 1;
        }
        while count < self.record_count && self.second(count) < second {
            count += 1;
        }
        count
    }

    fn progress_at(&self, second: i64) -> u64 {
        let since_monday = u64::try_from(second).unwrap_or(0) + EPOCH_AFTER_MONDAY;
        let of_week = since_monday % WEEK;
        let hour = usize::try_from(of_week / 3_600).unwrap_or(0);
        since_monday / WEEK * self.progress[HOURS] + self.progress[hour] + of_week % 3_600 * self.hour_weight[hour]
    }

    fn second_at(&self, progress: u64) -> i64 {
        let of_week = progress % self.progress[HOURS];
        let hour = self.progress.partition_point(|start| *start <= of_week).saturating_sub(1);
        let into_hour = (of_week - self.progress[hour]) / self.hour_weight[hour];
        let hours = u64::try_from(hour).unwrap_or(0) * 3_600;
        let since_monday = progress / self.progress[HOURS] * WEEK + hours + into_hour;
        i64::try_from(since_monday.saturating_sub(EPOCH_AFTER_MONDAY)).unwrap_or(0)
    }
}

/// Returns the weight of an hour of the week, Monday 00:00 UTC first. Never zero: an hour can be quiet, not impossible.
fn weight_of(kind: Kind, hour_of_week: usize) -> u64 {
    let (day, hour) = (hour_of_week / 24, hour_of_week % 24);
    let weekday = day < 5;
    match kind {
        Kind::InteractiveUser => match (weekday, hour) {
            (true, 7..=9) => 48,
            (true, 10..=16) => 36,
            (true, 5 | 6 | 17..=20) => 12,
            (true, _) => 2,
            (false, 8..=20) => 4,
            (false, _) => 1,
        },
        Kind::NonInteractiveUser => match (weekday, hour) {
            (true, 7..=16) => 30,
            (true, _) => 10,
            (false, _) => 7,
        },
        Kind::ServicePrincipal => match hour {
            1 | 2 => 30,
            _ => 10,
        },
        Kind::ManagedIdentity => 10,
    }
}

/// Hours in a week.
const HOURS: usize = 168;
/// Seconds in a week.
const WEEK: u64 = 7 * 86_400;
/// 1970-01-01 was a Thursday.
const EPOCH_AFTER_MONDAY: u64 = 3 * 86_400;

#[cfg(test)]
mod tests {
    use super::{super::kind::Kind, Rhythm};

    const FROM: i64 = 1_792_000_000;
    const TO: i64 = FROM + 30 * 86_400;

    #[test]
    fn seconds_ascend_and_stay_inside_the_span() {
        for kind in Kind::ALL {
            let rhythm = Rhythm::new(7, kind, 5_000, FROM, TO);
            let seconds: Vec<i64> = (0..5_000).map(|index| rhythm.second(index)).collect();
            assert!(seconds.is_sorted());
            assert!(seconds[0] >= FROM && seconds[4_999] < TO);
        }
    }

    #[test]
    fn counting_before_a_second_agrees_with_looking_at_every_record() {
        let rhythm = Rhythm::new(7, Kind::InteractiveUser, 3_000, FROM, TO);
        for second in [FROM, FROM + 1, FROM + 400_000, FROM + 400_001, TO - 1, TO] {
            let looked = (0..3_000).filter(|index| rhythm.second(*index) < second).count();
            assert_eq!(rhythm.count_before(second), u64::try_from(looked).unwrap());
        }
    }

    #[test]
    fn people_sign_in_on_working_days() {
        let rhythm = Rhythm::new(7, Kind::InteractiveUser, 10_000, FROM, TO);
        // Thursday 2026-10-15 and Sunday 2026-10-18, both whole days in UTC.
        let on_day = |start: i64| rhythm.count_before(start + 86_400) - rhythm.count_before(start);
        assert!(on_day(1_792_022_400) > 5 * on_day(1_792_281_600));
    }
}
