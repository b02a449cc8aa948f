//! The steps of a shipment's life: each holds the shipment, judges, and writes, in one transaction.

use uuid::Uuid;

use super::{
    rules::{self, Step},
    store::{self, Progress},
    types::{Cancellation, Dispatch, Receipt, Shipment, ShipmentPatch},
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Faults},
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    register::{change, close, load_open},
    types::{LongText, happened, in_order},
};

/// Edits a draft.
pub async fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: Uuid,
    expected: IfMatch,
    body: &Body<ShipmentPatch>,
) -> ApiResult<Answer> {
    rules::editable(store::lock(conn, &actor.scope, id).await?)?;
    change::<Shipment>(conn, actor, id, expected, &body.value).await
}

/// Retires what never left.
pub async fn retire(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    rules::retirable(store::lock(conn, &actor.scope, id).await?)?;
    close::<Shipment>(conn, actor, id, expected).await
}

/// A draft leaves.
pub async fn dispatch(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<Dispatch>) -> ApiResult<Answer> {
    let day = body.value.dispatched_on;
    once(db, actor.id, key, &body.digest, async |conn| {
        let mut progress = step(conn, actor, id, Step::Dispatch).await?;
        let mut faults = Faults::default();
        happened(&mut faults, "/dispatched_on", day);
        faults.into_result()?;
        progress.dispatched_on = Some(day);
        proceed(conn, id, &progress).await
    })
    .await
}

/// A draft will not leave; the reason becomes the last line of its note.
pub async fn cancel(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<Cancellation>) -> ApiResult<Answer> {
    let reason = &body.value.reason;
    once(db, actor.id, key, &body.digest, async |conn| {
        let progress = step(conn, actor, id, Step::Cancel).await?;
        let there = load_open::<Shipment>(conn, &actor.scope, id).await?;
        let note = match there.fields.note {
            Some(note) => format!("{note}\n{reason}"),
            None => reason.to_string(),
        };
        let note = LongText::parse(&note).map_err(|code| ApiError::fault("/reason", code))?;
        proceed(conn, id, &Progress { note: Some(note.as_str()), ..progress }).await
    })
    .await
}

/// A shipment arrived; what came of every line is written with it.
pub async fn receive(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<Receipt>) -> ApiResult<Answer> {
    let Receipt { received_on, lines } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let mut progress = step(conn, actor, id, Step::Receive).await?;
        let there = load_open::<Shipment>(conn, &actor.scope, id).await?;
        let mut faults = Faults::default();
        happened(&mut faults, "/received_on", *received_on);
        in_order(&mut faults, "/received_on", there.row.dispatched_on, Some(*received_on));
        rules::receipt(&mut faults, &there.lines, lines);
        faults.into_result()?;
        store::receive_lines(conn, actor.id, id, lines).await?;
        progress.received_on = Some(*received_on);
        proceed(conn, id, &progress).await
    })
    .await
}

/// Holds the shipment and says what the step will write, if it may be taken.
async fn step(conn: &mut Conn, actor: &Actor, id: Uuid, step: Step) -> ApiResult<Progress<'static>> {
    let status = rules::after(store::lock(conn, &actor.scope, id).await?, step)?;
    Ok(Progress { status, dispatched_on: None, received_on: None, note: None, recorded_by: actor.id })
}

async fn proceed(conn: &mut Conn, id: Uuid, progress: &Progress<'_>) -> ApiResult<Answer> {
    let shipment = store::proceed(conn, id, progress).await?;
    Answer::record(shipment.row.revision, &shipment)
}
