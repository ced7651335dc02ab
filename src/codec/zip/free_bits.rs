//! Walks a deflate stream for the bits that RFC 1951 gives no meaning: behind the last code, and in front of a stored block.
//!
//! An inflater skips them, so they could be changed without changing the content. Where an entry is covered by a digest over
//! the bytes of the archive that does not matter; for the last entries of a package, which no such digest covers, it does. Made
//! for those small entries: simple, bit by bit, and far slower than inflating.

/// Says whether the free bits of `stream` are all zero and the stream ends in its last byte; `None` if it is no deflate stream.
///
/// Distances and the content are not looked at: inflating does that.
pub(super) fn are_zero(stream: &[u8]) -> Option<bool> {
    let mut bits = Bits { left: stream.iter(), buffer: 0, held: 0 };
    let mut zero = true;
    loop {
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => {
                zero &= bits.discard_to_byte() == 0;
                let len = bits.take(16)?;
                if bits.take(16)? != len ^ 0xFFFF {
                    return None;
                }
                for _ in 0..len {
                    bits.take(8)?;
                }
            }
            1 => walk_block(&mut bits, &fixed_literals(), &Code::new(&[5; 30]))?,
            2 => {
                let (literals, distances) = dynamic_codes(&mut bits)?;
                walk_block(&mut bits, &literals, &distances)?;
            }
            _ => return None,
        }
        if is_last {
            return Some(zero && bits.discard_to_byte() == 0 && bits.left.len() == 0);
        }
    }
}

fn walk_block(bits: &mut Bits<'_>, literals: &Code, distances: &Code) -> Option<()> {
    loop {
        let extra = match literals.decode(bits)? {
            0..256 => continue,
            256 => return Some(()),
            257..265 | 285 => 0,
            symbol @ 265..285 => (symbol - 261) / 4,
            _ => return None,
        };
        bits.take(extra)?;
        let distance = distances.decode(bits)?;
        bits.take((distance / 2).saturating_sub(1))?;
    }
}

fn dynamic_codes(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    let literal_count = usize::from(bits.take(5)?) + 257;
    let distance_count = usize::from(bits.take(5)?) + 1;
    let length_count = usize::from(bits.take(4)?) + 4;
    let mut lengths = [0; 19];
    for place in LENGTH_ORDER.iter().take(length_count) {
        *lengths.get_mut(*place)? = bits.take(3)?;
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literal_count + distance_count {
        let (length, repeat) = match code.decode(bits)? {
            length @ 0..16 => (length, 1),
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            _ => (0, 11 + bits.take(7)?),
        };
        lengths.extend((0..repeat).map(|_| length));
    }
    let (literals, distances) = lengths.split_at_checked(literal_count)?;
    (distances.len() == distance_count).then(|| (Code::new(literals), Code::new(distances)))
}

fn fixed_literals() -> Code {
    let mut lengths = [8; 288];
    for (symbol, length) in lengths.iter_mut().enumerate() {
        match symbol {
            144..256 => *length = 9,
            256..280 => *length = 7,
            _ => {}
        }
    }
    Code::new(&lengths)
}

/// A canonical Huffman code: how many symbols have each length, and the symbols by length, then by value.
struct Code {
    counts: [u16; MAX_CODE_BITS],
    symbols: Vec<u16>,
}

impl Code {
    /// Builds the code from one length for each symbol; 0 for a symbol that does not occur.
    fn new(lengths: &[u16]) -> Self {
        let mut counts = [0; MAX_CODE_BITS];
        let mut symbols = Vec::new();
        for (count, length) in counts.iter_mut().zip(1_u16..) {
            let before = symbols.len();
            symbols.extend(lengths.iter().zip(0_u16..).filter(|(own, _)| **own == length).map(|(_, symbol)| symbol));
            *count = u16::try_from(symbols.len() - before).unwrap_or(0);
        }
        Self { counts, symbols }
    }

    fn decode(&self, bits: &mut Bits<'_>) -> Option<u16> {
        let (mut code, mut first, mut index) = (0_usize, 0_usize, 0_usize);
        for count in self.counts {
            let count = usize::from(count);
            code = code << 1 | usize::from(bits.take(1)?);
            first <<= 1;
            if code < first + count {
                return self.symbols.get(index + code.checked_sub(first)?).copied();
            }
            index += count;
            first += count;
        }
        None
    }
}

/// Bits from the lowest of each byte upwards.
struct Bits<'a> {
    left: std::slice::Iter<'a, u8>,
    buffer: u32,
    held: u16,
}

impl Bits<'_> {
    /// Takes up to 16 bits.
    fn take(&mut self, count: u16) -> Option<u16> {
        while self.held < count {
            self.buffer |= u32::from(*self.left.next()?) << self.held;
            self.held += 8;
        }
        let taken = self.buffer & ((1 << count) - 1);
        self.buffer >>= count;
        self.held -= count;
        u16::try_from(taken).ok()
    }

    /// Drops the rest of the current byte and returns it.
    fn discard_to_byte(&mut self) -> u32 {
        let rest = self.buffer;
        (self.buffer, self.held) = (0, 0);
        rest
    }
}

const LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MAX_CODE_BITS: usize = 15;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use proptest::prelude::*;

    use super::*;

    fn deflate(content: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(content).expect("a vector takes all");
        encoder.finish().expect("a vector takes all")
    }

    #[test]
    fn free_bits_of_each_kind_of_block_are_seen() {
        let stored = [0x01, 2, 0, 0xFD, 0xFF, b'a', b'b'];
        assert_eq!(are_zero(&stored), Some(true));
        assert_eq!(are_zero(&[0x09, 2, 0, 0xFD, 0xFF, b'a', b'b']), Some(false));
        assert_eq!(are_zero(&[0x01, 2, 0, 0xFD, 0xFE, b'a', b'b']), None);
        assert_eq!(are_zero(&[0x03, 0x00]), Some(true));
        assert_eq!(are_zero(&[0x03, 0x04]), Some(false));
        assert_eq!(are_zero(&[0x03, 0x00, 0x00]), Some(false));
        assert_eq!(are_zero(&[0x07]), None);
        assert_eq!(are_zero(&[]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn streams_of_the_compressor_have_none(text in "[a-f0-9\":{},é]{0,2000}", noise in prop::collection::vec(any::<u8>(), 0..300), level in 0_u32..10) {
            let stream = deflate(&[text.as_bytes(), &noise].concat(), level);
            prop_assert_eq!(are_zero(&stream), Some(true));
            prop_assert_eq!(are_zero(&[stream.as_slice(), b"\0"].concat()), Some(false));
            prop_assert_eq!(are_zero(stream.split_last().expect("never empty").1), None);
        }

        #[test]
        fn bytes_at_random_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = are_zero(&bytes);
        }
    }
}
