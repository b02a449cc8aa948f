//! Putting documents into the folder of a contract, and taking them out.

use uuid::Uuid;

use super::{
    documents::{self, NewDocument},
    types::Contract,
};
use crate::{
    attachments,
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    register::{checked, load_open},
};

/// Puts a document in. The same document sent again is answered with the one there is.
pub async fn attach(db: &Db, actor: &Actor, contract: Uuid, key: &IdempotencyKey, body: &Body<NewDocument>) -> ApiResult<Answer> {
    let new = &body.value;
    checked(&new.fields)?;
    once(db, actor.id, key, &body.digest, async |conn| {
        load_open::<Contract>(conn, &actor.scope, contract).await?;
        let collection = format!("contracts/{contract}/documents");
        // Asked for first: what was put in before may have been infected or moved out of sight since.
        match documents::find(conn, actor, contract, new.id).await? {
            None => {}
            Some(there) if there.retired_at.is_some() => return Err(ApiError::new(Code::RecordDeleted)),
            Some(there) if there.fields == new.fields => {
                return Ok(Answer::created(&collection, there.id, there.revision, &there)?.again());
            }
            Some(_) => return Err(ApiError::new(Code::RecordConflict)),
        }
        attachments::ensure_readable(conn, actor, &[new.fields.attachment_id], "/attachment_id").await?;
        let made = documents::insert(conn, actor.id, contract, new).await?;
        let made = made.ok_or_else(|| ApiError::new(Code::RecordConflict))?;
        Answer::created(&collection, made.id, made.revision, &made)
    })
    .await
}

/// Takes a document out: it stays on record.
pub async fn detach(conn: &mut Conn, actor: &Actor, (contract, id): (Uuid, Uuid), expected: IfMatch) -> ApiResult<Answer> {
    load_open::<Contract>(conn, &actor.scope, contract).await?;
    let there = documents::find(conn, actor, contract, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if there.retired_at.is_some() {
        return Err(ApiError::new(Code::RecordDeleted));
    }
    expected.check(there.revision, &there)?;
    let gone = documents::withdraw(conn, actor.id, id, there.revision).await?;
    let gone = gone.ok_or_else(|| ApiError::unavailable("could not serialize two edits of one record"))?;
    Answer::record(gone.revision, &gone)
}
