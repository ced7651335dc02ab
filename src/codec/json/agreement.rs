//! Property tests: the scanner and `serde_json` accept the same bodies and cut them at the same bytes.
//!
//! Where they differ by design: `serde_json` refuses a lone surrogate in the name of a top-level member, and has no limit on
//! the depth of what it skips.

use std::str;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{is_single_json_value, slice_page};

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

fn literal() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-zA-Z0-9 :,{}\\[\\]/é€😀-]{0,12}",
        1 => prop::sample::select(vec!["\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\ud83d\\ude00", "\\ud800", "\\udc00x"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "\"[a-zA-Zé.@]{0,16}\"",
        2 => prop::sample::select(vec!["\"id\"", "\"createdDateTime\"", "\"value\"", "\"\\u0069d\""]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        literal(),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,4})?",
        prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let item = (space(), inner, space()).prop_map(|(a, b, c)| format!("{a}{b}{c}")).boxed();
        prop_oneof![
            prop::collection::vec(item.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((space(), key(), space(), item), 0..5).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(a, k, b, v)| format!("{a}{k}{b}:{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn page() -> impl Strategy<Value = String> {
    let elements = prop::collection::vec((space(), value(), space()), 0..6)
        .prop_map(|items| items.iter().map(|(a, v, b)| format!("{a}{v}{b}")).collect::<Vec<_>>().join(","));
    let link = prop_oneof![
        Just(String::new()),
        Just(",\"@odata.nextLink\":null".to_owned()),
        "[a-z0-9é?=&]{0,20}".prop_map(|link| format!(",\"@odata.nextLink\":\"{link}\\u0026\"")),
    ];
    (space(), value(), elements, link, space())
        .prop_map(|(a, other, elements, link, b)| format!("{a}{{\"other\":{other},\"value\":[{elements}]{link}}}{b}"))
}

/// Asserts that the scanner and `serde_json` cut `body` alike, or both refuse it.
fn assert_agreement(body: &[u8]) {
    let mut elements = Vec::new();
    let ours = slice_page(body, "createdDateTime", |element| elements.push(element));
    let theirs = str::from_utf8(body).ok().and_then(|text| serde_json::from_str::<Reference<'_>>(text).ok());
    match (&ours, &theirs) {
        (Ok(ours), Some(theirs)) => {
            assert_eq!(ours.next_link, theirs.next_link);
            assert_eq!(elements.len(), theirs.value.len());
            for (element, raw) in elements.iter().zip(&theirs.value) {
                assert_eq!(element.bytes, raw.get().as_bytes());
                assert_eq!(element.bytes.as_ptr(), raw.get().as_ptr());
                assert_eq!(body.get(element.offset..).map(<[u8]>::as_ptr), Some(element.bytes.as_ptr()));
            }
        }
        // serde_json reads the names of top-level members as text and so refuses a lone surrogate there.
        (Ok(_), None) => assert!(body.windows(3).any(|three| three.eq_ignore_ascii_case(b"\\ud"))),
        (Err(reason), Some(_)) => panic!("refused as {reason:?}"),
        (Err(_), None) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn good_pages_are_cut_as_serde_json_cuts_them(body in page()) {
        let is_cut = slice_page(body.as_bytes(), "createdDateTime", |_| {}).is_ok();
        prop_assert!(is_cut);
        assert_agreement(body.as_bytes());
    }

    #[test]
    fn damaged_pages_are_judged_as_serde_json_judges_them(
        body in page(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"{}[]\",:\\u0e-.ntf x\x00\xFF".to_vec())), 1..3),
        removed in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = body.into_bytes();
        for (place, byte) in damage {
            *place.get_mut(bytes.as_mut_slice()) = byte;
        }
        if let Some(place) = removed {
            bytes.remove(place.index(bytes.len()));
        }
        assert_agreement(&bytes);
    }

    #[test]
    fn single_values_are_judged_as_serde_json_judges_them(text in "[\\[\\]{}\",:\\\\u0-9aefEnrtls.+ \\-\u{1}]{0,24}") {
        prop_assert_eq!(is_single_json_value(text.as_bytes()), serde_json::from_str::<&RawValue>(&text).is_ok());
    }

    #[test]
    fn values_are_accepted_with_their_space(text in value()) {
        prop_assert!(is_single_json_value(text.as_bytes()));
        prop_assert!(serde_json::from_str::<&RawValue>(&text).is_ok());
    }
}
