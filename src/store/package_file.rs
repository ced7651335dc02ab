//! A package being written: it appears under its name whole, or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::FolderError;
use super::durable;

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
