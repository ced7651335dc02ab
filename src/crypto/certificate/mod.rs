//! Certificates of signers: whose key it is that signed, by the word of an authority the reader trusts (RFC 5280, RFC 8410).
//!
//! * [`SignerCertificates`] is what a package may bring: the certificate of the key that signed, then intermediates;
//! * [`Authority`] and [`trusted_from_pem`] are what the reader brings: nothing in a package can add to it;
//! * [`RevocationList`] is a list the reader brings, held against every certificate of a path.
//!
//! Separate from `timestamp`, whose rules for who may sign are others. Paths are `rustls-webpki`'s; what it does not ask (key
//! usage of authorities, purposes of a signer of documents, the dates of revocations) is asked here. No file, no clock: the
//! instant at which all of it must have held is an argument.

#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)
)]

mod authority;
mod bundle;
#[cfg(test)]
mod forge;
mod kept_lists;
mod path;
mod purpose;
mod revocation;

pub use authority::{Authority, Trusted, TrustedError, trusted_from_pem};
pub use bundle::{CertificateFileError, SignerCertificates};
pub use kept_lists::{KeptLists, KeptListsError, list_addresses};
pub use path::{PathFault, SignerPath, standing};
pub use revocation::{Revocation, RevocationList, RevocationListError};
