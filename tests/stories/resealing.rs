//! Sealing is a function: the same pages, the same instant and the same tokens give the same bytes, so that anyone can seal again
//! and compare.
//!
//! At the level of the library, since the program reads a clock of its own.

use std::cell::Cell;
use std::io::Cursor;

use signhold::collect::plan;
use signhold::collect::restore::Restore;
use signhold::crypto::digest::GenesisDigest;
use signhold::crypto::secret::Secret;
use signhold::crypto::signature::{Fingerprint, Signer as _};
use signhold::crypto::timestamp::trust_roots_from_pem;
use signhold::format::decode;
use signhold::format::genesis::Genesis;
use signhold::format::identifier::AcquisitionId;
use signhold::format::parts::Tool;
use signhold::format::seal::{Run, Seal};
use signhold::keyring::{KeyFileError, OperatorKey};
use signhold::seal::package::{self, Contents, Place};
use signhold::seal::{SealError, TimestampAuthority};
use signhold::store::acquisition::AcquisitionFolder;
use signhold::store::matter::MatterFolder;
use signhold::tsa::TsaClient;
use signhold::verify::{Options, Outcome, Trust, verify};

use crate::opened::Opened;
use crate::service::{Matter, Service};

/// A finished acquisition, opened again.
struct Finished {
    folder: AcquisitionFolder,
    genesis: Genesis,
    key: OperatorKey,
    streams: Vec<Run>,
    tool: Tool,
}

impl Finished {
    fn open(matter: &Matter) -> Self {
        let opened = MatterFolder::open(matter.dir.as_ref()).unwrap();
        let id: AcquisitionId = opened.acquisitions().unwrap().pop().unwrap();
        let folder = opened.acquisition(&id).unwrap();
        let genesis: Genesis = decode(&folder.genesis).unwrap();
        let no_passphrase = || Err::<Secret, _>(KeyFileError::NoRandomness("not asked".to_owned()));
        let key = OperatorKey::load(&opened.key_path(), no_passphrase).unwrap();
        let public = key.public_key();
        let restore = std::cell::RefCell::new(Restore::new(&public, GenesisDigest::of(&folder.genesis)));
        let whole =
            |taken: Result<(), String>| taken.map_err(|reason| SealError::Damaged { part: String::new(), reason });
        folder
            .replay(
                folder.counts().unwrap(),
                |record, bytes, signature| whole(restore.borrow_mut().add_page(&record, bytes, signature)),
                |record, bytes, signature| whole(restore.borrow_mut().add_failure(&record, bytes, signature)),
            )
            .unwrap();
        let (_, table) = restore.into_inner().finish();
        let uncovered = plan::remaining(&genesis.plan, &table).unwrap();
        assert!(uncovered.is_empty());
        let streams = table.streams(&genesis, &uncovered);
        let tool = genesis.tool.clone();
        Self { folder, genesis, key, streams, tool }
    }

    /// Seals at this instant.
    fn seal(&self, now: &str, authorities: &[String], authority: &dyn TimestampAuthority) -> Vec<u8> {
        let contents = Contents {
            genesis: &self.genesis,
            genesis_bytes: &self.folder.genesis,
            genesis_signature: &self.folder.genesis_signature,
            certificates: None,
            timestamp_lists: None,
            genesis_timestamps: &self.folder.genesis_timestamps,
            place: Place::only(GenesisDigest::of(&self.folder.genesis), self.folder.counts().unwrap()),
            streams: &self.streams,
            second_pass: None,
            reconciliation: &[],
            run_log: &self.folder.run_log().unwrap(),
            operator_key: None,
            tool: &self.tool,
            now: now.parse().unwrap(),
            authorities,
        };
        package::write(&self.folder, &contents, &self.key, authority, Cursor::new(Vec::new())).unwrap().1.into_inner()
    }

    fn trust(&self) -> Vec<Fingerprint> {
        vec![self.key.public_key().fingerprint()]
    }
}

/// Must not be asked.
struct Nobody;

impl TimestampAuthority for Nobody {
    fn stamp(&self, url: &str, _: &[u8; 32]) -> Result<Vec<u8>, String> {
        Err(format!("`{url}` was asked"))
    }
}

/// Asks once, and keeps what it got where the program keeps it.
struct Keeping<'a> {
    folder: &'a AcquisitionFolder,
    client: TsaClient,
    asked: Cell<u64>,
}

impl TimestampAuthority for Keeping<'_> {
    fn stamp(&self, url: &str, imprint: &[u8; 32]) -> Result<Vec<u8>, String> {
        if let Some(token) = self.folder.kept_timestamp(url, imprint) {
            return Ok(token);
        }
        self.asked.set(self.asked.get() + 1);
        let token = self.client.stamp(url, imprint)?;
        self.folder.keep_timestamp(url, imprint, &token).map_err(|error| error.to_string())?;
        Ok(token)
    }
}

#[test]
fn the_same_acquisition_sealed_twice_is_the_same_package() {
    let service = Service::with(300, |settings| settings.faults = vec!["http-503@2".parse().unwrap()]);
    let matter = Matter::new();
    service.collect(&matter).without("--tsa-url").code(0);
    let finished = Finished::open(&matter);
    let sealed = Opened::read(&matter.package());
    let now = sealed.seal()["created"].as_str().unwrap().to_owned();
    let first = finished.seal(&now, &[], &Nobody);
    assert_eq!(first, finished.seal(&now, &[], &Nobody));
    // And it is the package the program made at that instant, byte for byte.
    assert!(first == std::fs::read(matter.package()).unwrap());
    let seal: Seal = decode(&sealed.files["seal/seal.json"]).unwrap();
    assert_eq!(seal.totals.failures, 1);
    // A millisecond later it is another one, as good.
    let last = if now.ends_with("9Z") { "8Z" } else { "9Z" };
    let later = finished.seal(&format!("{}{last}", &now[..now.len() - 2]), &[], &Nobody);
    assert!(later != first && later.len().abs_diff(first.len()) < 64);
    let trust = Trust { keys: finished.trust(), ..Trust::default() };
    for archive in [first, later] {
        let report = verify(Cursor::new(archive), &Options { trust: trust.clone(), ..Options::default() }).unwrap();
        assert_eq!(report.outcome, Outcome::Valid, "{:#?}", report.findings);
    }
}

#[test]
fn with_the_stamp_that_was_kept_it_is_still_the_same() {
    let service = Service::start(300);
    let matter = Matter::new();
    service.collect(&matter).code(0);
    let finished = Finished::open(&matter);
    let authorities = vec![service.server.tsa_url()];
    // The program kept the stamp of its seal: sealing again at the instant of that seal needs no authority.
    let sealed = std::fs::read(matter.package()).unwrap();
    let now = Opened::read(&matter.package()).seal()["created"].as_str().unwrap().to_owned();
    let ca = std::fs::read_to_string(&service.ca).unwrap();
    let keeping = Keeping { folder: &finished.folder, client: TsaClient::new(Some(&ca)).unwrap(), asked: Cell::new(0) };
    assert!(finished.seal(&now, &authorities, &keeping) == sealed);
    assert_eq!(keeping.asked.get(), 0);
    // At another instant one stamp is asked for, and then never again.
    let later = format!("{}{}Z", &now[..now.len() - 2], if now.ends_with("9Z") { 8 } else { 9 });
    let first = finished.seal(&later, &authorities, &keeping);
    assert!(first == finished.seal(&later, &authorities, &keeping));
    assert_eq!(keeping.asked.get(), 1);
    let roots = trust_roots_from_pem(&std::fs::read_to_string(&service.tsa_root).unwrap()).unwrap();
    let trust = Trust { keys: finished.trust(), timestamp_roots: roots, require_timestamp: true, ..Trust::default() };
    let report = verify(Cursor::new(first), &Options { trust, ..Options::default() }).unwrap();
    assert_eq!(report.outcome, Outcome::Valid, "{:#?}", report.findings);
}
