//! Shipments that answer a requisition: drafted from what was granted and is not on its way yet; and what of them counts for it.
//!
//! For a requisition, sent is what is on its way or has come: what was refused, lost or came back is wanted again.

use std::collections::HashMap;

use chrono::NaiveDate;
use deserr::Deserr;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use utoipa::ToSchema;
use uuid::Uuid;

use super::types::{Shipment, ShipmentFields, ShipmentLineFields};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, New, once},
    register::{Record, add},
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
        if new.id.is_some()
            && let Some(there) = <Shipment as Record>::load(conn, &actor.scope, id).await?
        {
            let head = &there.row.head;
            let same = (head.requisition_id, &head.code, head.from_id, head.to_id)
                == (Some(requisition), &new.code, new.from_id, new.to_id);
            let again = Answer::created(Shipment::COLLECTION, id, there.revision(), &there)?.again();
            return if same { Ok(again) } else { Err(ApiError::new(Code::RecordConflict)) };
        }
        let asked = requisitions::load_for_sending(conn, &actor.scope, requisition).await?;
        let drafted = drafted_for(conn, requisition).await?;
        let open = asked.lines.iter().map(|line| ShipmentLineFields {
            item_id: line.item_id,
            lot_id: None,
            quantity: line.approved_quantity.unwrap_or_default()
                - line.sent_quantity
                - drafted.get(&line.item_id).copied().unwrap_or_default(),
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

/// What shipments of a requisition that have not left want already: item and quantity.
async fn drafted_for(conn: &mut Conn, requisition: Uuid) -> ApiResult<HashMap<Uuid, i64>> {
    #[derive(diesel::QueryableByName)]
    struct Wanted {
        #[diesel(sql_type = SqlUuid)]
        item_id: Uuid,
        #[diesel(sql_type = BigInt)]
        quantity: i64,
    }
    let wanted = diesel::sql_query(
        "SELECT l.item_id, sum(CASE s.status WHEN 'draft' THEN l.quantity ELSE c.quantity END)::bigint AS quantity \
         FROM shipments s JOIN shipment_lines l ON l.shipment_id = s.id AND l.retired_at IS NULL \
         CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS quantity FROM shipment_contents WHERE line_id = l.id AND retired_at IS NULL) c \
         WHERE s.requisition_id = $1 AND s.retired_at IS NULL AND s.status IN ('draft', 'packed') GROUP BY l.item_id",
    );
    let wanted: Vec<Wanted> = wanted.bind::<SqlUuid, _>(requisition).load(conn).await?;
    Ok(wanted.into_iter().map(|wanted| (wanted.item_id, wanted.quantity)).collect())
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
