//! The matter folder on disk.
//!
//! ```text
//! DIR/matter.toml                            who, for what, with which key
//! DIR/ledger.jsonl                           custody events; ledger.jsonl.torn-N: what a crash left of one
//! DIR/acquisitions/ID/genesis.json|.sig|.tsr the signed plan
//! DIR/acquisitions/ID/pages/000001.zip       body, record and signature of a page: one file, so it is there whole or not at all
//! DIR/acquisitions/ID/failures/000001.zip    the same of a failure
//! DIR/acquisitions/ID/acquisition-key.pem    the private key of this acquisition, if it has its own, until it is sealed
//! DIR/acquisitions/ID/operator.pub.pem       the operator's public key, if the acquisition has its own
//! DIR/acquisitions/ID/run.jsonl              the tool's own log
//! DIR/packages/PACKAGE.zip                   what was sealed; PACKAGE.zip.index: where its records are, derived
//! ```
//!
//! Nothing here is ever overwritten but the ends of log and ledger and a key to be destroyed; what is written appears whole, by rename, or
//! not at all.

pub mod acquisition;
pub mod acquisition_key;
pub mod durable;
pub mod index_file;
pub mod ledger;
pub mod lock;
pub mod matter;
pub mod new_file;
pub mod package_file;
pub mod schedule;

use std::io;
use std::path::{Path, PathBuf};

/// Why the folder did not do what was wanted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A file that is to hold certificates of the operator's key does not.
    #[error("cannot use the certificates in `{path}`: {reason}")]
    Certificate {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Something is there already and will not be touched.
    #[error("`{0}` exists already and is left as it is")]
    Exists(PathBuf),
    /// The disk refused.
    #[error("cannot {doing} `{path}`")]
    Io {
        /// What was tried: read, write, create.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another process works in this matter.
    #[error("another signhold process{} works in `{}`", holder.map_or_else(String::new, |id| format!(" (PID {id})")), root.display())]
    Locked {
        /// The matter.
        root: PathBuf,
        /// The process, where it can be known.
        holder: Option<u32>,
    },
    /// A file is not what it should be.
    #[error("`{path}` cannot be read: {reason}")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The folder is none of ours.
    #[error("`{0}` is not a matter folder: it has no `matter.toml`")]
    NotAMatter(PathBuf),
}

impl FolderError {
    /// Wraps an I/O error with what was tried on which path.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
