//! One process at a time in a matter. The lock goes with the process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
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
            .write(true)
            .open(&path)
            .map_err(FolderError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked(root.to_owned())),
            Err(TryLockError::Error(error)) => Err(FolderError::io("lock", &path)(error)),
        }
    }
}
