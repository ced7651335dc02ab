//! Bars below one another, the longest first, each with its name and its number.

use super::svg::{AXIS, Anchor, Fill, Svg, TEXT, WIDTH, scaled};
use crate::report::words::grouped;

/// Draws bars; names that are too long for their place are cut, and stand whole in the table beside the picture.
pub(crate) fn ranked(name: &'static str, entries: &[(String, u64)]) -> String {
    let mut svg = Svg::new(name);
    let most = entries.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let mut y = 30;
    for (label, count) in entries {
        svg.text([LEFT - 80, y + 130], TEXT, Anchor::End, &fitting(label));
        let length = scaled(*count, most, LONGEST).max(10);
        svg.area([LEFT, y, length, 170], Fill::Solid);
        svg.text([LEFT + length + 60, y + 130], TEXT, Anchor::Start, &grouped(*count));
        y += 240;
    }
    svg.line([LEFT, 0], [LEFT, y], AXIS);
    svg.finish(y + 30)
}

fn fitting(label: &str) -> String {
    if label.chars().count() <= MAX_CHARS {
        return label.to_owned();
    }
    let kept: String = label.chars().take(MAX_CHARS - 1).collect();
    format!("{kept}…")
}

const LEFT: u64 = 3000;
/// Leaves room for the number.
const LONGEST: u64 = WIDTH - LEFT - 800;
const MAX_CHARS: usize = 42;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_has_its_name_and_its_number() {
        let picture = ranked("countries", &[("DE".to_owned(), 12_345), ("x".repeat(100), 1)]);
        assert!(picture.contains(">DE</text>") && picture.contains(">12,345</text>") && picture.contains(">1</text>"));
        assert!(picture.contains(&format!(">{}…</text>", "x".repeat(41))));
    }
}
