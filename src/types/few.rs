//! One word of a closed list, or two with a comma between: what a figure is told by.

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};

use super::read::wrong_kind;
use crate::error::{Code, Faults};

/// One, or two different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneOrTwo<T> {
    /// The first.
    pub first: T,
    /// The second.
    pub second: Option<T>,
}

impl<T: Copy + PartialEq> OneOrTwo<T> {
    /// In their order.
    pub fn list(self) -> Vec<T> {
        std::iter::once(self.first).chain(self.second).collect()
    }

    /// Whether it is one of them.
    pub fn has(self, one: T) -> bool {
        self.first == one || self.second == Some(one)
    }
}

impl<T: Copy + PartialEq + Deserr<Faults>> Deserr<Faults> for OneOrTwo<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        let Value::String(text) = value else { return Err(wrong_kind(value, &[ValueKind::String], location)) };
        let word = |word: &str| T::deserialize_from_value(Value::<serde_json::Value>::String(word.to_owned()), location);
        let words = text.split(',').map(word).collect::<Result<Vec<T>, _>>()?;
        match words.as_slice() {
            [first] => Ok(Self { first: *first, second: None }),
            [first, second] if first == second => Err(Faults::at(location, Code::Repeated)),
            [first, second] => Ok(Self { first: *first, second: Some(*second) }),
            _ => Err(Faults::at(location, Code::TooMany)),
        }
    }
}
