//! Where the records are: by the index beside the package where there is one that fits, else by reading every page.

use std::collections::BTreeSet;

use super::Wanted;
use crate::cli::admission::{Admitted, Depth, SourceArgs};
use crate::cli::error::{CliError, with_causes};
use crate::cli::out::{self, counted, either, grouped, shell};
use crate::cli::verify::threads;
use crate::crypto::digest::Prefix;
use crate::exhibit::index::{Hint, IndexWriter, MAGIC, look_up};
use crate::exhibit::{Gathered, gather};
use crate::store::FolderError;
use crate::store::index_file::{self, IndexFile};

/// What was found, and how.
pub(super) struct Found {
    pub(super) gathered: Gathered,
    /// Whether only the pages were read that the index names.
    pub(super) by_index: bool,
    /// How many pages the package has.
    pub(super) page_count: u64,
}

/// Finds the records that are wanted; an identifier that is nowhere ends it.
pub(super) fn find(
    source: &SourceArgs,
    package: &mut Admitted,
    wanted: &Wanted,
    depth: Depth,
) -> Result<Found, CliError> {
    let pages = package.page_numbers();
    let page_count = pages.len() as u64;
    let Wanted::Ids(ids) = wanted else {
        let gathered = gather(package, &pages, wanted, threads(), None)?;
        if gathered.picked.is_empty() {
            return Err(nothing(&gathered));
        }
        return Ok(Found { gathered, by_index: false, page_count });
    };
    if depth == Depth::Quick
        && let Some(hinted) = hinted(source, package, &pages, ids)
    {
        let gathered = gather(package, &hinted, wanted, threads(), None)?;
        if missing(ids, &gathered).is_empty() {
            return Ok(Found { gathered, by_index: true, page_count });
        }
    }
    let gathered = scan(source, package, &pages, wanted)?;
    let missing = missing(ids, &gathered);
    if let Some(first) = missing.first() {
        let others = match missing.len() {
            1 => String::new(),
            2 => " (nor is 1 other)".to_owned(),
            count => format!(" (nor are {} others)", grouped(count as u64 - 1)),
        };
        return Err(CliError::request(format!(
            "no record `{}` is in the package{others}; {} on {} were searched",
            out::escape_line(first),
            counted(gathered.records_searched, "record"),
            counted(gathered.pages_searched, "page"),
        ))
        .hint("check the identifier, or whether another package covers its time and log: `signhold inspect` says what this one covers; nothing was written"));
    }
    Ok(Found { gathered, by_index: false, page_count })
}

/// Writes the index of a package anew.
pub(super) fn make_index(source: &SourceArgs) -> Result<(), CliError> {
    let mut package = source.admit(Depth::Quick)?;
    let pages = package.page_numbers();
    let path = index_file::path_of(&source.file);
    let Some(written) = write_index(source, &mut package, &pages, &Wanted::Ids(BTreeSet::new())) else {
        return Err(CliError::evidence(format!("the seal of `{}` cannot be read", source.file.display())));
    };
    let (gathered, written) = written?;
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            CliError::request(format!("`{}` is there and is no index", path.display()))
                .hint("move it away; nothing was written")
        }
        _ => FolderError::io("write", &path)(error).into(),
    })?;
    out::answer(&format!(
        "{}  {} on {}; derived, and safe to delete\n",
        out::escape_line(&shell(&path)),
        counted(gathered.records_searched, "record"),
        counted(gathered.pages_searched, "page")
    ));
    Ok(())
}

/// Reads every page, and leaves an index for the next time where that can be.
fn scan(source: &SourceArgs, package: &mut Admitted, pages: &[u64], wanted: &Wanted) -> Result<Gathered, CliError> {
    out::talk(&format!("no index names them: {} are read", counted(pages.len() as u64, "page")));
    let path = index_file::path_of(&source.file);
    match write_index(source, package, pages, wanted) {
        None => Ok(gather(package, pages, wanted, threads(), None)?),
        Some(written) => {
            let (gathered, written) = written?;
            match written {
                Ok(()) => {
                    out::talk(&format!("written for the next time: {} (derived, and safe to delete)", shell(&path)));
                }
                Err(error) => out::talk(&format!("no index was left at {}: {error}", shell(&path))),
            }
            Ok(gathered)
        }
    }
}

/// What was found on the way, and whether the index could be written.
type Written = Result<(Gathered, std::io::Result<()>), CliError>;

/// Reads every page and writes down where records are; none where the package's seal has no digest.
fn write_index(source: &SourceArgs, package: &mut Admitted, pages: &[u64], wanted: &Wanted) -> Option<Written> {
    let seal = package.provenance().seal_sha256?;
    let mut file = match IndexFile::create(&source.file, MAGIC) {
        Ok(file) => file,
        Err(error) => {
            let gathered = gather(package, pages, wanted, threads(), None);
            return Some(gathered.map(|gathered| (gathered, Err(error))).map_err(CliError::from));
        }
    };
    let mut writer = IndexWriter::new(&mut file, seal);
    let mut sink = |page: u64, prefixes: &[Prefix]| {
        if let Ok(index) = &mut writer
            && let Err(error) = index.page(page, prefixes)
        {
            writer = Err(error);
        }
    };
    let gathered = gather(package, pages, wanted, threads(), Some(&mut sink));
    let written = writer.and_then(IndexWriter::finish).map(|_| ());
    Some(gathered.map_err(CliError::from).map(|gathered| {
        // Of a search that ended early it would be an index of less than all.
        let published = written.and_then(|()| file.publish());
        (gathered, published)
    }))
}

/// Returns the pages that the index names; none where it is of no use.
fn hinted(source: &SourceArgs, package: &Admitted, pages: &[u64], ids: &BTreeSet<String>) -> Option<Vec<u64>> {
    let seal = package.provenance().seal_sha256?;
    let path = index_file::path_of(&source.file);
    let hint = match index_file::open(&source.file) {
        Ok(None) => return None,
        Ok(Some(file)) => look_up(file, seal, pages, ids),
        Err(error) => Err(error),
    };
    match hint {
        Ok(Hint::Pages(pages)) => Some(pages.into_iter().collect()),
        Ok(Hint::None) => {
            out::talk(&format!("{} is damaged or of another package, and is not used", shell(&path)));
            None
        }
        Err(error) => {
            out::talk(&format!("{} is not used: {}", shell(&path), with_causes(&error)));
            None
        }
    }
}

fn missing<'a>(ids: &'a BTreeSet<String>, gathered: &Gathered) -> Vec<&'a str> {
    let found: BTreeSet<&str> =
        gathered.picked.iter().flat_map(|picked| picked.id.iter().chain(&picked.ids)).map(String::as_str).collect();
    ids.iter().map(String::as_str).filter(|id| !found.contains(id)).collect()
}

fn nothing(gathered: &Gathered) -> CliError {
    let wanting = match gathered.wanting {
        0 => String::new(),
        count => format!("; {} {} what it asks for", counted(count, "record"), either(count, "lacks", "lack")),
    };
    CliError::request(format!(
        "the expression is true of none of {} on {}{wanting}",
        counted(gathered.records_searched, "record"),
        counted(gathered.pages_searched, "page")
    ))
    .hint("`signhold exhibit --help` has examples; `has(record.x)` asks whether a member is there; nothing was written")
}
