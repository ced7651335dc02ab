//! A way into one JSON value as it stands: nothing is decoded, reordered or dropped before it is asked for.
//!
//! For what is made of records and has to show them as they are: members that stand there twice, numbers as they are spelled,
//! lone surrogates. The text was held against the grammar once ([`Json::read`]); after that each step scans from where it
//! stands, without recursion and without memory.

use std::borrow::Cow;

use super::is_single_json_value;
use super::scan::{Literal, Scan, hex_unit};

/// One JSON value, from its first byte to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<'a> {
    /// `[…]`, see [`Json::items`].
    Array,
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// A number, as it is spelled.
    Number(&'a str),
    /// `{…}`, see [`Json::members`].
    Object,
    /// A string.
    Text(Text<'a>),
}

/// A string or the name of a member, as it stands between its quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Json<'a> {
    /// Takes bytes that are UTF-8 and exactly one JSON value; `None` for all others, and for what is nested too deep
    /// ([`super::MAX_DEPTH`]).
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok().filter(|text| is_single_json_value(text.as_bytes()))?;
        Some(Self(text.trim_matches([' ', '\t', '\n', '\r'])))
    }

    /// Returns the value as it stands.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// Says what it is.
    #[must_use]
    pub fn shape(self) -> Shape<'a> {
        match self.0.as_bytes().first() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => self.scan().string(1).map_or(Shape::Null, |(_, literal)| Shape::Text(literal.into())),
            Some(b't') => Shape::Bool(true),
            Some(b'f') => Shape::Bool(false),
            Some(b'n') | None => Shape::Null,
            Some(_) => Shape::Number(self.0),
        }
    }

    /// Returns the members of an object in the order they stand there, also those of one name; none of anything else.
    pub fn members(self) -> impl Iterator<Item = (Text<'a>, Self)> + use<'a> {
        let scan = self.scan();
        let mut next = self.inside(b'{', b'}');
        std::iter::from_fn(move || {
            let (at, name) = scan.key(next?).ok()?;
            let value = self.value_at(at, b'}', &mut next)?;
            Some((name.into(), value))
        })
    }

    /// Returns the elements of an array; none of anything else.
    pub fn items(self) -> impl Iterator<Item = Self> + use<'a> {
        let mut next = self.inside(b'[', b']');
        std::iter::from_fn(move || {
            let at = next?;
            self.value_at(at, b']', &mut next)
        })
    }

    /// Returns every value of the members of that name, in order.
    pub fn all(self, name: &str) -> impl Iterator<Item = Self> {
        self.members().filter(move |(key, _)| key.spells(name)).map(|(_, value)| value)
    }

    /// Returns the value of the member of that name, if there is exactly one.
    #[must_use]
    pub fn only(self, name: &str) -> Option<Self> {
        let mut all = self.all(name);
        let first = all.next();
        first.filter(|_| all.next().is_none())
    }

    fn scan(self) -> Scan<'a> {
        Scan::new(self.0, "")
    }

    /// Returns where the first member or element begins, if this opens with that bracket and holds any.
    fn inside(self, open: u8, close: u8) -> Option<usize> {
        if self.scan().byte(0) != Some(open) {
            return None;
        }
        let (at, more) = self.scan().open(0, close);
        more.then_some(at)
    }

    /// Takes the value that begins at `at`, and says where the next member or element begins.
    fn value_at(self, at: usize, close: u8, next: &mut Option<usize>) -> Option<Self> {
        let end = self.scan().value(at, 0).ok()?;
        let (following, more) = self.scan().next_or_close(end, close).ok()?;
        *next = more.then_some(following);
        self.0.get(at..end).map(Self)
    }
}

impl<'a> Text<'a> {
    /// Returns what stands between the quotation marks, escapes and all.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// Returns the text it spells; a lone surrogate, which is no character, becomes U+FFFD.
    #[must_use]
    pub fn spelled(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// Returns the text it spells; none where a lone surrogate makes it no text.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        if self.escaped {
            Literal { raw: self.raw, escaped: true }.unescape().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(self.raw))
        }
    }

    /// Says whether it spells this; one with a lone surrogate spells nothing.
    #[must_use]
    pub fn spells(self, text: &str) -> bool {
        self.text().is_some_and(|spelled| spelled == text)
    }
}

impl<'a> From<Literal<'a>> for Text<'a> {
    fn from(literal: Literal<'a>) -> Self {
        Self { raw: literal.raw, escaped: literal.escaped }
    }
}

fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let Some(kind) = escape.chars().next() else { break };
        rest = escape.get(kind.len_utf8()..).unwrap_or_default();
        text.push(match kind {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => unit_or_pair(&mut rest),
            itself => itself,
        });
    }
    text.push_str(rest);
    text
}

/// Reads what follows `\u`: one unit of UTF-16, and the second of its pair only where both make a character.
fn unit_or_pair(rest: &mut &str) -> char {
    let Some(first) = hex_unit(rest) else { return char::REPLACEMENT_CHARACTER };
    if let Some(c) = char::from_u32(first.into()) {
        return c;
    }
    let mut behind = *rest;
    let second = behind.strip_prefix("\\u").and_then(|digits| {
        behind = digits;
        hex_unit(&mut behind)
    });
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next().and_then(Result::ok));
    if pair.is_some() {
        *rest = behind;
    }
    pair.unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Json<'_> {
        Json::read(text.as_bytes()).expect("one JSON value")
    }

    #[test]
    fn members_come_as_they_stand_there_twice_and_in_order() {
        let json = read(" {\"a\" : 1e400, \"b\":[ ] ,\"a\":\"\\ud800x\", \"\\u0061\":{\"a\":null}} ");
        let members: Vec<(&str, &str)> = json.members().map(|(name, value)| (name.raw(), value.raw())).collect();
        assert_eq!(members, [("a", "1e400"), ("b", "[ ]"), ("a", "\"\\ud800x\""), ("\\u0061", "{\"a\":null}")]);
        let all: Vec<&str> = json.all("a").map(Json::raw).collect();
        assert_eq!(all, ["1e400", "\"\\ud800x\"", "{\"a\":null}"]);
        assert_eq!((json.only("a"), json.only("b").map(Json::raw), json.only("c")), (None, Some("[ ]"), None));
    }

    #[test]
    fn shapes_are_those_of_rfc_8259() {
        let json = read("[{}, [], \"x\", -0.5e1, true, false, null]");
        let shapes: Vec<Shape<'_>> = json.items().map(Json::shape).collect();
        let text = Shape::Text(Text { raw: "x", escaped: false });
        let others = [Shape::Number("-0.5e1"), Shape::Bool(true), Shape::Bool(false), Shape::Null];
        assert_eq!(shapes, [&[Shape::Object, Shape::Array, text], &others[..]].concat());
        assert_eq!(read("{}").members().count() + read("[ ]").items().count() + read("7").items().count(), 0);
        assert_eq!(read("[1]").members().count() + read("{\"a\":1}").items().count(), 0);
    }

    #[test]
    fn escapes_spell_what_they_stand_for() {
        for (raw, spelled) in [
            (r#""plain""#, "plain"),
            (r#""\b\f\n\r\t\"\\\/""#, "\u{8}\u{c}\n\r\t\"\\/"),
            (r#""\u00e9\ud83d\ude00""#, "é😀"),
            (r#""\ud83dx\ude00\ud83d\u0041""#, "\u{fffd}x\u{fffd}\u{fffd}A"),
        ] {
            let Shape::Text(text) = read(raw).shape() else { panic!("{raw} is a string") };
            assert_eq!(text.spelled(), spelled);
            let is_text = !spelled.contains('\u{fffd}');
            assert_eq!((text.spells(spelled), text.text().is_some()), (is_text, is_text), "{raw}");
        }
    }

    #[test]
    fn what_is_not_one_value_is_not_read() {
        let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
        for text in ["", " ", "{", "{} {}", "{'a':1}", "nul", deep.as_str()] {
            assert_eq!(Json::read(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Json::read(b"\"\xff\""), None);
    }
}
