//! How far a claim has come: each step holds it, judges, and writes, in one transaction.

use uuid::Uuid;

use super::{rules, store, types::ClaimState};
use crate::{
    auth::Actor,
    db::Db,
    error::ApiResult,
    http::{Answer, IdempotencyKey, once},
    types::Reason,
};

/// Explains, corrects, or opens again.
pub async fn step(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    (digest, explanation): (&[u8], Option<&Reason>),
    wanted: ClaimState,
) -> ApiResult<Answer> {
    once(db, actor.id, key, digest, async |conn| {
        rules::after(store::lock(conn, id).await?, wanted)?;
        let claim = store::put(conn, actor.id, id, wanted, explanation).await?;
        Answer::record(claim.revision, &claim)
    })
    .await
}
