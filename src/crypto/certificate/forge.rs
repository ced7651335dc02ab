//! A signer, an intermediate and a root for tests, which can do one thing wrong at a time.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use pkcs8::der::pem::{LineEnding, encode_string};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, RevokedCertParams, SerialNumber,
    SignatureAlgorithm, SigningKey as _,
};

use super::{Authority, Trusted, trusted_from_pem};
use crate::codec::der::{BIT_STRING, SEQUENCE, UTC_TIME, Value, encode};
use crate::crypto::signature::PublicKey;

/// Certificates from the signer's to the root.
pub(super) struct Chain {
    pub(super) root_pem: String,
    intermediate: Vec<u8>,
    signer: Vec<u8>,
    root: Issuer<'static, KeyPair>,
    issuer: Issuer<'static, KeyPair>,
}

impl Chain {
    pub(super) fn good() -> Self {
        Self::with_signer(|_| ())
    }

    pub(super) fn with_signer(edit: impl FnOnce(&mut CertificateParams)) -> Self {
        Self::of(&PKCS_ECDSA_P256_SHA256, |_| (), |_| (), edit)
    }

    pub(super) fn with_intermediate(edit: impl FnOnce(&mut CertificateParams)) -> Self {
        Self::of(&PKCS_ECDSA_P256_SHA256, |_| (), edit, |_| ())
    }

    pub(super) fn with_root(edit: impl FnOnce(&mut CertificateParams)) -> Self {
        Self::of(&PKCS_ECDSA_P256_SHA256, edit, |_| (), |_| ())
    }

    pub(super) fn of(
        algorithm: &'static SignatureAlgorithm,
        edit_root: impl FnOnce(&mut CertificateParams),
        edit_intermediate: impl FnOnce(&mut CertificateParams),
        edit_signer: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let generate = || KeyPair::generate_for(algorithm).expect("a key");
        let mut root = params("Root", IsCa::Ca(BasicConstraints::Unconstrained));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        edit_root(&mut root);
        let root_key = generate();
        let root_pem = root.self_signed(&root_key).expect("a root").pem();
        let root = Issuer::new(root, root_key);
        let mut intermediate = params("Intermediate", IsCa::Ca(BasicConstraints::Constrained(0)));
        intermediate.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        intermediate.serial_number = Some(SerialNumber::from_slice(&[0x22]));
        edit_intermediate(&mut intermediate);
        let intermediate_key = generate();
        let certificate = intermediate.signed_by(&intermediate_key, &root).expect("an intermediate");
        let issuer = Issuer::new(intermediate, intermediate_key);
        let mut signer = params("R. Roe", IsCa::NoCa);
        signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        signer.serial_number = Some(SerialNumber::from_slice(&[0x11]));
        edit_signer(&mut signer);
        // PKCS#8 version 1 around the seed (RFC 8410 §7).
        let key =
            [&data_encoding::HEXLOWER.decode(b"302e020100300506032b657004220420").expect("hex"), &[1; 32][..]].concat();
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key.as_slice().into(), &PKCS_ED25519).expect("a key");
        let signer = signer.signed_by(&key, &issuer).expect("a signer").der().to_vec();
        Self { root_pem, intermediate: certificate.der().to_vec(), signer, root, issuer }
    }

    /// The signer's certificate and the intermediate, as a package has them.
    pub(super) fn pem(&self) -> String {
        self.signer_pem() + &self.intermediate_pem()
    }

    pub(super) fn signer_pem(&self) -> String {
        encode_string("CERTIFICATE", LineEnding::LF, &self.signer).expect("a certificate")
    }

    pub(super) fn intermediate_pem(&self) -> String {
        encode_string("CERTIFICATE", LineEnding::LF, &self.intermediate).expect("a certificate")
    }

    /// The list of the signer's issuer.
    pub(super) fn list(&self, edit: impl FnOnce(&mut CertificateRevocationListParams)) -> Vec<u8> {
        list(&self.issuer, edit)
    }

    /// The same without nextUpdate, which rcgen always writes: taken out, and signed again.
    pub(super) fn endless_list(&self, revoked: Vec<RevokedCertParams>) -> Vec<u8> {
        let list = self.list(|params| params.revoked_certs = revoked);
        let parts = Value::only(&list, SEQUENCE).expect("a list").fields().remaining().expect("three parts");
        let mut fields = parts[0].fields().remaining().expect("fields");
        // Version, algorithm, issuer and thisUpdate come before it.
        assert_eq!(fields.remove(4).tag, UTC_TIME);
        let signed = encode(SEQUENCE, &fields.iter().map(|field| field.encoding).collect::<Vec<_>>());
        let signature = self.issuer.key().sign(&signed).expect("a signature");
        encode(SEQUENCE, &[&signed, parts[1].encoding, &encode(BIT_STRING, &[&[0], &signature])])
    }

    /// The list of the root.
    pub(super) fn root_list(&self, edit: impl FnOnce(&mut CertificateRevocationListParams)) -> Vec<u8> {
        list(&self.root, edit)
    }
}

/// Makes an entry of a revocation list.
pub(super) fn revoked(serial: u8, since: &str) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(&[serial]),
        revocation_time: SystemTime::from(instant(since)).into(),
        reason_code: None,
        invalidity_date: None,
    }
}

fn list(issuer: &Issuer<'_, KeyPair>, edit: impl FnOnce(&mut CertificateRevocationListParams)) -> Vec<u8> {
    let mut params = CertificateRevocationListParams {
        this_update: SystemTime::from(instant("2026-11-20T00:00:00Z")).into(),
        next_update: SystemTime::from(instant("2026-11-27T00:00:00Z")).into(),
        crl_number: SerialNumber::from_slice(&[7]),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    edit(&mut params);
    params.signed_by(issuer).expect("a list").der().to_vec()
}

/// The public half of a key made of one number.
pub(super) fn signer_key(number: u8) -> PublicKey {
    PublicKey::from_bytes(SigningKey::from_bytes(&[number; 32]).verifying_key().as_bytes()).expect("a key")
}

pub(super) fn authorities(pem: &str) -> Vec<Authority> {
    let trusted = trusted_from_pem(pem).expect("authorities").into_iter();
    trusted
        .map(|trusted| if let Trusted::Authority(authority) = trusted { *authority } else { panic!("a key") })
        .collect()
}

pub(super) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

pub(super) fn valid(params: &mut CertificateParams, not_before: &str, not_after: &str) {
    params.not_before = SystemTime::from(instant(not_before)).into();
    params.not_after = SystemTime::from(instant(not_after)).into();
}

fn params(name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::default();
    valid(&mut params, "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = is_ca;
    params
}
