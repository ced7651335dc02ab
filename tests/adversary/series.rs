//! Acquisitions of one series, FORMAT §9.5: withheld, replaced, forked, of others. Every deviation is signed right.

use std::io::Cursor;

use signhold::verify::{Options, Outcome, SeriesReport, Trust, Verification, verify_all};

use crate::archive::Files;
use crate::package::{Draft, element, fingerprint_of, first_url, hex_digest, operator_key, other_key};
use crate::several::volumes;

/// A collection of one day, numbered in the series; `change` deviates.
fn member_with(number: u64, day: u64, previous: Option<&Files>, change: impl Fn(&mut Draft)) -> Files {
    draft_of(number, day, previous, change).build()
}

fn draft_of(number: u64, day: u64, previous: Option<&Files>, change: impl Fn(&mut Draft)) -> Draft {
    let mut draft = Draft::good();
    draft.acquisition = format!("20261122T06040{number}Z-{day:08x}");
    let (from, to) = (format!("2026-11-{day:02}T00:00:00Z"), format!("2026-11-{:02}T00:00:00Z", day + 1));
    let first = first_url(crate::package::GRAPH, crate::package::KIND, &from, &to);
    draft.pages.truncate(1);
    draft.pages[0].url = first;
    draft.pages[0].next_link = None;
    draft.pages[0].elements = vec![element("a", &from)];
    draft.pages[0].from.clone_from(&from);
    draft.pages[0].to.clone_from(&to);
    draft.runs[0].from.clone_from(&from);
    draft.runs[0].to.clone_from(&to);
    (draft.plan_from, draft.plan_to) = (from, to);
    draft.series = (number, previous.map(|files| hex_digest(files.bytes("seal/seal.json"))));
    change(&mut draft);
    draft
}

fn member(number: u64, day: u64, previous: Option<&Files>) -> Files {
    member_with(number, day, previous, |_| {})
}

/// Three days, one after the other.
fn three() -> Vec<Files> {
    let first = member(1, 1, None);
    let second = member(2, 2, Some(&first));
    let third = member(3, 3, Some(&second));
    vec![first, second, third]
}

fn verify_files<'a>(files: impl IntoIterator<Item = &'a Files>) -> Verification {
    let mut archives: Vec<_> = files.into_iter().map(|files| Cursor::new(files.zip())).collect();
    let keys = [operator_key(), other_key()];
    let keys = keys.map(|key| fingerprint_of(&key.verifying_key().to_bytes()).parse().unwrap()).to_vec();
    let options = Options { trust: Trust { keys, ..Trust::default() }, threads: 1, ..Options::default() };
    verify_all(&mut archives, &[], &options).expect("memory can always be read")
}

#[track_caller]
fn expect_series<'a>(files: impl IntoIterator<Item = &'a Files>, outcome: Outcome, expected: &[&str]) -> SeriesReport {
    let verification = verify_files(files);
    let [series] = verification.series.as_slice() else { panic!("one series: {:#?}", verification.series) };
    let found: Vec<&str> = series.finding_counts.keys().map(|code| code.as_str()).collect();
    assert_eq!(found, expected, "{:#?}", series.findings);
    assert_eq!(series.outcome, outcome, "{:#?}", verification.packages);
    assert_eq!(verification.outcome(), outcome);
    series.clone()
}

/// Nobody attacks: linked members are valid together in any order.
#[test]
fn a_whole_series_is_valid() {
    let files = three();
    for order in [[0, 1, 2], [2, 0, 1]] {
        let series = expect_series(order.map(|index: usize| &files[index]), Outcome::Valid, &[]);
        assert_eq!(series.members.iter().map(|member| member.number).collect::<Vec<_>>(), [1, 2, 3]);
    }
}

/// Packages that name no other are no series, however many.
#[test]
fn unlinked_packages_are_no_series() {
    let verification = verify_files(&[member(1, 1, None), member(1, 2, None)]);
    assert!(verification.series.is_empty() && verification.sets.is_empty());
    assert_eq!(verification.outcome(), Outcome::Valid);
}

/// FORMAT §9.5: members before the first presented are named, and each member is whole without them.
#[test]
fn series_begins_later() {
    let files = three();
    let series = expect_series(&files[1..], Outcome::Valid, &["series-begins-later"]);
    assert_eq!(series.findings[0].computed, "not presented: 1");
    let series = expect_series(&files[2..], Outcome::Valid, &["series-begins-later"]);
    assert_eq!(series.findings[0].computed, "not presented: 1 to 2");
}

/// Who: somebody who hands over a series without one of its members.
#[test]
fn series_incomplete() {
    let files = three();
    let series = expect_series([&files[0], &files[2]], Outcome::Indeterminate, &["series-incomplete"]);
    assert_eq!(series.findings[0].computed, "not presented: 2");
}

/// Who: the holder of the key, who makes a member anew after the next was signed.
#[test]
fn series_broken_by_a_member_that_was_replaced() {
    let files = three();
    let other = member_with(2, 2, Some(&files[0]), |draft| {
        draft.acquisition = "20261122T060402Z-ffffffff".to_owned();
        draft.pages[0].elements.clear();
        draft.runs[0].state = "empty".to_owned();
    });
    expect_series([&files[0], &other, &files[2]], Outcome::Invalid, &["series-broken"]);
    // The same with a member that was sealed again.
    let again = member_with(2, 2, Some(&files[0]), |draft| draft.sealed = "2026-11-22T06:31:00.000Z".to_owned());
    expect_series([&files[0], &again, &files[2]], Outcome::Invalid, &["series-broken"]);
}

/// A number that does not follow.
#[test]
fn series_broken_by_its_number() {
    let files = three();
    let fourth = member(4, 2, Some(&files[0]));
    expect_series([&files[0], &fourth], Outcome::Invalid, &["series-broken"]);
}

/// Two collections that both say they come after the same: only one was told of.
#[test]
fn series_fork() {
    let files = three();
    let other = member_with(2, 2, Some(&files[0]), |draft| draft.acquisition = "20261122T060402Z-ffffffff".to_owned());
    expect_series([&files[0], &files[1], &other], Outcome::Invalid, &["series-fork"]);
    // Also where the member before was withheld.
    expect_series([&files[1], &other], Outcome::Invalid, &["series-fork", "series-begins-later"]);
}

/// Who: the holder of the key, who goes on from one member twice, hands over both branches, and withholds where one begins.
/// FORMAT §9.5: one package more does not hide what another shows, nor does the order.
#[test]
fn a_fork_is_seen_though_where_it_begins_is_withheld() {
    let files = three();
    let twin = |number, previous| {
        member_with(number, number, Some(previous), |draft| {
            draft.acquisition = format!("20261122T06040{number}Z-ffffffff");
        })
    };
    let second = twin(2, &files[0]);
    let third = twin(3, &second);
    let [one, two, three] = [&files[0], &files[1], &files[2]];
    let both = ["series-broken", "series-fork"];
    expect_series([two, &third], Outcome::Invalid, &["series-broken", "series-begins-later"]);
    for order in [[two, three, &third], [&third, three, two], [three, &third, two]] {
        expect_series(order, Outcome::Invalid, &["series-broken", "series-fork", "series-begins-later"]);
    }
    for order in [[one, two, three, &third], [&third, two, one, three]] {
        expect_series(order, Outcome::Invalid, &both);
    }
    // Neither's predecessor.
    expect_series([three, &third], Outcome::Invalid, &["series-fork", "series-begins-later"]);
    // All of it: both come after the same.
    expect_series([one, two, three, &second, &third], Outcome::Invalid, &["series-fork"]);
}

/// Who: as above, with a branch that goes on longer than the other.
#[test]
fn a_member_whose_predecessor_is_withheld_is_never_valid_beside_earlier_ones() {
    let files = three();
    let other = member_with(2, 2, Some(&files[0]), |draft| draft.acquisition = "20261122T060402Z-ffffffff".to_owned());
    let third = member_with(3, 3, Some(&other), |draft| draft.acquisition = "20261122T060403Z-ffffffff".to_owned());
    let fourth = member(4, 4, Some(&third));
    let fifth = member(5, 5, Some(&fourth));
    expect_series([&files[0], &files[1], &files[2], &fourth], Outcome::Invalid, &["series-broken"]);
    expect_series([&files[0], &files[1], &files[2], &fifth], Outcome::Indeterminate, &["series-incomplete"]);
    expect_series([&fifth, &files[1], &files[0]], Outcome::Indeterminate, &["series-incomplete"]);
}

/// A member of another matter, or signed by another key.
#[test]
fn series_mismatch() {
    let files = three();
    let other_matter = member_with(2, 2, Some(&files[0]), |draft| draft.matter = "ACME-2".to_owned());
    expect_series([&files[0], &other_matter], Outcome::Invalid, &["series-mismatch"]);
    let other_signer = draft_of(2, 2, Some(&files[0]), |_| {}).signed_by(&other_key()).build();
    expect_series([&files[0], &other_signer], Outcome::Invalid, &["series-mismatch"]);
}

/// A day between two members that nobody asked for.
#[test]
fn series_hole() {
    let first = member(1, 1, None);
    let second = member(2, 4, Some(&first));
    let series = expect_series([&first, &second], Outcome::Valid, &["series-hole"]);
    assert_eq!(series.findings[0].computed, "nobody asked for 2026-11-02T00:00:00Z to 2026-11-04T00:00:00Z");
}

/// A day that two members asked for.
#[test]
fn series_overlap() {
    let first = member(1, 1, None);
    let second = member(2, 1, Some(&first));
    let series = expect_series([&first, &second], Outcome::Valid, &["series-overlap"]);
    assert_eq!(series.findings[0].computed, "2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z was asked for by both");
}

/// FORMAT §9.5: the link names the seal of the last volume.
#[test]
fn a_member_of_several_volumes_is_linked_by_its_last() {
    let first =
        volumes(|| Draft { acquisition: "20261122T060401Z-00000001".to_owned(), ..Draft::good() }, &[1, 2], |_, _| {});
    let second = member(2, 2, Some(&first[1]));
    expect_series([&first[1], &second, &first[0]], Outcome::Valid, &[]);
    let of_the_first_volume = member(2, 2, Some(&first[0]));
    expect_series([&first[0], &first[1], &of_the_first_volume], Outcome::Invalid, &["series-broken"]);
    expect_series([&first[0], &second], Outcome::Indeterminate, &["series-incomplete"]);
}
