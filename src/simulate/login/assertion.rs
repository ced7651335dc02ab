//! Client assertions (RFC 7523, graph-api §6.3): a certificate's signature, or the token of another issuer.
//!
//! PS256 with `x5t#S256` as documented, RS256 with `x5t` as still widely sent. The signature is checked with the certificate
//! the settings register; claims are checked as the service does, each assertion once.

use std::sync::PoisonError;

use data_encoding::BASE64URL_NOPAD;
use der::Decode;
use ring::{digest, signature};
use serde::Deserialize;
use x509_cert::Certificate;

use super::{
    super::{
        answer::Request,
        service::Service,
        settings::{CLIENT_ID, TENANT_DOMAIN, TENANT_ID},
    },
    Form,
    refusal::Refusal,
};

#[derive(Deserialize)]
struct Header {
    alg: String,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
}

#[derive(Deserialize)]
struct Assertion {
    aud: String,
    iss: String,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    jti: Option<String>,
}

/// Checks an assertion; what it returns when it does not hold is what the service would say.
pub(crate) fn check(service: &Service, request: &Request<'_>, form: &Form, assertion: &str) -> Result<(), Refusal> {
    if form.field("client_assertion_type") != Some(TYPE) {
        return Err(Refusal::AssertionType);
    }
    if service.settings.federated_tokens.iter().any(|known| known == assertion) {
        return Ok(());
    }
    let invalid = |why: &'static str| Refusal::AssertionInvalid(why);
    let (signed, tag) = assertion.rsplit_once('.').ok_or(invalid("it is not a JWT"))?;
    let (header, payload) = signed.split_once('.').ok_or(invalid("it is not a JWT"))?;
    let header: Header = part(header).ok_or(invalid("its header cannot be read"))?;
    let claims: Assertion = part(payload).ok_or(invalid("its claims cannot be read"))?;
    let tag = BASE64URL_NOPAD.decode(tag.as_bytes()).map_err(|_| invalid("its signature cannot be read"))?;
    if !signed_by(service.settings.client_certificate_der.as_deref(), &header, signed.as_bytes(), &tag) {
        return Err(Refusal::AssertionSignature);
    }
    let tenants = [TENANT_ID, TENANT_DOMAIN];
    let ours = [request.origin, PUBLIC_LOGIN];
    let addressed = tenants.iter().any(|tenant| {
        ours.iter().any(|host| {
            claims.aud == format!("{host}/{tenant}/oauth2/v2.0/token") || claims.aud == format!("{host}/{tenant}/v2.0")
        })
    });
    if !addressed {
        return Err(invalid("its audience is not this endpoint"));
    }
    if !claims.iss.eq_ignore_ascii_case(CLIENT_ID) || !claims.sub.eq_ignore_ascii_case(CLIENT_ID) {
        return Err(invalid("its issuer or subject is not the application"));
    }
    let now = service.present.now().timestamp();
    if now >= claims.exp.saturating_add(LEEWAY) || claims.nbf.is_some_and(|from| now < from.saturating_sub(LEEWAY)) {
        return Err(Refusal::AssertionTime);
    }
    let id = claims.jti.filter(|id| !id.is_empty()).ok_or(invalid("it has no jti"))?;
    if !service.seen_assertions.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
        return Err(invalid("it was used before"));
    }
    Ok(())
}

/// Says whether the registered certificate is the one named and has signed.
fn signed_by(certificate: Option<&[u8]>, header: &Header, message: &[u8], tag: &[u8]) -> bool {
    let Some(certificate) = certificate else { return false };
    let Ok(parsed) = Certificate::from_der(certificate) else { return false };
    let key = parsed.tbs_certificate().subject_public_key_info();
    let Some(key) = key.subject_public_key.as_bytes() else { return false };
    let thumbprint = |algorithm| BASE64URL_NOPAD.encode(digest::digest(algorithm, certificate).as_ref());
    let (algorithm, named): (&dyn signature::VerificationAlgorithm, bool) = match header.alg.as_str() {
        "PS256" => {
            let named = header.x5t_s256.as_deref() == Some(thumbprint(&digest::SHA256).as_str());
            (&signature::RSA_PSS_2048_8192_SHA256, named)
        }
        "RS256" => {
            let legacy = thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY);
            (&signature::RSA_PKCS1_2048_8192_SHA256, header.x5t.as_deref() == Some(legacy.as_str()))
        }
        _ => return false,
    };
    named && signature::UnparsedPublicKey::new(algorithm, key).verify(message, tag).is_ok()
}

fn part<T: for<'d> Deserialize<'d>>(text: &str) -> Option<T> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()
}

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Assertions addressed to the service itself are good here too, for clients that cannot say otherwise.
const PUBLIC_LOGIN: &str = "https://login.microsoftonline.com";
/// Seconds that clocks may differ.
const LEEWAY: i64 = 300;
