//! What a question is: it sees every sign-in of the package once, in the order of time, and answers at the end.
//!
//! An answer lists sightings, and counts what it saw and does not list. A sighting is a pattern in the records and no more: it says
//! by what rule it was found, and cites records that anybody can read in the sealed package.

use serde::Serialize;

use super::event::Event;
use super::kept::Places;
use super::networks::Networks;

/// A question that is being asked.
pub(super) trait Question {
    /// Sees a sign-in; called in the order of time.
    fn take(&mut self, event: &Event, networks: &Networks);

    /// Answers, after the last sign-in.
    fn answer(self: Box<Self>, networks: &Networks) -> Draft;
}

/// An answer, before the records it cites were read.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Its name, in kebab-case.
    pub(super) question: &'static str,
    pub(super) title: &'static str,
    /// What is asked, and why an investigator asks it.
    pub(super) asks: &'static str,
    /// By what rule sightings are found, with all thresholds.
    pub(super) rule: String,
    pub(super) sightings: Sightings,
    pub(super) counted: Vec<Counted>,
    /// What was not looked at.
    pub(super) limits: Vec<String>,
}

/// Something that was counted and is not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// What.
    pub what: String,
    /// How often.
    pub number: u64,
}

impl Counted {
    pub(super) fn new(what: impl Into<String>, number: u64) -> Self {
        Self { what: what.into(), number }
    }
}

/// Whom or what a sighting is about; the first record it cites has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The account of a person.
    Account,
    /// An address.
    Address,
    /// An application that people sign in to.
    Application,
    /// An hour of time.
    Hour,
    /// A service principal.
    ServicePrincipal,
    /// A session.
    Session,
}

/// A sighting, before the records it cites were read.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) about: About,
    /// What was seen, in our words and figures alone.
    pub(super) says: String,
    pub(super) places: Places,
    /// The weightiest are listed first.
    pub(super) weight: u64,
}

/// Sightings in a limited number, the weightiest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Sightings {
    pub(super) listed: Vec<Found>,
    pub(super) beyond: u64,
}

impl Sightings {
    /// Ranks sightings; `lost` more found no room before.
    pub(super) fn rank(found: impl IntoIterator<Item = Found>, lost: u64) -> Self {
        let mut listed: Vec<Found> = found.into_iter().collect();
        listed.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.places.listed.cmp(&b.places.listed)));
        let beyond = listed.len().saturating_sub(MAX_LISTED);
        listed.truncate(MAX_LISTED);
        Self { listed, beyond: lost + u64::try_from(beyond).unwrap_or(u64::MAX) }
    }
}

/// What a question has seen and may see more of, in a limited number.
#[derive(Debug)]
pub(super) struct Open<T> {
    pub(super) all: Vec<T>,
    pub(super) beyond: u64,
}

impl<T> Open<T> {
    pub(super) fn new() -> Self {
        Self { all: Vec::new(), beyond: 0 }
    }

    /// Takes one and returns where it is. Without room it is counted, and the place leads nowhere: whoever keeps it knows that this one
    /// was open, and does not open it again.
    pub(super) fn open(&mut self, one: T) -> usize {
        if self.all.len() >= MAX_OPEN {
            self.beyond += 1;
            return MAX_OPEN;
        }
        self.all.push(one);
        self.all.len() - 1
    }

    /// Returns the one at a place that [`Open::open`] returned; none where there was no room.
    pub(super) fn at(&mut self, place: usize) -> Option<&mut T> {
        self.all.get_mut(place)
    }
}

/// Writes a span of time for people.
pub(super) fn span(seconds: i64) -> String {
    match seconds {
        ..=0 => "the same second".to_owned(),
        1..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Says how long after something else something was.
pub(super) fn after(seconds: i64, what: &str) -> String {
    if seconds <= 0 { format!("in the same second as {what}") } else { format!("{} after {what}", span(seconds)) }
}

/// 25 sightings of one question are listed.
pub(super) const MAX_LISTED: usize = 25;
/// 1,000 sightings of one question are kept until the end, when the weightiest are chosen.
const MAX_OPEN: usize = 1_000;
/// An hour, in seconds.
pub(super) const HOUR: i64 = 3_600;
/// A day, in seconds.
pub(super) const DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weightiest_sightings_are_listed_and_the_others_counted() {
        let found = |weight| Found { about: About::Account, says: String::new(), places: Places::default(), weight };
        let sightings = Sightings::rank((0..40).map(found), 2);
        assert_eq!((sightings.listed.len(), sightings.beyond), (MAX_LISTED, 17));
        assert_eq!(sightings.listed.first().unwrap().weight, 39);
    }

    #[test]
    fn what_finds_no_room_is_counted_once_and_leads_nowhere() {
        let mut open = Open::new();
        let places: Vec<usize> = (0..MAX_OPEN + 2).map(|number| open.open(number)).collect();
        assert_eq!((open.all.len(), open.beyond), (MAX_OPEN, 2));
        assert_eq!(open.at(places[7]), Some(&mut 7));
        assert!(places[MAX_OPEN..].iter().all(|place| open.at(*place).is_none()));
    }

    #[test]
    fn spans_are_written_as_people_say_them() {
        let spans = [-1, 0, 1, 119, 120, 7_199, 7_200, 172_799, 172_800].map(span);
        let expected =
            ["the same second", "the same second", "1 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"];
        assert_eq!(spans, expected);
        assert_eq!([0, 5].map(|seconds| after(seconds, "it")), ["in the same second as it", "5 s after it"]);
    }
}
