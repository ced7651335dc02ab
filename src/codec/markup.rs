//! Text between tags and in attributes, of HTML and of SVG (XML 1.0 §2.4, HTML §13.1.2).
//!
//! Apart from those who write pages and pictures: what strangers wrote goes through here in all of them, or one of them forgets a quote.

/// Writes text so that markup takes it for text, between tags and in attributes within either kind of quotes.
///
/// What cannot be seen stays as it is: [`super::visible`] is asked before.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_hostile_text_is_left_to_act() {
        for (hostile, harmless) in [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onload=\"x", "&quot; onload=&quot;x"),
            ("' onload='x", "&#39; onload=&#39;x"),
            ("&lt;b&gt; &#60;", "&amp;lt;b&amp;gt; &amp;#60;"),
            ("]]><!-- --><?x?>", "]]&gt;&lt;!-- --&gt;&lt;?x?&gt;"),
            ("Müller 息 🚀", "Müller 息 🚀"),
        ] {
            assert_eq!(escaped(hostile), harmless);
        }
    }
}
