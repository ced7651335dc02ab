//! What an exhibit tells of records that it does not show: their identifiers, principal names and addresses, where the signed
//! documents that come along name them.
//!
//! Apart from the finding of records because it looks the other way. Page records, plan and seal go into an exhibit byte for byte, or
//! their signatures would not hold; a link of the service, or the list of custodians, can name anybody. Whoever hands the exhibit on
//! has to know before. Only what is spelled out, or percent-encoded as in a link, is seen.

use std::collections::{BTreeSet, HashSet};

use crate::codec::json::{Json, Shape};

/// The documents that come along with a page, made ready for many questions.
pub(super) struct Documents {
    /// In small letters, as they stand and with percent-encoding undone.
    texts: Vec<Vec<u8>>,
    /// Every run of so many bytes: most questions end here.
    windows: HashSet<[u8; SHORTEST]>,
}

impl Documents {
    pub(super) fn new<'a>(documents: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let texts: Vec<Vec<u8>> = documents
            .into_iter()
            .flat_map(|bytes| [bytes.to_vec(), percent_decoded(bytes)])
            .map(|text| text.to_ascii_lowercase())
            .collect();
        let windows =
            texts.iter().flat_map(|text| text.windows(SHORTEST)).filter_map(|window| window.first_chunk().copied());
        let windows = windows.collect();
        Self { texts, windows }
    }

    /// Says whether a value stands in one of them.
    pub(super) fn name(&self, value: &str) -> bool {
        let value = value.to_ascii_lowercase();
        let start = value.as_bytes().first_chunk::<SHORTEST>();
        start.is_some_and(|start| self.windows.contains(start))
            && self.texts.iter().any(|text| memchr::memmem::find(text, value.as_bytes()).is_some())
    }
}

/// Returns what of a record tells whose it is, and whence.
pub(super) fn telling(record: &[u8]) -> BTreeSet<String> {
    let Some(json) = Json::read(record) else { return BTreeSet::new() };
    let values = json.members().filter(|(name, _)| MEMBERS.iter().any(|member| name.spells(member)));
    let texts = values.filter_map(|(_, value)| match value.shape() {
        Shape::Text(text) => Some(text.spelled().into_owned()),
        _ => None,
    });
    texts.filter(|text| text.len() >= SHORTEST).collect()
}

/// Undoes percent-encoding (RFC 3986 §2.1); what is none stays as it is.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let escaped = behind.first_chunk::<2>().filter(|_| *first == b'%');
        let byte = escaped
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    decoded
}

/// Members that tell whose a sign-in is, and whence.
const MEMBERS: [&str; 6] = ["id", "userId", "userPrincipalName", "ipAddress", "servicePrincipalId", "correlationId"];
/// 6 bytes: shorter values, such as `::1`, stand everywhere by chance.
const SHORTEST: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelled_out_or_percent_encoded_is_seen() {
        let link = br#"{"next_link":"https://graph/x?$skiptoken=Dana%40Contoso.example-17","created":"2026"}"#;
        let documents = Documents::new([link.as_slice(), b"{}"]);
        for (value, is_named) in [
            ("dana@contoso.example", true),
            ("DANA@contoso.example", true),
            ("contoso.example-17", true),
            ("dana@contoso.examples", false),
            ("203.0.113.45", false),
            ("2026", false),
            ("", false),
        ] {
            assert_eq!(documents.name(value), is_named, "{value}");
        }
        assert!(!Documents::new([]).name("dana@contoso.example"));
    }

    #[test]
    fn of_a_record_that_is_looked_for_which_tells_whose_it_is() {
        let record =
            br#"{"id":"first-id","id":"second-id","ipAddress":"::1","userPrincipalName":"dana@x.example","userId":5,
            "appId":"72782ba9-4490-4f03-8d82-562370ea3566","status":{"id":"inside-it"}}"#;
        assert_eq!(telling(record), ["dana@x.example", "first-id", "second-id"].map(str::to_owned).into());
        assert_eq!((telling(b"[1]"), telling(b"\xff")), (BTreeSet::new(), BTreeSet::new()));
    }
}
