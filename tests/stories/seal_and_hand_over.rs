//! An investigator seals a day of sign-ins and hands the package to somebody who has only the fingerprint.

use serde_json::Value;
use signhold::simulate::Kind;

use crate::cli::Cli;
use crate::opened::Opened;
use crate::service::{Matter, Service, text};

/// What collecting says beside its answer.
const SAID_MEANWHILE: &str = "simulated: this service is outside the cloud table; what comes from it is marked and is no evidence\n\
     authentication of application [..] in tenant [..]: the client secret in AZURE_CLIENT_SECRET\n\
     acquisition [..]: plan signed by [..]\n\
     next: signhold verify [..]/packages/ACME-2026-014_[..].zip --trust [..]/operator.pub.pem\n\
     \x20     and --tsa-root PEM with the root certificate of the time stamp authority, had from the authority\n";

#[test]
fn a_day_is_sealed_and_accepted_by_whoever_has_the_fingerprint() {
    let service = Service::start(1200);
    let matter = Matter::at(tempfile::tempdir().unwrap());
    matter
        .init()
        .args(["--no-passphrase", "--title", "Stolen token", "--organisation", "Acme Ltd"])
        .stdout(&format!(
            "matter `ACME-2026-014` is ready in {dir}\n\
             key          {dir}/operator.pem\n\
             fingerprint  [..]\n\
             Give the fingerprint to whoever will verify, by another channel, before there is a dispute.\n\
             next: signhold collect {dir} --from DATE [--tsa-url URL]\n",
            dir = matter.dir
        ))
        .stderr("")
        .code(0);
    let count: usize = Kind::ALL.into_iter().map(|kind| service.truth(kind).len()).sum();
    service
        .collect(&matter)
        .stdout(&format!(
            "SIMULATED DATA, NOT EVIDENCE\n\
             {}/packages/ACME-2026-014_[..].zip\n\
             window   {} to {}\n\
             content  [..] pages, {count} records, [..]\n\
             covered  complete, as returned to this query, this identity, at this time\n\
             package  [..]\n\
             seal     [..]\n\
             signer   [..]\n",
            matter.dir,
            text(service.from),
            text(service.to),
        ))
        .stderr(SAID_MEANWHILE)
        .code(0);

    let (package, ca) = (matter.package(), digest_of_pem(&service.ca));
    let opened = Opened::read(&package);
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    let contents = format!(
        "package    {}, [..] files\n\
         matter     ACME-2026-014, Stolen token\n\
         operator   Jo Example\n\
         service    {}\n\
         tls roots  1 root added by the operator: {ca}\n\
         window     {} to {}\n\
         content    [..] pages, {count} records ({count} in the window), [..], [..]\n\
         coverage   interactiveUser: [..] records in windows: [..] complete[..]\n\
         coverage   nonInteractiveUser: [..] records in windows: [..] complete[..]\n\
         coverage   servicePrincipal: [..] records in windows: [..] complete[..]\n\
         coverage   managedIdentity: [..] records in windows: [..] complete[..]\n\
         coverage   directoryAudit: not asked\n\
         coverage   riskDetection: not asked\n",
        opened.top,
        service.server.graph_url(),
        text(service.from),
        text(service.to),
    );
    let fine = format!(
        "VALID  {}\n\
         SIMULATED DATA, NOT EVIDENCE\n\
         \n\
         {ALL_PASSED}\
         \n\
         2 findings\n\
         \x20 note          simulated-data  `data/genesis.json#simulated`  FORMAT §6.1\n\
         \x20     claimed   simulated\n\
         \x20     computed  {}\n\
         \x20 note          tls-roots-added  `data/genesis.json#source.extra_roots`  FORMAT §6.1\n\
         \x20     claimed   {ca}\n\
         \x20     computed  the certificates of pages may be those of whoever holds the key to such a root\n\
         \n\
         {contents}\
         signer     [..]\n\
         \x20          the key you named\n\
         not before [..]Z (accurate to 1 s) by CN=signhold simulator TSA 1 (SIMULATED),O=signhold simulator (SIMULATED)\n\
         not after  [..]Z (accurate to 1 s) by CN=signhold simulator TSA 1 (SIMULATED),O=signhold simulator (SIMULATED)\n\
         judged     as of [..]Z\n\
         {LIMITS}",
        package.display(),
        service.server.graph_url()
    );
    service.verify(&matter, &package).stdout(&fine).stderr("").code(0);
    Cli::new()
        .arg("inspect")
        .arg(&package)
        .stdout(&format!(
            "SIMULATED DATA, NOT EVIDENCE\n{contents}signer     [..]\n\nWhat the package says of itself; nothing was verified.\n"
        ))
        .stderr("")
        .code(0);

    // The fingerprint does as well as the file, in digits or read out in words.
    let shown = Cli::new().args(["key", "show", "--json"]).arg(matter.public_key()).code(0).stdout;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    for name in ["fingerprint", "words"] {
        let fingerprint = shown[name].as_str().unwrap();
        service.verify(&matter, &package).set("--trust", fingerprint).stdout(&fine).code(0);
        service.verify(&matter, &package).set("--trust", fingerprint.to_uppercase()).stdout(&fine).code(0);
    }
}

/// The digest of the one certificate in a PEM file, as DER.
fn digest_of_pem(path: &std::path::Path) -> String {
    use sha2::Digest as _;
    let pem = std::fs::read_to_string(path).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(der))
}

#[test]
fn what_was_not_established_is_never_called_valid() {
    let service = Service::start(300);
    let matter = Matter::new();
    service.collect(&matter).code(0);
    let package = matter.package();
    let first_line = |said: &str| said.lines().next().unwrap().to_owned();
    let expect = |cli: Cli, code: i32, words: &str, finding: &str| {
        let said = cli.code(code).stdout;
        assert_eq!(first_line(&said), format!("{words}  {}", package.display()), "{said}");
        assert!(said.contains(finding), "no {finding} in\n{said}");
    };
    let unsure = "INDETERMINATE (consistent in itself, but see below what is not established)";
    let verify = || service.verify(&matter, &package);
    expect(verify().without("--trust"), 3, unsure, "unestablished signer-not-established");
    expect(verify().without("--tsa-root"), 3, unsure, "unestablished timestamp");
    expect(verify().arg("--quick"), 3, "INDETERMINATE (quick look: pages were not read)", "not checked");

    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.pem");
    Cli::new().args(["key", "new", "--no-passphrase"]).arg(&other).code(0);
    expect(verify().set("--trust", other.with_extension("pub.pem")), 1, "INVALID", "violation     signer-");
    // A second key beside the right one does no harm.
    expect(verify().arg("--trust").arg(other.with_extension("pub.pem")), 0, "VALID", "signer               passed");
    // Another authority's root establishes nothing, and contradicts nothing.
    let elsewhere = Service::start(0);
    expect(verify().set("--tsa-root", &elsewhere.tsa_root), 3, unsure, "unestablished timestamp");
}

#[test]
fn without_a_time_stamp_the_times_are_the_operators_own() {
    let service = Service::start(200);
    let matter = Matter::new();
    let told = service.collect(&matter).without("--tsa-url").code(0).stderr;
    let package = matter.package();
    // What it tells people to type next is all that is needed.
    let next = told.lines().find_map(|line| line.strip_prefix("next: signhold ")).unwrap();
    let said = Cli::new().args(next.split(' ')).code(0).stdout;
    assert!(said.contains("  note          timestamp-absent"), "{said}");
    assert!(said.contains("\ntimes      the operator's own clock; no time stamp\n"), "{said}");
    let said = service.verify(&matter, &package).args(["--require", "time-stamp"]).code(3).stdout;
    assert!(said.starts_with("INDETERMINATE "), "{said}");
    let opened = Opened::read(&package);
    assert!(!opened.files.keys().any(|name| Some("tsr".as_ref()) == std::path::Path::new(name).extension()));
    assert!(opened.text("README.txt").contains("This package has no time stamps."));
}

#[test]
fn a_record_on_the_border_of_two_windows_is_kept_twice_and_counted_once() {
    let service = Service::start(2000);
    let matter = Matter::new();
    let kind = Kind::NonInteractiveUser;
    // Windows meet at full hours; this hour is asked from, between and to whole hours in the middle of the data.
    service.collect(&matter).set("--window-hours", "1").set("--kind", kind.name()).code(0);
    let hours = 3600;
    let border =
        |second: i64| second % hours == 0 && second > service.from.timestamp() && second < service.to.timestamp();
    let tenant = service.server.tenant();
    let on_border: Vec<String> = (0..tenant.total(kind))
        .filter_map(|index| serde_json::from_slice::<Value>(&tenant.record_json(kind, index)?).ok())
        .filter(|record| {
            let time: chrono::DateTime<chrono::Utc> = record["createdDateTime"].as_str().unwrap().parse().unwrap();
            border(time.timestamp()) && time.timestamp_subsec_nanos() == 0
        })
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect();
    let opened = Opened::read(&matter.package());
    assert_eq!(opened.counted(kind), service.truth(kind));
    let found = opened.found(kind);
    for id in &on_border {
        let places: Vec<bool> = found.iter().filter(|found| found.id == *id).map(|found| found.counts).collect();
        assert_eq!(places, [false, true], "{id} on a border");
    }
    println!("{} records lie on a border", on_border.len());
}

#[test]
fn what_was_not_asked_for_is_named() {
    let service = Service::start(300);
    let matter = Matter::new();
    // In any order and twice: asked once, in the order of the format.
    service
        .collect(&matter)
        .args(["--kind", "managedIdentity", "--kind", "interactiveUser"])
        .args(["--kind", "managedIdentity"])
        .code(0);
    let package = matter.package();
    let opened = Opened::read(&package);
    let plan = &opened.json("data/genesis.json")["plan"];
    assert_eq!(plan["kinds"], serde_json::json!(["interactiveUser", "managedIdentity"]));
    assert_eq!(
        plan["not_asked"],
        serde_json::json!(["nonInteractiveUser", "servicePrincipal", "directoryAudit", "riskDetection"])
    );
    let said = service.verify(&matter, &package).code(0).stdout;
    assert!(
        said.contains("\ncoverage   nonInteractiveUser: not asked\ncoverage   servicePrincipal: not asked\n"),
        "{said}"
    );
    assert_eq!(opened.counted(Kind::ManagedIdentity), service.truth(Kind::ManagedIdentity));
    assert_eq!(opened.counted(Kind::ServicePrincipal), [""; 0]);
}

#[test]
fn programs_get_the_same_answers_as_people() {
    let service = Service::start(300);
    let matter = Matter::new();
    let said = service.collect(&matter).arg("--json").code(0).stdout;
    let answer: Value = serde_json::from_str(&said).unwrap();
    let package = matter.package();
    assert_eq!(answer["packages"][0]["path"], package.to_str().unwrap());
    assert_eq!((&answer["simulated"], &answer["complete"]), (&true.into(), &true.into()));
    assert_eq!(answer["gaps"], serde_json::json!([]));
    let opened = Opened::read(&package);
    assert_eq!(answer["totals"], opened.seal()["totals"]);
    assert_eq!(answer["packages"].as_array().unwrap().len(), 1);
    assert_eq!(answer["packages"][0]["byte_len"], std::fs::metadata(&package).unwrap().len());

    let said = service.verify(&matter, &package).arg("--json").code(0).stdout;
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["outcome"], "VALID");
    assert_eq!(answer["packages"][0]["file"], package.to_str().unwrap());
    let said = Cli::new().args(["inspect", "--json"]).arg(&package).code(0).stdout;
    let facts: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(facts["package"], opened.top.as_str());
    assert_eq!(facts["simulated"], true);
}

#[test]
fn several_packages_get_the_worst_of_their_verdicts() {
    let service = Service::start(200);
    let matter = Matter::new();
    service.collect(&matter).code(0);
    service.collect(&matter).code(0);
    let packages = matter.packages();
    assert_eq!(packages.len(), 2);
    service.verify(&matter, &packages[0]).arg(&packages[1]).code(0);
    let damaged = matter.path("damaged.zip");
    let mut bytes = std::fs::read(&packages[1]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let said = service.verify(&matter, &packages[0]).arg(&damaged).code(1).stdout;
    assert!(said.starts_with("VALID  ") && said.contains("\nINVALID  "), "{said}");
    service.verify(&matter, &damaged).arg(&packages[0]).without("--trust").code(1);
    // A file that is not there ends the call before a verdict is given over the others.
    service.verify(&matter, &packages[0]).arg("nowhere.zip").stdout("").code(2);
}

#[test]
fn what_had_expired_is_a_gap_and_what_was_empty_is_none() {
    let service = Service::start(300);
    let collect = |matter: &Matter, days: &str| {
        service
            .collect(matter)
            .set("--kind", "managedIdentity")
            .set("--from", text(service.to - chrono::TimeDelta::days(50)))
            .set("--window-hours", "240")
            .set("--retention-days", days)
    };
    let states = |matter: &Matter| -> Vec<(String, String)> {
        let runs = Opened::read(&matter.package()).runs();
        let word = |run: &Value, name: &str| run[name].as_str().unwrap_or_default().to_owned();
        runs.iter().map(|run| (word(run, "state"), word(run, "reason"))).collect()
    };
    // The service keeps 30 days: that nothing came for earlier ones says nothing about what there was.
    let matter = Matter::new();
    let said = collect(&matter, "30").code(5);
    let found = states(&matter);
    let expired = found.iter().filter(|(state, _)| state == "expired").count();
    assert!((1..=2).contains(&expired), "{found:?}");
    let reason = "the service returned nothing for a window beyond the stated retention";
    assert!(found.iter().all(|(state, why)| (state == "expired") == (why == reason)), "{found:?}");
    assert_eq!(said.stderr.matches("gap: managedIdentity ").count(), expired, "{}", said.stderr);
    assert!(said.stderr.contains(&format!(": expired: {reason}\n")), "{}", said.stderr);
    let said = service.verify(&matter, &matter.package()).code(0).stdout;
    assert!(said.contains("  note          coverage-gap  ") && said.contains(" expired"), "{said}");
    // One that keeps ten years had nothing.
    let matter = Matter::new();
    collect(&matter, "3650").code(0);
    assert!(states(&matter).iter().all(|(state, _)| state == "empty" || state == "complete"));
}

#[test]
fn many_workers_make_one_chain() {
    let service = Service::start(1500);
    let matter = Matter::new();
    service.collect(&matter).set("--workers", "16").set("--window-hours", "1").code(0);
    let opened = Opened::read(&matter.package());
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    service.verify(&matter, &matter.package()).code(0);
}

#[test]
fn without_an_end_the_window_ends_where_records_have_arrived() {
    let service = Service::start(300);
    let matter = Matter::new();
    service.collect(&matter).without("--to").code(0);
    let opened = Opened::read(&matter.package());
    let plan = &opened.json("data/genesis.json")["plan"];
    let to: chrono::DateTime<chrono::Utc> = plan["to"].as_str().unwrap().parse().unwrap();
    let behind = chrono::Utc::now() - to;
    assert!((900..960).contains(&behind.num_seconds()), "{behind}");
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth_between(kind, service.from, to), "{}", kind.name());
    }
    // Later than that, it says what may still come.
    let said = service.collect(&matter).set("--to", text(service.to + chrono::TimeDelta::minutes(20))).code(0).stderr;
    let warning =
        "warning: records of the last 15 minutes may still arrive at the service; collect that time again later\n";
    assert!(said.contains(warning), "{said}");
}

const ALL_PASSED: &str = "\u{20} 1  container            passed
  2  bag                  passed
  3  seal                 passed
  4  signer               passed
  5  genesis              passed
  6  page records         passed
  7  pages                passed
  8  pagination           passed
  9  failures             passed
 10  roots and counts     passed
 11  coverage             passed
 12  time stamps          passed
 13  order of time        passed
";
const LIMITS: &str = "
Not shown by any verification: that the service sent these bytes, or that it returned all it had.
\"Complete\" means: as returned to this query, this identity, at this time. See LEGAL_NOTES.md.
";

#[test]
fn windows_that_retention_reached_into_while_they_were_asked_are_named() {
    let service = Service::start(600);
    let matter = Matter::new();
    let collect = || service.collect(&matter).set("--retention-days", "1").set("--kind", "interactiveUser");
    let said = collect().code(0);
    assert_eq!(said.stderr.matches("retention: ").count(), 1, "{}", said.stderr);
    let words = ": the stated retention reached into it before its last page came, ";
    assert!(said.stderr.contains(words) && said.stderr.contains("\nhint: ask earlier next time; "), "{}", said.stderr);
    let passed =
        "\npassed   by the stated retention while it was asked: 1 window, named above; records may have gone unseen\n";
    assert!(said.stdout.contains(passed), "{}", said.stdout);
    let verified = service.verify(&matter, &matter.package()).code(0).stdout;
    assert!(verified.contains("  note          retention-passed  "), "{verified}");
    let said: Value = serde_json::from_str(&collect().arg("--json").code(0).stdout).unwrap();
    let named = said["retention_passed"].as_array().unwrap();
    assert_eq!(named.len(), 1);
    assert_eq!((&named[0]["kind"], &named[0]["pass"]), (&"interactiveUser".into(), &1.into()));
    assert_eq!(said["complete"], true);
}

/// A long collection is stamped on its way: every third page, and all that came before it, is fixed in time then.
#[test]
fn every_third_page_is_stamped_as_it_arrives() {
    let service = Service::start(900);
    let matter = Matter::at(tempfile::tempdir().unwrap());
    matter.init().arg("--no-passphrase").code(0);
    service.collect(&matter).args(["--stamp-every", "3"]).code(0);
    let package = matter.package();
    let answer: Value = serde_json::from_str(&service.verify(&matter, &package).arg("--json").code(0).stdout).unwrap();
    let facts = &answer["packages"][0]["report"]["facts"];
    let pages = facts["counts"]["pages"].as_u64().unwrap();
    let stamps = facts["times"]["page_tokens"].as_array().unwrap();
    let expected: Vec<String> = (1..=pages / 3).map(|third| format!("data/records/{:06}.tsr", third * 3)).collect();
    assert!(!expected.is_empty(), "{pages} pages");
    let paths: Vec<&str> = stamps.iter().map(|stamp| stamp["path"].as_str().unwrap()).collect();
    assert_eq!(paths, expected);
    assert!(stamps.iter().all(|stamp| stamp["accepted"] == true));
}
