//! Makes the files under `tests/vectors/`: each case with what a reader must say to it.
//!
//! Written from FORMAT.md alone, like the package builder beside it; expectations stand here in words and are never taken from
//! the program. `VECTORS=write cargo test --test vectors` writes them anew.

#![allow(clippy::too_many_lines, reason = "tables of cases")]

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;

use crate::archive::Files;
use crate::exhibit::inclusion_path;
use crate::package::{
    Doc, Draft, Edit, GRAPH, PEER, hex_digest, json, merkle_root, operator_key, other_key, over_tls, sha256,
};

/// One file: its path below `tests/vectors/`, and its bytes.
pub(crate) type VectorFile = (String, Vec<u8>);

/// Every generated file.
pub(crate) fn all() -> Vec<VectorFile> {
    [json_pages(), canonical(), merkle(), manifests(), bag_infos(), packages()].concat()
}

/// One vector file: its header, and the bytes that the reader gets.
pub(crate) fn case(family: &str, name: &str, header: &[(&str, &str)], bytes: impl AsRef<[u8]>) -> VectorFile {
    let mut file = String::new();
    for (key, value) in header {
        assert!(!value.contains('\n'), "{name}: a header is one line");
        writeln!(file, "{key}: {value}").unwrap();
    }
    file.push('\n');
    (format!("{family}/{name}.txt"), [file.as_bytes(), bytes.as_ref()].concat())
}

// Pages.

fn json_pages() -> Vec<VectorFile> {
    let mut files = Vec::new();
    let mut sliced = |name: &str, comment: &str, body: &str, elements: &[(&str, Option<&str>)], link: Option<&str>| {
        let mut header = vec![("expect", "elements".to_owned()), ("comment", comment.to_owned())];
        let mut from = 0;
        for (text, time) in elements {
            let offset = from + body[from..].find(text).expect("the body holds its elements in order");
            from = offset + text.len();
            header.push(("element", format!("{offset} {} {}", text.len(), time.unwrap_or("-"))));
        }
        header.push(("next-link", link.map_or_else(|| "null".to_owned(), json)));
        let leaves: Vec<&[u8]> = elements.iter().map(|(text, _)| text.as_bytes()).collect();
        header.push(("root", HEXLOWER.encode(&merkle_root(&leaves))));
        let header: Vec<(&str, &str)> = header.iter().map(|(key, value)| (*key, value.as_str())).collect();
        files.push(case("json", name, &header, body));
    };
    let a = r#"{"id":"a","createdDateTime":"2026-11-01T09:00:00Z"}"#;
    let b = r#"{"createdDateTime":"2026-11-01T08:00:00.1234567Z","id":"b"}"#;
    let next = "https://localhost:8443/beta/auditLogs/signIns?$skiptoken=2";
    sliced(
        "two_elements",
        "a page as the service sends it",
        &format!(r#"{{"@odata.context":"c","@odata.nextLink":"{next}","value":[{a},{b}]}}"#),
        &[(a, Some("2026-11-01T09:00:00Z")), (b, Some("2026-11-01T08:00:00.1234567Z"))],
        Some(next),
    );
    sliced("empty_page", "no element: the root of no leaves", r#"{"value":[]}"#, &[], None);
    sliced(
        "white_space",
        "white space and commas around an element belong to none, white space inside it does",
        "\r\n { \"value\" :\t[ {\"id\" : \"a\" } ,\n [ ] , 1e400 , null ] }\n",
        &[("{\"id\" : \"a\" }", None), ("[ ]", None), ("1e400", None), ("null", None)],
        None,
    );
    sliced(
        "value_is_escaped",
        "names are compared after unescaping",
        r#"{"v\u0061lue":[{"n":7}],"\u0040odata.nextLink":"x"}"#,
        &[(r#"{"n":7}"#, None)],
        Some("x"),
    );
    sliced(
        "value_inside_other_members",
        "only the member of the outermost object is cut, and text that looks like one is not",
        r#"{"a":{"value":[1]},"b":"\"value\":[2]","value":[3],"c":[{"value":[4]}]}"#,
        &[("3", None)],
        None,
    );
    sliced(
        "other_names_twice",
        "other names may repeat, at the top and inside an element",
        r#"{"x":1,"x":2,"value":[{"y":1,"y":2}]}"#,
        &[(r#"{"y":1,"y":2}"#, None)],
        None,
    );
    sliced(
        "unpaired_surrogate",
        "an escape of half a surrogate pair is kept as it is",
        r#"{"value":["\ud800","\udc00x"]}"#,
        &[(r#""\ud800""#, None), (r#""\udc00x""#, None)],
        None,
    );
    sliced(
        "next_link_null",
        "null is as good as absent",
        r#"{"@odata.nextLink":null,"value":[0]}"#,
        &[("0", None)],
        None,
    );
    sliced(
        "next_link_with_escapes",
        "the link is the unescaped text",
        r#"{"value":[],"@odata.nextLink":"https:\/\/h\/?a=1\u0026b=\"2\"\ud83d\ude00"}"#,
        &[],
        Some("https://h/?a=1&b=\"2\"\u{1F600}"),
    );
    let untimed = [
        r#"{"createdDateTime":"2026-11-01T09:00:00+00:00"}"#,
        r#"{"createdDateTime":"2026-11-01T09:00:00.1234567890Z"}"#,
        r#"{"createdDateTime":"2026-11-01T09:00:60Z"}"#,
        r#"{"createdDateTime":"2026-02-30T09:00:00Z"}"#,
        r#"{"createdDateTime":"2026-11-01T09:00:0\u0030Z"}"#,
        r#"{"createdDateTime":1793523600}"#,
        r#"{"createdDateTime":"2026-11-01T09:00:00Z","createdDateTime":"2026-11-01T09:00:00Z"}"#,
        r#"{"x":{"createdDateTime":"2026-11-01T09:00:00Z"}}"#,
        r#"["createdDateTime","2026-11-01T09:00:00Z"]"#,
    ];
    sliced(
        "elements_without_time",
        "none of these has a time: offset, ten digits, leap second, no such day, escape, number, twice, deeper, no object",
        &format!(r#"{{"value":[{}]}}"#, untimed.join(",")),
        &untimed.map(|text| (text, None)),
        None,
    );
    let nested = format!("{}{}", "[".repeat(126), "]".repeat(126));
    sliced(
        "nested_128_levels",
        "128 levels with the outermost object",
        &format!("{{\"value\":[{nested}]}}"),
        &[(&nested, None)],
        None,
    );

    let deeper = format!("{{\"value\":[{}{}]}}", "[".repeat(127), "]".repeat(127));
    let opaque: [(&str, &str, &str, &[u8]); 18] = [
        ("nested_129_levels", "too-deep", "129 levels", deeper.as_bytes()),
        ("byte_order_mark", "byte-order-mark", "RFC 8259 §8.1 forbids it", b"\xef\xbb\xbf{\"value\":[]}"),
        ("not_utf8", "not-utf-8", "one byte FF inside a string", b"{\"value\":[\"\xff\"]}"),
        ("surrogate_in_utf8", "not-utf-8", "U+D800 encoded in three bytes", b"{\"value\":[\"\xed\xa0\x80\"]}"),
        ("empty_body", "not-json", "no byte at all", b""),
        ("web_page", "not-json", "what a proxy answers in the service's place", b"<html>Sign in</html>"),
        ("cut_short", "not-json", "the connection broke", b"{\"value\":[{\"id\":\"a\"},{\"id\":\"b"),
        ("trailing_comma", "not-json", "a comma without an element", b"{\"value\":[1,]}"),
        ("control_in_string", "not-json", "a line feed that should be an escape", b"{\"value\":[\"a\nb\"]}"),
        ("leading_zero", "not-json", "a number of RFC 8259 has no leading zero", b"{\"value\":[01]}"),
        ("outermost_array", "not-an-object", "no outermost object", b"[{\"value\":[]}]"),
        ("no_value", "no-value", "an error answer", b"{\"error\":{\"code\":\"UnknownError\"}}"),
        ("value_twice", "value-twice", "readers differ in which they take", b"{\"value\":[1],\"value\":[2]}"),
        ("value_twice_by_escape", "value-twice", "the same, hidden", b"{\"value\":[1],\"\\u0076alue\":[2]}"),
        ("value_is_an_object", "value-not-an-array", "an object", b"{\"value\":{\"0\":1}}"),
        (
            "next_link_twice",
            "next-link-twice",
            "null counts too",
            b"{\"@odata.nextLink\":null,\"value\":[],\"@odata.nextLink\":\"x\"}",
        ),
        ("next_link_number", "next-link-not-a-string", "a number", b"{\"@odata.nextLink\":7,\"value\":[]}"),
        ("two_documents", "trailing-data", "a second document behind the first", b"{\"value\":[1]} {\"value\":[2]}"),
    ];
    for (name, reason, comment, body) in opaque {
        let root = HEXLOWER.encode(&merkle_root(&[body]));
        let header =
            [("expect", "opaque"), ("comment", comment), ("reason", reason), ("next-link", "null"), ("root", &root)];
        files.push(case("json", name, &header, body));
    }
    files
}

// Signed documents.

fn canonical() -> Vec<VectorFile> {
    let files = example().build();
    let roles = [
        ("genesis", "data/genesis.json", "genesis-malformed"),
        ("page-record", "data/records/000001.json", "page-record-malformed"),
        ("failure", "data/failures/000001.json", "failure-malformed"),
        ("seal", "seal/seal.json", "seal-malformed"),
    ];
    let text = |role: &str| {
        let (_, path, _) = roles.into_iter().find(|(name, ..)| *name == role).expect("a role");
        let text = String::from_utf8(files.bytes(path).to_vec()).unwrap();
        // The archive's length and digest depend on how deflate packs; these documents are to stay as they are.
        match text.split_once(",\"archive\":") {
            Some((head, rest)) => {
                let (_, tail) = rest.split_once('}').unwrap();
                format!("{head},\"archive\":{{\"byte_len\":4096,\"sha256\":\"{}\"}}{tail}", "5a".repeat(32))
            }
            None => text,
        }
    };
    let mut cases = Vec::new();
    for (role, _, _) in roles {
        let name = format!("good_{}", role.replace('-', "_"));
        let header = [("expect", "ok"), ("comment", "in its one form"), ("role", role)];
        cases.push(case("canonical", &name, &header, text(role)));
    }
    let mut refused = |name: &str, role: &str, comment: &str, change: &dyn Fn(&str) -> Vec<u8>| {
        let (_, _, code) = roles.into_iter().find(|(known, ..)| *known == role).expect("a role");
        let good = text(role);
        let bytes = change(&good);
        assert_ne!(bytes, good.as_bytes(), "{name} changes something");
        cases.push(case("canonical", name, &[("expect", code), ("comment", comment), ("role", role)], bytes));
    };
    let swap = |from: &'static str, to: &'static str| {
        move |good: &str| {
            assert_eq!(good.matches(from).count(), 1, "`{from}` once in {good}");
            good.replace(from, to).into_bytes()
        }
    };
    refused("space_after_colon", "genesis", "white space outside strings", &swap("\"top\":1000", "\"top\": 1000"));
    refused("line_feed_at_the_end", "genesis", "a trailing newline", &|good| format!("{good}\n").into_bytes());
    refused("byte_order_mark", "genesis", "before the prefix", &|good| format!("\u{feff}{good}").into_bytes());
    refused("space_before_type", "genesis", "the prefix is checked byte for byte", &|good| {
        good.replacen("{\"type\"", "{ \"type\"", 1).into_bytes()
    });
    refused("role_of_another", "genesis", "a seal in the place of a genesis", &|_| text("seal").into_bytes());
    refused("later_version", "seal", "a version that this reader does not know", &swap("/seal/v1", "/seal/v2"));
    refused(
        "members_swapped",
        "genesis",
        "the order of FORMAT is the only one",
        &swap("\"window_seconds\":86400,\"top\":1000", "\"top\":1000,\"window_seconds\":86400"),
    );
    refused(
        "unknown_member",
        "genesis",
        "not in the table",
        &swap("\"simulated\":true", "\"simulated\":true,\"note\":\"x\""),
    );
    refused(
        "member_twice",
        "genesis",
        "readers differ in which they take",
        &swap("\"simulated\":true", "\"simulated\":false,\"simulated\":true"),
    );
    refused("null_left_out", "genesis", "null is written", &swap("\"title\":null,", ""));
    refused("empty_for_null", "genesis", "single-line text has a character", &swap("\"title\":null", "\"title\":\"\""));
    refused("ascii_escaped", "genesis", "only what must be is escaped", &swap("R. Roe", "R\\u002e Roe"));
    refused("slash_escaped", "genesis", "a slash is written as it is", &swap("Entra ID P1", "Entra ID P1 \\/ P2"));
    refused(
        "escape_in_upper_case",
        "page-record",
        "`\\u001F` where `\\u001f` is the one form",
        &swap("\"x-note\",\"a\\tb\"", "\"x-note\",\"a\\u001Fb\""),
    );
    refused(
        "long_escape_of_tab",
        "page-record",
        "`\\t` is the one form",
        &swap("\"x-note\",\"a\\tb\"", "\"x-note\",\"a\\u0009b\""),
    );
    refused(
        "unpaired_surrogate",
        "page-record",
        "no Unicode text",
        &swap("\"x-note\",\"a\\tb\"", "\"x-note\",\"\\ud800\""),
    );
    refused("not_utf8", "genesis", "one byte FF", &|good| {
        let at = good.find("R. Roe").unwrap();
        let mut bytes = good.as_bytes().to_vec();
        bytes[at] = 0xff;
        bytes
    });
    refused("integer_with_exponent", "genesis", "1000 as 1e3", &swap("\"top\":1000", "\"top\":1e3"));
    refused("integer_with_fraction", "genesis", "1000 as 1000.0", &swap("\"top\":1000", "\"top\":1000.0"));
    refused("integer_with_leading_zero", "genesis", "no JSON", &swap("\"top\":1000", "\"top\":01000"));
    refused("integer_negative", "genesis", "integers have no sign", &swap("\"days\":30", "\"days\":-30"));
    refused("integer_above_2_53", "genesis", "2^53", &swap("\"top\":1000", "\"top\":9007199254740992"));
    refused("integer_as_text", "genesis", "a string", &swap("\"top\":1000", "\"top\":\"1000\""));
    refused("digest_in_upper_case", "seal", "digests are in lower case", &|good| good.replace("5a5a", "5A5A").into());
    refused("digest_too_short", "seal", "63 digits", &|good| good.replacen("5a5a5a", "5a5a5", 1).into());
    refused(
        "bound_with_fraction",
        "genesis",
        "bounds have whole seconds",
        &swap("\"plan\":{\"from\":\"2026-11-01T00:00:00Z", "\"plan\":{\"from\":\"2026-11-01T00:00:00.000Z"),
    );
    refused(
        "clock_reading_without_fraction",
        "genesis",
        "clock readings have three digits",
        &swap("\"created\":\"2026-11-22T06:04:00.000Z", "\"created\":\"2026-11-22T06:04:00Z"),
    );
    refused(
        "instant_with_offset",
        "genesis",
        "`Z` is the one form of UTC",
        &swap("\"created\":\"2026-11-22T06:04:00.000Z", "\"created\":\"2026-11-22T06:04:00.000+00:00"),
    );
    refused("leap_second", "seal", "there is none", &swap("06:30:00.000Z", "06:29:60.000Z"));
    refused("direction_mark", "genesis", "U+202E turns what people read", &swap("R. Roe", "R. \u{202e}eoR"));
    refused("line_of_201_characters", "genesis", "one too many", &|good| {
        good.replace("R. Roe", &"x".repeat(201)).into()
    });
    refused(
        "path_that_leaves",
        "page-record",
        "no segment begins with a dot",
        &swap("data/pages/000001", "data/pages/../1"),
    );
    refused(
        "unknown_kind",
        "page-record",
        "not one of the four",
        &swap("\"kind\":\"interactiveUser\"", "\"kind\":\"interactiveuser\""),
    );
    refused("unknown_reason", "failure", "not in the list", &swap("\"reason\":\"status\"", "\"reason\":\"other\""));
    refused(
        "second_pass",
        "seal",
        "an object without its members",
        &swap("\"second_pass\":null", "\"second_pass\":{}"),
    );
    refused("cut_short", "seal", "the last byte is missing", &|good| good.as_bytes()[..good.len() - 1].to_vec());
    cases
}

// Trees.

/// The leaves that Certificate Transparency's implementations have in common for their tests.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// Hashes in hexadecimal digits, a space before each.
fn hex(hashes: &[[u8; 32]]) -> String {
    hashes.iter().fold(String::new(), |text, hash| text + " " + &HEXLOWER.encode(hash))
}

fn merkle() -> Vec<VectorFile> {
    let mut files = Vec::new();
    for size in 0..=LEAVES.len() {
        let leaves = &LEAVES[..size];
        let mut text = String::new();
        for leaf in leaves {
            writeln!(text, "leaf {}", HEXLOWER.encode(leaf)).unwrap();
        }
        for index in 0..size {
            let hashes = hex(&inclusion_path(index, leaves));
            writeln!(text, "path {index} {size}{hashes}").unwrap();
        }
        // What no reader may accept: a wrong place, a path that is too long, one that is too short.
        if size > 1 {
            let good = inclusion_path(0, leaves);
            writeln!(text, "refuse 0 {size}{}", hex(&good[1..])).unwrap();
            writeln!(text, "refuse 0 {size}{}", hex(&[good.clone(), vec![sha256(b"")]].concat())).unwrap();
            writeln!(text, "refuse {size} {size}{}", hex(&good)).unwrap();
            writeln!(text, "refuse 1 {size}{}", hex(&good)).unwrap();
        }
        let root = HEXLOWER.encode(&merkle_root(leaves));
        let header = [("expect", root.as_str()), ("comment", "the first leaves of Certificate Transparency's tests")];
        files.push(case("merkle", &format!("tree_of_{size}"), &header, text));
    }
    files
}

// The bag.

fn manifests() -> Vec<VectorFile> {
    let line = |path: &str| format!("{}  {path}\n", hex_digest(path.as_bytes()));
    let (first, second) = (line("data/genesis.json"), line("data/pages/000001.json"));
    let good = format!("{first}{second}");
    let cases: [(&str, &str, String); 16] = [
        ("good", "two files", good.clone()),
        ("empty", "no file: no line", String::new()),
        ("crlf", "lines end in LF", good.replace('\n', "\r\n")),
        (
            "upper_case",
            "digests are in lower case",
            format!("{}{second}", first.to_uppercase().replace("DATA/GENESIS.JSON", "data/genesis.json")),
        ),
        ("one_space", "two spaces", good.replace("  ", " ")),
        ("three_spaces", "two spaces", good.replace("  ", "   ")),
        ("asterisk", "the mark of binary files", good.replace("  ", " *")),
        ("no_last_newline", "each line ends in LF", good.trim_end().to_owned()),
        ("empty_line", "no other lines", format!("{first}\n{second}")),
        ("unsorted", "sorted by path bytes", format!("{second}{first}")),
        ("path_twice", "each path once", format!("{first}{first}")),
        ("byte_order_mark", "UTF-8 without", format!("\u{feff}{good}")),
        ("percent_escape", "a path holds no percent sign", good.replace("data/genesis", "data/%67enesis")),
        ("path_that_leaves", "a path holds no `..`", good.replace("data/genesis.json", "../genesis.json")),
        ("absolute_path", "a path begins with a segment", good.replace("data/genesis.json", "/data/genesis.json")),
        ("device_name", "a device on Windows", good.replace("data/genesis.json", "data/con.json")),
    ];
    let ok = ["good", "empty"];
    cases
        .into_iter()
        .map(|(name, comment, text)| {
            let expect = if ok.contains(&name) { "ok" } else { "manifest-malformed" };
            case("manifest", name, &[("expect", expect), ("comment", comment)], text)
        })
        .collect()
}

fn bag_infos() -> Vec<VectorFile> {
    let good = String::from_utf8(example().build().bytes("bag-info.txt").to_vec()).unwrap();
    let swap = |from: &str, to: &str| {
        assert_eq!(good.matches(from).count(), 1, "`{from}` once in {good}");
        good.replace(from, to)
    };
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    let swapped = [&[lines[1], lines[0]], &lines[2..]].concat().concat();
    let cases: [(&str, &str, String); 9] = [
        ("good", "that of package/good.zip", good.clone()),
        ("mark_of_simulation_missing", "the mark is left out", swap("SIMULATED DATA, NOT EVIDENCE. ", "")),
        ("other_octet_count", "one byte more", swap("Payload-Oxum: ", "Payload-Oxum: 1")),
        ("other_date", "the day after", swap("Bagging-Date: 2026-11-22", "Bagging-Date: 2026-11-23")),
        ("other_volume_count", "a second volume is claimed", swap("1 of 1", "1 of 2")),
        ("lines_swapped", "the order is fixed", swapped),
        ("crlf", "lines end in LF", good.replace('\n', "\r\n")),
        ("unknown_line", "no other lines", format!("{good}Contact-Name: R. Roe\n")),
        ("folded_line", "no continuation lines", swap("Microsoft Entra ID", "Microsoft\n Entra ID")),
    ];
    cases
        .into_iter()
        .map(|(name, comment, text)| {
            let expect = if name == "good" { "ok" } else { "bag-info-mismatch" };
            case("bag_info", name, &[("expect", expect), ("comment", comment)], text)
        })
        .collect()
}

// Packages.

const SERVICE: &str = "https://localhost:8443";

/// The package of FORMAT's examples: two pages, one failure, no time stamps, every member that can have a value has one.
pub(crate) fn example() -> Draft {
    let mut draft = Draft::with_failure();
    "ACME-2026-014".clone_into(&mut draft.matter);
    draft.simulated = true;
    SERVICE.clone_into(&mut draft.graph_url);
    for page in &mut draft.pages {
        page.url = page.url.replace(GRAPH, SERVICE);
        page.next_link = page.next_link.as_ref().map(|link| link.replace(GRAPH, SERVICE));
        page.headers.push(("x-note".to_owned(), "a\tb".to_owned()));
    }
    for failure in &mut draft.failures {
        failure.url = failure.url.replace(GRAPH, SERVICE);
    }
    draft.edit_genesis = Some(Box::new(|genesis| {
        genesis.replace("host", "\"name\":null", "\"name\":\"ir-laptop-7\"");
        genesis.set(
            "clock",
            format!(
                "[{{\"against\":\"{SERVICE}/t/oauth2/v2.0/token\",\"local\":\"2026-11-22T06:04:00.000Z\",\
                 \"remote\":\"Sun, 22 Nov 2026 06:04:00 GMT\",\"round_trip_ms\":42}}]"
            ),
        );
        genesis.replace("source", "https://login.microsoftonline.com", SERVICE);
        let (tenant, client) = ("5a1f0c7e-93b4-4f2d-8e6a-71c2d3b4e5f6", "6b0c7d7e-5f1a-4c0b-9d3e-2a8f4e6c1b90");
        genesis.set(
            "identity",
            format!(
                "{{\"tenant\":\"{tenant}\",\"client_id\":\"{client}\",\"method\":\"client-secret\",\"claims\":\
                 [[\"tid\",\"{tenant}\"],[\"appid\",\"{client}\"],[\"roles\",\"AuditLog.Read.All\"]]}}"
            ),
        );
        genesis.replace("plan", "\"rate\":null", "\"rate\":{\"requests\":5,\"seconds\":10}");
    }));
    draft.edit_records.insert(1, exchange("001", 61));
    draft.edit_failures.insert(1, exchange("002", 90));
    draft.edit_records.insert(2, exchange("003", 121));
    draft
}

/// Fills in what went over the line, so many seconds after the process began.
fn exchange(id: &'static str, seconds: u64) -> Edit {
    Box::new(move |record: &mut Doc| {
        let id = format!("69ae052f-f75f-860c-9deb-33d631e7e{id}");
        let headers = format!(
            "\"headers\":[[\"accept\",\"application/json\"],[\"accept-encoding\",\"identity\"],[\"client-request-id\",\"{id}\"]]"
        );
        record.replace("request", "\"headers\":[]", &headers);
        record.replace("request", "\"client_request_id\":\"r\"", &format!("\"client_request_id\":\"{id}\""));
        let start = seconds * 1_000_000;
        record.replace(
            "request",
            "\"monotonic_start_us\":1,\"monotonic_end_us\":2",
            &format!("\"monotonic_start_us\":{start},\"monotonic_end_us\":{}", start + 1_000_000),
        );
        let response =
            record.value("response").replace("\"headers\":[]", "\"headers\":[[\"content-type\",\"application/json\"]]");
        record.set("response", response);
        record.replace(
            "response",
            &over_tls(PEER, b"a leaf certificate"),
            &over_tls("127.0.0.1:8443", b"the certificate of localhost"),
        );
    })
}

fn packages() -> Vec<VectorFile> {
    let mut files = Vec::new();
    let mut add = |name: &str, outcome: &str, comment: &str, codes: &[&str], archive: Vec<u8>| {
        let mut codes = [codes, &["simulated-data"]].concat();
        // Without a seal nothing says whether the package was to be stamped.
        if !codes.contains(&"seal-missing") {
            codes.push("timestamp-absent");
        }
        let (codes, file) = (codes.join(" "), format!("{name}.zip"));
        let header = [
            ("expect", codes.as_str()),
            ("comment", comment),
            ("outcome", outcome),
            ("trust", "operator"),
            ("file", &file),
        ];
        files.push(case("package", name, &header, ""));
        files.push((format!("package/{file}"), archive));
    };
    let good = || example().build();
    add("good", "VALID", "everything is right", &[], good().zip());
    let mut files_with = |name: &str, comment: &str, codes: &[&str], change: &dyn Fn(&mut Files)| {
        let mut files = good();
        change(&mut files);
        add(name, "INVALID", comment, codes, files.zip());
    };
    let page = "data/pages/000001.json";
    files_with(
        "page_changed",
        "one letter of one record; the ZIP is made to fit again",
        &["manifest-digest-mismatch", "seal-archive-digest-mismatch", "page-digest-mismatch", "page-records-mismatch"],
        &|files| files.replace(page, "\"id\":\"a\"", "\"id\":\"z\""),
    );
    files_with(
        "page_changed_and_manifests_made_anew",
        "the same, and both manifests made anew",
        &["seal-archive-digest-mismatch", "seal-tagmanifest-mismatch", "page-digest-mismatch", "page-records-mismatch"],
        &|files| {
            files.replace(page, "\"id\":\"a\"", "\"id\":\"z\"");
            files.make_manifests();
        },
    );
    files_with(
        "failure_removed",
        "a failed request is taken out, manifests are made anew",
        &["bag-info-mismatch", "seal-archive-digest-mismatch", "seal-tagmanifest-mismatch", "seal-totals-mismatch"],
        &|files| {
            for end in ["json", "sig", "body"] {
                files.remove(&format!("data/failures/000001.{end}"));
            }
            files.make_manifests();
        },
    );
    files_with("seal_removed", "the package was never closed", &["seal-missing"], &|files| {
        files.remove("seal/seal.json");
        files.remove("seal/seal.sig");
    });
    files_with(
        "seal_signature_of_another",
        "the seal is signed by a key that the package does not name",
        &["seal-signature-invalid"],
        &|files| {
            use ed25519_dalek::Signer as _;
            let signature = other_key().sign(files.bytes("seal/seal.json")).to_bytes();
            files.set("seal/seal.sig", signature);
        },
    );
    files_with(
        "file_smuggled_in",
        "a file that no manifest names",
        &["path-unexpected", "bag-info-mismatch", "manifest-file-unlisted", "seal-archive-digest-mismatch"],
        &|files| files.insert_before("data/log/run.jsonl", "data/notes.txt", "read me"),
    );
    add(
        "signed_by_another",
        "INVALID",
        "made and signed as a whole by somebody else",
        &["signer-mismatch"],
        example().signed_by(&other_key()).build().zip(),
    );
    let acquisition_key = SigningKey::from_bytes(&[0x33; 32]);
    let two_keys = || example().with_acquisition_key(&acquisition_key);
    add(
        "key_per_acquisition",
        "VALID",
        "the operator's key signs genesis; a key of the acquisition, which genesis names, the rest",
        &[],
        two_keys().build().zip(),
    );
    let mut resealed = two_keys();
    resealed.record_key = operator_key();
    resealed.failure_key = operator_key();
    resealed.seal_key = operator_key();
    add(
        "key_per_acquisition_resealed_by_operator",
        "INVALID",
        "the same, signed again by the operator without the key of the acquisition",
        &["seal-signature-invalid", "page-record-signature-invalid", "failure-signature-invalid"],
        resealed.build().zip(),
    );
    let mut lying = example();
    lying.edit_seal = Some(Box::new(|seal| seal.replace("totals", "\"failures\":1", "\"failures\":0")));
    add(
        "seal_denies_a_failure",
        "INVALID",
        "the holder of the key counts one failure fewer",
        &["seal-totals-mismatch"],
        lying.build().zip(),
    );
    let mut trailing = good().zip();
    trailing.extend_from_slice(b"PK");
    add("trailing_bytes", "INVALID", "bytes behind the end record", &["zip-trailing-bytes"], trailing);
    let mut free_bits = good().zip();
    let name = b"seal/seal.sig";
    // A signature does not shrink: deflate stores it, and leaves five bits free behind the three of the block's header.
    let at = free_bits.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    free_bits[at] ^= 0x80;
    add("free_bits_set", "INVALID", "a bit that deflate leaves free", &["zip-deflate"], free_bits);
    let header = [
        ("expect", "signer-not-established simulated-data timestamp-absent"),
        ("comment", "the good package for a reader who knows no key"),
        ("outcome", "INDETERMINATE"),
        ("trust", "nobody"),
        ("file", "good.zip"),
    ];
    files.push(case("package", "good_without_a_key", &header, ""));
    let header = [
        ("expect", "operator-not-established simulated-data timestamp-absent"),
        ("comment", "for a reader who trusts the key of the acquisition, but not the operator's"),
        ("outcome", "INDETERMINATE"),
        ("trust", "acquisition"),
        ("file", "key_per_acquisition.zip"),
    ];
    files.push(case("package", "key_per_acquisition_without_operator", &header, ""));
    assert_eq!(example().point, operator_key().verifying_key().to_bytes());
    files
}
