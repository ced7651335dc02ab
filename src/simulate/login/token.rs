//! Access tokens: JSON Web Tokens (RFC 7519) with the claims of an application token, signed with HS256.
//!
//! The key follows from the seed, so a token survives a restart of the simulator. It protects nothing.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::hmac;
use serde::{Deserialize, Serialize};

/// The claims of an application's access token.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    pub(crate) appid: String,
    pub(crate) app_displayname: String,
    pub(crate) idtyp: String,
    pub(crate) oid: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<String>,
    /// The permissions of a token for a person, with spaces between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scp: Option<String>,
    pub(crate) sub: String,
    pub(crate) tid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upn: Option<String>,
    /// Unique token identifier; ours begins with the number of the token, which is how a whole batch can expire.
    pub(crate) uti: String,
    pub(crate) ver: String,
    /// The challenge this token meets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) xms_met: Option<i64>,
}

impl Claims {
    /// Says whether the token carries a permission, as the application's own or a person's.
    pub(crate) fn permit(&self, permission: &str) -> bool {
        let of_person = self.scp.as_deref().unwrap_or_default().split(' ');
        self.roles.iter().map(String::as_str).chain(of_person).any(|other| other == permission)
    }
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rejection {
    /// Not yet valid, no longer valid, or withdrawn by a fault.
    Expired,
    /// Not a token of ours.
    Garbage,
    /// No token at all.
    Missing,
}

/// Issues tokens and recognises them.
#[derive(Debug)]
pub(crate) struct Mint {
    key: hmac::Key,
    issued: AtomicU64,
    /// Tokens with a number up to this one count as expired.
    withdrawn: AtomicU64,
    /// The time a challenge demands tokens to be newer than; zero before there is one.
    challenge: AtomicI64,
}

impl Mint {
    /// Makes the mint of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut secret = b"signhold simulator ".to_vec();
        secret.extend_from_slice(&seed.to_be_bytes());
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            issued: AtomicU64::new(0),
            withdrawn: AtomicU64::new(0),
            challenge: AtomicI64::new(0),
        }
    }

    /// Takes the number of the next token, from 1.
    pub(crate) fn next_number(&self) -> u64 {
        self.issued.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Returns the identifier of a token with this number.
    pub(crate) fn identifier(number: u64) -> String {
        BASE64URL_NOPAD.encode(&[&number.to_be_bytes()[..], b"simulate"].concat())
    }

    /// Returns the number in an identifier.
    pub(crate) fn number(identifier: &str) -> Option<u64> {
        let bytes = BASE64URL_NOPAD.decode(identifier.as_bytes()).ok()?;
        bytes.first_chunk().map(|number| u64::from_be_bytes(*number))
    }

    /// Signs claims.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let payload = serde_json::to_vec(claims).unwrap_or_default();
        let signed = format!("{}.{}", BASE64URL_NOPAD.encode(HEADER), BASE64URL_NOPAD.encode(&payload));
        let tag = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(tag.as_ref()))
    }

    /// Makes every token issued so far count as expired.
    pub(crate) fn withdraw_all(&self) {
        self.withdrawn.store(self.issued.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Demands claims from now on; returns them in base64.
    pub(crate) fn challenge(&self, now: DateTime<Utc>) -> String {
        self.challenge.store(now.timestamp(), Ordering::Relaxed);
        demand(now.timestamp())
    }

    /// Returns the claims a token lacks, in base64.
    pub(crate) fn unmet_challenge(&self, claims: &Claims) -> Option<String> {
        let challenge = self.challenge.load(Ordering::Relaxed);
        (challenge != 0 && claims.xms_met.is_none_or(|met| met < challenge)).then(|| demand(challenge))
    }

    /// Reads the value of an `Authorization` header.
    pub(crate) fn check(&self, authorization: Option<&str>, now: DateTime<Utc>) -> Result<Claims, Rejection> {
        let value = authorization.unwrap_or_default().trim();
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(Rejection::Missing);
        }
        let claims = self.read(token.trim()).ok_or(Rejection::Garbage)?;
        let withdrawn =
            Self::number(&claims.uti).is_some_and(|number| number <= self.withdrawn.load(Ordering::Relaxed));
        if withdrawn || !(claims.nbf..claims.exp).contains(&now.timestamp()) {
            return Err(Rejection::Expired);
        }
        Ok(claims)
    }

    fn read(&self, token: &str) -> Option<Claims> {
        let (signed, tag) = token.rsplit_once('.')?;
        let tag = BASE64URL_NOPAD.decode(tag.as_bytes()).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &tag).ok()?;
        let payload = BASE64URL_NOPAD.decode(signed.split_once('.')?.1.as_bytes()).ok()?;
        serde_json::from_slice(&payload).ok()
    }
}

/// Spells a demand for claims (OpenID Connect Core §5.5), in base64.
fn demand(not_before: i64) -> String {
    let claims = format!(r#"{{"access_token":{{"nbf":{{"essential":true,"value":"{not_before}"}}}}}}"#);
    BASE64.encode(claims.as_bytes())
}

const HEADER: &[u8] = br#"{"typ":"JWT","alg":"HS256","kid":"simulated"}"#;
