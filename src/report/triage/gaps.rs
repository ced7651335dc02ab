//! Where absence may be absence of data: logs that were not asked, windows that were not closed, other volumes.

use serde::Serialize;

use crate::format::genesis::Genesis;
use crate::format::kind::Kind;
use crate::format::seal::{Run, RunState, Seal};
use crate::report::document::Text;
use crate::report::reasons::Reasons;
use crate::report::unread::Unread;
use crate::report::words::counted;
use crate::time::Bound;

/// What of the sign-in logs is not in the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gaps {
    /// The planned window's beginning.
    pub from: Bound,
    /// Its end, not part of it.
    pub to: Bound,
    /// Sign-in logs that were not asked.
    pub not_asked: Vec<Kind>,
    /// Windows of sign-in logs that may lack records; the first 200.
    pub windows: Vec<Window>,
    /// How many more such windows there are.
    pub windows_beyond: u64,
    /// Which volume of the acquisition this package is, from 1.
    pub volume: u64,
    /// Whether it is the only one; what other volumes hold was not looked at.
    pub is_only_volume: bool,
    /// What of an INVALID package cannot be read, or contradicts what was signed, in words.
    pub unread: Option<String>,
}

/// A window of one log that may lack records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// The log.
    pub kind: Kind,
    /// The window's beginning.
    pub from: Bound,
    /// Its end, not part of it.
    pub to: Bound,
    /// How it ended.
    pub state: RunState,
    /// Why, in the words of the seal.
    pub reason: Option<String>,
}

impl Gaps {
    /// Reads plan and seal.
    pub(super) fn of(seal: &Seal, genesis: &Genesis, unread: &Unread) -> Self {
        let plan = &genesis.plan;
        let is_gap = |run: &&Run| run.kind.is_sign_in() && run.is_current() && run.state.is_gap();
        let mut windows: Vec<Window> = seal
            .streams
            .iter()
            .filter(is_gap)
            .map(|run| Window {
                kind: run.kind,
                from: run.from,
                to: run.to,
                state: run.state,
                reason: run.reason.as_ref().map(ToString::to_string),
            })
            .collect();
        let beyond = windows.len().saturating_sub(MAX_LISTED);
        windows.truncate(MAX_LISTED);
        let not_asked = Kind::SIGN_INS.into_iter().filter(|kind| !plan.kinds.contains(kind)).collect();
        Self {
            from: plan.from,
            to: plan.to,
            not_asked,
            windows,
            windows_beyond: u64::try_from(beyond).unwrap_or(u64::MAX),
            volume: seal.volume.number,
            is_only_volume: seal.volume.number == 1 && seal.volume.last,
            unread: unread.words(),
        }
    }

    /// Returns how many logs, windows and volumes are missing; all further volumes count as one, and so does what cannot be read.
    pub(super) fn count(&self) -> u64 {
        let listed = u64::try_from(self.not_asked.len() + self.windows.len()).unwrap_or(u64::MAX);
        listed + self.windows_beyond + u64::from(!self.is_only_volume) + u64::from(self.unread.is_some())
    }

    /// Says what is missing, line by line, and behind that why, each reason once; nothing where nothing is known to be missing.
    pub(super) fn lines(&self) -> [Vec<Text>; 2] {
        let mut lines: Vec<Text> = Vec::new();
        if let Some(unread) = &self.unread {
            lines.push(Text::plain(format!("{unread}, whatever the seal calls closed.")));
        }
        lines.extend(self.not_asked.iter().map(|kind| Text::plain(format!("{kind}: this log was not asked."))));
        let mut reasons = Reasons::default();
        lines.extend(self.windows.iter().map(|window| {
            let reason = window.reason.as_ref().map(|reason| format!(": {}", reasons.note(reason, 1)));
            let Window { kind, from, to, state, .. } = window;
            Text::plain(format!("{kind}: from {from} to {to}, {state}{}.", reason.unwrap_or_default()))
        }));
        if self.windows_beyond > 0 {
            lines.push(Text::plain(format!("{}; the seal lists all.", counted(self.windows_beyond, "more window"))));
        }
        if !self.is_only_volume {
            lines.push(Text::plain(format!(
                "This package is volume {} of its acquisition; what other volumes hold was not looked at.",
                self.volume
            )));
        }
        [lines, reasons.lines()]
    }
}

/// 200 windows are listed.
const MAX_LISTED: usize = 200;
