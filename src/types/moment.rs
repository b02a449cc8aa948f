//! Moments that people name: when something was known.

use chrono::{DateTime, Datelike, Timelike, Utc};
use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use super::read::wrong_kind;
use crate::error::{Code, Faults, has_arabic_digits};

/// A moment at which something was known: of RFC 3339, with its offset, from 2011 on, not in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownAt(pub DateTime<Utc>);

impl KnownAt {
    /// Reads `2016-02-01T00:00:00Z`.
    pub fn parse(text: &str) -> Result<Self, Code> {
        if has_arabic_digits(text) {
            return Err(Code::ArabicDigits);
        }
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| Code::InvalidMoment)?.with_timezone(&Utc);
        // The clocks of the register know no second after the sixtieth.
        if moment.nanosecond() >= 1_000_000_000 {
            return Err(Code::InvalidMoment);
        }
        // Nothing was known before there was a register; and the database has no year 0.
        if moment.year() < 2011 {
            return Err(Code::DateOutOfRange);
        }
        if moment > Utc::now() { Err(Code::DateInFuture) } else { Ok(Self(moment)) }
    }
}

impl Deserr<Faults> for KnownAt {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) => Self::parse(&text).map_err(|code| Faults::at(location, code)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

impl PartialSchema for KnownAt {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples(["2016-02-01T00:00:00Z"])
            .build()
            .into()
    }
}
impl ToSchema for KnownAt {}
