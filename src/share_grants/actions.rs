//! The steps of a grant's life: each holds the grant, judges, and writes, in one transaction.

use uuid::Uuid;

use super::{
    store,
    types::{ShareGrant, ShareGrantPatch, ShareGrantReason, ShareStatus},
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    register,
};

/// Edits a draft. What is active keeps its terms: it is ended, and another is made.
pub async fn update(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch, patch: &ShareGrantPatch) -> ApiResult<Answer> {
    ensure(conn, id, ShareStatus::Draft).await?;
    register::change::<ShareGrant>(conn, actor, id, expected, patch).await
}

/// Retires a draft.
pub async fn retire(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    ensure(conn, id, ShareStatus::Draft).await?;
    register::close::<ShareGrant>(conn, actor, id, expected).await
}

/// Activates a draft as the second person, who agrees to the terms that they have read.
pub async fn activate(db: &Db, actor: &Actor, id: Uuid, expected: IfMatch, key: &IdempotencyKey) -> ApiResult<Answer> {
    once(db, actor.id, key, &[], async |conn| {
        ensure(conn, id, ShareStatus::Draft).await?;
        let there = register::load_any::<ShareGrant>(conn, &actor.scope, id).await?;
        // `*` would agree to terms that nobody has read.
        expected.check_read(there.revision, &there)?;
        told(&store::activate(conn, actor.id, id).await?)
    })
    .await
}

/// Ends or revokes what is active.
pub async fn close(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<ShareGrantReason>,
    status: ShareStatus,
) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        ensure(conn, id, ShareStatus::Active).await?;
        told(&store::close(conn, actor.id, id, status, &body.value.reason).await?)
    })
    .await
}

/// Holds the grant, if it has come this far.
async fn ensure(conn: &mut Conn, id: Uuid, status: ShareStatus) -> ApiResult<()> {
    if store::lock(conn, id).await? == status { Ok(()) } else { Err(ApiError::new(Code::WrongState)) }
}

fn told(grant: &ShareGrant) -> ApiResult<Answer> {
    Answer::record(grant.revision, grant)
}
