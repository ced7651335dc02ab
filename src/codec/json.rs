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
//! and memory in proportion to at most [`MAX_ELEMENTS`].

use std::str;

use thiserror::Error;

/// What lies in one page body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<'a> {
    /// The elements of the top-level `value` array, in order; of any JSON type.
    pub elements: Vec<Element<'a>>,
    /// The top-level `@odata.nextLink`, unescaped; `None` if it is absent or `null`.
    pub next_link: Option<String>,
}

/// One element of the top-level `value` array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The element from its first to its last byte.
    pub bytes: &'a [u8],
    /// Where the first byte stands in the body.
    pub offset: usize,
    /// The text of its own string member `createdDateTime`, if it has exactly one and that holds no escape.
    pub created: Option<&'a str>,
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

/// Cuts `body` into the elements of its top-level `value` array.
///
/// The whole body is checked: UTF-8, the grammar of RFC 8259, nothing behind it. Names are compared after unescaping, so
/// `"v\u0061lue"` is `value`. Lone surrogates in strings and numbers of any size are accepted as received.
///
/// # Errors
///
/// [`Unsliceable`] says why the body has to stay whole.
pub fn slice_page(body: &[u8]) -> Result<Page<'_>, Unsliceable> {
    if body.starts_with(BYTE_ORDER_MARK) {
        return Err(Unsliceable::ByteOrderMark);
    }
    let text = str::from_utf8(body).map_err(|error| Unsliceable::NotUtf8 { offset: error.valid_up_to() })?;
    Scan::new(text).page()?
}

/// Says whether `bytes` are UTF-8 and exactly one JSON value, with nothing but white space around it.
#[must_use]
pub fn is_single_json_value(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| {
        let scan = Scan::new(text);
        scan.value(scan.space(0), 0).and_then(|at| scan.end(at)).is_ok()
    })
}

/// A text that is known to be UTF-8, read from one position to the next.
///
/// Every step takes the position it starts from and returns the one behind what it read, so that the position stays in a
/// register.
#[derive(Clone, Copy)]
struct Scan<'a> {
    text: &'a str,
    body: &'a [u8],
}

/// A string literal without its quotation marks.
#[derive(Clone, Copy)]
struct Literal<'a> {
    raw: &'a str,
    escaped: bool,
}

/// A member that is wanted exactly once.
enum Sought<'a> {
    Absent,
    Found(&'a str),
    Unusable,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, body: text.as_bytes() }
    }

    /// Reads the whole body. The inner result is the page's: the grammar comes first, to the last byte.
    fn page(self) -> Result<Result<Page<'a>, Unsliceable>, Unsliceable> {
        let mut at = self.space(0);
        if self.byte(at) != Some(b'{') {
            self.end(self.value(at, 0)?)?;
            return Ok(Err(Unsliceable::NotAnObject));
        }
        let mut elements = None;
        let mut next_link = None;
        let mut refusal = None;
        let mut refuse = |reason| {
            refusal.get_or_insert(reason);
        };
        let mut more;
        (at, more) = self.open(at, b'}');
        while more {
            let key;
            (at, key) = self.key(at)?;
            match self.byte(at) {
                Some(b'[') if key.spells(VALUE) && elements.is_none() => {
                    let (found, complete);
                    (at, found, complete) = self.elements(at)?;
                    elements = Some(found);
                    if !complete {
                        refuse(Unsliceable::TooManyElements);
                    }
                }
                Some(b'"') if key.spells(NEXT_LINK) && next_link.is_none() => {
                    let literal;
                    (at, literal) = self.string(at + 1)?;
                    let link = literal.unescape();
                    if link.is_none() {
                        refuse(Unsliceable::NextLinkNotAString);
                    }
                    next_link = Some(link);
                }
                first => {
                    if key.spells(VALUE) {
                        refuse(if elements.is_some() { Unsliceable::ValueTwice } else { Unsliceable::ValueNotAnArray });
                        elements.get_or_insert_default();
                    } else if key.spells(NEXT_LINK) {
                        if next_link.is_some() {
                            refuse(Unsliceable::NextLinkTwice);
                        } else if first != Some(b'n') {
                            refuse(Unsliceable::NextLinkNotAString);
                        }
                        next_link.get_or_insert_default();
                    }
                    at = self.value(at, 1)?;
                }
            }
            (at, more) = self.next_or_close(at, b'}')?;
        }
        self.end(at)?;
        Ok(match (refusal, elements) {
            (Some(reason), _) => Err(reason),
            (None, None) => Err(Unsliceable::NoValue),
            (None, Some(elements)) => Ok(Page { elements, next_link: next_link.unwrap_or_default() }),
        })
    }

    /// Reads the `value` array; the flag says whether all its elements could be listed.
    fn elements(self, at: usize) -> Result<(usize, Vec<Element<'a>>, bool), Unsliceable> {
        let mut elements = Vec::new();
        let mut complete = true;
        let (mut at, mut more) = self.open(at, b']');
        while more {
            let element;
            (at, element) = self.element(at)?;
            if elements.len() < MAX_ELEMENTS {
                elements.push(element);
            } else {
                complete = false;
            }
            (at, more) = self.next_or_close(at, b']')?;
        }
        Ok((at, elements, complete))
    }

    fn element(self, offset: usize) -> Result<(usize, Element<'a>), Unsliceable> {
        let mut at = offset;
        let mut created = Sought::Absent;
        let mut id = Sought::Absent;
        if self.byte(at) == Some(b'{') {
            let mut more;
            (at, more) = self.open(at, b'}');
            while more {
                let (key, text);
                (at, key) = self.key(at)?;
                if self.byte(at) == Some(b'"') {
                    let literal;
                    (at, literal) = self.string(at + 1)?;
                    text = (!literal.escaped).then_some(literal.raw);
                } else {
                    at = self.value(at, 3)?;
                    text = None;
                }
                if key.spells(CREATED) {
                    created.meet(text);
                } else if key.spells(ID) {
                    id.meet(text);
                }
                (at, more) = self.next_or_close(at, b'}')?;
            }
        } else {
            at = self.value(at, 2)?;
        }
        let bytes = self.body.get(offset..at).unwrap_or_default();
        Ok((at, Element { bytes, offset, created: created.text(), id: id.text() }))
    }

    /// Reads one value of any kind that stands `outer` levels deep.
    ///
    /// Open brackets are kept as bits, the innermost lowest: 1 for an object, 0 for an array.
    fn value(self, mut at: usize, outer: usize) -> Result<usize, Unsliceable> {
        let mut objects = 0_u128;
        let mut depth = outer;
        loop {
            match self.byte(at) {
                Some(b'"') => (at, _) = self.string(at + 1)?,
                Some(bracket @ (b'{' | b'[')) => {
                    if depth >= MAX_DEPTH {
                        return Err(Unsliceable::TooDeep { offset: at });
                    }
                    let is_object = bracket == b'{';
                    let more;
                    (at, more) = self.open(at, if is_object { b'}' } else { b']' });
                    if more {
                        depth += 1;
                        objects = objects << 1 | u128::from(is_object);
                        if is_object {
                            (at, _) = self.key(at)?;
                        }
                        continue;
                    }
                }
                Some(b'-' | b'0'..=b'9') => at = self.number(at)?,
                Some(b't') => at = self.word(at, b"true")?,
                Some(b'f') => at = self.word(at, b"false")?,
                Some(b'n') => at = self.word(at, b"null")?,
                _ => return Err(expected("a value", at)),
            }
            loop {
                if depth == outer {
                    return Ok(at);
                }
                let in_object = objects & 1 == 1;
                let more;
                (at, more) = self.next_or_close(at, if in_object { b'}' } else { b']' })?;
                if more {
                    if in_object {
                        (at, _) = self.key(at)?;
                    }
                    break;
                }
                depth -= 1;
                objects >>= 1;
            }
        }
    }

    /// Steps over an opening bracket, and over the closing one if nothing stands between them; says whether something does.
    #[inline]
    fn open(self, at: usize, close: u8) -> (usize, bool) {
        let at = self.space(at + 1);
        if self.byte(at) == Some(close) { (at + 1, false) } else { (at, true) }
    }

    /// Steps over `,` (more follows) or over `close` (nothing does).
    #[inline]
    fn next_or_close(self, at: usize, close: u8) -> Result<(usize, bool), Unsliceable> {
        let at = self.space(at);
        match self.byte(at) {
            Some(b',') => Ok((self.space(at + 1), true)),
            Some(found) if found == close => Ok((at + 1, false)),
            _ => Err(expected(if close == b'}' { "`,` or `}`" } else { "`,` or `]`" }, at)),
        }
    }

    /// Reads the name of a member and its colon, up to the first byte of the value.
    #[inline]
    fn key(self, at: usize) -> Result<(usize, Literal<'a>), Unsliceable> {
        if self.byte(at) != Some(b'"') {
            return Err(expected("a member name", at));
        }
        let (at, key) = self.string(at + 1)?;
        let at = self.space(at);
        if self.byte(at) != Some(b':') {
            return Err(expected("`:`", at));
        }
        Ok((self.space(at + 1), key))
    }

    /// Reads a string from behind its opening quotation mark, sixteen bytes at a step.
    #[inline]
    fn string(self, start: usize) -> Result<(usize, Literal<'a>), Unsliceable> {
        let mut at = start;
        let mut escaped = false;
        loop {
            while let Some(sixteen) = self.body.get(at..).and_then(<[u8]>::first_chunk) {
                let plain = leading_plain_bytes(*sixteen);
                at += plain;
                if plain < 16 {
                    break;
                }
            }
            match self.byte(at) {
                Some(b'"') => {
                    let raw = self.text.get(start..at).unwrap_or_default();
                    return Ok((at + 1, Literal { raw, escaped }));
                }
                Some(b'\\') => {
                    escaped = true;
                    at = self.escape(at)?;
                }
                Some(..0x20) => return Err(expected("no control character in a string", at)),
                Some(_) => at += 1,
                None => return Err(expected("the end of a string", at)),
            }
        }
    }

    fn escape(self, at: usize) -> Result<usize, Unsliceable> {
        match self.byte(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => {
                for digit in at + 2..at + 6 {
                    if !self.byte(digit).is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(expected("four hexadecimal digits", digit));
                    }
                }
                Ok(at + 6)
            }
            _ => Err(expected("an escape of RFC 8259", at + 1)),
        }
    }

    fn number(self, mut at: usize) -> Result<usize, Unsliceable> {
        if self.byte(at) == Some(b'-') {
            at += 1;
        }
        at = if self.byte(at) == Some(b'0') { at + 1 } else { self.digits(at)? };
        if self.byte(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.byte(at) {
            let signed = matches!(self.byte(at + 1), Some(b'+' | b'-'));
            at = self.digits(at + 1 + usize::from(signed))?;
        }
        Ok(at)
    }

    fn digits(self, start: usize) -> Result<usize, Unsliceable> {
        let mut at = start;
        while self.byte(at).is_some_and(|byte| byte.is_ascii_digit()) {
            at += 1;
        }
        if at == start { Err(expected("a digit", at)) } else { Ok(at) }
    }

    fn word(self, at: usize, word: &'static [u8]) -> Result<usize, Unsliceable> {
        if self.body.get(at..).is_some_and(|rest| rest.starts_with(word)) {
            Ok(at + word.len())
        } else {
            Err(expected("a value", at))
        }
    }

    #[inline]
    fn space(self, at: usize) -> usize {
        if self.byte(at).is_some_and(|byte| byte <= b' ') { self.long_space(at) } else { at }
    }

    #[cold]
    fn long_space(self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte(at) {
            at += 1;
        }
        at
    }

    fn end(self, at: usize) -> Result<(), Unsliceable> {
        let at = self.space(at);
        if at == self.body.len() { Ok(()) } else { Err(Unsliceable::TrailingData { offset: at }) }
    }

    #[inline]
    fn byte(self, at: usize) -> Option<u8> {
        self.body.get(at).copied()
    }
}

impl Literal<'_> {
    #[inline]
    fn spells(&self, name: &str) -> bool {
        if self.escaped { self.unescape().is_some_and(|text| text == name) } else { self.raw == name }
    }

    /// Returns the text that the literal spells; `None` if it holds a lone surrogate.
    fn unescape(&self) -> Option<String> {
        let mut text = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some((plain, escape)) = rest.split_once('\\') {
            text.push_str(plain);
            let kind = escape.chars().next()?;
            rest = escape.get(kind.len_utf8()..)?;
            text.push(match kind {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let first = hex_unit(&mut rest)?;
                    if (0xD800..0xDC00).contains(&first) {
                        rest = rest.strip_prefix("\\u")?;
                        let second = hex_unit(&mut rest)?;
                        char::decode_utf16([first, second]).next()?.ok()?
                    } else {
                        char::from_u32(u32::from(first))?
                    }
                }
                itself => itself,
            });
        }
        text.push_str(rest);
        Some(text)
    }
}

impl<'a> Sought<'a> {
    fn meet(&mut self, text: Option<&'a str>) {
        *self = match (&self, text) {
            (Self::Absent, Some(text)) => Self::Found(text),
            _ => Self::Unusable,
        };
    }

    fn text(self) -> Option<&'a str> {
        if let Self::Found(text) = self { Some(text) } else { None }
    }
}

#[cold]
fn expected(expected: &'static str, offset: usize) -> Unsliceable {
    Unsliceable::NotJson { offset, expected }
}

fn hex_unit(rest: &mut &str) -> Option<u16> {
    let (digits, tail) = rest.split_at_checked(4)?;
    *rest = tail;
    u16::from_str_radix(digits, 16).ok()
}

/// Counts the bytes before the first quotation mark, backslash or control character; 16 if there is none.
///
/// Most names and values are shorter than 16 bytes: one step, one branch that is taken as foreseen. With 8 the whole scan was a
/// quarter slower.
#[inline]
fn leading_plain_bytes(sixteen: [u8; 16]) -> usize {
    let (words, _) = sixteen.as_chunks();
    let marks = |word: Option<&[u8; 8]>| word.map_or(0, |word| marks(u64::from_le_bytes(*word)));
    let (low, high) = (marks(words.first()), marks(words.get(1)));
    let bits = if low == 0 { 64 + high.trailing_zeros() } else { low.trailing_zeros() };
    usize::try_from(bits / 8).unwrap_or(0)
}

/// Marks the high bit of each byte that ends or breaks the plain part of a string; only the lowest mark is reliable.
///
/// `x ^ 2` sends `"` (0x22) to 0x20 and keeps 0x00..=0x1F below it, so one comparison with 0x21 finds both. A borrow marks
/// nothing but bytes above a true hit. Bytes of 0x80 and above are never marked.
#[inline]
fn marks(x: u64) -> u64 {
    let quote_or_control = (x ^ (EACH * 0x02)).wrapping_sub(EACH * 0x21);
    let backslash = (x ^ (EACH * 0x5C)).wrapping_sub(EACH);
    (quote_or_control | backslash) & !x & (EACH * 0x80)
}

/// 128 open brackets: Graph sign-ins nest 6 deep; `serde_json`, the reader most likely to be used beside us, stops at 127.
pub const MAX_DEPTH: usize = 128;

/// 500,000 elements: the documented maximum of one Log Analytics answer, and 500 times that of a Graph page (999). Without a
/// bound a body of `[0,0,…` would cost 28 bytes of memory for each of its own.
pub const MAX_ELEMENTS: usize = 500_000;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const CREATED: &str = "createdDateTime";
const EACH: u64 = 0x0101_0101_0101_0101;
const ID: &str = "id";
const NEXT_LINK: &str = "@odata.nextLink";
const VALUE: &str = "value";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Deserialize)]
    struct Reference<'a> {
        #[serde(borrow)]
        value: Vec<&'a RawValue>,
        #[serde(rename = "@odata.nextLink")]
        next_link: Option<String>,
    }

    fn texts(body: &str) -> Vec<&str> {
        let page = slice_page(body.as_bytes()).expect("the body can be cut");
        page.elements.iter().map(|element| str::from_utf8(element.bytes).expect("cut from UTF-8")).collect()
    }

    fn refusal(body: &[u8]) -> Unsliceable {
        slice_page(body).expect_err("the body cannot be cut")
    }

    #[test]
    fn page_is_cut_into_its_elements_and_next_link() {
        let body = r#"{"@odata.context":"c","value":[{"id":"a","createdDateTime":"2026-01-02T03:04:05Z","n":{"id":"x"}}],
            "@odata.nextLink":"https://h/?a=1\u0026b=\"2\"\ud83d\ude00\/"}"#;
        let page = slice_page(body.as_bytes()).expect("a good page");
        assert_eq!(page.next_link.as_deref(), Some("https://h/?a=1&b=\"2\"\u{1F600}/"));
        let [element] = page.elements.as_slice() else { panic!("one element") };
        assert_eq!(element.id, Some("a"));
        assert_eq!(element.created, Some("2026-01-02T03:04:05Z"));
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
        let page = slice_page(body.as_bytes()).expect("a good page");
        assert!(page.elements.iter().all(|element| element.id.is_none() && element.created.is_none()));
    }

    #[test]
    fn next_link_null_counts_as_absent() {
        assert_eq!(slice_page(br#"{"value":[],"@odata.nextLink":null}"#).map(|page| page.next_link), Ok(None));
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
        assert!(slice_page(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(refusal(nested(MAX_DEPTH + 1).as_bytes()), Unsliceable::TooDeep { offset: 10 + MAX_DEPTH - 2 });
        let objects = format!("{{\"value\":[{}1{}]}}", "{\"a\":".repeat(126), "}".repeat(126));
        assert!(slice_page(objects.as_bytes()).is_ok());
        let too_deep = format!("{{\"value\":[{}1{}]}}", "{\"a\":".repeat(127), "}".repeat(127));
        assert!(matches!(refusal(too_deep.as_bytes()), Unsliceable::TooDeep { .. }));
    }

    #[test]
    fn elements_beyond_the_limit_are_not_listed() {
        let body = |count: usize| format!("{{\"value\":[{}0]}}", "0,".repeat(count - 1));
        assert_eq!(slice_page(body(MAX_ELEMENTS).as_bytes()).map(|page| page.elements.len()), Ok(MAX_ELEMENTS));
        assert_eq!(refusal(body(MAX_ELEMENTS + 1).as_bytes()), Unsliceable::TooManyElements);
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
        assert!(slice_page(body).is_ok());
        for length in 0..body.len() {
            assert!(matches!(refusal(body.get(..length).expect("shorter")), Unsliceable::NotJson { .. }));
        }
    }

    fn space() -> impl Strategy<Value = String> {
        prop_oneof![6 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
    }

    fn literal() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => "[a-zA-Z0-9 :,{}\\[\\]/é€😀-]{0,12}",
            1 => prop::sample::select(vec!["\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\ud83d\\ude00", "\\ud800", "\\udc00x"]).prop_map(str::to_owned),
        ];
        prop::collection::vec(part, 0..5).prop_map(|parts| format!("\"{}\"", parts.concat()))
    }

    fn key() -> impl Strategy<Value = String> {
        prop_oneof![
            2 => "\"[a-zA-Zé.@]{0,16}\"",
            2 => prop::sample::select(vec!["\"id\"", "\"createdDateTime\"", "\"value\"", "\"\\u0069d\""]).prop_map(str::to_owned),
        ]
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            literal(),
            "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,4})?",
            prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            let item = (space(), inner, space()).prop_map(|(a, b, c)| format!("{a}{b}{c}")).boxed();
            prop_oneof![
                prop::collection::vec(item.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec((space(), key(), space(), item), 0..5).prop_map(|members| {
                    let members: Vec<_> = members.iter().map(|(a, k, b, v)| format!("{a}{k}{b}:{v}")).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    fn page() -> impl Strategy<Value = String> {
        let elements = prop::collection::vec((space(), value(), space()), 0..6)
            .prop_map(|items| items.iter().map(|(a, v, b)| format!("{a}{v}{b}")).collect::<Vec<_>>().join(","));
        let link = prop_oneof![
            Just(String::new()),
            Just(",\"@odata.nextLink\":null".to_owned()),
            "[a-z0-9é?=&]{0,20}".prop_map(|link| format!(",\"@odata.nextLink\":\"{link}\\u0026\"")),
        ];
        (space(), value(), elements, link, space()).prop_map(|(a, other, elements, link, b)| {
            format!("{a}{{\"other\":{other},\"value\":[{elements}]{link}}}{b}")
        })
    }

    /// Asserts that the scanner and `serde_json` cut `body` alike, or both refuse it.
    fn assert_agreement(body: &[u8]) {
        let ours = slice_page(body);
        let theirs = str::from_utf8(body).ok().and_then(|text| serde_json::from_str::<Reference<'_>>(text).ok());
        match (&ours, &theirs) {
            (Ok(ours), Some(theirs)) => {
                assert_eq!(ours.next_link, theirs.next_link);
                assert_eq!(ours.elements.len(), theirs.value.len());
                for (element, raw) in ours.elements.iter().zip(&theirs.value) {
                    assert_eq!(element.bytes, raw.get().as_bytes());
                    assert_eq!(element.bytes.as_ptr(), raw.get().as_ptr());
                    assert_eq!(body.get(element.offset..).map(<[u8]>::as_ptr), Some(element.bytes.as_ptr()));
                }
            }
            // serde_json reads the names of top-level members as text and so refuses a lone surrogate there.
            (Ok(_), None) => assert!(body.windows(3).any(|three| three.eq_ignore_ascii_case(b"\\ud"))),
            (Err(reason), Some(_)) => panic!("refused as {reason:?}"),
            (Err(_), None) => {}
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn good_pages_are_cut_as_serde_json_cuts_them(body in page()) {
            prop_assert!(slice_page(body.as_bytes()).is_ok());
            assert_agreement(body.as_bytes());
        }

        #[test]
        fn damaged_pages_are_judged_as_serde_json_judges_them(
            body in page(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"{}[]\",:\\u0e-.ntf x\x00\xFF".to_vec())), 1..3),
            removed in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = body.into_bytes();
            for (place, byte) in damage {
                *place.get_mut(bytes.as_mut_slice()) = byte;
            }
            if let Some(place) = removed {
                bytes.remove(place.index(bytes.len()));
            }
            assert_agreement(&bytes);
        }

        #[test]
        fn single_values_are_judged_as_serde_json_judges_them(text in "[\\[\\]{}\",:\\\\u0-9aefEnrtls.+ \\-\u{1}]{0,24}") {
            prop_assert_eq!(is_single_json_value(text.as_bytes()), serde_json::from_str::<&RawValue>(&text).is_ok());
        }

        #[test]
        fn values_are_accepted_with_their_space(text in value()) {
            prop_assert!(is_single_json_value(text.as_bytes()));
            prop_assert!(serde_json::from_str::<&RawValue>(&text).is_ok());
        }
    }
}
