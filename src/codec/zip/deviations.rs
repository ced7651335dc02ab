//! One test for each way in which an archive can leave the profile: start from a good one, apply one deviation, state the codes.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::{FaultKind, Limits, Profile, ReadError, Reader, entry_at};

const LIMITS: Limits = Limits {
    max_archive_bytes: 1 << 30,
    max_entries: 65_000,
    max_entry_bytes: 32 << 20,
    max_content_bytes: 1 << 30,
    max_ratio: 1100,
};

/// The fields of a local or central header, as far as they can be chosen.
#[derive(Clone)]
struct Header {
    name: Vec<u8>,
    version: u16,
    flags: u16,
    method: u16,
    time: u16,
    date: u16,
    crc32: u32,
    compressed_len: u32,
    uncompressed_len: u32,
    extra: Vec<u8>,
}

#[derive(Clone)]
struct Item {
    gap: Vec<u8>,
    local: Header,
    data: Vec<u8>,
    central: Header,
    made_by: u16,
    comment: Vec<u8>,
    disk: u16,
    internal: u16,
    external: u32,
    offset: Option<u32>,
    is_listed: bool,
}

#[derive(Clone, Default)]
struct Archive {
    items: Vec<Item>,
    before_directory: Vec<u8>,
    before_end: Vec<u8>,
    end: EndChange,
    behind: Vec<u8>,
}

#[derive(Clone, Default)]
struct EndChange {
    disk: u16,
    directory_disk: u16,
    disk_count: Option<u16>,
    count: Option<u16>,
    directory_len: Option<u32>,
    directory_offset: Option<u32>,
    comment_len: u16,
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(content).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

fn len32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a small test archive")
}

fn len16(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).expect("a small test archive")
}

fn item(name: &str, content: &[u8]) -> Item {
    let data = deflate(content);
    let header = Header {
        name: name.as_bytes().to_vec(),
        version: 20,
        flags: 0,
        method: 8,
        time: 0,
        date: 0x21,
        crc32: crc32fast::hash(content),
        compressed_len: len32(&data),
        uncompressed_len: len32(content),
        extra: Vec::new(),
    };
    Item {
        gap: Vec::new(),
        local: header.clone(),
        data,
        central: header,
        made_by: 0x0314,
        comment: Vec::new(),
        disk: 0,
        internal: 0,
        external: 0o100_644 << 16,
        offset: None,
        is_listed: true,
    }
}

fn good() -> Archive {
    let items = vec![
        item("p/bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"),
        item("p/data/pages/000001.json", br#"{"value":[{"id":"a","n":1},{"id":"b","n":2}]}"#),
        item("p/seal/seal.json", br#"{"type":"seal"}"#),
    ];
    Archive { items, ..Archive::default() }
}

impl Header {
    fn write(&self, out: &mut Vec<u8>) {
        for field in [self.version, self.flags, self.method, self.time, self.date] {
            out.extend(field.to_le_bytes());
        }
        for field in [self.crc32, self.compressed_len, self.uncompressed_len] {
            out.extend(field.to_le_bytes());
        }
        out.extend(len16(&self.name).to_le_bytes());
        out.extend(len16(&self.extra).to_le_bytes());
    }
}

impl Item {
    /// Applies one change to both headers.
    fn both(&mut self, change: impl Fn(&mut Header)) {
        change(&mut self.local);
        change(&mut self.central);
    }
}

impl Archive {
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut directory = Vec::new();
        let mut count = 0_u16;
        for item in &self.items {
            out.extend(&item.gap);
            let offset = item.offset.unwrap_or(len32(&out));
            out.extend(b"PK\x03\x04");
            item.local.write(&mut out);
            out.extend(&item.local.name);
            out.extend(&item.local.extra);
            out.extend(&item.data);
            if !item.is_listed {
                continue;
            }
            count += 1;
            directory.extend(b"PK\x01\x02");
            directory.extend(item.made_by.to_le_bytes());
            item.central.write(&mut directory);
            directory.extend(len16(&item.comment).to_le_bytes());
            directory.extend(item.disk.to_le_bytes());
            directory.extend(item.internal.to_le_bytes());
            directory.extend(item.external.to_le_bytes());
            directory.extend(offset.to_le_bytes());
            directory.extend(&item.central.name);
            directory.extend(&item.central.extra);
            directory.extend(&item.comment);
        }
        out.extend(&self.before_directory);
        let directory_offset = self.end.directory_offset.unwrap_or(len32(&out));
        out.extend(&directory);
        out.extend(&self.before_end);
        out.extend(b"PK\x05\x06");
        out.extend(self.end.disk.to_le_bytes());
        out.extend(self.end.directory_disk.to_le_bytes());
        out.extend(self.end.disk_count.unwrap_or(self.end.count.unwrap_or(count)).to_le_bytes());
        out.extend(self.end.count.unwrap_or(count).to_le_bytes());
        out.extend(self.end.directory_len.unwrap_or(len32(&directory)).to_le_bytes());
        out.extend(directory_offset.to_le_bytes());
        out.extend(self.end.comment_len.to_le_bytes());
        out.extend(&self.behind);
        out
    }

    fn item(&mut self, index: usize) -> &mut Item {
        self.items.get_mut(index).expect("an item of the test archive")
    }
}

/// Reads all of `archive`; returns the codes met, and the contents that could be read all the same.
fn judge_as(archive: &[u8], limits: Limits, profile: Profile) -> (BTreeSet<&'static str>, Vec<(String, Vec<u8>)>) {
    let mut codes = BTreeSet::new();
    let mut contents = Vec::new();
    let mut handed_on = Vec::new();
    let mut sink = |bytes: &[u8]| handed_on.extend_from_slice(bytes);
    let outcome = (|| {
        let mut reader = Reader::open(Cursor::new(archive), limits, profile)?;
        while let Some(entry) = reader.next_entry(&mut sink) {
            let entry = entry?;
            let cap = limits.max_entry_bytes.into();
            let again =
                entry_at(&mut Cursor::new(archive), entry.entry.header_offset, cap)?.expect("it is still there");
            assert_eq!(
                (&again.entry, &again.compressed, again.method),
                (&entry.entry, &entry.compressed, entry.method)
            );
            match entry.inflate().and_then(|content| entry.check_free_bits().map(|()| content)) {
                Ok(content) => contents.push((entry.entry.name, content)),
                Err(fault) => {
                    codes.insert(fault.code.code());
                }
            }
        }
        reader.finish(&mut sink)
    })();
    let faults = match outcome {
        Ok(faults) => {
            assert_eq!(handed_on, archive, "every byte is handed on, once and in order");
            faults
        }
        Err(ReadError::Unlocatable(faults)) => {
            assert!(!faults.is_empty());
            assert!(archive.starts_with(&handed_on), "what is handed on is a prefix of the archive");
            faults
        }
        Err(error) => panic!("{error}"),
    };
    codes.extend(faults.counts().keys().map(|kind| kind.code()));
    (codes, contents)
}

fn judge_within(archive: &[u8], limits: Limits) -> (BTreeSet<&'static str>, Vec<(String, Vec<u8>)>) {
    judge_as(archive, limits, Profile::Deflated)
}

fn judge(archive: &[u8]) -> (BTreeSet<&'static str>, Vec<(String, Vec<u8>)>) {
    judge_within(archive, LIMITS)
}

fn judge_stored(archive: &[u8]) -> (BTreeSet<&'static str>, Vec<(String, Vec<u8>)>) {
    judge_as(archive, LIMITS, Profile::Stored)
}

/// Applies one deviation to the good archive and states the codes it is reported with.
fn deviate(change: impl FnOnce(&mut Archive), expected: &[FaultKind]) -> Vec<(String, Vec<u8>)> {
    let mut archive = good();
    change(&mut archive);
    let (codes, contents) = judge(&archive.bytes());
    assert_eq!(codes, expected.iter().map(|kind| kind.code()).collect());
    contents
}

/// Returns the good archive in the stored profile.
fn good_stored() -> Archive {
    let mut archive = good();
    for (item, (_, content)) in archive.items.iter_mut().zip(judge(&good().bytes()).1) {
        let len = len32(&content);
        item.data = content;
        item.made_by = 0x030A;
        item.both(|h| (h.version, h.method, h.compressed_len) = (10, 0, len));
    }
    archive
}

fn written_by_the_crate(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, options).expect("a good name");
        writer.write_all(content).expect("a vector takes all");
    }
    writer.finish().expect("a vector takes all").into_inner()
}

#[test]
fn archives_of_the_zip_crate_are_accepted() {
    let noise: Vec<u8> =
        (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()).map(|[byte, ..]| byte).collect();
    let zeros = vec![0; 3_000_000];
    let entries: [(&str, &[u8]); 5] = [
        ("p/bagit.txt", b"a"),
        ("p/data/empty", b""),
        ("p/data/noise.bin", &noise),
        ("p/data/zeros.bin", &zeros),
        ("p/z", b"zz"),
    ];
    let bytes = written_by_the_crate(&entries);
    let (codes, contents) = judge(&bytes);
    assert_eq!(codes, BTreeSet::new());
    assert!(contents.iter().map(|(name, content)| (name.as_str(), content.as_slice())).eq(entries));

    let mut original = ZipArchive::new(Cursor::new(&bytes)).expect("the crate reads what it wrote");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..original.len() {
        let file = original.by_index_raw(index).expect("an entry");
        let name = file.name().expect("ASCII").replacen("p/", "other/", 1);
        writer.raw_copy_file_rename(file, name).expect("a good name");
    }
    let copied = writer.finish().expect("a vector takes all").into_inner();
    let (codes, contents) = judge(&copied);
    assert_eq!(codes, BTreeSet::new());
    assert_eq!(contents.len(), entries.len());
}

#[test]
fn archives_of_this_builder_are_accepted_and_announced() {
    let bytes = good().bytes();
    let (codes, contents) = judge(&bytes);
    assert_eq!(codes, BTreeSet::new());
    assert_eq!(contents.len(), 3);
    let mut reader = Reader::open(Cursor::new(&bytes), LIMITS, Profile::Deflated).expect("a good archive");
    assert_eq!(reader.top(), "p");
    assert_eq!(reader.entries().len(), 3);
    let mut len = 0;
    while reader.upcoming().is_some_and(|entry| !entry.name.starts_with("p/seal/")) {
        reader.next_entry(&mut |bytes| len += bytes.len()).expect("announced").expect("a good entry");
    }
    let seal = reader.upcoming().expect("the seal");
    assert_eq!(u64::try_from(len).ok(), Some(seal.header_offset), "handed on up to the seal, not a byte further");
    assert!(reader.finish(&mut |_| {}).expect("a good archive").is_empty());
}

#[test]
fn one_archive_has_one_profile() {
    let (codes, contents) = judge_stored(&good_stored().bytes());
    assert_eq!((codes, &contents), (BTreeSet::new(), &judge(&good().bytes()).1));
    let field = BTreeSet::from(["zip-field"]);
    assert_eq!(judge(&good_stored().bytes()), (field.clone(), contents.clone()));
    assert_eq!(judge_stored(&good().bytes()), (field.clone(), contents));
    let mut mixed = good_stored();
    *mixed.item(1) = good().item(1).clone();
    assert_eq!(judge_stored(&mixed.bytes()).0, field);
    let mut longer = good_stored();
    longer.item(1).both(|h| h.uncompressed_len += 1);
    assert_eq!(judge_stored(&longer.bytes()).0, BTreeSet::from(["zip-deflate"]));
}

#[test]
fn same_name_twice() {
    // Android Master Key, CVE-2013-4787.
    for content in [b"other".as_slice(), br#"{"type":"seal"}"#] {
        let contents = deviate(|a| a.items.push(item("p/seal/seal.json", content)), &[FaultKind::DuplicateName]);
        assert_eq!(contents.len(), 4);
    }
}

#[test]
fn local_entry_missing_in_the_directory() {
    deviate(|a| a.item(1).is_listed = false, &[FaultKind::UnlistedEntry]);
    deviate(|a| a.item(0).is_listed = false, &[FaultKind::UnlistedEntry]);
    deviate(|a| a.item(2).is_listed = false, &[FaultKind::UnlistedEntry]);
}

#[test]
fn central_entry_points_elsewhere() {
    deviate(|a| a.item(1).offset = Some(0), &[FaultKind::Overlap, FaultKind::UnlistedEntry]);
    deviate(|a| a.item(1).offset = Some(50), &[FaultKind::Overlap, FaultKind::UnlistedEntry]);
    deviate(|a| a.item(2).offset = Some(100_000), &[FaultKind::Overlap, FaultKind::UnlistedEntry]);
}

#[test]
fn local_and_central_header_differ() {
    let mismatch = &[FaultKind::HeaderMismatch];
    deviate(|a| a.item(1).central.name = b"p/data/pages/000002.json".to_vec(), mismatch);
    deviate(|a| a.item(1).central.name = b"p/data/x".to_vec(), mismatch);
    deviate(|a| a.item(1).central.method = 0, mismatch);
    deviate(|a| a.item(1).central.compressed_len += 1, mismatch);
    deviate(|a| a.item(1).central.uncompressed_len += 1, mismatch);
    deviate(|a| a.item(1).central.crc32 ^= 1, mismatch);
    deviate(|a| a.item(1).central.version = 45, mismatch);
    deviate(|a| a.item(1).central.flags = 1 << 11, mismatch);
    deviate(|a| a.item(1).central.time = 1, mismatch);
    deviate(|a| a.item(1).central.date = 0, mismatch);
    deviate(|a| a.item(1).central.extra = vec![0; 4], mismatch);
}

#[test]
fn sizes_and_checksums_that_lie() {
    deviate(|a| a.item(1).local.crc32 ^= 1, &[FaultKind::Crc, FaultKind::HeaderMismatch]);
    deviate(|a| a.item(1).both(|h| h.crc32 ^= 1), &[FaultKind::Crc]);
    deviate(|a| a.item(1).both(|h| h.uncompressed_len += 1), &[FaultKind::Deflate]);
    deviate(|a| a.item(1).both(|h| h.uncompressed_len -= 1), &[FaultKind::Deflate]);
    deviate(|a| a.item(1).both(|h| h.uncompressed_len = 0), &[FaultKind::Deflate]);
    deviate(|a| a.item(2).both(|h| h.compressed_len += 1), &[FaultKind::Overlap]);
    deviate(|a| a.item(2).both(|h| h.compressed_len -= 1), &[FaultKind::Deflate, FaultKind::Gap]);
    // The data run into the next entry, whose own header then overlaps.
    deviate(|a| a.item(0).both(|h| h.compressed_len += 1), &[FaultKind::Deflate, FaultKind::Overlap, FaultKind::Gap]);
}

#[test]
fn deflate_streams_that_are_not_exact() {
    let longer = |item: &mut Item, bytes: &[u8]| {
        item.data.extend(bytes);
        let len = len32(&item.data);
        item.both(|h| h.compressed_len = len);
    };
    deviate(|a| longer(a.item(1), b"\0"), &[FaultKind::Deflate]);
    deviate(|a| longer(a.item(1), &deflate(b"more")), &[FaultKind::Deflate]);
    deviate(
        |a| {
            let item = a.item(1);
            item.data.truncate(9);
            item.both(|h| h.compressed_len = 9);
        },
        &[FaultKind::Deflate],
    );
    deviate(
        |a| {
            let item = a.item(1);
            item.data = vec![0x07; 12];
            item.both(|h| h.compressed_len = 12);
        },
        &[FaultKind::Deflate],
    );
}

#[test]
fn data_descriptors_and_zip64_cannot_be_followed() {
    deviate(|a| a.item(1).both(|h| h.flags = 1 << 3), &[FaultKind::Field, FaultKind::DataDescriptor]);
    deviate(|a| a.item(1).local.uncompressed_len = u32::MAX, &[FaultKind::Zip64, FaultKind::HeaderMismatch]);
    deviate(|a| a.item(1).central.compressed_len = u32::MAX, &[FaultKind::Zip64]);
    deviate(|a| a.item(1).offset = Some(u32::MAX), &[FaultKind::Zip64]);
    deviate(|a| a.end.count = Some(u16::MAX), &[FaultKind::Zip64]);
    deviate(|a| a.end.directory_len = Some(u32::MAX), &[FaultKind::Zip64]);
    deviate(|a| a.end.directory_offset = Some(u32::MAX), &[FaultKind::Zip64]);
    let end_and_locator = [b"PK\x06\x06".as_slice(), &[0; 52], b"PK\x06\x07", &[0; 16]].concat();
    deviate(|a| a.before_end = end_and_locator, &[FaultKind::Zip64]);
}

#[test]
fn bytes_that_belong_to_nothing() {
    let contents = deviate(|a| a.item(0).gap = b"#!/bin/sh\n".to_vec(), &[FaultKind::Prefix]);
    assert_eq!(contents.len(), 3);
    deviate(|a| a.item(1).gap = vec![0], &[FaultKind::Gap]);
    deviate(|a| a.before_directory = vec![0; 70_000], &[FaultKind::Gap]);
    deviate(|a| a.before_directory = b"PK\x03\x04 and more".to_vec(), &[FaultKind::UnlistedEntry]);
    deviate(|a| a.before_end = b"PK\x05\x05\x02\x00ab".to_vec(), &[FaultKind::Gap]);
    deviate(|a| a.behind = vec![0], &[FaultKind::TrailingBytes]);
    deviate(|a| a.behind = b"%PDF-1.7 polyglot".to_vec(), &[FaultKind::TrailingBytes]);
    // A prefix that leaves the offsets as they were: general readers shift them silently.
    let shifted = [b"MZ stub".as_slice(), &good().bytes()].concat();
    assert_eq!(judge(&shifted).0, BTreeSet::from(["zip-prefix"]));
    // Two archives one behind the other: the end record is the second's, the offset in it leads to the first.
    let twice = [good().bytes(), good().bytes()].concat();
    assert_eq!(judge(&twice).0, BTreeSet::from(["zip-gap"]));
}

#[test]
fn comments() {
    let comment =
        |text: &'static [u8]| move |a: &mut Archive| (a.end.comment_len, a.behind) = (len16(text), text.to_vec());
    deviate(comment(b"hello"), &[FaultKind::Comment]);
    deviate(
        |a| (a.end.comment_len, a.behind) = (4, b"hello".to_vec()),
        &[FaultKind::Comment, FaultKind::TrailingBytes],
    );
    deviate(|a| (a.end.comment_len, a.behind) = (6, b"hello".to_vec()), &[FaultKind::Comment, FaultKind::Truncated]);
    deviate(|a| a.item(1).comment = b"PK\x03\x04".to_vec(), &[FaultKind::Comment]);
    // A comment that holds a whole second archive.
    let inner = good().bytes();
    deviate(|a| (a.end.comment_len, a.behind) = (len16(&inner), inner), &[FaultKind::Gap]);
}

#[test]
fn counts_disks_and_the_place_of_the_directory() {
    deviate(|a| a.end.count = Some(2), &[FaultKind::Count]);
    deviate(|a| a.end.count = Some(4), &[FaultKind::Count]);
    deviate(|a| a.end.disk_count = Some(2), &[FaultKind::Count]);
    deviate(|a| a.end.disk = 1, &[FaultKind::Field]);
    deviate(|a| a.end.directory_disk = 1, &[FaultKind::Field]);
    deviate(|a| a.item(0).disk = 1, &[FaultKind::Field]);
    deviate(
        |a| a.end.directory_len = Some(10),
        &[FaultKind::Gap, FaultKind::Directory, FaultKind::Count, FaultKind::UnlistedEntry],
    );
    deviate(|a| a.end.directory_len = Some(10_000), &[FaultKind::Directory]);
    deviate(|a| a.end.directory_offset = Some(10), &[FaultKind::Prefix]);
    deviate(|a| a.end.directory_offset = Some(10_000), &[FaultKind::Directory]);
    deviate(|a| a.items.clear(), &[FaultKind::Count]);
    assert_eq!(judge(b"").0, BTreeSet::from(["zip-not-an-archive"]));
    assert_eq!(judge(b"<html>429</html>").0, BTreeSet::from(["zip-not-an-archive"]));
}

#[test]
fn overlapping_entries() {
    // Fifield, "A better zip bomb": many directory entries share one local entry.
    let mut archive = good();
    let mut shadow = item("p/shadow", br#"{"type":"seal"}"#);
    shadow.offset = Some(0);
    archive.items.push(shadow);
    let (codes, contents) = judge(&archive.bytes());
    assert_eq!(codes, BTreeSet::from(["zip-order", "zip-overlap", "zip-unlisted-entry"]));
    assert_eq!(contents.len(), 3);
}

#[test]
fn fields_with_other_values() {
    let field = &[FaultKind::Field];
    deviate(|a| a.item(1).both(|h| h.version = 10), field);
    deviate(|a| a.item(1).both(|h| h.version = 45), field);
    deviate(|a| a.item(1).both(|h| h.flags = 1 << 11), field);
    deviate(|a| a.item(1).both(|h| h.flags = 1), field);
    deviate(|a| a.item(1).both(|h| h.flags = 1 << 6 | 1), field);
    deviate(|a| a.item(1).both(|h| h.flags = 1 << 13), field);
    deviate(|a| a.item(1).both(|h| h.time = 1), field);
    deviate(|a| a.item(1).both(|h| h.date = 0x5A21), field);
    deviate(|a| a.item(1).made_by = 0x031E, field);
    deviate(|a| a.item(1).made_by = 0x0014, field);
    deviate(|a| a.item(1).internal = 1, field);
    // A directory, a symbolic link, a pipe, a setuid file, the DOS archive bit.
    for external in [0o40_755 << 16 | 0x10, 0o120_777 << 16, 0o10_644 << 16, 0o104_755 << 16, 0o100_644 << 16 | 0x20] {
        deviate(|a| a.item(1).external = external, field);
    }
    for method in [9, 12, 14, 93, 95, 98, 99] {
        deviate(|a| a.item(1).both(|h| h.method = method), &[FaultKind::Field, FaultKind::Deflate]);
    }
    // Unicode path (0x7075), extended time (0x5455), ZIP64 (0x0001) that no sentinel asks for.
    for extra in [b"up\x01\x00\x01".as_slice(), b"UT\x05\x00\x01\0\0\0\0", b"\x01\0\0\0"] {
        let contents = deviate(|a| a.item(1).both(|h| h.extra = extra.to_vec()), field);
        assert_eq!(contents.len(), 3);
    }
}

#[test]
fn names_against_the_rules() {
    for name in ["p/../x", "/p/x", "p//x", "p/./x", "p\\x", "p/x.", "p/CON", "p/a b", "p/a\n", "p/é", "p/data/"] {
        let contents = deviate(
            |a| a.items.push(item(name, b"x")),
            if name == "/p/x" || name == "p\\x" {
                &[FaultKind::Name, FaultKind::TopDirectory]
            } else {
                &[FaultKind::Name]
            },
        );
        assert_eq!(contents.len(), 4);
    }
    let long = format!("p/{}", "x".repeat(60_000));
    deviate(|a| a.items.push(item(&long, b"x")), &[FaultKind::Name]);
}

#[test]
fn names_against_each_other() {
    deviate(|a| a.items.push(item("p/Seal/Seal.json", b"x")), &[FaultKind::CaseTwin]);
    deviate(|a| a.items.push(item("p/data/pages", b"x")), &[FaultKind::FileAsDirectory]);
    deviate(|a| a.items.push(item("p/Data", b"x")), &[FaultKind::FileAsDirectory]);
    deviate(|a| a.items.push(item("q/x", b"x")), &[FaultKind::TopDirectory]);
    deviate(|a| a.items.push(item("P/x", b"x")), &[FaultKind::TopDirectory]);
    deviate(|a| a.items.push(item("x", b"x")), &[FaultKind::TopDirectory]);
    let flat = Archive { items: vec![item("a", b"x"), item("b", b"x")], ..Archive::default() };
    assert_eq!(judge(&flat.bytes()).0, BTreeSet::from(["zip-top-directory"]));
}

#[test]
fn directory_in_another_order() {
    let mut archive = good();
    let bytes = archive.bytes();
    let reader = Reader::open(Cursor::new(&bytes), LIMITS, Profile::Deflated).expect("a good archive");
    let offsets: Vec<u32> =
        reader.entries().iter().map(|entry| u32::try_from(entry.header_offset).expect("small")).collect();
    // Swap what the directory says in the first and second place.
    let (first, second) = (archive.item(0).central.clone(), archive.item(1).central.clone());
    archive.item(0).central = second;
    archive.item(1).central = first;
    archive.item(0).offset = offsets.get(1).copied();
    archive.item(1).offset = offsets.first().copied();
    let (codes, contents) = judge(&archive.bytes());
    assert_eq!(codes, BTreeSet::from(["zip-order"]));
    assert_eq!(contents.len(), 3);
}

#[test]
fn repacked_by_a_general_tool_is_reported_and_still_readable() {
    // As Info-ZIP writes: directory entries, stored small files, DOS times, extra fields, other attributes.
    let mut archive = good();
    let mut directory = item("p/", b"");
    directory.data.clear();
    directory.both(|h| (h.method, h.version, h.compressed_len) = (0, 10, 0));
    directory.external = 0o40_755 << 16 | 0x10;
    archive.items.insert(0, directory);
    for item in &mut archive.items {
        item.made_by = 0x031E;
        item.both(|h| (h.time, h.date) = (0x6C32, 0x5A21));
        item.local.extra = b"UT\x09\x00\x03\0\0\0\0\0\0\0\0ux\x0b\x00\x01\x04\0\0\0\0\x04\0\0\0\0".to_vec();
        item.central.extra = b"UT\x05\x00\x03\0\0\0\0ux\x0b\x00\x01\x04\0\0\0\0\x04\0\0\0\0".to_vec();
    }
    let stored = archive.item(3);
    stored.data = br#"{"type":"seal"}"#.to_vec();
    let len = len32(&stored.data);
    stored.both(|h| (h.method, h.version, h.compressed_len) = (0, 10, len));
    let (codes, contents) = judge(&archive.bytes());
    assert_eq!(codes, BTreeSet::from(["zip-field", "zip-header-mismatch", "zip-name"]));
    assert_eq!(contents.len(), 4);
    assert_eq!(contents.last().map(|(_, content)| content.as_slice()), Some(br#"{"type":"seal"}"#.as_slice()));
}

#[test]
fn limits_are_kept() {
    let bytes = good().bytes();
    let cap = BTreeSet::from(["zip-size-cap"]);
    let (codes, contents) = judge_within(&bytes, Limits { max_entry_bytes: 50, ..LIMITS });
    assert_eq!((codes, contents.len()), (cap.clone(), 2));
    let (codes, contents) = judge_within(&bytes, Limits { max_content_bytes: 60, ..LIMITS });
    assert_eq!((codes, contents.len()), (cap.clone(), 1));
    assert_eq!(judge_within(&bytes, Limits { max_entries: 2, ..LIMITS }).0, cap);
    assert_eq!(judge_within(&bytes, Limits { max_archive_bytes: 100, ..LIMITS }).0, cap);
    // A claim beyond what deflate can reach is not allocated.
    deviate(|a| a.item(1).both(|h| h.uncompressed_len = 30 << 20), &[FaultKind::SizeCap]);
    // Deflate's own best is accepted.
    let zeros = vec![0; 20 << 20];
    let bytes = written_by_the_crate(&[("p/zeros", &zeros)]);
    assert!(bytes.len() < zeros.len() / 900);
    assert_eq!(judge(&bytes).0, BTreeSet::new());
}

#[test]
fn what_is_no_entry_is_not_read_again() {
    let again = |bytes: &[u8], offset, cap| entry_at(&mut Cursor::new(bytes), offset, cap).expect("it can be read");
    let bytes = good().bytes();
    let whole = again(&bytes, 0, 54).expect("the first entry");
    assert_eq!(whole.entry.uncompressed_len, 54);
    assert!(again(&bytes, 0, 53).is_none(), "longer than allowed");
    assert!(again(&bytes, 1, 54).is_none(), "between two entries");
    assert!(again(&bytes, len32(&bytes).into(), 54).is_none(), "behind the end");
    for end in 0..30 + whole.entry.name.len() + whole.compressed.len() {
        assert!(again(bytes.get(..end).expect("a prefix"), 0, 54).is_none(), "cut off at {end}");
    }
    let changes: [fn(&mut Header); 3] =
        [|h| h.flags = 1 << 3, |h| h.compressed_len = u32::MAX, |h| h.compressed_len = 54 + 54 / 8 + (1 << 10) + 1];
    for change in changes {
        let mut archive = good();
        change(&mut archive.item(0).local);
        archive.behind = vec![0; 4 << 10];
        assert!(again(&archive.bytes(), 0, 54).is_none());
    }
}

#[test]
fn many_faults_of_one_kind_do_not_hide_another() {
    let items = (0..600).map(|index| {
        let mut item = item(&format!("p/{index}"), b"x");
        item.both(|h| (h.time, h.flags) = (1, 1 << 11));
        item
    });
    let mut archive = Archive { items: items.collect(), ..Archive::default() };
    archive.item(599).both(|h| h.name = b"p/0".to_vec());
    let bytes = archive.bytes();
    let reader = Reader::open(Cursor::new(&bytes), LIMITS, Profile::Deflated).expect("the directory can be read");
    let faults = reader.finish(&mut |_| {}).expect("the archive can be followed");
    assert!(
        faults
            .counts()
            .iter()
            .map(|(kind, count)| (*kind, *count))
            .eq([(FaultKind::DuplicateName, 1), (FaultKind::Field, 1_200)])
    );
    assert_eq!(faults.listed().len(), 101);
}

#[test]
fn an_archive_that_changes_underneath_is_noticed() {
    struct Shrinking(Cursor<Vec<u8>>, u32);
    impl std::io::Seek for Shrinking {
        fn seek(&mut self, place: std::io::SeekFrom) -> std::io::Result<u64> {
            if place == std::io::SeekFrom::Start(0) {
                *self.0.get_mut().last_mut().expect("not empty") = 1;
                self.1 += 1;
            }
            self.0.seek(place)
        }
    }
    impl Read for Shrinking {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }
    // Long enough that the search for the end record does not begin at byte 0.
    let mut archive = good();
    let noise: Vec<u8> =
        (0..90_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()).map(|[byte, ..]| byte).collect();
    let mut filler = item("p/noise", b"");
    filler.data = noise;
    let len = len32(&filler.data);
    filler.both(|h| (h.compressed_len, h.uncompressed_len) = (len, len));
    archive.items.push(filler);
    let reader =
        Reader::open(Shrinking(Cursor::new(archive.bytes()), 0), LIMITS, Profile::Deflated).expect("a good archive");
    assert!(matches!(reader.finish(&mut |_| {}), Err(ReadError::Changed)));
}

#[test]
fn every_truncation_is_reported() {
    for (bytes, profile) in [(good().bytes(), Profile::Deflated), (good_stored().bytes(), Profile::Stored)] {
        for len in 0..bytes.len() {
            let (codes, _) = judge_as(bytes.get(..len).expect("shorter"), LIMITS, profile);
            assert!(!codes.is_empty(), "cut to {len} bytes, {profile:?}");
        }
    }
}

#[test]
fn every_flipped_bit_is_reported() {
    for (bytes, profile) in [(good().bytes(), Profile::Deflated), (good_stored().bytes(), Profile::Stored)] {
        let mut unseen = Vec::new();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                *flipped.get_mut(place).expect("in range") ^= 1 << bit;
                if judge_as(&flipped, LIMITS, profile).0.is_empty() {
                    unseen.push((place, bit));
                }
            }
        }
        assert_eq!(unseen, [], "with the bits that RFC 1951 leaves free, {profile:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_at_random_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!judge(&bytes).0.is_empty());
    }

    #[test]
    fn damage_at_random_is_reported(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        removed in prop::option::of((any::<prop::sample::Index>(), 1_usize..60)),
        repeated in any::<bool>(),
    ) {
        let original = good().bytes();
        let mut bytes = original.clone();
        for (place, byte) in places {
            *place.get_mut(bytes.as_mut_slice()) = byte;
        }
        if let Some((place, len)) = removed {
            let start = place.index(bytes.len());
            let end = (start + len).min(bytes.len());
            let part: Vec<u8> = bytes.drain(start..end).collect();
            if repeated {
                bytes.splice(start..start, part.iter().chain(&part).copied());
            }
        }
        prop_assume!(bytes != original);
        let (codes, contents) = judge(&bytes);
        let unharmed = judge(&original).1;
        prop_assert!(!codes.is_empty() || contents == unharmed);
    }
}
