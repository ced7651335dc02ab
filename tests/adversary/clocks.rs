//! Who: an operator whose clock is wrong, by accident or on purpose, and who signs what it shows; or who shows one reader one
//! package and another reader another under the same name.

use signhold::verify::{Outcome, Report, Severity, compare_packages};

use crate::package::{Draft, element};
use crate::timestamp::{stamp, stamped, with_root};
use crate::{codes, expect_valid, pinned, report_on};

fn with_date(date: &str) -> Draft {
    let mut draft = Draft::good();
    draft.pages[1].headers.push(("date".to_owned(), date.to_owned()));
    draft
}

/// FORMAT §12.13: the service's clock speaks in every answer.
#[test]
fn service_clock_offset() {
    // Page 2 was asked for from 06:06:01 to 06:06:02.
    for near in
        ["Sun, 22 Nov 2026 06:06:00 GMT", "Sun, 22 Nov 2026 06:07:02 GMT", "Sun, 22 Nov 2026 06:05:00 GMT", "yesterday"]
    {
        expect_valid(&with_date(near).build(), &[]);
    }
    for far in ["Sun, 22 Nov 2026 06:07:03 GMT", "Sun, 22 Nov 2026 06:04:59 GMT", "Sun, 29 Nov 2026 06:06:00 GMT"] {
        let report = expect_valid(&with_date(far).build(), &["service-clock-offset"]);
        let finding = report.findings.iter().find(|finding| finding.claimed == far).expect("the header is quoted");
        assert_eq!(finding.place, "data/records/000002.json#response.headers");
    }
}

/// FORMAT §12.13: a record from after the seal.
#[test]
fn record_after_seal() {
    let mut draft = Draft::good();
    draft.sealed = "2026-11-22T06:30:00.000Z".to_owned();
    draft.pages[1].elements = vec![element("late", "2026-11-22T06:35:00Z")];
    expect_valid(&draft.build(), &[]);
    draft.pages[1].elements = vec![element("late", "2026-11-22T06:35:01Z")];
    let report = report_on(&draft.build().zip(), pinned());
    assert_eq!(codes(&report), ["timestamp-absent", "record-after-seal"], "{:#?}", report.findings);
    assert_eq!(report.outcome, Outcome::Indeterminate);
    assert_eq!(report.findings[0].severity, Severity::Unestablished, "what weighs more comes first");
}

fn of_stamps(draft: &Draft) -> Report {
    let report = report_on(&draft.build().zip(), with_root());
    assert_eq!(report.outcome, Outcome::Valid, "{:#?}", report.findings);
    report
}

/// FORMAT §12.13: the plan was stamped long before the operator's clock says it was made.
#[test]
fn clock_offset() {
    let mut draft = stamped();
    draft.genesis_stamps = vec![stamp("2026-11-22T05:58:59Z")];
    assert_eq!(codes(&of_stamps(&draft)), ["clock-offset"]);
    draft.genesis_stamps = vec![stamp("2026-11-22T05:59:00Z")];
    assert_eq!(codes(&of_stamps(&draft)), [""; 0]);
}

/// FORMAT §12.13: the seal lay about before it was stamped.
#[test]
fn timestamp_late() {
    let mut draft = stamped();
    draft.seal_stamps = vec![stamp("2026-11-22T06:35:01Z")];
    assert_eq!(codes(&of_stamps(&draft)), ["timestamp-late"]);
    draft.seal_stamps = vec![stamp("2026-11-22T06:35:00Z")];
    assert_eq!(codes(&of_stamps(&draft)), [""; 0]);
}

/// FORMAT §12.13: a page of the second attempt, and no failure that says why.
#[test]
fn attempt_unexplained() {
    let second =
        || -> crate::package::Edit { Box::new(|record| record.replace("request", "\"attempt\":1", "\"attempt\":2")) };
    let mut draft = Draft::good();
    draft.edit_records.insert(2, second());
    expect_valid(&draft.build(), &["attempt-unexplained"]);
    let mut draft = Draft::with_failure();
    draft.edit_records.insert(2, second());
    expect_valid(&draft.build(), &[]);
}

/// FORMAT §12.3: two packages of one name, each valid by itself.
#[test]
fn package_twice() {
    let mut other = Draft::good();
    other.pages[1].elements.clear();
    let report = |draft: &Draft| report_on(&draft.build().zip(), pinned());
    let (one, another) = (report(&Draft::good()), report(&other));
    assert_eq!((one.outcome, another.outcome), (Outcome::Valid, Outcome::Valid));
    let mut same = [("a.zip".to_owned(), one.clone()), ("copy.zip".to_owned(), one.clone())];
    compare_packages(&mut same, &mut []);
    assert!(same.iter().all(|(_, report)| report.outcome == Outcome::Valid));
    let mut both = [("a.zip".to_owned(), one), ("b.zip".to_owned(), another)];
    compare_packages(&mut both, &mut []);
    for (file, report) in &both {
        assert_eq!(codes(report), ["package-twice", "timestamp-absent"]);
        assert_eq!(report.outcome, Outcome::Invalid);
        assert!(report.findings[0].claimed.contains(file.as_str()));
    }
    assert!(both[0].1.findings[0].computed.contains("in b.zip, seal "));
}
