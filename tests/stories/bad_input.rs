//! Something is wrong with the request or the world: the message names the thing and the next step, the exit code says whose
//! fault it is, and what was there before is as it was.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use signhold::simulate::timestamp_authority::TimestampAuthority;
use signhold::simulate::{Kind, Licence, Transport};

use crate::cli::{Cli, Said, tree_digest};
use crate::opened::Opened;
use crate::service::{Matter, Service, text};

/// Runs a call that must fail and leave the matter as it was.
#[track_caller]
fn refused(matter: &Matter, cli: Cli, code: i32, stderr: &str) -> Said {
    let before = tree_digest(Path::new(&matter.dir));
    let said = cli.stdout("").stderr(stderr).code(code);
    assert_eq!(tree_digest(Path::new(&matter.dir)), before, "something was changed; {}", said.stderr);
    said
}

const SIMULATED: &str =
    "simulated: this service is outside the cloud table; what comes from it is marked and is no evidence\n";
const AS_WHOM: &str = "authentication of application [..] in tenant [..]: the client secret in AZURE_CLIENT_SECRET\n";

#[test]
fn the_service_cannot_be_reached() {
    let service = Service::start(0);
    let matter = Matter::new();
    let closed = free_port();
    let url = format!("https://localhost:{closed}");
    let tenant = service.server.tenant_id();
    let unreachable = format!(
        "{SIMULATED}{AS_WHOM}error: `{url}/{tenant}/oauth2/v2.0/token` cannot be asked for a token: [..]refused[..]\n\
         hint: check the network, a proxy in HTTPS_PROXY, and --cloud; nothing was collected or changed\n"
    );
    refused(&matter, service.collect(&matter).set("--login-url", &url).set("--graph-url", &url), 4, &unreachable);
    // A name that no resolver knows.
    let unknown = unreachable.replace(&url, "https://login.invalid").replace("[..]refused[..]", "[..]");
    refused(&matter, service.collect(&matter).set("--login-url", "https://login.invalid"), 4, &unknown);
    // Somebody else's certificate.
    let other = Service::start(0);
    let untrusted =
        unreachable.replace(&url, &service.server.login_url()).replace("[..]refused[..]", "[..]certificate[..]");
    refused(&matter, service.collect(&matter).set("--tls-ca", &other.ca), 4, &untrusted);
    // Not HTTP at all.
    let port = service.server.address().port();
    let plain = unreachable.replace(&url, &format!("http://localhost:{port}")).replace("[..]refused[..]", "[..]");
    refused(&matter, service.collect(&matter).set("--login-url", format!("http://localhost:{port}")), 4, &plain);
}

#[test]
fn the_service_does_not_know_us() {
    let service = Service::start(0);
    let matter = Matter::new();
    let refusal = |tenant: &str, status: u16, code: &str, number: u32| {
        format!(
            "{SIMULATED}{AS_WHOM}error: `{}/{tenant}/oauth2/v2.0/token` gives no token: status {status} `{code}`: AADSTS{number}: [..]\n\
             hint: AADSTS{number}: [..]; nothing was collected or changed\n",
            service.server.login_url()
        )
    };
    let collect = || service.collect(&matter);
    let tenant = service.server.tenant_id();
    let secret = "wrong-secret-that-must-not-be-shown";
    let said = refused(
        &matter,
        collect().env("AZURE_CLIENT_SECRET", secret),
        2,
        &refusal(tenant, 401, "invalid_client", 7_000_215),
    );
    assert!(!said.stderr.contains(secret), "{}", said.stderr);
    let other = "00000000-0000-0000-0000-000000000000";
    refused(&matter, collect().env("AZURE_TENANT_ID", other), 2, &refusal(other, 400, "invalid_request", 90_002));
    refused(&matter, collect().env("AZURE_CLIENT_ID", other), 2, &refusal(tenant, 400, "unauthorized_client", 700_016));
    // What is typed wins over the environment.
    refused(&matter, collect().set("--client-id", other), 2, &refusal(tenant, 400, "unauthorized_client", 700_016));
    refused(
        &matter,
        collect().env("AZURE_TENANT_ID", "../../evil"),
        2,
        &format!(
            "{SIMULATED}error: `{}/../../evil/oauth2/v2.0/token` cannot be used: the tenant must be an identifier or a domain\n\
             hint: [..]\n",
            service.server.login_url()
        ),
    );
    for (name, flag) in [("AZURE_TENANT_ID", "--tenant-id"), ("AZURE_CLIENT_ID", "--client-id")] {
        let missing = format!("{SIMULATED}error: `{name}` is not set\nhint: set {name} or give {flag}\n");
        refused(&matter, collect().env(name, ""), 2, &missing);
    }
    refused(
        &matter,
        collect()
            .env("AZURE_CLIENT_SECRET", "")
            .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
            .env("PATH", ""),
        2,
        &format!(
            "{SIMULATED}error: no credential: [..]\nhint: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or [..]\n"
        ),
    );
    refused(
        &matter,
        collect().set("--client-secret-file", "nowhere"),
        2,
        &format!(
            "{SIMULATED}error: cannot read the secret in `nowhere`: No such file or directory (os error 2)\n\
             hint: check the path and its permissions\n"
        ),
    );
    refused(
        &matter,
        collect().set("--tls-ca", "nowhere.pem"),
        2,
        &format!(
            "{SIMULATED}error: cannot read the CA certificate `nowhere.pem`: No such file or directory (os error 2)\n\
             hint: check the path\n"
        ),
    );
    refused(
        &matter,
        collect().set("--tls-ca", matter.path("matter.toml")),
        2,
        &format!(
            "{SIMULATED}error: no certificates to trust: the file with further roots holds no certificate\n\
             hint: install the system's CA certificates, or name a file with --tls-ca\n"
        ),
    );
}

#[test]
fn the_rights_are_not_enough() {
    let without_right = Service::with(100, |settings| settings.tenant.permissions.clear());
    // With this right a missing licence is believed at once; without it the check is known to fail.
    let without_licence = Service::with(100, |settings| {
        settings.tenant.licence = Licence::Free;
        settings.tenant.permissions.push("Directory.Read.All".to_owned());
    });
    let of_rights = "the service refuses access: status 403 `";
    let of_licence = "the service refuses for want of a licence, 3 times on end: status 403 `";
    let needs_rights = "the application needs AuditLog.Read.All with admin consent, and the tenant Entra ID P1 or P2";
    let needs_licence =
        "the tenant needs Entra ID P1 or P2; if it has one, grant the application Directory.Read.All too";
    for (service, error, needs) in
        [(without_right, of_rights, needs_rights), (without_licence, of_licence, needs_licence)]
    {
        let matter = Matter::new();
        let said = service.collect(&matter).set("--workers", "1").stdout("").code(2).stderr;
        let id = matter.acquisition().file_name().unwrap().to_str().unwrap().to_owned();
        let ending = format!(
            "hint: {needs}; everything so far is safe; go on with `signhold resume {} {id} --tls-ca {} --workers 1`\n",
            matter.dir,
            service.ca.display()
        );
        assert!(said.contains(&format!("error: {error}")) && said.ends_with(&ending), "{said}");
        // That we were refused is itself evidence.
        service.resume(&matter).arg("--seal-only").code(5);
        let opened = Opened::read(&matter.package());
        assert_eq!(opened.documents("failures").len(), 3);
        assert!(opened.documents("failures").iter().all(|failure| failure["response"]["status"] == 403));
        service.verify(&matter, &matter.package()).code(0);
    }
}

#[test]
fn the_window_is_none() {
    let service = Service::start(0);
    let matter = Matter::new();
    let collect = || service.collect(&matter);
    let future = service.to + TimeDelta::days(2);
    refused(
        &matter,
        collect().set("--to", text(future)),
        2,
        &format!(
            "error: the window ends at {}, in the future (it is [..])\n\
             hint: leave out --to for all that has arrived, or name an earlier time\n",
            text(future)
        ),
    );
    for from in [service.to, service.to + TimeDelta::minutes(1)] {
        refused(
            &matter,
            collect().set("--from", text(from)),
            2,
            &format!(
                "error: the window begins at {} and ends at {}, which is not later\nhint: --from must be before --to\n",
                text(from),
                text(service.to)
            ),
        );
    }
    for malformed in [
        "yesterday",
        "2026-11-31",
        "2026-13-01",
        "2026-11-01T00:00:00",
        "2026-11-01T24:00:00Z",
        "2026-11-01T00:00:00+01:00",
        "2026-11-01T00:00:00.5Z",
        "01.11.2026",
        "",
        "1969-12-31",
        "٢٠٢٦-11-01",
    ] {
        refused(
            &matter,
            collect().set("--from", malformed),
            2,
            &format!(
                "error: invalid value '{malformed}' for '--from <TIME>': `{malformed}` is not of the form 2026-11-01 or \
                 2026-11-01T00:00:00Z (UTC)\n\nFor more information, try '--help'.\n"
            ),
        );
    }
    let said = collect().without("--from").code(2).stderr;
    assert!(said.contains("--from <TIME>"), "{said}");
    assert_eq!(service.server.requests_served(), 0, "the service was asked for nothing");
}

#[test]
fn the_options_make_no_sense() {
    let service = Service::start(0);
    let matter = Matter::new();
    let collect = || service.collect(&matter);
    let said = refused_with(&matter, collect().set("--kind", "interactive"));
    assert!(
        said.contains(
            "`interactive` is not a kind; the kinds are `interactiveUser`, `nonInteractiveUser`, `servicePrincipal`, \
             `managedIdentity`"
        ),
        "{said}"
    );
    for rate in ["5", "0/10", "5/0", "-1/10", "5/10/2", "fast", "1.5/10", "99999999999999999999/1"] {
        let said = refused_with(&matter, collect().without("--rate").arg(format!("--rate={rate}")));
        assert!(said.contains(&format!("`{rate}` is not of the form 5/10: requests, a slash, seconds")), "{said}");
    }
    for (option, value) in [
        ("--workers", "0"),
        ("--workers", "17"),
        ("--timeout", "0"),
        ("--window-hours", "0"),
        ("--retention-days", "0"),
        ("--cloud", "mars"),
    ] {
        let said = refused_with(&matter, collect().set(option, value));
        assert!(said.contains(value) && said.contains(option), "{said}");
    }
    let said =
        refused_with(&matter, service.resume(&matter).arg("--no-time-stamp").set("--tsa-url", "http://localhost:1"));
    assert!(said.contains("cannot be used with"), "{said}");
    for word in ["", "exterminate"] {
        Cli::new().args(Some(word).filter(|word| !word.is_empty())).stdout("").code(2);
    }
}

/// The same where the words are those of the argument parser.
#[track_caller]
fn refused_with(matter: &Matter, cli: Cli) -> String {
    let before = tree_digest(Path::new(&matter.dir));
    let said = cli.stdout("").code(2).stderr;
    assert_eq!(tree_digest(Path::new(&matter.dir)), before, "something was changed; {said}");
    assert!(said.starts_with("error: "), "{said}");
    said
}

#[test]
fn the_real_service_is_not_hurt_and_not_reached_in_the_open() {
    let service = Service::start(0);
    let matter = Matter::new();
    // Every address is one that would fail at once, if it were asked at all.
    let real = || {
        service.collect(&matter).without("--graph-url").without("--login-url").env("HTTPS_PROXY", "http://127.0.0.1:9")
    };
    refused(
        &matter,
        real(),
        2,
        "error: 1000/1 is above the documented rate of 5 requests in 10 seconds\n\
         hint: leave out --rate; the service answers more with refusals\n",
    );
    for rate in ["6/10", "1/1", "51/100"] {
        refused(
            &matter,
            real().set("--rate", rate),
            2,
            &format!(
                "error: {rate} is above the documented rate of 5 requests in 10 seconds\n\
                 hint: leave out --rate; the service answers more with refusals\n"
            ),
        );
    }
    for option in ["--graph-url", "--login-url"] {
        for (url, reason) in [
            ("http://graph.microsoft.com", "plain http is accepted for this machine only"),
            ("http://127.0.0.1.nip.example", "plain http is accepted for this machine only"),
            ("http://localhost.example", "plain http is accepted for this machine only"),
            ("ftp://localhost", "it must begin with https://"),
            ("https://jo:secret@localhost", "it must be scheme, host, port and path alone"),
            ("https://localhost/?x=1", "it must be scheme, host, port and path alone"),
            ("graph.microsoft.com", "relative URL without a base"),
        ] {
            refused(
                &matter,
                service.collect(&matter).set(option, url),
                2,
                &format!(
                    "error: `{url}` cannot be used: {reason}\n\
                     hint: leave out --graph-url, --login-url and AZURE_AUTHORITY_HOST for the real service; check AZURE_TENANT_ID\n"
                ),
            );
        }
    }
}

#[test]
fn the_folder_is_not_what_it_should_be() {
    let service = Service::start(0);
    let matter = Matter::new();
    let init = |dir: &str| Cli::new().args(["init", dir, "--matter", "A-1", "--operator", "Jo", "--no-passphrase"]);
    let exists = format!(
        "error: `{}` exists already and is left as it is\nhint: choose another name, or go on with what is there\n",
        matter.dir
    );
    refused(&matter, matter.init().arg("--no-passphrase"), 2, &exists);
    // Below a regular file nothing can be made, whoever one is.
    let file = matter.path("matter.toml");
    refused(&matter, init(file.to_str().unwrap()), 2, &exists.replace(&matter.dir, file.to_str().unwrap()));
    let below = file.join("x");
    refused(
        &matter,
        init(below.to_str().unwrap()),
        4,
        &format!("error: cannot create `{}`: Not a directory (os error 20)\nhint: check the path\n", below.display()),
    );
    for nowhere in ["/nowhere", &format!("{}/packages", matter.dir), file.to_str().unwrap()] {
        let refusal = format!(
            "error: `{nowhere}` is not a matter folder: it has no `matter.toml`\n\
             hint: make one: `signhold init {nowhere} --matter ID --operator NAME`\n"
        );
        refused(
            &matter,
            service.let_in(Cli::new().args(["collect", nowhere]).set("--from", "2026-11-01")),
            2,
            &refusal,
        );
        refused(&matter, service.let_in(Cli::new().args(["resume", nowhere])), 2, &refusal);
    }
    let spared = std::fs::read_to_string(&file).unwrap();
    for damaged in ["", "matter = 1\n", &format!("{spared}surprise = true\n"), "\u{0}"] {
        std::fs::write(&file, damaged).unwrap();
        refused(
            &matter,
            service.collect(&matter),
            2,
            &format!(
                "error: `{}` cannot be read: [..]\nhint: put back the file as it was; nothing else was touched\n",
                file.display()
            ),
        );
    }
    std::fs::write(&file, &spared).unwrap();
    // The key is gone.
    let key = matter.path("operator.pem");
    std::fs::rename(&key, matter.path("elsewhere.pem")).unwrap();
    let said = refused(&matter, service.collect(&matter), 2, "error: [..]\nhint: [..]\n").stderr;
    assert!(said.contains(&format!("`{}`", key.display())), "{said}");
    std::fs::rename(matter.path("elsewhere.pem"), &key).unwrap();
    // A regular file where acquisitions should go.
    let acquisitions = matter.path("acquisitions");
    std::fs::remove_dir(&acquisitions).unwrap();
    std::fs::write(&acquisitions, "").unwrap();
    refused(
        &matter,
        service.collect(&matter),
        4,
        &format!(
            "error: cannot read `{}`: Not a directory (os error 20)\nhint: check the path\n",
            acquisitions.display()
        ),
    );
}

#[test]
fn the_identifiers_of_a_new_matter_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("m");
    let init =
        || Cli::new().arg("init").arg(&dir).args(["--matter", "A-1", "--operator", "Jo", "--no-passphrase"]).stdout("");
    for id in ["", "../x", "a b", "CON", "a/b", "x.", "Ä", &"x".repeat(65)] {
        let said = init().without("--matter").arg(format!("--matter={id}")).code(2).stderr;
        assert!(said.starts_with("error: ") && said.contains("--matter"), "{said}");
    }
    for name in ["", "a\nb", "a\u{202e}b", &"x".repeat(201)] {
        let said = init().without("--operator").arg(format!("--operator={name}")).code(2).stderr;
        assert!(said.starts_with("error: ") && !said.contains('\u{202e}'), "{said:?}");
    }
    let said = init().without_flag("--no-passphrase").set("--key", "nowhere.pem").code(2).stderr;
    assert!(said.contains("`nowhere.pem`") && said.contains("\nhint: "), "{said}");
    init().without_flag("--no-passphrase").code(2);
    assert!(!dir.exists(), "nothing is left of a matter that was not made");
}

#[test]
fn there_is_nothing_to_resume() {
    let service = Service::start(0);
    let matter = Matter::new();
    let nothing = format!(
        "error: nothing to resume in `{}`: there is no acquisition\nhint: `signhold collect` begins one\n",
        matter.dir
    );
    refused(&matter, service.resume(&matter), 2, &nothing);
    let unknown = "20261122T060452Z-1a2b3c4d";
    refused(
        &matter,
        service.resume(&matter).arg(unknown),
        2,
        &format!(
            "error: there is no acquisition `{unknown}` in `{}`\nhint: leave out the identifier for the latest\n",
            matter.dir
        ),
    );
    for malformed in ["latest", "../../etc", "20261122T060452Z-1A2B3C4D"] {
        let said = service.resume(&matter).arg(malformed).stdout("").code(2).stderr;
        assert!(said.contains(malformed), "{said}");
    }
}

#[test]
fn nothing_happened() {
    // That nothing happened is a fact worth sealing, and no error.
    let service = Service::start(0);
    let matter = Matter::new();
    service
        .collect(&matter)
        .stdout(&format!(
            "SIMULATED DATA, NOT EVIDENCE\n\
             {}/packages/ACME-2026-014_[..].zip\n\
             window   [..]\n\
             content  20 pages, 0 records, [..]\n\
             covered  complete, as returned to this query, this identity, at this time\n\
             package  [..]\n\
             seal     [..]\n\
             signer   [..]\n",
            matter.dir
        ))
        .code(0);
    let package = matter.package();
    let runs = Opened::read(&package).runs();
    assert!(runs.len() == 20 && runs.iter().all(|run| run["state"] == "empty" && run["records"] == 0), "{runs:?}");
    let said = service.verify(&matter, &package).code(0).stdout;
    for kind in Kind::ALL {
        assert!(said.contains(&format!("\ncoverage   {}: 0 records in windows: 5 empty\n", kind.name())), "{said}");
    }
}

#[test]
fn the_plan_has_more_windows_than_a_seal_can_name() {
    let service = Service::start(0);
    let matter = Matter::new();
    let from = service.to - TimeDelta::days(3650);
    let said = refused(
        &matter,
        service.collect(&matter).set("--from", text(from)).set("--window-hours", "1"),
        2,
        "error: the plan has [..] windows; a seal, which names them all, has room for 20,000\n\
         hint: collect a shorter window, one after the other, or ask for longer ones with --window-hours\n",
    );
    assert!(said.stderr.contains(" 350,40"), "{}", said.stderr);
    assert_eq!(service.server.requests_served(), 0);
}

#[test]
fn a_password_in_an_address_would_be_sealed_for_ever() {
    let service = Service::start(0);
    let matter = Matter::new();
    let refusal = "error: the address of a time stamp authority holds a name or a password, and would be written into the package\n\
                   hint: give it without; an authority that asks for a password cannot be used\n";
    for url in ["https://jo:hunter2@localhost/tsa", "http://hunter2@localhost/"] {
        refused(&matter, service.collect(&matter).set("--tsa-url", url), 2, refusal);
        refused(&matter, service.resume(&matter).set("--tsa-url", url), 2, refusal);
    }
}

#[test]
fn an_empty_folder_that_was_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let init = || Cli::new().arg("init").arg(folder.path()).args(["--matter", "A-1", "--operator", "Jo"]);
    let said = init().stdout("").code(2).stderr;
    assert!(said.starts_with("error: a passphrase is needed "), "{said}");
    assert!(folder.path().is_dir());
    init().arg("--no-passphrase").code(0);
}

#[test]
fn the_simulator_is_for_this_machine_only() {
    let folder = tempfile::tempdir().unwrap();
    Cli::new()
        .args(["simulate", "--listen", "0.0.0.0:0", "--files"])
        .arg(folder.path())
        .stdout("")
        .stderr(
            "error: `0.0.0.0:0` is not a loopback address\n\
             hint: invented data is served to this machine only: leave out --listen, or name 127.0.0.1 or [::1]\n",
        )
        .code(2);
    let said = Cli::new().args(["simulate", "--fault", "gremlins"]).stdout("").code(2).stderr;
    assert!(said.contains("no fault is named `gremlins`; "), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let service = Service::start(0);
    let matter = Matter::new();
    service.collect(&matter).code(0);
    service
        .verify(&matter, &matter.package())
        .arg("--json")
        .onto("/dev/full")
        .stderr(
            "error: the answer cannot be written to standard output: No space left on device (os error 28)\n\
             hint: make room, or send it elsewhere; what was done stays done\n",
        )
        .code(4);
}

#[test]
fn no_authority_stamps_the_plan() {
    let service = Service::start(100);
    let matter = Matter::new();
    let closed = format!("http://localhost:{}/tsa", free_port());
    let hint = "hint: nothing was collected; name another authority with --tsa-url, or leave it out and have times of your own \
                clock only\n";
    for (url, reason) in [
        (closed.as_str(), "it cannot be reached: [..]"),
        (&service.server.graph_url(), "it answers with status 404"),
        ("not a url", "[..]"),
        ("ftp://localhost/", "[..]"),
    ] {
        refused(
            &matter,
            service.collect(&matter).set("--tsa-url", url),
            4,
            &format!("{SIMULATED}{AS_WHOM}error: no time stamp from `{url}`: {reason}\n{hint}"),
        );
    }
    // One of two is not enough: each must answer.
    refused(
        &matter,
        service.collect(&matter).arg("--tsa-url").arg(&closed),
        4,
        &format!("{SIMULATED}{AS_WHOM}error: no time stamp from `{closed}`: [..]\n{hint}"),
    );
    // It answers, but with nothing of worth.
    let babbling = Service::with(0, |settings| {
        settings.time_stamper = Some(Arc::new(|_: &[u8], _| b"\x30\x03\x02\x01\x02".to_vec()));
    });
    refused(
        &matter,
        service
            .collect(&matter)
            .set("--tsa-url", babbling.server.tsa_url())
            .set("--tls-ca", both(&service, &babbling, &matter)),
        4,
        &format!("{SIMULATED}{AS_WHOM}error: no time stamp from `{}`: [..]\n{hint}", babbling.server.tsa_url()),
    );
    assert_eq!(service.server.graph_requests(), 0, "the log was asked for nothing");
}

#[test]
fn the_clock_is_wrong() {
    let service = Service::start(0);
    let matter = Matter::new();
    let late = Service::with(0, |settings| {
        settings.now += TimeDelta::minutes(10);
        settings.transport = Transport::Http;
        let authority =
            TimestampAuthority::new(settings.now - TimeDelta::days(2), settings.now + TimeDelta::days(2)).unwrap();
        settings.time_stamper = Some(Arc::new(move |request: &[u8], now| authority.respond(request, now)));
    });
    refused(
        &matter,
        service.collect(&matter).set("--tsa-url", late.server.tsa_url()),
        4,
        &format!(
            "{SIMULATED}{AS_WHOM}error: the clock of this machine says [..]Z, the authority `{}` says [..]\n\
             hint: set the clock of this machine; a verifier would find the times out of order. Nothing was collected\n",
            late.server.tsa_url()
        ),
    );
    // Half a minute and more is said and recorded, and hinders nothing.
    let skewed = Service::with(0, |settings| settings.date_skew = TimeDelta::seconds(95));
    let said = skewed.collect(&matter).code(0).stderr;
    assert!(
        said.contains("warning: the clock of this machine is 9") && said.contains("the difference is recorded\n"),
        "{said}"
    );
}

#[test]
fn the_authority_is_gone_when_it_comes_to_the_seal() {
    let asked = Arc::new(AtomicU64::new(0));
    let service = Service::with(200, |settings| {
        let stamp = settings.time_stamper.take().unwrap();
        let asked = Arc::clone(&asked);
        settings.time_stamper = Some(Arc::new(move |request: &[u8], now| {
            // It stamps the plan, and then never again.
            if asked.fetch_add(1, Ordering::Relaxed) == 0 { stamp(request, now) } else { b"out of order".to_vec() }
        }));
    });
    let collect = |matter: &Matter| {
        asked.store(0, Ordering::Relaxed);
        service
            .collect(matter)
            .stdout("")
            .stderr(&format!(
                "{SIMULATED}{AS_WHOM}acquisition [..]: plan signed by [..]\n\
                 error: no time stamp from `{}`: [..]\n\
                 hint: `resume` seals again; it takes --tsa-url for another authority and --no-time-stamp for none\n",
                service.server.tsa_url()
            ))
            .code(4);
        assert!(matter.packages().is_empty());
    };
    let truth = |matter: &Matter| {
        let opened = Opened::read(&matter.package());
        for kind in Kind::ALL {
            assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
        }
        opened
    };
    let matter = Matter::new();
    collect(&matter);
    service.resume(&matter).stdout("").code(4);
    let served = service.server.graph_requests();
    service.resume(&matter).arg("--no-time-stamp").code(0);
    assert_eq!(service.server.graph_requests(), served, "the log is not asked again");
    let opened = truth(&matter);
    assert_eq!(opened.seal()["timestamps"]["mode"], "none");
    let said = service.verify(&matter, &matter.package()).code(0).stdout;
    assert!(said.contains("  note          timestamp-absent  "), "{said}");
    service.verify(&matter, &matter.package()).args(["--require", "time-stamp"]).code(3);

    let matter = Matter::new();
    collect(&matter);
    let other = Service::with(0, |settings| settings.transport = Transport::Http);
    service.resume(&matter).set("--tsa-url", other.server.tsa_url()).code(0);
    let opened = truth(&matter);
    assert_eq!(opened.seal()["timestamps"]["authorities"], serde_json::json!([other.server.tsa_url()]));
    // Two authorities, two roots: one alone does not establish the time.
    service.verify(&matter, &matter.package()).code(3);
    service.verify(&matter, &matter.package()).arg("--tsa-root").arg(&other.tsa_root).code(0);
}

/// One file with the authorities of two services.
fn both(one: &Service, other: &Service, matter: &Matter) -> std::path::PathBuf {
    let path = Path::new(&matter.dir).parent().unwrap().join("both.pem");
    let text = [&one.ca, &other.ca].map(|path| std::fs::read_to_string(path).unwrap()).concat();
    std::fs::write(&path, text).unwrap();
    path
}

/// A port at which nobody listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
