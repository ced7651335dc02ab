//! Microsoft Graph as a log source.

use reqwest::Method;
use url::Url;

use super::SourceError;
use super::auth::TokenSource;
use super::cloud::Endpoints;
use super::http::HttpClient;
use crate::collect::{Answer, LogSource, NoToken, Trouble};
use crate::format::failure::FailureReason;
use crate::format::limits::PAGE_BYTES;
use crate::format::parts::Pair;

/// Graph, asked as one application.
pub struct GraphSource<'a> {
    http: &'a HttpClient,
    tokens: &'a TokenSource,
    root: Url,
}

impl<'a> GraphSource<'a> {
    /// Names the service.
    ///
    /// # Errors
    ///
    /// [`SourceError::Address`] when its root is no address.
    pub fn new(http: &'a HttpClient, tokens: &'a TokenSource, endpoints: &Endpoints) -> Result<Self, SourceError> {
        let refused = |error: url::ParseError| SourceError::Address {
            url: endpoints.graph_url.clone(),
            reason: error.to_string(),
        };
        Ok(Self { http, tokens, root: Url::parse(&endpoints.graph_url).map_err(refused)? })
    }

    fn target(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if !self.serves(text) {
            return Err("it leads away from the service".to_owned());
        }
        // The address goes out as the URL standard writes it. Where that differs from what the service wrote, saying that it
        // was sent verbatim would be a lie.
        if url.as_str() != text {
            return Err(format!("it cannot be sent byte for byte: it would go out as `{url}`"));
        }
        Ok(url)
    }
}

impl LogSource for GraphSource<'_> {
    fn get(&self, url: &str, client_request_id: &str) -> Answer {
        let failed = |reason, detail| Answer {
            sent_headers: Vec::new(),
            response: None,
            body: Vec::new(),
            trouble: Some(Trouble { reason, detail }),
        };
        let target = match self.target(url) {
            Ok(target) => target,
            Err(why) => return failed(FailureReason::Transport, format!("the address was not asked: {why}")),
        };
        let token = match self.tokens.token(self.http) {
            Ok(token) => token,
            Err(error) => return failed(FailureReason::Transport, error.to_string()),
        };
        let sent_headers: Vec<Pair> = [
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("client-request-id", client_request_id),
            ("prefer", "include-unknown-enum-members"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let mut request = self.http.request(Method::GET, target).bearer_auth(token.expose_secret());
        for (name, value) in &sent_headers {
            request = request.header(name, value);
        }
        let mut answer = self.http.exchange(request, PAGE_BYTES);
        answer.sent_headers = sent_headers;
        answer
    }

    fn authorize(&self) -> Result<(), NoToken> {
        self.tokens.token(self.http).map(|_| ()).map_err(NoToken::from)
    }

    fn renew(&self, began_us: u64, claims: Option<&str>) -> Result<(), NoToken> {
        self.tokens.renew(self.http, began_us, claims).map_err(NoToken::from)
    }

    fn serves(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        let same_origin = url.scheme() == self.root.scheme()
            && url.host() == self.root.host()
            && url.port_or_known_default() == self.root.port_or_known_default();
        let root_path = self.root.path().trim_end_matches('/');
        let below = url.path().strip_prefix(root_path).unwrap_or_default().to_ascii_lowercase();
        let in_log = ["/beta/auditlogs/", "/v1.0/auditlogs/", "/v1.0/identityprotection/"]
            .iter()
            .any(|prefix| below.starts_with(prefix));
        same_origin && in_log && url.username().is_empty() && url.password().is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::auth::{Application, Credential, Machine, Surroundings};
    use super::super::cloud::Cloud;
    use super::super::http::HttpSettings;
    use super::super::responder::{Responder, ok};
    use super::*;
    use crate::collect::{Clock, Pace};
    use crate::crypto::secret::Secret;
    use crate::time::LocalTime;

    /// A world in which nothing moves and nobody waits.
    struct Still;

    impl Clock for Still {
        fn now(&self) -> LocalTime {
            "2026-11-22T00:00:00.000Z".parse().unwrap()
        }

        fn monotonic_us(&self) -> u64 {
            0
        }
    }

    impl Pace for Still {
        fn turn(&self) -> bool {
            true
        }

        fn hold(&self, _: Duration) {}

        fn pause(&self, _: Duration) -> bool {
            true
        }

        fn is_cancelled(&self) -> bool {
            false
        }
    }

    impl Machine for Still {
        fn random(&self) -> Result<[u8; 16], String> {
            Err("not asked".to_owned())
        }

        fn read_secret(&self, _: &std::path::Path) -> Result<Secret, String> {
            Err("not asked".to_owned())
        }

        fn tell(&self, _: &str) {}
    }

    #[test]
    fn the_token_goes_to_the_service_and_nowhere_else() {
        let stranger = Responder::start(|_, _| ok("{}"));
        let elsewhere = format!("{}/beta/auditLogs/signIns", stranger.url());
        let graph = Responder::start(move |seen, _| match seen.target.rsplit('/').next().unwrap_or_default() {
            "signIns" => ok(r#"{"value":[]}"#),
            status => (status.parse().unwrap(), vec![("location", elsewhere.clone())], String::new()),
        });
        let login = Responder::start(|_, _| ok(r#"{"expires_in":3600,"access_token":"t0ken"}"#));
        let endpoints = Endpoints::new(Cloud::Global, Some(&graph.url()), Some(&login.url())).unwrap();
        let settings =
            HttpSettings { extra_roots_pem: None, timeout: Duration::from_secs(10), destination: &graph.url() };
        let http = HttpClient::new(settings).unwrap();
        let application = Application {
            tenant: Some("t".to_owned()),
            client_id: Some("c".to_owned()),
            credential: Credential::ClientSecret(Secret::new("s".to_owned())),
        };
        let surroundings = Surroundings { clock: Arc::new(Still), machine: Arc::new(Still), pace: Arc::new(Still) };
        let tokens = TokenSource::new(application, &endpoints, surroundings).unwrap();
        let source = GraphSource::new(&http, &tokens, &endpoints).unwrap();

        let root = graph.url();
        assert_eq!(source.get(&format!("{root}/beta/auditLogs/signIns"), "id").response.unwrap().status, 200);
        assert_eq!(graph.seen()[0].header("authorization"), Some("Bearer t0ken"));
        for status in [301, 302, 303, 307, 308] {
            let answer = source.get(&format!("{root}/beta/auditLogs/{status}"), "id");
            assert_eq!(answer.response.unwrap().status, status, "a redirect is an answer and is not followed");
        }
        let asked = graph.seen().len();
        for url in [
            format!("{}/beta/auditLogs/signIns", stranger.url()),
            root.replace("http://", "https://") + "/beta/auditLogs/signIns",
            root.replace("127.0.0.1", "localhost") + "/beta/auditLogs/signIns",
            root.replace("http://", "http://user@") + "/beta/auditLogs/signIns",
            format!("{root}/v1.0/users"),
            format!("{root}/beta/auditLogs/../../v1.0/users"),
            format!("{root}@{}/beta/auditLogs/signIns", stranger.url().trim_start_matches("http://")),
        ] {
            assert!(!source.serves(&url), "{url}");
            assert!(source.get(&url, "id").response.is_none(), "{url}");
        }
        assert_eq!(graph.seen().len(), asked);
        assert_eq!(stranger.seen().len(), 0);
        assert!(login.seen().iter().all(|seen| seen.header("authorization").is_none()));
    }
}
