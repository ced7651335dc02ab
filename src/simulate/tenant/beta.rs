//! A sign-in as the beta version prints it: all 77 properties of the schema of August 2026, in the order of graph-api §2.6.
//!
//! Null and empty are not the same here, and differ by kind; the examples of that section decide.

use super::{
    kind::Kind,
    print::{
        View, device, guid, location, member, nullable, nullable_guid, number, policies, put, quoted, risk,
        risk_events, status,
    },
    sign_in::{SignIn, Steps},
    software::Credential,
};
use crate::simulate::settings::TENANT_ID;

/// Appends the record.
pub(crate) fn print(out: &mut Vec<u8>, sign_in: &SignIn<'_>, view: View) {
    actor(out, sign_in);
    client(out, sign_in);
    risk(out, sign_in, view);
    resource(out, sign_in, view);
    principal(out, sign_in);
    token(out, sign_in, view);
    particulars(out, sign_in);
    if view.policies {
        policies(out, sign_in, true);
        out.push(b',');
    }
    processing(out, sign_in);
    steps(out, sign_in);
    remainder(out, sign_in);
}

fn actor(out: &mut Vec<u8>, sign_in: &SignIn<'_>) {
    put(out, "{\"id\":");
    guid(out, sign_in.id);
    put(out, ",\"createdDateTime\":\"");
    sign_in.created.write(out);
    put(out, "\",\"userDisplayName\":");
    match sign_in.person() {
        Some(person) => {
            quoted(out, person.display_name.json());
            put(out, ",\"userPrincipalName\":");
            quoted(out, &person.principal_name);
            put(out, ",\"userId\":");
            guid(out, person.id);
        }
        None => put(out, "\"\",\"userPrincipalName\":\"\",\"userId\":\"\""),
    }
    put(out, ",\"appId\":");
    quoted(out, sign_in.client_id);
    put(out, ",\"appDisplayName\":");
    quoted(out, sign_in.client_name.json);
    put(out, ",\"ipAddress\":");
    quoted(out, &sign_in.address_text());
    put(out, ",\"ipAddressFromResourceProvider\":null,");
}

fn client(out: &mut Vec<u8>, sign_in: &SignIn<'_>) {
    put(out, "\"clientAppUsed\":");
    nullable(out, sign_in.client_app);
    put(out, ",\"userAgent\":");
    quoted(out, sign_in.agent.json);
    put(out, ",\"correlationId\":");
    guid(out, sign_in.correlation);
    put(out, ",\"conditionalAccessStatus\":");
    quoted(out, sign_in.policy.name());
    put(out, ",\"originalRequestId\":");
    let interactive = sign_in.kind == Kind::InteractiveUser;
    if interactive {
        guid(out, sign_in.id);
        put(out, ",\"isInteractive\":true");
    } else {
        put(out, "\"\",\"isInteractive\":false");
    }
    put(out, ",\"tokenIssuerName\":\"\",\"tokenIssuerType\":\"AzureAD\",\"clientCredentialType\":");
    quoted(
        out,
        match sign_in.workload().map(|workload| &workload.credential) {
            None => "none",
            Some(Credential::Certificate(_)) => "certificate",
            Some(Credential::ManagedIdentity) => "managedIdentity",
            Some(Credential::Secret) => "clientSecret",
        },
    );
    put(out, ",\"processingTimeInMilliseconds\":");
    number(out, sign_in.processing_millis);
    out.push(b',');
}

fn resource(out: &mut Vec<u8>, sign_in: &SignIn<'_>, view: View) {
    let user = sign_in.kind.is_user();
    put(out, "\"riskEventTypes_v2\":");
    risk_events(out, sign_in, view);
    put(out, ",\"resourceDisplayName\":");
    quoted(out, sign_in.resource.name);
    put(out, ",\"resourceId\":");
    quoted(out, sign_in.resource.id);
    put(out, ",\"resourceTenantId\":");
    quoted(out, TENANT_ID);
    put(out, ",\"homeTenantId\":");
    quoted(out, if user { TENANT_ID } else { "" });
    put(out, ",\"homeTenantName\":\"\",\"appOwnerTenantId\":");
    match sign_in.workload().map(|workload| &workload.credential) {
        None => quoted(out, MICROSOFT),
        Some(Credential::ManagedIdentity) => put(out, "null"),
        Some(_) => quoted(out, TENANT_ID),
    }
    put(out, ",\"resourceOwnerTenantId\":");
    quoted(out, MICROSOFT);
    put(out, ",\"authenticationMethodsUsed\":[],\"authenticationRequirement\":");
    let requirement = if sign_in.multi_factor { "multiFactorAuthentication" } else { "singleFactorAuthentication" };
    quoted(out, requirement);
    put(out, ",\"signInIdentifier\":");
    match sign_in.person().filter(|_| sign_in.kind == Kind::InteractiveUser) {
        Some(person) => {
            quoted(out, &person.principal_name);
            put(out, ",\"signInIdentifierType\":\"userPrincipalName\",");
        }
        None => put(out, "\"\",\"signInIdentifierType\":null,"),
    }
}

fn principal(out: &mut Vec<u8>, sign_in: &SignIn<'_>) {
    let workload = sign_in.workload();
    put(out, "\"servicePrincipalName\":");
    nullable(out, workload.map(|workload| workload.name.json()));
    put(out, ",\"signInEventTypes\":[");
    quoted(out, sign_in.kind.name());
    put(out, "],\"servicePrincipalId\":");
    match workload {
        Some(workload) => guid(out, workload.service_principal),
        None => put(out, "\"\""),
    }
    put(out, ",\"federatedCredentialId\":\"\",\"userType\":");
    nullable(out, sign_in.person().map(|person| person.user_type));
    let reviewed = if workload.is_none() { "false" } else { "null" };
    put(out, ",\"flaggedForReview\":");
    put(out, reviewed);
    put(out, ",\"isTenantRestricted\":false,\"autonomousSystemNumber\":");
    match sign_in.place.autonomous_system {
        Some(system) => number(out, u64::from(system)),
        None => put(out, "null"),
    }
    let guest = sign_in.person().is_some_and(|person| person.user_type == "guest");
    put(out, ",\"crossTenantAccessType\":");
    quoted(out, if guest { "b2bCollaboration" } else { "none" });
    put(out, ",\"servicePrincipalCredentialKeyId\":");
    nullable_guid(out, workload.map(|workload| workload.key));
    put(out, ",\"servicePrincipalCredentialThumbprint\":");
    quoted(
        out,
        match workload.map(|workload| &workload.credential) {
            Some(Credential::Certificate(thumbprint)) => thumbprint,
            _ => "",
        },
    );
    out.push(b',');
}

fn token(out: &mut Vec<u8>, sign_in: &SignIn<'_>, view: View) {
    put(out, "\"uniqueTokenIdentifier\":\"");
    let start = out.len();
    out.resize(start + TOKEN_ID_LEN, 0);
    if let Some(slot) = out.get_mut(start..) {
        data_encoding::BASE64.encode_mut(&sign_in.id.text(), slot);
    }
    put(out, "\",\"incomingTokenType\":");
    member(out, sign_in.incoming_token, view);
    put(out, ",\"authenticationProtocol\":");
    member(out, sign_in.protocol, view);
    put(out, ",\"resourceServicePrincipalId\":");
    quoted(out, sign_in.resource.service_principal);
    put(out, ",\"signInTokenProtectionStatus\":\"none\",\"appTokenProtectionStatus\":null,\"originalTransferMethod\":");
    quoted(out, sign_in.transfer);
    put(out, ",\"isThroughGlobalSecureAccess\":false,\"globalSecureAccessIpAddress\":\"\",");
    put(out, "\"conditionalAccessAudiences\":[],\"sessionId\":");
    nullable_guid(out, sign_in.session);
    put(out, ",\"clientSessionId\":null,\"azureResourceId\":");
    let azure_resource = sign_in.workload().map(|workload| workload.azure_resource.as_str());
    nullable(out, azure_resource.filter(|resource| !resource.is_empty()));
    out.push(b',');
}

fn particulars(out: &mut Vec<u8>, sign_in: &SignIn<'_>) {
    put(out, "\"mfaDetail\":null,\"authenticationAppDeviceDetails\":null,");
    put(out, "\"agent\":{\"agentType\":\"notAgentic\",\"parentAppId\":null},");
    status(out, &sign_in.outcome);
    out.push(b',');
    device(out, sign_in, sign_in.kind == Kind::InteractiveUser);
    out.push(b',');
    location(out, sign_in.place);
    out.push(b',');
}

fn processing(out: &mut Vec<u8>, sign_in: &SignIn<'_>) {
    put(out, "\"authenticationContextClassReferences\":[],\"authenticationProcessingDetails\":[");
    match sign_in.kind {
        Kind::InteractiveUser => {
            put(out, "{\"key\":\"Login Hint Present\",\"value\":\"True\"},");
            put(out, "{\"key\":\"Legacy TLS (TLS 1.0, 1.1, 3DES)\",\"value\":\"False\"}");
        }
        Kind::NonInteractiveUser => put(out, "{\"key\":\"Is CAE Token\",\"value\":\"True\"}"),
        Kind::ServicePrincipal | Kind::ManagedIdentity => {}
    }
    put(out, "],\"networkLocationDetails\":[],");
}

fn steps(out: &mut Vec<u8>, sign_in: &SignIn<'_>) {
    put(out, "\"authenticationDetails\":[");
    match sign_in.steps {
        Steps::None => {}
        Steps::Claim => {
            let words = "\"First factor requirement satisfied by claim in the token\"";
            step(out, sign_in, 0, "Previously satisfied", "null", true, words, "");
            let words = "\"MFA requirement satisfied by claim in the token\"";
            out.push(b',');
            step(out, sign_in, 0, "Previously satisfied", "null", true, words, "");
        }
        Steps::Password => password(out, sign_in, true),
        Steps::WrongPassword => password(out, sign_in, false),
        Steps::SecondFactor => {
            password(out, sign_in, true);
            out.push(b',');
            step(out, sign_in, 14, PUSH, "null", true, "\"MFA completed in Azure AD\"", "");
        }
        Steps::DeniedSecondFactor => {
            password(out, sign_in, true);
            out.push(b',');
            let words = "\"MFA denied; user declined the authentication\"";
            step(out, sign_in, 38, PUSH, "null", false, words, "");
        }
    }
    put(out, "],\"authenticationRequirementPolicies\":[");
    if sign_in.multi_factor {
        put(out, "{\"requirementProvider\":\"multiConditionalAccess\",\"detail\":\"Conditional Access\"}");
    }
    put(out, "],\"sessionLifetimePolicies\":[");
    if sign_in.outcome.code == 70_043 {
        put(out, "{\"expirationRequirement\":\"signInFrequencyPeriodicReauthentication\",");
        put(out, "\"detail\":\"Sign-in frequency (periodic re-authentication)\"}");
    }
    put(out, "],");
}

fn password(out: &mut Vec<u8>, sign_in: &SignIn<'_>, right: bool) {
    let words = if right { "\"Correct password\"" } else { "\"Invalid username or password\"" };
    step(out, sign_in, 0, "Password", "\"Password in the cloud\"", right, words, "Primary authentication");
}

#[allow(clippy::too_many_arguments, reason = "one argument a slot of the printed row")]
fn step(
    out: &mut Vec<u8>,
    sign_in: &SignIn<'_>,
    seconds_later: i64,
    method: &str,
    method_detail: &str,
    succeeded: bool,
    result: &str,
    requirement: &str,
) {
    put(out, "{\"authenticationStepDateTime\":\"");
    super::moment::Moment::new(sign_in.created.second() + seconds_later, 0).write(out);
    put(out, "\",\"authenticationMethod\":");
    quoted(out, method);
    put(out, ",\"authenticationMethodDetail\":");
    put(out, method_detail);
    put(out, if succeeded { ",\"succeeded\":true" } else { ",\"succeeded\":false" });
    put(out, ",\"authenticationStepResultDetail\":");
    put(out, result);
    put(out, ",\"authenticationStepRequirement\":");
    quoted(out, requirement);
    out.push(b'}');
}

fn remainder(out: &mut Vec<u8>, sign_in: &SignIn<'_>) {
    put(
        out,
        "\"privateLinkDetails\":{\"policyId\":\"\",\"policyName\":\"\",\"resourceId\":\"\",\"policyTenantId\":\"\"},",
    );
    put(
        out,
        "\"appliedEventListeners\":[],\"authenticationAppPolicyEvaluationDetails\":[],\"managedServiceIdentity\":",
    );
    match sign_in.workload() {
        None => put(out, NO_MANAGED_IDENTITY),
        Some(workload) if workload.azure_resource.is_empty() => put(
            out,
            "{\"msiType\":\"none\",\"associatedResourceId\":\"\",\"federatedTokenId\":\"\",\"federatedTokenIssuer\":\"\"}",
        ),
        Some(workload) => {
            put(out, "{\"msiType\":\"systemAssigned\",\"associatedResourceId\":");
            quoted(out, &workload.azure_resource);
            put(out, ",\"federatedTokenId\":null,\"federatedTokenIssuer\":null}");
        }
    }
    put(out, ",\"tokenProtectionStatusDetails\":{\"signInSessionStatus\":");
    put(
        out,
        if sign_in.kind.is_user() {
            "\"unbound\",\"signInSessionStatusCode\":1002}"
        } else {
            "\"none\",\"signInSessionStatusCode\":null}"
        },
    );
    if sign_in.ahead_of_schema {
        put(out, ",\"continuityDetail@odata.type\":\"#microsoft.graph.continuityDetail\",\"continuityDetail\":");
        put(out, "{\"state\":\"unknownFutureValue\",\"note\":\"caf\u{e9}\\u00a0\"}");
    }
    out.push(b'}');
}

/// The tenant that owns first-party applications; public.
const MICROSOFT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";
/// Base64 of the 36 characters of a GUID.
const TOKEN_ID_LEN: usize = 48;
const PUSH: &str = "Mobile app notification";
const NO_MANAGED_IDENTITY: &str =
    "{\"msiType\":\"none\",\"associatedResourceId\":null,\"federatedTokenId\":null,\"federatedTokenIssuer\":null}";
