//! The lists about the entries of a run.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    entries::{SignatureFilter, SignatureLine, StipendEntry, StipendEntryFilter, StipendEntryRow, StipendOverlap, UnpricedPost},
    statements::{PAIRS, PIECES},
    store::visible_entries,
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, keyset},
    schema::{facilities as places, staff, stipend_entries},
    types::RecordCode,
};

/// One page of a run's entries.
pub async fn entries(
    conn: &mut Conn,
    scope: &Scope,
    run: Uuid,
    filter: &StipendEntryFilter,
    page: &PageQuery,
) -> ApiResult<Vec<StipendEntry>> {
    use stipend_entries as entry;
    let mut query = entry::table
        .inner_join(staff::table.on(staff::id.eq(entry::staff_id)))
        .inner_join(places::table.on(places::id.eq(entry::facility_id)))
        .filter(entry::run_id.eq(run))
        .filter(entry::retired_at.is_null())
        .select((StipendEntryRow::as_select(), staff::code, places::code))
        .into_boxed();
    if *scope != Scope::Everything {
        let own = entry::table.select(entry::id).into_boxed().filter(visible_entries(scope));
        query = query.filter(entry::id.eq_any(own));
    }
    if let Some(status) = filter.status {
        query = query.filter(entry::status.eq(status));
    }
    if let Some(facility) = filter.facility_id {
        query = query.filter(entry::facility_id.eq(facility));
    }
    if let Some(person) = filter.staff_id {
        query = query.filter(entry::staff_id.eq(person).or(entry::person_id.eq(person)));
    }
    if let Some(cadre) = filter.cadre {
        query = query.filter(entry::cadre.eq(cadre));
    }
    if let Some(currency) = &filter.currency {
        query = query.filter(entry::currency.eq(currency));
    }
    if let Some(month) = filter.month {
        query = query.filter(entry::month.eq(month));
    }
    if let Some(payment) = filter.payment_id {
        query = query.filter(entry::payment_id.eq(payment));
    }
    if let Some(carried) = filter.carried_over {
        query = query.filter(entry::carried_from_id.is_not_null().eq(carried.0));
    }
    if let Some(words) = &page.q {
        query = query.filter(staff::search.like(siraj_pattern(words)).or(places::search.like(siraj_pattern(words))));
    }
    let query = keyset!(query, page, entry::id, {
        "staff_code" => staff::code; String,
        "facility_code" => places::code; String,
        "recorded_at" => entry::recorded_at; DateTime<Utc>,
    });
    let rows: Vec<(StipendEntryRow, RecordCode, RecordCode)> = query.load(conn).await?;
    Ok(rows.into_iter().map(whole).collect())
}

fn whole((row, staff_code, facility_code): (StipendEntryRow, RecordCode, RecordCode)) -> StipendEntry {
    StipendEntry { row, staff_code, facility_code }
}

/// An entry, if the scope holds it.
pub async fn entry(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<StipendEntry> {
    let own = stipend_entries::table.select(stipend_entries::id).into_boxed().filter(visible_entries(scope));
    let found = stipend_entries::table
        .inner_join(staff::table.on(staff::id.eq(stipend_entries::staff_id)))
        .inner_join(places::table.on(places::id.eq(stipend_entries::facility_id)))
        .filter(stipend_entries::id.eq(id))
        .filter(stipend_entries::retired_at.is_null())
        .filter(stipend_entries::id.eq_any(own))
        .select((StipendEntryRow::as_select(), staff::code, places::code));
    Ok(whole(found.first(conn).await?))
}

/// One page of the sheet that people sign: who is due, or whom a payment has paid.
pub async fn signatures(
    conn: &mut Conn,
    scope: &Scope,
    run: Uuid,
    filter: &SignatureFilter,
    page: &PageQuery,
) -> ApiResult<Vec<SignatureLine>> {
    pages(conn, &format!("WITH {SIGNATURES}"), scope, run, page, (filter.facility_id, filter.payment_id)).await
}

/// One page of the months that other runs pay too.
pub async fn overlaps(conn: &mut Conn, scope: &Scope, run: Uuid, page: &PageQuery) -> ApiResult<Vec<StipendOverlap>> {
    pages(conn, &format!("{PAIRS}, {OVERLAPS}"), scope, run, page, (None, None)).await
}

/// One page of the posts that gave no entry.
pub async fn unpriced(conn: &mut Conn, scope: &Scope, run: Uuid, page: &PageQuery) -> ApiResult<Vec<UnpricedPost>> {
    pages(conn, &format!("{PIECES}, {UNPRICED}"), scope, run, page, (None, None)).await
}

/// A page of what `told` says, sorted by its `key` and id; `facility_id` puts a line inside or outside of the scope.
/// $1 the run, $2 the caller's areas, $3 words, $4 and $5 where the page before ended, $6 backwards, $7 how many, $8 facility, $9 payment.
async fn pages<R>(
    conn: &mut Conn,
    told: &str,
    scope: &Scope,
    run: Uuid,
    page: &PageQuery,
    (facility, payment): (Option<Uuid>, Option<Uuid>),
) -> ApiResult<Vec<R>>
where
    R: diesel::deserialize::QueryableByName<diesel::pg::Pg> + Send + 'static,
{
    let (key, id) = page.after::<String>()?.unzip();
    let text = format!(
        "{told} SELECT * FROM told WHERE ($2 IS NULL OR facility_id IN (
           SELECT f.id FROM facilities f JOIN area_closure c ON c.area_id = f.area_id WHERE c.ancestor_id = ANY ($2)))
           AND ($3 IS NULL OR siraj_fold(key) LIKE siraj_pattern($3))
           AND ($4 IS NULL OR CASE WHEN $6 THEN (key, id) < ($4, $5) ELSE (key, id) > ($4, $5) END) AND ($8 IS NULL OR facility_id = $8)
           AND ($9::uuid IS NULL OR true)
         ORDER BY CASE WHEN $6 THEN key END DESC, CASE WHEN $6 THEN id END DESC, key, id LIMIT $7"
    );
    Ok(diesel::sql_query(text)
        .bind::<SqlUuid, _>(run)
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.areas())
        .bind::<Nullable<Text>, _>(&page.q)
        .bind::<Nullable<Text>, _>(key)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Bool, _>(page.sort.descending)
        .bind::<BigInt, _>(page.rows())
        .bind::<Nullable<SqlUuid>, _>(facility)
        .bind::<Nullable<SqlUuid>, _>(payment)
        .load(conn)
        .await?)
}

const SIGNATURES: &str = "told AS (
  SELECT e.id, f.code || ' ' || s.code AS key, f.code || ' ' || s.code AS line, e.facility_id, f.code AS facility_code, f.name AS facility_name,
         s.code AS staff_code, e.cadre, e.month, e.currency, e.amount, '' AS signature
  FROM stipend_entries e JOIN staff s ON s.id = e.staff_id JOIN facilities f ON f.id = e.facility_id
  WHERE e.run_id = $1 AND e.retired_at IS NULL AND CASE WHEN $9 IS NULL THEN e.status = 'due' ELSE e.payment_id = $9 END)";

const OVERLAPS: &str = "told AS (
  SELECT md5(e.id::text || o.id::text)::uuid AS id, s.code AS key, s.code AS staff_code, e.staff_id, e.facility_id, e.month, e.id AS entry_id, e.status,
         e.currency, e.amount, CASE WHEN own.seen THEN o.id END AS other_entry_id, r.id AS other_run_id, r.status AS other_run_status, r.contract_id AS other_contract_id,
         c.code AS other_contract_code, o.status AS other_status, CASE WHEN own.seen THEN o.currency END AS other_currency, CASE WHEN own.seen THEN o.amount END AS other_amount,
         p.waived, p.both_pay AND NOT p.waived AS paid_twice
  FROM pairs p JOIN stipend_entries e ON e.id = p.id JOIN stipend_entries o ON o.id = p.other_id
  JOIN stipend_runs r ON r.id = o.run_id JOIN contracts c ON c.id = r.contract_id JOIN staff s ON s.id = e.staff_id
  CROSS JOIN LATERAL (SELECT $2 IS NULL OR EXISTS (
    SELECT FROM facilities f JOIN area_closure k ON k.area_id = f.area_id WHERE f.id = o.facility_id AND k.ancestor_id = ANY ($2)) AS seen) own)";

const UNPRICED: &str = "faulty AS (
  SELECT person_id, count(*) > count(scale_id) AS unscaled FROM pieces GROUP BY person_id HAVING count(*) > count(scale_id) OR count(DISTINCT currency) > 1
), told AS (
  SELECT DISTINCT p.id, s.code AS key, p.staff_id, s.code AS staff_code, p.facility_id, f.code AS facility_code, p.cadre,
         CASE WHEN t.unscaled THEN 'no_scale' ELSE 'several_currencies' END AS reason
  FROM pieces p JOIN faulty t USING (person_id) JOIN staff s ON s.id = p.staff_id JOIN facilities f ON f.id = p.facility_id
  WHERE p.scale_id IS NULL OR NOT t.unscaled)";
