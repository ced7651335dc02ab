//! Expressions over records, good and bad.

use super::*;
use crate::format::kind::Kind;

fn record(bytes: &str) -> VerifiedRecord<'_> {
    VerifiedRecord {
        page: 7,
        element: 3,
        bytes: bytes.as_bytes(),
        offset: 0,
        time: Some("2026-11-18T09:14:27.25Z"),
        id: Some("a"),
        kind: Kind::InteractiveUser,
        pass: 1,
        is_counted: true,
    }
}

fn compile(text: &str) -> Result<Expression, ExpressionError> {
    Expression::compile(text.parse().unwrap())
}

fn asks(text: &str, bytes: &str) -> Result<Answer, ExpressionError> {
    compile(text).unwrap_or_else(|error| panic!("{text}: {error}")).asks(&record(bytes))
}

const SIGN_IN: &str = r#"{"id":"a","userPrincipalName":"dana@contoso.example","ipAddress":"203.0.113.45","isInteractive":true,
    "status":{"errorCode":50126,"failureReason":null},"riskEventTypes_v2":["passwordSpray"],"ratio":0.5,
    "appliedConditionalAccessPolicies":[{"displayName":"CA001","result":"failure"},{"displayName":"CA002","result":"success"}]}"#;

#[test]
fn what_is_true_of_a_record_selects_it() {
    for text in [
        "record.status.errorCode == 50126",
        "record.status.errorCode in [50126, 50053]",
        "record.userPrincipalName.startsWith('dana@') && !(kind == 'servicePrincipal')",
        "record['userPrincipalName'].matches('^d.*example$')",
        "ip_in(record.ipAddress, '203.0.113.0/24') || ip_in(record.ipAddress, '2001:db8::/32')",
        "time >= timestamp('2026-11-18T09:00:00Z') && time < timestamp('2026-11-18T09:14:28Z')",
        "time - duration('1h') < timestamp('2026-11-18T09:00:00Z') && time.getHours() == 9",
        "has(record.status.failureReason) && record.status.failureReason == null",
        "'passwordSpray' in record.riskEventTypes_v2",
        "record.appliedConditionalAccessPolicies.exists(p, p.result == 'failure' && p.displayName == 'CA001')",
        "page == 7 && element == 3 && pass == 1 && counted && record.ratio == 0.5",
        "!has(record.session) && 'id' in record && size(record) == 8",
        "type(record.status) == map && type(time) == google.protobuf.Timestamp",
        "[record].all(record, record.id == 'a')",
        "record.none == 1 || record.id == 'a'",
        "record.id == 'a' ? true : record.none",
        "record.status.errorCode == 50126.0 && record.ratio == 0.5 && record.status.errorCode in [1u, 50126u]",
        "record.id != null && !(record.id == null) && record.status.failureReason == null",
        "record.id in ['b', 'a', 5] && !(record.id in []) && null in [record.status.failureReason]",
        "type(record.id) != int && record.status != {} && record.riskEventTypes_v2 == ['passwordSpray']",
        "record.appliedConditionalAccessPolicies.exists_one(p, p.result == 'failure')",
        "record.appliedConditionalAccessPolicies.filter(p, p.result == 'failure').all(p, p.displayName == 'CA001')",
    ] {
        assert_eq!(asks(text, SIGN_IN), Ok(Answer::Yes), "{text}");
        assert_eq!(asks(&format!("!({text})"), SIGN_IN), Ok(Answer::No), "{text}");
    }
}

#[test]
fn a_record_that_lacks_something_is_not_selected_and_ends_nothing() {
    for text in [
        "record.location.city == 'Utrecht'",
        "record.status.none > 5",
        "record.status.failureReason.startsWith('x')",
        "record.status.failureReason > 5",
        "record.status.failureReason.deeper == 1",
        "ip_in(record.status.failureReason, '10.0.0.0/8')",
        "record.riskEventTypes_v2[4] == 'x'",
        "record.appliedConditionalAccessPolicies.all(p, p.none == 1)",
        "record.status.failureReason == 'x'",
        "record.status.failureReason != 'zzz'",
        "'zzz' != record.status.failureReason",
        "record.status.failureReason == record.status.failureReason",
        "record.status.failureReason in ['x']",
        "!(record.status.failureReason in ['x'])",
        "'x' in [record.status.failureReason]",
        "record.none != null",
        "[record.status].exists(s, s.failureReason != 'zzz')",
    ] {
        assert_eq!(asks(text, SIGN_IN), Ok(Answer::Wanting), "{text}");
    }
    let undated = VerifiedRecord { time: None, ..record(SIGN_IN) };
    let dated = compile("time > timestamp('2026-01-01T00:00:00Z')").unwrap();
    assert_eq!((dated.asks(&undated), dated.asks(&record(SIGN_IN))), (Ok(Answer::Wanting), Ok(Answer::Yes)));
    for bytes in ["[1]", "7", "null", "\"id\"", "{}"] {
        assert_eq!(asks("record.id.deeper == 'a'", bytes), Ok(Answer::Wanting), "{bytes}");
    }
}

#[test]
fn an_expression_that_cannot_be_read_is_refused_with_its_place() {
    for (text, column) in [
        ("record.id == ", Some(14)),
        ("record.id === 'a'", Some(13)),
        ("record.id == 'a", Some(14)),
        ("(((record.id == 'a')", Some(21)),
        ("record.id = 'a'", Some(11)),
        ("1 +* 2 == 3", Some(4)),
    ] {
        let Err(ExpressionError::Syntax { column: found, message }) = compile(text).map(|_| ()) else {
            panic!("{text} is read")
        };
        assert_eq!(found, column, "{text}: {message}");
    }
    for (text, name, column) in [
        ("user == 'x'", "user", 1),
        ("kind == 'x' && ipAddress == 'y'", "ipAddress", 16),
        ("[1].exists(x, y == 1)", "y", 15),
        ("time(record.createdDateTime) > 3", "time()", 5),
    ] {
        let error = compile(text).map(|_| ()).unwrap_err();
        assert_eq!(error, ExpressionError::UnknownName { name: name.to_owned(), column: Some(column) });
    }
}

#[test]
fn what_can_hardly_be_meant_is_refused_with_what_to_write() {
    for (text, words, column) in [
        ("kind != 'nonInteractive'", "`kind` is never 'nonInteractive'; the kinds are interactiveUser, ", 6),
        ("page == 1 && kind in ['interactiveUser', 'user']", "`kind` is never 'user'", 19),
        ("record.ipAddress >= '203.0.113.1'", "write ip_in(record.ipAddress, '203.0.113.0/24')", 18),
        ("'203.0.113.9' > record.ipAddress", "texts are put in order by their characters", 15),
        ("record.createdDateTime < '21.11.2026'", "and '21.11.2026' is none; write time >= timestamp('", 24),
    ] {
        let error = compile(text).map(|_| ()).unwrap_err();
        assert!(
            matches!(error, ExpressionError::Misleading { column: Some(at), .. } if at == column),
            "{text}: {error:?}"
        );
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
    for text in [
        "kind != 'interactiveUser' || kind in ['riskDetection'] || kind.startsWith('x') || 'kind' == 'x'",
        "record.createdDateTime < '2026-11-21T00:00:00Z' && record.ipAddress == '203.0.113.45' && record.id > 'A'",
    ] {
        assert!(compile(text).is_ok(), "{text}");
    }
}

#[test]
fn values_of_another_type_end_the_selection_with_their_place() {
    for (text, words) in [
        (
            "record.status.errorCode > '5'",
            "at character 25 for element 3 of page 7: `>` cannot take int and string; a number stands without quotes",
        ),
        ("record.id.startsWith(5)", "`startsWith` cannot take string and int"),
        ("counted == 'true'", "at character 9 for element 3 of page 7: `==` cannot take bool and string"),
        ("record.status.errorCode != '50126'", "`!=` cannot take int and string"),
        ("record.status.errorCode in ['50126']", "`in` cannot take int and string"),
        ("record.id in record.isInteractive", "`in` cannot take string and bool"),
        ("record.ipAddress in '203.0.113.0/24'", "`in` cannot take string and string; write ip_in(address, "),
        ("time > '2026-11-18T09:00:00Z'", "`>` cannot take timestamp and string; write a time as timestamp('"),
        ("ip_in(record.ipAddress, '10.0.0.7/8')", "`10.0.0.0/8` is the range, `10.0.0.7` the address"),
        ("record == []", "`==` cannot take map and list"),
        ("record.id.none()", "`none` is no function"),
        ("none(record.id)", "`none` is no function"),
        (
            "time > timestamp('2026-11-01')",
            "a time is written with its zone, such as timestamp('2026-11-18T09:00:00Z')",
        ),
        ("ip_in(record.ipAddress, '10.0.0.1')", "`10.0.0.1/32` is the range that holds it alone"),
        ("ip_in(record.ipAddress, '10.0.0.0/33')", "`10.0.0.0/33` is no range of addresses"),
        ("record.id.matches('(')", "not a valid regex"),
        ("record.status.errorCode / 0 == 1", "Division by zero"),
        ("record.id", "gives string for element 3 of page 7, and not true or false"),
        ("record", "gives map for element 3"),
    ] {
        let said = asks(text, SIGN_IN).unwrap_err().to_string();
        assert!(said.contains(words), "{text}: {said}");
    }
}

#[test]
fn loops_within_loops_are_bounded_when_the_expression_is_read() {
    let nested = |levels: usize, inside: &str| {
        let list = "[1, 2, 3, 4]";
        (0..levels).fold(inside.to_owned(), |inside, level| format!("{list}.exists(x{level}, {inside})"))
    };
    assert_eq!(asks(&nested(2, "x0 > x1"), SIGN_IN), Ok(Answer::Yes));
    let chained = |levels: usize| format!("size([1]{}) == 1", ".map(x, x + x)".repeat(levels));
    assert_eq!(asks(&chained(2), SIGN_IN), Ok(Answer::Yes));
    let refused = [nested(3, "x0 > x1"), nested(8, "true"), chained(3), nested(2, "x0 in [1].map(y, y)")];
    for text in refused {
        let error = compile(&text).map(|_| ()).unwrap_err();
        assert_eq!(error, ExpressionError::TooManyLoops, "{text}");
        assert!(error.to_string().ends_with("more than 2 deep"), "{error}");
    }
    // Side by side there may be as many as find room.
    assert_eq!(asks(&vec![nested(2, "true"); 20].join(" && "), SIGN_IN), Ok(Answer::Yes));
}

#[test]
fn addresses_lie_in_ranges_of_their_own_kind_and_mapped_ones_are_ipv4() {
    for (address, range, expected) in [
        ("10.1.2.3", "10.0.0.0/8", Some(true)),
        ("11.1.2.3", "10.0.0.0/8", Some(false)),
        ("::ffff:10.1.2.3", "10.0.0.0/8", Some(true)),
        ("10.1.2.3", "::ffff:10.0.0.0/104", Some(true)),
        ("2001:db8::1", "2001:db8::/32", Some(true)),
        ("2001:db8::1", "::ffff:0:0/96", Some(false)),
        ("10.1.2.3", "::/0", Some(false)),
        ("2001:db8::1", "0.0.0.0/0", Some(false)),
        ("10.1.2.3", "10.1.2.3/32", Some(true)),
        ("fe80::1%eth0", "fe80::/10", Some(false)),
        ("10.1.2.3:443", "10.0.0.0/8", Some(false)),
        ("010.1.2.3", "10.0.0.0/8", Some(false)),
        ("", "10.0.0.0/8", Some(false)),
        ("10.1.2.3", "10.1.2.3", None),
        ("10.1.2.3", "10.0.0.0/33", None),
        ("10.1.2.3", "x", None),
    ] {
        assert_eq!(address_in(address, range), expected, "{address} in {range}");
    }
}

#[test]
fn only_what_is_asked_for_is_converted() {
    let needs = |text: &str| compile(text).unwrap().needs.record;
    let members = |names: &[&str]| needs::Record::Members(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(needs("record.a.b == 1 && has(record.c) && record['d'] == 2"), members(&["a", "c", "d"]));
    assert_eq!(needs("kind == 'interactiveUser'"), members(&[]));
    assert_eq!(needs("record.list.exists(x, x.record == record.e)"), members(&["list", "e"]));
    for text in ["'a' in record", "record == {}", "record[kind] == 1", "[1].exists(x, record.all(y, y == 'a'))"] {
        assert_eq!(needs(text), needs::Record::Whole, "{text}");
    }
}

#[test]
fn hostile_records_are_borne() {
    let deep = format!("{{\"id\":\"a\",\"x\":{}{}}}", "[".repeat(126), "]".repeat(126));
    for bytes in [
        deep.as_str(),
        r#"{"id":"b","id":"a","\u0069d":"a"}"#,
        r#"{"id":"a","n":1e400,"m":-99999999999999999999,"s":"\ud800","\ud800":1,"":{}}"#,
    ] {
        assert_eq!(asks("record.id == 'a' && record.x != [] || record.id == 'a'", bytes), Ok(Answer::Yes), "{bytes}");
        assert_eq!(asks("size(record) > 0", bytes), Ok(Answer::Yes), "{bytes}");
    }
    let long = format!("{{\"id\":\"{}\"}}", "a".repeat(1 << 20));
    assert_eq!(asks("size(record.id) == 1048576", &long), Ok(Answer::Yes));
    let error = asks("record.id.startsWith(5) || record.id > 7", &long).unwrap_err().to_string();
    assert!(error.len() < 600, "{}", error.len());
}

#[test]
fn an_expression_as_deep_as_it_can_be_is_read_or_refused() {
    let nested = |open: &str, inside: &str, close: &str, levels: usize| {
        format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
    };
    for text in [
        nested("(", "true", ")", 1990),
        nested("[", "1", "]", 1990) + " == []",
        nested("(", "true", "", 3990),
        "true?true:".repeat(390) + "true",
        "1+".repeat(1990) + "1 == 1",
        "record".to_owned() + &".a".repeat(1990),
        "[1].exists(x,".repeat(300),
        nested("[1].exists(x, ", "true", ")", 40),
        "'".to_owned() + &"\\".repeat(3999),
    ] {
        assert!(compile(&text).is_err(), "{text}");
    }
    for text in [
        nested("(", "true", ")", 90),
        "page==1||".repeat(390) + "true",
        "page==7&&".repeat(390) + "true",
        format!("record.id in [{}'a']", "'b',".repeat(900)),
        "!".repeat(3990) + "true",
    ] {
        // Worked out, as by the program, on more stack than a test has.
        let asked = || assert_eq!(asks(&text, SIGN_IN), Ok(Answer::Yes), "{text}");
        std::thread::scope(|scope| {
            let worker = std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, asked).unwrap();
            worker.join().unwrap();
        });
    }
}
