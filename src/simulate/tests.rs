//! The simulator over a real network: TLS with its own authority, both HTTP versions, faults as a client meets them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use reqwest::{Certificate, Client, Version as HttpVersion};
use serde_json::Value;

use super::{Kind, Server, Settings, Transport};

fn settings(records: u64) -> Settings {
    Settings::new(11, records, "2026-11-18T12:00:00Z".parse().unwrap())
}

fn client(server: &Server) -> reqwest::ClientBuilder {
    // Another test may have installed it first; either way it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = server.ca_pem().map(|pem| Certificate::from_pem(pem.as_bytes()).unwrap());
    Client::builder().no_proxy().tls_certs_only(authority).timeout(Duration::from_mins(1))
}

async fn token(client: &Client, server: &Server) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", server.client_id()),
        ("client_secret", server.client_secret()),
        ("scope", &format!("{}/.default", server.graph_url())),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", server.login_url(), server.tenant_id());
    let body = client.post(url).form(&form).send().await.unwrap().bytes().await.unwrap();
    serde_json::from_slice::<Value>(&body).unwrap()["access_token"].as_str().unwrap().to_owned()
}

fn url(server: &Server) -> String {
    format!("{}/beta/auditLogs/signIns?$top=50", server.graph_url())
}

#[tokio::test]
async fn a_whole_stream_over_https_is_what_the_tenant_holds() {
    let server = Server::start(settings(3_000)).unwrap();
    let client = client(&server).build().unwrap();
    let token = token(&client, &server).await;
    let (from, to) = ("2026-11-03T00:00:00Z", "2026-11-12T00:00:00Z");
    let mut next = Some(format!(
        "{}&$filter=createdDateTime ge {from} and createdDateTime lt {to} and signInEventTypes/any(t: t eq \
         'nonInteractiveUser')",
        url(&server)
    ));
    let mut pulled = Vec::new();
    while let Some(page) = next {
        let response = client.get(&page).bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.version(), HttpVersion::HTTP_2);
        let page: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        pulled.extend(page["value"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()));
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    let expected = server.tenant().ids_in(Kind::NonInteractiveUser, from.parse().unwrap(), to.parse().unwrap());
    assert_eq!(pulled.len(), expected.len());
    assert_eq!(pulled.into_iter().collect::<BTreeSet<_>>(), expected.into_iter().collect());
    assert_eq!(server.requests_served(), server.graph_requests() + 1);
}

#[tokio::test]
async fn links_lead_back_the_way_the_client_came() {
    let server = Server::start(settings(3_000)).unwrap();
    let client = client(&server).build().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", server.client_id()),
        ("client_secret", server.client_secret()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let root = format!("https://{}", server.address());
    let url = format!("{root}/{}/oauth2/v2.0/token", server.tenant_id());
    let body = client.post(url).form(&form).send().await.unwrap().bytes().await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let url = format!("{root}/v1.0/auditLogs/signIns?$top=10");
    let request = client.get(url).bearer_auth(body["access_token"].as_str().unwrap());
    let page: Value = serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
    let expected = format!("{root}/v1.0/auditLogs/signins?$top=10&$skiptoken=");
    assert!(page["@odata.nextLink"].as_str().unwrap().starts_with(&expected));
}

#[tokio::test]
async fn http_1_answers_are_chunked_and_can_be_cut_in_the_middle() {
    let mut settings = settings(3_000);
    settings.transport = Transport::Http;
    settings.faults = vec!["cut-body@2".parse().unwrap()];
    let server = Server::start(settings).unwrap();
    let client = client(&server).http1_only().build().unwrap();
    let token = token(&client, &server).await;
    let whole = client.get(url(&server)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(whole.headers()["transfer-encoding"], "chunked");
    assert!(!whole.headers().contains_key("content-length"));
    assert!(whole.bytes().await.is_ok());
    let cut = client.get(url(&server)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(cut.status(), 200);
    assert!(cut.bytes().await.is_err());
    let after = client.get(url(&server)).bearer_auth(&token).send().await.unwrap();
    assert!(after.bytes().await.is_ok());
}

#[tokio::test]
async fn faults_strike_the_requests_they_are_told_to() {
    let mut settings = settings(300);
    settings.transport = Transport::Http;
    let faults = ["http-503@1", "http-504@2", "throttled-once@3", "html-200@4", "expire-token@5", "stall@6"];
    settings.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let server = Server::start(settings).unwrap();
    let client = client(&server).build().unwrap();
    let token = token(&client, &server).await;
    for (status, retries) in [(503, true), (504, false), (429, true), (200, false), (401, false)] {
        let response = client.get(url(&server)).bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key("retry-after"), retries, "{status}");
    }
    let short = Duration::from_millis(50);
    let stalled = client.get(url(&server)).bearer_auth(&token).timeout(short).send().await;
    assert!(stalled.unwrap_err().is_timeout());
    let fresh = self::token(&client, &server).await;
    assert_eq!(client.get(url(&server)).bearer_auth(fresh).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn time_stamp_requests_reach_whoever_answers_them() {
    let mut settings = settings(0);
    settings.time_stamper = Some(Arc::new(|query, _| query.iter().rev().copied().collect()));
    let server = Server::start(settings).unwrap();
    let client = client(&server).build().unwrap();
    let ask = client.post(server.tsa_url()).header("content-type", "application/timestamp-query").body("abc");
    let response = ask.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/timestamp-reply");
    assert_eq!(&response.bytes().await.unwrap()[..], b"cba");
    let long =
        client.post(server.tsa_url()).header("content-type", "application/timestamp-query").body(vec![0; 70_000]);
    assert_eq!(long.send().await.unwrap().status(), 413);
}

#[test]
fn a_simulator_is_never_offered_to_other_machines() {
    let mut settings = settings(0);
    settings.listen = "0.0.0.0:0".parse().unwrap();
    assert!(Server::start(settings).is_err());
}

#[test]
fn a_stopped_simulator_no_longer_listens() {
    let server = Server::start(settings(0)).unwrap();
    let address = server.address();
    server.stop();
    assert!(std::net::TcpListener::bind(address).is_ok());
}

#[tokio::test]
async fn every_way_a_body_can_end_badly_is_an_error_in_both_http_versions() {
    for fault in ["connection-reset@2", "cut-body@2", "truncated-chunked@2", "wrong-content-length@2"] {
        for transport in [Transport::Http, Transport::Https] {
            let mut settings = settings(1_000);
            settings.transport = transport;
            settings.faults = vec![fault.parse().unwrap()];
            let server = Server::start(settings).unwrap();
            let client = client(&server).build().unwrap();
            let token = token(&client, &server).await;
            let mut outcomes = Vec::new();
            for _ in 0..3 {
                let response = client.get(url(&server)).bearer_auth(&token).send().await;
                outcomes.push(match response {
                    Ok(response) => response.bytes().await.is_ok(),
                    Err(_) => false,
                });
            }
            assert_eq!(outcomes, [true, false, true], "{fault} {transport:?}");
        }
    }
}

#[tokio::test]
async fn a_body_without_its_end_is_all_there_and_still_not_whole() {
    let mut settings = settings(1_000);
    settings.transport = Transport::Http;
    settings.faults = vec!["truncated-chunked".parse().unwrap()];
    let server = Server::start(settings).unwrap();
    let client = client(&server).http1_only().build().unwrap();
    let token = token(&client, &server).await;
    let mut response = client.get(url(&server)).bearer_auth(&token).send().await.unwrap();
    let mut body = Vec::new();
    let ended = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    assert!(!ended);
    assert!(serde_json::from_slice::<Value>(&body).is_ok());
}

#[tokio::test]
async fn a_stopped_simulator_ends_its_stalls() {
    let mut settings = settings(0);
    settings.faults = vec!["stall".parse().unwrap()];
    let server = Server::start(settings).unwrap();
    let client = client(&server).build().unwrap();
    let token = token(&client, &server).await;
    let waiting = tokio::spawn(client.get(url(&server)).bearer_auth(&token).send());
    while server.graph_requests() == 0 {
        tokio::task::yield_now().await;
    }
    server.stop();
    assert!(waiting.await.unwrap().is_err());
}
