//! `export`: copies of a package's records for other programs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::admission::{Depth, SourceArgs};
use super::draft::{Desk, Draft, Shape};
use super::error::{CliError, with_causes};
use super::gather::tool;
use super::out::{self, counted, grouped, shell};
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::export::bates::Bates;
use crate::export::case::{Case, Detail};
use crate::export::concordance::Concordance;
use crate::export::csv::Csv;
use crate::export::ndjson::{Lines, Ndjson};
use crate::export::parquet::Parquet;
use crate::export::sign_in_logs::{Forms, Records, SignInLogs};
use crate::export::{About, ExportError, Exporter, Origin, Tally, walk};
use crate::format::line::Line;

#[derive(Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// What to make
    #[arg(long, value_enum)]
    format: Format,
    /// The new file, or for `concordance` and `signinlogs` the new folder
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// With `ndjson`: make each line an object that holds the record, its place and its exact bytes, instead of the record alone
    #[arg(long)]
    envelope: bool,
    /// With `concordance`: the first Bates number, such as ACME0000001; otherwise the matter and eight digits
    #[arg(long, value_name = "NUMBER")]
    bates: Option<Bates>,
    #[command(flatten)]
    case: CaseArgs,
    #[command(flatten)]
    sign_in_logs: SignInLogsArgs,
    /// Show no progress
    #[arg(long)]
    quiet: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What belongs to `--format case`.
#[derive(Args)]
struct CaseArgs {
    /// With `case`: describe each record, instead of counting them
    #[arg(long)]
    records: bool,
    /// With `case`: who makes this export
    #[arg(long, value_name = "NAME")]
    by: Option<Line>,
}

/// What belongs to `--format signinlogs`.
#[derive(Args)]
struct SignInLogsArgs {
    /// With `signinlogs`: write the tables in one form alone
    #[arg(long, value_enum, value_name = "FORM")]
    tables: Option<TableForm>,
    /// With `signinlogs`: also write the records that the seal does not count, such as those of a second pass; rules count them double
    #[arg(long)]
    all_records: bool,
}

/// The forms of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TableForm {
    /// One line of JSON for each row
    Ndjson,
    /// Parquet
    Parquet,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Investigation, actions, tools, package and pages as CASE/UCO JSON-LD
    Case,
    /// A load file for review platforms, with each record as a native and as text
    Concordance,
    /// A row for each record, for spreadsheets and databases: properties in columns, and the exact bytes
    Csv,
    /// One line of JSON for each record, its exact bytes
    Ndjson,
    /// A typed row for each record, for databases and notebooks, and the exact bytes
    Parquet,
    /// The tables that sign-ins have in Azure Monitor, each as NDJSON and as Parquet
    Signinlogs,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Concordance => "concordance",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Signinlogs => "signinlogs",
        }
    }

    fn shape(self) -> Shape {
        match self {
            Self::Case | Self::Csv | Self::Ndjson | Self::Parquet => Shape::File,
            Self::Concordance | Self::Signinlogs => Shape::Folder,
        }
    }
}

pub(super) fn run(args: &ExportArgs) -> Result<ExitCode, CliError> {
    if args.envelope && args.format != Format::Ndjson {
        return Err(CliError::request("--envelope belongs to `--format ndjson`").hint("leave it out"));
    }
    if (args.case.records || args.case.by.is_some()) && args.format != Format::Case {
        return Err(CliError::request("--records and --by belong to `--format case`").hint("leave them out"));
    }
    if args.bates.is_some() && args.format != Format::Concordance {
        return Err(CliError::request("--bates belongs to `--format concordance`").hint("leave it out"));
    }
    if (args.sign_in_logs.tables.is_some() || args.sign_in_logs.all_records) && args.format != Format::Signinlogs {
        return Err(
            CliError::request("--tables and --all-records belong to `--format signinlogs`").hint("leave them out")
        );
    }
    // A name that is taken is told before time is spent on the package.
    let draft = Draft::begin(&args.out, args.format.shape())?;
    let mut package = args.source.admit(Depth::Whole)?;
    let origin = Origin::of(&package, tool(), SystemClock::start().now());
    let mut exporter = begin(args, draft.desk(), &origin)?;
    let progress = Progress::new(origin.seal.totals.records, args.quiet);
    let counts = walk(&mut package, exporter.as_mut(), &mut |tally| progress.show(tally));
    progress.finish();
    let counts = counts?;
    let remarks = exporter.finish(&counts)?;
    let about = About::new(args.format.name(), &origin, counts, draft.written()?, remarks);
    let document = out::json(&about);
    draft.publish(&document)?;
    out::answer(&if args.json { document } else { to_text(args, &about) });
    Ok(ExitCode::SUCCESS)
}

/// Begins the format that was asked for.
fn begin(args: &ExportArgs, desk: Desk, origin: &Origin) -> Result<Box<dyn Exporter>, ExportError> {
    Ok(match args.format {
        Format::Case => {
            let detail = if args.case.records { Detail::Records } else { Detail::Pages };
            Box::new(Case::begin(desk, origin, detail, args.case.by.as_ref().map(ToString::to_string))?)
        }
        Format::Concordance => Box::new(Concordance::begin(desk, origin, args.bates.clone())?),
        Format::Csv => Box::new(Csv::begin(desk, origin)?),
        Format::Ndjson => {
            let lines = if args.envelope { Lines::Envelopes } else { Lines::Records };
            Box::new(Ndjson::begin(desk, origin, lines)?)
        }
        Format::Parquet => Box::new(Parquet::begin(desk, origin)?),
        Format::Signinlogs => {
            let forms = match args.sign_in_logs.tables {
                None => Forms::Both,
                Some(TableForm::Ndjson) => Forms::Lines,
                Some(TableForm::Parquet) => Forms::Parquet,
            };
            let records = if args.sign_in_logs.all_records { Records::All } else { Records::Counted };
            Box::new(SignInLogs::begin(desk, origin, forms, records)?)
        }
    })
}

fn to_text(args: &ExportArgs, about: &About) -> String {
    let mut text = String::new();
    for mark in &about.marks {
        text += &format!("{mark}\n");
    }
    let counts = &about.counts;
    text += &format!("\nwritten    {}\n", out::escape_line(&shell(&args.out)));
    let in_seal = counted(counts.records_in_seal, "record");
    text += &if args.format == Format::Case && !args.case.records {
        format!("records    {in_seal} in the seal, counted and not described; --records describes each\n")
    } else {
        format!("rows       {}, of {in_seal} in the seal\n", grouped(counts.rows))
    };
    let what = if args.format.shape() == Shape::Folder { " of its manifest-sha256.txt" } else { "" };
    text += &format!("sha256     {}{what}\n", about.sha256);
    let verdict = about.provenance.verdict.as_str();
    text += &format!("package    {}, {verdict}\n", about.provenance.package);
    for remark in &about.remarks {
        text += &format!("note       {remark}\n");
    }
    text
}

/// Shows how far the copy is: a line that renews itself on a terminal, a line for each tenth elsewhere.
struct Progress {
    bar: ProgressBar,
    records: u64,
    quiet: bool,
    tenths: std::cell::Cell<u64>,
}

impl Progress {
    fn new(records: u64, quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(records), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent:>3}% {msg}, about {eta} left") {
            bar.set_style(style);
        }
        Self { bar, records, quiet, tenths: std::cell::Cell::new(0) }
    }

    fn show(&self, tally: &Tally) {
        let words = format!("{} of {} records", grouped(tally.records_read), grouped(self.records));
        self.bar.set_position(tally.records_read);
        let tenths = (tally.records_read * 10).checked_div(self.records).unwrap_or_default();
        if !self.quiet && !out::talks_to_terminal() && tenths > self.tenths.replace(tenths) {
            out::talk(&format!("{:>3}% {words}", tenths * 10));
        }
        self.bar.set_message(words);
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl From<ExportError> for CliError {
    fn from(error: ExportError) -> Self {
        let text = with_causes(&error);
        match error {
            ExportError::Unfit(_) => {
                Self::request(text).hint("choose another format or other options; nothing was written")
            }
            ExportError::Read(_) => {
                Self::machine(text).hint("the file changed or the disk failed while it was copied; verify it again")
            }
            ExportError::Write(_) => {
                Self::machine(text).hint("make room or choose another disk; what was begun was removed")
            }
            ExportError::Count { .. } | ExportError::Encode(_) | ExportError::Turn(_) => {
                Self::machine(text).hint("this is a fault of signhold; nothing was written")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_program_is_not_put_down_to_the_format() {
        for error in [ExportError::Turn("SigninLogs"), ExportError::Count { in_seal: 3, read: 2 }] {
            let said = CliError::from(error).to_text();
            assert!(said.ends_with("hint: this is a fault of signhold; nothing was written\n"), "{said}");
        }
    }
}
