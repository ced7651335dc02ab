//! Whether a path leads from the signer's certificate to an authority that the reader trusts, at one instant.
//!
//! Names, signatures, validity, basic constraints, path lengths and name constraints are `rustls-webpki`'s (RFC 5280 §6), with
//! its manners: RSA keys of authorities have 2048 to 8192 bits, ECDSA is on P-256, P-384 or P-521, SHA-1 signs nothing, an
//! unknown critical extension ends the path. Asked besides: the authority itself was valid and its path length kept, every
//! intermediate may sign certificates, and one accepted purpose is stated by nobody or by everybody who states any.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::authority::Authority;
use super::bundle::SignerCertificates;
use super::purpose::{PURPOSES, Purpose, may_sign_certificates};
use super::revocation::{Revocation, RevocationList};
use crate::crypto::timestamp::certificate::Certificate;

/// A path from a signer's certificate to a trusted authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerPath {
    /// Encodings from the signer's up to and including the authority's.
    encodings: Vec<Vec<u8>>,
    /// Whom they name, in the same order, as RFC 4514 writes it.
    pub subjects: Vec<String>,
}

/// Why there is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// Only time is in the way.
    #[error("a certificate of the path was not valid: {0}")]
    NotValid(String),
    /// No authority of the reader's stands at its end.
    #[error("no path to a trusted authority: {0}")]
    Untrusted(String),
}

impl SignerCertificates {
    /// Looks for a path to one of `authorities` in which every certificate was valid at `instant`.
    ///
    /// What the signer's certificate may be used for is [`SignerCertificates::check_purpose`]'s.
    ///
    /// # Errors
    ///
    /// [`PathFault`].
    pub fn check_path(&self, authorities: &[Authority], instant: DateTime<Utc>) -> Result<SignerPath, PathFault> {
        let untrusted = |problem: String| PathFault::Untrusted(problem);
        let mut encodings = self.encodings().map(CertificateDer::from);
        let signer = encodings.next().ok_or_else(|| untrusted("no certificate".to_owned()))?;
        let mut others: Vec<CertificateDer<'_>> = Vec::new();
        for other in encodings {
            // Cross-certificates share name and key and are all needed; what is the same byte for byte is not.
            if !others.contains(&other) {
                others.push(other);
            }
        }
        let end_entity = webpki::EndEntityCert::try_from(&signer).map_err(|problem| untrusted(words(&problem)))?;
        let seconds = u64::try_from(instant.timestamp()).unwrap_or(0);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let mut best = None;
        // Authorities that were valid come first, so that an expired one with the same name cannot hide them.
        let (valid, over): (Vec<_>, Vec<_>) = authorities.iter().partition(|authority| authority.is_valid_at(instant));
        for group in [valid, over].iter().filter(|group| !group.is_empty()) {
            // One search for all: one for each would let a few certificates of one name keep a reader busy for minutes.
            let anchors: Vec<_> = group.iter().map(|authority| authority.anchor.clone()).collect();
            let is_allowed = |path: &webpki::VerifiedPath<'_>| {
                intermediates_may_sign(path)?;
                end(group, path).map(|_| ()).ok_or(webpki::Error::PathLenConstraintViolated)
            };
            for (_, purpose) in PURPOSES {
                let path = end_entity.verify_for_usage(
                    webpki::ALL_VERIFICATION_ALGS,
                    &anchors,
                    &others,
                    time,
                    Purpose(purpose),
                    None,
                    Some(&is_allowed),
                );
                let fault = match path.as_ref().map(|path| (path, end(group, path))) {
                    Ok((path, Some(authority))) if authority.is_valid_at(instant) => {
                        let between: Vec<_> = path.intermediate_certificates().map(webpki::Cert::der).collect();
                        return Ok(SignerPath::new(&signer, between.iter().map(AsRef::as_ref), authority));
                    }
                    Ok((_, Some(authority))) => {
                        let (from, to) = (authority.not_before.to_rfc3339(), authority.not_after.to_rfc3339());
                        PathFault::NotValid(format!("`{}` is valid from {from} to {to}", authority.subject))
                    }
                    Ok((_, None)) => untrusted(words(&webpki::Error::PathLenConstraintViolated)),
                    Err(problem) if is_about_time(problem) => PathFault::NotValid(words(problem)),
                    Err(problem) => untrusted(words(problem)),
                };
                // A date in the way says more than another authority's "unknown issuer", a rule that was broken more than either.
                if best.as_ref().is_none_or(|best| rank(&fault) > rank(best)) {
                    best = Some(fault);
                }
            }
        }
        Err(best.unwrap_or_else(|| untrusted("no authority given".to_owned())))
    }
}

impl SignerPath {
    fn new<'a>(signer: &'a [u8], between: impl Iterator<Item = &'a [u8]>, authority: &'a Authority) -> Self {
        let last = std::iter::once(authority.encoding.as_slice());
        let encodings: Vec<Vec<u8>> = std::iter::once(signer).chain(between).chain(last).map(<[u8]>::to_vec).collect();
        let subject = |encoding: &Vec<u8>| Certificate::read(encoding).map(|certificate| certificate.subject_text());
        let subjects = encodings.iter().map(|encoding| subject(encoding).unwrap_or_default()).collect();
        Self { encodings, subjects }
    }

    /// Holds every certificate but the authority's own against `lists`: whom it names, and how it stands at `instant`.
    #[must_use]
    pub fn check_revocation(&self, lists: &[RevocationList], instant: DateTime<Utc>) -> Vec<(String, Revocation)> {
        standing(&self.encodings, lists, instant)
    }
}

/// Holds every certificate of a path but the last, its end, against `lists`: whom it names, and how it stands at `instant`.
///
/// `encodings` are the certificates in DER, each but the last followed by its issuer's.
#[must_use]
pub fn standing(encodings: &[Vec<u8>], lists: &[RevocationList], instant: DateTime<Utc>) -> Vec<(String, Revocation)> {
    let issuers = encodings.iter().skip(1);
    let pairs = encodings
        .iter()
        .zip(issuers)
        .filter_map(|(certificate, issuer)| Certificate::read(certificate).ok().zip(Certificate::read(issuer).ok()));
    pairs
        .map(|(certificate, issuer)| {
            (certificate.subject_text(), Revocation::of(&certificate, &issuer, lists, instant))
        })
        .collect()
}

/// Returns the authority at the end of a path that is no longer than it allows; two may differ in nothing but that.
fn end<'a>(authorities: &[&'a Authority], path: &webpki::VerifiedPath<'_>) -> Option<&'a Authority> {
    let count = u32::try_from(path.intermediate_certificates().count()).unwrap_or(u32::MAX);
    let allows = |authority: &Authority| authority.path_length.is_none_or(|most| count <= most);
    authorities.iter().copied().find(|authority| authority.anchor == *path.anchor() && allows(authority))
}

/// Refuses a path with an intermediate whose key usage does not allow it to sign certificates, which webpki does not ask.
fn intermediates_may_sign(path: &webpki::VerifiedPath<'_>) -> Result<(), webpki::Error> {
    let may = |der: &CertificateDer<'_>| Certificate::read(der).is_ok_and(|read| may_sign_certificates(&read));
    let all = path.intermediate_certificates().all(|certificate| may(&certificate.der()));
    if all { Ok(()) } else { Err(webpki::Error::EndEntityUsedAsCa) }
}

fn is_about_time(problem: &webpki::Error) -> bool {
    matches!(problem, webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. })
}

fn rank(fault: &PathFault) -> u8 {
    match fault {
        PathFault::Untrusted(problem) if problem == UNKNOWN_ISSUER => 0,
        PathFault::Untrusted(_) => 1,
        PathFault::NotValid(_) => 2,
    }
}

/// Puts the commonest problems in words; the rest keep webpki's own names.
fn words(problem: &webpki::Error) -> String {
    let at = |time: &UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        DateTime::from_timestamp(seconds, 0).map_or_else(|| seconds.to_string(), |time| time.to_rfc3339())
    };
    match problem {
        webpki::Error::CertExpired { not_after, time } => {
            format!("one certificate ended at {}, before {}", at(not_after), at(time))
        }
        webpki::Error::CertNotValidYet { not_before, time } => {
            format!("one certificate begins at {}, after {}", at(not_before), at(time))
        }
        webpki::Error::UnknownIssuer => UNKNOWN_ISSUER.to_owned(),
        webpki::Error::EndEntityUsedAsCa => "a certificate that may not sign certificates has signed one".to_owned(),
        webpki::Error::NameConstraintViolation => "a name lies outside the names an authority may vouch for".to_owned(),
        webpki::Error::PathLenConstraintViolated => "the path is longer than an authority allows".to_owned(),
        webpki::Error::RequiredEkuNotFoundContext(_) => {
            "an authority may not vouch for signers of documents".to_owned()
        }
        other => format!("{other:?}"),
    }
}

const UNKNOWN_ISSUER: &str = "the issuer is none of the authorities named";

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose,
        NameConstraints, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SanType,
    };

    use super::super::forge::{Chain, authorities, instant, valid};
    use super::*;

    const NOW: &str = "2026-11-22T06:31:00Z";

    fn check(chain: &Chain) -> Result<Vec<String>, PathFault> {
        let certificates = SignerCertificates::from_pem(&chain.pem()).expect("certificates");
        certificates.check_path(&authorities(&chain.root_pem), instant(NOW)).map(|path| path.subjects)
    }

    fn untrusted(chain: &Chain) -> String {
        match check(chain) {
            Err(PathFault::Untrusted(problem)) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_path_is_told_from_the_signer_to_the_authority() {
        let subjects = vec!["CN=R. Roe".to_owned(), "CN=Intermediate".to_owned(), "CN=Root".to_owned()];
        assert_eq!(check(&Chain::good()), Ok(subjects.clone()));
        for algorithm in [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
            assert_eq!(check(&Chain::of(algorithm, |_| (), |_| (), |_| ())), Ok(subjects.clone()));
        }
    }

    #[test]
    fn an_intermediate_may_be_the_authority_named() {
        let chain = Chain::good();
        let certificates = SignerCertificates::from_pem(&chain.signer_pem()).expect("a certificate");
        let path = certificates.check_path(&authorities(&chain.intermediate_pem()), instant(NOW)).expect("a path");
        assert_eq!(path.subjects, ["CN=R. Roe", "CN=Intermediate"]);
    }

    #[test]
    fn another_authority_with_the_same_name_is_another() {
        let (chain, other) = (Chain::good(), Chain::good());
        let certificates = SignerCertificates::from_pem(&chain.pem()).expect("certificates");
        let fault = certificates.check_path(&authorities(&other.root_pem), instant(NOW)).expect_err("no path");
        assert!(matches!(fault, PathFault::Untrusted(_)), "{fault}");
        let fault = certificates.check_path(&[], instant(NOW)).expect_err("no path");
        assert_eq!(fault.to_string(), "no path to a trusted authority: no authority given");
        let both = authorities(&format!("{}{}", other.root_pem, chain.root_pem));
        assert!(certificates.check_path(&both, instant(NOW)).is_ok());
    }

    #[test]
    fn the_authority_that_allows_the_paths_length_is_found_beside_its_twin() {
        let chain = Chain::good();
        let mut both = authorities(&chain.root_pem.repeat(2));
        both[0].path_length = Some(0);
        let certificates = SignerCertificates::from_pem(&chain.pem()).expect("certificates");
        assert!(certificates.check_path(&both, instant(NOW)).is_ok());
        assert!(matches!(certificates.check_path(&both[..1], instant(NOW)), Err(PathFault::Untrusted(_))));
    }

    #[test]
    fn a_root_beside_the_signer_is_not_trusted_for_being_there() {
        let chain = Chain::good();
        let certificates = SignerCertificates::from_pem(&format!("{}{}", chain.pem(), chain.root_pem)).expect("three");
        let other = authorities(&Chain::good().root_pem);
        assert!(matches!(certificates.check_path(&other, instant(NOW)), Err(PathFault::Untrusted(_))));
    }

    #[test]
    fn every_certificate_must_have_been_valid() {
        let over = |params: &mut CertificateParams| valid(params, "2026-01-01T00:00:00Z", "2026-11-22T06:30:59Z");
        let not_yet = |params: &mut CertificateParams| valid(params, "2026-11-22T06:31:01Z", "2028-01-01T00:00:00Z");
        for chain in [
            Chain::with_signer(over),
            Chain::with_signer(not_yet),
            Chain::with_intermediate(over),
            Chain::with_intermediate(not_yet),
            Chain::with_root(over),
            Chain::with_root(not_yet),
        ] {
            assert!(matches!(check(&chain), Err(PathFault::NotValid(_))), "{:?}", check(&chain));
        }
    }

    #[test]
    fn an_intermediate_that_may_not_sign_certificates_breaks_the_path() {
        let no_authority = Chain::with_intermediate(|params| params.is_ca = IsCa::ExplicitNoCa);
        let other_use = Chain::with_intermediate(|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
        for chain in [no_authority, other_use] {
            assert_eq!(untrusted(&chain), "a certificate that may not sign certificates has signed one");
        }
        let servers = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let for_servers = Chain::with_intermediate(|params| params.extended_key_usages = servers);
        assert_eq!(untrusted(&for_servers), "an authority may not vouch for signers of documents");
    }

    #[test]
    fn one_purpose_must_do_for_the_whole_path() {
        use ExtendedKeyUsagePurpose::{Any, ClientAuth, EmailProtection};
        let chain = |signer: ExtendedKeyUsagePurpose, intermediate: ExtendedKeyUsagePurpose| {
            Chain::of(
                &rcgen::PKCS_ECDSA_P256_SHA256,
                |_| (),
                |params| params.extended_key_usages = vec![intermediate],
                |params| params.extended_key_usages = vec![signer],
            )
        };
        assert!(check(&chain(Any, EmailProtection)).is_ok());
        assert!(check(&chain(EmailProtection, EmailProtection)).is_ok());
        assert_eq!(
            untrusted(&chain(ClientAuth, EmailProtection)),
            "an authority may not vouch for signers of documents"
        );
    }

    #[test]
    fn path_length_and_names_are_held_to_what_authorities_allow() {
        let short = Chain::with_root(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
        assert_eq!(untrusted(&short), "the path is longer than an authority allows");
        let within = |names: &str| {
            let names = NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName(names.to_owned())],
                excluded_subtrees: Vec::new(),
            };
            let san = vec![SanType::DnsName("roe.acme.example".try_into().expect("a name"))];
            Chain::of(
                &rcgen::PKCS_ECDSA_P256_SHA256,
                |_| (),
                |params| params.name_constraints = Some(names),
                |params| params.subject_alt_names = san,
            )
        };
        assert!(check(&within("acme.example")).is_ok(), "{:?}", check(&within("acme.example")));
        assert_eq!(untrusted(&within("other.example")), "a name lies outside the names an authority may vouch for");
    }
}
