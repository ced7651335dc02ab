//! The cover: verdict, matter, what is in the package, and what was not checked.

use super::Setting;
use crate::format::line::Line;
use crate::report::document::{Block, Span, Text};
use crate::report::words::{counted, verdict};
use crate::report::{Census, naming};
use crate::verify::{CheckOutcome, Severity, VerifiedPackage};

/// Returns the cover.
pub(super) fn blocks<R>(package: &VerifiedPackage<R>, census: &Census, setting: &Setting) -> Vec<Block> {
    let (genesis, provenance) = (package.genesis(), package.provenance());
    let name = provenance.verdict.as_str().to_owned();
    let verdict = Text(vec![Span::Strong(name), Span::Plain(format!(": {}", verdict(&provenance)))]);
    let mut blocks = vec![Block::Notice(verdict)];
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: Text| facts.push((name.to_owned(), value));
    let matter = &genesis.matter;
    fact("Matter", Text::plain(matter.id.to_string()));
    if let Some(organisation) = &matter.organisation {
        fact("For", Text::plain(organisation.to_string()));
    }
    if let Some(authority) = &matter.authority {
        fact("By authority of", Text::plain(authority.to_string()));
    }
    if !matter.custodians.is_empty() {
        let custodians: Vec<&str> = matter.custodians.iter().map(Line::as_str).collect();
        fact("Custodians", Text::plain(custodians.join(", ")));
    }
    fact("Operator, by the plan", Text::plain(genesis.operator.to_string()));
    fact("Service asked, by the plan", Text::code(genesis.source.graph_url.clone()));
    fact("Tenant, by the plan", Text::code(genesis.identity.tenant.clone()));
    fact("Window", Text::plain(format!("{} to {}, the end not included", genesis.plan.from, genesis.plan.to)));
    let volume = &package.seal().volume;
    if volume.number > 1 || !volume.last {
        let last = if volume.last { "the last of its acquisition" } else { "more follow" };
        fact("Volume", Text::plain(format!("{}, {last}; this report is about this volume alone", volume.number)));
    }
    facts.extend(naming::content(package, census));
    let mut fact = |name: &str, value: Text| facts.push((name.to_owned(), value));
    fact("Package", Text::code(provenance.package.to_string()));
    fact("File", Text::code(setting.file.clone()));
    let digest = provenance.archive_sha256;
    fact(
        "SHA-256",
        digest.map_or_else(|| Text::plain("could not be computed"), |digest| Text::code(digest.to_string())),
    );
    fact("Length", Text::plain(counted(provenance.archive_byte_len, "byte")));
    blocks.push(Block::Facts(facts));
    blocks.push(Block::heading(2, "What was not checked"));
    blocks.push(not_checked(package));
    blocks.push(Block::heading(2, "Contents"));
    blocks.push(Block::Contents);
    blocks
}

/// Says what the verification left open; that of every verification comes last.
fn not_checked<R>(package: &VerifiedPackage<R>) -> Block {
    let report = package.report();
    let open = report.checks.iter().filter(|check| check.outcome == CheckOutcome::NotChecked);
    let mut items: Vec<Text> = open
        .map(|check| {
            let reason = check.reason.as_deref().unwrap_or("no reason is given");
            Text::plain(format!("Step {}, {}: {reason}", check.number, check.step.title()))
        })
        .collect();
    let steps: Vec<_> = report.checks.iter().filter(|check| check.outcome == CheckOutcome::NotChecked).collect();
    let unestablished = report.findings.iter().filter(|finding| finding.severity == Severity::Unestablished);
    items.extend(
        unestablished
            .filter(|finding| !steps.iter().any(|check| check.step == finding.code.step()))
            .map(|finding| Text::plain(format!("{}: {}", finding.code.as_str(), finding.computed))),
    );
    items.push(Text::plain(
        "That the service sent these bytes, and that it returned all it had: no verification of a package can show either. \
         \"Complete\" means: as returned to this query, this identity, at this time.",
    ));
    Block::List { numbered: false, items }
}
