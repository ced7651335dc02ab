//! Spans and moments on one axis of time.

use chrono::{DateTime, SecondsFormat, Utc};

use super::svg::{AXIS, Anchor, Fill, GRID, Svg, TEXT, WIDTH, scaled, width_of};

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
    /// Whether it is drawn full, or hatched as what is no longer there.
    pub(crate) is_full: bool,
}

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) name: String,
    pub(crate) at: DateTime<Utc>,
}

impl Timeline {
    /// Draws it; nothing where there is nothing to show.
    pub(crate) fn draw(&self, name: &'static str) -> Option<String> {
        let instants =
            self.spans.iter().flat_map(|span| [span.from, span.to]).chain(self.marks.iter().map(|mark| mark.at));
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
        let mut y = 40;
        for span in &self.spans {
            let (from, to) = (place(span.from), place(span.to));
            svg.text([LEFT - 120, y + 130], TEXT, Anchor::End, &span.name);
            svg.area([from, y, (to - from).max(15), 170], if span.is_full { Fill::Solid } else { Fill::Rising });
            y += LINE;
        }
        for mark in &self.marks {
            let at = place(mark.at);
            svg.text([LEFT - 120, y + 130], TEXT, Anchor::End, &mark.name);
            svg.line([at, 0], [at, bottom], MOMENT);
            svg.line([at.saturating_sub(90), y + 85], [at + 90, y + 85], AXIS);
            let words = clock(mark.at, whole);
            let (x, anchor) = if at + 140 + width_of(&words, TEXT) > WIDTH {
                (at - 140, Anchor::End)
            } else {
                (at + 140, Anchor::Start)
            };
            svg.text([x, y + 130], TEXT, anchor, &words);
            y += LINE;
        }
        svg.line([LEFT, bottom], [RIGHT, bottom], AXIS);
        svg.text([LEFT, bottom + 180], TEXT, Anchor::Start, &clock(first, whole));
        svg.text([RIGHT, bottom + 180], TEXT, Anchor::End, &clock(last, whole));
        Some(svg.finish(bottom + 240))
    }
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
const LEFT: u64 = 2300;
/// Leaves room for half of what stands at the end.
const RIGHT: u64 = WIDTH - 120;
const LINE: u64 = 250;
const MOMENT: &str = "stroke=\"#000000\" stroke-width=\"9\" stroke-dasharray=\"30 25\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_moments_stand_where_they_belong() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (from, to) = (at("2026-10-01T00:00:00Z"), at("2026-10-31T00:00:00Z"));
        let spans = vec![Span { name: "window".to_owned(), from, to, is_full: true }];
        let marks = vec![Mark { name: "asked".to_owned(), at: at("2026-10-16T00:00:00Z") }];
        let picture = Timeline { spans, marks }.draw("time").unwrap();
        assert!(picture.contains(&format!("<rect x=\"{LEFT}\" y=\"40\" width=\"{}\"", RIGHT - LEFT)));
        assert!(picture.contains(&format!("<line x1=\"{0}\" y1=\"0\" x2=\"{0}\"", LEFT + (RIGHT - LEFT) / 2)));
        assert!(picture.contains(">2026-10-16 00:00Z</text>"));
        assert_eq!(Timeline::default().draw("none"), None);
    }
}
