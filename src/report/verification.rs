//! What the verification before a paper came to, in words that stand in its body.
//!
//! Apart from the papers, and in their text: marks above and below a page are the first thing that is deleted in a word processor,
//! and a paper that somebody signs may not be silent on how the package fared.

use crate::report::document::{Span, Text};
use crate::report::words::counted;
use crate::time::LocalTime;
use crate::verify::{CheckOutcome, Code, Outcome, Report, Severity, VerifiedPackage};

/// Names program, version, time, key, roots, verdict and its reason; `made` is when the paper was made.
#[must_use]
pub fn sentence<R>(package: &VerifiedPackage<R>, made: LocalTime) -> Text {
    let report = package.report();
    let at = report.facts.times.as_of.unwrap_or(made);
    let mut said = vec![
        Span::Code("signhold verify".to_owned()),
        Span::Plain(format!(", version {}, {at} (UTC, by the clock of the machine that ran it), ", version())),
    ];
    said.extend(key(report));
    said.extend(roots(report));
    said.extend([Span::Plain(": ".to_owned()), Span::Strong(report.outcome.as_str().to_owned())]);
    said.push(Span::Plain(format!(", because {}.", because(report))));
    Text(said)
}

/// Says in words what was found, and how often, with the code beside it.
#[must_use]
pub fn finding<R>(package: &VerifiedPackage<R>, code: Code, count: u64) -> Text {
    let facts = &package.report().facts;
    let words = match code {
        Code::SimulatedData => "Simulated data, not evidence: what answered is no service of Microsoft's.".to_owned(),
        Code::TlsRootsAdded => {
            let roots = u64::try_from(facts.extra_roots.len()).unwrap_or(u64::MAX);
            let were = if roots == 1 { "was" } else { "were" };
            let many = counted(roots, "further root certificate");
            format!("{many} {were} trusted for the connection to the service, beside those of the machine.")
        }
        code => code.words().to_owned(),
    };
    let times = if count == 1 { String::new() } else { format!(", {}", counted(count, "time")) };
    Text(vec![
        Span::Plain(format!("{words} (")),
        Span::Code(code.as_str().to_owned()),
        Span::Plain(format!("{times})")),
    ])
}

fn key(report: &Report) -> Vec<Span> {
    let Some(key) = report.facts.operator_key.or(report.facts.signer) else {
        return vec![Span::Plain("with no key and ".to_owned())];
    };
    let standing = if report.facts.signer_trusted { "" } else { ", which whoever ran it did not name as trusted," };
    vec![Span::Plain("with the key ".to_owned()), Span::Code(key.to_string()), Span::Plain(format!("{standing} and "))]
}

/// The roots that the reader gave and that a token leads to; others had no part in it.
fn roots(report: &Report) -> Vec<Span> {
    let times = &report.facts.times;
    let tokens = [&times.genesis_tokens, &times.page_tokens, &times.seal_tokens, &times.renewal_tokens];
    let mut roots: Vec<String> =
        tokens.into_iter().flatten().filter_map(|token| token.root_sha256.as_ref().map(ToString::to_string)).collect();
    roots.sort_unstable();
    roots.dedup();
    if roots.is_empty() {
        return vec![Span::Plain("no root of a time stamp authority that a time stamp leads to".to_owned())];
    }
    let noun = if roots.len() == 1 { "the time stamp root" } else { "the time stamp roots" };
    let mut said = vec![Span::Plain(format!("{noun} "))];
    for (place, root) in roots.into_iter().enumerate() {
        if place > 0 {
            said.push(Span::Plain(", ".to_owned()));
        }
        said.push(Span::Code(root));
    }
    said
}

/// Gives the reason of a verdict: what contradicts, what is not established, or that neither is there.
fn because(report: &Report) -> String {
    let of = |severity: Severity| {
        let mut codes: Vec<Code> =
            report.findings.iter().filter(|finding| finding.severity == severity).map(|finding| finding.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let words = codes.iter().map(|code| format!("{} ({})", code.words().trim_end_matches('.'), code.as_str()));
        words.collect::<Vec<_>>()
    };
    match report.outcome {
        Outcome::Valid => format!(
            "all {} steps of the published verification were carried out and none found a contradiction",
            report.checks.len()
        ),
        Outcome::Invalid => of(Severity::Violation).join("; "),
        Outcome::Indeterminate => {
            let mut open = of(Severity::Unestablished);
            let unread = report.checks.iter().filter(|check| check.outcome == CheckOutcome::NotChecked);
            let unread = unread.filter_map(|check| Some(format!("{}: {}", check.step.title(), check.reason.as_ref()?)));
            if open.is_empty() {
                open.extend(unread);
            }
            format!("nothing contradicts the package, but not everything is established: {}", open.join("; "))
        }
    }
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
