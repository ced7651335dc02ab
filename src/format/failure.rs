//! The failure record: the signed statement about one request that brought no page (FORMAT §6.3).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Document;
use super::identifier::AcquisitionId;
use super::limits::RECORD_BYTES;
use super::line::Line;
use super::parts::{Body, GenesisReference, Request, Response, StreamPosition};

/// `data/failures/N.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureRecord {
    /// The document's role.
    pub r#type: FailureRecordType,
    /// Which collection act.
    pub acquisition: AcquisitionId,
    /// The plan it belongs to.
    pub genesis: GenesisReference,
    /// N, from 1.
    pub sequence: u64,
    /// The last page record written before it, 0 for none.
    pub after_page: u64,
    /// Its place in the paging.
    pub stream: StreamPosition,
    /// What was asked.
    pub request: Request,
    /// What came back, null for nothing.
    pub response: Option<Response>,
    /// The bytes that came, null for none.
    pub body: Option<Body>,
    /// Why it is no page.
    pub reason: FailureReason,
    /// The same in words.
    pub detail: Line,
}

/// The only value of a failure record's `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureRecordType {
    /// Version 1.
    #[default]
    #[serde(rename = "signhold/failure/v1")]
    V1,
}

/// Why a request brought no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureReason {
    /// The body ended before its announced end.
    BodyCut,
    /// The body was longer than a package can hold.
    BodyTooLong,
    /// Status 200, and yet not a page of the log.
    NotAPage,
    /// A status outside 200 to 299.
    Status,
    /// No whole answer in time.
    Timeout,
    /// No connection, or one that broke.
    Transport,
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BodyCut => "body-cut",
            Self::BodyTooLong => "body-too-long",
            Self::NotAPage => "not-a-page",
            Self::Status => "status",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
        })
    }
}

impl Document for FailureRecord {
    const TYPE: &'static str = "signhold/failure/v1";
    const MAX_BYTE_LEN: u64 = RECORD_BYTES;
}
