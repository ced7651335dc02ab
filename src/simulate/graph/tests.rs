//! Conversations with Graph, without a network: each case of the reference's error table, and what the records hold.

use std::{collections::BTreeSet, io::Read, time::Duration};

use serde_json::Value;

use super::super::{
    CLIENT_ID, Licence, Log, Throttle,
    answer::Answer,
    desk::{Desk, header, of_kind},
};

const LIST: &str = "/auditLogs/signIns";

fn assert_refused(answered: &(u16, Value), status: u16, code: &str, message: &str) {
    let error = &answered.1["error"];
    assert_eq!((answered.0, error["code"].as_str(), error["message"].as_str()), (status, Some(code), Some(message)));
    assert!(error["innerError"]["request-id"].as_str().is_some_and(|id| id.len() == 36));
    assert!(!error["innerError"]["date"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn bad_filters_and_options_are_refused_in_the_words_of_the_service() {
    let desk = Desk::open(|_| {});
    let clause = "Invalid filter clause";
    assert_refused(&desk.beta("$filter=createdDateTime ge '2026-11-01T00:00:00Z'"), 400, "BadRequest", clause);
    let unknown = |name: &str| {
        format!("Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.signIn'.")
    };
    assert_refused(&desk.beta("$filter=shoeSize eq '44'"), 400, "BadRequest", &unknown("shoeSize"));
    let v1 = desk.get(&format!("/v1.0{LIST}"), &of_kind("servicePrincipal"));
    assert_refused(&v1, 400, "BadRequest", &unknown("signInEventTypes"));
    let forbidden = "Query option 'Select' is not allowed. To allow it, set the 'AllowedQueryOptions' property on \
                     EnableQueryAttribute or QueryValidationSettings.";
    assert_refused(&desk.beta("$select=id"), 400, "BadRequest", forbidden);
    let segment = "Resource not found for the segment 'signOuts'.";
    assert_refused(&desk.get("/beta/auditLogs/signOuts", ""), 400, "BadRequest", segment);
}

#[test]
fn a_skip_token_that_is_not_ours_or_belongs_to_another_question_is_lost() {
    let desk = Desk::open(|_| {});
    let lost = "Invalid Skip Token, skip token is null";
    for query in ["$skiptoken=", "$skiptoken=abc", &format!("$skiptoken={}", "0".repeat(64))] {
        assert_refused(&desk.beta(query), 400, "UnknownError", lost);
    }
    let (_, page) = desk.beta("$top=5");
    let link = page["@odata.nextLink"].as_str().unwrap();
    let query = link.split_once('?').unwrap().1;
    assert_eq!(desk.beta(query).0, 200);
    assert_refused(&desk.beta(&query.replace("$top=5", "$top=6")), 400, "UnknownError", lost);
}

#[test]
fn missing_garbage_expired_and_foreign_tokens_each_have_their_text() {
    let mut desk = Desk::open(|settings| settings.token_lifetime = Some(Duration::ZERO));
    let code = "InvalidAuthenticationToken";
    assert_refused(&desk.beta(""), 401, code, "Lifetime validation failed, the token is expired.");
    desk.token = "eyJ0eXAi.e30.AAAA".to_owned();
    assert_refused(&desk.beta(""), 401, code, "CompactToken parsing failed with error code: 80049217");
    desk.token = String::new();
    assert_refused(&desk.beta(""), 401, code, "Access token is empty.");
    let mut desk = Desk::open(|_| {});
    desk.token = desk.log_in("https://api.loganalytics.io/.default");
    assert_refused(&desk.beta(""), 401, code, "Access token validation failure. Invalid audience.");
    let answer = desk.get_with(&format!("/beta{LIST}"), "", &[]);
    assert!(header(&answer, "www-authenticate").unwrap().starts_with("Bearer realm=\"\", authorization_uri="));
}

#[test]
fn permission_licence_and_budget_are_checked() {
    let desk = Desk::open(|settings| settings.tenant.permissions = vec!["Directory.Read.All".to_owned()]);
    let message = "Calling principal does not have required MSGraph permissions AuditLog.Read.All";
    assert_refused(&desk.beta(""), 403, "Authentication_MSGraphPermissionMissing", message);
    let desk = Desk::open(|settings| settings.tenant.licence = Licence::Free);
    let message = "Neither tenant is B2C or tenant doesn't have premium license";
    assert_refused(&desk.beta(""), 403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", message);
    let hour = Duration::from_hours(1);
    let desk = Desk::open(|settings| settings.throttle = Some(Throttle { requests: 2, per: hour }));
    assert_eq!((desk.beta("").0, desk.beta("").0), (200, 200));
    let answer = desk.get_with(&format!("/beta{LIST}"), "", &[]);
    assert_eq!(answer.status, 429);
    let wait: u64 = header(&answer, "retry-after").unwrap().parse().unwrap();
    assert!((3_590..=3_600).contains(&wait));
}

#[test]
fn every_kind_carries_all_77_properties_and_v1_none_of_the_beta_ones() {
    let desk = Desk::open(|_| {});
    let mut keys = BTreeSet::new();
    for kind in ["interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity"] {
        let (status, page) = desk.beta(&of_kind(kind));
        assert_eq!(status, 200);
        let records = page["value"].as_array().unwrap();
        assert!(!records.is_empty());
        for record in records {
            let record = record.as_object().unwrap();
            assert_eq!(record["signInEventTypes"][0], kind);
            let known: BTreeSet<String> =
                record.keys().filter(|key| !key.starts_with("continuityDetail")).cloned().collect();
            assert_eq!(known.len(), 77);
            keys = known;
        }
    }
    let (_, page) = desk.get(&format!("/v1.0{LIST}"), "");
    for record in page["value"].as_array().unwrap() {
        let record = record.as_object().unwrap();
        assert!(record.contains_key("riskEventTypes") && !keys.contains("riskEventTypes"));
        for beta_only in ["signInEventTypes", "authenticationDetails", "sessionId", "uniqueTokenIdentifier"] {
            assert!(keys.contains(beta_only) && !record.contains_key(beta_only), "{beta_only}");
        }
    }
}

#[test]
fn without_a_kind_filter_only_interactive_sign_ins_come_newest_first() {
    let desk = Desk::open(|_| {});
    let (_, page) = desk.beta("$top=200");
    let records = page["value"].as_array().unwrap();
    assert!(records.iter().all(|record| record["signInEventTypes"][0] == "interactiveUser"));
    let times: Vec<&str> = records.iter().map(|record| record["createdDateTime"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|earlier, later| earlier.trim_end_matches('Z') >= later.trim_end_matches('Z')));
}

#[test]
fn rights_and_licence_decide_what_a_record_shows() {
    let desk = Desk::open(|settings| {
        settings.tenant.licence = Licence::P1;
        settings.tenant.permissions = vec!["AuditLog.Read.All".to_owned()];
    });
    let (status, page) = desk.beta("$top=50");
    assert_eq!(status, 200);
    for record in page["value"].as_array().unwrap() {
        assert!(record.get("appliedConditionalAccessPolicies").is_none());
        assert_eq!(record["riskState"], "hidden");
    }
}

#[test]
fn newer_enum_members_are_shown_to_those_who_ask() {
    let desk = Desk::open(|_| {});
    let path = format!("/beta{LIST}");
    let asked = desk.get_with(&path, &of_kind("nonInteractiveUser"), &[("prefer", "include-unknown-enum-members")]);
    let plain = desk.get_with(&path, &of_kind("nonInteractiveUser"), &[]);
    let shows = |answer: &Answer, text: &str| String::from_utf8_lossy(&answer.body).contains(text);
    assert!(shows(&asked, "\"incomingTokenType\":\"refreshToken\""));
    assert!(!shows(&plain, "\"incomingTokenType\":\"refreshToken\""));
    assert!(shows(&plain, "\"incomingTokenType\":\"unknownFutureValue\""));
}

#[test]
fn answers_carry_the_headers_of_the_service() {
    let desk = Desk::open(|_| {});
    let path = format!("/beta{LIST}");
    let first = desk.get_with(&path, "$top=1", &[("client-request-id", "11111111-2222-4333-8444-555555555555")]);
    assert_eq!(header(&first, "client-request-id"), Some("11111111-2222-4333-8444-555555555555"));
    assert_eq!(header(&first, "odata-version"), Some("4.0"));
    assert!(header(&first, "link").unwrap().contains("rel=\"deprecation\""));
    assert!(header(&first, "x-ms-ags-diagnostic").unwrap().starts_with("{\"ServerInfo\""));
    assert!(header(&first, "date").unwrap().starts_with("Wed, 18 Nov 2026 12:00:"));
    assert!(header(&first, "content-length").is_none());
    let second = desk.get_with(&path, "$top=1", &[]);
    assert_ne!(header(&first, "request-id"), header(&second, "request-id"));
    assert_eq!(header(&second, "client-request-id"), header(&second, "request-id"));
    assert!(header(&desk.get_with(&format!("/v1.0{LIST}"), "", &[]), "link").is_none());
}

#[test]
fn a_body_is_compressed_only_for_those_who_ask() {
    let desk = Desk::open(|settings| settings.token_lifetime = Some(Duration::from_mins(1)));
    let query = "$top=20&$filter=createdDateTime lt 2026-11-18T00:00:00Z";
    let path = format!("/v1.0{LIST}");
    let plain = desk.get_with(&path, query, &[("accept-encoding", "identity")]);
    let packed = desk.get_with(&path, query, &[("accept-encoding", "br, gzip")]);
    assert_eq!(header(&plain, "content-encoding"), None);
    assert_eq!(header(&packed, "content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap();
    let ids = |body: &[u8]| {
        let page: Value = serde_json::from_slice(body).unwrap();
        page["value"].as_array().unwrap().iter().map(|record| record["id"].to_string()).collect::<BTreeSet<_>>()
    };
    assert_eq!(ids(&unpacked), ids(&plain.body));
}

#[test]
fn a_record_by_id_is_the_record_of_the_list() {
    let desk = Desk::open(|_| {});
    let (_, page) = desk.beta(&format!("$top=3&{}", of_kind("servicePrincipal")));
    let listed = &page["value"][2];
    let id = listed["id"].as_str().unwrap();
    let (status, mut alone) = desk.get(&format!("/beta{LIST}/{id}"), "");
    assert_eq!(status, 200);
    assert!(alone["@odata.context"].as_str().unwrap().ends_with("/beta/$metadata#auditLogs/signIns/$entity"));
    alone.as_object_mut().unwrap().remove("@odata.context");
    assert_eq!(&alone, listed);
    assert_eq!(desk.get(&format!("/v1.0{LIST}/{id}"), "").0, 404);
    assert_eq!(desk.get(&format!("/beta{LIST}/{id}"), "$top=1").0, 400);
}

#[test]
fn the_collector_finds_its_own_sign_in() {
    let desk = Desk::open(|_| {});
    let (_, page) = desk.beta(&format!("$top=1&{}", of_kind("servicePrincipal")));
    assert_eq!(page["value"][0]["appId"], CLIENT_ID);
    assert!(page["value"][0]["createdDateTime"].as_str().unwrap() > "2026-11-18T12:00:00Z");
}

#[test]
fn two_tenants_of_one_seed_print_the_same_bytes() {
    let (one, other) = (Desk::open(|_| {}), Desk::open(|_| {}));
    for kind in super::super::Kind::ALL {
        let count = one.service.tenant.total(kind);
        for index in (0..count).step_by(7) {
            let bytes = one.service.tenant.record_json(kind, index);
            assert_eq!(bytes, other.service.tenant.record_json(kind, index));
            serde_json::from_slice::<Value>(&bytes.unwrap()).unwrap();
        }
        assert_eq!(one.service.tenant.record_json(kind, count), None);
    }
}

#[test]
fn ten_million_records_are_counted_without_being_made() {
    let desk = Desk::open(|settings| settings.records = 10_000_000);
    let tenant = &desk.service.tenant;
    let (from, to) = ("2026-10-01T00:00:00Z".parse().unwrap(), "2026-11-18T12:00:00Z".parse().unwrap());
    let counted: u64 = super::super::Kind::ALL.into_iter().map(|kind| tenant.count(kind, from, to)).sum();
    assert_eq!(counted, 10_000_000);
    let (status, page) = desk.beta("$top=2&$filter=createdDateTime le 2026-11-01T10:00:00Z");
    assert_eq!((status, page["value"].as_array().unwrap().len()), (200, 2));
}

#[test]
fn hostile_values_reach_the_client_as_they_are() {
    let desk = Desk::open(|_| {});
    let mut all = String::new();
    for index in 0..900 {
        let record = desk.service.tenant.record_json(super::super::Kind::InteractiveUser, index).unwrap();
        all.push_str(&String::from_utf8(record).unwrap());
    }
    for hostile in ["\\u001b", "=cmd|' /C calc'!A0", "<script>", "\u{202e}", "\\u00a0", "ü"] {
        assert!(all.contains(hostile), "{hostile:?}");
    }
}

#[test]
fn a_filter_knows_every_property_a_record_has() {
    let desk = Desk::open(|_| {});
    for version in ["beta", "v1.0"] {
        let path = format!("/{version}{LIST}");
        let (_, page) = desk.get(&path, "$top=1");
        for key in page["value"][0].as_object().unwrap().keys() {
            let (status, answered) = desk.get(&path, &format!("$top=1&$filter={key} eq 'x'"));
            let message = answered["error"]["message"].as_str().unwrap_or_default();
            assert!(status == 200 || message == "Invalid filter clause", "{version} {key}: {message}");
        }
    }
}

#[test]
fn the_two_other_logs_come_through_the_same_pages() {
    let desk = Desk::open(|settings| {
        settings.page_limit = 50;
        settings.uneven_pages = true;
        settings.tenant.permissions.push("IdentityRiskEvent.Read.All".to_owned());
    });
    let (from, to) = ("2026-10-25T00:00:00Z", "2026-11-15T00:00:00Z");
    for log in [Log::DirectoryAudits, Log::RiskDetections] {
        let query = format!("$filter=activityDateTime ge {from} and (activityDateTime lt {to})");
        for version in ["beta", "v1.0"] {
            let mut next = Some(format!("/{version}/{}?{query}", log.path()));
            let mut pulled = Vec::new();
            while let Some(link) = next {
                let (path, query) = link.split_once('?').unwrap();
                let (status, page) = desk.get(path, query);
                assert_eq!(status, 200, "{page}");
                for record in page["value"].as_array().unwrap() {
                    let time = record["activityDateTime"].as_str().unwrap();
                    assert!(from.trim_end_matches('Z') <= time && time < to);
                    pulled.push(record["id"].as_str().unwrap().to_owned());
                }
                let link = page["@odata.nextLink"].as_str().map(str::to_owned);
                next = link.map(|link| link.trim_start_matches("https://localhost:9").to_owned());
            }
            let truth = desk.service.tenant.ids_of(log, from.parse().unwrap(), to.parse().unwrap());
            assert!(!truth.is_empty());
            assert_eq!(pulled.len(), truth.len());
            assert_eq!(pulled.into_iter().collect::<BTreeSet<_>>(), truth.into_iter().collect());
        }
    }
}

#[test]
fn a_risk_detection_names_a_sign_in_that_exists() {
    let desk = Desk::open(|settings| settings.tenant.permissions.push("IdentityRiskEvent.Read.All".to_owned()));
    let (_, page) = desk.get("/v1.0/identityProtection/riskDetections", "");
    for record in page["value"].as_array().unwrap() {
        let (status, sign_in) = desk.get(&format!("/beta{LIST}/{}", record["requestId"].as_str().unwrap()), "");
        assert_eq!(status, 200);
        assert_eq!(sign_in["userId"], record["userId"]);
    }
}

#[test]
fn the_other_logs_have_rights_and_properties_of_their_own() {
    let desk = Desk::open(|_| {});
    let refused = desk.get("/v1.0/identityProtection/riskDetections", "");
    let message = "Insufficient privileges to complete the operation.";
    assert_refused(&refused, 403, "Authorization_RequestDenied", message);
    let refused = desk.get("/v1.0/auditLogs/directoryAudits", "$filter=createdDateTime ge 2026-11-01T00:00:00Z");
    let message = "Invalid filter clause: Could not find a property named 'createdDateTime' on type \
                   'microsoft.graph.directoryAudit'.";
    assert_refused(&refused, 400, "BadRequest", message);
    let desk = Desk::open(|settings| settings.tenant.licence = Licence::Free);
    assert_eq!(desk.get("/v1.0/auditLogs/directoryAudits", "").0, 200);
}

#[test]
fn daily_counts_agree_with_the_truth() {
    let desk = Desk::open(|_| {});
    let (status, page) = desk.get("/beta/auditLogs/signInEventsSummary", "");
    assert_eq!(status, 200);
    let counted: u64 = page["value"].as_array().unwrap().iter().map(|row| row["signInCount"].as_u64().unwrap()).sum();
    let told: u64 = super::super::Kind::ALL.into_iter().map(|kind| desk.service.tenant.total(kind)).sum();
    assert_eq!(counted, told);
    assert!(page["value"][0]["activityDateTime"].as_str().unwrap().ends_with("T00:00:00Z"));
    assert_eq!(desk.get("/v1.0/auditLogs/signInEventsSummary", "").0, 400);
    let (_, page) = desk.get("/beta/auditLogs/signInEventsAppSummary", "");
    let counted: u64 = page["value"].as_array().unwrap().iter().map(|row| row["signInCount"].as_u64().unwrap()).sum();
    assert_eq!(counted, told);
}

#[test]
fn summarised_sign_ins_add_up_to_their_kind_whatever_the_span() {
    let desk = Desk::open(|_| {});
    let kind = super::super::Kind::NonInteractiveUser;
    for span in ["d1", "h6", "h1"] {
        let path = format!("/beta/auditLogs/getSummarizedNonInteractiveSignIns(aggregationWindow='{span}')");
        let (mut counted, mut query) = (0, "$top=100".to_owned());
        loop {
            let (status, page) = desk.get(&path, &query);
            assert_eq!(status, 200);
            let rows = page["value"].as_array().unwrap();
            counted += rows.iter().map(|row| row["signInCount"].as_u64().unwrap()).sum::<u64>();
            let Some(link) = page["@odata.nextLink"].as_str() else { break };
            query = link.split_once('?').unwrap().1.to_owned();
        }
        assert_eq!(counted, desk.service.tenant.total(kind), "{span}");
    }
    let path = "/beta/auditLogs/getSummarizedMSISignIns(aggregationWindow='d1')";
    let (_, page) = desk.get(path, "$filter=aggregationDateTime ge 2026-11-10T00:00:00Z");
    let rows = page["value"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["aggregationDateTime"].as_str().unwrap() >= "2026-11-10T00:00:00Z"));
    assert!(!rows.is_empty());
    assert_eq!(desk.get("/beta/auditLogs/getSummarizedMSISignIns(aggregationWindow='h2')", "").0, 400);
}
