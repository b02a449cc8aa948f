//! What is wrong with single values: gathered, so that one trip over a bad link tells everything.

use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, Value, ValueKind, ValuePointerRef};

use super::codes::Code;

/// One wrong value: where it stands (RFC 6901) and what is wrong with it. Never the value itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the body, or `/name` of a query parameter.
    pub pointer: String,
    /// What is wrong.
    pub code: Code,
    /// The values that would have been right, where they are few.
    pub allowed: Vec<String>,
}

/// All that is wrong with one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// A single fault.
    pub fn one(pointer: impl Into<String>, code: Code) -> Self {
        let mut faults = Self::default();
        faults.add(pointer, code);
        faults
    }

    /// Adds a fault at a pointer.
    pub fn add(&mut self, pointer: impl Into<String>, code: Code) {
        self.0.push(Fault { pointer: pointer.into(), code, allowed: Vec::new() });
    }

    /// Nothing was wrong, or all that was.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The fault of a value that a type refused while the body was read.
    pub fn at(location: ValuePointerRef, code: Code) -> Self {
        Self::one(pointer(location), code)
    }
}

/// RFC 6901: `~` and `/` inside a name are written `~0` and `~1`.
pub fn pointer(location: ValuePointerRef) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => {
            format!("{}/{}", pointer(*prev), key.replace('~', "~0").replace('/', "~1"))
        }
        ValuePointerRef::Index { index, prev } => format!("{}/{index}", pointer(*prev)),
    }
}

impl MergeWithError<Self> for Faults {
    fn merge(self_: Option<Self>, other: Self, _: ValuePointerRef) -> ControlFlow<Self, Self> {
        let mut faults = self_.unwrap_or_default();
        faults.0.extend(other.0);
        ControlFlow::Continue(faults)
    }
}

impl DeserializeError for Faults {
    fn error<V: IntoValue>(self_: Option<Self>, error: ErrorKind<V>, location: ValuePointerRef) -> ControlFlow<Self, Self> {
        let mut faults = self_.unwrap_or_default();
        let here = pointer(location);
        match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => faults.add(here, wrong_kind(&actual, accepted)),
            ErrorKind::MissingField { field } => faults.add(format!("{here}/{field}"), Code::Required),
            ErrorKind::UnknownKey { key, .. } => {
                faults.add(pointer(location.push_key(key)), Code::UnknownField);
            }
            ErrorKind::UnknownValue { accepted, .. } => faults.0.push(Fault {
                pointer: here,
                code: Code::UnknownValue,
                allowed: accepted.iter().map(ToString::to_string).collect(),
            }),
            ErrorKind::BadSequenceLen { .. } => faults.add(here, Code::TooMany),
            // The library's own integers say only that a number did not fit.
            ErrorKind::Unexpected { .. } => faults.add(here, Code::OutOfRange),
        }
        ControlFlow::Continue(faults)
    }
}

fn wrong_kind<V: IntoValue>(actual: &Value<V>, accepted: &[ValueKind]) -> Code {
    let whole = accepted.contains(&ValueKind::Integer);
    match actual {
        Value::Null => Code::Required,
        Value::String(text) if whole && has_arabic_digits(text) => Code::ArabicDigits,
        // Past 64 bits the parser hands over a float; below, it is a fraction or an exponent.
        Value::Float(number) if whole && number.abs() >= 9.0e15 => Code::OutOfRange,
        Value::NegativeInteger(_) if whole => Code::OutOfRange,
        _ => Code::WrongType,
    }
}

/// Digits of the Arabic and Persian scripts, which readers see as numbers and parsers do not.
pub fn has_arabic_digits(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}'))
}
