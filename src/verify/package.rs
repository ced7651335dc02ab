//! What a caller meets: whom to trust, how to verify, and the functions that do it.

use std::io::{Read, Seek};

use crate::crypto::certificate::{Authority, RevocationList};
use crate::crypto::signature::Fingerprint;
use crate::crypto::timestamp::TrustRoot;
use crate::time::LocalTime;
use crate::verify::ledger::ExpectedHead;
use crate::verify::pass;
use crate::verify::verdict::{Facts, Outcome, Report};
use crate::verify::verified::VerifiedPackage;
use crate::verify::workers::WorkerLost;

/// Whom the reader trusts. Nothing in a package can add to it.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys the reader had from elsewhere; neither key nor authority makes VALID impossible.
    pub keys: Vec<Fingerprint>,
    /// Certification authorities whose word the reader takes for whose key a key is.
    pub authorities: Vec<Authority>,
    /// Revocation lists for the certificates of a path to one of them, and of the paths of time stamps.
    pub revocation_lists: Vec<RevocationList>,
    /// Roots for time stamps.
    pub timestamp_roots: Vec<TrustRoot>,
    /// Policies under which a time stamp may have been made, as dotted object identifiers; none means any.
    pub timestamp_policies: Vec<String>,
    /// Whether a package without time stamps is INDETERMINATE.
    pub require_timestamp: bool,
    /// Keys of second persons, of whom [`Trust::countersignatures`] must have countersigned each package in the ledger.
    pub countersigners: Vec<Fingerprint>,
    /// How many of them; 0 for none.
    pub countersignatures: u64,
    /// Heads that the reader was given and that the ledger must hold.
    pub heads: Vec<ExpectedHead>,
}

/// A time stamp made anew over a whole package, kept outside it (FORMAT §11.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Where it stands, as findings name it.
    pub place: String,
    /// `TimeStampResp`s over one imprint, at least one.
    pub tokens: Vec<Vec<u8>>,
}

/// How to verify.
#[derive(Clone)]
pub struct Options<'a> {
    /// Whom to trust.
    pub trust: Trust,
    /// The instant as of which ends of validity are judged; without one they are not looked at.
    pub as_of: Option<LocalTime>,
    /// The package's renewals, oldest first; of several packages at once see [`crate::verify::verify_all`].
    pub renewals: Vec<Renewal>,
    /// How many threads inflate and hash; 1 means the caller's alone.
    pub threads: usize,
    /// Reads container digest, signatures of genesis and seal, and time stamps only. The outcome is never VALID then.
    pub quick: bool,
    /// Reads page records in a quick verification too, and nothing else of pages: for proofs, and for what they say of their counts.
    pub leaves: bool,
    /// Called with the number of archive bytes read so far.
    pub progress: Option<&'a dyn Fn(u64)>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            trust: Trust::default(),
            as_of: None,
            renewals: Vec::new(),
            threads: 2,
            quick: false,
            leaves: false,
            progress: None,
        }
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

/// Verifies a package.
///
/// # Errors
///
/// [`VerifyError`] where the machine failed; whatever is wrong with the evidence is in the report.
pub fn verify<R: Read + Seek>(mut archive: R, options: &Options<'_>) -> Result<Report, VerifyError> {
    pass::run(&mut archive, &options.renewals, options).map(|(report, _)| report)
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
    let (report, pass) = pass::run(&mut archive, &options.renewals, options)?;
    if report.outcome == Outcome::Invalid || options.quick {
        return Ok((report, None));
    }
    let kept = pass.into_kept().map(|kept| VerifiedPackage::new(archive, report.clone(), kept));
    Ok((report, kept))
}

/// Which packages are kept for making something of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admit {
    /// Those that are not INVALID.
    Accepted,
    /// Those also that are, as far as they can be read: what is made of them says so.
    DespiteFindings,
}

/// Verifies a package and keeps it for exhibits, reports and exports.
///
/// Other than [`verify_and_keep`], it keeps a package that was only looked at ([`Options::quick`]), whose pages the caller has to
/// prove, and, where the caller says so, one that is INVALID. [`VerifiedPackage::provenance`] says which it is.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_and_admit<R: Read + Seek>(
    mut archive: R,
    options: &Options<'_>,
    admit: Admit,
) -> Result<(Report, Option<VerifiedPackage<R>>), VerifyError> {
    let (report, pass) = pass::run(&mut archive, &options.renewals, options)?;
    if report.outcome == Outcome::Invalid && admit == Admit::Accepted {
        return Ok((report, None));
    }
    let kept = pass.into_kept().map(|kept| VerifiedPackage::new(archive, report.clone(), kept));
    Ok((report, kept))
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

impl From<WorkerLost> for VerifyError {
    fn from(_: WorkerLost) -> Self {
        VerifyError::WorkerLost
    }
}
