//! The SQL of budget lines, their months and their facilities. What hangs on lines travels in whole sets.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{exists, now},
    pg::Pg,
    prelude::*,
    sql_types::{Array, Bool, Date, Numeric, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{BudgetLine, BudgetLineFields, BudgetLineFilter, BudgetLineHead, BudgetLineRow, BudgetMonth};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiResult, Code, Faults},
    facilities,
    http::{New, PageQuery, in_use, keyset},
    register::Record,
    schema::{budget_line_facilities, budget_line_months, budget_lines, contracts, facilities as places},
    types::Money,
};

/// Budgets are of headquarters: whom a scope narrows sees none.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<budget_lines::table, Pg, SqlType = Bool>> {
    match scope {
        Scope::Everything => Box::new(budget_lines::id.eq(budget_lines::id)),
        Scope::Areas(_) | Scope::Facility(_) | Scope::Organization(_) => Box::new(budget_lines::id.ne(budget_lines::id)),
    }
}

impl Record for BudgetLine {
    type Fields = BudgetLineFields;
    const COLLECTION: &'static str = "budget-lines";
    const SCOPED_BY: &'static str = "/contract_id";

    fn id(&self) -> Uuid {
        self.id
    }

    fn revision(&self) -> i64 {
        self.revision
    }

    fn is_retired(&self) -> bool {
        self.retired_at.is_some()
    }

    fn fields(&self) -> &BudgetLineFields {
        &self.fields
    }

    async fn load(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Option<Self>> {
        let by_id = budget_lines::table.filter(budget_lines::id.eq(id)).select(BudgetLineRow::as_select());
        let row = match scope {
            Scope::Everything => by_id.first(conn).await,
            scope => by_id.filter(visible(scope)).first(conn).await,
        };
        whole(conn, row.optional()?.into_iter().collect()).await.map(|mut lines| lines.pop())
    }

    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<Self>> {
        let named = budget_lines::table.filter(budget_lines::id.eq_any(ids));
        let rows = named.select(BudgetLineRow::as_select()).load(conn).await?;
        whole(conn, rows).await
    }

    async fn insert(conn: &mut Conn, by: Uuid, records: &[New<BudgetLineFields>]) -> ApiResult<Vec<Self>> {
        let heads: Vec<_> = records
            .iter()
            .map(|New { id, fields }| (budget_lines::id.eq(*id), BudgetLineHead::from(fields), budget_lines::recorded_by.eq(by)))
            .collect();
        let rows: Vec<BudgetLineRow> = diesel::insert_into(budget_lines::table)
            .values(heads)
            .on_conflict(budget_lines::id)
            .do_nothing()
            .returning(BudgetLineRow::as_returning())
            .get_results(conn)
            .await?;
        let fresh = |id: Uuid| rows.iter().any(|row| row.id == id);
        let sets: Vec<_> = records.iter().filter(|new| fresh(new.id)).map(|new| (new.id, &new.fields)).collect();
        insert_months(conn, by, &sets).await?;
        insert_facilities(conn, by, &sets).await?;
        whole(conn, rows).await
    }

    /// What is taken out goes first, then the line, then what is new: no step is judged against what is no longer meant.
    async fn save(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, fields: &BudgetLineFields) -> ApiResult<Option<Self>> {
        let Some(before) = Self::load_many(conn, &[id]).await?.pop() else { return Ok(None) };
        let (months, places) = (before.fields.months != fields.months, before.fields.facility_ids != fields.facility_ids);
        if months {
            retire_months(conn, by, id).await?;
        }
        if places {
            retire_facilities(conn, by, id).await?;
        }
        let there = budget_lines::table.filter(budget_lines::id.eq(id)).filter(budget_lines::revision.eq(revision));
        let row: Option<BudgetLineRow> = diesel::update(there)
            .set((BudgetLineHead::from(fields), budget_lines::recorded_by.eq(by)))
            .returning(BudgetLineRow::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        let Some(row) = row else { return Ok(None) };
        if months {
            insert_months(conn, by, &[(id, fields)]).await?;
        }
        if places {
            insert_facilities(conn, by, &[(id, fields)]).await?;
        }
        whole(conn, vec![row]).await.map(|mut lines| lines.pop())
    }

    async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<Self>> {
        let there = budget_lines::table.filter(budget_lines::id.eq(id)).filter(budget_lines::revision.eq(revision));
        let row = diesel::update(there)
            .set((budget_lines::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), budget_lines::recorded_by.eq(by)))
            .returning(BudgetLineRow::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        whole(conn, row.into_iter().collect()).await.map(|mut lines| lines.pop())
    }

    async fn check_references(conn: &mut Conn, scope: &Scope, fields: &BudgetLineFields) -> ApiResult<()> {
        let mut faults = Faults::default();
        let contract = contracts::table.filter(contracts::id.eq(fields.contract_id));
        if !diesel::select(exists(contract)).get_result::<bool>(conn).await? {
            faults.add("/contract_id", Code::UnknownReference);
        }
        let known = places::table.filter(places::id.eq_any(&fields.facility_ids)).filter(facilities::visible(scope));
        let known: Vec<Uuid> = known.select(places::id).load(conn).await?;
        for (index, _) in fields.facility_ids.iter().enumerate().filter(|(_, id)| !known.contains(id)) {
            faults.add(format!("/facility_ids/{index}"), Code::UnknownReference);
        }
        Ok(faults.into_result()?)
    }
}

/// The rows as whole records: all that hangs on them in two queries.
async fn whole(conn: &mut Conn, rows: Vec<BudgetLineRow>) -> ApiResult<Vec<BudgetLine>> {
    use budget_line_facilities as place;
    use budget_line_months as month;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let planned: Vec<(Uuid, (NaiveDate, Money))> = month::table
        .filter(month::budget_line_id.eq_any(&ids))
        .filter(month::retired_at.is_null())
        .order((month::budget_line_id, month::month))
        .select((month::budget_line_id, (month::month, month::amount)))
        .load(conn)
        .await?;
    let named: Vec<(Uuid, Uuid)> = place::table
        .filter(place::budget_line_id.eq_any(&ids))
        .filter(place::retired_at.is_null())
        .order((place::budget_line_id, place::id))
        .select((place::budget_line_id, place::facility_id))
        .load(conn)
        .await?;
    let mut months: HashMap<Uuid, Vec<BudgetMonth>> = HashMap::new();
    for (line, (month, amount)) in planned {
        months.entry(line).or_default().push(BudgetMonth { month, amount });
    }
    let mut places: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (line, facility) in named {
        places.entry(line).or_default().push(facility);
    }
    let of = |row: BudgetLineRow| {
        let (facilities, months) = (places.remove(&row.id).unwrap_or_default(), months.remove(&row.id).unwrap_or_default());
        BudgetLine::new(row, facilities, months)
    };
    Ok(rows.into_iter().map(of).collect())
}

async fn insert_months(conn: &mut Conn, by: Uuid, sets: &[(Uuid, &BudgetLineFields)]) -> ApiResult<()> {
    let all = || sets.iter().flat_map(|(id, fields)| fields.months.iter().map(|planned| (*id, planned)));
    if all().next().is_none() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO budget_line_months (id, budget_line_id, month, amount, recorded_by) \
         SELECT given.*, $5 FROM unnest($1, $2, $3, $4) AS given",
    )
    .bind::<Array<SqlUuid>, _>(all().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(line, _)| line).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(all().map(|(_, planned)| planned.month).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(all().map(|(_, planned)| planned.amount.0.clone()).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

async fn insert_facilities(conn: &mut Conn, by: Uuid, sets: &[(Uuid, &BudgetLineFields)]) -> ApiResult<()> {
    let all = || sets.iter().flat_map(|(id, fields)| fields.facility_ids.iter().map(|facility| (*id, *facility)));
    if all().next().is_none() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO budget_line_facilities (id, budget_line_id, facility_id, recorded_by) \
         SELECT given.*, $4 FROM unnest($1, $2, $3) AS given",
    )
    .bind::<Array<SqlUuid>, _>(all().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(line, _)| line).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(_, facility)| facility).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

async fn retire_months(conn: &mut Conn, by: Uuid, line: Uuid) -> ApiResult<()> {
    let there = budget_line_months::table
        .filter(budget_line_months::budget_line_id.eq(line))
        .filter(budget_line_months::retired_at.is_null());
    diesel::update(there)
        .set((
            budget_line_months::retired_at.eq(now.into_sql::<Timestamptz>().nullable()),
            budget_line_months::recorded_by.eq(by),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

async fn retire_facilities(conn: &mut Conn, by: Uuid, line: Uuid) -> ApiResult<()> {
    let there = budget_line_facilities::table
        .filter(budget_line_facilities::budget_line_id.eq(line))
        .filter(budget_line_facilities::retired_at.is_null());
    diesel::update(there)
        .set((
            budget_line_facilities::retired_at.eq(now.into_sql::<Timestamptz>().nullable()),
            budget_line_facilities::recorded_by.eq(by),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// One page of budget lines.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &BudgetLineFilter, page: &PageQuery) -> ApiResult<Vec<BudgetLine>> {
    let mut query = budget_lines::table.filter(visible(scope)).select(BudgetLineRow::as_select()).into_boxed();
    query = in_use!(query, filter.retired, budget_lines::retired_at);
    if let Some(contract) = filter.contract_id {
        query = query.filter(budget_lines::contract_id.eq(contract));
    }
    if let Some(category) = filter.category {
        query = query.filter(budget_lines::category.eq(category));
    }
    if let Some(facility) = filter.facility_id {
        let naming = budget_line_facilities::table
            .filter(budget_line_facilities::budget_line_id.eq(budget_lines::id))
            .filter(budget_line_facilities::facility_id.eq(facility))
            .filter(budget_line_facilities::retired_at.is_null());
        query = query.filter(exists(naming));
    }
    if let Some(words) = &page.q {
        query = query.filter(budget_lines::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, budget_lines::id, {
        "code" => budget_lines::code; String,
        "name" => budget_lines::name; String,
        "recorded_at" => budget_lines::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    whole(conn, rows).await
}
