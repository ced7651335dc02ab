//! Microsoft Graph's `auditLogs/signIns`, with the defects the reference describes (graph-api §§1 to 4 and 9).

mod filter;
mod link;
mod page;
mod parse;
mod property;
mod question;
mod refusal;

use std::{
    io::Write,
    sync::PoisonError,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use hyper::{Method, StatusCode};

use self::{link::Position, question::Question, refusal::Refusal};
use super::{
    answer::{Answer, Ending, Request},
    faults::{FaultName, strike},
    login::token::Claims,
    service::Service,
    settings::{Licence, READ_LOG, READ_POLICIES},
    tenant::{
        Entry, Kind, Version, View,
        guid::Guid,
        noise::mix,
        print::{put, quoted},
    },
};

/// Answers the Graph request with this number, counted from 1; `path` follows the version.
pub(crate) fn answer(
    service: &Service,
    request: &Request<'_>,
    path: &[&str],
    ordinal: u64,
    request_id: Guid,
) -> Answer {
    let client_request_id = Service::client_request_id(request, request_id);
    let fault = strike(&service.settings.faults, ordinal);
    let refusal = match fault {
        Some(FaultName::Html200) => return Answer::new(StatusCode::OK, "text/html; charset=utf-8", PROXY_PAGE),
        Some(FaultName::Stall) => {
            let mut answer = Answer::new(StatusCode::OK, "application/json", "");
            answer.ending = Ending::Never;
            return answer;
        }
        Some(FaultName::ExpireToken) => {
            service.mint.withdraw_all();
            None
        }
        Some(FaultName::Http503) => Some(Refusal::Unavailable),
        Some(FaultName::Http504) => Some(Refusal::GatewayTimeout),
        Some(FaultName::ThrottledOnce) => Some(Refusal::Throttled(UNEXPLAINED_WAIT)),
        Some(FaultName::CutBody) | None => None,
    };
    let outcome = refusal.map_or_else(|| respond(service, request, path, ordinal), Err);
    let mut answer = outcome
        .unwrap_or_else(|refusal| refusal.answer(service.present.now(), request_id, &client_request_id))
        .with("request-id", request_id.to_string())
        .with("client-request-id", client_request_id)
        .with("x-ms-ags-diagnostic", DIAGNOSTIC)
        .with("cache-control", "no-cache");
    if fault == Some(FaultName::CutBody) {
        answer.ending = Ending::Cut;
    }
    answer
}

fn respond(service: &Service, request: &Request<'_>, path: &[&str], ordinal: u64) -> Result<Answer, Refusal> {
    let claims = admit(service, request)?;
    let version =
        if request.path.trim_start_matches('/').starts_with(['v', 'V']) { Version::V1 } else { Version::Beta };
    let id = match path {
        [logs, list, rest @ ..] if is(logs, "auditLogs") && is(list, "signIns") && rest.len() < 2 => rest.first(),
        [logs, other, ..] if is(logs, "auditLogs") => return Err(Refusal::UnknownSegment((*other).to_owned())),
        _ => return Err(Refusal::UnknownSegment((*path.first().unwrap_or(&"")).to_owned())),
    };
    if request.method != Method::GET {
        return Err(Refusal::NotGet);
    }
    authorise(service, &claims)?;
    let view = view(service, request, &claims);
    let body = match id {
        Some(id) => one(service, request, version, view, id)?,
        None => list(service, request, version, view, ordinal)?,
    };
    let mut answer = encode(request, body)?.with("odata-version", "4.0").with("vary", "Accept-Encoding");
    if version == Version::Beta {
        answer = answer.with("link", DEPRECATION);
    }
    Ok(answer)
}

/// Checks the token, then counts the request against the budget of its application.
fn admit(service: &Service, request: &Request<'_>) -> Result<Claims, Refusal> {
    let claims = service.mint.check(request.header("authorization"), service.present.now()).map_err(Refusal::Token)?;
    let audience = claims.aud.trim_end_matches('/');
    if audience != request.origin && !AUDIENCES.contains(&audience) {
        return Err(Refusal::WrongAudience);
    }
    let caller = format!("{}/{}", claims.appid, claims.tid);
    let mut gate = service.gate.lock().unwrap_or_else(PoisonError::into_inner);
    gate.pass(&caller, Instant::now()).map_err(Refusal::Throttled)?;
    Ok(claims)
}

fn authorise(service: &Service, claims: &Claims) -> Result<(), Refusal> {
    if !claims.roles.iter().any(|role| role == READ_LOG) {
        return Err(Refusal::MissingPermission);
    }
    if service.settings.tenant.licence == Licence::Free {
        return Err(Refusal::NoLicence);
    }
    Ok(())
}

fn view(service: &Service, request: &Request<'_>, claims: &Claims) -> View {
    let preferences = request.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    View {
        newer_members: preferences.flat_map(|value| value.split(',')).any(|one| is(one.trim(), NEWER_MEMBERS)),
        policies: claims.roles.iter().any(|role| READ_POLICIES.contains(&role.as_str())),
        risk: service.settings.tenant.licence == Licence::P2,
    }
}

/// Prints one page.
fn list(
    service: &Service,
    request: &Request<'_>,
    version: Version,
    view: View,
    ordinal: u64,
) -> Result<Vec<u8>, Refusal> {
    let settings = &service.settings;
    let question = Question::read(version, request.query, settings.page_limit)?;
    let position = match &question.skip_token {
        None => None,
        Some(token) => Some(Position::read(token, settings.seed, question.digest).ok_or(Refusal::LostSkipToken)?),
    };
    let ties = u32::try_from(mix(ordinal) >> 32).unwrap_or(0);
    let uneven = settings.uneven_pages.then_some(settings.seed);
    let page = page::find(&service.tenant, &question, position, ties, uneven);
    let mut body = Vec::with_capacity(page.entries.len() * TYPICAL_RECORD_LEN + 1_024);
    put(&mut body, "{\"@odata.context\":");
    quoted(&mut body, &format!("{}/{}/$metadata#auditLogs/signIns", request.origin, question.version_segment()));
    if let Some(next) = page.next {
        put(&mut body, ",\"@odata.nextLink\":");
        quoted(&mut body, &link::next_link(request.origin, &question, next, settings.seed));
    }
    put(&mut body, ",\"value\":[");
    for (nth, entry) in page.entries.into_iter().enumerate() {
        if nth > 0 {
            body.push(b',');
        }
        service.tenant.print(&mut body, entry, version, view);
    }
    put(&mut body, "]}");
    Ok(body)
}

/// Prints one record; no query option is allowed here (graph-api §1.1).
fn one(service: &Service, request: &Request<'_>, version: Version, view: View, id: &str) -> Result<Vec<u8>, Refusal> {
    let question = Question::read(version, request.query, 1)?;
    if let Some((option, _)) = question.options.iter().find(|(name, _)| name.starts_with('$')) {
        let name: String = option.chars().skip(1).collect();
        let (first, rest) = name.split_at_checked(1).unwrap_or((&name, ""));
        return Err(Refusal::ForbiddenOption(first.to_uppercase() + rest));
    }
    let reachable = |entry: &Entry| version == Version::Beta || entry.kind == Kind::InteractiveUser;
    let entry = Guid::parse(id).and_then(|id| service.tenant.find(id)).filter(reachable);
    let entry = entry.ok_or_else(|| Refusal::NotFound(id.to_owned()))?;
    let mut body = Vec::with_capacity(TYPICAL_RECORD_LEN);
    put(&mut body, "{\"@odata.context\":");
    let context = format!("{}/{}/$metadata#auditLogs/signIns/$entity", request.origin, question.version_segment());
    quoted(&mut body, &context);
    body.push(b',');
    let start = body.len();
    service.tenant.print(&mut body, entry, version, view);
    // The record brings its own opening brace.
    body.remove(start);
    Ok(body)
}

/// Compresses the body if, and only if, the client asked for it.
fn encode(request: &Request<'_>, body: Vec<u8>) -> Result<Answer, Refusal> {
    let wanted = request.header("accept-encoding").unwrap_or_default();
    let asks = |one: &str| {
        let (name, quality) = one.split_once(';').unwrap_or((one, ""));
        is(name.trim(), "gzip") && quality.trim() != "q=0"
    };
    if !wanted.split(',').any(asks) {
        return Ok(Answer::new(StatusCode::OK, CONTENT_TYPE, body));
    }
    // Writing to memory does not fail; if it did, the service would be what is broken.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(&body).map_err(|_| Refusal::Unavailable)?;
    let packed = encoder.finish().map_err(|_| Refusal::Unavailable)?;
    Ok(Answer::new(StatusCode::OK, CONTENT_TYPE, packed).with("content-encoding", "gzip"))
}

fn is(text: &str, other: &str) -> bool {
    text.eq_ignore_ascii_case(other)
}

const CONTENT_TYPE: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const NEWER_MEMBERS: &str = "include-unknown-enum-members";
const DIAGNOSTIC: &str = "{\"ServerInfo\":{\"DataCenter\":\"Simulated\",\"Slice\":\"E\",\"Ring\":\"5\",\"ScaleUnit\":\"003\",\
                          \"RoleInstance\":\"SIMPEPF00000001\"}}";
const DEPRECATION: &str = "<https://developer.microsoft-tst.com/en-us/graph/changes?$filterby=beta,SignIn&from=2024-08-01&to=\
                           2024-09-01>;rel=\"deprecation\";type=\"text/html\"";
/// What tokens for Graph name as their audience, besides the simulator's own address.
const AUDIENCES: [&str; 2] = ["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"];
/// A beta record of a person; only a hint for the allocation of a page.
const TYPICAL_RECORD_LEN: usize = 3_600;
const UNEXPLAINED_WAIT: Duration = Duration::from_secs(1);
const PROXY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head>\
                          <body><p>Your session has expired.</p></body></html>\n";

#[cfg(test)]
mod tests;
