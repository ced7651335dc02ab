//! The response of a time stamp authority (RFC 3161 §2.4.2): status, signed data, and the statement inside.
//!
//! Reading and judging are apart: [`parse_response`] says what the bytes are, [`Token::check`] what is wrong with them. What
//! decides about trust (`Token::check_chain`) is a third step, in `chain`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use sha2::{Digest as _, Sha256};

use super::algorithm::{self, AlgorithmIdentifier};
use super::certificate::{bits, name_text, printable};
use super::fault::{IdentificationProblem, TimestampFault};
use super::instant::gen_time;
use super::signer::{SignerDigest, SignerInfo, TST_INFO};
use super::{Certificate, MAX_RESPONSE_LEN, nonce_integer};
use crate::codec::der::{
    BIT_STRING, BOOLEAN, DerFault, DerProblem, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE,
    SET, UTF8_STRING, Value,
};

/// A time stamp token that could be read. Nothing about it is checked until [`Token::check`] and [`Token::check_chain`] say so.
#[derive(Debug, Clone)]
pub struct Token {
    statement: Statement,
    /// The bytes that the signature is about: the encoding of the statement.
    content: Vec<u8>,
    digest_algorithms: Vec<AlgorithmIdentifier>,
    certificates: Vec<Vec<u8>>,
    signers: Vec<SignerInfo>,
}

/// `TSTInfo`, unjudged.
#[derive(Debug, Clone)]
struct Statement {
    policy: ObjectIdentifier,
    imprint_algorithm: AlgorithmIdentifier,
    imprint: Vec<u8>,
    serial: Vec<u8>,
    gen_time: DateTime<Utc>,
    accuracy: Option<Duration>,
    ordering: bool,
    nonce: Option<Vec<u8>>,
    authority: Option<String>,
    critical_extensions: Vec<ObjectIdentifier>,
}

/// Reads a whole `TimeStampResp`: the status must grant, and a token must follow.
///
/// # Errors
///
/// [`TimestampFault::TooLarge`] above 64 KiB; [`TimestampFault::Rejected`] where the authority refused;
/// [`TimestampFault::ContentType`], [`TimestampFault::Version`], [`TimestampFault::GenTimeMalformed`] and
/// [`TimestampFault::Malformed`] where the bytes are something else than a time stamp in DER.
pub fn parse_response(bytes: &[u8]) -> Result<Token, TimestampFault> {
    if bytes.len() > MAX_RESPONSE_LEN {
        return Err(TimestampFault::TooLarge { byte_len: bytes.len(), limit: MAX_RESPONSE_LEN });
    }
    let mut fields = Value::only(bytes, SEQUENCE).map_err(at("TimeStampResp"))?.fields();
    let status = fields.expect(SEQUENCE).map_err(at("PKIStatusInfo"))?;
    check_status(&status)?;
    let token = fields.expect(SEQUENCE).map_err(at("timeStampToken"))?;
    fields.finish().map_err(at("TimeStampResp"))?;
    Token::read(&token)
}

impl Token {
    /// Reads `ContentInfo` and the `SignedData` inside (RFC 5652 §3, §5.1).
    fn read(token: &Value<'_>) -> Result<Self, TimestampFault> {
        let fault = at("ContentInfo");
        let mut fields = token.fields();
        let content_type = fields.expect(OBJECT_IDENTIFIER).and_then(|v| v.object_identifier()).map_err(fault)?;
        if content_type != SIGNED_DATA {
            return Err(TimestampFault::ContentType { claimed: content_type.to_string() });
        }
        let signed_data = fields.expect(0xa0).and_then(|explicit| explicit.inner(SEQUENCE)).map_err(fault)?;
        fields.finish().map_err(fault)?;

        let fault = at("SignedData");
        let mut fields = signed_data.fields();
        let version = fields.expect(INTEGER).and_then(|v| v.small_integer()).map_err(fault)?;
        if !(3..=5).contains(&version) {
            // RFC 5652 §5.1: 3 where the content is not plain data; 4 and 5 with kinds of certificates that we never choose.
            return Err(TimestampFault::Version { place: "SignedData", claimed: version });
        }
        let digest_algorithms = each(&mut fields, SET, AlgorithmIdentifier::read).map_err(at("digestAlgorithms"))?;
        let mut encapsulated = fields.expect(SEQUENCE).map_err(fault)?.fields();
        let certificates = match fields.optional(0xa0).map_err(at("certificates"))? {
            // In whatever order: OpenSSL does not sort them, and no signature covers them.
            Some(set) => set.fields().remaining().map_err(at("certificates"))?,
            None => Vec::new(),
        };
        if let Some(lists) = fields.optional(0xa1).map_err(at("crls"))? {
            lists.fields().remaining().map_err(at("crls"))?;
        }
        let signers = each(&mut fields, SET, |value| {
            Value::only(value.encoding, SEQUENCE)?;
            SignerInfo::read(value)
        });
        let signers = signers.map_err(at("signerInfos"))?;
        fields.finish().map_err(fault)?;

        let fault = at("EncapsulatedContentInfo");
        let content_type = encapsulated.expect(OBJECT_IDENTIFIER).and_then(|v| v.object_identifier()).map_err(fault)?;
        if content_type != TST_INFO {
            return Err(TimestampFault::ContentType { claimed: content_type.to_string() });
        }
        let content = encapsulated.expect(0xa0).and_then(|explicit| explicit.inner(OCTET_STRING)).map_err(fault)?;
        encapsulated.finish().map_err(fault)?;

        Ok(Self {
            statement: Statement::read(content.content)?,
            content: content.content.to_vec(),
            digest_algorithms,
            // Other kinds than X.509 certificates carry a context tag; they cannot be the signer's.
            certificates: certificates.iter().filter(|v| v.tag == SEQUENCE).map(|v| v.encoding.to_vec()).collect(),
            signers,
        })
    }

    /// Checks everything that does not depend on whom the caller trusts, and returns all faults.
    ///
    /// `imprint` is the caller's own SHA-256 of the stamped bytes, never a stored one. `nonce` is that of the request, where
    /// there was one; without it a token made for the same bytes at another time passes. `accepted_policies` are dotted object
    /// identifiers; none means any.
    ///
    /// No fault means: this token is about `imprint`, is signed by the certificate it names, and that certificate may sign time
    /// stamps. Whether anybody should believe it is [`Token::check_chain`]'s question.
    #[must_use]
    pub fn check(
        &self,
        imprint: &[u8; 32],
        nonce: Option<[u8; 8]>,
        accepted_policies: Option<&[String]>,
    ) -> Vec<TimestampFault> {
        let mut faults = self.check_statement(imprint, nonce, accepted_policies);
        let [signer] = self.signers.as_slice() else {
            let problem = IdentificationProblem::SignerCount { claimed: self.signers.len() };
            faults.push(TimestampFault::SignerNotIdentified { problem });
            return faults;
        };
        let attribute_faults = signer.check_attributes(&self.content, &self.digest_algorithms);
        let unsigned = attribute_faults.iter().any(|fault| {
            matches!(fault, TimestampFault::SignedAttributes { attribute: "signedAttrs", .. })
        });
        faults.extend(attribute_faults);
        if unsigned {
            return faults; // nothing says who signed, and what: no key to try
        }
        match signer.identify(&self.certificates) {
            Ok((certificate, _)) => {
                faults.extend(certificate.check_authorisation());
                if !certificate.is_valid_at(self.gen_time()) {
                    faults.push(self.not_valid_at_gen_time(&certificate));
                }
                faults.extend(signer.check_signature(&certificate).err());
            }
            Err(fault) => {
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        faults
    }

    /// Returns when the authority says it made the token: `genTime`, to the nanosecond, on the authority's clock.
    #[must_use]
    pub fn gen_time(&self) -> DateTime<Utc> {
        self.statement.gen_time
    }

    /// Returns by how much the time may be wrong in either direction, if the authority says so.
    #[must_use]
    pub fn accuracy(&self) -> Option<Duration> {
        self.statement.accuracy
    }

    /// Tells whether the authority says that its tokens can be ordered by time alone.
    #[must_use]
    pub fn ordering(&self) -> bool {
        self.statement.ordering
    }

    /// Returns the policy that the authority worked under, as a dotted object identifier.
    #[must_use]
    pub fn policy(&self) -> String {
        self.statement.policy.to_string()
    }

    /// Returns the token's serial number as lower-case hexadecimal.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.statement.serial)
    }

    /// Returns the digest that the token is about, as lower-case hexadecimal.
    #[must_use]
    pub fn claimed_imprint_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.statement.imprint)
    }

    /// Returns the name that the authority gives itself in the token, if any; a claim, which no rule ties to the signer.
    #[must_use]
    pub fn claimed_authority(&self) -> Option<&str> {
        self.statement.authority.as_deref()
    }

    /// Returns the subject of the signer's certificate as RFC 4514 writes it, if the signer can be identified.
    #[must_use]
    pub fn signer_subject(&self) -> Option<String> {
        self.signer().ok().map(|(certificate, _)| certificate.subject_text())
    }

    /// Returns the SHA-256 of the signer's certificate, if the signer can be identified.
    #[must_use]
    pub fn signer_certificate_sha256(&self) -> Option<[u8; 32]> {
        self.signer().ok().map(|(certificate, _)| Sha256::digest(certificate.encoding).into())
    }

    /// Returns by which kind of digest the token names its signer, if the signer can be identified.
    #[must_use]
    pub fn signer_named_by(&self) -> Option<SignerDigest> {
        self.signer().ok().map(|(_, digest)| digest)
    }

    /// Returns the certificates that came with the token, in DER, in the order found; none of them is trusted for being there.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(Vec::as_slice)
    }

    /// Returns the signer's certificate, or why there is not exactly one.
    pub(super) fn signer(&self) -> Result<(Certificate<'_>, SignerDigest), TimestampFault> {
        match self.signers.as_slice() {
            [signer] => signer.identify(&self.certificates),
            signers => {
                let problem = IdentificationProblem::SignerCount { claimed: signers.len() };
                Err(TimestampFault::SignerNotIdentified { problem })
            }
        }
    }

    pub(super) fn not_valid_at_gen_time(&self, certificate: &Certificate<'_>) -> TimestampFault {
        TimestampFault::CertificateNotValidAtGenTime {
            subject: Some(certificate.subject_text()),
            not_before: Some(certificate.not_before),
            not_after: Some(certificate.not_after),
            gen_time: self.gen_time(),
        }
    }

    fn check_statement(
        &self,
        imprint: &[u8; 32],
        nonce: Option<[u8; 8]>,
        accepted_policies: Option<&[String]>,
    ) -> Vec<TimestampFault> {
        let Statement { imprint_algorithm, imprint: claimed, .. } = &self.statement;
        let mut faults = Vec::new();
        if imprint_algorithm.algorithm != algorithm::SHA_256 || !imprint_algorithm.has_no_parameters() {
            faults.push(TimestampFault::ImprintAlgorithm { claimed: imprint_algorithm.algorithm.to_string() });
        } else if claimed != imprint {
            let (claimed, computed) = (self.claimed_imprint_hex(), data_encoding::HEXLOWER.encode(imprint));
            faults.push(TimestampFault::ImprintMismatch { claimed, computed });
        }
        if let Some(nonce) = nonce {
            let claimed = self.statement.nonce.as_deref();
            let computed = nonce_integer(nonce);
            if claimed != Value::only(&computed, INTEGER).ok().map(|value| value.content) {
                faults.push(TimestampFault::NonceMismatch {
                    claimed: claimed.map(|claimed| data_encoding::HEXLOWER.encode(claimed)),
                    computed: data_encoding::HEXLOWER.encode(&nonce),
                });
            }
        }
        if let Some(accepted) = accepted_policies {
            let claimed = self.policy();
            if !accepted.contains(&claimed) {
                faults.push(TimestampFault::PolicyNotAccepted { claimed, accepted: accepted.to_vec() });
            }
        }
        faults.extend(self.statement.critical_extensions.iter().map(|extension| {
            TimestampFault::UnknownCriticalExtension { place: "TSTInfo", claimed: extension.to_string() }
        }));
        faults
    }
}

impl Statement {
    fn read(content: &[u8]) -> Result<Self, TimestampFault> {
        let fault = at("TSTInfo");
        let mut fields = Value::only(content, SEQUENCE).map_err(fault)?.fields();
        let version = fields.expect(INTEGER).and_then(|v| v.small_integer()).map_err(fault)?;
        if version != 1 {
            return Err(TimestampFault::Version { place: "TSTInfo", claimed: version });
        }
        let policy = fields.expect(OBJECT_IDENTIFIER).and_then(|v| v.object_identifier()).map_err(at("policy"))?;
        let message_imprint = fields.expect(SEQUENCE).map_err(fault)?;
        let (imprint_algorithm, imprint) = read_imprint(&message_imprint).map_err(at("messageImprint"))?;
        let serial = fields.expect(INTEGER).and_then(|v| v.integer()).map_err(at("serialNumber"))?.to_vec();
        let time = fields.expect(GENERALIZED_TIME).map_err(at("genTime"))?.content;
        let gen_time = gen_time(time).ok_or_else(|| TimestampFault::GenTimeMalformed {
            claimed: time.escape_ascii().to_string(),
        })?;
        let accuracy = fields.optional(SEQUENCE).and_then(|value| value.as_ref().map(read_accuracy).transpose());
        let accuracy = accuracy.map_err(at("accuracy"))?;
        let ordering = match fields.optional(BOOLEAN).map_err(at("ordering"))? {
            None => false,
            Some(value) => match value.boolean() {
                Ok(true) => true,
                // The content is DER by RFC 3161 §2.4.2: a default value is not written.
                _ => return Err(at("ordering")(DerFault { offset: value.offset, problem: DerProblem::Boolean })),
            },
        };
        let nonce = fields.optional(INTEGER).and_then(|value| value.map(|value| value.integer()).transpose());
        let nonce = nonce.map_err(at("nonce"))?.map(<[u8]>::to_vec);
        let authority = fields.optional(0xa0).and_then(|value| value.map(|value| read_authority(&value)).transpose());
        let authority = authority.map_err(at("tsa"))?;
        let extensions = fields.optional(0xa1).and_then(|value| value.as_ref().map(critical_extensions).transpose());
        let critical_extensions = extensions.map_err(at("extensions"))?.unwrap_or_default();
        fields.finish().map_err(fault)?;
        Ok(Self {
            policy,
            imprint_algorithm,
            imprint,
            serial,
            gen_time,
            accuracy,
            ordering,
            nonce,
            authority,
            critical_extensions,
        })
    }
}

/// Reads `PKIStatusInfo`; only `granted` and `grantedWithMods` pass, and neither comes with a reason for failure.
fn check_status(status: &Value<'_>) -> Result<(), TimestampFault> {
    let fault = at("PKIStatusInfo");
    let mut fields = status.fields();
    let number = fields.expect(INTEGER).and_then(|v| v.small_integer()).map_err(fault)?;
    let mut text = Vec::new();
    if let Some(lines) = fields.optional(SEQUENCE).map_err(fault)? {
        for line in lines.fields().remaining().map_err(fault)? {
            let line = Value::only(line.encoding, UTF8_STRING).map_err(fault)?;
            text.push(printable(&String::from_utf8_lossy(line.content)));
        }
    }
    let failures = fields.optional(BIT_STRING).and_then(|value| value.as_ref().map(bits).transpose());
    let failures = failures.map_err(at("PKIFailureInfo"))?;
    fields.finish().map_err(fault)?;
    if number > 1 || failures.is_some() {
        return Err(TimestampFault::Rejected { status: number, failures: failures.unwrap_or_default(), text });
    }
    Ok(())
}

fn read_imprint(value: &Value<'_>) -> Result<(AlgorithmIdentifier, Vec<u8>), DerFault> {
    let mut fields = value.fields();
    let algorithm = AlgorithmIdentifier::read(&fields.expect(SEQUENCE)?)?;
    let digest = fields.expect(OCTET_STRING)?.content.to_vec();
    fields.finish()?;
    Ok((algorithm, digest))
}

fn read_accuracy(value: &Value<'_>) -> Result<Duration, DerFault> {
    let mut fields = value.fields();
    let seconds = fields.optional(INTEGER)?.map_or(Ok(0), |value| value.small_integer())?;
    let mut thousandths = |tag| match fields.optional(tag)? {
        None => Ok(0),
        Some(value) => value.small_integer().and_then(|number| {
            let problem = DerFault { offset: value.offset, problem: DerProblem::Integer };
            if (1..1000).contains(&number) { Ok(u64::from(number)) } else { Err(problem) }
        }),
    };
    let (millis, micros) = (thousandths(0x80)?, thousandths(0x81)?);
    fields.finish()?;
    Ok(Duration::from_secs(seconds.into()) + Duration::from_millis(millis) + Duration::from_micros(micros))
}

/// Reads `tsa [0] GeneralName`: a directory name as text, any other kind as its bytes.
fn read_authority(value: &Value<'_>) -> Result<String, DerFault> {
    let mut fields = value.fields();
    let name = fields.next_value()?;
    fields.finish()?;
    if name.tag == 0xa4 {
        return Ok(name_text(name.inner(SEQUENCE)?.encoding));
    }
    Ok(data_encoding::HEXLOWER.encode(name.encoding))
}

/// Returns the identifiers of the critical extensions. We know none, so each of them is a fault.
fn critical_extensions(value: &Value<'_>) -> Result<Vec<ObjectIdentifier>, DerFault> {
    let mut critical = Vec::new();
    for extension in value.fields().remaining()? {
        let mut fields = Value::only(extension.encoding, SEQUENCE)?.fields();
        let identifier = fields.expect(OBJECT_IDENTIFIER)?.object_identifier()?;
        if fields.optional(BOOLEAN)?.map_or(Ok(false), |value| value.boolean())? {
            critical.push(identifier);
        }
        fields.expect(OCTET_STRING)?;
        fields.finish()?;
    }
    Ok(critical)
}

fn each<'a, T>(
    fields: &mut Reader<'a>,
    tag: u8,
    read: impl Fn(&Value<'a>) -> Result<T, DerFault>,
) -> Result<Vec<T>, DerFault> {
    fields.expect(tag)?.fields().remaining()?.iter().map(read).collect()
}

fn at(place: &'static str) -> impl Fn(DerFault) -> TimestampFault + Copy {
    move |problem| TimestampFault::Malformed { place, problem }
}

/// id-signedData (RFC 5652 §5.1).
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
