//! How a package is named on paper, and what of its own making a cover sheet and a certificate tell.
//!
//! One place, so that two papers cannot name the same package differently.

use std::io::{Read, Seek};

use crate::format::page::PageRecord;
use crate::format::parts::Request;
use crate::format::seal::Run;
use crate::report::Census;
use crate::report::document::{Span, Text};
use crate::report::words::{counted, counted_of, grouped, seconds};
use crate::time::LocalTime;
use crate::verify::{ReadAgainError, TokenFact, VerifiedPackage};

/// Returns the line below a title: which package, which matter.
#[must_use]
pub fn subtitle<R>(package: &VerifiedPackage<R>) -> String {
    let matter = &package.genesis().matter;
    let title = matter.title.as_ref().map(|title| format!(", {title}")).unwrap_or_default();
    format!("Package {} of matter {}{title}", package.seal().package, matter.id)
}

/// Reads the page records again, in order, without the pages.
///
/// None stands for one that an INVALID package lacks.
pub fn page_records<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
) -> impl Iterator<Item = Result<Option<PageRecord>, ReadAgainError>> {
    package.page_numbers().into_iter().map(|number| package.page_record_if_there(number))
}

/// When pages were asked for and came, by the operator's clock.
///
/// Requests run side by side and pages are numbered as they were kept: the page with the lowest number need not be the one that was
/// asked for first, nor that with the highest the one that came last. A request that brought no page has no page record and is not in
/// here, and words for people say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When the first request was sent that brought a page.
    pub first: LocalTime,
    /// The address of that request; of several that were sent at once, of the one whose page has the lowest number.
    pub first_url: String,
    /// When the last page came.
    pub last: LocalTime,
}

impl Asked {
    /// Reads all page records; none where there is none that can be read.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`].
    pub fn of<R: Read + Seek>(package: &mut VerifiedPackage<R>) -> Result<Option<Self>, ReadAgainError> {
        let mut asked = None;
        for record in page_records(package) {
            if let Some(record) = record? {
                asked = Some(Self::with(asked, record.request));
            }
        }
        Ok(asked)
    }

    /// Takes one more request that brought a page, in the order of the pages.
    #[must_use]
    pub fn with(before: Option<Self>, request: Request) -> Self {
        let Request { url, started, finished, .. } = request;
        match before {
            None => Self { first: started, first_url: url, last: finished },
            Some(before) if started < before.first => {
                Self { first: started, first_url: url, last: before.last.max(finished) }
            }
            Some(before) => Self { last: before.last.max(finished), ..before },
        }
    }
}

/// Returns the values by which a package is named to others, each in full.
#[must_use]
pub fn digests<R>(package: &VerifiedPackage<R>) -> Vec<(String, Text)> {
    let (facts, seal) = (&package.report().facts, package.seal());
    let code = |value: Option<String>| value.map_or_else(|| Text::plain("not computed"), Text::code);
    let mut values = vec![
        ("Package".to_owned(), Text::code(seal.package.to_string())),
        ("SHA-256 of the package file".to_owned(), code(facts.archive_sha256.map(|digest| digest.to_string()))),
        ("Length of the package file".to_owned(), Text::plain(format!("{} bytes", facts.archive_byte_len))),
        ("SHA-256 of the seal (seal/seal.json)".to_owned(), code(facts.seal_sha256.map(|digest| digest.to_string()))),
        ("SHA-256 of the plan (data/genesis.json)".to_owned(), Text::code(seal.genesis.sha256.to_string())),
        ("Root over all page records".to_owned(), Text::code(seal.merkle_root.to_string())),
        ("Key that sealed (SHA-256)".to_owned(), Text::code(seal.signer.to_string())),
    ];
    if package.genesis().keys.operator != seal.signer {
        values.push((
            "Key that signed the plan (SHA-256)".to_owned(),
            Text::code(package.genesis().keys.operator.to_string()),
        ));
    }
    values.extend(stamps(package));
    values
}

/// Returns how many records the package holds, how many of them count, and what the others are.
///
/// The numbers are those that the verification counted from the bytes, and not the seal's word; where that is another, both stand
/// there.
#[must_use]
pub fn content<R>(package: &VerifiedPackage<R>, census: &Census) -> Vec<(String, Text)> {
    let facts = &package.report().facts;
    let counts = &facts.counts;
    let basis = if facts.counts_computed { "counted by the verification" } else { "by the seal's own word" };
    let pages = counted(counts.pages, "page");
    let mut content =
        vec![("Records".to_owned(), Text::plain(format!("{} on {pages}; {basis}", grouped(counts.records))))];
    if let Some(seal) = other_totals(package) {
        content.push(("The seal says".to_owned(), Text(vec![Span::Strong(seal)])));
    }
    if let Some(missing) = census.missing(counts) {
        content.push(("Read again".to_owned(), Text(vec![Span::Strong(missing)])));
    }
    content.push(("Counted".to_owned(), Text::plain(census.entries())));
    let others = census.others();
    let others = if others.is_empty() { "none".to_owned() } else { others.join("; ") };
    content.push(("Not counted".to_owned(), Text::plain(others)));
    content
}

/// Returns what the seal says of pages and records, where the verification counted others.
#[must_use]
pub fn other_totals<R>(package: &VerifiedPackage<R>) -> Option<String> {
    let (facts, totals) = (&package.report().facts, &package.seal().totals);
    let counts = &facts.counts;
    let is_same = (totals.pages, totals.records, totals.inside) == (counts.pages, counts.records, counts.inside);
    (facts.counts_computed && !is_same).then(|| {
        format!(
            "{} on {}, of which {} count, which the verification did not find so",
            counted(totals.records, "record"),
            counted(totals.pages, "page"),
            grouped(totals.inside)
        )
    })
}

/// Returns the time stamps over plan and seal, or that there is none.
#[must_use]
pub fn stamps<R>(package: &VerifiedPackage<R>) -> Vec<(String, Text)> {
    let times = &package.report().facts.times;
    let mut stamps: Vec<(String, Text)> = Vec::new();
    // The plan was there by its stamp; what names the stamp, pages and seal, is not older.
    let bracket = [
        ("Pages and seal: not before (time stamp over the plan)", &times.genesis_tokens),
        ("Pages and seal: not after (time stamp over the seal)", &times.seal_tokens),
    ];
    for (what, tokens) in bracket {
        stamps.extend(tokens.iter().map(|token| (what.to_owned(), stamp(token))));
    }
    if stamps.is_empty() {
        stamps.push(("Time stamps".to_owned(), Text::plain("none: all times are by the operator's clock")));
    }
    stamps
}

/// Says how far the operator's clock and those of others were apart; none where no other is on record.
///
/// Never as one number: headers give whole seconds, so what is known is a range.
#[must_use]
pub fn apart<R>(package: &VerifiedPackage<R>) -> Option<String> {
    let times = &package.report().facts.times;
    let (least, most) = times.service_offset_ms.zip(times.service_offset_at_most_ms)?;
    let least = match least {
        0 => "no difference was seen".to_owned(),
        least => format!("a difference of at least {} was seen", seconds(least)),
    };
    Some(format!(
        "{least} between the operator's clock and the dates in the answers; since these give whole seconds and requests \
         take time, it may have been up to {}. Time stamps are not part of this comparison",
        seconds(most)
    ))
}

/// Names the windows of logs that were deleted, failed or not asked, one line each; of many the first, and how many more there are.
///
/// Those of the first pass: it is what was to be preserved, and a second one that does not close takes nothing from it.
#[must_use]
pub fn gaps<R>(package: &VerifiedPackage<R>) -> Vec<Text> {
    gaps_of(&package.seal().streams)
}

fn gaps_of(runs: &[Run]) -> Vec<Text> {
    let gaps: Vec<&Run> = runs.iter().filter(|run| run.is_counted() && run.state.is_gap()).collect();
    let mut lines: Vec<Text> = gaps.iter().take(LISTED_GAPS).map(|run| gap(run)).collect();
    if let Some(more @ 1..) = gaps.len().checked_sub(LISTED_GAPS) {
        let was = if more == 1 { "was" } else { "were" };
        lines.push(Text::plain(format!(
            "{} that {was} deleted, failed or not asked; the seal lists each.",
            counted_of(more, "more window")
        )));
    }
    lines
}

fn gap(run: &Run) -> Text {
    let reason = run.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Text::plain(format!("{}, [{}, {}): {}{reason}", run.kind.as_str(), run.from, run.to, run.state))
}

/// Writes one token: its time, its accuracy, its authority, and whether it was accepted.
fn stamp(token: &TokenFact) -> Text {
    let accuracy = token.accuracy_words();
    let accepted =
        if token.accepted { "accepted under a root that the reader gave" } else { "not accepted, or no root given" };
    let authority = token.authority.as_deref().unwrap_or("an authority that is not named");
    Text(vec![
        Span::Code(token.gen_time.clone()),
        Span::Plain(format!(" ({accuracy}) by ")),
        Span::Code(authority.to_owned()),
        Span::Plain(format!("; {accepted}")),
    ])
}

/// 40: two pages of gaps; whoever has more gives the list of the seal along.
const LISTED_GAPS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::kind::Kind;
    use crate::format::seal::RunState;

    #[test]
    fn gaps_are_those_of_the_first_pass_and_of_logs_alone() {
        let at = |text: &str| text.parse().unwrap();
        let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z"));
        let run = |kind, pass, state| Run {
            kind,
            from,
            to,
            pass,
            run: 1,
            state,
            pages: 0,
            records: 0,
            inside: 0,
            reason: None,
        };
        let mut runs = vec![
            run(Kind::InteractiveUser, 1, RunState::Failed),
            run(Kind::InteractiveUser, 1, RunState::Superseded),
            run(Kind::InteractiveUser, 1, RunState::Complete),
            run(Kind::InteractiveUser, 2, RunState::Failed),
            run(Kind::InteractiveUser, 2, RunState::NotAsked),
            run(Kind::SignInEventsSummary, 1, RunState::Failed),
        ];
        assert_eq!(
            gaps_of(&runs),
            [Text::plain("interactiveUser, [2026-11-01T00:00:00Z, 2026-11-02T00:00:00Z): failed")]
        );
        runs.resize(runs.len() + LISTED_GAPS, run(Kind::DirectoryAudit, 1, RunState::Expired));
        let more = "1 more window that was deleted, failed or not asked; the seal lists each.";
        assert_eq!(gaps_of(&runs).last(), Some(&Text::plain(more)));
    }
}
