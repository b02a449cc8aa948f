//! Money: exact to the minor unit of its currency, sent as text because JSON numbers are not exact.

use bigdecimal::BigDecimal;
use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, Output, ToSql},
    sql_types::{Numeric, Text},
};
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::{amount::decimal, read::wrong_kind};
use crate::error::{Code, Faults};

/// The most digits behind the point that a currency has here: the thousandths of a dinar.
const MOST_MINOR_UNITS: usize = 3;

/// An amount of money: never negative when it is read; at most 13 digits before the point, and behind it as many as its
/// currency has ([`Money::ensure_exact`]). A sum that is answered may be negative. Two digits at least are written behind the point.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Numeric)]
pub struct Money(pub BigDecimal);

impl Money {
    /// Reads the decimal form: `70000`, `70000.00` or `12.345`.
    pub fn parse(text: &str) -> Result<Self, Code> {
        decimal(text, MOST_MINOR_UNITS).map(|amount| Self(amount.normalized()))
    }

    /// Whether the amount can be paid in this currency, which has so many digits behind the point and no more.
    pub fn is_exact(&self, currency: &Currency) -> bool {
        self.0.normalized().fractional_digit_count() <= i64::from(currency.minor_units())
    }

    /// Adds a fault for an amount of finer parts than its currency has.
    pub fn ensure_exact(faults: &mut Faults, pointer: &str, amount: Option<&Self>, currency: Option<&Currency>) {
        if let (Some(amount), Some(currency)) = (amount, currency)
            && !amount.is_exact(currency)
        {
            faults.add(pointer, Code::Precision);
        }
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.normalized().fractional_digit_count().max(2);
        serializer.serialize_str(&self.0.with_scale(digits).to_plain_string())
    }
}

impl Deserr<Faults> for Money {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) => Self::parse(&text).map_err(|code| Faults::at(location, code)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

impl FromSql<Numeric, Pg> for Money {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <BigDecimal as FromSql<Numeric, Pg>>::from_sql(bytes).map(|amount| Self(amount.normalized()))
    }
}

impl ToSql<Numeric, Pg> for Money {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <BigDecimal as ToSql<Numeric, Pg>>::to_sql(&self.0, out)
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^-?[0-9]{1,16}(\.[0-9]{1,3})?$"))
            .examples(["70000.00"])
            .build()
            .into()
    }
}
impl ToSchema for Money {}

/// A currency of ISO 4217 by its three letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, FromSqlRow, AsExpression)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct Currency(String);

impl Currency {
    /// The currency of three letters, if ISO 4217 has it.
    pub fn parse(text: &str) -> Result<Self, Code> {
        iso_currency::Currency::from_code(text).map(|known| Self(known.code().to_owned())).ok_or(Code::UnknownCurrency)
    }

    /// Its three letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many digits its amounts have behind the point, at most three: `siraj_minor_units` says the same in SQL.
    pub fn minor_units(&self) -> u16 {
        let known = iso_currency::Currency::from_code(&self.0).and_then(iso_currency::Currency::exponent);
        known.unwrap_or(2).min(3)
    }
}

impl Deserr<Faults> for Currency {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) => Self::parse(&text).map_err(|code| Faults::at(location, code)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

impl FromSql<Text, Pg> for Currency {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Pg>>::from_sql(bytes).map(Self)
    }
}

impl ToSql<Text, Pg> for Currency {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(&self.0, out)
    }
}

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Z]{3}$")).examples(["USD"]).build().into()
    }
}
impl ToSchema for Currency {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_the_digits_it_needs_and_two_at_least() {
        let written = |text| serde_json::to_value(Money::parse(text).expect("money")).expect("a text");
        assert_eq!(written("70000"), "70000.00");
        assert_eq!(written("12.340"), "12.34");
        assert_eq!(written("12.345"), "12.345");
        assert_eq!(Money::parse("12.3456"), Err(Code::Precision));
        assert_eq!(Money::parse("-1"), Err(Code::OutOfRange));
    }

    #[test]
    fn an_amount_is_exact_in_a_currency_that_has_its_digits() {
        let exact = |text, currency| Money::parse(text).expect("money").is_exact(&Currency::parse(currency).expect("a currency"));
        assert!(exact("100", "JPY") && exact("1.25", "USD") && exact("1.250", "USD") && exact("1.255", "JOD"));
        assert!(!exact("100.5", "JPY") && !exact("1.255", "USD"));
    }
}
