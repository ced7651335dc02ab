//! The file beside a package that says where its records are: derived, replaced at will, and no part of the evidence.
//!
//! It says itself whether it is whole and to which package it belongs, so nothing here has to be durable.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use super::durable;
use super::new_file::unfinished;

/// Returns where the index of a package lies or would lie: its name with `.index` behind it.
#[must_use]
pub fn path_of(package: &Path) -> PathBuf {
    let mut name = OsString::from(package.as_os_str());
    name.push(".index");
    PathBuf::from(name)
}

/// Opens the index of a package; none where there is none.
///
/// # Errors
///
/// What the system says.
pub fn open(package: &Path) -> io::Result<Option<BufReader<File>>> {
    match File::open(path_of(package)) {
        Ok(file) => Ok(Some(BufReader::with_capacity(1 << 20, file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An index being written. It vanishes unless it is published.
pub struct IndexFile {
    writer: Option<BufWriter<File>>,
    temporary: PathBuf,
    path: PathBuf,
}

impl IndexFile {
    /// Begins the index of a package; `magic` is how every index begins.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] where something else than an index bears its name; otherwise what the system says, as where the
    /// folder may not be written to.
    pub fn create(package: &Path, magic: &[u8]) -> io::Result<Self> {
        let path = path_of(package);
        if let Some(older) = open(package)? {
            let mut beginning = Vec::new();
            older.take(magic.len() as u64).read_to_end(&mut beginning)?;
            if beginning != magic {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "what lies there is no index"));
            }
        }
        let temporary = unfinished(&path);
        let file = durable::owner_only().create_new(true).open(&temporary)?;
        Ok(Self { writer: Some(BufWriter::with_capacity(1 << 20, file)), temporary, path })
    }

    /// Gives it its name, in place of an older one.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn publish(mut self) -> io::Result<()> {
        if let Some(mut writer) = self.writer.take() {
            writer.flush()?;
        }
        std::fs::rename(&self.temporary, &self.path)
    }
}

impl Write for &mut IndexFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().map_or(Ok(bytes.len()), |writer| writer.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for IndexFile {
    fn drop(&mut self) {
        // Gone already where it was published.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_appears_whole_or_not_at_all_and_replaces_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("a.zip");
        assert!(open(&package).unwrap().is_none());
        for text in ["index 1", "index 2"] {
            let mut file = IndexFile::create(&package, b"index").unwrap();
            (&mut file).write_all(text.as_bytes()).unwrap();
            file.publish().unwrap();
        }
        let mut dropped = IndexFile::create(&package, b"index").unwrap();
        (&mut dropped).write_all(b"third").unwrap();
        drop(dropped);
        let index = folder.path().join("a.zip.index");
        assert_eq!(std::fs::read(&index).unwrap(), b"index 2");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::write(&index, b"precious").unwrap();
        assert!(IndexFile::create(&package, b"index").is_err());
        assert_eq!(std::fs::read(&index).unwrap(), b"precious");
    }
}
