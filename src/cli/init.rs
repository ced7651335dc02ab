//! `init`: a matter folder.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::error::CliError;
use super::passphrase::PassphraseArgs;
use super::signing::{Operator, OwnKeyArgs};
use super::{custody, key, out};
use crate::crypto::signature::{Fingerprint, Signer};
use crate::format::identifier::MatterId;
use crate::format::line::Line;
use crate::keyring::home::KeyHome;
use crate::store::FolderError;
use crate::store::durable;
use crate::store::matter::{MatterFolder, MatterSettings, read_certificates};

#[derive(Args)]
pub(super) struct InitArgs {
    /// The folder to make
    pub(super) dir: PathBuf,
    /// The case's identifier: letters, digits, `.`, `_`, `-`
    #[arg(long, value_name = "ID")]
    pub(super) matter: MatterId,
    /// Who runs the tool
    #[arg(long, value_name = "NAME")]
    pub(super) operator: Line,
    /// The case's title
    #[arg(long)]
    pub(super) title: Option<Line>,
    /// For whom
    #[arg(long)]
    pub(super) organisation: Option<Line>,
    /// By what authority: hold notice, engagement, order
    #[arg(long)]
    pub(super) authority: Option<Line>,
    /// Whose data; may be given several times
    #[arg(long, value_name = "UPN")]
    pub(super) custodian: Vec<Line>,
    /// An existing Ed25519 key: a PKCS#8 PEM file, `ssh-agent:SHA256:...`, `ssh-agent:COMMENT`, or a `pkcs11:` URI with
    /// module-path; a new one is made in the folder if left out
    #[arg(long, value_name = "KEY")]
    pub(super) key: Option<PathBuf>,
    /// Certificates of that key in PEM, yours first, then those up to the authority: they go into every package
    #[arg(long, value_name = "PEM", requires = "key")]
    pub(super) certificate: Option<PathBuf>,
    /// Leave the new key unencrypted
    #[arg(long, conflicts_with = "key")]
    pub(super) no_passphrase: bool,
    #[command(flatten)]
    pub(super) own_key: OwnKeyArgs,
    #[command(flatten)]
    pub(super) passphrase: PassphraseArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// What `init` says with `--json`.
#[derive(Debug, Serialize)]
struct InitAnswer {
    /// The case.
    matter: MatterId,
    /// The folder.
    path: String,
    /// The private key.
    key_path: String,
    /// The public key, to be given to whoever will verify.
    public_key_path: String,
    /// SHA-256 of the public key's SubjectPublicKeyInfo.
    fingerprint: Fingerprint,
}

pub(super) fn run(args: InitArgs) -> Result<ExitCode, CliError> {
    let folder_error = |doing, error| CliError::from(FolderError::io(doing, &args.dir)(error));
    let is_taken = args.dir.exists()
        && (!args.dir.is_dir() || args.dir.read_dir().map_err(|error| folder_error("read", error))?.next().is_some());
    if is_taken {
        return Err(FolderError::Exists(args.dir.clone()).into());
    }
    // The key first: a folder without one would be of no use, and a wrong key must leave nothing behind.
    let existing = match &args.key {
        Some(typed) => Some(Operator::at(key::home_named(typed)?, &args.passphrase)?),
        None => None,
    };
    let certificate = match (&args.certificate, &existing) {
        (Some(path), Some(key)) => {
            read_certificates(path, &key.signer.public_key())?;
            Some(std::path::absolute(path).map_err(|error| folder_error("read", error))?)
        }
        _ => None,
    };
    let was_there = args.dir.exists();
    durable::make_folder(&args.dir).map_err(|error| folder_error("create", error))?;
    let (key_path, key): (PathBuf, Box<dyn Signer>) = if let Some(operator) = existing {
        let name = match operator.home {
            KeyHome::File(path) => std::path::absolute(path).map_err(|error| folder_error("read", error))?,
            elsewhere => PathBuf::from(elsewhere.to_string()),
        };
        crate::keyring::write_public(&args.dir.join(PUBLIC_KEY), &operator.signer.public_key())?;
        (name, operator.signer)
    } else {
        let (private_path, public_path) = (args.dir.join(PRIVATE_KEY), args.dir.join(PUBLIC_KEY));
        let made = key::make(&private_path, &public_path, args.no_passphrase, &args.passphrase);
        let made = made.inspect_err(|_| {
            if !was_there {
                // Leave nothing of a folder that was just made; if it is not empty, it stays.
                let _ = std::fs::remove_dir(&args.dir);
            }
        })?;
        (PathBuf::from(PRIVATE_KEY), Box::new(made))
    };
    let settings = MatterSettings {
        matter: args.matter,
        title: args.title,
        organisation: args.organisation,
        authority: args.authority,
        custodians: args.custodian,
        operator: args.operator,
        key: key_path,
        certificate,
        key_per_acquisition: args.own_key.choice(),
    };
    let folder = MatterFolder::create(&args.dir, settings)?;
    custody::packages::open_ledger(&folder, key.as_ref())?;
    if args.json {
        out::answer_json(&InitAnswer {
            matter: folder.settings().matter.clone(),
            path: folder.root().display().to_string(),
            key_path: key_name(&folder)?,
            public_key_path: folder.root().join(PUBLIC_KEY).display().to_string(),
            fingerprint: key.public_key().fingerprint(),
        });
    } else {
        out::answer(&summary(&folder, &key_name(&folder)?, key.public_key().fingerprint()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Names the private key: where its file lies, or who keeps it.
fn key_name(folder: &MatterFolder) -> Result<String, CliError> {
    Ok(match key::home_named(&folder.settings().key)? {
        KeyHome::File(_) => folder.key_path().display().to_string(),
        elsewhere => elsewhere.to_string(),
    })
}

fn summary(folder: &MatterFolder, key: &str, fingerprint: Fingerprint) -> String {
    let root = folder.root().display();
    format!(
        "matter `{}` is ready in {root}\n\
         key          {}\n\
         fingerprint  {fingerprint}\n\
         Give the fingerprint to whoever will verify, by another channel, before there is a dispute.\n\
         next: signhold collect {} --from DATE [--tsa-url URL]\n",
        folder.settings().matter,
        out::escape_line(key),
        out::shell(folder.root()),
    )
}

const PRIVATE_KEY: &str = "operator.pem";
const PUBLIC_KEY: &str = "operator.pub.pem";
