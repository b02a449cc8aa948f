//! The SQL of items.

use chrono::{DateTime, Utc};
use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    packs,
    types::{Item, ItemFields, ItemFilter},
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{New, PageQuery, in_use, keyset},
    register::Record,
    schema::items,
};

/// The catalogue is no secret: every scope holds all of it. An item is read with its packs.
impl Record for Item {
    type Fields = ItemFields;
    const COLLECTION: &'static str = "items";
    const SCOPED_BY: &'static str = "/code";

    fn id(&self) -> Uuid {
        self.id
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn is_retired(&self) -> bool {
        self.retired_at.is_some()
    }

    fn fields(&self) -> &ItemFields {
        &self.fields
    }

    async fn load(conn: &mut Conn, _: &Scope, id: Uuid) -> ApiResult<Option<Self>> {
        Ok(items::table.find(id).select(Self::as_select()).first(conn).await.optional()?)
    }

    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<Self>> {
        Ok(items::table.filter(items::id.eq_any(ids)).select(Self::as_select()).load(conn).await?)
    }

    async fn insert(conn: &mut Conn, by: Uuid, records: &[New<ItemFields>]) -> ApiResult<Vec<Self>> {
        let rows: Vec<_> =
            records.iter().map(|New { id, fields }| (items::id.eq(*id), fields, items::recorded_by.eq(by))).collect();
        let insert = diesel::insert_into(items::table).values(rows).on_conflict(items::id).do_nothing();
        let fresh: Vec<Uuid> = insert.returning(items::id).get_results(conn).await?;
        let sets: Vec<_> =
            records.iter().filter(|new| fresh.contains(&new.id)).map(|new| (new.id, new.fields.packs.as_slice())).collect();
        packs::insert(conn, by, &sets).await?;
        Self::load_many(conn, &fresh).await
    }

    async fn save(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, fields: &ItemFields) -> ApiResult<Option<Self>> {
        // Held first: a number that goes from a pack to its item, or back, is given up before it is taken.
        let there = items::table.find(id).filter(items::revision.eq(revision)).select(Self::as_select()).for_update();
        let Some(before) = there.first(conn).await.optional()? else { return Ok(None) };
        let repacked = before.fields.packs != fields.packs;
        if repacked {
            packs::retire(conn, by, id).await?;
        }
        diesel::update(items::table.find(id)).set((fields, items::recorded_by.eq(by))).execute(conn).await?;
        if repacked {
            packs::insert(conn, by, &[(id, &fields.packs)]).await?;
        }
        <Self as Record>::load(conn, &Scope::Everything, id).await
    }

    async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<Self>> {
        let there = items::table.find(id).filter(items::revision.eq(revision));
        let retired = diesel::update(there)
            .set((items::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), items::recorded_by.eq(by)))
            .returning(Self::as_returning())
            .get_result(conn)
            .await;
        Ok(retired.optional()?)
    }
}

/// One page of items.
pub async fn list(conn: &mut Conn, filter: &ItemFilter, page: &PageQuery) -> ApiResult<Vec<Item>> {
    let mut query = items::table.select(Item::as_select()).into_boxed();
    query = in_use!(query, filter.retired, items::retired_at);
    if let Some(category) = filter.category {
        query = query.filter(items::category.eq(category));
    }
    if let Some(controlled) = filter.controlled {
        query = query.filter(items::controlled.eq(controlled.0));
    }
    if let Some(cold_chain) = filter.cold_chain {
        query = query.filter(items::cold_chain.eq(cold_chain.0));
    }
    if let Some(words) = &page.q {
        query = query.filter(items::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, items::id, {
        "code" => items::code; String,
        "name" => items::name; String,
        "recorded_at" => items::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
