//! Words that several reports use for the same thing: verdicts, severities, numbers.
//!
//! Apart from the documents, so that a cover sheet and a report never call one thing by two names. The tone is that of
//! LEGAL_NOTES: what was not checked is said as plainly as what was.

use crate::format::event::Act;
use crate::format::kind::Kind;
use crate::format::seal::RunState;
use crate::format::statement::Statement;
use crate::verify::{CheckOutcome, Outcome, Provenance, Severity};

pub use crate::codec::amount::{counted, counted_of, either, grouped, seconds};

/// Says in one sentence what a verdict means.
#[must_use]
pub fn verdict(of: &Provenance) -> &'static str {
    match of.verdict {
        Outcome::Valid => {
            "Every check of the published format passed, under the keys and roots that were named for this report."
        }
        Outcome::Invalid => {
            "The package contradicts the format, itself, or what its reader trusts. What follows was made of it all the same, at its \
             reader's express wish, and shows what it says, not what is so."
        }
        Outcome::Indeterminate if of.quick => {
            "Only the container's digest, signatures and time stamps were checked; the pages were not read."
        }
        Outcome::Indeterminate => {
            "Nothing that was checked contradicts the package, but not everything is established; what is not is listed below."
        }
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

/// Returns the name of a log.
#[must_use]
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::InteractiveUser => "interactive users",
        Kind::NonInteractiveUser => "non-interactive users",
        Kind::ServicePrincipal => "service principals",
        Kind::ManagedIdentity => "managed identities",
        Kind::DirectoryAudit => "directory audit",
        Kind::RiskDetection => "risk detections",
        Kind::InteractiveUserV1 => "interactive, by v1.0",
        Kind::SignInEventsSummary => "counts of sign-ins",
        Kind::NonInteractiveUserSummary => "counts, non-interactive",
        Kind::ServicePrincipalSummary => "counts, principals",
        Kind::ManagedIdentitySummary => "counts, managed",
    }
}

/// Says what came of a window.
#[must_use]
pub fn state(state: RunState) -> &'static str {
    match state {
        RunState::Complete => "complete, with records",
        RunState::Empty => "complete, no record",
        RunState::Expired => "expired before it was asked",
        RunState::Failed => "failed",
        RunState::NotAsked => "not asked",
        RunState::Superseded => "asked again later",
    }
}

/// Says what an event of custody says besides who and when.
#[must_use]
pub fn act(act: &Act) -> String {
    let optional = |text: &Option<Statement>| text.as_ref().map_or(String::new(), |text| format!(": {text}"));
    match act {
        Act::Opened(opening) => {
            let parts = [&opening.title, &opening.organisation, &opening.authority];
            parts.iter().filter_map(|part| part.as_ref()).map(ToString::to_string).collect::<Vec<_>>().join("; ")
        }
        Act::Collected(collection) => format!(
            "acquisition {}, {}, {}",
            collection.acquisition,
            counted(collection.pages, "page"),
            counted(collection.failures, "failed request")
        ),
        Act::Sealed(sealing) => format!("acquisition {}, by key {}", sealing.acquisition, sealing.signer),
        Act::Copied(remark)
        | Act::Verified(remark)
        | Act::Exported(remark)
        | Act::Stored(remark)
        | Act::Disposed(remark)
        | Act::Noted(remark) => remark.text.to_string(),
        Act::Transferred(transfer) => {
            let organisation = transfer.to.organisation.as_ref().map_or(String::new(), |name| format!(", {name}"));
            format!("to {}{organisation}{}", transfer.to.name, optional(&transfer.text))
        }
        Act::Received(receipt) => format!("what event {} handed over{}", receipt.transfer, optional(&receipt.text)),
        Act::Renewed(renewal) => counted(u64::try_from(renewal.tokens.len()).unwrap_or(u64::MAX), "time stamp"),
        Act::Countersigned(countersignature) => countersignature.statement.to_string(),
        Act::KeyRevoked(revocation) => {
            format!("key {} since {}: {}", revocation.key, revocation.since, revocation.reason)
        }
    }
}
