//! What a case is run on: a server of its own, a signed plan, and sessions over it until there is a package.

use std::io::Cursor;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use signhold::clock::SystemClock;
use signhold::collect::chain::{Chain, Head};
use signhold::collect::session::{Outside, Session, SessionEnd};
use signhold::collect::table::RunTable;
use signhold::collect::{Answer, Clock, Event, LogSource, NoToken, Observer, Pace, PageStore, plan};
use signhold::crypto::digest::{GenesisDigest, RecordDigest};
use signhold::crypto::secret::Secret;
use signhold::crypto::signature::Signer as _;
use signhold::format::genesis::{Genesis, GenesisType, Host, Keys, Matter, Plan, Retention, Series, Source};
use signhold::format::identifier::AcquisitionId;
use signhold::format::kind::Kind;
use signhold::format::line::Line;
use signhold::format::parts::{GenesisReference, Timestamps, Tool};
use signhold::format::{FORMAT_VERSION, encode};
use signhold::keyring::OperatorKey;
use signhold::seal::comparison::{self, PageIndex};
use signhold::seal::package::{self, Contents, Place};
use signhold::seal::{PartSource, TimestampAuthority};
use signhold::simulate::{
    CLIENT_ID, CLIENT_SECRET, Expectation, Fault, FaultName, Server, Settings, TENANT_ID, Transport,
};
use signhold::source::auth::{Application, Credential, Machine, Surroundings, TokenSource};
use signhold::source::cloud::{Cloud, Endpoints};
use signhold::source::graph::GraphSource;
use signhold::source::http::{HttpClient, HttpSettings};
use signhold::time::{Bound, LocalTime};

use crate::judged::Judged;
use crate::memory::Memory;
use crate::world::World;

/// Two kinds suffice to have windows side by side.
pub(crate) const KINDS: [(Kind, signhold::simulate::Kind); 2] = [
    (Kind::InteractiveUser, signhold::simulate::Kind::InteractiveUser),
    (Kind::NonInteractiveUser, signhold::simulate::Kind::NonInteractiveUser),
];

/// A server with faults, and a plan for it.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) genesis: Genesis,
    pub(crate) bytes: Vec<u8>,
    pub(crate) key: OperatorKey,
    pub(crate) pace: Arc<Impatient>,
    reference: GenesisReference,
    http: &'static HttpClient,
    tokens: TokenSource,
    endpoints: Endpoints,
    clock: Arc<Wall>,
}

/// A clock on the wall, put forward an hour with every request for the log where the service's retention moves so.
struct Wall {
    inner: Arc<dyn Clock>,
    leaps: bool,
    hours: AtomicI64,
}

impl Clock for Wall {
    fn now(&self) -> LocalTime {
        let leapt = TimeDelta::hours(self.hours.load(Ordering::SeqCst));
        LocalTime::new(self.inner.now().to_datetime() + leapt)
    }

    fn monotonic_us(&self) -> u64 {
        self.inner.monotonic_us()
    }
}

/// The log service, asked with an eye on the clock.
struct Watched<'a> {
    source: GraphSource<'a>,
    wall: &'a Wall,
}

impl LogSource for Watched<'_> {
    fn get(&self, url: &str, client_request_id: &str) -> Answer {
        if self.wall.leaps {
            self.wall.hours.fetch_add(1, Ordering::SeqCst);
        }
        self.source.get(url, client_request_id)
    }

    fn authorize(&self) -> Result<(), NoToken> {
        self.source.authorize()
    }

    fn renew(&self, began_us: u64, claims: Option<&str>) -> Result<(), NoToken> {
        self.source.renew(began_us, claims)
    }

    fn serves(&self, url: &str) -> bool {
        self.source.serves(url)
    }
}

/// What a bench is set up with.
pub(crate) struct Setup {
    pub(crate) faults: Vec<Fault>,
    pub(crate) second_pass: bool,
    pub(crate) window_hours: u64,
    /// How long before now the window of one day ends.
    pub(crate) age: TimeDelta,
    pub(crate) change: fn(&mut Settings),
    /// How the application shows who it is.
    pub(crate) credential: fn() -> Credential,
    /// A time of its own, in which pages take as long as it says.
    pub(crate) world: Option<Arc<World>>,
}

impl Setup {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let passes = faults.iter().any(|fault| fault.expectation() == Expectation::RetentionPasses);
        // The window then begins where retention ends, which moves through it.
        let age = if passes { TimeDelta::days(RETENTION_DAYS - 1) } else { TimeDelta::minutes(30) };
        Self {
            faults: faults.to_vec(),
            second_pass: faults.iter().any(|fault| crate::shows_in_second_pass(fault.name)),
            window_hours: 12,
            age,
            change: |_| {},
            credential: || Credential::ClientSecret(Secret::new(CLIENT_SECRET.to_owned())),
            world: None,
        }
    }
}

impl Bench {
    /// Starts the server and signs the plan. None when no token is to be had.
    pub(crate) fn start(setup: Setup) -> Self {
        let now = DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap();
        let mut settings = Settings::new(7, 200, now);
        settings.days = 2;
        settings.page_limit = 3;
        settings.transport = Transport::Http;
        let leaps = setup.faults.iter().any(|fault| fault.expectation() == Expectation::RetentionPasses);
        if leaps {
            settings.days = 31;
            settings.records = 1_200;
        }
        let stalls = setup.faults.iter().any(|fault| fault.name == FaultName::Stall);
        let http = if stalls { &*IMPATIENT } else { &*PATIENT };
        settings.faults = setup.faults;
        (setup.change)(&mut settings);
        if let Some(world) = &setup.world {
            settings.present = Some(world.present(now));
        }
        let server = Server::start(settings).unwrap();
        let endpoints = Endpoints::new(Cloud::Global, Some(&server.graph_url()), Some(&server.login_url())).unwrap();
        let inner: Arc<dyn Clock> = match &setup.world {
            Some(world) => Arc::clone(world) as Arc<dyn Clock>,
            None => Arc::new(SystemClock::start()),
        };
        let clock = Arc::new(Wall { inner, leaps, hours: AtomicI64::new(0) });
        let pace = Arc::new(Impatient { world: setup.world.clone(), ..Impatient::default() });
        let application = Application {
            tenant: Some(TENANT_ID.to_owned()),
            client_id: Some(CLIENT_ID.to_owned()),
            credential: (setup.credential)(),
        };
        let surroundings =
            Surroundings { clock: clock.clone(), machine: Arc::new(Hands::default()), pace: pace.clone() };
        let tokens = TokenSource::new(application, &endpoints, surroundings).unwrap();
        tokens.first(http).unwrap();
        let key = OperatorKey::generate().unwrap();
        let fingerprint = key.public_key().fingerprint();
        let to = now - setup.age;
        let created = clock.now();
        let kinds = KINDS.map(|(kind, _)| kind).to_vec();
        let genesis = Genesis {
            r#type: GenesisType::V1,
            acquisition: AcquisitionId::new(created, [1, 2, 3, 4]),
            matter: Matter {
                id: "FAULTS-1".parse().unwrap(),
                title: None,
                organisation: None,
                authority: None,
                custodians: Vec::new(),
            },
            operator: Line::lossy("Jo Example"),
            simulated: true,
            created,
            tool: tool(),
            host: Host { name: None, os: Line::lossy("linux"), architecture: Line::lossy("x86_64") },
            clock: Vec::new(),
            source: Source {
                service: "microsoft-graph".to_owned(),
                cloud: endpoints.cloud.to_string(),
                graph_url: endpoints.graph_url.clone(),
                login_url: endpoints.login_url.clone(),
                extra_roots: Vec::new(),
                proxy: None,
            },
            identity: tokens.identity(),
            plan: Plan {
                from: Bound::floor(to - TimeDelta::days(1)).unwrap(),
                to: Bound::floor(to).unwrap(),
                not_asked: plan::not_asked(&kinds),
                kinds,
                second_pass: setup.second_pass,
                window_seconds: setup.window_hours * 3600,
                top: 1000,
                rate: None,
            },
            retention: Retention { days: RETENTION_DAYS.unsigned_abs(), basis: Line::lossy("a case") },
            keys: Keys { operator: fingerprint, signer: fingerprint },
            timestamps: Timestamps::by(Vec::new()),
            series: Series { number: 1, previous_seal: None },
        };
        let bytes = encode(&genesis).unwrap();
        let reference = GenesisReference { sha256: GenesisDigest::of(&bytes), timestamps: Vec::new() };
        Self { server, genesis, bytes, key, pace, reference, http, tokens, endpoints, clock }
    }

    /// The identifiers of everything that happened in a part of the window, sorted.
    pub(crate) fn truth(&self, kind: Kind, from: Bound, to: Bound) -> Vec<String> {
        let named = KINDS.iter().find(|(held, _)| *held == kind).unwrap().1;
        let mut ids = self.server.tenant().ids_in(named, from.to_datetime(), to.to_datetime());
        ids.sort();
        ids
    }

    /// The state before the first session.
    pub(crate) fn nothing_yet(&self) -> (Head, RunTable) {
        let previous = RecordDigest::from_bytes(*self.reference.sha256.as_bytes());
        (Head { page: 0, previous, failure: 0 }, RunTable::default())
    }

    /// The state that a store holds.
    pub(crate) fn restore(&self, memory: &Memory) -> (Head, RunTable) {
        memory.restore(&self.key.public_key(), self.reference.sha256)
    }

    /// Sets the clocks of what follows.
    pub(crate) fn set_clock(&mut self, clock: Arc<dyn Clock>) {
        let hours = AtomicI64::new(self.clock.hours.load(Ordering::SeqCst));
        self.clock = Arc::new(Wall { inner: clock, leaps: self.clock.leaps, hours });
    }

    /// Runs a session.
    pub(crate) fn run<S: PageStore>(&self, store: S, (head, table): (Head, RunTable), workers: usize) -> SessionEnd {
        let source = GraphSource::new(self.http, &self.tokens, &self.endpoints).unwrap();
        let source = Watched { source, wall: self.clock.as_ref() };
        let outside =
            Outside { source: &source, clock: self.clock.as_ref(), pace: self.pace.as_ref(), observer: &Nothing };
        let id = self.genesis.acquisition.clone();
        let chain = Chain::new(id, self.reference.clone(), &self.key, store, head);
        Session::new(&self.genesis, &self.reference, &outside, chain, table).run(workers).unwrap()
    }

    /// Seals what there is, and has it judged.
    pub(crate) fn seal(&self, memory: &Memory, end: &SessionEnd) -> Judged {
        let records = memory.page_records();
        let mut index = PageIndex::default();
        for record in &records {
            index.add(record);
        }
        self.seal_parts(memory, memory.counts(), &index, end)
    }

    /// The same for another store.
    pub(crate) fn seal_parts<P: PartSource>(
        &self,
        parts: &P,
        counts: (u64, u64),
        index: &PageIndex,
        end: &SessionEnd,
    ) -> Judged {
        let genesis = &self.genesis;
        let streams = end.table.streams(genesis, &end.uncovered);
        let second_pass = comparison::second_pass(parts, index, genesis, &streams).unwrap();
        let (signature, tool) = (self.key.sign(&self.bytes).unwrap(), tool());
        let contents = Contents {
            genesis,
            genesis_bytes: &self.bytes,
            genesis_signature: signature.as_bytes(),
            certificates: None,
            timestamp_lists: None,
            genesis_timestamps: &[],
            place: Place::only(self.reference.sha256, counts),
            streams: &streams,
            second_pass: second_pass.as_ref(),
            reconciliation: &[],
            run_log: b"",
            operator_key: None,
            tool: &tool,
            now: self.clock.now(),
            authorities: &[],
        };
        let (sealed, archive) = package::write(parts, &contents, &self.key, &Nothing, Cursor::new(Vec::new())).unwrap();
        Judged::new(archive, self.key.public_key().fingerprint(), sealed.seal)
    }
}

fn tool() -> Tool {
    Tool {
        name: Line::lossy("signhold"),
        version: Line::lossy(env!("CARGO_PKG_VERSION")),
        executable_sha256: None,
        format: FORMAT_VERSION.to_owned(),
    }
}

/// What the simulated service keeps, and what the plan says.
const RETENTION_DAYS: i64 = 30;

/// One client for all cases in which answers come. On a busy machine they may take their time.
static PATIENT: LazyLock<HttpClient> = LazyLock::new(|| client(Duration::from_mins(1)));

/// One client for the cases in which no answer comes.
static IMPATIENT: LazyLock<HttpClient> = LazyLock::new(|| client(Duration::from_secs(1)));

fn client(timeout: Duration) -> HttpClient {
    let settings = HttpSettings { extra_roots_pem: None, timeout, destination: "http://localhost:1" };
    HttpClient::new(settings).unwrap()
}

/// Somebody who waits for nothing, and remembers what was asked.
#[derive(Debug, Default)]
pub(crate) struct Impatient {
    waits: Mutex<Vec<Duration>>,
    world: Option<Arc<World>>,
}

impl Impatient {
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }
}

impl Pace for Impatient {
    fn turn(&self) -> bool {
        self.world.iter().for_each(|world| world.take_turn());
        true
    }

    fn hold(&self, wait: Duration) {
        self.waits.lock().unwrap().push(wait);
    }

    fn pause(&self, wait: Duration) -> bool {
        self.waits.lock().unwrap().push(wait);
        true
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Who sees nothing, says nothing, and stamps nothing.
struct Nothing;

impl Observer for Nothing {
    fn saw(&self, _: &Event) {}
}

/// What the token source needs of a machine: numbers that do not come twice, and one file.
#[derive(Default)]
struct Hands(AtomicU64);

impl Machine for Hands {
    fn random(&self) -> Result<[u8; 16], String> {
        Ok(u128::from(self.0.fetch_add(1, Ordering::SeqCst)).to_be_bytes())
    }

    fn read_secret(&self, _: &Path) -> Result<Secret, String> {
        Ok(Secret::new(FEDERATED_TOKEN.to_owned()))
    }

    fn tell(&self, _: &str) {}
}

/// What another identity provider wrote into the file.
pub(crate) const FEDERATED_TOKEN: &str = "eyJ.federated.token";

impl TimestampAuthority for Nothing {
    fn stamp(&self, _: &str, _: &[u8; 32]) -> Result<Vec<u8>, String> {
        Err("nobody is asked".to_owned())
    }
}
