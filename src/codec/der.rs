//! The Distinguished Encoding Rules (X.690 §10), as far as time stamp tokens and certificates need them.
//!
//! Why our own reader beside the `der` crate: a signature covers exact bytes, so each value keeps the bytes it was read
//! from; and sets that other people wrote in another order than DER demands (OpenSSL does, in the certificates of a
//! token) must be readable as they stand. Everything else is strict: definite, minimal lengths; minimal integers; no
//! trailing bytes.
//!
//! The reader never recurses, and lists of values are all it allocates. It trusts nothing: every offset is checked, no
//! input makes it panic.

#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)
)]

use std::fmt;

use const_oid::ObjectIdentifier;

/// Reads the values that stand one after another in some bytes.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

/// One value: its tag, its content, and all the bytes it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// The identifier octet, class and constructed bit included.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
    /// Identifier, length and content octets.
    pub encoding: &'a [u8],
    /// Where the encoding starts, in bytes from the start of the outermost input.
    pub offset: usize,
    content_offset: usize,
}

/// Says what is wrong with an encoding, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DerFault {
    /// Bytes from the start of the outermost input.
    pub offset: usize,
    /// The rule that is broken.
    pub problem: DerProblem,
}

/// The rule that an encoding breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DerProblem {
    /// A bit string has no octet for its unused bits, or some bits unused where whole octets are required.
    BitString,
    /// A boolean is neither 0x00 nor 0xff in one octet.
    Boolean,
    /// A tag number of 31 or more.
    HighTagNumber,
    /// A length that only the end of the content would tell (BER).
    IndefiniteLength,
    /// An integer is empty, longer than needed, negative or larger than its field allows.
    Integer,
    /// A length is longer than needed, or above 4 GiB.
    Length,
    /// An object identifier cannot be read.
    ObjectIdentifier,
    /// Bytes follow the last value.
    TrailingBytes,
    /// The input ends inside a value.
    Truncated,
    /// A value with another tag stands here.
    UnexpectedTag {
        /// The tag that the structure asks for.
        expected: u8,
        /// The tag found; none at the end of the input.
        found: Option<u8>,
    },
}

impl<'a> Reader<'a> {
    /// Starts to read `input`.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        Self { rest: input, offset: 0 }
    }

    /// Returns the next value, whatever its tag.
    ///
    /// # Errors
    ///
    /// [`DerProblem::Truncated`] at the end of the input, or the broken rule of the header.
    pub fn next_value(&mut self) -> Result<Value<'a>, DerFault> {
        let start = self.rest;
        let (&tag, rest) = start.split_first().ok_or_else(|| self.fault(DerProblem::Truncated))?;
        if tag & 0x1f == 0x1f {
            return Err(self.fault(DerProblem::HighTagNumber));
        }
        let (byte_len, rest) = length(rest).map_err(|problem| self.fault(problem))?;
        let (content, rest) = rest.split_at_checked(byte_len).ok_or_else(|| self.fault(DerProblem::Truncated))?;
        let encoding_len = start.len().saturating_sub(rest.len());
        let (encoding, _) = start.split_at_checked(encoding_len).ok_or_else(|| self.fault(DerProblem::Truncated))?;
        let offset = self.offset;
        self.offset = offset.saturating_add(encoding_len);
        self.rest = rest;
        Ok(Value { tag, content, encoding, offset, content_offset: self.offset.saturating_sub(byte_len) })
    }

    /// Returns the next value, which must have `tag`.
    ///
    /// # Errors
    ///
    /// [`DerProblem::UnexpectedTag`], or the broken rule of the header.
    pub fn expect(&mut self, tag: u8) -> Result<Value<'a>, DerFault> {
        match self.rest.first() {
            Some(&found) if found == tag => self.next_value(),
            found => Err(self.fault(DerProblem::UnexpectedTag { expected: tag, found: found.copied() })),
        }
    }

    /// Returns the next value if it has `tag`.
    ///
    /// # Errors
    ///
    /// The broken rule of the header.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Value<'a>>, DerFault> {
        if self.rest.first() == Some(&tag) { self.next_value().map(Some) } else { Ok(None) }
    }

    /// Returns all values up to the end, in the order they stand in.
    ///
    /// # Errors
    ///
    /// The broken rule of the first header that breaks one.
    pub fn remaining(&mut self) -> Result<Vec<Value<'a>>, DerFault> {
        let mut values = Vec::new();
        while !self.rest.is_empty() {
            values.push(self.next_value()?);
        }
        Ok(values)
    }

    /// Ends the reading: nothing may follow.
    ///
    /// # Errors
    ///
    /// [`DerProblem::TrailingBytes`].
    pub fn finish(self) -> Result<(), DerFault> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.fault(DerProblem::TrailingBytes)) }
    }

    fn fault(&self, problem: DerProblem) -> DerFault {
        DerFault { offset: self.offset, problem }
    }
}

impl<'a> Value<'a> {
    /// Reads `input` as one value with `tag` and nothing after it.
    ///
    /// # Errors
    ///
    /// As [`Reader::expect`] and [`Reader::finish`].
    pub fn only(input: &'a [u8], tag: u8) -> Result<Self, DerFault> {
        let mut reader = Reader::new(input);
        let value = reader.expect(tag)?;
        reader.finish()?;
        Ok(value)
    }

    /// Returns this value if it has `tag`: for the elements of a list.
    ///
    /// # Errors
    ///
    /// [`DerProblem::UnexpectedTag`].
    pub fn with_tag(self, tag: u8) -> Result<Self, DerFault> {
        let problem = DerProblem::UnexpectedTag { expected: tag, found: Some(self.tag) };
        if self.tag == tag { Ok(self) } else { Err(self.fault(problem)) }
    }

    /// Starts to read the values inside this one.
    #[must_use]
    pub fn fields(&self) -> Reader<'a> {
        Reader { rest: self.content, offset: self.content_offset }
    }

    /// Returns the value inside this one, which must have `tag` and be alone: an explicit tag's content.
    ///
    /// # Errors
    ///
    /// As [`Reader::expect`] and [`Reader::finish`].
    pub fn inner(&self, tag: u8) -> Result<Self, DerFault> {
        let mut fields = self.fields();
        let value = fields.expect(tag)?;
        fields.finish()?;
        Ok(value)
    }

    /// Reads the content as an object identifier.
    ///
    /// # Errors
    ///
    /// [`DerProblem::ObjectIdentifier`].
    pub fn object_identifier(&self) -> Result<ObjectIdentifier, DerFault> {
        ObjectIdentifier::from_bytes(self.content).map_err(|_| self.fault(DerProblem::ObjectIdentifier))
    }

    /// Reads the content as a boolean.
    ///
    /// # Errors
    ///
    /// [`DerProblem::Boolean`].
    pub fn boolean(&self) -> Result<bool, DerFault> {
        match self.content {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(self.fault(DerProblem::Boolean)),
        }
    }

    /// Returns the content as the octets of an integer of any size and sign, minimal.
    ///
    /// # Errors
    ///
    /// [`DerProblem::Integer`].
    pub fn integer(&self) -> Result<&'a [u8], DerFault> {
        match self.content {
            [] => Err(self.fault(DerProblem::Integer)),
            [0x00, second, ..] if *second < 0x80 => Err(self.fault(DerProblem::Integer)),
            [0xff, second, ..] if *second >= 0x80 => Err(self.fault(DerProblem::Integer)),
            content => Ok(content),
        }
    }

    /// Reads the content as an integer from 0 to 2³² - 1.
    ///
    /// # Errors
    ///
    /// [`DerProblem::Integer`].
    pub fn small_integer(&self) -> Result<u32, DerFault> {
        let octets = self.integer()?;
        let negative = octets.first().is_some_and(|first| *first >= 0x80);
        let number = octets.iter().try_fold(0_u32, |sum, octet| sum.checked_mul(256)?.checked_add(u32::from(*octet)));
        number.filter(|_| !negative).ok_or_else(|| self.fault(DerProblem::Integer))
    }

    /// Returns the whole octets of a bit string.
    ///
    /// # Errors
    ///
    /// [`DerProblem::BitString`] where some bits are unused.
    pub fn whole_bits(&self) -> Result<&'a [u8], DerFault> {
        match self.content.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(self.fault(DerProblem::BitString)),
        }
    }

    fn fault(&self, problem: DerProblem) -> DerFault {
        DerFault { offset: self.offset, problem }
    }
}

impl fmt::Display for DerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            DerProblem::BitString => f.write_str("bad bit string")?,
            DerProblem::Boolean => f.write_str("bad boolean")?,
            DerProblem::HighTagNumber => f.write_str("tag number above 30")?,
            DerProblem::IndefiniteLength => f.write_str("indefinite length")?,
            DerProblem::Integer => f.write_str("bad integer")?,
            DerProblem::Length => f.write_str("bad length")?,
            DerProblem::ObjectIdentifier => f.write_str("bad object identifier")?,
            DerProblem::TrailingBytes => f.write_str("trailing bytes")?,
            DerProblem::Truncated => f.write_str("truncated")?,
            DerProblem::UnexpectedTag { expected, found: Some(found) } => {
                write!(f, "tag {found:#04x} instead of {expected:#04x}")?;
            }
            DerProblem::UnexpectedTag { expected, found: None } => write!(f, "end instead of tag {expected:#04x}")?,
        }
        write!(f, " at offset {}", self.offset)
    }
}

/// Returns the encoding of a value whose content is `parts`, one after another.
#[must_use]
pub fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content_len: usize = parts.iter().map(|part| part.len()).sum();
    let mut encoding = vec![tag];
    match u8::try_from(content_len) {
        Ok(short) if short < 0x80 => encoding.push(short),
        _ => {
            let octets: Vec<u8> = content_len.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            encoding.push(octets.iter().fold(0x80, |length, _| length.saturating_add(1)));
            encoding.extend(octets);
        }
    }
    for part in parts {
        encoding.extend_from_slice(part);
    }
    encoding
}

/// Returns the encoding of a SET OF `elements`, sorted as X.690 §11.6 demands.
///
/// No encoding is a prefix of another, so the order of the octet strings is the order of the standard.
#[must_use]
pub fn encode_set_of(elements: &[&[u8]]) -> Vec<u8> {
    let mut sorted = elements.to_vec();
    sorted.sort_unstable();
    encode(SET, &sorted)
}

/// Returns the encoding of the unsigned integer with these big-endian octets.
#[must_use]
pub fn encode_unsigned(octets: &[u8]) -> Vec<u8> {
    let significant: Vec<u8> = octets.iter().copied().skip_while(|octet| *octet == 0).collect();
    match significant.first() {
        Some(first) if *first < 0x80 => encode(INTEGER, &[&significant]),
        _ => encode(INTEGER, &[&[0], &significant]),
    }
}

fn length(input: &[u8]) -> Result<(usize, &[u8]), DerProblem> {
    let (&first, rest) = input.split_first().ok_or(DerProblem::Truncated)?;
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7f);
    match count {
        0 => return Err(DerProblem::IndefiniteLength),
        1..=4 => {}
        _ => return Err(DerProblem::Length),
    }
    let (octets, rest) = rest.split_at_checked(count).ok_or(DerProblem::Truncated)?;
    let number = octets.iter().try_fold(0_usize, |sum, octet| sum.checked_mul(256)?.checked_add(usize::from(*octet)));
    match number {
        Some(number) if number >= 0x80 && octets.first() != Some(&0) => Ok((number, rest)),
        _ => Err(DerProblem::Length),
    }
}

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// NULL.
pub const NULL: u8 = 0x05;
/// OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// `UTF8String`.
pub const UTF8_STRING: u8 = 0x0c;
/// `UTCTime`.
pub const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`.
pub const GENERALIZED_TIME: u8 = 0x18;
/// SEQUENCE and SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// SET and SET OF.
pub const SET: u8 = 0x31;

#[cfg(test)]
mod tests {
    use super::*;

    fn problem<T: fmt::Debug>(result: Result<T, DerFault>) -> DerProblem {
        result.expect_err("a fault").problem
    }

    #[test]
    fn what_is_encoded_reads_back_at_every_length_of_length() {
        for content_len in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; content_len];
            let encoding = encode(OCTET_STRING, &[&content]);
            let value = Value::only(&encoding, OCTET_STRING).expect("own encoding reads");
            assert_eq!(value.content, content);
            assert_eq!(value.encoding, encoding);
        }
    }

    #[test]
    fn lengths_that_are_indefinite_padded_or_too_large_are_refused() {
        assert_eq!(problem(Value::only(&[0x30, 0x80, 0, 0], SEQUENCE)), DerProblem::IndefiniteLength);
        assert_eq!(problem(Value::only(&[0x04, 0x81, 0x01, 0], OCTET_STRING)), DerProblem::Length);
        assert_eq!(problem(Value::only(&[0x04, 0x82, 0x00, 0x80], OCTET_STRING)), DerProblem::Length);
        assert_eq!(problem(Value::only(&[0x04, 0x85, 1, 1, 1, 1, 1], OCTET_STRING)), DerProblem::Length);
        assert_eq!(problem(Value::only(&[0x04, 0xff], OCTET_STRING)), DerProblem::Length);
        assert_eq!(problem(Value::only(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff], OCTET_STRING)), DerProblem::Truncated);
    }

    #[test]
    fn trailing_bytes_and_high_tags_are_refused_with_their_offset() {
        let fault = Value::only(&[0x05, 0, 0], NULL).expect_err("a fault");
        assert_eq!(fault, DerFault { offset: 2, problem: DerProblem::TrailingBytes });
        assert_eq!(problem(Reader::new(&[0x1f, 0x81, 0x01, 0]).next_value()), DerProblem::HighTagNumber);
    }

    #[test]
    fn offsets_count_from_the_outermost_byte() {
        let outer = encode(SEQUENCE, &[&encode(SEQUENCE, &[&[0x05, 0x00], &[0x01, 0x01, 0x07]])]);
        let outer = Value::only(&outer, SEQUENCE).expect("reads");
        let mut fields = outer.inner(SEQUENCE).expect("reads").fields();
        fields.expect(NULL).expect("reads");
        let fault = fields.expect(BOOLEAN).expect("reads").boolean().expect_err("a fault");
        assert_eq!(fault, DerFault { offset: 6, problem: DerProblem::Boolean });
        assert_eq!(fault.to_string(), "bad boolean at offset 6");
    }

    #[test]
    fn integers_are_minimal_and_unsigned_ones_survive_a_round_trip() {
        for number in [0_u32, 1, 127, 128, 255, 256, u32::MAX] {
            let encoding = encode_unsigned(&number.to_be_bytes());
            let value = Value::only(&encoding, INTEGER).expect("reads");
            assert_eq!(value.small_integer(), Ok(number));
        }
        for bad in [vec![0x02, 0], vec![0x02, 2, 0, 1], vec![0x02, 2, 0xff, 0x80]] {
            assert_eq!(problem(Value::only(&bad, INTEGER).expect("reads").integer()), DerProblem::Integer);
        }
        let negative = Value::only(&[0x02, 1, 0xff], INTEGER).expect("reads");
        assert_eq!(problem(negative.small_integer()), DerProblem::Integer);
    }

    #[test]
    fn a_set_is_written_in_the_order_of_its_encodings() {
        let (low, high) = (encode_unsigned(&[1]), encode_unsigned(&[2]));
        assert_eq!(encode_set_of(&[&high, &low]), encode(SET, &[&low, &high]));
    }
}
