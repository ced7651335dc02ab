//! The simulated tenant: who and what it has, when they sign in, and the truth a collection is measured against.
//!
//! No record is ever held. [`Rhythm`](rhythm::Rhythm) maps an index to its second and back, noise maps (seed, kind, index)
//! to everything else, and the planted story and the live sign-ins are short lists beside them. Within a kind, indexes run
//! over the ordinary records first, then the story, then what happened while the simulator ran.

mod beta;
mod generate;
pub(crate) mod guid;
pub(crate) mod journal;
mod kind;
pub(crate) mod moment;
pub(crate) mod noise;
mod outcome;
mod people;
mod place;
pub(crate) mod print;
mod rhythm;
pub(crate) mod sign_in;
mod software;
mod story;
mod supported;
mod text;

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

pub(crate) use self::people::HOME_DOMAIN;
use self::{
    generate::Directory,
    guid::Guid,
    moment::Moment,
    noise::{Noise, mix},
    rhythm::Rhythm,
    sign_in::SignIn,
    software::{Credential, GRAPH, Workload},
    story::{Planted, plant},
    text::Text,
};
pub use self::{
    journal::Log,
    kind::Kind,
    print::View,
    story::{Plot, StoryEvent},
};
use super::{
    faults::FaultName,
    settings::{CLIENT_ID, CLIENT_NAME},
};

/// The ground truth: every record that a complete collection must return.
#[derive(Debug)]
pub struct Tenant {
    seed: u64,
    key: u64,
    directory: Directory,
    rhythms: [Rhythm; 4],
    planted: [Vec<Planted>; 4],
    story: Vec<StoryEvent>,
    collector: Workload,
    issues: Mutex<Vec<Issue>>,
    /// One record in this many has a time with a fraction.
    fraction_in: u64,
}

/// One token issued while the simulator ran: the collector in the log it collects.
#[derive(Clone, Copy, Debug)]
struct Issue {
    created: Moment,
    address: IpAddr,
}

/// Where a record stands: enough to make it again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) index: u64,
    pub(crate) created: Moment,
}

/// The shape of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// `/beta`: all four kinds.
    Beta,
    /// `/v1.0`: interactive sign-ins, fewer properties.
    V1,
}

impl Entry {
    /// Returns a number that no other record of the sign-in log has.
    pub(crate) fn number(&self) -> u64 {
        (self.kind.ordinal() << 56) ^ self.index
    }
}

impl Tenant {
    /// Makes a tenant with `records` records in the `days` before `now`.
    ///
    /// A fifth are interactive, more than half non-interactive, a fifth by service principals, the rest by managed
    /// identities. From [`STORY_FLOOR`] records on, the story is planted and counts among them.
    #[must_use]
    pub fn new(seed: u64, records: u64, now: DateTime<Utc>, days: u32) -> Self {
        let to = now.timestamp();
        let from = to - i64::from(days.max(1)) * 86_400;
        let directory = Directory::new(seed);
        let events = if records >= STORY_FLOOR { plant(seed, &directory, from, to) } else { Vec::new() };
        let planted = Kind::ALL.map(|kind| events.iter().filter(|event| event.kind == kind).cloned().collect());
        let ordinary = records.saturating_sub(events.len() as u64);
        let interactive = ordinary / 5;
        let service_principal = ordinary / 5;
        let managed_identity = ordinary / 20;
        let rest = ordinary - interactive - service_principal - managed_identity;
        let rhythm = |kind: Kind, count| Rhythm::new(seed, kind, count, from, to);
        let mut tenant = Self {
            seed,
            key: mix(seed ^ 0x6964_7321),
            directory,
            rhythms: [
                rhythm(Kind::InteractiveUser, interactive),
                rhythm(Kind::NonInteractiveUser, rest),
                rhythm(Kind::ServicePrincipal, service_principal),
                rhythm(Kind::ManagedIdentity, managed_identity),
            ],
            planted,
            story: Vec::new(),
            collector: collector(seed),
            issues: Mutex::new(Vec::new()),
            fraction_in: 64,
        };
        tenant.story = tenant.tell_story();
        tenant
    }

    /// Gives every second record a time with a fraction.
    pub(crate) fn with_mixed_times(mut self) -> Self {
        self.fraction_in = 2;
        self
    }

    /// Notes that a token was issued to the collector; it becomes a service principal sign-in of the next whole second.
    ///
    /// The next second, because a record must never appear inside a window that ends at the simulator's start.
    pub(crate) fn note_token(&self, now: DateTime<Utc>, address: IpAddr) {
        let created = Moment::new(now.timestamp() + 1, 0);
        self.issues.lock().unwrap_or_else(PoisonError::into_inner).push(Issue { created, address });
    }

    /// Returns how many records of `kind` were created in `[from, to)`.
    #[must_use]
    pub fn count(&self, kind: Kind, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
        self.count_before(kind, to.into()).saturating_sub(self.count_before(kind, from.into()))
    }

    /// Returns the ids of the records of `kind` created in `[from, to)`, oldest first.
    #[must_use]
    pub fn ids_in(&self, kind: Kind, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<String> {
        let (from, to) = (Moment::from(from), Moment::from(to));
        let mut found: Vec<(Moment, u64)> =
            self.candidates(kind, from.second(), to.second()).filter(|found| (from..to).contains(&found.0)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, index)| self.id(kind, index).to_string()).collect()
    }

    /// Returns the ids of the records of `kind` created in `[from, to)` that a fault of the log is about, oldest first:
    /// those that arrive late, change or vanish. Empty for faults without such a set.
    #[must_use]
    pub fn touched(&self, fault: FaultName, kind: Kind, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<String> {
        if !matches!(fault, FaultName::LateArrival | FaultName::Mutation | FaultName::Vanishing) {
            return Vec::new();
        }
        let (from, to) = (Moment::from(from), Moment::from(to));
        let mut found: Vec<(Moment, u64)> = self
            .candidates(kind, from.second(), to.second())
            .filter(|(created, index)| {
                (from..to).contains(created) && fault.touches(Entry { kind, index: *index, created: *created }.number())
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, index)| self.id(kind, index).to_string()).collect()
    }

    /// Returns how many records of `kind` there are.
    #[must_use]
    pub fn total(&self, kind: Kind) -> u64 {
        self.ordinary(kind) + self.planted[kind.slot()].len() as u64 + self.issued(kind)
    }

    /// Returns what was planted, in time order.
    #[must_use]
    pub fn story(&self) -> &[StoryEvent] {
        &self.story
    }

    /// Returns one record as beta prints it to a caller who may see everything; `None` beyond the last index.
    #[must_use]
    pub fn record_json(&self, kind: Kind, index: u64) -> Option<Vec<u8>> {
        self.record_as(kind, index, Version::Beta, View::FULL)
    }

    /// Returns one record as `version` prints it under `view`.
    #[must_use]
    pub fn record_as(&self, kind: Kind, index: u64, version: Version, view: View) -> Option<Vec<u8>> {
        let created = self.created(kind, index)?;
        let mut out = Vec::new();
        self.print(&mut out, Entry { kind, index, created }, version, view);
        Some(out)
    }

    /// Appends the record at `entry`.
    pub(crate) fn print(&self, out: &mut Vec<u8>, entry: Entry, version: Version, view: View) {
        let sign_in = self.sign_in(entry);
        match version {
            Version::Beta => beta::print(out, &sign_in, view),
            Version::V1 => supported::print(out, &sign_in, view),
        }
    }

    /// Appends the record at `entry` as it reads after the service had second thoughts.
    pub(crate) fn print_later(&self, out: &mut Vec<u8>, entry: Entry, version: Version, view: View) {
        let mut sign_in = self.sign_in(entry);
        sign_in.mature();
        match version {
            Version::Beta => beta::print(out, &sign_in, view),
            Version::V1 => supported::print(out, &sign_in, view),
        }
    }

    /// Returns the facts of the record at `entry`.
    pub(crate) fn sign_in(&self, entry: Entry) -> SignIn<'_> {
        let Entry { kind, index, created } = entry;
        let id = self.id(kind, index);
        let Some(beyond) = index.checked_sub(self.ordinary(kind)) else {
            return self.directory.ordinary(id, kind, index, created);
        };
        let mut noise = Noise::new(self.seed, 0x6265_796f_6e64, index);
        let planted = usize::try_from(beyond).ok().and_then(|beyond| self.planted[kind.slot()].get(beyond));
        if let Some(planted) = planted {
            return planted.sign_in(&self.directory, id, created, &mut noise);
        }
        let mut sign_in = self.directory.by_workload(id, kind, &self.collector, created, &mut noise);
        sign_in.address = self.issue(kind, index).map(|issue| issue.address);
        sign_in.outcome = outcome::DONE_BY_APPLICATION;
        sign_in.protocol = "clientCredentials";
        sign_in
    }

    /// Returns the entry of the record with this id.
    pub(crate) fn find(&self, id: Guid) -> Option<Entry> {
        let (kind, index) = id.record(self.key)?;
        self.created(kind, index).map(|created| Entry { kind, index, created })
    }

    /// Returns the latest second, before `second`, in which a record of `kind` was created.
    pub(crate) fn second_before(&self, kind: Kind, second: i64) -> Option<i64> {
        let rhythm = &self.rhythms[kind.slot()];
        let ordinary = rhythm.count_before(second).checked_sub(1).map(|index| rhythm.second(index));
        let planted = self.planted[kind.slot()].iter().map(|event| event.second).filter(|other| *other < second).max();
        let issued = self.issue_seconds(kind).into_iter().filter(|other| *other < second).max();
        ordinary.max(planted).max(issued)
    }

    /// Returns the earliest second, from `second` on, in which a record of `kind` was created.
    pub(crate) fn second_from(&self, kind: Kind, second: i64) -> Option<i64> {
        let rhythm = &self.rhythms[kind.slot()];
        let next = rhythm.count_before(second);
        let ordinary = (next < rhythm.record_count()).then(|| rhythm.second(next));
        let planted = self.planted[kind.slot()].iter().map(|event| event.second).filter(|other| *other >= second).min();
        let issued = self.issue_seconds(kind).into_iter().filter(|other| *other >= second).min();
        [ordinary, planted, issued].into_iter().flatten().min()
    }

    /// Appends the entries of all records of `kind` created in this second.
    pub(crate) fn in_second(&self, kind: Kind, second: i64, found: &mut Vec<Entry>) {
        found.extend(self.candidates(kind, second, second).map(|(created, index)| Entry { kind, index, created }));
    }

    /// Returns the entries of all records of `kind`.
    pub(crate) fn entries(&self, kind: Kind) -> impl Iterator<Item = Entry> + '_ {
        let entry = move |index| self.created(kind, index).map(|created| Entry { kind, index, created });
        (0..self.total(kind)).filter_map(entry)
    }

    /// Returns creation and index of the records of `kind` in whole seconds `first..=last`, in no particular order.
    fn candidates(&self, kind: Kind, first: i64, last: i64) -> impl Iterator<Item = (Moment, u64)> + '_ {
        let rhythm = &self.rhythms[kind.slot()];
        let ordinary = rhythm.count_before(first)..rhythm.count_before(last.saturating_add(1));
        let beyond = self.ordinary(kind)..self.total(kind);
        ordinary
            .chain(beyond)
            .filter_map(move |index| self.created(kind, index).map(|created| (created, index)))
            .filter(move |(created, _)| (first..=last).contains(&created.second()))
    }

    fn count_before(&self, kind: Kind, moment: Moment) -> u64 {
        let second = moment.second();
        let whole = self.rhythms[kind.slot()].count_before(second);
        let beyond = (self.ordinary(kind)..self.total(kind))
            .filter(|index| self.created(kind, *index).is_some_and(|created| created.second() < second));
        let part = self.candidates(kind, second, second).filter(|(created, _)| *created < moment);
        whole + (beyond.count() + part.count()) as u64
    }

    fn created(&self, kind: Kind, index: u64) -> Option<Moment> {
        let Some(beyond) = index.checked_sub(self.ordinary(kind)) else {
            let bits = mix(self.key ^ mix(index.wrapping_add(kind.ordinal() << 56)));
            // The fraction's last digit is not zero, so it is printed with all seven.
            let ticks = if bits.is_multiple_of(self.fraction_in) {
                (bits >> 8) % 999_999 * 10 + 1 + (bits >> 40) % 9
            } else {
                0
            };
            return Some(Moment::new(self.rhythms[kind.slot()].second(index), i64::try_from(ticks).unwrap_or(0)));
        };
        let planted = usize::try_from(beyond).ok().and_then(|beyond| self.planted[kind.slot()].get(beyond));
        planted
            .map(|planted| Moment::new(planted.second, 0))
            .or_else(|| self.issue(kind, index).map(|issue| issue.created))
    }

    fn id(&self, kind: Kind, index: u64) -> Guid {
        Guid::of_record(self.key, kind, index)
    }

    fn ordinary(&self, kind: Kind) -> u64 {
        self.rhythms[kind.slot()].record_count()
    }

    fn issued(&self, kind: Kind) -> u64 {
        if kind == Kind::ServicePrincipal {
            self.issues.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
        } else {
            0
        }
    }

    fn issue(&self, kind: Kind, index: u64) -> Option<Issue> {
        let known = self.ordinary(kind) + self.planted[kind.slot()].len() as u64;
        let place = usize::try_from(index.checked_sub(known)?).ok()?;
        if kind != Kind::ServicePrincipal {
            return None;
        }
        self.issues.lock().unwrap_or_else(PoisonError::into_inner).get(place).copied()
    }

    fn issue_seconds(&self, kind: Kind) -> Vec<i64> {
        if kind != Kind::ServicePrincipal {
            return Vec::new();
        }
        let issues = self.issues.lock().unwrap_or_else(PoisonError::into_inner);
        issues.iter().map(|issue| issue.created.second()).collect()
    }

    fn tell_story(&self) -> Vec<StoryEvent> {
        let mut story = Vec::new();
        for kind in Kind::ALL {
            for (index, planted) in (self.ordinary(kind)..).zip(&self.planted[kind.slot()]) {
                let created = Moment::new(planted.second, 0);
                let sign_in = self.sign_in(Entry { kind, index, created });
                story.push(StoryEvent {
                    kind,
                    id: sign_in.id.to_string(),
                    time: created.calendar(),
                    user: sign_in.person().map(|person| person.principal_name.clone()).unwrap_or_default(),
                    address: sign_in.address_text().into_owned(),
                    plot: planted.plot,
                    error_code: sign_in.outcome.code,
                });
            }
        }
        story.sort_by_key(|event| event.time);
        story
    }
}

/// The application that collects, as the tenant knows it.
fn collector(seed: u64) -> Workload {
    let mut noise = Noise::new(seed, 0x636f_6c6c, 0);
    Workload {
        id: CLIENT_ID.to_owned(),
        name: Text::new(CLIENT_NAME),
        service_principal: noise.guid(),
        credential: Credential::Secret,
        key: noise.guid(),
        place: None,
        address: None,
        resource: GRAPH,
        azure_resource: String::new(),
    }
}

/// Fewer records than this leave no room for the story.
pub const STORY_FLOOR: u64 = 200;
