//! What probes told, before anything is collected: states with their reasons, and every request that was sent for them.
//!
//! What no answer showed is `unknown`, never a guess. The names here are those of `plan --json`.

use serde::Serialize;

use crate::format::kind::Kind;

/// Everything the probes told.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// Every request, in order.
    pub requests: Vec<ProbeRequest>,
    /// Whether the log may be read.
    pub rights: Told<Rights>,
    /// Whether the tenant has the licence.
    pub licence: Licence,
    /// Whether `appliedConditionalAccessPolicies` comes.
    pub conditional_access: Told<Visibility>,
    /// Whether the risk fields hold anything.
    pub risk: Told<Visibility>,
    /// The kinds, in order.
    pub kinds: Vec<KindFindings>,
    /// What the service counts itself.
    pub daily_counts: DailyCounts,
    /// How our clock stands against the service's.
    pub clocks: Vec<ClockOffset>,
    /// What keeps collection from being possible, if anything does.
    pub obstacle: Option<Obstacle>,
}

/// One request and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct ProbeRequest {
    /// Which probe it served.
    pub purpose: Purpose,
    /// The kind asked for; null for the daily counts.
    pub kind: Option<Kind>,
    /// The URL as sent.
    pub url: String,
    /// By which the service's own logs can name it.
    pub client_request_id: String,
    /// The status, null when no answer came.
    pub status: Option<u16>,
    /// The service's code or our words for what went wrong; null when nothing did.
    pub trouble: Option<String>,
}

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// One record from before the stated retention.
    BeyondRetention,
    /// The daily counts.
    DailyCounts,
    /// One record from within the stated retention.
    WithinRetention,
}

/// A state, and in words why it is that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told<T> {
    /// The state.
    pub state: T,
    /// Status, code and message, or what was seen.
    pub detail: Option<String>,
}

/// Whether the log may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rights {
    /// Refused, for another reason.
    Denied,
    /// A page came.
    Granted,
    /// The permission to read the log is missing.
    PermissionMissing,
    /// The user has none of the roles.
    RoleMissing,
    /// Neither page nor refusal came.
    Unknown,
}

/// What is known of the tenant's licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Licence {
    /// The conclusion.
    pub state: LicenceState,
    /// Requests answered with a page or with the refusal for want of a licence.
    pub tries: u64,
    /// How many of these were refused so.
    pub refusals: u64,
}

/// The conclusion about the licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LicenceState {
    /// Refused and granted by turns, as happens where `Directory.Read.All` is missing.
    Flaky,
    /// Refused every time.
    NotPremium,
    /// Granted every time.
    Premium,
    /// No answer that tells.
    Unknown,
}

/// Whether a group of fields comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// It does not.
    Hidden,
    /// No record was seen.
    Unknown,
    /// It does.
    Visible,
}

/// What the probes told of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindFindings {
    /// The kind.
    pub kind: Kind,
    /// Whether the service holds records of the part of the window that is within the stated retention.
    pub within_retention: Held,
    /// The time of the newest of those, as the service wrote it.
    pub newest_within: Option<String>,
    /// Whether the service still holds records of the part that is beyond the stated retention.
    pub beyond_retention: Held,
    /// The time of the newest of those, as the service wrote it.
    pub newest_beyond: Option<String>,
    /// Why the service refused to say, where it did and the other kinds can be had all the same.
    pub detail: Option<String>,
}

/// Whether the service holds records of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// It says that it has none.
    None,
    /// Nothing to ask for.
    NotAsked,
    /// At least one.
    Some,
    /// It did not say.
    Unknown,
}

/// The service's own counts, from `signInEventsSummary`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DailyCounts {
    /// Whether the tenant offers them.
    pub state: Offer,
    /// Why not.
    pub detail: Option<String>,
    /// Of the days that the window touches, oldest first.
    pub days: Vec<DayCount>,
}

/// Whether something is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offer {
    /// It is not.
    NotOffered,
    /// It is.
    Offered,
    /// No answer that tells.
    Unknown,
}

/// The sign-ins of one UTC day, by the service's own count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// How many.
    pub count: u64,
}

/// How far another clock is ahead of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockOffset {
    /// Whose.
    pub against: String,
    /// Milliseconds that it is ahead; negative when it is behind.
    pub offset_ms: i64,
    /// How much that may be off: half a second for `Date`, which has whole seconds, and half the exchange.
    pub uncertainty_ms: i64,
}

/// Why nothing could be collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", content = "detail", rename_all = "kebab-case")]
pub enum Obstacle {
    /// The user stopped it.
    Interrupted,
    /// No licence.
    Licence(String),
    /// The service has no such log in this cloud, or refuses the question.
    NotServed(String),
    /// No right to read the log.
    Rights(String),
    /// The token is refused.
    Token(String),
    /// No answer, or none that can be used.
    Unreachable(String),
}
