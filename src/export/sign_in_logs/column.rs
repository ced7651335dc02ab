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
    types: &'static [u8; 4],
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
        self.types.get(table.slot()).and_then(|letter| Type::of_letter(*letter))
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

const fn column(name: &'static str, types: &'static [u8; 4], source: Source) -> Column {
    Column { name, types, source }
}

use Source::{
    Category, Constant, List, Member, Name, NonZero, Nothing, Object, Place as In, Property, Reason, Remainder,
    ResourceId, Surrogate, Tenant, UserType, Zero,
};

/// Every column: those of the reference in its order, then those for which a workspace has hidden ones or functions, then ours.
pub const COLUMNS: &[Column] = &[
    column("AADTenantId", b"ssss", Tenant),
    column("Agent", b"dsss", Property("agent")),
    column("AlternateSignInName", b"ss--", Property("alternateSignInName")),
    column("AppDisplayName", b"ss--", Property("appDisplayName")),
    column("AppId", b"ssss", Property("appId")),
    column("AppliedConditionalAccessPolicies", b"s---", Nothing),
    column("AppliedEventListeners", b"dd--", Property("appliedEventListeners")),
    column("AppOwnerTenantId", b"ssss", Property("appOwnerTenantId")),
    column("AuthenticationAppDeviceDetails", b"s---", Property("authenticationAppDeviceDetails")),
    column("AuthenticationAppPolicyEvaluationDetails", b"s---", Property("authenticationAppPolicyEvaluationDetails")),
    column("AuthenticationContextClassReferences", b"ssss", Property("authenticationContextClassReferences")),
    column("AuthenticationDetails", b"ss--", Property("authenticationDetails")),
    column("AuthenticationMethodsUsed", b"ss--", Property("authenticationMethodsUsed")),
    column("AuthenticationProcessingDetails", b"ssss", Property("authenticationProcessingDetails")),
    column("AuthenticationProtocol", b"ss--", Property("authenticationProtocol")),
    column("AuthenticationRequirement", b"ss--", Property("authenticationRequirement")),
    column("AuthenticationRequirementPolicies", b"ss--", Property("authenticationRequirementPolicies")),
    column("AuthenticatorAppLocation", b"ss--", Property("authenticatorAppLocation")),
    column("AutonomousSystemNumber", b"sss-", NonZero("autonomousSystemNumber")),
    column("_BilledSize", b"rrrr", Nothing),
    column("Category", b"ssss", Category),
    column("ClientAppUsed", b"ss--", Property("clientAppUsed")),
    column("ClientCredentialType", b"ssss", Property("clientCredentialType")),
    column("ClientSessionId", b"-s--", Property("clientSessionId")),
    column("ConditionalAccessAudiences", b"ssss", Property("conditionalAccessAudiences")),
    column("ConditionalAccessPolicies", b"dsss", Property("appliedConditionalAccessPolicies")),
    column("ConditionalAccessStatus", b"ssss", Property("conditionalAccessStatus")),
    column("CorrelationId", b"ssss", Property("correlationId")),
    column("CreatedDateTime", b"tttt", Property("createdDateTime")),
    column("CrossTenantAccessType", b"ss--", Property("crossTenantAccessType")),
    column("DeviceDetail", b"ds--", Object("deviceDetail", DEVICE)),
    column("DurationMs", b"llll", Zero),
    column("FederatedCredentialId", b"ssss", Property("federatedCredentialId")),
    column("FlaggedForReview", b"b---", Property("flaggedForReview")),
    column("GlobalSecureAccessIpAddress", b"ss--", Property("globalSecureAccessIpAddress")),
    column("HomeTenantId", b"ss--", Property("homeTenantId")),
    column("HomeTenantName", b"ss--", Property("homeTenantName")),
    column("Id", b"ssss", Property("id")),
    column("Identity", b"ssss", Property("userDisplayName")),
    column("IncomingTokenType", b"ss--", Property("incomingTokenType")),
    column("IPAddress", b"ssss", Property("ipAddress")),
    column("IPAddressFromResourceProvider", b"s---", Property("ipAddressFromResourceProvider")),
    column("_IsBillable", b"ssss", Nothing),
    column("IsInteractive", b"bb--", Property("isInteractive")),
    column("IsRisky", b"bb--", Nothing),
    column("IsTenantRestricted", b"bb--", Property("isTenantRestricted")),
    column("IsThroughGlobalSecureAccess", b"bb--", Property("isThroughGlobalSecureAccess")),
    column("Level", b"ssss", Constant("4")),
    column("Location", b"ssss", Member("location", "countryOrRegion")),
    column("LocationDetails", b"dsss", Object("location", LOCATION)),
    column("ManagedServiceIdentity", b"---s", Property("managedServiceIdentity")),
    column("MfaDetail", b"ds--", Property("mfaDetail")),
    column("NetworkLocationDetails", b"ssss", Property("networkLocationDetails")),
    column("OperationName", b"ssss", Constant("Sign-in activity")),
    column("OperationVersion", b"ssss", Constant("1.0")),
    column("OriginalRequestId", b"ss--", Property("originalRequestId")),
    column("OriginalTransferMethod", b"ss--", Property("originalTransferMethod")),
    column("ProcessingTimeInMilliseconds", b"s---", Property("processingTimeInMilliseconds")),
    column("ProcessingTimeInMs", b"-s--", Property("processingTimeInMilliseconds")),
    column("Resource", b"s---", Constant("Microsoft.aadiam")),
    column("ResourceDisplayName", b"ssss", Property("resourceDisplayName")),
    column("ResourceGroup", b"ssss", Constant("Microsoft.aadiam")),
    column("ResourceId", b"s---", ResourceId),
    column("ResourceIdentity", b"ssss", Property("resourceId")),
    column("ResourceOwnerTenantId", b"ssss", Property("resourceOwnerTenantId")),
    column("ResourceProvider", b"s---", Nothing),
    column("ResourceServicePrincipalId", b"ssss", Property("resourceServicePrincipalId")),
    column("ResourceTenantId", b"ss--", Property("resourceTenantId")),
    column("ResultDescription", b"ssss", Reason),
    column("ResultSignature", b"ssss", Constant("None")),
    column("ResultType", b"ssss", Member("status", "errorCode")),
    column("RiskDetail", b"ss--", Property("riskDetail")),
    column("RiskEventTypes", b"ss--", List("riskEventTypes")),
    column("RiskEventTypes_V2", b"ss--", List("riskEventTypes_v2")),
    column("RiskLevel", b"s---", Nothing),
    column("RiskLevelAggregated", b"ss--", Property("riskLevelAggregated")),
    column("RiskLevelDuringSignIn", b"ss--", Property("riskLevelDuringSignIn")),
    column("RiskState", b"ss--", Property("riskState")),
    column("ServicePrincipalCredentialKeyId", b"--ss", Property("servicePrincipalCredentialKeyId")),
    column("ServicePrincipalCredentialThumbprint", b"--ss", Property("servicePrincipalCredentialThumbprint")),
    column("ServicePrincipalId", b"ssss", Property("servicePrincipalId")),
    column("ServicePrincipalName", b"s-ss", Property("servicePrincipalName")),
    column("SessionId", b"ssss", Property("sessionId")),
    column("SessionLifetimePolicies", b"ss--", Property("sessionLifetimePolicies")),
    column("SignInEventTypes", b"-s--", Property("signInEventTypes")),
    column("SignInIdentifier", b"s---", Property("signInIdentifier")),
    column("SignInIdentifierType", b"ss--", Property("signInIdentifierType")),
    column("SourceAppClientId", b"s--s", Property("sourceAppClientId")),
    column("SourceSystem", b"ssss", Constant("Azure AD")),
    column("Status", b"ds--", Object("status", STATUS)),
    // The published list of SigninLogs lacks it; workspaces have it.
    column("TenantId", b"ssss", Nothing),
    column("TimeGenerated", b"tttt", Surrogate),
    column("TokenIssuerName", b"ss--", Property("tokenIssuerName")),
    column("TokenIssuerType", b"ss--", Property("tokenIssuerType")),
    column("TokenProtectionStatusDetails", b"ds--", Property("tokenProtectionStatusDetails")),
    column("Type", b"ssss", Name),
    column("UniqueTokenIdentifier", b"ssss", Property("uniqueTokenIdentifier")),
    column("UserAgent", b"ssss", Property("userAgent")),
    column("UserDisplayName", b"ss--", Property("userDisplayName")),
    column("UserId", b"ss--", Property("userId")),
    column("UserPrincipalName", b"ss--", Property("userPrincipalName")),
    column("UserType", b"ss--", UserType),
    // What a workspace has without listing it.
    column("_ItemId", b"ssss", Nothing),
    column("IngestionTime", b"tttt", Surrogate),
    // Ours.
    column("SignholdPackage", b"ssss", In(Place::Package)),
    column("SignholdPage", b"llll", In(Place::Page)),
    column("SignholdElement", b"llll", In(Place::Element)),
    column("SignholdLeaf", b"ssss", In(Place::Leaf)),
    column("SignholdKind", b"ssss", In(Place::Kind)),
    column("SignholdPass", b"llll", In(Place::Pass)),
    column("SignholdCounted", b"bbbb", In(Place::Counted)),
    column("SignholdMarks", b"ssss", In(Place::Marks)),
    column("SignholdRaw", b"dddd", Remainder),
];

const DEVICE: &[&str] =
    &["deviceId", "displayName", "operatingSystem", "browser", "isCompliant", "isManaged", "trustType"];
const LOCATION: &[&str] = &["city", "state", "countryOrRegion", "geoCoordinates", "latitude", "longitude"];
const STATUS: &[&str] = &["errorCode", "failureReason", "additionalDetails"];
