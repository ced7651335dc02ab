//! A wire with an ear on it: passes on what goes between the program and a service on loopback, and keeps every byte.
//!
//! What was sent is read from here, not from what the program says of itself; and what was secret about it is known from here.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Called with what the program sends, as it comes and before it is passed on.
type Hook = dyn Fn(&[u8]) + Send + Sync;

/// What went over one connection.
#[derive(Default)]
struct Heard {
    sent: Vec<u8>,
    received: Vec<u8>,
}

/// A listener that leads to a service which speaks plain HTTP/1.1.
pub(crate) struct Wire {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Arc<Mutex<Heard>>>>>,
    stops: Arc<AtomicBool>,
}

/// A request as it went over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    pub(crate) fn form(&self, wanted: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.body.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn query(&self, wanted: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    }
}

impl Wire {
    /// Begins to listen.
    pub(crate) fn to(service: SocketAddr, hook: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (heard, stops) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (all, stopped) = (Arc::clone(&heard), Arc::clone(&stops));
        let hook: Arc<Hook> = Arc::new(hook);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A client that went away, or a service that has stopped, is no concern of the wire.
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(service)) else { continue };
                let heard = Arc::new(Mutex::new(Heard::default()));
                all.lock().unwrap().push(Arc::clone(&heard));
                let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (ear, hook) = (Arc::clone(&heard), Arc::clone(&hook));
                std::thread::spawn(move || {
                    pass(from_client, to_server, |bytes| {
                        ear.lock().unwrap().sent.extend_from_slice(bytes);
                        hook(bytes);
                    });
                });
                std::thread::spawn(move || {
                    pass(server, client, |bytes| heard.lock().unwrap().received.extend_from_slice(bytes));
                });
            }
        });
        Self { address, heard, stops }
    }

    /// The root of the service, as seen through the wire.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far; those of one connection in order.
    #[track_caller]
    pub(crate) fn sent(&self) -> Vec<Sent> {
        let heard = self.heard.lock().unwrap();
        heard.iter().flat_map(|one| requests(&one.lock().unwrap().sent)).collect()
    }

    /// Everything that came back, as text.
    pub(crate) fn received(&self) -> String {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|one| String::from_utf8_lossy(&one.lock().unwrap().received).into_owned()).collect()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        // Wakes the listener; it may be gone.
        let _ = TcpStream::connect(self.address);
    }
}

/// Copies until an end closes. Bytes are heard before they go on: who has an answer finds its question here.
fn pass(mut from: TcpStream, mut to: TcpStream, hear: impl Fn(&[u8])) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        hear(&bytes[..count]);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // Either may be closed already.
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

/// Cuts the bytes of a connection into requests: bodies have a length, and the last may be under way.
fn requests(mut bytes: &[u8]) -> Vec<Sent> {
    let mut all = Vec::new();
    while let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
        let head = str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap().split(' ');
        let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let byte_len = headers.iter().find(|(name, _)| name == "content-length");
        let byte_len = byte_len.map_or(0, |(_, value)| value.parse::<usize>().unwrap());
        let Some((body, rest)) = bytes[end + 4..].split_at_checked(byte_len) else { break };
        all.push(Sent { method, target, headers, body: String::from_utf8_lossy(body).into_owned() });
        bytes = rest;
    }
    all
}
