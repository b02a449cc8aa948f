//! How the facilities of a report lie: a number for each cell of the fixed coarse grid, and what their areas are called in Arabic.
//!
//! A report is handed on, so it tells less than the map of the house (`exports`): a cell of a few facilities is left out, because whoever
//! knows the place would know which they are. Where a facility stands is sealed and is not read here.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::sql_types::Jsonb;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use super::{
    statements::{Ask, RowsPage, Statement},
    types::FigureScope,
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult},
};

/// The fewest facilities of a cell that is told.
const SMALLEST_CELL: i64 = 5;

/// The counted facilities by the cell they stand in; adds up to `facilities.total`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoarseMap {
    /// The fewest facilities of a cell that is told.
    pub smallest: i64,
    /// The cells of so many and more.
    pub cells: Vec<CoarseCell>,
    /// How many stand in other cells, or in none because their place was not given.
    pub elsewhere: i64,
}

/// A cell of a tenth of a degree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoarseCell {
    /// Its south-west corner, latitude then longitude.
    pub cell: String,
    /// How many facilities stand in it.
    pub facilities: i64,
}

/// A map, and the Arabic names of the areas that the figures name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Places {
    /// The map.
    pub map: CoarseMap,
    /// The names by the areas' codes; an area without one is not there.
    pub areas_ar: BTreeMap<String, String>,
}

struct MapCells;

impl Statement for MapCells {
    type Row = Jsonb;
    // $12: the fewest facilities of a cell that is told.
    const SQL: &'static str = r#"
, cells AS (
  SELECT l.coarse_cell AS cell, count(*) AS number FROM counted c JOIN facility_locations l ON l.facility_id = c.id
  GROUP BY 1 HAVING count(*) >= $12
)
SELECT jsonb_build_object(
  'map', jsonb_build_object('smallest', $12,
    'cells', (SELECT coalesce(jsonb_agg(jsonb_build_object('cell', cell, 'facilities', number) ORDER BY cell COLLATE "C"), '[]') FROM cells),
    'elsewhere', (SELECT count(*) FROM counted) - (SELECT coalesce(sum(number), 0)::bigint FROM cells)),
  'areas_ar', (SELECT coalesce(jsonb_object_agg(code, name_ar), '{}') FROM areas
               WHERE name_ar IS NOT NULL AND (id = $2 OR id IN (SELECT area_id FROM counted))))"#;
}

/// Counts the facilities of the figures by their cells.
pub async fn places(conn: &mut Conn, scope: &FigureScope, day: NaiveDate) -> ApiResult<Places> {
    let fewest = RowsPage { limit: SMALLEST_CELL, ..RowsPage::default() };
    let told: serde_json::Value = Ask::<MapCells>::new(scope, day, fewest).get_result(conn).await?;
    serde_json::from_value(told).map_err(ApiError::internal)
}
