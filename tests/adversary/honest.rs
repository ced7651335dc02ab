//! Nobody attacks: what a good package gets, from readers who trust more or less.

use std::io::Cursor;

use signhold::verify::{CheckOutcome, Options, Outcome, Step, Trust, inspect, verify, verify_and_keep};

use crate::package::{Draft, FROM, GRAPH, KIND, PEER, TO, element, first_url, page, run};
use crate::{codes, expect_valid, other_fingerprint, pinned, report_on};

/// FORMAT §13. The reader has the operator's fingerprint.
#[test]
fn a_good_package_with_the_right_key_is_valid() {
    let report = report_on(&Draft::good().build().zip(), pinned());
    assert_eq!(codes(&report), ["timestamp-absent"]);
    assert_eq!(report.outcome, Outcome::Valid);
    assert!(report.checks.iter().all(|check| check.outcome == CheckOutcome::Passed), "{:#?}", report.checks);
    let facts = &report.facts;
    assert_eq!((facts.counts.pages, facts.counts.records, facts.counts.inside), (2, 3, 3));
    assert_eq!(facts.simulated, Some(false));
    assert!(facts.signer_trusted && facts.counts_computed);
}

/// FORMAT §12.4. A key inside a package proves nothing.
#[test]
fn a_good_package_without_a_key_is_indeterminate() {
    let report = report_on(&Draft::good().build().zip(), Trust::default());
    assert_eq!(codes(&report), ["signer-not-established", "timestamp-absent"]);
    assert_eq!(report.outcome, Outcome::Indeterminate);
    let signer = report.checks.iter().find(|check| check.step == Step::Signer).unwrap();
    assert_eq!(signer.outcome, CheckOutcome::NotChecked);
    assert_eq!(signer.reason.as_deref(), Some("the reader named no key"));
}

/// FORMAT §12.4. The package is whole, and somebody else's.
#[test]
fn a_good_package_with_the_wrong_key_is_invalid() {
    let trust = Trust { keys: vec![other_fingerprint()], ..Trust::default() };
    let report = report_on(&Draft::good().build().zip(), trust);
    assert_eq!(codes(&report), ["signer-mismatch", "timestamp-absent"]);
    assert_eq!(report.outcome, Outcome::Invalid);
}

/// FORMAT §12.12. A reader who requires a time stamp does not get VALID without one.
#[test]
fn a_required_time_stamp_that_is_absent_is_indeterminate() {
    let trust = Trust { require_timestamp: true, ..pinned() };
    let report = report_on(&Draft::good().build().zip(), trust);
    assert_eq!(codes(&report), ["timestamp-absent"]);
    assert_eq!(report.outcome, Outcome::Indeterminate);
}

/// The same findings, however many threads.
#[test]
fn threads_change_nothing_but_time() {
    let mut draft = Draft::good();
    let mut url = first_url(GRAPH, KIND, FROM, TO);
    draft.pages = (1..=40_u64)
        .map(|number| {
            let next = format!("{}&$skiptoken={number}", first_url(GRAPH, KIND, FROM, TO));
            let time = format!("2026-11-01T{:02}:00:00Z", number % 24);
            let link = (number < 40).then_some(next.as_str());
            let mut page = page(number, &url, link, vec![element(&number.to_string(), &time)]);
            page.started = "2026-11-22T06:05:00.000Z".to_owned();
            page.finished = "2026-11-22T06:05:01.000Z".to_owned();
            url = next.clone();
            page
        })
        .collect();
    let mut files = draft.build();
    expect_valid(&files, &[]);
    files.set("data/pages/000007.json", "{}");
    files.set("data/pages/000030.json", "{}");
    let archive = files.zip();
    let reports: Vec<String> = [1, 2, 5]
        .into_iter()
        .map(|threads| {
            let options = Options { trust: pinned(), threads, ..Options::default() };
            serde_json::to_string(&verify(Cursor::new(&archive), &options).unwrap()).unwrap()
        })
        .collect();
    assert!(reports.iter().all(|report| *report == reports[0]));
    assert!(reports[0].contains("\"outcome\":\"INVALID\""));
}

/// A quick look is never VALID, and says what it did not read.
#[test]
fn a_quick_verification_says_what_was_not_read() {
    let archive = Draft::with_failure().build().zip();
    let options = Options { trust: pinned(), quick: true, ..Options::default() };
    let report = verify(Cursor::new(&archive), &options).unwrap();
    assert_eq!(report.outcome, Outcome::Indeterminate);
    assert_eq!(codes(&report), ["timestamp-absent"]);
    let unread: Vec<u8> = report
        .checks
        .iter()
        .filter(|check| check.outcome == CheckOutcome::NotChecked)
        .map(|check| check.number)
        .collect();
    assert_eq!(unread, [1, 2, 6, 7, 8, 9, 10, 13]);
}

/// A quick look still sees a changed byte anywhere before the seal: the archive digest is in the seal.
#[test]
fn a_quick_verification_sees_a_changed_page() {
    let good = Draft::good().build();
    let mut files = good.clone();
    files.replace("data/pages/000002.json", "\"c\"", "\"x\"");
    let options = Options { trust: pinned(), quick: true, ..Options::default() };
    let report = verify(Cursor::new(files.zip()), &options).unwrap();
    assert_eq!(report.outcome, Outcome::Invalid);
    assert!(codes(&report).contains(&"seal-archive-digest-mismatch"));
}

/// Facts without a verdict.
#[test]
fn inspect_says_what_is_in_a_package() {
    let facts = inspect(Cursor::new(Draft::good().build().zip())).unwrap();
    assert_eq!(facts.package.unwrap().as_str(), "ACME-1_20261122T060400Z-1a2b3c4d");
    assert_eq!((facts.counts.records, facts.counts_computed, facts.signer_trusted), (3, false, false));
}

/// What is read through the token is what was verified; an INVALID or quick one gives no token.
#[test]
fn only_an_intact_package_can_be_read_again() {
    let files = Draft::good().build();
    let options = Options { trust: pinned(), threads: 1, ..Options::default() };
    let (_, token) = verify_and_keep(Cursor::new(files.zip()), &options).unwrap();
    let mut token = token.expect("a good package");
    assert_eq!(token.paths().count(), files.files.len());
    for file in &files.files {
        assert_eq!(token.read(&file.path).unwrap(), file.bytes, "{}", file.path);
    }
    assert!(token.read("data/pages/000003.json").is_err());
    let mut bad = files.clone();
    bad.set("README.txt", "x");
    assert!(verify_and_keep(Cursor::new(bad.zip()), &options).unwrap().1.is_none());
    let quick = Options { quick: true, ..options };
    assert!(verify_and_keep(Cursor::new(files.zip()), &quick).unwrap().1.is_none());
}

/// FORMAT §6.3: a request that failed and was repeated.
#[test]
fn a_failure_that_was_repeated_is_no_finding() {
    expect_valid(&Draft::with_failure().build(), &[]);
}

/// FORMAT §9: nothing was asked, nothing came, and that is said.
#[test]
fn a_package_without_pages_names_the_gap() {
    let mut draft = Draft::good();
    draft.pages.clear();
    let mut gap = run("not_asked", Some("the operator stopped"));
    gap.number = 0;
    draft.runs = vec![gap];
    let mut files = draft.build();
    // The builder counts the head from the first page; without pages it is genesis.
    let genesis = crate::package::hex_digest(files.bytes("data/genesis.json"));
    let head = format!("\"head\":{{\"sequence\":0,\"sha256\":\"{genesis}\"}}");
    assert!(String::from_utf8_lossy(files.bytes("seal/seal.json")).contains(&head));
    expect_valid(&files, &["coverage-gap"]);
    files.set("README.txt", "");
}

/// FORMAT §7.1: what cannot be cut is kept whole, and said.
#[test]
fn a_page_that_cannot_be_cut_is_kept_and_named() {
    let mut draft = Draft::good();
    draft.pages[1].body = Some(b"<html>gateway time-out</html>".to_vec());
    draft.pages[1].opaque = true;
    draft.pages[1].headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    draft.runs = vec![run("failed", Some("the second page is not one of the log"))];
    expect_valid(&draft.build(), &["page-opaque", "coverage-gap"]);
}

/// FORMAT §7.1: an archive in a page is bytes like any other; nothing opens it.
#[test]
fn an_archive_in_a_page_is_never_opened() {
    let mut draft = Draft::good();
    draft.pages[1].body = Some(Draft::good().build().zip());
    draft.pages[1].opaque = true;
    draft.pages[1].headers = vec![("content-type".to_owned(), "application/zip".to_owned())];
    draft.runs = vec![run("failed", Some("the second page is not one of the log"))];
    expect_valid(&draft.build(), &["page-opaque", "coverage-gap"]);
}

/// FORMAT §7.1: bodies that readers differ about stay whole, whatever the status said.
#[test]
fn a_body_that_is_not_a_page_of_records_is_kept_whole() {
    for body in [
        &b"\xef\xbb\xbf{\"value\":[]}"[..],
        b"{\"value\":[\"\xff\"]}",
        b"{\"error\":{\"code\":\"UnknownError\",\"message\":\"\"}}",
        b"{\"value\":{}}",
        b"{\"value\":[]}{\"value\":[]}",
        b"",
    ] {
        let mut draft = Draft::good();
        draft.pages[1].body = Some(body.to_vec());
        draft.pages[1].opaque = true;
        draft.runs = vec![run("failed", Some("the second page cannot be cut"))];
        expect_valid(&draft.build(), &["page-opaque", "coverage-gap"]);
    }
}

/// FORMAT §7.1: what looks like a second list lies deeper, or in a string, and is nobody's.
#[test]
fn only_the_outermost_value_is_cut() {
    let mut draft = Draft::good();
    let decoy = "{\"id\":\"c\",\"value\":[{\"id\":\"x\"}],\"note\":\"\\\"value\\\":[1,2]\"}";
    draft.pages[1].body = Some(format!("{{\"a\":{{\"value\":[1]}},\"value\": [\n {decoy} \n]}}").into_bytes());
    draft.pages[1].elements = vec![(decoy.to_owned(), None)];
    expect_valid(&draft.build(), &[]);
}

/// FORMAT §9: a run whose last page still leads on has not ended; said so, it is a named gap.
#[test]
fn an_open_run_that_is_said_to_have_failed_is_a_named_gap() {
    let mut draft = Draft::good();
    draft.pages.truncate(1);
    draft.runs = vec![run("failed", Some("the service closed the connection"))];
    expect_valid(&draft.build(), &["coverage-gap"]);
}

/// FORMAT §7.1: a coded body is kept coded and cut decoded.
#[test]
fn a_gzip_body_is_cut_after_decoding() {
    use std::io::Write as _;
    let mut draft = Draft::good();
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(&draft.pages[1].stored_body()).unwrap();
    draft.pages[1].body = Some(coder.finish().unwrap());
    draft.pages[1].content_encoding = Some("gzip".to_owned());
    draft.pages[1].headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
    expect_valid(&draft.build(), &[]);
}

/// FORMAT §7.1: a record at the window's end belongs to the next window; one without a time counts.
#[test]
fn the_end_of_a_window_is_not_counted_and_undated_records_are() {
    let mut draft = Draft::good();
    draft.pages[1].elements = vec![element("end", TO), ("{\"id\":\"undated\"}".to_owned(), None)];
    let report = expect_valid(&draft.build(), &[]);
    assert_eq!((report.facts.counts.records, report.facts.counts.inside, report.facts.counts.undated), (4, 3, 1));
}

/// FORMAT §9: a window asked again in halves; the first attempt is kept and not counted.
#[test]
fn a_superseded_run_is_kept_and_named() {
    let noon = "2026-11-01T12:00:00Z";
    let mut draft = Draft::good();
    let mut first = draft.pages[0].clone();
    first.elements = vec![element("a", "2026-11-01T09:00:00Z")];
    let half = |from: &str, to: &str, id: &str, time: &str| {
        let mut half = page(1, &first_url(GRAPH, KIND, from, to), None, vec![element(id, time)]);
        half.from = from.to_owned();
        half.to = to.to_owned();
        half
    };
    draft.pages =
        vec![first, half(FROM, noon, "a", "2026-11-01T09:00:00Z"), half(noon, TO, "b", "2026-11-01T13:00:00Z")];
    let mut morning = run("complete", None);
    morning.to = noon.to_owned();
    let mut afternoon = run("complete", None);
    afternoon.from = noon.to_owned();
    draft.runs = vec![morning, run("superseded", None), afternoon];
    let report = expect_valid(&draft.build(), &["run-superseded"]);
    assert_eq!((report.facts.counts.records, report.facts.counts.inside), (3, 2));
}

/// FORMAT §9: a window beyond retention that the service closed without a record; one that it refused has failed, however old.
#[test]
fn an_expired_window_is_a_named_gap() {
    let (from, to) = ("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z");
    let mut draft = Draft::good();
    draft.plan_from = from.to_owned();
    draft.plan_to = to.to_owned();
    let mut nothing = page(1, &first_url(GRAPH, KIND, from, to), None, Vec::new());
    nothing.from = from.to_owned();
    nothing.to = to.to_owned();
    draft.pages = vec![nothing];
    let mut expired = run("expired", Some("the service returned nothing"));
    expired.from = from.to_owned();
    expired.to = to.to_owned();
    draft.runs = vec![expired];
    expect_valid(&draft.build(), &["coverage-gap"]);
    draft.pages.clear();
    crate::expect_invalid(&draft.build(), &["seal-streams-mismatch", "coverage-gap"]);
}

/// FORMAT §12.11: a later volume of an acquisition is judged for itself, and is not the whole.
#[test]
fn a_single_volume_is_not_the_whole() {
    let mut draft = Draft::good();
    draft.last = false;
    let report = report_on(&draft.build().zip(), pinned());
    assert_eq!(codes(&report), ["volume-incomplete", "timestamp-absent"]);
    assert_eq!(report.outcome, Outcome::Indeterminate);
}

/// FORMAT §9: the first page of a later volume follows pages that were not presented.
#[test]
fn a_later_volume_is_judged_from_its_first_page_on() {
    let mut draft = Draft::good();
    draft.volume = 2;
    draft.first_page = 3;
    draft.pages[0].sequence = 5;
    draft.pages[0].url.push_str("&$skiptoken=5");
    draft.pages[1].sequence = 6;
    let report = report_on(&draft.build().zip(), pinned());
    assert_eq!(codes(&report), ["volume-incomplete", "timestamp-absent"], "{:#?}", report.findings);
    assert_eq!(report.outcome, Outcome::Indeterminate);
    draft.edit_seal = Some(Box::new(|seal| seal.replace("volume", "\"first_page\":3", "\"first_page\":2")));
    let report = report_on(&draft.build().zip(), pinned());
    assert_eq!(codes(&report), ["page-sequence-broken", "volume-incomplete", "timestamp-absent"]);
}

/// FORMAT §6.1: simulated data is marked on every output, whatever else is right.
#[test]
fn simulated_data_is_always_named() {
    let mut draft = Draft::good();
    draft.simulated = true;
    draft.graph_url = "http://127.0.0.1:8080".to_owned();
    let url = first_url(&draft.graph_url, KIND, FROM, TO);
    draft.pages[0].url = url;
    let report = expect_valid(&draft.build(), &["simulated-data"]);
    assert_eq!(report.facts.simulated, Some(true));
}

/// FORMAT §6.1: what stood between by the operator's choice is named, and leaves the verdict as it is.
#[test]
fn added_roots_and_a_proxy_are_always_named() {
    let mut draft = Draft::good();
    let root = "a".repeat(64);
    let named = format!("\"extra_roots\":[\"{root}\"]");
    draft.edit_genesis = Some(Box::new(move |genesis| {
        genesis.replace("source", "\"extra_roots\":[]", &named);
        genesis.replace("source", "\"proxy\":null", "\"proxy\":\"http://proxy.example:3128\"");
    }));
    let report = expect_valid(&draft.build(), &["tls-roots-added", "proxy-used"]);
    assert_eq!(report.facts.extra_roots.iter().map(ToString::to_string).collect::<Vec<_>>(), [root]);
    assert_eq!(report.facts.proxy.as_deref(), Some("http://proxy.example:3128"));
}

/// FORMAT §6.2: an address that no public service has is named once, unless a proxy or a simulator explains it.
#[test]
fn an_answer_from_a_private_address_is_named() {
    let from = |address: &'static str| {
        let mut draft = Draft::with_failure();
        for number in [1, 2] {
            draft.edit_records.insert(number, Box::new(move |record| record.replace("response", PEER, address)));
        }
        draft.edit_failures.insert(1, Box::new(move |record| record.replace("response", PEER, address)));
        draft
    };
    for address in ["10.1.2.3:443", "127.0.0.1:8443", "[fe80::1%2]:443", "[fd00::7]:443"] {
        let report = expect_valid(&from(address).build(), &["remote-address-private"]);
        assert_eq!(report.finding_counts.values().sum::<u64>(), 2, "{address}: {:#?}", report.findings);
    }
    expect_valid(&from("[2603:1006:2000::1]:443").build(), &[]);
    let mut proxied = from("10.1.2.3:3128");
    proxied.edit_genesis = Some(Box::new(|genesis| {
        genesis.replace("source", "\"proxy\":null", "\"proxy\":\"http://10.1.2.3:3128\"");
    }));
    expect_valid(&proxied.build(), &["proxy-used"]);
}

/// FORMAT §9.3: a window into which the stated retention reached while it was asked for is named, and stays complete.
#[test]
fn a_window_that_retention_reached_into_is_named() {
    let with_days = |days: u64| {
        let mut draft = Draft::good();
        draft.edit_genesis = Some(Box::new(move |genesis| {
            genesis.replace("retention", "\"days\":30", &format!("\"days\":{days}"));
        }));
        draft.build()
    };
    let report = expect_valid(&with_days(21), &["retention-passed"]);
    let finding = report.findings.iter().find(|finding| finding.code.as_str() == "retention-passed").unwrap();
    assert_eq!(finding.place, format!("seal/seal.json#streams {KIND} {FROM} {TO} pass 1 run 1"));
    // Within retention to the last page, and beyond it already when the plan was made.
    for days in [22, 30, 20] {
        expect_valid(&with_days(days), &[]);
    }
}
