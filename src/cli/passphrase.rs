//! Where passphrases come from: a file, the environment, or a person at a terminal. Never an argument.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use super::out;
use crate::crypto::secret::Secret;
use crate::keyring::token_uri::TokenUri;

/// How to get a passphrase.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct PassphraseArgs {
    /// Read the passphrase of the key from this file (its first line); else from SIGNHOLD_PASSPHRASE, else it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// Returns the file that was named.
    pub(super) fn file(&self) -> Option<&PathBuf> {
        self.passphrase_file.as_ref()
    }

    /// Gets the passphrase of an existing key.
    pub(super) fn existing(&self, key: &Path) -> Result<Secret, CliError> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase of {}: ", key.display())),
        }
    }

    /// Gets a passphrase for a new key; a person types it twice.
    pub(super) fn fresh(&self) -> Result<Secret, CliError> {
        let passphrase = if let Some(passphrase) = self.given()? {
            passphrase
        } else {
            let first = ask("New passphrase: ")?;
            if ask("The same again: ")?.expose_secret() != first.expose_secret() {
                return Err(CliError::request("the two passphrases differ").hint("nothing was written; try again"));
            }
            first
        };
        if passphrase.is_empty() {
            return Err(
                CliError::request("the passphrase is empty").hint("use --no-passphrase if the key is to lie open")
            );
        }
        Ok(passphrase)
    }

    /// Gets the PIN of a token: from the file its name says, from the environment, from a person.
    pub(super) fn pin(uri: &TokenUri) -> Result<Secret, CliError> {
        if let Some(path) = uri.pin_source() {
            return read_secret_file(path);
        }
        match std::env::var(PIN_VARIABLE).ok().filter(|value| !value.is_empty()) {
            Some(pin) => Ok(Secret::new(pin)),
            None if !std::io::stdin().is_terminal() => {
                Err(CliError::request("the token wants a PIN and nobody can be asked")
                    .hint(format!("set {PIN_VARIABLE}, or name a file: `pin-source=file:/path`")))
            }
            None => ask(&format!("PIN of token {}: ", out::escape_line(uri.token.as_deref().unwrap_or("")))),
        }
    }

    /// Gets the passphrase if one was given without asking anybody.
    pub(super) fn given(&self) -> Result<Option<Secret>, CliError> {
        if let Some(path) = &self.passphrase_file {
            return read_secret_file(path).map(Some);
        }
        Ok(std::env::var(VARIABLE).ok().filter(|value| !value.is_empty()).map(Secret::new))
    }
}

/// Reads a secret from the first line of a file.
pub(super) fn read_secret_file(path: &Path) -> Result<Secret, CliError> {
    let refused = |error: std::io::Error| {
        CliError::request(format!("cannot read the secret in `{}`: {error}", path.display()))
            .hint("check the path and its permissions")
    };
    let file = std::fs::File::open(path).map_err(refused)?;
    let mut text = String::with_capacity(MAX_SECRET_BYTE_LEN);
    file.take(MAX_SECRET_BYTE_LEN as u64).read_to_string(&mut text).map_err(refused)?;
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    text.truncate(end);
    Ok(Secret::new(text))
}

fn ask(prompt: &str) -> Result<Secret, CliError> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::request("a passphrase is needed and nobody can be asked")
            .hint(format!("set {VARIABLE}, or name a file with --passphrase-file")));
    }
    let typed = rpassword::prompt_password(prompt);
    typed.map(Secret::new).map_err(|error| CliError::machine(format!("the passphrase cannot be read: {error}")))
}

const PIN_VARIABLE: &str = "SIGNHOLD_PIN";
const VARIABLE: &str = "SIGNHOLD_PASSPHRASE";
const MAX_SECRET_BYTE_LEN: usize = 4096;
