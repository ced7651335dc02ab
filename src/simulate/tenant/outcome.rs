//! How a sign-in ended: the service's error codes with its own sentences, and what it says about risk.

/// The `status` of a sign-in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Zero for success, else the number of an AADSTS code.
    pub(crate) code: u32,
    /// `failureReason`.
    pub(crate) reason: Option<&'static str>,
    /// `additionalDetails`.
    pub(crate) details: Option<&'static str>,
}

impl Outcome {
    const fn failed(code: u32, reason: &'static str) -> Self {
        Self { code, reason: Some(reason), details: None }
    }
}

/// What the service thinks of a sign-in; without a P2 licence it says `hidden` (graph-api §1.5).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Risk {
    /// `riskLevelDuringSignIn` and `riskLevelAggregated`.
    pub(crate) level: &'static str,
    /// `riskState`.
    pub(crate) state: &'static str,
    /// `riskDetail`.
    pub(crate) detail: &'static str,
    /// `riskEventTypes_v2`.
    pub(crate) events: &'static [&'static str],
}

/// The sign-in went through, with a second factor.
pub(crate) const DONE_WITH_MFA: Outcome =
    Outcome { code: 0, reason: Some("Other."), details: Some("MFA completed in Azure AD") };
/// The sign-in went through on a claim the token already carried.
pub(crate) const DONE_BY_CLAIM: Outcome =
    Outcome { code: 0, reason: Some("Other."), details: Some("MFA requirement satisfied by claim in the token") };
/// The sign-in went through on one factor.
pub(crate) const DONE: Outcome = Outcome { code: 0, reason: Some("Other."), details: None };
/// An application signed in.
pub(crate) const DONE_BY_APPLICATION: Outcome = Outcome { code: 0, reason: None, details: None };
/// The password was wrong.
pub(crate) const WRONG_PASSWORD: Outcome =
    Outcome::failed(50_126, "Error validating credentials due to invalid username or password.");
/// A second factor is needed and was not given yet.
pub(crate) const NEEDS_MFA: Outcome = Outcome {
    code: 50_074,
    reason: Some("Strong Authentication is required."),
    details: Some("MFA required in Azure AD"),
};
/// The person refused the second factor, or let it run out.
pub(crate) const MFA_DENIED: Outcome = Outcome {
    code: 500_121,
    reason: Some("Authentication failed during strong authentication request."),
    details: Some("MFA denied; user declined the authentication"),
};
/// Conditional Access said no.
pub(crate) const BLOCKED: Outcome = Outcome::failed(
    53_003,
    "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
);
/// The refresh token is too old for the sign-in frequency.
pub(crate) const TOKEN_TOO_OLD: Outcome = Outcome::failed(
    70_043,
    "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.",
);
/// The secret of an application has expired.
pub(crate) const SECRET_EXPIRED: Outcome = Outcome::failed(
    7_000_222,
    "The provided client secret keys for app '{identifier}' are expired. Visit the Azure portal to create new keys for \
     your app, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
);

/// Interruptions and failures that happen to people on ordinary days.
pub(crate) const EVERYDAY_TROUBLE: [Outcome; 6] = [
    WRONG_PASSWORD,
    NEEDS_MFA,
    BLOCKED,
    Outcome::failed(50_140, "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in."),
    Outcome::failed(50_055, "The password is expired."),
    Outcome::failed(
        50_076,
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must use \
         multi-factor authentication to access.",
    ),
];

/// Nothing to see.
pub(crate) const NO_RISK: Risk = Risk { level: "none", state: "none", detail: "none", events: &[] };
/// A low risk that somebody looked at; its detail is one of the members that newer schemas added.
pub(crate) const RISK_DISMISSED: Risk =
    Risk { level: "low", state: "dismissed", detail: "adminDismissedRiskForSignIn", events: &["unfamiliarFeatures"] };
/// What remains after the person did what was asked.
pub(crate) const RISK_REMEDIATED: Risk = Risk {
    level: "low",
    state: "remediated",
    detail: "userPerformedSecuredPasswordReset",
    events: &["unfamiliarFeatures"],
};
/// What a password spray leaves on the accounts it tried.
pub(crate) const RISK_SPRAY: Risk =
    Risk { level: "medium", state: "atRisk", detail: "none", events: &["passwordSpray", "maliciousIPAddress"] };
/// What a stolen token leaves.
pub(crate) const RISK_TOKEN: Risk =
    Risk { level: "high", state: "atRisk", detail: "none", events: &["anomalousToken", "unfamiliarFeatures"] };
/// What an impossible journey leaves.
pub(crate) const RISK_TRAVEL: Risk =
    Risk { level: "medium", state: "atRisk", detail: "none", events: &["unlikelyTravel"] };
