//! The service's budget: so many requests in so many seconds for one application in one tenant.
//!
//! Rejected requests count as well (graph-api §4), so a client that keeps knocking keeps itself out.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

/// How many requests are permitted within a span of time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Throttle {
    /// Permitted requests; at least one.
    pub requests: u32,
    /// Length of the sliding window.
    pub per: Duration,
}

impl Throttle {
    /// The documented budget: 5 requests in 10 seconds (graph-api §4).
    pub const DOCUMENTED: Self = Self { requests: 5, per: Duration::from_secs(10) };
}

/// The recent requests of every application and tenant.
#[derive(Debug)]
pub(crate) struct Gate {
    throttle: Option<Throttle>,
    /// The latest requests of each caller, at most as many as are permitted: older ones decide nothing.
    recent: HashMap<String, VecDeque<Instant>>,
}

impl Gate {
    /// Makes a gate nobody has passed yet.
    pub(crate) fn new(throttle: Option<Throttle>) -> Self {
        Self { throttle, recent: HashMap::new() }
    }

    /// Counts a request of `caller` at `now`; refuses it with the time to wait when the budget is spent.
    pub(crate) fn pass(&mut self, caller: &str, now: Instant) -> Result<(), Duration> {
        let Some(Throttle { requests, per }) = self.throttle else {
            return Ok(());
        };
        let limit = usize::try_from(requests.max(1)).unwrap_or(usize::MAX);
        let recent = self.recent.entry(caller.to_owned()).or_default();
        let oldest = if recent.len() < limit { None } else { recent.pop_front() };
        recent.push_back(now);
        match oldest.map(|oldest| now.saturating_duration_since(oldest)) {
            Some(passed) if passed < per => {
                // This request is the latest of the full window; a next one passes when the now oldest has left it.
                let first = recent.front().copied().unwrap_or(now);
                Err(per.saturating_sub(now.saturating_duration_since(first)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Gate, Throttle};

    #[test]
    fn the_sixth_request_within_ten_seconds_is_refused() {
        let mut gate = Gate::new(Some(Throttle::DOCUMENTED));
        let start = Instant::now();
        for second in 0..5 {
            assert_eq!(gate.pass("app", start + Duration::from_secs(second)), Ok(()));
        }
        assert_eq!(gate.pass("app", start + Duration::from_secs(5)), Err(Duration::from_secs(6)));
        assert_eq!(gate.pass("other", start + Duration::from_secs(5)), Ok(()));
    }

    #[test]
    fn waiting_as_long_as_told_is_enough() {
        let mut gate = Gate::new(Some(Throttle::DOCUMENTED));
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(gate.pass("app", start), Ok(()));
        }
        let wait = gate.pass("app", start).unwrap_err();
        assert_eq!(gate.pass("app", start + wait), Ok(()));
    }

    #[test]
    fn refused_requests_count() {
        let mut gate = Gate::new(Some(Throttle { requests: 1, per: Duration::from_secs(10) }));
        let start = Instant::now();
        assert!(gate.pass("app", start).is_ok());
        assert!(gate.pass("app", start + Duration::from_secs(9)).is_err());
        assert!(gate.pass("app", start + Duration::from_secs(11)).is_err());
        assert!(gate.pass("app", start + Duration::from_secs(21)).is_ok());
    }

    #[test]
    fn without_a_throttle_everything_passes() {
        let mut gate = Gate::new(None);
        let start = Instant::now();
        assert!((0..100).all(|_| gate.pass("app", start).is_ok()));
    }
}
