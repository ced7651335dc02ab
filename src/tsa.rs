//! HTTP to time stamp authorities (RFC 3161 §3.4).
//!
//! A refusal travels as HTTP 200, so the answer itself is looked at: it must be granted, and answer this very request. Whether the
//! authority is to be trusted is the verifier's question, not ours. What leaves this machine is a digest, and with it when and from
//! where something was sealed.

use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::runtime::Runtime;
use url::{Host, Url};

use crate::crypto::timestamp::{self, Imprint, MAX_RESPONSE_LEN, nonce_for};
use crate::seal::TimestampAuthority;

/// Authorities on the net.
pub struct TsaClient {
    extra_roots_pem: Option<String>,
    runtime: Runtime,
}

impl TsaClient {
    /// Makes a client that trusts the system's roots and those in `extra_roots_pem` for HTTPS to an authority.
    ///
    /// # Errors
    ///
    /// In words, when the system refuses threads.
    pub fn new(extra_roots_pem: Option<&str>) -> Result<Self, String> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        Ok(Self { extra_roots_pem: extra_roots_pem.map(str::to_owned), runtime })
    }

    /// Asks the authority at `url` for a token over `imprint`, by whichever algorithm it is, and returns its answer as received.
    ///
    /// # Errors
    ///
    /// In words, when it cannot be reached, refuses, or answers with anything but a sound token over `imprint`.
    pub fn stamp_imprint(&self, url: &str, imprint: Imprint<'_>) -> Result<Vec<u8>, String> {
        let target = Url::parse(url).map_err(|error| error.to_string())?;
        let answer = self.runtime.block_on(self.post(target, timestamp::request(imprint)))?;
        let token = timestamp::parse_response(&answer).map_err(|fault| fault.to_string())?;
        match token.check(imprint, Some(nonce_for(imprint)), None).first() {
            None => Ok(answer),
            Some(fault) => Err(fault.to_string()),
        }
    }

    /// Stamps are rare, so each gets a client of its own: through the environment's proxy, but for this machine itself.
    fn client(&self, target: &Url) -> Result<reqwest::Client, String> {
        let tls = tls_config(self.extra_roots_pem.as_deref())?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::limited(3))
            .timeout(TIMEOUT)
            .user_agent(concat!("signhold/", env!("CARGO_PKG_VERSION")));
        if is_local(target) {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| error.to_string())
    }

    /// Fetches a file of at most `max_byte_len` bytes, such as a revocation list.
    ///
    /// # Errors
    ///
    /// In words, when it cannot be had.
    pub fn fetch(&self, url: &str, max_byte_len: usize) -> Result<Vec<u8>, String> {
        let target = Url::parse(url).map_err(|error| error.to_string())?;
        let request = self.client(&target)?.get(target);
        self.runtime.block_on(answer(request, max_byte_len))
    }

    async fn post(&self, url: Url, query: Vec<u8>) -> Result<Vec<u8>, String> {
        let request = self.client(&url)?.post(url).header("content-type", "application/timestamp-query").body(query);
        answer(request, MAX_RESPONSE_LEN).await
    }
}

impl TimestampAuthority for TsaClient {
    fn stamp(&self, url: &str, imprint: &[u8; 32]) -> Result<Vec<u8>, String> {
        self.stamp_imprint(url, imprint.into())
    }
}

async fn answer(request: reqwest::RequestBuilder, max_byte_len: usize) -> Result<Vec<u8>, String> {
    let mut response = request.send().await.map_err(|error| words(&error))?;
    if !response.status().is_success() {
        return Err(format!("it answers with status {}", response.status().as_u16()));
    }
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| words(&error))? {
        answer.extend_from_slice(&chunk);
        if answer.len() > max_byte_len {
            return Err(format!("its answer is longer than {max_byte_len} bytes"));
        }
    }
    Ok(answer)
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn tls_config(extra_roots_pem: Option<&str>) -> Result<rustls::ClientConfig, String> {
    use rustls::pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in rustls::pki_types::CertificateDer::pem_slice_iter(extra_roots_pem.unwrap_or_default().as_bytes())
    {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(config.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth())
}

fn words(error: &reqwest::Error) -> String {
    let mut text = String::from("it cannot be reached");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Authorities answer in seconds; some ask for fifteen between two requests.
const TIMEOUT: Duration = Duration::from_mins(1);
