//! What stands around the pages of a package: keys, certificates, plan, seal, and the time stamps over them (FORMAT §§6, 9, 11).
//!
//! A package has it, and so has an exhibit, byte for byte. Apart from the pass because what these files must be does not depend on
//! where they lie: the pass over a package and that over an exhibit hand over what they have kept and followed, and the same checks
//! judge it. Nothing here reads an archive.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::crypto::certificate::{KeptLists, SignerCertificates};
use crate::crypto::digest::{GenesisDigest, TimestampDigest};
use crate::format::genesis::Genesis;
use crate::format::identifier::AcquisitionId;
use crate::format::parts::{GenesisReference, Request, TimestampMode};
use crate::format::path::{GENESIS, PackagePath, SEAL};
use crate::format::seal::Seal;
use crate::time::{LocalTime, TsaTime};
use crate::verify::budget;
use crate::verify::checks::certificate::Moment;
use crate::verify::checks::clocks::{Clocks, check_stamps};
use crate::verify::checks::container::Role;
use crate::verify::checks::page_stamp::PageStamp;
use crate::verify::checks::signer::PackageKeys;
use crate::verify::checks::time_order::{
    RequestTimes, check_before_seal, check_genesis_before_seal, check_layers, check_plan,
};
use crate::verify::checks::timestamp::{Judgement, Stamped, TokenSeen};
use crate::verify::checks::volume::Extent;
use crate::verify::checks::{certificate, genesis, page_stamp, renewal, seal, signer, timestamp};
use crate::verify::finding::{Code, Findings};
use crate::verify::package::{Options, Renewal, Trust};
use crate::verify::verdict::{Facts, PlannedWindow, Times};

/// Keys, plan and time stamps, as far as they were read.
#[derive(Default)]
pub(in crate::verify) struct Frame {
    /// Files kept whole, by role.
    pub(in crate::verify) kept: BTreeMap<Role, Vec<u8>>,
    pub(in crate::verify) keys: PackageKeys,
    certificates: Option<SignerCertificates>,
    /// The lists that the package brings along for its time stamps.
    timestamp_lists: Option<KeptLists>,
    pub(in crate::verify) genesis: Option<Genesis>,
    pub(in crate::verify) identity: Option<genesis::Identity>,
    /// Whether everything that stands before the pages was read.
    has_begun: bool,
    page_stamps: Vec<PageStamp>,
    times: RequestTimes,
    pub(in crate::verify) clocks: Clocks,
    /// The earliest time of an accepted seal timestamp.
    trusted_time: Option<DateTime<Utc>>,
    latest_finished: Option<(String, LocalTime)>,
}

/// What the time stamps are judged with, beside what the frame has followed.
#[derive(Clone, Copy)]
pub(in crate::verify) struct Closing<'a> {
    pub(in crate::verify) genesis: Option<&'a Genesis>,
    pub(in crate::verify) seal: Option<&'a Seal>,
    /// How many of the acquisition's pages and failures were followed.
    pub(in crate::verify) extent: Extent,
    pub(in crate::verify) renewals: &'a [Renewal],
    /// SHA-512 of the whole package, where there are renewals.
    pub(in crate::verify) archive: Option<&'a [u8; 64]>,
}

impl Frame {
    /// Reads keys and genesis, once. A file that `is_listed` and could not be read has had its finding.
    pub(in crate::verify) fn begin(&mut self, is_listed: impl Fn(&str) -> bool, findings: &mut Findings) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        let kept = |role: Role| self.kept.get(&role).map(Vec::as_slice);
        self.keys = signer::read(kept(Role::SignerKey), kept(Role::OperatorKey), &is_listed, findings);
        self.certificates = certificate::read(kept(Role::SignerCertificate), findings);
        self.timestamp_lists = timestamp::read_lists(kept(Role::TimestampLists), findings);
        let (bytes, signature) = (kept(Role::Genesis), kept(Role::GenesisSignature));
        self.genesis = genesis::read(bytes, signature, self.keys.operator.as_ref(), &is_listed, findings);
        self.identity = bytes.map(|bytes| genesis::Identity {
            acquisition: self.genesis.as_ref().map(|genesis| genesis.acquisition.clone()),
            digest: GenesisDigest::of(bytes),
            timestamps: self.timestamps(false).values().map(|bytes| TimestampDigest::of(bytes)).collect(),
        });
    }

    /// Keeps the stamp of a page record; more than a package may have are a finding already, and not kept as well.
    pub(in crate::verify) fn keep_stamp(&mut self, stamp: PageStamp) {
        if u64::try_from(self.page_stamps.len()).is_ok_and(|count| count < budget::PAGE_TIMESTAMPS) {
            self.page_stamps.push(stamp);
        }
    }

    /// Checks what pages and failures have in common.
    pub(in crate::verify) fn follow(
        &mut self,
        place: &str,
        acquisition: &AcquisitionId,
        reference: &GenesisReference,
        request: &Request,
        findings: &mut Findings,
    ) {
        if let Some(identity) = &self.identity {
            genesis::check_reference(place, acquisition, reference, identity, |finding| findings.add(finding));
        }
        self.times.follow(place, request, self.genesis.as_ref(), findings);
        if self.latest_finished.as_ref().is_none_or(|(_, latest)| request.finished > *latest) {
            self.latest_finished = Some((place.to_owned(), request.finished));
        }
    }

    /// Reads the seal. A file that `is_listed` and could not be read has had its finding.
    pub(in crate::verify) fn read_seal(
        &self,
        is_listed: impl Fn(&str) -> bool,
        findings: &mut Findings,
    ) -> Option<Seal> {
        let kept = |role: Role| self.kept.get(&role).map(Vec::as_slice);
        seal::read(kept(Role::Seal), kept(Role::SealSignature), self.keys.signer.as_ref(), is_listed, findings)
    }

    /// Compares what the seal repeats of genesis.
    pub(in crate::verify) fn check_seal_names(&self, seal: &Seal, genesis: Option<&Genesis>, findings: &mut Findings) {
        if let Some(identity) = &self.identity {
            genesis::check_reference(SEAL, &seal.acquisition, &seal.genesis, identity, |finding| findings.add(finding));
        }
        if let Some(genesis) = genesis {
            genesis::check_seal(seal, genesis, findings);
        }
    }

    /// Judges all time stamps, and the order of all times.
    pub(in crate::verify) fn check_times(
        &mut self,
        closing: &Closing<'_>,
        options: &Options<'_>,
        findings: &mut Findings,
        facts: &mut Times,
    ) {
        let (genesis, seal) = (closing.genesis, closing.seal);
        let as_of = options.as_of.map(LocalTime::to_datetime);
        let trust = &options.trust;
        let kept = self.timestamp_lists.as_ref().map_or(&[][..], KeptLists::lists);
        let lists = [trust.revocation_lists.as_slice(), kept].concat();
        let reader =
            Judgement { roots: &trust.timestamp_roots, lists: &lists, policies: &trust.timestamp_policies, as_of };
        let renewed = renewal::check(closing.renewals, closing.archive, &reader, findings);
        let judgement = Judgement { as_of: renewed.as_of, ..reader };
        let page_tokens = page_stamp::check(&self.page_stamps, genesis, &judgement, findings);
        let genesis_tokens = self.genesis_tokens(genesis, &judgement, findings);
        let seal_tokens = self.seal_tokens(closing, &judgement, trust.require_timestamp, findings);
        let accepted = seal_tokens.iter().filter(|token| token.fact.accepted);
        self.trusted_time = accepted.map(|token| token.time.instant).min();
        let (of_genesis, of_seal) = (times(&genesis_tokens), times(&seal_tokens));
        self.times.check_tokens(&of_genesis, seal, &of_seal, findings);
        let mut layers = vec![of_genesis.clone(), times(&page_tokens), of_seal.clone()];
        layers.extend(renewed.tokens.chunk_by(renewal::is_one).map(times));
        check_layers(&layers, findings);
        self.clocks.check_requests(closing.extent, findings);
        check_stamps(genesis, &of_genesis, seal, &of_seal, findings);
        if let Some(genesis) = genesis {
            check_plan(genesis, findings);
        }
        if let Some(seal) = seal {
            self.clocks.check_records(seal, &of_seal, findings);
            check_before_seal(self.latest_finished.as_ref(), seal, findings);
            if let Some(genesis) = genesis {
                check_genesis_before_seal(genesis, seal, findings);
            }
        }
        facts.genesis_tokens = genesis_tokens.into_iter().map(|token| token.fact).collect();
        facts.service_offset_ms = self.clocks.largest_offset_ms(genesis);
        facts.service_offset_at_most_ms = self.clocks.widest_offset_ms(genesis);
        facts.as_of = options.as_of;
        facts.page_tokens = page_tokens.into_iter().map(|token| token.fact).collect();
        facts.renewal_tokens = renewed.tokens.into_iter().map(|token| token.fact).collect();
        facts.seal_tokens = seal_tokens.into_iter().map(|token| token.fact).collect();
    }

    fn genesis_tokens(
        &self,
        genesis: Option<&Genesis>,
        judgement: &Judgement<'_>,
        findings: &mut Findings,
    ) -> Vec<TokenSeen> {
        let Some(genesis) = genesis else { return Vec::new() };
        let files = self.timestamps(false);
        let signature = self.kept.get(&Role::GenesisSignature).map(Vec::as_slice);
        let claimed = &genesis.timestamps;
        let stamped = Stamped { files: &files, signature, claimed, path: PackagePath::genesis_timestamp };
        timestamp::check(&stamped, judgement, findings)
    }

    fn seal_tokens(
        &self,
        closing: &Closing<'_>,
        judgement: &Judgement<'_>,
        is_required: bool,
        findings: &mut Findings,
    ) -> Vec<TokenSeen> {
        let Some(seal) = closing.seal else { return Vec::new() };
        let files = self.timestamps(true);
        let signature = self.kept.get(&Role::SealSignature).map(Vec::as_slice);
        let claimed = &seal.timestamps;
        let stamped = Stamped { files: &files, signature, claimed, path: PackagePath::seal_timestamp };
        timestamp::check_mode(claimed, SEAL, is_required, findings);
        // One bracket without the other shows half: a seal's stamp says nothing about when the plan was made.
        if let Some(genesis) = closing.genesis.filter(|_| claimed.mode == TimestampMode::Embedded) {
            timestamp::check_mode(&genesis.timestamps, GENESIS, is_required, findings);
        }
        timestamp::check(&stamped, judgement, findings)
    }

    /// Asks whose key it is, at the time that was established just before.
    pub(in crate::verify) fn check_signer(
        &self,
        seal: Option<&Seal>,
        trust: &Trust,
        findings: &mut Findings,
        facts: &mut Facts,
    ) {
        let when = self.trusted_time.map(Moment::Established).or(seal.map(|seal| Moment::Claimed(seal.created)));
        if let Some(key) = &self.keys.operator {
            let certificates = self.certificates.as_ref();
            facts.signer_certificate = certificate::check(certificates, key, trust, when, findings);
        }
        let is_vouched_for = facts.signer_certificate.as_ref().is_some_and(|fact| fact.accepted);
        facts.signer_trusted = signer::check_trust(&self.keys, trust, is_vouched_for, findings);
    }

    /// Says what plan and seal say of themselves.
    pub(in crate::verify) fn state_facts(&self, genesis: Option<&Genesis>, seal: Option<&Seal>, facts: &mut Facts) {
        facts.signer = self.keys.signer.map(|key| key.fingerprint());
        facts.operator_key = self.keys.operator.map(|key| key.fingerprint());
        facts.genesis_sha256 = self.identity.as_ref().map(|identity| identity.digest);
        if let Some(genesis) = genesis {
            facts.acquisition = Some(genesis.acquisition.clone());
            facts.matter = Some(genesis.matter.clone());
            facts.series = Some(genesis.series);
            facts.operator = Some(genesis.operator.clone());
            facts.simulated = Some(genesis.simulated || genesis::is_outside_cloud_table(genesis));
            facts.service = Some(genesis.source.graph_url.clone());
            facts.extra_roots.clone_from(&genesis.source.extra_roots);
            facts.proxy.clone_from(&genesis.source.proxy);
            facts.window = Some(PlannedWindow { from: genesis.plan.from, to: genesis.plan.to });
            facts.kinds.clone_from(&genesis.plan.kinds);
            facts.kinds_not_asked.clone_from(&genesis.plan.not_asked);
            facts.times.genesis_created = Some(genesis.created);
            facts.times.mode = Some(genesis.timestamps.mode);
        }
        if let Some(seal) = seal {
            facts.package = Some(seal.package.clone());
            facts.simulated = Some(seal.simulated || facts.simulated.unwrap_or(false));
            facts.volume = Some(seal.volume);
            facts.times.seal_created = Some(seal.created);
        }
    }

    fn timestamps(&self, of_seal: bool) -> BTreeMap<u64, Vec<u8>> {
        let numbered = self.kept.iter().filter_map(|(role, bytes)| match role {
            Role::SealTimestamp(number) if of_seal => Some((*number, bytes.clone())),
            Role::GenesisTimestamp(number) if !of_seal => Some((*number, bytes.clone())),
            _ => None,
        });
        numbered.collect()
    }
}

/// Says how the data came to be, where that weighs: simulated, or by a route that changes what TLS facts mean.
pub(in crate::verify) fn note_source(genesis: &Genesis, findings: &mut Findings) {
    if genesis.simulated || genesis::is_outside_cloud_table(genesis) {
        findings.say(Code::SimulatedData, format!("{GENESIS}#simulated"), "simulated", &genesis.source.graph_url);
    }
    genesis::note_route(genesis, findings);
}

fn times(tokens: &[TokenSeen]) -> Vec<(String, TsaTime)> {
    tokens.iter().filter(|token| token.is_sound).map(|token| (token.fact.path.clone(), token.time)).collect()
}
