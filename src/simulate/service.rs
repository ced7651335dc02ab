//! Everything behind the listener: which path leads to which service, and what all of them share.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;

use super::{
    answer::{Answer, Request},
    faults::{FaultName, memory::Memory, planned},
    graph,
    login::{self, device::Codes, identity::Door, token::Mint},
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
    /// Used by faults alone.
    pub(crate) memory: Mutex<Memory>,
    pub(crate) codes: Mutex<Codes>,
    pub(crate) seen_assertions: Mutex<HashSet<String>>,
    pub(crate) token_requests: AtomicU64,
    pub(crate) identity_requests: AtomicU64,
    pub(crate) requests_served: AtomicU64,
    pub(crate) graph_requests: AtomicU64,
}

impl Service {
    /// Makes the services of a tenant.
    pub(crate) fn new(settings: Settings) -> Self {
        let mut tenant = Tenant::new(settings.seed, settings.records, settings.now, settings.days);
        if planned(&settings.faults, FaultName::MixedTimes).is_some() {
            tenant = tenant.with_mixed_times();
        }
        Self {
            tenant: Arc::new(tenant),
            present: match &settings.present {
                Some(moment) => Present::Told(Arc::clone(moment)),
                None => Present::start(settings.now, settings.clock_rate),
            },
            mint: Mint::new(settings.seed),
            gate: Mutex::new(Gate::new(settings.throttle)),
            memory: Mutex::default(),
            codes: Mutex::default(),
            seen_assertions: Mutex::default(),
            token_requests: AtomicU64::new(0),
            identity_requests: AtomicU64::new(0),
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
            [tenant, "oauth2", "v2.0", end @ ("token" | "devicecode")] => {
                login::answer(self, request, tenant, end, request_id)
            }
            ["metadata", "identity", "oauth2", "token"] => login::identity::answer(self, request, Door::Metadata),
            ["msi", "token"] => login::identity::answer(self, request, Door::AppService),
            _ => Answer::new(StatusCode::NOT_FOUND, "text/plain", "nothing lives here\n"),
        };
        answer
            .with("date", self.date().format(HTTP_DATE).to_string())
            .with("strict-transport-security", "max-age=31536000")
    }

    /// Returns the time that the `Date` header says.
    pub(crate) fn date(&self) -> DateTime<Utc> {
        let skewed = planned(&self.settings.faults, FaultName::SkewedDate).map(|_| SKEW);
        self.present.now() + self.settings.date_skew + skewed.unwrap_or_default()
    }

    /// Returns the id of the request a client named, or the server's own.
    pub(crate) fn client_request_id(request: &Request<'_>, request_id: Guid) -> String {
        let named = request.header("client-request-id").filter(|id| (1..=CLIENT_ID_LIMIT).contains(&id.len()));
        named.map_or_else(|| request_id.to_string(), str::to_owned)
    }
}

/// The form of dates in headers (RFC 9110 §5.6.7).
pub(crate) const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";
/// More than the five minutes that clocks are usually allowed to differ.
const SKEW: TimeDelta = TimeDelta::minutes(7);
/// A GUID has 36 characters; longer texts than this are not echoed.
const CLIENT_ID_LIMIT: usize = 128;
