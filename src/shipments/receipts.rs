//! Receipts: what was counted in on a day, with the documents that it wrote.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    acts::{CountedLine, NewReceipt, RejectionCause},
    store::visible,
};
use crate::{
    auth::Scope,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, PageQuery, keyset},
    schema::{shipment_receipt_documents, shipment_receipt_lines, shipment_receipts, shipments},
    types::{LongText, Reason, ShortText},
};

/// A receipt's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = shipment_receipts)]
pub struct ReceiptRow {
    /// Its id.
    pub id: Uuid,
    /// The shipment.
    pub shipment_id: Uuid,
    /// The day it arrived.
    pub received_on: NaiveDate,
    /// The number on the paper.
    pub reference: Option<ShortText>,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
    /// Where the rejected were set aside; null where they were given up.
    pub rejected_to_id: Option<Uuid>,
    /// Why it was turned round; null while it stands.
    pub reversed_reason: Option<Reason>,
    /// Rises when it is turned round; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A receipt with what was counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShipmentReceipt {
    #[serde(flatten)]
    pub row: ReceiptRow,
    /// What was counted, lot by lot.
    pub lines: Vec<CountedLine>,
}

impl ShipmentReceipt {
    /// Whether these words made it.
    pub fn is_made_of(&self, shipment: Uuid, new: &NewReceipt) -> bool {
        let row = &self.row;
        let same = |line: &CountedLine| {
            new.lines.iter().any(|given| {
                (given.lot_id, given.accepted_quantity, given.rejected_quantity, given.cause)
                    == (line.lot_id, line.accepted + line.over, line.rejected, line.cause)
            })
        };
        (row.shipment_id, row.received_on, row.rejected_to_id) == (shipment, new.received_on, new.rejected_to_id)
            && (&row.reference, &row.note) == (&new.reference, &new.note)
            && self.lines.len() == new.lines.len()
            && self.lines.iter().all(same)
    }
}

/// The receipts of a shipment have no filters of their own: oldest first, or `sort=-received_on` for newest first.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct ReceiptFilter {}

impl ListFilter for ReceiptFilter {
    const SORTS: &'static [&'static str] = &["received_on"];
}

/// Writes a receipt with its lines if its id is free; whether it was.
pub async fn insert(
    conn: &mut Conn,
    by: Uuid,
    id: Uuid,
    shipment: Uuid,
    new: &NewReceipt,
    lines: &[CountedLine],
) -> ApiResult<bool> {
    let inserted = diesel::insert_into(shipment_receipts::table)
        .values((
            shipment_receipts::id.eq(id),
            shipment_receipts::shipment_id.eq(shipment),
            shipment_receipts::received_on.eq(new.received_on),
            shipment_receipts::reference.eq(&new.reference),
            shipment_receipts::note.eq(&new.note),
            shipment_receipts::rejected_to_id.eq(new.rejected_to_id),
            shipment_receipts::recorded_by.eq(by),
        ))
        .on_conflict(shipment_receipts::id)
        .do_nothing()
        .execute(conn)
        .await?;
    if inserted == 0 {
        return Ok(false);
    }
    let of: Vec<(Uuid, &CountedLine)> = lines.iter().map(|line| (id, line)).collect();
    insert_lines(conn, &of).await?;
    Ok(true)
}

/// The lines of receipts, all in one statement.
pub async fn insert_lines(conn: &mut Conn, lines: &[(Uuid, &CountedLine)]) -> ApiResult<()> {
    diesel::sql_query("INSERT INTO shipment_receipt_lines (receipt_id, lot_id, accepted, rejected, over, cause) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)")
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(receipt, _)| *receipt).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(lines.iter().map(|(_, line)| line.lot_id).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(lines.iter().map(|(_, line)| line.accepted).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(lines.iter().map(|(_, line)| line.rejected).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(lines.iter().map(|(_, line)| line.over).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(lines.iter().map(|(_, line)| line.cause).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes which documents receipts wrote.
pub async fn note_documents(conn: &mut Conn, written: &[(Uuid, Uuid)]) -> ApiResult<()> {
    let (receipts, documents): (Vec<Uuid>, Vec<Uuid>) = written.iter().copied().unzip();
    diesel::sql_query("INSERT INTO shipment_receipt_documents (receipt_id, document_id) SELECT * FROM unnest($1, $2)")
        .bind::<Array<SqlUuid>, _>(receipts)
        .bind::<Array<SqlUuid>, _>(documents)
        .execute(conn)
        .await?;
    Ok(())
}

/// The documents that a receipt wrote.
pub async fn documents(conn: &mut Conn, receipt: Uuid) -> ApiResult<Vec<Uuid>> {
    let written = shipment_receipt_documents::table.filter(shipment_receipt_documents::receipt_id.eq(receipt));
    Ok(written.select(shipment_receipt_documents::document_id).load(conn).await?)
}

/// Says of a receipt that it was turned round; whether it still stood.
pub async fn turn_round(conn: &mut Conn, by: Uuid, id: Uuid, reason: &Reason) -> ApiResult<bool> {
    let standing =
        shipment_receipts::table.filter(shipment_receipts::id.eq(id)).filter(shipment_receipts::reversed_reason.is_null());
    let turned = diesel::update(standing)
        .set((shipment_receipts::reversed_reason.eq(reason), shipment_receipts::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    Ok(turned > 0)
}

/// The day of the last receipt that stands.
pub async fn last_day(conn: &mut Conn, shipment: Uuid) -> ApiResult<Option<NaiveDate>> {
    let standing = shipment_receipts::table
        .filter(shipment_receipts::shipment_id.eq(shipment))
        .filter(shipment_receipts::reversed_reason.is_null());
    Ok(standing.select(diesel::dsl::max(shipment_receipts::received_on)).first(conn).await?)
}

/// A receipt of a shipment that the scope holds.
pub async fn find(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<ShipmentReceipt> {
    let held = shipments::table.select(shipments::id).into_boxed().filter(visible(scope));
    let row = shipment_receipts::table
        .filter(shipment_receipts::id.eq(id))
        .filter(shipment_receipts::shipment_id.eq_any(held))
        .select(ReceiptRow::as_select())
        .first(conn)
        .await?;
    with_lines(conn, vec![row]).await?.pop().ok_or_else(|| ApiError::new(Code::NotFound))
}

/// One page of the receipts of a shipment.
pub async fn list(conn: &mut Conn, shipment: Uuid, page: &PageQuery) -> ApiResult<Vec<ShipmentReceipt>> {
    let of = shipment_receipts::table.filter(shipment_receipts::shipment_id.eq(shipment));
    let mut query = of.select(ReceiptRow::as_select()).into_boxed();
    let query = keyset!(query, page, shipment_receipts::id, {
        "received_on" => shipment_receipts::received_on; NaiveDate,
    });
    let rows = query.load(conn).await?;
    with_lines(conn, rows).await
}

async fn with_lines(conn: &mut Conn, rows: Vec<ReceiptRow>) -> ApiResult<Vec<ShipmentReceipt>> {
    type Line = (Uuid, Uuid, i64, i64, i64, Option<RejectionCause>);
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let found: Vec<Line> = shipment_receipt_lines::table
        .filter(shipment_receipt_lines::receipt_id.eq_any(ids))
        .order((shipment_receipt_lines::receipt_id, shipment_receipt_lines::lot_id))
        .select((
            shipment_receipt_lines::receipt_id,
            shipment_receipt_lines::lot_id,
            shipment_receipt_lines::accepted,
            shipment_receipt_lines::rejected,
            shipment_receipt_lines::over,
            shipment_receipt_lines::cause,
        ))
        .load(conn)
        .await?;
    let mut lines: HashMap<Uuid, Vec<CountedLine>> = HashMap::new();
    for (receipt, lot_id, accepted, rejected, over, cause) in found {
        lines.entry(receipt).or_default().push(CountedLine { lot_id, accepted, rejected, over, cause });
    }
    Ok(rows.into_iter().map(|row| ShipmentReceipt { lines: lines.remove(&row.id).unwrap_or_default(), row }).collect())
}
