//! Views of records, of good will and of bad.

use super::*;
use crate::crypto::merkle::RootHash;
use crate::crypto::merkle::leaf_hash;
use crate::format::kind::Kind;

fn case() -> Case {
    let key: Fingerprint = "07".repeat(32).parse().unwrap();
    Case {
        marks: vec![
            "SIMULATED DATA, NOT EVIDENCE".to_owned(),
            "derived; the evidence is the sealed package".to_owned(),
        ],
        exhibit: Some("A-12".to_owned()),
        by: Some("J. Doe & Söhne".to_owned()),
        created: "2026-11-22T09:00:00.000Z".parse().unwrap(),
        is_signed: false,
        count: 2,
        time_zone: Some(Tz::Europe__Berlin),
        matter: "ACME-1, <title>".to_owned(),
        package: "ACME-1_20261122T060400Z-1a2b3c4d".to_owned(),
        seal_sha256: "5e".repeat(32),
        archive_sha256: None,
        operator: "R. Roe".to_owned(),
        operator_key: key,
        signer: key,
        seal_created: "2026-11-22T06:30:00.000Z".parse().unwrap(),
        not_before: Vec::new(),
        not_after: Vec::new(),
        tool: "signhold 0.1.0".to_owned(),
        origin: Origin::Cutter,
    }
}

fn view_of(bytes: &[u8], kind: Kind) -> String {
    let picked = Picked {
        page: 3,
        element: 0,
        bytes: bytes.to_vec(),
        leaf: leaf_hash(bytes),
        proof: Vec::new(),
        kind,
        pass: 1,
        is_counted: true,
        time: Some("2026-11-18T09:14:27Z".to_owned()),
        id: Some("a".to_owned()),
        ids: Vec::new(),
    };
    let page = PickedPage {
        sequence: 3,
        record_count: 40,
        started: "2026-11-22T06:05:01.000Z".parse().unwrap(),
        finished: "2026-11-22T06:05:02.000Z".parse().unwrap(),
        root: RootHash([9; 32]),
    };
    render(&case(), 1, Some("ACME0000001"), &picked, &page)
}

fn view(bytes: &str) -> String {
    view_of(bytes.as_bytes(), Kind::InteractiveUser)
}

/// Every tag in the page, with its attributes.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

#[test]
fn a_record_is_told_in_the_order_in_which_people_ask() {
    let html = view(
        r#"{"id":"a","createdDateTime":"2026-11-18T09:14:27Z","userPrincipalName":"dana@contoso.example","ipAddress":"203.0.113.45",
        "appDisplayName":"Exchange Online","status":{"errorCode":50126,"failureReason":"Error validating credentials."},
        "conditionalAccessStatus":"failure","deviceDetail":{"operatingSystem":"Windows 11","isManaged":false},
        "appliedConditionalAccessPolicies":[{"displayName":"CA001","result":"reportOnlyFailure","enforcedGrantControls":["Mfa"]}],
        "authenticationDetails":[{"authenticationStepDateTime":"2026-11-18T09:14:20Z","authenticationMethod":"Password","succeeded":false}]}"#,
    );
    let order = [
        "SIMULATED DATA, NOT EVIDENCE",
        "derived; the evidence is the sealed package",
        "ACME0000001",
        "<h1>Exhibit A-12, record 1 of 2</h1>",
        "records/000001.json",
        "dana@contoso.example",
        "2026-11-18T09:14:27Z</bdi> (UTC)<br>2026-11-18 10:14:27 in Europe/Berlin (CET, UTC+01:00; the zone chosen by whoever cut this)",
        "203.0.113.45",
        "Exchange Online",
        "<b>error code 50126</b>",
        "password",
        "Error validating credentials.",
        "was not met, or blocks",
        "Windows 11",
        "only reported: had the policy been in force",
        "Steps of the authentication",
        "All members of the record",
        "&quot;2026-11-18T09:14:20Z&quot;",
        "element 0 (counted from 0) of the 40 on page 3",
        "by J. Doe &amp; Söhne, 2026-11-22T09:00:00.000Z (by its own word, unsigned)",
    ];
    let mut rest = html.as_str();
    for words in order {
        let place = rest.find(words).unwrap_or_else(|| panic!("`{words}` is not there, or too early, in\n{html}"));
        rest = &rest[place + words.len()..];
    }
    assert!(html.contains("ACME-1, &lt;title&gt;"));
}

#[test]
fn hostile_values_come_out_harmless() {
    let attack = r#"</td><script>alert(1)</script><img src=x onerror=alert(1)>\" style=x ' & =cmd|'/c calc'!A1"#;
    let unseen = "\u{202e}gpj.exe\u{2066}\u{200b}\u{7f}\u{85}\u{e0041}";
    let bytes = format!(
        r#"{{"id":"{attack}","userPrincipalName":"{unseen}{attack}","createdDateTime":"{attack}","{attack}":["{attack}",{{"{unseen}":null}}],
        "ipAddress":"\u0000\u001b[2J\ud800","status":{{"errorCode":50126,"failureReason":"{attack}"}},"userAgent":"{}",
        "appliedConditionalAccessPolicies":[{{"displayName":"{attack}","result":"{attack}"}}],"conditionalAccessStatus":"{attack}",
        "authenticationDetails":[{{"authenticationMethod":"{attack}","authenticationStepDateTime":"{attack}"}}],
        "deviceDetail":{{"displayName":"{attack}"}},"riskEventTypes_v2":["{attack}"],"location":{{"city":"{attack}"}}}}"#,
        "x".repeat(1 << 20)
    );
    assert!(Json::read(bytes.as_bytes()).is_some());
    for kind in [Kind::InteractiveUser, Kind::DirectoryAudit] {
        let html = view_of(bytes.as_bytes(), kind);
        let known = [
            "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "header", "p", "h1", "h2", "code", "table",
            "tr", "th", "main",
        ];
        let known = [&known[..], &["td", "b", "br", "bdi", "small", "ul", "li", "span", "div"]].concat();
        for tag in tags(&html) {
            let name = tag.trim_start_matches('/').split(' ').next().unwrap();
            assert!(known.contains(&name), "<{tag}>");
            assert!(!tag.contains("onerror") && !tag.contains("src=") && !tag.contains("href"), "<{tag}>");
        }
        assert!(!html.chars().any(|c| c != '\n' && crate::codec::visible::is_unseen(c)));
        assert!(html.contains("\\u{202e}gpj.exe") && html.contains("&lt;script&gt;"));
        assert!(html.contains(r"\ud800") && html.contains(r"\u0000\u001b[2J"), "escapes stand as they are");
        assert!(html.contains(&"x".repeat(1 << 20)), "all of it stands among the members");
    }
}

#[test]
fn members_that_stand_there_twice_are_all_shown() {
    let html = view(r#"{"id":"first","status":{"errorCode":0},"i\u0064":"last","n":1.50,"n":1e2,"e":{},"l":[]}"#);
    assert!(html.contains("Some member stands in it more than once."));
    for raw in ["&quot;first&quot;", "&quot;last&quot;", "i\\u0064", "1.50", "1e2", "(no members)", "(no elements)"] {
        assert!(html.contains(raw), "{raw}");
    }
    assert_eq!(html.matches("this name stands here 2 times").count(), 4);
    assert!(!view(r#"{"id":"a"}"#).contains("more than once"));
    assert!(
        view(r#"{"status":{"errorCode":50126,"errorCode":0}}"#).contains("Some member stands in it more than once.")
    );
    assert!(view(r#"{"a":[{"b":{"c":1,"\u0063":1}}]}"#).contains("more than once"));
}

#[test]
fn what_is_no_record_of_the_kind_expected_is_shown_all_the_same() {
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(127), "]".repeat(127));
    for bytes in
        ["[]", "7", "\"text\"", "null", "{}", deep.as_str(), r#"{"status":5,"location":[],"authenticationDetails":{}}"#]
    {
        let html = view(bytes);
        assert!(html.ends_with("</body>\n</html>\n") && html.contains("All members"), "{bytes}");
    }
    assert!(view_of(b"\"\xff\"", Kind::InteractiveUser).contains("no JSON value that can be walked"));
    assert!(view("{}").contains("not stated"));
}

#[test]
fn a_record_too_long_to_show_is_named_as_such() {
    let long = format!("{{\"x\":[{}0]}}", "0,".repeat(1 << 20));
    let html = view(&long);
    assert!(html.len() < 100_000 && html.contains("too much of it to be shown here"), "{}", html.len());
}

#[test]
fn what_has_to_stand_on_every_printed_page_stands_in_the_head_that_is_repeated() {
    let html = view(r#"{"id":"a"}"#);
    let (_, head) = html.split_once("<header>").unwrap();
    let (head, _) = head.split_once("</header>").unwrap();
    for words in ["SIMULATED DATA, NOT EVIDENCE", "ACME0000001", "Exhibit A-12, record 1 of 2"] {
        assert!(head.contains(words), "{words}: {head}");
    }
    let (_, print) = html.split_once("@media print {").unwrap();
    assert!(print.contains("header { display: table-header-group; break-inside: avoid; }"), "{print}");
}

#[test]
fn words_are_the_services_and_conclude_nothing() {
    let html = view(
        r#"{"id":"a","userPrincipalName":"dana@contoso.example","userId":"7","isInteractive":true,"riskLevelDuringSignIn":"high",
        "riskState":"atRisk","riskEventTypes_v2":["anomalousToken","someNewKind"]}"#,
    );
    for words in [
        "<tr><th scope=\"row\">Account</th><td><bdi>dana@contoso.example</bdi></td></tr>",
        "yes: the service logged it as interactive",
        "<td><bdi>high</bdi></td>",
        "<bdi>atRisk</bdi>: at risk",
        "<bdi>anomalousToken</bdi>: the token was unusual",
        "<bdi>someNewKind</bdi></td>",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("a person gave something") && !html.contains(">Who<"));
}
