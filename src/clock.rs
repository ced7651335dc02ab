//! The machine's clocks: the only place that reads them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::collect::Clock;
use crate::time::LocalTime;

/// The system's wall clock, and a monotonic one that begins at zero when this is made.
///
/// The wall clock is read as it is, but for [`NeverBack`].
#[derive(Debug)]
pub struct SystemClock {
    began: Instant,
    wall: NeverBack,
}

/// Readings of a wall clock that never go back: when it was set back, the greatest is given again until it has caught up.
///
/// Signed times then stand still for a while instead of contradicting one another; the monotonic readings beside them tell.
#[derive(Debug)]
pub struct NeverBack {
    last_millis: AtomicI64,
}

impl SystemClock {
    /// Starts the monotonic clock.
    #[must_use]
    pub fn start() -> Self {
        Self { began: Instant::now(), wall: NeverBack::default() }
    }

    /// Gives no reading before `latest`, which is signed already.
    pub fn go_on_from(&self, latest: LocalTime) {
        self.wall.pass(latest.to_datetime());
    }
}

impl NeverBack {
    /// Returns `reading`, or the greatest reading before it.
    pub fn pass(&self, reading: DateTime<Utc>) -> LocalTime {
        let millis = reading.timestamp_millis();
        let last = self.last_millis.fetch_max(millis, Ordering::Relaxed);
        LocalTime::new(DateTime::from_timestamp_millis(last.max(millis)).unwrap_or(reading))
    }
}

impl Default for NeverBack {
    fn default() -> Self {
        Self { last_millis: AtomicI64::new(i64::MIN) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> LocalTime {
        self.wall.pass(Utc::now())
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_stands_still() {
        let clock = NeverBack::default();
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        assert_eq!(clock.pass(at("2026-11-22T06:00:00Z")).to_string(), "2026-11-22T06:00:00.000Z");
        assert_eq!(clock.pass(at("2026-11-22T05:00:00Z")).to_string(), "2026-11-22T06:00:00.000Z");
        assert_eq!(clock.pass(at("2026-11-22T06:00:01Z")).to_string(), "2026-11-22T06:00:01.000Z");
    }
}
