//! `collect` and `resume`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use url::Url;

use super::credentials::{CredentialArgs, EndpointArgs};
use super::error::CliError;
use super::gather::{self, Acquisition, Intent, Manner};
use super::passphrase::PassphraseArgs;
use super::sealed::{SealedVolume, is_sealed, sealed_volumes};
use super::sealing::Sealing;
use super::service::Service;
use super::signing::{Operator, OwnKeyArgs, SigningKeys};
use super::summary::CollectAnswer;
use super::window::{WindowArgs, latency_warning, whole_seconds_now};
use super::{again, custody, destruction, out, sealing, series};
use crate::collect::plan;
use crate::collect::table::RunTable;
use crate::crypto::digest::GenesisDigest;
use crate::crypto::signature::Signer;
use crate::format::genesis::{Plan, Rate, Series};
use crate::format::identifier::{AcquisitionId, PackageId};
use crate::format::limits::TIMESTAMPS;
use crate::seal::volumes::MAX_PAGES;
use crate::store::lock::MatterLock;
use crate::store::matter::MatterFolder;

#[derive(Args)]
pub(super) struct CollectArgs {
    /// The matter folder
    pub(super) dir: PathBuf,
    #[command(flatten)]
    pub(super) window: WindowArgs,
    /// A time stamp authority (RFC 3161); may be given several times, and each must answer
    #[arg(long, value_name = "URL")]
    pub(super) tsa_url: Vec<String>,
    /// The package of the collection before, of the same matter, to go on from as a linked series; of several volumes the last
    #[arg(long, value_name = "PACKAGE")]
    pub(super) after: Option<PathBuf>,
    #[command(flatten)]
    pub(super) own_key: OwnKeyArgs,
    #[command(flatten)]
    pub(super) endpoints: EndpointArgs,
    #[command(flatten)]
    pub(super) session: SessionArgs,
}

#[derive(Args)]
pub(super) struct ResumeArgs {
    /// The matter folder
    dir: PathBuf,
    /// Which acquisition; the latest that is not sealed if left out
    id: Option<AcquisitionId>,
    /// Time stamp authorities for the seal, instead of those of the plan
    #[arg(long, value_name = "URL")]
    tsa_url: Vec<String>,
    /// Seal without time stamps, whatever the plan says
    #[arg(long, conflicts_with = "tsa_url")]
    no_time_stamp: bool,
    /// Ask for nothing more: seal what is there, and name the rest as gaps
    #[arg(long)]
    seal_only: bool,
    #[command(flatten)]
    session: SessionArgs,
}

/// How a session is run; the same for `collect` and `resume`.
#[derive(Args, Clone, Debug)]
pub(super) struct SessionArgs {
    #[command(flatten)]
    pub(super) credentials: CredentialArgs,
    /// Requests permitted, such as 5/10 for five in ten seconds; above that only outside the cloud table
    #[arg(long, value_name = "N/SECONDS", value_parser = parse_rate)]
    pub(super) rate: Option<Rate>,
    /// Requests in flight at most
    #[arg(long, default_value_t = DEFAULT_WORKERS, value_parser = clap::value_parser!(u8).range(1..=16), value_name = "N")]
    pub(super) workers: u8,
    /// How long an answer may take
    #[arg(long, default_value_t = DEFAULT_TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS")]
    pub(super) timeout: u64,
    /// Besides plan and seal, stamp every Nth page as it arrives, by the first authority of the plan; at most 256
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N")]
    pub(super) stamp_every: Option<u64>,
    /// Pages in a package at most; what is more goes on in the next volume
    #[arg(long, default_value_t = MAX_PAGES, value_parser = clap::value_parser!(u64).range(1..=MAX_PAGES), value_name = "N")]
    pub(super) volume_pages: u64,
    #[command(flatten)]
    pub(super) passphrase: PassphraseArgs,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &CollectArgs) -> Result<ExitCode, CliError> {
    let matter = MatterFolder::open(&args.dir)?;
    let endpoints = args.endpoints.endpoints()?;
    let rate = permitted_rate(args.session.rate, endpoints.is_simulated())?;
    let retention = args.window.retention()?;
    let plan = args.window.plan(rate)?;
    if let Some(warning) = latency_warning(&plan, whole_seconds_now()?) {
        out::talk(&format!("warning: {warning}"));
    }
    refuse_too_many_windows(&plan)?;
    refuse_authorities(&args.tsa_url)?;
    if args.session.stamp_every.is_some() && args.tsa_url.is_empty() {
        return Err(CliError::request("--stamp-every asks for time stamps, and no authority is named")
            .hint("name one with --tsa-url, or leave out --stamp-every"));
    }
    let _lock = MatterLock::take(matter.root())?;
    destruction::look_after_keys(&matter)?;
    let operator = Operator::open(&matter, &args.session.passphrase)?;
    let own_key = operator.own_key(&matter, args.own_key, &plan)?;
    // Both are kept, and each can be finished: to refuse would cost time that retention does not give.
    for id in unsealed(&matter)? {
        out::talk(&format!(
            "acquisition {id} is unfinished, and this begins another; go on with it by `{}`",
            again::resume(&matter, &id, &args.session, rate)
        ));
    }
    warn_of_ledger(&matter, operator.signer.as_ref());
    if endpoints.is_simulated() {
        out::talk(SIMULATED);
    }
    let series = match &args.after {
        Some(package) => series::after(package, &matter, operator.signer.as_ref())?,
        None => Series { number: 1, previous_seal: None },
    };
    let intent = Intent { plan, retention, authorities: args.tsa_url.clone(), series };
    let timeout = Duration::from_secs(args.session.timeout);
    let service = Service::open(endpoints, &args.session.credentials, timeout)?;
    let (signer, credentials) = (operator.signer.as_ref(), &args.session.credentials);
    let acquisition = gather::begin(&matter, signer, own_key.as_ref(), &service, credentials, intent)?;
    let keys = acquisition.genesis.keys;
    out::talk(&format!("acquisition {}: plan signed by {}", acquisition.genesis.acquisition, keys.operator));
    let keys = match own_key {
        None => SigningKeys { signer: operator.signer, operator: None },
        Some(own) => {
            out::talk(&format!("pages and seal are signed by {}, a key of this acquisition alone", keys.signer));
            SigningKeys { signer: Box::new(own.key), operator: Some(operator.signer) }
        }
    };
    finish(&matter, &acquisition, keys, Some(service), &args.session, rate, &args.tsa_url)
}

pub(super) fn resume(args: &ResumeArgs) -> Result<ExitCode, CliError> {
    let matter = MatterFolder::open(&args.dir)?;
    refuse_authorities(&args.tsa_url)?;
    let _lock = MatterLock::take(matter.root())?;
    destruction::look_after_forgotten_keys(&matter)?;
    let id = match find_unfinished(&matter, args.id.as_ref()) {
        Ok(id) => id,
        Err(nothing) => return record_what_is_left(&matter, args, nothing),
    };
    if is_sealed(&matter, &id)? {
        let answer = destruction::finish(&matter, &id)?;
        answer.print(args.session.json);
        if !custody::packages::unrecorded(&matter)?.is_empty() {
            record_packages(&matter, Operator::open(&matter, &args.session.passphrase)?.signer.as_ref())?;
        }
        return Ok(answer.exit_code());
    }
    let (acquisition, signer) = gather::reopen(&matter, &args.session.passphrase, &id)?;
    if acquisition.operator_key.is_none() {
        warn_of_ledger(&matter, signer.as_ref());
    }
    let keys = SigningKeys { signer, operator: None };
    let genesis = &acquisition.genesis;
    let sealed =
        sealed_volumes(&matter, &id, GenesisDigest::of(&acquisition.folder.genesis), &keys.signer.public_key())?;
    let left = acquisition.as_it_stands()?.uncovered.len() as u64;
    out::talk(&format!(
        "resuming acquisition {id}: {} left to ask, plan signed by {}",
        out::counted(left, "window"),
        genesis.keys.operator
    ));
    if genesis.simulated {
        out::talk(SIMULATED);
    }
    let rate = match args.session.rate {
        Some(_) => permitted_rate(args.session.rate, genesis.simulated)?,
        None => genesis.plan.rate,
    };
    let authorities = match (args.no_time_stamp, args.tsa_url.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => genesis.timestamps.authorities.clone(),
        (false, false) => args.tsa_url.clone(),
    };
    if args.seal_only || !sealed.is_empty() {
        let end = acquisition.as_it_stands()?;
        return seal(&matter, &acquisition, keys, &args.session, &end, sealed, &authorities);
    }
    finish(&matter, &acquisition, keys, None, &args.session, rate, &authorities)
}

fn finish(
    matter: &MatterFolder,
    acquisition: &Acquisition,
    keys: SigningKeys,
    service: Option<Service>,
    session: &SessionArgs,
    rate: Option<Rate>,
    authorities: &[String],
) -> Result<ExitCode, CliError> {
    let manner = Manner {
        stamp_every: session.stamp_every,
        workers: usize::from(session.workers),
        timeout: Duration::from_secs(session.timeout),
        quiet: session.quiet,
    };
    let end = gather::run(acquisition, keys.signer.as_ref(), service, &session.credentials, rate, manner)?;
    match &end.stop {
        Some(stop) => {
            let genesis = &acquisition.genesis;
            Err(gather::stopped(stop, &again::resume(matter, &genesis.acquisition, session, genesis.plan.rate)))
        }
        None => seal(matter, acquisition, keys, session, &end, Vec::new(), authorities),
    }
}

fn seal(
    matter: &MatterFolder,
    acquisition: &Acquisition,
    keys: SigningKeys,
    session: &SessionArgs,
    end: &crate::collect::session::SessionEnd,
    sealed: Vec<SealedVolume>,
    authorities: &[String],
) -> Result<ExitCode, CliError> {
    let extra_roots = session.credentials.extra_roots()?;
    let how = Sealing {
        key: keys.signer.as_ref(),
        authorities,
        extra_roots: extra_roots.as_deref(),
        volume_pages: session.volume_pages,
    };
    let outcome = sealing::seal(matter, acquisition, end, sealed, &how)?;
    let next = again::verify(matter, &acquisition.genesis, &outcome.packages);
    let (operator, destroyed) = if acquisition.operator_key.is_some() {
        // Out of memory before it goes from the disk.
        drop(keys.signer);
        let destroyed = destruction::after_sealing(&acquisition.folder, &acquisition.genesis, &outcome.packages)?;
        let open = || Operator::open(matter, &session.passphrase).map(|operator| operator.signer);
        (keys.operator.map_or_else(open, Ok), Some(destroyed))
    } else {
        (Ok(keys.signer), None)
    };
    let recorded = operator.and_then(|operator| custody::packages::record(matter, operator.as_ref()));
    let answer = CollectAnswer::new(&acquisition.genesis, outcome, destroyed)
        .ok_or_else(|| CliError::machine("nothing was sealed").hint("`resume` seals again"))?;
    answer.print(session.json);
    recorded.map_err(|error| {
        CliError::machine(format!("the package is sealed, but not on record in the ledger: {}", error.message())).hint(
            format!("put the ledger in order, then `signhold resume {}` puts it on record", out::shell(matter.root())),
        )
    })?;
    out::talk(&next);
    Ok(answer.exit_code())
}

/// Logs expire while a ledger is looked for: what cannot be written there now is told, and again when the package is sealed.
fn warn_of_ledger(matter: &MatterFolder, key: &dyn Signer) {
    if let Err(error) = record_packages(matter, key) {
        out::talk(&format!("warning: the ledger cannot be added to: {}", out::escape(error.message())));
    }
}

/// Where nothing is to be resumed, a crash may still have come between a package and its event.
fn record_what_is_left(matter: &MatterFolder, args: &ResumeArgs, nothing: CliError) -> Result<ExitCode, CliError> {
    if args.id.is_some() || custody::packages::unrecorded(matter)?.is_empty() {
        return Err(nothing);
    }
    let operator = Operator::open(matter, &args.session.passphrase)?;
    if record_packages(matter, operator.signer.as_ref())?.is_empty() { Err(nothing) } else { Ok(ExitCode::SUCCESS) }
}

/// Puts packages on record that a crash has left without an event.
fn record_packages(matter: &MatterFolder, key: &dyn Signer) -> Result<Vec<PackageId>, CliError> {
    let recorded = custody::packages::record(matter, key)?;
    for package in &recorded {
        out::talk(&format!("package {package} is sealed and was not yet on record; now it is in the ledger"));
    }
    Ok(recorded)
}

/// A plan that could never be sealed is refused before it takes days to carry out.
pub(super) fn refuse_too_many_windows(plan: &Plan) -> Result<(), CliError> {
    let streams = plan::remaining(plan, &RunTable::default()).map_err(|error| CliError::request(error.to_string()))?;
    let count = streams.len() as u64;
    if count > PLAN_WINDOWS {
        return Err(CliError::request(format!(
            "the plan has {} windows; a seal, which names them all, has room for {}",
            out::grouped(count),
            out::grouped(PLAN_WINDOWS)
        ))
        .hint("collect a shorter window, one after the other, or ask for longer ones with --window-hours"));
    }
    Ok(())
}

/// Addresses of authorities are signed into the plan and the seal, where nothing secret may stand.
pub(super) fn refuse_authorities(authorities: &[String]) -> Result<(), CliError> {
    let holds_one =
        |url: &String| Url::parse(url).is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
    if authorities.len() as u64 > TIMESTAMPS {
        return Err(CliError::request(format!(
            "{} time stamp authorities; a package holds the stamps of {TIMESTAMPS} at most",
            authorities.len()
        ))
        .hint("name fewer with --tsa-url"));
    }
    if authorities.iter().any(holds_one) {
        // The address is not repeated: standard error may be kept as well.
        return Err(CliError::request(
            "the address of a time stamp authority holds a name or a password, and would be written into the package",
        )
        .hint("give it without; an authority that asks for a password cannot be used"));
    }
    Ok(())
}

/// The documented rate unless another is given; above it only where no real service can be hurt.
pub(super) fn permitted_rate(given: Option<Rate>, simulated: bool) -> Result<Option<Rate>, CliError> {
    let Some(rate) = given else { return Ok(Some(DOCUMENTED_RATE)) };
    let above = rate.requests * DOCUMENTED_RATE.seconds > DOCUMENTED_RATE.requests * rate.seconds;
    if above && !simulated {
        return Err(CliError::request(format!(
            "{}/{} is above the documented rate of 5 requests in 10 seconds",
            rate.requests, rate.seconds
        ))
        .hint("leave out --rate; the service answers more with refusals"));
    }
    Ok(Some(rate))
}

fn unsealed(matter: &MatterFolder) -> Result<Vec<AcquisitionId>, CliError> {
    let mut unsealed = Vec::new();
    for id in matter.acquisitions()? {
        if !is_sealed(matter, &id)? {
            unsealed.push(id);
        }
    }
    Ok(unsealed)
}

/// Those that are not sealed, and those whose own key still lies there.
fn unfinished(matter: &MatterFolder) -> Result<Vec<AcquisitionId>, CliError> {
    let mut unfinished = Vec::new();
    for id in matter.acquisitions()? {
        if !is_sealed(matter, &id)? || matter.has_key_of(&id) {
            unfinished.push(id);
        }
    }
    Ok(unfinished)
}

fn find_unfinished(matter: &MatterFolder, wanted: Option<&AcquisitionId>) -> Result<AcquisitionId, CliError> {
    let all = matter.acquisitions()?;
    if all.is_empty() && wanted.is_none() {
        return Err(CliError::request(format!(
            "nothing to resume in `{}`: there is no acquisition",
            matter.root().display()
        ))
        .hint("`signhold collect` begins one"));
    }
    let mut unsealed = unfinished(matter)?;
    match wanted {
        Some(id) if !all.contains(id) => {
            Err(CliError::request(format!("there is no acquisition `{id}` in `{}`", matter.root().display()))
                .hint("leave out the identifier for the latest"))
        }
        Some(id) if !unsealed.contains(id) => Err(CliError::request(format!("acquisition `{id}` is sealed already"))
            .hint("`signhold collect` begins a new one")),
        Some(id) => Ok(id.clone()),
        None => unsealed.pop().ok_or_else(|| {
            CliError::request(format!(
                "nothing to resume in `{}`: every acquisition is sealed",
                matter.root().display()
            ))
            .hint("`signhold collect` begins a new one")
        }),
    }
}

pub(super) fn parse_rate(text: &str) -> Result<Rate, String> {
    let parts =
        text.split_once('/').and_then(|(requests, seconds)| Some((requests.parse().ok()?, seconds.parse().ok()?)));
    match parts {
        Some((requests @ 1..=1_000_000, seconds @ 1..=3600)) => Ok(Rate { requests, seconds }),
        _ => Err(format!("`{text}` is not of the form 5/10: requests, a slash, seconds")),
    }
}

/// The service's documented limit for the sign-in log, per application and tenant.
const DOCUMENTED_RATE: Rate = Rate { requests: 5, seconds: 10 };
/// As many as the documented rate can keep busy.
pub(super) const DEFAULT_WORKERS: u8 = 4;
/// The service itself gives up after five minutes.
pub(super) const DEFAULT_TIMEOUT_SECONDS: u64 = 360;
/// 20 000: a seal has at most 8 MiB (FORMAT §15), a run in it about 200 bytes, and half the room is left for windows asked again.
const PLAN_WINDOWS: u64 = 20_000;
/// Said on standard error whenever data that is no evidence is about to be asked for.
const SIMULATED: &str =
    "simulated: this service is outside the cloud table; what comes from it is marked and is no evidence";
