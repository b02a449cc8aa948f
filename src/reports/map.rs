//! How the facilities of a report lie: how many at least in each cell of the fixed coarse grid, and what their areas are called in Arabic.
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

/// What a cell is told to hold at least. Exact numbers of two reports could be subtracted from each other, and the difference placed.
const CLASSES: [i64; 4] = [SMALLEST_CELL, 10, 20, 50];

/// The cells that many of the counted facilities stand in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoarseMap {
    /// The fewest facilities of a cell that is told.
    pub smallest: i64,
    /// The cells of so many and more, from south to north by their names.
    pub cells: Vec<CoarseCell>,
}

/// A cell of a tenth of a degree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoarseCell {
    /// Its south-west corner, latitude then longitude.
    pub cell: String,
    /// How many facilities stand in it at least: 5, 10, 20 or 50.
    pub at_least: i64,
}

impl CoarseMap {
    /// Whether it can be the map of so many facilities.
    pub fn is_of(&self, total: i64) -> bool {
        let told = self.cells.iter().all(|cell| CLASSES.contains(&cell.at_least));
        let in_order = self.cells.is_sorted_by(|one, next| one.cell < next.cell);
        let least = self.cells.iter().try_fold(0_i64, |sum, cell| sum.checked_add(cell.at_least));
        self.smallest == SMALLEST_CELL && told && in_order && least.is_some_and(|least| least <= total)
    }
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
  SELECT l.coarse_cell AS cell, CASE WHEN count(*) >= 50 THEN 50 WHEN count(*) >= 20 THEN 20 WHEN count(*) >= 10 THEN 10 ELSE $12 END AS at_least
  FROM counted c JOIN facility_locations l ON l.facility_id = c.id
  GROUP BY 1 HAVING count(*) >= $12
)
SELECT jsonb_build_object(
  'map', jsonb_build_object('smallest', $12,
    'cells', (SELECT coalesce(jsonb_agg(jsonb_build_object('cell', cell, 'at_least', at_least) ORDER BY cell COLLATE "C"), '[]') FROM cells)),
  'areas_ar', (SELECT coalesce(jsonb_object_agg(code, name_ar), '{}') FROM areas
               WHERE name_ar IS NOT NULL AND (id = $2 OR id IN (SELECT area_id FROM counted))))"#;
}

/// Counts the facilities of the figures by their cells.
pub async fn places(conn: &mut Conn, scope: &FigureScope, day: NaiveDate) -> ApiResult<Places> {
    let fewest = RowsPage { limit: SMALLEST_CELL, ..RowsPage::default() };
    let told: serde_json::Value = Ask::<MapCells>::new(scope, day, fewest).get_result(conn).await?;
    serde_json::from_value(told).map_err(ApiError::internal)
}
