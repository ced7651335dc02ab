//! Volumes of one acquisition, FORMAT §9.4: withheld, swapped, replaced, made to differ. Every deviation is signed right.

use std::io::Cursor;

use signhold::verify::{Options, Outcome, SetReport, Verification, verify_all};

use crate::archive::Files;
use crate::package::{Draft, FROM, GRAPH, KIND, Page, Run, TO, element, first_url, hex_digest, page, run};
use crate::several::volumes;
use crate::{pinned, report_on};

/// Five pages of one run, and a failure after the second that was repeated.
fn acquisition() -> Draft {
    let mut draft = Draft::with_failure();
    let first = first_url(GRAPH, KIND, FROM, TO);
    let link = |number: u64| format!("{first}&$skiptoken={number}");
    draft.pages = (1..=5_u64)
        .map(|number| {
            let url = if number == 1 { first.clone() } else { link(number) };
            let next = (number < 5).then(|| link(number + 1));
            let time = format!("2026-11-01T{number:02}:00:00Z");
            page(number, &url, next.as_deref(), vec![element(&format!("r{number}"), &time)])
        })
        .collect();
    draft.failures[0].after_page = 2;
    draft.failures[0].sequence = 3;
    draft.failures[0].url = link(3);
    draft
}

/// The acquisition in three volumes of two, two and one page.
fn three() -> Vec<Files> {
    volumes(acquisition, &[1, 3, 5], |_, _| {})
}

fn three_with(number: u64, change: impl Fn(&mut Draft)) -> Vec<Files> {
    volumes(acquisition, &[1, 3, 5], |volume, draft| {
        if volume == number {
            change(draft);
        }
    })
}

fn verify_files<'a>(files: impl IntoIterator<Item = &'a Files>) -> Verification {
    let mut archives: Vec<_> = files.into_iter().map(|files| Cursor::new(files.zip())).collect();
    let options = Options { trust: pinned(), threads: 1, ..Options::default() };
    verify_all(&mut archives, &[], &options).expect("memory can always be read")
}

/// Asserts the outcome of the only set and its exact findings.
#[track_caller]
fn expect_set<'a>(files: impl IntoIterator<Item = &'a Files>, outcome: Outcome, expected: &[&str]) -> SetReport {
    let verification = verify_files(files);
    let [set] = verification.sets.as_slice() else { panic!("one set: {:#?}", verification.sets) };
    let found: Vec<&str> = set.finding_counts.keys().map(|code| code.as_str()).collect();
    assert_eq!(found, expected, "{:#?}\n{:#?}", set.findings, verification.packages);
    assert_eq!(set.outcome, outcome, "{:#?}", verification.packages);
    assert_eq!(verification.outcome(), outcome);
    set.clone()
}

/// Nobody attacks: all volumes are as good as one package, in whatever order they are named.
#[test]
fn all_volumes_together_are_valid() {
    let files = three();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let set = expect_set(order.map(|index: usize| &files[index]), Outcome::Valid, &[]);
        let numbers: Vec<u64> = set.members.iter().map(|member| member.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!((set.counts.pages, set.counts.records, set.counts.inside, set.counts.failures), (5, 5, 5, 1));
    }
}

/// FORMAT §9.4: a volume alone is never VALID, and its own report is the same in whatever company.
#[test]
fn each_volume_alone_is_indeterminate() {
    let files = three();
    for volume in &files {
        let report = report_on(&volume.zip(), pinned());
        assert_eq!(report.outcome, Outcome::Indeterminate);
        assert_eq!(crate::codes(&report), ["volume-incomplete", "timestamp-absent"], "{:#?}", report.findings);
        let alone = expect_set([volume], Outcome::Indeterminate, &["volume-incomplete"]);
        assert!(alone.members[0].outcome == Outcome::Valid);
    }
    let together = verify_files(&files);
    for (volume, report) in files.iter().zip(&together.packages) {
        let alone = serde_json::to_string(&report_on(&volume.zip(), pinned())).unwrap();
        assert_eq!(serde_json::to_string(report).unwrap(), alone);
    }
}

/// The same file named twice is no contradiction.
#[test]
fn a_copy_changes_nothing() {
    let files = three();
    expect_set([&files[0], &files[1], &files[1], &files[2]], Outcome::Valid, &[]);
}

/// Who: somebody who hands over part of the volumes. Which numbers are missing is said.
#[test]
fn volume_incomplete() {
    let files = three();
    for (presented, missing) in [
        (vec![1, 2], "not presented: 1"),
        (vec![0, 2], "not presented: 2"),
        (vec![2], "not presented: 1 to 2"),
        (vec![0, 1], "not presented: 3 and whatever follows, to the last"),
        (vec![1], "not presented: 1; 3 and whatever follows, to the last"),
    ] {
        let presented = presented.into_iter().map(|index: usize| &files[index]);
        let set = expect_set(presented, Outcome::Indeterminate, &["volume-incomplete"]);
        assert_eq!(set.findings[0].computed, missing);
    }
}

/// Who: the holder of the key, who seals volume 2 again with another content. The volume after it names the first.
#[test]
fn volume_broken_by_a_volume_that_was_replaced() {
    let files = three();
    let other = three_with(2, |draft| draft.sealed = "2026-11-22T06:31:00.000Z".to_owned());
    expect_set([&files[0], &other[1], &files[2]], Outcome::Invalid, &["volume-broken"]);
}

/// Two volumes change their numbers: links and pages say where they belong.
#[test]
fn volume_broken_by_volumes_that_were_swapped() {
    let files = volumes(acquisition, &[1, 3, 5], |number, draft| {
        if number > 1 {
            draft.volume = 5 - number;
            draft.last = draft.volume == 3;
        }
    });
    expect_set(&files, Outcome::Invalid, &["volume-broken"]);
}

/// A volume behind the one that says it is the last.
#[test]
fn volume_broken_by_one_behind_the_last() {
    expect_set(&three_with(2, |draft| draft.last = true), Outcome::Invalid, &["volume-broken"]);
}

/// Pages between two volumes were left out; the seals are linked all the same.
#[test]
fn volume_broken_by_pages_between_two() {
    let files = three_with(2, |draft| {
        draft.pages.remove(0);
        draft.first_page = 4;
        draft.failures.clear();
    });
    expect_set(&files, Outcome::Invalid, &["pagination-broken", "seal-streams-mismatch", "volume-broken"]);
}

/// FORMAT §9.4: what speaks of the whole acquisition is the same in every volume.
#[test]
fn volume_mismatch() {
    let other_plan = |draft: &mut Draft| {
        draft.edit_genesis = Some(Box::new(|genesis| genesis.replace("plan", "\"top\":1000", "\"top\":999")));
    };
    let verification = verify_files(&three_with(3, other_plan));
    let codes: Vec<&str> = verification.sets[0].finding_counts.keys().map(|code| code.as_str()).collect();
    assert_eq!(codes, ["volume-mismatch"]);
    let places: Vec<&str> = verification.sets[0].findings.iter().map(|finding| finding.place.as_str()).collect();
    let top = "ACME-1_20261122T060400Z-1a2b3c4d_v3";
    assert_eq!(places, [format!("{top}/data/genesis.json"), format!("{top}/data/genesis.sig")]);

    let other_state = |draft: &mut Draft| draft.runs = vec![run("failed", Some("the fifth page never came"))];
    let codes = ["volume-mismatch"];
    let set = expect_set(&three_with(2, other_state), Outcome::Invalid, &codes);
    assert!(set.findings[0].place.ends_with("_v2/seal/seal.json#streams"), "{}", set.findings[0].place);

    let counts = "[{\"kind\":\"signInEventsSummary\",\"day\":\"2026-11-01\",\"reported\":5,\"collected\":5}]";
    expect_set(&three_with(1, |draft| draft.reconciliation = counts.to_owned()), Outcome::Invalid, &codes);
}

/// Two seals with one number: even if both are right in themselves, only one can be the volume.
#[test]
fn volume_twice() {
    let files = three();
    let other = three_with(3, |draft| draft.sealed = "2026-11-22T06:31:00.000Z".to_owned());
    expect_set([&files[0], &files[1], &files[2], &other[2]], Outcome::Invalid, &["volume-twice"]);
    // A whole package sealed again is the same.
    let mut later = acquisition();
    later.sealed = "2026-11-22T06:31:00.000Z".to_owned();
    expect_set([&acquisition().build(), &later.build()], Outcome::Invalid, &["volume-twice"]);
}

/// The chain of records ends with one volume and begins anew with the next.
#[test]
fn a_chain_that_does_not_run_on_is_refused() {
    let files = three_with(2, |draft| draft.previous_record = Some(hex_digest(b"another record")));
    expect_set(&files, Outcome::Invalid, &["page-chain-broken"]);
}

/// The first page of a volume does not ask for the link of the page before.
#[test]
fn pagination_across_the_boundary_is_followed() {
    let files = three_with(2, |draft| draft.pages[0].url.push('x'));
    // The failure asked for the link that is right.
    expect_set(&files, Outcome::Invalid, &["pagination-broken"]);
    let files = three_with(2, |draft| draft.pages.iter_mut().for_each(|page| page.sequence += 1));
    expect_set(&files, Outcome::Invalid, &["pagination-broken"]);
}

/// A failure in one volume asked for a link that a page in the volume before has.
#[test]
fn failures_across_the_boundary_are_followed() {
    let late = |url: &'static str| {
        volumes(acquisition, &[1, 3, 5], move |number, draft| {
            let failures = std::mem::take(&mut draft.failures);
            if number == 2 {
                draft.failures = acquisition().failures;
                draft.failures[0].after_page = 3;
                draft.failures[0].url.push_str(url);
                draft.first_failure = 1;
            }
            drop(failures);
        })
    };
    expect_set(&late(""), Outcome::Valid, &[]);
    expect_set(&late("x"), Outcome::Invalid, &["request-mismatch"]);
    let renumbered = volumes(acquisition, &[1, 3, 5], |number, draft| {
        if number == 3 {
            draft.failures = acquisition().failures;
            draft.failures[0].after_page = 5;
            draft.first_failure = 3;
        }
    });
    expect_set(&renumbered, Outcome::Invalid, &["failure-mismatch"]);
}

/// FORMAT §9.4: a volume full of failures, without a page.
#[test]
fn a_volume_without_pages_belongs_between_two_pages() {
    let make = |after: u64, head: u64| {
        volumes(acquisition, &[1, 3, 3], move |number, draft| match number {
            2 => {
                draft.failures = acquisition().failures;
                draft.failures[0].after_page = after;
                draft.first_failure = 2;
                draft.edit_seal = Some(Box::new(move |seal| {
                    seal.replace("head", "\"sequence\":2", &format!("\"sequence\":{head}"));
                }));
            }
            3 => draft.first_failure = 3,
            _ => {}
        })
    };
    expect_set(&make(2, 2), Outcome::Valid, &[]);
    let report = report_on(&make(1, 2)[1].zip(), pinned());
    assert_eq!(crate::codes(&report), ["failure-mismatch", "volume-incomplete", "timestamp-absent"]);
    let report = report_on(&make(2, 3)[1].zip(), pinned());
    assert_eq!(crate::codes(&report), ["seal-head-mismatch", "volume-incomplete", "timestamp-absent"]);
}

/// FORMAT §9.4: what one volume says of the whole is held against all pages.
#[test]
fn run_states_are_told_from_all_volumes() {
    let cut_short = || {
        let mut draft = acquisition();
        draft.pages[4].next_link = Some(format!("{}&$skiptoken=6", first_url(GRAPH, KIND, FROM, TO)));
        draft
    };
    expect_set(&volumes(cut_short, &[1, 3, 5], |_, _| {}), Outcome::Invalid, &["seal-streams-mismatch"]);
    let fewer = |seal: &mut crate::package::Doc| seal.replace("streams", "\"records\":5", "\"records\":6");
    let files = volumes(acquisition, &[1, 3, 5], |_, draft| draft.edit_seal = Some(Box::new(fewer)));
    for volume in &files {
        assert_eq!(report_on(&volume.zip(), pinned()).outcome, Outcome::Indeterminate);
    }
    expect_set(&files, Outcome::Invalid, &["seal-streams-mismatch"]);
}

/// A volume that holds more pages of a run than any volume says is refused alone already.
#[test]
fn a_volume_with_more_than_the_whole_is_refused_alone() {
    let fewer = |seal: &mut crate::package::Doc| seal.replace("streams", "\"pages\":5", "\"pages\":1");
    let files = three_with(2, |draft| draft.edit_seal = Some(Box::new(fewer)));
    let report = report_on(&files[1].zip(), pinned());
    assert_eq!(crate::codes(&report), ["seal-streams-mismatch", "volume-incomplete", "timestamp-absent"]);
    expect_set([&files[1]], Outcome::Invalid, &["volume-incomplete"]);
}

/// FORMAT §12.13: volumes are sealed one after the other.
#[test]
fn volumes_sealed_in_another_order_are_refused() {
    let files = three_with(1, |draft| draft.sealed = "2026-11-22T06:40:00.000Z".to_owned());
    expect_set(&files, Outcome::Invalid, &["time-order"]);
}

/// Two passes over one window, a volume for each; record `b` changes, `c` comes late, `a` vanishes.
fn two_passes(says: &'static str) -> Vec<Files> {
    let draft = move || {
        let mut draft = Draft::good();
        let url = first_url(GRAPH, KIND, FROM, TO);
        let first = vec![element("a", "2026-11-01T09:00:00Z"), element("b", "2026-11-01T08:00:00Z")];
        let second = vec![element("b", "2026-11-01T08:00:01Z"), element("c", "2026-11-01T07:00:00Z")];
        let again = Page {
            pass: 2,
            started: "2026-11-22T06:07:01.000Z".to_owned(),
            finished: "2026-11-22T06:07:02.000Z".to_owned(),
            ..page(1, &url, None, second)
        };
        draft.pages = vec![page(1, &url, None, first), again];
        draft.runs = vec![run("complete", None), Run { pass: 2, ..run("complete", None) }];
        let counts = format!("\"late\":1,\"changed\":1,\"vanished\":{says}");
        let window = format!("{{\"kind\":\"{KIND}\",\"from\":\"{FROM}\",\"to\":\"{TO}\",{counts}}}");
        draft.second_pass = Some(format!("{{\"windows\":1,\"failed\":0,{counts},\"differences\":[{window}]}}"));
        draft
    };
    volumes(draft, &[1, 2], |_, _| {})
}

/// FORMAT §9.1: the passes lie in two volumes and are compared all the same.
#[test]
fn passes_in_two_volumes_are_compared() {
    expect_set(&two_passes("1"), Outcome::Valid, &["second-pass-differs"]);
    expect_set(&two_passes("0"), Outcome::Invalid, &["second-pass-mismatch", "second-pass-differs"]);
    expect_set(&two_passes("0")[..1], Outcome::Indeterminate, &["volume-incomplete"]);
}

/// One letter of one page: the volume is INVALID, and so is the set.
#[test]
fn a_damaged_volume_makes_the_set_invalid() {
    let mut files = three();
    files[1].replace("data/pages/000003.json", "r3", "x3");
    expect_set(&files, Outcome::Invalid, &[]);
}

/// A quick look follows the seals and is never VALID.
#[test]
fn a_quick_look_at_a_set_follows_the_links() {
    let look = |files: &[Files]| {
        let mut archives: Vec<_> = files.iter().map(|files| Cursor::new(files.zip())).collect();
        let options = Options { trust: pinned(), threads: 1, quick: true, ..Options::default() };
        verify_all(&mut archives, &[], &options).unwrap()
    };
    assert_eq!(look(&three()).sets[0].outcome, Outcome::Indeterminate);
    let other = three_with(2, |draft| draft.sealed = "2026-11-22T06:31:00.000Z".to_owned());
    let mut files = three();
    files[1] = other[1].clone();
    assert_eq!(look(&files).sets[0].outcome, Outcome::Invalid);
}
