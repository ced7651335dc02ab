//! A desk to talk to the services from, without a network: for the tests of this room.

use std::net::{IpAddr, Ipv4Addr};

use hyper::{HeaderMap, Method};
use serde_json::Value;

use super::{
    CLIENT_ID, CLIENT_SECRET, Settings, TENANT_ID,
    answer::{Answer, Request},
    service::Service,
};

/// Where links of the in-memory service lead.
pub(crate) const ORIGIN: &str = "https://localhost:9";

pub(crate) struct Desk {
    pub(crate) service: Service,
    pub(crate) token: String,
}

impl Desk {
    /// Opens on 5,000 records, even pages and no faults, unless changed, and logs in.
    pub(crate) fn open(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(11, 5_000, "2026-11-18T12:00:00Z".parse().unwrap());
        settings.uneven_pages = false;
        change(&mut settings);
        let mut desk = Self { service: Service::new(settings), token: String::new() };
        desk.token = desk.log_in("https://graph.microsoft.com/.default");
        desk
    }

    /// Asks for a token with the published secret; empty if none was issued.
    pub(crate) fn log_in(&self, scope: &str) -> String {
        self.log_in_with(scope, &[])
    }

    /// Asks for a token with further fields.
    pub(crate) fn log_in_with(&self, scope: &str, more: &[(&str, &str)]) -> String {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("scope", scope),
        ];
        let (_, body) = self.post("token", &[&fields[..], more].concat());
        body["access_token"].as_str().unwrap_or_default().to_owned()
    }

    /// Posts a form to an endpoint of the tenant's login.
    pub(crate) fn post(&self, end: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let path = format!("/{TENANT_ID}/oauth2/v2.0/{end}");
        let answer = self.send(&Method::POST, &path, "", &HeaderMap::new(), form.as_bytes());
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
    }

    pub(crate) fn send(&self, method: &Method, path: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> Answer {
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.service.answer(&Request { method, path, query, headers, body, peer, origin: ORIGIN })
    }

    pub(crate) fn get_with(&self, path: &str, query: &str, more: &[(&'static str, &str)]) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        for (name, value) in more {
            headers.insert(*name, value.parse().unwrap());
        }
        self.send(&Method::GET, path, query, &headers, b"")
    }

    pub(crate) fn get(&self, path: &str, query: &str) -> (u16, Value) {
        let answer = self.get_with(path, query, &[("prefer", "include-unknown-enum-members")]);
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
    }

    pub(crate) fn beta(&self, query: &str) -> (u16, Value) {
        self.get("/beta/auditLogs/signIns", query)
    }
}

pub(crate) fn of_kind(kind: &str) -> String {
    format!("$filter=signInEventTypes/any(t:%20t%20eq%20'{kind}')")
}

pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
}
