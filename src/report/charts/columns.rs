//! Columns side by side, each of two parts that are told apart by pattern: figures by hour or by day.

use super::svg::{AXIS, Anchor, Fill, GRID, Svg, TEXT, WIDTH, round_above, scaled};
use crate::report::words::grouped;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// What stands below it; not all do where there are many.
    pub(crate) label: String,
    /// The parts, from below.
    pub(crate) parts: [u64; 3],
}

/// Draws columns; `parts` names their parts from below, `every` says how many columns share a label.
pub(crate) fn columns(name: &'static str, columns: &[Column], parts: [&str; 3], every: usize) -> String {
    let mut svg = Svg::new(name);
    let most = round_above(columns.iter().map(|column| column.parts.iter().sum()).max().unwrap_or_default());
    for quarter in [0, 2, 4] {
        let value = most / 4 * quarter + most % 4 * quarter / 4;
        let y = BOTTOM - scaled(value, most, HEIGHT);
        svg.line([LEFT, y], [WIDTH, y], if quarter == 0 { AXIS } else { GRID });
        svg.text([LEFT - 80, y + 45], TEXT, Anchor::End, &grouped(value));
    }
    let count = u64::try_from(columns.len()).unwrap_or(1).max(1);
    let room = (WIDTH - LEFT) / count;
    let gap = (room / 6).clamp(4, 60);
    for (place, column) in (0_u64..).zip(columns) {
        let x = LEFT + place * room + gap / 2;
        let mut sum = 0;
        for (value, fill) in column.parts.into_iter().zip(FILLS) {
            let (below, above) = (scaled(sum, most, HEIGHT), scaled(sum + value, most, HEIGHT));
            sum += value;
            if value > 0 {
                // What is there is seen, however little it is beside the rest.
                svg.area([x, BOTTOM - above.max(below + 10), room - gap, (above - below).max(10)], fill);
            }
        }
        if usize::try_from(place).is_ok_and(|place| place.is_multiple_of(every.max(1))) {
            svg.text([x + (room - gap) / 2, BOTTOM + 170], TEXT, Anchor::Middle, &column.label);
        }
    }
    let legend: Vec<(Fill, &str)> = FILLS.into_iter().zip(parts).collect();
    svg.legend([LEFT, BOTTOM + 320], &legend);
    svg.finish(BOTTOM + 500)
}

const FILLS: [Fill; 3] = [Fill::Solid, Fill::Dotted, Fill::Crossed];
const LEFT: u64 = 800;
const HEIGHT: u64 = 1500;
/// Room above for a number that stands on the highest line.
const BOTTOM: u64 = HEIGHT + 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_part_is_seen_and_an_empty_one_is_not_drawn() {
        let given = [
            Column { label: "00".to_owned(), parts: [1_000_000, 1, 0] },
            Column { label: "01".to_owned(), parts: [0, 0, 0] },
        ];
        let picture = columns("hours", &given, ["succeeded", "interrupted", "failed"], 1);
        // Two areas, and three in the legend; the patterns' own have no place.
        assert_eq!(picture.matches("<rect x=").count(), 2 + 3);
        assert!(picture.contains("height=\"10\" fill=\"url(#hours-dotted)\""));
        assert_eq!(columns("hours", &[], ["a", "b", "c"], 1).matches("<svg").count(), 1);
    }
}
