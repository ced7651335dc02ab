//! The device code flow (RFC 8628, graph-api §6.4): a code, polls until a person has signed in, a refresh token.
//!
//! The person behind it does what the settings and the faults say: signs in after so many polls, declines, or never comes.

use std::{collections::HashMap, sync::PoisonError};

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    super::{
        answer::{Answer, Request},
        faults::{FaultName, planned, strikes},
        service::Service,
        tenant::noise::Noise,
    },
    Bearer, Form, issue, known_client, known_tenant,
    refusal::Refusal,
};

/// Codes and refresh tokens that were given out.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    codes: HashMap<String, Code>,
    refresh: HashMap<String, String>,
}

#[derive(Debug)]
struct Code {
    scope: String,
    polls: u64,
}

/// Says whether a person may sign in at this tenant, which may also be any.
pub(crate) fn knows(tenant: &str) -> Result<(), Refusal> {
    if ["organizations", "common"].contains(&tenant) { Ok(()) } else { known_tenant(tenant) }
}

/// Gives out a code.
pub(crate) fn code(service: &Service, request: &Request<'_>, tenant: &str) -> Result<Answer, Refusal> {
    let form = Form::read(request);
    knows(tenant)?;
    known_client(&form)?;
    let scope = form.demand("scope")?;
    audience(scope)?;
    let mut codes = service.codes.lock().unwrap_or_else(PoisonError::into_inner);
    let number = codes.codes.len() as u64;
    let mut noise = Noise::new(service.settings.seed, 0x6465_7669_6365, number);
    let device_code = format!("S{}{}", noise.guid(), noise.guid()).replace('-', "");
    let letters = device_code.get(1..10).unwrap_or_default().to_ascii_uppercase();
    codes.codes.insert(device_code.clone(), Code { scope: scope.to_owned(), polls: 0 });
    let body = json!({
        "user_code": letters,
        "device_code": device_code,
        "verification_uri": "https://microsoft.com/devicelogin",
        "expires_in": 900,
        "interval": service.settings.device_code.interval.as_secs(),
        "message": format!(
            "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code {letters} \
             to authenticate."
        ),
    });
    Ok(Answer::json(StatusCode::OK, &body))
}

/// Answers a poll.
pub(crate) fn redeem(service: &Service, form: &Form) -> Result<Answer, Refusal> {
    let settings = &service.settings;
    let name = form.demand("device_code")?;
    let mut codes = service.codes.lock().unwrap_or_else(PoisonError::into_inner);
    let code = codes.codes.get_mut(name).ok_or(Refusal::BadCode)?;
    code.polls += 1;
    if strikes(&settings.faults, FaultName::DeviceSlowDown, code.polls) {
        return Err(Refusal::SlowDown);
    }
    if code.polls <= u64::from(settings.device_code.pending_polls) {
        return Err(Refusal::Pending);
    }
    if planned(&settings.faults, FaultName::DeviceDeclined).is_some() {
        return Err(Refusal::Declined);
    }
    if planned(&settings.faults, FaultName::DeviceExpired).is_some() {
        return Err(Refusal::ExpiredCode);
    }
    let scope = code.scope.clone();
    codes.codes.remove(name);
    drop(codes);
    tokens(service, form, scope)
}

/// Answers with a token for a refresh token; each is good once.
pub(crate) fn refresh(service: &Service, form: &Form) -> Result<Answer, Refusal> {
    let name = form.demand("refresh_token")?;
    let scope = service.codes.lock().unwrap_or_else(PoisonError::into_inner).refresh.remove(name);
    tokens(service, form, scope.ok_or(Refusal::BadRefreshToken)?)
}

fn tokens(service: &Service, form: &Form, scope: String) -> Result<Answer, Refusal> {
    let issued = issue(service, audience(&scope)?, Bearer::Person, form);
    let mut body = issued.body();
    body["scope"] = json!(issued.claims.scp.as_deref().unwrap_or_default());
    if scope.split(' ').any(|one| one == "offline_access") {
        let token = format!("1.simulated.{}", issued.claims.uti);
        body["refresh_token"] = Value::String(token.clone());
        service.codes.lock().unwrap_or_else(PoisonError::into_inner).refresh.insert(token, scope);
    }
    Ok(Answer::json(StatusCode::OK, &body))
}

/// Returns the resource of a list of scopes.
fn audience(scope: &str) -> Result<&str, Refusal> {
    let resource = scope.split(' ').find(|one| one.contains("://")).and_then(|one| one.rsplit_once('/'));
    resource.map(|(resource, _)| resource).ok_or_else(|| Refusal::BadScope(scope.to_owned()))
}

/// The grant type of a poll.
pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
