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
    blocks.extend(counts(&seal.reconciliation, plan.kinds.iter().any(|kind| kind.sort() == Sort::Count)));
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

fn counts(reconciliation: &[Reconciliation], was_asked: bool) -> Vec<Block> {
    if reconciliation.is_empty() {
        return vec![Block::paragraph(if was_asked {
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
        let numbers = [sum.days, sum.reported, sum.collected, sum.differing, sum.one_sided];
        std::iter::once(Text::plain(words::kind(*kind)))
            .chain(numbers.map(|number| Text::plain(grouped(number))))
            .collect()
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
