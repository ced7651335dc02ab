//! What a person sees while pages come in: a line that renews itself on a terminal, a line for each window elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::out::{self, bytes, counted, escape, grouped};
use crate::collect::retention::{self, Countdown, Standing, StandingState};
use crate::collect::{Clock, Event, Observer};
use crate::format::genesis::Genesis;
use crate::format::seal::RunState;
use crate::time::{Bound, LocalTime, Window};

/// Shows a session to a person and writes it to the run log.
pub(super) struct Progress<'a> {
    clock: &'a dyn Clock,
    log: &'a (dyn Fn(&str) + Sync),
    bar: ProgressBar,
    quiet: bool,
    total_seconds: u64,
    retention_days: u64,
    created: LocalTime,
    state: Mutex<State>,
}

struct State {
    began_us: u64,
    pages: u64,
    records: u64,
    byte_len: u64,
    failures: u64,
    done_seconds: u64,
    countdown: Countdown,
}

impl<'a> Progress<'a> {
    /// Begins; `done_seconds` of the plan's windows are covered already, the rest counts down.
    pub(super) fn new(
        genesis: &Genesis,
        done_seconds: u64,
        countdown: Countdown,
        clock: &'a dyn Clock,
        log: &'a (dyn Fn(&str) + Sync),
        quiet: bool,
    ) -> Self {
        let plan = &genesis.plan;
        let seconds = u64::try_from(plan.to.unix() - plan.from.unix()).unwrap_or_default();
        let total_seconds = seconds.saturating_mul(plan.kinds.len() as u64).max(1);
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(total_seconds), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent:>3}% {msg}") {
            bar.set_style(style);
        }
        bar.set_position(done_seconds);
        let state = State {
            began_us: clock.monotonic_us(),
            pages: 0,
            records: 0,
            byte_len: 0,
            failures: 0,
            done_seconds,
            countdown,
        };
        let (retention_days, created) = (genesis.retention.days, genesis.created);
        Self { clock, log, bar, quiet, total_seconds, retention_days, created, state: Mutex::new(state) }
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
        let oldest = self.oldest(state).map_or_else(String::new, |oldest| format!(", {oldest}"));
        self.bar.set_message(format!(
            "{}, {}, {} records/s, {window}{left}{oldest}",
            counted(state.pages, "page"),
            counted(state.records, "record"),
            grouped(rate)
        ));
    }

    /// Says which window is the oldest that is not covered, and when the stated retention takes it.
    fn oldest(&self, state: &State) -> Option<String> {
        let now = Bound::floor(self.clock.now().to_datetime())?;
        let (oldest, standing) = state.countdown.oldest(now)?;
        Some(format!("oldest left {} from {}, {}", oldest.kind, oldest.window.from(), passing(standing)))
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
                    if run.pass == 1
                        && let Ok(window) = Window::new(run.from, run.to)
                    {
                        state.countdown.cover(run.kind, window);
                    }
                    state.done_seconds += u64::try_from(run.to.unix() - run.from.unix()).unwrap_or_default();
                    self.show(&state, &format!("{} to {}", run.kind, run.to));
                }
                let oldest = self.oldest(&state).unwrap_or_else(|| "nothing left".to_owned());
                let percent = state.done_seconds.saturating_mul(100) / self.total_seconds;
                drop(state);
                let is_passed = ended
                    && run.kind.is_windowed()
                    && Window::new(run.from, run.to)
                        .is_ok_and(|window| retention::has_reached(window, self.retention_days, self.created, at));
                if self.bar.is_hidden() || !ended || is_passed {
                    let records = counted(run.records, "record");
                    let passed =
                        if is_passed { ", but the stated retention has reached into it meanwhile" } else { "" };
                    self.say(&format!(
                        "{percent:>3}% {} {} to {}: {}, {records}{passed}; {oldest}",
                        run.kind, run.from, run.to, run.state
                    ));
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

/// Says when a window begins to pass beyond the stated retention, or that it has.
pub(super) fn passing(standing: Standing) -> String {
    match standing.state() {
        StandingState::Expired => "beyond the stated retention already".to_owned(),
        StandingState::Expiring => {
            format!("passing beyond the stated retention now, gone in {}", hours(standing.gone_in))
        }
        StandingState::Kept => format!("beyond the stated retention in {}", hours(standing.begins_in)),
    }
}

/// Writes seconds as whole hours, never more than there are.
pub(super) fn hours(seconds: i64) -> String {
    match seconds {
        ..=0 => "0 h".to_owned(),
        1..=3599 => "less than 1 h".to_owned(),
        3600..=259_199 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_never_rounded_up() {
        let texts = [-5, 0, 3599, 7199, 259_199, 259_200].map(hours);
        assert_eq!(texts, ["0 h", "0 h", "less than 1 h", "1 h", "71 h", "3 days"]);
    }

    #[test]
    fn the_oldest_window_says_when_it_is_lost() {
        let standing = |begins_in, gone_in| passing(Standing { begins_in, gone_in });
        assert_eq!(standing(-2, -1), "beyond the stated retention already");
        assert_eq!(standing(-2, 7200), "passing beyond the stated retention now, gone in 2 h");
        assert_eq!(standing(18_000, 39_600), "beyond the stated retention in 5 h");
    }
}
