//! The client credentials grant with an assertion signed by a certificate's key (RFC 7523 §2.2).
//!
//! The header names the certificate by its SHA-256 thumbprint, `x5t#S256`, and the signature is `PS256`, as Microsoft documents
//! for "certificate credentials". A new assertion is made for every renewal and lives ten minutes.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::answer::{Form, NoToken};
use super::{CertificateKey, Machine};
use crate::collect::Clock;
use crate::crypto::secret::Secret;

/// What an assertion is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) client_id: &'a str,
    pub(super) audience: &'a str,
    pub(super) send_chain: bool,
}

/// Shows an assertion.
pub(super) fn show(form: Form, assertion: &Secret) -> Form {
    form.with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        .with_hidden("client_assertion", assertion)
}

/// Makes an assertion.
pub(super) fn assertion(
    key: &dyn CertificateKey,
    about: About<'_>,
    machine: &dyn Machine,
    clock: &dyn Clock,
) -> Result<Secret, NoToken> {
    let refused = |reason: String| NoToken::here("the client certificate", reason);
    let certificates = key.certificates();
    let leaf = certificates.first().ok_or_else(|| refused("there is none".to_owned()))?;
    let mut header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": BASE64URL_NOPAD.encode(&Sha256::digest(leaf)) });
    if about.send_chain {
        header["x5c"] = certificates.iter().map(|certificate| BASE64.encode(certificate)).collect();
    }
    let now = clock.now().to_datetime().timestamp();
    let claims = json!({
        "aud": about.audience,
        "iss": about.client_id,
        "sub": about.client_id,
        "jti": uuid(machine.random().map_err(refused)?),
        "nbf": now,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    });
    let encode = |part: &serde_json::Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let signature = key.sign_ps256(signed.as_bytes()).map_err(refused)?;
    Ok(Secret::new(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))))
}

/// Writes random bytes as a UUID (RFC 9562, version 4).
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

/// Ten minutes: Microsoft advises five to ten.
const LIFETIME_SECONDS: i64 = 600;
