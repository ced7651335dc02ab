//! The token endpoint: `POST /{tenant}/oauth2/v2.0/token` (graph-api §6).
//!
//! One grant so far: client credentials with a secret. Assertions, device code and managed identity join as files of their
//! own beside [`token`]; each ends in [`issue`].

mod refusal;
pub(crate) mod token;

use chrono::TimeDelta;
use hyper::{Method, StatusCode};
use serde_json::json;
use url::form_urlencoded;

use self::{
    refusal::Refusal,
    token::{Claims, Mint},
};
use super::{
    answer::{Answer, Request},
    service::Service,
    settings::{CLIENT_ID, CLIENT_NAME, CLIENT_SECRET, TENANT_DOMAIN, TENANT_ID},
    tenant::{guid::Guid, noise::Noise},
};

/// Answers a request for a token.
pub(crate) fn answer(service: &Service, request: &Request<'_>, tenant: &str, trace_id: Guid) -> Answer {
    let correlation_id = Service::client_request_id(request, trace_id);
    let now = service.present.now();
    let outcome =
        if request.method == Method::POST { grant(service, request, tenant) } else { Err(Refusal::NotPosted) };
    outcome
        .unwrap_or_else(|refusal| refusal.answer(now, trace_id, &correlation_id))
        .with("x-ms-request-id", trace_id.to_string())
        .with("cache-control", "no-store, no-cache")
        .with("pragma", "no-cache")
}

fn grant(service: &Service, request: &Request<'_>, tenant: &str) -> Result<Answer, Refusal> {
    let form: Vec<(String, String)> = form_urlencoded::parse(request.body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if !tenant.eq_ignore_ascii_case(TENANT_ID) && !tenant.eq_ignore_ascii_case(TENANT_DOMAIN) {
        return Err(Refusal::UnknownTenant(tenant.to_owned()));
    }
    let grant_type = field("grant_type").ok_or(Refusal::MissingField("grant_type"))?;
    if grant_type != "client_credentials" {
        return Err(Refusal::UnsupportedGrant(grant_type.to_owned()));
    }
    let client_id = field("client_id").ok_or(Refusal::MissingField("client_id"))?;
    if !client_id.eq_ignore_ascii_case(CLIENT_ID) {
        return Err(Refusal::UnknownApplication(client_id.to_owned()));
    }
    let scope = field("scope").ok_or(Refusal::MissingField("scope"))?;
    let audience = scope.strip_suffix("/.default").filter(|audience| audience.contains("://"));
    let audience = audience.ok_or_else(|| Refusal::BadScope(scope.to_owned()))?;
    match field("client_secret") {
        None | Some("") => Err(Refusal::NoCredential),
        Some(CLIENT_SECRET) => Ok(issue(service, request, audience)),
        Some(_) => Err(Refusal::WrongSecret),
    }
}

/// Issues a token to the collector and notes the sign-in.
///
/// The token is issued whether or not any permission was granted; it is Graph that says no (graph-api §6.2).
fn issue(service: &Service, request: &Request<'_>, audience: &str) -> Answer {
    let now = service.present.now();
    let number = service.mint.next_number();
    let mut noise = Noise::new(service.settings.seed, 0x0074_6f6b_656e, number);
    let lifetime = service.settings.token_lifetime.map_or_else(
        || TimeDelta::seconds(i64::try_from(3_600 + noise.below(1_800)).unwrap_or(3_600)),
        |lifetime| TimeDelta::from_std(lifetime).unwrap_or(TimeDelta::MAX),
    );
    let object_id = Noise::new(service.settings.seed, 0x636f_6c6c, 0).guid().to_string();
    let claims = Claims {
        aud: audience.to_owned(),
        iss: format!("https://sts.windows.net/{TENANT_ID}/"),
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: now.timestamp().saturating_add(lifetime.num_seconds()),
        appid: CLIENT_ID.to_owned(),
        app_displayname: CLIENT_NAME.to_owned(),
        idtyp: "app".to_owned(),
        oid: object_id.clone(),
        roles: service.settings.tenant.permissions.clone(),
        sub: object_id,
        tid: TENANT_ID.to_owned(),
        uti: Mint::identifier(number),
        ver: "1.0".to_owned(),
    };
    service.tenant.note_token(now, request.peer);
    let expires_in = lifetime.num_seconds().saturating_sub(1).max(0);
    let body = json!({
        "token_type": "Bearer",
        "expires_in": expires_in,
        "ext_expires_in": expires_in,
        "access_token": service.mint.sign(&claims),
    });
    Answer::json(StatusCode::OK, &body)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use hyper::{HeaderMap, Method};
    use serde_json::Value;

    use super::super::{
        answer::Request,
        service::Service,
        settings::{CLIENT_ID, CLIENT_SECRET, Settings, TENANT_ID},
    };

    fn ask(tenant: &str, form: &str) -> (u16, Value) {
        let service = Service::new(Settings::new(1, 0, "2026-11-18T12:00:00Z".parse().unwrap()));
        let path = format!("/{tenant}/oauth2/v2.0/token");
        let request = Request {
            method: &Method::POST,
            path: &path,
            query: "",
            headers: &HeaderMap::new(),
            body: form.as_bytes(),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            origin: "http://localhost",
        };
        let answer = service.answer(&request);
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
    }

    fn form(client: &str, scope: &str, secret: &str) -> String {
        format!("grant_type=client_credentials&client_id={client}&scope={scope}&client_secret={secret}")
    }

    const SCOPE: &str = "https%3A%2F%2Fgraph.microsoft.com%2F.default";

    #[test]
    fn the_published_secret_gets_a_token_that_names_tenant_and_rights() {
        let (status, body) = ask(TENANT_ID, &form(CLIENT_ID, SCOPE, CLIENT_SECRET));
        assert_eq!(status, 200);
        let token = body["access_token"].as_str().unwrap();
        let payload = data_encoding::BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(claims["tid"], TENANT_ID);
        assert_eq!(claims["appid"], CLIENT_ID);
        assert_eq!(claims["roles"][0], "AuditLog.Read.All");
        let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert!((3_600..5_400).contains(&lifetime));
        assert_eq!(body["expires_in"], lifetime - 1);
    }

    #[test]
    fn each_refusal_carries_the_code_of_the_service() {
        let cases = [
            (TENANT_ID, form(CLIENT_ID, SCOPE, "wrong"), 401, "invalid_client", 7_000_215),
            ("other.example", form(CLIENT_ID, SCOPE, CLIENT_SECRET), 400, "invalid_request", 90_002),
            (TENANT_ID, form("unknown", SCOPE, CLIENT_SECRET), 400, "unauthorized_client", 700_016),
            (TENANT_ID, form(CLIENT_ID, "User.Read", CLIENT_SECRET), 400, "invalid_scope", 70_011),
            (TENANT_ID, form(CLIENT_ID, SCOPE, ""), 401, "invalid_client", 7_000_218),
            (TENANT_ID, String::new(), 400, "invalid_request", 900_144),
        ];
        for (tenant, form, status, error, code) in cases {
            let (answered, body) = ask(tenant, &form);
            assert_eq!(
                (answered, body["error"].as_str(), &body["error_codes"][0]),
                (status, Some(error), &code.into())
            );
            assert!(body["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{code}: ")));
        }
    }
}
