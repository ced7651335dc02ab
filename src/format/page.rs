//! The page record: the signed statement about one page (FORMAT §§6.2, 7.2).

use serde::{Deserialize, Serialize};

use super::Document;
use super::identifier::AcquisitionId;
use super::limits::RECORD_BYTES;
use super::parts::{Body, GenesisReference, Request, Response, StreamPosition};
use crate::crypto::digest::RecordDigest;
use crate::crypto::merkle::RootHash;

/// `data/records/N.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageRecord {
    /// The document's role.
    pub r#type: PageRecordType,
    /// Which collection act.
    pub acquisition: AcquisitionId,
    /// The plan it belongs to.
    pub genesis: GenesisReference,
    /// N, counted through the acquisition from 1.
    pub sequence: u64,
    /// The page record before, or genesis for the first.
    pub previous: RecordDigest,
    /// Its place in the paging.
    pub stream: StreamPosition,
    /// What was asked.
    pub request: Request,
    /// What came back.
    pub response: Response,
    /// The bytes.
    pub body: Body,
    /// What the bytes hold.
    pub records: Records,
    /// Where the service says the next page is.
    pub next_link: Option<String>,
}

/// The only value of a page record's `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageRecordType {
    /// Version 1.
    #[default]
    #[serde(rename = "signhold/page-record/v1")]
    V1,
}

/// What a page holds, by FORMAT §7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// Whether the body could be cut.
    pub slicing: Slicing,
    /// How many elements; 0 when opaque.
    pub count: u64,
    /// How many count for the stream's window.
    pub inside: u64,
    /// How many have no time.
    pub undated: u64,
    /// The page's Merkle root.
    pub merkle_root: RootHash,
    /// The least time, as the service wrote it.
    pub earliest: Option<String>,
    /// The greatest time, as the service wrote it.
    pub latest: Option<String>,
}

/// Whether a body could be cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slicing {
    /// One leaf for each element.
    Elements,
    /// One leaf for the whole stored body.
    Opaque,
}

impl Document for PageRecord {
    const TYPE: &'static str = "signhold/page-record/v1";
    const MAX_BYTE_LEN: u64 = RECORD_BYTES;
}
