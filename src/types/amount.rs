//! Exact decimals, sent as text because JSON numbers are not exact.

use std::str::FromStr;

use bigdecimal::BigDecimal;
use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, Output, ToSql},
    sql_types::Numeric,
};
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::read::wrong_kind;
use crate::error::{Code, Faults, has_arabic_digits};

/// An exact quantity: at most 13 digits before the point and 2 behind it, never negative.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Numeric)]
pub struct Amount(pub BigDecimal);

impl Amount {
    /// Reads the decimal form: `70000` or `70000.00`.
    pub fn parse(text: &str) -> Result<Self, Code> {
        decimal(text, 2).map(|amount| Self(amount.with_scale(2)))
    }
}

/// A decimal that is not negative, of at most 13 digits before the point and so many behind it.
pub fn decimal(text: &str, fraction_digits: usize) -> Result<BigDecimal, Code> {
    if has_arabic_digits(text) {
        return Err(Code::ArabicDigits);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.starts_with('-') && digits(whole.trim_start_matches('-')) && digits(fraction) {
        return Err(Code::OutOfRange);
    }
    if !digits(whole) || !digits(fraction) {
        return Err(Code::InvalidFormat);
    }
    if fraction.len() > fraction_digits || whole.len() > 13 {
        return Err(Code::Precision);
    }
    BigDecimal::from_str(text).map_err(|_| Code::InvalidFormat)
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.with_scale(2).to_plain_string())
    }
}

impl Deserr<Faults> for Amount {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) => Self::parse(&text).map_err(|code| Faults::at(location, code)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

impl FromSql<Numeric, Pg> for Amount {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <BigDecimal as FromSql<Numeric, Pg>>::from_sql(bytes).map(Self)
    }
}

impl ToSql<Numeric, Pg> for Amount {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <BigDecimal as ToSql<Numeric, Pg>>::to_sql(&self.0, out)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^[0-9]{1,13}(\.[0-9]{1,2})?$"))
            .examples(["70000.00"])
            .build()
            .into()
    }
}
impl ToSchema for Amount {}
