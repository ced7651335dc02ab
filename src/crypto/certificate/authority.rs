//! Whom the reader trusts: authorities, and certificates whose key is pinned.
//!
//! What a certificate is used for follows from what it is: one of a certification authority is the end of a path, any other
//! stands for its key alone, whatever else it says.

use chrono::{DateTime, Utc};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor};

use super::bundle::ED25519;
use super::purpose::{is_authority, may_sign_certificates, path_length};
use crate::crypto::signature::PublicKey;
use crate::crypto::timestamp::certificate::Certificate;

/// The certificate of a certification authority that the reader trusts to say whose key a key is.
#[derive(Clone, Debug)]
pub struct Authority {
    pub(super) encoding: Vec<u8>,
    pub(super) anchor: TrustAnchor<'static>,
    pub(super) subject: String,
    pub(super) not_before: DateTime<Utc>,
    pub(super) not_after: DateTime<Utc>,
    /// How many intermediates may follow it; webpki does not ask it of an anchor.
    pub(super) path_length: Option<u32>,
}

/// One certificate that the reader gave.
#[derive(Clone, Debug)]
pub enum Trusted {
    /// Of a certification authority: the end of a path.
    Authority(Box<Authority>),
    /// Of somebody who is none: their key.
    Key(PublicKey),
}

/// Why a certificate cannot be trusted for anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustedError {
    /// It cannot be read.
    #[error("certificate {0} cannot be read")]
    Malformed(usize),
    /// The text holds none.
    #[error("no certificate between `-----BEGIN CERTIFICATE-----` lines")]
    NoCertificate,
    /// Neither an authority's nor that of a key that could have signed a package.
    #[error(
        "certificate {number}, of `{subject}`, is neither one of a certification authority nor one of an Ed25519 key"
    )]
    OfNoUse {
        /// Which one, counted from 1.
        number: usize,
        /// Whom it names.
        subject: String,
    },
}

/// Reads the certificates that a reader trusts; other PEM blocks and text around them are skipped.
///
/// # Errors
///
/// [`TrustedError`].
pub fn trusted_from_pem(text: &str) -> Result<Vec<Trusted>, TrustedError> {
    let mut trusted = Vec::new();
    for (number, encoding) in (1..).zip(CertificateDer::pem_slice_iter(text.as_bytes())) {
        let encoding = encoding.map_err(|_| TrustedError::Malformed(number))?;
        let certificate = Certificate::read(&encoding).map_err(|_| TrustedError::Malformed(number))?;
        trusted.push(if is_authority(&certificate) {
            Trusted::Authority(Box::new(
                Authority::new(&encoding, &certificate).ok_or(TrustedError::Malformed(number))?,
            ))
        } else {
            let key = (certificate.key_algorithm == ED25519).then(|| <&[u8; 32]>::try_from(certificate.key).ok());
            let key = key.flatten().and_then(|bytes| PublicKey::from_bytes(bytes).ok());
            Trusted::Key(key.ok_or_else(|| TrustedError::OfNoUse { number, subject: certificate.subject_text() })?)
        });
    }
    if trusted.is_empty() { Err(TrustedError::NoCertificate) } else { Ok(trusted) }
}

impl Authority {
    fn new(encoding: &CertificateDer<'_>, certificate: &Certificate<'_>) -> Option<Self> {
        if !may_sign_certificates(certificate) {
            return None;
        }
        Some(Self {
            encoding: encoding.to_vec(),
            anchor: webpki::anchor_from_trusted_cert(encoding).ok()?.to_owned(),
            subject: certificate.subject_text(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            path_length: path_length(certificate),
        })
    }

    /// Returns whom the certificate names, as RFC 4514 writes it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub(super) fn is_valid_at(&self, instant: DateTime<Utc>) -> bool {
        self.not_before <= instant && instant.timestamp() <= self.not_after.timestamp()
    }
}

#[cfg(test)]
mod tests {
    use super::super::forge::{Chain, signer_key};
    use super::*;

    #[test]
    fn an_authority_ends_a_path_and_anybody_else_stands_for_a_key() {
        let chain = Chain::good();
        let trusted = trusted_from_pem(&format!("{}{}", chain.root_pem, chain.signer_pem())).expect("two");
        assert!(matches!(&trusted[0], Trusted::Authority(authority) if authority.subject() == "CN=Root"));
        assert!(matches!(&trusted[1], Trusted::Key(key) if *key == signer_key(1)));
        assert!(matches!(trusted_from_pem("x"), Err(TrustedError::NoCertificate)));
        let tls = rcgen::generate_simple_self_signed(["x.example".to_owned()]).expect("a certificate").cert.pem();
        assert!(matches!(trusted_from_pem(&tls), Err(TrustedError::OfNoUse { number: 1, .. })));
    }

    #[test]
    fn an_authority_that_may_not_sign_certificates_is_none() {
        let chain = Chain::with_root(|params| params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign]);
        assert!(matches!(trusted_from_pem(&chain.root_pem), Err(TrustedError::Malformed(1))));
    }
}
