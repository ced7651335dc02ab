//! Every finding code has a case: a code that no case here can raise is a promise that nobody has seen kept.

use signhold::verify::Code;

use crate::catalogue::sources;

#[test]
fn every_code_is_expected_by_a_case() {
    let cases = sources("tests/adversary");
    let without: Vec<&str> = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !cases.iter().any(|(_, text)| text.contains(&format!("\"{code}\""))))
        .collect();
    assert_eq!(without, [""; 0], "no case expects these");
}
