//! The part of the work that needs no order: inflating, hashing, cutting, checking signatures.
//!
//! The pass reads the archive and hands groups of entries to a [`Crew`]; what comes back comes back in the order handed in, so
//! that everything which depends on order (chain, runs, times) has one thread and one way through. What may lie between the
//! two is bounded in number and bytes: memory does not grow with the package.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Scope;

use sha2::{Digest as _, Sha256};

use crate::codec::zip::{Fault, RawEntry};
use crate::crypto::digest::{LeafHash, RecordDigest};
use crate::crypto::merkle::leaf_hash;
use crate::crypto::signature::PublicKey;
use crate::format::failure::FailureRecord;
use crate::format::page::PageRecord;
use crate::format::path::PackagePath;
use crate::verify::checks::container::Part;
use crate::verify::checks::page::{self, PageContent};
use crate::verify::checks::{failure, page_record};
use crate::verify::finding::{Code, Finding};

/// One entry as read, with its place in the list of entries. Without bytes it was beyond a limit and is not inflated.
pub(in crate::verify) struct RawFile {
    pub(in crate::verify) index: usize,
    pub(in crate::verify) raw: Option<RawEntry>,
}

/// The files that belong to one page or failure.
#[derive(Default)]
pub(in crate::verify) struct Group {
    pub(in crate::verify) number: u64,
    record: Option<RawFile>,
    signature: Option<RawFile>,
    timestamp: Option<RawFile>,
    body: Option<(String, RawFile)>,
}

impl Group {
    /// Begins a group.
    pub(in crate::verify) fn new(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// Says whether the part is there already.
    pub(in crate::verify) fn has(&self, part: Part) -> bool {
        match part {
            Part::Record => self.record.is_some(),
            Part::Signature => self.signature.is_some(),
            Part::Timestamp => self.timestamp.is_some(),
            Part::Body => self.body.is_some(),
        }
    }

    /// Adds a part.
    pub(in crate::verify) fn put(&mut self, part: Part, path: &str, file: RawFile) {
        match part {
            Part::Record => self.record = Some(file),
            Part::Signature => self.signature = Some(file),
            Part::Timestamp => self.timestamp = Some(file),
            Part::Body => self.body = Some((path.to_owned(), file)),
        }
    }

    /// Says whether the three parts that every page has are there; they end with the body.
    pub(in crate::verify) fn is_whole(&self) -> bool {
        self.record.is_some() && self.signature.is_some() && self.body.is_some()
    }

    fn byte_len(&self) -> u64 {
        let body = self.body.as_ref().map(|(_, file)| file);
        let files =
            [self.record.as_ref(), self.signature.as_ref(), self.timestamp.as_ref(), body].into_iter().flatten();
        files.fold(0, |sum, file| sum.saturating_add(file.byte_len()))
    }
}

impl RawFile {
    fn byte_len(&self) -> u64 {
        self.raw.as_ref().map_or(0, |raw| raw.entry.byte_len())
    }
}

/// One piece of work.
pub(in crate::verify) enum Work {
    Failure(Group, Option<PublicKey>),
    Hash(RawFile),
    /// The record of the page with that number, of which nothing else is read.
    Record(u64, RawFile),
    Page(Group, Option<PublicKey>),
}

impl Work {
    fn byte_len(&self) -> u64 {
        match self {
            Work::Failure(group, _) | Work::Page(group, _) => group.byte_len(),
            Work::Hash(file) | Work::Record(_, file) => file.byte_len(),
        }
    }
}

/// What came of it.
pub(in crate::verify) struct Done {
    /// Digests of the files, by their place in the list of entries.
    pub(in crate::verify) digests: Vec<(usize, [u8; 32])>,
    pub(in crate::verify) findings: Vec<Finding>,
    pub(in crate::verify) faults: Vec<Fault>,
    pub(in crate::verify) seen: Seen,
}

/// What later steps need of it.
pub(in crate::verify) enum Seen {
    Failure {
        number: u64,
        record: Option<Box<FailureRecord>>,
    },
    File,
    Page(Box<PageSeen>),
    /// A page of which the record alone was read: neither content nor stamp.
    Record(Box<PageSeen>),
}

/// A page after everything that concerns it alone.
pub(in crate::verify) struct PageSeen {
    pub(in crate::verify) number: u64,
    pub(in crate::verify) record: Option<PageRecord>,
    /// Digest and leaf of the record's bytes, also where they are no record.
    pub(in crate::verify) digest: Option<(RecordDigest, LeafHash)>,
    pub(in crate::verify) content: Option<PageContent>,
    /// The timestamp over the record's signature, and the digest of that signature.
    pub(in crate::verify) stamp: Option<(Vec<u8>, [u8; 32])>,
}

/// Those who do the work: threads, or the caller itself.
pub(in crate::verify) enum Crew {
    Alone,
    Threads(Threads),
}

/// Workers that are served in turn, so that results come back in turn.
pub(in crate::verify) struct Threads {
    workers: Vec<(SyncSender<Work>, Receiver<Done>)>,
    next: usize,
    oldest: usize,
    /// Bytes of each piece under way, deflated and inflated, oldest first.
    under_way: VecDeque<u64>,
}

/// A worker ended without handing back its work: a bug, since no input may make it panic.
#[derive(Debug)]
pub(in crate::verify) struct WorkerLost;

impl Crew {
    /// Makes a crew of `count` threads; one or none means the caller itself.
    pub(in crate::verify) fn new<'scope>(count: usize, scope: &'scope Scope<'scope, '_>) -> Self {
        if count <= 1 {
            return Crew::Alone;
        }
        let workers = (0..count)
            .map(|_| {
                let (work, orders) = sync_channel(PIECES_PER_WORKER);
                let (results, done) = channel();
                scope.spawn(move || serve(&orders, &results));
                (work, done)
            })
            .collect();
        Crew::Threads(Threads { workers, next: 0, oldest: 0, under_way: VecDeque::new() })
    }

    /// Waits until a file of `byte_len`, deflated and inflated, can be read without going beyond the room there is.
    pub(in crate::verify) fn make_room(
        &mut self,
        byte_len: u64,
        mut absorb: impl FnMut(Done),
    ) -> Result<(), WorkerLost> {
        if let Crew::Threads(threads) = self {
            while threads.is_full(byte_len) {
                absorb(threads.receive()?);
            }
        }
        Ok(())
    }

    /// Hands in a piece of work; `absorb` takes what is finished, in order.
    pub(in crate::verify) fn submit(&mut self, work: Work, mut absorb: impl FnMut(Done)) -> Result<(), WorkerLost> {
        match self {
            Crew::Alone => absorb(carry_out(work)),
            Crew::Threads(threads) => {
                while threads.has_enough() {
                    absorb(threads.receive()?);
                }
                threads.send(work)?;
            }
        }
        Ok(())
    }

    /// Waits for all work handed in.
    pub(in crate::verify) fn finish(mut self, mut absorb: impl FnMut(Done)) -> Result<(), WorkerLost> {
        if let Crew::Threads(threads) = &mut self {
            while !threads.under_way.is_empty() {
                absorb(threads.receive()?);
            }
        }
        Ok(())
    }
}

impl Threads {
    fn is_full(&self, byte_len: u64) -> bool {
        let bytes = self.under_way.iter().fold(byte_len, |sum, len| sum.saturating_add(*len));
        !self.under_way.is_empty() && bytes > BYTES_UNDER_WAY
    }

    fn has_enough(&self) -> bool {
        self.under_way.len() >= self.workers.len().saturating_mul(PIECES_PER_WORKER)
    }

    fn send(&mut self, work: Work) -> Result<(), WorkerLost> {
        let byte_len = work.byte_len();
        let (orders, _) = self.workers.get(self.next).ok_or(WorkerLost)?;
        orders.send(work).map_err(|_| WorkerLost)?;
        self.next = self.following(self.next);
        self.under_way.push_back(byte_len);
        Ok(())
    }

    fn receive(&mut self) -> Result<Done, WorkerLost> {
        let (_, results) = self.workers.get(self.oldest).ok_or(WorkerLost)?;
        let done = results.recv().map_err(|_| WorkerLost)?;
        self.oldest = self.following(self.oldest);
        self.under_way.pop_front();
        Ok(done)
    }

    fn following(&self, worker: usize) -> usize {
        let next = worker.saturating_add(1);
        if next < self.workers.len() { next } else { 0 }
    }
}

fn serve(orders: &Receiver<Work>, results: &Sender<Done>) {
    for work in orders {
        if results.send(carry_out(work)).is_err() {
            return;
        }
    }
}

/// Does one piece of work.
fn carry_out(work: Work) -> Done {
    let mut done = Done { digests: Vec::new(), findings: Vec::new(), faults: Vec::new(), seen: Seen::File };
    match work {
        Work::Hash(file) => {
            done.open(Some(file));
        }
        Work::Record(number, file) => done.record(number, file),
        Work::Failure(group, key) => done.failure(group, key.as_ref()),
        Work::Page(group, key) => done.page(group, key.as_ref()),
    }
    done
}

/// A file's content and digest.
type Opened = (Vec<u8>, [u8; 32]);

impl Done {
    fn page(&mut self, group: Group, key: Option<&PublicKey>) {
        let number = group.number;
        let parts = [
            (group.record.is_some(), PackagePath::page_record(number)),
            (group.signature.is_some(), PackagePath::page_signature(number)),
        ];
        for (_, path) in parts.into_iter().filter(|(is_there, _)| !is_there) {
            self.say(Code::PageMissing, path.as_str(), "nothing", "a page has a record, a signature and a body");
        }
        let bytes = self.open(group.record);
        let signature = self.open(group.signature);
        let stamp = self.open(group.timestamp).map(|(bytes, _)| bytes);
        let stamp = stamp.zip(signature.as_ref().map(|(_, digest)| *digest));
        let record = bytes.as_ref().and_then(|(bytes, _)| {
            let signature = signature.as_ref().map(|(signature, _)| signature.as_slice());
            page_record::read(number, bytes, signature, key, &mut self.findings)
        });
        let content = match group.body {
            None => {
                let path = record.as_ref().map_or_else(
                    || PackagePath::page_body(number, true).to_string(),
                    |record| page::body_path(number, record).to_string(),
                );
                self.say(Code::PageMissing, &path, "nothing", "a page has a record, a signature and a body");
                None
            }
            Some((path, file)) => {
                let body = self.open(Some(file));
                if let Some(expected) = record.as_ref().map(|record| page::body_path(number, record))
                    && expected.as_str() != path
                {
                    self.say(Code::PageMissing, expected.as_str(), &path, "a body under this name");
                }
                record.as_ref().zip(body).map(|(record, (body, digest))| {
                    page::check(number, record, &path, &body, digest, &mut self.findings)
                })
            }
        };
        let digest = bytes.map(|(bytes, digest)| (RecordDigest::from_bytes(digest), leaf_hash(&bytes)));
        self.seen = Seen::Page(Box::new(PageSeen { number, record, digest, content, stamp }));
    }

    /// Reads a page record alone. Its signature is not looked at: the signed seal's root covers its bytes.
    fn record(&mut self, number: u64, file: RawFile) {
        let Some((bytes, digest)) = self.open(Some(file)) else { return };
        let record = page_record::read(number, &bytes, None, None, &mut self.findings);
        let digest = Some((RecordDigest::from_bytes(digest), leaf_hash(&bytes)));
        self.seen = Seen::Record(Box::new(PageSeen { number, record, digest, content: None, stamp: None }));
    }

    fn failure(&mut self, group: Group, key: Option<&PublicKey>) {
        let number = group.number;
        let bytes = self.open(group.record);
        let signature = self.open(group.signature);
        let body = group.body.and_then(|(_, file)| self.open(Some(file)));
        let body = body.map(|(body, digest)| (u64::try_from(body.len()).unwrap_or(u64::MAX), digest));
        let record = failure::read(
            number,
            bytes.as_ref().map(|(bytes, _)| bytes.as_slice()),
            signature.as_ref().map(|(bytes, _)| bytes.as_slice()),
            body,
            key,
            &mut self.findings,
        );
        self.seen = Seen::Failure { number, record: record.map(Box::new) };
    }

    /// Inflates and hashes a file, once; what was read of it is given back.
    fn open(&mut self, file: Option<RawFile>) -> Option<Opened> {
        let file = file?;
        match file.raw?.inflate() {
            Ok(bytes) => {
                let digest: [u8; 32] = Sha256::digest(&bytes).into();
                self.digests.push((file.index, digest));
                Some((bytes, digest))
            }
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    fn say(&mut self, code: Code, place: &str, claimed: &str, computed: &str) {
        self.findings.push(Finding::new(code, place, claimed, computed));
    }
}

/// 2: one under work and one waiting, so that no worker waits for the reader.
const PIECES_PER_WORKER: usize = 2;
/// 32 MiB: some eight usual pages, deflated and inflated; a single larger one still passes alone.
const BYTES_UNDER_WAY: u64 = 32 << 20;
