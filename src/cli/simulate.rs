//! `simulate`: the built-in service, for trying things out and for other people's tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;

use super::error::{CliError, with_causes};
use super::out;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::simulate::timestamp_authority::TimestampAuthority;
use crate::simulate::{CLIENT_SECRET, Fault, Server, Settings, SimulateError, Throttle, Transport};

#[derive(Args)]
pub(super) struct SimulateArgs {
    /// Where to listen; loopback only
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    listen: SocketAddr,
    /// How many sign-ins the tenant has
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    records: u64,
    /// Decides what they are
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// How many days they are spread over
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=400), value_name = "N")]
    days: u32,
    /// What goes wrong, such as `http-503` or `cut-body@3` (at the third request); may be given several times
    #[arg(long, value_name = "NAME")]
    fault: Vec<Fault>,
    /// Permit this many requests in ten seconds, as the service does with 5
    #[arg(long, value_name = "N")]
    throttle: Option<u32>,
    /// Plain HTTP instead of HTTPS with a CA of its own
    #[arg(long)]
    http: bool,
    /// Always serve full pages
    #[arg(long)]
    even_pages: bool,
    /// Where to write the CA certificates and the client secret; a temporary folder if left out
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
}

/// The first line on standard output.
#[derive(Debug, Serialize)]
pub(super) struct SimulateAnswer {
    /// Root of Graph.
    graph_url: String,
    /// Root of the token service.
    login_url: String,
    /// The time stamp authority.
    tsa_url: String,
    /// The CA certificate to trust for HTTPS; null on plain HTTP.
    ca_file: Option<String>,
    /// The root certificate of the time stamp authority.
    tsa_root_file: String,
    /// The tenant.
    tenant_id: String,
    /// The application.
    client_id: String,
    /// A file with the application's published secret.
    client_secret_file: String,
    /// The beginning of the invented data.
    from: String,
    /// Its end.
    to: String,
    /// How many sign-ins there are.
    records: u64,
}

/// A running simulator with the files that clients need.
pub(super) struct Running {
    pub(super) server: Server,
    pub(super) answer: SimulateAnswer,
}

pub(super) fn run(args: &SimulateArgs) -> Result<ExitCode, CliError> {
    let folder = match &args.files {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("signhold-simulate-{}", std::process::id())),
    };
    std::fs::create_dir_all(&folder)
        .map_err(|error| CliError::machine(format!("cannot make `{}`: {error}", folder.display())))?;
    let now = SystemClock::start().now().to_datetime();
    let settings = Settings {
        listen: args.listen,
        days: args.days,
        faults: args.fault.clone(),
        throttle: args.throttle.map(|requests| Throttle { requests, per: Duration::from_secs(10) }),
        transport: if args.http { Transport::Http } else { Transport::Https },
        uneven_pages: !args.even_pages,
        ..Settings::new(args.seed, args.records, whole_second(now))
    };
    let running = start(settings, &folder)?;
    let line = serde_json::to_string(&running.answer).map_err(|error| CliError::machine(error.to_string()))?;
    out::answer(&format!("{line}\n"));
    out::talk("invented data for trials and tests; it ends with this process (Ctrl-C)");
    let (stop, stopped) = std::sync::mpsc::channel();
    let handler = ctrlc::set_handler(move || {
        let _ = stop.send(());
    });
    handler.map_err(|error| CliError::machine(format!("cannot wait for a signal: {error}")))?;
    // An error means that the handler is gone, and with it every way to be stopped: stop.
    let _ = stopped.recv();
    running.server.stop();
    Ok(ExitCode::SUCCESS)
}

/// Starts a simulator with a time stamp authority and writes into `folder` what its clients need.
pub(super) fn start(mut settings: Settings, folder: &Path) -> Result<Running, CliError> {
    let (now, days, records) = (settings.now, settings.days, settings.records);
    let year = TimeDelta::days(365);
    let authority = TimestampAuthority::new(now - TimeDelta::days(1), now + year * 10)
        .map_err(|error| CliError::machine(with_causes(&error)))?;
    let root = authority.root_pem().to_owned();
    settings.time_stamper = Some(Arc::new(move |request: &[u8], now: DateTime<Utc>| authority.respond(request, now)));
    let server = Server::start(settings).map_err(|error| match error {
        SimulateError::NotLoopback { .. } => CliError::request(with_causes(&error))
            .hint("invented data is served to this machine only: leave out --listen, or name 127.0.0.1 or [::1]"),
        error => CliError::machine(with_causes(&error)),
    })?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text)
            .map_err(|error| CliError::machine(format!("cannot write `{}`: {error}", path.display())))
            .map(|()| path.display().to_string())
    };
    let answer = SimulateAnswer {
        graph_url: server.graph_url(),
        login_url: server.login_url(),
        tsa_url: server.tsa_url(),
        ca_file: server.ca_pem().map(|pem| write("simulator-ca.pem", pem)).transpose()?,
        tsa_root_file: write("simulator-tsa-root.pem", &root)?,
        tenant_id: server.tenant_id().to_owned(),
        client_id: server.client_id().to_owned(),
        client_secret_file: write("simulator-client-secret.txt", CLIENT_SECRET)?,
        from: (now - TimeDelta::days(i64::from(days))).format(SECONDS).to_string(),
        to: now.format(SECONDS).to_string(),
        records,
    };
    Ok(Running { server, answer })
}

/// Drops fractions of a second: windows have whole ones.
pub(super) fn whole_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.timestamp(), 0).unwrap_or(instant)
}

const SECONDS: &str = "%Y-%m-%dT%H:%M:%SZ";
