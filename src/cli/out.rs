//! Printing: answers to standard output, talk to standard error, both safe for a terminal.
//!
//! Values from logs and services were written by strangers. [`escape`] makes what nobody would see visible.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use serde::Serialize;

pub(super) use crate::codec::amount::{counted, either, grouped};
use crate::codec::visible::is_unseen;
pub(super) use crate::codec::visible::{visible as escape, visible_line as escape_line};

/// Returns the name of a file without the folders that it lies in, which are nobody else's business in a document.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Writes a path as a shell takes it, in quotes where it needs them, so that what is suggested can be pasted.
pub(super) fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ':' | '@' | '%' | ',');
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Prints an answer. A reader that went away, such as `head`, is no error; an answer lost on a full disk is, and ends the program.
pub(super) fn answer(text: &str) {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            talk(&format!(
                "error: the answer cannot be written to standard output: {error}\n\
                 hint: make room, or send it elsewhere; what was done stays done"
            ));
            std::process::exit(4)
        }
        _ => {}
    }
}

/// Prints an answer as JSON, one document with a final newline.
pub(super) fn answer_json<T: Serialize>(document: &T) {
    answer(&json(document));
}

/// Writes a document as [`answer_json`] prints it.
pub(super) fn json<T: Serialize>(document: &T) -> String {
    visible_json(&serde_json::to_string_pretty(document).unwrap_or_default())
}

/// Escapes what a terminal must not see in a printed JSON document, and ends it with a newline; what it says stays the same.
fn visible_json(printed: &str) -> String {
    // JSON permits what a terminal must not see; outside strings there is nothing but ASCII and newlines.
    let mut text = String::with_capacity(printed.len() + 1);
    for c in printed.chars() {
        if c != '\n' && is_unseen(c) {
            // JSON escapes UTF-16: beyond U+FFFF a pair.
            for unit in c.encode_utf16(&mut [0; 2]) {
                text += &format!("\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text.push('\n');
    text
}

/// Prints a line of talk.
pub(super) fn talk(text: &str) {
    let mut err = io::stderr().lock();
    // As above.
    let _ = writeln!(err, "{text}");
}

/// Says whether talk goes to a terminal.
pub(super) fn talks_to_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Writes a number of bytes for people.
pub(super) fn bytes(count: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) => format!("{}.{} {unit}", count / size, count % size * 10 / size),
        None => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_made_visible_in_json() {
        // `ok` in tags, a word joiner, a zero width space, a soft hyphen, a byte order mark.
        let unseen = "a\u{e006f}\u{e006b}b\u{2060}\u{200b}\u{ad}\u{feff}";
        let printed = serde_json::to_string_pretty(&[unseen]).expect("JSON");
        let visible = visible_json(&printed);
        assert_eq!(visible, "[\n  \"a\\udb40\\udc6f\\udb40\\udc6bb\\u2060\\u200b\\u00ad\\ufeff\"\n]\n");
        assert_eq!(serde_json::from_str::<[String; 1]>(&visible).expect("JSON"), [unseen]);
    }

    #[test]
    fn a_suggested_path_can_be_pasted() {
        assert_eq!(shell(Path::new("matter/x-1.zip")), "matter/x-1.zip");
        assert_eq!(shell(Path::new("Müller & Söhne/it's")), "'Müller & Söhne/it'\\''s'");
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(counted(1, "page"), "1 page");
        assert_eq!(counted(1000, "page"), "1,000 pages");
    }
}
