//! Counts by day, application and hour that the service offers beside the log (graph-api §3.6), agreeing with the truth
//! unless a fault says otherwise.
//!
//! The shapes below `signInCount` and the two times are not documented in full; what stands here is the least that the
//! reference names. A day of `signInEventsSummary` counts all four kinds.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{
    super::{
        faults::{FaultName, planned},
        settings::TENANT_ID,
        tenant::{Kind, Log, guid::Guid, moment::Moment, noise::Noise},
    },
    Call,
    question::Question,
    refusal::Refusal,
};

/// One of the counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Summary {
    /// Sign-ins by application.
    Applications,
    /// Sign-ins of all kinds by UTC day.
    Days,
    /// Sign-ins of one kind by application and span of hours.
    Kind(Kind, u32),
}

impl Summary {
    /// Finds what a segment of the path asks for.
    pub(crate) fn find(segment: &str) -> Option<Self> {
        let is = |other: &str| segment.eq_ignore_ascii_case(other);
        if is("signInEventsSummary") {
            return Some(Self::Days);
        }
        if is("signInEventsAppSummary") {
            return Some(Self::Applications);
        }
        // Quotes may arrive escaped.
        let segment = segment.replace("%27", "'");
        let (name, argument) = segment.strip_suffix("')")?.split_once("(aggregationWindow='")?;
        let hours = match argument {
            "h1" => 1,
            "h6" => 6,
            "d1" => 24,
            _ => return None,
        };
        let kind = FUNCTIONS.iter().find(|(function, _)| name.eq_ignore_ascii_case(function))?.1;
        Some(Self::Kind(kind, hours))
    }
}

/// Prints one page of counts.
pub(crate) fn answer(call: &Call<'_>, summary: Summary) -> Result<Vec<u8>, Refusal> {
    let faults = &call.service.settings.faults;
    if planned(faults, FaultName::SummaryAbsent).is_some() {
        return Err(match summary {
            Summary::Days => Refusal::UnknownSegment("signInEventsSummary".to_owned()),
            _ => Refusal::Plain(404, "UnknownError", ""),
        });
    }
    let question = question(call, summary)?;
    let extra = u64::from(planned(faults, FaultName::SummaryDisagrees).is_some()) * SURPLUS;
    let (context, rows) = match summary {
        Summary::Applications => ("auditLogs/signInEventsAppSummary", applications(call)),
        Summary::Days => ("auditLogs/signInEventsSummary", days(call, extra)),
        Summary::Kind(kind, hours) => {
            ("Collection(microsoft.graph.summarizedSignIn)", spans(call, &question, kind, hours, extra))
        }
    };
    // Rows are few beside records, so a page is a slice of them and the token an offset.
    let start: usize = match &question.skip_token {
        None => 0,
        Some(token) => token.parse().map_err(|_| Refusal::LostSkipToken)?,
    };
    let end = rows.len().min(start.saturating_add(question.top));
    let mut body = Map::new();
    let (origin, path) = (call.request.origin, call.request.path);
    body.insert("@odata.context".to_owned(), json!(format!("{origin}/beta/$metadata#{context}")));
    if end < rows.len() {
        let mut link = format!("{origin}{path}?");
        for pair in call.request.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains("skiptoken=")) {
            link.push_str(pair);
            link.push('&');
        }
        body.insert("@odata.nextLink".to_owned(), json!(format!("{link}$skiptoken={end}")));
    }
    body.insert("value".to_owned(), rows.get(start..end).unwrap_or_default().iter().cloned().collect());
    Ok(Value::Object(body).to_string().into_bytes())
}

/// Reads the options; only the functions can be filtered, by `aggregationDateTime`.
fn question(call: &Call<'_>, summary: Summary) -> Result<Question, Refusal> {
    let query = match summary {
        // The parser knows the time of the sign-ins by its own name.
        Summary::Kind(..) => call.request.query.replace("aggregationDateTime", Log::SignIns.time_property()),
        Summary::Applications | Summary::Days => call.request.query.to_owned(),
    };
    Question::read_for(Log::SignIns, call.version, &query, call.service.settings.page_limit)
}

fn days(call: &Call<'_>, extra: u64) -> Vec<Value> {
    let tenant = &call.service.tenant;
    let count = |from: DateTime<Utc>, to: DateTime<Utc>| -> u64 {
        Kind::ALL.into_iter().map(|kind| tenant.count(kind, from, to)).sum()
    };
    let mut rows = Vec::new();
    for (nth, day) in midnights(call).enumerate() {
        let surplus = if nth % 3 == 0 { extra } else { 0 };
        let signed_in = count(day, day + TimeDelta::days(1));
        if signed_in > 0 {
            rows.push(json!({ "activityDateTime": text(day), "signInCount": signed_in + surplus }));
        }
    }
    rows
}

fn applications(call: &Call<'_>) -> Vec<Value> {
    let tenant = &call.service.tenant;
    let mut counts = BTreeMap::<String, u64>::new();
    for kind in Kind::ALL {
        for entry in tenant.entries(kind) {
            *counts.entry(tenant.sign_in(entry).client_id.to_owned()).or_default() += 1;
        }
    }
    let row = |(app, count): (String, u64)| json!({ "appId": app, "signInCount": count, "tenantId": TENANT_ID });
    counts.into_iter().map(row).collect()
}

fn spans(call: &Call<'_>, question: &Question, kind: Kind, hours: u32, extra: u64) -> Vec<Value> {
    let tenant = &call.service.tenant;
    let (from, to) = question.window();
    let length = i64::from(hours) * 3_600;
    let start = |moment: Moment| moment.second().div_euclid(length) * length;
    // Newest span first, and by application within it.
    let mut counts = BTreeMap::<(i64, String), (u64, Moment, String)>::new();
    for entry in tenant.entries(kind) {
        let (created, span) = (entry.created, start(entry.created));
        if !(from..to).contains(&Moment::new(span, 0)) {
            continue;
        }
        let sign_in = tenant.sign_in(entry);
        let name = sign_in.client_name.meaning.to_owned();
        let row = counts.entry((-span, sign_in.client_id.to_owned())).or_insert((0, created, name));
        row.0 += 1;
        row.1 = row.1.min(created);
    }
    let rows = counts.into_iter().enumerate().map(|(nth, ((span, app), (count, first, name)))| {
        let surplus = if nth % 3 == 0 { extra } else { 0 };
        let mut noise = Noise::new(call.service.settings.seed, u64::from(hours), span.unsigned_abs() ^ nth as u64);
        let id: Guid = noise.guid();
        json!({
            "id": id.to_string(),
            "aggregationDateTime": text(Moment::new(-span, 0).calendar()),
            "firstSignInDateTime": text(first.calendar()),
            "appId": app,
            "appDisplayName": name,
            "signInCount": count + surplus,
            "tenantId": TENANT_ID,
        })
    });
    rows.collect()
}

/// Returns the UTC days the tenant has records in, up to the simulated present.
fn midnights(call: &Call<'_>) -> impl Iterator<Item = DateTime<Utc>> {
    let settings = &call.service.settings;
    let first = (settings.now - TimeDelta::days(i64::from(settings.days))).date_naive().and_time(NaiveTime::MIN);
    let last = call.service.present.now() + TimeDelta::seconds(1);
    let day = move |nth: i64| first.and_utc() + TimeDelta::days(nth);
    (0..).map(day).take_while(move |day| *day <= last)
}

fn text(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The functions, and the kind each counts.
const FUNCTIONS: [(&str, Kind); 3] = [
    ("getSummarizedMSISignIns", Kind::ManagedIdentity),
    ("getSummarizedNonInteractiveSignIns", Kind::NonInteractiveUser),
    ("getSummarizedServicePrincipalSignIns", Kind::ServicePrincipal),
];
/// What a count that disagrees is too high by.
const SURPLUS: u64 = 3;
