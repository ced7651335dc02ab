//! `collect --after`: the link to the collection before (FORMAT §9.5).
//!
//! The link is signed before anything is asked and never changes, so a package that could not be a member is refused here: one of
//! another matter or key, one that is damaged, one that is not the last volume.

use std::path::Path;

use super::error::CliError;
use super::gather::read_plan;
use super::out;
use super::verify::{MAX_THREADS, open};
use crate::crypto::digest::SealDigest;
use crate::crypto::signature::Signer;
use crate::format::genesis::Series;
use crate::format::identifier::AcquisitionId;
use crate::store::matter::MatterFolder;
use crate::verify::{Options, Outcome, Trust, verify};

/// Returns the place after `package`. The container, the signatures and the archive's digest are checked; pages are not read.
pub(super) fn after(package: &Path, matter: &MatterFolder, key: &dyn Signer) -> Result<Series, CliError> {
    let refused = |reason: String| {
        CliError::request(format!("`{}` cannot be gone on from: {reason}", package.display())).hint(format!(
            "name the last package of the collection before; `signhold verify --quick {}` says what is wrong with one",
            out::shell(package)
        ))
    };
    let fingerprint = key.public_key().fingerprint();
    let trust = Trust { keys: vec![fingerprint], ..Trust::default() };
    let options = Options { trust, threads: MAX_THREADS, quick: true, ..Options::default() };
    let report = verify(open(package)?, &options)?;
    let facts = &report.facts;
    if let Some(signer) = facts.operator_key.filter(|signer| *signer != fingerprint) {
        return Err(refused(format!("it was signed by key {signer}, this matter's is {fingerprint}")));
    }
    if report.outcome == Outcome::Invalid {
        let codes: Vec<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
        return Err(refused(format!("it failed a quick verification: {}", codes.join(", "))));
    }
    let (Some(named), Some(volume), Some(series), Some(seal_sha256)) =
        (&facts.matter, &facts.volume, &facts.series, facts.seal_sha256)
    else {
        return Err(refused("it holds no plan and seal that can be read".to_owned()));
    };
    if named.id != matter.settings().matter {
        return Err(refused(format!("it is of matter `{}`, this is `{}`", named.id, matter.settings().matter)));
    }
    if !volume.last {
        return Err(refused(format!("it is volume {}, and not the last of its collection", volume.number)));
    }
    if let Some(successor) = successor_of(seal_sha256, matter)? {
        return Err(CliError::request(format!(
            "acquisition {successor} goes on from `{}` already; a second one would fork the series, and a verifier would find it INVALID",
            package.display()
        ))
        .hint(format!(
            "go on from the package of {successor}; where that is not sealed, finish it first with `signhold resume {} {successor}`",
            out::shell(matter.root())
        )));
    }
    Ok(Series { number: series.number + 1, previous_seal: Some(seal_sha256) })
}

/// Finds an acquisition in the matter that is linked to this seal. Plans that cannot be read are `resume`'s to complain of.
fn successor_of(seal: SealDigest, matter: &MatterFolder) -> Result<Option<AcquisitionId>, CliError> {
    for id in matter.acquisitions()? {
        let genesis = read_plan(&matter.acquisition(&id)?, &id);
        if genesis.is_ok_and(|genesis| genesis.series.previous_seal == Some(seal)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
