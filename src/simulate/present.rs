//! The simulated present: starts where the settings say and then runs at the pace of the machine's monotonic clock, or a
//! multiple of it.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// A clock of its own, which never looks at the wall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Present {
    start: DateTime<Utc>,
    started: Instant,
    rate: u32,
}

impl Present {
    /// Starts the clock at `start`; from there it runs `rate` times as fast as time does.
    pub(crate) fn start(start: DateTime<Utc>, rate: u32) -> Self {
        Self { start, started: Instant::now(), rate }
    }

    /// Returns the simulated time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.start + TimeDelta::from_std(self.started.elapsed().saturating_mul(self.rate)).unwrap_or_default()
    }
}
