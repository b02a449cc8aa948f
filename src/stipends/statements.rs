//! The statements that make and move entries by the set: none of them is run once a person.

use chrono::NaiveDate;
use diesel::{
    OptionalExtension, QueryableByName,
    sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Numeric, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::entries::StipendEntryStatus as Status;
use crate::{
    auth::Scope,
    db::Conn,
    error::ApiResult,
    types::{Currency, Factor, Money, Reason},
};

/// $1 the run. The posts that the contract pays in the month, each with the scales that pay it and the days they share.
pub const PIECES: &str = "WITH pieces AS MATERIALIZED (SELECT * FROM siraj_stipend_pieces($1))";

/// $2 who computes. What each person is to get: the sum over the pieces of monthly amount × share × days ÷ days of the month, rounded once,
/// half away from zero, to the minor unit of its currency. Who has a post without a scale, or scales of two currencies, gets no entry.
/// What was drafted before is brought to this; who is no longer paid is put away; what was carried over stays as it is.
const COMPUTE: &str = r"
, run AS (
  SELECT id, month, (month + interval '1 month')::date - month AS month_days FROM stipend_runs WHERE id = $1
), sums AS (
  SELECT person_id, min(currency) AS currency, range_agg(days) AS days, sum(share_percent * served) AS percent_days,
         sum(monthly_amount * share_percent * served) AS weighed,
         -- Where the person signs: at the post that was served most.
         (array_agg(staff_id ORDER BY share_percent * served DESC, id))[1] AS staff_id,
         (array_agg(facility_id ORDER BY share_percent * served DESC, id))[1] AS facility_id,
         (array_agg(cadre ORDER BY share_percent * served DESC, id))[1] AS cadre,
         jsonb_agg(jsonb_build_object('assignment_id', id, 'facility_id', facility_id, 'cadre', cadre, 'scale_id', scale_id,
           'monthly_amount', trim_scale(monthly_amount)::text, 'share_percent', share_percent, 'days', served) ORDER BY id, scale_id) AS posts
  FROM pieces GROUP BY person_id HAVING count(*) = count(scale_id) AND count(DISTINCT currency) = 1
), people AS MATERIALIZED (
  SELECT run.id AS run_id, run.month, s.person_id, s.staff_id, s.facility_id, s.cadre, s.posts, s.currency,
         (SELECT sum(upper(part) - lower(part)) FROM unnest(s.days) AS part)::smallint AS days_served, round(s.percent_days / 100.0, 2) AS full_time_days,
         round(s.weighed / (100 * run.month_days), siraj_minor_units(s.currency)) AS amount
  FROM sums s CROSS JOIN run
), gone AS (
  UPDATE stipend_entries e SET retired_at = now(), recorded_by = $2
  WHERE e.run_id = $1 AND e.retired_at IS NULL AND e.carried_from_id IS NULL AND e.person_id NOT IN (SELECT person_id FROM people)
)
INSERT INTO stipend_entries AS there (run_id, month, person_id, staff_id, facility_id, cadre, posts, currency, days_served, full_time_days, amount, recorded_by)
SELECT run_id, month, person_id, staff_id, facility_id, cadre, posts, currency, days_served, full_time_days, amount, $2 FROM people
ON CONFLICT (run_id, person_id, month) WHERE retired_at IS NULL DO UPDATE
SET staff_id = excluded.staff_id, facility_id = excluded.facility_id, cadre = excluded.cadre, posts = excluded.posts, currency = excluded.currency,
    days_served = excluded.days_served, full_time_days = excluded.full_time_days, amount = excluded.amount, recorded_by = excluded.recorded_by
WHERE there.carried_from_id IS NULL
  AND (there.staff_id, there.facility_id, there.cadre, there.posts, there.amount) IS DISTINCT FROM
      (excluded.staff_id, excluded.facility_id, excluded.cadre, excluded.posts, excluded.amount)";

/// $1 the run, $2 who computes. What waits to be carried over, of the contract and of those before it in its chain, from runs of this month
/// or earlier: each goes into the first run that takes it, and comes free again where that run is cancelled.
const CARRIED: &str = r"
WITH RECURSIVE run AS (SELECT id, contract_id, month FROM stipend_runs WHERE id = $1),
chain AS (
  SELECT contract_id AS id FROM run
  UNION SELECT c.renews_id FROM chain JOIN contracts c ON c.id = chain.id WHERE c.renews_id IS NOT NULL
)
INSERT INTO stipend_entries (run_id, month, person_id, staff_id, facility_id, cadre, posts, currency, days_served, full_time_days, amount,
                             double_pay_waiver, carried_from_id, recorded_by)
SELECT run.id, e.month, siraj_paid_person(e.staff_id), e.staff_id, e.facility_id, e.cadre, e.posts, e.currency, e.days_served, e.full_time_days, e.amount,
       e.double_pay_waiver, e.id, $2
FROM run JOIN stipend_runs past ON past.contract_id IN (SELECT id FROM chain) AND past.status = 'closed' AND past.month <= run.month AND past.id <> run.id
JOIN stipend_entries e ON e.run_id = past.id AND e.status = 'carried' AND e.retired_at IS NULL
WHERE NOT EXISTS (SELECT FROM stipend_entries taken WHERE taken.carried_from_id = e.id AND taken.status <> 'cancelled' AND taken.retired_at IS NULL)
ORDER BY e.month, e.id
ON CONFLICT DO NOTHING";

/// From here on the transaction joins sets, and tries no pairs: of a run that was drafted a moment ago the planner expects no rows.
pub async fn by_sets(conn: &mut Conn) -> ApiResult<()> {
    diesel::sql_query("SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)").execute(conn).await?;
    Ok(())
}

/// Computes the entries of a held draft, for the first time or anew.
pub async fn compute(conn: &mut Conn, by: Uuid, run: Uuid) -> ApiResult<()> {
    for text in [format!("{PIECES}{COMPUTE}"), CARRIED.to_owned()] {
        diesel::sql_query(text).bind::<SqlUuid, _>(run).bind::<SqlUuid, _>(by).execute(conn).await?;
    }
    Ok(())
}

/// The draft that takes what the closing of this run leaves, held; if there is one of the contract, or of one that renews it.
pub async fn next_draft(conn: &mut Conn, run: Uuid) -> ApiResult<Option<Uuid>> {
    let next = "WITH RECURSIVE chain AS (
          SELECT contract_id AS id FROM stipend_runs WHERE id = $1
          UNION SELECT c.id FROM chain JOIN contracts c ON c.renews_id = chain.id
        )
        SELECT r.id FROM stipend_runs r JOIN stipend_runs past ON past.id = $1 AND r.month >= past.month
        WHERE r.contract_id IN (SELECT id FROM chain) AND r.status = 'draft' AND r.retired_at IS NULL ORDER BY r.month, r.id LIMIT 1 FOR UPDATE OF r";
    Ok(diesel::sql_query(next).bind::<SqlUuid, _>(run).get_result::<Named>(conn).await.optional()?.map(|found| found.id))
}

/// Takes what waits to be carried over into a held draft.
pub async fn take_carried(conn: &mut Conn, by: Uuid, run: Uuid) -> ApiResult<()> {
    diesel::sql_query(CARRIED).bind::<SqlUuid, _>(run).bind::<SqlUuid, _>(by).execute(conn).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

async fn tell(conn: &mut Conn, text: &str, run: Uuid) -> ApiResult<bool> {
    let told: Told = diesel::sql_query(text).bind::<SqlUuid, _>(run).get_result(conn).await?;
    Ok(told.yes)
}

/// Whether a post of the month gave no entry, for want of a scale or of one currency.
pub async fn has_unpriced(conn: &mut Conn, run: Uuid) -> ApiResult<bool> {
    let text = format!(
        "{PIECES} SELECT EXISTS (SELECT FROM pieces GROUP BY person_id HAVING count(*) > count(scale_id) OR count(DISTINCT currency) > 1) AS yes"
    );
    tell(conn, &text, run).await
}

/// $1 the run. The months of this run's people that stand in other runs too.
pub const PAIRS: &str = "WITH pairs AS MATERIALIZED (SELECT * FROM siraj_stipend_pairs($1))";

/// Whether a month of this run's people would be paid by another run too, without a waiver.
pub async fn pays_twice(conn: &mut Conn, run: Uuid) -> ApiResult<bool> {
    tell(conn, &format!("{PAIRS} SELECT EXISTS (SELECT FROM pairs WHERE both_pay AND NOT waived) AS yes"), run).await
}

/// Whether another approved run pays a month that is due here too, without a waiver: of the whole run, or of the entries that are named.
pub async fn is_paid_elsewhere(conn: &mut Conn, run: Uuid, ids: Option<&[Uuid]>) -> ApiResult<bool> {
    let text = format!(
        "{PAIRS} SELECT EXISTS (SELECT FROM pairs p JOIN stipend_entries e ON e.id = p.id JOIN stipend_entries o ON o.id = p.other_id
           WHERE p.both_pay AND NOT p.waived AND e.status = 'due' AND o.status <> 'drafted' AND ($2 IS NULL OR e.id IN (SELECT unnest($2)))) AS yes"
    );
    let told: Told =
        diesel::sql_query(text).bind::<SqlUuid, _>(run).bind::<Nullable<Array<SqlUuid>>, _>(ids).get_result(conn).await?;
    Ok(told.yes)
}

/// The rate of each currency of the run's draft on a day.
const RATED: &str = r"
WITH rated AS MATERIALIZED (
  SELECT c.currency, c.currency = $2 AS own, r.exchange_rate_id, r.rate
  FROM (SELECT DISTINCT currency FROM stipend_entries WHERE run_id = $1 AND retired_at IS NULL) c
  LEFT JOIN LATERAL siraj_rate(c.currency, $2, $3) r ON c.currency <> $2
)";

/// Whether there is a rate for every currency of the run's draft.
pub async fn has_rates(conn: &mut Conn, run: Uuid, currency: &Currency, day: NaiveDate) -> ApiResult<bool> {
    let told: Told =
        diesel::sql_query(format!("{RATED} SELECT NOT EXISTS (SELECT FROM rated WHERE NOT own AND rate IS NULL) AS yes"))
            .bind::<SqlUuid, _>(run)
            .bind::<Text, _>(currency)
            .bind::<Date, _>(day)
            .get_result(conn)
            .await?;
    Ok(told.yes)
}

/// Makes the drafted entries due, with rates and charged amounts frozen. Gives how many, and what they come to in the run's currency.
pub async fn freeze(conn: &mut Conn, by: Uuid, run: Uuid, currency: &Currency, day: NaiveDate) -> ApiResult<(i64, Money)> {
    #[derive(QueryableByName)]
    struct Frozen {
        #[diesel(sql_type = BigInt)]
        entries: i64,
        #[diesel(sql_type = Numeric)]
        charged: Money,
    }
    let text = format!(
        "{RATED}, frozen AS (
           UPDATE stipend_entries e SET status = 'due', person_id = siraj_paid_person(e.staff_id), exchange_rate_id = rated.exchange_rate_id, rate = rated.rate,
             charged_amount = round(e.amount * coalesce(rated.rate, 1), siraj_minor_units($2)), recorded_by = $4
           FROM rated WHERE e.run_id = $1 AND e.retired_at IS NULL AND e.status = 'drafted' AND e.currency = rated.currency
           RETURNING e.charged_amount)
         SELECT count(*) AS entries, coalesce(sum(charged_amount), 0) AS charged FROM frozen"
    );
    let frozen: Frozen = diesel::sql_query(text)
        .bind::<SqlUuid, _>(run)
        .bind::<Text, _>(currency)
        .bind::<Date, _>(day)
        .bind::<SqlUuid, _>(by)
        .get_result(conn)
        .await?;
    Ok((frozen.entries, frozen.charged))
}

/// Whether anything of the run is still to be paid.
pub async fn has_due(conn: &mut Conn, run: Uuid) -> ApiResult<bool> {
    tell(
        conn,
        "SELECT EXISTS (SELECT FROM stipend_entries WHERE run_id = $1 AND retired_at IS NULL AND status = 'due') AS yes",
        run,
    )
    .await
}

/// An entry that was named and cannot be taken: its place in the list, and how it stands, if the run has it.
#[derive(Debug, QueryableByName)]
pub struct Unfit {
    /// Its place, from 0.
    #[diesel(sql_type = BigInt)]
    pub place: i64,
    /// How it stands; none where the run has no such entry, or none that the caller may know of.
    #[diesel(sql_type = Nullable<Text>)]
    pub status: Option<Status>,
}

/// Which of the named entries are not of the run, of the scope, and of one of these statuses. The first twenty tell enough.
pub async fn unfit(conn: &mut Conn, scope: &Scope, run: Uuid, ids: &[Uuid], wanted: &[Status]) -> ApiResult<Vec<Unfit>> {
    let text = "SELECT given.place - 1 AS place, e.status
        FROM unnest($2) WITH ORDINALITY AS given (id, place)
        LEFT JOIN stipend_entries e ON e.id = given.id AND e.run_id = $1 AND e.retired_at IS NULL AND ($4 IS NULL OR e.facility_id IN (
          SELECT f.id FROM facilities f JOIN area_closure c ON c.area_id = f.area_id WHERE c.ancestor_id = ANY ($4)))
        WHERE e.id IS NULL OR e.status <> ALL ($3) ORDER BY place LIMIT 20";
    Ok(diesel::sql_query(text)
        .bind::<SqlUuid, _>(run)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(wanted)
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.areas())
        .load(conn)
        .await?)
}

/// Moves the named entries of a held run, or all of some statuses, to another one, with a reason where it takes one.
pub async fn turn(
    conn: &mut Conn,
    by: Uuid,
    run: Uuid,
    which: Which<'_>,
    to: Status,
    reason: Option<&Reason>,
) -> ApiResult<usize> {
    let (ids, from) = match which {
        Which::Named(ids) => (Some(ids), None),
        Which::Standing(from) => (None, Some(from)),
    };
    let text = "UPDATE stipend_entries e SET status = $4, recorded_by = $6,
          reason = CASE WHEN $4 IN ('held', 'due') THEN $5 ELSE coalesce($5, e.reason) END
        WHERE e.run_id = $1 AND e.retired_at IS NULL AND ($2 IS NULL OR e.id IN (SELECT unnest($2))) AND ($3 IS NULL OR e.status = ANY ($3))";
    Ok(diesel::sql_query(text)
        .bind::<SqlUuid, _>(run)
        .bind::<Nullable<Array<SqlUuid>>, _>(ids)
        .bind::<Nullable<Array<Text>>, _>(from)
        .bind::<Text, _>(to)
        .bind::<Nullable<Text>, _>(reason)
        .bind::<SqlUuid, _>(by)
        .execute(conn)
        .await?)
}

/// Entries by their names, or by how they stand.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// These.
    Named(&'a [Uuid]),
    /// All that stand so.
    Standing(&'a [Status]),
}

/// What entries come to in one currency.
#[derive(Debug, QueryableByName)]
pub struct Heap {
    /// The currency.
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    /// How many people.
    #[diesel(sql_type = Integer)]
    pub people: i32,
    /// Their sum.
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// Their sum in the run's currency.
    #[diesel(sql_type = Numeric)]
    pub charged_amount: Money,
    /// The rate that the approval froze for the currency; none where it is the run's.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub exchange_rate_id: Option<Uuid>,
    /// Its value.
    #[diesel(sql_type = Nullable<Numeric>)]
    pub rate: Option<Factor>,
}

/// The due entries of a run, or those of them that are named, by currency.
pub async fn heaps(conn: &mut Conn, run: Uuid, ids: Option<&[Uuid]>) -> ApiResult<Vec<Heap>> {
    let text = "SELECT currency, count(DISTINCT person_id)::integer AS people, sum(amount) AS amount, sum(charged_amount) AS charged_amount,
               min(exchange_rate_id::text)::uuid AS exchange_rate_id, min(rate) AS rate
        FROM stipend_entries
        WHERE run_id = $1 AND retired_at IS NULL AND status = 'due' AND ($2 IS NULL OR id IN (SELECT unnest($2))) GROUP BY currency ORDER BY currency";
    Ok(diesel::sql_query(text).bind::<SqlUuid, _>(run).bind::<Nullable<Array<SqlUuid>>, _>(ids).load(conn).await?)
}

/// Marks the due entries of a run, or those of them that are named, as paid, each by the payment of its currency.
pub async fn pay(conn: &mut Conn, by: Uuid, run: Uuid, ids: Option<&[Uuid]>, payments: &[Uuid]) -> ApiResult<usize> {
    let text = "UPDATE stipend_entries e SET status = 'paid', payment_id = p.id, recorded_by = $4
        FROM stipend_payments p WHERE p.id = ANY ($3) AND p.currency = e.currency
          AND e.run_id = $1 AND e.retired_at IS NULL AND e.status = 'due' AND ($2 IS NULL OR e.id IN (SELECT unnest($2)))";
    Ok(diesel::sql_query(text)
        .bind::<SqlUuid, _>(run)
        .bind::<Nullable<Array<SqlUuid>>, _>(ids)
        .bind::<Array<SqlUuid>, _>(payments)
        .bind::<SqlUuid, _>(by)
        .execute(conn)
        .await?)
}

/// A payment of which something came back, and what of it has not.
#[derive(Debug, QueryableByName)]
pub struct Rest {
    /// The payment.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The agent.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub organization_id: Option<Uuid>,
    /// The expenditure that stood for it.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub expenditure_id: Option<Uuid>,
    /// What has not come back.
    #[diesel(embed)]
    pub heap: Heap,
}

/// Marks paid entries as come back, and gives what is left of their payments.
pub async fn give_back(
    conn: &mut Conn,
    by: Uuid,
    run: Uuid,
    ids: &[Uuid],
    on: NaiveDate,
    reason: &Reason,
) -> ApiResult<Vec<Rest>> {
    let mark = "UPDATE stipend_entries SET status = 'returned', returned_on = $3, reason = $4, recorded_by = $5
        WHERE run_id = $1 AND retired_at IS NULL AND id IN (SELECT unnest($2))";
    diesel::sql_query(mark)
        .bind::<SqlUuid, _>(run)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Date, _>(on)
        .bind::<Text, _>(reason)
        .bind::<SqlUuid, _>(by)
        .execute(conn)
        .await?;
    let rest = "SELECT p.id, p.currency, p.organization_id, p.expenditure_id, (count(DISTINCT e.person_id) FILTER (WHERE e.status = 'paid'))::integer AS people,
               min(e.exchange_rate_id::text)::uuid AS exchange_rate_id, min(e.rate) AS rate,
               coalesce(sum(e.amount) FILTER (WHERE e.status = 'paid'), 0) AS amount, coalesce(sum(e.charged_amount) FILTER (WHERE e.status = 'paid'), 0) AS charged_amount
        FROM stipend_payments p JOIN stipend_entries e ON e.payment_id = p.id
        WHERE p.run_id = $1 AND p.id IN (SELECT payment_id FROM stipend_entries WHERE id IN (SELECT unnest($2)))
        GROUP BY p.id ORDER BY p.id";
    Ok(diesel::sql_query(rest).bind::<SqlUuid, _>(run).bind::<Array<SqlUuid>, _>(ids).load(conn).await?)
}

/// Whether any of the named entries was paid after a day.
pub async fn paid_after(conn: &mut Conn, ids: &[Uuid], day: NaiveDate) -> ApiResult<bool> {
    let text = "SELECT EXISTS (SELECT FROM stipend_entries e JOIN stipend_payments p ON p.id = e.payment_id
        LEFT JOIN expenditures standing ON standing.id = p.expenditure_id
        WHERE e.id IN (SELECT unnest($1)) AND greatest(p.paid_on, standing.spent_on) > $2) AS yes";
    let told: Told = diesel::sql_query(text).bind::<Array<SqlUuid>, _>(ids).bind::<Date, _>(day).get_result(conn).await?;
    Ok(told.yes)
}
