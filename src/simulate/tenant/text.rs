//! A string in both of its forms: what it means, for filters, and how it stands in JSON, for bytes.

use std::fmt::Write;

/// A string and its JSON form without the quotes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Text {
    meaning: String,
    json: String,
}

impl Text {
    /// Escapes `meaning` the way the service does.
    ///
    /// Quotes, backslashes and control characters as RFC 8259 demands, and U+00A0 as `\u00a0` (graph-api §9.25); all other
    /// characters, bidirectional controls among them, stand as UTF-8.
    pub(crate) fn new(meaning: impl Into<String>) -> Self {
        let meaning = meaning.into();
        let mut json = String::with_capacity(meaning.len());
        for character in meaning.chars() {
            match character {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\n' => json.push_str("\\n"),
                '\r' => json.push_str("\\r"),
                '\t' => json.push_str("\\t"),
                '\u{0}'..='\u{1f}' | '\u{7f}' | '\u{a0}' => {
                    // Writing to a String cannot fail.
                    let _ = write!(json, "\\u{:04x}", u32::from(character));
                }
                _ => json.push(character),
            }
        }
        Self { meaning, json }
    }

    /// Returns what the string means.
    pub(crate) fn meaning(&self) -> &str {
        &self.meaning
    }

    /// Returns the JSON form without the quotes.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn the_json_form_reads_back_as_the_meaning() {
        for meaning in ["plain", "\u{1b}[2J\u{7}", "a\"b\\c\r\n\t", "non\u{a0}break", "\u{202e}gpj.exe", "Zoë Müller"]
        {
            let text = Text::new(meaning);
            let read: String = serde_json::from_str(&format!("\"{}\"", text.json())).unwrap();
            assert_eq!(read, meaning);
        }
    }

    #[test]
    fn no_break_space_and_escape_are_written_as_escapes() {
        assert_eq!(Text::new("\u{a0}\u{1b}").json(), "\\u00a0\\u001b");
    }
}
