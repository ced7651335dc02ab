//! GUIDs as the log service writes them, and the sign-in ids that can be turned back into a position.
//!
//! Every public sample of a sign-in id ends in byte `00` (graph-api §2.1). Ours do too, and the rest of an id carries the
//! kind and index of its record under the mixer, so that `GET …/signIns/{id}` needs no table. A changed digit in an id
//! names no record: the bits that carry no position are recomputed and compared.

use std::fmt;

use super::{
    kind::Kind,
    noise::{mix, unmix},
};

/// A GUID, written in lower case with hyphens.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Guid([u8; 16]);

impl Guid {
    /// Shapes random bits into a version 4 GUID.
    pub(crate) fn from_noise(high: u64, low: u64) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        bytes[6] = 0x40 | (bytes[6] & 0x0F);
        bytes[8] = 0x80 | (bytes[8] & 0x3F);
        Self(bytes)
    }

    /// Makes the id of the record at `index` of `kind`.
    pub(crate) fn of_record(key: u64, kind: Kind, index: u64) -> Self {
        let place = mix(((kind.ordinal() << KIND_SHIFT) | index) ^ key);
        let position = place.to_be_bytes();
        let rest = mix(place ^ key.rotate_left(32)).to_be_bytes();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&position[..6]);
        bytes[6] = 0x40 | (rest[0] & 0x0F);
        bytes[7] = position[6];
        bytes[8] = 0x80 | (rest[1] & 0x3F);
        bytes[9] = position[7];
        bytes[10..15].copy_from_slice(&rest[2..7]);
        Self(bytes)
    }

    /// Returns the kind and index an id stands for; `None` when no record can have it.
    pub(crate) fn record(self, key: u64) -> Option<(Kind, u64)> {
        let mut position = [0; 8];
        position[..6].copy_from_slice(&self.0[..6]);
        position[6] = self.0[7];
        position[7] = self.0[9];
        let place = unmix(u64::from_be_bytes(position)) ^ key;
        let kind = Kind::from_ordinal(place >> KIND_SHIFT)?;
        let index = place & ((1 << KIND_SHIFT) - 1);
        (Self::of_record(key, kind, index) == self).then_some((kind, index))
    }

    /// Reads the form with hyphens, in either case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_LEN || [8, 13, 18, 23].iter().any(|at| text.as_bytes().get(*at) != Some(&b'-')) {
            return None;
        }
        let digits: String = text.chars().filter(|digit| *digit != '-').collect();
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Returns the 36 characters of the text form.
    pub(crate) fn text(self) -> [u8; TEXT_LEN] {
        let mut text = [b'-'; TEXT_LEN];
        let mut at = 0;
        for (position, byte) in self.0.iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 0x0F)];
            at += 2;
        }
        text
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().iter().try_for_each(|character| write!(formatter, "{}", char::from(*character)))
    }
}

/// Characters in the text form.
const TEXT_LEN: usize = 36;
/// An index has 61 bits; the kind stands above it.
const KIND_SHIFT: u32 = 61;
const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::{super::kind::Kind, Guid};

    #[test]
    fn an_id_leads_back_to_its_record() {
        for kind in Kind::ALL {
            for index in [0, 1, 999, 10_000_000] {
                let id = Guid::of_record(77, kind, index);
                assert_eq!(id.record(77), Some((kind, index)));
                assert!(id.to_string().ends_with("00"));
                assert_eq!(Guid::parse(&id.to_string()), Some(id));
            }
        }
    }

    #[test]
    fn an_id_with_a_changed_digit_names_no_record() {
        let mut bytes = Guid::of_record(77, Kind::ServicePrincipal, 5).0;
        bytes[12] ^= 1;
        assert_eq!(Guid(bytes).record(77), None);
        assert_eq!(Guid::from_noise(1, 2).record(77), None);
    }

    #[test]
    fn text_that_is_no_guid_is_refused() {
        assert_eq!(Guid::parse("3f0b6c1e7a524d0e9c415b8e2f6a7100"), None);
        assert_eq!(Guid::parse("3f0b6c1e-7a52-4d0e-9c41-5b8e2f6a710g"), None);
    }
}
