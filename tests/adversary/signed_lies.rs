//! Who: the holder of the operator's key, or whoever made them sign. Every signature is right; what is signed is not.
//!
//! This is what recomputing is for: no count, root, link, order or state is believed because it is signed.

use crate::package::{
    Doc, Draft, FROM, GRAPH, KIND, OVER_HTTP, PEER, TO, element, first_url, hex_digest, json, over_tls, page, run,
};
use crate::{expect_invalid, expect_valid};

fn with_record(number: u64, edit: impl Fn(&mut Doc) + 'static) -> Draft {
    let mut draft = Draft::good();
    draft.edit_records.insert(number, Box::new(edit));
    draft
}

fn with_genesis(edit: impl Fn(&mut Doc) + 'static) -> Draft {
    let mut draft = Draft::good();
    draft.edit_genesis = Some(Box::new(edit));
    draft
}

/// The member `extra_roots` with digests of one digit.
fn roots(digits: &[&str]) -> String {
    let digests: Vec<String> = digits.iter().map(|digit| format!("\"{}\"", digit.repeat(64))).collect();
    format!("\"extra_roots\":[{}]", digests.join(","))
}

fn with_seal(edit: impl Fn(&mut Doc) + 'static) -> Draft {
    let mut draft = Draft::good();
    draft.edit_seal = Some(Box::new(edit));
    draft
}

fn with_failure(edit: impl Fn(&mut Doc) + 'static) -> Draft {
    let mut draft = Draft::with_failure();
    draft.edit_failures.insert(1, Box::new(edit));
    draft
}

const ZEROS: &str = "\"0000000000000000000000000000000000000000000000000000000000000000\"";

/// FORMAT §10.
#[test]
fn bag_declaration() {
    for text in [
        "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n",
        "\u{feff}BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "BagIt-Version: 1.0\r\nTag-File-Character-Encoding: UTF-8\r\n",
        "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n",
        "BagIt-Version : 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n",
        "BagIt-Version: 1.0\nTag-File-Character-Encoding: ISO-8859-1\n",
        "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8",
        "",
    ] {
        let mut draft = Draft::good();
        draft.edit_files = Some(Box::new(move |files| files.set("bagit.txt", text)));
        expect_invalid(&draft.build(), &["bag-declaration"]);
    }
}

/// FORMAT §10: what people see first in a bag must be what was signed.
#[test]
fn bag_info_mismatch() {
    type Change = fn(String) -> String;
    let changes: [Change; 7] = [
        |text| text.replace("Payload-Oxum: ", "Payload-Oxum: 1"),
        |text| format!("{text}{}\n", text.lines().last().unwrap()),
        |text| text.replace("Payload-Oxum: ", "Payload-Oxum:  "),
        |text| text.replace("Acme", "Acme Holding"),
        |text| text.replace("1 of 1", "1 of 2"),
        |text| format!("{text}Contact-Name: R. Roe\n"),
        |text| text.replace('\n', "\r\n"),
    ];
    for change in changes {
        let mut draft = Draft::good();
        draft.edit_bag_info = Some(Box::new(change));
        expect_invalid(&draft.build(), &["bag-info-mismatch"]);
    }
}

/// FORMAT §10: simulated data without the mark that people see first.
#[test]
fn bag_info_without_the_mark_of_simulated_data() {
    let mut draft = Draft::good();
    draft.simulated = true;
    draft.edit_bag_info = Some(Box::new(|text| text.replace("SIMULATED DATA, NOT EVIDENCE. ", "")));
    expect_invalid(&draft.build(), &["bag-info-mismatch", "simulated-data"]);
}

/// FORMAT §10: manifests that common tools accept.
#[test]
fn manifest_malformed() {
    type Change = fn(&str) -> String;
    let changes: [Change; 14] = [
        |text| text.trim_end().to_owned(),
        |text| text.replacen("  data/", "  ./data/", 1),
        |text| text.replacen("  data/", "\tdata/", 1),
        |text| text.replacen("  data/", " data/", 1),
        |text| text.replacen("data/genesis.json", "data/genesis%2Ejson", 1),
        |text| format!("\\{text}"),
        |text| format!("{text}{}  ../outside\n", "0".repeat(64)),
        |text| format!("{text}{}  data/genesis.json\n", "0".repeat(64)),
        |text| text.replace('\n', "\r\n"),
        |text| text.to_uppercase().replace("DATA/", "data/"),
        |text| text.replace("  ", " *"),
        |text| format!("# comment\n{text}"),
        |text| text.lines().rev().flat_map(|line| [line, "\n"]).collect(),
        |text| [text, text.lines().last().unwrap(), "\n"].concat(),
    ];
    for change in changes {
        let mut draft = Draft::good();
        draft.edit_manifests = Some(Box::new(move |files| {
            let text = String::from_utf8(files.bytes("manifest-sha256.txt").to_vec()).unwrap();
            files.set("manifest-sha256.txt", change(&text));
            let tags = files.bytes("manifest-sha256.txt").to_vec();
            let digest = crate::package::hex_digest(&tags);
            let text = String::from_utf8(files.bytes("tagmanifest-sha256.txt").to_vec()).unwrap();
            let start = text.find("manifest-sha256.txt").unwrap() - 66;
            files.set("tagmanifest-sha256.txt", format!("{}{digest}{}", &text[..start], &text[start + 64..]));
        }));
        expect_invalid(&draft.build(), &["manifest-malformed"]);
    }
}

/// FORMAT §10: a manifest of nothing.
#[test]
fn manifest_file_unlisted_by_an_empty_manifest() {
    let mut draft = Draft::good();
    draft.edit_manifests = Some(Box::new(|files| {
        let tags = String::from_utf8(files.bytes("tagmanifest-sha256.txt").to_vec()).unwrap();
        let old = crate::package::hex_digest(files.bytes("manifest-sha256.txt"));
        files.set("manifest-sha256.txt", "");
        files.set("tagmanifest-sha256.txt", tags.replace(&old, &crate::package::hex_digest(b"")));
    }));
    expect_invalid(&draft.build(), &["manifest-file-unlisted"]);
}

/// FORMAT §10: a manifest that names what is the other's, all of it sealed.
#[test]
fn manifest_of_the_other_ones_files() {
    let line = |files: &crate::archive::Files, path: &str| {
        format!("{}  {path}\n", crate::package::hex_digest(files.bytes(path)))
    };
    for (manifest, path) in [
        ("manifest-sha256.txt", "README.txt"),
        ("tagmanifest-sha256.txt", "data/genesis.json"),
        ("tagmanifest-sha256.txt", "tagmanifest-sha256.txt"),
    ] {
        let mut draft = Draft::good();
        draft.edit_manifests = Some(Box::new(move |files| {
            let mut lines: Vec<String> =
                str::from_utf8(files.bytes(manifest)).unwrap().lines().map(|line| format!("{line}\n")).collect();
            lines.push(line(files, path));
            lines.sort_by(|a, b| a[66..].cmp(&b[66..]));
            files.set(manifest, lines.concat());
            if manifest == "manifest-sha256.txt" {
                let tags = str::from_utf8(files.bytes("tagmanifest-sha256.txt")).unwrap();
                let kept: String = tags
                    .lines()
                    .filter(|line| !line.ends_with(" manifest-sha256.txt"))
                    .fold(String::new(), |all, line| all + line + "\n");
                let renewed = kept + &line(files, "manifest-sha256.txt");
                files.set("tagmanifest-sha256.txt", renewed);
            }
        }));
        let report = crate::report_on(&draft.build().zip(), crate::pinned());
        let found = crate::codes(&report);
        assert!(found.iter().any(|code| code.starts_with("manifest-")), "{manifest} {path}: {found:?}");
        assert_eq!(report.outcome, signhold::verify::Outcome::Invalid, "{manifest} {path}");
    }
}

/// FORMAT §10: a digest that is wrong in a manifest that is sealed.
#[test]
fn manifest_digest_mismatch() {
    let mut draft = Draft::good();
    draft.edit_manifests = Some(Box::new(|files| files.set("README.txt", "Another one.\n")));
    expect_invalid(&draft.build(), &["manifest-digest-mismatch"]);
}

/// FORMAT §10.
#[test]
fn manifest_file_missing() {
    let mut draft = Draft::good();
    draft.edit_manifests = Some(Box::new(|files| {
        files.remove("README.txt");
    }));
    expect_invalid(&draft.build(), &["manifest-file-missing"]);
}

/// FORMAT §10.
#[test]
fn manifest_file_unlisted() {
    let mut draft = Draft::good();
    draft.edit_files = Some(Box::new(|files| {
        files.remove("README.txt");
    }));
    draft.edit_manifests = Some(Box::new(|files| files.insert_before("keys/signer.pem", "README.txt", "x")));
    expect_invalid(&draft.build(), &["manifest-file-unlisted"]);
}

/// FORMAT §2: the seal in another spelling of the same values, signed so.
#[test]
fn seal_malformed() {
    type Change = fn(String) -> String;
    let changes: [Change; 9] = [
        |seal| seal.replacen(':', ": ", 1),
        |seal| format!("{seal}\n"),
        |seal| seal.replace("\"second_pass\":null", "\"second_pass\":null,\"note\":1"),
        |seal| seal.replace(",\"reconciliation\":[]", ""),
        |seal| seal.replace("\"simulated\":false", "\"simulated\":false,\"simulated\":true"),
        |seal| seal.replace("\"failures\":0", "\"failures\":0.0"),
        |seal| seal.replace("\"operator\":", "\"\\u006fperator\":"),
        |seal| seal.replace("signhold/seal/v1", "signhold/seal/v2"),
        |seal| seal.replace("\"second_pass\":null", "\"second_pass\":{}"),
    ];
    for change in changes {
        let mut draft = Draft::good();
        draft.edit_seal_bytes = Some(Box::new(move |bytes| change(String::from_utf8(bytes).unwrap()).into_bytes()));
        expect_invalid(&draft.build(), &["seal-malformed"]);
    }
}

/// FORMAT §9: a page record presented as a seal.
#[test]
fn seal_malformed_where_it_is_a_page_record() {
    let record = Draft::good().build().bytes("data/records/000001.json").to_vec();
    let mut draft = Draft::good();
    draft.edit_seal_bytes = Some(Box::new(move |_| record.clone()));
    expect_invalid(&draft.build(), &["seal-malformed"]);
}

/// FORMAT §9: the archive was zipped anew after sealing; same files, other bytes.
#[test]
fn seal_archive_digest_mismatch() {
    let draft = with_seal(|seal| seal.set("archive", format!("{{\"byte_len\":1,\"sha256\":{ZEROS}}}")));
    expect_invalid(&draft.build(), &["seal-archive-digest-mismatch"]);
}

/// FORMAT §9.
#[test]
fn seal_tagmanifest_mismatch() {
    let draft = with_seal(|seal| seal.set("tagmanifest_sha256", ZEROS));
    expect_invalid(&draft.build(), &["seal-tagmanifest-mismatch"]);
}

/// FORMAT §5: the seal of one package in the directory of another.
#[test]
fn seal_package_mismatch() {
    let mut files = Draft::good().build();
    files.top = "ACME-2_20261122T060400Z-1a2b3c4d".to_owned();
    files.reseal(&crate::package::operator_key());
    expect_invalid(&files, &["seal-package-mismatch"]);
}

/// FORMAT §6: three places name the key.
#[test]
fn key_mismatch() {
    expect_invalid(&with_seal(|seal| seal.set("signer", ZEROS)).build(), &["key-mismatch"]);
    let both = format!("{{\"operator\":{ZEROS},\"signer\":{ZEROS}}}");
    expect_invalid(&with_genesis(move |genesis| genesis.set("keys", both.clone())).build(), &["key-mismatch"]);
}

/// FORMAT §6.1: values no writer may write.
#[test]
fn genesis_malformed() {
    let cases: [fn(&mut Doc); 16] = [
        |genesis| genesis.replace("plan", "\"to\":\"2026-11-02T00:00:00Z\"", "\"to\":\"2026-11-01T00:00:00Z\""),
        |genesis| genesis.set("operator", "\"a\\nb\""),
        |genesis| genesis.replace("source", "\"global\"", "\"mars\""),
        |genesis| genesis.replace("source", "https://login.", "https://\u{440}."),
        |genesis| genesis.replace("source", "https://login.", "https://login ."),
        |genesis| genesis.replace("source", "\"proxy\":null", "\"proxy\":\"http://user:password@proxy.example\""),
        |genesis| genesis.replace("source", "\"proxy\":null", "\"proxy\":\"http://proxy.example/\""),
        |genesis| genesis.replace("source", "\"proxy\":null", "\"proxy\":\"proxy.example:3128\""),
        |genesis| genesis.replace("source", "\"proxy\":null", "\"proxy\":\"http://\""),
        |genesis| genesis.replace("source", "\"extra_roots\":[]", &roots(&["b", "a"])),
        |genesis| genesis.replace("source", "\"extra_roots\":[]", &roots(&["a", "a"])),
        |genesis| genesis.replace("plan", "\"interactiveUser\"", "\"interactiveUser\",\"interactiveUser\""),
        |genesis| genesis.replace("plan", ",\"managedIdentity\"", ""),
        |genesis| genesis.replace("series", "\"number\":1", "\"number\":2"),
        |genesis| genesis.set("timestamps", "{\"mode\":\"embedded\",\"authorities\":[]}"),
        |genesis| genesis.replace("tool", "\"format\":\"1\"", "\"format\":\"2\""),
    ];
    for (index, edit) in cases.into_iter().enumerate() {
        let files = with_genesis(edit).build();
        let report = crate::report_on(&files.zip(), crate::pinned());
        assert!(crate::codes(&report).contains(&"genesis-malformed"), "case {index}: {:#?}", report.findings);
        assert_eq!(report.outcome, signhold::verify::Outcome::Invalid);
    }
}

/// FORMAT §6.1: a page record of another acquisition by the same key.
#[test]
fn genesis_mismatch() {
    let other = json("20261121T060400Z-1a2b3c4d");
    let last = with_record(2, move |record| record.set("acquisition", other.clone()));
    expect_invalid(&last.build(), &["genesis-mismatch"]);
    let draft = with_record(2, |record| record.set("genesis", format!("{{\"sha256\":{ZEROS},\"timestamps\":[]}}")));
    expect_invalid(&draft.build(), &["genesis-mismatch"]);
    expect_invalid(&with_seal(|seal| seal.set("operator", json("J. Doe"))).build(), &["genesis-mismatch"]);
}

/// FORMAT §6.1: data of the simulator, said to be real. The cloud table is the verifier's own.
#[test]
fn genesis_mismatch_where_simulated_data_passes_for_evidence() {
    let mut draft = Draft::good();
    draft.graph_url = "http://127.0.0.1:8080".to_owned();
    draft.pages[0].url = first_url(&draft.graph_url, KIND, FROM, TO);
    let report = expect_invalid(&draft.build(), &["genesis-mismatch", "simulated-data"]);
    assert_eq!(report.facts.simulated, Some(true));
}

/// FORMAT §6.1: a seal that drops the mark.
#[test]
fn genesis_mismatch_where_the_seal_drops_the_mark() {
    let mut draft = with_seal(|seal| seal.set("simulated", "false"));
    draft.simulated = true;
    expect_invalid(&draft.build(), &["genesis-mismatch", "simulated-data"]);
}

/// FORMAT §6.2: values no writer may write; a secret among them.
#[test]
fn page_record_malformed() {
    let cases: [fn(&mut Doc); 15] = [
        |record| record.replace("response", &over_tls(PEER, b"a leaf certificate"), OVER_HTTP),
        |record| record.replace("request", "https://", "http://"),
        |record| record.replace("response", &format!("[\"{}\"]", hex_digest(b"a leaf certificate")), "[]"),
        |record| record.replace("response", PEER, "graph.example:443"),
        |record| record.replace("body", "data/pages/000002.json", "../pages/000002.json"),
        |record| record.replace("body", "data/pages/000002.json", "seal/seal.json"),
        |record| record.replace("body", "data/pages/000002.json", "data/genesis.json"),
        |record| record.replace("response", "\"status\":200", "\"status\":500"),
        |record| record.replace("response", "\"content-type\"", "\"Content-Type\""),
        |record| record.replace("response", "HTTP/1.1", "HTTP/3"),
        |record| record.replace("request", "\"headers\":[]", "\"headers\":[[\"authorization\",\"Bearer x\"]]"),
        |record| record.replace("request", "\"method\":\"GET\"", "\"method\":\"POST\""),
        |record| record.replace("request", "\"attempt\":1", "\"attempt\":0"),
        |record| record.replace("request", "\"monotonic_end_us\":2", "\"monotonic_end_us\":0"),
        |record| record.replace("body", "data/pages/000002.json", "data/pages/000001.json"),
    ];
    for edit in cases {
        let files = with_record(2, edit).build();
        let report = crate::report_on(&files.zip(), crate::pinned());
        let found: Vec<&str> = crate::codes(&report);
        assert!(found.contains(&"page-record-malformed"), "{:#?}", report.findings);
        assert!(!report.findings.iter().any(|finding| finding.claimed.contains("Bearer")), "no secret is repeated");
    }
    expect_invalid(
        &with_record(2, |record| record.0.truncate(9)).build(),
        &["page-record-malformed", "seal-totals-mismatch", "seal-streams-mismatch"],
    );
}

/// FORMAT §6.2: a record that names another before it.
#[test]
fn page_chain_broken() {
    expect_invalid(&with_record(2, |record| record.set("previous", ZEROS)).build(), &["page-chain-broken"]);
    expect_invalid(&with_record(1, |record| record.set("previous", ZEROS)).build(), &["page-chain-broken"]);
}

/// FORMAT §6.2: two records that follow the same one: a fork within the package.
#[test]
fn page_chain_broken_by_a_fork() {
    let mut draft = Draft::good();
    let url = format!("{}&$skiptoken=3", draft.pages[0].url);
    draft.pages[1].next_link = Some(url.clone());
    draft.pages.push(page(3, &url, None, vec![element("d", "2026-11-01T06:00:00Z")]));
    let honest = draft.build();
    let second = String::from_utf8(honest.bytes("data/records/000002.json").to_vec()).unwrap();
    let at = second.find("\"previous\":").unwrap() + 11;
    let first = second[at..at + 66].to_owned();
    draft.edit_records.insert(3, Box::new(move |record| record.set("previous", first.clone())));
    expect_invalid(&draft.build(), &["page-chain-broken"]);
}

/// FORMAT §6.2: a record under another number than its own.
#[test]
fn page_sequence_broken() {
    expect_invalid(&with_record(2, |record| record.set("sequence", "3")).build(), &["page-sequence-broken"]);
}

/// FORMAT §6.2: a page taken out of the middle, the files renumbered, everything signed anew but for the kept records.
#[test]
fn page_sequence_broken_where_a_page_was_taken_out() {
    let mut draft = Draft::good();
    draft.edit_files = Some(Box::new(|files| {
        for path in ["data/records/000001.json", "data/records/000001.sig", "data/pages/000001.json"] {
            files.remove(path);
        }
    }));
    let found = expect_invalid(
        &draft.build(),
        &[
            "page-sequence-broken",
            "pagination-broken",
            "request-mismatch",
            "seal-root-mismatch",
            "seal-totals-mismatch",
            "seal-streams-mismatch",
        ],
    );
    assert_eq!(found.facts.counts.pages, 1);
}

/// FORMAT §7: a body under a record that names another.
#[test]
fn page_digest_mismatch() {
    let draft = with_record(2, |record| {
        let body = record.value("body").to_owned();
        let start = body.find("\"sha256\":").unwrap() + 9;
        record.set("body", format!("{}{ZEROS}{}", &body[..start], &body[start + 66..]));
    });
    expect_invalid(&draft.build(), &["page-digest-mismatch"]);
}

/// FORMAT §7: digest right, length wrong.
#[test]
fn page_length_mismatch() {
    let draft = with_record(2, |record| {
        let body = record.value("body").replace("\"byte_len\":", "\"byte_len\":1");
        record.set("body", body);
    });
    expect_invalid(&draft.build(), &["page-length-mismatch"]);
}

/// FORMAT §7.2: each claim about the elements is computed anew.
#[test]
fn page_records_mismatch() {
    let cases: [fn(&mut Doc); 7] = [
        |record| record.replace("records", "\"count\":1", "\"count\":2"),
        |record| record.replace("records", "\"inside\":1", "\"inside\":0"),
        |record| record.replace("records", "\"undated\":0", "\"undated\":1"),
        |record| record.replace("records", "\"slicing\":\"elements\"", "\"slicing\":\"opaque\""),
        |record| record.replace("records", "\"earliest\":\"2026-11-01T07:00:00Z\"", "\"earliest\":null"),
        |record| record.replace("records", "\"latest\":\"2026-11-01T07:00:00Z", "\"latest\":\"2026-11-01T07:00:01Z"),
        |record| {
            let records = record.value("records").to_owned();
            let start = records.find("\"merkle_root\":").unwrap() + 14;
            record.set("records", format!("{}{ZEROS}{}", &records[..start], &records[start + 66..]));
        },
    ];
    for edit in cases {
        expect_invalid(&with_record(2, edit).build(), &["page-records-mismatch"]);
    }
}

/// FORMAT §7.1: the root over elements as a program would write them again, not as the service sent them.
#[test]
fn page_records_mismatch_where_elements_were_written_anew() {
    let mut draft = Draft::good();
    let spaced = b"{\"value\":[{\"id\": \"c\", \"createdDateTime\": \"2026-11-01T07:00:00Z\"}]}".to_vec();
    draft.pages[1].body = Some(spaced);
    expect_invalid(&draft.build(), &["page-records-mismatch"]);
    draft.pages[1].elements[0].0 = "{\"id\": \"c\", \"createdDateTime\": \"2026-11-01T07:00:00Z\"}".to_owned();
    expect_valid(&draft.build(), &[]);
}

/// FORMAT §6.2: the record hides that the service had more.
#[test]
fn page_next_link_mismatch() {
    let mut draft = with_record(1, |record| record.set("next_link", "null"));
    draft.pages.truncate(1);
    expect_invalid(&draft.build(), &["page-next-link-mismatch", "seal-streams-mismatch"]);
}

/// FORMAT §7.1: a duplicated `value` is opaque for everybody; a record that takes the second is wrong.
#[test]
fn page_opaque_where_a_body_means_two_things() {
    let mut draft = Draft::good();
    draft.pages[1].body =
        Some(b"{\"value\":[],\"value\":[{\"id\":\"c\",\"createdDateTime\":\"2026-11-01T07:00:00Z\"}]}".to_vec());
    expect_invalid(
        &draft.build(),
        &["page-opaque", "page-records-mismatch", "seal-totals-mismatch", "seal-streams-mismatch"],
    );
}

/// FORMAT §7.3: the second page was asked with another link than the service gave.
#[test]
fn pagination_broken() {
    let mut draft = Draft::good();
    draft.pages[1].url.push_str("&$filter=not%20mine");
    expect_invalid(&draft.build(), &["pagination-broken"]);
}

/// FORMAT §7.3: a page after the last.
#[test]
fn pagination_broken_by_a_page_after_the_last() {
    let mut draft = Draft::good();
    let url = draft.pages[1].url.clone();
    draft.pages.push(page(3, &url, None, vec![element("d", "2026-11-01T10:00:00Z")]));
    expect_invalid(&draft.build(), &["pagination-broken"]);
}

/// FORMAT §7.3: the same page twice, the chain made to fit; it would count twice.
#[test]
fn pagination_broken_by_a_page_twice() {
    let mut draft = Draft::good();
    let twin = draft.pages[0].clone();
    draft.pages.insert(1, twin);
    expect_invalid(&draft.build(), &["pagination-broken"]);
}

/// FORMAT §7.3: pages in another order than they came, the chain made to fit.
#[test]
fn pagination_broken_by_another_order() {
    let mut draft = Draft::good();
    draft.pages.swap(0, 1);
    expect_invalid(&draft.build(), &["pagination-broken", "request-mismatch", "seal-streams-mismatch"]);
}

/// FORMAT §7.3: a page left out within a run, with the chain closed over it.
#[test]
fn pagination_broken_by_a_page_left_out() {
    let mut draft = Draft::good();
    draft.pages[1].sequence = 3;
    expect_invalid(&draft.build(), &["pagination-broken"]);
}

/// FORMAT §7.3: a request that asks for less than the plan says.
#[test]
fn request_mismatch() {
    let mut draft = Draft::good();
    draft.pages[0].url = draft.pages[0].url.replace("&$top=1000", "%20and%20riskState%20eq%20%27none%27&$top=1000");
    expect_invalid(&draft.build(), &["request-mismatch"]);
}

/// FORMAT §6.1: a window longer than the longest that the plan asks at once.
#[test]
fn request_mismatch_where_a_window_is_longer_than_planned() {
    let edit = |genesis: &mut Doc| genesis.replace("plan", "\"window_seconds\":86400", "\"window_seconds\":21600");
    expect_invalid(&with_genesis(edit).build(), &["request-mismatch"]);
}

/// FORMAT §7.3: a failure brought about by asking something else, to have a window failed.
#[test]
fn request_mismatch_of_a_failure() {
    let mut draft = Draft::with_failure();
    draft.failures[0].url.push_str("&$top=0");
    expect_invalid(&draft.build(), &["request-mismatch"]);
    draft.failures[0].url = first_url(GRAPH, KIND, FROM, TO);
    draft.failures[0].sequence = 1;
    draft.failures[0].after_page = 0;
    expect_valid(&draft.build(), &[]);
    draft.failures[0].url.push_str("&$top=0");
    expect_invalid(&draft.build(), &["request-mismatch"]);
}

/// FORMAT §6.3: values no writer may write.
#[test]
fn failure_malformed() {
    expect_invalid(&with_failure(|record| record.set("reason", json("bad-luck"))).build(), &["failure-malformed"]);
    expect_invalid(
        &with_failure(|record| record.replace("request", "\"attempt\":1", "\"attempt\":0")).build(),
        &["failure-malformed"],
    );
    let in_the_clear = |record: &mut Doc| record.replace("response", &over_tls(PEER, b"a leaf certificate"), OVER_HTTP);
    expect_invalid(&with_failure(in_the_clear).build(), &["failure-malformed"]);
}

/// FORMAT §6.3: a failure that claims another place among the pages.
#[test]
fn failure_mismatch() {
    expect_invalid(&with_failure(|record| record.set("after_page", "3")).build(), &["failure-mismatch"]);
    expect_invalid(&with_failure(|record| record.set("sequence", "2")).build(), &["failure-mismatch"]);
    expect_invalid(&with_failure(|record| record.set("body", "null")).build(), &["failure-mismatch"]);
}

/// FORMAT §8.
#[test]
fn seal_root_mismatch() {
    expect_invalid(&with_seal(|seal| seal.set("merkle_root", ZEROS)).build(), &["seal-root-mismatch"]);
}

/// FORMAT §9.
#[test]
fn seal_head_mismatch() {
    let draft = with_seal(|seal| seal.replace("head", "\"sequence\":2", "\"sequence\":3"));
    expect_invalid(&draft.build(), &["seal-head-mismatch"]);
}

/// FORMAT §9: each total is computed anew.
#[test]
fn seal_totals_mismatch() {
    for member in ["pages", "records", "inside", "body_bytes", "failures"] {
        let draft = with_seal(move |seal| {
            let totals = seal.value("totals").replace(&format!("\"{member}\":"), &format!("\"{member}\":1"));
            seal.set("totals", totals);
        });
        expect_invalid(&draft.build(), &["seal-totals-mismatch"]);
    }
}

/// FORMAT §9: a run that did not end, said to be complete.
#[test]
fn seal_streams_mismatch_where_an_open_run_is_complete() {
    let mut draft = Draft::good();
    draft.pages.truncate(1);
    expect_invalid(&draft.build(), &["seal-streams-mismatch"]);
}

/// FORMAT §9: states that do not fit what was seen.
#[test]
fn seal_streams_mismatch() {
    for (state, reason, more) in [
        ("empty", None, None),
        ("complete", Some("a reason"), None),
        ("failed", Some("no"), Some("coverage-gap")),
        ("expired", Some("no"), Some("coverage-gap")),
        ("not_asked", Some("no"), Some("coverage-gap")),
    ] {
        let mut draft = Draft::good();
        draft.runs = vec![run(state, reason)];
        let expected: Vec<&str> = ["seal-streams-mismatch"].into_iter().chain(more).collect();
        expect_invalid(&draft.build(), &expected);
    }
}

/// FORMAT §9: records hidden by calling their run superseded, though nothing asked again.
#[test]
fn seal_streams_mismatch_where_nothing_was_asked_again() {
    let mut draft = Draft::good();
    draft.runs = vec![run("superseded", None)];
    expect_invalid(&draft.build(), &["seal-streams-mismatch", "coverage-broken", "run-superseded"]);
}

/// FORMAT §9: a run with pages that the seal does not list.
#[test]
fn seal_streams_mismatch_where_a_run_is_not_listed() {
    let mut draft = Draft::good();
    let mut second = page(1, &first_url(GRAPH, KIND, FROM, TO), None, vec![element("z", "2026-11-01T01:00:00Z")]);
    second.run = 2;
    draft.pages.push(second);
    expect_invalid(&draft.build(), &["seal-streams-mismatch"]);
}

/// FORMAT §9: a failed window that the seal passes over.
#[test]
fn coverage_broken() {
    let mut draft = Draft::good();
    draft.plan_to = "2026-11-03T00:00:00Z".to_owned();
    expect_invalid(&draft.build(), &["coverage-broken"]);
}

/// FORMAT §9: a kind of the plan that nothing is said about.
#[test]
fn coverage_broken_by_a_kind_without_windows() {
    let mut draft = Draft::good();
    draft.kinds.push("servicePrincipal".to_owned());
    expect_invalid(&draft.build(), &["coverage-broken"]);
}

/// FORMAT §9: a window that lies beyond retention by its own words, asked a day after it ended.
#[test]
fn an_expired_window_within_retention_is_no_excuse() {
    let mut draft = Draft::good();
    draft.pages.clear();
    draft.runs = vec![run("expired", Some("gone"))];
    expect_invalid(&draft.build(), &["seal-streams-mismatch", "coverage-gap"]);
}

/// FORMAT §9: nothing came from beyond retention, and that is called an empty window.
#[test]
fn an_expired_window_is_not_an_empty_one() {
    let (from, to) = ("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z");
    let mut draft = Draft::good();
    draft.plan_from = from.to_owned();
    draft.plan_to = to.to_owned();
    let mut only = page(1, &first_url(GRAPH, KIND, from, to), None, Vec::new());
    only.from = from.to_owned();
    only.to = to.to_owned();
    draft.pages = vec![only];
    let mut empty = run("empty", None);
    empty.from = from.to_owned();
    empty.to = to.to_owned();
    draft.runs = vec![empty];
    expect_invalid(&draft.build(), &["seal-streams-mismatch"]);
    draft.runs[0].state = "expired".to_owned();
    draft.runs[0].reason = Some("the service returned nothing".to_owned());
    expect_valid(&draft.build(), &["coverage-gap"]);
}

/// FORMAT §12.13: clocks that run backwards by more than the tolerance.
#[test]
fn time_order() {
    let mut draft = Draft::good();
    draft.created = "2026-11-22T06:10:02.000Z".to_owned();
    expect_invalid(&draft.build(), &["time-order"]);
    let mut draft = Draft::good();
    draft.sealed = "2026-11-22T06:01:01.000Z".to_owned();
    expect_invalid(&draft.build(), &["time-order"]);
    let mut draft = Draft::good();
    draft.pages[1].finished = "2026-11-22T06:00:00.000Z".to_owned();
    expect_invalid(&draft.build(), &["time-order"]);
}

/// FORMAT §12.13: complete for a time that had not come yet.
#[test]
fn time_order_of_a_plan_for_the_future() {
    let mut draft = Draft::good();
    draft.created = "2026-11-01T23:54:59.000Z".to_owned();
    expect_invalid(&draft.build(), &["time-order"]);
    draft.created = "2026-11-01T23:55:00.000Z".to_owned();
    expect_valid(&draft.build(), &[]);
}

/// FORMAT §12.13: within the tolerance clocks may disagree.
#[test]
fn clocks_may_disagree_within_the_tolerance() {
    let mut draft = Draft::good();
    draft.created = "2026-11-22T06:10:01.000Z".to_owned();
    expect_valid(&draft.build(), &[]);
}

/// FORMAT §12.13: the seal alone is earlier than everything, with no request to compare.
#[test]
fn time_order_without_requests() {
    let mut draft = Draft::good();
    draft.pages.clear();
    let mut gap = run("not_asked", Some("stopped"));
    gap.number = 0;
    draft.runs = vec![gap];
    draft.sealed = "2026-11-22T05:00:00.000Z".to_owned();
    expect_invalid(&draft.build(), &["time-order", "coverage-gap"]);
}
