//! Each fault as a client meets it, and all of them against a small client that makes no mistake.
//!
//! The client here is not the product's: it is the shortest reading of graph-api §10 that can be checked by eye, and shows
//! that each expectation can be met. What it cannot get it calls a gap; it never calls a window complete that is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    time::Duration,
};

use serde_json::Value;

use super::{
    super::{
        Kind, Settings,
        answer::{Answer, Ending},
        desk::{Desk, ORIGIN, header},
    },
    Expectation, Fault, FaultName, Nature,
};

const KIND: Kind = Kind::NonInteractiveUser;
const FROM: &str = "2026-11-12T00:00:00Z";
const TO: &str = "2026-11-13T00:00:00Z";

fn desk(faults: &[&str]) -> Desk {
    desk_with(faults, |_| {})
}

fn desk_with(faults: &[&str], change: impl FnOnce(&mut Settings)) -> Desk {
    Desk::open(|settings| {
        settings.records = 2_000;
        settings.page_limit = 12;
        settings.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        change(settings);
    })
}

/// The question the tests ask, and the truth about it.
fn question() -> String {
    format!(
        "/beta/auditLogs/signIns?$filter=createdDateTime ge {FROM} and createdDateTime lt {TO} and \
         signInEventTypes/any(t: t eq 'nonInteractiveUser')"
    )
}

fn truth(desk: &Desk) -> BTreeSet<String> {
    let truth = desk.service.tenant.ids_in(KIND, FROM.parse().unwrap(), TO.parse().unwrap());
    assert!(truth.len() > 15, "the window has {} records", truth.len());
    truth.into_iter().collect()
}

fn touched(desk: &Desk, name: FaultName) -> BTreeSet<String> {
    let touched = desk.service.tenant.touched(name, KIND, FROM.parse().unwrap(), TO.parse().unwrap());
    assert!(!touched.is_empty());
    touched.into_iter().collect()
}

/// Why a client gave up on a window.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Trouble {
    Gap(String),
    Stopped(String),
}

/// The records of one pass by id, each with its bytes as often as it came.
type Pass = Result<BTreeMap<String, Vec<Value>>, Trouble>;

/// Reads the window to its end, beginning anew when a chain dies.
fn read(desk: &mut Desk) -> Pass {
    let mut why = String::new();
    for _ in 0..4 {
        match chain(desk)? {
            Ok(records) => return Ok(records),
            Err(died) => why = died,
        }
    }
    Err(Trouble::Gap(why))
}

/// Follows one chain; the inner error says why it died.
fn chain(desk: &mut Desk) -> Result<Result<BTreeMap<String, Vec<Value>>, String>, Trouble> {
    let mut records: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let (mut links, mut last) = (BTreeSet::new(), BTreeSet::new());
    let mut link = question();
    loop {
        if !links.insert(link.clone()) {
            return Err(Trouble::Gap("the links go round".to_owned()));
        }
        let page = match page(desk, &link)? {
            Ok(page) => page,
            Err(died) => return Ok(Err(died)),
        };
        let mut ids = BTreeSet::new();
        for record in page["value"].as_array().unwrap() {
            let id = record["id"].as_str().unwrap().to_owned();
            records.entry(id.clone()).or_default().push(record.clone());
            ids.insert(id);
        }
        if ids.len() > 1 && ids == last {
            return Err(Trouble::Gap("a page came twice".to_owned()));
        }
        last = ids;
        let Some(next) = page["@odata.nextLink"].as_str() else { return Ok(Ok(records)) };
        let Some(path) = next.strip_prefix(ORIGIN).filter(|path| path.starts_with("/beta/auditLogs/")) else {
            return Err(Trouble::Gap(format!("a link leads to {next}")));
        };
        path.clone_into(&mut link);
    }
}

/// Asks for one page until it is there, or until asking is no use.
fn page(desk: &mut Desk, link: &str) -> Result<Result<Value, String>, Trouble> {
    let (path, query) = link.split_once('?').unwrap();
    let (mut denied, mut why, mut throttled) = (false, String::new(), false);
    let (mut tries, mut unlicensed) = (0, 0);
    while tries < 4 {
        tries += 1;
        let answer = desk.get_with(path, query, &[("accept-encoding", "identity")]);
        if let Some(page) = whole(&answer) {
            return Ok(Ok(page));
        }
        let status = answer.status.as_u16();
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let message = body["error"]["message"].as_str().unwrap_or_default();
        why = format!("{status} {message}");
        throttled = status == 429;
        match status {
            200 | 408 | 429 | 500..=599 => {}
            400 if message == "Unsupported Query" => {}
            400 if message.contains("skip token is null") => return Ok(Err(why)),
            401 if denied => return Err(Trouble::Stopped(why)),
            401 => {
                denied = true;
                renew(desk, &answer);
            }
            // The check fails nine times in ten for those who have a licence; it says nothing about the question.
            403 if message.contains("premium license") && unlicensed < 40 => {
                unlicensed += 1;
                tries -= 1;
            }
            403 => return Err(Trouble::Stopped(why)),
            _ => return Err(Trouble::Gap(why)),
        }
    }
    // A chain that is refused for ever may live on as a new one; nothing else does.
    if throttled { Ok(Err(why)) } else { Err(Trouble::Gap(why)) }
}

/// Returns the page of an answer that arrived whole and is one.
fn whole(answer: &Answer) -> Option<Value> {
    if answer.ending != Ending::Whole || answer.status != 200 || header(answer, "content-length").is_some() {
        return None;
    }
    let body = if header(answer, "content-encoding") == Some("gzip") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut plain).ok()?;
        plain
    } else {
        answer.body.to_vec()
    };
    serde_json::from_slice(&body).ok().filter(|page: &Value| page["value"].is_array())
}

fn renew(desk: &mut Desk, answer: &Answer) {
    let challenge = header(answer, "www-authenticate").unwrap_or_default();
    let claims = challenge.split_once("claims=\"").and_then(|(_, rest)| rest.split_once('"'));
    let claims = claims.map(|(claims, _)| data_encoding::BASE64.decode(claims.as_bytes()).unwrap());
    let claims = claims.map(|claims| String::from_utf8(claims).unwrap());
    let more: Vec<(&str, &str)> = claims.iter().map(|claims| ("claims", claims.as_str())).collect();
    desk.token = desk.log_in_with("https://graph.microsoft.com/.default", &more);
}

fn ids(pass: &Pass) -> BTreeSet<String> {
    pass.as_ref().unwrap().keys().cloned().collect()
}

#[test]
fn each_fault_alone_ends_as_its_expectation_says() {
    for name in FaultName::ALL.iter().copied().filter(|name| name.row().nature != Nature::Login) {
        let fault = Fault::usual(name);
        let mut desk = desk(&[&fault.to_string()]);
        let truth = truth(&desk);
        let first = read(&mut desk);
        let expected = fault.expectation();
        match (&first, expected) {
            (Ok(_), Expectation::Complete) => assert_eq!(ids(&first), truth, "{fault}"),
            (Ok(_), Expectation::DiffersOnSecondPass) => {
                let second = read(&mut desk);
                assert_ne!(first, second, "{fault}");
                let both: BTreeSet<String> = ids(&first).union(&ids(&second)).cloned().collect();
                assert_eq!(both, truth, "{fault}");
            }
            (Err(Trouble::Gap(_)), Expectation::Gap) | (Err(Trouble::Stopped(_)), Expectation::Stops) => {}
            // This one shows in what is missing, and a client knows it from the clock: see its own test.
            _ if expected == Expectation::RetentionPasses => {}
            _ => panic!("{fault} should end {expected:?}, and ended {:?}", first.map(|records| records.len())),
        }
    }
}

#[test]
fn no_pair_of_faults_lets_a_correct_client_believe_it_is_complete_when_it_is_not() {
    let names = || FaultName::ALL.iter().copied().filter(|name| name.row().nature != Nature::Login);
    // It is read off the clock, not off the answers.
    let names = || names().filter(|name| name.expectation() != Expectation::RetentionPasses);
    for (place, one) in names().enumerate() {
        for other in names().skip(place + 1) {
            // Two of these at one request are one: the first.
            if one.row().nature == other.row().nature && matches!(one.row().nature, Nature::Answer | Nature::Link) {
                continue;
            }
            let pair = [Fault::usual(one), Fault::usual(other)];
            let texts = pair.map(|fault| fault.to_string());
            let mut desk = desk_with(&[&texts[0], &texts[1]], |settings| {
                settings.records = 900;
                settings.page_limit = 4;
            });
            let truth = truth(&desk);
            let Ok(first) = read(&mut desk) else { continue };
            let mut seen: BTreeSet<String> = first.into_keys().collect();
            if pair.iter().any(|fault| fault.expectation() == Expectation::DiffersOnSecondPass) {
                for _ in 0..2 {
                    let Ok(again) = read(&mut desk) else { continue };
                    seen.extend(again.into_keys());
                }
                let vanish = pair.iter().any(|fault| fault.name == FaultName::Vanishing);
                let late = pair.iter().any(|fault| fault.name != FaultName::Vanishing && hides(fault.name));
                if vanish && late {
                    // What was hidden on the first pass and is gone on the second was never served.
                    let gone = touched(&desk, FaultName::Vanishing);
                    assert!(truth.difference(&seen).all(|id| gone.contains(id)), "{texts:?}");
                    continue;
                }
            }
            assert_eq!(seen, truth, "{texts:?}");
        }
    }
}

/// Says whether a fault keeps records back on the first pass.
fn hides(name: FaultName) -> bool {
    matches!(name, FaultName::LateArrival | FaultName::OmitAtBoundary | FaultName::SilentTruncation)
}

#[test]
fn silent_truncation_stops_at_another_point_each_run_and_not_on_the_second_pass() {
    let mut lengths = BTreeSet::new();
    for probes in 0..12 {
        let mut desk = desk(&["silent-truncation"]);
        // Earlier requests move the numbers on, as another run would.
        for _ in 0..probes {
            desk.beta("$top=1");
        }
        let first = ids(&read(&mut desk));
        assert!(first.len() < truth(&desk).len());
        lengths.insert(first.len());
        assert_eq!(ids(&read(&mut desk)), truth(&desk));
    }
    assert!(lengths.len() > 1, "{lengths:?}");
    let mut numbered = desk(&["silent-truncation@2"]);
    assert!(ids(&read(&mut numbered)).len() < 24);
}

#[test]
fn a_record_duplicated_at_each_boundary_is_the_last_and_then_the_first() {
    let mut desk = desk(&["duplicate-at-boundary"]);
    let records = read(&mut desk).unwrap();
    let twice = records.values().filter(|copies| copies.len() == 2).count();
    assert!(twice >= 3, "{twice}");
    assert!(records.values().all(|copies| copies.iter().all(|copy| *copy == copies[0])));
    assert_eq!(records.into_keys().collect::<BTreeSet<_>>(), truth(&desk));
}

#[test]
fn a_record_omitted_at_a_boundary_is_there_on_the_second_pass() {
    let mut desk = desk(&["omit-at-boundary"]);
    let (first, all) = (ids(&read(&mut desk)), truth(&desk));
    assert!(first.len() < all.len() && first.len() + 12 > all.len());
    assert_eq!(ids(&read(&mut desk)), all);
}

#[test]
fn late_records_arrive_with_the_second_pass_the_request_or_the_minutes_named() {
    let mut by_pass = desk(&["late-arrival"]);
    let (late, all) = (touched(&by_pass, FaultName::LateArrival), truth(&by_pass));
    let punctual: BTreeSet<String> = all.difference(&late).cloned().collect();
    assert_eq!(ids(&read(&mut by_pass)), punctual);
    assert_eq!(ids(&read(&mut by_pass)), all);
    let mut by_request = desk(&["late-arrival@3"]);
    let first = ids(&read(&mut by_request));
    assert!(first.len() > punctual.len() && first.len() < all.len());
    let mut by_minutes = desk(&["late-arrival@600m"]);
    assert_eq!(ids(&read(&mut by_minutes)), punctual);
    assert_eq!(ids(&read(&mut by_minutes)), punctual);
    // An hour a microsecond: the minutes are over before anybody asks.
    let mut at_once = desk_with(&["late-arrival@1m"], |settings| {
        settings.clock_rate = u32::MAX;
        settings.token_lifetime = Some(Duration::from_secs(u64::from(u32::MAX) * 4_000));
    });
    assert_eq!(ids(&read(&mut at_once)), all);
}

#[test]
fn mutated_records_keep_id_and_time_and_change_steps_details_and_risk() {
    let mut desk = desk(&["mutation"]);
    let (first, second) = (read(&mut desk).unwrap(), read(&mut desk).unwrap());
    let changed = touched(&desk, FaultName::Mutation);
    for (id, copies) in &first {
        let (before, after) = (&copies[0], &second[id][0]);
        assert_eq!(before != after, changed.contains(id));
        if changed.contains(id) {
            assert_eq!(before["createdDateTime"], after["createdDateTime"]);
            assert_ne!(before["authenticationDetails"], after["authenticationDetails"]);
            assert_ne!(before["status"]["additionalDetails"], after["status"]["additionalDetails"]);
            assert_ne!(before["riskState"], after["riskState"]);
            assert_ne!(before["riskDetail"], after["riskDetail"]);
        }
    }
    assert_eq!(Ok(second), read(&mut desk));
}

#[test]
fn vanished_records_were_served_once() {
    let mut desk = desk(&["vanishing"]);
    let (first, second) = (ids(&read(&mut desk)), ids(&read(&mut desk)));
    assert_eq!(first, truth(&desk));
    assert_eq!(first.difference(&second).cloned().collect::<BTreeSet<_>>(), touched(&desk, FaultName::Vanishing));
}

#[test]
fn the_retention_floor_moves_and_takes_records_with_it() {
    let desk = desk_with(&["retention-floor"], |settings| settings.page_limit = 1_000);
    let floor = |ordinal: u64| super::super::graph::retention_floor(&desk.service, ordinal).unwrap();
    assert!(floor(5) - floor(4) >= chrono::TimeDelta::minutes(59));
    // The oldest day of the log, oldest first: with every request less of it is there.
    let query = "$orderby=createdDateTime&$filter=createdDateTime ge 2026-10-19T12:00:00Z and createdDateTime \
                 le 2026-10-20T12:00:00Z and signInEventTypes/any(t: t ne 'x')";
    let (mut earliest, mut refused) = (String::new(), BTreeSet::new());
    for _ in 0..40 {
        let (status, page) = desk.beta(query);
        if status == 400 {
            refused.insert(page["error"]["message"].as_str().unwrap().to_owned());
        } else if let Some(time) = page["value"][0]["createdDateTime"].as_str() {
            assert!(earliest.as_str() <= time);
            time.clone_into(&mut earliest);
        }
    }
    assert!(earliest.as_str() > "2026-10-20T00:00:00Z", "{earliest}");
    let (_, page) = desk.beta(&query.replace("10-19T", "10-18T"));
    refused.insert(page["error"]["message"].as_str().unwrap().to_owned());
    let mut refused = refused.into_iter();
    assert_eq!(refused.next().as_deref(), Some("Invalid filter clause"));
    let text = refused.next().unwrap();
    assert!(text.contains("Minimum allowed time for createdDateTime is 10/2"), "{text}");
    assert!(text.contains("12:00:00 AM"), "{text}");
}

#[test]
fn a_sticky_429_does_not_pass_until_the_question_is_asked_anew() {
    let desk = desk(&["sticky-429"]);
    let (mut path, mut pages) = (question(), 0);
    let stuck = loop {
        let (at, query) = path.split_once('?').unwrap();
        let (status, page) = desk.get(at, query);
        if status == 429 {
            break path;
        }
        pages += 1;
        page["@odata.nextLink"].as_str().unwrap().strip_prefix(ORIGIN).unwrap().clone_into(&mut path);
    };
    assert_eq!(pages, 3);
    let (at, query) = stuck.split_once('?').unwrap();
    assert!((0..20).all(|_| desk.get(at, query).0 == 429));
    let mut desk = desk;
    assert_eq!(ids(&read(&mut desk)), truth(&desk));
}

#[test]
fn skip_tokens_are_lost_with_the_token_they_were_issued_to() {
    let mut desk = desk(&["skip-token-null"]);
    let (_, page) = desk.beta("$top=5");
    let query = page["@odata.nextLink"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
    assert_eq!(desk.beta(&query).0, 200);
    desk.token = desk.log_in("https://graph.microsoft.com/.default");
    for _ in 0..2 {
        let (status, page) = desk.beta(&query);
        assert_eq!((status, &page["error"]["message"]), (400, &"Invalid Skip Token, skip token is null".into()));
    }
    assert_eq!(desk.beta("$top=5").0, 200);
}

#[test]
fn links_lead_astray_as_their_fault_says() {
    let link = |fault: &str| {
        let desk = desk(&[fault]);
        let (_, page) = desk.beta("$top=5");
        (page["@odata.nextLink"].as_str().unwrap().to_owned(), desk)
    };
    assert!(link("next-link-foreign-host").0.starts_with("https://graph.elsewhere.example/beta/auditLogs/signins?"));
    assert!(link("next-link-http").0.starts_with("http://localhost:9/beta/"));
    assert!(link("next-link-other-port").0.starts_with("https://localhost:10/beta/"));
    assert!(link("empty-skip-token").0.ends_with("&$skiptoken="));
    assert_eq!(link("next-link-loop").0, format!("{ORIGIN}/beta/auditLogs/signIns?$top=5"));
    let (older, desk) = link("offset-skip-token");
    let token = older.split_once("$skiptoken=").unwrap().1;
    let (head, offset) = token.split_once('_').unwrap();
    assert_eq!((head.len(), offset), (32, "5"));
    assert_eq!(desk.beta(older.split_once('?').unwrap().1).0, 200);
    let (again, desk) = link("repeated-page@1");
    let values = |query: &str| {
        let (_, page) = desk.beta(query);
        let link = page["@odata.nextLink"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
        (page["value"].clone(), link)
    };
    let (repeated, on) = values(again.split_once('?').unwrap().1);
    let (following, _) = values(&on);
    assert_eq!(repeated.as_array().unwrap().len(), 5);
    assert_ne!(repeated, following);
}

#[test]
fn refusals_have_the_status_and_the_words_of_the_table() {
    let cases = [
        ("china-segment", 400, "BadRequest", "Resource not found for the segment 'signIns'."),
        ("http-400", 400, "BadRequest", "Invalid filter clause"),
        ("http-401-expired", 401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
        ("http-401-lifetime", 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
        (
            "http-403-licence",
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        ),
        (
            "http-403-permission",
            403,
            "Authentication_MSGraphPermissionMissing",
            "Calling principal does not have required MSGraph permissions AuditLog.Read.All",
        ),
        ("http-403-role", 403, "Authentication_RequestFromUnsupportedUserRole", "User is not in the allowed roles"),
        ("http-404", 404, "Request_ResourceNotFound", "Resource not found."),
        ("http-408", 408, "RequestTimeout", "The request timed out."),
        ("http-500", 500, "InternalServerError", "Encountered an internal server error."),
        ("http-503-no-retry-after", 503, "ServiceUnavailable", "Service unavailable."),
        ("http-504", 504, "UnknownError", ""),
        ("unsupported-query@1", 400, "UnknownError", "Unsupported Query"),
    ];
    for (fault, status, code, message) in cases {
        let desk = desk(&[fault]);
        let answer = desk.get_with("/beta/auditLogs/signIns", "", &[]);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let error = &body["error"];
        assert_eq!(
            (answer.status.as_u16(), &error["code"], &error["message"]),
            (status, &code.into(), &message.into())
        );
        assert_eq!(header(&answer, "retry-after"), None);
        assert_eq!(header(&answer, "www-authenticate").is_some(), status == 401);
    }
}

#[test]
fn waits_are_told_in_seconds_as_a_date_or_not_at_all() {
    let told = |fault: &str| {
        let answer = desk(&[fault, "skewed-date"]).get_with("/beta/auditLogs/signIns", "", &[]);
        (answer.status.as_u16(), header(&answer, "retry-after").map(str::to_owned))
    };
    assert_eq!(told("http-429"), (429, Some("1".to_owned())));
    assert_eq!(told("http-429-no-retry-after"), (429, None));
    assert_eq!(told("http-503"), (503, Some("2".to_owned())));
    let (status, date) = told("http-429-http-date");
    assert_eq!(status, 429);
    // By the server's clock, which is seven minutes ahead.
    assert!(date.as_deref().unwrap().starts_with("Wed, 18 Nov 2026 12:07:0"), "{date:?}");
}

#[test]
fn answers_that_are_not_the_services_own_look_like_it() {
    let answer = |fault: &str| desk(&[fault]).get_with("/beta/auditLogs/signIns", "$top=1", &[]);
    let html = answer("html-200");
    assert_eq!((html.status.as_u16(), header(&html, "content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(answer("empty-200").body.is_empty());
    let prose = answer("not-json-200");
    assert!(header(&prose, "content-type").unwrap().starts_with("application/json"));
    assert!(serde_json::from_slice::<Value>(&prose.body).is_err());
    assert_eq!(answer("http-502").status, 502);
    let elsewhere = answer("redirect");
    assert_eq!(elsewhere.status, 302);
    assert!(header(&elsewhere, "location").unwrap().starts_with("https://graph.elsewhere.example/beta/"));
}

#[test]
fn a_flaky_licence_check_passes_one_call_in_ten_unless_the_directory_may_be_read() {
    let flaky = desk(&["licence-flaky"]);
    assert_eq!((0..20).filter(|_| flaky.beta("$top=1").0 == 200).count(), 2);
    let granted = desk_with(&["licence-flaky"], |settings| {
        settings.tenant.permissions.push("Directory.Read.All".to_owned());
    });
    assert!((0..20).all(|_| granted.beta("$top=1").0 == 200));
}

#[test]
fn a_challenge_is_met_only_by_a_token_asked_for_with_its_claims() {
    let mut desk = desk(&["claims-challenge"]);
    let answer = desk.get_with("/beta/auditLogs/signIns", "$top=1", &[]);
    assert_eq!(answer.status, 401);
    assert!(header(&answer, "www-authenticate").unwrap().contains("error=\"insufficient_claims\", claims=\""));
    desk.token = desk.log_in("https://graph.microsoft.com/.default");
    assert_eq!(desk.beta("$top=1").0, 401);
    renew(&mut desk, &answer);
    assert_eq!(desk.beta("$top=1").0, 200);
}

#[test]
fn shapes_change_what_a_page_looks_like_and_not_what_it_says() {
    let plain = desk(&[]);
    let (_, expected) = plain.get("/v1.0/auditLogs/signIns", "$top=12");
    let ids = |page: &Value| -> Vec<Value> {
        page["value"].as_array().unwrap().iter().map(|record| record["id"].clone()).collect()
    };
    let packed = desk(&["gzip-anyway"]);
    let answer = packed.get_with("/v1.0/auditLogs/signIns", "$top=12", &[("accept-encoding", "identity")]);
    assert_eq!(header(&answer, "content-encoding"), Some("gzip"));
    assert_eq!(ids(&whole(&answer).unwrap()).len(), ids(&expected).len());
    let extra = desk(&["unknown-extra-properties"]);
    let (_, page) = extra.get("/v1.0/auditLogs/signIns", "$top=12");
    assert!(page["@odata.unknown"]["value"].is_array());
    assert!(page["value"].as_array().unwrap().iter().all(|record| record["futureFlags"] == "alpha,beta"));
    let mixed = desk(&["mixed-times"]);
    let (_, page) = mixed.beta("$top=12");
    let fractions = page["value"].as_array().unwrap().iter();
    let fractions = fractions.filter(|record| record["createdDateTime"].as_str().unwrap().len() == 28).count();
    assert!((1..12).contains(&fractions), "{fractions}");
    let skewed = desk(&["skewed-date"]).get_with("/v1.0/auditLogs/signIns", "$top=1", &[]);
    assert!(header(&skewed, "date").unwrap().starts_with("Wed, 18 Nov 2026 12:07:"));
}

#[test]
fn counts_disagree_or_are_absent_when_told_to() {
    let sum = |desk: &Desk| {
        let (_, page) = desk.get("/beta/auditLogs/signInEventsSummary", "$top=100");
        page["value"].as_array().map(|rows| rows.iter().map(|row| row["signInCount"].as_u64().unwrap()).sum::<u64>())
    };
    let settings = |settings: &mut Settings| settings.page_limit = 100;
    let (right, wrong) = (desk_with(&[], settings), desk_with(&["summary-disagrees"], settings));
    assert!(sum(&wrong).unwrap() > sum(&right).unwrap());
    let absent = desk(&["summary-absent"]);
    assert_eq!(absent.get("/beta/auditLogs/signInEventsSummary", "").0, 400);
    let path = "/beta/auditLogs/getSummarizedMSISignIns(aggregationWindow='d1')";
    assert_eq!(absent.get(path, "").0, 404);
}
