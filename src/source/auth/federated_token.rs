//! Another identity provider's assertion instead of a secret (workload identity federation, RFC 7523 §2.2).
//!
//! The file is read at every renewal: its writer replaces it before it expires.

use std::path::Path;

use super::Machine;
use super::answer::{Form, NoToken};
use super::certificate::show;

/// Reads the assertion and shows it.
pub(super) fn show_file(form: Form, path: &Path, machine: &dyn Machine) -> Result<Form, NoToken> {
    let refused = |reason| NoToken::here(path.display().to_string(), reason);
    let assertion = machine.read_secret(path).map_err(refused)?;
    if assertion.is_empty() {
        return Err(refused("the file is empty".to_owned()));
    }
    Ok(show(form, &assertion))
}
