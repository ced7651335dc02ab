//! `simulate`: the built-in service, for trying things out and for other people's tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use der::{DecodePem, Encode};
use serde::Serialize;
use x509_cert::Certificate;

use super::error::{CliError, with_causes};
use super::out;
use super::window::parse_time;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::simulate::timestamp_authority::TimestampAuthority;
use crate::simulate::{
    CLIENT_SECRET, Expectation, Fault, FaultName, Licence, Server, Settings, SimulateError, TenantProfile, Throttle,
    Transport,
};
use crate::time::Bound;

#[derive(Args)]
#[command(after_long_help = fault_list())]
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
    /// What goes wrong, such as `http-503`; may be given several times
    ///
    /// `NAME@N` strikes request N, `NAME@N-M` requests N to M, `NAME%K` every Kth; `NAME@Nm` means minutes, where records
    /// come, change or go. A bare name strikes every request unless the list says otherwise.
    #[arg(long, value_name = "NAME")]
    fault: Vec<Fault>,
    /// Print all faults, with what a correct client ends with, and stop
    #[arg(long)]
    list_faults: bool,
    /// Grant the application this permission instead of the usual two; may be given several times
    #[arg(long, value_name = "NAME")]
    tenant_permission: Vec<String>,
    /// Register this certificate, PEM or DER, for the application; assertions signed with its key are accepted
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// Accept the token in this file in place of an assertion, as that of another issuer
    #[arg(long, value_name = "FILE")]
    federated_token: Option<PathBuf>,
    /// The licence of the tenant
    #[arg(long, value_enum, default_value_t = LicenceName::P2)]
    licence: LicenceName,
    /// How long tokens are good for; 60 to 90 minutes if left out
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<u64>,
    /// How far the Date header is ahead of the simulated present; negative for behind
    #[arg(long, default_value_t = 0, allow_hyphen_values = true, value_parser = clap::value_parser!(i64).range(-SKEW_LIMIT..=SKEW_LIMIT), value_name = "SECONDS")]
    date_skew: i64,
    /// When the certificates of the time stamp authority end, as RFC 3339 or a date; ten years from now if left out
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    tsa_valid_until: Option<Bound>,
    /// Run the simulated clock this many times as fast as time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=86_400), value_name = "N")]
    clock_rate: u32,
    /// Permit this many requests in ten seconds, as the service does with 5
    #[arg(long, value_name = "N")]
    throttle: Option<u32>,
    /// The largest page; small ones make long chains of few records
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000), value_name = "N")]
    page_limit: u32,
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

/// The licences of a tenant, as written on the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
enum LicenceName {
    Free,
    P1,
    P2,
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
    if args.list_faults {
        out::answer(&fault_list());
        return Ok(ExitCode::SUCCESS);
    }
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
        page_limit: args.page_limit,
        uneven_pages: !args.even_pages,
        tenant: profile(args),
        token_lifetime: args.token_lifetime.map(Duration::from_secs),
        date_skew: TimeDelta::seconds(args.date_skew),
        clock_rate: args.clock_rate,
        client_certificate_der: args.client_certificate.as_deref().map(certificate).transpose()?,
        federated_tokens: args
            .federated_token
            .as_deref()
            .map(read)
            .transpose()?
            .iter()
            .map(|it| trimmed_text(it))
            .collect(),
        ..Settings::new(args.seed, args.records, whole_second(now))
    };
    let until = args.tsa_valid_until.map(Bound::to_datetime);
    if let Some(until) = until.filter(|until| *until <= settings.now) {
        return Err(CliError::request(format!(
            "a time stamp authority whose certificates ended at {until} stamps nothing"
        ))
        .hint("give --tsa-valid-until a time to come"));
    }
    let running = start(settings, &folder, until)?;
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
///
/// The authority's certificates end at `until`, in ten years if that is left out.
pub(super) fn start(mut settings: Settings, folder: &Path, until: Option<DateTime<Utc>>) -> Result<Running, CliError> {
    let (now, days, records) = (settings.now, settings.days, settings.records);
    let year = TimeDelta::days(365);
    let authority = TimestampAuthority::new(now - TimeDelta::days(1), until.unwrap_or(now + year * 10))
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

/// Returns what the tenant has bought and granted.
fn profile(args: &SimulateArgs) -> TenantProfile {
    let usual = TenantProfile::default();
    TenantProfile {
        licence: match args.licence {
            LicenceName::Free => Licence::Free,
            LicenceName::P1 => Licence::P1,
            LicenceName::P2 => Licence::P2,
        },
        permissions: if args.tenant_permission.is_empty() { usual.permissions } else { args.tenant_permission.clone() },
    }
}

/// Reads a certificate in either of its two forms.
fn certificate(path: &Path) -> Result<Vec<u8>, CliError> {
    let bytes = read(path)?;
    if !bytes.starts_with(b"-----BEGIN") {
        return Ok(bytes);
    }
    let parsed = Certificate::from_pem(&bytes).and_then(|certificate| certificate.to_der());
    parsed.map_err(|error| CliError::request(format!("`{}` holds no certificate: {error}", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| CliError::request(format!("cannot read `{}`: {error}", path.display())))
}

fn trimmed_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// Returns all faults, one a line: name, what a correct client ends with, what happens.
fn fault_list() -> String {
    let mut text = String::from("Faults, what a correct client ends with, and what happens:\n");
    for name in FaultName::ALL {
        let expectation = match name.expectation() {
            Expectation::Complete => "complete",
            Expectation::DiffersOnSecondPass => "differs-on-second-pass",
            Expectation::Gap => "gap",
            Expectation::RetentionPasses => "retention-passes",
            Expectation::Stops => "stops",
        };
        text.push_str(&format!("  {:<26}{expectation:<24}{}\n", name.name(), name.line()));
    }
    text
}

/// Drops fractions of a second: windows have whole ones.
pub(super) fn whole_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.timestamp(), 0).unwrap_or(instant)
}

/// Ten days: no clock is further off by accident.
const SKEW_LIMIT: i64 = 864_000;
const SECONDS: &str = "%Y-%m-%dT%H:%M:%SZ";

#[cfg(test)]
mod tests {
    use super::{FaultName, fault_list};

    #[test]
    fn the_list_has_one_line_for_each_fault() {
        let text = fault_list();
        assert_eq!(text.lines().count(), FaultName::ALL.len() + 1);
        for name in FaultName::ALL {
            let lines = text.lines().filter(|line| line.split_whitespace().next() == Some(name.name()));
            assert_eq!(lines.count(), 1, "{}", name.name());
        }
    }
}
