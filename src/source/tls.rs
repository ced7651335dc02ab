//! TLS that remembers whom it met: chain and version of every server it accepted, for the page records.
//!
//! The judgement itself is webpki's, over the system's roots and those the user names. Sessions are not resumed, so every
//! connection shows its certificates. What is remembered is a fact about our connection; it proves nothing to third parties.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::SourceError;
use crate::crypto::digest::CertificateDigest;
use crate::format::parts::Tls;

/// What the servers showed, by the digest of their leaf certificate.
#[derive(Clone, Debug, Default)]
pub struct PeerMemory(Arc<Mutex<HashMap<CertificateDigest, Peer>>>, Arc<Mutex<HashMap<String, CertificateDigest>>>);

#[derive(Clone, Debug)]
struct Peer {
    certificates: Vec<CertificateDigest>,
    version: &'static str,
}

impl PeerMemory {
    /// Returns what the server with this leaf certificate showed.
    #[must_use]
    pub fn recall(&self, leaf: &[u8]) -> Option<Tls> {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = peers.get(&CertificateDigest::of(leaf))?;
        Some(Tls { version: peer.version.to_owned(), certificates: peer.certificates.clone() })
    }

    /// Returns what the server of that name showed last. Through a proxy the HTTP library does not say which certificate a
    /// connection had; the name is then all there is to go by.
    #[must_use]
    pub fn recall_host(&self, host: &str) -> Option<Tls> {
        let leaf = *self.1.lock().unwrap_or_else(PoisonError::into_inner).get(host)?;
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = peers.get(&leaf)?;
        Some(Tls { version: peer.version.to_owned(), certificates: peer.certificates.clone() })
    }

    fn note_host(&self, server_name: &ServerName<'_>, leaf: &CertificateDer<'_>) {
        let name = server_name.to_str().into_owned();
        self.1.lock().unwrap_or_else(PoisonError::into_inner).insert(name, CertificateDigest::of(leaf));
    }

    fn note_chain(&self, leaf: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) {
        let certificates: Vec<_> =
            std::iter::once(leaf).chain(intermediates).map(|certificate| CertificateDigest::of(certificate)).collect();
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = peers.entry(CertificateDigest::of(leaf)).or_insert(Peer { certificates: Vec::new(), version: "" });
        // Another connection may be read at this moment: the version it wrote down stands until this handshake's is known.
        peer.certificates = certificates;
    }

    fn note_version(&self, leaf: &CertificateDer<'_>, version: &'static str) {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(peer) = peers.get_mut(&CertificateDigest::of(leaf)) {
            peer.version = version;
        }
    }
}

/// Makes the client's side of TLS: system roots, and those in `extra_roots_pem`.
///
/// # Errors
///
/// [`SourceError::Certificates`] when there is no root at all, or what was given is none.
pub fn client_config(extra_roots_pem: Option<&str>, memory: &PeerMemory) -> Result<ClientConfig, SourceError> {
    let refused = |reason: String| SourceError::Certificates(reason);
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if let Some(pem) = extra_roots_pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| refused(error.to_string()))?;
            roots.add(certificate).map_err(|error| refused(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(refused("the file with further roots holds no certificate".to_owned()));
        }
    }
    if roots.is_empty() {
        let reason = native.errors.first().map_or_else(|| "the system has none".to_owned(), ToString::to_string);
        return Err(refused(reason));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| refused(error.to_string()))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Remembering { judge, memory: memory.clone() }))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Asks webpki, and writes down what webpki accepted.
#[derive(Debug)]
struct Remembering {
    judge: Arc<WebPkiServerVerifier>,
    memory: PeerMemory,
}

impl ServerCertVerifier for Remembering {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.judge.verify_server_cert(leaf, intermediates, server_name, ocsp_response, now)?;
        self.memory.note_chain(leaf, intermediates);
        self.memory.note_host(server_name, leaf);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let valid = self.judge.verify_tls12_signature(message, leaf, signature)?;
        self.memory.note_version(leaf, "TLSv1.2");
        Ok(valid)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let valid = self.judge.verify_tls13_signature(message, leaf, signature)?;
        self.memory.note_version(leaf, "TLSv1.3");
        Ok(valid)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_handshake_under_way_does_not_blank_what_the_first_showed() {
        let memory = PeerMemory::default();
        let leaf = CertificateDer::from(vec![1, 2, 3]);
        memory.note_chain(&leaf, &[]);
        memory.note_version(&leaf, "TLSv1.3");
        memory.note_chain(&leaf, &[]);
        assert_eq!(memory.recall(&leaf).map(|tls| tls.version).as_deref(), Some("TLSv1.3"));
    }
}
