//! Everything behind the listener: which path leads to which service, and what all of them share.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use hyper::StatusCode;

use super::{
    answer::{Answer, Request},
    graph,
    login::{self, token::Mint},
    present::Present,
    settings::Settings,
    tenant::{Tenant, guid::Guid, noise::Noise},
    throttle::Gate,
    tsa,
};

/// The state all connections share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) settings: Settings,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) present: Present,
    pub(crate) mint: Mint,
    pub(crate) gate: Mutex<Gate>,
    pub(crate) requests_served: AtomicU64,
    pub(crate) graph_requests: AtomicU64,
}

impl Service {
    /// Makes the services of a tenant.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            tenant: Arc::new(Tenant::new(settings.seed, settings.records, settings.now, settings.days)),
            present: Present::start(settings.now),
            mint: Mint::new(settings.seed),
            gate: Mutex::new(Gate::new(settings.throttle)),
            requests_served: AtomicU64::new(0),
            graph_requests: AtomicU64::new(0),
            settings,
        }
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: &Request<'_>) -> Answer {
        let served = self.requests_served.fetch_add(1, Ordering::Relaxed) + 1;
        let request_id = Noise::new(self.settings.seed, 0x7265_7175_6573_7473, served).guid();
        let segments: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
        let answer = match segments.as_slice() {
            ["tsa"] => tsa::answer(self.settings.time_stamper.as_ref(), request, self.present.now()),
            [version, rest @ ..] if matches!(version.to_ascii_lowercase().as_str(), "v1.0" | "beta") => {
                let ordinal = self.graph_requests.fetch_add(1, Ordering::Relaxed) + 1;
                graph::answer(self, request, rest, ordinal, request_id)
            }
            [tenant, "oauth2", "v2.0", "token"] => login::answer(self, request, tenant, request_id),
            _ => Answer::new(StatusCode::NOT_FOUND, "text/plain", "nothing lives here\n"),
        };
        let date = self.present.now() + self.settings.date_skew;
        answer
            .with("date", date.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
            .with("strict-transport-security", "max-age=31536000")
    }

    /// Returns the id of the request a client named, or the server's own.
    pub(crate) fn client_request_id(request: &Request<'_>, request_id: Guid) -> String {
        let named = request.header("client-request-id").filter(|id| (1..=CLIENT_ID_LIMIT).contains(&id.len()));
        named.map_or_else(|| request_id.to_string(), str::to_owned)
    }
}

/// A GUID has 36 characters; longer texts than this are not echoed.
const CLIENT_ID_LIMIT: usize = 128;
