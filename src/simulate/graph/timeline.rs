//! What a walk over pages needs of a log: records by second, and how each prints.
//!
//! One implementation for the sign-ins, which come in four kinds and are filtered, and one for the two logs beside them.

use super::{
    super::tenant::{Entry, Kind, Log, Tenant, Version, View, guid::Guid, journal::Note, moment::Moment},
    filter::{EVER, Filter},
    question::Question,
};

/// Records in the order of time, made when they are asked for.
pub(crate) trait Timeline {
    /// Where a record stands.
    type Entry: Copy;

    /// Returns the window `[from, to)` outside which nothing is served.
    fn window(&self) -> (Moment, Moment);

    /// Returns the latest second before `second` with a record, inside the window or not.
    fn second_before(&self, second: i64) -> Option<i64>;

    /// Returns the earliest second from `second` on with a record, inside the window or not.
    fn second_from(&self, second: i64) -> Option<i64>;

    /// Appends the records of a second that pass the filter; returns how many were looked at.
    fn in_second(&self, second: i64, found: &mut Vec<Self::Entry>) -> usize;

    /// Returns when a record was created.
    fn created(&self, entry: &Self::Entry) -> Moment;

    /// Returns a number no other record of the log has.
    fn number(&self, entry: &Self::Entry) -> u64;

    /// Appends a record; `later`, as it reads after the service had second thoughts.
    fn print(&self, out: &mut Vec<u8>, entry: Self::Entry, later: bool);
}

/// Sign-ins of the kinds and properties a question asks for.
pub(crate) struct SignIns<'q> {
    tenant: &'q Tenant,
    kinds: Vec<Kind>,
    window: (Moment, Moment),
    /// What window and kinds do not decide.
    test: Option<&'q Filter>,
    version: Version,
    view: View,
}

/// Directory audits or risk detections.
pub(crate) struct Notes<'q> {
    tenant: &'q Tenant,
    log: Log,
    window: (Moment, Moment),
}

impl<'q> SignIns<'q> {
    /// Makes the timeline of a question.
    pub(crate) fn new(tenant: &'q Tenant, question: &'q Question, view: View) -> Self {
        let filter = question.filter.as_ref();
        let asked = question.kinds();
        let kinds = Kind::ALL.into_iter().filter(|kind| asked[kind.slot()]).collect();
        let (mut from, mut to) = question.window();
        if let Some(id) = filter.and_then(Filter::pinned_id) {
            // An id that names nothing leaves an empty window.
            let created = Guid::parse(id).and_then(|id| tenant.find(id)).map(|entry| entry.created);
            from = from.max(created.unwrap_or(EVER.1));
            to = to.min(created.map_or(EVER.0, Moment::next));
        }
        let test = filter.filter(|filter| !filter.is_window_and_kinds());
        Self { tenant, kinds, window: (from, to), test, version: question.version, view }
    }
}

impl Timeline for SignIns<'_> {
    type Entry = Entry;

    fn window(&self) -> (Moment, Moment) {
        self.window
    }

    fn second_before(&self, second: i64) -> Option<i64> {
        self.kinds.iter().filter_map(|kind| self.tenant.second_before(*kind, second)).max()
    }

    fn second_from(&self, second: i64) -> Option<i64> {
        self.kinds.iter().filter_map(|kind| self.tenant.second_from(*kind, second)).min()
    }

    fn in_second(&self, second: i64, found: &mut Vec<Entry>) -> usize {
        for kind in &self.kinds {
            self.tenant.in_second(*kind, second, found);
        }
        let seen = found.len();
        if let Some(test) = self.test {
            found.retain(|entry| test.accepts(&self.tenant.sign_in(*entry)));
        }
        seen
    }

    fn created(&self, entry: &Entry) -> Moment {
        entry.created
    }

    fn number(&self, entry: &Entry) -> u64 {
        entry.number()
    }

    fn print(&self, out: &mut Vec<u8>, entry: Entry, later: bool) {
        if later {
            self.tenant.print_later(out, entry, self.version, self.view);
        } else {
            self.tenant.print(out, entry, self.version, self.view);
        }
    }
}

impl<'q> Notes<'q> {
    /// Makes the timeline of a question.
    pub(crate) fn new(tenant: &'q Tenant, question: &Question) -> Self {
        Self { tenant, log: question.log, window: question.window() }
    }
}

impl Timeline for Notes<'_> {
    type Entry = Note;

    fn window(&self) -> (Moment, Moment) {
        self.window
    }

    fn second_before(&self, second: i64) -> Option<i64> {
        self.tenant.note_second_before(self.log, second)
    }

    fn second_from(&self, second: i64) -> Option<i64> {
        self.tenant.note_second_from(self.log, second)
    }

    fn in_second(&self, second: i64, found: &mut Vec<Note>) -> usize {
        self.tenant.notes_in(self.log, second, found);
        found.len()
    }

    fn created(&self, entry: &Note) -> Moment {
        entry.created
    }

    fn number(&self, entry: &Note) -> u64 {
        entry.index
    }

    fn print(&self, out: &mut Vec<u8>, entry: Note, later: bool) {
        self.tenant.print_note(out, self.log, entry, later);
    }
}
