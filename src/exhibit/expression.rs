//! What `--where` asks of each record: an expression in CEL (Common Expression Language), compiled once.
//!
//! The language is the one of the `cel` crate, with `ip_in` added; nothing of it is our own. Of a record only the members that
//! the expression names are converted, each value as JSON has it; of members of one name the last counts, as in most readers of
//! JSON. A record that lacks what is asked for is not selected and is counted; one that holds a value of another type than the
//! expression can work with ends the whole selection: to leave it out in silence would be to decide what it says. [`strict`] sees to
//! it that comparisons keep to this too.

mod advice;
mod needs;
mod strict;
mod value;

use std::sync::Arc;

use cel::common::ast::IdedExpr;
use cel::common::types::{CelBool, CelString, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{Context, Env, ExecutionError, Program, Value};
use chrono::DateTime;

use self::needs::Needs;
use crate::codec::json::Json;
use crate::format::statement::Statement;
use crate::time::ServiceTime;
use crate::verify::VerifiedRecord;

/// A compiled expression.
pub struct Expression {
    text: Statement,
    env: Arc<Env>,
    program: Program,
    /// The program's tree with strict comparisons: what is worked out.
    asked: IdedExpr,
    needs: Needs,
}

/// What an expression says of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is not true of it.
    No,
    /// The record lacks a member, or has `null` where a value is asked for.
    Wanting,
    /// It is true of it.
    Yes,
}

/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// It is not CEL.
    #[error("the expression cannot be read{}: {message}", at(*.column))]
    Syntax {
        /// Where, from 1; none where the parser does not say.
        column: Option<usize>,
        /// What the parser says.
        message: String,
    },
    /// It nests deeper than the threads that work it out have room for.
    #[error("the expression nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Macros that go over lists stand inside or behind one another: work and memory would grow with a power of the record's length.
    #[error(
        "`exists`, `all`, `exists_one`, `map` and `filter` stand inside or behind one another more than {MAX_LOOPS} deep"
    )]
    TooManyLoops,
    /// It names something that no record has.
    #[error("the expression names `{name}`{}, which is none of {VARIABLES_IN_WORDS}", at(*.column))]
    UnknownName {
        /// What.
        name: String,
        /// Where, from 1.
        column: Option<usize>,
    },
    /// It can hardly mean what it says.
    #[error("the expression would mislead{}: {said}", at(*.column))]
    Misleading {
        /// What is wrong, and what to write instead.
        said: String,
        /// Where, from 1.
        column: Option<usize>,
    },
    /// It cannot be worked out for a record.
    #[error("the expression cannot be worked out{} for element {element} of page {page}: {message}", at(*.column))]
    Evaluation {
        /// Where, from 1; none where it cannot be told.
        column: Option<usize>,
        /// Sequence of the record's page.
        page: u64,
        /// Index of the record in the page, from 0.
        element: u64,
        /// What is wrong.
        message: String,
    },
    /// It asks something of a value that one of its type cannot be asked.
    #[error("the expression cannot be worked out{} for element {element} of page {page}: {message}", at(*.column))]
    Mismatch {
        /// Where, from 1; none where it cannot be told.
        column: Option<usize>,
        /// Sequence of the record's page.
        page: u64,
        /// Index of the record in the page, from 0.
        element: u64,
        /// Which types.
        message: String,
    },
    /// It is no question.
    #[error("the expression gives {kind} for element {element} of page {page}, and not true or false")]
    NotAQuestion {
        /// What it gives instead.
        kind: String,
        /// Sequence of the record's page.
        page: u64,
        /// Index of the record in the page, from 0.
        element: u64,
    },
}

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// [`ExpressionError::Syntax`], [`ExpressionError::TooDeep`], [`ExpressionError::TooManyLoops`],
    /// [`ExpressionError::UnknownName`] and [`ExpressionError::Misleading`].
    ///
    /// # Panics
    ///
    /// Never: the functions that are added have names of their own.
    pub fn compile(text: Statement) -> Result<Self, ExpressionError> {
        if bracket_depth(text.as_str()) > MAX_DEPTH {
            return Err(ExpressionError::TooDeep);
        }
        // The parser recurses; a stack of its own keeps that from being anybody's trouble.
        let unread = || ExpressionError::Syntax { column: None, message: "there is no room to read it".to_owned() };
        std::thread::scope(|scope| {
            let reading = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || Self::read(text));
            reading.map_err(|_| unread())?.join().unwrap_or_else(|_| Err(unread()))
        })
    }

    fn read(text: Statement) -> Result<Self, ExpressionError> {
        let mut env = Env::stdlib();
        env.add_overload(IP_IN, "ip_in_string_string", vec![STRING_TYPE, STRING_TYPE], ip_in)
            .expect("nothing else is called ip_in");
        strict::declare(&mut env).expect("no expression can write these names");
        let program = env.compile(text.as_str()).map_err(|errors| {
            let first = errors.errors.into_iter().next();
            let (column, message) = first.map_or((0, String::new()), |error| (error.pos.1, error.msg));
            let column = usize::try_from(column).ok().filter(|column| *column > 0);
            ExpressionError::Syntax { column, message }
        })?;
        if needs::is_deeper(program.expression(), MAX_DEPTH) {
            return Err(ExpressionError::TooDeep);
        }
        if needs::loops(program.expression()) > MAX_LOOPS {
            return Err(ExpressionError::TooManyLoops);
        }
        let needs = Needs::of(program.expression(), env.types());
        if let Some((name, id)) = needs.unknown.first() {
            return Err(ExpressionError::UnknownName { name: name.clone(), column: column_of(&program, *id) });
        }
        if let Some((said, id)) = advice::misleading(program.expression()) {
            return Err(ExpressionError::Misleading { said, column: column_of(&program, id) });
        }
        let mut asked = program.expression().clone();
        strict::replace(&mut asked);
        Ok(Self { text, env: Arc::new(env), program, asked, needs })
    }

    /// Returns the expression as it was written.
    #[must_use]
    pub fn text(&self) -> &Statement {
        &self.text
    }

    /// Asks it of one record.
    ///
    /// # Errors
    ///
    /// [`ExpressionError::Evaluation`], [`ExpressionError::Mismatch`] and [`ExpressionError::NotAQuestion`].
    pub fn asks(&self, record: &VerifiedRecord<'_>) -> Result<Answer, ExpressionError> {
        let Some(json) = Json::read(record.bytes) else { return Ok(Answer::Wanting) };
        let mut context = Context::with_env(Arc::clone(&self.env));
        if let Some(value) = self.needs.record.project(json) {
            context.add_variable_from_value(RECORD, value);
        }
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        context.add_variable_from_value("kind", record.kind.as_str());
        context.add_variable_from_value("page", number(record.page));
        context.add_variable_from_value("element", number(record.element));
        context.add_variable_from_value("pass", number(record.pass));
        context.add_variable_from_value("counted", record.is_counted);
        if let Some(time) = record.time.and_then(ServiceTime::parse).and_then(timestamp) {
            context.add_variable_from_value(TIME, Value::Timestamp(time));
        }
        match Value::resolve(&self.asked, &context) {
            Ok(Value::Bool(true)) => Ok(Answer::Yes),
            Ok(Value::Bool(false)) => Ok(Answer::No),
            Ok(other) => Err(ExpressionError::NotAQuestion {
                kind: other.type_of().to_string(),
                page: record.page,
                element: record.element,
            }),
            Err(error) if is_want(&error) => Ok(Answer::Wanting),
            Err(error) => Err(self.evaluation(&error, record)),
        }
    }

    fn evaluation(&self, error: &ExecutionError, record: &VerifiedRecord<'_>) -> ExpressionError {
        let function = match error {
            ExecutionError::NoSuchOverload(overload) => overload.function(),
            ExecutionError::FunctionError { function, .. } => function,
            ExecutionError::UndeclaredReference(name) => name.as_str(),
            _ => "",
        };
        let column = needs::only_call(self.program.expression(), function).and_then(|id| column_of(&self.program, id));
        let mut message = match error {
            ExecutionError::FunctionError { function, message } if function == TIMESTAMP => {
                format!("{message}: a time is written with its zone, such as timestamp('2026-11-18T09:00:00Z')")
            }
            ExecutionError::FunctionError { message, .. } => message.clone(),
            ExecutionError::NoSuchOverload(overload) => advice::mismatch(overload),
            ExecutionError::UndeclaredReference(name) => format!("`{name}` is no function"),
            error => error.to_string(),
        };
        if let Some((place, _)) = message.char_indices().nth(MESSAGE_CHARS) {
            message.truncate(place);
            message.push('…');
        }
        let (page, element) = (record.page, record.element);
        match error {
            ExecutionError::NoSuchOverload(_) => ExpressionError::Mismatch { column, page, element, message },
            _ => ExpressionError::Evaluation { column, page, element, message },
        }
    }
}

/// Says whether an expression failed because the record lacks something: a member, an element of a list, its time, or a value
/// where it has `null`.
fn is_want(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_) => true,
        // All others were found when it was compiled.
        ExecutionError::UndeclaredReference(name) => name.as_str() == TIME,
        // What is no object has no members.
        ExecutionError::NoSuchOverload(overload) if overload.function() == SELECT => true,
        ExecutionError::NoSuchOverload(overload) => overload.argument_types().iter().any(|kind| kind == "null_type"),
        _ => false,
    }
}

/// `ip_in(address, range)`: says whether an address lies in a range such as `10.0.0.0/8` or `2001:db8::/32`. An IPv4 address
/// mapped into IPv6 (RFC 4291 §2.5.5.2) is the IPv4 address; text that is no address lies in no range.
#[expect(clippy::needless_pass_by_value, reason = "the interpreter hands its arguments over")]
fn ip_in<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = |argument: &CowVal<'b, 'v>| argument.downcast_ref::<CelString<'_>>().map(|text| text.inner().to_owned());
    let mut texts = arguments.iter().map(text);
    let (Some(Some(address)), Some(Some(range))) = (texts.next(), texts.next()) else {
        return Err(ExecutionError::function_error(IP_IN, "takes an address and a range"));
    };
    if let Ok(net) = range.parse::<ipnet::IpNet>()
        && net.addr() != net.network()
    {
        let words = format!(
            "`{range}` has bits behind its prefix: `{}` is the range, `{}` the address",
            net.trunc(),
            net.addr()
        );
        return Err(ExecutionError::function_error(IP_IN, words));
    }
    let is_in = address_in(&address, &range).ok_or_else(|| {
        let range_of_one = range.parse().ok().map(|one: std::net::IpAddr| ipnet::IpNet::from(one));
        ExecutionError::function_error(
            IP_IN,
            range_of_one.map_or_else(
                || format!("`{range}` is no range of addresses such as 10.0.0.0/8"),
                |one| format!("`{range}` is an address and no range: `{one}` is the range that holds it alone"),
            ),
        )
    })?;
    Ok(CowVal::owned(CelBool::from(is_in)))
}

/// `None` where `range` is none.
fn address_in(address: &str, range: &str) -> Option<bool> {
    let range: ipnet::IpNet = range.parse().ok()?;
    let range = match range {
        ipnet::IpNet::V6(six) if six.prefix_len() >= MAPPED_BITS => six.addr().to_ipv4_mapped().map_or(range, |four| {
            ipnet::Ipv4Net::new(four, six.prefix_len() - MAPPED_BITS).map_or(range, ipnet::IpNet::V4)
        }),
        range => range,
    };
    let address: Option<std::net::IpAddr> = address.parse().ok();
    Some(address.is_some_and(|address| range.contains(&address.to_canonical())))
}

fn timestamp(time: ServiceTime) -> Option<DateTime<chrono::FixedOffset>> {
    let (seconds, nanos) = (time.nanos().div_euclid(NANOS), time.nanos().rem_euclid(NANOS));
    let instant = DateTime::from_timestamp(i64::try_from(seconds).ok()?, u32::try_from(nanos).ok()?)?;
    Some(instant.fixed_offset())
}

/// Returns how deep brackets nest, those in texts included: an overestimate.
fn bracket_depth(text: &str) -> usize {
    let mut depth: usize = 0;
    let depths = text.chars().map(|c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth
    });
    depths.max().unwrap_or(0)
}

/// Returns where a node of the expression begins, in characters from 1.
fn column_of(program: &Program, id: u64) -> Option<usize> {
    let (start, _) = program.source_info().offset_for(id)?;
    Some(usize::try_from(start).ok()? + 1)
}

fn at(column: Option<usize>) -> String {
    column.map_or(String::new(), |column| format!(" at character {column}"))
}

/// Everything an expression may name, besides types and functions.
pub const VARIABLES: [&str; 7] = [RECORD, "kind", "page", "element", "pass", "counted", TIME];
const VARIABLES_IN_WORDS: &str = "`record`, `kind`, `page`, `element`, `pass`, `counted` and `time`";
/// How the statement of an exhibit names the language (FORMAT §21.6).
pub const LANGUAGE: &str = "cel-signhold/1";
const RECORD: &str = "record";
const TIME: &str = "time";
const SELECT: &str = "_._";
const IP_IN: &str = "ip_in";
const TIMESTAMP: &str = "timestamp";
const NANOS: i128 = 1_000_000_000;
/// 96: ::ffff:0:0/96 holds the IPv4 addresses (RFC 4291 §2.5.5.2).
const MAPPED_BITS: u8 = 96;
/// 400: as many alternatives as find room in 4000 characters; a level takes some 40 KB of stack in a build without optimisation.
const MAX_DEPTH: usize = 400;
/// 2: a condition on the elements of a list within another, or on what is left of one.
const MAX_LOOPS: usize = 2;
/// 512 MiB, of addresses and not of memory: the parser takes some 500 KB for each bracket in a build without optimisation.
const STACK_BYTES: usize = 512 << 20;
/// 300: an error quotes values of strangers.
const MESSAGE_CHARS: usize = 300;

#[cfg(test)]
mod tests;
