//! Lots that are made here, by production orders.

use diesel::{
    prelude::*,
    sql_types::{Date, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules::{self, Step},
    store,
    types::{LotFields, LotStatus},
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code},
    types::Reason,
};

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Makes the lot of an order, in quarantine. The number of an order that was turned round may be made anew; any other that is taken is refused.
pub async fn make(conn: &mut Conn, by: Uuid, order: Uuid, fields: &LotFields) -> ApiResult<Uuid> {
    let made: Option<Made> = diesel::sql_query(MAKE)
        .bind::<SqlUuid, _>(Uuid::now_v7())
        .bind::<SqlUuid, _>(fields.item_id)
        .bind::<Nullable<Text>, _>(&fields.number)
        .bind::<Nullable<Date>, _>(fields.expires_on)
        .bind::<SqlUuid, _>(order)
        .bind::<SqlUuid, _>(by)
        .get_result(conn)
        .await
        .optional()?;
    made.map(|made| made.id).ok_or_else(|| {
        let fault = crate::error::Faults::one("/lot_number", Code::Duplicate);
        ApiError { faults: fault.0, ..ApiError::new(Code::Duplicate) }
    })
}

const MAKE: &str = "INSERT INTO lots (id, item_id, number, expires_on, status, production_order_id, recorded_by)
    VALUES ($1, $2, $3, $4, 'quarantined', $5, $6)
    ON CONFLICT ON CONSTRAINT lots_number_key DO UPDATE
      SET expires_on = excluded.expires_on, production_order_id = excluded.production_order_id, recorded_by = excluded.recorded_by
      WHERE lots.status = 'quarantined' AND lots.retired_at IS NULL
        AND EXISTS (SELECT FROM production_orders o WHERE o.id = lots.production_order_id AND o.status = 'cancelled')
    RETURNING id";

/// The one lot of an item whose lots do not expire, made where there is none yet.
pub async fn the_one(conn: &mut Conn, by: Uuid, item: Uuid) -> ApiResult<Uuid> {
    let find = "SELECT id FROM lots WHERE item_id = $1 AND number IS NULL";
    // What another transaction adds meanwhile is there for the second look.
    diesel::sql_query(
        "INSERT INTO lots (id, item_id, recorded_by) VALUES ($1, $2, $3) ON CONFLICT ON CONSTRAINT lots_number_key DO NOTHING",
    )
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<SqlUuid, _>(item)
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(diesel::sql_query(find).bind::<SqlUuid, _>(item).get_result::<Made>(conn).await?.id)
}

/// The order of a lot is released: the lot may be used. One that was recalled meanwhile may not.
pub async fn release(conn: &mut Conn, by: Uuid, id: Uuid, reason: &Reason) -> ApiResult<()> {
    let lot = store::lock(conn, id).await?;
    let status = rules::after(lot.status, Step::Release)?;
    store::put(conn, by, id, status, &lot.fields, reason).await.map(drop)
}

/// The order of a lot is rejected: the lot is never used.
pub async fn reject(conn: &mut Conn, by: Uuid, id: Uuid, reason: &Reason) -> ApiResult<()> {
    let lot = store::lock(conn, id).await?;
    if lot.status == LotStatus::Recalled {
        return Ok(());
    }
    let status = rules::after(lot.status, Step::Recall)?;
    store::put(conn, by, id, status, &lot.fields, reason).await.map(drop)
}
