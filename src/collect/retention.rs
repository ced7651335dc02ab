//! How long the service is taken to keep records, and what that means for a window: gone, going, or how many hours are left.
//!
//! Retention is an assumption with a source, never a limit on what is asked: a window beyond it is asked for all the same when
//! the operator names it. Pure; the present is handed in.

use std::fmt;
use std::str::FromStr;

use super::table::Stream;
use crate::format::genesis::Retention;
use crate::format::kind::Kind;
use crate::format::line::Line;
use crate::time::{Bound, LocalTime, Window};

/// A retention that has a name and a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// 7 days: Microsoft Entra data retention, sign-in log of a tenant without premium licence.
    GraphFree,
    /// 30 days: the same with Entra ID P1.
    GraphP1,
    /// 30 days: the same with Entra ID P2 (90 days hold for risky sign-ins only).
    GraphP2,
    /// 90 days: Purview audit log retention, Audit (Standard), records made before 2023-10-17.
    Ual90,
    /// 180 days: Purview audit log retention, Audit (Standard), records made since 2023-10-17.
    Ual180,
    /// 365 days: Purview audit log retention, Audit (Premium), Entra ID workload, by the licence of the acting user.
    Ual365,
    /// A Log Analytics workspace has a retention of its own, which must be read there.
    Workspace,
}

impl Profile {
    /// All profiles, in the order of their names.
    pub const ALL: [Self; 7] =
        [Self::GraphFree, Self::GraphP1, Self::GraphP2, Self::Ual90, Self::Ual180, Self::Ual365, Self::Workspace];

    /// Returns its name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphFree => "graph-free",
            Self::GraphP1 => "graph-p1",
            Self::GraphP2 => "graph-p2",
            Self::Ual90 => "ual-90",
            Self::Ual180 => "ual-180",
            Self::Ual365 => "ual-365",
            Self::Workspace => "workspace",
        }
    }

    /// Returns its days, where it has any of its own.
    #[must_use]
    pub fn days(self) -> Option<u64> {
        match self {
            Self::GraphFree => Some(7),
            Self::GraphP1 | Self::GraphP2 => Some(30),
            Self::Ual90 => Some(90),
            Self::Ual180 => Some(180),
            Self::Ual365 => Some(365),
            Self::Workspace => None,
        }
    }

    /// Says whether it is that of the log that Microsoft Graph serves.
    #[must_use]
    pub fn is_of_graph(self) -> bool {
        matches!(self, Self::GraphFree | Self::GraphP1 | Self::GraphP2)
    }

    fn source(self) -> &'static str {
        match self {
            Self::GraphFree => "Microsoft's documentation: sign-in log, 7 days with Entra ID Free",
            Self::GraphP1 => "Microsoft's documentation: sign-in log, 30 days with Entra ID P1",
            Self::GraphP2 => "Microsoft's documentation: sign-in log, 30 days with Entra ID P2",
            Self::Ual90 => "Microsoft's documentation: unified audit log, Audit (Standard), records before 2023-10-17",
            Self::Ual180 => "Microsoft's documentation: unified audit log, Audit (Standard)",
            Self::Ual365 => "Microsoft's documentation: unified audit log, Audit (Premium)",
            Self::Workspace => "retention of the Log Analytics workspace, as the operator read it",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Self, RetentionError> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.as_str() == text)
            .ok_or_else(|| RetentionError::Unknown(text.to_owned()))
    }
}

/// Why days and profile make no retention.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetentionError {
    /// A number beside a profile that has its own.
    #[error("the profile `{0}` has its own number of days")]
    Both(Profile),
    /// A profile without a number, and none given.
    #[error("the profile `{0}` needs a number of days")]
    NoDays(Profile),
    /// A name that is no profile.
    #[error(
        "`{0}` is no retention profile; there are graph-free, graph-p1, graph-p2, ual-90, ual-180, ual-365 and workspace"
    )]
    Unknown(String),
}

/// Makes the signed assumption of what the operator gave, or of nothing.
///
/// # Errors
///
/// [`RetentionError`] when a profile and a number contradict or lack one another.
pub fn assume(profile: Option<Profile>, days: Option<u64>) -> Result<Retention, RetentionError> {
    let named = |profile: Profile| format!("profile {profile}: {}", profile.source());
    let (days, basis) = match (profile, days) {
        (None, None) => (ASSUMED_DAYS, "assumed: 30 days with Entra ID P1 or P2".to_owned()),
        (None, Some(days)) => (days, "given by the operator".to_owned()),
        (Some(profile @ Profile::Workspace), Some(days)) => (days, named(profile)),
        (Some(profile), Some(_)) => return Err(RetentionError::Both(profile)),
        (Some(profile), None) => (profile.days().ok_or(RetentionError::NoDays(profile))?, named(profile)),
    };
    Ok(Retention { days, basis: Line::lossy(&basis) })
}

/// How far a window is from passing beyond retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Seconds until its first instant does; not above zero when it has.
    pub begins_in: i64,
    /// Seconds until its last instant does; not above zero when all of it has.
    pub gone_in: i64,
}

impl Standing {
    /// Compares a window with the retention of `days` at `now`.
    #[must_use]
    pub fn of(window: Window, days: u64, now: Bound) -> Self {
        let kept = i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(DAY_SECONDS);
        let until = |bound: Bound| bound.unix().saturating_add(kept).saturating_sub(now.unix());
        Self { begins_in: until(window.from()), gone_in: until(window.to()) }
    }

    /// Returns the state.
    #[must_use]
    pub fn state(self) -> StandingState {
        match self {
            Self { gone_in: ..=0, .. } => StandingState::Expired,
            Self { begins_in: ..=0, .. } => StandingState::Expiring,
            Self { .. } => StandingState::Kept,
        }
    }
}

/// The three states of a [`Standing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StandingState {
    /// All of it is beyond retention.
    Expired,
    /// Its beginning is, its end is not.
    Expiring,
    /// Nothing of it is.
    Kept,
}

/// The first instant that is still within a retention of `days` at `now`.
#[must_use]
pub fn floor(days: u64, now: Bound) -> Option<Bound> {
    now.plus_seconds(i64::try_from(days).ok()?.checked_mul(-DAY_SECONDS)?)
}

/// Says whether the retention of `days` had reached into a window when its last page was `finished`, though the window had not expired
/// when the plan was `created` (FORMAT §9.3).
#[must_use]
pub fn has_reached(window: Window, days: u64, created: LocalTime, finished: LocalTime) -> bool {
    let kept = i128::from(days).saturating_mul(i128::from(DAY_SECONDS) * 1_000_000_000);
    let floor_at = |reading: LocalTime| reading.nanos().saturating_sub(kept);
    window.to().nanos() > floor_at(created) && window.from().nanos() < floor_at(finished)
}

/// What is not yet covered, and how long the oldest of it is still kept.
#[derive(Clone, Debug)]
pub struct Countdown {
    days: u64,
    left: Vec<Stream>,
}

impl Countdown {
    /// Begins with what is left to ask; counts have no windows and do not count down.
    #[must_use]
    pub fn new(days: u64, left: Vec<Stream>) -> Self {
        Self { days, left: left.into_iter().filter(|stream| stream.kind.is_windowed()).collect() }
    }

    /// Takes a window that is covered now, whatever windows it was planned as.
    pub fn cover(&mut self, kind: Kind, covered: Window) {
        let mut left = Vec::with_capacity(self.left.len() + 1);
        for stream in self.left.drain(..) {
            if stream.kind != kind {
                left.push(stream);
                continue;
            }
            let window = stream.window;
            let before = Window::new(window.from(), window.to().min(covered.from()));
            let after = Window::new(window.from().max(covered.to()), window.to());
            left.extend([before, after].into_iter().flatten().map(|window| Stream { window, ..stream }));
        }
        self.left = left;
    }

    /// Returns the oldest window not yet covered and where it stands; none when everything is covered.
    #[must_use]
    pub fn oldest(&self, now: Bound) -> Option<(Stream, Standing)> {
        let oldest = self.left.iter().min_by_key(|stream| (stream.window.from(), stream.kind))?;
        Some((*oldest, Standing::of(oldest.window, self.days, now)))
    }
}

const DAY_SECONDS: i64 = 86_400;
/// What holds with either premium licence, without which the interface refuses.
const ASSUMED_DAYS: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str) -> Bound {
        text.parse().unwrap()
    }

    fn window(from: &str, to: &str) -> Window {
        Window::new(bound(from), bound(to)).unwrap()
    }

    #[test]
    fn a_profile_brings_its_days_and_its_source() {
        for (profile, days) in [("graph-free", 7), ("graph-p1", 30), ("graph-p2", 30), ("ual-90", 90), ("ual-365", 365)]
        {
            let profile: Profile = profile.parse().unwrap();
            let retention = assume(Some(profile), None).unwrap();
            assert_eq!(retention.days, days);
            assert!(retention.basis.as_str().starts_with(&format!("profile {profile}: Microsoft's documentation: ")));
        }
        assert_eq!(assume(Some(Profile::Workspace), None), Err(RetentionError::NoDays(Profile::Workspace)));
        assert_eq!(assume(Some(Profile::Workspace), Some(730)).unwrap().days, 730);
        assert_eq!(assume(Some(Profile::GraphP1), Some(31)), Err(RetentionError::Both(Profile::GraphP1)));
        assert_eq!(assume(None, Some(30)).unwrap().basis.as_str(), "given by the operator");
        assert!("graph".parse::<Profile>().is_err());
        assert!(Profile::ALL.into_iter().all(|profile| profile.as_str().parse() == Ok(profile)));
    }

    #[test]
    fn a_day_is_gone_going_or_kept() {
        let now = bound("2026-11-22T06:00:00Z");
        let state = |from, to| Standing::of(window(from, to), 30, now).state();
        assert_eq!(state("2026-10-22T00:00:00Z", "2026-10-23T00:00:00Z"), StandingState::Expired);
        assert_eq!(state("2026-10-23T00:00:00Z", "2026-10-23T06:00:00Z"), StandingState::Expired);
        assert_eq!(state("2026-10-23T00:00:00Z", "2026-10-24T00:00:00Z"), StandingState::Expiring);
        assert_eq!(state("2026-10-23T06:00:00Z", "2026-10-24T00:00:00Z"), StandingState::Expiring);
        let kept = Standing::of(window("2026-10-24T00:00:00Z", "2026-10-25T00:00:00Z"), 30, now);
        assert_eq!((kept.state(), kept.begins_in, kept.gone_in), (StandingState::Kept, 18 * 3600, 42 * 3600));
        assert_eq!(floor(30, now), Some(bound("2026-10-23T06:00:00Z")));
    }

    #[test]
    fn retention_reaches_into_a_window_that_was_not_gone_before() {
        let reached = |from, finished: &str| {
            let created = "2026-11-22T06:00:00.000Z".parse().unwrap();
            has_reached(window(from, "2026-10-23T12:00:00Z"), 30, created, finished.parse().unwrap())
        };
        assert!(!reached("2026-10-23T06:00:00Z", "2026-11-22T06:00:00.000Z"));
        assert!(reached("2026-10-23T06:00:00Z", "2026-11-22T06:00:00.001Z"));
        assert!(reached("2026-10-23T00:00:00Z", "2026-11-22T06:00:00.000Z"));
        let gone = window("2026-10-22T00:00:00Z", "2026-10-23T06:00:00Z");
        let created = "2026-11-22T06:00:00.000Z".parse().unwrap();
        assert!(!has_reached(gone, 30, created, "2026-11-22T07:00:00.000Z".parse().unwrap()));
        assert!(!has_reached(gone, u64::MAX, created, "2026-11-22T07:00:00.000Z".parse().unwrap()));
    }

    #[test]
    fn an_absurd_retention_overflows_nothing() {
        let standing = Standing::of(
            window("2026-10-24T00:00:00Z", "2026-10-25T00:00:00Z"),
            u64::MAX,
            bound("2026-11-22T06:00:00Z"),
        );
        assert_eq!(standing.state(), StandingState::Kept);
        assert_eq!(floor(u64::MAX, bound("2026-11-22T06:00:00Z")), None);
    }

    #[test]
    fn the_oldest_window_not_covered_is_what_counts_down() {
        let stream = |kind, from, to| Stream { kind, window: window(from, to), pass: 1 };
        let (six, noon) = ("2026-10-24T06:00:00Z", "2026-10-24T12:00:00Z");
        let (person, service) = (Kind::InteractiveUser, Kind::ServicePrincipal);
        let midnight = "2026-10-24T00:00:00Z";
        let mut countdown = Countdown::new(
            30,
            vec![stream(person, midnight, six), stream(person, six, noon), stream(service, midnight, six)],
        );
        let now = bound("2026-11-22T23:00:00Z");
        countdown.cover(person, window(midnight, "2026-10-24T03:00:00Z"));
        let (oldest, standing) = countdown.oldest(now).unwrap();
        assert_eq!((oldest, standing.begins_in), (stream(service, midnight, six), 3600));
        countdown.cover(service, window(midnight, six));
        assert_eq!(countdown.oldest(now).unwrap().0, stream(person, "2026-10-24T03:00:00Z", six));
        countdown.cover(person, window(midnight, noon));
        assert_eq!(countdown.oldest(now), None);
    }
}
