//! The names a package may use.
//!
//! Each rule closes a way in which two tools, or two file systems, take one name for two places: separators, case, Unicode
//! forms, device names, trailing dots, control characters that break the lines of a manifest.

/// Says which rule `name` breaks; `None` if it is allowed.
///
/// Allowed are 1 to 16 segments `[A-Za-z0-9][A-Za-z0-9._-]*` joined by `/`, at most 200 bytes in all, no segment ending in a
/// dot, none the name of a Windows device with or without an extension.
pub(super) fn broken_rule(name: &[u8]) -> Option<&'static str> {
    if name.len() > MAX_NAME_BYTES {
        return Some("at most 200 bytes");
    }
    if name.ends_with(b"/") {
        return Some("no directory entry");
    }
    if name.split(|byte| *byte == b'/').count() > MAX_SEGMENTS {
        return Some("at most 16 segments");
    }
    name.split(|byte| *byte == b'/').find_map(broken_segment_rule)
}

fn broken_segment_rule(segment: &[u8]) -> Option<&'static str> {
    if !segment.first().is_some_and(u8::is_ascii_alphanumeric) {
        return Some("every segment begins with a letter or digit");
    }
    if !segment.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) {
        return Some("only letters, digits, `.`, `_` and `-` in a segment");
    }
    if segment.ends_with(b".") {
        return Some("no segment ends in a dot");
    }
    is_device(segment).then_some("no name of a Windows device")
}

fn is_device(segment: &[u8]) -> bool {
    let stem = segment.split(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_lowercase();
    match stem.as_slice() {
        b"con" | b"nul" | b"prn" | b"aux" => true,
        [b'c', b'o', b'm', digit] | [b'l', b'p', b't', digit] => (b'1'..=b'9').contains(digit),
        _ => false,
    }
}

/// 200 bytes: leaves 60 of the 260 that some Windows programs allow for a whole path.
pub(super) const MAX_NAME_BYTES: usize = 200;

/// 16 segments: a package uses 4.
pub(super) const MAX_SEGMENTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_are_allowed() {
        let longest = [vec![b'a'; 100], vec![b'b'; 99]].join(&b'/');
        let deepest = [b"a".as_slice(); MAX_SEGMENTS].join(&b'/');
        for name in [
            b"a".as_slice(),
            b"0",
            b"pkg/data/pages/000001.json",
            b"A_b-c.d/console",
            b"com0",
            b"com10",
            &longest,
            &deepest,
        ] {
            assert_eq!(broken_rule(name), None, "{}", name.escape_ascii());
        }
    }

    #[test]
    fn names_that_tools_read_differently_are_refused() {
        let too_long = vec![b'a'; 201];
        let too_deep = [b"a".as_slice(); 17].join(&b'/');
        let names: [&[u8]; 38] = [
            b"",
            b"/",
            b"/x",
            b"a/",
            b"a//b",
            b"./a",
            b"a/./b",
            b"a/../b",
            b"../a",
            b"..",
            b".hidden",
            b"a\\b",
            b"C:\\x",
            b"a:b",
            b"\\\\srv\\x",
            b"a/b\n",
            b"a\0b",
            b"a\rb",
            b"a\tb",
            b"a\x7f",
            b"a.",
            b"a./b",
            b"a ",
            b"a b",
            b"-a",
            b"_a",
            b"CON",
            b"nul.txt",
            b"a/Prn/b",
            b"aux.tar.gz",
            b"COM1",
            b"lpt9.log",
            "é".as_bytes(),
            "a\u{202E}b".as_bytes(),
            b"\xFF",
            b"a\x82",
            &too_long,
            &too_deep,
        ];
        for name in names {
            assert!(broken_rule(name).is_some(), "{}", name.escape_ascii());
        }
    }
}
