//! The machine's own identity: from the instance metadata service (IMDS) of a virtual machine, or from App Service's endpoint.
//!
//! Both are plain HTTP within the machine or its link, never through a proxy. Neither takes a claims challenge: a new token is
//! asked for as ever, and a second refusal by the log service ends the session.

use std::time::Duration;

use reqwest::Method;
use url::Url;

use super::super::SourceError;
use super::super::cloud::is_local;
use super::super::http::{HttpClient, HttpSettings};
use super::answer::{Asker, NoToken, Obtained, read_token};
use crate::collect::Clock;
use crate::crypto::secret::Secret;

/// Which endpoint, and a client of its own that uses no proxy.
pub struct ManagedIdentity {
    address: Url,
    header: Option<Secret>,
    http: HttpClient,
}

impl ManagedIdentity {
    /// Names the metadata service at `host`, or at its fixed address.
    ///
    /// # Errors
    ///
    /// [`SourceError::Address`] for a host that is none or not local; as [`HttpClient::new`].
    pub fn imds(host: Option<&str>, extra_roots_pem: Option<&str>) -> Result<Self, SourceError> {
        let root = host.unwrap_or(IMDS_HOST).trim_end_matches('/');
        Self::at(&format!("{root}{IMDS_PATH}"), IMDS_VERSION, None, extra_roots_pem)
    }

    /// Names App Service's endpoint and the header value that it demands (`IDENTITY_ENDPOINT`, `IDENTITY_HEADER`).
    ///
    /// # Errors
    ///
    /// As [`ManagedIdentity::imds`].
    pub fn app_service(endpoint: &str, header: Secret, extra_roots_pem: Option<&str>) -> Result<Self, SourceError> {
        Self::at(endpoint, APP_SERVICE_VERSION, Some(header), extra_roots_pem)
    }

    /// Says whether anything answers there, within a second: what Azure's own libraries do before they try.
    #[must_use]
    pub fn answers(&self) -> bool {
        // Without the `Metadata` header the service answers with an error at once, and that is answer enough.
        let request = self.http.request(Method::GET, self.address.clone()).timeout(PROBE_TIMEOUT);
        self.http.exchange(request, MAX_PROBE_BYTE_LEN).response.is_some()
    }

    fn at(
        address: &str,
        version: &str,
        header: Option<Secret>,
        extra_roots_pem: Option<&str>,
    ) -> Result<Self, SourceError> {
        let refused = |reason: &str| SourceError::Address { url: address.to_owned(), reason: reason.to_owned() };
        let mut url = Url::parse(address).map_err(|error| refused(&error.to_string()))?;
        match url.scheme() {
            "https" => {}
            "http" if is_local(&url) => {}
            _ => return Err(refused("a managed identity is asked for on this machine or its link only")),
        }
        url.query_pairs_mut().append_pair("api-version", version);
        let settings = HttpSettings { extra_roots_pem, timeout: TIMEOUT, destination: address };
        Ok(Self { header, http: HttpClient::new(settings)?, address: url })
    }

    pub(super) fn obtain(
        &self,
        resource: &str,
        client_id: Option<&str>,
        clock: &dyn Clock,
    ) -> Result<Obtained, NoToken> {
        let mut url = self.address.clone();
        url.query_pairs_mut().append_pair("resource", resource);
        if let Some(client_id) = client_id {
            url.query_pairs_mut().append_pair("client_id", client_id);
        }
        let mut request = self.http.request(Method::GET, url.clone());
        let mut hidden = Vec::new();
        match &self.header {
            None => request = request.header("metadata", "true"),
            Some(header) => {
                let mut value = reqwest::header::HeaderValue::from_str(header.expose_secret())
                    .map_err(|_| NoToken::here(url.as_str(), "IDENTITY_HEADER cannot stand in a header"))?;
                value.set_sensitive(true);
                request = request.header("x-identity-header", value);
                hidden.push(header.clone());
            }
        }
        let (body, _) = Asker { http: &self.http, clock }.send(&url, request, &hidden, &PASSING_STATUSES)?;
        read_token(&url, &body, clock)
    }
}

/// The one address of the metadata service in every cloud.
const IMDS_HOST: &str = "http://169.254.169.254";
const IMDS_PATH: &str = "/metadata/identity/oauth2/token";
const IMDS_VERSION: &str = "2018-02-01";
const APP_SERVICE_VERSION: &str = "2019-08-01";
/// The metadata service's words for "being updated, ask again"; 429 and 5xx are passing everywhere.
const PASSING_STATUSES: [u16; 2] = [404, 410];
const TIMEOUT: Duration = Duration::from_mins(1);
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_PROBE_BYTE_LEN: u64 = 64 << 10;
