//! The SQL of distinctions.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, now},
    prelude::*,
    sql_types::Timestamptz,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{Distinction, DistinctionFields, DistinctionFilter};
use crate::{
    auth::Scope,
    db::Conn,
    error::ApiResult,
    http::{New, PageQuery, in_use, keyset},
    schema::{staff as people, staff_distinctions},
    staff,
};

/// One page of whom a person was told apart from, whichever of the two was named first; those whom the scope holds.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    person: Uuid,
    filter: &DistinctionFilter,
    page: &PageQuery,
) -> ApiResult<Vec<Distinction>> {
    let known = || people::table.select(people::id).into_boxed().filter(staff::visible(scope));
    let of_person =
        staff_distinctions::table.filter(staff_distinctions::staff_id.eq(person).or(staff_distinctions::other_id.eq(person)));
    let mut query = of_person.select(Distinction::as_select()).into_boxed();
    query = query.filter(staff_distinctions::staff_id.eq_any(known())).filter(staff_distinctions::other_id.eq_any(known()));
    query = in_use!(query, filter.retired, staff_distinctions::retired_at);
    let query = keyset!(query, page, staff_distinctions::id, { "recorded_at" => staff_distinctions::recorded_at; DateTime<Utc> });
    Ok(query.load(conn).await?)
}

/// The distinction of this id, if it is of this person.
pub async fn find(conn: &mut Conn, person: Uuid, id: Uuid) -> ApiResult<Option<Distinction>> {
    let there = staff_distinctions::table
        .find(id)
        .filter(staff_distinctions::staff_id.eq(person).or(staff_distinctions::other_id.eq(person)));
    Ok(there.select(Distinction::as_select()).first(conn).await.optional()?)
}

/// Whether somebody has said that these are two people.
pub async fn are_told_apart(conn: &mut Conn, one: Uuid, other: Uuid) -> ApiResult<bool> {
    let told = staff_distinctions::table
        .filter(staff_distinctions::retired_at.is_null())
        .filter(staff_distinctions::staff_id.eq_any([one, other]))
        .filter(staff_distinctions::other_id.eq_any([one, other]));
    Ok(diesel::select(exists(told)).get_result(conn).await?)
}

/// Tells two apart, if the id is free.
pub async fn insert(conn: &mut Conn, by: Uuid, person: Uuid, new: &New<DistinctionFields>) -> ApiResult<Option<Distinction>> {
    let row = (
        staff_distinctions::id.eq(new.id),
        staff_distinctions::staff_id.eq(person),
        &new.fields,
        staff_distinctions::recorded_by.eq(by),
    );
    let insert = diesel::insert_into(staff_distinctions::table).values(row).on_conflict(staff_distinctions::id).do_nothing();
    Ok(insert.returning(Distinction::as_returning()).get_result(conn).await.optional()?)
}

/// Takes it back: they may be one after all.
pub async fn retire(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<Distinction> {
    Ok(diesel::update(staff_distinctions::table.find(id))
        .set((
            staff_distinctions::retired_at.eq(now.into_sql::<Timestamptz>().nullable()),
            staff_distinctions::recorded_by.eq(by),
        ))
        .returning(Distinction::as_returning())
        .get_result(conn)
        .await?)
}
