//! A package being written: it appears under its name whole, or not at all.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::FolderError;
use super::durable;
use crate::codec::zip::write::Bundle;
use crate::format::Document as _;
use crate::format::path::{SEAL, SEAL_SIGNATURE};
use crate::format::seal::Seal;

/// Where a package is written before it is one.
pub struct PackageFile {
    writer: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
}

impl PackageFile {
    /// Begins a package that will lie at `path`.
    ///
    /// # Errors
    ///
    /// [`FolderError::Exists`] when a package lies there; [`FolderError::Io`] when the disk refuses.
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        if path.exists() {
            return Err(FolderError::Exists(path.to_owned()));
        }
        let temporary = path.with_extension("zip.partial");
        let file = durable::owner_only().read(true).truncate(true).open(&temporary);
        let writer = BufWriter::with_capacity(1 << 20, file.map_err(FolderError::io("write", &temporary))?);
        Ok(Self { writer, temporary, path: path.to_owned() })
    }

    /// Makes what was written durable and gives it its name: fsync(temporary) · rename · fsync(parent).
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses; no package appears then.
    pub fn publish(self) -> Result<(), FolderError> {
        let Self { writer, temporary, path } = self;
        let published = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&temporary, &path))
            .and_then(|()| durable::sync_parent(&path));
        published.map_err(FolderError::io("write", &path))
    }

    /// Throws away what was written.
    pub fn discard(self) {
        // A leftover is overwritten by the next attempt; that it may stay changes nothing.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// Reads the seal and its signature of the package at `path`, whose top directory is `top`.
///
/// # Errors
///
/// [`FolderError::Io`] when there is no such file; [`FolderError::Malformed`] when it holds no seal. What the seal says is the caller's to
/// check.
pub fn read_seal(path: &Path, top: &str) -> Result<(Vec<u8>, Vec<u8>), FolderError> {
    let file = File::open(path).map_err(FolderError::io("read", path))?;
    let malformed = |reason: String| FolderError::Malformed { path: path.to_owned(), reason };
    let mut package = Bundle::open(BufReader::new(file)).map_err(|error| malformed(error.to_string()))?;
    let mut read = |name: &str, limit: u64| match package.read(&format!("{top}/{name}"), limit) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(malformed(format!("it holds no `{name}`"))),
        Err(error) => Err(malformed(error.to_string())),
    };
    Ok((read(SEAL, Seal::MAX_BYTE_LEN)?, read(SEAL_SIGNATURE, SIGNATURE_BYTE_LEN)?))
}

impl Write for &mut PackageFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Seek for &mut PackageFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.writer.seek(to)
    }
}

/// 64: FORMAT §6.
const SIGNATURE_BYTE_LEN: u64 = 64;
