//! `key new|show|export-public`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::error::CliError;
use super::out;
use super::passphrase::PassphraseArgs;
use super::signing::Operator;
use crate::crypto::signature::{Fingerprint, PublicKey, Signer as _};
use crate::keyring::home::KeyHome;
use crate::keyring::{self, OperatorKey};

#[derive(Subcommand)]
pub(super) enum KeyVerb {
    /// Make a new private key (PKCS#8 PEM, encrypted) and its public half
    New(NewArgs),
    /// Show the fingerprint of a key, in hexadecimal digits and in words to read out
    Show(ShowArgs),
    /// Write the public half of a private key
    ExportPublic(ExportArgs),
}

#[derive(Args)]
pub(super) struct NewArgs {
    /// Where to write the private key; the public one goes beside it as `.pub.pem`
    file: PathBuf,
    /// Leave the private key unencrypted; only the file's permissions protect it then
    #[arg(long)]
    no_passphrase: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct ShowArgs {
    /// A private or public key file, `ssh-agent:SHA256:...` or `ssh-agent:COMMENT`, or a `pkcs11:` URI
    #[arg(value_name = "KEY")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct ExportArgs {
    /// A private key: a file, `ssh-agent:...` or `pkcs11:...`
    #[arg(value_name = "KEY")]
    key: PathBuf,
    /// Where to write the public key; standard output if left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// What `key new` and `key show` say with `--json`.
#[derive(Debug, Serialize)]
pub(super) struct KeyAnswer {
    /// SHA-256 of the SubjectPublicKeyInfo.
    fingerprint: Fingerprint,
    /// The same as 24 words.
    words: String,
    /// The public key in PEM.
    public_key: String,
}

pub(super) fn run(verb: KeyVerb) -> Result<ExitCode, CliError> {
    match verb {
        KeyVerb::New(args) => {
            let public_path = public_path(&args.file);
            let key = make(&args.file, &public_path, args.no_passphrase, &args.passphrase)?;
            out::talk(&format!("private key: {}\npublic key:  {}", args.file.display(), public_path.display()));
            show(&key.public_key(), args.json);
        }
        KeyVerb::Show(args) => show(&load_any(&args.key, &args.passphrase)?, args.json),
        KeyVerb::ExportPublic(args) => {
            let key = load_any(&args.key, &args.passphrase)?;
            match &args.out {
                Some(path) => keyring::write_public(path, &key)?,
                None => out::answer(&key.to_pem()),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a key pair in two new files.
pub(super) fn make(
    private_path: &Path,
    public_path: &Path,
    no_passphrase: bool,
    passphrase: &PassphraseArgs,
) -> Result<OperatorKey, CliError> {
    for path in [private_path, public_path] {
        if path.exists() {
            return Err(keyring::KeyFileError::Exists(path.to_owned()).into());
        }
    }
    let passphrase = if no_passphrase { None } else { Some(passphrase.fresh()?) };
    let key = OperatorKey::generate()?;
    key.write_private(private_path, passphrase.as_ref())?;
    keyring::write_public(public_path, &key.public_key())?;
    Ok(key)
}

/// Returns where the public half of `private` lies: `x.pem` has `x.pub.pem`.
pub(super) fn public_path(private: &Path) -> PathBuf {
    private.with_extension("pub.pem")
}

/// Reads what was typed as the name of a key. A path that is no text is a file.
pub(super) fn home_named(typed: &Path) -> Result<KeyHome, CliError> {
    typed.to_str().map_or_else(|| Ok(KeyHome::File(typed.to_owned())), |text| text.parse().map_err(CliError::from))
}

fn load_any(path: &Path, passphrase: &PassphraseArgs) -> Result<PublicKey, CliError> {
    let home = home_named(path)?;
    if let KeyHome::File(path) = &home
        && let Ok(key) = keyring::load_public(path)
    {
        return Ok(key);
    }
    Ok(Operator::at(home, passphrase)?.signer.public_key())
}

fn show(key: &PublicKey, json: bool) {
    let fingerprint = key.fingerprint();
    let answer = KeyAnswer { fingerprint, words: fingerprint.words(), public_key: key.to_pem() };
    if json {
        out::answer_json(&answer);
    } else {
        let words: Vec<&str> = answer.words.split(' ').collect();
        let lines: Vec<String> = words.chunks(6).map(|line| line.join(" ")).collect();
        out::answer(&format!("fingerprint  {}\nin words     {}\n", answer.fingerprint, lines.join("\n             ")));
    }
}
