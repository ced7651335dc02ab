//! A file at a path that a person named: it has that name once it is whole, or not at all.
//!
//! For what is made of a package, in folders that may hold anything: nothing but the file itself is touched, and a name that is
//! taken, even meanwhile, stays with whoever took it. What a crash leaves is called `.NAME.unfinished-PID`.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{FolderError, durable};

/// A file without its name yet. It vanishes unless it is published.
pub struct NewFile {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
}

impl NewFile {
    /// Begins the file that will be called `path`.
    ///
    /// # Errors
    ///
    /// [`FolderError::Exists`] when something lies there; [`FolderError::Io`] otherwise.
    pub fn begin(path: &Path) -> Result<Self, FolderError> {
        refuse_taken(path)?;
        let temporary = unfinished(path);
        let file = durable::owner_only().read(true).create_new(true).open(&temporary);
        let file = file.map_err(FolderError::io("create", path))?;
        Ok(Self { path: path.to_owned(), temporary, file })
    }

    /// Returns the file, to be written, and read again before it is published.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns what an error of reading or writing it means.
    pub fn trouble(&self, doing: &'static str) -> impl FnOnce(io::Error) -> FolderError {
        FolderError::io(doing, &self.path)
    }

    /// Gives it its name.
    ///
    /// fsync · link(temporary, `path`) · fsync(parent) · unlink(temporary)
    ///
    /// # Errors
    ///
    /// As [`NewFile::begin`].
    pub fn publish(self) -> Result<(), FolderError> {
        self.file.sync_all().map_err(self.trouble("write"))?;
        name(&self.temporary, &self.path)?;
        durable::sync_parent(&self.path).map_err(self.trouble("write"))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // It has a second name by then, or none is wanted.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// Returns what something is called, beside its name, until it has it.
#[must_use]
pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".unfinished-{}", std::process::id()));
    path.with_file_name(name)
}

/// Refuses a name that is taken.
///
/// # Errors
///
/// [`FolderError::Exists`].
pub fn refuse_taken(path: &Path) -> Result<(), FolderError> {
    if path.symlink_metadata().is_ok() { Err(FolderError::Exists(path.to_owned())) } else { Ok(()) }
}

/// Gives a file a second name that nobody has. A file system without such names gets a rename, after a look.
///
/// # Errors
///
/// [`FolderError::Exists`] when the name is taken; [`FolderError::Io`] otherwise.
pub fn name(file: &Path, to: &Path) -> Result<(), FolderError> {
    let named = match std::fs::hard_link(file, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            refuse_taken(to)?;
            std::fs::rename(file, to)
        }
        done => done,
    };
    named.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => FolderError::Exists(to.to_owned()),
        _ => FolderError::io("create", to)(error),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_appears_whole_under_its_name_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pdf");
        let file = NewFile::begin(&path).unwrap();
        file.file().write_all(b"abc").unwrap();
        assert!(!path.exists());
        file.publish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
        assert_eq!(names(folder.path()), ["a.pdf"]);
        assert!(matches!(NewFile::begin(&path), Err(FolderError::Exists(_))));
    }

    #[test]
    fn a_name_that_somebody_takes_meanwhile_is_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pdf");
        let file = NewFile::begin(&path).unwrap();
        file.file().write_all(b"abc").unwrap();
        std::fs::write(&path, b"precious").unwrap();
        assert!(matches!(file.publish(), Err(FolderError::Exists(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        assert_eq!(names(folder.path()), ["a.pdf"]);
    }
}
