//! Who: somebody who wants a package to look older or younger than it is; operators among them.
//!
//! Tokens come from the simulated authority, whose root the reader gives. Deviations inside a token, one by one, are the tests
//! of `crypto::timestamp`; here it is shown that they reach the verdict.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use signhold::crypto::certificate::{KeptLists, RevocationList};
use signhold::crypto::timestamp::{nonce_for, request, trust_roots_from_pem};
use signhold::simulate::timestamp_authority::{RevokedSigner, TimestampAuthority};
use signhold::verify::{Outcome, Report, Severity, Trust};

use crate::archive::Files;
use crate::package::{Draft, Stamp, sha256};
use crate::{codes, pinned, report_on};

static AUTHORITY: LazyLock<Arc<TimestampAuthority>> = LazyLock::new(|| Arc::new(authority()));
static ANOTHER: LazyLock<Arc<TimestampAuthority>> = LazyLock::new(|| Arc::new(authority()));

fn authority() -> TimestampAuthority {
    TimestampAuthority::new(instant("2026-01-01T00:00:00Z"), instant("2027-01-01T00:00:00Z")).unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A token over the signature, at a time.
pub(crate) fn stamp(time: &'static str) -> Stamp {
    Box::new(move |signature| AUTHORITY.respond(&request(&sha256(signature)), instant(time)))
}

/// A token made of another request than the right one.
fn stamp_for(request: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Stamp {
    Box::new(move |signature| AUTHORITY.respond(&request(signature), instant("2026-11-22T06:31:00Z")))
}

const PLANNED: &str = "2026-11-22T06:04:30Z";
const SEALED: &str = "2026-11-22T06:30:30Z";

/// The good package with one time stamp over genesis and one over the seal.
pub(crate) fn stamped() -> Draft {
    let mut draft = Draft::good();
    draft.genesis_stamps.push(stamp(PLANNED));
    draft.seal_stamps.push(stamp(SEALED));
    draft
}

/// The same with another time stamp over the seal.
fn sealed_with(stamp: Stamp) -> Draft {
    let mut draft = stamped();
    draft.seal_stamps = vec![stamp];
    draft
}

/// A reader who knows key, root and the root's revocation list.
pub(crate) fn with_root() -> Trust {
    with_list(None)
}

/// The same, where the list says something about the authority's signer.
fn with_list(revoked: Option<RevokedSigner>) -> Trust {
    let list = AUTHORITY.revocation_list(instant("2026-12-01T00:00:00Z"), instant("2026-12-08T00:00:00Z"), revoked);
    Trust {
        timestamp_roots: trust_roots_from_pem(AUTHORITY.root_pem()).unwrap(),
        revocation_lists: RevocationList::all_from_bytes(list.unwrap()).unwrap(),
        require_timestamp: true,
        ..pinned()
    }
}

#[track_caller]
pub(crate) fn expect(files: &Files, trust: Trust, outcome: Outcome, expected: &[&str]) -> Report {
    let report = report_on(&files.zip(), trust);
    assert_eq!(codes(&report), expected, "{:#?}", report.findings);
    assert_eq!(report.outcome, outcome);
    report
}

/// FORMAT §11: both brackets hold.
#[test]
fn a_stamped_package_is_valid_for_who_gives_key_and_root() {
    let report = expect(&stamped().build(), with_root(), Outcome::Valid, &[]);
    let times = &report.facts.times;
    assert_eq!(times.genesis_tokens[0].gen_time, PLANNED);
    assert_eq!(times.seal_tokens[0].gen_time, SEALED);
    assert!(times.genesis_tokens[0].accepted && times.seal_tokens[0].accepted);
    assert!(times.seal_tokens[0].authority.as_deref().unwrap().contains("SIMULATED"));
}

/// FORMAT §11: a second authority for the seal.
#[test]
fn two_authorities_are_both_checked() {
    let mut draft = stamped();
    draft.genesis_stamps.push(stamp("2026-11-22T06:04:31Z"));
    draft.seal_stamps.push(stamp("2026-11-22T06:30:31Z"));
    let report = expect(&draft.build(), with_root(), Outcome::Valid, &[]);
    assert_eq!(report.facts.times.seal_tokens.len(), 2);
}

/// FORMAT §9: the authority of the plan was gone when the package was closed; the seal says for itself how it is stamped.
#[test]
fn a_seal_without_time_stamp_may_follow_a_stamped_genesis() {
    let mut draft = stamped();
    draft.seal_stamps.clear();
    let (files, demanding) = (draft.build(), with_root());
    expect(&files, demanding.clone(), Outcome::Indeterminate, &["timestamp-absent"]);
    let trust = Trust { require_timestamp: false, ..demanding };
    let report = expect(&files, trust, Outcome::Valid, &["timestamp-absent"]);
    assert!(report.facts.times.genesis_tokens[0].accepted);
}

/// FORMAT §12.12: a root in the package would prove nothing, so there is none; the reader has to bring it.
#[test]
fn timestamp_root_not_given() {
    expect(&stamped().build(), pinned(), Outcome::Indeterminate, &["timestamp-root-not-given"]);
}

/// FORMAT §12.12: an authority that the reader does not trust.
#[test]
fn timestamp_chain_untrusted() {
    let trust = Trust { timestamp_roots: trust_roots_from_pem(ANOTHER.root_pem()).unwrap(), ..pinned() };
    expect(&stamped().build(), trust, Outcome::Indeterminate, &["timestamp-chain-untrusted"]);
}

/// FORMAT §11: the token is taken out, and the signed mode says that there was one.
#[test]
fn timestamp_missing() {
    let mut files = stamped().build();
    files.remove("seal/seal.tsr");
    expect(&files, with_root(), Outcome::Invalid, &["timestamp-missing"]);
}

/// FORMAT §11: a token where the signed mode says that there is none.
#[test]
fn timestamp_unexpected() {
    let mut files = Draft::good().build();
    let token = stamp(SEALED)(files.bytes("seal/seal.sig"));
    files.push("seal/seal.tsr", token);
    let trust = Trust { require_timestamp: false, ..with_root() };
    expect(&files, trust, Outcome::Invalid, &["timestamp-unexpected", "timestamp-absent"]);
}

/// FORMAT §11: a later token put in the place of the genesis token; every document names the right one.
#[test]
fn a_genesis_token_that_was_exchanged_is_not_the_one_named() {
    let mut files = stamped().build();
    let token = stamp("2026-11-22T06:04:00Z")(files.bytes("data/genesis.sig"));
    files.set("data/genesis.tsr", token);
    files.make_manifests();
    files.reseal(&crate::package::operator_key());
    let expected = ["genesis-mismatch", "timestamp-imprint-mismatch", "timestamp-nonce-mismatch"];
    let report = report_on(&files.zip(), with_root());
    assert!(codes(&report).contains(&expected[0]), "{:#?}", report.findings);
    assert_eq!(report.outcome, Outcome::Invalid);
}

/// FORMAT §11: a token over another signature, as from another package.
#[test]
fn timestamp_imprint_mismatch() {
    let draft = sealed_with(stamp_for(|_| request(&sha256(b"another signature"))));
    let expected = ["timestamp-imprint-mismatch", "timestamp-nonce-mismatch"];
    expect(&draft.build(), with_root(), Outcome::Invalid, &expected);
}

/// FORMAT §11: a token for the right bytes, made at another request.
#[test]
fn timestamp_nonce_mismatch() {
    let draft = sealed_with(stamp_for(|signature| {
        let imprint = sha256(signature);
        let mut asked = request(&imprint);
        let nonce: Vec<u8> = nonce_for(&imprint).into_iter().skip_while(|byte| *byte == 0).collect();
        let at = asked.windows(nonce.len()).rposition(|window| window == nonce).unwrap() + nonce.len() - 1;
        asked[at] ^= 1;
        asked
    }));
    expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-nonce-mismatch"]);
}

/// FORMAT §11: SHA-512 instead of SHA-256, over the same bytes.
#[test]
fn timestamp_imprint_algorithm() {
    let draft = sealed_with(stamp_for(|signature| {
        use sha2::Digest as _;
        let imprint = sha256(signature);
        let asked = request(&imprint);
        // The object identifiers of SHA-256 and SHA-512 differ in their last byte, the digests in length: 32 bytes more.
        let at = asked.windows(9).position(|window| window == SHA_256).unwrap();
        let digest = asked.windows(32).position(|window| window == imprint).unwrap();
        let mut longer = asked[..digest].to_vec();
        longer.extend_from_slice(&sha2::Sha512::digest(signature));
        longer.extend_from_slice(&asked[digest + 32..]);
        longer[at + 8] = 3;
        longer[digest - 1] = 64;
        // The lengths of SEQUENCE and MessageImprint: both stay below 128.
        longer[1] += 32;
        longer[6] += 32;
        longer
    }));
    let report = report_on(&draft.build().zip(), with_root());
    assert!(codes(&report).contains(&"timestamp-imprint-algorithm"), "{:#?}", report.findings);
    assert_eq!(report.outcome, Outcome::Invalid);
}

const SHA_256: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

/// FORMAT §11: no token at all.
#[test]
fn timestamp_malformed() {
    for bytes in [&b""[..], b"not DER", &[0x30, 0x80, 0, 0]] {
        let draft = sealed_with(Box::new(move |_| bytes.to_vec()));
        expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-malformed"]);
    }
}

/// FORMAT §11: bytes behind the token.
#[test]
fn timestamp_malformed_by_trailing_bytes() {
    let draft = sealed_with(Box::new(|signature| [stamp(SEALED)(signature), vec![0]].concat()));
    expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-malformed"]);
}

/// FORMAT §11: the authority refused, and its refusal was kept as if it were a token.
#[test]
fn timestamp_rejected() {
    let draft = sealed_with(stamp_for(|_| b"not a request".to_vec()));
    expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-rejected"]);
}

/// FORMAT §11: the last byte of the authority's signature.
#[test]
fn timestamp_signature_invalid() {
    let draft = sealed_with(Box::new(|signature| {
        let mut token = stamp(SEALED)(signature);
        let last = token.len() - 1;
        token[last] ^= 1;
        token
    }));
    expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-signature-invalid"]);
}

/// FORMAT §12.13: a plan that was stamped after the first request was made.
#[test]
fn timestamp_order_of_the_plan() {
    let mut draft = stamped();
    draft.genesis_stamps = vec![stamp("2026-11-22T06:20:00Z")];
    expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-order", "clock-offset"]);
}

/// FORMAT §12.13: a seal whose own time is after the token over it: the operator's clock was moved.
#[test]
fn timestamp_order_of_the_seal() {
    let draft = sealed_with(stamp("2026-11-22T06:10:00Z"));
    expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-order"]);
}

fn severities(report: &Report) -> Vec<Severity> {
    report.findings.iter().map(|finding| finding.severity).collect()
}

/// FORMAT §11.2: the authority was revoked when it stamped; whoever holds its key made the stamps.
#[test]
fn timestamp_certificate_revoked() {
    for key_compromised in [false, true] {
        let revoked = RevokedSigner { since: instant("2026-11-22T06:04:30Z"), key_compromised };
        let files = stamped().build();
        let report = expect(&files, with_list(Some(revoked)), Outcome::Invalid, &["timestamp-certificate-revoked"]);
        assert_eq!(severities(&report), [Severity::Violation; 2], "genesis at that very second, and the seal");
        assert!(!report.facts.times.seal_tokens[0].accepted);
    }
}

/// FORMAT §11.2: a key that came into other hands makes tokens of any time, so those from before are worth nothing by themselves.
#[test]
fn a_key_that_was_lost_later_establishes_nothing() {
    let revoked = RevokedSigner { since: instant("2026-11-25T00:00:00Z"), key_compromised: true };
    let files = stamped().build();
    let report = expect(&files, with_list(Some(revoked)), Outcome::Indeterminate, &["timestamp-certificate-revoked"]);
    assert_eq!(severities(&report), [Severity::Unestablished; 2]);
    assert!(!report.facts.times.seal_tokens[0].accepted);
}

/// FORMAT §11.2: an authority that ceased to work has stamped rightly before.
#[test]
fn an_authority_that_ceased_later_has_stamped_rightly() {
    let revoked = RevokedSigner { since: instant("2026-11-25T00:00:00Z"), key_compromised: false };
    let files = stamped().build();
    let report = expect(&files, with_list(Some(revoked)), Outcome::Valid, &["timestamp-certificate-revoked"]);
    assert_eq!(severities(&report), [Severity::Note; 2]);
    assert!(report.facts.times.seal_tokens[0].accepted);
}

/// FORMAT §11.2: silence is not a pass: the list that the reader gave is another authority's, or was over when the token was made.
#[test]
fn timestamp_revocation_not_checked() {
    let files = stamped().build();
    let (from, to) = (instant("2026-11-01T00:00:00Z"), instant("2026-11-08T00:00:00Z"));
    for (authority, until) in [(&*ANOTHER, "2026-12-08T00:00:00Z"), (&*AUTHORITY, "2026-11-08T00:00:00Z")] {
        let list = authority.revocation_list(from, instant(until).max(to), None).unwrap();
        let trust = Trust { revocation_lists: RevocationList::all_from_bytes(list).unwrap(), ..with_root() };
        let report = expect(&files, trust, Outcome::Valid, &["timestamp-revocation-not-checked"]);
        assert!(report.facts.times.seal_tokens[0].accepted);
    }
    // Who gives no list has asked for none.
    expect(&files, Trust { revocation_lists: Vec::new(), ..with_root() }, Outcome::Valid, &[]);
}

/// FORMAT §11.2: lists that the package brings along count as the reader's do, by their issuer's signature.
#[test]
fn lists_in_the_package_are_used() {
    for (revoked, outcome, expected) in [
        (None, Outcome::Valid, &[][..]),
        (Some("2026-11-22T06:00:00Z"), Outcome::Invalid, &["timestamp-certificate-revoked"][..]),
    ] {
        let revoked = revoked.map(|since| RevokedSigner { since: instant(since), key_compromised: true });
        let (from, to) = (instant("2026-11-22T00:00:00Z"), instant("2026-11-29T00:00:00Z"));
        let list = AUTHORITY.revocation_list(from, to, revoked).unwrap();
        let list = KeptLists::new(RevocationList::all_from_bytes(list).unwrap()).unwrap();
        let mut draft = stamped();
        draft.timestamp_lists = Some(list.to_pem());
        let trust = Trust { revocation_lists: Vec::new(), ..with_root() };
        expect(&draft.build(), trust, outcome, expected);
    }
}

/// FORMAT §11.2: the same list in another text is another file.
#[test]
fn timestamp_lists_malformed() {
    let (from, to) = (instant("2026-11-22T00:00:00Z"), instant("2026-11-29T00:00:00Z"));
    let list = RevocationList::all_from_bytes(AUTHORITY.revocation_list(from, to, None).unwrap()).unwrap().remove(0);
    let good = KeptLists::new(vec![list]).unwrap().to_pem();
    for text in [String::new(), good.replace('\n', "\r\n"), format!("{good}\n"), good.replace("X509 CRL", "CRL")] {
        let mut draft = stamped();
        draft.timestamp_lists = Some(text);
        expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-lists-malformed"]);
    }
}
