//! Writes that survive a power failure whole or not at all.
//!
//! The order of system calls is the whole point, so it stands above each function. What remains sad: a disk that lies about
//! fsync; a file system that reorders a rename before the data it names although the data was synced (none in use does).

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a new file.
///
/// open(temporary, `O_EXCL`) · write · fsync(temporary) · link-free rename onto `path` · fsync(parent). A temporary left by a
/// crash is overwritten by the next attempt. The caller holds the matter's lock, so nothing can appear at `path` between
/// the check and the rename.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] when `path` exists; otherwise what the system says. On error `path` does not exist.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.try_exists()? {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the file exists already"));
    }
    let temporary = path.with_extension("partial");
    let mut file = owner_only().truncate(true).open(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| std::fs::rename(&temporary, path)) {
        // Room on a full disk matters more than a leftover; that this too may fail changes nothing.
        let _ = std::fs::remove_file(&temporary);
        return Err(error);
    }
    sync_parent(path)
}

/// Writes a new file at a path that a person named, whose folder may hold anything: nothing but `path` itself is touched.
///
/// open(`path`, `O_EXCL`) · write · fsync · fsync(parent). A crash can leave a part of it; whoever named it sees that it is short.
///
/// # Errors
///
/// As [`write_new`].
pub fn write_named(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = owner_only().create_new(true).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written {
        let _ = std::fs::remove_file(path);
        return Err(error);
    }
    sync_parent(path)
}

/// Returns options that write a file which its owner alone can read: what lies in a matter is personal data of everybody in a tenant.
#[must_use]
pub fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder, and those above it, which their owner alone can enter.
///
/// # Errors
///
/// What the system says.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes the entries of `path`'s parent folder durable. On systems that cannot open a folder as a file this does nothing.
///
/// # Errors
///
/// What the system says.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        // A bare name lies in the folder that one is in.
        Some(parent) if parent.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// Makes the entries of a folder durable. On systems that cannot open a folder as a file this does nothing.
///
/// # Errors
///
/// What the system says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        write_new(&path, b"first").unwrap();
        assert_eq!(write_new(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_named_file_touches_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (path, beside) = (folder.path().join("a.json"), folder.path().join("a.partial"));
        std::fs::write(&beside, b"precious").unwrap();
        write_named(&path, b"first").unwrap();
        assert_eq!(write_named(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(
            (std::fs::read(&path).unwrap(), std::fs::read(&beside).unwrap()),
            (b"first".into(), b"precious".into())
        );
        sync_parent(Path::new("Cargo.toml")).unwrap();
    }

    #[test]
    fn a_leftover_of_a_crash_does_not_stand_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        std::fs::write(path.with_extension("partial"), b"half a fi").unwrap();
        write_new(&path, b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert!(!path.with_extension("partial").exists());
    }
}
