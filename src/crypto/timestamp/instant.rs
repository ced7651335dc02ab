//! The two ways ASN.1 writes an instant, read strictly.
//!
//! RFC 3161 allows fractions of a second in genTime and DER forbids their trailing zeros; certificates (RFC 5280
//! §4.1.2.5) allow no fraction. A leap second (`60`) is refused: no authority is known to write one, and no clock of
//! ours could name it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::codec::der::{GENERALIZED_TIME, UTC_TIME, Value};

/// Reads `YYYYMMDDhhmmss[.f…]Z` with one to nine digits of a fraction that does not end in zero.
pub(super) fn gen_time(content: &[u8]) -> Option<DateTime<Utc>> {
    let body = str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = match body.split_once('.') {
        Some((_, fraction)) if fraction.ends_with('0') || fraction.is_empty() => return None,
        Some(parts) => parts,
        None => (body, ""),
    };
    if fraction.len() > 9 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: u32 = format!("{fraction:0<9}").parse().ok()?;
    whole_seconds(whole)?.and_utc().checked_add_signed(chrono::TimeDelta::nanoseconds(nanoseconds.into()))
}

/// Reads the time in a certificate's validity.
pub(super) fn certificate_time(value: &Value<'_>) -> Option<DateTime<Utc>> {
    let body = str::from_utf8(value.content).ok()?.strip_suffix('Z')?;
    match value.tag {
        GENERALIZED_TIME => whole_seconds(body),
        // RFC 5280 §4.1.2.5.1: two digits of 50 and more are of the twentieth century.
        UTC_TIME if body.get(..2)? >= "50" => whole_seconds(&format!("19{body}")),
        UTC_TIME => whole_seconds(&format!("20{body}")),
        _ => None,
    }
    .map(|time| time.and_utc())
}

fn whole_seconds(text: &str) -> Option<NaiveDateTime> {
    if text.len() != 14 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let year = text.get(..4)?.parse().ok()?;
    NaiveDate::from_ymd_opt(year, number(4..6)?, number(6..8)?)?.and_hms_opt(
        number(8..10)?,
        number(10..12)?,
        number(12..14)?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_a_second_are_read_to_the_nanosecond() {
        let read = |text: &str| gen_time(text.as_bytes()).map(|time| time.to_rfc3339());
        assert_eq!(read("20260722101112Z").as_deref(), Some("2026-07-22T10:11:12+00:00"));
        assert_eq!(read("20260722101112.211Z").as_deref(), Some("2026-07-22T10:11:12.211+00:00"));
        assert_eq!(read("20260722101112.000000001Z").as_deref(), Some("2026-07-22T10:11:12.000000001+00:00"));
    }

    #[test]
    fn times_that_der_forbids_or_no_clock_shows_are_refused() {
        for text in [
            "20260722101112.2110Z",
            "20260722101112.0Z",
            "20260722101112.Z",
            "20260722101112,211Z",
            "20260722101112.0000000001Z",
            "202607221011Z",
            "2026072210Z",
            "20260722101112",
            "20260722101112+0200",
            "20260722101112.211+0000",
            "20261322101112Z",
            "20260230101112Z",
            "20260722251112Z",
            "20260722106012Z",
            "20260722101160Z",
            "+0260722101112Z",
            " 20260722101112Z",
            "2026072210111２Z",
            "Z",
            "",
        ] {
            assert_eq!(gen_time(text.as_bytes()), None, "{text}");
        }
        assert_eq!(gen_time(&[0xff, b'Z']), None);
    }

    #[test]
    fn two_digit_years_turn_over_at_fifty() {
        let read = |text: &str| {
            let encoding = crate::codec::der::encode(UTC_TIME, &[text.as_bytes()]);
            certificate_time(&Value::only(&encoding, UTC_TIME).expect("reads")).map(|time| time.to_rfc3339())
        };
        assert_eq!(read("491231235959Z").as_deref(), Some("2049-12-31T23:59:59+00:00"));
        assert_eq!(read("500101000000Z").as_deref(), Some("1950-01-01T00:00:00+00:00"));
        assert_eq!(read("4912312359Z"), None);
    }
}
