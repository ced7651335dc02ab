//! The service throttles, fails, cuts, lies: the package holds exactly what it has, or names what is missing, and keeps every
//! failed answer as evidence of itself.

use serde_json::Value;
use signhold::simulate::{FaultName, Kind};

use crate::cli::Cli;
use crate::opened::Opened;
use crate::service::{Matter, Service};

/// What a fault must leave in the package: status (none without an answer), reason, and words of the body.
struct Trace {
    fault: &'static str,
    status: Option<u64>,
    reason: &'static str,
    body: &'static str,
}

const TRACES: [Trace; 7] = [
    Trace { fault: "cut-body@3", status: Some(200), reason: "body-cut", body: "@odata.context" },
    Trace { fault: "expire-token@3", status: Some(401), reason: "status", body: "InvalidAuthenticationToken" },
    Trace { fault: "html-200@3", status: Some(200), reason: "not-a-page", body: "<html" },
    Trace { fault: "http-503@3", status: Some(503), reason: "status", body: "serviceNotAvailable" },
    Trace { fault: "http-504@3", status: Some(504), reason: "status", body: "" },
    Trace { fault: "stall@3", status: None, reason: "timeout", body: "" },
    Trace { fault: "throttled-once@3", status: Some(429), reason: "status", body: "" },
];

fn with_faults(faults: &[&str]) -> Service {
    Service::with(600, |settings| {
        settings.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    })
}

/// Collects with one worker, so that what happens next is known, and little patience.
fn collect(service: &Service, matter: &Matter) -> Cli {
    service.collect(matter).set("--workers", "1").set("--timeout", "1").set("--window-hours", "744")
}

#[track_caller]
fn assert_whole(service: &Service, matter: &Matter) -> Opened {
    let opened = Opened::read(&matter.package());
    for kind in Kind::ALL {
        assert_eq!(opened.counted(kind), service.truth(kind), "{}", kind.name());
    }
    service.verify(matter, &matter.package()).code(0);
    opened
}

#[track_caller]
fn survives(fault: &str) {
    let trace = TRACES.iter().find(|trace| trace.fault == fault).unwrap();
    let service = with_faults(&[fault]);
    let matter = Matter::new();
    let said = collect(&service, &matter).code(0).stdout;
    assert!(said.contains("; 1 failed request kept\n"), "{said}");
    let opened = assert_whole(&service, &matter);
    let failures = opened.documents("failures");
    assert_eq!(failures.len(), 1, "{failures:?}");
    let failure = &failures[0];
    assert_eq!(failure["reason"], trace.reason);
    assert_eq!(failure["after_page"], 2);
    match trace.status {
        Some(status) => assert_eq!(failure["response"]["status"], status),
        None => assert_eq!(failure["response"], Value::Null),
    }
    assert!(failure["request"]["url"].as_str().unwrap().starts_with(&service.server.graph_url()));
    match failure["body"]["path"].as_str() {
        Some(path) => assert!(opened.text(path).contains(trace.body), "{}", opened.text(path)),
        None => assert_eq!(trace.body, "", "no body was kept"),
    }
}

#[test]
fn every_fault_told_here_is_one_of_the_simulator() {
    let known: Vec<&str> = FaultName::ALL.iter().map(|fault| fault.name()).collect();
    for trace in TRACES {
        let name = trace.fault.trim_end_matches("@3");
        assert!(known.contains(&name), "{name}");
    }
}

#[test]
fn an_answer_is_cut_in_the_middle() {
    survives("cut-body@3");
}

#[test]
fn the_token_expires_on_the_way() {
    survives("expire-token@3");
}

#[test]
fn a_proxy_answers_in_the_services_place() {
    survives("html-200@3");
}

#[test]
fn the_service_is_out_of_order_for_a_moment() {
    survives("http-503@3");
}

#[test]
fn the_gateway_gives_up() {
    survives("http-504@3");
}

#[test]
fn no_answer_comes() {
    survives("stall@3");
}

#[test]
fn the_service_throttles_for_no_visible_reason() {
    survives("throttled-once@3");
}

#[test]
fn everything_at_once() {
    let service =
        with_faults(&["throttled-once@2", "cut-body@4", "http-503@6", "expire-token@8", "html-200@10", "http-504@12"]);
    let matter = Matter::new();
    service.collect(&matter).set("--timeout", "5").code(0);
    let opened = assert_whole(&service, &matter);
    // Six at least: a token that is withdrawn may be under way in several requests.
    assert!(opened.documents("failures").len() >= 6);
}

#[test]
fn tokens_that_live_shorter_than_the_work() {
    let service = Service::with(600, |settings| settings.token_lifetime = Some(std::time::Duration::from_secs(2)));
    let matter = Matter::new();
    service.collect(&matter).set("--rate", "15/1").code(0);
    assert_whole(&service, &matter);
}

#[test]
fn a_service_that_shows_a_web_page_for_ever_leaves_a_gap_that_is_named() {
    // Six attempts with waits of 1, 2, 4, 8 and 16 seconds would be too long for a story: the person presses Ctrl-C, and seals
    // what is there.
    let service = with_faults(&["html-200"]);
    let matter = Matter::new();
    let mut running = collect(&service, &matter).set("--kind", "interactiveUser").without_flag("--quiet").start();
    let line = running.wait_for("not-a-page");
    assert!(line.contains("status 200, but the body is not a page of the log; asking again in 1 s"), "{line}");
    running.interrupt();
    assert_eq!(running.end().1, Some(4));
    let said = service.resume(&matter).arg("--seal-only").code(5);
    assert!(
        said.stderr.contains("\ngap: interactiveUser ") && said.stderr.contains(": failed: not-a-page: "),
        "{}",
        said.stderr
    );
    assert!(said.stdout.contains("\ncovered  with 1 gap, each named above and in the seal\n"), "{}", said.stdout);
    let opened = Opened::read(&matter.package());
    assert_eq!(opened.runs()[0]["state"], "failed");
    let said = service.verify(&matter, &matter.package()).code(0).stdout;
    assert!(said.contains("  note          coverage-gap  "), "{said}");
}
