//! What is in the boxes: packing, and what becomes of it on the road. All of it by the set.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Date, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::ShipmentContent;
use crate::{
    db::Conn,
    error::ApiResult,
    schema::{lots, shipment_contents},
    stock::StockLine,
};

/// The contents of these shipments, those that are packed.
pub async fn of(conn: &mut Conn, shipments: &[Uuid]) -> ApiResult<HashMap<Uuid, Vec<ShipmentContent>>> {
    let found: Vec<(Uuid, ShipmentContent)> = shipment_contents::table
        .inner_join(lots::table.on(lots::id.eq(shipment_contents::lot_id)))
        .filter(shipment_contents::shipment_id.eq_any(shipments))
        .filter(shipment_contents::retired_at.is_null())
        .order((shipment_contents::shipment_id, lots::item_id, lots::expires_on, shipment_contents::lot_id))
        .select((
            shipment_contents::shipment_id,
            (
                shipment_contents::id,
                shipment_contents::line_id,
                lots::item_id,
                shipment_contents::lot_id,
                lots::number,
                lots::expires_on,
                shipment_contents::quantity,
                shipment_contents::accepted,
                shipment_contents::rejected,
                shipment_contents::lost,
                shipment_contents::returned,
                shipment_contents::outstanding,
                shipment_contents::explained,
            ),
        ))
        .load(conn)
        .await?;
    let mut of: HashMap<Uuid, Vec<ShipmentContent>> = HashMap::new();
    for (shipment, content) in found {
        of.entry(shipment).or_default().push(content);
    }
    Ok(of)
}

/// Puts the lines of a draft into boxes, as far as there is enough that is free, and sets it aside where it lies. A line that names
/// a lot gets that lot; another gets those that expire first. What comes from outside is packed as its lines say.
pub async fn pack(conn: &mut Conn, by: Uuid, shipment: Uuid, packed_on: NaiveDate) -> ApiResult<()> {
    diesel::sql_query("SELECT siraj_hold_for_packing($1)").bind::<SqlUuid, _>(shipment).execute(conn).await?;
    diesel::sql_query(PACK).bind::<SqlUuid, _>(shipment).bind::<Date, _>(packed_on).bind::<SqlUuid, _>(by).execute(conn).await?;
    Ok(())
}

const PACK: &str = "WITH wanted AS (
      SELECT l.id AS line_id, l.item_id, l.lot_id, l.quantity, s.from_id, p.holds
      FROM shipment_lines l JOIN shipments s ON s.id = l.shipment_id JOIN stock_locations p ON p.id = s.from_id
      WHERE l.shipment_id = $1 AND l.retired_at IS NULL
    ), usable AS (
      SELECT w.line_id, w.quantity AS wanted, o.id AS lot_id, b.quantity - b.reserved AS free,
             (sum(b.quantity - b.reserved) OVER (PARTITION BY w.line_id ORDER BY o.expires_on NULLS LAST, o.id) - (b.quantity - b.reserved))::bigint AS before
      FROM wanted w JOIN lots o ON o.item_id = w.item_id AND o.id = coalesce(w.lot_id, o.id)
      JOIN stock_balances b ON b.location_id = w.from_id AND b.lot_id = o.id AND b.quantity > b.reserved
      WHERE w.holds AND (w.lot_id IS NOT NULL OR o.status = 'available' AND coalesce(o.expires_on >= $2, true))
    )
    INSERT INTO shipment_contents (shipment_id, line_id, lot_id, quantity, reserved, recorded_by)
    SELECT $1, line_id, lot_id, least(free, wanted - before), true, $3 FROM usable WHERE before < wanted
    UNION ALL
    SELECT $1, line_id, lot_id, quantity, false, $3 FROM wanted WHERE NOT holds AND lot_id IS NOT NULL";

/// Sets free what was set aside: it leaves, or goes back to the shelf (and then out of its boxes).
pub async fn set_free(conn: &mut Conn, by: Uuid, shipment: Uuid, unpacked: bool) -> ApiResult<()> {
    let statement = if unpacked {
        "UPDATE shipment_contents SET reserved = false, retired_at = clock_timestamp(), recorded_by = $2 WHERE shipment_id = $1 AND retired_at IS NULL"
    } else {
        "UPDATE shipment_contents SET reserved = false, recorded_by = $2 WHERE shipment_id = $1 AND retired_at IS NULL"
    };
    diesel::sql_query(statement).bind::<SqlUuid, _>(shipment).bind::<SqlUuid, _>(by).execute(conn).await?;
    Ok(())
}

macro_rules! add_to {
    ($column:literal) => {
        concat!(
            "UPDATE shipment_contents c SET ",
            $column,
            " = c.",
            $column,
            " + given.quantity, recorded_by = $4 FROM unnest($2, $3) AS given (lot_id, quantity) \
             WHERE c.shipment_id = $1 AND c.lot_id = given.lot_id AND c.retired_at IS NULL"
        )
    };
}

/// What becomes of contents on the road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrived whole.
    Accepted,
    /// It arrived and was refused.
    Rejected,
    /// It is lost.
    Lost,
    /// It came back.
    Returned,
}

/// Adds to what became of lots; less than nothing takes it back.
pub async fn add(conn: &mut Conn, by: Uuid, shipment: Uuid, fate: Fate, lines: &[StockLine]) -> ApiResult<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let statement = match fate {
        Fate::Accepted => add_to!("accepted"),
        Fate::Rejected => add_to!("rejected"),
        Fate::Lost => add_to!("lost"),
        Fate::Returned => add_to!("returned"),
    };
    diesel::sql_query(statement)
        .bind::<SqlUuid, _>(shipment)
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|line| line.lot_id).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(lines.iter().map(|line| line.quantity).collect::<Vec<_>>())
        .bind::<SqlUuid, _>(by)
        .execute(conn)
        .await?;
    Ok(())
}
