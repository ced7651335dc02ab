//! Microsoft Graph: the sign-in log, the two logs beside it and the daily counts, with the defects the reference describes
//! (graph-api §§1 to 4 and 9).

mod disturb;
mod filter;
mod link;
mod list;
mod page;
mod parse;
mod property;
mod question;
mod refusal;
mod summary;
mod timeline;

use std::{
    io::Write,
    sync::PoisonError,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use flate2::{Compression, write::GzEncoder};
use hyper::{Method, StatusCode};

use self::refusal::Refusal;
pub(crate) use self::{disturb::retention_floor, link::Position};
use super::{
    answer::{Answer, Ending, Request},
    faults::{FaultName, Nature, strike, strikes},
    login::token::{Claims, Mint},
    service::{HTTP_DATE, Service},
    settings::{Licence, READ_DIRECTORY, READ_LOG, READ_POLICIES, READ_RISK},
    tenant::{Log, Version, View, guid::Guid},
};

/// One admitted request.
pub(crate) struct Call<'s> {
    service: &'s Service,
    request: &'s Request<'s>,
    version: Version,
    /// The number of the request among those to Graph.
    ordinal: u64,
    /// The number of its token.
    token: u64,
    /// The answer will not arrive whole.
    breaks: bool,
    view: View,
}

/// Answers the Graph request with this number, counted from 1; `path` follows the version.
pub(crate) fn answer(
    service: &Service,
    request: &Request<'_>,
    path: &[&str],
    ordinal: u64,
    request_id: Guid,
) -> Answer {
    let client_request_id = Service::client_request_id(request, request_id);
    let fault = strike(&service.settings.faults, Nature::Answer, ordinal);
    let mut ending = Ending::Whole;
    let refusal = match fault {
        None => None,
        Some(fault) => match instead(service, request, path, ordinal, fault) {
            Instead::Answer(answer) => return answer,
            Instead::Ending(bad) => {
                ending = bad;
                None
            }
            Instead::Nothing => None,
            Instead::Refusal(refusal) => Some(refusal),
        },
    };
    let breaks = ending != Ending::Whole || fault == Some(FaultName::WrongContentLength);
    let outcome = refusal.map_or_else(|| respond(service, request, path, ordinal, breaks), Err);
    let mut answer = outcome
        .unwrap_or_else(|refusal| refusal.answer(service.present.now(), request_id, &client_request_id))
        .with("request-id", request_id.to_string())
        .with("client-request-id", client_request_id)
        .with("x-ms-ags-diagnostic", DIAGNOSTIC)
        .with("cache-control", "no-cache");
    if fault == Some(FaultName::WrongContentLength) {
        let promised = answer.body.len() + 512;
        answer = answer.with("content-length", promised.to_string());
    }
    answer.ending = ending;
    answer
}

/// What a fault has the client see.
enum Instead {
    /// This, and nothing of the service's own.
    Answer(Answer),
    /// What it asked for, badly delivered.
    Ending(Ending),
    /// What it asked for.
    Nothing,
    /// A refusal of the service.
    Refusal(Refusal),
}

fn instead(service: &Service, request: &Request<'_>, path: &[&str], ordinal: u64, fault: FaultName) -> Instead {
    let status = |code: u16| StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    let plain = |code: u16, name, message| Instead::Refusal(Refusal::Plain(code, name, message));
    let ok = |content_type: &str, body: &'static str| Instead::Answer(Answer::new(StatusCode::OK, content_type, body));
    match fault {
        FaultName::ChinaSegment => {
            let segment = path.get(1).or(path.first()).copied().unwrap_or_default();
            Instead::Refusal(Refusal::UnknownSegment(segment.to_owned()))
        }
        FaultName::ClaimsChallenge => {
            service.mint.withdraw_all();
            Instead::Refusal(Refusal::Challenge(service.mint.challenge(service.present.now())))
        }
        FaultName::ConnectionReset => Instead::Ending(Ending::Reset),
        FaultName::CutBody => Instead::Ending(Ending::Cut),
        FaultName::Empty200 => ok(CONTENT_TYPE, ""),
        FaultName::ExpireToken => {
            service.mint.withdraw_all();
            Instead::Nothing
        }
        FaultName::Html200 => ok("text/html; charset=utf-8", PROXY_PAGE),
        FaultName::Http400 => Instead::Refusal(Refusal::BadFilter),
        FaultName::Http401Expired => {
            plain(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
        }
        FaultName::Http401Lifetime => {
            plain(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        }
        FaultName::Http403Licence => Instead::Refusal(Refusal::NoLicence),
        FaultName::Http403Permission => Instead::Refusal(Refusal::MissingPermission),
        FaultName::Http403Role => {
            plain(403, "Authentication_RequestFromUnsupportedUserRole", "User is not in the allowed roles")
        }
        FaultName::Http404 => plain(404, "Request_ResourceNotFound", "Resource not found."),
        FaultName::Http408 => plain(408, "RequestTimeout", "The request timed out."),
        FaultName::Http429 | FaultName::ThrottledOnce => Instead::Refusal(Refusal::Throttled(UNEXPLAINED_WAIT)),
        FaultName::Http429HttpDate => {
            let until = service.date() + TimeDelta::seconds(2);
            Instead::Refusal(Refusal::ThrottledUntil(Some(until.format(HTTP_DATE).to_string())))
        }
        FaultName::Http429NoRetryAfter => Instead::Refusal(Refusal::ThrottledUntil(None)),
        FaultName::Http500 => plain(500, "InternalServerError", "Encountered an internal server error."),
        FaultName::Http502 => Instead::Answer(Answer::new(status(502), "text/html", BAD_GATEWAY_PAGE)),
        FaultName::Http503 => Instead::Refusal(Refusal::Unavailable),
        FaultName::Http503NoRetryAfter => plain(503, "ServiceUnavailable", "Service unavailable."),
        FaultName::Http504 => Instead::Refusal(Refusal::GatewayTimeout),
        FaultName::LicenceFlaky => {
            let granted = service.settings.tenant.permissions.iter().any(|permission| permission == READ_DIRECTORY);
            if granted || ordinal.is_multiple_of(10) { Instead::Nothing } else { Instead::Refusal(Refusal::NoLicence) }
        }
        FaultName::NotJson200 => ok(CONTENT_TYPE, "upstream connect error or disconnect/reset before headers"),
        FaultName::Redirect => {
            let target = format!("{}{}?{}", disturb::FOREIGN_ORIGIN, request.path, request.query);
            Instead::Answer(Answer::new(StatusCode::FOUND, "text/html", "").with("location", target))
        }
        FaultName::Stall => Instead::Ending(Ending::Never),
        FaultName::TruncatedChunked => Instead::Ending(Ending::Unterminated),
        FaultName::UnsupportedQuery => plain(400, "UnknownError", "Unsupported Query"),
        // The remaining faults act elsewhere; this one acts on the headers.
        _ => Instead::Nothing,
    }
}

fn respond(
    service: &Service,
    request: &Request<'_>,
    path: &[&str],
    ordinal: u64,
    breaks: bool,
) -> Result<Answer, Refusal> {
    let claims = admit(service, request)?;
    let v1 = request.path.trim_start_matches('/').starts_with(['v', 'V']);
    let version = if v1 { Version::V1 } else { Version::Beta };
    let token = Mint::number(&claims.uti).unwrap_or(0);
    let call = Call { service, request, version, ordinal, token, breaks, view: view(service, request, &claims) };
    let beta = version == Version::Beta;
    let unknown = |segment: &str| Err(Refusal::UnknownSegment(segment.to_owned()));
    let found = match path {
        [logs, list, rest @ ..] if is(logs, "auditLogs") && is(list, "signIns") && rest.len() < 2 => {
            Place::List(Log::SignIns, rest.first().copied())
        }
        [logs, list] if is(logs, "auditLogs") && is(list, "directoryAudits") => Place::List(Log::DirectoryAudits, None),
        [logs, list] if is(logs, "identityProtection") && is(list, "riskDetections") => {
            Place::List(Log::RiskDetections, None)
        }
        [logs, name] if is(logs, "auditLogs") && beta => match summary::Summary::find(name) {
            Some(summary) => Place::Summary(summary),
            None => return unknown(name),
        },
        [logs, other, ..] if is(logs, "auditLogs") || is(logs, "identityProtection") => return unknown(other),
        _ => return unknown(path.first().unwrap_or(&"")),
    };
    if request.method != Method::GET {
        return Err(Refusal::NotGet);
    }
    let log = if let Place::List(log, _) = found { log } else { Log::SignIns };
    authorise(service, &claims, log)?;
    let body = match found {
        Place::List(Log::SignIns, Some(id)) => list::one(&call, id)?,
        Place::List(log, _) => list::list(&call, log)?,
        Place::Summary(summary) => summary::answer(&call, summary)?,
    };
    let gzip = asks_for_gzip(request) || strikes(&service.settings.faults, FaultName::GzipAnyway, ordinal);
    let mut answer = encode(body, gzip)?.with("odata-version", "4.0").with("vary", "Accept-Encoding");
    if beta {
        answer = answer.with("link", DEPRECATION);
    }
    Ok(answer)
}

/// Where a path leads.
enum Place<'p> {
    List(Log, Option<&'p str>),
    Summary(summary::Summary),
}

/// Checks the token, then counts the request against the budget of its application.
fn admit(service: &Service, request: &Request<'_>) -> Result<Claims, Refusal> {
    let claims = service.mint.check(request.header("authorization"), service.present.now()).map_err(Refusal::Token)?;
    let audience = claims.aud.trim_end_matches('/');
    if audience != request.origin && !AUDIENCES.contains(&audience) {
        return Err(Refusal::WrongAudience);
    }
    if let Some(challenge) = service.mint.unmet_challenge(&claims) {
        return Err(Refusal::Challenge(challenge));
    }
    let caller = format!("{}/{}", claims.appid, claims.tid);
    let mut gate = service.gate.lock().unwrap_or_else(PoisonError::into_inner);
    gate.pass(&caller, Instant::now()).map_err(Refusal::Throttled)?;
    Ok(claims)
}

fn authorise(service: &Service, claims: &Claims, log: Log) -> Result<(), Refusal> {
    if log == Log::RiskDetections {
        return if claims.permit(READ_RISK) { Ok(()) } else { Err(Refusal::MissingRight) };
    }
    if !claims.permit(READ_LOG) {
        return Err(Refusal::MissingPermission);
    }
    // Directory audits need no premium licence (graph-api §5).
    if log == Log::SignIns && service.settings.tenant.licence == Licence::Free {
        return Err(Refusal::NoLicence);
    }
    Ok(())
}

fn view(service: &Service, request: &Request<'_>, claims: &Claims) -> View {
    let preferences = request.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    View {
        newer_members: preferences.flat_map(|value| value.split(',')).any(|one| is(one.trim(), NEWER_MEMBERS)),
        policies: READ_POLICIES.iter().any(|permission| claims.permit(permission)),
        risk: service.settings.tenant.licence == Licence::P2,
    }
}

/// Says whether the client asked for compression.
fn asks_for_gzip(request: &Request<'_>) -> bool {
    let wanted = request.header("accept-encoding").unwrap_or_default();
    let asks = |one: &str| {
        let (name, quality) = one.split_once(';').unwrap_or((one, ""));
        is(name.trim(), "gzip") && quality.trim() != "q=0"
    };
    wanted.split(',').any(asks)
}

fn encode(body: Vec<u8>, gzip: bool) -> Result<Answer, Refusal> {
    if !gzip {
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
const UNEXPLAINED_WAIT: Duration = Duration::from_secs(1);
const BAD_GATEWAY_PAGE: &str = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>\n";
const PROXY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head>\
                          <body><p>Your session has expired.</p></body></html>\n";

#[cfg(test)]
mod tests;
