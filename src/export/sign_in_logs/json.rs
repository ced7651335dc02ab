//! JSON as it stands in a cell: in one line, safe to show, readable by the strict and the lenient alike.
//!
//! The value stays what it was, with two exceptions that readers of JSON disagree on and that would make some of them refuse the
//! whole file: half a surrogate pair becomes U+FFFD, and a number beyond binary64 becomes a string of its digits. Numbers
//! otherwise keep the service's own spelling, since rules compare coordinates as text.

use std::borrow::Cow;

use crate::codec::json::{Json, Shape};
use crate::codec::visible::is_unseen;

/// Appends a JSON value without the space between its tokens, the members named in `first` in that order before the others.
pub(super) fn compact(out: &mut String, value: Json<'_>, first: &[&str]) {
    if first.is_empty() || value.shape() != Shape::Object {
        return retell(out, value.raw());
    }
    let mut members: Vec<(Cow<'_, str>, Json<'_>)> =
        value.members().map(|(name, value)| (name.spelled(), value)).collect();
    members.sort_by_key(|(name, _)| first.iter().position(|known| *known == name).unwrap_or(first.len()));
    out.push('{');
    for (place, (name, value)) in members.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        quote(out, &name);
        out.push(':');
        compact(out, value, first);
    }
    out.push('}');
}

/// Appends a text as a JSON string; what nobody would see is escaped.
pub(in crate::export) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if is_unseen(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Says whether a value says nothing: `null`, an empty string, list or object.
pub(super) fn is_silent(value: Json<'_>) -> bool {
    match value.shape() {
        Shape::Array => value.items().next().is_none(),
        Shape::Bool(_) | Shape::Number(_) => false,
        Shape::Null => true,
        Shape::Object => value.members().next().is_none(),
        Shape::Text(text) => text.raw().is_empty(),
    }
}

/// Appends a JSON value, token by token.
fn retell(out: &mut String, spelled: &str) {
    let mut rest = spelled;
    while let Some(c) = rest.chars().next() {
        let token = match c {
            '"' => string_len(rest),
            '-' | '0'..='9' => rest.find(|c: char| !is_of_number(c)).unwrap_or(rest.len()),
            _ => c.len_utf8(),
        };
        let (token, behind) = rest.split_at_checked(token).unwrap_or((rest, ""));
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '"' if token.contains(|c: char| c == '\\' || is_unseen(c)) => {
                if let Some(Shape::Text(text)) = Json::read(token.as_bytes()).map(Json::shape) {
                    quote(out, &text.spelled());
                }
            }
            '-' | '0'..='9' if !token.parse::<f64>().is_ok_and(f64::is_finite) => quote(out, token),
            _ => out.push_str(token),
        }
        rest = behind;
    }
}

/// Returns the length of the string that a text begins with, quotes and all.
pub(in crate::export) fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E')
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn compacted(spelled: &str, first: &[&str]) -> String {
        let mut out = String::new();
        compact(&mut out, Json::read(spelled.as_bytes()).unwrap(), first);
        out
    }

    #[test]
    fn the_value_stays_what_it_was() {
        let spelled = "{ \"a\" : [ 1.50 , -0, 1e5, true,null ],\r\n\t\"b\\u0041\\\"\":{\"c\\\\\":\"\\u0000\\/ é 息\u{202e}\u{e0041}\"} }";
        let compacted = compacted(spelled, &[]);
        let expected = r#"{"a":[1.50,-0,1e5,true,null],"bA\"":{"c\\":"\u0000/ é 息\u202e\udb40\udc41"}}"#;
        assert_eq!(compacted, expected);
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(&compacted), value(spelled));
    }

    #[test]
    fn what_readers_disagree_on_is_made_harmless() {
        assert_eq!(
            compacted(r#"["\ud800x","\ud83d\ude00",1e400,-1E+999]"#, &[]),
            "[\"\u{fffd}x\",\"😀\",\"1e400\",\"-1E+999\"]"
        );
    }

    #[test]
    fn known_members_come_first_at_every_level() {
        let spelled = r#"{"x":1,"geo":{"altitude":null,"lon":2.50,"lat":1},"city":"C","x":2}"#;
        let first = ["city", "geo", "lat", "lon"];
        assert_eq!(
            compacted(spelled, &first),
            r#"{"city":"C","geo":{"lat":1,"lon":2.50,"altitude":null},"x":1,"x":2}"#
        );
        assert_eq!(compacted(" 7 ", &first), "7");
    }

    #[test]
    fn what_says_nothing_is_known() {
        for spelled in ["null", "\"\"", "[]", "[ ]", "{}", "{\n}"] {
            assert!(is_silent(Json::read(spelled.as_bytes()).unwrap()), "{spelled}");
        }
        for spelled in ["false", "0", "\" \"", "[null]", "{\"a\":1}"] {
            assert!(!is_silent(Json::read(spelled.as_bytes()).unwrap()), "{spelled}");
        }
    }
}
