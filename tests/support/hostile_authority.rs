//! A time stamp authority that can do one thing wrong at a time, for tokens over real signatures (RFC 3161, RFC 5652).
//!
//! Written from the standards alone, byte by byte: it shares no code with what reads tokens. It starts from a good response and
//! signs whatever it is told to, as a hostile or broken authority could.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use der::{Decode as _, Encode as _};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SigningKey as _,
};

use crate::package::sha256;

/// A root, a signer under it, and the signer's key.
pub(crate) struct HostileAuthority {
    pub(crate) root_pem: String,
    certificate: Vec<u8>,
    issuer_and_serial: Vec<u8>,
    key: KeyPair,
}

/// What is done to a token before it is signed, or to the response around it.
#[derive(Default)]
pub(crate) struct Twist {
    /// The accuracy, as hexadecimal DER; one second unless said otherwise, none if empty.
    pub(crate) accuracy: Option<&'static str>,
    /// Extensions of the statement, as hexadecimal DER.
    pub(crate) extensions: &'static str,
    /// Without the signer's certificate.
    pub(crate) is_anonymous: bool,
    /// Put into the bag of certificates besides the signer's.
    pub(crate) stuffing: Vec<u8>,
    /// Status text of the response, as hexadecimal DER of `PKIFreeText`.
    pub(crate) status_text: String,
    /// The time in place of the right one, as `YYYYMMDDhhmmssZ`.
    pub(crate) time: Option<&'static str>,
    /// Put behind the signature in the signer's structure, where nobody signs.
    pub(crate) unsigned: &'static str,
}

impl HostileAuthority {
    /// Makes an authority whose signer's certificate `edit` has changed.
    pub(crate) fn new(edit: impl FnOnce(&mut CertificateParams)) -> Self {
        let (root_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut root = params("Hostile root", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_pem = root.self_signed(&root_key).unwrap().pem();
        let mut signer = params("Hostile signer", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        signer.is_ca = IsCa::ExplicitNoCa;
        signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        signer.custom_extensions = vec![time_stamping(true)];
        edit(&mut signer);
        let certificate = signer.signed_by(&key, &Issuer::new(root, root_key)).unwrap().der().to_vec();
        let parsed = x509_cert::Certificate::from_der(&certificate).unwrap();
        let fields = parsed.tbs_certificate();
        let issuer_and_serial = [fields.issuer().to_der().unwrap(), fields.serial_number().to_der().unwrap()].concat();
        Self { root_pem, certificate, issuer_and_serial: encode(0x30, &issuer_and_serial), key }
    }

    /// The response over a signature.
    pub(crate) fn stamp(&self, signature: &[u8], twist: &Twist) -> Vec<u8> {
        let imprint = sha256(signature);
        let mut nonce = sha256(&[&b"signhold/nonce/v1"[..], &imprint].concat())[..8].to_vec();
        nonce[0] &= 0x7f;
        while nonce.len() > 1 && nonce[0] == 0 && nonce[1] < 0x80 {
            nonce.remove(0);
        }
        let statement = encode(
            0x30,
            &[
                hex("020101"),
                oid("2b0601040183b2030101"),
                encode(0x30, &[sha256_identifier(), encode(0x04, &imprint)].concat()),
                hex("02012a"),
                encode(0x18, twist.time.unwrap_or("20261122063030Z").as_bytes()),
                hex(twist.accuracy.unwrap_or("3003020101")),
                encode(0x02, &nonce),
                hex(twist.extensions),
            ]
            .concat(),
        );
        let named = encode(0x30, &encode(0x30, &encode(0x30, &encode(0x04, &sha256(&self.certificate)))));
        let mut attributes = [
            attribute("2a864886f70d010903", &oid(TST_INFO)),
            attribute("2a864886f70d010904", &encode(0x04, &sha256(&statement))),
            attribute("2a864886f70d010910022f", &named),
        ];
        attributes.sort();
        let attributes = attributes.concat();
        let signer = encode(
            0x30,
            &[
                hex("020101"),
                self.issuer_and_serial.clone(),
                sha256_identifier(),
                encode(0xa0, &attributes),
                encode(0x30, &oid("2a8648ce3d040302")),
                encode(0x04, &self.key.sign(&encode(0x31, &attributes)).unwrap()),
                hex(twist.unsigned),
            ]
            .concat(),
        );
        let bag = if twist.is_anonymous { Vec::new() } else { self.certificate.clone() };
        let signed_data = encode(
            0x30,
            &[
                hex("020103"),
                encode(0x31, &sha256_identifier()),
                encode(0x30, &[oid(TST_INFO), encode(0xa0, &encode(0x04, &statement))].concat()),
                encode(0xa0, &[bag, twist.stuffing.clone()].concat()),
                encode(0x31, &signer),
            ]
            .concat(),
        );
        let token = encode(0x30, &[oid("2a864886f70d010702"), encode(0xa0, &signed_data)].concat());
        let status = encode(0x30, &[hex("020100"), hex(&twist.status_text)].concat());
        encode(0x30, &[status, token].concat())
    }
}

/// The extended key usage of time stamp authorities.
pub(crate) fn time_stamping(critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], hex("300a06082b06010505070308"));
    extension.set_criticality(critical);
    extension
}

/// Changes the validity of a certificate.
pub(crate) fn valid(params: &mut CertificateParams, from: &str, to: &str) {
    let time = |text: &str| std::time::SystemTime::from(text.parse::<DateTime<Utc>>().unwrap());
    params.not_before = time(from).into();
    params.not_after = time(to).into();
}

fn params(name: &str, from: &str, to: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    valid(&mut params, from, to);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let header = match u8::try_from(len) {
        Ok(len) if len < 0x80 => vec![tag, len],
        Ok(len) => vec![tag, 0x81, len],
        Err(_) => [&[tag, 0x82][..], &u16::try_from(len).unwrap().to_be_bytes()].concat(),
    };
    [header, content.to_vec()].concat()
}

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn oid(content: &str) -> Vec<u8> {
    encode(0x06, &hex(content))
}

fn attribute(identifier: &str, value: &[u8]) -> Vec<u8> {
    encode(0x30, &[oid(identifier), encode(0x31, value)].concat())
}

fn sha256_identifier() -> Vec<u8> {
    encode(0x30, &oid("608648016503040201"))
}

/// id-ct-TSTInfo.
const TST_INFO: &str = "2a864886f70d0109100104";
