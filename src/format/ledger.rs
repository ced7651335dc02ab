//! A line of the ledger: an event, the signer's public key, the signature over the event's exact bytes (FORMAT §20.1).
//!
//! What stands behind the event has one length, so the signed bytes are found without parsing anything. Whether the signature
//! is right is a question of its own: [`SignedEvent::is_signed`].

use data_encoding::BASE64;

use super::event::Event;
use super::{FormatError, decode, encode};
use crate::crypto::digest::{EventDigest, LedgerName};
use crate::crypto::signature::{KeyError, NotSigned, PublicKey, Signature, Signer};

/// One line, taken apart. The event is well formed; nothing else about it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedEvent {
    /// What the line says.
    pub event: Event,
    /// Digest of the line without its line feed.
    pub digest: EventDigest,
    /// The signer's key, or what is wrong with it.
    pub public_key: Result<PublicKey, KeyError>,
    /// The signature.
    pub signature: Signature,
}

impl SignedEvent {
    /// Signs an event. Returns the line's bytes without the line feed.
    ///
    /// # Errors
    ///
    /// [`NoLine`] when it outgrew a line, or the key did not sign.
    pub fn sign(event: &Event, signer: &dyn Signer) -> Result<Vec<u8>, NoLine> {
        let bytes = encode(event)?;
        let key = BASE64.encode(&signer.public_key().to_spki());
        let signature = BASE64.encode(signer.sign(&bytes)?.as_bytes());
        let tail = [BEFORE_KEY, key.as_bytes(), BEFORE_SIGNATURE, signature.as_bytes(), END];
        Ok([&[HEAD, bytes.as_slice()], tail.as_slice()].concat().concat())
    }

    /// Takes a line apart; `line` is without its line feed.
    ///
    /// # Errors
    ///
    /// [`FormatError`] for everything but the one form of FORMAT §20.1 around a well-formed event.
    pub fn decode(line: &[u8]) -> Result<Self, FormatError> {
        let (event, key, signature) = split(line).ok_or_else(|| FormatError::Malformed(NOT_A_LINE.to_owned()))?;
        let base64 = |text: &[u8]| BASE64.decode(text).map_err(|error| FormatError::Malformed(error.to_string()));
        let signature = Signature::from_bytes(&base64(signature)?);
        Ok(Self {
            event: decode(event)?,
            digest: EventDigest::of(line),
            public_key: PublicKey::from_spki(&base64(key)?),
            signature: signature.ok_or_else(|| FormatError::Malformed(NOT_A_LINE.to_owned()))?,
        })
    }

    /// Says whether the event, whose line is `line`, bears the signature of the key that it names.
    #[must_use]
    pub fn is_signed(&self, line: &[u8]) -> bool {
        let Ok(key) = self.public_key else { return false };
        split(line).is_some_and(|(event, ..)| key.fingerprint() == self.event.key && key.verify(event, &self.signature))
    }

    /// Returns the name of the ledger that this line opens.
    #[must_use]
    pub fn ledger_name(&self) -> LedgerName {
        LedgerName::from_bytes(*self.digest.as_bytes())
    }
}

/// Why an event became no line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoLine {
    /// It is longer than a line may be.
    #[error("the event cannot be written down")]
    Format(#[from] FormatError),
    /// The key is out of reach.
    #[error("the event was not signed")]
    NotSigned(#[from] NotSigned),
}

/// Says whether a file that begins with `bytes` may be a ledger.
#[must_use]
pub fn looks_like_a_ledger(bytes: &[u8]) -> bool {
    bytes.starts_with(HEAD)
}

/// Finds EVENT, KEY and SIGNATURE by their places.
fn split(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let rest = line.strip_prefix(HEAD)?;
    let (event, tail) = rest.split_at_checked(rest.len().checked_sub(TAIL_BYTE_LEN)?)?;
    let (key, tail) = tail.strip_prefix(BEFORE_KEY)?.split_at_checked(KEY_CHARS)?;
    let (signature, tail) = tail.strip_prefix(BEFORE_SIGNATURE)?.split_at_checked(SIGNATURE_CHARS)?;
    (tail == END).then_some((event, key, signature))
}

const HEAD: &[u8] = b"{\"event\":";
const BEFORE_KEY: &[u8] = b",\"public_key\":\"";
const BEFORE_SIGNATURE: &[u8] = b"\",\"signature\":\"";
const END: &[u8] = b"\"}";
const NOT_A_LINE: &str = "not an event with a public key and a signature";
/// 44 bytes in base64.
const KEY_CHARS: usize = 60;
/// 64 bytes in base64.
const SIGNATURE_CHARS: usize = 88;
/// What stands behind the event in every line.
const TAIL_BYTE_LEN: usize = BEFORE_KEY.len() + KEY_CHARS + BEFORE_SIGNATURE.len() + SIGNATURE_CHARS + END.len();

/// 1 MiB: FORMAT §20.8, the longest line without its line feed.
pub const MAX_LINE_BYTE_LEN: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::super::event::{Act, Remark, example};
    use super::*;

    struct Key(ed25519_dalek::SigningKey);

    impl Signer for Key {
        fn public_key(&self) -> PublicKey {
            PublicKey::from_bytes(self.0.verifying_key().as_bytes()).unwrap()
        }

        fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
            Ok(Signature::from(ed25519_dalek::Signer::sign(&self.0, message).to_bytes()))
        }
    }

    fn line() -> (Event, Vec<u8>) {
        let key = Key(ed25519_dalek::SigningKey::from_bytes(&[7; 32]));
        let mut event = example(Act::Noted(Remark { text: "a".parse().unwrap() }));
        event.key = key.public_key().fingerprint();
        let line = SignedEvent::sign(&event, &key).unwrap();
        (event, line)
    }

    #[test]
    fn a_line_is_read_as_it_was_signed() {
        let (event, line) = line();
        assert_eq!(TAIL_BYTE_LEN, 180);
        assert!(looks_like_a_ledger(&line));
        let read = SignedEvent::decode(&line).unwrap();
        assert_eq!(read.event, event);
        assert!(read.is_signed(&line));
        assert_eq!(read.digest, EventDigest::of(&line));
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(value["event"]["details"]["text"], "a");
    }

    #[test]
    fn no_byte_of_a_line_can_be_changed_unnoticed() {
        let (_, line) = line();
        for place in 0..line.len() {
            let mut altered = line.clone();
            altered[place] ^= 1;
            let noticed = SignedEvent::decode(&altered).map_or(true, |read| !read.is_signed(&altered));
            assert!(noticed, "byte {place}");
        }
    }

    #[test]
    fn another_key_than_the_named_one_is_noticed() {
        let (mut event, _) = line();
        event.key = "0".repeat(64).parse().unwrap();
        let line = SignedEvent::sign(&event, &Key(ed25519_dalek::SigningKey::from_bytes(&[7; 32]))).unwrap();
        assert!(!SignedEvent::decode(&line).unwrap().is_signed(&line));
    }

    #[test]
    fn anything_around_or_between_is_refused() {
        let (_, line) = line();
        let text = String::from_utf8(line).unwrap();
        for (from, to) in [
            ("{\"event\":", "{ \"event\":"),
            (",\"public_key\"", " ,\"public_key\""),
            ("\"}", "\",\"more\":1}"),
            ("\"}", "\"}\r"),
            ("\"signature\":", "\"signatur\\u0065\":"),
        ] {
            let altered = match to {
                "\",\"more\":1}" | "\"}\r" => format!("{}{to}", text.strip_suffix(from).unwrap()),
                _ => text.replacen(from, to, 1),
            };
            assert!(SignedEvent::decode(altered.as_bytes()).is_err(), "{altered}");
        }
        assert!(SignedEvent::decode(b"").is_err());
    }
}
