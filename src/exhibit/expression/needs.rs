//! What an expression asks of a record, read off its tree: which members, and whether it names anything that is not there.

use std::collections::{BTreeSet, HashMap};

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};
use cel::objects::{Key, Map};
use cel::{TypeRegistry, Value};

use super::value::value;
use super::{RECORD, VARIABLES};
use crate::codec::json::{Json, Shape};

/// What an expression asks for.
pub(super) struct Needs {
    pub(super) record: Record,
    /// Names that are nothing, each with the node that holds it.
    pub(super) unknown: Vec<(String, u64)>,
}

/// How much of a record is converted before the expression is asked of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// These members.
    Members(BTreeSet<String>),
    /// All of it.
    Whole,
}

impl Needs {
    /// Reads an expression off.
    pub(super) fn of(expression: &IdedExpr, types: &TypeRegistry) -> Self {
        let mut walk = Walk { bound: Vec::new(), types, record: Record::Members(BTreeSet::new()), unknown: Vec::new() };
        walk.go(expression);
        Self { record: walk.record, unknown: walk.unknown }
    }
}

impl Record {
    /// Converts what is asked for; `None` where nothing is.
    pub(super) fn project(&self, json: Json<'_>) -> Option<Value> {
        let members = match self {
            Self::Whole => return Some(value(json)),
            Self::Members(members) if members.is_empty() => return None,
            Self::Members(members) => members,
        };
        if json.shape() != Shape::Object {
            return Some(value(json));
        }
        let mut map = HashMap::new();
        for (name, member) in json.members() {
            let name = name.spelled();
            if members.contains(name.as_ref()) {
                map.insert(Key::from(name.into_owned()), value(member));
            }
        }
        Some(Value::Map(Map { map: map.into() }))
    }
}

struct Walk<'a> {
    /// Names that macros such as `exists(x, …)` bind, innermost last.
    bound: Vec<&'a str>,
    types: &'a TypeRegistry,
    record: Record,
    unknown: Vec<(String, u64)>,
}

impl<'a> Walk<'a> {
    fn go(&mut self, node: &'a IdedExpr) {
        match &node.expr {
            Expr::Select(select) if self.is_record(&select.operand) => self.member(&select.field),
            Expr::Call(call) if call.target.is_none() && call.func_name == INDEX => match call.args.as_slice() {
                [operand, index] if self.is_record(operand) => {
                    if let Expr::Literal(LiteralValue::String(name)) = &index.expr {
                        self.member(name.inner());
                    } else {
                        self.record = Record::Whole;
                        self.go(index);
                    }
                }
                arguments => arguments.iter().for_each(|argument| self.go(argument)),
            },
            // A variable is no function, and would pass for a member that the record lacks.
            Expr::Call(call) if call.target.is_none() && VARIABLES.contains(&call.func_name.as_str()) => {
                self.unknown.push((format!("{}()", call.func_name), node.id));
            }
            // `google.protobuf.Timestamp` is a name in parts.
            Expr::Select(_) if self.names_a_type(node) => {}
            Expr::Ident(name) => self.name(name, node.id),
            _ => self.inside(node),
        }
    }

    fn name(&mut self, name: &'a str, id: u64) {
        if self.bound.contains(&name) || name.starts_with('@') {
            return;
        }
        if name == RECORD {
            self.record = Record::Whole;
        } else if !VARIABLES.contains(&name) && self.types.find_type(name).is_none() {
            self.unknown.push((name.to_owned(), id));
        }
    }

    fn member(&mut self, name: &str) {
        if let Record::Members(members) = &mut self.record {
            members.insert(name.to_owned());
        }
    }

    fn is_record(&self, node: &IdedExpr) -> bool {
        matches!(&node.expr, Expr::Ident(name) if name == RECORD) && !self.bound.contains(&RECORD)
    }

    fn names_a_type(&self, node: &IdedExpr) -> bool {
        dotted(node).is_some_and(|name| self.types.find_type(&name).is_some())
    }

    /// Goes into the parts of a node.
    fn inside(&mut self, node: &'a IdedExpr) {
        if let Expr::Comprehension(comprehension) = &node.expr {
            self.go(&comprehension.iter_range);
            self.go(&comprehension.accu_init);
            let outside = self.bound.len();
            self.bound.push(&comprehension.accu_var);
            self.go(&comprehension.result);
            self.bound.push(&comprehension.iter_var);
            self.bound.extend(comprehension.iter_var2.as_deref());
            self.go(&comprehension.loop_cond);
            self.go(&comprehension.loop_step);
            self.bound.truncate(outside);
        } else {
            each_part(node, &mut |part| self.go(part));
        }
    }
}

/// Says whether an expression nests deeper than that.
pub(super) fn is_deeper(node: &IdedExpr, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else { return true };
    let mut found = false;
    each_part(node, &mut |part| found = found || is_deeper(part, below));
    found
}

/// Returns how many comprehensions stand inside or behind one another, where most do.
pub(super) fn loops(node: &IdedExpr) -> usize {
    let mut most = 0;
    each_part(node, &mut |part| most = most.max(loops(part)));
    most + usize::from(matches!(&node.expr, Expr::Comprehension(_)))
}

/// Returns the only call of that function, if there is exactly one.
pub(super) fn only_call(expression: &IdedExpr, function: &str) -> Option<u64> {
    let mut calls = Vec::new();
    find_calls(expression, function, &mut calls);
    match calls.as_slice() {
        [id] => Some(*id),
        _ => None,
    }
}

fn find_calls(node: &IdedExpr, function: &str, calls: &mut Vec<u64>) {
    if matches!(&node.expr, Expr::Call(call) if call.func_name == function) {
        calls.push(node.id);
    }
    each_part(node, &mut |part| find_calls(part, function, calls));
}

/// Hands on the parts of a node, in the order they are written.
pub(super) fn each_part<'a>(node: &'a IdedExpr, take: &mut dyn FnMut(&'a IdedExpr)) {
    match &node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Call(call) => call.target.iter().map(AsRef::as_ref).chain(&call.args).for_each(take),
        Expr::Comprehension(comprehension) => {
            let comprehension = comprehension.as_ref();
            let parts = [
                &comprehension.iter_range,
                &comprehension.accu_init,
                &comprehension.loop_cond,
                &comprehension.loop_step,
                &comprehension.result,
            ];
            parts.into_iter().for_each(take);
        }
        Expr::List(list) => list.elements.iter().for_each(take),
        Expr::Select(select) => take(&select.operand),
        Expr::Map(map) => map.entries.iter().for_each(|entry| each_of_entry(&entry.expr, take)),
        Expr::Struct(fields) => fields.entries.iter().for_each(|entry| each_of_entry(&entry.expr, take)),
    }
}

fn each_of_entry<'a>(entry: &'a EntryExpr, take: &mut dyn FnMut(&'a IdedExpr)) {
    match entry {
        EntryExpr::MapEntry(entry) => {
            take(&entry.key);
            take(&entry.value);
        }
        EntryExpr::StructField(field) => take(&field.value),
    }
}

/// Returns a name in parts, `a.b.c`, as it is written.
fn dotted(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => dotted(&select.operand).map(|name| format!("{name}.{}", select.field)),
        _ => None,
    }
}

const INDEX: &str = "_[_]";
