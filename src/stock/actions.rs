//! Writing documents: the two places are judged, the rest the database judges with every movement.

use uuid::Uuid;

use super::{
    postings::{post, turn_round},
    rules, store,
    types::{NewStockDocument, StockReversal},
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, once},
    register::Record,
    stock_locations::{LocationKind, StockLocation},
};

/// The collection in addresses.
const COLLECTION: &str = "stock-documents";

/// Writes a document. The same document sent again is answered with the one there is.
pub async fn write(db: &Db, actor: &Actor, key: &IdempotencyKey, body: &Body<NewStockDocument>) -> ApiResult<Answer> {
    let new = &body.value;
    let mut faults = Faults::default();
    rules::document(&mut faults, new);
    faults.into_result()?;
    let id = new.id.unwrap_or_else(Uuid::now_v7);
    once(db, actor.id, key, &body.digest, async |conn| {
        let mut faults = Faults::default();
        let from = place(conn, actor, &mut faults, "/from_id", new.from_id).await?;
        let to = place(conn, actor, &mut faults, "/to_id", new.to_id).await?;
        faults.into_result()?;
        let (Some(from), Some(to)) = (from, to) else { return Err(ApiError::internal("a place was lost")) };
        let kind = rules::kind(from, to).ok_or_else(|| ApiError::fault("/to_id", Code::WrongPlaces))?;
        if post(conn, actor.id, &[new.posting(id, kind)]).await? {
            let document = store::find(conn, &actor.scope, id).await?;
            return Answer::created(COLLECTION, id, 1, &document);
        }
        match store::find(conn, &actor.scope, id).await {
            Ok(there) if there.is_made_of(new) => Ok(Answer::created(COLLECTION, id, 1, &there)?.again()),
            Err(error) if error.code != Code::NotFound => Err(error),
            _ => Err(ApiError::new(Code::RecordConflict)),
        }
    })
    .await
}

/// What a place of the caller's is; one they may not see does not exist.
async fn place(conn: &mut Conn, actor: &Actor, faults: &mut Faults, pointer: &str, id: Uuid) -> ApiResult<Option<LocationKind>> {
    match StockLocation::load(conn, &actor.scope, id).await? {
        Some(there) if there.is_retired() => faults.add(pointer, Code::RetiredReference),
        Some(there) => return Ok(Some(there.fields.kind)),
        None => faults.add(pointer, Code::UnknownReference),
    }
    Ok(None)
}

/// Turns a document round. The caller must hold every place of it.
pub async fn reverse(db: &Db, actor: &Actor, was: Uuid, key: &IdempotencyKey, body: &Body<StockReversal>) -> ApiResult<Answer> {
    let id = body.value.id.unwrap_or_else(Uuid::now_v7);
    once(db, actor.id, key, &body.digest, async |conn| {
        let there = store::find(conn, &actor.scope, was).await?;
        for end in [there.row.from_id, there.row.to_id] {
            if StockLocation::load(conn, &actor.scope, end).await?.is_none() {
                return Err(ApiError::new(Code::Forbidden));
            }
        }
        if there.row.reverses_id.is_some() {
            return Err(ApiError::new(Code::WrongState));
        }
        if turn_round(conn, actor.id, id, was, &body.value.reason, false).await? {
            let document = store::find(conn, &actor.scope, id).await?;
            return Answer::created(COLLECTION, id, 1, &document);
        }
        match store::find(conn, &actor.scope, id).await {
            Ok(there) if there.row.reverses_id == Some(was) && there.row.reason.as_ref() == Some(&body.value.reason) => {
                Ok(Answer::created(COLLECTION, id, 1, &there)?.again())
            }
            Err(error) if error.code != Code::NotFound => Err(error),
            _ => Err(ApiError::new(Code::RecordConflict)),
        }
    })
    .await
}
