//! From what was found to the one file: statement, manifest, records, views, and the signed documents that prove them
//! (FORMAT §21.1).
//!
//! The statement comes first in the file and names the digest of everything behind it, so each view is rendered twice: once to be
//! digested and once to be written. What is copied from the package is copied byte for byte.

use std::collections::BTreeMap;
use std::io::{Read, Seek, Write};

use chrono_tz::Tz;
use zip::result::ZipError;

use super::bates::Bates;
use super::expression::LANGUAGE;
use super::readable::{self, Case, Index, Origin};
use super::readme;
use super::selection::{Gathered, Picked, PickedPage};
use crate::codec::zip::write::StoredWriter;
use crate::crypto::digest::{FileDigest, LeafHash};
use crate::crypto::merkle::{Levels, RootHash};
use crate::crypto::signature::{NotSigned, PublicKey, Signer};
use crate::format::bag::Manifest;
use crate::format::exhibit::{
    Exhibit, ExhibitType, Search, Selection, ShownPage, ShownRecord, SourcePackage, identifier, paths,
};
use crate::format::limits::TIMESTAMPS;
use crate::format::line::Line;
use crate::format::parts::Tool;
use crate::format::path::{
    GENESIS, GENESIS_SIGNATURE, OPERATOR_KEY, PackagePath, SEAL, SEAL_SIGNATURE, SIGNER_CERTIFICATE, SIGNER_KEY,
    TIMESTAMP_LISTS,
};
use crate::format::{FormatError, encode};
use crate::time::LocalTime;
use crate::verify::{ReadAgainError, VerifiedPackage};

/// What whoever cuts an exhibit says of it.
pub struct Cutting<'a> {
    /// Its number in the case.
    pub number: Option<Line>,
    /// Who cuts it.
    pub by: Option<Line>,
    /// When, by that person's clock.
    pub created: LocalTime,
    /// What cuts it.
    pub tool: Tool,
    /// What was asked for.
    pub selection: Selection,
    /// Whether only those pages were searched that an index names.
    pub by_index: bool,
    /// The number of the first record.
    pub bates: Option<Bates>,
    /// The wall clock that views show beside UTC.
    pub time_zone: Option<Tz>,
    /// The key that signs the statement, if any.
    pub signer: Option<&'a dyn Signer>,
}

/// What was cut.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The statement.
    pub exhibit: Exhibit,
    /// The exhibit identifier, which is the name of the top directory.
    pub identifier: String,
}

/// Why nothing was cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CutError {
    /// The numbers do not suffice for all records.
    #[error("the numbers from `{first}` on end before all {count} records have one")]
    Bates {
        /// The first number.
        first: String,
        /// How many records there are.
        count: u64,
    },
    /// Nothing was found.
    #[error("no record is to be shown")]
    Empty,
    /// The statement cannot be written.
    #[error("the statement cannot be written")]
    Format(#[from] FormatError),
    /// The package has no leaf for a page that is to be shown.
    #[error("the statement about page {0} was not read when the package was verified")]
    NoLeaf(u64),
    /// A file of the package could not be read again.
    #[error("the package could not be read again")]
    Read(#[from] ReadAgainError),
    /// The key did not sign.
    #[error("the statement could not be signed")]
    Sign(#[from] NotSigned),
    /// The exhibit could not be written.
    #[error("the exhibit could not be written")]
    Zip(#[from] ZipError),
}

/// Cuts an exhibit and writes it into `sink`, which must be empty.
///
/// # Errors
///
/// [`CutError`]; what `sink` holds then is no exhibit.
pub fn cut<R: Read + Seek, W: Write>(
    package: &mut VerifiedPackage<R>,
    gathered: &Gathered,
    cutting: &Cutting<'_>,
    sink: W,
) -> Result<(Cut, W), CutError> {
    if gathered.picked.is_empty() {
        return Err(CutError::Empty);
    }
    let views = Views::new(package, gathered, cutting)?;
    let from_package = from_package(package, gathered);
    let key = cutting.signer.map(Signer::public_key);
    let key_file = key.as_ref().map(PublicKey::to_pem);
    let readme = readme_text(package, gathered, cutting);
    let list = views.list(gathered);

    let mut manifest = Manifest::default();
    let mut name = |path: &str, digest: FileDigest| {
        manifest.insert(PackagePath::new(path).map_err(|error| FormatError::Malformed(error.to_string()))?, digest);
        Ok::<_, CutError>(())
    };
    if let Some(key_file) = &key_file {
        name(paths::EXHIBITOR_KEY, FileDigest::of(key_file.as_bytes()))?;
    }
    name(paths::README, FileDigest::of(readme.as_bytes()))?;
    name(paths::LIST, FileDigest::of(list.as_bytes()))?;
    for (number, picked) in (1..).zip(&gathered.picked) {
        name(paths::record(number).as_str(), FileDigest::of(&picked.bytes))?;
        name(&paths::readable(number), FileDigest::of(views.render(number, picked).as_bytes()))?;
    }
    for path in &from_package {
        name(&paths::of_package(path), FileDigest::of(&package.read(path)?))?;
    }
    let manifest = manifest.to_text();

    let exhibit = statement(package, gathered, cutting, &views, FileDigest::of(manifest.as_bytes()))?;
    let bytes = encode(&exhibit)?;
    let identifier = identifier(&package.genesis().matter.id, &bytes);
    let mut writer = StoredWriter::new(sink);
    let mut add = |path: &str, bytes: &[u8]| writer.add(&format!("{identifier}/{path}"), bytes);
    add(paths::STATEMENT, &bytes)?;
    if let (Some(signer), Some(key_file)) = (cutting.signer, &key_file) {
        add(paths::SIGNATURE, signer.sign(&bytes)?.as_bytes())?;
        add(paths::EXHIBITOR_KEY, key_file.as_bytes())?;
    }
    add(paths::MANIFEST, manifest.as_bytes())?;
    add(paths::README, readme.as_bytes())?;
    add(paths::LIST, list.as_bytes())?;
    for (number, picked) in (1..).zip(&gathered.picked) {
        add(paths::record(number).as_str(), &picked.bytes)?;
        add(&paths::readable(number), views.render(number, picked).as_bytes())?;
    }
    for path in &from_package {
        add(&paths::of_package(path), &package.read(path)?)?;
    }
    let sink = writer.finish()?;
    Ok((Cut { exhibit, identifier }, sink))
}

/// Says what is shown, where it stands and by which paths.
fn statement<R: Read + Seek>(
    package: &VerifiedPackage<R>,
    gathered: &Gathered,
    cutting: &Cutting<'_>,
    views: &Views<'_>,
    manifest_sha256: FileDigest,
) -> Result<Exhibit, CutError> {
    let (seal, provenance) = (package.seal(), package.provenance());
    let records = (1..).zip(&gathered.picked).map(|(number, picked)| ShownRecord {
        path: paths::record(number),
        bates: views.bates(number).cloned(),
        page: picked.page,
        element: picked.element,
        byte_len: picked.bytes.len() as u64,
        leaf: picked.leaf,
        proof: picked.proof.clone(),
    });
    let seal_sha256 = provenance.seal_sha256.ok_or_else(|| ReadAgainError::Missing(SEAL.to_owned()))?;
    Ok(Exhibit {
        r#type: ExhibitType::V1,
        number: cutting.number.clone(),
        by: cutting.by.clone(),
        created: cutting.created,
        tool: cutting.tool.clone(),
        package: SourcePackage {
            id: seal.package.clone(),
            seal_sha256,
            archive_sha256: provenance.archive_sha256,
            byte_len: provenance.archive_byte_len,
        },
        simulated: package.genesis().simulated,
        despite_findings: sorted(provenance.despite_findings.iter().map(|code| Line::lossy(code.as_str()))),
        selection: cutting.selection.clone(),
        search: search(package, gathered, cutting),
        records: records.collect(),
        pages: pages(package.leaves(), &gathered.pages)?,
        undisclosed: seal.totals.records.saturating_sub(gathered.picked.len() as u64),
        manifest_sha256,
        signer: cutting.signer.map(|signer| signer.public_key().fingerprint()),
    })
}

/// Says how the records were looked for.
fn search<R: Read + Seek>(package: &VerifiedPackage<R>, gathered: &Gathered, cutting: &Cutting<'_>) -> Search {
    Search {
        whole: !package.provenance().quick,
        by_index: cutting.by_index,
        pages: gathered.pages_searched,
        of_pages: package.page_numbers().len() as u64,
        records: gathered.records_searched,
        wanting: gathered.wanting,
        language: cutting.selection.r#where.is_some().then(|| Line::lossy(LANGUAGE)),
    }
}

fn sorted(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = lines.collect();
    lines.sort();
    lines.dedup();
    lines
}

/// Makes the path of each page shown to the seal's root.
fn pages(leaves: &BTreeMap<u64, LeafHash>, shown: &[PickedPage]) -> Result<Vec<ShownPage>, CutError> {
    let levels = Levels::new(&leaves.values().copied().collect::<Vec<_>>());
    let places: BTreeMap<u64, usize> = leaves.keys().copied().zip(0..).collect();
    let shown = shown.iter().map(|page| {
        let path = places.get(&page.sequence).and_then(|place| levels.path(*place));
        let path = path.ok_or(CutError::NoLeaf(page.sequence))?;
        let proof = path.into_iter().map(|node| RootHash(node.0)).collect();
        Ok(ShownPage { sequence: page.sequence, proof })
    });
    shown.collect()
}

/// The views, and the numbers that the records bear.
struct Views<'a> {
    case: Case,
    pages: BTreeMap<u64, &'a PickedPage>,
    /// Of record 1, 2 and so on; empty when they bear none.
    bates: Vec<Line>,
}

impl<'a> Views<'a> {
    fn new<R>(package: &VerifiedPackage<R>, gathered: &'a Gathered, cutting: &Cutting<'_>) -> Result<Self, CutError> {
        let count = gathered.picked.len() as u64;
        let bates: Option<Vec<Line>> = cutting
            .bates
            .as_ref()
            .map_or(Some(Vec::new()), |bates| (0..count).map(|place| bates.number(place)).collect());
        let bates = bates.ok_or_else(|| CutError::Bates {
            first: cutting
                .bates
                .as_ref()
                .and_then(|bates| bates.number(0))
                .map_or(String::new(), |line| line.to_string()),
            count,
        })?;
        let (genesis, seal, provenance) = (package.genesis(), package.seal(), package.provenance());
        let times = &package.report().facts.times;
        let title = genesis.matter.title.as_ref().map_or(String::new(), |title| format!(", {title}"));
        let case = Case {
            marks: provenance.marks(),
            exhibit: cutting.number.as_ref().map(Line::to_string),
            by: cutting.by.as_ref().map(Line::to_string),
            created: cutting.created,
            is_signed: cutting.signer.is_some(),
            count,
            time_zone: cutting.time_zone,
            matter: format!("{}{title}", genesis.matter.id),
            package: seal.package.to_string(),
            seal_sha256: provenance.seal_sha256.map_or(String::new(), |digest| digest.to_string()),
            archive_sha256: provenance.archive_sha256.map(|digest| digest.to_string()),
            operator: genesis.operator.to_string(),
            operator_key: genesis.keys.operator,
            signer: seal.signer,
            seal_created: seal.created,
            not_before: times.genesis_tokens.clone(),
            not_after: times.seal_tokens.clone(),
            tool: format!("{} {}", cutting.tool.name, cutting.tool.version),
            origin: Origin::Cutter,
        };
        let pages = gathered.pages.iter().map(|page| (page.sequence, page)).collect();
        Ok(Self { case, pages, bates })
    }

    fn bates(&self, number: u64) -> Option<&Line> {
        usize::try_from(number.checked_sub(1)?).ok().and_then(|place| self.bates.get(place))
    }

    fn list(&self, gathered: &Gathered) -> String {
        let mut list = Index::begin(&self.case, !self.bates.is_empty());
        for (number, picked) in (1..).zip(&gathered.picked) {
            list.add(number, self.bates(number).map(Line::as_str), picked);
        }
        list.end()
    }

    fn render(&self, number: u64, picked: &Picked) -> String {
        let bates = self.bates(number).map(Line::as_str);
        // Every record was found in one of them.
        self.pages
            .get(&picked.page)
            .map_or_else(String::new, |page| readable::render(&self.case, number, bates, picked, page))
    }
}

/// Returns the paths of the files that come from the package, in order.
fn from_package<R>(package: &VerifiedPackage<R>, gathered: &Gathered) -> Vec<String> {
    let numbered = |path: fn(usize) -> PackagePath| stamp_numbers().map(move |number| path(number).to_string());
    let of_pages = gathered.pages.iter().flat_map(|page| {
        [PackagePath::page_record, PackagePath::page_signature, PackagePath::page_timestamp]
            .map(|path| path(page.sequence).to_string())
    });
    let fixed = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    fixed(&[SIGNER_KEY, OPERATOR_KEY, SIGNER_CERTIFICATE, TIMESTAMP_LISTS, GENESIS, GENESIS_SIGNATURE])
        .into_iter()
        .chain(numbered(PackagePath::genesis_timestamp))
        .chain(of_pages)
        .chain(fixed(&[SEAL, SEAL_SIGNATURE]))
        .chain(numbered(PackagePath::seal_timestamp))
        .filter(|path| package.holds(path))
        .collect()
}

fn readme_text<R: Read + Seek>(package: &VerifiedPackage<R>, gathered: &Gathered, cutting: &Cutting<'_>) -> String {
    let warnings = package.provenance().warnings();
    let count = |path: fn(usize) -> PackagePath| {
        stamp_numbers().take_while(|number| package.holds(path(*number).as_str())).count()
    };
    let stamped = gathered.pages.iter().map(|page| page.sequence);
    let stamped: Vec<u64> = stamped.filter(|page| package.holds(PackagePath::page_timestamp(*page).as_str())).collect();
    readme::text(&readme::Facts {
        warnings: &warnings,
        number: cutting.number.as_ref().map(Line::as_str),
        package: package.seal().package.as_str(),
        records: gathered.picked.len() as u64,
        undisclosed: package.seal().totals.records.saturating_sub(gathered.picked.len() as u64),
        undisclosed_inside: gathered.undisclosed_inside(package.seal()),
        search: &search(package, gathered, cutting),
        has_operator_key: package.holds(OPERATOR_KEY),
        has_certificate: package.holds(SIGNER_CERTIFICATE),
        is_signed: cutting.signer.is_some(),
        genesis_timestamps: count(PackagePath::genesis_timestamp),
        seal_timestamps: count(PackagePath::seal_timestamp),
        page_timestamps: &stamped,
    })
}

/// The numbers that timestamps of one sort may have.
fn stamp_numbers() -> impl Iterator<Item = usize> {
    (1..).take(usize::try_from(TIMESTAMPS).unwrap_or(usize::MAX))
}
