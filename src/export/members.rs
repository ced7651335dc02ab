//! A record, read member by member without changing a byte of any value.
//!
//! JSON readers differ on members that stand twice and on strings that spell no text. Here neither is resolved in silence: the
//! first has no value, and of the second the spelling is given. What cannot be read at all stays whole in the copy's raw form.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of a JSON object, in order, names unescaped.
#[derive(Debug, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A member that was looked for.
#[derive(Clone, Copy, Debug)]
pub enum Member<'a> {
    /// It is not there.
    Absent,
    /// Its value, as it is spelled.
    One(&'a str),
    /// It stands there more than once: readers differ in which they take.
    Repeated,
}

/// A JSON value, told by how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// An array or an object, as it is spelled.
    Compound(&'a str),
    /// `null`.
    Null,
    /// A number, as it is spelled.
    Number(&'a str),
    /// A string that holds half a surrogate pair and so spells no text; with quotes and escapes.
    NoText(&'a str),
    /// A string, unescaped.
    Text(Cow<'a, str>),
}

impl<'a> Members<'a> {
    /// Reads an element; `None` where it is no object, or its names spell no text.
    #[must_use]
    pub fn read(element: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(element).ok()
    }

    /// Reads an object inside another.
    #[must_use]
    pub fn of(spelled: &'a str) -> Option<Self> {
        serde_json::from_str(spelled).ok()
    }

    /// Looks for a member.
    #[must_use]
    pub fn find(&self, name: &str) -> Member<'a> {
        let mut found = self.0.iter().filter(|(held, _)| held == name).map(|(_, raw)| *raw);
        match (found.next(), found.next()) {
            (None, _) => Member::Absent,
            (Some(raw), None) => Member::One(raw.get()),
            (Some(_), Some(_)) => Member::Repeated,
        }
    }

    /// Returns names and spelled values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (name.as_ref(), raw.get()))
    }
}

impl<'a> Value<'a> {
    /// Tells what a value is that was spelled by [`Members`].
    #[must_use]
    pub fn of(spelled: &'a str) -> Self {
        match spelled.as_bytes().first() {
            Some(b'"') => match serde_json::from_str::<Text<'a>>(spelled) {
                Ok(Text(text)) => Self::Text(text),
                Err(_) => Self::NoText(spelled),
            },
            Some(b'{' | b'[') => Self::Compound(spelled),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(spelled),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(USUAL_MEMBERS);
        while let Some((Text(name), raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            members.push((name, raw));
        }
        Ok(Members(members))
    }
}

/// A string that borrows what needs no unescaping.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// 80: a sign-in has 77.
const USUAL_MEMBERS: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_spelling_and_repeated_members_have_none() {
        let element = br#"{"a":1e400,"b":{"c":[1, 2]},"t":"x\u0000\"","a\u0062":true,"d":null,"d":null,"h":"\ud800"}"#;
        let members = Members::read(element).unwrap();
        let value = |name| match members.find(name) {
            Member::One(spelled) => Value::of(spelled),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(value("a"), Value::Number("1e400"));
        assert_eq!(value("b"), Value::Compound(r#"{"c":[1, 2]}"#));
        assert_eq!(value("t"), Value::Text("x\0\"".into()));
        assert_eq!(value("ab"), Value::Bool(true));
        assert_eq!(value("h"), Value::NoText(r#""\ud800""#));
        assert!(matches!(members.find("d"), Member::Repeated));
        assert!(matches!(members.find("c"), Member::Absent));
        assert_eq!(members.iter().count(), 7);
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for element in ["[1]", "7", "\"a\"", "null", r#"{"\ud800":1}"#] {
            assert!(Members::read(element.as_bytes()).is_none(), "{element}");
        }
        let deep = format!("{}{}", "{\"a\":".repeat(126), "1".to_owned() + &"}".repeat(126));
        assert!(Members::read(deep.as_bytes()).is_some());
    }
}
