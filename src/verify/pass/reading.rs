//! Going over the archive: each entry is kept here, handed to the workers, or only hashed.

use std::io::{Read, Seek};

use sha2::{Digest as _, Sha256};

use crate::codec::zip::{RawEntry, Reader};
use crate::crypto::digest::{ArchiveDigest, FileDigest, Hasher};
use crate::format::path::SEAL;
use crate::verify::budget;
use crate::verify::checks::container::{Part, Role, check_paths};
use crate::verify::finding::Code;
use crate::verify::package::VerifyError;
use crate::verify::pass::faults::{take_all_faults, take_faults};
use crate::verify::pass::{Before, EntrySeen, Pass, is_listed};
use crate::verify::workers::{Crew, Group, RawFile, Work};

impl Pass {
    /// Takes over what the central directory lists.
    pub(super) fn take_directory<R: Read + Seek>(&mut self, reader: &Reader<R>) {
        reader.top().clone_into(&mut self.top);
        let prefix = format!("{}/", self.top);
        let entries = reader.entries().iter().map(|entry| {
            let path = entry.name.strip_prefix(&prefix).unwrap_or(&entry.name).to_owned();
            EntrySeen {
                role: Role::of(&path),
                path,
                digest: None,
                byte_len: entry.uncompressed_len.into(),
                header_offset: entry.header_offset,
            }
        });
        self.entries = entries.collect();
        check_paths(self.entries.iter().map(|entry| entry.path.as_str()), &mut self.findings);
    }

    /// Goes over the whole archive; returns length and digest of what stands before the seal.
    pub(super) fn read<R: Read + Seek>(
        &mut self,
        mut reader: Reader<R>,
        mut crew: Crew,
        progress: Option<&dyn Fn(u64)>,
    ) -> Result<Before, VerifyError> {
        let seal_name = format!("{}/{SEAL}", self.top);
        let mut hasher = Hasher::default();
        let mut whole = self.whole.take();
        let mut read_len: u64 = 0;
        let mut before = None;
        let mut index: usize = 0;
        let mut pending: Option<(Group, bool)> = None;
        let mut stop = None;
        loop {
            if before.is_none() && reader.upcoming().is_some_and(|entry| entry.name == seal_name) {
                before = Some((read_len, ArchiveDigest::from_bytes(hasher.clone().finish())));
            }
            if let Some(entry) = reader.upcoming() {
                crew.make_room(entry.byte_len(), |done| self.absorb(done))?;
            }
            let next = reader.next_entry(&mut |bytes| {
                read_len = read_len.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                hasher.update(bytes);
                if let Some(whole) = &mut whole {
                    whole.update(bytes);
                }
            });
            let raw = match next {
                None => break,
                Some(Ok(raw)) => raw,
                Some(Err(error)) => {
                    stop = Some(error);
                    break;
                }
            };
            while self.entries.get(index).is_some_and(|entry| entry.header_offset < raw.entry.header_offset) {
                index = index.saturating_add(1);
            }
            self.take_entry(index, raw, &mut pending, &mut crew)?;
            if let Some(progress) = progress {
                progress(read_len);
            }
        }
        self.flush(&mut pending, &mut crew)?;
        crew.finish(|done| self.absorb(done))?;
        let finished = match stop {
            Some(error) => Err(error),
            None => reader.finish(&mut |bytes| {
                hasher.update(bytes);
                if let Some(whole) = &mut whole {
                    whole.update(bytes);
                }
            }),
        };
        self.whole = whole;
        match finished {
            Ok(faults) => {
                self.archive_sha256 = Some(FileDigest::from_bytes(hasher.finish()));
                take_all_faults(&faults, &self.top, &mut self.findings);
            }
            Err(error) => self.take_stop(error)?,
        }
        Ok(before)
    }

    /// Sorts one entry: kept here, handed to the workers, or only hashed.
    fn take_entry(
        &mut self,
        index: usize,
        raw: RawEntry,
        pending: &mut Option<(Group, bool)>,
        crew: &mut Crew,
    ) -> Result<(), VerifyError> {
        let Some(entry) = self.entries.get(index) else { return Ok(()) };
        let (role, path, byte_len) = (entry.role, entry.path.clone(), u64::from(raw.entry.uncompressed_len));
        // More time stamps than a package may have are a finding already; they are not kept as well.
        let role = role.filter(|role| !matches!(role, Role::GenesisTimestamp(number) | Role::SealTimestamp(number) if *number > budget::TIMESTAMPS));
        let limit = role.map_or(budget::OTHER_BYTES, Role::byte_limit);
        let mut file = RawFile { index, raw: Some(raw) };
        if byte_len > limit {
            self.findings.say(Code::ZipSizeCap, &path, byte_len.to_string(), format!("at most {limit}"));
            file.raw = None;
        }
        match role {
            Some(Role::Page(number, part)) if !self.quick => {
                self.put(number, part, false, (&path, file), pending, crew)?;
            }
            Some(Role::Failure(number, part)) if !self.quick => {
                self.put(number, part, true, (&path, file), pending, crew)?;
            }
            Some(Role::Page(number, Part::Record)) if self.keeps_leaves => {
                self.begin();
                crew.submit(Work::Record(number, file), |done| self.absorb(done))?;
            }
            Some(Role::Page(..) | Role::Failure(..) | Role::RunLog | Role::Readme) | None => {
                self.flush(pending, crew)?;
                if !self.quick {
                    crew.submit(Work::Hash(file), |done| self.absorb(done))?;
                }
            }
            Some(role) => {
                self.flush(pending, crew)?;
                self.keep(role, file);
            }
        }
        Ok(())
    }

    /// Adds a file to the page or failure under way, or begins the next.
    fn put(
        &mut self,
        number: u64,
        part: Part,
        is_failure: bool,
        (path, file): (&str, RawFile),
        pending: &mut Option<(Group, bool)>,
        crew: &mut Crew,
    ) -> Result<(), VerifyError> {
        let belongs =
            |(group, failure): &(Group, bool)| group.number == number && *failure == is_failure && !group.has(part);
        if !pending.as_ref().is_some_and(belongs) {
            self.flush(pending, crew)?;
        }
        let (group, _) = pending.get_or_insert_with(|| (Group::new(number), is_failure));
        group.put(part, path, file);
        if group.is_whole() { self.flush(pending, crew) } else { Ok(()) }
    }

    /// Hands in the page or failure under way.
    fn flush(&mut self, pending: &mut Option<(Group, bool)>, crew: &mut Crew) -> Result<(), VerifyError> {
        if let Some((group, is_failure)) = pending.take() {
            self.begin();
            let key = self.frame.keys.signer;
            if !is_failure && self.has_too_many_elements {
                return Ok(());
            }
            let work = if is_failure { Work::Failure(group, key) } else { Work::Page(group, key) };
            crew.submit(work, |done| self.absorb(done))?;
        }
        Ok(())
    }

    /// Opens a file here and keeps as much of it as can be right.
    fn keep(&mut self, role: Role, file: RawFile) {
        let Some(raw) = file.raw else { return };
        // No digest covers the seal's own entries: where deflate leaves bits free, they have to be zero.
        if role.is_seal()
            && let Err(fault) = raw.check_free_bits()
        {
            take_faults(&[fault], &self.top, &mut self.findings);
        }
        match raw.inflate() {
            Ok(mut bytes) => {
                if let Some(entry) = self.entries.get_mut(file.index) {
                    entry.digest = Some(Sha256::digest(&bytes).into());
                }
                bytes.truncate(role.kept_len());
                self.frame.kept.entry(role).or_insert(bytes);
            }
            Err(fault) => take_faults(&[fault], &self.top, &mut self.findings),
        }
    }

    /// Reads key and genesis, before the first page needs them.
    pub(super) fn begin(&mut self) {
        let entries = &self.entries;
        self.frame.begin(|path| is_listed(entries, path), &mut self.findings);
    }
}
