//! Secrets go where they must and nowhere else: no file, no output, no argument, no package.

use std::path::Path;
use std::process::Command;

use signhold::simulate::CLIENT_SECRET;

use crate::cli::Cli;
use crate::opened::Opened;
use crate::secrets::Secrets;
use crate::service::{Matter, Service};

const PASSPHRASE: &str = "gorse-lantern-quartz-hull";

/// What is secret in a matter whose private key is given in the open.
fn secrets_of(key_pem: &str) -> Secrets {
    let mut secrets = named(&[("the client secret", CLIENT_SECRET), ("the passphrase", PASSPHRASE)]);
    secrets.add_key("the private key", key_pem, 16);
    secrets.spell("a token", "", b"eyJ");
    secrets.spell("an authorization header", "", b"Bearer ey");
    secrets
}

fn named(all: &[(&str, &str)]) -> Secrets {
    let mut secrets = Secrets::default();
    for (what, secret) in all {
        secrets.add(what, secret.as_bytes());
    }
    secrets
}

#[test]
fn nothing_secret_is_left_anywhere() {
    // Every way things go wrong on the way writes something: a refused token, a cut body, a web page.
    let service = Service::with(300, |settings| {
        settings.faults = ["expire-token@3", "cut-body@5", "html-200@7"].map(|fault| fault.parse().unwrap()).into();
    });
    let matter = Matter::at(tempfile::tempdir().unwrap());
    let outside = tempfile::tempdir().unwrap();
    let open = outside.path().join("open.pem");
    Cli::new().args(["key", "new", "--no-passphrase"]).arg(&open).code(0);
    let secrets = secrets_of(&std::fs::read_to_string(&open).unwrap());
    assert_eq!(secrets.first_in(format!("x{CLIENT_SECRET}").as_bytes()), Some("the client secret"), "the search finds");
    assert!(secrets.first_in(&std::fs::read(&open).unwrap()).unwrap().starts_with("the private key in "));
    // The matter's own key is that key, encrypted by other people's program where there is one, by ours otherwise.
    let own = |cli: Cli| cli.env("SIGNHOLD_PASSPHRASE", PASSPHRASE);
    let encrypted = outside.path().join("mine.pem");
    let converted = Command::new("openssl")
        .args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "env:PASS", "-in"])
        .arg(&open)
        .arg("-out")
        .arg(&encrypted)
        .env("PASS", PASSPHRASE)
        .status();
    if converted.is_ok_and(|status| status.success()) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&encrypted, std::fs::Permissions::from_mode(0o600)).unwrap();
        secrets.assert_unsaid(&own(matter.init().set("--key", &encrypted)).code(0));
    } else {
        println!("no openssl here: the key is a new one, and its bytes are not looked for");
        secrets.assert_unsaid(&own(matter.init()).code(0));
    }
    let said = own(service.collect(&matter)).without_flag("--quiet").code(0);
    secrets.assert_unsaid(&said);
    assert!(said.stderr.contains("asking again in "), "{}", said.stderr);
    let package = matter.package();
    secrets.assert_unsaid(&service.verify(&matter, &package).code(0));
    secrets.assert_unsaid(&Cli::new().args(["inspect", "--json"]).arg(&package).code(0));
    let seen = secrets.assert_absent_below(Path::new(&matter.dir));
    assert!(seen > 100, "{seen} files and entries were looked through");

    // The plan says who asked, by the claims, and the requests say what was sent, but for one header.
    let opened = Opened::read(&package);
    let claims = opened.json("data/genesis.json")["identity"]["claims"].to_string();
    assert!(claims.contains("AuditLog.Read.All"), "{claims}");
    for record in opened.documents("records").iter().chain(&opened.documents("failures")) {
        let headers = record["request"]["headers"].as_array().unwrap();
        assert!(headers.iter().all(|header| header[0] != "authorization") && !headers.is_empty(), "{headers:?}");
    }
}

#[test]
fn errors_do_not_repeat_what_was_wrong() {
    let service = Service::start(0);
    let matter = Matter::at(tempfile::tempdir().unwrap());
    matter.init().env("SIGNHOLD_PASSPHRASE", PASSPHRASE).code(0);
    let secrets = named(&[("a secret", "hunter2-hunter2"), ("the passphrase", PASSPHRASE)]);
    let collect = || service.collect(&matter).env("SIGNHOLD_PASSPHRASE", PASSPHRASE);
    secrets.assert_unsaid(&collect().env("AZURE_CLIENT_SECRET", "hunter2-hunter2").code(2));
    secrets.assert_unsaid(&collect().env("SIGNHOLD_PASSPHRASE", "hunter2-hunter2").code(2));
    let file = Path::new(&matter.dir).parent().unwrap().join("secret.txt");
    std::fs::write(&file, "hunter2-hunter2\n").unwrap();
    secrets.assert_unsaid(&collect().set("--client-secret-file", &file).code(2));
    secrets.assert_unsaid(&collect().set("--passphrase-file", &file).code(2));
    secrets.assert_absent_below(Path::new(&matter.dir));
    // No option takes a secret, so none can stand in a list of processes.
    for option in ["--client-secret", "--passphrase", "--secret", "--token"] {
        let said = collect().set(option, "hunter2-hunter2").code(2);
        assert!(said.stderr.contains("unexpected argument"), "{}", said.stderr);
        secrets.assert_unsaid(&said);
    }
    for verb in ["collect", "resume", "init", "verify"] {
        let help = service
            .let_in(Cli::new())
            .env("SIGNHOLD_PASSPHRASE", PASSPHRASE)
            .without("--tls-ca")
            .args([verb, "--help"])
            .code(0);
        named(&[("the client secret", CLIENT_SECRET), ("the passphrase", PASSPHRASE)]).assert_unsaid(&help);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_list_of_processes_shows_nothing() {
    let service = Service::start(600);
    let matter = Matter::at(tempfile::tempdir().unwrap());
    matter.init().env("SIGNHOLD_PASSPHRASE", PASSPHRASE).code(0);
    let mut running = service
        .collect(&matter)
        .env("SIGNHOLD_PASSPHRASE", PASSPHRASE)
        .set("--rate", "20/1")
        .without_flag("--quiet")
        .start();
    let secrets = named(&[("the client secret", CLIENT_SECRET), ("the passphrase", PASSPHRASE)]);
    for moment in ["plan signed", ": complete, "] {
        running.wait_for(moment);
        let line = std::fs::read(format!("/proc/{}/cmdline", running.id())).unwrap();
        assert!(line.windows(7).any(|window| window == b"collect"), "the process still runs");
        secrets.assert_absent("the command line", &line);
    }
    running.kill();
}
