//! The SQL of departures.

use chrono::NaiveDate;
use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::types::{Departure, DepartureFields, DepartureFilter};
use crate::{
    db::Conn,
    error::ApiResult,
    http::{New, PageQuery, in_use, keyset},
    schema::staff_departures,
};

/// One page of a person's departures.
pub async fn list(conn: &mut Conn, person: Uuid, filter: &DepartureFilter, page: &PageQuery) -> ApiResult<Vec<Departure>> {
    let of_person = staff_departures::table.filter(staff_departures::staff_id.eq(person));
    let mut query = of_person.select(Departure::as_select()).into_boxed();
    query = in_use!(query, filter.retired, staff_departures::retired_at);
    let query = keyset!(query, page, staff_departures::id, { "departed_on" => staff_departures::departed_on; NaiveDate });
    Ok(query.load(conn).await?)
}

/// The departure of this id, whosever it is.
pub async fn find(conn: &mut Conn, id: Uuid) -> ApiResult<Option<Departure>> {
    Ok(staff_departures::table.find(id).select(Departure::as_select()).first(conn).await.optional()?)
}

/// Records a departure with the posts that it has ended.
pub async fn insert(conn: &mut Conn, by: Uuid, person: Uuid, new: &New<DepartureFields>, ended: Value) -> ApiResult<Departure> {
    let row = (
        staff_departures::id.eq(new.id),
        staff_departures::staff_id.eq(person),
        &new.fields,
        staff_departures::closed_posts.eq(ended),
        staff_departures::recorded_by.eq(by),
    );
    let insert = diesel::insert_into(staff_departures::table).values(row);
    Ok(insert.returning(Departure::as_returning()).get_result(conn).await?)
}

/// Records the first day back.
pub async fn put_return(conn: &mut Conn, by: Uuid, id: Uuid, day: NaiveDate) -> ApiResult<Departure> {
    Ok(diesel::update(staff_departures::table.find(id))
        .set((staff_departures::returned_on.eq(day), staff_departures::recorded_by.eq(by)))
        .returning(Departure::as_returning())
        .get_result(conn)
        .await?)
}

/// Takes a departure back.
pub async fn retire(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<Departure> {
    Ok(diesel::update(staff_departures::table.find(id))
        .set((staff_departures::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), staff_departures::recorded_by.eq(by)))
        .returning(Departure::as_returning())
        .get_result(conn)
        .await?)
}

/// Moves the departures of one record to another of the same person; what both tell of the same days is told once.
pub async fn take_over(conn: &mut Conn, by: Uuid, from: Uuid, into: Uuid) -> ApiResult<()> {
    diesel::sql_query(
        "UPDATE staff_departures d SET recorded_by = $3,
           staff_id = CASE WHEN twice THEN staff_id ELSE $2 END, retired_at = CASE WHEN twice THEN clock_timestamp() END
         FROM (
           SELECT l.id AS told, EXISTS (
             SELECT FROM staff_departures s WHERE s.staff_id = $2 AND s.retired_at IS NULL
               AND daterange(s.departed_on, s.returned_on, '[)') && daterange(l.departed_on, l.returned_on, '[)')) AS twice
           FROM staff_departures l WHERE l.staff_id = $1 AND l.retired_at IS NULL
         ) which WHERE d.id = told",
    )
    .bind::<diesel::sql_types::Uuid, _>(from)
    .bind::<diesel::sql_types::Uuid, _>(into)
    .bind::<diesel::sql_types::Uuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}
