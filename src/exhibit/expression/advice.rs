//! Expressions that are CEL and can hardly mean what they say, and words for values that cannot be compared.
//!
//! `kind != 'nonInteractive'` is true of every record, since no log is called so, and `record.ipAddress <= '203.0.113.20'` puts texts
//! in order: either would lay records before a court that nobody meant to show. They are refused, with what to write instead.

use cel::OverloadError;
use cel::common::ast::{Expr, IdedExpr, LiteralValue};

use super::RECORD;
use super::needs::each_part;
use super::strict::{EQUALS, IN, NOT_EQUALS};
use crate::format::kind::Kind;
use crate::time::ServiceTime;

/// Returns what is said instead of what was meant, and the node that says it, if there is such a thing.
pub(super) fn misleading(node: &IdedExpr) -> Option<(String, u64)> {
    let own = match &node.expr {
        Expr::Call(call) if call.target.is_none() => match (call.func_name.as_str(), call.args.as_slice()) {
            (EQUALS | NOT_EQUALS | IN, [left, right]) => no_kind(left, right).or_else(|| no_kind(right, left)),
            (LESS | AT_MOST | GREATER | AT_LEAST, [left, right]) => {
                no_order(left, right).or_else(|| no_order(right, left))
            }
            _ => None,
        },
        _ => None,
    };
    let mut found = own.map(|said| (said, node.id));
    each_part(node, &mut |part| {
        if found.is_none() {
            found = misleading(part);
        }
    });
    found
}

/// Complains where `kind` is held against a text that is the name of no log.
fn no_kind(kind: &IdedExpr, other: &IdedExpr) -> Option<String> {
    if !matches!(&kind.expr, Expr::Ident(name) if name == "kind") {
        return None;
    }
    let alone = std::slice::from_ref(other);
    let others = if let Expr::List(list) = &other.expr { list.elements.as_slice() } else { alone };
    let wrong = others.iter().filter_map(literal).find(|text| Kind::ALL.iter().all(|kind| kind.as_str() != *text))?;
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Some(format!("`kind` is never '{wrong}'; the kinds are {}", kinds.join(", ")))
}

/// Complains where texts are put in order and an address, or a time that is no time, is meant.
fn no_order(member: &IdedExpr, other: &IdedExpr) -> Option<String> {
    let Expr::Select(select) = &member.expr else { return None };
    let is_of_record = matches!(&select.operand.expr, Expr::Ident(name) if name == RECORD);
    let text = literal(other).filter(|_| is_of_record)?;
    let name = select.field.as_str();
    if name.ends_with("ipAddress") {
        return Some(format!(
            "`record.{name}` is a text, and texts are put in order by their characters; write ip_in(record.{name}, '203.0.113.0/24')"
        ));
    }
    if name.ends_with("DateTime") && ServiceTime::parse(text).is_none() {
        return Some(format!(
            "`record.{name}` is a text such as 2026-11-18T09:00:00Z, and '{text}' is none; write time >= timestamp('2026-11-18T09:00:00Z')"
        ));
    }
    None
}

fn literal(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// Says which values an operator or a function cannot take together, and what to write instead where that is plain.
pub(super) fn mismatch(error: &OverloadError) -> String {
    let types: Vec<&str> = error.argument_types().iter().map(|name| shown(name)).collect();
    let instead = match types.as_slice() {
        ["timestamp", "string"] | ["string", "timestamp"] => "; write a time as timestamp('2026-11-18T09:00:00Z')",
        ["int" | "double", "string"] | ["string", "int" | "double"] => {
            "; a number stands without quotes, a text with them"
        }
        ["string", "string"] if error.function() == IN => {
            "; write ip_in(address, '203.0.113.0/24') for a range, and ['a', 'b'] for a list"
        }
        _ => "",
    };
    format!("`{}` cannot take {}{instead}", operator(error.function()), types.join(" and "))
}

/// Returns the name that an expression has for a type.
fn shown(name: &str) -> &str {
    match name {
        "google.protobuf.Timestamp" => "timestamp",
        "google.protobuf.Duration" => "duration",
        "null_type" => "null",
        name => name,
    }
}

/// Returns what is written for an operator: `_>_` is `>`, `@in` is `in`.
fn operator(function: &str) -> &str {
    function.trim_matches(['_', '@'])
}

const LESS: &str = "_<_";
const AT_MOST: &str = "_<=_";
const GREATER: &str = "_>_";
const AT_LEAST: &str = "_>=_";
