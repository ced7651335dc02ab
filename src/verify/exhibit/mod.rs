//! An exhibit, from its first byte to its last, to a report (FORMAT §21.3): some records of a package, and what shows that they are
//! in it.
//!
//! Apart from the pass over a package because little of that can be done: there are no bodies, no bag, no chain. What there is of
//! the package (keys, plan, seal, stamps: [`crate::verify::frame`]; page records) is judged by the same checks. Nothing that whoever
//! cut the exhibit says is believed: leaves and places are computed from the bytes, sizes and roots come from signed documents.
//! [`role`] knows the files, [`statement`] holds the statement against them, [`proofs`] follows the paths, [`report`] is the answer.

mod proofs;
mod report;
mod role;
mod statement;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{Read, Seek, SeekFrom};

use sha2::{Digest as _, Sha256};

use crate::codec::zip::{Profile, RawEntry, Reader};
use crate::crypto::digest::{FileDigest, Hasher, SealDigest};
use crate::crypto::merkle::leaf_hash;
use crate::format::exhibit::{Exhibit, paths};
use crate::format::genesis::Genesis;
use crate::format::page::PageRecord;
use crate::format::path::PackagePath;
use crate::format::seal::Seal;
use crate::verify::budget;
use crate::verify::checks::claimed::{Claimed, Pages};
use crate::verify::checks::container::{Part, Role, check_counts, check_order};
use crate::verify::checks::page_stamp::PageStamp;
use crate::verify::checks::volume::Extent;
use crate::verify::checks::{page_record, seal, signer};
use crate::verify::exhibit::proofs::{PageSeen, RecordSeen, Sealed};
use crate::verify::exhibit::role::{ExhibitRole, Form};
use crate::verify::finding::{Code, Findings, Severity, Step};
use crate::verify::frame::{Closing, Frame, note_source};
use crate::verify::package::{Options, VerifyError};
use crate::verify::pass::faults::{take_all_faults, take_faults, take_stop};
use crate::verify::verdict::{Facts, Outcome};

pub use report::{ExhibitFacts, ExhibitReport, RecordFact};

/// Verifies an exhibit.
///
/// An exhibit is small and always checked whole: [`Options::quick`] is not looked at. Neither are [`Options::renewals`], which are over
/// the bytes of whole packages.
///
/// # Errors
///
/// [`VerifyError`] where the machine failed; whatever is wrong with the exhibit is in the report.
pub fn verify_exhibit<R: Read + Seek>(archive: R, options: &Options<'_>) -> Result<ExhibitReport, VerifyError> {
    run(archive, options, ExhibitPass::default()).map(|(report, _)| report)
}

/// What an exhibit holds, as it was read and judged.
#[derive(Clone, Debug)]
pub struct KeptExhibit {
    /// The statement.
    pub statement: Exhibit,
    /// The plan.
    pub genesis: Genesis,
    /// The seal.
    pub seal: Seal,
    /// The signed records of the pages, by sequence.
    pub pages: BTreeMap<u64, PageRecord>,
    /// The exact bytes of the records, by number.
    pub records: BTreeMap<u64, Vec<u8>>,
}

/// Verifies an exhibit and, unless it is INVALID, hands over what was judged. All records are in memory then.
///
/// # Errors
///
/// As [`verify_exhibit`].
pub fn verify_exhibit_and_keep<R: Read + Seek>(
    archive: R,
    options: &Options<'_>,
) -> Result<(ExhibitReport, Option<KeptExhibit>), VerifyError> {
    let (report, kept) = run(archive, options, ExhibitPass { keeps_records: true, ..ExhibitPass::default() })?;
    let kept = kept.filter(|_| report.outcome != Outcome::Invalid);
    Ok((report, kept))
}

fn run<R: Read + Seek>(
    mut archive: R,
    options: &Options<'_>,
    mut pass: ExhibitPass,
) -> Result<(ExhibitReport, Option<KeptExhibit>), VerifyError> {
    let archive_byte_len = archive.seek(SeekFrom::End(0))?;
    pass.facts.archive_byte_len = archive_byte_len;
    match Reader::open(&mut archive, budget::of_archive(archive_byte_len), Profile::Stored) {
        Ok(reader) => pass.read(reader, options.progress)?,
        Err(error) => take_stop(error, "", &Step::EXHIBIT, &mut pass.findings, &mut pass.not_checked)?,
    }
    let kept = pass.finish(options);
    Ok((report::conclude(pass.findings, &pass.not_checked, pass.facts), kept))
}

/// One file of the exhibit.
#[derive(Debug)]
struct FileSeen {
    /// Below the top directory; the whole name where it is not below it.
    path: String,
    role: Option<ExhibitRole>,
    /// None until the file was read, and for good where it could not be.
    digest: Option<[u8; 32]>,
    header_offset: u64,
}

/// Everything seen so far.
#[derive(Default)]
struct ExhibitPass {
    top: String,
    files: Vec<FileSeen>,
    findings: Findings,
    /// Findings about files of the package, named as there.
    of_package: Findings,
    not_checked: BTreeMap<Step, String>,
    facts: ExhibitFacts,
    /// The exhibit's own files that are kept whole.
    kept: BTreeMap<ExhibitRole, Vec<u8>>,
    statement: Option<Exhibit>,
    frame: Frame,
    records: BTreeMap<u64, RecordSeen>,
    pages: BTreeMap<u64, PageSeen>,
    /// What their signed records say of counts.
    claimed: Claimed,
    /// Whether records are kept for views of them.
    keeps_records: bool,
    kept_records: BTreeMap<u64, Vec<u8>>,
    kept_pages: BTreeMap<u64, PageRecord>,
    /// The page whose files are being read.
    under_way: Option<PageFiles>,
}

/// The files of one page, as far as an exhibit has them.
#[derive(Default)]
struct PageFiles {
    number: u64,
    record: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
    timestamp: Option<Vec<u8>>,
}

impl ExhibitPass {
    /// Goes over the whole archive.
    fn read<R: Read + Seek>(
        &mut self,
        mut reader: Reader<R>,
        progress: Option<&dyn Fn(u64)>,
    ) -> Result<(), VerifyError> {
        self.take_directory(&reader);
        let mut hasher = Hasher::default();
        let mut read_len: u64 = 0;
        let mut index: usize = 0;
        let stop = loop {
            let next = reader.next_entry(&mut |bytes| {
                read_len = read_len.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                hasher.update(bytes);
            });
            match next {
                None => break None,
                Some(Err(error)) => break Some(error),
                Some(Ok(raw)) => {
                    while self.files.get(index).is_some_and(|file| file.header_offset < raw.entry.header_offset) {
                        index = index.saturating_add(1);
                    }
                    self.take_entry(index, &raw);
                }
            }
            if let Some(progress) = progress {
                progress(read_len);
            }
        };
        self.flush();
        let finished = match stop {
            Some(error) => Err(error),
            None => reader.finish(&mut |bytes| hasher.update(bytes)),
        };
        match finished {
            Ok(faults) => {
                self.facts.archive_sha256 = Some(FileDigest::from_bytes(hasher.finish()));
                take_all_faults(&faults, &self.top, &mut self.findings);
                Ok(())
            }
            Err(error) => take_stop(error, &self.top, &Step::EXHIBIT, &mut self.findings, &mut self.not_checked),
        }
    }

    /// Takes over what the central directory lists.
    fn take_directory<R: Read + Seek>(&mut self, reader: &Reader<R>) {
        reader.top().clone_into(&mut self.top);
        let prefix = format!("{}/", self.top);
        let files = reader.entries().iter().map(|entry| {
            let path = entry.name.strip_prefix(&prefix).unwrap_or(&entry.name).to_owned();
            FileSeen { role: ExhibitRole::of(&path), path, digest: None, header_offset: entry.header_offset }
        });
        self.files = files.collect();
        let known: Vec<(ExhibitRole, &str)> =
            self.files.iter().filter_map(|file| Some((file.role?, file.path.as_str()))).collect();
        check_order(&known, &mut self.findings);
        let of_package: Vec<(Role, &str)> = known
            .iter()
            .filter_map(|(role, path)| match role {
                ExhibitRole::OfPackage(role) => Some((*role, *path)),
                _ => None,
            })
            .collect();
        check_counts(&of_package, &mut self.findings);
        for file in self.files.iter().filter(|file| file.role.is_none()) {
            self.findings.say(Code::ExhibitFileUnexpected, &file.path, &file.path, "one of the files of FORMAT §21.1");
        }
    }

    /// Reads one file: its digest is kept, its content where something is still to be done with it.
    fn take_entry(&mut self, index: usize, raw: &RawEntry) {
        let Some(file) = self.files.get_mut(index) else { return };
        let role = file.role;
        let limit = role.map_or(budget::OTHER_BYTES, ExhibitRole::byte_limit);
        let byte_len = u64::from(raw.entry.uncompressed_len);
        if byte_len > limit {
            self.findings.say(Code::ZipSizeCap, &file.path, byte_len.to_string(), format!("at most {limit}"));
            return;
        }
        let bytes = match raw.inflate() {
            Ok(bytes) => bytes,
            Err(fault) => {
                take_faults(&[fault], &self.top, &mut self.findings);
                return;
            }
        };
        file.digest = Some(Sha256::digest(&bytes).into());
        match role {
            Some(ExhibitRole::OfPackage(Role::Page(number, part))) => self.put(number, part, bytes),
            Some(ExhibitRole::OfPackage(role)) => self.keep(role, bytes),
            Some(ExhibitRole::Shown(number, Form::Record)) => {
                let seen = RecordSeen::of(&bytes, statement::shown(self.statement.as_ref(), number));
                self.records.entry(number).or_insert(seen);
                if self.keeps_records {
                    self.kept_records.entry(number).or_insert(bytes);
                }
            }
            Some(ExhibitRole::Statement) => {
                if self.statement.is_none() {
                    self.statement = statement::read(&bytes, &mut self.findings);
                }
                self.kept.entry(ExhibitRole::Statement).or_insert(bytes);
            }
            Some(role @ (ExhibitRole::Signature | ExhibitRole::ExhibitorKey | ExhibitRole::Manifest)) => {
                self.kept.entry(role).or_insert(bytes);
            }
            Some(ExhibitRole::Readme | ExhibitRole::List | ExhibitRole::Shown(_, Form::Readable)) | None => {}
        }
    }

    /// Keeps a file of the package, as much of it as can be right.
    fn keep(&mut self, role: Role, mut bytes: Vec<u8>) {
        let is_too_many = |number: u64| number > budget::TIMESTAMPS;
        if matches!(role, Role::GenesisTimestamp(number) | Role::SealTimestamp(number) if is_too_many(number)) {
            return;
        }
        bytes.truncate(role.kept_len());
        self.frame.kept.entry(role).or_insert(bytes);
    }

    /// Adds a file to the page under way, or begins the next.
    fn put(&mut self, number: u64, part: Part, bytes: Vec<u8>) {
        if self.under_way.as_ref().is_some_and(|page| page.number != number) {
            self.flush();
        }
        let page = self.under_way.get_or_insert_with(|| PageFiles { number, ..PageFiles::default() });
        match part {
            Part::Record => page.record = Some(bytes),
            Part::Signature => page.signature = Some(bytes),
            Part::Timestamp => page.timestamp = Some(bytes),
            Part::Body => {}
        }
    }

    /// Reads the page under way: its record, and what it says of requests and records.
    fn flush(&mut self) {
        let Some(PageFiles { number, record: Some(bytes), signature, timestamp }) = self.under_way.take() else {
            return;
        };
        self.begin();
        let mut own = Vec::new();
        let key = self.frame.keys.signer;
        let record = page_record::read(number, &bytes, signature.as_deref(), key.as_ref(), &mut own);
        let is_sound = own.is_empty() && signature.is_some() && key.is_some();
        for finding in own {
            self.of_package.add(finding);
        }
        let Some(record) = record else { return };
        let place = PackagePath::page_record(number);
        if record.sequence != number {
            let (claimed, computed) = (record.sequence.to_string(), number.to_string());
            self.of_package.say(Code::PageSequenceBroken, format!("{place}#sequence"), claimed, computed);
        }
        let findings = &mut self.of_package;
        self.frame.follow(place.as_str(), &record.acquisition, &record.genesis, &record.request, findings);
        self.frame.clocks.follow_answer(place.as_str(), &record.request, &record.response);
        let (attempt, latest) = (record.request.attempt, record.records.latest.as_deref());
        self.frame.clocks.follow_page(place.as_str(), &record.stream, attempt, latest);
        if let (Some(response), Some(signature)) = (timestamp, &signature) {
            let (imprint, finished) = (Sha256::digest(signature).into(), Some(record.request.finished));
            self.frame.keep_stamp(PageStamp { number, response, imprint, finished });
        }
        let is_sound = is_sound && record.sequence == number;
        if let Entry::Vacant(place) = self.pages.entry(number) {
            place.insert(PageSeen::new(&record, leaf_hash(&bytes), is_sound));
            // What the key did not sign contradicts nobody.
            if is_sound {
                self.claimed.add(&record);
            }
            if self.keeps_records {
                self.kept_pages.insert(number, record);
            }
        }
    }

    fn begin(&mut self) {
        let files = &self.files;
        self.frame.begin(|path| has_of_package(files, path), &mut self.of_package);
    }

    /// Holds everything that was seen against everything that was claimed.
    fn finish(&mut self, options: &Options<'_>) -> Option<KeptExhibit> {
        self.facts.file_count = u64::try_from(self.files.len()).unwrap_or(u64::MAX);
        if self.files.is_empty() {
            for step in Step::EXHIBIT.into_iter().filter(|step| *step != Step::ExhibitContainer) {
                self.not_checked.entry(step).or_insert_with(|| "the archive could not be followed".to_owned());
            }
            return None;
        }
        self.begin();
        let files = &self.files;
        let seal = self.frame.read_seal(|path| has_of_package(files, path), &mut self.of_package);
        let genesis = self.frame.genesis.take();
        self.check_documents(genesis.as_ref(), seal.as_ref(), options);
        self.note_unread(genesis.is_some(), seal.is_some());
        let statement = self.statement.take();
        self.check_files(statement.as_ref());
        self.check_statement(statement.as_ref(), genesis.as_ref(), seal.as_ref(), options);
        if let Some(statement) = &statement {
            // What nobody signed, or a key that contradicts the reader, proves no record.
            let signed = [Step::Seal, Step::Signer, Step::Genesis].map(|step| self.of_package.worst_of(step));
            let sealed = Sealed { seal: seal.as_ref(), is_sound: !signed.contains(&Some(Severity::Violation)) };
            self.facts.records = proofs::check(statement, &self.records, &self.pages, sealed, &mut self.findings);
            let counted = self.facts.records.iter().filter(|record| record.counted == Some(true)).count();
            let inside = seal.as_ref().zip(u64::try_from(counted).ok());
            self.facts.undisclosed_inside = inside.and_then(|(seal, shown)| seal.totals.inside.checked_sub(shown));
        }
        self.findings.take(std::mem::take(&mut self.of_package), paths::of_package);
        let (pages, records) = (std::mem::take(&mut self.kept_pages), std::mem::take(&mut self.kept_records));
        let (statement, genesis, seal) = (statement?, genesis?, seal?);
        self.keeps_records.then_some(KeptExhibit { statement, genesis, seal, pages, records })
    }

    /// Judges what comes from the package as a package's is judged.
    fn check_documents(&mut self, genesis: Option<&Genesis>, seal: Option<&Seal>, options: &Options<'_>) {
        let findings = &mut self.of_package;
        let mut facts = Facts::default();
        signer::check_names(&self.frame.keys, genesis, seal, findings);
        if let Some(seal) = seal {
            seal::check_statements(seal, genesis, seal.package.as_str(), None, None, findings);
            self.frame.check_seal_names(seal, genesis, findings);
            self.claimed.check(seal, Pages::Some, findings);
        }
        let closing = Closing { genesis, seal, extent: Extent::Part, renewals: &[], archive: None };
        self.frame.check_times(&closing, options, findings, &mut facts.times);
        self.frame.check_signer(seal, &options.trust, findings, &mut facts);
        if let Some(genesis) = genesis {
            note_source(genesis, findings);
        }
        self.frame.state_facts(genesis, seal, &mut facts);
        facts.seal_sha256 = self.frame.kept.get(&Role::Seal).map(|bytes| SealDigest::of(bytes));
        self.facts.take(facts);
    }

    /// Names the steps that could not be carried out, and why.
    fn note_unread(&mut self, has_genesis: bool, has_seal: bool) {
        let keys = self.frame.keys;
        let unread: [(bool, &[Step], &str); 5] = [
            (
                self.statement.is_none(),
                &[Step::ExhibitContainer, Step::ExhibitStatement, Step::ExhibitRecords, Step::ExhibitPages],
                "there is no readable statement",
            ),
            (!has_genesis, &[Step::Genesis, Step::Timestamps, Step::TimeOrder], "there is no readable genesis"),
            (
                !has_seal,
                &[Step::Seal, Step::Timestamps, Step::TimeOrder, Step::ExhibitStatement, Step::ExhibitPages],
                "there is no readable seal",
            ),
            (keys.signer.is_none(), &[Step::Seal, Step::Signer, Step::ExhibitPages], "there is no usable key"),
            (keys.operator.is_none(), &[Step::Signer, Step::Genesis], "there is no usable key"),
        ];
        for (_, steps, reason) in unread.into_iter().filter(|(is_unread, ..)| *is_unread) {
            for step in steps {
                self.not_checked.entry(*step).or_insert_with(|| reason.to_owned());
            }
        }
    }
}

/// Says whether the exhibit has the file that the package has at `path`.
fn has_of_package(files: &[FileSeen], path: &str) -> bool {
    files.iter().any(|file| file.path.strip_prefix(paths::PACKAGE) == Some(path))
}
