//! Opening a package to make something of it: verified first, and refused when it is INVALID.
//!
//! Shared by the verbs that make exhibits, reports and exports. What they make bears the marks of its
//! [`Provenance`](crate::verify::Provenance), whatever the verb.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::out;
use super::trust::TrustArgs;
use super::verify::{open, threads, to_text};
use super::verify_exhibit::is_exhibit;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::verify::{Admit, Options, Renewal, Trust, VerifiedPackage, verify_and_admit};

/// A package, whom to trust about it, and whether to go on when it is INVALID.
#[derive(Args)]
pub(super) struct SourceArgs {
    /// A package
    pub(super) file: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// Go on even though the package is INVALID: everything made of it says so
    #[arg(long)]
    despite_findings: bool,
}

/// How much of a package is verified before something is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Container digest, signatures and time stamps; the caller proves what it takes besides.
    Quick,
    /// Every byte.
    Whole,
}

/// A package on disk that was let through.
pub(super) type Admitted = VerifiedPackage<BufReader<File>>;

impl SourceArgs {
    /// Names a package, and whom to trust about it.
    pub(super) fn new(file: PathBuf, trust: TrustArgs) -> Self {
        Self { file, trust, despite_findings: false }
    }

    /// Says how to verify: as of now, with whom the reader trusts.
    pub(super) fn options(&self, depth: Depth) -> Result<Options<'static>, CliError> {
        let as_of = Some(SystemClock::start().now());
        let quick = depth == Depth::Quick;
        Ok(Options { trust: self.trust()?, as_of, threads: threads(), quick, leaves: quick, ..Options::default() })
    }

    /// Verifies the package, and hands it over unless it is INVALID and nobody said to go on all the same.
    pub(super) fn admit(&self, depth: Depth) -> Result<Admitted, CliError> {
        self.admit_renewed(depth, Vec::new())
    }

    /// The same with the renewals that a ledger has of it.
    pub(super) fn admit_renewed(&self, depth: Depth, renewals: Vec<Renewal>) -> Result<Admitted, CliError> {
        if is_exhibit(&self.file)? {
            let name = self.file.display();
            return Err(CliError::request(format!("`{name}` is an exhibit, and this is made of packages"))
                .hint("name the package that it was cut from"));
        }
        let options = Options { renewals, ..self.options(depth)? };
        let admit = if self.despite_findings { Admit::DespiteFindings } else { Admit::Accepted };
        let (report, package) = verify_and_admit(open(&self.file)?, &options, admit)?;
        let name = self.file.display().to_string();
        let Some(package) = package else {
            out::talk(to_text(&name, &report).trim_end());
            let refused = CliError::evidence(format!("`{name}` is INVALID; nothing was made of it"));
            return Err(if self.despite_findings {
                refused.hint("its plan or its seal cannot be read: there is nothing to go on from")
            } else {
                refused.hint("`signhold verify` says what is wrong; with --despite-findings it is made all the same, and says so")
            });
        };
        for mark in package.provenance().marks() {
            out::talk(&format!("{name}: {mark}"));
        }
        Ok(package)
    }

    /// Reads whom to trust.
    pub(super) fn trust(&self) -> Result<Trust, CliError> {
        let mut trust = Trust::default();
        self.trust.read_into(&mut trust)?;
        Ok(trust)
    }

    /// Says whether to go on although something is INVALID.
    pub(super) fn goes_on(&self) -> bool {
        self.despite_findings
    }
}
