//! Step 13, FORMAT §12.13: clock readings and token times are in order, with a tolerance between clocks.
//!
//! All of them are compared as nanoseconds since 1970, on purpose: the clocks are the operator's and the authorities', and
//! nobody set one by the other.

use crate::format::genesis::Genesis;
use crate::format::parts::Request;
use crate::format::path::{GENESIS, SEAL};
use crate::format::seal::Seal;
use crate::time::{LocalTime, TsaTime, UnixNanos};
use crate::verify::budget::CLOCK_TOLERANCE_NANOS;
use crate::verify::finding::{Code, Findings};

/// What is known of the requests' times.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::verify) struct RequestTimes {
    first_started: Option<LocalTime>,
}

impl RequestTimes {
    /// Checks one request against genesis and itself, and remembers its beginning.
    pub(in crate::verify) fn follow(
        &mut self,
        place: &str,
        request: &Request,
        genesis: Option<&Genesis>,
        findings: &mut Findings,
    ) {
        if self.first_started.is_none_or(|first| request.started < first) {
            self.first_started = Some(request.started);
        }
        let mut order = |member: &str, early: LocalTime, late: LocalTime| {
            if !in_order(early.nanos(), late.nanos()) {
                let place = format!("{place}#request.{member}");
                findings.say(Code::TimeOrder, place, late.to_string(), format!("not before {early}"));
            }
        };
        if let Some(genesis) = genesis {
            order("started", genesis.created, request.started);
        }
        order("finished", request.started, request.finished);
    }

    /// Compares token times with the requests and the seal.
    pub(in crate::verify) fn check_tokens(
        &self,
        genesis_tokens: &[(String, TsaTime)],
        seal: Option<&Seal>,
        seal_tokens: &[(String, TsaTime)],
        findings: &mut Findings,
    ) {
        if let Some(first) = self.first_started {
            for (path, time) in genesis_tokens.iter().filter(|(_, time)| !in_order(time.nanos(), first.nanos())) {
                findings.say(
                    Code::TimestampOrder,
                    path,
                    time.to_string(),
                    format!("not after the first request, {first}"),
                );
            }
        }
        if let Some(seal) = seal {
            for (path, time) in seal_tokens.iter().filter(|(_, time)| !in_order(seal.created.nanos(), time.nanos())) {
                let computed = format!("not before the seal, {}", seal.created);
                findings.say(Code::TimestampOrder, path, time.to_string(), computed);
            }
        }
    }
}

/// Compares stamps that were made one over the other: a token inside what another stamps is not the later one. `layers` go from the
/// innermost outwards; within one there is no order.
pub(in crate::verify) fn check_layers(layers: &[Vec<(String, TsaTime)>], findings: &mut Findings) {
    let mut latest: Option<&(String, TsaTime)> = None;
    for layer in layers {
        for (path, time) in layer {
            if let Some((inner, inside)) = latest
                && !in_order(inside.nanos(), time.nanos())
            {
                let computed = format!("not before `{inner}`, {inside}, which lies inside");
                findings.say(Code::TimestampOrder, path, time.to_string(), computed);
            }
        }
        latest = layer.iter().chain(latest).max_by_key(|(_, time)| time.nanos());
    }
}

/// Compares the end of a request with the seal.
pub(in crate::verify) fn check_before_seal(latest: Option<&(String, LocalTime)>, seal: &Seal, findings: &mut Findings) {
    if let Some((place, finished)) = latest
        && !in_order(finished.nanos(), seal.created.nanos())
    {
        let place = format!("{place}#request.finished");
        findings.say(Code::TimeOrder, place, finished.to_string(), format!("not after the seal, {}", seal.created));
    }
}

/// Compares the plan with the moment it was made: what has not happened yet cannot be collected.
pub(in crate::verify) fn check_plan(genesis: &Genesis, findings: &mut Findings) {
    if !in_order(genesis.plan.to.nanos(), genesis.created.nanos()) {
        let place = format!("{GENESIS}#plan.to");
        let computed = format!("not after the plan was made, {}", genesis.created);
        findings.say(Code::TimeOrder, place, genesis.plan.to.to_string(), computed);
    }
}

/// Compares genesis with the seal; between them alone when there is no request.
pub(in crate::verify) fn check_genesis_before_seal(genesis: &Genesis, seal: &Seal, findings: &mut Findings) {
    if !in_order(genesis.created.nanos(), seal.created.nanos()) {
        let place = format!("{SEAL}#created");
        let computed = format!("not before {GENESIS}, {}", genesis.created);
        findings.say(Code::TimeOrder, place, seal.created.to_string(), computed);
    }
}

pub(in crate::verify) fn in_order(early: UnixNanos, late: UnixNanos) -> bool {
    early <= late.saturating_add(CLOCK_TOLERANCE_NANOS)
}
