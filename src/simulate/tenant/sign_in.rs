//! One sign-in as facts, before it is JSON: what both API versions print and what filters ask about.
//!
//! Everything is borrowed from the tenant or drawn from noise, so making one costs no allocation.

use std::{borrow::Cow, net::IpAddr};

use super::{
    guid::Guid,
    kind::Kind,
    moment::Moment,
    outcome::{DONE_BY_CLAIM, DONE_WITH_MFA, Outcome, RISK_REMEDIATED, Risk},
    people::Person,
    place::Place,
    software::{Device, Resource, Workload},
    text::Text,
};

/// A sign-in.
#[derive(Clone, Debug)]
pub(crate) struct SignIn<'t> {
    pub(crate) id: Guid,
    pub(crate) kind: Kind,
    pub(crate) created: Moment,
    pub(crate) actor: Actor<'t>,
    pub(crate) client_id: &'t str,
    pub(crate) client_name: Words<'t>,
    pub(crate) resource: &'static Resource,
    pub(crate) address: Option<IpAddr>,
    pub(crate) place: &'t Place,
    pub(crate) client_app: Option<&'static str>,
    pub(crate) agent: Words<'t>,
    pub(crate) device: Option<&'static Device>,
    pub(crate) device_id: Option<Guid>,
    pub(crate) outcome: Outcome,
    pub(crate) policy: PolicyResult,
    pub(crate) risk: Risk,
    pub(crate) steps: Steps,
    pub(crate) multi_factor: bool,
    pub(crate) incoming_token: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) transfer: &'static str,
    pub(crate) correlation: Guid,
    pub(crate) session: Option<Guid>,
    pub(crate) processing_millis: u64,
    /// Carries a property that no published schema knows (graph-api §9.25).
    pub(crate) ahead_of_schema: bool,
}

/// Who signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Actor<'t> {
    Person(&'t Person),
    Workload(&'t Workload),
}

/// A string in both of its forms, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'t> {
    pub(crate) meaning: &'t str,
    pub(crate) json: &'t str,
}

/// What the Conditional Access policy for second factors decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PolicyResult {
    Failure,
    NotApplied,
    Success,
}

/// The rows of `authenticationDetails`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Steps {
    Claim,
    DeniedSecondFactor,
    None,
    Password,
    SecondFactor,
    WrongPassword,
}

impl<'t> SignIn<'t> {
    /// Returns the person, unless a workload signed in.
    pub(crate) fn person(&self) -> Option<&'t Person> {
        match self.actor {
            Actor::Person(person) => Some(person),
            Actor::Workload(_) => None,
        }
    }

    /// Returns the workload, unless a person signed in.
    pub(crate) fn workload(&self) -> Option<&'t Workload> {
        match self.actor {
            Actor::Person(_) => None,
            Actor::Workload(workload) => Some(workload),
        }
    }

    /// Turns the record into what the service says of it later: same id and time, other steps, details and risk
    /// (graph-api §3.5).
    pub(crate) fn mature(&mut self) {
        let by_claim = self.outcome.details == DONE_BY_CLAIM.details;
        self.outcome.details = if by_claim { DONE_WITH_MFA.details } else { DONE_BY_CLAIM.details };
        if self.kind.is_user() {
            self.steps = if self.steps == Steps::SecondFactor { Steps::Claim } else { Steps::SecondFactor };
        }
        self.risk = RISK_REMEDIATED;
    }

    /// Returns the address as text; empty when there is none.
    pub(crate) fn address_text(&self) -> Cow<'static, str> {
        self.address.map_or(Cow::Borrowed(""), |address| Cow::Owned(address.to_string()))
    }
}

impl PolicyResult {
    /// Returns the member of `conditionalAccessStatus` and of a policy's `result`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::NotApplied => "notApplied",
            Self::Success => "success",
        }
    }
}

impl<'t> From<&'t Text> for Words<'t> {
    fn from(text: &'t Text) -> Self {
        Self { meaning: text.meaning(), json: text.json() }
    }
}

impl<'t> Words<'t> {
    /// Takes text of our own tables, which needs no escapes.
    pub(crate) fn plain(text: &'t str) -> Self {
        Self { meaning: text, json: text }
    }
}
