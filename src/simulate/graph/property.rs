//! The properties a filter may name, per version, with the operators each allows (graph-api §1.4).

use std::borrow::Cow;

use super::super::tenant::{Kind, Log, Version, sign_in::SignIn};

/// A property with text values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Property {
    AppDisplayName,
    AppId,
    AuthenticationRequirement,
    Browser,
    City,
    ClientAppUsed,
    ConditionalAccessStatus,
    CorrelationId,
    Country,
    Id,
    IpAddress,
    OperatingSystem,
    OriginalRequestId,
    ResourceDisplayName,
    ResourceId,
    RiskDetail,
    RiskLevel,
    RiskState,
    ServicePrincipalId,
    ServicePrincipalName,
    State,
    TokenIssuerName,
    UserAgent,
    UserDisplayName,
    UserId,
    UserPrincipalName,
}

/// What a name in a filter turned out to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Named {
    /// The time that windows are cut by.
    Created,
    /// `status/errorCode`.
    ErrorCode,
    /// A collection, to be asked with `any()`.
    Collection(Collection),
    /// In the schema, but not filterable.
    Opaque,
    /// Text; `true` when `startsWith` is allowed too.
    Text(Property, bool),
    /// Not in the schema of this version.
    Unknown,
}

/// A property with several values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Collection {
    /// Empty in every record of ours.
    Audiences,
    Kinds,
    RiskEvents,
}

/// Finds what a name means in a version. Names are matched in any case, as the service does.
pub(crate) fn find(name: &str, log: Log, version: Version) -> Named {
    let beta = version == Version::Beta;
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    if is(log.time_property()) {
        return Named::Created;
    }
    let known: &[&str] = match log {
        Log::DirectoryAudits => &AUDIT,
        Log::RiskDetections => &DETECTION,
        Log::SignIns => &[],
    };
    if log != Log::SignIns {
        // The service filters by more of them than by time; this one does not.
        return if known.iter().any(|other| is(other)) { Named::Opaque } else { Named::Unknown };
    }
    if is("status/errorCode") {
        return Named::ErrorCode;
    }
    if is("signInEventTypes") && beta {
        return Named::Collection(Collection::Kinds);
    }
    if is("conditionalAccessAudiences") && beta {
        return Named::Collection(Collection::Audiences);
    }
    if is("riskEventTypes_v2") {
        return Named::Collection(Collection::RiskEvents);
    }
    if let Some((_, property, starts, _)) = TEXTS.iter().find(|row| is(row.0) && (beta || row.3)) {
        return Named::Text(*property, *starts);
    }
    let opaque = OPAQUE_IN_BOTH.iter().any(|other| is(other))
        || (beta && OPAQUE_IN_BETA.iter().any(|other| is(other)))
        || (!beta && is("riskEventTypes"));
    if opaque { Named::Opaque } else { Named::Unknown }
}

impl Property {
    /// Returns the value of this property in a record.
    pub(crate) fn of<'s>(self, sign_in: &'s SignIn<'_>) -> Cow<'s, str> {
        let workload = sign_in.workload();
        match self {
            Self::AppDisplayName => sign_in.client_name.meaning.into(),
            Self::AppId => sign_in.client_id.into(),
            Self::AuthenticationRequirement if sign_in.multi_factor => "multiFactorAuthentication".into(),
            Self::AuthenticationRequirement => "singleFactorAuthentication".into(),
            Self::Browser if sign_in.client_app == Some("Browser") => {
                sign_in.device.map_or("", |device| device.browser).into()
            }
            Self::OriginalRequestId if sign_in.kind == Kind::InteractiveUser => sign_in.id.to_string().into(),
            Self::Browser | Self::OriginalRequestId | Self::TokenIssuerName => "".into(),
            Self::City => sign_in.place.city.into(),
            Self::ClientAppUsed => sign_in.client_app.unwrap_or_default().into(),
            Self::ConditionalAccessStatus => sign_in.policy.name().into(),
            Self::CorrelationId => sign_in.correlation.to_string().into(),
            Self::Country => sign_in.place.country.into(),
            Self::Id => sign_in.id.to_string().into(),
            Self::IpAddress => sign_in.address_text(),
            Self::OperatingSystem => sign_in.device.map_or("", |device| device.operating_system).into(),
            Self::ResourceDisplayName => sign_in.resource.name.into(),
            Self::ResourceId => sign_in.resource.id.into(),
            Self::RiskDetail => sign_in.risk.detail.into(),
            Self::RiskLevel => sign_in.risk.level.into(),
            Self::RiskState => sign_in.risk.state.into(),
            Self::ServicePrincipalId => {
                workload.map(|workload| workload.service_principal.to_string()).unwrap_or_default().into()
            }
            Self::ServicePrincipalName => workload.map_or("", |workload| workload.name.meaning()).into(),
            Self::State => sign_in.place.state.into(),
            Self::UserAgent => sign_in.agent.meaning.into(),
            Self::UserDisplayName => sign_in.person().map_or("", |person| person.display_name.meaning()).into(),
            Self::UserId => sign_in.person().map(|person| person.id.to_string()).unwrap_or_default().into(),
            Self::UserPrincipalName => sign_in.person().map_or("", |person| person.principal_name.as_str()).into(),
        }
    }
}

/// Name, property, whether `startsWith` is allowed, whether v1.0 has it.
const TEXTS: [(&str, Property, bool, bool); 27] = [
    ("appDisplayName", Property::AppDisplayName, true, true),
    ("appId", Property::AppId, false, true),
    ("authenticationRequirement", Property::AuthenticationRequirement, true, false),
    ("clientAppUsed", Property::ClientAppUsed, false, true),
    ("conditionalAccessStatus", Property::ConditionalAccessStatus, false, true),
    ("correlationId", Property::CorrelationId, false, true),
    ("deviceDetail/browser", Property::Browser, true, true),
    ("deviceDetail/operatingSystem", Property::OperatingSystem, true, true),
    ("id", Property::Id, false, false),
    ("ipAddress", Property::IpAddress, true, true),
    ("location/city", Property::City, true, true),
    ("location/countryOrRegion", Property::Country, true, true),
    ("location/state", Property::State, true, true),
    ("originalRequestId", Property::OriginalRequestId, false, false),
    ("resourceDisplayName", Property::ResourceDisplayName, false, true),
    ("resourceId", Property::ResourceId, false, true),
    ("riskDetail", Property::RiskDetail, false, true),
    ("riskLevelAggregated", Property::RiskLevel, false, true),
    ("riskLevelDuringSignIn", Property::RiskLevel, false, true),
    ("riskState", Property::RiskState, false, true),
    ("servicePrincipalId", Property::ServicePrincipalId, true, false),
    ("servicePrincipalName", Property::ServicePrincipalName, true, false),
    ("tokenIssuerName", Property::TokenIssuerName, false, false),
    ("userAgent", Property::UserAgent, true, false),
    ("userDisplayName", Property::UserDisplayName, true, true),
    ("userId", Property::UserId, false, true),
    ("userPrincipalName", Property::UserPrincipalName, true, true),
];

/// The properties of a directory audit, besides its time.
const AUDIT: [&str; 12] = [
    "activityDisplayName",
    "additionalDetails",
    "category",
    "correlationId",
    "id",
    "initiatedBy",
    "initiatedBy/user/userPrincipalName",
    "loggedByService",
    "operationType",
    "result",
    "resultReason",
    "targetResources",
];
/// The properties of a risk detection, besides its time.
const DETECTION: [&str; 19] = [
    "activity",
    "additionalInfo",
    "correlationId",
    "detectedDateTime",
    "detectionTimingType",
    "id",
    "ipAddress",
    "lastUpdatedDateTime",
    "location",
    "requestId",
    "riskDetail",
    "riskEventType",
    "riskLevel",
    "riskState",
    "source",
    "tokenIssuerType",
    "userDisplayName",
    "userId",
    "userPrincipalName",
];
/// In the schema of both versions and filterable in neither, or in beta alone.
const OPAQUE_IN_BOTH: [&str; 12] = [
    "appliedConditionalAccessPolicies",
    "authenticationAppDeviceDetails",
    "deviceDetail",
    "homeTenantId",
    "id",
    "isInteractive",
    "location",
    "resourceTenantId",
    "servicePrincipalId",
    "servicePrincipalName",
    "status",
    "userAgent",
];
/// In the schema of beta, and not filterable (graph-api §2.2).
const OPAQUE_IN_BETA: [&str; 43] = [
    "agent",
    "appOwnerTenantId",
    "appTokenProtectionStatus",
    "appliedEventListeners",
    "authenticationAppPolicyEvaluationDetails",
    "authenticationContextClassReferences",
    "authenticationDetails",
    "authenticationMethodsUsed",
    "authenticationProcessingDetails",
    "authenticationProtocol",
    "authenticationRequirementPolicies",
    "autonomousSystemNumber",
    "azureResourceId",
    "clientCredentialType",
    "clientSessionId",
    "crossTenantAccessType",
    "federatedCredentialId",
    "flaggedForReview",
    "globalSecureAccessIpAddress",
    "homeTenantName",
    "incomingTokenType",
    "ipAddressFromResourceProvider",
    "isTenantRestricted",
    "isThroughGlobalSecureAccess",
    "managedServiceIdentity",
    "mfaDetail",
    "networkLocationDetails",
    "originalTransferMethod",
    "privateLinkDetails",
    "processingTimeInMilliseconds",
    "resourceOwnerTenantId",
    "resourceServicePrincipalId",
    "servicePrincipalCredentialKeyId",
    "servicePrincipalCredentialThumbprint",
    "sessionId",
    "sessionLifetimePolicies",
    "signInIdentifier",
    "signInIdentifierType",
    "signInTokenProtectionStatus",
    "tokenIssuerType",
    "tokenProtectionStatusDetails",
    "uniqueTokenIdentifier",
    "userType",
];
