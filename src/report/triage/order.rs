//! Sign-ins of a package in the order of their times, with few of them in memory.
//!
//! The service answers newest first, one window and one log after the other. Page records say when the earliest element of each
//! page was (FORMAT §7.2); so pages are read in that order, and what is earlier than every page to come can go on. Events that come
//! too late all the same, as from a package whose page records lie, go on where they are, and are counted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{Read, Seek};

use super::event::Event;
use crate::time::ServiceTime;
use crate::verify::{ReadAgainError, VerifiedPackage};

/// A page and the time of its earliest element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dated {
    /// None where no element has a time, or the page's record cannot be read.
    pub(super) earliest: Option<ServiceTime>,
    pub(super) number: u64,
}

/// Returns the pages of the sign-in logs by the time of their earliest element.
pub(super) fn pages<R: Read + Seek>(package: &mut VerifiedPackage<R>) -> Result<Vec<Dated>, ReadAgainError> {
    let mut pages = Vec::new();
    for number in package.page_numbers() {
        let record = package.page_record_if_there(number)?;
        if record.as_ref().is_none_or(|record| record.stream.kind.is_sign_in()) {
            let earliest = record.and_then(|record| ServiceTime::parse(record.records.earliest.as_deref()?));
            pages.push(Dated { earliest, number });
        }
    }
    pages.sort_unstable();
    Ok(pages)
}

/// Events that wait for earlier ones.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    events: BinaryHeap<Reverse<Event>>,
    passed: Option<ServiceTime>,
    late: u64,
}

impl Waiting {
    /// Takes an event; the earliest goes on when there is no room.
    pub(super) fn push(&mut self, event: Event, pass: &mut impl FnMut(&Event)) {
        self.events.push(Reverse(event));
        if self.events.len() > MAX_WAITING
            && let Some(Reverse(event)) = self.events.pop()
        {
            self.pass(&event, pass);
        }
    }

    /// Lets everything go on that is earlier than `time`, or everything.
    pub(super) fn release(&mut self, time: Option<ServiceTime>, pass: &mut impl FnMut(&Event)) {
        while self.events.peek().is_some_and(|Reverse(event)| time.is_none_or(|time| event.time < time)) {
            if let Some(Reverse(event)) = self.events.pop() {
                self.pass(&event, pass);
            }
        }
    }

    /// Returns how many went on after a later one.
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    fn pass(&mut self, event: &Event, pass: &mut impl FnMut(&Event)) {
        if self.passed.is_some_and(|passed| event.time < passed) {
            self.late += 1;
        }
        self.passed = self.passed.max(Some(event.time));
        pass(event);
    }
}

/// 100,000 events: some 25 MB, and a hundred pages that overlap in time.
const MAX_WAITING: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sign_in::SignIn;
    use crate::format::kind::Kind;
    use crate::report::triage::event::Place;

    fn event(second: usize) -> Event {
        let time = format!("2026-11-01T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60);
        let place = Place { page: 1, element: 0 };
        Event::at(place, Kind::InteractiveUser, &time, &SignIn::default()).unwrap()
    }

    #[test]
    fn events_go_on_by_time_and_not_before_what_may_still_come() {
        let mut waiting = Waiting::default();
        let mut passed = Vec::new();
        let mut pass = |event: &Event| passed.push(event.second() % 86_400);
        for second in [50, 40, 30] {
            waiting.push(event(second), &mut pass);
        }
        waiting.release(Some(event(40).time), &mut pass);
        waiting.push(event(45), &mut pass);
        waiting.release(None, &mut pass);
        waiting.push(event(20), &mut pass);
        waiting.release(None, &mut pass);
        assert_eq!(passed, [30, 40, 45, 50, 20]);
        assert_eq!(waiting.late(), 1);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut waiting = Waiting::default();
        let mut passed = 0;
        for second in (0..80_000).chain(0..40_000) {
            waiting.push(event(second), &mut |_| passed += 1);
        }
        assert_eq!((passed, waiting.events.len()), (20_000, MAX_WAITING));
    }
}
