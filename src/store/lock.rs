//! One process at a time in a matter. The lock goes with the process, however it ends.
//!
//! What the file holds is the number of the process that took it last: a help for whoever is refused, and nothing more. Only the
//! lock itself decides, so a number that is left over, or could not be written on a full disk, stands in nobody's way.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::FolderError;

/// Held while a matter is written to.
#[derive(Debug)]
pub struct MatterLock {
    _file: File,
}

impl MatterLock {
    /// Takes the lock of the matter at `root`, without waiting.
    ///
    /// # Errors
    ///
    /// [`FolderError::Locked`] when another process has it.
    pub fn take(root: &Path) -> Result<Self, FolderError> {
        let path = root.join(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(FolderError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {
                // See above: the lock is held whether or not its holder can be named.
                let _ = file.set_len(0).and_then(|()| writeln!(&file, "{}", std::process::id()));
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked { root: root.to_owned(), holder: holder(&file) }),
            Err(TryLockError::Error(error)) => Err(FolderError::io("lock", &path)(error)),
        }
    }
}

/// Reads who has the lock; none where a locked file cannot be read, or the holder has not written yet.
fn holder(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(MAX_BYTE_LEN).read_to_string(&mut text).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}

/// The longest number of a process has ten digits.
const MAX_BYTE_LEN: u64 = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_is_told_by_whom_and_what_is_left_over_stands_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        // Longer than what is written now, and of a process long gone.
        std::fs::write(folder.path().join(".lock"), "4294967295\n").unwrap();
        let held = MatterLock::take(folder.path()).unwrap();
        let refused = MatterLock::take(folder.path()).unwrap_err().to_string();
        let (id, root) = (std::process::id(), folder.path().display());
        assert_eq!(refused, format!("another signhold process (PID {id}) works in `{root}`"));
        for garbage in ["", "12", "twelve\n", "99999999999999\n"] {
            std::fs::write(folder.path().join(".lock"), garbage).unwrap();
            let refused = MatterLock::take(folder.path()).unwrap_err().to_string();
            assert_eq!(refused, format!("another signhold process works in `{root}`"), "{garbage}");
        }
        drop(held);
        MatterLock::take(folder.path()).unwrap();
    }
}
