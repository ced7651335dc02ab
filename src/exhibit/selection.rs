//! Finding the records that an exhibit is to hold, and the proof of each in its page's tree.
//!
//! Pages are read one after the other and searched by several threads; what is found is in memory, with its exact bytes, and
//! nothing else is.

use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::sync::atomic::{AtomicU64, Ordering};

use super::crew::{Crew, Lost};
use super::expression::{Answer, Expression, ExpressionError};
use super::given_away::{Documents, telling};
use crate::codec::json::{Json, Shape};
use crate::crypto::digest::{LeafHash, Prefix, prefix_of};
use crate::crypto::merkle::{Levels, RootHash};
use crate::format::kind::Kind;
use crate::format::limits::EXHIBIT_RECORDS;
use crate::format::page::PageRecord;
use crate::format::path::{GENESIS, SEAL};
use crate::format::seal::Seal;
use crate::time::LocalTime;
use crate::verify::{PackedPage, ReadAgainError, VerifiedPackage, VerifiedPage, VerifiedRecord};

/// What was asked for.
pub enum Wanted {
    /// Records with one of these identifiers.
    Ids(BTreeSet<String>),
    /// Records of which this is true.
    Where(Box<Expression>),
}

/// One record that is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// Sequence of its page.
    pub page: u64,
    /// Index of its element in the page, from 0.
    pub element: u64,
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// Its leaf.
    pub leaf: LeafHash,
    /// From the leaf to the page's root, lowest first.
    pub proof: Vec<RootHash>,
    /// Which log.
    pub kind: Kind,
    /// 1, or 2 for the second pass.
    pub pass: u64,
    /// Whether it counts (FORMAT §9, `inside`).
    pub is_counted: bool,
    /// Its time as the service wrote it.
    pub time: Option<String>,
    /// Its identifier, where it has exactly one, in plain letters.
    pub id: Option<String>,
    /// All its identifiers, where it has others than that (FORMAT §21.2).
    pub ids: Vec<String>,
}

/// A page of which a record is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickedPage {
    /// Its sequence.
    pub sequence: u64,
    /// How many records it has.
    pub record_count: u64,
    /// When it was asked for, by the operator's clock.
    pub started: LocalTime,
    /// When it was there.
    pub finished: LocalTime,
    /// The signed root over its records.
    pub root: RootHash,
}

impl From<&PageRecord> for PickedPage {
    fn from(record: &PageRecord) -> Self {
        Self {
            sequence: record.sequence,
            record_count: record.records.count,
            started: record.request.started,
            finished: record.request.finished,
            root: record.records.merkle_root,
        }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// By page and element.
    pub picked: Vec<Picked>,
    /// By sequence.
    pub pages: Vec<PickedPage>,
    /// How many pages were read, cut into records and searched.
    pub pages_searched: u64,
    /// How many records were looked at.
    pub records_searched: u64,
    /// How many were passed over because they lack what the expression asks for.
    pub wanting: u64,
    /// Identifiers, names and addresses of records that are not shown and that plan, seal or the records of the pages shown name.
    pub given_away: BTreeSet<String>,
    /// Pages shown whose other records were not looked through for that: it would take long.
    pub pages_unsifted: u64,
}

impl Gathered {
    /// Returns how many records that are not shown count (FORMAT §9, `inside`), by the seal.
    #[must_use]
    pub fn undisclosed_inside(&self, seal: &Seal) -> u64 {
        let shown = self.picked.iter().filter(|picked| picked.is_counted).count() as u64;
        seal.totals.inside.saturating_sub(shown)
    }
}

/// Why nothing was gathered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError {
    /// The expression cannot be used.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// A page could not be read again.
    #[error("the package could not be read again")]
    Read(#[from] ReadAgainError),
    /// A thread ended early; usually want of memory.
    #[error("a thread ended early")]
    ThreadLost,
    /// More bytes than are held at once.
    #[error("the records found have {byte_len} bytes and more; an exhibit is cut from at most {MAX_BYTES}")]
    TooLong {
        /// How many there were when it was noticed.
        byte_len: u64,
    },
    /// More records than an exhibit may have.
    #[error("{found} records are found; an exhibit has at most {EXHIBIT_RECORDS}")]
    TooMany {
        /// How many.
        found: u64,
    },
}

/// Takes the prefixes of the identifiers of each page searched, in order.
pub type IndexSink<'a> = &'a mut dyn FnMut(u64, &[Prefix]);

/// Searches those pages for what is wanted.
///
/// # Errors
///
/// [`GatherError`], that of the first page that has one; no more pages are read then. Records beyond the most that an exhibit may have
/// are counted and not kept. Of an INVALID package, pages that are not there or cannot be cut are passed over;
/// [`Gathered::pages_searched`] tells.
pub fn gather<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    pages: &[u64],
    wanted: &Wanted,
    threads: usize,
    index: Option<IndexSink<'_>>,
) -> Result<Gathered, GatherError> {
    let held = Held::default();
    let signed = [package.read(GENESIS)?, package.read(SEAL)?];
    let signed = Documents::new(signed.iter().map(Vec::as_slice));
    let keeps_prefixes = index.is_some();
    let mut intake = Intake { gathered: Gathered::default(), matching: 0, error: None, index };
    std::thread::scope(|scope| {
        let search = |page: PackedPage| match page.open_if_there()? {
            Some(page) => look(&page, wanted, &held, &signed, keeps_prefixes).map(Some),
            None => Ok(None),
        };
        let mut crew = Crew::start(scope, threads, search)?;
        let mut unreadable = None;
        for number in pages {
            // Which error is told does not depend on which thread was faster: pages are handed out in order, come back in that order,
            // and none is left out before the first one with an error has come back.
            if intake.error.is_some() {
                break;
            }
            match package.packed_page_if_there(*number) {
                Ok(Some(page)) => {
                    let byte_len = page.byte_len();
                    crew.submit(page, byte_len, |found| intake.take(found))?;
                }
                Ok(None) => {}
                Err(error) => {
                    unreadable = Some(error);
                    break;
                }
            }
        }
        // Those that are still under way come before the page that could not be read.
        crew.finish(|found| intake.take(found))?;
        if let Some(error) = unreadable {
            intake.error.get_or_insert(error.into());
        }
        Ok::<_, GatherError>(())
    })?;
    let Intake { mut gathered, matching, error, index: _ } = intake;
    if let Some(error) = error {
        return Err(error);
    }
    if matching > EXHIBIT_RECORDS {
        return Err(GatherError::TooMany { found: matching });
    }
    // What the exhibit shows is not given away.
    for value in gathered.picked.iter().flat_map(|picked| telling(&picked.bytes)) {
        gathered.given_away.remove(&value);
    }
    let byte_len = held.bytes.into_inner();
    if byte_len > MAX_BYTES {
        return Err(GatherError::TooLong { byte_len });
    }
    Ok(gathered)
}

impl From<Lost> for GatherError {
    fn from(Lost: Lost) -> Self {
        Self::ThreadLost
    }
}

/// What the pages brought so far, taken in their order.
struct Intake<'a> {
    gathered: Gathered,
    /// Records that are wanted, kept or not.
    matching: u64,
    /// That of the first page that has one.
    error: Option<GatherError>,
    index: Option<IndexSink<'a>>,
}

impl Intake<'_> {
    /// Takes what a page brought; none of one that a package lacks which failed verification.
    fn take(&mut self, found: Result<Option<PageFound>, GatherError>) {
        let found = match found {
            Ok(Some(found)) if self.error.is_none() => found,
            Ok(_) => return,
            Err(error) => {
                self.error.get_or_insert(error);
                return;
            }
        };
        let gathered = &mut self.gathered;
        gathered.pages_searched += u64::from(found.is_cut);
        gathered.records_searched += found.record_count;
        gathered.wanting += found.wanting;
        self.matching += found.matching;
        gathered.pages_unsifted += u64::from(found.is_unsifted);
        gathered.given_away.extend(found.given_away);
        gathered.pages.extend(found.page);
        gathered.picked.extend(found.picked);
        if let Some(index) = &mut self.index {
            index(found.sequence, &found.prefixes);
        }
    }
}

/// How much of what was found is held, by all threads together.
#[derive(Default)]
struct Held {
    records: AtomicU64,
    bytes: AtomicU64,
    /// Records that are not shown and were looked through for what is given away of them.
    sifted: AtomicU64,
}

/// What one page brought.
struct PageFound {
    sequence: u64,
    /// Whether its body could be cut into records, and so be searched.
    is_cut: bool,
    record_count: u64,
    /// Records that are wanted, kept or not.
    matching: u64,
    wanting: u64,
    page: Option<PickedPage>,
    picked: Vec<Picked>,
    prefixes: Vec<Prefix>,
    given_away: BTreeSet<String>,
    is_unsifted: bool,
}

fn look(
    page: &VerifiedPage,
    wanted: &Wanted,
    held: &Held,
    signed: &Documents,
    keeps_prefixes: bool,
) -> Result<PageFound, GatherError> {
    let mut found = PageFound {
        sequence: page.number,
        is_cut: page.is_cut,
        record_count: 0,
        matching: 0,
        wanting: 0,
        page: None,
        picked: Vec::new(),
        prefixes: Vec::new(),
        given_away: BTreeSet::new(),
        is_unsifted: false,
    };
    for record in page.records() {
        found.record_count += 1;
        if keeps_prefixes {
            found.prefixes.push(prefix_of(record.id));
        }
        let answer = match wanted {
            Wanted::Ids(ids) => match record.id {
                Some(id) if ids.contains(id) => Answer::Yes,
                None if all_ids(&record).any(|id| ids.contains(&id)) => Answer::Yes,
                _ => Answer::No,
            },
            Wanted::Where(expression) => expression.asks(&record)?,
        };
        match answer {
            Answer::No => {}
            Answer::Wanting => found.wanting += 1,
            Answer::Yes => {
                found.matching += 1;
                found.picked.extend(held.admits(&record).then(|| pick(&record)));
            }
        }
    }
    if !found.picked.is_empty() {
        let leaves: Vec<LeafHash> = page.records().map(|record| record.leaf()).collect();
        let levels = Levels::new(&leaves);
        for picked in &mut found.picked {
            let path = usize::try_from(picked.element).ok().and_then(|index| levels.path(index));
            picked.proof = path.unwrap_or_default().into_iter().map(|node| RootHash(node.0)).collect();
        }
        found.sift(page, held, signed);
        let request = &page.record.request;
        found.page = Some(PickedPage {
            sequence: page.number,
            record_count: found.record_count,
            started: request.started,
            finished: request.finished,
            root: page.record.records.merkle_root,
        });
    }
    Ok(found)
}

impl PageFound {
    /// Looks through the records of a page that are not shown for values that the documents beside them name.
    fn sift(&mut self, page: &VerifiedPage, held: &Held, signed: &Documents) {
        if held.sifted.fetch_add(self.record_count, Ordering::Relaxed) > MAX_SIFTED {
            self.is_unsifted = true;
            return;
        }
        let of_page = Documents::new([page.record_bytes.as_slice()]);
        let shown: BTreeSet<u64> = self.picked.iter().map(|picked| picked.element).collect();
        let others = page.records().filter(|record| !shown.contains(&record.element));
        let values = others.flat_map(|record| telling(record.bytes));
        self.given_away.extend(values.filter(|value| of_page.name(value) || signed.name(value)));
    }
}

impl Held {
    /// Says whether there is room for one more, and takes it.
    fn admits(&self, record: &VerifiedRecord<'_>) -> bool {
        let byte_len = record.bytes.len() as u64;
        let records = self.records.fetch_add(1, Ordering::Relaxed);
        let bytes = self.bytes.fetch_add(byte_len, Ordering::Relaxed);
        records < EXHIBIT_RECORDS && bytes + byte_len <= MAX_BYTES
    }
}

fn pick(record: &VerifiedRecord<'_>) -> Picked {
    Picked {
        page: record.page,
        element: record.element,
        bytes: record.bytes.to_vec(),
        leaf: record.leaf(),
        proof: Vec::new(),
        kind: record.kind,
        pass: record.pass,
        is_counted: record.is_counted,
        time: record.time.map(str::to_owned),
        id: record.id.map(str::to_owned),
        ids: if record.id.is_some() { Vec::new() } else { all_ids(record).collect() },
    }
}

/// Returns the identifiers of an element (FORMAT §21.2): every text member `id`, since readers of JSON differ in which they take.
fn all_ids(record: &VerifiedRecord<'_>) -> impl Iterator<Item = String> {
    let members = Json::read(record.bytes).into_iter().flat_map(|json| json.all("id"));
    members.filter_map(|member| match member.shape() {
        Shape::Text(text) => Some(text.spelled().into_owned()),
        _ => None,
    })
}

/// 200 000 records: a second or two beyond what the search takes.
const MAX_SIFTED: u64 = 200_000;
/// 512 MiB: ten thousand records of 50 KB, ten times what the service writes. They are in memory at once.
pub const MAX_BYTES: u64 = 512 << 20;
