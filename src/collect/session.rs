//! A session: several workers, one chain.
//!
//! Each worker takes the oldest stream that is left and runs it to its end; commits go through one lock. A window that the
//! service is too slow for is cut in halves; one that failed is tried once more after all others. The session ends when nothing is
//! left, when it is cancelled, when the service or the disk refuses for good, or when nobody answers; whatever was committed stays.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::chain::{Chain, ChainError};
use super::licence::LicenceMemory;
use super::plan;
use super::stream::{RunEnd, Stop};
use super::table::{RunTable, Stream};
use super::{Clock, Event, LogSource, Observer, Pace, PageStore};
use crate::format::genesis::Genesis;
use crate::format::parts::GenesisReference;
use crate::format::seal::RunState;
use crate::time::TimeError;

/// Everything a session needs from outside.
pub struct Outside<'a> {
    /// The log service.
    pub source: &'a dyn LogSource,
    /// Our clocks.
    pub clock: &'a dyn Clock,
    /// The pace.
    pub pace: &'a dyn Pace,
    /// Who watches.
    pub observer: &'a dyn Observer,
}

/// One run of the collector over what is left of a plan.
pub struct Session<'a, S: PageStore> {
    pub(super) genesis: &'a Genesis,
    pub(super) genesis_reference: &'a GenesisReference,
    pub(super) source: &'a dyn LogSource,
    pub(super) clock: &'a dyn Clock,
    pub(super) pace: &'a dyn Pace,
    pub(super) observer: &'a dyn Observer,
    pub(super) licence: LicenceMemory,
    /// How many windows were given up on end without an answer, since the last page of any.
    pub(super) unanswered: AtomicU64,
    chain: Mutex<Chain<'a, S>>,
    table: Mutex<RunTable>,
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// How a session ended.
#[derive(Debug)]
pub struct SessionEnd {
    /// Every run, of this session and those before.
    pub table: RunTable,
    /// The windows that no closed run covers.
    pub uncovered: Vec<Stream>,
    /// Why it ended before everything was tried; `None` when everything was.
    pub stop: Option<Stop>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Stream, u32)>,
    running: usize,
    failed: Vec<Stream>,
    stop: Option<Stop>,
}

impl<'a, S: PageStore> Session<'a, S> {
    /// Prepares a session that goes on where `chain` and `table` stand.
    pub fn new(
        genesis: &'a Genesis,
        genesis_reference: &'a GenesisReference,
        outside: &Outside<'a>,
        chain: Chain<'a, S>,
        table: RunTable,
    ) -> Self {
        Self {
            genesis,
            genesis_reference,
            source: outside.source,
            clock: outside.clock,
            pace: outside.pace,
            observer: outside.observer,
            licence: LicenceMemory::new(genesis.identity.claims.as_deref().unwrap_or_default()),
            unanswered: AtomicU64::new(0),
            chain: Mutex::new(chain),
            table: Mutex::new(table),
            queue: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Runs with `workers` requests in flight at most, until the end.
    ///
    /// # Errors
    ///
    /// [`TimeError`] when the plan's window is none.
    pub fn run(self, workers: usize) -> Result<SessionEnd, TimeError> {
        let first_pass = plan::remaining(&self.genesis.plan, &self.table())?;
        self.run_all(first_pass, workers);
        let second_pass = plan::remaining_second_pass(&self.genesis.plan, &self.table());
        self.run_all(second_pass, workers);
        let queue = self.queue.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut uncovered: Vec<Stream> =
            queue.waiting.into_iter().map(|(stream, _)| stream).chain(queue.failed).collect();
        uncovered.sort_by_key(|stream| (stream.kind, stream.pass, stream.window.from()));
        let table = self.table.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(SessionEnd { table, uncovered, stop: queue.stop })
    }

    pub(super) fn chain(&self) -> MutexGuard<'_, Chain<'a, S>> {
        lock(&self.chain)
    }

    pub(super) fn table(&self) -> MutexGuard<'_, RunTable> {
        lock(&self.table)
    }

    fn run_all(&self, streams: Vec<Stream>, workers: usize) {
        let mut queue = lock(&self.queue);
        queue.waiting.extend(streams.into_iter().map(|stream| (stream, 1)));
        if queue.stop.is_some() {
            return;
        }
        drop(queue);
        std::thread::scope(|scope| {
            for _ in 0..workers.max(1) {
                scope.spawn(|| self.work());
            }
        });
    }

    fn work(&self) {
        while let Some((stream, tries)) = self.next_stream() {
            let end = self.run_stream(stream);
            let mut queue = lock(&self.queue);
            queue.running -= 1;
            match end {
                Ok(RunEnd::Closed) => self.report(stream, RunState::Complete),
                Ok(RunEnd::Failed(why)) => {
                    if let Some(stop) = self.outage(why.unanswered, tries) {
                        queue.stop.get_or_insert(stop);
                    }
                    match plan::halves(stream).filter(|_| why.is_slow) {
                        Some([older, newer]) => {
                            queue.waiting.push_front((newer, tries));
                            queue.waiting.push_front((older, tries));
                        }
                        None if tries < MAX_TRIES => queue.waiting.push_back((stream, tries + 1)),
                        None => queue.failed.push(stream),
                    }
                    self.report(stream, RunState::Failed);
                }
                Err(stop) => {
                    queue.failed.push(stream);
                    // The first reason is the one that matters, the others follow from it; but workers that only met its
                    // consequences may be here before the one that met the cause.
                    if queue.stop.as_ref().is_none_or(|held| is_consequence(held) && !is_consequence(&stop)) {
                        queue.stop = Some(stop);
                    }
                }
            }
            drop(queue);
            self.changed.notify_all();
        }
        self.changed.notify_all();
    }

    /// Says whether a window that was given up makes an outage of those before it.
    ///
    /// Second tries stand all together at the end, and say nothing: what fails there may be the same few windows again.
    fn outage(&self, unanswered: Option<String>, tries: u32) -> Option<Stop> {
        let detail = unanswered.filter(|_| tries == 1)?;
        let windows = self.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
        (windows >= OUTAGE_WINDOWS).then_some(Stop::Unanswered { windows, detail })
    }

    /// Waits for a stream to run; none when nothing is left or the session stops.
    fn next_stream(&self) -> Option<(Stream, u32)> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.stop.is_some() {
                return None;
            }
            if self.pace.is_cancelled() {
                queue.stop = Some(Stop::Cancelled);
                return None;
            }
            if let Some(next) = queue.waiting.pop_front() {
                queue.running += 1;
                return Some(next);
            }
            if queue.running == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn report(&self, stream: Stream, state: RunState) {
        let table = self.table();
        let run = table.next_run(stream).saturating_sub(1);
        let mut described = table.describe(stream, run, state);
        drop(table);
        if state == RunState::Complete && described.records == 0 {
            described.state = RunState::Empty;
        }
        self.observer.saw(&Event::Run(described));
    }
}

/// Says whether a stop only follows from another one.
fn is_consequence(stop: &Stop) -> bool {
    matches!(stop, Stop::Cancelled | Stop::Chain(ChainError::Broken))
}

/// A panicking worker must not take the others' pages with it: what the lock guards is whole between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A window that failed for good is tried once more after all others, since outages pass.
const MAX_TRIES: u32 = 2;
/// Three windows on end, of six requests each over half a minute, and no page of any other between them: one or two may be windows
/// that the service cannot answer, three are an outage.
const OUTAGE_WINDOWS: u64 = 3;
