//! Heads that the reader was given: the ledger must go through each of them (FORMAT §20.5).
//!
//! The writer of a ledger can always write another. What they cannot do is take back a digest or a checkpoint that
//! somebody else holds.

use std::collections::{BTreeMap, BTreeSet};

use super::named;
use crate::crypto::digest::EventDigest;
use crate::crypto::merkle::RootHash;
use crate::crypto::signature::Fingerprint;
use crate::custody::Replay;
use crate::format::checkpoint::Checkpoint;
use crate::format::ledger::SignedEvent;
use crate::verify::finding::{Code, Findings, Step};

/// What somebody kept of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedHead {
    /// A signed checkpoint, with the place where findings name it.
    Checkpoint(String, Checkpoint),
    /// The digest of a line.
    Digest(EventDigest),
}

/// The expected heads, held against the lines as they pass.
pub(super) struct Heads<'a> {
    expected: Vec<(&'a ExpectedHead, Seen)>,
    /// The checkpoints that a key of the ledger has signed. Each key is tried once.
    signed: BTreeSet<usize>,
    tried: BTreeSet<Fingerprint>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// The line has passed, and is the one.
    Agrees,
    /// The line has passed, and leads to another root.
    Differs(RootHash),
    NotYet,
}

impl<'a> Heads<'a> {
    pub(super) fn new(expected: &'a [ExpectedHead]) -> Self {
        let expected = expected.iter().map(|head| (head, Seen::NotYet)).collect();
        Self { expected, signed: BTreeSet::new(), tried: BTreeSet::new() }
    }

    /// Tries the key of a signed event on the checkpoints.
    pub(super) fn know(&mut self, signed: &SignedEvent) {
        let Ok(key) = &signed.public_key else { return };
        if self.expected.is_empty() || !self.tried.insert(signed.event.key) {
            return;
        }
        for (index, (head, _)) in self.expected.iter().enumerate() {
            if let ExpectedHead::Checkpoint(_, checkpoint) = head
                && checkpoint.is_signed_by(key)
            {
                self.signed.insert(index);
            }
        }
    }

    /// Takes the digest of the line that has just passed.
    pub(super) fn pass(&mut self, digest: EventDigest, replay: &Replay) {
        for (head, seen) in &mut self.expected {
            match head {
                ExpectedHead::Digest(expected) if *expected == digest => *seen = Seen::Agrees,
                ExpectedHead::Checkpoint(_, checkpoint) if checkpoint.size == replay.line_count() => {
                    let root = replay.root();
                    *seen = if root == checkpoint.root { Seen::Agrees } else { Seen::Differs(root) };
                }
                _ => {}
            }
        }
    }

    /// Says what was not met.
    pub(super) fn finish(self, replay: &Replay, findings: &mut Findings, not_checked: &mut BTreeMap<Step, String>) {
        if self.expected.is_empty() {
            not_checked.entry(Step::LedgerHead).or_insert_with(|| "no head was expected".to_owned());
        }
        let line_count = replay.line_count();
        for (index, (head, seen)) in self.expected.iter().enumerate() {
            match head {
                ExpectedHead::Digest(digest) if *seen == Seen::NotYet => {
                    let computed = format!("none of {line_count} lines has it");
                    findings.say(Code::LedgerHeadUnknown, "", named(*digest), computed);
                }
                ExpectedHead::Digest(_) => {}
                ExpectedHead::Checkpoint(place, checkpoint) => {
                    if replay.name() != Some(checkpoint.ledger) {
                        let computed = replay.name().map_or_else(|| "no ledger".to_owned(), |name| name.to_string());
                        findings.say(Code::LedgerHeadUnknown, place, checkpoint.ledger.to_string(), computed);
                        continue;
                    }
                    match seen {
                        Seen::Agrees => {}
                        Seen::NotYet => {
                            let claimed = format!("{} lines", checkpoint.size);
                            findings.say(Code::LedgerCut, place, claimed, format!("{line_count} lines"));
                        }
                        Seen::Differs(root) => {
                            let claimed = format!("root {} over {} lines", checkpoint.root, checkpoint.size);
                            findings.say(Code::LedgerForked, place, claimed, format!("root {root}"));
                        }
                    }
                    if !self.signed.contains(&index) {
                        let claimed = "no known signature";
                        let computed = "a signature of a key that has signed in the ledger";
                        findings.say(Code::LedgerCheckpointUnsigned, place, claimed, computed);
                    }
                }
            }
        }
    }
}
