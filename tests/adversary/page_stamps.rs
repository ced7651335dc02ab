//! Who: somebody who adds, moves or exchanges the stamps over page records that a long collection took on its way.

use signhold::verify::Outcome;

use crate::package::Draft;
use crate::timestamp::{expect, stamp, stamped, with_root};

/// The good package, stamped, with one more stamp over its first page, whose request ends at 06:05:02.
fn with_page_stamp(time: &'static str) -> Draft {
    let mut draft = stamped();
    draft.page_stamps.insert(1, stamp(time));
    draft
}

/// FORMAT §11.3: the stamp is taken on the way, and named.
#[test]
fn a_page_may_be_stamped_on_the_way() {
    let report = expect(&with_page_stamp("2026-11-22T06:06:00Z").build(), with_root(), Outcome::Valid, &[]);
    let [token] = report.facts.times.page_tokens.as_slice() else { panic!("one token") };
    assert_eq!((token.path.as_str(), token.accepted), ("data/records/000001.tsr", true));
}

/// FORMAT §11.3: nobody can have stamped what did not exist yet.
#[test]
fn a_stamp_from_before_its_page_is_refused() {
    let draft = with_page_stamp("2026-11-22T05:55:00Z");
    expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-order"]);
}

/// FORMAT §11.3: the stamp of another page in its place.
#[test]
fn the_stamp_of_another_page_is_refused() {
    let mut draft = with_page_stamp("2026-11-22T06:06:00Z");
    draft.edit_files = Some(Box::new(|files| {
        let stamp = files.bytes("data/records/000001.tsr").to_vec();
        files.insert_before("data/pages/000002.json", "data/records/000002.tsr", stamp);
    }));
    let expected = ["timestamp-imprint-mismatch", "timestamp-nonce-mismatch"];
    expect(&draft.build(), with_root(), Outcome::Invalid, &expected);
}

/// FORMAT §11.3: a plan that says there are none.
#[test]
fn timestamp_unexpected_over_a_page() {
    let mut draft = Draft::good();
    draft.page_stamps.insert(1, stamp("2026-11-22T06:06:00Z"));
    let expected = ["timestamp-unexpected", "timestamp-absent"];
    expect(&draft.build(), with_root(), Outcome::Invalid, &expected);
}

/// FORMAT §15: more of them than a reader keeps.
#[test]
fn zip_size_cap_of_page_stamps() {
    let mut draft = stamped();
    draft.edit_files = Some(Box::new(|files| {
        for number in 3..=259 {
            files.insert_before("data/log/run.jsonl", &format!("data/records/{number:06}.tsr"), "");
        }
    }));
    let report = crate::report_on(&draft.build().zip(), with_root());
    assert!(crate::codes(&report).contains(&"zip-size-cap"), "{:#?}", report.findings);
}

/// FORMAT §12.13: the seal's stamp is made over bytes that hold the page's.
#[test]
fn a_page_stamp_younger_than_the_seals_is_refused() {
    let draft = with_page_stamp("2026-11-23T06:06:00Z");
    expect(&draft.build(), with_root(), Outcome::Invalid, &["timestamp-order"]);
}
