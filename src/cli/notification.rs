//! `report --regulatory`: what was typed becomes regimes and instants. Nothing is guessed: a clock whose start was not named stays
//! blank, and the talk says which option names it.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::error::CliError;
use super::out;
use crate::report::regulatory::{Moment, NotAMoment, REGIMES, Regime, Request, Start, Zone};
use crate::time::LocalTime;

/// Rules on notification, and when what happened.
///
/// TIME is `2026-11-22T10:20+01:00`, or `2026-11-22T10:20` on the wall of --time-zone. Where days or months are counted from it,
/// --time-zone has to be given: an offset has no calendar.
#[derive(Args)]
#[command(next_help_heading = "Cover sheet for an authority")]
pub(super) struct NotificationArgs {
    /// Make a cover sheet with the clocks of these rules; whether one runs it does not decide
    #[arg(long, value_name = "RULE", value_delimiter = ',', conflicts_with = "certificate", value_parser = regimes())]
    regulatory: Vec<&'static Regime>,
    /// When somebody became aware, where a rule runs from that (gdpr, uk-gdpr, nis2, dora, cra):
    /// 2026-11-22T10:20+01:00, or 2026-11-22T10:20 by the clocks of --time-zone
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    aware_at: Option<String>,
    /// When it was believed, on reasonable grounds, that the incident occurred (circia)
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    believed_at: Option<String>,
    /// When the incident was classified as major (dora)
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    classified_at: Option<String>,
    /// When a measure against the vulnerability became available (cra)
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    corrected_at: Option<String>,
    /// When it was determined that the incident is material (sec), or that it occurred (nydfs and some states)
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    determined_at: Option<String>,
    /// When the breach was discovered (hipaa and some states)
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    discovered_at: Option<String>,
    /// When the notice went out from which later reports are counted (nis2, dora, cra, california)
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    notified_at: Option<String>,
    /// When a ransom was paid (nydfs, circia)
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    paid_at: Option<String>,
    /// When the last intermediate report went out (dora)
    #[arg(long, value_name = "TIME", requires = "regulatory")]
    reported_at: Option<String>,
}

impl NotificationArgs {
    /// Makes the request for a sheet; none where no rule was named.
    pub(super) fn request(&self, zone: Option<Tz>, now: LocalTime) -> Result<Option<Request>, CliError> {
        if self.regulatory.is_empty() {
            return Ok(None);
        }
        let mut regimes: Vec<&'static Regime> = Vec::new();
        for regime in &self.regulatory {
            if !regimes.contains(regime) {
                regimes.push(regime);
            }
        }
        let given = Start::ALL.into_iter().filter_map(|start| self.typed(start).map(|text| (start, text)));
        let mut starts =
            given.map(|(start, text)| Ok((start, read(start, text, zone)?))).collect::<Result<_, CliError>>()?;
        leave_out(&regimes, &mut starts)?;
        let named = zone.map(Zone::Named).or_else(|| starts.values().next().map(|moment| moment.zone));
        let zone = named.unwrap_or(Zone::Named(Tz::UTC));
        for start in [Start::Determined, Start::Notified] {
            let rules: Vec<&str> =
                regimes.iter().filter(|regime| regime.starts().contains(&start)).map(|regime| regime.name).collect();
            if rules.len() > 1 && self.typed(start).is_some() {
                let message = format!("--{} is an event of its own for each of {}", start.option(), rules.join(", "));
                return Err(CliError::request(message).hint("make a sheet for each of these rules, with its own time"));
            }
        }
        let request = Request { regimes, starts, zone, now };
        let bare: Vec<String> =
            request.without_calendar().into_iter().map(|start| format!("--{}", start.option())).collect();
        if !bare.is_empty() {
            let message = format!(
                "{}: days or months are counted from it, and an offset from UTC, UTC itself included, does not say by whose calendar",
                bare.join(", ")
            );
            return Err(CliError::request(message).hint(
                "name the zone of the place where it happened beside the time: --time-zone America/New_York; an offset alone can make an end late by a day, or by an hour where clocks change",
            ));
        }
        let missing = request.missing();
        if !missing.is_empty() {
            let list: Vec<String> =
                missing.into_iter().map(|start| format!("{} (--{})", start.words(), start.option())).collect();
            out::talk(&format!(
                "left blank, since their start was not named: clocks that run from {}",
                list.join(", ")
            ));
        }
        for doubt in request.doubts() {
            out::talk(&format!("look again: {doubt}"));
        }
        Ok(Some(request))
    }

    fn typed(&self, start: Start) -> Option<&str> {
        match start {
            Start::Aware => &self.aware_at,
            Start::Believed => &self.believed_at,
            Start::Classified => &self.classified_at,
            Start::Corrected => &self.corrected_at,
            Start::Determined => &self.determined_at,
            Start::Discovered => &self.discovered_at,
            Start::Notified => &self.notified_at,
            Start::Paid => &self.paid_at,
            Start::Reported => &self.reported_at,
        }
        .as_deref()
    }
}

/// Leaves out times that none of the rules counts from: a line that no rule asks for could only do harm in front of an authority.
/// Awareness is the one time that has to be given where a rule counts from it.
fn leave_out(regimes: &[&Regime], starts: &mut BTreeMap<Start, Moment>) -> Result<(), CliError> {
    let runs = |start: Start| regimes.iter().filter(move |regime| regime.starts().contains(&start));
    let from_awareness: Vec<&str> = runs(Start::Aware).map(|regime| regime.name).collect();
    if !from_awareness.is_empty() && !starts.contains_key(&Start::Aware) {
        let message =
            format!("--aware-at is not given, and clocks of {} run from awareness", from_awareness.join(", "));
        return Err(
            CliError::request(message).hint("say when somebody became aware: --aware-at 2026-11-22T10:20+01:00")
        );
    }
    let idle = |start: &Start| runs(*start).next().is_none();
    let left: Vec<String> = starts
        .keys()
        .filter(|start| idle(start))
        .map(|start| format!("{} (--{})", start.words(), start.option()))
        .collect();
    if !left.is_empty() {
        out::talk(&format!("left out, since no clock of these rules runs from it: {}", left.join(", ")));
        starts.retain(|start, _| !idle(start));
    }
    Ok(())
}

fn regimes() -> impl TypedValueParser<Value = &'static Regime> {
    PossibleValuesParser::new(REGIMES.iter().map(|regime| regime.name))
        .try_map(|name| Regime::named(&name).ok_or("no such rule"))
}

fn read(start: Start, text: &str, zone: Option<Tz>) -> Result<Moment, CliError> {
    Moment::parse(text, zone).map_err(|error| {
        let hint = match &error {
            NotAMoment::Never { .. } => "name a time that was; or write it with its offset from UTC".to_owned(),
            NotAMoment::Twice { text, first, .. } => {
                format!("say which one by its offset, such as {text}{}", first.offset())
            }
            NotAMoment::Malformed(_) => {
                "write year, month, day and the time of day: 2026-11-22T10:20+01:00, or without offset beside --time-zone".to_owned()
            }
            _ => "add the offset from UTC (2026-11-22T10:20+01:00), or name the zone: --time-zone Europe/Berlin"
                .to_owned(),
        };
        CliError::request(format!("--{}: {error}", start.option())).hint(hint)
    })
}
