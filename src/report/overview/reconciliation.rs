//! The service's own counts against what was collected, and the first pass against the second.

use std::collections::BTreeMap;

use crate::format::kind::{Kind, Sort};
use crate::format::seal::{Reconciliation, SecondPass};
use crate::report::document::{Block, Column, Table, Text};
use crate::report::words::{self, counted, grouped};
use crate::verify::VerifiedPackage;

/// Returns both chapters.
pub(super) fn blocks<R>(package: &VerifiedPackage<R>) -> Vec<Block> {
    let (plan, seal) = (&package.genesis().plan, package.seal());
    let mut blocks = vec![Block::heading(1, "Reconciliation")];
    blocks.extend(counts(&seal.reconciliation, &plan.kinds));
    blocks.push(Block::heading(1, "Second pass"));
    blocks.extend(match &seal.second_pass {
        Some(pass) => second_pass(pass),
        None if plan.second_pass => {
            vec![Block::paragraph("The plan has a second pass, and the seal says nothing of it.")]
        }
        None => vec![Block::paragraph(
            "Windows were asked once. Whether records arrived late, changed or vanished meanwhile was not looked at.",
        )],
    });
    blocks
}

fn counts(reconciliation: &[Reconciliation], asked: &[Kind]) -> Vec<Block> {
    if reconciliation.is_empty() {
        return vec![Block::paragraph(if asked.iter().any(|kind| kind.sort() == Sort::Count) {
            "The service's own daily counts were asked, and the seal compares none: it takes whole UTC days in the plan's window for which \
             the service gave a number."
        } else {
            "The service's own daily counts were not asked, so nothing was held against them."
        })];
    }
    let mut sums: BTreeMap<Kind, Sum> = BTreeMap::new();
    for entry in reconciliation {
        let sum = sums.entry(entry.kind).or_default();
        sum.days += 1;
        if let Some((reported, collected)) = entry.reported.zip(entry.collected) {
            sum.reported += reported;
            sum.collected += collected;
            sum.differing += u64::from(reported != collected);
        } else {
            sum.one_sided += 1;
        }
    }
    let row = |(kind, sum): (&Kind, &Sum)| {
        let compared = [sum.reported, sum.collected, sum.differing];
        // Where no day could be compared, a nought would say that there was nothing.
        let compared = compared.map(|number| if sum.one_sided < sum.days { grouped(number) } else { "–".to_owned() });
        let numbers = [vec![grouped(sum.days)], compared.to_vec(), vec![grouped(sum.one_sided)]].concat();
        std::iter::once(Text::plain(words::kind(*kind))).chain(numbers.into_iter().map(Text::plain)).collect()
    };
    let mut blocks = vec![
        Block::paragraph(
            "The service says itself that its totals may differ from its records. A difference is a fact to explain, not a proof that \
             something is missing. A day is compared where the service gave a number and all logs that it is about were asked for.",
        ),
        Block::Table(Table {
            caption: "Whole UTC days, together; the sums are over the days that could be compared".to_owned(),
            columns: vec![
                Column::words("Count", 5),
                Column::numbers("Days", 2),
                Column::numbers("Service says", 3),
                Column::numbers("Collected", 3),
                Column::numbers("Days that differ", 3),
                Column::numbers("Not compared", 3),
            ],
            rows: sums.iter().map(row).collect(),
        }),
    ];
    let one_sided = sums.iter().filter(|(_, sum)| sum.one_sided > 0);
    let said: Vec<Text> =
        one_sided.map(|(kind, sum)| Text::plain(not_comparable(*kind, sum.one_sided, asked))).collect();
    if !said.is_empty() {
        blocks.push(Block::List { numbered: false, items: said });
    }
    let differing: Vec<&Reconciliation> = reconciliation.iter().filter(|entry| differs(entry)).collect();
    if !differing.is_empty() {
        blocks.push(differences(&differing));
    }
    blocks
}

/// Sums over the days of one count.
#[derive(Default)]
struct Sum {
    days: u64,
    reported: u64,
    collected: u64,
    differing: u64,
    /// Days on which one side was not asked.
    one_sided: u64,
}

/// Says why days of a count could not be compared: it speaks of one log, or of all four (FORMAT §9.2).
fn not_comparable(count: Kind, days: u64, asked: &[Kind]) -> String {
    let same_place = Kind::COUNTS.into_iter().zip(Kind::SIGN_INS).find(|(other, _)| *other == count);
    let logs = match same_place {
        Some((_, log)) if count != Kind::SignInEventsSummary => vec![log],
        _ => Kind::SIGN_INS.to_vec(),
    };
    let wanting: Vec<&str> = logs.into_iter().filter(|log| !asked.contains(log)).map(words::kind).collect();
    let why = match wanting.as_slice() {
        [] => "the service gave no number".to_owned(),
        wanting => format!("{} were not asked", wanting.join(", ")),
    };
    format!("{}: not comparable on {}: {why}.", words::kind(count), counted(days, "day"))
}

/// Returns how many more were collected than the service counts; none where one of the two was not asked.
fn difference(entry: &Reconciliation) -> Option<i128> {
    entry.reported.zip(entry.collected).map(|(reported, collected)| i128::from(collected) - i128::from(reported))
}

fn differs(entry: &Reconciliation) -> bool {
    difference(entry).is_some_and(|difference| difference != 0)
}

fn differences(differing: &[&Reconciliation]) -> Block {
    let number = |number: Option<u64>| Text::plain(number.map_or_else(|| "not asked".to_owned(), grouped));
    let row = |entry: &&Reconciliation| {
        let difference = difference(entry).map_or_else(|| "–".to_owned(), |difference| difference.to_string());
        vec![
            Text::plain(words::kind(entry.kind)),
            Text::plain(entry.day.clone()),
            number(entry.reported),
            number(entry.collected),
            Text::plain(difference),
        ]
    };
    let is_cut = differing.len() > MAX_ROWS;
    let cut = if is_cut { format!("; the first {MAX_ROWS} are listed, the seal has all") } else { String::new() };
    let days = counted(u64::try_from(differing.len()).unwrap_or(u64::MAX), "day");
    Block::Table(Table {
        caption: format!("{days} with a difference{cut}"),
        columns: vec![
            Column::words("Count", 5),
            Column::words("UTC day", 3),
            Column::numbers("Service says", 3),
            Column::numbers("Collected", 3),
            Column::numbers("Difference", 3),
        ],
        rows: differing.iter().take(MAX_ROWS).map(row).collect(),
    })
}

fn second_pass(pass: &SecondPass) -> Vec<Block> {
    let facts = [
        ("Windows compared", pass.windows),
        ("Windows not closed again", pass.failed),
        ("Records only the second time", pass.late),
        ("Records with other bytes", pass.changed),
        ("Records only the first time", pass.vanished),
    ];
    let facts = facts.map(|(name, count)| (name.to_owned(), Text::plain(grouped(count))));
    let mut blocks = vec![
        Block::paragraph(
            "Every window that closed was asked once more after all the others. Both answers are kept; the first is the one that is \
             counted.",
        ),
        Block::Facts(facts.to_vec()),
    ];
    if !pass.differences.is_empty() {
        let listed = pass.differences.iter().take(MAX_ROWS);
        let count = counted(u64::try_from(pass.differences.len()).unwrap_or(u64::MAX), "window");
        blocks.push(Block::Table(Table {
            caption: format!("{count} with a difference"),
            columns: vec![
                Column::words("Log", 4),
                Column::words("From", 4),
                Column::words("To", 4),
                Column::numbers("Late", 2),
                Column::numbers("Changed", 2),
                Column::numbers("Vanished", 2),
            ],
            rows: listed
                .map(|window| {
                    vec![
                        Text::plain(words::kind(window.kind)),
                        Text::plain(window.from.to_string()),
                        Text::plain(window.to.to_string()),
                        Text::plain(grouped(window.late)),
                        Text::plain(grouped(window.changed)),
                        Text::plain(grouped(window.vanished)),
                    ]
                })
                .collect(),
        }));
    }
    blocks
}

/// A few pages; there may be a count for each day and log of years.
const MAX_ROWS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_is_named_and_stands_outside_of_the_sums() {
        let asked = [Kind::InteractiveUser, Kind::NonInteractiveUser, Kind::ServicePrincipal];
        let entry =
            |kind, reported, collected| Reconciliation { kind, day: "2026-11-01".to_owned(), reported, collected };
        let days = [
            entry(Kind::NonInteractiveUserSummary, Some(5), Some(4)),
            entry(Kind::ManagedIdentitySummary, Some(7), None),
            entry(Kind::SignInEventsSummary, Some(12), None),
        ];
        let blocks = counts(&days, &asked);
        let said: Vec<String> = blocks
            .iter()
            .filter_map(|block| if let Block::List { items, .. } = block { Some(items) } else { None })
            .flatten()
            .map(|item| format!("{:?}", item.0))
            .collect();
        assert_eq!(said.len(), 2);
        assert!(
            said.iter().all(|line| line.contains("not comparable on 1 day: managed identities were not asked.")),
            "{said:?}"
        );
        let tables: Vec<&Table> = blocks
            .iter()
            .filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None })
            .collect();
        let row = |place: usize| tables[0].rows[place][1..].to_vec();
        assert_eq!(row(1), ["1", "5", "4", "1", "0"].map(Text::plain));
        assert_eq!(row(0), ["1", "–", "–", "–", "1"].map(Text::plain));
        assert_eq!(tables[1].rows.len(), 1, "one day differs");
    }
}
