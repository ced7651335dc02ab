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
