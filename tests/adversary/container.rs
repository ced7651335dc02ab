//! Parsers as victims: the ZIP around the files, where two readers can be made to see two packages.
//!
//! All deviations of the container one by one are the strict reader's own tests; here each of its codes is shown to reach the
//! verdict. Who: anybody with the file and a hexadecimal editor; no key helps, because a signature never covers the container's
//! last bytes and the profile does.

use signhold::verify::Outcome;

use crate::archive::Files;
use crate::package::Draft;
use crate::{codes, expect_bytes, expect_invalid, pinned, report_on};

fn good() -> Files {
    Draft::good().build()
}

/// Where the end record begins.
fn end_record(archive: &[u8]) -> usize {
    archive.len() - 22
}

/// Where the central directory begins.
fn directory(archive: &[u8]) -> usize {
    let end = end_record(archive);
    usize::try_from(u32::from_le_bytes(archive[end + 16..end + 20].try_into().unwrap())).unwrap()
}

/// Where the compressed bytes of a file begin, and how many there are.
fn data_of(archive: &[u8], path: &str) -> (usize, usize) {
    let name = format!("{}/{path}", good().top);
    let at = archive.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    let len = u32::from_le_bytes(archive[at - 12..at - 8].try_into().unwrap());
    (at + name.len(), usize::try_from(len).unwrap())
}

/// Asserts that changed archive bytes are INVALID with at least this code: damage to the container shows in many places.
#[track_caller]
fn expect_among(archive: &[u8], code: &str) {
    let report = report_on(archive, pinned());
    assert!(codes(&report).contains(&code), "`{code}` in {:#?}", report.findings);
    assert_eq!(report.outcome, Outcome::Invalid);
}

/// FORMAT §4.1.
#[test]
fn zip_not_an_archive() {
    for bytes in [&b""[..], b"PK", b"%PDF-1.7\n", &[0; 4096]] {
        expect_bytes(bytes, Outcome::Invalid, &["zip-not-an-archive"]);
    }
}

/// FORMAT §4.1: the download broke off.
#[test]
fn zip_truncated() {
    let archive = good().zip();
    expect_bytes(&archive[..archive.len() / 2], Outcome::Invalid, &["zip-truncated"]);
}

/// FORMAT §4.2: the byte that says which system made the archive.
#[test]
fn zip_field() {
    let mut archive = good().zip();
    let at = directory(&archive) + 5;
    archive[at] = 0;
    expect_bytes(&archive, Outcome::Invalid, &["zip-field"]);
}

/// FORMAT §4.2: one method leaves nothing to choose, so a stored entry is refused too.
#[test]
fn zip_field_of_a_stored_entry() {
    let mut archive = good().zip();
    let central = directory(&archive);
    archive[8] = 0;
    archive[central + 10] = 0;
    expect_among(&archive, "zip-field");
}

/// FORMAT §4.2: local and central header disagree about the method.
#[test]
fn zip_header_mismatch() {
    let mut archive = good().zip();
    let at = directory(&archive) + 12;
    archive[at] = 1;
    expect_among(&archive, "zip-header-mismatch");
}

/// FORMAT §5: names that leave the directory, or split a line of a manifest.
#[test]
fn zip_name() {
    for name in ["../x", "data/pages/a\nb", "data\\x", "/etc/x", "data//x", "data/caf\u{e9}", "data/CON"] {
        let mut files = good();
        files.insert_before("data/log/run.jsonl", name, "x");
        expect_among(&files.zip(), "zip-name");
    }
}

/// FORMAT §5: the same name twice; one reader takes the first, another the last.
#[test]
fn zip_duplicate_name() {
    let mut files = good();
    files.insert_before("README.txt", "README.txt", "How to believe us.\n");
    expect_among(&files.zip(), "zip-duplicate-name");
}

/// FORMAT §5: two names that some file systems take for one.
#[test]
fn zip_case_twin() {
    let mut files = good();
    files.insert_before("README.txt", "readme.txt", "How to believe us.\n");
    expect_among(&files.zip(), "zip-case-twin");
}

/// FORMAT §5: a file where a directory has to be.
#[test]
fn zip_file_as_directory() {
    let mut files = good();
    files.insert_before("data/genesis.json", "data", "x");
    expect_among(&files.zip(), "zip-file-as-directory");
}

/// FORMAT §4.4: a file beside the top directory.
#[test]
fn zip_top_directory() {
    let mut files = good();
    files.push("../other/x", "x");
    let mut archive = files.zip();
    // The same length, so that nothing else changes: `TOP/../other/x` becomes a name under another top directory.
    let name = format!("{}/../other/x", files.top);
    let other = format!("X{}", &name[1..].replace("/../", "/abc"));
    while let Some(at) = archive.windows(name.len()).position(|window| window == name.as_bytes()) {
        archive[at..at + name.len()].copy_from_slice(other.as_bytes());
    }
    expect_among(&archive, "zip-top-directory");
}

/// FORMAT §4.1: bytes between the last entry and the directory.
#[test]
fn zip_gap() {
    let mut archive = good().zip();
    let at = directory(&archive);
    archive.splice(at..at, *b"gap!");
    let end = end_record(&archive) + 16;
    archive[end..end + 4].copy_from_slice(&u32::try_from(at + 4).unwrap().to_le_bytes());
    expect_bytes(&archive, Outcome::Invalid, &["zip-gap"]);
}

/// FORMAT §4.1: a program in front of the archive.
#[test]
fn zip_prefix() {
    let archive = [b"#!/bin/sh\nexit 0\n", &good().zip()[..]].concat();
    expect_among(&archive, "zip-prefix");
}

/// FORMAT §4.1.
#[test]
fn zip_trailing_bytes() {
    let archive = [&good().zip()[..], b"and more"].concat();
    expect_bytes(&archive, Outcome::Invalid, &["zip-trailing-bytes"]);
}

/// FORMAT §4.1: an archive comment, properly declared.
#[test]
fn zip_comment() {
    let mut archive = good().zip();
    let at = archive.len() - 2;
    archive[at] = 5;
    archive.extend_from_slice(b"hello");
    expect_bytes(&archive, Outcome::Invalid, &["zip-comment"]);
}

/// FORMAT §4.5: one entry fewer than there are.
#[test]
fn zip_count() {
    let mut archive = good().zip();
    let at = end_record(&archive);
    archive[at + 8] -= 1;
    archive[at + 10] -= 1;
    expect_bytes(&archive, Outcome::Invalid, &["zip-count"]);
}

/// FORMAT §4.3: damage inside compressed data.
#[test]
fn zip_deflate() {
    let mut archive = good().zip();
    let (at, _) = data_of(&archive, "README.txt");
    archive[at] = 0x07;
    expect_bytes(&archive, Outcome::Invalid, &["zip-deflate", "seal-archive-digest-mismatch"]);
}

/// FORMAT §4.3: bits of the seal's own entry that deflate leaves without meaning.
#[test]
fn zip_deflate_with_free_bits_set() {
    let mut archive = good().zip();
    // A signature does not shrink: it is one stored block, with five free bits behind its three of header.
    let (at, _) = data_of(&archive, "seal/seal.sig");
    archive[at] ^= 0x80;
    expect_bytes(&archive, Outcome::Invalid, &["zip-deflate"]);
}

/// FORMAT §4.3: both headers agree on a wrong CRC-32.
#[test]
fn zip_crc() {
    let mut archive = good().zip();
    let central = directory(&archive) + 16;
    archive[14] ^= 1;
    archive[central] ^= 1;
    expect_among(&archive, "zip-crc");
}

/// FORMAT §15: a claim that would make a reader allocate.
#[test]
fn zip_size_cap() {
    let mut archive = good().zip();
    let central = directory(&archive) + 24;
    for at in [22, central] {
        archive[at..at + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    }
    expect_among(&archive, "zip-size-cap");
}

/// Who: the holder of the key. FORMAT §15: a genesis of more than 1 MiB is not read.
#[test]
fn zip_size_cap_of_a_genesis() {
    let mut draft = Draft::good();
    draft.edit_genesis = Some(Box::new(|genesis| {
        let claim = format!("[\"aud\",\"{}\"]", "x".repeat(1 << 20));
        genesis.replace("identity", "\"claims\":null", &format!("\"claims\":[{claim}]"));
    }));
    expect_among(&draft.build().zip(), "zip-size-cap");
}

/// Who: anybody. FORMAT §15: 300 MiB of zeros in 300 KB, each file within its own limits, to keep a reader busy.
#[test]
fn zip_size_cap_of_all_content() {
    let mut files = good();
    for number in 1..=10 {
        files.push(&format!("data/pages/{:06}.bin", number + 10), vec![0; 30 << 20]);
    }
    let archive = files.zip();
    assert!(archive.len() < 400_000, "{} bytes", archive.len());
    let report = report_on(&archive, pinned());
    let of_all: Vec<_> = report.findings.iter().filter(|finding| finding.claimed.contains("so far")).collect();
    assert_eq!(of_all.len(), 1, "the tenth alone is beyond: {:?}", report.findings);
    assert_eq!(of_all[0].code.as_str(), "zip-size-cap");
}

/// Who: the holder of the key, who zips the files in another order and seals that. FORMAT §4.6.
#[test]
fn entry_order() {
    let mut draft = Draft::good();
    draft.edit_files = Some(Box::new(|files| files.files.swap(0, 1)));
    expect_invalid(&draft.build(), &["entry-order"]);
}

/// Who: the holder of the key, with a file of their own, listed and sealed. FORMAT §5.
#[test]
fn path_unexpected() {
    let mut draft = Draft::good();
    draft.edit_files = Some(Box::new(|files| files.insert_before("data/log/run.jsonl", "data/notes.txt", "read me")));
    expect_invalid(&draft.build(), &["path-unexpected"]);
}

/// Who: the holder of the key. FORMAT §5: files that common BagIt tools do not mind, among them manifests by other digests.
#[test]
fn path_unexpected_beside_the_payload() {
    for path in ["EXTRA.txt", "metadata/case.xml", "manifest-md5.txt", "manifest-sha512.txt", "keys/other.pem"] {
        let mut draft = Draft::good();
        draft.edit_files = Some(Box::new(move |files| files.insert_before("keys/signer.pem", path, "read me\n")));
        expect_invalid(&draft.build(), &["path-unexpected", "manifest-file-unlisted"]);
    }
}

/// Who: the holder of the key. FORMAT §5: a second payload directory where letters fold.
#[test]
fn path_unexpected_in_a_twin_of_the_payload() {
    let mut draft = Draft::good();
    draft.edit_files =
        Some(Box::new(|files| files.insert_before("data/log/run.jsonl", "Data/pages/000003.json", "{\"value\":[]}")));
    expect_invalid(&draft.build(), &["path-unexpected", "manifest-file-unlisted"]);
}

/// Who: the holder of the key. FORMAT §10: holes to be filled from elsewhere.
#[test]
fn a_fetch_file_is_refused() {
    let mut draft = Draft::good();
    draft.edit_files = Some(Box::new(|files| files.insert_before("README.txt", "fetch.txt", "https://x 1 data/x\n")));
    expect_invalid(&draft.build(), &["path-unexpected", "manifest-file-unlisted"]);
}
