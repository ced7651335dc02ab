//! The verification, step by step, and everything it found.

use crate::report::document::{Block, Column, Span, Table, Text};
use crate::report::words::{check, counted, grouped, severity};
use crate::verify::{Code, Finding, Report};

/// Returns the chapter.
pub(super) fn blocks(report: &Report) -> Vec<Block> {
    let step = |result: &crate::verify::CheckResult| {
        vec![
            Text::plain(result.number.to_string()),
            Text::plain(result.step.title()),
            Text::plain(check(result.outcome)),
            Text::plain(result.reason.clone().unwrap_or_default()),
        ]
    };
    let mut blocks = vec![
        Block::heading(1, "The verification"),
        Block::paragraph(
            "These steps were gone through when this report was made, on the package's bytes; values were computed again and not \
             taken from it. Each step says what it did not check. The steps and the codes are those of the published format, sections \
             12 to 14.",
        ),
        Block::Table(Table {
            caption: "Steps".to_owned(),
            columns: vec![
                Column::numbers("No.", 1),
                Column::words("Step", 3),
                Column::words("Outcome", 2),
                Column::words("Remark", 9),
            ],
            rows: report.checks.iter().map(step).collect(),
        }),
        Block::heading(2, "Findings"),
    ];
    let raised: u64 = report.finding_counts.values().sum();
    if raised == 0 {
        blocks.push(Block::paragraph("None."));
        return blocks;
    }
    let by_code = |(code, count): (&Code, &u64)| {
        let of_code = report.findings.iter().filter(|finding| finding.code == *code);
        let weight = of_code.map(|finding| finding.severity).max().unwrap_or(code.severity());
        vec![
            Text::plain(severity(weight)),
            Text::code(code.as_str()),
            Text::plain(code.clause()),
            Text::plain(grouped(*count)),
        ]
    };
    let listed = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
    blocks.push(Block::Table(Table {
        caption: counted(raised, "finding"),
        columns: vec![
            Column::words("Weight", 3),
            Column::words("Code", 6),
            Column::words("Section", 3),
            Column::numbers("How often", 2),
        ],
        rows: report.finding_counts.iter().map(by_code).collect(),
    }));
    let one = |finding: &Finding| {
        vec![
            Text(vec![
                Span::Code(finding.code.as_str().to_owned()),
                Span::Plain(" at ".to_owned()),
                Span::Code(finding.place.clone()),
            ]),
            Text::plain(finding.claimed.clone()),
            Text::plain(finding.computed.clone()),
        ]
    };
    let of_all = if raised > listed { format!(", {} of {}", grouped(listed), grouped(raised)) } else { String::new() };
    blocks.push(Block::Table(Table {
        caption: format!("One by one{of_all}"),
        columns: vec![Column::words("What and where", 8), Column::words("Claimed", 5), Column::words("Computed", 7)],
        rows: report.findings.iter().map(one).collect(),
    }));
    blocks
}
