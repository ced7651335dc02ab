//! Certificates of time stamp authorities end. A package that is stamped anew in time holds beyond that, and one that was forgotten does not.
//!
//! Nobody waits: the authorities' certificates end soon, their clocks are told, and the reader says as of when to judge.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use signhold::simulate::timestamp_authority::{RevokedSigner, TimestampAuthority};
use signhold::simulate::{Server, Settings};
use tempfile::TempDir;

use crate::cli::Cli;
use crate::service::{Matter, Service, text};

/// A package under stamps whose certificates end in thirty days.
struct Stamped {
    service: Service,
    matter: Matter,
    package: PathBuf,
    short_root: PathBuf,
    /// Its revocation list of the day after tomorrow, which says that the key came into other hands tomorrow.
    short_list: PathBuf,
    now: DateTime<Utc>,
    folder: TempDir,
}

/// An authority whose certificates last, at a moment of its own.
struct Authority {
    server: Server,
    ca: PathBuf,
    root: PathBuf,
}

impl Stamped {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let short_root = folder.path().join("short-root.pem");
        let short_list = folder.path().join("short.crl");
        let mut begun = None;
        let service = Service::with(300, |settings| {
            let now = settings.now;
            let short = TimestampAuthority::new(now - TimeDelta::days(1), now + TimeDelta::days(30)).unwrap();
            std::fs::write(&short_root, short.root_pem()).unwrap();
            let day = |days: i64| now + TimeDelta::days(days);
            let lost = RevokedSigner { since: day(1), key_compromised: true };
            std::fs::write(&short_list, short.revocation_list(day(2), day(9), Some(lost)).unwrap()).unwrap();
            settings.time_stamper = Some(Arc::new(move |request: &[u8], now| short.respond(request, now)));
            begun = Some(now);
        });
        let matter = Matter::new();
        service.collect(&matter).code(0);
        let package = matter.package();
        Self { service, matter, package, short_root, short_list, now: begun.unwrap(), folder }
    }

    /// Starts an authority whose present is so many days from now.
    fn authority(&self, name: &str, days: i64) -> Authority {
        let long = TimestampAuthority::new(self.now - TimeDelta::days(1), self.now + TimeDelta::days(3650)).unwrap();
        let path = |what: &str| self.folder.path().join(format!("{name}-{what}.pem"));
        std::fs::write(path("root"), long.root_pem()).unwrap();
        let present = self.now + TimeDelta::days(days);
        let mut settings = Settings::new(7, 1, self.now);
        settings.present = Some(Arc::new(move || present));
        settings.time_stamper = Some(Arc::new(move |request: &[u8], now| long.respond(request, now)));
        let server = Server::start(settings).unwrap();
        std::fs::write(path("ca"), server.ca_pem().unwrap()).unwrap();
        Authority { server, ca: path("ca"), root: path("root") }
    }

    fn renew(&self, authority: &Authority) -> Cli {
        Cli::new()
            .args(["custody", &self.matter.dir, "renew"])
            .arg(&self.package)
            .set("--tsa-url", authority.server.tsa_url())
            .set("--tls-ca", &authority.ca)
    }

    /// Verifies as of so many days from now, trusting the first authority.
    fn verify(&self, days: i64) -> Cli {
        let at = text(self.now + TimeDelta::days(days));
        self.service.verify(&self.matter, &self.package).set("--tsa-root", &self.short_root).set("--at", at)
    }

    fn ledger(&self) -> PathBuf {
        Path::new(&self.matter.dir).join("ledger.jsonl")
    }

    /// The same, with the ledger at hand and the second authority trusted as well.
    fn verify_renewed(&self, days: i64, authority: &Authority) -> Cli {
        self.verify(days).set("--ledger", self.ledger()).arg("--tsa-root").arg(&authority.root)
    }
}

#[test]
fn a_package_that_was_stamped_anew_in_time_outlives_its_authority() {
    let stamped = Stamped::new();
    stamped.verify(10).code(0);
    let due = |days: i64| {
        let id = stamped.package.file_stem().unwrap().to_str().unwrap();
        let until = text(stamped.now + TimeDelta::days(days));
        let due = || Cli::new().args(["custody", &stamped.matter.dir, "due"]);
        due().stderr("").stdout(&format!("{until}  {id}\n")).code(0);
        due().set("--tsa-root", &stamped.short_root).stderr("").stdout(&format!("{until}  {id}\n")).code(0);
    };
    due(30);
    let said = stamped.verify(60).code(3).stdout;
    let ended = text(stamped.now + TimeDelta::days(30));
    let explained = format!(
        "  unestablished timestamp-expired  `seal/seal.tsr`  FORMAT §11\n      claimed   its certificates are valid until \
         {ended}\n      computed  judged as of {}, and no earlier renewal\n",
        text(stamped.now + TimeDelta::days(60))
    );
    assert!(said.contains(&explained), "{said}");

    let long = stamped.authority("long", 20);
    let said = stamped.renew(&long).set("--tsa-root", &stamped.short_root).stdout("").code(4).stderr;
    assert!(said.contains("timestamp-chain-untrusted"), "a root that is not the new authority's: {said}");
    stamped
        .renew(&long)
        .stderr("")
        .stdout(&format!(
            "event 4 `renewed` is in {}\nhead  [..]\nstamp {} by [..]SIMULATED[..]; the certificates that came with it end at {}\n",
            stamped.ledger().display(),
            text(stamped.now + TimeDelta::days(20)),
            text(stamped.now + TimeDelta::days(3650))
        ))
        .code(0);
    let said = stamped.verify_renewed(60, &long).code(0).stdout;
    assert!(said.contains(&format!("\nrenewed    {} (", text(stamped.now + TimeDelta::days(20)))), "{said}");
    // Without the ledger, or without trust in the second authority, nothing carries it on.
    stamped.verify(60).code(3);
    let said = stamped.verify(60).set("--ledger", stamped.ledger()).code(3).stdout;
    assert!(said.contains("unestablished renewal-not-established  `ledger.jsonl:4`  FORMAT §11.1\n"), "{said}");

    due(3650);
    // A second renewal is over the first as well.
    let longer = stamped.authority("longer", 50);
    stamped.renew(&longer).stderr("").code(0);
    stamped.verify_renewed(60, &long).arg("--tsa-root").arg(&longer.root).code(0);
    let listed = Cli::new().args(["custody", &stamped.matter.dir, "list", "--json"]).code(0).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["lines"][4]["event"]["details"]["over"].as_array().unwrap().len(), 2);
}

#[test]
fn an_authority_that_lost_its_key_is_believed_for_what_was_renewed_before() {
    let stamped = Stamped::new();
    let judged = |days: i64| stamped.verify(days).set("--crl", &stamped.short_list);
    let said = judged(10).code(3).stdout;
    assert!(said.contains("unestablished timestamp-certificate-revoked  `seal/seal.tsr`  FORMAT §11.2\n"), "{said}");
    let early = stamped.authority("early", 0);
    stamped.renew(&early).stderr("").code(0);
    let renewed = || judged(10).set("--ledger", stamped.ledger()).arg("--tsa-root").arg(&early.root);
    let said = renewed().code(0).stdout;
    assert!(said.contains("note          timestamp-certificate-revoked  `seal/seal.tsr`"), "{said}");
    // Nobody brought a list of the second authority.
    assert!(said.contains("note          timestamp-revocation-not-checked  `ledger.jsonl:4#1`"), "{said}");
}

#[test]
fn a_stamp_that_comes_too_late_is_kept_and_helps_nobody() {
    let stamped = Stamped::new();
    let late = stamped.authority("late", 40);
    let said = stamped.renew(&late).code(0).stderr;
    let warning = format!(
        "warning: the certificates of the time stamps in `{}` ended at {}, and the new stamp is of {}: it comes too late to carry \
         them on\n",
        stamped.package.display(),
        text(stamped.now + TimeDelta::days(30)),
        text(stamped.now + TimeDelta::days(40))
    );
    assert_eq!(said, warning);
    let said = stamped.verify_renewed(60, &late).code(3).stdout;
    assert!(said.contains("unestablished timestamp-expired  `seal/seal.tsr`"), "{said}");
}

#[test]
fn what_the_ledger_has_no_place_for_is_not_stamped() {
    let stamped = Stamped::new();
    let long = stamped.authority("long", 20);
    let before = std::fs::read(stamped.ledger()).unwrap();
    let refused = |cli: Cli, words: &str| {
        let said = cli.stdout("").code(2).stderr;
        assert!(said.contains(words), "{said}");
    };
    let other = stamped.folder.path().join("other.zip");
    // Another container around the same package: its identifier, other bytes.
    let mut bytes = std::fs::read(&stamped.package).unwrap();
    bytes.push(0);
    std::fs::write(&other, bytes).unwrap();
    let renew = |package: &Path| {
        Cli::new()
            .args(["custody", &stamped.matter.dir, "renew"])
            .arg(package)
            .set("--tsa-url", long.server.tsa_url())
            .set("--tls-ca", &long.ca)
    };
    refused(renew(&other), "with other digests");
    refused(renew(Path::new("nowhere.zip")), "there is no package `nowhere.zip`");
    refused(stamped.renew(&long).arg(&stamped.package).set("--out", other.with_extension("json")), "two events");
    assert_eq!(long.server.requests_served(), 0, "nobody was asked");
    assert_eq!(std::fs::read(stamped.ledger()).unwrap(), before);
}

/// Whoever holds a copy of package and ledger renews too, and sends the event back.
#[test]
fn a_receiver_renews_a_copy() {
    let stamped = Stamped::new();
    let long = stamped.authority("long", 20);
    let (key, copy) = (stamped.folder.path().join("receiver.pem"), stamped.folder.path().join("ledger.jsonl"));
    Cli::new().args(["key", "new", "--no-passphrase"]).arg(&key).code(0);
    std::fs::copy(stamped.ledger(), &copy).unwrap();
    let line = stamped.folder.path().join("line.json");
    Cli::new()
        .arg("custody")
        .arg(&copy)
        .arg("renew")
        .arg(&stamped.package)
        .set("--tsa-url", long.server.tsa_url())
        .set("--tls-ca", &long.ca)
        .set("--key", &key)
        .set("--name", "J. Doe")
        .set("--out", &line)
        .code(0);
    Cli::new().args(["custody", &stamped.matter.dir, "append"]).arg(&line).code(0);
    // The ledger has a key that the reader does not trust; the package holds all the same.
    let said = stamped.verify_renewed(60, &long).arg("--json").code(3).stdout;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["packages"][0]["report"]["outcome"], "VALID", "{said:#}");
    assert_eq!(said["ledgers"][0]["report"]["outcome"], "INDETERMINATE");
}

#[test]
fn the_simulated_authority_ends_when_it_is_told_to() {
    use x509_cert::der::DecodePem as _;
    let folder = tempfile::tempdir().unwrap();
    let simulate = |until: &str| {
        Cli::new()
            .args(["simulate", "--records", "10", "--days", "1"])
            .set("--files", folder.path())
            .set("--tsa-valid-until", until)
    };
    let said = simulate("2001-01-01").stdout("").code(2).stderr;
    assert!(said.contains("certificates ended at 2001-01-01 00:00:00 UTC"), "{said}");
    let mut running = simulate("2099-01-01").start();
    running.wait_for("Ctrl-C");
    let pem = std::fs::read(folder.path().join("simulator-tsa-root.pem")).unwrap();
    let root = x509_cert::Certificate::from_pem(pem).unwrap();
    assert_eq!(root.tbs_certificate().validity().not_after.to_date_time().to_string(), "2099-01-01T00:00:00Z");
    running.kill();
}
