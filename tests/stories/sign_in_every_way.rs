//! Every way to sign in, from the first token to the verdict, with a renewal on the way, and nothing secret left behind.
//!
//! The simulator checks what the real service checks: signatures, audiences and identifiers of assertions, codes, headers. What
//! the program sends is heard on the wire ([`crate::wire`]), and so is all that was secret about it: every token, code and
//! assertion that passed there is looked for afterwards in every file, both outputs and every list of processes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use signhold::simulate::{CLIENT_ID, CLIENT_SECRET, DeviceCode, Kind, Settings, TENANT_ID, Transport};
use tempfile::TempDir;
use x509_cert::Certificate;
use x509_cert::der::{DecodePem as _, Encode as _};

use crate::cli::{Cli, Said};
use crate::opened::Opened;
use crate::secrets::Secrets;
use crate::service::{Matter, Service};
use crate::wire::{Sent, Wire};

/// A service behind a wire, a matter, and a place for everything that the program could write.
struct Scene {
    service: Service,
    wire: Wire,
    matter: Matter,
    /// Home, state and temporary files of the program: all of it is searched.
    written: TempDir,
    /// Keys, certificates and secrets as the person has them: not searched.
    held: TempDir,
    /// The process that runs now, and what the list of processes showed of it at every request.
    process: Arc<AtomicU32>,
    listed: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Scene {
    /// Sets the stage. The second request for a page finds its token withdrawn, so that each way has to renew.
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_hook(change, |_, _| {})
    }

    /// The same; `hook` is given the folder of what the person holds, and what the program sends.
    fn with_hook(change: impl FnOnce(&mut Settings), hook: impl Fn(&Path, &[u8]) + Send + Sync + 'static) -> Self {
        let service = Service::with(400, |settings| {
            settings.transport = Transport::Http;
            settings.page_limit = 3;
            settings.faults = vec!["expire-token@2".parse().unwrap()];
            change(settings);
        });
        let (written, held) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let process = Arc::new(AtomicU32::new(0));
        let listed = Arc::new(Mutex::new(Vec::new()));
        let (running, list, folder) = (Arc::clone(&process), Arc::clone(&listed), held.path().to_owned());
        let wire = Wire::to(service.server.address(), move |bytes| {
            // The program waits for an answer, so it is there to be looked at; its number is known a moment later.
            let number = loop {
                match running.load(Ordering::SeqCst) {
                    0 => std::thread::yield_now(),
                    number => break number,
                }
            };
            // Where there is no such list, nothing can be read in it.
            list.lock().unwrap().extend(std::fs::read(format!("/proc/{number}/cmdline")));
            hook(&folder, bytes);
        });
        let matter = Matter::at(tempfile::tempdir().unwrap());
        let key = held.path().join("operator.pem");
        Cli::new().args(["key", "new", "--no-passphrase"]).arg(&key).code(0);
        matter.init().set("--key", &key).code(0);
        std::fs::create_dir(held.path().join("bin")).unwrap();
        Self { service, wire, matter, written, held, process, listed }
    }

    /// Collects one kind, at a pace that is kept in a file of the user's.
    fn collect(&self) -> Cli {
        let cli = Cli::new()
            .args(["collect", &self.matter.dir, "--quiet", "--kind", "interactiveUser", "--window-hours", "24"])
            .set("--graph-url", self.wire.url())
            .set("--login-url", self.wire.url())
            .set("--tsa-url", format!("{}/tsa", self.wire.url()))
            .set("--from", crate::service::text(self.service.from))
            .set("--to", crate::service::text(self.service.to));
        self.surround(cli).set("--rate", "10/1")
    }

    fn resume(&self) -> Cli {
        self.surround(Cli::new().args(["resume", &self.matter.dir, "--quiet"])).set("--rate", "10/1")
    }

    fn surround(&self, cli: Cli) -> Cli {
        let place = |name: &str| self.written.path().join(name);
        std::fs::create_dir_all(place("temporary")).unwrap();
        cli.set("--workers", "1")
            .env("HOME", place("home"))
            .env("XDG_STATE_HOME", place("state"))
            .env("TMPDIR", place("temporary"))
            .env("PATH", self.held.path().join("bin"))
            // Nothing answers there: no story asks the metadata service of the machine it runs on.
            .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    }

    /// Writes what the person holds, readable by nobody else.
    fn hold(&self, name: &str, bytes: &[u8]) -> PathBuf {
        hold(self.held.path(), name, bytes, 0o600)
    }

    /// Runs a call that is expected to end so, and looks at it in the list of processes meanwhile.
    #[track_caller]
    fn run(&self, cli: &Cli, code: i32) -> Said {
        let running = cli.start();
        self.process.store(running.id(), Ordering::SeqCst);
        let (said, ended) = running.end();
        self.process.store(0, Ordering::SeqCst);
        assert_eq!(ended, Some(code), "{}\n{}", said.stdout, said.stderr);
        said
    }

    /// Collects, verifies, and compares with the truth, with what was said, and with what was sent.
    #[track_caller]
    fn proves(&self, cli: &Cli, method: &str) -> Opened {
        let said = self.run(cli, 0);
        self.judge(&[&said], method)
    }

    #[track_caller]
    fn judge(&self, said: &[&Said], method: &str) -> Opened {
        let package = self.matter.package();
        let opened = Opened::read(&package);
        assert_eq!(opened.counted(Kind::InteractiveUser), self.service.truth(Kind::InteractiveUser));
        let verdict = self.service.verify(&self.matter, &package).code(0);
        assert!(verdict.stdout.contains("VALID"), "{}", verdict.stdout);
        let identity = &opened.json("data/genesis.json")["identity"];
        assert_eq!(identity["method"], method);
        assert_eq!(identity["tenant"], TENANT_ID);
        let claims = identity["claims"].to_string();
        for claim in [r#"["tid",""#, r#"["uti",""#, "AuditLog.Read.All", CLIENT_ID] {
            assert!(claims.contains(claim), "{claim} is not among {claims}");
        }
        // Nobody is shown a token but the log.
        for sent in self.wire.sent() {
            let is_log = sent.target.starts_with("/beta/");
            assert_eq!(sent.header("authorization").is_some(), is_log, "{} {}", sent.method, sent.target);
        }
        self.assert_kept(said, &verdict);
        opened
    }

    /// Looks for everything secret that was held, sent or received.
    #[track_caller]
    fn assert_kept(&self, said: &[&Said], verdict: &Said) {
        let mut secrets = Secrets::default();
        let key = std::fs::read_to_string(self.held.path().join("operator.pem")).unwrap();
        secrets.add_key("the operator's key", &key, 16);
        let certificate_key =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/client_certificate/key-pkcs8.pem");
        secrets.add_key("the certificate's key", &std::fs::read_to_string(certificate_key).unwrap(), 400);
        secrets.add("the client secret", CLIENT_SECRET.as_bytes());
        secrets.add("the passphrase", PASSPHRASE.as_bytes());
        secrets.add("the identity header", IDENTITY_HEADER.as_bytes());
        secrets.add("the certificate's password", CERTIFICATE_PASSWORD.as_bytes());
        let mut bearers = 0;
        for sent in self.wire.sent() {
            for name in ["client_secret", "client_assertion", "device_code", "refresh_token"] {
                secrets.add_token(name, &sent.form(name).unwrap_or_default());
            }
            if let Some(header) = sent.header("authorization") {
                secrets.add_token("a token that was sent", header.strip_prefix("Bearer ").unwrap());
                bearers += 1;
            }
        }
        assert!(bearers > 2, "pages were asked for");
        let received = self.wire.received();
        for name in ["access_token", "refresh_token", "device_code"] {
            for part in received.split(&format!("\"{name}\":\"")).skip(1) {
                secrets.add_token(name, part.split('"').next().unwrap());
            }
        }
        let shown = self.wire.sent().iter().any(|sent| secrets.first_in(format!("{sent:?}").as_bytes()).is_some());
        assert!(shown, "the search finds what was sent");
        for said in said.iter().copied().chain([verdict]) {
            secrets.assert_unsaid(said);
        }
        let listed = self.listed.lock().unwrap();
        if cfg!(target_os = "linux") {
            assert!(listed.iter().any(|line| line.windows(6).any(|word| word == b"--rate")), "it was looked at");
        }
        for line in listed.iter() {
            secrets.assert_absent("the list of processes", line);
        }
        let seen =
            secrets.assert_absent_below(Path::new(&self.matter.dir)) + secrets.assert_absent_below(self.written.path());
        assert!(seen > 30, "{seen} files and entries were looked through");
        assert!(!self.written.path().join("state").exists(), "a simulator leaves nothing in the user's folder");
    }

    /// The requests for tokens.
    fn asked_for_tokens(&self) -> Vec<Sent> {
        self.wire.sent().into_iter().filter(|sent| sent.target.contains("/token")).collect()
    }

    /// The statuses of the failures in a package.
    fn failures(opened: &Opened) -> Vec<Value> {
        opened.documents("failures").iter().map(|failure| failure["response"]["status"].clone()).collect()
    }
}

fn hold(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
    // Renamed into place, as whoever renews such a file does it.
    let (path, fresh) = (folder.join(name), folder.join("fresh"));
    std::fs::write(&fresh, bytes).unwrap();
    std::fs::set_permissions(&fresh, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    std::fs::rename(&fresh, &path).unwrap();
    path
}

/// Names tenant and application.
fn named(cli: Cli) -> Cli {
    cli.env("AZURE_TENANT_ID", TENANT_ID).env("AZURE_CLIENT_ID", CLIENT_ID)
}

fn registered(settings: &mut Settings) {
    let pem = include_bytes!("../vectors/client_certificate/certificate.pem");
    settings.client_certificate_der = Some(Certificate::from_pem(pem).unwrap().to_der().unwrap());
}

fn published(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/client_certificate").join(name)).unwrap()
}

#[test]
fn a_client_secret_of_the_environment() {
    let scene = Scene::new(challenged);
    let opened = scene.proves(&named(scene.collect()).env("AZURE_CLIENT_SECRET", CLIENT_SECRET), "client-secret");
    assert_eq!(Scene::failures(&opened), [401, 401]);
    assert_renewed_with_claims(&scene);
}

#[test]
fn a_client_secret_in_a_file() {
    // The key of this matter has a passphrase.
    let matter = Matter::at(tempfile::tempdir().unwrap());
    matter.init().env("SIGNHOLD_PASSPHRASE", PASSPHRASE).code(0);
    let scene = Scene { matter, ..Scene::new(|_| {}) };
    let file = scene.hold("secret.txt", format!("{CLIENT_SECRET}\n").as_bytes());
    let cli = named(scene.collect()).set("--client-secret-file", file).env("SIGNHOLD_PASSPHRASE", PASSPHRASE);
    let opened = scene.proves(&cli, "client-secret");
    assert_eq!(Scene::failures(&opened), [401]);
    assert_eq!(scene.asked_for_tokens().len(), 2, "one token, and one for that which was withdrawn");
}

#[test]
fn a_certificate_in_pem() {
    let scene = Scene::new(|settings| {
        registered(settings);
        challenged(settings);
    });
    let path = scene.hold("certificate.pem", &published("chain-and-key.pem"));
    let opened = scene.proves(&named(scene.collect()).set("--client-certificate", path), "client-certificate");
    assert_eq!(Scene::failures(&opened), [401, 401]);
    assert_renewed_with_claims(&scene);
    let assertions: Vec<_> = scene.asked_for_tokens().iter().map(|sent| sent.form("client_assertion")).collect();
    assert!(assertions[0] != assertions[1] && assertions[1] != assertions[2], "each assertion is used once");
}

#[test]
fn a_certificate_in_pkcs12() {
    for (name, by_file) in [("aes256-sha256.pfx", false), ("legacy-3des-rc2.pfx", true)] {
        let scene = Scene::new(registered);
        let path = scene.hold("certificate.pfx", &published(name));
        let mut cli = named(scene.collect()).env("AZURE_CLIENT_CERTIFICATE_PATH", path);
        cli = if by_file {
            let file = scene.hold("password.txt", CERTIFICATE_PASSWORD.as_bytes());
            cli.set("--client-certificate-password-file", file)
        } else {
            cli.env("AZURE_CLIENT_CERTIFICATE_PASSWORD", CERTIFICATE_PASSWORD)
        };
        let opened = scene.proves(&cli, "client-certificate");
        assert_eq!(Scene::failures(&opened), [401]);
        let sent = scene.asked_for_tokens();
        assert!(
            sent.iter().all(|sent| sent.form("client_secret").is_none() && sent.form("client_assertion").is_some())
        );
    }
}

#[test]
fn a_certificate_that_is_not_registered_is_refused_before_anything_is_written() {
    let scene = Scene::new(|_| {});
    let path = scene.hold("certificate.pem", &published("chain-and-key.pem"));
    let said = scene.run(&named(scene.collect()).set("--client-certificate", path), 2);
    assert!(said.stderr.contains("AADSTS700027"), "{}", said.stderr);
    assert!(crate::service::entries(&scene.matter.path("acquisitions")).is_empty());
}

#[test]
fn a_federated_token_that_is_replaced_on_the_way() {
    let tokens = ["eyJ.federated.the-first-token", "eyJ.federated.the-second-token"];
    let scene = Scene::with_hook(
        |settings| {
            settings.federated_tokens = tokens.map(str::to_owned).into();
            challenged(settings);
        },
        move |folder, sent| {
            if sent.starts_with(b"GET /beta/") {
                hold(folder, "federated.txt", format!("{}\n", tokens[1]).as_bytes(), 0o600);
            }
        },
    );
    let path = scene.hold("federated.txt", format!("{}\n", tokens[0]).as_bytes());
    let opened = scene.proves(&named(scene.collect()).env("AZURE_FEDERATED_TOKEN_FILE", path), "federated-token");
    assert_eq!(Scene::failures(&opened), [401, 401]);
    let shown: Vec<_> = scene.asked_for_tokens().iter().map(|sent| sent.form("client_assertion").unwrap()).collect();
    assert_eq!(shown, [tokens[0], tokens[1], tokens[1]], "the file is read at every renewal");
    assert_renewed_with_claims(&scene);
}

#[test]
fn a_person_with_a_device_code() {
    let scene = Scene::new(|settings| {
        // Not yet, slower, yes.
        settings.device_code = DeviceCode { pending_polls: 1, interval: Duration::from_secs(1) };
        settings.faults.push("device-slow-down@2".parse().unwrap());
        challenged(settings);
    });
    let said = scene.run(&named(scene.collect()).set("--auth", "device-code"), 0);
    let told = "open the page https://microsoft.com/devicelogin and enter the code ";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    let opened = scene.judge(&[&said], "device-code");
    assert_eq!(Scene::failures(&opened), [401, 401]);
    let claims = opened.json("data/genesis.json")["identity"]["claims"].to_string();
    assert!(claims.contains(r#"["scp",""#), "it is a person's token: {claims}");
    let grants: Vec<_> = scene.asked_for_tokens().iter().map(|sent| sent.form("grant_type").unwrap()).collect();
    let poll = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(grants, [poll, poll, poll, "refresh_token", "refresh_token"], "the person is asked once");
    let code = scene.wire.sent().into_iter().find(|sent| sent.target.ends_with("/devicecode")).unwrap();
    assert!(code.form("scope").unwrap().ends_with("/.default offline_access"));
}

#[test]
fn the_identity_of_a_virtual_machine() {
    let scene = Scene::new(|_| {});
    let cli =
        scene.collect().set("--auth", "managed-identity").env("AZURE_POD_IDENTITY_AUTHORITY_HOST", scene.wire.url());
    let opened = scene.proves(&cli, "managed-identity");
    assert_eq!(Scene::failures(&opened), [401]);
    let asked = scene.asked_for_tokens();
    assert_eq!(asked.len(), 2);
    for sent in asked {
        assert_eq!((sent.method.as_str(), sent.header("metadata")), ("GET", Some("true")));
        assert_eq!(sent.query("api-version").as_deref(), Some("2018-02-01"));
        assert_eq!(sent.query("resource"), Some(format!("{}/", scene.wire.url())));
        assert_eq!((sent.header("x-identity-header"), sent.body.as_str()), (None, ""));
    }
}

#[test]
fn the_identity_of_an_app_service() {
    let scene = Scene::new(|settings| settings.identity_header = Some(IDENTITY_HEADER.to_owned()));
    let endpoint = scene.service.server.app_service_url().replace(&scene.service.server.graph_url(), &scene.wire.url());
    let cli = scene.collect().env("IDENTITY_ENDPOINT", endpoint).env("IDENTITY_HEADER", IDENTITY_HEADER);
    let opened = scene.proves(&cli, "managed-identity");
    assert_eq!(Scene::failures(&opened), [401]);
    let asked = scene.asked_for_tokens();
    assert_eq!(asked.len(), 2);
    for sent in scene.wire.sent() {
        let is_identity = sent.target.starts_with("/msi/token?");
        assert_eq!(sent.header("x-identity-header"), is_identity.then_some(IDENTITY_HEADER), "{}", sent.target);
    }
    assert!(asked.iter().all(|sent| sent.query("api-version").as_deref() == Some("2019-08-01")));
}

/// What the person is logged in to: prints the line that it is given through a pipe.
const AZ: &str =
    "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$AZ_LOG\"\nread -r line < \"$AZ_PIPE\"\nprintf '%s\\n' \"$line\"\n";

#[test]
fn whoever_is_logged_in_to_the_azure_cli() {
    let scene = Scene::new(|_| {});
    hold(&scene.held.path().join("bin"), "az", AZ.as_bytes(), 0o700);
    let (pipe, log) = (scene.held.path().join("az.pipe"), scene.written.path().join("az.log"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (far_end, address) = (pipe.clone(), scene.service.server.address());
    let root = scene.wire.url();
    std::thread::spawn(move || {
        // Opening waits for somebody who reads; a pipe that is gone ends it.
        while let Ok(mut pipe) = std::fs::File::options().write(true).open(&far_end) {
            let token = ask_for_token(address, &root);
            let answer = format!(r#"{{"accessToken":"{token}","expires_on":4102444800,"tokenType":"Bearer"}}"#);
            // Somebody who has read one line is gone.
            let _ = std::io::Write::write_all(&mut pipe, format!("{answer}\n").as_bytes());
        }
    });
    let cli = scene.collect().set("--auth", "azure-cli").env("AZURE_TENANT_ID", TENANT_ID);
    let opened = scene.proves(&cli.env("AZ_LOG", &log).env("AZ_PIPE", &pipe), "azure-cli");
    assert_eq!(Scene::failures(&opened), [401]);
    let asked = std::fs::read_to_string(&log).unwrap();
    let line = format!("account get-access-token --output json --resource {} --tenant {TENANT_ID}\n", scene.wire.url());
    assert_eq!(asked, line.repeat(2), "once for the first token, once for that which was withdrawn");
    assert_eq!(scene.asked_for_tokens().len(), 0, "the program itself asks nobody");
}

/// Does what the Azure CLI does behind its curtain.
fn ask_for_token(service: std::net::SocketAddr, resource: &str) -> String {
    use std::io::{Read as _, Write as _};
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", CLIENT_ID)
        .append_pair("client_secret", CLIENT_SECRET)
        .append_pair("scope", &format!("{resource}/.default"))
        .finish();
    let mut stream = std::net::TcpStream::connect(service).unwrap();
    let head = format!(
        "POST /{TENANT_ID}/oauth2/v2.0/token HTTP/1.1\r\nhost: {service}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        form.len()
    );
    stream.write_all(format!("{head}{form}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split("\"access_token\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The service demands claims at the fourth request for a page, too.
fn challenged(settings: &mut Settings) {
    settings.faults.push("claims-challenge@4".parse().unwrap());
}

/// One token, one for that which was withdrawn, and one with the claims.
#[track_caller]
fn assert_renewed_with_claims(scene: &Scene) {
    let claims: Vec<_> = scene.asked_for_tokens().iter().map(|sent| sent.form("claims")).collect();
    assert!(matches!(&claims[..], [None, None, Some(_)]), "{claims:?}");
    assert!(claims[2].as_deref().unwrap().contains("access_token"));
}

/// A way to sign in, applied to a call.
type Way = fn(&Scene, Cli) -> Cli;

#[test]
fn a_second_refusal_stops_with_everything_kept_and_resume_finishes() {
    let ways: [(&str, Way); 3] = [
        ("client-secret", |_, cli| cli.env("AZURE_CLIENT_SECRET", CLIENT_SECRET)),
        ("client-certificate", |scene, cli| {
            cli.set("--client-certificate", scene.hold("certificate.pem", &published("chain-and-key.pem")))
        }),
        ("federated-token", |scene, cli| {
            cli.set("--federated-token-file", scene.hold("federated.txt", b"eyJ.federated.token-of-another"))
        }),
    ];
    for (method, way) in ways {
        let scene = Scene::new(|settings| {
            registered(settings);
            settings.federated_tokens = vec!["eyJ.federated.token-of-another".to_owned()];
            settings.faults = vec!["http-401-expired@3-4".parse().unwrap()];
        });
        let stopped = scene.run(&named(way(&scene, scene.collect())), 2);
        assert!(stopped.stderr.contains("\nerror: the service refuses the token: status 401 "), "{}", stopped.stderr);
        let hint = "\nhint: check the credential; everything so far is safe; go on with `signhold resume ";
        assert!(stopped.stderr.contains(hint), "{}", stopped.stderr);
        assert_eq!(scene.asked_for_tokens().len(), 2, "{method}: renewed once, and not for ever");
        assert_eq!(scene.service.server.graph_requests(), 4, "{method}: nothing is asked after that");
        let pages = crate::service::entries(&scene.matter.acquisition().join("pages"));
        assert_eq!(pages.len(), 2, "{method}: {pages:?}");
        let before: Vec<_> = pages.iter().map(|page| std::fs::read(page).unwrap()).collect();
        let resumed = scene.run(&named(way(&scene, scene.resume())), 0);
        let after: Vec<_> = pages.iter().map(|page| std::fs::read(page).unwrap()).collect();
        assert_eq!(before, after, "{method}");
        let opened = scene.judge(&[&stopped, &resumed], method);
        assert_eq!(Scene::failures(&opened), [401, 401], "{method}");
    }
}

const PASSPHRASE: &str = "gorse-lantern-quartz-hull";
const IDENTITY_HEADER: &str = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";
/// A word of the published certificates.
const CERTIFICATE_PASSWORD: &str = "published";
