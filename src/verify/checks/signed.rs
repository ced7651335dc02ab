//! Rules of FORMAT §6 about values in signed documents, beyond their type and their one encoding.
//!
//! `format` decides whether bytes are a document; whether its values lie in their ranges is asked here, by the verifier, of
//! every document alike. Each function returns what is wrong first: the member, what it says, and what it may say.

use std::net::SocketAddr;

use crate::format::FORMAT_VERSION;
use crate::format::parts::{Body, Request, Response, StreamPosition, TimestampMode, Timestamps, Tool};
use crate::verify::budget;

/// A member whose value no writer may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Problem {
    pub(in crate::verify) member: &'static str,
    pub(in crate::verify) claimed: String,
    pub(in crate::verify) expected: &'static str,
}

/// Returns a problem unless `holds`.
pub(in crate::verify) fn demand(
    holds: bool,
    member: &'static str,
    claimed: impl std::fmt::Display,
    expected: &'static str,
) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem { member, claimed: format!("{claimed}"), expected }) }
}

pub(in crate::verify) fn stream(stream: &StreamPosition) -> Result<(), Problem> {
    demand(stream.from < stream.to, "stream.to", stream.to, "after stream.from")?;
    demand(stream.run >= 1, "stream.run", stream.run, "from 1")?;
    demand(stream.sequence >= 1, "stream.sequence", stream.sequence, "from 1")
}

pub(in crate::verify) fn request(request: &Request) -> Result<(), Problem> {
    demand(request.method == "GET", "request.method", &request.method, "GET")?;
    headers("request.headers", &request.headers)?;
    let secret = request.headers.iter().find(|(name, _)| name == "authorization");
    demand(secret.is_none(), "request.headers", "authorization, its value not repeated here", "no such header")?;
    demand(request.attempt >= 1, "request.attempt", request.attempt, "from 1")?;
    let in_order = request.monotonic_start_us <= request.monotonic_end_us;
    demand(in_order, "request.monotonic_end_us", request.monotonic_end_us, "not before monotonic_start_us")
}

pub(in crate::verify) fn response(response: &Response, is_page: bool) -> Result<(), Problem> {
    if is_page {
        demand((200..=299).contains(&response.status), "response.status", response.status, "200 to 299")?;
    }
    let version = matches!(response.version.as_str(), "HTTP/1.0" | "HTTP/1.1" | "HTTP/2");
    demand(version, "response.version", &response.version, "HTTP/1.0, HTTP/1.1 or HTTP/2")?;
    headers("response.headers", &response.headers)?;
    if let Some(tls) = &response.tls {
        let version = matches!(tls.version.as_str(), "TLSv1.2" | "TLSv1.3");
        demand(version, "response.tls.version", &tls.version, "TLSv1.2 or TLSv1.3")?;
        demand(!tls.certificates.is_empty(), "response.tls.certificates", "none", "at least one")?;
    }
    let address = response.remote_address.as_deref();
    let is_address = address.is_none_or(|address| address.parse::<SocketAddr>().is_ok());
    demand(is_address, "response.remote_address", address.unwrap_or("null"), "address:port")
}

/// Compares what came over the line with the line that the request names.
pub(in crate::verify) fn transport(request: &Request, response: &Response) -> Result<(), Problem> {
    match &response.tls {
        None => demand(
            request.url.starts_with("http://"),
            "response.tls",
            "null",
            "what TLS showed: the request is no http",
        ),
        Some(tls) => {
            demand(request.url.starts_with("https://"), "response.tls", &tls.version, "null: the request is no https")
        }
    }
}

pub(in crate::verify) fn body(body: &Body, response: Option<&Response>) -> Result<(), Problem> {
    demand(body.byte_len <= budget::PAGE_BYTES, "body.byte_len", body.byte_len, "at most 32 MiB")?;
    let header = response.and_then(|response| header_value(response, "content-encoding"));
    let expected = header.filter(|value| !value.eq_ignore_ascii_case("identity"));
    let claimed = body.content_encoding.as_deref();
    demand(
        claimed == expected,
        "body.content_encoding",
        claimed.unwrap_or("null"),
        "the content-encoding header's value, null for none or identity",
    )
}

pub(in crate::verify) fn tool(tool: &Tool) -> Result<(), Problem> {
    demand(tool.format == FORMAT_VERSION, "tool.format", &tool.format, FORMAT_VERSION)
}

pub(in crate::verify) fn timestamps(timestamps: &Timestamps) -> Result<(), Problem> {
    let is_empty = timestamps.authorities.is_empty();
    let count = timestamps.authorities.len();
    demand(
        is_empty == (timestamps.mode == TimestampMode::None),
        "timestamps.authorities",
        count,
        "one for each token with mode embedded, none with mode none",
    )?;
    let few = u64::try_from(count).is_ok_and(|count| count <= budget::TIMESTAMPS);
    demand(few, "timestamps.authorities", count, "at most 8")
}

/// Returns the first header of that name.
pub(in crate::verify) fn header_value<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

/// Says whether the response's media type is `application/json`, parameters aside (RFC 9110 §8.3.1: in any letter case).
pub(in crate::verify) fn is_json(response: &Response) -> bool {
    let media = header_value(response, "content-type").and_then(|value| value.split(';').next());
    media.is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

fn headers(member: &'static str, headers: &[(String, String)]) -> Result<(), Problem> {
    for (name, value) in headers {
        let lower = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
        demand(lower, member, name, "names in lower case")?;
        let bytes = value.chars().all(|character| u32::from(character) <= 0xff);
        demand(bytes, member, value, "values with characters up to U+00FF")?;
    }
    Ok(())
}
