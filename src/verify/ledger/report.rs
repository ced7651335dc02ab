//! What the verification of a ledger comes to. Field names are those of `--json`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::packages::Presented;
use crate::crypto::digest::{EventDigest, LedgerName};
use crate::crypto::merkle::RootHash;
use crate::crypto::signature::Fingerprint;
use crate::format::identifier::{MatterId, PackageId};
use crate::time::LocalTime;
use crate::verify::finding::{Code, Finding, Findings, Severity, Step};
use crate::verify::package::Trust;
use crate::verify::verdict::{CheckOutcome, CheckResult, Outcome, check};

/// Everything a verification of a ledger has to say.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerReport {
    /// The verdict.
    pub outcome: Outcome,
    /// All seven steps, in order.
    pub checks: Vec<CheckResult>,
    /// Findings by step; at most twenty of one code.
    pub findings: Vec<Finding>,
    /// How often each code was raised, listed or not.
    pub finding_counts: BTreeMap<Code, u64>,
    /// What is in the ledger.
    pub facts: LedgerFacts,
}

/// What a ledger says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerFacts {
    /// Its name: the digest of its first line.
    pub ledger: Option<LedgerName>,
    /// Whose chain of custody.
    pub matter: Option<MatterId>,
    /// Bytes read.
    pub byte_len: u64,
    /// Lines.
    pub line_count: u64,
    /// The digest of the last line.
    pub head_sha256: Option<EventDigest>,
    /// The Merkle root over all lines.
    pub merkle_root: RootHash,
    /// The time of the first event, by its actor's clock.
    pub opened: Option<LocalTime>,
    /// The latest time, likewise.
    pub latest: Option<LocalTime>,
    /// The key that signed the first event.
    pub opener: Option<Fingerprint>,
    /// Every key that signed or was revoked.
    pub keys: Vec<KeyFact>,
    /// Transfers that nobody has received.
    pub open_transfers: Vec<u64>,
    /// The packages presented, in the order given.
    pub packages: Vec<PackageCustody>,
}

/// A key in a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeyFact {
    /// Its fingerprint.
    pub key: Fingerprint,
    /// How many events it signed.
    pub event_count: u64,
    /// Whether the reader named it.
    pub trusted: bool,
    /// From when on it is revoked.
    pub revoked_since: Option<LocalTime>,
}

/// What a ledger says of a presented package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageCustody {
    /// Which.
    pub package: PackageId,
    /// How many events name exactly this package.
    pub event_count: u64,
    /// Who has countersigned it; revoked keys, the package's own and that which opened the ledger left out.
    pub countersigned_by: Vec<Fingerprint>,
    /// The event that says that it was disposed of.
    pub disposed_in: Option<u64>,
}

/// Draws the verdict (FORMAT §§13, 20.6).
pub(super) fn conclude(
    findings: Findings,
    not_checked: &BTreeMap<Step, String>,
    presented: &[Presented],
    trust: &Trust,
    facts: LedgerFacts,
) -> LedgerReport {
    let checks: Vec<CheckResult> = Step::LEDGER.into_iter().map(|step| check(step, &findings, not_checked)).collect();
    let is_required = |step| match step {
        Step::LedgerPackages => !presented.is_empty(),
        Step::LedgerHead => !trust.heads.is_empty(),
        _ => true,
    };
    let outcome = match findings.worst() {
        Some(Severity::Violation) => Outcome::Invalid,
        Some(Severity::Unestablished) => Outcome::Indeterminate,
        _ if checks.iter().any(|check| is_required(check.step) && check.outcome != CheckOutcome::Passed) => {
            Outcome::Indeterminate
        }
        _ => Outcome::Valid,
    };
    let (findings, finding_counts) = findings.finish();
    LedgerReport { outcome, checks, findings, finding_counts, facts }
}
