//! The SQL of planned posts.

use chrono::NaiveDate;
use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{FacilityPost, FacilityPostFields, FacilityPostFilter};
use crate::{
    db::Conn,
    error::ApiResult,
    http::{New, PageQuery, in_use, keyset},
    schema::facility_posts,
};

/// One page of a facility's plan.
pub async fn list(
    conn: &mut Conn,
    facility: Uuid,
    filter: &FacilityPostFilter,
    page: &PageQuery,
) -> ApiResult<Vec<FacilityPost>> {
    let of_facility = facility_posts::table.filter(facility_posts::facility_id.eq(facility));
    let mut query = of_facility.select(FacilityPost::as_select()).into_boxed();
    query = in_use!(query, filter.retired, facility_posts::retired_at);
    if let Some(cadre) = filter.cadre {
        query = query.filter(facility_posts::cadre.eq(cadre));
    }
    if let Some(day) = filter.on {
        query = query
            .filter(facility_posts::starts_on.le(day))
            .filter(facility_posts::ends_on.is_null().or(facility_posts::ends_on.ge(day)));
    }
    let query = keyset!(query, page, facility_posts::id, { "starts_on" => facility_posts::starts_on; NaiveDate });
    Ok(query.load(conn).await?)
}

/// The plan of this id, if it is of this facility; held until the transaction ends.
pub async fn lock(conn: &mut Conn, facility: Uuid, id: Uuid) -> ApiResult<Option<FacilityPost>> {
    let there = facility_posts::table.find(id).filter(facility_posts::facility_id.eq(facility));
    Ok(there.select(FacilityPost::as_select()).for_update().first(conn).await.optional()?)
}

/// Adds a plan, if its id is free.
pub async fn insert(conn: &mut Conn, by: Uuid, facility: Uuid, new: &New<FacilityPostFields>) -> ApiResult<Option<FacilityPost>> {
    let row = (
        facility_posts::id.eq(new.id),
        facility_posts::facility_id.eq(facility),
        &new.fields,
        facility_posts::recorded_by.eq(by),
    );
    let insert = diesel::insert_into(facility_posts::table).values(row).on_conflict(facility_posts::id).do_nothing();
    Ok(insert.returning(FacilityPost::as_returning()).get_result(conn).await.optional()?)
}

/// Puts new fields in the place of the old.
pub async fn save(conn: &mut Conn, by: Uuid, id: Uuid, fields: &FacilityPostFields) -> ApiResult<FacilityPost> {
    Ok(diesel::update(facility_posts::table.find(id))
        .set((fields, facility_posts::recorded_by.eq(by)))
        .returning(FacilityPost::as_returning())
        .get_result(conn)
        .await?)
}

/// Retires a plan.
pub async fn retire(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<FacilityPost> {
    Ok(diesel::update(facility_posts::table.find(id))
        .set((facility_posts::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), facility_posts::recorded_by.eq(by)))
        .returning(FacilityPost::as_returning())
        .get_result(conn)
        .await?)
}
