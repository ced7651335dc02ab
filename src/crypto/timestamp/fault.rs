//! Everything that can be wrong with a time stamp response, as values.
//!
//! A fault names what the token claims and what was computed or asked for; the words for people are made from it
//! elsewhere. Codes are for ever (FORMAT, verification steps).

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::codec::der::DerFault;

/// One thing that is wrong with a time stamp response.
///
/// Digests, serial numbers and nonces are lower-case hexadecimal; algorithms and policies dotted object identifiers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampFault {
    /// An algorithm is not on our list, not for this key, or not announced where it must be.
    AlgorithmNotAccepted {
        /// What the algorithm is used for.
        role: AlgorithmRole,
        /// The identifier that the token claims.
        claimed: String,
    },
    /// A certificate on the path was not yet or no longer valid when the token was made.
    CertificateNotValidAtGenTime {
        /// Whose certificate; none where the path does not tell.
        subject: Option<String>,
        /// First instant of validity; none where the path does not tell.
        not_before: Option<DateTime<Utc>>,
        /// Last instant of validity; none where the path does not tell.
        not_after: Option<DateTime<Utc>>,
        /// When the token claims to have been made.
        gen_time: DateTime<Utc>,
    },
    /// No path leads from the signer to a root that the caller trusts.
    ChainUntrusted {
        /// Whose certificate the path starts at.
        signer: String,
        /// How many roots the caller gave.
        root_count: usize,
        /// Why the best path ended.
        problem: String,
    },
    /// The signed digest is not that of the content beside it.
    ContentDigestMismatch {
        /// The digest in the signed attributes.
        claimed: String,
        /// The digest of the content.
        computed: String,
    },
    /// The content is not a time stamp.
    ContentType {
        /// The content type that the token claims.
        claimed: String,
    },
    /// The time is not `YYYYMMDDhhmmss[.f]Z` without trailing zeros.
    GenTimeMalformed {
        /// The text found, escaped.
        claimed: String,
    },
    /// The token is about a digest of another kind.
    ImprintAlgorithm {
        /// The digest algorithm that the token claims.
        claimed: String,
    },
    /// The token is about other bytes.
    ImprintMismatch {
        /// The digest in the token.
        claimed: String,
        /// The digest of our bytes.
        computed: String,
    },
    /// The bytes are not the structure that RFC 3161, RFC 5652 or RFC 5280 describes.
    Malformed {
        /// The field, in the words of its standard.
        place: &'static str,
        /// What is wrong, and where.
        problem: DerFault,
    },
    /// The token answers another request.
    NonceMismatch {
        /// The nonce in the token, if there is one.
        claimed: Option<String>,
        /// The nonce of our request.
        computed: String,
    },
    /// The authority worked under a policy that the caller does not accept.
    PolicyNotAccepted {
        /// The policy in the token.
        claimed: String,
        /// The policies that the caller accepts.
        accepted: Vec<String>,
    },
    /// The authority refused, or has not answered yet.
    Rejected {
        /// `PKIStatus`: 2 rejection, 3 waiting, 4 revocation warning, 5 revocation notification.
        status: u32,
        /// Numbers of the bits set in `PKIFailureInfo`: 0 badAlg, 2 badRequest, 5 badDataFormat, 14 timeNotAvailable,
        /// 15 unacceptedPolicy, 16 unacceptedExtension, 17 addInfoNotAvailable, 25 systemFailure.
        failures: Vec<u32>,
        /// What the authority says about it, escaped.
        text: Vec<String>,
    },
    /// The signature does not verify under the signer's key.
    SignatureInvalid {
        /// The signature algorithm that the token claims.
        algorithm: String,
        /// Whose key was tried.
        signer: String,
    },
    /// A signed attribute that must be there exactly once is not.
    SignedAttributes {
        /// The attribute, in the words of RFC 5652.
        attribute: &'static str,
        /// What is wrong with it.
        problem: AttributeProblem,
    },
    /// The signer's certificate does not allow it to issue time stamps.
    SignerNotAuthorised {
        /// Whose certificate.
        signer: String,
        /// The rule it breaks.
        problem: AuthorisationProblem,
    },
    /// The token does not say unequivocally who signed it.
    SignerNotIdentified {
        /// What is missing or contradicts.
        problem: IdentificationProblem,
    },
    /// The response carries what no signature covers and no check needs: anybody could have put it there.
    Surplus {
        /// What it carries.
        what: &'static str,
    },
    /// The response is larger than any time stamp.
    TooLarge {
        /// Length of the response.
        byte_len: usize,
        /// The limit.
        limit: usize,
    },
    /// An extension that may change the meaning is not known to us.
    UnknownCriticalExtension {
        /// Whether the token or a certificate carries it.
        place: &'static str,
        /// Its identifier.
        claimed: String,
    },
    /// Attributes that nobody signed are attached to the signature.
    UnsignedAttributes {
        /// How many.
        count: usize,
    },
    /// A structure says that it is of a version that its standard does not define.
    Version {
        /// The structure, in the words of its standard.
        place: &'static str,
        /// The version it claims.
        claimed: u32,
    },
}

/// What an algorithm is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlgorithmRole {
    /// The digest of the signed content.
    Digest,
    /// The signer's public key.
    Key,
    /// The signature.
    Signature,
    /// The digest that names the signer's certificate.
    SignerIdentifier,
}

/// What is wrong with a signed attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributeProblem {
    /// It is not there.
    Absent,
    /// It does not have the type that its standard gives it.
    Malformed(DerFault),
    /// It is there more than once, or has not exactly one value.
    Repeated,
    /// It says something else than the unsigned field it repeats.
    Value {
        /// What the attribute says.
        claimed: String,
        /// What it must say.
        computed: String,
    },
}

/// The rule for authorities that a certificate breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorisationProblem {
    /// It belongs to a certification authority (basic constraints).
    CertificationAuthority,
    /// The extended key usage is there, but not critical.
    ExtendedKeyUsageNotCritical,
    /// The extended key usage is not time stamping alone.
    ExtendedKeyUsagePurposes {
        /// The purposes found.
        claimed: Vec<String>,
    },
    /// There is no extended key usage.
    ExtendedKeyUsageMissing,
    /// An extension is there twice.
    ExtensionRepeated {
        /// Its identifier.
        claimed: String,
    },
    /// The key usage lacks digital signature and content commitment, or allows other things.
    KeyUsage {
        /// Numbers of the bits set; 0 is digital signature, 1 content commitment.
        claimed: Vec<u32>,
    },
}

/// Why it is not certain who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentificationProblem {
    /// No certificate in the token has the digest that the signed attribute names.
    CertificateDigest {
        /// The digest in the signed attribute.
        claimed: String,
        /// The digest of the certificate with the signer's issuer and serial number, if the token has one.
        computed: Option<String>,
    },
    /// Issuer and serial number (or key identifier) are not those of the certificate that the signed attribute names.
    IssuerAndSerial {
        /// Serial number, or key identifier, that the token claims for the signer.
        claimed: String,
        /// Serial number of the certificate.
        computed: String,
    },
    /// There is no signed signing-certificate attribute.
    SigningCertificateMissing,
    /// There is not exactly one signer.
    SignerCount {
        /// How many there are.
        claimed: usize,
    },
    /// Two signing-certificate attributes name different certificates.
    TwoCertificates,
}

impl TimestampFault {
    /// Returns the code of the finding, for ever the same.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlgorithmNotAccepted { .. } => "timestamp-algorithm-not-accepted",
            Self::CertificateNotValidAtGenTime { .. } => "timestamp-certificate-not-valid-at-gentime",
            Self::ChainUntrusted { .. } => "timestamp-chain-untrusted",
            Self::ContentDigestMismatch { .. } => "timestamp-content-digest-mismatch",
            Self::ContentType { .. } => "timestamp-content-type",
            Self::GenTimeMalformed { .. } => "timestamp-gentime-malformed",
            Self::ImprintAlgorithm { .. } => "timestamp-imprint-algorithm",
            Self::ImprintMismatch { .. } => "timestamp-imprint-mismatch",
            Self::Malformed { .. } => "timestamp-malformed",
            Self::NonceMismatch { .. } => "timestamp-nonce-mismatch",
            Self::PolicyNotAccepted { .. } => "timestamp-policy-not-accepted",
            Self::Rejected { .. } => "timestamp-rejected",
            Self::SignatureInvalid { .. } => "timestamp-signature-invalid",
            Self::SignedAttributes { .. } => "timestamp-signed-attributes",
            Self::SignerNotAuthorised { .. } => "timestamp-signer-not-authorised",
            Self::SignerNotIdentified { .. } => "timestamp-signer-not-identified",
            Self::Surplus { .. } => "timestamp-surplus",
            Self::TooLarge { .. } => "timestamp-too-large",
            Self::UnknownCriticalExtension { .. } => "timestamp-unknown-critical-extension",
            Self::UnsignedAttributes { .. } => "timestamp-unsigned-attributes",
            Self::Version { .. } => "timestamp-version",
        }
    }
}

impl fmt::Display for TimestampFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Self::AlgorithmNotAccepted { role, claimed } => {
                write!(f, " {role}")?;
                row(f, "claimed", claimed)
            }
            Self::CertificateNotValidAtGenTime { subject, not_before, not_after, gen_time } => {
                if let Some(subject) = subject {
                    write!(f, " `{subject}`")?;
                }
                row(f, "claimed", instant(gen_time))?;
                let bound = |bound: &Option<DateTime<Utc>>| bound.as_ref().map_or_else(|| "?".to_owned(), instant);
                row(f, "computed", format!("valid from {} to {}", bound(not_before), bound(not_after)))
            }
            Self::ChainUntrusted { signer, root_count, problem } => {
                row(f, "claimed", signer)?;
                row(f, "computed", format!("{problem} with {root_count} trusted roots"))
            }
            Self::ContentDigestMismatch { claimed, computed } | Self::ImprintMismatch { claimed, computed } => {
                row(f, "claimed", claimed)?;
                row(f, "computed", computed)
            }
            Self::ContentType { claimed } | Self::GenTimeMalformed { claimed } | Self::ImprintAlgorithm { claimed } => {
                row(f, "claimed", claimed)
            }
            Self::Malformed { place, problem } => write!(f, " `{place}`: {problem}"),
            Self::NonceMismatch { claimed, computed } => {
                row(f, "claimed", claimed.as_deref().unwrap_or("none"))?;
                row(f, "computed", computed)
            }
            Self::PolicyNotAccepted { claimed, accepted } => {
                row(f, "claimed", claimed)?;
                row(f, "accepted", accepted.join(", "))
            }
            Self::Rejected { status, failures, text } => {
                row(f, "claimed", refusal(*status, failures, text))?;
                row(f, "accepted", "granted, or granted with modifications")
            }
            Self::SignatureInvalid { algorithm, signer } => {
                write!(f, " `{signer}`")?;
                row(f, "claimed", algorithm)
            }
            Self::SignedAttributes { attribute, problem } => write!(f, " `{attribute}`{problem}"),
            Self::SignerNotAuthorised { signer, problem } => write!(f, " `{signer}`{problem}"),
            Self::SignerNotIdentified { problem } => problem.fmt(f),
            Self::Surplus { what } => {
                row(f, "claimed", what)?;
                row(f, "accepted", "what is signed, or leads from the signer to a root")
            }
            Self::TooLarge { byte_len, limit } => {
                row(f, "claimed", format!("{byte_len} bytes"))?;
                row(f, "accepted", format!("at most {limit} bytes"))
            }
            Self::UnknownCriticalExtension { place, claimed } => {
                write!(f, " `{place}`")?;
                row(f, "claimed", claimed)
            }
            Self::UnsignedAttributes { count } => row(f, "claimed", format!("{count} attributes")),
            Self::Version { place, claimed } => {
                write!(f, " `{place}`")?;
                row(f, "claimed", claimed)
            }
        }
    }
}

impl fmt::Display for AlgorithmRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digest => "digest",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::SignerIdentifier => "signer identifier",
        })
    }
}

impl fmt::Display for AttributeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str(" is absent"),
            Self::Malformed(problem) => write!(f, ": {problem}"),
            Self::Repeated => f.write_str(" does not have exactly one value"),
            Self::Value { claimed, computed } => {
                row(f, "claimed", claimed)?;
                row(f, "computed", computed)
            }
        }
    }
}

impl fmt::Display for AuthorisationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CertificationAuthority => row(f, "claimed", "basic constraints: certification authority"),
            Self::ExtendedKeyUsageNotCritical => row(f, "claimed", "extended key usage: not critical"),
            Self::ExtendedKeyUsagePurposes { claimed } => row(f, "claimed", claimed.join(", ")),
            Self::ExtendedKeyUsageMissing => row(f, "claimed", "extended key usage: none"),
            Self::ExtensionRepeated { claimed } => row(f, "claimed", format!("extension {claimed} twice")),
            Self::KeyUsage { claimed } => row(f, "claimed", key_usages(claimed)),
        }
    }
}

impl fmt::Display for IdentificationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CertificateDigest { claimed, computed } => {
                row(f, "claimed", claimed)?;
                row(f, "computed", computed.as_deref().unwrap_or("none"))
            }
            Self::IssuerAndSerial { claimed, computed } => {
                row(f, "claimed", claimed)?;
                row(f, "computed", computed)
            }
            Self::SigningCertificateMissing => row(f, "claimed", "no signing certificate attribute"),
            Self::SignerCount { claimed } => row(f, "claimed", format!("{claimed} signers")),
            Self::TwoCertificates => row(f, "claimed", "two different signing certificates"),
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, text: impl fmt::Display) -> fmt::Result {
    write!(f, "\n  {name:<9} {text}")
}

/// Says in words what an authority answered instead of a token (RFC 3161 §2.4.2).
fn refusal(status: u32, failures: &[u32], text: &[String]) -> String {
    let mut words = match status {
        0 => "granted, with a reason for failure",
        1 => "granted with modifications, with a reason for failure",
        2 => "rejected",
        3 => "waiting",
        4 => "a warning of revocation",
        5 => "a notice of revocation",
        _ => "a status that is not defined",
    }
    .to_owned();
    for failure in failures {
        words.push_str(match failure {
            0 => ": algorithm not supported",
            2 => ": request not permitted",
            5 => ": data in the wrong form",
            14 => ": no source of time",
            15 => ": policy not supported",
            16 => ": extension not supported",
            17 => ": additional information not available",
            25 => ": failure of its system",
            _ => ": a reason that is not defined",
        });
    }
    for line in text {
        words.push_str(&format!(", saying `{line}`"));
    }
    words
}

/// Names what a certificate's key may be used for (RFC 5280 §4.2.1.3).
fn key_usages(bits: &[u32]) -> String {
    let name = |bit: &u32| match bit {
        0 => "digital signature",
        1 => "content commitment",
        2 => "key encipherment",
        3 => "data encipherment",
        4 => "key agreement",
        5 => "certificate signing",
        6 => "revocation list signing",
        7 => "encipher only",
        8 => "decipher only",
        _ => "a use that is not defined",
    };
    let names: Vec<&str> = bits.iter().map(name).collect();
    if names.is_empty() { "key usage: none".to_owned() } else { format!("key usage: {}", names.join(", ")) }
}

fn instant(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
