//! What a package says about its own making, gathered once for all forms of certificate.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use crate::crypto::merkle::RootHash;
use crate::format::genesis::Genesis;
use crate::format::kind::{Kind, Sort};
use crate::format::seal::RunState;
use crate::report::document::Text;
use crate::report::naming::{self, Asked};
use crate::report::words::{either, grouped};
use crate::report::{Census, verification};
use crate::time::LocalTime;
use crate::verify::{ReadAgainError, VerifiedPackage};

/// Facts of a package that stand in its page records, plan, seal and report.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// When pages were asked for and came; none where no page record can be read.
    pub asked: Option<Asked>,
    /// Pages that took more than one attempt.
    pub retried_pages: u64,
    /// Page records that could not be read, as of a package that failed verification.
    pub unread_pages: u64,
    /// The root over the records of each page, by its sequence.
    pub page_roots: BTreeMap<u64, RootHash>,
    /// Where all records stand: those that count, and the others.
    pub census: Census,
    /// What the verification before the draft came to, in a sentence.
    pub verification: Text,
    /// What a reader has to be told of as exceptional, one line each.
    pub exceptions: Vec<Text>,
}

impl Subject {
    /// Reads all page records, and all pages, for a draft made at `made`.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`]; records that an INVALID package lacks are counted.
    pub(super) fn gather<R: Read + Seek>(
        package: &mut VerifiedPackage<R>,
        made: LocalTime,
    ) -> Result<Self, ReadAgainError> {
        let mut subject = Self {
            asked: None,
            retried_pages: 0,
            unread_pages: 0,
            page_roots: BTreeMap::new(),
            census: Census::of(package)?,
            verification: verification::sentence(package, made),
            exceptions: Vec::new(),
        };
        for record in naming::page_records(package) {
            let Some(record) = record? else {
                subject.unread_pages += 1;
                continue;
            };
            subject.retried_pages += u64::from(record.request.attempt > 1);
            subject.page_roots.insert(record.sequence, record.records.merkle_root);
            subject.asked = Some(Asked::with(subject.asked, record.request));
        }
        subject.exceptions = exceptions(package, &subject);
        Ok(subject)
    }
}

/// Names the kinds of one sort as a list in words.
#[must_use]
pub(super) fn kinds(kinds: &[Kind], sort: Sort) -> String {
    let names: Vec<&str> = kinds.iter().filter(|kind| kind.sort() == sort).map(|kind| kind.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Returns the rights that the token named: its claims `roles` and `scp`, as far as the plan has them.
#[must_use]
pub(super) fn rights(genesis: &Genesis) -> Option<String> {
    let claims = genesis.identity.claims.as_ref()?;
    let named: Vec<String> = claims
        .iter()
        .filter(|(name, value)| matches!(name.as_str(), "roles" | "scp") && !value.is_empty())
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    if named.is_empty() { None } else { Some(named.join("; ")) }
}

fn exceptions<R>(package: &VerifiedPackage<R>, subject: &Subject) -> Vec<Text> {
    let seal = package.seal();
    let mut lines = naming::gaps(package);
    let mut add = |count: u64, one: &str, many: &str| {
        if count > 0 {
            lines.push(Text::plain(format!("{} {}", grouped(count), either(count, one, many))));
        }
    };
    let superseded = seal.streams.iter().filter(|run| run.state == RunState::Superseded).count();
    add(
        u64::try_from(superseded).unwrap_or(u64::MAX),
        "attempt at a window was begun, kept, and replaced by a later one.",
        "attempts at a window were begun, kept, and replaced by a later one.",
    );
    add(
        package.report().facts.counts.failures,
        "recorded request brought no page; it stands there with its reason.",
        "recorded requests brought no page; each stands there with its reason.",
    );
    add(
        subject.retried_pages,
        "page came only after more than one attempt.",
        "pages came only after more than one attempt.",
    );
    add(
        subject.unread_pages,
        "page record could not be read for this draft.",
        "page records could not be read for this draft.",
    );
    let census = &subject.census;
    add(census.pages_unread, "page could not be read for this draft.", "pages could not be read for this draft.");
    add(
        census.pages_opaque,
        "page could not be cut into records and is kept whole.",
        "pages could not be cut into records and are kept whole.",
    );
    if let Some(second) = &seal.second_pass {
        add(
            second.late,
            "record came only in the second pass over the same windows.",
            "records came only in the second pass over the same windows.",
        );
        add(
            second.changed,
            "record had other bytes in the second pass; both versions are kept.",
            "records had other bytes in the second pass; both versions are kept.",
        );
        add(
            second.vanished,
            "record of the first pass did not come again in the second.",
            "records of the first pass did not come again in the second.",
        );
        add(second.failed, "window of the second pass did not close.", "windows of the second pass did not close.");
    }
    if seal.volume.number != 1 || !seal.volume.last {
        lines.push(Text::plain(format!(
            "The package is volume {} of an acquisition in several; it does not show the others.",
            seal.volume.number
        )));
    }
    for (code, count) in &package.report().finding_counts {
        lines.push(verification::finding(package, *code, *count));
    }
    lines
}
