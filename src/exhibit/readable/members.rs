//! All members of a record as they stand in it: order, repetition, spelling of numbers and escapes of strings are kept.
//!
//! What a reader sees of a value is its text in the record, with unseen characters made visible; so nothing is decoded that
//! could be decoded in two ways.

use std::collections::HashMap;

use super::html::{Html, text};
use crate::codec::json::{Json, Shape};

/// Writes all members, unless that makes the view too long for a file of an exhibit.
pub(super) fn all(html: &mut Html, json: Json<'_>) {
    let before = html.byte_len();
    html.push("<div class=\"members\">");
    if value(html, json) {
        html.push("</div>");
    } else {
        html.take_back(before);
        html.note("There is too much of it to be shown here; the bytes are beside this view.");
    }
}

/// Says whether there was room.
fn value(html: &mut Html, json: Json<'_>) -> bool {
    if html.byte_len() > MAX_BYTES {
        return false;
    }
    match json.shape() {
        Shape::Object => object(html, json),
        Shape::Array => array(html, json),
        _ => {
            html.push(&format!("<code>{}</code>", text(json.raw())));
            html.byte_len() <= MAX_BYTES
        }
    }
}

fn object(html: &mut Html, json: Json<'_>) -> bool {
    let mut count: HashMap<String, u64> = HashMap::new();
    for (name, _) in json.members() {
        *count.entry(name.spelled().into_owned()).or_default() += 1;
    }
    if count.is_empty() {
        html.push("<code>{}</code> <small>(no members)</small>");
        return true;
    }
    html.push("<ul>");
    for (name, member) in json.members() {
        let times = count.get(name.spelled().as_ref()).copied().unwrap_or(1);
        let again = if times > 1 {
            format!(" <small class=\"twice\">this name stands here {times} times</small>")
        } else {
            String::new()
        };
        html.push(&format!("<li><span class=\"name\"><bdi>{}</bdi></span>{again}:", text(name.raw())));
        if !value(html, member) {
            return false;
        }
        html.push("</li>");
    }
    html.push("</ul>");
    true
}

fn array(html: &mut Html, json: Json<'_>) -> bool {
    let mut items = json.items().enumerate().peekable();
    if items.peek().is_none() {
        html.push("<code>[]</code> <small>(no elements)</small>");
        return true;
    }
    html.push("<ul>");
    for (index, item) in items {
        html.push(&format!("<li><small>[{index}]</small>"));
        if !value(html, item) {
            return false;
        }
        html.push("</li>");
    }
    html.push("</ul>");
    true
}

/// 16 MiB: half of what a file of an exhibit may have (FORMAT §15), so that the rest finds room. One value more than fits can go
/// beyond it before it is taken back, and a value has no more than a page.
const MAX_BYTES: usize = 16 << 20;
