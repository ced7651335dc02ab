//! The one chain of an acquisition: every page and failure is numbered, bound to what came before, signed and made durable here.
//!
//! Held behind a lock by the session, so commits are serial whatever the number of requests in flight. After a failed write
//! nothing more is committed: the chain in memory and the chain on disk must never part.

use super::page::PageContent;
use super::{DurablePage, PageStore, StoreError};
use crate::codec::zip::write::Part;
use crate::crypto::digest::{PageDigest, RecordDigest};
use crate::crypto::signature::{NotSigned, Signer};
use crate::format::failure::{FailureReason, FailureRecord, FailureRecordType};
use crate::format::identifier::AcquisitionId;
use crate::format::line::Line;
use crate::format::page::{PageRecord, PageRecordType};
use crate::format::parts::{Body, GenesisReference, Request, Response, StreamPosition};
use crate::format::path::PackagePath;
use crate::format::{FormatError, encode};

/// Where the chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the last page, 0 for none.
    pub page: u64,
    /// What the next page record names as previous.
    pub previous: RecordDigest,
    /// Sequence of the last failure, 0 for none.
    pub failure: u64,
}

/// The chain, with the key that signs it and the store that keeps it.
pub struct Chain<'a, S: PageStore> {
    acquisition: AcquisitionId,
    genesis: GenesisReference,
    signer: &'a dyn Signer,
    store: S,
    head: Head,
    broken: bool,
}

/// An exchange that was written down, apart from its body.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its place.
    pub stream: StreamPosition,
    /// What was asked.
    pub request: Request,
    /// What came, if anything.
    pub response: Option<Response>,
}

impl<'a, S: PageStore> Chain<'a, S> {
    /// Goes on from `head`, which is that of an empty chain or of the pages that `store` holds already.
    pub fn new(
        acquisition: AcquisitionId,
        genesis: GenesisReference,
        signer: &'a dyn Signer,
        store: S,
        head: Head,
    ) -> Self {
        Self { acquisition, genesis, signer, store, head, broken: false }
    }

    /// Signs and stores a page. Returns its sequence when it is durable.
    ///
    /// # Errors
    ///
    /// [`ChainError`] when the page cannot be written down or stored; the chain takes nothing more after that.
    pub fn commit_page(&mut self, exchange: Exchange, content: &PageContent) -> Result<u64, ChainError> {
        self.refuse_if_broken()?;
        let sequence = self.head.page + 1;
        let response = exchange.response.ok_or(ChainError::PageWithoutResponse)?;
        let record = PageRecord {
            r#type: PageRecordType::V1,
            acquisition: self.acquisition.clone(),
            genesis: self.genesis.clone(),
            sequence,
            previous: self.head.previous,
            stream: exchange.stream,
            request: exchange.request,
            body: Body {
                path: PackagePath::page_body(sequence, is_json(&response)),
                byte_len: content.byte_len,
                sha256: content.sha256,
                content_encoding: content_encoding(&response),
            },
            response,
            records: content.records.clone(),
            next_link: content.next_link.clone(),
        };
        let record = encode(&record)?;
        let signature = self.signer.sign(&record)?;
        let page = DurablePage {
            record: &record,
            signature: &signature,
            body: Some(&content.part),
            prefixes: Some(&content.prefixes),
        };
        let stored = self.store.commit_page(sequence, &page);
        self.note_break(stored)?;
        self.head.page = sequence;
        self.head.previous = RecordDigest::of(&record);
        Ok(sequence)
    }

    /// Signs and stores a failure. Returns its sequence when it is durable.
    ///
    /// # Errors
    ///
    /// As [`Chain::commit_page`].
    pub fn commit_failure(
        &mut self,
        exchange: Exchange,
        body: &[u8],
        reason: FailureReason,
        detail: &str,
    ) -> Result<u64, ChainError> {
        self.refuse_if_broken()?;
        let sequence = self.head.failure + 1;
        let part = (!body.is_empty()).then(|| Part::deflate(body));
        let record = FailureRecord {
            r#type: FailureRecordType::V1,
            acquisition: self.acquisition.clone(),
            genesis: self.genesis.clone(),
            sequence,
            after_page: self.head.page,
            stream: exchange.stream,
            request: exchange.request,
            body: part.as_ref().map(|_| Body {
                path: PackagePath::failure_body(sequence),
                byte_len: body.len() as u64,
                sha256: PageDigest::of(body),
                content_encoding: exchange.response.as_ref().and_then(content_encoding),
            }),
            response: exchange.response,
            reason,
            detail: Line::lossy(detail),
        };
        let record = encode(&record)?;
        let signature = self.signer.sign(&record)?;
        let failure = DurablePage { record: &record, signature: &signature, body: part.as_ref(), prefixes: None };
        let stored = self.store.commit_failure(sequence, &failure);
        self.note_break(stored)?;
        self.head.failure = sequence;
        Ok(sequence)
    }

    fn refuse_if_broken(&self) -> Result<(), ChainError> {
        if self.broken { Err(ChainError::Broken) } else { Ok(()) }
    }

    fn note_break(&mut self, stored: Result<(), StoreError>) -> Result<(), ChainError> {
        self.broken = stored.is_err();
        Ok(stored?)
    }
}

/// Returns the content coding of a response, `None` for none or `identity`.
#[must_use]
pub fn content_encoding(response: &Response) -> Option<String> {
    header(response, "content-encoding").filter(|coding| !coding.eq_ignore_ascii_case("identity")).map(str::to_owned)
}

/// Returns the first header of that lower-case name.
#[must_use]
pub fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
}

/// Why the chain took nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// An earlier write failed.
    #[error("an earlier page could not be stored, so nothing more is committed")]
    Broken,
    /// A record outgrew the format, usually by headers of absurd length.
    #[error("a record cannot be written down")]
    Format(#[from] FormatError),
    /// The key is out of reach. Nothing was stored, and the page is asked for again later.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// A page was committed for which no response is known: a bug of the caller.
    #[error("a page without response")]
    PageWithoutResponse,
    /// The disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn is_json(response: &Response) -> bool {
    let media_type = header(response, "content-type").and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}
