//! Step 13, FORMAT §12.13: what clocks say of one another, where nothing is contradicted and a reader should know.
//!
//! The service's clock speaks in `Date` headers and in the records themselves, authorities' clocks in tokens, the operator's
//! everywhere else. One finding for each sort, with the largest distance: a clock that is wrong is wrong in every request.

use std::collections::BTreeMap;

use chrono::{DateTime, Timelike as _};

use crate::format::genesis::Genesis;
use crate::format::kind::Sort;
use crate::format::limits::CLOCK_TOLERANCE_NANOS;
use crate::format::parts::{Request, Response, StreamPosition};
use crate::format::path::{GENESIS, SEAL};
use crate::format::seal::Seal;
use crate::time::{ServiceTime, TsaTime, UnixNanos};
use crate::verify::budget::SERVICE_CLOCK_TOLERANCE_SECONDS;
use crate::verify::checks::volume::Extent;
use crate::verify::finding::{Code, Findings};

/// What was seen of clocks in the requests.
#[derive(Debug, Default)]
pub(in crate::verify) struct Clocks {
    /// The largest distance between a `Date` header and its request: nanoseconds, place, the header, the request's span.
    farthest: Option<(UnixNanos, String, String, String)>,
    /// By how much a `Date` header and its request allow the clocks to be apart, at most.
    widest: Option<UnixNanos>,
    /// The latest time in a record of a log, with the place of its page record.
    latest_record: Option<(UnixNanos, String, String)>,
    /// Pages that came at a later attempt than the first, by where they stand in their stream.
    repeated: BTreeMap<Position, (String, u64)>,
    /// How many failures each place in a stream has.
    failed: BTreeMap<Position, u64>,
}

/// A place in a stream, in an order of its own.
type Position = (usize, i128, i128, u64, u64, u64);

impl Clocks {
    /// Looks at one answer. `place` is the record's path.
    pub(in crate::verify) fn follow_answer(&mut self, place: &str, request: &Request, response: &Response) {
        let mut dates = response.headers.iter().filter(|header| header.0 == "date");
        let (Some(date), None) = (dates.next(), dates.next()) else { return };
        let Ok(read) = DateTime::parse_from_rfc2822(&date.1) else { return };
        let date_nanos = i128::from(read.timestamp()).saturating_mul(NANOS);
        let (started, finished) = (request.started.nanos(), request.finished.nanos());
        self.widest = self.widest.max(Some(reach(date_nanos, started, finished)));
        let distance = distance(date_nanos, started, finished);
        if self.farthest.as_ref().is_none_or(|(farthest, ..)| distance > *farthest) {
            let span = format!("asked from {} to {}", request.started, request.finished);
            self.farthest = Some((distance, place.to_owned(), date.1.clone(), span));
        }
    }

    /// Returns the largest distance of all answers and of the readings in genesis, in milliseconds, rounded up: the least by which the
    /// clocks were apart in one of them.
    pub(in crate::verify) fn largest_offset_ms(&self, genesis: Option<&Genesis>) -> Option<u64> {
        let of_answers = self.farthest.as_ref().map(|(distance, ..)| *distance);
        readings(genesis)
            .map(|[time, first, last]| distance(time, first, last))
            .chain(of_answers)
            .max()
            .map(milliseconds)
    }

    /// Returns what the clocks can have been apart at most in any of them, in milliseconds, rounded up.
    pub(in crate::verify) fn widest_offset_ms(&self, genesis: Option<&Genesis>) -> Option<u64> {
        readings(genesis).map(|[time, first, last]| reach(time, first, last)).chain(self.widest).max().map(milliseconds)
    }

    /// Looks at a page: its latest record, and whether it came at the first attempt.
    pub(in crate::verify) fn follow_page(
        &mut self,
        place: &str,
        stream: &StreamPosition,
        attempt: u64,
        latest: Option<&str>,
    ) {
        if attempt > 1 {
            self.repeated.insert(position(stream), (place.to_owned(), attempt));
        }
        if stream.kind.sort() == Sort::Log
            && let Some((text, nanos)) = latest.and_then(|text| Some((text, ServiceTime::parse(text)?.nanos())))
            && self.latest_record.as_ref().is_none_or(|(latest, ..)| nanos > *latest)
        {
            self.latest_record = Some((nanos, place.to_owned(), text.to_owned()));
        }
    }

    /// Looks at a request that brought no page.
    pub(in crate::verify) fn follow_failure(&mut self, stream: &StreamPosition) {
        let count = self.failed.entry(position(stream)).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// Says what all requests together come to. The failures before a page may lie in the volume before: of a part none are missed.
    pub(in crate::verify) fn check_requests(&self, extent: Extent, findings: &mut Findings) {
        if let Some((distance, place, date, span)) = &self.farthest
            && *distance > seconds(SERVICE_CLOCK_TOLERANCE_SECONDS)
        {
            let place = format!("{place}#response.headers");
            findings.say(Code::ServiceClockOffset, place, date, format!("{span}: {} apart", words(*distance)));
        }
        if extent == Extent::Part {
            return;
        }
        for (position, (place, attempt)) in &self.repeated {
            let failures = self.failed.get(position).copied().unwrap_or(0);
            if failures < attempt.saturating_sub(1) {
                let claimed = format!("attempt {attempt}");
                let place = format!("{place}#request.attempt");
                findings.say(Code::AttemptUnexplained, place, claimed, format!("{failures} failures before it"));
            }
        }
    }

    /// Compares the latest record with the seal and its tokens.
    pub(in crate::verify) fn check_records(&self, seal: &Seal, tokens: &[(String, TsaTime)], findings: &mut Findings) {
        let Some((latest, place, text)) = &self.latest_record else { return };
        let earliest = tokens.iter().min_by_key(|(_, time)| time.nanos());
        let seal_end = (seal.created.nanos(), format!("{SEAL}, sealed at {}", seal.created));
        let ends = earliest.map(|(path, time)| (time.nanos(), format!("{path}, stamped at {time}")));
        let end = [Some(seal_end), ends].into_iter().flatten().min_by_key(|(nanos, _)| *nanos);
        if let Some((nanos, words)) = end
            && latest.saturating_sub(nanos) > CLOCK_TOLERANCE_NANOS
        {
            let place = format!("{place}#records.latest");
            findings.say(Code::RecordAfterSeal, place, text, format!("not after {words}"));
        }
    }
}

/// Compares the operator's clock with the authorities', when the plan was made and when the package was closed.
pub(in crate::verify) fn check_stamps(
    genesis: Option<&Genesis>,
    genesis_tokens: &[(String, TsaTime)],
    seal: Option<&Seal>,
    seal_tokens: &[(String, TsaTime)],
    findings: &mut Findings,
) {
    let mut compare = |code: Code, created: UnixNanos, says: String, tokens: &[(String, TsaTime)]| {
        for (path, time) in tokens {
            let distance = time.nanos().saturating_sub(created);
            if distance.saturating_abs() > CLOCK_TOLERANCE_NANOS {
                findings.say(code, path, time.to_string(), format!("{says}: {} apart", words(distance)));
            }
        }
    };
    if let Some(genesis) = genesis {
        let says = format!("{GENESIS} was made at {}", genesis.created);
        compare(Code::ClockOffset, genesis.created.nanos(), says, genesis_tokens);
    }
    if let Some(seal) = seal {
        // One that is earlier than the seal is out of order, which has been said.
        let late: Vec<(String, TsaTime)> =
            seal_tokens.iter().filter(|(_, time)| time.nanos() > seal.created.nanos()).cloned().collect();
        compare(Code::TimestampLate, seal.created.nanos(), format!("{SEAL} was made at {}", seal.created), &late);
    }
}

fn position(stream: &StreamPosition) -> Position {
    let kind = crate::format::kind::Kind::ALL.into_iter().position(|kind| kind == stream.kind).unwrap_or(usize::MAX);
    (kind, stream.from.nanos(), stream.to.nanos(), stream.pass, stream.run, stream.sequence)
}

/// Returns how far a time lies outside a span. It has whole seconds, as a rule: up to one before the span is none.
fn distance(time: UnixNanos, first: UnixNanos, last: UnixNanos) -> UnixNanos {
    let first = first.saturating_sub(NANOS);
    if time < first { first.saturating_sub(time) } else { time.saturating_sub(last).max(0) }
}

/// Returns how far the clock that showed a time, to the second, can be from the one by which the span was measured in which it was
/// read. A time that is written more exactly is not farther.
fn reach(time: UnixNanos, first: UnixNanos, last: UnixNanos) -> UnixNanos {
    let behind = last.saturating_sub(time);
    let ahead = time.saturating_add(NANOS).saturating_sub(first);
    behind.saturating_abs().max(ahead.saturating_abs())
}

/// Returns the readings in genesis that can be read: the other clock's time, and the span of ours in which it was read.
fn readings(genesis: Option<&Genesis>) -> impl Iterator<Item = [UnixNanos; 3]> {
    genesis.into_iter().flat_map(|genesis| &genesis.clock).filter_map(|reading| {
        let remote = reading.remote.as_str();
        let read = DateTime::parse_from_rfc2822(remote).or_else(|_| DateTime::parse_from_rfc3339(remote)).ok()?;
        let nanos = i128::from(read.timestamp()).saturating_mul(NANOS).saturating_add(read.nanosecond().into());
        let last = reading.local.nanos();
        let first = last.saturating_sub(i128::from(reading.round_trip_ms).saturating_mul(NANOS_IN_MILLISECOND));
        Some([nanos, first, last])
    })
}

fn milliseconds(nanos: UnixNanos) -> u64 {
    let rounded = nanos.saturating_add(NANOS_IN_MILLISECOND - 1).checked_div(NANOS_IN_MILLISECOND).unwrap_or_default();
    u64::try_from(rounded).unwrap_or(u64::MAX)
}

fn seconds(count: u64) -> UnixNanos {
    i128::from(count).saturating_mul(NANOS)
}

fn words(distance: UnixNanos) -> String {
    format!("{} seconds", distance.saturating_abs().checked_div(NANOS).unwrap_or_default())
}

const NANOS: i128 = 1_000_000_000;
const NANOS_IN_MILLISECOND: i128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_whole_seconds_leaves_room_on_both_sides() {
        let at = |milliseconds: i128| milliseconds * NANOS_IN_MILLISECOND;
        let [first, last] = [at(10_300), at(10_800)];
        // The header was written while its clock showed 10.000 to 10.999.
        for (header, least, most) in
            [(10, 0, 800), (9, 300, 1_800), (11, 200, 1_700), (8, 1_300, 2_800), (70, 59_200, 60_700)]
        {
            let time = seconds(header);
            assert_eq!((distance(time, first, last), reach(time, first, last)), (at(least), at(most)), "{header}");
        }
    }
}
