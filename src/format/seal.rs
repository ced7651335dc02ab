//! The seal: the signed statement that closes a package (FORMAT §9).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Document;
use super::identifier::{AcquisitionId, PackageId};
use super::kind::{Kind, Sort};
use super::limits::SEAL_BYTES;
use super::line::Line;
use super::parts::{GenesisReference, Timestamps, Tool};
use crate::crypto::digest::{ArchiveDigest, RecordDigest, SealDigest, TagManifestDigest};
use crate::crypto::merkle::RootHash;
use crate::crypto::signature::Fingerprint;
use crate::time::{Bound, LocalTime};

/// `seal/seal.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The document's role.
    pub r#type: SealType,
    /// The package it closes.
    pub package: PackageId,
    /// Which collection act.
    pub acquisition: AcquisitionId,
    /// The plan it carried out.
    pub genesis: GenesisReference,
    /// As in genesis.
    pub simulated: bool,
    /// When it was made, by our clock.
    pub created: LocalTime,
    /// As in genesis.
    pub operator: Line,
    /// What made it.
    pub tool: Tool,
    /// Its place among the volumes of the acquisition.
    pub volume: Volume,
    /// Every run.
    pub streams: Vec<Run>,
    /// Sums.
    pub totals: Totals,
    /// The last page record.
    pub head: Head,
    /// Root over the volume's page records.
    pub merkle_root: RootHash,
    /// Binds every other file.
    pub tagmanifest_sha256: TagManifestDigest,
    /// Binds the container.
    pub archive: Archive,
    /// The key that signs this.
    pub signer: Fingerprint,
    /// How this document is timestamped.
    pub timestamps: Timestamps,
    /// What the second pass brought, null when there was none.
    pub second_pass: Option<SecondPass>,
    /// The service's own counts against ours.
    pub reconciliation: Vec<Reconciliation>,
}

/// The only value of a seal's `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SealType {
    /// Version 1.
    #[default]
    #[serde(rename = "signhold/seal/v1")]
    V1,
}

/// One package of a large acquisition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// From 1.
    pub number: u64,
    /// Whether no volume follows.
    pub last: bool,
    /// Sequence of its first page.
    pub first_page: u64,
    /// Digest of the previous volume's seal.
    pub previous_seal: Option<SealDigest>,
}

/// One attempt at one stream, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The log.
    pub kind: Kind,
    /// The window's beginning.
    pub from: Bound,
    /// The window's end, not part of it.
    pub to: Bound,
    /// 1, or 2 for the second pass.
    pub pass: u64,
    /// Which attempt of that pass, from 1; 0 when nothing was asked.
    pub run: u64,
    /// How it ended.
    pub state: RunState,
    /// Its pages.
    pub pages: u64,
    /// Its elements.
    pub records: u64,
    /// Its elements that count.
    pub inside: u64,
    /// Why, for states that are gaps.
    pub reason: Option<Line>,
}

impl Run {
    /// Says whether it is the one that stands for its window: of the first pass, and not asked again later.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.pass == 1 && self.state != RunState::Superseded
    }

    /// Says whether its elements count (FORMAT §9, `totals.inside`): it is current, and of a log that is not only there to compare with.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.is_current() && self.kind.sort() == Sort::Log
    }
}

/// What a second pass over the same windows brought (FORMAT §9.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondPass {
    /// Windows compared.
    pub windows: u64,
    /// Windows that the second pass did not close.
    pub failed: u64,
    /// Records that only the second pass brought.
    pub late: u64,
    /// Records whose bytes differ.
    pub changed: u64,
    /// Records that only the first pass brought.
    pub vanished: u64,
    /// The windows where anything differs.
    pub differences: Vec<PassDifference>,
}

/// One window in which two passes differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassDifference {
    /// The log.
    pub kind: Kind,
    /// The window's beginning.
    pub from: Bound,
    /// The window's end, not part of it.
    pub to: Bound,
    /// Records that only the second pass brought.
    pub late: u64,
    /// Records whose bytes differ.
    pub changed: u64,
    /// Records that only the first pass brought.
    pub vanished: u64,
}

/// The service's own count of a day against ours (FORMAT §9.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// The count asked.
    pub kind: Kind,
    /// The UTC day, `YYYY-MM-DD`.
    pub day: String,
    /// What the service says.
    pub reported: Option<u64>,
    /// What was collected.
    pub collected: Option<u64>,
}

/// How a run ended (FORMAT §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Closed, with records.
    Complete,
    /// Closed, without records.
    Empty,
    /// No records came, and the window lies wholly beyond the stated retention.
    Expired,
    /// Not closed.
    Failed,
    /// Never requested.
    NotAsked,
    /// Its window was asked again, whole or in parts.
    Superseded,
}

impl RunState {
    /// Says whether records may be missing from a window in this state.
    #[must_use]
    pub fn is_gap(self) -> bool {
        matches!(self, Self::Expired | Self::Failed | Self::NotAsked)
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Empty => "empty",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::NotAsked => "not asked",
            Self::Superseded => "superseded",
        })
    }
}

/// Sums over a volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Pages.
    pub pages: u64,
    /// Elements of all pages.
    pub records: u64,
    /// Elements that count, over the runs that are not superseded.
    pub inside: u64,
    /// Bytes of all bodies.
    pub body_bytes: u64,
    /// Failure records.
    pub failures: u64,
}

/// The last page record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Its sequence, 0 when there is none.
    pub sequence: u64,
    /// Its digest, or that of genesis when there is none.
    pub sha256: RecordDigest,
}

/// All archive bytes before the local header of the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// How many.
    pub byte_len: u64,
    /// Their digest.
    pub sha256: ArchiveDigest,
}

impl Document for Seal {
    const TYPE: &'static str = "signhold/seal/v1";
    const MAX_BYTE_LEN: u64 = SEAL_BYTES;
}
