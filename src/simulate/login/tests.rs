//! Tokens by every grant, and every refusal, over the in-memory service.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use chrono::{DateTime, Utc};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use hyper::{HeaderMap, Method};
use rcgen::{CertificateParams, KeyPair};
use ring::{digest, rand::SystemRandom, signature};
use serde_json::{Value, json};

use super::super::{
    answer::Request,
    desk::{Desk, ORIGIN},
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
        assert_eq!((answered, body["error"].as_str(), &body["error_codes"][0]), (status, Some(error), &code.into()));
        assert!(body["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{code}: ")));
    }
}

/// A key and its certificate, and what they can sign.
struct Signer {
    key: signature::RsaKeyPair,
    certificate: Vec<u8>,
}

impl Signer {
    fn new() -> Self {
        let key = BASE64.decode(KEY.as_bytes()).unwrap();
        let pair = KeyPair::try_from(key.as_slice()).unwrap();
        let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&pair).unwrap().der().to_vec();
        Self { key: signature::RsaKeyPair::from_pkcs8(&key).unwrap(), certificate }
    }

    /// Signs claims, changed as the test wants, with PS256 or RS256.
    fn assertion(&self, algorithm: &str, change: impl FnOnce(&mut Value)) -> String {
        let thumbprint = |algorithm| BASE64URL_NOPAD.encode(digest::digest(algorithm, &self.certificate).as_ref());
        let header = match algorithm {
            "PS256" => json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(&digest::SHA256) }),
            _ => json!({ "alg": "RS256", "typ": "JWT", "x5t": thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY) }),
        };
        let now = now().timestamp();
        let mut claims = json!({
            "aud": format!("{ORIGIN}/{TENANT_ID}/oauth2/v2.0/token"),
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "jti": format!("{algorithm}-{now}"),
            "nbf": now,
            "iat": now,
            "exp": now + 600,
        });
        change(&mut claims);
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut tag = vec![0; self.key.public().modulus_len()];
        let padding: &dyn signature::RsaEncoding =
            if algorithm == "PS256" { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
        self.key.sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut tag).unwrap();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&tag))
    }
}

fn now() -> DateTime<Utc> {
    "2026-11-18T12:00:00Z".parse().unwrap()
}

fn assert_with(desk: &Desk, assertion: &str) -> (u16, Value) {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    desk.post("token", &fields)
}

fn claims(token: &str) -> Value {
    let payload = BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn a_registered_certificate_gets_a_token_by_either_algorithm_and_once() {
    let signer = Signer::new();
    let desk = Desk::open(|settings| settings.client_certificate_der = Some(signer.certificate.clone()));
    for algorithm in ["PS256", "RS256"] {
        let assertion = signer.assertion(algorithm, |_| {});
        let (status, body) = assert_with(&desk, &assertion);
        assert_eq!(status, 200, "{body}");
        assert_eq!(claims(body["access_token"].as_str().unwrap())["roles"][0], "AuditLog.Read.All");
        let (status, body) = assert_with(&desk, &assertion);
        assert_eq!((status, &body["error_codes"][0]), (401, &50_013.into()));
    }
}

#[test]
fn assertions_that_do_not_hold_are_refused_with_their_code() {
    let signer = Signer::new();
    let desk = Desk::open(|settings| settings.client_certificate_der = Some(signer.certificate.clone()));
    let code = |desk: &Desk, assertion: &str| {
        let (status, body) = assert_with(desk, assertion);
        assert_eq!(status, 401);
        body["error_codes"][0].as_u64().unwrap()
    };
    let late = signer.assertion("PS256", |claims| claims["exp"] = json!(now().timestamp() - 301));
    assert_eq!(code(&desk, &late), 500_133);
    let early = signer.assertion("PS256", |claims| claims["nbf"] = json!(now().timestamp() + 400));
    assert_eq!(code(&desk, &early), 500_133);
    let elsewhere = signer.assertion("PS256", |claims| claims["aud"] = json!("https://login.elsewhere.example"));
    assert_eq!(code(&desk, &elsewhere), 50_013);
    let another = signer.assertion("PS256", |claims| claims["sub"] = json!("another"));
    assert_eq!(code(&desk, &another), 50_013);
    let nameless = signer.assertion("PS256", |claims| claims["jti"] = Value::Null);
    assert_eq!(code(&desk, &nameless), 50_013);
    let good = signer.assertion("PS256", |_| {});
    let (message, tag) = good.rsplit_once('.').unwrap();
    let mut bytes = BASE64URL_NOPAD.decode(tag.as_bytes()).unwrap();
    bytes[7] ^= 1;
    assert_eq!(code(&desk, &format!("{message}.{}", BASE64URL_NOPAD.encode(&bytes))), 700_027);
    assert_eq!(code(&Desk::open(|_| {}), &good), 700_027);
    assert_eq!(code(&desk, "no assertion"), 50_013);
}

#[test]
fn the_token_of_the_one_known_issuer_is_accepted() {
    let desk = Desk::open(|settings| settings.federated_tokens = vec!["eyJ.federated.token".to_owned()]);
    assert_eq!(assert_with(&desk, "eyJ.federated.token").0, 200);
    assert_eq!(assert_with(&desk, "eyJ.federated.other").0, 401);
}

fn device_code(desk: &Desk) -> String {
    let scope = "https://graph.microsoft.com/AuditLog.Read.All offline_access";
    let (status, body) = desk.post("devicecode", &[("client_id", CLIENT_ID), ("scope", scope)]);
    assert_eq!((status, &body["interval"], &body["expires_in"]), (200, &5.into(), &900.into()));
    assert!(body["message"].as_str().unwrap().contains(body["user_code"].as_str().unwrap()));
    assert!(body.get("verification_uri_complete").is_none());
    body["device_code"].as_str().unwrap().to_owned()
}

fn poll(desk: &Desk, code: &str) -> (u16, Value) {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    desk.post("token", &[("grant_type", grant), ("client_id", CLIENT_ID), ("device_code", code)])
}

#[test]
fn a_device_code_is_pending_and_then_a_token_for_a_person() {
    let mut desk = Desk::open(|_| {});
    let code = device_code(&desk);
    for _ in 0..2 {
        let (status, body) = poll(&desk, &code);
        assert_eq!((status, &body["error"]), (400, &"authorization_pending".into()));
    }
    let (status, body) = poll(&desk, &code);
    assert_eq!(status, 200);
    let token = body["access_token"].as_str().unwrap();
    let claimed = claims(token);
    assert_eq!(claimed["scp"], "AuditLog.Read.All Policy.Read.ConditionalAccess");
    assert_eq!(claimed["idtyp"], "user");
    assert!(claimed.get("roles").is_none() && claimed["upn"].is_string());
    desk.token = token.to_owned();
    assert_eq!(desk.beta("$top=1").0, 200);
    assert_eq!(poll(&desk, &code).1["error"], "bad_verification_code");
    let refresh = body["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", refresh)];
    assert_eq!(desk.post("token", &fields).0, 200);
    assert_eq!(desk.post("token", &fields).1["error"], "invalid_grant");
}

#[test]
fn a_device_code_can_be_declined_run_out_or_be_asked_for_too_often() {
    for (fault, error) in [("device-declined", "authorization_declined"), ("device-expired", "expired_token")] {
        let desk = Desk::open(|settings| {
            settings.faults = vec![fault.parse().unwrap()];
            settings.device_code.pending_polls = 0;
        });
        assert_eq!(poll(&desk, &device_code(&desk)).1["error"], error);
    }
    let desk = Desk::open(|settings| {
        settings.faults = vec!["device-slow-down".parse().unwrap()];
        settings.device_code.pending_polls = 1;
    });
    let code = device_code(&desk);
    assert_eq!(poll(&desk, &code).1["error"], "slow_down");
    assert_eq!(poll(&desk, &code).0, 200);
    assert_eq!(poll(&desk, "nobody's").1["error"], "bad_verification_code");
}

fn ask_identity(desk: &Desk, query: &str, metadata: bool) -> (u16, Value) {
    let mut headers = HeaderMap::new();
    if metadata {
        headers.insert("metadata", "true".parse().unwrap());
    }
    let answer = desk.send(&Method::GET, "/metadata/identity/oauth2/token", query, &headers, b"");
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
}

const IDENTITY: &str = "api-version=2018-02-01&resource=https://graph.microsoft.com/";

#[test]
fn a_managed_identity_gets_a_token_with_numbers_as_text() {
    let mut desk = Desk::open(|_| {});
    let (status, body) = ask_identity(&desk, IDENTITY, true);
    assert_eq!(status, 200);
    assert!(body["expires_in"].as_str().unwrap().parse::<u64>().unwrap() > 3_000);
    assert!(body["expires_on"].is_string() && body["not_before"].is_string());
    assert_eq!((&body["refresh_token"], &body["resource"]), (&"".into(), &"https://graph.microsoft.com/".into()));
    body["access_token"].as_str().unwrap().clone_into(&mut desk.token);
    assert_eq!(desk.beta("$top=1").0, 200);
    assert_eq!(ask_identity(&desk, IDENTITY, false).1["error"], "invalid_request");
    assert_eq!(ask_identity(&desk, "api-version=2018-02-01", true).0, 400);
    assert_eq!(ask_identity(&desk, &format!("{IDENTITY}&client_id=another"), true).0, 400);
}

#[test]
fn an_app_service_wants_its_header_and_says_only_when_the_token_ends() {
    let ask = |desk: &Desk, value: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert("metadata", "true".parse().unwrap());
        if let Some(value) = value {
            headers.insert("x-identity-header", value.parse().unwrap());
        }
        let query = "api-version=2019-08-01&resource=https://graph.microsoft.com/";
        let answer = desk.send(&Method::GET, "/msi/token", query, &headers, b"");
        (answer.status.as_u16(), serde_json::from_slice::<Value>(&answer.body).unwrap())
    };
    let desk = Desk::open(|settings| settings.identity_header = Some("h3ader".to_owned()));
    let (status, body) = ask(&desk, Some("h3ader"));
    assert_eq!(status, 200);
    assert!(body["access_token"].is_string() && body["expires_on"].is_string() && body["expires_in"].is_null());
    assert_eq!((ask(&desk, Some("another")).0, ask(&desk, None).0), (401, 401));
    assert_eq!(ask(&Desk::open(|_| {}), Some("h3ader")).0, 401, "where nothing is set, nothing is known");
}

#[test]
fn a_present_that_is_told_moves_as_it_is_told() {
    use std::sync::atomic::{AtomicI64, Ordering};
    let minutes = std::sync::Arc::new(AtomicI64::new(0));
    let told = std::sync::Arc::clone(&minutes);
    let start: chrono::DateTime<chrono::Utc> = "2026-11-18T12:00:00Z".parse().unwrap();
    let desk = Desk::open(|settings| {
        settings.token_lifetime = Some(Duration::from_hours(1));
        settings.present =
            Some(std::sync::Arc::new(move || start + chrono::TimeDelta::minutes(told.load(Ordering::SeqCst))));
    });
    assert_eq!(desk.beta("$top=1").0, 200);
    minutes.store(61, Ordering::SeqCst);
    assert_eq!(desk.beta("$top=1").0, 401, "its hour is over");
}

#[test]
fn the_identity_endpoint_fails_twice_and_recovers() {
    for (fault, status) in [("imds-404", 404), ("imds-410", 410), ("imds-429", 429)] {
        let desk = Desk::open(|settings| settings.faults = vec![fault.parse().unwrap()]);
        let answered = [(); 3].map(|()| ask_identity(&desk, IDENTITY, true).0);
        assert_eq!(answered, [status, status, 200]);
    }
}

#[test]
fn the_token_endpoint_can_be_unavailable_for_a_moment() {
    let desk = Desk::open(|settings| settings.faults = vec!["login-unavailable@2".parse().unwrap()]);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let (status, body) = desk.post("token", &fields);
    assert_eq!(
        (status, &body["error"], &body["error_codes"][0]),
        (503, &"temporarily_unavailable".into(), &90_033.into())
    );
    assert_eq!(desk.post("token", &fields).0, 200);
}

#[test]
fn short_tokens_say_so_and_expire() {
    let desk = Desk::open(|settings| {
        settings.faults = vec!["short-token".parse().unwrap()];
        settings.token_lifetime = Some(Duration::from_hours(1));
    });
    let claimed = claims(&desk.token);
    assert_eq!(claimed["exp"].as_i64().unwrap() - claimed["iat"].as_i64().unwrap(), 4);
}

/// A key for these tests alone; it opens nothing.
const KEY: &str = "\
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCQbQlkYrX3kdIRaADieDIniOOjuWUnYSonsicih/fpjOVl0vVa\
    1lNMscZNn5nB3rVUCqNU8rWiUQfztqiIk9s8EzY4n24dNRW/Mp+60uFkt1ImZSxq26Q8+c/R1L0JzA/vVoC+/2q4hL0p2YXFfjiw\
    Ocu17f/zFzB08tKXoC/vMvwDxDw8pH1UglizaO0y82Xu4RbodD3DxNm5cDqXd14iAFvNjKDOQwDv1pb0JeNxkkISunwqUmngkBME\
    4noSUoYJB85ZlA8p1C8t44E5zUpT+S0QLrsJdJtifGCTR78DOtE2Ssj7qnOGKXDkJdh56Eqa/prOhYmJpMLx5UothDi7AgMBAAEC\
    ggEABniML4OTXu3uo+RYCHhALwXyxRbSZxWdu5I/hKGORFg8EvgvvAvW8ZxpeSLfKGY1E6M3tt+lBF/DDnKu/GeQ2WaMSwnW94IL\
    C7pV7nCdCVPZX2pbDMfzL4mLJn30oP1pSAeafx7shis/BSKqMV4QENKWGPxP4nFgiheIbfi5t8AszYppO7RSh78PbWbD33Ypb+hI\
    jJ27lBviayqqtDULWW/sJRDXORpbvHDFUcXibPb1852GCI7gvb+y5xa1ZKUu+VMtQUiRwfaYUrZ9kxtlrgZR+2BxNOWYCRX+GjuS\
    AqII50HgZxYTKXB+ov+mB9JvrfZPLTUYXzmuksu6cJF8iQKBgQDG88+1vxE94fLCvqR+PG7JHnno3eBRqb4tPIJmyP0G/pDnJ/by\
    bdnNnF7dwk0bvTL5DF2dJ7C/IaJJilP5ochpN3li9cRfcyeVRU+LyOAgj6v8ZZOFiIiwbEWB+8CjnmTRxqTFr5BueJkm+CML7M3H\
    wUjLglRjPqluh12CbozUbwKBgQC51q+cp3ZITh/yVJgmO2tHsBUSPQ/DmqssF1pLhUQBbI8GAwv2zU+GQVF/9HOori1z3nML36ZK\
    aVWYS/KEcsGJUVqyuVqJgoH4+EmJfB4QCjkFZEUx9SeWGho6UYTRrU+DlLh/EnXynMctv2f8z1KGxJzc+C50WjSCuiG51C/+dQKB\
    gBCGyEZMrN37GvNaasehtYI3aeESLUQbWZTgZeSr5XjjRJ4vD7Brt6AA0VCSh106hjVx9YTMez4lSRnax8cAzWkQFqFF0R4srqkT\
    rNvrv9J0nNDGj06UXOZq2AtIImR1D+LtIVrajqDem7pE+oRPE3j4cVeWZ/QmjGSGEhp3nHM5AoGBALM0B+IbRh9RXtMSqilr8PaP\
    ILKWuUXZNyjsWAEtQDfTVFPqyjWzI/WFtS6bLpDBbUkngG85uqRU0Npsmi8IbgKZtclUna6ub+ECo/709hRnlzbQyzzyd7rx7sq/\
    40FCS8PJvOOkjKJodlVyFredwKn+nHkkxb8jYTGShYUpzSIlAoGAZOhiIKkoXDtLa6IF9mJaWivrkbkCLGAiMz8ZRZBBke27R21e\
    BJQNfH0Z3+1NPemYVgzz6BRqvFzJ4CkBHD/scaBV3mIw969PuKI3wdAZDO7v0O8KQmv1ldDXDJ9Wle9qDjV6QVQwkTYjuoB6EmD5\
    teAcsbeZeXWNVvpJzm4W4Ic=";
