//! A time stamp authority for demonstrations and tests: RFC 3161 over a root of its own, made afresh each time.
//!
//! It is SIMULATED and says so in every name it signs: its clock is whatever the caller passes, its keys live in
//! memory, and its policy stands under a placeholder arc that nobody was assigned. Its answers are real in every other
//! respect, and any stock tool accepts them with the root from [`TimestampAuthority::root_pem`].
//!
//! It is written with other types than the checker (`crypto::timestamp`), so that a mistake in one shows against the
//! other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912};
use der::asn1::{Any, BitString, Int, OctetString, SetOfVec};
use der::{Decode as _, Encode as _, Sequence, Tag};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, CustomExtension,
    DistinguishedName, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SerialNumber, SigningKey as _,
};
use sha2::{Digest as _, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::name::GeneralName;

/// A time stamp authority that lives in memory.
pub struct TimestampAuthority {
    root_pem: String,
    signer: Certificate,
    signer_sha256: [u8; 32],
    key: KeyPair,
    root: Issuer<'static, KeyPair>,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    issued_count: AtomicU64,
}

/// That the authority's signer is not to be believed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedSigner {
    /// From when on, to the second.
    pub since: DateTime<Utc>,
    /// Whether because its key came into other hands; else because it ceased to work.
    pub key_compromised: bool,
}

/// Why no authority could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampAuthorityError {
    /// A key or a certificate could not be made, usually for want of randomness.
    #[error("no certificate for the simulated time stamp authority")]
    Certificate(#[from] rcgen::Error),
    /// A certificate just made cannot be read back.
    #[error("the certificate of the simulated time stamp authority cannot be read back")]
    Encoding(#[from] der::Error),
}

impl TimestampAuthority {
    /// Makes a root and a signer, both valid from `not_before` to `not_after` (whole seconds, inclusive).
    ///
    /// # Errors
    ///
    /// [`TimestampAuthorityError`].
    pub fn new(not_before: DateTime<Utc>, not_after: DateTime<Utc>) -> Result<Self, TimestampAuthorityError> {
        Self::with_list_at(None, not_before, not_after)
    }

    /// Makes an authority whose signer's certificate names the address of a revocation list, as those of public authorities do.
    ///
    /// # Errors
    ///
    /// [`TimestampAuthorityError`].
    pub fn with_list_at(
        address: Option<&str>,
        not_before: DateTime<Utc>,
        not_after: DateTime<Utc>,
    ) -> Result<Self, TimestampAuthorityError> {
        let root_key = KeyPair::generate()?;
        let mut root = certificate_params("signhold simulator TSA root (SIMULATED)", not_before, not_after);
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root_pem = root.self_signed(&root_key)?.pem();

        let key = KeyPair::generate()?;
        let mut signer = certificate_params("signhold simulator TSA 1 (SIMULATED)", not_before, not_after);
        signer.is_ca = IsCa::ExplicitNoCa;
        signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        signer.use_authority_key_identifier_extension = true;
        signer.crl_distribution_points =
            address.map(|address| CrlDistributionPoint { uris: vec![address.to_owned()] }).into_iter().collect();
        // RFC 3161 §2.3: critical and alone. rcgen's own field would not make it critical.
        let mut purpose = CustomExtension::from_oid_content(EXTENDED_KEY_USAGE, vec![TIME_STAMPING].to_der()?);
        purpose.set_criticality(true);
        signer.custom_extensions.push(purpose);
        let root = Issuer::new(root, root_key);
        let signer = signer.signed_by(&key, &root)?;

        Ok(Self {
            root_pem,
            signer_sha256: Sha256::digest(signer.der()).into(),
            signer: Certificate::from_der(signer.der())?,
            key,
            root,
            not_before,
            not_after,
            issued_count: AtomicU64::new(0),
        })
    }

    /// Returns the root to trust, in PEM.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// Returns the root's revocation list in DER, in force from `this_update` to `next_update`: about the signer if it is `revoked`,
    /// empty if not.
    ///
    /// # Errors
    ///
    /// [`TimestampAuthorityError`].
    pub fn revocation_list(
        &self,
        this_update: DateTime<Utc>,
        next_update: DateTime<Utc>,
        revoked: Option<RevokedSigner>,
    ) -> Result<Vec<u8>, TimestampAuthorityError> {
        let serial_number = SerialNumber::from_slice(self.signer.tbs_certificate().serial_number().as_bytes());
        let entry = |revoked: RevokedSigner| RevokedCertParams {
            serial_number,
            revocation_time: SystemTime::from(revoked.since).into(),
            reason_code: Some(if revoked.key_compromised {
                RevocationReason::KeyCompromise
            } else {
                RevocationReason::CessationOfOperation
            }),
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: SystemTime::from(this_update).into(),
            next_update: SystemTime::from(next_update).into(),
            crl_number: SerialNumber::from_slice(&[1]),
            issuing_distribution_point: None,
            revoked_certs: revoked.map(entry).into_iter().collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.root)?.der().to_vec())
    }

    /// Answers a `TimeStampReq` with a `TimeStampResp`, at the time `now`.
    ///
    /// SHA-256, SHA-384 and SHA-512 imprints are stamped. A request that cannot be read or met gets a rejection, as a
    /// real authority sends it: with a status inside, to be delivered as HTTP 200.
    #[must_use]
    pub fn respond(&self, request: &[u8], now: DateTime<Utc>) -> Vec<u8> {
        let response = self.stamp(request, now).unwrap_or_else(Refusal::response);
        response.to_der().unwrap_or_else(|_| BARE_REJECTION.to_vec())
    }

    fn stamp(&self, request: &[u8], now: DateTime<Utc>) -> Result<TimeStampResp, Refusal> {
        let asked = TimeStampReq::from_der(request).map_err(|_| Refusal::BadDataFormat)?;
        if asked.version != 1 {
            return Err(Refusal::BadRequest);
        }
        let imprint_algorithm = &asked.message_imprint.hash_algorithm;
        let no_parameters = imprint_algorithm.parameters.as_ref().is_none_or(Any::is_null);
        let imprint_len = match imprint_algorithm.oid {
            rfc5912::ID_SHA_256 if no_parameters => 32,
            rfc5912::ID_SHA_384 if no_parameters => 48,
            rfc5912::ID_SHA_512 if no_parameters => 64,
            _ => return Err(Refusal::BadAlgorithm),
        };
        if asked.message_imprint.hashed_message.as_bytes().len() != imprint_len {
            return Err(Refusal::BadDataFormat);
        }
        if asked.req_policy.is_some_and(|policy| policy != POLICY) {
            return Err(Refusal::UnacceptedPolicy);
        }
        if asked.extensions.is_some() {
            return Err(Refusal::UnacceptedExtension);
        }
        if now < self.not_before || now > self.not_after {
            return Err(Refusal::TimeNotAvailable);
        }
        let token = self.token(asked, request, now).map_err(|_| Refusal::SystemFailure)?;
        let status = PkiStatusInfo { status: 0, status_string: None, fail_info: None };
        Ok(TimeStampResp { status, time_stamp_token: Some(token) })
    }

    fn token(
        &self,
        asked: TimeStampReq,
        request: &[u8],
        now: DateTime<Utc>,
    ) -> Result<ContentInfo, TimestampAuthorityError> {
        let tbs = self.signer.tbs_certificate();
        let content = TstInfo {
            version: 1,
            policy: POLICY,
            message_imprint: asked.message_imprint,
            serial_number: Int::new(&self.next_serial(request))?,
            gen_time: gen_time(now)?,
            accuracy: Accuracy { seconds: 1 },
            ordering: true,
            nonce: asked.nonce,
            tsa: Some(GeneralName::DirectoryName(tbs.subject().clone())),
        }
        .to_der()?;

        let signing_certificate =
            SigningCertificateV2 { certs: vec![EssCertIdV2 { cert_hash: OctetString::new(self.signer_sha256)? }] };
        let signed_attrs = SetOfVec::try_from(vec![
            attribute(rfc5911::ID_CONTENT_TYPE, &TST_INFO)?,
            attribute(rfc5911::ID_MESSAGE_DIGEST, &OctetString::new(Sha256::digest(&content).to_vec())?)?,
            attribute(SIGNING_CERTIFICATE_V2, &signing_certificate)?,
        ])?;
        let sha256 = AlgorithmIdentifierOwned { oid: rfc5912::ID_SHA_256, parameters: None };
        let signer_info = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: tbs.issuer().clone(),
                serial_number: tbs.serial_number().clone(),
            }),
            digest_alg: sha256.clone(),
            signature_algorithm: AlgorithmIdentifierOwned { oid: rfc5912::ECDSA_WITH_SHA_256, parameters: None },
            signature: OctetString::new(self.key.sign(&signed_attrs.to_der()?)?)?,
            signed_attrs: Some(signed_attrs),
            unsigned_attrs: None,
        };
        let certificates = if asked.cert_req {
            Some(vec![CertificateChoices::Certificate(self.signer.clone())].try_into()?)
        } else {
            None
        };
        let signed_data = SignedData {
            version: CmsVersion::V3,
            digest_algorithms: SetOfVec::try_from(vec![sha256])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: TST_INFO,
                econtent: Some(Any::new(Tag::OctetString, content)?),
            },
            certificates,
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info])?),
        };
        Ok(ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content: Any::encode_from(&signed_data)? })
    }

    /// Returns a serial number that this authority has not used: a counter, then eight bytes that differ between
    /// authorities.
    fn next_serial(&self, request: &[u8]) -> Vec<u8> {
        let number = self.issued_count.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let digest =
            Sha256::new().chain_update(self.signer_sha256).chain_update(number).chain_update(request).finalize();
        // The leading 1 keeps the integer positive and minimal.
        [1].into_iter().chain(number).chain(digest.into_iter().take(8)).collect()
    }
}

/// `PKIFailureInfo` (RFC 3161 §2.4.2), by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    BadAlgorithm = 0,
    BadRequest = 2,
    BadDataFormat = 5,
    TimeNotAvailable = 14,
    UnacceptedPolicy = 15,
    UnacceptedExtension = 16,
    SystemFailure = 25,
}

impl Refusal {
    fn response(self) -> TimeStampResp {
        let text = match self {
            Self::BadAlgorithm => "digest algorithm not supported (SIMULATED)",
            Self::BadRequest => "request version not supported (SIMULATED)",
            Self::BadDataFormat => "request cannot be read (SIMULATED)",
            Self::TimeNotAvailable => "signing certificate not valid now (SIMULATED)",
            Self::UnacceptedPolicy => "policy not supported (SIMULATED)",
            Self::UnacceptedExtension => "extensions not supported (SIMULATED)",
            Self::SystemFailure => "token could not be made (SIMULATED)",
        };
        let bit = usize::from(self as u8);
        let mut octets = vec![0_u8; bit / 8];
        octets.push(0x80 >> (bit % 8));
        let unused_bits = 7 - (self as u8) % 8;
        let fail_info = BitString::new(unused_bits, octets).expect("at most seven bits are unused");
        let status =
            PkiStatusInfo { status: 2, status_string: Some(vec![text.to_owned()]), fail_info: Some(fail_info) };
        TimeStampResp { status, time_stamp_token: None }
    }
}

#[derive(Sequence)]
struct TimeStampReq {
    version: u8,
    message_imprint: MessageImprint,
    #[asn1(optional = "true")]
    req_policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(default = "Default::default")]
    cert_req: bool,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

#[derive(Sequence)]
struct MessageImprint {
    hash_algorithm: AlgorithmIdentifierOwned,
    hashed_message: OctetString,
}

#[derive(Sequence)]
struct TimeStampResp {
    status: PkiStatusInfo,
    #[asn1(optional = "true")]
    time_stamp_token: Option<ContentInfo>,
}

#[derive(Sequence)]
struct PkiStatusInfo {
    status: u8,
    #[asn1(optional = "true")]
    status_string: Option<Vec<String>>,
    #[asn1(optional = "true")]
    fail_info: Option<BitString>,
}

#[derive(Sequence)]
struct TstInfo {
    version: u8,
    policy: ObjectIdentifier,
    message_imprint: MessageImprint,
    serial_number: Int,
    gen_time: Any,
    accuracy: Accuracy,
    ordering: bool,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    tsa: Option<GeneralName>,
}

#[derive(Sequence)]
struct Accuracy {
    seconds: u8,
}

/// RFC 5816 §2.2; SHA-256 is the default and therefore not written.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

#[derive(Sequence)]
struct EssCertIdV2 {
    cert_hash: OctetString,
}

fn attribute(oid: ObjectIdentifier, content: &(impl der::EncodeValue + der::Tagged)) -> Result<Attribute, der::Error> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![Any::encode_from(content)?])? })
}

/// Writes milliseconds without trailing zeros, as DER demands, and none where the second is whole.
fn gen_time(now: DateTime<Utc>) -> Result<Any, der::Error> {
    let text = now.format("%Y%m%d%H%M%S%.3f").to_string();
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    Any::new(Tag::GeneralizedTime, format!("{text}Z").into_bytes())
}

fn certificate_params(name: &str, not_before: DateTime<Utc>, not_after: DateTime<Utc>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = SystemTime::from(not_before).into();
    params.not_after = SystemTime::from(not_after).into();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "signhold simulator (SIMULATED)");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A `TimeStampResp` with status 2 and nothing else.
const BARE_REJECTION: [u8; 7] = [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02];
/// The policy of the tokens: a placeholder arc, assigned to nobody.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.55555.1.1");
/// id-ct-TSTInfo.
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// id-aa-signingCertificateV2.
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// id-kp-timeStamping.
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// id-ce-extKeyUsage.
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::timestamp::{TimestampFault, nonce_for, parse_response, request, trust_roots_from_pem};

    const IMPRINT: [u8; 32] = [0x5a; 32];

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn authority() -> TimestampAuthority {
        TimestampAuthority::new(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")).expect("an authority")
    }

    fn refusal(response: &[u8]) -> Vec<u32> {
        match parse_response(response) {
            Err(TimestampFault::Rejected { status: 2, failures, text }) => {
                assert!(text.iter().all(|line| line.contains("SIMULATED")));
                failures
            }
            other => panic!("no rejection: {other:?}"),
        }
    }

    #[test]
    fn tokens_pass_every_check_and_chain_to_the_root() {
        let authority = authority();
        for now in ["2026-07-01T12:00:00Z", "2026-07-01T12:00:00.250Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]
        {
            let token = parse_response(&authority.respond(&request(&IMPRINT), at(now))).expect("a token");
            let policy = ["1.3.6.1.4.1.55555.1.1".to_owned()];
            assert_eq!(token.check(&IMPRINT, Some(nonce_for(&IMPRINT)), Some(&policy)), []);
            assert_eq!(token.gen_time(), at(now));
            assert_eq!(token.accuracy(), Some(std::time::Duration::from_secs(1)));
            let roots = trust_roots_from_pem(authority.root_pem()).expect("a root");
            let report = token.check_chain(&roots).expect("a path");
            assert_eq!(report.subjects.len(), 2);
            assert!(report.subjects.iter().all(|subject| subject.contains("SIMULATED")), "{report:?}");
        }
    }

    #[test]
    fn serial_numbers_never_repeat() {
        let authority = authority();
        let serials: std::collections::HashSet<_> = (0..20)
            .map(|_| parse_response(&authority.respond(&request(&IMPRINT), at("2026-07-01T12:00:00Z"))))
            .map(|token| token.expect("a token").serial_hex())
            .collect();
        assert_eq!(serials.len(), 20);
    }

    #[test]
    fn another_authority_is_another_root() {
        let token =
            parse_response(&authority().respond(&request(&IMPRINT), at("2026-07-01T12:00:00Z"))).expect("a token");
        let roots = trust_roots_from_pem(authority().root_pem()).expect("a root");
        let fault = token.check_chain(&roots).expect_err("no path");
        assert_eq!(fault.code(), "timestamp-chain-untrusted");
    }

    #[test]
    fn what_cannot_be_stamped_is_refused_with_the_reason() {
        let authority = authority();
        let now = at("2026-07-01T12:00:00Z");
        assert_eq!(refusal(&authority.respond(b"", now)), [5]);
        assert_eq!(refusal(&authority.respond(b"POST / HTTP/1.1", now)), [5]);
        assert_eq!(refusal(&authority.respond(&request(&IMPRINT), at("2027-01-01T00:00:01Z"))), [14]);

        let asking = |change: &dyn Fn(&mut TimeStampReq)| {
            let mut asked = TimeStampReq::from_der(&request(&IMPRINT)).expect("own request");
            change(&mut asked);
            authority.respond(&asked.to_der().expect("encodes"), now)
        };
        assert_eq!(refusal(&asking(&|asked| asked.version = 2)), [2]);
        assert_eq!(refusal(&asking(&|asked| asked.req_policy = Some(TST_INFO))), [15]);
        assert_eq!(refusal(&asking(&|asked| asked.extensions = Some(Vec::new()))), [16]);
        let sha1 = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
        assert_eq!(refusal(&asking(&|asked| asked.message_imprint.hash_algorithm.oid = sha1)), [0]);
        assert_eq!(refusal(&asking(&|asked| asked.message_imprint.hash_algorithm.oid = rfc5912::ID_SHA_384)), [5]);
    }

    #[test]
    fn certificates_are_left_out_when_not_asked_for() {
        let mut asked = TimeStampReq::from_der(&request(&IMPRINT)).expect("own request");
        asked.cert_req = false;
        let response = authority().respond(&asked.to_der().expect("encodes"), at("2026-07-01T12:00:00Z"));
        let token = parse_response(&response).expect("a token");
        assert_eq!(token.certificates().count(), 0);
        assert_eq!(token.signer_subject(), None);
    }
}
