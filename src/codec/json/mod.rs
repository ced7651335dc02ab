//! A strict, one-pass scanner that cuts a page body into its elements (RFC 8259).
//!
//! A page body is `{"@odata.context":…, "value":[ {…}, … ], "@odata.nextLink":"…"}`. The scanner reads the whole of it once,
//! holds it against the grammar, and reports where each element of the top-level `value` array begins and ends; an element is
//! its bytes from the first to the last, without the white space and commas around it. Nothing is repaired, decoded or
//! reordered: duplicate members inside an element, numbers of any size and lone surrogates stay as the service sent them.
//! A body that cannot be cut is not an error: it is kept as one opaque leaf, and [`Unsliceable`] says why.
//!
//! It is our own because the cut decides what a leaf is: the rule must be readable on one screen, must not depend on how a
//! general parser treats duplicates, and must keep up with hashing. Nothing in the body is trusted: no recursion, no indexing,
//! and no memory: each element is handed on as it is met.

#[cfg(test)]
mod agreement;
mod scan;
mod value;

use std::str;

use thiserror::Error;

use self::scan::Scan;
pub use self::value::{Json, Shape, Text};

/// What lies in one page body, besides its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many elements the top-level `value` array has.
    pub element_count: u64,
    /// The top-level `@odata.nextLink`, unescaped; `None` if it is absent or `null`.
    pub next_link: Option<String>,
}

/// One element of the top-level `value` array, of any JSON type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The element from its first to its last byte.
    pub bytes: &'a [u8],
    /// Where the first byte stands in the body.
    pub offset: usize,
    /// The text of its own string member that holds the time, if it has exactly one and that holds no escape.
    pub time: Option<&'a str>,
    /// The text of its own string member `id`, if it has exactly one and that holds no escape.
    pub id: Option<&'a str>,
}

/// Why a body cannot be cut into elements.
///
/// If a body breaks the grammar anywhere, that is the reason; otherwise it is the first of the others in reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsliceable {
    /// The body begins with the byte order mark EF BB BF, which RFC 8259 §8.1 forbids.
    #[error("begins with a byte order mark")]
    ByteOrderMark,
    /// There are two top-level members `@odata.nextLink`, `null` or not.
    #[error("`@odata.nextLink` stands there twice")]
    NextLinkTwice,
    /// `@odata.nextLink` is neither null nor a string that spells Unicode text (it may hold a lone surrogate).
    #[error("`@odata.nextLink` is not a string")]
    NextLinkNotAString,
    /// There is no top-level member `value`: an error answer, or another kind of document.
    #[error("there is no `value`")]
    NoValue,
    /// The body is JSON, but its top level is not an object.
    #[error("the top level is not an object")]
    NotAnObject,
    /// The body breaks the grammar of RFC 8259: often a page of HTML, or a body cut short.
    #[error("not JSON at byte {offset}: expected {expected}")]
    NotJson {
        /// The first byte that does not fit, or the length of the body if that ends too early.
        offset: usize,
        /// What the grammar asks for there.
        expected: &'static str,
    },
    /// The body is not UTF-8.
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that is not part of a UTF-8 sequence.
        offset: usize,
    },
    /// Arrays and objects are nested more than [`MAX_DEPTH`] deep.
    #[error("nested deeper than {MAX_DEPTH} at byte {offset}")]
    TooDeep {
        /// The bracket that opens one level too many.
        offset: usize,
    },
    /// The `value` array has more than [`MAX_ELEMENTS`] elements.
    #[error("more than {MAX_ELEMENTS} elements")]
    TooManyElements,
    /// Something other than white space follows the top-level value.
    #[error("more than one JSON value: trailing bytes at byte {offset}")]
    TrailingData {
        /// The first byte after the top-level value that is not white space.
        offset: usize,
    },
    /// The top-level `value` is not an array.
    #[error("`value` is not an array")]
    ValueNotAnArray,
    /// There are two top-level members `value`; readers differ in which one they take.
    #[error("`value` stands there twice")]
    ValueTwice,
}

/// Cuts `body` into the elements of its top-level `value` array, whose times are in their members `time_member`, and hands each to
/// `take`, in order.
///
/// Whether the body can be cut is known at its end: when this fails, what was taken counts for nothing.
///
/// The whole body is checked: UTF-8, the grammar of RFC 8259, nothing behind it. Names are compared after unescaping, so
/// `"v\u0061lue"` is `value`. Lone surrogates in strings and numbers of any size are accepted as received.
///
/// # Errors
///
/// [`Unsliceable`] says why the body has to stay whole.
pub fn slice_page<'a>(
    body: &'a [u8],
    time_member: &'a str,
    take: impl FnMut(Element<'a>),
) -> Result<Page, Unsliceable> {
    if body.starts_with(BYTE_ORDER_MARK) {
        return Err(Unsliceable::ByteOrderMark);
    }
    let text = str::from_utf8(body).map_err(|error| Unsliceable::NotUtf8 { offset: error.valid_up_to() })?;
    Scan::new(text, time_member).page(take)?
}

/// Says whether `bytes` are UTF-8 and exactly one JSON value, with nothing but white space around it.
#[must_use]
pub fn is_single_json_value(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| {
        let scan = Scan::new(text, "");
        scan.value(scan.space(0), 0).and_then(|at| scan.end(at)).is_ok()
    })
}

/// 128 open brackets: Graph sign-ins nest 6 deep; `serde_json`, the reader most likely to be used beside us, stops at 127.
pub const MAX_DEPTH: usize = 128;

/// 500,000 elements: the documented maximum of one Log Analytics answer, and 500 times that of a Graph page (999).
pub const MAX_ELEMENTS: u64 = 500_000;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    const TIME: &str = "createdDateTime";

    fn cut(body: &[u8]) -> Result<(Page, Vec<Element<'_>>), Unsliceable> {
        let mut elements = Vec::new();
        slice_page(body, TIME, |element| elements.push(element)).map(|page| (page, elements))
    }

    fn texts(body: &str) -> Vec<&str> {
        let (page, elements) = cut(body.as_bytes()).expect("the body can be cut");
        assert_eq!(page.element_count, u64::try_from(elements.len()).unwrap());
        elements.iter().map(|element| str::from_utf8(element.bytes).expect("cut from UTF-8")).collect()
    }

    fn refusal(body: &[u8]) -> Unsliceable {
        cut(body).expect_err("the body cannot be cut")
    }

    #[test]
    fn page_is_cut_into_its_elements_and_next_link() {
        let body = r#"{"@odata.context":"c","value":[{"id":"a","createdDateTime":"2026-01-02T03:04:05Z","n":{"id":"x"}}],
            "@odata.nextLink":"https://h/?a=1\u0026b=\"2\"\ud83d\ude00\/"}"#;
        let (page, elements) = cut(body.as_bytes()).expect("a good page");
        assert_eq!(page.next_link.as_deref(), Some("https://h/?a=1&b=\"2\"\u{1F600}/"));
        let [element] = elements.as_slice() else { panic!("one element") };
        assert_eq!(element.id, Some("a"));
        assert_eq!(element.time, Some("2026-01-02T03:04:05Z"));
        assert_eq!(
            body.get(element.offset..element.offset + element.bytes.len()).map(str::as_bytes),
            Some(element.bytes)
        );
    }

    #[test]
    fn space_and_commas_between_elements_belong_to_none() {
        assert_eq!(
            texts("{ \"value\" : [ {\"a\" : 1 } ,\r\n\t[ ] , 1e400 , null ] } "),
            ["{\"a\" : 1 }", "[ ]", "1e400", "null"]
        );
        assert!(texts("{\"value\":[ ]}").is_empty());
    }

    #[test]
    fn only_the_top_level_value_is_cut() {
        assert_eq!(texts(r#"{"a":{"value":[1]},"b":"\"value\":[2]","value":[3],"c":[{"value":[4]}]}"#), ["3"]);
        assert_eq!(texts(r#"{"v\u0061lue":["\ud800"]}"#), [r#""\ud800""#]);
    }

    #[test]
    fn members_inside_an_element_are_named_only_if_unambiguous() {
        let body = r#"{"value":[{"id":"a","i\u0064":"b"},{"id":7},{"id":"\u0061"},{"id":"c","id":null},{"x":{"id":"d"}},["id"]]}"#;
        let (_, elements) = cut(body.as_bytes()).expect("a good page");
        assert!(elements.iter().all(|element| element.id.is_none() && element.time.is_none()));
    }

    #[test]
    fn next_link_null_counts_as_absent() {
        assert_eq!(cut(br#"{"value":[],"@odata.nextLink":null}"#).map(|(page, _)| page.next_link), Ok(None));
    }

    #[test]
    fn each_reason_to_stay_whole_is_named() {
        assert_eq!(refusal(b"\xEF\xBB\xBF{\"value\":[]}"), Unsliceable::ByteOrderMark);
        assert_eq!(refusal(b"{\"value\":[\"\xFF\"]}"), Unsliceable::NotUtf8 { offset: 11 });
        assert_eq!(refusal(b""), Unsliceable::NotJson { offset: 0, expected: "a value" });
        assert_eq!(refusal(b"<html>"), Unsliceable::NotJson { offset: 0, expected: "a value" });
        assert_eq!(refusal(b"[{}]"), Unsliceable::NotAnObject);
        assert_eq!(refusal(b"{}"), Unsliceable::NoValue);
        assert_eq!(refusal(br#"{"value":[],"value":[]}"#), Unsliceable::ValueTwice);
        assert_eq!(refusal(br#"{"value":[],"\u0076alue":1}"#), Unsliceable::ValueTwice);
        assert_eq!(refusal(br#"{"value":{}}"#), Unsliceable::ValueNotAnArray);
        assert_eq!(refusal(br#"{"value":null,"value":[]}"#), Unsliceable::ValueNotAnArray);
        assert_eq!(refusal(br#"{"@odata.nextLink":7,"value":[]}"#), Unsliceable::NextLinkNotAString);
        assert_eq!(refusal(br#"{"@odata.nextLink":"\udc00","value":[]}"#), Unsliceable::NextLinkNotAString);
        assert_eq!(
            refusal(br#"{"@odata.nextLink":null,"value":[],"@odata.nextLink":"a"}"#),
            Unsliceable::NextLinkTwice
        );
        assert_eq!(refusal(b"{\"value\":[]} {}"), Unsliceable::TrailingData { offset: 13 });
        let grammar_first = Unsliceable::NotJson { offset: 23, expected: "`,` or `}`" };
        assert_eq!(refusal(br#"{"value":[],"value":[] "#), grammar_first);
    }

    #[test]
    fn nesting_is_accepted_to_the_limit_and_refused_beyond() {
        let nested = |depth: usize| format!("{{\"value\":[{}{}]}}", "[".repeat(depth - 2), "]".repeat(depth - 2));
        assert!(cut(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(refusal(nested(MAX_DEPTH + 1).as_bytes()), Unsliceable::TooDeep { offset: 10 + MAX_DEPTH - 2 });
        let objects = format!("{{\"value\":[{}1{}]}}", "{\"a\":".repeat(126), "}".repeat(126));
        assert!(cut(objects.as_bytes()).is_ok());
        let too_deep = format!("{{\"value\":[{}1{}]}}", "{\"a\":".repeat(127), "}".repeat(127));
        assert!(matches!(refusal(too_deep.as_bytes()), Unsliceable::TooDeep { .. }));
    }

    #[test]
    fn elements_beyond_the_limit_are_not_handed_on() {
        let limit = usize::try_from(MAX_ELEMENTS).unwrap();
        let body = |count: usize| format!("{{\"value\":[{}0]}}", "0,".repeat(count - 1));
        let mut taken = 0;
        let page = slice_page(body(limit).as_bytes(), TIME, |_| taken += 1);
        assert_eq!((page.map(|page| page.element_count), taken), (Ok(MAX_ELEMENTS), limit));
        taken = 0;
        assert_eq!(slice_page(body(limit + 1).as_bytes(), TIME, |_| taken += 1), Err(Unsliceable::TooManyElements));
        assert_eq!(taken, limit);
    }

    #[test]
    fn every_byte_value_in_every_lane_is_judged_as_by_the_grammar() {
        for length in 0..40 {
            for place in 0..length {
                for byte in 0..=0x7F_u8 {
                    let mut text = vec![b'a'; length];
                    if let Some(slot) = text.get_mut(place) {
                        *slot = byte;
                    }
                    let literal = [b"\"".as_slice(), &text, b"\""].concat();
                    let plain = byte >= 0x20 && byte != b'"' && byte != b'\\';
                    if plain || byte < 0x20 {
                        assert_eq!(is_single_json_value(&literal), plain, "byte {byte:#x} at {place} of {length}");
                    } else {
                        let expected = serde_json::from_slice::<&RawValue>(&literal).is_ok();
                        assert_eq!(is_single_json_value(&literal), expected, "byte {byte:#x} at {place} of {length}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_truncation_of_a_page_is_refused() {
        let body = br#"{"@odata.context":"c","value":[{"id":"a","n":[1,-2.5e+3,true,null,{"\u00e9":"\\"}]}],"@odata.nextLink":"x"}"#;
        assert!(cut(body).is_ok());
        for length in 0..body.len() {
            assert!(matches!(refusal(body.get(..length).expect("shorter")), Unsliceable::NotJson { .. }));
        }
    }
}
