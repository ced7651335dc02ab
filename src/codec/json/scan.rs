//! The grammar of RFC 8259, step by step over one body, and the two members of an element that are wanted on the way.
//!
//! No step recurses, indexes or allocates, but for the next link.

use super::{Element, MAX_DEPTH, MAX_ELEMENTS, Page, Unsliceable};

/// A text that is known to be UTF-8, read from one position to the next.
///
/// Every step takes the position it starts from and returns the one behind what it read, so that the position stays in a
/// register.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    text: &'a str,
    body: &'a [u8],
    time_member: &'a str,
}

/// A string literal without its quotation marks.
#[derive(Clone, Copy)]
pub(super) struct Literal<'a> {
    pub(super) raw: &'a str,
    pub(super) escaped: bool,
}

/// A member that is wanted exactly once.
enum Sought<'a> {
    Absent,
    Found(&'a str),
    Unusable,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str, time_member: &'a str) -> Self {
        Self { text, body: text.as_bytes(), time_member }
    }

    /// Reads the whole body. The inner result is the page's: the grammar comes first, to the last byte.
    pub(super) fn page(self, mut take: impl FnMut(Element<'a>)) -> Result<Result<Page, Unsliceable>, Unsliceable> {
        let mut at = self.space(0);
        if self.byte(at) != Some(b'{') {
            self.end(self.value(at, 0)?)?;
            return Ok(Err(Unsliceable::NotAnObject));
        }
        let mut element_count = None;
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
                Some(b'[') if key.spells(VALUE) && element_count.is_none() => {
                    let count;
                    (at, count) = self.elements(at, &mut take)?;
                    element_count = Some(count);
                    if count > MAX_ELEMENTS {
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
                        refuse(if element_count.is_some() {
                            Unsliceable::ValueTwice
                        } else {
                            Unsliceable::ValueNotAnArray
                        });
                        element_count.get_or_insert_default();
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
        Ok(match (refusal, element_count) {
            (Some(reason), _) => Err(reason),
            (None, None) => Err(Unsliceable::NoValue),
            (None, Some(element_count)) => Ok(Page { element_count, next_link: next_link.unwrap_or_default() }),
        })
    }

    /// Reads the `value` array and counts its elements; those beyond the limit are not handed on.
    fn elements(self, at: usize, take: &mut impl FnMut(Element<'a>)) -> Result<(usize, u64), Unsliceable> {
        let mut count = 0;
        let (mut at, mut more) = self.open(at, b']');
        while more {
            let element;
            (at, element) = self.element(at)?;
            count += 1;
            if count <= MAX_ELEMENTS {
                take(element);
            }
            (at, more) = self.next_or_close(at, b']')?;
        }
        Ok((at, count))
    }

    fn element(self, offset: usize) -> Result<(usize, Element<'a>), Unsliceable> {
        let mut at = offset;
        let mut time = Sought::Absent;
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
                if key.spells(self.time_member) {
                    time.meet(text);
                } else if key.spells(ID) {
                    id.meet(text);
                }
                (at, more) = self.next_or_close(at, b'}')?;
            }
        } else {
            at = self.value(at, 2)?;
        }
        let bytes = self.body.get(offset..at).unwrap_or_default();
        Ok((at, Element { bytes, offset, time: time.text(), id: id.text() }))
    }

    /// Reads one value of any kind that stands `outer` levels deep.
    ///
    /// Open brackets are kept as bits, the innermost lowest: 1 for an object, 0 for an array.
    pub(super) fn value(self, mut at: usize, outer: usize) -> Result<usize, Unsliceable> {
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
    pub(super) fn open(self, at: usize, close: u8) -> (usize, bool) {
        let at = self.space(at + 1);
        if self.byte(at) == Some(close) { (at + 1, false) } else { (at, true) }
    }

    /// Steps over `,` (more follows) or over `close` (nothing does).
    #[inline]
    pub(super) fn next_or_close(self, at: usize, close: u8) -> Result<(usize, bool), Unsliceable> {
        let at = self.space(at);
        match self.byte(at) {
            Some(b',') => Ok((self.space(at + 1), true)),
            Some(found) if found == close => Ok((at + 1, false)),
            _ => Err(expected(if close == b'}' { "`,` or `}`" } else { "`,` or `]`" }, at)),
        }
    }

    /// Reads the name of a member and its colon, up to the first byte of the value.
    #[inline]
    pub(super) fn key(self, at: usize) -> Result<(usize, Literal<'a>), Unsliceable> {
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
    pub(super) fn string(self, start: usize) -> Result<(usize, Literal<'a>), Unsliceable> {
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
    pub(super) fn space(self, at: usize) -> usize {
        if self.byte(at).is_some_and(|byte| byte <= b' ') { self.long_space(at) } else { at }
    }

    #[cold]
    fn long_space(self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte(at) {
            at += 1;
        }
        at
    }

    pub(super) fn end(self, at: usize) -> Result<(), Unsliceable> {
        let at = self.space(at);
        if at == self.body.len() { Ok(()) } else { Err(Unsliceable::TrailingData { offset: at }) }
    }

    #[inline]
    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.body.get(at).copied()
    }
}

impl Literal<'_> {
    #[inline]
    fn spells(&self, name: &str) -> bool {
        if self.escaped { self.unescape().is_some_and(|text| text == name) } else { self.raw == name }
    }

    /// Returns the text that the literal spells; `None` if it holds a lone surrogate.
    pub(super) fn unescape(&self) -> Option<String> {
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

pub(super) fn hex_unit(rest: &mut &str) -> Option<u16> {
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

const EACH: u64 = 0x0101_0101_0101_0101;
const ID: &str = "id";
const NEXT_LINK: &str = "@odata.nextLink";
const VALUE: &str = "value";
