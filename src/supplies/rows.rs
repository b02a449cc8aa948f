//! The rows behind supplies: what moved onto the roads and off them, lot by lot; and what of it arrived, for what was published of it.

use chrono::NaiveDate;
use deserr::Deserr;
use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    statements::{Reach, over_moved, refuse_unknown, within_reach},
    types::Within,
};
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiResult, Faults},
    http::{ListFilter, PageQuery},
    items::ItemCategory,
    types::{KnownAt, ShortText, words},
};

words! {
    /// What became of something on the road.
    SuppliesFigure {
        /// Put onto the road.
        Sent = "sent",
        /// Came where it was sent.
        Arrived = "arrived",
        /// Came into a quarantine.
        Refused = "refused",
        /// Lost, looted, seized.
        Lost = "lost",
        /// Came back.
        Returned = "returned",
    }
}

/// Which rows of supplies: what the supplies were asked of, and the keys of one of their cells.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuppliesRowFilter {
    /// Those of this number of a cell; all when absent.
    #[deserr(default)]
    #[param(inline)]
    pub figure: Option<SuppliesFigure>,
    /// The category of a cell.
    #[deserr(default)]
    pub category: Option<ItemCategory>,
    /// The month of a cell: its first day.
    #[deserr(default)]
    pub month: Option<NaiveDate>,
    /// The area of a cell: the one that the facility stands in, not what lies below it.
    #[deserr(default)]
    pub stands_in_id: Option<Uuid>,
    /// The base unit of a cell.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub base_unit: Option<ShortText>,
    /// What moved on this day or later.
    #[deserr(default)]
    pub from: Option<NaiveDate>,
    /// What moved on this day or before.
    #[deserr(default)]
    pub to: Option<NaiveDate>,
    /// What was sent into this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// What was sent to this facility; also the facility of a cell.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// What this campaign pays.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// What this contract pays.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for SuppliesRowFilter {
    const SORTS: &'static [&'static str] = &["occurred_on"];
}

impl SuppliesRowFilter {
    /// Within what is asked.
    pub fn within(&self) -> Within {
        Within {
            from: self.from,
            to: self.to,
            area_id: self.area_id,
            facility_id: self.facility_id,
            campaign_id: self.campaign_id,
            contract_id: self.contract_id,
            known_at: self.known_at,
        }
    }
}

/// What moved of one lot, onto a road or off it.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct SuppliesRow {
    /// Names the movement.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The shipment.
    #[diesel(sql_type = SqlUuid)]
    pub shipment_id: Uuid,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub shipment_code: String,
    /// The facility it was sent to.
    #[diesel(sql_type = SqlUuid)]
    pub facility_id: Uuid,
    /// The area that stands in.
    #[diesel(sql_type = SqlUuid)]
    pub area_id: Uuid,
    /// The document of the ledger.
    #[diesel(sql_type = SqlUuid)]
    pub document_id: Uuid,
    /// The receipt it belongs to, where there is one.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub receipt_id: Option<Uuid>,
    /// The item.
    #[diesel(sql_type = SqlUuid)]
    pub item_id: Uuid,
    /// Its lot.
    #[diesel(sql_type = SqlUuid)]
    pub lot_id: Uuid,
    /// The category of the item.
    #[diesel(sql_type = Text)]
    pub category: String,
    /// The unit it is counted in.
    #[diesel(sql_type = Text)]
    pub base_unit: String,
    /// The day it moved.
    #[diesel(sql_type = Date)]
    pub occurred_on: NaiveDate,
    /// Which number of a cell it is counted in.
    #[diesel(sql_type = Text)]
    pub figure: SuppliesFigure,
    /// How much; below nothing where a document was turned round.
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
}

#[derive(QueryableByName)]
struct Unknown {
    #[diesel(sql_type = Array<Text>)]
    pointers: Vec<String>,
}

/// $1 which number, $11 category, $12 month, $13 area, $14 base unit, $15 words, $16 and $17 where the page before ended, $18 backwards, $19 how many.
const ROWS: &str = r"
, rows AS (
  SELECT md5(document_id::text || '/' || line)::uuid AS id, id AS shipment_id, code AS shipment_code, facility_id, area_id, document_id,
         item_id, lot_id, category, base_unit, occurred_on, fate AS figure, quantity
  FROM moved
  WHERE ($1::text IS NULL OR fate = $1) AND ($11::text IS NULL OR category = $11) AND ($12::date IS NULL OR date_trunc('month', occurred_on)::date = $12)
    AND ($13::uuid IS NULL OR area_id = $13) AND ($14::text IS NULL OR base_unit = $14) AND ($15::text IS NULL OR siraj_fold(code) LIKE siraj_pattern($15))
)
SELECT rows.*, (SELECT w.receipt_id FROM stock_documents d JOIN shipment_receipt_documents w ON w.document_id = coalesce(d.reverses_id, d.id)
                WHERE d.id = rows.document_id) AS receipt_id
FROM rows
WHERE $16::date IS NULL OR CASE WHEN $18 THEN (occurred_on, id) < ($16, $17::uuid) ELSE (occurred_on, id) > ($16, $17::uuid) END
ORDER BY CASE WHEN $18 THEN occurred_on END DESC, CASE WHEN $18 THEN id END DESC, occurred_on, id LIMIT $19";

/// Refuses what is asked for and not known to the caller.
pub async fn ensure_known(conn: &mut Conn, actor: &Actor, within: &Within) -> ApiResult<()> {
    let asked = over_moved(" SELECT pointers FROM unknown WHERE $1::text IS NULL").bind::<Nullable<Text>, _>(None::<String>);
    let told: Unknown = within_reach(asked, Reach::of(actor), within).get_result(conn).await?;
    refuse_unknown(&told.pointers)
}

/// The rows behind supplies, within what the caller may see.
pub async fn rows(conn: &mut Conn, actor: &Actor, filter: &SuppliesRowFilter, page: &PageQuery) -> ApiResult<Vec<SuppliesRow>> {
    let (day, id) = page.after::<NaiveDate>()?.unzip();
    let asked = over_moved(ROWS).bind::<Nullable<Text>, _>(filter.figure);
    Ok(within_reach(asked, Reach::of(actor), &filter.within())
        .bind::<Nullable<Text>, _>(filter.category)
        .bind::<Nullable<Date>, _>(filter.month)
        .bind::<Nullable<SqlUuid>, _>(filter.stands_in_id)
        .bind::<Nullable<Text>, _>(filter.base_unit.as_ref())
        .bind::<Nullable<Text>, _>(page.q.as_ref())
        .bind::<Nullable<Date>, _>(day)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Bool, _>(page.sort.descending)
        .bind::<BigInt, _>(page.rows())
        .load(conn)
        .await?)
}

#[derive(QueryableByName)]
struct Arrived {
    #[diesel(sql_type = Nullable<BigInt>)]
    arrived: Option<i64>,
}

/// $1 category, $11 unit. Units are never added up: where none is named, the category has to have one alone.
const ARRIVED: &str = r"
, units AS (
  SELECT DISTINCT base_unit FROM items WHERE category = $1 AND ($11::text IS NULL OR base_unit = $11)
)
SELECT CASE WHEN (SELECT count(*) FROM units) = 1 THEN (
  SELECT coalesce(sum(quantity), 0)::bigint FROM moved WHERE fate = 'arrived' AND category = $1 AND base_unit IN (SELECT base_unit FROM units)) END AS arrived";

/// What arrived of a category, in one unit; nothing is told where the unit is none of the category's, or not said and there are several.
/// Areas narrow it as they narrow what somebody sees.
pub async fn arrived_of(
    conn: &mut Conn,
    (areas, knows_the_road): (Option<&[Uuid]>, bool),
    within: &Within,
    (category, unit): (ItemCategory, Option<&str>),
) -> ApiResult<Option<i64>> {
    let reach = Reach { areas: areas.map(<[_]>::to_vec), facility: None, knows_the_road };
    let asked = within_reach(over_moved(ARRIVED).bind::<Text, _>(category), reach, within);
    let told: Arrived = asked.bind::<Nullable<Text>, _>(unit).get_result(conn).await?;
    Ok(told.arrived)
}
