//! The client credentials grant with a shared secret (RFC 6749 §4.4).

use super::answer::Form;
use crate::crypto::secret::Secret;

/// Begins the form of every client credentials grant.
pub(super) fn grant(client_id: &str, scope: &str, claims: Option<&str>) -> Form {
    Form::default()
        .with("client_id", client_id)
        .with("scope", scope)
        .with("grant_type", "client_credentials")
        .with_optional("claims", claims)
}

/// Shows the secret.
pub(super) fn show(form: Form, secret: &Secret) -> Form {
    form.with_hidden("client_secret", secret)
}
