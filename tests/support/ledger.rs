//! Ledgers and checkpoints, written from FORMAT §20 alone: text is put together and signed, nothing of the program is asked.
//!
//! A ledger is made event by event; each member of an event can be changed before it is signed, and the lines can be changed after.

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::package::{fingerprint_of, hex_digest, merkle_root, operator_key, sha256, spki_of};

/// The members of one event, each as the JSON that will stand there.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    pub(crate) r#type: String,
    pub(crate) matter: String,
    pub(crate) ledger: String,
    pub(crate) sequence: String,
    pub(crate) previous: String,
    pub(crate) time: String,
    pub(crate) actor: String,
    pub(crate) packages: String,
    pub(crate) kind: String,
    pub(crate) details: String,
    pub(crate) key: String,
}

/// A ledger under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) lines: Vec<Vec<u8>>,
}

impl Members {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        format!(
            "{{\"type\":{},\"matter\":{},\"ledger\":{},\"sequence\":{},\"previous\":{},\"time\":{},\"actor\":{},\
             \"packages\":{},\"kind\":{},\"details\":{},\"key\":{}}}",
            self.r#type,
            self.matter,
            self.ledger,
            self.sequence,
            self.previous,
            self.time,
            self.actor,
            self.packages,
            self.kind,
            self.details,
            self.key
        )
        .into_bytes()
    }
}

impl Ledger {
    /// A ledger whose first event was signed by `key`.
    pub(crate) fn opened(key: &SigningKey) -> Self {
        let mut ledger = Self::default();
        ledger.add(key, "opened", r#"{"title":null,"organisation":null,"authority":null}"#, &[]);
        ledger
    }

    /// The members of the event that would come next.
    pub(crate) fn next(&self, key: &SigningKey, kind: &str, details: &str, packages: &[String]) -> Members {
        let quoted =
            |line: Option<&Vec<u8>>| line.map_or("null".to_owned(), |line| format!("\"{}\"", hex_digest(line)));
        let role = match kind {
            "countersigned" => "witness",
            "received" => "receiver",
            _ => "operator",
        };
        let number = self.lines.len() + 1;
        Members {
            r#type: "\"signhold/event/v1\"".to_owned(),
            matter: "\"ACME-1\"".to_owned(),
            ledger: quoted(self.lines.first()),
            sequence: number.to_string(),
            previous: quoted(self.lines.last()),
            time: format!("\"2026-11-22T{:02}:{:02}:00.000Z\"", 7 + number / 60, number % 60),
            actor: format!("{{\"name\":\"R. Roe\",\"role\":\"{role}\",\"organisation\":null}}"),
            packages: format!("[{}]", packages.join(",")),
            kind: format!("\"{kind}\""),
            details: details.to_owned(),
            key: format!("\"{}\"", fingerprint(key)),
        }
    }

    /// Adds an event as it should be.
    pub(crate) fn add(&mut self, key: &SigningKey, kind: &str, details: &str, packages: &[String]) {
        self.add_with(key, kind, details, packages, |_| ());
    }

    /// Adds an event of which something is changed before it is signed.
    pub(crate) fn add_with(
        &mut self,
        key: &SigningKey,
        kind: &str,
        details: &str,
        packages: &[String],
        change: impl FnOnce(&mut Members),
    ) {
        let mut members = self.next(key, kind, details, packages);
        change(&mut members);
        self.lines.push(signed(key, &members.bytes()));
    }

    /// Says that the good package was sealed, by whose key it is.
    pub(crate) fn seal(&mut self, key: &SigningKey, package: &str) {
        let details = format!(
            "{{\"acquisition\":\"20261122T060400Z-1a2b3c4d\",\"created\":\"2026-11-22T06:30:00.000Z\",\"signer\":\"{}\"}}",
            fingerprint(&operator_key())
        );
        self.add(key, "sealed", &details, &[package.to_owned()]);
    }

    pub(crate) fn transfer(&mut self, key: &SigningKey, package: &str) {
        let details = r#"{"to":{"name":"J. Doe","organisation":"Doe LLP","key":null},"text":null}"#;
        self.add(key, "transferred", details, &[package.to_owned()]);
    }

    /// The details of a receipt of the event of that number.
    pub(crate) fn receipt(&self, number: usize) -> String {
        let digest = hex_digest(&self.lines[number - 1]);
        format!("{{\"transfer\":{number},\"transfer_sha256\":\"{digest}\",\"text\":null}}")
    }

    /// Adds a renewal: its tokens, and the SHA-512 digests that stand in its text.
    pub(crate) fn renew(&mut self, key: &SigningKey, package: &str, tokens: &[Vec<u8>], over: &[String]) {
        let quoted = |texts: Vec<String>| texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(",");
        let tokens = quoted(tokens.iter().map(|token| BASE64.encode(token)).collect());
        let details = format!("{{\"tokens\":[{tokens}],\"over\":[{}]}}", quoted(over.to_vec()));
        self.add(key, "renewed", &details, &[package.to_owned()]);
    }

    /// The bytes of the file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect()
    }

    /// The checkpoint of the first `size` lines.
    pub(crate) fn checkpoint(&self, size: usize, key: &SigningKey) -> String {
        let leaves: Vec<&[u8]> = self.lines[..size].iter().map(Vec::as_slice).collect();
        let name = format!("signhold/ledger/v1/{}", hex_digest(&self.lines[0]));
        let body = format!("{name}\n{size}\n{}\n", BASE64.encode(&merkle_root(&leaves)));
        let point = key.verifying_key().to_bytes();
        let id = sha256(&[name.as_bytes(), b"\n\x01", &point].concat());
        let signature = [&id[..4], &key.sign(body.as_bytes()).to_bytes()].concat();
        format!("{body}\n\u{2014} {name} {}\n", BASE64.encode(&signature))
    }
}

/// A line around the bytes of an event.
pub(crate) fn signed(key: &SigningKey, event: &[u8]) -> Vec<u8> {
    let public = BASE64.encode(&spki_of(&key.verifying_key().to_bytes()));
    let signature = BASE64.encode(&key.sign(event).to_bytes());
    let tail = format!(",\"public_key\":\"{public}\",\"signature\":\"{signature}\"}}");
    [b"{\"event\":".as_slice(), event, tail.as_bytes()].concat()
}

/// A package as events name it.
pub(crate) fn package_name(id: &str, seal: &str, archive: &[u8]) -> String {
    format!(
        "{{\"package\":\"{id}\",\"seal_sha256\":\"{seal}\",\"archive_sha256\":\"{}\",\"byte_len\":{}}}",
        HEXLOWER.encode(&sha256(archive)),
        archive.len()
    )
}

pub(crate) fn fingerprint(key: &SigningKey) -> String {
    fingerprint_of(&key.verifying_key().to_bytes())
}
