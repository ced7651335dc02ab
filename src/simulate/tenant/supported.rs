//! A sign-in as v1.0, the supported version, prints it: the 24 properties of the example in graph-api §2.6.
//!
//! It has `riskEventTypes`, which beta dropped, and none of the properties that tell kinds, sessions and steps.

use super::{
    print::{View, device, guid, location, nullable, policies, put, quoted, risk, risk_events, status},
    sign_in::SignIn,
};

/// Appends the record.
pub(crate) fn print(out: &mut Vec<u8>, sign_in: &SignIn<'_>, view: View) {
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
    put(out, ",\"clientAppUsed\":");
    nullable(out, sign_in.client_app);
    put(out, ",\"correlationId\":");
    guid(out, sign_in.correlation);
    put(out, ",\"conditionalAccessStatus\":");
    quoted(out, sign_in.policy.name());
    put(out, ",\"isInteractive\":true,");
    risk(out, sign_in, view);
    put(out, "\"riskEventTypes\":[],\"riskEventTypes_v2\":");
    risk_events(out, sign_in, view);
    put(out, ",\"resourceDisplayName\":");
    quoted(out, sign_in.resource.name);
    put(out, ",\"resourceId\":");
    quoted(out, sign_in.resource.id);
    out.push(b',');
    status(out, &sign_in.outcome);
    out.push(b',');
    device(out, sign_in, false);
    out.push(b',');
    location(out, sign_in.place);
    if view.policies {
        out.push(b',');
        policies(out, sign_in, false);
    }
    out.push(b'}');
}
