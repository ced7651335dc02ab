//! From a matter and a plan to durable pages: genesis signed and time-stamped, then the session.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};

use super::aadsts;
use super::credentials::{CredentialArgs, planned_endpoints};
use super::error::{CliError, REFUSED, with_causes};
use super::out;
use super::passphrase::PassphraseArgs;
use super::progress::Progress;
use super::service::{Service, stop_on_interrupt};
use super::signing::{self, FreshKey};
use super::stamping::{self, Stamped};
use crate::clock::SystemClock;
use crate::collect::chain::{Chain, ChainError, Head};
use crate::collect::plan;
use crate::collect::restore::Restore;
use crate::collect::retention::Countdown;
use crate::collect::session::{Outside, Session, SessionEnd};
use crate::collect::stream::Stop;
use crate::collect::table::RunTable;
use crate::collect::{Clock, NoToken, Turns};
use crate::crypto::digest::{FileDigest, GenesisDigest, Hasher, RecordDigest, TimestampDigest};
use crate::crypto::signature::{PublicKey, Signature, Signer};
use crate::crypto::timestamp;
use crate::format::genesis::{ClockReading, Genesis, GenesisType, Host, Identity, Keys, Plan, Rate, Retention, Series};
use crate::format::identifier::AcquisitionId;
use crate::format::limits::CLOCK_TOLERANCE_SECONDS;
use crate::format::line::Line;
use crate::format::parts::{GenesisReference, Timestamps, Tool};
use crate::format::{FORMAT_VERSION, decode, encode};
use crate::seal::TimestampAuthority as _;
use crate::source::cloud::Endpoints;
use crate::source::graph::GraphSource;
use crate::source::throttle::Pacer;
use crate::store::acquisition::AcquisitionFolder;
use crate::store::acquisition_key::OwnKey;
use crate::store::matter::MatterFolder;
use crate::store::schedule::SharedSchedule;
use crate::time::LocalTime;
use crate::tsa::TsaClient;

/// An acquisition with a signed plan, and how far it has come.
pub(super) struct Acquisition {
    pub(super) folder: AcquisitionFolder,
    pub(super) genesis: Genesis,
    /// The operator's key, where pages and seal are signed by another.
    pub(super) operator_key: Option<PublicKey>,
    reference: GenesisReference,
    head: Head,
    table: RunTable,
    /// The latest clock reading that is signed already.
    latest: LocalTime,
}

impl Acquisition {
    /// Returns the end of a session that asks for nothing more.
    pub(super) fn as_it_stands(&self) -> Result<SessionEnd, CliError> {
        let plan = &self.genesis.plan;
        let mut uncovered = plan::remaining(plan, &self.table).map_err(|error| CliError::request(error.to_string()))?;
        uncovered.extend(plan::remaining_second_pass(plan, &self.table));
        Ok(SessionEnd { table: self.table.clone(), uncovered, stop: None })
    }
}

/// What was planned, before it is signed.
pub(super) struct Intent {
    pub(super) plan: Plan,
    pub(super) retention: Retention,
    pub(super) authorities: Vec<String>,
    pub(super) series: Series,
}

/// How a session is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) workers: usize,
    pub(super) timeout: Duration,
    /// A time stamp over every so many pages as they arrive.
    pub(super) stamp_every: Option<u64>,
    pub(super) quiet: bool,
}

/// Signs a plan, has it stamped, and makes the acquisition's folder. The service is asked for nothing but a token.
pub(super) fn begin(
    matter: &MatterFolder,
    operator: &dyn Signer,
    own_key: Option<&FreshKey>,
    service: &Service,
    credentials: &CredentialArgs,
    intent: Intent,
) -> Result<Acquisition, CliError> {
    let (clock, endpoints) = (service.clock.as_ref(), &service.endpoints);
    let extra_roots = credentials.extra_roots()?;
    // A certificate that will not fit at the end is told before anything is asked.
    matter.certificates(&operator.public_key())?;
    let reading = service.sign_in()?;
    warn_of_clock(reading.as_ref());
    let created = clock.now();
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|error| CliError::machine(format!("no random numbers: {error}")))?;
    let signing_plan = operator.public_key().fingerprint();
    let signer = own_key.map_or(signing_plan, |own| own.key.public_key().fingerprint());
    let genesis = Genesis {
        r#type: GenesisType::V1,
        acquisition: AcquisitionId::new(created, random),
        matter: matter.settings().to_matter(),
        operator: matter.settings().operator.clone(),
        simulated: endpoints.is_simulated(),
        created,
        tool: tool(),
        host: host(),
        clock: reading.into_iter().collect(),
        source: service.source(),
        identity: service.tokens.identity(),
        plan: intent.plan,
        retention: intent.retention,
        keys: Keys { operator: signing_plan, signer },
        timestamps: Timestamps::by(intent.authorities),
        series: intent.series,
    };
    let bytes = encode(&genesis).map_err(|error| CliError::machine(with_causes(&error)))?;
    let signature = operator.sign(&bytes).map_err(|error| {
        CliError::machine(error.to_string()).hint("nothing was collected; bring the key back and try again")
    })?;
    let stamps = stamp_genesis(&genesis, &signature, extra_roots.as_deref(), clock)?;
    let operator_key = own_key.map(|own| own.operator);
    let operator_pem = operator_key.map(|key| key.to_pem()).unwrap_or_default();
    let own = own_key.map(|own| OwnKey { private_pem: &own.private_pem, operator_pem: &operator_pem });
    let folder = matter.begin(&genesis, &bytes, signature.as_bytes(), &stamps, own)?;
    if own_key.is_some() {
        // The log helps people; the plan is the evidence.
        let _ = folder.log(&signing::made(created, &genesis));
    }
    let reference = reference(&folder);
    let previous = RecordDigest::from_bytes(*reference.sha256.as_bytes());
    Ok(Acquisition {
        latest: genesis.created,
        folder,
        genesis,
        operator_key,
        reference,
        head: Head { page: 0, previous, failure: 0 },
        table: RunTable::default(),
    })
}

/// Reads the plan of an acquisition that was begun.
pub(super) fn read_plan(folder: &AcquisitionFolder, id: &AcquisitionId) -> Result<Genesis, CliError> {
    decode(&folder.genesis).map_err(|error| {
        CliError::request(format!("the plan of `{id}` cannot be read: {error}")).hint("put back the file as it was")
    })
}

/// Opens an acquisition and rebuilds, checking signatures and chain, what is durable of it. Returns it with the key that goes on.
pub(super) fn reopen(
    matter: &MatterFolder,
    passphrase: &PassphraseArgs,
    id: &AcquisitionId,
) -> Result<(Acquisition, Box<dyn Signer>), CliError> {
    let folder = matter.acquisition(id)?;
    let genesis = read_plan(&folder, id)?;
    let (signer, operator) = signing::reopen(matter, &folder, &genesis, passphrase)?;
    let public = signer.public_key();
    let plan_is_signed = Signature::from_bytes(&folder.genesis_signature)
        .is_some_and(|signature| operator.verify(&folder.genesis, &signature));
    let wrong = [(genesis.keys.operator, operator), (genesis.keys.signer, public)]
        .into_iter()
        .find(|(planned, present)| *planned != present.fingerprint());
    if let Some((planned, present)) = wrong.or((!plan_is_signed).then_some((genesis.keys.operator, operator))) {
        return Err(CliError::request(format!(
            "the plan of `{id}` was signed by key {planned}, not by {}",
            present.fingerprint()
        ))
        .hint("an acquisition is finished with the key that began it"));
    }
    let reference = reference(&folder);
    let restore = rebuild(&folder, &public)?;
    // The plan itself is a signed time: where there is no page yet, it is the latest.
    let latest = restore.latest().map_or(genesis.created, |latest| latest.max(genesis.created));
    not_before(latest, SystemClock::start().now())?;
    let (head, table) = restore.finish();
    let operator_key = (genesis.keys.operator != genesis.keys.signer).then_some(operator);
    Ok((Acquisition { folder, genesis, operator_key, reference, head, table, latest }, signer))
}

/// Rebuilds the table of runs of an acquisition, whose pages and failures `signer` signed.
pub(super) fn table_of(folder: &AcquisitionFolder, signer: &PublicKey) -> Result<RunTable, CliError> {
    Ok(rebuild(folder, signer)?.finish().1)
}

fn rebuild<'a>(folder: &AcquisitionFolder, signer: &'a PublicKey) -> Result<Restore<'a>, CliError> {
    let restore = std::cell::RefCell::new(Restore::new(signer, GenesisDigest::of(&folder.genesis)));
    let counts = folder.counts()?;
    let damaged = |part: String| move |reason| crate::seal::SealError::Damaged { part, reason };
    folder.replay(
        counts,
        |record, bytes, signature| {
            let taken = restore.borrow_mut().add_page(&record, bytes, signature);
            taken.map_err(damaged(format!("page {}", record.sequence)))?;
            folder.check_page_body(&record)
        },
        |record, bytes, signature| {
            let taken = restore.borrow_mut().add_failure(&record, bytes, signature);
            taken.map_err(damaged(format!("failure {}", record.sequence)))?;
            folder.check_failure_body(&record)
        },
    )?;
    Ok(restore.into_inner())
}

/// Runs a session over what is left of the plan.
pub(super) fn run(
    acquisition: &Acquisition,
    signer: &dyn Signer,
    service: Option<Service>,
    credentials: &CredentialArgs,
    rate: Option<Rate>,
    manner: Manner,
) -> Result<SessionEnd, CliError> {
    let genesis = &acquisition.genesis;
    let as_it_stands = acquisition.as_it_stands()?;
    if as_it_stands.uncovered.is_empty() {
        return Ok(as_it_stands);
    }
    let left = as_it_stands.uncovered;
    let service = match service {
        Some(service) => service,
        None => sign_in_again(genesis, credentials, manner)?,
    };
    let Service { endpoints, http, tokens, clock, .. } = &service;
    clock.go_on_from(acquisition.latest);
    let source = GraphSource::new(http, tokens, endpoints)?;
    let schedule = shared_schedule(rate, endpoints, &genesis.identity, clock.clone());
    let pacer = Arc::new(Pacer::new(rate, clock.clone(), schedule));
    stop_on_interrupt(&pacer);
    let log = |line: &str| {
        // The log helps people; the chain is the evidence, and it goes on without the log.
        let _ = acquisition.folder.log(line);
    };
    let countdown = Countdown::new(genesis.retention.days, left.clone());
    let left_seconds: i64 = left.iter().map(|stream| stream.window.seconds()).sum();
    let planned_seconds = (genesis.plan.to.unix() - genesis.plan.from.unix())
        .saturating_mul(genesis.plan.kinds.len().try_into().unwrap_or(4));
    let done_seconds = u64::try_from(planned_seconds - left_seconds).unwrap_or_default();
    let progress = Progress::new(genesis, done_seconds, countdown, clock.as_ref(), &log, manner.quiet);
    let (due, stamps) = std::sync::mpsc::channel();
    let authority = genesis.timestamps.authorities.first();
    let store = Stamped { folder: &acquisition.folder, every: manner.stamp_every.filter(|_| authority.is_some()), due };
    let chain = Chain::new(genesis.acquisition.clone(), acquisition.reference.clone(), signer, store, acquisition.head);
    let outside = Outside { source: &source, clock: clock.as_ref(), pace: pacer.as_ref(), observer: &progress };
    let session = Session::new(genesis, &acquisition.reference, &outside, chain, acquisition.table.clone());
    let extra_roots = credentials.extra_roots()?;
    let end = std::thread::scope(|scope| {
        if let Some(authority) = authority {
            let (folder, extra_roots) = (&acquisition.folder, extra_roots.as_deref());
            scope.spawn(move || stamping::stamp_all(folder, authority, extra_roots, &stamps));
        }
        // The session takes the store with it: when it ends, nothing more is due, and the thread ends.
        session.run(manner.workers)
    });
    progress.finish();
    end.map_err(|error| CliError::request(error.to_string()))
}

/// Signs in for an acquisition that was begun earlier: as the same application in the same tenant.
fn sign_in_again(genesis: &Genesis, credentials: &CredentialArgs, manner: Manner) -> Result<Service, CliError> {
    let service = Service::open(planned_endpoints(&genesis.source)?, credentials, manner.timeout)?;
    if let Some(beyond) = service.beyond(&genesis.source) {
        return Err(CliError::request(format!("the service would be reached over {beyond}, which the plan does not name"))
            .hint(
                "reach it as the plan says (--tls-ca, SSL_CERT_FILE, HTTPS_PROXY), or begin a new acquisition with `signhold \
                 collect`, which will name it; `resume --seal-only` seals what is there",
            ));
    }
    let planned = &genesis.identity;
    let differs = |present: &Identity, counts: fn(&str) -> bool| {
        let pairs = [(&present.tenant, &planned.tenant), (&present.client_id, &planned.client_id)];
        pairs.into_iter().any(|(present, planned)| counts(present) && present != planned)
    };
    let refused = || {
        CliError::request(format!(
            "the plan was made for application `{}` in tenant `{}`",
            planned.client_id, planned.tenant
        ))
        .hint("set AZURE_TENANT_ID and AZURE_CLIENT_ID to these")
    };
    // What is named is compared before anybody is asked; what only a token says, after.
    if differs(&service.tokens.identity(), |name| !name.is_empty()) {
        return Err(refused());
    }
    service.sign_in()?;
    let present = service.tokens.identity();
    if differs(&present, |_| true) {
        return Err(refused());
    }
    if present.method != planned.method {
        out::talk(&format!(
            "warning: the plan says that the application showed itself by {}; now it is {}",
            planned.method, present.method
        ));
    }
    Ok(service)
}

/// Puts a stop in words, with the way to go on.
/// `resume` is the command that goes on.
pub(super) fn stopped(stop: &Stop, resume: &str) -> CliError {
    let again = format!("everything so far is safe; go on with `{resume}`");
    match stop {
        Stop::Cancelled | Stop::NoToken(NoToken::Cancelled) => CliError::machine("interrupted").hint(again),
        Stop::Chain(error @ ChainError::Store(_)) => {
            CliError::machine(with_causes(error)).hint(format!("make room or mend the disk; {again}"))
        }
        Stop::Chain(error) => CliError::machine(with_causes(error)).hint(again),
        Stop::NoToken(NoToken::Refused { detail, codes }) => {
            let next = aadsts::explain(codes).unwrap_or_else(|| REFUSED.to_owned());
            CliError::request(detail.clone()).hint(format!("{next}; {again}"))
        }
        Stop::NoToken(NoToken::Unreachable { detail }) => {
            CliError::machine(detail.clone()).hint(format!("check the network; {again}"))
        }
        Stop::NotLicensed { refusals, detail } => CliError::request(format!(
            "the service refuses for want of a licence, {} on end: {detail}",
            out::counted(*refusals, "time")
        ))
        .hint(format!(
            "the tenant needs Entra ID P1 or P2; if it has one, grant the application Directory.Read.All too; {again}"
        )),
        Stop::Unanswered { windows, detail } => CliError::machine(format!(
            "the service did not answer for {} on end: {}",
            out::counted(*windows, "window"),
            out::escape_line(detail)
        ))
        .hint(format!(
            "check the network, or wait until the service is back; {again}; with --seal-only it seals what is there"
        )),
        Stop::Refused { status: 401, detail } => CliError::request(format!("the service refuses the token: {detail}"))
            .hint(format!("check the credential; {again}")),
        Stop::Refused { detail, .. } => {
            CliError::request(format!("the service refuses access: {detail}")).hint(format!(
                "the application needs AuditLog.Read.All with admin consent, and the tenant Entra ID P1 or P2; {again}"
            ))
        }
    }
}

/// Returns `now`, or the latest reading already signed where that is a little later. A clock that was set back further is refused:
/// a verifier would find the signed times out of order.
pub(super) fn not_before(latest: LocalTime, now: LocalTime) -> Result<LocalTime, CliError> {
    if latest.to_datetime() - now.to_datetime() > CLOCK_TOLERANCE {
        return Err(CliError::machine(format!(
            "the clock of this machine says {now}, but what was collected last was signed at {latest}"
        ))
        .hint("set the clock of this machine and resume; everything so far is safe"));
    }
    Ok(now.max(latest))
}

/// Names this program, which is read and hashed once.
pub(super) fn tool() -> Tool {
    static TOOL: OnceLock<Tool> = OnceLock::new();
    TOOL.get_or_init(read_tool).clone()
}

fn read_tool() -> Tool {
    // Piece by piece: the program is larger than what the memory it is given is meant for.
    let executable = std::env::current_exe().and_then(File::open).and_then(|mut file| {
        let mut hasher = Hasher::default();
        let mut piece = vec![0; 1 << 16];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(FileDigest::from_bytes(hasher.finish())),
                byte_len => hasher.update(piece.get(..byte_len).unwrap_or_default()),
            }
        }
    });
    Tool {
        name: Line::lossy("signhold"),
        version: Line::lossy(env!("CARGO_PKG_VERSION")),
        executable_sha256: executable.ok(),
        format: FORMAT_VERSION.to_owned(),
    }
}

fn stamp_genesis(
    genesis: &Genesis,
    signature: &Signature,
    extra_roots: Option<&str>,
    clock: &dyn Clock,
) -> Result<Vec<Vec<u8>>, CliError> {
    let imprint: [u8; 32] = Sha256::digest(signature.as_bytes()).into();
    let mut stamps = Vec::new();
    for url in &genesis.timestamps.authorities {
        let refused = |reason: String| {
            CliError::machine(format!("no time stamp from `{url}`: {reason}"))
                .hint("nothing was collected; name another authority with --tsa-url, or leave it out and have times of your own clock only")
        };
        let answer = TsaClient::new(extra_roots).and_then(|client| client.stamp(url, &imprint)).map_err(&refused)?;
        let token = timestamp::parse_response(&answer).map_err(|fault| refused(fault.to_string()))?;
        let local = clock.now();
        let offset = token.gen_time() - local.to_datetime();
        if offset.abs() > CLOCK_TOLERANCE {
            return Err(CliError::machine(format!(
                "the clock of this machine says {local}, the authority `{url}` says {}",
                token.gen_time()
            ))
            .hint(
                "set the clock of this machine; a verifier would find the times out of order. Nothing was collected",
            ));
        }
        stamps.push(answer);
    }
    Ok(stamps)
}

pub(super) fn warn_of_clock(reading: Option<&ClockReading>) {
    let Some(reading) = reading else { return };
    let Ok(remote) = chrono::DateTime::parse_from_rfc2822(reading.remote.as_str()) else { return };
    let offset = remote.to_utc() - reading.local.to_datetime();
    if offset.abs() > CLOCK_WARNING {
        out::talk(&format!(
            "warning: the clock of this machine is {} s off that of {}; the difference is recorded",
            offset.num_seconds().abs(),
            out::escape(&reading.against)
        ));
    }
}

fn reference(folder: &AcquisitionFolder) -> GenesisReference {
    GenesisReference {
        sha256: GenesisDigest::of(&folder.genesis),
        timestamps: folder.genesis_timestamps.iter().map(|token| TimestampDigest::of(token)).collect(),
    }
}

fn host() -> Host {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("COMPUTERNAME").ok());
    Host {
        name: name.and_then(|name| name.trim().parse().ok()),
        os: Line::lossy(std::env::consts::OS),
        architecture: Line::lossy(std::env::consts::ARCH),
    }
}

/// Finds the schedule that all processes of this user share for one application. None for paces far from those of a real service,
/// and none for a service outside the cloud table: nobody's budget is at stake there, and every run of a simulator, which listens at
/// a port of its own, would leave a file for ever.
pub(super) fn shared_schedule(
    rate: Option<Rate>,
    endpoints: &Endpoints,
    identity: &Identity,
    clock: Arc<SystemClock>,
) -> Option<Box<dyn Turns>> {
    if endpoints.is_simulated() {
        return None;
    }
    rate.filter(|rate| rate.requests <= rate.seconds * 10 && rate.seconds <= rate.requests * 600)?;
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = variable("XDG_STATE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))?;
    let application = format!("{} {} {}", endpoints.graph_url, identity.tenant, identity.client_id);
    match SharedSchedule::open(&state.join("signhold"), &application, clock) {
        Ok(schedule) => Some(Box::new(schedule)),
        Err(error) => {
            out::talk(&format!(
                "warning: the pace is not shared with other processes: {}",
                out::escape(&with_causes(&error))
            ));
            None
        }
    }
}

/// What a verifier allows between clocks.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(CLOCK_TOLERANCE_SECONDS as i64);
/// Token validation allows five minutes; people want to know before.
const CLOCK_WARNING: TimeDelta = TimeDelta::seconds(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_behind_what_is_signed_stands_still_or_is_refused() {
        let at = |text: &str| text.parse::<LocalTime>().unwrap();
        let latest = at("2026-11-22T06:00:00.000Z");
        for (now, expected) in [
            ("2026-11-22T06:00:01.000Z", Some("2026-11-22T06:00:01.000Z")),
            ("2026-11-23T06:00:00.000Z", Some("2026-11-23T06:00:00.000Z")),
            ("2026-11-22T05:55:00.000Z", Some("2026-11-22T06:00:00.000Z")),
            ("2026-11-22T05:54:59.999Z", None),
            ("2026-11-21T06:00:00.000Z", None),
        ] {
            assert_eq!(not_before(latest, at(now)).ok(), expected.map(at), "{now}");
        }
        let refused = not_before(latest, at("2026-11-21T06:00:00.000Z")).unwrap_err().to_text();
        assert!(
            refused.contains("2026-11-21T06:00:00.000Z") && refused.contains("2026-11-22T06:00:00.000Z"),
            "{refused}"
        );
    }
}
