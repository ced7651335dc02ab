//! A certificate (RFC 5280), as far as the rules for time stamp authorities need it.
//!
//! Paths are built and checked by `rustls-webpki` (see `chain`); here is what webpki does not ask: that the signer may
//! issue time stamps and nothing else (RFC 3161 §2.3). Nothing here makes a certificate trusted.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use der::Decode as _;
use x509_cert::name::Name;

use super::fault::{AuthorisationProblem, TimestampFault};
use super::instant::certificate_time;
use crate::codec::der::{
    BIT_STRING, BOOLEAN, DerFault, DerProblem, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Value,
};

/// The fields of one certificate, borrowed from its bytes.
#[derive(Debug, Clone)]
pub(in crate::crypto) struct Certificate<'a> {
    pub(in crate::crypto) encoding: &'a [u8],
    /// Content octets of the serial number.
    pub(in crate::crypto) serial: &'a [u8],
    /// Encoding of the issuer's name.
    pub(in crate::crypto) issuer: &'a [u8],
    /// Encoding of the subject's name.
    pub(in crate::crypto) subject: &'a [u8],
    pub(in crate::crypto) not_before: DateTime<Utc>,
    pub(in crate::crypto) not_after: DateTime<Utc>,
    /// Content of the key's `AlgorithmIdentifier`.
    pub(in crate::crypto) key_algorithm: &'a [u8],
    /// The key itself.
    pub(in crate::crypto) key: &'a [u8],
    extensions: Vec<Extension<'a>>,
}

#[derive(Debug, Clone)]
struct Extension<'a> {
    identifier: ObjectIdentifier,
    critical: bool,
    content: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one certificate and nothing after it.
    pub(in crate::crypto) fn read(encoding: &'a [u8]) -> Result<Self, DerFault> {
        let mut fields = Value::only(encoding, SEQUENCE)?.fields();
        let mut signed = fields.expect(SEQUENCE)?.fields();
        fields.expect(SEQUENCE)?;
        fields.expect(BIT_STRING)?.whole_bits()?;
        fields.finish()?;

        if let Some(version) = signed.optional(0xa0)? {
            version.inner(INTEGER)?.small_integer()?;
        }
        let serial = signed.expect(INTEGER)?.content;
        signed.expect(SEQUENCE)?;
        let issuer = signed.expect(SEQUENCE)?.encoding;
        let mut validity = signed.expect(SEQUENCE)?.fields();
        let (not_before, not_after) = (time(&validity.next_value()?)?, time(&validity.next_value()?)?);
        validity.finish()?;
        let subject = signed.expect(SEQUENCE)?.encoding;
        let mut public_key = signed.expect(SEQUENCE)?.fields();
        let key_algorithm = public_key.expect(SEQUENCE)?.content;
        let key = public_key.expect(BIT_STRING)?.whole_bits()?;
        public_key.finish()?;
        signed.optional(0x81)?;
        signed.optional(0x82)?;
        let mut extensions = Vec::new();
        if let Some(explicit) = signed.optional(0xa3)? {
            for extension in explicit.inner(SEQUENCE)?.fields().remaining()? {
                extensions.push(Extension::read(&extension)?);
            }
        }
        signed.finish()?;
        Ok(Self { encoding, serial, issuer, subject, not_before, not_after, key_algorithm, key, extensions })
    }

    /// Returns whether an extension is critical, and its content, if there is one.
    pub(in crate::crypto) fn extension(&self, identifier: ObjectIdentifier) -> Option<(bool, &'a [u8])> {
        let extension = self.extensions.iter().find(|extension| extension.identifier == identifier)?;
        Some((extension.critical, extension.content))
    }

    /// Returns the identifiers of all extensions, in the order they stand in, and whether each is critical.
    pub(in crate::crypto) fn extension_identifiers(&self) -> impl Iterator<Item = (ObjectIdentifier, bool)> {
        self.extensions.iter().map(|extension| (extension.identifier, extension.critical))
    }

    /// Returns the subject's name as RFC 4514 writes it.
    pub(in crate::crypto) fn subject_text(&self) -> String {
        name_text(self.subject)
    }

    /// Returns the content of the subject key identifier, if there is one.
    pub(in crate::crypto) fn subject_key_identifier(&self) -> Option<&'a [u8]> {
        let extension = self.extensions.iter().find(|extension| extension.identifier == SUBJECT_KEY_IDENTIFIER)?;
        Value::only(extension.content, OCTET_STRING).ok().map(|value| value.content)
    }

    pub(in crate::crypto) fn is_valid_at(&self, instant: DateTime<Utc>) -> bool {
        // Certificates count in whole seconds, and the last one belongs to them (RFC 5280 §4.1.2.5).
        self.not_before <= instant && instant.timestamp() <= self.not_after.timestamp()
    }

    /// Returns every reason why this certificate must not sign time stamps.
    pub(in crate::crypto) fn check_authorisation(&self) -> Vec<TimestampFault> {
        let signer = self.subject_text();
        let mut faults = Vec::new();
        let mut purposes_found = false;
        let mut repeated = false;
        let mut seen = HashSet::new();
        for extension in &self.extensions {
            if !seen.insert(extension.identifier) {
                // Once is enough: a certificate can repeat thousands, and each fault carries its subject.
                if std::mem::replace(&mut repeated, true) {
                    continue;
                }
                let problem = AuthorisationProblem::ExtensionRepeated { claimed: extension.identifier.to_string() };
                faults.push(TimestampFault::SignerNotAuthorised { signer: signer.clone(), problem });
                continue;
            }
            let problem = match extension.identifier {
                BASIC_CONSTRAINTS => extension.check_basic_constraints(),
                EXTENDED_KEY_USAGE => {
                    purposes_found = true;
                    extension.check_purposes()
                }
                KEY_USAGE => extension.check_key_usage(),
                identifier => {
                    if extension.critical && !UNDERSTOOD.contains(&identifier) {
                        faults.push(TimestampFault::UnknownCriticalExtension {
                            place: "certificate",
                            claimed: identifier.to_string(),
                        });
                    }
                    Ok(None)
                }
            };
            match problem {
                Ok(None) => {}
                Ok(Some(problem)) => {
                    faults.push(TimestampFault::SignerNotAuthorised { signer: signer.clone(), problem });
                }
                Err(problem) => faults.push(TimestampFault::Malformed { place: "extension", problem }),
            }
        }
        if !purposes_found {
            let problem = AuthorisationProblem::ExtendedKeyUsageMissing;
            faults.push(TimestampFault::SignerNotAuthorised { signer, problem });
        }
        faults
    }
}

impl<'a> Extension<'a> {
    fn read(value: &Value<'a>) -> Result<Self, DerFault> {
        let mut fields = value.with_tag(SEQUENCE)?.fields();
        let identifier = fields.expect(OBJECT_IDENTIFIER)?.object_identifier()?;
        let critical = fields.optional(BOOLEAN)?.map_or(Ok(false), |critical| critical.boolean())?;
        let content = fields.expect(OCTET_STRING)?.content;
        fields.finish()?;
        Ok(Self { identifier, critical, content })
    }

    fn check_basic_constraints(&self) -> Result<Option<AuthorisationProblem>, DerFault> {
        let mut fields = Value::only(self.content, SEQUENCE)?.fields();
        let authority = fields.optional(BOOLEAN)?.map_or(Ok(false), |authority| authority.boolean())?;
        Ok(authority.then_some(AuthorisationProblem::CertificationAuthority))
    }

    fn check_purposes(&self) -> Result<Option<AuthorisationProblem>, DerFault> {
        let purposes: Vec<ObjectIdentifier> = Value::only(self.content, SEQUENCE)?
            .fields()
            .remaining()?
            .iter()
            .map(|purpose| purpose.with_tag(OBJECT_IDENTIFIER)?.object_identifier())
            .collect::<Result<_, _>>()?;
        if purposes != [TIME_STAMPING] {
            let claimed = purposes.iter().map(ToString::to_string).collect();
            return Ok(Some(AuthorisationProblem::ExtendedKeyUsagePurposes { claimed }));
        }
        Ok((!self.critical).then_some(AuthorisationProblem::ExtendedKeyUsageNotCritical))
    }

    /// Digital signature or content commitment, and nothing else: the rule that OpenSSL applies, too.
    fn check_key_usage(&self) -> Result<Option<AuthorisationProblem>, DerFault> {
        let claimed = bits(&Value::only(self.content, BIT_STRING)?)?;
        let allowed = !claimed.is_empty() && claimed.iter().all(|bit| *bit < 2);
        Ok((!allowed).then_some(AuthorisationProblem::KeyUsage { claimed }))
    }
}

/// Returns the numbers of the bits set in a bit string, from the most significant of the first octet.
pub(in crate::crypto) fn bits(value: &Value<'_>) -> Result<Vec<u32>, DerFault> {
    match value.content.split_first() {
        Some((unused, octets)) if *unused < 8 && !(octets.is_empty() && *unused > 0) => Ok((0..)
            .zip(octets.iter().flat_map(|octet| (0..8).map(move |bit| octet & (0x80 >> bit) != 0)))
            .filter_map(|(number, set)| set.then_some(number))
            .collect()),
        _ => Err(DerFault { offset: value.offset, problem: DerProblem::BitString }),
    }
}

/// Returns a name as RFC 4514 writes it, with control characters escaped.
pub(in crate::crypto) fn name_text(encoding: &[u8]) -> String {
    Name::from_der(encoding)
        .map_or_else(|_| data_encoding::HEXLOWER.encode(encoding), |name| printable(&name.to_string()))
}

/// Escapes control characters: text from outside must not steer a terminal.
pub(in crate::crypto) fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

/// Reads a time as certificates and revocation lists write it.
pub(in crate::crypto) fn time(value: &Value<'_>) -> Result<DateTime<Utc>, DerFault> {
    let unexpected = DerProblem::UnexpectedTag { expected: crate::codec::der::UTC_TIME, found: Some(value.tag) };
    certificate_time(value).ok_or(DerFault { offset: value.offset, problem: unexpected })
}

const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
pub(in crate::crypto) const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
pub(in crate::crypto) const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
pub(in crate::crypto) const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// id-kp-timeStamping.
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

/// Critical extensions of a signer that do not widen what it may do: subject alternative name, revocation list
/// distribution points, certificate policies, authority key identifier.
const UNDERSTOOD: [ObjectIdentifier; 5] = [
    SUBJECT_KEY_IDENTIFIER,
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.31"),
    ObjectIdentifier::new_unwrap("2.5.29.32"),
    ObjectIdentifier::new_unwrap("2.5.29.35"),
];

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyUsagePurpose};

    use super::super::forge::{Authority, CODE_SIGNING, TIME_STAMPING, purposes, valid};
    use super::*;

    fn codes(edit: impl FnOnce(&mut CertificateParams)) -> Vec<&'static str> {
        Authority::deviating(edit).forge().codes()
    }

    const NOT_AUTHORISED: [&str; 1] = ["timestamp-signer-not-authorised"];

    #[test]
    fn a_signer_without_a_purpose_is_not_authorised() {
        assert_eq!(codes(|params| params.custom_extensions.clear()), NOT_AUTHORISED);
    }

    #[test]
    fn a_purpose_that_is_not_critical_does_not_authorise() {
        assert_eq!(codes(|params| params.custom_extensions = vec![purposes(&[TIME_STAMPING], false)]), NOT_AUTHORISED);
    }

    #[test]
    fn another_purpose_instead_or_besides_does_not_authorise() {
        let any = "2.5.29.37.0";
        let unknown = "1.2.3.4.5";
        for list in [
            &[CODE_SIGNING][..],
            &[any],
            &[],
            &[TIME_STAMPING, CODE_SIGNING],
            &[unknown, TIME_STAMPING],
            &[TIME_STAMPING, TIME_STAMPING],
        ] {
            assert_eq!(
                codes(|params| params.custom_extensions = vec![purposes(list, true)]),
                NOT_AUTHORISED,
                "{list:?}"
            );
        }
    }

    #[test]
    fn a_certification_authority_must_not_stamp() {
        let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        assert_eq!(codes(|params| params.is_ca = is_ca), NOT_AUTHORISED);
    }

    #[test]
    fn key_usage_must_be_signing_and_nothing_else_where_it_is_stated() {
        use KeyUsagePurpose::{ContentCommitment, DigitalSignature, KeyCertSign, KeyEncipherment};
        for good in [vec![], vec![ContentCommitment], vec![DigitalSignature, ContentCommitment]] {
            assert_eq!(codes(|params| params.key_usages = good), [""; 0]);
        }
        for bad in [vec![KeyEncipherment], vec![KeyCertSign], vec![DigitalSignature, KeyCertSign]] {
            assert_eq!(codes(|params| params.key_usages = bad), NOT_AUTHORISED);
        }
    }

    #[test]
    fn an_extension_that_is_there_twice_does_not_authorise() {
        let found = codes(|params| params.custom_extensions.push(purposes(&[TIME_STAMPING], true)));
        assert_eq!(found, NOT_AUTHORISED);
    }

    #[test]
    fn an_unknown_critical_extension_is_refused() {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        assert_eq!(codes(|params| params.custom_extensions.push(extension.clone())), [""; 0]);
        extension.set_criticality(true);
        let found = codes(|params| params.custom_extensions.push(extension));
        assert_eq!(found, ["timestamp-unknown-critical-extension"]);
    }

    #[test]
    fn a_token_outside_its_signers_validity_is_refused() {
        for (not_before, not_after) in
            [("2026-07-22T10:11:13Z", "2028-01-01T00:00:00Z"), ("2026-01-01T00:00:00Z", "2026-07-22T10:11:11Z")]
        {
            let found = codes(|params| valid(params, not_before, not_after));
            assert_eq!(found, ["timestamp-certificate-not-valid-at-gentime"]);
        }
        // The last second belongs to the certificate, fractions and all.
        assert_eq!(codes(|params| valid(params, "2026-07-22T10:11:12Z", "2026-07-22T10:11:12Z")), [""; 0]);
    }

    #[test]
    fn control_characters_in_names_are_escaped() {
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}"), "a\\u{1b}[2Jb\\u{9b}");
        assert_eq!(name_text(&[0x30, 0x01]), "3001");
    }
}
