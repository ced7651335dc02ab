//! Numbers that each record of a production bears, one after the other: a prefix and digits, such as `ACME0000001`.

use std::str::FromStr;

use crate::format::line::{Line, NotALine};

/// The first number of an exhibit; the others follow from it, with as many digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bates {
    prefix: String,
    first: u64,
    digits: usize,
}

/// Why text is no such number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotABates {
    /// It does not end in digits, or in more than [`MAX_DIGITS`].
    #[error("`{0}` does not end in 1 to {MAX_DIGITS} digits; such a number looks like `ACME0000001`")]
    Digits(String),
    /// It cannot stand in a line.
    #[error("the number {0}")]
    Line(#[from] NotALine),
}

impl FromStr for Bates {
    type Err = NotABates;

    fn from_str(text: &str) -> Result<Self, NotABates> {
        text.parse::<Line>()?;
        let prefix = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = text.get(prefix.len()..).unwrap_or_default();
        let first = digits.parse().ok().filter(|_| digits.len() <= MAX_DIGITS);
        let first = first.ok_or_else(|| NotABates::Digits(text.to_owned()))?;
        Ok(Self { prefix: prefix.to_owned(), first, digits: digits.len() })
    }
}

impl Bates {
    /// Returns the number `place` after the first; `None` when the digits do not suffice.
    #[must_use]
    pub fn number(&self, place: u64) -> Option<Line> {
        let number = self.first.checked_add(place)?.to_string();
        let zeros = self.digits.checked_sub(number.len())?;
        format!("{}{}{number}", self.prefix, "0".repeat(zeros)).parse().ok()
    }
}

/// 18: every number of so many digits can be counted.
pub const MAX_DIGITS: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_with_as_many_digits_until_these_do_not_suffice() {
        let bates: Bates = "ACME-2026 0098".parse().unwrap();
        let number = |place| bates.number(place).map(|line| line.to_string());
        assert_eq!(number(0).as_deref(), Some("ACME-2026 0098"));
        assert_eq!(number(2).as_deref(), Some("ACME-2026 0100"));
        assert_eq!((number(9901).as_deref(), number(9902)), (Some("ACME-2026 9999"), None));
        assert_eq!(number(u64::MAX), None);
        assert_eq!("7".parse::<Bates>().unwrap().number(2).map(|line| line.to_string()).as_deref(), Some("9"));
    }

    #[test]
    fn text_without_digits_at_its_end_is_no_number() {
        for text in ["ACME", "A1x", "1234567890123456789"] {
            assert_eq!(text.parse::<Bates>(), Err(NotABates::Digits(text.to_owned())));
        }
        assert!(matches!("".parse::<Bates>(), Err(NotABates::Line(_))));
        assert!(matches!("A\u{202e}1".parse::<Bates>(), Err(NotABates::Line(_))));
    }
}
