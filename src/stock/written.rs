//! What an act has written into the ledger, and has not turned round.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::types::Act;
use crate::{
    db::Conn,
    error::ApiResult,
    schema::{lots, stock_documents, stock_movements},
};

/// A lot that an act moved.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct ActLine {
    /// The document.
    pub document_id: Uuid,
    /// The day it happened.
    pub occurred_on: NaiveDate,
    /// Where it went.
    pub to_id: Uuid,
    /// The item.
    pub item_id: Uuid,
    /// The lot.
    pub lot_id: Uuid,
    /// The lot's number.
    pub lot_number: Option<String>,
    /// How many, in the item's base unit.
    pub quantity: i64,
}

/// The lines of an act's documents that stand, in the order they were written.
pub async fn posted_by(conn: &mut Conn, act: Act, act_id: Uuid) -> ApiResult<Vec<ActLine>> {
    let found: Vec<(Option<Uuid>, ActLine)> = stock_documents::table
        .inner_join(stock_movements::table.on(stock_movements::document_id.eq(stock_documents::id)))
        .inner_join(lots::table.on(lots::id.eq(stock_movements::lot_id)))
        .filter(stock_documents::act.eq(act))
        .filter(stock_documents::act_id.eq(act_id))
        .order((stock_documents::id, stock_movements::line))
        .select((
            stock_documents::reverses_id,
            (
                stock_documents::id,
                stock_documents::occurred_on,
                stock_documents::to_id,
                lots::item_id,
                lots::id,
                lots::number,
                stock_movements::quantity,
            ),
        ))
        .load(conn)
        .await?;
    let turned: HashSet<Uuid> = found.iter().filter_map(|(reverses, _)| *reverses).collect();
    let stands =
        |(reverses, line): (Option<Uuid>, ActLine)| (reverses.is_none() && !turned.contains(&line.document_id)).then_some(line);
    Ok(found.into_iter().filter_map(stands).collect())
}
