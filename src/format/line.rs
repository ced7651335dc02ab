//! Single-line text (FORMAT §2): what people type and what lands in bag-info.txt, on terminals and in reports.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// 1 to 200 characters without controls, line separators or bidirectional controls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Line(String);

impl Line {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a line of any text: forbidden characters become `?`, the rest is cut at 200 characters, nothing becomes `?`.
    ///
    /// For words that come from outside into a field that people read, such as the detail of a failure.
    #[must_use]
    pub fn lossy(text: &str) -> Self {
        let mut line: String = text.chars().take(MAX_CHARS).map(|c| if is_forbidden(c) { '?' } else { c }).collect();
        if line.is_empty() {
            line.push('?');
        }
        Self(line)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Line {
    type Err = NotALine;

    fn from_str(text: &str) -> Result<Self, NotALine> {
        let char_count = text.chars().count();
        if char_count == 0 || char_count > MAX_CHARS {
            return Err(NotALine::Length(char_count));
        }
        match text.chars().find(|c| is_forbidden(*c)) {
            Some(character) => Err(NotALine::Character(character.escape_unicode().to_string())),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Why text is not a single line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotALine {
    /// A control, a line separator or a bidirectional control.
    #[error("holds the character {0}, which is not allowed in a single line")]
    Character(String),
    /// Empty or too long.
    #[error("has {0} characters; 1 to 200 are allowed")]
    Length(usize),
}

/// Says whether FORMAT §2 keeps `c` out of single-line text.
#[must_use]
pub fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const MAX_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_direction_marks_are_refused() {
        for text in ["a\nb", "a\u{1b}[31m", "a\u{202e}b", "a\u{9b}b", "a\u{2028}b"] {
            assert!(matches!(text.parse::<Line>(), Err(NotALine::Character(_))), "{text:?}");
            assert!(!Line::lossy(text).as_str().chars().any(is_forbidden));
        }
        assert_eq!("Müller & Söhne".parse::<Line>().unwrap().as_str(), "Müller & Söhne");
    }

    #[test]
    fn length_counts_characters() {
        assert!("ü".repeat(200).parse::<Line>().is_ok());
        assert_eq!("ü".repeat(201).parse::<Line>(), Err(NotALine::Length(201)));
        assert_eq!("".parse::<Line>(), Err(NotALine::Length(0)));
    }
}
