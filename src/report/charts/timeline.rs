//! Spans and moments on one axis of time.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::svg::{AXIS, Anchor, Fill, GRID, Svg, TEXT, WIDTH, scaled};
use crate::report::words::seconds;

/// What is shown, between the first and the last instant in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// Stretches of time, each in a line of its own.
    pub(crate) spans: Vec<Span>,
    /// Moments, each in a line of its own.
    pub(crate) marks: Vec<Mark>,
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    /// Whether it is what there is, or how far the service is taken to have kept records.
    pub(crate) is_full: bool,
}

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) name: String,
    pub(crate) at: DateTime<Utc>,
    /// How exact it is by the word of who says so, in milliseconds: drawn to both sides.
    pub(crate) accuracy_ms: Option<u64>,
}

impl Timeline {
    /// Draws it; nothing where there is nothing to show.
    pub(crate) fn draw(&self, name: &'static str) -> Option<String> {
        let spans = self.spans.iter().flat_map(|span| [span.from, span.to]);
        let instants = spans.chain(self.marks.iter().flat_map(Mark::reach));
        let (first, last) = (instants.clone().min()?, instants.max()?);
        let whole = u64::try_from((last - first).num_milliseconds()).unwrap_or_default();
        let place = |at: DateTime<Utc>| {
            LEFT + scaled(u64::try_from((at - first).num_milliseconds()).unwrap_or_default(), whole, RIGHT - LEFT)
        };
        let mut svg = Svg::new(name);
        let lines = u64::try_from(self.spans.len() + self.marks.len()).unwrap_or_default();
        let bottom = 40 + lines * LINE;
        for at in [first, last] {
            svg.line([place(at), 0], [place(at), bottom], GRID);
        }
        // What is written stands to both sides of the lines, so that none runs through it.
        for mark in &self.marks {
            svg.line([place(mark.at), 0], [place(mark.at), bottom], MOMENT);
        }
        let mut y = 40;
        for span in &self.spans {
            let (from, to) = (place(span.from), place(span.to));
            svg.text([LEFT - 120, y + 130], TEXT, Anchor::End, &span.name);
            svg.area([from, y, (to - from).max(15), 170], if span.is_full { Fill::Solid } else { Fill::Level });
            y += LINE;
        }
        for mark in &self.marks {
            let (at, [from, to]) = (place(mark.at), mark.reach().map(place));
            svg.text([LEFT - 120, y + 130], TEXT, Anchor::End, &mark.name);
            whisker(&mut svg, y + 85, at, [from, to]);
            svg.text([RIGHT + 150, y + 130], TEXT, Anchor::Start, &mark.words(whole));
            y += LINE;
        }
        svg.line([LEFT, bottom], [RIGHT, bottom], AXIS);
        svg.text([LEFT - 400, bottom + 180], TEXT, Anchor::Start, &clock(first, whole));
        svg.text([RIGHT + 400, bottom + 180], TEXT, Anchor::End, &clock(last, whole));
        Some(svg.finish(bottom + 240))
    }
}

impl Mark {
    /// Returns the first and the last instant that it may stand for, as far as that is shown.
    fn reach(&self) -> [DateTime<Utc>; 2] {
        let most = i64::try_from(self.accuracy_ms.unwrap_or_default().min(MAX_WHISKER_MS)).unwrap_or_default();
        let delta = TimeDelta::milliseconds(most);
        [-delta, delta].map(|delta| self.at.checked_add_signed(delta).unwrap_or(self.at))
    }

    fn words(&self, whole_ms: u64) -> String {
        let accuracy = self.accuracy_ms.map(|ms| format!(" ± {}", seconds(ms))).unwrap_or_default();
        format!("{}{accuracy}", clock(self.at, whole_ms))
    }
}

/// Draws a moment in its line: a short stroke, or as far as it is exact, with ends.
fn whisker(svg: &mut Svg, y: u64, at: u64, [from, to]: [u64; 2]) {
    if from == to {
        return svg.line([at.saturating_sub(90), y], [at + 90, y], AXIS);
    }
    svg.line([from, y], [to, y], AXIS);
    for end in [from, to] {
        svg.line([end, y - 60], [end, y + 60], AXIS);
    }
    svg.line([at, y - 85], [at, y + 85], AXIS);
}

/// Writes an instant as exactly as the axis can show it.
fn clock(at: DateTime<Utc>, whole_ms: u64) -> String {
    match whole_ms {
        whole if whole > TWO_DAYS_MS => at.format("%Y-%m-%d %H:%MZ").to_string(),
        whole if whole > TWO_MINUTES_MS => at.to_rfc3339_opts(SecondsFormat::Secs, true),
        _ => at.to_rfc3339_opts(SecondsFormat::Millis, true),
    }
}

const TWO_DAYS_MS: u64 = 2 * 86_400_000;
const TWO_MINUTES_MS: u64 = 120_000;
/// An hour: an authority that is less exact says nothing that a picture could show.
const MAX_WHISKER_MS: u64 = 3_600_000;
const LEFT: u64 = 1850;
/// Leaves room for a moment to the millisecond, and how exact it is.
const RIGHT: u64 = WIDTH - 2200;
const LINE: u64 = 250;
const MOMENT: &str = "stroke=\"#000000\" stroke-width=\"9\" stroke-dasharray=\"30 25\"";

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse::<DateTime<Utc>>().unwrap()
    }

    #[test]
    fn spans_and_moments_stand_where_they_belong() {
        let (from, to) = (at("2026-10-01T00:00:00Z"), at("2026-10-31T00:00:00Z"));
        let spans = vec![Span { name: "window".to_owned(), from, to, is_full: true }];
        let marks = vec![Mark { name: "asked".to_owned(), at: at("2026-10-16T00:00:00Z"), accuracy_ms: None }];
        let picture = Timeline { spans, marks }.draw("time").unwrap();
        assert!(picture.contains(&format!("<rect x=\"{LEFT}\" y=\"40\" width=\"{}\"", RIGHT - LEFT)));
        assert!(picture.contains(&format!("<line x1=\"{0}\" y1=\"0\" x2=\"{0}\"", LEFT + (RIGHT - LEFT) / 2)));
        assert!(picture.contains(">2026-10-16 00:00Z</text>"));
        assert_eq!(Timeline::default().draw("none"), None);
    }

    #[test]
    fn what_is_not_exact_reaches_to_both_sides() {
        let mark = |name: &str, time: &str, accuracy_ms| Mark { name: name.to_owned(), at: at(time), accuracy_ms };
        let marks = vec![
            mark("sealed", "2026-11-20T06:21:06.183Z", None),
            mark("stamp", "2026-11-20T06:21:05.543Z", Some(1_000)),
        ];
        let picture = Timeline { spans: Vec::new(), marks }.draw("bracket").unwrap();
        // One second before and one behind the stamp are all that is shown, so the stroke runs from end to end.
        let y = 40 + LINE + 85;
        assert!(picture.contains(&format!("<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{RIGHT}\" y2=\"{y}\"")), "{picture}");
        assert!(
            picture.contains(">2026-11-20T06:21:05.543Z ± 1 s</text>")
                && picture.contains(">2026-11-20T06:21:04.543Z</text>")
        );
        // What is written begins to the right of every line.
        assert!(picture.contains(&format!("<text x=\"{}\"", RIGHT + 150)));
    }
}
