//! Checkpoints of a ledger, as signed notes (FORMAT §20.5; C2SP tlog-checkpoint and signed-note).
//!
//! Whoever holds one can show later that the ledger was cut, or goes on from other lines than they were shown. The form is
//! that of transparency logs, so that other people's tools read it.

use std::fmt::Write as _;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use crate::crypto::digest::{LedgerName, RootHash};
use crate::crypto::signature::{NotSigned, PublicKey, Signature, Signer};

/// What a checkpoint says, and the signatures on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger.
    pub ledger: LedgerName,
    /// How many lines, at least 1.
    pub size: u64,
    /// The Merkle root over them.
    pub root: RootHash,
    /// Signature lines: the name, and what is behind it.
    signatures: Vec<NoteSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    bytes: Vec<u8>,
}

/// Text that is not a checkpoint of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint of a ledger: {0}")]
pub struct NotACheckpoint(&'static str);

impl Checkpoint {
    /// Returns the checkpoint of a ledger of `size` lines with this root, signed.
    ///
    /// # Errors
    ///
    /// [`NotSigned`] when the key is out of reach.
    pub fn sign(ledger: LedgerName, size: u64, root: RootHash, signer: &dyn Signer) -> Result<String, NotSigned> {
        let name = origin(ledger);
        let body = body(&name, size, root);
        let key = signer.public_key();
        let bytes = [key_id(&name, &key).as_slice(), signer.sign(body.as_bytes())?.as_bytes()].concat();
        Ok(format!("{body}\n\u{2014} {name} {}\n", BASE64.encode(&bytes)))
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    ///
    /// [`NotACheckpoint`] for anything but the form of FORMAT §20.5.
    pub fn parse(text: &str) -> Result<Self, NotACheckpoint> {
        if text.len() > MAX_BYTE_LEN {
            return Err(NotACheckpoint("it is too long"));
        }
        let (head, tail) = text.split_once("\n\n").ok_or(NotACheckpoint("it has no empty line"))?;
        let lines: Vec<&str> = head.split('\n').collect();
        let [name, size, root] = lines.as_slice() else { return Err(NotACheckpoint("it has not three lines of text")) };
        let ledger = name.strip_prefix(ORIGIN).and_then(|digest| digest.parse().ok());
        let ledger = ledger.ok_or(NotACheckpoint("its first line names no ledger"))?;
        let number: u64 = size.parse().map_err(|_| NotACheckpoint("its second line is no number"))?;
        if number == 0 || number.to_string() != *size {
            return Err(NotACheckpoint("its second line is no number of lines"));
        }
        let root = BASE64.decode(root.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        let root = RootHash::from_bytes(root.ok_or(NotACheckpoint("its third line is no root"))?);
        let tail = tail.strip_suffix('\n').ok_or(NotACheckpoint("it does not end with a line feed"))?;
        let signatures: Option<Vec<NoteSignature>> = tail.split('\n').map(NoteSignature::parse).collect();
        let signatures = signatures.ok_or(NotACheckpoint("a signature line is not in its form"))?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NotACheckpoint("it has more than 16 signatures"));
        }
        Ok(Self { ledger, size: number, root, signatures })
    }

    /// Says whether `key` has signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let name = origin(self.ledger);
        let body = body(&name, self.size, self.root);
        let id = key_id(&name, key);
        self.signatures.iter().filter(|signature| signature.name == name).any(|signature| {
            let ours = signature.bytes.strip_prefix(&id).and_then(Signature::from_bytes);
            ours.is_some_and(|signature| key.verify(body.as_bytes(), &signature))
        })
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let bytes = BASE64.decode(base64.as_bytes()).ok()?;
        (!name.is_empty() && bytes.len() > KEY_ID_BYTE_LEN).then(|| Self { name: name.to_owned(), bytes })
    }
}

fn origin(ledger: LedgerName) -> String {
    format!("{ORIGIN}{ledger}")
}

fn body(name: &str, size: u64, root: RootHash) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write!(text, "{name}\n{size}\n{}\n", BASE64.encode(root.as_bytes()));
    text
}

/// The first four bytes of SHA-256(name || LF || 0x01 || key): signed-note, signature type Ed25519.
fn key_id(name: &str, key: &PublicKey) -> [u8; KEY_ID_BYTE_LEN] {
    let digest =
        Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes()).finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

const ORIGIN: &str = "signhold/ledger/v1/";
const KEY_ID_BYTE_LEN: usize = 4;
const ED25519: u8 = 1;
/// 16: FORMAT §20.5, as many as signed-note asks of readers.
const MAX_SIGNATURES: usize = 16;
/// 64 KiB: sixteen signature lines, those of post-quantum keys among them.
const MAX_BYTE_LEN: usize = 65_536;

#[cfg(test)]
mod tests {
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

    fn key(byte: u8) -> Key {
        Key(ed25519_dalek::SigningKey::from_bytes(&[byte; 32]))
    }

    fn note() -> String {
        Checkpoint::sign(LedgerName([3; 32]), 12, RootHash([4; 32]), &key(7)).unwrap()
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed() {
        let text = note();
        assert!(text.starts_with(&format!("signhold/ledger/v1/{}\n12\nBAQEBAQE", "03".repeat(32))), "{text}");
        let read = Checkpoint::parse(&text).unwrap();
        assert_eq!((read.ledger, read.size, read.root), (LedgerName([3; 32]), 12, RootHash([4; 32])));
        assert!(read.is_signed_by(&key(7).public_key()));
        assert!(!read.is_signed_by(&key(8).public_key()));
    }

    #[test]
    fn a_changed_checkpoint_is_not_signed() {
        let read = Checkpoint::parse(&note().replace("\n12\n", "\n13\n")).unwrap();
        assert!(!read.is_signed_by(&key(7).public_key()));
    }

    #[test]
    fn a_signature_of_another_kind_is_passed_over() {
        let text = format!("{}\u{2014} witness.example AQIDBAUGBwg=\n", note());
        assert!(Checkpoint::parse(&text).unwrap().is_signed_by(&key(7).public_key()));
    }

    #[test]
    fn other_forms_are_refused() {
        let good = note();
        for text in [
            good.replace("\n12\n", "\n012\n"),
            good.replace("\n12\n", "\n0\n"),
            good.replace("\n12\n", "\n+12\n"),
            good.replace("signhold/ledger/v1/", "signhold/ledger/v2/"),
            good.replace("\n\n", "\n"),
            good.replace('\u{2014}', "-"),
            good.trim_end().to_owned(),
            good.replace("\n12\n", "\n12\n12\n"),
            format!("{good}\n"),
            good.replace('\n', "\r\n"),
            String::new(),
        ] {
            assert!(Checkpoint::parse(&text).is_err(), "{text}");
        }
    }
}
