//! Step 12, FORMAT §11: as many tokens as the signed documents say, each over our own digest of the signature.
//!
//! Reading and checking a token is `crypto::timestamp`'s; here its faults become findings. A root inside a package is worth
//! nothing: without one from the reader a token is unestablished, however right it is.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use crate::crypto::certificate::{self, KeptLists, Revocation, RevocationList};
use crate::crypto::digest::CertificateDigest;
use crate::crypto::timestamp::{ChainReport, Imprint, TimestampFault, Token, TrustRoot, nonce_for, parse_response};
use crate::format::parts::{TimestampMode, Timestamps};
use crate::format::path::{PackagePath, TIMESTAMP_LISTS};
use crate::time::TsaTime;
use crate::verify::checks::time_order::in_order;
use crate::verify::finding::{Code, Finding, Findings, Severity};
use crate::verify::verdict::TokenFact;

/// By what a token is judged: all of it comes from the reader.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify) struct Judgement<'a> {
    /// The roots given.
    pub(in crate::verify) roots: &'a [TrustRoot],
    /// Revocation lists, whosoever they are of.
    pub(in crate::verify) lists: &'a [RevocationList],
    /// The policies accepted; none means any.
    pub(in crate::verify) policies: &'a [String],
    /// The instant at which a chain must not have ended; none where the reader named none.
    pub(in crate::verify) as_of: Option<DateTime<Utc>>,
}

/// The timestamp files of one document, and what belongs to them.
pub(in crate::verify) struct Stamped<'a> {
    /// The files by number.
    pub(in crate::verify) files: &'a BTreeMap<u64, Vec<u8>>,
    /// The bytes that were stamped.
    pub(in crate::verify) signature: Option<&'a [u8]>,
    /// What the document says about its timestamps.
    pub(in crate::verify) claimed: &'a Timestamps,
    /// The path of the timestamp with a number.
    pub(in crate::verify) path: fn(usize) -> PackagePath,
}

/// What came out of one token.
#[derive(Clone, Debug)]
pub(in crate::verify) struct TokenSeen {
    pub(in crate::verify) fact: TokenFact,
    pub(in crate::verify) time: TsaTime,
    /// Whether the token is about these bytes and rightly signed, whoever signed it.
    pub(in crate::verify) is_sound: bool,
}

/// Reads `keys/tsa-crls.pem`.
pub(in crate::verify) fn read_lists(pem: Option<&[u8]>, findings: &mut Findings) -> Option<KeptLists> {
    let read = str::from_utf8(pem?).map_err(|error| error.to_string());
    let lists = read.and_then(|text| KeptLists::from_pem(text).map_err(|error| error.to_string()));
    lists
        .map_err(|problem| {
            let expected = "revocation lists in their one PEM form";
            findings.say(Code::TimestampListsMalformed, TIMESTAMP_LISTS, problem, expected);
        })
        .ok()
}

/// Compares the files with what the document says, and checks each token.
pub(in crate::verify) fn check(
    stamped: &Stamped<'_>,
    judgement: &Judgement<'_>,
    findings: &mut Findings,
) -> Vec<TokenSeen> {
    let claimed = u64::try_from(stamped.claimed.authorities.len()).unwrap_or(u64::MAX);
    let claimed = if stamped.claimed.mode == TimestampMode::None { 0 } else { claimed };
    let mut tokens = Vec::new();
    for number in (1..=claimed).take_while(|number| *number <= MOST_NUMBERS) {
        if !stamped.files.contains_key(&number) {
            findings.say(
                Code::TimestampMissing,
                path(stamped, number).as_str(),
                format!("{claimed} timestamps"),
                "no such file",
            );
        }
    }
    for (number, bytes) in stamped.files {
        let path = path(stamped, *number);
        if *number > claimed {
            findings.say(Code::TimestampUnexpected, path.as_str(), "a file", format!("{claimed} timestamps"));
        }
        let Some(signature) = stamped.signature else { continue };
        let imprint: [u8; 32] = Sha256::digest(signature).into();
        tokens.extend(check_response(bytes, path.as_str(), (&imprint).into(), judgement, findings));
    }
    tokens
}

/// Says that times are the operator's own, where the signed mode is `none`.
pub(in crate::verify) fn check_mode(claimed: &Timestamps, document: &str, is_required: bool, findings: &mut Findings) {
    if claimed.mode == TimestampMode::None {
        let finding = Finding::new(
            Code::TimestampAbsent,
            format!("{document}#timestamps"),
            "none",
            "times are the operator's own",
        );
        findings.add(if is_required { finding.with_severity(Severity::Unestablished) } else { finding });
    }
}

/// Checks one response against our own imprint and whom the reader trusts; none where it cannot be read.
pub(in crate::verify) fn check_response(
    response: &[u8],
    path: &str,
    imprint: Imprint<'_>,
    judgement: &Judgement<'_>,
    findings: &mut Findings,
) -> Option<TokenSeen> {
    match parse_response(response) {
        Ok(token) => Some(check_token(&token, path, imprint, judgement, findings)),
        Err(fault) => {
            say(&fault, path, findings);
            None
        }
    }
}

fn check_token(
    token: &Token,
    path: &str,
    imprint: Imprint<'_>,
    judgement: &Judgement<'_>,
    findings: &mut Findings,
) -> TokenSeen {
    let policies = Some(judgement.policies).filter(|policies| !policies.is_empty());
    let faults = token.check(imprint, Some(nonce_for(imprint)), policies);
    for fault in &faults {
        say(fault, path, findings);
    }
    let is_sound = faults.is_empty();
    let (mut valid_until, mut root_sha256) = (None, None);
    let mut accepted = false;
    if judgement.roots.is_empty() {
        let claimed = token.signer_subject().unwrap_or_else(|| "an unknown authority".to_owned());
        findings.say(Code::TimestampRootNotGiven, path, claimed, "the reader gave no time stamp root");
    } else if is_sound {
        match token.check_chain(judgement.roots) {
            Ok(chain) => {
                accepted = judgement.as_of.is_none_or(|as_of| as_of <= chain.not_after);
                valid_until = Some(chain.not_after);
                root_sha256 = Some(CertificateDigest::from_bytes(chain.root_sha256));
                if let Some(as_of) = judgement.as_of.filter(|as_of| is_ahead(token.gen_time(), *as_of)) {
                    accepted = false;
                    let computed = format!("judged as of {}, when it did not exist", seconds(as_of));
                    findings.say(Code::TimestampAhead, path, seconds(token.gen_time()), computed);
                }
                accepted &= check_revocation(&chain, token.gen_time(), path, judgement, findings);
                if let Some(as_of) = judgement.as_of.filter(|as_of| *as_of > chain.not_after) {
                    let claimed = format!("its certificates are valid until {}", seconds(chain.not_after));
                    let computed = format!("judged as of {}, and no earlier renewal", seconds(as_of));
                    findings.say(Code::TimestampExpired, path, claimed, computed);
                }
            }
            Err(fault) => say(&fault, path, findings),
        }
    }
    let accuracy = token.accuracy();
    let instant = token.gen_time();
    let fact = TokenFact {
        path: path.to_owned(),
        gen_time: seconds(instant),
        accuracy_ms: accuracy.map(|accuracy| u64::try_from(accuracy.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)),
        authority: token.signer_subject(),
        policy: token.policy(),
        root_sha256,
        valid_until: valid_until.map(seconds),
        certificates_until: token.certificates_until().map(seconds),
        accepted,
    };
    let time =
        TsaTime { instant, accuracy: TimeDelta::from_std(accuracy.unwrap_or_default()).unwrap_or(TimeDelta::MAX) };
    TokenSeen { fact, time, is_sound }
}

/// Holds the path against the lists; returns whether nothing in them weighs against the token.
///
/// A key that was revoked after the token's time for being in other hands may have made that token later, under an earlier time:
/// unless it is judged as of an instant before that, by a renewal or by the reader's wish.
fn check_revocation(
    chain: &ChainReport,
    gen_time: DateTime<Utc>,
    path: &str,
    judgement: &Judgement<'_>,
    findings: &mut Findings,
) -> bool {
    let mut is_good = true;
    let mut unknown = Vec::new();
    for (subject, standing) in certificate::standing(&chain.encodings, judgement.lists, gen_time) {
        let (since, severity) = match standing {
            Revocation::NotRevoked => continue,
            Revocation::Unknown(reason) => {
                unknown.push(format!("{subject}: {reason}"));
                continue;
            }
            Revocation::Revoked { since, before: true, .. } => (since, Severity::Violation),
            Revocation::Revoked { since, compromised: true, .. }
                if judgement.as_of.is_none_or(|as_of| since <= as_of) =>
            {
                (since, Severity::Unestablished)
            }
            Revocation::Revoked { since, .. } => (since, Severity::Note),
        };
        is_good &= severity == Severity::Note;
        let why = match severity {
            Severity::Violation => "not after the token's time",
            Severity::Unestablished => "after the token's time, since the key was in other hands",
            Severity::Note => "after the time that counts",
        };
        let claimed = format!("{subject}, revoked since {}, {why}", seconds(since));
        let finding =
            Finding::new(Code::TimestampCertificateRevoked, path, claimed, format!("stamped at {}", seconds(gen_time)));
        findings.add(finding.with_severity(severity));
    }
    // Who gives no list has asked for none.
    if !unknown.is_empty() && !judgement.lists.is_empty() {
        let expected = "a revocation list that speaks about each certificate below the root";
        findings.say(Code::TimestampRevocationNotChecked, path, unknown.join("; "), expected);
    }
    is_good
}

/// Says whether a token's time lies after an instant by more than clocks differ.
pub(in crate::verify) fn is_ahead(gen_time: DateTime<Utc>, as_of: DateTime<Utc>) -> bool {
    let nanos = |instant: DateTime<Utc>| TsaTime { instant, accuracy: TimeDelta::zero() }.nanos();
    !in_order(nanos(gen_time), nanos(as_of))
}

fn seconds(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn say(fault: &TimestampFault, path: &str, findings: &mut Findings) {
    let text = fault.to_string();
    let text = text.strip_prefix(fault.code()).unwrap_or(&text);
    let (claimed, computed) = split(text);
    findings.say(code(fault), path, claimed, computed);
}

/// Takes the rows of a fault's own wording apart.
fn split(text: &str) -> (String, String) {
    let rows: Vec<&str> = text.lines().map(str::trim).filter(|row| !row.is_empty()).collect();
    let (computed, claimed): (Vec<&str>, Vec<&str>) =
        rows.into_iter().partition(|row| row.starts_with("computed ") || row.starts_with("accepted "));
    let plain = |rows: Vec<&str>| {
        let words = ["claimed ", "computed ", "accepted "];
        let plain =
            rows.into_iter().map(|row| words.iter().find_map(|word| row.strip_prefix(word)).unwrap_or(row).trim());
        plain.collect::<Vec<_>>().join("; ")
    };
    (plain(claimed), plain(computed))
}

/// Returns the code of FORMAT §14 for a fault; those that divide a code of FORMAT further fall back on it.
fn code(fault: &TimestampFault) -> Code {
    match fault {
        TimestampFault::CertificateNotValidAtGenTime { .. } => Code::TimestampCertificateNotValidAtGentime,
        TimestampFault::ChainUntrusted { .. } => Code::TimestampChainUntrusted,
        TimestampFault::ImprintAlgorithm { .. } => Code::TimestampImprintAlgorithm,
        TimestampFault::ImprintMismatch { .. } => Code::TimestampImprintMismatch,
        TimestampFault::NonceMismatch { .. } => Code::TimestampNonceMismatch,
        TimestampFault::PolicyNotAccepted { .. } => Code::TimestampPolicyNotAccepted,
        TimestampFault::Rejected { .. } => Code::TimestampRejected,
        TimestampFault::AlgorithmNotAccepted { .. }
        | TimestampFault::ContentDigestMismatch { .. }
        | TimestampFault::SignatureInvalid { .. }
        | TimestampFault::SignedAttributes { .. } => Code::TimestampSignatureInvalid,
        TimestampFault::SignerNotAuthorised { .. } => Code::TimestampSignerNotAuthorised,
        TimestampFault::SignerNotIdentified { .. } => Code::TimestampSignerNotIdentified,
        TimestampFault::UnknownCriticalExtension { .. } => Code::TimestampUnknownCriticalExtension,
        _ => Code::TimestampMalformed,
    }
}

fn path(stamped: &Stamped<'_>, number: u64) -> PackagePath {
    (stamped.path)(usize::try_from(number).unwrap_or(usize::MAX))
}

/// 64: more missing files than a document may name are not listed one by one.
const MOST_NUMBERS: u64 = 64;
