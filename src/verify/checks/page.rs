//! Step 7, FORMAT §7: one page body against its record. Runs in the workers, on bytes that are inflated once.
//!
//! The digest computed here is also the one that the manifest is compared with: each byte of a body is hashed once as a file
//! and once as part of its element. Nothing is kept of an element but its leaf hash.

use crate::codec::content;
use crate::codec::json::{Element, slice_page};
use crate::crypto::digest::{PageDigest, RootHash};
use crate::crypto::merkle::{Tree, leaf_hash};
use crate::format::page::{PageRecord, Records, Slicing};
use crate::format::path::PackagePath;
use crate::time::{ServiceTime, Window};
use crate::verify::budget;
use crate::verify::checks::signed::is_json;
use crate::verify::finding::{Code, Finding};

/// What the bytes of a page hold, as far as later steps need it.
#[derive(Clone, Debug)]
pub(in crate::verify) struct PageContent {
    pub(in crate::verify) byte_len: u64,
    pub(in crate::verify) records: Records,
    pub(in crate::verify) next_link: Option<String>,
}

impl PageContent {
    /// Says whether the body could be cut.
    pub(in crate::verify) fn is_sliced(&self) -> bool {
        self.records.slicing == Slicing::Elements
    }
}

/// Checks the body at `path` against the record that names it, and returns what the bytes hold.
pub(in crate::verify) fn check(
    number: u64,
    record: &PageRecord,
    path: &str,
    body: &[u8],
    digest: [u8; 32],
    findings: &mut Vec<Finding>,
) -> PageContent {
    let mut say = |code: Code, place: &str, claimed: String, computed: String| {
        findings.push(Finding::new(code, place, claimed, computed));
    };
    let byte_len = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let computed_digest = PageDigest::from_bytes(digest);
    if record.body.sha256 != computed_digest {
        say(Code::PageDigestMismatch, path, record.body.sha256.to_string(), computed_digest.to_string());
    }
    if record.body.byte_len != byte_len {
        say(Code::PageLengthMismatch, path, record.body.byte_len.to_string(), byte_len.to_string());
    }
    let window = record.stream.window().ok();
    let content_encoding = record.body.content_encoding.as_deref();
    let decoded = content::decode(content_encoding, body, budget::PAGE_BYTES);
    let (computed, next_link) = match &decoded {
        Ok(text) => {
            let mut summary = Summary::new(window);
            match slice_page(text, record.stream.kind.time_member(), |element| summary.take(&element)) {
                Ok(page) => (summary.finish(page.element_count), page.next_link),
                Err(why) => {
                    say(Code::PageOpaque, path, "a page of the log".to_owned(), why.to_string());
                    (opaque(body), None)
                }
            }
        }
        Err(why) => {
            say(Code::PageOpaque, path, content_encoding.unwrap_or_default().to_owned(), why.to_string());
            (opaque(body), None)
        }
    };
    if record.records != computed {
        for (member, claimed, computed) in differences(&record.records, &computed) {
            say(
                Code::PageRecordsMismatch,
                &format!("{}#records.{member}", PackagePath::page_record(number)),
                claimed,
                computed,
            );
        }
    }
    if record.next_link != next_link {
        let text = |link: &Option<String>| link.clone().unwrap_or_else(|| "null".to_owned());
        say(
            Code::PageNextLinkMismatch,
            &format!("{}#next_link", PackagePath::page_record(number)),
            text(&record.next_link),
            text(&next_link),
        );
    }
    PageContent { byte_len, records: computed, next_link }
}

/// Returns the path that FORMAT §5 gives the body of the page with that record.
pub(in crate::verify) fn body_path(number: u64, record: &PageRecord) -> PackagePath {
    PackagePath::page_body(number, is_json(&record.response))
}

/// What the elements of a page amount to, as they are met.
struct Summary<'a> {
    window: Option<Window>,
    tree: Tree,
    inside: u64,
    undated: u64,
    earliest: Option<(ServiceTime, &'a str)>,
    latest: Option<(ServiceTime, &'a str)>,
}

impl<'a> Summary<'a> {
    fn new(window: Option<Window>) -> Self {
        Self { window, tree: Tree::new(), inside: 0, undated: 0, earliest: None, latest: None }
    }

    fn take(&mut self, element: &Element<'a>) {
        self.tree.push(leaf_hash(element.bytes));
        let timed = element.time.and_then(|text| ServiceTime::parse(text).map(|time| (time, text)));
        match timed {
            None => self.undated = self.undated.saturating_add(1),
            Some((time, text)) => {
                if self.earliest.is_none_or(|(least, _)| time < least) {
                    self.earliest = Some((time, text));
                }
                if self.latest.is_none_or(|(greatest, _)| time > greatest) {
                    self.latest = Some((time, text));
                }
            }
        }
        let counts = timed.is_none_or(|(time, _)| self.window.is_some_and(|window| window.contains(time)));
        self.inside = self.inside.saturating_add(u64::from(counts));
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
    let mut tree = Tree::default();
    tree.push(leaf_hash(body));
    let merkle_root: RootHash = tree.root();
    Records { slicing: Slicing::Opaque, count: 0, inside: 0, undated: 0, merkle_root, earliest: None, latest: None }
}

fn differences(claimed: &Records, computed: &Records) -> Vec<(&'static str, String, String)> {
    let text = |time: &Option<String>| time.clone().unwrap_or_else(|| "null".to_owned());
    let slicing = |slicing: Slicing| if slicing == Slicing::Opaque { "opaque" } else { "elements" }.to_owned();
    let members = [
        ("slicing", slicing(claimed.slicing), slicing(computed.slicing)),
        ("count", claimed.count.to_string(), computed.count.to_string()),
        ("inside", claimed.inside.to_string(), computed.inside.to_string()),
        ("undated", claimed.undated.to_string(), computed.undated.to_string()),
        ("merkle_root", claimed.merkle_root.to_string(), computed.merkle_root.to_string()),
        ("earliest", text(&claimed.earliest), text(&computed.earliest)),
        ("latest", text(&claimed.latest), text(&computed.latest)),
    ];
    members.into_iter().filter(|(_, claimed, computed)| claimed != computed).collect()
}
