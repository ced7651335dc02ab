//! Finds the records of one page: walks from second to second, never over records outside the window.
//!
//! A position is a second and a count within it, so every kind, filter and direction is served by one walk, and nothing is
//! remembered between requests.

use super::{
    super::tenant::{Entry, Kind, Tenant, guid::Guid, moment::Moment, noise::mix},
    filter::{EVER, Filter},
    link::Position,
    question::Question,
};
use crate::simulate::tenant::Version;

/// The records of one page, and where the next one begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Option<Position>,
}

/// A question, turned into where to walk.
struct Walk<'q> {
    tenant: &'q Tenant,
    kinds: Vec<Kind>,
    from: Moment,
    to: Moment,
    newest_first: bool,
    /// What window and kinds do not decide.
    test: Option<&'q Filter>,
    ties: u32,
}

/// Finds the page of `question` at `position`; `None` stands for the first page, with `ties` to order its ties.
pub(crate) fn find(
    tenant: &Tenant,
    question: &Question,
    position: Option<Position>,
    ties: u32,
    uneven: Option<u64>,
) -> Page {
    let ties = position.map_or(ties, |position| position.ties);
    let Some(walk) = Walk::new(tenant, question, ties) else {
        return Page { entries: Vec::new(), next: None };
    };
    let start = if walk.newest_first { walk.to.second() } else { walk.from.second() };
    let begin = position.unwrap_or(Position { second: start, served: 0, ties, after_empty: false });
    let mut limit = question.top;
    if let Some(seed) = uneven {
        let chance = mix(seed ^ question.digest ^ mix(begin.second.unsigned_abs() ^ (u64::from(begin.served) << 40)));
        if position.is_some_and(|position| !position.after_empty) && chance.is_multiple_of(EMPTY_IN) {
            return Page { entries: Vec::new(), next: Some(Position { after_empty: true, ..begin }) };
        }
        if chance % SHORT_IN == 1 {
            let missing = usize::try_from((chance >> 8) % 40).unwrap_or(0) + 1;
            limit = (limit - limit * missing / 100).max(1);
        }
    }
    walk.page(begin, limit)
}

impl<'q> Walk<'q> {
    /// Makes the walk; `None` when no record can pass.
    fn new(tenant: &'q Tenant, question: &'q Question, ties: u32) -> Option<Self> {
        let filter = question.filter.as_ref();
        let asked = filter.and_then(Filter::kinds).filter(|_| question.version == Version::Beta);
        let kinds = match asked {
            Some(kinds) => Kind::ALL.into_iter().filter(|kind| kinds[kind.slot()]).collect(),
            // Without a word about kinds the service returns interactive sign-ins only (graph-api §1.2).
            None => vec![Kind::InteractiveUser],
        };
        let (mut from, mut to) = filter.map_or(EVER, Filter::window);
        if let Some(id) = filter.and_then(Filter::pinned_id) {
            let entry = Guid::parse(id).and_then(|id| tenant.find(id))?;
            from = from.max(entry.created);
            to = to.min(entry.created.next());
        }
        let test = filter.filter(|filter| !filter.is_window_and_kinds());
        Some(Self { tenant, kinds, from, to, newest_first: question.newest_first, test, ties })
    }

    fn page(&self, begin: Position, limit: usize) -> Page {
        let mut entries = Vec::with_capacity(limit);
        let mut group = Vec::new();
        let (mut second, mut served, mut seen) = (begin.second, begin.served, 0);
        while let Some(occupied) = self.occupied(second) {
            let skip = if occupied == second { usize::try_from(served).unwrap_or(0) } else { 0 };
            seen += self.gather(occupied, &mut group);
            for (nth, entry) in group.iter().enumerate().skip(skip) {
                if entries.len() == limit {
                    let served = u32::try_from(nth).unwrap_or(0);
                    return Page { entries, next: Some(self.position(occupied, served)) };
                }
                entries.push(*entry);
            }
            second = if self.newest_first { occupied - 1 } else { occupied + 1 };
            served = 0;
            if seen > SCAN_LIMIT {
                return Page { entries, next: Some(self.position(second, 0)) };
            }
        }
        Page { entries, next: None }
    }

    /// Returns the next second, from `second` on in the order of the walk, that has records and lies in the window.
    fn occupied(&self, second: i64) -> Option<i64> {
        let tenant = self.tenant;
        if self.newest_first {
            let latest = second.min(self.to.second()).saturating_add(1);
            let found = self.kinds.iter().filter_map(|kind| tenant.second_before(*kind, latest)).max()?;
            (found >= self.from.second()).then_some(found)
        } else {
            let earliest = second.max(self.from.second());
            let found = self.kinds.iter().filter_map(|kind| tenant.second_from(*kind, earliest)).min()?;
            (found <= self.to.second()).then_some(found)
        }
    }

    /// Collects the matching records of a second in their order; returns how many were looked at.
    fn gather(&self, second: i64, group: &mut Vec<Entry>) -> usize {
        group.clear();
        for kind in &self.kinds {
            self.tenant.in_second(*kind, second, group);
        }
        let seen = group.len();
        group.retain(|entry| {
            (self.from..self.to).contains(&entry.created)
                && self.test.is_none_or(|test| test.accepts(&self.tenant.sign_in(*entry)))
        });
        let salt = u64::from(self.ties);
        group.sort_unstable_by_key(|entry| (entry.created, mix(mix(salt ^ entry.kind.ordinal()) ^ entry.index)));
        if self.newest_first {
            group.reverse();
        }
        seen
    }

    fn position(&self, second: i64, served: u32) -> Position {
        Position { second, served, ties: self.ties, after_empty: false }
    }
}

/// One page in this many is empty though more follow.
const EMPTY_IN: u64 = 24;
/// One page in this many is shorter than asked.
const SHORT_IN: u64 = 8;
/// Records a request looks at before it answers with what it has; the service, too, gives up on rare matches.
const SCAN_LIMIT: usize = 100_000;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{DateTime, Utc};

    use super::{
        super::{link::Position, question::Question},
        Kind, Tenant, Version, find,
    };

    fn now() -> DateTime<Utc> {
        "2026-11-18T12:00:00Z".parse().unwrap()
    }

    fn tenant(records: u64) -> Tenant {
        Tenant::new(11, records, now(), 30)
    }

    /// Follows a chain to its end and returns the ids in the order served.
    fn pull(tenant: &Tenant, query: &str, ties: u32, uneven: Option<u64>) -> Vec<String> {
        let question = Question::read(Version::Beta, query, 1_000).unwrap();
        let mut ids = Vec::new();
        let mut position: Option<Position> = None;
        loop {
            let page = find(tenant, &question, position, ties, uneven);
            assert!(page.entries.len() <= question.top);
            ids.extend(page.entries.iter().map(|entry| tenant.sign_in(*entry).id.to_string()));
            let Some(next) = page.next else { return ids };
            assert_ne!(Some(next), position, "the chain stands still");
            position = Some(next);
        }
    }

    #[test]
    fn the_pages_of_a_window_are_exactly_the_records_of_that_window() {
        let tenant = tenant(20_000);
        let to: DateTime<Utc> = "2026-11-10T09:00:00Z".parse().unwrap();
        let from: DateTime<Utc> = "2026-11-02T07:30:00Z".parse().unwrap();
        for kind in Kind::ALL {
            for order in ["asc", "desc"] {
                let query = format!(
                    "$top=37&$orderby=createdDateTime {order}&$filter=createdDateTime ge 2026-11-02T07:30:00Z and \
                     createdDateTime lt 2026-11-10T09:00:00Z and signInEventTypes/any(t: t eq '{}')",
                    kind.name()
                );
                let pulled = pull(&tenant, &query, 1, Some(3));
                let expected: BTreeSet<String> = tenant.ids_in(kind, from, to).into_iter().collect();
                assert_eq!(pulled.len(), expected.len(), "a record came twice or not at all");
                assert_eq!(pulled.into_iter().collect::<BTreeSet<_>>(), expected);
                assert_eq!(tenant.count(kind, from, to), expected.len() as u64);
            }
        }
    }

    #[test]
    fn several_kinds_are_merged_by_time_without_loss() {
        let tenant = tenant(3_000);
        let pulled = pull(&tenant, "$top=100&$filter=signInEventTypes/any(t: t ne 'x')", 1, Some(3));
        assert_eq!(pulled.len(), 3_000);
        assert_eq!(pulled.iter().collect::<BTreeSet<_>>().len(), 3_000);
    }

    #[test]
    fn ties_come_in_another_order_with_another_request() {
        let tenant = tenant(400_000);
        let query =
            "$top=1000&$filter=createdDateTime ge 2026-11-17T08:00:00Z and createdDateTime le 2026-11-17T09:00:00Z";
        let (one, other) = (pull(&tenant, query, 1, None), pull(&tenant, query, 2, None));
        assert_ne!(one, other);
        assert_eq!(one.iter().collect::<BTreeSet<_>>(), other.iter().collect::<BTreeSet<_>>());
    }

    #[test]
    fn some_pages_are_short_or_empty_in_the_middle_of_a_chain() {
        let tenant = tenant(20_000);
        let question = Question::read(Version::Beta, "$top=20", 1_000).unwrap();
        let (mut short, mut empty, mut position) = (0, 0, None);
        while let Some(next) = {
            let page = find(&tenant, &question, position, 1, Some(3));
            let missing = page.next.is_some() && page.entries.len() < 20;
            empty += u32::from(missing && page.entries.is_empty());
            short += u32::from(missing && !page.entries.is_empty());
            page.next
        } {
            position = Some(next);
        }
        assert!(short > 0 && empty > 0, "{short} short, {empty} empty");
    }

    #[test]
    fn an_attack_can_be_found_by_filter() {
        let tenant = tenant(5_000);
        let spray = pull(&tenant, "$filter=ipAddress eq '198.51.100.66' and status/errorCode eq 50126", 1, None);
        let told: Vec<&str> =
            tenant.story().iter().filter(|event| event.error_code == 50_126).map(|event| event.id.as_str()).collect();
        assert!(told.len() >= 30);
        assert!(told.iter().all(|id| spray.iter().any(|found| found == id)));
    }

    #[test]
    fn an_id_is_found_without_looking_at_the_rest() {
        let tenant = tenant(1_000_000);
        let id = tenant.story()[0].id.clone();
        assert_eq!(pull(&tenant, &format!("$filter=id eq '{id}'"), 1, None), [id]);
        assert!(pull(&tenant, "$filter=id eq 'nobody'", 1, None).is_empty());
    }
}
