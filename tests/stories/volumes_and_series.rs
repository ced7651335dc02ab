//! A collection too large for one file, and collections that follow one another: handed over whole, in part, in another order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use signhold::simulate::Kind;

use crate::cli::{Cli, tree_digest};
use crate::opened::Opened;
use crate::service::{Matter, Service, text};

/// Collects in volumes of so many pages.
fn in_volumes(service: &Service, matter: &Matter, pages: u64) -> Cli {
    service.collect(matter).set("--volume-pages", pages.to_string())
}

/// Verifies several packages as somebody who knows key and authority.
fn verify_all<'a>(service: &Service, matter: &Matter, packages: impl IntoIterator<Item = &'a PathBuf>) -> Cli {
    let trusting = Cli::new().arg("verify").set("--trust", matter.public_key()).set("--tsa-root", &service.tsa_root);
    packages.into_iter().fold(trusting, Cli::arg)
}

fn answer(cli: Cli, code: i32) -> Value {
    serde_json::from_str(&cli.arg("--json").code(code).stdout).unwrap()
}

fn codes(of: &Value) -> Vec<&str> {
    of["finding_counts"].as_object().unwrap().keys().map(String::as_str).collect()
}

fn bytes(packages: &[PathBuf]) -> Vec<Vec<u8>> {
    packages.iter().map(|package| std::fs::read(package).unwrap()).collect()
}

#[test]
fn a_collection_in_volumes_is_whole_in_any_order() {
    let service = Service::with(300, |settings| settings.faults = vec!["http-503@5".parse().unwrap()]);
    let matter = Matter::new();
    let said: Value = answer(in_volumes(&service, &matter, 7).arg("--second-pass").arg("--counts"), 0);
    let listed = said["packages"].as_array().unwrap();
    let packages: Vec<PathBuf> = listed.iter().map(|package| package["path"].as_str().unwrap().into()).collect();
    assert!(packages.len() >= 3, "{said:#}");
    let mut sorted = packages.clone();
    sorted.sort();
    assert_eq!(sorted, matter.packages());
    let opened: Vec<Opened> = packages.iter().map(|package| Opened::read(package)).collect();
    let pages: Vec<u64> = opened.iter().map(|volume| volume.seal()["totals"]["pages"].as_u64().unwrap()).collect();
    assert!(pages.iter().all(|pages| (1..=7).contains(pages)), "{pages:?}");
    assert_eq!(said["totals"]["pages"], pages.iter().sum::<u64>());

    let backwards: Vec<&PathBuf> = packages.iter().rev().collect();
    let verified = answer(verify_all(&service, &matter, backwards), 0);
    assert_eq!(verified["outcome"], "VALID");
    let [set] = verified["sets"].as_array().unwrap().as_slice() else { panic!("one set: {verified:#}") };
    assert_eq!(set["counts"]["pages"], said["totals"]["pages"]);
    assert_eq!(set["counts"]["inside"], said["totals"]["inside"]);
    assert_eq!(set["counts"]["failures"], 1);
    let numbers: Vec<u64> =
        set["members"].as_array().unwrap().iter().map(|member| member["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=packages.len() as u64).collect::<Vec<_>>());

    // Each alone is not enough, and says so.
    for package in &packages {
        let alone = answer(service.verify(&matter, package), 3);
        assert!(codes(&alone["packages"][0]["report"]).contains(&"volume-incomplete"));
    }
    let text = verify_all(&service, &matter, &packages).code(0).stdout;
    assert!(
        text.contains(&format!(
            "\nVALID  volumes of acquisition {}\nSIMULATED DATA",
            said["acquisition"].as_str().unwrap()
        )),
        "{text}"
    );
}

#[test]
fn a_volume_that_is_withheld_is_named() {
    let service = Service::start(300);
    let matter = Matter::new();
    in_volumes(&service, &matter, 7).code(0);
    let packages = matter.packages();
    let without_the_second: Vec<&PathBuf> =
        packages.iter().filter(|path| !path.to_string_lossy().ends_with("_v2.zip")).collect();
    let said = answer(verify_all(&service, &matter, without_the_second), 3);
    assert_eq!(codes(&said["sets"][0]), ["volume-incomplete"]);
    assert_eq!(said["sets"][0]["findings"][0]["computed"], "not presented: 2");
}

#[test]
fn a_volume_under_the_name_of_another_is_found_where_it_belongs() {
    let service = Service::start(300);
    let matter = Matter::new();
    in_volumes(&service, &matter, 7).code(0);
    let packages = matter.packages();
    let (one, other) = (matter.path("one.zip"), matter.path("other.zip"));
    std::fs::rename(&packages[1], &one).unwrap();
    std::fs::rename(&packages[2], &other).unwrap();
    std::fs::rename(&one, &packages[2]).unwrap();
    std::fs::rename(&other, &packages[1]).unwrap();
    assert_eq!(answer(verify_all(&service, &matter, &packages), 0)["outcome"], "VALID");
}

#[test]
fn a_volume_sealed_again_does_not_fit_any_more() {
    let service = Service::start(300);
    let matter = Matter::new();
    in_volumes(&service, &matter, 7).code(0);
    let packages = matter.packages();
    let kept: Vec<PathBuf> = (1..=packages.len()).map(|number| matter.path(&format!("kept-{number}.zip"))).collect();
    for (package, kept) in packages.iter().zip(&kept) {
        std::fs::rename(package, kept).unwrap();
    }
    // Nothing is in the folder of packages: everything is sealed again, at another instant.
    service.resume(&matter).set("--volume-pages", "7").code(0);
    let again = matter.packages();
    assert_eq!(again.len(), packages.len());
    verify_all(&service, &matter, &again).code(0);
    let mixed: Vec<&PathBuf> = std::iter::once(&again[0]).chain(&kept[1..]).collect();
    let said = answer(verify_all(&service, &matter, mixed), 1);
    assert_eq!(codes(&said["sets"][0]), ["volume-broken"]);
    let both: Vec<&PathBuf> = kept.iter().chain([&again[0]]).collect();
    let said = answer(verify_all(&service, &matter, both), 1);
    assert!(codes(&said["sets"][0]).contains(&"volume-twice"), "{said:#}");
}

#[test]
fn sealing_that_stops_between_two_volumes_goes_on_behind_what_is_sealed() {
    // The authority stamps the plan and the first two seals; then it is out of order for one request.
    let asked = Arc::new(AtomicU64::new(0));
    let counter = asked.clone();
    let service = Service::with(300, move |settings| {
        let works = settings.time_stamper.take().unwrap();
        settings.time_stamper = Some(Arc::new(move |request: &[u8], now| {
            let is_out_of_order = counter.fetch_add(1, Ordering::Relaxed) == 3;
            if is_out_of_order { b"out of order".to_vec() } else { works(request, now) }
        }));
    });
    let matter = Matter::new();
    let stopped = in_volumes(&service, &matter, 6).code(4);
    assert!(stopped.stderr.contains("no time stamp from"), "{}", stopped.stderr);
    let sealed = matter.packages();
    assert_eq!(sealed.len(), 2, "{sealed:?}");
    let before = bytes(&sealed);
    let asked_before = service.server.requests_served();

    // Another size of volume is no reason to change what is sealed.
    let said = service.resume(&matter).set("--volume-pages", "4").arg("--json").code(0);
    assert!(said.stderr.contains("2 volumes sealed already; nothing more is asked\n"), "{}", said.stderr);
    let answered: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(answered["packages"].as_array().unwrap().len(), matter.packages().len());
    assert_eq!(bytes(&sealed), before, "what was sealed stays, byte for byte");
    assert!(matter.packages().len() > 2);
    // Stamps are asked for, the log is not.
    assert!(service.server.requests_served() - asked_before <= matter.packages().len() as u64);
    assert_eq!(answer(verify_all(&service, &matter, &matter.packages()), 0)["outcome"], "VALID");
    service.resume(&matter).code(2);
}

#[test]
fn killed_between_two_volumes_nothing_sealed_is_lost() {
    let service = Service::start(300);
    let matter = Matter::new();
    let mut running = in_volumes(&service, &matter, 1).start();
    let first = loop {
        let sealed: Vec<PathBuf> =
            matter.packages().into_iter().filter(|path| path.extension().is_some_and(|end| end == "zip")).collect();
        match sealed.first() {
            Some(first) => break first.clone(),
            None => assert!(running.is_alive() || !matter.packages().is_empty(), "it ended without a package"),
        }
    };
    running.kill();
    let before = std::fs::read(&first).unwrap();
    // On a very fast machine the last volume may have been sealed before the signal came.
    let whole = Cli::new().args(["resume", &matter.dir, "--quiet", "--volume-pages", "1"]);
    let (said, code) = service.let_in(whole).start().end();
    assert!(code == Some(0) || said.stderr.contains("every acquisition is sealed"), "{}", said.stderr);
    assert_eq!(std::fs::read(&first).unwrap(), before);
    verify_all(&service, &matter, &matter.packages()).code(0);
    let ids: usize =
        matter.packages().iter().map(|package| Opened::read(package).counted(Kind::InteractiveUser).len()).sum();
    assert_eq!(ids, service.truth(Kind::InteractiveUser).len());
}

#[test]
fn a_volume_that_was_moved_away_is_missed_before_anything_is_written() {
    let service = Service::start(300);
    let matter = Matter::new();
    in_volumes(&service, &matter, 7).code(0);
    let packages = matter.packages();
    // As after a crash behind the second of three; and the first was handed over already.
    std::fs::remove_file(packages.last().unwrap()).unwrap();
    std::fs::rename(&packages[0], matter.path("handed-over.zip")).unwrap();
    let tree = tree_digest(Path::new(&matter.dir));
    let said = service.resume(&matter).set("--volume-pages", "7").stdout("").code(2);
    assert!(
        said.stderr.contains("cannot be gone on from: volume 1 of the same acquisition is not there"),
        "{}",
        said.stderr
    );
    assert_eq!(tree_digest(Path::new(&matter.dir)), tree);
}

/// Collects the day before, and then the day, as a series.
fn two_days(service: &Service, matter: &Matter) -> [PathBuf; 2] {
    let path = |said: Value| PathBuf::from(said["packages"][0]["path"].as_str().unwrap());
    let middle = service.from + TimeDelta::hours(12);
    let first = path(answer(service.collect(matter).set("--to", text(middle)), 0));
    let second = path(answer(service.collect(matter).set("--from", text(middle)).set("--after", &first), 0));
    [first, second]
}

#[test]
fn collections_that_follow_one_another_are_a_series() {
    let service = Service::start(300);
    let matter = Matter::new();
    let [first, second] = two_days(&service, &matter);
    let said = answer(verify_all(&service, &matter, [&second, &first]), 0);
    assert_eq!((said["outcome"].as_str(), codes(&said["series"][0]).len()), (Some("VALID"), 0), "{said:#}");
    let seal = HEXLOWER.encode(&Sha256::digest(&Opened::read(&first).files["seal/seal.json"]));
    assert_eq!(said["packages"][0]["report"]["facts"]["series"]["previous_seal"], seal);
    // The second alone says that there was one before.
    let said = answer(service.verify(&matter, &second), 0);
    assert_eq!(codes(&said["series"][0]), ["series-begins-later"]);
    let text = verify_all(&service, &matter, [&first, &second]).code(0).stdout;
    assert!(
        text.contains("\nVALID  series\nSIMULATED DATA, NOT EVIDENCE\n\nnumber 1   VALID  matter ACME-2026-014, "),
        "{text}"
    );
}

#[test]
fn a_series_goes_on_from_a_package_of_its_own_only() {
    let service = Service::start(200);
    let (matter, other) = (Matter::new(), Matter::new());
    in_volumes(&service, &matter, 7).code(0);
    let packages = matter.packages();
    let refused = |matter: &Matter, package: &Path, words: &str| {
        let tree = tree_digest(Path::new(&matter.dir));
        let said = service.collect(matter).set("--after", package).stdout("").code(2);
        assert!(said.stderr.contains(words), "{}", said.stderr);
        assert_eq!(tree_digest(Path::new(&matter.dir)), tree);
    };
    refused(&matter, &packages[0], "it is volume 1, and not the last of its collection");
    refused(&other, packages.last().unwrap(), "it was signed by key ");
    let mut damaged = std::fs::read(packages.last().unwrap()).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let path = matter.path("damaged.zip");
    std::fs::write(&path, damaged).unwrap();
    refused(&matter, &path, "it failed a quick verification: ");
    refused(&matter, Path::new("nowhere.zip"), "cannot open the package");
}

/// Two collections behind one package would be a fork, and INVALID for whoever sees both.
#[test]
fn a_second_successor_is_refused_before_anything_is_asked() {
    let service = Service::start(200);
    let matter = Matter::new();
    let [first, second] = two_days(&service, &matter);
    let tree = tree_digest(Path::new(&matter.dir));
    let said = service.collect(&matter).set("--after", &first).stdout("").code(2).stderr;
    let successor = Opened::read(&second).json("data/genesis.json")["acquisition"].as_str().unwrap().to_owned();
    assert!(said.contains(&format!("error: acquisition {successor} goes on from ")), "{said}");
    assert!(said.contains(&format!("hint: go on from the package of {successor};")), "{said}");
    assert_eq!(tree_digest(Path::new(&matter.dir)), tree);
    service.collect(&matter).set("--after", &second).code(0);
}
