//! What a rule on notification consists of: what is due, how long after what, by which source, how far that source was read.

use super::deadline::Length;
use super::rules::REGIMES;

/// What one `--regulatory` asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Regime {
    /// As it is typed.
    pub name: &'static str,
    /// As it is printed.
    pub title: &'static str,
    /// Its rules.
    pub rules: &'static [Rule],
    /// Whether Regulation (EEC, Euratom) No 1182/71 on periods and dates may reach it: law of the European Union.
    pub is_european: bool,
    /// What has to be said about its clocks.
    pub cautions: &'static [&'static str],
}

/// One row of LEGAL_NOTES §4.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The row's first cell.
    pub title: &'static str,
    /// Its source, as cited there.
    pub source: &'static str,
    /// How far the source was read, as said there.
    pub state: State,
    /// What it asks for.
    pub duties: &'static [Duty],
}

/// One thing that is due.
#[derive(Debug, PartialEq, Eq)]
pub struct Duty {
    /// What, and where the rule depends on it, when.
    pub what: &'static str,
    /// What it runs from.
    pub start: Start,
    /// What the rule asks for before any length, as it stands in front of one; empty where it asks for no more than the length.
    pub pace: &'static str,
    /// How long at most.
    pub length: Length,
}

/// How far a source was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The text of the source was read.
    Confirmed,
    /// It was not, or only where somebody else repeats it; the words say so.
    Unconfirmed(&'static str),
    /// Not even whether it is in force.
    WhetherInForce(&'static str),
}

/// The event that a clock runs from. Each has its option; none stands in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// Somebody became aware.
    Aware,
    /// Somebody came to believe, reasonably, that an incident occurred.
    Believed,
    /// An incident was classified as major.
    Classified,
    /// A measure against a vulnerability became available.
    Corrected,
    /// Somebody determined that it was material, or that it occurred.
    Determined,
    /// A breach was discovered.
    Discovered,
    /// The first or the only notice went out.
    Notified,
    /// A ransom was paid.
    Paid,
    /// The last intermediate report went out.
    Reported,
}

impl Duty {
    /// Asks for more than a length: a length that stands alone reads as an allowance.
    #[must_use]
    pub const fn promptly(self, pace: &'static str) -> Self {
        Self { pace, ..self }
    }

    /// Says how soon it is due: `without undue delay, at most 72 hours`.
    #[must_use]
    pub fn within(&self) -> String {
        match self.length {
            Length::Words(words) => words.to_owned(),
            length => format!("{} at most {}", self.pace, length.words()).trim_start().to_owned(),
        }
    }
}

impl Start {
    /// All, in order.
    pub const ALL: [Self; 9] = [
        Self::Aware,
        Self::Believed,
        Self::Classified,
        Self::Corrected,
        Self::Determined,
        Self::Discovered,
        Self::Notified,
        Self::Paid,
        Self::Reported,
    ];

    /// Returns the option that names it, without dashes.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Self::Aware => "aware-at",
            Self::Believed => "believed-at",
            Self::Classified => "classified-at",
            Self::Corrected => "corrected-at",
            Self::Determined => "determined-at",
            Self::Discovered => "discovered-at",
            Self::Notified => "notified-at",
            Self::Paid => "paid-at",
            Self::Reported => "reported-at",
        }
    }

    /// Says whether it is how somebody learnt of it, and not what they did about it: the age of the evidence is counted from that.
    #[must_use]
    pub fn is_knowledge(self) -> bool {
        matches!(self, Self::Aware | Self::Believed | Self::Classified | Self::Determined | Self::Discovered)
    }

    /// Returns what happened then.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Aware => "awareness",
            Self::Believed => "reasonable belief that it occurred",
            Self::Classified => "classification as major",
            Self::Corrected => "corrective or mitigating measure available",
            Self::Determined => "determination",
            Self::Discovered => "discovery",
            Self::Notified => "notice sent",
            Self::Paid => "payment",
            Self::Reported => "last intermediate report sent",
        }
    }
}

impl State {
    /// Returns it as LEGAL_NOTES §4 has it, without emphasis.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Confirmed => "confirmed".to_owned(),
            Self::Unconfirmed("") => "unconfirmed".to_owned(),
            Self::Unconfirmed(how) => format!("unconfirmed ({how})"),
            Self::WhetherInForce(why) => format!("unconfirmed whether in force: {why}"),
        }
    }
}

impl Regime {
    /// Finds a regime by the name that is typed.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        REGIMES.iter().find(|regime| regime.name == name)
    }

    /// Returns the events that its clocks run from, each once.
    #[must_use]
    pub fn starts(&self) -> Vec<Start> {
        let mut starts: Vec<Start> = self
            .rules
            .iter()
            .flat_map(|rule| rule.duties)
            .filter(|duty| !matches!(duty.length, Length::Words(_)))
            .map(|duty| duty.start)
            .collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    }
}
