//! What the members of the enumerations in a sign-in record say, in words for people.
//!
//! Microsoft Graph's resource types `signIn`, `appliedConditionalAccessPolicy` and `riskDetail` name the members; a member that
//! was added since has no words here and is shown as it is.

/// Says what `conditionalAccessStatus` means: what all policies came to.
#[must_use]
pub fn conditional_access_status(member: &str) -> Option<&'static str> {
    Some(match member {
        "success" => "the policies that applied were met",
        "failure" => "a policy that applied was not met, or blocks",
        "notApplied" => "no policy in force applied",
        _ => return conditional_access_result(member),
    })
}

/// Says what the `result` of one policy means.
#[must_use]
pub fn conditional_access_result(member: &str) -> Option<&'static str> {
    Some(match member {
        "success" => "the policy applied, and what it asks for was given",
        "failure" => "the policy applied, and what it asks for was not given, or it blocks",
        "notApplied" => "the policy's conditions were not met: it did not apply",
        "notEnabled" => "the policy was switched off",
        "reportOnlySuccess" => "only reported: had the policy been in force, what it asks for was given",
        "reportOnlyFailure" => "only reported: had the policy been in force, it would have refused or blocked",
        "reportOnlyNotApplied" => "only reported: had the policy been in force, it would not have applied",
        "reportOnlyInterrupted" => {
            "only reported: had the policy been in force, the person would have been asked for more"
        }
        "unknown" => "the service does not say",
        "unknownFutureValue" => "a value that the service kept back because the client did not know it",
        _ => return None,
    })
}

/// Says what `authenticationRequirement` means.
#[must_use]
pub fn authentication_requirement(member: &str) -> Option<&'static str> {
    Some(match member {
        "singleFactorAuthentication" => "one factor was required",
        "multiFactorAuthentication" => "more than one factor was required; earlier ones may have counted",
        _ => return None,
    })
}

/// Says what a risk level means.
#[must_use]
pub fn risk_level(member: &str) -> Option<&'static str> {
    Some(match member {
        "none" => "no risk was seen",
        "low" => "low",
        "medium" => "medium",
        "high" => "high",
        "hidden" => "hidden: the service does not show it for this person or under this licence",
        "unknownFutureValue" => "a value that the service kept back because the client did not know it",
        _ => return None,
    })
}

/// Says what `riskState` means.
#[must_use]
pub fn risk_state(member: &str) -> Option<&'static str> {
    Some(match member {
        "none" => "no risk was seen",
        "confirmedSafe" => "an administrator confirmed it as safe",
        "remediated" => "the risk was met, for instance by a new password",
        "dismissed" => "somebody dismissed the risk",
        "atRisk" => "at risk, and not dealt with when the record was fetched",
        "confirmedCompromised" => "an administrator confirmed it as compromised",
        "unknownFutureValue" => "a value that the service kept back because the client did not know it",
        _ => return None,
    })
}

/// Says what a member of `riskEventTypes_v2` means, after Microsoft Graph's `riskDetection` and the descriptions of risk detections
/// in the documentation of Microsoft Entra ID Protection.
#[must_use]
pub fn risk_event_type(member: &str) -> Option<&'static str> {
    Some(match member {
        "adminConfirmedUserCompromised" => "an administrator marked the account as compromised",
        "anomalousToken" => "the token was unusual, such as in its lifetime or the place it was used from",
        "anomalousUserActivity" => "behaviour in the directory that is unusual for the account",
        "anonymizedIPAddress" => "the address is one of an anonymising service, such as Tor",
        "attackerinTheMiddle" => "the session ran through a proxy that is linked to attacks",
        "generic" => "a detection that the service does not name under this licence",
        "investigationsThreatIntelligence" => "a pattern that the service knows from attacks",
        "leakedCredentials" => "the account's password was found among leaked ones",
        "maliciousIPAddress" => "the address is one that the service takes to be malicious",
        "malwareInfectedIPAddress" => "the address is one of devices that the service takes to be infected",
        "mcasImpossibleTravel" => "places too far apart for the time between them, by Defender for Cloud Apps",
        "mcasSuspiciousInboxManipulationRules" => "suspicious rules in the mailbox, by Defender for Cloud Apps",
        "newCountry" => "a country that was not seen for the account before, by Defender for Cloud Apps",
        "passwordSpray" => "common passwords were tried on many accounts",
        "riskyIPAddress" => "an anonymising address, by Defender for Cloud Apps",
        "suspiciousBrowser" => "one browser signed in to accounts of several tenants in several countries",
        "tokenIssuerAnomaly" => "the issuer of the SAML token may be compromised",
        "unfamiliarFeatures" => "properties of the sign-in that were not seen for the account before",
        "unlikelyTravel" => "places too far apart for the time between them, one of them unusual for the account",
        "unknownFutureValue" => "a value that the service kept back because the client did not know it",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_member_has_words_and_others_have_none() {
        for member in [
            "success",
            "failure",
            "notApplied",
            "notEnabled",
            "unknown",
            "unknownFutureValue",
            "reportOnlySuccess",
            "reportOnlyFailure",
            "reportOnlyNotApplied",
            "reportOnlyInterrupted",
        ] {
            assert!(
                conditional_access_status(member).is_some() && conditional_access_result(member).is_some(),
                "{member}"
            );
        }
        for member in ["none", "confirmedSafe", "remediated", "dismissed", "atRisk", "confirmedCompromised"] {
            assert!(risk_state(member).is_some(), "{member}");
        }
        for member in ["none", "low", "medium", "high", "hidden"] {
            assert!(risk_level(member).is_some(), "{member}");
        }
        for member in ["singleFactorAuthentication", "multiFactorAuthentication"] {
            assert!(authentication_requirement(member).is_some(), "{member}");
        }
        for member in ["anomalousToken", "unlikelyTravel", "unfamiliarFeatures", "leakedCredentials", "passwordSpray"] {
            assert!(risk_event_type(member).is_some(), "{member}");
        }
        assert_eq!(risk_event_type("AnomalousToken"), None);
        assert_eq!((conditional_access_status("Success"), risk_state(""), risk_level("x")), (None, None, None));
    }
}
