//! Why a path of certificates ended, in words.
//!
//! `rustls-webpki` names its reasons as a program does; a report is read by people, years later, who have no source of it at hand.

/// Says in words why there is no path.
pub(super) fn words(problem: &webpki::Error) -> &'static str {
    use webpki::Error as E;
    match problem {
        E::BadDer | E::BadDerTime | E::TrailingData(_) | E::MalformedExtensions => {
            "a certificate is not the DER it must be"
        }
        E::CaUsedAsEndEntity => "the signer's certificate belongs to a certification authority",
        E::CertDistrusted => "a certificate is distrusted",
        E::CertExpired { .. } => "a certificate had expired",
        E::CertNotValidYet { .. } => "a certificate was not yet valid",
        E::CertRevoked => "a certificate is revoked",
        E::EmptyEkuExtension | E::RequiredEkuNotFoundContext(_) => "a certificate is for another purpose",
        E::EndEntityUsedAsCa => "an intermediate certificate does not belong to a certification authority",
        E::ExtensionValueInvalid => "a certificate has an extension that cannot be read",
        E::InvalidCertValidity => "a certificate's validity ends before it begins",
        E::InvalidSerialNumber => "a certificate's serial number is not one",
        E::InvalidSignatureForPublicKey => "a certificate is not signed by the one above it",
        E::MaximumNameConstraintComparisonsExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded => "the search for a path took too many steps",
        E::NameConstraintViolation | E::MalformedNameConstraint | E::InvalidNetworkMaskConstraint => {
            "a name lies outside what a certification authority may certify"
        }
        E::PathLenConstraintViolated => "the path is longer than a certification authority on it allows",
        E::SignatureAlgorithmMismatch => "a certificate names two signature algorithms",
        E::UnknownIssuer => "no certificate leads to a root",
        E::UnsupportedCertVersion => "a certificate is not of version 3",
        E::UnsupportedCriticalExtension => "a certificate has a critical extension that is not known here",
        E::UnsupportedSignatureAlgorithmContext(_) | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "a certificate is signed with an algorithm that is not accepted"
        }
        _ => "a rule for paths of certificates (RFC 5280, section 6) is broken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reason_is_a_programs_name() {
        for problem in
            [webpki::Error::UnknownIssuer, webpki::Error::InvalidSignatureForPublicKey, webpki::Error::CertRevoked]
        {
            let words = words(&problem);
            assert!(words.contains(' ') && !words.contains(&format!("{problem:?}")), "{words}");
        }
    }
}
