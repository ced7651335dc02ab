//! The keys that signed in a ledger: whom the reader knows, and what a revocation means for events (FORMAT §§20.6, 20.7).

use super::packages::Presented;
use super::report::KeyFact;
use crate::crypto::signature::Fingerprint;
use crate::custody::Replay;
use crate::custody::replay::{KeyState, Revoked};
use crate::verify::finding::{Code, Finding, Findings, Severity};
use crate::verify::package::Trust;

/// Says which keys the reader does not know, and which were used after they were revoked.
pub(super) fn check(replay: &Replay, presented: &[Presented], trust: &Trust, findings: &mut Findings) -> Vec<KeyFact> {
    let mut facts = Vec::new();
    for (key, state) in replay.keys() {
        // An authority may have vouched for the key of a package; it is then no stranger's here.
        let vouched_for = presented.iter().any(|package| package.signer_trusted && package.signer == Some(key));
        let trusted = vouched_for || trust.keys.contains(&key) || trust.countersigners.contains(&key);
        if state.events > 0 && !trusted {
            let claimed = format!("key {key}, {} events", state.events);
            findings.say(Code::LedgerKeyUntrusted, format!("line {}#key", state.first), claimed, KNOWN);
        }
        if let Some(revoked) = &state.revoked {
            check_events(key, state, revoked, findings);
        }
        let revoked_since = state.revoked.map(|revoked| revoked.since);
        facts.push(KeyFact { key, event_count: state.events, trusted, revoked_since });
    }
    facts
}

/// Events have no trusted time: what a key signed before its revocation rests on its holder's word.
fn check_events(key: Fingerprint, state: &KeyState, revoked: &Revoked, findings: &mut Findings) {
    let since = format!("key {key} revoked since {}", revoked.since);
    let mut say = |severity, line: u64, claimed: String| {
        let finding = Finding::new(Code::KeyRevoked, format!("line {line}#key"), claimed, &since);
        findings.add(finding.with_severity(severity));
    };
    if let Some(line) = revoked.used_after {
        say(Severity::Violation, line, format!("signed behind its revocation in line {}", revoked.sequence));
    } else if let Some((line, time)) = state.latest {
        let severity = if time >= revoked.since { Severity::Violation } else { Severity::Unestablished };
        say(severity, line, format!("{} events, the latest at {time} by the signer's own clock", state.events));
    }
}

const KNOWN: &str = "a key the reader named";
