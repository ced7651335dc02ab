//! Writes the ZIP profile of FORMAT §4 with the `zip` crate, from parts that were deflated once; and that of §21.1, stored.
//!
//! A [`Part`] is deflated when a page arrives and copied from then on: into the [`bundle`] that lies on disk, and from there
//! into the package. For deflated entries of known length the crate writes exactly the profile (version 20, made by 0x0314, no
//! extra field, no data descriptor) in one forward pass; [`Writer`] refuses anything else and hashes what passes.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use sha2::{Digest as _, Sha256};
use zip::read::ZipArchive;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

/// A file deflated once: an archive with that one entry, so that the `zip` crate can copy it.
#[derive(Clone)]
pub struct Part(Vec<u8>);

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({} bytes)", self.0.len())
    }
}

impl Part {
    /// Deflates `bytes`.
    ///
    /// # Panics
    ///
    /// When memory runs out: writing to memory has no other way to fail, and a part is below 4 GiB.
    #[must_use]
    pub fn deflate(bytes: &[u8]) -> Self {
        Self::make(bytes, bytes.len() / 8, options().compression_method(CompressionMethod::Deflated))
    }

    /// Takes `bytes` as they are.
    fn store(bytes: &[u8]) -> Self {
        Self::make(bytes, bytes.len(), options().compression_method(CompressionMethod::Stored).compression_level(None))
    }

    fn make(bytes: &[u8], byte_len: usize, options: SimpleFileOptions) -> Self {
        let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(byte_len + 256)));
        let written = writer.start_file(PART_NAME, options).and_then(|()| Ok(writer.write_all(bytes)?));
        let archive = written.and_then(|()| writer.finish()).expect("writing to memory does not fail");
        Self(archive.into_inner())
    }

    fn archive(&self) -> Result<ZipArchive<Cursor<&[u8]>>, ZipError> {
        ZipArchive::new(Cursor::new(self.0.as_slice()))
    }
}

/// Returns an archive with these parts under these names, in this order.
///
/// # Errors
///
/// When a name occurs twice.
pub fn bundle(parts: &[(&str, &Part)]) -> Result<Vec<u8>, ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        writer.raw_copy_file_rename(part.archive()?.by_index_raw(0)?, *name)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// A bundle on disk, read entry by entry.
pub struct Bundle<R>(ZipArchive<R>);

impl<R: Read + Seek> Bundle<R> {
    /// Opens a bundle.
    ///
    /// # Errors
    ///
    /// When the bytes are none, for example because a disk lost some.
    pub fn open(reader: R) -> Result<Self, ZipError> {
        ZipArchive::new(reader).map(Self)
    }

    /// Reads an entry whole, `limit` bytes at most; none when there is no such entry.
    ///
    /// # Errors
    ///
    /// When the entry is damaged (its CRC-32 is checked) or longer than `limit`.
    pub fn read(&mut self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, ZipError> {
        let file = match self.0.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        if file.size() > limit {
            return Err(
                io::Error::other(format!("`{name}` has {} bytes, at most {limit} are expected", file.size())).into()
            );
        }
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

/// Writes a package.
pub struct Writer<W: Write + Seek>(ZipWriter<Forward<W>>);

impl<W: Write + Seek> Writer<W> {
    /// Begins an archive in `sink`, which must be empty.
    pub fn new(sink: W) -> Self {
        Self(ZipWriter::new(Forward { sink, position: 0, hasher: Sha256::new() }))
    }

    /// Adds a part.
    ///
    /// # Errors
    ///
    /// When the sink refuses, or `name` was there before.
    pub fn add(&mut self, name: &str, part: &Part) -> Result<(), ZipError> {
        self.0.raw_copy_file_rename(part.archive()?.by_index_raw(0)?, name)
    }

    /// Copies an entry of a bundle, compressed as it is.
    ///
    /// # Errors
    ///
    /// When the sink refuses, `name` was there before, or the bundle has no entry `from`.
    pub fn copy<R: Read + Seek>(&mut self, name: &str, bundle: &mut Bundle<R>, from: &str) -> Result<(), ZipError> {
        let index = bundle.0.index_for_name(from).ok_or(ZipError::FileNotFound)?;
        self.0.raw_copy_file_rename(bundle.0.by_index_raw(index)?, name)
    }

    /// Returns the number and the digest of the bytes written so far, all entries being whole.
    #[must_use]
    pub fn so_far(&self) -> (u64, [u8; 32]) {
        self.0.get_ref().map_or((0, [0; 32]), |forward| (forward.position, forward.hasher.clone().finalize().into()))
    }

    /// Writes the central directory and returns the sink.
    ///
    /// # Errors
    ///
    /// When the sink refuses.
    pub fn finish(self) -> Result<W, ZipError> {
        Ok(self.0.finish()?.sink)
    }
}

/// Writes an archive of the stored profile (FORMAT §21.1).
pub struct StoredWriter<W: Write>(ZipWriter<Forward<W>>);

impl<W: Write> StoredWriter<W> {
    /// Begins an archive in `sink`, which must be empty.
    pub fn new(sink: W) -> Self {
        Self(ZipWriter::new(Forward { sink, position: 0, hasher: Sha256::new() }))
    }

    /// Adds a file; `bytes` are fewer than 4 GiB.
    ///
    /// # Errors
    ///
    /// When the sink refuses, or `name` was there before.
    ///
    /// # Panics
    ///
    /// As [`Part::deflate`].
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), ZipError> {
        self.0.raw_copy_file_rename(Part::store(bytes).archive()?.by_index_raw(0)?, name)
    }

    /// Writes the central directory and returns the sink.
    ///
    /// # Errors
    ///
    /// When the sink refuses.
    pub fn finish(self) -> Result<W, ZipError> {
        Ok(self.0.finish()?.sink)
    }
}

/// A sink that only goes forward and hashes what passes.
struct Forward<W> {
    sink: W,
    position: u64,
    hasher: Sha256,
}

impl<W: Write> Write for Forward<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(bytes)?;
        self.position += count as u64;
        self.hasher.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl<W: Write> Seek for Forward<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            // Nothing lies behind the position: the sink was empty and only grows.
            SeekFrom::Current(0) | SeekFrom::End(0) => self.position,
            SeekFrom::Start(target) => target,
            SeekFrom::Current(_) | SeekFrom::End(_) => {
                return Err(io::Error::other("a package is written in one forward pass"));
            }
        };
        if target == self.position {
            return Ok(target);
        }
        Err(io::Error::other("a package is written in one forward pass"))
    }
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
}

/// Level 3 of zlib-rs: 460 MB/s a core and a ratio of 13.4 on sign-in JSON. Level 2 has 600 MB/s and 12.6, level 1 870 and 9.5: a
/// tenth off the time of collecting, which the service's throttle sets anyway, for packages 6 % larger for ever. libdeflate's
/// level 1 would have 580 MB/s at 13.4, and a C library.
const LEVEL: i64 = 3;
const PART_NAME: &str = "part";

#[cfg(test)]
mod tests {
    use super::super::{Limits, Profile, Reader};
    use super::*;

    #[test]
    fn a_part_passes_through_a_bundle_into_a_package_unchanged() {
        let (page, record) = (Part::deflate(&b"page ".repeat(1000)), Part::deflate(b"record"));
        let bundled = bundle(&[("page", &page), ("record", &record)]).unwrap();
        let mut bundle = Bundle::open(Cursor::new(bundled)).unwrap();
        assert_eq!(bundle.read("page", 5000).unwrap().unwrap(), b"page ".repeat(1000));
        assert!(bundle.read("page", 4999).is_err());
        assert_eq!(bundle.read("none", 10).unwrap(), None);
        let mut writer = Writer::new(Cursor::new(Vec::new()));
        writer.copy("top/a", &mut bundle, "page").unwrap();
        let (byte_len, digest) = writer.so_far();
        writer.add("top/b", &record).unwrap();
        let archive = writer.finish().unwrap().into_inner();
        let before = archive.get(..usize::try_from(byte_len).unwrap()).unwrap();
        assert_eq!(digest.as_slice(), Sha256::digest(before).as_slice());
        assert_eq!(archive.get(before.len()..before.len() + 4).unwrap(), b"PK\x03\x04");
        assert!(Bundle::open(Cursor::new(archive)).unwrap().read("top/b", 6).unwrap().unwrap() == b"record");
    }

    #[test]
    fn the_same_parts_give_the_same_bytes() {
        let make = || bundle(&[("a", &Part::deflate(b"x"))]).unwrap();
        assert_eq!(make(), make());
    }

    #[test]
    fn stored_files_lie_in_the_archive_as_they_are() {
        let page = b"page ".repeat(1000);
        let mut writer = StoredWriter::new(Vec::new());
        writer.add("top/a", &page).unwrap();
        writer.add("top/empty", b"").unwrap();
        assert!(writer.add("top/a", b"again").is_err());
        let archive = writer.finish().unwrap();
        assert!(archive.windows(page.len()).any(|window| window == page));
        let limits = Limits {
            max_archive_bytes: 1 << 20,
            max_entries: 10,
            max_entry_bytes: 1 << 20,
            max_content_bytes: 1 << 20,
            max_ratio: 1100,
        };
        for (profile, is_right) in [(Profile::Stored, true), (Profile::Deflated, false)] {
            let mut reader = Reader::open(Cursor::new(&archive), limits, profile).unwrap();
            let entry = reader.next_entry(&mut |_| {}).unwrap().unwrap();
            assert_eq!(entry.inflate().unwrap(), page);
            let faults = reader.finish(&mut |_| {}).unwrap();
            assert_eq!(faults.is_empty(), is_right, "{faults:?}");
        }
    }

    #[test]
    fn a_name_cannot_be_written_twice() {
        let part = Part::deflate(b"x");
        assert!(bundle(&[("a", &part), ("a", &part)]).is_err());
    }
}
