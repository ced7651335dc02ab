//! Where copies are written: files that somebody else opens, closes and digests.

use std::io::{self, Write};

/// Files by name, for a format to write.
///
/// A format that is one file writes the name `""`, and what belongs beside it under a name that is added to the file's own, such
/// as `.index.ndjson`. A format that is a folder writes paths below it, `/` between their parts. No name comes twice. Several
/// may be open at a time.
pub trait Outputs {
    /// An open file. Buffered: writing little at a time is fine.
    type File: Write + Send;

    /// Begins a file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn create(&mut self, name: &str) -> io::Result<Self::File>;

    /// Ends a file: when this returns, all of it is written.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn close(&mut self, file: Self::File) -> io::Result<()>;
}

/// Files in memory, for tests.
#[cfg(test)]
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(std::sync::Arc<std::sync::Mutex<std::collections::BTreeMap<String, Vec<u8>>>>);

#[cfg(test)]
impl Memory {
    /// Returns the content of a file that was closed.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        self.0.lock().unwrap().get(name).cloned().unwrap_or_else(|| panic!("`{name}` was written and closed"))
    }
}

#[cfg(test)]
impl Outputs for Memory {
    type File = MemoryFile;

    fn create(&mut self, name: &str) -> io::Result<Self::File> {
        Ok(MemoryFile { name: name.to_owned(), bytes: Vec::new() })
    }

    fn close(&mut self, MemoryFile { name, bytes }: Self::File) -> io::Result<()> {
        assert!(self.0.lock().unwrap().insert(name.clone(), bytes).is_none(), "`{name}` comes twice");
        Ok(())
    }
}

/// An open file in memory.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct MemoryFile {
    name: String,
    bytes: Vec<u8>,
}

#[cfg(test)]
impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
