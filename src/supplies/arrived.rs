//! What has arrived up to a day: what a report that is handed on tells of supplies. Of the road it tells nothing.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use super::{
    statements::{Reach, supplies_within},
    types::{SuppliesPart, SuppliesQuery},
};
use crate::{db::Conn, error::ApiResult, types::OneOrTwo};

/// The rule, of version 1.
const RULE: &str = "What came from the road into the place of a facility on record that it was sent to, on the day of the receipt, in the base unit of its item; a \
    receipt that was turned round counts below nothing on its own day. Left out: shipments that are still on the road, whole, and what was counted beyond what was sent.";

/// What has arrived, by category and month.
#[derive(Debug, Clone, Serialize)]
pub struct Arrived {
    /// Of each base unit; units are never added up.
    pub totals: Vec<ArrivedTotal>,
    /// By category and month.
    pub cells: Vec<ArrivedCell>,
    /// How it is counted, by the figure.
    pub method: BTreeMap<&'static str, ArrivedRule>,
}

/// How it is counted.
#[derive(Debug, Clone, Serialize)]
pub struct ArrivedRule {
    rule: &'static str,
    version: u32,
}

/// All of one base unit.
#[derive(Debug, Clone, Serialize)]
pub struct ArrivedTotal {
    base_unit: String,
    arrived: i64,
}

/// One category in one month, of one base unit.
#[derive(Debug, Clone, Serialize)]
pub struct ArrivedCell {
    category: String,
    month: NaiveDate,
    base_unit: String,
    arrived: i64,
}

/// Reads what has arrived up to a day, of an area, a campaign or a contract.
pub async fn arrived(
    conn: &mut Conn,
    to: NaiveDate,
    (area_id, campaign_id, contract_id): (Option<Uuid>, Option<Uuid>, Option<Uuid>),
) -> ApiResult<Arrived> {
    let by = OneOrTwo { first: SuppliesPart::Category, second: Some(SuppliesPart::Month) };
    let query =
        SuppliesQuery { by, from: None, to: Some(to), area_id, facility_id: None, campaign_id, contract_id, known_at: None };
    let told = supplies_within(conn, Reach { areas: None, facility: None, knows_the_road: false }, &query).await?;
    // Something that left in a month and arrived in another is nothing of the first.
    let totals = told.totals.into_iter().filter(|total| total.arrived != 0);
    let cells = told.cells.into_iter().filter(|cell| cell.arrived != 0);
    Ok(Arrived {
        totals: totals.map(|total| ArrivedTotal { base_unit: total.base_unit, arrived: total.arrived }).collect(),
        cells: cells
            .filter_map(|cell| {
                let (category, month) = (cell.category?, cell.month?);
                Some(ArrivedCell { category, month, base_unit: cell.base_unit, arrived: cell.arrived })
            })
            .collect(),
        method: BTreeMap::from([("supplies.arrived", ArrivedRule { rule: RULE, version: 1 })]),
    })
}
