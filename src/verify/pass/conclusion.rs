//! The end of the pass: everything that was seen meets everything that was claimed.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use sha2::Digest as _;

use crate::crypto::digest::{RecordDigest, SealDigest, TagManifestDigest};
use crate::format::genesis::Genesis;
use crate::format::kind::Sort;
use crate::format::seal::{Seal, Totals};
use crate::verify::checks::claimed::Pages;
use crate::verify::checks::comparison::{self};
use crate::verify::checks::container::{Part, Role};
use crate::verify::checks::signer::PackageKeys;
use crate::verify::checks::volume::Extent;
use crate::verify::checks::{bag, coverage, failure, roots, seal, signer};
use crate::verify::finding::{Severity, Step};
use crate::verify::frame::{Closing, note_source};
use crate::verify::package::{Options, Renewal, VerifyError};
use crate::verify::pass::{Before, EntrySeen, Pass, is_listed};
use crate::verify::verdict::{Counts, Facts};
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
        let entries = &self.entries;
        let seal = self.frame.read_seal(|path| is_listed(entries, path), &mut self.findings);
        let keys = self.frame.keys;
        let genesis = self.frame.genesis.take();
        signer::check_names(&keys, genesis.as_ref(), seal.as_ref(), &mut self.findings);
        self.check_bag(genesis.as_ref(), seal.as_ref());
        if let Some(seal) = &seal {
            self.check_seal(seal, genesis.as_ref(), before);
        }
        self.note_unread(genesis.is_some(), seal.is_some(), &keys);
        let archive: Option<[u8; 64]> = self.whole.take().map(|whole| whole.finalize().into());
        let extent = seal.as_ref().map_or(Extent::Whole, |seal| Extent::of(&seal.volume));
        let (of_genesis, of_seal) = (genesis.as_ref(), seal.as_ref());
        let closing = Closing { genesis: of_genesis, seal: of_seal, extent, renewals, archive: archive.as_ref() };
        self.frame.check_times(&closing, options, &mut self.findings, &mut facts.times);
        self.frame.check_signer(of_seal, &options.trust, &mut self.findings, facts);
        if let Some(genesis) = of_genesis {
            note_source(genesis, &mut self.findings);
        }
        self.state_facts(of_genesis, of_seal, facts);
        facts.seal_sha256 = self.frame.kept.get(&Role::Seal).map(|bytes| SealDigest::of(bytes));
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
            Some(entry) => read_entry(archive, entry),
            None => Err(ReadAgainError::Missing(path.to_owned())),
        };
        match comparison::check(&self.bodies, genesis, seal, &mut read, &mut self.findings) {
            Err(ReadAgainError::Io(error)) => Err(VerifyError::Io(error)),
            Err(ReadAgainError::Changed(_)) => Err(VerifyError::Changed),
            Err(ReadAgainError::Missing(_)) | Ok(()) => Ok(()),
        }
    }

    fn check_bag(&mut self, genesis: Option<&Genesis>, seal: Option<&Seal>) {
        let kept = |role: Role| self.frame.kept.get(&role).map(Vec::as_slice);
        bag::check_declaration(kept(Role::Bagit), &mut self.findings);
        bag::check_manifests(kept(Role::Manifest), kept(Role::TagManifest), &self.entries, &mut self.findings);
        if let (Some(genesis), Some(seal)) = (genesis, seal) {
            bag::check_bag_info(kept(Role::BagInfo), genesis, seal, &self.entries, &mut self.findings);
        }
    }

    fn check_seal(&mut self, seal: &Seal, genesis: Option<&Genesis>, before: Before) {
        let tag_manifest = self.digest_of(Role::TagManifest).map(TagManifestDigest::from_bytes);
        seal::check_statements(seal, genesis, &self.top, before, tag_manifest, &mut self.findings);
        self.frame.check_seal_names(seal, genesis, &mut self.findings);
        if (!self.quick || self.keeps_leaves) && !self.has_too_many_elements {
            let empty_head =
                self.frame.identity.as_ref().map(|identity| (0, RecordDigest::from_bytes(*identity.digest.as_bytes())));
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
        }
        if self.quick && self.keeps_leaves {
            let failures =
                self.entries.iter().filter(|entry| matches!(entry.role, Some(Role::Failure(_, Part::Record))));
            let failures = u64::try_from(failures.count()).unwrap_or(u64::MAX);
            self.claimed.check(seal, Pages::All { failures }, &mut self.findings);
        }
        if !self.quick && !self.has_too_many_elements {
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
            if self.keeps_leaves {
                note(&[Step::PageRecords, Step::RootsAndCounts], "by what page records state; pages were not read");
                note(&[Step::TimeOrder], "requests that failed were not read");
            }
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
        self.frame.state_facts(genesis, seal, facts);
        facts.counts = self.counts;
        facts.counts_computed = !self.quick;
        if let Some(seal) = seal {
            facts.coverage.clone_from(&seal.streams);
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
