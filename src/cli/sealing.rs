//! From durable pages to packages under their names: one, or as many volumes as are needed (FORMAT §9.4).

use std::path::{Path, PathBuf};

use zip::result::ZipError;

use super::error::{CliError, with_causes};
use super::gather::{Acquisition, not_before, tool};
use super::out;
use super::revocation;
use super::sealed::SealedVolume;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::collect::session::SessionEnd;
use crate::crypto::digest::{GenesisDigest, SealDigest};
use crate::crypto::signature::Signer;
use crate::exhibit::index::{IndexWriter, MAGIC};
use crate::format::genesis::Genesis;
use crate::format::seal::{Reconciliation, Run, Seal, SecondPass};
use crate::seal::comparison::{self, PageIndex};
use crate::seal::package::{self, Contents, Place};
use crate::seal::volumes::{self, FailureLoad, Limits, Load};
use crate::seal::{PartSource as _, SealError, TimestampAuthority};
use crate::store::acquisition::AcquisitionFolder;
use crate::store::index_file::{self, IndexFile};
use crate::store::matter::MatterFolder;
use crate::store::package_file::PackageFile;
use crate::time::LocalTime;
use crate::tsa::TsaClient;

/// The packages under their names, and what was noticed while sealing them.
pub(super) struct Outcome {
    /// By volume number; those sealed before among them.
    pub(super) packages: Vec<SealedPackage>,
    /// Identifiers of the collection's own sign-ins among the records.
    pub(super) own_sign_ins: Vec<String>,
    /// The runs that are passed by retention, each with the time of its last page.
    pub(super) passed_by_retention: Vec<(Run, LocalTime)>,
}

/// One package under its name.
pub(super) struct SealedPackage {
    pub(super) path: PathBuf,
    pub(super) seal: Seal,
    pub(super) seal_sha256: SealDigest,
    pub(super) byte_len: u64,
}

/// How to seal.
pub(super) struct Sealing<'a> {
    pub(super) key: &'a dyn Signer,
    pub(super) authorities: &'a [String],
    pub(super) extra_roots: Option<&'a str>,
    /// Pages in a volume at most.
    pub(super) volume_pages: u64,
}

/// Seals an acquisition, going on behind the volumes that are sealed already. Returns where the packages lie.
pub(super) fn seal(
    matter: &MatterFolder,
    acquisition: &Acquisition,
    end: &SessionEnd,
    sealed: Vec<SealedVolume>,
    how: &Sealing<'_>,
) -> Result<Outcome, CliError> {
    let (folder, genesis) = (&acquisition.folder, &acquisition.genesis);
    let run_log = folder.run_log()?;
    let survey = Survey::take(folder)?;
    let whole = match sealed.first() {
        Some(first) => Whole::signed(&first.seal, &survey)?,
        None => Whole::compute(acquisition, end, &survey.index)?,
    };
    let own_sign_ins = comparison::own_sign_ins(folder, &survey.index, genesis, &whole.streams)?;
    let passed_by_retention = end.table.passed_by_retention(genesis, &whole.streams);
    let certificates = matter.certificates(&acquisition.operator_key.unwrap_or(how.key.public_key()))?;
    // No clock reading that is signed already lies ahead of the seal.
    let signed = sealed.iter().map(|volume| volume.seal.created).chain(survey.latest);
    let latest = signed.fold(genesis.created, LocalTime::max);
    let genesis_sha256 = GenesisDigest::of(&folder.genesis);
    let mut packages: Vec<SealedPackage> = sealed.into_iter().map(SealedPackage::from).collect();
    let authority = Keeping { folder, client: TsaClient::new(how.extra_roots).map_err(CliError::machine)? };
    let timestamp_lists = revocation::lists(folder, &authority.client)?;
    let lists_byte_len = timestamp_lists.as_ref().map_or(0, String::len) as u64;
    let loose = (folder.genesis.len() + run_log.len()) as u64 + lists_byte_len;
    let cuts = survey.cut(&packages, Limits::new(how.volume_pages, loose))?;
    let (tool, count) = (tool(), cuts.len());
    for (index, cut) in cuts.into_iter().enumerate() {
        let place = match packages.last() {
            Some(before) => Place::after(&before.seal, before.seal_sha256, cut),
            None => Place::first(genesis_sha256, cut),
        };
        let contents = Contents {
            genesis,
            genesis_bytes: &folder.genesis,
            genesis_signature: &folder.genesis_signature,
            certificates: certificates.as_ref(),
            timestamp_lists: timestamp_lists.as_deref(),
            genesis_timestamps: &folder.genesis_timestamps,
            place: Place { last: index + 1 == count, ..place },
            streams: &whole.streams,
            second_pass: whole.second_pass.as_ref(),
            reconciliation: &whole.reconciliation,
            run_log: &run_log,
            operator_key: acquisition.operator_key.as_ref(),
            tool: &tool,
            now: not_before(latest, SystemClock::start().now())?,
            authorities: how.authorities,
        };
        let path = matter.package_path(&package::identifier(genesis, place.number));
        packages.push(write(folder, &contents, how.key, &authority, path)?);
    }
    Ok(Outcome { packages, own_sign_ins, passed_by_retention })
}

/// Finds the collection's own sign-ins among the records of an acquisition that was sealed.
pub(super) fn own_sign_ins(
    folder: &AcquisitionFolder,
    genesis: &Genesis,
    streams: &[Run],
) -> Result<Vec<String>, CliError> {
    Ok(comparison::own_sign_ins(folder, &Survey::take(folder)?.index, genesis, streams)?)
}

fn write(
    folder: &AcquisitionFolder,
    contents: &Contents<'_>,
    key: &dyn Signer,
    authority: &Keeping<'_>,
    path: PathBuf,
) -> Result<SealedPackage, CliError> {
    let mut file = PackageFile::create(&path)?;
    match package::write(folder, contents, key, authority, &mut file) {
        Ok((sealed, _)) => {
            file.publish()?;
            let package::Sealed { seal, seal_sha256, byte_len } = sealed;
            leave_index(folder, &path, &seal, seal_sha256);
            Ok(SealedPackage { path, seal, seal_sha256, byte_len })
        }
        Err(error) => {
            file.discard();
            Err(at(&path, error).into())
        }
    }
}

/// Leaves beside a package where its records are. The package is sealed and whole without it: what goes wrong is said, and nothing more.
fn leave_index(folder: &AcquisitionFolder, package: &Path, seal: &Seal, seal_sha256: SealDigest) {
    let written = (|| {
        let failed = |error: SealError| std::io::Error::other(with_causes(&error));
        let mut file = IndexFile::create(package, MAGIC)?;
        let mut index = IndexWriter::new(&mut file, seal_sha256)?;
        for sequence in (seal.volume.first_page..).take(usize::try_from(seal.totals.pages).unwrap_or_default()) {
            let prefixes = folder.prefixes(sequence).map_err(failed)?;
            let missing = || std::io::Error::other(format!("page {sequence} was stored without its identifiers"));
            index.page(sequence, &prefixes.ok_or_else(missing)?)?;
        }
        index.finish()?;
        file.publish()
    })();
    if let Err(error) = written {
        out::talk(&format!("no index was left at {}: {error}", index_file::path_of(package).display()));
    }
}

impl From<SealedVolume> for SealedPackage {
    fn from(volume: SealedVolume) -> Self {
        let SealedVolume { path, seal, seal_sha256, byte_len } = volume;
        Self { path, seal, seal_sha256, byte_len }
    }
}

/// What every volume says of the whole acquisition.
struct Whole {
    streams: Vec<Run>,
    second_pass: Option<SecondPass>,
    reconciliation: Vec<Reconciliation>,
}

impl Whole {
    fn compute(acquisition: &Acquisition, end: &SessionEnd, index: &PageIndex) -> Result<Self, SealError> {
        let (folder, genesis) = (&acquisition.folder, &acquisition.genesis);
        let streams = end.table.streams(genesis, &end.uncovered);
        let second_pass = comparison::second_pass(folder, index, genesis, &streams)?;
        let reconciliation = comparison::reconciliation(folder, index, genesis, &streams)?;
        Ok(Self { streams, second_pass, reconciliation })
    }

    /// Takes what a volume has signed already, if it still speaks of the pages that are there.
    fn signed(seal: &Seal, survey: &Survey) -> Result<Self, SealError> {
        let pages: u64 = seal.streams.iter().map(|run| run.pages).sum();
        if pages != survey.pages.len() as u64 {
            return Err(SealError::Damaged {
                part: "pages".to_owned(),
                reason: format!("{} are there; the volumes sealed before speak of {pages}", survey.pages.len()),
            });
        }
        let (streams, second_pass) = (seal.streams.clone(), seal.second_pass.clone());
        Ok(Self { streams, second_pass, reconciliation: seal.reconciliation.clone() })
    }
}

/// What one look at everything durable shows.
#[derive(Default)]
struct Survey {
    /// Which pages belong to which run.
    index: PageIndex,
    pages: Vec<Load>,
    failures: Vec<FailureLoad>,
    /// The latest clock reading in anything signed.
    latest: Option<LocalTime>,
}

impl Survey {
    fn take(folder: &AcquisitionFolder) -> Result<Self, CliError> {
        let counts = folder.counts()?;
        let survey = std::cell::RefCell::new(Self::default());
        folder.replay(
            counts,
            |record, _, _| {
                let mut survey = survey.borrow_mut();
                survey.latest = survey.latest.max(Some(record.request.finished));
                survey.index.add(&record);
                Ok(())
            },
            |record, _, _| {
                let mut survey = survey.borrow_mut();
                survey.latest = survey.latest.max(Some(record.request.finished));
                let load = Load { entries: 2 + u64::from(record.body.is_some()), byte_len: 0 };
                survey.failures.push(FailureLoad { after_page: record.after_page, load });
                Ok(())
            },
        )?;
        let mut survey = survey.into_inner();
        for sequence in 1..=counts.0 {
            let stamp_byte_len = folder.page_timestamp(sequence)?.map(|token| token.len() as u64);
            survey.pages.push(Load {
                entries: 3 + u64::from(stamp_byte_len.is_some()),
                byte_len: folder.page_byte_len(sequence)? + stamp_byte_len.unwrap_or_default(),
            });
        }
        for (sequence, failure) in (1..).zip(&mut survey.failures) {
            failure.load.byte_len = folder.failure_byte_len(sequence)?;
        }
        Ok(survey)
    }

    /// Cuts what is not sealed yet into volumes.
    fn cut(&self, sealed: &[SealedPackage], limits: Limits) -> Result<Vec<volumes::Cut>, SealError> {
        let page = sealed.last().map_or(0, |package| package.seal.head.sequence);
        let failure: u64 = sealed.iter().map(|package| package.seal.totals.failures).sum();
        let behind = |count: u64, len: usize| usize::try_from(count).unwrap_or(usize::MAX).min(len);
        let pages = self.pages.get(behind(page, self.pages.len())..).unwrap_or_default();
        let failures = self.failures.get(behind(failure, self.failures.len())..).unwrap_or_default();
        volumes::cut((page + 1, failure + 1), pages, failures, limits)
    }
}

/// Sealing knows no path; says which file could not be written.
fn at(path: &Path, error: SealError) -> SealError {
    let is_id = |named: &str| path.file_stem().is_some_and(|stem| stem == named);
    match error {
        SealError::Io { path: named, source } if is_id(&named) => {
            SealError::Io { path: path.display().to_string(), source }
        }
        SealError::Zip(ZipError::Io(source)) => SealError::Io { path: path.display().to_string(), source },
        error => error,
    }
}

/// Keeps every token it gets, and gives it again for the same imprint: sealing twice at one instant gives the same bytes.
struct Keeping<'a> {
    folder: &'a AcquisitionFolder,
    client: TsaClient,
}

impl TimestampAuthority for Keeping<'_> {
    fn stamp(&self, url: &str, imprint: &[u8; 32]) -> Result<Vec<u8>, String> {
        if let Some(token) = self.folder.kept_timestamp(url, imprint) {
            return Ok(token);
        }
        let token = self.client.stamp(url, imprint)?;
        self.folder.keep_timestamp(url, imprint, &token).map_err(|error| with_causes(&error))?;
        Ok(token)
    }
}
