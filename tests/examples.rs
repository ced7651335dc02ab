//! The examples in FORMAT.md are real: each is a file of the package `tests/vectors/package/good.zip`, and the program reads it.

#![allow(clippy::unwrap_used, reason = "an example that cannot be read has failed")]

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use signhold::codec::json::slice_page;
use signhold::crypto::digest::{EventDigest, FileDigest, RecordDigest, SealDigest};
use signhold::crypto::merkle::{self, NodeHash, leaf_hash};
use signhold::format::bag::Manifest;
use signhold::format::exhibit::Exhibit;
use signhold::format::failure::FailureRecord;
use signhold::format::genesis::Genesis;
use signhold::format::ledger::SignedEvent;
use signhold::format::page::PageRecord;
use signhold::format::seal::Seal;
use signhold::format::{Document, FormatError, decode, encode};
use signhold::verify::Code;

const FORMAT: &str = include_str!("../schemas/FORMAT.md");

#[test]
fn each_example_is_a_file_of_the_published_package() {
    for (name, path) in [
        ("genesis", "data/genesis.json"),
        ("page-record", "data/records/000001.json"),
        ("failure", "data/failures/000001.json"),
        ("seal", "seal/seal.json"),
    ] {
        assert_eq!(compact(example(name)), packed(path), "{name}");
    }
    for (name, path) in
        [("manifest", "manifest-sha256.txt"), ("tagmanifest", "tagmanifest-sha256.txt"), ("bag-info", "bag-info.txt")]
    {
        assert_eq!(example(name), packed(path), "{name}");
    }
    assert_eq!(example("page").trim_end_matches('\n'), packed("data/pages/000001.json"));
}

#[test]
fn the_line_of_a_ledger_is_one_of_the_published_ledger() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/ledger/good.txt");
    let file = std::fs::read_to_string(file).unwrap();
    let (_, ledger) = file.split_once("\n\n").unwrap();
    let line = compact(example("ledger-line"));
    assert_eq!(Some(line.as_str()), ledger.lines().nth(1));
    let signed = SignedEvent::decode(line.as_bytes()).unwrap();
    assert!(signed.is_signed(line.as_bytes()));
    let first = ledger.lines().next().unwrap();
    assert_eq!(signed.event.previous, Some(EventDigest::of(first.as_bytes())));
}

#[test]
fn the_statement_is_that_of_the_published_exhibit() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/exhibit/good.zip");
    let statement = compact(example("exhibit"));
    assert_eq!(statement, packed_in(&file, "exhibit.json"));
    let statement: Exhibit = decode(statement.as_bytes()).unwrap();
    let archive = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/package/good.zip")).unwrap();
    assert_eq!(statement.package.archive_sha256, Some(FileDigest::of(&archive)));
    assert_eq!(statement.package.seal_sha256, SealDigest::of(compact(example("seal")).as_bytes()));
    let page: PageRecord = decode(packed_in(&file, "package/data/records/000001.json").as_bytes()).unwrap();
    let shown = &statement.records[0];
    let leaf = leaf_hash(packed_in(&file, "records/000001.json").as_bytes());
    let path: Vec<NodeHash> = shown.proof.iter().map(|hash| NodeHash(hash.0)).collect();
    assert!(merkle::verify_inclusion(leaf, shown.element, page.records.count, &path, page.records.merkle_root));
}

#[test]
fn each_document_is_read_and_written_again_as_it_stands() {
    round_trip::<Exhibit>("exhibit");
    round_trip::<Genesis>("genesis");
    round_trip::<PageRecord>("page-record");
    round_trip::<FailureRecord>("failure");
    round_trip::<Seal>("seal");
}

#[test]
fn white_space_makes_an_example_unacceptable() {
    assert!(matches!(decode::<Seal>(example("seal").as_bytes()), Err(FormatError::WrongType { .. })));
}

#[test]
fn manifests_are_read() {
    for name in ["manifest", "tagmanifest"] {
        let manifest = Manifest::parse(example(name).as_bytes()).unwrap();
        assert_eq!(manifest.to_text(), example(name));
    }
}

#[test]
fn digests_in_the_examples_lead_from_one_to_the_next() {
    let record_text = compact(example("page-record"));
    let record: PageRecord = decode(record_text.as_bytes()).unwrap();
    let body = example("page").trim_end_matches('\n').as_bytes();
    let mut leaves = Vec::new();
    let page = slice_page(body, record.stream.kind.time_member(), |element| leaves.push(leaf_hash(element.bytes)));
    let (page, root) = (page.unwrap(), merkle::root(leaves));
    assert_eq!(record.records.merkle_root, root);
    assert_eq!(record.body.byte_len, body.len() as u64);
    assert_eq!(record.next_link, page.next_link);
    assert_eq!(record.previous, RecordDigest::of(compact(example("genesis")).as_bytes()));
    let seal: Seal = decode(compact(example("seal")).as_bytes()).unwrap();
    let leaves =
        ["data/records/000001.json", "data/records/000002.json"].map(|path| leaf_hash(packed(path).as_bytes()));
    assert_eq!(seal.merkle_root, merkle::root(leaves));
}

#[test]
fn each_code_in_format_is_one_of_the_program() {
    let list = FORMAT.split("## 14. ").nth(1).unwrap().split("## 15. ").next().unwrap();
    let steps = FORMAT.split("## 12. ").nth(1).unwrap().split("## 13. ").next().unwrap();
    let ledger = FORMAT.split("### 20.6 ").nth(1).unwrap().split("### 20.8 ").next().unwrap();
    let exhibit = FORMAT.split("### 21.3 ").nth(1).unwrap().split("### 21.4 ").next().unwrap();
    for code in Code::ALL.iter().map(|code| format!("`{}`", code.as_str())) {
        assert!([list, steps, ledger, exhibit].iter().any(|part| part.contains(&code)), "FORMAT names {code}");
    }
}

fn round_trip<D: Document>(name: &str) {
    let text = compact(example(name));
    let document: D = decode(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(encode(&document).unwrap(), text.as_bytes(), "{name}");
}

/// The text of the block that FORMAT marks with `example=NAME`; there is one.
fn example(name: &str) -> &'static str {
    let mark = format!(" example={name}\n");
    let blocks: Vec<&str> = FORMAT.split("\n```").filter(|block| block.contains(&mark)).collect();
    let [block] = blocks.as_slice() else { panic!("one example `{name}`") };
    let (_, text) = block.split_once(&mark).unwrap();
    // The block ends at the newline before the closing marks, which belongs to its last line.
    let end = FORMAT.find(text).unwrap() + text.len();
    &FORMAT[end - text.len()..=end]
}

/// Takes out the white space outside strings.
fn compact(text: &str) -> String {
    let mut out = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            in_string = c == '"';
        }
        out.push(c);
    }
    out
}

/// A file of the published package.
fn packed(path: &str) -> String {
    packed_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/package/good.zip"), path)
}

/// A file of an archive, below its top directory.
fn packed_in(archive: &Path, path: &str) -> String {
    let mut archive = zip::ZipArchive::new(File::open(archive).unwrap()).unwrap();
    let first = archive.by_index(0).unwrap().name().unwrap().into_owned();
    let (top, _) = first.split_once('/').unwrap();
    let mut text = String::new();
    archive.by_name(&format!("{top}/{path}")).unwrap().read_to_string(&mut text).unwrap();
    text
}
