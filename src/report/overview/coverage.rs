//! What was asked and what came back: days against logs, sums, and every gap with its reason.

use std::collections::BTreeMap;

use crate::format::kind::{Kind, Sort};
use crate::format::seal::{Run, RunState};
use crate::report::charts::{self, Cell, CoverageRow};
use crate::report::document::{Block, Column, Table, Text};
use crate::report::reasons::Reasons;
use crate::report::unread::{Unread, WindowState};
use crate::report::words::{self, counted, grouped};
use crate::time::Bound;
use crate::verify::VerifiedPackage;

/// Returns the chapter.
pub(super) fn blocks<R>(package: &VerifiedPackage<R>, unread: &Unread) -> Vec<Block> {
    let (plan, runs) = (&package.genesis().plan, &package.seal().streams);
    let current: Vec<&Run> = runs.iter().filter(|run| run.is_current()).collect();
    let coverage = Coverage { runs: &current, unread };
    let mut blocks = vec![
        Block::heading(1, "Coverage"),
        Block::paragraph(
            "A window that failed, one never asked, one that had expired before it was asked and one without records are four \
             different things, and each is signed. \"Complete\" means: as returned to this query, this identity, at this time.",
        ),
        coverage.picture([plan.from, plan.to], &plan.kinds, &plan.not_asked),
    ];
    blocks.extend(coverage.sums(&plan.kinds, &plan.not_asked));
    blocks.extend(coverage.gaps());
    blocks
}

/// The runs that stand for their windows, and what of them cannot be read.
struct Coverage<'a> {
    runs: &'a [&'a Run],
    unread: &'a Unread,
}

impl<'a> Coverage<'a> {
    fn picture(&self, [from, to]: [Bound; 2], kinds: &[Kind], not_asked: &[Kind]) -> Block {
        let Grid { starts, seconds_each, form, words: each } = Grid::over(from.unix(), to.unix());
        let label = |start: &i64| Bound::from_unix(*start).map(|start| start.to_datetime().format(form).to_string());
        // Of many every other column, so that names do not touch; the first of each strip always.
        let every = if starts.len() > charts::STRIP / 2 { 2 } else { 1 };
        let columns = starts.iter().enumerate().map(|(place, start)| {
            if (place % charts::STRIP).is_multiple_of(every) { label(start).unwrap_or_default() } else { String::new() }
        });
        let row = |kind: Kind, asked: bool| {
            let mut of_kind: Vec<&Run> = self.runs.iter().copied().filter(|run| run.kind == kind).collect();
            of_kind.sort_by_key(|run| run.from);
            let cell =
                |start: &i64| self.cell([*start, start.saturating_add(seconds_each)], [from, to], &of_kind, asked);
            CoverageRow { name: words::kind(kind).to_owned(), cells: starts.iter().map(cell).collect() }
        };
        let [logs, others] = apart(kinds);
        let rows = logs.into_iter().map(|kind| row(kind, true)).chain(not_asked.iter().map(|kind| row(*kind, false)));
        let picture = charts::Coverage {
            columns: columns.collect(),
            rows: rows.collect(),
            apart: others.iter().map(|kind| row(*kind, true)).collect(),
        };
        let below = if others.is_empty() { "" } else { " Below the line: what the logs were to be compared with." };
        Block::Figure {
            caption: format!(
                "What came of each log over time. A column is {each}, from {from} to {to}; a cell shows the state of the window(s) that it \
                 lies in.{below}"
            ),
            alternative: self.alternative(kinds, not_asked),
            svg: picture.draw(),
        }
    }

    /// Cuts one column of one log into stretches of one state.
    fn cell(&self, [start, end]: [i64; 2], [from, to]: [Bound; 2], runs: &[&Run], asked: bool) -> Cell {
        let part = |at: i64| u64::try_from(at.clamp(start, end) - start).unwrap_or_default();
        let mut cell: Cell = Vec::new();
        let mut at = 0;
        let mut add = |until: i64, state: Option<WindowState>| {
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
                add(run.to.unix(), Some(self.unread.state(run)));
            }
        } else {
            add(to.unix(), Some(WindowState::Sealed(RunState::NotAsked)));
        }
        add(end, None);
        cell
    }

    /// Says in words what the picture shows.
    fn alternative(&self, kinds: &[Kind], not_asked: &[Kind]) -> String {
        let mut said: Vec<String> = kinds
            .iter()
            .map(|kind| {
                let mut states: BTreeMap<WindowState, u64> = BTreeMap::new();
                for run in self.runs.iter().filter(|run| run.kind == *kind) {
                    *states.entry(self.unread.state(run)).or_default() += 1;
                }
                let states: Vec<String> = states
                    .iter()
                    .map(|(state, count)| format!("{} {}", counted(*count, "window"), state.words()))
                    .collect();
                format!("{}: {}", words::kind(*kind), states.join(", "))
            })
            .collect();
        said.extend(not_asked.iter().map(|kind| format!("{}: not asked", words::kind(*kind))));
        said.join("; ")
    }

    /// Returns the sums of the logs, and by themselves those of what they were to be compared with.
    fn sums(&self, kinds: &[Kind], not_asked: &[Kind]) -> Vec<Block> {
        let [logs, others] = apart(kinds);
        let mut states: Vec<(&str, u16, WindowState)> =
            STATES.map(|(name, weight, state)| (name, weight, WindowState::Sealed(state))).to_vec();
        if self.runs.iter().any(|run| self.unread.is_of(run)) {
            states.push(("Claimed, not established", 3, WindowState::Unread));
        }
        let row = |kind: &Kind| {
            let of_kind = || self.runs.iter().filter(|run| run.kind == *kind);
            let claimed: u64 = of_kind().map(|run| run.inside).sum();
            let records = match self.unread.inside(*kind) {
                None => grouped(claimed),
                Some(readable) => format!("{} of {} claimed", grouped(readable), grouped(claimed)),
            };
            let counts =
                states.iter().map(|(_, _, state)| of_kind().filter(|run| self.unread.state(run) == *state).count());
            let counts = counts.map(|count| grouped(u64::try_from(count).unwrap_or(u64::MAX)));
            [words::kind(*kind).to_owned(), records].into_iter().chain(counts).map(Text::plain).collect::<Vec<Text>>()
        };
        let table = |caption: &str, first: &str, rows: Vec<Vec<Text>>| {
            let columns = [Column::words(first, 5), Column::numbers("Records", 3)].into_iter();
            let columns = columns.chain(states.iter().map(|(name, weight, _)| Column::numbers(*name, *weight)));
            Block::Table(Table { caption: caption.to_owned(), columns: columns.collect(), rows })
        };
        let mut rows: Vec<Vec<Text>> = logs.iter().map(row).collect();
        rows.extend(not_asked.iter().map(|kind| {
            let mut row = vec![Text::plain(words::kind(*kind)), Text::plain("not asked")];
            row.extend(states.iter().map(|_| Text::plain("–")));
            row
        }));
        let mut blocks = vec![table("Records in their windows, and windows by what came of them", "Log", rows)];
        if !others.is_empty() {
            let rows = others.iter().map(row).collect();
            blocks.push(table("The same of what the logs were to be compared with", "Asked to compare", rows));
        }
        blocks
    }

    fn gaps(&self) -> Vec<Block> {
        let gaps = self.joined();
        let mut blocks = vec![Block::heading(2, "Gaps")];
        if let Some(words) = self.unread.words() {
            blocks.push(Block::Notice(Text::plain(format!(
                "Not established: {words}. What the seal calls closed is not, as far as these pages are concerned."
            ))));
        } else if gaps.is_empty() {
            blocks.push(Block::paragraph(
                "None: by the page records, every window of every log in the plan was followed to its last page.",
            ));
        }
        if gaps.is_empty() {
            return blocks;
        }
        let mut reasons = Reasons::default();
        let mut row = |gap: &Gap<'_>| {
            let reason = gap.first.reason.as_ref().map(|reason| reasons.note(reason.as_str(), gap.windows));
            vec![
                Text::plain(words::kind(gap.first.kind)),
                Text::plain(gap.first.from.to_string()),
                Text::plain(gap.to.to_string()),
                Text::plain(grouped(gap.windows)),
                Text::plain(gap.state.words()),
                Text::plain(reason.unwrap_or_default()),
            ]
        };
        let rows = gaps.iter().take(MAX_GAPS).map(&mut row).collect();
        let count = counted(gaps.iter().map(|gap| gap.windows).sum(), "window");
        let cut = if gaps.len() > MAX_GAPS { "; the first are listed, the seal has all" } else { "" };
        blocks.push(Block::Table(Table {
            caption: format!("{count}; neighbours of one state and reason stand together{cut}"),
            columns: vec![
                Column::words("Log", 4),
                Column::words("From", 4),
                Column::words("To", 4),
                Column::numbers("Windows", 2),
                Column::words("State", 3),
                Column::words("Reason", 5),
            ],
            rows,
        }));
        blocks.extend(reasons.table());
        blocks
    }

    fn joined(&self) -> Vec<Gap<'a>> {
        let mut gaps: Vec<Gap<'a>> = Vec::new();
        let mut missing: Vec<&'a Run> =
            self.runs.iter().copied().filter(|run| self.unread.state(run).is_gap()).collect();
        missing.sort_by_key(|run| (run.kind, run.from));
        for run in missing {
            let state = self.unread.state(run);
            match gaps.last_mut() {
                Some(gap)
                    if (gap.first.kind, gap.to) == (run.kind, run.from)
                        && (gap.state, &gap.first.reason) == (state, &run.reason) =>
                {
                    gap.to = run.to;
                    gap.windows += 1;
                }
                _ => gaps.push(Gap { first: run, state, to: run.to, windows: 1 }),
            }
        }
        gaps
    }
}

/// Tells logs from what they are to be compared with.
fn apart(kinds: &[Kind]) -> [Vec<Kind>; 2] {
    let (logs, others) = kinds.iter().partition(|kind| kind.sort() == Sort::Log);
    [logs, others]
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

/// Neighbouring windows that are missing in the same way.
struct Gap<'a> {
    first: &'a Run,
    state: WindowState,
    to: Bound,
    windows: u64,
}

/// The heads of their columns, and how wide these are.
const STATES: [(&str, u16, RunState); 5] = [
    ("Complete", 3, RunState::Complete),
    ("Empty", 2, RunState::Empty),
    ("Failed", 2, RunState::Failed),
    ("Expired", 3, RunState::Expired),
    ("Not asked", 3, RunState::NotAsked),
];
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
        let unread = Unread::default();
        let cell = |day, runs, asked| Coverage { runs: &[], unread: &unread }.cell(day, plan, runs, asked);
        let first = cell(day("2026-11-01T00:00:00Z"), &runs, true);
        let [expired, complete, failed] =
            [RunState::Expired, RunState::Complete, RunState::Failed].map(WindowState::Sealed);
        assert_eq!(first, [(21_600, None), (21_600, Some(expired)), (21_600, Some(complete)), (21_600, Some(failed))]);
        assert_eq!(cell(day("2026-11-02T00:00:00Z"), &runs, true), [(86_400, Some(failed))]);
        assert_eq!(cell(day("2026-11-03T00:00:00Z"), &runs, true), [(86_400, None)]);
        let not_asked = cell(day("2026-11-01T00:00:00Z"), &[], false);
        assert_eq!(not_asked, [(21_600, None), (64_800, Some(WindowState::Sealed(RunState::NotAsked)))]);
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
        let runs: Vec<&Run> = runs.iter().rev().collect();
        let unread = Unread::default();
        let gaps = Coverage { runs: &runs, unread: &unread }.joined();
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
            let coverage = Coverage { runs: &[], unread: &Unread::default() };
            let block = coverage.picture([at("2026-11-01T00:00:00Z"), at(to)], &[], &[Kind::InteractiveUser]);
            let Block::Figure { svg, .. } = block else { panic!("no picture") };
            // One area for each column, one for each word of the legend.
            assert_eq!(svg.matches("<rect x=").count(), columns + 5, "{to}");
        }
    }
}
