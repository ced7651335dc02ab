//! The volumes of an acquisition that are sealed already: what a crash between two volumes leaves (FORMAT §9.4).
//!
//! They stay as they are. What the first of them says of the whole acquisition is signed, so nothing more may be asked, and the
//! volumes that are still to be written repeat it.

use std::path::PathBuf;

use super::error::CliError;
use super::out;
use crate::crypto::digest::{GenesisDigest, SealDigest};
use crate::crypto::signature::{PublicKey, Signature};
use crate::format::decode;
use crate::format::identifier::{AcquisitionId, PackageId};
use crate::format::seal::Seal;
use crate::store::matter::MatterFolder;
use crate::store::package_file::read_seal;

/// One package that lies under its name.
pub(super) struct SealedVolume {
    pub(super) path: PathBuf,
    pub(super) seal: Seal,
    pub(super) seal_sha256: SealDigest,
    pub(super) byte_len: u64,
}

/// Says whether an acquisition has all its volumes. A package that cannot be read counts as one that closes it: nothing may be
/// written in its place.
pub(super) fn is_sealed(matter: &MatterFolder, id: &AcquisitionId) -> Result<bool, CliError> {
    let numbers = matter.volumes(id)?;
    let is_last = |number: u64| {
        let package = PackageId::new(&matter.settings().matter, id, number);
        let seal = read_seal(&matter.package_path(&package), package.as_str()).ok();
        seal.and_then(|(bytes, _)| decode::<Seal>(&bytes).ok()).is_none_or(|seal| seal.volume.last)
    };
    Ok(numbers.last().is_some_and(|number| is_last(*number)))
}

/// Reads the volumes that are sealed, in order, and checks that they belong to this plan and form one chain from the first on.
pub(super) fn sealed_volumes(
    matter: &MatterFolder,
    id: &AcquisitionId,
    genesis: GenesisDigest,
    key: &PublicKey,
) -> Result<Vec<SealedVolume>, CliError> {
    let mut volumes: Vec<SealedVolume> = Vec::new();
    for (expected, number) in (1_u64..).zip(matter.volumes(id)?) {
        let package = PackageId::new(&matter.settings().matter, id, number);
        let path = matter.package_path(&package);
        let refused = |reason: &str| {
            CliError::request(format!("`{}` cannot be gone on from: {reason}", path.display()))
                .hint("put back the packages as they were sealed; nothing was touched")
        };
        if number != expected {
            return Err(refused(&format!("volume {expected} of the same acquisition is not there")));
        }
        let (bytes, signature) = read_seal(&path, package.as_str())?;
        let is_signed = Signature::from_bytes(&signature).is_some_and(|signature| key.verify(&bytes, &signature));
        if !is_signed {
            return Err(refused("its seal was not signed by the key of this matter"));
        }
        let seal: Seal = decode(&bytes).map_err(|error| refused(&error.to_string()))?;
        let previous = volumes.last().map(|volume| volume.seal_sha256);
        let first_page = volumes.last().map_or(1, |volume| volume.seal.head.sequence + 1);
        let fits = seal.genesis.sha256 == genesis
            && (seal.volume.number, seal.volume.first_page) == (number, first_page)
            && seal.volume.previous_seal == previous;
        if !fits {
            return Err(refused("it is not the volume that follows the one before it"));
        }
        let byte_len = std::fs::metadata(&path).map_err(|error| refused(&error.to_string()))?.len();
        volumes.push(SealedVolume { path, seal, seal_sha256: SealDigest::of(&bytes), byte_len });
    }
    if !volumes.is_empty() {
        let count = out::counted(volumes.len() as u64, "volume");
        out::talk(&format!("{count} sealed already; nothing more is asked"));
    }
    Ok(volumes)
}
