//! Who: somebody who would like the chain of custody to say something else. Operators with their own key and the whole file;
//! receivers with a key and a copy; strangers with a copy.
//!
//! Ledgers are written by `support/ledger.rs` from FORMAT §20. Each case says what the reader knows, and what they are told.

use std::collections::BTreeSet;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ed25519_dalek::SigningKey;
use sha2::Sha256;
use signhold::crypto::digest::FileDigest;
use signhold::format::checkpoint::Checkpoint;
use signhold::verify::{Code, ExpectedHead, LedgerReport, Outcome, Presented, Severity, Trust, verify_ledger};

use crate::ledger::{Ledger, Members, fingerprint, package_name, signed};
use crate::package::{Draft, hex_digest, operator_key, other_key};
use crate::timestamp::{stamped, with_root};
use crate::{pinned, report_on};

const REMARK: &str = r#"{"text":"in the safe"}"#;
const STATEMENT: &str = r#"{"statement":"I have compared the digests"}"#;

/// A key of a second person.
fn receiver_key() -> SigningKey {
    SigningKey::from_bytes(&[0x55; 32])
}

/// A reader who knows the operator and the second person.
fn both() -> Trust {
    let mut trust = pinned();
    trust.keys.push(fingerprint(&receiver_key()).parse().unwrap());
    trust
}

/// The good package, verified, and how events name it.
fn presented(archive: &[u8], trust: Trust) -> (Presented, String) {
    let report = report_on(archive, trust);
    let presented = Presented::of(&report, FileDigest::of(archive)).unwrap();
    let (id, seal) = (presented.name.package.to_string(), presented.name.seal_sha256.to_string());
    (presented, package_name(&id, &seal, archive))
}

fn good_package() -> (Presented, String) {
    presented(&Draft::good().build().zip(), pinned())
}

/// Opened, sealed, handed over, received: what each case departs from.
fn good(package: &str) -> Ledger {
    let mut ledger = Ledger::opened(&operator_key());
    ledger.seal(&operator_key(), package);
    ledger.transfer(&operator_key(), package);
    let receipt = ledger.receipt(3);
    ledger.add(&receiver_key(), "received", &receipt, &[package.to_owned()]);
    ledger
}

#[track_caller]
fn expect(bytes: &[u8], presented: &[Presented], trust: &Trust, outcome: Outcome, expected: &[&str]) -> LedgerReport {
    let report = verify_ledger(bytes, presented, trust).expect("memory can always be read");
    let found: BTreeSet<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
    for code in expected {
        assert!(Code::from_text(code).is_some(), "`{code}` is a code");
    }
    assert_eq!(found, expected.iter().copied().collect(), "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome, "{:#?}", report.checks);
    report
}

/// A good ledger of which one event more, changed before it is signed, makes the difference.
#[track_caller]
fn expect_event(kind: &str, details: &str, change: impl FnOnce(&mut Members), expected: &[&str]) {
    let (_, package) = good_package();
    let mut ledger = good(&package);
    ledger.add_with(&operator_key(), kind, details, &[package], change);
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, expected);
}

#[track_caller]
fn severity_of(report: &LedgerReport, code: &str) -> Severity {
    let finding = report.findings.iter().find(|finding| finding.code.as_str() == code);
    finding.unwrap_or_else(|| panic!("{code} in {:#?}", report.findings)).severity
}

/// FORMAT §20: what everybody did as they should is accepted, with its package and alone.
#[test]
fn a_good_ledger_is_valid_with_its_package_and_without() {
    let (presented, package) = good_package();
    let bytes = good(&package).bytes();
    let report = expect(&bytes, &[presented], &both(), Outcome::Valid, &[]);
    assert_eq!(report.facts.line_count, 4);
    assert_eq!(report.facts.packages[0].event_count, 3);
    expect(&bytes, &[], &both(), Outcome::Valid, &[]);
}

/// FORMAT §20.1: a stranger with a copy changes any byte at all.
#[test]
fn no_byte_of_a_ledger_can_be_changed() {
    let (_, package) = good_package();
    let mut ledger = Ledger::opened(&operator_key());
    ledger.seal(&operator_key(), &package);
    let bytes = ledger.bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let report = verify_ledger(altered.as_slice(), &[], &both()).unwrap();
        assert_eq!(report.outcome, Outcome::Invalid, "byte {place}");
    }
}

/// FORMAT §20.1: an edited event, as a stranger without a key leaves it.
#[test]
fn an_edited_line_is_not_signed() {
    let (_, package) = good_package();
    let mut ledger = good(&package);
    let text = String::from_utf8(ledger.lines[2].clone()).unwrap();
    ledger.lines[2] = text.replace("J. Doe", "J. Roe").into_bytes();
    let expected = ["ledger-signature-invalid", "ledger-chain-broken", "ledger-transfer-mismatch"];
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &expected);
}

/// FORMAT §20.1: the public key beside the signature is exchanged, and the event is signed with it.
#[test]
fn a_line_signed_by_another_key_than_it_names_is_refused() {
    let (_, package) = good_package();
    let mut ledger = good(&package);
    let event = ledger.next(&operator_key(), "noted", REMARK, &[]).bytes();
    ledger.lines.push(signed(&other_key(), &event));
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-signature-invalid"]);
}

/// FORMAT §20.1: the key of small order, under which one signature fits every event.
#[test]
fn a_line_under_a_weak_key_is_refused() {
    let (_, package) = good_package();
    let mut ledger = good(&package);
    let mut members = ledger.next(&operator_key(), "noted", REMARK, &[]);
    let mut point = [0; 32];
    point[0] = 1;
    members.key = format!("\"{}\"", crate::package::fingerprint_of(&point));
    let public = data_encoding::BASE64.encode(&crate::package::spki_of(&point));
    let mut forged = [0; 64];
    forged[0] = 1;
    let tail = format!(",\"public_key\":\"{public}\",\"signature\":\"{}\"}}", data_encoding::BASE64.encode(&forged));
    ledger.lines.push([b"{\"event\":".as_slice(), &members.bytes(), tail.as_bytes()].concat());
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-signature-invalid"]);
}

/// FORMAT §20.2: a line in the middle is taken out.
#[test]
fn a_dropped_line_breaks_the_chain() {
    let (_, package) = good_package();
    let mut ledger = good(&package);
    ledger.add(&operator_key(), "stored", REMARK, &[package]);
    ledger.lines.remove(1);
    let expected = ["ledger-chain-broken", "ledger-sequence", "ledger-transfer-mismatch", "ledger-transfer-open"];
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &expected);
}

/// FORMAT §20.2: two lines change places.
#[test]
fn reordered_lines_break_the_chain() {
    let (_, package) = good_package();
    let mut ledger = good(&package);
    ledger.add(&operator_key(), "stored", REMARK, &[package]);
    ledger.lines.swap(3, 4);
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-chain-broken", "ledger-sequence"]);
}

/// FORMAT §20.2: a genuine line of another ledger of the same operator.
#[test]
fn a_line_of_another_ledger_is_refused() {
    let (_, package) = good_package();
    let mut other = Ledger::opened(&other_key());
    other.seal(&operator_key(), &package);
    expect_event(
        "noted",
        REMARK,
        |members| members.ledger = format!("\"{}\"", "0".repeat(64)),
        &["ledger-chain-broken"],
    );
    let mut ledger = Ledger::opened(&operator_key());
    ledger.lines.push(other.lines[1].clone());
    expect(&ledger.bytes(), &[], &pinned(), Outcome::Invalid, &["ledger-chain-broken"]);
}

/// FORMAT §20.2: numbers, matter and time that do not follow, signed by the operator.
#[test]
fn members_that_do_not_follow_are_named() {
    expect_event("noted", REMARK, |members| members.sequence = "6".to_owned(), &["ledger-sequence"]);
    let other = |members: &mut Members| members.matter = "\"OTHER\"".to_owned();
    expect_event("noted", REMARK, other, &["ledger-matter-mismatch"]);
    let back = |members: &mut Members| members.time = "\"2026-11-22T06:58:59.999Z\"".to_owned();
    expect_event("noted", REMARK, back, &["ledger-time-order"]);
}

/// FORMAT §20.1: a second spelling of an event, signed as it is: repeated members, white space, unknown members.
#[test]
fn a_second_spelling_of_an_event_is_malformed() {
    for (from, to) in [
        ("\"kind\":", "\"kind\":\"opened\",\"kind\":"),
        ("\"packages\":", "\"packages\":[],\"packages\":"),
        ("\"details\":", "\"details\": "),
        ("\"key\":", "\"more\":1,\"key\":"),
        ("{\"text\":", "{\"text\":\"a\",\"text\":"),
    ] {
        let (_, package) = good_package();
        let mut ledger = good(&package);
        let event = String::from_utf8(ledger.next(&operator_key(), "noted", REMARK, &[]).bytes()).unwrap();
        assert!(event.contains(from), "{from}");
        ledger.lines.push(signed(&operator_key(), event.replacen(from, to, 1).as_bytes()));
        expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-malformed"]);
    }
}

/// FORMAT §20.1: the operator's genuine seal, with its genuine signature, in the place of an event.
#[test]
fn a_signed_document_of_another_role_is_no_event() {
    let (_, package) = good_package();
    let mut ledger = good(&package);
    let seal = Draft::good().build().bytes("seal/seal.json").to_vec();
    ledger.lines.push(signed(&operator_key(), &seal));
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-malformed"]);
}

/// FORMAT §20.1: what a crash left, bytes that are none, and nothing at all.
#[test]
fn what_is_no_line_is_malformed() {
    let (_, package) = good_package();
    let mut bytes = good(&package).bytes();
    bytes.pop();
    expect(&bytes, &[], &both(), Outcome::Invalid, &["ledger-malformed", "ledger-transfer-open"]);
    expect(b"", &[], &both(), Outcome::Invalid, &["ledger-malformed"]);
    expect(&[&good(&package).bytes()[..], b"\n"].concat(), &[], &both(), Outcome::Invalid, &["ledger-malformed"]);
}

/// FORMAT §20.8: a line beyond the limit is not read into memory, and stops the reading.
#[test]
fn a_line_beyond_the_limit_is_named() {
    let (_, package) = good_package();
    let bytes = [good(&package).bytes(), vec![b'x'; 4 << 20]].concat();
    expect(&bytes, &[], &both(), Outcome::Invalid, &["ledger-size-cap"]);
}

/// FORMAT §20.3: the operator hands over to themselves.
#[test]
fn a_receipt_by_the_givers_own_key_is_refused() {
    let (_, package) = good_package();
    let mut ledger = Ledger::opened(&operator_key());
    ledger.seal(&operator_key(), &package);
    ledger.transfer(&operator_key(), &package);
    let receipt = ledger.receipt(3);
    ledger.add(&operator_key(), "received", &receipt, &[package]);
    let expected = ["ledger-transfer-mismatch", "ledger-transfer-open"];
    expect(&ledger.bytes(), &[], &pinned(), Outcome::Invalid, &expected);
}

/// FORMAT §20.3: one receipt too many, and a receipt of an event that is no transfer.
#[test]
fn a_receipt_of_no_open_transfer_is_refused() {
    for number in [3, 2] {
        let (_, package) = good_package();
        let mut ledger = good(&package);
        let receipt = ledger.receipt(number);
        ledger.add(&receiver_key(), "received", &receipt, &[package]);
        expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-transfer-mismatch"]);
    }
}

/// FORMAT §20.3: a transfer that nobody has received is a note; the verdict stands.
#[test]
fn a_transfer_that_nobody_received_is_named() {
    let (presented, package) = good_package();
    let mut ledger = Ledger::opened(&operator_key());
    ledger.seal(&operator_key(), &package);
    ledger.transfer(&operator_key(), &package);
    expect(&ledger.bytes(), &[presented], &pinned(), Outcome::Valid, &["ledger-transfer-open"]);
}

/// FORMAT §20.3: kinds where they may not stand.
#[test]
fn an_event_where_its_kind_may_not_stand_is_refused() {
    let opening = r#"{"title":null,"organisation":null,"authority":null}"#;
    expect_event("opened", opening, |members| members.packages = "[]".to_owned(), &["ledger-rule-broken"]);
    expect_event("stored", REMARK, |members| members.packages = "[]".to_owned(), &["ledger-rule-broken"]);
    let as_operator = |members: &mut Members| members.actor = members.actor.replace("witness", "operator");
    expect_event("countersigned", STATEMENT, as_operator, &["ledger-rule-broken"]);
}

/// FORMAT §20.3: a package that was disposed of turns up.
#[test]
fn a_package_that_was_disposed_of_is_named() {
    let (presented, package) = good_package();
    let mut ledger = good(&package);
    ledger.add(&operator_key(), "disposed", REMARK, std::slice::from_ref(&package));
    expect(&ledger.bytes(), &[presented], &both(), Outcome::Valid, &["ledger-disposed"]);
    ledger.add(&operator_key(), "stored", REMARK, &[package]);
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-rule-broken"]);
}

/// FORMAT §20.2: the operator has sealed again under the same name; the ledger has the first.
#[test]
fn another_package_under_the_same_name_is_refused() {
    let (_, first) = good_package();
    let mut draft = Draft::good();
    draft.pages[0].elements.pop();
    let (second, other) = presented(&draft.build().zip(), Trust::default());
    let bytes = good(&first).bytes();
    expect(&bytes, &[second], &both(), Outcome::Invalid, &["ledger-package-mismatch"]);
    let mut ledger = good(&first);
    ledger.add(&operator_key(), "stored", REMARK, &[other]);
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-package-mismatch"]);
}

/// FORMAT §20.6: the operator's ledger tells of the same bytes another story than they do.
#[test]
fn what_a_ledger_says_of_a_presented_package_is_held_against_it() {
    let draft = Draft::good();
    let genesis = hex_digest(draft.build().bytes("data/genesis.json"));
    let pages = Draft::good().pages.len();
    let (presented, package) = good_package();
    let acquisition = "20261122T060400Z-1a2b3c4d";
    let collected = format!(
        "{{\"acquisition\":\"{acquisition}\",\"genesis_sha256\":\"{genesis}\",\"pages\":{pages},\"failures\":0}}"
    );
    let sealed = format!(
        "{{\"acquisition\":\"{acquisition}\",\"created\":\"2026-11-22T06:30:00.000Z\",\"signer\":\"{}\"}}",
        fingerprint(&operator_key())
    );
    let judge = |collected: &str, sealed: &str, outcome, expected: &[&str]| {
        let mut ledger = Ledger::opened(&operator_key());
        ledger.add(&operator_key(), "collected", collected, &[]);
        ledger.add(&operator_key(), "sealed", sealed, std::slice::from_ref(&package));
        let report = expect(&ledger.bytes(), std::slice::from_ref(&presented), &pinned(), outcome, expected);
        // Without the package nobody can tell.
        expect(&ledger.bytes(), &[], &pinned(), Outcome::Valid, &[]);
        report.findings.iter().map(|finding| finding.place.clone()).collect::<Vec<_>>()
    };
    judge(&collected, &sealed, Outcome::Valid, &[]);
    let mismatch = ["ledger-package-mismatch"];
    let (no_digest, other_acquisition) = ("0".repeat(64), "20200101T000000Z-00000000");
    let other_pages = (format!("\"pages\":{pages}"), "\"pages\":999999");
    for (from, to, place) in [
        (other_pages.0.as_str(), other_pages.1, "line 2#details.pages"),
        ("\"failures\":0", "\"failures\":1", "line 2#details.failures"),
        (&genesis, &no_digest, "line 2#details.genesis_sha256"),
        (acquisition, other_acquisition, "line 2#details.acquisition"),
    ] {
        assert!(collected.contains(from), "{from}");
        assert_eq!(judge(&collected.replace(from, to), &sealed, Outcome::Invalid, &mismatch), [place]);
    }
    for (from, to, place) in [
        (fingerprint(&operator_key()).as_str(), no_digest.as_str(), "line 3#details.signer"),
        ("2026-11-22T06:30", "2020-11-22T06:30", "line 3#details.created"),
        (acquisition, other_acquisition, "line 3#details.acquisition"),
    ] {
        assert!(sealed.contains(from), "{from}");
        assert_eq!(judge(&collected, &sealed.replace(from, to), Outcome::Invalid, &mismatch), [place]);
    }
}

/// FORMAT §20.3: somebody has copied, or seen, a package before it came into being. A remark may stand there.
#[test]
fn an_event_before_a_package_was_sealed_is_refused() {
    let (_, package) = good_package();
    for (kind, details, outcome) in [
        ("copied", REMARK, Outcome::Invalid),
        ("countersigned", STATEMENT, Outcome::Invalid),
        ("noted", REMARK, Outcome::Valid),
    ] {
        let mut ledger = Ledger::opened(&operator_key());
        ledger.add(&operator_key(), kind, details, std::slice::from_ref(&package));
        ledger.seal(&operator_key(), &package);
        let expected: &[&str] = if outcome == Outcome::Valid { &[] } else { &["ledger-rule-broken"] };
        expect(&ledger.bytes(), &[], &pinned(), outcome, expected);
    }
}

/// FORMAT §20.2: a package of which the ledger says nothing, and one of another matter.
#[test]
fn a_package_that_is_not_in_the_ledger_is_not_established() {
    let (presented, _) = good_package();
    let bytes = Ledger::opened(&operator_key()).bytes();
    let expected = ["ledger-package-unknown"];
    expect(&bytes, std::slice::from_ref(&presented), &pinned(), Outcome::Indeterminate, &expected);
    let mut of_another = presented;
    of_another.matter = "OTHER".parse().unwrap();
    let expected = ["ledger-package-unknown", "ledger-matter-mismatch"];
    expect(&bytes, &[of_another], &pinned(), Outcome::Invalid, &expected);
}

/// FORMAT §20.6: the whole ledger written anew with a key of one's own.
#[test]
fn a_ledger_of_another_key_is_not_established() {
    let (presented, package) = good_package();
    let mut ledger = Ledger::opened(&other_key());
    ledger.seal(&other_key(), &package);
    expect(&ledger.bytes(), &[presented], &pinned(), Outcome::Indeterminate, &["ledger-key-untrusted"]);
}

/// FORMAT §20.6: k of n, where one person signs twice, a stranger signs too, and the statement is about another package.
#[test]
fn countersignatures_count_by_keys_that_the_reader_named() {
    let (presented, package) = good_package();
    let witnesses: Vec<SigningKey> = [0x61, 0x62, 0x63].map(|byte| SigningKey::from_bytes(&[byte; 32])).into();
    let mut ledger = good(&package);
    for key in [&witnesses[0], &witnesses[0]] {
        ledger.add(key, "countersigned", STATEMENT, std::slice::from_ref(&package));
    }
    let other = package.replace("1a2b3c4d", "1a2b3c4e");
    ledger.add(&witnesses[1], "countersigned", STATEMENT, &[other]);
    let mut trust = both();
    trust.countersigners = witnesses.iter().map(|key| fingerprint(key).parse().unwrap()).collect();
    trust.countersignatures = 2;
    let presented = [presented];
    let expected = ["ledger-countersignatures-missing"];
    expect(&ledger.bytes(), &presented, &trust, Outcome::Indeterminate, &expected);
    ledger.add(&witnesses[2], "countersigned", STATEMENT, &[package]);
    let report = expect(&ledger.bytes(), &presented, &trust, Outcome::Valid, &[]);
    assert_eq!(report.facts.packages[0].countersigned_by.len(), 2);
    expect(&ledger.bytes(), &[], &trust, Outcome::Indeterminate, &[]);
}

/// FORMAT §20.7: the operator is their own witness, and the reader has named the wrong key.
#[test]
fn the_operator_is_no_witness_of_their_own() {
    let (presented, package) = good_package();
    for opener in [operator_key(), receiver_key()] {
        let mut ledger = Ledger::opened(&opener);
        ledger.seal(&operator_key(), &package);
        ledger.add(&operator_key(), "countersigned", STATEMENT, std::slice::from_ref(&package));
        let mut trust = both();
        trust.countersigners = vec![fingerprint(&operator_key()).parse().unwrap()];
        trust.countersignatures = 1;
        let expected = ["ledger-countersignatures-missing"];
        let presented = std::slice::from_ref(&presented);
        let report = expect(&ledger.bytes(), presented, &trust, Outcome::Indeterminate, &expected);
        assert!(report.facts.packages[0].countersigned_by.is_empty());
    }
}

fn revocation(key: &SigningKey, since: &str) -> String {
    format!("{{\"key\":\"{}\",\"since\":\"{since}\",\"reason\":\"lost\"}}", fingerprint(key))
}

/// FORMAT §20.7: the package's own key was revoked; only a time stamp says when the package was sealed.
#[test]
fn a_package_of_a_revoked_key_is_judged_by_its_time_stamp() {
    let judge = |archive: &[u8], trust: Trust, since: &str| {
        let (presented, package) = presented(archive, trust);
        // Opened by another, so that only the package is the revoked key's.
        let mut ledger = Ledger::opened(&receiver_key());
        ledger.add(&receiver_key(), "stored", REMARK, &[package]);
        ledger.add(&receiver_key(), "key-revoked", &revocation(&operator_key(), since), &[]);
        let report = verify_ledger(ledger.bytes().as_slice(), &[presented], &both()).unwrap();
        (report.outcome, severity_of(&report, "key-revoked"))
    };
    let archive = stamped().build().zip();
    assert_eq!(judge(&archive, with_root(), "2026-11-22T06:30:31.000Z"), (Outcome::Valid, Severity::Note));
    assert_eq!(judge(&archive, with_root(), "2026-11-22T06:30:30.000Z"), (Outcome::Invalid, Severity::Violation));
    let plain = Draft::good().build().zip();
    let unknown = (Outcome::Indeterminate, Severity::Unestablished);
    assert_eq!(judge(&plain, pinned(), "2026-11-23T00:00:00.000Z"), unknown);
    assert_eq!(judge(&archive, pinned(), "2026-11-23T00:00:00.000Z"), unknown, "a stamp of an unknown authority");
}

/// FORMAT §20.7: the key of the acquisition was revoked, with which whoever had it could sign pages and seal anew.
#[test]
fn a_package_of_a_revoked_acquisition_key_is_judged_by_its_time_stamp() {
    let acquisition_key = SigningKey::from_bytes(&[0x44; 32]);
    let judge = |draft: Draft, trust: Trust, since: &str| {
        let (presented, package) = presented(&draft.with_acquisition_key(&acquisition_key).build().zip(), trust);
        let mut ledger = Ledger::opened(&operator_key());
        ledger.add(&operator_key(), "stored", REMARK, &[package]);
        ledger.add(&operator_key(), "key-revoked", &revocation(&acquisition_key, since), &[]);
        let report = verify_ledger(ledger.bytes().as_slice(), &[presented], &both()).unwrap();
        assert_eq!(report.finding_counts.len(), 1, "{:#?}", report.findings);
        (report.outcome, severity_of(&report, "key-revoked"))
    };
    let note = (Outcome::Valid, Severity::Note);
    assert_eq!(judge(stamped(), with_root(), "2026-11-22T06:30:31.000Z"), note);
    let violation = (Outcome::Invalid, Severity::Violation);
    assert_eq!(judge(stamped(), with_root(), "2026-11-22T06:30:30.000Z"), violation);
    let unknown = (Outcome::Indeterminate, Severity::Unestablished);
    assert_eq!(judge(Draft::good(), pinned(), "2026-11-23T00:00:00.000Z"), unknown);
}

/// FORMAT §20.7: events by a revoked key, before and behind the revocation, and within the time that it names.
#[test]
fn events_of_a_revoked_key_are_judged_by_where_they_stand() {
    let (_, package) = good_package();
    let judge = |since: &str, uses_it_after: bool| {
        let mut ledger = good(&package);
        ledger.add(&operator_key(), "key-revoked", &revocation(&receiver_key(), since), &[]);
        if uses_it_after {
            ledger.add(&receiver_key(), "noted", REMARK, &[]);
        }
        let report = verify_ledger(ledger.bytes().as_slice(), &[], &both()).unwrap();
        (report.outcome, severity_of(&report, "key-revoked"))
    };
    let late = "2026-11-22T08:00:00.000Z";
    assert_eq!(judge(late, false), (Outcome::Indeterminate, Severity::Unestablished));
    assert_eq!(judge("2026-11-22T07:04:00.000Z", false), (Outcome::Invalid, Severity::Violation));
    assert_eq!(judge(late, true), (Outcome::Invalid, Severity::Violation));
}

/// FORMAT §20.3: a third person revokes the operator's key.
#[test]
fn a_revocation_by_a_third_person_counts_for_nothing() {
    let (_, package) = good_package();
    let mut ledger = good(&package);
    let revocation = revocation(&operator_key(), "2026-11-22T07:00:00.000Z");
    ledger.add(&receiver_key(), "key-revoked", &revocation, &[]);
    expect(&ledger.bytes(), &[], &both(), Outcome::Invalid, &["ledger-rule-broken"]);
}

fn holding(note: &str) -> Trust {
    let checkpoint = Checkpoint::parse(note).unwrap();
    Trust { heads: vec![ExpectedHead::Checkpoint("kept".to_owned(), checkpoint)], ..both() }
}

/// FORMAT §20.5: whoever keeps a checkpoint or the digest of a line sees that the ledger goes through it.
#[test]
fn a_kept_head_is_found_again_in_a_longer_ledger() {
    let (_, package) = good_package();
    let ledger = good(&package);
    for size in 1..=4 {
        expect(&ledger.bytes(), &[], &holding(&ledger.checkpoint(size, &operator_key())), Outcome::Valid, &[]);
        let digest = hex_digest(&ledger.lines[size - 1]).parse().unwrap();
        let trust = Trust { heads: vec![ExpectedHead::Digest(digest)], ..both() };
        expect(&ledger.bytes(), &[], &trust, Outcome::Valid, &[]);
    }
}

/// FORMAT §20.5: the operator, who holds the key and the file, cuts the end off and goes on from there.
#[test]
fn a_cut_or_forked_ledger_is_seen_by_whoever_kept_its_head() {
    let (_, package) = good_package();
    let ledger = good(&package);
    let note = ledger.checkpoint(4, &operator_key());
    let digest = hex_digest(&ledger.lines[3]).parse().unwrap();
    let mut cut = ledger.clone();
    cut.lines.truncate(2);
    expect(&cut.bytes(), &[], &holding(&note), Outcome::Invalid, &["ledger-cut"]);
    let mut forked = cut.clone();
    for _ in 0..3 {
        forked.add(&operator_key(), "stored", REMARK, std::slice::from_ref(&package));
    }
    expect(&forked.bytes(), &[], &holding(&note), Outcome::Invalid, &["ledger-forked"]);
    let trust = Trust { heads: vec![ExpectedHead::Digest(digest)], ..both() };
    expect(&forked.bytes(), &[], &trust, Outcome::Invalid, &["ledger-head-unknown"]);
    // Nobody else can tell.
    expect(&forked.bytes(), &[], &both(), Outcome::Valid, &[]);
}

/// FORMAT §20.5: a checkpoint of another ledger, and one that nobody known has signed.
#[test]
fn a_checkpoint_of_another_ledger_or_another_key_is_named() {
    let (_, package) = good_package();
    let ledger = good(&package);
    let other = Ledger::opened(&other_key()).checkpoint(1, &other_key());
    expect(&ledger.bytes(), &[], &holding(&other), Outcome::Invalid, &["ledger-head-unknown"]);
    let unsigned = ledger.checkpoint(4, &other_key());
    expect(&ledger.bytes(), &[], &holding(&unsigned), Outcome::Indeterminate, &["ledger-checkpoint-unsigned"]);
}

/// FORMAT §20.5: the root of a checkpoint is that of other people's implementation.
#[test]
fn the_root_of_a_checkpoint_is_that_of_another_implementation() {
    let (_, package) = good_package();
    let ledger = good(&package);
    let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 1..=ledger.lines.len() {
        theirs.push(ledger.lines[size - 1].clone());
        let ours = Checkpoint::parse(&ledger.checkpoint(size, &operator_key())).unwrap();
        assert_eq!(ours.root.as_bytes().as_slice(), theirs.root().as_bytes().as_slice());
    }
    let report = verify_ledger(ledger.bytes().as_slice(), &[], &both()).unwrap();
    assert_eq!(report.facts.merkle_root.as_bytes().as_slice(), theirs.root().as_bytes().as_slice());
}
