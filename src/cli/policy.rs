//! `verify --policy`: a reader's requirements in one file.
//!
//! The file says whom the reader trusts, which becomes [`Trust`] as if it had been typed, and what else is demanded, which becomes
//! [`Demand`]s; the judge sees neither file nor TOML. Relative paths start at the file's folder. What the file does not know is
//! refused: a requirement that is misspelt must not pass for one that is met.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::error::CliError;
use super::out::{self, escape_line};
use super::trust::{parse_policy, read_lists, read_roots, read_trust_file};
use crate::crypto::digest::FileDigest;
use crate::crypto::signature::Fingerprint;
use crate::verify::{Demand, Requirement, Standing, Trust};

/// A policy that was read, and what only the command line as a whole can settle.
#[derive(Debug)]
pub(super) struct Policy {
    named: PolicyNamed,
    /// `[signer]` stands in it.
    has_signer: bool,
    /// `timestamps.required`.
    required: Option<bool>,
    /// `timestamps.accepted_policies`.
    accepted_policies: Vec<String>,
    /// `countersignatures.threshold`, or all keys there.
    threshold: Option<u64>,
    /// Demands that nothing on the command line touches.
    demands: Vec<Demand>,
}

/// Which policy it was.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PolicyNamed {
    /// The file as it was named.
    file: String,
    /// Its digest.
    sha256: FileDigest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    simulated: Option<Weight>,
    signer: Option<Spanned<SignerTable>>,
    timestamps: Option<TimestampsTable>,
    countersignatures: Option<Spanned<CountersignaturesTable>>,
    completeness: Option<CompletenessTable>,
    clock: Option<ClockTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignerTable {
    #[serde(default)]
    keys: Vec<Spanned<String>>,
    #[serde(default)]
    certificates: Vec<Spanned<PathBuf>>,
    #[serde(default)]
    crls: Vec<Spanned<PathBuf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimestampsTable {
    required: Option<Spanned<bool>>,
    #[serde(default)]
    roots: Vec<Spanned<PathBuf>>,
    minimum_authorities: Option<Spanned<u64>>,
    #[serde(default)]
    accepted_policies: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountersignaturesTable {
    keys: Vec<Spanned<String>>,
    threshold: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompletenessTable {
    gaps: Option<Weight>,
    second_pass: Option<Passes>,
    series: Option<SeriesExtent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockTable {
    maximum_offset_seconds: u64,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Weight {
    Note,
    Refuse,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Passes {
    Any,
    Required,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum SeriesExtent {
    Any,
    Whole,
}

impl Policy {
    /// Reads a policy, and adds those it names to `trust`.
    pub(super) fn read(path: &Path, trust: &mut Trust) -> Result<Self, CliError> {
        let source = Source::read(path)?;
        let file: PolicyFile = toml::from_str(&source.text).map_err(|error| source.malformed(&error))?;
        let named = PolicyNamed { file: path.display().to_string(), sha256: FileDigest::of(source.text.as_bytes()) };
        let mut demands = Vec::new();
        let has_signer = file.signer.is_some();
        if let Some(table) = file.signer {
            source.take_signer(&table, trust)?;
        }
        let (mut required, mut accepted_policies) = (None, Vec::new());
        if let Some(table) = file.timestamps {
            required = source.take_timestamps(&table, trust, &mut demands)?;
            accepted_policies = source.policies(&table.accepted_policies)?;
        }
        let threshold = match file.countersignatures {
            Some(table) => Some(source.take_countersignatures(&table, trust)?),
            None => None,
        };
        if let Some(table) = file.completeness {
            demands.extend((table.gaps == Some(Weight::Refuse)).then_some(Demand::NoGaps));
            demands.extend((table.second_pass == Some(Passes::Required)).then_some(Demand::SecondPass));
            demands.extend((table.series == Some(SeriesExtent::Whole)).then_some(Demand::WholeSeries));
        }
        demands.extend(file.clock.map(|clock| Demand::ClockOffset(clock.maximum_offset_seconds)));
        demands.extend((file.simulated == Some(Weight::Refuse)).then_some(Demand::NoSimulation));
        Ok(Self { named, has_signer, required, accepted_policies, threshold, demands })
    }

    /// Refuses what the command line says against the policy.
    pub(super) fn check_options(&self, requires_time_stamp: bool, threshold: Option<u64>) -> Result<(), CliError> {
        let contradiction = |option: String, member: String| {
            CliError::request(format!("{option} contradicts `{member}` in the policy `{}`", self.named.file))
                .hint("leave the option out, or change the policy; options may add to it")
        };
        if requires_time_stamp && self.required == Some(false) {
            return Err(contradiction("--require time-stamp".to_owned(), "timestamps.required = false".to_owned()));
        }
        match (threshold, self.threshold) {
            (Some(typed), Some(written)) if typed != written => Err(contradiction(
                format!("--countersignatures {typed}"),
                format!("countersignatures.threshold = {written}"),
            )),
            _ => Ok(()),
        }
    }

    /// How many countersignatures the policy demands, if it speaks of any.
    pub(super) fn threshold(&self) -> Option<u64> {
        self.threshold
    }

    /// Which policy it was.
    pub(super) fn named(&self) -> &PolicyNamed {
        &self.named
    }

    /// Returns all demands, once `trust` is complete; a policy of time stamps that was typed is added to those written.
    pub(super) fn demands(&self, trust: &mut Trust) -> Vec<Demand> {
        let mut demands = Vec::new();
        if self.has_signer {
            let keys = trust.keys.iter().map(|key| format!("key {key}"));
            let authorities =
                trust.authorities.iter().map(|authority| format!("whom `{}` vouches for", authority.subject()));
            let named: Vec<String> = keys.chain(authorities).collect();
            demands.push(Demand::Signer(format!("signed by {}", named.join(" or "))));
        }
        demands.extend((self.required == Some(true)).then_some(Demand::Timestamps));
        if !self.accepted_policies.is_empty() {
            let mut policies = self.accepted_policies.clone();
            policies.extend(
                trust.timestamp_policies.iter().filter(|typed| !self.accepted_policies.contains(typed)).cloned(),
            );
            if !trust.timestamp_policies.is_empty() {
                trust.timestamp_policies.clone_from(&policies);
            }
            demands.push(Demand::TimestampPolicies(policies));
        }
        if self.threshold.is_some() {
            demands.push(Demand::Countersignatures(trust.countersigners.clone(), trust.countersignatures));
        }
        demands.extend(self.demands.iter().cloned());
        demands
    }
}

/// The file as it is written: for lines, and for where paths start.
struct Source<'a> {
    path: &'a Path,
    text: String,
}

impl<'a> Source<'a> {
    fn read(path: &'a Path) -> Result<Self, CliError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            CliError::request(format!("cannot read the policy `{}`: {error}", path.display())).hint("check the path")
        })?;
        Ok(Self { path, text })
    }

    /// An error at a byte of the file, with the line as it is written.
    fn refused(&self, at: Option<usize>, reason: &str) -> CliError {
        let file = self.path.display();
        let message = match at.and_then(|at| Some((self.text.get(..at)?, self.text.get(at..)?))) {
            None => format!("the policy `{file}` cannot be used: {reason}"),
            Some((before, after)) => {
                let number = before.matches('\n').count() + 1;
                let begun = before.rsplit('\n').next().unwrap_or_default();
                let line = format!("{begun}{}", after.lines().next().unwrap_or_default());
                format!("the policy `{file}` cannot be used: line {number}, `{}`: {reason}", line.trim())
            }
        };
        CliError::request(message).hint("correct that line; README.md has an example of a policy")
    }

    fn malformed(&self, error: &toml::de::Error) -> CliError {
        self.refused(error.span().map(|span| span.start), error.message())
    }

    /// Reads a file that is named from the policy's folder; what is wrong with it is told with the line.
    fn from<T>(
        &self,
        given: &Spanned<PathBuf>,
        read: impl FnOnce(&Path) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        let path = self.path.parent().unwrap_or(Path::new("")).join(given.get_ref());
        if !path.exists() {
            let reason = format!("there is no file `{}`", path.display());
            return Err(self.refused(Some(given.span().start), &reason));
        }
        read(&path).map_err(|error| self.refused(Some(given.span().start), error.message()))
    }

    /// Reads keys: a fingerprint in digits or words, or a file.
    fn key(&self, given: &Spanned<String>) -> Result<Fingerprint, CliError> {
        if let Ok(fingerprint) = given.get_ref().trim().to_lowercase().parse() {
            return Ok(fingerprint);
        }
        let path = Spanned::new(given.span(), PathBuf::from(given.get_ref()));
        let mut trust = Trust::default();
        self.from(&path, |path| read_trust_file(path, &mut trust))?;
        match (trust.keys.as_slice(), trust.authorities.as_slice()) {
            ([key], []) => Ok(*key),
            _ => Err(self.refused(Some(given.span().start), "this does not stand for one key")),
        }
    }

    fn take_signer(&self, table: &Spanned<SignerTable>, trust: &mut Trust) -> Result<(), CliError> {
        let SignerTable { keys, certificates, crls } = table.get_ref();
        if keys.is_empty() && certificates.is_empty() {
            return Err(self.refused(Some(table.span().start), "`signer` needs `keys` or `certificates`"));
        }
        for key in keys {
            trust.keys.push(self.key(key)?);
        }
        for certificate in certificates {
            self.from(certificate, |path| read_trust_file(path, trust))?;
        }
        for list in crls {
            trust.revocation_lists.extend(self.from(list, |path| read_lists(&[path.to_owned()]))?);
        }
        Ok(())
    }

    fn take_timestamps(
        &self,
        table: &TimestampsTable,
        trust: &mut Trust,
        demands: &mut Vec<Demand>,
    ) -> Result<Option<bool>, CliError> {
        for root in &table.roots {
            trust.timestamp_roots.extend(self.from(root, |path| read_roots(&[path.to_owned()]))?);
        }
        let required = table.required.as_ref().map(|required| *required.get_ref());
        if let Some(least) = &table.minimum_authorities {
            let at = Some(least.span().start);
            if *least.get_ref() == 0 {
                return Err(self.refused(at, "`minimum_authorities` is at least 1"));
            }
            if required == Some(false) {
                return Err(self.refused(at, "`required = false` says that none is needed"));
            }
            demands.push(Demand::TimestampAuthorities(*least.get_ref()));
        }
        Ok(required)
    }

    fn policies(&self, given: &[Spanned<String>]) -> Result<Vec<String>, CliError> {
        let read = |policy: &Spanned<String>| {
            parse_policy(policy.get_ref()).map_err(|reason| self.refused(Some(policy.span().start), &reason))
        };
        given.iter().map(read).collect()
    }

    fn take_countersignatures(
        &self,
        table: &Spanned<CountersignaturesTable>,
        trust: &mut Trust,
    ) -> Result<u64, CliError> {
        let CountersignaturesTable { keys, threshold } = table.get_ref();
        for given in keys {
            let key = self.key(given)?;
            if !trust.countersigners.contains(&key) {
                trust.countersigners.push(key);
            }
        }
        let named = trust.countersigners.len() as u64;
        let (at, count) = match threshold {
            None => (table.span().start, named),
            Some(threshold) => (threshold.span().start, *threshold.get_ref()),
        };
        if count == 0 || count > named {
            let reason = format!("{count} countersignatures of {} are demanded", out::counted(named, "key"));
            return Err(self.refused(Some(at), &reason));
        }
        Ok(count)
    }
}

/// Puts what came of the policy in words.
pub(super) fn to_text(policy: &PolicyNamed, requirements: &[Requirement]) -> String {
    let mut text = format!("\npolicy     {}\n           sha256 {}\n", escape_line(&policy.file), policy.sha256);
    if requirements.is_empty() {
        text += "           it demands nothing of a package\n";
    }
    for requirement in requirements {
        let word = match requirement.standing {
            Standing::Met => "met",
            Standing::NotMet => "NOT MET",
            Standing::NotShown => "not shown",
        };
        text += &format!("  {word:<9}  {}: {}\n", requirement.requirement, escape_line(&requirement.demanded));
        text += &format!("             found: {}\n", escape_line(&requirement.found));
    }
    text
}
