//! Counsel has to say by when somebody must be told, and somebody else has to certify what was kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use signhold::crypto::digest::FileDigest;

use crate::cli::Cli;
use crate::opened::Opened;
use crate::service::{Matter, Service, text};

/// A sealed package, and a folder for what is made of it.
struct Sealed {
    service: Service,
    matter: Matter,
    package: PathBuf,
    folder: tempfile::TempDir,
}

impl Sealed {
    fn new() -> Self {
        Self::of(Matter::new())
    }

    fn of(matter: Matter) -> Self {
        let service = Service::start(300);
        service.collect(&matter).code(0);
        let package = matter.package();
        Self { service, matter, package, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A report by somebody who knows key and authority.
    fn report(&self, name: &str) -> Cli {
        self.about("report", &self.package).set("--out", self.path(name))
    }

    fn about(&self, verb: &str, package: &Path) -> Cli {
        Cli::new()
            .arg(verb)
            .arg(package)
            .set("--trust", self.matter.public_key())
            .set("--tsa-root", &self.service.tsa_root)
    }

    fn exhibit(&self, name: &str) -> PathBuf {
        let exhibit = self.path(name);
        self.about("exhibit", &self.package)
            .set("--where", "record.status.errorCode != 0 && counted")
            .set("--number", "A-12")
            .set("--out", &exhibit)
            .code(0);
        exhibit
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn digest(&self) -> String {
        FileDigest::of(&std::fs::read(&self.package).unwrap()).to_string()
    }
}

/// What a paper says, without its tags.
fn plain(paper: &str) -> String {
    let (_, body) = paper.split_once("<main>").unwrap();
    let (body, _) = body.split_once("</main>").unwrap();
    body.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect()
}

#[test]
fn a_sheet_counts_from_what_was_named_and_leaves_the_rest_blank() {
    let sealed = Sealed::new();
    let berlin = |name| sealed.report(name).set("--time-zone", "Europe/Berlin").set("--aware-at", "2020-02-27T10:00");
    let said = berlin("sheet.html").set("--regulatory", "gdpr,sec,nydfs").code(0);
    assert_eq!(sealed.read("sheet.html").matches("at most 72 hours").count(), 2);
    let expected = "left blank, since their start was not named: clocks that run from determination (--determined-at), payment (--paid-at)\n";
    assert!(said.stderr.starts_with(expected), "{}", said.stderr);
    let sheet = sealed.read("sheet.html");
    // 72 hours over 29 February, in the past for good.
    assert!(sheet.contains("Sun 2020-03-01 10:00:00 +01:00") && sheet.contains("2020-03-01T09:00:00Z"), "{sheet}");
    assert!(sheet.contains("PASSED by "));
    assert_eq!(sheet.matches("not computed: --determined-at not given").count(), 2);
    assert!(sheet.contains(&sealed.digest()));
    // Determined the same day in Berlin, a Thursday: Wednesday at 5:30 p.m. in Washington.
    berlin("named.html").set("--regulatory", "sec").set("--determined-at", "2020-02-27T18:00").code(0);
    let named = sealed.read("named.html");
    assert!(named.contains("Wed 2020-03-04 17:30:00 -05:00") && named.contains("2020-03-04T22:30:00Z"), "{named}");
    assert!(!named.contains("not computed") && !named.contains("cannot all be right"));
    // No European rule: no regulation on periods; and long spans are days.
    assert!(sheet.contains("No 1182/71") && !named.contains("No 1182/71"));
    assert!(plain(&named).contains("PASSED by 2") && !plain(&named).contains(" h left"), "{named}");
}

#[test]
fn a_time_that_no_rule_counts_from_is_neither_needed_nor_printed() {
    let sealed = Sealed::new();
    let sheet = sealed.report("sheet.html").set("--regulatory", "sec,hipaa").set("--time-zone", "America/Chicago");
    let sheet = sheet.set("--determined-at", "2020-02-27T18:00");
    let said = sheet.set("--aware-at", "2020-01-15T08:00").code(0).stderr;
    let expected = "left out, since no clock of these rules runs from it: awareness (--aware-at)\n";
    assert!(said.contains(expected), "{said}");
    let paper = plain(&sealed.read("sheet.html"));
    assert!(!paper.contains("2020-01-15") && !paper.to_lowercase().contains("awareness"), "{paper}");
    assert!(
        paper.contains("After determination") && paper.contains("not computed: --discovered-at not given"),
        "{paper}"
    );
    assert!(paper.contains("without unreasonable delay, at most 60 calendar days"), "{paper}");
    // Nothing at all is known yet: the clocks are blank, and no age is counted.
    let blank = sealed.report("blank.html").set("--regulatory", "nydfs");
    blank.code(0);
    let blank = plain(&sealed.read("blank.html"));
    assert!(blank.contains("as promptly as possible, at most 72 hours") && !blank.contains("After "), "{blank}");
    let said = sealed.report("none.html").set("--regulatory", "sec,gdpr").code(2).stderr;
    assert!(said.starts_with("error: --aware-at is not given, and clocks of gdpr run from awareness\n"), "{said}");
}

#[test]
fn times_that_cannot_all_be_right_are_named() {
    let sealed = Sealed::new();
    let sheet = sealed.report("sheet.html").set("--regulatory", "nis2").set("--aware-at", "2999-02-27T10:00Z");
    let sheet = sheet.set("--time-zone", "Europe/Berlin");
    let said = sheet.set("--notified-at", "2020-02-27T10:00Z").code(0).stderr;
    let doubts = ["the time of awareness lies after this sheet was made", "notice sent lies before awareness"];
    for doubt in doubts {
        assert!(said.contains(&format!("look again: {doubt}\n")), "{said}");
    }
    let sheet = sealed.read("sheet.html");
    assert!(sheet.contains(&format!("cannot all be right</bdi></strong><bdi>: {}.", doubts.join("; "))), "{sheet}");
}

#[test]
fn a_sheet_counts_people_and_names_nobody() {
    let sealed = Sealed::new();
    let command = sealed.report("sheet.html").set("--regulatory", "uk-gdpr").set("--aware-at", "2020-01-01T00:00Z");
    command.code(0);
    let sheet = sealed.read("sheet.html");
    let opened = Opened::read(&sealed.package);
    let mut accounts = BTreeSet::new();
    let pages = opened.files.keys().filter(|path| path.starts_with("data/pages/"));
    for record in pages.flat_map(|path| opened.json(path)["value"].as_array().unwrap().clone()) {
        for member in
            ["userPrincipalName", "userDisplayName", "userId", "servicePrincipalId", "ipAddress", "appId", "id"]
        {
            let Some(value) = record[member].as_str().filter(|value| !value.is_empty()) else { continue };
            assert!(!sheet.contains(value), "{member} {value}");
            if member == "userId" {
                accounts.insert(value.to_owned());
            }
        }
    }
    assert!(accounts.len() > 10);
    assert!(sheet.contains("Accounts of people"));
}

#[test]
fn what_was_deleted_before_the_first_request_stands_on_both_papers() {
    let matter = Matter::new();
    let service = Service::start(100);
    let from = service.to - chrono::TimeDelta::days(33);
    let collect = service.collect(&matter).set("--from", text(from)).set("--kind", "interactiveUser");
    collect.set("--window-hours", "24").code(5);
    let sealed = Sealed { package: matter.package(), service, matter, folder: tempfile::tempdir().unwrap() };
    sealed.report("draft.html").set("--certificate", "neutral").code(0);
    let command = sealed.report("sheet.html").set("--regulatory", "gdpr").set("--aware-at", "2020-01-01T00:00Z");
    command.code(0);
    let seal = Opened::read(&sealed.package).seal();
    let expired: Vec<&Value> =
        seal["streams"].as_array().unwrap().iter().filter(|run| run["state"] == "expired").collect();
    assert!(!expired.is_empty());
    for run in expired {
        let (from, to) = (run["from"].as_str().unwrap(), run["to"].as_str().unwrap());
        let line = format!("interactiveUser, [{from}, {to}): expired");
        for name in ["draft.html", "sheet.html"] {
            assert!(sealed.read(name).contains(&line), "{name}: {line}");
        }
    }
}

#[test]
fn a_time_that_names_no_instant_is_refused_before_anything_is_written() {
    let sealed = Sealed::new();
    let at = |time: &str| sealed.report("sheet.html").set("--regulatory", "gdpr").set("--aware-at", time);
    at("2026-10-25T02:30")
        .stderr(
            "error: --aware-at: `2026-10-25T02:30` has no offset from UTC, and no time zone was named\n\
             hint: add the offset from UTC (2026-11-22T10:20+01:00), or name the zone: --time-zone Europe/Berlin\n",
        )
        .code(2);
    at("2026-10-25T02:30")
        .set("--time-zone", "Europe/Berlin")
        .stderr(
            "error: --aware-at: clocks in Europe/Berlin showed `2026-10-25T02:30` twice: at offset +02:00 and at offset +01:00\n\
             hint: say which one by its offset, such as 2026-10-25T02:30+02:00\n",
        )
        .code(2);
    at("2026-03-08T02:30")
        .set("--time-zone", "America/New_York")
        .stderr(
            "error: --aware-at: no clock in America/New_York ever showed `2026-03-08T02:30`: it was set forward over it\n\
             hint: name a time that was; or write it with its offset from UTC\n",
        )
        .code(2);
    sealed.report("sheet.html").set("--regulatory", "gdpr").code(2);
    // The notice under one rule is not the notice under another.
    let both = sealed.report("sheet.html").set("--regulatory", "nis2,dora").set("--aware-at", "2026-01-01T00:00Z");
    let said = both.set("--notified-at", "2026-01-02T00:00Z").code(2).stderr;
    assert!(said.contains("--notified-at is an event of its own for each of nis2, dora\n"), "{said}");
    sealed.report("sheet.html").set("--regulatory", "omnibus").set("--aware-at", "2026-01-01T00:00Z").code(2);
    assert!(!sealed.path("sheet.html").exists());
}

#[test]
fn days_are_not_counted_on_a_calendar_that_nobody_named() {
    let sealed = Sealed::new();
    let sheet = |name: &str, discovered: &str| {
        let sheet = sealed.report(name).set("--regulatory", "hipaa");
        sheet.set("--discovered-at", discovered)
    };
    for discovered in ["2026-02-20T10:00-05:00", "2026-11-20T03:30Z"] {
        sheet("sheet.html", discovered)
            .stderr(
                "error: --discovered-at: days or months are counted from it, and an offset from UTC, UTC itself included, does not say by whose calendar\n\
                 hint: name the zone of the place where it happened beside the time: --time-zone America/New_York; an offset alone can make an end late by a day, or by an hour where clocks change\n",
            )
            .code(2);
    }
    for zone in ["UTC", "Etc/GMT+4", "EST"] {
        let said = sheet("sheet.html", "2026-11-20T03:30").set("--time-zone", zone).code(2).stderr;
        assert!(said.starts_with("error: --discovered-at: days or months are counted from it, "), "{zone}: {said}");
    }
    assert!(!sealed.path("sheet.html").exists());
    // Over the change of clocks in March; and on the day before, where it happened.
    let ends = [("2026-02-20T10:00-05:00", "2026-04-22T04:00:00Z"), ("2026-11-20T03:30Z", "2027-01-19T05:00:00Z")];
    for (place, (discovered, end)) in ends.into_iter().enumerate() {
        let name = format!("{place}.html");
        sheet(&name, discovered).set("--time-zone", "America/New_York").code(0);
        assert_eq!(sealed.read(&name).matches(&format!(">{end}<")).count(), 4, "{end}");
    }
    // Hours need no calendar.
    sealed.report("hours.html").set("--regulatory", "gdpr").set("--aware-at", "2026-11-20T03:30Z").code(0);
}

#[test]
fn every_form_is_a_draft_in_every_medium() {
    let sealed = Sealed::new();
    for form in ["fre-902-11", "fre-902-13", "fre-902-14", "india-63", "neutral"] {
        for ending in ["html", "pdf", "docx"] {
            let name = format!("{form}.{ending}");
            let said = sealed.report(&name).set("--certificate", form).arg("--json").code(0);
            let answer: Value = serde_json::from_str(&said.stdout).unwrap();
            assert_eq!(answer["marks"][0], "DRAFT: UNSIGNED, INCOMPLETE, NOT EVIDENCE", "{name}");
            assert_eq!(answer["marks"][1], "SIMULATED DATA, NOT EVIDENCE", "{name}");
        }
        let draft = sealed.read(&format!("{form}.html"));
        assert!(draft.contains("DRAFT: UNSIGNED, INCOMPLETE, NOT EVIDENCE"), "{form}");
        assert!(draft.contains(&sealed.digest()), "{form}");
        assert!(draft.contains("____]"), "{form} has blanks");
        assert!(draft.contains("Who can sign") || draft.contains("Who signs"), "{form}");
        let body = plain(&draft);
        let seal = Opened::read(&sealed.package).seal();
        let key = seal["signer"].as_str().unwrap();
        let verified = format!("signhold verify, version {}, ", env!("CARGO_PKG_VERSION"));
        let (_, verdict) = body.split_once(&verified).unwrap_or_else(|| panic!("{form}: {body}"));
        assert!(verdict.contains(&format!("with the key {key} and the time stamp root ")), "{form}: {verdict}");
        assert!(verdict.contains(": VALID, because all 13 steps "), "{form}: {verdict}");
        assert!(body.contains("Simulated data, not evidence: ") && body.contains("(simulated-data)"), "{form}");
        assert!(body.contains(" further root certificate"), "{form}");
    }
}

#[test]
fn what_a_declarant_says_to_have_computed_is_never_filled_in() {
    let sealed = Sealed::new();
    sealed.report("draft.html").set("--certificate", "fre-902-14").code(0);
    let draft = sealed.read("draft.html");
    assert_eq!(draft.matches("[____ computed by the declarant ____]").count(), 5);
    // Both closings, neither chosen; the operator's name as the plan's word and nobody's signature.
    assert!(draft.contains("under penalty of perjury that the foregoing is true and correct"));
    assert!(draft.contains("under the laws of the United States of America that the foregoing"));
    assert!(draft.contains("[____ keep one of the two, strike the other ____]"));
    assert_eq!(draft.matches("Jo Example").count(), 1);
    assert!(draft.contains("My name is <") && draft.contains("[____ full name ____]"));
}

#[test]
fn a_draft_names_the_exhibit_that_was_cut_from_its_package() {
    let sealed = Sealed::new();
    let exhibit = sealed.exhibit("a-12.zip");
    let ledger = sealed.matter.path("ledger.jsonl");
    let make = sealed.report("draft.html").set("--certificate", "fre-902-14").set("--exhibit", &exhibit);
    make.set("--ledger", &ledger).code(0);
    let draft = sealed.read("draft.html");
    let lines: Vec<String> = std::fs::read_to_string(&ledger).unwrap().lines().map(str::to_owned).collect();
    assert!(draft.contains("The custody ledger that was presented with the package, "));
    assert!(draft.contains(&FileDigest::of(lines.last().unwrap().as_bytes()).to_string()), "{}", lines.len());
    let statement = Opened::read(&exhibit).json("exhibit.json");
    let records = statement["records"].as_array().unwrap();
    assert!(!records.is_empty());
    for record in records {
        assert!(draft.contains(record["leaf"].as_str().unwrap()), "{record}");
    }
    let pages = statement["pages"].as_array().unwrap().len();
    assert_eq!(draft.matches("[____ computed by the declarant ____]").count(), 5 + records.len() + pages);
    assert!(plain(&draft).contains("Exhibit A-12 ("));
    assert!(draft.contains(&FileDigest::of(&std::fs::read(&exhibit).unwrap()).to_string()));
}

#[test]
fn every_form_names_the_exhibit_that_is_produced_before_the_package_it_was_cut_from() {
    let sealed = Sealed::new();
    let exhibit = sealed.exhibit("a-12.zip");
    let produced = FileDigest::of(&std::fs::read(&exhibit).unwrap()).to_string();
    let draft = |form: &str| {
        let name = format!("{form}.html");
        sealed.report(&name).set("--certificate", form).set("--exhibit", &exhibit).code(0);
        plain(&sealed.read(&name))
    };
    for form in ["fre-902-11", "fre-902-13", "fre-902-14", "india-63", "neutral"] {
        let said = draft(form);
        assert!(said.contains("A-12 (") && !said.contains("(A-12)"), "{form}: {said}");
        assert!(said.contains(&produced), "{form}: {said}");
    }
    // India: beside the blank of Part A, and first in the hash report.
    let india = plain(&sealed.read("india-63.html"));
    let (_, state) = india
        .split_once("HASH value/s of the electronic/digital record/s is [____ computed by the signer ____]")
        .unwrap();
    assert!(
        state.starts_with(" (SHA256, as read when this draft was made, to compare with: exhibit file A-12 ("),
        "{state}"
    );
    for part in [state, india.split_once("Hash report").unwrap().1] {
        assert!(part.find(&produced).unwrap() < part.find(&sealed.digest()).unwrap(), "{part}");
    }
    assert!(india.contains("[See section 63(4)(c)]") && india.contains("at each instance where that is submitted"));
    assert!(india.contains("Server \u{2610}, Cloud \u{2610}") && !india.contains("____ tick"), "{india}");
}

#[test]
fn a_custodian_of_records_does_not_swear_to_our_collection() {
    let sealed = Sealed::new();
    let draft = |form: &str| {
        let name = format!("{form}.html");
        sealed.report(&name).set("--certificate", form).code(0);
        plain(&sealed.read(&name))
    };
    let routine = draft("fre-902-11");
    let annex = "Annex: facts of the package, for identification; not stated by the declarant";
    let (sworn, annex) = routine.split_once(annex).unwrap_or_else(|| panic!("{routine}"));
    assert!(sworn.contains("under penalty of perjury"), "{sworn}");
    for fact in [
        "Logs asked for",
        "The rights that the application",
        "By the clock of",
        "not after (time stamp over the seal)",
        "Verification of the package",
    ] {
        assert!(!sworn.contains(fact) && annex.contains(fact), "{fact}: {routine}");
    }
    assert!(!annex.contains("____"), "{annex}");
    assert!(sworn.contains(
        "before the trial or hearing the other party is to have reasonable written notice of the intent to offer"
    ));
    for form in ["fre-902-13", "fre-902-14"] {
        let said = draft(form);
        let choice = "As the package records; I [____ have / have not ____] checked this:";
        assert_eq!(said.matches(choice).count(), 3, "{form}: {said}");
        let (_, collected) = said.split_once("What was collected").unwrap();
        assert!(collected.find(choice).unwrap() < collected.find("Logs asked for").unwrap(), "{form}");
        assert!(
            said.contains("before the trial or hearing") && said.contains("of the intent to offer the record"),
            "{form}"
        );
    }
    assert!(draft("neutral").contains("section 9 of the Criminal Justice Act 1967 is another form"));
}

#[test]
fn an_exhibit_that_is_damaged_or_of_another_package_makes_no_draft() {
    let sealed = Sealed::new();
    let exhibit = sealed.exhibit("a-12.zip");
    let draft =
        |form: &str, exhibit: &Path| sealed.report("draft.html").set("--certificate", form).set("--exhibit", exhibit);
    let mut bytes = std::fs::read(&exhibit).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    let damaged = sealed.path("damaged.zip");
    std::fs::write(&damaged, bytes).unwrap();
    let said = draft("neutral", &damaged).code(1);
    assert!(said.stderr.contains("damaged.zip` is INVALID; nothing was made\n"), "{}", said.stderr);

    sealed.service.collect(&sealed.matter).code(0);
    let other = sealed.matter.packages().into_iter().find(|package| *package != sealed.package).unwrap();
    let said = sealed
        .about("report", &other)
        .set("--out", sealed.path("draft.html"))
        .set("--certificate", "neutral")
        .set("--exhibit", &exhibit)
        .code(2);
    assert!(said.stderr.contains("was not cut from this package\n"), "{}", said.stderr);

    assert!(!sealed.path("draft.html").exists());
}

#[test]
fn a_title_of_a_matter_is_text_on_every_paper() {
    let matter = Matter::at(tempfile::tempdir().unwrap());
    let title = "<script>alert(1)</script> [full name] {} =cmd|'/C calc'!A0";
    matter.init().arg("--no-passphrase").set("--title", title).code(0);
    let sealed = Sealed::of(matter);
    sealed.report("draft.html").set("--certificate", "fre-902-14").code(0);
    let command = sealed.report("sheet.html").set("--regulatory", "gdpr").set("--aware-at", "2020-01-01T00:00Z");
    command.code(0);
    for name in ["draft.html", "sheet.html"] {
        let paper = sealed.read(name);
        assert!(!paper.contains("<script"), "{name}");
        assert!(paper.contains("&lt;script&gt;alert(1)&lt;/script&gt; [full name] {} =cmd|"), "{name}");
    }
    for name in ["draft.pdf", "draft.docx"] {
        sealed.report(name).set("--certificate", "neutral").code(0);
        assert!(!std::fs::read(sealed.path(name)).unwrap().is_empty());
    }
}

#[test]
fn of_a_package_that_failed_nothing_is_made_unless_it_says_so() {
    let sealed = Sealed::new();
    let mut bytes = std::fs::read(&sealed.package).unwrap();
    // In the middle of a page: plan and seal stay readable.
    let name = b"/data/pages/000002.json";
    let place = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len() + 100;
    bytes[place] ^= 1;
    let damaged = sealed.path("damaged.zip");
    std::fs::write(&damaged, bytes).unwrap();
    let papers = [("--certificate", "fre-902-14"), ("--regulatory", "gdpr")];
    for (option, value) in papers {
        let name = format!("{value}.html");
        let make = sealed.about("report", &damaged).set("--out", sealed.path(&name)).set(option, value);
        let make = if option == "--regulatory" { make.set("--aware-at", "2020-01-01T00:00Z") } else { make };
        make.clone().code(1);
        assert!(!sealed.path(&name).exists());
        make.arg("--despite-findings").code(0);
        let paper = sealed.read(&name);
        assert!(paper.contains("FROM A PACKAGE THAT FAILED VERIFICATION"), "{name}");
        // The marks stand above and below; the body says it too, and why.
        let body = plain(&paper);
        assert!(body.contains(": INVALID, because "), "{name}: {body}");
        assert!(body.contains("(seal-archive-digest-mismatch)"), "{name}: {body}");
    }
}
