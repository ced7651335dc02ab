//! Somebody who reads no JSON is to see what was preserved: a regulator, a court, the other side's lawyer.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use signhold::simulate::Kind;

use crate::cli::Cli;
use crate::hostile_records;
use crate::opened::Opened;
use crate::package::{Draft, FROM, GRAPH, KIND, TO, element, first_url, page};
use crate::service::{Matter, Service, entries, text};

const MARK: &str = "SIMULATED DATA, NOT EVIDENCE";

fn report(service: &Service, matter: &Matter, package: &Path, out: &Path) -> Cli {
    Cli::new()
        .arg("report")
        .arg(package)
        .set("--trust", matter.public_key())
        .set("--tsa-root", &service.tsa_root)
        .set("--out", out)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// What a page of HTML says, without its markup.
fn words(page: &str) -> String {
    let mut words = String::new();
    let body = page.split_once("<main>").unwrap().1;
    for piece in body.split('<') {
        words += piece.split_once('>').map_or(piece, |(_, text)| text);
        words.push(' ');
    }
    let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    words.replace("&amp;", "&").split_whitespace().collect::<Vec<&str>>().join(" ")
}

fn digest_of(path: &Path) -> String {
    Sha256::digest(std::fs::read(path).unwrap()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn a_report_says_what_was_preserved_and_names_nobody() {
    let (service, matter) = (Service::start(300), Matter::new());
    service.collect(&matter).code(0);
    let package = matter.package();
    let out = matter.path("report.html");
    report(&service, &matter, &package, &out)
        .set("--ledger", matter.path("ledger.jsonl"))
        .set("--time-zone", "Europe/Berlin")
        .stdout(&format!("{}  [..] KiB\n", out.display()))
        .stderr(&format!("{0}: {MARK}\n{0}: derived; the evidence is the sealed package\n", package.display()))
        .code(0);
    let page = read(&out);
    let said = words(&page);
    assert_eq!(page.matches(&format!("<p>{MARK}</p>")).count(), 2, "above and below");
    assert!(said.contains("VALID : Every check of the published format passed"), "{said}");
    assert!(said.contains(&format!("SHA-256 {}", digest_of(&package))), "{said}");
    // Figures are those of the truth.
    let opened = Opened::read(&package);
    let truth: usize = Kind::ALL.iter().map(|kind| service.truth(*kind).len()).sum();
    assert!(truth > 100);
    assert!(said.contains(&format!("together {truth} ")), "{truth} in {said}");
    let totals = &opened.seal()["totals"];
    let counted = format!("Records {} on {} pages; counted by the verification", totals["records"], totals["pages"]);
    assert!(said.contains(&counted), "{counted} in {said}");
    let entries = format!("Counted {truth} entries, of which none repeats another byte for byte");
    assert!(said.contains(&entries), "{entries} in {said}");
    assert!(
        said.contains(
            "None: by the page records, every window of every log in the plan was followed to its last page."
        )
    );
    // Times stand in both zones; custody comes from the ledger.
    assert!(said.contains(":00, Europe/Berlin)"), "{said}");
    assert!(said.contains("was verified for this report: VALID"), "{said}");
    let day = |name: &str| said.split_once(name).unwrap().1.split_once(" to ").unwrap().0.to_owned();
    assert!(day(" Window ").ends_with(":00, Europe/Berlin)"), "on the cover: {}", day(" Window "));
    let custody = said.split_once(" Custody No. ").map_or(said.as_str(), |(_, custody)| custody);
    assert!(custody.split_once(" opened ").unwrap().0.ends_with(":00, Europe/Berlin)"), "{custody}");
    // Whose folders these are is nobody's business.
    assert!(!page.contains(&matter.dir) && said.contains("The ledger ledger.jsonl was verified"), "{said}");
    // What the stamp over the plan shows is about pages and seal.
    assert!(said.contains("Pages and seal: not before (time stamp over the plan) 20"), "{said}");
    assert!(said.contains("(accurate to 1 s) by CN=") && !said.contains("Plan not before"), "{said}");
    for event in ["opened", "collected", "sealed"] {
        assert!(said.contains(&format!(" {event} Jo Example (operator)")), "{event} in {said}");
    }
    assert!(said.contains("Windows were asked once.") && said.contains("daily counts were not asked"));
    // The cover itself says what was not looked at; every window was closed, so there is no second box.
    assert!(!said.contains("NOT COMPLETE"), "{said}");
    let cover = said.split_once("What was not checked ").unwrap().1.split_once(" Contents ").unwrap().0;
    for open in [
        "Logs that were not asked: directory audit, risk detections.",
        "windows were asked once, and no second pass stands beside the first",
        "the service's own counts of a day agree: they were not asked",
        "beyond the word of 1 root certificate for TLS that the operator added",
        "no head of it that somebody else kept was held against it",
    ] {
        assert!(cover.contains(open), "{open} in {cover}");
    }
    assert!(said.contains("An IP address is not a person,"));
    // Accounts and addresses are counted, not named.
    let mut named = 0;
    for page_name in opened.files.keys().filter(|name| name.starts_with("data/pages/")) {
        for record in opened.json(page_name)["value"].as_array().unwrap() {
            for member in ["id", "userPrincipalName", "userDisplayName", "ipAddress", "userId"] {
                if let Some(value) = record[member].as_str().filter(|value| value.len() > 6) {
                    named += 1;
                    assert!(!page.contains(value), "{member} `{value}`");
                }
            }
        }
    }
    assert!(named > truth);
}

#[test]
fn entries_that_repeat_another_are_told_of_on_every_paper() {
    let fault = "duplicate-at-boundary".parse().unwrap();
    let service = Service::with(300, |settings| {
        settings.faults = vec![fault];
        settings.page_limit = 10;
    });
    let matter = Matter::new();
    service.collect(&matter).code(0);
    let package = matter.package();
    let truth: usize = Kind::ALL.iter().map(|kind| service.truth(*kind).len()).sum();
    let inside = Opened::read(&package).seal()["totals"]["inside"].as_u64().unwrap();
    let repeats = inside - u64::try_from(truth).unwrap();
    assert!(repeats > 1, "{inside} {truth}");
    let entries = format!("{inside} entries, of which {repeats} repeat another byte for byte");
    let papers: [(&str, &[&str], usize); 4] = [
        ("report.html", &[], 2),
        ("sheet.html", &["--regulatory", "gdpr", "--aware-at", "2020-01-01T00:00Z"], 2),
        ("draft.html", &["--certificate", "neutral"], 1),
        ("triage.html", &["--triage"], 1),
    ];
    for (name, arguments, times) in papers {
        let out = matter.path(name);
        report(&service, &matter, &package, &out).args(arguments).code(0);
        let said = words(&read(&out));
        assert_eq!(said.matches(&entries).count(), times, "{name}: {entries} in {said}");
        assert!(!said.contains("each once"), "{name}");
    }
    let table = format!("together {inside} ");
    assert!(words(&read(&matter.path("report.html"))).contains(&table), "{table}");
    let out = matter.path("again.html");
    let said = report(&service, &matter, &package, &out).args(["--triage", "--json"]).code(0).stdout;
    let looked = serde_json::from_str::<Value>(&said).unwrap()["triage"]["looked"].clone();
    assert_eq!(looked["records"], inside);
    assert_eq!(looked["repeats"], serde_json::json!({ "count": repeats, "is_exact": true }));
}

#[test]
fn what_does_not_count_is_explained_and_kinds_are_told_by_what_they_are_for() {
    let service = Service::with(300, |settings| settings.days = 4);
    let matter = Matter::new();
    let collect = service.collect(&matter).args(["--kind", "interactiveUser", "--kind", "servicePrincipal"]);
    // 60 hours hold a whole day, whenever they begin.
    let collect = collect.set("--from", text(service.to - chrono::TimeDelta::hours(60)));
    collect.args(["--counts", "--second-pass"]).code(0);
    let package = matter.package();
    let make = |name: &str, arguments: &[&str]| {
        let out = matter.path(name);
        report(&service, &matter, &package, &out).args(arguments).code(0);
        words(&read(&out))
    };
    let draft = make("draft.html", &["--certificate", "neutral"]);
    assert!(draft.contains("Logs asked for: interactiveUser, servicePrincipal . Not asked for: "), "{draft}");
    assert!(draft.contains("the service's own counts by day: signInEventsSummary, "), "{draft}");
    assert!(draft.contains("that of one that brought none in a failure record."), "{draft}");
    assert!(draft.contains("By its seal, which is the program's own word, the package was made with"), "{draft}");
    // All records are accounted for.
    let (_, others) = draft.split_once("The other records do not count: ").unwrap();
    let (others, _) = others.split_once(". ").unwrap();
    let number = |part: &str| part.split_once(' ').unwrap().0.replace(',', "").parse::<u64>().unwrap();
    let totals = &Opened::read(&package).seal()["totals"];
    let sum: u64 = others.split("; ").map(number).sum();
    assert_eq!(totals["inside"].as_u64().unwrap() + sum, totals["records"].as_u64().unwrap(), "{others}");
    for what in ["of the second pass over the same windows", "of the service's own counts"] {
        assert!(others.contains(what), "{what} in {others}");
    }
    let said = make("report.html", &[]);
    assert!(said.contains(&format!("Not counted {others} ")), "{others} in {said}");
    // Two logs of four cannot be held against the sum of all: no difference, and said.
    assert!(!said.contains("with a difference"), "{said}");
    let sealed = Opened::read(&package).seal();
    let days = sealed["reconciliation"].as_array().unwrap();
    let of_all = days.iter().filter(|day| day["kind"] == "signInEventsSummary");
    let of_all = of_all.inspect(|day| assert_eq!(day["collected"], Value::Null)).count();
    assert!(of_all > 0);
    let row = format!("Days that differ Not compared counts of sign-ins {of_all} – – – {of_all} ");
    assert!(said.contains(&row), "{row} in {said}");
}

#[test]
fn what_clocks_say_is_a_range_and_stamps_have_their_accuracy() {
    let (service, matter) = (Service::start(60), Matter::new());
    service.collect(&matter).code(0);
    let package = matter.package();
    let verified = service.verify(&matter, &package).arg("--json").code(0).stdout;
    let verified: Value = serde_json::from_str(&verified).unwrap();
    let times = &verified["packages"][0]["report"]["facts"]["times"];
    let [least, most] = ["service_offset_ms", "service_offset_at_most_ms"].map(|name| times[name].as_u64().unwrap());
    assert!(most >= least + 500, "headers give whole seconds: {least} {most}");
    assert_eq!(times["seal_tokens"][0]["accuracy_ms"], 1000);
    let stamped = times["seal_tokens"][0]["gen_time"].as_str().unwrap();
    for (name, arguments) in [("report.html", &[][..]), ("draft.html", &["--certificate", "fre-902-14"])] {
        let out = matter.path(name);
        report(&service, &matter, &package, &out).args(arguments).code(0);
        let said = words(&read(&out));
        assert!(said.contains(&format!("it may have been up to {}.{:03} s.", most / 1000, most % 1000)), "{said}");
        assert!(said.contains("Time stamps are not part of this comparison"), "{said}");
        assert!(said.contains(&format!("{stamped} (accurate to 1 s) by")), "{said}");
    }
    let page = read(&matter.path("report.html"));
    assert!(page.contains(">stamp over the seal</text>") && page.contains("Z ± 1 s</text>"), "{page}");
}

#[test]
fn a_seal_that_miscounts_is_not_believed_on_any_paper() {
    let folder = tempfile::tempdir().unwrap();
    let mut draft = Draft::good();
    draft.edit_seal = Some(Box::new(|seal| seal.replace("totals", "\"inside\":3", "\"inside\":4")));
    let package = folder.path().join("p.zip");
    std::fs::write(&package, draft.build().zip()).unwrap();
    let papers: [(&str, &[&str]); 3] = [
        ("report.html", &[]),
        ("sheet.html", &["--regulatory", "gdpr", "--aware-at", "2020-01-01T00:00Z"]),
        ("draft.html", &["--certificate", "fre-902-13"]),
    ];
    for (name, arguments) in papers {
        let out = folder.path().join(name);
        let cli = Cli::new().arg("report").arg(&package).args(arguments).set("--out", &out);
        cli.arg("--despite-findings").code(0);
        let said = words(&read(&out));
        assert!(said.contains("3 entries, of which none repeats another byte for byte"), "{name}: {said}");
        assert!(said.contains(", of which 4 count, which the verification did not find so"), "{name}: {said}");
    }
}

/// Requests run side by side: the page with the lowest number need not be the one that was asked for first.
#[test]
fn the_first_request_and_the_last_page_are_not_those_with_the_first_and_the_last_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut draft = Draft::good();
    "2026-11-22T06:20:00.000Z".clone_into(&mut draft.pages[0].finished);
    "2026-11-22T06:04:30.000Z".clone_into(&mut draft.pages[1].started);
    "2026-11-22T06:04:31.000Z".clone_into(&mut draft.pages[1].finished);
    let url = draft.pages[1].url.clone();
    let package = folder.path().join("p.zip");
    std::fs::write(&package, draft.build().zip()).unwrap();
    let paper = |name: &str, arguments: &[&str]| {
        let out = folder.path().join(name);
        let cli = Cli::new().arg("report").arg(&package).args(arguments).set("--out", &out);
        cli.arg("--despite-findings").code(0);
        words(&read(&out))
    };
    let between = |said: &str, from: &str, to: &str| {
        let behind = said.split_once(from).unwrap_or_else(|| panic!("{from} in {said}")).1;
        behind.split_once(to).unwrap_or_else(|| panic!("{to} in {behind}")).0.to_owned()
    };
    let report = paper("report.html", &[]);
    assert!(report.contains("First request that brought a page 2026-11-22T06:04:30.000Z "), "{report}");
    assert!(report.contains("Last page came 2026-11-22T06:20:00.000Z "), "{report}");
    let sheet = paper("sheet.html", &["--regulatory", "gdpr", "--aware-at", "2020-01-01T00:00Z"]);
    let row = between(&sheet, "first request of this package that brought a page", "package sealed");
    assert!(row.contains(" 2026-11-22T06:04:30Z "), "{row}");
    let draft = paper("draft.html", &["--certificate", "fre-902-13"]);
    let first = between(&draft, "the first request that brought a page sent at", "the last page in at");
    assert!(first.contains("2026-11-22T06:04:30.000Z"), "{first}");
    let last = between(&draft, "the last page in at", "and the package sealed at");
    assert!(last.contains("2026-11-22T06:20:00.000Z"), "{last}");
    let behind = draft.split_once("The first request that brought a page asked for ").unwrap().1;
    assert!(behind.starts_with(&url), "{url} in {draft}");
}

#[test]
fn what_a_record_says_twice_is_in_no_figure() {
    let folder = tempfile::tempdir().unwrap();
    let mut draft = Draft::good();
    let twice = r#"{"id":"t","createdDateTime":"2026-11-01T09:00:00Z","status":{"errorCode":0,"errorCode":50126},"userId":"a"}"#;
    draft.pages[0].elements = vec![(twice.to_owned(), Some("2026-11-01T09:00:00Z".to_owned()))];
    draft.pages.truncate(1);
    draft.pages[0].next_link = None;
    let package = folder.path().join("p.zip");
    std::fs::write(&package, draft.build().zip()).unwrap();
    let out = folder.path().join("r.html");
    Cli::new().arg("report").arg(&package).set("--out", &out).code(0);
    let said = words(&read(&out));
    assert!(said.contains("Not in these figures: what a member says that stands twice, in 1 record"), "{said}");
    let row = "Succeeded Interrupted Failed Not said Said twice interactive users 1 0 0 0 0 1 ";
    assert!(said.contains(row), "{said}");
    assert!(said.contains("Accounts of people 1 of them with a success 0 "), "{said}");
}

#[test]
fn each_form_is_written_once_and_nothing_is_overwritten() {
    let (service, matter) = (Service::start(60), Matter::new());
    service.collect(&matter).code(0);
    let package = matter.package();
    for (name, start) in [("r.html", "<!DOCTYPE html>"), ("r.PDF", "%PDF-1.7"), ("r.docx", "PK\u{3}\u{4}")] {
        let out = matter.path(name);
        report(&service, &matter, &package, &out).code(0);
        let written = std::fs::read(&out).unwrap();
        assert!(written.starts_with(start.as_bytes()), "{name}");
        let exists = format!(
            "error: `{}` exists already and is left as it is\nhint: choose another name, or go on with what is there\n",
            out.display()
        );
        report(&service, &matter, &package, &out).stdout("").stderr(&exists).code(2);
        assert_eq!(std::fs::read(&out).unwrap(), written, "{name}");
    }
    let before = entries(Path::new(&matter.dir));
    for name in ["r.txt", "r", ".pdf"] {
        let out = matter.path(name);
        let refused = format!(
            "error: `{}` does not end in .html, .pdf or .docx\nhint: the form follows from the ending\n",
            out.display()
        );
        report(&service, &matter, &package, &out).stdout("").stderr(&refused).code(2);
    }
    let said = report(&service, &matter, &package, &matter.path("none/r.pdf")).stdout("").code(4).stderr;
    assert!(said.contains("none/r.pdf"), "{said}");
    let said =
        report(&service, &matter, &package, &matter.path("z.html")).set("--time-zone", "Mars/Base").code(2).stderr;
    assert!(said.contains("IANA time zone database"), "{said}");
    let refused = report(&service, &matter, &package, &matter.path("z.html"))
        .set("--time-zone", "Europe/Berlin")
        .set("--certificate", "fre-902-11")
        .code(2);
    assert!(refused.stderr.contains("cannot be used with"), "a draft has no zone: {}", refused.stderr);
    assert_eq!(entries(Path::new(&matter.dir)), before, "nothing is left behind");
}

#[test]
fn who_trusts_nobody_reads_that_nothing_is_established() {
    let (service, matter) = (Service::start(60), Matter::new());
    service.collect(&matter).code(0);
    let out = matter.path("r.html");
    Cli::new().arg("report").arg(matter.package()).set("--out", &out).code(0);
    let page = read(&out);
    assert!(
        page.contains("<p>signer, time or completeness of the package were not established when this was made</p>")
    );
    let said = words(&page);
    assert!(said.contains(
        "INDETERMINATE : Nothing that was checked contradicts the package, but not everything is established"
    ));
    assert!(said.contains("What was not checked Step 4, signer: "), "{said}");
    assert!(said.contains("Step 12, time stamps: "), "{said}");
}

#[test]
fn of_an_invalid_package_nothing_is_made_unless_somebody_insists() {
    let (service, matter) = (Service::start(60), Matter::new());
    service.collect(&matter).code(0);
    let package = matter.package();
    let mut bytes = std::fs::read(&package).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let altered = matter.path("altered.zip");
    std::fs::write(&altered, bytes).unwrap();
    let out = matter.path("r.html");
    let said = report(&service, &matter, &altered, &out).stdout("").code(1).stderr;
    assert!(said.contains(&format!("error: `{}` is INVALID; nothing was made of it\n", altered.display())), "{said}");
    assert!(!out.exists());
    for name in ["r.html", "r.pdf", "r.docx"] {
        report(&service, &matter, &altered, &matter.path(name)).arg("--despite-findings").code(0);
    }
    let page = read(&out);
    assert!(page.contains("<p>FROM A PACKAGE THAT FAILED VERIFICATION (") && page.contains(MARK));
    assert!(words(&page).contains("INVALID : The package contradicts the format, itself, or what its reader trusts."));
    let answer = matter.path("j.html");
    let said = report(&service, &matter, &altered, &answer).args(["--despite-findings", "--json"]).code(0).stdout;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["provenance"]["verdict"], &said["path"]), (&"INVALID".into(), &answer.to_str().unwrap().into()));
    assert!(said["marks"][1].as_str().unwrap().starts_with("FROM A PACKAGE THAT FAILED"), "{said}");
    assert_eq!(said["byte_len"], std::fs::metadata(&answer).unwrap().len());
}

#[test]
fn a_page_that_cannot_be_read_is_no_complete_window() {
    let (service, matter) = (Service::start(60), Matter::new());
    service.collect(&matter).set("--kind", "interactiveUser").code(0);
    let package = matter.package();
    let page = Opened::read(&package).files.keys().rfind(|name| name.starts_with("data/pages/")).unwrap().clone();
    let mut bytes = std::fs::read(&package).unwrap();
    // The name stands in front of the page's bytes, and once more in the directory at the end.
    let place = bytes.windows(page.len()).position(|window| window == page.as_bytes()).unwrap() + page.len() + 40;
    bytes[place] ^= 1;
    let altered = matter.path("altered.zip");
    std::fs::write(&altered, bytes).unwrap();
    let out = matter.path("r.html");
    report(&service, &matter, &altered, &out).arg("--despite-findings").code(0);
    let number: u64 = page.strip_prefix("data/pages/").unwrap().split_once('.').unwrap().0.parse().unwrap();
    let unread = format!("page {number} could not be read as it was sealed, and is in no figure");
    let html = read(&out);
    let said = words(&html);
    let opened = Opened::read(&package);
    let runs = opened.runs();
    let claimed = format!("1 of {} windows of the sign-in logs is claimed, and not established", runs.len());
    let records: u64 = runs.iter().map(|run| run["inside"].as_u64().unwrap()).sum();
    assert!(said.contains(&format!("NOT COMPLETE : {claimed}; {unread}; see Coverage.")), "{said}");
    assert!(said.contains(&format!("Gaps Not established: {unread}.")), "{said}");
    assert!(said.contains(" claimed, not established ") && !said.contains("was followed to its last page"));
    assert!(
        html.contains("fill=\"url(#coverage-upright)\"") && said.contains(&format!(" of {records} claimed ")),
        "{said}"
    );
    let triage = matter.path("t.html");
    report(&service, &matter, &altered, &triage).args(["--triage", "--despite-findings"]).code(0);
    let said = words(&read(&triage));
    assert!(said.contains(&unread) && !said.contains("was closed in this package"), "{said}");
}

#[test]
fn pages_that_are_not_those_signed_are_all_named_however_many() {
    let first = first_url(GRAPH, KIND, FROM, TO);
    let urls: Vec<String> = (1..=30).map(|number| format!("{first}&$skiptoken={number}")).collect();
    let pages = (1_u64..=30).map(|number| {
        let at = usize::try_from(number).unwrap();
        let url = if number == 1 { &first } else { &urls[at - 1] };
        page(
            number,
            url,
            urls.get(at).map(String::as_str),
            vec![element(&format!("r{number}"), "2026-11-01T09:00:00Z")],
        )
    });
    let draft = Draft { pages: pages.collect(), sealed: "2026-11-22T07:30:00.000Z".to_owned(), ..Draft::good() };
    let mut files = draft.build();
    for number in 1..=30 {
        files.replace(&format!("data/pages/{number:06}.json"), &format!("\"r{number}\""), &format!("\"R{number}\""));
    }
    let folder = tempfile::tempdir().unwrap();
    let [package, overview, triage] = ["p.zip", "r.html", "t.html"].map(|name| folder.path().join(name));
    std::fs::write(&package, files.zip()).unwrap();
    let report = |out| Cli::new().arg("report").arg(&package).arg("--despite-findings").set("--out", out);
    report(&overview).code(0);
    let said = words(&read(&overview));
    let all = "pages 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 and 10 more contradict what was signed; \
               what they hold now is in the figures";
    assert!(said.contains(&format!("Gaps Not established: {all}.")), "{said}");
    assert!(said.contains(" 0 of 30 claimed "), "no page counts as one that was signed: {said}");
    report(&triage).arg("--triage").code(0);
    let said = words(&read(&triage));
    assert!(said.contains(&format!("{all}, whatever the seal calls closed.")), "{said}");
    assert!(
        said.contains("Sign-ins looked at 30 entries, of which none repeats another byte for byte; on 30 pages"),
        "they are in the figures: {said}"
    );
}

#[test]
fn windows_refused_as_too_old_are_counted_under_retention_and_each_reason_stands_once() {
    let service = Service::with(120, |settings| {
        settings.days = 40;
        settings.faults = vec!["retention-floor".parse().unwrap()];
    });
    let matter = Matter::new();
    let from = text(service.to - TimeDelta::days(40));
    service.collect(&matter).set("--kind", "interactiveUser").set("--from", from).set("--window-hours", "24").code(5);
    let package = matter.package();
    let out = matter.path("r.html");
    report(&service, &matter, &package, &out).code(0);
    let said = words(&read(&out));
    let runs = Opened::read(&package).runs();
    let reasons = runs.iter().filter(|run| run["state"] == "failed").map(|run| run["reason"].as_str().unwrap());
    let too_old: Vec<&str> = reasons.filter(|reason| reason.contains("Minimum allowed time")).collect();
    assert!(too_old.len() > 1, "{runs:?}");
    let earliest = "refused; the service named an earliest time";
    let count = format!("Windows refused as too old {} windows; {earliest}: ", too_old.len());
    assert!(said.contains(&count) && said.contains(&format!(" failed {earliest} [")), "{count} in {said}");
    let coverage = said.split_once(" Gaps ").unwrap().1.split_once(" The sign-ins ").unwrap().0;
    for reason in too_old {
        assert_eq!(coverage.matches(reason).count(), 1, "{reason} in {said}");
    }
}

#[test]
fn a_ledger_that_was_edited_is_refused_or_named() {
    let (service, matter) = (Service::start(60), Matter::new());
    service.collect(&matter).code(0);
    let package = matter.package();
    let edited = matter.path("edited.jsonl");
    let ledger = read(&matter.path("ledger.jsonl"));
    assert!(ledger.contains("Jo Example"));
    std::fs::write(&edited, ledger.replace("Jo Example", "No Example")).unwrap();
    let out = matter.path("r.html");
    let said = report(&service, &matter, &package, &out).set("--ledger", &edited).stdout("").code(1).stderr;
    assert!(
        said.contains(&format!("error: the ledger `{}` is INVALID; nothing was made\n", edited.display())),
        "{said}"
    );
    assert!(!out.exists());
    report(&service, &matter, &package, &out).set("--ledger", &edited).arg("--despite-findings").code(0);
    let page = read(&out);
    assert_eq!(page.matches("<p>THE LEDGER FAILED VERIFICATION</p>").count(), 2);
    assert!(words(&page).contains("NOT IN ORDER: not signed by the key that it names."));
    // Half a line at the end.
    std::fs::write(&edited, format!("{ledger}{{\"event\"")).unwrap();
    let out = matter.path("torn.html");
    report(&service, &matter, &package, &out).set("--ledger", &edited).arg("--despite-findings").code(0);
    let end = format!("nothing behind line {}, which is torn or too long, was read", ledger.lines().count() + 1);
    assert!(words(&read(&out)).contains(&end), "{end}");
}

#[test]
fn gaps_and_failures_are_told_apart() {
    let service = Service::with(120, |settings| settings.faults = vec!["http-400@12-100000".parse().unwrap()]);
    let matter = Matter::new();
    service.collect(&matter).set("--kind", "interactiveUser").set("--window-hours", "1").code(5);
    let package = matter.package();
    let out = matter.path("r.html");
    report(&service, &matter, &package, &out).code(0);
    let said = words(&read(&out));
    let runs = Opened::read(&package).runs();
    let failed: Vec<&Value> = runs.iter().filter(|run| run["state"] == "failed").collect();
    assert!(!failed.is_empty() && failed.len() < runs.len());
    for run in &failed {
        // The reason stands there once, however many windows it is of.
        let coverage = said.split_once(" Gaps ").unwrap().1.split_once(" The sign-ins ").unwrap().0;
        assert_eq!(coverage.matches(run["reason"].as_str().unwrap()).count(), 1, "{run} in {said}");
        assert!(said.contains(run["reason"].as_str().unwrap()), "{run} in {said}");
    }
    let windows = runs.iter().filter(|run| run["state"] != "superseded").count();
    let missing = format!("NOT COMPLETE : {} of {windows} windows of the sign-in logs failed", failed.len());
    let cover = said.split_once(" What was not checked ").unwrap().0;
    assert!(cover.contains(&missing) && cover.contains("; see Coverage."), "{missing} in {cover}");
    assert!(said.contains("no ledger was given for this report"));
    let failures = Opened::read(&package).documents("failures");
    assert!(said.contains(&format!("By reason Reason HTTP status Requests status 400 {}", failures.len())), "{said}");
    let page = read(&out);
    assert!(page.contains("fill=\"url(#coverage-crossed)\"") && page.contains("not asked"));
}

#[test]
fn what_strangers_wrote_comes_out_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let package: PathBuf = hostile_records::package(folder.path());
    let make = |name: &str| {
        let out = folder.path().join(name);
        Cli::new().arg("report").arg(&package).set("--out", &out).code(0);
        std::fs::read(out).unwrap()
    };
    let page = String::from_utf8(make("r.html")).unwrap();
    assert!(
        !page.contains("<script") && !page.contains(['\u{1b}', '\u{202e}', '\0', '\u{ad}', '\u{2028}', '\u{e0041}'])
    );
    assert!(page.len() < 1 << 20, "{}", page.len());
    assert!(make("r.pdf").starts_with(b"%PDF-1.7"));
    assert!(make("r.docx").starts_with(b"PK"));
}
