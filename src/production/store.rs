//! The SQL of production orders.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules,
    types::{
        ProductLot, ProductionOrder, ProductionOrderFields, ProductionOrderFilter, ProductionOrderReport, ProductionOrderSheet,
        ProductionStatus,
    },
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    http::{PageQuery, in_use, keyset},
    recipes::Recipe,
    register::{Record, load_any, register_store},
    schema::{lots, production_orders, recipes, stock_balances, stock_documents, stock_locations, stock_movements},
    stock::{Act, posted_by},
    stock_locations::{self as places, LocationKind, check_place},
};

/// The orders that a scope holds: those of its places.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<production_orders::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(production_orders::id.eq(production_orders::id)),
        scope => {
            let own = stock_locations::table.select(stock_locations::id).into_boxed();
            let own = own.filter(stock_locations::holds.eq(true)).filter(places::visible(scope));
            Box::new(production_orders::place_id.eq_any(own))
        }
    }
}

register_store!(production_orders: ProductionOrder { fields: ProductionOrderFields }, "production-orders", scoped by "/place_id", visible, references fit);

/// Places of the caller, of the right kinds; a recipe that is there and in use.
async fn fit(conn: &mut Conn, scope: &Scope, fields: &ProductionOrderFields) -> ApiResult<()> {
    let mut faults = Faults::default();
    match <Recipe as Record>::load(conn, scope, fields.recipe_id).await? {
        None => faults.add("/recipe_id", Code::UnknownReference),
        Some(recipe) if recipe.is_retired() => faults.add("/recipe_id", Code::RetiredReference),
        Some(_) => {}
    }
    let makes = [LocationKind::Workshop, LocationKind::Warehouse];
    check_place(conn, scope, &mut faults, ("/place_id", fields.place_id), &makes).await?;
    check_place(conn, scope, &mut faults, ("/quarantine_id", fields.quarantine_id), &[LocationKind::Quarantine]).await?;
    Ok(faults.into_result()?)
}

/// Holds the order until the transaction ends, so that what is decided about it still holds when it is written.
pub async fn lock(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<ProductionOrder> {
    let there = production_orders::table.filter(production_orders::id.eq(id)).filter(visible(scope));
    let order: ProductionOrder = there.select(ProductionOrder::as_select()).for_update().first(conn).await?;
    if order.is_retired() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(order) }
}

/// What a step writes into the order's row; what it leaves out stays.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = production_orders)]
pub struct Progress<'a> {
    /// The day the ingredients were taken.
    pub started_on: Option<NaiveDate>,
    /// The day the product was made.
    pub completed_on: Option<NaiveDate>,
    /// Who said so.
    pub completed_by: Option<Uuid>,
    /// The lot.
    pub lot_id: Option<Uuid>,
    /// How many.
    pub quantity: Option<i64>,
    /// How many were seen to be lost.
    pub lost_quantity: Option<i64>,
    /// What was noted.
    pub completion_note: Option<&'a str>,
    /// The day it was released or rejected.
    pub decided_on: Option<NaiveDate>,
    /// By whom.
    pub decided_by: Option<Uuid>,
    /// Where it went.
    pub released_to_id: Option<Uuid>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Moves a locked order on.
pub async fn proceed(
    conn: &mut Conn,
    by: Uuid,
    id: Uuid,
    status: ProductionStatus,
    told: &Progress<'_>,
) -> ApiResult<ProductionOrder> {
    Ok(diesel::update(production_orders::table.find(id))
        .set((production_orders::status.eq(status), production_orders::recorded_by.eq(by), told))
        .returning(ProductionOrder::as_returning())
        .get_result(conn)
        .await?)
}

/// The items of these lots.
pub async fn items_of(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<HashMap<Uuid, Uuid>> {
    let known = lots::table.filter(lots::id.eq_any(ids)).select((lots::id, lots::item_id));
    Ok(known.load(conn).await?.into_iter().collect())
}

/// How many of a lot lie at a place.
pub async fn lying(conn: &mut Conn, place: Uuid, lot: Uuid) -> ApiResult<i64> {
    let there = stock_balances::table.find((place, lot)).select(stock_balances::quantity);
    Ok(there.first(conn).await.optional()?.unwrap_or_default())
}

/// An order with its lots, if the scope holds it.
pub async fn sheet(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<ProductionOrderSheet> {
    let order = load_any::<ProductionOrder>(conn, scope, id).await?;
    let recipe = load_any::<Recipe>(conn, scope, order.fields.recipe_id).await?;
    let mut lines = posted_by(conn, Act::ProductionOrder, id).await?;
    lines.retain(|line| Some(line.to_id) == LocationKind::Production.account());
    let product = match order.lot_id {
        None => None,
        Some(lot) => {
            let told = lots::table.find(lot).select((lots::id, lots::number, lots::expires_on, lots::status));
            told.first::<ProductLot>(conn).await.optional()?
        }
    };
    let wanted = rules::wanted(&recipe.ingredients, order.fields.batches);
    let ingredients = rules::uses(wanted, lines.iter().map(|line| (line.item_id, line.quantity)));
    let report = report(order, recipe.row.head.item_id, recipe.row.head.batch_size);
    Ok(ProductionOrderSheet { report, ingredients, consumed: lines, product })
}

fn report(order: ProductionOrder, item_id: Uuid, batch_size: i64) -> ProductionOrderReport {
    let expected = batch_size * i64::from(order.fields.batches);
    let loss = order.quantity.map(|made| expected - made);
    ProductionOrderReport {
        item_id,
        expected_quantity: expected,
        loss_quantity: loss,
        yield_percent: order.quantity.map(|made| rules::percent(made, expected)),
        loss_percent: loss.map(|loss| rules::percent(loss, expected)),
        order,
    }
}

/// One page of orders.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    filter: &ProductionOrderFilter,
    page: &PageQuery,
) -> ApiResult<Vec<ProductionOrderReport>> {
    let mut query = production_orders::table.select(ProductionOrder::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, production_orders::retired_at);
    if let Some(status) = filter.status {
        query = query.filter(production_orders::status.eq(status));
    }
    if let Some(item) = filter.item_id {
        let of_item = recipes::table.filter(recipes::item_id.eq(item)).select(recipes::id);
        query = query.filter(production_orders::recipe_id.eq_any(of_item));
    }
    if let Some(recipe) = filter.recipe_id {
        query = query.filter(production_orders::recipe_id.eq(recipe));
    }
    if let Some(place) = filter.place_id {
        query = query.filter(production_orders::place_id.eq(place));
    }
    if let Some(lot) = filter.lot_id {
        let using = stock_movements::table
            .inner_join(stock_documents::table.on(stock_documents::id.eq(stock_movements::document_id)))
            .filter(stock_movements::lot_id.eq(lot))
            .filter(stock_documents::act.eq(Act::ProductionOrder))
            .filter(stock_documents::act_id.is_not_null())
            .select(stock_documents::act_id.assume_not_null());
        query = query.filter(production_orders::id.eq_any(using));
    }
    if let Some(words) = &page.q {
        query = query.filter(production_orders::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, production_orders::id, {
        "code" => production_orders::code; String,
        "planned_on" => production_orders::planned_on; NaiveDate,
        "recorded_at" => production_orders::recorded_at; DateTime<Utc>,
    });
    let orders: Vec<ProductionOrder> = query.load(conn).await?;
    let named: Vec<Uuid> = orders.iter().map(|order| order.fields.recipe_id).collect();
    let found: Vec<(Uuid, Uuid, i64)> = recipes::table
        .filter(recipes::id.eq_any(named))
        .select((recipes::id, recipes::item_id, recipes::batch_size))
        .load(conn)
        .await?;
    let sizes: HashMap<Uuid, (Uuid, i64)> = found.into_iter().map(|(id, item, size)| (id, (item, size))).collect();
    orders
        .into_iter()
        .map(|order| match sizes.get(&order.fields.recipe_id) {
            Some((item, size)) => Ok(report(order, *item, *size)),
            None => Err(ApiError::internal("an order without its recipe")),
        })
        .collect()
}
