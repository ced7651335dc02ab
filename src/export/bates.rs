//! Bates numbers: the names that parties to a proceeding give to what they hand over, counted on from one to the next.
//!
//! Separate because their arithmetic has rules of its own: the digits at the end are the number, as many as are written are its
//! width, and a number that needs more is refused, since names of unequal width no longer sort in the order they were given.

use std::fmt;
use std::str::FromStr;

use crate::format::identifier::MatterId;
use crate::format::path::{NotAPath, check_segment};

/// Where numbering stands: the prefix, and the number that comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bates {
    prefix: String,
    next: u64,
    width: usize,
}

impl Bates {
    /// Begins with number 1 of a matter: its identifier, `-`, and eight digits. The hyphen keeps digits of the identifier apart.
    #[must_use]
    pub fn of_matter(matter: &MatterId) -> Self {
        Self { prefix: format!("{matter}-"), next: 1, width: 8 }
    }

    /// Returns the next number, and counts on.
    ///
    /// # Errors
    ///
    /// [`BatesOverflow`] where it has more digits than the first one was written with.
    pub fn take(&mut self) -> Result<String, BatesOverflow> {
        let digits = format!("{:0width$}", self.next, width = self.width);
        if digits.len() > self.width {
            return Err(BatesOverflow { prefix: self.prefix.clone(), width: self.width });
        }
        self.next = self.next.saturating_add(1);
        Ok(format!("{}{digits}", self.prefix))
    }
}

impl FromStr for Bates {
    type Err = NotBates;

    fn from_str(text: &str) -> Result<Self, NotBates> {
        let refused = |reason: String| NotBates { text: text.escape_debug().to_string(), reason };
        let prefix = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = text.strip_prefix(prefix).unwrap_or_default();
        if text.len() > MAX_BYTE_LEN {
            return Err(refused(format!("it has {} bytes, and {MAX_BYTE_LEN} are the most", text.len())));
        }
        if digits.is_empty() {
            return Err(refused("it does not end in digits, which say where numbering begins".to_owned()));
        }
        if digits.len() > MAX_WIDTH {
            return Err(refused(format!("it ends in {} digits, and {MAX_WIDTH} are the most", digits.len())));
        }
        let next = digits.parse().map_err(|_| refused("its digits are no number".to_owned()))?;
        // Each number names files. `COM0` is a fine name, and the one that comes next is a device on Windows.
        for name in [text.to_owned(), format!("{prefix}{:0width$}", 1, width = digits.len())] {
            check_segment(&name).map_err(|reason| match reason {
                NotAPath::DeviceName(name) => refused(format!("`{name}` is a device name on Windows")),
                // Its own words would repeat the text, terminal escapes and all.
                _ => refused(
                    "it may only hold letters, digits, `.`, `_` and `-`, and begin with a letter or digit".to_owned(),
                ),
            })?;
        }
        Ok(Self { prefix: prefix.to_owned(), next, width: digits.len() })
    }
}

/// Text that no numbering begins with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot begin Bates numbers: {reason}; write something like ACME0000001")]
pub struct NotBates {
    text: String,
    reason: String,
}

/// There are more numbers than the width has room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatesOverflow {
    prefix: String,
    width: usize,
}

impl fmt::Display for BatesOverflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, width } = self;
        write!(
            f,
            "the Bates numbers after `{prefix}{}` need more than the {width} digits of --bates; begin with more, such as \
             --bates {prefix}{:0wider$}",
            "9".repeat(*width),
            1,
            wider = width.saturating_add(2).min(MAX_WIDTH)
        )
    }
}

/// 80: with folders before it a path stays within what Windows opens.
const MAX_BYTE_LEN: usize = 80;
/// 18: every number of that width fits 64 bits.
const MAX_WIDTH: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_at_the_end_say_where_it_begins_and_how_wide_it_is() {
        let mut bates: Bates = "ACME-2_b.0998".parse().unwrap();
        let numbers: Vec<String> = (0..3).map(|_| bates.take().unwrap()).collect();
        assert_eq!(numbers, ["ACME-2_b.0998", "ACME-2_b.0999", "ACME-2_b.1000"]);
        assert_eq!("007".parse::<Bates>().unwrap().take().unwrap(), "007");
        assert_eq!("A000".parse::<Bates>().unwrap().take().unwrap(), "A000");
    }

    #[test]
    fn a_number_that_is_too_wide_is_refused_and_the_words_say_so() {
        let mut bates: Bates = "A98".parse().unwrap();
        assert_eq!(bates.take().unwrap(), "A98");
        assert_eq!(bates.take().unwrap(), "A99");
        let error = bates.take().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the Bates numbers after `A99` need more than the 2 digits of --bates; begin with more, such as --bates A0001"
        );
        assert_eq!(bates.take(), Err(error));
        let mut widest: Bates = format!("A{}", "9".repeat(18)).parse().unwrap();
        assert!(widest.take().is_ok() && widest.take().is_err());
    }

    #[test]
    fn what_would_not_name_a_file_is_refused() {
        let wide = format!("A{}", "0".repeat(19));
        let long = format!("{}1", "A".repeat(80));
        for text in
            ["", "ACME", "A B1", "../1", "a/1", "-1", ".1", "é1", "A\u{1b}1", "COM1", "COM0", "lpt9", &wide, &long]
        {
            let error = text.parse::<Bates>().unwrap_err().to_string();
            assert!(!error.contains('\u{1b}'), "{error:?}");
        }
        assert!("COM01".parse::<Bates>().is_ok());
    }

    #[test]
    fn digits_of_a_matter_are_not_counted() {
        let mut bates = Bates::of_matter(&"ACME-2026-014".parse().unwrap());
        assert_eq!(bates.take().unwrap(), "ACME-2026-014-00000001");
        assert_eq!(bates.take().unwrap(), "ACME-2026-014-00000002");
    }
}
