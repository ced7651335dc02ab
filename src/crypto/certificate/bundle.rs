//! The certificates in a package: the signer's own first, then those that lead towards an authority (FORMAT §6).
//!
//! One list has one text: PEM blocks of RFC 7468's strict form with LF, back to back. What is read is written again and
//! compared. That a certificate is here makes nobody trust it.

use chrono::{DateTime, Utc};
use pkcs8::der::pem::{self, LineEnding};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::crypto::signature::PublicKey;
use crate::crypto::timestamp::certificate::Certificate;

/// The signer's certificate and the intermediates beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerCertificates {
    /// Encodings that [`Certificate::read`] has read; never empty.
    encodings: Vec<Vec<u8>>,
}

/// Why a text holds no certificates of a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFileError {
    /// A certificate cannot be read.
    #[error("certificate {0} cannot be read")]
    Malformed(usize),
    /// The text holds no certificate.
    #[error("no certificate between `-----BEGIN CERTIFICATE-----` lines")]
    NoCertificate,
    /// The same certificates have another text.
    #[error("not in the one form: PEM blocks of 64 columns with LF, back to back, and nothing else")]
    OtherForm,
    /// More certificates than FORMAT §15 allows.
    #[error("{0} certificates, at most {MAX_CERTIFICATES} are allowed")]
    TooMany(usize),
}

impl SignerCertificates {
    /// Reads the file of a package, exactly as [`SignerCertificates::to_pem`] writes it.
    ///
    /// # Errors
    ///
    /// [`CertificateFileError`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateFileError> {
        let certificates = Self::from_any_pem(text)?;
        if certificates.to_pem() == text { Ok(certificates) } else { Err(CertificateFileError::OtherForm) }
    }

    /// Reads the certificates in a PEM file as authorities hand them out; text around them is skipped.
    ///
    /// # Errors
    ///
    /// [`CertificateFileError`], but never that the form is another.
    pub fn from_any_pem(text: &str) -> Result<Self, CertificateFileError> {
        let mut encodings = Vec::new();
        for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(text.as_bytes())) {
            let encoding = certificate.map_err(|_| CertificateFileError::Malformed(number))?;
            Certificate::read(&encoding).map_err(|_| CertificateFileError::Malformed(number))?;
            encodings.push(encoding.to_vec());
        }
        match encodings.len() {
            0 => Err(CertificateFileError::NoCertificate),
            1..=MAX_CERTIFICATES => Ok(Self { encodings }),
            more => Err(CertificateFileError::TooMany(more)),
        }
    }

    /// Returns the one text of these certificates.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let block =
            |encoding: &Vec<u8>| pem::encode_string("CERTIFICATE", LineEnding::LF, encoding).unwrap_or_default();
        self.encodings.iter().map(block).collect()
    }

    /// Says whether the first certificate is about this key.
    #[must_use]
    pub fn is_about(&self, key: &PublicKey) -> bool {
        // An Ed25519 key has one SubjectPublicKeyInfo (RFC 8410 §4): twelve bytes and the key.
        let is_key = |signer: &Certificate<'_>| Some(signer.key) == key.to_spki().get(12..);
        self.signer().is_some_and(|signer| signer.key_algorithm == ED25519 && is_key(&signer))
    }

    /// Returns whom the first certificate names, as RFC 4514 writes it.
    #[must_use]
    pub fn subject(&self) -> String {
        self.signer().map(|signer| signer.subject_text()).unwrap_or_default()
    }

    /// Returns the first and the last instant at which the first certificate is valid.
    #[must_use]
    pub fn validity(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.signer().map(|signer| (signer.not_before, signer.not_after))
    }

    /// Returns the signer's certificate; none cannot be, since reading it was the condition for being here.
    pub(super) fn signer(&self) -> Option<Certificate<'_>> {
        self.encodings.first().and_then(|encoding| Certificate::read(encoding).ok())
    }

    /// Returns all encodings, the signer's first.
    pub(super) fn encodings(&self) -> impl Iterator<Item = &[u8]> {
        self.encodings.iter().map(Vec::as_slice)
    }
}

/// Content of the `AlgorithmIdentifier` id-Ed25519, without parameters (RFC 8410 §3).
pub(super) const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];

/// 8: FORMAT §15; public authorities have two or three levels.
const MAX_CERTIFICATES: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::forge::{Chain, signer_key};
    use super::*;

    #[test]
    fn certificates_have_one_text() {
        let text = Chain::good().pem();
        let certificates = SignerCertificates::from_pem(&text).expect("two certificates");
        assert_eq!(certificates.to_pem(), text);
        assert_eq!(certificates.encodings().count(), 2);
        for changed in [format!("{text}\n"), format!("subject=x\n{text}"), text.replace('\n', "\r\n")] {
            let read = SignerCertificates::from_pem(&changed);
            assert_eq!(read, Err(CertificateFileError::OtherForm), "{changed}");
            assert_eq!(SignerCertificates::from_any_pem(&changed).as_ref(), Ok(&certificates));
        }
    }

    #[test]
    fn what_is_no_certificate_is_named_by_its_number() {
        let read = |text: &str| SignerCertificates::from_any_pem(text).map(|_| ());
        assert_eq!(read(""), Err(CertificateFileError::NoCertificate));
        let block = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert_eq!(read(&format!("{}{block}", Chain::good().pem())), Err(CertificateFileError::Malformed(3)));
        assert_eq!(read(&Chain::good().pem().repeat(5)), Err(CertificateFileError::TooMany(10)));
    }

    #[test]
    fn a_certificate_is_about_the_key_in_it_alone() {
        let certificates = SignerCertificates::from_pem(&Chain::good().pem()).expect("certificates");
        assert!(certificates.is_about(&signer_key(1)));
        assert!(!certificates.is_about(&signer_key(2)));
        assert_eq!(certificates.subject(), "CN=R. Roe");
    }
}
