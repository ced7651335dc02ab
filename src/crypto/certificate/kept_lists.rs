//! The revocation lists that a package brings along for its time stamps (FORMAT §11.2): as their issuers published them when it was sealed.
//!
//! A list speaks for itself by its issuer's signature, so it makes no difference who kept it. One set of lists has one text: PEM blocks of
//! RFC 7468's strict form with LF, back to back. What is read is written again and compared.

use pkcs8::der::pem::{self, LineEnding};
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::CrlDistributionPoints;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};

use super::revocation::RevocationList;

/// Revocation lists and their one text.
#[derive(Clone, Debug)]
pub struct KeptLists {
    lists: Vec<RevocationList>,
}

/// Why a text holds no revocation lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeptListsError {
    /// A list cannot be read.
    #[error("revocation list {0} cannot be read")]
    Malformed(usize),
    /// The text holds none.
    #[error("no revocation list between `-----BEGIN X509 CRL-----` lines")]
    None,
    /// The same lists have another text.
    #[error("not in the one form: PEM blocks of 64 columns with LF, back to back, and nothing else")]
    OtherForm,
}

impl KeptLists {
    /// Takes lists that were fetched; none where there are none.
    #[must_use]
    pub fn new(lists: Vec<RevocationList>) -> Option<Self> {
        (!lists.is_empty()).then_some(Self { lists })
    }

    /// Reads the file of a package, exactly as [`KeptLists::to_pem`] writes it.
    ///
    /// # Errors
    ///
    /// [`KeptListsError`].
    pub fn from_pem(text: &str) -> Result<Self, KeptListsError> {
        let mut lists = Vec::new();
        for (number, list) in (1..).zip(CertificateRevocationListDer::pem_slice_iter(text.as_bytes())) {
            let list = list.ok().and_then(|list| RevocationList::from_der(list.to_vec()));
            lists.push(list.ok_or(KeptListsError::Malformed(number))?);
        }
        let kept = Self::new(lists).ok_or(KeptListsError::None)?;
        if kept.to_pem() == text { Ok(kept) } else { Err(KeptListsError::OtherForm) }
    }

    /// Returns the one text of these lists.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let block =
            |list: &RevocationList| pem::encode_string("X509 CRL", LineEnding::LF, list.encoding()).unwrap_or_default();
        self.lists.iter().map(block).collect()
    }

    /// Returns the lists.
    #[must_use]
    pub fn lists(&self) -> &[RevocationList] {
        &self.lists
    }
}

/// Returns the addresses by HTTP at which a certificate says that lists about it are (RFC 5280 §4.2.1.13); none where it says nothing, or
/// cannot be read.
#[must_use]
pub fn list_addresses(certificate: &[u8]) -> Vec<String> {
    let Ok(certificate) = Certificate::from_der(certificate) else { return Vec::new() };
    let Ok(Some((_, points))) = certificate.tbs_certificate().get_extension::<CrlDistributionPoints>() else {
        return Vec::new();
    };
    let names = points.0.into_iter().filter_map(|point| match point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        _ => None,
    });
    let address = |name: GeneralName| match name {
        GeneralName::UniformResourceIdentifier(address) => Some(address.as_str().to_owned()),
        _ => None,
    };
    let addresses = names.flatten().filter_map(address);
    addresses.filter(|address| address.starts_with("http://") || address.starts_with("https://")).collect()
}
