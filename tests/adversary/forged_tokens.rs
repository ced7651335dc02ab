//! Who: a time stamp authority, or somebody with the key of one. Their tokens are about the right bytes, and something else is
//! wrong; each deviation alone, in a package that is otherwise good. Deviations within the structures of a token, which never come
//! this far, are the tests of `crypto::timestamp`.

use rcgen::{CertificateParams, CustomExtension, IsCa, KeyUsagePurpose};
use signhold::crypto::timestamp::trust_roots_from_pem;
use signhold::verify::{Options, Outcome, Report, Trust, verify};
use std::io::Cursor;

use crate::hostile_authority::{HostileAuthority, Twist, time_stamping, valid};
use crate::package::Draft;
use crate::{codes, pinned};

/// Verifies a good package whose seal this authority has stamped so.
fn judge(authority: HostileAuthority, twist: Twist, policies: &[&str]) -> Report {
    let trust = Trust {
        timestamp_roots: trust_roots_from_pem(&authority.root_pem).unwrap(),
        timestamp_policies: policies.iter().map(|policy| (*policy).to_owned()).collect(),
        ..pinned()
    };
    let mut draft = Draft::good();
    draft.seal_stamps.push(Box::new(move |signature| authority.stamp(signature, &twist)));
    let options = Options { trust, threads: 1, ..Options::default() };
    verify(Cursor::new(draft.build().zip()), &options).unwrap()
}

#[track_caller]
fn expect(edit: impl FnOnce(&mut CertificateParams), twist: Twist, expected: &[&str]) -> Report {
    let report = judge(HostileAuthority::new(edit), twist, &[]);
    let found: Vec<&str> = codes(&report).into_iter().filter(|code| *code != "timestamp-absent").collect();
    assert_eq!(found, expected, "{:#?}", report.findings);
    let outcome = if expected.is_empty() { Outcome::Valid } else { Outcome::Invalid };
    assert_eq!(report.outcome, outcome);
    report
}

/// The authority itself is good enough: each case below differs from this one in one thing.
#[test]
fn an_honest_token_of_this_authority_is_accepted() {
    let report = expect(|_| (), Twist::default(), &[]);
    let token = &report.facts.times.seal_tokens[0];
    assert_eq!(
        (token.gen_time.as_str(), token.accuracy_ms, token.accepted),
        ("2026-11-22T06:30:30Z", Some(1000), true)
    );
}

/// FORMAT §11: a certificate that may do more, or something else, or sign certificates.
#[test]
fn timestamp_signer_not_authorised() {
    let expected = &["timestamp-signer-not-authorised"];
    expect(|signer| signer.custom_extensions.clear(), Twist::default(), expected);
    expect(|signer| signer.custom_extensions = vec![time_stamping(false)], Twist::default(), expected);
    expect(|signer| signer.key_usages.push(KeyUsagePurpose::KeyCertSign), Twist::default(), expected);
    let ca = |signer: &mut CertificateParams| signer.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let report = judge(HostileAuthority::new(ca), Twist::default(), &[]);
    assert!(codes(&report).contains(&expected[0]), "{:#?}", report.findings);
    assert_eq!(report.outcome, Outcome::Invalid);
}

/// FORMAT §11: two purposes, one of them unknown.
#[test]
fn timestamp_signer_not_authorised_for_two_purposes() {
    let two = |signer: &mut CertificateParams| {
        let list = data_encoding::HEXLOWER.decode(b"301006082b0601050507030806042a030405").unwrap();
        let mut purposes = CustomExtension::from_oid_content(&[2, 5, 29, 37], list);
        purposes.set_criticality(true);
        signer.custom_extensions = vec![purposes];
    };
    expect(two, Twist::default(), &["timestamp-signer-not-authorised"]);
}

/// FORMAT §11: nobody can say whose signature it is.
#[test]
fn timestamp_signer_not_identified() {
    let twist = Twist { is_anonymous: true, ..Twist::default() };
    expect(|_| (), twist, &["timestamp-signer-not-identified"]);
}

/// FORMAT §11: a certificate that had ended, or had not begun, when the token says it was made.
#[test]
fn timestamp_certificate_not_valid_at_gentime() {
    for (from, to) in
        [("2026-01-01T00:00:00Z", "2026-11-22T06:30:29Z"), ("2026-11-22T06:30:31Z", "2027-01-01T00:00:00Z")]
    {
        expect(|signer| valid(signer, from, to), Twist::default(), &["timestamp-certificate-not-valid-at-gentime"]);
    }
}

/// FORMAT §11: an extension that may change what the token means.
#[test]
fn timestamp_unknown_critical_extension() {
    let twist = Twist { extensions: "a10f300d06032a03040101ff0403616263", ..Twist::default() };
    expect(|_| (), twist, &["timestamp-unknown-critical-extension"]);
    let passed_over = Twist { extensions: "a10c300a06032a03040403616263", ..Twist::default() };
    expect(|_| (), passed_over, &[]);
}

/// FORMAT §12.12: the reader accepts tokens of one policy alone.
#[test]
fn timestamp_policy_not_accepted() {
    let of = |policies: &[&str]| judge(HostileAuthority::new(|_| ()), Twist::default(), policies);
    assert_eq!(of(&["1.3.6.1.4.1.55555.1.1", "1.2.3"]).outcome, Outcome::Valid);
    let report = of(&["1.3.6.1.4.1.55555.1.2"]);
    assert_eq!(codes(&report), ["timestamp-absent", "timestamp-policy-not-accepted"]);
    assert_eq!(report.outcome, Outcome::Invalid);
}

/// FORMAT §11: what nobody signed, put in afterwards.
#[test]
fn timestamp_malformed_by_stuffing() {
    let stuffed = || HostileAuthority::new(|_| ());
    let other = data_encoding::HEXLOWER.decode(b"3000").unwrap();
    let pages = format!("30{:02x}{}", 2 * 3, "0c0161".repeat(2));
    for twist in [
        Twist { stuffing: other, ..Twist::default() },
        Twist { status_text: pages, ..Twist::default() },
        Twist { unsigned: "a10a300806032a0304310104", ..Twist::default() },
    ] {
        let report = judge(stuffed(), twist, &[]);
        assert_eq!(codes(&report), ["timestamp-absent", "timestamp-malformed"], "{:#?}", report.findings);
        assert_eq!(report.outcome, Outcome::Invalid);
    }
    let okay = Twist { status_text: "300d0c0b486f772070726574747921".to_owned(), ..Twist::default() };
    let report = judge(stuffed(), okay, &[]);
    assert_eq!(report.outcome, Outcome::Valid, "one line: {:#?}", report.findings);
}

/// FORMAT §11: how exact a time is, is reported as the authority states it, zero and an hour and nothing apart.
#[test]
fn an_accuracy_is_reported_as_stated() {
    for (accuracy, milliseconds) in
        [("", None), ("3000", Some(0)), ("300402020e10", Some(3_600_000)), ("3003810101", Some(1))]
    {
        let report = expect(|_| (), Twist { accuracy: Some(accuracy), ..Twist::default() }, &[]);
        assert_eq!(report.facts.times.seal_tokens[0].accuracy_ms, milliseconds);
    }
}

/// FORMAT §11: fractions pass; what DER forbids does not.
#[test]
fn timestamp_malformed_by_its_time() {
    expect(|_| (), Twist { time: Some("20261122063030.211Z"), ..Twist::default() }, &[]);
    for time in ["20261122063030.2110Z", "202611220630Z", "20261122073030+0100", "20261122063060Z"] {
        expect(|_| (), Twist { time: Some(time), ..Twist::default() }, &["timestamp-malformed"]);
    }
}

/// FORMAT §16: a later token over the same seal, in the place of the first; the time reported is its own.
#[test]
fn a_later_token_over_the_same_seal_is_taken_at_its_own_time() {
    let later = Twist { time: Some("20261130000000Z"), ..Twist::default() };
    let report = judge(HostileAuthority::new(|_| ()), later, &[]);
    assert_eq!(codes(&report), ["timestamp-absent", "timestamp-late"], "{:#?}", report.findings);
    assert_eq!(report.outcome, Outcome::Valid);
    assert_eq!(report.facts.times.seal_tokens[0].gen_time, "2026-11-30T00:00:00Z");
}
