//! What was asked and what came back: days against logs, sums, and every gap with its reason.

use std::collections::BTreeMap;

use crate::format::kind::Kind;
use crate::format::seal::{Run, RunState};
use crate::report::charts::{self, Cell, CoverageRow};
use crate::report::document::{Block, Column, Table, Text};
use crate::report::words::{self, counted, grouped};
use crate::time::Bound;
use crate::verify::VerifiedPackage;

/// Returns the chapter.
pub(super) fn blocks<R>(package: &VerifiedPackage<R>) -> Vec<Block> {
    let (plan, runs) = (&package.genesis().plan, &package.seal().streams);
    let counted_runs: Vec<&Run> =
        runs.iter().filter(|run| run.pass == 1 && run.state != RunState::Superseded).collect();
    let mut blocks = vec![
        Block::heading(1, "Coverage"),
        Block::paragraph(
            "A window that failed, one never asked, one that had expired before it was asked and one without records are four \
             different things, and each is signed. \"Complete\" means: as returned to this query, this identity, at this time.",
        ),
        picture(plan.from, plan.to, &counted_runs, &plan.kinds, &plan.not_asked),
        sums(&plan.kinds, &plan.not_asked, runs),
    ];
    blocks.extend(gaps(&counted_runs));
    blocks
}

fn picture(from: Bound, to: Bound, runs: &[&Run], kinds: &[Kind], not_asked: &[Kind]) -> Block {
    let Grid { starts, seconds_each, form, words: each } = Grid::over(from.unix(), to.unix());
    let label = |start: &i64| Bound::from_unix(*start).map(|start| start.to_datetime().format(form).to_string());
    let columns = starts.iter().enumerate().map(|(place, start)| {
        // Every other column, so that names do not touch; the first of each strip always.
        if (place % charts::STRIP).is_multiple_of(2) { label(start).unwrap_or_default() } else { String::new() }
    });
    let row = |kind: Kind, asked: bool| {
        let mut of_kind: Vec<&Run> = runs.iter().copied().filter(|run| run.kind == kind).collect();
        of_kind.sort_by_key(|run| run.from);
        let cell = |start: &i64| cell([*start, start.saturating_add(seconds_each)], [from, to], &of_kind, asked);
        CoverageRow { name: words::kind(kind).to_owned(), cells: starts.iter().map(cell).collect() }
    };
    let rows = kinds.iter().map(|kind| row(*kind, true)).chain(not_asked.iter().map(|kind| row(*kind, false)));
    let coverage = charts::Coverage { columns: columns.collect(), rows: rows.collect() };
    Block::Figure {
        caption: format!("What came of each log over time. A column is {each}, from {from} to {to}."),
        alternative: alternative(runs, kinds, not_asked),
        svg: coverage.draw(),
    }
}

/// The columns: days, of which several stand together in a long plan; hours in a short one; the plan itself in a very short one.
struct Grid {
    /// Seconds since 1970.
    starts: Vec<i64>,
    seconds_each: i64,
    /// How a start is written.
    form: &'static str,
    words: String,
}

impl Grid {
    fn over(from: i64, to: i64) -> Self {
        let (unit, name, form) = match to - from {
            length if length > DAY => (DAY, "day", "%m-%d"),
            length if length > HOUR => (HOUR, "hour", "%H:%M"),
            length => {
                let words = "the whole plan".to_owned();
                return Self { starts: vec![from], seconds_each: length.max(1), form: "%H:%M", words };
            }
        };
        let first = from.div_euclid(unit);
        let count = (to - 1).div_euclid(unit) - first + 1;
        let step = usize::try_from(count).unwrap_or(usize::MAX).div_ceil(MAX_COLUMNS).max(1);
        let words = if step == 1 { format!("one UTC {name}") } else { format!("{step} UTC {name}s") };
        let starts = (first..first + count).step_by(step).map(|place| place * unit).collect();
        let seconds_each = unit.saturating_mul(i64::try_from(step).unwrap_or(i64::MAX));
        Self { starts, seconds_each, form, words }
    }
}

/// Says in words what the picture shows.
fn alternative(runs: &[&Run], kinds: &[Kind], not_asked: &[Kind]) -> String {
    let mut said: Vec<String> = kinds
        .iter()
        .map(|kind| {
            let mut states: BTreeMap<RunState, u64> = BTreeMap::new();
            for run in runs.iter().filter(|run| run.kind == *kind) {
                *states.entry(run.state).or_default() += 1;
            }
            let states: Vec<String> = states
                .iter()
                .map(|(state, count)| format!("{} {}", counted(*count, "window"), words::state(*state)))
                .collect();
            format!("{}: {}", words::kind(*kind), states.join(", "))
        })
        .collect();
    said.extend(not_asked.iter().map(|kind| format!("{}: not asked", words::kind(*kind))));
    said.join("; ")
}

/// Cuts one column of one log into stretches of one state.
fn cell([start, end]: [i64; 2], [from, to]: [Bound; 2], runs: &[&Run], asked: bool) -> Cell {
    let part = |at: i64| u64::try_from(at.clamp(start, end) - start).unwrap_or_default();
    let mut cell: Cell = Vec::new();
    let mut at = 0;
    let mut add = |until: i64, state: Option<RunState>| {
        let until = part(until);
        match cell.last_mut() {
            _ if until <= at => return,
            Some((length, last)) if *last == state => *length += until - at,
            _ => cell.push((until - at, state)),
        }
        at = until;
    };
    add(from.unix(), None);
    if asked {
        for run in runs.iter().filter(|run| run.from.unix() < end && run.to.unix() > start) {
            add(run.from.unix(), None);
            add(run.to.unix(), Some(run.state));
        }
    } else {
        add(to.unix(), Some(RunState::NotAsked));
    }
    add(end, None);
    cell
}

fn sums(kinds: &[Kind], not_asked: &[Kind], runs: &[Run]) -> Block {
    let states = [RunState::Complete, RunState::Empty, RunState::Failed, RunState::Expired, RunState::NotAsked];
    let row = |kind: &Kind| {
        let of_kind = || runs.iter().filter(|run| run.kind == *kind && run.pass == 1);
        let inside: u64 = of_kind().filter(|run| run.state != RunState::Superseded).map(|run| run.inside).sum();
        let mut row = vec![Text::plain(words::kind(*kind)), Text::plain(grouped(inside))];
        row.extend(states.iter().map(|state| {
            let count = of_kind().filter(|run| run.state == *state).count();
            Text::plain(grouped(u64::try_from(count).unwrap_or(u64::MAX)))
        }));
        row
    };
    let mut rows: Vec<Vec<Text>> = kinds.iter().map(row).collect();
    rows.extend(not_asked.iter().map(|kind| {
        let mut row = vec![Text::plain(words::kind(*kind)), Text::plain("not asked")];
        row.extend(states.iter().map(|_| Text::plain("–")));
        row
    }));
    Block::Table(Table {
        caption: "Records in their windows, and windows by what came of them".to_owned(),
        columns: vec![
            Column::words("Log", 5),
            Column::numbers("Records", 3),
            Column::numbers("Complete", 3),
            Column::numbers("Empty", 2),
            Column::numbers("Failed", 2),
            Column::numbers("Expired", 3),
            Column::numbers("Not asked", 3),
        ],
        rows,
    })
}

fn gaps(runs: &[&Run]) -> Vec<Block> {
    let gaps = joined(runs);
    let heading = Block::heading(2, "Gaps");
    if gaps.is_empty() {
        return vec![
            heading,
            Block::paragraph(
                "None: by the page records, every window of every log in the plan was followed to its last page.",
            ),
        ];
    }
    let row = |gap: &Gap<'_>| {
        vec![
            Text::plain(words::kind(gap.first.kind)),
            Text::plain(gap.first.from.to_string()),
            Text::plain(gap.to.to_string()),
            Text::plain(grouped(gap.windows)),
            Text::plain(words::state(gap.first.state)),
            Text::plain(gap.first.reason.as_ref().map(ToString::to_string).unwrap_or_default()),
        ]
    };
    let count = counted(gaps.iter().map(|gap| gap.windows).sum(), "window");
    let cut = if gaps.len() > MAX_GAPS { "; the first are listed, the seal has all" } else { "" };
    let table = Table {
        caption: format!("{count}; neighbours of one state and reason stand together{cut}"),
        columns: vec![
            Column::words("Log", 4),
            Column::words("From", 4),
            Column::words("To", 4),
            Column::numbers("Windows", 2),
            Column::words("State", 3),
            Column::words("Reason", 5),
        ],
        rows: gaps.iter().take(MAX_GAPS).map(row).collect(),
    };
    vec![heading, Block::Table(table)]
}

/// Neighbouring windows that are missing in the same way.
struct Gap<'a> {
    first: &'a Run,
    to: Bound,
    windows: u64,
}

fn joined<'a>(runs: &[&'a Run]) -> Vec<Gap<'a>> {
    let mut gaps: Vec<Gap<'a>> = Vec::new();
    let mut missing: Vec<&'a Run> = runs.iter().copied().filter(|run| run.state.is_gap()).collect();
    missing.sort_by_key(|run| (run.kind, run.from));
    for run in missing {
        match gaps.last_mut() {
            Some(gap)
                if (gap.first.kind, gap.to) == (run.kind, run.from)
                    && (gap.first.state, &gap.first.reason) == (run.state, &run.reason) =>
            {
                gap.to = run.to;
                gap.windows += 1;
            }
            _ => gaps.push(Gap { first: run, to: run.to, windows: 1 }),
        }
    }
    gaps
}

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
/// Four strips; longer windows have several days in a column.
const MAX_COLUMNS: usize = 4 * charts::STRIP;
/// A few pages; a package may have gaps by the ten thousand.
const MAX_GAPS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Bound {
        text.parse().unwrap()
    }

    fn run(from: &str, to: &str, state: RunState) -> Run {
        Run {
            kind: Kind::InteractiveUser,
            from: at(from),
            to: at(to),
            pass: 1,
            run: 1,
            state,
            pages: 0,
            records: 0,
            inside: 0,
            reason: None,
        }
    }

    #[test]
    fn a_day_shows_each_state_that_it_had_in_its_order() {
        let runs = [
            run("2026-11-01T06:00:00Z", "2026-11-01T12:00:00Z", RunState::Expired),
            run("2026-11-01T12:00:00Z", "2026-11-01T15:00:00Z", RunState::Complete),
            run("2026-11-01T15:00:00Z", "2026-11-01T18:00:00Z", RunState::Complete),
            run("2026-11-01T18:00:00Z", "2026-11-03T00:00:00Z", RunState::Failed),
        ];
        let runs: Vec<&Run> = runs.iter().collect();
        let plan = [at("2026-11-01T06:00:00Z"), at("2026-11-03T00:00:00Z")];
        let day = |start: &str| [at(start).unix(), at(start).unix() + DAY];
        let first = cell(day("2026-11-01T00:00:00Z"), plan, &runs, true);
        let (expired, complete, failed) = (RunState::Expired, RunState::Complete, RunState::Failed);
        assert_eq!(first, [(21_600, None), (21_600, Some(expired)), (21_600, Some(complete)), (21_600, Some(failed))]);
        assert_eq!(cell(day("2026-11-02T00:00:00Z"), plan, &runs, true), [(86_400, Some(failed))]);
        assert_eq!(cell(day("2026-11-03T00:00:00Z"), plan, &runs, true), [(86_400, None)]);
        let not_asked = cell(day("2026-11-01T00:00:00Z"), plan, &[], false);
        assert_eq!(not_asked, [(21_600, None), (64_800, Some(RunState::NotAsked))]);
    }

    #[test]
    fn neighbours_of_one_state_are_one_gap() {
        let runs = [
            run("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", RunState::Expired),
            run("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", RunState::Expired),
            run("2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z", RunState::Failed),
            run("2026-11-04T00:00:00Z", "2026-11-05T00:00:00Z", RunState::Complete),
            run("2026-11-05T00:00:00Z", "2026-11-06T00:00:00Z", RunState::Failed),
        ];
        let gaps = joined(&runs.iter().rev().collect::<Vec<&Run>>());
        let gaps: Vec<(u64, String)> = gaps.iter().map(|gap| (gap.windows, gap.to.to_string())).collect();
        let to = |day: &str, windows| (windows, format!("2026-11-{day}T00:00:00Z"));
        assert_eq!(gaps, [to("03", 2), to("04", 1), to("06", 1)]);
    }

    #[test]
    fn a_short_and_a_very_long_window_fit_the_picture() {
        let ends = [
            ("2026-11-01T00:00:01Z", 1),
            ("2026-11-01T06:30:00Z", 7),
            ("2026-12-01T00:00:00Z", 30),
            ("2036-11-01T00:00:00Z", 122),
        ];
        for (to, columns) in ends {
            let block = picture(at("2026-11-01T00:00:00Z"), at(to), &[], &[], &[Kind::InteractiveUser]);
            let Block::Figure { svg, .. } = block else { panic!("no picture") };
            // One area for each column, one for each word of the legend.
            assert_eq!(svg.matches("<rect x=").count(), columns + 5, "{to}");
        }
    }
}
