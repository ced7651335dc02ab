//! What a token says of itself: read for the plan's description of who asked, never to decide anything.
//!
//! Microsoft calls its tokens opaque; one that cannot be read is no error. The signature is not checked: the service that takes
//! the token does that, and it is the service's answer that counts.

use crate::format::parts::Pair;

/// Returns the claims that FORMAT §6.1 takes into genesis, as far as the token has them.
pub(super) fn read(token: &str) -> Option<Vec<Pair>> {
    let payload = token.split('.').nth(1)?;
    let bytes = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?;
    let claims: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&bytes).ok()?;
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let spelled = |value: &serde_json::Value| match value {
        serde_json::Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(" "),
        value => text(value),
    };
    Some(CLAIMS.iter().filter_map(|name| Some(((*name).to_owned(), spelled(claims.get(*name)?)))).collect())
}

/// Returns one of these claims.
pub(super) fn one<'a>(claims: &'a [Pair], wanted: &str) -> Option<&'a str> {
    claims.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// The claims that FORMAT §6.1 takes into genesis.
const CLAIMS: [&str; 11] = ["aud", "tid", "appid", "oid", "idtyp", "roles", "scp", "iat", "nbf", "exp", "uti"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_say_who_asks_and_leave_out_the_rest() {
        let payload = data_encoding::BASE64URL_NOPAD
            .encode(br#"{"tid":"t","roles":["A.Read","B.Read"],"exp":1,"secret_stuff":"x"}"#);
        let claims = read(&format!("h.{payload}.signature")).unwrap();
        let expected =
            [("tid", "t"), ("roles", "A.Read B.Read"), ("exp", "1")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(claims, expected);
        assert_eq!(one(&claims, "tid"), Some("t"));
        assert_eq!(read("opaque"), None);
    }
}
