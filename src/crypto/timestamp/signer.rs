//! The signature of a token: one `SignerInfo` (RFC 5652 §5.3), its signed attributes, and whose it is (RFC 5035, RFC 5816).
//!
//! The signer is the certificate whose digest the *signed* signing-certificate attribute names, and issuer and serial number of
//! the `SignerInfo` must agree with it. Neither position nor names in the bag of certificates, which anybody can fill, count.
//!
//! The first kind of that attribute names the certificate by SHA-1. It is still accepted, because large authorities write it and
//! because a second certificate would have to be a second preimage, carry the same issuer and serial number, hold the key that
//! made the signature, and lead to a trusted root. Where both kinds are present they must name the same certificate. Which
//! kind was found is reported ([`SignerDigest`]).
//!
//! Certificates after the first in the attribute narrow the path in RFC 5035; the path here is narrowed by the caller's roots.

use const_oid::ObjectIdentifier;

use super::algorithm::{self, AlgorithmIdentifier, Digest};
use super::certificate::Certificate;
use super::fault::{AlgorithmRole, AttributeProblem, IdentificationProblem, TimestampFault};
use crate::codec::der::{
    DerFault, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, Value, encode_set_of,
};

/// The digest by which a token names its signer's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignerDigest {
    /// SHA-1, in a signing certificate attribute of the first kind (RFC 2634).
    Sha1,
    /// SHA-256, SHA-384 or SHA-512, in an attribute of the second kind (RFC 5035).
    Sha2,
}

/// One `SignerInfo`, unjudged.
#[derive(Debug, Clone)]
pub(super) struct SignerInfo {
    identifier: SignerIdentifier,
    digest_algorithm: AlgorithmIdentifier,
    signed_attributes: Option<Vec<Attribute>>,
    signature_algorithm: AlgorithmIdentifier,
    signature: Vec<u8>,
    unsigned_attribute_count: usize,
}

#[derive(Debug, Clone)]
enum SignerIdentifier {
    IssuerAndSerial { issuer: Vec<u8>, serial: Vec<u8> },
    KeyIdentifier(Vec<u8>),
}

#[derive(Debug, Clone)]
struct Attribute {
    identifier: ObjectIdentifier,
    encoding: Vec<u8>,
    values: Vec<Vec<u8>>,
}

impl SignerInfo {
    pub(super) fn read(value: &Value<'_>) -> Result<Self, DerFault> {
        let mut fields = value.fields();
        fields.expect(INTEGER)?.small_integer()?;
        let identifier = match fields.optional(0x80)? {
            Some(key_identifier) => SignerIdentifier::KeyIdentifier(key_identifier.content.to_vec()),
            None => {
                let (issuer, serial) = issuer_and_serial(&fields.expect(SEQUENCE)?)?;
                SignerIdentifier::IssuerAndSerial { issuer, serial }
            }
        };
        let digest_algorithm = AlgorithmIdentifier::read(&fields.expect(SEQUENCE)?)?;
        let signed_attributes = fields.optional(0xa0)?.map(|set| Attribute::read_set(&set)).transpose()?;
        let signature_algorithm = AlgorithmIdentifier::read(&fields.expect(SEQUENCE)?)?;
        let signature = fields.expect(OCTET_STRING)?.content.to_vec();
        let unsigned = fields.optional(0xa1)?.map(|set| Attribute::read_set(&set)).transpose()?;
        fields.finish()?;
        Ok(Self {
            identifier,
            digest_algorithm,
            signed_attributes,
            signature_algorithm,
            signature,
            unsigned_attribute_count: unsigned.map_or(0, |attributes| attributes.len()),
        })
    }

    /// Returns the signer's certificate from `certificates`.
    pub(super) fn identify<'a>(
        &self,
        certificates: &'a [Vec<u8>],
    ) -> Result<(Certificate<'a>, SignerDigest), TimestampFault> {
        let second = self.named_by(certificates, "signingCertificateV2", SIGNING_CERTIFICATE_V2)?;
        let first = self.named_by(certificates, "signingCertificate", SIGNING_CERTIFICATE)?;
        let (encoding, digest) = match (first, second) {
            (Some(first), Some(second)) if first != second => return Err(not_identified(IdentificationProblem::TwoCertificates)),
            (_, Some(second)) => (second, SignerDigest::Sha2),
            (Some(first), None) => (first, SignerDigest::Sha1),
            (None, None) => return Err(not_identified(IdentificationProblem::SigningCertificateMissing)),
        };
        let certificate = Certificate::read(encoding)
            .map_err(|problem| TimestampFault::Malformed { place: "signer certificate", problem })?;
        if !self.identifier.names(&certificate) {
            let claimed = match &self.identifier {
                SignerIdentifier::IssuerAndSerial { serial: claimed, .. }
                | SignerIdentifier::KeyIdentifier(claimed) => hex(claimed),
            };
            let computed = hex(certificate.serial);
            return Err(not_identified(IdentificationProblem::IssuerAndSerial { claimed, computed }));
        }
        Ok((certificate, digest))
    }

    /// Checks that the signed attributes are there, say what they must, and are about `content`.
    ///
    /// `digest_algorithms` is the list at the head of the signed data, which must announce the signer's (RFC 5652 §5.1).
    pub(super) fn check_attributes(&self, content: &[u8], digest_algorithms: &[AlgorithmIdentifier]) -> Vec<TimestampFault> {
        let mut faults = Vec::new();
        if self.unsigned_attribute_count > 0 {
            faults.push(TimestampFault::UnsignedAttributes { count: self.unsigned_attribute_count });
        }
        let announced = digest_algorithms.iter().any(|one| one.algorithm == self.digest_algorithm.algorithm);
        let digest = Digest::new(&self.digest_algorithm).filter(|_| announced);
        if digest.is_none() {
            let claimed = self.digest_algorithm.algorithm.to_string();
            faults.push(TimestampFault::AlgorithmNotAccepted { role: AlgorithmRole::Digest, claimed });
        }
        if self.signed_attributes.is_none() {
            let problem = AttributeProblem::Absent;
            faults.push(TimestampFault::SignedAttributes { attribute: "signedAttrs", problem });
            return faults;
        }
        match self.required("contentType", CONTENT_TYPE, OBJECT_IDENTIFIER) {
            Ok(claimed) if claimed == TST_INFO.as_bytes() => {}
            Ok(claimed) => {
                let claimed = ObjectIdentifier::from_bytes(&claimed).map_or_else(|_| hex(&claimed), |oid| oid.to_string());
                let problem = AttributeProblem::Value { claimed, computed: TST_INFO.to_string() };
                faults.push(TimestampFault::SignedAttributes { attribute: "contentType", problem });
            }
            Err(fault) => faults.push(fault),
        }
        match (self.required("messageDigest", MESSAGE_DIGEST, OCTET_STRING), digest) {
            (Ok(claimed), Some(digest)) => {
                let computed = digest.of(content);
                if claimed != computed {
                    let (claimed, computed) = (hex(&claimed), hex(&computed));
                    faults.push(TimestampFault::ContentDigestMismatch { claimed, computed });
                }
            }
            (Err(fault), _) => faults.push(fault),
            (Ok(_), None) => {}
        }
        faults
    }

    /// Checks the signature over the signed attributes, as the DER encoding of a SET OF (RFC 5652 §5.4).
    pub(super) fn check_signature(&self, signer: &Certificate<'_>) -> Result<(), TimestampFault> {
        let (Some(attributes), Some(digest)) = (&self.signed_attributes, Digest::new(&self.digest_algorithm)) else {
            return Ok(()); // both are faults of their own, found by `check_attributes`
        };
        let encodings: Vec<&[u8]> = attributes.iter().map(|attribute| attribute.encoding.as_slice()).collect();
        algorithm::verify(
            &self.signature_algorithm,
            digest,
            signer.key_algorithm,
            signer.key,
            &encode_set_of(&encodings),
            &self.signature,
            &signer.subject_text(),
        )
    }

    /// Returns the content of the only value of an attribute that must be there once.
    fn required(&self, attribute: &'static str, identifier: ObjectIdentifier, tag: u8) -> Result<Vec<u8>, TimestampFault> {
        let fault = |problem| TimestampFault::SignedAttributes { attribute, problem };
        let encoding = self.only_value(attribute, identifier)?.ok_or_else(|| fault(AttributeProblem::Absent))?;
        let value = Value::only(encoding, tag).map_err(|problem| fault(AttributeProblem::Malformed(problem)))?;
        Ok(value.content.to_vec())
    }

    /// Returns the encoding of the only value of an attribute that may be there once.
    fn only_value(&self, attribute: &'static str, identifier: ObjectIdentifier) -> Result<Option<&[u8]>, TimestampFault> {
        let mut found = self.signed_attributes.iter().flatten().filter(|attribute| attribute.identifier == identifier);
        match (found.next().map(|attribute| attribute.values.as_slice()), found.next()) {
            (None, _) => Ok(None),
            (Some([value]), None) => Ok(Some(value)),
            _ => Err(TimestampFault::SignedAttributes { attribute, problem: AttributeProblem::Repeated }),
        }
    }

    /// Returns the certificate that a signing-certificate attribute names, if the attribute is there.
    fn named_by<'a>(
        &self,
        certificates: &'a [Vec<u8>],
        attribute: &'static str,
        identifier: ObjectIdentifier,
    ) -> Result<Option<&'a [u8]>, TimestampFault> {
        let Some(encoding) = self.only_value(attribute, identifier)? else { return Ok(None) };
        let name = CertificateName::read(encoding, identifier).map_err(|problem| {
            TimestampFault::SignedAttributes { attribute, problem: AttributeProblem::Malformed(problem) }
        })?;
        let Some(certificate) = certificates.iter().find(|certificate| name.digest_of(certificate) == Some(name.digest.clone()))
        else {
            if let CertificateDigest::Listed(algorithm) = &name.algorithm {
                if Digest::new(algorithm).is_none() {
                    let claimed = algorithm.algorithm.to_string();
                    return Err(TimestampFault::AlgorithmNotAccepted { role: AlgorithmRole::SignerIdentifier, claimed });
                }
            }
            let same_names = certificates
                .iter()
                .find(|certificate| Certificate::read(certificate).is_ok_and(|certificate| self.identifier.names(&certificate)));
            let computed = same_names.and_then(|certificate| name.digest_of(certificate)).map(|digest| hex(&digest));
            return Err(not_identified(IdentificationProblem::CertificateDigest { claimed: hex(&name.digest), computed }));
        };
        if let Some((issuer, serial)) = name.issuer_and_serial {
            let identifier = SignerIdentifier::IssuerAndSerial { issuer, serial: serial.clone() };
            let named = Certificate::read(certificate)
                .map_err(|problem| TimestampFault::Malformed { place: "signer certificate", problem })?;
            if !identifier.names(&named) {
                let (claimed, computed) = (hex(&serial), hex(named.serial));
                return Err(not_identified(IdentificationProblem::IssuerAndSerial { claimed, computed }));
            }
        }
        Ok(Some(certificate))
    }
}

impl SignerIdentifier {
    fn names(&self, certificate: &Certificate<'_>) -> bool {
        match self {
            Self::IssuerAndSerial { issuer, serial } => certificate.issuer == issuer && certificate.serial == serial,
            Self::KeyIdentifier(identifier) => certificate.subject_key_identifier() == Some(identifier),
        }
    }
}

impl Attribute {
    fn read_set(set: &Value<'_>) -> Result<Vec<Self>, DerFault> {
        set.fields().remaining()?.iter().map(Self::read).collect()
    }

    fn read(value: &Value<'_>) -> Result<Self, DerFault> {
        let mut fields = Value::only(value.encoding, SEQUENCE)?.fields();
        let identifier = fields.expect(OBJECT_IDENTIFIER)?.object_identifier()?;
        let values = fields.expect(SET)?.fields().remaining()?;
        fields.finish()?;
        let values = values.iter().map(|value| value.encoding.to_vec()).collect();
        Ok(Self { identifier, encoding: value.encoding.to_vec(), values })
    }
}

/// The first `ESSCertID` or `ESSCertIDv2` of a signing-certificate attribute.
struct CertificateName {
    algorithm: CertificateDigest,
    digest: Vec<u8>,
    issuer_and_serial: Option<(Vec<u8>, Vec<u8>)>,
}

enum CertificateDigest {
    Sha1,
    Listed(AlgorithmIdentifier),
}

impl CertificateName {
    fn read(encoding: &[u8], attribute: ObjectIdentifier) -> Result<Self, DerFault> {
        let mut attribute_fields = Value::only(encoding, SEQUENCE)?.fields();
        let mut certificates = attribute_fields.expect(SEQUENCE)?.fields();
        attribute_fields.optional(SEQUENCE)?; // policies: advice, not identity
        attribute_fields.finish()?;
        let mut fields = certificates.expect(SEQUENCE)?.fields();
        certificates.remaining()?;
        let algorithm = if attribute == SIGNING_CERTIFICATE {
            CertificateDigest::Sha1
        } else {
            let default = AlgorithmIdentifier { algorithm: algorithm::SHA_256, parameters: None };
            let algorithm = fields.optional(SEQUENCE)?.as_ref().map(AlgorithmIdentifier::read).transpose()?;
            CertificateDigest::Listed(algorithm.unwrap_or(default))
        };
        let digest = fields.expect(OCTET_STRING)?.content.to_vec();
        let issuer_and_serial = match fields.optional(SEQUENCE)? {
            None => None,
            Some(value) => {
                let mut fields = value.fields();
                // One directory name: [4] EXPLICIT Name (RFC 5280 §4.2.1.6).
                let issuer = fields.expect(SEQUENCE)?.inner(0xa4)?.inner(SEQUENCE)?.encoding.to_vec();
                let serial = fields.expect(INTEGER)?.integer()?.to_vec();
                fields.finish()?;
                Some((issuer, serial))
            }
        };
        fields.finish()?;
        Ok(Self { algorithm, digest, issuer_and_serial })
    }

    fn digest_of(&self, certificate: &[u8]) -> Option<Vec<u8>> {
        match &self.algorithm {
            CertificateDigest::Sha1 => Some(algorithm::sha1_for_certificate_identifier(certificate)),
            CertificateDigest::Listed(identifier) => Digest::new(identifier).map(|digest| digest.of(certificate)),
        }
    }
}

fn issuer_and_serial(value: &Value<'_>) -> Result<(Vec<u8>, Vec<u8>), DerFault> {
    let mut fields = value.fields();
    let issuer = fields.expect(SEQUENCE)?.encoding.to_vec();
    let serial = fields.expect(INTEGER)?.content.to_vec();
    fields.finish()?;
    Ok((issuer, serial))
}

fn not_identified(problem: IdentificationProblem) -> TimestampFault {
    TimestampFault::SignerNotIdentified { problem }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// id-ct-TSTInfo (RFC 3161 §2.4.2).
pub(super) const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
