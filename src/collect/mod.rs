//! The collector's engine: from a signed plan to a chain of signed, durable pages (FORMAT §§6, 7, 9).
//!
//! Pure: the service, the disk, the clock and the pace come in through the traits declared here. The rules it keeps:
//! a body is hashed, signed and durable before its successor is asked for in that stream; commits are serial, so there is one
//! chain; a stream is complete only when its chain closes; a failed request is kept as evidence of itself; an interrupted
//! window is asked again from its beginning, never from a stored link. It trusts nothing the service says about completeness.

pub mod chain;
pub mod findings;
pub mod forecast;
mod licence;
pub mod page;
pub mod plan;
pub mod probe;
pub mod restore;
pub mod retention;
pub mod session;
pub mod stream;
pub mod table;

use std::time::Duration;

use crate::crypto::digest::Prefix;
use crate::crypto::signature::Signature;
use crate::format::failure::FailureReason;
use crate::format::parts::{Pair, Response};
use crate::time::LocalTime;

/// The log service, behind whatever transport.
pub trait LogSource: Sync {
    /// Sends one GET and returns what came, whatever it is. Never retries, follows no redirect, decodes no content coding.
    fn get(&self, url: &str, client_request_id: &str) -> Answer;

    /// Makes sure that a token is at hand, so that what the next [`LogSource::get`] brings is the service's own doing.
    ///
    /// # Errors
    ///
    /// When there is none to be had, after waiting out what passes.
    fn authorize(&self) -> Result<(), NoToken>;

    /// Replaces the token that was refused in answer to the request which began at `began_us` on the monotonic clock, unless a
    /// younger one is at hand. `claims` is what the service demanded in its challenge, if it did.
    ///
    /// # Errors
    ///
    /// As [`LogSource::authorize`].
    fn renew(&self, began_us: u64, claims: Option<&str>) -> Result<(), NoToken>;

    /// Says whether `url` has the scheme, host, port and path prefix of the service: only there may the token go.
    fn serves(&self, url: &str) -> bool;
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoToken {
    /// The session was cancelled meanwhile.
    Cancelled,
    /// The token service refuses the credential.
    Refused {
        /// In words, without secrets.
        detail: String,
        /// The service's numbers for what is wrong.
        codes: Vec<u64>,
    },
    /// The token service cannot be reached or is out of order; the credential may be good.
    Unreachable {
        /// In words, without secrets.
        detail: String,
    },
}

/// What one GET brought.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Request headers as sent, without `authorization`.
    pub sent_headers: Vec<Pair>,
    /// Status and headers, when any came.
    pub response: Option<Response>,
    /// The body as far as it came, after transfer coding.
    pub body: Vec<u8>,
    /// Why the exchange did not end well, apart from the status.
    pub trouble: Option<Trouble>,
}

/// Why an exchange broke off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The sort.
    pub reason: FailureReason,
    /// In words, without secrets.
    pub detail: String,
}

/// Where pages become durable.
pub trait PageStore: Send {
    /// Stores a page whole. When this returns, it survives a power failure; when it fails or the process dies, either the whole
    /// page is there or nothing of it. Called once for each sequence, in order.
    ///
    /// # Errors
    ///
    /// When the disk refuses; nothing further may be committed after that.
    fn commit_page(&mut self, sequence: u64, page: &DurablePage<'_>) -> Result<(), StoreError>;

    /// Stores a failure whole, with the same promise.
    ///
    /// # Errors
    ///
    /// As [`PageStore::commit_page`].
    fn commit_failure(&mut self, sequence: u64, failure: &DurablePage<'_>) -> Result<(), StoreError>;
}

/// A document, its signature, and the body it speaks of.
#[derive(Clone, Copy, Debug)]
pub struct DurablePage<'a> {
    /// The canonical bytes of the page or failure record.
    pub record: &'a [u8],
    /// The signature over them.
    pub signature: &'a Signature,
    /// The body, deflated; none for a failure without one.
    pub body: Option<&'a crate::codec::zip::write::Part>,
    /// The prefixes of the identifiers on a page, for whoever looks for a record later. Nothing is wrong where they get lost.
    pub prefixes: Option<&'a [Prefix]>,
}

/// The disk refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{path}`")]
pub struct StoreError {
    /// What was written.
    pub path: String,
    /// Why not.
    #[source]
    pub source: std::io::Error,
}

/// Our clocks.
pub trait Clock: Sync + Send {
    /// Reads the wall clock.
    fn now(&self) -> LocalTime;

    /// Reads a clock that never goes back: microseconds since the process began.
    fn monotonic_us(&self) -> u64;
}

/// The pace at which the service may be asked.
pub trait Pace: Sync {
    /// Waits until one more request may start. Returns false when the session was cancelled meanwhile.
    fn turn(&self) -> bool;

    /// Lets nobody start a request for `wait`, as a throttling service asks.
    fn hold(&self, wait: Duration);

    /// Waits, for one worker. Returns false when the session was cancelled meanwhile.
    fn pause(&self, wait: Duration) -> bool;

    /// Says whether the session was cancelled.
    fn is_cancelled(&self) -> bool;
}

/// A schedule of starts that others keep to as well.
pub trait Turns: Send + Sync {
    /// Takes the next start, `spacing` after the last one anybody took; returns how long it is until then, none when there is no
    /// schedule to be had.
    fn reserve(&self, spacing: Duration) -> Option<Duration>;

    /// Lets nobody start for `wait`.
    fn hold(&self, wait: Duration);
}

/// Who watches the session.
pub trait Observer: Sync {
    /// Something happened; called outside the commit lock, in no particular order.
    fn saw(&self, event: &Event);
}

/// What an [`Observer`] sees.
#[derive(Clone, Debug)]
pub enum Event {
    /// A page is durable.
    Page {
        /// Its sequence.
        sequence: u64,
        /// Its place.
        stream: crate::format::parts::StreamPosition,
        /// Its elements.
        records: u64,
        /// Its length.
        byte_len: u64,
    },
    /// A request failed and is kept as a failure.
    Failure {
        /// Its place.
        stream: crate::format::parts::StreamPosition,
        /// The sort.
        reason: FailureReason,
        /// In words.
        detail: String,
        /// How long this worker waits before it asks again; none when it gives up.
        wait: Option<Duration>,
    },
    /// A run ended.
    Run(crate::format::seal::Run),
}
