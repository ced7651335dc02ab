//! A store in memory that outlives its sessions, and one whose commits fail as a disk's do.

use std::io::{Cursor, Error};
use std::sync::Mutex;

use signhold::codec::zip::write::{Bundle, Part, bundle};
use signhold::collect::chain::Head;
use signhold::collect::restore::Restore;
use signhold::collect::table::RunTable;
use signhold::collect::{DurablePage, PageStore, StoreError};
use signhold::crypto::digest::GenesisDigest;
use signhold::crypto::signature::PublicKey;
use signhold::format::failure::FailureRecord;
use signhold::format::page::PageRecord;
use signhold::format::{Document, decode};
use signhold::seal::{PAGE_BODY, PartSource, RECORD, SIGNATURE, SealError};

/// Pages and failures, in sequence.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pages: Mutex<Vec<Vec<u8>>>,
    failures: Mutex<Vec<Vec<u8>>>,
}

impl Memory {
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.pages.lock().unwrap().len() as u64, self.failures.lock().unwrap().len() as u64)
    }

    /// Returns the page records.
    pub(crate) fn page_records(&self) -> Vec<PageRecord> {
        (1..=self.counts().0).map(|sequence| read(self.page(sequence)).2).collect()
    }

    /// Rebuilds what a session goes on from.
    pub(crate) fn restore(&self, key: &PublicKey, genesis: GenesisDigest) -> (Head, RunTable) {
        let mut restore = Restore::new(key, genesis);
        let (pages, failures) = self.counts();
        for sequence in 1..=pages {
            let (bytes, signature, record) = read::<PageRecord>(self.page(sequence));
            restore.add_page(&record, &bytes, &signature).expect("what was committed fits");
        }
        for sequence in 1..=failures {
            let (bytes, signature, record) = read::<FailureRecord>(self.failure(sequence));
            restore.add_failure(&record, &bytes, &signature).expect("what was committed fits");
        }
        restore.finish()
    }
}

fn read<D: Document>(part: Result<Bundle<Cursor<Vec<u8>>>, SealError>) -> (Vec<u8>, Vec<u8>, D) {
    let mut part = part.unwrap();
    let mut entry = |name| part.read(name, 1 << 20).unwrap().unwrap();
    let (record, signature) = (entry(RECORD), entry(SIGNATURE));
    let document = decode(&record).unwrap();
    (record, signature, document)
}

fn pack(page: &DurablePage<'_>) -> Vec<u8> {
    let (record, signature) = (Part::deflate(page.record), Part::deflate(page.signature.as_bytes()));
    let mut parts = vec![(RECORD, &record), (SIGNATURE, &signature)];
    parts.extend(page.body.map(|body| (PAGE_BODY, body)));
    bundle(&parts).unwrap()
}

fn open(list: &Mutex<Vec<Vec<u8>>>, sequence: u64) -> Result<Bundle<Cursor<Vec<u8>>>, SealError> {
    let bytes = list.lock().unwrap()[usize::try_from(sequence).unwrap() - 1].clone();
    Ok(Bundle::open(Cursor::new(bytes))?)
}

fn append(list: &Mutex<Vec<Vec<u8>>>, sequence: u64, page: &DurablePage<'_>) {
    let mut list = list.lock().unwrap();
    assert_eq!(sequence, list.len() as u64 + 1, "one after the other, each once");
    list.push(pack(page));
}

impl PageStore for &Memory {
    fn commit_page(&mut self, sequence: u64, page: &DurablePage<'_>) -> Result<(), StoreError> {
        append(&self.pages, sequence, page);
        Ok(())
    }

    fn commit_failure(&mut self, sequence: u64, failure: &DurablePage<'_>) -> Result<(), StoreError> {
        append(&self.failures, sequence, failure);
        Ok(())
    }
}

impl PartSource for Memory {
    type Reader = Cursor<Vec<u8>>;

    fn page(&self, sequence: u64) -> Result<Bundle<Self::Reader>, SealError> {
        open(&self.pages, sequence)
    }

    fn page_timestamp(&self, _: u64) -> Result<Option<Vec<u8>>, SealError> {
        Ok(None)
    }

    fn failure(&self, sequence: u64) -> Result<Bundle<Self::Reader>, SealError> {
        open(&self.failures, sequence)
    }
}

/// How a commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing was stored, and the error says so.
    NotPersisted,
    /// Everything was stored, and the error says that it was not.
    PersistedButReportedFailed,
}

/// A store whose commit number `at`, counted from 1, fails.
pub(crate) struct Faulty<S> {
    store: S,
    at: u64,
    loss: Loss,
    count: u64,
}

impl<S: PageStore> Faulty<S> {
    pub(crate) fn new(store: S, at: u64, loss: Loss) -> Self {
        Self { store, at, loss, count: 0 }
    }

    fn commit(&mut self, store: impl FnOnce(&mut S) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.count += 1;
        assert!(self.count <= self.at, "nothing is committed after a commit that failed");
        if self.count < self.at || self.loss == Loss::PersistedButReportedFailed {
            store(&mut self.store)?;
        }
        if self.count < self.at {
            return Ok(());
        }
        Err(StoreError { path: "memory".to_owned(), source: Error::other("as the case wants it") })
    }
}

impl<S: PageStore> PageStore for Faulty<S> {
    fn commit_page(&mut self, sequence: u64, page: &DurablePage<'_>) -> Result<(), StoreError> {
        self.commit(|store| store.commit_page(sequence, page))
    }

    fn commit_failure(&mut self, sequence: u64, failure: &DurablePage<'_>) -> Result<(), StoreError> {
        self.commit(|store| store.commit_failure(sequence, failure))
    }
}
