//! What the numbers mean with which Microsoft Entra ID says how a sign-in ended: `status.errorCode` of a record, `AADSTS…` in a
//! message.
//!
//! Meanings are in our own words and each names the page of the service's maker that it was taken from. The service says itself
//! that numbers and messages may change; a number that is not here is shown as it is. Read for people only: nothing that verifies
//! asks this table. What to do next about a refused login of our own stands in `cli/aadsts.rs`.

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The number.
    pub code: u32,
    /// The service's own name for it where it has published one, else a few words of ours.
    pub name: &'static str,
    /// What it means, in our words: no capital, no full stop.
    pub words: &'static str,
    /// What the sign-in ended on.
    pub grounds: Grounds,
    /// The title of the page that says so.
    pub source: &'static str,
}

/// What a sign-in ended on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grounds {
    /// The account: unknown, disabled, locked, not assigned.
    Account,
    /// The application, its registration, its secret, the way it asked, or consent to it.
    Application,
    /// A policy of the tenant, or the state of the device that a policy asks for.
    ConditionalAccess,
    /// A step on the way that says nothing about success: the sign-in goes on in another record.
    Interrupt,
    /// A further factor: asked for, not given, refused, not registered.
    MultiFactor,
    /// The password.
    Password,
    /// The service itself, or how often it was asked.
    Service,
    /// Nothing: it succeeded.
    Success,
    /// A token or a session: expired, revoked, not there.
    Token,
}

impl Grounds {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Account,
        Self::Application,
        Self::ConditionalAccess,
        Self::Interrupt,
        Self::MultiFactor,
        Self::Password,
        Self::Service,
        Self::Success,
        Self::Token,
    ];

    /// Returns the name, for tables and for JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Application => "application",
            Self::ConditionalAccess => "conditional-access",
            Self::Interrupt => "interrupt",
            Self::MultiFactor => "multi-factor",
            Self::Password => "password",
            Self::Service => "service",
            Self::Success => "success",
            Self::Token => "token",
        }
    }
}

/// Returns what a number means, if it is in the table.
#[must_use]
pub fn meaning(code: u32) -> Option<&'static Meaning> {
    TABLE.binary_search_by_key(&code, |row| row.code).ok().and_then(|place| TABLE.get(place))
}

/// Returns what a number means, or that it is not in the table.
#[must_use]
pub fn words(code: u32) -> &'static str {
    meaning(code).map_or("not in our table of meanings", |row| row.words)
}

/// Says whether a number stands for a step on the way: the person was asked for something, and the sign-in goes on in another record.
///
/// So are all on the ground of an interruption, and those by which a second factor is asked for: the service shows them as
/// interrupted, and writes another number where the factor was refused or not given (500121).
#[must_use]
pub fn is_interruption(code: u32) -> bool {
    ASKED_FOR_FACTOR.contains(&code) || meaning(code).is_some_and(|meaning| meaning.grounds == Interrupt)
}

/// Returns all rows, by number.
#[must_use]
pub fn table() -> &'static [Meaning] {
    &TABLE
}

const fn row(code: u32, name: &'static str, grounds: Grounds, words: &'static str) -> Meaning {
    Meaning { code, name, words, grounds, source: CODES }
}

const fn elsewhere(source: &'static str, row: Meaning) -> Meaning {
    Meaning { source, ..row }
}

/// The list most rows are from (learn.microsoft.com/entra/identity-platform/reference-error-codes).
const CODES: &str = "Microsoft Entra authentication and authorization error codes";
/// The service's own page on a number (login.microsoftonline.com/error).
const LOOK_UP: &str = "Microsoft Entra error code look-up (login.microsoftonline.com/error)";
const RESOURCE_TYPE: &str = "signInStatus resource type, Microsoft Graph";
const OLD_TLS: &str = "Microsoft Entra applications using TLS 1.0/1.1 fail to authenticate";
const DATAVERSE: &str = "Troubleshooting conditional access in authentication";

use Grounds::{Account, Application, ConditionalAccess, Interrupt, MultiFactor, Password, Service, Success, Token};

/// A second factor is asked for, or has to be registered or given anew.
const ASKED_FOR_FACTOR: [u32; 5] = [50_072, 50_074, 50_076, 50_078, 50_079];

/// By number.
#[rustfmt::skip]
static TABLE: [Meaning; 105] = [
    elsewhere(RESOURCE_TYPE, row(0, "Success", Success, "the sign-in succeeded")),
    row(16_000, "InteractionRequired", Account, "the account does not exist in this tenant; another account has to be chosen"),
    row(16_001, "UserAccountSelectionInvalid", Interrupt, "the account that was chosen on the page could not be used; another was asked for"),
    row(16_003, "SsoUserAccountNotFoundInResourceTenant", Account, "the account was not added to this tenant"),
    row(50_001, "InvalidResource", Application, "the resource is disabled or does not exist"),
    row(50_002, "NotAllowedTenant", ConditionalAccess, "tenant restrictions of a proxy do not allow this tenant"),
    row(50_005, "DevicePolicyError", ConditionalAccess, "the device's platform is not supported by a Conditional Access policy"),
    row(50_011, "InvalidReplyTo", Application, "the reply address is not registered with the application"),
    row(50_012, "AuthenticationFailed", Application, "the certificate or the assertion it signed was not accepted"),
    row(50_013, "InvalidAssertion", Token, "the assertion is invalid, expired or malformed"),
    row(50_014, "GuestUserInPendingState", Account, "the guest has not yet been taken into the directory"),
    row(50_020, "UserUnauthorized", Account, "the account, of another identity provider, does not exist in this tenant"),
    row(50_027, "InvalidJwtToken", Token, "the token is malformed, or not for this use"),
    row(50_033, "RetryableError", Service, "a passing fault of the service"),
    row(50_034, "UserAccountNotFound", Account, "there is no such account in the directory"),
    row(50_053, "IdsLocked", Account, "the account is locked after too many wrong attempts, or the address is one with malicious activity; the failure reason says which"),
    row(50_055, "InvalidPasswordExpiredPassword", Password, "the password has expired"),
    row(50_056, "Invalid or null password", Password, "there is no password in the directory for this account"),
    row(50_057, "UserDisabled", Account, "the account is disabled"),
    row(50_058, "UserInformationNotProvided", Interrupt, "no session was there for a silent sign-in; the person is asked to sign in"),
    row(50_059, "MissingTenantRealmAndNoUserInformationProvided", Application, "the request does not say which tenant it is for"),
    row(50_061, "SignoutInvalidRequest", Application, "the request to sign out was invalid"),
    row(50_064, "CredentialAuthenticationError", Password, "name or password could not be validated"),
    row(50_072, "UserStrongAuthEnrollmentRequiredInterrupt", MultiFactor, "the person has to register a second factor first"),
    row(50_074, "UserStrongAuthClientAuthNRequiredInterrupt", MultiFactor, "a second factor was required and not yet, or not, passed"),
    row(50_076, "UserStrongAuthClientAuthNRequired", MultiFactor, "a second factor is required by policy, by setting, or because of a new location"),
    row(50_078, "UserStrongAuthExpired", MultiFactor, "the second factor given earlier is too old"),
    row(50_079, "UserStrongAuthEnrollmentRequired", MultiFactor, "a second factor is required, and the person has to register one first"),
    row(50_087, "SasRetryableError", Service, "a passing fault while the second factor was asked for"),
    row(50_088, "Limit on telecom MFA calls reached", MultiFactor, "too many calls or messages for a second factor in a short time"),
    row(50_089, "Flow token expired", Token, "the sign-in took too long, and its token expired"),
    row(50_097, "DeviceAuthenticationRequired", Interrupt, "the device has to authenticate itself; the sign-in goes on with that"),
    row(50_105, "EntitlementGrantsNotFound", Account, "the account is not assigned to the application"),
    row(50_125, "PasswordResetRegistrationRequiredInterrupt", Interrupt, "interrupted by a password reset or by registering for one"),
    row(50_126, "InvalidUserNameOrPassword", Password, "the name or the password is wrong"),
    row(50_127, "BrokerAppNotInstalled", ConditionalAccess, "the broker application that gives access has to be installed first"),
    row(50_128, "Invalid domain name", Account, "no tenant belongs to the domain of this name"),
    row(50_129, "DeviceIsNotWorkplaceJoined", ConditionalAccess, "the device has to be registered first"),
    row(50_131, "ConditionalAccessFailed", ConditionalAccess, "refused by a policy decision, such as the state of the device or suspicious activity"),
    row(50_132, "SsoArtifactInvalidOrExpired", Token, "the session ended because the password expired or was changed"),
    row(50_133, "SsoArtifactRevoked", Token, "the session was revoked because the password expired or was changed"),
    row(50_135, "PasswordChangeCompromisedPassword", Password, "the password has to be changed because the account is at risk"),
    row(50_140, "KmsiInterrupt", Interrupt, "the person was asked whether to stay signed in"),
    row(50_143, "Session mismatch", Token, "the session belongs to another tenant than the one asked for"),
    row(50_144, "InvalidPasswordExpiredOnPremPassword", Password, "the password in Active Directory has expired"),
    row(50_155, "DeviceAuthenticationFailed", ConditionalAccess, "the device could not authenticate itself"),
    row(50_158, "ExternalSecurityChallenge", MultiFactor, "a further challenge by an external provider was not passed"),
    row(50_168, "ChromeBrowserSsoInterruptRequired", Interrupt, "the browser was asked for the token that the device keeps"),
    row(50_173, "FreshTokenNeeded", Token, "the token was revoked, by an administrator or the person; a new sign-in is needed"),
    row(50_187, "DeviceInformationNotProvided", ConditionalAccess, "the device could not be authenticated for want of information"),
    row(50_194, "Not a multitenant application", Application, "the application is not for several tenants, and was asked for as if it were"),
    row(50_196, "LoopDetected", Service, "the client repeated the same request too often in a short time"),
    row(50_197, "ConflictingIdentities", Account, "the account could not be found"),
    row(50_199, "CmsiInterrupt", Interrupt, "the person was asked to confirm that this is the application they meant to sign in to"),
    row(51_004, "UserAccountNotInDirectory", Account, "the account does not exist in the directory"),
    row(53_000, "DeviceNotCompliant", ConditionalAccess, "a policy requires a compliant device, and this one is not"),
    row(53_001, "DeviceNotDomainJoined", ConditionalAccess, "a policy requires a domain-joined device, and this one is not"),
    row(53_002, "ApplicationUsedIsNotAnApprovedApp", ConditionalAccess, "a policy requires an approved application, and this one is not"),
    row(53_003, "BlockedByConditionalAccess", ConditionalAccess, "a Conditional Access policy blocks the sign-in"),
    row(53_004, "ProofUpBlockedDueToRisk", MultiFactor, "a second factor has to be registered first, and may not be while the sign-in is risky"),
    row(53_010, "ProofUpBlockedDueToSecurityInfoAcr", MultiFactor, "a second factor can be registered only from certain places or devices"),
    row(53_011, "User blocked due to risk on home tenant", ConditionalAccess, "blocked because the account is at risk in its home tenant"),
    row(54_005, "Code already redeemed", Token, "the authorization code was used before"),
    row(65_001, "DelegationDoesNotExist", Application, "nobody consented yet to what the application asks for"),
    row(65_002, "First party preauthorization missing", Application, "an application of Microsoft's own was used for what it is not authorised for in advance"),
    row(65_004, "UserDeclinedConsent", Application, "the person declined to consent to the application"),
    row(65_005, "MisconfiguredApplication", Application, "the application asks for a resource that it is not set up for"),
    row(70_000, "InvalidGrant", Token, "the refresh token is not valid"),
    row(70_001, "UnauthorizedClient", Application, "the application is disabled"),
    row(70_002, "InvalidClient", Application, "the application's secret is not the one expected"),
    row(70_008, "ExpiredOrRevokedGrant", Token, "the token expired, or was not used for too long"),
    row(70_011, "InvalidScope", Application, "the scope asked for is invalid"),
    row(70_016, "AuthorizationPending", Interrupt, "a device code was issued and nobody has entered it yet"),
    row(70_018, "BadVerificationCode", Interrupt, "a wrong device code was entered"),
    row(70_019, "CodeExpired", Token, "the device code expired before it was entered"),
    row(70_043, "BadTokenDueToSignInFrequency", Token, "the token is older than the sign-in frequency that Conditional Access allows"),
    elsewhere(LOOK_UP, row(70_044, "Session too old for sign-in frequency", Token, "the session is older than the sign-in frequency that Conditional Access allows")),
    row(80_012, "OnPremisePasswordValidationAccountLogonInvalidHours", Account, "the account may not sign in at this hour"),
    row(81_010, "DesktopSsoAuthTokenInvalid", Token, "the Kerberos ticket for seamless sign-in expired or is invalid"),
    row(81_012, "DesktopSsoMismatchBetweenTokenUpnAndChosenUpn", Account, "the account differs from the one that is signed in on the device"),
    row(90_002, "InvalidTenantName", Application, "there is no such tenant"),
    row(90_014, "MissingRequiredField", Application, "the request lacks a field that it needs"),
    row(90_033, "MsodsServiceUnavailable", Service, "the directory was not available"),
    row(90_055, "TenantThrottlingError", Service, "there were too many requests for this tenant"),
    row(90_072, "PassThroughUserMfaError", Account, "the external account does not exist in this tenant and cannot give a second factor here"),
    row(90_094, "AdminConsentRequired", Application, "an administrator has to consent to the application"),
    row(90_095, "AdminConsentRequiredRequestAccess", Application, "an administrator's consent is needed, and the person was told to ask for it"),
    row(130_004, "NgcKeyNotFound", MultiFactor, "no Windows Hello key is registered for the account"),
    row(135_010, "KeyNotFound", Token, "the key the device signs with was not found"),
    row(135_011, "Device disabled", ConditionalAccess, "the device is disabled"),
    row(500_011, "InvalidResourceServicePrincipalNotFound", Application, "the tenant does not know the resource"),
    elsewhere(LOOK_UP, row(500_121, "Strong authentication failed", MultiFactor, "the second factor was asked for, and refused, wrong, or not answered in time")),
    row(500_133, "Assertion outside its time", Token, "the assertion is outside its time"),
    row(500_212, "NotAllowedByOutboundPolicyTenant", ConditionalAccess, "the person's own tenant does not allow access to this tenant"),
    row(500_213, "NotAllowedByInboundPolicyTenant", ConditionalAccess, "this tenant does not let this person in from their own"),
    elsewhere(DATAVERSE, row(530_003, "Device not as the policy requires", ConditionalAccess, "a policy requires a managed device, and this one is not, or is not of the kind it allows")),
    row(530_032, "BlockedByConditionalAccessOnSecurityPolicy", ConditionalAccess, "a security policy of the tenant blocks the request"),
    row(530_034, "DelegatedAdminBlockedDueToSuspiciousActivity", ConditionalAccess, "a delegated administrator is blocked because the account is at risk in its home tenant"),
    row(530_035, "BlockedBySecurityDefaults", ConditionalAccess, "security defaults block the request: legacy authentication, or deemed unsafe"),
    row(700_016, "UnauthorizedClient_DoesNotMatchRequest", Application, "the application is not in this tenant"),
    row(700_082, "ExpiredOrRevokedGrantInactiveToken", Token, "the refresh token was not used for too long"),
    elsewhere(OLD_TLS, row(1_002_016, "Deprecated TLS", Application, "the client used TLS 1.0, TLS 1.1 or 3DES")),
    row(7_000_215, "Invalid client secret", Application, "the application's secret is wrong"),
    row(7_000_218, "Client credential missing", Application, "the request lacks the application's secret or assertion"),
    row(7_000_222, "InvalidClientSecretExpiredKeysProvided", Application, "the application's secret has expired"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_ascend_so_that_each_number_is_found_once() {
        assert!(TABLE.windows(2).all(|pair| pair[0].code < pair[1].code));
        for row in table() {
            assert_eq!(meaning(row.code), Some(row));
        }
        assert_eq!((meaning(1), words(1)), (None, "not in our table of meanings"));
    }

    #[test]
    fn zero_alone_is_a_success() {
        assert!(table().iter().all(|row| (row.grounds == Grounds::Success) == (row.code == 0)));
    }

    #[test]
    fn what_investigators_ask_about_stands_on_the_right_grounds() {
        for (code, grounds) in [
            (50_126, Grounds::Password),
            (50_074, Grounds::MultiFactor),
            (500_121, Grounds::MultiFactor),
            (53_003, Grounds::ConditionalAccess),
            (50_053, Grounds::Account),
            (50_140, Grounds::Interrupt),
            (70_043, Grounds::Token),
            (7_000_222, Grounds::Application),
        ] {
            assert_eq!(meaning(code).unwrap().grounds, grounds, "{code}");
        }
    }

    #[test]
    fn what_was_asked_for_is_not_what_was_refused() {
        for code in [50_072, 50_074, 50_076, 50_079, 50_140, 50_058, 50_097] {
            assert!(is_interruption(code), "{code}");
        }
        for code in [0, 50_126, 500_121, 53_003, 50_158, 1] {
            assert!(!is_interruption(code), "{code}");
        }
    }

    #[test]
    fn words_can_stand_in_the_middle_of_a_sentence() {
        for row in table() {
            let first = row.words.chars().next().unwrap();
            assert!(first.is_lowercase() && !row.words.ends_with('.') && !row.source.is_empty(), "{}", row.code);
        }
    }
}
