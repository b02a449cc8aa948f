//! What one unit is worth in another: exact, never rounded on its way.

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

use super::{amount::decimal, read::wrong_kind};
use crate::error::{Code, Faults};

/// The digits behind the point that people may write.
const MOST_DIGITS: usize = 8;
/// The largest that is kept.
const MOST: i64 = 999_999_999_999;

/// A factor above nothing: at most 12 digits before the point and 8 behind it when it is read. One that was turned round
/// has up to 16 behind it.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Numeric)]
pub struct Factor(pub BigDecimal);

impl Factor {
    /// Reads the decimal form: `250` or `0.00397614`.
    pub fn parse(text: &str) -> Result<Self, Code> {
        let factor = decimal(text, MOST_DIGITS)?;
        let is_right = factor > 0 && factor <= MOST;
        if is_right { Ok(Self(factor.normalized())) } else { Err(Code::OutOfRange) }
    }
}

impl Serialize for Factor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.normalized().to_plain_string())
    }
}

impl Deserr<Faults> for Factor {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) => Self::parse(&text).map_err(|code| Faults::at(location, code)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

impl FromSql<Numeric, Pg> for Factor {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <BigDecimal as FromSql<Numeric, Pg>>::from_sql(bytes).map(|factor| Self(factor.normalized()))
    }
}

impl ToSql<Numeric, Pg> for Factor {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <BigDecimal as ToSql<Numeric, Pg>>::to_sql(&self.0, out)
    }
}

impl PartialSchema for Factor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^[0-9]{1,12}(\.[0-9]{1,16})?$"))
            .examples(["251.5"])
            .build()
            .into()
    }
}
impl ToSchema for Factor {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_above_nothing_and_written_plainly() {
        let written = |text| serde_json::to_value(Factor::parse(text).expect("a factor")).expect("a text");
        assert_eq!(written("250"), "250");
        assert_eq!(written("0.00397614"), "0.00397614");
        assert_eq!(written("1.50"), "1.5");
        for (text, code) in [
            ("0", Code::OutOfRange),
            ("0.00000000", Code::OutOfRange),
            ("-1", Code::OutOfRange),
            ("1000000000000", Code::OutOfRange),
            ("0.000000001", Code::Precision),
            ("1e3", Code::InvalidFormat),
        ] {
            assert_eq!(Factor::parse(text), Err(code), "{text}");
        }
    }
}
