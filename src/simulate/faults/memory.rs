//! What the server remembers of its clients, and only while a fault needs it: chains of pages, and windows read to the end.
//!
//! A window counts as read when a chain over it ended in the eyes of the client, truncated or not. What it was cut into does
//! not matter: a later chain is a further pass when its middle lies in a window that was read before. Probes for single
//! records do not count.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{
    graph::Position,
    tenant::{Log, Version, moment::Moment},
};

/// All that is remembered.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    chains: HashMap<u32, Chain>,
    stuck: HashSet<u64>,
    read: Vec<Reading>,
    positions: HashMap<String, Position>,
}

/// A part of a log, as a question names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) log: Log,
    pub(crate) version: Version,
    pub(crate) kinds: [bool; 4],
    pub(crate) from: Moment,
    pub(crate) to: Moment,
}

/// One chain of pages, named by the order of its ties.
#[derive(Clone, Copy, Debug)]
struct Chain {
    pages: u32,
    token: u64,
    last: DateTime<Utc>,
    stuck: bool,
}

/// A span that was read to its end.
#[derive(Clone, Copy, Debug)]
struct Reading {
    span: Span,
    chain: u32,
}

impl Memory {
    /// Counts a page of a chain; returns its number in the chain, from 1.
    pub(crate) fn visit(&mut self, chain: u32, token: u64, now: DateTime<Utc>) -> u32 {
        let chain = self.chains.entry(chain).or_insert(Chain { pages: 0, token, last: now, stuck: false });
        chain.pages += 1;
        chain.last = now;
        chain.pages
    }

    /// Says whether a chain was begun with another token, or left alone too long.
    pub(crate) fn is_lost(&self, chain: u32, token: u64, now: DateTime<Utc>) -> bool {
        self.chains.get(&chain).is_some_and(|chain| chain.token != token || now - chain.last > IDLE)
    }

    /// Says whether a chain is stuck, or gets stuck now: if `now` says so, or as the first of its question at its fourth
    /// page.
    pub(crate) fn sticks(&mut self, chain: u32, question: u64, now: Option<bool>) -> bool {
        let Some(chain) = self.chains.get_mut(&chain) else {
            return false;
        };
        if !chain.stuck && now.unwrap_or_else(|| chain.pages >= STICKY_AFTER && self.stuck.insert(question)) {
            chain.stuck = true;
        }
        chain.stuck
    }

    /// Notes that a chain over `span` ended.
    pub(crate) fn finish(&mut self, span: Span, chain: u32) {
        if !self.read.iter().any(|reading| reading.chain == chain) {
            self.read.push(Reading { span, chain });
        }
    }

    /// Says whether the middle of `span` was read before, by another chain.
    pub(crate) fn was_read(&self, span: Span, chain: u32) -> bool {
        let middle = span.middle();
        self.read.iter().any(|reading| {
            reading.chain != chain
                && reading.span.log == span.log
                && reading.span.version == span.version
                && reading.span.kinds == span.kinds
                && (reading.span.from..=reading.span.to).contains(&middle)
        })
    }

    /// Keeps a position under a token that does not carry it.
    pub(crate) fn keep(&mut self, token: String, position: Position) {
        self.positions.insert(token, position);
    }

    /// Returns the position kept under a token.
    pub(crate) fn kept(&self, token: &str) -> Option<Position> {
        self.positions.get(token).copied()
    }
}

impl Span {
    fn middle(self) -> Moment {
        Moment::new(self.from.second() / 2 + self.to.second() / 2, 0)
    }
}

/// The fourth page of a chain is the first that is refused.
const STICKY_AFTER: u32 = 3;
/// How long the service keeps a skip token nobody uses, when it loses any.
const IDLE: TimeDelta = TimeDelta::minutes(5);
