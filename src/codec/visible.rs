//! Making seen what a reader would not see: controls, direction marks, and characters without a shape (Unicode 16: general
//! category Cf, Default_Ignorable_Code_Point, and the empty Braille pattern).
//!
//! Values of a log were written by strangers. Wherever one is shown to a person, on a terminal, in a page or on paper, it goes
//! through here first, so that it can neither steer the device nor look like another value.

/// Writes each character that would not be seen as it is as `\\u{…}`; keeps line feeds.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_unseen(c) {
            seen.extend(c.escape_unicode());
        } else {
            seen.push(c);
        }
    }
    seen
}

/// The same for a value that stands in one line: a line feed would let it pass for a line of ours.
#[must_use]
pub fn visible_line(text: &str) -> String {
    visible(text).replace('\n', "\\u{a}")
}

/// Says whether a character steers the device or the direction of text, ends a line, or has no shape, so that text can hide in
/// it or two names look like one.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{600}'
                ..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}'
        )
        || matches!(
            c,
            '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}'
        )
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}')
        || matches!(c, '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}')
        || matches!(c, '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_move_a_cursor_is_made_visible() {
        assert_eq!(visible("a\u{1b}[2Jb\u{202e}c\r\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{d}\n");
        assert_eq!(visible_line("a\nb\u{2028}"), "a\\u{a}b\\u{2028}");
    }

    #[test]
    fn what_nobody_sees_is_made_visible() {
        // `ok` in tags, a word joiner, a zero width space, a soft hyphen, a byte order mark.
        let unseen = "a\u{e006f}\u{e006b}b\u{2060}\u{200b}\u{ad}\u{feff}";
        assert_eq!(visible(unseen), "a\\u{e006f}\\u{e006b}b\\u{2060}\\u{200b}\\u{ad}\\u{feff}");
        for c in [
            '\u{fe0f}',
            '\u{e0100}',
            '\u{34f}',
            '\u{2800}',
            '\u{3164}',
            '\u{e0000}',
            '\u{e007f}',
            '\u{13430}',
            '\u{1d173}',
            '\u{fffb}',
            '\u{180e}',
            '\u{606f}',
        ] {
            assert_eq!(is_unseen(c), c != '\u{606f}', "{c:?}");
        }
        assert_eq!(visible("Müller 息 🚀 é"), "Müller 息 🚀 é");
    }
}
