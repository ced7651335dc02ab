//! The token source against small services that check what the real ones check. Time is virtual: waiting is what moves it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::SourceError;
use super::super::cloud::{Cloud, Endpoints};
use super::super::http::{HttpClient, HttpSettings};
use super::super::responder::{Reply, Responder, ok};
use super::*;
use crate::time::LocalTime;

/// Clock, pace and machine in one: each reading is a microsecond later, each wait is over at once.
#[derive(Default)]
struct World {
    now_us: AtomicU64,
    waits: Mutex<Vec<u64>>,
    told: Mutex<Vec<String>>,
    file: Mutex<String>,
    is_cancelled: AtomicBool,
}

impl World {
    fn pass(&self, seconds: u64) {
        self.now_us.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn waits(&self) -> Vec<u64> {
        self.waits.lock().unwrap().clone()
    }
}

impl Clock for World {
    fn now(&self) -> LocalTime {
        let start: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        LocalTime::new(start + TimeDelta::microseconds(self.now_us.load(Ordering::SeqCst).try_into().unwrap()))
    }

    fn monotonic_us(&self) -> u64 {
        self.now_us.fetch_add(1, Ordering::SeqCst)
    }
}

impl Pace for World {
    fn turn(&self) -> bool {
        true
    }

    fn hold(&self, _: Duration) {}

    fn pause(&self, wait: Duration) -> bool {
        self.waits.lock().unwrap().push(wait.as_secs());
        self.pass(wait.as_secs());
        !self.is_cancelled()
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::SeqCst)
    }
}

impl Machine for World {
    fn random(&self) -> Result<[u8; 16], String> {
        Ok([7; 16])
    }

    fn read_secret(&self, _: &Path) -> Result<Secret, String> {
        Ok(Secret::new(self.file.lock().unwrap().clone()))
    }

    fn tell(&self, text: &str) {
        self.told.lock().unwrap().push(text.to_owned());
    }
}

struct Scene {
    world: Arc<World>,
    http: HttpClient,
    tokens: TokenSource,
}

fn scene(login: &Responder, credential: Credential) -> Scene {
    let world = Arc::new(World::default());
    let endpoints = Endpoints::new(Cloud::Global, None, Some(&login.url())).unwrap();
    let settings =
        HttpSettings { extra_roots_pem: None, timeout: Duration::from_secs(10), destination: &endpoints.login_url };
    let http = HttpClient::new(settings).unwrap();
    let surroundings = Surroundings { clock: world.clone(), machine: world.clone(), pace: world.clone() };
    let application =
        Application { tenant: Some("contoso.example".to_owned()), client_id: Some("app".to_owned()), credential };
    Scene { tokens: TokenSource::new(application, &endpoints, surroundings).unwrap(), http, world }
}

fn secret() -> Credential {
    Credential::ClientSecret(Secret::new(SECRET.to_owned()))
}

impl Scene {
    fn token(&self) -> String {
        self.tokens.token(&self.http).unwrap().expose_secret().to_owned()
    }
}

fn token(name: &str) -> Reply {
    ok(format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{name}"}}"#))
}

fn refusal(error: &str, code: u64, description: &str) -> Reply {
    (400, Vec::new(), format!(r#"{{"error":"{error}","error_description":"{description}","error_codes":[{code}]}}"#))
}

#[test]
fn a_client_secret_is_shown_in_the_documented_form() {
    let login = Responder::start(|_, _| token("t"));
    let scene = scene(&login, secret());
    assert_eq!(scene.token(), "t");
    let seen = &login.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/contoso.example/oauth2/v2.0/token"));
    assert_eq!(
        seen.body,
        "client_id=app&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&grant_type=client_credentials&client_secret=s3%2Bcr%2Fet+value"
    );
}

#[test]
fn a_passing_trouble_is_waited_out_and_no_refusal() {
    let login = Responder::start(|_, before| match before {
        0 => (503, Vec::new(), "<html>".to_owned()),
        1 => (429, vec![("retry-after", "11".to_owned())], "{}".to_owned()),
        2 => refusal("temporarily_unavailable", 90_006, "later"),
        3 => refusal("invalid_request", 90_033, "a passing number"),
        4 => (302, vec![("location", "http://portal.example/".to_owned())], String::new()),
        _ => token("t"),
    });
    let scene = scene(&login, secret());
    assert_eq!(scene.token(), "t");
    assert_eq!(scene.world.waits(), [2, 11, 14, 30, 60]);
    assert_eq!(scene.world.told.lock().unwrap().len(), 5);
}

#[test]
fn a_trouble_that_does_not_pass_is_still_no_refusal() {
    // A proxy's page says nothing about the credential, whatever its status.
    let login = Responder::start(|_, _| (403, Vec::new(), "<html>blocked</html>".to_owned()));
    let scene = scene(&login, secret());
    assert!(matches!(scene.tokens.first(&scene.http), Err(SourceError::Unreachable { .. })));
    assert_eq!(scene.world.waits(), [2, 6]);
}

#[test]
fn a_refusal_stops_at_once_with_its_numbers() {
    let login = Responder::start(|_, _| refusal("invalid_client", 7_000_215, "AADSTS7000215: Invalid client secret."));
    let scene = scene(&login, secret());
    match scene.tokens.first(&scene.http) {
        Err(SourceError::Refused { codes, reason, .. }) => {
            assert_eq!(codes, [7_000_215]);
            assert_eq!(reason, "status 400 `invalid_client`: AADSTS7000215: Invalid client secret.");
        }
        other => panic!("{:?}", other.err()),
    }
    assert_eq!(scene.world.waits(), [0; 0]);
}

#[test]
fn a_service_that_repeats_the_secret_is_not_quoted() {
    let login = Responder::start(|seen, _| {
        refusal("invalid_client", 1, &format!("you sent {SECRET} as {}", seen.body.replace('\\', "")))
    });
    let scene = scene(&login, secret());
    let text = scene.tokens.first(&scene.http).unwrap_err().to_string();
    assert!(text.contains("you sent [a secret, removed] as client_id=app"), "{text}");
    assert!(!text.contains("cr%2Fet") && !text.contains(SECRET), "{text}");
}

#[test]
fn a_token_is_renewed_from_half_its_life_on() {
    let login = Responder::start(|_, before| token(&format!("t{before}")));
    let scene = scene(&login, secret());
    assert_eq!(scene.token(), "t0");
    scene.world.pass(1799);
    assert_eq!(scene.token(), "t0");
    scene.world.pass(2);
    assert_eq!(scene.token(), "t1");
}

#[test]
fn a_good_token_is_used_while_the_token_service_is_out_of_order() {
    let login = Responder::start(|_, before| match before {
        0 => token("t0"),
        1..=3 => (500, Vec::new(), String::new()),
        _ => token("t1"),
    });
    let scene = scene(&login, secret());
    assert_eq!(scene.token(), "t0");
    scene.world.pass(1801);
    assert_eq!(scene.token(), "t0");
    assert_eq!(scene.token(), "t0");
    assert_eq!(login.seen().len(), 2, "within a minute it is not tried again");
    assert_eq!(scene.world.waits(), [0; 0], "nobody waits while there is a good one");
    // Five minutes before the end there is none any more, and the trouble is waited out.
    scene.world.pass(1501);
    assert_eq!(scene.token(), "t1");
    assert_eq!(scene.world.waits(), [2, 6]);
}

#[test]
fn many_threads_without_a_token_get_one_together() {
    let login = Responder::start(|_, before| token(&format!("t{before}")));
    let scene = scene(&login, secret());
    std::thread::scope(|threads| {
        let all: Vec<_> = (0..8).map(|_| threads.spawn(|| scene.token())).collect();
        assert!(all.into_iter().all(|thread| thread.join().unwrap() == "t0"));
    });
    assert_eq!(login.seen().len(), 1);
}

#[test]
fn two_workers_refused_at_the_same_time_renew_once() {
    let login = Responder::start(|_, before| token(&format!("t{before}")));
    let scene = scene(&login, secret());
    assert_eq!(scene.token(), "t0");
    let began_us = scene.world.monotonic_us();
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| scene.tokens.renew(&scene.http, began_us, None).unwrap());
        }
    });
    assert_eq!(scene.token(), "t1");
    assert_eq!(login.seen().len(), 2);
    // A request that began with the new token and was refused all the same does renew.
    scene.tokens.renew(&scene.http, scene.world.monotonic_us(), None).unwrap();
    assert_eq!(login.seen().len(), 3);
}

#[test]
fn a_claims_challenge_is_passed_on_and_answered_once() {
    let login = Responder::start(|_, before| token(&format!("t{before}")));
    let scene = scene(&login, secret());
    assert_eq!(scene.token(), "t0");
    let began_us = scene.world.monotonic_us();
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
    // A renewal for another reason does not answer the challenge, though its token is younger.
    scene.tokens.renew(&scene.http, began_us, None).unwrap();
    scene.tokens.renew(&scene.http, began_us, Some(claims)).unwrap();
    scene.tokens.renew(&scene.http, began_us, Some(claims)).unwrap();
    let sent: Vec<_> = login.seen().iter().map(|seen| seen.form("claims")).collect();
    assert_eq!(sent, [None, None, Some(claims.to_owned())]);
}

#[test]
fn a_federated_token_is_read_anew_at_every_renewal() {
    let login = Responder::start(|_, before| token(&format!("t{before}")));
    let scene = scene(&login, Credential::FederatedToken("token".into()));
    for assertion in ["first", "second"] {
        assertion.clone_into(&mut scene.world.file.lock().unwrap());
        scene.token();
        scene.world.pass(2000);
        let seen = login.seen();
        let seen = seen.last().unwrap();
        assert_eq!(seen.form("client_assertion").as_deref(), Some(assertion));
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(seen.form("client_assertion_type").as_deref(), Some(kind));
    }
    scene.world.file.lock().unwrap().clear();
    scene.world.pass(4000);
    assert!(matches!(scene.tokens.token(&scene.http), Err(SourceError::Refused { .. })));
}

fn device_login(answers: &'static [(&'static str, u64)]) -> Responder {
    Responder::start(move |seen, before| {
        if seen.target.ends_with("/devicecode") {
            return ok(
                r#"{"device_code":"d3vice","user_code":"ABCD","verification_uri":"https://v.example","expires_in":60,"interval":5,"message":"Open https://v.example and enter ABCD"}"#,
            );
        }
        match (seen.form("grant_type").unwrap().as_str(), answers.get(before - 1)) {
            ("refresh_token", _) if seen.form("refresh_token").as_deref() == Some("r3fresh") => token("renewed"),
            ("urn:ietf:params:oauth:grant-type:device_code", None) => {
                ok(r#"{"expires_in":"3600","access_token":"t","refresh_token":"r3fresh"}"#)
            }
            (_, Some((error, code))) => refusal(error, *code, "no"),
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn a_device_code_waits_as_long_as_it_is_told_and_then_renews_by_itself() {
    let login = device_login(&[("authorization_pending", 70_016), ("slow_down", 0), ("authorization_pending", 70_016)]);
    let scene = scene(&login, Credential::DeviceCode);
    assert_eq!(scene.token(), "t");
    assert_eq!(scene.world.waits(), [5, 5, 10, 10]);
    assert_eq!(*scene.world.told.lock().unwrap(), ["Open https://v.example and enter ABCD"]);
    let seen = login.seen();
    assert_eq!(seen[0].form("scope").as_deref(), Some("https://graph.microsoft.com/.default offline_access"));
    assert_eq!(seen[1].form("device_code").as_deref(), Some("d3vice"));
    scene.world.pass(2000);
    assert_eq!(scene.token(), "renewed");
}

#[test]
fn a_device_code_that_is_declined_or_runs_out_is_refused() {
    let declined = device_login(&[("authorization_declined", 70_000)]);
    let scene_one = scene(&declined, Credential::DeviceCode);
    let text = scene_one.tokens.first(&scene_one.http).unwrap_err().to_string();
    assert!(text.ends_with("the sign-in was declined"), "{text}");
    let unused = device_login(&[("authorization_pending", 70_016); 20]);
    let scene_two = scene(&unused, Credential::DeviceCode);
    let text = scene_two.tokens.first(&scene_two.http).unwrap_err().to_string();
    assert!(text.ends_with("nobody signed in before the code expired"), "{text}");
    assert_eq!(scene_two.world.waits(), [5; 12]);
}

#[test]
fn waiting_for_a_person_can_be_interrupted() {
    let login = device_login(&[("authorization_pending", 70_016); 20]);
    let scene = scene(&login, Credential::DeviceCode);
    scene.world.is_cancelled.store(true, Ordering::SeqCst);
    assert!(matches!(scene.tokens.first(&scene.http), Err(SourceError::Cancelled)));
    assert_eq!(login.seen().len(), 1);
}

#[test]
fn the_metadata_service_is_asked_as_documented_and_its_strings_are_read() {
    let login = Responder::start(|_, _| panic!("the token service is not asked"));
    let imds = Responder::start(|_, before| match before {
        0 => (404, Vec::new(), r#"{"error":"not_found","error_description":"being updated"}"#.to_owned()),
        _ => {
            ok(r#"{"access_token":"m","refresh_token":"","expires_in":"3599","expires_on":"1","token_type":"Bearer"}"#)
        }
    });
    let scene = scene(&login, Credential::ManagedIdentity(ManagedIdentity::imds(Some(&imds.url()), None).unwrap()));
    assert_eq!(scene.token(), "m");
    assert_eq!(scene.world.waits(), [2]);
    let seen = &imds.seen()[1];
    assert_eq!(seen.method, "GET");
    assert_eq!(seen.header("metadata"), Some("true"));
    assert_eq!(
        seen.target,
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com%2F&client_id=app"
    );
    scene.world.pass(1700);
    assert_eq!(scene.token(), "m");
    assert_eq!(imds.seen().len(), 2);
}

#[test]
fn app_service_is_shown_its_header_and_nobody_else_is() {
    let login = Responder::start(|_, _| panic!("the token service is not asked"));
    let app_service = Responder::start(|seen, _| {
        let body = format!(
            r#"{{"error":"invalid_request","error_description":"you sent {}"}}"#,
            seen.header("x-identity-header").unwrap()
        );
        (400, Vec::new(), body)
    });
    let endpoint = format!("{}/msi/token", app_service.url());
    let identity = ManagedIdentity::app_service(&endpoint, Secret::new("h3ader".to_owned()), None).unwrap();
    let scene = scene(&login, Credential::ManagedIdentity(identity));
    let text = scene.tokens.first(&scene.http).unwrap_err().to_string();
    assert!(text.ends_with("`invalid_request`: you sent [a secret, removed]"), "{text}");
    let seen = &app_service.seen()[0];
    assert_eq!(seen.header("x-identity-header"), Some("h3ader"));
    assert!(seen.target.starts_with("/msi/token?api-version=2019-08-01&resource="), "{}", seen.target);
    for elsewhere in ["http://198.51.100.7/token", "http://identity.example/token", "ftp://127.0.0.1/"] {
        assert!(ManagedIdentity::app_service(elsewhere, Secret::new("h".to_owned()), None).is_err(), "{elsewhere}");
    }
}

#[test]
fn a_tenant_that_would_change_the_address_or_a_command_is_refused() {
    for tenant in ["", "a/b", "a?b", "-x", "a b", "../x"] {
        let world = Arc::new(World::default());
        let endpoints = Endpoints::new(Cloud::Global, None, None).unwrap();
        let surroundings = Surroundings { clock: world.clone(), machine: world.clone(), pace: world };
        let application = Application { tenant: Some(tenant.to_owned()), client_id: None, credential: secret() };
        assert!(TokenSource::new(application, &endpoints, surroundings).is_err(), "{tenant}");
    }
}

/// With characters that a form writes in another way.
const SECRET: &str = "s3+cr/et value";
