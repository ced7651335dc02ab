//! The judge of a ledger: lines to a verdict (FORMAT §20.6).
//!
//! A ledger is read once, as a stream; what is remembered is bounded, so that a million lines need no more memory than a
//! thousand. Which event may follow which is asked of [`crate::custody`], which is no maker: it signs and writes nothing. An
//! event whose signature is wrong counts as a line and as nothing else. [`head`] holds the lines against what the
//! reader was given, [`keys`] and [`packages`] against whom and what the reader presents; [`renewals`] finds what carries packages on.

mod head;
mod keys;
mod packages;
mod renewals;
mod report;

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::crypto::digest::EventDigest;
use crate::custody::lines::{Line, Lines};
use crate::custody::{Breach, Replay, Rule};
use crate::format::ledger::SignedEvent;
use crate::verify::budget::LEDGER_LINE_BYTES;
use crate::verify::finding::{Code, Findings, Step};
use crate::verify::package::{Trust, VerifyError};

pub use head::ExpectedHead;
pub use packages::Presented;
pub use renewals::{ArchiveName, read_renewals};
pub use report::{KeyFact, LedgerFacts, LedgerReport, PackageCustody};

use head::Heads;
use packages::Packages;

/// Verifies a ledger, and the packages that were presented with it against it.
///
/// `trust` says which keys the reader knows, who must have countersigned, and which heads the reader holds.
///
/// # Errors
///
/// [`VerifyError::Io`] where the machine failed; whatever is wrong with the ledger is in the report.
pub fn verify_ledger<R: BufRead>(
    ledger: R,
    presented: &[Presented],
    trust: &Trust,
) -> Result<LedgerReport, VerifyError> {
    let mut findings = Findings::default();
    let mut not_checked = BTreeMap::new();
    let mut replay = Replay::new();
    let mut heads = Heads::new(&trust.heads);
    let mut packages = Packages::new(presented);
    let mut opened = None;
    let mut lines = Lines::new(ledger, LEDGER_LINE_BYTES);
    while let Some(line) = lines.next_line()? {
        let number = replay.line_count().saturating_add(1);
        let place = format!("line {number}");
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::Torn(byte_len) => {
                let claimed = format!("{byte_len} bytes without a line feed");
                findings.say(Code::LedgerMalformed, &place, claimed, "a line feed behind every event");
                break;
            }
            Line::TooLong => {
                let computed = format!("at most {LEDGER_LINE_BYTES} bytes");
                findings.say(Code::LedgerSizeCap, &place, "a longer line", computed);
                for step in Step::LEDGER {
                    not_checked.insert(step, format!("reading stopped at line {number}"));
                }
                break;
            }
        };
        if let Some(signed) = read(bytes, &place, &mut replay, &mut findings) {
            opened = opened.or(Some(signed.event.time));
            heads.know(&signed);
            packages.follow(&signed.event, &place, &mut findings);
        }
        if let Some(head) = replay.head() {
            heads.pass(head.digest, &replay);
        }
    }
    if replay.line_count() == 0 {
        findings.say(Code::LedgerMalformed, "line 1", "no event", "the event that opens the ledger");
    }
    for sequence in replay.open_transfers() {
        findings.say(Code::LedgerTransferOpen, format!("line {sequence}"), "handed over", "not received so far");
    }
    let custody = packages.finish(&replay, trust, &mut findings, &mut not_checked);
    let keys = keys::check(&replay, presented, trust, &mut findings);
    heads.finish(&replay, &mut findings, &mut not_checked);
    let facts = LedgerFacts {
        ledger: replay.name(),
        matter: replay.matter().cloned(),
        byte_len: lines.byte_len(),
        line_count: replay.line_count(),
        head_sha256: replay.head().map(|head| head.digest),
        merkle_root: replay.root(),
        opened,
        latest: replay.latest(),
        opener: replay.opener(),
        keys,
        open_transfers: replay.open_transfers().collect(),
        packages: custody,
    };
    Ok(report::conclude(findings, &not_checked, presented, trust, facts))
}

/// Reads one line into the replay. Returns the event if it is one, and signed.
fn read(bytes: &[u8], place: &str, replay: &mut Replay, findings: &mut Findings) -> Option<SignedEvent> {
    let signed = match SignedEvent::decode(bytes) {
        Ok(signed) => signed,
        Err(error) => {
            findings.say(Code::LedgerMalformed, place, error.to_string(), "a signed event in its one form");
            replay.skip(bytes);
            return None;
        }
    };
    if !signed.is_signed(bytes) {
        let claimed = match &signed.public_key {
            Ok(key) => format!("signed by key {}, naming key {}", key.fingerprint(), signed.event.key),
            Err(error) => error.to_string(),
        };
        findings.say(Code::LedgerSignatureInvalid, place, claimed, "a signature of the named key over the event");
        replay.skip(bytes);
        return None;
    }
    for Breach { rule, member, claimed, expected } in replay.follow(&signed, bytes) {
        findings.say(code_of(rule), format!("{place}#{member}"), claimed, expected);
    }
    Some(signed)
}

fn code_of(rule: Rule) -> Code {
    match rule {
        Rule::Chain => Code::LedgerChainBroken,
        Rule::Limit => Code::LedgerSizeCap,
        Rule::Matter => Code::LedgerMatterMismatch,
        Rule::Package => Code::LedgerPackageMismatch,
        Rule::Sequence => Code::LedgerSequence,
        Rule::Time => Code::LedgerTimeOrder,
        Rule::Transfer => Code::LedgerTransferMismatch,
        _ => Code::LedgerRuleBroken,
    }
}

/// A digest of a line in words.
fn named(digest: EventDigest) -> String {
    format!("line with digest {digest}")
}
