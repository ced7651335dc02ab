//! Step 4, FORMAT §6: the certificate in the package, and whether an authority of the reader's vouches for the key.
//!
//! What certificates mean is `crypto::certificate`'s; here the instant is chosen at which they must have held, and what is wrong
//! becomes findings. Where the reader named the key itself, the certificate is beside the point, and what is wrong with it a note.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::crypto::certificate::{PathFault, Revocation, SignerCertificates, SignerPath};
use crate::crypto::signature::PublicKey;
use crate::format::path::SIGNER_CERTIFICATE;
use crate::time::LocalTime;
use crate::verify::finding::{Code, Finding, Findings, Severity};
use crate::verify::package::Trust;
use crate::verify::verdict::CertificateFact;

/// The instant at which a certificate must have been valid, and who says so.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify) enum Moment {
    /// The operator, in the seal.
    Claimed(LocalTime),
    /// A time stamp that was accepted.
    Established(DateTime<Utc>),
}

impl Moment {
    fn instant(self) -> DateTime<Utc> {
        match self {
            Moment::Claimed(reading) => reading.to_datetime(),
            Moment::Established(instant) => instant,
        }
    }
}

/// Reads `keys/signer-cert.pem`, which may be absent.
pub(in crate::verify) fn read(pem: Option<&[u8]>, findings: &mut Findings) -> Option<SignerCertificates> {
    let read = str::from_utf8(pem?).map_err(|_| "not UTF-8".to_owned());
    match read.and_then(|text| SignerCertificates::from_pem(text).map_err(|error| error.to_string())) {
        Ok(certificates) => Some(certificates),
        Err(problem) => {
            let expected = "1 to 8 certificates, each in its one PEM form, back to back";
            findings.say(Code::SignerCertificateMalformed, SIGNER_CERTIFICATE, problem, expected);
            None
        }
    }
}

/// Checks the certificate, and its path to an authority of the reader's; the fact says whether all of it held.
pub(in crate::verify) fn check(
    certificates: Option<&SignerCertificates>,
    key: &PublicKey,
    trust: &Trust,
    when: Option<Moment>,
    findings: &mut Findings,
) -> Option<CertificateFact> {
    let is_pinned = trust.keys.contains(&key.fingerprint());
    let mut said = Said { findings, is_pinned, is_good: true };
    let Some(certificates) = certificates else {
        if !is_pinned && !trust.authorities.is_empty() {
            said.say(Code::SignerChainUntrusted, "no certificate", format!("a path to {}", names(trust)));
        }
        return None;
    };
    let (not_before, not_after) = certificates.validity()?;
    let mut fact = CertificateFact {
        subject: certificates.subject(),
        not_before: text(not_before),
        not_after: text(not_after),
        checked_at: when.map(|when| text(when.instant())),
        checked_at_trusted: matches!(when, Some(Moment::Established(_))),
        path: Vec::new(),
        accepted: false,
        revocation_checked: false,
    };
    if !certificates.is_about(key) {
        let computed = format!("a certificate of the key {}", key.fingerprint());
        let claimed = format!("a certificate of another key, for {}", fact.subject);
        said.findings.say(Code::SignerCertificateMismatch, SIGNER_CERTIFICATE, claimed, computed);
        return Some(fact);
    }
    let reasons = certificates.check_purpose();
    if !reasons.is_empty() {
        let expected = "a certificate for signing documents (FORMAT §6)";
        said.say(Code::SignerCertificateNotAuthorised, reasons.join("; "), expected);
    }
    let Some(when) = when else { return Some(fact) };
    let instant = when.instant();
    if instant < not_before || instant.timestamp() > not_after.timestamp() {
        let claimed = format!("valid from {} to {}", fact.not_before, fact.not_after);
        said.say(Code::SignerCertificateNotValid, claimed, format!("held against {}", text(instant)));
    }
    if trust.authorities.is_empty() {
        if is_pinned {
            said.say(Code::SignerChainUntrusted, &fact.subject, "the reader named the key itself and no authority");
        }
        return Some(fact);
    }
    match certificates.check_path(&trust.authorities, instant) {
        Ok(path) => {
            fact.revocation_checked = check_revocation(&path, trust, instant, &mut said);
            fact.accepted = said.is_good;
            if !fact.checked_at_trusted {
                let claimed = format!("sealed at {}, says the operator", text(instant));
                let expected = "a time stamp on the seal, accepted under a root the reader gave";
                said.say(Code::SignerTimeNotEstablished, claimed, expected);
            }
            fact.path = path.subjects;
        }
        // That the first certificate was not valid has been said already.
        Err(PathFault::NotValid(_)) if !said.is_good => {}
        Err(PathFault::NotValid(problem)) => {
            said.say(Code::SignerCertificateNotValid, problem, format!("held against {}", text(instant)));
        }
        Err(PathFault::Untrusted(problem)) => {
            let claimed = format!("{}: {problem}", fact.subject);
            said.say(Code::SignerChainUntrusted, claimed, format!("a path to {}", names(trust)));
        }
    }
    Some(fact)
}

/// Says how the certificates of a path stand in the reader's lists; returns whether some list speaks about every one.
fn check_revocation(path: &SignerPath, trust: &Trust, instant: DateTime<Utc>, said: &mut Said<'_>) -> bool {
    let mut is_complete = true;
    for (subject, standing) in path.check_revocation(&trust.revocation_lists, instant) {
        match standing {
            Revocation::NotRevoked => {}
            Revocation::Revoked { since, before, .. } => {
                let claimed = format!("{subject}, revoked since {}", text(since));
                let computed = format!("held against {}", text(instant));
                if before {
                    said.say(Code::SignerCertificateRevoked, claimed, computed);
                } else {
                    let finding = Finding::new(Code::SignerCertificateRevoked, SIGNER_CERTIFICATE, claimed, computed);
                    said.findings.add(finding.with_severity(Severity::Note));
                }
            }
            Revocation::Unknown(reason) => {
                is_complete = false;
                said.findings.say(Code::SignerRevocationNotChecked, SIGNER_CERTIFICATE, subject, reason);
            }
        }
    }
    is_complete
}

/// Findings about the certificate: notes where the reader named the key itself.
struct Said<'a> {
    findings: &'a mut Findings,
    is_pinned: bool,
    is_good: bool,
}

impl Said<'_> {
    fn say(&mut self, code: Code, claimed: impl AsRef<str>, computed: impl AsRef<str>) {
        let finding = Finding::new(code, SIGNER_CERTIFICATE, claimed, computed);
        self.is_good = false;
        self.findings.add(if self.is_pinned { finding.with_severity(Severity::Note) } else { finding });
    }
}

fn names(trust: &Trust) -> String {
    let names: Vec<&str> = trust.authorities.iter().map(crate::crypto::certificate::Authority::subject).collect();
    names.join("; ")
}

fn text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
