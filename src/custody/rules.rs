//! Which event may stand next (FORMAT §§20.2, 20.3).

use std::collections::BTreeSet;
use std::fmt;

use super::breach::{Breach, Rule};
use super::limits;
use super::replay::{Replay, digest_of_digests, digest_of_packages, short_name};
use crate::crypto::timestamp;
use crate::format;
use crate::format::event::{Act, ActorRole, Event, Receipt, Renewal, Revocation};

/// The member that a receipt stands or falls with.
pub(super) const TRANSFER: &str = "details.transfer";
/// The member that a revocation stands or falls with.
pub(super) const REVOKED_KEY: &str = "details.key";

/// The members that a renewal stands or falls with.
pub(super) const TOKENS: &str = "details.tokens";
pub(super) const OVER: &str = "details.over";

/// Says what an event breaks as the next of a ledger.
pub(super) fn breaches(ledger: &Replay, event: &Event) -> Vec<Breach> {
    let mut found = Vec::new();
    chain(ledger, event, &mut found);
    packages(ledger, event, &mut found);
    match &event.act {
        Act::Received(receipt) => self::receipt(ledger, event, receipt, &mut found),
        Act::Renewed(renewal) => self::renewal(ledger, event, renewal, &mut found),
        Act::KeyRevoked(revocation) => self::revocation(ledger, event, revocation, &mut found),
        Act::Countersigned(_) if !is_second_person(event.actor.role) => {
            found.push(Breach::new(Rule::Kind, "actor.role", event.actor.role, "witness, counsel or notary"));
        }
        _ => {}
    }
    found
}

/// A limit that is reached.
pub(super) fn limit(member: &'static str, claimed: &str, limit: usize) -> Breach {
    Breach::new(Rule::Limit, member, claimed, format_args!("at most {limit}"))
}

/// Place, names and time.
fn chain(ledger: &Replay, event: &Event, found: &mut Vec<Breach>) {
    let sequence = ledger.line_count().saturating_add(1);
    if event.sequence != sequence {
        found.push(Breach::new(Rule::Sequence, "sequence", event.sequence, sequence));
    }
    let (previous, name) = (ledger.head().map(|head| head.digest), ledger.name());
    if event.previous != previous {
        found.push(Breach::new(Rule::Chain, "previous", or_null(event.previous), or_null(previous)));
    }
    // A first line that is no event leaves the ledger without a name to compare with.
    if event.ledger != name && (sequence == 1 || name.is_some()) {
        found.push(Breach::new(Rule::Chain, "ledger", or_null(event.ledger), or_null(name)));
    }
    if let Some(matter) = ledger.matter().filter(|matter| **matter != event.matter) {
        found.push(Breach::new(Rule::Matter, "matter", &event.matter, matter));
    }
    if let Some(latest) = ledger.latest().filter(|latest| !Replay::tolerates(event.time, *latest)) {
        found.push(Breach::new(Rule::Time, "time", event.time, format_args!("not before {latest}, less 300 s")));
    }
    let opens = matches!(event.act, Act::Opened(_));
    if opens != (sequence == 1) {
        let expected = if opens { "another kind behind the first event" } else { "opened" };
        found.push(Breach::new(Rule::Kind, "kind", event.act.kind(), expected));
    }
}

/// How many packages, which, and in what state.
fn packages(ledger: &Replay, event: &Event, found: &mut Vec<Breach>) {
    let count = event.packages.len();
    let (is_right, expected) = match &event.act {
        Act::Opened(_) | Act::Collected(_) | Act::KeyRevoked(_) => (count == 0, "no package"),
        Act::Sealed(_) | Act::Renewed(_) => (count == 1, "one package"),
        Act::Noted(_) => (true, ""),
        _ => (count > 0, "at least one package"),
    };
    if !is_right {
        found.push(Breach::new(Rule::Kind, "packages", format_args!("{count} packages"), expected));
    }
    if count > limits::PACKAGES_PER_EVENT {
        found.push(limit("packages", &format!("{count} packages"), limits::PACKAGES_PER_EVENT));
    }
    let mut seen = BTreeSet::new();
    for package in &event.packages {
        if !seen.insert(&package.package) {
            found.push(Breach::new(Rule::Kind, "packages", format_args!("{} twice", package.package), "each once"));
        }
        let Some(state) = ledger.package(package) else { continue };
        if state.name != short_name(package) {
            let claimed = format!(
                "{}: seal {}, archive {} of {} bytes",
                package.package, package.seal_sha256, package.archive_sha256, package.byte_len
            );
            found.push(Breach::new(Rule::Package, "packages", claimed, "the digests under which it was named before"));
        }
        if matches!(event.act, Act::Sealed(_)) && state.is_sealed {
            let claimed = format!("{} sealed again", package.package);
            found.push(Breach::new(Rule::Kind, "kind", claimed, "a package that is not sealed yet"));
        } else if matches!(event.act, Act::Sealed(_)) && state.is_handled {
            let claimed = format!("{} sealed behind another event that names it", package.package);
            found.push(Breach::new(Rule::Kind, "kind", claimed, "the first event of this package, `noted` aside"));
        }
        let may_follow = matches!(event.act, Act::Noted(_) | Act::Countersigned(_) | Act::Verified(_));
        if let Some(disposed) = state.disposed.filter(|_| !may_follow) {
            let claimed = format!("{} of {}", event.act.kind(), package.package);
            found.push(Breach::new(
                Rule::Kind,
                "kind",
                claimed,
                format_args!("nothing: disposed of in event {disposed}"),
            ));
        }
    }
}

/// A receipt fits one open transfer.
fn receipt(ledger: &Replay, event: &Event, receipt: &Receipt, found: &mut Vec<Breach>) {
    let Some(transfer) = ledger.transfers.get(&receipt.transfer) else {
        let claimed = format!("event {}", receipt.transfer);
        found.push(Breach::new(Rule::Transfer, TRANSFER, claimed, "an open transfer"));
        return;
    };
    let mut refuse = |claimed: &dyn fmt::Display, expected: &dyn fmt::Display| {
        found.push(Breach::new(Rule::Transfer, TRANSFER, claimed, expected));
    };
    if transfer.line != receipt.transfer_sha256 {
        refuse(&receipt.transfer_sha256, &transfer.line);
    }
    if transfer.giver == event.key {
        refuse(&format_args!("received by key {}", event.key), &"another key than the giver's");
    }
    if let Some(key) = transfer.to_key.filter(|key| *key != event.key) {
        refuse(&format_args!("received by key {}", event.key), &format_args!("key {key}, to which it was handed"));
    }
    if transfer.packages != digest_of_packages(&event.packages) {
        refuse(&"other packages", &format_args!("those of event {}", receipt.transfer));
    }
}

/// A renewal is about its package and all renewals before it; its tokens are about nothing else (FORMAT §§11.1, 20.4).
fn renewal(ledger: &Replay, event: &Event, renewal: &Renewal, found: &mut Vec<Breach>) {
    let state = event.packages.first().and_then(|package| ledger.package(package));
    match state.and_then(|state| state.renewed) {
        None if renewal.over.len() != 1 => {
            let claimed = format!("{} digests", renewal.over.len());
            found.push(Breach::new(Rule::Kind, OVER, claimed, "that of the package, which was not renewed before"));
        }
        Some(renewed) if digest_of_digests(renewal.over.iter().copied()) != renewed.over => {
            let claimed = format!("{} digests", renewal.over.len());
            found.push(Breach::new(
                Rule::Kind,
                OVER,
                claimed,
                "those of the package and of each token before, in order",
            ));
        }
        Some(renewed) if renewed.count >= limits::RENEWALS => {
            let claimed = format!("renewal {}", renewed.count.saturating_add(1));
            found.push(Breach::new(Rule::Limit, OVER, claimed, format_args!("at most {}", limits::RENEWALS)));
            return;
        }
        _ => {}
    }
    let count = renewal.tokens.len();
    if !(1..=limits::TOKENS).contains(&count) {
        let expected = format!("1 to {}", limits::TOKENS);
        found.push(Breach::new(Rule::Kind, TOKENS, format_args!("{count} tokens"), expected));
        return;
    }
    let Some(responses) = renewal.responses() else {
        found.push(Breach::new(Rule::Kind, TOKENS, "another text", "base64 with padding"));
        return;
    };
    let imprint = format::renewal::over(renewal.over.iter().copied());
    for (number, response) in (1..).zip(&responses) {
        let fault = match timestamp::parse_response(response) {
            Err(fault) => Some(fault),
            // Who signed it, and whether rightly, is for those to say who know roots.
            Ok(token) => token.check_statement(&imprint).into_iter().next(),
        };
        if let Some(fault) = fault {
            let claimed = format!("token {number}: {}", fault.code());
            found.push(Breach::new(Rule::Kind, TOKENS, claimed, "a token over the digests in `over`"));
        }
    }
}

/// A revocation is the opener's, or the key's own, and the first.
fn revocation(ledger: &Replay, event: &Event, revocation: &Revocation, found: &mut Vec<Breach>) {
    if event.key != revocation.key && ledger.opener() != Some(event.key) {
        let expected = "the key that opened the ledger, or the revoked key itself";
        found.push(Breach::new(Rule::Kind, REVOKED_KEY, format_args!("revoked by key {}", event.key), expected));
    }
    if ledger.keys.get(&revocation.key).is_some_and(|state| state.revoked.is_some()) {
        let claimed = format!("key {} revoked again", revocation.key);
        found.push(Breach::new(Rule::Kind, REVOKED_KEY, claimed, "a key that is not revoked yet"));
    }
}

fn is_second_person(role: ActorRole) -> bool {
    matches!(role, ActorRole::Counsel | ActorRole::Notary | ActorRole::Witness)
}

fn or_null(digest: Option<impl fmt::Display>) -> String {
    digest.map_or_else(|| "null".to_owned(), |digest| digest.to_string())
}
