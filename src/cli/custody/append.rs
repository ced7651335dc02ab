//! `custody append`: an event that somebody else has signed, on a copy of the ledger, comes into the ledger.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::chain::{Target, Written};
use crate::cli::error::CliError;
use crate::format::ledger::{MAX_LINE_BYTE_LEN, SignedEvent};

#[derive(Args)]
pub(super) struct AppendArgs {
    /// The signed event, as `receive --out` or `countersign --out` has written it
    line: PathBuf,
}

pub(super) fn run(dir: &Path, args: &AppendArgs) -> Result<ExitCode, CliError> {
    let target = Target::find(dir)?;
    let mut chain = target.open()?;
    let path = &args.line;
    let refused =
        |reason: String| CliError::request(format!("`{}` is no event that can be added: {reason}", path.display()));
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_LINE_BYTE_LEN as u64 + 2).read_to_end(&mut bytes))
        .map_err(|error| refused(error.to_string()).hint("check the path"))?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let signed = SignedEvent::decode(line).map_err(|error| {
        refused(error.to_string()).hint("ask for the file again; it may have been changed on its way")
    })?;
    if !signed.is_signed(line) {
        return Err(refused("it is not signed by the key that it names".to_owned())
            .hint("ask for the file again; it may have been changed on its way"));
    }
    if let Some(breach) = chain.replay().breaches(&signed.event).first() {
        return Err(refused(format!(
            "it was made to be event {}, and the ledger has {}: {breach}",
            signed.event.sequence,
            chain.replay().line_count()
        ))
        .hint("send the ledger as it is now, and have the event signed again; nothing was added"));
    }
    let signed = chain.append(line)?;
    let written = Written {
        sequence: signed.event.sequence,
        kind: signed.event.act.kind(),
        digest: signed.digest,
        line: line.to_vec(),
    };
    written.tell(chain.path());
    Ok(ExitCode::SUCCESS)
}
