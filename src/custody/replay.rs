//! A ledger so far: what its events have led to.
//!
//! Packages, keys and transfers are remembered by digests of fixed length and up to the limits of FORMAT §20.8.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::breach::Breach;
use super::{limits, rules};
use crate::crypto::digest::{EventDigest, LedgerName, WideDigest};
use crate::crypto::merkle::{RootHash, Tree, leaf_hash};
use crate::crypto::signature::Fingerprint;
use crate::format::event::{Act, Event, PackageName};
use crate::format::identifier::{MatterId, PackageId};
use crate::format::ledger::SignedEvent;
use crate::time::LocalTime;

/// The last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number, or where it stands if it has a wrong one.
    pub sequence: u64,
    /// Its digest.
    pub digest: EventDigest,
}

/// What is known after so many lines.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    pub(super) opening: Option<Opening>,
    pub(super) head: Option<Head>,
    pub(super) latest: Option<LocalTime>,
    pub(super) packages: BTreeMap<Short, PackageState>,
    pub(super) transfers: BTreeMap<u64, OpenTransfer>,
    pub(super) keys: BTreeMap<Fingerprint, KeyState>,
    tree: Tree,
}

/// What the first line fixes.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) name: LedgerName,
    pub(super) matter: MatterId,
    pub(super) key: Fingerprint,
}

/// A digest in place of a text of any length.
pub(super) type Short = [u8; 32];

/// What is remembered of a package.
#[derive(Clone, Debug)]
pub(super) struct PackageState {
    /// Of everything its [`PackageName`] says.
    pub(super) name: Short,
    pub(super) is_sealed: bool,
    /// Whether an event has named it that says more of it than a remark does.
    pub(super) is_handled: bool,
    pub(super) disposed: Option<u64>,
    pub(super) renewed: Option<Renewed>,
}

/// What the renewals of a package so far leave for the next one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Renewed {
    pub(super) count: u32,
    /// Of the digests that the next one's text has to hold, in their order.
    pub(super) over: Short,
}

/// A transfer that was not received yet.
#[derive(Clone, Debug)]
pub(super) struct OpenTransfer {
    pub(super) line: EventDigest,
    pub(super) packages: [u8; 32],
    pub(super) giver: Fingerprint,
    pub(super) to_key: Option<Fingerprint>,
}

/// What a key has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// How many events it signed.
    pub events: u64,
    /// The first of them.
    pub first: u64,
    /// The latest time that one of its events says, its own revocation aside.
    pub latest: Option<(u64, LocalTime)>,
    /// When it was revoked.
    pub revoked: Option<Revoked>,
}

/// A revocation that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The event that says so.
    pub sequence: u64,
    /// From when on the key is not to be trusted.
    pub since: LocalTime,
    /// The first event that the key signed behind its revocation.
    pub used_after: Option<u64>,
}

impl Replay {
    /// Begins before the first line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next line, whatever it breaks, and says what that is. `line` is without its line feed.
    pub fn follow(&mut self, signed: &SignedEvent, line: &[u8]) -> Vec<Breach> {
        let mut breaches = self.breaches(&signed.event);
        self.take(signed, &mut breaches);
        self.pass(signed.digest, line);
        breaches
    }

    /// Takes a line that is no event: it counts as a line, and the next has to name it.
    pub fn skip(&mut self, line: &[u8]) {
        self.pass(EventDigest::of(line), line);
    }

    /// Says what an event would break if it stood next.
    #[must_use]
    pub fn breaches(&self, event: &Event) -> Vec<Breach> {
        rules::breaches(self, event)
    }

    /// Returns the last line.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        self.head
    }

    /// Returns the root over all lines so far.
    #[must_use]
    pub fn root(&self) -> RootHash {
        self.tree.root()
    }

    /// Returns the number of lines so far.
    #[must_use]
    pub fn line_count(&self) -> u64 {
        self.tree.leaf_count()
    }

    /// Returns the latest time that an event says.
    #[must_use]
    pub fn latest(&self) -> Option<LocalTime> {
        self.latest
    }

    /// Returns the matter of the first event.
    #[must_use]
    pub fn matter(&self) -> Option<&MatterId> {
        self.opening.as_ref().map(|opening| &opening.matter)
    }

    /// Returns the ledger's name: the digest of its first line.
    #[must_use]
    pub fn name(&self) -> Option<LedgerName> {
        self.opening.as_ref().map(|opening| opening.name)
    }

    /// Returns the key that signed the first event.
    #[must_use]
    pub fn opener(&self) -> Option<Fingerprint> {
        self.opening.as_ref().map(|opening| opening.key)
    }

    /// Returns the keys that signed events or were revoked, and what they did.
    pub fn keys(&self) -> impl Iterator<Item = (Fingerprint, &KeyState)> {
        self.keys.iter().map(|(key, state)| (*key, state))
    }

    /// Returns the sequences of the transfers that nobody has received, in order.
    pub fn open_transfers(&self) -> impl Iterator<Item = u64> {
        self.transfers.keys().copied()
    }

    /// Says whether an event has named that package.
    #[must_use]
    pub fn knows(&self, package: &PackageId) -> bool {
        self.packages.contains_key(&short(package.as_str().as_bytes()))
    }

    /// Says whether an event has named exactly that package; `None` when none has named one of that identifier.
    #[must_use]
    pub fn names(&self, package: &PackageName) -> Option<bool> {
        self.package(package).map(|state| state.name == short_name(package))
    }

    /// Says whether a package has its `sealed` event, or was brought into the ledger by another, behind which none may stand.
    #[must_use]
    pub fn is_on_record(&self, package: &PackageId) -> bool {
        self.packages.get(&short(package.as_str().as_bytes())).is_some_and(|state| state.is_handled)
    }

    /// Returns the event that says that a package was disposed of.
    #[must_use]
    pub fn disposed(&self, package: &PackageId) -> Option<u64> {
        self.packages.get(&short(package.as_str().as_bytes())).and_then(|state| state.disposed)
    }

    /// Says whether `time` may stand behind `earlier` (FORMAT §20.2).
    #[must_use]
    pub fn tolerates(time: LocalTime, earlier: LocalTime) -> bool {
        earlier.nanos().saturating_sub(time.nanos()) <= limits::CLOCK_TOLERANCE_NANOS
    }

    pub(super) fn package(&self, package: &PackageName) -> Option<&PackageState> {
        self.packages.get(&short(package.package.as_str().as_bytes()))
    }

    fn pass(&mut self, digest: EventDigest, line: &[u8]) {
        self.tree.push(leaf_hash(line));
        self.head = Some(Head { sequence: self.tree.leaf_count(), digest });
    }

    /// Takes over what the event says. What breaks a rule leads to nothing, but for the packages and keys that it names.
    fn take(&mut self, signed: &SignedEvent, breaches: &mut Vec<Breach>) {
        let event = &signed.event;
        let sequence = self.line_count().saturating_add(1);
        if self.opening.is_none() && sequence == 1 {
            self.opening = Some(Opening { name: signed.ledger_name(), matter: event.matter.clone(), key: event.key });
        }
        self.latest = self.latest.max(Some(event.time));
        self.take_packages(event, breaches);
        self.take_key(event, sequence, breaches);
        if !matches!(event.act, Act::Noted(_)) {
            self.each_package(event, |state| state.is_handled = true);
        }
        let keeps = |member: &str| !breaches.iter().any(|breach| breach.member == member);
        match &event.act {
            Act::Sealed(_) => self.each_package(event, |state| state.is_sealed = true),
            Act::Disposed(_) => self.each_package(event, |state| {
                state.disposed.get_or_insert(sequence);
            }),
            Act::Transferred(transfer) => {
                if self.transfers.len() < limits::OPEN_TRANSFERS {
                    let open = OpenTransfer {
                        line: signed.digest,
                        packages: digest_of_packages(&event.packages),
                        giver: event.key,
                        to_key: transfer.to.key,
                    };
                    self.transfers.insert(sequence, open);
                } else {
                    breaches.push(rules::limit("packages", "one more open transfer", limits::OPEN_TRANSFERS));
                }
            }
            Act::Renewed(renewal) if keeps(rules::TOKENS) && keeps(rules::OVER) => {
                let tokens = renewal.responses().unwrap_or_default();
                let digests = renewal.over.iter().copied().chain(tokens.iter().map(|token| WideDigest::of(token)));
                let over = digest_of_digests(digests);
                self.each_package(event, |state| {
                    let count = state.renewed.map_or(0, |renewed| renewed.count).saturating_add(1);
                    state.renewed = Some(Renewed { count, over });
                });
            }
            Act::Received(receipt) if keeps(rules::TRANSFER) => {
                self.transfers.remove(&receipt.transfer);
            }
            Act::KeyRevoked(revocation) if keeps(rules::REVOKED_KEY) => {
                let new = KeyState { events: 0, first: sequence, latest: None, revoked: None };
                let state = self.keys.entry(revocation.key).or_insert(new);
                state.revoked = Some(Revoked { sequence, since: revocation.since, used_after: None });
            }
            _ => {}
        }
    }

    fn take_packages(&mut self, event: &Event, breaches: &mut Vec<Breach>) {
        for package in &event.packages {
            let id = short(package.package.as_str().as_bytes());
            if self.packages.contains_key(&id) {
                continue;
            }
            if self.packages.len() >= limits::PACKAGES {
                breaches.push(rules::limit("packages", "one more package", limits::PACKAGES));
                return;
            }
            let state = PackageState {
                name: short_name(package),
                is_sealed: false,
                is_handled: false,
                disposed: None,
                renewed: None,
            };
            self.packages.insert(id, state);
        }
    }

    fn take_key(&mut self, event: &Event, sequence: u64, breaches: &mut Vec<Breach>) {
        let is_known = self.keys.contains_key(&event.key);
        if !is_known && self.keys.len() >= limits::KEYS {
            breaches.push(rules::limit("key", "one more key", limits::KEYS));
            return;
        }
        let new = KeyState { events: 0, first: sequence, latest: None, revoked: None };
        let state = self.keys.entry(event.key).or_insert(new);
        state.events = state.events.saturating_add(1);
        if let Some(revoked) = &mut state.revoked {
            revoked.used_after.get_or_insert(sequence);
        }
        let revokes_itself = matches!(&event.act, Act::KeyRevoked(revocation) if revocation.key == event.key);
        if !revokes_itself && state.latest.is_none_or(|(_, latest)| event.time >= latest) {
            state.latest = Some((sequence, event.time));
        }
    }

    fn each_package(&mut self, event: &Event, mut change: impl FnMut(&mut PackageState)) {
        for package in &event.packages {
            if let Some(state) = self.packages.get_mut(&short(package.package.as_str().as_bytes())) {
                change(state);
            }
        }
    }
}

/// Returns the digest of a list of packages, by which a receipt is held against its transfer.
pub(super) fn digest_of_packages(packages: &[PackageName]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for package in packages {
        hasher.update(short_name(package));
    }
    hasher.finalize().into()
}

/// Digests everything that names a package. Its identifier has no line feed, the digests have one length.
pub(super) fn short_name(package: &PackageName) -> Short {
    let PackageName { package, seal_sha256, archive_sha256, byte_len } = package;
    short(format!("{package}\n{seal_sha256}\n{archive_sha256}\n{byte_len}").as_bytes())
}

/// Returns the digest of a list of digests, by which a renewal is held against those before it.
pub(super) fn digest_of_digests(digests: impl IntoIterator<Item = WideDigest>) -> Short {
    let mut hasher = Sha256::new();
    for digest in digests {
        hasher.update(digest.0);
    }
    hasher.finalize().into()
}

fn short(bytes: &[u8]) -> Short {
    Sha256::digest(bytes).into()
}
