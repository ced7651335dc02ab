//! The list of an exhibit's records for people: one row for each, which leads to its view.
//!
//! Derived like the views, and escaped like them. Rows are short, so that ten thousand of them fit: what is cut stands whole in the
//! view.

use super::html::{Html, text};
use super::{Case, exhibit_words};
use crate::codec::result_code;
use crate::codec::sign_in::SignIn;
use crate::exhibit::selection::Picked;
use crate::format::exhibit::paths;

/// The list while it is written.
pub(in crate::exhibit) struct Index {
    html: Html,
    has_bates: bool,
}

impl Index {
    /// Begins the list; `has_bates` says whether the records bear numbers.
    pub(in crate::exhibit) fn begin(case: &Case, has_bates: bool) -> Self {
        let title = match case.count {
            1 => format!("{}, its record", exhibit_words(case)),
            count => format!("{}, list of its {count} records", exhibit_words(case)),
        };
        let mut html = Html::begin(&title);
        html.begin_header(&case.marks);
        html.begin_main(&title);
        html.note(
            "Derived, for reading; each number leads to the view of that record. Times are as the service wrote them. The evidence is \
             the bytes in records/ of the exhibit.",
        );
        html.push("<table class=\"list\">");
        let bates = if has_bates { "<th>Bates number</th>" } else { "" };
        html.push(&format!(
            "<thead><tr><th>Record</th>{bates}<th>When</th><th>Account or principal</th><th>Address</th><th>Application</th>\
             <th>How it ended</th><th>Log</th></tr></thead>"
        ));
        Self { html, has_bates }
    }

    /// Adds a record.
    pub(in crate::exhibit) fn add(&mut self, number: u64, bates: Option<&str>, picked: &Picked) {
        let record = SignIn::read(&picked.bytes).unwrap_or_default();
        let account = record.user_principal_name.or(record.service_principal_name).or(record.user_id);
        let ended = match record.status.error_code {
            Some(0) => "succeeded".to_owned(),
            Some(code) => result_code::meaning(code).map_or_else(
                || format!("error code {code}"),
                |meaning| format!("error code {code}, {}", meaning.words),
            ),
            None => String::new(),
        };
        let values = [
            picked.time.as_deref(),
            account.as_deref(),
            record.ip_address.as_deref(),
            record.app_display_name.as_deref(),
            Some(ended.as_str()),
            Some(picked.kind.as_str()),
        ];
        let cells: String = values.iter().map(|value| cell(value.unwrap_or_default())).collect();
        let bates = if self.has_bates { cell(bates.unwrap_or_default()) } else { String::new() };
        let name = paths::view_name(number);
        self.html.push(&format!("<tr><td><a href=\"{name}\">{number}</a></td>{bates}{cells}</tr>"));
    }

    /// Ends the list.
    pub(in crate::exhibit) fn end(mut self) -> String {
        self.html.end_rows();
        self.html.push("</main>");
        self.html.end()
    }
}

fn cell(value: &str) -> String {
    let (kept, more) = match value.char_indices().nth(CELL_CHARS) {
        None => (value, ""),
        Some((end, _)) => (value.get(..end).unwrap_or_default(), "…"),
    };
    format!("<td><bdi>{}</bdi>{more}</td>", text(kept))
}

/// 60: more than an address or the name of an account takes, as a rule; and few enough that ten thousand rows of characters that are
/// all written as `\u{…}` stay below what a file may have.
const CELL_CHARS: usize = 60;
