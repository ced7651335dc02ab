//! The cover: verdict, matter, what is in the package, and what was not checked.

use super::clocks::{beside, both};
use super::{Setting, completeness};
use crate::format::kind::Sort;
use crate::format::line::Line;
use crate::report::document::{Block, Span, Text};
use crate::report::unread::Unread;
use crate::report::words::{self, counted, verdict};
use crate::report::{Census, naming};
use crate::time::Bound;
use crate::verify::{CheckOutcome, Severity, Step, VerifiedPackage};

/// Returns the cover.
pub(super) fn blocks<R>(
    package: &VerifiedPackage<R>,
    census: &Census,
    setting: &Setting,
    unread: &Unread,
) -> Vec<Block> {
    let (genesis, provenance) = (package.genesis(), package.provenance());
    let name = provenance.verdict.as_str().to_owned();
    let verdict = Text(vec![Span::Strong(name), Span::Plain(format!(": {}", verdict(&provenance)))]);
    let mut blocks = vec![Block::Notice(verdict)];
    blocks.extend(completeness::notice(&package.seal().streams, unread));
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
    let bound = |at: Bound| format!("{at}{}", beside(at.to_datetime(), setting.zone));
    let (from, to) = (bound(genesis.plan.from), bound(genesis.plan.to));
    fact("Window", Text::plain(format!("{from} to {to}, the end not included")));
    let sealed = package.seal().created;
    fact("Sealed", Text::plain(format!("{}, by the operator's clock", both(sealed.to_datetime(), setting.zone))));
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
    blocks.push(not_checked(package, setting));
    blocks.push(Block::heading(2, "Contents"));
    blocks.push(Block::Contents);
    blocks
}

/// Says what the verification left open, then what was not asked of anybody; that of every verification comes last.
fn not_checked<R>(package: &VerifiedPackage<R>, setting: &Setting) -> Block {
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
    items.extend(not_asked(package).into_iter().map(Text::plain));
    items.extend(not_held_against(setting).map(Text::plain));
    items.push(Text::plain(
        "That the service sent these bytes, and that it returned all it had: no verification of a package can show either. \
         \"Complete\" means: as returned to this query, this identity, at this time.",
    ));
    Block::List { numbered: false, items }
}

/// Says what the collection left out, or could not know.
fn not_asked<R>(package: &VerifiedPackage<R>) -> Vec<String> {
    let (genesis, seal) = (package.genesis(), package.seal());
    let mut said = Vec::new();
    if !genesis.plan.not_asked.is_empty() {
        let logs: Vec<&str> = genesis.plan.not_asked.iter().map(|kind| words::kind(*kind)).collect();
        said.push(format!("Logs that were not asked: {}.", logs.join(", ")));
    }
    if seal.second_pass.is_none() {
        said.push(
            "Whether records arrived late, changed or vanished after they were fetched: windows were asked once, and no second pass \
             stands beside the first."
                .to_owned(),
        );
    }
    let was_counted = genesis.plan.kinds.iter().any(|kind| kind.sort() == Sort::Count);
    match (seal.reconciliation.is_empty(), was_counted) {
        (false, _) => {}
        (true, true) => said.push(
            "Whether the service's own counts of a day agree: they were asked, and the seal compares none.".to_owned(),
        ),
        (true, false) => said.push(
            "Whether the service's own counts of a day agree: they were not asked, so nothing was held against them."
                .to_owned(),
        ),
    }
    match genesis.source.extra_roots.len() {
        0 => {}
        count => said.push(format!(
            "Who answered, beyond the word of {} for TLS that the operator added: whoever holds the key to such a certificate could answer in the service's \
             place.",
            counted(u64::try_from(count).unwrap_or(u64::MAX), "root certificate")
        )),
    }
    if genesis.source.proxy.is_some() {
        said.push("What the proxy did through which the service was asked.".to_owned());
    }
    said
}

/// Says what nobody else's word was held against.
fn not_held_against(setting: &Setting) -> Option<String> {
    let Some(custody) = &setting.custody else {
        return Some("Who had the package since it was sealed: no ledger was given for this report.".to_owned());
    };
    let is_held = custody
        .report()
        .checks
        .iter()
        .any(|check| check.step == Step::LedgerHead && check.outcome != CheckOutcome::NotChecked);
    let said = "Whether the ledger is whole to its end: no head of it that somebody else kept was held against it.";
    (!is_held).then(|| said.to_owned())
}
