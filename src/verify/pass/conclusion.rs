//! The end of the pass: everything that was seen meets everything that was claimed.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use sha2::Digest as _;

use crate::crypto::certificate::KeptLists;
use crate::crypto::digest::{RecordDigest, SealDigest, TagManifestDigest};
use crate::format::genesis::Genesis;
use crate::format::kind::Sort;
use crate::format::parts::TimestampMode;
use crate::format::path::{GENESIS, PackagePath, SEAL};
use crate::format::seal::{Seal, Totals};
use crate::time::LocalTime;
use crate::verify::checks::certificate::Moment;
use crate::verify::checks::clocks::check_stamps;
use crate::verify::checks::comparison::{self};
use crate::verify::checks::container::Role;
use crate::verify::checks::signer::PackageKeys;
use crate::verify::checks::time_order::{check_before_seal, check_genesis_before_seal, check_layers, check_plan};
use crate::verify::checks::timestamp::{Judgement, Stamped, TokenSeen};
use crate::verify::checks::volume::Extent;
use crate::verify::checks::{
    bag, certificate, coverage, failure, genesis, page_stamp, renewal, roots, seal, signer, timestamp,
};
use crate::verify::finding::{Code, Severity, Step};
use crate::verify::package::{Options, Renewal, Trust, VerifyError};
use crate::verify::pass::{Before, EntrySeen, Pass, is_listed};
use crate::verify::verdict::{Counts, Facts, PlannedWindow};
use crate::verify::verified::{ReadAgainError, read_entry};

impl Pass {
    /// Compares everything seen with everything claimed; returns the plan and the seal where both could be read.
    pub(super) fn finish(
        &mut self,
        before: Before,
        renewals: &[Renewal],
        options: &Options<'_>,
        facts: &mut Facts,
    ) -> Option<(Genesis, Seal)> {
        if self.entries.is_empty() {
            for step in Step::ALL.into_iter().filter(|step| *step != Step::Container) {
                self.not_checked.insert(step, "the archive could not be followed".to_owned());
            }
            return None;
        }
        self.begin();
        let seal_bytes = self.kept.get(&Role::Seal).cloned();
        let seal_signature = self.kept.get(&Role::SealSignature).cloned();
        let keys = self.keys;
        let seal = seal::read(
            seal_bytes.as_deref(),
            seal_signature.as_deref(),
            keys.signer.as_ref(),
            |path| is_listed(&self.entries, path),
            &mut self.findings,
        );
        let genesis = self.genesis.take();
        signer::check_names(&keys, genesis.as_ref(), seal.as_ref(), &mut self.findings);
        facts.signer = keys.signer.map(|key| key.fingerprint());
        facts.operator_key = keys.operator.map(|key| key.fingerprint());
        self.check_bag(genesis.as_ref(), seal.as_ref());
        if let Some(seal) = &seal {
            self.check_seal(seal, genesis.as_ref(), before);
        }
        self.note_unread(genesis.is_some(), seal.is_some(), &keys);
        self.check_times(genesis.as_ref(), seal.as_ref(), seal_signature.as_deref(), renewals, options, facts);
        self.check_signer(&keys, seal.as_ref(), &options.trust, facts);
        if let Some(genesis) = &genesis {
            if genesis.simulated || genesis::is_outside_cloud_table(genesis) {
                self.findings.say(
                    Code::SimulatedData,
                    "data/genesis.json#simulated",
                    "simulated",
                    &genesis.source.graph_url,
                );
            }
            genesis::note_route(genesis, &mut self.findings);
        }
        self.state_facts(genesis.as_ref(), seal.as_ref(), facts);
        facts.seal_sha256 = seal_bytes.as_deref().map(SealDigest::of);
        genesis.zip(seal)
    }

    /// Holds the passes against each other and the service's counts against the records, where the package claims any of it.
    pub(super) fn compare<R: Read + Seek>(
        &mut self,
        archive: &mut R,
        genesis: &Genesis,
        seal: &Seal,
    ) -> Result<(), VerifyError> {
        let has_counts = genesis.plan.kinds.iter().any(|kind| kind.sort() == Sort::Count);
        let claims_any = seal.second_pass.is_some() || !seal.reconciliation.is_empty();
        if Extent::of(&seal.volume) == Extent::Part {
            return Ok(());
        }
        if self.quick || !(genesis.plan.second_pass || has_counts || claims_any) {
            return Ok(());
        }
        // What contradicts itself is not worth reading twice, and could make the reading endless.
        if self.findings.worst() == Some(Severity::Violation) {
            self.not_checked
                .insert(Step::Coverage, "the passes were not compared: the package contradicts itself".to_owned());
            return Ok(());
        }
        let places: BTreeMap<&str, &EntrySeen> =
            self.entries.iter().map(|entry| (entry.path.as_str(), entry)).collect();
        let mut read = |path: &str| match places.get(path) {
            Some(entry) => read_entry(archive, &self.top, entry),
            None => Err(ReadAgainError::Missing(path.to_owned())),
        };
        match comparison::check(&self.bodies, genesis, seal, &mut read, &mut self.findings) {
            Err(ReadAgainError::Io(error)) => Err(VerifyError::Io(error)),
            Err(ReadAgainError::Changed(_)) => Err(VerifyError::Changed),
            Err(ReadAgainError::Missing(_)) | Ok(()) => Ok(()),
        }
    }

    fn check_bag(&mut self, genesis: Option<&Genesis>, seal: Option<&Seal>) {
        let kept = |role: Role| self.kept.get(&role).map(Vec::as_slice);
        bag::check_declaration(kept(Role::Bagit), &mut self.findings);
        bag::check_manifests(kept(Role::Manifest), kept(Role::TagManifest), &self.entries, &mut self.findings);
        if let (Some(genesis), Some(seal)) = (genesis, seal) {
            bag::check_bag_info(kept(Role::BagInfo), genesis, seal, &self.entries, &mut self.findings);
        }
    }

    fn check_seal(&mut self, seal: &Seal, genesis: Option<&Genesis>, before: Before) {
        let tag_manifest = self.digest_of(Role::TagManifest).map(TagManifestDigest::from_bytes);
        seal::check_statements(seal, genesis, &self.top, before, tag_manifest, &mut self.findings);
        if let Some(identity) = &self.identity {
            let findings = &mut self.findings;
            genesis::check_reference(SEAL, &seal.acquisition, &seal.genesis, identity, |finding| findings.add(finding));
        }
        if let Some(genesis) = genesis {
            genesis::check_seal(seal, genesis, &mut self.findings);
        }
        if !self.quick && !self.has_too_many_elements {
            let empty_head =
                self.identity.as_ref().map(|identity| (0, RecordDigest::from_bytes(*identity.digest.as_bytes())));
            let head = match (self.chain.count(), seal.volume.number) {
                (0, 1) => empty_head,
                // It is that of the volume before; only its number can be told from this one.
                (0, _) => Some((seal.volume.first_page.saturating_sub(1), seal.head.sha256)),
                _ => self.chain.head(),
            };
            if let (None, Some(first), Some(last)) = (self.chain.first(), self.first_failure, self.last_failure)
                && seal.volume.number > 1
            {
                failure::check_place_without_pages(first, last, seal.volume.first_page, &mut self.findings);
            }
            self.chain.check_first(seal.volume.first_page, &mut self.findings);
            roots::check_root_and_head(seal, self.chain.root(), head, &mut self.findings);
            self.counts.inside = roots::inside_of(seal, &self.runs);
            let counts = &self.counts;
            let computed = Totals {
                pages: counts.pages,
                records: counts.records,
                inside: counts.inside,
                body_bytes: counts.body_bytes,
                failures: counts.failures,
            };
            roots::check_totals(seal, &computed, &mut self.findings);
            roots::check_streams(seal, genesis, &self.runs, Extent::of(&seal.volume), &mut self.findings);
            if let Some(genesis) = genesis {
                coverage::note_retention(seal, genesis, &self.runs, &mut self.findings);
            }
        }
        if let Some(genesis) = genesis {
            coverage::check(seal, genesis, &mut self.findings);
        }
    }

    /// Asks whose key it is, at the time that was established just before.
    fn check_signer(&mut self, keys: &PackageKeys, seal: Option<&Seal>, trust: &Trust, facts: &mut Facts) {
        let when = self.trusted_time.map(Moment::Established).or(seal.map(|seal| Moment::Claimed(seal.created)));
        if let Some(key) = &keys.operator {
            let certificates = self.certificates.as_ref();
            facts.signer_certificate = certificate::check(certificates, key, trust, when, &mut self.findings);
        }
        let is_vouched_for = facts.signer_certificate.as_ref().is_some_and(|fact| fact.accepted);
        facts.signer_trusted = signer::check_trust(keys, trust, is_vouched_for, &mut self.findings);
    }

    fn check_times(
        &mut self,
        genesis: Option<&Genesis>,
        seal: Option<&Seal>,
        seal_signature: Option<&[u8]>,
        renewals: &[Renewal],
        options: &Options<'_>,
        facts: &mut Facts,
    ) {
        let archive: Option<[u8; 64]> = self.whole.take().map(|whole| whole.finalize().into());
        let as_of = options.as_of.map(LocalTime::to_datetime);
        let trust = &options.trust;
        let kept = self.timestamp_lists.as_ref().map_or(&[][..], KeptLists::lists);
        let lists = [trust.revocation_lists.as_slice(), kept].concat();
        let reader =
            Judgement { roots: &trust.timestamp_roots, lists: &lists, policies: &trust.timestamp_policies, as_of };
        let renewed = renewal::check(renewals, archive.as_ref(), &reader, &mut self.findings);
        let judgement = Judgement { as_of: renewed.as_of, ..reader };
        let page_tokens = page_stamp::check(&self.page_stamps, genesis, &judgement, &mut self.findings);
        let (of_genesis, of_seal) = (self.timestamps(false), self.timestamps(true));
        let genesis_tokens = genesis.map(|genesis| {
            let signature = self.kept.get(&Role::GenesisSignature).map(Vec::as_slice);
            let claimed = &genesis.timestamps;
            let stamped = Stamped { files: &of_genesis, signature, claimed, path: PackagePath::genesis_timestamp };
            timestamp::check(&stamped, &judgement, &mut self.findings)
        });
        let seal_tokens = seal.map(|seal| {
            let claimed = &seal.timestamps;
            let stamped =
                Stamped { files: &of_seal, signature: seal_signature, claimed, path: PackagePath::seal_timestamp };
            timestamp::check_mode(claimed, SEAL, options.trust.require_timestamp, &mut self.findings);
            // One bracket without the other shows half: a seal's stamp says nothing about when the plan was made.
            if let Some(genesis) = genesis.filter(|_| claimed.mode == TimestampMode::Embedded) {
                let is_required = options.trust.require_timestamp;
                timestamp::check_mode(&genesis.timestamps, GENESIS, is_required, &mut self.findings);
            }
            timestamp::check(&stamped, &judgement, &mut self.findings)
        });
        let (genesis_tokens, seal_tokens) = (genesis_tokens.unwrap_or_default(), seal_tokens.unwrap_or_default());
        let accepted = seal_tokens.iter().filter(|token| token.fact.accepted);
        self.trusted_time = accepted.map(|token| token.time.instant).min();
        let (of_genesis, of_seal) = (times(&genesis_tokens), times(&seal_tokens));
        self.times.check_tokens(&of_genesis, seal, &of_seal, &mut self.findings);
        let mut layers = vec![of_genesis.clone(), times(&page_tokens), of_seal.clone()];
        layers.extend(renewed.tokens.chunk_by(renewal::is_one).map(times));
        check_layers(&layers, &mut self.findings);
        let extent = seal.map_or(Extent::Whole, |seal| Extent::of(&seal.volume));
        self.clocks.check_requests(extent, &mut self.findings);
        check_stamps(genesis, &of_genesis, seal, &of_seal, &mut self.findings);
        if let Some(genesis) = genesis {
            check_plan(genesis, &mut self.findings);
        }
        if let Some(seal) = seal {
            self.clocks.check_records(seal, &of_seal, &mut self.findings);
            check_before_seal(self.latest_finished.as_ref(), seal, &mut self.findings);
            if let Some(genesis) = genesis {
                check_genesis_before_seal(genesis, seal, &mut self.findings);
            }
        }
        facts.times.genesis_tokens = genesis_tokens.into_iter().map(|token| token.fact).collect();
        facts.times.service_offset_ms = self.clocks.largest_offset_ms(genesis);
        facts.times.as_of = options.as_of;
        facts.times.page_tokens = page_tokens.into_iter().map(|token| token.fact).collect();
        facts.times.renewal_tokens = renewed.tokens.into_iter().map(|token| token.fact).collect();
        facts.times.seal_tokens = seal_tokens.into_iter().map(|token| token.fact).collect();
    }

    /// Names the steps that could not be carried out, and why.
    fn note_unread(&mut self, has_genesis: bool, has_seal: bool, keys: &PackageKeys) {
        let mut note = |steps: &[Step], reason: &str| {
            for step in steps {
                self.not_checked.entry(*step).or_insert_with(|| reason.to_owned());
            }
        };
        if self.quick {
            note(&[Step::Container], "headers and names only: files were not inflated");
            note(&[Step::Bag], "names and tag files only: payload files were not read");
            note(
                &[Step::PageRecords, Step::Pages, Step::Pagination, Step::Failures, Step::RootsAndCounts],
                "pages and failures were not read",
            );
            note(&[Step::TimeOrder], "requests were not read");
        }
        if self.has_too_many_elements {
            let steps = [Step::PageRecords, Step::Pages, Step::Pagination, Step::RootsAndCounts, Step::TimeOrder];
            note(&steps, "pages beyond the limit of elements were not looked into");
        }
        if !has_genesis {
            let steps = [Step::Genesis, Step::Bag, Step::Pagination, Step::Coverage, Step::Timestamps, Step::TimeOrder];
            note(&steps, "there is no readable genesis");
        }
        if !has_seal {
            let steps =
                [Step::Seal, Step::Bag, Step::RootsAndCounts, Step::Coverage, Step::Timestamps, Step::TimeOrder];
            note(&steps, "there is no readable seal");
        }
        if keys.signer.is_none() {
            note(&[Step::Seal, Step::Signer, Step::PageRecords, Step::Failures], "there is no usable key");
        }
        if keys.operator.is_none() {
            note(&[Step::Signer, Step::Genesis], "there is no usable key");
        }
    }

    fn state_facts(&self, genesis: Option<&Genesis>, seal: Option<&Seal>, facts: &mut Facts) {
        facts.file_count = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        facts.genesis_sha256 = self.identity.as_ref().map(|identity| identity.digest);
        facts.counts = self.counts;
        facts.counts_computed = !self.quick;
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
            facts.coverage.clone_from(&seal.streams);
            facts.times.seal_created = Some(seal.created);
            if self.quick {
                facts.counts = Counts {
                    pages: seal.totals.pages,
                    records: seal.totals.records,
                    inside: seal.totals.inside,
                    body_bytes: seal.totals.body_bytes,
                    failures: seal.totals.failures,
                    ..Counts::default()
                };
            }
        }
    }
}

fn times(tokens: &[TokenSeen]) -> Vec<(String, crate::time::TsaTime)> {
    tokens.iter().filter(|token| token.is_sound).map(|token| (token.fact.path.clone(), token.time)).collect()
}
