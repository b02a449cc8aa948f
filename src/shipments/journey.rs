//! Shipments of the past, brought by a sheet: made as drafts like any other, then led through their
//! states by the set, so that their history tells the same steps.

use chrono::NaiveDate;
use diesel::sql_types::{Array, BigInt, Date, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{db::Conn, error::ApiResult};

/// What happened to shipments after they were drafted.
#[derive(Debug, Clone, Default)]
pub struct Journey {
    /// Shipments that left, and when.
    pub dispatched: Vec<(Uuid, NaiveDate)>,
    /// Shipments that arrived, and when.
    pub received: Vec<(Uuid, NaiveDate)>,
    /// Lines that arrived: shipment, number of the line, accepted, rejected.
    pub lines: Vec<(Uuid, i32, i64, i64)>,
}

/// Leads drafts on: those that the same transaction has made.
pub async fn lead(conn: &mut Conn, by: Uuid, journey: &Journey) -> ApiResult<()> {
    step(conn, by, &journey.dispatched, DISPATCH).await?;
    let column = |value: fn(&(Uuid, i32, i64, i64)) -> i64| journey.lines.iter().map(value).collect::<Vec<_>>();
    diesel::sql_query(RECEIVE_LINES)
        .bind::<SqlUuid, _>(by)
        .bind::<Array<SqlUuid>, _>(journey.lines.iter().map(|line| line.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(journey.lines.iter().map(|line| line.1).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(column(|line| line.2))
        .bind::<Array<BigInt>, _>(column(|line| line.3))
        .execute(conn)
        .await?;
    step(conn, by, &journey.received, RECEIVE).await
}

async fn step(conn: &mut Conn, by: Uuid, days: &[(Uuid, NaiveDate)], statement: &str) -> ApiResult<()> {
    let (ids, days): (Vec<Uuid>, Vec<NaiveDate>) = days.iter().copied().unzip();
    let step = diesel::sql_query(statement).bind::<SqlUuid, _>(by).bind::<Array<SqlUuid>, _>(ids).bind::<Array<Date>, _>(days);
    step.execute(conn).await?;
    Ok(())
}

const DISPATCH: &str = "UPDATE shipments SET status = 'dispatched', dispatched_on = step.day, recorded_by = $1
    FROM unnest($2, $3) AS step (id, day) WHERE shipments.id = step.id AND shipments.status = 'draft' AND shipments.retired_at IS NULL";
const RECEIVE: &str = "UPDATE shipments SET status = 'received', received_on = step.day, recorded_by = $1
    FROM unnest($2, $3) AS step (id, day) WHERE shipments.id = step.id AND shipments.status = 'dispatched'";
const RECEIVE_LINES: &str =
    "UPDATE shipment_lines SET accepted_quantity = step.accepted, rejected_quantity = step.rejected, recorded_by = $1
    FROM unnest($2, $3, $4, $5) AS step (shipment_id, line, accepted, rejected), shipments
    WHERE shipment_lines.shipment_id = step.shipment_id AND shipment_lines.line = step.line AND shipment_lines.retired_at IS NULL
      AND shipments.id = step.shipment_id AND shipments.status = 'dispatched'";
