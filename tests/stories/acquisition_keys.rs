//! A key for each acquisition: made, named in the plan, used, destroyed; and the power fails at each of these steps.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use signhold::simulate::Kind;

use crate::cli::{Cli, tree_digest};
use crate::opened::Opened;
use crate::resume_after_crash::{slow_service, slowly, wait_for_pages};
use crate::service::{Matter, Service};

/// A matter whose acquisitions have keys of their own.
fn matter() -> Matter {
    let matter = Matter::at(tempfile::tempdir().unwrap());
    matter.init().args(["--no-passphrase", "--key-per-acquisition"]).code(0);
    matter
}

fn key_of(matter: &Matter) -> PathBuf {
    matter.acquisition().join("acquisition-key.pem")
}

/// Lays the key down again as a crash would have left it.
fn put_back(matter: &Matter, key: &[u8]) {
    std::fs::write(key_of(matter), key).unwrap();
    std::fs::set_permissions(key_of(matter), std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn fingerprint(matter: &Matter) -> Value {
    let said = Cli::new().args(["key", "show", "--json"]).arg(matter.public_key()).code(0);
    json(&said.stdout)["fingerprint"].clone()
}

fn events(matter: &Matter) -> Vec<(String, Value)> {
    let log = std::fs::read_to_string(matter.acquisition().join("run.jsonl")).unwrap();
    let lines = log.lines().map(json).filter(|line| line["fingerprint"].is_string());
    lines.map(|line| (line["event"].as_str().unwrap().to_owned(), line["fingerprint"].clone())).collect()
}

/// The package is VALID for who trusts the operator, complete, and both keys are named; the private one is gone.
#[track_caller]
fn is_sealed_and_the_key_is_gone(service: &Service, matter: &Matter, answer: &Value) {
    let operator = fingerprint(matter);
    let package = matter.package();
    assert_eq!(answer["operator_key"], operator);
    assert_ne!(answer["signer"], operator);
    let opened = Opened::read(&package);
    let genesis = opened.json("data/genesis.json");
    assert_eq!((&genesis["keys"]["operator"], &genesis["keys"]["signer"]), (&operator, &answer["signer"]));
    assert_eq!(opened.text("keys/operator.pem"), std::fs::read_to_string(matter.public_key()).unwrap());
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    let seen = json(&Cli::new().args(["inspect", "--json"]).arg(&package).code(0).stdout);
    assert_eq!((&seen["operator_key"], &seen["signer"]), (&operator, &answer["signer"]));
    let said = service.verify(matter, &package).stderr("").code(0).stdout;
    assert!(said.contains(&format!("operator   {}\n", operator.as_str().unwrap())), "{said}");
    assert!(said.contains(&format!("signer     {}\n", answer["signer"].as_str().unwrap())), "{said}");

    assert!(!key_of(matter).exists());
    assert!(answer["acquisition_key_destroyed"].is_string());
    let last = events(matter).pop().unwrap();
    assert_eq!(last, ("acquisition-key-destroyed".to_owned(), answer["signer"].clone()));
    let nothing = format!("error: nothing to resume in `{}`: every acquisition is sealed\n[..]\n", matter.dir);
    service.resume(matter).stderr(&nothing).code(2);
}

#[test]
fn the_plan_is_signed_by_the_operator_and_the_rest_by_a_key_that_is_then_destroyed() {
    let service = Service::start(400);
    let matter = matter();
    let settings = std::fs::read_to_string(matter.path("matter.toml")).unwrap();
    assert!(settings.contains("\nkey_per_acquisition = true\n"), "{settings}");
    let said = service
        .collect(&matter)
        .arg("--json")
        .stderr(
            "simulated: [..]\nauthentication [..]\nacquisition [..]: plan signed by [..]\n\
             pages and seal are signed by [..], a key of this acquisition alone\n\
             next: signhold verify [..]\n[..]\n",
        )
        .code(0);
    is_sealed_and_the_key_is_gone(&service, &matter, &json(&said.stdout));
    assert_eq!(events(&matter)[0].0, "acquisition-key-made");

    // Whoever was given the wrong one of the two fingerprints is told so.
    let signer = json(&said.stdout)["signer"].as_str().unwrap().to_owned();
    let wrong = service.verify(&matter, &matter.package()).set("--trust", &signer).code(3).stdout;
    assert!(wrong.contains("unestablished operator-not-established"), "{wrong}");
}

#[test]
fn what_the_matter_says_can_be_said_otherwise_for_one_acquisition() {
    let service = Service::start(200);
    let with = matter();
    let said = service.collect(&with).args(["--json", "--no-key-per-acquisition"]).code(0);
    let answer = json(&said.stdout);
    assert_eq!((&answer["signer"], &answer["acquisition_key_destroyed"]), (&answer["operator_key"], &Value::Null));
    assert!(!Opened::read(&with.package()).files.contains_key("keys/operator.pem"));
    let without = Matter::new();
    let said = service.collect(&without).args(["--key-per-acquisition"]).code(0);
    assert!(
        said.stdout.contains("\n         a key of this acquisition, destroyed on this disk at "),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("\nplan by  "), "{}", said.stdout);
    service.verify(&without, &without.package()).code(0);
}

#[test]
fn killed_in_the_middle_and_resumed_without_the_operators_key() {
    let service = slow_service();
    let matter = matter();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 3).kill();
    assert!(std::fs::read_to_string(key_of(&matter)).unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    std::fs::rename(matter.path("operator.pem"), matter.path("away.pem")).unwrap();
    let said = service.resume(&matter).arg("--json").code(4);
    // It is sealed and safe; the ledger alone waits for the operator.
    assert!(said.stderr.contains("the package is sealed, but not on record in the ledger: "), "{}", said.stderr);
    assert!(!key_of(&matter).exists());
    std::fs::rename(matter.path("away.pem"), matter.path("operator.pem")).unwrap();
    let later = service.resume(&matter).code(0).stderr;
    assert!(later.contains("was not yet on record; now it is in the ledger"), "{later}");
    is_sealed_and_the_key_is_gone(&service, &matter, &json(&said.stdout));
}

#[test]
fn killed_in_the_middle_with_a_passphrase() {
    let service = slow_service();
    let matter = Matter::at(tempfile::tempdir().unwrap());
    let with = |cli: Cli| cli.env("SIGNHOLD_PASSPHRASE", "correct horse");
    with(matter.init().arg("--key-per-acquisition")).code(0);
    wait_for_pages(with(slowly(&service, &matter)).start(), &matter, 2).kill();
    let pem = std::fs::read_to_string(key_of(&matter)).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), "{pem}");
    service.resume(&matter).code(2);
    let refused = service.resume(&matter).env("SIGNHOLD_PASSPHRASE", "wrong").code(2).stderr;
    assert!(refused.contains("does not open"), "{refused}");
    let said = with(service.resume(&matter)).arg("--json").code(0);
    is_sealed_and_the_key_is_gone(&service, &matter, &json(&said.stdout));
}

#[test]
fn the_power_fails_between_sealing_and_destroying() {
    let service = slow_service();
    let matter = matter();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 2).kill();
    let key = std::fs::read(key_of(&matter)).unwrap();
    service.resume(&matter).code(0);
    let package = std::fs::read(matter.package()).unwrap();

    // As it lies there when the process dies after the package has its name: whole; overwritten; overwritten in part.
    let blank = vec![0; key.len()];
    let half = [&blank[..key.len() / 2], &key[key.len() / 2..]].concat();
    for left in [key, blank, half] {
        std::fs::write(key_of(&matter), left).unwrap();
        let warned = service.collect(&matter).set("--tsa-url", "http://127.0.0.1:9/").code(4).stderr;
        assert!(warned.contains("is sealed and its key still lies there; `signhold resume "), "{warned}");
        let said = service
            .resume(&matter)
            .arg("--json")
            .stderr("acquisition [..] is destroyed now\n1 volume sealed already; nothing more is asked\n")
            .code(0);
        is_sealed_and_the_key_is_gone(&service, &matter, &json(&said.stdout));
        assert_eq!(std::fs::read(matter.package()).unwrap(), package);
    }
}

/// Whichever step the kill meets, `resume` ends it.
#[test]
fn killed_as_soon_as_the_package_is_there() {
    let service = Service::start(400);
    let matter = matter();
    let mut running = service.collect(&matter).start();
    let began = Instant::now();
    let sealed = |matter: &Matter| matter.packages().iter().any(|path| path.extension() == Some("zip".as_ref()));
    while !sealed(&matter) {
        assert!(running.is_alive() || sealed(&matter), "the program ended without a package");
        assert!(began.elapsed() < Duration::from_mins(2), "no package after two minutes");
        std::thread::yield_now();
    }
    running.kill();
    if key_of(&matter).exists() {
        let said = service.resume(&matter).arg("--json").code(0);
        is_sealed_and_the_key_is_gone(&service, &matter, &json(&said.stdout));
    }
    assert!(!key_of(&matter).exists());
    service.verify(&matter, &matter.package()).code(0);
}

#[test]
fn the_key_is_kept_when_what_was_sealed_does_not_read_back() {
    let service = slow_service();
    let matter = matter();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 2).kill();
    let key = std::fs::read(key_of(&matter)).unwrap();
    service.resume(&matter).code(0);
    let package = matter.package();
    let good = std::fs::read(&package).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    std::fs::write(&package, &bad).unwrap();
    put_back(&matter, &key);
    let said = service.resume(&matter).code(4).stderr;
    assert!(
        said.contains("was read back and is INVALID: ") && said.contains("the key of the acquisition is kept"),
        "{said}"
    );
    assert_eq!(std::fs::read(key_of(&matter)).unwrap(), key);
    // Moved away, it is sealed again, with the same key.
    std::fs::remove_file(&package).unwrap();
    let said = service.resume(&matter).arg("--json").code(0);
    is_sealed_and_the_key_is_gone(&service, &matter, &json(&said.stdout));
}

#[test]
fn without_its_key_an_acquisition_cannot_go_on() {
    let service = slow_service();
    let matter = matter();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 2).kill();
    let key = std::fs::read(key_of(&matter)).unwrap();
    let gone = "error: the key of acquisition [..] is gone: nothing can be signed under its plan any more\n\
                hint: what was collected stays where it is; `signhold collect` begins a new acquisition\n";
    std::fs::write(key_of(&matter), vec![0; key.len()]).unwrap();
    service.resume(&matter).stderr(gone).code(2);
    std::fs::remove_file(key_of(&matter)).unwrap();
    let before = tree_digest(&matter.acquisition());
    service.resume(&matter).stderr(gone).code(2);
    assert_eq!(tree_digest(&matter.acquisition()), before);
    // The operator's own key cannot stand in for it.
    std::fs::copy(matter.path("operator.pem"), key_of(&matter)).unwrap();
    let said = service.resume(&matter).code(2).stderr;
    assert!(said.contains("was signed by key ") && said.contains("finished with the key that began it"), "{said}");
    put_back(&matter, &key);
    let said = service.resume(&matter).arg("--json").code(0);
    is_sealed_and_the_key_is_gone(&service, &matter, &json(&said.stdout));
}

#[test]
fn a_key_whose_plan_was_never_signed_is_destroyed() {
    let service = slow_service();
    let matter = matter();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 1).kill();
    // As it lies there when the process dies before the plan is durable.
    std::fs::remove_file(matter.acquisition().join("genesis.json")).unwrap();
    std::fs::write(matter.acquisition().join("acquisition-key.partial"), "-----BEGIN").unwrap();
    let said = service.resume(&matter).code(2).stderr;
    assert!(
        said.starts_with("the key of acquisition ") && said.contains(", which never began, was destroyed\n"),
        "{said}"
    );
    assert!(!key_of(&matter).exists() && !matter.acquisition().join("acquisition-key.partial").exists());
}
