//! The SQL of controlled issues and their lines.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::exists,
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    statements::Running,
    types::{
        ControlledIssue, ControlledIssueFilter, ControlledIssueRow, IssueStatus, NewControlledIssue, RegisterEntry,
        RegisterFilter,
    },
};
use crate::{
    auth::Scope,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::{PageQuery, keyset},
    schema::{controlled_issue_lines, controlled_issues, items, lots, stock_locations},
    stock::StockLine,
    stock_locations as places,
    types::Reason,
};

/// The issues that a scope holds: those from its places.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<controlled_issues::table, Pg, SqlType = Bool> + '_> {
    if *scope == Scope::Everything {
        return Box::new(controlled_issues::id.eq(controlled_issues::id));
    }
    let own = stock_locations::table.select(stock_locations::id).into_boxed().filter(places::visible(scope));
    Box::new(controlled_issues::from_id.eq_any(own))
}

/// An issue, if the scope holds it.
pub async fn find(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<ControlledIssue> {
    let there = controlled_issues::table.filter(controlled_issues::id.eq(id)).filter(visible(scope));
    let row = there.select(ControlledIssueRow::as_select()).first(conn).await?;
    with_lines(conn, vec![row]).await?.pop().ok_or_else(|| ApiError::new(Code::NotFound))
}

/// An issue, held until the transaction ends, so that what is decided about it still holds when it is written.
pub async fn lock(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<ControlledIssue> {
    let there = controlled_issues::table.filter(controlled_issues::id.eq(id)).filter(visible(scope));
    let row = there.select(ControlledIssueRow::as_select()).for_update().first(conn).await?;
    with_lines(conn, vec![row]).await?.pop().ok_or_else(|| ApiError::new(Code::NotFound))
}

/// The rows as whole records: all lines in one query.
async fn with_lines(conn: &mut Conn, rows: Vec<ControlledIssueRow>) -> ApiResult<Vec<ControlledIssue>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let found: Vec<(Uuid, Uuid, i64)> = controlled_issue_lines::table
        .filter(controlled_issue_lines::issue_id.eq_any(&ids))
        .order((controlled_issue_lines::issue_id, controlled_issue_lines::line))
        .select((controlled_issue_lines::issue_id, controlled_issue_lines::lot_id, controlled_issue_lines::quantity))
        .load(conn)
        .await?;
    let mut lines: HashMap<Uuid, Vec<StockLine>> = HashMap::new();
    for (issue, lot_id, quantity) in found {
        lines.entry(issue).or_default().push(StockLine { lot_id, quantity });
    }
    let whole = |row: ControlledIssueRow| ControlledIssue { lines: lines.remove(&row.id).unwrap_or_default(), row };
    Ok(rows.into_iter().map(whole).collect())
}

/// Writes a proposal with its lines; whether its id was free.
pub async fn insert(conn: &mut Conn, by: Uuid, id: Uuid, new: &NewControlledIssue) -> ApiResult<bool> {
    use controlled_issues as table;
    let inserted = diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::from_id.eq(new.from_id),
            table::to_id.eq(new.to_id),
            table::occurred_on.eq(new.occurred_on),
            table::reference.eq(&new.reference),
            table::reason.eq(&new.reason),
            table::adjustment_reason_id.eq(new.adjustment_reason_id),
            table::recipient_reference.eq(&new.recipient_reference),
            table::proposed_by.eq(by),
            table::recorded_by.eq(by),
        ))
        .on_conflict(table::id)
        .do_nothing()
        .execute(conn)
        .await?;
    if inserted == 0 {
        return Ok(false);
    }
    diesel::sql_query(
        "INSERT INTO controlled_issue_lines (issue_id, line, lot_id, quantity) \
         SELECT $1, number, lot_id, quantity FROM unnest($2, $3) WITH ORDINALITY AS given (lot_id, quantity, number)",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Array<SqlUuid>, _>(new.lines.iter().map(|line| line.lot_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.lines.iter().map(|line| line.quantity).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(true)
}

/// What a decision writes into the issue's row; what it leaves out stays.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = controlled_issues)]
pub struct Progress<'a> {
    /// Where it led.
    pub status: IssueStatus,
    /// Who decided.
    pub decided_by: Option<Uuid>,
    /// Why it was rejected, withdrawn or reversed.
    pub decision_reason: Option<&'a Reason>,
    /// What was posted.
    pub document_id: Option<Uuid>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// Writes the decision about a locked issue.
pub async fn decide(conn: &mut Conn, id: Uuid, progress: &Progress<'_>) -> ApiResult<()> {
    diesel::update(controlled_issues::table.find(id)).set(progress).execute(conn).await?;
    Ok(())
}

/// One page of issues, with their lines.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    filter: &ControlledIssueFilter,
    page: &PageQuery,
) -> ApiResult<Vec<ControlledIssue>> {
    let mut query = controlled_issues::table.select(ControlledIssueRow::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    if let Some(status) = filter.status {
        query = query.filter(controlled_issues::status.eq(status));
    }
    if let Some(location) = filter.location_id {
        query = query.filter(controlled_issues::from_id.eq(location));
    }
    if let Some(item) = filter.item_id {
        let of_item = lots::table.filter(lots::item_id.eq(item)).select(lots::id);
        let lines = controlled_issue_lines::table.filter(controlled_issue_lines::issue_id.eq(controlled_issues::id));
        query = query.filter(exists(lines.filter(controlled_issue_lines::lot_id.eq_any(of_item))));
    }
    if let Some(day) = filter.since_on {
        query = query.filter(controlled_issues::occurred_on.ge(day));
    }
    if let Some(day) = filter.until_on {
        query = query.filter(controlled_issues::occurred_on.le(day));
    }
    if let Some(words) = &page.q {
        query = query.filter(controlled_issues::reference.eq(words));
    }
    let query = keyset!(query, page, controlled_issues::id, {
        "occurred_on" => controlled_issues::occurred_on; NaiveDate,
        "recorded_at" => controlled_issues::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    with_lines(conn, rows).await
}

/// Whether an item is controlled; an item that is not there is not.
pub async fn is_controlled(conn: &mut Conn, item: Uuid) -> ApiResult<bool> {
    let controlled = items::table.find(item).select(items::controlled).first(conn).await.optional()?;
    Ok(controlled.unwrap_or_default())
}

/// One page of the running register of an item at a place.
pub async fn running(
    conn: &mut Conn,
    location: Uuid,
    filter: &RegisterFilter,
    page: &PageQuery,
) -> ApiResult<Vec<RegisterEntry>> {
    Ok(Running::new(location, filter.item_id, page)?.get_results(conn).await?)
}
