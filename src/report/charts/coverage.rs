//! Days against logs: what came of each window, told apart by pattern and letter.

use super::svg::{Anchor, Fill, GRID, Svg, TEXT, WIDTH, scaled, width_of};
use crate::format::seal::RunState;
use crate::report::unread::WindowState;

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The columns' names, one for each cell of a row; empty where none is to stand.
    pub(crate) columns: Vec<String>,
    /// The logs.
    pub(crate) rows: Vec<CoverageRow>,
    /// What the logs were to be compared with: below them, by itself.
    pub(crate) apart: Vec<CoverageRow>,
}

/// One log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CoverageRow {
    /// Its name.
    pub(crate) name: String,
    /// One cell for each column.
    pub(crate) cells: Vec<Cell>,
}

/// What came of one day of one log: stretches one after the other, each with its length in seconds; none is outside the plan.
pub(crate) type Cell = Vec<(u64, Option<WindowState>)>;

impl Coverage {
    /// Draws it, one strip of [`STRIP`] columns below the other.
    pub(crate) fn draw(&self) -> String {
        let mut svg = Svg::new("coverage");
        let mut top = 0;
        let strips = self.columns.len().div_ceil(STRIP).max(1);
        for strip in 0..strips {
            let columns = self.columns.iter().skip(strip * STRIP).take(STRIP);
            // A few columns share the whole width.
            let side_by_side = u64::try_from(self.columns.len().clamp(1, STRIP)).unwrap_or(1);
            let room = (WIDTH - LEFT - MARGIN) / side_by_side;
            for (place, name) in (0_u64..).zip(columns) {
                svg.text([LEFT + place * room + room / 2, top + 130], SMALL, Anchor::Middle, name);
            }
            top += 190;
            for (place, row) in self.rows.iter().chain(&self.apart).enumerate() {
                if place == self.rows.len() {
                    svg.line([0, top + 25], [WIDTH, top + 25], GRID);
                    top += APART;
                }
                svg.text([LEFT - 90, top + 145], TEXT, Anchor::End, &row.name);
                for (place, cell) in (0_u64..).zip(row.cells.iter().skip(strip * STRIP).take(STRIP)) {
                    draw_cell(&mut svg, [LEFT + place * room, top, room - 12, ROW - 30], cell);
                }
                top += ROW;
            }
            top += 120;
        }
        let mut left = LEFT;
        let all = self.rows.iter().chain(&self.apart).flat_map(|row| &row.cells).flatten();
        let is_unread = all.into_iter().any(|(_, state)| *state == Some(WindowState::Unread));
        for state in LEGEND.map(WindowState::Sealed).into_iter().chain(is_unread.then_some(WindowState::Unread)) {
            let word = state.words();
            let end = left + 260 + width_of(word, TEXT) + 300;
            if end > WIDTH {
                left = LEFT;
                top += 230;
            }
            draw_cell(&mut svg, [left, top, 205, ROW - 30], &vec![(1, Some(state))]);
            svg.text([left + 280, top + 145], TEXT, Anchor::Start, word);
            left += 280 + width_of(word, TEXT) + 230;
        }
        svg.finish(top + ROW + 20)
    }
}

fn draw_cell(svg: &mut Svg, [x, y, width, height]: [u64; 4], cell: &Cell) {
    let (mut at, whole) = (0, cell.iter().map(|(seconds, _)| seconds).sum());
    for (seconds, state) in cell {
        let (from, to) = (scaled(at, whole, width), scaled(at + seconds, whole, width));
        at += seconds;
        let Some(state) = state else {
            // Outside the plan: a thin line, no cell.
            svg.line([x + from, y + height / 2], [x + to, y + height / 2], GRID);
            continue;
        };
        svg.area([x + from, y, (to - from).max(10), height], fill(*state));
        let letter = letter(*state);
        if to - from >= width_of(letter, TEXT) {
            svg.text([x + u64::midpoint(from, to), y + height / 2 + 45], TEXT, Anchor::Middle, letter);
        }
    }
}

fn fill(state: WindowState) -> Fill {
    match state {
        WindowState::Sealed(RunState::Complete | RunState::Superseded) => Fill::Solid,
        WindowState::Sealed(RunState::Empty) => Fill::White,
        WindowState::Sealed(RunState::Expired) => Fill::Rising,
        WindowState::Sealed(RunState::Failed) => Fill::Crossed,
        WindowState::Sealed(RunState::NotAsked) => Fill::Outlined,
        WindowState::Unread => Fill::Upright,
    }
}

/// What is empty or not asked differs by it too.
fn letter(state: WindowState) -> &'static str {
    match state {
        WindowState::Sealed(RunState::Empty) => "0",
        WindowState::Sealed(RunState::NotAsked) => "–",
        _ => "",
    }
}

const LEGEND: [RunState; 5] =
    [RunState::Complete, RunState::Empty, RunState::Failed, RunState::Expired, RunState::NotAsked];
/// A month side by side.
pub(crate) const STRIP: usize = 31;
const LEFT: u64 = 1900;
/// Half of a name may stand beyond the last column.
const MARGIN: u64 = 100;
const ROW: u64 = 230;
/// Between the logs and the rest.
const APART: u64 = 70;
const SMALL: u64 = 105;
