//! Package and rows, held against each other request by request.
//!
//! A request and a row belong together by `client-request-id`. What both tell is compared; what only one tells is counted as not
//! compared. Addresses are the same when their spelling is, or when they are after percent-decoding once, reading `+` in the
//! query as a space, and ignoring the case of scheme, host and path; a row whose address was written decoded is taken as it is.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::query::time_range;
use super::rows::{Row, instant};
use super::sent::{Asked, Sent};
use crate::format::limits::CLOCK_TOLERANCE_NANOS;
use crate::time::{Bound, LocalTime, UnixNanos};

/// What came of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The conclusion.
    pub conclusion: Conclusion,
    /// Sums.
    pub counts: Counts,
    /// Each property, with how often it agreed.
    pub properties: Vec<PropertyCount>,
    /// Requests that a row confirms and none contradicts.
    pub matched: Vec<Matched>,
    /// Requests without a row.
    pub missing: Vec<Missing>,
    /// Requests that a row contradicts, one entry for each difference.
    pub contradicting: Vec<Contradiction>,
    /// Rows of our application for the sign-in log, in the time of the acquisition, that are no request of the package.
    pub strangers: Vec<Stranger>,
}

/// The conclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    /// At least one row contradicts the package.
    Contradicting,
    /// Every request has its row, and no row contradicts.
    Matched,
    /// At least one request has no row, or there is no request at all.
    Missing,
}

/// Sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests in the package.
    pub requests: u64,
    /// Of these, confirmed.
    pub matched: u64,
    /// Of these, without a row.
    pub missing: u64,
    /// Of these, contradicted.
    pub contradicting: u64,
    /// Rows in the export.
    pub rows: u64,
    /// Of these, unexplained uses of our application in the time of the acquisition.
    pub strangers: u64,
    /// Of these, uses of our application for the sign-in log at other times.
    pub rows_of_other_times: u64,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// `AppId` and the client identifier of genesis.
    Application,
    /// `ResponseSizeBytes` and the length of a whole, uncoded body.
    ByteLen,
    /// `ClientRequestId`, where a row carries our `request-id`.
    ClientRequestId,
    /// `RequestId` (where missing, `OperationId`) and the response header `request-id`.
    RequestId,
    /// `ResponseStatusCode` and the status.
    Status,
    /// `TimeGenerated` and our clock around the request.
    Time,
    /// `RequestUri` and the URL as sent.
    Uri,
}

/// How often a property agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PropertyCount {
    /// Which.
    pub property: Property,
    /// Times both told the same.
    pub agreed: u64,
    /// Times they did not.
    pub differed: u64,
    /// Times at least one told nothing.
    pub not_compared: u64,
}

/// A request that the service confirms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// The path of its record.
    pub place: String,
    /// Its identifier.
    pub client_request_id: String,
    /// Numbers of its rows.
    pub rows: Vec<u64>,
}

/// A request without a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The path of its record.
    pub place: String,
    /// Its identifier.
    pub client_request_id: String,
    /// Our clock when it was sent.
    pub started: LocalTime,
    /// Whether an answer came; where none did, it may never have arrived.
    pub answered: bool,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The path of the record.
    pub place: String,
    /// The request's identifier.
    pub client_request_id: String,
    /// The row.
    pub row: u64,
    /// In what they differ.
    pub property: Property,
    /// What the package says.
    pub in_package: String,
    /// What the row says.
    pub in_row: String,
}

/// A row that no request of the package explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stranger {
    /// The row.
    pub row: u64,
    /// Its identifier.
    pub client_request_id: Option<String>,
    /// The service's identifier.
    pub request_id: Option<String>,
    /// When, as written.
    pub time: Option<String>,
    /// The status, as written.
    pub status: Option<String>,
    /// The address.
    pub uri: Option<String>,
}

enum Agreement {
    Agrees,
    Differs(String, String),
    NotCompared,
}

/// Compares every request with its rows.
#[must_use]
pub fn compare(asked: &Asked, rows: &[Row]) -> Comparison {
    let mut of_request: HashMap<String, Vec<&Row>> = HashMap::new();
    for row in rows {
        if let Some(id) = &row.client_request_id {
            of_request.entry(id.to_ascii_lowercase()).or_default().push(row);
        }
    }
    let ours: HashMap<String, &Sent> =
        asked.requests.iter().map(|sent| (sent.client_request_id.to_ascii_lowercase(), sent)).collect();
    let renamed = renamed_rows(asked, rows, &ours);
    let mut tally = Tally::default();
    let (mut matched, mut missing, mut contradicting) = (Vec::new(), Vec::new(), Vec::new());
    let mut contradicted = 0;
    for sent in &asked.requests {
        let rows = of_request.get(&sent.client_request_id.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        let mut differences: Vec<Contradiction> = Vec::new();
        for row in rows {
            for (property, agreement) in agreements(sent, row, asked) {
                tally.count(property, &agreement);
                differences.extend(difference(sent, row, property, agreement));
            }
        }
        for row in renamed.get(sent.place.as_str()).into_iter().flatten() {
            let theirs = row.client_request_id.clone().unwrap_or_default();
            let agreement = Agreement::Differs(sent.client_request_id.clone(), theirs);
            tally.count(Property::ClientRequestId, &agreement);
            differences.extend(difference(sent, row, Property::ClientRequestId, agreement));
        }
        if !differences.is_empty() {
            contradicted += 1;
            contradicting.append(&mut differences);
        } else if rows.is_empty() {
            missing.push(Missing {
                place: sent.place.clone(),
                client_request_id: sent.client_request_id.clone(),
                started: sent.started,
                answered: sent.status.is_some(),
            });
        } else {
            matched.push(Matched {
                place: sent.place.clone(),
                client_request_id: sent.client_request_id.clone(),
                rows: rows.iter().map(|row| row.number).collect(),
            });
        }
    }
    let explained: Vec<u64> = renamed.values().flatten().map(|row| row.number).collect();
    let (strangers, rows_of_other_times) = strangers(asked, rows, &ours, &explained);
    let conclusion = match (contradicted, missing.is_empty() && !matched.is_empty()) {
        (0, true) => Conclusion::Matched,
        (0, false) => Conclusion::Missing,
        _ => Conclusion::Contradicting,
    };
    let counts = Counts {
        requests: count(asked.requests.len()),
        matched: count(matched.len()),
        missing: count(missing.len()),
        contradicting: contradicted,
        rows: count(rows.len()),
        strangers: count(strangers.len()),
        rows_of_other_times,
    };
    Comparison { conclusion, counts, properties: tally.finish(), matched, missing, contradicting, strangers }
}

/// Finds rows that carry the `request-id` of one of our answers under another `client-request-id`.
fn renamed_rows<'a>(
    asked: &'a Asked,
    rows: &'a [Row],
    ours: &HashMap<String, &Sent>,
) -> HashMap<&'a str, Vec<&'a Row>> {
    let answers: HashMap<String, &Sent> =
        asked.requests.iter().filter_map(|sent| Some((sent.request_id.as_ref()?.to_ascii_lowercase(), sent))).collect();
    let mut renamed: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in rows.iter().filter(|row| !is_ours(row, ours)) {
        let id = row.request_id.as_ref().map(|id| id.to_ascii_lowercase());
        if let (Some(sent), Some(_)) = (id.and_then(|id| answers.get(&id)), &row.client_request_id) {
            renamed.entry(sent.place.as_str()).or_default().push(row);
        }
    }
    renamed
}

fn is_ours(row: &Row, ours: &HashMap<String, &Sent>) -> bool {
    row.client_request_id.as_ref().is_some_and(|id| ours.contains_key(&id.to_ascii_lowercase()))
}

fn strangers(asked: &Asked, rows: &[Row], ours: &HashMap<String, &Sent>, explained: &[u64]) -> (Vec<Stranger>, u64) {
    let client_id = &asked.genesis.identity.client_id;
    let range = time_range(asked);
    let (mut strangers, mut other_times) = (Vec::new(), 0);
    for row in rows {
        let is_app = row.app_id.as_ref().is_some_and(|id| id.eq_ignore_ascii_case(client_id));
        let is_log = row.uri.as_ref().is_some_and(|uri| asks_for_log(uri));
        if !is_app || !is_log || is_ours(row, ours) || explained.contains(&row.number) {
            continue;
        }
        let time = row.time.as_deref().filter(|_| row.time_is_utc).and_then(instant);
        let inside = |(from, to): (Bound, Bound)| time.is_none_or(|time| from.nanos() <= time && time <= to.nanos());
        // A row without a time we can read may belong to the acquisition, so it is shown.
        if range.is_none_or(inside) {
            strangers.push(Stranger {
                row: row.number,
                client_request_id: row.client_request_id.clone(),
                request_id: row.request_id.clone(),
                time: row.time.clone(),
                status: row.status.clone(),
                uri: row.uri.clone(),
            });
        } else {
            other_times += 1;
        }
    }
    (strangers, other_times)
}

fn agreements(sent: &Sent, row: &Row, asked: &Asked) -> [(Property, Agreement); 6] {
    let client_id = &asked.genesis.identity.client_id;
    let same_text = |ours: Option<&String>, theirs: Option<&String>| match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours.eq_ignore_ascii_case(theirs) => Agreement::Agrees,
        (Some(ours), Some(theirs)) => Agreement::Differs(ours.clone(), theirs.clone()),
        _ => Agreement::NotCompared,
    };
    let status = sent.status.map(|status| status.to_string());
    let uri = match &row.uri {
        Some(theirs) if same_uri(&sent.url, theirs) => Agreement::Agrees,
        Some(theirs) => Agreement::Differs(sent.url.clone(), theirs.clone()),
        None => Agreement::NotCompared,
    };
    [
        (Property::Application, same_text(Some(client_id), row.app_id.as_ref())),
        (Property::ByteLen, byte_len(sent, row)),
        (
            Property::RequestId,
            same_text(sent.request_id.as_ref(), row.request_id.as_ref().or(row.operation_id.as_ref())),
        ),
        (Property::Status, same_text(status.as_ref(), row.status.as_ref())),
        (Property::Time, time(sent, row)),
        (Property::Uri, uri),
    ]
}

/// The service does not document whether it counts headers: a count that exceeds the body by no more than headers can agrees.
fn byte_len(sent: &Sent, row: &Row) -> Agreement {
    let theirs = row.byte_len.as_ref().and_then(|text| text.parse::<u64>().ok()).filter(|byte_len| *byte_len > 0);
    match (sent.whole_body_byte_len, theirs) {
        (Some(ours), Some(theirs)) if (ours..=ours.saturating_add(MAX_HEADERS_BYTE_LEN)).contains(&theirs) => {
            Agreement::Agrees
        }
        (Some(ours), Some(theirs)) => Agreement::Differs(ours.to_string(), theirs.to_string()),
        _ => Agreement::NotCompared,
    }
}

fn time(sent: &Sent, row: &Row) -> Agreement {
    let Some(text) = row.time.as_ref().filter(|_| row.time_is_utc) else { return Agreement::NotCompared };
    let Some(theirs) = instant(text) else { return Agreement::NotCompared };
    let from: UnixNanos = sent.started.nanos().saturating_sub(CLOCK_TOLERANCE_NANOS);
    let to = sent.finished.nanos().saturating_add(CLOCK_TOLERANCE_NANOS);
    if (from..=to).contains(&theirs) {
        Agreement::Agrees
    } else {
        Agreement::Differs(format!("{} to {}", sent.started, sent.finished), text.clone())
    }
}

fn difference(sent: &Sent, row: &Row, property: Property, agreement: Agreement) -> Option<Contradiction> {
    let Agreement::Differs(in_package, in_row) = agreement else { return None };
    Some(Contradiction {
        place: sent.place.clone(),
        client_request_id: sent.client_request_id.clone(),
        row: row.number,
        property,
        in_package,
        in_row,
    })
}

fn same_uri(ours: &str, theirs: &str) -> bool {
    let decoded = plain_uri(ours, true);
    ours == theirs || decoded == plain_uri(theirs, true) || decoded == plain_uri(theirs, false)
}

/// Spells an address in the way in which it is compared; `encoded` says that it is to be decoded first.
fn plain_uri(uri: &str, encoded: bool) -> (Vec<u8>, Vec<u8>) {
    let (place, query) = uri.split_once('?').unwrap_or((uri, ""));
    let decoded = |text: &str| if encoded { percent_decoded(text) } else { text.as_bytes().to_vec() };
    let query = if encoded { query.replace('+', " ") } else { query.to_owned() };
    (decoded(place).to_ascii_lowercase(), decoded(&query))
}

/// Decodes each `%XX` once; what is no escape stays.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, after @ ..] => hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after)),
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, after));
        decoded.push(byte);
        rest = after;
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn asks_for_log(uri: &str) -> bool {
    let (place, _) = plain_uri(uri, true);
    place.windows(LOG_PATH.len()).any(|part| part == LOG_PATH)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[derive(Default)]
struct Tally(BTreeMap<Property, (u64, u64, u64)>);

impl Tally {
    fn count(&mut self, property: Property, agreement: &Agreement) {
        let (agreed, differed, not_compared) = self.0.entry(property).or_default();
        match agreement {
            Agreement::Agrees => *agreed += 1,
            Agreement::Differs(..) => *differed += 1,
            Agreement::NotCompared => *not_compared += 1,
        }
    }

    fn finish(self) -> Vec<PropertyCount> {
        let entry =
            |(property, (agreed, differed, not_compared))| PropertyCount { property, agreed, differed, not_compared };
        self.0.into_iter().map(entry).collect()
    }
}

/// In lower case, as addresses are compared.
const LOG_PATH: &[u8] = b"/auditlogs/signins";
/// 16 KiB: what servers commonly allow for all headers of one message.
const MAX_HEADERS_BYTE_LEN: u64 = 16 << 10;

#[cfg(test)]
pub(in crate::corroborate) mod tests {
    use super::*;

    pub(in crate::corroborate) fn asked(requests: Vec<Sent>) -> Asked {
        Asked { genesis: crate::format::genesis::example(), requests }
    }

    pub(in crate::corroborate) fn sent(id: &str) -> Sent {
        Sent {
            place: format!("data/records/{id}.json"),
            client_request_id: id.to_owned(),
            url: URL.to_owned(),
            started: "2026-11-22T06:00:00.000Z".parse().unwrap(),
            finished: "2026-11-22T06:00:01.000Z".parse().unwrap(),
            status: Some(200),
            request_id: Some(format!("server-{id}")),
            whole_body_byte_len: Some(1000),
        }
    }

    fn row(sent: &Sent, number: u64) -> Row {
        Row {
            number,
            client_request_id: Some(sent.client_request_id.to_uppercase()),
            request_id: sent.request_id.clone(),
            operation_id: None,
            uri: Some(sent.url.clone()),
            status: sent.status.map(|status| status.to_string()),
            byte_len: Some("1000".to_owned()),
            app_id: Some(crate::format::genesis::example().identity.client_id),
            time: Some("2026-11-22T06:00:00.5Z".to_owned()),
            time_is_utc: true,
        }
    }

    fn with(change: impl Fn(&mut Row)) -> Comparison {
        let one = sent("a");
        let mut rows = [row(&one, 1)];
        change(&mut rows[0]);
        compare(&asked(vec![one]), &rows)
    }

    const URL: &str = "https://graph.microsoft.com/beta/auditLogs/signIns?$filter=createdDateTime%20ge%202026-11-01T00:00:00Z%20and%20x%20eq%20%27a%2Bb%27&$top=1000";

    #[test]
    fn rows_that_tell_the_same_match() {
        let comparison = with(|_| ());
        assert_eq!(comparison.conclusion, Conclusion::Matched);
        assert_eq!(comparison.matched[0].rows, [1]);
        assert!(comparison.properties.iter().all(|count| count.agreed == 1 && count.differed == 0), "{comparison:?}");
        assert_eq!(comparison.properties.len(), 6);
    }

    #[test]
    fn each_property_can_contradict() {
        type Change = fn(&mut Row);
        let changes: [(Property, Change); 6] = [
            (Property::Application, |row| row.app_id = Some("another".to_owned())),
            (Property::ByteLen, |row| row.byte_len = Some("999".to_owned())),
            (Property::RequestId, |row| row.request_id = Some("another".to_owned())),
            (Property::Status, |row| row.status = Some("403".to_owned())),
            (Property::Time, |row| row.time = Some("2026-11-22T06:05:02Z".to_owned())),
            (Property::Uri, |row| row.uri = Some(URL.replace("$top=1000", "$top=10"))),
        ];
        for (property, change) in changes {
            let comparison = with(change);
            let found: Vec<Property> = comparison.contradicting.iter().map(|difference| difference.property).collect();
            assert_eq!((comparison.conclusion, found), (Conclusion::Contradicting, vec![property]));
            assert_eq!(comparison.counts.contradicting, 1);
        }
        let cut = with(|row| row.byte_len = Some((1001 + MAX_HEADERS_BYTE_LEN).to_string()));
        assert_eq!(cut.contradicting[0].property, Property::ByteLen);
    }

    #[test]
    fn a_row_under_another_name_for_our_answer_contradicts() {
        let comparison = with(|row| row.client_request_id = Some("somebody-else".to_owned()));
        assert_eq!(comparison.contradicting[0].property, Property::ClientRequestId);
        assert_eq!((comparison.counts.missing, comparison.counts.strangers), (0, 0));
    }

    #[test]
    fn addresses_are_the_same_in_other_spellings() {
        for uri in [
            URL.replace("%20", "+"),
            URL.replace("%27", "'").replace("$filter", "%24filter"),
            URL.replace("auditLogs/signIns", "auditlogs/signins").replace("https", "HTTPS"),
            URL.replace("%20", " ").replace("%27", "'").replace("%2B", "+"),
            URL.replace("%2B", "%2b"),
        ] {
            assert_eq!(with(|row| row.uri = Some(uri.clone())).conclusion, Conclusion::Matched, "{uri}");
        }
        for uri in
            [URL.replace("%2B", "%252B"), URL.replace("beta", "v1.0"), URL.replace("a%2Bb", "A%2Bb"), format!("{URL}%")]
        {
            assert_eq!(with(|row| row.uri = Some(uri.clone())).conclusion, Conclusion::Contradicting, "{uri}");
        }
    }

    #[test]
    fn what_a_row_leaves_out_is_not_compared_and_said_so() {
        let comparison = with(|row| {
            row.status = None;
            row.time_is_utc = false;
            row.byte_len = Some("0".to_owned());
            row.request_id = None;
        });
        assert_eq!(comparison.conclusion, Conclusion::Matched);
        let left_out: Vec<Property> =
            comparison.properties.iter().filter(|count| count.not_compared == 1).map(|count| count.property).collect();
        assert_eq!(left_out, [Property::ByteLen, Property::RequestId, Property::Status, Property::Time]);
    }

    #[test]
    fn a_request_without_a_row_is_missing_and_nothing_else() {
        let mut unanswered = sent("b");
        unanswered.status = None;
        let one = sent("a");
        let comparison = compare(&asked(vec![one.clone(), unanswered]), &[row(&one, 1)]);
        assert_eq!(comparison.conclusion, Conclusion::Missing);
        assert_eq!((comparison.missing.len(), comparison.missing[0].answered), (1, false));
        assert_eq!(compare(&asked(Vec::new()), &[]).conclusion, Conclusion::Missing);
    }

    #[test]
    fn uses_of_our_application_that_the_package_does_not_know_are_listed() {
        let one = sent("a");
        let stranger = |number, change: fn(&mut Row)| {
            let mut row = row(&one, number);
            row.client_request_id = Some("x".to_owned());
            row.request_id = Some("y".to_owned());
            change(&mut row);
            row
        };
        let rows = [
            row(&one, 1),
            stranger(2, |_| ()),
            stranger(3, |row| row.time = Some("2026-11-22T09:00:00Z".to_owned())),
            stranger(4, |row| row.time = None),
            stranger(5, |row| row.app_id = Some("other".to_owned())),
            stranger(6, |row| row.uri = Some("https://graph.microsoft.com/v1.0/users".to_owned())),
            stranger(7, |row| row.client_request_id = None),
        ];
        let comparison = compare(&asked(vec![one.clone()]), &rows);
        let listed: Vec<u64> = comparison.strangers.iter().map(|stranger| stranger.row).collect();
        assert_eq!((listed, comparison.counts.rows_of_other_times), (vec![2, 4, 7], 1));
        assert_eq!(comparison.conclusion, Conclusion::Matched);
    }
}
