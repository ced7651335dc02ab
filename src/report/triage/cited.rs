//! The records that an answer cites, read again from the package with the names and words that are in them.
//!
//! Questions keep places alone. So nothing a stranger wrote is kept for every sign-in, and what is shown comes from the verified
//! bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use serde::Serialize;

use super::event::{Place, network};
use super::question::{About, Draft};
use super::{Answer, Sighting};
use crate::codec::result_code;
use crate::codec::sign_in::SignIn;
use crate::format::kind::Kind;
use crate::report::reading::each_sign_in;
use crate::report::tally::shortened;
use crate::verify::{ReadAgainError, VerifiedPackage, VerifiedRecord};

/// A record to look at. Values are those of the log; of long ones, the first characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cited {
    /// N of `data/pages/N.json`.
    pub page: u64,
    /// Its index in the page, from 0.
    pub element: u64,
    /// Its id, for `exhibit --id`; null where it has none that is unambiguous, or an overlong one.
    pub id: Option<String>,
    /// Its time, as the service wrote it.
    pub time: Option<String>,
    /// Which log.
    pub kind: Kind,
    /// The sign-in name or object id of a person, or the name or object id of a service principal.
    pub account: Option<String>,
    /// The client application.
    pub application: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// The network, as the questions tell them apart.
    pub network: Option<String>,
    /// The country that the service derives from the address.
    pub country: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// The user agent.
    pub user_agent: Option<String>,
    /// `status.errorCode`.
    pub code: Option<u32>,
    /// What that means, in our words.
    pub result: &'static str,
}

/// Records by their places.
pub(super) struct CitedRecords(BTreeMap<Place, Cited>);

/// Reads the records that the answers cite.
pub(super) fn read<R: Read + Seek>(
    package: &mut VerifiedPackage<R>,
    drafts: &[Draft],
) -> Result<CitedRecords, ReadAgainError> {
    let found = drafts.iter().flat_map(|draft| &draft.sightings.listed);
    let wanted: BTreeSet<Place> = found.flat_map(|found| found.places.listed.iter().copied()).collect();
    let pages: BTreeSet<u64> = wanted.iter().map(|place| place.page).collect();
    let mut records = BTreeMap::new();
    each_sign_in(package, pages, |record, sign_in| {
        let place = Place { page: record.page, element: record.element };
        if wanted.contains(&place) {
            records.insert(place, Cited::of(record, sign_in));
        }
    })?;
    Ok(CitedRecords(records))
}

impl Cited {
    fn of(record: &VerifiedRecord<'_>, sign_in: &SignIn<'_>) -> Self {
        let text = |text: Option<&str>| text.map(shortened);
        let is_person = matches!(record.kind, Kind::InteractiveUser | Kind::NonInteractiveUser);
        let account = if is_person {
            sign_in.user_principal_name.as_deref().or(sign_in.user_id.as_deref())
        } else {
            sign_in.service_principal_name.as_deref().or(sign_in.service_principal_id.as_deref())
        };
        Self {
            page: record.page,
            element: record.element,
            id: record.id.filter(|id| shortened(id) == *id).map(str::to_owned),
            time: text(record.time),
            kind: record.kind,
            account: text(account),
            application: text(sign_in.app_display_name.as_deref().or(sign_in.app_id.as_deref())),
            address: text(sign_in.ip_address.as_deref()),
            network: network(sign_in),
            country: text(sign_in.location.country.as_deref()),
            session: text(sign_in.session_id.as_deref()),
            user_agent: text(sign_in.user_agent.as_deref()),
            code: sign_in.status.error_code,
            result: match sign_in.status.error_code {
                Some(code) => result_code::words(code),
                None if sign_in.status.error_code_is_repeated => "the record says it twice",
                None => "the record does not say",
            },
        }
    }

    fn subject(&self, about: About) -> Option<String> {
        match about {
            About::Account | About::ServicePrincipal => self.account.clone(),
            About::Address => self.address.clone(),
            About::Application => self.application.clone(),
            About::Hour => self.time.as_deref().and_then(|time| time.get(..13)).map(|hour| format!("{hour}:00Z")),
            About::Session => self.session.clone(),
        }
    }
}

impl CitedRecords {
    /// Puts the records into an answer.
    pub(super) fn answer(&self, draft: Draft) -> Answer {
        let sighting = |found: super::question::Found| {
            let cited = found.places.listed.iter().filter_map(|place| self.0.get(place).cloned());
            let mut records: Vec<Cited> = cited.collect();
            let subject = records.first().and_then(|record| record.subject(found.about));
            records.sort_by(|a, b| a.time.cmp(&b.time).then((a.page, a.element).cmp(&(b.page, b.element))));
            Sighting { about: found.about, subject, says: found.says, records, records_beyond: found.places.beyond }
        };
        Answer {
            question: draft.question,
            title: draft.title,
            asks: draft.asks,
            rule: draft.rule,
            sightings: draft.sightings.listed.into_iter().map(sighting).collect(),
            sightings_beyond: draft.sightings.beyond,
            counted: draft.counted,
            limits: draft.limits,
        }
    }
}
