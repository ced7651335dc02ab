//! A record as text that people read and search: its JSON, indented, each member in a line of its own.
//!
//! Separate from the formats because it is about reading alone. Escapes become the characters they stand for, unless nobody
//! would see these: such stay escapes, so that text neither steers a device nor hides. Half a surrogate pair becomes U+FFFD.
//! The text is JSON still, of the same value; its bytes are not those of the record.

use super::sign_in_logs::json::{quote, string_len};
use crate::codec::json::{Json, Shape};
use crate::codec::visible::visible_line;

/// Writes a record as indented text. What is no JSON comes out too, made visible.
#[must_use]
pub(super) fn readable(record: &[u8]) -> String {
    let spelled = String::from_utf8_lossy(record);
    let mut text = String::with_capacity(spelled.len().saturating_mul(2));
    let mut rest: &str = &spelled;
    let mut depth: usize = 0;
    let mut is_empty = false;
    while let Some(c) = rest.chars().next() {
        let len = if c == '"' { string_len(rest) } else { c.len_utf8() };
        let (token, behind) = rest.split_at_checked(len).unwrap_or((rest, ""));
        rest = behind;
        if c.is_ascii_whitespace() {
            continue;
        }
        let ends = matches!(c, '}' | ']');
        if ends {
            depth = depth.saturating_sub(1);
        }
        // Nothing stands between the brackets of an empty list.
        if is_empty != ends {
            begin_line(&mut text, depth);
        }
        is_empty = matches!(c, '{' | '[');
        match c {
            '"' => match Json::read(token.as_bytes()).map(Json::shape) {
                Some(Shape::Text(string)) => quote(&mut text, &string.spelled()),
                _ => text.push_str(&visible_line(token)),
            },
            ',' => {
                text.push(',');
                begin_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => text.push_str(&visible_line(token)),
        }
        if is_empty {
            depth = depth.saturating_add(1);
        }
    }
    text
}

fn begin_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth.min(MAX_INDENT)));
}

/// 16: a record that nests deeper was written to make copies large.
const MAX_INDENT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_a_line_and_the_value_stays() {
        let record = br#"{"id":"M\u00fcller\t","list":[ 1, -2.50e3 ],"none":{},"empty":[ ],"deep":{"a":[{"b":null}]}}"#;
        let text = readable(record);
        let expected = "{\n  \"id\": \"Müller\\u0009\",\n  \"list\": [\n    1,\n    -2.50e3\n  ],\n  \"none\": {},\n  \
            \"empty\": [],\n  \"deep\": {\n    \"a\": [\n      {\n        \"b\": null\n      }\n    ]\n  }\n}";
        assert_eq!(text, expected);
        let (was, is): (serde_json::Value, serde_json::Value) =
            (serde_json::from_slice(record).unwrap(), serde_json::from_str(&text).unwrap());
        assert_eq!(was, is);
    }

    #[test]
    fn nothing_steers_hides_or_passes_for_a_member() {
        let text =
            readable("{\"a\":\"x\\\",\\n\\\"status\\\":0\",\"b\":\"\\u001b[2J\u{202e}\u{2028}\\u0000\"}".as_bytes());
        assert_eq!(
            text,
            "{\n  \"a\": \"x\\\",\\u000a\\\"status\\\":0\",\n  \"b\": \"\\u001b[2J\\u202e\\u2028\\u0000\"\n}"
        );
        assert!(readable(br#""\ud800""#).contains('\u{fffd}'));
        assert_eq!(readable(b"\xff\x1b\"open"), "\u{fffd}\\u{1b}\"open");
    }

    #[test]
    fn deep_records_stay_small() {
        assert!(readable("[".repeat(10_000).as_bytes()).len() < 10_000 * 40);
    }
}
