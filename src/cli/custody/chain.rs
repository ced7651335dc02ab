//! A ledger that is open for adding: read from its first line to its last, checked, locked.
//!
//! Nothing is added to a ledger that is not in order, so that nobody signs a continuation of what is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::cli::error::{CliError, with_causes};
use crate::cli::out;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::crypto::digest::{EventDigest, WideDigest};
use crate::crypto::signature::Signer;
use crate::crypto::timestamp::parse_response;
use crate::custody::lines::{Line, Lines};
use crate::custody::{Draft, Replay};
use crate::format::event::{Act, Actor, PackageName, Renewal};
use crate::format::identifier::{AcquisitionId, MatterId, PackageId};
use crate::format::ledger::{MAX_LINE_BYTE_LEN, SignedEvent};
use crate::store::FolderError;
use crate::store::durable;
use crate::store::ledger::LedgerFile;
use crate::store::lock::MatterLock;
use crate::store::matter::MatterFolder;

/// Where a ledger is.
pub(super) enum Target {
    /// In a matter folder, with a key and an operator.
    Matter(Box<MatterFolder>),
    /// In a file by itself, as it travels with a package.
    File(PathBuf),
}

/// A ledger, read and locked.
pub(in crate::cli) struct Chain {
    file: LedgerFile,
    matter: Option<MatterId>,
    replay: Replay,
    /// Every package that an event names.
    packages: BTreeMap<PackageId, PackageName>,
    /// Acquisitions that have a `collected` event.
    collected: BTreeSet<AcquisitionId>,
    /// Transfers by sequence: the digest of the line, and what was handed over.
    transfers: BTreeMap<u64, (EventDigest, Vec<PackageName>)>,
    renewals: BTreeMap<PackageId, Renewals>,
    _lock: Option<MatterLock>,
}

/// What was renewed of a package so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Renewals {
    /// SHA-512 of every token, in order.
    pub(super) digests: Vec<WideDigest>,
    /// When the certificates that came with the latest tokens end, as far as those say; of several tokens the last end.
    pub(super) until: Option<DateTime<Utc>>,
}

/// An event under its number.
pub(super) struct Written {
    pub(super) sequence: u64,
    pub(super) kind: &'static str,
    pub(super) digest: EventDigest,
    pub(super) line: Vec<u8>,
}

impl Target {
    pub(super) fn find(path: &Path) -> Result<Self, CliError> {
        if path.is_file() {
            return Ok(Self::File(path.to_owned()));
        }
        Ok(Self::Matter(Box::new(MatterFolder::open(path)?)))
    }

    pub(super) fn ledger_path(&self) -> PathBuf {
        match self {
            Self::Matter(matter) => matter.ledger_path(),
            Self::File(path) => path.clone(),
        }
    }

    /// Opens the ledger for adding to it.
    pub(super) fn open(&self) -> Result<Chain, CliError> {
        match self {
            Self::Matter(matter) => Chain::of_matter(matter, Some(MatterLock::take(matter.root())?)),
            Self::File(path) => Chain::read(path, None, None),
        }
    }
}

impl Chain {
    /// Opens the ledger of a matter whose lock is `lock`, or is held elsewhere.
    pub(in crate::cli) fn of_matter(matter: &MatterFolder, lock: Option<MatterLock>) -> Result<Self, CliError> {
        Self::read(&matter.ledger_path(), Some(matter.settings().matter.clone()), lock)
    }

    fn read(path: &Path, matter: Option<MatterId>, lock: Option<MatterLock>) -> Result<Self, CliError> {
        let mut file = LedgerFile::open(path).map_err(|error| not_opened(path, error))?;
        if let Some(beside) = file.set_aside_torn_line()? {
            out::talk(&format!(
                "warning: the last line of `{}` was cut short, as by a crash; it is no event, and was set aside in `{}`",
                path.display(),
                beside.display()
            ));
        }
        let mut replay = Replay::new();
        let (mut packages, mut collected, mut transfers) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let mut renewals: BTreeMap<PackageId, Renewals> = BTreeMap::new();
        let mut lines = Lines::new(file.read()?, MAX_LINE_BYTE_LEN as u64);
        while let Some(line) =
            lines.next_line().map_err(|error| CliError::from(FolderError::io("read", path)(error)))?
        {
            let number = replay.line_count() + 1;
            let Line::Whole(bytes) = line else { return Err(out_of_order(path, number, "is too long")) };
            let signed =
                SignedEvent::decode(bytes).map_err(|error| out_of_order(path, number, &format!("is {error}")))?;
            if !signed.is_signed(bytes) {
                return Err(out_of_order(path, number, "is not signed by the key that it names"));
            }
            if let Some(breach) = replay.follow(&signed, bytes).first() {
                return Err(out_of_order(path, number, &format!("breaks a rule: {breach}")));
            }
            let event = signed.event;
            match &event.act {
                Act::Collected(collection) => drop(collected.insert(collection.acquisition.clone())),
                Act::Transferred(_) => {
                    drop(transfers.insert(event.sequence, (signed.digest, event.packages.clone())));
                }
                Act::Renewed(renewal) => {
                    for package in &event.packages {
                        renewals.entry(package.package.clone()).or_default().take(renewal);
                    }
                }
                _ => {}
            }
            packages.extend(event.packages.into_iter().map(|name| (name.package.clone(), name)));
        }
        drop(lines);
        if let (Some(own), Some(other)) = (&matter, replay.matter())
            && own != other
        {
            return Err(CliError::request(format!(
                "`{}` is the ledger of matter `{other}`, not of `{own}`",
                path.display()
            ))
            .hint("put back the ledger of this matter"));
        }
        Ok(Self { file, matter, replay, packages, collected, transfers, renewals, _lock: lock })
    }

    /// Signs what was done and adds it, durably.
    pub(super) fn add(
        &mut self,
        actor: Actor,
        packages: Vec<PackageName>,
        act: Act,
        key: &dyn Signer,
    ) -> Result<Written, CliError> {
        let written = self.sign(actor, packages, act, key)?;
        self.append(&written.line)?;
        Ok(written)
    }

    /// Signs what was done and leaves the ledger as it is.
    pub(super) fn sign(
        &self,
        actor: Actor,
        packages: Vec<PackageName>,
        act: Act,
        key: &dyn Signer,
    ) -> Result<Written, CliError> {
        let matter = self.replay.matter().or(self.matter.as_ref()).ok_or_else(|| self.empty())?.clone();
        let kind = act.kind();
        let time = SystemClock::start().now();
        let draft = Draft { actor, packages, act, key: key.public_key().fingerprint(), time };
        let event = draft.follow(&self.replay, &matter).map_err(|breach| {
            CliError::request(format!("the ledger has no place for a `{kind}` event: {breach}"))
                .hint("`signhold custody DIR list` shows what is there; nothing was written")
        })?;
        let line = SignedEvent::sign(&event, key).map_err(|error| CliError::machine(with_causes(&error)))?;
        Ok(Written { sequence: event.sequence, kind, digest: EventDigest::of(&line), line })
    }

    /// Adds a signed line that fits.
    pub(super) fn append(&mut self, line: &[u8]) -> Result<SignedEvent, CliError> {
        let signed = SignedEvent::decode(line).map_err(|error| CliError::request(error.to_string()))?;
        self.file.append(line)?;
        self.replay.follow(&signed, line);
        let event = &signed.event;
        self.packages.extend(event.packages.iter().map(|name| (name.package.clone(), name.clone())));
        match &event.act {
            Act::Collected(collection) => drop(self.collected.insert(collection.acquisition.clone())),
            Act::Renewed(renewal) => {
                for package in &event.packages {
                    self.renewals.entry(package.package.clone()).or_default().take(renewal);
                }
            }
            _ => {}
        }
        Ok(signed)
    }

    pub(super) fn replay(&self) -> &Replay {
        &self.replay
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn package(&self, id: &PackageId) -> Option<&PackageName> {
        self.packages.get(id)
    }

    pub(super) fn is_collected(&self, id: &AcquisitionId) -> bool {
        self.collected.contains(id)
    }

    pub(super) fn transfer(&self, sequence: u64) -> Option<&(EventDigest, Vec<PackageName>)> {
        self.transfers.get(&sequence)
    }

    pub(super) fn renewals(&self, id: &PackageId) -> Renewals {
        self.renewals.get(id).cloned().unwrap_or_default()
    }

    fn empty(&self) -> CliError {
        CliError::request(format!("the ledger `{}` is empty", self.path().display()))
            .hint("name the matter folder: its first event is written by `init`, or by the next `collect`")
    }
}

impl Renewals {
    /// Takes a renewal that fits.
    fn take(&mut self, renewal: &Renewal) {
        let tokens = renewal.responses().unwrap_or_default();
        self.digests.extend(tokens.iter().map(|token| WideDigest::of(token)));
        self.until = tokens.iter().filter_map(|token| parse_response(token).ok()?.certificates_until()).max();
    }
}

impl Written {
    /// Says where the event stands.
    pub(super) fn tell(&self, path: &Path) {
        out::answer(&format!(
            "event {} `{}` is in {}\nhead  {}\n",
            self.sequence,
            self.kind,
            path.display(),
            self.digest
        ));
    }

    /// Puts the event into a new file of its own.
    pub(super) fn write(&self, path: &Path, ledger: &Path) -> Result<(), CliError> {
        durable::write_named(path, &[self.line.as_slice(), b"\n"].concat()).map_err(FolderError::io("write", path))?;
        out::answer(&format!(
            "event {} `{}` is in {}, and not yet in the ledger\nhead  {}\nnext: whoever keeps {} adds it: signhold custody DIR append {}\n",
            self.sequence,
            self.kind,
            path.display(),
            self.digest,
            ledger.display(),
            out::shell(path)
        ));
        Ok(())
    }
}

fn not_opened(path: &Path, error: FolderError) -> CliError {
    match &error {
        FolderError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            CliError::request(format!("there is no ledger `{}`", path.display()))
                .hint("put it back from a copy; a matter whose ledger is gone has no chain of custody")
        }
        _ => error.into(),
    }
}

fn out_of_order(path: &Path, number: u64, what: &str) -> CliError {
    CliError::request(format!("line {number} of the ledger `{}` {what}", path.display())).hint(format!(
        "nothing was added; `signhold verify {}` says all that is wrong; keep the file, and look for a copy",
        out::shell(path)
    ))
}
