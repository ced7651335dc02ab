//! The simulated present: starts where the settings say and then runs at the pace of the machine's monotonic clock, or a
//! multiple of it; or whatever somebody else says that it is.

use std::{fmt, sync::Arc, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Says what the simulated present is, for those who move it themselves. It never goes back.
pub type Moment = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A clock of its own, which never looks at the wall.
#[derive(Clone)]
pub(crate) enum Present {
    /// Runs by itself.
    Running { start: DateTime<Utc>, started: Instant, rate: u32 },
    /// Is moved.
    Told(Moment),
}

impl Present {
    /// Starts the clock at `start`; from there it runs `rate` times as fast as time does.
    pub(crate) fn start(start: DateTime<Utc>, rate: u32) -> Self {
        Self::Running { start, started: Instant::now(), rate }
    }

    /// Returns the simulated time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        match self {
            Self::Running { start, started, rate } => {
                *start + TimeDelta::from_std(started.elapsed().saturating_mul(*rate)).unwrap_or_default()
            }
            Self::Told(moment) => moment(),
        }
    }
}

impl fmt::Debug for Present {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Present").field(&self.now()).finish()
    }
}
