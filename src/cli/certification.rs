//! `report --certificate`: which form, and exhibits that it speaks of.
//!
//! An exhibit is verified first, by the same trust as the package, and has to be cut from that package.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::admission::{Admitted, Depth, SourceArgs};
use super::error::CliError;
use super::out::shell;
use super::verify::open;
use crate::report::certificate::{Form, belongs};
use crate::verify::{ExhibitReport, Outcome, verify_exhibit};

/// A form, and exhibits.
#[derive(Args)]
#[command(next_help_heading = "Draft of a certificate")]
pub(super) struct CertificateArgs {
    /// Make a draft: facts filled from the package, everything that a person knows a marked blank; signed by nobody
    #[arg(long, value_name = "FORM", value_parser = forms())]
    pub(super) certificate: Option<Form>,
    /// An exhibit cut from the package, to be named in the draft
    #[arg(long, value_name = "FILE", requires = "certificate")]
    exhibit: Vec<PathBuf>,
}

impl CertificateArgs {
    /// Verifies the exhibits.
    pub(super) fn exhibits(&self, source: &SourceArgs, package: &Admitted) -> Result<Vec<ExhibitReport>, CliError> {
        self.exhibit.iter().map(|path| read(path, source, package)).collect()
    }
}

fn forms() -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Form::ALL.map(Form::name))
        .try_map(|name| Form::ALL.into_iter().find(|form| form.name() == name).ok_or("no such form"))
}

fn read(path: &Path, source: &SourceArgs, package: &Admitted) -> Result<ExhibitReport, CliError> {
    let report = verify_exhibit(open(path)?, &source.options(Depth::Whole)?)?;
    if report.outcome == Outcome::Invalid {
        return Err(CliError::evidence(format!("the exhibit `{}` is INVALID; nothing was made", path.display()))
            .hint(format!("`signhold verify {}` says what is wrong with it", shell(path))));
    }
    if !belongs(package, &report) {
        let of = report.facts.package.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        return Err(CliError::request(format!(
            "the exhibit `{}` was not cut from this package\n       package  {}\n       exhibit  {of}",
            path.display(),
            package.seal().package
        ))
        .hint("name the package that it was cut from"));
    }
    Ok(report)
}
