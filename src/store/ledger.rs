//! The ledger's file: lines are added at its end, durably, and nothing in it is ever changed (FORMAT §20.1).
//!
//! A crash in the middle of an append leaves a last line without its line feed. Such bytes are no event; they are put into a file of
//! their own beside the ledger before the next line is added, so that nothing is lost and nothing is glued together.

use std::fs::{File, TryLockError};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::FolderError;
use super::durable;

/// A ledger that nobody else writes to as long as this lives.
#[derive(Debug)]
pub struct LedgerFile {
    file: File,
    path: PathBuf,
}

impl LedgerFile {
    /// Opens the ledger at `path` for adding to it.
    ///
    /// # Errors
    ///
    /// [`FolderError::Locked`] when another process adds to it; [`FolderError::Io`] when there is none.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let file = File::options().read(true).write(true).open(path).map_err(FolderError::io("open", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path: path.to_owned() }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked { root: path.to_owned(), holder: None }),
            Err(TryLockError::Error(error)) => Err(FolderError::io("lock", path)(error)),
        }
    }

    /// Puts what a crash has left at the end into a file beside the ledger, and says where.
    ///
    /// write(beside) · fsync(beside) · rename · fsync(parent) · ftruncate(ledger) · fsync(ledger). A crash between the two leaves the
    /// bytes in both places, and the next call puts them aside once more.
    ///
    /// # Errors
    ///
    /// [`FolderError`] when the disk refuses, or the end is so long that it is none of ours.
    pub fn set_aside_torn_line(&mut self) -> Result<Option<PathBuf>, FolderError> {
        let (whole, torn) = self.torn_line()?;
        if torn.is_empty() {
            return Ok(None);
        }
        let beside = self.free_name();
        durable::write_new(&beside, &torn).map_err(FolderError::io("write", &beside))?;
        let cut = self.file.set_len(whole).and_then(|()| self.file.sync_all());
        cut.map_err(FolderError::io("write", &self.path))?;
        Ok(Some(beside))
    }

    /// Returns the ledger from its first byte on.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses.
    pub fn read(&mut self) -> Result<BufReader<&File>, FolderError> {
        self.file.seek(SeekFrom::Start(0)).map_err(FolderError::io("read", &self.path))?;
        Ok(BufReader::with_capacity(1 << 16, &self.file))
    }

    /// Adds a line, given without its line feed: write(at the end) · fsync. When this returns the line is durable.
    ///
    /// # Errors
    ///
    /// [`FolderError::Io`] when the disk refuses; what was written of the line is taken back as far as the disk permits.
    pub fn append(&mut self, line: &[u8]) -> Result<(), FolderError> {
        let end = self.file.seek(SeekFrom::End(0)).map_err(FolderError::io("read", &self.path))?;
        let bytes = [line, b"\n"].concat();
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_all());
        written.map_err(|error| {
            // If this fails too, the half line stands without a line feed and is set aside the next time.
            let _ = self.file.set_len(end).and_then(|()| self.file.sync_all());
            FolderError::io("write", &self.path)(error)
        })
    }

    /// Returns where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finds the end of the last whole line, and what stands behind it.
    fn torn_line(&mut self) -> Result<(u64, Vec<u8>), FolderError> {
        let io = |error: io::Error| FolderError::io("read", &self.path)(error);
        let byte_len = self.file.seek(SeekFrom::End(0)).map_err(io)?;
        let start = byte_len.saturating_sub(LONGEST_TORN_BYTE_LEN);
        self.file.seek(SeekFrom::Start(start)).map_err(io)?;
        let mut end = Vec::new();
        (&self.file).take(LONGEST_TORN_BYTE_LEN).read_to_end(&mut end).map_err(io)?;
        let torn_at = match end.iter().rposition(|byte| *byte == b'\n') {
            Some(place) => place + 1,
            None if start == 0 => 0,
            None => {
                let reason = format!("its last {LONGEST_TORN_BYTE_LEN} bytes hold no line feed");
                return Err(FolderError::Malformed { path: self.path.clone(), reason });
            }
        };
        let torn = end.split_off(torn_at);
        Ok((byte_len - torn.len() as u64, torn))
    }

    /// `ledger.jsonl.torn-1`, or the next number that is free.
    fn free_name(&self) -> PathBuf {
        let name = |number: u64| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".torn-{number}"));
            PathBuf::from(name)
        };
        (1..u64::MAX).map(name).find(|path| !path.exists()).unwrap_or_else(|| self.path.with_extension("torn"))
    }
}

/// 2 MiB: twice the longest line (FORMAT §20.8).
const LONGEST_TORN_BYTE_LEN: u64 = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn lines_are_added_behind_one_another() {
        let (_folder, path) = ledger(b"");
        let mut file = LedgerFile::open(&path).unwrap();
        assert_eq!(file.set_aside_torn_line().unwrap(), None);
        file.append(b"one").unwrap();
        file.append(b"two").unwrap();
        let mut text = String::new();
        file.read().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }

    #[test]
    fn a_torn_line_is_set_aside_whole() {
        let (folder, path) = ledger(b"one\n{\"eve");
        std::fs::write(folder.path().join("ledger.jsonl.torn-1"), b"an earlier one").unwrap();
        let mut file = LedgerFile::open(&path).unwrap();
        let beside = file.set_aside_torn_line().unwrap().unwrap();
        assert_eq!(beside, folder.path().join("ledger.jsonl.torn-2"));
        assert_eq!(std::fs::read(beside).unwrap(), b"{\"eve");
        file.append(b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn a_ledger_of_nothing_but_a_torn_line_begins_anew() {
        let (_folder, path) = ledger(b"{\"event\":");
        let mut file = LedgerFile::open(&path).unwrap();
        assert!(file.set_aside_torn_line().unwrap().is_some());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn what_is_no_ledger_is_not_cut() {
        let bytes = vec![b'x'; 3 << 20];
        let (_folder, path) = ledger(&bytes);
        let mut file = LedgerFile::open(&path).unwrap();
        assert!(matches!(file.set_aside_torn_line(), Err(FolderError::Malformed { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn two_processes_do_not_add_at_once() {
        let (_folder, path) = ledger(b"");
        let _first = LedgerFile::open(&path).unwrap();
        assert!(matches!(LedgerFile::open(&path), Err(FolderError::Locked { .. })));
    }
}
