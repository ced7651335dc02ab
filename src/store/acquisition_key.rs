//! The private key of one acquisition: where it lies while it is needed, and how it is destroyed (FORMAT §§6, 16).
//!
//! Apart because it is the one thing in a matter that is meant to disappear. What is here are bytes in a file; `keyring` makes and
//! reads the key in them. Destroying reaches the cells that held the bytes only where a file is overwritten in place: not on flash
//! memory, which writes elsewhere and keeps the old cells for a while; not on a file system that copies on write; not in a
//! snapshot, a backup, or a disk image. What is promised is that this file is gone, and no more.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::acquisition::AcquisitionFolder;
use super::durable;
use super::{FolderError, acquisition};

/// The key files of an acquisition that does not sign with the operator's own key.
#[derive(Clone, Copy)]
pub struct OwnKey<'a> {
    /// The private key, PKCS#8 in PEM, encrypted where the operator's is.
    pub private_pem: &'a str,
    /// The operator's public key.
    pub operator_pem: &'a str,
}

impl OwnKey<'_> {
    /// Writes both files into a folder that has no signed plan yet.
    pub(super) fn write(&self, root: &Path) -> Result<(), FolderError> {
        for (name, pem) in [(PRIVATE_KEY, self.private_pem), (OPERATOR_KEY, self.operator_pem)] {
            let path = root.join(name);
            durable::write_new(&path, pem.as_bytes()).map_err(FolderError::io("write", &path))?;
        }
        Ok(())
    }
}

impl AcquisitionFolder {
    /// Returns where the private key of this acquisition lies, if it has one and it is not destroyed.
    #[must_use]
    pub fn key_path(&self) -> PathBuf {
        self.root().join(PRIVATE_KEY)
    }

    /// Says whether something of that key still lies there.
    #[must_use]
    pub fn has_key(&self) -> bool {
        has_key(self.root())
    }

    /// Returns the operator's public key in PEM, as it lay there when the acquisition began.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when it cannot be read.
    pub fn operator_pem(&self) -> Result<String, FolderError> {
        let path = self.root().join(OPERATOR_KEY);
        std::fs::read_to_string(&path).map_err(FolderError::io("read", &path))
    }

    /// Destroys the private key. What is there already destroyed in part is destroyed whole; what is not there is no error.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses; the key counts as there then.
    pub fn destroy_key(&self) -> Result<(), FolderError> {
        destroy_key(self.root())
    }
}

/// Says whether a private key, or the beginning of one, lies in the folder of an acquisition.
pub(super) fn has_key(root: &Path) -> bool {
    files(root).iter().any(|path| path.exists())
}

/// Destroys what lies of a private key in the folder of an acquisition.
pub(super) fn destroy_key(root: &Path) -> Result<(), FolderError> {
    files(root).iter().try_for_each(|path| destroy(path).map_err(FolderError::io("destroy", path)))
}

/// Says whether the folder holds a key without a signed plan: the process died while it began.
pub(super) fn is_forgotten(root: &Path) -> bool {
    has_key(root) && !acquisition::AcquisitionFolder::is_begun(root)
}

/// The key, and what a crash while it was written leaves.
fn files(root: &Path) -> [PathBuf; 2] {
    let path = root.join(PRIVATE_KEY);
    [path.with_extension("partial"), path]
}

/// Overwrites a file and removes it.
///
/// open(write) · overwrite with zeros, same length · fsync(file) · unlink · fsync(parent). A crash before the unlink leaves a
/// file that is no key any more, or still is one; the same call ends it. A crash before the last step may bring the name back, with
/// zeros behind it.
fn destroy(path: &Path) -> io::Result<()> {
    let mut file = match std::fs::File::options().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let byte_len = file.metadata()?.len();
    io::copy(&mut io::Read::take(io::repeat(0), byte_len), &mut file)?;
    file.flush()?;
    file.sync_all()?;
    drop(file);
    std::fs::remove_file(path)?;
    durable::sync_parent(path)
}

const PRIVATE_KEY: &str = "acquisition-key.pem";
const OPERATOR_KEY: &str = "operator.pub.pem";

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, AcquisitionFolder) {
        let folder = tempfile::tempdir().unwrap();
        let key = OwnKey { private_pem: "private", operator_pem: "public" };
        let made = AcquisitionFolder::create(&folder.path().join("a"), b"{}", &[0; 64], &[], Some(key)).unwrap();
        (folder, made)
    }

    #[cfg(unix)]
    #[test]
    fn the_private_key_is_its_owners_alone() {
        use std::os::unix::fs::MetadataExt as _;
        let (_kept, folder) = folder();
        assert_eq!(std::fs::metadata(folder.key_path()).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(folder.operator_pem().unwrap(), "public");
    }

    #[test]
    fn a_destroyed_key_was_overwritten_before_it_was_removed() {
        let (kept, folder) = folder();
        // A second name for the same bytes shows what became of them.
        let other_name = kept.path().join("other");
        std::fs::hard_link(folder.key_path(), &other_name).unwrap();
        folder.destroy_key().unwrap();
        assert!(!folder.has_key() && !folder.key_path().exists());
        assert_eq!(std::fs::read(&other_name).unwrap(), [0; 7]);
        folder.destroy_key().unwrap();
    }

    #[test]
    fn what_a_crash_left_is_destroyed_too() {
        let (_kept, folder) = folder();
        for left in ["acquisition-key.partial", "acquisition-key.pem"] {
            std::fs::write(folder.root().join(left), b"").unwrap();
            assert!(folder.has_key());
            folder.destroy_key().unwrap();
            assert!(!folder.has_key());
        }
    }

    #[test]
    fn a_key_without_a_plan_is_forgotten() {
        let (kept, folder) = folder();
        assert!(!is_forgotten(folder.root()));
        let bare = kept.path().join("b");
        std::fs::create_dir(&bare).unwrap();
        assert!(!is_forgotten(&bare));
        std::fs::write(bare.join(PRIVATE_KEY), b"private").unwrap();
        assert!(is_forgotten(&bare));
        destroy_key(&bare).unwrap();
        assert!(!is_forgotten(&bare));
    }
}
