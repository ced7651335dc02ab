//! A time stamp authority for the tests of the checker that can do one thing wrong at a time.
//!
//! It starts from a good response and signs whatever it is told to, as a hostile or broken authority could.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SerialNumber, SignatureAlgorithm, SigningKey as _,
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::algorithm::SHA_256;
use super::certificate::Certificate;
use super::signer::TST_INFO;
use super::{Token, TrustRoot, nonce_for, nonce_integer, parse_response, trust_roots_from_pem};
use crate::codec::der::{
    BOOLEAN, GENERALIZED_TIME, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, encode, encode_set_of,
    encode_unsigned,
};

/// The imprint that good tokens are about.
pub(super) const IMPRINT: [u8; 32] = [0xa5; 32];
/// The time of good tokens.
pub(super) const GEN_TIME: &str = "20260722101112.211Z";

/// Positions in [`Forge::statement`].
pub(super) const VERSION: usize = 0;
pub(super) const MESSAGE_IMPRINT: usize = 2;
pub(super) const TIME: usize = 4;
pub(super) const ACCURACY: usize = 5;
pub(super) const ORDERING: usize = 6;
pub(super) const NONCE: usize = 7;
pub(super) const EXTENSIONS: usize = 9;

/// Positions in the fields of a `SignerInfo`.
pub(super) const IDENTIFIER: usize = 1;
pub(super) const DIGEST_ALGORITHM: usize = 2;
pub(super) const SIGNED_ATTRIBUTES: usize = 3;
pub(super) const SIGNATURE_ALGORITHM: usize = 4;
pub(super) const SIGNATURE: usize = 5;

/// Positions in the signed attributes.
pub(super) const CONTENT_TYPE: usize = 0;
pub(super) const MESSAGE_DIGEST: usize = 1;
pub(super) const SIGNING_CERTIFICATE: usize = 2;

/// A root, an intermediate, and a signer with its key.
pub(super) struct Authority {
    pub(super) root_pem: String,
    pub(super) intermediate: Vec<u8>,
    pub(super) certificate: Vec<u8>,
    key: KeyPair,
}

type Digester = fn(&[u8]) -> Vec<u8>;
type Edit = Box<dyn Fn(&mut Vec<Vec<u8>>)>;

/// A response in the making. Each part is an encoding that a test may replace.
pub(super) struct Forge<'a> {
    authority: &'a Authority,
    pub(super) status: Vec<u8>,
    pub(super) statement: Vec<Vec<u8>>,
    pub(super) content_type: ObjectIdentifier,
    pub(super) digest_algorithms: Vec<Vec<u8>>,
    pub(super) certificates: Vec<Vec<u8>>,
    /// The revocation lists, tag and all; none in a good token.
    pub(super) lists: Vec<u8>,
    /// Changes the signed attributes before they are signed.
    pub(super) attributes: Edit,
    /// Changes the fields of the only `SignerInfo` after signing.
    pub(super) signer: Edit,
    /// Changes the list of `SignerInfo`s.
    pub(super) signers: Edit,
}

impl Authority {
    pub(super) fn good() -> Self {
        Self::deviating(|_| ())
    }

    /// Makes an authority whose signer certificate `edit` has changed.
    pub(super) fn deviating(edit: impl FnOnce(&mut CertificateParams)) -> Self {
        Self::of(&PKCS_ECDSA_P256_SHA256, |_| (), |_| (), edit)
    }

    pub(super) fn of(
        algorithm: &'static SignatureAlgorithm,
        edit_root: impl FnOnce(&mut CertificateParams),
        edit_intermediate: impl FnOnce(&mut CertificateParams),
        edit_signer: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let generate = || KeyPair::generate_for(algorithm).expect("a key");
        let (root_key, intermediate_key, key) = (generate(), generate(), generate());
        let mut root = params("Root", IsCa::Ca(BasicConstraints::Unconstrained));
        edit_root(&mut root);
        let root_pem = root.self_signed(&root_key).expect("a root").pem();
        let root = Issuer::new(root, root_key);
        let mut intermediate = params("Intermediate", IsCa::Ca(BasicConstraints::Constrained(0)));
        edit_intermediate(&mut intermediate);
        let intermediate_certificate = intermediate.signed_by(&intermediate_key, &root).expect("an intermediate");
        let intermediate = Issuer::new(intermediate, intermediate_key);
        let mut signer = params("Signer", IsCa::ExplicitNoCa);
        signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        signer.custom_extensions = vec![purposes(&[TIME_STAMPING], true)];
        signer.serial_number = Some(SerialNumber::from_slice(&[0x11, 0x22]));
        edit_signer(&mut signer);
        let certificate = signer.signed_by(&key, &intermediate).expect("a signer");
        Self {
            root_pem,
            intermediate: intermediate_certificate.der().to_vec(),
            certificate: certificate.der().to_vec(),
            key,
        }
    }

    pub(super) fn roots(&self) -> Vec<TrustRoot> {
        trust_roots_from_pem(&self.root_pem).expect("a root")
    }

    /// Returns the digest that goes with the key, its function, and the signature algorithm.
    fn digest(&self) -> (ObjectIdentifier, Digester, ObjectIdentifier) {
        let oid = ObjectIdentifier::new_unwrap;
        if self.key.algorithm() == &PKCS_ECDSA_P256_SHA256 {
            (SHA_256, |bytes| Sha256::digest(bytes).to_vec(), oid("1.2.840.10045.4.3.2"))
        } else if self.key.algorithm() == &PKCS_ECDSA_P384_SHA384 {
            (oid("2.16.840.1.101.3.4.2.2"), |bytes| Sha384::digest(bytes).to_vec(), oid("1.2.840.10045.4.3.3"))
        } else {
            // RFC 8419 §3.1
            (oid("2.16.840.1.101.3.4.2.3"), |bytes| Sha512::digest(bytes).to_vec(), oid("1.3.101.112"))
        }
    }

    /// Starts from everything as it should be.
    pub(super) fn forge(&self) -> Forge<'_> {
        Forge {
            authority: self,
            status: encode(SEQUENCE, &[&encode(INTEGER, &[&[0]])]),
            statement: vec![
                encode(INTEGER, &[&[1]]),
                encode(OBJECT_IDENTIFIER, &[POLICY.as_bytes()]),
                message_imprint(SHA_256, &IMPRINT),
                encode(INTEGER, &[&[0x2a]]),
                encode(GENERALIZED_TIME, &[GEN_TIME.as_bytes()]),
                encode(SEQUENCE, &[&encode(INTEGER, &[&[1]]), &encode(0x80, &[&[2]]), &encode(0x81, &[&[3]])]),
                encode(BOOLEAN, &[&[0xff]]),
                nonce_integer(nonce_for(&IMPRINT)),
                Vec::new(),
                Vec::new(),
            ],
            content_type: TST_INFO,
            digest_algorithms: vec![algorithm(self.digest().0)],
            // As OpenSSL does: in an order that DER does not allow.
            certificates: unsorted(vec![self.certificate.clone(), self.intermediate.clone()]),
            lists: Vec::new(),
            attributes: Box::new(|_| ()),
            signer: Box::new(|_| ()),
            signers: Box::new(|_| ()),
        }
    }
}

impl Forge<'_> {
    pub(super) fn response(&self) -> Vec<u8> {
        encode(SEQUENCE, &[&self.status, &self.token()])
    }

    /// Returns the codes of all faults, first those of reading, then those of checking.
    pub(super) fn codes(&self) -> Vec<&'static str> {
        match parse_response(&self.response()) {
            Ok(token) => check(&token),
            Err(fault) => vec![fault.code()],
        }
    }

    pub(super) fn parse(&self) -> Token {
        parse_response(&self.response()).expect("a token")
    }

    fn token(&self) -> Vec<u8> {
        let statement = encode(SEQUENCE, &slices(&self.statement));
        let signed_data = encode(
            SEQUENCE,
            &[
                &encode(INTEGER, &[&[3]]),
                &encode(SET, &slices(&self.digest_algorithms)),
                &encode(
                    SEQUENCE,
                    &[
                        &encode(OBJECT_IDENTIFIER, &[self.content_type.as_bytes()]),
                        &encode(0xa0, &[&encode(OCTET_STRING, &[&statement])]),
                    ],
                ),
                &encode(0xa0, &slices(&self.certificates)),
                &self.lists,
                &encode(SET, &slices(&self.signer_infos(&statement))),
            ],
        );
        let signed_data_type = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
        encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[signed_data_type.as_bytes()]), &encode(0xa0, &[&signed_data])])
    }

    fn signer_infos(&self, statement: &[u8]) -> Vec<Vec<u8>> {
        let certificate = Certificate::read(&self.authority.certificate).expect("own certificate");
        let (digest_algorithm, content_digest, signature_algorithm) = self.authority.digest();
        let mut attributes = vec![
            attribute(CONTENT_TYPE_ATTRIBUTE, &encode(OBJECT_IDENTIFIER, &[TST_INFO.as_bytes()])),
            attribute(MESSAGE_DIGEST_ATTRIBUTE, &encode(OCTET_STRING, &[&content_digest(statement)])),
            signing_certificate_v2(&Sha256::digest(&self.authority.certificate), b""),
        ];
        (self.attributes)(&mut attributes);
        let signature = self.authority.key.sign(&encode_set_of(&slices(&attributes))).expect("a signature");
        let mut fields = vec![
            encode(INTEGER, &[&[1]]),
            encode(SEQUENCE, &[certificate.issuer, &encode(INTEGER, &[certificate.serial])]),
            algorithm(digest_algorithm),
            // As they stand, sorted or not: the signature is over the sorted ones.
            encode(0xa0, &slices(&attributes)),
            encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[signature_algorithm.as_bytes()])]),
            encode(OCTET_STRING, &[&signature]),
        ];
        (self.signer)(&mut fields);
        let mut signers = vec![encode(SEQUENCE, &slices(&fields))];
        (self.signers)(&mut signers);
        signers
    }
}

fn check(token: &Token) -> Vec<&'static str> {
    let faults = token.check(&IMPRINT, Some(nonce_for(&IMPRINT)), Some(&[POLICY.to_string()]));
    faults.iter().map(super::TimestampFault::code).collect()
}

pub(super) fn algorithm(identifier: ObjectIdentifier) -> Vec<u8> {
    encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[identifier.as_bytes()]), &[NULL, 0]])
}

pub(super) fn message_imprint(identifier: ObjectIdentifier, digest: &[u8]) -> Vec<u8> {
    encode(SEQUENCE, &[&algorithm(identifier), &encode(OCTET_STRING, &[digest])])
}

pub(super) fn attribute(identifier: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[identifier.as_bytes()]), &encode(SET, &[value])])
}

/// Returns a signingCertificateV2 attribute with the default digest and, if not empty, an encoded `IssuerSerial`.
pub(super) fn signing_certificate_v2(digest: &[u8], issuer_serial: &[u8]) -> Vec<u8> {
    let name = encode(SEQUENCE, &[&encode(OCTET_STRING, &[digest]), issuer_serial]);
    attribute(SIGNING_CERTIFICATE_V2_ATTRIBUTE, &encode(SEQUENCE, &[&encode(SEQUENCE, &[&name])]))
}

/// Returns a signingCertificate attribute of the first kind.
pub(super) fn signing_certificate_v1(digest: &[u8]) -> Vec<u8> {
    let name = encode(SEQUENCE, &[&encode(OCTET_STRING, &[digest])]);
    attribute(SIGNING_CERTIFICATE_ATTRIBUTE, &encode(SEQUENCE, &[&encode(SEQUENCE, &[&name])]))
}

pub(super) fn issuer_serial(issuer: &[u8], serial: &[u8]) -> Vec<u8> {
    encode(SEQUENCE, &[&encode(SEQUENCE, &[&encode(0xa4, &[issuer])]), &encode_unsigned(serial)])
}

/// Returns an extended key usage extension.
pub(super) fn purposes(purposes: &[&str], critical: bool) -> CustomExtension {
    let purposes: Vec<Vec<u8>> = purposes
        .iter()
        .map(|purpose| encode(OBJECT_IDENTIFIER, &[ObjectIdentifier::new_unwrap(purpose).as_bytes()]))
        .collect();
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], encode(SEQUENCE, &slices(&purposes)));
    extension.set_criticality(critical);
    extension
}

pub(super) fn valid(params: &mut CertificateParams, not_before: &str, not_after: &str) {
    let time = |text: &str| SystemTime::from(text.parse::<DateTime<Utc>>().expect("a time"));
    params.not_before = time(not_before).into();
    params.not_after = time(not_after).into();
}

fn params(name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::default();
    valid(&mut params, "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = is_ca;
    params
}

fn unsorted(mut encodings: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    encodings.sort();
    encodings.reverse();
    encodings
}

fn slices(encodings: &[Vec<u8>]) -> Vec<&[u8]> {
    encodings.iter().map(Vec::as_slice).collect()
}

/// The policy of good tokens.
pub(super) const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.55555.1.1");
pub(super) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
pub(super) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(super) const CONTENT_TYPE_ATTRIBUTE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
pub(super) const MESSAGE_DIGEST_ATTRIBUTE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_ATTRIBUTE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2_ATTRIBUTE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
