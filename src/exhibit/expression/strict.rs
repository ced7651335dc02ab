//! Comparisons that never answer what cannot be asked.
//!
//! In CEL `null != "x"` is true and `true == "true"` is false: both would decide in silence about records that say nothing, or
//! something else. So `==`, `!=` and `in` are replaced in the tree by functions of their own, under names that no expression can
//! write: `null` against anything is a want, unless it is compared with `null` as the expression has it, and values of different
//! types end the selection. Numbers are one type, whatever their spelling.

use cel::Env;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};
use cel::common::types::{CelBool, CelList, DYN_TYPE, Kind};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, ExecutionError};

/// Makes the functions known.
pub(super) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(STRICT_EQUALS, "strict_equals", vec![DYN_TYPE, DYN_TYPE], |arguments| {
        equals(&arguments, EQUALS).map(answer)
    })?;
    env.add_overload(STRICT_NOT_EQUALS, "strict_not_equals", vec![DYN_TYPE, DYN_TYPE], |arguments| {
        equals(&arguments, NOT_EQUALS).map(|is_equal| answer(!is_equal))
    })?;
    env.add_overload(STRICT_IN, "strict_in", vec![DYN_TYPE, DYN_TYPE], |arguments| is_in(&arguments).map(answer))
}

/// Replaces the comparisons of an expression, at any depth.
pub(super) fn replace(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| replace(target));
            call.args.iter_mut().for_each(replace);
            rename(call);
        }
        Expr::Comprehension(comprehension) => {
            let comprehension = comprehension.as_mut();
            replace(&mut comprehension.iter_range);
            replace(&mut comprehension.accu_init);
            replace(&mut comprehension.loop_cond);
            replace(&mut comprehension.loop_step);
            replace(&mut comprehension.result);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(replace),
        Expr::Select(select) => replace(&mut select.operand),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| replace_entry(&mut entry.expr)),
        Expr::Struct(fields) => fields.entries.iter_mut().for_each(|entry| replace_entry(&mut entry.expr)),
    }
}

fn replace_entry(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::MapEntry(entry) => {
            replace(&mut entry.key);
            replace(&mut entry.value);
        }
        EntryExpr::StructField(field) => replace(&mut field.value),
    }
}

fn rename(call: &mut CallExpr) {
    let strict = match call.func_name.as_str() {
        EQUALS => STRICT_EQUALS,
        NOT_EQUALS => STRICT_NOT_EQUALS,
        IN => STRICT_IN,
        _ => return,
    };
    let asks_for_null = call.args.iter().any(|argument| matches!(argument.expr, Expr::Literal(LiteralValue::Null)));
    if !asks_for_null {
        strict.clone_into(&mut call.func_name);
    }
}

fn equals(arguments: &[CowVal<'_, '_>], operator: &str) -> Result<bool, ExecutionError> {
    let [left, right] = both(arguments, operator)?;
    if are_comparable(left, right) { Ok(left.equals(right)) } else { Err(no_overload(operator, left, right)) }
}

fn is_in(arguments: &[CowVal<'_, '_>]) -> Result<bool, ExecutionError> {
    let [value, within] = both(arguments, IN)?;
    if kind_of(value) == Kind::NullType {
        return Err(no_overload(IN, value, within));
    }
    if let Some(list) = within.downcast_ref::<CelList<'_>>() {
        let elements = || list.inner().iter().map(AsRef::as_ref);
        return match elements().find(|element| !are_comparable(value, *element)) {
            // Whatever else is in the list: there it is.
            _ if elements().any(|element| value.equals(element)) => Ok(true),
            Some(other) => Err(no_overload(IN, value, other)),
            None => Ok(false),
        };
    }
    let container = within.as_container().ok_or_else(|| no_overload(IN, value, within))?;
    container.contains(value)
}

fn both<'a, 'v>(arguments: &'a [CowVal<'_, 'v>], operator: &str) -> Result<[&'a (dyn Val + 'v); 2], ExecutionError> {
    match arguments {
        [left, right] => Ok([left.as_ref(), right.as_ref()]),
        _ => Err(ExecutionError::function_error(operator, "takes two values")),
    }
}

/// Says whether two values can be equal at all. What is null says nothing.
fn are_comparable(left: &dyn Val, right: &dyn Val) -> bool {
    let (left, right) = (kind_of(left), kind_of(right));
    left == right && left != Kind::NullType
}

/// Returns the kind of a value; numbers are one.
fn kind_of(value: &dyn Val) -> Kind {
    match value.get_type().kind() {
        Kind::Int | Kind::UInt => Kind::Double,
        kind => kind,
    }
}

fn no_overload(operator: &str, left: &dyn Val, right: &dyn Val) -> ExecutionError {
    let types = [left, right].map(|value| value.get_type().name().to_owned());
    ExecutionError::no_such_overload(operator, types.into())
}

fn answer<'b, 'v>(is: bool) -> CowVal<'b, 'v> {
    CowVal::owned(CelBool::from(is))
}

pub(super) const EQUALS: &str = "_==_";
pub(super) const NOT_EQUALS: &str = "_!=_";
pub(super) const IN: &str = "@in";
const STRICT_EQUALS: &str = "@equals";
const STRICT_NOT_EQUALS: &str = "@not_equals";
const STRICT_IN: &str = "@strict_in";
