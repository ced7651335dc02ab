//! `demo`: the whole job against the built-in simulator, a tampered copy refused, a report written and an exhibit cut.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::TimeDelta;
use clap::Args;

use super::admission::SourceArgs;
use super::credentials::{CredentialArgs, EndpointArgs};
use super::document_file::DocumentFile;
use super::error::{CliError, with_causes};
use super::exhibit::{self, ExhibitArgs};
use super::passphrase::PassphraseArgs;
use super::signing::OwnKeyArgs;
use super::simulate::{self, Running, whole_second};
use super::trust::TrustArgs;
use super::window::WindowArgs;
use super::{collect, init, out, report, verify as verify_verb};
use crate::clock::SystemClock;
use crate::codec::zip::write::{Part, Writer};
use crate::codec::zip::{Profile, Reader};
use crate::collect::Clock as _;
use crate::crypto::signature::Fingerprint;
use crate::crypto::timestamp::{TrustRoot, trust_roots_from_pem};
use crate::format::genesis::{Rate, SIMULATED};
use crate::format::limits;
use crate::format::line::Line;
use crate::keyring;
use crate::seal::volumes::MAX_PAGES;
use crate::simulate::{Kind, Plot, Settings, StoryEvent};
use crate::source::cloud::Cloud;
use crate::store::FolderError;
use crate::time::Bound;
use crate::verify::{Admit, Options, Outcome, Report, Trust, verify, verify_and_admit};

#[derive(Args)]
pub(super) struct DemoArgs {
    /// Where to put everything; a new folder `signhold-demo` if left out
    dir: Option<PathBuf>,
    /// How many sign-ins to invent
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(200..=10_000_000), value_name = "N")]
    records: u64,
    /// Decides what they are
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
}

pub(super) fn run(args: &DemoArgs) -> Result<ExitCode, CliError> {
    let dir = choose_folder(args.dir.as_deref())?;
    let matter = dir.join("matter");
    let service = dir.join("simulator");
    std::fs::create_dir_all(&service).map_err(|error| CliError::from(FolderError::io("create", &service)(error)))?;

    out::answer(&format!(
        "signhold demo: everything here is {SIMULATED}\n\n1. a service to collect from: Graph, login and a time stamp authority on this machine\n",
    ));
    let now = whole_second(SystemClock::start().now().to_datetime());
    let running =
        simulate::start(Settings { days: DAYS, ..Settings::new(args.seed, args.records, now) }, &service, None)?;
    out::answer(&format!("   {}, {}\n", running.server.graph_url(), out::counted(args.records, "invented sign-in")));

    out::answer("\n2. a matter with a key of its own (unencrypted, for the demo only)\n");
    init::run(init_args(&matter)?)?;

    out::answer(
        "\n3. collect: plan signed and time-stamped, every page signed and durable before the next, then sealed\n",
    );
    let collected = collect::run(&collect_args(&matter, &service, &running, now)?)?;
    if collected != ExitCode::SUCCESS {
        return Err(CliError::machine("the demo's own collection has gaps")
            .hint("run it again; the simulator serves everything"));
    }
    let package = only_package(&matter.join("packages"))?;

    out::answer("\n4. verify as a stranger would, with the operator's public key and the authority's root in hand\n\n");
    let key = keyring::load_public(&matter.join("operator.pub.pem"))?.fingerprint();
    let roots = read_roots(&service.join("simulator-tsa-root.pem"))?;
    let good = judge(&package, Some(key), &roots)?;
    out::answer(&verify_verb::to_text(&package.display().to_string(), &good));
    expect(&good, Outcome::Valid)?;
    let unpinned = judge(&package, None, &roots)?;
    expect(&unpinned, Outcome::Indeterminate)?;
    out::answer(
        "\n   without the operator's key the same package is INDETERMINATE: a key inside a package proves nothing\n",
    );

    out::answer(
        "\n5. somebody who holds the disk hides where a stolen token was used, and repairs the ZIP around it\n\n",
    );
    let altered_folder = dir.join("tampered");
    std::fs::create_dir_all(&altered_folder)
        .map_err(|error| CliError::from(FolderError::io("create", &altered_folder)(error)))?;
    let altered = altered_folder.join("tampered.zip");
    let page = tamper(&package, &altered, running.server.tenant().story())?;
    let bad = judge(&altered, Some(key), &roots)?;
    out::answer(&verify_verb::to_text(&altered.display().to_string(), &bad));
    expect(&bad, Outcome::Invalid)?;
    if !bad.findings.iter().any(|finding| finding.place.contains(&page)) {
        return Err(CliError::machine(format!("the verification did not name `{page}`, which was altered")));
    }

    out::answer("\n6. a report for people who read no JSON, on screen and on paper\n\n");
    let reports = [dir.join("report.html"), dir.join("report.pdf")];
    write_reports(&package, &matter.join("ledger.jsonl"), key, &roots, &reports)?;
    for report in &reports {
        out::answer(&format!("   {}\n", out::escape_line(&report.display().to_string())));
    }

    out::answer(
        "\n7. one use of the stolen token for a judge: its bytes, what proves them, and nobody else's data\n\n",
    );
    let exhibit = dir.join("exhibit.zip");
    cut_exhibit(&package, &matter, &service, running.server.tenant().story(), &exhibit)?;

    out::answer(&closing(&dir, &package, &matter, &service, &altered, key));
    running.server.stop();
    Ok(ExitCode::SUCCESS)
}

/// Cuts the record of a stolen token's use.
fn cut_exhibit(
    package: &Path,
    matter: &Path,
    service: &Path,
    story: &[StoryEvent],
    out: &Path,
) -> Result<(), CliError> {
    let is_use = |event: &&StoryEvent| event.plot == Plot::StolenToken && event.kind == Kind::NonInteractiveUser;
    let used = story.iter().find(is_use).ok_or_else(|| CliError::machine("the invented attack has no stolen token"))?;
    let trust = TrustArgs {
        trust: vec![matter.join("operator.pub.pem").display().to_string()],
        tsa_root: vec![service.join("simulator-tsa-root.pem")],
        ..TrustArgs::default()
    };
    let source = SourceArgs::new(package.to_owned(), trust);
    let number = Line::lossy("DEMO-1");
    exhibit::run(&ExhibitArgs::one(source, Line::lossy(&used.id), number, out.to_owned())).map(|_| ())
}

fn choose_folder(given: Option<&Path>) -> Result<PathBuf, CliError> {
    let is_free = |path: &Path| !path.exists() || path.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    match given {
        Some(path) if is_free(path) => Ok(path.to_owned()),
        Some(path) => Err(FolderError::Exists(path.to_owned()).into()),
        None => {
            let names = std::iter::once("signhold-demo".to_owned())
                .chain((2..).map(|number| format!("signhold-demo-{number}")));
            let free = names.map(PathBuf::from).take(1000).find(|path| is_free(path));
            free.ok_or_else(|| {
                CliError::request("a thousand demo folders are here already").hint("remove some, or name a folder")
            })
        }
    }
}

fn init_args(matter: &Path) -> Result<init::InitArgs, CliError> {
    let id = "DEMO-2026-001"
        .parse()
        .map_err(|error: crate::format::identifier::NotAnIdentifier| CliError::request(error.to_string()))?;
    Ok(init::InitArgs {
        dir: matter.to_owned(),
        matter: id,
        operator: Line::lossy("Demo Operator"),
        title: Some(Line::lossy("Stolen refresh token (invented)")),
        organisation: Some(Line::lossy("Contoso Example")),
        authority: Some(Line::lossy("demo of signhold")),
        custodian: Vec::new(),
        key: None,
        certificate: None,
        no_passphrase: true,
        own_key: OwnKeyArgs::default(),
        passphrase: PassphraseArgs::default(),
        json: false,
    })
}

fn collect_args(
    matter: &Path,
    service: &Path,
    running: &Running,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<collect::CollectArgs, CliError> {
    let out_of_range = || CliError::machine("the clock of this machine is out of range");
    let to = Bound::floor(now - TimeDelta::minutes(20)).ok_or_else(out_of_range)?;
    let from = Bound::floor(now - TimeDelta::days(i64::from(DAYS))).ok_or_else(out_of_range)?;
    let server = &running.server;
    Ok(collect::CollectArgs {
        dir: matter.to_owned(),
        window: WindowArgs {
            from,
            to: Some(to),
            kind: Vec::new(),
            second_pass: false,
            counts: false,
            cross_check_v1: false,
            window_hours: 6,
            retention_days: None,
            retention: None,
        },
        tsa_url: vec![server.tsa_url()],
        after: None,
        own_key: OwnKeyArgs::default(),
        endpoints: EndpointArgs {
            cloud: Cloud::Global,
            graph_url: Some(server.graph_url()),
            login_url: Some(server.login_url()),
        },
        session: collect::SessionArgs {
            credentials: CredentialArgs {
                tenant_id: Some(server.tenant_id().to_owned()),
                client_id: Some(server.client_id().to_owned()),
                client_secret_file: Some(service.join("simulator-client-secret.txt")),
                tls_ca: Some(service.join("simulator-ca.pem")),
                ..CredentialArgs::default()
            },
            rate: Some(Rate { requests: 1000, seconds: 1 }),
            workers: 4,
            timeout: 60,
            stamp_every: None,
            volume_pages: MAX_PAGES,
            passphrase: PassphraseArgs::default(),
            quiet: !out::talks_to_terminal(),
            json: false,
        },
    })
}

fn only_package(folder: &Path) -> Result<PathBuf, CliError> {
    let entries = folder.read_dir().map_err(|error| CliError::from(FolderError::io("read", folder)(error)))?;
    let mut packages = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "zip"));
    packages.next().ok_or_else(|| CliError::machine(format!("no package in `{}`", folder.display())))
}

fn read_roots(path: &Path) -> Result<Vec<TrustRoot>, CliError> {
    let pem = std::fs::read_to_string(path).map_err(|error| CliError::from(FolderError::io("read", path)(error)))?;
    trust_roots_from_pem(&pem).map_err(|error| CliError::machine(with_causes(&error)))
}

fn judge(package: &Path, key: Option<Fingerprint>, roots: &[TrustRoot]) -> Result<Report, CliError> {
    Ok(verify(verify_verb::open(package)?, &options(key, roots))?)
}

fn options(key: Option<Fingerprint>, roots: &[TrustRoot]) -> Options<'static> {
    let trust = Trust {
        keys: key.into_iter().collect(),
        timestamp_roots: roots.to_vec(),
        require_timestamp: true,
        ..Trust::default()
    };
    Options { trust, as_of: Some(SystemClock::start().now()), ..Options::default() }
}

/// Verifies the package once more, as every verb does that makes something of it, and writes the report in both forms.
fn write_reports(
    package: &Path,
    ledger: &Path,
    key: Fingerprint,
    roots: &[TrustRoot],
    reports: &[PathBuf],
) -> Result<(), CliError> {
    let options = options(Some(key), roots);
    let (_, admitted) = verify_and_admit(verify_verb::open(package)?, &options, Admit::Accepted)?;
    let mut admitted =
        admitted.ok_or_else(|| CliError::machine("the package is no longer the one that was verified"))?;
    let into =
        reports.iter().map(|report| DocumentFile::new(report)).collect::<Result<Vec<DocumentFile>, CliError>>()?;
    report::write_all(&mut admitted, package, ledger, &options.trust, &into)
}

fn expect(report: &Report, outcome: Outcome) -> Result<(), CliError> {
    if report.outcome == outcome {
        return Ok(());
    }
    Err(CliError::machine(format!("the demo expected {outcome:?} and got {:?}", report.outcome))
        .hint("please report this with the output above"))
}

/// Copies a package with one address changed, everything in the ZIP made to fit again. Returns the path of the altered page.
fn tamper(package: &Path, altered: &Path, story: &[StoryEvent]) -> Result<String, CliError> {
    let failed = |error: &dyn std::error::Error| CliError::machine(with_causes(error));
    let limits = limits::of_archive(limits::ARCHIVE_BYTES);
    let mut reader =
        Reader::open(verify_verb::open(package)?, limits, Profile::Deflated).map_err(|error| failed(&error))?;
    let mut writer = Writer::new(Cursor::new(Vec::new()));
    let mut page = None;
    while let Some(entry) = reader.next_entry(&mut |_| {}) {
        let entry = entry.map_err(|error| failed(&error))?;
        let name = entry.entry.name.clone();
        let mut bytes =
            entry.inflate().map_err(|fault| CliError::machine(format!("{} at byte {}", fault.code, fault.offset)))?;
        if page.is_none() && name.contains("/data/pages/") {
            let (_, path) = name.split_once('/').unwrap_or_default();
            page = hide_address(&mut bytes, story).then(|| path.to_owned());
        }
        writer.add(&name, &Part::deflate(&bytes)).map_err(|error| failed(&error))?;
    }
    let archive = writer.finish().map_err(|error| failed(&error))?.into_inner();
    std::fs::write(altered, archive).map_err(|error| CliError::from(FolderError::io("write", altered)(error)))?;
    page.ok_or_else(|| CliError::machine("no page holds the invented attack"))
}

/// Replaces, in the record of a stolen token's use, the first digits of the address by others of the same length.
fn hide_address(body: &mut [u8], story: &[StoryEvent]) -> bool {
    for event in story.iter().filter(|event| event.plot == Plot::StolenToken) {
        let (id, address) = (event.id.as_bytes(), event.address.as_bytes());
        let Some(start) = find(body, id) else { continue };
        let Some(offset) = body.get(start..).and_then(|rest| find(rest, address)) else { continue };
        let place = start + offset + address.len() - 1;
        if let Some(last) = body.get_mut(place) {
            *last = if *last == b'1' { b'2' } else { b'1' };
            return true;
        }
    }
    false
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

fn closing(dir: &Path, package: &Path, matter: &Path, service: &Path, altered: &Path, key: Fingerprint) -> String {
    let [dir, package, altered] = [dir, package, altered].map(out::shell);
    let [public, root] =
        [matter.join("operator.pub.pem"), service.join("simulator-tsa-root.pem")].map(|path| out::shell(&path));
    format!(
        "\nEverything lies in {dir}:\n\
         \x20 package           {package}\n\
         \x20 operator's key    {public}  (give it, or its fingerprint, to whoever verifies)\n\
         \x20 authority's root  {root}\n\
         \x20 tampered copy     {altered}\n\
         \x20 report            {dir}/report.html and {dir}/report.pdf\n\
         \x20 exhibit           {dir}/exhibit.zip\n\
         \nTry next:\n\
         \x20 signhold inspect {package}\n\
         \x20 signhold verify {package} --trust {public} --tsa-root {root}\n\
         \x20 signhold verify {package} --trust {key}\n\
         \x20 signhold verify {dir}/exhibit.zip --trust {public} --tsa-root {root}\n\
         \nWith stock tools, without signhold:\n\
         \x20 unzip -q {package} -d {dir}/unpacked && cd {dir}/unpacked/*/ && sha256sum --quiet -c manifest-sha256.txt && cat README.txt\n\
         \nThis was {SIMULATED}: the mark is signed into the package and cannot be taken out without the operator's key.\n"
    )
}

/// A few days show the rhythm of a week's beginning or end and stay quick.
const DAYS: u32 = 3;
