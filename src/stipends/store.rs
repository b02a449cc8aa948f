//! The SQL of runs.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, Bool, Nullable, Numeric, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{StipendRun, StipendRunFields, StipendRunFilter, StipendRunSheet, StipendRunStatus, StipendTotal};
use crate::{
    auth::Scope,
    db::{Conn, siraj_fold, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    facilities,
    http::{PageQuery, in_use, keyset},
    register::{load_any, register_store},
    schema::{facilities as places, stipend_entries, stipend_runs},
    types::{Money, Reason},
};

/// The entries that a scope holds: those of its facilities.
pub fn visible_entries(scope: &Scope) -> Box<dyn BoxableExpression<stipend_entries::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(stipend_entries::id.eq(stipend_entries::id)),
        scope => {
            let own = places::table.select(places::id).into_boxed().filter(facilities::visible(scope));
            Box::new(stipend_entries::facility_id.eq_any(own))
        }
    }
}

/// The runs that a scope holds: those with an entry of its own.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<stipend_runs::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(stipend_runs::id.eq(stipend_runs::id)),
        scope => {
            let own = stipend_entries::table.select(stipend_entries::run_id).into_boxed();
            Box::new(stipend_runs::id.eq_any(own.filter(stipend_entries::retired_at.is_null()).filter(visible_entries(scope))))
        }
    }
}

register_store!(stipend_runs: StipendRun { fields: StipendRunFields }, "stipend-runs", scoped by "/contract_id", visible);

/// Holds the run until the transaction ends, so that what is decided about it still holds when it is written.
pub async fn lock(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<StipendRun> {
    let there = stipend_runs::table.filter(stipend_runs::id.eq(id)).filter(visible(scope));
    let run: StipendRun = there.select(StipendRun::as_select()).for_update().first(conn).await?;
    if run.retired_at.is_some() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(run) }
}

/// What a step writes into the run's row; what it leaves out stays.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = stipend_runs)]
pub struct Progress<'a> {
    /// Where it leads.
    pub status: Option<StipendRunStatus>,
    /// The day whose rates were frozen.
    pub rates_on: Option<NaiveDate>,
    /// Who computed its entries.
    pub drafted_by: Option<Uuid>,
    /// When that was.
    pub drafted_at: Option<DateTime<Utc>>,
    /// Who approved it.
    pub approved_by: Option<Uuid>,
    /// When that was.
    pub approved_at: Option<DateTime<Utc>>,
    /// What sets its money aside.
    pub commitment_id: Option<Uuid>,
    /// Who closed it.
    pub closed_by: Option<Uuid>,
    /// When that was.
    pub closed_at: Option<DateTime<Utc>>,
    /// Why it was cancelled.
    pub reason: Option<&'a Reason>,
}

/// Moves a held run on; its revision rises with whatever became of its entries.
pub async fn proceed(conn: &mut Conn, by: Uuid, id: Uuid, told: &Progress<'_>) -> ApiResult<()> {
    diesel::update(stipend_runs::table.find(id)).set((stipend_runs::recorded_by.eq(by), told)).execute(conn).await?;
    Ok(())
}

/// A run with what its entries come to, as far as the scope holds them.
pub async fn sheet(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<StipendRunSheet> {
    #[derive(QueryableByName)]
    struct Sums {
        #[diesel(sql_type = Numeric)]
        charged: Money,
        #[diesel(sql_type = Numeric)]
        paid: Money,
        #[diesel(sql_type = Numeric)]
        expended: Money,
    }
    let run = load_any::<StipendRun>(conn, scope, id).await?;
    let totals: Vec<StipendTotal> = diesel::sql_query(format!("{OWN} {TOTALS}"))
        .bind::<SqlUuid, _>(id)
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.areas())
        .load(conn)
        .await?;
    let sums: Sums = diesel::sql_query(format!("{OWN} {SUMS}"))
        .bind::<SqlUuid, _>(id)
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.areas())
        .get_result(conn)
        .await?;
    let expenditure_amount = (*scope == Scope::Everything).then_some(sums.expended);
    Ok(StipendRunSheet { run, totals, charged_amount: sums.charged, paid_amount: sums.paid, expenditure_amount })
}

/// $1 the run, $2 the caller's areas.
const OWN: &str = "WITH own AS (
  SELECT e.status, e.currency, e.amount, e.charged_amount FROM stipend_entries e WHERE e.run_id = $1 AND e.retired_at IS NULL
    AND ($2 IS NULL OR e.facility_id IN (SELECT f.id FROM facilities f JOIN area_closure c ON c.area_id = f.area_id WHERE c.ancestor_id = ANY ($2))))";
const TOTALS: &str = "SELECT status, currency, count(*) AS entries, sum(amount) AS amount, sum(charged_amount) AS charged_amount
  FROM own GROUP BY status, currency ORDER BY status, currency";
const SUMS: &str = "SELECT coalesce(sum(charged_amount) FILTER (WHERE status IN ('due', 'held', 'paid')), 0) AS charged,
  coalesce(sum(charged_amount) FILTER (WHERE status = 'paid'), 0) AS paid,
  (SELECT coalesce(sum(amount), 0) FROM expenditures WHERE stipend_run_id = $1) AS expended FROM own";

/// One page of runs.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &StipendRunFilter, page: &PageQuery) -> ApiResult<Vec<StipendRun>> {
    let mut query = stipend_runs::table.select(StipendRun::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, stipend_runs::retired_at);
    if let Some(contract) = filter.contract_id {
        query = query.filter(stipend_runs::contract_id.eq(contract));
    }
    if let Some(line) = filter.budget_line_id {
        query = query.filter(stipend_runs::budget_line_id.eq(line));
    }
    if let Some(month) = filter.month {
        query = query.filter(stipend_runs::month.eq(month));
    }
    if let Some(status) = filter.status {
        query = query.filter(stipend_runs::status.eq(status));
    }
    if let Some(person) = filter.staff_id {
        let of_person = stipend_entries::table
            .select(stipend_entries::run_id)
            .into_boxed()
            .filter(stipend_entries::retired_at.is_null())
            .filter(stipend_entries::staff_id.eq(person).or(stipend_entries::person_id.eq(person)))
            .filter(visible_entries(scope));
        query = query.filter(stipend_runs::id.eq_any(of_person));
    }
    if let Some(words) = &page.q {
        query = query.filter(siraj_fold(stipend_runs::note).like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, stipend_runs::id, {
        "month" => stipend_runs::month; NaiveDate,
        "recorded_at" => stipend_runs::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

/// Gives an entry a waiver.
pub async fn waive(conn: &mut Conn, by: Uuid, id: Uuid, reason: &Reason) -> ApiResult<()> {
    let there = stipend_entries::table.filter(stipend_entries::id.eq(id));
    diesel::update(there)
        .set((stipend_entries::double_pay_waiver.eq(reason), stipend_entries::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    Ok(())
}
