//! `custody`: the ledger of a matter, or a copy of one.
//!
//! `DIR` is a matter folder or the file of a ledger: who receives a package has the second. [`chain`] opens it and adds to it, [`act`] holds
//! the verbs that sign events, [`renew`] what has to be asked for first, [`list`] and [`checkpoint`] those that read, [`packages`] what `init`, `collect` and `resume` put on record.

mod act;
mod append;
mod chain;
mod checkpoint;
mod list;
pub(super) mod packages;
mod renew;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::error::CliError;

#[derive(Args)]
pub(super) struct CustodyArgs {
    /// The matter folder, or the file of a ledger
    dir: PathBuf,
    #[command(subcommand)]
    verb: CustodyVerb,
}

#[derive(Subcommand)]
enum CustodyVerb {
    /// Show every event
    List(list::ListArgs),
    /// Put on record what was done with packages
    Record(act::RecordArgs),
    /// Hand packages over; whoever gets them answers with `receive`
    Transfer(act::TransferArgs),
    /// Take packages over, signed with your own key
    Receive(act::ReceiveArgs),
    /// Sign as a second person that packages are what they are
    Countersign(act::CountersignArgs),
    /// Say until when each package has to be stamped anew
    Due(renew::DueArgs),
    /// Stamp packages anew, before the certificates of their time stamps end
    Renew(renew::RenewArgs),
    /// Say that a key is not to be trusted any more
    Revoke(act::RevokeArgs),
    /// Add an event that somebody else has signed
    Append(append::AppendArgs),
    /// Sign the state of the ledger, for somebody else to keep
    Checkpoint(checkpoint::CheckpointArgs),
}

pub(super) fn run(args: &CustodyArgs) -> Result<ExitCode, CliError> {
    let dir = &args.dir;
    match &args.verb {
        CustodyVerb::List(verb) => list::run(dir, verb),
        CustodyVerb::Record(verb) => act::record(dir, verb),
        CustodyVerb::Transfer(verb) => act::transfer(dir, verb),
        CustodyVerb::Receive(verb) => act::receive(dir, verb),
        CustodyVerb::Countersign(verb) => act::countersign(dir, verb),
        CustodyVerb::Due(verb) => renew::due(dir, verb),
        CustodyVerb::Renew(verb) => renew::run(dir, verb),
        CustodyVerb::Revoke(verb) => act::revoke(dir, verb),
        CustodyVerb::Append(verb) => append::run(dir, verb),
        CustodyVerb::Checkpoint(verb) => checkpoint::run(dir, verb),
    }
}
