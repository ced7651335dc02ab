//! One entry as it lies in the archive, and its content (RFC 1951, CRC-32).

use flate2::{Decompress, FlushDecompress, Status};

use super::directory::{of_entry, to_u64};
use super::fault::{Fault, FaultKind};
use super::free_bits;
use super::header::{DEFLATED, STORED};
use super::read::Entry;

/// One entry with its compressed bytes; it owns them, so that another thread can inflate it.
#[derive(Debug, Clone)]
pub struct RawEntry {
    /// What the local header says.
    pub entry: Entry,
    /// The bytes between the local header and the next part.
    pub compressed: Vec<u8>,
    pub(super) method: u16,
}

impl RawEntry {
    /// Returns the content.
    ///
    /// Memory is bounded by `entry.uncompressed_len`, which the reader has held against its limits.
    ///
    /// # Errors
    ///
    /// A [`Fault`] if the compressed bytes are not one stream of exactly the lengths in the header, or if the CRC-32 differs.
    pub fn inflate(&self) -> Result<Vec<u8>, Fault> {
        let content = match self.method {
            DEFLATED => self.inflate_deflated()?,
            STORED => self.compressed.clone(),
            other => return Err(self.deflate_fault(format!("method {other} is not supported"))),
        };
        if to_u64(content.len()) != u64::from(self.entry.uncompressed_len) {
            return Err(self.deflate_fault(format!("content of {} bytes", content.len())));
        }
        let computed = crc32fast::hash(&content);
        if computed != self.entry.crc32 {
            let claimed = format!("crc-32 {:08x}", self.entry.crc32);
            return Err(of_entry(FaultKind::Crc, &self.entry, claimed, format!("crc-32 {computed:08x}")));
        }
        Ok(content)
    }

    /// Checks the bits of the stream that RFC 1951 leaves without meaning: all have to be zero.
    ///
    /// For entries that no digest over the bytes of the archive covers: otherwise these bits could be changed unseen. Slow, so
    /// not part of [`RawEntry::inflate`]. What remains: the same content can be deflated in more than one way, so that an entry
    /// outside such a digest can be replaced by another stream of the same content.
    ///
    /// # Errors
    ///
    /// A [`Fault`] if such a bit is set, or if the compressed bytes are no deflate stream.
    pub fn check_free_bits(&self) -> Result<(), Fault> {
        match (self.method, free_bits::are_zero(&self.compressed)) {
            (STORED, _) | (_, Some(true)) => Ok(()),
            (_, Some(false)) => Err(self.deflate_fault("bits without meaning are set".to_owned())),
            (_, None) => Err(self.deflate_fault("not a deflate stream".to_owned())),
        }
    }

    fn inflate_deflated(&self) -> Result<Vec<u8>, Fault> {
        // One byte more than claimed: a longer stream shows itself without being followed to its end.
        let claimed_len = usize::try_from(self.entry.uncompressed_len).unwrap_or(usize::MAX);
        let mut content = Vec::new();
        if content.try_reserve_exact(claimed_len.saturating_add(1)).is_err() {
            return Err(self.deflate_fault("more than there is memory for".to_owned()));
        }
        let mut inflater = Decompress::new(false);
        let status = inflater.decompress_vec(&self.compressed, &mut content, FlushDecompress::Finish);
        let consumed = inflater.total_in();
        match status {
            Ok(Status::StreamEnd) if consumed == to_u64(self.compressed.len()) => Ok(content),
            Ok(Status::StreamEnd) => Err(self.deflate_fault(format!("a stream of {consumed} bytes"))),
            Ok(_) if content.len() > claimed_len => Err(self.deflate_fault("more content".to_owned())),
            Ok(_) => Err(self.deflate_fault("a stream without end".to_owned())),
            Err(_) => Err(self.deflate_fault("not a deflate stream".to_owned())),
        }
    }

    fn deflate_fault(&self, computed: String) -> Fault {
        let claimed = format!("{} bytes deflated to {}", self.entry.uncompressed_len, self.entry.compressed_len);
        of_entry(FaultKind::Deflate, &self.entry, claimed, computed)
    }
}
