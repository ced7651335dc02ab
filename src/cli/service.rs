//! The log service as one session knows it: connection, tokens and clock, shared by the plan and the pages.
//!
//! One sign-in serves both, so that a person with a device code is asked once.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::credentials::CredentialArgs;
use super::error::CliError;
use super::interrupt;
use super::out;
use super::passphrase::read_secret_file;
use crate::clock::SystemClock;
use crate::collect::Pace as _;
use crate::crypto::secret::Secret;
use crate::format::genesis::{ClockReading, Source};
use crate::source::auth::{Machine, Surroundings, TokenSource};
use crate::source::cloud::Endpoints;
use crate::source::http::{HttpClient, HttpSettings};
use crate::source::route::Route;
use crate::source::throttle::Pacer;

/// Everything that a session needs of the service.
pub(super) struct Service {
    pub(super) endpoints: Endpoints,
    pub(super) http: HttpClient,
    pub(super) tokens: TokenSource,
    pub(super) clock: Arc<SystemClock>,
    route: Route,
}

impl Service {
    /// Makes ready; nobody is asked for anything yet.
    pub(super) fn open(
        endpoints: Endpoints,
        credentials: &CredentialArgs,
        timeout: Duration,
    ) -> Result<Self, CliError> {
        let extra_roots = credentials.extra_roots()?;
        let route = Route::to(&endpoints.graph_url, extra_roots.as_deref(), roots_are_elsewhere())?;
        let settings =
            HttpSettings { extra_roots_pem: extra_roots.as_deref(), timeout, destination: &endpoints.graph_url };
        let http = HttpClient::new(settings)?;
        let (application, told) = credentials.application()?;
        let clock = Arc::new(SystemClock::start());
        let waiting = Arc::new(Pacer::new(None, clock.clone(), None));
        stop_on_interrupt(&waiting);
        let surroundings = Surroundings { clock: clock.clone(), machine: Arc::new(Here), pace: waiting };
        let tokens = TokenSource::new(application, &endpoints, surroundings)?;
        out::talk(&out::escape(&told));
        Ok(Self { endpoints, http, tokens, clock, route })
    }

    /// Describes the service as the plan names it.
    pub(super) fn source(&self) -> Source {
        Source {
            service: "microsoft-graph".to_owned(),
            cloud: self.endpoints.cloud.to_string(),
            graph_url: self.endpoints.graph_url.clone(),
            login_url: self.endpoints.login_url.clone(),
            extra_roots: self.route.extra_roots.clone(),
            proxy: self.route.proxy.clone(),
        }
    }

    /// Says what of the way to the service a plan does not name.
    pub(super) fn beyond(&self, planned: &Source) -> Option<String> {
        self.route.beyond(&Route { extra_roots: planned.extra_roots.clone(), proxy: planned.proxy.clone() })
    }

    /// Gets the first token, and a comparison of clocks where the method brings one.
    pub(super) fn sign_in(&self) -> Result<Option<ClockReading>, CliError> {
        Ok(self.tokens.first(&self.http)?)
    }
}

/// Says whether the environment names other files of roots than the platform's own; the certificate loader reads these variables.
fn roots_are_elsewhere() -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| std::env::var_os(name).is_some())
}

/// This machine, for the token source.
struct Here;

impl Machine for Here {
    fn random(&self) -> Result<[u8; 16], String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| format!("no random numbers: {error}"))?;
        Ok(bytes)
    }

    fn read_secret(&self, path: &Path) -> Result<Secret, String> {
        read_secret_file(path).map_err(|error| error.message().to_owned())
    }

    fn tell(&self, text: &str) {
        out::talk(&out::escape(text));
    }
}

/// The first Ctrl-C lets the requests in flight end and ends all waiting; the second ends the process, which loses those requests
/// and nothing else.
pub(super) fn stop_on_interrupt(pacer: &Arc<Pacer>) {
    let mut known = PACES.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|pace| pace.strong_count() > 0);
    known.push(Arc::downgrade(pacer));
    drop(known);
    interrupt::gently(|| {
        let known = PACES.lock().unwrap_or_else(PoisonError::into_inner);
        let running: Vec<_> = known.iter().filter_map(Weak::upgrade).filter(|pace| !pace.is_cancelled()).collect();
        if running.is_empty() {
            return false;
        }
        out::talk("stopping when the requests in flight have ended; press again to stop at once");
        for one in &running {
            one.cancel();
        }
        true
    });
}

/// What an interrupt stops.
static PACES: Mutex<Vec<Weak<Pacer>>> = Mutex::new(Vec::new());
