//! Who: the holder of the key, or a program that writes JSON in its own way. One document has one spelling (FORMAT §2): whatever
//! else two parsers might read in two ways is refused, though it be signed.

use signhold::verify::Outcome;

use crate::package::{Doc, Draft};
use crate::{codes, expect_invalid, pinned, report_on};

/// Seals so changed, each signed as it is; each must be `seal-malformed` and nothing else.
#[track_caller]
fn expect_malformed(what: &str, change: impl Fn(Vec<u8>) -> Vec<u8> + 'static) {
    let plain = Draft::good().build();
    let altered = change(plain.bytes("seal/seal.json").to_vec());
    assert_ne!(altered, plain.bytes("seal/seal.json"), "{what}: changes nothing");
    let mut draft = Draft::good();
    draft.edit_seal_bytes = Some(Box::new(change));
    let report = expect_invalid(&draft.build(), &["seal-malformed"]);
    assert_eq!(report.facts.counts.pages, 2, "{what}: the rest is still read");
}

fn replaced(from: &'static str, to: &str) -> impl Fn(Vec<u8>) -> Vec<u8> + 'static {
    let to = to.to_owned();
    move |bytes| String::from_utf8(bytes).unwrap().replacen(from, &to, 1).into_bytes()
}

#[test]
fn numbers_have_one_spelling() {
    for number in [
        "0.0",
        "-0",
        "0e0",
        "00",
        "+0",
        "\"0\"",
        "null",
        "[0]",
        "NaN",
        "1e400",
        "9007199254740992",
        "18446744073709551616",
        "0x0",
    ] {
        expect_malformed(number, replaced("\"failures\":0", &format!("\"failures\":{number}")));
    }
}

#[test]
fn members_have_one_name_one_place_and_no_company() {
    for (what, from, to) in [
        ("twice", "\"simulated\":false", "\"simulated\":false,\"simulated\":true"),
        ("twice by escape", "\"simulated\":false", "\"simulated\":false,\"\\u0073imulated\":true"),
        ("unknown", "\"simulated\":false", "\"simulated\":false,\"note\":1"),
        ("unknown within", "\"last\":true", "\"last\":true,\"note\":1"),
        ("a name with NUL", "\"simulated\":false", "\"simulated\":false,\"simulated\\u0000\":true"),
        ("a name that looks the same", "\"simulated\":false", "\"simulated\":false,\"\u{455}imulated\":true"),
        ("left out", "\"simulated\":false,", ""),
        ("null", "\"simulated\":false", "\"simulated\":null"),
        ("in another order", "\"number\":1,\"last\":true", "\"last\":true,\"number\":1"),
        ("another type", "\"simulated\":false", "\"simulated\":\"false\""),
    ] {
        expect_malformed(what, replaced(from, to));
    }
}

#[test]
fn a_document_is_one_text_of_plain_json() {
    let around = |before: &'static [u8], behind: &'static [u8]| move |bytes: Vec<u8>| [before, &bytes, behind].concat();
    expect_malformed("a byte order mark", around(b"\xef\xbb\xbf", b""));
    expect_malformed("white space before", around(b" ", b""));
    expect_malformed("a line end behind", around(b"", b"\n"));
    expect_malformed("two texts", around(b"", b"{}"));
    expect_malformed("NUL behind", around(b"", b"\0"));
    expect_malformed("a comment", replaced("\"simulated\":", "/* not */\"simulated\":"));
    expect_malformed("a trailing comma", replaced("\"reconciliation\":[]", "\"reconciliation\":[],"));
    expect_malformed("single quotes", replaced("\"simulated\"", "'simulated'"));
    expect_malformed("indented", replaced(",\"simulated\"", ",\n  \"simulated\""));
    expect_malformed("nothing", |_| Vec::new());
    expect_malformed("cut short", |bytes| bytes[..bytes.len() / 2].to_vec());
    // A parser that skips what it does not want never looks into this string.
    expect_malformed("not UTF-8", |bytes| {
        let at = bytes.windows(6).position(|window| window == b"R. Roe").unwrap();
        [&bytes[..at], b"R. R\xffe", &bytes[at + 6..]].concat()
    });
    expect_malformed("an unpaired surrogate", replaced("R. Roe", "R. R\\ud800e"));
    expect_malformed("an escape that is not needed", replaced("R. Roe", "R. R\\u006fe"));
}

/// Recursion has an end before the stack has.
#[test]
fn depth_does_no_harm() {
    let deep = format!("\"second_pass\":{}{}", "[".repeat(200_000), "]".repeat(200_000));
    expect_malformed("deep", replaced("\"second_pass\":null", &deep));
}

#[test]
fn digests_have_one_spelling() {
    let digest = |change: fn(&str) -> String| {
        move |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            let at = text.find("\"merkle_root\":\"").unwrap() + 15;
            format!("{}{}{}", &text[..at], change(&text[at..at + 64]), &text[at + 64..]).into_bytes()
        }
    };
    expect_malformed("upper case", digest(str::to_uppercase));
    expect_malformed("truncated", digest(|hex| hex[..40].to_owned()));
    expect_malformed("longer", digest(|hex| format!("{hex}00")));
    expect_malformed(
        "base64",
        digest(|hex| data_encoding::BASE64.encode(&data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap())),
    );
    expect_malformed("named", digest(|hex| format!("sha256:{hex}")));
    expect_malformed("empty", digest(|_| String::new()));
}

#[test]
fn instants_have_one_spelling() {
    for time in [
        "2026-11-22T06:30:00.000",
        "2026-11-22T06:30:00.000z",
        "2026-11-22t06:30:00.000Z",
        "2026-11-22 06:30:00.000Z",
        "2026-11-22T07:30:00.000+01:00",
        "2026-11-22T06:30:00.000+00:00",
        "2026-11-22T06:30:60.000Z",
        "2026-11-22T24:00:00.000Z",
        "2026-02-30T06:30:00.000Z",
        "0000-11-22T06:30:00.000Z",
        "1969-12-31T23:59:59.999Z",
        "10000-01-01T00:00:00.000Z",
        "2026-11-22T06:30:00Z",
        "2026-11-22T06:30:00.0Z",
        "2026-11-22T06:30:00.0000000001Z",
        "1795329000",
    ] {
        expect_malformed(time, replaced("2026-11-22T06:30:00.000Z", time));
    }
}

/// The same rule stands in front of every document: one deviation of each sort in the other three.
#[test]
fn the_other_documents_are_read_by_the_same_rule() {
    type Change = fn(&mut Doc);
    let changes: [Change; 5] = [
        |document| document.set("acquisition", format!(" {}", document.value("acquisition"))),
        |document| document.0.push(("note".to_owned(), "1".to_owned())),
        |document| document.0.swap(1, 2),
        |document| {
            document.0.remove(1);
        },
        |document| document.0[0].1 = "\"signhold/seal/v1\"".to_owned(),
    ];
    for change in changes {
        let [mut genesis, mut record, mut failure] = [Draft::good(), Draft::good(), Draft::with_failure()];
        genesis.edit_genesis = Some(Box::new(change));
        record.edit_records.insert(1, Box::new(change));
        failure.edit_failures.insert(1, Box::new(change));
        for (draft, code) in
            [(genesis, "genesis-malformed"), (record, "page-record-malformed"), (failure, "failure-malformed")]
        {
            let report = report_on(&draft.build().zip(), pinned());
            assert!(codes(&report).contains(&code), "{code}: {:#?}", report.findings);
            assert_eq!(report.outcome, Outcome::Invalid);
        }
    }
}
