//! The HTTP part of a time stamp authority (RFC 3161 §3.4); what it answers comes from outside.
//!
//! A refusal is a time stamp response like any other and travels as 200; only what is no time stamp request at all gets an
//! HTTP error.

use chrono::{DateTime, Utc};
use hyper::{Method, StatusCode};

use super::{
    answer::{Answer, Request},
    settings::TimeStamper,
};

/// Answers a request at `/tsa`.
pub(crate) fn answer(time_stamper: Option<&TimeStamper>, request: &Request<'_>, now: DateTime<Utc>) -> Answer {
    let Some(time_stamper) = time_stamper else {
        return Answer::new(StatusCode::NOT_FOUND, "text/plain", "no time stamp authority here\n");
    };
    if request.method != Method::POST {
        return Answer::new(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "POST a time stamp request\n")
            .with("allow", "POST");
    }
    let media_type = request.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/timestamp-query") {
        return Answer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "text/plain", "send application/timestamp-query\n");
    }
    if request.body.len() > QUERY_LIMIT {
        return Answer::new(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "the request is too long\n");
    }
    Answer::new(StatusCode::OK, "application/timestamp-reply", time_stamper(request.body, now))
}

/// A request is a digest and a few options, about 100 bytes; this is generous.
pub(crate) const QUERY_LIMIT: usize = 65_536;

#[cfg(test)]
mod tests {
    use std::{
        net::{IpAddr, Ipv4Addr},
        sync::Arc,
    };

    use chrono::DateTime;
    use hyper::{HeaderMap, Method};

    use super::{Answer, QUERY_LIMIT, Request, TimeStamper, answer};

    fn ask(method: &Method, media_type: &'static str, body: &[u8], stamper: Option<&TimeStamper>) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", media_type.parse().unwrap());
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let request = Request { method, path: "/tsa", query: "", headers: &headers, body, peer, origin: "" };
        answer(stamper, &request, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn only_a_posted_time_stamp_request_of_moderate_length_is_answered() {
        let stamper: TimeStamper = Arc::new(|query, _| query.iter().rev().copied().collect());
        let query = "application/timestamp-query";
        let good = ask(&Method::POST, query, b"abc", Some(&stamper));
        assert_eq!((good.status.as_u16(), &good.body[..]), (200, &b"cba"[..]));
        assert_eq!(ask(&Method::GET, query, b"abc", Some(&stamper)).status, 405);
        assert_eq!(ask(&Method::POST, "text/plain", b"abc", Some(&stamper)).status, 415);
        assert_eq!(ask(&Method::POST, query, &vec![0; QUERY_LIMIT + 1], Some(&stamper)).status, 413);
        assert_eq!(ask(&Method::POST, query, b"abc", None).status, 404);
    }
}
