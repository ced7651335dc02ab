//! Requests and answers between the HTTP server and the services behind it, and a body that can end badly.

use std::{
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, StatusCode,
    body::{Body, Frame},
    header::HeaderValue,
};

/// A request with its whole body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'r> {
    pub(crate) method: &'r Method,
    pub(crate) path: &'r str,
    pub(crate) query: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) body: &'r [u8],
    pub(crate) peer: IpAddr,
    /// Scheme, host and port the client used, so that links lead back the same way.
    pub(crate) origin: &'r str,
}

impl<'r> Request<'r> {
    /// Returns a header as text; `None` when it is missing or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&'r str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What goes back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) ending: Ending,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// The connection is closed half way through the body.
    Cut,
    /// It never begins.
    Never,
    /// The connection is closed instead.
    Reset,
    /// All bytes are sent, and not the mark that says so.
    Unterminated,
    /// As it should.
    Whole,
}

impl Answer {
    /// Makes an answer with a body of one type.
    pub(crate) fn new(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.into(),
            ending: Ending::Whole,
        }
    }

    /// Makes a JSON answer.
    pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Turns the answer into one hyper can send. Headers that HTTP cannot carry are left out.
    pub(crate) fn into_response(self) -> hyper::Response<PacedBody> {
        let mut response = hyper::Response::new(PacedBody::new(self.body, self.ending));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// A body in frames of moderate length and of unannounced total length, so that HTTP/1.1 sends it chunked.
#[derive(Debug)]
pub(crate) struct PacedBody {
    rest: Bytes,
    cut: Cut,
}

/// How far a body is from being cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cut {
    /// After what is left.
    After,
    /// Now that what was sent could leave.
    Now,
    Not,
}

/// The error that makes hyper close the connection.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut short on purpose")]
pub(crate) struct CutShort;

impl PacedBody {
    fn new(body: Bytes, ending: Ending) -> Self {
        match ending {
            Ending::Cut => {
                let half = body.len() / 2;
                Self { rest: body.slice(..half), cut: Cut::After }
            }
            Ending::Unterminated => Self { rest: body, cut: Cut::After },
            Ending::Never | Ending::Reset | Ending::Whole => Self { rest: body, cut: Cut::Not },
        }
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if !self.rest.is_empty() {
            let length = self.rest.len().min(FRAME_LEN);
            return Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))));
        }
        match self.cut {
            Cut::Not => Poll::Ready(None),
            Cut::Now => Poll::Ready(Some(Err(CutShort))),
            Cut::After => {
                // Hyper flushes when a body has nothing yet; the client then sees the first half.
                self.cut = Cut::Now;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.cut == Cut::Not
    }
}

/// 64 KiB: four TLS records, one write.
const FRAME_LEN: usize = 65_536;
