//! Proposing and deciding: each holds the issue, judges, and writes, in one transaction.

use uuid::Uuid;

use super::{
    rules::{self, Step},
    store::{self, Progress},
    types::{ControlledIssue, ControlledReason, NewControlledIssue},
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, once},
    register::Record,
    stock::{post, turn_round},
    stock_locations::StockLocation,
};

/// The collection in addresses.
const COLLECTION: &str = "controlled-issues";

/// Writes a proposal. The same proposal sent again is answered with the one there is.
pub async fn propose(db: &Db, actor: &Actor, key: &IdempotencyKey, body: &Body<NewControlledIssue>) -> ApiResult<Answer> {
    let new = &body.value;
    let mut faults = Faults::default();
    rules::proposal(&mut faults, new);
    faults.into_result()?;
    let id = new.id.unwrap_or_else(Uuid::now_v7);
    once(db, actor.id, key, &body.digest, async |conn| {
        if StockLocation::load(conn, &actor.scope, new.from_id).await?.is_none() {
            return Err(ApiError::fault("/from_id", Code::UnknownReference));
        }
        if store::insert(conn, actor.id, id, new).await? {
            let issue = store::find(conn, &actor.scope, id).await?;
            return Answer::created(COLLECTION, id, issue.row.revision, &issue);
        }
        match store::find(conn, &actor.scope, id).await {
            Ok(there) if there.is_made_of(new) => Ok(Answer::created(COLLECTION, id, there.row.revision, &there)?.again()),
            Err(error) if error.code != Code::NotFound => Err(error),
            _ => Err(ApiError::new(Code::RecordConflict)),
        }
    })
    .await
}

/// The second person signs: it is posted, in the name of the first and witnessed by the second.
pub async fn confirm(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey) -> ApiResult<Answer> {
    once(db, actor.id, key, &[], async |conn| {
        let (issue, progress) = step(conn, actor, id, Step::Confirm).await?;
        let posting = rules::posting(&issue, actor.id);
        let document_id = Some(posting.id);
        if !post(conn, issue.row.proposed_by, &[posting]).await? {
            return Err(ApiError::internal("a new document's id was taken"));
        }
        decide(conn, actor, id, &Progress { decided_by: Some(actor.id), document_id, ..progress }).await
    })
    .await
}

/// The second person does not agree.
pub async fn reject(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<ControlledReason>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (_, progress) = step(conn, actor, id, Step::Reject).await?;
        let rejected = Progress { decided_by: Some(actor.id), decision_reason: Some(&body.value.reason), ..progress };
        decide(conn, actor, id, &rejected).await
    })
    .await
}

/// The first person takes it back; nobody else may.
pub async fn withdraw(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<ControlledReason>,
) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (issue, progress) = step(conn, actor, id, Step::Withdraw).await?;
        if issue.row.proposed_by != actor.id {
            return Err(ApiError::new(Code::Forbidden));
        }
        let withdrawn = Progress { decided_by: Some(actor.id), decision_reason: Some(&body.value.reason), ..progress };
        decide(conn, actor, id, &withdrawn).await
    })
    .await
}

/// What was confirmed is taken back: its document is turned round.
pub async fn reverse(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<ControlledReason>) -> ApiResult<Answer> {
    let reason = &body.value.reason;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (issue, progress) = step(conn, actor, id, Step::Reverse).await?;
        let document = issue.row.document_id.ok_or_else(|| ApiError::internal("a confirmed issue without a document"))?;
        turn_round(conn, actor.id, Uuid::now_v7(), document, reason, true).await?;
        decide(conn, actor, id, &Progress { decision_reason: Some(reason), ..progress }).await
    })
    .await
}

/// Holds the issue and says what the step will write, if it may be taken.
async fn step(conn: &mut Conn, actor: &Actor, id: Uuid, step: Step) -> ApiResult<(ControlledIssue, Progress<'static>)> {
    let issue = store::lock(conn, &actor.scope, id).await?;
    let status = rules::after(issue.row.status, step)?;
    Ok((issue, Progress { status, decided_by: None, decision_reason: None, document_id: None, recorded_by: actor.id }))
}

async fn decide(conn: &mut Conn, actor: &Actor, id: Uuid, progress: &Progress<'_>) -> ApiResult<Answer> {
    store::decide(conn, id, progress).await?;
    let issue = store::find(conn, &actor.scope, id).await?;
    Answer::record(issue.row.revision, &issue)
}
