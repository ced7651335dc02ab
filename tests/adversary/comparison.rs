//! The second pass and the service's own counts, FORMAT §§9.1, 9.2. The attacker holds the operator's key: everything is signed right.

use crate::package::{Draft, FROM, GRAPH, KIND, Page, Run, TO, element, first_url, page, run};
use crate::{expect_invalid, expect_valid};

/// One page of each pass over the same window; record `b` changes, `c` comes late, `a` vanishes.
pub(crate) fn two_passes() -> Draft {
    let mut draft = Draft::good();
    let url = first_url(GRAPH, KIND, FROM, TO);
    let first = vec![element("a", "2026-11-01T09:00:00Z"), element("b", "2026-11-01T08:00:00Z")];
    let second = vec![element("b", "2026-11-01T08:00:01Z"), element("c", "2026-11-01T07:00:00Z")];
    draft.pages = vec![page(1, &url, None, first), again(page(1, &url, None, second))];
    draft.runs = vec![run("complete", None), Run { pass: 2, ..run("complete", None) }];
    draft.second_pass = Some(seal_says(1, 1, 1));
    draft
}

fn again(page: Page) -> Page {
    Page {
        pass: 2,
        started: "2026-11-22T06:07:01.000Z".to_owned(),
        finished: "2026-11-22T06:07:02.000Z".to_owned(),
        ..page
    }
}

fn seal_says(late: u64, changed: u64, vanished: u64) -> String {
    let counts = format!("\"late\":{late},\"changed\":{changed},\"vanished\":{vanished}");
    let window = format!("{{\"kind\":\"{KIND}\",\"from\":\"{FROM}\",\"to\":\"{TO}\",{counts}}}");
    format!("{{\"windows\":1,\"failed\":0,{counts},\"differences\":[{window}]}}")
}

/// The service's own number for the day of the plan.
fn counted(reported: u64, collected: &str) -> Draft {
    let mut draft = Draft::good();
    let kind = "signInEventsSummary";
    draft.kinds = ["interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity", kind]
        .map(str::to_owned)
        .into();
    let row = format!("{{\"activityDateTime\":\"{FROM}\",\"signInCount\":{reported}}}");
    let url = format!("{GRAPH}/beta/auditLogs/signInEventsSummary");
    draft.pages.push(Page { kind: kind.to_owned(), ..page(1, &url, None, vec![(row, Some(FROM.to_owned()))]) });
    let of = |kind: &str, state: &str| Run { kind: kind.to_owned(), ..run(state, None) };
    let never = |kind: &str| Run { number: 0, reason: Some("stopped".to_owned()), ..of(kind, "not_asked") };
    draft.runs = vec![
        run("complete", None),
        never("nonInteractiveUser"),
        never("servicePrincipal"),
        never("managedIdentity"),
        of(kind, "complete"),
    ];
    draft.reconciliation =
        format!("[{{\"kind\":\"{kind}\",\"day\":\"2026-11-01\",\"reported\":{reported},\"collected\":{collected}}}]");
    draft
}

/// Late, changed and vanished records are named, and the package stands.
#[test]
fn second_pass_differs() {
    expect_valid(&two_passes().build(), &["second-pass-differs"]);
}

/// FORMAT §9.1: a seal that hides a vanished record.
#[test]
fn second_pass_mismatch() {
    let mut draft = two_passes();
    draft.second_pass = Some(seal_says(1, 1, 0));
    expect_invalid(&draft.build(), &["second-pass-mismatch", "second-pass-differs"]);
}

/// FORMAT §9.1: pages of a second pass that the plan does not have.
#[test]
fn a_second_pass_that_was_not_planned_is_refused() {
    let mut draft = two_passes();
    draft.edit_genesis =
        Some(Box::new(|genesis| genesis.replace("plan", "\"second_pass\":true", "\"second_pass\":false")));
    expect_invalid(&draft.build(), &["request-mismatch"]);
}

/// FORMAT §9: records of the second pass are kept and not counted.
#[test]
fn records_of_the_second_pass_do_not_count_twice() {
    let mut draft = two_passes();
    draft.edit_seal = Some(Box::new(|seal| seal.replace("totals", "\"inside\":2", "\"inside\":4")));
    expect_invalid(&draft.build(), &["seal-totals-mismatch"]);
}

/// The service reports more than was collected: a note, since the service says itself that its totals may differ.
#[test]
fn counts_differ() {
    expect_valid(&counted(3, "3").build(), &["coverage-gap"]);
    expect_valid(&counted(5, "3").build(), &["coverage-gap", "counts-differ"]);
}

/// FORMAT §9.2: a seal that makes the numbers agree.
#[test]
fn reconciliation_mismatch() {
    let mut draft = counted(5, "3");
    draft.reconciliation = draft.reconciliation.replace("\"collected\":3", "\"collected\":5");
    expect_invalid(&draft.build(), &["coverage-gap", "reconciliation-mismatch", "counts-differ"]);
}
