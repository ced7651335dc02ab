//! Who: time itself, and somebody who would turn it back: certificates end, algorithms age, and a stamp made too late helps nobody.
//!
//! The package is stamped by an authority whose certificates end soon; renewals by another that lasts longer.

use std::io::Cursor;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha512};
use signhold::crypto::certificate::RevocationList;
use signhold::crypto::digest::FileDigest;
use signhold::crypto::timestamp::{request, trust_roots_from_pem};
use signhold::format::renewal;
use signhold::simulate::timestamp_authority::{RevokedSigner, TimestampAuthority};
use signhold::time::LocalTime;
use signhold::verify::{ArchiveName, Options, Outcome, Renewal, Report, Trust, read_renewals, verify, verify_ledger};

use crate::ledger::{Ledger, package_name};
use crate::package::{Draft, Stamp, operator_key, sha256};
use crate::{codes, pinned};

/// Its certificates end five weeks after the seal.
static SHORT: LazyLock<TimestampAuthority> =
    LazyLock::new(|| authority("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"));
static LONG: LazyLock<TimestampAuthority> = LazyLock::new(|| authority("2026-01-01T00:00:00Z", "2031-01-01T00:00:00Z"));
static LONGER: LazyLock<TimestampAuthority> =
    LazyLock::new(|| authority("2030-01-01T00:00:00Z", "2041-01-01T00:00:00Z"));
static STRANGER: LazyLock<TimestampAuthority> =
    LazyLock::new(|| authority("2026-01-01T00:00:00Z", "2041-01-01T00:00:00Z"));

fn authority(from: &str, to: &str) -> TimestampAuthority {
    TimestampAuthority::new(instant(from), instant(to)).unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn package() -> Vec<u8> {
    let stamp =
        |time: &'static str| -> Stamp { Box::new(move |of| SHORT.respond(&request(&sha256(of)), instant(time))) };
    let mut draft = Draft::good();
    draft.genesis_stamps.push(stamp("2026-11-22T06:04:30Z"));
    draft.seal_stamps.push(stamp("2026-11-22T06:30:30Z"));
    draft.build().zip()
}

/// Renews `archive` after `earlier`, as `custody renew` does.
fn renew(archive: &[u8], earlier: &[Renewal], by: &TimestampAuthority, time: &str) -> Renewal {
    let digest: [u8; 64] = Sha512::digest(archive).into();
    let imprint =
        renewal::imprint(&digest, earlier.iter().flat_map(|renewal| renewal.tokens.iter().map(Vec::as_slice)));
    let tokens = vec![by.respond(&request(&imprint), instant(time))];
    Renewal { place: format!("ledger.jsonl:{}", earlier.len() + 1), tokens }
}

fn judge(archive: &[u8], renewals: &[Renewal], as_of: &str) -> Report {
    judge_with(archive, renewals, as_of, None)
}

/// Judges where the first authority's list says something about its signer.
fn judge_with(archive: &[u8], renewals: &[Renewal], as_of: &str, revoked: Option<RevokedSigner>) -> Report {
    let list = |authority: &TimestampAuthority, revoked| {
        let (from, to) = (instant("2026-11-01T00:00:00Z"), instant("2040-01-01T00:00:00Z"));
        RevocationList::all_from_bytes(authority.revocation_list(from, to, revoked).unwrap()).unwrap().remove(0)
    };
    let pems = [&*SHORT, &*LONG, &*LONGER].map(TimestampAuthority::root_pem);
    let timestamp_roots = pems.iter().flat_map(|pem| trust_roots_from_pem(pem).unwrap()).collect();
    let revocation_lists = vec![list(&SHORT, revoked), list(&LONG, None), list(&LONGER, None)];
    let options = Options {
        trust: Trust { timestamp_roots, revocation_lists, require_timestamp: true, ..pinned() },
        as_of: Some(LocalTime::new(instant(as_of))),
        renewals: renewals.to_vec(),
        threads: 1,
        ..Options::default()
    };
    verify(Cursor::new(archive), &options).unwrap()
}

#[track_caller]
fn expect(report: &Report, outcome: Outcome, expected: &[&str]) {
    assert_eq!(codes(report), expected, "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome);
}

const BEFORE: &str = "2026-12-24T00:00:00Z";
const AFTER: &str = "2027-06-01T00:00:00Z";
const MUCH_LATER: &str = "2033-01-01T00:00:00Z";

/// FORMAT §11: the same package, five months apart.
#[test]
fn timestamp_expired() {
    let archive = package();
    expect(&judge(&archive, &[], BEFORE), Outcome::Valid, &[]);
    let report = judge(&archive, &[], AFTER);
    expect(&report, Outcome::Indeterminate, &["timestamp-expired"]);
    assert_eq!(report.finding_counts.values().sum::<u64>(), 2, "genesis and seal");
    let finding = &report.findings[0];
    assert_eq!(finding.claimed, "its certificates are valid until 2027-01-01T00:00:00Z");
    assert_eq!(finding.computed, "judged as of 2027-06-01T00:00:00Z, and no earlier renewal");
    assert!(!report.facts.times.seal_tokens[0].accepted);
}

/// FORMAT §11.1: renewed in time, twice, it holds beyond the end of three authorities' certificates but one.
#[test]
fn renewals_made_in_time_carry_a_package_on() {
    let archive = package();
    let first = renew(&archive, &[], &LONG, BEFORE);
    let once = [first];
    let report = judge(&archive, &once, AFTER);
    expect(&report, Outcome::Valid, &[]);
    assert_eq!(report.facts.times.renewal_tokens[0].path, "ledger.jsonl:1#1");
    assert!(report.facts.times.seal_tokens[0].accepted);
    expect(
        &judge(&archive, &once, MUCH_LATER),
        Outcome::Indeterminate,
        &["timestamp-expired", "renewal-not-established"],
    );

    let second = renew(&archive, &once, &LONGER, "2030-12-01T00:00:00Z");
    let twice = [once[0].clone(), second];
    expect(&judge(&archive, &twice, MUCH_LATER), Outcome::Valid, &[]);
}

/// FORMAT §11.1: a stamp made when the old certificate had ended already shows nothing about the time before.
#[test]
fn a_renewal_after_the_end_helps_nobody() {
    let archive = package();
    let late = renew(&archive, &[], &LONG, "2027-02-01T00:00:00Z");
    expect(&judge(&archive, &[late], AFTER), Outcome::Indeterminate, &["timestamp-expired"]);
}

/// FORMAT §11.1: of a second renewal whose predecessor was left out, the imprint is another.
#[test]
fn a_renewal_withheld_breaks_those_that_follow() {
    let archive = package();
    let first = renew(&archive, &[], &LONG, BEFORE);
    let second = renew(&archive, std::slice::from_ref(&first), &LONGER, "2030-12-01T00:00:00Z");
    let expected =
        ["timestamp-expired", "renewal-not-established", "timestamp-imprint-mismatch", "timestamp-nonce-mismatch"];
    expect(&judge(&archive, &[second], MUCH_LATER), Outcome::Invalid, &expected);
}

/// FORMAT §11.1: the renewal of another package, or of this one before somebody exchanged its seal's stamp.
#[test]
fn a_renewal_of_other_bytes_is_refused() {
    let archive = package();
    let mut other = archive.clone();
    *other.last_mut().unwrap() ^= 1;
    let renewal = renew(&other, &[], &LONG, BEFORE);
    let expected =
        ["timestamp-expired", "renewal-not-established", "timestamp-imprint-mismatch", "timestamp-nonce-mismatch"];
    expect(&judge(&archive, &[renewal], AFTER), Outcome::Invalid, &expected);
}

/// FORMAT §11.1: roots come from the reader for renewals too.
#[test]
fn renewal_not_established() {
    let archive = package();
    let renewal = renew(&archive, &[], &STRANGER, BEFORE);
    let expected = ["timestamp-chain-untrusted", "timestamp-expired", "renewal-not-established"];
    expect(&judge(&archive, &[renewal], AFTER), Outcome::Indeterminate, &expected);
}

/// FORMAT §11.1: a stamp by SHA-256 is no renewal: it would age with the package.
#[test]
fn a_renewal_by_the_older_digest_is_refused() {
    let archive = package();
    let tokens = vec![LONG.respond(&request(&sha256(&archive)), instant(BEFORE))];
    let renewal = Renewal { place: "ledger.jsonl:1".to_owned(), tokens };
    let report = judge(&archive, &[renewal], AFTER);
    assert_eq!(report.outcome, Outcome::Invalid);
    assert!(codes(&report).contains(&"timestamp-imprint-algorithm"), "{:#?}", report.findings);
}

/// A package with its name in events, a ledger that has sealed it, and the SHA-512 of its bytes.
fn in_ledger() -> (Vec<u8>, String, Ledger, String) {
    let archive = package();
    let facts = judge(&archive, &[], BEFORE).facts;
    let (id, seal) = (facts.package.unwrap().to_string(), facts.seal_sha256.unwrap().to_string());
    let name = package_name(&id, &seal, &archive);
    let mut ledger = Ledger::opened(&operator_key());
    ledger.seal(&operator_key(), &name);
    let digest = wide(&archive);
    (archive, name, ledger, digest)
}

fn wide(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha512::digest(bytes))
}

fn of_ledger(archive: &[u8], ledger: &Ledger) -> Vec<Renewal> {
    let name = ArchiveName { sha256: FileDigest::of(archive), byte_len: archive.len() as u64 };
    read_renewals(ledger.bytes().as_slice(), "ledger.jsonl", &[name]).unwrap().remove(0)
}

#[track_caller]
fn expect_ledger(ledger: &Ledger, expected: &[&str]) {
    let report = verify_ledger(ledger.bytes().as_slice(), &[], &pinned()).unwrap();
    let found: Vec<&str> = report.finding_counts.keys().map(|code| code.as_str()).collect();
    assert_eq!(found, expected, "{:#?}", report.findings);
}

/// FORMAT §20.4: what an independent writer puts into a ledger carries the package on.
#[test]
fn renewals_come_out_of_a_ledger() {
    let (archive, name, mut ledger, digest) = in_ledger();
    let first = renew(&archive, &[], &LONG, BEFORE);
    ledger.renew(&operator_key(), &name, &first.tokens, std::slice::from_ref(&digest));
    let second = renew(&archive, std::slice::from_ref(&first), &LONGER, "2030-12-01T00:00:00Z");
    ledger.renew(&operator_key(), &name, &second.tokens, &[digest, wide(&first.tokens[0])]);
    expect_ledger(&ledger, &[]);
    let renewals = of_ledger(&archive, &ledger);
    assert_eq!(renewals.iter().map(|it| it.place.as_str()).collect::<Vec<_>>(), ["ledger.jsonl:3", "ledger.jsonl:4"]);
    expect(&judge(&archive, &renewals, MUCH_LATER), Outcome::Valid, &[]);
}

/// FORMAT §20.4: a renewal that leaves one before it out, or speaks of other bytes than its tokens do.
#[test]
fn a_renewal_that_does_not_follow_breaks_a_rule() {
    let (archive, name, good, digest) = in_ledger();
    let first = renew(&archive, &[], &LONG, BEFORE);
    let second = renew(&archive, std::slice::from_ref(&first), &LONGER, "2030-12-01T00:00:00Z");
    let other = wide(b"another package");
    let over_first = wide(&first.tokens[0]);
    let cases: [(&[Vec<u8>], &[&str]); 6] = [
        // Of another package than it says; over a renewal that there is not; nothing; no token; too many; not what they say.
        (&first.tokens, &[&other]),
        (&second.tokens, &[&digest, &over_first]),
        (&first.tokens, &[]),
        (&[], &[&digest]),
        (&vec![first.tokens[0].clone(); 9], &[&digest]),
        (&[b"no token".to_vec()], &[&digest]),
    ];
    for (tokens, over) in cases {
        let mut ledger = good.clone();
        let over: Vec<String> = over.iter().map(ToString::to_string).collect();
        ledger.renew(&operator_key(), &name, tokens, &over);
        expect_ledger(&ledger, &["ledger-rule-broken"]);
    }
    let mut ledger = good;
    ledger.renew(&operator_key(), &name, &first.tokens, std::slice::from_ref(&digest));
    ledger.renew(&operator_key(), &name, &renew(&archive, &[], &LONGER, "2030-12-01T00:00:00Z").tokens, &[digest]);
    expect_ledger(&ledger, &["ledger-rule-broken"]);
}

/// FORMAT §20.4: a line that nobody has signed is no event, and renews nothing.
#[test]
fn a_renewal_that_nobody_signed_is_none() {
    let (archive, name, mut ledger, digest) = in_ledger();
    ledger.renew(&operator_key(), &name, &renew(&archive, &[], &LONG, BEFORE).tokens, &[digest]);
    let line = ledger.lines.last_mut().unwrap();
    let end = line.len() - 10;
    line[end] = if line[end] == b'A' { b'B' } else { b'A' };
    assert!(of_ledger(&archive, &ledger).is_empty());
    expect_ledger(&ledger, &["ledger-signature-invalid"]);
}

/// FORMAT §20.8: of one package a ledger holds 64 renewals, and a reader keeps no more in memory.
#[test]
fn more_renewals_than_anybody_needs_are_not_kept() {
    let (archive, name, mut ledger, digest) = in_ledger();
    let (mut over, mut earlier) = (vec![digest], Vec::new());
    for _ in 0..65 {
        let next = renew(&archive, &earlier, &LONG, BEFORE);
        ledger.renew(&operator_key(), &name, &next.tokens, &over);
        over.push(wide(&next.tokens[0]));
        earlier.push(next);
    }
    expect_ledger(&ledger, &["ledger-size-cap"]);
    assert_eq!(of_ledger(&archive, &ledger).len(), 64);
    ledger.lines.pop();
    expect_ledger(&ledger, &[]);
}

/// FORMAT §11.2: the authority's key was lost, and a renewal is older than that: the stamps inside are older than the renewal.
#[test]
fn a_renewal_carries_a_package_over_the_loss_of_an_authoritys_key() {
    let archive = package();
    let revoked = Some(RevokedSigner { since: instant("2026-12-25T00:00:00Z"), key_compromised: true });
    let judged = |renewals: &[Renewal]| judge_with(&archive, renewals, "2026-12-30T00:00:00Z", revoked);
    expect(&judged(&[]), Outcome::Indeterminate, &["timestamp-certificate-revoked"]);
    expect(&judged(&[renew(&archive, &[], &LONG, BEFORE)]), Outcome::Valid, &["timestamp-certificate-revoked"]);
    let late = renew(&archive, &[], &LONG, "2026-12-26T00:00:00Z");
    expect(&judged(&[late]), Outcome::Indeterminate, &["timestamp-certificate-revoked"]);
}

/// FORMAT §11: a reader whose clock stands in the past, or who asks as of a time before the package, learns that it did not exist.
#[test]
fn timestamp_ahead() {
    expect(&judge(&package(), &[], "2020-01-01T00:00:00Z"), Outcome::Indeterminate, &["timestamp-ahead"]);
}

/// FORMAT §11.1: what was renewed after the reader's instant neither helps nor harms.
#[test]
fn a_renewal_after_the_readers_instant_is_left_aside() {
    let archive = package();
    let late = renew(&archive, &[], &LONG, "2030-01-01T00:00:00Z");
    let report = judge(&archive, &[late], BEFORE);
    expect(&report, Outcome::Valid, &[]);
    assert!(report.facts.times.renewal_tokens.is_empty());
}

/// FORMAT §12.13: nobody can have renewed what did not exist yet.
#[test]
fn a_renewal_older_than_its_package_is_refused() {
    let archive = package();
    let early = renew(&archive, &[], &LONG, "2026-06-01T00:00:00Z");
    let report = judge(&archive, &[early], BEFORE);
    assert_eq!(report.outcome, Outcome::Invalid);
    assert!(codes(&report).contains(&"timestamp-order"), "{:#?}", report.findings);
}
