//! The pass: one package, from its first byte to its last, to a report.
//!
//! One forward pass over one handle: what is hashed is what is judged. [`reading`] goes over the archive and hands pages and failures
//! to the workers, [`following`] follows what depends on order, [`conclusion`] holds everything that was seen against everything
//! that was claimed, [`faults`] turns the container's faults into findings.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::thread;

use sha2::{Digest as _, Sha512};

use crate::codec::zip::{Profile, ReadError, Reader};
use crate::crypto::digest::{ArchiveDigest, FileDigest, LeafHash};
use crate::format::genesis::Genesis;
use crate::format::seal::Seal;
use crate::verify::budget;
use crate::verify::checks::claimed::Claimed;
use crate::verify::checks::comparison::Bodies;
use crate::verify::checks::container::Role;
use crate::verify::checks::page_record::Chain;
use crate::verify::checks::pagination::Runs;
use crate::verify::checks::remote_address::RemoteAddresses;
use crate::verify::checks::volume;
use crate::verify::finding::{Findings, Step};
use crate::verify::frame::Frame;
use crate::verify::package::{Options, Renewal, VerifyError};
use crate::verify::verdict::{Counts, Facts, Outcome, Report, conclude, outcome};
use crate::verify::verified::Kept;
use crate::verify::workers::Crew;

mod conclusion;
pub(in crate::verify) mod faults;
mod following;
mod reading;

/// One file of the archive, as the pass met it.
#[derive(Clone, Debug)]
pub(in crate::verify) struct EntrySeen {
    /// Below the top directory; the whole name where it is not below it.
    pub(in crate::verify) path: String,
    pub(in crate::verify) role: Option<Role>,
    /// None until the file was read, and for good where it could not be.
    pub(in crate::verify) digest: Option<[u8; 32]>,
    pub(in crate::verify) byte_len: u64,
    pub(in crate::verify) header_offset: u64,
}

/// Everything seen so far.
#[derive(Default)]
pub(in crate::verify) struct Pass {
    quick: bool,
    /// Whether page records are read although nothing else of pages is.
    keeps_leaves: bool,
    pub(in crate::verify) top: String,
    pub(in crate::verify) entries: Vec<EntrySeen>,
    findings: Findings,
    /// Pages that a finding contradicts, once all findings are there.
    contradicted_pages: BTreeSet<u64>,
    not_checked: BTreeMap<Step, String>,
    /// Keys, plan and time stamps.
    frame: Frame,
    /// SHA-256 of the whole archive, once it was read to its end.
    archive_sha256: Option<FileDigest>,
    /// SHA-512 of the whole archive, where a renewal asks for it.
    whole: Option<Sha512>,
    /// Whether the pages so far have more elements than a package may; those after are not looked into.
    has_too_many_elements: bool,
    pub(in crate::verify) chain: Chain,
    /// The leaves of page records, by sequence.
    leaves: BTreeMap<u64, LeafHash>,
    pub(in crate::verify) runs: Runs,
    /// What page records say of counts, where nothing else of pages is read.
    claimed: Claimed,
    addresses: RemoteAddresses,
    /// Number of the first failure, and the page it came after.
    pub(in crate::verify) first_failure: Option<(u64, Option<u64>)>,
    pub(in crate::verify) last_failure: Option<(u64, u64)>,
    pub(in crate::verify) counts: Counts,
    pub(in crate::verify) bodies: Bodies,
    /// What both signed documents said, where they could be read.
    pub(in crate::verify) closing: Option<(Genesis, Seal)>,
    /// The outcome, if nothing were wanting but the other volumes.
    pub(in crate::verify) in_company: Option<Outcome>,
}

pub(in crate::verify) fn run<R: Read + Seek>(
    archive: &mut R,
    renewals: &[Renewal],
    options: &Options<'_>,
) -> Result<(Report, Pass), VerifyError> {
    let whole = (!renewals.is_empty()).then(Sha512::new);
    let mut pass = Pass { quick: options.quick, keeps_leaves: options.leaves, whole, ..Pass::default() };
    let mut facts = Facts { archive_byte_len: archive.seek(SeekFrom::End(0))?, ..Facts::default() };
    let before = match Reader::open(&mut *archive, budget::of_archive(facts.archive_byte_len), Profile::Deflated) {
        Ok(reader) => {
            pass.take_directory(&reader);
            thread::scope(|scope| pass.read(reader, Crew::new(options.threads, scope), options.progress))?
        }
        Err(error) => {
            pass.take_stop(error)?;
            None
        }
    };
    facts.archive_sha256 = pass.archive_sha256;
    if let Some((genesis, seal)) = pass.finish(before, renewals, options, &mut facts) {
        pass.compare(archive, &genesis, &seal)?;
        pass.in_company = Some(outcome(&pass.findings, &pass.not_checked));
        volume::check(&seal.volume, &mut pass.not_checked, &mut pass.findings);
        pass.closing = Some((genesis, seal));
    }
    let mut findings = std::mem::take(&mut pass.findings);
    pass.contradicted_pages = findings.take_contradicted_pages();
    let report = conclude(findings, &pass.not_checked, options.quick, facts);
    Ok((report, pass))
}

/// Length and digest of the archive before the seal.
type Before = Option<(u64, ArchiveDigest)>;

impl Pass {
    /// Hands over the top directory, the files below it, plan and seal; none where one of these could not be read.
    pub(in crate::verify) fn into_kept(self) -> Option<Kept> {
        let (genesis, seal) = self.closing?;
        let contradicted_pages = self.contradicted_pages;
        Some(Kept { entries: self.entries, leaves: self.leaves, contradicted_pages, genesis, seal })
    }

    fn take_stop(&mut self, error: ReadError) -> Result<(), VerifyError> {
        faults::take_stop(error, &self.top, &Step::ALL, &mut self.findings, &mut self.not_checked)
    }

    /// Says whether no page can have come before this package's first: its name has no volume.
    fn is_first_volume(&self) -> bool {
        let volume = self.top.rsplit_once("_v").map(|(_, digits)| digits);
        !volume.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    }

    pub(in crate::verify) fn digest_of(&self, role: Role) -> Option<[u8; 32]> {
        self.entries.iter().find(|entry| entry.role == Some(role))?.digest
    }
}

fn is_listed(entries: &[EntrySeen], path: &str) -> bool {
    entries.iter().any(|entry| entry.path == path)
}
