//! Retention, window, collection and time stamps on one axis, and once more from plan to seal.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::clocks::{beside, both};
use crate::codec::amount::accurate_to;
use crate::format::seal::{Run, RunState};
use crate::report::charts::{Mark, Span, Timeline};
use crate::report::document::{Block, Text};
use crate::report::naming::{self, Asked};
use crate::report::reasons;
use crate::report::words::{counted, seconds};
use crate::time::Bound;
use crate::verify::{Code, TokenFact, VerifiedPackage};

/// Returns the chapter; `earliest` is the earliest sign-in that counts.
pub(super) fn blocks<R>(
    package: &VerifiedPackage<R>,
    asked: Option<&Asked>,
    earliest: Option<Bound>,
    zone: Tz,
) -> Vec<Block> {
    let genesis = package.genesis();
    let (from, to) = (genesis.plan.from.to_datetime(), genesis.plan.to.to_datetime());
    let planned = genesis.created.to_datetime();
    let days = i64::try_from(genesis.retention.days).unwrap_or(i64::MAX);
    let kept_from = TimeDelta::try_days(days).and_then(|days| planned.checked_sub_signed(days));
    let mut blocks = vec![
        Block::heading(1, "Retention and time"),
        Block::paragraph(reach(genesis.retention.days, kept_from, earliest)),
    ];
    let mut retention = Timeline {
        spans: vec![Span { name: "window asked".to_owned(), from, to, is_full: true }],
        marks: vec![Mark {
            name: "collection began".to_owned(),
            at: asked.map_or(planned, |asked| asked.first.to_datetime()),
            accuracy_ms: None,
        }],
    };
    if let Some(kept_from) = kept_from {
        let name = format!("taken to be kept, {} days", genesis.retention.days);
        retention.spans.push(Span { name, from: kept_from, to: planned, is_full: false });
    }
    if let Some(svg) = retention.draw("retention") {
        blocks.push(Block::Figure {
            caption: "The window that was asked, and how far back the service is taken to have kept records then"
                .to_owned(),
            alternative: format!("The window runs from {from} to {to}; the plan was made at {planned}."),
            svg,
        });
    }
    blocks.push(Block::Facts(facts(package, asked, kept_from, zone)));
    blocks.push(Block::heading(2, "From plan to seal"));
    let apart = apart(package);
    let bracket = bracket(package, asked);
    if let Some(svg) = bracket.draw("bracket") {
        let said = |mark: &Mark| {
            let accuracy = mark.accuracy_ms.map(|ms| format!(", {}", accurate_to(ms))).unwrap_or_default();
            format!("{} {}{accuracy}", mark.name, mark.at)
        };
        let said: Vec<String> = bracket.marks.iter().map(said).collect();
        blocks.push(Block::Figure {
            caption: "The collection between its time stamps; stamps are by the authorities' clocks, the rest by the operator's. A bar to \
                      both sides of a stamp is the accuracy that its authority states."
                .to_owned(),
            alternative: said.join("; "),
            svg,
        });
    }
    blocks.push(Block::Facts(stamps(package, zone)));
    blocks.extend(apart.into_iter().map(Block::paragraph));
    blocks
}

/// Says what retention means here: what is older than its assumed reach was not to be had, unless the package shows otherwise.
fn reach(days: u64, kept_from: Option<DateTime<Utc>>, earliest: Option<Bound>) -> String {
    let older = kept_from.zip(earliest).filter(|(kept_from, earliest)| earliest.to_datetime() < *kept_from);
    match older {
        None => "The service deletes sign-ins as they age. What lies before the retention's reach at the moment of asking could not be \
                 returned any more, whether it had existed or not. Times of plan, requests and seal are by the clock of the operator's machine."
            .to_owned(),
        Some((_, earliest)) => format!(
            "The service deletes sign-ins as they age, and was taken to keep them for {days} days. That assumption was wrong: it returned \
             records from before then, the earliest of {earliest}. How far back it still had records does not follow from the figure \
             below."
        ),
    }
}

/// Names the stamps, with their times also in the zone.
fn stamps<R>(package: &VerifiedPackage<R>, zone: Tz) -> Vec<(String, Text)> {
    let times = &package.report().facts.times;
    let instants = times.genesis_tokens.iter().chain(&times.seal_tokens).map(instant);
    // Where there is no stamp, one line says so.
    let local =
        instants.map(|at| at.map(|at| beside(at, zone)).unwrap_or_default()).chain(std::iter::repeat(String::new()));
    naming::stamps(package)
        .into_iter()
        .zip(local)
        .map(|((name, value), local)| (name, value.and_plain(&local)))
        .collect()
}

/// Says where the operator's clock and an authority's cannot both be right: what was stamped was there before its stamp.
fn apart<R>(package: &VerifiedPackage<R>) -> Vec<String> {
    let (times, genesis, seal) = (&package.report().facts.times, package.genesis(), package.seal());
    let plan = ("the plan was signed", genesis.created.to_datetime(), &times.genesis_tokens);
    let sealed = ("the package was sealed", seal.created.to_datetime(), &times.seal_tokens);
    let said = |(what, at, tokens): (&str, DateTime<Utc>, &Vec<TokenFact>)| {
        let ahead = |token: &TokenFact| {
            let ms = u64::try_from((at - instant(token)?).num_milliseconds()).ok().filter(|ms| *ms > 0)?;
            Some((ms, token.accuracy_ms))
        };
        tokens.iter().filter_map(ahead).max().map(|(ms, accuracy)| differing(what, ms, accuracy))
    };
    [plan, sealed].into_iter().filter_map(said).collect()
}

fn differing(what: &str, ms: u64, accuracy_ms: Option<u64>) -> String {
    let accuracy = match accuracy_ms {
        None => "the authority does not say how exact its time is".to_owned(),
        Some(accuracy) if ms <= accuracy => {
            format!("the authority's time is {}, which explains it", accurate_to(accuracy))
        }
        Some(accuracy) => {
            format!("the authority's time is {}, which does not explain it", accurate_to(accuracy))
        }
    };
    format!(
        "By the operator's clock {what} {} after the time in its stamp, though it was there before it was stamped: the two clocks differed \
         by at least that much; {accuracy}.",
        seconds(ms)
    )
}

fn instant(token: &TokenFact) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&token.gen_time).ok().map(|at| at.to_utc())
}

fn facts<R>(
    package: &VerifiedPackage<R>,
    asked: Option<&Asked>,
    kept_from: Option<DateTime<Utc>>,
    zone: Tz,
) -> Vec<(String, Text)> {
    let (genesis, seal) = (package.genesis(), package.seal());
    let retention = &genesis.retention;
    let mut facts = vec![
        ("Retention".to_owned(), Text::plain(format!("{} days; {}", retention.days, retention.basis))),
        ("Plan signed".to_owned(), Text::plain(both(genesis.created.to_datetime(), zone))),
    ];
    if let Some(kept_from) = kept_from {
        facts.push(("Kept then, back to".to_owned(), Text::plain(both(kept_from, zone))));
    }
    if let Some(asked) = asked {
        facts
            .push(("First request that brought a page".to_owned(), Text::plain(both(asked.first.to_datetime(), zone))));
        facts.push(("Last page came".to_owned(), Text::plain(both(asked.last.to_datetime(), zone))));
    }
    facts.push(("Sealed".to_owned(), Text::plain(both(seal.created.to_datetime(), zone))));
    let expired = seal.streams.iter().filter(|run| run.is_current() && run.state == RunState::Expired).count();
    let expired = if expired == 0 { "none".to_owned() } else { expired.to_string() };
    facts.push(("Windows expired before".to_owned(), Text::plain(expired)));
    facts.push(("Windows refused as too old".to_owned(), Text::plain(refused(&seal.streams))));
    let passed = package.report().finding_counts.get(&Code::RetentionPassed).copied().unwrap_or_default();
    let passed = if passed == 0 {
        "none".to_owned()
    } else {
        format!("{passed}; records of their beginnings may have gone unseen")
    };
    facts.push(("Windows passed while asked".to_owned(), Text::plain(passed)));
    facts
}

/// Counts the windows that the service refused because they begin before what it goes back to.
fn refused(runs: &[Run]) -> String {
    let of_now = runs.iter().filter(|run| run.is_current() && run.state == RunState::Failed);
    let earliest: Vec<&str> = of_now.filter_map(|run| reasons::earliest(run.reason.as_ref()?.as_str())).collect();
    let count = counted(u64::try_from(earliest.len()).unwrap_or(u64::MAX), "window");
    match earliest.as_slice() {
        [] => "none".to_owned(),
        [first, ..] => {
            format!(
                "{count}; refused; the service named an earliest time: {first}. They stand as failed under Coverage."
            )
        }
    }
}

fn bracket<R>(package: &VerifiedPackage<R>, asked: Option<&Asked>) -> Timeline {
    let (times, genesis, seal) = (&package.report().facts.times, package.genesis(), package.seal());
    let stamps = |name: &str, tokens: &[TokenFact]| {
        let mark = |token: &TokenFact| {
            Some(Mark { name: name.to_owned(), at: instant(token)?, accuracy_ms: token.accuracy_ms })
        };
        tokens.iter().filter_map(mark).collect::<Vec<Mark>>()
    };
    let exact = |name: &str, at| Mark { name: name.to_owned(), at, accuracy_ms: None };
    let mut timeline = Timeline::default();
    if let Some(asked) = asked {
        let (from, to) = (asked.first.to_datetime(), asked.last.to_datetime());
        timeline.spans.push(Span { name: "pages came".to_owned(), from, to, is_full: true });
    }
    timeline.marks.push(exact("plan signed", genesis.created.to_datetime()));
    timeline.marks.extend(stamps("stamp over the plan", &times.genesis_tokens));
    timeline.marks.push(exact("sealed", seal.created.to_datetime()));
    timeline.marks.extend(stamps("stamp over the seal", &times.seal_tokens));
    timeline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_older_than_the_retention_show_that_it_was_assumed_wrongly() {
        let at = |text: &str| text.parse::<Bound>().unwrap();
        let kept_from = Some(at("2026-10-21T00:00:00Z").to_datetime());
        for earliest in [None, Some(at("2026-10-21T00:00:00Z"))] {
            assert!(reach(30, kept_from, earliest).contains("could not be returned any more"));
        }
        let said = reach(30, kept_from, Some(at("2026-10-20T23:59:59Z")));
        assert!(said.contains("assumption was wrong") && said.contains("2026-10-20T23:59:59Z"), "{said}");
        assert!(!said.contains("could not be returned"), "{said}");
    }

    #[test]
    fn clocks_that_cannot_both_be_right_are_told() {
        let said = differing("the package was sealed", 640, Some(1_000));
        assert!(
            said.starts_with("By the operator's clock the package was sealed 0.640 s after the time in its stamp"),
            "{said}"
        );
        assert!(
            said.ends_with("by at least that much; the authority's time is accurate to 1 s, which explains it."),
            "{said}"
        );
        assert!(differing("x", 1_001, Some(1_000)).contains("accurate to 1 s, which does not explain it"));
    }
}
