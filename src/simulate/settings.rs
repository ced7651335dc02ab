//! What a simulator is started with, and the credentials everybody may know.
//!
//! Nothing here is secret: the client secret is published so that no one mistakes it for one.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{faults::Fault, present::Moment, throttle::Throttle};

/// Answers an RFC 3161 request, given as DER, at the simulated time, with the DER of the response.
pub type TimeStamper = Arc<dyn Fn(&[u8], DateTime<Utc>) -> Vec<u8> + Send + Sync>;

/// Everything that decides how a simulator behaves.
///
/// The same settings give the same record bytes. Request ids count up, and the order of records that share an instant
/// differs from request to request, as with the service.
#[derive(Clone)]
pub struct Settings {
    /// Decides the content of every record.
    pub seed: u64,
    /// How many records the tenant has, of all kinds together.
    pub records: u64,
    /// The simulated present when the server starts, and the end of the data; from there on the clock runs.
    pub now: DateTime<Utc>,
    /// How many days of history lie before `now`; at least one.
    pub days: u32,
    /// HTTPS with a certificate authority of its own, or plain HTTP.
    pub transport: Transport,
    /// Where to listen; port 0 takes a free one. Loopback only.
    pub listen: SocketAddr,
    /// Requests permitted per application and tenant; `None` permits all.
    pub throttle: Option<Throttle>,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// The largest page, and the one served without `$top`.
    pub page_limit: u32,
    /// Now and then answer with fewer records than asked for, or none, and a link to more.
    pub uneven_pages: bool,
    /// Rights and licence.
    pub tenant: TenantProfile,
    /// How long a token is good for; `None` gives each 60 to 90 minutes, as the service does.
    pub token_lifetime: Option<Duration>,
    /// How many times as fast as time the simulated clock runs; 1 is as it should be.
    pub clock_rate: u32,
    /// Somebody else's word for the simulated present, instead of `now` and `clock_rate`.
    pub present: Option<Moment>,
    /// How far the `Date` header is ahead of the simulated present.
    pub date_skew: TimeDelta,
    /// The certificate, as DER, that is registered for the collector; assertions are checked against it.
    pub client_certificate_der: Option<Vec<u8>>,
    /// The tokens of another issuer that are accepted in place of an assertion.
    pub federated_tokens: Vec<String>,
    /// What App Service's endpoint for managed identities wants to see in `X-IDENTITY-HEADER`; without it there is none.
    pub identity_header: Option<String>,
    /// What the person does whom a device code asks.
    pub device_code: DeviceCode,
    /// Answers time stamp requests; without it there is no time stamp authority.
    pub time_stamper: Option<TimeStamper>,
}

/// How clients reach the simulator.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Transport {
    /// Plain HTTP/1.1 and HTTP/2 with prior knowledge.
    Http,
    /// TLS with a certificate for `localhost` and the loopback addresses; HTTP/1.1 or HTTP/2 by ALPN.
    #[default]
    Https,
}

/// How a device code is redeemed; whether it is, a fault may decide.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeviceCode {
    /// Polls answered `authorization_pending` before the person has signed in.
    pub pending_polls: u32,
    /// How long to wait between polls, as the client is told.
    pub interval: Duration,
}

/// What the tenant has bought and what the collector was granted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TenantProfile {
    /// The licence.
    pub licence: Licence,
    /// Permissions of the collector; they become the `roles` of its own tokens, and the `scp` of those for a person.
    pub permissions: Vec<String>,
}

/// The licence of the tenant, as far as the sign-in log is concerned.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Licence {
    /// No access to the log through the interface.
    Free,
    /// The log without risk.
    P1,
    /// The log with risk.
    #[default]
    P2,
}

impl Settings {
    /// Makes settings with `records` records in the 30 days before `now`, everything permitted and nothing failing.
    #[must_use]
    pub fn new(seed: u64, records: u64, now: DateTime<Utc>) -> Self {
        Self {
            seed,
            records,
            now,
            days: 30,
            transport: Transport::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            throttle: None,
            faults: Vec::new(),
            page_limit: PAGE_LIMIT,
            uneven_pages: true,
            tenant: TenantProfile::default(),
            token_lifetime: None,
            clock_rate: 1,
            present: None,
            date_skew: TimeDelta::zero(),
            client_certificate_der: None,
            federated_tokens: Vec::new(),
            identity_header: None,
            device_code: DeviceCode::default(),
            time_stamper: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("seed", &self.seed)
            .field("records", &self.records)
            .field("now", &self.now)
            .field("days", &self.days)
            .field("transport", &self.transport)
            .field("listen", &self.listen)
            .field("throttle", &self.throttle)
            .field("faults", &self.faults)
            .field("page_limit", &self.page_limit)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl Default for DeviceCode {
    fn default() -> Self {
        Self { pending_polls: 2, interval: Duration::from_secs(5) }
    }
}

impl Default for TenantProfile {
    fn default() -> Self {
        Self {
            licence: Licence::default(),
            permissions: vec![READ_LOG.to_owned(), "Policy.Read.ConditionalAccess".to_owned()],
        }
    }
}

/// The id of the simulated tenant.
pub const TENANT_ID: &str = "5a1f0c7e-93b4-4f2d-8e6a-71c2d3b4e5f6";
/// The verified domain of the simulated tenant, accepted in place of its id.
pub const TENANT_DOMAIN: &str = super::tenant::HOME_DOMAIN;
/// The application id of the collector.
pub const CLIENT_ID: &str = "6b0c7d7e-5f1a-4c0b-9d3e-2a8f4e6c1b90";
/// The name of the collector's application in the tenant.
pub const CLIENT_NAME: &str = "signhold (simulated)";
/// The secret of the collector's application; published, and good for nothing but this simulator.
pub const CLIENT_SECRET: &str = "simulated~published~not.a.secret";
/// The permission without which the log cannot be read.
pub(crate) const READ_LOG: &str = "AuditLog.Read.All";
/// The permission whose absence makes the licence check fail now and then (graph-api §1.5).
pub(crate) const READ_DIRECTORY: &str = "Directory.Read.All";
/// The permission without which risk detections cannot be read.
pub(crate) const READ_RISK: &str = "IdentityRiskEvent.Read.All";
/// Any one of these shows Conditional Access policies (graph-api §1.5).
pub(crate) const READ_POLICIES: [&str; 3] =
    ["Policy.Read.ConditionalAccess", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"];
/// Default and maximum page of the service (graph-api §1.3).
const PAGE_LIMIT: u32 = 1_000;
