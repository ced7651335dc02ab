//! The power fails, somebody presses Ctrl-C, a second window is open: nothing that was durable is lost, and `resume` goes on.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use signhold::simulate::Kind;
use zip::ZipArchive;

use crate::cli::{Cli, Running, tree_digest};
use crate::opened::Opened;
use crate::service::{Matter, Service, entries};

#[test]
fn killed_after_the_first_page() {
    killed_after(1);
}

#[test]
fn killed_after_the_third_page() {
    killed_after(3);
}

#[test]
fn killed_after_the_tenth_page() {
    killed_after(10);
}

/// Kills `collect` when so many pages are durable, resumes, and compares with the truth.
#[track_caller]
fn killed_after(pages: usize) {
    let service = slow_service();
    let matter = Matter::new();
    let running = slowly(&service, &matter).start();
    wait_for_pages(running, &matter, pages).kill();
    assert!(matter.packages().is_empty(), "nothing that looks like a package is left behind");
    let interrupted = open_runs(&matter);
    assert!(!interrupted.is_empty(), "a chain was open when the process died");
    let before = page_files(&matter);

    service.resume(&matter).stderr(
            "resuming acquisition [..]\nsimulated: [..]\nauthentication [..]\nnext: signhold verify [..]\n      and --tsa-root [..]\n",
        ).code(0);
    let package = matter.package();
    let opened = Opened::read(&package);
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    for (kind, run) in interrupted {
        let runs = opened.runs();
        let states: Vec<&str> = runs
            .iter()
            .filter(|held| held["kind"] == kind.as_str())
            .map(|held| if held["run"] == run { held["state"].as_str().unwrap() } else { "another run" })
            .collect();
        assert_eq!(states, ["superseded", "another run"], "run {run} of {kind}");
    }
    for (path, bytes) in before {
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{} is as it was", path.display());
    }
    service.verify(&matter, &package).stderr("").code(0);

    let tree = tree_digest(Path::new(&matter.dir));
    service
        .resume(&matter)
        .stdout("")
        .stderr(&format!(
            "error: nothing to resume in `{}`: every acquisition is sealed\nhint: `signhold collect` begins a new one\n",
            matter.dir
        ))
        .code(2);
    assert_eq!(tree_digest(Path::new(&matter.dir)), tree);
}

#[test]
fn killed_again_and_again() {
    let service = slow_service();
    let matter = Matter::new();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 2).kill();
    for pages in [4, 6] {
        let running = service.resume(&matter).set("--rate", "25/1").start();
        wait_for_pages(running, &matter, pages).kill();
    }
    service.resume(&matter).code(0);
    let opened = Opened::read(&matter.package());
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    service.verify(&matter, &matter.package()).code(0);
}

#[test]
fn sealed_as_it_stands_after_a_kill() {
    let service = slow_service();
    let matter = Matter::new();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 3).kill();
    let served = service.server.graph_requests();
    let said = service.resume(&matter).arg("--seal-only").arg("--json").code(5);
    assert_eq!(service.server.graph_requests(), served, "the service is asked for nothing");
    let answer: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(answer["complete"], false);
    let gaps = answer["gaps"].as_array().unwrap();
    let lines: Vec<String> = gaps
        .iter()
        .map(|gap| {
            let word = |name: &str| gap[name].as_str().unwrap().replace('_', " ");
            format!("gap: {} {} to {}: {}: {}\n", word("kind"), word("from"), word("to"), word("state"), word("reason"))
        })
        .collect();
    assert!(!lines.is_empty());
    let named: Vec<&str> = said.stderr.split_inclusive('\n').filter(|line| line.starts_with("gap: ")).collect();
    assert_eq!(named.concat(), lines.concat(), "each gap is named, and no other");

    let package = matter.package();
    let opened = Opened::read(&package);
    let in_seal = opened
        .runs()
        .into_iter()
        .filter(|run| ["failed", "not_asked", "expired"].contains(&run["state"].as_str().unwrap()));
    assert_eq!(in_seal.collect::<Vec<_>>(), *gaps);
    for kind in Kind::ALL {
        let truth = service.truth(kind);
        assert!(opened.counted(kind).iter().all(|id| truth.binary_search(id).is_ok()), "{}", kind.name());
    }
    let said = service.verify(&matter, &package).code(0).stdout;
    assert!(said.contains("\ncoverage   interactiveUser: ") && said.contains(" failed"), "{said}");
}

#[test]
fn a_second_process_is_refused_and_the_first_does_not_notice() {
    let service = slow_service();
    let matter = Matter::new();
    let mut first = slowly(&service, &matter).start();
    first.wait_for("plan signed");
    let refusal = format!(
        "error: another signhold process (PID {}) works in `{}`\n\
         hint: wait until it has ended, or stop it; `resume` goes on where it was\n",
        first.id(),
        matter.dir
    );
    service.collect(&matter).stdout("").stderr(&refusal).code(2);
    service.resume(&matter).stdout("").stderr(&refusal).code(2);
    let (said, code) = first.end();
    assert_eq!(code, Some(0), "{}", said.stderr);
    let opened = Opened::read(&matter.package());
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
}

#[test]
fn a_person_presses_ctrl_c_and_goes_on_as_told() {
    let service = slow_service();
    let matter = Matter::new();
    let mut command = slowly(&service, &matter);
    command = command.set("--window-hours", "1");
    let mut running = loud(command).start();
    running.wait_for(": complete, ");
    running.interrupt();
    let (said, code) = running.end();
    assert_eq!(code, Some(4), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    let id = matter.acquisition().file_name().unwrap().to_str().unwrap().to_owned();
    let ending = format!(
        "error: interrupted\nhint: everything so far is safe; go on with `signhold resume {} {id} --tls-ca {}`\n",
        matter.dir,
        service.ca.display()
    );
    assert!(said.stderr.ends_with(&ending), "{}", said.stderr);
    assert!(said.stderr.contains("stopping when the requests in flight have ended; press again to stop at once\n"));
    assert!(matter.packages().is_empty());

    service.let_in(Cli::new().args(["resume", &matter.dir, &id, "--quiet"]).set("--rate", "1000/1")).code(0);
    let opened = Opened::read(&matter.package());
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    service.verify(&matter, &matter.package()).code(0);
    service
        .let_in(Cli::new().args(["resume", &matter.dir, &id]))
        .stderr(&format!("error: acquisition `{id}` is sealed already\nhint: `signhold collect` begins a new one\n"))
        .code(2);
}

#[test]
fn killed_while_the_seal_waits_for_its_time_stamp() {
    let service = Service::start(300);
    let matter = Matter::new();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 2).kill();
    // An authority that takes the call and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let running = service.resume(&matter).set("--tsa-url", &url).start();
    let _held = silent.accept().unwrap();
    running.kill();
    let left = entries(&matter.path("packages"));
    assert!(left.iter().all(|path| path.extension() == Some("partial".as_ref())), "{left:?}");

    service.resume(&matter).arg("--no-time-stamp").code(0);
    let package = matter.package();
    let opened = Opened::read(&package);
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    // The genesis is stamped, the seal is not, and the package says so.
    assert!(opened.files.contains_key("data/genesis.tsr") && !opened.files.contains_key("seal/seal.tsr"));
    service.verify(&matter, &package).code(0);
}

#[test]
fn a_disk_that_is_full_at_sealing_costs_nothing() {
    let service = Service::start(600);
    let matter = Matter::new();
    // Every page fits, the package does not.
    service
        .collect(&matter)
        .file_limit(96)
        .stdout("")
        .stderr(&format!(
            "simulated: [..]\n\
             authentication [..]\n\
             acquisition [..]: plan signed by [..]\n\
             error: cannot read or write `{}/packages/ACME-2026-014_[..].zip`: File too large (os error 27)\n\
             hint: check the disk; what is committed stays, and `resume` goes on\n",
            matter.dir
        ))
        .code(4);
    assert!(matter.packages().is_empty());
    let served = service.server.graph_requests();
    service.resume(&matter).code(0);
    assert_eq!(service.server.graph_requests(), served, "everything was there already");
    service.verify(&matter, &matter.package()).code(0);
    let opened = Opened::read(&matter.package());
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
}

#[test]
fn a_disk_that_is_full_in_the_middle_is_named_and_resumed() {
    let service = Service::start(600);
    let matter = Matter::new();
    // Small pages fit, a full one does not.
    let said = service.collect(&matter).file_limit(24).stdout("").code(4);
    let ending = format!(
        "hint: make room or mend the disk; everything so far is safe; go on with `signhold resume {} {} --tls-ca {}`\n",
        matter.dir,
        matter.acquisition().file_name().unwrap().to_str().unwrap(),
        service.ca.display()
    );
    let error = format!("\nerror: cannot write `{}/pages/0000", matter.acquisition().display());
    assert!(said.stderr.contains(&error) && said.stderr.ends_with(&ending), "{}", said.stderr);
    assert!(said.stderr.contains(".zip`: File too large (os error 27)\n"), "{}", said.stderr);
    service.resume(&matter).code(0);
    assert_whole(&service, &matter);
}

#[test]
fn a_disk_that_goes_away_at_the_third_page_is_named_and_resumed() {
    let service = slow_service();
    let matter = Matter::new();
    let running = wait_for_pages(slowly(&service, &matter).start(), &matter, 3);
    // As when a network drive is cut off, or a stick pulled out; it comes back later with what was on it.
    let pages = matter.acquisition().join("pages");
    let elsewhere = matter.acquisition().join("elsewhere");
    std::fs::rename(&pages, &elsewhere).unwrap();
    let (said, code) = running.end();
    assert_eq!((code, said.stdout.as_str()), (Some(4), ""), "{}", said.stderr);
    let error = format!("\nerror: cannot write `{}/0000", pages.display());
    assert!(said.stderr.contains(&error), "{}", said.stderr);
    assert!(said.stderr.contains(".zip`: No such file or directory (os error 2)\n"), "{}", said.stderr);
    assert!(said.stderr.contains("; go on with `signhold resume "), "{}", said.stderr);
    assert!(!pages.exists(), "nothing is begun beside what was there");
    std::fs::rename(&elsewhere, &pages).unwrap();
    assert!(page_files(&matter).len() >= 3);
    service.resume(&matter).code(0);
    assert_whole(&service, &matter);
}

/// Compares the package with the truth, and has it judged.
#[track_caller]
fn assert_whole(service: &Service, matter: &Matter) {
    let opened = Opened::read(&matter.package());
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    service.verify(matter, &matter.package()).code(0);
}

#[test]
fn what_was_changed_on_disk_meanwhile_is_not_sealed() {
    let service = slow_service();
    let matter = Matter::new();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 4).kill();
    let pages = entries(&matter.acquisition().join("pages"));
    let whole = std::fs::read(&pages[1]).unwrap();

    // A page is gone.
    std::fs::remove_file(&pages[1]).unwrap();
    let said = service.resume(&matter).stdout("").code(2).stderr;
    assert!(said.contains("some were removed") && said.contains("/pages` cannot be read"), "{said}");
    // One byte of it differs.
    for place in [whole.len() / 3, whole.len() / 2] {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        std::fs::write(&pages[1], changed).unwrap();
        let said = service.resume(&matter).arg("--seal-only").stdout("").code(4).stderr;
        assert!(said.contains("is damaged: ") && said.contains("keep the folder as it is"), "{said}");
        assert!(matter.packages().is_empty());
    }
    // Another page of the same chain lies in its place.
    std::fs::copy(&pages[0], &pages[1]).unwrap();
    let said = service.resume(&matter).stdout("").code(4).stderr;
    assert!(said.contains("is damaged: "), "{said}");
    // Put back, all is well.
    std::fs::write(&pages[1], whole).unwrap();
    service.resume(&matter).code(0);
    service.verify(&matter, &matter.package()).code(0);
}

#[test]
fn another_key_does_not_finish_what_the_first_began() {
    let service = slow_service();
    let matter = Matter::new();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 2).kill();
    let other = matter.path("other.pem");
    Cli::new().args(["key", "new", "--no-passphrase"]).arg(&other).code(0);
    let mine = matter.path("operator.pem");
    let kept = std::fs::read(&mine).unwrap();
    std::fs::copy(&other, &mine).unwrap();
    let said = service.resume(&matter).stdout("").code(2).stderr;
    assert!(said.contains("was signed by key ") && said.contains("finished with the key that began it"), "{said}");
    std::fs::write(&mine, kept).unwrap();
    service.resume(&matter).code(0);
}

#[test]
fn a_person_presses_ctrl_c_twice() {
    // One request fails, so that the program speaks; the others hang.
    let faults = ["http-503@1", "stall"];
    let service = Service::with(300, |settings| settings.faults = faults.map(|fault| fault.parse().unwrap()).into());
    let matter = Matter::new();
    let mut running = loud(service.collect(&matter).set("--workers", "2")).start();
    running.wait_for("asking again in 2 s");
    running.interrupt();
    running.wait_for("press again to stop at once");
    running.interrupt();
    let (said, code) = running.end();
    assert_eq!((code, said.stdout.as_str()), (Some(4), ""), "{}", said.stderr);
    service.resume(&matter).arg("--seal-only").code(5);
    service.verify(&matter, &matter.package()).code(0);
}

#[test]
fn an_older_acquisition_is_not_forgotten() {
    let service = slow_service();
    let matter = Matter::new();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 2).kill();
    let older = matter.acquisition();
    let said = service.collect(&matter).code(0).stderr;
    let told = format!(
        "acquisition {} is unfinished, and this begins another; go on with it by `signhold resume {} ",
        older.file_name().unwrap().to_str().unwrap(),
        matter.dir
    );
    assert!(said.starts_with(&told), "{said}");
    service.resume(&matter).code(0);
    let packages = matter.packages();
    assert_eq!(packages.len(), 2);
    let id = older.file_name().unwrap().to_str().unwrap();
    assert!(packages.iter().any(|path| path.to_str().unwrap().ends_with(&format!("_{id}.zip"))), "{packages:?}");
    for package in packages {
        let opened = Opened::read(&package);
        for kind in Kind::ALL {
            assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
        }
        service.verify(&matter, &package).code(0);
    }
}

#[test]
fn somebody_else_does_not_finish_what_one_application_began() {
    let service = slow_service();
    let matter = Matter::new();
    wait_for_pages(slowly(&service, &matter).start(), &matter, 2).kill();
    let tree = tree_digest(Path::new(&matter.dir));
    let refusal = format!(
        "resuming acquisition [..]\n\
         simulated: [..]\n\
         authentication [..]\n\
         error: the plan was made for application `{}` in tenant `{}`\n\
         hint: set AZURE_TENANT_ID and AZURE_CLIENT_ID to these\n",
        service.server.client_id(),
        service.server.tenant_id()
    );
    for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"] {
        let other = "00000000-0000-0000-0000-000000000000";
        service.resume(&matter).env(name, other).stdout("").stderr(&refusal).code(2);
        assert_eq!(tree_digest(Path::new(&matter.dir)), tree);
    }
    // Nor over a certificate authority that the plan does not name: the pages would not be what the package says they are.
    let both = matter.path("../both.pem");
    let of_another = Service::start(0);
    std::fs::write(&both, [&service.ca, &of_another.ca].map(|ca| std::fs::read_to_string(ca).unwrap()).concat())
        .unwrap();
    service
        .resume(&matter)
        .set("--tls-ca", &both)
        .stdout("")
        .stderr(
            "resuming acquisition [..]\nsimulated: [..]\nauthentication [..]\n\
             error: the service would be reached over the root certificate [..], which the plan does not name\n\
             hint: reach it as the plan says (--tls-ca, SSL_CERT_FILE, HTTPS_PROXY), or begin a new acquisition with `signhold \
             collect`, which will name it; `resume --seal-only` seals what is there\n",
        )
        .code(2);
    assert_eq!(tree_digest(Path::new(&matter.dir)), tree);
    // The service is gone: nothing is lost by asking.
    let again = service.resume(&matter).without("--tls-ca");
    service.server.stop();
    again
        .stdout("")
        .stderr("resuming acquisition [..]\nsimulated: [..]\nauthentication [..]\nerror: `[..]` cannot be asked for a token: [..]\nhint: check the network, [..]\n")
        .code(4);
    assert_eq!(tree_digest(Path::new(&matter.dir)), tree);
}

/// Enough pages in each window that the program is always in the middle of one.
pub(crate) fn slow_service() -> Service {
    Service::with(2500, |settings| settings.page_limit = 20)
}

/// One window a kind, about forty milliseconds a page.
pub(crate) fn slowly(service: &Service, matter: &Matter) -> Cli {
    service.collect(matter).set("--rate", "25/1").set("--window-hours", "744")
}

/// The same call with progress.
fn loud(cli: Cli) -> Cli {
    cli.without_flag("--quiet")
}

/// Waits until so many pages are durable.
#[track_caller]
pub(crate) fn wait_for_pages(mut running: Running, matter: &Matter, pages: usize) -> Running {
    let began = Instant::now();
    loop {
        if page_files(matter).len() >= pages {
            return running;
        }
        assert!(running.is_alive(), "the program ended before {pages} pages were durable: {}", running.end().0.stderr);
        assert!(began.elapsed() < Duration::from_mins(1), "no {pages} pages after a minute");
        std::thread::yield_now();
    }
}

fn page_files(matter: &Matter) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let pages = entries(&matter.path("acquisitions")).into_iter().flat_map(|folder| entries(&folder.join("pages")));
    let pages = pages.filter(|path| path.extension() == Some("zip".as_ref()));
    pages.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

/// Kind and number of the runs whose last durable page names another.
fn open_runs(matter: &Matter) -> Vec<(String, Value)> {
    let mut last = std::collections::BTreeMap::new();
    for (path, _) in page_files(matter) {
        let mut bundle = ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
        let mut text = String::new();
        bundle.by_name("record.json").unwrap().read_to_string(&mut text).unwrap();
        let record: Value = serde_json::from_str(&text).unwrap();
        let kind = record["stream"]["kind"].as_str().unwrap().to_owned();
        last.insert(kind, (record["stream"]["run"].clone(), record["next_link"].is_string()));
    }
    last.into_iter().filter(|(_, (_, is_open))| *is_open).map(|(kind, (run, _))| (kind, run)).collect()
}
