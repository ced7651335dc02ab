//! Finds the records of one page: walks from second to second, never over records outside the window.
//!
//! A position is a second and a count within it, so every kind, filter and direction is served by one walk, and nothing is
//! remembered between requests.

use super::{
    super::tenant::{moment::Moment, noise::mix},
    link::Position,
    question::Question,
    timeline::Timeline,
};

/// The records of one page, where it begins, and where the next one does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Page<E> {
    pub(crate) entries: Vec<E>,
    pub(crate) begin: Position,
    pub(crate) next: Option<Position>,
}

/// A question, turned into where to walk.
struct Walk<'t, T> {
    timeline: &'t T,
    from: Moment,
    to: Moment,
    newest_first: bool,
    ties: u32,
}

/// Finds the page of `question` at `position`; `None` stands for the first page, with `ties` to order its ties.
pub(crate) fn find<T: Timeline>(
    timeline: &T,
    question: &Question,
    position: Option<Position>,
    ties: u32,
    uneven: Option<u64>,
) -> Page<T::Entry> {
    let ties = position.map_or(ties, |position| position.ties);
    let (from, to) = timeline.window();
    let walk = Walk { timeline, from, to, newest_first: question.newest_first, ties };
    let start = if walk.newest_first { to.second() } else { from.second() };
    let begin = position.unwrap_or(Position { second: start, served: 0, ties, after_empty: false });
    let mut limit = question.top;
    if let Some(seed) = uneven {
        let chance = mix(seed ^ question.digest ^ mix(begin.second.unsigned_abs() ^ (u64::from(begin.served) << 40)));
        if position.is_some_and(|position| !position.after_empty) && chance.is_multiple_of(EMPTY_IN) {
            return Page { entries: Vec::new(), begin, next: Some(Position { after_empty: true, ..begin }) };
        }
        if chance % SHORT_IN == 1 {
            let missing = usize::try_from((chance >> 8) % 40).unwrap_or(0) + 1;
            limit = (limit - limit * missing / 100).max(1);
        }
    }
    walk.page(begin, limit)
}

impl<E> Page<E> {
    /// Moves the start of the next page back to the last record of this one; `created` tells the second of a record.
    pub(crate) fn overlap(&mut self, created: impl Fn(&E) -> Moment) {
        let Some(next) = &mut self.next else { return };
        let [.., _, last] = self.entries.as_slice() else { return };
        let second = created(last).second();
        let of_second = self.entries.iter().rev().take_while(|entry| created(entry).second() == second).count();
        let before = if self.begin.second == second { self.begin.served } else { 0 };
        next.second = second;
        next.served = before + u32::try_from(of_second - 1).unwrap_or(0);
    }
}

impl<T: Timeline> Walk<'_, T> {
    fn page(&self, begin: Position, limit: usize) -> Page<T::Entry> {
        let mut entries = Vec::with_capacity(limit);
        let mut group = Vec::new();
        let (mut second, mut served, mut seen) = (begin.second, begin.served, 0);
        while let Some(occupied) = self.occupied(second) {
            let skip = if occupied == second { usize::try_from(served).unwrap_or(0) } else { 0 };
            seen += self.gather(occupied, &mut group);
            for (nth, entry) in group.iter().enumerate().skip(skip) {
                if entries.len() == limit {
                    let served = u32::try_from(nth).unwrap_or(0);
                    return Page { entries, begin, next: Some(self.position(occupied, served)) };
                }
                entries.push(*entry);
            }
            second = if self.newest_first { occupied - 1 } else { occupied + 1 };
            served = 0;
            if seen > SCAN_LIMIT {
                return Page { entries, begin, next: Some(self.position(second, 0)) };
            }
        }
        Page { entries, begin, next: None }
    }

    /// Returns the next second, from `second` on in the order of the walk, that has records and lies in the window.
    fn occupied(&self, second: i64) -> Option<i64> {
        if self.newest_first {
            let latest = second.min(self.to.second()).saturating_add(1);
            let found = self.timeline.second_before(latest)?;
            (found >= self.from.second()).then_some(found)
        } else {
            let earliest = second.max(self.from.second());
            let found = self.timeline.second_from(earliest)?;
            (found <= self.to.second()).then_some(found)
        }
    }

    /// Collects the matching records of a second in their order; returns how many were looked at.
    fn gather(&self, second: i64, group: &mut Vec<T::Entry>) -> usize {
        group.clear();
        let seen = self.timeline.in_second(second, group);
        let salt = u64::from(self.ties);
        group.retain(|entry| (self.from..self.to).contains(&self.timeline.created(entry)));
        group
            .sort_unstable_by_key(|entry| (self.timeline.created(entry), mix(mix(salt) ^ self.timeline.number(entry))));
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
        super::{link::Position, question::Question, timeline::SignIns},
        Page, find as find_on,
    };
    use crate::simulate::tenant::{Entry, Kind, Tenant, Version, View};

    fn find(
        tenant: &Tenant,
        question: &Question,
        position: Option<Position>,
        ties: u32,
        uneven: Option<u64>,
    ) -> Page<Entry> {
        find_on(&SignIns::new(tenant, question, View::FULL), question, position, ties, uneven)
    }

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
