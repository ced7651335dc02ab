//! `exhibit`: records of a package in one file, with what proves that they are in it, and nobody else's data.
//!
//! What is cut is verified as a stranger would before it gets its name; what that verification refuses never gets one.

mod answer;
mod find;

use std::collections::BTreeSet;
use std::io::{Seek as _, SeekFrom};
use std::path::PathBuf;
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::Args;

use self::answer::ExhibitAnswer;
use self::find::{Found, find};
use super::admission::{Admitted, Depth, SourceArgs};
use super::error::{CliError, with_causes};
use super::gather::tool;
use super::interrupt::{Unfinished, before_the_end};
use super::key::home_named;
use super::out::{self, counted, grouped};
use super::passphrase::PassphraseArgs;
use super::report::parse_zone;
use super::signing::Operator;
use crate::clock::SystemClock;
use crate::collect::Clock as _;
use crate::exhibit::{Bates, Cut, CutError, Cutting, Expression, ExpressionError, GatherError, Gathered, Wanted, cut};
use crate::format::exhibit::Selection;
use crate::format::limits::EXHIBIT_RECORDS;
use crate::format::line::Line;
use crate::format::statement::Statement;
use crate::store::new_file::{NewFile, refuse_taken, unfinished};
use crate::verify::{Code, ExhibitReport, Outcome, Severity, verify_exhibit};

/// Records of a package, with proofs.
#[derive(Args)]
#[command(after_long_help = LANGUAGE)]
pub(super) struct ExhibitArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    wanted: WantedArgs,
    /// The new file
    #[arg(long, value_name = "EX.zip", required_unless_present = "index")]
    out: Option<PathBuf>,
    /// Its number in the case
    #[arg(long, value_name = "A-12")]
    number: Option<Line>,
    /// The number that the first record bears; the others go on from it
    #[arg(long, value_name = "PREFIX0000001")]
    bates: Option<Bates>,
    /// Who cuts it
    #[arg(long, value_name = "NAME")]
    by: Option<Line>,
    /// Sign the statement with this private key: a file, `ssh-agent:NAME` or `pkcs11:…`
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Show times as a clock on the wall there did, beside UTC
    #[arg(long, value_name = "Europe/Berlin", value_parser = parse_zone)]
    time_zone: Option<Tz>,
    /// Verify every byte of the package first, and read every page; `--where` always does
    #[arg(long)]
    whole: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Which records.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct WantedArgs {
    /// A record's identifier; may be given several times
    #[arg(long, value_name = "ID")]
    id: Vec<Line>,
    /// A file with one identifier a line
    #[arg(long, value_name = "FILE")]
    ids_from: Option<PathBuf>,
    /// Records of which this expression in CEL is true; `--help` has the language
    #[arg(long = "where", value_name = "EXPR")]
    expression: Option<Statement>,
    /// Cut nothing: write the file beside the package that says where its records are
    #[arg(long)]
    index: bool,
}

impl ExhibitArgs {
    /// Asks for one record.
    pub(super) fn one(source: SourceArgs, id: Line, number: Line, out: PathBuf) -> Self {
        let wanted = WantedArgs { id: vec![id], ids_from: None, expression: None, index: false };
        Self {
            source,
            wanted,
            out: Some(out),
            number: Some(number),
            bates: None,
            by: None,
            key: None,
            passphrase: PassphraseArgs::default(),
            time_zone: None,
            whole: false,
            json: false,
        }
    }
}

pub(super) fn run(args: &ExhibitArgs) -> Result<ExitCode, CliError> {
    let wanted = args.wanted.read()?;
    let Some(out) = &args.out else {
        find::make_index(&args.source)?;
        return Ok(ExitCode::SUCCESS);
    };
    // A name that is taken is told before time is spent on the package.
    refuse_taken(out)?;
    let signer = args.key.as_deref().map(|key| Operator::at(home_named(key)?, &args.passphrase)).transpose()?;
    let depth = if args.whole || matches!(wanted, Wanted::Where(_)) { Depth::Whole } else { Depth::Quick };
    let mut package = args.source.admit(depth)?;
    let selection = wanted.selection()?;
    let found = find(&args.source, &mut package, &wanted, depth)?;
    warn_of_others(&found.gathered);
    let cutting = Cutting {
        number: args.number.clone(),
        by: args.by.clone(),
        created: SystemClock::start().now(),
        tool: tool(),
        selection,
        by_index: found.by_index,
        bates: args.bates.clone(),
        time_zone: args.time_zone,
        signer: signer.as_ref().map(|operator| operator.signer.as_ref()),
    };
    let (cut, report) = write(args, out, &mut package, &found, &cutting)?;
    let answer = ExhibitAnswer::new(out, &package, &found, &cut, report);
    out::answer(&if args.json { out::json(&answer) } else { answer.to_text() });
    Ok(ExitCode::SUCCESS)
}

/// Says that documents which go along name records that are not shown; by number, not to spread what they name.
fn warn_of_others(gathered: &Gathered) {
    let count = gathered.given_away.len() as u64;
    if count > 0 {
        out::talk(&format!(
            "warning: {} of records that are not shown stand in the plan, the seal or the statements about pages, which are part \
             of the exhibit: read these before you hand it on",
            if count == 1 {
                "1 identifier, name or address".to_owned()
            } else {
                format!("{} identifiers, names or addresses", grouped(count))
            }
        ));
    }
    if gathered.pages_unsifted > 0 {
        out::talk(&format!(
            "the records not shown of {} were not compared with plan, seal and statements about pages: there are too many",
            counted(gathered.pages_unsifted, "page")
        ));
    }
}

/// Cuts into a file without a name, verifies what was written, and names it.
fn write(
    args: &ExhibitArgs,
    out: &std::path::Path,
    package: &mut Admitted,
    found: &Found,
    cutting: &Cutting<'_>,
) -> Result<(Cut, ExhibitReport), CliError> {
    let _unfinished = Unfinished::note(&unfinished(out));
    let file = before_the_end(|| NewFile::begin(out))?;
    let writer = std::io::BufWriter::with_capacity(1 << 20, file.file());
    let (cut, writer) = cut(package, &found.gathered, cutting, writer)?;
    writer.into_inner().map_err(|error| file.trouble("write")(error.into_error()))?;
    file.file().seek(SeekFrom::Start(0)).map_err(file.trouble("read"))?;
    let written = std::io::BufReader::with_capacity(1 << 20, file.file());
    let report = verify_exhibit(written, &args.source.options(Depth::Whole)?)?;
    check(package, &report)?;
    file.publish()?;
    Ok((cut, report))
}

/// Refuses what a stranger would refuse, unless that is wrong with the package and was known.
fn check(package: &Admitted, report: &ExhibitReport) -> Result<(), CliError> {
    let known = package.provenance().despite_findings;
    let violations = report.findings.iter().filter(|finding| finding.severity == Severity::Violation);
    let new: BTreeSet<Code> = violations.map(|finding| finding.code).filter(|code| !known.contains(code)).collect();
    if report.outcome != Outcome::Invalid || new.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = new.iter().map(|code| code.as_str()).collect();
    Err(CliError::evidence(format!("what was cut does not verify ({}), and was thrown away", codes.join(", ")))
        .hint("a page that these records stand on is not as it was signed, or the package contradicts itself or changed while it was read: `signhold verify` names the pages; ask for records of others"))
}

impl WantedArgs {
    fn read(&self) -> Result<Wanted, CliError> {
        if let Some(expression) = &self.expression {
            return Ok(Wanted::Where(Box::new(Expression::compile(expression.clone())?)));
        }
        let mut ids: BTreeSet<String> = self.id.iter().map(Line::to_string).collect();
        if let Some(path) = &self.ids_from {
            let text = std::fs::read_to_string(path).map_err(|error| {
                CliError::request(format!("cannot read the identifiers in `{}`: {error}", path.display()))
                    .hint("check the path")
            })?;
            for (number, line) in
                (1..).zip(text.lines()).map(|(number, line)| (number, line.trim())).filter(|(_, line)| !line.is_empty())
            {
                let line: Line = line.parse().map_err(|error| {
                    CliError::request(format!("line {number} of `{}` {error}", path.display()))
                        .hint("one identifier a line")
                })?;
                ids.insert(line.to_string());
            }
            if ids.is_empty() {
                return Err(
                    CliError::request(format!("`{}` names no record", path.display())).hint("one identifier a line")
                );
            }
        }
        if ids.len() as u64 > EXHIBIT_RECORDS {
            return Err(CliError::request(format!(
                "{} identifiers are given; an exhibit has at most {EXHIBIT_RECORDS} records",
                ids.len()
            ))
            .hint("cut several exhibits"));
        }
        Ok(Wanted::Ids(ids))
    }
}

impl Wanted {
    /// Says what was asked for, as the exhibit does.
    fn selection(&self) -> Result<Selection, CliError> {
        Ok(match self {
            Self::Ids(ids) => {
                let ids: Result<Vec<Line>, _> = ids.iter().map(|id| id.parse()).collect();
                Selection {
                    ids: ids.map_err(|error| CliError::request(format!("an identifier {error}")))?,
                    r#where: None,
                }
            }
            Self::Where(expression) => Selection { ids: Vec::new(), r#where: Some(expression.text().clone()) },
        })
    }
}

impl From<ExpressionError> for CliError {
    fn from(error: ExpressionError) -> Self {
        let text = with_causes(&error);
        match error {
            ExpressionError::Syntax { .. } => Self::request(text).hint(
                "write `&&`, `||`, `!` for and, or, not, and `==` for equals; `signhold exhibit --help` has the language and eight examples",
            ),
            ExpressionError::TooDeep
            | ExpressionError::TooManyLoops
            | ExpressionError::UnknownName { .. }
            | ExpressionError::Misleading { .. } => {
                Self::request(text).hint("`signhold exhibit --help` has the language and eight examples")
            }
            ExpressionError::Evaluation { .. } => {
                Self::request(text).hint("`signhold exhibit --help` has the language and eight examples; nothing was written")
            }
            ExpressionError::Mismatch { .. } | ExpressionError::NotAQuestion { .. } => Self::request(text).hint(
                "compare with a value of that type, or ask for the type first: `type(record.x) == string && …`; nothing was written",
            ),
        }
    }
}

impl From<GatherError> for CliError {
    fn from(error: GatherError) -> Self {
        let text = with_causes(&error);
        match error {
            GatherError::Expression(error) => error.into(),
            GatherError::TooMany { .. } | GatherError::TooLong { .. } => Self::request(text)
                .hint("ask for less, or cut several exhibits, such as one for each day; nothing was written"),
            _ => Self::machine(text).hint("the file changed or the disk failed while it was searched; verify it again"),
        }
    }
}

impl From<CutError> for CliError {
    fn from(error: CutError) -> Self {
        let text = with_causes(&error);
        match error {
            CutError::Bates { .. } => {
                Self::request(text).hint("give the first number more digits; nothing was written")
            }
            CutError::Format(_) => {
                Self::request(text).hint("cut several exhibits, each with fewer records; nothing was written")
            }
            CutError::Sign(_) => Self::machine(text).hint("bring the key back; nothing was written"),
            CutError::Zip(_) => {
                Self::machine(text).hint("make room or choose another disk; what was begun was removed")
            }
            _ => Self::machine(text).hint("the file changed or the disk failed while it was read; verify it again"),
        }
    }
}

const LANGUAGE: &str = "\
Identifiers: every element that bears one is taken, also the same record from the edge of a neighbouring window and from the second
pass; the answer says where each stands and which have the same bytes. Of an element with several members `id` each is one of its
identifiers; the answer names them all.

--where takes an expression in CEL (Common Expression Language), of at most 4000 characters, which is sealed in the exhibit. It may
name `record` (the record's own members), `kind` (such as 'interactiveUser'), `page`, `element`, `pass` (numbers), `counted` (true
or false) and `time` (the record's time). There are == != < <= > >= && || ! in ?: and has(x.y), x.startsWith('…'), x.endsWith('…'),
x.contains('…'), x.matches('regular expression'), size(x), list.exists(p, …), list.all(p, …), timestamp('…Z'), duration('1h'),
time.getHours(), and ip_in(address, 'range'), which is false for text that is no address. A record that lacks a member that the
expression needs, or has null there, is not selected, not even by != or !; how many is said, here and in the exhibit. Only with the
word null itself null is compared: record.x == null. Values of two types are never compared, by == and `in` neither: that ends the
selection. Numbers are one type. Of members of one name the last counts. exists, all, exists_one, map and filter may stand inside or
behind one another two deep.

  record.userPrincipalName == 'dana@contoso.example' && time >= timestamp('2026-11-18T00:00:00Z')
  record.status.errorCode in [50126, 50053] && kind == 'interactiveUser'
  ip_in(record.ipAddress, '203.0.113.0/24') || ip_in(record.ipAddress, '2001:db8::/32')
  record.userPrincipalName.startsWith('svc-') && !(record.status.errorCode == 0)
  has(record.sessionId) && record.sessionId == '722b4533-8b0e-4a4e-b90a-204412d0755d'
  record.appliedConditionalAccessPolicies.exists(p, p.result == 'failure')
  counted && record.location.countryOrRegion != 'DE' && 'anomalousToken' in record.riskEventTypes_v2
  kind == 'servicePrincipal' && record.appDisplayName.matches('(?i)backup') && (time.getHours() < 6 || time.getHours() >= 22)
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_in_the_help_is_an_expression() {
        let examples: Vec<&str> = LANGUAGE.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        assert_eq!(examples.len(), 8);
        for example in examples {
            assert!(Expression::compile(example.parse().unwrap()).is_ok(), "{example}");
        }
    }

    #[test]
    fn zones_are_those_of_the_database() {
        assert_eq!(parse_zone("Europe/Berlin"), Ok(Tz::Europe__Berlin));
        assert!(parse_zone("Berlin").is_err() && parse_zone("+01:00").is_err());
    }
}
