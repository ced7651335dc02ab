//! The questions to the service's log of requests, in its own language (KQL), ready to be pasted.
//!
//! Values from a package go into a question only when they are plain identifiers: a package signed by somebody else must not be
//! able to write our questions.

use serde::Serialize;

use super::sent::Asked;
use crate::time::Bound;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Query {
    /// What it finds.
    pub finds: Finds,
    /// How many requests it names.
    pub requests: u64,
    /// The query.
    pub text: String,
}

/// What a question finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finds {
    /// Every request of the application for the log, whoever made it.
    Application,
    /// The requests of the package, by identifier.
    Requests,
}

/// The time of an acquisition's requests, with a margin on both sides; none without requests.
#[must_use]
pub fn time_range(asked: &Asked) -> Option<(Bound, Bound)> {
    let first = asked.requests.iter().map(|sent| sent.started).min()?;
    let last = asked.requests.iter().map(|sent| sent.finished).max()?;
    let from = Bound::floor(first.to_datetime())?.plus_seconds(-MARGIN_SECONDS)?;
    let to = Bound::floor(last.to_datetime())?.plus_seconds(MARGIN_SECONDS)?;
    Some((from, to))
}

/// Words the questions: the requests by identifier, at most 500 each, then everything else of the application.
///
/// Identifiers that are none are left out; the second value says how many.
#[must_use]
pub fn queries(asked: &Asked) -> (Vec<Query>, u64) {
    let Some((from, to)) = time_range(asked) else { return (Vec::new(), 0) };
    let ids: Vec<&str> =
        asked.requests.iter().map(|sent| sent.client_request_id.as_str()).filter(|id| is_plain(id)).collect();
    let left_out = asked.requests.len().saturating_sub(ids.len());
    let head =
        format!("MicrosoftGraphActivityLogs\n| where TimeGenerated between (datetime({from}) .. datetime({to}))\n");
    let tail = format!("| project {}\n| order by TimeGenerated asc", COLUMNS.join(", "));
    let chunks = ids.len().div_ceil(MAX_IDS);
    let mut queries: Vec<Query> = (1_u64..)
        .zip(ids.chunks(MAX_IDS))
        .map(|(number, chunk)| {
            let list: Vec<String> = chunk.iter().map(|id| format!("  \"{id}\"")).collect();
            let text = format!(
                "// {number} of {chunks}: requests of acquisition {}\nlet requests = datatable(ClientRequestId: string) [\n{}\n];\n\
                 {head}| where ClientRequestId in~ (requests)\n{tail}\n",
                asked.genesis.acquisition,
                list.join(",\n")
            );
            Query { finds: Finds::Requests, requests: count(chunk.len()), text }
        })
        .collect();
    let client_id = &asked.genesis.identity.client_id;
    if is_plain(client_id) {
        let text = format!(
            "// everything that application asked of the sign-in log in that time, whoever used it\n\
             {head}| where AppId =~ \"{client_id}\"\n| where RequestUri contains \"/auditLogs/signIns\"\n{tail}\n"
        );
        queries.push(Query { finds: Finds::Application, requests: 0, text });
    }
    (queries, count(left_out))
}

fn is_plain(text: &str) -> bool {
    (1..=MAX_ID_LEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// What [`rows`](super::rows) reads, and what people want to see beside it.
const COLUMNS: [&str; 15] = [
    "TimeGenerated",
    "ClientRequestId",
    "RequestId",
    "OperationId",
    "RequestMethod",
    "RequestUri",
    "ResponseStatusCode",
    "ResponseSizeBytes",
    "DurationMs",
    "AppId",
    "ServicePrincipalId",
    "UserId",
    "IPAddress",
    "ClientAuthMethod",
    "UserAgent",
];
/// Few enough for one question of the portal.
const MAX_IDS: usize = 500;
/// A GUID has 36.
const MAX_ID_LEN: usize = 64;
/// An hour: clocks may differ, and the service notes a request when it came.
pub(super) const MARGIN_SECONDS: i64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corroborate::matching::tests::{asked, sent};

    #[test]
    fn five_hundred_requests_go_into_one_question() {
        let ids: Vec<String> = (0..501).map(|number| format!("{number:032x}")).collect();
        let asked = asked(ids.iter().map(|id| sent(id)).collect());
        let (queries, left_out) = queries(&asked);
        let counts: Vec<(Finds, u64)> = queries.iter().map(|query| (query.finds, query.requests)).collect();
        assert_eq!(counts, [(Finds::Requests, 500), (Finds::Requests, 1), (Finds::Application, 0)]);
        assert_eq!(left_out, 0);
        let second = &queries[1].text;
        assert!(second.starts_with("// 2 of 2: requests of acquisition "));
        assert!(second.contains("  \"000000000000000000000000000001f4\"\n];\n"), "{second}");
        assert!(
            second.contains("between (datetime(2026-11-22T05:00:00Z) .. datetime(2026-11-22T07:00:01Z))"),
            "{second}"
        );
    }

    #[test]
    fn a_package_cannot_write_our_questions() {
        let mut asked = asked(vec![sent("\"] | union *; //"), sent("abc-1")]);
        asked.genesis.identity.client_id = "x\" or true //".to_owned();
        let (queries, left_out) = queries(&asked);
        assert_eq!((queries.len(), left_out), (1, 1));
        assert!(!queries[0].text.contains("union") && queries[0].text.contains("abc-1"));
    }

    #[test]
    fn without_requests_there_is_nothing_to_ask() {
        assert_eq!(queries(&asked(Vec::new())), (Vec::new(), 0));
    }
}
