//! The next event of a ledger, before it is signed.

use super::breach::Breach;
use super::replay::Replay;
use crate::crypto::signature::Fingerprint;
use crate::format::event::{Act, Actor, Event, EventType, PackageName};
use crate::format::identifier::MatterId;
use crate::time::LocalTime;

/// What somebody wants to have on record.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who acts.
    pub actor: Actor,
    /// On which packages.
    pub packages: Vec<PackageName>,
    /// What is done.
    pub act: Act,
    /// The key that will sign.
    pub key: Fingerprint,
    /// The actor's clock.
    pub time: LocalTime,
}

impl Draft {
    /// Makes the event that follows a ledger so far; `matter` counts for the first event only.
    ///
    /// A clock that runs a little behind that of the last actor is no fault of anybody: the time is then the last event's.
    ///
    /// # Errors
    ///
    /// The first [`Breach`] that the event would be.
    pub fn follow(self, ledger: &Replay, matter: &MatterId) -> Result<Event, Breach> {
        let head = ledger.head();
        let time = match ledger.latest() {
            Some(latest) if latest > self.time && Replay::tolerates(self.time, latest) => latest,
            _ => self.time,
        };
        let event = Event {
            r#type: EventType::V1,
            matter: ledger.matter().unwrap_or(matter).clone(),
            ledger: ledger.name(),
            sequence: head.map_or(1, |head| head.sequence.saturating_add(1)),
            previous: head.map(|head| head.digest),
            time,
            actor: self.actor,
            packages: self.packages,
            act: self.act,
            key: self.key,
        };
        match ledger.breaches(&event).into_iter().next() {
            Some(breach) => Err(breach),
            None => Ok(event),
        }
    }
}
