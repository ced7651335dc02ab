//! The table of runs: every attempt at every window, and what became of it (FORMAT §9, `streams`).
//!
//! Filled from page and failure records, by the session as they are written and by `resume` as they are read back, so that a
//! resumed acquisition knows exactly what an uninterrupted one would.

use std::collections::BTreeMap;

use super::retention;
use crate::format::failure::FailureRecord;
use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::line::Line;
use crate::format::page::{PageRecord, Slicing};
use crate::format::parts::StreamPosition;
use crate::format::seal::{Run, RunState};
use crate::time::{Bound, LocalTime, Window};

/// One kind over one window, in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    /// The log.
    pub kind: Kind,
    /// The window.
    pub window: Window,
    /// 1, or 2 for the second pass.
    pub pass: u64,
}

#[derive(Clone, Debug, Default)]
struct Attempt {
    pages: u64,
    records: u64,
    inside: u64,
    closed: bool,
    finished: Option<LocalTime>,
    last_trouble: Option<Line>,
}

/// Every run so far.
#[derive(Clone, Debug, Default)]
pub struct RunTable(BTreeMap<(Stream, u64), Attempt>);

impl RunTable {
    /// Takes a page that is durable.
    pub fn add_page(&mut self, record: &PageRecord) {
        let closes = record.next_link.is_none() && record.records.slicing == Slicing::Elements;
        self.count_page(&record.stream, record.records.count, record.records.inside, closes);
        self.note_finish(&record.stream, record.request.finished);
    }

    /// Remembers when the last page of a run was there.
    pub fn note_finish(&mut self, position: &StreamPosition, finished: LocalTime) {
        if let Some(attempt) = self.attempt(position) {
            attempt.finished = Some(finished);
        }
    }

    /// Takes the counts of a page that is durable; `closes` says that it is the last of its chain.
    pub fn count_page(&mut self, position: &StreamPosition, records: u64, inside: u64, closes: bool) {
        if let Some(attempt) = self.attempt(position) {
            attempt.pages += 1;
            attempt.records += records;
            attempt.inside += inside;
            attempt.closed = closes;
        }
    }

    /// Takes a failure that is durable.
    pub fn add_failure(&mut self, record: &FailureRecord) {
        self.note_trouble(&record.stream, &format!("{}: {}", record.reason, record.detail));
    }

    /// Remembers what went wrong last in a run, in words.
    pub fn note_trouble(&mut self, position: &StreamPosition, trouble: &str) {
        if let Some(attempt) = self.attempt(position) {
            attempt.last_trouble = Some(Line::lossy(trouble));
        }
    }

    /// Returns the number of the next run of `stream`.
    #[must_use]
    pub fn next_run(&self, stream: Stream) -> u64 {
        self.0.keys().filter(|(held, _)| *held == stream).map(|(_, run)| run + 1).max().unwrap_or(1)
    }

    /// Returns the windows of `kind` that a closed run of pass 1 covers, without overlap, in order.
    #[must_use]
    pub fn closed_windows(&self, kind: Kind) -> Vec<Window> {
        self.counting_runs(kind).into_iter().map(|((stream, _), _)| stream.window).collect()
    }

    /// Says whether a run of `stream` closed.
    #[must_use]
    pub fn is_closed(&self, stream: Stream) -> bool {
        self.closed_run(stream).is_some()
    }

    /// Returns the number of the run of `stream` that closed.
    #[must_use]
    pub fn closed_run(&self, stream: Stream) -> Option<u64> {
        self.0.iter().find(|((held, _), attempt)| *held == stream && attempt.closed).map(|((_, run), _)| *run)
    }

    /// Returns how one run ended, as far as it went.
    #[must_use]
    pub fn describe(&self, stream: Stream, run: u64, state: RunState) -> Run {
        let attempt = self.0.get(&(stream, run)).cloned().unwrap_or_default();
        let reason = state.is_gap().then(|| attempt.last_trouble.unwrap_or_else(|| Line::lossy(INTERRUPTED)));
        entry(stream, run, state, (attempt.pages, attempt.records, attempt.inside), reason)
    }

    /// Returns the seal's `streams`: every run, and an entry for every part of the plan that was never asked.
    ///
    /// `uncovered` are the windows that no closed run covers, as the plan cut them for asking.
    #[must_use]
    pub fn streams(&self, genesis: &Genesis, uncovered: &[Stream]) -> Vec<Run> {
        let days = i64::try_from(genesis.retention.days).unwrap_or(i64::MAX);
        let floor =
            Bound::floor(genesis.created.to_datetime()).and_then(|now| now.plus_seconds(days.saturating_mul(-86_400)));
        let expired = |stream: Stream| floor.is_some_and(|floor| stream.window.to() <= floor);
        let mut counting: BTreeMap<(Stream, u64), RunState> = BTreeMap::new();
        let mut runs = Vec::new();
        let second = self
            .0
            .iter()
            .filter(|(key, attempt)| key.0.pass == 2 && attempt.closed)
            .map(|(key, attempt)| (*key, attempt));
        for (key, attempt) in Kind::ALL.into_iter().flat_map(|kind| self.counting_runs(kind)).chain(second) {
            let state = match attempt.records {
                0 if expired(key.0) => RunState::Expired,
                0 => RunState::Empty,
                _ => RunState::Complete,
            };
            counting.insert(key, state);
        }
        for stream in uncovered {
            match self.0.keys().filter(|(held, _)| held == stream).map(|(_, run)| *run).max() {
                Some(run) => {
                    counting.insert((*stream, run), RunState::Failed);
                }
                None => runs.push(entry(
                    *stream,
                    0,
                    RunState::NotAsked,
                    (0, 0, 0),
                    Some(Line::lossy("the run ended before it was asked")),
                )),
            }
        }
        for (key, attempt) in &self.0 {
            let state = counting.get(key).copied().unwrap_or(RunState::Superseded);
            let reason = match state {
                RunState::Expired => {
                    Some(Line::lossy("the service returned nothing for a window beyond the stated retention"))
                }
                RunState::Failed => Some(attempt.last_trouble.clone().unwrap_or_else(|| Line::lossy(INTERRUPTED))),
                _ => None,
            };
            runs.push(entry(key.0, key.1, state, (attempt.pages, attempt.records, attempt.inside), reason));
        }
        runs.sort_by_key(|run| (run.kind, run.from, run.to, run.pass, run.run));
        runs
    }

    /// Returns, of the seal's `streams`, the runs that are passed by retention (FORMAT §9.3), each with the time of its last page.
    #[must_use]
    pub fn passed_by_retention(&self, genesis: &Genesis, streams: &[Run]) -> Vec<(Run, LocalTime)> {
        let is_closed =
            |run: &&Run| matches!(run.state, RunState::Complete | RunState::Empty) && run.kind.is_windowed();
        let closed = streams.iter().filter(is_closed);
        let passed = closed.filter_map(|run| {
            let window = Window::new(run.from, run.to).ok()?;
            let attempt = self.0.get(&(Stream { kind: run.kind, window, pass: run.pass }, run.run))?;
            let finished = attempt.finished?;
            let is_passed = retention::has_reached(window, genesis.retention.days, genesis.created, finished);
            is_passed.then(|| (run.clone(), finished))
        });
        passed.collect()
    }

    /// Picks, from all closed runs of pass 1 of a kind, those that count: from the beginning on, the next that does not overlap what is
    /// counted; of several over one window the first.
    fn counting_runs(&self, kind: Kind) -> Vec<((Stream, u64), &Attempt)> {
        let mut counting: Vec<((Stream, u64), &Attempt)> = Vec::new();
        for (key, attempt) in
            self.0.iter().filter(|(key, attempt)| key.0.kind == kind && key.0.pass == 1 && attempt.closed)
        {
            let covered_to = counting.last().map(|((stream, _), _)| stream.window.to());
            if covered_to.is_none_or(|to| key.0.window.from() >= to) {
                counting.push((*key, attempt));
            }
        }
        counting
    }

    fn attempt(&mut self, position: &StreamPosition) -> Option<&mut Attempt> {
        let window = position.window().ok()?;
        let stream = Stream { kind: position.kind, window, pass: position.pass };
        Some(self.0.entry((stream, position.run)).or_default())
    }
}

fn entry(
    stream: Stream,
    run: u64,
    state: RunState,
    (pages, records, inside): (u64, u64, u64),
    reason: Option<Line>,
) -> Run {
    let (from, to) = (stream.window.from(), stream.window.to());
    Run { kind: stream.kind, from, to, pass: stream.pass, run, state, pages, records, inside, reason }
}

/// Why a run did not close when nothing went wrong in it.
const INTERRUPTED: &str = "interrupted before its last page";

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: i64, to: i64) -> Window {
        let day = "2026-11-21T00:00:00Z".parse::<Bound>().unwrap();
        let at = |hour: i64| day.plus_seconds(hour * 3600).unwrap();
        Window::new(at(from), at(to)).unwrap()
    }

    fn stream(from: i64, to: i64) -> Stream {
        Stream { kind: Kind::InteractiveUser, window: window(from, to), pass: 1 }
    }

    fn position(stream: Stream, run: u64) -> StreamPosition {
        StreamPosition {
            kind: stream.kind,
            from: stream.window.from(),
            to: stream.window.to(),
            pass: stream.pass,
            run,
            sequence: 1,
        }
    }

    fn states(table: &RunTable, uncovered: &[Stream]) -> Vec<(u64, RunState)> {
        let genesis = crate::format::genesis::example();
        table.streams(&genesis, uncovered).into_iter().map(|run| (run.run, run.state)).collect()
    }

    #[test]
    fn complete_empty_failed_and_never_asked_are_four_different_facts() {
        let mut table = RunTable::default();
        table.count_page(&position(stream(0, 6), 1), 5, 5, true);
        table.count_page(&position(stream(6, 12), 1), 0, 0, true);
        table.count_page(&position(stream(12, 18), 1), 3, 3, false);
        table.note_trouble(&position(stream(12, 18), 1), "status: 503");
        assert_eq!(
            states(&table, &[stream(12, 18), stream(18, 24)]),
            [(1, RunState::Complete), (1, RunState::Empty), (1, RunState::Failed), (0, RunState::NotAsked)]
        );
    }

    #[test]
    fn an_interrupted_run_is_superseded_by_the_one_that_closes() {
        let mut table = RunTable::default();
        table.count_page(&position(stream(0, 6), 1), 5, 5, false);
        assert_eq!(table.next_run(stream(0, 6)), 2);
        table.count_page(&position(stream(0, 6), 2), 7, 7, true);
        assert_eq!(states(&table, &[]), [(1, RunState::Superseded), (2, RunState::Complete)]);
    }

    #[test]
    fn a_window_asked_again_in_halves_is_superseded_by_them() {
        let mut table = RunTable::default();
        table.note_trouble(&position(stream(0, 6), 1), "timeout");
        table.count_page(&position(stream(0, 3), 1), 5, 5, true);
        assert_eq!(table.closed_windows(Kind::InteractiveUser), [window(0, 3)]);
        assert_eq!(
            states(&table, &[stream(3, 6)]),
            [(1, RunState::Complete), (1, RunState::Superseded), (0, RunState::NotAsked)]
        );
    }
}
