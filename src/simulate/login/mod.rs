//! Tokens: `POST /{tenant}/oauth2/v2.0/token` and `/devicecode`, and the endpoint of managed identities (graph-api §6).
//!
//! Each grant is a file of its own beside [`token`] and ends in [`issue`]. A token is issued whether or not any permission
//! was granted; it is Graph that says no (graph-api §6.2).

mod assertion;
pub(crate) mod device;
pub(crate) mod identity;
mod refusal;
pub(crate) mod token;

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use self::{
    refusal::Refusal,
    token::{Claims, Mint},
};
use super::{
    answer::{Answer, Request},
    faults::{FaultName, strikes},
    service::Service,
    settings::{CLIENT_ID, CLIENT_NAME, CLIENT_SECRET, TENANT_DOMAIN, TENANT_ID},
    tenant::{guid::Guid, noise::Noise},
};

/// The fields of a form.
pub(crate) struct Form(Vec<(String, String)>);

/// A token and how long it is good for.
pub(crate) struct Issued {
    token: String,
    lifetime: TimeDelta,
    claims: Claims,
}

/// Whose token it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bearer {
    Application,
    Person,
}

/// Answers a request to the endpoint `end` of a tenant.
pub(crate) fn answer(service: &Service, request: &Request<'_>, tenant: &str, end: &str, trace_id: Guid) -> Answer {
    let correlation_id = Service::client_request_id(request, trace_id);
    let now = service.present.now();
    let outcome = if request.method != Method::POST {
        Err(Refusal::NotPosted)
    } else if end == "devicecode" {
        device::code(service, request, tenant)
    } else {
        grant(service, request, tenant)
    };
    outcome
        .unwrap_or_else(|refusal| refusal.answer(now, trace_id, &correlation_id))
        .with("x-ms-request-id", trace_id.to_string())
        .with("cache-control", "no-store, no-cache")
        .with("pragma", "no-cache")
}

fn grant(service: &Service, request: &Request<'_>, tenant: &str) -> Result<Answer, Refusal> {
    let form = Form::read(request);
    let ordinal = service.token_requests.fetch_add(1, Ordering::Relaxed) + 1;
    if strikes(&service.settings.faults, FaultName::LoginUnavailable, ordinal) {
        return Err(Refusal::Unavailable);
    }
    let grant_type = form.demand("grant_type")?;
    if grant_type != "client_credentials" {
        device::knows(tenant)?;
        known_client(&form)?;
        return match grant_type {
            device::GRANT => device::redeem(service, &form),
            "refresh_token" => device::refresh(service, &form),
            _ => Err(Refusal::UnsupportedGrant(grant_type.to_owned())),
        };
    }
    known_tenant(tenant)?;
    known_client(&form)?;
    let scope = form.demand("scope")?;
    let audience = scope.strip_suffix("/.default").filter(|audience| audience.contains("://"));
    let audience = audience.ok_or_else(|| Refusal::BadScope(scope.to_owned()))?;
    match (form.field("client_secret"), form.field("client_assertion")) {
        (_, Some(assertion)) => assertion::check(service, request, &form, assertion)?,
        (None | Some(""), None) => return Err(Refusal::NoCredential),
        (Some(CLIENT_SECRET), None) => {}
        (Some(_), None) => return Err(Refusal::WrongSecret),
    }
    service.tenant.note_token(service.present.now(), request.peer);
    Ok(Answer::json(StatusCode::OK, &issue(service, audience, Bearer::Application, &form).body()))
}

/// Issues a token.
pub(crate) fn issue(service: &Service, audience: &str, bearer: Bearer, form: &Form) -> Issued {
    let settings = &service.settings;
    let now = service.present.now();
    let number = service.mint.next_number();
    let mut noise = Noise::new(settings.seed, 0x0074_6f6b_656e, number);
    let drawn = TimeDelta::seconds(i64::try_from(3_600 + noise.below(1_800)).unwrap_or(3_600));
    let lifetime = if strikes(&settings.faults, FaultName::ShortToken, number) {
        SHORT
    } else {
        settings.token_lifetime.map_or(drawn, |given| TimeDelta::from_std(given).unwrap_or(TimeDelta::MAX))
    };
    let person = bearer == Bearer::Person;
    let object_id = Noise::new(settings.seed, 0x636f_6c6c, u64::from(person)).guid().to_string();
    let permissions = settings.tenant.permissions.clone();
    let claims = Claims {
        aud: audience.to_owned(),
        iss: format!("https://sts.windows.net/{TENANT_ID}/"),
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: now.timestamp().saturating_add(lifetime.num_seconds()),
        appid: CLIENT_ID.to_owned(),
        app_displayname: CLIENT_NAME.to_owned(),
        idtyp: if person { "user" } else { "app" }.to_owned(),
        oid: object_id.clone(),
        scp: person.then(|| permissions.join(" ")),
        roles: if person { Vec::new() } else { permissions },
        sub: object_id,
        tid: TENANT_ID.to_owned(),
        upn: person.then(|| format!("ines.operator@{TENANT_DOMAIN}")),
        uti: Mint::identifier(number),
        ver: "1.0".to_owned(),
        xms_met: form.field("claims").and_then(met),
    };
    Issued { token: service.mint.sign(&claims), lifetime, claims }
}

impl Issued {
    /// Returns the answer of the token endpoint.
    fn body(&self) -> Value {
        let expires_in = self.lifetime.num_seconds().saturating_sub(1).max(0);
        json!({
            "token_type": "Bearer",
            "expires_in": expires_in,
            "ext_expires_in": expires_in,
            "access_token": self.token,
        })
    }
}

impl Form {
    fn read(request: &Request<'_>) -> Self {
        Self(form_urlencoded::parse(request.body).into_owned().collect())
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn demand(&self, name: &'static str) -> Result<&str, Refusal> {
        self.field(name).ok_or(Refusal::MissingField(name))
    }
}

fn known_tenant(tenant: &str) -> Result<(), Refusal> {
    let known = [TENANT_ID, TENANT_DOMAIN].iter().any(|known| known.eq_ignore_ascii_case(tenant));
    if known { Ok(()) } else { Err(Refusal::UnknownTenant(tenant.to_owned())) }
}

fn known_client(form: &Form) -> Result<(), Refusal> {
    let client = form.demand("client_id")?;
    if client.eq_ignore_ascii_case(CLIENT_ID) { Ok(()) } else { Err(Refusal::UnknownApplication(client.to_owned())) }
}

/// Reads the `claims` parameter: the time a challenge demanded.
fn met(claims: &str) -> Option<i64> {
    let claims: Value = serde_json::from_str(claims).ok()?;
    let value = claims.pointer("/access_token/nbf/value")?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The lifetime of a token while the fault `short-token` is in force.
const SHORT: TimeDelta = TimeDelta::seconds(4);

#[cfg(test)]
mod tests;
