//! How the service is reached, as far as the operator decides it: roots for TLS beside the platform's own, and a proxy.
//!
//! Both change what the certificates and addresses in page records mean, so both are signed into the plan (FORMAT §6.1). What is
//! said here is read from the same places that the HTTP library and the certificate loader read.

use std::collections::BTreeSet;
use std::path::Path;

use hyper_util::client::proxy::matcher::Matcher;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

use super::SourceError;
use super::cloud::is_local;
use crate::crypto::digest::CertificateDigest;

/// What stands between us and the service by the operator's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The roots that the operator added to the platform's own, ascending.
    pub extra_roots: Vec<CertificateDigest>,
    /// The proxy's address without user name and password.
    pub proxy: Option<String>,
}

impl Route {
    /// Finds out for `destination`. `extra_roots_pem` are roots the operator names; `roots_are_elsewhere` says that the environment
    /// names other files than the platform's for the rest.
    ///
    /// # Errors
    ///
    /// [`SourceError::Certificates`] when `extra_roots_pem` cannot be read.
    pub fn to(
        destination: &str,
        extra_roots_pem: Option<&str>,
        roots_are_elsewhere: bool,
    ) -> Result<Self, SourceError> {
        let mut named = BTreeSet::new();
        for certificate in CertificateDer::pem_slice_iter(extra_roots_pem.unwrap_or_default().as_bytes()) {
            let certificate = certificate.map_err(|error| SourceError::Certificates(error.to_string()))?;
            named.insert(CertificateDigest::of(&certificate));
        }
        let mut roots = BTreeSet::new();
        if roots_are_elsewhere {
            roots.extend(digests(&rustls_native_certs::load_native_certs().certs));
            for bundle in PLATFORM_BUNDLES.map(Path::new) {
                let own = rustls_native_certs::load_certs_from_paths(Some(bundle), None).certs;
                digests(&own).for_each(|digest| _ = roots.remove(&digest));
            }
        }
        // What the operator names is named, even if the platform has it too.
        roots.extend(named);
        Ok(Self { extra_roots: roots.into_iter().collect(), proxy: proxy(&Matcher::from_system(), destination) })
    }

    /// Says what of this route `planned` does not name: nothing when it is as planned, or more direct.
    #[must_use]
    pub fn beyond(&self, planned: &Self) -> Option<String> {
        let root = self.extra_roots.iter().find(|root| !planned.extra_roots.contains(root));
        let proxy = self.proxy.as_ref().filter(|_| self.proxy != planned.proxy);
        match (root, proxy) {
            (Some(root), _) => Some(format!("the root certificate {root}")),
            (None, Some(proxy)) => Some(format!("the proxy `{proxy}`")),
            (None, None) => None,
        }
    }
}

fn digests(certificates: &[CertificateDer<'_>]) -> impl Iterator<Item = CertificateDigest> {
    certificates.iter().map(|certificate| CertificateDigest::of(certificate))
}

/// The HTTP client leaves the proxy out for this machine and its link, whatever the environment says.
fn proxy(matcher: &Matcher, destination: &str) -> Option<String> {
    if Url::parse(destination).is_ok_and(|url| is_local(&url)) {
        return None;
    }
    let target = destination.parse().ok()?;
    let proxy = matcher.intercept(&target)?;
    let (scheme, authority) = (proxy.uri().scheme_str()?, proxy.uri().authority()?);
    let place = authority.as_str().rsplit('@').next().unwrap_or_default();
    Some(format!("{scheme}://{place}"))
}

/// Where the systems without a certificate service keep their own roots: Debian, Fedora, SUSE, Alpine and the BSDs, RHEL.
const PLATFORM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_password_and_only_where_it_is_used() {
        let matcher = Matcher::builder().https("http://user:secret@proxy.example:3128").no("direct.example").build();
        let named = |destination| proxy(&matcher, destination);
        assert_eq!(named("https://graph.example").as_deref(), Some("http://proxy.example:3128"));
        assert_eq!(named("https://direct.example"), None);
        assert_eq!(named("http://graph.example"), None);
        assert_eq!(named("https://localhost:8443"), None);
        assert_eq!(named("https://169.254.169.254"), None);
        let bare = Matcher::builder().all("proxy.example:8080").build();
        assert_eq!(proxy(&bare, "https://graph.example").as_deref(), Some("http://proxy.example:8080"));
    }

    #[test]
    fn a_more_direct_route_than_planned_is_no_contradiction() {
        let route = |roots: &[u8], proxy: Option<&str>| Route {
            extra_roots: roots.iter().map(|root| CertificateDigest::of(&[*root])).collect(),
            proxy: proxy.map(str::to_owned),
        };
        let planned = route(&[1, 2], Some("http://proxy.example:3128"));
        assert_eq!(route(&[2], None).beyond(&planned), None);
        assert_eq!(planned.beyond(&planned), None);
        assert!(route(&[3], None).beyond(&planned).unwrap().starts_with("the root certificate "));
        let other = route(&[], Some("http://other.example:3128")).beyond(&planned);
        assert_eq!(other.as_deref(), Some("the proxy `http://other.example:3128`"));
    }

    #[test]
    fn roots_that_the_operator_names_are_listed_once_in_order() {
        let make = || {
            let key = rcgen::KeyPair::generate().unwrap();
            rcgen::CertificateParams::default().self_signed(&key).unwrap()
        };
        let (one, other) = (make(), make());
        let pem = [one.pem(), other.pem(), one.pem()].concat();
        let mut expected = vec![CertificateDigest::of(one.der()), CertificateDigest::of(other.der())];
        expected.sort();
        assert_eq!(Route::to("https://localhost", Some(&pem), false).unwrap().extra_roots, expected);
        assert_eq!(Route::to("https://localhost", None, false).unwrap().extra_roots, []);
    }
}
