//! What the verification of an exhibit comes to: an outcome, one line for each step, findings and facts. Field names are those of
//! `--json`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::crypto::digest::{CertificateDigest, FileDigest, GenesisDigest, LeafHash, SealDigest};
use crate::crypto::signature::Fingerprint;
use crate::format::exhibit::{Search, Selection};
use crate::format::genesis::Matter;
use crate::format::identifier::{AcquisitionId, PackageId};
use crate::format::kind::Kind;
use crate::format::line::Line;
use crate::format::seal::Volume;
use crate::time::LocalTime;
use crate::verify::finding::{Code, Finding, Findings, Severity, Step};
use crate::verify::verdict::{
    CertificateFact, CheckOutcome, CheckResult, Facts, Outcome, PlannedWindow, Times, check, outcome,
};

/// Everything the verification of an exhibit has to say.
#[derive(Clone, Debug, Serialize)]
pub struct ExhibitReport {
    /// The verdict over what the exhibit shows, and over nothing else of the package.
    pub outcome: Outcome,
    /// The steps of FORMAT §21.3, by number.
    pub checks: Vec<CheckResult>,
    /// Findings by step; at most twenty of one code.
    pub findings: Vec<Finding>,
    /// How often each code was raised, listed or not.
    pub finding_counts: BTreeMap<Code, u64>,
    /// What is in the exhibit.
    pub facts: ExhibitFacts,
}

/// What an exhibit says, and what of it was computed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ExhibitFacts {
    /// Length of the exhibit in bytes.
    pub archive_byte_len: u64,
    /// SHA-256 of the whole exhibit; null where it could not be read to its end.
    pub archive_sha256: Option<FileDigest>,
    /// Number of files.
    pub file_count: u64,
    /// The name of its top directory.
    pub exhibit: Option<String>,
    /// From the statement, by its word alone: the exhibit's number in its case.
    pub number: Option<Line>,
    /// From the statement, by its word alone: who cut it.
    pub by: Option<Line>,
    /// From the statement, by its word alone: when.
    pub created: Option<LocalTime>,
    /// The key that signed the statement, where the signature holds.
    pub exhibitor: Option<Fingerprint>,
    /// Whether the reader named that key.
    pub exhibitor_trusted: bool,
    /// From the statement, by its word alone: what was asked for.
    pub selection: Option<Selection>,
    /// From the statement, by its word alone: how it was looked for.
    pub search: Option<Search>,
    /// From the statement, by its word alone: the violations of the package that it was cut from all the same.
    pub despite_findings: Vec<Line>,
    /// From the seal.
    pub package: Option<PackageId>,
    /// Digest of the package's `seal/seal.json`.
    pub seal_sha256: Option<SealDigest>,
    /// Digest of its `data/genesis.json`.
    pub genesis_sha256: Option<GenesisDigest>,
    /// From the statement, by its word alone: SHA-256 of the whole package.
    pub package_sha256: Option<FileDigest>,
    /// From the statement, by its word alone: length of the package in bytes.
    pub package_byte_len: Option<u64>,
    /// From genesis.
    pub acquisition: Option<AcquisitionId>,
    /// From genesis.
    pub matter: Option<Matter>,
    /// From genesis.
    pub operator: Option<Line>,
    /// True when genesis, seal or statement says so, or an endpoint is outside the cloud table.
    pub simulated: Option<bool>,
    /// From genesis: `graph_url`.
    pub service: Option<String>,
    /// From genesis: roots for TLS that the operator added.
    pub extra_roots: Vec<CertificateDigest>,
    /// From genesis: the proxy, if any.
    pub proxy: Option<String>,
    /// The planned window of the acquisition, half-open.
    pub window: Option<PlannedWindow>,
    /// From the seal.
    pub volume: Option<Volume>,
    /// Fingerprint of the key that signed page records and seal.
    pub signer: Option<Fingerprint>,
    /// Fingerprint of the key that signed the plan.
    pub operator_key: Option<Fingerprint>,
    /// Whether the reader named the operator's key, or an authority that vouches for it.
    pub signer_trusted: bool,
    /// What the certificate of the signer says, and what came of it.
    pub signer_certificate: Option<CertificateFact>,
    /// Clock readings and token times.
    pub times: Times,
    /// The records shown, in the order of the statement.
    pub records: Vec<RecordFact>,
    /// Computed from the signed seal: how many records of the package are not shown.
    pub undisclosed: Option<u64>,
    /// How many of these count (FORMAT §9, `inside`), computed from the same and the records shown.
    pub undisclosed_inside: Option<u64>,
}

/// One record of an exhibit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordFact {
    /// N of `records/N.json`.
    pub number: u64,
    /// From the statement, by its word alone: its number in a production.
    pub bates: Option<Line>,
    /// Its file.
    pub path: String,
    /// Length in bytes, as the statement says and the bytes have to be.
    pub byte_len: u64,
    /// Its leaf, likewise.
    pub leaf: LeafHash,
    /// Sequence of its page.
    pub page: u64,
    /// Index of its element in the page, from 0.
    pub element: u64,
    /// Elements in the page, by the page's signed record; null where that could not be read.
    pub of: Option<u64>,
    /// The log asked, by the same record.
    pub kind: Option<Kind>,
    /// The window asked, half-open, by the same record.
    pub window: Option<PlannedWindow>,
    /// 1, or 2 for the second pass, by the same record.
    pub pass: Option<u64>,
    /// Whether it counts (FORMAT §9, `inside`), by the same record, the seal's runs and its own time.
    pub counted: Option<bool>,
    /// Whether bytes, path, page record, its signature and its path all held, and nothing was wrong with seal, plan and keys: the bytes
    /// are that element of what was sealed.
    pub holds: bool,
}

impl ExhibitFacts {
    /// Takes over what plan, seal, keys and time stamps say.
    pub(super) fn take(&mut self, facts: Facts) {
        self.package = facts.package;
        self.seal_sha256 = facts.seal_sha256;
        self.genesis_sha256 = facts.genesis_sha256;
        self.acquisition = facts.acquisition;
        self.matter = facts.matter;
        self.operator = facts.operator;
        self.simulated = match (facts.simulated, self.simulated) {
            (Some(one), Some(other)) => Some(one || other),
            (one, other) => one.or(other),
        };
        self.service = facts.service;
        self.extra_roots = facts.extra_roots;
        self.proxy = facts.proxy;
        self.window = facts.window;
        self.volume = facts.volume;
        self.signer = facts.signer;
        self.operator_key = facts.operator_key;
        self.signer_trusted = facts.signer_trusted;
        self.signer_certificate = facts.signer_certificate;
        self.times = facts.times;
    }
}

/// Draws the verdict of FORMAT §13 over the steps of an exhibit.
pub(super) fn conclude(findings: Findings, not_checked: &BTreeMap<Step, String>, facts: ExhibitFacts) -> ExhibitReport {
    let checks = Step::EXHIBIT.into_iter().map(|step| check_all(step, &findings, not_checked)).collect();
    let outcome = outcome(&findings, not_checked);
    let (findings, finding_counts) = findings.finish();
    ExhibitReport { outcome, checks, findings, finding_counts, facts }
}

/// Says how a step ended; codes that belong to a step of packages count for the step of exhibits that raises them.
fn check_all(step: Step, findings: &Findings, not_checked: &BTreeMap<Step, String>) -> CheckResult {
    let mut result = check(step, findings, not_checked);
    let beside: &[Step] = match step {
        Step::ExhibitContainer => &[Step::Container],
        Step::ExhibitPages => &[Step::PageRecords, Step::RootsAndCounts],
        _ => &[],
    };
    if beside.iter().any(|beside| findings.worst_of(*beside) == Some(Severity::Violation)) {
        result.outcome = CheckOutcome::Failed;
    }
    result
}
