//! Time stamps while a long collection runs: every so many pages, one over the signature of a page record (FORMAT §11.3).
//!
//! A thread of its own asks the authority, so that a slow one never holds up a page that retention may take. A stamp that could not be
//! had is told and left out: what is collected is worth more than a moment that the next stamp, or the seal's, shows nearly as well.

use std::sync::mpsc::{Receiver, Sender};

use sha2::{Digest as _, Sha256};

use super::out;
use crate::collect::{DurablePage, PageStore, StoreError};
use crate::crypto::signature::Signature;
use crate::format::limits::PAGE_TIMESTAMPS;
use crate::seal::TimestampAuthority as _;
use crate::store::acquisition::AcquisitionFolder;
use crate::tsa::TsaClient;

/// A page that is durable and wants a stamp.
pub(super) type Due = (u64, Signature);

/// Pages go to the folder as they are; some of them are named to whoever stamps.
pub(super) struct Stamped<'a> {
    pub(super) folder: &'a AcquisitionFolder,
    /// Every so many pages; none for never.
    pub(super) every: Option<u64>,
    pub(super) due: Sender<Due>,
}

impl PageStore for Stamped<'_> {
    fn commit_page(&mut self, sequence: u64, page: &DurablePage<'_>) -> Result<(), StoreError> {
        self.folder.commit_page(sequence, page)?;
        if self.every.is_some_and(|every| sequence.is_multiple_of(every)) {
            // Nobody listens any more when the session is being stopped; the seal's stamp comes all the same.
            let _ = self.due.send((sequence, *page.signature));
        }
        Ok(())
    }

    fn commit_failure(&mut self, sequence: u64, failure: &DurablePage<'_>) -> Result<(), StoreError> {
        self.folder.commit_failure(sequence, failure)
    }
}

/// Stamps what is due, by the first authority of the plan, until nothing more can come.
pub(super) fn stamp_all(folder: &AcquisitionFolder, authority: &str, extra_roots: Option<&str>, due: &Receiver<Due>) {
    let client = TsaClient::new(extra_roots);
    let mut count = folder.page_timestamp_count().unwrap_or(PAGE_TIMESTAMPS);
    for (sequence, signature) in due {
        if count >= PAGE_TIMESTAMPS {
            continue;
        }
        let imprint: [u8; 32] = Sha256::digest(signature.as_bytes()).into();
        let stamped = client.as_ref().map_err(Clone::clone).and_then(|client| client.stamp(authority, &imprint));
        let kept = stamped.and_then(|token| {
            folder.keep_page_timestamp(sequence, &token).map_err(|error| super::error::with_causes(&error))
        });
        match kept {
            Ok(()) => count += 1,
            Err(reason) => out::talk(&format!(
                "warning: no time stamp over page {sequence} from `{}`: {}; collecting goes on",
                out::escape(authority),
                out::escape(&reason)
            )),
        }
    }
}
