//! Going on after a crash: the chain and the table of runs, rebuilt from what is durable, and checked while at it.
//!
//! A page that was on disk when the process died is there whole, with its signature; nothing else is. What was changed on disk
//! since shows here, before anything is added to it.

use super::chain::Head;
use super::table::RunTable;
use crate::crypto::digest::{GenesisDigest, RecordDigest};
use crate::crypto::signature::{PublicKey, Signature};
use crate::format::failure::FailureRecord;
use crate::format::page::PageRecord;
use crate::time::LocalTime;

/// A chain being rebuilt.
pub struct Restore<'a> {
    key: &'a PublicKey,
    genesis: GenesisDigest,
    head: Head,
    table: RunTable,
    latest: Option<LocalTime>,
}

impl<'a> Restore<'a> {
    /// Begins at a genesis document whose signature was checked.
    #[must_use]
    pub fn new(key: &'a PublicKey, genesis: GenesisDigest) -> Self {
        let previous = RecordDigest::from_bytes(*genesis.as_bytes());
        Self { key, genesis, head: Head { page: 0, previous, failure: 0 }, table: RunTable::default(), latest: None }
    }

    /// Takes the next page record with its bytes and signature.
    ///
    /// # Errors
    ///
    /// In words, what does not fit.
    pub fn add_page(&mut self, record: &PageRecord, bytes: &[u8], signature: &[u8]) -> Result<(), String> {
        self.check(bytes, signature, record.genesis.sha256)?;
        if record.sequence != self.head.page + 1 || record.previous != self.head.previous {
            return Err(format!("page record {} does not follow page record {}", record.sequence, self.head.page));
        }
        self.head.page = record.sequence;
        self.head.previous = RecordDigest::of(bytes);
        self.table.add_page(record);
        self.latest = self.latest.max(Some(record.request.finished));
        Ok(())
    }

    /// Takes the next failure record with its bytes and signature.
    ///
    /// # Errors
    ///
    /// In words, what does not fit.
    pub fn add_failure(&mut self, record: &FailureRecord, bytes: &[u8], signature: &[u8]) -> Result<(), String> {
        self.check(bytes, signature, record.genesis.sha256)?;
        if record.sequence != self.head.failure + 1 {
            return Err(format!(
                "failure record {} does not follow failure record {}",
                record.sequence, self.head.failure
            ));
        }
        self.head.failure = record.sequence;
        self.table.add_failure(record);
        self.latest = self.latest.max(Some(record.request.finished));
        Ok(())
    }

    /// Returns the latest clock reading in what was taken.
    #[must_use]
    pub fn latest(&self) -> Option<LocalTime> {
        self.latest
    }

    /// Returns where the chain stands and what was run.
    #[must_use]
    pub fn finish(self) -> (Head, RunTable) {
        (self.head, self.table)
    }

    fn check(&self, bytes: &[u8], signature: &[u8], genesis: GenesisDigest) -> Result<(), String> {
        if genesis != self.genesis {
            return Err(format!("it belongs to the plan `{genesis}`, not to `{}`", self.genesis));
        }
        match Signature::from_bytes(signature) {
            Some(signature) if self.key.verify(bytes, &signature) => Ok(()),
            _ => Err("its signature is not that of the key in genesis".to_owned()),
        }
    }
}
