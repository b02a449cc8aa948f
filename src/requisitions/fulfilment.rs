//! What shipments do with a requisition: they ask for it before they send, and tell what was sent and what came.

use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{rules, store, types::Requisition};
use crate::{auth::Scope, db::Conn, error::ApiResult, register::load_open};

/// How much more of an item was sent and came, in base units; less than nothing where something of it was undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The item.
    pub item_id: Uuid,
    /// How much more was sent.
    pub sent: i64,
    /// How much more came.
    pub received: i64,
}

/// The requisition, held until the transaction ends, if goods may be sent for it; hidden and missing are one.
pub async fn load_for_sending(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Requisition> {
    rules::sendable(store::lock(conn, scope, id).await?)?;
    load_open::<Requisition>(conn, scope, id).await
}

/// Holds a requisition until the transaction ends: who will tell it something takes it before anything else.
pub async fn hold(conn: &mut Conn, id: Uuid) -> ApiResult<()> {
    store::lock(conn, &Scope::Everything, id).await.map(|_| ())
}

/// Counts what was sent and what came, and brings the requisition to where its lines stand. Items that it does not ask for are no
/// matter of its own. Below nothing it is not counted: the database refuses it.
pub async fn fulfil(conn: &mut Conn, by: Uuid, id: Uuid, moved: &[Moved]) -> ApiResult<()> {
    let status = store::lock(conn, &Scope::Everything, id).await?;
    rules::countable(status)?;
    diesel::sql_query(COUNT)
        .bind::<SqlUuid, _>(by)
        .bind::<SqlUuid, _>(id)
        .bind::<Array<SqlUuid>, _>(moved.iter().map(|moved| moved.item_id).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(moved.iter().map(|moved| moved.sent).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(moved.iter().map(|moved| moved.received).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    let now = rules::fulfilment(&load_open::<Requisition>(conn, &Scope::Everything, id).await?.lines);
    if now != status {
        store::put(conn, by, id, now, None).await?;
    }
    Ok(())
}

const COUNT: &str = "UPDATE requisition_lines l
    SET sent_quantity = l.sent_quantity + moved.sent, received_quantity = l.received_quantity + moved.received, recorded_by = $1
    FROM (SELECT item_id, sum(sent)::bigint AS sent, sum(received)::bigint AS received
          FROM unnest($3, $4, $5) AS given (item_id, sent, received) GROUP BY item_id) AS moved
    WHERE l.requisition_id = $2 AND l.item_id = moved.item_id AND l.retired_at IS NULL AND (moved.sent <> 0 OR moved.received <> 0)";
