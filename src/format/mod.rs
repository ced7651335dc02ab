//! The nouns of FORMAT.md, one file each: what a document holds, how it is written, and what a reader refuses.
//!
//! Pure: bytes in, bytes out. This is the only part that the collector and the verifier have in common, together with the
//! standards below it. Encoding is canonical (FORMAT §2): [`decode`] parses, encodes again, and compares, so that white space,
//! repeated members, other escapes and other spellings of a number are all refused by one rule.

pub mod bag;
pub mod checkpoint;
pub mod event;
pub mod exhibit;
pub mod failure;
pub mod genesis;
pub mod identifier;
pub mod kind;
pub mod ledger;
pub mod limits;
pub mod line;
pub mod page;
pub mod parts;
pub mod path;
pub mod renewal;
pub mod seal;
pub mod statement;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version of FORMAT.md that this crate writes and reads.
pub const FORMAT_VERSION: &str = "1";

/// A canonical JSON document with a role (FORMAT §6).
pub trait Document: Serialize + DeserializeOwned {
    /// The value of `type`, one for each role.
    const TYPE: &'static str;
    /// The most bytes a reader accepts (FORMAT §15).
    const MAX_BYTE_LEN: u64;
}

/// Returns the canonical bytes of `document`.
///
/// # Errors
///
/// [`FormatError::TooLong`] when it is longer than a reader accepts.
pub fn encode<D: Document>(document: &D) -> Result<Vec<u8>, FormatError> {
    let bytes = serde_json::to_vec(document).map_err(|error| FormatError::Malformed(error.to_string()))?;
    check_len::<D>(&bytes)?;
    Ok(bytes)
}

/// Reads a document whose role the reader knows from its path, and refuses all but its one canonical encoding.
///
/// # Errors
///
/// [`FormatError::WrongType`] when it does not begin as the role demands, checked before anything is parsed;
/// [`FormatError::TooLong`], [`FormatError::Malformed`] or [`FormatError::NotCanonical`] otherwise.
pub fn decode<D: Document>(bytes: &[u8]) -> Result<D, FormatError> {
    let prefix = format!("{{\"type\":\"{}\",", D::TYPE);
    if !bytes.starts_with(prefix.as_bytes()) {
        return Err(FormatError::WrongType { expected: D::TYPE });
    }
    check_len::<D>(bytes)?;
    let text = str::from_utf8(bytes).map_err(|error| FormatError::Malformed(error.to_string()))?;
    let document: D = serde_json::from_str(text).map_err(|error| FormatError::Malformed(error.to_string()))?;
    let canonical = serde_json::to_vec(&document).map_err(|error| FormatError::Malformed(error.to_string()))?;
    if let Some(offset) = first_difference(bytes, &canonical) {
        return Err(FormatError::NotCanonical { offset });
    }
    match oversized_integer(text) {
        Some(integer) => Err(FormatError::Malformed(format!("integer {integer} is above 2^53 - 1"))),
        None => Ok(document),
    }
}

/// Why bytes are not the document they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Not JSON, a member missing, unknown, repeated or of another type, or a value outside its range.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The same values in another spelling: white space, member order, escapes.
    #[error("not in canonical form from byte {offset} on")]
    NotCanonical {
        /// The first byte that differs from the canonical encoding.
        offset: usize,
    },
    /// Longer than FORMAT §15 allows.
    #[error("{byte_len} bytes long, at most {max_byte_len} are allowed")]
    TooLong {
        /// The document's length.
        byte_len: u64,
        /// The limit.
        max_byte_len: u64,
    },
    /// A document of another role, or none at all.
    #[error("does not begin as a `{expected}` document")]
    WrongType {
        /// The type that the role demands.
        expected: &'static str,
    },
}

fn check_len<D: Document>(bytes: &[u8]) -> Result<(), FormatError> {
    let byte_len = bytes.len() as u64;
    if byte_len > D::MAX_BYTE_LEN {
        return Err(FormatError::TooLong { byte_len, max_byte_len: D::MAX_BYTE_LEN });
    }
    Ok(())
}

fn first_difference(left: &[u8], right: &[u8]) -> Option<usize> {
    let common = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    (common < left.len() || common < right.len()).then_some(common)
}

/// Finds an integer above 2^53 - 1 outside strings; `text` is canonical JSON.
fn oversized_integer(text: &str) -> Option<&str> {
    let mut in_string = false;
    let mut escaped = false;
    let mut start = None;
    for (offset, byte) in text.bytes().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_digit() {
            start.get_or_insert(offset);
        } else {
            let integer = start.take().and_then(|start: usize| text.get(start..offset));
            if integer.is_some_and(|digits| digits.parse::<u64>().map_or(true, |value| value > MAX_INTEGER)) {
                return integer;
            }
            in_string = byte == b'"';
        }
    }
    None
}

/// 2^53 - 1: the greatest integer that every JSON reader keeps exactly (FORMAT §2, RFC 8259 §6).
const MAX_INTEGER: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use super::genesis::Genesis;
    use super::*;

    fn genesis() -> Vec<u8> {
        encode(&genesis::example()).unwrap()
    }

    fn replaced(from: &str, to: &str) -> Vec<u8> {
        let text = String::from_utf8(genesis()).unwrap();
        assert!(text.contains(from), "`{from}` is in the example");
        text.replacen(from, to, 1).into_bytes()
    }

    #[test]
    fn decoding_inverts_encoding() {
        assert_eq!(decode::<Genesis>(&genesis()), Ok(genesis::example()));
    }

    #[test]
    fn another_spelling_of_the_same_values_is_refused() {
        for (from, to) in [
            ("{\"type\":\"signhold/genesis/v1\",", "{\"type\":\"signhold/genesis/v1\", "),
            ("\"simulated\":", "\"simulat\\u0065d\":"),
            ("\"top\":1000", "\"top\":1e3"),
            ("\"operator\":", "\"operator\" :"),
        ] {
            assert!(decode::<Genesis>(&replaced(from, to)).is_err(), "{to}");
        }
        let mut trailing = genesis();
        trailing.push(b'\n');
        assert!(matches!(decode::<Genesis>(&trailing), Err(FormatError::NotCanonical { .. })));
    }

    #[test]
    fn a_missing_null_is_not_canonical() {
        let bytes = replaced("\"title\":\"Phishing against accounts payable\",", "");
        assert!(matches!(decode::<Genesis>(&bytes), Err(FormatError::NotCanonical { .. })));
    }

    #[test]
    fn unknown_and_repeated_members_are_refused() {
        for (from, to) in
            [("\"simulated\":", "\"extra\":1,\"simulated\":"), ("\"simulated\":", "\"simulated\":false,\"simulated\":")]
        {
            assert!(matches!(decode::<Genesis>(&replaced(from, to)), Err(FormatError::Malformed(_))), "{to}");
        }
    }

    #[test]
    fn a_document_of_another_role_is_refused_before_parsing() {
        assert_eq!(
            decode::<Genesis>(b"{\"type\":\"signhold/seal/v1\",\"..."),
            Err(FormatError::WrongType { expected: "signhold/genesis/v1" })
        );
    }

    #[test]
    fn integers_above_2_to_the_53_are_refused() {
        assert!(decode::<Genesis>(&replaced("\"top\":1000", "\"top\":9007199254740991")).is_ok());
        assert!(decode::<Genesis>(&replaced("\"top\":1000", "\"top\":9007199254740992")).is_err());
    }
}
