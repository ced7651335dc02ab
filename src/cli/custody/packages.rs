//! What `init`, `collect` and `resume` put on record: that a ledger was opened, an acquisition ended, a package sealed.
//!
//! A package appears under its name before its event is written; a crash between the two leaves it unrecorded, and the next
//! `collect` or `resume` finds it so and writes what is missing. Doing so again changes nothing.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::chain::Chain;
use crate::cli::error::CliError;
use crate::cli::out;
use crate::cli::verify::open;
use crate::crypto::digest::{FileDigest, Hasher};
use crate::crypto::signature::Signer;
use crate::format::event::{Act, Actor, ActorRole, Collection, Opening, PackageName, Sealing};
use crate::format::identifier::PackageId;
use crate::store::FolderError;
use crate::store::matter::MatterFolder;
use crate::verify::{Facts, inspect};

/// A package as an event names it, and what it says of itself.
pub(super) struct Described {
    pub(super) name: PackageName,
    pub(super) facts: Facts,
}

/// Takes a package's digests. Nothing about it is verified.
pub(super) fn describe(path: &Path) -> Result<Described, CliError> {
    let facts = inspect(open(path)?)?;
    let (Some(package), Some(seal_sha256)) = (facts.package.clone(), facts.seal_sha256) else {
        return Err(CliError::request(format!("`{}` holds no package that can be read", path.display()))
            .hint("`signhold verify` says what is wrong with it"));
    };
    let (archive_sha256, byte_len) = file_digest(path)?;
    Ok(Described { name: PackageName { package, seal_sha256, archive_sha256, byte_len }, facts })
}

/// Digests a whole file.
pub(in crate::cli) fn file_digest(path: &Path) -> Result<(FileDigest, u64), CliError> {
    let io = |error| CliError::from(FolderError::io("read", path)(error));
    let mut file = File::open(path).map_err(io)?;
    let (mut hasher, mut buffer, mut byte_len) = (Hasher::default(), vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut buffer).map_err(io)?;
        if read == 0 {
            return Ok((FileDigest::from_bytes(hasher.finish()), byte_len));
        }
        hasher.update(&buffer[..read]);
        byte_len += read as u64;
    }
}

/// Writes the first event, unless there is one. The caller holds the matter's lock, or nobody else knows the folder yet.
pub(in crate::cli) fn open_ledger(matter: &MatterFolder, key: &dyn Signer) -> Result<(), CliError> {
    opened(matter, key).map(|_| ())
}

/// Says which packages of the matter are not on record in its ledger. The caller holds the matter's lock.
pub(in crate::cli) fn unrecorded(matter: &MatterFolder) -> Result<Vec<PackageId>, CliError> {
    let packages = matter.packages()?;
    if packages.is_empty() {
        return Ok(packages);
    }
    let chain = Chain::of_matter(matter, None)?;
    Ok(packages.into_iter().filter(|package| !chain.replay().is_on_record(package)).collect())
}

/// Puts every package on record that is not, and opens the ledger if need be. Returns those that were added. The caller holds the matter's lock.
pub(in crate::cli) fn record(matter: &MatterFolder, key: &dyn Signer) -> Result<Vec<PackageId>, CliError> {
    let mut chain = opened(matter, key)?;
    let mut added = Vec::new();
    for package in matter.packages()? {
        if !chain.replay().is_on_record(&package) && record_one(matter, &package, key, &mut chain)? {
            added.push(package);
        }
    }
    Ok(added)
}

fn opened(matter: &MatterFolder, key: &dyn Signer) -> Result<Chain, CliError> {
    let mut chain = Chain::of_matter(matter, None)?;
    if chain.replay().line_count() == 0 {
        let settings = matter.settings();
        let opening = Opening {
            title: settings.title.clone(),
            organisation: settings.organisation.clone(),
            authority: settings.authority.clone(),
        };
        chain.add(operator(matter), Vec::new(), Act::Opened(opening), key)?;
    }
    Ok(chain)
}

/// Records a package that this matter's key has made; another is named and left alone.
fn record_one(
    matter: &MatterFolder,
    package: &PackageId,
    key: &dyn Signer,
    chain: &mut Chain,
) -> Result<bool, CliError> {
    let path = matter.package_path(package);
    let Described { name, facts } = describe(&path)?;
    let own = key.public_key().fingerprint();
    let matter_id = facts.matter.as_ref().map(|matter| &matter.id);
    let (Some(acquisition), Some(genesis_sha256), Some(created), Some(signer)) =
        (facts.acquisition, facts.genesis_sha256, facts.times.seal_created, facts.signer)
    else {
        return Err(CliError::request(format!("`{}` holds no package that can be read", path.display()))
            .hint("`signhold verify` says what is wrong with it"));
    };
    if name.package != *package || facts.operator_key != Some(own) || matter_id != Some(&matter.settings().matter) {
        out::talk(&format!(
            "warning: `{}` is not a package that this matter's key has made, and is not put on record as sealed",
            path.display()
        ));
        return Ok(false);
    }
    if !chain.is_collected(&acquisition) {
        let collection = Collection {
            acquisition: acquisition.clone(),
            genesis_sha256,
            pages: facts.counts.pages,
            failures: facts.counts.failures,
        };
        chain.add(operator(matter), Vec::new(), Act::Collected(collection), key)?;
    }
    chain.add(operator(matter), vec![name], Act::Sealed(Sealing { acquisition, created, signer }), key)?;
    Ok(true)
}

fn operator(matter: &MatterFolder) -> Actor {
    let settings = matter.settings();
    Actor { name: settings.operator.clone(), role: ActorRole::Operator, organisation: settings.organisation.clone() }
}
