//! What remains of a pass over one package, for what only several packages together show.
//!
//! Of a package in which genesis or seal could not be read nothing remains: its own report says so. Memory is some hundred bytes
//! a page; where the plan has neither a second pass nor counts, the places of bodies are not kept.

use crate::crypto::digest::{FileDigest, RecordDigest, SealDigest};
use crate::format::genesis::Genesis;
use crate::format::kind::Sort;
use crate::format::seal::Seal;
use crate::verify::checks::comparison::Bodies;
use crate::verify::checks::container::{Part, Role};
use crate::verify::checks::genesis::is_outside_cloud_table;
use crate::verify::checks::pagination::Runs;
use crate::verify::pass::{EntrySeen, Pass};
use crate::verify::verdict::{Counts, Outcome};

/// One package, after its pass.
#[derive(Debug)]
pub(in crate::verify) struct Member {
    /// Which of the archives, from 0.
    pub(in crate::verify) index: usize,
    pub(in crate::verify) genesis: Genesis,
    pub(in crate::verify) seal: Seal,
    pub(in crate::verify) seal_sha256: SealDigest,
    /// Digests of genesis, its signature and its timestamps, by path.
    pub(in crate::verify) shared: Vec<(String, FileDigest)>,
    /// Whether it holds invented data, by its own word or by the verifier's table.
    pub(in crate::verify) simulated: bool,
    /// The outcome, if nothing were wanting but the other volumes.
    pub(in crate::verify) in_company: Outcome,
    pub(in crate::verify) counts: Counts,
    pub(in crate::verify) first_previous: Option<RecordDigest>,
    pub(in crate::verify) head: Option<(u64, RecordDigest)>,
    pub(in crate::verify) runs: Runs,
    pub(in crate::verify) first_failure: Option<(u64, Option<u64>)>,
    pub(in crate::verify) last_failure: Option<(u64, u64)>,
    pub(in crate::verify) bodies: Bodies,
    pub(in crate::verify) top: String,
    pub(in crate::verify) entries: Vec<EntrySeen>,
}

impl Member {
    /// Takes what a pass left.
    pub(in crate::verify) fn of(index: usize, mut pass: Pass) -> Option<Self> {
        let (genesis, seal) = pass.closing.take()?;
        let is_shared = |role: Role| {
            matches!(role, Role::Genesis | Role::GenesisSignature | Role::GenesisTimestamp(_) | Role::SignerKey)
        };
        let shared = pass.entries.iter().filter(|entry| entry.role.is_some_and(is_shared));
        let shared =
            shared.filter_map(|entry| Some((entry.path.clone(), FileDigest::from_bytes(entry.digest?)))).collect();
        let seal_sha256 = SealDigest::from_bytes(pass.digest_of(Role::Seal)?);
        let compares = genesis.plan.second_pass || genesis.plan.kinds.iter().any(|kind| kind.sort() == Sort::Count);
        let is_kept = |entry: &EntrySeen| compares && matches!(entry.role, Some(Role::Page(_, Part::Body)));
        Some(Self {
            index,
            seal_sha256,
            shared,
            simulated: genesis.simulated || seal.simulated || is_outside_cloud_table(&genesis),
            in_company: pass.in_company?,
            counts: pass.counts,
            first_previous: pass.chain.first_previous(),
            head: pass.chain.head(),
            runs: pass.runs,
            first_failure: pass.first_failure,
            last_failure: pass.last_failure,
            bodies: if compares { pass.bodies } else { Bodies::default() },
            top: pass.top,
            entries: pass.entries.into_iter().filter(is_kept).collect(),
            genesis,
            seal,
        })
    }
}
