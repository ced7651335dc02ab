//! What a certificate may be used for: key usage, basic constraints and purposes (RFC 5280 §4.2.1).
//!
//! A certificate that says nothing about a thing allows it, as RFC 5280 has it; one that says something is held to it.

use const_oid::ObjectIdentifier;
use webpki::{ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage, RequiredEkuNotFoundContext};

use super::bundle::SignerCertificates;
use crate::codec::der::{BIT_STRING, BOOLEAN, DerFault, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, Value};
use crate::crypto::timestamp::certificate::{BASIC_CONSTRAINTS, Certificate, EXTENDED_KEY_USAGE, KEY_USAGE, bits};

impl SignerCertificates {
    /// Returns every reason why the first certificate must not vouch for the signer of a document; empty when there is none.
    ///
    /// FORMAT §6: no certification authority; digital signature or content commitment where key usage is stated; a purpose of
    /// [`PURPOSES`] where purposes are; no extension twice, and none that is critical and unknown.
    #[must_use]
    pub fn check_purpose(&self) -> Vec<String> {
        let Some(signer) = self.signer() else { return vec!["it cannot be read".to_owned()] };
        let mut reasons = Vec::new();
        if is_authority(&signer) {
            reasons.push("it is one of a certification authority".to_owned());
        }
        match key_usage(&signer) {
            Ok(Some(bits)) if !bits.iter().any(|bit| SIGNING_BITS.contains(bit)) => {
                reasons
                    .push(format!("its key usage has bits {bits:?}, neither digital signature nor content commitment"));
            }
            Ok(_) => {}
            Err(fault) => reasons.push(format!("its key usage cannot be read: {fault}")),
        }
        match purposes(&signer) {
            Ok(Some(purposes))
                if !purposes.iter().any(|purpose| PURPOSES.iter().any(|(known, _)| known == purpose)) =>
            {
                let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
                reasons.push(format!("its purposes are {} alone", purposes.join(", ")));
            }
            Ok(_) => {}
            Err(fault) => reasons.push(format!("its purposes cannot be read: {fault}")),
        }
        let mut seen = Vec::new();
        for (identifier, critical) in signer.extension_identifiers() {
            if seen.contains(&identifier) {
                reasons.push(format!("extension {identifier} is there twice"));
                break;
            }
            seen.push(identifier);
            if critical && !UNDERSTOOD.contains(&identifier) {
                reasons.push(format!("extension {identifier} is critical and unknown"));
            }
        }
        reasons
    }
}

/// Says whether the certificate is one of a certification authority.
pub(super) fn is_authority(certificate: &Certificate<'_>) -> bool {
    let Some((_, content)) = certificate.extension(BASIC_CONSTRAINTS) else { return false };
    let read = || {
        let mut fields = Value::only(content, SEQUENCE)?.fields();
        fields.optional(BOOLEAN)?.map_or(Ok(false), |authority| authority.boolean())
    };
    // What cannot be read is held to be one: it vouches for nobody then, as a signer.
    read().unwrap_or(true)
}

/// Returns how many intermediates may follow an authority, where it says so.
pub(super) fn path_length(certificate: &Certificate<'_>) -> Option<u32> {
    let (_, content) = certificate.extension(BASIC_CONSTRAINTS)?;
    let mut fields = Value::only(content, SEQUENCE).ok()?.fields();
    fields.optional(BOOLEAN).ok()?;
    fields.optional(INTEGER).ok()??.small_integer().ok()
}

/// Says whether key usage, where it is stated, allows to sign certificates.
pub(super) fn may_sign_certificates(certificate: &Certificate<'_>) -> bool {
    matches!(key_usage(certificate), Ok(usage) if usage.as_ref().is_none_or(|bits| bits.contains(&KEY_CERT_SIGN)))
}

/// Says whether key usage, where it is stated, allows to sign revocation lists.
pub(super) fn may_sign_lists(certificate: &Certificate<'_>) -> bool {
    matches!(key_usage(certificate), Ok(usage) if usage.as_ref().is_none_or(|bits| bits.contains(&CRL_SIGN)))
}

fn key_usage(certificate: &Certificate<'_>) -> Result<Option<Vec<u32>>, DerFault> {
    let content = certificate.extension(KEY_USAGE).map(|(_, content)| content);
    content.map(|content| bits(&Value::only(content, BIT_STRING)?)).transpose()
}

fn purposes(certificate: &Certificate<'_>) -> Result<Option<Vec<ObjectIdentifier>>, DerFault> {
    let Some((_, content)) = certificate.extension(EXTENDED_KEY_USAGE) else { return Ok(None) };
    let values = Value::only(content, SEQUENCE)?.fields().remaining()?;
    let purposes = values.iter().map(|value| value.with_tag(OBJECT_IDENTIFIER)?.object_identifier());
    purposes.collect::<Result<Vec<_>, _>>().map(Some)
}

/// Asks every certificate of a path for one purpose: nothing is stated, or any, or this one.
pub(super) struct Purpose(pub(super) &'static [u8]);

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, stated: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let (any, wanted) = (KeyPurposeId::new(ANY_PURPOSE), KeyPurposeId::new(self.0));
        let mut present = Vec::new();
        for purpose in stated {
            let purpose = purpose?;
            if purpose == any || purpose == wanted {
                return Ok(());
            }
            present.push(purpose.to_decoded_oid());
        }
        if present.is_empty() {
            return Ok(());
        }
        let required = KeyUsage::required_if_present(self.0);
        Err(webpki::Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext { required, present }))
    }
}

/// The purposes for which a signer's certificate is accepted (FORMAT §6), and their content octets.
///
/// id-kp-documentSigning (RFC 9336) is made for this; the others are what authorities issue to people and to teams that sign.
/// Not accepted: serverAuth, timeStamping, OCSPSigning, whose keys are held by machines for something else.
pub(super) const PURPOSES: [(ObjectIdentifier, &[u8]); 5] = [
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36"), &[0x2b, 6, 1, 5, 5, 7, 3, 36]),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"), &[0x2b, 6, 1, 5, 5, 7, 3, 4]),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3"), &[0x2b, 6, 1, 5, 5, 7, 3, 3]),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"), &[0x2b, 6, 1, 5, 5, 7, 3, 2]),
    (ObjectIdentifier::new_unwrap("2.5.29.37.0"), ANY_PURPOSE),
];
/// Content octets of anyExtendedKeyUsage (RFC 5280 §4.2.1.12).
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0];
/// digitalSignature and contentCommitment (RFC 5280 §4.2.1.3).
const SIGNING_BITS: [u32; 2] = [0, 1];
/// keyCertSign.
const KEY_CERT_SIGN: u32 = 5;
/// cRLSign.
const CRL_SIGN: u32 = 6;
/// What may be critical in a signer's certificate: it narrows nothing here, or is checked here or by webpki. Key usage, subject
/// alternative name, basic constraints, distribution points, extended key usage.
const UNDERSTOOD: [ObjectIdentifier; 5] = [
    KEY_USAGE,
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    BASIC_CONSTRAINTS,
    ObjectIdentifier::new_unwrap("2.5.29.31"),
    EXTENDED_KEY_USAGE,
];

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};

    use super::super::forge::Chain;
    use super::*;

    fn reasons(edit: impl FnOnce(&mut CertificateParams)) -> Vec<String> {
        SignerCertificates::from_pem(&Chain::with_signer(edit).pem()).expect("certificates").check_purpose()
    }

    #[test]
    fn a_certificate_that_states_nothing_may_sign() {
        assert_eq!(reasons(|_| ()), [""; 0]);
        assert_eq!(reasons(|params| params.key_usages.clear()), [""; 0]);
    }

    #[test]
    fn signing_or_commitment_must_be_among_the_stated_key_usages() {
        use KeyUsagePurpose::{ContentCommitment, DigitalSignature, KeyAgreement, KeyEncipherment};
        for good in [vec![DigitalSignature], vec![ContentCommitment], vec![KeyEncipherment, DigitalSignature]] {
            assert_eq!(reasons(|params| params.key_usages = good), [""; 0]);
        }
        let found = reasons(|params| params.key_usages = vec![KeyAgreement]);
        assert_eq!(found, ["its key usage has bits [4], neither digital signature nor content commitment"]);
    }

    #[test]
    fn an_accepted_purpose_must_be_among_the_stated_ones() {
        use ExtendedKeyUsagePurpose::{Any, ClientAuth, CodeSigning, EmailProtection, Other, ServerAuth, TimeStamping};
        let document_signing = Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]);
        for good in [Any, ClientAuth, CodeSigning, EmailProtection, document_signing] {
            assert_eq!(reasons(|params| params.extended_key_usages = vec![ServerAuth, good]), [""; 0]);
        }
        for (bad, oid) in [(ServerAuth, 1), (TimeStamping, 8)] {
            let found = reasons(|params| params.extended_key_usages = vec![bad]);
            assert_eq!(found, [format!("its purposes are 1.3.6.1.5.5.7.3.{oid} alone")]);
        }
    }

    #[test]
    fn an_authority_and_an_unknown_critical_extension_do_not_vouch() {
        let found = reasons(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
        assert_eq!(found, ["it is one of a certification authority"]);
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        assert_eq!(reasons(|params| params.custom_extensions.push(extension.clone())), [""; 0]);
        extension.set_criticality(true);
        let found = reasons(|params| params.custom_extensions.push(extension));
        assert_eq!(found, ["extension 1.2.3.4 is critical and unknown"]);
    }
}
