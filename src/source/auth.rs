//! Tokens from the Microsoft identity platform (OAuth 2.0, RFC 6749), kept in memory only.
//!
//! A token is opaque; its claims are read for the plan's description of who asked, and nothing is decided by them.

use std::sync::{Mutex, PoisonError};

use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::SourceError;
use super::cloud::Endpoints;
use super::http::HttpClient;
use crate::codec::service_error;
use crate::collect::Clock;
use crate::crypto::secret::Secret;
use crate::format::genesis::ClockReading;
use crate::format::line::Line;
use crate::format::parts::Pair;

/// How an application shows who it is.
pub enum Credential {
    /// A client secret.
    ClientSecret(Secret),
}

/// An application in a tenant.
pub struct Application {
    /// The tenant's identifier or domain.
    pub tenant: String,
    /// The application's identifier.
    pub client_id: String,
    /// How it shows who it is.
    pub credential: Credential,
}

/// Where tokens come from.
pub struct TokenSource<'a> {
    application: Application,
    token_url: Url,
    scope: String,
    clock: &'a dyn Clock,
    current: Mutex<Option<Token>>,
}

struct Token {
    secret: Secret,
    received_us: u64,
    lifetime_us: u64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Lifetime,
}

/// The v2.0 endpoint sends a number, others a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lifetime {
    Number(u64),
    Text(String),
}

impl<'a> TokenSource<'a> {
    /// Names the application and where it gets its tokens.
    ///
    /// # Errors
    ///
    /// [`SourceError::Address`] when the tenant makes no address.
    pub fn new(application: Application, endpoints: &Endpoints, clock: &'a dyn Clock) -> Result<Self, SourceError> {
        let text = format!("{}/{}/oauth2/v2.0/token", endpoints.login_url, application.tenant);
        let refused = |reason: String| SourceError::Address { url: text.clone(), reason };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if application.tenant.is_empty() || !application.tenant.chars().all(plain) {
            return Err(refused("the tenant must be an identifier or a domain".to_owned()));
        }
        let token_url = Url::parse(&text).map_err(|error| refused(error.to_string()))?;
        let scope = format!("{}/.default", endpoints.graph_url);
        Ok(Self { application, token_url, scope, clock, current: Mutex::new(None) })
    }

    /// Returns the application.
    #[must_use]
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// Returns the name of the method by which the application shows who it is.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self.application.credential {
            Credential::ClientSecret(_) => "client-secret",
        }
    }

    /// Returns a token that has at least half its life before it, getting a new one if need be.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::renew`].
    pub fn token(&self, http: &HttpClient) -> Result<Secret, SourceError> {
        let now = self.clock.monotonic_us();
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = current.as_ref().filter(|token| now.saturating_sub(token.received_us) < token.lifetime_us / 2);
        if let Some(token) = fresh {
            return Ok(token.secret.clone());
        }
        drop(current);
        self.renew(http, None)?;
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(current.as_ref().map_or_else(|| Secret::new(String::new()), |token| token.secret.clone()))
    }

    /// Gets a new token, and a comparison of clocks by the way.
    ///
    /// # Errors
    ///
    /// [`SourceError::Refused`] when the service says no; [`SourceError::Unreachable`] when it says nothing or is out of order.
    pub fn renew(&self, http: &HttpClient, claims: Option<&str>) -> Result<Option<ClockReading>, SourceError> {
        let url = self.token_url.to_string();
        let Credential::ClientSecret(secret) = &self.application.credential;
        let mut form = vec![
            ("client_id", self.application.client_id.as_str()),
            ("scope", self.scope.as_str()),
            ("grant_type", "client_credentials"),
            ("client_secret", secret.expose_secret()),
        ];
        form.extend(claims.map(|claims| ("claims", claims)));
        let asked_us = self.clock.monotonic_us();
        let answer = http.exchange(http.request(Method::POST, self.token_url.clone()).form(&form), MAX_ANSWER_BYTE_LEN);
        let received_us = self.clock.monotonic_us();
        if let Some(trouble) = answer.trouble {
            return Err(SourceError::Unreachable { url, reason: trouble.detail });
        }
        let Some(response) = answer.response else {
            return Err(SourceError::Unreachable { url, reason: "no answer".to_owned() });
        };
        if !(200..300).contains(&response.status) {
            let error = service_error::read(&answer.body);
            let reason = error.map_or_else(
                || format!("status {}", response.status),
                |error| format!("status {} `{}`: {}", response.status, error.code, error.message),
            );
            let passing = response.status == 429 || response.status >= 500;
            return Err(if passing {
                SourceError::Unreachable { url, reason }
            } else {
                SourceError::Refused { url, reason }
            });
        }
        let unreadable = |_| SourceError::Unreachable { url: url.clone(), reason: "its answer is no token".to_owned() };
        let token: TokenAnswer = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        let lifetime_seconds = match token.expires_in {
            Lifetime::Number(seconds) => seconds,
            Lifetime::Text(text) => text.parse().unwrap_or_default(),
        };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Token {
            secret: Secret::new(token.access_token),
            received_us,
            lifetime_us: lifetime_seconds.saturating_mul(1_000_000),
        });
        let date = response.headers.into_iter().find(|(name, _)| name == "date").map(|(_, value)| value);
        Ok(date.map(|date| ClockReading {
            against: url,
            local: self.clock.now(),
            remote: Line::lossy(&date),
            round_trip_ms: received_us.saturating_sub(asked_us) / 1000,
        }))
    }

    /// Returns the claims of the current token that say who asks, as far as they can be read.
    #[must_use]
    pub fn claims(&self) -> Option<Vec<Pair>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        read_claims(current.as_ref()?.secret.expose_secret())
    }
}

fn read_claims(token: &str) -> Option<Vec<Pair>> {
    let payload = token.split('.').nth(1)?;
    let bytes = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?;
    let claims: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&bytes).ok()?;
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let spelled = |value: &serde_json::Value| match value {
        serde_json::Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(" "),
        value => text(value),
    };
    Some(CLAIMS.iter().filter_map(|name| Some(((*name).to_owned(), spelled(claims.get(*name)?)))).collect())
}

/// The claims that FORMAT §6.1 takes into genesis.
const CLAIMS: [&str; 11] = ["aud", "tid", "appid", "oid", "idtyp", "roles", "scp", "iat", "nbf", "exp", "uti"];
/// 256 KiB: tokens have a few kilobytes.
const MAX_ANSWER_BYTE_LEN: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_say_who_asks_and_leave_out_the_rest() {
        let payload = data_encoding::BASE64URL_NOPAD
            .encode(br#"{"tid":"t","roles":["A.Read","B.Read"],"exp":1,"secret_stuff":"x"}"#);
        let claims = read_claims(&format!("h.{payload}.signature")).unwrap();
        let expected =
            [("tid", "t"), ("roles", "A.Read B.Read"), ("exp", "1")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(claims, expected);
        assert_eq!(read_claims("opaque"), None);
    }
}
