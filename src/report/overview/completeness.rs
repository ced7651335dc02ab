//! Whether every window that was planned came back: what stands on the cover beside the verdict, which does not say it.
//!
//! A package is VALID whose seal says honestly that a third of its windows failed. Who reads the cover alone has to learn both.

use crate::format::kind::{Kind, Sort};
use crate::format::seal::{Run, RunState};
use crate::report::document::{Block, Span, Text};
use crate::report::unread::Unread;
use crate::report::words::{counted_of, grouped};

/// Returns the box that says what is missing; none where every window was closed and can be read.
pub(super) fn notice(runs: &[Run], unread: &Unread) -> Option<Block> {
    let mut said: Vec<String> = GROUPS.iter().filter_map(|(is_in, name)| missing(runs, unread, *is_in, name)).collect();
    said.extend(unread.words());
    if said.is_empty() {
        return None;
    }
    let said = format!(": {}; see Coverage.", said.join("; "));
    Some(Block::Notice(Text(vec![Span::Strong("NOT COMPLETE".to_owned()), Span::Plain(said)])))
}

/// Says what became of the windows of some logs; none where each was closed.
fn missing(runs: &[Run], unread: &Unread, is_in: fn(Kind) -> bool, name: &str) -> Option<String> {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.is_current() && is_in(run.kind)).collect();
    let count = |is_such: &dyn Fn(&Run) -> bool| runs.iter().filter(|run| is_such(run)).count();
    let states: [(usize, [&str; 2]); 4] = [
        (count(&|run| run.state == RunState::Failed), ["failed", "failed"]),
        (
            count(&|run| run.state == RunState::Expired),
            ["had expired before it was asked", "had expired before they were asked"],
        ),
        (
            count(&|run| run.state == RunState::NotAsked),
            ["is open: it was never asked", "are open: they were never asked"],
        ),
        (count(&|run| unread.is_of(run)), ["is claimed, and not established", "are claimed, and not established"]),
    ];
    let number = |count: usize| grouped(u64::try_from(count).unwrap_or(u64::MAX));
    let mut whole = format!(" of {} of {name}", counted_of(runs.len(), "window"));
    let mut said = Vec::new();
    for (count, [one, many]) in states.into_iter().filter(|(count, _)| *count > 0) {
        // What they are of is said once.
        said.push(format!("{}{} {}", number(count), std::mem::take(&mut whole), if count == 1 { one } else { many }));
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// Which logs, and what they are called together.
type Group = (fn(Kind) -> bool, &'static str);

/// Logs that a reader asks about apart from one another.
const GROUPS: [Group; 3] = [
    (Kind::is_sign_in, "the sign-in logs"),
    (|kind| kind.sort() == Sort::Log && !kind.is_sign_in(), "other logs"),
    (|kind| kind.sort() != Sort::Log, "what the logs were to be compared with"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn run(kind: Kind, state: RunState) -> Run {
        let at = |text: &str| text.parse().unwrap();
        let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z"));
        Run { kind, from, to, pass: 1, run: 1, state, pages: 0, records: 0, inside: 0, reason: None }
    }

    fn said(runs: &[Run]) -> Option<String> {
        let Block::Notice(text) = notice(runs, &Unread::default())? else { panic!("no notice") };
        Some(
            text.0
                .iter()
                .map(|span| if let Span::Plain(words) | Span::Strong(words) = span { words.as_str() } else { "" })
                .collect(),
        )
    }

    #[test]
    fn what_failed_expired_and_is_open_is_told_apart() {
        let users = |state| run(Kind::InteractiveUser, state);
        assert_eq!(said(&[users(RunState::Complete), users(RunState::Empty)]), None);
        let mut runs = vec![users(RunState::Failed), users(RunState::Failed), users(RunState::Complete)];
        let again = Run { pass: 2, ..users(RunState::Failed) };
        runs.extend([users(RunState::Superseded), again]);
        assert_eq!(said(&runs).unwrap(), "NOT COMPLETE: 2 of 3 windows of the sign-in logs failed; see Coverage.");
        runs.extend([
            users(RunState::Expired),
            users(RunState::NotAsked),
            run(Kind::DirectoryAudit, RunState::NotAsked),
        ]);
        assert_eq!(
            said(&runs).unwrap(),
            "NOT COMPLETE: 2 of 5 windows of the sign-in logs failed, 1 had expired before it was asked, 1 is open: it was never asked; \
             1 of 1 window of other logs is open: it was never asked; see Coverage."
        );
    }
}
