//! Whom the caller trusts, and whether a path leads there from the signer of a token.
//!
//! Paths are `rustls-webpki`'s (RFC 5280 §6): names, signatures, validity, basic constraints, path lengths, name
//! constraints and, where an intermediate states purposes, the time stamping purpose, all at the token's own time. Its
//! manners, which are ours by that: the signer's certificate and all intermediates are version 3; the signer's own
//! certificate cannot be the root; a critical extension beyond basic constraints, key usage, extended key usage,
//! subject alternative name, name constraints and distribution points ends the path; RSA keys have 2048 to 8192 bits;
//! SHA-1 signs nothing. Version 1 roots are accepted. Beyond webpki, the root must have been valid at the token's time,
//! as OpenSSL asks.
//!
//! Revocation is not looked at here, since that needs lists from outside: the report holds the certificates of the path, for
//! [`crate::crypto::certificate::standing`].

use chrono::{DateTime, Utc};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use sha2::{Digest as _, Sha256};

use super::certificate::Certificate;
use super::fault::TimestampFault;
use super::path_problem::words;
use super::token::Token;

/// A root that the caller trusts for time stamps.
#[derive(Debug, Clone)]
pub struct TrustRoot {
    encoding: Vec<u8>,
    anchor: TrustAnchor<'static>,
    subject: String,
    sha256: [u8; 32],
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
}

/// The path from a token's signer to a trusted root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// Subjects from the signer up to and including the root, as RFC 4514 writes them.
    pub subjects: Vec<String>,
    /// The certificates in DER, in the same order.
    pub encodings: Vec<Vec<u8>>,
    /// SHA-256 of the root's certificate.
    pub root_sha256: [u8; 32],
    /// The first end of validity on the path, root included: after it only a later token can show that this one is
    /// older.
    pub not_after: DateTime<Utc>,
}

/// Why trusted roots could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustRootError {
    /// A certificate cannot be read.
    #[error("certificate {number} cannot be read")]
    Malformed {
        /// Which one, counted from 1.
        number: usize,
    },
    /// The text holds no certificate.
    #[error("no certificate between `-----BEGIN CERTIFICATE-----` lines")]
    NoCertificate,
}

/// Reads the certificates in `pem`; other kinds of PEM blocks and text around them are skipped.
///
/// Each becomes a root because the caller says so, whether it signed itself or not.
///
/// # Errors
///
/// [`TrustRootError`].
pub fn trust_roots_from_pem(pem: &str) -> Result<Vec<TrustRoot>, TrustRootError> {
    let mut roots = Vec::new();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem.as_bytes())) {
        let root = certificate.ok().and_then(|certificate| TrustRoot::new(&certificate));
        roots.push(root.ok_or(TrustRootError::Malformed { number })?);
    }
    if roots.is_empty() { Err(TrustRootError::NoCertificate) } else { Ok(roots) }
}

impl TrustRoot {
    fn new(encoding: &CertificateDer<'_>) -> Option<Self> {
        let certificate = Certificate::read(encoding).ok()?;
        Some(Self {
            encoding: encoding.to_vec(),
            anchor: webpki::anchor_from_trusted_cert(encoding).ok()?.to_owned(),
            subject: certificate.subject_text(),
            sha256: Sha256::digest(encoding).into(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        })
    }

    /// Returns the subject as RFC 4514 writes it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the SHA-256 of the certificate.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    fn is_valid_at(&self, instant: DateTime<Utc>) -> bool {
        self.not_before <= instant && instant.timestamp() <= self.not_after.timestamp()
    }
}

impl Token {
    /// Looks for a path from the signer to one of `roots` that was valid at the token's time.
    ///
    /// Intermediates come from the token, roots only from the caller. The signature is not verified here but in
    /// [`Token::check`]; only both together make a time stamp.
    ///
    /// # Errors
    ///
    /// [`TimestampFault::CertificateNotValidAtGenTime`] where only time is in the way,
    /// [`TimestampFault::ChainUntrusted`] where there is no path, [`TimestampFault::Surplus`] with more certificates than a
    /// path has, among which none is looked for, and the faults of [`Token::check`] where the signer
    /// is unknown.
    pub fn check_chain(&self, roots: &[TrustRoot]) -> Result<ChainReport, TimestampFault> {
        let (signer, _) = self.signer()?;
        self.check_certificate_count()?;
        let signer_subject = signer.subject_text();
        let untrusted = |problem: String| TimestampFault::ChainUntrusted {
            signer: signer_subject.clone(),
            root_count: roots.len(),
            problem,
        };
        if roots.is_empty() {
            return Err(untrusted("no root given".to_owned()));
        }
        let gen_time = self.gen_time();
        let seconds = u64::try_from(gen_time.timestamp()).map_err(|_| self.not_valid_at_gen_time(&signer))?;
        let encoding = CertificateDer::from(signer.encoding);
        let end_entity =
            webpki::EndEntityCert::try_from(&encoding).map_err(|problem| untrusted(words(&problem).to_owned()))?;
        let others: Vec<CertificateDer<'_>> =
            self.certificates().filter(|other| *other != signer.encoding).map(CertificateDer::from).collect();

        let mut best = None;
        // Roots that were valid come first, so that an expired one with the same name cannot hide them.
        let (valid, invalid): (Vec<_>, Vec<_>) = roots.iter().partition(|root| root.is_valid_at(gen_time));
        for group in [valid, invalid].iter().filter(|group| !group.is_empty()) {
            // One search for all: one for each would let a few certificates of one name keep a reader busy for minutes.
            let anchors: Vec<_> = group.iter().map(|root| root.anchor.clone()).collect();
            let path = end_entity.verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &anchors,
                &others,
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
                // Where it is stated: many intermediates state no purpose, and the signer must in `Token::check`.
                webpki::KeyUsage::required_if_present(TIME_STAMPING),
                None,
                None,
            );
            let end = |path: &webpki::VerifiedPath<'_>| group.iter().find(|root| root.anchor == *path.anchor());
            match path.as_ref().map(|path| (path, end(path))) {
                Ok((path, Some(root))) if root.is_valid_at(gen_time) => {
                    let intermediates: Vec<_> = path.intermediate_certificates().map(webpki::Cert::der).collect();
                    return Ok(report(&signer, intermediates.iter().map(AsRef::as_ref), root));
                }
                Ok((_, Some(root))) => {
                    return Err(TimestampFault::CertificateNotValidAtGenTime {
                        subject: Some(root.subject.clone()),
                        not_before: Some(root.not_before),
                        not_after: Some(root.not_after),
                        gen_time,
                    });
                }
                // A date in the way says more than another root's "unknown issuer".
                Err(problem) if best.is_none() || is_about_time(problem) => best = Some(problem.clone()),
                Ok((_, None)) | Err(_) => {}
            }
        }
        Err(match best {
            Some(problem) if is_about_time(&problem) && !signer.is_valid_at(gen_time) => {
                self.not_valid_at_gen_time(&signer)
            }
            Some(problem) if is_about_time(&problem) => TimestampFault::CertificateNotValidAtGenTime {
                subject: None,
                not_before: bound(&problem).0,
                not_after: bound(&problem).1,
                gen_time,
            },
            Some(problem) => untrusted(words(&problem).to_owned()),
            None => untrusted("no path".to_owned()),
        })
    }
}

fn report<'a>(
    signer: &Certificate<'_>,
    intermediates: impl Iterator<Item = &'a [u8]>,
    root: &TrustRoot,
) -> ChainReport {
    let mut subjects = vec![signer.subject_text()];
    let mut encodings = vec![signer.encoding.to_vec()];
    let mut not_after = signer.not_after.min(root.not_after);
    for certificate in intermediates.filter_map(|encoding| Certificate::read(encoding).ok()) {
        subjects.push(certificate.subject_text());
        encodings.push(certificate.encoding.to_vec());
        not_after = not_after.min(certificate.not_after);
    }
    subjects.push(root.subject.clone());
    encodings.push(root.encoding.clone());
    ChainReport { subjects, encodings, root_sha256: root.sha256, not_after }
}

fn is_about_time(problem: &webpki::Error) -> bool {
    matches!(problem, webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. })
}

fn bound(problem: &webpki::Error) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let instant =
        |time: &UnixTime| i64::try_from(time.as_secs()).ok().and_then(|secs| DateTime::from_timestamp(secs, 0));
    match problem {
        webpki::Error::CertExpired { not_after, .. } => (None, instant(not_after)),
        webpki::Error::CertNotValidYet { not_before, .. } => (instant(not_before), None),
        _ => (None, None),
    }
}

/// Content octets of id-kp-timeStamping (RFC 3161 §2.3), 1.3.6.1.5.5.7.3.8.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, PKCS_ECDSA_P256_SHA256};

    use super::super::forge::{Authority, CODE_SIGNING, purposes, valid};
    use super::*;

    fn chain(authority: &Authority) -> Result<ChainReport, &'static str> {
        authority.forge().parse().check_chain(&authority.roots()).map_err(|fault| fault.code())
    }

    fn with(root: impl FnOnce(&mut CertificateParams), intermediate: impl FnOnce(&mut CertificateParams)) -> Authority {
        Authority::of(&PKCS_ECDSA_P256_SHA256, root, intermediate, |_| ())
    }

    #[test]
    fn a_path_is_reported_from_the_signer_to_the_root() {
        let authority = with(|_| (), |params| valid(params, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"));
        let report = chain(&authority).expect("a path");
        assert_eq!(report.subjects, ["CN=Signer", "CN=Intermediate", "CN=Root"]);
        assert_eq!(report.not_after.to_rfc3339(), "2027-01-01T00:00:00+00:00");
        assert_eq!(report.root_sha256, authority.roots().first().expect("a root").sha256());
    }

    #[test]
    fn the_right_root_is_found_among_others_with_its_name() {
        let (authority, other) = (Authority::good(), Authority::good());
        let expired = with(|params| valid(params, "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"), |_| ());
        let pem = format!("# three roots\n{}\n{}{}", expired.root_pem, other.root_pem, authority.root_pem);
        let roots = trust_roots_from_pem(&pem).expect("roots");
        assert_eq!(roots.len(), 3);
        let report = authority.forge().parse().check_chain(&roots).expect("a path");
        assert_eq!(report.root_sha256, roots.last().expect("a root").sha256());
    }

    #[test]
    fn a_root_that_the_caller_does_not_trust_is_no_root() {
        let token = Authority::good().forge().parse();
        let fault = token.check_chain(&Authority::good().roots()).expect_err("no path");
        let same_name = TimestampFault::ChainUntrusted {
            signer: "CN=Signer".to_owned(),
            root_count: 1,
            problem: "a certificate is not signed by the one above it".to_owned(),
        };
        assert_eq!(fault, same_name);
        assert_eq!(token.check_chain(&[]).expect_err("no root").code(), "timestamp-chain-untrusted");
    }

    /// Every order of intermediates of one name would be a path to try.
    #[test]
    fn no_path_is_looked_for_among_more_certificates_than_one_has() {
        let authority = Authority::good();
        let mut forge = authority.forge();
        let count = forge.certificates.len();
        forge.certificates.extend((count..8).map(|_| authority.intermediate.clone()));
        assert!(forge.parse().check_chain(&authority.roots()).is_ok());
        forge.certificates.push(authority.intermediate.clone());
        let fault = forge.parse().check_chain(&authority.roots()).expect_err("nine certificates");
        assert!(matches!(fault, TimestampFault::Surplus { .. }), "{fault}");
    }

    /// An attacker's whole authority, root included, in the bag of certificates.
    #[test]
    fn a_root_inside_the_token_is_not_trusted_for_being_there() {
        let attacker = Authority::good();
        let mut forge = attacker.forge();
        let root = CertificateDer::from_pem_slice(attacker.root_pem.as_bytes()).expect("a root");
        forge.certificates.push(root.to_vec());
        assert_eq!(forge.codes(), [""; 0]);
        let fault = forge.parse().check_chain(&Authority::good().roots()).expect_err("no path");
        assert_eq!(fault.code(), "timestamp-chain-untrusted");
    }

    #[test]
    fn a_missing_intermediate_breaks_the_path() {
        let authority = Authority::good();
        let mut forge = authority.forge();
        forge.certificates = vec![authority.certificate.clone()];
        let fault = forge.parse().check_chain(&authority.roots()).expect_err("no path");
        assert_eq!(fault.code(), "timestamp-chain-untrusted");
    }

    #[test]
    fn rubbish_in_the_bag_does_not_hide_the_path() {
        let authority = Authority::good();
        let mut forge = authority.forge();
        forge.certificates.insert(0, vec![0x30, 0]);
        assert_eq!(forge.codes(), ["timestamp-surplus"]);
        assert!(forge.parse().check_chain(&authority.roots()).is_ok());
    }

    #[test]
    fn every_certificate_must_have_been_valid_at_the_tokens_time() {
        let not_valid = Err("timestamp-certificate-not-valid-at-gentime");
        let over = |params: &mut CertificateParams| valid(params, "2026-01-01T00:00:00Z", "2026-07-22T10:11:11Z");
        let not_yet = |params: &mut CertificateParams| valid(params, "2026-07-22T10:11:13Z", "2028-01-01T00:00:00Z");
        for authority in [with(over, |_| ()), with(not_yet, |_| ()), with(|_| (), over), with(|_| (), not_yet)] {
            assert_eq!(chain(&authority), not_valid);
        }
        assert_eq!(chain(&Authority::deviating(over)), not_valid);
        assert_eq!(chain(&Authority::deviating(not_yet)), not_valid);
    }

    #[test]
    fn an_intermediate_that_is_no_authority_or_has_another_purpose_breaks_the_path() {
        let untrusted = Err("timestamp-chain-untrusted");
        assert_eq!(chain(&with(|_| (), |params| params.is_ca = rcgen::IsCa::ExplicitNoCa)), untrusted);
        let other = |params: &mut CertificateParams| params.custom_extensions.push(purposes(&[CODE_SIGNING], false));
        assert_eq!(chain(&with(|_| (), other)), untrusted);
    }

    #[test]
    fn an_unidentified_signer_has_no_path() {
        let authority = Authority::good();
        let mut forge = authority.forge();
        forge.certificates.clear();
        let fault = forge.parse().check_chain(&authority.roots()).expect_err("no signer");
        assert_eq!(fault.code(), "timestamp-signer-not-identified");
    }

    #[test]
    fn roots_that_cannot_be_read_are_counted_out() {
        let none = Err(TrustRootError::NoCertificate);
        assert_eq!(trust_roots_from_pem("").map(|roots| roots.len()), none);
        let good = Authority::good().root_pem;
        let bad = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        let malformed = Err(TrustRootError::Malformed { number: 2 });
        assert_eq!(trust_roots_from_pem(&format!("{good}{bad}")).map(|roots| roots.len()), malformed);
    }
}
