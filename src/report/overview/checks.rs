//! The verification, step by step, and everything it found.

use crate::report::document::{Block, Column, Span, Table, Text};
use crate::report::words::{check, counted, grouped, severity};
use crate::verify::Report;

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
            "Every value below was computed again from the package's bytes when this report was made. The steps and the codes are \
             those of the published format, sections 12 to 14.",
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
    let rows = report.findings.iter().map(|finding| {
        let mut said = Vec::new();
        for (name, value) in [("claimed ", &finding.claimed), ("; computed ", &finding.computed)] {
            if !value.is_empty() {
                let name = if said.is_empty() { name.trim_start_matches("; ") } else { name };
                said.extend([Span::Plain(name.to_owned()), Span::Code(value.clone())]);
            }
        }
        let code = finding.code.as_str();
        let count = report.finding_counts.get(&finding.code).copied().unwrap_or_default();
        vec![
            Text::plain(severity(finding.severity)),
            Text(vec![
                Span::Code(code.to_owned()),
                Span::Plain(format!(" ({}, {} in all)", finding.clause, grouped(count))),
            ]),
            Text::code(finding.place.clone()),
            Text(said),
        ]
    });
    let listed = report.findings.len() as u64;
    let caption = if raised > listed {
        format!("{}, of which {} are listed", counted(raised, "finding"), grouped(listed))
    } else {
        counted(raised, "finding")
    };
    blocks.push(Block::Table(Table {
        caption,
        columns: vec![
            Column::words("Weight", 3),
            Column::words("Code", 5),
            Column::words("Place", 5),
            Column::words("Values", 9),
        ],
        rows: rows.collect(),
    }));
    blocks
}
