//! Reading a verified package page by page and record by record, as FORMAT §7.1 cuts them.
//!
//! Everything that is made of a package takes its records from here, so that all of them mean the same by page, element, time
//! and *counts*. One page is in memory at a time.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::ops::Range;
use std::sync::Arc;

use super::{PackedFile, ReadAgainError, VerifiedPackage, if_there};
use crate::codec::content;
use crate::codec::json::slice_page;
use crate::crypto::digest::LeafHash;
use crate::crypto::merkle::leaf_hash;
use crate::format::decode;
use crate::format::kind::{Kind, Sort};
use crate::format::page::PageRecord;
use crate::format::path::PackagePath;
use crate::time::{ServiceTime, Window};
use crate::verify::budget;
use crate::verify::checks::pagination::{self, RunKey};

/// One page, its signed record and its elements.
#[derive(Debug)]
pub struct VerifiedPage {
    /// N of `data/pages/N.json`, counted through the acquisition from 1.
    pub number: u64,
    /// The signed record.
    pub record: PageRecord,
    /// The bytes of the signed record.
    pub record_bytes: Vec<u8>,
    /// The body after content decoding; empty for one that could not be decoded.
    text: Vec<u8>,
    /// Empty for an opaque page.
    elements: Vec<Element>,
    /// Whether its window was asked again, and the later run is the one that counts.
    pub is_superseded: bool,
    /// Whether its body could be cut into records: what cannot is opaque, or not what was sealed.
    pub is_cut: bool,
    /// Whether the elements of this page's run are the ones that are counted (FORMAT §9, `inside`).
    is_counted_run: bool,
    window: Option<Window>,
}

#[derive(Debug)]
struct Element {
    bytes: Range<usize>,
    time: Option<String>,
    id: Option<String>,
}

/// One record of a page.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedRecord<'a> {
    /// The page's number.
    pub page: u64,
    /// Its index in the page, from 0: the index of its leaf.
    pub element: u64,
    /// The exact bytes.
    pub bytes: &'a [u8],
    /// Where the first byte stands in the body, after content decoding.
    pub offset: u64,
    /// Its time as the service wrote it (FORMAT §7.1).
    pub time: Option<&'a str>,
    /// Its string member `id`, present once and without escapes.
    pub id: Option<&'a str>,
    /// Which log.
    pub kind: Kind,
    /// 1, or 2 for the second pass (FORMAT §9.1).
    pub pass: u64,
    /// Whether it counts: asked once, in its own window, of a log and not only to compare with (FORMAT §9, `inside`).
    pub is_counted: bool,
}

impl<R: Read + Seek> VerifiedPackage<R> {
    /// Returns the numbers of all pages that are there, in order; what the seal says of their number is not asked.
    #[must_use]
    pub fn page_numbers(&self) -> Vec<u64> {
        // Six digits each: the order of the paths is that of the numbers.
        let number = |path: &String| path.strip_prefix("data/records/")?.strip_suffix(".json")?.parse().ok();
        self.places.keys().filter_map(number).collect()
    }

    /// Reads the signed record of a page again, without the page; none where the package is INVALID and lacks one that can be read.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`]; [`ReadAgainError::Missing`] of a package that is not INVALID alone.
    pub fn page_record_if_there(&mut self, number: u64) -> Result<Option<PageRecord>, ReadAgainError> {
        let path = PackagePath::page_record(number);
        let record = self.read(path.as_str()).and_then(|bytes| decoded(&bytes, path.as_str()));
        if_there(self.is_invalid(), record)
    }

    /// Reads a page again, and cuts it; none where the package is INVALID and lacks its record or its body.
    ///
    /// # Errors
    ///
    /// As [`VerifiedPackage::page_record_if_there`].
    pub fn page_if_there(&mut self, number: u64) -> Result<Option<VerifiedPage>, ReadAgainError> {
        self.packed_page_if_there(number)?.map_or(Ok(None), PackedPage::open_if_there)
    }

    /// Reads a page again as it lies in the archive, to be opened and cut by another thread.
    ///
    /// # Errors
    ///
    /// As [`VerifiedPackage::page_if_there`].
    pub fn packed_page_if_there(&mut self, number: u64) -> Result<Option<PackedPage>, ReadAgainError> {
        let page = self.packed_page(number);
        if_there(self.is_invalid(), page)
    }

    fn packed_page(&mut self, number: u64) -> Result<PackedPage, ReadAgainError> {
        let record = self.packed(PackagePath::page_record(number).as_str())?;
        let paths = [true, false].map(|is_json| PackagePath::page_body(number, is_json));
        let body = match paths.iter().find(|path| self.holds(path.as_str())) {
            Some(path) => Some(self.packed(path.as_str())?),
            None => None,
        };
        let superseded = Arc::clone(&self.superseded);
        Ok(PackedPage { number, record, body, superseded, may_lack: self.is_invalid() })
    }
}

/// One page as it lies in the archive: no longer bound to it.
#[derive(Debug)]
pub struct PackedPage {
    number: u64,
    record: PackedFile,
    body: Option<PackedFile>,
    superseded: Arc<BTreeSet<RunKey>>,
    /// Whether the package is INVALID, and may lack anything.
    may_lack: bool,
}

impl PackedPage {
    /// Returns how many bytes it takes, deflated and inflated.
    #[must_use]
    pub fn byte_len(&self) -> u64 {
        self.record.room().saturating_add(self.body.as_ref().map_or(0, PackedFile::room))
    }

    /// Opens the page, compares it with the digests it had when it was verified, and cuts it.
    ///
    /// # Errors
    ///
    /// As [`VerifiedPackage::page_if_there`].
    pub fn open_if_there(self) -> Result<Option<VerifiedPage>, ReadAgainError> {
        if_there(self.may_lack, self.open())
    }

    fn open(self) -> Result<VerifiedPage, ReadAgainError> {
        let Self { number, record, body, superseded, may_lack: _ } = self;
        let record_bytes = record.open()?;
        let missing = |path: &str| ReadAgainError::Missing(path.to_owned());
        let record = decoded(&record_bytes, &record.path)?;
        let named = record.body.path.as_str();
        let body = body.filter(|body| body.path == named).ok_or_else(|| missing(named))?.open()?;
        let coding = record.body.content_encoding.as_deref();
        let decoded = match content::decode(coding, &body, budget::PAGE_BYTES) {
            Ok(Cow::Borrowed(_)) => None,
            Ok(Cow::Owned(text)) => Some(text),
            Err(_) => Some(Vec::new()),
        };
        // Not copied where nothing was decoded: a page takes megabytes.
        let text = decoded.unwrap_or(body);
        let mut elements = Vec::new();
        let sliced = slice_page(&text, record.stream.kind.time_member(), |element| {
            elements.push(Element {
                bytes: element.offset..element.offset.saturating_add(element.bytes.len()),
                time: element.time.map(str::to_owned),
                id: element.id.map(str::to_owned),
            });
        });
        if sliced.is_err() {
            elements.clear();
        }
        let is_superseded = superseded.contains(&pagination::key(&record.stream));
        let is_counted_run = record.stream.pass == 1 && record.stream.kind.sort() == Sort::Log && !is_superseded;
        let window = record.stream.window().ok();
        Ok(VerifiedPage {
            number,
            record,
            record_bytes,
            text,
            elements,
            is_superseded,
            is_cut: sliced.is_ok(),
            is_counted_run,
            window,
        })
    }
}

fn decoded(bytes: &[u8], path: &str) -> Result<PageRecord, ReadAgainError> {
    decode(bytes).map_err(|_| ReadAgainError::Missing(path.to_owned()))
}

impl VerifiedPage {
    /// Returns its records, in order; none of an opaque page.
    pub fn records(&self) -> impl Iterator<Item = VerifiedRecord<'_>> {
        self.elements.iter().zip(0..).map(|(element, index)| {
            let time = element.time.as_deref();
            let is_inside = match (self.window, time.and_then(ServiceTime::parse)) {
                (Some(window), Some(time)) => window.contains(time),
                _ => true,
            };
            VerifiedRecord {
                page: self.number,
                element: index,
                bytes: self.text.get(element.bytes.clone()).unwrap_or_default(),
                offset: u64::try_from(element.bytes.start).unwrap_or(u64::MAX),
                time,
                id: element.id.as_deref(),
                kind: self.record.stream.kind,
                pass: self.record.stream.pass,
                is_counted: self.is_counted_run && is_inside,
            }
        })
    }
}

impl VerifiedRecord<'_> {
    /// Returns its leaf in the page's tree (FORMAT §8).
    #[must_use]
    pub fn leaf(&self) -> LeafHash {
        leaf_hash(self.bytes)
    }
}
