//! What a person sees while pages come in: a line that renews itself on a terminal, a line for each window elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::out::{self, bytes, counted, escape, grouped};
use crate::collect::{Clock, Event, Observer};
use crate::format::genesis::Plan;
use crate::format::seal::RunState;

/// Shows a session to a person and writes it to the run log.
pub(super) struct Progress<'a> {
    clock: &'a dyn Clock,
    log: &'a (dyn Fn(&str) + Sync),
    bar: ProgressBar,
    quiet: bool,
    total_seconds: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    began_us: u64,
    pages: u64,
    records: u64,
    byte_len: u64,
    failures: u64,
    done_seconds: u64,
}

impl<'a> Progress<'a> {
    /// Begins; `done_seconds` of the plan's windows are covered already.
    pub(super) fn new(
        plan: &Plan,
        done_seconds: u64,
        clock: &'a dyn Clock,
        log: &'a (dyn Fn(&str) + Sync),
        quiet: bool,
    ) -> Self {
        let seconds = u64::try_from(plan.to.unix() - plan.from.unix()).unwrap_or_default();
        let total_seconds = seconds.saturating_mul(plan.kinds.len() as u64).max(1);
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(total_seconds), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent:>3}% {msg}") {
            bar.set_style(style);
        }
        bar.set_position(done_seconds);
        let state = State { began_us: clock.monotonic_us(), done_seconds, ..State::default() };
        Self { clock, log, bar, quiet, total_seconds, state: Mutex::new(state) }
    }

    /// Removes the renewing line.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, text: &str) {
        if self.quiet {
            return;
        }
        self.bar.suspend(|| out::talk(text));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, entry: &serde_json::Value) {
        (self.log)(&entry.to_string());
    }

    fn show(&self, state: &State, window: &str) {
        let elapsed = self.clock.monotonic_us().saturating_sub(state.began_us).max(1);
        let rate = state.records.saturating_mul(1_000_000) / elapsed;
        let left = self.total_seconds.saturating_sub(state.done_seconds);
        let left = match state.done_seconds {
            0 => String::new(),
            done => format!(", about {} left", span(elapsed / 1_000_000 * left / done)),
        };
        self.bar.set_position(state.done_seconds);
        self.bar.set_message(format!(
            "{}, {}, {} records/s, {window}{left}",
            counted(state.pages, "page"),
            counted(state.records, "record"),
            grouped(rate)
        ));
    }
}

impl Observer for Progress<'_> {
    fn saw(&self, event: &Event) {
        let at = self.clock.now();
        match event {
            Event::Page { sequence, stream, records, byte_len } => {
                let mut state = self.state();
                state.pages += 1;
                state.records += records;
                state.byte_len += byte_len;
                self.show(&state, &format!("{} from {}", stream.kind, stream.from));
                drop(state);
                self.log(&serde_json::json!({"at": at, "event": "page", "sequence": sequence, "records": records, "byte_len": byte_len}));
            }
            Event::Failure { stream, reason, detail, wait } => {
                self.state().failures += 1;
                let next = wait.map_or("giving this up for now".to_owned(), |wait| {
                    format!("asking again in {} s", wait.as_secs())
                });
                self.say(&format!("{} from {}: {reason}: {}; {next}", stream.kind, stream.from, escape(detail)));
                self.log(&serde_json::json!({"at": at, "event": "failure", "kind": stream.kind, "from": stream.from, "run": stream.run,
                    "page": stream.sequence, "reason": reason, "detail": detail, "wait_s": wait.map(|wait| wait.as_secs())}));
            }
            Event::Run(run) => {
                let ended = matches!(run.state, RunState::Complete | RunState::Empty);
                let mut state = self.state();
                if ended {
                    state.done_seconds += u64::try_from(run.to.unix() - run.from.unix()).unwrap_or_default();
                    self.show(&state, "");
                }
                drop(state);
                if self.bar.is_hidden() || !ended {
                    let records = counted(run.records, "record");
                    self.say(&format!("{} {} to {}: {}, {records}", run.kind, run.from, run.to, run.state));
                }
                self.log(&serde_json::json!({"at": at, "event": "run", "run": run}));
            }
        }
    }
}

/// Writes what a session fetched.
pub(super) fn fetched(pages: u64, records: u64, byte_len: u64) -> String {
    format!("{}, {}, {}", counted(pages, "page"), counted(records, "record"), bytes(byte_len))
}

fn span(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}
