//! What happened in the sign-in logs of a package, as figures: by hour, day, log, reason, country, and so on.
//!
//! One pass over the records that count; charts, cover sheets and cover pages draw from it. Nobody is named here: accounts,
//! applications and addresses are counted, not listed. Memory is bounded whatever the package holds. A figure says what the service
//! wrote, not what people did; where records are missing (`coverage`), figures are too low.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use chrono::{NaiveDate, Timelike as _};
use serde::Serialize;

use super::census::Census;
use super::reading::{Looked, Reading, count_sign_ins};
use super::tally::{Distinct, DistinctCounter, Ranking, Tally};
use crate::codec::result_code;
use crate::codec::sign_in::{SignIn, Status};
use crate::format::kind::Kind;
use crate::time::{Bound, ServiceTime};
use crate::verify::VerifiedPackage;
use crate::verify::verified::ReadAgainError;

/// The figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// What was looked at.
    pub looked: Looked,
    /// Where all records of the package stand, those of other logs too.
    pub census: Census,
    /// How the sign-ins ended, all together; each entry that counts, also one that repeats another.
    pub endings: Endings,
    /// The same for each log that has any.
    pub kinds: BTreeMap<Kind, Endings>,
    /// The same for each hour of the day, UTC, from 0 to 23.
    pub hours: [Endings; 24],
    /// The same for each day, UTC, that has any; the first [`MAX_DAYS`] that were met.
    pub days: BTreeMap<NaiveDate, Endings>,
    /// Records of further days, which are not listed.
    pub beyond_days: u64,
    /// Records without a time that can be read: in no hour and on no day.
    pub undated: u64,
    /// The second of the earliest record; none where no record has a time.
    pub first: Option<Bound>,
    /// The second of the latest record.
    pub last: Option<Bound>,
    /// The numbers with which sign-ins ended that did not succeed, the most frequent first.
    pub failures: Vec<Failure>,
    /// Records with further numbers, which are not listed.
    pub beyond_failures: u64,
    /// Countries or regions, as the service derives them from addresses.
    pub countries: Ranking,
    /// How many different countries.
    pub distinct_countries: Distinct,
    /// Whether one factor or more was required.
    pub authentication_requirements: Ranking,
    /// What Conditional Access came to.
    pub conditional_access: Ranking,
    /// Client applications, such as `Browser`.
    pub client_apps: Ranking,
    /// Sign-ins by a protocol that cannot ask for a second factor, by client application.
    pub legacy_authentication: Ranking,
    /// How those ended.
    pub legacy_endings: Endings,
    /// State of risk, as the service said when the record was fetched.
    pub risk_states: Ranking,
    /// Accounts of people, by object id, or by sign-in name where there is none.
    pub accounts: Distinct,
    /// Accounts of people with at least one sign-in that succeeded.
    pub accounts_succeeded: Distinct,
    /// Service principals and managed identities, by object id.
    pub service_principals: Distinct,
    /// Applications, by application id.
    pub applications: Distinct,
    /// Addresses.
    pub addresses: Distinct,
}

/// How sign-ins ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Endings {
    /// With number 0.
    pub succeeded: u64,
    /// With a number that stands for a step on the way, such as the question for a second factor ([`result_code::is_interruption`]).
    pub interrupted: u64,
    /// With another number.
    pub failed: u64,
    /// The record has no number.
    pub unsaid: u64,
    /// The number stands there twice: which one is meant cannot be said.
    pub undetermined: u64,
}

/// How often one number stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// `status.errorCode`.
    pub code: u32,
    /// How many records.
    pub records: u64,
    /// Whether it is counted as interrupted, and not as failed.
    pub is_interruption: bool,
    /// On what it ended; null where the number is not in our table.
    pub grounds: Option<&'static str>,
    /// What it means, in our words.
    pub words: &'static str,
}

impl Endings {
    /// Returns the sum.
    #[must_use]
    pub fn total(self) -> u64 {
        self.succeeded + self.interrupted + self.failed + self.unsaid + self.undetermined
    }

    fn add(&mut self, status: &Status<'_>) {
        *match status.error_code {
            None if status.error_code_is_repeated => &mut self.undetermined,
            None => &mut self.unsaid,
            Some(0) => &mut self.succeeded,
            Some(code) if result_code::is_interruption(code) => &mut self.interrupted,
            Some(_) => &mut self.failed,
        } += 1;
    }
}

impl Activity {
    /// Reads the package once and counts.
    ///
    /// # Errors
    ///
    /// [`ReadAgainError`], when the package changed since it was verified, or cannot be read.
    pub fn of<R: Read + Seek>(package: &mut VerifiedPackage<R>) -> Result<Self, ReadAgainError> {
        let mut counting = Counting::new();
        let numbers = package.page_numbers();
        let reading = count_sign_ins(package, numbers, |record, sign_in| {
            counting.take(record.kind, record.time.and_then(ServiceTime::parse), sign_in);
        })?;
        Ok(counting.finish(reading))
    }
}

/// Figures while they are counted.
struct Counting {
    activity: Activity,
    failures: BTreeMap<u32, u64>,
    countries: Tally,
    distinct_countries: DistinctCounter,
    requirements: Tally,
    conditional_access: Tally,
    client_apps: Tally,
    legacy: Tally,
    risk_states: Tally,
    accounts: DistinctCounter,
    accounts_succeeded: DistinctCounter,
    service_principals: DistinctCounter,
    applications: DistinctCounter,
    addresses: DistinctCounter,
}

impl Counting {
    fn new() -> Self {
        Self {
            activity: Activity::default(),
            failures: BTreeMap::new(),
            countries: Tally::new(MAX_COUNTRIES),
            distinct_countries: DistinctCounter::default(),
            requirements: Tally::new(MAX_MEMBERS),
            conditional_access: Tally::new(MAX_MEMBERS),
            client_apps: Tally::new(MAX_MEMBERS),
            legacy: Tally::new(MAX_MEMBERS),
            risk_states: Tally::new(MAX_MEMBERS),
            accounts: DistinctCounter::default(),
            accounts_succeeded: DistinctCounter::default(),
            service_principals: DistinctCounter::default(),
            applications: DistinctCounter::default(),
            addresses: DistinctCounter::default(),
        }
    }

    fn take(&mut self, kind: Kind, time: Option<ServiceTime>, sign_in: &SignIn<'_>) {
        let status = &sign_in.status;
        self.activity.endings.add(status);
        self.activity.kinds.entry(kind).or_default().add(status);
        self.take_time(time, status);
        if let Some(code) = status.error_code.filter(|code| *code != 0) {
            if self.failures.len() < MAX_CODES || self.failures.contains_key(&code) {
                *self.failures.entry(code).or_default() += 1;
            } else {
                self.activity.beyond_failures += 1;
            }
        }
        self.countries.add(sign_in.location.country.as_deref());
        if let Some(country) = &sign_in.location.country {
            self.distinct_countries.add(country);
        }
        self.requirements.add(sign_in.authentication_requirement.as_deref());
        self.conditional_access.add(sign_in.conditional_access_status.as_deref());
        self.client_apps.add(sign_in.client_app_used.as_deref());
        if let Some(client) = sign_in.client_app_used.as_deref().filter(|client| is_legacy(client)) {
            self.legacy.add(Some(client));
            self.activity.legacy_endings.add(status);
        }
        self.risk_states.add(sign_in.risk_state.as_deref());
        self.take_actors(kind, sign_in);
    }

    fn take_actors(&mut self, kind: Kind, sign_in: &SignIn<'_>) {
        if matches!(kind, Kind::InteractiveUser | Kind::NonInteractiveUser) {
            if let Some(account) = account(sign_in) {
                self.accounts.add(account);
                if sign_in.succeeded() == Some(true) {
                    self.accounts_succeeded.add(account);
                }
            }
        } else if let Some(principal) = sign_in.service_principal_id.as_deref().or(sign_in.app_id.as_deref()) {
            self.service_principals.add(principal);
        }
        if let Some(application) = &sign_in.app_id {
            self.applications.add(application);
        }
        if let Some(address) = &sign_in.ip_address {
            self.addresses.add(address);
        }
    }

    fn take_time(&mut self, time: Option<ServiceTime>, status: &Status<'_>) {
        let second = time.and_then(|time| i64::try_from(time.nanos().div_euclid(1_000_000_000)).ok());
        let Some(second) = second.and_then(Bound::from_unix) else {
            self.activity.undated += 1;
            return;
        };
        let activity = &mut self.activity;
        activity.first = Some(activity.first.map_or(second, |first| first.min(second)));
        activity.last = Some(activity.last.map_or(second, |last| last.max(second)));
        let instant = second.to_datetime();
        let hour = usize::try_from(instant.hour()).unwrap_or_default();
        if let Some(endings) = activity.hours.get_mut(hour) {
            endings.add(status);
        }
        let day = instant.date_naive();
        if activity.days.len() < MAX_DAYS || activity.days.contains_key(&day) {
            activity.days.entry(day).or_default().add(status);
        } else {
            activity.beyond_days += 1;
        }
    }

    fn finish(self, Reading { looked, census }: Reading) -> Activity {
        let failure = |(code, records): (u32, u64)| {
            let meaning = result_code::meaning(code);
            let grounds = meaning.map(|meaning| meaning.grounds.as_str());
            let is_interruption = result_code::is_interruption(code);
            Failure { code, records, is_interruption, grounds, words: result_code::words(code) }
        };
        let mut failures: Vec<Failure> = self.failures.into_iter().map(failure).collect();
        failures.sort_by(|a, b| b.records.cmp(&a.records).then(a.code.cmp(&b.code)));
        Activity {
            looked,
            census,
            failures,
            countries: self.countries.ranking(),
            distinct_countries: self.distinct_countries.distinct(),
            authentication_requirements: self.requirements.ranking(),
            conditional_access: self.conditional_access.ranking(),
            client_apps: self.client_apps.ranking(),
            legacy_authentication: self.legacy.ranking(),
            risk_states: self.risk_states.ranking(),
            accounts: self.accounts.distinct(),
            accounts_succeeded: self.accounts_succeeded.distinct(),
            service_principals: self.service_principals.distinct(),
            applications: self.applications.distinct(),
            addresses: self.addresses.distinct(),
            ..self.activity
        }
    }
}

/// Returns what stands for the account of a person: the object id, or the sign-in name where there is none.
pub(super) fn account<'s>(sign_in: &'s SignIn<'_>) -> Option<&'s str> {
    sign_in.user_id.as_deref().or(sign_in.user_principal_name.as_deref())
}

/// Says whether a client application signs in by a protocol that cannot ask for a second factor.
///
/// The names are those of the sign-in log ("Sign-in log activity details", "Block legacy authentication"; learn.microsoft.com).
pub(super) fn is_legacy(client: &str) -> bool {
    let others = client.get(..OTHERS.len()).is_some_and(|start| start.eq_ignore_ascii_case(OTHERS));
    others || LEGACY.iter().any(|legacy| legacy.eq_ignore_ascii_case(client))
}

/// What the log writes for older clients, alone or with the protocol behind it.
const OTHERS: &str = "Other clients";
const LEGACY: [&str; 15] = [
    "Authenticated SMTP",
    "AutoDiscover",
    "Exchange ActiveSync",
    "Exchange Online PowerShell",
    "Exchange Web Services",
    "IMAP",
    "IMAP4",
    "MAPI",
    "MAPI Over HTTP",
    "Offline Address Book",
    "Outlook Anywhere (RPC over HTTP)",
    "POP",
    "POP3",
    "Reporting Web Services",
    "SMTP",
];

/// 1,100 days: three years of days, each with its figures; the service keeps 30.
pub const MAX_DAYS: usize = 1_100;
/// 512 numbers; the published list has fewer than 400.
const MAX_CODES: usize = 512;
/// 300 countries; ISO 3166-1 has 249.
const MAX_COUNTRIES: usize = 300;
/// 64 members of an enumeration; the longest has 15.
const MAX_MEMBERS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{self, Tenant};

    const NOW: &str = "2026-11-18T00:00:00Z";

    fn count(records: impl IntoIterator<Item = (Kind, Vec<u8>)>) -> Activity {
        let mut counting = Counting::new();
        for (kind, record) in records {
            let sign_in = SignIn::read_unrepeated(&record).unwrap();
            let time = sign_in.created.as_deref().and_then(ServiceTime::parse);
            counting.take(kind, time, &sign_in);
        }
        counting.finish(Reading::default())
    }

    #[test]
    fn the_figures_of_the_simulated_tenant_agree_with_its_truth() {
        let tenant = Tenant::new(7, 3_000, NOW.parse().unwrap(), 30);
        let kinds = [
            (simulate::Kind::InteractiveUser, Kind::InteractiveUser),
            (simulate::Kind::NonInteractiveUser, Kind::NonInteractiveUser),
            (simulate::Kind::ServicePrincipal, Kind::ServicePrincipal),
            (simulate::Kind::ManagedIdentity, Kind::ManagedIdentity),
        ];
        let records = || {
            kinds.iter().flat_map(|(theirs, ours)| {
                (0..tenant.total(*theirs)).map(|index| (*ours, tenant.record_json(*theirs, index).unwrap()))
            })
        };
        let activity = count(records());
        assert_eq!(activity.endings.total(), 3_000);
        for (theirs, ours) in kinds {
            assert_eq!(activity.kinds[&ours].total(), tenant.total(theirs));
        }
        assert_eq!(activity.hours.iter().map(|endings| endings.total()).sum::<u64>(), 3_000);
        assert_eq!(activity.days.values().map(|endings| endings.total()).sum::<u64>(), 3_000);
        assert!((30..=31).contains(&activity.days.len()) && activity.undated == 0);
        let failures: u64 = activity.failures.iter().map(|failure| failure.records).sum();
        assert_eq!(failures, activity.endings.failed + activity.endings.interrupted);
        let interrupted = activity.failures.iter().filter(|failure| failure.is_interruption);
        assert_eq!(interrupted.map(|failure| failure.records).sum::<u64>(), activity.endings.interrupted);
        assert!(activity.failures.iter().any(|failure| failure.code == 50_074 && failure.is_interruption));
        let spray = activity.failures.iter().find(|failure| failure.code == 50_126).unwrap();
        assert!(spray.records >= 32 && spray.grounds == Some("password"));
        let brazil = activity.countries.entries.iter().find(|entry| entry.value == "BR").unwrap();
        assert_eq!(brazil.records, 32 + 10 + 3, "the spray, the refused factors, the stolen token");
        let countries = &activity.countries;
        let in_countries: u64 = countries.entries.iter().map(|entry| entry.records).sum();
        assert_eq!(in_countries + countries.absent, 3_000);
        assert_eq!(activity.distinct_countries.count, countries.entries.len() as u64);
        assert!(activity.accounts.count <= 576 && activity.accounts.is_exact);
        assert_eq!(activity.service_principals, Distinct { count: 12 + 16, is_exact: true });
        assert_eq!(activity, count(records()), "the same records give the same figures");
    }

    #[test]
    fn whatever_a_record_holds_it_is_counted_once() {
        let records = [
            r#"{"status":{"errorCode":50140},"clientAppUsed":"imap4","createdDateTime":"2026-11-01T23:59:59Z"}"#,
            r#"{"status":{"errorCode":4294967295},"clientAppUsed":"Browser","createdDateTime":"2026-11-01T00:00:00Z"}"#,
            r#"{"status":"none","createdDateTime":"yesterday","location":{"countryOrRegion":"<script>"}}"#,
            r#"{"status":{"errorCode":0},"userPrincipalName":"a","ipAddress":"not an address"}"#,
            r#"{"status":{"errorCode":0,"errorCode":50126},"userPrincipalName":"b","userPrincipalName":"c"}"#,
        ];
        let activity = count(records.map(|record| (Kind::InteractiveUser, record.as_bytes().to_vec())));
        assert_eq!(activity.endings, Endings { succeeded: 1, interrupted: 1, failed: 1, unsaid: 1, undetermined: 1 });
        assert_eq!((activity.undated, activity.days.len()), (3, 1));
        assert_eq!((activity.hours[23].interrupted, activity.hours[0].failed), (1, 1));
        assert_eq!(
            (activity.first.unwrap().to_string(), activity.last.unwrap().to_string()),
            ("2026-11-01T00:00:00Z".to_owned(), "2026-11-01T23:59:59Z".to_owned())
        );
        assert_eq!((activity.legacy_endings.interrupted, activity.legacy_endings.total()), (1, 1));
        assert_eq!((activity.countries.entries.len(), activity.countries.absent), (1, 4));
        assert_eq!((activity.failures[1].grounds, activity.failures[1].words), (None, "not in our table of meanings"));
        for (client, legacy) in
            [("Other clients; POP", true), ("SMTP", true), ("Browser", false), ("Other", false), ("", false)]
        {
            assert_eq!(is_legacy(client), legacy, "{client}");
        }
        assert_eq!((activity.accounts.count, activity.accounts_succeeded.count, activity.addresses.count), (1, 1, 1));
    }
}
