//! Sealing: from the durable parts of an acquisition to the bytes of a package (FORMAT §§4, 9, 10, 11).
//!
//! Pure: parts come through [`PartSource`], tokens through [`TimestampAuthority`], bytes go into a `Write + Seek`. Compressed
//! streams are copied, never compressed again. The same parts, the same instant and the same tokens give the same bytes.

pub mod comparison;
pub mod inventory;
pub mod package;
pub mod readme;
pub mod volumes;

use std::io::{Read, Seek};

use crate::codec::zip::write::Bundle;

/// The durable parts of one acquisition.
pub trait PartSource {
    /// What a bundle is read from.
    type Reader: Read + Seek;

    /// Opens the bundle of page `sequence`: entries [`PAGE_BODY`], [`RECORD`] and [`SIGNATURE`].
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    fn page(&self, sequence: u64) -> Result<Bundle<Self::Reader>, SealError>;

    /// Returns the timestamp over the signature of page `sequence`, if one was taken while the acquisition ran.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    fn page_timestamp(&self, sequence: u64) -> Result<Option<Vec<u8>>, SealError>;

    /// Opens the bundle of failure `sequence`: entries [`RECORD`], [`SIGNATURE`], and [`PAGE_BODY`] if the failure had a body.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    fn failure(&self, sequence: u64) -> Result<Bundle<Self::Reader>, SealError>;
}

/// Somebody who stamps a digest with the time.
pub trait TimestampAuthority {
    /// Gets a token over `imprint` from the authority at `url`, checks that it answers this very request, and returns the
    /// whole response (RFC 3161 §2.4.2).
    ///
    /// # Errors
    ///
    /// In words, when the authority cannot be reached, refuses, or answers something else.
    fn stamp(&self, url: &str, imprint: &[u8; 32]) -> Result<Vec<u8>, String>;
}

/// The entry of a bundle that holds the body.
pub const PAGE_BODY: &str = "body";
/// The entry of a bundle that holds the signed document.
pub const RECORD: &str = "record.json";
/// The entry of a bundle that holds the signature.
pub const SIGNATURE: &str = "record.sig";

/// Why no package was made. The parts are untouched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// A part on disk is not what was written there.
    #[error("`{part}` is damaged: {reason}")]
    Damaged {
        /// Which.
        part: String,
        /// How.
        reason: String,
    },
    /// A document outgrew the format.
    #[error("a document cannot be written down")]
    Format(#[from] crate::format::FormatError),
    /// The disk refused.
    #[error("cannot read or write `{path}`")]
    Io {
        /// What was read or written.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The key is out of reach.
    #[error("the seal is not signed")]
    NotSigned(#[from] crate::crypto::signature::NotSigned),
    /// More than all volumes together, or a part larger than one, may be.
    #[error("{what}: {count} are too many, the limit is {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// An authority gave no token.
    #[error("no time stamp from `{url}`: {reason}")]
    Timestamp {
        /// Which.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The archive could not be written.
    #[error("cannot write the archive")]
    Zip(#[from] zip::result::ZipError),
}
