//! Bars below one another, the longest first, each with its name and its number.

use super::svg::{AXIS, Anchor, Fill, Svg, TEXT, WIDTH, scaled, width_of};
use crate::report::words::grouped;

/// Draws bars; a name that is long stands in two lines, and one that is too long for these is cut, and whole in the table beside it.
pub(crate) fn ranked(name: &'static str, entries: &[(String, u64)]) -> String {
    let mut svg = Svg::new(name);
    let most = entries.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let names: Vec<Vec<String>> = entries.iter().map(|(label, _)| lines(label)).collect();
    let widest = names.iter().map(|lines| match lines.as_slice() {
        [one] => width_of(one, TEXT),
        lines => lines.iter().map(|line| width_of(line, SMALL)).max().unwrap_or_default(),
    });
    // Short names leave their room to the bars.
    let left = (widest.max().unwrap_or_default() + 200).clamp(900, LEFT);
    let longest = WIDTH - left - NUMBER;
    let mut y = 30;
    for ((_, count), lines) in entries.iter().zip(&names) {
        match lines.as_slice() {
            [one] => svg.text([left - 80, y + 130], TEXT, Anchor::End, one),
            lines => {
                for (place, line) in (0..).zip(lines) {
                    svg.text([left - 80, y + 75 + place * 110], SMALL, Anchor::End, line);
                }
            }
        }
        let length = scaled(*count, most, longest).max(10);
        svg.area([left, y, length, 170], Fill::Solid);
        svg.text([left + length + 60, y + 130], TEXT, Anchor::Start, &grouped(*count));
        y += 250;
    }
    svg.line([left, 0], [left, y], AXIS);
    svg.finish(y + 30)
}

/// Sets a name in one line, or in two between words.
fn lines(label: &str) -> Vec<String> {
    if label.chars().count() <= MAX_CHARS {
        return vec![label.to_owned()];
    }
    let (mut first, mut second) = (String::new(), String::new());
    for word in label.split_inclusive(' ') {
        let fits = first.chars().count() + word.trim_end().chars().count() <= MAX_SMALL_CHARS;
        if second.is_empty() && fits { first.push_str(word) } else { second.push_str(word) }
    }
    let lines = [first, second].into_iter().filter(|line| !line.is_empty());
    lines.map(|line| fitting(line.trim_end())).collect()
}

fn fitting(line: &str) -> String {
    if line.chars().count() <= MAX_SMALL_CHARS {
        return line.to_owned();
    }
    let kept: String = line.chars().take(MAX_SMALL_CHARS - 1).collect();
    format!("{kept}…")
}

/// As far to the right as bars begin.
const LEFT: u64 = 3300;
/// Room for the number behind the longest bar.
const NUMBER: u64 = 700;
/// In letters of [`TEXT`].
const MAX_CHARS: usize = 46;
const SMALL: u64 = 100;
/// In letters of [`SMALL`].
const MAX_SMALL_CHARS: usize = 58;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_has_its_name_and_its_number() {
        let picture = ranked("countries", &[("DE".to_owned(), 12_345), ("x".repeat(100), 1)]);
        assert!(picture.contains(">DE</text>") && picture.contains(">12,345</text>") && picture.contains(">1</text>"));
        assert!(picture.contains(&format!(">{}…</text>", "x".repeat(57))));
    }

    #[test]
    fn a_long_name_stands_in_two_lines() {
        let name = "50074 a second factor was required and not yet, or not, passed";
        assert_eq!(lines(name), ["50074 a second factor was required and not yet, or not,", "passed"]);
        assert_eq!(lines("DE"), ["DE"]);
        let picture = ranked("failures", &[(name.to_owned(), 3)]);
        assert!(picture.contains("or not,</text>") && picture.contains(">passed</text>") && !picture.contains('…'));
    }
}
