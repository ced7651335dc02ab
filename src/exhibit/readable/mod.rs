//! The view of one record for people: one page of HTML that stands alone, without scripts, and prints.
//!
//! Derived, and it says so: the bytes beside it are what is proven. Every value was written by strangers; each goes through
//! [`html`], which makes unseen characters visible and leaves nothing that a browser would act on.
//!
//! * [`index`]: the list of all records of an exhibit, which leads to their views;
//! * [`says`]: what a sign-in record says, in the order in which people ask;
//! * [`members`]: all members as they stand there;
//! * [`moment`]: a time in UTC and on the wall.

mod html;
mod index;
mod members;
mod moment;
mod says;

use chrono_tz::Tz;

use self::html::{Html, text};
pub(super) use self::index::Index;
use super::selection::{Picked, PickedPage};
use crate::codec::json::Json;
use crate::crypto::signature::Fingerprint;
use crate::format::exhibit::paths;
use crate::time::LocalTime;
use crate::verify::verdict::TokenFact;

/// What all views of one exhibit have in common.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// Lines that stand on everything made of the package.
    pub(super) marks: Vec<String>,
    pub(super) exhibit: Option<String>,
    pub(super) by: Option<String>,
    pub(super) created: LocalTime,
    /// Whether somebody signed the statement of the exhibit.
    pub(super) is_signed: bool,
    pub(super) count: u64,
    pub(super) time_zone: Option<Tz>,
    pub(super) matter: String,
    pub(super) package: String,
    pub(super) seal_sha256: String,
    pub(super) archive_sha256: Option<String>,
    pub(super) operator: String,
    pub(super) operator_key: Fingerprint,
    pub(super) signer: Fingerprint,
    pub(super) seal_created: LocalTime,
    pub(super) not_before: Vec<TokenFact>,
    pub(super) not_after: Vec<TokenFact>,
    pub(super) tool: String,
    pub(super) origin: Origin,
}

/// Who makes a view.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// Whoever cuts the exhibit; it lies in there.
    Cutter,
    /// Whoever verified the exhibit, with that tool.
    Reader { tool: String },
}

/// Returns the view of record `number` of the exhibit.
pub(super) fn render(case: &Case, number: u64, bates: Option<&str>, picked: &Picked, page: &PickedPage) -> String {
    let mut html = Html::begin(&title(case, number));
    head(&mut html, case, number, bates);
    let json = Json::read(&picked.bytes);
    if picked.kind.is_sign_in() || picked.kind == crate::format::kind::Kind::InteractiveUserV1 {
        says::sign_in(&mut html, picked, case.time_zone);
    } else {
        says::other(&mut html, picked, case.time_zone);
    }
    html.heading("All members of the record, as they stand in it");
    match json {
        Some(json) => members::all(&mut html, json),
        None => html.note("The record is no JSON value that can be walked; its bytes are beside this view."),
    }
    place(&mut html, case, number, picked, page);
    html.push("</main>");
    html.end()
}

fn title(case: &Case, number: u64) -> String {
    let exhibit = exhibit_words(case);
    if case.count == 1 { exhibit } else { format!("{exhibit}, record {number} of {}", case.count) }
}

fn exhibit_words(case: &Case) -> String {
    case.exhibit.as_ref().map_or("Exhibit".to_owned(), |exhibit| format!("Exhibit {exhibit}"))
}

/// What stands on every printed page, and below it, once, what this is.
fn head(html: &mut Html, case: &Case, number: u64, bates: Option<&str>) {
    html.begin_header(&case.marks);
    if let Some(bates) = bates {
        html.push(&format!("<p class=\"bates\">{}</p>", text(bates)));
    }
    html.begin_main(&title(case, number));
    html.push(&format!(
        "<p>Derived, for reading. The evidence is the bytes in <code>{}</code> of the exhibit.</p>",
        paths::record(number)
    ));
}

fn place(html: &mut Html, case: &Case, number: u64, picked: &Picked, page: &PickedPage) {
    let zone = case.time_zone;
    html.heading("Where it stands, and what proves it");
    html.begin_rows();
    html.row(
        "Record",
        &format!("element {} (counted from 0) of the {} on page {}", picked.element, page.record_count, picked.page),
    );
    html.row_code("Its leaf (SHA-256 of a zero byte and the record)", &picked.leaf.to_string());
    html.row_code("Signed root of its page", &page.root.to_string());
    html.row("Log", &kind_words(picked));
    html.row_html("Page asked for", &moment::reading(page.started, zone));
    html.row_html("Page received", &moment::reading(page.finished, zone));
    html.row("Package", &case.package);
    html.row("Matter", &case.matter);
    html.row("Collected by", &case.operator);
    html.row_html("Sealed, by that person's clock", &moment::reading(case.seal_created, zone));
    html.row_code("Seal (SHA-256)", &case.seal_sha256);
    if let Some(archive) = &case.archive_sha256 {
        html.row_code("Package (SHA-256)", archive);
    }
    html.row_code("Key that signed page and seal", &case.signer.to_string());
    if case.operator_key != case.signer {
        html.row_code("Key that signed the plan and names it", &case.operator_key.to_string());
    }
    stamps(html, "Not before", &case.not_before);
    stamps(html, "Not after", &case.not_after);
    let word = if case.is_signed { "by its own word; the statement is signed" } else { "by its own word, unsigned" };
    html.row(
        "Cut",
        &format!("{}{} ({word})", case.by.as_ref().map_or(String::new(), |by| format!("by {by}, ")), case.created),
    );
    html.row("With", &case.tool);
    if let Origin::Reader { tool } = &case.origin {
        html.row("This view", &format!("made from the record by a reader who had verified the exhibit, with {tool}"));
    }
    html.end_rows();
    html.last_note(&format!(
        "Both paths from the leaf to the signed seal are in exhibit.json; README.txt says how to check them. {} \
         That the log service sent these bytes is not shown by any signature, and a record says what the service \
         noted, not who sat at the keyboard.",
        match case.origin {
            Origin::Cutter => format!("This view is {} of the exhibit: nothing compares it with the record.", paths::readable(number)),
            Origin::Reader { .. } => "This view is not from the exhibit.".to_owned(),
        }
    ));
}

fn kind_words(picked: &Picked) -> String {
    let pass = if picked.pass == 1 { "first pass".to_owned() } else { format!("pass {}", picked.pass) };
    let counted = if picked.is_counted {
        "counted"
    } else {
        "not counted: at the edge of its window, asked again, or asked to compare with"
    };
    format!("{}, {pass}, {counted}", picked.kind)
}

fn stamps(html: &mut Html, label: &str, tokens: &[TokenFact]) {
    if tokens.is_empty() {
        html.row(label, "no time stamp");
    }
    for token in tokens {
        let authority = token.authority.as_deref().unwrap_or("an authority without a name");
        let standing = if token.accepted {
            "accepted under a root that was given when this was made"
        } else {
            "not established when this was made: no root was given, or it does not fit"
        };
        let accuracy = token.accuracy_words();
        html.row(label, &format!("{} ({accuracy}), by {authority}; {standing}", token.gen_time));
    }
}

#[cfg(test)]
mod tests;
