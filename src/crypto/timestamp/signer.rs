//! The signature of a token: one `SignerInfo` (RFC 5652 §5.3), its signed attributes, and whose it is (RFC 5035, RFC
//! 5816).
//!
//! The signer is the certificate whose digest the *signed* signing-certificate attribute names, and issuer and serial
//! number of the `SignerInfo` must agree with it. Neither position nor names in the bag of certificates, which anybody
//! can fill, count.
//!
//! The first kind of that attribute names the certificate by SHA-1. It is still accepted, because large authorities
//! write it and because a second certificate would have to be a second preimage, carry the same issuer and serial
//! number, hold the key that made the signature, and lead to a trusted root. Where both kinds are present they must
//! name the same certificate. Which kind was found is reported ([`SignerDigest`]).
//!
//! Certificates after the first in the attribute narrow the path in RFC 5035; the path here is narrowed by the caller's
//! roots.

use const_oid::ObjectIdentifier;

use super::algorithm::{self, AlgorithmIdentifier, Digest};
use super::certificate::Certificate;
use super::fault::{AlgorithmRole, AttributeProblem, IdentificationProblem, TimestampFault};
use crate::codec::der::{DerFault, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, Value, encode_set_of};

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
    version: u32,
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
        let version = fields.expect(INTEGER)?.small_integer()?;
        let identifier = if let Some(key_identifier) = fields.optional(0x80)? {
            SignerIdentifier::KeyIdentifier(key_identifier.content.to_vec())
        } else {
            let (issuer, serial) = issuer_and_serial(&fields.expect(SEQUENCE)?)?;
            SignerIdentifier::IssuerAndSerial { issuer, serial }
        };
        let digest_algorithm = AlgorithmIdentifier::read(&fields.expect(SEQUENCE)?)?;
        let signed_attributes = fields.optional(0xa0)?.map(|set| Attribute::read_set(&set)).transpose()?;
        let signature_algorithm = AlgorithmIdentifier::read(&fields.expect(SEQUENCE)?)?;
        let signature = fields.expect(OCTET_STRING)?.content.to_vec();
        let unsigned = fields.optional(0xa1)?.map(|set| Attribute::read_set(&set)).transpose()?;
        fields.finish()?;
        Ok(Self {
            version,
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
            (Some(first), Some(second)) if first != second => {
                return Err(not_identified(IdentificationProblem::TwoCertificates));
            }
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
    /// `digest_algorithms` is the list at the head of the signed data, which must announce the signer's (RFC 5652
    /// §5.1).
    pub(super) fn check_attributes(
        &self,
        content: &[u8],
        digest_algorithms: &[AlgorithmIdentifier],
    ) -> Vec<TimestampFault> {
        let mut faults = Vec::new();
        let version = match self.identifier {
            SignerIdentifier::IssuerAndSerial { .. } => 1,
            SignerIdentifier::KeyIdentifier(_) => 3,
        };
        if self.version != version {
            faults.push(TimestampFault::Version { place: "SignerInfo", claimed: self.version });
        }
        if self.unsigned_attribute_count > 0 {
            faults.push(TimestampFault::UnsignedAttributes { count: self.unsigned_attribute_count });
        }
        let digest = Digest::new(&self.digest_algorithm)
            .filter(|digest| digest_algorithms.iter().any(|announced| Digest::new(announced) == Some(*digest)));
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
                let claimed =
                    ObjectIdentifier::from_bytes(&claimed).map_or_else(|_| hex(&claimed), |oid| oid.to_string());
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
    fn required(
        &self,
        attribute: &'static str,
        identifier: ObjectIdentifier,
        tag: u8,
    ) -> Result<Vec<u8>, TimestampFault> {
        let fault = |problem| TimestampFault::SignedAttributes { attribute, problem };
        let encoding = self.only_value(attribute, identifier)?.ok_or_else(|| fault(AttributeProblem::Absent))?;
        let value = Value::only(encoding, tag).map_err(|problem| fault(AttributeProblem::Malformed(problem)))?;
        Ok(value.content.to_vec())
    }

    /// Returns the encoding of the only value of an attribute that may be there once.
    fn only_value(
        &self,
        attribute: &'static str,
        identifier: ObjectIdentifier,
    ) -> Result<Option<&[u8]>, TimestampFault> {
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
        let name = CertificateName::read(encoding, identifier).map_err(|problem| TimestampFault::SignedAttributes {
            attribute,
            problem: AttributeProblem::Malformed(problem),
        })?;
        let Some(certificate) =
            certificates.iter().find(|certificate| name.digest_of(certificate) == Some(name.digest.clone()))
        else {
            if let CertificateDigest::Listed(algorithm) = &name.algorithm
                && Digest::new(algorithm).is_none()
            {
                let claimed = algorithm.algorithm.to_string();
                return Err(TimestampFault::AlgorithmNotAccepted { role: AlgorithmRole::SignerIdentifier, claimed });
            }
            let same_names = certificates.iter().find(|certificate| {
                Certificate::read(certificate).is_ok_and(|certificate| self.identifier.names(&certificate))
            });
            let computed = same_names.and_then(|certificate| name.digest_of(certificate)).map(|digest| hex(&digest));
            return Err(not_identified(IdentificationProblem::CertificateDigest {
                claimed: hex(&name.digest),
                computed,
            }));
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
        let mut fields = value.with_tag(SEQUENCE)?.fields();
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

#[cfg(test)]
mod tests {
    use rcgen::{PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
    use sha2::Digest as _;

    use super::super::forge::{
        self, Authority, CONTENT_TYPE_ATTRIBUTE, DIGEST_ALGORITHM, Forge, IDENTIFIER, IMPRINT, MESSAGE_DIGEST,
        MESSAGE_DIGEST_ATTRIBUTE, POLICY, SIGNATURE, SIGNATURE_ALGORITHM, SIGNED_ATTRIBUTES, SIGNING_CERTIFICATE,
        VERSION, algorithm, attribute, issuer_serial, signing_certificate_v1, signing_certificate_v2,
    };
    use super::*;
    use crate::codec::der::{encode, encode_unsigned};

    fn codes(change: impl FnOnce(&Authority, &mut Forge<'_>)) -> Vec<&'static str> {
        let authority = Authority::good();
        let mut forge = authority.forge();
        change(&authority, &mut forge);
        forge.codes()
    }

    fn signed(edit: impl Fn(&mut Vec<Vec<u8>>) + 'static) -> Vec<&'static str> {
        codes(|_, forge| forge.attributes = Box::new(edit))
    }

    fn unsigned(edit: impl Fn(&mut Vec<Vec<u8>>) + 'static) -> Vec<&'static str> {
        codes(|_, forge| forge.signer = Box::new(edit))
    }

    fn sha256(bytes: &[u8]) -> Vec<u8> {
        sha2::Sha256::digest(bytes).to_vec()
    }

    #[test]
    fn two_signers_or_none_identify_nobody() {
        let not_identified = ["timestamp-signer-not-identified"];
        assert_eq!(codes(|_, forge| forge.signers = Box::new(Vec::clear)), not_identified);
        assert_eq!(
            codes(|_, forge| forge.signers = Box::new(|signers| signers.push(signers[0].clone()))),
            not_identified
        );
    }

    #[test]
    fn a_signature_without_signed_attributes_is_refused() {
        assert_eq!(unsigned(|fields| fields[SIGNED_ATTRIBUTES].clear()), ["timestamp-signed-attributes"]);
    }

    #[test]
    fn a_missing_or_repeated_attribute_is_refused() {
        for index in [forge::CONTENT_TYPE, MESSAGE_DIGEST] {
            let found = signed(move |attributes| drop(attributes.remove(index)));
            assert_eq!(found, ["timestamp-signed-attributes"]);
            let found = signed(move |attributes| attributes.push(attributes[index].clone()));
            assert_eq!(found, ["timestamp-signed-attributes"]);
        }
    }

    #[test]
    fn an_attribute_with_two_values_or_another_type_is_refused() {
        let digest = encode(OCTET_STRING, &[&[0; 32]]);
        let two = encode(SET, &[&digest, &digest]);
        let two = encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[MESSAGE_DIGEST_ATTRIBUTE.as_bytes()]), &two]);
        assert_eq!(signed(move |attributes| attributes[MESSAGE_DIGEST] = two.clone()), ["timestamp-signed-attributes"]);
        let number = attribute(MESSAGE_DIGEST_ATTRIBUTE, &encode_unsigned(&[1]));
        assert_eq!(
            signed(move |attributes| attributes[MESSAGE_DIGEST] = number.clone()),
            ["timestamp-signed-attributes"]
        );
    }

    #[test]
    fn a_content_type_attribute_that_names_other_content_is_refused() {
        let data = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
        let changed = attribute(CONTENT_TYPE_ATTRIBUTE, &encode(OBJECT_IDENTIFIER, &[data.as_bytes()]));
        assert_eq!(signed(move |attributes| attributes[0] = changed.clone()), ["timestamp-signed-attributes"]);
    }

    #[test]
    fn a_signed_digest_of_other_content_is_reported() {
        let changed = attribute(MESSAGE_DIGEST_ATTRIBUTE, &encode(OCTET_STRING, &[&[7; 32]]));
        let found = signed(move |attributes| attributes[MESSAGE_DIGEST] = changed.clone());
        assert_eq!(found, ["timestamp-content-digest-mismatch"]);
    }

    #[test]
    fn further_signed_attributes_and_any_order_are_accepted() {
        let time = encode(crate::codec::der::UTC_TIME, &[b"260722101112Z"]);
        let signing_time = attribute(ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5"), &time);
        let found = signed(move |attributes| {
            attributes.push(signing_time.clone());
            attributes.sort();
            attributes.reverse();
        });
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn unsigned_attributes_are_refused() {
        let stuffed = encode(0xa1, &[&attribute(POLICY, &[5, 0])]);
        assert_eq!(unsigned(move |fields| fields.push(stuffed.clone())), ["timestamp-unsigned-attributes"]);
    }

    #[test]
    fn a_signature_over_other_attributes_is_invalid() {
        let found = unsigned(|fields| *fields[SIGNATURE].last_mut().expect("a signature") ^= 1);
        assert_eq!(found, ["timestamp-signature-invalid"]);
        let added = attribute(POLICY, &[5, 0]);
        let found = unsigned(move |fields| {
            let inner = Value::only(&fields[SIGNED_ATTRIBUTES], 0xa0).expect("attributes").content.to_vec();
            fields[SIGNED_ATTRIBUTES] = encode(0xa0, &[&inner, &added]);
        });
        assert_eq!(found, ["timestamp-signature-invalid"]);
        assert_eq!(unsigned(|fields| fields[SIGNATURE] = vec![OCTET_STRING, 0]), ["timestamp-signature-invalid"]);
    }

    #[test]
    fn a_version_that_does_not_fit_the_identifier_is_refused() {
        assert_eq!(unsigned(|fields| fields[VERSION] = encode_unsigned(&[3])), ["timestamp-version"]);
    }

    #[test]
    fn digests_and_signatures_off_the_list_are_refused_by_name() {
        let sha1 = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
        let found = codes(|_, forge| {
            forge.digest_algorithms.push(algorithm(sha1));
            forge.signer = Box::new(move |fields| fields[DIGEST_ALGORITHM] = algorithm(sha1));
        });
        assert_eq!(found, ["timestamp-algorithm-not-accepted"]);
        for identifier in ["1.2.840.10045.4.1", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4", "1.2.840.113549.1.1.11"] {
            let identifier = ObjectIdentifier::new_unwrap(identifier);
            let found = unsigned(move |fields| fields[SIGNATURE_ALGORITHM] = algorithm(identifier));
            assert_eq!(found, ["timestamp-algorithm-not-accepted"], "{identifier}");
        }
    }

    #[test]
    fn a_digest_that_the_signed_data_does_not_announce_is_refused() {
        assert_eq!(codes(|_, forge| forge.digest_algorithms.clear()), ["timestamp-algorithm-not-accepted"]);
    }

    #[test]
    fn ed25519_and_p384_signers_are_accepted() {
        for kind in [&PKCS_ED25519, &PKCS_ECDSA_P384_SHA384] {
            let authority = Authority::of(kind, |_| (), |_| (), |_| ());
            let forge = authority.forge();
            assert_eq!(forge.codes(), [""; 0]);
            assert_eq!(forge.parse().check_chain(&authority.roots()).map(|report| report.subjects.len()), Ok(3));
        }
    }

    #[test]
    fn a_missing_signing_certificate_attribute_identifies_nobody() {
        let found = signed(|attributes| drop(attributes.remove(SIGNING_CERTIFICATE)));
        assert_eq!(found, ["timestamp-signer-not-identified"]);
    }

    #[test]
    fn a_digest_of_no_certificate_identifies_nobody_and_shows_both_digests() {
        let authority = Authority::good();
        let mut forge = authority.forge();
        forge.attributes =
            Box::new(|attributes| attributes[SIGNING_CERTIFICATE] = signing_certificate_v2(&[9; 32], b""));
        assert_eq!(forge.codes(), ["timestamp-signer-not-identified"]);
        let faults = forge.parse().check(&IMPRINT, None, None);
        let (claimed, computed) = (hex(&[9; 32]), Some(hex(&sha256(&authority.certificate))));
        assert_eq!(faults, [not_identified(IdentificationProblem::CertificateDigest { claimed, computed })]);
    }

    #[test]
    fn a_token_without_certificates_identifies_nobody() {
        assert_eq!(codes(|_, forge| forge.certificates.clear()), ["timestamp-signer-not-identified"]);
    }

    /// An outsider puts a certificate with the same names and serial number, but his own key, first into the bag.
    #[test]
    fn a_certificate_with_the_signers_names_in_the_bag_is_not_taken_for_it() {
        let impostor = Authority::good();
        let found = codes(|_, forge| forge.certificates.insert(0, impostor.certificate.clone()));
        assert_eq!(found, ["timestamp-surplus"]);
        // One with the names of the issuer could be a second certificate of it; paths are looked for through both.
        let found = codes(|_, forge| forge.certificates.insert(0, impostor.intermediate.clone()));
        assert_eq!(found, [""; 0]);
    }

    /// The authority's own attribute names the impostor, who did not sign.
    #[test]
    fn a_certificate_that_did_not_sign_cannot_be_named_as_the_signer() {
        let impostor = Authority::good();
        let name = signing_certificate_v2(&sha256(&impostor.certificate), b"");
        let found = codes(|_, forge| {
            forge.certificates.push(impostor.certificate.clone());
            forge.attributes = Box::new(move |attributes| attributes[SIGNING_CERTIFICATE] = name.clone());
        });
        assert_eq!(found, ["timestamp-signature-invalid", "timestamp-surplus"]);
    }

    #[test]
    fn issuer_and_serial_must_be_those_of_the_named_certificate() {
        let other = encode(SEQUENCE, &[&encode(SEQUENCE, &[]), &encode_unsigned(&[0x11, 0x22])]);
        assert_eq!(unsigned(move |fields| fields[IDENTIFIER] = other.clone()), ["timestamp-signer-not-identified"]);
        let found = unsigned(|fields| *fields[IDENTIFIER].last_mut().expect("a serial number") ^= 1);
        assert_eq!(found, ["timestamp-signer-not-identified"]);
    }

    #[test]
    fn issuer_and_serial_inside_the_attribute_must_agree_too() {
        for (serial, expected) in [([0x11, 0x22], vec![]), ([0x11, 0x23], vec!["timestamp-signer-not-identified"])] {
            let found = codes(|authority, forge| {
                let certificate = Certificate::read(&authority.certificate).expect("own certificate");
                let digest = sha256(&authority.certificate);
                let name = signing_certificate_v2(&digest, &issuer_serial(certificate.issuer, &serial));
                forge.attributes = Box::new(move |attributes| attributes[SIGNING_CERTIFICATE] = name.clone());
            });
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_key_identifier_names_a_certificate_as_well() {
        let authority = Authority::good();
        let certificate = Certificate::read(&authority.certificate).expect("own certificate");
        let identifier = certificate.subject_key_identifier().expect("the forge writes one").to_vec();
        let mut forge = authority.forge();
        forge.signer = Box::new(move |fields| {
            fields[VERSION] = encode_unsigned(&[3]);
            fields[IDENTIFIER] = encode(0x80, &[&identifier]);
        });
        assert_eq!(forge.codes(), [""; 0]);
        forge.signer = Box::new(move |fields| {
            fields[VERSION] = encode_unsigned(&[3]);
            fields[IDENTIFIER] = encode(0x80, &[b"another key"]);
        });
        assert_eq!(forge.codes(), ["timestamp-signer-not-identified"]);
    }

    #[test]
    fn the_first_kind_of_attribute_is_accepted_and_reported() {
        let authority = Authority::good();
        let mut forge = authority.forge();
        let name = signing_certificate_v1(&algorithm::sha1_for_certificate_identifier(&authority.certificate));
        forge.attributes = Box::new(move |attributes| attributes[SIGNING_CERTIFICATE] = name.clone());
        assert_eq!(forge.codes(), [""; 0]);
        assert_eq!(forge.parse().signer_named_by(), Some(SignerDigest::Sha1));

        let name = signing_certificate_v1(&[1; 20]);
        assert_eq!(
            signed(move |attributes| attributes[SIGNING_CERTIFICATE] = name.clone()),
            ["timestamp-signer-not-identified"]
        );
    }

    #[test]
    fn both_kinds_of_attribute_must_name_the_same_certificate() {
        for same in [true, false] {
            let found = codes(|authority, forge| {
                let named = if same { &authority.certificate } else { &authority.intermediate };
                let name = signing_certificate_v1(&algorithm::sha1_for_certificate_identifier(named));
                forge.attributes = Box::new(move |attributes| attributes.push(name.clone()));
            });
            assert_eq!(found, if same { vec![] } else { vec!["timestamp-signer-not-identified"] });
        }
    }

    #[test]
    fn a_certificate_digest_off_the_list_is_refused_by_name() {
        let md5 = algorithm(ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"));
        let name = encode(SEQUENCE, &[&md5, &encode(OCTET_STRING, &[&[0; 16]])]);
        let name = attribute(SIGNING_CERTIFICATE_V2, &encode(SEQUENCE, &[&encode(SEQUENCE, &[&name])]));
        let found = signed(move |attributes| attributes[SIGNING_CERTIFICATE] = name.clone());
        assert_eq!(found, ["timestamp-algorithm-not-accepted"]);
    }
}
