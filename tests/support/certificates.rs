//! A certification authority for tests: certificates of Ed25519 signers and revocation lists, by rcgen, which the program's own
//! checks share nothing with.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ED25519, RevokedCertParams, SerialNumber,
};

/// A root and an intermediate under it.
pub(crate) struct Authority {
    /// The root's certificate, for the reader.
    pub(crate) root_pem: String,
    intermediate_pem: String,
    root: Issuer<'static, KeyPair>,
    intermediate: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes an authority that names itself.
    pub(crate) fn new(name: &str) -> Self {
        let mut root = params(name, IsCa::Ca(BasicConstraints::Constrained(1)));
        let root_key = KeyPair::generate().unwrap();
        let root_pem = root.self_signed(&root_key).unwrap().pem();
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = Issuer::new(root, root_key);
        let intermediate = params("People of Acme", IsCa::Ca(BasicConstraints::Constrained(0)));
        let intermediate_key = KeyPair::generate().unwrap();
        let intermediate_pem = intermediate.signed_by(&intermediate_key, &root).unwrap().pem();
        Self { root_pem, intermediate_pem, root, intermediate: Issuer::new(intermediate, intermediate_key) }
    }

    /// Certificates of a key as a package has them, the signer's changed by `edit`.
    pub(crate) fn certify(&self, key: &SigningKey, edit: impl FnOnce(&mut CertificateParams)) -> String {
        let mut signer = params("R. Roe", IsCa::NoCa);
        signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        signer.serial_number = Some(SerialNumber::from_slice(&[0x11]));
        edit(&mut signer);
        // PKCS#8 version 1 around the seed (RFC 8410 §7).
        let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let key = [&prefix[..], &key.to_bytes()].concat();
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key.as_slice().into(), &PKCS_ED25519).unwrap();
        let signer = signer.signed_by(&key, &self.intermediate).unwrap().pem();
        (signer + &self.intermediate_pem).replace("\r\n", "\n")
    }

    /// The lists of both, in DER; the signer's certificate is revoked from `since` on.
    pub(crate) fn lists(&self, since: Option<&str>) -> [Vec<u8>; 2] {
        let revoked = since.map(|since| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&[0x11]),
            revocation_time: SystemTime::from(instant(since)).into(),
            reason_code: None,
            invalidity_date: None,
        });
        [(&self.intermediate, revoked), (&self.root, None)].map(|(issuer, revoked)| {
            let params = CertificateRevocationListParams {
                this_update: SystemTime::from(instant("2026-11-20T00:00:00Z")).into(),
                next_update: SystemTime::from(instant("2027-11-20T00:00:00Z")).into(),
                crl_number: SerialNumber::from_slice(&[7]),
                issuing_distribution_point: None,
                revoked_certs: revoked.into_iter().collect(),
                key_identifier_method: KeyIdMethod::Sha256,
            };
            params.signed_by(issuer).unwrap().der().to_vec()
        })
    }
}

/// Sets the validity of a certificate.
pub(crate) fn valid(params: &mut CertificateParams, not_before: &str, not_after: &str) {
    params.not_before = SystemTime::from(instant(not_before)).into();
    params.not_after = SystemTime::from(instant(not_after)).into();
}

fn params(name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::default();
    valid(&mut params, "2020-01-01T00:00:00Z", "2046-01-01T00:00:00Z");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.is_ca = is_ca;
    params
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}
