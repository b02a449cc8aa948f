//! Where a campaign's money went: to budget lines, never more than was raised.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{Allocation, AllocationFields, AllocationFilter, MoneyReversal, NewAllocation};
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::{Answer, PageQuery, keyset},
    register::checked,
    schema::campaign_allocations as table,
    types::{Currency, Factor, Money, Reason},
};

/// The collection in addresses.
const COLLECTION: &str = "campaign-allocations";

/// A row to be written; the database reckons it into the line's currency and judges it.
#[derive(Insertable)]
#[diesel(table_name = table)]
struct NewRow {
    id: Uuid,
    #[diesel(embed)]
    fields: AllocationFields,
    campaign_currency: Currency,
    line_currency: Currency,
    line_amount: Money,
    exchange_rate_id: Option<Uuid>,
    rate: Option<Factor>,
    reverses_id: Option<Uuid>,
    reason: Option<Reason>,
    recorded_by: Uuid,
}

/// The allocation of an id.
pub async fn find(conn: &mut Conn, id: Uuid) -> ApiResult<Option<Allocation>> {
    Ok(table::table.find(id).select(Allocation::as_select()).first(conn).await.optional()?)
}

/// Allocates. The same allocation sent again is answered with the one there is.
pub async fn write(conn: &mut Conn, actor: &Actor, new: &NewAllocation) -> ApiResult<Answer> {
    checked(&new.fields)?;
    if let Some(there) = find(conn, new.id).await? {
        if there.fields == new.fields && there.reverses_id.is_none() {
            return Ok(answer(&there)?.again());
        }
        return Err(ApiError::new(Code::RecordConflict));
    }
    // The currencies are those of the campaign and the line: the database puts them in the place of this one.
    let none = Currency::parse("XXX").map_err(|code| ApiError::internal(code.as_str()))?;
    let row = NewRow {
        id: new.id,
        fields: new.fields.clone(),
        campaign_currency: none.clone(),
        line_currency: none,
        line_amount: new.fields.amount.clone(),
        exchange_rate_id: None,
        rate: None,
        reverses_id: None,
        reason: None,
        recorded_by: actor.id,
    };
    insert(conn, row).await
}

/// Turns an allocation round: its money is free again.
pub async fn reverse(conn: &mut Conn, actor: &Actor, id: Uuid, was: Uuid, reversal: &MoneyReversal) -> ApiResult<Answer> {
    if reversal.override_reason.is_some() {
        return Err(ApiError::fault("/override_reason", Code::UnknownField));
    }
    let there = find(conn, was).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if let Some(known) = find(conn, id).await? {
        if known.reverses_id == Some(was) && known.reason.as_ref() == Some(&reversal.reason) {
            return Ok(answer(&known)?.again());
        }
        return Err(ApiError::new(Code::RecordConflict));
    }
    let row = NewRow {
        id,
        fields: there.fields,
        campaign_currency: there.campaign_currency,
        line_currency: there.line_currency,
        line_amount: there.line_amount,
        exchange_rate_id: there.exchange_rate_id,
        rate: there.rate,
        reverses_id: Some(was),
        reason: Some(reversal.reason.clone()),
        recorded_by: actor.id,
    };
    insert(conn, row).await
}

async fn insert(conn: &mut Conn, row: NewRow) -> ApiResult<Answer> {
    let written: Allocation =
        diesel::insert_into(table::table).values(row).returning(Allocation::as_returning()).get_result(conn).await?;
    answer(&written)
}

fn answer(allocation: &Allocation) -> ApiResult<Answer> {
    Answer::created(COLLECTION, allocation.id, 1, allocation)
}

/// One page of allocations.
pub async fn list(conn: &mut Conn, filter: &AllocationFilter, page: &PageQuery) -> ApiResult<Vec<Allocation>> {
    let mut query = table::table.select(Allocation::as_select()).into_boxed();
    if let Some(campaign) = filter.campaign_id {
        query = query.filter(table::campaign_id.eq(campaign));
    }
    if let Some(line) = filter.budget_line_id {
        query = query.filter(table::budget_line_id.eq(line));
    }
    let query = keyset!(query, page, table::id, {
        "allocated_on" => table::allocated_on; NaiveDate,
        "recorded_at" => table::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
