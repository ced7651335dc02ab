//! Packages for tests, written from FORMAT.md alone.
//!
//! Shares no code with the program: not its `format`, not its `seal`. Where a deviation is wanted, a test changes the draft
//! (the maker lies from the start), one document of it (`edit_…`, everything after it is made anew and signed), the files
//! (`edit_files` before, [`Files`] after the manifests), or the bytes of the archive. What is re-hashed and re-signed after
//! the change says what the attacker holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};

use crate::archive::Files;

/// The key of the honest operator.
pub(crate) fn operator_key() -> SigningKey {
    SigningKey::from_bytes(&[0x11; 32])
}

/// A key of somebody else.
pub(crate) fn other_key() -> SigningKey {
    SigningKey::from_bytes(&[0x22; 32])
}

/// SHA-256 as bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 as FORMAT writes it.
pub(crate) fn hex_digest(bytes: &[u8]) -> String {
    HEXLOWER.encode(&sha256(bytes))
}

/// The 44 bytes of RFC 8410 around 32 bytes that are taken for a key.
pub(crate) fn spki_of(point: &[u8; 32]) -> Vec<u8> {
    let mut spki = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    spki.extend_from_slice(point);
    spki
}

/// The three lines of a public key file.
pub(crate) fn pem_of(point: &[u8; 32]) -> String {
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&spki_of(point)))
}

/// The fingerprint of a key.
pub(crate) fn fingerprint_of(point: &[u8; 32]) -> String {
    hex_digest(&spki_of(point))
}

/// The root over leaf data, RFC 9162 §2.1, by its recursive definition.
pub(crate) fn merkle_root(leaves: &[&[u8]]) -> [u8; 32] {
    match leaves {
        [] => sha256(b""),
        [only] => sha256(&[&[0][..], only].concat()),
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            sha256(&[&[1][..], &merkle_root(left), &merkle_root(right)].concat())
        }
    }
}

/// A string as canonical JSON writes it.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => write!(out, "\\u{:04x}", u32::from(control)).unwrap(),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A string, or `null`.
pub(crate) fn json_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), json)
}

/// A signed document: members in order, values as the JSON text they are.
#[derive(Clone, Debug)]
pub(crate) struct Doc(pub(crate) Vec<(String, String)>);

impl Doc {
    fn of(members: &[(&str, String)]) -> Self {
        Doc(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    /// The text of a member.
    pub(crate) fn value(&self, name: &str) -> &str {
        &self.0.iter().find(|(member, _)| member == name).expect("the document has the member").1
    }

    /// Gives a member another text.
    pub(crate) fn set(&mut self, name: &str, text: impl Into<String>) {
        self.0.iter_mut().find(|(member, _)| member == name).expect("the document has the member").1 = text.into();
    }

    /// Changes a part of a member's text; the part must be there once.
    pub(crate) fn replace(&mut self, name: &str, from: &str, to: &str) {
        let old = self.value(name).to_owned();
        assert_eq!(old.matches(from).count(), 1, "`{from}` once in {old}");
        self.set(name, old.replace(from, to));
    }

    /// The bytes of the document.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let members: Vec<String> = self.0.iter().map(|(name, value)| format!("{}:{value}", json(name))).collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    }
}

/// What a test does to a document before it is hashed and signed.
pub(crate) type Edit = Box<dyn Fn(&mut Doc)>;

/// One page of a draft.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) kind: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) pass: u64,
    pub(crate) run: u64,
    pub(crate) sequence: u64,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) status: u64,
    pub(crate) started: String,
    pub(crate) finished: String,
    pub(crate) next_link: Option<String>,
    /// The elements, and the time of each.
    pub(crate) elements: Vec<(String, Option<String>)>,
    /// Another body than the one made of elements and link; then `opaque` says whether it can be cut.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) opaque: bool,
    pub(crate) content_encoding: Option<String>,
}

impl Page {
    /// The stored body.
    pub(crate) fn stored_body(&self) -> Vec<u8> {
        if let Some(body) = &self.body {
            return body.clone();
        }
        let elements: Vec<&str> = self.elements.iter().map(|(text, _)| text.as_str()).collect();
        let link =
            self.next_link.as_ref().map_or_else(String::new, |link| format!("\"@odata.nextLink\":{},", json(link)));
        format!("{{\"@odata.context\":\"x\",{link}\"value\":[{}]}}", elements.join(",")).into_bytes()
    }

    fn suffix(&self) -> &'static str {
        let media = self.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
        if media.is_some_and(|value| value.split(';').next() == Some("application/json")) { "json" } else { "bin" }
    }

    fn counting(&self) -> usize {
        let inside = |time: &str| {
            let second = &time[..19];
            self.from[..19] <= *second && *second < self.to[..19]
        };
        self.counted_elements().iter().filter(|(_, time)| time.as_deref().is_none_or(inside)).count()
    }

    fn counted_elements(&self) -> &[(String, Option<String>)] {
        if self.opaque { &[] } else { &self.elements }
    }
}

/// One failed request of a draft.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) run: u64,
    pub(crate) sequence: u64,
    pub(crate) after_page: u64,
    pub(crate) url: String,
    pub(crate) body: Option<Vec<u8>>,
}

/// A run as the seal lists it.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) kind: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) pass: u64,
    pub(crate) number: u64,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
}

/// Makes the time stamp file for a signature: a DER TimeStampResp.
pub(crate) type Stamp = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// What a test does to a text.
pub(crate) type EditText = Box<dyn Fn(String) -> String>;
/// What a test does to the files.
pub(crate) type EditFiles = Box<dyn Fn(&mut Files)>;
/// What a test does to bytes.
pub(crate) type EditBytes = Box<dyn Fn(Vec<u8>) -> Vec<u8>>;

/// Everything a package is made of, before it is one.
pub(crate) struct Draft {
    pub(crate) matter: String,
    pub(crate) acquisition: String,
    pub(crate) simulated: bool,
    pub(crate) graph_url: String,
    pub(crate) created: String,
    pub(crate) sealed: String,
    pub(crate) plan_from: String,
    pub(crate) plan_to: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) volume: u64,
    pub(crate) last: bool,
    pub(crate) first_page: u64,
    /// The number of the first failure.
    pub(crate) first_failure: u64,
    /// The pages of the whole acquisition, where these are one volume's.
    pub(crate) whole: Option<Vec<Page>>,
    /// Digest of the record before the first; that of genesis where there is none.
    pub(crate) previous_record: Option<String>,
    /// Digest of the seal before, for volumes after the first.
    pub(crate) previous_seal: String,
    /// The genesis member of that name: number, and digest of the seal before.
    pub(crate) series: (u64, Option<String>),
    pub(crate) pages: Vec<Page>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) runs: Vec<Run>,
    /// The seal's member of that name, where the plan has a second pass.
    pub(crate) second_pass: Option<String>,
    /// The seal's member of that name.
    pub(crate) reconciliation: String,
    pub(crate) genesis_stamps: Vec<Stamp>,
    /// Timestamps over the signatures of page records, by page.
    pub(crate) page_stamps: BTreeMap<u64, Stamp>,
    pub(crate) seal_stamps: Vec<Stamp>,
    pub(crate) genesis_key: SigningKey,
    pub(crate) record_key: SigningKey,
    pub(crate) failure_key: SigningKey,
    pub(crate) seal_key: SigningKey,
    /// The text of `keys/signer-cert.pem`, if there is one.
    pub(crate) certificates: Option<String>,
    /// The text of `keys/tsa-crls.pem`, if there is one.
    pub(crate) timestamp_lists: Option<String>,
    /// The 32 bytes in `keys/signer.pem`, and the fingerprint written everywhere.
    pub(crate) point: [u8; 32],
    /// The 32 bytes in `keys/operator.pem`, where there is one, and the operator's fingerprint then.
    pub(crate) operator_point: Option<[u8; 32]>,
    pub(crate) edit_genesis: Option<Edit>,
    pub(crate) edit_records: BTreeMap<u64, Edit>,
    pub(crate) edit_failures: BTreeMap<u64, Edit>,
    pub(crate) edit_bag_info: Option<EditText>,
    /// Applied before the manifests are made.
    pub(crate) edit_files: Option<EditFiles>,
    /// Applied after the manifests are made, before the seal.
    pub(crate) edit_manifests: Option<EditFiles>,
    /// Applied after the seal members are computed, before it is signed.
    pub(crate) edit_seal: Option<Edit>,
    /// Applied to the seal's bytes before they are signed.
    pub(crate) edit_seal_bytes: Option<EditBytes>,
}

pub(crate) const FROM: &str = "2026-11-01T00:00:00Z";
pub(crate) const TO: &str = "2026-11-02T00:00:00Z";
pub(crate) const KIND: &str = "interactiveUser";
pub(crate) const KINDS: [&str; 6] =
    ["interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity", "directoryAudit", "riskDetection"];
pub(crate) const GRAPH: &str = "https://graph.microsoft.com";

/// A public address from the block for documentation (RFC 5737), and what stands for plain HTTP.
pub(crate) const PEER: &str = "198.51.100.7:443";
pub(crate) const OVER_HTTP: &str = "\"remote_address\":null,\"tls\":null";

/// The members of a response that came over TLS.
pub(crate) fn over_tls(peer: &str, leaf: &[u8]) -> String {
    format!(
        "\"remote_address\":\"{peer}\",\"tls\":{{\"version\":\"TLSv1.3\",\"certificates\":[\"{}\"]}}",
        hex_digest(leaf)
    )
}

/// The request of a stream's first page, FORMAT §7.3.
pub(crate) fn first_url(graph: &str, kind: &str, from: &str, to: &str) -> String {
    format!(
        "{graph}/beta/auditLogs/signIns?$filter=createdDateTime%20ge%20{from}%20and%20createdDateTime%20le%20{to}\
         %20and%20signInEventTypes/any(t:%20t%20eq%20%27{kind}%27)&$top=1000"
    )
}

/// An element with an identifier and a time.
pub(crate) fn element(id: &str, time: &str) -> (String, Option<String>) {
    (format!("{{\"id\":\"{id}\",\"createdDateTime\":\"{time}\"}}"), Some(time.to_owned()))
}

/// A page of one kind over the whole window.
pub(crate) fn page(sequence: u64, url: &str, next_link: Option<&str>, elements: Vec<(String, Option<String>)>) -> Page {
    let minute = sequence + 4;
    Page {
        kind: KIND.to_owned(),
        from: FROM.to_owned(),
        to: TO.to_owned(),
        pass: 1,
        run: 1,
        sequence,
        url: url.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json;odata.metadata=minimal".to_owned())],
        status: 200,
        started: format!("2026-11-22T06:{minute:02}:01.000Z"),
        finished: format!("2026-11-22T06:{minute:02}:02.000Z"),
        next_link: next_link.map(str::to_owned),
        elements,
        body: None,
        opaque: false,
        content_encoding: None,
    }
}

/// The run of [`KIND`] over the whole window.
pub(crate) fn run(state: &str, reason: Option<&str>) -> Run {
    Run {
        kind: KIND.to_owned(),
        from: FROM.to_owned(),
        to: TO.to_owned(),
        pass: 1,
        number: 1,
        state: state.to_owned(),
        reason: reason.map(str::to_owned),
    }
}

impl Draft {
    /// Two pages with two records and one, of one kind, everything in order, signed with [`operator_key`], no time stamps.
    pub(crate) fn good() -> Self {
        let first = first_url(GRAPH, KIND, FROM, TO);
        let second = format!("{first}&$skiptoken=2");
        let key = operator_key();
        Draft {
            matter: "ACME-1".to_owned(),
            acquisition: "20261122T060400Z-1a2b3c4d".to_owned(),
            simulated: false,
            graph_url: GRAPH.to_owned(),
            created: "2026-11-22T06:04:00.000Z".to_owned(),
            sealed: "2026-11-22T06:30:00.000Z".to_owned(),
            plan_from: FROM.to_owned(),
            plan_to: TO.to_owned(),
            kinds: vec![KIND.to_owned()],
            volume: 1,
            last: true,
            first_page: 1,
            first_failure: 1,
            whole: None,
            previous_record: None,
            previous_seal: hex_digest(b"the volume before"),
            series: (1, None),
            pages: vec![
                page(
                    1,
                    &first,
                    Some(&second),
                    vec![element("a", "2026-11-01T09:00:00Z"), element("b", "2026-11-01T08:00:00.5Z")],
                ),
                page(2, &second, None, vec![element("c", "2026-11-01T07:00:00Z")]),
            ],
            failures: Vec::new(),
            runs: vec![run("complete", None)],
            second_pass: None,
            reconciliation: "[]".to_owned(),
            genesis_stamps: Vec::new(),
            page_stamps: BTreeMap::new(),
            seal_stamps: Vec::new(),
            certificates: None,
            timestamp_lists: None,
            point: key.verifying_key().to_bytes(),
            operator_point: None,
            genesis_key: key.clone(),
            record_key: key.clone(),
            failure_key: key.clone(),
            seal_key: key,
            edit_genesis: None,
            edit_records: BTreeMap::new(),
            edit_failures: BTreeMap::new(),
            edit_bag_info: None,
            edit_files: None,
            edit_manifests: None,
            edit_seal: None,
            edit_seal_bytes: None,
        }
    }

    /// The same with a request that failed after page 1 and was repeated.
    pub(crate) fn with_failure() -> Self {
        let mut draft = Self::good();
        let url = draft.pages[1].url.clone();
        draft.failures.push(Failure {
            kind: KIND.to_owned(),
            from: FROM.to_owned(),
            to: TO.to_owned(),
            run: 1,
            sequence: 2,
            after_page: 1,
            url,
            body: Some(b"{\"error\":{\"code\":\"UnknownError\"}}".to_vec()),
        });
        draft
    }

    /// Signs everything with another key, and names it everywhere.
    pub(crate) fn signed_by(mut self, key: &SigningKey) -> Self {
        self.point = key.verifying_key().to_bytes();
        self.genesis_key = key.clone();
        self.record_key = key.clone();
        self.failure_key = key.clone();
        self.seal_key = key.clone();
        self
    }

    /// Signs all but genesis with a key of the acquisition, which genesis names.
    pub(crate) fn with_acquisition_key(mut self, key: &SigningKey) -> Self {
        self.operator_point = Some(self.point);
        self.point = key.verifying_key().to_bytes();
        self.record_key = key.clone();
        self.failure_key = key.clone();
        self.seal_key = key.clone();
        self
    }

    /// The package identifier.
    pub(crate) fn package(&self) -> String {
        let volume = if self.volume > 1 { format!("_v{}", self.volume) } else { String::new() };
        format!("{}_{}{volume}", self.matter, self.acquisition)
    }

    fn timestamps(stamps: &[Stamp]) -> String {
        let urls: Vec<String> =
            (1..=stamps.len()).map(|number| json(&format!("https://tsa{number}.example"))).collect();
        let mode = if stamps.is_empty() { "none" } else { "embedded" };
        format!("{{\"mode\":\"{mode}\",\"authorities\":[{}]}}", urls.join(","))
    }

    fn tool() -> String {
        "{\"name\":\"signhold\",\"version\":\"0.1.0\",\"executable_sha256\":null,\"format\":\"1\"}".to_owned()
    }

    fn genesis(&self) -> Doc {
        let quoted = |kinds: &mut dyn Iterator<Item = &str>| kinds.map(json).collect::<Vec<_>>().join(",");
        let asked = quoted(&mut self.kinds.iter().map(String::as_str));
        let not_asked = quoted(&mut KINDS.into_iter().filter(|kind| !self.kinds.iter().any(|asked| asked == kind)));
        let signer = fingerprint_of(&self.point);
        let operator = fingerprint_of(&self.operator_point.unwrap_or(self.point));
        Doc::of(&[
            ("type", json("signhold/genesis/v1")),
            ("acquisition", json(&self.acquisition)),
            (
                "matter",
                format!(
                    "{{\"id\":{},\"title\":null,\"organisation\":\"Acme\",\"authority\":null,\"custodians\":[]}}",
                    json(&self.matter)
                ),
            ),
            ("operator", json("R. Roe")),
            ("simulated", self.simulated.to_string()),
            ("created", json(&self.created)),
            ("tool", Self::tool()),
            ("host", "{\"name\":null,\"os\":\"linux\",\"architecture\":\"x86_64\"}".to_owned()),
            ("clock", "[]".to_owned()),
            (
                "source",
                format!(
                    "{{\"service\":\"microsoft-graph\",\"cloud\":\"global\",\"graph_url\":{},\
                     \"login_url\":\"https://login.microsoftonline.com\",\"extra_roots\":[],\"proxy\":null}}",
                    json(&self.graph_url)
                ),
            ),
            (
                "identity",
                "{\"tenant\":\"t\",\"client_id\":\"c\",\"method\":\"client-secret\",\"claims\":null}".to_owned(),
            ),
            (
                "plan",
                format!(
                    "{{\"from\":{},\"to\":{},\"kinds\":[{asked}],\"not_asked\":[{not_asked}],\"second_pass\":{},\
                     \"window_seconds\":86400,\"top\":1000,\"rate\":null}}",
                    json(&self.plan_from),
                    json(&self.plan_to),
                    self.second_pass.is_some()
                ),
            ),
            ("retention", "{\"days\":30,\"basis\":\"Entra ID P1\"}".to_owned()),
            ("keys", format!("{{\"operator\":\"{operator}\",\"signer\":\"{signer}\"}}")),
            ("timestamps", Self::timestamps(&self.genesis_stamps)),
            (
                "series",
                format!(
                    "{{\"number\":{},\"previous_seal\":{}}}",
                    self.series.0,
                    json_or_null(self.series.1.as_deref())
                ),
            ),
        ])
    }

    fn stream(kind: &str, from: &str, to: &str, (pass, run, sequence): (u64, u64, u64)) -> String {
        format!(
            "{{\"kind\":{},\"from\":{},\"to\":{},\"pass\":{pass},\"run\":{run},\"sequence\":{sequence}}}",
            json(kind),
            json(from),
            json(to)
        )
    }

    fn request(url: &str, started: &str, finished: &str) -> String {
        format!(
            "{{\"method\":\"GET\",\"url\":{},\"headers\":[],\"client_request_id\":\"r\",\"attempt\":1,\"started\":{},\
             \"finished\":{},\"monotonic_start_us\":1,\"monotonic_end_us\":2}}",
            json(url),
            json(started),
            json(finished)
        )
    }

    fn response(url: &str, status: u64, headers: &[(String, String)]) -> String {
        let headers: Vec<String> =
            headers.iter().map(|(name, value)| format!("[{},{}]", json(name), json(value))).collect();
        let line =
            if url.starts_with("https://") { over_tls(PEER, b"a leaf certificate") } else { OVER_HTTP.to_owned() };
        format!("{{\"status\":{status},\"version\":\"HTTP/1.1\",\"headers\":[{}],{line}}}", headers.join(","))
    }

    fn body(path: &str, body: &[u8], content_encoding: Option<&str>) -> String {
        format!(
            "{{\"path\":{},\"byte_len\":{},\"sha256\":\"{}\",\"content_encoding\":{}}}",
            json(path),
            body.len(),
            hex_digest(body),
            json_or_null(content_encoding)
        )
    }

    fn record(&self, number: u64, page: &Page, previous: &str, reference: &str) -> Doc {
        let body = page.stored_body();
        let elements = page.counted_elements();
        let leaves: Vec<&[u8]> =
            if page.opaque { vec![&body] } else { elements.iter().map(|(text, _)| text.as_bytes()).collect() };
        let mut times: Vec<&str> = elements.iter().filter_map(|(_, time)| time.as_deref()).collect();
        // Fixed-width up to the second; drafts do not put two times with different fractions into one second.
        times.sort_by_key(|time| time.trim_end_matches('Z').to_owned());
        let records = format!(
            "{{\"slicing\":\"{}\",\"count\":{},\"inside\":{},\"undated\":{},\"merkle_root\":\"{}\",\"earliest\":{},\
             \"latest\":{}}}",
            if page.opaque { "opaque" } else { "elements" },
            elements.len(),
            page.counting(),
            elements.iter().filter(|(_, time)| time.is_none()).count(),
            HEXLOWER.encode(&merkle_root(&leaves)),
            json_or_null(times.first().copied()),
            json_or_null(times.last().copied()),
        );
        Doc::of(&[
            ("type", json("signhold/page-record/v1")),
            ("acquisition", json(&self.acquisition)),
            ("genesis", reference.to_owned()),
            ("sequence", number.to_string()),
            ("previous", json(previous)),
            ("stream", Self::stream(&page.kind, &page.from, &page.to, (page.pass, page.run, page.sequence))),
            ("request", Self::request(&page.url, &page.started, &page.finished)),
            ("response", Self::response(&page.url, page.status, &page.headers)),
            (
                "body",
                Self::body(
                    &format!("data/pages/{number:06}.{}", page.suffix()),
                    &body,
                    page.content_encoding.as_deref(),
                ),
            ),
            ("records", records),
            ("next_link", json_or_null(if page.opaque { None } else { page.next_link.as_deref() })),
        ])
    }

    fn failure(&self, number: u64, failure: &Failure, reference: &str) -> Doc {
        let path = format!("data/failures/{number:06}.body");
        Doc::of(&[
            ("type", json("signhold/failure/v1")),
            ("acquisition", json(&self.acquisition)),
            ("genesis", reference.to_owned()),
            ("sequence", number.to_string()),
            ("after_page", failure.after_page.to_string()),
            ("stream", Self::stream(&failure.kind, &failure.from, &failure.to, (1, failure.run, failure.sequence))),
            ("request", Self::request(&failure.url, "2026-11-22T06:05:30.000Z", "2026-11-22T06:05:31.000Z")),
            ("response", Self::response(&failure.url, 500, &[])),
            ("body", failure.body.as_ref().map_or_else(|| "null".to_owned(), |body| Self::body(&path, body, None))),
            ("reason", json("status")),
            ("detail", json("500 Internal Server Error")),
        ])
    }

    fn streams(&self) -> (String, usize) {
        let mut total_inside = 0;
        let list: Vec<String> = self
            .runs
            .iter()
            .map(|run| {
                let is_of_run = |page: &&Page| {
                    let of_stream = page.kind == run.kind && page.from == run.from && page.to == run.to;
                    of_stream && page.pass == run.pass && page.run == run.number
                };
                let of_run: Vec<&Page> = self.whole.as_ref().unwrap_or(&self.pages).iter().filter(is_of_run).collect();
                let inside: usize = of_run.iter().map(|page| page.counting()).sum();
                if run.state != "superseded" && run.pass == 1 && KINDS.contains(&run.kind.as_str()) {
                    total_inside += self.pages.iter().filter(is_of_run).map(Page::counting).sum::<usize>();
                }
                format!(
                    "{{\"kind\":{},\"from\":{},\"to\":{},\"pass\":{},\"run\":{},\"state\":\"{}\",\"pages\":{},\"records\":{},\
                     \"inside\":{inside},\"reason\":{}}}",
                    json(&run.kind),
                    json(&run.from),
                    json(&run.to),
                    run.pass,
                    run.number,
                    run.state,
                    of_run.len(),
                    of_run.iter().map(|page| page.counted_elements().len()).sum::<usize>(),
                    json_or_null(run.reason.as_deref())
                )
            })
            .collect();
        (format!("[{}]", list.join(",")), total_inside)
    }

    /// Makes the files, seal and all.
    pub(crate) fn build(&self) -> Files {
        let mut files = Files { top: self.package(), files: Vec::new() };
        for name in ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"] {
            files.push(name, Vec::new());
        }
        files.set("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
        files.push("README.txt", "How to verify this with stock tools.\n");
        files.push("keys/signer.pem", pem_of(&self.point));
        let operator = self.operator_point.as_ref().map(pem_of);
        let more = [("operator", &operator), ("signer-cert", &self.certificates), ("tsa-crls", &self.timestamp_lists)];
        for (name, text) in more.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
            files.push(&format!("keys/{name}.pem"), text.as_bytes());
        }

        let mut genesis = self.genesis();
        if let Some(edit) = &self.edit_genesis {
            edit(&mut genesis);
        }
        let genesis = genesis.bytes();
        let signature = self.genesis_key.sign(&genesis).to_bytes();
        files.push("data/genesis.json", genesis.clone());
        files.push("data/genesis.sig", signature);
        let mut tokens = Vec::new();
        for (index, stamp) in self.genesis_stamps.iter().enumerate() {
            let token = stamp(&signature);
            tokens.push(json(&hex_digest(&token)));
            files.push(&numbered("data/genesis", index + 1), token);
        }
        let reference = format!("{{\"sha256\":\"{}\",\"timestamps\":[{}]}}", hex_digest(&genesis), tokens.join(","));

        let mut previous = self.previous_record.clone().unwrap_or_else(|| hex_digest(&genesis));
        let mut records = Vec::new();
        for (number, page) in (self.first_page..).zip(&self.pages) {
            let mut record = self.record(number, page, &previous, &reference);
            if let Some(edit) = self.edit_records.get(&number) {
                edit(&mut record);
            }
            let record = record.bytes();
            previous = hex_digest(&record);
            files.push(&format!("data/records/{number:06}.json"), record.clone());
            let signature = self.record_key.sign(&record).to_bytes();
            files.push(&format!("data/records/{number:06}.sig"), signature);
            if let Some(stamp) = self.page_stamps.get(&number) {
                files.push(&format!("data/records/{number:06}.tsr"), stamp(&signature));
            }
            files.push(&format!("data/pages/{number:06}.{}", page.suffix()), page.stored_body());
            records.push(record);
        }
        for (number, failure) in (self.first_failure..).zip(&self.failures) {
            let mut record = self.failure(number, failure, &reference);
            if let Some(edit) = self.edit_failures.get(&number) {
                edit(&mut record);
            }
            let record = record.bytes();
            files.push(&format!("data/failures/{number:06}.json"), record.clone());
            files.push(&format!("data/failures/{number:06}.sig"), self.failure_key.sign(&record).to_bytes());
            if let Some(body) = &failure.body {
                files.push(&format!("data/failures/{number:06}.body"), body.clone());
            }
        }
        files.push("data/log/run.jsonl", "{\"event\":\"start\"}\n");
        if let Some(edit) = &self.edit_files {
            edit(&mut files);
        }
        let bag_info = self.bag_info(&files);
        files.set("bag-info.txt", self.edit_bag_info.as_ref().map_or(bag_info.clone(), |edit| edit(bag_info)));
        files.make_manifests();
        if let Some(edit) = &self.edit_manifests {
            edit(&mut files);
        }

        let mut seal = self.seal(&files, reference, &previous, &records);
        if let Some(edit) = &self.edit_seal {
            edit(&mut seal);
        }
        let seal = seal.bytes();
        let seal = self.edit_seal_bytes.as_ref().map_or(seal.clone(), |edit| edit(seal));
        let signature = self.seal_key.sign(&seal).to_bytes();
        files.push("seal/seal.json", seal);
        files.push("seal/seal.sig", signature);
        for (index, stamp) in self.seal_stamps.iter().enumerate() {
            files.push(&numbered("seal/seal", index + 1), stamp(&signature));
        }
        files
    }

    fn seal(&self, files: &Files, reference: String, head_sha256: &str, records: &[Vec<u8>]) -> Doc {
        let (streams, inside) = self.streams();
        let head = self.first_page + u64::try_from(self.pages.len()).unwrap() - 1;
        let leaves: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let (prefix_len, prefix_sha256) = files.before_the_seal();
        Doc::of(&[
            ("type", json("signhold/seal/v1")),
            ("package", json(&self.package())),
            ("acquisition", json(&self.acquisition)),
            ("genesis", reference),
            ("simulated", self.simulated.to_string()),
            ("created", json(&self.sealed)),
            ("operator", json("R. Roe")),
            ("tool", Self::tool()),
            (
                "volume",
                format!(
                    "{{\"number\":{},\"last\":{},\"first_page\":{},\"previous_seal\":{}}}",
                    self.volume,
                    self.last,
                    self.first_page,
                    if self.volume > 1 { json(&self.previous_seal) } else { "null".to_owned() }
                ),
            ),
            ("streams", streams),
            (
                "totals",
                format!(
                    "{{\"pages\":{},\"records\":{},\"inside\":{inside},\"body_bytes\":{},\"failures\":{}}}",
                    self.pages.len(),
                    self.pages.iter().map(|page| page.counted_elements().len()).sum::<usize>(),
                    self.pages.iter().map(|page| page.stored_body().len()).sum::<usize>(),
                    self.failures.len()
                ),
            ),
            ("head", format!("{{\"sequence\":{head},\"sha256\":\"{head_sha256}\"}}")),
            ("merkle_root", json(&HEXLOWER.encode(&merkle_root(&leaves)))),
            ("tagmanifest_sha256", json(&hex_digest(files.bytes("tagmanifest-sha256.txt")))),
            ("archive", format!("{{\"byte_len\":{prefix_len},\"sha256\":\"{prefix_sha256}\"}}")),
            ("signer", json(&fingerprint_of(&self.point))),
            ("timestamps", Self::timestamps(&self.seal_stamps)),
            ("second_pass", self.second_pass.clone().unwrap_or_else(|| "null".to_owned())),
            ("reconciliation", self.reconciliation.clone()),
        ])
    }

    fn bag_info(&self, files: &Files) -> String {
        let payload: Vec<usize> =
            files.files.iter().filter(|file| file.path.starts_with("data/")).map(|file| file.bytes.len()).collect();
        let count = if self.last { format!("{0} of {0}", self.volume) } else { format!("{} of ?", self.volume) };
        format!(
            "Source-Organization: Acme\nExternal-Identifier: {}\nExternal-Description: {}Microsoft Entra ID sign-in logs, {} to \
             {}\nBagging-Date: {}\nBag-Group-Identifier: {}\nBag-Count: {count}\nInternal-Sender-Identifier: \
             {}\nPayload-Oxum: {}.{}\n",
            self.package(),
            if self.simulated { "SIMULATED DATA, NOT EVIDENCE. " } else { "" },
            self.plan_from,
            self.plan_to,
            &self.sealed[..10],
            self.acquisition,
            self.matter,
            payload.iter().sum::<usize>(),
            payload.len()
        )
    }
}

fn numbered(stem: &str, number: usize) -> String {
    if number == 1 { format!("{stem}.tsr") } else { format!("{stem}-{number}.tsr") }
}
