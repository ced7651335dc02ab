//! Step 9, FORMAT §6.3: the requests that brought no page.

use crate::crypto::digest::PageDigest;
use crate::crypto::signature::PublicKey;
use crate::format::decode;
use crate::format::failure::FailureRecord;
use crate::format::path::PackagePath;
use crate::verify::checks::seal::{lengths, verifies};
use crate::verify::checks::signed::{self, Problem};
use crate::verify::finding::{Code, Finding, Findings};

/// Reads a failure record and checks its signature, its values and its body. Runs in the workers.
pub(in crate::verify) fn read(
    number: u64,
    bytes: Option<&[u8]>,
    signature: Option<&[u8]>,
    body: Option<(u64, [u8; 32])>,
    key: Option<&PublicKey>,
    findings: &mut Vec<Finding>,
) -> Option<FailureRecord> {
    let place = PackagePath::failure_record(number);
    let mut say = |code: Code, place: &str, claimed: &str, computed: &str| {
        findings.push(Finding::new(code, place, claimed, computed));
    };
    if bytes.is_none() {
        say(Code::FailureMalformed, place.as_str(), "nothing", "a failure record");
    }
    let signature_place = PackagePath::failure_signature(number);
    match (bytes, signature, key) {
        (_, None, _) => say(Code::FailureMalformed, signature_place.as_str(), "nothing", "a signature"),
        (Some(bytes), Some(signature), Some(key)) if !verifies(key, bytes, signature) => {
            let computed = key.fingerprint().to_string();
            say(Code::FailureSignatureInvalid, signature_place.as_str(), &lengths(signature), &computed);
        }
        _ => {}
    }
    let record: FailureRecord = match decode(bytes?) {
        Ok(record) => record,
        Err(error) => {
            say(Code::FailureMalformed, place.as_str(), &error.to_string(), "canonical JSON of its role");
            return None;
        }
    };
    if let Err(problem) = check_values(&record) {
        let place = format!("{place}#{}", problem.member);
        say(Code::FailureMalformed, &place, &problem.claimed, problem.expected);
    }
    let body_path = PackagePath::failure_body(number);
    match (&record.body, body) {
        (None, None) => {}
        (None, Some(_)) => say(Code::FailureMismatch, body_path.as_str(), "no body", "a file"),
        (Some(_), None) => say(Code::FailureMismatch, body_path.as_str(), "a body", "no file"),
        (Some(claimed), Some((byte_len, digest))) => {
            if claimed.path != body_path {
                say(Code::FailureMismatch, &format!("{place}#body.path"), claimed.path.as_str(), body_path.as_str());
            }
            let computed = PageDigest::from_bytes(digest);
            if claimed.sha256 != computed {
                say(Code::FailureMismatch, body_path.as_str(), &claimed.sha256.to_string(), &computed.to_string());
            }
            if claimed.byte_len != byte_len {
                say(Code::FailureMismatch, body_path.as_str(), &claimed.byte_len.to_string(), &byte_len.to_string());
            }
        }
    }
    Some(record)
}

/// Compares a failure's number and place with those before it. `last` is the failure before and the page it came after; `pages` the
/// numbers that its `after_page` may have.
pub(in crate::verify) fn check_place(
    number: u64,
    record: Option<&FailureRecord>,
    last: Option<(u64, u64)>,
    is_first_volume: bool,
    pages: Option<(u64, u64)>,
    findings: &mut Findings,
) {
    let place = PackagePath::failure_record(number);
    let expected = match last {
        Some((last, _)) => last.checked_add(1),
        None if is_first_volume => Some(1),
        None => None,
    };
    if let Some(expected) = expected
        && expected != number
    {
        findings.say(Code::FailureMismatch, place.as_str(), number.to_string(), expected.to_string());
    }
    let Some(record) = record else { return };
    if record.sequence != number {
        let place = format!("{place}#sequence");
        findings.say(Code::FailureMismatch, place, record.sequence.to_string(), number.to_string());
    }
    let Some((first, head)) = pages else { return };
    let after = last.map_or(first, |(_, after)| after);
    if record.after_page < after || record.after_page > head {
        let place = format!("{place}#after_page");
        findings.say(Code::FailureMismatch, place, record.after_page.to_string(), format!("{after} to {head}"));
    }
}

/// Compares the place of the first and the last failure of a volume without pages with the page at which the seal says it begins.
pub(in crate::verify) fn check_place_without_pages(
    first: (u64, Option<u64>),
    last: (u64, u64),
    first_page: u64,
    findings: &mut Findings,
) {
    let expected = first_page.saturating_sub(1);
    for (number, after) in [(first.0, first.1.unwrap_or(expected)), last] {
        if after != expected {
            let place = format!("{}#after_page", PackagePath::failure_record(number));
            findings.say(Code::FailureMismatch, place, after.to_string(), expected.to_string());
        }
    }
}

fn check_values(record: &FailureRecord) -> Result<(), Problem> {
    signed::stream(&record.stream)?;
    signed::request(&record.request)?;
    if let Some(response) = &record.response {
        signed::response(response, false)?;
        signed::transport(&record.request, response)?;
    }
    record.body.as_ref().map_or(Ok(()), |body| signed::body(body, record.response.as_ref()))
}
