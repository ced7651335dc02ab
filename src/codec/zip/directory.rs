//! The end record and the central directory: found from the end of the file, judged, and laid out in archive order.
//!
//! Nothing here is believed: the forward pass compares every header listed with the one that stands before the data.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};

use memchr::memmem;

use super::fault::{Fault, FaultKind, Faults, ReadError};
use super::header::{
    CENTRAL_LEN, CENTRAL_SIGNATURE, Central, Common, END_LEN, END_SIGNATURE, End, Field, LOCAL_SIGNATURE, Profile,
    ZIP64_LOCATOR_LEN, ZIP64_LOCATOR_SIGNATURE,
};
use super::name::{self, MAX_NAME_BYTES, MAX_SEGMENTS};
use super::read::{Entry, Limits};

/// What the end of the archive claims.
#[derive(Debug)]
pub(super) struct Directory {
    /// The entries in the order of their local headers.
    pub(super) entries: Vec<Entry>,
    /// The fields of the central headers, entry by entry.
    pub(super) commons: Vec<Common>,
    /// Where the central directory begins.
    pub(super) offset: u64,
    /// All bytes from there to the end of the file.
    pub(super) tail: Vec<u8>,
}

/// Finds and reads the central directory.
pub(super) fn locate<R: Read + Seek>(
    input: &mut R,
    limits: &Limits,
    profile: Profile,
    faults: &mut Faults,
) -> Result<Directory, ReadError> {
    let archive_len = input.seek(SeekFrom::End(0))?;
    if archive_len > limits.max_archive_bytes {
        return Err(stop(faults, too_much(archive_len, "bytes of archive", limits.max_archive_bytes)));
    }
    let (end_offset, end) = find_end(input, archive_len, faults)?;
    let listed_end = u64::from(end.directory_offset) + u64::from(end.directory_len);
    let mut directory_end = end_offset;
    if listed_end != end_offset {
        let computed = format!("end record at byte {end_offset}");
        let claimed = format!("directory of {} bytes at byte {}", end.directory_len, end.directory_offset);
        let locator = end_offset.saturating_sub(to_u64(ZIP64_LOCATOR_LEN));
        if has_signature(input, locator, archive_len, ZIP64_LOCATOR_SIGNATURE)? {
            return Err(stop(
                faults,
                fault(FaultKind::Zip64, locator, None, claimed, "a locator of ZIP64 stands before it"),
            ));
        }
        if has_signature(input, end.directory_offset.into(), end_offset, CENTRAL_SIGNATURE)? {
            let code = if listed_end < end_offset { FaultKind::Gap } else { FaultKind::Directory };
            faults.push(fault(code, listed_end, None, claimed, computed));
            directory_end = listed_end.min(end_offset);
        } else {
            let shifted = end_offset.saturating_sub(end.directory_len.into());
            let is_shifted = has_signature(input, shifted, end_offset, CENTRAL_SIGNATURE)?;
            let code = if is_shifted && listed_end < end_offset { FaultKind::Prefix } else { FaultKind::Directory };
            return Err(stop(faults, fault(code, 0, None, claimed, computed)));
        }
    }
    let offset = u64::from(end.directory_offset);
    let tail_len = archive_len.saturating_sub(offset);
    let max_tail_len = limits.max_entries.saturating_mul(CENTRAL_LEN + MAX_BYTES_PER_NAME) + to_u64(END_SEARCH_LEN);
    if tail_len > max_tail_len {
        return Err(stop(faults, too_much(tail_len, "bytes of central directory", max_tail_len)));
    }
    let tail = read_at(input, offset, tail_len)?;
    let (headers, _) = usize::try_from(directory_end.saturating_sub(offset))
        .ok()
        .and_then(|len| tail.split_at_checked(len))
        .ok_or(ReadError::Changed)?;
    let listed = list(headers, offset, limits, profile, faults)?;
    if listed.len() != usize::from(end.entry_count) || listed.is_empty() {
        let least = if listed.is_empty() { ", at least one is needed" } else { "" };
        let (claimed, computed) = (format!("{} entries", end.entry_count), format!("{} entries{least}", listed.len()));
        faults.push(fault(FaultKind::Count, end_offset, None, claimed, computed));
    }
    let (entries, commons): (Vec<_>, Vec<_>) = in_archive_order(listed, faults).into_iter().unzip();
    check_names(&entries, faults);
    Ok(Directory { entries, commons, offset, tail })
}

/// Finds the last end record of the file and judges it.
fn find_end<R: Read + Seek>(input: &mut R, archive_len: u64, faults: &mut Faults) -> Result<(u64, End), ReadError> {
    let search_len = archive_len.min(to_u64(END_SEARCH_LEN));
    let search_offset = archive_len - search_len;
    let search = read_at(input, search_offset, search_len)?;
    let room = search.len().saturating_sub(END_LEN - END_SIGNATURE.len());
    let found = search.get(..room).and_then(|starts| memmem::rfind(starts, END_SIGNATURE));
    let Some((place, end)) = found.and_then(|place| Some((place, End::read(search.get(place..)?)?))) else {
        let begins_as_archive = has_signature(input, 0, archive_len, LOCAL_SIGNATURE)?;
        let code = if begins_as_archive { FaultKind::Truncated } else { FaultKind::NotAnArchive };
        return Err(stop(faults, fault(code, archive_len, None, "a ZIP archive", "no end record")));
    };
    let offset = search_offset + to_u64(place);
    if end.is_zip64() {
        return Err(stop(faults, fault(FaultKind::Zip64, offset, None, "a value that stands for ZIP64", "no ZIP64")));
    }
    let rest = search.len() - place - END_LEN;
    let comment_len = usize::from(end.comment_len);
    let claimed = format!("{comment_len} bytes of comment");
    let computed = format!("{rest} bytes behind the end record");
    if comment_len > 0 {
        faults.push(fault(FaultKind::Comment, offset, None, &*claimed, &*computed));
    }
    if rest != comment_len {
        let code = if rest > comment_len { FaultKind::TrailingBytes } else { FaultKind::Truncated };
        faults.push(fault(code, offset + to_u64(END_LEN), None, claimed, computed));
    }
    for field in end.fixed() {
        check_fixed(field, offset, None, faults);
    }
    if end.disk_entry_count != end.entry_count {
        let (claimed, computed) =
            (format!("{} on this disk", end.disk_entry_count), format!("{} entries", end.entry_count));
        faults.push(fault(FaultKind::Count, offset, None, claimed, computed));
    }
    Ok((offset, end))
}

/// Reads the headers of the central directory, which begins at `offset`.
fn list(
    mut headers: &[u8],
    mut offset: u64,
    limits: &Limits,
    profile: Profile,
    faults: &mut Faults,
) -> Result<Vec<(Entry, Common)>, ReadError> {
    let mut listed = Vec::new();
    while !headers.is_empty() {
        let split = Central::split_from(headers).and_then(|(central, rest)| {
            let (name, rest) = rest.split_at_checked(central.common.name_len.into())?;
            let (_, rest) =
                rest.split_at_checked(usize::from(central.common.extra_len) + usize::from(central.comment_len))?;
            Some((central, name, rest))
        });
        let Some((central, name, rest)) = split else {
            faults.push(fault(FaultKind::Directory, offset, None, "a header of the directory", "other bytes"));
            break;
        };
        if to_u64(listed.len()) >= limits.max_entries {
            return Err(stop(faults, too_much(to_u64(listed.len()) + 1, "entries", limits.max_entries)));
        }
        let entry = Entry {
            name: printable(name),
            crc32: central.common.crc32,
            compressed_len: central.common.compressed_len,
            uncompressed_len: central.common.uncompressed_len,
            header_offset: central.header_offset.into(),
        };
        if central.common.is_zip64() || central.header_offset == u32::MAX {
            let code = FaultKind::Zip64;
            return Err(stop(
                faults,
                fault(code, offset, Some(&entry.name), "a value that stands for ZIP64", "no ZIP64"),
            ));
        }
        for field in central.fixed(profile) {
            check_fixed(field, offset, Some(&entry.name), faults);
        }
        if central.comment_len > 0 {
            let claimed = format!("{} bytes of comment", central.comment_len);
            faults.push(fault(FaultKind::Comment, offset, Some(&entry.name), claimed, "no comment"));
        }
        if let Some(rule) = name::broken_rule(name) {
            faults.push(fault(FaultKind::Name, offset, Some(&entry.name), &*entry.name, rule));
        }
        offset += to_u64(headers.len() - rest.len());
        headers = rest;
        listed.push((entry, central.common));
    }
    Ok(listed)
}

fn in_archive_order(mut listed: Vec<(Entry, Common)>, faults: &mut Faults) -> Vec<(Entry, Common)> {
    let mut pairs = listed.iter().zip(listed.iter().skip(1));
    if let Some(((before, _), (after, _))) = pairs.find(|((a, _), (b, _))| b.header_offset < a.header_offset) {
        let claimed = format!("listed behind `{}`", before.name);
        faults.push(fault(FaultKind::Order, after.header_offset, Some(&after.name), claimed, "stands before it"));
    }
    listed.sort_by_key(|(entry, _)| entry.header_offset);
    listed
}

/// Checks the names against each other: twice, twice but for case, file and directory, one top directory.
fn check_names(entries: &[Entry], faults: &mut Faults) {
    let mut names = BTreeSet::new();
    let mut folded = BTreeSet::new();
    for entry in entries {
        let is_new = names.insert(entry.name.as_str());
        if !is_new {
            faults.push(of_entry(FaultKind::DuplicateName, entry, "a name of its own", "stands there before"));
        }
        if !folded.insert(entry.name.to_ascii_lowercase()) && is_new {
            faults.push(of_entry(FaultKind::CaseTwin, entry, "a name of its own", "stands there before but for case"));
        }
    }
    let top = entries.first().and_then(|first| first.name.split_once('/')).map(|(top, _)| top);
    for entry in entries {
        if entry.name.split_once('/').map(|(top, _)| top) != top || top.is_none() {
            let computed = top.map_or_else(|| "no top directory".to_owned(), |top| format!("beside `{top}/`"));
            faults.push(of_entry(FaultKind::TopDirectory, entry, "in the one top directory", computed));
        }
        for (slash, _) in entry.name.match_indices('/').take(MAX_SEGMENTS) {
            // Compared without case, as a file system may.
            let above = entry.name.get(..slash).unwrap_or_default();
            if folded.contains(&above.to_ascii_lowercase()) {
                faults.push(of_entry(
                    FaultKind::FileAsDirectory,
                    entry,
                    "in a directory",
                    format!("`{above}` is a file"),
                ));
            }
        }
    }
}

/// Reads `len` bytes at `offset`; the file was long enough when it was opened.
fn read_at<R: Read + Seek>(input: &mut R, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
    input.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    input.take(len).read_to_end(&mut bytes)?;
    if to_u64(bytes.len()) == len { Ok(bytes) } else { Err(ReadError::Changed) }
}

/// Says whether `signature` stands at `offset`, wholly before `limit`.
fn has_signature<R: Read + Seek>(input: &mut R, offset: u64, limit: u64, signature: &[u8]) -> Result<bool, ReadError> {
    let len = to_u64(signature.len());
    Ok(offset.saturating_add(len) <= limit && read_at(input, offset, len)? == signature)
}

pub(super) fn check_fixed((field, found, fixed): Field, offset: u64, name: Option<&str>, faults: &mut Faults) {
    if found != fixed {
        let (claimed, computed) = (format!("{field} {found:#x}"), format!("{field} {fixed:#x} in this profile"));
        faults.push(fault(FaultKind::Field, offset, name, claimed, computed));
    }
}

pub(super) fn fault(
    code: FaultKind,
    offset: u64,
    name: Option<&str>,
    claimed: impl Into<String>,
    computed: impl Into<String>,
) -> Fault {
    Fault { code, offset, name: name.map(str::to_owned), claimed: claimed.into(), computed: computed.into() }
}

pub(super) fn of_entry(
    code: FaultKind,
    entry: &Entry,
    claimed: impl Into<String>,
    computed: impl Into<String>,
) -> Fault {
    fault(code, entry.header_offset, Some(&entry.name), claimed, computed)
}

/// Returns a name as printable ASCII. Distinct names stay distinct up to the longest allowed; longer ones are cut, lest a hostile
/// directory make us keep many times its own length.
pub(super) fn printable(name: &[u8]) -> String {
    match name.split_at_checked(MAX_NAME_BYTES) {
        Some((start, rest)) if !rest.is_empty() => format!("{}... ({} bytes)", start.escape_ascii(), name.len()),
        _ => name.escape_ascii().to_string(),
    }
}

pub(super) fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

fn too_much(found: u64, what: &str, cap: u64) -> Fault {
    fault(FaultKind::SizeCap, 0, None, format!("{found} {what}"), format!("at most {cap}"))
}

fn stop(faults: &mut Faults, last: Fault) -> ReadError {
    faults.push_last(last);
    ReadError::Unlocatable(std::mem::take(faults))
}

/// An end record and the longest comment it can announce.
const END_SEARCH_LEN: usize = END_LEN + 0xFFFF;

/// 200 bytes of name, and 64 for the extra fields that other tools write, so that their archives can still be named.
const MAX_BYTES_PER_NAME: u64 = 264;
