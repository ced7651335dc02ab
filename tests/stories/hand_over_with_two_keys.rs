//! A package changes hands: its operator gives it away, a lawyer takes it over and signs for that, and a witness stands by it.
//! Whoever keeps a receipt sees it when the operator tells the story anew.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::Cli;
use crate::service::{Matter, Service};

/// People with keys of their own.
struct People {
    folder: TempDir,
}

impl People {
    fn new() -> Self {
        let people = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["receiver", "witness"] {
            Cli::new().args(["key", "new", "--no-passphrase"]).arg(people.key(name)).code(0);
        }
        people
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn key(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.pem"))
    }

    fn public(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.pub.pem"))
    }
}

fn custody(dir: impl AsRef<Path>) -> Cli {
    Cli::new().arg("custody").arg(dir.as_ref())
}

fn record(matter: &Matter, text: &str) -> Cli {
    custody(&matter.dir).args(["record", "--kind", "noted", "--text", text])
}

fn ledger_of(matter: &Matter) -> PathBuf {
    Path::new(&matter.dir).join("ledger.jsonl")
}

fn kinds(ledger: &Path) -> Vec<String> {
    let said = custody(ledger).args(["list", "--json"]).code(0).stdout;
    let said: Value = serde_json::from_str(&said).unwrap();
    let lines = said["lines"].as_array().unwrap().clone();
    lines.iter().map(|line| line["event"]["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_package_is_handed_over_received_and_countersigned() {
    let (service, matter, people) = (Service::start(300), Matter::new(), People::new());
    service.collect(&matter).code(0);
    let package = matter.package();
    let ledger = ledger_of(&matter);
    assert_eq!(kinds(&ledger), ["opened", "collected", "sealed"]);

    custody(&matter.dir)
        .args(["transfer", "--to", "J. Doe", "--organisation", "Doe LLP"])
        .set("--to-key", people.public("receiver"))
        .set("--package", &package)
        .stdout(&format!("event 4 `transferred` is in {}\nhead  [..]\n", ledger.display()))
        .stderr("")
        .code(0);
    let judge = |cli: Cli| cli.set("--ledger", &ledger);
    let trusted =
        || judge(service.verify(&matter, &package)).args(["--trust".as_ref(), people.public("receiver").as_os_str()]);
    let said = trusted().code(0).stdout;
    assert!(said.contains("note          ledger-transfer-open  `line 4`  FORMAT §20.3\n"), "{said}");

    // The receiver has only copies, signs a receipt, and sends it back.
    let copy = people.path("ledger.jsonl");
    std::fs::copy(&ledger, &copy).unwrap();
    let receipt = people.path("receipt.json");
    custody(&copy)
        .args(["receive", "--transfer", "4", "--name", "J. Doe", "--organisation", "Doe LLP"])
        .set("--key", people.key("receiver"))
        .set("--out", &receipt)
        .code(0);
    assert_eq!(kinds(&copy).len(), 4, "with --out the copy stays as it is");
    custody(&matter.dir).arg("append").arg(&receipt).code(0);
    custody(&matter.dir)
        .args(["countersign", "--role", "witness", "--name", "W. Hall"])
        .args(["--statement", "I saw the package copied and compared its digest"])
        .set("--package", &package)
        .set("--key", people.key("witness"))
        .code(0);
    let told = ["opened", "collected", "sealed", "transferred", "received", "countersigned"];
    assert_eq!(kinds(&ledger), told);

    let demanding = || trusted().set("--countersigned-by", people.public("witness")).set("--countersignatures", "1");
    let said = demanding().stderr("").code(0).stdout;
    assert!(said.contains(&format!("\nVALID  {}\n", ledger.display())), "{said}");
    assert!(said.contains(", 4 events, 1 countersignature\n"), "{said}");
    // The receiver does not stand in for a second witness.
    let two = demanding().arg("--countersigned-by").arg(people.public("receiver")).set("--countersignatures", "2");
    let said = two.code(3).stdout;
    assert!(said.contains("unestablished ledger-countersignatures-missing"), "{said}");
}

#[test]
fn a_receipt_shows_that_the_story_was_told_anew() {
    let (service, matter, people) = (Service::start(300), Matter::new(), People::new());
    service.collect(&matter).code(0);
    let ledger = ledger_of(&matter);
    let before = std::fs::read(&ledger).unwrap();
    record(&matter, "given to the lawyer").code(0);
    let kept = people.path("kept.checkpoint");
    let note = custody(&matter.dir).arg("checkpoint").set("--out", &kept).stderr("").code(0).stdout;
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), note);
    assert_eq!(note.lines().nth(1), Some("4"));
    let verify = || Cli::new().arg("verify").arg(&ledger).set("--trust", matter.public_key());
    let head = |said: &str| said.lines().find(|line| line.starts_with("head")).unwrap().replace("head       ", "");
    let digest = head(&verify().set("--expect-head", &kept).code(0).stdout);

    // More is added: what was kept still stands in it.
    record(&matter, "one more").code(0);
    verify().set("--expect-head", &kept).code(0);
    verify().set("--expect-head", &digest).code(0);

    // The operator goes back and tells it otherwise, with the right key.
    std::fs::write(&ledger, &before).unwrap();
    let said = verify().set("--expect-head", &kept).code(1).stdout;
    assert!(said.contains("violation     ledger-cut"), "{said}");
    record(&matter, "kept in the safe all the time").code(0);
    verify().code(0);
    let said = verify().set("--expect-head", &kept).code(1).stdout;
    assert!(said.contains("violation     ledger-forked"), "{said}");
    let said = verify().set("--expect-head", &digest).code(1).stdout;
    assert!(said.contains("violation     ledger-head-unknown"), "{said}");
}

#[test]
fn the_giver_cannot_receive_and_nothing_is_written_then() {
    let (service, matter) = (Service::start(300), Matter::new());
    service.collect(&matter).code(0);
    custody(&matter.dir).args(["transfer", "--to", "J. Doe"]).set("--package", matter.package()).code(0);
    let ledger = ledger_of(&matter);
    let before = std::fs::read(&ledger).unwrap();
    custody(&matter.dir)
        .args(["receive", "--transfer", "4", "--name", "J. Doe"])
        .set("--key", Path::new(&matter.dir).join("operator.pem"))
        .stdout("")
        .stderr(
            "error: the ledger has no place for a `received` event: details.transfer: received by key [..], expected \
             another key than the giver's\n\
             hint: `signhold custody DIR list` shows what is there; nothing was written\n",
        )
        .code(2);
    assert_eq!(std::fs::read(&ledger).unwrap(), before);
}

#[test]
fn an_event_that_was_made_for_a_shorter_ledger_is_not_added() {
    let (service, matter, people) = (Service::start(300), Matter::new(), People::new());
    service.collect(&matter).code(0);
    let line = people.path("line.json");
    custody(&matter.dir)
        .args(["countersign", "--role", "notary", "--name", "N. Hall", "--statement", "seen"])
        .set("--package", matter.package())
        .set("--key", people.key("witness"))
        .set("--out", &line)
        .code(0);
    record(&matter, "meanwhile").code(0);
    let said = custody(&matter.dir).arg("append").arg(&line).stdout("").code(2).stderr;
    assert!(said.contains("it was made to be event 4, and the ledger has 4"), "{said}");
}

#[test]
fn a_crash_between_package_and_event_is_healed_once() {
    let (service, matter) = (Service::start(300), Matter::new());
    service.collect(&matter).code(0);
    let ledger = ledger_of(&matter);
    let whole = std::fs::read(&ledger).unwrap();
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    // Before any event, behind each, and in the middle of the last.
    for end in [0, ends[0], ends[1], ends[2] - 10] {
        std::fs::write(&ledger, &whole[..end]).unwrap();
        let said = service.resume(&matter).stdout("").code(0).stderr;
        assert!(said.contains("is sealed and was not yet on record; now it is in the ledger\n"), "{said}");
        assert_eq!(said.contains("was set aside in"), end == ends[2] - 10, "{said}");
        assert_eq!(kinds(&ledger), ["opened", "collected", "sealed"]);
        service.resume(&matter).stdout("").code(2);
    }
    let torn = Path::new(&matter.dir).join("ledger.jsonl.torn-1");
    assert_eq!(std::fs::read(torn).unwrap(), whole[ends[1]..ends[2] - 10]);
}

#[test]
fn a_damaged_ledger_does_not_stop_a_collection_and_is_told() {
    let (service, matter) = (Service::start(300), Matter::new());
    let ledger = ledger_of(&matter);
    let damaged = std::fs::read_to_string(&ledger).unwrap().replace("ACME-2026-014", "ACME-2026-015");
    std::fs::write(&ledger, &damaged).unwrap();
    let said = service.collect(&matter).code(4);
    assert!(said.stderr.contains("warning: the ledger cannot be added to: line 1 of the ledger"), "{}", said.stderr);
    assert!(said.stderr.contains("error: the package is sealed, but not on record in the ledger"), "{}", said.stderr);
    assert!(matter.package().is_file());
    assert_eq!(std::fs::read_to_string(&ledger).unwrap(), damaged);
}
