//! The sign-ins as figures: by hour, day, reason of failure, country and requirement. Nobody is named.

use chrono::{Datelike as _, NaiveDate};

use crate::codec::sign_in_words::authentication_requirement;
use crate::report::activity::{Activity, Endings};
use crate::report::charts;
use crate::report::document::{Block, Column, Table, Text};
use crate::report::tally::{Distinct, Ranking};
use crate::report::words::{self, counted, grouped};

/// Returns the chapter.
pub(super) fn blocks(activity: &Activity) -> Vec<Block> {
    let mut blocks = vec![
        Block::heading(1, "The sign-ins"),
        Block::paragraph(format!(
            "Counted from the entries of the four sign-in logs that count: {}. An entry that repeats another is in every figure once \
             more. Figures say what the service wrote, not what people did; where records are missing (see coverage), they are too \
             low. Hours and days are UTC.",
            activity.looked.sign_ins()
        )),
    ];
    if activity.looked.records == 0 {
        blocks.push(Block::paragraph("There is no sign-in among the records."));
        blocks.extend(unread(activity));
        return blocks;
    }
    blocks.extend(unread(activity));
    blocks.push(by_log(activity));
    blocks.push(Block::Facts(distinct(activity)));
    blocks.extend(by_time(activity));
    blocks.extend(by_failure(activity));
    blocks.extend(by_value(
        "countries",
        "Countries",
        "Countries or regions, as the service derives them from addresses",
        &activity.countries,
        None,
    ));
    blocks.extend(by_value(
        "requirements",
        "Authentication requirement",
        "What the service required",
        &activity.authentication_requirements,
        Some(authentication_requirement),
    ));
    blocks
}

fn unread(activity: &Activity) -> Vec<Block> {
    let looked = &activity.looked;
    let mut said = Vec::new();
    if looked.pages_unread > 0 {
        said.push(format!("{} could not be read", counted(looked.pages_unread, "page")));
    }
    if looked.records_unread > 0 {
        said.push(format!("{} could not be read as a sign-in", counted(looked.records_unread, "record")));
    }
    if looked.records_with_repeated > 0 {
        said.push(format!(
            "what a member says that stands twice, in {}",
            counted(looked.records_with_repeated, "record")
        ));
    }
    if activity.undated > 0 {
        said.push(format!("{} without a time stand in no hour and on no day", counted(activity.undated, "record")));
    }
    if activity.beyond_days > 0 {
        said.push(format!("{} lie on further days, which are not shown", counted(activity.beyond_days, "record")));
    }
    if said.is_empty() {
        Vec::new()
    } else {
        vec![Block::Notice(Text::plain(format!("Not in these figures: {}.", said.join("; "))))]
    }
}

fn by_log(activity: &Activity) -> Block {
    let row = |name: &str, endings: &Endings| {
        let numbers = [
            endings.total(),
            endings.succeeded,
            endings.interrupted,
            endings.failed,
            endings.unsaid,
            endings.undetermined,
        ];
        std::iter::once(Text::plain(name))
            .chain(numbers.map(|number| Text::plain(grouped(number))))
            .collect::<Vec<Text>>()
    };
    let mut rows: Vec<Vec<Text>> =
        activity.kinds.iter().map(|(kind, endings)| row(words::kind(*kind), endings)).collect();
    rows.push(row("together", &activity.endings));
    Block::Table(Table {
        caption: "Outcomes (interrupted: a step on the way, such as the question for a second factor; said twice: the record has two \
                  numbers, and which is meant cannot be told)"
            .to_owned(),
        columns: vec![
            Column::words("Log", 5),
            Column::numbers("Sign-ins", 3),
            Column::numbers("Succeeded", 3),
            Column::numbers("Interrupted", 3),
            Column::numbers("Failed", 3),
            Column::numbers("Not said", 3),
            Column::numbers("Said twice", 3),
        ],
        rows,
    })
}

fn distinct(activity: &Activity) -> Vec<(String, Text)> {
    let written = |distinct: Distinct| {
        let more = if distinct.is_exact { "" } else { " or more" };
        Text::plain(format!("{}{more}", grouped(distinct.count)))
    };
    let mut facts = vec![
        ("Accounts of people".to_owned(), written(activity.accounts)),
        ("of them with a success".to_owned(), written(activity.accounts_succeeded)),
        ("Principals and identities".to_owned(), written(activity.service_principals)),
        ("Applications".to_owned(), written(activity.applications)),
        ("Addresses".to_owned(), written(activity.addresses)),
        ("Countries or regions".to_owned(), written(activity.distinct_countries)),
    ];
    if let (Some(first), Some(last)) = (activity.first, activity.last) {
        facts.push(("First and last".to_owned(), Text::plain(format!("{first} and {last}, by the service's clock"))));
    }
    facts
}

fn parts(endings: &Endings) -> [u64; 3] {
    [endings.succeeded, endings.interrupted + endings.unsaid + endings.undetermined, endings.failed]
}

fn by_time(activity: &Activity) -> Vec<Block> {
    let hours: Vec<charts::Column> = activity
        .hours
        .iter()
        .enumerate()
        .map(|(hour, endings)| charts::Column { label: format!("{hour:02}"), parts: parts(endings) })
        .collect();
    let busiest = activity.hours.iter().enumerate().max_by_key(|(hour, endings)| (endings.total(), 24 - hour));
    let busiest = busiest.map(|(hour, endings)| format!("Most in hour {hour:02}: {}.", grouped(endings.total())));
    let mut blocks = vec![
        Block::heading(2, "By hour and by day"),
        Block::Figure {
            caption: "Sign-ins by hour of the day, UTC".to_owned(),
            alternative: busiest.unwrap_or_default(),
            svg: charts::columns("hours", &hours, PARTS, 1),
        },
    ];
    let days = every_day(activity);
    let step = days.len().div_ceil(MAX_COLUMNS).max(1);
    let columns: Vec<charts::Column> = days
        .chunks(step)
        .filter_map(|days| {
            let label = days.first()?.0.format("%m-%d").to_string();
            let sum = |part: usize| days.iter().map(|(_, endings)| parts(endings)[part]).sum();
            Some(charts::Column { label, parts: [sum(0), sum(1), sum(2)] })
        })
        .collect();
    let most = days.iter().max_by_key(|(day, endings)| (endings.total(), -day.num_days_from_ce()));
    let each = if step == 1 { "by UTC day".to_owned() } else { format!("by {step} UTC days") };
    if let (Some((first, _)), Some((last, _)), Some((busiest, endings))) = (days.first(), days.last(), most) {
        blocks.push(Block::Figure {
            caption: format!("Sign-ins {each}, from {first} to {last}"),
            alternative: format!("Most on {busiest}: {}.", grouped(endings.total())),
            svg: charts::columns("days", &columns, PARTS, columns.len().div_ceil(LABELS)),
        });
    }
    blocks
}

/// Returns every day from the first to the last, also those without a sign-in.
fn every_day(activity: &Activity) -> Vec<(NaiveDate, Endings)> {
    let (Some((first, _)), Some((last, _))) = (activity.days.first_key_value(), activity.days.last_key_value()) else {
        return Vec::new();
    };
    let days = first.iter_days().take_while(|day| day <= last);
    let is_scattered = (*last - *first).num_days() > MAX_SPAN_DAYS;
    if is_scattered {
        return activity.days.iter().map(|(day, endings)| (*day, *endings)).collect();
    }
    days.map(|day| (day, activity.days.get(&day).copied().unwrap_or_default())).collect()
}

fn by_failure(activity: &Activity) -> Vec<Block> {
    let mut blocks = vec![Block::heading(2, "Interrupted or failed, by reason")];
    if activity.failures.is_empty() {
        blocks.push(Block::paragraph("None."));
        return blocks;
    }
    let bars: Vec<(String, u64)> = activity
        .failures
        .iter()
        .take(BARS)
        .map(|failure| (format!("{} {}", failure.code, failure.words), failure.records))
        .collect();
    blocks.push(Block::Figure {
        caption: "The most frequent numbers with which sign-ins ended that did not succeed".to_owned(),
        alternative: listed(&bars),
        svg: charts::ranked("failures", &bars),
    });
    let mut rows: Vec<Vec<Text>> = activity
        .failures
        .iter()
        .take(MAX_ROWS)
        .map(|failure| {
            vec![
                Text::code(failure.code.to_string()),
                Text::plain(failure.words),
                Text::plain(failure.grounds.unwrap_or("–")),
                Text::plain(if failure.is_interruption { "interrupted" } else { "failed" }),
                Text::plain(grouped(failure.records)),
            ]
        })
        .collect();
    let beyond: u64 = activity.failures.iter().skip(MAX_ROWS).map(|failure| failure.records).sum();
    if beyond + activity.beyond_failures > 0 {
        rows.push(vec![
            Text::plain("others"),
            Text::default(),
            Text::default(),
            Text::default(),
            Text::plain(grouped(beyond + activity.beyond_failures)),
        ]);
    }
    blocks.push(Block::Table(Table {
        caption: "Numbers (status.errorCode) and what they mean, in our words".to_owned(),
        columns: vec![
            Column::words("Number", 2),
            Column::words("Meaning", 9),
            Column::words("Ended on", 3),
            Column::words("Counted as", 3),
            Column::numbers("Records", 2),
        ],
        rows,
    }));
    blocks
}

fn by_value(
    name: &'static str,
    title: &str,
    caption: &str,
    ranking: &Ranking,
    meaning: Option<fn(&str) -> Option<&'static str>>,
) -> Vec<Block> {
    let mut blocks = vec![Block::heading(2, title)];
    let bars: Vec<(String, u64)> =
        ranking.entries.iter().take(BARS).map(|entry| (entry.value.clone(), entry.records)).collect();
    if !bars.is_empty() {
        let svg = charts::ranked(name, &bars);
        blocks.push(Block::Figure { caption: caption.to_owned(), alternative: listed(&bars), svg });
    }
    let row = |value: Text, words: &'static str, records: u64| {
        let words = meaning.map(|_| Text::plain(words));
        std::iter::once(value).chain(words).chain([Text::plain(grouped(records))]).collect::<Vec<Text>>()
    };
    let entries = ranking.entries.iter().take(MAX_ROWS);
    let mut rows: Vec<Vec<Text>> = entries
        .map(|entry| {
            let words = meaning.and_then(|meaning| meaning(&entry.value)).unwrap_or_default();
            row(Text::code(entry.value.clone()), words, entry.records)
        })
        .collect();
    let beyond: u64 = ranking.entries.iter().skip(MAX_ROWS).map(|entry| entry.records).sum();
    for (said, count) in [("others", beyond + ranking.beyond), ("the record does not say", ranking.absent)] {
        if count > 0 {
            rows.push(row(Text::plain(said), "", count));
        }
    }
    let words = meaning.map(|_| Column::words("Meaning", 7));
    let columns = std::iter::once(Column::words("Value", 5)).chain(words).chain([Column::numbers("Records", 2)]);
    blocks.push(Block::Table(Table { caption: caption.to_owned(), columns: columns.collect(), rows }));
    blocks
}

fn listed(bars: &[(String, u64)]) -> String {
    let bars: Vec<String> = bars.iter().map(|(name, count)| format!("{name}: {}", grouped(*count))).collect();
    bars.join("; ")
}

const PARTS: [&str; 3] = ["succeeded", "interrupted, or not said once", "failed"];
/// As many as a picture can name.
const BARS: usize = 12;
/// As many as a page can show.
const MAX_ROWS: usize = 40;
const MAX_COLUMNS: usize = 93;
/// As many as can stand below a picture without touching.
const LABELS: usize = 12;
/// Beyond it, days without a sign-in are left out.
const MAX_SPAN_DAYS: i64 = 3_700;
