//! Which keys sign an acquisition: the operator's alone, or the operator's the plan and one of the acquisition the rest.

use std::path::Path;

use clap::Args;
use zeroize::Zeroizing;

use super::error::CliError;
use super::passphrase::PassphraseArgs;
use crate::collect::plan;
use crate::collect::table::RunTable;
use crate::crypto::secret::Secret;
use crate::crypto::signature::{PublicKey, Signer};
use crate::format::genesis::{Genesis, Plan};
use crate::keyring::OperatorKey;
use crate::keyring::home::KeyHome;
use crate::keyring::ssh_agent::{AgentError, AgentKey};
use crate::keyring::token::TokenKey;
use crate::store::acquisition::AcquisitionFolder;
use crate::store::matter::MatterFolder;
use crate::time::LocalTime;

/// Whether an acquisition gets a key of its own.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct OwnKeyArgs {
    /// Make a key for each acquisition, which the operator's key names in the plan and which is destroyed after sealing
    #[arg(long, overrides_with = "no_key_per_acquisition")]
    key_per_acquisition: bool,
    /// Sign pages and seal with the operator's own key
    #[arg(long, overrides_with = "key_per_acquisition")]
    no_key_per_acquisition: bool,
}

impl OwnKeyArgs {
    /// Returns what was asked for, if anything.
    pub(super) fn choice(self) -> Option<bool> {
        match (self.key_per_acquisition, self.no_key_per_acquisition) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }
}

/// The operator's key, ready to sign, and what it takes to guard another one as well.
pub(super) struct Operator {
    pub(super) signer: Box<dyn Signer>,
    pub(super) home: KeyHome,
    /// What opened the key file; none where it lies open. Beside a token or an agent, what was given for the acquisition's key.
    passphrase: Option<Secret>,
}

impl Operator {
    /// Opens the key of a matter.
    pub(super) fn open(matter: &MatterFolder, passphrase: &PassphraseArgs) -> Result<Self, CliError> {
        Self::at(home_of(matter)?, passphrase)
    }

    /// Opens the key that lives there.
    pub(super) fn at(home: KeyHome, passphrase: &PassphraseArgs) -> Result<Self, CliError> {
        let (signer, passphrase): (Box<dyn Signer>, _) = match &home {
            KeyHome::File(path) => {
                let (key, passphrase) = load(path, path, passphrase)?;
                (Box::new(key), passphrase)
            }
            KeyHome::Agent(wanted) => {
                let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty());
                let socket = socket.ok_or(AgentError::NoSocket)?;
                (Box::new(AgentKey::find(Path::new(&socket), wanted)?), passphrase.given()?)
            }
            KeyHome::Token(uri) => (Box::new(TokenKey::open(uri, || PassphraseArgs::pin(uri))?), passphrase.given()?),
        };
        Ok(Self { signer, home, passphrase })
    }

    /// Makes the key of an acquisition where there is to be one: where it was asked for, and where the operator's key is kept
    /// elsewhere and nobody said otherwise, for there each signature may take a second or a person.
    pub(super) fn own_key(
        &self,
        matter: &MatterFolder,
        asked: OwnKeyArgs,
        plan: &Plan,
    ) -> Result<Option<FreshKey>, CliError> {
        let said = asked.choice().or(matter.settings().key_per_acquisition);
        if said.unwrap_or(self.home.is_kept_elsewhere()) {
            return FreshKey::make(self).map(Some);
        }
        let windows =
            plan::remaining(plan, &RunTable::default()).map_err(|error| CliError::request(error.to_string()))?;
        if matches!(self.home, KeyHome::Agent(_)) && windows.len() > AGENT_WINDOWS {
            return Err(CliError::request(format!(
                "an ssh-agent signs at most 256 KiB at once; the seal of {} windows may be longer",
                windows.len()
            ))
            .hint("give the acquisition its own key (--key-per-acquisition), or collect a shorter window"));
        }
        Ok(None)
    }
}

/// Returns where the key of a matter lives; a relative path begins at the matter folder.
pub(super) fn home_of(matter: &MatterFolder) -> Result<KeyHome, CliError> {
    let home = match matter.settings().key.to_str() {
        Some(text) => text.parse()?,
        None => KeyHome::File(matter.settings().key.clone()),
    };
    Ok(match home {
        KeyHome::File(_) => KeyHome::File(matter.key_path()),
        home => home,
    })
}

/// The keys that an acquisition under way needs.
pub(super) struct SigningKeys {
    /// Signs pages and seal.
    pub(super) signer: Box<dyn Signer>,
    /// The operator's, where that is another and was opened already.
    pub(super) operator: Option<Box<dyn Signer>>,
}

/// The key of an acquisition that has not begun. It exists in memory alone.
pub(super) struct FreshKey {
    pub(super) key: OperatorKey,
    pub(super) private_pem: Zeroizing<String>,
    pub(super) operator: PublicKey,
}

impl FreshKey {
    fn make(operator: &Operator) -> Result<Self, CliError> {
        let key = OperatorKey::generate()?;
        let private_pem = key.to_private_pem(operator.passphrase.as_ref())?;
        Ok(Self { key, private_pem, operator: operator.signer.public_key() })
    }
}

/// Opens the key that signs an acquisition which was begun, and returns it with the key that signed its plan. The operator's private
/// key is not needed where the acquisition has its own.
pub(super) fn reopen(
    matter: &MatterFolder,
    folder: &AcquisitionFolder,
    genesis: &Genesis,
    passphrase: &PassphraseArgs,
) -> Result<(Box<dyn Signer>, PublicKey), CliError> {
    if genesis.keys.operator == genesis.keys.signer {
        let operator = Operator::open(matter, passphrase)?;
        let public = operator.signer.public_key();
        return Ok((operator.signer, public));
    }
    let operator = PublicKey::from_pem(&folder.operator_pem()?).map_err(|error| {
        CliError::request(format!("the operator's public key of `{}` cannot be read: {error}", genesis.acquisition))
            .hint("put back `operator.pub.pem` in the folder of the acquisition as it was")
    })?;
    let path = folder.key_path();
    let gone = || {
        CliError::request(format!(
            "the key of acquisition `{}` is gone: nothing can be signed under its plan any more",
            genesis.acquisition
        ))
        .hint("what was collected stays where it is; `signhold collect` begins a new acquisition")
    };
    if !folder.has_key() || is_blank(&path) {
        return Err(gone());
    }
    let asked_for = match home_of(matter)? {
        KeyHome::File(path) => path,
        _ => path.clone(),
    };
    let (key, _) = load(&path, &asked_for, passphrase)?;
    Ok((Box::new(key), operator))
}

/// Returns the line of the run log that names the key of an acquisition.
pub(super) fn made(at: LocalTime, genesis: &Genesis) -> String {
    let note = "signs pages and seal; destroyed once the package is durable and was read back";
    serde_json::json!({"at": at, "event": "acquisition-key-made", "fingerprint": genesis.keys.signer, "note": note})
        .to_string()
}

/// Loads a key file; keeps the passphrase if there was one. `asked_for` is the file that a person knows the passphrase of.
fn load(path: &Path, asked_for: &Path, passphrase: &PassphraseArgs) -> Result<(OperatorKey, Option<Secret>), CliError> {
    let mut kept = None;
    let key = OperatorKey::load(path, || {
        let secret = passphrase.existing(asked_for)?;
        kept = Some(secret.clone());
        Ok::<_, CliError>(secret)
    })?;
    Ok((key, kept))
}

/// Says whether a key file holds what destroying leaves when it is interrupted.
fn is_blank(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.iter().all(|byte| *byte == 0))
}

/// A seal grows by less than 300 bytes a window, and some windows are asked twice: 256 KiB hold twice as many.
const AGENT_WINDOWS: usize = 400;
