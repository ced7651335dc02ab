//! Where the service is and as whom it is asked: arguments and the environment's own variables.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::credential_choice::{CERTIFICATE, FEDERATED, Method, SECRET, Sights, choose, refuse_missing};
use super::error::CliError;
use super::out;
use super::passphrase::read_secret_file;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::crypto::secret::Secret;
use crate::format::genesis::Source;
use crate::keyring::client_certificate::{CertificateFiles, ClientCertificate};
use crate::source::auth::{Application, CertificateKey, Credential, ManagedIdentity};
use crate::source::cloud::{Cloud, Endpoints};

/// As whom, and over which TLS roots.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct CredentialArgs {
    /// How to show who asks. If left out, what is named by an argument, else in the order of Azure's own libraries: secret,
    /// certificate, federated token, managed identity, Azure CLI (narrowed by AZURE_TOKEN_CREDENTIALS)
    #[arg(long, value_enum, value_name = "METHOD")]
    pub auth: Option<Method>,
    /// The tenant's identifier or domain
    #[arg(long, env = "AZURE_TENANT_ID", value_name = "TENANT")]
    pub tenant_id: Option<String>,
    /// The application's identifier; for a managed identity, that of a user-assigned one
    #[arg(long, env = "AZURE_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// Read the application's secret from this file (its first line); else from AZURE_CLIENT_SECRET
    #[arg(long, value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,
    /// The application's certificate, with its key if that is in the same file (PEM or PKCS#12); else
    /// AZURE_CLIENT_CERTIFICATE_PATH
    #[arg(long, value_name = "FILE", conflicts_with = "client_secret_file")]
    pub client_certificate: Option<PathBuf>,
    /// The certificate's private key (PEM), if it is in a file of its own
    #[arg(long, value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// Read the password of certificate or key from this file (its first line); else from AZURE_CLIENT_CERTIFICATE_PASSWORD
    #[arg(long, value_name = "FILE")]
    pub client_certificate_password_file: Option<PathBuf>,
    /// Read another identity provider's token from this file, anew at every renewal; else AZURE_FEDERATED_TOKEN_FILE
    #[arg(long, value_name = "FILE", conflicts_with_all = ["client_secret_file", "client_certificate"])]
    pub federated_token_file: Option<PathBuf>,
    /// Trust this CA certificate (PEM) too, for a proxy that inspects TLS or for the simulator
    #[arg(long, value_name = "PEM")]
    pub tls_ca: Option<PathBuf>,
}

impl CredentialArgs {
    /// Gathers the application, with words for which credential is used, or says what is missing.
    pub(super) fn application(&self) -> Result<(Application, String), CliError> {
        let method = self.method()?;
        self.refuse_missing(method)?;
        let (credential, told) = match method {
            Method::AzureCli => (
                Credential::AzureCli,
                "whoever is logged in to the Azure CLI; its tokens cannot read Conditional Access, so those fields will be missing"
                    .to_owned(),
            ),
            Method::Certificate => self.certificate()?,
            Method::DeviceCode => (Credential::DeviceCode, "a person with a device code".to_owned()),
            Method::Federated => {
                let path = self.federated_token_file.clone().or_else(|| variable(FEDERATED).map(PathBuf::from));
                let path = path.ok_or_else(|| missing("federated token", FEDERATED, "--federated-token-file"))?;
                let told = format!("the federated token in `{}`", path.display());
                (Credential::FederatedToken(path), told)
            }
            Method::ManagedIdentity => self.managed_identity()?,
            Method::Secret => self.secret()?,
        };
        let (tenant, client_id) = self.names(method);
        let whose = match (&client_id, &tenant) {
            (Some(client_id), Some(tenant)) => format!(" of application {client_id} in tenant {tenant}"),
            (Some(client_id), None) => format!(" of application {client_id}"),
            (None, Some(tenant)) => format!(" in tenant {tenant}"),
            (None, None) => String::new(),
        };
        Ok((Application { tenant, client_id, credential }, format!("authentication{whose}: {told}")))
    }

    /// Names everything that the method needs and that is not there, before any of it is used.
    fn refuse_missing(&self, method: Method) -> Result<(), CliError> {
        let path = |given: &Option<PathBuf>| given.as_ref().map(|path| path.display().to_string());
        // The secret's value stays where it is; that there is one is all that counts here.
        let is_set = |name: &str| variable(name).map(|_| "set".to_owned());
        let credential = match method {
            Method::AzureCli | Method::ManagedIdentity => return Ok(()),
            Method::Certificate => Some((
                CERTIFICATE,
                "--client-certificate",
                path(&self.client_certificate).or_else(|| is_set(CERTIFICATE)),
            )),
            Method::DeviceCode => None,
            Method::Federated => {
                let given = path(&self.federated_token_file).or_else(|| is_set(FEDERATED));
                Some((FEDERATED, "--federated-token-file", given))
            }
            Method::Secret => {
                Some((SECRET, "--client-secret-file", path(&self.client_secret_file).or_else(|| is_set(SECRET))))
            }
        };
        let mut settings = vec![
            ("AZURE_TENANT_ID", "--tenant-id", self.tenant_id.as_deref()),
            ("AZURE_CLIENT_ID", "--client-id", self.client_id.as_deref()),
        ];
        // By itself it is told in the words of its kind, further on.
        let names_are_missing = settings.iter().any(|(_, _, value)| value.is_none_or(str::is_empty));
        settings.extend(
            credential
                .as_ref()
                .filter(|_| names_are_missing)
                .map(|(name, flag, value)| (*name, *flag, value.as_deref())),
        );
        refuse_missing(&settings)
    }

    fn method(&self) -> Result<Method, CliError> {
        let by_file = [
            (Method::Secret, self.client_secret_file.is_some()),
            (Method::Certificate, self.client_certificate.is_some()),
            (Method::Federated, self.federated_token_file.is_some()),
        ];
        let named = by_file.into_iter().find(|(_, is_given)| *is_given).map(|(method, _)| method);
        match (self.auth, named) {
            (Some(method), Some(named)) if method != named => {
                Err(CliError::request("--auth names one credential and a file another").hint("leave out one of them"))
            }
            (Some(method), _) | (None, Some(method)) => Ok(method),
            (None, None) => choose(self, self.tenant_id.as_deref(), self.client_id.as_deref()),
        }
    }

    /// Returns tenant and application, as far as they are given and the method takes them.
    fn names(&self, method: Method) -> (Option<String>, Option<String>) {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let (tenant, client_id) = (given(&self.tenant_id), given(&self.client_id));
        match method {
            Method::AzureCli => (tenant, None),
            Method::Certificate | Method::DeviceCode | Method::Federated | Method::ManagedIdentity | Method::Secret => {
                (tenant, client_id)
            }
        }
    }

    fn secret(&self) -> Result<(Credential, String), CliError> {
        let (secret, from) = match &self.client_secret_file {
            Some(path) => (read_secret_file(path)?, format!("`{}`", path.display())),
            None => (secret_variable(SECRET), SECRET.to_owned()),
        };
        if secret.is_empty() {
            return Err(missing("client secret", SECRET, "--client-secret-file"));
        }
        Ok((Credential::ClientSecret(secret), format!("the client secret in {from}")))
    }

    fn certificate(&self) -> Result<(Credential, String), CliError> {
        let path = self.client_certificate.clone().or_else(|| variable(CERTIFICATE).map(PathBuf::from));
        let path = path.ok_or_else(|| missing("client certificate", CERTIFICATE, "--client-certificate"))?;
        let password = match &self.client_certificate_password_file {
            Some(path) => read_secret_file(path)?,
            None => secret_variable(CERTIFICATE_PASSWORD),
        };
        let files = CertificateFiles { certificate: path.clone(), key: self.client_key.clone() };
        let certificate = ClientCertificate::load(&files, &password).map_err(CliError::of_client_certificate)?;
        if certificate.not_after() < SystemClock::start().now().to_datetime().timestamp() {
            out::talk("warning: the client certificate has expired; the token service may refuse it");
        }
        let send_chain =
            variable(SEND_CHAIN).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "1" | "true"));
        let told = format!("the client certificate in `{}`", path.display());
        Ok((Credential::Certificate { key: Arc::new(Key(certificate)), send_chain }, told))
    }

    fn managed_identity(&self) -> Result<(Credential, String), CliError> {
        let extra_roots = self.extra_roots()?;
        let header = secret_variable("IDENTITY_HEADER");
        let (identity, at) = match variable("IDENTITY_ENDPOINT") {
            Some(endpoint) if !header.is_empty() => (
                ManagedIdentity::app_service(&endpoint, header, extra_roots.as_deref())?,
                "IDENTITY_ENDPOINT".to_owned(),
            ),
            _ => (self.metadata_service()?, "the metadata service".to_owned()),
        };
        Ok((Credential::ManagedIdentity(identity), format!("the managed identity from {at}")))
    }

    /// The metadata service at its fixed address, or where Azure's own libraries are told to look for it.
    fn metadata_service(&self) -> Result<ManagedIdentity, CliError> {
        let host = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
        Ok(ManagedIdentity::imds(host.as_deref(), self.extra_roots()?.as_deref())?)
    }

    /// Reads the further roots.
    pub(super) fn extra_roots(&self) -> Result<Option<String>, CliError> {
        let Some(path) = &self.tls_ca else { return Ok(None) };
        let read = std::fs::read_to_string(path);
        read.map(Some).map_err(|error| {
            CliError::request(format!("cannot read the CA certificate `{}`: {error}", path.display()))
                .hint("check the path")
        })
    }
}

impl Sights for CredentialArgs {
    fn variable(&self, name: &str) -> Option<String> {
        variable(name)
    }

    fn metadata_service_answers(&self) -> bool {
        self.metadata_service().is_ok_and(|service| service.answers())
    }

    fn azure_cli_is_there(&self) -> bool {
        let name = if cfg!(windows) { "az.cmd" } else { "az" };
        std::env::var_os("PATH")
            .is_some_and(|paths| std::env::split_paths(&paths).any(|path| path.join(name).is_file()))
    }
}

/// A certificate's key as the token source wants it.
struct Key(ClientCertificate);

impl CertificateKey for Key {
    fn certificates(&self) -> &[Vec<u8>] {
        self.0.certificates()
    }

    fn sign_ps256(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        self.0.sign_ps256(message)
    }
}

/// Reads an environment variable; an empty one is none.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn secret_variable(name: &str) -> Secret {
    Secret::new(std::env::var(name).unwrap_or_default())
}

fn missing(what: &str, name: &str, flag: &str) -> CliError {
    CliError::request(format!("no {what}")).hint(format!("set {name} or name a file with {flag}"))
}

/// Where.
#[derive(Args, Clone, Debug)]
pub(super) struct EndpointArgs {
    /// The cloud: global, usgov, dod or china
    #[arg(long, default_value = "global")]
    pub cloud: Cloud,
    /// Another Graph; marks everything as simulated
    #[arg(long, value_name = "URL")]
    pub graph_url: Option<String>,
    /// Another token service; marks everything as simulated, unless it is the cloud's own. Else AZURE_AUTHORITY_HOST
    #[arg(long, value_name = "URL")]
    pub login_url: Option<String>,
}

impl EndpointArgs {
    /// Looks them up.
    pub(super) fn endpoints(&self) -> Result<Endpoints, CliError> {
        let authority = variable(AUTHORITY).filter(|_| self.login_url.is_none());
        // Azure's own libraries take it with and without a scheme.
        let authority = authority.map(|host| if host.contains("://") { host } else { format!("https://{host}") });
        let login_url = self.login_url.as_ref().or(authority.as_ref());
        let endpoints = Endpoints::new(self.cloud, self.graph_url.as_deref(), login_url.map(String::as_str))?;
        let elsewhere = Cloud::ALL.iter().find(|cloud| cloud.login_url() == endpoints.login_url);
        match elsewhere {
            Some(cloud) if authority.is_some() && endpoints.login_url != self.cloud.login_url() => {
                Err(CliError::request(format!(
                    "{AUTHORITY} names the token service of cloud `{cloud}`, --cloud says `{}`",
                    self.cloud
                ))
                .hint("name the cloud with --cloud, or unset the variable"))
            }
            _ => Ok(endpoints),
        }
    }
}

/// Finds the endpoints a plan was made for.
pub(super) fn planned_endpoints(source: &Source) -> Result<Endpoints, CliError> {
    let cloud: Cloud = source
        .cloud
        .parse()
        .map_err(|error: crate::source::cloud::UnknownCloud| CliError::request(error.to_string()))?;
    Ok(Endpoints::new(cloud, Some(&source.graph_url), Some(&source.login_url))?)
}

const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
/// Azure's own libraries send the chain when this is `1` or `true`.
const SEND_CHAIN: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
