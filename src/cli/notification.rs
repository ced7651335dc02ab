//! `report --regulatory`: what was typed becomes regimes and instants. Nothing is guessed: a clock whose start was not named stays
//! blank, and the talk says which option names it.

use chrono_tz::Tz;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::error::CliError;
use super::out;
use crate::report::regulatory::{Moment, NotAMoment, REGIMES, Regime, Request, Start};
use crate::time::LocalTime;

/// Rules on notification, and when what happened.
///
/// TIME is `2026-11-22T10:20+01:00`, or `2026-11-22T10:20` on the wall of --time-zone. Where days or months are counted from it,
/// --time-zone has to be given: an offset has no calendar.
#[derive(Args)]
#[command(next_help_heading = "Cover sheet for an authority")]
pub(super) struct NotificationArgs {
    /// Make a cover sheet with the clocks of these rules; whether one runs it does not decide
    #[arg(long, value_name = "RULE", value_delimiter = ',', requires = "aware_at", conflicts_with = "certificate", value_parser = regimes())]
    regulatory: Vec<&'static Regime>,
    /// When somebody became aware: 2026-11-22T10:20+01:00, or 2026-11-22T10:20 by the clocks of --time-zone
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
        let Some(aware) = self.aware_at.as_ref().filter(|_| !self.regulatory.is_empty()) else { return Ok(None) };
        let aware = read(Start::Aware, aware, zone)?;
        let others = Start::ALL.into_iter().filter(|start| *start != Start::Aware);
        let given = others.filter_map(|start| self.typed(start).map(|text| (start, text)));
        let starts =
            given.map(|(start, text)| Ok((start, read(start, text, zone)?))).collect::<Result<_, CliError>>()?;
        let mut regimes: Vec<&'static Regime> = Vec::new();
        for regime in &self.regulatory {
            if !regimes.contains(regime) {
                regimes.push(regime);
            }
        }
        for start in [Start::Determined, Start::Notified] {
            let rules: Vec<&str> =
                regimes.iter().filter(|regime| regime.starts().contains(&start)).map(|regime| regime.name).collect();
            if rules.len() > 1 && self.typed(start).is_some() {
                let message = format!("--{} is an event of its own for each of {}", start.option(), rules.join(", "));
                return Err(CliError::request(message).hint("make a sheet for each of these rules, with its own time"));
            }
        }
        let request = Request { regimes, aware, starts, now };
        let bare: Vec<String> =
            request.without_calendar().into_iter().map(|start| format!("--{}", start.option())).collect();
        if !bare.is_empty() {
            let message = format!(
                "{}: days or months are counted from it, and an offset from UTC does not say by whose calendar",
                bare.join(", ")
            );
            return Err(CliError::request(message).hint(
                "name the zone where it happened beside the time: --time-zone America/New_York; an offset alone can make an end late by a day, or by an hour where clocks change",
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
            _ => "add the offset from UTC (2026-11-22T10:20+01:00), or name the zone: --time-zone Europe/Berlin"
                .to_owned(),
        };
        CliError::request(format!("--{}: {error}", start.option())).hint(hint)
    })
}
