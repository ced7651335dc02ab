//! JSON as CEL has it.

use std::collections::HashMap;

use cel::Value;
use cel::objects::{Key, Map};

use crate::codec::json::{Json, Shape};

/// Converts a value. Integers are `int`, above its range `uint`, and `double` beyond; of members of one name the last counts;
/// lone surrogates, which no text of CEL can hold, become U+FFFD. No deeper than JSON was allowed to nest.
pub(super) fn value(json: Json<'_>) -> Value {
    match json.shape() {
        Shape::Array => Value::List(json.items().map(value).collect::<Vec<_>>().into()),
        Shape::Bool(is) => Value::Bool(is),
        Shape::Null => Value::Null,
        Shape::Number(spelled) => number(spelled),
        Shape::Object => {
            let members = json.members().map(|(name, member)| (Key::from(name.spelled().into_owned()), value(member)));
            Value::Map(Map { map: members.collect::<HashMap<_, _>>().into() })
        }
        Shape::Text(text) => Value::String(text.spelled().into_owned().into()),
    }
}

fn number(spelled: &str) -> Value {
    if let Ok(int) = spelled.parse() {
        return Value::Int(int);
    }
    if let Ok(uint) = spelled.parse() {
        return Value::UInt(uint);
    }
    // A number too large for it is infinite.
    Value::Float(spelled.parse().unwrap_or(f64::NAN))
}
