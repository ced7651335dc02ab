//! Making strangers' text harmless for programs that calculate with cells.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, also where these are written full width, and a
//! formula can call programs and send what stands in other cells elsewhere. The rules, in this order:
//!
//! 1. A character that nobody would see ([`is_unseen`]: controls, direction marks, line ends, tabs) is written `\u{…}`.
//! 2. A character that begins a formula is written `\u{…}` too where it follows a semicolon (and white space or quotes): a reader
//!    that takes semicolons for the ends of cells would begin one there.
//! 3. Text that is longer than [`LONGEST`] is cut there, and ends in `…`.
//! 4. Text that begins, after white space, with a character that begins a formula, or with `'`, gets a `'` before it. To read it
//!    back, take away one `'`.
//!
//! Which of them changed a cell is told by [`Change`]; the exact bytes stand elsewhere in the copy.

use std::borrow::Cow;

use crate::codec::visible::is_unseen;

/// What a rule did to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The end was cut off.
    Cut,
    /// A `'` stands before it.
    Quoted,
    /// Characters are written as `\u{…}`.
    Visible,
}

impl Change {
    /// Returns it in a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Quoted => "quoted",
            Self::Visible => "visible",
        }
    }
}

/// Makes a text harmless, and says what that changed.
#[must_use]
pub fn harmless(text: &str) -> (Cow<'_, str>, Vec<Change>) {
    let mut changes = Vec::new();
    let mut harmless = Cow::Borrowed(text);
    if text.chars().any(is_unseen) || begins_formula_after_semicolon(text) {
        harmless = Cow::Owned(visible(text));
        changes.push(Change::Visible);
    }
    if let Some((end, _)) = harmless.char_indices().nth(LONGEST) {
        harmless = Cow::Owned(format!("{}…", harmless.get(..end).unwrap_or_default()));
        changes.push(Change::Cut);
    }
    let first = harmless.trim_start().chars().next();
    if first.is_some_and(|c| begins_formula(c) || c == '\'') {
        harmless = Cow::Owned(format!("'{harmless}"));
        changes.push(Change::Quoted);
    }
    (harmless, changes)
}

/// Says whether a text can stand in a cell as it is, however long it is.
#[must_use]
pub fn is_harmless(text: &str) -> bool {
    let first = text.trim_start().chars().next();
    !first.is_some_and(|c| begins_formula(c) || c == '\'')
        && !text.chars().any(is_unseen)
        && !begins_formula_after_semicolon(text)
}

fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut is_after_semicolon = false;
    for c in text.chars() {
        if is_unseen(c) || (is_after_semicolon && begins_formula(c)) {
            seen.extend(c.escape_unicode());
        } else {
            seen.push(c);
        }
        is_after_semicolon = c == ';' || (is_after_semicolon && is_between(c));
    }
    seen
}

fn begins_formula_after_semicolon(text: &str) -> bool {
    let mut parts = text.split(';');
    parts.next();
    parts.any(|part| part.trim_start_matches(is_between).starts_with(begins_formula))
}

/// What may stand between a semicolon and the beginning of a cell.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c == '"' || c == '\'' || is_unseen(c)
}

/// Says whether a spreadsheet may take what begins so for a formula. The last eight are full width and small forms.
fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫')
}

/// 32,000 characters: spreadsheets hold 32,767 in a cell.
pub const LONGEST: usize = 32_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_a_formula_does_not_any_more_and_can_be_read_back() {
        for text in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1", "  =1", "\u{3000}＠x", "'=1", "'"] {
            let (cell, changes) = harmless(text);
            assert_eq!((cell.as_ref(), changes.as_slice()), (format!("'{text}").as_str(), &[Change::Quoted][..]));
            assert_eq!(cell.strip_prefix('\''), Some(text));
            assert!(!is_harmless(text));
        }
    }

    #[test]
    fn nothing_unseen_stays() {
        let (cell, changes) = harmless("\t=1\r\n\u{202e}x\0");
        assert_eq!(cell, "\\u{9}=1\\u{d}\\u{a}\\u{202e}x\\u{0}");
        assert_eq!(changes, [Change::Visible]);
    }

    #[test]
    fn a_reader_that_splits_at_semicolons_finds_no_formula_either() {
        for (text, expected) in [
            ("a;=1", "a;\\u{3d}1"),
            ("a; \"=1", "a; \"\\u{3d}1"),
            ("a;\t＝1", "a;\\u{9}\\u{ff1d}1"),
            ("a;;'+1;-2", "a;;'\\u{2b}1;\\u{2d}2"),
        ] {
            assert_eq!(harmless(text).0, expected);
            assert!(!is_harmless(text));
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let long = "é".repeat(LONGEST);
        for text in ["", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) a=b", "Müller 息 🚀", "a, -b", "1-2", &long] {
            assert!(matches!(harmless(text), (Cow::Borrowed(same), changes) if same == text && changes.is_empty()));
            assert!(is_harmless(text));
        }
    }

    #[test]
    fn a_text_of_a_megabyte_is_cut_between_characters() {
        let text = "=é".repeat(1 << 19);
        let (cell, changes) = harmless(&text);
        assert_eq!(cell.chars().count(), LONGEST + 2);
        assert!(cell.starts_with("'=é") && cell.ends_with('…'));
        assert_eq!(changes, [Change::Cut, Change::Quoted]);
    }
}
