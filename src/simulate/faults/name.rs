//! The catalogue of faults: name, nature, when it strikes, and what a correct client ends with; one row each.
//!
//! Sources: graph-api §1.6 (refusals), §3.3 (defects seen in the field), §6 (login) and §9 (the list this room answers to).

use super::When;

/// What a client that makes no mistake ends with. Of two faults together, the later in this order is the most that can
/// happen.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Expectation {
    /// Every record the tenant holds, and no gap.
    Complete,
    /// Nothing amiss in one pass; a second pass shows the records in which they differ, see
    /// [`Tenant::touched`](crate::simulate::Tenant::touched) where the set is fixed.
    DiffersOnSecondPass,
    /// Gaps, each named; what could be had is kept and is right. Windows of one page may escape, and a patient client that
    /// asks anew may get everything; it is then complete.
    Gap,
    /// Records of the oldest windows go while they are asked for, which no answer shows. Every window that lost any began, when its
    /// last page came, before the retention that the client was told of; a client that names these windows names every loss. Windows
    /// that the service refuses are gaps.
    RetentionPasses,
    /// The client stops asking, says why, and keeps what it has.
    Stops,
}

/// Where a fault acts, and so what `@N` counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Nature {
    /// One Graph request gets a wrong answer, or none.
    Answer,
    /// The link on one page leads astray.
    Link,
    /// The log itself changes, as the memory of the server decides.
    Log,
    /// Token and device code requests, counted from 1 on their own.
    Login,
    /// Everything looks different, and means the same.
    Shape,
}

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) nature: Nature,
    /// What the bare name means.
    pub(crate) bare: When,
    /// The form that shows what the fault is about, and for which the expectation holds.
    pub(crate) usual: When,
    pub(crate) expectation: Expectation,
    pub(crate) line: &'static str,
}

macro_rules! catalogue {
    ($($variant:ident, $name:literal, $nature:ident, $bare:expr, $usual:expr, $expectation:ident, $line:literal;)*) => {
        /// What can go wrong.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum FaultName {
            $(#[doc = $line] $variant,)*
        }

        impl FaultName {
            /// All faults, by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub(crate) fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        name: $name,
                        nature: Nature::$nature,
                        bare: $bare,
                        usual: $usual,
                        expectation: Expectation::$expectation,
                        line: $line,
                    },)*
                }
            }
        }
    };
}

const ALWAYS: When = When::Always;
const FIRST: When = When::At(1);
const SECOND: When = When::At(2);
const ALTERNATE: When = When::Every(2);
const TWICE: When = When::Between(1, 2);

catalogue! {
    ChinaSegment, "china-segment", Answer, ALWAYS, ALWAYS, Gap, "400: this cloud has no segment 'signIns'";
    ClaimsChallenge, "claims-challenge", Answer, FIRST, FIRST, Complete, "401 with insufficient_claims; only a token asked for with those claims is accepted from then on (bare: at request 1)";
    ConnectionReset, "connection-reset", Answer, ALWAYS, SECOND, Complete, "the connection ends without an answer";
    CutBody, "cut-body", Answer, ALWAYS, SECOND, Complete, "the connection is closed in the middle of the body";
    DeviceDeclined, "device-declined", Login, ALWAYS, ALWAYS, Stops, "the person declines the device code";
    DeviceExpired, "device-expired", Login, ALWAYS, ALWAYS, Stops, "the device code runs out";
    DeviceSlowDown, "device-slow-down", Login, FIRST, FIRST, Complete, "polling for the device code is answered slow_down (bare: the first poll)";
    DuplicateAtBoundary, "duplicate-at-boundary", Log, ALWAYS, ALWAYS, Complete, "the last record of a page comes again as the first of the next";
    EmptySkipToken, "empty-skip-token", Link, ALWAYS, ALWAYS, Gap, "nextLink ends with an empty $skiptoken=";
    Empty200, "empty-200", Answer, ALWAYS, SECOND, Complete, "200 with no body at all";
    ExpireToken, "expire-token", Answer, FIRST, SECOND, Complete, "all tokens issued so far count as expired (bare: at request 1)";
    GzipAnyway, "gzip-anyway", Shape, ALWAYS, ALWAYS, Complete, "bodies are gzip-coded though identity was asked for";
    Html200, "html-200", Answer, ALWAYS, SECOND, Complete, "a proxy answers: 200 and a web page";
    Http400, "http-400", Answer, ALWAYS, SECOND, Gap, "400 BadRequest, Invalid filter clause";
    Http401Expired, "http-401-expired", Answer, ALWAYS, SECOND, Complete, "401, Access token has expired or is not yet valid.";
    Http401Lifetime, "http-401-lifetime", Answer, ALWAYS, SECOND, Complete, "401, Lifetime validation failed, the token is expired.";
    Http403Licence, "http-403-licence", Answer, ALWAYS, SECOND, Complete, "403, the tenant has no premium licence";
    Http403Permission, "http-403-permission", Answer, ALWAYS, ALWAYS, Stops, "403, the caller lacks AuditLog.Read.All";
    Http403Role, "http-403-role", Answer, ALWAYS, ALWAYS, Stops, "403, the user is not in the allowed roles";
    Http404, "http-404", Answer, ALWAYS, SECOND, Gap, "404 Request_ResourceNotFound";
    Http408, "http-408", Answer, ALWAYS, SECOND, Complete, "408 Request Timeout";
    Http429, "http-429", Answer, ALWAYS, SECOND, Complete, "429 with Retry-After in seconds";
    Http429HttpDate, "http-429-http-date", Answer, ALWAYS, SECOND, Complete, "429 with Retry-After as an HTTP date, by the server's clock";
    Http429NoRetryAfter, "http-429-no-retry-after", Answer, ALWAYS, SECOND, Complete, "429 without a word on how long";
    Http500, "http-500", Answer, ALWAYS, SECOND, Complete, "500 Internal Server Error";
    Http502, "http-502", Answer, ALWAYS, SECOND, Complete, "502 Bad Gateway, as a web page";
    Http503, "http-503", Answer, ALWAYS, SECOND, Complete, "503 with Retry-After";
    Http503NoRetryAfter, "http-503-no-retry-after", Answer, ALWAYS, SECOND, Complete, "503 without a word on how long";
    Http504, "http-504", Answer, ALWAYS, SECOND, Complete, "504 UnknownError with an empty message";
    Imds404, "imds-404", Login, TWICE, TWICE, Complete, "the managed identity endpoint answers 404 (bare: twice, then well)";
    Imds410, "imds-410", Login, TWICE, TWICE, Complete, "the managed identity endpoint answers 410 (bare: twice, then well)";
    Imds429, "imds-429", Login, TWICE, TWICE, Complete, "the managed identity endpoint answers 429 (bare: twice, then well)";
    LateArrival, "late-arrival", Log, ALWAYS, ALWAYS, DiffersOnSecondPass, "an eighth of the records cannot be seen yet: bare, until their window was read once; @N, until request N; @Nm, for N simulated minutes";
    LicenceFlaky, "licence-flaky", Answer, ALWAYS, ALWAYS, Complete, "403 on licence for 9 calls in 10 unless Directory.Read.All was granted";
    LoginUnavailable, "login-unavailable", Login, FIRST, FIRST, Complete, "the token endpoint is unavailable for a moment, 90033 (bare: the first request)";
    MixedTimes, "mixed-times", Shape, ALWAYS, ALWAYS, Complete, "half of all times have seven digits of fraction";
    Mutation, "mutation", Log, ALWAYS, ALWAYS, DiffersOnSecondPass, "an eighth of the records change steps, details and risk: bare, once their window was read; @N, from request N on";
    NextLinkForeignHost, "next-link-foreign-host", Link, ALWAYS, ALWAYS, Gap, "nextLink leads to another host";
    NextLinkHttp, "next-link-http", Link, ALWAYS, ALWAYS, Gap, "nextLink leads from https to http (from http to https)";
    NextLinkLoop, "next-link-loop", Link, ALWAYS, ALWAYS, Gap, "nextLink leads to the page it stands on";
    NextLinkOtherPort, "next-link-other-port", Link, ALWAYS, ALWAYS, Gap, "nextLink leads to another port";
    NotJson200, "not-json-200", Answer, ALWAYS, SECOND, Complete, "200, called JSON, which it is not";
    OffsetSkipToken, "offset-skip-token", Shape, ALWAYS, ALWAYS, Complete, "skip tokens of 32 hex digits, an underscore and an offset";
    OmitAtBoundary, "omit-at-boundary", Log, ALWAYS, ALWAYS, DiffersOnSecondPass, "the first record of every following page is missing, until the window was read once";
    Redirect, "redirect", Answer, ALWAYS, ALWAYS, Gap, "302 to another host";
    RepeatedPage, "repeated-page", Link, ALWAYS, ALWAYS, Gap, "a new nextLink leads to the same page again";
    RetentionFloor, "retention-floor", Log, ALWAYS, ALWAYS, RetentionPasses, "records older than the floor vanish, and it moves an hour with every request (@N: from request N on); windows far below it get 400";
    ShortToken, "short-token", Login, ALWAYS, ALWAYS, Complete, "tokens live four seconds";
    SilentTruncation, "silent-truncation", Log, ALWAYS, ALWAYS, DiffersOnSecondPass, "nextLink is missing too early, with 200, at another point each run, until the window was read once; @N: on request N";
    SkewedDate, "skewed-date", Shape, ALWAYS, ALWAYS, Complete, "the Date header is seven minutes ahead";
    SkipTokenNull, "skip-token-null", Log, ALWAYS, SECOND, Complete, "400, skip token is null: bare, after a new token or five idle minutes; @N: on request N if it carries one";
    Stall, "stall", Answer, ALWAYS, SECOND, Complete, "no answer at all, until the client goes away";
    Sticky429, "sticky-429", Log, ALWAYS, ALWAYS, Complete, "the first chain of a question gets 429 from its fourth page on, for ever; asking anew helps";
    SummaryAbsent, "summary-absent", Shape, ALWAYS, ALWAYS, Complete, "the tenant offers no daily counts";
    SummaryDisagrees, "summary-disagrees", Shape, ALWAYS, ALWAYS, Complete, "the daily counts are three too high on every third day";
    ThrottledOnce, "throttled-once", Answer, FIRST, FIRST, Complete, "429 for no visible reason, with a time to wait (bare: at request 1)";
    TruncatedChunked, "truncated-chunked", Answer, ALWAYS, SECOND, Complete, "every byte of the body comes, but not the end of the message";
    UnknownExtraProperties, "unknown-extra-properties", Shape, ALWAYS, ALWAYS, Complete, "properties and annotations that no schema knows";
    UnsupportedQuery, "unsupported-query", Answer, ALTERNATE, ALTERNATE, Complete, "400 Unsupported Query (bare: on every other call)";
    Vanishing, "vanishing", Log, ALWAYS, ALWAYS, DiffersOnSecondPass, "an eighth of the records are gone: bare, once their window was read; @N, from request N on";
    WrongContentLength, "wrong-content-length", Answer, ALWAYS, SECOND, Complete, "Content-Length promises more than there is";
}

impl FaultName {
    /// Returns the name as written on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns what happens, in one line.
    #[must_use]
    pub fn line(self) -> &'static str {
        self.row().line
    }

    /// Returns what a correct client ends with when the fault strikes as [`Fault::usual`](super::Fault::usual) has it.
    #[must_use]
    pub fn expectation(self) -> Expectation {
        self.row().expectation
    }
}
