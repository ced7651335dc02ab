//! A hint that lies beside a package and says which pages may hold a record: four bytes of SHA-256 of each element's identifier, or
//! zeros for an element that has none, several, or one that is escaped. A page with such an element is always looked into.
//!
//! Derived, unsigned, and never evidence; deleting it costs time and nothing else. What it says is believed for one question alone:
//! where to look first. Whoever alters it can hide that a record stands in a second page, which is why an answer that rests on it
//! says so, and nothing more.
//!
//! ```text
//! "signhold/index/v1\n" || SHA-256 of the package's seal/seal.json
//! for each page in order: sequence (8 bytes, little endian) || count (4) || count prefixes of 4 bytes
//! SHA-256 of everything before
//! ```

use std::collections::BTreeSet;
use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

use crate::crypto::digest::{Prefix, SealDigest, UNNAMED, prefix};
use crate::format::limits::{ELEMENTS, PAGES};

/// Writes an index, page by page.
pub struct IndexWriter<W: Write> {
    sink: W,
    hasher: Sha256,
}

impl<W: Write> IndexWriter<W> {
    /// Begins the index of the package with that seal.
    ///
    /// # Errors
    ///
    /// What `sink` says.
    pub fn new(sink: W, seal: SealDigest) -> io::Result<Self> {
        let mut writer = Self { sink, hasher: Sha256::new() };
        writer.put(MAGIC)?;
        writer.put(seal.as_bytes())?;
        Ok(writer)
    }

    /// Adds a page: what [`prefix_of`](crate::crypto::digest::prefix_of) gives of each of its records.
    ///
    /// # Errors
    ///
    /// What `sink` says.
    pub fn page(&mut self, sequence: u64, prefixes: &[Prefix]) -> io::Result<()> {
        let count = u32::try_from(prefixes.len()).map_err(|_| io::Error::other("more records than a page can have"))?;
        self.put(&sequence.to_le_bytes())?;
        self.put(&count.to_le_bytes())?;
        self.put(prefixes.as_flattened())
    }

    /// Ends the index and returns the sink.
    ///
    /// # Errors
    ///
    /// What the sink says.
    pub fn finish(mut self) -> io::Result<W> {
        let digest = self.hasher.finalize();
        self.sink.write_all(&digest)?;
        Ok(self.sink)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.sink.write_all(bytes)
    }
}

/// Where to look, by an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The index is damaged, of another package, of other pages or of another form.
    None,
    /// These pages may hold what is wanted; others do not, by the index's word.
    Pages(BTreeSet<u64>),
}

/// Reads an index and says which pages may hold records with these identifiers. `pages` are those of the package, in order.
///
/// # Errors
///
/// What `source` says; whatever is wrong with the index is [`Hint::None`].
pub fn look_up<R: Read>(source: R, seal: SealDigest, pages: &[u64], ids: &BTreeSet<String>) -> io::Result<Hint> {
    let wanted: BTreeSet<Prefix> = ids.iter().map(|id| prefix(id)).chain([UNNAMED]).collect();
    let mut reader = IndexReader { source, hasher: Sha256::new() };
    match reader.pages(seal, pages, &wanted) {
        Ok(hint) => Ok(hint),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Hint::None),
        Err(error) => Err(error),
    }
}

struct IndexReader<R> {
    source: R,
    hasher: Sha256,
}

impl<R: Read> IndexReader<R> {
    fn pages(&mut self, seal: SealDigest, pages: &[u64], wanted: &BTreeSet<Prefix>) -> io::Result<Hint> {
        if self.take::<{ MAGIC.len() }>()? != *MAGIC || self.take::<32>()? != *seal.as_bytes() {
            return Ok(Hint::None);
        }
        let mut found = BTreeSet::new();
        let mut left = ELEMENTS;
        if pages.len() as u64 > PAGES {
            return Ok(Hint::None);
        }
        let mut prefixes = Vec::new();
        for sequence in pages {
            if u64::from_le_bytes(self.take()?) != *sequence {
                return Ok(Hint::None);
            }
            let count = u64::from(u32::from_le_bytes(self.take()?));
            let Some(rest) = left.checked_sub(count) else { return Ok(Hint::None) };
            left = rest;
            // The length is not believed before the bytes are there.
            prefixes.clear();
            self.source.by_ref().take(count * size_of::<Prefix>() as u64).read_to_end(&mut prefixes)?;
            self.hasher.update(&prefixes);
            let (each, []) = prefixes.as_chunks() else { return Ok(Hint::None) };
            if each.len() as u64 != count {
                return Ok(Hint::None);
            }
            if each.iter().any(|prefix| wanted.contains(prefix)) {
                found.insert(*sequence);
            }
        }
        let digest: [u8; 32] = self.hasher.clone().finalize().into();
        let mut tail = Vec::new();
        self.source.by_ref().take(digest.len() as u64 + 1).read_to_end(&mut tail)?;
        Ok(if tail == digest { Hint::Pages(found) } else { Hint::None })
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes)?;
        self.hasher.update(bytes);
        Ok(bytes)
    }
}

/// How every index begins.
pub const MAGIC: &[u8; 18] = b"signhold/index/v1\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::prefix_of;

    const PAGES_THERE: [u64; 3] = [7, 8, 9];

    fn index() -> Vec<u8> {
        let mut writer = IndexWriter::new(Vec::new(), SealDigest::of(b"seal")).unwrap();
        writer.page(7, &["a", "b"].map(prefix)).unwrap();
        writer.page(8, &[]).unwrap();
        writer.page(9, &["b", "c"].map(prefix)).unwrap();
        writer.finish().unwrap()
    }

    fn hint(index: &[u8], ids: &[&str]) -> Hint {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        look_up(index, SealDigest::of(b"seal"), &PAGES_THERE, &ids).unwrap()
    }

    #[test]
    fn an_index_names_every_page_that_may_hold_an_identifier() {
        for (ids, pages) in [(&["a"][..], &[7][..]), (&["b"], &[7, 9]), (&["a", "c"], &[7, 9]), (&["x"], &[])] {
            assert_eq!(hint(&index(), ids), Hint::Pages(pages.iter().copied().collect()));
        }
    }

    #[test]
    fn a_page_whose_records_have_no_plain_identifier_is_always_named() {
        let mut writer = IndexWriter::new(Vec::new(), SealDigest::of(b"seal")).unwrap();
        for (page, ids) in [(7, &[Some("a")][..]), (8, &[Some("b"), None]), (9, &[Some("c")])] {
            writer.page(page, &ids.iter().copied().map(prefix_of).collect::<Vec<_>>()).unwrap();
        }
        let index = writer.finish().unwrap();
        for (id, pages) in [("a", &[7, 8][..]), ("b", &[8]), ("x", &[8])] {
            assert_eq!(hint(&index, &[id]), Hint::Pages(pages.iter().copied().collect()), "{id}");
        }
    }

    #[test]
    fn an_index_of_something_else_is_no_hint() {
        let ids = BTreeSet::from(["a".to_owned()]);
        assert_eq!(look_up(index().as_slice(), SealDigest::of(b"x"), &PAGES_THERE, &ids).unwrap(), Hint::None);
        for pages in [&[7, 8][..], &[7, 8, 9, 10], &[6, 7, 8], &[]] {
            assert_eq!(look_up(index().as_slice(), SealDigest::of(b"seal"), pages, &ids).unwrap(), Hint::None);
        }
    }

    #[test]
    fn an_index_with_any_byte_changed_cut_or_added_is_no_hint() {
        let good = index();
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 0x40;
            assert_eq!(hint(&bad, &["b"]), Hint::None, "byte {place}");
            assert_eq!(hint(&good[..place], &["b"]), Hint::None, "cut at {place}");
        }
        assert_eq!(hint(&[&good[..], &[0]].concat(), &["b"]), Hint::None);
        // A count that nothing stands behind.
        let lie = [MAGIC.as_slice(), SealDigest::of(b"seal").as_bytes(), &7_u64.to_le_bytes(), &[255; 4]].concat();
        assert_eq!(hint(&lie, &["b"]), Hint::None);
    }
}
