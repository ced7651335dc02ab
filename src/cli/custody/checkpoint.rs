//! `custody checkpoint`: the state of the ledger, signed, for somebody else to keep.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::chain::Target;
use crate::cli::error::{CliError, with_causes};
use crate::cli::key::home_named;
use crate::cli::out;
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::signing::{self, Operator};
use crate::crypto::digest::{EventDigest, LedgerName};
use crate::crypto::merkle::RootHash;
use crate::format::checkpoint::Checkpoint;
use crate::format::identifier::MatterId;
use crate::store::FolderError;
use crate::store::durable;

#[derive(Args)]
pub(super) struct CheckpointArgs {
    /// The private key that signs; that of the matter if left out
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Write the checkpoint to this new file as well
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What `custody checkpoint` says with `--json`.
#[derive(Debug, Serialize)]
struct CheckpointAnswer {
    /// The ledger's name: the digest of its first line.
    ledger: LedgerName,
    /// Whose chain of custody.
    matter: MatterId,
    /// How many lines.
    line_count: u64,
    /// The digest of the last.
    head_sha256: EventDigest,
    /// The Merkle root over them.
    merkle_root: RootHash,
    /// The signed note.
    checkpoint: String,
}

pub(super) fn run(dir: &Path, args: &CheckpointArgs) -> Result<ExitCode, CliError> {
    let target = Target::find(dir)?;
    let chain = target.open()?;
    let replay = chain.replay();
    let (Some(ledger), Some(head), Some(matter)) = (replay.name(), replay.head(), replay.matter()) else {
        return Err(CliError::request(format!("the ledger `{}` is empty", chain.path().display()))
            .hint("there is nothing to sign yet; `signhold collect` writes the first event"));
    };
    let home = match (&args.key, &target) {
        (Some(typed), _) => home_named(typed)?,
        (None, Target::Matter(matter)) => signing::home_of(matter)?,
        (None, Target::File(_)) => {
            return Err(
                CliError::request("a ledger by itself has no key: --key is needed").hint("name your private key")
            );
        }
    };
    let key = Operator::at(home, &args.passphrase)?.signer;
    let checkpoint = Checkpoint::sign(ledger, replay.line_count(), replay.root(), key.as_ref())
        .map_err(|error| CliError::machine(with_causes(&error)))?;
    if let Some(path) = &args.out {
        durable::write_named(path, checkpoint.as_bytes()).map_err(FolderError::io("write", path))?;
    }
    if args.json {
        out::answer_json(&CheckpointAnswer {
            ledger,
            matter: matter.clone(),
            line_count: replay.line_count(),
            head_sha256: head.digest,
            merkle_root: replay.root(),
            checkpoint,
        });
    } else {
        out::answer(&checkpoint);
    }
    Ok(ExitCode::SUCCESS)
}
