//! What happens to all posts of a person at once, by the set: they end when the person leaves, and move when two records were one.

use chrono::NaiveDate;
use diesel::sql_types::{Date, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::{db::Conn, error::ApiResult, types::Reason};

#[derive(diesel::QueryableByName)]
struct Ended {
    #[diesel(sql_type = Jsonb)]
    posts: Value,
}

/// Ends the posts that a person holds beyond a day on that day; gives them with the ends that they had.
pub async fn end_posts(conn: &mut Conn, by: Uuid, person: Uuid, day: NaiveDate) -> ApiResult<Value> {
    let query = diesel::sql_query(
        "WITH open AS (
           SELECT id, ends_on, contract_id FROM assignments
           WHERE staff_id = $1 AND retired_at IS NULL AND starts_on <= $2 AND (ends_on IS NULL OR ends_on > $2)
         ), ended AS (
           -- A contract that begins later pays none of what is left.
           UPDATE assignments a SET ends_on = $2, recorded_by = $3, contract_id = (
             SELECT c.id FROM contracts c WHERE c.id = a.contract_id AND daterange(c.starts_on, c.ends_on, '[]') && daterange(a.starts_on, $2, '[]'))
           FROM open WHERE a.id = open.id RETURNING a.id, open.ends_on, open.contract_id
         )
         SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'ends_on', ends_on, 'contract_id', contract_id) ORDER BY id), '[]') AS posts
         FROM ended",
    );
    let query = query.bind::<SqlUuid, _>(person).bind::<Date, _>(day).bind::<SqlUuid, _>(by);
    let ended: Ended = query.get_result(conn).await?;
    Ok(ended.posts)
}

/// Gives posts that were ended on a day the ends that they had, but no days after the person's next departure; one that was changed since
/// is left as it is.
pub async fn reopen_posts(conn: &mut Conn, by: Uuid, posts: &Value, day: NaiveDate) -> ApiResult<()> {
    diesel::sql_query(
        "UPDATE assignments a SET ends_on = least(was.ends_on, (
             SELECT min(d.departed_on) FROM staff_departures d WHERE d.staff_id = a.staff_id AND d.retired_at IS NULL AND d.departed_on >= $3)), contract_id = coalesce(a.contract_id, was.contract_id), recorded_by = $2
         FROM jsonb_to_recordset($1) AS was (id uuid, ends_on date, contract_id uuid)
         WHERE a.id = was.id AND a.retired_at IS NULL AND a.ends_on = $3",
    )
    .bind::<Jsonb, _>(posts)
    .bind::<SqlUuid, _>(by)
    .bind::<Date, _>(day)
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves the posts of one record to another of the same person. A post that the other holds too is not held twice: of it only the days
/// move that the other does not cover, and where there are none it is retired. A waiver goes to what meets other posts of the person.
pub async fn take_over(conn: &mut Conn, by: Uuid, from: Uuid, into: Uuid, waiver: Option<&Reason>) -> ApiResult<()> {
    diesel::sql_query(
        "WITH pieces AS (
           SELECT l.id, piece, row_number() OVER (PARTITION BY l.id ORDER BY piece) AS nth
           FROM assignments l
           CROSS JOIN LATERAL (
             SELECT range_agg(daterange(s.starts_on, s.ends_on, '[]')) AS days FROM assignments s
             WHERE s.staff_id = $2 AND s.facility_id = l.facility_id AND s.cadre = l.cadre AND s.retired_at IS NULL
           ) held
           CROSS JOIN LATERAL unnest(datemultirange(daterange(l.starts_on, l.ends_on, '[]')) - coalesce(held.days, '{}')) AS piece
           WHERE l.staff_id = $1 AND l.retired_at IS NULL
         ), covered AS (
           UPDATE assignments a SET retired_at = clock_timestamp(), recorded_by = $3
           WHERE a.staff_id = $1 AND a.retired_at IS NULL AND NOT EXISTS (SELECT FROM pieces WHERE pieces.id = a.id)
         ), told AS (
           -- A contract that pays no day of a piece is not its.
           SELECT p.id, p.nth, (
             SELECT c.id FROM contracts c WHERE c.id = a.contract_id AND daterange(c.starts_on, c.ends_on, '[]') && p.piece) AS contract_id,
           CASE WHEN EXISTS (
             SELECT FROM assignments s WHERE s.staff_id = $2 AND s.retired_at IS NULL AND daterange(s.starts_on, s.ends_on, '[]') && p.piece
           ) THEN $4 END AS waiver FROM pieces p JOIN assignments a ON a.id = p.id
         ), moved AS (
           UPDATE assignments a SET staff_id = $2, starts_on = lower(p.piece), ends_on = upper(p.piece) - 1,
             contract_id = t.contract_id, share_waiver = coalesce(a.share_waiver, t.waiver), recorded_by = $3
           FROM pieces p JOIN told t USING (id, nth) WHERE a.id = p.id AND p.nth = 1
         )
         INSERT INTO assignments (id, staff_id, facility_id, cadre, role, share_percent, starts_on, ends_on, contract_id, share_waiver, recorded_by)
         SELECT gen_random_uuid(), $2, a.facility_id, a.cadre, a.role, a.share_percent, lower(p.piece), upper(p.piece) - 1, t.contract_id,
                coalesce(a.share_waiver, t.waiver), $3
         FROM pieces p JOIN told t USING (id, nth) JOIN assignments a ON a.id = p.id WHERE p.nth > 1",
    )
    .bind::<SqlUuid, _>(from)
    .bind::<SqlUuid, _>(into)
    .bind::<SqlUuid, _>(by)
    .bind::<Nullable<Text>, _>(waiver)
    .execute(conn)
    .await?;
    Ok(())
}
