//! Parts that several signed documents share (FORMAT §6).

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::line::Line;
use super::path::PackagePath;
use crate::crypto::digest::{CertificateDigest, FileDigest, GenesisDigest, PageDigest, TimestampDigest};
use crate::time::{Bound, LocalTime, TimeError, Window};

/// Names a genesis document and the timestamps over its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisReference {
    /// Digest of `data/genesis.json`.
    pub sha256: GenesisDigest,
    /// Digests of the genesis timestamps, in number order. What names a token is not older than it.
    pub timestamps: Vec<TimestampDigest>,
}

/// A name and its value, as HTTP headers and token claims come.
pub type Pair = (String, String);

/// The place of one request in the acquisition: which chain, which attempt at it, which page of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamPosition {
    /// The log asked.
    pub kind: Kind,
    /// The window's beginning.
    pub from: Bound,
    /// The window's end, not part of it.
    pub to: Bound,
    /// 1, or 2 for the second pass.
    pub pass: u64,
    /// Which attempt of that pass at this window, from 1.
    pub run: u64,
    /// Which page of that attempt, from 1.
    pub sequence: u64,
}

impl StreamPosition {
    /// Returns the window.
    ///
    /// # Errors
    ///
    /// [`TimeError::EmptyWindow`] when its end is not after its beginning.
    pub fn window(&self) -> Result<Window, TimeError> {
        Window::new(self.from, self.to)
    }
}

/// What was asked, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// The URL as sent.
    pub url: String,
    /// Headers as sent, without `authorization`.
    pub headers: Vec<Pair>,
    /// The value sent as `client-request-id`, by which the service's own logs can name this request.
    pub client_request_id: String,
    /// Which attempt at this page, from 1.
    pub attempt: u64,
    /// Wall clock before sending.
    pub started: LocalTime,
    /// Wall clock after the last byte.
    pub finished: LocalTime,
    /// Microseconds since the process began, before sending.
    pub monotonic_start_us: u64,
    /// Microseconds since the process began, after the last byte.
    pub monotonic_end_us: u64,
}

/// What came back, without the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// All headers in the order received, names in lower case, values byte for character.
    pub headers: Vec<Pair>,
    /// The peer's `address:port`, where known.
    pub remote_address: Option<String>,
    /// The TLS session, null on plain HTTP.
    pub tls: Option<Tls>,
}

/// What TLS showed of the peer. It is a fact about our connection, and no proof for anybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: String,
    /// Digests of the certificates the peer sent, leaf first.
    pub certificates: Vec<CertificateDigest>,
}

/// The stored message body: after transfer coding, before content decoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Where it lies in the package.
    pub path: PackagePath,
    /// Its length in bytes.
    pub byte_len: u64,
    /// Its digest.
    pub sha256: PageDigest,
    /// The content coding, null for none.
    pub content_encoding: Option<String>,
}

/// The program that made a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `signhold`.
    pub name: Line,
    /// Its version.
    pub version: Line,
    /// Digest of its executable file, where it could be read.
    pub executable_sha256: Option<FileDigest>,
    /// The version of FORMAT.md.
    pub format: String,
}

/// Whether timestamps belong to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimestampMode {
    /// As many timestamp files as authorities.
    Embedded,
    /// None: times are the operator's own.
    None,
}

/// The statement how a document is timestamped, signed before the tokens exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamps {
    /// Whether there are any.
    pub mode: TimestampMode,
    /// One URL for each token, in number order.
    pub authorities: Vec<String>,
}

impl Timestamps {
    /// Makes the statement for these authorities: `none` when there are none.
    #[must_use]
    pub fn by(authorities: Vec<String>) -> Self {
        let mode = if authorities.is_empty() { TimestampMode::None } else { TimestampMode::Embedded };
        Self { mode, authorities }
    }
}
