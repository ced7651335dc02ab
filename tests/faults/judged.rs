//! A package after the verifier has read it: what it says of its runs, and what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use serde_json::Value;
use signhold::codec::content;
use signhold::crypto::signature::Fingerprint;
use signhold::format::limits::PAGE_BYTES;
use signhold::format::seal::{Run, RunState, Seal};
use signhold::verify::{Code, Options, Outcome, Trust, VerifiedPackage, verify_and_keep};

use crate::bench::Bench;

/// A package and what was found in it.
pub(crate) struct Judged {
    pub(crate) seal: Seal,
    pub(crate) failures: Vec<Value>,
    /// Why it is not VALID, if it is not.
    pub(crate) invalid: Option<String>,
    /// The runs that the verifier names as passed by retention, as it names them.
    pub(crate) passed: BTreeSet<String>,
    /// By run as named in [`key`], the identifiers of records that count.
    ids: BTreeMap<String, BTreeSet<String>>,
}

impl Judged {
    pub(crate) fn new(archive: Cursor<Vec<u8>>, signer: Fingerprint, seal: Seal) -> Self {
        let trust = Trust { keys: vec![signer], ..Trust::default() };
        let options = Options { trust, threads: 1, ..Options::default() };
        let (report, package) = verify_and_keep(archive, &options).unwrap();
        let invalid = (report.outcome != Outcome::Valid).then(|| format!("{:?} {:?}", report.outcome, report.findings));
        let passed = report.findings.iter().filter(|finding| finding.code == Code::RetentionPassed);
        let passed = passed.map(|finding| finding.place.clone()).collect();
        let mut judged = Self { seal, failures: Vec::new(), invalid, passed, ids: BTreeMap::new() };
        let Some(mut package) = package else {
            return judged;
        };
        judged.failures = documents(&mut package, "data/failures/");
        for record in documents(&mut package, "data/records/") {
            let body = package.read(record["body"]["path"].as_str().unwrap()).unwrap();
            let body = content::decode(record["body"]["content_encoding"].as_str(), &body, PAGE_BYTES).unwrap();
            let Ok(page) = serde_json::from_slice::<Value>(&body) else {
                continue;
            };
            let stream = &record["stream"];
            let ids = judged.ids.entry(key(stream)).or_default();
            let second = |value: &Value| value.as_str().unwrap()[..19].to_owned();
            for element in page["value"].as_array().into_iter().flatten() {
                let time = second(&element["createdDateTime"]);
                if second(&stream["from"]) <= time && time < second(&stream["to"]) {
                    ids.insert(element["id"].as_str().unwrap().to_owned());
                }
            }
        }
        judged
    }

    /// The runs of a pass that count.
    pub(crate) fn runs(&self, pass: u64) -> impl Iterator<Item = &Run> {
        self.seal.streams.iter().filter(move |run| run.pass == pass && run.state != RunState::Superseded)
    }

    /// The windows of the first pass from which records may be missing.
    pub(crate) fn gaps(&self) -> Vec<&Run> {
        self.runs(1).filter(|run| run.state.is_gap()).collect()
    }

    /// Says whether the verifier names a run as passed by retention.
    pub(crate) fn is_passed(&self, run: &Run) -> bool {
        let Run { kind, from, to, pass, run, .. } = run;
        self.passed.contains(&format!("seal/seal.json#streams {kind} {from} {to} pass {pass} run {run}"))
    }

    pub(crate) fn ids(&self, run: &Run) -> BTreeSet<String> {
        self.ids.get(&key(&serde_json::to_value(run).unwrap())).cloned().unwrap_or_default()
    }

    /// Complains about anything that is called complete and is not, `gone` aside, which was never served.
    ///
    /// A window that was read twice is complete when both readings together are.
    pub(crate) fn check(&self, bench: &Bench, gone: &BTreeSet<String>) -> Result<(), String> {
        if let Some(why) = &self.invalid {
            return Err(format!("it does not verify: {why}"));
        }
        let plan = &bench.genesis.plan;
        for kind in &plan.kinds {
            let mut from = plan.from;
            for run in self.runs(1).filter(|run| run.kind == *kind) {
                if run.from != from {
                    return Err(format!("{kind} has a hole before {}", run.from));
                }
                from = run.to;
            }
            if from != plan.to {
                return Err(format!("{kind} ends at {from}"));
            }
        }
        for run in self.runs(1) {
            let truth: BTreeSet<String> = bench.truth(run.kind, run.from, run.to).into_iter().collect();
            let mut ids = self.ids(run);
            let again = self.runs(2).find(|again| (again.kind, again.from, again.to) == (run.kind, run.from, run.to));
            let again_closed = again.filter(|again| !again.state.is_gap());
            let once = ids.len();
            ids.extend(again_closed.into_iter().flat_map(|again| self.ids(again)));
            if let Some(id) = ids.difference(&truth).next() {
                return Err(format!("{} {}: `{id}` is not in the tenant", run.kind, run.from));
            }
            if run.state.is_gap() {
                continue;
            }
            let missing: Vec<&String> = truth.difference(&ids).filter(|id| !gone.contains(*id)).collect();
            let foretold = plan.second_pass && again_closed.is_none();
            let may_have_gone = self.is_passed(run) || again.is_some_and(|again| self.is_passed(again));
            if !missing.is_empty() && !foretold && !may_have_gone {
                return Err(format!(
                    "{} {} is {} with {once} and then {} of {} records",
                    run.kind,
                    run.from,
                    run.state,
                    ids.len(),
                    truth.len()
                ));
            }
        }
        Ok(())
    }
}

fn documents(package: &mut VerifiedPackage<Cursor<Vec<u8>>>, prefix: &str) -> Vec<Value> {
    let wanted = |path: &&str| {
        path.strip_prefix(prefix).is_some_and(|name| name.split_once('.').is_some_and(|(_, end)| end == "json"))
    };
    let paths: Vec<String> = package.paths().filter(wanted).map(str::to_owned).collect();
    paths.iter().map(|path| serde_json::from_slice(&package.read(path).unwrap()).unwrap()).collect()
}

/// Names a run.
fn key(stream: &Value) -> String {
    ["kind", "from", "to", "pass", "run"].map(|name| stream[name].to_string()).join(" ")
}
