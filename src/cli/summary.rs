//! What `collect` and `resume` answer: where the package lies, what is in it, what is not.

use std::process::ExitCode;

use serde::Serialize;

use super::out::{self, bytes, counted};
use super::progress::fetched;
use super::sealing::{Outcome, SealedPackage};
use crate::crypto::digest::SealDigest;
use crate::crypto::signature::Fingerprint;
use crate::format::genesis::{Genesis, SIMULATED};
use crate::format::identifier::{AcquisitionId, MatterId, PackageId};
use crate::format::kind::Kind;
use crate::format::seal::{Reconciliation, Run, SecondPass, Totals};
use crate::time::{Bound, LocalTime};

/// What `collect` and `resume` say with `--json`.
#[derive(Debug, Serialize)]
pub(super) struct CollectAnswer {
    /// The packages, by volume number.
    packages: Vec<PackageAnswer>,
    /// The case.
    matter: MatterId,
    /// The collection act.
    acquisition: AcquisitionId,
    /// Whether the data was invented.
    simulated: bool,
    /// The window's beginning.
    from: Bound,
    /// The window's end, not part of it.
    to: Bound,
    /// Whether every window of every kind was closed.
    complete: bool,
    /// Windows that failed, were never asked or had expired.
    gaps: Vec<Run>,
    /// Windows into which the stated retention reached before their last page came: records of them may have gone unseen.
    retention_passed: Vec<RetentionPassed>,
    /// Sums over all packages.
    totals: Totals,
    /// The key that signed pages and seal.
    signer: Fingerprint,
    /// The key that signed the plan; the same unless the acquisition had a key of its own.
    operator_key: Fingerprint,
    /// When the acquisition's own key was destroyed, null when it had none.
    acquisition_key_destroyed: Option<LocalTime>,
    /// What the second pass brought, null when there was none.
    second_pass: Option<SecondPass>,
    /// The service's own daily counts against ours.
    reconciliation: Vec<Reconciliation>,
    /// Identifiers of the collection's own sign-ins among the records.
    own_sign_ins: Vec<String>,
}

/// A run that is passed by retention (FORMAT §9.3).
#[derive(Debug, Serialize)]
struct RetentionPassed {
    kind: Kind,
    from: Bound,
    to: Bound,
    pass: u64,
    run: u64,
    /// When its last page came.
    finished: LocalTime,
}

/// One package, which is the only one or a volume.
#[derive(Debug, Serialize)]
struct PackageAnswer {
    /// Where it lies.
    path: String,
    /// Its identifier.
    package: PackageId,
    /// Its volume number, from 1.
    volume: u64,
    /// Its length in bytes.
    byte_len: u64,
    /// Digest of its seal.
    seal_sha256: SealDigest,
    /// What is in it.
    totals: Totals,
}

impl PackageAnswer {
    fn new(package: &SealedPackage) -> Self {
        Self {
            path: package.path.display().to_string(),
            package: package.seal.package.clone(),
            volume: package.seal.volume.number,
            byte_len: package.byte_len,
            seal_sha256: package.seal_sha256,
            totals: package.seal.totals,
        }
    }
}

impl CollectAnswer {
    /// Makes the answer; none when nothing was sealed, which sealing never returns.
    pub(super) fn new(
        genesis: &Genesis,
        outcome: Outcome,
        acquisition_key_destroyed: Option<LocalTime>,
    ) -> Option<Self> {
        let Outcome { packages, own_sign_ins, passed_by_retention } = outcome;
        // Every volume says the same of the whole acquisition.
        let seal = &packages.last()?.seal;
        let gaps: Vec<Run> = seal.streams.iter().filter(|run| run.state.is_gap()).cloned().collect();
        let packages: Vec<PackageAnswer> = packages.iter().map(PackageAnswer::new).collect();
        Some(Self {
            totals: sum(&packages),
            packages,
            matter: genesis.matter.id.clone(),
            acquisition: genesis.acquisition.clone(),
            simulated: genesis.simulated,
            from: genesis.plan.from,
            to: genesis.plan.to,
            complete: gaps.is_empty(),
            gaps,
            retention_passed: passed_by_retention.into_iter().map(RetentionPassed::from).collect(),
            signer: seal.signer,
            operator_key: genesis.keys.operator,
            acquisition_key_destroyed,
            second_pass: seal.second_pass.clone(),
            reconciliation: seal.reconciliation.clone(),
            own_sign_ins,
        })
    }

    /// Prints it: gaps on standard error, the rest on standard output.
    pub(super) fn print(&self, json: bool) {
        for gap in &self.gaps {
            let reason = gap.reason.as_ref().map_or("", |reason| reason.as_str());
            out::talk(&format!("gap: {} {} to {}: {}: {reason}", gap.kind, gap.from, gap.to, gap.state));
        }
        for RetentionPassed { kind, from, to, finished, .. } in self.retention_passed.iter().filter(|run| run.pass == 1)
        {
            out::talk(&format!(
                "retention: {kind} {from} to {to}: the stated retention reached into it before its last page came, {finished}; records may have gone unseen"
            ));
        }
        if !self.retention_passed.is_empty() {
            out::talk(
                "hint: ask earlier next time; with --second-pass the package shows what goes while it is collected, though not what went before",
            );
        }
        if json {
            out::answer_json(self);
        } else {
            out::answer(&self.to_text());
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if self.complete { ExitCode::SUCCESS } else { ExitCode::from(5) }
    }

    fn to_text(&self) -> String {
        let mark = if self.simulated { format!("{SIMULATED}\n") } else { String::new() };
        let Totals { pages, records, body_bytes, inside, failures } = self.totals;
        let coverage = match self.gaps.len() as u64 {
            0 => "complete, as returned to this query, this identity, at this time".to_owned(),
            count => format!("with {}, each named above and in the seal", counted(count, "gap")),
        };
        let uncounted = match records.saturating_sub(inside) {
            0 => String::new(),
            count => {
                let count = counted(count, "record");
                format!("\n         {count} of these kept and not counted: asked twice, or at the very end of a window")
            }
        };
        let failed =
            if failures == 0 { String::new() } else { format!("; {} kept", counted(failures, "failed request")) };
        let passed = match self.retention_passed.iter().filter(|run| run.pass == 1).count() as u64 {
            0 => String::new(),
            count => format!(
                "passed   by the stated retention while it was asked: {}, named above; records may have gone unseen\n",
                counted(count, "window")
            ),
        };
        let checks = self.checks_text();
        let paths: Vec<&str> = self.packages.iter().map(|package| package.path.as_str()).collect();
        let seals: String = self.packages.iter().map(|package| self.seal_line(package)).collect();
        let byte_len = bytes(self.packages.iter().map(|package| package.byte_len).sum());
        let size = match self.packages.len() as u64 {
            1 => byte_len,
            count => format!("{count} volumes, {byte_len}"),
        };
        let keys = match self.acquisition_key_destroyed {
            None => String::new(),
            Some(at) => format!(
                "         a key of this acquisition, destroyed on this disk at {at}\nplan by  {}\n",
                self.operator_key
            ),
        };
        format!(
            "{mark}{}\n\
             window   {} to {}\n\
             content  {}{failed}{uncounted}\n\
             covered  {coverage}\n\
             {passed}{checks}\
             package  {size}\n\
             {seals}\
             signer   {}\n\
             {keys}",
            paths.join("\n"),
            self.from,
            self.to,
            fetched(pages, records, body_bytes),
            self.signer,
        )
    }

    fn seal_line(&self, package: &PackageAnswer) -> String {
        let volume = if self.packages.len() > 1 { format!("  volume {}", package.volume) } else { String::new() };
        format!("seal     {}{volume}\n", package.seal_sha256)
    }

    /// What was held against the records: a second pass, the service's counts, the collection's own traces.
    fn checks_text(&self) -> String {
        let mut text = String::new();
        if let Some(SecondPass { windows, failed, late, changed, vanished, .. }) = &self.second_pass {
            let failed =
                if *failed == 0 { String::new() } else { format!(", {} not closed again", counted(*failed, "window")) };
            text += &format!(
                "again    {} compared: {late} late, {changed} changed, {vanished} vanished{failed}\n",
                counted(*windows, "window")
            );
        }
        if !self.reconciliation.is_empty() {
            let differ = |day: &&Reconciliation| day.collected.is_some() && day.collected != day.reported;
            let days = counted(self.reconciliation.len() as u64, "daily count");
            let differing = self.reconciliation.iter().filter(differ).count();
            text += &format!("counts   {days} of the service, {differing} of them other than collected\n");
        }
        if let [first, ..] = self.own_sign_ins.as_slice() {
            let own = counted(self.own_sign_ins.len() as u64, "record");
            text +=
                &format!("own      {own} of this collection's own application, the first `{}`\n", out::escape(first));
        }
        text
    }
}

impl From<(Run, LocalTime)> for RetentionPassed {
    fn from((run, finished): (Run, LocalTime)) -> Self {
        let Run { kind, from, to, pass, run, .. } = run;
        Self { kind, from, to, pass, run, finished }
    }
}

fn sum(packages: &[PackageAnswer]) -> Totals {
    packages.iter().fold(Totals::default(), |sum, package| Totals {
        pages: sum.pages + package.totals.pages,
        records: sum.records + package.totals.records,
        inside: sum.inside + package.totals.inside,
        body_bytes: sum.body_bytes + package.totals.body_bytes,
        failures: sum.failures + package.totals.failures,
    })
}
