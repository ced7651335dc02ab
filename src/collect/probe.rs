//! What a few small requests tell before anything is collected: rights, licence, hidden fields, clocks, daily counts.
//!
//! Every request asks for one record (`$top=1`) or for the service's own daily counts; each is paced, counted and told. A
//! refusal is judged by status and code, never by its wording: one for want of a permission is believed at once, one for want
//! of a licence only after three tries, since tenants that have the licence meet it too. Nothing here is evidence; what the
//! service answers to `collect` is. What no answer showed is `unknown`, never a guess.

use std::time::Duration;

use chrono::DateTime;
use serde_json::{Map, Value};

use super::chain::header;
use super::findings::{
    ClockOffset, DailyCounts, DayCount, Findings, Held, KindFindings, Licence, LicenceState, Obstacle, Offer,
    ProbeRequest, Purpose, Rights, Told, Visibility,
};
use super::licence::NO_LICENCE;
use super::stream::{back_off, claims_challenge, retry_after, throttle_back_off, uuid};
use super::{Answer, Clock, LogSource, NoToken, Pace, retention};
use crate::codec::json::slice_page;
use crate::codec::service_error;
use crate::format::genesis::{ClockReading, Plan};
use crate::format::kind::Kind;
use crate::format::parts::{Pair, Response};
use crate::time::{Bound, LocalTime, Window};

/// What is to be probed, and where.
#[derive(Clone, Copy, Debug)]
pub struct Aim<'a> {
    /// Root of the log service, without trailing slash.
    pub graph_url: &'a str,
    /// What would be collected.
    pub plan: &'a Plan,
    /// How long the service is taken to keep records.
    pub retention_days: u64,
    /// The token's claims, as far as readable.
    pub claims: &'a [Pair],
    /// The present.
    pub now: Bound,
}

/// The service, our clock and the pace.
pub struct Outside<'a> {
    /// The log service.
    pub source: &'a dyn LogSource,
    /// Our clock.
    pub clock: &'a dyn Clock,
    /// The pace.
    pub pace: &'a dyn Pace,
}

/// Sends the probes: per kind one record from within the stated retention and one from beyond it, as far as the window reaches;
/// then the daily counts. Stops at the first obstacle.
#[must_use]
pub fn run(outside: &Outside<'_>, aim: &Aim<'_>) -> Findings {
    let mut prober = Prober::new(outside, aim);
    let obstacle = prober.probe().err();
    prober.conclude(obstacle)
}

/// Compares a clock reading that came with an answer with our own clock, in the middle of the exchange.
#[must_use]
pub fn clock_offset(reading: &ClockReading) -> Option<ClockOffset> {
    let remote = DateTime::parse_from_rfc2822(reading.remote.as_str()).ok()?.timestamp_millis();
    let half_trip = i64::try_from(reading.round_trip_ms / 2).ok()?;
    let ours = reading.local.to_datetime().timestamp_millis().checked_sub(half_trip)?;
    Some(ClockOffset {
        against: reading.against.clone(),
        offset_ms: remote.checked_add(HALF_SECOND_MS)?.checked_sub(ours)?,
        uncertainty_ms: HALF_SECOND_MS.checked_add(half_trip)?,
    })
}

struct Prober<'a> {
    outside: &'a Outside<'a>,
    aim: &'a Aim<'a>,
    requests: Vec<ProbeRequest>,
    kinds: Vec<KindFindings>,
    daily_counts: DailyCounts,
    clock: Option<ClockOffset>,
    pages: u64,
    licence_refusals: u64,
    token_was_renewed: bool,
    /// When the last request began, on the monotonic clock.
    began_us: u64,
    rights: Option<Told<Rights>>,
    policies: Option<bool>,
    risk: Option<bool>,
}

/// How a probe ended, apart from an obstacle.
enum Reply {
    Page { elements: Vec<Map<String, Value>>, next_link: Option<String> },
    Refused(String),
}

impl<'a> Prober<'a> {
    fn new(outside: &'a Outside<'a>, aim: &'a Aim<'a>) -> Self {
        let kinds = aim.plan.kinds.iter().filter(|kind| kind.is_windowed()).map(|kind| KindFindings {
            kind: *kind,
            within_retention: if within(aim).is_some() { Held::Unknown } else { Held::NotAsked },
            newest_within: None,
            beyond_retention: if beyond(aim).is_some() { Held::Unknown } else { Held::NotAsked },
            newest_beyond: None,
            detail: None,
        });
        Self {
            outside,
            aim,
            requests: Vec::new(),
            kinds: kinds.collect(),
            daily_counts: DailyCounts { state: Offer::Unknown, detail: None, days: Vec::new() },
            clock: None,
            pages: 0,
            licence_refusals: 0,
            token_was_renewed: false,
            began_us: 0,
            rights: None,
            policies: None,
            risk: None,
        }
    }

    fn probe(&mut self) -> Result<(), Obstacle> {
        for place in 0..self.kinds.len() {
            let kind = self.kinds[place].kind;
            if let Some(within) = within(self.aim) {
                let (held, newest) = self.one_record(Purpose::WithinRetention, kind, within)?;
                self.kinds[place].within_retention = held;
                self.kinds[place].newest_within = newest;
            }
            if let Some(beyond) = beyond(self.aim) {
                // A time that is too old may be refused as a wrong question; that is no obstacle to the rest.
                let (held, newest) = match self.one_record(Purpose::BeyondRetention, kind, beyond) {
                    Err(Obstacle::NotServed(_)) => (Held::Unknown, None),
                    other => other?,
                };
                self.kinds[place].beyond_retention = held;
                self.kinds[place].newest_beyond = newest;
            }
        }
        self.ask_counts()
    }

    /// Asks for one record; an empty page with a link to more is followed for a while.
    fn one_record(&mut self, purpose: Purpose, kind: Kind, window: Window) -> Result<(Held, Option<String>), Obstacle> {
        let mut url = kind.first_url(self.aim.graph_url, window, 1);
        for _ in 0..MAX_EMPTY_PAGES {
            let (elements, next_link) = match self.ask(purpose, Some(kind), &url)? {
                Reply::Page { elements, next_link } => (elements, next_link),
                Reply::Refused(detail) if self.is_essential(Some(kind)) => return Err(Obstacle::NotServed(detail)),
                Reply::Refused(detail) => {
                    self.kinds.iter_mut().filter(|found| found.kind == kind).for_each(|found| {
                        found.detail = Some(detail.clone());
                    });
                    return Ok((Held::Unknown, None));
                }
            };
            if let Some(record) = elements.first() {
                if Kind::SIGN_INS.contains(&kind) {
                    self.look_at(record);
                }
                let created = record.get(kind.time_member()).and_then(Value::as_str).map(str::to_owned);
                return Ok((Held::Some, created));
            }
            match next_link {
                None => return Ok((Held::None, None)),
                Some(link) if self.outside.source.serves(&link) => url = link,
                Some(_) => return Ok((Held::Unknown, None)),
            }
        }
        Ok((Held::Unknown, None))
    }

    fn ask_counts(&mut self) -> Result<(), Obstacle> {
        let Ok(whole) = Window::new(self.aim.plan.from, self.aim.plan.to) else { return Ok(()) };
        let mut url = Kind::SignInEventsSummary.first_url(self.aim.graph_url, whole, 1);
        let from = self.aim.plan.from.to_string();
        let to = self.aim.plan.to.to_string();
        for _ in 0..MAX_COUNT_PAGES {
            // The log can be collected without counts: whatever keeps them away is no obstacle.
            let (elements, next_link) = match self.ask(Purpose::DailyCounts, None, &url) {
                Ok(Reply::Page { elements, next_link }) => (elements, next_link),
                Ok(Reply::Refused(detail)) => {
                    self.daily_counts.state = Offer::NotOffered;
                    self.daily_counts.detail = Some(detail);
                    return Ok(());
                }
                Err(Obstacle::Interrupted) => return Err(Obstacle::Interrupted),
                Err(
                    Obstacle::Unreachable(detail)
                    | Obstacle::Licence(detail)
                    | Obstacle::Rights(detail)
                    | Obstacle::NotServed(detail)
                    | Obstacle::Token(detail),
                ) => {
                    self.daily_counts.detail = Some(detail);
                    return Ok(());
                }
            };
            self.daily_counts.state = Offer::Offered;
            for element in &elements {
                let day = element.get("activityDateTime").and_then(Value::as_str).and_then(|text| text.get(..DAY_LEN));
                let count = element.get("signInCount").and_then(Value::as_u64);
                if let (Some(day), Some(count)) = (day, count) {
                    let touches =
                        from.get(..DAY_LEN).is_some_and(|first| first <= day) && format!("{day}T00:00:00Z") < to;
                    if touches && is_day(day) {
                        self.daily_counts.days.push(DayCount { day: day.to_owned(), count });
                    }
                }
            }
            match next_link.filter(|link| self.outside.source.serves(link)) {
                Some(link) => url = link,
                None => break,
            }
        }
        self.daily_counts.days.sort_by(|one, other| one.day.cmp(&other.day));
        self.daily_counts.days.dedup_by(|one, other| one.day == other.day);
        Ok(())
    }

    /// Whether a plan without this kind would miss what it is made for: a sign-in log, or any log where there is none.
    fn is_essential(&self, kind: Option<Kind>) -> bool {
        let has_sign_ins = self.aim.plan.kinds.iter().any(|kind| Kind::SIGN_INS.contains(kind));
        kind.is_some_and(|kind| Kind::SIGN_INS.contains(&kind) || !has_sign_ins)
    }

    /// Asks up to three times, as the answers demand.
    fn ask(&mut self, purpose: Purpose, kind: Option<Kind>, url: &str) -> Result<Reply, Obstacle> {
        let mut last = Obstacle::Unreachable("it was not asked".to_owned());
        for attempt in 1..=MAX_TRIES {
            if !self.outside.pace.turn() {
                return Err(Obstacle::Interrupted);
            }
            self.outside.source.authorize().map_err(no_token)?;
            let answer = self.send(purpose, kind, url);
            let may_retry = attempt < MAX_TRIES;
            let (obstacle, wait) = match (&answer.trouble, &answer.response) {
                (Some(trouble), _) => (Obstacle::Unreachable(trouble.detail.clone()), Wait::Alone(back_off(attempt))),
                (None, None) => (Obstacle::Unreachable("no answer".to_owned()), Wait::Alone(back_off(attempt))),
                (None, Some(response)) => match self.judge(kind, response, &answer.body, attempt)? {
                    Step::Done(reply) => return Ok(reply),
                    Step::Again(obstacle, wait) => (obstacle, wait),
                },
            };
            last = obstacle;
            if may_retry {
                match wait {
                    Wait::Alone(wait) if !self.outside.pace.pause(wait) => return Err(Obstacle::Interrupted),
                    Wait::Alone(_) => {}
                    Wait::All(wait) => self.outside.pace.hold(wait),
                }
            }
        }
        Err(last)
    }

    fn judge(&mut self, kind: Option<Kind>, response: &Response, body: &[u8], attempt: u64) -> Result<Step, Obstacle> {
        let error = service_error::read(body);
        let code = error.as_ref().map(|error| error.code.as_str()).unwrap_or_default();
        let detail = error.as_ref().map_or_else(
            || format!("status {}", response.status),
            |error| format!("status {} `{}`: {}", response.status, error.code, error.message),
        );
        let moment = || Wait::Alone(Duration::ZERO);
        Ok(match response.status {
            200..=299 => match read_page(kind, body) {
                Some(reply) => {
                    if self.is_essential(kind) {
                        self.pages += 1;
                    }
                    Step::Done(reply)
                }
                None => Step::Again(
                    Obstacle::Unreachable(format!("status {}, but no page of the log", response.status)),
                    Wait::Alone(back_off(attempt)),
                ),
            },
            401 if self.token_was_renewed => return Err(Obstacle::Token(detail)),
            401 => {
                self.token_was_renewed = true;
                let challenge = claims_challenge(response);
                self.outside.source.renew(self.began_us, challenge.as_deref()).map_err(no_token)?;
                Step::Again(Obstacle::Token(detail), moment())
            }
            // What keeps counts and further logs away does not keep the sign-in logs away.
            400..=499 if !self.is_essential(kind) && response.status != 429 => Step::Done(Reply::Refused(detail)),
            403 if code == NO_LICENCE => {
                self.licence_refusals += 1;
                Step::Again(Obstacle::Licence(detail), moment())
            }
            403 => {
                let state = match code {
                    "Authentication_MSGraphPermissionMissing"
                    | "Authentication_ApplicationHasNoReadAuditLogDataAccess" => Rights::PermissionMissing,
                    "Authentication_RequestFromUnsupportedUserRole" => Rights::RoleMissing,
                    _ => Rights::Denied,
                };
                self.rights = Some(Told { state, detail: Some(detail.clone()) });
                return Err(Obstacle::Rights(detail));
            }
            429 => {
                let wait = retry_after(response).unwrap_or_else(|| throttle_back_off(attempt));
                Step::Again(Obstacle::Unreachable(detail), Wait::All(wait))
            }
            408 | 500..=599 => {
                let wait = retry_after(response).unwrap_or_else(|| back_off(attempt));
                Step::Again(Obstacle::Unreachable(detail), Wait::Alone(wait))
            }
            // `Unsupported Query` comes at random for queries that are supported.
            400 => Step::Again(Obstacle::NotServed(detail), moment()),
            _ => Step::Done(Reply::Refused(detail)),
        })
    }

    fn send(&mut self, purpose: Purpose, kind: Option<Kind>, url: &str) -> Answer {
        let clock = self.outside.clock;
        let (began, began_us) = (clock.now(), clock.monotonic_us());
        self.began_us = began_us;
        let client_request_id = uuid(url.as_bytes(), &format!("plan {} {began} {began_us}", self.requests.len()));
        let answer = self.outside.source.get(url, &client_request_id);
        let round_trip_ms = clock.monotonic_us().saturating_sub(began_us) / 1000;
        let status = answer.response.as_ref().map(|response| response.status);
        let trouble = match (&answer.trouble, status) {
            (Some(trouble), _) => Some(trouble.detail.clone()),
            (None, Some(200..=299)) => None,
            (None, _) => service_error::read(&answer.body).map(|error| error.code),
        };
        if let Some(response) = &answer.response {
            self.read_clock(response, clock.now(), round_trip_ms);
        }
        self.requests.push(ProbeRequest { purpose, kind, url: url.to_owned(), client_request_id, status, trouble });
        answer
    }

    /// Keeps the reading of the quickest exchange, which is the most exact.
    fn read_clock(&mut self, response: &Response, local: LocalTime, round_trip_ms: u64) {
        let Some(date) = header(response, "date") else { return };
        let reading = ClockReading {
            against: self.aim.graph_url.to_owned(),
            local,
            remote: crate::format::line::Line::lossy(date),
            round_trip_ms,
        };
        if let Some(offset) = clock_offset(&reading)
            && self.clock.as_ref().is_none_or(|held| offset.uncertainty_ms < held.uncertainty_ms)
        {
            self.clock = Some(offset);
        }
    }

    /// Sees which fields a record has. One record that shows a group of fields settles it.
    fn look_at(&mut self, record: &Map<String, Value>) {
        let policies = record.contains_key(POLICIES);
        self.policies = Some(policies || self.policies == Some(true));
        let values: Vec<&Value> = RISK_FIELDS.iter().filter_map(|name| record.get(*name)).collect();
        if !values.is_empty() {
            let shown = values.iter().all(|value| value.as_str() != Some("hidden"));
            self.risk = Some(shown || self.risk == Some(true));
        }
    }

    fn conclude(self, obstacle: Option<Obstacle>) -> Findings {
        let licence_state = match (self.pages, self.licence_refusals) {
            (0, 0) => LicenceState::Unknown,
            (0, _) => LicenceState::NotPremium,
            (_, 0) => LicenceState::Premium,
            _ => LicenceState::Flaky,
        };
        let seen = if self.pages > 0 { Rights::Granted } else { Rights::Unknown };
        let rights = self.rights.unwrap_or(Told { state: seen, detail: None });
        let policies = see(self.policies, || match granted(self.aim.claims, &READ_POLICIES) {
            Some(permission) => format!("no record was seen; the token carries {permission}"),
            None => "no record was seen; the token names no permission to read policies".to_owned(),
        });
        Findings {
            requests: self.requests,
            rights,
            licence: Licence {
                state: licence_state,
                tries: self.pages + self.licence_refusals,
                refusals: self.licence_refusals,
            },
            conditional_access: policies,
            risk: see(self.risk, || "no record with risk fields was seen".to_owned()),
            kinds: self.kinds,
            daily_counts: self.daily_counts,
            clocks: self.clock.into_iter().collect(),
            obstacle,
        }
    }
}

enum Step {
    Again(Obstacle, Wait),
    Done(Reply),
}

enum Wait {
    All(Duration),
    Alone(Duration),
}

/// Returns the first of `permissions` that the token's claims name.
#[must_use]
pub fn granted<'a>(claims: &[Pair], permissions: &[&'a str]) -> Option<&'a str> {
    let named = |permission: &str| {
        let mut held = claims.iter().filter(|(name, _)| matches!(name.as_str(), "roles" | "scp"));
        held.any(|(_, value)| value.split(' ').any(|one| one == permission))
    };
    permissions.iter().copied().find(|permission| named(permission))
}

fn see(seen: Option<bool>, why_not: impl Fn() -> String) -> Told<Visibility> {
    match seen {
        Some(true) => Told { state: Visibility::Visible, detail: None },
        Some(false) => Told { state: Visibility::Hidden, detail: None },
        None => Told { state: Visibility::Unknown, detail: Some(why_not()) },
    }
}

/// The part of the plan's window that is beyond the stated retention.
fn beyond(aim: &Aim<'_>) -> Option<Window> {
    let floor = retention::floor(aim.retention_days, aim.now)?;
    Window::new(aim.plan.from, aim.plan.to.min(floor)).ok()
}

/// The part that is within.
fn within(aim: &Aim<'_>) -> Option<Window> {
    let from = retention::floor(aim.retention_days, aim.now).map_or(aim.plan.from, |floor| floor.max(aim.plan.from));
    Window::new(from, aim.plan.to).ok()
}

fn read_page(kind: Option<Kind>, body: &[u8]) -> Option<Reply> {
    let mut elements = Vec::new();
    let time_member = kind.unwrap_or(Kind::SignInEventsSummary).time_member();
    let page = slice_page(body, time_member, |element| {
        elements.push(serde_json::from_slice::<Map<String, Value>>(element.bytes).unwrap_or_default());
    });
    let page = page.ok()?;
    Some(Reply::Page { elements, next_link: page.next_link })
}

fn is_day(text: &str) -> bool {
    format!("{text}T00:00:00Z").parse::<Bound>().is_ok()
}

/// Left out of every record without the right to read policies.
pub const POLICIES: &str = "appliedConditionalAccessPolicies";
/// `hidden` in every record without Entra ID P2.
pub const RISK_FIELDS: [&str; 4] = ["riskDetail", "riskLevelAggregated", "riskLevelDuringSignIn", "riskState"];
/// Each of these brings [`POLICIES`]; the first is the least.
pub const READ_POLICIES: [&str; 3] =
    ["Policy.Read.ConditionalAccess", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"];
/// What it takes to believe that a licence is missing.
const MAX_TRIES: u64 = 3;
/// A page may be empty and still name a next one.
const MAX_EMPTY_PAGES: u64 = 4;
/// Thirty days are one page.
const MAX_COUNT_PAGES: u64 = 3;
const HALF_SECOND_MS: i64 = 500;
/// `YYYY-MM-DD`.
const DAY_LEN: usize = 10;

fn no_token(reason: NoToken) -> Obstacle {
    match reason {
        NoToken::Cancelled => Obstacle::Interrupted,
        NoToken::Refused { detail, .. } => Obstacle::Token(detail),
        NoToken::Unreachable { detail } => Obstacle::Unreachable(detail),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A service that gives its answers one after the other, and the last for ever.
    struct Scripted {
        answers: Mutex<Vec<(u16, String)>>,
        renewals: Mutex<u64>,
    }

    impl LogSource for Scripted {
        fn get(&self, url: &str, _: &str) -> Answer {
            let mut answers = self.answers.lock().unwrap();
            let (status, body) = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
            if status == 0 {
                let trouble = Some(crate::collect::Trouble {
                    reason: crate::format::failure::FailureReason::Transport,
                    detail: format!("no way to {}", &url[..8]),
                });
                return Answer { sent_headers: Vec::new(), response: None, body: Vec::new(), trouble };
            }
            let headers = vec![("date".to_owned(), "Sun, 22 Nov 2026 06:01:00 GMT".to_owned())];
            let response = Response { status, version: "HTTP/2".to_owned(), headers, remote_address: None, tls: None };
            Answer { sent_headers: Vec::new(), response: Some(response), body: body.into_bytes(), trouble: None }
        }

        fn authorize(&self) -> Result<(), NoToken> {
            Ok(())
        }

        fn renew(&self, _: u64, _: Option<&str>) -> Result<(), NoToken> {
            *self.renewals.lock().unwrap() += 1;
            Ok(())
        }

        fn serves(&self, url: &str) -> bool {
            url.starts_with("https://graph")
        }
    }

    struct Still;

    impl Clock for Still {
        fn now(&self) -> LocalTime {
            "2026-11-22T06:00:00.000Z".parse().unwrap()
        }

        fn monotonic_us(&self) -> u64 {
            0
        }
    }

    struct Unpaced;

    impl Pace for Unpaced {
        fn turn(&self) -> bool {
            true
        }

        fn hold(&self, _: Duration) {}

        fn pause(&self, _: Duration) -> bool {
            true
        }

        fn is_cancelled(&self) -> bool {
            false
        }
    }

    fn plan(from: &str, kinds: &[Kind]) -> Plan {
        let mut plan = crate::format::genesis::example().plan;
        plan.from = from.parse().unwrap();
        plan.to = "2026-11-21T00:00:00Z".parse().unwrap();
        plan.kinds = kinds.to_vec();
        plan
    }

    fn probe_plan(plan: &Plan, answers: &[(u16, &str)]) -> (Findings, u64) {
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let source = Scripted { answers: Mutex::new(answers), renewals: Mutex::new(0) };
        let outside = Outside { source: &source, clock: &Still, pace: &Unpaced };
        let claims = [("roles".to_owned(), "AuditLog.Read.All Policy.Read.All".to_owned())];
        let aim = Aim {
            graph_url: "https://graph.example",
            plan,
            retention_days: 30,
            claims: &claims,
            now: "2026-11-22T06:00:00Z".parse().unwrap(),
        };
        let findings = run(&outside, &aim);
        (findings, source.renewals.into_inner().unwrap())
    }

    fn probe(answers: &[(u16, &str)]) -> Findings {
        probe_plan(&plan("2026-11-20T00:00:00Z", &[Kind::InteractiveUser]), answers).0
    }

    const RECORD: &str = r#"{"value":[{"createdDateTime":"2026-11-20T09:00:00Z","riskState":"hidden"}]}"#;
    const SHOWN: &str = r#"{"value":[{"createdDateTime":"2026-11-20T09:00:00Z","riskState":"none","appliedConditionalAccessPolicies":[]}]}"#;
    const EMPTY: &str = r#"{"value":[]}"#;
    const NOT_FOUND: &str = r#"{"error":{"code":"BadRequest","message":"Resource not found for the segment"}}"#;
    const NO_PREMIUM: &str =
        r#"{"error":{"code":"Authentication_RequestFromNonPremiumTenantOrB2CTenant","message":"no premium license"}}"#;

    #[test]
    fn fields_that_do_not_come_are_seen_in_one_record() {
        let findings = probe(&[(200, RECORD), (400, NOT_FOUND)]);
        assert_eq!(findings.rights.state, Rights::Granted);
        assert_eq!(findings.licence, Licence { state: LicenceState::Premium, tries: 1, refusals: 0 });
        assert_eq!(findings.conditional_access.state, Visibility::Hidden);
        assert_eq!(findings.risk.state, Visibility::Hidden);
        assert_eq!(findings.daily_counts.state, Offer::NotOffered);
        assert_eq!(findings.kinds[0].newest_within.as_deref(), Some("2026-11-20T09:00:00Z"));
        assert_eq!((findings.obstacle, findings.requests.len()), (None, 2));
        let shown = probe(&[(200, SHOWN), (400, NOT_FOUND)]);
        assert_eq!((shown.conditional_access.state, shown.risk.state), (Visibility::Visible, Visibility::Visible));
    }

    #[test]
    fn an_empty_window_says_nothing_about_fields() {
        let findings = probe(&[(200, EMPTY), (404, NOT_FOUND)]);
        assert_eq!(findings.kinds[0].within_retention, Held::None);
        assert_eq!(findings.conditional_access.state, Visibility::Unknown);
        assert!(findings.conditional_access.detail.unwrap().contains("Policy.Read.All"));
        assert_eq!(findings.rights.state, Rights::Granted);
    }

    #[test]
    fn an_empty_page_with_a_link_is_no_empty_window() {
        let linked = r#"{"@odata.nextLink":"https://graph.example/beta/auditLogs/signins?2","value":[]}"#;
        let findings = probe(&[(200, linked), (200, RECORD), (400, NOT_FOUND)]);
        assert_eq!(findings.kinds[0].within_retention, Held::Some);
        let foreign = linked.replace("graph.example", "elsewhere.example").replace("https://", "http://");
        let findings = probe(&[(200, &foreign), (400, NOT_FOUND)]);
        assert_eq!((findings.kinds[0].within_retention, findings.requests.len()), (Held::Unknown, 2));
    }

    #[test]
    fn a_missing_licence_is_believed_after_three_tries_and_a_flaky_one_never() {
        let findings = probe(&[(403, NO_PREMIUM)]);
        assert_eq!(findings.licence, Licence { state: LicenceState::NotPremium, tries: 3, refusals: 3 });
        assert!(matches!(findings.obstacle, Some(Obstacle::Licence(_))));
        assert_eq!(findings.rights.state, Rights::Unknown);
        let findings = probe(&[(403, NO_PREMIUM), (403, NO_PREMIUM), (200, RECORD), (400, NOT_FOUND)]);
        assert_eq!(findings.licence, Licence { state: LicenceState::Flaky, tries: 3, refusals: 2 });
        assert_eq!(findings.obstacle, None);
    }

    #[test]
    fn a_missing_permission_is_believed_at_once_and_by_its_code() {
        for (code, state) in [
            ("Authentication_MSGraphPermissionMissing", Rights::PermissionMissing),
            ("Authentication_RequestFromUnsupportedUserRole", Rights::RoleMissing),
            ("Authorization_RequestDenied", Rights::Denied),
        ] {
            let body = format!(r#"{{"error":{{"code":"{code}","message":"whatever"}}}}"#);
            let findings = probe(&[(403, &body)]);
            assert_eq!((findings.rights.state, findings.requests.len()), (state, 1), "{code}");
            assert!(matches!(findings.obstacle, Some(Obstacle::Rights(_))));
        }
    }

    #[test]
    fn a_token_is_renewed_once_and_a_second_refusal_ends_it() {
        let one = plan("2026-11-20T00:00:00Z", &[Kind::InteractiveUser]);
        let (findings, renewals) = probe_plan(&one, &[(401, "{}"), (200, RECORD), (400, NOT_FOUND)]);
        assert_eq!((findings.obstacle, renewals), (None, 1));
        let (findings, renewals) = probe_plan(&one, &[(401, "{}")]);
        assert_eq!((findings.obstacle, renewals), (Some(Obstacle::Token("status 401".to_owned())), 1));
    }

    #[test]
    fn silence_and_web_pages_are_no_answer() {
        for answer in [(0, ""), (503, "{}"), (200, "<html>"), (429, "{}")] {
            let findings = probe(&[answer]);
            assert!(matches!(findings.obstacle, Some(Obstacle::Unreachable(_))), "{answer:?}");
            assert_eq!((findings.requests.len(), findings.licence.state), (3, LicenceState::Unknown));
        }
    }

    #[test]
    fn what_is_beyond_retention_is_asked_all_the_same() {
        let long = plan("2026-10-01T00:00:00Z", &[Kind::InteractiveUser]);
        let (findings, _) = probe_plan(&long, &[(200, RECORD), (200, EMPTY), (400, NOT_FOUND)]);
        assert_eq!(findings.kinds[0].beyond_retention, Held::None);
        let asked = |purpose: Purpose| findings.requests.iter().find(|request| request.purpose == purpose).unwrap();
        assert!(
            asked(Purpose::BeyondRetention)
                .url
                .contains("ge%202026-10-01T00:00:00Z%20and%20createdDateTime%20le%202026-10-23T06:00:00Z")
        );
        assert!(asked(Purpose::WithinRetention).url.contains("ge%202026-10-23T06:00:00Z"));
        let (findings, _) = probe_plan(&long, &[(200, RECORD), (400, NOT_FOUND)]);
        assert_eq!((findings.kinds[0].beyond_retention, findings.obstacle), (Held::Unknown, None));
    }

    #[test]
    fn daily_counts_are_those_of_the_days_in_the_window() {
        let counts = r#"{"value":[{"activityDateTime":"2026-11-21T00:00:00Z","signInCount":9},{"activityDateTime":"2026-11-20T00:00:00Z","signInCount":2500},
            {"activityDateTime":"2026-11-19T00:00:00Z","signInCount":7},{"activityDateTime":"\u001b[2J-20T00","signInCount":7}]}"#;
        let one = plan("2026-11-20T00:00:00Z", &[Kind::InteractiveUser]);
        let (findings, _) = probe_plan(&one, &[(200, RECORD), (200, counts)]);
        assert_eq!(findings.daily_counts.days, [DayCount { day: "2026-11-20".to_owned(), count: 2500 }]);
        let forecast = crate::collect::forecast::forecast(&one, &findings).unwrap();
        let whole = forecast.last().unwrap();
        assert_eq!((whole.windows, whole.records, whole.pages), (4, Some(2500), Some(6)));
        assert_eq!((whole.seconds_at_least, whole.seconds), (Some(8), Some(12)));
        assert_eq!((forecast[0].records, forecast[0].pages), (None, None));
    }

    #[test]
    fn clocks_are_compared_in_the_middle_of_the_exchange() {
        let findings = probe(&[(200, RECORD), (400, NOT_FOUND)]);
        assert_eq!((findings.clocks[0].offset_ms, findings.clocks[0].uncertainty_ms), (60_500, 500));
        let reading = ClockReading {
            against: "x".to_owned(),
            local: "2026-11-22T06:00:01.000Z".parse().unwrap(),
            remote: "Sun, 22 Nov 2026 06:00:00 GMT".parse().unwrap(),
            round_trip_ms: 1000,
        };
        let offset = clock_offset(&reading).unwrap();
        assert_eq!((offset.offset_ms, offset.uncertainty_ms), (0, 1000));
    }
}
