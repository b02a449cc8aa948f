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

/// Moves the departures of one record to another of the same person. Two that tell of one absence for one reason become one, of all its
/// days and of the posts that either ended; two of other reasons contradict each other, which the database refuses as an overlap.
pub async fn take_over(conn: &mut Conn, by: Uuid, from: Uuid, into: Uuid) -> ApiResult<()> {
    diesel::sql_query(
        "WITH twice AS (
           SELECT DISTINCT ON (l.id) l.id AS gone, s.id AS stays, l.departed_on, l.returned_on, l.closed_posts
           FROM staff_departures l JOIN staff_departures s ON s.staff_id = $2 AND s.retired_at IS NULL AND s.reason = l.reason
             AND daterange(s.departed_on, s.returned_on, '[)') && daterange(l.departed_on, l.returned_on, '[)')
           WHERE l.staff_id = $1 AND l.retired_at IS NULL ORDER BY l.id, s.departed_on
         ), widened AS (
           UPDATE staff_departures s SET departed_on = least(s.departed_on, t.departed_on), recorded_by = $3,
             returned_on = CASE WHEN s.returned_on IS NOT NULL AND t.returned_on IS NOT NULL THEN greatest(s.returned_on, t.returned_on) END,
             closed_posts = s.closed_posts || t.closed_posts
           FROM twice t WHERE s.id = t.stays
         )
         UPDATE staff_departures d SET recorded_by = $3,
           staff_id = CASE WHEN which.twice THEN d.staff_id ELSE $2 END, retired_at = CASE WHEN which.twice THEN clock_timestamp() END
         FROM (
           SELECT l.id AS told, EXISTS (SELECT FROM twice WHERE gone = l.id) AS twice
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
