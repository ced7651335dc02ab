//! How long a missing licence is not believed.
//!
//! Every Graph log is refused to tenants without a premium licence. The check behind that refusal is known to fail for tenants
//! that have one, about nine times in ten, while the application lacks `Directory.Read.All`; a tenth of the requests still brings
//! pages. Giving a window up for it would leave gaps in what can be had, stopping at the third would rarely see a page. So the
//! refusals are counted over the whole session, and any other answer begins the count anew: what stays refused for [`PATIENCE`]
//! requests on end is believed. Pure; the session's workers share one memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Answer;
use crate::codec::service_error;
use crate::format::kind::Kind;
use crate::format::parts::Pair;

/// The refusals since the last other answer, for the sign-in logs together and for each further log.
pub(super) struct LicenceMemory {
    patience: u64,
    refusals: Mutex<BTreeMap<Option<Kind>, u64>>,
}

/// What a refusal means by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Believed {
    /// The licence is missing.
    Missing {
        /// How often it was refused on end.
        refusals: u64,
    },
    /// It may come all the same.
    NotYet,
}

impl LicenceMemory {
    /// Begins; `claims` are those of the token, by which the check that fails is told from the one that holds.
    pub(super) fn new(claims: &[Pair]) -> Self {
        let is_granted = claims.iter().any(|(name, value)| {
            matches!(name.as_str(), "roles" | "scp") && value.split(' ').any(|right| right == READ_DIRECTORY)
        });
        Self { patience: if is_granted { FEW } else { PATIENCE }, refusals: Mutex::default() }
    }

    /// Takes an answer that is no page; says what it means if it is the refusal. Where no answer came, nothing is learnt.
    pub(super) fn saw(&self, kind: Kind, answer: &Answer) -> Option<Believed> {
        if is_refusal(answer) {
            return Some(self.refuse(kind));
        }
        if answer.response.is_some() {
            self.grant(kind);
        }
        None
    }

    /// Takes a page.
    pub(super) fn grant(&self, kind: Kind) {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(kind));
    }

    fn refuse(&self, kind: Kind) -> Believed {
        let mut counts = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let refusals = counts.entry(key(kind)).or_default();
        *refusals += 1;
        if *refusals < self.patience { Believed::NotYet } else { Believed::Missing { refusals: *refusals } }
    }
}

/// Says whether an answer is the refusal for want of a licence.
fn is_refusal(answer: &Answer) -> bool {
    let status = answer.response.as_ref().map(|response| response.status);
    let has_code = || service_error::read(&answer.body).is_some_and(|error| error.code == NO_LICENCE);
    status == Some(403) && answer.trouble.is_none() && has_code()
}

/// The sign-in logs stand under one licence; what keeps a further log away may be another.
fn key(kind: Kind) -> Option<Kind> {
    (!kind.is_sign_in()).then_some(kind)
}

/// The service's code for a tenant without a premium licence.
pub(super) const NO_LICENCE: &str = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";
/// Between a refusal and the next request; the pace of the service applies besides.
pub(super) const WAIT: Duration = Duration::from_secs(1);
/// 40: where nine requests in ten are refused, one of 68 such rows is that long; at the service's pace it takes 80 seconds.
const PATIENCE: u64 = 40;
/// With the right that makes the check hold, three are enough, as for other refusals.
const FEW: u64 = 3;
const READ_DIRECTORY: &str = "Directory.Read.All";

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(memory: &LicenceMemory, kind: Kind, times: u64) -> Believed {
        (1..times).for_each(|_| assert_eq!(memory.refuse(kind), Believed::NotYet));
        memory.refuse(kind)
    }

    #[test]
    fn a_page_of_any_sign_in_log_begins_the_count_anew() {
        let memory = LicenceMemory::new(&[]);
        assert_eq!(refuse(&memory, Kind::InteractiveUser, 39), Believed::NotYet);
        memory.grant(Kind::ServicePrincipal);
        assert_eq!(refuse(&memory, Kind::ServicePrincipal, 40), Believed::Missing { refusals: 40 });
        assert_eq!(memory.refuse(Kind::InteractiveUser), Believed::Missing { refusals: 41 });
        memory.grant(Kind::RiskDetection);
        assert_eq!(memory.refuse(Kind::InteractiveUser), Believed::Missing { refusals: 42 });
        assert_eq!(memory.refuse(Kind::RiskDetection), Believed::NotYet);
    }

    #[test]
    fn with_the_right_that_makes_the_check_hold_three_refusals_are_believed() {
        let claims = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
        let roles = LicenceMemory::new(&claims("roles", "AuditLog.Read.All Directory.Read.All"));
        assert_eq!(refuse(&roles, Kind::InteractiveUser, 3), Believed::Missing { refusals: 3 });
        let other = LicenceMemory::new(&claims("uti", "Directory.Read.All"));
        assert_eq!(refuse(&other, Kind::InteractiveUser, 40), Believed::Missing { refusals: 40 });
    }
}
