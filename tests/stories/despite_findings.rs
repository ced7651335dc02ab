//! Somebody insists: of a package that failed verification everything is made that can still be read, and says where it comes from.

use std::fs::File;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::write::FullFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::cli::Cli;
use crate::package::Draft;

const FAILED: &str = "FROM A PACKAGE THAT FAILED VERIFICATION (";

const PAPERS: [(&str, &[&str]); 4] = [
    ("report.html", &[]),
    ("sheet.html", &["--regulatory", "gdpr", "--aware-at", "2020-01-01T00:00Z"]),
    ("draft.html", &["--certificate", "neutral"]),
    ("triage.html", &["--triage"]),
];

const FORMATS: [&str; 6] = ["case", "concordance", "csv", "ndjson", "parquet", "signinlogs"];

struct Source {
    folder: TempDir,
    package: PathBuf,
}

impl Source {
    fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package.zip");
        std::fs::write(&package, bytes).unwrap();
        Self { folder, package }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make(&self, verb: &str, name: &str) -> Cli {
        Cli::new().arg(verb).arg(&self.package).set("--out", self.path(name)).arg("--despite-findings")
    }

    /// Makes every paper and returns it.
    fn papers(&self) -> Vec<(&'static str, String)> {
        let make = |(name, arguments): (&'static str, &[&str])| {
            self.make("report", name).args(arguments).code(0);
            (name, std::fs::read_to_string(self.path(name)).unwrap())
        };
        PAPERS.map(make).into()
    }

    /// Makes every copy and returns what stands beside it.
    fn copies(&self) -> Vec<(&'static str, String)> {
        let make = |format| {
            let about = self.make("export", format).args(["--format", format, "--quiet", "--json"]).code(0).stdout;
            (format, about)
        };
        FORMATS.map(make).into()
    }
}

/// The same files, zipped by another tool.
fn zipped_again(package: &Path, options: &FullFileOptions<'_, '_>) -> Vec<u8> {
    let mut from = ZipArchive::new(File::open(package).unwrap()).unwrap();
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let mut entry = from.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        to.start_file(entry.name().unwrap(), options.clone()).unwrap();
        to.write_all(&bytes).unwrap();
    }
    to.finish().unwrap().into_inner()
}

#[test]
fn a_package_that_was_zipped_again_is_read_all_the_same() {
    let original = Source::of(&Draft::good().build().zip());
    original.make("export", "copy").args(["--format", "ndjson", "--quiet"]).code(0);
    let records = std::fs::read(original.path("copy")).unwrap();
    let mut extra = FullFileOptions::default();
    // Of no registered meaning, and as long as those that Info-ZIP writes.
    extra.add_extra_field(0x5347, [1, 4, 0xe8, 3, 0, 0, 4, 0xe8, 3, 0, 0], false).unwrap();
    let stored = FullFileOptions::default().compression_method(CompressionMethod::Stored);
    for (what, options) in [("extra fields", extra), ("stored", stored)] {
        let source = Source::of(&zipped_again(&original.package, &options));
        let said = Cli::new().arg("verify").arg(&source.package).code(1).stdout;
        assert!(said.contains("violation     zip-field"), "{what}: {said}");
        for (name, page) in source.papers() {
            assert!(page.contains(&format!("<p>{FAILED}")), "{what}: {name}");
            assert!(page.contains("3 entries, of which none repeats another byte for byte"), "{what}: {name}");
            assert!(!page.contains("what was signed; what"), "the pages are as they were: {what}: {name}");
        }
        for (format, about) in source.copies() {
            assert!(about.contains(&format!("\"{FAILED}")), "{what}: {about}");
            assert!(about.contains("\"pages_read\": 2,"), "{what}: {format}: {about}");
        }
        assert_eq!(std::fs::read(source.path("ndjson")).unwrap(), records, "{what}");
        for (name, depth) in [("quick.zip", &[][..]), ("whole.zip", &["--whole"])] {
            source.make("exhibit", name).args(["--id", "c"]).args(depth).code(0);
        }
    }
}

#[test]
fn one_damaged_page_record_takes_nothing_but_its_page_away() {
    let mut bytes = Draft::good().build().zip();
    let name = b"data/records/000002.json";
    // The name stands in front of its bytes, and once more in the directory at the end.
    let place = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len() + 40;
    bytes[place] ^= 1;
    let source = Source::of(&bytes);
    for (name, page) in source.papers() {
        assert!(page.contains(&format!("<p>{FAILED}")), "{name}");
        assert!(page.contains("could not be read"), "{name}");
        assert_eq!(page.contains("<dt>Windows claimed, not established"), name == "sheet.html", "{name}");
    }
    for (format, about) in source.copies() {
        assert!(about.contains(&format!("\"{FAILED}")), "{about}");
        assert!(about.contains("\"pages_read\": 1,") && about.contains("\"pages_unreadable\": 1"), "{format}: {about}");
    }
}
