//! An investigator asks where to look first, finds what was planted, and is told what this is not.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use signhold::simulate::{Plot, StoryEvent};

use crate::cli::Cli;
use crate::hostile_records;
use crate::opened::Opened;
use crate::package::operator_key;
use crate::service::{Matter, Service, text};

const MARK: &str = "DESCRIPTIVE, NOT EVIDENCE, NOT A FINDING ABOUT A PERSON";

#[test]
fn the_planted_story_is_found_and_every_record_can_be_followed() {
    let service = Service::with(4_000, |settings| {
        settings.days = 30;
        settings.page_limit = 400;
    });
    let matter = Matter::new();
    service.collect(&matter).set("--from", text(service.to - TimeDelta::days(29))).code(0);
    let package = matter.package();
    let page = matter.path("triage.html");
    let said = Cli::new()
        .arg("report")
        .arg(&package)
        .set("--trust", matter.public_key())
        .set("--tsa-root", &service.tsa_root)
        .arg("--triage")
        .set("--out", &page)
        .arg("--json")
        .code(0);
    let answer: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(answer["marks"][0], MARK);
    let triage = &answer["triage"];
    assert_eq!(triage["provenance"]["verdict"], "VALID");
    assert_eq!((&triage["undated"], &triage["out_of_order"]), (&Value::from(0), &Value::from(0)));

    let opened = Opened::read(&package);
    let mut cited: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for answer in triage["answers"].as_array().unwrap() {
        for record in answer["sightings"].as_array().unwrap().iter().flat_map(|one| one["records"].as_array().unwrap())
        {
            let id = record["id"].as_str().unwrap();
            cited.entry(answer["question"].as_str().unwrap()).or_default().insert(id);
            // Page and element lead to the record of that id.
            let path = format!("data/pages/{:06}.json", record["page"].as_u64().unwrap());
            let body: Value = serde_json::from_slice(&opened.files[&path]).unwrap();
            let element = usize::try_from(record["element"].as_u64().unwrap()).unwrap();
            assert_eq!(body["value"][element]["id"], id, "{path} {element}");
        }
    }
    let tenant = service.server.tenant();
    let story = tenant.story();
    assert_eq!(story.len(), 48);
    for event in story {
        let question = match event.plot {
            Plot::ImpossibleTravel => "impossible-travel",
            Plot::MfaFatigue => "mfa-fatigue",
            Plot::PasswordSpray => "password-spray",
            Plot::StolenToken => "session-countries",
        };
        let cited = &cited[question];
        if is_disturbed(&opened, story, event) {
            let plot = story.iter().filter(|other| other.plot == event.plot);
            assert!(plot.into_iter().any(|other| cited.contains(other.id.as_str())), "{question}");
        } else {
            assert!(cited.contains(event.id.as_str()), "{question} does not cite {event:?}");
        }
    }
    // No session but the planted one is in two countries.
    let planted: BTreeSet<&str> = story.iter().map(|event| event.id.as_str()).collect();
    assert!(cited["session-countries"].is_subset(&planted));

    let html = std::fs::read_to_string(&page).unwrap();
    let address = &story.iter().find(|event| event.plot == Plot::PasswordSpray).unwrap().address;
    let id = &story.iter().find(|event| event.plot == Plot::StolenToken).unwrap().id;
    for expected in [MARK, "SIMULATED DATA, NOT EVIDENCE", address, id, "at least 10 accounts", "--id ID"] {
        assert!(html.contains(expected), "{expected}");
    }
}

#[test]
fn gaps_are_named_where_somebody_looks_for_absence() {
    let service = Service::start(300);
    let matter = Matter::new();
    service.collect(&matter).set("--kind", "interactiveUser").code(0);
    let page = matter.path("triage.html");
    let out = page.to_str().unwrap();
    let package = matter.package();
    let said = Cli::new().arg("report").arg(&package).args(["--triage", "--out", out]).code(0).stdout;
    assert!(said.contains("3 gaps of the sign-in logs: absence may be absence of data\n"), "{said}");
    assert!(said.ends_with("Descriptive, not evidence, not a finding about a person.\n"), "{said}");
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("Absence here may be absence of data"));
    for kind in ["nonInteractiveUser", "servicePrincipal", "managedIdentity"] {
        assert!(html.contains(&format!("{kind}: this log was not asked.")), "{kind}");
    }
    // What is there stays there.
    Cli::new().arg("report").arg(&package).args(["--triage", "--out", out]).code(2);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), html);
}

#[test]
fn what_an_attacker_wrote_into_the_log_comes_out_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let package = hostile_records::package(folder.path());
    let key = crate::package::fingerprint_of(&operator_key().verifying_key().to_bytes());
    for name in ["triage.html", "triage.pdf", "triage.docx"] {
        let out = folder.path().join(name);
        let cli = Cli::new().arg("report").arg(&package).args(["--trust", &key, "--triage"]).set("--out", &out);
        let said = cli.arg("--json").code(0).stdout;
        assert!(said.chars().all(|c| c == '\n' || !signhold::codec::visible::is_unseen(c)), "{name}");
        let answer: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(answer["triage"]["looked"]["records_unread"], 4, "what is no record");
        let bytes = std::fs::read(&out).unwrap();
        let hides = |needle: &[u8]| !bytes.windows(needle.len()).any(|window| window == needle);
        assert!(hides(b"<script>") && hides(b"\x1b]0;"), "{name}");
    }
}

#[test]
fn of_a_package_that_fails_verification_nothing_is_made_unless_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let package = hostile_records::tampered_package(folder.path());
    let out = folder.path().join("triage.html");
    let cli = || Cli::new().arg("report").arg(&package).arg("--triage").set("--out", &out);
    cli().code(1);
    assert!(!out.exists());
    cli().arg("--despite-findings").code(0);
    let html = std::fs::read_to_string(&out).unwrap();
    assert!(html.contains("FROM A PACKAGE THAT FAILED VERIFICATION"));
}

/// Says whether a person happened to sign in while the attack on them went on, so that what follows what is another question.
fn is_disturbed(opened: &Opened, story: &[StoryEvent], event: &StoryEvent) -> bool {
    if !matches!(event.plot, Plot::ImpossibleTravel | Plot::MfaFatigue) {
        return false;
    }
    let plot: Vec<&StoryEvent> = story.iter().filter(|other| other.plot == event.plot).collect();
    let (first, last) = (plot.first().unwrap().time, plot.last().unwrap().time);
    let pages = opened.files.iter().filter(|(path, _)| path.starts_with("data/pages/"));
    pages.into_iter().any(|(_, body)| {
        let body: Value = serde_json::from_slice(body).unwrap();
        body["value"].as_array().unwrap().iter().any(|record| {
            let time: DateTime<Utc> = record["createdDateTime"].as_str().unwrap().parse().unwrap();
            let is_planted = plot.iter().any(|other| record["id"] == other.id.as_str());
            record["userPrincipalName"] == event.user.as_str() && !is_planted && (first..=last).contains(&time)
        })
    })
}
