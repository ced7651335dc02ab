//! One record as the cells of one row.
//!
//! What a record does not hold stays empty: nothing is guessed. What it holds and no column of its table takes as it stands goes
//! into the last column, whatever it is called, so that members newer than this program are not lost.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::column::{Column, Place, Source, Type, columns_of};
use super::json::{compact, is_silent, quote};
use super::table::Table;
use crate::codec::json::{Json, Shape};
use crate::format::genesis::Identity;
use crate::format::identifier::PackageId;
use crate::time::ServiceTime;
use crate::verify::VerifiedRecord;

/// The cells of a row, in the order of the table's columns.
#[derive(Debug, Default)]
pub(super) struct Cells {
    text: String,
    cells: Vec<Held>,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Bool(bool),
    /// A JSON value in one line.
    Json(&'a str),
    Long(i64),
    Null,
    Text(&'a str),
    /// A time as the service wrote it, and in microseconds since 1970.
    Time(&'a str, i64),
}

/// A cell whose text lies elsewhere.
#[derive(Clone, Debug)]
enum Held {
    Bool(bool),
    Json(Range<usize>),
    Long(i64),
    Null,
    Text(Range<usize>),
    Time(Range<usize>, i64),
}

/// Fills the rows of the tables.
#[derive(Debug)]
pub(super) struct Filler {
    package: String,
    marks: String,
    tenant: String,
    resource_id: String,
    /// Every property that a column of any table knows.
    properties: HashMap<&'static str, usize>,
}

/// What a record has of the known properties.
struct Record<'f, 'a> {
    filler: &'f Filler,
    /// None for what is not one JSON value, which verification does not let through.
    element: Option<Json<'a>>,
    /// One for each known property.
    found: Vec<Found<'a>>,
}

#[derive(Clone, Copy, Default)]
struct Found<'a> {
    /// Its value, if it is there once: of two of one name readers differ in which they take.
    value: Option<Json<'a>>,
    times: u64,
    /// Whether a column took it as it stands.
    is_taken: bool,
}

impl Filler {
    /// Prepares for the rows of one package; `marks` has to be said of everything made of it.
    pub(super) fn new(package: &PackageId, marks: String, identity: &Identity) -> Self {
        let claims = identity.claims.as_deref().unwrap_or_default();
        let claimed = claims.iter().find(|(name, _)| name == "tid").map(|(_, value)| value.clone());
        let tenant = claimed.unwrap_or_else(|| identity.tenant.clone());
        let mut properties = HashMap::new();
        for column in super::column::COLUMNS {
            for name in known(column.source) {
                let next = properties.len();
                properties.entry(name).or_insert(next);
            }
        }
        Self {
            package: package.to_string(),
            marks,
            resource_id: format!("/tenants/{tenant}/providers/Microsoft.aadiam"),
            tenant,
            properties,
        }
    }

    /// Fills the row of a record in its table.
    pub(super) fn fill(&self, cells: &mut Cells, table: Table, here: &VerifiedRecord<'_>) {
        cells.text.clear();
        cells.cells.clear();
        let mut record = Record::read(self, here.bytes);
        for (column, r#type) in columns_of(table) {
            let start = cells.text.len();
            let kept = match column.source {
                Source::Place(place) => self.place(&mut cells.text, place, here),
                Source::Remainder => record.remainder(&mut cells.text),
                _ => record.cell(&mut cells.text, column, r#type, table),
            };
            let span = start..cells.text.len();
            cells.cells.push(match kept {
                Kept::Bool(yes) => Held::Bool(yes),
                Kept::Long(number) => Held::Long(number),
                Kept::Nothing => Held::Null,
                Kept::Time(micros) => Held::Time(span, micros),
                Kept::Written if r#type == Type::Dynamic => Held::Json(span),
                Kept::Written => Held::Text(span),
            });
        }
    }

    /// Appends how the record stands in the package.
    fn place(&self, out: &mut String, place: Place, here: &VerifiedRecord<'_>) -> Kept {
        let long = |number: u64| i64::try_from(number).map_or(Kept::Nothing, Kept::Long);
        match place {
            Place::Counted => return Kept::Bool(here.is_counted),
            Place::Element => return long(here.element),
            Place::Kind => out.push_str(here.kind.as_str()),
            Place::Leaf => out.push_str(&here.leaf().to_string()),
            Place::Marks => out.push_str(&self.marks),
            Place::Package => out.push_str(&self.package),
            Place::Page => return long(here.page),
            Place::Pass => return long(here.pass),
        }
        Kept::Written
    }
}

impl Cells {
    /// Returns the cells, in the order of the table's columns.
    pub(super) fn iter(&self) -> impl Iterator<Item = Cell<'_>> {
        let text = |span: &Range<usize>| self.text.get(span.clone()).unwrap_or_default();
        self.cells.iter().map(move |cell| match cell {
            Held::Bool(yes) => Cell::Bool(*yes),
            Held::Json(span) => Cell::Json(text(span)),
            Held::Long(number) => Cell::Long(*number),
            Held::Null => Cell::Null,
            Held::Text(span) => Cell::Text(text(span)),
            Held::Time(span, micros) => Cell::Time(text(span), *micros),
        })
    }
}

/// What a source gave; text was appended.
enum Kept {
    Bool(bool),
    Long(i64),
    Nothing,
    Time(i64),
    Written,
}

impl<'f, 'a> Record<'f, 'a> {
    fn read(filler: &'f Filler, element: &'a [u8]) -> Self {
        let element = Json::read(element);
        let mut found = vec![Found::default(); filler.properties.len()];
        for (name, value) in element.into_iter().flat_map(Json::members) {
            let slot = filler.properties.get(name.spelled().as_ref()).and_then(|slot| found.get_mut(*slot));
            if let Some(slot) = slot {
                slot.times = slot.times.saturating_add(1);
                slot.value = Some(value).filter(|_| slot.times == 1);
            }
        }
        Self { filler, element, found }
    }

    /// Appends what fills a cell.
    fn cell(&mut self, out: &mut String, column: &Column, r#type: Type, table: Table) -> Kept {
        match column.source {
            Source::Category => out.push_str(table.category()),
            Source::Constant(text) => out.push_str(text),
            Source::List(name) => {
                if self.value(name).is_none_or(is_silent) {
                    out.push_str("[]");
                    self.take(name);
                } else {
                    return self.property(out, name, r#type, &[]);
                }
            }
            Source::Member(object, name) => self.member(out, object, name),
            Source::Name => out.push_str(table.name()),
            Source::NonZero(name) if self.value(name).is_some_and(|value| value.raw() == "0") => self.take(name),
            Source::NonZero(name) | Source::Property(name) => return self.property(out, name, r#type, &[]),
            Source::Nothing if r#type == Type::Text => {}
            Source::Nothing | Source::Place(_) | Source::Remainder => return Kept::Nothing,
            Source::Object(name, first) => return self.property(out, name, r#type, first),
            Source::Reason => {
                let start = out.len();
                self.member(out, "status", "errorCode");
                let succeeded = out.get(start..) == Some("0");
                out.truncate(start);
                if !succeeded {
                    self.member(out, "status", "failureReason");
                }
            }
            Source::ResourceId => out.push_str(&self.filler.resource_id),
            Source::Surrogate => return time(out, self.value("createdDateTime")),
            Source::Tenant => out.push_str(&self.filler.tenant),
            Source::UserType => {
                match self.value("userType").map(Json::raw) {
                    Some("\"guest\"") => out.push_str("Guest"),
                    Some("\"member\"") => out.push_str("Member"),
                    _ => return self.property(out, "userType", r#type, &[]),
                }
                self.take("userType");
            }
            Source::Zero => return Kept::Long(0),
        }
        Kept::Written
    }

    /// Appends a property as its column's type has it.
    fn property(&mut self, out: &mut String, name: &'static str, r#type: Type, first: &[&str]) -> Kept {
        let Some(value) = self.value(name) else {
            return if r#type == Type::Text { Kept::Written } else { Kept::Nothing };
        };
        let kept = match (r#type, value.shape()) {
            (Type::Text, _) => {
                text(out, value, first);
                Kept::Written
            }
            (_, Shape::Null) => Kept::Nothing,
            (Type::Dynamic, _) => {
                compact(out, value, first);
                Kept::Written
            }
            (Type::Bool, Shape::Bool(yes)) => Kept::Bool(yes),
            (Type::DateTime, _) => time(out, Some(value)),
            (Type::Bool | Type::Long | Type::Real, _) => Kept::Nothing,
        };
        if !matches!(kept, Kept::Nothing) || value.shape() == Shape::Null {
            self.take(name);
        }
        kept
    }

    /// Appends the text of a member of an object that is a property.
    fn member(&self, out: &mut String, object: &str, name: &str) {
        if let Some(value) = self.value(object).and_then(|object| object.only(name)) {
            text(out, value, &[]);
        }
    }

    /// Appends what no column took, as an object; the whole of what is no object.
    fn remainder(&self, out: &mut String) -> Kept {
        let Some(element) = self.element else { return Kept::Nothing };
        if element.shape() != Shape::Object {
            return if is_silent(element) {
                Kept::Nothing
            } else {
                compact(out, element, &[]);
                Kept::Written
            };
        }
        let start = out.len();
        let mut seen: HashMap<Cow<'_, str>, u64> = HashMap::new();
        for (name, value) in element.members() {
            let name = name.spelled();
            let times = seen.entry(name.clone()).or_default();
            *times = times.saturating_add(1);
            let slot = self.filler.properties.get(name.as_ref()).and_then(|slot| self.found.get(*slot));
            if slot.is_some_and(|slot| slot.is_taken) || is_silent(value) {
                continue;
            }
            out.push(if out.len() == start { '{' } else { ',' });
            match times {
                1 => quote(out, &name),
                times => quote(out, &format!("{name}#{times}")),
            }
            out.push(':');
            compact(out, value, &[]);
        }
        if out.len() == start {
            return Kept::Nothing;
        }
        out.push('}');
        Kept::Written
    }

    /// Returns a property, if it is there once.
    fn value(&self, name: &str) -> Option<Json<'a>> {
        self.filler.properties.get(name).and_then(|slot| self.found.get(*slot))?.value
    }

    fn take(&mut self, name: &str) {
        if let Some(slot) = self.filler.properties.get(name).and_then(|slot| self.found.get_mut(*slot)) {
            slot.is_taken = slot.times <= 1;
        }
    }
}

/// Appends a value as a column of text has it: nothing for null, the text of a string, the JSON of everything else.
fn text(out: &mut String, value: Json<'_>, first: &[&str]) {
    match value.shape() {
        Shape::Array | Shape::Object => compact(out, value, first),
        Shape::Bool(_) | Shape::Number(_) => out.push_str(value.raw()),
        Shape::Null => {}
        Shape::Text(text) => out.push_str(&text.spelled()),
    }
}

/// Appends a time as it is spelled.
fn time(out: &mut String, value: Option<Json<'_>>) -> Kept {
    let Some(Shape::Text(text)) = value.map(Json::shape) else { return Kept::Nothing };
    let text = text.spelled();
    let micros = ServiceTime::parse(&text).and_then(|time| i64::try_from(time.nanos().div_euclid(1_000)).ok());
    match micros {
        Some(micros) => {
            out.push_str(&text);
            Kept::Time(micros)
        }
        None => Kept::Nothing,
    }
}

/// Returns the properties that a source reads.
fn known(source: Source) -> impl Iterator<Item = &'static str> {
    let read = match source {
        Source::Member(object, _) => Some(object),
        _ => source.holds(),
    };
    read.into_iter()
}
