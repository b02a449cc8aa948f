//! The SQL of documents, movements and balances. Nothing here is ever updated: the ledger only grows.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{dsl::exists, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    statements::{Allocated, Balances, Card},
    types::{
        AllocatedLot, Allocation, AllocationQuery, StockBalance, StockBalanceFilter, StockCardFilter, StockCardLine,
        StockDocument, StockDocumentFilter, StockDocumentRow, StockLine,
    },
};
use crate::{
    auth::{Actor, Scope},
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{PageQuery, keyset},
    schema::{items, lots, shipments, stock_documents, stock_locations, stock_movements},
    stock_locations as places,
};

/// The documents that a scope holds: those from or to its places.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<stock_documents::table, Pg, SqlType = Bool> + '_> {
    let own = || {
        let places = stock_locations::table.select(stock_locations::id).into_boxed();
        places.filter(stock_locations::holds.eq(true)).filter(places::visible(scope))
    };
    match scope {
        Scope::Everything => Box::new(stock_documents::id.eq(stock_documents::id)),
        _ => Box::new(stock_documents::from_id.eq_any(own()).or(stock_documents::to_id.eq_any(own()))),
    }
}

/// Documents that put something onto the road of a shipment that has not arrived: when it left is for those who send alone.
fn onto_the_road() -> Box<dyn BoxableExpression<stock_documents::table, Pg, SqlType = Bool>> {
    let under_way = shipments::table
        .select(shipments::transit_id.assume_not_null())
        .filter(shipments::transit_id.is_not_null())
        .filter(shipments::status.eq_any(["dispatched", "partially_received"]));
    Box::new(stock_documents::to_id.eq_any(under_way))
}

/// A document, if the caller may see it.
pub async fn shown(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<StockDocument> {
    let hidden = stock_documents::table.find(id).filter(onto_the_road()).select(stock_documents::id);
    if !actor.role.sends() && hidden.first::<Uuid>(conn).await.optional()?.is_some() {
        return Err(ApiError::new(Code::NotFound));
    }
    find(conn, &actor.scope, id).await
}

/// A document, if the scope holds it.
pub async fn find(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<StockDocument> {
    let row = stock_documents::table.find(id).filter(visible(scope)).select(StockDocumentRow::as_select()).first(conn).await?;
    with_lines(conn, vec![row]).await?.pop().ok_or_else(|| ApiError::new(Code::NotFound))
}

/// The documents of these ids, whosever they are: for who has seen to that already.
pub async fn of_ids(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<StockDocument>> {
    let rows =
        stock_documents::table.filter(stock_documents::id.eq_any(ids)).select(StockDocumentRow::as_select()).load(conn).await?;
    with_lines(conn, rows).await
}

/// The rows as whole documents: all lines in one query.
async fn with_lines(conn: &mut Conn, rows: Vec<StockDocumentRow>) -> ApiResult<Vec<StockDocument>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let found: Vec<(Uuid, Uuid, i64)> = stock_movements::table
        .filter(stock_movements::document_id.eq_any(&ids))
        .order((stock_movements::document_id, stock_movements::line))
        .select((stock_movements::document_id, stock_movements::lot_id, stock_movements::quantity))
        .load(conn)
        .await?;
    let mut lines: HashMap<Uuid, Vec<StockLine>> = HashMap::new();
    for (document, lot_id, quantity) in found {
        lines.entry(document).or_default().push(StockLine { lot_id, quantity });
    }
    let reversals: HashMap<Uuid, Uuid> = stock_documents::table
        .filter(stock_documents::reverses_id.assume_not_null().eq_any(&ids))
        .select((stock_documents::reverses_id.assume_not_null(), stock_documents::id))
        .load(conn)
        .await?
        .into_iter()
        .collect();
    let whole = |row: StockDocumentRow| StockDocument {
        lines: lines.remove(&row.id).unwrap_or_default(),
        reversed_by_id: reversals.get(&row.id).copied(),
        row,
    };
    Ok(rows.into_iter().map(whole).collect())
}

/// One page of documents.
pub async fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &StockDocumentFilter,
    page: &PageQuery,
) -> ApiResult<Vec<StockDocument>> {
    let mut query = stock_documents::table.select(StockDocumentRow::as_select()).into_boxed();
    if actor.scope != Scope::Everything {
        query = query.filter(visible(&actor.scope));
    }
    if !actor.role.sends() {
        query = query.filter(diesel::dsl::not(onto_the_road()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(stock_documents::kind.eq(kind));
    }
    if let Some(location) = filter.location_id {
        query = query.filter(stock_documents::from_id.eq(location).or(stock_documents::to_id.eq(location)));
    }
    if let Some(contract) = filter.contract_id {
        query = query.filter(stock_documents::contract_id.eq(contract));
    }
    if let Some(reason) = filter.adjustment_reason_id {
        query = query.filter(stock_documents::adjustment_reason_id.eq(reason));
    }
    if let Some(act) = filter.act_id {
        query = query.filter(stock_documents::act_id.eq(act));
    }
    if let Some(day) = filter.since_on {
        query = query.filter(stock_documents::occurred_on.ge(day));
    }
    if let Some(day) = filter.until_on {
        query = query.filter(stock_documents::occurred_on.le(day));
    }
    let moved = || stock_movements::table.filter(stock_movements::document_id.eq(stock_documents::id));
    if let Some(lot) = filter.lot_id {
        query = query.filter(exists(moved().filter(stock_movements::lot_id.eq(lot))));
    }
    if let Some(item) = filter.item_id {
        let of_item = lots::table.filter(lots::item_id.eq(item)).select(lots::id);
        query = query.filter(exists(moved().filter(stock_movements::lot_id.eq_any(of_item))));
    }
    if let Some(words) = &page.q {
        query = query.filter(stock_documents::reference.eq(words));
    }
    let query = keyset!(query, page, stock_documents::id, {
        "occurred_on" => stock_documents::occurred_on; NaiveDate,
        "recorded_at" => stock_documents::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    with_lines(conn, rows).await
}

/// One page of balances.
pub async fn balances(
    conn: &mut Conn,
    actor: &Actor,
    filter: &StockBalanceFilter,
    page: &PageQuery,
) -> ApiResult<Vec<StockBalance>> {
    // As the caller sees the columns.
    type Row = (
        Uuid,
        Uuid,
        crate::types::RecordCode,
        Uuid,
        crate::types::RecordCode,
        String,
        String,
        Uuid,
        Option<String>,
        Option<NaiveDate>,
        crate::lots::LotStatus,
        bool,
        i64,
        i64,
    );
    let rows: Vec<Row> = Balances::new(actor, filter, page)?.get_results(conn).await?;
    let told = |row: Row| StockBalance {
        id: row.0,
        location_id: row.1,
        location_code: row.2,
        item_id: row.3,
        item_code: row.4,
        item_name: row.5,
        base_unit: row.6,
        lot_id: row.7,
        lot_number: row.8,
        expires_on: row.9,
        status: row.10,
        expired: row.11,
        quantity: row.12,
        reserved: row.13,
    };
    Ok(rows.into_iter().map(told).collect())
}

/// One page of the card of an item at a place.
pub async fn card(conn: &mut Conn, location: Uuid, filter: &StockCardFilter, page: &PageQuery) -> ApiResult<Vec<StockCardLine>> {
    Ok(Card::new(location, filter, page)?.get_results(conn).await?)
}

/// Which lots to take, the first to expire first, and what is missing.
pub async fn allocate(conn: &mut Conn, location: Uuid, query: &AllocationQuery) -> ApiResult<Allocation> {
    let used_on = query.used_on.unwrap_or_else(|| Utc::now().date_naive());
    let wanted = query.quantity.0;
    let asked = Allocated { location, items: vec![query.item_id], quantities: vec![wanted], used_on };
    let found: Vec<Taken> = asked.get_results(conn).await?;
    let lines: Vec<AllocatedLot> = found
        .into_iter()
        .map(|(lot_id, lot_number, expires_on, quantity, _)| AllocatedLot { lot_id, lot_number, expires_on, quantity })
        .collect();
    let shortfall = wanted - lines.iter().map(|line| line.quantity).sum::<i64>();
    Ok(Allocation { lines, shortfall })
}

/// A lot to take from: id, number, expiry, how many, item.
type Taken = (Uuid, Option<String>, Option<NaiveDate>, i64, Uuid);

/// The lines of a document that takes so many of each of these items (each once) from a place, the first to expire first; refused where
/// something is missing. Nothing is held: the ledger judges the document anew.
pub async fn first_to_expire(
    conn: &mut Conn,
    location: Uuid,
    wanted: &[(Uuid, i64)],
    used_on: NaiveDate,
) -> ApiResult<Vec<StockLine>> {
    let (items, quantities) = wanted.iter().copied().unzip();
    let found: Vec<Taken> = Allocated { location, items, quantities, used_on }.get_results(conn).await?;
    let mut given: HashMap<Uuid, i64> = HashMap::new();
    for (.., quantity, item) in &found {
        *given.entry(*item).or_default() += quantity;
    }
    if wanted.iter().any(|(item, quantity)| given.get(item).copied().unwrap_or_default() < *quantity) {
        return Err(ApiError {
            faults: Faults::one("/lines", Code::InsufficientStock).0,
            ..ApiError::new(Code::InsufficientStock)
        });
    }
    Ok(found.into_iter().map(|(lot_id, .., quantity, _)| StockLine { lot_id, quantity }).collect())
}

/// Whether an item is controlled; an item that is not there is not.
pub async fn is_controlled(conn: &mut Conn, item: Uuid) -> ApiResult<bool> {
    let controlled = items::table.find(item).select(items::controlled).first(conn).await.optional()?;
    Ok(controlled.unwrap_or_default())
}
