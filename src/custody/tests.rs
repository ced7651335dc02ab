//! The rules of FORMAT §20.3, one by one: each is broken once, and the ledger around it is good.

use super::replay::Revoked;
use super::{Breach, Draft, Replay, Rule};
use crate::crypto::digest::{FileDigest, SealDigest};
use crate::crypto::merkle::{leaf_hash, root};
use crate::crypto::signature::{NotSigned, PublicKey, Signature, Signer};
use crate::format::event::{
    Act, Actor, ActorRole, Countersignature, Event, Opening, PackageName, Receipt, Recipient, Remark, Revocation,
    Sealing, Transfer,
};
use crate::format::ledger::SignedEvent;

struct Key(ed25519_dalek::SigningKey);

impl Signer for Key {
    fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().as_bytes()).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        Ok(Signature::from(ed25519_dalek::Signer::sign(&self.0, message).to_bytes()))
    }
}

fn key(byte: u8) -> Key {
    Key(ed25519_dalek::SigningKey::from_bytes(&[byte; 32]))
}

fn package(number: u8) -> PackageName {
    PackageName {
        package: format!("ACME_20261122T060400Z-0000000{number}").parse().unwrap(),
        seal_sha256: SealDigest([number; 32]),
        archive_sha256: FileDigest([number; 32]),
        byte_len: 100,
    }
}

fn remark() -> Remark {
    Remark { text: "in the safe".parse().unwrap() }
}

fn sealing() -> Act {
    Act::Sealed(Sealing {
        acquisition: "20261122T060400Z-00000001".parse().unwrap(),
        created: "2026-11-22T06:00:00.000Z".parse().unwrap(),
        signer: key(1).public_key().fingerprint(),
    })
}

fn transfer(to_key: Option<u8>) -> Act {
    let key = to_key.map(|byte| key(byte).public_key().fingerprint());
    Act::Transferred(Transfer {
        to: Recipient { name: "J. Doe".parse().unwrap(), organisation: None, key },
        text: None,
    })
}

fn revocation(of: u8, since: &str) -> Act {
    let key = key(of).public_key().fingerprint();
    Act::KeyRevoked(Revocation { key, since: since.parse().unwrap(), reason: "lost".parse().unwrap() })
}

/// A ledger under way, and its lines.
#[derive(Default)]
struct Ledger {
    replay: Replay,
    lines: Vec<Vec<u8>>,
}

impl Ledger {
    fn opened() -> Self {
        let mut ledger = Self::default();
        ledger.add(1, Act::Opened(Opening { title: None, organisation: None, authority: None }), &[]).unwrap();
        ledger
    }

    fn sealed() -> Self {
        let mut ledger = Self::opened();
        ledger.add(1, sealing(), &[package(1)]).unwrap();
        ledger
    }

    fn draft(by: u8, act: Act, packages: &[PackageName]) -> Draft {
        let role = if matches!(act, Act::Countersigned(_)) { ActorRole::Witness } else { ActorRole::Operator };
        Draft {
            actor: Actor { name: "R. Roe".parse().unwrap(), role, organisation: None },
            packages: packages.to_vec(),
            act,
            key: key(by).public_key().fingerprint(),
            time: "2026-11-22T07:00:00.000Z".parse().unwrap(),
        }
    }

    fn add(&mut self, by: u8, act: Act, packages: &[PackageName]) -> Result<u64, Breach> {
        let event = Self::draft(by, act, packages).follow(&self.replay, &"ACME".parse().unwrap())?;
        assert_eq!(self.force(by, &event), []);
        Ok(event.sequence)
    }

    /// Takes an event whatever it breaks.
    fn force(&mut self, by: u8, event: &Event) -> Vec<Breach> {
        let line = SignedEvent::sign(event, &key(by)).unwrap();
        let breaches = self.replay.follow(&SignedEvent::decode(&line).unwrap(), &line);
        self.lines.push(line);
        breaches
    }

    fn receipt(&self, of: u64) -> Act {
        let line = &self.lines[usize::try_from(of).unwrap() - 1];
        let transfer_sha256 = SignedEvent::decode(line).unwrap().digest;
        Act::Received(Receipt { transfer: of, transfer_sha256, text: None })
    }

    #[track_caller]
    fn refuses(&mut self, rule: Rule, by: u8, act: Act, packages: &[PackageName]) {
        assert_eq!(self.add(by, act, packages).map_err(|breach| breach.rule), Err(rule));
    }

    /// The rules that the next event breaks when one member of it is changed.
    fn broken(&self, change: impl FnOnce(&mut Event)) -> Vec<Rule> {
        let draft = Self::draft(1, Act::Noted(remark()), &[]);
        let mut event = draft.follow(&self.replay, &"ACME".parse().unwrap()).unwrap();
        change(&mut event);
        self.replay.breaches(&event).into_iter().map(|breach| breach.rule).collect()
    }
}

#[test]
fn a_ledger_is_a_chain_of_numbered_lines() {
    let ledger = Ledger::sealed();
    assert_eq!(ledger.broken(|_| ()), []);
    assert_eq!(ledger.broken(|event| event.sequence = 4), [Rule::Sequence]);
    assert_eq!(ledger.broken(|event| event.previous = None), [Rule::Chain]);
    assert_eq!(ledger.broken(|event| event.ledger = None), [Rule::Chain]);
    assert_eq!(ledger.broken(|event| event.matter = "OTHER".parse().unwrap()), [Rule::Matter]);
    assert_eq!(ledger.replay.line_count(), 2);
    assert_eq!(ledger.replay.root(), root(ledger.lines.iter().map(|line| leaf_hash(line))));
}

#[test]
fn time_may_lag_by_the_tolerance_and_no_more() {
    let ledger = Ledger::sealed();
    assert_eq!(ledger.broken(|event| event.time = "2026-11-22T06:55:00.000Z".parse().unwrap()), []);
    assert_eq!(ledger.broken(|event| event.time = "2026-11-22T06:54:59.999Z".parse().unwrap()), [Rule::Time]);
    let mut draft = Ledger::draft(1, Act::Noted(remark()), &[]);
    draft.time = "2026-11-22T06:58:00.000Z".parse().unwrap();
    let event = draft.follow(&ledger.replay, &"ACME".parse().unwrap()).unwrap();
    assert_eq!(Some(event.time), ledger.replay.latest());
}

#[test]
fn a_ledger_is_opened_once_and_first() {
    let open = || Act::Opened(Opening { title: None, organisation: None, authority: None });
    Ledger::opened().refuses(Rule::Kind, 1, open(), &[]);
    Ledger::default().refuses(Rule::Kind, 1, Act::Noted(remark()), &[]);
}

#[test]
fn a_package_keeps_its_digests() {
    let mut ledger = Ledger::sealed();
    let mut other = package(1);
    other.archive_sha256 = FileDigest([9; 32]);
    ledger.refuses(Rule::Package, 1, Act::Stored(remark()), &[other]);
    ledger.refuses(Rule::Kind, 1, sealing(), &[package(1)]);
    ledger.refuses(Rule::Kind, 1, Act::Stored(remark()), &[]);
    ledger.refuses(Rule::Kind, 1, Act::Stored(remark()), &[package(1), package(1)]);
    ledger.refuses(Rule::Kind, 1, sealing(), &[package(2), package(3)]);
    assert_eq!(ledger.add(1, Act::Stored(remark()), &[package(1), package(2)]), Ok(3));
    assert_eq!(ledger.replay.names(&package(2)), Some(true));
    assert_eq!(ledger.replay.names(&package(3)), None);
}

#[test]
fn hand_over_takes_two_keys() {
    let mut ledger = Ledger::sealed();
    let number = ledger.add(1, transfer(None), &[package(1)]).unwrap();
    let receipt = ledger.receipt(number);
    ledger.refuses(Rule::Transfer, 1, receipt.clone(), &[package(1)]);
    ledger.refuses(Rule::Transfer, 2, receipt.clone(), &[package(2)]);
    let wrong = Act::Received(Receipt {
        transfer: number,
        transfer_sha256: crate::crypto::digest::EventDigest([1; 32]),
        text: None,
    });
    ledger.refuses(Rule::Transfer, 2, wrong, &[package(1)]);
    assert_eq!(ledger.replay.open_transfers().collect::<Vec<_>>(), [number]);
    assert_eq!(ledger.add(2, receipt.clone(), &[package(1)]), Ok(4));
    assert_eq!(ledger.replay.open_transfers().count(), 0);
    ledger.refuses(Rule::Transfer, 2, receipt, &[package(1)]);
}

#[test]
fn a_transfer_to_a_key_is_received_by_that_key() {
    let mut ledger = Ledger::sealed();
    let number = ledger.add(1, transfer(Some(2)), &[package(1)]).unwrap();
    let receipt = ledger.receipt(number);
    ledger.refuses(Rule::Transfer, 3, receipt.clone(), &[package(1)]);
    assert_eq!(ledger.add(2, receipt, &[package(1)]), Ok(4));
}

#[test]
fn a_forced_receipt_closes_nothing() {
    let mut ledger = Ledger::sealed();
    let number = ledger.add(1, transfer(None), &[package(1)]).unwrap();
    let mut event =
        Ledger::draft(1, Act::Noted(remark()), &[package(1)]).follow(&ledger.replay, &"ACME".parse().unwrap()).unwrap();
    event.act = ledger.receipt(number);
    assert_eq!(ledger.force(1, &event).iter().map(|breach| breach.rule).collect::<Vec<_>>(), [Rule::Transfer]);
    assert_eq!(ledger.replay.open_transfers().collect::<Vec<_>>(), [number]);
}

#[test]
fn what_was_disposed_of_is_only_spoken_of() {
    let mut ledger = Ledger::sealed();
    ledger.add(1, Act::Disposed(remark()), &[package(1)]).unwrap();
    ledger.refuses(Rule::Kind, 1, Act::Copied(remark()), &[package(1)]);
    ledger.refuses(Rule::Kind, 1, transfer(None), &[package(1)]);
    assert_eq!(ledger.add(1, Act::Noted(remark()), &[package(1)]), Ok(4));
    assert_eq!(ledger.replay.disposed(&package(1).package), Some(3));
}

#[test]
fn a_second_person_countersigns() {
    let mut ledger = Ledger::sealed();
    let statement = "I have compared the digests".parse().unwrap();
    let mut draft = Ledger::draft(2, Act::Countersigned(Countersignature { statement }), &[package(1)]);
    draft.actor.role = ActorRole::Operator;
    let refused = draft.clone().follow(&ledger.replay, &"ACME".parse().unwrap());
    assert_eq!(refused.map_err(|breach| breach.rule), Err(Rule::Kind));
    assert_eq!(ledger.add(2, draft.act, &[package(1)]), Ok(3));
}

#[test]
fn a_key_is_revoked_by_itself_or_by_the_opener_and_once() {
    let since = "2026-11-22T06:30:00.000Z";
    let mut ledger = Ledger::sealed();
    ledger.add(2, Act::Noted(remark()), &[]).unwrap();
    ledger.refuses(Rule::Kind, 3, revocation(2, since), &[]);
    ledger.add(1, revocation(2, since), &[]).unwrap();
    ledger.refuses(Rule::Kind, 2, revocation(2, since), &[]);
    ledger.add(3, revocation(3, since), &[]).unwrap();
    ledger.add(2, Act::Noted(remark()), &[]).unwrap();
    let state = |byte: u8| {
        let fingerprint = key(byte).public_key().fingerprint();
        ledger.replay.keys().find(|(key, _)| *key == fingerprint).unwrap().1.clone()
    };
    let expected = Revoked { sequence: 4, since: since.parse().unwrap(), used_after: Some(6) };
    assert_eq!(state(2).revoked, Some(expected));
    assert_eq!(state(3).latest, None);
}
