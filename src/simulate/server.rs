//! The listener: its own runtime on its own threads, so that synchronous code can start it, use it and stop it.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, Limited};
use hyper::{Request as HyperRequest, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{net::TcpStream, runtime::Runtime};
use tokio_rustls::TlsAcceptor;

use super::{
    answer::{Answer, CutShort, Ending, PacedBody, Request},
    certificate, graph,
    service::Service,
    settings::{CLIENT_ID, CLIENT_SECRET, Settings, TENANT_ID, Transport},
    tenant::Tenant,
    tsa,
};

/// A running simulator. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    runtime: Option<Runtime>,
    service: Arc<Service>,
    address: SocketAddr,
    origin: String,
    ca_pem: Option<String>,
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The certificate authority or the server certificate could not be made.
    #[error("cannot make the simulator's certificates")]
    Certificate(#[from] rcgen::Error),
    /// The address is taken, or may not be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The address can be reached from other machines; the simulator speaks to this one alone.
    #[error("`{address}` is not a loopback address")]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The threads could not be started.
    #[error("cannot start the simulator's threads")]
    Runtime(#[source] io::Error),
    /// The TLS configuration was refused.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}

impl Server {
    /// Starts a simulator; when this returns, it accepts connections.
    ///
    /// # Errors
    ///
    /// [`SimulateError::NotLoopback`] and [`SimulateError::Listen`] for the address, the other variants when keys,
    /// certificates or threads cannot be made.
    pub fn start(settings: Settings) -> Result<Self, SimulateError> {
        let asked = settings.listen;
        if !asked.ip().is_loopback() {
            return Err(SimulateError::NotLoopback { address: asked });
        }
        let listen = |source| SimulateError::Listen { address: asked, source };
        let listener = TcpListener::bind(asked).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (scheme, tls, ca_pem) = match settings.transport {
            Transport::Http => ("http", None, None),
            Transport::Https => {
                let identity = certificate::issue()?;
                ("https", Some(TlsAcceptor::from(identity.config)), Some(identity.ca_pem))
            }
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("simulate")
            .enable_all()
            .build()
            .map_err(SimulateError::Runtime)?;
        let service = Arc::new(Service::new(settings));
        let entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).map_err(listen)?;
        runtime.spawn(accept(listener, tls, Arc::clone(&service), scheme));
        drop(entered);
        // The certificate names localhost and the loopback addresses; IPv4 loopback is what `localhost` means here.
        let host = if address.is_ipv4() { "localhost".to_owned() } else { "[::1]".to_owned() };
        let origin = format!("{scheme}://{host}:{}", address.port());
        Ok(Self { runtime: Some(runtime), service, address, origin, ca_pem })
    }

    /// Stops the simulator: when this returns, connections are closed, whatever they were doing, and the port is free.
    pub fn stop(mut self) {
        self.shut_down();
    }

    /// Returns the address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the root of Microsoft Graph, without a version and without a final slash.
    #[must_use]
    pub fn graph_url(&self) -> String {
        self.origin.clone()
    }

    /// Returns the login host, without a tenant and without a final slash.
    #[must_use]
    pub fn login_url(&self) -> String {
        self.origin.clone()
    }

    /// Returns where time stamp requests are posted.
    #[must_use]
    pub fn tsa_url(&self) -> String {
        format!("{}/tsa", self.origin)
    }

    /// Returns the certificate clients must trust; `None` without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Returns the id of the tenant.
    #[must_use]
    pub fn tenant_id(&self) -> &'static str {
        TENANT_ID
    }

    /// Returns the application id of the collector.
    #[must_use]
    pub fn client_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// Returns the published secret of the collector.
    #[must_use]
    pub fn client_secret(&self) -> &'static str {
        CLIENT_SECRET
    }

    /// Returns the ground truth.
    #[must_use]
    pub fn tenant(&self) -> Arc<Tenant> {
        Arc::clone(&self.service.tenant)
    }

    /// Returns where managed identities ask for tokens.
    #[must_use]
    pub fn identity_url(&self) -> String {
        format!("{}/metadata/identity/oauth2/token", self.origin)
    }

    /// Returns where managed identities ask for tokens within App Service.
    #[must_use]
    pub fn app_service_url(&self) -> String {
        format!("{}/msi/token", self.origin)
    }

    /// Returns where retention ended for the latest Graph request; `None` unless the fault `retention-floor` is in force.
    #[must_use]
    pub fn retention_floor(&self) -> Option<DateTime<Utc>> {
        graph::retention_floor(&self.service, self.graph_requests())
    }

    /// Returns how many requests of all kinds were answered.
    #[must_use]
    pub fn requests_served(&self) -> u64 {
        self.service.requests_served.load(Ordering::Relaxed)
    }

    /// Returns how many requests went to Graph, refused ones included; faults are numbered by this count.
    #[must_use]
    pub fn graph_requests(&self) -> u64 {
        self.service.graph_requests.load(Ordering::Relaxed)
    }

    fn shut_down(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // On a thread of its own, because a runtime may not be waited for from asynchronous code.
            let stopping = std::thread::spawn(move || runtime.shutdown_timeout(STOPPING));
            // It has no result, and it does not panic; if it did, the listener would be gone all the same.
            let _ = stopping.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// Accepts connections until the runtime ends.
async fn accept(
    listener: tokio::net::TcpListener,
    tls: Option<TlsAcceptor>,
    service: Arc<Service>,
    scheme: &'static str,
) {
    loop {
        // A connection that is gone before it is accepted concerns nobody else; a process out of descriptors waits for some.
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let (tls, service) = (tls.clone(), Arc::clone(&service));
        tokio::spawn(async move {
            // Errors here are the client's: it sees its connection end.
            let _ = stream.set_nodelay(true);
            serve(stream, peer, tls, service, scheme).await;
        });
    }
}

/// Serves one connection to its end.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    service: Arc<Service>,
    scheme: &'static str,
) {
    let respond = service_fn(move |request| respond(Arc::clone(&service), request, peer.ip(), scheme));
    let builder = auto::Builder::new(TokioExecutor::new());
    match tls {
        None => {
            let _ = builder.serve_connection(TokioIo::new(stream), respond).await;
        }
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = builder.serve_connection(TokioIo::new(stream), respond).await;
            }
        }
    }
}

/// Answers one request.
async fn respond(
    service: Arc<Service>,
    request: HyperRequest<Incoming>,
    peer: IpAddr,
    scheme: &str,
) -> Result<Response<PacedBody>, CutShort> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, tsa::QUERY_LIMIT + 1).collect().await else {
        let refusal = Answer::new(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "the request is too long\n");
        return Ok(refusal.into_response());
    };
    let named = head.uri.authority().map(hyper::http::uri::Authority::as_str);
    let named = named.or_else(|| head.headers.get("host").and_then(|host| host.to_str().ok()));
    // It goes into links and from there into JSON, so nothing but the characters of a host and a port may pass.
    let named = named.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte)));
    let origin = format!("{scheme}://{}", named.unwrap_or("localhost"));
    let request = Request {
        method: &head.method,
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body: &body.to_bytes(),
        peer,
        origin: &origin,
    };
    let answer = service.answer(&request);
    match answer.ending {
        Ending::Never => {
            // Ends when the client closes the connection or the simulator stops.
            std::future::pending::<()>().await;
        }
        Ending::Reset => return Err(CutShort),
        Ending::Cut | Ending::Unterminated | Ending::Whole => {}
    }
    Ok(answer.into_response())
}

/// Two threads: one client's page can be made while another's is sent.
const WORKERS: usize = 2;
/// Between two attempts to accept, when the first failed.
const BREATH: Duration = Duration::from_millis(10);
/// Nothing here blocks for longer than it takes to make a page.
const STOPPING: Duration = Duration::from_secs(5);
