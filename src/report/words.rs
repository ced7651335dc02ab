//! Words that several reports use for the same thing: verdicts, severities, numbers.
//!
//! Apart from the documents, so that a cover sheet and a report never call one thing by two names. The tone is that of
//! LEGAL_NOTES: what was not checked is said as plainly as what was.

use crate::verify::{CheckOutcome, Outcome, Provenance, Severity};

/// Says in one sentence what a verdict means.
#[must_use]
pub fn verdict(of: &Provenance) -> &'static str {
    match of.verdict {
        Outcome::Valid => {
            "Every claim that the package makes was checked and held, under the keys and authorities that were named for this report."
        }
        Outcome::Invalid => {
            "The package contradicts the format, itself, or what its reader trusts. What follows was made of it all the same, at its \
             reader's express wish, and shows what it says, not what is so."
        }
        Outcome::Indeterminate if of.quick => {
            "Only the container's digest, signatures and time stamps were checked; the pages were not read."
        }
        Outcome::Indeterminate => {
            "Nothing contradicts the package, but not everything is established; what is not is listed below."
        }
    }
}

/// Returns the name of a verdict.
#[must_use]
pub fn verdict_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Valid => "VALID",
        Outcome::Invalid => "INVALID",
        Outcome::Indeterminate => "INDETERMINATE",
    }
}

/// Says how a step of the verification ended.
#[must_use]
pub fn check(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Failed => "FAILED",
        CheckOutcome::NotChecked => "not checked",
        CheckOutcome::Passed => "passed",
    }
}

/// Says how much a finding weighs.
#[must_use]
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Violation => "violation",
        Severity::Unestablished => "not established",
        Severity::Note => "note",
    }
}

/// Writes 1234567 as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a number with its noun: `1 page`, `2 pages`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(count)) }
}
