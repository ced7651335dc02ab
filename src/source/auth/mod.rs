//! Tokens from the Microsoft identity platform (OAuth 2.0, RFC 6749), kept in memory only.
//!
//! One file for each way to show who asks; [`token`] keeps what they bring and renews it. This room reads no file, rolls no dice
//! and talks to nobody: what it needs of the machine comes in through [`Machine`] and [`CertificateKey`]. Tokens, secrets and
//! assertions are wiped when dropped, and what a service says is searched for them before it is repeated.
//!
//! Continuous access evaluation: a claims challenge is answered, but the capability `cp1` is not declared. It would bring
//! tokens of a day instead of an hour, worth more to a thief and nothing to us, who renew anyway.

mod answer;
mod azure_cli;
mod certificate;
mod claims;
mod client_secret;
mod device_code;
mod federated_token;
mod managed_identity;
#[cfg(test)]
mod tests;
mod token;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use azure_cli::AZURE_CLI_CLIENT_ID;
pub use managed_identity::ManagedIdentity;
pub use token::TokenSource;

use crate::collect::{Clock, Pace};
use crate::crypto::secret::Secret;

/// How an application, or the person who uses it, shows who it is.
pub enum Credential {
    /// Whoever is logged in to the Azure CLI.
    AzureCli,
    /// An assertion signed with the key of a registered certificate (RFC 7523).
    Certificate {
        /// Certificate and key.
        key: Arc<dyn CertificateKey>,
        /// Whether the certificates go along, for applications that trust an issuer and a name.
        send_chain: bool,
    },
    /// A client secret.
    ClientSecret(Secret),
    /// A person at a browser (RFC 8628).
    DeviceCode,
    /// Another identity provider's assertion, read from this file at every renewal.
    FederatedToken(PathBuf),
    /// The machine's own identity.
    ManagedIdentity(ManagedIdentity),
}

impl Credential {
    /// Returns the name of the method, as it stands in genesis.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::AzureCli => "azure-cli",
            Self::Certificate { .. } => "client-certificate",
            Self::ClientSecret(_) => "client-secret",
            Self::DeviceCode => "device-code",
            Self::FederatedToken(_) => "federated-token",
            Self::ManagedIdentity(_) => "managed-identity",
        }
    }
}

/// An application in a tenant.
pub struct Application {
    /// The tenant's identifier or domain, where it was named.
    pub tenant: Option<String>,
    /// The application's identifier, where it was named.
    pub client_id: Option<String>,
    /// How it shows who it is.
    pub credential: Credential,
}

/// A registered certificate and its private key, wherever that lies.
pub trait CertificateKey: Send + Sync {
    /// Returns the certificates in DER; the first is the key's own.
    fn certificates(&self) -> &[Vec<u8>];

    /// Signs with RSASSA-PSS, SHA-256 and a salt of 32 bytes (RFC 7518 §3.5, `PS256`).
    ///
    /// # Errors
    ///
    /// In words, when the key or the system's random numbers fail.
    fn sign_ps256(&self, message: &[u8]) -> Result<Vec<u8>, String>;
}

/// What is needed of the machine.
pub trait Machine: Send + Sync {
    /// Returns random bytes fit for an identifier that nobody can guess.
    ///
    /// # Errors
    ///
    /// In words, when the system has none to give.
    fn random(&self) -> Result<[u8; 16], String>;

    /// Reads the first line of a small file that holds a secret.
    ///
    /// # Errors
    ///
    /// In words, when it cannot be read.
    fn read_secret(&self, path: &Path) -> Result<Secret, String>;

    /// Tells the person who runs this something, now. The text may come from outside.
    fn tell(&self, text: &str);
}

/// What surrounds a [`TokenSource`].
#[derive(Clone)]
pub struct Surroundings {
    /// The clocks; the monotonic one is the one by which requests are timed.
    pub clock: Arc<dyn Clock>,
    /// Files, dice, and the person.
    pub machine: Arc<dyn Machine>,
    /// Waiting, and its end when the session is cancelled.
    pub pace: Arc<dyn Pace + Send>,
}
