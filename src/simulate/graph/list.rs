//! Lists and single records, printed as the service prints them.

use super::{
    super::{
        faults::{FaultName, planned},
        tenant::{
            Entry, Kind, Log, Version,
            guid::Guid,
            noise::mix,
            print::{put, quoted},
        },
    },
    Call,
    disturb::{Disturbance, kept_position},
    filter::Filter,
    link::{self, Position},
    page,
    question::Question,
    refusal::Refusal,
    timeline::{Notes, SignIns, Timeline},
};

/// Prints one page of a log.
pub(crate) fn list(call: &Call<'_>, log: Log) -> Result<Vec<u8>, Refusal> {
    let settings = &call.service.settings;
    let limit = if log == Log::RiskDetections { settings.page_limit.min(RISK_PAGE_LIMIT) } else { settings.page_limit };
    let question = Question::read_for(log, call.version, call.request.query, limit)?;
    if log == Log::SignIns {
        return pages(call, &question, &SignIns::new(&call.service.tenant, &question, call.view));
    }
    if question.filter.as_ref().is_some_and(|filter| !matches!(filter, Filter::Created { .. } | Filter::All(_))) {
        return Err(Refusal::BadFilter);
    }
    pages(call, &question, &Notes::new(&call.service.tenant, &question))
}

/// Prints one record; no query option is allowed here (graph-api §1.1).
pub(crate) fn one(call: &Call<'_>, id: &str) -> Result<Vec<u8>, Refusal> {
    let tenant = &call.service.tenant;
    let question = Question::read_for(Log::SignIns, call.version, call.request.query, 1)?;
    if let Some((option, _)) = question.options.iter().find(|(name, _)| name.starts_with('$')) {
        let name: String = option.chars().skip(1).collect();
        let (first, rest) = name.split_at_checked(1).unwrap_or((&name, ""));
        return Err(Refusal::ForbiddenOption(first.to_uppercase() + rest));
    }
    let reachable = |entry: &Entry| call.version == Version::Beta || entry.kind == Kind::InteractiveUser;
    let entry = Guid::parse(id).and_then(|id| tenant.find(id)).filter(reachable);
    let entry = entry.ok_or_else(|| Refusal::NotFound(id.to_owned()))?;
    let mut body = Vec::with_capacity(TYPICAL_RECORD_LEN);
    put(&mut body, "{\"@odata.context\":");
    let (origin, version) = (call.request.origin, question.version_segment());
    quoted(&mut body, &format!("{origin}/{version}/$metadata#auditLogs/signIns/$entity"));
    body.push(b',');
    let start = body.len();
    tenant.print(&mut body, entry, call.version, call.view);
    // The record brings its own opening brace.
    body.remove(start);
    Ok(body)
}

fn pages<T: Timeline>(call: &Call<'_>, question: &Question, timeline: &T) -> Result<Vec<u8>, Refusal> {
    let settings = &call.service.settings;
    let position = question.skip_token.as_ref().map(|token| position(call, token, question)).transpose()?;
    let ties = position.map_or(u32::try_from(mix(call.ordinal) >> 32).unwrap_or(0), |position| position.ties);
    let disturbance = if settings.faults.is_empty() {
        None
    } else {
        Some(Disturbance::meet(call, question, timeline.window(), position, ties)?)
    };
    let uneven = settings.uneven_pages.then_some(settings.seed);
    let mut page = page::find(timeline, question, position, ties, uneven);
    if let Some(disturbance) = &disturbance {
        disturbance.rearrange(timeline, &mut page);
    }
    let mut body = Vec::with_capacity(page.entries.len() * TYPICAL_RECORD_LEN + 1_024);
    put(&mut body, "{\"@odata.context\":");
    let (origin, version) = (call.request.origin, question.version_segment());
    quoted(&mut body, &format!("{origin}/{version}/$metadata#{}", question.log.path()));
    let (changes, adds) = disturbance
        .as_ref()
        .map_or((false, false), |disturbance| (disturbance.changes(), disturbance.adds_properties()));
    if adds {
        put(&mut body, PAGE_ANNOTATION);
    }
    if let Some(next) = page.next {
        put(&mut body, ",\"@odata.nextLink\":");
        let link = match &disturbance {
            Some(disturbance) => disturbance.link(page.begin, next),
            None => link::next_link(origin, question, &next.token(settings.seed, question.digest)),
        };
        quoted(&mut body, &link);
    }
    put(&mut body, ",\"value\":[");
    for (nth, entry) in page.entries.into_iter().enumerate() {
        if nth > 0 {
            body.push(b',');
        }
        let later = changes && FaultName::Mutation.touches(timeline.number(&entry));
        timeline.print(&mut body, entry, later);
        if adds && body.pop().is_some() {
            put(&mut body, RECORD_ANNOTATION);
        }
    }
    put(&mut body, "]}");
    Ok(body)
}

/// Reads a skip token; only one this server made for this question leads anywhere.
fn position(call: &Call<'_>, token: &str, question: &Question) -> Result<Position, Refusal> {
    let settings = &call.service.settings;
    let older = planned(&settings.faults, FaultName::OffsetSkipToken).and_then(|_| kept_position(call.service, token));
    let read = || Position::read(token, settings.seed, question.digest);
    older.or_else(read).ok_or(Refusal::LostSkipToken)
}

/// A beta record of a person; only a hint for the allocation of a page.
const TYPICAL_RECORD_LEN: usize = 3_600;
/// The largest page of risk detections.
const RISK_PAGE_LIMIT: u32 = 500;
/// Stands before `value`, where a reader may not expect anything.
const PAGE_ANNOTATION: &str = ",\"@microsoft.graph.tips\":\"Use $select to choose only the properties your app needs\",\
                               \"@odata.unknown\":{\"value\":[1,2]}";
/// Takes the place of the brace that closes a record.
const RECORD_ANNOTATION: &str = ",\"futureDetail@odata.type\":\"#microsoft.graph.futureDetail\",\"futureDetail\":{\"value\":[{\
                                 \"id\":\"not-a-record\"}]},\"futureFlags\":\"alpha,beta\"}";
