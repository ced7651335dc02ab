//! The world as Typst sees it: one template, one document, its pictures, and the fonts that are built in.
//!
//! There is nothing else in it: no folder, no network, no package, no clock. Fonts are read at the first PDF, not before.

use std::collections::HashMap;
use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

use super::data::Paper;

/// One document on its way to paper.
pub(super) struct Press {
    main: Source,
    files: HashMap<FileId, Bytes>,
}

impl Press {
    /// Lays in a document; none when a path is not one, which those we choose are.
    pub(super) fn new(paper: Paper) -> Option<Self> {
        let main = Source::new(file("main.typ")?, TEMPLATE.to_owned());
        let mut files = HashMap::from([(file("document.json")?, Bytes::new(paper.json))]);
        for (path, svg) in paper.pictures {
            files.insert(file(&path)?, Bytes::from_string(svg));
        }
        Some(Self { main, files })
    }
}

impl World for Press {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &FONTS.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// Says whether a font that is built in has a glyph for a character that PDF/A lets stand for itself.
pub(super) fn can_draw(c: char) -> bool {
    c.is_ascii() || !is_forbidden(c) && FONTS.fonts.iter().any(|font| font.info().coverage.contains(u32::from(c)))
}

/// Private use says nothing to anybody.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. )
}

fn file(path: &str) -> Option<FileId> {
    Some(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).ok()?).intern())
}

struct Fonts {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    let fonts = typst_assets::fonts().flat_map(|data| Font::iter(Bytes::new(data)));
    let fonts: Vec<Font> = fonts.filter(|font| FAMILIES.contains(&font.info().family.as_str())).collect();
    Fonts { book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts }
});

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

const FAMILIES: [&str; 2] = ["Libertinus Serif", "DejaVu Sans Mono"];
const TEMPLATE: &str = include_str!("template.typ");
