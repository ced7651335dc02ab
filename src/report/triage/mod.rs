//! The triage view: what an investigator would look at first in the sign-ins of a package.
//!
//! One file for each question, each a [`question::Question`]. It is descriptive: every answer states the rule and the thresholds by
//! which its sightings were found, cites records by page, element and id, and counts what it saw and did not list. Nothing here is
//! evidence, and nothing a finding about a person; every page says so.
//!
//! The package is read twice, and a third time where records are cited: first for the background, who signs in from which network
//! ([`networks`]); then in the order of time for the questions ([`order`]). What is remembered is bounded ([`kept`]), whatever the
//! package holds; what found no room is counted and said.

mod brute_force;
mod cited;
mod event;
mod first_use;
mod gaps;
mod kept;
mod legacy;
mod mfa_fatigue;
mod networks;
mod new_countries;
mod order;
mod paper;
mod question;
mod result_codes;
mod service_principals;
mod session_agents;
mod session_countries;
mod spray;
#[cfg(test)]
mod tests;
mod token_replay;
mod travel;

use std::io::{Read, Seek};

use serde::Serialize;

use self::event::Event;
use self::networks::Networks;
use self::order::Waiting;
use self::question::{Draft, Question};
use super::reading::{Looked, count_sign_ins, each_sign_in};
use super::unread::Unread;
use crate::time::LocalTime;
use crate::verify::{Provenance, ReadAgainError, VerifiedPackage};

pub use cited::Cited;
pub use event::Place;
pub use gaps::Gaps;
pub use paper::document;
pub use question::{About, Counted};

/// The answers to all questions, and what they were asked of.
#[derive(Clone, Debug, Serialize)]
pub struct Triage {
    /// What this is and is not.
    pub notice: &'static str,
    /// When it was made, by the clock of who made it.
    pub made: LocalTime,
    /// Of which package, and how that fared.
    pub provenance: Provenance,
    /// What was looked at.
    pub looked: Looked,
    /// Sign-ins without a time that can be read: no question sees them.
    pub undated: u64,
    /// Sign-ins that were met after later ones, in spite of their pages' records.
    pub out_of_order: u64,
    /// Where absence may be absence of data.
    pub gaps: Gaps,
    /// The answers, in a fixed order.
    pub answers: Vec<Answer>,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Its name.
    pub question: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// What is asked, and why.
    pub asks: &'static str,
    /// By what rule sightings are found, with all thresholds.
    pub rule: String,
    /// What was found, the weightiest first.
    pub sightings: Vec<Sighting>,
    /// How many more were found.
    pub sightings_beyond: u64,
    /// What was counted and is not listed.
    pub counted: Vec<Counted>,
    /// What was not looked at.
    pub limits: Vec<String>,
}

/// A pattern in the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sighting {
    /// Whom or what it is about.
    pub about: About,
    /// Its name, as the first record cited has it; null where that has none.
    pub subject: Option<String>,
    /// What was seen.
    pub says: String,
    /// Records to look at.
    pub records: Vec<Cited>,
    /// How many more there are.
    pub records_beyond: u64,
}

impl Triage {
    /// Asks all questions of a package.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`], when the package changed since it was verified, or cannot be read.
    pub fn of<R: Read + Seek>(package: &mut VerifiedPackage<R>, made: LocalTime) -> Result<Self, ReadAgainError> {
        let pages = order::pages(package)?;
        let mut inquiry = Inquiry::new();
        let numbers: Vec<u64> = pages.iter().map(|page| page.number).collect();
        let mut undated = 0;
        let reading = count_sign_ins(package, numbers, |record, sign_in| match Event::of(record, sign_in) {
            Some(event) => inquiry.networks.take(&event),
            None => undated += 1,
        })?;
        let mut waiting = Waiting::default();
        for (place, page) in pages.iter().enumerate() {
            each_sign_in(package, [page.number], |record, sign_in| {
                if let Some(event) = Event::of(record, sign_in) {
                    waiting.push(event, &mut |event| inquiry.take(event));
                }
            })?;
            // Pages to come have nothing earlier; of one whose record says nothing, that is not known.
            if let Some(next) = pages.get(place + 1)
                && next.earliest.is_some()
            {
                waiting.release(next.earliest, &mut |event| inquiry.take(event));
            }
        }
        waiting.release(None, &mut |event| inquiry.take(event));
        let drafts = inquiry.answer();
        let cited = cited::read(package, &drafts)?;
        let unread = Unread::of(package)?;
        let answers = drafts.into_iter().map(|draft| cited.answer(draft)).collect();
        Ok(Self {
            notice: NOTICE,
            made,
            provenance: package.provenance(),
            looked: reading.looked,
            undated,
            out_of_order: waiting.late(),
            gaps: Gaps::of(package.seal(), package.genesis(), &unread),
            answers,
        })
    }

    /// Returns how many parts of the sign-in logs are not, or not wholly, in the package.
    #[must_use]
    pub fn gap_count(&self) -> u64 {
        self.gaps.count()
    }
}

/// All questions, while they are asked.
struct Inquiry {
    networks: Networks,
    questions: Vec<Box<dyn Question>>,
}

impl Inquiry {
    fn new() -> Self {
        let questions: Vec<Box<dyn Question>> = vec![
            Box::new(spray::Spray::new()),
            Box::new(brute_force::BruteForce::new()),
            Box::new(mfa_fatigue::MfaFatigue::new()),
            Box::new(travel::Travel::new()),
            Box::new(session_countries::SessionCountries::new()),
            Box::new(session_agents::SessionAgents::new()),
            Box::new(token_replay::TokenReplay::new()),
            Box::new(new_countries::NewCountries::new()),
            Box::new(legacy::Legacy::new()),
            Box::new(service_principals::ServicePrincipals::new()),
            Box::new(first_use::FirstUse::new()),
            Box::new(result_codes::ResultCodes::new()),
        ];
        Self { networks: Networks::new(), questions }
    }

    fn take(&mut self, event: &Event) {
        for question in &mut self.questions {
            question.take(event, &self.networks);
        }
    }

    fn answer(self) -> Vec<Draft> {
        let networks = self.networks;
        self.questions.into_iter().map(|question| question.answer(&networks)).collect()
    }
}

/// Stands on every page.
pub(super) const MARK: &str = "DESCRIPTIVE, NOT EVIDENCE, NOT A FINDING ABOUT A PERSON";
const NOTICE: &str = "Descriptive, not evidence, not a finding about a person: patterns in the records of a sealed package, found by the rules stated \
                      with each. A pattern is a reason to look at the records it cites, and no more; people who did nothing wrong make such patterns \
                      too. Absence here may be absence of data.";
