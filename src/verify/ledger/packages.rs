//! Packages that the reader presents, held against what the ledger says of them (FORMAT §§20.6, 20.7).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::report::PackageCustody;
use crate::crypto::digest::{FileDigest, GenesisDigest};
use crate::crypto::signature::Fingerprint;
use crate::custody::Replay;
use crate::custody::replay::KeyState;
use crate::format::event::{Act, Collection, Event, PackageName, Sealing};
use crate::format::identifier::{AcquisitionId, MatterId};
use crate::time::LocalTime;
use crate::verify::exhibit::ExhibitReport;
use crate::verify::finding::{Code, Finding, Findings, Severity, Step};
use crate::verify::package::Trust;
use crate::verify::verdict::{Report, Times};

/// A package that was verified, as far as a ledger speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Its name and digests.
    pub name: PackageName,
    /// Its matter.
    pub matter: MatterId,
    /// The key that answers for it: the operator's, which signed its plan, also where a key of the acquisition signed the rest.
    pub signer: Option<Fingerprint>,
    /// The key that signed its records and seal: the operator's, or that of the acquisition.
    pub seal_signer: Option<Fingerprint>,
    /// Whether the reader trusts the operator's key, named or vouched for.
    pub signer_trusted: bool,
    /// The earliest accepted time stamp over its seal.
    pub sealed_by: Option<DateTime<Utc>>,
    /// Its acquisition.
    pub acquisition: Option<AcquisitionId>,
    /// The digest of its plan.
    pub genesis_sha256: Option<GenesisDigest>,
    /// The time that its seal says.
    pub created: Option<LocalTime>,
    /// Its pages and failures, where it is a whole acquisition: volumes have each their own.
    pub counts: Option<(u64, u64)>,
}

impl Presented {
    /// Takes from the report on an exhibit what a ledger speaks of. Digest and length of the package are the exhibitor's word: where a ledger
    /// has others, one of the two is wrong. `None` where the exhibit does not name the package it was cut from.
    #[must_use]
    pub fn of_exhibit(report: &ExhibitReport) -> Option<Self> {
        let facts = &report.facts;
        Some(Self {
            name: PackageName {
                package: facts.package.clone()?,
                seal_sha256: facts.seal_sha256?,
                archive_sha256: facts.package_sha256?,
                byte_len: facts.package_byte_len?,
            },
            matter: facts.matter.as_ref()?.id.clone(),
            signer: facts.operator_key,
            seal_signer: facts.signer,
            signer_trusted: facts.signer_trusted,
            sealed_by: sealed_by(&facts.times),
            acquisition: facts.acquisition.clone(),
            genesis_sha256: facts.genesis_sha256,
            created: facts.times.seal_created,
            counts: None,
        })
    }

    /// Takes from a report what a ledger speaks of; `archive_sha256` is over the whole file. `None` where the package does not say who it is.
    #[must_use]
    pub fn of(report: &Report, archive_sha256: FileDigest) -> Option<Self> {
        let facts = &report.facts;
        let is_whole = facts.volume.as_ref().is_some_and(|volume| volume.number == 1 && volume.last);
        Some(Self {
            name: PackageName {
                package: facts.package.clone()?,
                seal_sha256: facts.seal_sha256?,
                archive_sha256,
                byte_len: facts.archive_byte_len,
            },
            matter: facts.matter.as_ref()?.id.clone(),
            signer: facts.operator_key,
            seal_signer: facts.signer,
            signer_trusted: facts.signer_trusted,
            sealed_by: sealed_by(&facts.times),
            acquisition: facts.acquisition.clone(),
            genesis_sha256: facts.genesis_sha256,
            created: facts.times.seal_created,
            counts: is_whole.then_some((facts.counts.pages, facts.counts.failures)),
        })
    }
}

/// Returns the earliest accepted time stamp over the seal.
fn sealed_by(times: &Times) -> Option<DateTime<Utc>> {
    let accepted = times.seal_tokens.iter().filter(|token| token.accepted);
    accepted.filter_map(|token| DateTime::parse_from_rfc3339(&token.gen_time).ok()).map(|time| time.to_utc()).min()
}

/// Presented packages, and what events say of each.
pub(super) struct Packages<'a> {
    presented: &'a [Presented],
    seen: Vec<Seen>,
}

#[derive(Clone, Default)]
struct Seen {
    event_count: u64,
    countersigners: BTreeSet<Fingerprint>,
}

impl<'a> Packages<'a> {
    pub(super) fn new(presented: &'a [Presented]) -> Self {
        Self { presented, seen: vec![Seen::default(); presented.len()] }
    }

    /// Takes a signed event, and says where it contradicts what it speaks of.
    pub(super) fn follow(&mut self, event: &Event, place: &str, findings: &mut Findings) {
        for (presented, seen) in self.presented.iter().zip(&mut self.seen) {
            if let Act::Collected(collection) = &event.act {
                check_collection(presented, collection, place, findings);
            }
            if !event.packages.contains(&presented.name) {
                continue;
            }
            seen.event_count = seen.event_count.saturating_add(1);
            if matches!(event.act, Act::Countersigned(_)) {
                seen.countersigners.insert(event.key);
            }
            if let Act::Sealed(sealing) = &event.act {
                check_sealing(presented, sealing, place, findings);
            }
        }
    }

    /// Says what the ledger and the packages do not agree on.
    pub(super) fn finish(
        self,
        replay: &Replay,
        trust: &Trust,
        findings: &mut Findings,
        not_checked: &mut BTreeMap<Step, String>,
    ) -> Vec<PackageCustody> {
        if self.presented.is_empty() {
            not_checked.entry(Step::LedgerPackages).or_insert_with(|| "no package was presented".to_owned());
            if trust.countersignatures > 0 {
                let reason = "countersignatures are demanded and no package was presented";
                not_checked.entry(Step::LedgerKeys).or_insert_with(|| reason.to_owned());
            }
        }
        let revoked: BTreeMap<Fingerprint, &KeyState> =
            replay.keys().filter(|(_, state)| state.revoked.is_some()).collect();
        let mut custody = Vec::new();
        for (presented, seen) in self.presented.iter().zip(self.seen) {
            let name = &presented.name;
            let place = name.package.as_str();
            if let Some(matter) = replay.matter().filter(|matter| **matter != presented.matter) {
                findings.say(Code::LedgerMatterMismatch, place, presented.matter.to_string(), matter.to_string());
            }
            match replay.names(name) {
                None => findings.say(Code::LedgerPackageUnknown, place, "presented", "not in the ledger"),
                Some(true) => {}
                Some(false) => {
                    let claimed = "the ledger has this package with other digests".to_owned();
                    let computed = format!(
                        "seal {}, archive {} of {} bytes",
                        name.seal_sha256, name.archive_sha256, name.byte_len
                    );
                    findings.say(Code::LedgerPackageMismatch, place, claimed, computed);
                }
            }
            let disposed = replay.disposed(&name.package);
            if let Some(line) = disposed {
                findings.say(Code::LedgerDisposed, place, format!("disposed of in line {line}"), "presented");
            }
            for signer in BTreeSet::from([presented.signer, presented.seal_signer]).into_iter().flatten() {
                check_signer(presented, signer, &revoked, findings);
            }
            // Nobody is a second person to themselves.
            let own = [replay.opener(), presented.signer, presented.seal_signer];
            let counts = |key: &Fingerprint| !revoked.contains_key(key) && !own.contains(&Some(*key));
            let countersigned_by: Vec<Fingerprint> = seen.countersigners.into_iter().filter(counts).collect();
            check_countersignatures(place, &countersigned_by, trust, findings);
            custody.push(PackageCustody {
                package: name.package.clone(),
                event_count: seen.event_count,
                countersigned_by,
                disposed_in: disposed,
            });
        }
        custody
    }
}

/// The acquisition's own package is at hand: what is said of it can be seen. Either name of an acquisition ties it to its event.
fn check_collection(presented: &Presented, collection: &Collection, place: &str, findings: &mut Findings) {
    let same_name = presented.acquisition.as_ref() == Some(&collection.acquisition);
    if !same_name && presented.genesis_sha256 != Some(collection.genesis_sha256) {
        return;
    }
    let mut check = Statements { place, findings };
    check.hold("acquisition", &collection.acquisition, presented.acquisition.as_ref());
    check.hold("genesis_sha256", &collection.genesis_sha256, presented.genesis_sha256.as_ref());
    let (pages, failures) = presented.counts.unzip();
    check.hold("pages", &collection.pages, pages.as_ref());
    check.hold("failures", &collection.failures, failures.as_ref());
}

fn check_sealing(presented: &Presented, sealing: &Sealing, place: &str, findings: &mut Findings) {
    let mut check = Statements { place, findings };
    check.hold("acquisition", &sealing.acquisition, presented.acquisition.as_ref());
    check.hold("created", &sealing.created, presented.created.as_ref());
    check.hold("signer", &sealing.signer, presented.seal_signer.as_ref());
}

/// What the details of one event say, held against a package.
struct Statements<'a> {
    place: &'a str,
    findings: &'a mut Findings,
}

impl Statements<'_> {
    /// What a package does not say contradicts nothing; the package is then judged for that itself.
    fn hold<T: PartialEq + ToString>(&mut self, member: &str, claimed: &T, actual: Option<&T>) {
        if let Some(actual) = actual.filter(|actual| *actual != claimed) {
            let place = format!("{}#details.{member}", self.place);
            self.findings.say(Code::LedgerPackageMismatch, place, claimed.to_string(), actual.to_string());
        }
    }
}

/// A revoked key has signed before, if a time stamp says so; else nobody knows.
fn check_signer(
    presented: &Presented,
    signer: Fingerprint,
    revoked: &BTreeMap<Fingerprint, &KeyState>,
    findings: &mut Findings,
) {
    let Some(revocation) = revoked.get(&signer).and_then(|state| state.revoked) else { return };
    let (severity, claimed) = match presented.sealed_by {
        None => (Severity::Unestablished, "sealed at a time that nobody stamped".to_owned()),
        Some(time) if time < revocation.since.to_datetime() => (Severity::Note, format!("sealed not after {time}")),
        Some(time) => (Severity::Violation, format!("sealed, as far as is known, at {time}")),
    };
    let computed = format!("key {signer} revoked since {}", revocation.since);
    let finding = Finding::new(Code::KeyRevoked, presented.name.package.as_str(), claimed, computed);
    findings.add(finding.with_severity(severity));
}

fn check_countersignatures(place: &str, signed: &[Fingerprint], trust: &Trust, findings: &mut Findings) {
    let named: BTreeSet<&Fingerprint> = trust.countersigners.iter().collect();
    let count = signed.iter().filter(|key| named.contains(key)).count();
    if u64::try_from(count).unwrap_or(u64::MAX) < trust.countersignatures {
        let claimed = format!("{count} of the {} keys named have countersigned", named.len());
        let computed = format!("at least {}", trust.countersignatures);
        findings.say(Code::LedgerCountersignaturesMissing, place, claimed, computed);
    }
}
