//! What an item comes packed in.

use std::collections::HashSet;

use deserr::Deserr;
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    dsl::now,
    expression::AsExpression,
    pg::{Pg, PgValue},
    prelude::*,
    sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules;
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    schema::item_packs,
    types::{Amount, ShortText, within},
};

/// The most packs of one item.
const MOST_PACKS: usize = 20;
/// The longest name of a pack, in letters.
const LONGEST_NAME: usize = 40;
/// The most base units of one pack.
const MOST_OF_A_PACK: i64 = 1_000_000;

/// A pack of an item: so many of its base unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct Pack {
    /// Its name in English, once among the packs of an item.
    #[schema(value_type = String, min_length = 1, max_length = 40)]
    pub name: ShortText,
    /// Its name in Arabic.
    #[deserr(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 40)]
    pub name_ar: Option<ShortText>,
    /// How many of the item's base unit are in it.
    #[schema(minimum = 2, maximum = 1_000_000)]
    pub factor: i64,
    /// Its own trade item number (GS1), check digit included.
    #[deserr(default)]
    #[schema(value_type = Option<String>, pattern = "^([0-9]{8}|[0-9]{12,14})$")]
    pub gtin: Option<ShortText>,
}

/// So many packs of an item, to be told in base units.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"pack": "box", "packs": "2.5"}))]
pub struct PackConversion {
    /// The name of one of the item's packs.
    #[schema(value_type = String, min_length = 1, max_length = 40)]
    pub pack: ShortText,
    /// How many of it: a decimal number, since packs are opened.
    pub packs: Amount,
}

/// How many that is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConvertedQuantity {
    /// How many, in the item's base unit: what documents and requisitions take.
    pub quantity: i64,
    /// The base unit.
    #[schema(value_type = String)]
    pub base_unit: ShortText,
}

/// Adds what is wrong with the packs of an item that has this number of its own.
pub fn check(faults: &mut Faults, own: Option<&ShortText>, packs: &[Pack]) {
    if packs.len() > MOST_PACKS {
        faults.add("/packs", Code::TooMany);
    }
    let mut names = HashSet::new();
    let mut numbers: HashSet<String> = own.iter().map(|gtin| rules::gtin_14(gtin.as_str())).collect();
    for (index, pack) in packs.iter().enumerate() {
        let at = |field: &str| format!("/packs/{index}/{field}");
        for (field, name) in [("name", Some(&pack.name)), ("name_ar", pack.name_ar.as_ref())] {
            if name.is_some_and(|name| name.as_str().chars().count() > LONGEST_NAME) {
                faults.add(at(field), Code::TooLong);
            }
        }
        if !names.insert(pack.name.as_str().to_lowercase()) {
            faults.add(at("name"), Code::Repeated);
        }
        within(faults, &at("factor"), Some(pack.factor), 2, MOST_OF_A_PACK);
        if let Some(gtin) = &pack.gtin {
            match rules::gtin(gtin.as_str()) {
                Err(code) => faults.add(at("gtin"), code),
                Ok(()) if !numbers.insert(rules::gtin_14(gtin.as_str())) => faults.add(at("gtin"), Code::Repeated),
                Ok(()) => {}
            }
        }
    }
}

/// So many of one of these packs, in base units.
pub fn convert(packs: &[Pack], asked: &PackConversion) -> ApiResult<i64> {
    let Some(pack) = packs.iter().find(|pack| pack.name == asked.pack) else {
        return Err(ApiError::fault("/pack", Code::UnknownReference));
    };
    rules::in_base_units(&asked.packs, pack.factor).map_err(|code| ApiError::fault("/packs", code))
}

diesel::define_sql_function! {
    /// The packs of an item, in their order.
    fn siraj_item_packs(item: SqlUuid) -> Jsonb;
}

/// The packs as the database gives them: read as strictly as people's own words.
#[derive(Debug, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
pub struct StoredPacks(Vec<Pack>);

impl FromSql<Jsonb, Pg> for StoredPacks {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let packs = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?;
        deserr::deserialize::<_, _, Faults>(packs).map(Self).map_err(|_| "packs that are none".into())
    }
}

impl From<StoredPacks> for Vec<Pack> {
    fn from(stored: StoredPacks) -> Self {
        stored.0
    }
}

/// The packs of these items, in one statement whose text does not depend on how many they are.
pub async fn insert(conn: &mut Conn, by: Uuid, sets: &[(Uuid, &[Pack])]) -> ApiResult<()> {
    let all = || sets.iter().flat_map(|(id, packs)| packs.iter().zip(1..).map(|(pack, line)| (*id, line, pack)));
    if all().next().is_none() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO item_packs (id, item_id, line, name, name_ar, factor, gtin, recorded_by) \
         SELECT given.*, $8 FROM unnest($1, $2, $3, $4, $5, $6, $7) AS given",
    )
    .bind::<Array<SqlUuid>, _>(all().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(item, ..)| item).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(all().map(|(_, line, _)| line).collect::<Vec<i32>>())
    .bind::<Array<Text>, _>(all().map(|(.., pack)| &pack.name).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(all().map(|(.., pack)| pack.name_ar.as_ref()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(all().map(|(.., pack)| pack.factor).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(all().map(|(.., pack)| pack.gtin.as_ref()).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

/// Retires the packs of an item: others take their place.
pub async fn retire(conn: &mut Conn, by: Uuid, item: Uuid) -> ApiResult<()> {
    let there = item_packs::table.filter(item_packs::item_id.eq(item)).filter(item_packs::retired_at.is_null());
    diesel::update(there)
        .set((item_packs::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), item_packs::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    Ok(())
}
