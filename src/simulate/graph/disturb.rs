//! Faults that change the log itself: what a page shows, where it leads, and chains that die.
//!
//! Records are taken out of pages after they were found, so positions in links mean the same with and without a fault. What
//! a fault does depends on whether the window was read before; `faults::memory` says what that means.

use std::sync::{MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    super::{
        faults::{
            Fault, FaultName, Nature, When,
            memory::{Memory, Span},
            planned, strike, strikes,
        },
        service::Service,
        tenant::{moment::Moment, noise::mix},
    },
    Call,
    link::{self, Position},
    page::Page,
    question::Question,
    refusal::Refusal,
    timeline::Timeline,
};

/// One request for a page while faults are in force.
pub(crate) struct Disturbance<'c> {
    call: &'c Call<'c>,
    question: &'c Question,
    span: Span,
    /// The chain, named by the order of its ties.
    chain: u32,
    follows: bool,
    page: u32,
    read_before: bool,
}

impl<'c> Disturbance<'c> {
    /// Takes note of a request; refuses it when its chain has died or its window lies beyond retention.
    pub(crate) fn meet(
        call: &'c Call<'c>,
        question: &'c Question,
        window: (Moment, Moment),
        position: Option<Position>,
        chain: u32,
    ) -> Result<Self, Refusal> {
        let faults = &call.service.settings.faults;
        let now = call.service.present.now();
        let from = question.window().0;
        if let Some(floor) = retention_floor(call.service, call.ordinal)
            && from != Moment::MIN
            && from < (floor - GRACE).into()
        {
            // Which of the two answers a window gets does not depend on how many requests are under way.
            return Err(if from.second().div_euclid(86_400) % 2 == 0 {
                Refusal::BadFilter
            } else {
                Refusal::TooEarly(floor.format("%-m/%-d/%Y 12:00:00 AM").to_string(), question.log)
            });
        }
        let mut memory = remember(call.service);
        if position.is_some() {
            let lost = match planned(faults, FaultName::SkipTokenNull) {
                Some(When::Always) => memory.is_lost(chain, call.token, now),
                _ => strikes(faults, FaultName::SkipTokenNull, call.ordinal),
            };
            if lost {
                return Err(Refusal::LostSkipToken);
            }
            if let Some(when) = planned(faults, FaultName::Sticky429) {
                let stuck = strikes(faults, FaultName::Sticky429, call.ordinal);
                if memory.sticks(chain, question.digest, (when != When::Always).then_some(stuck)) {
                    return Err(Refusal::Throttled(STICKY_WAIT));
                }
            }
        }
        let (from, to) = window;
        let span = Span { log: question.log, version: question.version, kinds: question.kinds(), from, to };
        let read_before = memory.was_read(span, chain);
        let page = memory.visit(chain, call.token, now);
        Ok(Self { call, question, span, chain, follows: position.is_some(), page, read_before })
    }

    /// Changes which records a page has and whether another follows.
    pub(crate) fn rearrange<T: Timeline>(&self, timeline: &T, page: &mut Page<T::Entry>) {
        let faults = self.faults();
        let ordinal = self.call.ordinal;
        if strikes(faults, FaultName::DuplicateAtBoundary, ordinal) {
            page.overlap(|entry| timeline.created(entry));
        }
        if self.cuts_short(page) {
            page.next = None;
            page.entries.truncate((page.entries.len() * 94 / 100).max(1));
        }
        if planned(faults, FaultName::LateArrival).is_some() && !self.has_begun(FaultName::LateArrival) {
            page.entries.retain(|entry| !FaultName::LateArrival.touches(timeline.number(entry)));
        }
        if self.has_begun(FaultName::Vanishing) {
            page.entries.retain(|entry| !FaultName::Vanishing.touches(timeline.number(entry)));
        }
        if let Some(floor) = retention_floor(self.call.service, ordinal) {
            let floor = Moment::from(floor);
            page.entries.retain(|entry| timeline.created(entry) >= floor);
        }
        if self.follows && self.strikes_first_reading(FaultName::OmitAtBoundary) && !page.entries.is_empty() {
            page.entries.remove(0);
        }
        // Probes read nothing, and a body that will not arrive was not read either.
        if page.next.is_none() && self.question.top > 1 && !self.call.breaks {
            remember(self.call.service).finish(self.span, self.chain);
        }
    }

    /// Says whether a record is printed as it reads later.
    pub(crate) fn changes(&self) -> bool {
        self.has_begun(FaultName::Mutation)
    }

    /// Says whether records carry properties that no schema knows.
    pub(crate) fn adds_properties(&self) -> bool {
        strikes(self.faults(), FaultName::UnknownExtraProperties, self.call.ordinal)
    }

    /// Writes the link to the next page, or to where a fault leads.
    pub(crate) fn link(&self, begin: Position, next: Position) -> String {
        let request = self.call.request;
        let seed = self.call.service.settings.seed;
        let origin = request.origin;
        let (scheme, host) = origin.split_once("://").unwrap_or(("https", origin));
        let token = |position: Position| {
            let token = position.token(seed, self.question.digest);
            if !strikes(self.faults(), FaultName::OffsetSkipToken, self.call.ordinal) {
                return token;
            }
            let token = link::offset_token(&token, self.page, self.question.top);
            remember(self.call.service).keep(token.clone(), position);
            token
        };
        let link = |origin: &str| link::next_link(origin, self.question, &token(next));
        match strike(self.faults(), Nature::Link, self.call.ordinal) {
            Some(FaultName::EmptySkipToken) => link::next_link(origin, self.question, ""),
            Some(FaultName::NextLinkForeignHost) => link(FOREIGN_ORIGIN),
            Some(FaultName::NextLinkHttp) => {
                let other = if scheme == "https" { "http" } else { "https" };
                link(&format!("{other}://{host}"))
            }
            // It goes into a JSON string, so what would end one is left out.
            Some(FaultName::NextLinkLoop) => {
                format!("{origin}{}?{}", request.path, request.query).replace(['"', '\\'], "")
            }
            Some(FaultName::NextLinkOtherPort) => {
                let (name, port) = host.rsplit_once(':').unwrap_or((host, "443"));
                let port = port.parse::<u16>().unwrap_or(443);
                link(&format!("{scheme}://{name}:{}", port.checked_add(1).unwrap_or(port - 1)))
            }
            // The token differs by a flag that does not move it, so the way on is open the second time.
            Some(FaultName::RepeatedPage) => {
                link::next_link(origin, self.question, &token(Position { after_empty: true, ..begin }))
            }
            _ => link(origin),
        }
    }

    /// Says whether the chain ends here though it should go on.
    fn cuts_short<E>(&self, page: &Page<E>) -> bool {
        match planned(self.faults(), FaultName::SilentTruncation) {
            None => false,
            _ if page.next.is_none() || page.entries.is_empty() || self.question.top < 2 => false,
            // The name of a chain differs from run to run, and with it the page.
            Some(When::Always) => {
                !self.read_before && u64::from(self.page) > mix(u64::from(self.chain)) % LONGEST_TRUNCATED
            }
            Some(_) => strikes(self.faults(), FaultName::SilentTruncation, self.call.ordinal),
        }
    }

    fn strikes_first_reading(&self, name: FaultName) -> bool {
        let always = planned(self.faults(), name) == Some(When::Always);
        if always { !self.read_before } else { strikes(self.faults(), name, self.call.ordinal) }
    }

    fn has_begun(&self, name: FaultName) -> bool {
        let settings = &self.call.service.settings;
        let passed = self.call.service.present.now() - settings.now;
        planned(self.faults(), name).is_some_and(|when| when.has_begun(self.call.ordinal, passed, self.read_before))
    }

    fn faults(&self) -> &'c [Fault] {
        &self.call.service.settings.faults
    }
}

/// Returns the position a token of the older shape stands for.
pub(crate) fn kept_position(service: &Service, token: &str) -> Option<Position> {
    remember(service).kept(token)
}

/// Returns where retention ends at a request, while the fault is in force: it moves with the clock, and an hour further with
/// every request.
pub(crate) fn retention_floor(service: &Service, ordinal: u64) -> Option<DateTime<Utc>> {
    let steps = match planned(&service.settings.faults, FaultName::RetentionFloor)? {
        When::At(first) | When::Between(first, _) | When::Every(first) => ordinal.saturating_sub(first - 1),
        When::Always => ordinal,
        When::After(_) => 0,
    };
    let moved = TimeDelta::hours(i64::try_from(steps.min(24 * 365)).unwrap_or(0));
    Some(service.present.now() - RETENTION + moved)
}

fn remember(service: &Service) -> MutexGuard<'_, Memory> {
    service.memory.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the service keeps with a premium licence (graph-api §5).
const RETENTION: TimeDelta = TimeDelta::days(30);
/// A lower bound this far below the floor is refused, not cut.
const GRACE: TimeDelta = TimeDelta::days(1);
/// A truncated chain has at most this many pages.
const LONGEST_TRUNCATED: u64 = 3;
/// Waiting does not help, whatever this says.
const STICKY_WAIT: std::time::Duration = std::time::Duration::from_secs(1);
/// Nobody lives there (RFC 2606).
pub(crate) const FOREIGN_ORIGIN: &str = "https://graph.elsewhere.example";
