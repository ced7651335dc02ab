//! The questions asked of the simulated tenant: the planted story is found, and days without it yield little.
//!
//! Records come straight from the tenant, without a package; `tests/stories/triage.rs` goes through the program.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use crate::codec::sign_in::SignIn;
use crate::format::kind::Kind;
use crate::report::triage::Inquiry;
use crate::report::triage::event::{Event, Place};
use crate::report::triage::question::Draft;
use crate::simulate::{self, Plot, Tenant};

/// Asks all questions of a tenant's records, without those that `leave` names.
fn ask(tenant: &Tenant, leave: &BTreeSet<String>) -> (Vec<Draft>, BTreeMap<Place, String>) {
    let kinds = [
        (simulate::Kind::InteractiveUser, Kind::InteractiveUser),
        (simulate::Kind::NonInteractiveUser, Kind::NonInteractiveUser),
        (simulate::Kind::ServicePrincipal, Kind::ServicePrincipal),
        (simulate::Kind::ManagedIdentity, Kind::ManagedIdentity),
    ];
    let (mut events, mut ids) = (Vec::new(), BTreeMap::new());
    for (page, (theirs, ours)) in (1..).zip(kinds) {
        for element in 0..tenant.total(theirs) {
            let record = tenant.record_json(theirs, element).unwrap();
            let sign_in = SignIn::read(&record).unwrap();
            let id = sign_in.id.as_deref().unwrap().to_owned();
            if !leave.contains(&id) {
                let place = Place { page, element };
                events.push(Event::at(place, ours, sign_in.created.as_deref().unwrap(), &sign_in).unwrap());
                ids.insert(place, id);
            }
        }
    }
    events.sort();
    let mut inquiry = Inquiry::new();
    for event in &events {
        inquiry.networks.take(event);
    }
    for event in &events {
        inquiry.take(event);
    }
    (inquiry.answer(), ids)
}

fn tenant(seed: u64, records: u64) -> Tenant {
    Tenant::new(seed, records, "2026-11-18T00:00:00Z".parse().unwrap(), 30)
}

/// Returns how many sightings each question has; the plain figures are none.
fn sightings(drafts: &[Draft]) -> BTreeMap<&'static str, u64> {
    let count = |draft: &Draft| draft.sightings.beyond + draft.sightings.listed.len() as u64;
    let patterns = drafts.iter().filter(|draft| draft.question != "result-codes");
    patterns.map(|draft| (draft.question, count(draft))).filter(|(_, count)| *count > 0).collect()
}

/// Asks all questions of records that a test wrote, in order of time; each is kind, time, and the rest of its members.
fn ask_of(records: &[(Kind, i64, String)]) -> BTreeMap<&'static str, Draft> {
    let mut events: Vec<Event> = (0..)
        .zip(records)
        .map(|(element, (kind, second, members))| {
            let record = format!("{{{members}}}");
            let sign_in = SignIn::read(record.as_bytes()).unwrap();
            let time = DateTime::from_timestamp(BEGIN + second, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string();
            Event::at(Place { page: 1, element }, *kind, &time, &sign_in).unwrap()
        })
        .collect();
    events.sort();
    let mut inquiry = Inquiry::new();
    for event in &events {
        inquiry.networks.take(event);
    }
    for event in &events {
        inquiry.take(event);
    }
    inquiry.answer().into_iter().map(|draft| (draft.question, draft)).collect()
}

/// The members that most questions ask.
fn members(user: &str, address: &str, network: u32, country: &str, code: u32) -> String {
    format!(
        r#""userId":"{user}","ipAddress":"{address}","autonomousSystemNumber":{network},"location":{{"countryOrRegion":"{country}"}},"status":{{"errorCode":{code}}},"appId":"mail""#
    )
}

/// The elements that the first sighting cites, and what it says.
fn first(draft: &Draft) -> (Vec<u64>, &str) {
    let found = draft.sightings.listed.first().unwrap();
    (found.places.listed.iter().map(|place| place.element).collect(), &found.says)
}

#[test]
fn every_record_of_the_planted_story_is_cited_by_the_question_about_it() {
    for seed in [1, 7, 42] {
        let tenant = tenant(seed, RECORDS);
        let (drafts, ids) = ask(&tenant, &BTreeSet::new());
        let cited: BTreeMap<&str, BTreeSet<&str>> = drafts
            .iter()
            .map(|draft| {
                let places = draft.sightings.listed.iter().flat_map(|found| &found.places.listed);
                (draft.question, places.map(|place| ids[place].as_str()).collect())
            })
            .collect();
        for event in tenant.story() {
            let question = match event.plot {
                Plot::ImpossibleTravel => "impossible-travel",
                Plot::MfaFatigue => "mfa-fatigue",
                Plot::PasswordSpray => "password-spray",
                Plot::StolenToken => "session-countries",
            };
            // Between the two ends of the journey the person may have signed in at home once more.
            let is_home_end = event.plot == Plot::ImpossibleTravel && event.address != journey_end(&tenant);
            assert!(
                cited[question].contains(event.id.as_str()) || is_home_end,
                "seed {seed}: {question} does not cite {event:?}"
            );
        }
    }
}

fn journey_end(tenant: &Tenant) -> &str {
    let mut journey = tenant.story().iter().filter(|event| event.plot == Plot::ImpossibleTravel);
    &journey.next_back().unwrap().address
}

#[test]
fn days_without_the_story_yield_little() {
    for seed in [1, 7, 42] {
        let tenant = tenant(seed, RECORDS);
        let story: BTreeSet<String> = tenant.story().iter().map(|event| event.id.clone()).collect();
        let (drafts, _) = ask(&tenant, &story);
        let sightings = sightings(&drafts);
        assert!(sightings.values().sum::<u64>() <= 2, "seed {seed}: {sightings:?}");
    }
}

#[test]
fn many_wrong_passwords_and_then_the_right_one() {
    let wrong = |second| (INTERACTIVE, second, members("a", "192.0.2.9", 1, "NL", 50_126));
    let mut records: Vec<_> = (0..12).map(|number| wrong(number * 60)).collect();
    records.push((INTERACTIVE, 800, members("a", "192.0.2.9", 1, "NL", 0)));
    records.extend((0..9).map(|number| (INTERACTIVE, number * 60, members("b", "192.0.2.9", 1, "NL", 50_126))));
    let answers = ask_of(&records);
    let (places, says) = first(&answers["brute-force"]);
    assert_eq!(places, (0..=12).collect::<Vec<u64>>());
    assert_eq!(
        says,
        "12 failures on the password from 1 address within 11 min; a success from an address with such a failure before, 2 min after the failure before it."
    );
    assert_eq!(answers["brute-force"].sightings.listed.len(), 1, "nine are too few");
    assert_eq!(answers["password-spray"].sightings.listed.len(), 0, "two accounts are no spray");
}

#[test]
fn a_success_amid_failures_is_told_by_the_failure_before_it_and_failures_by_what_they_are_on() {
    let tried = |second, address: &str, code| (INTERACTIVE, second, members("a", address, 1, "NL", code));
    let mut records: Vec<_> = (0..10).map(|number| tried(number * 60, "192.0.2.9", 50_126)).collect();
    records.push(tried(545, "192.0.2.10", 0));
    let locked = [50_053, 50_053, 50_053, 50_057, 50_034];
    records.extend((20..25).zip(locked).map(|(number, code)| tried(number * 60, "192.0.2.10", code)));
    let answers = ask_of(&records);
    assert_eq!(
        first(&answers["brute-force"]).1,
        "15 failures, of which 10 on the password and 5 on an account that is unknown, locked or disabled, from 2 addresses within 24 min; \
         a success from an address without such a failure before, 5 s after the failure before it."
    );
    assert!(answers["brute-force"].rule.contains("unknown, locked or disabled"), "{}", answers["brute-force"].rule);
}

#[test]
fn a_spray_that_finds_a_password_cites_the_success() {
    let tried = |number: i64| (INTERACTIVE, number, members(&format!("u{number}"), "192.0.2.9", 1, "NL", 50_126));
    let mut records: Vec<_> = (0..50).map(tried).collect();
    records.push((INTERACTIVE, 3_000, members("u7", "192.0.2.9", 1, "NL", 0)));
    records.push((INTERACTIVE, 3_001, members("u8", "192.0.2.10", 1, "NL", 0)));
    let answers = ask_of(&records);
    let (places, says) = first(&answers["password-spray"]);
    assert!(places.contains(&50) && !places.contains(&51) && places.len() == 40);
    assert_eq!(
        says,
        "50 failures on 50 accounts within 49 s; 1 of these accounts succeeded from the same address during the spray or within a day after it."
    );
}

#[test]
fn an_office_behind_one_address_on_a_monday_is_no_spray() {
    let at_nine = |number: i64| {
        let user = format!("u{number}");
        let wrong = (INTERACTIVE, 20 * number, members(&user, "192.0.2.9", 1, "NL", 50_126));
        let right = (INTERACTIVE, 20 * number + 9, members(&user, "192.0.2.9", 1, "NL", 0));
        [wrong, right]
    };
    let answers = ask_of(&(0..40).flat_map(at_nine).collect::<Vec<_>>());
    assert_eq!(answers["password-spray"].sightings.listed.len(), 0);
    assert_eq!(answers["password-spray"].counted[0].number, 1);
}

#[test]
fn refusals_with_a_success_between_them_are_no_fatigue() {
    let refused = |second| (INTERACTIVE, second, members("a", "192.0.2.9", 1, "NL", 500_121));
    let done = |second| (INTERACTIVE, second, members("a", "192.0.2.9", 1, "NL", 0));
    let answers = ask_of(&[
        refused(0),
        refused(60),
        done(120),
        refused(180),
        done(240),
        refused(5_000),
        refused(9_000),
        refused(13_000),
    ]);
    assert_eq!(answers["mfa-fatigue"].sightings.listed.len(), 0);
    assert_eq!(answers["mfa-fatigue"].counted[0].number, 6);
    let answers = ask_of(&[refused(0), refused(60), refused(120)]);
    assert!(
        first(&answers["mfa-fatigue"]).1.ends_with("no interactive success within an hour after the last of them.")
    );
}

#[test]
fn one_session_with_two_user_agents_is_a_break_unless_only_numbers_or_only_the_program_differ() {
    let record = |second, session: &str, address: &str, agent: &str| {
        let rest = members("a", address, 1, "NL", 0);
        (NON_INTERACTIVE, second, format!(r#"{rest},"sessionId":"{session}","userAgent":"{agent}""#))
    };
    let answers = ask_of(&[
        record(0, "s", "192.0.2.1", "Edge/142.0 Windows"),
        record(1, "s", "192.0.2.2", "Edge/143.1 Windows"),
        record(2, "s", "192.0.2.1", "Teams/1.2"),
        record(3, "s", "198.51.100.1", "curl/8"),
        record(4, "t", "198.51.100.1", "curl/8"),
    ]);
    assert_eq!(first(&answers["session-agents"]).0, [0, 3]);
    assert_eq!((answers["session-agents"].sightings.listed.len(), answers["session-agents"].counted[0].number), (1, 1));
}

#[test]
fn legacy_authentication_is_listed_by_account_when_it_succeeds() {
    let record =
        |user, code| (INTERACTIVE, 0, members(user, "192.0.2.1", 1, "NL", code) + r#","clientAppUsed":"IMAP4""#);
    let answers = ask_of(&[record("a", 50_126), record("a", 0), record("b", 50_126)]);
    let (places, says) = first(&answers["legacy-authentication"]);
    assert_eq!((places, says), (vec![1], "1 successful sign-in by legacy authentication, 1 that failed."));
    assert_eq!(answers["legacy-authentication"].counted[0].number, 2);
}

#[test]
fn a_new_country_needs_something_to_be_new_against() {
    let day =
        |number: i64, network, country| (INTERACTIVE, number * 86_400, members("a", "192.0.2.1", network, country, 0));
    let mut records: Vec<_> = (0..5).map(|number| day(number, 1, "NL")).collect();
    records.extend([day(6, 2, "BR"), day(7, 2, "BR"), day(8, 1, "NL")]);
    let answers = ask_of(&records);
    assert_eq!(
        first(&answers["new-countries"]),
        (vec![5, 6], "After 5 successes in one country, 2 from a country in which this package has none before.")
    );
    let few: Vec<_> = records.split_off(3);
    assert_eq!(ask_of(&few)["new-countries"].sightings.listed.len(), 0);
}

#[test]
fn a_service_principal_that_moves_is_listed_and_one_that_changes_its_address_is_not() {
    let record = |second, address: &str, network| {
        let members = format!(
            r#""servicePrincipalId":"p","ipAddress":"{address}","autonomousSystemNumber":{network},"status":{{"errorCode":0}}"#
        );
        (Kind::ServicePrincipal, second, members)
    };
    let mut records: Vec<_> = (0..10).map(|second| record(second, "192.0.2.1", 1)).collect();
    records.extend([record(20, "192.0.2.2", 1), record(30, "203.0.113.1", 2), record(31, "203.0.113.1", 2)]);
    let answers = ask_of(&records);
    assert_eq!(
        first(&answers["service-principals"]),
        (vec![11, 12], "After 11 sign-ins from one network, 2 from a network from which this package has none before.")
    );
    assert_eq!(answers["service-principals"].counted[0].number, 1);
}

#[test]
fn an_application_used_late_and_by_few_is_a_first_use() {
    let use_of = |day: i64, user: &str, application: &str| {
        (INTERACTIVE, day * 86_400, members(user, "192.0.2.1", 1, "NL", 0).replace("mail", application))
    };
    let mut records =
        vec![use_of(0, "a", "mail"), use_of(9, "a", "phish"), use_of(9, "b", "phish"), use_of(10, "a", "mail")];
    records.extend(["a", "b", "c", "d"].map(|user| use_of(9, user, "rollout")));
    let answers = ask_of(&records);
    assert_eq!(
        first(&answers["first-use"]),
        (vec![1, 2], "First seen 9 days after the package's earliest sign-in: 2 successful sign-ins of 2 accounts.")
    );
    assert_eq!(answers["first-use"].sightings.listed.len(), 1);
    let short = ask_of(&[use_of(0, "a", "mail"), use_of(2, "a", "phish")]);
    assert_eq!((short["first-use"].sightings.listed.len(), short["first-use"].limits.len()), (0, 1));
}

#[test]
fn one_account_at_many_places_is_one_sighting() {
    let at = |second, longitude| {
        let coordinates = format!(r#""geoCoordinates":{{"latitude":10,"longitude":{longitude}}},"#);
        (
            INTERACTIVE,
            second,
            members("a", "192.0.2.1", 1, "NL", 0).replace("\"location\":{", &format!("\"location\":{{{coordinates}")),
        )
    };
    let answers = ask_of(&[at(0, 0), at(60, 90), at(120, 0), at(90_000, 1), at(180_000, 90), at(180_001, 0)]);
    let travel = &answers["impossible-travel"];
    assert_eq!((travel.sightings.listed.len(), first(travel).0), (1, vec![0, 1, 2, 4, 5]));
    assert!(first(travel).1.starts_with("3 journeys between"), "{}", first(travel).1);
}

#[test]
fn a_sighting_without_room_is_one_however_long_it_goes_on() {
    const EACH: i64 = 1_010;
    let failed =
        |second, user: String, address: String, code| (INTERACTIVE, second, members(&user, &address, 1, "NL", code));
    let mut records = Vec::new();
    for number in 0..EACH {
        let at = |second, kind, network, country, agent: &str, longitude| {
            let coordinates = format!(r#""geoCoordinates":{{"latitude":10,"longitude":{longitude}}},"#);
            let rest = members(&format!("u{number}"), &format!("2001:db8:{network:x}::1"), network, country, 0);
            let rest = rest.replace("\"location\":{", &format!("\"location\":{{{coordinates}"));
            (kind, second, format!(r#"{rest},"sessionId":"s{number}","userAgent":"{agent}""#))
        };
        records.push(at(0, INTERACTIVE, 1, "NL", "Edge", 0));
        let elsewhere = u32::try_from(number).unwrap() + 2;
        let journeys = [(60, 90), (120, 1), (180, 90)];
        records.extend(journeys.map(|(second, east)| at(second, NON_INTERACTIVE, elsewhere, "BR", "curl", east)));
        let of_address = |failure| failed(failure, format!("v{number}-{failure}"), format!("v{number}"), 50_126);
        records.extend((0..12).map(of_address));
        records.extend((0..20).map(|failure| failed(failure, format!("w{number}"), format!("w{number}"), 50_126)));
        records.extend((0..6).map(|refusal| failed(refusal, format!("x{number}"), format!("x{number}"), 500_121)));
    }
    let answers = ask_of(&records);
    for question in [
        "session-agents",
        "session-countries",
        "token-replay",
        "impossible-travel",
        "password-spray",
        "brute-force",
        "mfa-fatigue",
    ] {
        let sightings = &answers[question].sightings;
        let all = i64::try_from(sightings.beyond).unwrap() + i64::try_from(sightings.listed.len()).unwrap();
        assert_eq!(all, EACH, "{question}");
    }
    assert_eq!(answers["mfa-fatigue"].counted[0].number, 0, "all refusals are in bursts");
}

#[test]
fn an_account_in_more_countries_than_are_remembered_arrives_in_no_further_one_twice() {
    let at = |day: i64, country: &str| {
        let network = u32::try_from(day).unwrap() + 2;
        (INTERACTIVE, day * 86_400, members("a", "192.0.2.1", network, country, 0))
    };
    let mut records: Vec<_> = (0..6).map(|day| at(day, "NL")).collect();
    records.extend((6..46).map(|day| at(day, &format!("C{day}"))));
    records.extend((46..60).map(|day| at(day, "XX")));
    assert_eq!(ask_of(&records)["new-countries"].sightings.beyond, 6, "31 arrivals, of which 25 are listed");
}

/// 6,000 records: each of 576 people signs in some eight times.
const RECORDS: u64 = 6_000;
const INTERACTIVE: Kind = Kind::InteractiveUser;
const NON_INTERACTIVE: Kind = Kind::NonInteractiveUser;
/// 2026-11-01T00:00:00Z.
const BEGIN: i64 = 1_793_491_200;
