//! Reading of values that other crates define, and checks that compare one field with another.

use std::hash::Hash;

use chrono::{Datelike, Days, NaiveDate, Utc};
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content};
use uuid::Uuid;

use crate::error::{Code, Faults, has_arabic_digits};

/// The fault of a value of another kind than was asked for.
pub fn wrong_kind<V: IntoValue>(actual: Value<V>, accepted: &[ValueKind], location: ValuePointerRef) -> Faults {
    take_cf_content(Faults::error(None, ErrorKind::IncorrectValueKind { actual, accepted }, location))
}

impl Deserr<Faults> for Uuid {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            // Only the hyphenated form: one id has one spelling.
            Value::String(text) if text.len() == 36 => text.parse().map_err(|_| Faults::at(location, Code::InvalidFormat)),
            Value::String(_) => Err(Faults::at(location, Code::InvalidFormat)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

/// Days are `YYYY-MM-DD`, from 1900 to ten years ahead; tables that hold only events of the campaign ask for more.
impl Deserr<Faults> for NaiveDate {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) => day(&text).map_err(|code| Faults::at(location, code)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

fn day(text: &str) -> Result<NaiveDate, Code> {
    if has_arabic_digits(text) {
        return Err(Code::ArabicDigits);
    }
    let shaped =
        text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shaped {
        return Err(Code::InvalidDate);
    }
    let day: NaiveDate = text.parse().map_err(|_| Code::InvalidDate)?;
    let latest = Utc::now().year() + 10;
    if (1900..=latest).contains(&day.year()) { Ok(day) } else { Err(Code::DateOutOfRange) }
}

/// A yes or no in a query string: `true` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flag(pub bool);

impl Deserr<Faults> for Flag {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::Boolean(flag) => Ok(Self(flag)),
            Value::String(text) if text == "true" => Ok(Self(true)),
            Value::String(text) if text == "false" => Ok(Self(false)),
            _ => Err(Faults::at(location, Code::WrongType)),
        }
    }
}

/// A whole number in a query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub struct Whole(pub i64);

impl Deserr<Faults> for Whole {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        let Value::String(text) = value else { return Err(Faults::at(location, Code::WrongType)) };
        text.parse().map(Self).map_err(|_| {
            let code = if has_arabic_digits(&text) { Code::ArabicDigits } else { Code::WrongType };
            Faults::at(location, code)
        })
    }
}

/// The end may not lie before the start.
pub fn in_order(faults: &mut Faults, pointer: &str, start: Option<NaiveDate>, end: Option<NaiveDate>) {
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        faults.add(pointer, Code::DateOrder);
    }
}

/// What happened cannot have happened after tomorrow: where it was written, the day may be a day ahead of UTC.
pub fn happened(faults: &mut Faults, pointer: &str, day: NaiveDate) {
    if day > Utc::now().date_naive() + Days::new(1) {
        faults.add(pointer, Code::DateInFuture);
    }
}

/// No entry may stand twice, and there may be no more of them than are kept.
pub fn distinct<T: Eq + Hash>(faults: &mut Faults, pointer: &str, entries: &[T], most: usize) {
    let mut seen = std::collections::HashSet::new();
    for (index, entry) in entries.iter().enumerate() {
        if !seen.insert(entry) {
            faults.add(format!("{pointer}/{index}"), Code::Repeated);
        }
    }
    if entries.len() > most {
        faults.add(pointer, Code::TooMany);
    }
}

/// The number must lie within the bounds, both included.
pub fn within<T: PartialOrd + Copy>(faults: &mut Faults, pointer: &str, number: Option<T>, least: T, most: T) {
    if number.is_some_and(|number| number < least || number > most) {
        faults.add(pointer, Code::OutOfRange);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tomorrow_may_have_begun_where_it_was_written_but_no_later_day() {
        let told = |ahead| {
            let mut faults = Faults::default();
            happened(&mut faults, "/dispatched_on", Utc::now().date_naive() + Days::new(ahead));
            faults.0.len()
        };
        assert_eq!([told(0), told(1), told(3)], [0, 0, 1]);
    }
}
