//! What a verification comes to: an outcome, one line for each step of FORMAT §12, findings and facts.
//!
//! The rule is FORMAT §13 and stands in one function, [`conclude`]. Nothing after a violation can make an outcome better, and
//! a step that was not carried out is never silently a pass. Field names here are those of `--json`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::codec::amount;
use crate::crypto::digest::{CertificateDigest, FileDigest, GenesisDigest, SealDigest};
use crate::crypto::signature::Fingerprint;
use crate::format::genesis::{Matter, Series};
use crate::format::identifier::{AcquisitionId, PackageId};
use crate::format::kind::Kind;
use crate::format::line::Line;
use crate::format::parts::TimestampMode;
use crate::format::seal::{Run, Volume};
use crate::time::{Bound, LocalTime};
use crate::verify::finding::{Code, Finding, Findings, Severity, Step};

/// FORMAT §13. There is no fourth: where reading failed, there is no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Intact as far as seen; signer, time, a volume or an unread part is not established.
    Indeterminate,
    /// The evidence contradicts the format, itself, or what the reader trusts.
    Invalid,
    /// Every claim was checked and held.
    Valid,
}

impl Outcome {
    /// Returns its name, as reports write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Indeterminate => "INDETERMINATE",
            Self::Invalid => "INVALID",
            Self::Valid => "VALID",
        }
    }

    /// Returns the worse of two.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Invalid, _) | (_, Self::Invalid) => Self::Invalid,
            (Self::Indeterminate, _) | (_, Self::Indeterminate) => Self::Indeterminate,
            (Self::Valid, Self::Valid) => Self::Valid,
        }
    }
}

/// How one step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// A violation.
    Failed,
    /// Not carried out, or not to its end; the reason is said.
    NotChecked,
    /// Carried out in full, without violation.
    Passed,
}

/// One step of FORMAT §12.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// Number of the step.
    pub number: u8,
    /// The step.
    pub step: Step,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// Why it was not carried out in full; a failed step may have one too.
    pub reason: Option<String>,
}

/// Everything a verification has to say.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The verdict.
    pub outcome: Outcome,
    /// Whether only container digest, signatures and time stamps were asked for.
    pub quick: bool,
    /// All thirteen steps, in order.
    pub checks: Vec<CheckResult>,
    /// Findings by step; at most twenty of one code.
    pub findings: Vec<Finding>,
    /// How often each code was raised, listed or not.
    pub finding_counts: BTreeMap<Code, u64>,
    /// What is in the package.
    pub facts: Facts,
}

/// What a package says about itself. Whether to believe it is the [`Report`]'s business, not this one's.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Facts {
    /// Length of the archive in bytes.
    pub archive_byte_len: u64,
    /// SHA-256 of the whole archive, from its first byte to its last; null where it could not be read to its end.
    pub archive_sha256: Option<FileDigest>,
    /// Number of files.
    pub file_count: u64,
    /// From the seal.
    pub package: Option<PackageId>,
    /// From genesis.
    pub acquisition: Option<AcquisitionId>,
    /// From genesis.
    pub matter: Option<Matter>,
    /// From genesis.
    pub series: Option<Series>,
    /// From genesis.
    pub operator: Option<Line>,
    /// True when genesis or seal says so, or an endpoint is outside the cloud table.
    pub simulated: Option<bool>,
    /// From genesis: `graph_url`.
    pub service: Option<String>,
    /// From genesis: roots for TLS that the operator added.
    pub extra_roots: Vec<CertificateDigest>,
    /// From genesis: the proxy, if any.
    pub proxy: Option<String>,
    /// The planned window, half-open.
    pub window: Option<PlannedWindow>,
    /// Kinds asked.
    pub kinds: Vec<Kind>,
    /// Kinds not asked.
    pub kinds_not_asked: Vec<Kind>,
    /// From the seal.
    pub volume: Option<Volume>,
    /// Fingerprint of the key that signed records and seal.
    pub signer: Option<Fingerprint>,
    /// Fingerprint of the key that signed the plan, and in it the name of the signer's: the same where the operator has one for all.
    pub operator_key: Option<Fingerprint>,
    /// Whether the reader named the operator's key, on which the signer's rests, or an authority that vouches for it.
    pub signer_trusted: bool,
    /// What the certificate in the package says, and what came of it.
    pub signer_certificate: Option<CertificateFact>,
    /// Digest of `data/genesis.json`.
    pub genesis_sha256: Option<GenesisDigest>,
    /// Digest of `seal/seal.json`.
    pub seal_sha256: Option<SealDigest>,
    /// Whether [`Facts::counts`] were computed from the bytes, or are the seal's.
    pub counts_computed: bool,
    /// Sums.
    pub counts: Counts,
    /// Every run, as the seal lists it.
    pub coverage: Vec<Run>,
    /// Clock readings and token times.
    pub times: Times,
}

/// The window of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedWindow {
    /// Belongs to it.
    pub from: Bound,
    /// Does not.
    pub to: Bound,
}

/// Sums over a package.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Pages.
    pub pages: u64,
    /// Elements of all pages.
    pub records: u64,
    /// Elements that count, over the runs that are not superseded.
    pub inside: u64,
    /// Elements without a time.
    pub undated: u64,
    /// Pages that could not be cut.
    pub opaque_pages: u64,
    /// Bytes of all bodies.
    pub body_bytes: u64,
    /// Requests that brought no page.
    pub failures: u64,
}

/// When, and by whose clock.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Times {
    /// The operator's clock when the plan was made.
    pub genesis_created: Option<LocalTime>,
    /// The operator's clock when the package was closed.
    pub seal_created: Option<LocalTime>,
    /// What the signed documents say about time stamps.
    pub mode: Option<TimestampMode>,
    /// Tokens over the genesis signature: *not before*.
    pub genesis_tokens: Vec<TokenFact>,
    /// Tokens over signatures of page records: *not after*, for each and all before it.
    pub page_tokens: Vec<TokenFact>,
    /// Tokens over the seal signature: *not after*.
    pub seal_tokens: Vec<TokenFact>,
    /// Tokens of renewals: the package and its stamps are older than these.
    pub renewal_tokens: Vec<TokenFact>,
    /// The largest distance in milliseconds between the operator's clock and another's that the `Date` headers of all answers and the
    /// readings in genesis leave no way around: they give whole seconds, so the clocks were apart by this or more. Null where there is
    /// neither. Time stamps are not in it.
    pub service_offset_ms: Option<u64>,
    /// What the clocks were apart at most in any of these, in milliseconds, if each time was read while its request was under way.
    pub service_offset_at_most_ms: Option<u64>,
    /// The instant as of which the tokens were judged; null where the reader named none, and ends of validity were not looked at.
    pub as_of: Option<LocalTime>,
}

/// The certificate of the signer in the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateFact {
    /// Whom it names, as RFC 4514 writes it; true or not.
    pub subject: String,
    /// Its first instant, RFC 3339.
    pub not_before: String,
    /// Its last instant.
    pub not_after: String,
    /// The instant it was held against, RFC 3339.
    pub checked_at: Option<String>,
    /// Whether an accepted time stamp gives that instant, and not the operator's clock.
    pub checked_at_trusted: bool,
    /// Whom the path names, from the signer to the authority the reader trusts; empty without a path.
    pub path: Vec<String>,
    /// Whether everything FORMAT §6 asks of certificate and path held, but for the time.
    pub accepted: bool,
    /// Whether a revocation list speaks about every certificate of the path.
    pub revocation_checked: bool,
}

/// One time stamp token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenFact {
    /// Its path.
    pub path: String,
    /// The authority's time, RFC 3339.
    pub gen_time: String,
    /// The authority's stated accuracy in milliseconds, rounded up; none when it says nothing, which is not the same as zero.
    pub accuracy_ms: Option<u64>,
    /// The signer's name in the token's certificate.
    pub authority: Option<String>,
    /// The policy under which the authority says it worked, a dotted object identifier.
    pub policy: String,
    /// Digest of the root the reader gave, at the end of the token's path; null without a path.
    pub root_sha256: Option<CertificateDigest>,
    /// The first end of validity on the path to a root the reader gave, RFC 3339; null without a path.
    pub valid_until: Option<String>,
    /// The first end of validity of the certificates that came with it, RFC 3339, whether they lead anywhere or not.
    pub certificates_until: Option<String>,
    /// Whether every rule of FORMAT §11 held, with a root the reader gave, and still holds as of the reader's instant.
    pub accepted: bool,
}

impl TokenFact {
    /// Says how accurate the authority calls its time, such as `accurate to 1.500 s`.
    #[must_use]
    pub fn accuracy_words(&self) -> String {
        self.accuracy_ms.map_or_else(|| "accuracy not stated".to_owned(), amount::accurate_to)
    }
}

/// Draws the verdict of FORMAT §13 from findings and from the steps that could not be carried out.
pub(in crate::verify) fn conclude(
    findings: Findings,
    not_checked: &BTreeMap<Step, String>,
    quick: bool,
    facts: Facts,
) -> Report {
    let checks: Vec<CheckResult> = Step::ALL.into_iter().map(|step| check(step, &findings, not_checked)).collect();
    let outcome = outcome(&findings, not_checked);
    let (findings, finding_counts) = findings.finish();
    Report { outcome, quick, checks, findings, finding_counts, facts }
}

/// The rule of FORMAT §13.
pub(in crate::verify) fn outcome(findings: &Findings, not_checked: &BTreeMap<Step, String>) -> Outcome {
    match findings.worst() {
        Some(Severity::Violation) => Outcome::Invalid,
        Some(Severity::Unestablished) => Outcome::Indeterminate,
        _ if !not_checked.is_empty() => Outcome::Indeterminate,
        _ => Outcome::Valid,
    }
}

/// Says how one step ended.
pub(in crate::verify) fn check(step: Step, findings: &Findings, not_checked: &BTreeMap<Step, String>) -> CheckResult {
    let reason = not_checked.get(&step).cloned();
    let (outcome, reason) = match findings.worst_of(step) {
        Some(Severity::Violation) => (CheckOutcome::Failed, reason),
        Some(Severity::Unestablished) => {
            let said = || findings.first(step, Severity::Unestablished).map(|finding| finding.computed.clone());
            (CheckOutcome::NotChecked, reason.or_else(said))
        }
        _ if reason.is_some() => (CheckOutcome::NotChecked, reason),
        _ => (CheckOutcome::Passed, None),
    };
    CheckResult { number: step.number(), step, outcome, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(codes: &[Code], unread: &[Step]) -> Outcome {
        let mut findings = Findings::default();
        for code in codes {
            findings.say(*code, "", "", "");
        }
        let not_checked = unread.iter().map(|step| (*step, "not read".to_owned())).collect();
        conclude(findings, &not_checked, false, Facts::default()).outcome
    }

    #[test]
    fn nothing_after_a_violation_makes_an_outcome_better() {
        assert_eq!(outcome(&[Code::ZipCrc, Code::SimulatedData, Code::SignerNotEstablished], &[]), Outcome::Invalid);
        assert_eq!(outcome(&[Code::SimulatedData, Code::ZipCrc], &[Step::Pages]), Outcome::Invalid);
    }

    #[test]
    fn notes_leave_a_package_valid() {
        assert_eq!(outcome(&[], &[]), Outcome::Valid);
        assert_eq!(outcome(&[Code::PageOpaque, Code::TimestampAbsent, Code::CoverageGap], &[]), Outcome::Valid);
    }

    #[test]
    fn what_was_not_checked_is_never_valid() {
        assert_eq!(outcome(&[], &[Step::Pages]), Outcome::Indeterminate);
        assert_eq!(outcome(&[Code::VolumeIncomplete], &[]), Outcome::Indeterminate);
    }

    #[test]
    fn all_thirteen_steps_are_always_reported() {
        let report = conclude(Findings::default(), &BTreeMap::new(), false, Facts::default());
        let numbers: Vec<u8> = report.checks.iter().map(|check| check.number).collect();
        assert_eq!(numbers, (1..=13).collect::<Vec<u8>>());
    }
}
