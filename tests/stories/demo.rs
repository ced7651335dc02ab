//! Somebody who has never seen the program runs one command.

use crate::cli::{Cli, tree_digest};
use crate::opened::Opened;
use crate::service::{Matter, entries};

#[test]
fn one_command_shows_the_whole_job_and_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let said = Cli::new().arg("demo").arg(&dir).args(["--records", "300"]).code(0).stdout;
    let line = |start: &str| {
        said.lines().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start} in\n{said}"))
    };
    assert!(line("VALID  ") < line("INVALID  "), "{said}");
    let (fine, altered) = said.split_once("\n5. ").unwrap();
    assert!(!fine.contains("\nINVALID") && !altered.contains("\nVALID"), "{said}");
    // The refusal names the page that was altered: the one whose bytes differ.
    let package = entries(&dir.join("matter/packages")).remove(0);
    let tampered = dir.join("tampered/tampered.zip");
    let (good, bad) = (Opened::read(&package), Opened::read(&tampered));
    let differing: Vec<&String> =
        good.files.keys().filter(|name| good.files.get(*name) != bad.files.get(*name)).collect();
    assert_eq!(differing.len(), 1, "{differing:?}");
    assert_eq!(good.files.len(), bad.files.len());
    assert!(altered.contains(&format!("violation     page-digest-mismatch  `{}`", differing[0])), "{altered}");
    // What it tells people to try next works.
    for (start, code) in [("signhold inspect", 0), ("signhold verify", 0)] {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(start)).unwrap();
        let verb = start.split(' ').nth(1).unwrap();
        Cli::new().arg(verb).args(line.split_whitespace()).code(code);
    }
    // The exhibit holds one use of the stolen token and can be verified alone.
    let exhibit = Opened::read(&dir.join("exhibit.zip"));
    assert_eq!(exhibit.json("exhibit.json")["number"], "DEMO-1");
    assert_eq!(exhibit.json("records/000001.json")["riskLevelDuringSignIn"], "high");
    let public = dir.join("matter/operator.pub.pem");
    let root = dir.join("simulator/simulator-tsa-root.pem");
    Cli::new().arg("verify").arg(&package).set("--trust", &public).code(3);
    Cli::new().arg("verify").arg(&tampered).set("--trust", &public).set("--tsa-root", &root).code(1);

    let page = std::fs::read_to_string(dir.join("report.html")).unwrap();
    assert!(page.contains("SIMULATED DATA, NOT EVIDENCE") && page.contains(">VALID</bdi>"));
    assert!(std::fs::read(dir.join("report.pdf")).unwrap().starts_with(b"%PDF-1.7"));

    let before = tree_digest(&dir);
    Cli::new()
        .arg("demo")
        .arg(&dir)
        .stdout("")
        .stderr(&format!(
            "error: `{}` exists already and is left as it is\nhint: choose another name, or go on with what is there\n",
            dir.display()
        ))
        .code(2);
    assert_eq!(tree_digest(&dir), before);
}

#[test]
fn invented_data_never_passes_as_evidence() {
    const MARK: &str = "SIMULATED DATA, NOT EVIDENCE";
    let service = crate::service::Service::start(100);
    let matter = Matter::new();
    let said = service.collect(&matter).code(0);
    assert!(said.stdout.starts_with(&format!("{MARK}\n")), "{}", said.stdout);
    assert!(said.stderr.contains("is marked and is no evidence\n"), "{}", said.stderr);
    let package = matter.package();
    let opened = Opened::read(&package);
    assert!(
        opened.text("bag-info.txt").contains(&format!("External-Description: {MARK}. ")),
        "{}",
        opened.text("bag-info.txt")
    );
    assert!(opened.text("README.txt").starts_with(MARK), "{}", opened.text("README.txt"));
    assert_eq!(opened.json("data/genesis.json")["simulated"], true);
    assert_eq!(opened.seal()["simulated"], true);
    let said = service.verify(&matter, &package).code(0).stdout;
    assert_eq!(said.lines().nth(1), Some(MARK));
    assert!(said.contains("  note          simulated-data  "), "{said}");
    let said = Cli::new().arg("inspect").arg(&package).code(0).stdout;
    assert!(said.starts_with(&format!("{MARK}\n")), "{said}");
    // Whoever takes out the mark takes out the seal.
    for (name, from, to) in [
        ("data/genesis.json", r#""simulated":true"#, r#""simulated":false"#),
        ("bag-info.txt", "SIMULATED DATA, NOT EVIDENCE. ", ""),
        ("README.txt", MARK, "EVIDENCE"),
    ] {
        assert_eq!(opened.text(name).matches(from).count(), 1, "{name}");
        let copy = matter.path("copy.zip");
        let (original, altered) = (opened.text(name), opened.text(name).replace(from, to));
        std::fs::write(&copy, rewritten(&package, name, original, &altered)).unwrap();
        service.verify(&matter, &copy).code(1);
    }
}

#[test]
fn a_demo_too_small_to_show_anything_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let said = Cli::new().arg("demo").arg(&dir).args(["--records", "10"]).stdout("").code(2).stderr;
    assert!(said.contains("10 is not in 200..=10000000"), "{said}");
    assert!(!dir.exists());
}

/// Copies an archive with one entry written anew.
fn rewritten(package: &std::path::Path, name: &str, original: &str, altered: &str) -> Vec<u8> {
    use std::io::Write as _;
    assert_ne!(original, altered);
    let mut from = zip::ZipArchive::new(std::fs::File::open(package).unwrap()).unwrap();
    let mut to = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let entry = from.by_index_raw(index).unwrap();
        let full = entry.name().unwrap().into_owned();
        if full.ends_with(name) {
            let options = zip::write::SimpleFileOptions::default().unix_permissions(0o644);
            to.start_file(full, options).unwrap();
            to.write_all(altered.as_bytes()).unwrap();
        } else {
            to.raw_copy_file(entry).unwrap();
        }
    }
    to.finish().unwrap().into_inner()
}
