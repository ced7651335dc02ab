//! The pass: one package, from its first byte to its last, to a report.
//!
//! One forward pass over one handle: what is hashed is what is judged. Files that are read before the pages (manifests, key,
//! genesis) are opened here, pages and failures go to the workers, and what depends on order is followed in [`Pass::absorb`].
//! At the end everything that was seen meets everything that was claimed.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::thread;

use sha2::{Digest as _, Sha256};

use crate::codec::zip::{Fault, FaultKind, Faults, Limits, RawEntry, ReadError, Reader};
use crate::crypto::digest::{
    ArchiveDigest, GenesisDigest, Hasher, RecordDigest, SealDigest, TagManifestDigest, TimestampDigest,
};
use crate::crypto::signature::{Fingerprint, PublicKey};
use crate::crypto::timestamp::TrustRoot;
use crate::format::genesis::Genesis;
use crate::format::kind::Sort;
use crate::format::page::Slicing;
use crate::format::parts::TimestampMode;
use crate::format::path::{GENESIS, PackagePath, SEAL};
use crate::format::seal::{Seal, Totals};
use crate::time::LocalTime;
use crate::verify::budget;
use crate::verify::checks::comparison::{self, Bodies};
use crate::verify::checks::container::{Part, Role, check_paths};
use crate::verify::checks::page_record::Chain;
use crate::verify::checks::pagination::Runs;
use crate::verify::checks::time_order::{RequestTimes, check_before_seal, check_genesis_before_seal};
use crate::verify::checks::timestamp::{Stamped, TokenSeen};
use crate::verify::checks::{bag, coverage, failure, genesis, roots, seal, signer, timestamp};
use crate::verify::finding::{Code, Findings, Severity, Step};
use crate::verify::verdict::{Counts, Facts, Outcome, PlannedWindow, Report, conclude};
use crate::verify::verified::{ReadAgainError, VerifiedPackage, read_entry};
use crate::verify::workers::{Crew, Done, Group, PageSeen, RawFile, Seen, Work, WorkerLost};

/// Whom the reader trusts. Nothing in a package can add to it.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys the reader had from elsewhere; none makes VALID impossible.
    pub keys: Vec<Fingerprint>,
    /// Roots for time stamps.
    pub timestamp_roots: Vec<TrustRoot>,
    /// Whether a package without time stamps is INDETERMINATE.
    pub require_timestamp: bool,
}

/// How to verify.
#[derive(Clone)]
pub struct Options<'a> {
    /// Whom to trust.
    pub trust: Trust,
    /// How many threads inflate and hash; 1 means the caller's alone.
    pub threads: usize,
    /// Reads container digest, signatures of genesis and seal, and time stamps only. The outcome is never VALID then.
    pub quick: bool,
    /// Called with the number of archive bytes read so far.
    pub progress: Option<&'a dyn Fn(u64)>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { trust: Trust::default(), threads: 2, quick: false, progress: None }
    }
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The archive was written to while it was read.
    #[error("the archive changed while it was read")]
    Changed,
    /// The archive could not be read: disk, network drive, permissions.
    #[error("the archive could not be read")]
    Io(#[from] std::io::Error),
    /// A thread ended without handing back its work; usually want of memory.
    #[error("a worker thread ended early")]
    WorkerLost,
}

/// One file of the archive, as the pass met it.
#[derive(Clone, Debug)]
pub(in crate::verify) struct EntrySeen {
    /// Below the top directory; the whole name where it is not below it.
    pub(in crate::verify) path: String,
    pub(in crate::verify) role: Option<Role>,
    /// None until the file was read, and for good where it could not be.
    pub(in crate::verify) digest: Option<[u8; 32]>,
    pub(in crate::verify) byte_len: u64,
    pub(in crate::verify) compressed_len: u32,
    pub(in crate::verify) header_offset: u64,
}

/// Verifies a package.
///
/// # Errors
///
/// [`VerifyError`] where the machine failed; whatever is wrong with the evidence is in the report.
pub fn verify<R: Read + Seek>(mut archive: R, options: &Options<'_>) -> Result<Report, VerifyError> {
    run(&mut archive, options).map(|(report, _)| report)
}

/// Verifies a package and, unless it is INVALID or was only looked at, keeps it for reading what was verified.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_and_keep<R: Read + Seek>(
    mut archive: R,
    options: &Options<'_>,
) -> Result<(Report, Option<VerifiedPackage<R>>), VerifyError> {
    let (report, pass) = run(&mut archive, options)?;
    if report.outcome == Outcome::Invalid || options.quick {
        return Ok((report, None));
    }
    let (top, entries) = (pass.top, pass.entries);
    Ok((report.clone(), Some(VerifiedPackage::new(archive, report, top, entries))))
}

/// Says what is in a package, and nothing about whether to believe it.
///
/// # Errors
///
/// As [`verify`].
pub fn inspect<R: Read + Seek>(archive: R) -> Result<Facts, VerifyError> {
    let options = Options { threads: 1, quick: true, ..Options::default() };
    verify(archive, &options).map(|report| report.facts)
}

/// Everything seen so far.
#[derive(Default)]
struct Pass {
    quick: bool,
    top: String,
    entries: Vec<EntrySeen>,
    findings: Findings,
    not_checked: BTreeMap<Step, String>,
    /// Files kept whole, by role.
    kept: BTreeMap<Role, Vec<u8>>,
    key: Option<PublicKey>,
    genesis: Option<Genesis>,
    identity: Option<genesis::Identity>,
    /// Whether everything that stands before the pages was read.
    has_begun: bool,
    chain: Chain,
    runs: Runs,
    times: RequestTimes,
    latest_finished: Option<(String, LocalTime)>,
    last_failure: Option<(u64, u64)>,
    counts: Counts,
    bodies: Bodies,
}

fn run<R: Read + Seek>(archive: &mut R, options: &Options<'_>) -> Result<(Report, Pass), VerifyError> {
    let mut pass = Pass { quick: options.quick, ..Pass::default() };
    let mut facts = Facts { archive_byte_len: archive.seek(SeekFrom::End(0))?, ..Facts::default() };
    let limits = Limits { max_archive_bytes: budget::ARCHIVE_BYTES, max_entries: budget::ENTRIES, ..Limits::default() };
    let before = match Reader::open(&mut *archive, limits) {
        Ok(reader) => {
            pass.take_directory(&reader);
            thread::scope(|scope| pass.read(reader, Crew::new(options.threads, scope), options.progress))?
        }
        Err(error) => {
            pass.take_stop(error)?;
            None
        }
    };
    if let Some((genesis, seal)) = pass.finish(before, options, &mut facts) {
        pass.compare(archive, &genesis, &seal)?;
    }
    let findings = std::mem::take(&mut pass.findings);
    let report = conclude(findings, &pass.not_checked, options.quick, facts);
    Ok((report, pass))
}

/// Length and digest of the archive before the seal.
type Before = Option<(u64, ArchiveDigest)>;

impl Pass {
    /// Takes over what the central directory lists.
    fn take_directory<R: Read + Seek>(&mut self, reader: &Reader<R>) {
        reader.top().clone_into(&mut self.top);
        let prefix = format!("{}/", self.top);
        let entries = reader.entries().iter().map(|entry| {
            let path = entry.name.strip_prefix(&prefix).unwrap_or(&entry.name).to_owned();
            EntrySeen {
                role: Role::of(&path),
                path,
                digest: None,
                byte_len: entry.uncompressed_len.into(),
                compressed_len: entry.compressed_len,
                header_offset: entry.header_offset,
            }
        });
        self.entries = entries.collect();
        check_paths(self.entries.iter().map(|entry| entry.path.as_str()), &mut self.findings);
    }

    /// Goes over the whole archive; returns length and digest of what stands before the seal.
    fn read<R: Read + Seek>(
        &mut self,
        mut reader: Reader<R>,
        mut crew: Crew,
        progress: Option<&dyn Fn(u64)>,
    ) -> Result<Before, VerifyError> {
        let seal_name = format!("{}/{SEAL}", self.top);
        let mut hasher = Hasher::default();
        let mut read_len: u64 = 0;
        let mut before = None;
        let mut index: usize = 0;
        let mut pending: Option<(Group, bool)> = None;
        let mut stop = None;
        loop {
            if before.is_none() && reader.upcoming().is_some_and(|entry| entry.name == seal_name) {
                before = Some((read_len, ArchiveDigest::from_bytes(std::mem::take(&mut hasher).finish())));
            }
            let next = reader.next_entry(&mut |bytes| {
                read_len = read_len.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                if before.is_none() {
                    hasher.update(bytes);
                }
            });
            let raw = match next {
                None => break,
                Some(Ok(raw)) => raw,
                Some(Err(error)) => {
                    stop = Some(error);
                    break;
                }
            };
            while self.entries.get(index).is_some_and(|entry| entry.header_offset < raw.entry.header_offset) {
                index = index.saturating_add(1);
            }
            self.take_entry(index, raw, &mut pending, &mut crew)?;
            if let Some(progress) = progress {
                progress(read_len);
            }
        }
        self.flush(&mut pending, &mut crew)?;
        crew.finish(|done| self.absorb(done))?;
        let finished = match stop {
            Some(error) => Err(error),
            None => reader.finish(&mut |_| {}),
        };
        match finished {
            Ok(faults) => self.take_all_faults(&faults),
            Err(error) => self.take_stop(error)?,
        }
        Ok(before)
    }

    /// Sorts one entry: kept here, handed to the workers, or only hashed.
    fn take_entry(
        &mut self,
        index: usize,
        raw: RawEntry,
        pending: &mut Option<(Group, bool)>,
        crew: &mut Crew,
    ) -> Result<(), VerifyError> {
        let Some(entry) = self.entries.get(index) else { return Ok(()) };
        let (role, path, byte_len) = (entry.role, entry.path.clone(), u64::from(raw.entry.uncompressed_len));
        // More time stamps than a package may have are a finding already; they are not kept as well.
        let role = role.filter(|role| !matches!(role, Role::GenesisTimestamp(number) | Role::SealTimestamp(number) if *number > budget::TIMESTAMPS));
        let limit = role.map_or(budget::OTHER_BYTES, Role::byte_limit);
        let mut file = RawFile { index, raw: Some(raw) };
        if byte_len > limit {
            self.findings.say(Code::ZipSizeCap, &path, byte_len.to_string(), format!("at most {limit}"));
            file.raw = None;
        }
        match role {
            Some(Role::Page(number, part)) if !self.quick => {
                self.put(number, part, false, (&path, file), pending, crew)?;
            }
            Some(Role::Failure(number, part)) if !self.quick => {
                self.put(number, part, true, (&path, file), pending, crew)?;
            }
            Some(Role::Page(..) | Role::Failure(..) | Role::RunLog | Role::Readme) | None => {
                self.flush(pending, crew)?;
                if !self.quick {
                    crew.submit(Work::Hash(file), |done| self.absorb(done))?;
                }
            }
            Some(role) => {
                self.flush(pending, crew)?;
                self.keep(role, file);
            }
        }
        Ok(())
    }

    /// Adds a file to the page or failure under way, or begins the next.
    fn put(
        &mut self,
        number: u64,
        part: Part,
        is_failure: bool,
        (path, file): (&str, RawFile),
        pending: &mut Option<(Group, bool)>,
        crew: &mut Crew,
    ) -> Result<(), VerifyError> {
        let belongs =
            |(group, failure): &(Group, bool)| group.number == number && *failure == is_failure && !group.has(part);
        if !pending.as_ref().is_some_and(belongs) {
            self.flush(pending, crew)?;
        }
        let (group, _) = pending.get_or_insert_with(|| (Group::new(number), is_failure));
        group.put(part, path, file);
        Ok(())
    }

    /// Hands in the page or failure under way.
    fn flush(&mut self, pending: &mut Option<(Group, bool)>, crew: &mut Crew) -> Result<(), VerifyError> {
        if let Some((group, is_failure)) = pending.take() {
            self.begin();
            let work = if is_failure { Work::Failure(group, self.key) } else { Work::Page(group, self.key) };
            crew.submit(work, |done| self.absorb(done))?;
        }
        Ok(())
    }

    /// Opens a file here and keeps as much of it as can be right.
    fn keep(&mut self, role: Role, file: RawFile) {
        let Some(raw) = file.raw else { return };
        // No digest covers the seal's own entries: where deflate leaves bits free, they have to be zero.
        if role.is_seal()
            && let Err(fault) = raw.check_free_bits()
        {
            self.take_faults(&[fault]);
        }
        match raw.inflate() {
            Ok(mut bytes) => {
                if let Some(entry) = self.entries.get_mut(file.index) {
                    entry.digest = Some(Sha256::digest(&bytes).into());
                }
                bytes.truncate(kept_len(role));
                self.kept.entry(role).or_insert(bytes);
            }
            Err(fault) => self.take_faults(&[fault]),
        }
    }

    /// Reads key and genesis, before the first page needs them.
    fn begin(&mut self) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        let kept = |role: Role| self.kept.get(&role).map(Vec::as_slice);
        self.key = signer::read_key(kept(Role::SignerKey), &mut self.findings);
        let (bytes, signature) = (kept(Role::Genesis), kept(Role::GenesisSignature));
        self.genesis = genesis::read(
            bytes,
            signature,
            self.key.as_ref(),
            |path| is_listed(&self.entries, path),
            &mut self.findings,
        );
        self.identity = bytes.map(|bytes| genesis::Identity {
            acquisition: self.genesis.as_ref().map(|genesis| genesis.acquisition.clone()),
            digest: GenesisDigest::of(bytes),
            timestamps: self.timestamps(false).values().map(|bytes| TimestampDigest::of(bytes)).collect(),
        });
    }

    /// Follows chain, runs, times and sums by one piece of finished work.
    fn absorb(&mut self, done: Done) {
        for (index, digest) in done.digests {
            if let Some(entry) = self.entries.get_mut(index) {
                entry.digest = Some(digest);
            }
        }
        self.take_faults(&done.faults);
        for finding in done.findings {
            self.findings.add(finding);
        }
        match done.seen {
            Seen::File => {}
            Seen::Failure { number, record } => {
                self.counts.failures = self.counts.failures.saturating_add(1);
                let head = self.chain.head_number();
                let place = PackagePath::failure_record(number);
                let is_first = self.is_first_volume();
                failure::check_place(number, record.as_deref(), self.last_failure, is_first, head, &mut self.findings);
                let after = self.last_failure.map_or(0, |(_, after)| after);
                self.last_failure = Some((number, record.as_ref().map_or(after, |record| record.after_page)));
                if let Some(record) = record {
                    self.runs.follow_failure(number, &record, self.genesis.as_ref(), &mut self.findings);
                    self.follow(place.as_str(), &record.acquisition, &record.genesis, &record.request);
                }
            }
            Seen::Page(page) => self.absorb_page(&page),
        }
    }

    fn absorb_page(&mut self, page: &PageSeen) {
        let genesis_digest =
            self.identity.as_ref().map(|identity| RecordDigest::from_bytes(*identity.digest.as_bytes()));
        let record = page.record.as_ref();
        self.chain.follow(page.number, record, page.digest, genesis_digest, &mut self.findings);
        self.counts.pages = self.counts.pages.saturating_add(1);
        if let Some(content) = &page.content {
            let records = &content.records;
            let counts = &mut self.counts;
            counts.records = counts.records.saturating_add(records.count);
            counts.undated = counts.undated.saturating_add(records.undated);
            counts.body_bytes = counts.body_bytes.saturating_add(content.byte_len);
            counts.opaque_pages = counts.opaque_pages.saturating_add(u64::from(records.slicing == Slicing::Opaque));
        }
        let Some(record) = record else { return };
        self.bodies.add(record);
        let is_first = self.is_first_volume();
        let (content, genesis) = (page.content.as_ref(), self.genesis.as_ref());
        self.runs.follow(page.number, record, content, genesis, is_first, &mut self.findings);
        let place = PackagePath::page_record(page.number);
        self.follow(place.as_str(), &record.acquisition, &record.genesis, &record.request);
    }

    /// Checks what pages and failures have in common.
    fn follow(
        &mut self,
        place: &str,
        acquisition: &crate::format::identifier::AcquisitionId,
        reference: &crate::format::parts::GenesisReference,
        request: &crate::format::parts::Request,
    ) {
        if let Some(identity) = &self.identity {
            genesis::check_reference(place, acquisition, reference, identity, |finding| self.findings.add(finding));
        }
        self.times.follow(place, request, self.genesis.as_ref(), &mut self.findings);
        if self.latest_finished.as_ref().is_none_or(|(_, latest)| request.finished > *latest) {
            self.latest_finished = Some((place.to_owned(), request.finished));
        }
    }

    /// Compares everything seen with everything claimed; returns the plan and the seal where both could be read.
    fn finish(&mut self, before: Before, options: &Options<'_>, facts: &mut Facts) -> Option<(Genesis, Seal)> {
        if self.entries.is_empty() {
            for step in Step::ALL.into_iter().filter(|step| *step != Step::Container) {
                self.not_checked.insert(step, "the archive could not be followed".to_owned());
            }
            return None;
        }
        self.begin();
        let seal_bytes = self.kept.get(&Role::Seal).cloned();
        let seal_signature = self.kept.get(&Role::SealSignature).cloned();
        let key = self.key;
        let seal = seal::read(
            seal_bytes.as_deref(),
            seal_signature.as_deref(),
            key.as_ref(),
            |path| is_listed(&self.entries, path),
            &mut self.findings,
        );
        let genesis = self.genesis.take();
        if let Some(key) = &key {
            signer::check_names(key, genesis.as_ref(), seal.as_ref(), &mut self.findings);
            facts.signer = Some(key.fingerprint());
            facts.signer_trusted = signer::check_trust(key, &options.trust.keys, &mut self.findings);
        }
        self.check_bag(genesis.as_ref(), seal.as_ref());
        if let Some(seal) = &seal {
            self.check_seal(seal, genesis.as_ref(), before);
        }
        self.note_unread(genesis.is_some(), seal.is_some(), key.is_some());
        self.check_times(genesis.as_ref(), seal.as_ref(), seal_signature.as_deref(), options, facts);
        if let Some(genesis) = &genesis
            && (genesis.simulated || genesis::is_outside_cloud_table(genesis))
        {
            self.findings.say(
                Code::SimulatedData,
                "data/genesis.json#simulated",
                "simulated",
                &genesis.source.graph_url,
            );
        }
        self.state_facts(genesis.as_ref(), seal.as_ref(), facts);
        facts.seal_sha256 = seal_bytes.as_deref().map(SealDigest::of);
        genesis.zip(seal)
    }

    /// Holds the passes against each other and the service's counts against the records, where the package claims any of it.
    fn compare<R: Read + Seek>(&mut self, archive: &mut R, genesis: &Genesis, seal: &Seal) -> Result<(), VerifyError> {
        let has_counts = genesis.plan.kinds.iter().any(|kind| kind.sort() == Sort::Count);
        let claims_any = seal.second_pass.is_some() || !seal.reconciliation.is_empty();
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
        if !self.quick {
            let empty_head =
                self.identity.as_ref().map(|identity| (0, RecordDigest::from_bytes(*identity.digest.as_bytes())));
            let head = if self.chain.count() == 0 { empty_head } else { self.chain.head() };
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
            roots::check_streams(seal, genesis, &self.runs, &mut self.findings);
        }
        if let Some(genesis) = genesis
            && let Some(reason) = coverage::check(seal, genesis, &mut self.findings)
        {
            self.not_checked.insert(Step::Coverage, reason);
        }
    }

    fn check_times(
        &mut self,
        genesis: Option<&Genesis>,
        seal: Option<&Seal>,
        seal_signature: Option<&[u8]>,
        options: &Options<'_>,
        facts: &mut Facts,
    ) {
        let roots = &options.trust.timestamp_roots;
        let (of_genesis, of_seal) = (self.timestamps(false), self.timestamps(true));
        let genesis_tokens = genesis.map(|genesis| {
            let signature = self.kept.get(&Role::GenesisSignature).map(Vec::as_slice);
            let claimed = &genesis.timestamps;
            let stamped = Stamped { files: &of_genesis, signature, claimed, path: PackagePath::genesis_timestamp };
            timestamp::check(&stamped, roots, &mut self.findings)
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
            timestamp::check(&stamped, roots, &mut self.findings)
        });
        let (genesis_tokens, seal_tokens) = (genesis_tokens.unwrap_or_default(), seal_tokens.unwrap_or_default());
        self.times.check_tokens(&times(&genesis_tokens), seal, &times(&seal_tokens), &mut self.findings);
        if let Some(seal) = seal {
            check_before_seal(self.latest_finished.as_ref(), seal, &mut self.findings);
            if let Some(genesis) = genesis {
                check_genesis_before_seal(genesis, seal, &mut self.findings);
            }
        }
        facts.times.genesis_tokens = genesis_tokens.into_iter().map(|token| token.fact).collect();
        facts.times.seal_tokens = seal_tokens.into_iter().map(|token| token.fact).collect();
    }

    /// Names the steps that could not be carried out, and why.
    fn note_unread(&mut self, has_genesis: bool, has_seal: bool, has_key: bool) {
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
        if !has_genesis {
            let steps = [Step::Genesis, Step::Bag, Step::Pagination, Step::Coverage, Step::Timestamps, Step::TimeOrder];
            note(&steps, "there is no readable genesis");
        }
        if !has_seal {
            let steps =
                [Step::Seal, Step::Bag, Step::RootsAndCounts, Step::Coverage, Step::Timestamps, Step::TimeOrder];
            note(&steps, "there is no readable seal");
        }
        if !has_key {
            let steps = [Step::Seal, Step::Signer, Step::Genesis, Step::PageRecords, Step::Failures];
            note(&steps, "there is no usable key");
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
            facts.operator = Some(genesis.operator.clone());
            facts.simulated = Some(genesis.simulated || genesis::is_outside_cloud_table(genesis));
            facts.service = Some(genesis.source.graph_url.clone());
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

    /// Turns the container's faults into findings.
    fn take_faults(&mut self, faults: &[Fault]) {
        for fault in faults {
            let place = fault.name.as_deref().unwrap_or_default();
            let place = place.strip_prefix(&format!("{}/", self.top)).unwrap_or(place);
            let place = if place.is_empty() { format!("byte {}", fault.offset) } else { place.to_owned() };
            self.findings.say(code(fault.code), place, &fault.claimed, &fault.computed);
        }
    }

    /// Takes the faults of a whole archive, those not listed among them.
    fn take_all_faults(&mut self, faults: &Faults) {
        self.take_faults(faults.listed());
        for (kind, count) in faults.counts() {
            let listed = faults.listed().iter().filter(|fault| fault.code == *kind).count();
            let more = count.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
            self.findings.count(code(*kind), more);
        }
    }

    /// Takes the reason why reading stopped: a finding where the archive is at fault, an error where the machine is.
    fn take_stop(&mut self, error: ReadError) -> Result<(), VerifyError> {
        match error {
            ReadError::Unlocatable(faults) => {
                self.take_all_faults(&faults);
                for step in Step::ALL {
                    let reason = "the archive could not be followed to its end".to_owned();
                    self.not_checked.entry(step).or_insert(reason);
                }
                Ok(())
            }
            ReadError::Io(error) => Err(VerifyError::Io(error)),
            _ => Err(VerifyError::Changed),
        }
    }

    /// Says whether no page can have come before this package's first: its name has no volume.
    fn is_first_volume(&self) -> bool {
        let volume = self.top.rsplit_once("_v").map(|(_, digits)| digits);
        !volume.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn digest_of(&self, role: Role) -> Option<[u8; 32]> {
        self.entries.iter().find(|entry| entry.role == Some(role))?.digest
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

impl From<WorkerLost> for VerifyError {
    fn from(_: WorkerLost) -> Self {
        VerifyError::WorkerLost
    }
}

fn times(tokens: &[TokenSeen]) -> Vec<(String, crate::time::TsaTime)> {
    tokens.iter().filter(|token| token.is_sound).map(|token| (token.fact.path.clone(), token.time)).collect()
}

fn is_listed(entries: &[EntrySeen], path: &str) -> bool {
    entries.iter().any(|entry| entry.path == path)
}

/// How much of a file is kept: one byte more than can be right shows that it is not.
fn kept_len(role: Role) -> usize {
    let len = match role {
        Role::Bagit | Role::BagInfo | Role::SignerKey => budget::TAG_FILE_BYTES,
        Role::GenesisSignature | Role::SealSignature => budget::SIGNATURE_BYTES,
        _ => return usize::MAX,
    };
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// Returns the code of FORMAT §14 for a fault of the container; those that divide a code of FORMAT further fall back on it.
fn code(kind: FaultKind) -> Code {
    Code::from_text(kind.code()).unwrap_or(match kind {
        FaultKind::DataDescriptor | FaultKind::Zip64 => Code::ZipField,
        FaultKind::Directory | FaultKind::Order => Code::ZipCount,
        FaultKind::Overlap | FaultKind::UnlistedEntry => Code::ZipGap,
        _ => Code::ZipNotAnArchive,
    })
}
