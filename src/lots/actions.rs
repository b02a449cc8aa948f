//! What happens to lots: each holds the lot, judges, and writes, in one transaction.

use uuid::Uuid;

use super::{
    rules::{self, Step},
    store,
    types::{Lot, LotCorrection, LotFields, LotReason},
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, once},
    register::{Record, checked},
};

/// Holds, releases or recalls a lot.
pub async fn step(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<LotReason>,
    step: Step,
) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let lot = store::lock(conn, id).await?;
        let status = rules::after(lot.status, step)?;
        told(&store::put(conn, actor.id, id, status, &lot.fields, &body.value.reason).await?)
    })
    .await
}

/// Corrects what was said of a lot; its history keeps what it said before.
pub async fn correct(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<LotCorrection>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn: &mut Conn| {
        let lot = store::lock(conn, id).await?;
        rules::correctable(lot.status, &body.value)?;
        let LotCorrection { number, expires_on, manufacturer, unit_value, currency, reason } = body.value.clone();
        let was = lot.fields.clone();
        let fields = LotFields {
            number: number.or(was.number),
            expires_on: expires_on.or(was.expires_on),
            manufacturer: manufacturer.or(was.manufacturer),
            unit_value: unit_value.or(was.unit_value),
            currency: currency.or(was.currency),
            ..lot.fields
        };
        checked(&fields)?;
        Lot::check_references(conn, &actor.scope, &fields).await?;
        told(&store::put(conn, actor.id, id, lot.status, &fields, &reason).await?)
    })
    .await
}

fn told(lot: &Lot) -> ApiResult<Answer> {
    Answer::record(lot.revision, lot)
}
