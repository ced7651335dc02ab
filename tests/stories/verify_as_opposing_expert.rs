//! The other side's expert has the package, every tool there is, and an interest in its being worth nothing.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::cli::Cli;
use crate::service::{Matter, Service};

/// A sealed package, and somebody who checks copies of it.
struct Expert {
    service: Service,
    matter: Matter,
    original: Vec<u8>,
}

impl Expert {
    fn new() -> Self {
        let service = Service::start(120);
        let matter = Matter::new();
        service.collect(&matter).code(0);
        let original = std::fs::read(matter.package()).unwrap();
        Self { service, matter, original }
    }

    /// Verifies a copy with these bytes: exit code, first line, and the finding that must be among the rest.
    #[track_caller]
    fn expect(&self, bytes: &[u8], code: i32, words: &str, finding: &str) -> String {
        let copy = self.matter.path("copy.zip");
        std::fs::write(&copy, bytes).unwrap();
        let said = self.service.verify(&self.matter, &copy).stderr("").code(code).stdout;
        let first = said.lines().next().unwrap();
        assert_eq!(first, format!("{words}  {}", copy.display()), "{said}");
        assert!(said.contains(&format!("  {finding}  ")), "no {finding} in\n{said}");
        said
    }
}

#[test]
fn one_byte_is_changed() {
    let expert = Expert::new();
    let byte_len = expert.original.len();
    // The exhaustive test lies with the verifier; here every 997th byte, and both ends.
    for place in (0..byte_len).step_by(byte_len / 23).chain([1, byte_len - 1]) {
        let mut changed = expert.original.clone();
        changed[place] ^= 0x20;
        let said = expert.expect(&changed, 1, "INVALID", "violation   ");
        assert!(!said.contains("\nVALID"), "{said}");
    }
    expert.expect(&expert.original, 0, "VALID", "note        ");
}

#[test]
fn it_is_cut_short_or_made_longer() {
    let expert = Expert::new();
    let byte_len = expert.original.len();
    for kept in [1, 4, 21, 22, byte_len / 2, byte_len - 22, byte_len - 1] {
        expert.expect(&expert.original[..kept], 1, "INVALID", "violation   ");
    }
    let mut longer = expert.original.clone();
    longer.push(0);
    expert.expect(&longer, 1, "INVALID", "violation     zip-trailing-bytes");
    let twice = [expert.original.clone(), expert.original.clone()].concat();
    expert.expect(&twice, 1, "INVALID", "violation   ");
    let script = [b"#!/bin/sh\n".as_slice(), &expert.original].concat();
    expert.expect(&script, 1, "INVALID", "violation   ");
}

#[test]
fn the_same_files_are_zipped_again() {
    let expert = Expert::new();
    let plain = SimpleFileOptions::default().unix_permissions(0o644);
    let late = DateTime::from_date_and_time(2026, 11, 22, 7, 0, 0).unwrap();
    let rezip = |options: SimpleFileOptions, comment: &str| {
        let package = File::open(expert.matter.package()).unwrap();
        let mut from = ZipArchive::new(package).unwrap();
        let mut to = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for index in 0..from.len() {
            let mut entry = from.by_index(index).unwrap();
            to.start_file(entry.name().unwrap(), options).unwrap();
            std::io::copy(&mut entry, &mut to).unwrap();
        }
        to.set_comment(comment).unwrap();
        to.flush().unwrap();
        to.finish().unwrap().into_inner()
    };
    for (what, options, comment) in [
        ("stored", plain.compression_method(CompressionMethod::Stored), ""),
        ("other times", plain.last_modified_time(late), ""),
        ("other permissions", plain.unix_permissions(0o600), ""),
        ("large file headers", plain.large_file(true), ""),
        ("a comment", plain, "reviewed by the other side"),
        ("stronger compression", plain.compression_level(Some(9)), ""),
    ] {
        let said = expert.expect(&rezip(options, comment), 1, "INVALID", "violation   ");
        assert!(
            said.contains("  violation     zip-") || said.contains("seal-archive-digest-mismatch"),
            "{what}\n{said}"
        );
    }
}

#[test]
fn entries_are_left_out_or_put_in() {
    let expert = Expert::new();
    let rezip = |skip: &str, add: Option<(&str, &[u8])>| {
        let mut from = ZipArchive::new(File::open(expert.matter.package()).unwrap()).unwrap();
        let mut to = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for index in 0..from.len() {
            let entry = from.by_index_raw(index).unwrap();
            if !entry.name().unwrap().ends_with(skip) {
                to.raw_copy_file(entry).unwrap();
            }
        }
        if let Some((name, bytes)) = add {
            to.start_file(name, SimpleFileOptions::default()).unwrap();
            to.write_all(bytes).unwrap();
        }
        to.finish().unwrap().into_inner()
    };
    expert.expect(&rezip("/none", None), 0, "VALID", "note        ");
    expert.expect(&rezip("seal/seal.json", None), 1, "INVALID", "violation     seal-missing");
    expert.expect(&rezip("seal/seal.tsr", None), 1, "INVALID", "violation     timestamp-missing");
    expert.expect(&rezip("data/genesis.json", None), 1, "INVALID", "violation     genesis-missing");
    expert.expect(&rezip("data/pages/000002.json", None), 1, "INVALID", "violation     page-missing");
    for name in ["notes.txt", "../../evil.txt", "/etc/passwd", "C:\\evil.txt", "x/data/pages/000001.json"] {
        expert.expect(&rezip("/none", Some((name, b"x"))), 1, "INVALID", "violation   ");
    }
}

#[test]
fn it_is_no_package_at_all() {
    let expert = Expert::new();
    let invalid = |bytes: &[u8]| expert.expect(bytes, 1, "INVALID", "violation     zip-not-an-archive");
    let said = invalid(b"");
    assert!(
        said.contains("\n  1  container            FAILED: the archive could not be followed to its end\n"),
        "{said}"
    );
    assert_eq!(said.matches("not checked: the archive could not be followed\n").count(), 12, "{said}");
    invalid(b"Dear Sir or Madam,\n");
    invalid(&vec![0xff; 100_000]);

    let copy = expert.matter.path("copy.zip");
    Cli::new()
        .arg("inspect")
        .arg(&copy)
        .stdout("")
        .stderr(&format!(
            "error: `{}` holds no package that can be read\nhint: `signhold verify` says what is wrong with it\n",
            copy.display()
        ))
        .code(2);

    // An archive of somebody's, but no package.
    let mut other = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    other.start_file("holiday.txt", SimpleFileOptions::default()).unwrap();
    other.write_all(b"sun").unwrap();
    expert.expect(&other.finish().unwrap().into_inner(), 1, "INVALID", "violation   ");
}

#[test]
fn what_cannot_be_opened_gets_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let file = Path::new(dir).join("letter.txt");
    std::fs::write(&file, "Dear Sir").unwrap();
    for verb in ["verify", "inspect"] {
        Cli::new()
            .args([verb, dir])
            .stdout("")
            .stderr(&format!("error: `{dir}` is not a regular file\nhint: name the package's ZIP file\n"))
            .code(2);
        Cli::new()
            .args([verb, &format!("{dir}/nowhere.zip")])
            .stdout("")
            .stderr(&format!(
                "error: cannot open the package `{dir}/nowhere.zip`: No such file or directory (os error 2)\nhint: check the path\n"
            ))
            .code(2);
        Cli::new().args([verb, "/dev/null"]).stdout("").code(2);
    }
    let verify = |option: &str, value: &str| Cli::new().arg("verify").arg(&file).set(option, value).stdout("");
    verify("--trust", "no such key")
        .stderr(
            "error: there is no file `no such key`, and it is no fingerprint either\n\
             hint: give the path of a public key or certificate in PEM, 64 hexadecimal digits, or 24 words in quotes\n",
        )
        .code(2);
    // One word changed: the last word checks the rest.
    let words = ["zoo"; 24].join(" ");
    let said = verify("--trust", &words).code(2).stderr;
    assert!(said.contains("error: there is no file `"), "{said}");
    let said = verify("--trust", file.to_str().unwrap()).code(2).stderr;
    assert!(said.contains(&format!("`{}` is not a key file that can be used: ", file.display())), "{said}");
    verify("--tsa-root", "nowhere.pem")
        .stderr(
            "error: cannot use the root certificate `nowhere.pem`: No such file or directory (os error 2)\n\
             hint: name a PEM file with the root of the time stamp authority\n",
        )
        .code(2);
    let said = verify("--tsa-root", file.to_str().unwrap()).code(2).stderr;
    assert!(said.contains(&format!("cannot use the root certificate `{}`: ", file.display())), "{said}");
    let said = verify("--require", "faith").code(2).stderr;
    assert!(said.contains("time-stamp"), "{said}");
    Cli::new().arg("verify").stdout("").code(2);
}

#[test]
fn a_name_of_a_file_does_not_speak_to_the_terminal() {
    let expert = Expert::new();
    let copy = expert.matter.path("\u{1b}[2J\u{202e}VALID.zip");
    std::fs::write(&copy, b"x").unwrap();
    let said = expert.service.verify(&expert.matter, &copy).code(1).stdout;
    assert!(!said.contains('\u{1b}') && !said.contains('\u{202e}'), "{said:?}");
    let said = Cli::new().arg("verify").arg(expert.matter.path("\u{1b}[2Jnowhere.zip")).code(2).stderr;
    assert!(!said.contains('\u{1b}'), "{said:?}");
}
