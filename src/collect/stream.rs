//! One run of one stream: the paging state machine.
//!
//! Follows the service's own links verbatim and only to the service; keeps every failed attempt; decides what a bad answer means:
//! wait and ask again, get a new token, begin the window anew, give it up, or stop the whole session. What decides is the status
//! and the shape of the answer, never an error's wording; one code is read, that of a missing licence, see [`super::licence`].

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::DateTime;
use sha2::{Digest as _, Sha256};

use super::chain::{ChainError, Exchange, content_encoding, header};
use super::licence::{self, Believed};
use super::page::PageContent;
use super::session::Session;
use super::table::Stream;
use super::{Answer, Event, NoToken, PageStore};
use crate::crypto::digest::RootHash;
use crate::format::failure::FailureReason;
use crate::format::limits::PAGES;
use crate::format::parts::{Request, Response, StreamPosition};

/// How a run ended.
#[derive(Debug)]
pub(super) enum RunEnd {
    /// The chain closed.
    Closed,
    /// This window cannot be had now.
    Failed(GivenUp),
}

/// Why a window was given up.
#[derive(Debug, Default)]
pub(super) struct GivenUp {
    /// Whether a smaller one might be had.
    pub(super) is_slow: bool,
    /// In words, where nothing that counts as an answer came: the network, or the service as a whole, may be away.
    pub(super) unanswered: Option<String>,
}

/// Why the whole session stops.
#[derive(Debug)]
pub enum Stop {
    /// The user or another worker said so.
    Cancelled,
    /// The disk or the format refused.
    Chain(ChainError),
    /// There is no token to ask with.
    NoToken(NoToken),
    /// The service says that the tenant has no licence, and says nothing else.
    NotLicensed {
        /// How often it said so on end.
        refusals: u64,
        /// In words.
        detail: String,
    },
    /// The service refuses us, and would refuse every further request.
    Refused {
        /// The status, 401 or 403.
        status: u16,
        /// In words.
        detail: String,
    },
    /// Window after window nothing came that counts as an answer: giving up more of them would make gaps of an outage.
    Unanswered {
        /// How many windows on end.
        windows: u64,
        /// What came last, in words.
        detail: String,
    },
}

impl From<ChainError> for Stop {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

impl From<NoToken> for Stop {
    fn from(trouble: NoToken) -> Self {
        match trouble {
            NoToken::Cancelled => Self::Cancelled,
            trouble => Self::NoToken(trouble),
        }
    }
}

enum PageEnd {
    /// A page is durable; the chain goes on at the link, or closes.
    /// `records` is the root over its elements, if it has any.
    Page { next_link: Option<String>, records: Option<RootHash> },
    /// The chain is dead; the window may be asked from its beginning.
    Dead(String),
    /// The request cannot be had now.
    GaveUp(GivenUp),
}

impl<S: PageStore> Session<'_, S> {
    /// Asks for a window until its chain closes, beginning anew where a chain dies.
    pub(super) fn run_stream(&self, stream: Stream) -> Result<RunEnd, Stop> {
        for _ in 0..MAX_RUNS {
            let run = self.table().next_run(stream);
            let position = StreamPosition {
                kind: stream.kind,
                from: stream.window.from(),
                to: stream.window.to(),
                pass: stream.pass,
                run,
                sequence: 1,
            };
            match self.follow_chain(stream, position)? {
                ChainEnd::Closed => return Ok(RunEnd::Closed),
                ChainEnd::GaveUp(why) => return Ok(RunEnd::Failed(why)),
                ChainEnd::Dead => {}
            }
        }
        Ok(RunEnd::Failed(GivenUp::default()))
    }

    fn follow_chain(&self, stream: Stream, mut position: StreamPosition) -> Result<ChainEnd, Stop> {
        let source = &self.genesis.source;
        let mut url = stream.kind.first_url(&source.graph_url, stream.window, self.genesis.plan.top);
        let mut asked = HashSet::from([url.clone()]);
        // By their records: a page may come again with another link in it, so that the links alone never tell.
        let mut seen = HashSet::new();
        loop {
            let (next_link, records) = match self.fetch_page(stream, position, &url)? {
                PageEnd::Page { next_link, records } => (next_link, records),
                PageEnd::GaveUp(why) => return Ok(ChainEnd::GaveUp(why)),
                PageEnd::Dead(why) => {
                    self.table().note_trouble(&position, &why);
                    return Ok(ChainEnd::Dead);
                }
            };
            let Some(link) = next_link else { return Ok(ChainEnd::Closed) };
            let trouble = if !self.source.serves(&link) {
                Some("the next link leads away from the service")
            } else if !asked.insert(link.clone()) {
                Some("the next link was followed before")
            } else if records.is_some_and(|root| !seen.insert(root)) {
                Some("the same page came twice")
            } else if position.sequence >= PAGES {
                Some("the chain has more pages than a package can hold")
            } else {
                None
            };
            if let Some(trouble) = trouble {
                self.table().note_trouble(&position, trouble);
                return Ok(ChainEnd::Dead);
            }
            url = link;
            position.sequence += 1;
        }
    }

    fn fetch_page(&self, stream: Stream, position: StreamPosition, url: &str) -> Result<PageEnd, Stop> {
        let (mut token_is_new, mut claims_are_met) = (false, false);
        // Requests refused for want of a licence are no tries: such a refusal says nothing about this request.
        let (mut attempt, mut tries) = (0, 0);
        while tries < MAX_ATTEMPTS {
            attempt += 1;
            tries += 1;
            // Before the turn: workers that waited for a token together must not start together.
            self.source.authorize()?;
            if !self.pace.turn() {
                return Err(Stop::Cancelled);
            }
            let (request, answer) = self.ask(position, attempt, url);
            let began_us = request.monotonic_start_us;
            let exchange = Exchange { stream: position, request, response: answer.response.clone() };
            let may_retry = tries < MAX_ATTEMPTS;
            let verdict = judge(&answer, position, tries);
            let (reason, next) = match verdict {
                Judgement::Page(response) => {
                    let content = PageContent::new(
                        &answer.body,
                        content_encoding(response).as_deref(),
                        stream.kind,
                        stream.window,
                    );
                    match &content.opaque_because {
                        Some(_) if may_retry => (FailureReason::NotAPage, Next::Wait(back_off(tries))),
                        _ => {
                            self.licence.grant(stream.kind);
                            return self.keep_page(exchange, &content);
                        }
                    }
                }
                Judgement::Failure(reason, next) => (reason, next),
            };
            let detail = describe(&answer, reason);
            let challenge = answer.response.as_ref().and_then(claims_challenge);
            let next = match next {
                // Some chains are throttled for ever, and live on as new ones.
                Next::HoldAll(_) if !may_retry && position.sequence > 1 => Next::Anew,
                Next::Wait(_) | Next::HoldAll(_) if !may_retry => Next::GiveUp,
                // One renewal for what was refused, and one for claims: a token may expire and be challenged at once.
                Next::NewToken if challenge.is_some() && claims_are_met => Next::Stop,
                Next::NewToken if challenge.is_none() && token_is_new => Next::Stop,
                next => next,
            };
            let unlicensed = self.licence.saw(stream.kind, &answer);
            let next = match unlicensed {
                None => next,
                Some(Believed::NotYet) => {
                    tries -= 1;
                    Next::Wait(licence::WAIT)
                }
                Some(Believed::Missing { .. }) if !stream.kind.is_sign_in() => Next::GiveUp,
                Some(Believed::Missing { .. }) => Next::Stop,
            };
            self.keep_failure(exchange, &answer.body, reason, &detail, wait_of(&next))?;
            match next {
                Next::Wait(wait) => {
                    if !self.pace.pause(self.jittered(wait, attempt)) {
                        return Err(Stop::Cancelled);
                    }
                }
                Next::HoldAll(wait) => self.pace.hold(wait),
                Next::NewToken => {
                    claims_are_met |= challenge.is_some();
                    token_is_new |= challenge.is_none();
                    self.source.renew(began_us, challenge.as_deref())?;
                }
                Next::Anew => return Ok(PageEnd::Dead(detail)),
                Next::GiveUp => {
                    let is_slow = is_slow(&answer, reason);
                    let unanswered = (!is_slow && is_unanswered(&answer)).then_some(detail);
                    return Ok(PageEnd::GaveUp(GivenUp { is_slow, unanswered }));
                }
                Next::Stop => {
                    if let Some(Believed::Missing { refusals }) = unlicensed {
                        return Err(Stop::NotLicensed { refusals, detail });
                    }
                    let status = answer.response.as_ref().map_or(0, |response| response.status);
                    return Err(Stop::Refused { status, detail });
                }
            }
        }
        Ok(PageEnd::GaveUp(GivenUp::default()))
    }

    fn ask(&self, position: StreamPosition, attempt: u64, url: &str) -> (Request, Answer) {
        let started = self.clock.now();
        let monotonic_start_us = self.clock.monotonic_us();
        let client_request_id = self.request_id(&format!("{position:?} {attempt} {started} {monotonic_start_us}"));
        let mut answer = self.source.get(url, &client_request_id);
        let request = Request {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: std::mem::take(&mut answer.sent_headers),
            client_request_id,
            attempt,
            started,
            finished: self.clock.now(),
            monotonic_start_us,
            monotonic_end_us: self.clock.monotonic_us(),
        };
        (request, answer)
    }

    fn keep_page(&self, exchange: Exchange, content: &PageContent) -> Result<PageEnd, Stop> {
        let (stream, finished) = (exchange.stream, exchange.request.finished);
        let sequence = self.chain().commit_page(exchange, content)?;
        self.unanswered.store(0, Ordering::Relaxed);
        let records = &content.records;
        let closes = content.next_link.is_none() && content.opaque_because.is_none();
        let mut table = self.table();
        table.count_page(&stream, records.count, records.inside, closes);
        table.note_finish(&stream, finished);
        drop(table);
        self.observer.saw(&Event::Page { sequence, stream, records: records.count, byte_len: content.byte_len });
        if let Some(why) = &content.opaque_because {
            return Ok(PageEnd::Dead(format!("the body is not a page of the log: {why}")));
        }
        let root = (records.count > 0).then_some(records.merkle_root);
        Ok(PageEnd::Page { next_link: content.next_link.clone(), records: root })
    }

    fn keep_failure(
        &self,
        exchange: Exchange,
        body: &[u8],
        reason: FailureReason,
        detail: &str,
        wait: Option<Duration>,
    ) -> Result<(), Stop> {
        let stream = exchange.stream;
        self.chain().commit_failure(exchange, body, reason, detail)?;
        self.table().note_trouble(&stream, &format!("{reason}: {detail}"));
        self.observer.saw(&Event::Failure { stream, reason, detail: detail.to_owned(), wait });
        Ok(())
    }

    /// A UUID that only this acquisition can have sent, so that the service's logs can be asked for it.
    fn request_id(&self, place: &str) -> String {
        uuid(self.genesis_reference.sha256.as_bytes(), place)
    }

    /// Spreads waits over half to the whole of their length, so that many workers do not come back at once.
    fn jittered(&self, wait: Duration, attempt: u64) -> Duration {
        let spread = (self.clock.monotonic_us().wrapping_add(attempt * 7919)) % 512;
        wait.mul_f64(0.5 + f64::from(u16::try_from(spread).unwrap_or_default()) / 1024.0)
    }
}

enum ChainEnd {
    Closed,
    Dead,
    GaveUp(GivenUp),
}

enum Judgement<'a> {
    Page(&'a Response),
    Failure(FailureReason, Next),
}

enum Next {
    /// The window must be begun anew.
    Anew,
    GiveUp,
    /// Nobody may ask for so long.
    HoldAll(Duration),
    NewToken,
    Stop,
    /// This worker asks again after so long.
    Wait(Duration),
}

fn judge(answer: &Answer, position: StreamPosition, attempt: u64) -> Judgement<'_> {
    use FailureReason as Reason;
    let wait = || Next::Wait(back_off(attempt));
    if let Some(trouble) = &answer.trouble {
        let next = if trouble.reason == Reason::BodyTooLong { Next::GiveUp } else { wait() };
        return Judgement::Failure(trouble.reason, next);
    }
    let Some(response) = &answer.response else { return Judgement::Failure(Reason::Transport, wait()) };
    let retry_after = retry_after(response);
    let next = match response.status {
        200..=299 => return Judgement::Page(response),
        401 => Next::NewToken,
        400 | 403 if attempt < believed_at(answer) => wait(),
        // What keeps one of the further logs away does not keep the sign-in logs away.
        403 if !position.kind.is_sign_in() => Next::GiveUp,
        403 => Next::Stop,
        // The service's way to say that a link has died; on a first page it is the query that is wrong.
        400 | 404 | 410 if position.sequence > 1 => Next::Anew,
        429 => Next::HoldAll(retry_after.unwrap_or_else(|| throttle_back_off(attempt))),
        408 | 500..=599 => Next::Wait(retry_after.unwrap_or_else(|| back_off(attempt))),
        _ => Next::GiveUp,
    };
    Judgement::Failure(Reason::Status, next)
}

/// At which refusal in a row a refused query is believed.
///
/// `Unsupported Query` comes on every other call for queries that are supported; among several workers one of them can meet a run of such
/// calls, and one run in 128 is as long as eight.
fn believed_at(answer: &Answer) -> u64 {
    let is_fickle =
        crate::codec::service_error::read(&answer.body).is_some_and(|error| error.message == "Unsupported Query");
    if is_fickle { 8 } else { 3 }
}

fn describe(answer: &Answer, reason: FailureReason) -> String {
    if let Some(trouble) = &answer.trouble {
        return trouble.detail.clone();
    }
    let status = answer.response.as_ref().map_or(0, |response| response.status);
    if reason == FailureReason::NotAPage {
        return format!("status {status}, but the body is not a page of the log");
    }
    match crate::codec::service_error::read(&answer.body) {
        Some(error) => format!("status {status} `{}`: {}", error.code, error.message),
        None => format!("status {status}"),
    }
}

fn is_slow(answer: &Answer, reason: FailureReason) -> bool {
    let status = answer.response.as_ref().map(|response| response.status);
    matches!(reason, FailureReason::Timeout | FailureReason::BodyCut) || matches!(status, Some(429 | 504))
}

/// Says whether nothing came, or only that the service as a whole is not there.
fn is_unanswered(answer: &Answer) -> bool {
    answer.response.as_ref().is_none_or(|response| (500..=599).contains(&response.status))
}

fn wait_of(next: &Next) -> Option<Duration> {
    match next {
        Next::HoldAll(wait) | Next::Wait(wait) => Some(*wait),
        Next::NewToken => Some(Duration::ZERO),
        Next::Anew | Next::GiveUp | Next::Stop => None,
    }
}

/// Makes a UUID (RFC 9562, version 8) of where it belongs and of what it stands for.
pub(super) fn uuid(scope: &[u8], place: &str) -> String {
    let digest = Sha256::new().chain_update(scope).chain_update(place).finalize();
    let mut bytes: [u8; 16] = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

/// Reads Retry-After in seconds or as an HTTP date (RFC 9110 §10.2.3); a date is counted from the response's own `Date`.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let value = header(response, "retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(MAX_RETRY_AFTER_SECONDS)));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    let now = DateTime::parse_from_rfc2822(header(response, "date")?).ok()?;
    Some((until - now).to_std().unwrap_or_default().min(Duration::from_secs(MAX_RETRY_AFTER_SECONDS)))
}

/// Finds the claims that a continuous access evaluation challenge demands (`WWW-Authenticate: … claims="…"`).
pub(super) fn claims_challenge(response: &Response) -> Option<String> {
    let challenge = header(response, "www-authenticate")?;
    let claims = challenge.split("claims=\"").nth(1)?.split('"').next()?;
    let decoded = data_encoding::BASE64.decode(claims.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Some(decoded.unwrap_or_else(|| claims.to_owned()))
}

pub(super) fn back_off(attempt: u64) -> Duration {
    Duration::from_secs(1 << attempt.saturating_sub(1).min(6))
}

pub(super) fn throttle_back_off(attempt: u64) -> Duration {
    Duration::from_secs((10 << attempt.saturating_sub(1).min(5)).min(300))
}

/// A page is asked for so often before its window is given up.
const MAX_ATTEMPTS: u64 = 6;
/// A window is begun so often before it is given up.
const MAX_RUNS: usize = 3;
/// Ten minutes: the service's own waits are seconds to minutes; a longer one is a defect, and asking again tells.
const MAX_RETRY_AFTER_SECONDS: u64 = 600;

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, version: "HTTP/1.1".to_owned(), headers, remote_address: None, tls: None }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let seconds = response(429, &[("retry-after", "7")]);
        assert_eq!(retry_after(&seconds), Some(Duration::from_secs(7)));
        let date = response(
            429,
            &[("retry-after", "Wed, 18 Nov 2026 09:20:31 GMT"), ("date", "Wed, 18 Nov 2026 09:20:01 GMT")],
        );
        assert_eq!(retry_after(&date), Some(Duration::from_secs(30)));
        let past = response(
            429,
            &[("retry-after", "Wed, 18 Nov 2026 09:19:31 GMT"), ("date", "Wed, 18 Nov 2026 09:20:01 GMT")],
        );
        assert_eq!(retry_after(&past), Some(Duration::ZERO));
        assert_eq!(retry_after(&response(429, &[("retry-after", "soon")])), None);
    }

    #[test]
    fn a_claims_challenge_is_decoded() {
        let challenge =
            format!("Bearer error=\"insufficient_claims\", claims=\"{}\"", data_encoding::BASE64.encode(b"{\"a\":1}"));
        assert_eq!(claims_challenge(&response(401, &[("www-authenticate", &challenge)])).as_deref(), Some("{\"a\":1}"));
        assert_eq!(claims_challenge(&response(401, &[("www-authenticate", "Bearer realm=\"\"")])), None);
    }
}
