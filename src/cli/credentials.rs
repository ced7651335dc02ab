//! Where the service is and as whom it is asked: arguments and the environment's own variables.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::passphrase::read_secret_file;
use crate::crypto::secret::Secret;
use crate::format::genesis::Source;
use crate::source::auth::{Application, Credential};
use crate::source::cloud::{Cloud, Endpoints};

/// As whom, and over which TLS roots.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct CredentialArgs {
    /// The tenant's identifier or domain
    #[arg(long, env = "AZURE_TENANT_ID", value_name = "TENANT")]
    pub tenant_id: Option<String>,
    /// The application's identifier
    #[arg(long, env = "AZURE_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// Read the application's secret from this file (its first line); else from AZURE_CLIENT_SECRET
    #[arg(long, value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,
    /// Trust this CA certificate (PEM) too, for a proxy that inspects TLS or for the simulator
    #[arg(long, value_name = "PEM")]
    pub tls_ca: Option<PathBuf>,
}

impl CredentialArgs {
    /// Gathers the application, or says what is missing.
    pub(super) fn application(&self) -> Result<Application, CliError> {
        let given = |value: &Option<String>, name: &str, flag: &str| match value {
            Some(value) if !value.is_empty() => Ok(value.clone()),
            _ => Err(CliError::request(format!("`{name}` is not set")).hint(format!("set {name} or give {flag}"))),
        };
        let tenant = given(&self.tenant_id, "AZURE_TENANT_ID", "--tenant-id")?;
        let client_id = given(&self.client_id, "AZURE_CLIENT_ID", "--client-id")?;
        let secret = match &self.client_secret_file {
            Some(path) => read_secret_file(path)?,
            None => Secret::new(std::env::var("AZURE_CLIENT_SECRET").unwrap_or_default()),
        };
        if secret.is_empty() {
            return Err(CliError::request("no client secret")
                .hint("set AZURE_CLIENT_SECRET or name a file with --client-secret-file"));
        }
        Ok(Application { tenant, client_id, credential: Credential::ClientSecret(secret) })
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

/// Where.
#[derive(Args, Clone, Debug)]
pub(super) struct EndpointArgs {
    /// The cloud: global, usgov, dod or china
    #[arg(long, default_value = "global")]
    pub cloud: Cloud,
    /// Another Graph; marks everything as simulated
    #[arg(long, value_name = "URL")]
    pub graph_url: Option<String>,
    /// Another token service; marks everything as simulated
    #[arg(long, value_name = "URL")]
    pub login_url: Option<String>,
}

impl EndpointArgs {
    /// Looks them up.
    pub(super) fn endpoints(&self) -> Result<Endpoints, CliError> {
        Ok(Endpoints::new(self.cloud, self.graph_url.as_deref(), self.login_url.as_deref())?)
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
