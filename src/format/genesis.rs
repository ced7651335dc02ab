//! The genesis document: the signed plan, made before the first request (FORMAT §6.1).

use serde::{Deserialize, Serialize};

use super::Document;
use super::identifier::{AcquisitionId, MatterId};
use super::kind::Kind;
use super::limits::RECORD_BYTES;
use super::line::Line;
use super::parts::{Pair, Timestamps, Tool};
use crate::crypto::digest::{CertificateDigest, SealDigest};
use crate::crypto::signature::Fingerprint;
use crate::time::{Bound, LocalTime};

/// Stands on everything made of what was simulated, in these words everywhere.
pub const SIMULATED: &str = "SIMULATED DATA, NOT EVIDENCE";

/// `data/genesis.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The document's role.
    pub r#type: GenesisType,
    /// Which collection act this plans.
    pub acquisition: AcquisitionId,
    /// The case.
    pub matter: Matter,
    /// Who runs the tool.
    pub operator: Line,
    /// Whether any endpoint is outside the fixed cloud table.
    pub simulated: bool,
    /// When the plan was made, by our clock.
    pub created: LocalTime,
    /// What made it.
    pub tool: Tool,
    /// Where it ran.
    pub host: Host,
    /// How our clock stood against others.
    pub clock: Vec<ClockReading>,
    /// Which service, at which addresses.
    pub source: Source,
    /// As whom.
    pub identity: Identity,
    /// What is asked, and what is not.
    pub plan: Plan,
    /// How long the service is taken to keep records.
    pub retention: Retention,
    /// Which keys sign.
    pub keys: Keys,
    /// How this document is timestamped.
    pub timestamps: Timestamps,
    /// Its place in a linked series.
    pub series: Series,
}

/// The only value of a genesis document's `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GenesisType {
    /// Version 1.
    #[default]
    #[serde(rename = "signhold/genesis/v1")]
    V1,
}

/// The case for which something is collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matter {
    /// Its identifier.
    pub id: MatterId,
    /// Its title.
    pub title: Option<Line>,
    /// For whom.
    pub organisation: Option<Line>,
    /// By what authority: hold notice, engagement, order.
    pub authority: Option<Line>,
    /// Whose data.
    pub custodians: Vec<Line>,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its name, where known.
    pub name: Option<Line>,
    /// Its operating system.
    pub os: Line,
    /// Its processor architecture.
    pub architecture: Line,
}

/// One comparison of our clock with another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockReading {
    /// Who was asked.
    pub against: String,
    /// Our clock when the answer came.
    pub local: LocalTime,
    /// The other's time, verbatim.
    pub remote: Line,
    /// How long the exchange took.
    pub round_trip_ms: u64,
}

/// The service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// `microsoft-graph`.
    pub service: String,
    /// `global`, `usgov`, `dod` or `china`.
    pub cloud: String,
    /// Root of the log service, without trailing slash.
    pub graph_url: String,
    /// Root of the token service, without trailing slash.
    pub login_url: String,
    /// The root certificates for TLS that the operator added to the platform's own, ascending.
    pub extra_roots: Vec<CertificateDigest>,
    /// The proxy through which the log service is asked, without user name and password.
    pub proxy: Option<String>,
}

/// As whom the service was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The tenant named to the token service.
    pub tenant: String,
    /// The application.
    pub client_id: String,
    /// How it showed who it is.
    pub method: String,
    /// The token's own claims as far as readable; never the token.
    pub claims: Option<Vec<Pair>>,
}

/// What will be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The window's beginning.
    pub from: Bound,
    /// The window's end, not part of it.
    pub to: Bound,
    /// The logs asked, in order.
    pub kinds: Vec<Kind>,
    /// The logs not asked, in order.
    pub not_asked: Vec<Kind>,
    /// Whether every window is to be asked twice.
    pub second_pass: bool,
    /// The longest window asked at once.
    pub window_seconds: u64,
    /// Records asked per page.
    pub top: u64,
    /// The pace, null for none.
    pub rate: Option<Rate>,
}

/// At most `requests` in any `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many.
    pub requests: u64,
    /// In how long.
    pub seconds: u64,
}

/// How long the service is taken to keep records, and on what ground.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days.
    pub days: u64,
    /// Where the number comes from.
    pub basis: Line,
}

/// Which keys sign this document and everything after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Signs genesis.
    pub operator: Fingerprint,
    /// Signs records and seal: the same, or a key of this acquisition alone.
    pub signer: Fingerprint,
}

/// A package's place among linked packages of one hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// From 1.
    pub number: u64,
    /// Digest of the previous package's seal.
    pub previous_seal: Option<SealDigest>,
}

impl Document for Genesis {
    const TYPE: &'static str = "signhold/genesis/v1";
    const MAX_BYTE_LEN: u64 = RECORD_BYTES;
}

#[cfg(test)]
pub(crate) fn example() -> Genesis {
    use crate::crypto::signature::PublicKey;
    use crate::format::FORMAT_VERSION;

    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
    let fingerprint = PublicKey::from_bytes(key.as_bytes()).unwrap().fingerprint();
    let line = |text: &str| text.parse::<Line>().unwrap();
    Genesis {
        r#type: GenesisType::V1,
        acquisition: "20261122T060452Z-1a2b3c4d".parse().unwrap(),
        matter: Matter {
            id: "ACME-2026-014".parse().unwrap(),
            title: Some(line("Phishing against accounts payable")),
            organisation: Some(line("ACME Ltd")),
            authority: None,
            custodians: vec![line("dana.example@contoso.example")],
        },
        operator: line("R. Ortiz"),
        simulated: true,
        created: "2026-11-22T06:04:52.113Z".parse().unwrap(),
        tool: Tool {
            name: line("signhold"),
            version: line("0.1.0"),
            executable_sha256: None,
            format: FORMAT_VERSION.to_owned(),
        },
        host: Host { name: None, os: line("linux"), architecture: line("x86_64") },
        clock: vec![],
        source: Source {
            service: "microsoft-graph".to_owned(),
            cloud: "global".to_owned(),
            graph_url: "https://localhost:8443".to_owned(),
            login_url: "https://localhost:8443".to_owned(),
            extra_roots: Vec::new(),
            proxy: None,
        },
        identity: Identity {
            tenant: "5a1f0c7e-93b4-4f2d-8e6a-71c2d3b4e5f6".to_owned(),
            client_id: "9b3e7a52-1c4d-4e8f-a6b0-5d2c7f9e8a13".to_owned(),
            method: "client-secret".to_owned(),
            claims: None,
        },
        plan: Plan {
            from: "2026-11-21T00:00:00Z".parse().unwrap(),
            to: "2026-11-22T00:00:00Z".parse().unwrap(),
            kinds: vec![Kind::InteractiveUser],
            not_asked: vec![
                Kind::NonInteractiveUser,
                Kind::ServicePrincipal,
                Kind::ManagedIdentity,
                Kind::DirectoryAudit,
                Kind::RiskDetection,
            ],
            second_pass: false,
            window_seconds: 21_600,
            top: 1000,
            rate: Some(Rate { requests: 5, seconds: 10 }),
        },
        retention: Retention { days: 30, basis: line("assumed: Entra ID P1 or P2") },
        keys: Keys { operator: fingerprint, signer: fingerprint },
        timestamps: Timestamps::by(vec![]),
        series: Series { number: 1, previous_seal: None },
    }
}
