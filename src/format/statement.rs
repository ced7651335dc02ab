//! A statement: what a person says in a custody event, in their own words (FORMAT §20.3).
//!
//! Longer than a [`Line`](super::line::Line), and under the same rule: it is printed on terminals and in reports.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::line::is_forbidden;

/// 1 to 4000 characters without controls, line separators or bidirectional controls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Statement(String);

impl Statement {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Statement {
    type Err = NotAStatement;

    fn from_str(text: &str) -> Result<Self, NotAStatement> {
        let char_count = text.chars().count();
        if char_count == 0 || char_count > MAX_CHARS {
            return Err(NotAStatement::Length(char_count));
        }
        match text.chars().find(|c| is_forbidden(*c)) {
            Some(character) => Err(NotAStatement::Character(character.escape_unicode().to_string())),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for Statement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Why text is not a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAStatement {
    /// A control, a line separator or a bidirectional control.
    #[error("holds the character {0}, which is not allowed in a statement")]
    Character(String),
    /// Empty or too long.
    #[error("has {0} characters; 1 to 4000 are allowed")]
    Length(usize),
}

/// 4000: FORMAT §20.3; two pages of a typed declaration.
const MAX_CHARS: usize = 4000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_one_paragraph_of_bounded_length() {
        assert!("ü".repeat(4000).parse::<Statement>().is_ok());
        assert_eq!("ü".repeat(4001).parse::<Statement>(), Err(NotAStatement::Length(4001)));
        assert_eq!("".parse::<Statement>(), Err(NotAStatement::Length(0)));
        assert!(matches!("a\nb".parse::<Statement>(), Err(NotAStatement::Character(_))));
    }
}
