//! The end of an acquisition's own key: the package is read back, then the key is destroyed (FORMAT §§6, 16).
//!
//! The order is the whole point. The package is durable under its name; it is read back and judged as a stranger would; only then is
//! the key overwritten and removed, and the run log says when. A crash between two steps leaves a key too long, never a package
//! without one; `resume` goes on from what lies there.

use std::fs::File;
use std::path::Path;

use super::error::{CliError, with_causes};
use super::gather;
use super::out;
use super::sealed::{is_sealed, sealed_volumes};
use super::sealing::{self, Outcome, SealedPackage};
use super::summary::CollectAnswer;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::crypto::digest::{GenesisDigest, SealDigest};
use crate::crypto::signature::PublicKey;
use crate::format::genesis::Genesis;
use crate::format::identifier::{AcquisitionId, PackageId};
use crate::format::path::{SEAL, SIGNER_KEY};
use crate::store::FolderError;
use crate::store::acquisition::AcquisitionFolder;
use crate::store::matter::MatterFolder;
use crate::time::LocalTime;
use crate::verify::{Options, Trust, verify_and_keep};

/// Reads back what was just sealed, every volume of it, and destroys the key. Returns when.
pub(super) fn after_sealing(
    folder: &AcquisitionFolder,
    genesis: &Genesis,
    packages: &[SealedPackage],
) -> Result<LocalTime, CliError> {
    for package in packages {
        let read = read_back(&package.path, folder, genesis)?;
        if read.seal_sha256 != package.seal_sha256 {
            return Err(kept(format!(
                "`{}` was read back with seal {}, and was written with {}",
                package.path.display(),
                read.seal_sha256,
                package.seal_sha256
            )));
        }
    }
    destroy(folder, genesis)
}

/// Ends what a crash after sealing left: the packages lie there, and so does the key.
pub(super) fn finish(matter: &MatterFolder, id: &AcquisitionId) -> Result<CollectAnswer, CliError> {
    let folder = matter.acquisition(id)?;
    let genesis = gather::read_plan(&folder, id)?;
    out::talk(&format!("acquisition {id} is sealed; its key still lies there and is destroyed now"));
    let first = matter.package_path(&PackageId::new(&matter.settings().matter, id, 1));
    let signer = read_back(&first, &folder, &genesis)?.signer;
    let sealed = sealed_volumes(matter, id, GenesisDigest::of(&folder.genesis), &signer)?;
    let packages: Vec<SealedPackage> = sealed.into_iter().map(SealedPackage::from).collect();
    let streams = packages.last().map(|package| package.seal.streams.clone()).unwrap_or_default();
    let own_sign_ins = sealing::own_sign_ins(&folder, &genesis, &streams)?;
    let passed_by_retention = gather::table_of(&folder, &signer)?.passed_by_retention(&genesis, &streams);
    let destroyed = after_sealing(&folder, &genesis, &packages)?;
    CollectAnswer::new(&genesis, Outcome { packages, own_sign_ins, passed_by_retention }, Some(destroyed))
        .ok_or_else(|| CliError::machine("nothing was sealed").hint("`resume` seals again"))
}

/// Destroys keys of acquisitions that never began, and names those of sealed ones.
pub(super) fn look_after_keys(matter: &MatterFolder) -> Result<(), CliError> {
    look_after_forgotten_keys(matter)?;
    for id in matter.acquisitions()? {
        if matter.has_key_of(&id) && is_sealed(matter, &id)? {
            let root = out::shell(matter.root());
            out::talk(&format!(
                "warning: acquisition {id} is sealed and its key still lies there; `signhold resume {root} {id}` destroys it"
            ));
        }
    }
    Ok(())
}

/// Destroys keys of acquisitions that never began.
pub(super) fn look_after_forgotten_keys(matter: &MatterFolder) -> Result<(), CliError> {
    for id in matter.destroy_forgotten_keys()? {
        out::talk(&format!("the key of acquisition {id}, which never began, was destroyed"));
    }
    Ok(())
}

/// What a package says that was read back.
struct ReadBack {
    seal_sha256: SealDigest,
    signer: PublicKey,
}

/// Reads a package from the disk and judges it, as somebody who trusts the operator's key.
fn read_back(path: &Path, folder: &AcquisitionFolder, genesis: &Genesis) -> Result<ReadBack, CliError> {
    let io = |error| CliError::from(FolderError::io("read", path)(error));
    let trust = Trust { keys: vec![genesis.keys.operator], ..Trust::default() };
    let file = File::open(path).map_err(io)?;
    let (report, package) = verify_and_keep(file, &Options { trust, ..Options::default() })?;
    let Some(mut package) = package else {
        let codes: Vec<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
        return Err(kept(format!("`{}` was read back and is INVALID: {}", path.display(), codes.join(", "))));
    };
    let computed = GenesisDigest::of(&folder.genesis);
    if report.facts.genesis_sha256 != Some(computed) {
        return Err(kept(format!("`{}` was read back and holds another plan than {computed}", path.display())));
    }
    let seal = package.read(SEAL).map_err(|error| CliError::machine(with_causes(&error)))?;
    let pem = package.read(SIGNER_KEY).map_err(|error| CliError::machine(with_causes(&error)))?;
    let signer = PublicKey::from_pem(&String::from_utf8_lossy(&pem)).map_err(|error| kept(error.to_string()))?;
    Ok(ReadBack { seal_sha256: SealDigest::of(&seal), signer })
}

/// Destroys the key and writes down when. The package is closed; the line stands in the folder's own log alone.
fn destroy(folder: &AcquisitionFolder, genesis: &Genesis) -> Result<LocalTime, CliError> {
    folder.destroy_key()?;
    let at = SystemClock::start().now();
    let line = serde_json::json!({"at": at, "event": "acquisition-key-destroyed", "fingerprint": genesis.keys.signer});
    // The log helps people; that the key is gone does not depend on it.
    let _ = folder.log(&line.to_string());
    Ok(at)
}

fn kept(message: String) -> CliError {
    CliError::machine(message).hint(
        "the key of the acquisition is kept; look with `signhold verify`, move the package away, and `resume` seals again",
    )
}
