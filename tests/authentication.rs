//! Sign-ins through the binary, against small services that check what the real ones check: what is sent, to whom, and that
//! nothing secret stays behind in any file, message or argument.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../src/source/responder.rs"]
mod responder;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use responder::{Reply, Responder, Seen, ok};
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{DecodePem as _, Encode as _};

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
const SECRET: &str = "kept~Secret.Value";

/// A matter, two services, and an environment with nothing else in it.
struct Desk {
    folder: tempfile::TempDir,
    graph: Responder,
    login: Responder,
    variables: Vec<(String, String)>,
}

impl Desk {
    fn new(graph: impl FnMut(&Seen, usize) -> Reply + Send + 'static) -> Self {
        Self::with_login(graph, |_, before| token(before))
    }

    fn with_login(
        graph: impl FnMut(&Seen, usize) -> Reply + Send + 'static,
        login: impl FnMut(&Seen, usize) -> Reply + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk =
            Self { folder, graph: Responder::start(graph), login: Responder::start(login), variables: Vec::new() };
        std::fs::create_dir(desk.path("bin")).unwrap();
        let matter = desk.path("matter").display().to_string();
        let made = desk.run(&["init", &matter, "--matter", "AUTH-1", "--operator", "Test", "--no-passphrase"]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        desk
    }

    fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Sets tenant and application.
    fn named(self) -> Self {
        self.set("AZURE_TENANT_ID", TENANT).set("AZURE_CLIENT_ID", CLIENT)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Copies a published test certificate to where only its owner can read it.
    fn certificate(&self, name: &str) -> String {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/client_certificate").join(name);
        self.private(name, &std::fs::read(from).unwrap(), 0o600)
    }

    fn private(&self, name: &str, bytes: &[u8], mode: u32) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        path.display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_signhold"))
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("XDG_STATE_HOME", self.path("state"))
            // Nothing answers there: no test asks the metadata service of the machine it runs on.
            .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap()
    }

    fn collect(&self, further: &[&str]) -> Output {
        // The last hour of a quarter of a day that is over: one window, so one stream and one chain of requests.
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        let end = (now - 3600) / 21_600 * 21_600;
        let time =
            |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (matter, graph) = (self.path("matter").display().to_string(), self.graph.url());
        let (from, to) = (time(end - 3600), time(end));
        let mut arguments = vec!["collect", &matter, "--from", &from, "--to", &to, "--kind", "managedIdentity"];
        arguments.extend(["--graph-url", &graph, "--rate", "1000/1", "--quiet", "--json"]);
        arguments.extend(further);
        self.run(&arguments)
    }

    /// Collects with the small token service.
    fn collect_by(&self, further: &[&str]) -> Output {
        let login = self.login.url();
        self.collect(&[&["--login-url", &login], further].concat())
    }

    fn genesis(&self) -> Value {
        let all = files(&self.path("matter"));
        let path = all.iter().find(|path| path.ends_with("genesis.json")).expect("a plan");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// Looks for secrets in all that was written and said.
    fn assert_kept(&self, output: &Output, secrets: &[&str]) {
        let mut places: Vec<(String, Vec<u8>)> =
            vec![("stdout".to_owned(), output.stdout.clone()), ("stderr".to_owned(), output.stderr.clone())];
        for folder in ["matter", "state"] {
            let all = files(&self.path(folder));
            places.extend(all.iter().map(|path| (path.display().to_string(), std::fs::read(path).unwrap())));
        }
        for secret in secrets {
            for (place, bytes) in &places {
                assert!(memchr::memmem::find(bytes, secret.as_bytes()).is_none(), "`{secret}` stands in {place}");
            }
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A token with claims, another one each time.
fn token(before: usize) -> Reply {
    ok(format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{}"}}"#, jwt(before)))
}

fn jwt(number: usize) -> String {
    let claims = format!(r#"{{"tid":"{TENANT}","appid":"{CLIENT}","roles":["AuditLog.Read.All"],"uti":"{number}"}}"#);
    format!("aGVhZGVy.{}.t0kenSignature{number}", BASE64URL_NOPAD.encode(claims.as_bytes()))
}

fn empty_page(_: &Seen, _: usize) -> Reply {
    ok(r#"{"value":[]}"#)
}

fn leaf() -> Certificate {
    Certificate::from_pem(include_bytes!("vectors/client_certificate/certificate.pem")).unwrap()
}

/// Checks an assertion as the token service does; returns its header.
fn check_assertion(seen: &Seen, audience: &str) -> Value {
    assert_eq!(seen.form("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(seen.form("client_id").as_deref(), Some(CLIENT));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(seen.form("client_assertion_type").as_deref(), Some(kind));
    let assertion = seen.form("client_assertion").unwrap();
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let certificate = leaf();
    let key = certificate.tbs_certificate().subject_public_key_info().subject_public_key.as_bytes().unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key).verify(signed.as_bytes(), &signature).unwrap();
    let decoded =
        |part: &str| -> Value { serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap() };
    let (header, claims) = signed.split_once('.').unwrap();
    let (header, claims) = (decoded(header), decoded(claims));
    assert_eq!((&header["alg"], &header["typ"]), (&"PS256".into(), &"JWT".into()));
    let thumbprint = BASE64URL_NOPAD.encode(&Sha256::digest(certificate.to_der().unwrap()));
    assert_eq!((header["x5t#S256"].as_str(), thumbprint.len()), (Some(thumbprint.as_str()), 43));
    assert_eq!(claims["aud"], audience);
    assert_eq!((&claims["iss"], &claims["sub"]), (&CLIENT.into(), &CLIENT.into()));
    let (nbf, iat, exp) = (claims["nbf"].as_i64(), claims["iat"].as_i64(), claims["exp"].as_i64());
    assert_eq!((nbf, exp), (iat, iat.map(|iat| iat + 600)));
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    assert!(iat.is_some_and(|iat| (now - iat).abs() < 60));
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!((jti.len(), &jti[14..15]), (36, "4"), "{jti}");
    header
}

#[test]
fn a_certificate_signs_an_assertion_that_the_token_service_can_check() {
    for (name, password) in [("chain-and-key.pem", None), ("aes256-sha256.pfx", Some("published"))] {
        let desk = Desk::new(empty_page).named();
        let path = desk.certificate(name);
        let mut desk = desk.set("AZURE_CLIENT_CERTIFICATE_PATH", &path);
        desk = desk.set("AZURE_CLIENT_CERTIFICATE_PASSWORD", password.unwrap_or_default());
        let output = desk.collect_by(&[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let told =
            format!("authentication of application {CLIENT} in tenant {TENANT}: the client certificate in `{path}`");
        assert!(text(&output.stderr).contains(&told), "{}", text(&output.stderr));
        let seen = desk.login.seen();
        assert_eq!(seen.len(), 1, "one sign-in serves plan and pages");
        let audience = format!("{}/{TENANT}/oauth2/v2.0/token", desk.login.url());
        let header = check_assertion(&seen[0], &audience);
        assert_eq!(header.get("x5c"), None);
        let bearer = format!("Bearer {}", jwt(0));
        assert_eq!(desk.graph.seen()[0].header("authorization"), Some(bearer.as_str()));
        let identity = &desk.genesis()["identity"];
        assert_eq!((&identity["method"], &identity["tenant"]), (&"client-certificate".into(), &TENANT.into()));
        assert!(identity["claims"].as_array().unwrap().contains(&serde_json::json!(["roles", "AuditLog.Read.All"])));
        let assertion = seen[0].form("client_assertion").unwrap();
        desk.assert_kept(&output, &["t0kenSignature", &jwt(0), &assertion, "client_assertion"]);
        if let Some(password) = password {
            // The word stands in the subject of no file here but the certificates, which lie elsewhere.
            desk.assert_kept(&output, &[password]);
        }
    }
}

#[test]
fn the_chain_goes_along_when_asked_for_and_a_key_apart_is_found() {
    let desk = Desk::new(empty_page).named().set("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true");
    let (certificate, key) = (desk.certificate("certificate.pem"), desk.certificate("key-encrypted.pem"));
    let password = desk.private("password.txt", b"published\n", 0o600);
    let output = desk.collect_by(&[
        "--client-certificate",
        &certificate,
        "--client-key",
        &key,
        "--client-certificate-password-file",
        &password,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let audience = format!("{}/{TENANT}/oauth2/v2.0/token", desk.login.url());
    let header = check_assertion(&desk.login.seen()[0], &audience);
    assert_eq!(header["x5c"], serde_json::json!([BASE64.encode(&leaf().to_der().unwrap())]));
}

#[test]
fn a_wrong_certificate_password_is_a_request_to_mend() {
    let desk = Desk::new(empty_page).named();
    let path = desk.certificate("legacy-3des-rc2.pfx");
    let output = desk.set("AZURE_CLIENT_CERTIFICATE_PATH", &path).collect_by(&[]);
    assert_eq!(output.status.code(), Some(2));
    let expected = format!(
        "error: the passphrase does not open `{path}`\nhint: give it by AZURE_CLIENT_CERTIFICATE_PASSWORD or --client-certificate-password-file\n"
    );
    assert!(text(&output.stderr).ends_with(&expected), "{}", text(&output.stderr));
}

const AZ: &str = r#"#!/bin/sh
printf '%s\n' "$*" >> "$AZ_LOG"
printf '{"accessToken":"%s","expiresOn":"2026-11-22 12:00:00.000000","expires_on":4102444800,"tenant":"t","tokenType":"Bearer"}' "$AZ_TOKEN"
"#;

#[test]
fn the_azure_cli_is_asked_through_a_pipe_and_no_secret_is_an_argument() {
    let desk = Desk::new(empty_page);
    desk.private("bin/az", AZ.as_bytes(), 0o700);
    let log = desk.path("az.log").display().to_string();
    let desk = desk.set("AZ_LOG", &log).set("AZ_TOKEN", jwt(7)).set("AZURE_TENANT_ID", TENANT);
    let output = desk.collect_by(&["--auth", "azure-cli"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("cannot read Conditional Access"), "{}", text(&output.stderr));
    let asked = std::fs::read_to_string(&log).unwrap();
    let graph = desk.graph.url();
    assert_eq!(asked, format!("account get-access-token --output json --resource {graph} --tenant {TENANT}\n"));
    let bearer = format!("Bearer {}", jwt(7));
    assert_eq!(desk.graph.seen()[0].header("authorization"), Some(bearer.as_str()));
    let identity = &desk.genesis()["identity"];
    assert_eq!(identity["method"], "azure-cli");
    assert_eq!(identity["client_id"], "04b07795-8ddb-461a-bbee-02f9e1bf7b46");
    assert_eq!(desk.login.seen().len(), 0);
    desk.assert_kept(&output, &["t0kenSignature"]);
}

#[test]
fn an_azure_cli_that_is_absent_or_not_logged_in_says_so() {
    let desk = Desk::new(empty_page);
    let output = desk.collect_by(&["--auth", "azure-cli"]);
    assert_eq!(output.status.code(), Some(2));
    let absent = "error: `az account get-access-token` gives no token: the Azure CLI is not installed, or not in PATH";
    assert!(text(&output.stderr).contains(absent), "{}", text(&output.stderr));
    let script = "#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n";
    desk.private("bin/az", script.as_bytes(), 0o700);
    let output = desk.collect_by(&["--auth", "azure-cli"]);
    assert_eq!(output.status.code(), Some(2));
    let logged_out = "gives no token: ERROR: Please run 'az login' to setup account.";
    assert!(text(&output.stderr).contains(logged_out), "{}", text(&output.stderr));
}

#[test]
fn without_auth_the_first_credential_that_is_present_is_used_and_named() {
    let desk = Desk::new(empty_page);
    desk.private("bin/az", AZ.as_bytes(), 0o700);
    let log = desk.path("az.log").display().to_string();
    let desk = desk.set("AZ_LOG", log).set("AZ_TOKEN", jwt(7));
    let method = |desk: &Desk, expected: &str| {
        let output = desk.collect_by(&[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
        let ids = files(&desk.path("matter"));
        let mut plans: Vec<_> = ids.iter().filter(|path| path.ends_with("genesis.json")).collect();
        plans.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
        let genesis: Value = serde_json::from_slice(&std::fs::read(plans.last().unwrap()).unwrap()).unwrap();
        genesis["identity"]["method"].as_str().unwrap().to_owned()
    };
    assert_eq!(method(&desk, "authentication: whoever is logged in to the Azure CLI"), "azure-cli");
    let identity = Responder::start(|_, before| token(before));
    let desk = desk.set("IDENTITY_ENDPOINT", format!("{}/msi/token", identity.url())).set("IDENTITY_HEADER", "h3ader");
    assert_eq!(method(&desk, "authentication: the managed identity from IDENTITY_ENDPOINT"), "managed-identity");
    let assertion = desk.private("federated.txt", b"f3derated\n", 0o600);
    let desk = desk.named().set("AZURE_FEDERATED_TOKEN_FILE", assertion);
    assert_eq!(method(&desk, "the federated token in `"), "federated-token");
    let path = desk.certificate("chain-and-key.pem");
    let desk = desk.set("AZURE_CLIENT_CERTIFICATE_PATH", path);
    assert_eq!(method(&desk, "the client certificate in `"), "client-certificate");
    let desk = desk.set("AZURE_CLIENT_SECRET", SECRET);
    assert_eq!(method(&desk, "the client secret in AZURE_CLIENT_SECRET"), "client-secret");
    let output = desk.collect_by(&["--auth", "managed-identity"]);
    assert_eq!(output.status.code(), Some(0), "what is named is used, whatever is present");
    assert_eq!(identity.seen().len(), 2);
    desk.assert_kept(&output, &[SECRET, "h3ader", "f3derated", "t0kenSignature"]);
}

#[test]
fn the_authority_of_the_environment_is_used_and_marks_what_is_outside_the_table() {
    let desk = Desk::new(empty_page).named().set("AZURE_CLIENT_SECRET", SECRET);
    let login = desk.login.url();
    let desk = desk.set("AZURE_AUTHORITY_HOST", format!("{login}/"));
    let output = desk.collect(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let genesis = desk.genesis();
    assert_eq!((&genesis["source"]["login_url"], &genesis["simulated"]), (&login.into(), &true.into()));
    let desk = desk.set("AZURE_AUTHORITY_HOST", "login.microsoftonline.us");
    let output = desk.collect(&[]);
    assert_eq!(output.status.code(), Some(2));
    let expected = "AZURE_AUTHORITY_HOST names the token service of cloud `usgov`, --cloud says `global`";
    assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
}

#[test]
fn a_claims_challenge_brings_one_new_token_and_the_page() {
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
    let challenge =
        format!(r#"Bearer realm="", error="insufficient_claims", claims="{}""#, BASE64.encode(claims.as_bytes()));
    let desk = Desk::new(move |seen, _| {
        if seen.header("authorization") == Some(format!("Bearer {}", jwt(1)).as_str()) {
            return ok(r#"{"value":[]}"#);
        }
        (
            401,
            vec![("www-authenticate", challenge.clone())],
            r#"{"error":{"code":"InvalidAuthenticationToken","message":"no"}}"#.to_owned(),
        )
    });
    let desk = desk.named().set("AZURE_CLIENT_SECRET", SECRET);
    let output = desk.collect_by(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let sent: Vec<_> = desk.login.seen().iter().map(|seen| seen.form("claims")).collect();
    assert_eq!(sent, [None, Some(claims.to_owned())]);
    assert_eq!(desk.graph.seen().len(), 2);
    desk.assert_kept(&output, &[SECRET, "t0kenSignature"]);
}

#[test]
fn a_second_refusal_stops_and_resume_goes_on_with_everything_kept() {
    let good = Arc::new(AtomicUsize::new(usize::MAX));
    let allowed = good.clone();
    let desk = Desk::new(move |_, before| {
        if before >= allowed.load(Ordering::SeqCst) {
            return ok(r#"{"value":[]}"#);
        }
        (401, Vec::new(), r#"{"error":{"code":"InvalidAuthenticationToken","message":"no"}}"#.to_owned())
    });
    let desk = desk.named().set("AZURE_CLIENT_SECRET", SECRET);
    let output = desk.collect_by(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("everything so far is safe"), "{}", text(&output.stderr));
    assert_eq!((desk.graph.seen().len(), desk.login.seen().len()), (2, 2));
    good.store(0, Ordering::SeqCst);
    let matter = desk.path("matter").display().to_string();
    let output = desk.run(&["resume", &matter, "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    desk.assert_kept(&output, &[SECRET, "t0kenSignature"]);
}

#[test]
fn a_credential_refused_in_the_middle_stops_with_its_meaning() {
    let refused = r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired. Trace ID: x","error_codes":[7000222]}"#;
    let desk = Desk::with_login(
        |_, _| (401, Vec::new(), "{}".to_owned()),
        move |_, before| if before == 0 { token(0) } else { (401, Vec::new(), refused.to_owned()) },
    );
    let desk = desk.named().set("AZURE_CLIENT_SECRET", SECRET);
    let output = desk.collect_by(&[]);
    assert_eq!(output.status.code(), Some(2));
    let hint = "hint: AADSTS7000222: the secret has expired; make a new secret, or better register a certificate; everything so far is safe; go on with `signhold resume ";
    assert!(text(&output.stderr).contains(hint), "{}", text(&output.stderr));
    assert_eq!(desk.graph.seen().len(), 1);
}

#[test]
fn a_refused_first_token_leaves_nothing_behind() {
    let said: Arc<Mutex<String>> = Arc::default();
    let repeated = said.clone();
    let desk = Desk::with_login(empty_page, move |seen, _| {
        let body = seen.body.clone();
        repeated.lock().unwrap().clone_from(&body);
        let answer =
            serde_json::json!({ "error": "invalid_client", "error_description": body, "error_codes": [7_000_215] });
        (401, Vec::new(), answer.to_string())
    });
    let desk = desk.named().set("AZURE_CLIENT_SECRET", SECRET);
    let output = desk.collect_by(&[]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("hint: AADSTS7000215: the secret is wrong; often its identifier was pasted"), "{stderr}");
    assert!(said.lock().unwrap().contains("client_secret=kept%7ESecret.Value"), "the service did get it");
    desk.assert_kept(&output, &[SECRET, "kept%7ESecret.Value"]);
    assert_eq!(desk.graph.seen().len(), 0);
    assert!(files(&desk.path("matter")).iter().all(|path| !path.ends_with("genesis.json")));
}

/// A listener that no request may reach.
fn nobody() -> (std::net::TcpListener, u16) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn no_token_follows_a_link_or_a_redirect_to_another_host_scheme_or_port() {
    let path = "beta/auditLogs/signIns?$skiptoken=x";
    let (listener, port) = nobody();
    for lure in [
        format!("http://127.0.0.1:{port}/{path}"),
        format!("https://127.0.0.1:{port}/{path}"),
        format!("http://localhost:{port}/{path}"),
        format!("http://[::1]:{port}/{path}"),
        format!("//127.0.0.1:{port}/{path}"),
        format!("http://OWN@127.0.0.1:{port}/{path}"),
        format!("https://OWN/{path}"),
    ] {
        // A redirect is not followed wherever it leads: one place is enough for all.
        let statuses: &[u16] = if lure.starts_with("http://127") { &[200, 302, 307, 308] } else { &[200] };
        for &status in statuses {
            let own: Arc<Mutex<String>> = Arc::default();
            let (known, lure) = (own.clone(), lure.clone());
            let desk = Desk::new(move |_, _| {
                let lure = lure.replace("OWN", &known.lock().unwrap());
                match status {
                    200 => ok(serde_json::json!({ "value": [], "@odata.nextLink": lure }).to_string()),
                    _ => (status, vec![("location", lure)], String::new()),
                }
            });
            desk.graph.url().trim_start_matches("http://").clone_into(&mut own.lock().unwrap());
            let desk = desk.named().set("AZURE_CLIENT_SECRET", SECRET);
            let output = desk.collect_by(&[]);
            assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
            assert!(text(&output.stderr).contains("\ngap: managedIdentity "), "{}", text(&output.stderr));
            let asked = desk.graph.seen();
            assert!(!asked.is_empty() && asked.iter().all(|seen| !seen.target.contains("skiptoken")), "{status}");
            assert!(desk.login.seen().iter().all(|seen| seen.header("authorization").is_none()));
            // Not even a connection, encrypted or not.
            assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "{status}");
            desk.assert_kept(&output, &[SECRET, "t0kenSignature"]);
        }
    }
}

#[test]
fn no_secret_follows_a_redirect_of_the_token_service() {
    let (listener, port) = nobody();
    let elsewhere = format!("http://127.0.0.1:{port}/{TENANT}/oauth2/v2.0/token");
    let desk = Desk::with_login(empty_page, move |_, before| match before {
        0 => (307, vec![("location", elsewhere.clone())], String::new()),
        _ => token(before),
    });
    let desk = desk.named().set("AZURE_CLIENT_SECRET", SECRET);
    let output = desk.collect_by(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(desk.login.seen().len(), 2, "the service itself is asked again");
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
