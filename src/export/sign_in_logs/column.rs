//! The columns of the tables as data: name, type in each table, and what fills it.
//!
//! Names and types are those that the Azure Monitor reference publishes for the four tables (August 2026). The tables share
//! names, not types: what is `dynamic` in one is `string` with JSON in another. What fills a column is one [`Source`]; no code
//! elsewhere knows a column by its name.

use super::table::Table;

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its types, one letter for each of [`Table::ALL`]; see [`Type::of_letter`].
    types: &'static str,
    /// What fills it.
    pub source: Source,
}

/// The type of a column, by its name in the Kusto query language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `datetime`: UTC.
    DateTime,
    /// `dynamic`: any JSON value.
    Dynamic,
    /// `long`: 64 bits, signed.
    Long,
    /// `real`: binary64.
    Real,
    /// `string`: never null, but empty.
    Text,
}

/// What fills a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The category of the table.
    Category,
    /// The same text in every row, as the service writes it.
    Constant(&'static str),
    /// How the record stands in the package.
    Place(Place),
    /// A list; the empty one where the record has none.
    List(&'static str),
    /// A member of an object.
    Member(&'static str, &'static str),
    /// The name of the table.
    Name,
    /// A number; empty where it is zero.
    NonZero(&'static str),
    /// An object, these keys first, at every level: rules compare its text.
    Object(&'static str, &'static [&'static str]),
    /// Nothing in the record: always empty.
    Nothing,
    /// `status.failureReason`, unless `status.errorCode` is zero.
    Reason,
    /// What the record has that no column of its table took as it stands.
    Remainder,
    /// A property.
    Property(&'static str),
    /// The tenant as a resource: `/tenants/…/providers/Microsoft.aadiam`.
    ResourceId,
    /// The time of the record, for a time that the record does not hold.
    Surrogate,
    /// The tenant whose log was read.
    Tenant,
    /// `userType`, capitalised as the table has it.
    UserType,
    /// The number 0.
    Zero,
}

/// What leads from a row back to the sealed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Whether the seal counts the record.
    Counted,
    /// Its index in the page.
    Element,
    /// Which log was asked.
    Kind,
    /// Its leaf hash.
    Leaf,
    /// The package.
    Package,
    /// The number of its page.
    Page,
    /// Which pass.
    Pass,
    /// What has to be said of everything made of the package.
    Marks,
}

impl Column {
    /// Returns its type in a table; `None` where the table lacks it.
    #[must_use]
    pub fn type_in(&self, table: Table) -> Option<Type> {
        self.types.as_bytes().get(table.slot()).and_then(|letter| Type::of_letter(*letter))
    }
}

impl Source {
    /// Returns the property that it takes as it stands.
    #[must_use]
    pub fn holds(self) -> Option<&'static str> {
        match self {
            Self::List(name) | Self::NonZero(name) | Self::Object(name, _) | Self::Property(name) => Some(name),
            Self::UserType => Some("userType"),
            _ => None,
        }
    }
}

impl Type {
    /// Returns the type of a letter: `b`ool, date`t`ime, `d`ynamic, `l`ong, `r`eal, `s`tring.
    fn of_letter(letter: u8) -> Option<Self> {
        match letter {
            b'b' => Some(Self::Bool),
            b'd' => Some(Self::Dynamic),
            b'l' => Some(Self::Long),
            b'r' => Some(Self::Real),
            b's' => Some(Self::Text),
            b't' => Some(Self::DateTime),
            _ => None,
        }
    }

    /// Returns its name in the Kusto query language.
    #[must_use]
    pub fn kusto(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::DateTime => "datetime",
            Self::Dynamic => "dynamic",
            Self::Long => "long",
            Self::Real => "real",
            Self::Text => "string",
        }
    }
}

/// Returns the columns of a table, each with its type, in order.
pub fn columns_of(table: Table) -> impl Iterator<Item = (&'static Column, Type)> {
    COLUMNS.iter().filter_map(move |column| Some((column, column.type_in(table)?)))
}

const fn column(name: &'static str, types: &'static str, source: Source) -> Column {
    Column { name, types, source }
}

use Source::{
    Category, Constant, List, Member, Name, NonZero, Nothing, Object, Place as In, Property, Reason, Remainder,
    ResourceId, Surrogate, Tenant, UserType, Zero,
};

/// Every column: those of the reference in its order, then those for which a workspace has hidden ones or functions, then ours.
pub const COLUMNS: &[Column] = &[
    column("AADTenantId", "ssss", Tenant),
    column("Agent", "dsss", Property("agent")),
    column("AlternateSignInName", "ss--", Property("alternateSignInName")),
    column("AppDisplayName", "ss--", Property("appDisplayName")),
    column("AppId", "ssss", Property("appId")),
    column("AppliedConditionalAccessPolicies", "s---", Nothing),
    column("AppliedEventListeners", "dd--", Property("appliedEventListeners")),
    column("AppOwnerTenantId", "ssss", Property("appOwnerTenantId")),
    column("AuthenticationAppDeviceDetails", "s---", Property("authenticationAppDeviceDetails")),
    column("AuthenticationAppPolicyEvaluationDetails", "s---", Property("authenticationAppPolicyEvaluationDetails")),
    column("AuthenticationContextClassReferences", "ssss", Property("authenticationContextClassReferences")),
    column("AuthenticationDetails", "ss--", Property("authenticationDetails")),
    column("AuthenticationMethodsUsed", "ss--", Property("authenticationMethodsUsed")),
    column("AuthenticationProcessingDetails", "ssss", Property("authenticationProcessingDetails")),
    column("AuthenticationProtocol", "ss--", Property("authenticationProtocol")),
    column("AuthenticationRequirement", "ss--", Property("authenticationRequirement")),
    column("AuthenticationRequirementPolicies", "ss--", Property("authenticationRequirementPolicies")),
    column("AuthenticatorAppLocation", "ss--", Property("authenticatorAppLocation")),
    column("AutonomousSystemNumber", "sss-", NonZero("autonomousSystemNumber")),
    column("_BilledSize", "rrrr", Nothing),
    column("Category", "ssss", Category),
    column("ClientAppUsed", "ss--", Property("clientAppUsed")),
    column("ClientCredentialType", "ssss", Property("clientCredentialType")),
    column("ClientSessionId", "-s--", Property("clientSessionId")),
    column("ConditionalAccessAudiences", "ssss", Property("conditionalAccessAudiences")),
    column("ConditionalAccessPolicies", "dsss", Property("appliedConditionalAccessPolicies")),
    column("ConditionalAccessStatus", "ssss", Property("conditionalAccessStatus")),
    column("CorrelationId", "ssss", Property("correlationId")),
    column("CreatedDateTime", "tttt", Property("createdDateTime")),
    column("CrossTenantAccessType", "ss--", Property("crossTenantAccessType")),
    column("DeviceDetail", "ds--", Object("deviceDetail", DEVICE)),
    column("DurationMs", "llll", Zero),
    column("FederatedCredentialId", "ssss", Property("federatedCredentialId")),
    column("FlaggedForReview", "b---", Property("flaggedForReview")),
    column("GlobalSecureAccessIpAddress", "ss--", Property("globalSecureAccessIpAddress")),
    column("HomeTenantId", "ss--", Property("homeTenantId")),
    column("HomeTenantName", "ss--", Property("homeTenantName")),
    column("Id", "ssss", Property("id")),
    column("Identity", "ssss", Property("userDisplayName")),
    column("IncomingTokenType", "ss--", Property("incomingTokenType")),
    column("IPAddress", "ssss", Property("ipAddress")),
    column("IPAddressFromResourceProvider", "s---", Property("ipAddressFromResourceProvider")),
    column("_IsBillable", "ssss", Nothing),
    column("IsInteractive", "bb--", Property("isInteractive")),
    column("IsRisky", "bb--", Nothing),
    column("IsTenantRestricted", "bb--", Property("isTenantRestricted")),
    column("IsThroughGlobalSecureAccess", "bb--", Property("isThroughGlobalSecureAccess")),
    column("Level", "ssss", Constant("4")),
    column("Location", "ssss", Member("location", "countryOrRegion")),
    column("LocationDetails", "dsss", Object("location", LOCATION)),
    column("ManagedServiceIdentity", "---s", Property("managedServiceIdentity")),
    column("MfaDetail", "ds--", Property("mfaDetail")),
    column("NetworkLocationDetails", "ssss", Property("networkLocationDetails")),
    column("OperationName", "ssss", Constant("Sign-in activity")),
    column("OperationVersion", "ssss", Constant("1.0")),
    column("OriginalRequestId", "ss--", Property("originalRequestId")),
    column("OriginalTransferMethod", "ss--", Property("originalTransferMethod")),
    column("ProcessingTimeInMilliseconds", "s---", Property("processingTimeInMilliseconds")),
    column("ProcessingTimeInMs", "-s--", Property("processingTimeInMilliseconds")),
    column("Resource", "s---", Constant("Microsoft.aadiam")),
    column("ResourceDisplayName", "ssss", Property("resourceDisplayName")),
    column("ResourceGroup", "ssss", Constant("Microsoft.aadiam")),
    column("ResourceId", "s---", ResourceId),
    column("ResourceIdentity", "ssss", Property("resourceId")),
    column("ResourceOwnerTenantId", "ssss", Property("resourceOwnerTenantId")),
    column("ResourceProvider", "s---", Nothing),
    column("ResourceServicePrincipalId", "ssss", Property("resourceServicePrincipalId")),
    column("ResourceTenantId", "ss--", Property("resourceTenantId")),
    column("ResultDescription", "ssss", Reason),
    column("ResultSignature", "ssss", Constant("None")),
    column("ResultType", "ssss", Member("status", "errorCode")),
    column("RiskDetail", "ss--", Property("riskDetail")),
    column("RiskEventTypes", "ss--", List("riskEventTypes")),
    column("RiskEventTypes_V2", "ss--", List("riskEventTypes_v2")),
    column("RiskLevel", "s---", Nothing),
    column("RiskLevelAggregated", "ss--", Property("riskLevelAggregated")),
    column("RiskLevelDuringSignIn", "ss--", Property("riskLevelDuringSignIn")),
    column("RiskState", "ss--", Property("riskState")),
    column("ServicePrincipalCredentialKeyId", "--ss", Property("servicePrincipalCredentialKeyId")),
    column("ServicePrincipalCredentialThumbprint", "--ss", Property("servicePrincipalCredentialThumbprint")),
    column("ServicePrincipalId", "ssss", Property("servicePrincipalId")),
    column("ServicePrincipalName", "s-ss", Property("servicePrincipalName")),
    column("SessionId", "ssss", Property("sessionId")),
    column("SessionLifetimePolicies", "ss--", Property("sessionLifetimePolicies")),
    column("SignInEventTypes", "-s--", Property("signInEventTypes")),
    column("SignInIdentifier", "s---", Property("signInIdentifier")),
    column("SignInIdentifierType", "ss--", Property("signInIdentifierType")),
    column("SourceAppClientId", "s--s", Property("sourceAppClientId")),
    column("SourceSystem", "ssss", Constant("Azure AD")),
    column("Status", "ds--", Object("status", STATUS)),
    // The published list of SigninLogs lacks it; workspaces have it.
    column("TenantId", "ssss", Nothing),
    column("TimeGenerated", "tttt", Surrogate),
    column("TokenIssuerName", "ss--", Property("tokenIssuerName")),
    column("TokenIssuerType", "ss--", Property("tokenIssuerType")),
    column("TokenProtectionStatusDetails", "ds--", Property("tokenProtectionStatusDetails")),
    column("Type", "ssss", Name),
    column("UniqueTokenIdentifier", "ssss", Property("uniqueTokenIdentifier")),
    column("UserAgent", "ssss", Property("userAgent")),
    column("UserDisplayName", "ss--", Property("userDisplayName")),
    column("UserId", "ss--", Property("userId")),
    column("UserPrincipalName", "ss--", Property("userPrincipalName")),
    column("UserType", "ss--", UserType),
    // What a workspace has without listing it.
    column("_ItemId", "ssss", Nothing),
    column("IngestionTime", "tttt", Surrogate),
    // Ours.
    column("SignholdPackage", "ssss", In(Place::Package)),
    column("SignholdPage", "llll", In(Place::Page)),
    column("SignholdElement", "llll", In(Place::Element)),
    column("SignholdLeaf", "ssss", In(Place::Leaf)),
    column("SignholdKind", "ssss", In(Place::Kind)),
    column("SignholdPass", "llll", In(Place::Pass)),
    column("SignholdCounted", "bbbb", In(Place::Counted)),
    column("SignholdMarks", "ssss", In(Place::Marks)),
    column("SignholdRaw", "dddd", Remainder),
];

const DEVICE: &[&str] =
    &["deviceId", "displayName", "operatingSystem", "browser", "isCompliant", "isManaged", "trustType"];
const LOCATION: &[&str] = &["city", "state", "countryOrRegion", "geoCoordinates", "latitude", "longitude"];
const STATUS: &[&str] = &["errorCode", "failureReason", "additionalDetails"];
