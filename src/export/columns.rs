//! The columns that a sign-in is laid out in: its documented properties, by name and by type.
//!
//! The table is fixed, so that two copies have the same columns whatever the records hold. It is the resource type `signIn` of
//! Microsoft Graph, beta, with what only v1.0 has; objects are taken apart down to their values, with a dot between names, and
//! lists stay whole, as JSON. Properties that are not in the table, and records of other logs, lose nothing: every copy has the
//! record's exact bytes as well.
//!
//! [`flatten`] finds the values. What a column cannot say truly is not said: a property that stands twice, or is of another type
//! than documented, leaves its column empty, and is named.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::codec::json::{Json, Shape};

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Names of members from the outermost in, with dots between.
    pub path: &'static str,
    /// What is documented to stand there.
    pub sort: Sort,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// `true` or `false`.
    Bool,
    /// A number with a fraction.
    Double,
    /// A whole number.
    Integer,
    /// A list, as JSON.
    List,
    /// A string.
    Text,
    /// A string that is a time, as RFC 3339 in UTC.
    Time,
}

/// What stands in a column for one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cell<'a> {
    /// The property is not there, or is null.
    #[default]
    Empty,
    /// The property cannot be said; why, in a word.
    Unsaid(&'static str),
    /// Its value, of whatever type but null.
    Value(Json<'a>),
}

/// Lays a record out: one cell for each of [`COLUMNS`], in order. A record that is no object gives none but empty ones; a name that
/// spells no text is none of the documented ones.
#[must_use]
pub fn flatten(element: &[u8]) -> Vec<Cell<'_>> {
    let mut cells = vec![Cell::Empty; COLUMNS.len()];
    if let Some(record) = Json::read(element) {
        fill(&mut cells, tree(), record);
    }
    cells
}

/// Fills in what an object holds.
fn fill<'a>(cells: &mut [Cell<'a>], tree: &Tree, object: Json<'a>) {
    let mut seen: Vec<&str> = Vec::with_capacity(tree.0.len());
    for (name, value) in object.members() {
        let Some((name, branch)) = name.text().and_then(|name| tree.0.get_key_value(name.as_ref())) else { continue };
        let is_repeated = seen.contains(name);
        seen.push(name);
        match (branch, value.shape()) {
            (Branch::Column(place), _) if is_repeated => set(cells, *place, Cell::Unsaid(REPEATED)),
            (Branch::Object(inner), _) if is_repeated => set_all(cells, inner, REPEATED),
            (_, Shape::Null) => {}
            (Branch::Column(place), _) => set(cells, *place, Cell::Value(value)),
            (Branch::Object(inner), Shape::Object) => fill(cells, inner, value),
            (Branch::Object(inner), _) => set_all(cells, inner, OTHER_TYPE),
        }
    }
}

fn set<'a>(cells: &mut [Cell<'a>], place: usize, cell: Cell<'a>) {
    if let Some(slot) = cells.get_mut(place) {
        *slot = cell;
    }
}

fn set_all(cells: &mut [Cell<'_>], tree: &Tree, why: &'static str) {
    for branch in tree.0.values() {
        match branch {
            Branch::Column(place) => set(cells, *place, Cell::Unsaid(why)),
            Branch::Object(inner) => set_all(cells, inner, why),
        }
    }
}

/// Why a cell says nothing: the member stands twice.
pub const REPEATED: &str = "repeated";
/// Why a cell says nothing: the value is of another type than documented.
pub const OTHER_TYPE: &str = "other type";

/// The columns by name, object by object.
struct Tree(HashMap<&'static str, Branch>);

enum Branch {
    /// A place in the table.
    Column(usize),
    Object(Tree),
}

fn tree() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| {
        let mut root = Tree(HashMap::new());
        for (place, column) in COLUMNS.iter().enumerate() {
            plant(&mut root, column.path, place);
        }
        root
    })
}

fn plant(tree: &mut Tree, path: &'static str, place: usize) {
    match path.split_once('.') {
        None => {
            tree.0.insert(path, Branch::Column(place));
        }
        Some((name, rest)) => {
            if let Branch::Object(inner) = tree.0.entry(name).or_insert_with(|| Branch::Object(Tree(HashMap::new()))) {
                plant(inner, rest, place);
            }
        }
    }
}

const fn text(path: &'static str) -> Column {
    Column { path, sort: Sort::Text }
}

const fn list(path: &'static str) -> Column {
    Column { path, sort: Sort::List }
}

const fn truth(path: &'static str) -> Column {
    Column { path, sort: Sort::Bool }
}

const fn integer(path: &'static str) -> Column {
    Column { path, sort: Sort::Integer }
}

const fn double(path: &'static str) -> Column {
    Column { path, sort: Sort::Double }
}

/// All columns, in order.
pub const COLUMNS: [Column; COLUMN_COUNT] = [
    text("id"),
    Column { path: "createdDateTime", sort: Sort::Time },
    text("userPrincipalName"),
    text("userDisplayName"),
    text("userId"),
    text("userType"),
    text("appDisplayName"),
    text("appId"),
    text("ipAddress"),
    text("location.countryOrRegion"),
    text("location.city"),
    text("location.state"),
    double("location.geoCoordinates.latitude"),
    double("location.geoCoordinates.longitude"),
    double("location.geoCoordinates.altitude"),
    integer("status.errorCode"),
    text("status.failureReason"),
    text("status.additionalDetails"),
    text("clientAppUsed"),
    text("userAgent"),
    text("deviceDetail.deviceId"),
    text("deviceDetail.displayName"),
    text("deviceDetail.operatingSystem"),
    text("deviceDetail.browser"),
    text("deviceDetail.browserId"),
    truth("deviceDetail.isCompliant"),
    truth("deviceDetail.isManaged"),
    text("deviceDetail.trustType"),
    truth("isInteractive"),
    list("signInEventTypes"),
    text("resourceDisplayName"),
    text("resourceId"),
    text("authenticationRequirement"),
    list("authenticationRequirementPolicies"),
    list("authenticationDetails"),
    list("authenticationMethodsUsed"),
    list("authenticationProcessingDetails"),
    list("authenticationContextClassReferences"),
    text("authenticationProtocol"),
    text("conditionalAccessStatus"),
    list("appliedConditionalAccessPolicies"),
    list("conditionalAccessAudiences"),
    text("riskState"),
    text("riskDetail"),
    text("riskLevelDuringSignIn"),
    text("riskLevelAggregated"),
    list("riskEventTypes_v2"),
    list("riskEventTypes"),
    text("correlationId"),
    text("originalRequestId"),
    text("sessionId"),
    text("clientSessionId"),
    text("uniqueTokenIdentifier"),
    text("incomingTokenType"),
    text("originalTransferMethod"),
    text("tokenIssuerName"),
    text("tokenIssuerType"),
    text("signInTokenProtectionStatus"),
    text("appTokenProtectionStatus"),
    text("tokenProtectionStatusDetails.signInSessionStatus"),
    integer("tokenProtectionStatusDetails.signInSessionStatusCode"),
    list("sessionLifetimePolicies"),
    text("homeTenantId"),
    text("homeTenantName"),
    text("resourceTenantId"),
    text("crossTenantAccessType"),
    text("appOwnerTenantId"),
    text("resourceOwnerTenantId"),
    text("resourceServicePrincipalId"),
    text("servicePrincipalId"),
    text("servicePrincipalName"),
    text("servicePrincipalCredentialKeyId"),
    text("servicePrincipalCredentialThumbprint"),
    text("clientCredentialType"),
    text("federatedCredentialId"),
    text("managedServiceIdentity.msiType"),
    text("managedServiceIdentity.associatedResourceId"),
    text("managedServiceIdentity.federatedTokenId"),
    text("managedServiceIdentity.federatedTokenIssuer"),
    text("azureResourceId"),
    text("agent.agentType"),
    text("agent.parentAppId"),
    text("agent.agentSubjectType"),
    text("agent.agentSubjectParentId"),
    integer("autonomousSystemNumber"),
    text("ipAddressFromResourceProvider"),
    list("networkLocationDetails"),
    truth("isThroughGlobalSecureAccess"),
    text("globalSecureAccessIpAddress"),
    text("privateLinkDetails.policyId"),
    text("privateLinkDetails.policyName"),
    text("privateLinkDetails.policyTenantId"),
    text("privateLinkDetails.resourceId"),
    text("signInIdentifier"),
    text("signInIdentifierType"),
    text("alternateSignInName"),
    text("mfaDetail.authMethod"),
    text("mfaDetail.authDetail"),
    text("authenticationAppDeviceDetails.deviceId"),
    text("authenticationAppDeviceDetails.operatingSystem"),
    text("authenticationAppDeviceDetails.clientApp"),
    text("authenticationAppDeviceDetails.appVersion"),
    list("authenticationAppPolicyEvaluationDetails"),
    list("appliedEventListeners"),
    truth("flaggedForReview"),
    truth("isTenantRestricted"),
    integer("processingTimeInMilliseconds"),
];

const COLUMN_COUNT: usize = 107;

#[cfg(test)]
mod tests {
    use super::*;

    fn cell<'a>(element: &'a str, path: &str) -> Cell<'a> {
        let place = COLUMNS.iter().position(|column| column.path == path).unwrap();
        flatten(element.as_bytes()).remove(place)
    }

    fn value(spelled: &str) -> Cell<'_> {
        Cell::Value(Json::read(spelled.as_bytes()).unwrap())
    }

    #[test]
    fn every_column_has_a_place_of_its_own() {
        let mut paths = COLUMNS.map(|column| column.path);
        paths.sort_unstable();
        assert!(paths.windows(2).all(|pair| pair[0] != pair[1]));
        for path in paths {
            let (names, mut element) = (path.split('.').rev(), "7".to_owned());
            names.for_each(|name| element = format!("{{\"{name}\":{element}}}"));
            let cells = flatten(element.as_bytes());
            let filled = cells.iter().filter(|cell| **cell != Cell::Empty).count();
            assert_eq!((filled, cell(&element, path)), (1, value("7")), "{path}");
        }
    }

    #[test]
    fn objects_are_taken_apart_and_lists_stay_whole() {
        let element = r#"{"x":1,"status":{"errorCode":50126,"failureReason":"a\nb"},"location":{"geoCoordinates":{"latitude":47.68050003051758}},
            "riskEventTypes_v2":[ "a" ],"isInteractive":false,"userAgent":null,"agent":null}"#;
        assert_eq!(cell(element, "status.errorCode"), value("50126"));
        assert_eq!(cell(element, "status.failureReason"), value("\"a\\nb\""));
        let latitude = cell(element, "location.geoCoordinates.latitude");
        assert_eq!(latitude, value("47.68050003051758"));
        assert_eq!(cell(element, "riskEventTypes_v2"), value("[ \"a\" ]"));
        assert_eq!(cell(element, "isInteractive"), value("false"));
        for path in ["userAgent", "agent.agentType", "location.city", "id"] {
            assert_eq!(cell(element, path), Cell::Empty, "{path}");
        }
    }

    #[test]
    fn what_readers_would_disagree_on_is_not_said() {
        let element = r#"{"id":"a","\u0069d":"b","status":{"errorCode":1,"errorCode":0},"location":"x","agent":{},"agent":{"agentType":"y"}}"#;
        assert_eq!(cell(element, "id"), Cell::Unsaid(REPEATED));
        assert_eq!(cell(element, "status.errorCode"), Cell::Unsaid(REPEATED));
        assert_eq!(cell(element, "location.city"), Cell::Unsaid(OTHER_TYPE));
        assert_eq!(cell(element, "location.geoCoordinates.latitude"), Cell::Unsaid(OTHER_TYPE));
        assert_eq!(cell(element, "agent.agentType"), Cell::Unsaid(REPEATED));
    }

    #[test]
    fn what_is_no_record_has_no_cells() {
        for element in ["[]", "7", "{", r#"{"\ud800":1}"#] {
            assert!(flatten(element.as_bytes()).iter().all(|cell| *cell == Cell::Empty), "{element}");
        }
        assert_eq!(cell(r#"{"\ud800":1,"id":"a"}"#, "id"), value("\"a\""));
    }
}
