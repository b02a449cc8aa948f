//! The hours that a generator ran, day by day.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    dsl::now,
    expression::AsExpression,
    pg::{Pg, PgValue},
    prelude::*,
    serialize::{self, Output, ToSql},
    sql_types::{Numeric, Timestamptz},
};
use diesel_async::RunQueryDsl;
use serde::{Serialize, Serializer};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

use super::types::Generator;
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiResult, Code, Faults},
    http::{Answer, IfMatch, IfPresentMatch, ListFilter, PageQuery, keyset},
    register::{self, Fields},
    schema::generator_hours,
    types::{Amount, LongText, wrong_kind},
};

/// Hours of one day: 0 to 24 with one digit behind the point, sent as text.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Numeric)]
pub struct Hours(BigDecimal);

impl Hours {
    /// Reads the decimal form: `7` or `7.5`.
    pub fn parse(text: &str) -> Result<Self, Code> {
        let (Amount(hours), most) = (Amount::parse(text)?, BigDecimal::from(24));
        if hours > most {
            return Err(Code::OutOfRange);
        }
        // A quarter of an hour would be rounded by the table, silently.
        let tenths = hours.with_scale(1);
        if tenths == hours { Ok(Self(tenths)) } else { Err(Code::Precision) }
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.with_scale(1).to_plain_string())
    }
}

impl Deserr<Faults> for Hours {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) => Self::parse(&text).map_err(|code| Faults::at(location, code)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

impl FromSql<Numeric, Pg> for Hours {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <BigDecimal as FromSql<Numeric, Pg>>::from_sql(bytes).map(Self)
    }
}

impl ToSql<Numeric, Pg> for Hours {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <BigDecimal as ToSql<Numeric, Pg>>::to_sql(&self.0, out)
    }
}

impl PartialSchema for Hours {
    fn schema() -> RefOr<Schema> {
        let decimal = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^([0-9]|1[0-9]|2[0-4])(\.[0-9])?$"));
        decimal.examples(["7.5"]).build().into()
    }
}
impl ToSchema for Hours {}

/// What people say of a generator's day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = generator_hours, treat_none_as_null = true)]
#[schema(example = json!({"hours": "7.5", "note": "Grid power from noon to five."}))]
pub struct GeneratorHoursFields {
    /// How many hours it ran.
    pub hours: Hours,
    /// Anything else worth knowing. Never coordinates or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for GeneratorHoursFields {}

/// How many hours a generator ran on a day, with the tank and the rate it had then.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = generator_hours)]
pub struct GeneratorHours {
    /// Its id.
    pub id: Uuid,
    /// The generator.
    pub generator_id: Uuid,
    /// The day.
    pub ran_on: NaiveDate,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: GeneratorHoursFields,
    /// The tank that fed it when this was first written.
    pub tank_id: Uuid,
    /// What it was expected to burn then, in litres an hour.
    pub litres_per_hour: Amount,
    /// When it was taken back.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// Which days to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GeneratorHoursFilter {
    /// This day and later.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// This day and earlier.
    #[deserr(default)]
    pub until_on: Option<NaiveDate>,
}

impl ListFilter for GeneratorHoursFilter {
    const SORTS: &'static [&'static str] = &["ran_on"];
}

/// One page of a generator's days.
pub async fn list(
    conn: &mut Conn,
    generator: Uuid,
    filter: &GeneratorHoursFilter,
    page: &PageQuery,
) -> ApiResult<Vec<GeneratorHours>> {
    let of_it = generator_hours::table.filter(generator_hours::generator_id.eq(generator));
    let mut query = of_it.filter(generator_hours::retired_at.is_null()).select(GeneratorHours::as_select()).into_boxed();
    if let Some(day) = filter.since_on {
        query = query.filter(generator_hours::ran_on.ge(day));
    }
    if let Some(day) = filter.until_on {
        query = query.filter(generator_hours::ran_on.le(day));
    }
    let query = keyset!(query, page, generator_hours::id, { "ran_on" => generator_hours::ran_on; NaiveDate });
    Ok(query.load(conn).await?)
}

/// Makes or replaces the hours of a day that no dip has closed. What is there already is not written again; what it replaces must have been read.
pub async fn put(
    conn: &mut Conn,
    actor: &Actor,
    (generator, day): (Uuid, NaiveDate),
    expected: IfPresentMatch,
    fields: &GeneratorHoursFields,
) -> ApiResult<Answer> {
    register::load_open::<Generator>(conn, &actor.scope, generator).await?;
    let row = (
        generator_hours::id.eq(Uuid::now_v7()),
        generator_hours::generator_id.eq(generator),
        generator_hours::ran_on.eq(day),
        fields,
        generator_hours::recorded_by.eq(actor.id),
    );
    let made: Option<GeneratorHours> = diesel::insert_into(generator_hours::table)
        .values(row)
        .on_conflict((generator_hours::generator_id, generator_hours::ran_on))
        .filter_target(generator_hours::retired_at.is_null())
        .do_nothing()
        .returning(GeneratorHours::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    if let Some(made) = made {
        return Answer::put(true, made.revision, &made);
    }
    let mut there = of_day(conn, generator, day).await?;
    if there.fields != *fields {
        expected.check(there.revision, &there)?;
        there = diesel::update(generator_hours::table.find(there.id))
            .set((fields, generator_hours::recorded_by.eq(actor.id)))
            .returning(GeneratorHours::as_returning())
            .get_result(conn)
            .await?;
    }
    Answer::put(false, there.revision, &there)
}

/// Takes back the hours of a day that no dip has closed.
pub async fn retire(conn: &mut Conn, actor: &Actor, (generator, day): (Uuid, NaiveDate), expected: IfMatch) -> ApiResult<Answer> {
    register::load_open::<Generator>(conn, &actor.scope, generator).await?;
    let there = of_day(conn, generator, day).await?;
    expected.check(there.revision, &there)?;
    let retired: GeneratorHours = diesel::update(generator_hours::table.find(there.id))
        .set((
            generator_hours::retired_at.eq(now.into_sql::<Timestamptz>().nullable()),
            generator_hours::recorded_by.eq(actor.id),
        ))
        .returning(GeneratorHours::as_returning())
        .get_result(conn)
        .await?;
    Answer::record(retired.revision, &retired)
}

/// The hours of a day, held until we are done.
async fn of_day(conn: &mut Conn, generator: Uuid, day: NaiveDate) -> ApiResult<GeneratorHours> {
    let of_day = generator_hours::table
        .filter(generator_hours::generator_id.eq(generator))
        .filter(generator_hours::ran_on.eq(day))
        .filter(generator_hours::retired_at.is_null());
    Ok(of_day.for_update().select(GeneratorHours::as_select()).first(conn).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_one_day_to_the_tenth() {
        let told = |text: &str| Hours::parse(text).map(|hours| hours.0.to_plain_string());
        for (text, hours) in [("0", "0.0"), ("7.5", "7.5"), ("7.50", "7.5"), ("24", "24.0")] {
            assert_eq!(told(text).as_deref(), Ok(hours));
        }
        for (text, code) in [
            ("24.1", Code::OutOfRange),
            ("-1", Code::OutOfRange),
            ("7.25", Code::Precision),
            ("7.555", Code::Precision),
            ("٧", Code::ArabicDigits),
            ("", Code::InvalidFormat),
            ("1e1", Code::InvalidFormat),
        ] {
            assert_eq!(told(text), Err(code), "{text}");
        }
    }
}
