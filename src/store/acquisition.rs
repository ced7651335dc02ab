//! One acquisition's folder: where its pages become durable, and where sealing and resuming read them back.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use super::FolderError;
use super::acquisition_key::OwnKey;
use super::durable::{self, write_new};
use crate::codec::zip::write::{Bundle, Part, bundle};
use crate::collect::{DurablePage, PageStore, StoreError};
use crate::crypto::digest::{PageDigest, Prefix, TimestampDigest};
use crate::format::failure::FailureRecord;
use crate::format::limits::ELEMENTS;
use crate::format::page::PageRecord;
use crate::format::parts::Body;
use crate::format::{Document, decode};
use crate::seal::{PAGE_BODY, PartSource, RECORD, SIGNATURE, SealError};

/// An acquisition with a signed plan.
#[derive(Clone, Debug)]
pub struct AcquisitionFolder {
    root: PathBuf,
    /// The bytes of `genesis.json`.
    pub genesis: Vec<u8>,
    /// The bytes of `genesis.sig`.
    pub genesis_signature: Vec<u8>,
    /// The timestamps over it, in number order.
    pub genesis_timestamps: Vec<Vec<u8>>,
}

impl AcquisitionFolder {
    /// Makes the folder, with the key of the acquisition if it has its own. `genesis.json` is written last: without it there is no
    /// acquisition.
    ///
    /// # Errors
    ///
    /// [`FolderError`] when the disk refuses or the folder exists.
    pub fn create(
        root: &Path,
        genesis: &[u8],
        signature: &[u8],
        timestamps: &[Vec<u8>],
        key: Option<OwnKey<'_>>,
    ) -> Result<Self, FolderError> {
        if root.exists() {
            return Err(FolderError::Exists(root.to_owned()));
        }
        for folder in [root.join(PAGES), root.join(FAILURES)] {
            durable::make_folder(&folder).map_err(FolderError::io("create", &folder))?;
        }
        key.map_or(Ok(()), |key| key.write(root))?;
        let write = |name: &str, bytes: &[u8]| {
            let path = root.join(name);
            write_new(&path, bytes).map_err(FolderError::io("write", &path))
        };
        for (number, token) in (1..).zip(timestamps) {
            write(&timestamp_name(number), token)?;
        }
        write("genesis.sig", signature)?;
        write(GENESIS, genesis)?;
        durable::sync_parent(root).map_err(FolderError::io("write", root))?;
        Self::open(root)
    }

    /// Opens the folder.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when a part of the signed plan is not there.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let read = |name: &str| {
            let path = root.join(name);
            std::fs::read(&path).map_err(FolderError::io("read", &path))
        };
        let mut genesis_timestamps = Vec::new();
        while root.join(timestamp_name(genesis_timestamps.len() + 1)).exists() {
            genesis_timestamps.push(read(&timestamp_name(genesis_timestamps.len() + 1))?);
        }
        Ok(Self {
            root: root.to_owned(),
            genesis: read(GENESIS)?,
            genesis_signature: read("genesis.sig")?,
            genesis_timestamps,
        })
    }

    /// Returns where it lies.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Says whether there is a signed plan at `root`.
    #[must_use]
    pub fn is_begun(root: &Path) -> bool {
        root.join(GENESIS).exists()
    }

    /// Returns how many pages and failures are durable: those without a gap from 1 on.
    ///
    /// # Errors
    ///
    /// [`FolderError::Malformed`] when a later one is there although an earlier one is not: no crash does that.
    pub fn counts(&self) -> Result<(u64, u64), FolderError> {
        Ok((self.count(PAGES)?, self.count(FAILURES)?))
    }

    /// Calls `page` and `failure` with every record in order, with its bytes and signature.
    ///
    /// # Errors
    ///
    /// [`SealError::Damaged`] naming the first that is not what was committed; what a callback refuses.
    pub fn replay(
        &self,
        (page_count, failure_count): (u64, u64),
        mut page: impl FnMut(PageRecord, &[u8], &[u8]) -> Result<(), SealError>,
        mut failure: impl FnMut(FailureRecord, &[u8], &[u8]) -> Result<(), SealError>,
    ) -> Result<(), SealError> {
        for sequence in 1..=page_count {
            let (record, signature) = self.read_signed(PAGES, sequence)?;
            page(self.decode(PAGES, sequence, &record)?, &record, &signature)?;
        }
        for sequence in 1..=failure_count {
            let (record, signature) = self.read_signed(FAILURES, sequence)?;
            failure(self.decode(FAILURES, sequence, &record)?, &record, &signature)?;
        }
        Ok(())
    }

    /// Returns the length of the file of page `sequence`.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when it is not there.
    pub fn page_byte_len(&self, sequence: u64) -> Result<u64, FolderError> {
        self.byte_len(PAGES, sequence)
    }

    /// The same of a failure.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when it is not there.
    pub fn failure_byte_len(&self, sequence: u64) -> Result<u64, FolderError> {
        self.byte_len(FAILURES, sequence)
    }

    /// Returns the prefixes of the identifiers on page `sequence`; none of a page that was stored without them.
    ///
    /// # Errors
    ///
    /// [`SealError::Io`] and [`SealError::Damaged`] when its file cannot be read.
    pub fn prefixes(&self, sequence: u64) -> Result<Option<Vec<Prefix>>, SealError> {
        let read = self.open_bundle(PAGES, sequence)?.read(PREFIXES, ELEMENTS * size_of::<Prefix>() as u64)?;
        Ok(read.map(|bytes| bytes.as_chunks().0.to_vec()))
    }

    /// Checks that the body of page `record` is the one it speaks of. Sealing copies bodies as they lie there; one that changed since
    /// would be sealed, and never verify.
    ///
    /// # Errors
    ///
    /// [`SealError::Damaged`] naming the file.
    pub fn check_page_body(&self, record: &PageRecord) -> Result<(), SealError> {
        self.check_body(PAGES, record.sequence, &record.body)
    }

    /// The same of a failure, which may have no body.
    ///
    /// # Errors
    ///
    /// As [`AcquisitionFolder::check_page_body`].
    pub fn check_failure_body(&self, record: &FailureRecord) -> Result<(), SealError> {
        record.body.as_ref().map_or(Ok(()), |body| self.check_body(FAILURES, record.sequence, body))
    }

    /// Appends a line to the run log. Not synced: the log helps people, the chain is the evidence.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses.
    pub fn log(&self, line: &str) -> Result<(), FolderError> {
        let path = self.root.join(RUN_LOG);
        let file = durable::owner_only().append(true).open(&path);
        file.and_then(|mut file| writeln!(file, "{line}")).map_err(FolderError::io("write", &path))
    }

    /// Returns the run log.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when it is there and cannot be read.
    pub fn run_log(&self) -> Result<Vec<u8>, FolderError> {
        let path = self.root.join(RUN_LOG);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(FolderError::io("read", &path)(error)),
        }
    }

    /// Returns a seal timestamp that was received from this authority for this very imprint before.
    #[must_use]
    pub fn kept_timestamp(&self, url: &str, imprint: &[u8; 32]) -> Option<Vec<u8>> {
        std::fs::read(self.seal_timestamp_path(url, imprint)).ok()
    }

    /// Keeps a seal timestamp, so that sealing again needs no authority.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses.
    pub fn keep_timestamp(&self, url: &str, imprint: &[u8; 32], token: &[u8]) -> Result<(), FolderError> {
        let path = self.seal_timestamp_path(url, imprint);
        write_new(&path, token).map_err(FolderError::io("write", &path))
    }

    /// Returns the text of the revocation lists kept for the time stamps, empty where none could be had; none before anybody looked.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when it is there and cannot be read.
    pub fn timestamp_lists(&self) -> Result<Option<String>, FolderError> {
        let path = self.root.join(TIMESTAMP_LISTS);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FolderError::io("read", &path)(error)),
        }
    }

    /// Keeps that text, so that sealing again gives the same package.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses.
    pub fn keep_timestamp_lists(&self, text: &str) -> Result<(), FolderError> {
        let path = self.root.join(TIMESTAMP_LISTS);
        write_new(&path, text.as_bytes()).map_err(FolderError::io("write", &path))
    }

    /// Keeps a timestamp over the signature of page `sequence`.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses.
    pub fn keep_page_timestamp(&self, sequence: u64, token: &[u8]) -> Result<(), FolderError> {
        let path = self.page_timestamp_path(sequence);
        write_new(&path, token).map_err(FolderError::io("write", &path))
    }

    /// Returns how many timestamps over pages there are.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the folder cannot be read.
    pub fn page_timestamp_count(&self) -> Result<u64, FolderError> {
        let path = self.root.join(PAGES);
        let entries = std::fs::read_dir(&path).map_err(FolderError::io("read", &path))?;
        let stamps =
            entries.filter_map(Result::ok).filter(|entry| entry.path().extension().is_some_and(|end| end == "tsr"));
        Ok(stamps.count() as u64)
    }

    fn page_timestamp_path(&self, sequence: u64) -> PathBuf {
        self.root.join(PAGES).join(format!("{sequence:06}.tsr"))
    }

    fn seal_timestamp_path(&self, url: &str, imprint: &[u8; 32]) -> PathBuf {
        let name = TimestampDigest::of(&[imprint.as_slice(), url.as_bytes()].concat());
        self.root.join(format!("seal-{name}.tsr"))
    }

    fn count(&self, folder: &str) -> Result<u64, FolderError> {
        let path = self.root.join(folder);
        let mut sequences = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(FolderError::io("read", &path))? {
            let name = entry.map_err(FolderError::io("read", &path))?.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(".zip"));
            sequences.extend(stem.and_then(|stem| stem.parse::<u64>().ok()));
        }
        sequences.sort_unstable();
        let count = sequences.len() as u64;
        match sequences.last() {
            Some(last) if *last != count => Err(FolderError::Malformed {
                path,
                reason: format!("{count} of 1 to {last} are there: some were removed"),
            }),
            _ => Ok(count),
        }
    }

    fn byte_len(&self, folder: &str, sequence: u64) -> Result<u64, FolderError> {
        let path = self.bundle_path(folder, sequence);
        Ok(std::fs::metadata(&path).map_err(FolderError::io("read", &path))?.len())
    }

    fn bundle_path(&self, folder: &str, sequence: u64) -> PathBuf {
        self.root.join(folder).join(format!("{sequence:06}.zip"))
    }

    fn open_bundle(&self, folder: &str, sequence: u64) -> Result<Bundle<BufReader<File>>, SealError> {
        let path = self.bundle_path(folder, sequence);
        let name = path.display().to_string();
        let file = File::open(&path).map_err(|source| SealError::Io { path: name.clone(), source })?;
        Bundle::open(BufReader::new(file)).map_err(|error| SealError::Damaged { part: name, reason: error.to_string() })
    }

    fn read_signed(&self, folder: &str, sequence: u64) -> Result<(Vec<u8>, Vec<u8>), SealError> {
        let damaged = |reason: String| SealError::Damaged {
            part: self.bundle_path(folder, sequence).display().to_string(),
            reason,
        };
        let mut bundle = self.open_bundle(folder, sequence)?;
        let mut entry = |name: &str, limit: u64| match bundle.read(name, limit) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(damaged(format!("it lacks `{name}`"))),
            Err(error) => Err(damaged(error.to_string())),
        };
        Ok((entry(RECORD, PageRecord::MAX_BYTE_LEN)?, entry(SIGNATURE, 64)?))
    }

    fn check_body(&self, folder: &str, sequence: u64, body: &Body) -> Result<(), SealError> {
        let damaged = |reason: String| SealError::Damaged {
            part: self.bundle_path(folder, sequence).display().to_string(),
            reason,
        };
        match self.open_bundle(folder, sequence)?.read(PAGE_BODY, body.byte_len) {
            Ok(Some(bytes)) if PageDigest::of(&bytes) == body.sha256 => Ok(()),
            Ok(Some(bytes)) => Err(damaged(format!(
                "its body has SHA-256 `{}`, its record says `{}`",
                PageDigest::of(&bytes),
                body.sha256
            ))),
            Ok(None) => Err(damaged(format!("it lacks `{PAGE_BODY}`"))),
            Err(error) => Err(damaged(error.to_string())),
        }
    }

    fn decode<D: Document>(&self, folder: &str, sequence: u64, bytes: &[u8]) -> Result<D, SealError> {
        let part = self.bundle_path(folder, sequence).display().to_string();
        decode(bytes).map_err(|error| SealError::Damaged { part, reason: error.to_string() })
    }

    /// One file holds body, record and signature: its rename is the commit, so a crash leaves all three or none.
    fn commit(&self, folder: &str, sequence: u64, page: &DurablePage<'_>) -> Result<(), StoreError> {
        let path = self.bundle_path(folder, sequence);
        let (record, signature) = (Part::deflate(page.record), Part::deflate(page.signature.as_bytes()));
        let mut parts = vec![(RECORD, &record), (SIGNATURE, &signature)];
        parts.extend(page.body.map(|body| (PAGE_BODY, body)));
        let prefixes = page.prefixes.map(|prefixes| Part::deflate(prefixes.as_flattened()));
        parts.extend(prefixes.as_ref().map(|prefixes| (PREFIXES, prefixes)));
        let written = bundle(&parts).map_err(std::io::Error::other).and_then(|bytes| write_new(&path, &bytes));
        written.map_err(|source| StoreError { path: path.display().to_string(), source })
    }
}

impl PageStore for &AcquisitionFolder {
    fn commit_page(&mut self, sequence: u64, page: &DurablePage<'_>) -> Result<(), StoreError> {
        self.commit(PAGES, sequence, page)
    }

    fn commit_failure(&mut self, sequence: u64, failure: &DurablePage<'_>) -> Result<(), StoreError> {
        self.commit(FAILURES, sequence, failure)
    }
}

impl PartSource for AcquisitionFolder {
    type Reader = BufReader<File>;

    fn page(&self, sequence: u64) -> Result<Bundle<Self::Reader>, SealError> {
        self.open_bundle(PAGES, sequence)
    }

    fn page_timestamp(&self, sequence: u64) -> Result<Option<Vec<u8>>, SealError> {
        let path = self.page_timestamp_path(sequence);
        match std::fs::read(&path) {
            Ok(token) => Ok(Some(token)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SealError::Io { path: path.display().to_string(), source }),
        }
    }

    fn failure(&self, sequence: u64) -> Result<Bundle<Self::Reader>, SealError> {
        self.open_bundle(FAILURES, sequence)
    }
}

fn timestamp_name(number: usize) -> String {
    if number == 1 { "genesis.tsr".to_owned() } else { format!("genesis-{number}.tsr") }
}

const GENESIS: &str = "genesis.json";
const PAGES: &str = "pages";
/// The entry of a page's bundle that is no part of the package.
const PREFIXES: &str = "ids";
const FAILURES: &str = "failures";
const RUN_LOG: &str = "run.jsonl";
const TIMESTAMP_LISTS: &str = "tsa-crls.pem";
