//! The tables against what their publisher says of them, and golden rows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;

use serde_json::{Value, json};

use super::cells::{Cells, Filler};
use super::column::{COLUMNS, Type, columns_of};
use super::lines::Lines;
use super::table::Table;
use crate::export::Outputs;
use crate::format::genesis;
use crate::format::kind::Kind;
use crate::verify::VerifiedRecord;

/// Files in memory; a clone sees the same ones.
#[derive(Clone, Default)]
pub(in crate::export) struct Memory(Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

impl Memory {
    pub(in crate::export) fn file(&self, name: &str) -> Vec<u8> {
        self.0.borrow()[name].clone()
    }
}

impl Outputs for Memory {
    type File = OpenFile;

    fn create(&mut self, name: &str) -> io::Result<OpenFile> {
        Ok(OpenFile { name: name.to_owned(), bytes: Vec::new() })
    }

    fn close(&mut self, file: OpenFile) -> io::Result<()> {
        assert!(self.0.borrow_mut().insert(file.name, file.bytes).is_none(), "no name comes twice");
        Ok(())
    }
}

/// A file that is not closed yet.
pub(in crate::export) struct OpenFile {
    name: String,
    bytes: Vec<u8>,
}

impl Write for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The cells of a record's row.
pub(super) fn cells(table: Table, element: &str) -> Cells {
    let kind = [Kind::InteractiveUser, Kind::NonInteractiveUser, Kind::ServicePrincipal, Kind::ManagedIdentity];
    let record = VerifiedRecord {
        page: 7,
        element: 41,
        bytes: element.as_bytes(),
        offset: 0,
        time: None,
        id: None,
        kind: kind[table.slot()],
        pass: 1,
        is_counted: true,
    };
    let filler = Filler::new(
        &"ACME-2026-014_20261122T060452Z-1a2b3c4d".parse().unwrap(),
        "derived".to_owned(),
        &genesis::example().identity,
    );
    let mut cells = Cells::default();
    filler.fill(&mut cells, table, &record);
    cells
}

/// The line of a record's row.
fn line(table: Table, element: &str) -> String {
    let mut outputs = Memory::default();
    let mut lines = Lines::begin(&mut outputs, table).unwrap();
    lines.write(&cells(table, element)).unwrap();
    lines.end(&mut outputs).unwrap();
    String::from_utf8(outputs.file(&super::lines::file_name(table))).unwrap()
}

fn row(table: Table, element: &str) -> Value {
    serde_json::from_str(&line(table, element)).unwrap()
}

/// One cell of the row of a record that has this one member.
fn cell(table: Table, member: &str, column: &str) -> Value {
    row(table, &format!("{{{member}}}"))[column].clone()
}

#[test]
fn every_column_that_the_published_rules_use_has_its_type() {
    let used = "AADTenantId string, AppDisplayName string, AppId string, AuthenticationDetails string, \
        AuthenticationRequirement string, AutonomousSystemNumber string, ClientAppUsed string, ConditionalAccessStatus string, \
        CorrelationId string, CreatedDateTime datetime, DeviceDetail dynamic, IPAddress string, Id string, Identity string, \
        IsInteractive bool, Location string, LocationDetails dynamic, NetworkLocationDetails string, OperationName string, \
        OriginalRequestId string, ResourceDisplayName string, ResourceId string, ResourceIdentity string, \
        ResultDescription string, ResultType string, RiskDetail string, RiskEventTypes string, RiskEventTypes_V2 string, \
        RiskLevelAggregated string, RiskLevelDuringSignIn string, RiskState string, Status dynamic, TimeGenerated datetime, \
        Type string, UniqueTokenIdentifier string, UserAgent string, UserDisplayName string, UserId string, \
        UserPrincipalName string, _ItemId string, IngestionTime datetime";
    let used: Vec<(&str, &str)> = used.split(", ").map(|entry| entry.split_once(' ').unwrap()).collect();
    assert_eq!(used.len(), 39 + 2);
    let columns: Vec<(&str, &str)> =
        columns_of(Table::Interactive).map(|(column, r#type)| (column.name, r#type.kusto())).collect();
    for entry in used {
        assert!(columns.contains(&entry), "{entry:?}");
    }
}

#[test]
fn tables_have_as_many_columns_and_dynamic_ones_as_are_published() {
    // SigninLogs has `TenantId` too, which its published list leaves out.
    for (table, count, dynamic) in [
        (Table::Interactive, 95 + 1, 8),
        (Table::NonInteractive, 86, 1),
        (Table::ServicePrincipal, 46, 0),
        (Table::ManagedIdentity, 47, 0),
    ] {
        let ours = |name: &str| name.starts_with("Signhold") || ["_ItemId", "IngestionTime"].contains(&name);
        let columns: Vec<Type> =
            columns_of(table).filter(|(column, _)| !ours(column.name)).map(|(_, r#type)| r#type).collect();
        let found = columns.iter().filter(|r#type| **r#type == Type::Dynamic).count();
        assert_eq!((columns.len(), found), (count, dynamic), "{}", table.name());
    }
    let mut names: Vec<String> = COLUMNS.iter().map(|column| column.name.to_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), COLUMNS.len(), "readers that fold case must not confuse two columns");
}

#[test]
fn an_interactive_sign_in_is_this_row() {
    assert_eq!(line(Table::Interactive, INTERACTIVE), include_str!("golden/interactive.ndjson"));
}

#[test]
fn a_non_interactive_sign_in_is_this_row() {
    assert_eq!(line(Table::NonInteractive, NON_INTERACTIVE), include_str!("golden/non_interactive.ndjson"));
}

#[test]
fn a_sign_in_of_a_service_principal_is_this_row() {
    assert_eq!(line(Table::ServicePrincipal, SERVICE_PRINCIPAL), include_str!("golden/service_principal.ndjson"));
}

#[test]
fn a_sign_in_of_a_managed_identity_is_this_row() {
    assert_eq!(line(Table::ManagedIdentity, MANAGED_IDENTITY), include_str!("golden/managed_identity.ndjson"));
}

#[test]
fn a_record_that_says_nothing_fills_nothing() {
    for table in Table::ALL {
        let row = row(table, "{}");
        let constants = json!({
            "AADTenantId": "5a1f0c7e-93b4-4f2d-8e6a-71c2d3b4e5f6", "Category": table.category(), "DurationMs": 0, "Level": "4",
            "OperationName": "Sign-in activity", "OperationVersion": "1.0", "Resource": "Microsoft.aadiam",
            "ResourceGroup": "Microsoft.aadiam", "ResultSignature": "None", "SourceSystem": "Azure AD", "Type": table.name(),
            "ResourceId": "/tenants/5a1f0c7e-93b4-4f2d-8e6a-71c2d3b4e5f6/providers/Microsoft.aadiam",
            "RiskEventTypes": "[]", "RiskEventTypes_V2": "[]",
        });
        for (column, r#type) in columns_of(table).filter(|(column, _)| !column.name.starts_with("Signhold")) {
            let empty = if r#type == Type::Text { json!("") } else { Value::Null };
            let expected = constants.get(column.name).unwrap_or(&empty);
            assert_eq!(&row[column.name], expected, "{} of {}", column.name, table.name());
        }
        assert_eq!(row["SignholdRaw"], Value::Null);
    }
}

#[test]
fn results_are_told_as_the_rules_ask_for_them() {
    let table = Table::Interactive;
    let success = r#""status":{"errorCode":0,"failureReason":"Other.","additionalDetails":null}"#;
    assert_eq!(cell(table, success, "ResultType"), "0");
    assert_eq!(cell(table, success, "ResultDescription"), "");
    assert_eq!(cell(table, success, "Status")["failureReason"], "Other.");
    let failure = r#""status":{"additionalDetails":"MFA denied; user declined the authentication","errorCode":500121,"failureReason":"Words."}"#;
    assert_eq!(cell(table, failure, "ResultType"), "500121");
    assert_eq!(cell(table, failure, "ResultDescription"), "Words.");
    assert_eq!(cell(table, failure, "Status")["errorCode"], 500_121);
    for table in [Table::ServicePrincipal, Table::ManagedIdentity] {
        assert_eq!(cell(table, failure, "ResultType"), "500121");
        // There is no column `Status` for the rest of it.
        let details = cell(table, failure, "SignholdRaw")["status"]["additionalDetails"].clone();
        assert_eq!(details, "MFA denied; user declined the authentication");
    }
}

#[test]
fn the_same_member_is_dynamic_in_one_table_and_text_in_another() {
    let member = r#""location":{"geoCoordinates":{"altitude":null,"longitude":5.10,"latitude":52},"city":"Köln"}"#;
    let ordered = r#"{"city":"Köln","geoCoordinates":{"latitude":52,"longitude":5.10,"altitude":null}}"#;
    assert!(line(Table::Interactive, &format!("{{{member}}}")).contains(&format!("\"LocationDetails\":{ordered},")));
    for table in [Table::NonInteractive, Table::ServicePrincipal, Table::ManagedIdentity] {
        assert_eq!(cell(table, member, "LocationDetails"), ordered);
    }
}

#[test]
fn words_and_numbers_are_as_in_a_workspace() {
    let table = Table::Interactive;
    for (user_type, expected) in
        [("member", "Member"), ("guest", "Guest"), ("unknownFutureValue", "unknownFutureValue")]
    {
        assert_eq!(cell(table, &format!("\"userType\":\"{user_type}\""), "UserType"), expected);
    }
    for (number, expected) in [("0", ""), ("null", ""), ("64496", "64496")] {
        assert_eq!(cell(table, &format!("\"autonomousSystemNumber\":{number}"), "AutonomousSystemNumber"), expected);
    }
    assert_eq!(cell(table, r#""processingTimeInMilliseconds":412"#, "ProcessingTimeInMilliseconds"), "412");
    for (list, expected) in [("[]", "[]"), ("null", "[]"), (r#"["a", "b"]"#, r#"["a","b"]"#)] {
        assert_eq!(cell(table, &format!("\"riskEventTypes_v2\":{list}"), "RiskEventTypes_V2"), expected);
    }
    for audiences in [r#""AzureAD""#, r#"["AzureAD"]"#] {
        let expected = audiences.trim_matches('"');
        assert_eq!(
            cell(table, &format!("\"conditionalAccessAudiences\":{audiences}"), "ConditionalAccessAudiences"),
            expected
        );
    }
}

#[test]
fn what_no_column_takes_is_kept_under_its_own_name() {
    let raw = |member: &str| cell(Table::Interactive, member, "SignholdRaw");
    assert_eq!(
        raw(r#""continuityDetail":{"state":"x"},"nothing":null,"none":[],"no":"""#),
        json!({"continuityDetail": {"state": "x"}})
    );
    // Of the wrong type: not read as something else.
    assert_eq!(
        raw(r#""isInteractive":"yes","createdDateTime":"yesterday""#),
        json!({"isInteractive": "yes", "createdDateTime": "yesterday"})
    );
    assert_eq!(cell(Table::Interactive, r#""createdDateTime":"yesterday""#, "TimeGenerated"), Value::Null);
    // Twice: readers differ in which they take.
    let twice = r#""userPrincipalName":"a@b.example","userPrincipalName":"c@d.example""#;
    assert_eq!(cell(Table::Interactive, twice, "UserPrincipalName"), "");
    assert_eq!(raw(twice), json!({"userPrincipalName": "a@b.example", "userPrincipalName#2": "c@d.example"}));
    // No object at all, and names that spell no text.
    for (element, expected) in
        [("[1, 2]", json!([1, 2])), ("7", json!(7)), ("null", Value::Null), (r#"{"\ud800":1}"#, json!({"\u{fffd}": 1}))]
    {
        assert_eq!(row(Table::Interactive, element)["SignholdRaw"], expected);
    }
}

#[test]
fn hostile_values_come_out_harmless_and_as_they_were() {
    let hostile = "\u{1b}[2J\u{0}=cmd|'/c calc'!A0\u{202e}\u{e0041}<script>\"\\";
    let element = json!({"userAgent": hostile, "location": {"city": hostile}, hostile: hostile}).to_string();
    let line = line(Table::Interactive, &element);
    assert!(line.trim_end().chars().all(|c| !crate::codec::visible::is_unseen(c)), "{line}");
    let row: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(row["UserAgent"], hostile);
    assert_eq!(row["LocationDetails"]["city"], hostile);
    assert_eq!(row["SignholdRaw"][hostile], hostile);
    let long = "é".repeat(1 << 19);
    assert_eq!(cell(Table::Interactive, &format!("\"userAgent\":\"{long}\""), "UserAgent"), long);
    assert_eq!(cell(Table::Interactive, r#""userAgent":"\ud800x""#, "UserAgent"), "\u{fffd}x");
    assert_eq!(
        cell(Table::Interactive, r#""location":{"geoCoordinates":1e999}"#, "LocationDetails"),
        json!({"geoCoordinates": "1e999"})
    );
}

const INTERACTIVE: &str = r#"{"id":"3f0b6c1e-7a52-4d0e-9c41-5b8e2f6a7100","createdDateTime":"2026-11-18T09:14:27.1234567Z",
"userDisplayName":"Dana Example","userPrincipalName":"Dana.Example@contoso.example","userId":"7d5a9c10-2f4b-4c58-8b1d-6a0c3e9f1b22",
"appId":"c44b4083-3bb0-49c1-b47d-974e53cbdf3c","appDisplayName":"Azure Portal","ipAddress":"203.0.113.45",
"ipAddressFromResourceProvider":null,"clientAppUsed":"Browser","userAgent":"Mozilla/5.0 (X11)",
"correlationId":"b8d0e6a3-4f7c-4d19-a1d2-0c9e7f5b3a61","conditionalAccessStatus":"success",
"originalRequestId":"3f0b6c1e-7a52-4d0e-9c41-5b8e2f6a7100","isInteractive":true,"tokenIssuerName":"","tokenIssuerType":"AzureAD",
"clientCredentialType":"none","processingTimeInMilliseconds":412,"riskDetail":"none","riskLevelAggregated":"low",
"riskLevelDuringSignIn":"low","riskState":"atRisk","riskEventTypes_v2":["unfamiliarFeatures"],
"resourceDisplayName":"Windows Azure Service Management API","resourceId":"797f4846-ba00-4fd7-ba43-dac1f8f63013",
"resourceTenantId":"5a1f0c7e-93b4-4f2d-8e6a-71c2d3b4e5f6","homeTenantId":"11111111-93b4-4f2d-8e6a-71c2d3b4e5f6","homeTenantName":"",
"appOwnerTenantId":"f8cdef31-a31e-4b4a-93e4-5f571e91255a","resourceOwnerTenantId":"f8cdef31-a31e-4b4a-93e4-5f571e91255a",
"authenticationMethodsUsed":["Password"],"authenticationRequirement":"multiFactorAuthentication",
"signInIdentifier":"dana.example@contoso.example","signInIdentifierType":"userPrincipalName","servicePrincipalName":null,
"signInEventTypes":["interactiveUser"],"servicePrincipalId":"","federatedCredentialId":"","userType":"guest",
"flaggedForReview":false,"isTenantRestricted":false,"autonomousSystemNumber":64496,"crossTenantAccessType":"b2bCollaboration",
"servicePrincipalCredentialKeyId":null,"servicePrincipalCredentialThumbprint":"",
"uniqueTokenIdentifier":"M2YwYjZjMWUtN2E1Mi00ZDBlLTljNDEtNWI4ZTJmNmE3MTAw","incomingTokenType":"none",
"authenticationProtocol":"none","resourceServicePrincipalId":"0e6c2b1a-5d3f-4a7b-9c8d-1f2e3d4c5b6a",
"signInTokenProtectionStatus":"none","appTokenProtectionStatus":null,"originalTransferMethod":"none",
"isThroughGlobalSecureAccess":false,"globalSecureAccessIpAddress":"","conditionalAccessAudiences":[],
"sessionId":"00a1b2c3-d4e5-4f60-8a7b-9c0d1e2f3a4b","clientSessionId":null,"azureResourceId":null,"mfaDetail":null,
"authenticationAppDeviceDetails":null,"agent":{"agentType":"notAgentic","parentAppId":null},
"status":{"errorCode":50074,"failureReason":"Strong Authentication is required.","additionalDetails":"MFA required in Azure AD"},
"deviceDetail":{"deviceId":"","displayName":"","operatingSystem":"Windows10","browser":"Edge 142.0.0","browserId":null,"isCompliant":false,"isManaged":false,"trustType":""},
"location":{"city":"São Paulo","state":"São Paulo","countryOrRegion":"BR","geoCoordinates":{"altitude":null,"latitude":-23.547500610351562,"longitude":-46.636100769042969}},
"appliedConditionalAccessPolicies":[{"id":"1c2d3e4f-5061-4728-93a4-b5c6d7e8f901","displayName":"CA001","result":"success","conditionsSatisfied":"application,users"}],
"authenticationContextClassReferences":[],"authenticationProcessingDetails":[{"key":"Login Hint Present","value":"True"}],
"networkLocationDetails":[{"networkType":"trustedNamedLocation","networkNames":["HQ"]}],
"authenticationDetails":[{"authenticationStepDateTime":"2026-11-18T09:14:27Z","authenticationMethod":"Password","authenticationMethodDetail":"Password in the cloud","succeeded":true,"authenticationStepResultDetail":"Correct password","authenticationStepRequirement":"Primary authentication"}],
"authenticationRequirementPolicies":[{"requirementProvider":"multiConditionalAccess","detail":"Conditional Access"}],
"sessionLifetimePolicies":[],"privateLinkDetails":{"policyId":"","policyName":"","resourceId":"","policyTenantId":""},
"appliedEventListeners":[],"authenticationAppPolicyEvaluationDetails":[],
"managedServiceIdentity":{"msiType":"none","associatedResourceId":null,"federatedTokenId":null,"federatedTokenIssuer":null},
"tokenProtectionStatusDetails":{"signInSessionStatus":"unbound","signInSessionStatusCode":1002}}"#;

const NON_INTERACTIVE: &str = r#"{"id":"a91e4d07-66c2-4b3f-8f0d-2c7b1e5d4900","createdDateTime":"2026-11-18T10:02:03Z",
"userDisplayName":"Dana Example","userPrincipalName":"dana.example@contoso.example","userId":"7d5a9c10-2f4b-4c58-8b1d-6a0c3e9f1b22",
"ipAddress":"2001:db8:4:7::21","isInteractive":false,"processingTimeInMilliseconds":96,"signInEventTypes":["nonInteractiveUser"],
"userType":"member","incomingTokenType":"refreshToken","originalTransferMethod":"deviceCodeFlow","clientSessionId":"c",
"flaggedForReview":false,"signInIdentifier":"dana","servicePrincipalName":null,
"status":{"errorCode":70043,"failureReason":"The refresh token has expired.","additionalDetails":null},
"deviceDetail":{"deviceId":"","operatingSystem":"Ios 26.1","isCompliant":false},"mfaDetail":{"authMethod":"x","authDetail":null},
"location":{"city":"","state":"","countryOrRegion":"NL","geoCoordinates":{"altitude":null,"latitude":null,"longitude":null}},
"appliedConditionalAccessPolicies":[{"id":"1c2d3e4f-5061-4728-93a4-b5c6d7e8f901","result":"notApplied"}],
"appliedEventListeners":[{"eventType":"tokenIssuanceStart"}],
"tokenProtectionStatusDetails":{"signInSessionStatus":"unbound","signInSessionStatusCode":1002}}"#;

const SERVICE_PRINCIPAL: &str = r#"{"id":"5c8e1b90-2d74-4f6a-b3c5-8a9d0e7f1300","createdDateTime":"2026-11-18T10:05:55Z",
"userDisplayName":"","userPrincipalName":"","userId":"","appId":"9b3e7a52-1c4d-4e8f-a6b0-5d2c7f9e8a13",
"appDisplayName":"Nightly Export Job","ipAddress":"198.51.100.17","clientCredentialType":"certificate",
"isInteractive":false,"servicePrincipalName":"Nightly Export Job","servicePrincipalId":"e2d1c0b9-a8f7-4e6d-95c4-b3a291807f6e",
"servicePrincipalCredentialKeyId":"4f5e6d7c-8b9a-4a0b-8c1d-2e3f4a5b6c7d",
"servicePrincipalCredentialThumbprint":"9A1B2C3D4E5F60718293A4B5C6D7E8F901234567","autonomousSystemNumber":64498,
"resourceDisplayName":"Microsoft Graph","resourceId":"00000003-0000-0000-c000-000000000000","conditionalAccessStatus":"notApplied",
"status":{"errorCode":7000222,"failureReason":"The provided client secret keys are expired.","additionalDetails":null},
"location":{"city":"Frankfurt am Main","state":"Hessen","countryOrRegion":"DE","geoCoordinates":{"altitude":null,"latitude":50.11090087890625,"longitude":8.682100296020508}}}"#;

const MANAGED_IDENTITY: &str = r#"{"id":"d07a3c52-91be-4a4c-8e2f-6b5d4c3e1400","createdDateTime":"2026-11-18T10:06:10Z",
"appId":"2c1b0a9f-8e7d-4c6b-9a50-4f3e2d1c0b9a","ipAddress":"","servicePrincipalName":"vm-collector-01",
"servicePrincipalId":"31f2e3d4-c5b6-4a79-8869-5f4e3d2c1b0a","autonomousSystemNumber":null,
"azureResourceId":"/subscriptions/00000000-1111-4222-8333-444444444444/resourceGroups/rg-lab","resourceDisplayName":"Azure Key Vault",
"status":{"errorCode":0,"failureReason":null,"additionalDetails":null},"sourceAppClientId":"s",
"managedServiceIdentity":{"msiType":"systemAssigned","associatedResourceId":"/subscriptions/x","federatedTokenId":null,"federatedTokenIssuer":null}}"#;
