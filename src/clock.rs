//! The machine's clocks: the only place that reads them.

use std::time::Instant;

use chrono::Utc;

use crate::collect::Clock;
use crate::time::LocalTime;

/// The system's wall clock, and a monotonic one that begins at zero when this is made.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    began: Instant,
}

impl SystemClock {
    /// Starts the monotonic clock.
    #[must_use]
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> LocalTime {
        LocalTime::new(Utc::now())
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
