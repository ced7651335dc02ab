//! A judge is handed three records out of a package that nobody else in the room may see, and asks what they prove.

use std::path::{Path, PathBuf};

use crate::cli::Cli;
use crate::service::{Matter, Service};

/// An exhibit, as `tests/vectors/exhibit/` has it.
fn published(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/exhibit/{name}.zip"))
}

/// The fingerprint of the operator's key, as the README of these exhibits gives it.
const OPERATOR: &str = "503d8ee46d581c649966569ae095e27041de83322e8e0480e5539e00d2d5d874";

fn verify(name: &str) -> Cli {
    Cli::new().arg("verify").arg(published(name)).args(["--trust", OPERATOR])
}

#[test]
fn what_each_record_proves_is_said() {
    let expected = "\
VALID  [..]/good.zip
SIMULATED DATA, NOT EVIDENCE

  3  seal                 passed
  4  signer               passed
  5  genesis              passed
 12  time stamps          passed
 13  order of time        passed
 22  exhibit container    passed
 23  exhibit statement    passed
 24  exhibit records      passed
 25  exhibit pages        passed

2 findings
  note          simulated-data  `package/data/genesis.json#simulated`  FORMAT §6.1
      claimed   simulated
      computed  https://localhost:8443
  note          timestamp-absent  `package/seal/seal.json#timestamps`  FORMAT §11
      claimed   none
      computed  times are the operator's own

exhibit    ACME-2026-014_exhibit-[..], [..] KiB, 19 files
number     A-12, by its own word
cut by     J. Doe, 2026-11-23T09:00:00.000Z, by its own word
           signed with f98d04c078515fd84c171fd3bb49a676cf3731d990aca999176b4f8796bac3a4, a key you did not name
asked for  2 identifiers; by its own word
searched   2 of 2 pages, of a package verified whole; by its own word
package    ACME-2026-014_20261122T060400Z-1a2b3c4d
seal       [..]
matter     ACME-2026-014
operator   R. Roe
service    https://localhost:8443
window     2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z
signer     503d8ee46d581c649966569ae095e27041de83322e8e0480e5539e00d2d5d874
           the key you named
times      the operator's own clock; no time stamp

shown      2 records of ACME-2026-014_20261122T060400Z-1a2b3c4d, byte for byte, sealed when the operator's own clock says
           elements are counted from 0
  record 1: element 1 of 2 on page 1, interactiveUser 2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z, 53 bytes  ACME-000001
  record 2: element 0 of 1 on page 2, interactiveUser 2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z, 51 bytes  ACME-000002
kept back  1 other record of the package, by the signed seal

Not shown by any exhibit: what the records kept back say, why these were chosen, and whether the rest of the package is in
order: ask for the package. Nor that the service sent these bytes. README.txt and readable/ were not compared with the records:
whoever cut the exhibit wrote them; --readable NEWDIR makes views of your own. See LEGAL_NOTES.md.
";
    verify("good").stdout(expected).stderr("").code(0);
}

#[test]
fn a_record_that_was_saved_again_is_told_from_one_that_holds() {
    let said = verify("record_written_anew").stderr("").code(1).stdout;
    assert!(said.starts_with("INVALID  "), "{said}");
    assert!(said.contains("so this is a copy written anew\n"), "{said}");
    let records: Vec<&str> = said.lines().filter(|line| line.starts_with("  record ")).collect();
    assert!(records[0].ends_with("  NOT SHOWN") && records[1].ends_with("  holds by itself"), "{records:?}");
    assert!(
        said.contains("\nhint: a record that was opened in another program and saved again is no longer"),
        "{said}"
    );
}

#[test]
fn a_stranger_and_a_broken_package_leave_it_open() {
    let said = Cli::new().arg("verify").arg(published("good")).stderr("").code(3).stdout;
    assert!(said.contains("byte for byte, if what is not established above holds\n"), "{said}");
    let said = verify("despite_findings").stderr("").code(3).stdout;
    assert!(said.contains("\nSIMULATED DATA, NOT EVIDENCE\nFROM A PACKAGE THAT FAILED VERIFICATION\n"), "{said}");
}

/// The views inside are whatever somebody wrote; the reader's own are made from the records.
#[test]
fn a_reader_makes_views_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let views = folder.path().join("views");
    let said = verify("good").set("--readable", &views).code(0);
    assert!(said.stderr.contains("written: 2 views in "), "{}", said.stderr);
    let view = std::fs::read_to_string(views.join("000001.html")).unwrap();
    for words in [
        "SIMULATED DATA, NOT EVIDENCE",
        "<h1>Exhibit A-12, record 1 of 2</h1>",
        "element 1 (counted from 0) of the 2 on page 1",
        "2026-11-01T08:00:00.5Z",
        "made from the record by a reader who had verified the exhibit, with signhold ",
        "This view is not from the exhibit.",
    ] {
        assert!(view.contains(words), "{words} in\n{view}");
    }
    assert!(views.join("000002.html").is_file());
    let list = std::fs::read_to_string(views.join("index.html")).unwrap();
    assert!(list.contains("<a href=\"000001.html\">1</a>") && list.contains("<a href=\"000002.html\">2</a>"), "{list}");
    // Nothing is overwritten, and of what does not hold nothing is made.
    verify("good").set("--readable", &views).stdout("").code(2);
    let none = folder.path().join("none");
    let said = verify("record_changed").set("--readable", &none).code(1).stderr;
    assert!(said.contains("is INVALID; no views were made of it") && !none.exists(), "{said}");
    let two = Cli::new().arg("verify").arg(published("good")).arg(published("unsigned")).set("--readable", &none);
    assert!(two.stdout("").code(2).stderr.contains("--readable is for one exhibit; 2 are given"));
}

#[test]
fn what_only_a_package_has_is_not_asked_of_an_exhibit() {
    let matter = Matter::new();
    let good = published("good");
    verify("good").arg("--quick").stdout("").code(2);
    let policy = matter.path("policy.toml");
    std::fs::write(&policy, "[completeness]\ngaps = \"refuse\"\n").unwrap();
    verify("good").arg("--policy").arg(&policy).stdout("").code(2);
    let copy = matter.path("copy.ndjson");
    let said = Cli::new().arg("export").arg(&good).args(["--format", "ndjson", "--out"]).arg(&copy).stdout("").code(2);
    assert!(said.stderr.contains("is an exhibit, and this is made of packages"), "{}", said.stderr);
    assert!(!copy.exists());
}

#[test]
fn what_is_in_it_can_be_seen_without_a_verdict() {
    let said = Cli::new().arg("inspect").arg(published("record_changed")).stderr("").code(0).stdout;
    assert!(said.starts_with("SIMULATED DATA, NOT EVIDENCE\nexhibit    "), "{said}");
    assert!(said.contains("\nclaimed    2 records of ") && said.contains("\nkept back  1 other record"), "{said}");
    assert!(said.ends_with("\nWhat the exhibit says of itself; nothing was verified.\n"), "{said}");
    for word in ["VALID", "trust", "you named a"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
}

/// From the package to the court: cut by one, checked by another who has the operator's key and the authority's root from elsewhere, and
/// a ledger that knows the package.
#[test]
fn what_was_cut_is_what_is_checked() {
    let service = Service::start(120);
    let matter = Matter::new();
    service.collect(&matter).code(0);
    let exhibit = matter.path("exhibit.zip");
    let cut = Cli::new().arg("exhibit").arg(matter.package()).args(["--where", "element == 0", "--out"]).arg(&exhibit);
    cut.code(0);
    let said = service.verify(&matter, &exhibit).stderr("").code(0).stdout;
    assert!(said.starts_with("VALID  "), "{said}");
    let bracket = said.lines().find(|line| line.starts_with("shown  ")).unwrap();
    assert!(bracket.contains(", sealed not before 20") && bracket.contains(" and not after 20"), "{said}");
    assert_eq!(bracket.matches("Z (accurate to ").count(), 2, "each with its accuracy: {bracket}");
    let ledger = matter.path("ledger.jsonl");
    let said = service.verify(&matter, &exhibit).arg("--ledger").arg(&ledger).stderr("").code(0).stdout;
    assert!(said.contains("\n 18  ledger packages      passed\n"), "{said}");
    let mut bytes = std::fs::read(&exhibit).unwrap();
    let place = bytes.windows(15).position(|window| window == b"createdDateTime").unwrap();
    bytes[place] ^= 0x20;
    std::fs::write(&exhibit, bytes).unwrap();
    let said = service.verify(&matter, &exhibit).stderr("").code(1).stdout;
    assert!(said.contains("  zip-crc  `records/000001.json`  "), "{said}");
    let records: Vec<&str> = said.lines().filter(|line| line.starts_with("  record ")).collect();
    assert!(records[0].ends_with("  NOT SHOWN") && records[1].ends_with("  holds by itself"), "{records:?}");
}
