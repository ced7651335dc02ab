//! The first pass over an acquisition's parts: what the manifests, the totals and the chain head will say.
//!
//! Reads every record and signature back from disk and checks that they still are what was committed: the chain is followed, the
//! signatures are verified. Bodies are not read here; their digests stand in the records, and copying them checks nothing but
//! what a verifier will find anyway.

use std::collections::{BTreeMap, BTreeSet};

use super::volumes::Cut;
use super::{PAGE_BODY, PartSource, RECORD, SIGNATURE, SealError};
use crate::crypto::digest::{FileDigest, RecordDigest};
use crate::crypto::merkle::{RootHash, Tree, leaf_hash};
use crate::crypto::signature::{PublicKey, Signature};
use crate::format::bag::{Manifest, PayloadOxum};
use crate::format::failure::FailureRecord;
use crate::format::page::PageRecord;
use crate::format::path::PackagePath;
use crate::format::seal::{Head, Run, Totals};
use crate::format::{Document, FormatError, decode};

/// What the parts amount to.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Every payload file that comes from a bundle.
    pub manifest: Manifest,
    /// Their sizes.
    pub payload: PayloadOxum,
    /// Sums.
    pub totals: Totals,
    /// The last page record, of this volume or one before.
    pub head: Head,
    /// Root over the page records.
    pub merkle_root: RootHash,
    /// The timestamps over page records, by page.
    pub page_timestamps: BTreeMap<u64, Vec<u8>>,
    /// Where each page's body goes.
    pub body_paths: Vec<PackagePath>,
    /// Which failures had a body.
    pub failure_bodies: Vec<bool>,
}

/// Reads the parts of one volume, which come after the page record `before`. `streams` says which runs count.
///
/// # Errors
///
/// [`SealError::Damaged`] naming the first part that is not what was committed.
pub fn take<P: PartSource>(
    parts: &P,
    cut: Cut,
    before: Head,
    streams: &[Run],
    key: &PublicKey,
) -> Result<Inventory, SealError> {
    let counted: BTreeSet<_> =
        streams.iter().filter(|run| run.is_counted()).map(|run| (run.kind, run.from, run.to, run.run)).collect();
    let mut inventory = Inventory {
        manifest: Manifest::default(),
        payload: PayloadOxum::default(),
        totals: Totals { pages: cut.page_count, failures: cut.failure_count, ..Totals::default() },
        head: before,
        merkle_root: Tree::new().root(),
        page_timestamps: BTreeMap::new(),
        body_paths: Vec::new(),
        failure_bodies: Vec::new(),
    };
    let mut tree = Tree::new();
    let end = cut.end();
    for sequence in cut.first_page..end.0 {
        let mut bundle = parts.page(sequence)?;
        let name = PackagePath::page_record(sequence);
        let (bytes, signature) = read_signed(&mut bundle, &name, key)?;
        let record: PageRecord = decode_part(&bytes, &name)?;
        if record.sequence != sequence || record.previous != inventory.head.sha256 {
            let reason =
                format!("it names `{}` as the record before it, which is `{}`", record.previous, inventory.head.sha256);
            return Err(damaged(&name, reason));
        }
        inventory.head = Head { sequence, sha256: RecordDigest::of(&bytes) };
        inventory.totals.records += record.records.count;
        let stream = &record.stream;
        if stream.pass == 1 && counted.contains(&(stream.kind, stream.from, stream.to, stream.run)) {
            inventory.totals.inside += record.records.inside;
        }
        inventory.totals.body_bytes += record.body.byte_len;
        tree.push(leaf_hash(&bytes));
        inventory.add(name, FileDigest::of(&bytes), bytes.len() as u64);
        inventory.add(PackagePath::page_signature(sequence), FileDigest::of(&signature), signature.len() as u64);
        if let Some(token) = parts.page_timestamp(sequence)? {
            inventory.add(PackagePath::page_timestamp(sequence), FileDigest::of(&token), token.len() as u64);
            inventory.page_timestamps.insert(sequence, token);
        }
        inventory.add(
            record.body.path.clone(),
            FileDigest::from_bytes(*record.body.sha256.as_bytes()),
            record.body.byte_len,
        );
        inventory.body_paths.push(record.body.path);
    }
    inventory.merkle_root = tree.root();
    for sequence in cut.first_failure..end.1 {
        let mut bundle = parts.failure(sequence)?;
        let name = PackagePath::failure_record(sequence);
        let (bytes, signature) = read_signed(&mut bundle, &name, key)?;
        let record: FailureRecord = decode_part(&bytes, &name)?;
        inventory.add(name, FileDigest::of(&bytes), bytes.len() as u64);
        inventory.add(PackagePath::failure_signature(sequence), FileDigest::of(&signature), signature.len() as u64);
        if let Some(body) = &record.body {
            inventory.add(body.path.clone(), FileDigest::from_bytes(*body.sha256.as_bytes()), body.byte_len);
        }
        inventory.failure_bodies.push(record.body.is_some());
    }
    Ok(inventory)
}

impl Inventory {
    /// Adds a payload file.
    pub fn add(&mut self, path: PackagePath, digest: FileDigest, byte_len: u64) {
        self.manifest.insert(path, digest);
        self.payload.byte_len += byte_len;
        self.payload.file_count += 1;
    }
}

fn read_signed<R: std::io::Read + std::io::Seek>(
    bundle: &mut crate::codec::zip::write::Bundle<R>,
    name: &PackagePath,
    key: &PublicKey,
) -> Result<(Vec<u8>, Vec<u8>), SealError> {
    let mut entry = |entry: &str, limit: u64| match bundle.read(entry, limit) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(damaged(name, format!("it lacks `{entry}`"))),
        Err(error) => Err(damaged(name, error.to_string())),
    };
    let record = entry(RECORD, PageRecord::MAX_BYTE_LEN)?;
    let signature = entry(SIGNATURE, 64)?;
    if !Signature::from_bytes(&signature).is_some_and(|signature| key.verify(&record, &signature)) {
        return Err(damaged(name, "its signature is not that of the key in genesis".to_owned()));
    }
    Ok((record, signature))
}

fn decode_part<D: Document>(bytes: &[u8], name: &PackagePath) -> Result<D, SealError> {
    decode(bytes).map_err(|error: FormatError| damaged(name, error.to_string()))
}

fn damaged(part: &PackagePath, reason: String) -> SealError {
    SealError::Damaged { part: part.to_string(), reason }
}

/// What a bundle calls the body of a page or failure.
pub(super) const BODY: &str = PAGE_BODY;
