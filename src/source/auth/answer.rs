//! One question to a token service and what it answers: a token, a refusal, or nothing that can be relied on.
//!
//! Refused is only what the service itself refuses, in the form of RFC 6749 §5.2. A proxy's error page, a redirect, a status
//! without that form, and the service's own codes for passing troubles are all *passing*: they are worth asking again, and they
//! say nothing about the credential. Codes decide, never wording.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::super::SourceError;
use super::super::http::HttpClient;
use crate::collect::Clock;
use crate::crypto::secret::Secret;
use crate::format::genesis::ClockReading;
use crate::format::line::Line;

/// A token, and what came with it.
pub(super) struct Obtained {
    pub(super) token: Secret,
    pub(super) lifetime: Duration,
    pub(super) refresh: Option<Secret>,
    pub(super) reading: Option<ClockReading>,
}

/// Why there is no token.
#[derive(Debug)]
pub(super) enum NoToken {
    /// The session was cancelled.
    Cancelled,
    /// Nothing that can be relied on was answered.
    Passing { service: String, reason: String, retry_after: Option<Duration>, answered: bool },
    /// The service, or the machine, says no.
    Refused { service: String, reason: String, error: String, codes: Vec<u64> },
}

impl From<NoToken> for SourceError {
    fn from(trouble: NoToken) -> Self {
        match trouble {
            NoToken::Cancelled => Self::Cancelled,
            NoToken::Passing { service, reason, .. } => Self::Unreachable { service, reason },
            NoToken::Refused { service, reason, codes, .. } => Self::Refused { service, reason, codes },
        }
    }
}

impl NoToken {
    /// A refusal by this machine.
    pub(super) fn here(service: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Refused { service: service.into(), reason: reason.into(), error: String::new(), codes: Vec::new() }
    }
}

/// A form that is wiped when dropped, and remembers what in it must not be repeated.
#[derive(Default)]
pub(super) struct Form {
    body: Zeroizing<String>,
    hidden: Vec<Secret>,
}

impl Form {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        // Room for all at once: a string that grows leaves copies behind.
        let mut body = Zeroizing::new(String::with_capacity(self.body.len() + name.len() + 3 * value.len() + 2));
        body.push_str(&self.body);
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        body.extend(byte_serialize(value.as_bytes()));
        self.body = body;
        self
    }

    pub(super) fn with_hidden(mut self, name: &str, value: &Secret) -> Self {
        self.hidden.push(value.clone());
        self.with(name, value.expose_secret())
    }

    pub(super) fn with_optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// Who asks, at what.
pub(super) struct Asker<'a> {
    pub(super) http: &'a HttpClient,
    pub(super) clock: &'a dyn Clock,
}

impl Asker<'_> {
    /// Posts a form and reads a token.
    pub(super) fn post_for_token(&self, url: &Url, form: Form) -> Result<Obtained, NoToken> {
        let (body, reading) = self.post(url, form)?;
        let mut obtained = read_token(url, &body, self.clock)?;
        obtained.reading = Some(reading).flatten();
        Ok(obtained)
    }

    /// Posts a form and returns the body of a good answer.
    pub(super) fn post(&self, url: &Url, form: Form) -> Result<(Zeroizing<Vec<u8>>, Option<ClockReading>), NoToken> {
        let Form { body, hidden } = form;
        let request = self
            .http
            .request(Method::POST, url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(bytes::Bytes::from_owner(Zeroizing::new(body.as_bytes().to_vec())));
        self.send(url, request, &hidden, &[])
    }

    /// Sends a request and returns the body of a good answer. `passing` are further statuses worth asking again for.
    pub(super) fn send(
        &self,
        url: &Url,
        request: RequestBuilder,
        hidden: &[Secret],
        passing: &[u16],
    ) -> Result<(Zeroizing<Vec<u8>>, Option<ClockReading>), NoToken> {
        let service = place(url);
        let nothing = |reason: String, retry_after, answered| NoToken::Passing {
            service: service.clone(),
            reason,
            retry_after,
            answered,
        };
        let request = request.header("accept", "application/json").timeout(ANSWER_TIMEOUT);
        let asked_us = self.clock.monotonic_us();
        let answer = self.http.exchange(request, MAX_ANSWER_BYTE_LEN);
        let round_trip_ms = self.clock.monotonic_us().saturating_sub(asked_us) / 1000;
        let body = Zeroizing::new(answer.body);
        if let Some(trouble) = answer.trouble {
            return Err(nothing(trouble.detail, None, answer.response.is_some()));
        }
        let Some(response) = answer.response else { return Err(nothing("no answer".to_owned(), None, false)) };
        let header = |wanted: &str| response.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        if (200..300).contains(&response.status) {
            let reading = header("date").map(|date| ClockReading {
                against: service,
                local: self.clock.now(),
                remote: Line::lossy(date),
                round_trip_ms,
            });
            return Ok((body, reading));
        }
        let retry_after = header("retry-after")
            .and_then(|value| value.trim().parse().ok())
            .map(|seconds: u64| Duration::from_secs(seconds.min(MAX_RETRY_AFTER_SECONDS)));
        let status = response.status;
        let Ok(refusal) = serde_json::from_slice::<RefusalAnswer>(&body) else {
            return Err(nothing(format!("status {status}, not in the form of a token service"), retry_after, true));
        };
        let description = refusal.error_description.unwrap_or_default();
        let first_line = description.lines().next().unwrap_or_default();
        let reason = hide(&format!("status {status} `{}`: {first_line}", refusal.error), hidden);
        let is_passing = matches!(status, 408 | 429 | 300..400 | 500..)
            || passing.contains(&status)
            || PASSING_ERRORS.contains(&refusal.error.as_str())
            || refusal.error_codes.iter().any(|code| PASSING_CODES.contains(code));
        Err(if is_passing {
            nothing(reason, retry_after, true)
        } else {
            let (error, codes) = (hide(&refusal.error, hidden), refusal.error_codes);
            NoToken::Refused { service, reason, error, codes }
        })
    }
}

#[derive(Deserialize)]
struct RefusalAnswer {
    error: String,
    error_description: Option<String>,
    #[serde(default)]
    error_codes: Vec<u64>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<Number>,
    expires_on: Option<Number>,
    refresh_token: Option<String>,
}

/// The v2.0 endpoint sends a number, the metadata service a string.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Number(u64),
    Text(String),
}

impl Number {
    pub(super) fn value(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

/// Reads a token answer (RFC 6749 §5.1).
pub(super) fn read_token(url: &Url, body: &[u8], clock: &dyn Clock) -> Result<Obtained, NoToken> {
    let no_token = |reason: &str| NoToken::Passing {
        service: place(url),
        reason: reason.to_owned(),
        retry_after: None,
        answered: true,
    };
    let answer: TokenAnswer = serde_json::from_slice(body).map_err(|_| no_token("its answer is no token"))?;
    let token = Secret::new(answer.access_token);
    let refresh = answer.refresh_token.map(Secret::new).filter(|secret| !secret.is_empty());
    if token.is_empty() || !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(no_token("its answer is no token"));
    }
    let given = answer.expires_in.as_ref().and_then(Number::value).map(Duration::from_secs);
    let until = answer.expires_on.as_ref().and_then(Number::value).map(|epoch| until(epoch, clock));
    Ok(Obtained { token, lifetime: given.or(until).unwrap_or(UNKNOWN_LIFETIME), refresh, reading: None })
}

/// Returns how long it is until `epoch`, in seconds since 1970, by the wall clock.
pub(super) fn until(epoch: u64, clock: &dyn Clock) -> Duration {
    let now = u64::try_from(clock.now().to_datetime().timestamp()).unwrap_or_default();
    Duration::from_secs(epoch.saturating_sub(now))
}

/// Returns an address without its query, which may name resources and is of no use to a reader.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}

/// Removes secrets from a text that a service sent, plain and as they stand in a form.
fn hide(text: &str, hidden: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in hidden.iter().filter(|secret| !secret.is_empty()) {
        let coded: Zeroizing<String> = Zeroizing::new(byte_serialize(secret.expose_secret().as_bytes()).collect());
        text = text.replace(secret.expose_secret(), REMOVED).replace(coded.as_str(), REMOVED);
    }
    text
}

/// RFC 6749 §4.1.2.1's words for passing troubles.
const PASSING_ERRORS: [&str; 2] = ["server_error", "temporarily_unavailable"];
/// Microsoft's numbers for passing troubles: "Microsoft Entra authentication and authorization error codes".
const PASSING_CODES: [u64; 6] = [90006, 90012, 90024, 90033, 90055, 90090];
const REMOVED: &str = "[a secret, removed]";
/// A token comes in seconds or not at all.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
/// 256 KiB: tokens have a few kilobytes.
const MAX_ANSWER_BYTE_LEN: u64 = 256 << 10;
/// Ten minutes: short enough to be true of every token, and asking again is cheap.
pub(super) const UNKNOWN_LIFETIME: Duration = Duration::from_mins(10);
const MAX_RETRY_AFTER_SECONDS: u64 = 120;
