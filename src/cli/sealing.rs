//! From durable pages to a package under its name.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use zip::result::ZipError;

use super::error::CliError;
use super::gather::{Acquisition, not_before, tool};
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::collect::session::SessionEnd;
use crate::crypto::signature::Signer as _;
use crate::format::seal::Run;
use crate::keyring::OperatorKey;
use crate::seal::comparison::{self, PageIndex};
use crate::seal::package::{self, Contents, Sealed};
use crate::seal::{SealError, TimestampAuthority};
use crate::store::acquisition::AcquisitionFolder;
use crate::store::matter::MatterFolder;
use crate::store::package_file::PackageFile;
use crate::time::LocalTime;
use crate::tsa::TsaClient;

/// A package under its name, and what was noticed while sealing it.
pub(super) struct Outcome {
    pub(super) path: PathBuf,
    pub(super) sealed: Sealed,
    /// Identifiers of the collection's own sign-ins among the records.
    pub(super) own_sign_ins: Vec<String>,
    /// The runs that are passed by retention, each with the time of its last page.
    pub(super) passed_by_retention: Vec<(Run, LocalTime)>,
}

/// Seals an acquisition. Returns where the package lies.
pub(super) fn seal(
    matter: &MatterFolder,
    acquisition: &Acquisition,
    key: &OperatorKey,
    end: &SessionEnd,
    authorities: &[String],
    extra_roots: Option<&str>,
) -> Result<Outcome, CliError> {
    let folder = &acquisition.folder;
    let (page_count, failure_count) = folder.counts()?;
    let streams = end.table.streams(&acquisition.genesis, &end.uncovered);
    let path = matter.package_path(&package::identifier(&acquisition.genesis));
    let run_log = folder.run_log()?;
    let (index, latest) = page_index(folder, (page_count, failure_count))?;
    let created = acquisition.genesis.created;
    let now = not_before(latest.map_or(created, |latest| latest.max(created)), SystemClock::start().now())?;
    let second_pass = comparison::second_pass(folder, &index, &acquisition.genesis, &streams)?;
    let reconciliation = comparison::reconciliation(folder, &index, &acquisition.genesis, &streams)?;
    let own_sign_ins = comparison::own_sign_ins(folder, &index, &acquisition.genesis, &streams)?;
    let certificates = matter.certificates(&key.public_key())?;
    let tool = tool();
    let contents = Contents {
        genesis: &acquisition.genesis,
        genesis_bytes: &folder.genesis,
        genesis_signature: &folder.genesis_signature,
        certificates: certificates.as_ref(),
        genesis_timestamps: &folder.genesis_timestamps,
        page_count,
        failure_count,
        streams: &streams,
        second_pass: second_pass.as_ref(),
        reconciliation: &reconciliation,
        run_log: &run_log,
        tool: &tool,
        now,
        authorities,
    };
    let authority = Keeping { folder, client: TsaClient::new(extra_roots).map_err(CliError::machine)? };
    let mut file = PackageFile::create(&path)?;
    match package::write(folder, &contents, key, &authority, &mut file) {
        Ok((sealed, _)) => {
            file.publish()?;
            let passed_by_retention = end.table.passed_by_retention(&acquisition.genesis, &streams);
            Ok(Outcome { path, sealed, own_sign_ins, passed_by_retention })
        }
        Err(error) => {
            file.discard();
            Err(at(&path, error).into())
        }
    }
}

/// Finds which pages belong to which run, and the latest clock reading in anything signed.
fn page_index(folder: &AcquisitionFolder, counts: (u64, u64)) -> Result<(PageIndex, Option<LocalTime>), CliError> {
    let mut index = PageIndex::default();
    let latest = Cell::new(None);
    folder.replay(
        counts,
        |record, _, _| {
            latest.set(latest.get().max(Some(record.request.finished)));
            index.add(&record);
            Ok(())
        },
        |record, _, _| {
            latest.set(latest.get().max(Some(record.request.finished)));
            Ok(())
        },
    )?;
    Ok((index, latest.get()))
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
        self.folder.keep_timestamp(url, imprint, &token).map_err(|error| super::error::with_causes(&error))?;
        Ok(token)
    }
}
