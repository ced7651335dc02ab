//! The token in hand, and when it is renewed.
//!
//! Renewal happens from half of a token's life on, once for each refusal of the log service, and by one thread at a time: who comes
//! second uses what the first has brought. A passing trouble of the token service is waited out; while the token in hand still
//! lives, nobody waits for it.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use url::Url;

use super::super::SourceError;
use super::super::cloud::Endpoints;
use super::super::http::HttpClient;
use super::answer::{Asker, NoToken, Obtained};
use super::device_code::DeviceLogin;
use super::{
    AZURE_CLI_CLIENT_ID, Application, Credential, Surroundings, azure_cli, certificate, claims, client_secret,
    federated_token,
};
use crate::collect;
use crate::crypto::secret::Secret;
use crate::format::genesis::{ClockReading, Identity};
use crate::format::parts::Pair;

/// Where tokens come from.
pub struct TokenSource {
    application: Application,
    token_url: Url,
    device_code_url: Url,
    graph_root: String,
    surroundings: Surroundings,
    state: Mutex<State>,
    /// Held by whoever is getting a token.
    turn: Mutex<()>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    refresh: Option<Secret>,
    /// What the log service demanded last. A later token without it would be refused again.
    demanded: Option<String>,
    /// Before this, an early renewal is not tried again.
    next_early_us: u64,
}

struct Token {
    secret: Secret,
    asked_us: u64,
    received_us: u64,
    lifetime_us: u64,
    claims: Option<String>,
}

/// How a token stands.
enum Standing {
    /// In the first half of its life.
    Fresh(Secret),
    /// Good, and to be renewed when that can be done.
    Aging(Secret),
    /// None, or about to expire.
    Spent,
}

impl TokenSource {
    /// Names the application and where it gets its tokens.
    ///
    /// # Errors
    ///
    /// [`SourceError::Address`] when the tenant makes no address.
    pub fn new(
        application: Application,
        endpoints: &Endpoints,
        surroundings: Surroundings,
    ) -> Result<Self, SourceError> {
        let tenant = application.tenant.as_deref();
        // Where no tenant is named the address is not used: those methods ask elsewhere.
        let base = format!("{}/{}/oauth2/v2.0", endpoints.login_url, tenant.unwrap_or("organizations"));
        let refused = |reason: String| SourceError::Address { url: format!("{base}/token"), reason };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if tenant.is_some_and(|tenant| tenant.is_empty() || tenant.starts_with('-') || !tenant.chars().all(plain)) {
            return Err(refused("the tenant must be an identifier or a domain".to_owned()));
        }
        let address = |end: &str| Url::parse(&format!("{base}/{end}")).map_err(|error| refused(error.to_string()));
        Ok(Self {
            token_url: address("token")?,
            device_code_url: address("devicecode")?,
            graph_root: endpoints.graph_url.clone(),
            application,
            surroundings,
            state: Mutex::default(),
            turn: Mutex::default(),
        })
    }

    /// Returns who asks: as named, and where nothing was named as the token in hand says.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let claims = self.claims();
        let said = |name| claims.as_deref().and_then(|claims| claims::one(claims, name)).unwrap_or_default().to_owned();
        let Application { tenant, client_id, credential } = &self.application;
        Identity {
            tenant: tenant.clone().unwrap_or_else(|| said("tid")),
            client_id: match (credential, client_id) {
                (Credential::AzureCli, _) => AZURE_CLI_CLIENT_ID.to_owned(),
                (_, Some(client_id)) => client_id.clone(),
                (_, None) => said("appid"),
            },
            method: credential.method().to_owned(),
            claims,
        }
    }

    /// Gets the first token, and a comparison of clocks by the way where the method brings one.
    ///
    /// # Errors
    ///
    /// [`SourceError::Refused`] when the service says no; [`SourceError::Unreachable`] when it says nothing or is out of order;
    /// [`SourceError::Cancelled`].
    pub fn first(&self, http: &HttpClient) -> Result<Option<ClockReading>, SourceError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.obtain(http, None, &FIRST_PATIENCE)?)
    }

    /// Returns a token that lives, getting a new one if need be.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::first`].
    pub fn token(&self, http: &HttpClient) -> Result<Secret, SourceError> {
        let turn = match self.standing() {
            Standing::Fresh(secret) => return Ok(secret),
            Standing::Aging(secret) => match self.turn.try_lock() {
                Ok(turn) => turn,
                Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(secret),
            },
            Standing::Spent => self.turn.lock().unwrap_or_else(PoisonError::into_inner),
        };
        // Another thread may have renewed it since.
        let good = match self.standing() {
            Standing::Fresh(secret) => return Ok(secret),
            Standing::Aging(secret) => Some(secret),
            Standing::Spent => None,
        };
        let patience: &[u64] = if good.is_some() { &[] } else { &PATIENCE };
        let done = self.obtain(http, None, patience);
        drop(turn);
        match (done, good) {
            (Ok(_), _) => Ok(self.state().token.as_ref().map_or_else(empty, |token| token.secret.clone())),
            (Err(NoToken::Cancelled), _) => Err(SourceError::Cancelled),
            (Err(_), Some(good)) => {
                // What can be collected with the token in hand is collected; its end brings the same answer with patience.
                self.state().next_early_us = self.surroundings.clock.monotonic_us().saturating_add(EARLY_PAUSE_US);
                Ok(good)
            }
            (Err(trouble), None) => Err(trouble.into()),
        }
    }

    /// Replaces a token that the log service refused in answer to a request which began at `began_us`, unless that has been
    /// done since. `claims` is what the service demands, if it does.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::first`].
    pub fn renew(&self, http: &HttpClient, began_us: u64, claims: Option<&str>) -> Result<(), SourceError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let younger =
            |token: &Token| token.received_us > began_us && (claims.is_none() || token.claims.as_deref() == claims);
        if self.state().token.as_ref().is_some_and(younger) {
            return Ok(());
        }
        self.obtain(http, claims, &PATIENCE)?;
        Ok(())
    }

    /// Returns the claims of the token in hand that say who asks, as far as they can be read.
    #[must_use]
    pub fn claims(&self) -> Option<Vec<Pair>> {
        claims::read(self.state().token.as_ref()?.secret.expose_secret())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing(&self) -> Standing {
        let now = self.surroundings.clock.monotonic_us();
        let state = self.state();
        let Some(token) = &state.token else {
            return Standing::Spent;
        };
        let age = now.saturating_sub(token.asked_us);
        let margin = MARGIN_US.min(token.lifetime_us / 4);
        if age.saturating_add(margin) >= token.lifetime_us {
            Standing::Spent
        } else if age < token.lifetime_us / 2 || now < state.next_early_us {
            Standing::Fresh(token.secret.clone())
        } else {
            Standing::Aging(token.secret.clone())
        }
    }

    /// Gets a token, waiting out passing troubles for `patience`, in seconds. The caller holds the turn.
    fn obtain(
        &self,
        http: &HttpClient,
        claims: Option<&str>,
        patience: &[u64],
    ) -> Result<Option<ClockReading>, NoToken> {
        let clock = &self.surroundings.clock;
        let claims = claims.map(str::to_owned).or_else(|| self.state().demanded.clone());
        let mut waits = patience.iter().copied().map(Duration::from_secs);
        loop {
            let asked_us = clock.monotonic_us();
            let obtained = match self.obtain_once(http, claims.as_deref()) {
                Ok(obtained) => obtained,
                Err(NoToken::Passing { service, reason, retry_after, answered }) => {
                    // An address at which nobody ever answered is more likely wrong than busy, and somebody is there to be told.
                    let is_known = answered || self.state().token.is_some();
                    let Some(wait) = waits.next().filter(|_| is_known) else {
                        return Err(NoToken::Passing { service, reason, retry_after, answered });
                    };
                    let wait = retry_after.unwrap_or(wait);
                    let seconds = wait.as_secs();
                    self.surroundings.machine.tell(&format!(
                        "`{service}` cannot be asked for a token: {reason}; asking again in {seconds} s"
                    ));
                    if !self.surroundings.pace.pause(wait) {
                        return Err(NoToken::Cancelled);
                    }
                    continue;
                }
                Err(trouble) => return Err(trouble),
            };
            let Obtained { token, lifetime, refresh, reading } = obtained;
            let lifetime_us = u64::try_from(lifetime.max(MIN_LIFETIME).as_micros()).unwrap_or(u64::MAX);
            let received_us = clock.monotonic_us();
            let mut state = self.state();
            state.demanded.clone_from(&claims);
            state.token = Some(Token { secret: token, asked_us, received_us, lifetime_us, claims });
            state.refresh = refresh;
            state.next_early_us = received_us.saturating_add(EARLY_PAUSE_US);
            return Ok(reading);
        }
    }

    fn obtain_once(&self, http: &HttpClient, claims: Option<&str>) -> Result<Obtained, NoToken> {
        let Surroundings { clock, machine, .. } = &self.surroundings;
        let asker = Asker { http, clock: clock.as_ref() };
        let client_id = self.application.client_id.as_deref();
        let scope = format!("{}/.default", self.graph_root);
        let grant = || client_secret::grant(client_id.unwrap_or_default(), &scope, claims);
        let form = match &self.application.credential {
            Credential::AzureCli => {
                return azure_cli::obtain(&self.graph_root, self.application.tenant.as_deref(), claims, clock.as_ref());
            }
            Credential::DeviceCode => {
                let login = DeviceLogin {
                    client_id: client_id.unwrap_or_default(),
                    scope: &scope,
                    device_code_url: &self.device_code_url,
                    token_url: &self.token_url,
                    claims,
                };
                let refresh = self.state().refresh.clone();
                return login.obtain(&asker, &self.surroundings, refresh.as_ref());
            }
            Credential::ManagedIdentity(identity) => {
                return identity.obtain(&format!("{}/", self.graph_root), client_id, clock.as_ref());
            }
            Credential::Certificate { key, send_chain } => {
                let about = certificate::About {
                    client_id: client_id.unwrap_or_default(),
                    audience: self.token_url.as_str(),
                    send_chain: *send_chain,
                };
                let assertion = certificate::assertion(key.as_ref(), about, machine.as_ref(), clock.as_ref())?;
                certificate::show(grant(), &assertion)
            }
            Credential::ClientSecret(secret) => client_secret::show(grant(), secret),
            Credential::FederatedToken(path) => federated_token::show_file(grant(), path, machine.as_ref())?,
        };
        asker.post_for_token(&self.token_url, form)
    }
}

impl From<SourceError> for collect::NoToken {
    fn from(error: SourceError) -> Self {
        let detail = error.to_string();
        match error {
            SourceError::Cancelled => Self::Cancelled,
            SourceError::Unreachable { .. } => Self::Unreachable { detail },
            SourceError::Refused { codes, .. } => Self::Refused { detail, codes },
            _ => Self::Refused { detail, codes: Vec::new() },
        }
    }
}

fn empty() -> Secret {
    Secret::new(String::new())
}

/// Waits, in seconds, while a session runs: those of Azure's own libraries for the metadata service, and a minute more.
const PATIENCE: [u64; 5] = [2, 6, 14, 30, 60];
/// Before anything has begun, a person would rather hear soon that the address is wrong.
const FIRST_PATIENCE: [u64; 2] = [2, 6];
/// Five minutes before its end a token counts as expired: clocks differ, and requests last.
const MARGIN_US: u64 = 300_000_000;
/// A minute between early renewals: the Azure CLI and the metadata service return the same token until it is nearly over.
const EARLY_PAUSE_US: u64 = 60_000_000;
/// A service that says less is not believed, else every request would need a token of its own.
const MIN_LIFETIME: Duration = Duration::from_mins(1);
