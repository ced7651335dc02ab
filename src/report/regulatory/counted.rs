//! How many accounts, applications, addresses and countries appear in the sign-ins of a package. They are counted and never listed.
//!
//! A sheet that goes to an authority, and from there to others, has no need of names. What is kept while counting is a digest of
//! each value, so that a large tenant fits into memory.

use std::collections::HashSet;
use std::io::{Read, Seek};

use crate::codec::sign_in::{SignIn, Words};
use crate::crypto::digest::FileDigest;
use crate::verify::{ReadAgainError, VerifiedPackage};

/// The numbers, over the sign-ins that count (FORMAT §9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Sign-ins.
    pub sign_ins: u64,
    /// Different values of `userId`.
    pub accounts: u64,
    /// Different values of `servicePrincipalId`.
    pub service_principals: u64,
    /// Different values of `appId`.
    pub applications: u64,
    /// Different values of `ipAddress`.
    pub addresses: u64,
    /// Different values of `location.countryOrRegion`.
    pub countries: u64,
    /// Sign-ins without a country.
    pub without_country: u64,
    /// Sign-ins that could not be read for counting, as they are no object.
    pub not_read: u64,
}

/// Counts over all pages.
///
/// # Errors
///
/// [`ReadAgainError`] when a page can no longer be read as it was verified.
pub fn count<R: Read + Seek>(package: &mut VerifiedPackage<R>) -> Result<Counted, ReadAgainError> {
    let mut seen = Seen::default();
    for number in package.page_numbers() {
        let page = package.page(number)?;
        for record in page.records().filter(|record| record.is_counted && record.kind.is_sign_in()) {
            seen.add(record.bytes);
        }
    }
    Ok(seen.counted())
}

#[derive(Default)]
struct Seen {
    counted: Counted,
    accounts: Distinct,
    service_principals: Distinct,
    applications: Distinct,
    addresses: Distinct,
    countries: Distinct,
}

impl Seen {
    fn add(&mut self, record: &[u8]) {
        self.counted.sign_ins += 1;
        let Some(sign_in) = SignIn::read(record) else {
            self.counted.not_read += 1;
            return;
        };
        self.accounts.add(&sign_in.user_id);
        self.service_principals.add(&sign_in.service_principal_id);
        self.applications.add(&sign_in.app_id);
        self.addresses.add(&sign_in.ip_address);
        if !self.countries.add(&sign_in.location.country) {
            self.counted.without_country += 1;
        }
    }

    fn counted(self) -> Counted {
        Counted {
            accounts: self.accounts.len(),
            service_principals: self.service_principals.len(),
            applications: self.applications.len(),
            addresses: self.addresses.len(),
            countries: self.countries.len(),
            ..self.counted
        }
    }
}

/// Different values, by the first half of their SHA-256.
#[derive(Default)]
struct Distinct(HashSet<[u8; 16]>);

impl Distinct {
    /// Adds a value and says whether there was one; the identifier of nobody is none.
    fn add(&mut self, value: &Words<'_>) -> bool {
        let Some(value) = value.as_deref().filter(|value| *value != NOBODY) else { return false };
        // Identifiers and addresses are written in either case.
        let digest = FileDigest::of(value.to_lowercase().as_bytes());
        if let Some(half) = digest.as_bytes().first_chunk::<16>() {
            self.0.insert(*half);
        }
        true
    }

    fn len(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }
}

/// What the service writes where there is no account.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(records: &[&str]) -> Counted {
        let mut seen = Seen::default();
        records.iter().for_each(|record| seen.add(record.as_bytes()));
        seen.counted()
    }

    #[test]
    fn the_same_value_counts_once_in_any_case_and_nobody_never() {
        let counted = counted(&[
            r#"{"userId":"A1","appId":"x","ipAddress":"2001:DB8::1","location":{"countryOrRegion":"NL"}}"#,
            r#"{"userId":"a1","appId":"y","ipAddress":"2001:db8::1","location":{"countryOrRegion":"DE"}}"#,
            r#"{"userId":"","servicePrincipalId":"s","ipAddress":"","location":{"countryOrRegion":""}}"#,
            r#"{"userId":"00000000-0000-0000-0000-000000000000","location":null}"#,
            r#"{"userId":null,"location":{"countryOrRegion":null}}"#,
        ]);
        assert_eq!(
            counted,
            Counted {
                sign_ins: 5,
                accounts: 1,
                service_principals: 1,
                applications: 2,
                addresses: 1,
                countries: 2,
                without_country: 3,
                not_read: 0,
            }
        );
    }

    #[test]
    fn odd_records_are_counted_as_far_as_they_go() {
        let counted = counted(&[
            r#"{"userId":5,"appId":["x"],"location":"NL"}"#,
            "[1,2]",
            r#""text""#,
            r#"{"userId":"a\u0000b"}"#,
        ]);
        assert_eq!((counted.sign_ins, counted.accounts, counted.not_read), (4, 1, 2));
    }
}
