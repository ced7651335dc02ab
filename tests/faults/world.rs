//! A time of the test's own: every page takes as long as the case says, and the wall clock may be set while it is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use signhold::clock::NeverBack;
use signhold::collect::Clock;
use signhold::simulate::Moment;
use signhold::time::LocalTime;

/// Clocks that move when a request is about to be made, and not otherwise.
#[derive(Debug)]
pub(crate) struct World {
    began: DateTime<Utc>,
    /// By how much time moves with each request.
    step: TimeDelta,
    /// How far the wall clock is off during so many requests, the next number during the next so many, and from the start again.
    offsets: (u64, Vec<TimeDelta>),
    turns: AtomicU64,
    elapsed_us: AtomicI64,
    wall: NeverBack,
}

impl World {
    /// Time that moves by `step` with every request, on a wall clock that is right.
    pub(crate) fn moving(step: TimeDelta) -> Self {
        Self::at(Utc::now(), step, (1, vec![TimeDelta::zero()]))
    }

    /// The wall clock is off by each of `offsets` in turn, for `every` requests each.
    pub(crate) fn at(began: DateTime<Utc>, step: TimeDelta, offsets: (u64, Vec<TimeDelta>)) -> Self {
        Self {
            began,
            step,
            offsets,
            turns: AtomicU64::new(0),
            elapsed_us: AtomicI64::new(0),
            wall: NeverBack::default(),
        }
    }

    /// What a clock does that goes on from what is signed.
    pub(crate) fn go_on_from(&self, latest: LocalTime) {
        self.wall.pass(latest.to_datetime());
    }

    pub(crate) fn take_turn(&self) {
        self.turns.fetch_add(1, Ordering::SeqCst);
        self.elapsed_us.fetch_add(self.step.num_microseconds().unwrap(), Ordering::SeqCst);
    }

    /// The same time for the service, whose clock nobody sets.
    pub(crate) fn present(self: &Arc<Self>, now: DateTime<Utc>) -> Moment {
        let world = Arc::clone(self);
        Arc::new(move || now + world.elapsed())
    }

    fn elapsed(&self) -> TimeDelta {
        TimeDelta::microseconds(self.elapsed_us.load(Ordering::SeqCst))
    }
}

impl Clock for World {
    fn now(&self) -> LocalTime {
        let (every, offsets) = &self.offsets;
        let place = self.turns.load(Ordering::SeqCst) / every % offsets.len() as u64;
        self.wall.pass(self.began + self.elapsed() + offsets[usize::try_from(place).unwrap()])
    }

    fn monotonic_us(&self) -> u64 {
        // Each reading is a little later than the one before.
        u64::try_from(self.elapsed_us.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}
