//! The files of a package for tests, and the ZIP around them, byte by byte (FORMAT §§4, 10).
//!
//! What an attacker can do without a key is done here: change files, make the manifests anew, zip by the profile. With a key
//! they can seal again.

use std::io::Write as _;

use ed25519_dalek::{Signer as _, SigningKey};
use flate2::{Compression, write::DeflateEncoder};

use crate::package::hex_digest;

/// One file of a package.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// The files of a package in the order of the archive.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) top: String,
    pub(crate) files: Vec<File>,
}

impl Files {
    /// Appends a file.
    pub(crate) fn push(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.push(File { path: path.to_owned(), bytes: bytes.into() });
    }

    /// Puts a file in before another.
    pub(crate) fn insert_before(&mut self, other: &str, path: &str, bytes: impl Into<Vec<u8>>) {
        let at = self.position(other);
        self.files.insert(at, File { path: path.to_owned(), bytes: bytes.into() });
    }

    /// Where a file stands.
    pub(crate) fn position(&self, path: &str) -> usize {
        self.files.iter().position(|file| file.path == path).unwrap_or_else(|| panic!("there is `{path}`"))
    }

    /// The bytes of a file.
    pub(crate) fn bytes(&self, path: &str) -> &[u8] {
        &self.files[self.position(path)].bytes
    }

    /// Gives a file other bytes.
    pub(crate) fn set(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        let at = self.position(path);
        self.files[at].bytes = bytes.into();
    }

    /// Replaces a part of a text file; the part must be there once.
    pub(crate) fn replace(&mut self, path: &str, from: &str, to: &str) {
        let text = String::from_utf8(self.bytes(path).to_vec()).expect("a text file");
        assert_eq!(text.matches(from).count(), 1, "`{from}` once in {text}");
        self.set(path, text.replace(from, to));
    }

    /// Takes a file out.
    pub(crate) fn remove(&mut self, path: &str) -> Vec<u8> {
        let at = self.position(path);
        self.files.remove(at).bytes
    }

    /// Makes both manifests for the files as they are.
    pub(crate) fn make_manifests(&mut self) {
        let mut payload: Vec<&File> = self.files.iter().filter(|file| file.path.starts_with("data/")).collect();
        payload.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
        let line = |file: &File| format!("{}  {}\n", hex_digest(&file.bytes), file.path);
        let manifest = payload.into_iter().map(line).collect::<Vec<_>>().concat();
        self.set("manifest-sha256.txt", manifest);
        let tags = [
            "README.txt",
            "bag-info.txt",
            "bagit.txt",
            "keys/operator.pem",
            "keys/signer-cert.pem",
            "keys/signer.pem",
            "keys/tsa-crls.pem",
            "manifest-sha256.txt",
        ];
        let tags = tags.into_iter().filter_map(|path| self.files.iter().find(|file| file.path == path));
        let tags = tags.map(line).collect::<Vec<_>>().concat();
        if self.files.iter().any(|file| file.path == "tagmanifest-sha256.txt") {
            self.set("tagmanifest-sha256.txt", tags);
        }
    }

    /// Length and digest of the archive before the seal.
    pub(crate) fn before_the_seal(&self) -> (usize, String) {
        let mut zip = Zip::default();
        for file in self.files.iter().filter(|file| !file.path.starts_with("seal/")) {
            zip.add(&format!("{}/{}", self.top, file.path), &file.bytes);
        }
        (zip.local.len(), hex_digest(&zip.local))
    }

    /// Writes tag manifest digest and archive digest of the files as they are into the seal and signs it again.
    pub(crate) fn reseal(&mut self, key: &SigningKey) {
        let (len, digest) = self.before_the_seal();
        let seal = String::from_utf8(self.bytes("seal/seal.json").to_vec()).unwrap();
        let (head, rest) = seal.split_once(",\"tagmanifest_sha256\":").unwrap();
        let (_, tail) = rest.split_once(",\"signer\":").unwrap();
        let tags = hex_digest(self.bytes("tagmanifest-sha256.txt"));
        let seal = format!(
            "{head},\"tagmanifest_sha256\":\"{tags}\",\"archive\":{{\"byte_len\":{len},\"sha256\":\"{digest}\"}},\"signer\":{tail}"
        );
        self.set("seal/seal.sig", key.sign(seal.as_bytes()).to_bytes());
        self.set("seal/seal.json", seal);
    }

    /// The archive.
    pub(crate) fn zip(&self) -> Vec<u8> {
        let mut zip = Zip::default();
        for file in &self.files {
            zip.add(&format!("{}/{}", self.top, file.path), &file.bytes);
        }
        zip.finish()
    }
}

/// One deflate stream.
pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A ZIP file of the profile of FORMAT §4, or §21.1, byte by byte.
#[derive(Default)]
pub(crate) struct Zip {
    is_stored: bool,
    local: Vec<u8>,
    central: Vec<u8>,
    count: u16,
}

impl Zip {
    /// Begins one that does not compress.
    pub(crate) fn stored() -> Self {
        Self { is_stored: true, ..Self::default() }
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8]) {
        let compressed = if self.is_stored { bytes.to_vec() } else { deflated(bytes) };
        let (version, method): (u16, u16) = if self.is_stored { (10, 0) } else { (20, 8) };
        let offset = u32::try_from(self.local.len()).unwrap();
        let mut shared = Vec::new();
        shared.extend_from_slice(&version.to_le_bytes());
        shared.extend_from_slice(&0_u16.to_le_bytes());
        shared.extend_from_slice(&method.to_le_bytes());
        shared.extend_from_slice(&0_u16.to_le_bytes());
        shared.extend_from_slice(&0x21_u16.to_le_bytes());
        shared.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        shared.extend_from_slice(&u32::try_from(compressed.len()).unwrap().to_le_bytes());
        shared.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
        shared.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        shared.extend_from_slice(&0_u16.to_le_bytes());
        self.local.extend_from_slice(b"PK\x03\x04");
        self.local.extend_from_slice(&shared);
        self.local.extend_from_slice(name.as_bytes());
        self.local.extend_from_slice(&compressed);
        self.central.extend_from_slice(b"PK\x01\x02");
        self.central.extend_from_slice(&(0x0300 | version).to_le_bytes());
        self.central.extend_from_slice(&shared);
        self.central.extend_from_slice(&[0; 6]);
        self.central.extend_from_slice(&0x81a4_0000_u32.to_le_bytes());
        self.central.extend_from_slice(&offset.to_le_bytes());
        self.central.extend_from_slice(name.as_bytes());
        self.count += 1;
    }

    /// Appends directory and end record.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut archive = self.local;
        let offset = u32::try_from(archive.len()).unwrap();
        archive.extend_from_slice(&self.central);
        archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        archive.extend_from_slice(&self.count.to_le_bytes());
        archive.extend_from_slice(&self.count.to_le_bytes());
        archive.extend_from_slice(&u32::try_from(self.central.len()).unwrap().to_le_bytes());
        archive.extend_from_slice(&offset.to_le_bytes());
        archive.extend_from_slice(&[0, 0]);
        archive
    }
}
