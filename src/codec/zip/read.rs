//! The forward pass: from byte 0 to the end of the file, entry by entry, every byte handed on in order.
//!
//! The local header in front of the data is what counts; the central directory only announces the order and is compared field
//! by field. A caller that hashes what the pass hands on has hashed exactly the bytes it judged, from one handle.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::directory::{Directory, check_fixed, fault, locate, of_entry, printable, to_u64};
use super::fault::{Fault, FaultKind, Faults, ReadError};
use super::header::{Common, LOCAL_LEN, LOCAL_SIGNATURE, Profile};
use super::inflate::RawEntry;

/// What a reader is willing to take on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the archive in bytes.
    pub max_archive_bytes: u64,
    /// Number of entries.
    pub max_entries: u64,
    /// Content of one entry in bytes.
    pub max_entry_bytes: u32,
    /// Content of all entries together in bytes.
    pub max_content_bytes: u64,
    /// Content of an entry in units of its compressed length.
    pub max_ratio: u32,
}

/// One entry of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name; bytes outside printable ASCII, quotes and backslashes appear as escapes (and are a fault).
    pub name: String,
    /// The claimed CRC-32 of the content.
    pub crc32: u32,
    /// The claimed length of the compressed bytes.
    pub compressed_len: u32,
    /// The claimed length of the content.
    pub uncompressed_len: u32,
    /// Where its local header stands.
    pub header_offset: u64,
}

impl Entry {
    /// Returns what the entry takes in memory while it is inflated: its bytes deflated and inflated.
    #[must_use]
    pub fn byte_len(&self) -> u64 {
        u64::from(self.compressed_len) + u64::from(self.uncompressed_len)
    }
}

/// An archive that is being read, once, from front to end.
#[derive(Debug)]
pub struct Reader<R> {
    input: BufReader<R>,
    limits: Limits,
    profile: Profile,
    directory: Directory,
    faults: Faults,
    next: usize,
    at: u64,
    content_bytes: u64,
    has_stopped: bool,
}

/// Takes every byte of the archive that the pass goes over, in order.
pub type Sink<'a> = &'a mut dyn FnMut(&[u8]);

impl<R: Read + Seek> Reader<R> {
    /// Opens an archive: finds the end record, reads and judges the central directory, and goes back to byte 0.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unlocatable`] if there is no directory to follow or a limit is exceeded; [`ReadError::Io`] and
    /// [`ReadError::Changed`] if the file cannot be read.
    pub fn open(mut input: R, limits: Limits, profile: Profile) -> Result<Self, ReadError> {
        let mut faults = Faults::default();
        let directory = locate(&mut input, &limits, profile, &mut faults)?;
        input.seek(SeekFrom::Start(0))?;
        let input = BufReader::with_capacity(BUFFER_LEN, input);
        Ok(Self { input, limits, profile, directory, faults, next: 0, at: 0, content_bytes: 0, has_stopped: false })
    }

    /// Reads the next entry and hands every byte up to its end to `sink`; `None` when there is no other.
    ///
    /// Faults are added to [`Reader::faults`]. An entry that exceeds a limit, or whose header is not where it should be, is
    /// passed over with its fault.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unlocatable`] if the next part cannot be found: there is nothing to read after that.
    pub fn next_entry(&mut self, sink: Sink<'_>) -> Option<Result<RawEntry, ReadError>> {
        while !self.has_stopped {
            let listed = self.directory.entries.get(self.next)?.clone();
            let common = *self.directory.commons.get(self.next)?;
            self.next += 1;
            match self.read_listed(&listed, &common, sink) {
                Ok(None) => {}
                Ok(Some(entry)) => return Some(Ok(entry)),
                Err(error) => {
                    self.has_stopped = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// Reads what is left, to the last byte of the file, and returns all faults of the archive.
    ///
    /// Entries not yet asked for are gone over without inflating them.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unlocatable`] if the pass has stopped or stops now; [`ReadError::Changed`] if the directory is not the one
    /// read when the archive was opened.
    pub fn finish(mut self, sink: Sink<'_>) -> Result<Faults, ReadError> {
        if self.has_stopped {
            return Err(ReadError::Unlocatable(self.faults));
        }
        while let Some(entry) = self.next_entry(sink) {
            entry?;
        }
        self.pass_gap(self.directory.offset, sink)?;
        let mut tail = Vec::new();
        self.input.by_ref().take(to_u64(self.directory.tail.len()) + 1).read_to_end(&mut tail)?;
        if tail != self.directory.tail {
            return Err(ReadError::Changed);
        }
        sink(&tail);
        Ok(self.faults)
    }

    /// Reads the entry that the directory lists as `listed`; `None` if it has to be passed over.
    fn read_listed(&mut self, listed: &Entry, common: &Common, sink: Sink<'_>) -> Result<Option<RawEntry>, ReadError> {
        let offset = listed.header_offset;
        let room = self.directory.offset.saturating_sub(to_u64(LOCAL_LEN));
        if offset < self.at || offset > room {
            let computed = format!("free from byte {} to byte {}", self.at, self.directory.offset);
            self.faults.push(of_entry(FaultKind::Overlap, listed, format!("local header at byte {offset}"), computed));
            return Ok(None);
        }
        self.pass_gap(offset, sink)?;
        let mut header = [0; LOCAL_LEN];
        self.input.read_exact(&mut header)?;
        sink(&header);
        self.at += to_u64(LOCAL_LEN);
        let Some(local) = Common::local(header) else {
            let found = header.first_chunk::<4>().map(|four| printable(four)).unwrap_or_default();
            let computed = format!("`{found}`");
            self.faults.push(of_entry(
                FaultKind::HeaderMismatch,
                listed,
                format!("local header at byte {offset}"),
                computed,
            ));
            return Ok(None);
        };
        self.compare(listed, common, &local);
        if local.has_data_descriptor() {
            return Err(self.stop(of_entry(
                FaultKind::DataDescriptor,
                listed,
                "lengths behind the data",
                "lengths in front",
            )));
        }
        if local.is_zip64() {
            return Err(self.stop(of_entry(FaultKind::Zip64, listed, "a value that stands for ZIP64", "no ZIP64")));
        }
        let after_header = u64::from(local.name_len) + u64::from(local.extra_len);
        let end = self.at + after_header + u64::from(local.compressed_len);
        if end > self.directory.offset {
            let computed = format!("central directory at byte {}", self.directory.offset);
            return Err(self.stop(of_entry(FaultKind::Overlap, listed, format!("data up to byte {end}"), computed)));
        }
        let name = self.read_bytes(local.name_len.into(), sink)?;
        let entry = Entry {
            name: printable(&name),
            crc32: local.crc32,
            compressed_len: local.compressed_len,
            uncompressed_len: local.uncompressed_len,
            header_offset: offset,
        };
        if entry.name != listed.name {
            let (claimed, computed) =
                (format!("central name `{}`", listed.name), format!("local name `{}`", entry.name));
            self.faults.push(of_entry(FaultKind::HeaderMismatch, listed, claimed, computed));
        }
        self.pass(local.extra_len.into(), sink)?;
        if let Some(fault) = self.exceeded(&entry) {
            self.faults.push(fault);
            self.pass(entry.compressed_len.into(), sink)?;
            return Ok(None);
        }
        let compressed = self.read_bytes(entry.compressed_len.into(), sink)?;
        Ok(Some(RawEntry { entry, compressed, method: local.method }))
    }

    fn compare(&mut self, listed: &Entry, central: &Common, local: &Common) {
        for field in local.fixed(self.profile) {
            check_fixed(field, listed.header_offset, Some(&listed.name), &mut self.faults);
        }
        for (field, local, central) in local.beside(central) {
            if local != central {
                let (claimed, computed) =
                    (format!("central {field} {central:#x}"), format!("local {field} {local:#x}"));
                self.faults.push(of_entry(FaultKind::HeaderMismatch, listed, claimed, computed));
            }
        }
    }

    /// Says which limit reading `entry` would exceed.
    fn exceeded(&mut self, entry: &Entry) -> Option<Fault> {
        let (compressed, content) = (u64::from(entry.compressed_len), u64::from(entry.uncompressed_len));
        let cap = u64::from(self.limits.max_entry_bytes);
        self.content_bytes = self.content_bytes.saturating_add(content);
        let (found, at_most) = if content > cap {
            (format!("content of {content} bytes"), format!("at most {cap}"))
        } else if compressed > most_compressed(cap) {
            (format!("{compressed} compressed bytes"), format!("at most an eighth more than {cap}"))
        } else if content > compressed * u64::from(self.limits.max_ratio) + RATIO_SLACK {
            (format!("{content} bytes out of {compressed}"), format!("ratio at most {}", self.limits.max_ratio))
        } else if self.content_bytes > self.limits.max_content_bytes {
            (
                format!("content of {} bytes so far", self.content_bytes),
                format!("at most {}", self.limits.max_content_bytes),
            )
        } else {
            return None;
        };
        Some(of_entry(FaultKind::SizeCap, entry, found, at_most))
    }

    /// Goes forward to `offset`; bytes on the way belong to nothing.
    fn pass_gap(&mut self, offset: u64, sink: Sink<'_>) -> Result<(), ReadError> {
        let gap = offset.saturating_sub(self.at);
        if gap == 0 {
            return Ok(());
        }
        let start = self.at;
        let first = self.read_bytes(gap.min(4), sink)?;
        let code = match (first == LOCAL_SIGNATURE, start) {
            (true, _) => FaultKind::UnlistedEntry,
            (false, 0) => FaultKind::Prefix,
            (false, _) => FaultKind::Gap,
        };
        let computed = format!("{gap} bytes that belong to nothing");
        self.faults.push(fault(code, start, None, format!("next part at byte {offset}"), computed));
        self.pass(offset.saturating_sub(self.at), sink)
    }

    /// Hands on `len` bytes without keeping them.
    fn pass(&mut self, len: u64, sink: Sink<'_>) -> Result<(), ReadError> {
        let mut left = len;
        while left > 0 {
            let buffer = self.input.fill_buf()?;
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let bytes = buffer.get(..wanted).filter(|bytes| !bytes.is_empty()).ok_or(ReadError::Changed)?;
            sink(bytes);
            self.input.consume(wanted);
            left -= to_u64(wanted);
        }
        self.at += len;
        Ok(())
    }

    /// Reads and hands on `len` bytes, which the file had when it was opened.
    fn read_bytes(&mut self, len: u64, sink: Sink<'_>) -> Result<Vec<u8>, ReadError> {
        let bytes = take_bytes(&mut self.input, len)?.ok_or(ReadError::Changed)?;
        sink(&bytes);
        self.at += len;
        Ok(bytes)
    }

    fn stop(&mut self, last: Fault) -> ReadError {
        self.faults.push_last(last);
        ReadError::Unlocatable(self.faults.clone())
    }
}

impl<R> Reader<R> {
    /// Returns the entries that the directory lists, in the order of their local headers.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.directory.entries
    }

    /// Returns the top directory of the first entry, which all share in an archive without faults; empty if it has none.
    #[must_use]
    pub fn top(&self) -> &str {
        let first = self.directory.entries.first();
        first.and_then(|entry| entry.name.split_once('/')).map_or("", |(top, _)| top)
    }

    /// Returns the entry that the directory lists next, before its bytes are handed on; it may turn out to be passed over.
    #[must_use]
    pub fn upcoming(&self) -> Option<&Entry> {
        self.directory.entries.get(self.next)
    }

    /// Returns the faults met so far.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

/// Reads one entry again, by the local header at `header_offset` alone, as the forward pass did; none where there is no entry, or none
/// that the pass hands out, or one whose content has more than `at_most` bytes.
///
/// Whether it is the same entry is not looked at: the caller has to know a digest of its content.
///
/// # Errors
///
/// When the archive cannot be read.
pub fn entry_at<R: Read + Seek>(input: &mut R, header_offset: u64, at_most: u64) -> io::Result<Option<RawEntry>> {
    input.seek(SeekFrom::Start(header_offset))?;
    let header = take_bytes(input, to_u64(LOCAL_LEN))?.and_then(|bytes| bytes.try_into().ok());
    let Some(local) = header.and_then(Common::local) else { return Ok(None) };
    let (compressed_len, content_len) = (u64::from(local.compressed_len), u64::from(local.uncompressed_len));
    let is_too_long = content_len > at_most || compressed_len > most_compressed(at_most);
    if local.has_data_descriptor() || local.is_zip64() || is_too_long {
        return Ok(None);
    }
    let Some(name) = take_bytes(input, local.name_len.into())? else { return Ok(None) };
    // Read and not sought: a buffered reader would throw away what it has.
    let Some(_) = take_bytes(input, local.extra_len.into())? else { return Ok(None) };
    let Some(compressed) = take_bytes(input, compressed_len)? else { return Ok(None) };
    let entry = Entry {
        name: printable(&name),
        crc32: local.crc32,
        compressed_len: local.compressed_len,
        uncompressed_len: local.uncompressed_len,
        header_offset,
    };
    Ok(Some(RawEntry { entry, compressed, method: local.method }))
}

/// Reads `len` bytes; none where there are fewer.
fn take_bytes<R: Read>(input: &mut R, len: u64) -> io::Result<Option<Vec<u8>>> {
    let Ok(capacity) = usize::try_from(len) else { return Ok(None) };
    let mut bytes = Vec::with_capacity(capacity);
    input.take(len).read_to_end(&mut bytes)?;
    Ok((bytes.len() == capacity).then_some(bytes))
}

/// Returns how many bytes a content of at most `content` has at most in the archive; deflate adds little where it gains nothing.
fn most_compressed(content: u64) -> u64 {
    content + content / 8 + RATIO_SLACK
}

const BUFFER_LEN: usize = 64 << 10;
/// 1 KiB beyond ratio and cap, for streams so short that their frame counts.
const RATIO_SLACK: u64 = 1 << 10;
