//! Shipments of the past, brought by a sheet: made as drafts like any other, then led through their states by the set, with the same
//! documents, receipts and differences as if each step had been taken on its day.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Date, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    actions::{lines_of, of_shipment},
    acts::{CountedLine, RejectionCause},
    arrivals,
    discrepancies::{self, Moved},
    discrepancy_types::DiscrepancyCause,
    receipts,
    types::{Shipment, ShipmentContent},
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult},
    register::Record,
    schema::stock_locations,
    stock::{self, DocumentKind, Posting, StockLine},
    stock_locations::{LocationKind, open_roads},
    types::Reason,
};

/// What arrived of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The lot.
    pub lot_id: Uuid,
    /// How much arrived whole.
    pub accepted: i64,
    /// How much arrived and was refused.
    pub rejected: i64,
    /// Why it was refused.
    pub cause: Option<RejectionCause>,
    /// Why the rest did not arrive; it is still outstanding where nobody says.
    pub missing: Option<DiscrepancyCause>,
}

/// What happened to a shipment after it was drafted.
#[derive(Debug, Clone)]
pub struct Way {
    /// The shipment.
    pub shipment: Uuid,
    /// The day it was packed and left; the lines of its draft all name their lots.
    pub dispatched_on: NaiveDate,
    /// The day it arrived.
    pub received_on: Option<NaiveDate>,
    /// What arrived of it.
    pub lines: Vec<Arrived>,
}

/// The ways of many shipments.
#[derive(Debug, Clone, Default)]
pub struct Journey(pub Vec<Way>);

/// Leads drafts on: those that the same transaction has made.
pub async fn lead(conn: &mut Conn, by: Uuid, journey: &Journey) -> ApiResult<()> {
    if journey.0.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = journey.0.iter().map(|way| way.shipment).collect();
    let days: Vec<NaiveDate> = journey.0.iter().map(|way| way.dispatched_on).collect();
    open_roads(conn, by, &ids).await?;
    for statement in [PACK, BOX, LEAVE] {
        let step = diesel::sql_query(statement);
        let step = step.bind::<SqlUuid, _>(by).bind::<Array<SqlUuid>, _>(&ids).bind::<Array<Date>, _>(&days);
        step.execute(conn).await?;
    }
    let shipments: HashMap<Uuid, Shipment> =
        Shipment::load_many(conn, &ids).await?.into_iter().map(|shipment| (shipment.id(), shipment)).collect();
    depart(conn, by, journey, &shipments).await?;
    arrive(conn, by, journey, &shipments).await
}

const PACK: &str = "UPDATE shipments SET status = 'packed', packed_on = step.day, recorded_by = $1
    FROM unnest($2, $3) AS step (id, day) WHERE shipments.id = step.id AND shipments.status = 'draft' AND shipments.retired_at IS NULL";
const BOX: &str = "INSERT INTO shipment_contents (shipment_id, line_id, lot_id, quantity, recorded_by)
    SELECT l.shipment_id, l.id, l.lot_id, l.quantity, $1 FROM unnest($2, $3) AS step (id, day)
    JOIN shipment_lines l ON l.shipment_id = step.id AND l.retired_at IS NULL";
const LEAVE: &str = "UPDATE shipments SET status = 'dispatched', dispatched_on = step.day, transit_id = road.id, recorded_by = $1
    FROM unnest($2, $3) AS step (id, day) JOIN stock_locations road ON road.code = 'TRANSIT-' || upper(replace(step.id::text, '-', ''))
    WHERE shipments.id = step.id AND shipments.status = 'packed'";

/// Posts what left, all in one statement.
async fn depart(conn: &mut Conn, by: Uuid, journey: &Journey, shipments: &HashMap<Uuid, Shipment>) -> ApiResult<()> {
    let sources: Vec<Uuid> = shipments.values().map(|shipment| shipment.row.head.from_id).collect();
    let kinds: HashMap<Uuid, LocationKind> = stock_locations::table
        .filter(stock_locations::id.eq_any(sources))
        .select((stock_locations::id, stock_locations::kind))
        .load(conn)
        .await?
        .into_iter()
        .collect();
    let departure = |way: &Way| -> Option<Posting> {
        let shipment = shipments.get(&way.shipment)?;
        let from = shipment.row.head.from_id;
        let kind = if kinds.get(&from)?.holds() { DocumentKind::Transfer } else { DocumentKind::Receipt };
        let lines = lines_of(shipment, |content| content.quantity);
        Some(of_shipment(shipment, kind, way.dispatched_on, (from, shipment.row.transit_id?), lines))
    };
    let postings: Vec<Posting> = journey.0.iter().filter_map(departure).collect();
    stock::post(conn, by, &postings).await?;
    Ok(())
}

/// Counts in what arrived: receipts, documents, differences, contents and states, each in one statement.
async fn arrive(conn: &mut Conn, by: Uuid, journey: &Journey, shipments: &HashMap<Uuid, Shipment>) -> ApiResult<()> {
    let arrived: Vec<(Uuid, &Way, &Shipment, NaiveDate)> =
        journey.0.iter().filter_map(|way| Some((Uuid::now_v7(), way, shipments.get(&way.shipment)?, way.received_on?))).collect();
    if arrived.is_empty() {
        return Ok(());
    }
    diesel::sql_query("INSERT INTO shipment_receipts (id, shipment_id, received_on, recorded_by) SELECT given.*, $4 FROM unnest($1, $2, $3) AS given")
        .bind::<Array<SqlUuid>, _>(arrived.iter().map(|(receipt, ..)| *receipt).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(arrived.iter().map(|(_, way, ..)| way.shipment).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(arrived.iter().map(|(.., day)| *day).collect::<Vec<_>>())
        .bind::<SqlUuid, _>(by)
        .execute(conn)
        .await?;
    let (mut counted, mut postings, mut written, mut moved, mut fates) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (receipt, way, shipment, day) in &arrived {
        let lines = counted_of(way);
        let of_receipt = arrivals::arrivals(shipment, *day, None, &lines)?;
        written.extend(of_receipt.iter().map(|posting| (*receipt, posting.id)));
        postings.extend(of_receipt);
        moved.extend(arrivals::differences(way.shipment, *receipt, *day, &lines));
        let missing = missing_of(way, shipment, *day);
        postings.extend(lost(shipment, *day, &missing)?);
        fates.extend(fates_of(way, &missing));
        moved.extend(missing);
        counted.extend(lines.into_iter().map(|line| (*receipt, line)));
    }
    receipts::insert_lines(conn, &counted.iter().map(|(receipt, line)| (*receipt, line)).collect::<Vec<_>>()).await?;
    stock::post(conn, by, &postings).await?;
    receipts::note_documents(conn, &written).await?;
    discrepancies::insert_moved(conn, by, &moved).await?;
    come_in(conn, by, &fates).await?;
    diesel::sql_query(ARRIVE)
        .bind::<SqlUuid, _>(by)
        .bind::<Array<SqlUuid>, _>(arrived.iter().map(|(_, way, ..)| way.shipment).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(arrived.iter().map(|(.., day)| *day).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

const ARRIVE: &str = "UPDATE shipments SET received_on = step.day, recorded_by = $1, status = CASE
      WHEN EXISTS (SELECT FROM shipment_contents c WHERE c.shipment_id = step.id AND c.outstanding > 0) THEN 'partially_received' ELSE 'received' END
    FROM unnest($2, $3) AS step (id, day) WHERE shipments.id = step.id AND shipments.status = 'dispatched'";

/// What a receipt of the past has counted.
fn counted_of(way: &Way) -> Vec<CountedLine> {
    let counted = way.lines.iter().map(|line| CountedLine {
        lot_id: line.lot_id,
        accepted: line.accepted,
        rejected: line.rejected,
        over: 0,
        cause: line.cause,
    });
    counted.filter(|line| line.accepted + line.rejected > 0).collect()
}

/// What did not arrive, and why, where somebody says.
fn missing_of(way: &Way, shipment: &Shipment, occurred_on: NaiveDate) -> Vec<Moved> {
    let sent: HashMap<Uuid, &ShipmentContent> = shipment.contents.iter().map(|content| (content.lot_id, content)).collect();
    let missing = way.lines.iter().filter_map(|line| {
        let quantity = sent.get(&line.lot_id)?.quantity - line.accepted - line.rejected;
        let cause = line.missing?;
        let moved = Moved { shipment_id: way.shipment, receipt_id: None, lot_id: line.lot_id, cause, quantity, occurred_on };
        (quantity > 0).then_some(moved)
    });
    missing.collect()
}

/// The document of what did not arrive.
fn lost(shipment: &Shipment, day: NaiveDate, missing: &[Moved]) -> ApiResult<Option<Posting>> {
    let (Some(road), Some(loss)) = (shipment.row.transit_id, LocationKind::Loss.account()) else {
        return Err(ApiError::internal("a shipment on the road without a road"));
    };
    if missing.is_empty() {
        return Ok(None);
    }
    let reason = Reason::parse("Did not arrive with the rest.").map_err(|_| ApiError::internal("a reason that is none"))?;
    let lines = missing.iter().map(|one| StockLine { lot_id: one.lot_id, quantity: one.quantity }).collect();
    let posting = of_shipment(shipment, DocumentKind::Loss, day, (road, loss), lines);
    Ok(Some(Posting { reason: Some(reason), ..posting }))
}

/// What became of a lot: shipment, lot, accepted, rejected, lost.
type LotFate = (Uuid, Uuid, i64, i64, i64);

fn fates_of(way: &Way, missing: &[Moved]) -> Vec<LotFate> {
    let lost: HashMap<Uuid, i64> = missing.iter().map(|one| (one.lot_id, one.quantity)).collect();
    let fate = |line: &Arrived| {
        let lost = lost.get(&line.lot_id).copied().unwrap_or_default();
        (way.shipment, line.lot_id, line.accepted, line.rejected, lost)
    };
    way.lines.iter().map(fate).collect()
}

async fn come_in(conn: &mut Conn, by: Uuid, fates: &[LotFate]) -> ApiResult<()> {
    let column = |of: fn(&LotFate) -> i64| fates.iter().map(of).collect::<Vec<_>>();
    diesel::sql_query(
        "UPDATE shipment_contents c SET accepted = given.accepted, rejected = given.rejected, lost = given.lost, recorded_by = $1
         FROM unnest($2, $3, $4, $5, $6) AS given (shipment_id, lot_id, accepted, rejected, lost)
         WHERE c.shipment_id = given.shipment_id AND c.lot_id = given.lot_id AND c.retired_at IS NULL",
    )
    .bind::<SqlUuid, _>(by)
    .bind::<Array<SqlUuid>, _>(fates.iter().map(|fate| fate.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(fates.iter().map(|fate| fate.1).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(column(|fate| fate.2))
    .bind::<Array<BigInt>, _>(column(|fate| fate.3))
    .bind::<Array<BigInt>, _>(column(|fate| fate.4))
    .execute(conn)
    .await?;
    Ok(())
}
