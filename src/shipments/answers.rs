//! Shipments that answer a requisition: drafted from what was granted and is not on its way yet; and what of them counts for it.
//!
//! For a requisition, sent is what is on its way or has come: what was refused, lost or came back is wanted again.

use std::collections::HashMap;

use chrono::NaiveDate;
use deserr::Deserr;
use utoipa::ToSchema;
use uuid::Uuid;

use super::types::{Shipment, ShipmentFields, ShipmentLineFields};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, New, once},
    register::add,
    requisitions::{self, Moved},
    types::{LongText, RecordCode},
};

/// A shipment to be drafted for a requisition.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"code": "SHP-2015-031", "from_id": "0193a1c2-0000-7000-8000-000000000009", "to_id": "0193a1c2-0000-7000-8000-00000000000a"}))]
pub struct NewAnswer {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// What people call the shipment; never used twice.
    pub code: RecordCode,
    /// Where the goods lie.
    pub from_id: Uuid,
    /// The store of the facility that asked.
    pub to_id: Uuid,
    /// The campaign that pays it.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// The contract that pays it.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// The day it is meant to leave.
    #[deserr(default)]
    pub planned_on: Option<NaiveDate>,
    /// Anything else worth knowing. Never routes or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

/// Drafts a shipment of what was granted and is not on its way yet.
pub async fn draft(db: &Db, actor: &Actor, requisition: Uuid, key: &IdempotencyKey, body: &Body<NewAnswer>) -> ApiResult<Answer> {
    let new = &body.value;
    let id = new.id.unwrap_or_else(Uuid::now_v7);
    once(db, actor.id, key, &body.digest, async |conn| {
        let asked = requisitions::load_for_sending(conn, &actor.scope, requisition).await?;
        let open = asked.lines.iter().map(|line| ShipmentLineFields {
            item_id: line.item_id,
            lot_id: None,
            quantity: line.approved_quantity.unwrap_or_default() - line.sent_quantity,
        });
        let lines: Vec<ShipmentLineFields> = open.filter(|line| line.quantity > 0).collect();
        if lines.is_empty() {
            return Err(ApiError::new(Code::WrongState));
        }
        let fields = ShipmentFields {
            code: new.code.clone(),
            supplier_id: None,
            from_id: new.from_id,
            to_id: new.to_id,
            campaign_id: new.campaign_id,
            contract_id: new.contract_id,
            requisition_id: Some(requisition),
            planned_on: new.planned_on,
            note: new.note.clone(),
            lines,
        };
        add::<Shipment>(conn, actor, &New { id, fields }).await
    })
    .await
}

/// Tells the requisition of a shipment what more was sent and came of which lots; nothing where it answers none.
pub async fn tell(
    conn: &mut Conn,
    by: Uuid,
    shipment: &Shipment,
    moved: impl Iterator<Item = (Uuid, i64, i64)>,
) -> ApiResult<()> {
    let Some(requisition) = shipment.row.head.requisition_id else { return Ok(()) };
    let items: HashMap<Uuid, Uuid> = shipment.contents.iter().map(|content| (content.lot_id, content.item_id)).collect();
    let of = |(lot, sent, received)| Some(Moved { item_id: items.get(&lot).copied()?, sent, received });
    let moved: Vec<Moved> = moved.filter_map(of).collect();
    requisitions::fulfil(conn, by, requisition, &moved).await
}
