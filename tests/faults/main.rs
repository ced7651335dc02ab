//! Every fault of the simulator, alone and in pairs, against the engine: what a package calls complete is complete.
//!
//! Server, connection, engine, seal and verifier are the real ones; only the disk is memory, and nobody waits as long as was
//! asked. What the simulator holds is the truth, and what a fault permits at most is what the simulator says of it
//! ([`Expectation`]): the larger of two.
//!
//! Faults that change the log itself (`silent-truncation`, `late-arrival`, `vanishing` and their like) show in no answer of one
//! pass. Only a second pass, or the service's own counts, tells; their cases plan one. Without it a package holds what was
//! served, and says no more than that.
//!
//! What retention takes while it is asked for shows in no answer either, and no pass brings it back. The clock shows it: here it
//! goes with the floor, an hour at every request, and every window that lost a record must be named (`retention-passed`).
//!
//! Left out are the faults of other ways to sign in (device code, managed identity).

#![allow(clippy::unwrap_used, reason = "a case that cannot be set up has failed")]

mod alone;
mod bench;
mod clocks;
mod durable;
mod judged;
mod memory;
mod pairs;
mod world;

use std::sync::Mutex;

use signhold::simulate::{Expectation, FaultName};

/// The faults that an application with a client secret can meet.
fn names() -> Vec<FaultName> {
    let elsewhere = |name: &FaultName| name.name().starts_with("device-") || name.name().starts_with("imds-");
    FaultName::ALL.iter().copied().filter(|name| !elsewhere(name)).collect()
}

/// Runs `judge` on all cases, several at a time; all complaints are told together.
#[track_caller]
fn for_all<C: Copy + Send + std::fmt::Debug>(cases: Vec<C>, judge: impl Fn(C) -> Result<(), String> + Sync) {
    let count = cases.len();
    let (cases, complaints) = (Mutex::new(cases), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        // More than cores: a stalled answer is waited for by doing nothing.
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let Some(case) = cases.lock().unwrap().pop() else {
                        return;
                    };
                    if let Err(complaint) = judge(case) {
                        complaints.lock().unwrap().push(format!("{case:?}: {complaint}"));
                    }
                }
            });
        }
    });
    let mut complaints = complaints.into_inner().unwrap();
    complaints.sort();
    assert!(complaints.is_empty(), "{} of {count} cases:\n{}", complaints.len(), complaints.join("\n"));
}

/// Says whether a second pass is what shows a fault.
fn shows_in_second_pass(name: FaultName) -> bool {
    name.expectation() == Expectation::DiffersOnSecondPass
}
