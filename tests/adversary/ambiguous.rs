//! Who: somebody who shows one archive to one reader and another to the next. No key helps here and none is needed: the archive keeps
//! its file name and its digest, and two tools unpack two things from it.
//!
//! The families are those in which parsers of ZIP have been found to differ: names, lengths, methods, files against directories,
//! repeated entries, special bytes, stream against directory, several end records, counts, places of the directory, ZIP64. Each is
//! made in all its variants from a good package; none is accepted, and the container itself says so, whatever else is wrong.
//! `.ci/interop` shows for some what stock tools unpack instead.

use signhold::verify::Outcome;

use crate::package::Draft;
use crate::{codes, pinned, report_on};

/// The header fields of one side, as they are written.
#[derive(Clone)]
struct Header {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc32: u32,
    compressed_len: u32,
    content_len: u32,
    extra: Vec<u8>,
}

#[derive(Clone)]
struct Item {
    local: Header,
    central: Header,
    data: Vec<u8>,
    behind: Vec<u8>,
    comment: Vec<u8>,
    external: u32,
    is_local: bool,
    is_listed: bool,
    offset: Option<u32>,
}

/// An archive in the making; the parts around the entries are bytes that a case may replace.
#[derive(Clone)]
struct Archive {
    top: String,
    items: Vec<Item>,
    before: Vec<u8>,
    before_directory: Vec<u8>,
    before_end: Vec<u8>,
    count: Option<u16>,
    directory_shift: i64,
    comment: Vec<u8>,
}

fn item(name: &[u8], content: &[u8]) -> Item {
    let data = crate::archive::deflated(content);
    let header = Header {
        name: name.to_vec(),
        flags: 0,
        method: 8,
        crc32: crc32fast::hash(content),
        compressed_len: len32(&data),
        content_len: len32(content),
        extra: Vec::new(),
    };
    Item {
        central: header.clone(),
        local: header,
        data,
        behind: Vec::new(),
        comment: Vec::new(),
        external: 0x81a4_0000,
        is_local: true,
        is_listed: true,
        offset: None,
    }
}

fn good() -> Archive {
    let files = Draft::good().build();
    let items = files.files.iter().map(|file| item(format!("{}/{}", files.top, file.path).as_bytes(), &file.bytes));
    Archive {
        items: items.collect(),
        top: files.top.clone(),
        before: Vec::new(),
        before_directory: Vec::new(),
        before_end: Vec::new(),
        count: None,
        directory_shift: 0,
        comment: Vec::new(),
    }
}

impl Header {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend([20, 0]);
        for field in [self.flags, self.method, 0, 0x21] {
            out.extend(field.to_le_bytes());
        }
        for field in [self.crc32, self.compressed_len, self.content_len] {
            out.extend(field.to_le_bytes());
        }
        out.extend(len16(&self.name).to_le_bytes());
        out.extend(len16(&self.extra).to_le_bytes());
    }
}

impl Item {
    fn both(&mut self, change: impl Fn(&mut Header)) {
        change(&mut self.local);
        change(&mut self.central);
    }

    fn write_local(&self, out: &mut Vec<u8>) {
        out.extend(b"PK\x03\x04");
        self.local.write(out);
        out.extend(&self.local.name);
        out.extend(&self.local.extra);
        out.extend(&self.data);
        out.extend(&self.behind);
    }

    fn write_central(&self, offset: u32, out: &mut Vec<u8>) {
        out.extend(b"PK\x01\x02\x14\x03");
        self.central.write(out);
        out.extend(len16(&self.comment).to_le_bytes());
        out.extend([0; 4]);
        out.extend(self.external.to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend(&self.central.name);
        out.extend(&self.central.extra);
        out.extend(&self.comment);
    }
}

impl Archive {
    /// The page that an attacker would exchange.
    fn page(&mut self) -> &mut Item {
        let at = self.position("data/pages/000002.json");
        &mut self.items[at]
    }

    fn position(&self, path: &str) -> usize {
        self.items.iter().position(|item| item.local.name.ends_with(path.as_bytes())).unwrap()
    }

    /// Another entry by the page's name, with what the attacker would rather have read.
    fn other_page(&self) -> Item {
        item(&self.named("data/pages/000002.json"), b"{\"@odata.context\":\"x\",\"value\":[]}")
    }

    fn named(&self, path: &str) -> Vec<u8> {
        format!("{}/{path}", self.top).into_bytes()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        let mut directory = Vec::new();
        let mut count = 0_u32;
        for item in &self.items {
            let offset = item.offset.unwrap_or(len32(&out));
            if item.is_local {
                item.write_local(&mut out);
            }
            if item.is_listed {
                item.write_central(offset, &mut directory);
                count += 1;
            }
        }
        out.extend(&self.before_directory);
        let offset = u32::try_from(i64::from(len32(&out)) + self.directory_shift).unwrap();
        out.extend(&directory);
        out.extend(&self.before_end);
        let count = self.count.unwrap_or_else(|| u16::try_from(count % 65_536).unwrap());
        out.extend(end_record(count, len32(&directory), offset, &self.comment));
        out
    }
}

fn end_record(count: u16, directory_len: u32, offset: u32, comment: &[u8]) -> Vec<u8> {
    let mut out = b"PK\x05\x06\0\0\0\0".to_vec();
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(directory_len.to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend(len16(comment).to_le_bytes());
    out.extend(comment);
    out
}

fn len32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

fn len16(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap()
}

/// Refused, and by what the container says of itself.
#[track_caller]
fn refuse(archive: &[u8], what: &str) {
    let report = report_on(archive, pinned());
    assert_eq!(report.outcome, Outcome::Invalid, "{what}");
    assert!(codes(&report).iter().any(|code| code.starts_with("zip-")), "{what}: {:?}", codes(&report));
}

#[track_caller]
fn refuse_changed(what: &str, change: impl FnOnce(&mut Archive)) {
    let mut archive = good();
    change(&mut archive);
    refuse(&archive.bytes(), what);
}

/// The builder by itself makes what is accepted: each case differs from this one in one thing.
#[test]
fn the_archive_of_this_builder_is_accepted() {
    let archive = good().bytes();
    assert_eq!(archive, Draft::good().build().zip());
    assert_eq!(report_on(&archive, pinned()).outcome, Outcome::Valid);
}

/// One name, several entries: in every place, listed or not, with the content first or last.
#[test]
fn repeated_names() {
    let entries = good().items.len();
    for place in 0..=entries {
        for (is_local, is_listed) in [(true, true), (true, false)] {
            refuse_changed(&format!("twin at {place}, listed {is_listed}"), |archive| {
                let twin = Item { is_local, is_listed, ..archive.other_page() };
                archive.items.insert(place, twin);
            });
        }
    }
}

/// The directory says one name, the local header another; a third in a field.
#[test]
fn names_that_differ_between_headers() {
    for name in ["data/pages/000009.json", "data/pages/000001.json", "data/x", "README.txt", "seal/seal.json", ""] {
        for side in ["local", "central"] {
            refuse_changed(&format!("{side} name {name}"), |archive| {
                let name = archive.named(name);
                let page = archive.page();
                if side == "local" { page.local.name = name } else { page.central.name = name }
            });
        }
    }
}

/// Unicode path fields (0x7075) that some tools prefer to the name, with the right checksum of the name and a wrong one.
#[test]
fn names_in_extra_fields() {
    for tag in [0x7075_u16, 0x6375] {
        for version in [1_u8, 2] {
            for right in [true, false] {
                for sides in 1..4 {
                    refuse_changed(&format!("{tag:#x}, version {version}, right {right}, sides {sides}"), |archive| {
                        let other = archive.named("data/pages/000009.json");
                        let page = archive.page();
                        let checksum = crc32fast::hash(&page.local.name) ^ u32::from(!right);
                        let mut field = tag.to_le_bytes().to_vec();
                        field.extend((len16(&other) + 5).to_le_bytes());
                        field.push(version);
                        field.extend(checksum.to_le_bytes());
                        field.extend(&other);
                        if sides & 1 == 1 {
                            page.local.extra.clone_from(&field);
                        }
                        if sides & 2 == 2 {
                            page.central.extra = field;
                        }
                    });
                }
            }
        }
    }
}

/// Lengths, checksum and method on one side alone, in all combinations of a few values.
#[test]
fn lengths_that_differ_between_headers() {
    let page = good().page().clone();
    let values = [0, 1, page.data.len() - 1, page.data.len() + 1, page.data.len() + 46, 0x7fff_ffff];
    for compressed in values {
        for content in values {
            let (compressed, content) = (u32::try_from(compressed).unwrap(), u32::try_from(content).unwrap());
            for side in ["local", "central", "both"] {
                refuse_changed(&format!("{side} lengths {compressed} and {content}"), |archive| {
                    let change =
                        |header: &mut Header| (header.compressed_len, header.content_len) = (compressed, content);
                    let page = archive.page();
                    match side {
                        "local" => change(&mut page.local),
                        "central" => change(&mut page.central),
                        _ => page.both(change),
                    }
                });
            }
        }
    }
    for method in [0_u16, 1, 6, 9, 12, 14, 93, 95, 97, 98, 99, 0xffff] {
        for side in ["local", "central", "both"] {
            refuse_changed(&format!("{side} method {method}"), |archive| {
                let page = archive.page();
                match side {
                    "local" => page.local.method = method,
                    "central" => page.central.method = method,
                    _ => page.both(|header| header.method = method),
                }
            });
        }
    }
}

/// Lengths behind the data: honest and lying, with a signature and without, of 32 bits and 64, with zeros in front and without.
#[test]
fn data_descriptors() {
    for signature in [&b""[..], b"PK\x07\x08"] {
        for wide in [false, true] {
            for lie in [0_u64, 1, 100] {
                for zeros in [true, false] {
                    for sides in 1..4_u8 {
                        let what =
                            format!("descriptor {signature:?}, wide {wide}, lie {lie}, zeros {zeros}, flag {sides}");
                        refuse_changed(&what, |archive| {
                            let page = archive.page();
                            let mut descriptor = signature.to_vec();
                            descriptor.extend(page.local.crc32.to_le_bytes());
                            for len in [page.local.compressed_len, page.local.content_len] {
                                let len = u64::from(len) + lie;
                                let bytes = len.to_le_bytes();
                                descriptor.extend(if wide { &bytes[..] } else { &bytes[..4] });
                            }
                            page.behind = descriptor;
                            if sides & 1 == 1 {
                                page.local.flags |= 1 << 3;
                            }
                            if sides & 2 == 2 {
                                page.central.flags |= 1 << 3;
                            }
                            if zeros {
                                (page.local.crc32, page.local.compressed_len, page.local.content_len) = (0, 0, 0);
                            }
                        });
                    }
                }
            }
        }
    }
}

/// A file to one, a directory or a link to another: by the name, by the attributes, by its content, with entries below it.
#[test]
fn files_that_are_directories() {
    for external in [
        0x41ed_0010_u32,
        0x41ed_0000,
        0x0000_0010,
        0xa1ff_0000,
        0x11a4_0000,
        0x21a4_0000,
        0x61a4_0000,
        0xc1a4_0000,
        0x8da4_0000,
        0,
    ] {
        for slash in [true, false] {
            for content in [&b""[..], b"/etc/passwd"] {
                refuse_changed(&format!("attributes {external:#x}, slash {slash}, {content:?}"), |archive| {
                    let name = archive.named(if slash { "data/extra/" } else { "data/extra" });
                    let mut extra = item(&name, content);
                    extra.external = external;
                    let place = archive.position("data/log/run.jsonl");
                    archive.items.insert(place, extra);
                });
            }
        }
    }
}

/// Names that two tools, or two file systems, take for different places: every one in place of the page's.
#[test]
fn names_that_tools_read_differently() {
    let names: [&[u8]; 40] = [
        b"data/pages/../000002.json",
        b"../data/000002.json",
        b"data/pages/./000002.json",
        b"data//pages/000002.json",
        b"data/pages/000002.json/",
        b"data\\pages\\000002.json",
        b"data/pages\\000002.json",
        b"/etc/passwd",
        b"C:/000002.json",
        b"C:\\000002.json",
        b"\\\\server\\share",
        b"\\\\?\\C:\\x",
        b"//server/share",
        b"data/pages/000002.json.",
        b"data/pages/000002.json ",
        b"data/pages /000002.json",
        b"data/pages/CON",
        b"data/pages/nul.json",
        b"data/pages/com1.json",
        b"data/pages/000002.json:stream",
        b"data/pages/000002.json\0.txt",
        b"data/pages/000002\n.json",
        b"data/pages/000002\r.json",
        b"data/pages/000002\t.json",
        b"data/pages/000002\x1b[2J.json",
        b"data/pages/000002\x7f.json",
        b"data/pages/~000002.json",
        b"data/pages/-000002.json",
        b"data/pages/*.json",
        b"data/pages/000002%2ejson",
        b"data/pages/caf\xc3\xa9.json",
        b"data/pages/cafe\xcc\x81.json",
        b"data/pages/caf\x82.json",
        b"data/pages/\xff.json",
        b"data/pages/000002\xe2\x80\xae.json",
        b"data/pages/000002\xe2\x80\x8b.json",
        b"data/pages/00\xef\xbc\x900002.json",
        b"DATA/pages/000002.json\0",
        b"data/pages/0000\xd0\xbe2.json",
        b"data/pages/000002.json;1",
    ];
    for name in names {
        for flags in [0, 1 << 11] {
            refuse_changed(&format!("{} with flags {flags:#x}", name.escape_ascii()), |archive| {
                let name = [archive.top.as_bytes(), b"/", name].concat();
                archive.page().both(|header| {
                    header.name.clone_from(&name);
                    header.flags = flags;
                });
            });
        }
    }
    for name in [&b""[..], b"/", b".", b"..", b"x"] {
        refuse_changed(&format!("whole name {}", name.escape_ascii()), |archive| {
            archive.page().both(|header| header.name = name.to_vec());
        });
    }
}

/// What stands in the stream and not in the directory: in comments, in fields, in the data of another entry, behind everything.
#[test]
fn entries_that_only_a_stream_reader_sees() {
    let hidden = |archive: &Archive| {
        let mut out = Vec::new();
        archive.other_page().write_local(&mut out);
        out
    };
    let entries = good().items.len();
    for place in 0..entries {
        refuse_changed(&format!("in the comment of {place}"), |archive| archive.items[place].comment = hidden(archive));
        refuse_changed(&format!("in a local field of {place}"), |archive| {
            archive.items[place].local.extra = hidden(archive);
        });
        refuse_changed(&format!("in a central field of {place}"), |archive| {
            archive.items[place].central.extra = hidden(archive);
        });
        refuse_changed(&format!("behind the data of {place}"), |archive| {
            archive.items[place].behind = hidden(archive);
        });
        refuse_changed(&format!("within the data of {place}"), |archive| {
            let more = hidden(archive);
            let item = &mut archive.items[place];
            item.data.extend(&more);
            let len = len32(&item.data);
            item.both(|header| header.compressed_len = len);
        });
        refuse_changed(&format!("{place} not listed"), |archive| archive.items[place].is_listed = false);
    }
    refuse_changed("before everything", |archive| archive.before = hidden(archive));
    refuse_changed("before the directory", |archive| archive.before_directory = hidden(archive));
    refuse_changed("behind the directory", |archive| archive.before_end = hidden(archive));
    refuse_changed("in the archive's comment", |archive| archive.comment = hidden(archive));
    let behind = [good().bytes(), hidden(&good())].concat();
    refuse(&behind, "behind the end");
}

/// Lines of the directory that lead to an entry that has one already.
#[test]
fn entries_listed_twice() {
    let entries = good().items.len();
    for place in 0..entries {
        for other in [0, entries / 2, entries - 1] {
            refuse_changed(&format!("{place} leads to {other}, too"), |archive| {
                let mut offset = 0;
                for item in &archive.items[..other] {
                    let mut out = Vec::new();
                    item.write_local(&mut out);
                    offset += len32(&out);
                }
                let twin = Item { is_local: false, offset: Some(offset), ..archive.items[place].clone() };
                archive.items.push(twin);
            });
        }
    }
}

/// An archive with an end record of its own in the comment, in front and behind, for readers that search from either side.
#[test]
fn a_second_archive_in_the_comment() {
    let forged = {
        let mut forged = good();
        let other = forged.other_page();
        *forged.page() = other;
        forged.bytes()
    };
    refuse_changed("a whole archive in the comment", |archive| archive.comment.clone_from(&forged));
    refuse_changed("an end record in the comment", |archive| archive.comment = end_record(0, 0, 0, b""));
    refuse_changed("an end record with a comment in the comment", |archive| {
        archive.comment = end_record(1, 46, 0, b"PK\x05\x06");
    });
    for (first, second, what) in
        [(good().bytes(), forged.clone(), "forged behind"), (forged, good().bytes(), "forged in front")]
    {
        refuse(&[&first[..], &second].concat(), what);
        let mut wrapped = first.clone();
        let at = wrapped.len() - 2;
        wrapped[at..].copy_from_slice(&len16(&second).to_le_bytes());
        refuse(&[&wrapped[..], &second].concat(), &format!("{what}, as the comment"));
        // With its offsets moved, so that it stands right where it stands.
        let mut moved = second.clone();
        let end = moved.len() - 6;
        let offset = u32::from_le_bytes(moved[end..end + 4].try_into().unwrap()) + len32(&first);
        moved[end..end + 4].copy_from_slice(&offset.to_le_bytes());
        refuse(&[&first[..], &moved].concat(), &format!("{what}, moved"));
    }
}

/// Two directories, one where the offset says, one right before the end record.
#[test]
fn two_directories() {
    let mut other = good();
    let page = other.other_page();
    *other.page() = page;
    let whole = other.bytes();
    let from =
        usize::try_from(u32::from_le_bytes(whole[whole.len() - 6..whole.len() - 2].try_into().unwrap())).unwrap();
    let directory = whole[from..whole.len() - 22].to_vec();
    for shift in [-4_i64, -1, 1, 4, 46] {
        refuse_changed(&format!("offset {shift} beside"), |archive| archive.directory_shift = shift);
    }
    refuse_changed("another directory behind", |archive| archive.before_end.clone_from(&directory));
    refuse_changed("another directory in front", |archive| archive.before_directory.clone_from(&directory));
    refuse_changed("another directory in front, meant by the offset", |archive| {
        archive.before_directory.clone_from(&directory);
        archive.directory_shift = -i64::try_from(directory.len()).unwrap();
    });
}

/// ZIP64 end records and locators, empty, right, and leading elsewhere.
#[test]
fn zip64_end_records() {
    for version in [45_u16, 62] {
        for count in [0_u64, 14, u64::MAX] {
            for locator in [0_u64, 100, u64::MAX] {
                for sentinel in [true, false] {
                    let what = format!("version {version}, count {count}, locator {locator}, sentinel {sentinel}");
                    refuse_changed(&what, |archive| {
                        let mut records = b"PK\x06\x06".to_vec();
                        records.extend(44_u64.to_le_bytes());
                        records.extend(version.to_le_bytes());
                        records.extend(version.to_le_bytes());
                        records.extend([0; 8]);
                        for field in [count, count, 46, 0] {
                            records.extend(field.to_le_bytes());
                        }
                        records.extend(b"PK\x06\x07\0\0\0\0");
                        records.extend(locator.to_le_bytes());
                        records.extend(1_u32.to_le_bytes());
                        archive.before_end = records;
                        archive.count = sentinel.then_some(u16::MAX);
                    });
                }
            }
        }
    }
}

/// ZIP64 fields without a sentinel, sentinels without a field, fields twice or cut.
#[test]
fn zip64_fields() {
    let field = |numbers: &[u64]| {
        let mut out = vec![1, 0];
        out.extend(u16::try_from(numbers.len() * 8).unwrap().to_le_bytes());
        out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        out
    };
    let fields = [
        Vec::new(),
        field(&[]),
        field(&[10, 10]),
        field(&[10, 10, 0]),
        [field(&[10, 10]), field(&[20, 20])].concat(),
        field(&[10, 10])[..9].to_vec(),
    ];
    for extra in &fields {
        for sentinels in 0..4_u8 {
            for sides in 1..4_u8 {
                if extra.is_empty() && sentinels == 0 {
                    continue;
                }
                refuse_changed(&format!("{extra:?}, sentinels {sentinels}, sides {sides}"), |archive| {
                    let change = |header: &mut Header| {
                        header.extra.clone_from(extra);
                        if sentinels & 1 == 1 {
                            header.compressed_len = u32::MAX;
                        }
                        if sentinels & 2 == 2 {
                            header.content_len = u32::MAX;
                        }
                    };
                    let page = archive.page();
                    if sides & 1 == 1 {
                        change(&mut page.local);
                    }
                    if sides & 2 == 2 {
                        change(&mut page.central);
                    }
                });
            }
        }
    }
}

/// Signatures of spanned archives, of extra data, of a signed directory.
#[test]
fn markers_of_other_kinds_of_archive() {
    for marker in [
        &b"PK\x07\x08"[..],
        b"PK00",
        b"PK\x06\x08\x02\0\0\0ab",
        b"PK\x05\x05\x02\0ab",
        b"MZ",
        b"%PDF-1.7\n",
        b"\x7fELF",
    ] {
        refuse_changed(&format!("{} in front", marker.escape_ascii()), |archive| archive.before = marker.to_vec());
        refuse_changed(&format!("{} before the directory", marker.escape_ascii()), |archive| {
            archive.before_directory = marker.to_vec();
        });
        refuse_changed(&format!("{} behind the directory", marker.escape_ascii()), |archive| {
            archive.before_end = marker.to_vec();
        });
        refuse(&[&good().bytes()[..], marker].concat(), &format!("{} behind", marker.escape_ascii()));
    }
}

/// 65,536 entries more than the count can say: a reader of 16 bits sees the first few.
#[test]
fn a_count_that_wraps_around() {
    let mut archive = good();
    let tiny = item(b"", b"");
    for number in 0..65_536_u32 {
        let mut tiny = tiny.clone();
        let name = archive.named(&format!("data/x{number}"));
        tiny.both(|header| header.name.clone_from(&name));
        archive.items.push(tiny);
    }
    refuse(&archive.bytes(), "65 536 more");
}
