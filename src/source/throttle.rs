//! The pace at which the service may be asked: never above the rate, and close to it.
//!
//! Requests start evenly, not in bursts: a service that counts in any sliding window, fixed window or bucket then never counts
//! too many. The spacing is one per cent longer than the rate asks, for the jitter of a network that may bring two requests
//! closer together than they left. Where other processes ask as the same application, starts come from a schedule shared with them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::collect::{Clock, Pace, Turns};
use crate::format::genesis::Rate;

/// Paces requests of many threads.
pub struct Pacer {
    clock: Arc<dyn Clock>,
    spacing_us: u64,
    shared: Option<Box<dyn Turns>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next_start_us: u64,
    is_cancelled: bool,
}

impl Pacer {
    /// Paces at `rate`, or not at all; together with others where there is a schedule shared with them.
    pub fn new(rate: Option<Rate>, clock: Arc<dyn Clock>, shared: Option<Box<dyn Turns>>) -> Self {
        let spacing_us = rate.map_or(0, |rate| rate.seconds.saturating_mul(1_010_000) / rate.requests.max(1));
        Self { clock, spacing_us, shared, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Ends all waiting: from now on nobody may start a request.
    pub fn cancel(&self) {
        self.state().is_cancelled = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` says at what time it is ready and that has come; false when cancelled.
    fn wait_until(&self, mut ready: impl FnMut(&mut State, u64) -> Option<u64>) -> bool {
        let mut state = self.state();
        loop {
            if state.is_cancelled {
                return false;
            }
            let now = self.clock.monotonic_us();
            let Some(until) = ready(&mut state, now) else { return true };
            let wait = Duration::from_micros(until.saturating_sub(now));
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Pace for Pacer {
    fn turn(&self) -> bool {
        let own_turn = self.wait_until(|state, now| {
            if now < state.next_start_us {
                return Some(state.next_start_us);
            }
            // A start that came a little late does not delay the next; one that came much later does not bring a burst.
            let late = (now - state.next_start_us).min(self.spacing_us / 100);
            state.next_start_us = now - late + self.spacing_us;
            None
        });
        let shared = self.shared.as_ref().filter(|_| own_turn);
        match shared.and_then(|shared| shared.reserve(Duration::from_micros(self.spacing_us))) {
            Some(wait) => self.pause(wait),
            None => own_turn,
        }
    }

    fn hold(&self, wait: Duration) {
        let until = self.clock.monotonic_us().saturating_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX));
        let mut state = self.state();
        state.next_start_us = state.next_start_us.max(until);
        drop(state);
        if let Some(shared) = &self.shared {
            shared.hold(wait);
        }
    }

    fn pause(&self, wait: Duration) -> bool {
        let until = self.clock.monotonic_us().saturating_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX));
        self.wait_until(|_, now| (now < until).then_some(until))
    }

    fn is_cancelled(&self) -> bool {
        self.state().is_cancelled
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::time::LocalTime;

    /// A clock that moves only when it is read: each reading is a millisecond later.
    struct Ticking(AtomicU64);

    impl Clock for Ticking {
        fn now(&self) -> LocalTime {
            "2026-11-22T00:00:00.000Z".parse().unwrap()
        }

        fn monotonic_us(&self) -> u64 {
            self.0.fetch_add(1000, Ordering::Relaxed)
        }
    }

    #[test]
    fn no_window_of_ten_seconds_ever_sees_a_sixth_start() {
        let clock = Arc::new(Ticking(AtomicU64::new(0)));
        let pacer = Pacer::new(Some(Rate { requests: 5, seconds: 10 }), clock.clone(), None);
        let mut starts = Vec::new();
        let mut now = 0;
        for idle_us in [0, 0, 0, 0, 30_000_000, 0, 0, 0, 0, 0, 0, 1_000_000, 0, 0, 0] {
            now += idle_us;
            // What `turn` does, with time handed in instead of waited for.
            let mut state = pacer.state();
            now = now.max(state.next_start_us);
            let late = (now - state.next_start_us).min(pacer.spacing_us / 100);
            state.next_start_us = now - late + pacer.spacing_us;
            starts.push(now);
        }
        assert!(starts.windows(6).all(|six| six[5] - six[0] > 10_000_000), "{starts:?}");
    }

    #[test]
    fn cancelling_ends_every_wait() {
        let pacer = Pacer::new(None, Arc::new(Ticking(AtomicU64::new(0))), None);
        assert!(pacer.turn());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pacer.pause(Duration::from_hours(1)));
            pacer.cancel();
            assert!(!waiting.join().unwrap());
        });
        assert!(!pacer.turn());
        assert!(pacer.is_cancelled());
    }
}
