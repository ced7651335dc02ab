//! The operator's key lives elsewhere: in an ssh-agent, here a thread of the test. Tokens are tried with real ones in `.ci/interop`.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use data_encoding::BASE64_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::cli::Cli;
use crate::opened::Opened;
use crate::resume_after_crash::{slow_service, slowly, wait_for_pages};
use crate::service::{Matter, Service};

/// An agent with one key called `jo`, and one whose name would move the cursor. It counts what it signs.
struct Agent {
    socket: PathBuf,
    signed: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let listener = UnixListener::bind(&socket).unwrap();
        let signed = Arc::new(AtomicUsize::new(0));
        let counter = signed.clone();
        // Ends with the test's process; nobody waits for it.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut length = [0; 4];
                if stream.read_exact(&mut length).is_err() {
                    continue;
                }
                let mut request = vec![0; u32::from_be_bytes(length) as usize];
                if stream.read_exact(&mut request).is_ok() {
                    // Whoever asked may have been killed.
                    let _ = stream.write_all(&string(&answer(&request, &counter)));
                }
            }
        });
        Self { socket, signed, _folder: folder }
    }

    fn reach(&self, cli: Cli) -> Cli {
        cli.env("SSH_AUTH_SOCK", &self.socket)
    }

    fn signed(&self) -> usize {
        self.signed.load(Ordering::SeqCst)
    }

    /// A matter whose operator's key is the agent's.
    fn matter(&self) -> Matter {
        let matter = Matter::at(tempfile::tempdir().unwrap());
        let said = self.reach(matter.init()).set("--key", "ssh-agent:jo").stderr("").code(0).stdout;
        assert!(said.contains("\nkey          ssh-agent:jo\n"), "{said}");
        assert!(!matter.path("operator.pem").exists());
        matter
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[0x61; 32])
}

fn blob(key: &SigningKey) -> Vec<u8> {
    [string(b"ssh-ed25519"), string(key.verifying_key().as_bytes())].concat()
}

fn answer(request: &[u8], signed: &AtomicUsize) -> Vec<u8> {
    let hostile = SigningKey::from_bytes(&[0x62; 32]);
    match request.split_first() {
        Some((11, [])) => [
            &[12, 0, 0, 0, 2][..],
            &string(&blob(&key())),
            &string(b"jo"),
            &string(&blob(&hostile)),
            &string(b"\x1b[2Jcleared\nerror: all is well"),
        ]
        .concat(),
        Some((13, rest)) => {
            let blob_len = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            assert_eq!(rest[4..4 + blob_len], blob(&key()));
            let message = &rest[8 + blob_len..rest.len() - 4];
            signed.fetch_add(1, Ordering::SeqCst);
            let signature = key().sign(message).to_bytes();
            [&[14][..], &string(&[string(b"ssh-ed25519"), string(&signature)].concat())].concat()
        }
        _ => vec![5],
    }
}

#[test]
fn a_day_is_sealed_with_a_key_that_an_agent_keeps() {
    let (service, agent) = (Service::start(300), Agent::start());
    let matter = agent.matter();
    let print = format!("ssh-agent:SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(blob(&key()))));
    let shown = |name: &str| agent.reach(Cli::new().args(["key", "show", "--json", name])).stderr("").code(0).stdout;
    assert_eq!(shown("ssh-agent:jo"), shown(&print));
    assert_eq!(shown("ssh-agent:jo"), shown(matter.public_key().to_str().unwrap()));
    agent
        .reach(Cli::new().args(["key", "export-public", "ssh-agent:jo"]))
        .stdout(&std::fs::read_to_string(matter.public_key()).unwrap())
        .code(0);
    assert_eq!(agent.signed(), 1, "showing a key signs nothing; the ledger was opened");

    // The agent signs the plan; the rest is signed by a key of the acquisition, which nobody had to ask for.
    let said = agent.reach(service.collect(&matter)).arg("--json").code(0).stdout;
    assert_eq!(agent.signed(), 4, "the plan, and what the ledger says of acquisition and package");
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_ne!(answer["signer"], answer["operator_key"]);
    assert!(answer["acquisition_key_destroyed"].is_string());
    service.verify(&matter, &matter.package()).stderr("").code(0);
}

#[test]
fn an_agent_signs_everything_when_it_is_to() {
    let (service, agent) = (Service::start(300), Agent::start());
    let matter = agent.matter();
    let said = agent.reach(service.collect(&matter)).args(["--json", "--no-key-per-acquisition"]).code(0).stdout;
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["signer"], answer["operator_key"]);
    let opened = Opened::read(&matter.package());
    let documents = opened.documents("records").len() + opened.documents("failures").len();
    assert_eq!(agent.signed(), documents + 5, "each record, plan and seal, and three lines of the ledger");
    service.verify(&matter, &matter.package()).stderr("").code(0);
}

#[test]
fn an_agent_that_is_gone_loses_nothing() {
    let service = slow_service();
    let agent = Agent::start();
    let matter = agent.matter();
    let collecting = agent.reach(slowly(&service, &matter)).arg("--no-key-per-acquisition");
    wait_for_pages(collecting.start(), &matter, 2).kill();
    let nobody = "error: no ssh-agent: SSH_AUTH_SOCK is not set\n\
                  hint: start one (`eval $(ssh-agent)`), add the key (`ssh-add FILE`), and call again in that shell\n";
    service.resume(&matter).stderr(nobody).code(2);
    let elsewhere = matter.path("nowhere");
    let said = service.resume(&matter).env("SSH_AUTH_SOCK", &elsewhere).code(2).stderr;
    let expected = format!("error: no ssh-agent listens at `{}`: ", elsewhere.display());
    assert!(said.starts_with(&expected) && said.contains("\nhint: start one"), "{said}");
    agent.reach(service.resume(&matter)).code(0);
    service.verify(&matter, &matter.package()).code(0);
}

#[test]
fn an_acquisition_with_its_own_key_goes_on_without_the_agent() {
    let service = slow_service();
    let agent = Agent::start();
    let matter = agent.matter();
    wait_for_pages(agent.reach(slowly(&service, &matter)).start(), &matter, 2).kill();
    let said = service.resume(&matter).code(4).stderr;
    assert!(said.contains("the package is sealed, but not on record in the ledger: no ssh-agent"), "{said}");
    assert_eq!(agent.signed(), 2, "the opened ledger and the plan");
    agent.reach(service.resume(&matter)).code(0);
    assert_eq!(agent.signed(), 4);
    service.verify(&matter, &matter.package()).code(0);
}

#[test]
fn a_key_that_the_agent_does_not_hold_is_answered_with_those_it_holds() {
    let agent = Agent::start();
    let matter = Matter::at(tempfile::tempdir().unwrap());
    let said = agent.reach(matter.init()).set("--key", "ssh-agent:kim").stdout("").code(2).stderr;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    assert_eq!(lines[0], "error: the ssh-agent holds no Ed25519 key `kim`; there are:");
    assert!(lines[1].starts_with("       SHA256:") && lines[1].ends_with(" jo"), "{said}");
    assert!(lines[2].ends_with(" \\u{1b}[2Jcleared\\u{a}error: all is well"), "{said}");
    assert!(lines[3].starts_with("hint: name one of these"), "{said}");
    assert!(!std::path::Path::new(&matter.dir).exists());
}

#[test]
fn a_token_that_cannot_be_reached_is_said_before_anything_is_made() {
    let matter = Matter::at(tempfile::tempdir().unwrap());
    let init = |key: &str| matter.init().set("--key", key).stdout("");
    let with_pin = init("pkcs11:token=t?module-path=/m.so&pin-value=987654").code(2).stderr;
    assert!(with_pin.starts_with("error: the pkcs11 URI holds a PIN (`pin-value`)"), "{with_pin}");
    assert!(!with_pin.contains("987654"), "{with_pin}");
    let missing = init("pkcs11:token=t?module-path=/nowhere/m.so").code(4).stderr;
    assert!(missing.starts_with("error: the PKCS#11 module `/nowhere/m.so` cannot be used: "), "{missing}");
    assert!(missing.contains("\nhint: install the token's module"), "{missing}");
    let bare = init("pkcs11:token=t").code(2).stderr;
    assert!(
        bare.starts_with("error: the pkcs11 URI names no module by an absolute path\nhint: write `pkcs11:"),
        "{bare}"
    );
    assert!(!std::path::Path::new(&matter.dir).exists());
}
