//! The verbs that sign an event: `record`, `transfer`, `receive`, `countersign`, `revoke`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::chain::{Chain, Target};
use super::packages::describe;
use crate::cli::error::CliError;
use crate::cli::key::home_named;
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::signing::{self, Operator};
use crate::cli::trust::read_one_key;
use crate::cli::window::parse_time;
use crate::crypto::signature::Signer;
use crate::format::event::{
    Act, Actor, ActorRole, Countersignature, PackageName, Receipt, Recipient, Remark, Revocation, Transfer,
};
use crate::format::identifier::PackageId;
use crate::format::line::Line;
use crate::format::statement::Statement;
use crate::time::{Bound, LocalTime};

/// Who signs, and where the signed event goes.
#[derive(Args)]
pub(super) struct SignerArgs {
    /// The private key that signs; that of the matter if left out
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Who acts; the operator of the matter if left out
    #[arg(long, value_name = "NAME")]
    name: Option<Line>,
    /// For whom
    #[arg(long, value_name = "NAME")]
    organisation: Option<Line>,
    /// Write the signed event to this new file, and leave the ledger as it is
    #[arg(long, value_name = "LINE.json")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Args)]
pub(super) struct RecordArgs {
    /// What was done
    #[arg(long, value_enum)]
    kind: RecordKind,
    /// In your own words
    #[arg(long)]
    text: Statement,
    /// A package: its file, or its identifier; may be given several times
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<PathBuf>,
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RecordKind {
    /// A copy was made
    Copied,
    /// Packages were destroyed, or given up
    Disposed,
    /// Something was derived from packages
    Exported,
    /// Anything else
    Noted,
    /// Packages were put somewhere
    Stored,
    /// Packages were verified
    Verified,
}

#[derive(Args)]
pub(super) struct TransferArgs {
    /// A package: its file, or its identifier; may be given several times
    #[arg(long, value_name = "PACKAGE", required = true)]
    package: Vec<PathBuf>,
    /// Who is to have it
    #[arg(long, value_name = "NAME")]
    to: Line,
    /// For whom
    #[arg(long, value_name = "NAME")]
    organisation: Option<Line>,
    /// The receiver's public key or fingerprint: only that key can receive then
    #[arg(long, value_name = "KEY|FINGERPRINT")]
    to_key: Option<String>,
    /// How, and why
    #[arg(long)]
    text: Option<Statement>,
    /// The private key that signs; that of the matter if left out
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Who hands over; the operator of the matter if left out
    #[arg(long, value_name = "NAME")]
    name: Option<Line>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Args)]
pub(super) struct ReceiveArgs {
    /// The number of the `transferred` event
    #[arg(long, value_name = "N")]
    transfer: u64,
    /// In what state it came
    #[arg(long)]
    text: Option<Statement>,
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Args)]
pub(super) struct CountersignArgs {
    /// A package: its file, or its identifier; may be given several times
    #[arg(long, value_name = "PACKAGE", required = true)]
    package: Vec<PathBuf>,
    /// In what capacity
    #[arg(long, value_enum)]
    role: SecondPerson,
    /// What you say of the packages
    #[arg(long)]
    statement: Statement,
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SecondPerson {
    /// A lawyer
    Counsel,
    /// A notary
    Notary,
    /// Who saw it done
    Witness,
}

#[derive(Args)]
pub(super) struct RevokeArgs {
    /// The public key, or fingerprint, that is not to be trusted any more
    #[arg(long, value_name = "KEY|FINGERPRINT")]
    revoked_key: String,
    /// From when on, as RFC 3339 or a date
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Bound,
    /// Why
    #[arg(long)]
    reason: Line,
    #[command(flatten)]
    signer: SignerArgs,
}

pub(super) fn record(dir: &Path, args: &RecordArgs) -> Result<ExitCode, CliError> {
    let remark = Remark { text: args.text.clone() };
    let act = match args.kind {
        RecordKind::Copied => Act::Copied(remark),
        RecordKind::Disposed => Act::Disposed(remark),
        RecordKind::Exported => Act::Exported(remark),
        RecordKind::Noted => Act::Noted(remark),
        RecordKind::Stored => Act::Stored(remark),
        RecordKind::Verified => Act::Verified(remark),
    };
    let target = Target::find(dir)?;
    let chain = target.open()?;
    let packages = find_all(&args.package, &chain, &target)?;
    args.signer.add(&target, chain, ActorRole::Operator, packages, act)
}

pub(super) fn transfer(dir: &Path, args: &TransferArgs) -> Result<ExitCode, CliError> {
    let key = args.to_key.as_deref().map(read_one_key).transpose()?;
    let to = Recipient { name: args.to.clone(), organisation: args.organisation.clone(), key };
    let target = Target::find(dir)?;
    let chain = target.open()?;
    let packages = find_all(&args.package, &chain, &target)?;
    let signer = SignerArgs {
        key: args.key.clone(),
        name: args.name.clone(),
        organisation: None,
        out: None,
        passphrase: args.passphrase.clone(),
    };
    let act = Act::Transferred(Transfer { to, text: args.text.clone() });
    signer.add(&target, chain, ActorRole::Operator, packages, act)
}

pub(super) fn receive(dir: &Path, args: &ReceiveArgs) -> Result<ExitCode, CliError> {
    let target = Target::find(dir)?;
    let chain = target.open()?;
    let Some((transfer_sha256, packages)) = chain.transfer(args.transfer).cloned() else {
        return Err(CliError::request(format!("event {} of the ledger is no transfer", args.transfer))
            .hint("`signhold custody DIR list` shows the numbers; give that of a `transferred` event"));
    };
    let act = Act::Received(Receipt { transfer: args.transfer, transfer_sha256, text: args.text.clone() });
    args.signer.need_own_key("receive")?;
    args.signer.add(&target, chain, ActorRole::Receiver, packages, act)
}

pub(super) fn countersign(dir: &Path, args: &CountersignArgs) -> Result<ExitCode, CliError> {
    args.signer.need_own_key("countersign")?;
    let role = match args.role {
        SecondPerson::Counsel => ActorRole::Counsel,
        SecondPerson::Notary => ActorRole::Notary,
        SecondPerson::Witness => ActorRole::Witness,
    };
    let target = Target::find(dir)?;
    let chain = target.open()?;
    let packages = find_all(&args.package, &chain, &target)?;
    let act = Act::Countersigned(Countersignature { statement: args.statement.clone() });
    args.signer.add(&target, chain, role, packages, act)
}

pub(super) fn revoke(dir: &Path, args: &RevokeArgs) -> Result<ExitCode, CliError> {
    let key = read_one_key(&args.revoked_key)?;
    let since = LocalTime::new(args.since.to_datetime());
    let target = Target::find(dir)?;
    let chain = target.open()?;
    let act = Act::KeyRevoked(Revocation { key, since, reason: args.reason.clone() });
    args.signer.add(&target, chain, ActorRole::Operator, Vec::new(), act)
}

impl SignerArgs {
    /// A second person signs with a key of their own, and says who they are.
    fn need_own_key(&self, verb: &str) -> Result<(), CliError> {
        if self.key.is_some() && self.name.is_some() {
            return Ok(());
        }
        Err(CliError::request(format!("`{verb}` is the act of a second person: --key and --name are needed"))
            .hint("name your own private key, and yourself; `signhold key new FILE` makes a key"))
    }

    fn add(
        &self,
        target: &Target,
        mut chain: Chain,
        role: ActorRole,
        packages: Vec<PackageName>,
        act: Act,
    ) -> Result<ExitCode, CliError> {
        let (actor, key) = self.who(target, &chain, role)?;
        self.put(&mut chain, actor, packages, act, key.as_ref())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Says who signs, and loads their key.
    pub(super) fn who(
        &self,
        target: &Target,
        chain: &Chain,
        role: ActorRole,
    ) -> Result<(Actor, Box<dyn Signer>), CliError> {
        let settings = match target {
            Target::Matter(matter) => Some((signing::home_of(matter)?, matter.settings().operator.clone())),
            Target::File(_) => None,
        };
        let needed = || {
            CliError::request("a ledger by itself has no key and no operator: --key and --name are needed")
                .hint("name your private key, and yourself")
        };
        let named = self.key.as_deref().map(home_named).transpose()?;
        let home = named.or_else(|| settings.as_ref().map(|(home, _)| home.clone())).ok_or_else(needed)?;
        let name = self.name.clone().or_else(|| settings.map(|(_, name)| name)).ok_or_else(needed)?;
        let key = Operator::at(home, &self.passphrase)?.signer;
        let actor = Actor { name, role, organisation: self.organisation.clone() };
        if chain.replay().matter().is_none() {
            return Err(CliError::request("the ledger is empty: its first event is `opened`")
                .hint("`signhold collect` or `signhold resume` writes it"));
        }
        Ok((actor, key))
    }

    /// Signs an event, and adds it to the ledger or writes it to a file of its own.
    pub(super) fn put(
        &self,
        chain: &mut Chain,
        actor: Actor,
        packages: Vec<PackageName>,
        act: Act,
        key: &dyn Signer,
    ) -> Result<(), CliError> {
        if let Some(out) = &self.out {
            chain.sign(actor, packages, act, key)?.write(out, chain.path())?;
        } else {
            chain.add(actor, packages, act, key)?.tell(chain.path());
        }
        Ok(())
    }
}

/// Finds packages by the names of their files, or by their identifiers.
fn find_all(given: &[PathBuf], chain: &Chain, target: &Target) -> Result<Vec<PackageName>, CliError> {
    given.iter().map(|given| find(given, chain, target)).collect()
}

fn find(given: &Path, chain: &Chain, target: &Target) -> Result<PackageName, CliError> {
    if given.is_file() {
        return describe(given).map(|described| described.name);
    }
    let id: Option<PackageId> = given.to_str().and_then(|text| text.parse().ok());
    let Some(id) = id else {
        return Err(CliError::request(format!("there is no package `{}`", given.display()))
            .hint("name the package's ZIP file, or its identifier"));
    };
    if let Some(name) = chain.package(&id) {
        return Ok(name.clone());
    }
    if let Target::Matter(matter) = target
        && matter.package_path(&id).is_file()
    {
        return describe(&matter.package_path(&id)).map(|described| described.name);
    }
    Err(CliError::request(format!("no event of the ledger names a package `{id}`"))
        .hint("name the package's ZIP file, so that its digests can be taken"))
}
