//! Time: tokens that end while there is work left, and wall clocks that are set while pages come.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use signhold::crypto::secret::Secret;
use signhold::format::page::PageRecord;
use signhold::keyring::client_certificate::{CertificateFiles, ClientCertificate};
use signhold::simulate::Settings;
use signhold::source::auth::{CertificateKey, Credential};
use signhold::time::LocalTime;
use x509_cert::Certificate;
use x509_cert::der::{DecodePem as _, Encode as _};

use crate::bench::{Bench, FEDERATED_TOKEN, Setup};
use crate::for_all;
use crate::memory::{Faulty, Loss, Memory};
use crate::world::World;

/// A way to sign in, by name.
#[derive(Clone, Copy, Debug)]
enum Way {
    Certificate,
    FederatedToken,
    Secret,
}

const WAYS: [Way; 3] = [Way::Certificate, Way::FederatedToken, Way::Secret];

/// A published certificate's key.
struct Key(ClientCertificate);

impl CertificateKey for Key {
    fn certificates(&self) -> &[Vec<u8>] {
        self.0.certificates()
    }

    fn sign_ps256(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        self.0.sign_ps256(message)
    }
}

fn certificate() -> Credential {
    // A copy that only its owner can read; what was loaded outlives the file.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("certificate.pem");
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/client_certificate/chain-and-key.pem");
    std::fs::write(&path, std::fs::read(published).unwrap()).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let files = CertificateFiles { certificate: path, key: None };
    let loaded = ClientCertificate::load(&files, &Secret::new(String::new())).ok().unwrap();
    Credential::Certificate { key: Arc::new(Key(loaded)), send_chain: false }
}

fn registered(settings: &mut Settings) {
    let pem = include_bytes!("../vectors/client_certificate/certificate.pem");
    settings.client_certificate_der = Some(Certificate::from_pem(pem).unwrap().to_der().unwrap());
    settings.federated_tokens = vec![FEDERATED_TOKEN.to_owned()];
}

fn setup(way: Way, world: World) -> Setup {
    let mut setup = Setup::new(&[]);
    setup.change = registered;
    setup.world = Some(Arc::new(world));
    setup.credential = match way {
        Way::Certificate => certificate,
        Way::FederatedToken => || Credential::FederatedToken("federated.txt".into()),
        Way::Secret => setup.credential,
    };
    setup
}

#[test]
fn a_token_is_renewed_before_it_ends_however_long_pages_take() {
    // Tokens live 60 to 90 minutes. They are renewed at half their life, or, when that was missed, before the next request.
    let cases = WAYS.into_iter().flat_map(|way| [7, 50, 200].map(|minutes| (way, minutes)));
    for_all(cases.collect(), |(way, minutes)| {
        let bench = Bench::start(setup(way, World::moving(TimeDelta::minutes(minutes))));
        let memory = Memory::default();
        let end = bench.run(&memory, bench.nothing_yet(), 1);
        let (pages, failures) = memory.counts();
        let tokens = bench.server.requests_served() - bench.server.graph_requests();
        let told = format!("{tokens} tokens for {pages} pages, {failures} failures, stop {:?}", end.stop);
        if end.stop.is_some() || failures > 0 {
            return Err(told);
        }
        // A token serves between half an hour and an hour and a half; one that is renewed too often would be another fault.
        let lasted = i64::try_from(pages).unwrap() * minutes;
        let fewest = u64::try_from(lasted / 90).unwrap().min(pages);
        let most = u64::try_from(lasted / 30).unwrap().min(pages) + 1;
        if pages < 15 || !(fewest..=most).contains(&tokens) {
            return Err(format!("{told}; {fewest} to {most} were expected"));
        }
        bench.seal(&memory, &end).check(&bench, &BTreeSet::new())
    });
}

#[test]
fn refused_once_is_renewed_once_and_challenged_is_answered() {
    let cases = WAYS.into_iter().flat_map(|way| {
        ["expire-token@5", "http-401-expired@5", "http-401-lifetime@5", "claims-challenge@5"].map(|fault| (way, fault))
    });
    for_all(cases.collect(), |(way, fault)| {
        let mut setup = setup(way, World::moving(TimeDelta::seconds(1)));
        setup.faults = vec![fault.parse().unwrap()];
        let bench = Bench::start(setup);
        let memory = Memory::default();
        let end = bench.run(&memory, bench.nothing_yet(), 1);
        let tokens = bench.server.requests_served() - bench.server.graph_requests();
        let told = format!("{tokens} tokens, {:?}, stop {:?}", memory.counts(), end.stop);
        if end.stop.is_some() || tokens != 2 || memory.counts().1 != 1 {
            return Err(told);
        }
        bench.seal(&memory, &end).check(&bench, &BTreeSet::new())
    });
}

/// The readings in page records, in the order of the chain.
fn readings(records: &[PageRecord]) -> Vec<LocalTime> {
    records.iter().flat_map(|record| [record.request.started, record.request.finished]).collect()
}

#[test]
fn a_clock_set_by_a_day_between_pages_leaves_times_in_order() {
    let (zero, day) = (TimeDelta::zero(), TimeDelta::days(1));
    // Back, forward, and both in turn; every third page, or every page.
    let jumps = [vec![zero, -day], vec![zero, day], vec![zero, -day, day], vec![zero, day, -day, -day * 2]];
    let cases = (0..jumps.len()).flat_map(|jump| [(jump, 1), (jump, 3)]);
    for_all(cases.collect(), |(jump, every)| {
        let world = World::at(Utc::now(), TimeDelta::seconds(2), (every, jumps[jump].clone()));
        let bench = Bench::start(setup(Way::Secret, world));
        let memory = Memory::default();
        let end = bench.run(&memory, bench.nothing_yet(), 1);
        let records = memory.page_records();
        let times = readings(&records);
        if !times.is_sorted() {
            return Err(format!("{times:?}"));
        }
        // The other clock runs on, and tells whoever wants to know.
        let monotonic: Vec<u64> = records.iter().map(|record| record.request.monotonic_start_us).collect();
        if !monotonic.windows(2).all(|pair| pair[1] - pair[0] >= 2_000_000) {
            return Err(format!("{monotonic:?}"));
        }
        if end.stop.is_some() || memory.counts().1 > 0 {
            return Err(format!("{:?}, stop {:?}", memory.counts(), end.stop));
        }
        bench.seal(&memory, &end).check(&bench, &BTreeSet::new())
    });
}

#[test]
fn a_clock_set_while_nothing_runs_leaves_times_in_order() {
    // Ahead by a day, right, or back within what is tolerated: further back is refused, see `cli::gather`.
    for_all(vec![86_400, 0, -290], |seconds| {
        let began = Utc::now();
        let step = TimeDelta::milliseconds(10);
        let mut bench = Bench::start(setup(Way::Secret, World::at(began, step, (1, vec![TimeDelta::zero()]))));
        let memory = Memory::default();
        let end = bench.run(Faulty::new(&memory, 6, Loss::NotPersisted), bench.nothing_yet(), 1);
        if end.stop.is_none() {
            return Err("the first session should have stopped".to_owned());
        }
        let later = began + TimeDelta::minutes(1) + TimeDelta::seconds(seconds);
        let world = World::at(later, step, (1, vec![TimeDelta::zero()]));
        let signed = readings(&memory.page_records());
        world.go_on_from(*signed.last().unwrap());
        bench.set_clock(Arc::new(world));
        let end = bench.run(&memory, bench.restore(&memory), 1);
        let times = readings(&memory.page_records());
        if times.len() < 20 || !times.is_sorted() || end.stop.is_some() {
            return Err(format!("{times:?}, stop {:?}", end.stop));
        }
        bench.seal(&memory, &end).check(&bench, &BTreeSet::new())
    });
}
