//! `custody renew`: packages are stamped anew by SHA-512, before the certificates of their time stamps end (FORMAT §11.1).
//!
//! Apart from [`super::act`] because authorities are asked first, and because the order matters: nothing is asked for that the ledger
//! has no place for, and nothing is put on record that is no sound token. That a stamp comes too late to carry anything on is
//! said, and no reason to refuse it: it still shows that the package was there.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use sha2::{Digest as _, Sha512};

use super::act::SignerArgs;
use super::chain::{Chain, Renewals, Target};
use super::packages::{Described, describe};
use crate::cli::collect::refuse_authorities;
use crate::cli::error::CliError;
use crate::cli::out::{self, escape_line};
use crate::cli::trust::read_roots;
use crate::cli::verify::open;
use crate::crypto::digest::WideDigest;
use crate::crypto::timestamp::{Token, TrustRoot, parse_response};
use crate::format::event::{Act, ActorRole, Renewal};
use crate::format::identifier::PackageId;
use crate::format::renewal;
use crate::store::FolderError;
use crate::tsa::TsaClient;
use crate::verify::{Facts, Options, TokenFact, Trust, verify};

#[derive(Args)]
pub(super) struct RenewArgs {
    /// Packages: their files, or the identifiers of those in the matter folder
    #[arg(required = true, value_name = "PACKAGE")]
    package: Vec<PathBuf>,
    /// Ask this RFC 3161 authority for a new stamp; may be given several times
    #[arg(long, value_name = "URL", required = true)]
    tsa_url: Vec<String>,
    /// Root certificates of time stamp authorities, in PEM: refuse a new stamp that leads to none of them, and say when the old ones end
    #[arg(long, value_name = "PEM")]
    tsa_root: Vec<PathBuf>,
    /// Trust this CA certificate (PEM) too, for a proxy that inspects TLS or for the simulator
    #[arg(long, value_name = "PEM")]
    tls_ca: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Args)]
pub(super) struct DueArgs {
    /// Packages: their files, or the identifiers of those in the matter folder; all of the matter if left out
    #[arg(value_name = "PACKAGE")]
    package: Vec<PathBuf>,
    /// Root certificates of time stamp authorities, in PEM; without them only those certificates are known that came with the stamps
    #[arg(long, value_name = "PEM")]
    tsa_root: Vec<PathBuf>,
}

/// Says until when each package has to be renewed. Nothing is verified, and nobody asked.
pub(super) fn due(dir: &Path, args: &DueArgs) -> Result<ExitCode, CliError> {
    let roots = read_roots(&args.tsa_root)?;
    let target = Target::find(dir)?;
    let chain = target.open()?;
    let mut paths: Vec<PathBuf> = args.package.iter().map(|given| find(given, &target)).collect::<Result<_, _>>()?;
    if let (true, Target::Matter(matter)) = (paths.is_empty(), &target) {
        paths.extend(matter.packages()?.iter().map(|id| matter.package_path(id)));
    }
    let mut listed = Vec::new();
    for path in &paths {
        let Described { name, facts } = describe(path)?;
        let renewals = chain.renewals(&name.package);
        let until = if renewals.digests.is_empty() { end_of_stamps(path, facts, &roots)? } else { renewals.until };
        listed.push((until, name.package));
    }
    // What ends first stands first; what was never stamped has nothing to end, and stands last.
    listed.sort_by_key(|(until, _)| until.unwrap_or(DateTime::<Utc>::MAX_UTC));
    for (until, package) in listed {
        let until = until.map_or_else(|| "never stamped, or no certificates known".to_owned(), text);
        out::answer(&format!("{until}  {package}\n"));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run(dir: &Path, args: &RenewArgs) -> Result<ExitCode, CliError> {
    refuse_authorities(&args.tsa_url)?;
    if args.tsa_url.len() > MOST_TOKENS {
        return Err(CliError::request(format!(
            "{} authorities, a renewal has {MOST_TOKENS} at most",
            args.tsa_url.len()
        ))
        .hint("name fewer with --tsa-url, or renew twice"));
    }
    if args.signer.out.is_some() && args.package.len() > 1 {
        return Err(CliError::request("with --out one package can be renewed: two events cannot both come next")
            .hint("name one package, and renew the next when the first event is in the ledger"));
    }
    let roots = read_roots(&args.tsa_root)?;
    let extra_roots = args.tls_ca.as_ref().map(|path| read_ca(path)).transpose()?;
    let client = TsaClient::new(extra_roots.as_deref()).map_err(CliError::machine)?;
    let target = Target::find(dir)?;
    let mut chain = target.open()?;
    let paths: Vec<PathBuf> = args.package.iter().map(|given| find(given, &target)).collect::<Result<_, _>>()?;
    let (actor, key) = args.signer.who(&target, &chain, ActorRole::Operator)?;
    for path in &paths {
        let described = describe(path)?;
        refuse_strangers(path, &described, &chain)?;
        let before = chain.renewals(&described.name.package);
        let over: Vec<WideDigest> = [wide_digest(path)?].into_iter().chain(before.digests.iter().copied()).collect();
        let imprint = renewal::over(over.iter().copied());
        let (mut responses, mut tokens) = (Vec::new(), Vec::new());
        for url in &args.tsa_url {
            let (response, token) = ask(&client, url, &imprint, &roots)?;
            responses.push(response);
            tokens.push(token);
        }
        warn(path, described.facts, &before, &tokens, &roots)?;
        let act = Act::Renewed(Renewal::new(&responses, over));
        args.signer.put(&mut chain, actor.clone(), vec![described.name], act, key.as_ref())?;
        for token in &tokens {
            let until = token.certificates_until().map_or_else(|| "no certificate came with it".to_owned(), ended);
            let authority = token.signer_subject().unwrap_or_else(|| "an unnamed authority".to_owned());
            out::answer(&format!("stamp {} by {}; {until}\n", text(token.gen_time()), escape_line(&authority)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A renewal is about bytes, so a package is needed whole: as a file, or by its identifier in the matter folder.
fn find(given: &Path, target: &Target) -> Result<PathBuf, CliError> {
    if given.is_file() {
        return Ok(given.to_owned());
    }
    let id: Option<PackageId> = given.to_str().and_then(|text| text.parse().ok());
    if let (Some(id), Target::Matter(matter)) = (id, target) {
        let path = matter.package_path(&id);
        if path.is_file() {
            return Ok(path);
        }
    }
    Err(CliError::request(format!("there is no package `{}`", given.display()))
        .hint("name the package's ZIP file; a renewal is over all of its bytes"))
}

/// Refuses what the ledger will have no place for before anybody is asked for a stamp.
fn refuse_strangers(path: &Path, described: &Described, chain: &Chain) -> Result<(), CliError> {
    let id = &described.name.package;
    let refused = |what: &str| {
        CliError::request(format!("`{}` cannot be renewed in this ledger: {what}", path.display()))
            .hint("`signhold custody DIR list` shows what is there; nothing was asked for or written")
    };
    if chain.replay().names(&described.name) == Some(false) {
        return Err(refused(&format!("an event names a package `{id}` with other digests")));
    }
    if let Some(sequence) = chain.replay().disposed(id) {
        return Err(refused(&format!("event {sequence} says that `{id}` was disposed of")));
    }
    Ok(())
}

/// Asks one authority. Its answer is a sound token over `imprint`, and leads to one of `roots` if there are any.
fn ask(client: &TsaClient, url: &str, imprint: &[u8; 64], roots: &[TrustRoot]) -> Result<(Vec<u8>, Token), CliError> {
    let refused = |reason: String| {
        CliError::machine(format!("no time stamp from `{url}`: {reason}"))
            .hint("this package was not renewed; name another authority with --tsa-url")
    };
    let response = client.stamp_imprint(url, imprint.into()).map_err(refused)?;
    let token = parse_response(&response).map_err(|fault| refused(fault.to_string()))?;
    if !roots.is_empty() {
        token.check_chain(roots).map_err(|fault| refused(fault.to_string()))?;
    }
    Ok((response, token))
}

/// Says what the new stamps do not show.
fn warn(path: &Path, facts: Facts, before: &Renewals, tokens: &[Token], roots: &[TrustRoot]) -> Result<(), CliError> {
    let shown = path.display();
    let Some(time) = tokens.iter().map(Token::gen_time).min() else { return Ok(()) };
    if !before.digests.is_empty() {
        if let Some(until) = before.until.filter(|until| *until < time) {
            out::talk(&format!(
                "warning: the certificates of the last renewal of `{shown}` ended at {}, and the new stamp is of {}: it comes too \
                 late to carry that renewal on",
                text(until),
                text(time)
            ));
        }
        return Ok(());
    }
    if facts.times.seal_tokens.is_empty() {
        out::talk(&format!(
            "warning: `{shown}` has no time stamp over its seal: the renewal shows that it existed at {}, and nothing of when it was made",
            text(time)
        ));
    }
    if let Some(until) = end_of_stamps(path, facts, roots)?.filter(|until| *until < time) {
        out::talk(&format!(
            "warning: the certificates of the time stamps in `{shown}` ended at {}, and the new stamp is of {}: it comes too late to \
             carry them on",
            text(until),
            text(time)
        ));
    }
    Ok(())
}

/// Returns the end of the stamps in a package, those of the plan or those of the seal, whichever is first; as far as is known.
fn end_of_stamps(path: &Path, facts: Facts, roots: &[TrustRoot]) -> Result<Option<DateTime<Utc>>, CliError> {
    let facts = if roots.is_empty() {
        facts
    } else {
        let trust = Trust { timestamp_roots: roots.to_vec(), ..Trust::default() };
        verify(open(path)?, &Options { trust, quick: true, threads: 1, ..Options::default() })?.facts
    };
    let ends = [last_end(&facts.times.genesis_tokens), last_end(&facts.times.seal_tokens)];
    Ok(ends.into_iter().flatten().min())
}

/// Of several tokens over the same bytes one is enough.
fn last_end(tokens: &[TokenFact]) -> Option<DateTime<Utc>> {
    let ends = tokens.iter().filter_map(|token| token.valid_until.as_ref().or(token.certificates_until.as_ref()));
    ends.filter_map(|text| text.parse().ok()).max()
}

fn wide_digest(path: &Path) -> Result<WideDigest, CliError> {
    let io = |error| CliError::from(FolderError::io("read", path)(error));
    let mut hasher = Sha512::new();
    let mut file = open(path)?;
    loop {
        let bytes = std::io::BufRead::fill_buf(&mut file).map_err(io)?;
        if bytes.is_empty() {
            return Ok(WideDigest(hasher.finalize().into()));
        }
        hasher.update(bytes);
        let byte_len = bytes.len();
        std::io::BufRead::consume(&mut file, byte_len);
    }
}

fn read_ca(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|error| {
        CliError::request(format!("cannot read the CA certificate `{}`: {error}", path.display()))
            .hint("check the path")
    })
}

fn ended(until: DateTime<Utc>) -> String {
    format!("the certificates that came with it end at {}", text(until))
}

fn text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// 8: FORMAT §20.4.
const MOST_TOKENS: usize = 8;
