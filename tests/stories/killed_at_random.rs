//! Killed again and again, at moments that nobody chose: what is sealed in the end is the truth all the same.
//!
//! A moment is a number of requests that the simulator has served, so nothing depends on how fast the machine is. Tokens and
//! time stamps count too: the program also dies while it signs in, and before its plan is durable. The numbers come from a seed
//! that stands in every complaint; `SIGNHOLD_KILL_SEED` sets another.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use signhold::simulate::Kind;

use crate::cli::Cli;
use crate::opened::Opened;
use crate::service::{Matter, Service, entries};

#[test]
fn killed_at_two_dozen_random_moments() {
    let seed = std::env::var("SIGNHOLD_KILL_SEED").map_or(SEED, |text| text.parse().expect("a seed is a number"));
    let mut dice = Dice(seed);
    // Short chains: one that was open when the program died is asked from its beginning again, and has to end some time.
    let service = Service::with(2000, |settings| settings.page_limit = 20);
    let matter = Matter::new();
    let kinds = KINDS.iter().flat_map(|kind| ["--kind", kind.name()]);
    let collect = service.collect(&matter).args(kinds).args(["--second-pass", "--window-hours", "1"]);
    let mut durable: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for kill in 1..=KILLS {
        let cli = if is_begun(&matter) { service.resume(&matter) } else { collect.clone() };
        let moment = service.server.requests_served() + dice.one_to(10);
        kill_at(&cli, &service, moment, &format!("seed {seed}, kill {kill}"));
        assert!(matter.packages().iter().all(|path| path.extension() == Some("partial".as_ref())), "seed {seed}");
        let now = bundles(&matter);
        for (path, bytes) in durable {
            assert_eq!(now.get(&path), Some(&bytes), "seed {seed}, kill {kill}: {} was durable", path.display());
        }
        durable = now;
    }
    assert!(!durable.is_empty(), "seed {seed}");
    service.resume(&matter).code(0);
    let package = matter.package();
    let opened = Opened::read(&package);
    for kind in KINDS {
        // Each window was read twice, so each record counts once in each pass.
        let twice: Vec<String> = service.truth(kind).into_iter().flat_map(|id| [id.clone(), id]).collect();
        assert_eq!(opened.counted(kind), twice, "seed {seed}, {}", kind.name());
    }
    let second = &opened.seal()["second_pass"];
    for difference in ["late", "changed", "vanished", "failed"] {
        assert_eq!(second[difference], 0, "seed {seed}: {second}");
    }
    service.verify(&matter, &package).stderr("").code(0);
}

/// Starts the program and kills it when so many requests were served.
#[track_caller]
fn kill_at(cli: &Cli, service: &Service, moment: u64, told: &str) {
    let mut running = cli.start();
    let began = Instant::now();
    while service.server.requests_served() < moment {
        assert!(running.is_alive(), "{told}: the program ended by itself: {}", running.end().0.stderr);
        assert!(began.elapsed() < Duration::from_mins(1), "{told}: the program asks for nothing");
        std::thread::yield_now();
    }
    running.kill();
}

/// Says whether a signed plan is durable; before that there is nothing to resume.
fn is_begun(matter: &Matter) -> bool {
    entries(&matter.path("acquisitions")).iter().any(|folder| folder.join("genesis.json").exists())
}

/// Every page and failure that lies there whole.
fn bundles(matter: &Matter) -> BTreeMap<PathBuf, Vec<u8>> {
    let folders = entries(&matter.path("acquisitions")).into_iter();
    let files = folders.flat_map(|folder| ["pages", "failures"].map(|name| entries(&folder.join(name)))).flatten();
    let whole = files.filter(|path| path.extension() == Some("zip".as_ref()));
    whole.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

/// A generator that is the same everywhere: SplitMix64.
struct Dice(u64);

impl Dice {
    fn one_to(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        1 + (mixed ^ (mixed >> 31)) % limit
    }
}

const KINDS: [Kind; 2] = [Kind::InteractiveUser, Kind::NonInteractiveUser];
const KILLS: u32 = 24;
const SEED: u64 = 20_261_122;
