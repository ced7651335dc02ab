//! The simulated present: starts where the settings say and then runs at the pace of the machine's monotonic clock.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// A clock of its own, which never looks at the wall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Present {
    start: DateTime<Utc>,
    started: Instant,
}

impl Present {
    /// Starts the clock at `start`.
    pub(crate) fn start(start: DateTime<Utc>) -> Self {
        Self { start, started: Instant::now() }
    }

    /// Returns the simulated time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.start + TimeDelta::from_std(self.started.elapsed()).unwrap_or_default()
    }
}
