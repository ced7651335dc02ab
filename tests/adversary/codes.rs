//! Every finding code has a case, or a reason why not.

use signhold::verify::Code;

const CASES: [&str; 10] = [
    include_str!("bitrot.rs"),
    include_str!("certificate.rs"),
    include_str!("comparison.rs"),
    include_str!("container.rs"),
    include_str!("honest.rs"),
    include_str!("rehash.rs"),
    include_str!("renewal.rs"),
    include_str!("resign.rs"),
    include_str!("signed_lies.rs"),
    include_str!("timestamp.rs"),
];

/// Codes that no case here can raise, each with its reason.
///
/// A token with these deviations has to be forged with the authority's key; the tests of `crypto::timestamp` do so, code by code.
const WITHOUT_CASE: &[(&str, &str)] = &[
    ("timestamp-policy-not-accepted", "a reader cannot name policies yet"),
    ("timestamp-unknown-critical-extension", "forged in crypto::timestamp"),
    ("timestamp-signer-not-identified", "forged in crypto::timestamp"),
    ("timestamp-signer-not-authorised", "forged in crypto::timestamp"),
    ("timestamp-certificate-not-valid-at-gentime", "forged in crypto::timestamp"),
];

#[test]
fn every_code_has_a_case_or_a_reason() {
    let has_case = |code: &str| CASES.iter().any(|text| text.contains(&format!("\"{code}\"")));
    for code in Code::ALL.iter().map(|code| code.as_str()) {
        let is_excused = WITHOUT_CASE.iter().any(|(excused, _)| *excused == code);
        assert!(has_case(code) != is_excused, "`{code}` has a case, or a reason why not, and not both");
    }
}

#[test]
fn only_codes_are_excused() {
    assert!(WITHOUT_CASE.iter().all(|(code, reason)| Code::from_text(code).is_some() && !reason.is_empty()));
}
