//! One HTTP exchange, written down: headers as they came, the body before content decoding, the peer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use tokio::runtime::Runtime;
use url::Url;

use super::SourceError;
use super::cloud::is_local;
use super::tls::{PeerMemory, client_config};
use crate::collect::{Answer, Trouble};
use crate::format::failure::FailureReason;
use crate::format::parts::{Pair, Response};

/// A client with connections kept open, callable from many threads.
pub struct HttpClient {
    client: Client,
    memory: PeerMemory,
    runtime: Runtime,
    last_byte_len: AtomicUsize,
}

/// What an HTTP client needs to know.
#[derive(Clone, Copy, Debug)]
pub struct HttpSettings<'a> {
    /// Further roots to trust, in PEM.
    pub extra_roots_pem: Option<&'a str>,
    /// How long an answer may take as a whole.
    pub timeout: Duration,
    /// Where it will mostly connect to; a proxy from the environment is left out for this machine itself and its link.
    pub destination: &'a str,
}

impl HttpClient {
    /// Makes a client.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when there are no roots to trust or the system refuses threads.
    pub fn new(settings: HttpSettings<'_>) -> Result<Self, SourceError> {
        let memory = PeerMemory::default();
        let tls = client_config(settings.extra_roots_pem, &memory)?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .tls_info(true)
            .redirect(Policy::none())
            .timeout(settings.timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(USER_AGENT);
        if Url::parse(settings.destination).is_ok_and(|url| is_local(&url)) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| SourceError::Client(words(&error)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| SourceError::Client(error.to_string()))?;
        Ok(Self { client, memory, runtime, last_byte_len: AtomicUsize::new(0) })
    }

    /// Begins a request.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request and returns whatever comes, `max_byte_len` of body at most.
    #[must_use]
    pub fn exchange(&self, request: RequestBuilder, max_byte_len: u64) -> Answer {
        self.runtime.block_on(self.exchange_async(request, max_byte_len))
    }

    async fn exchange_async(&self, request: RequestBuilder, max_byte_len: u64) -> Answer {
        let mut answer = Answer { sent_headers: Vec::new(), response: None, body: Vec::new(), trouble: None };
        let max_byte_len = usize::try_from(max_byte_len).unwrap_or(usize::MAX);
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                answer.trouble = Some(trouble(&error, FailureReason::Transport));
                return answer;
            }
        };
        answer.response = Some(self.describe(&response));
        answer.body.reserve_exact(self.expected_byte_len(response.content_length(), max_byte_len));
        loop {
            match response.chunk().await {
                Ok(None) => {
                    self.last_byte_len.store(answer.body.len(), Ordering::Relaxed);
                    return answer;
                }
                Ok(Some(chunk)) if answer.body.len() + chunk.len() > max_byte_len => {
                    let detail = format!("the body is longer than {max_byte_len} bytes");
                    answer.trouble = Some(Trouble { reason: FailureReason::BodyTooLong, detail });
                    return answer;
                }
                Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
                Err(error) => {
                    answer.trouble = Some(trouble(&error, FailureReason::BodyCut));
                    return answer;
                }
            }
        }
    }

    /// Foresees how long a body will be: as long as is announced, else somewhat longer than the last. A body that grows by doubling
    /// is copied as often, and leaves half of its room unused.
    fn expected_byte_len(&self, announced: Option<u64>, max_byte_len: usize) -> usize {
        let announced = announced.and_then(|byte_len| usize::try_from(byte_len).ok());
        let last = self.last_byte_len.load(Ordering::Relaxed);
        announced.unwrap_or(last + last / 16).min(max_byte_len)
    }

    fn describe(&self, response: &reqwest::Response) -> Response {
        let version = match response.version() {
            reqwest::Version::HTTP_10 => "HTTP/1.0",
            reqwest::Version::HTTP_11 => "HTTP/1.1",
            reqwest::Version::HTTP_2 => "HTTP/2",
            // Neither HTTP/0.9 nor HTTP/3 is built in; a verifier refuses the word (FORMAT §6.2).
            _ => "unknown",
        };
        let leaf = response.extensions().get::<reqwest::tls::TlsInfo>().and_then(|info| info.peer_certificate());
        Response {
            status: response.status().as_u16(),
            version: version.to_owned(),
            headers: response.headers().iter().map(|(name, value)| pair(name.as_str(), value.as_bytes())).collect(),
            remote_address: response.remote_addr().map(|address| address.to_string()),
            tls: leaf
                .and_then(|leaf| self.memory.recall(leaf))
                .or_else(|| response.url().host_str().and_then(|host| self.memory.recall_host(host))),
        }
    }
}

/// Puts an error and what caused it in words, without the URL, which may be long and is known.
pub(super) fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

fn trouble(error: &reqwest::Error, otherwise: FailureReason) -> Trouble {
    let reason = if error.is_timeout() { FailureReason::Timeout } else { otherwise };
    let source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    Trouble { reason, detail: source.map_or_else(|| error.to_string(), words) }
}

/// Header values are bytes; each becomes the character of that number, so none is lost (FORMAT §6).
fn pair(name: &str, value: &[u8]) -> Pair {
    (name.to_owned(), value.iter().copied().map(char::from).collect())
}

const USER_AGENT: &str = concat!("signhold/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
