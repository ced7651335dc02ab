//! The endpoints of managed identities, numbers as strings in both: the metadata service of a virtual machine, `GET
//! /metadata/identity/oauth2/token` (graph-api §6.6), with no secret and one required header; and that of App Service, `GET
//! /msi/token`, with a header whose value only this machine knows.

use std::sync::atomic::Ordering;

use hyper::{Method, StatusCode};
use serde_json::json;
use url::form_urlencoded;

use super::{
    super::{
        answer::{Answer, Request},
        faults::{FaultName, strikes},
        service::Service,
        settings::CLIENT_ID,
    },
    Bearer, Form, issue,
};

/// Which endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Door {
    AppService,
    Metadata,
}

/// Answers a request for a token.
pub(crate) fn answer(service: &Service, request: &Request<'_>, door: Door) -> Answer {
    let ordinal = service.identity_requests.fetch_add(1, Ordering::Relaxed) + 1;
    let struck = |name| strikes(&service.settings.faults, name, ordinal);
    let refuse = |status, error: &str, description: &str| {
        Answer::json(status, &json!({ "error": error, "error_description": description }))
    };
    let bad = |description: &str| refuse(StatusCode::BAD_REQUEST, "invalid_request", description);
    if struck(FaultName::Imds404) {
        return refuse(StatusCode::NOT_FOUND, "not_found", "The endpoint is being updated");
    }
    if struck(FaultName::Imds410) {
        return refuse(StatusCode::GONE, "gone", "The endpoint is being updated; retry within 70 seconds");
    }
    if struck(FaultName::Imds429) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests");
    }
    if request.method != Method::GET {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "bad_request", "Method not allowed");
    }
    match door {
        Door::AppService => {
            let known = service.settings.identity_header.as_deref();
            if known.is_none() || request.header("x-identity-header") != known {
                return refuse(StatusCode::UNAUTHORIZED, "unauthorized", "The identity header is not that of this app");
            }
        }
        Door::Metadata => {
            if !request.header("metadata").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
                return bad("Required metadata header not specified");
            }
        }
    }
    // What came through a proxy did not come from the machine itself.
    if request.header("x-forwarded-for").is_some() {
        return bad("Request was forwarded");
    }
    let form = Form(form_urlencoded::parse(request.query.as_bytes()).into_owned().collect());
    if form.field("api-version").is_none_or(str::is_empty) {
        return bad("Required query variable 'api-version' is missing");
    }
    let Some(resource) = form.field("resource").filter(|resource| !resource.is_empty()) else {
        return bad("Required audience parameter 'resource' not specified");
    };
    if form.field("client_id").is_some_and(|client| !client.eq_ignore_ascii_case(CLIENT_ID)) {
        return bad("Identity not found");
    }
    service.tenant.note_token(service.present.now(), request.peer);
    let issued = issue(service, resource.trim_end_matches('/'), Bearer::Application, &form);
    let mut body = json!({
        "access_token": issued.token,
        "expires_on": issued.claims.exp.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    match door {
        // App Service says only when the token ends, and whose it is.
        Door::AppService => body["client_id"] = json!(CLIENT_ID),
        Door::Metadata => {
            body["refresh_token"] = json!("");
            body["expires_in"] = json!(issued.lifetime.num_seconds().saturating_sub(1).max(0).to_string());
            body["not_before"] = json!(issued.claims.nbf.to_string());
        }
    }
    Answer::json(StatusCode::OK, &body)
}
