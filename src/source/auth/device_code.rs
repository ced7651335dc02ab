//! The device authorization grant (RFC 8628): a person signs in at any browser while this program waits.
//!
//! Only when asked for by name; many tenants block it. The refresh token that comes with the first token renews it without the
//! person; when that is refused, the person is asked again.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::Surroundings;
use super::answer::{Asker, Form, NoToken, Number, Obtained};
use crate::crypto::secret::Secret;

/// Where and for whom.
pub(super) struct DeviceLogin<'a> {
    pub(super) client_id: &'a str,
    pub(super) scope: &'a str,
    pub(super) device_code_url: &'a Url,
    pub(super) token_url: &'a Url,
    pub(super) claims: Option<&'a str>,
}

#[derive(Deserialize)]
struct DeviceAnswer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: Option<Number>,
    interval: Option<Number>,
    message: Option<String>,
}

impl DeviceLogin<'_> {
    /// Renews by `refresh` if there is one, else by the person.
    pub(super) fn obtain(
        &self,
        asker: &Asker<'_>,
        surroundings: &Surroundings,
        refresh: Option<&Secret>,
    ) -> Result<Obtained, NoToken> {
        if let Some(refresh) = refresh {
            match self.refresh(asker, refresh) {
                // RFC 6749 §5.2 and OpenID Connect: the grant is gone, or the person must show more.
                Err(NoToken::Refused { error, .. })
                    if matches!(error.as_str(), "invalid_grant" | "interaction_required" | "login_required") => {}
                done => return done,
            }
        }
        self.ask_person(asker, surroundings)
    }

    fn refresh(&self, asker: &Asker<'_>, refresh: &Secret) -> Result<Obtained, NoToken> {
        let form = self.form("refresh_token").with("scope", &self.wide_scope()).with_hidden("refresh_token", refresh);
        let mut obtained = asker.post_for_token(self.token_url, form)?;
        // RFC 6749 §6: without a new refresh token the old one goes on.
        obtained.refresh.get_or_insert_with(|| refresh.clone());
        Ok(obtained)
    }

    fn ask_person(&self, asker: &Asker<'_>, surroundings: &Surroundings) -> Result<Obtained, NoToken> {
        let form = Form::default()
            .with("client_id", self.client_id)
            .with("scope", &self.wide_scope())
            .with_optional("claims", self.claims);
        let begun_us = surroundings.clock.monotonic_us();
        let (body, _) = asker.post(self.device_code_url, form)?;
        let answer: DeviceAnswer = serde_json::from_slice(&body).map_err(|_| NoToken::Passing {
            service: self.device_code_url.to_string(),
            reason: "its answer is no device code".to_owned(),
            retry_after: None,
            answered: true,
        })?;
        let device_code = Secret::new(answer.device_code);
        let seconds = |number: Option<Number>| number.as_ref().and_then(Number::value);
        let expires_in = Duration::from_secs(seconds(answer.expires_in).unwrap_or(DEFAULT_EXPIRY_SECONDS));
        let mut interval = Duration::from_secs(seconds(answer.interval).unwrap_or(DEFAULT_INTERVAL_SECONDS).max(1));
        surroundings.machine.tell(&answer.message.filter(|message| !message.is_empty()).unwrap_or_else(|| {
            format!("to sign in, open {} and enter the code {}", answer.verification_uri, answer.user_code)
        }));
        loop {
            if !surroundings.pace.pause(interval) {
                return Err(NoToken::Cancelled);
            }
            let waited = Duration::from_micros(surroundings.clock.monotonic_us().saturating_sub(begun_us));
            if waited > expires_in {
                return Err(self.refused("nobody signed in before the code expired"));
            }
            let form = self.form(DEVICE_CODE_GRANT).with_hidden("device_code", &device_code);
            match asker.post_for_token(self.token_url, form) {
                Err(NoToken::Refused { error, .. }) if error == "authorization_pending" => {}
                Err(NoToken::Refused { error, .. }) if error == "slow_down" => interval += SLOW_DOWN,
                // RFC 8628 §3.5: back off when nothing answers.
                Err(NoToken::Passing { .. }) => interval = (interval * 2).min(MAX_INTERVAL),
                Err(NoToken::Refused { error, .. })
                    if matches!(error.as_str(), "authorization_declined" | "access_denied") =>
                {
                    return Err(self.refused("the sign-in was declined"));
                }
                Err(NoToken::Refused { error, .. }) if error == "expired_token" => {
                    return Err(self.refused("nobody signed in before the code expired"));
                }
                done => return done,
            }
        }
    }

    fn form(&self, grant_type: &str) -> Form {
        Form::default()
            .with("grant_type", grant_type)
            .with("client_id", self.client_id)
            .with_optional("claims", self.claims)
    }

    /// With `offline_access` a refresh token comes, so that a long run needs the person once.
    fn wide_scope(&self) -> String {
        format!("{} offline_access", self.scope)
    }

    fn refused(&self, reason: &str) -> NoToken {
        NoToken::here(self.token_url.as_str(), reason)
    }
}

const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// 15 minutes: Microsoft's own.
const DEFAULT_EXPIRY_SECONDS: u64 = 900;
/// RFC 8628 §3.2.
const DEFAULT_INTERVAL_SECONDS: u64 = 5;
/// RFC 8628 §3.5.
const SLOW_DOWN: Duration = Duration::from_secs(5);
const MAX_INTERVAL: Duration = Duration::from_mins(1);
