//! The steps of a requisition's life: each holds the requisition, judges, and writes, in one transaction.

use uuid::Uuid;

use super::{
    rules::{self, Step},
    store,
    types::{Approval, Requisition, RequisitionPatch, RequisitionReason, RequisitionStatus},
};
use crate::{
    auth::{Actor, DecideRequisitions, Permission},
    db::{Conn, Db},
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    register::{change, close, load_open},
};

/// Edits a draft, or what was rejected.
pub async fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: Uuid,
    expected: IfMatch,
    body: &Body<RequisitionPatch>,
) -> ApiResult<Answer> {
    rules::editable(store::lock(conn, &actor.scope, id).await?)?;
    change::<Requisition>(conn, actor, id, expected, &body.value).await
}

/// Retires what nobody decides on any more.
pub async fn retire(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    rules::retirable(store::lock(conn, &actor.scope, id).await?)?;
    close::<Requisition>(conn, actor, id, expected).await
}

/// Submits a draft, or again what was rejected.
pub async fn submit(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, step: Step) -> ApiResult<Answer> {
    once(db, actor.id, key, &[], async |conn| {
        rules::after(store::lock(conn, &actor.scope, id).await?, step)?;
        told(&store::submit(conn, actor.id, id).await?)
    })
    .await
}

/// Grants all of it or some; what was granted of every line is written with it.
pub async fn approve(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<Approval>) -> ApiResult<Answer> {
    let granted = &body.value.lines;
    once(db, actor.id, key, &body.digest, async |conn| {
        rules::after(store::lock(conn, &actor.scope, id).await?, Step::Approve)?;
        let there = load_open::<Requisition>(conn, &actor.scope, id).await?;
        let status = rules::approval(&there.lines, granted)?;
        store::approve_lines(conn, actor.id, id, granted).await?;
        told(&store::decide(conn, actor.id, id, status, None).await?)
    })
    .await
}

/// Grants none of it.
pub async fn reject(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<RequisitionReason>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let status = rules::after(store::lock(conn, &actor.scope, id).await?, Step::Reject)?;
        told(&store::decide(conn, actor.id, id, status, Some(&body.value.reason)).await?)
    })
    .await
}

/// Takes it back.
pub async fn cancel(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<RequisitionReason>) -> ApiResult<Answer> {
    let step = Step::Cancel { approver: DecideRequisitions::ROLES.contains(&actor.role) };
    once(db, actor.id, key, &body.digest, async |conn| {
        rules::after(store::lock(conn, &actor.scope, id).await?, step)?;
        told(&store::put(conn, actor.id, id, RequisitionStatus::Cancelled, Some(&body.value.reason)).await?)
    })
    .await
}

fn told(requisition: &Requisition) -> ApiResult<Answer> {
    Answer::record(requisition.row.revision, requisition)
}
