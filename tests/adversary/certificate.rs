//! Who: somebody with a certificate. Their own from an authority nobody trusts, an honest one's that has ended or was revoked, or
//! one for something else; and the holder of the right one, before readers who trust more or less.

use std::sync::LazyLock;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use signhold::crypto::certificate::{RevocationList, Trusted, trusted_from_pem};
use signhold::verify::{Outcome, Report, Severity, Trust};

use crate::certificates::{Authority, valid};
use crate::package::{Draft, operator_key, other_key};
use crate::timestamp::{stamped, with_root};
use crate::{codes, pinned, report_on};

static ACME: LazyLock<Authority> = LazyLock::new(|| Authority::new("Acme Root"));
static WRONG: LazyLock<Authority> = LazyLock::new(|| Authority::new("Acme Root"));

/// A reader who trusts Acme's authority and the time stamp authority, has lists, and knows no key.
fn of_acme() -> Trust {
    let lists = ACME.lists(None).map(|list| RevocationList::all_from_bytes(list).unwrap().remove(0));
    Trust {
        authorities: authorities(&ACME.root_pem),
        revocation_lists: [lists.to_vec(), with_root().revocation_lists].concat(),
        keys: Vec::new(),
        ..with_root()
    }
}

fn authorities(pem: &str) -> Vec<signhold::crypto::certificate::Authority> {
    let trusted = trusted_from_pem(pem).unwrap().into_iter();
    trusted.map(|trusted| if let Trusted::Authority(authority) = trusted { *authority } else { panic!() }).collect()
}

/// The stamped package with a certificate of the operator's key, changed by `edit`.
fn certified(edit: impl FnOnce(&mut CertificateParams)) -> Draft {
    let mut draft = stamped();
    draft.certificates = Some(ACME.certify(&operator_key(), edit));
    draft
}

#[track_caller]
fn expect(draft: &Draft, trust: Trust, outcome: Outcome, expected: &[&str]) -> Report {
    let report = report_on(&draft.build().zip(), trust);
    assert_eq!(codes(&report), expected, "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome);
    assert!(report.outcome != Outcome::Valid || report.facts.signer_trusted);
    report
}

/// FORMAT §6: an authority of the reader's vouches for the key, at a time that is established, and lists speak about it.
#[test]
fn a_package_with_a_certificate_is_valid_for_who_trusts_the_authority() {
    let report = expect(&certified(|_| ()), of_acme(), Outcome::Valid, &[]);
    let fact = report.facts.signer_certificate.unwrap();
    assert_eq!(fact.subject, "CN=R. Roe");
    assert_eq!(fact.path, ["CN=R. Roe", "CN=People of Acme", "CN=Acme Root"]);
    assert_eq!(fact.checked_at.as_deref(), Some("2026-11-22T06:30:30Z"));
    assert!(fact.accepted && fact.checked_at_trusted && fact.revocation_checked);
}

/// FORMAT §6: whoever named the key needs nobody's word; the certificate is checked as far as it can be.
#[test]
fn a_pinned_key_needs_no_certificate() {
    let trust = with_root();
    let report = expect(&certified(|_| ()), trust.clone(), Outcome::Valid, &["signer-chain-untrusted"]);
    assert_eq!(report.findings[0].severity, Severity::Note);
    let both = Trust { authorities: of_acme().authorities, revocation_lists: of_acme().revocation_lists, ..trust };
    expect(&certified(|_| ()), both.clone(), Outcome::Valid, &[]);
    expect(&stamped(), both, Outcome::Valid, &[]);
}

/// FORMAT §6: a certificate that is no authority's stands for its key, here the operator's.
#[test]
fn a_certificate_that_is_no_authoritys_pins_its_key() {
    let pem = ACME.certify(&operator_key(), |_| ());
    let Some(Trusted::Key(key)) = trusted_from_pem(&pem).unwrap().into_iter().next() else { panic!() };
    let trust = Trust { keys: vec![key.fingerprint()], ..with_root() };
    expect(&stamped(), trust, Outcome::Valid, &[]);
}

/// FORMAT §12.4: everything made anew with an own key and an own certificate, from an authority of the same name.
#[test]
fn a_package_vouched_for_by_the_wrong_authority_is_never_valid() {
    let mut draft = stamped().signed_by(&other_key());
    draft.certificates = Some(WRONG.certify(&other_key(), |_| ()));
    let report = expect(&draft, of_acme(), Outcome::Indeterminate, &["signer-chain-untrusted"]);
    assert!(!report.facts.signer_trusted);
    // The root beside it changes nothing.
    let with_its_root = format!("{}{}", draft.certificates.unwrap(), WRONG.root_pem.replace("\r\n", "\n"));
    draft.certificates = Some(with_its_root);
    expect(&draft, of_acme(), Outcome::Indeterminate, &["signer-chain-untrusted"]);
    let knows_key = Trust { keys: pinned().keys, ..of_acme() };
    expect(&draft, knows_key, Outcome::Invalid, &["signer-mismatch", "signer-chain-untrusted"]);
    expect(&draft, with_root(), Outcome::Invalid, &["signer-mismatch"]);
    let knows_nobody = Trust { keys: Vec::new(), ..with_root() };
    expect(&draft, knows_nobody, Outcome::Indeterminate, &["signer-not-established"]);
}

/// FORMAT §12.4: no certificate at all, and a reader who knows the authority alone.
#[test]
fn a_package_without_a_certificate_says_nothing_to_who_knows_the_authority_alone() {
    expect(&stamped(), of_acme(), Outcome::Indeterminate, &["signer-chain-untrusted"]);
}

/// FORMAT §6: the honest operator's certificate beside a key of one's own.
#[test]
fn signer_certificate_mismatch() {
    let mut draft = stamped().signed_by(&other_key());
    draft.certificates = Some(ACME.certify(&operator_key(), |_| ()));
    let report = expect(&draft, of_acme(), Outcome::Invalid, &["signer-certificate-mismatch"]);
    assert!(!report.facts.signer_trusted);
}

/// FORMAT §6: one text for one list of certificates.
#[test]
fn signer_certificate_malformed() {
    let good = ACME.certify(&operator_key(), |_| ());
    let block = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    for text in
        [String::new(), good.replace('\n', "\r\n"), format!("{good}\n"), format!("{good}{block}"), good.repeat(5)]
    {
        let mut draft = stamped();
        draft.certificates = Some(text);
        let expected = ["signer-certificate-malformed", "signer-chain-untrusted"];
        expect(&draft, of_acme(), Outcome::Invalid, &expected);
        expect(&draft, with_root(), Outcome::Invalid, &expected[..1]);
    }
}

/// FORMAT §6: a certificate for something else.
#[test]
fn signer_certificate_not_authorised() {
    let edits: [fn(&mut CertificateParams); 4] = [
        |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
        |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::TimeStamping],
        |params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement],
        |params| params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0)),
    ];
    for edit in edits {
        let report = report_on(&certified(edit).build().zip(), of_acme());
        assert!(codes(&report).contains(&"signer-certificate-not-authorised"), "{:#?}", report.findings);
        assert_eq!(report.outcome, Outcome::Invalid);
        assert!(!report.facts.signer_trusted);
    }
    for good in [ExtendedKeyUsagePurpose::EmailProtection, ExtendedKeyUsagePurpose::CodeSigning] {
        let draft = certified(|params| params.extended_key_usages = vec![good, ExtendedKeyUsagePurpose::ServerAuth]);
        expect(&draft, of_acme(), Outcome::Valid, &[]);
    }
}

/// FORMAT §6: a certificate that had ended when the seal was stamped, or had not begun.
#[test]
fn signer_certificate_not_valid() {
    for (from, to) in
        [("2026-01-01T00:00:00Z", "2026-11-22T06:30:29Z"), ("2026-11-22T06:30:31Z", "2027-01-01T00:00:00Z")]
    {
        let draft = certified(|params| valid(params, from, to));
        expect(&draft, of_acme(), Outcome::Invalid, &["signer-certificate-not-valid"]);
        // Who knows the key is told, and not stopped.
        expect(&draft, with_root(), Outcome::Valid, &["signer-certificate-not-valid", "signer-chain-untrusted"]);
    }
    // It may end right after.
    let draft = certified(|params| valid(params, "2026-01-01T00:00:00Z", "2026-11-22T06:30:30Z"));
    expect(&draft, of_acme(), Outcome::Valid, &[]);
}

/// FORMAT §6: a stolen key used after it was revoked, and one that was revoked later.
#[test]
fn signer_certificate_revoked() {
    let revoked = |since: &str| {
        let lists = ACME.lists(Some(since)).map(|list| RevocationList::all_from_bytes(list).unwrap().remove(0));
        Trust { revocation_lists: [lists.to_vec(), with_root().revocation_lists].concat(), ..of_acme() }
    };
    let expected = ["signer-certificate-revoked"];
    let draft = certified(|_| ());
    let report = expect(&draft, revoked("2026-11-22T06:30:30Z"), Outcome::Invalid, &expected);
    assert!(!report.facts.signer_trusted);
    let report = expect(&draft, revoked("2026-11-22T06:30:31Z"), Outcome::Valid, &expected);
    assert_eq!(report.findings[0].severity, Severity::Note);
}

/// FORMAT §6: lists that are not there, or that somebody else signed, clear nobody; it is said for each certificate.
#[test]
fn signer_revocation_not_checked() {
    let draft = certified(|_| ());
    let report = expect(
        &draft,
        Trust { revocation_lists: Vec::new(), ..of_acme() },
        Outcome::Valid,
        &["signer-revocation-not-checked"],
    );
    let named: Vec<&str> = report.findings.iter().map(|finding| finding.claimed.as_str()).collect();
    assert_eq!(named, ["CN=R. Roe", "CN=People of Acme"]);
    let forged =
        WRONG.lists(Some("2026-01-01T00:00:00Z")).map(|list| RevocationList::all_from_bytes(list).unwrap().remove(0));
    let trust = Trust { revocation_lists: [forged.to_vec(), with_root().revocation_lists].concat(), ..of_acme() };
    let report = expect(&draft, trust, Outcome::Valid, &["signer-revocation-not-checked"]);
    assert_eq!(report.findings[0].computed, "the list in its issuer's name is not signed by its issuer");
}

/// FORMAT §6: without a time stamp the holder of a revoked or ended key may date the seal as they like.
#[test]
fn signer_time_not_established() {
    let mut draft = Draft::good();
    draft.certificates = Some(ACME.certify(&operator_key(), |_| ()));
    let trust = Trust { require_timestamp: false, ..of_acme() };
    let expected = ["signer-time-not-established", "timestamp-absent"];
    let report = expect(&draft, trust.clone(), Outcome::Indeterminate, &expected);
    assert!(!report.facts.signer_certificate.unwrap().checked_at_trusted);
    // Stamped, but under a root that the reader did not give: no better.
    let trust = Trust { timestamp_roots: Vec::new(), ..trust };
    let expected = ["signer-time-not-established", "timestamp-root-not-given"];
    expect(&certified(|_| ()), trust, Outcome::Indeterminate, &expected);
}

/// FORMAT §10: the certificate is under the tag manifest, and so under the seal.
#[test]
fn a_certificate_put_in_afterwards_is_named_by_no_manifest() {
    let mut files = stamped().build();
    let certificates = ACME.certify(&operator_key(), |_| ());
    files.insert_before("data/genesis.json", "keys/signer-cert.pem", certificates);
    let report = report_on(&files.zip(), of_acme());
    assert_eq!(codes(&report), ["manifest-file-unlisted", "seal-archive-digest-mismatch"]);
}
