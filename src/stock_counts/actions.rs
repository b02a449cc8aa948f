//! The steps of a count: each holds the count, judges, and writes, in one transaction.

use uuid::Uuid;

use super::{
    rules::{self, Step},
    store::{self, Progress},
    types::{CountConfirmation, CountReason, CountStatus, StockCount, StockCountPatch, StockCountRow},
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    register::{change, load_any},
    stock::{post, turn_round},
};

/// Edits a draft.
pub async fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: Uuid,
    expected: IfMatch,
    body: &Body<StockCountPatch>,
) -> ApiResult<Answer> {
    rules::editable(store::lock(conn, &actor.scope, id).await?.status)?;
    change::<StockCount>(conn, actor, id, expected, &body.value).await
}

/// A draft is handed in: from now on it is as it was counted.
pub async fn submit(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey) -> ApiResult<Answer> {
    once(db, actor.id, key, &[], async |conn| {
        let (_, progress) = step(conn, actor, id, Step::Submit).await?;
        let there = load_any::<StockCount>(conn, &actor.scope, id).await?;
        if there.fields.lines.is_empty() && !there.fields.complete {
            return Err(ApiError::fault("/lines", Code::Required));
        }
        proceed(conn, actor, id, &Progress { counted_by: Some(actor.id), ..progress }).await
    })
    .await
}

/// A second person agrees: the differences are posted on the day of the count.
pub async fn confirm(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<CountConfirmation>,
) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (count, progress) = step(conn, actor, id, Step::Confirm).await?;
        let counter = count.counted_by.ok_or_else(|| ApiError::internal("a count that nobody counted"))?;
        // Nothing moves at the place between the look into the book and what is posted.
        store::hold_place(conn, count.head.location_id).await?;
        store::freeze(conn, actor.id, id).await?;
        let there = load_any::<StockCount>(conn, &actor.scope, id).await?;
        let postings = rules::postings(&count, &there.lines, &body.value, actor.id)?;
        if !post(conn, counter, &postings).await? {
            return Err(ApiError::internal("a new document's id was taken"));
        }
        proceed(conn, actor, id, &Progress { decided_by: Some(actor.id), ..progress }).await
    })
    .await
}

/// A second person does not agree; what the book said stays beside what was counted.
pub async fn reject(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<CountReason>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (_, progress) = step(conn, actor, id, Step::Reject).await?;
        store::freeze(conn, actor.id, id).await?;
        let decided = Progress { decided_by: Some(actor.id), reason: Some(&body.value.reason), ..progress };
        proceed(conn, actor, id, &decided).await
    })
    .await
}

/// A count is given up.
pub async fn cancel(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<CountReason>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (count, progress) = step(conn, actor, id, Step::Cancel).await?;
        // Whoever has seen the difference does not make the sheet go away alone.
        if count.status == CountStatus::Counted && count.counted_by == Some(actor.id) {
            return Err(ApiError::new(Code::SecondPersonRequired));
        }
        proceed(conn, actor, id, &Progress { reason: Some(&body.value.reason), ..progress }).await
    })
    .await
}

/// What was agreed to is taken back: every document of the count is turned round.
pub async fn reverse(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<CountReason>) -> ApiResult<Answer> {
    let reason = &body.value.reason;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (count, progress) = step(conn, actor, id, Step::Reverse).await?;
        store::hold_place(conn, count.head.location_id).await?;
        for document in store::documents(conn, id).await? {
            turn_round(conn, actor.id, Uuid::now_v7(), document, reason, true).await?;
        }
        proceed(conn, actor, id, &Progress { reason: Some(reason), ..progress }).await
    })
    .await
}

/// Holds the count and says what the step will write, if it may be taken.
async fn step(conn: &mut Conn, actor: &Actor, id: Uuid, step: Step) -> ApiResult<(StockCountRow, Progress<'static>)> {
    let count = store::lock(conn, &actor.scope, id).await?;
    let status = rules::after(count.status, step)?;
    Ok((count, Progress { status, counted_by: None, decided_by: None, reason: None, recorded_by: actor.id }))
}

async fn proceed(conn: &mut Conn, actor: &Actor, id: Uuid, progress: &Progress<'_>) -> ApiResult<Answer> {
    store::proceed(conn, id, progress).await?;
    let count = load_any::<StockCount>(conn, &actor.scope, id).await?;
    Answer::record(count.row.revision, &count)
}
