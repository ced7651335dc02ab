//! `custody list`: every event of a ledger, for people and for programs; what is not in order is shown, not hidden.
//!
//! Reads without a lock and changes nothing: a ledger can be looked at while somebody adds to it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::chain::Target;
use crate::cli::error::CliError;
use crate::cli::out::{self, counted, escape_line};
use crate::crypto::digest::{EventDigest, LedgerName};
use crate::crypto::merkle::RootHash;
use crate::custody::Replay;
use crate::custody::lines::{Line, Lines};
use crate::format::event::Event;
use crate::format::identifier::MatterId;
use crate::format::ledger::{MAX_LINE_BYTE_LEN, SignedEvent};
use crate::report::words::act;
use crate::store::FolderError;

#[derive(Args)]
pub(super) struct ListArgs {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What `custody list` says with `--json`.
#[derive(Debug, Serialize)]
struct ListAnswer {
    /// The ledger's name: the digest of its first line; null when that is no event.
    ledger: Option<LedgerName>,
    /// Whose chain of custody.
    matter: Option<MatterId>,
    /// Whether every line is a signed event that follows from those before.
    in_order: bool,
    /// The digest of the last line.
    head_sha256: Option<EventDigest>,
    /// The Merkle root over all lines.
    merkle_root: RootHash,
    /// Transfers that nobody has received.
    open_transfers: Vec<u64>,
    /// Bytes at the end without a line feed, as a crash leaves them; they are no event.
    torn_byte_len: u64,
    /// Every line.
    lines: Vec<ListedLine>,
}

#[derive(Debug, Serialize)]
struct ListedLine {
    /// Its number.
    number: u64,
    /// Its digest.
    sha256: EventDigest,
    /// The event; null when the line is none.
    event: Option<Event>,
    /// What is wrong with it.
    faults: Vec<String>,
}

pub(super) fn run(dir: &Path, args: &ListArgs) -> Result<ExitCode, CliError> {
    let path = Target::find(dir)?.ledger_path();
    let answer = read(&path)?;
    if args.json {
        out::answer_json(&answer);
    } else {
        out::answer(&to_text(&answer));
    }
    Ok(if answer.in_order { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn read(path: &Path) -> Result<ListAnswer, CliError> {
    let io = |error| CliError::from(FolderError::io("read", path)(error));
    let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
    let mut replay = Replay::new();
    let mut listed = Vec::new();
    let mut torn_byte_len = 0;
    let mut is_whole = true;
    let mut lines = Lines::new(file, MAX_LINE_BYTE_LEN as u64);
    while let Some(line) = lines.next_line().map_err(io)? {
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::Torn(byte_len) => {
                torn_byte_len = byte_len;
                break;
            }
            Line::TooLong => {
                is_whole = false;
                break;
            }
        };
        listed.push(list_line(bytes, &mut replay));
    }
    Ok(ListAnswer {
        ledger: replay.name(),
        matter: replay.matter().cloned(),
        in_order: is_whole && torn_byte_len == 0 && listed.iter().all(|line: &ListedLine| line.faults.is_empty()),
        head_sha256: replay.head().map(|head| head.digest),
        merkle_root: replay.root(),
        open_transfers: replay.open_transfers().collect(),
        torn_byte_len,
        lines: listed,
    })
}

fn list_line(bytes: &[u8], replay: &mut Replay) -> ListedLine {
    let number = replay.line_count() + 1;
    let (event, faults) = match SignedEvent::decode(bytes) {
        Err(error) => {
            replay.skip(bytes);
            (None, vec![error.to_string()])
        }
        Ok(signed) if !signed.is_signed(bytes) => {
            replay.skip(bytes);
            (Some(signed.event), vec!["not signed by the key that it names".to_owned()])
        }
        Ok(signed) => {
            let breaches = replay.follow(&signed, bytes);
            (Some(signed.event), breaches.iter().map(ToString::to_string).collect())
        }
    };
    ListedLine { number, sha256: EventDigest::of(bytes), event, faults }
}

fn to_text(answer: &ListAnswer) -> String {
    let mut text = match (&answer.matter, &answer.ledger) {
        (Some(matter), Some(ledger)) => format!("matter  {matter}\nledger  {ledger}\n"),
        _ => "no ledger: its first line is not the event that opens one\n".to_owned(),
    };
    for line in &answer.lines {
        text += "\n";
        match &line.event {
            Some(event) => text += &event_text(line.number, event),
            None => text += &format!("{:>5}  no event\n", line.number),
        }
        for fault in &line.faults {
            text += &format!("       NOT IN ORDER: {}\n", escape_line(fault));
        }
    }
    text += "\n";
    if answer.torn_byte_len > 0 {
        text += &format!(
            "NOT IN ORDER: {} at the end without a line feed, as a crash leaves them; the next event sets them aside\n",
            counted(answer.torn_byte_len, "byte")
        );
    }
    for transfer in &answer.open_transfers {
        text += &format!("open    event {transfer} was not received so far\n");
    }
    if let Some(head) = &answer.head_sha256 {
        text += &format!("head    {head}\nroot    {}\n", answer.merkle_root);
    }
    text += &format!("{}; who signed is for `signhold verify` to say\n", counted(answer.lines.len() as u64, "line"));
    text
}

fn event_text(number: u64, event: &Event) -> String {
    let actor = &event.actor;
    let organisation = actor.organisation.as_ref().map_or(String::new(), |name| format!(", {name}"));
    let who = format!("{} ({}{organisation})", actor.name, actor.role);
    let mut text = format!("{number:>5}  {}  {:<13}  {}\n", event.time, event.act.kind(), escape_line(&who));
    for package in &event.packages {
        text += &format!("       {}  seal {}\n", package.package, package.seal_sha256);
    }
    let said = act(&event.act);
    if !said.is_empty() {
        text += &format!("       {}\n", escape_line(&said));
    }
    text += &format!("       key {}\n", event.key);
    text
}
