//! Retention, window, collection and time stamps on one axis, and once more from plan to seal.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::clocks::both;
use crate::format::seal::RunState;
use crate::report::charts::{Mark, Span, Timeline};
use crate::report::document::{Block, Text};
use crate::report::naming;
use crate::verify::{Code, VerifiedPackage};

/// When the first request was sent and the last one ended, by the operator's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
}

/// Returns the chapter.
pub(super) fn blocks<R>(package: &VerifiedPackage<R>, asked: Option<Asked>, zone: Tz) -> Vec<Block> {
    let genesis = package.genesis();
    let (from, to) = (genesis.plan.from.to_datetime(), genesis.plan.to.to_datetime());
    let planned = genesis.created.to_datetime();
    let days = i64::try_from(genesis.retention.days).unwrap_or(i64::MAX);
    let kept_from = TimeDelta::try_days(days).and_then(|days| planned.checked_sub_signed(days));
    let mut blocks = vec![
        Block::heading(1, "Retention and time"),
        Block::paragraph(
            "The service deletes sign-ins as they age. What lies before the retention's reach at the moment of asking could not be \
             returned any more, whether it had existed or not. Times of plan, requests and seal are by the clock of the operator's \
             machine.",
        ),
    ];
    let mut retention = Timeline {
        spans: vec![Span { name: "window asked".to_owned(), from, to, is_full: true }],
        marks: vec![Mark { name: "collection began".to_owned(), at: asked.map_or(planned, |asked| asked.first) }],
    };
    if let Some(kept_from) = kept_from {
        let name = format!("kept, {} days", genesis.retention.days);
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
    let bracket = bracket(package, asked);
    if let Some(svg) = bracket.draw("bracket") {
        let said: Vec<String> = bracket.marks.iter().map(|mark| format!("{} {}", mark.name, mark.at)).collect();
        blocks.push(Block::Figure {
            caption: "The collection between its time stamps (not before, not after), which are by the authorities' clocks, as accurate as they state; the rest is by the operator's".to_owned(),
            alternative: said.join("; "),
            svg,
        });
    }
    blocks.push(Block::Facts(naming::stamps(package)));
    blocks
}

fn facts<R>(
    package: &VerifiedPackage<R>,
    asked: Option<Asked>,
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
        facts.push(("First request".to_owned(), Text::plain(both(asked.first, zone))));
        facts.push(("Last page".to_owned(), Text::plain(both(asked.last, zone))));
    }
    facts.push(("Sealed".to_owned(), Text::plain(both(seal.created.to_datetime(), zone))));
    let expired = seal.streams.iter().filter(|run| run.pass == 1 && run.state == RunState::Expired).count();
    let expired = if expired == 0 { "none".to_owned() } else { expired.to_string() };
    facts.push(("Runs expired before".to_owned(), Text::plain(expired)));
    let passed = package.report().finding_counts.get(&Code::RetentionPassed).copied().unwrap_or_default();
    let passed = if passed == 0 {
        "none".to_owned()
    } else {
        format!("{passed}; records of their beginnings may have gone unseen")
    };
    facts.push(("Runs passed while asked".to_owned(), Text::plain(passed)));
    facts
}

fn bracket<R>(package: &VerifiedPackage<R>, asked: Option<Asked>) -> Timeline {
    let (times, genesis, seal) = (&package.report().facts.times, package.genesis(), package.seal());
    let stamps = |name: &str, tokens: &[crate::verify::TokenFact]| {
        let mark = |token: &crate::verify::TokenFact| {
            let at = DateTime::parse_from_rfc3339(&token.gen_time).ok()?.to_utc();
            let accuracy = naming::accuracy(token).map(|accuracy| format!(" ({accuracy})")).unwrap_or_default();
            Some(Mark { name: format!("{name}{accuracy}"), at })
        };
        tokens.iter().filter_map(mark).collect::<Vec<Mark>>()
    };
    let mut timeline = Timeline::default();
    if let Some(Asked { first, last }) = asked {
        timeline.spans.push(Span { name: "pages came".to_owned(), from: first, to: last, is_full: true });
    }
    timeline.marks.push(Mark { name: "plan signed".to_owned(), at: genesis.created.to_datetime() });
    timeline.marks.extend(stamps("not before", &times.genesis_tokens));
    timeline.marks.push(Mark { name: "sealed".to_owned(), at: seal.created.to_datetime() });
    timeline.marks.extend(stamps("not after", &times.seal_tokens));
    timeline
}
