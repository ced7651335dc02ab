//! The sheet itself, as a document.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use chrono::{DateTime, Utc};

use super::deadline::{Length, hours_and_minutes};
use super::moment::{Moment, Zone};
use super::regime::{Regime, Start, State};
use super::rules::NOT_LAW;
use crate::format::kind::Sort;
use crate::format::seal::RunState;
use crate::report::activity::Activity;
use crate::report::document::{Block, Column, Document, Span, Table, Text};
use crate::report::naming::{self, Asked};
use crate::report::unread::{Unread, WindowState};
use crate::report::words::grouped;
use crate::report::{Census, Distinct, verification};
use crate::time::LocalTime;
use crate::verify::{ReadAgainError, VerifiedPackage};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// By which rules, in the order in which they are to be shown.
    pub regimes: Vec<&'static Regime>,
    /// The events whose time is known and that a clock of these rules runs from: no other one is told to an authority.
    pub starts: BTreeMap<Start, Moment>,
    /// By whose wall clock other times are written.
    pub zone: Zone,
    /// When the sheet is made.
    pub now: LocalTime,
}

impl Request {
    fn start(&self, start: Start) -> Option<&Moment> {
        self.starts.get(&start)
    }

    /// Returns the events that a clock runs from and whose time was not given.
    #[must_use]
    pub fn missing(&self) -> Vec<Start> {
        let mut missing: Vec<Start> = self.regimes.iter().flat_map(|regime| regime.starts()).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.retain(|start| self.start(*start).is_none());
        missing
    }

    /// Returns the events that were named by an offset from UTC alone and from which days or months are counted.
    ///
    /// An offset names an instant and no place: by the calendar of a place the event may have been a day earlier, and its clocks may
    /// change before the last day ends. Either makes an end too late, so there is none without a named zone.
    #[must_use]
    pub fn without_calendar(&self) -> Vec<Start> {
        let duties = self.regimes.iter().flat_map(|regime| regime.rules).flat_map(|rule| rule.duties);
        let starts = duties.filter(|duty| duty.length.needs_calendar()).map(|duty| duty.start);
        let is_bare = |start: &Start| self.start(*start).is_some_and(|moment| !moment.zone.has_calendar());
        let mut bare: Vec<Start> = starts.filter(is_bare).collect();
        bare.sort_unstable();
        bare.dedup();
        bare
    }

    /// Says which of the times given cannot all be right: they were typed by people, and a clock that runs from one is as wrong.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let given = |start| self.start(start).map(|moment| (start, moment));
        let late = Start::ALL.into_iter().filter_map(given).filter(|(_, moment)| moment.utc > self.now.to_datetime());
        let late = late.map(|(start, _)| format!("the time of {} lies after this sheet was made", start.words()));
        let order =
            [(Start::Aware, Start::Notified), (Start::Aware, Start::Classified), (Start::Notified, Start::Reported)];
        let turned = order.into_iter().filter_map(|(first, then)| Some((given(first)?, given(then)?)));
        let turned = turned.filter(|((_, first), (_, then))| then.utc < first.utc);
        let turned = turned.map(|((first, _), (then, _))| format!("{} lies before {}", then.words(), first.words()));
        late.chain(turned).collect()
    }
}

/// Makes the sheet.
///
/// # Errors
///
/// [`ReadAgainError`] when a page can no longer be read as it was verified.
pub fn sheet<R: Read + Seek>(package: &mut VerifiedPackage<R>, request: &Request) -> Result<Document, ReadAgainError> {
    let activity = Activity::of(package)?;
    let unread = Unread::of(package)?;
    let first_request = Asked::of(package)?.map(|asked| asked.first);
    let mut blocks = vec![Block::Notice(Text(vec![
        Span::Strong("Not legal advice. ".to_owned()),
        Span::Plain(
            "This sheet computes lengths of time from the events that were named to it. Whether a rule applies, whether its clock \
             runs and from when is counsel's question, and is not decided here. Sources are named with how far they were read; read \
             them before you rely on a date."
                .to_owned(),
        ),
    ]))];
    blocks.extend(events(request));
    for regime in &request.regimes {
        blocks.extend(clocks(regime, request));
    }
    blocks.extend(age(package, request, first_request));
    blocks.extend(covered(package, &activity.census, &unread, request.now));
    blocks.extend(numbers(&activity));
    blocks.extend([Block::heading(2, "Values to copy"), Block::Facts(naming::digests(package))]);
    blocks.push(limits(request));
    let about = Document::about(
        "Cover sheet for a notification",
        naming::subtitle(package),
        &package.provenance(),
        request.now,
    );
    Ok(Document { blocks, ..about })
}

/// When things happened, as they were named.
fn events(request: &Request) -> Vec<Block> {
    let mut facts: Vec<(String, Text)> =
        request.starts.iter().map(|(start, moment)| moment_fact(*start, moment)).collect();
    for start in request.missing() {
        facts.push((sentence(start.words()), Text::blank(format!("time of {} (--{})", start.words(), start.option()))));
    }
    facts.push(("This sheet made".to_owned(), instant(request.now.to_datetime(), request.zone)));
    let mut blocks = vec![Block::heading(2, "Events, as they were stated to the program"), Block::Facts(facts)];
    let doubts = request.doubts();
    if !doubts.is_empty() {
        let said = Span::Plain(format!(": {}. Clocks below run from them as they were given.", doubts.join("; ")));
        blocks.push(Block::Notice(Text(vec![Span::Strong("These times cannot all be right".to_owned()), said])));
    }
    blocks
}

fn moment_fact(start: Start, moment: &Moment) -> (String, Text) {
    (sentence(start.words()), instant(moment.utc, moment.zone))
}

/// Writes an instant by the wall and by UTC.
fn instant(at: DateTime<Utc>, zone: Zone) -> Text {
    Text(vec![Span::Plain(format!("{} ({zone}); ", zone.written(at))), Span::Code(utc(at))])
}

fn clocks(regime: &Regime, request: &Request) -> Vec<Block> {
    let mut table = Table {
        caption: String::new(),
        columns: vec![
            Column::words("What", 5),
            Column::words("Runs from", 4),
            Column::words("How soon", 4),
            Column::words("Ends, local time", 5),
            Column::words("Ends, UTC", 6),
            Column::words("When this was made", 4),
        ],
        rows: Vec::new(),
    };
    let mut sources = Vec::new();
    for rule in regime.rules {
        for duty in rule.duties {
            let start = request.start(duty.start);
            let [local, universal, standing] =
                match (start.and_then(|start| duty.length.end(start)), start, duty.length) {
                    (_, _, Length::Words(_)) => [Text::plain("no fixed end"), Text::default(), Text::default()],
                    (Some(end), _, _) => {
                        let now = request.now.to_datetime();
                        let standing = end.standing(now);
                        let standing = if end.is_over(now) { Span::Strong(standing) } else { Span::Plain(standing) };
                        [Text::plain(end.local()), Text::code(utc(end.until)), Text(vec![standing])]
                    }
                    (None, Some(_), _) => [Text::plain("beyond the calendar"), Text::default(), Text::default()],
                    (None, None, _) => [
                        Text::blank(format!("not computed: --{} not given", duty.start.option())),
                        Text::default(),
                        Text::default(),
                    ],
                };
            let from = Text::plain(duty.start.words());
            table.rows.push(vec![Text::plain(duty.what), from, Text::plain(duty.within()), local, universal, standing]);
        }
        sources.push(Text(vec![
            Span::Strong(format!("{}: ", rule.title)),
            Span::Plain(format!("{}. State of reading: {}.", rule.source, rule.state.text())),
        ]));
    }
    let mut blocks = vec![Block::heading(2, regime.title)];
    if regime.rules.iter().any(|rule| matches!(rule.state, State::WhetherInForce(_))) {
        blocks.push(Block::Notice(Text::plain(
            "Whether this rule is in force was not confirmed. Nothing below says that anything is due.",
        )));
    }
    blocks.push(Block::Table(table));
    let not_law = NOT_LAW.iter().filter(|(_, name)| *name == regime.name);
    let not_law =
        not_law.map(|(title, _)| Text::plain(format!("{title}: not law as far as is known, and not computed.")));
    let cautions = regime.cautions.iter().map(|caution| Text::plain(*caution));
    let items = sources.into_iter().chain(cautions).chain(not_law).collect();
    blocks.push(Block::List { numbered: false, items });
    blocks
}

/// How long after the rules' own events the evidence was asked for and sealed.
fn age<R: Read + Seek>(
    package: &VerifiedPackage<R>,
    request: &Request,
    first_request: Option<LocalTime>,
) -> Vec<Block> {
    let seal = package.seal();
    let rows = [
        ("plan signed", Some(package.genesis().created)),
        ("first request of this package that brought a page", first_request),
        ("package sealed", Some(seal.created)),
        ("this sheet made", Some(request.now)),
    ];
    let known: Vec<(&Start, &Moment)> = request.starts.iter().filter(|(start, _)| start.is_knowledge()).collect();
    let rows = rows.into_iter().map(|(what, at)| {
        let mut row = vec![Text::plain(what), Text::plain("none"), Text::default()];
        row.resize(row.len() + known.len(), Text::default());
        let Some(at) = at.map(LocalTime::to_datetime) else { return row };
        let after = known.iter().map(|(_, moment)| Text::plain(hours_and_minutes(at - moment.utc)));
        let times = [Text::plain(what), Text::plain(request.zone.written(at)), Text::code(utc(at))];
        times.into_iter().chain(after).collect()
    });
    let mut columns = vec![Column::words("Event", 4), Column::words("Local time", 5), Column::words("UTC", 4)];
    columns.extend(known.iter().map(|(start, _)| Column::numbers(format!("After {}", start.words()), 3)));
    let table = Table { caption: String::new(), columns, rows: rows.collect() };
    vec![
        Block::heading(2, "Age of the evidence"),
        Block::Table(table),
        Block::paragraph(
            "These times are by the clock of the operator's machine; a negative span lies before the event. Time stamps of an \
             authority, where there are any, stand below and bound them.",
        ),
    ]
}

/// The period and what is missing in it.
fn covered<R: Read + Seek>(
    package: &VerifiedPackage<R>,
    census: &Census,
    unread: &Unread,
    made: LocalTime,
) -> Vec<Block> {
    let (plan, seal) = (&package.genesis().plan, package.seal());
    let logs = |kinds: &[crate::format::kind::Kind]| {
        let names: Vec<&str> = kinds.iter().filter(|kind| kind.sort() == Sort::Log).map(|kind| kind.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let in_state =
        |state: WindowState| seal.streams.iter().filter(|run| run.is_counted() && unread.state(run) == state).count();
    let of = |state: RunState| in_state(WindowState::Sealed(state)).to_string();
    let mut facts = vec![
        ("Verification of the package".to_owned(), verification::sentence(package, made)),
        ("Period asked for".to_owned(), Text::code(format!("[{}, {})", plan.from, plan.to))),
        ("Logs asked for".to_owned(), Text::plain(logs(&plan.kinds))),
        ("Logs not asked for".to_owned(), Text::plain(logs(&plan.not_asked))),
        ("Windows with records".to_owned(), Text::plain(of(RunState::Complete))),
        ("Windows without records".to_owned(), Text::plain(of(RunState::Empty))),
        ("Windows already deleted by the service".to_owned(), Text::plain(of(RunState::Expired))),
        ("Windows that failed".to_owned(), Text::plain(of(RunState::Failed))),
        ("Windows not asked".to_owned(), Text::plain(of(RunState::NotAsked))),
    ];
    let claimed = in_state(WindowState::Unread);
    if let Some(pages) = unread.words() {
        facts.push(("Windows claimed, not established".to_owned(), Text::plain(format!("{claimed}: {pages}"))));
    }
    facts.extend(naming::content(package, census));
    if seal.volume.number != 1 || !seal.volume.last {
        let of = format!("number {} of an acquisition in several; the others are not counted here", seal.volume.number);
        facts.push(("Volume".to_owned(), Text::plain(of)));
    }
    let mut blocks = vec![
        Block::heading(2, "What the package covers"),
        Block::Facts(facts),
        Block::paragraph(
            "A window is one log over one stretch of the period. \"With records\" means: as returned to this query, by this \
             identity, at this time. Windows deleted, failed, not asked or not established are gaps.",
        ),
    ];
    let gaps = naming::gaps(package);
    if !gaps.is_empty() {
        blocks.push(Block::List { numbered: false, items: gaps });
    }
    blocks
}

fn numbers(activity: &Activity) -> Vec<Block> {
    let distinct = |of: Distinct| {
        let count = grouped(of.count);
        if of.is_exact { count } else { format!("more than {count}") }
    };
    let mut facts = vec![
        ("Sign-ins", activity.looked.sign_ins()),
        ("Accounts of people", distinct(activity.accounts)),
        ("Accounts of people with a sign-in that succeeded", distinct(activity.accounts_succeeded)),
        ("Service principals and managed identities", distinct(activity.service_principals)),
        ("Applications", distinct(activity.applications)),
        ("Network addresses", distinct(activity.addresses)),
        ("Countries or regions, as the service derived them from addresses", distinct(activity.distinct_countries)),
        ("Sign-ins without a country or region", grouped(activity.countries.absent)),
    ];
    let unread = [
        ("Sign-ins that could not be read", activity.looked.records_unread),
        ("Sign-ins with a member that stands twice, which is in no figure", activity.looked.records_with_repeated),
        ("Pages that could not be read", activity.looked.pages_unread),
    ];
    facts.extend(unread.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name, grouped(count))));
    let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), Text::plain(value))).collect();
    vec![
        Block::heading(2, "How many, never who"),
        Block::Facts(facts),
        Block::Paragraph(
            Text::plain(
                "Different values over all sign-ins of the package that count, successful or not: an entry that repeats another adds none. That somebody is counted does not say that \
                 they are affected. How many persons are: ",
            )
            .and(Span::Blank("approximate number of persons concerned, and on what ground".to_owned())),
        ),
    ]
}

/// Kept together: the end of a list alone on a last page reads as if it belonged to nothing.
fn limits(request: &Request) -> Block {
    let mut moves = "Whether an end on a Saturday, a Sunday or a holiday moves. It was not moved, and where two readings of a rule differ the \
                     earlier end is shown."
        .to_owned();
    if request.regimes.iter().any(|regime| regime.is_european) {
        moves += " Under Regulation (EEC, Euratom) No 1182/71 Art. 3, where it applies, the hour of the event is not counted, and a period not \
                  in hours that would end on a day without work ends with the next working day: both later.";
    }
    let items = [
        "Whether there was an incident or a breach, who is responsible for notifying, and whether a rule applies.",
        "When a clock started. The events above were stated by whoever ran the program; nothing in the package shows them.",
        "Whose calendar counts. Days and months are counted by that of the zone named beside the event.",
        &moves,
        "Whether anybody was notified. PASSED says that an end lies before the moment at which this sheet was made, and no more.",
        "What a notification has to say, and to whom.",
        "Who signed in. A sign-in record is consistent with a use of an account from an address; it does not show a person.",
    ];
    let items = items.into_iter().map(Text::plain).collect();
    Block::Kept(vec![Block::heading(2, "What this sheet does not decide"), Block::List { numbered: false, items }])
}

fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
