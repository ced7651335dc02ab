//! From a body to what its page record says of it: digest, elements, Merkle root, times (FORMAT §7).

use crate::codec::content;
use crate::codec::json::{Element, slice_page};
use crate::codec::zip::write::Part;
use crate::crypto::digest::{PageDigest, Prefix, prefix_of};
use crate::crypto::merkle::{Tree, leaf_hash};
use crate::format::kind::Kind;
use crate::format::limits::PAGE_BYTES;
use crate::format::page::{Records, Slicing};
use crate::time::{ServiceTime, Window};

/// A body with everything that can be said of it before it has a place in the chain.
#[derive(Debug)]
pub struct PageContent {
    /// Its length.
    pub byte_len: u64,
    /// Its digest.
    pub sha256: PageDigest,
    /// What it holds.
    pub records: Records,
    /// Where the service says the next page is.
    pub next_link: Option<String>,
    /// Why it could not be cut, if so.
    pub opaque_because: Option<String>,
    /// The body, deflated.
    pub part: Part,
    /// What an index holds of each element, in page order.
    pub prefixes: Vec<Prefix>,
}

impl PageContent {
    /// Hashes `body` first of all, then cuts, counts and deflates it.
    ///
    /// `content_encoding` is that of the response, null for none. A body that cannot be cut becomes one opaque leaf.
    #[must_use]
    pub fn new(body: &[u8], content_encoding: Option<&str>, kind: Kind, window: Window) -> Self {
        let sha256 = PageDigest::of(body);
        let decoded = content::decode(content_encoding, body, PAGE_BYTES);
        let mut prefixes = Vec::new();
        let (records, next_link, opaque_because) = match &decoded {
            Ok(text) => {
                let mut summary = Summary::new(window);
                let sliced = slice_page(text, kind.time_member(), |element| {
                    prefixes.push(prefix_of(element.id));
                    summary.take(&element);
                });
                match sliced {
                    Ok(page) => (summary.finish(page.element_count), page.next_link, None),
                    Err(why) => (opaque(body), None, Some(why.to_string())),
                }
            }
            Err(why) => (opaque(body), None, Some(why.to_string())),
        };
        if opaque_because.is_some() {
            prefixes.clear();
        }
        let byte_len = body.len() as u64;
        Self { byte_len, sha256, records, next_link, opaque_because, part: Part::deflate(body), prefixes }
    }
}

/// What the elements of a page amount to, as they are met.
struct Summary<'a> {
    window: Window,
    tree: Tree,
    inside: u64,
    undated: u64,
    earliest: Option<(ServiceTime, &'a str)>,
    latest: Option<(ServiceTime, &'a str)>,
}

impl<'a> Summary<'a> {
    fn new(window: Window) -> Self {
        Self { window, tree: Tree::new(), inside: 0, undated: 0, earliest: None, latest: None }
    }

    fn take(&mut self, element: &Element<'a>) {
        self.tree.push(leaf_hash(element.bytes));
        let Some((time, text)) = element.time.and_then(|text| Some((ServiceTime::parse(text)?, text))) else {
            self.undated += 1;
            self.inside += 1;
            return;
        };
        self.inside += u64::from(self.window.contains(time));
        if self.earliest.is_none_or(|(least, _)| time < least) {
            self.earliest = Some((time, text));
        }
        if self.latest.is_none_or(|(greatest, _)| time > greatest) {
            self.latest = Some((time, text));
        }
    }

    fn finish(self, element_count: u64) -> Records {
        Records {
            slicing: Slicing::Elements,
            count: element_count,
            inside: self.inside,
            undated: self.undated,
            merkle_root: self.tree.root(),
            earliest: self.earliest.map(|(_, text)| text.to_owned()),
            latest: self.latest.map(|(_, text)| text.to_owned()),
        }
    }
}

fn opaque(body: &[u8]) -> Records {
    let mut tree = Tree::new();
    tree.push(leaf_hash(body));
    Records {
        slicing: Slicing::Opaque,
        count: 0,
        inside: 0,
        undated: 0,
        merkle_root: tree.root(),
        earliest: None,
        latest: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Window {
        Window::new("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-01T06:00:00Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_page_is_counted_by_time_with_the_end_left_out() {
        let body = br#"{"value":[{"createdDateTime":"2026-11-01T06:00:00Z"},{"createdDateTime":"2026-11-01T05:59:59.5Z"}, {"id":"x"}],"@odata.nextLink":"https:\/\/x"}"#;
        let content = PageContent::new(body, None, Kind::InteractiveUser, window());
        let Records { count, inside, undated, earliest, latest, .. } = content.records;
        assert_eq!((count, inside, undated), (3, 2, 1));
        assert_eq!(content.prefixes, [None, None, Some("x")].map(prefix_of));
        assert_eq!(
            (earliest.as_deref(), latest.as_deref()),
            (Some("2026-11-01T05:59:59.5Z"), Some("2026-11-01T06:00:00Z"))
        );
        assert_eq!(content.next_link.as_deref(), Some("https://x"));
    }

    #[test]
    fn what_cannot_be_cut_is_kept_as_one_leaf() {
        for body in [
            b"<html>sign in to the proxy</html>".as_slice(),
            b"{\"value\":[],\"value\":[]}",
            b"",
            b"{\"value\":[\"\xff\"]}",
        ] {
            let content = PageContent::new(body, None, Kind::InteractiveUser, window());
            assert_eq!(content.records.slicing, Slicing::Opaque);
            assert_eq!((content.records.count, content.prefixes.len()), (0, 0));
            assert_eq!(content.sha256, PageDigest::of(body));
            assert!(content.opaque_because.is_some());
        }
    }

    #[test]
    fn elements_of_a_gzip_body_are_those_of_the_decoded_bytes_and_the_digest_is_of_the_coded() {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(br#"{"value":[1,2]}"#).unwrap();
        let body = gzip.finish().unwrap();
        let content = PageContent::new(&body, Some("gzip"), Kind::InteractiveUser, window());
        assert_eq!(content.records.count, 2);
        assert_eq!(content.sha256, PageDigest::of(&body));
        assert_eq!(
            PageContent::new(&body, Some("br"), Kind::InteractiveUser, window()).records.slicing,
            Slicing::Opaque
        );
    }
}
