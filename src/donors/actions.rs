//! Sealing and reading of donors' identities.

use serde_json::Value;
use uuid::Uuid;

use super::{
    store,
    types::{Donor, DonorIdentity},
};
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::Answer,
    keys::Keys,
    register::{load_any, load_open},
    reveals::{self, RevealRequest, SealedField},
};

/// Seals who a donor is, for this donor only. What is answered never holds the content.
pub async fn put_identity(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    donor: Uuid,
    identity: &DonorIdentity,
) -> ApiResult<Answer> {
    let plain = serde_json::to_vec(identity).map_err(ApiError::internal)?;
    load_open::<Donor>(conn, &actor.scope, donor).await?;
    let bound_to = SealedField::DonorIdentity.bound_to(donor);
    let sealed = keys.seal(&bound_to, &plain).ok_or_else(|| ApiError::internal("an identity could not be sealed"))?;
    store::put_identity(conn, actor.id, donor, sealed).await?;
    Ok(Answer::nothing())
}

/// Reads who a donor is. The reading is on record before the seal is opened, or there is no reading.
pub async fn reveal(conn: &mut Conn, keys: &Keys, actor: &Actor, donor: Uuid, request: &RevealRequest) -> ApiResult<Value> {
    load_any::<Donor>(conn, &actor.scope, donor).await?;
    let there = store::find_identity(conn, donor).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    reveals::record(conn, actor, SealedField::DonorIdentity, donor, &request.reason).await?;
    let plain = keys.unseal(&there.key_id, &SealedField::DonorIdentity.bound_to(donor), &there.sealed);
    let plain = plain.ok_or_else(|| ApiError::internal("an identity could not be opened"))?;
    // The parser's message could repeat what it read.
    serde_json::from_slice(&plain).map_err(|_| ApiError::internal("an identity is damaged"))
}
