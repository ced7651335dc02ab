//! A picture while it is drawn.

use crate::codec::markup;
use crate::report::legible::legible;

/// A picture, [`WIDTH`] wide.
pub(super) struct Svg {
    name: &'static str,
    body: String,
}

/// How an area looks: told apart by pattern first, by colour too (after Okabe and Ito, which colour-blind people can tell apart).
/// Each has one meaning in all pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// Crossed lines: failed.
    Crossed,
    /// Dots: interrupted.
    Dotted,
    /// Level lines: within the retention that was assumed.
    Level,
    /// Nothing, within a broken line: not asked.
    Outlined,
    /// Rising lines: expired.
    Rising,
    /// All of it: there.
    Solid,
    /// Upright lines: claimed, and not established.
    Upright,
    /// Nothing, within a line: no record.
    White,
}

/// Where a text stands from its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It ends there.
    End,
    /// It is in the middle.
    Middle,
    /// It begins there.
    Start,
}

impl Svg {
    /// Begins a picture; `name` is one that no other picture in the document has.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, body: String::new() }
    }

    /// Draws an area.
    pub(super) fn area(&mut self, [x, y, width, height]: [u64; 4], fill: Fill) {
        let (paint, line) = match fill {
            Fill::Solid => (DARK.to_owned(), String::new()),
            Fill::White => ("#ffffff".to_owned(), " stroke=\"#000000\" stroke-width=\"7\"".to_owned()),
            Fill::Outlined => {
                ("#ffffff".to_owned(), " stroke=\"#555555\" stroke-width=\"8\" stroke-dasharray=\"25 20\"".to_owned())
            }
            Fill::Crossed | Fill::Dotted | Fill::Level | Fill::Rising | Fill::Upright => {
                (format!("url(#{}-{})", self.name, fill.name()), " stroke=\"#000000\" stroke-width=\"7\"".to_owned())
            }
        };
        self.body +=
            &format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{paint}\"{line}/>\n");
    }

    /// Draws a line.
    pub(super) fn line(&mut self, from: [u64; 2], to: [u64; 2], stroke: &str) {
        let ([x1, y1], [x2, y2]) = (from, to);
        self.body += &format!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {stroke}/>\n");
    }

    /// Writes text; `size` is the height of its letters.
    pub(super) fn text(&mut self, [x, y]: [u64; 2], size: u64, anchor: Anchor, words: &str) {
        let anchor = match anchor {
            Anchor::End => "end",
            Anchor::Middle => "middle",
            Anchor::Start => "start",
        };
        let words = escaped(words);
        self.body += &format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" font-family=\"{FONT}\" fill=\"#000000\">{words}</text>\n"
        );
    }

    /// Explains fills, each with its word, in one line.
    pub(super) fn legend(&mut self, [x, y]: [u64; 2], entries: &[(Fill, &str)]) {
        let mut at = x;
        for (fill, word) in entries {
            self.area([at, y, 220, 130], *fill);
            self.text([at + 290, y + 115], TEXT, Anchor::Start, word);
            at += 290 + width_of(word, TEXT) + 250;
        }
    }

    /// Ends the picture, `height` high.
    pub(super) fn finish(self, height: u64) -> String {
        let Self { name, body } = self;
        // A hundredth of a pixel is of no use to anybody, and whole pixels let two sizes be compared.
        let (pixels, high) = (WIDTH / 10, height.div_ceil(10));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{pixels}\" height=\"{high}\" viewBox=\"0 0 {WIDTH} {}\">\n\
             <defs>\n{}</defs>\n{body}</svg>",
            high * 10,
            PATTERNS.map(|(fill, drawing)| pattern(name, fill, drawing)).concat(),
        )
    }
}

impl Fill {
    fn name(self) -> &'static str {
        match self {
            Self::Crossed => "crossed",
            Self::Dotted => "dotted",
            Self::Level => "level",
            Self::Outlined => "outlined",
            Self::Rising => "rising",
            Self::Solid => "solid",
            Self::Upright => "upright",
            Self::White => "white",
        }
    }
}

fn pattern(name: &str, fill: Fill, drawing: &str) -> String {
    let fill = fill.name();
    format!(
        "<pattern id=\"{name}-{fill}\" patternUnits=\"userSpaceOnUse\" width=\"60\" height=\"60\">{drawing}</pattern>\n"
    )
}

/// Returns about how wide a text is: letters are a good half as wide as high.
pub(super) fn width_of(words: &str, size: u64) -> u64 {
    u64::try_from(words.chars().count()).unwrap_or(u64::MAX).saturating_mul(size * 11 / 20)
}

/// Returns `value` of `most` on a scale of `length`.
pub(super) fn scaled(value: u64, most: u64, length: u64) -> u64 {
    let scaled = u128::from(value.min(most)) * u128::from(length) / u128::from(most.max(1));
    u64::try_from(scaled).unwrap_or(length)
}

/// Returns a round number at or above `value`, to which a scale may run.
pub(super) fn round_above(value: u64) -> u64 {
    let mut step: u64 = 2;
    loop {
        for factor in [1, 2, 3, 4, 5, 6, 8] {
            let round = step.saturating_mul(factor);
            if round >= value {
                return round;
            }
        }
        step = step.saturating_mul(10);
    }
}

fn escaped(words: &str) -> String {
    markup::escaped(&legible(words))
}

/// Squares of 60 by 60, side by side.
const PATTERNS: [(Fill, &str); 5] = [
    (
        Fill::Crossed,
        "<rect width=\"60\" height=\"60\" fill=\"#f7d2bf\"/><path d=\"M0 0 L60 60 M0 60 L60 0\" stroke=\"#8a2b00\" stroke-width=\"13\"/>",
    ),
    (
        Fill::Dotted,
        "<rect width=\"60\" height=\"60\" fill=\"#ffffff\"/><circle cx=\"15\" cy=\"15\" r=\"11\" fill=\"#222222\"/><circle cx=\"45\" cy=\"45\" r=\"11\" fill=\"#222222\"/>",
    ),
    (
        Fill::Level,
        "<rect width=\"60\" height=\"60\" fill=\"#e3f1fa\"/><path d=\"M0 15 L60 15 M0 45 L60 45\" stroke=\"#005a8c\" stroke-width=\"9\"/>",
    ),
    (
        Fill::Rising,
        "<rect width=\"60\" height=\"60\" fill=\"#ffffff\"/><path d=\"M-15 15 L15 -15 M0 60 L60 0 M45 75 L75 45\" stroke=\"#555555\" stroke-width=\"14\"/>",
    ),
    (
        Fill::Upright,
        "<rect width=\"60\" height=\"60\" fill=\"#f9ec9a\"/><path d=\"M15 0 L15 60 M45 0 L45 60\" stroke=\"#5c1a5c\" stroke-width=\"14\"/>",
    ),
];
/// Tenths of a pixel.
pub(super) const WIDTH: u64 = 7200;
/// The height of letters that are to be read on paper, where 720 pixels are 17 cm.
pub(super) const TEXT: u64 = 125;
/// Thin lines behind what is shown.
pub(super) const GRID: &str = "stroke=\"#bbbbbb\" stroke-width=\"6\"";
/// Lines that are to be seen.
pub(super) const AXIS: &str = "stroke=\"#000000\" stroke-width=\"10\"";
const DARK: &str = "#005a8c";
const FONT: &str = "Helvetica, Arial, 'Liberation Sans', sans-serif";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers_and_never_overflow() {
        let ends: Vec<u64> = [0, 1, 2, 3, 5, 11, 41, 170, 399, 400, 1001].into_iter().map(round_above).collect();
        assert_eq!(ends, [2, 2, 2, 4, 6, 12, 60, 200, 400, 400, 1200]);
        assert_eq!(round_above(u64::MAX), u64::MAX);
        assert_eq!((scaled(1, 2, 100), scaled(u64::MAX, u64::MAX, 100), scaled(5, 0, 100)), (50, 100, 0));
    }

    #[test]
    fn a_name_from_a_log_stays_text() {
        let mut svg = Svg::new("x");
        svg.text([0, 0], TEXT, Anchor::Start, "</text><script>&\u{202e}\n");
        let picture = svg.finish(100);
        assert!(picture.contains(">&lt;/text&gt;&lt;script&gt;&amp;\\u{202e}\\u{a}</text>"), "{picture}");
    }
}
