//! The planted story: four attacks an investigator should find in a collected package, and exactly where they are.
//!
//! The events are a short list in time order; the tenant merges it into the ordinary records. Addresses are documentation
//! addresses, the people are invented.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{
    generate::Directory,
    guid::Guid,
    kind::Kind,
    moment::Moment,
    noise::Noise,
    outcome::{
        DONE_BY_CLAIM, DONE_WITH_MFA, MFA_DENIED, NEEDS_MFA, NO_RISK, Outcome, RISK_SPRAY, RISK_TOKEN, RISK_TRAVEL,
        Risk, WRONG_PASSWORD,
    },
    place::{SAO_PAULO, SINGAPORE},
    sign_in::{SignIn, Words},
    software::{BROWSER_CLIENTS, DEVICES},
};

/// One planted sign-in: what a complete collection must contain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoryEvent {
    /// The kind it is listed under.
    pub kind: Kind,
    /// Its sign-in id.
    pub id: String,
    /// Its `createdDateTime`.
    pub time: DateTime<Utc>,
    /// The sign-in name of the person attacked.
    pub user: String,
    /// The address it came from.
    pub address: String,
    /// The attack it belongs to.
    pub plot: Plot,
    /// Its `status/errorCode`; zero is a success.
    pub error_code: u32,
}

/// An attack.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Plot {
    /// One person signs in from two continents within twenty minutes.
    ImpossibleTravel,
    /// Refused second factors at night until one is accepted.
    MfaFatigue,
    /// Wrong passwords for many people from one address.
    PasswordSpray,
    /// A session that began at home goes on elsewhere, without a new sign-in.
    StolenToken,
}

impl fmt::Display for Plot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ImpossibleTravel => "impossible-travel",
            Self::MfaFatigue => "mfa-fatigue",
            Self::PasswordSpray => "password-spray",
            Self::StolenToken => "stolen-token",
        })
    }
}

/// A planted sign-in, before it has an id.
#[derive(Clone, Debug)]
pub(crate) struct Planted {
    pub(crate) kind: Kind,
    pub(crate) second: i64,
    pub(crate) plot: Plot,
    person: usize,
    /// Abroad, or at home when `None`.
    place: Option<usize>,
    host: u64,
    outcome: Outcome,
    risk: Risk,
    session: Option<Guid>,
}

impl Planted {
    /// Makes the sign-in; what the plot does not fix is ordinary for that person.
    pub(crate) fn sign_in<'t>(
        &self,
        directory: &'t Directory,
        id: Guid,
        created: Moment,
        noise: &mut Noise,
    ) -> SignIn<'t> {
        let person = &directory.people[self.person];
        let mut sign_in = if self.kind == Kind::InteractiveUser {
            directory.interactive(id, person, created, noise)
        } else {
            directory.non_interactive(id, person, created, noise)
        };
        let client = &BROWSER_CLIENTS[0];
        sign_in.client_id = client.id;
        sign_in.client_name = Words::plain(client.name);
        let place = &directory.places[self.place.unwrap_or(person.home)];
        sign_in.place = place;
        sign_in.address = Some(place.address(self.host));
        if self.place.is_some() {
            let device = &DEVICES[4];
            sign_in.device = Some(device);
            sign_in.device_id = None;
            sign_in.agent = Words::plain(device.agent);
        }
        if self.session.is_some() {
            sign_in.session = self.session;
        }
        sign_in.risk = self.risk;
        sign_in.judge(self.outcome);
        sign_in
    }
}

/// Plants the story into the seconds `[from, to)`, in time order.
pub(crate) fn plant(seed: u64, directory: &Directory, from: i64, to: i64) -> Vec<Planted> {
    let mut noise = Noise::new(seed, 0x0073_746f_7279, 0);
    let at = |percent: i64, offset: i64| (from + (to - from) * percent / 100 + offset).clamp(from, to - 1);
    let members = [0, 5, 9, 14];
    let [_, tired, robbed, traveller] = members;
    let base = Planted {
        kind: Kind::InteractiveUser,
        second: from,
        plot: Plot::PasswordSpray,
        person: 0,
        place: Some(SAO_PAULO),
        host: ATTACKER_HOST,
        outcome: WRONG_PASSWORD,
        risk: NO_RISK,
        session: None,
    };
    let mut planted = Vec::new();
    for (person, offset) in (0..SPRAYED.min(directory.people.len())).zip((0..).step_by(11)) {
        planted.push(Planted { second: at(20, offset), person, risk: RISK_SPRAY, ..base.clone() });
    }
    let fatigue = Planted { plot: Plot::MfaFatigue, person: tired, ..base.clone() };
    for (attempt, offset) in (0..9).zip((0..).step_by(140)) {
        let outcome = if attempt % 3 == 0 { NEEDS_MFA } else { MFA_DENIED };
        planted.push(Planted { second: at(45, offset), outcome, ..fatigue.clone() });
    }
    planted.push(Planted { second: at(45, 1_300), outcome: DONE_WITH_MFA, risk: RISK_TRAVEL, ..fatigue });
    let session = Some(noise.guid());
    let theft = Planted { plot: Plot::StolenToken, person: robbed, session, outcome: DONE_WITH_MFA, ..base.clone() };
    planted.push(Planted { second: at(60, 0), place: None, host: HOME_HOST, ..theft.clone() });
    for offset in [5_400, 5_460, 9_000] {
        planted.push(Planted {
            kind: Kind::NonInteractiveUser,
            second: at(60, offset),
            outcome: DONE_BY_CLAIM,
            risk: RISK_TOKEN,
            ..theft.clone()
        });
    }
    let journey = Planted { plot: Plot::ImpossibleTravel, person: traveller, outcome: DONE_WITH_MFA, ..base };
    planted.push(Planted { second: at(75, 0), place: None, host: HOME_HOST, ..journey.clone() });
    planted.push(Planted { second: at(75, 1_180), place: Some(SINGAPORE), risk: RISK_TRAVEL, ..journey });
    planted.sort_by_key(|event| event.second);
    planted
}

/// How many people the spray tries.
const SPRAYED: usize = 32;
/// The host the attacks come from; the second byte is odd, so the address is IPv4.
const ATTACKER_HOST: u64 = 0x0142;
/// The host of the people attacked, when they are at home.
const HOME_HOST: u64 = 0x0117;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::generate::Directory, Plot, plant};

    #[test]
    fn all_four_plots_lie_inside_the_span_in_time_order() {
        let directory = Directory::new(3);
        let planted = plant(3, &directory, 1_000_000, 1_100_000);
        let plots: BTreeSet<Plot> = planted.iter().map(|event| event.plot).collect();
        assert_eq!(plots.len(), 4);
        assert!(planted.is_sorted_by_key(|event| event.second));
        assert!(planted.iter().all(|event| (1_000_000..1_100_000).contains(&event.second)));
    }

    #[test]
    fn the_stolen_session_is_the_one_that_began_at_home() {
        let directory = Directory::new(3);
        let planted = plant(3, &directory, 0, 2_592_000);
        let sessions: BTreeSet<String> = planted
            .iter()
            .filter(|event| event.plot == Plot::StolenToken)
            .map(|event| event.session.map(|session| session.to_string()).unwrap_or_default())
            .collect();
        assert_eq!(sessions.len(), 1);
    }
}
