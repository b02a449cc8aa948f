//! The bodies of the handlers that every slice has.

use actix_web::HttpResponse;

use super::{Record, add, change, close, load_any};
use crate::{
    audit::{self, HistoryEntry, HistoryFilter},
    auth::Actor,
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Merge, New, RecordId, once},
};

/// POST of a new record.
pub async fn create<R: Record>(db: &Db, actor: &Actor, key: &IdempotencyKey, body: &Body<New<R::Fields>>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| add::<R>(conn, actor, &body.value).await).await
}

/// GET of one record: 304 when the reader holds it already.
pub async fn find<R: Record>(db: &Db, actor: &Actor, RecordId(id): RecordId, held: &IfNoneMatch) -> ApiResult<HttpResponse> {
    let record = load_any::<R>(&mut *db.conn().await?, &actor.scope, id).await?;
    Ok(held.answer(record.revision(), &record))
}

/// PATCH of one record.
pub async fn update<R: Record>(
    db: &Db,
    actor: &Actor,
    RecordId(id): RecordId,
    expected: IfMatch,
    body: &Body<Merge<R::Fields>>,
) -> ApiResult<Answer> {
    db.write(async |conn| change::<R>(conn, actor, id, expected, &body.value).await).await
}

/// DELETE of one record: it is retired, never removed.
pub async fn retire<R: Record>(db: &Db, actor: &Actor, RecordId(id): RecordId, expected: IfMatch) -> ApiResult<Answer> {
    db.write(async |conn| close::<R>(conn, actor, id, expected).await).await
}

/// GET of a record's history.
pub async fn history<R: Record>(
    db: actix_web::web::Data<Db>,
    actor: &Actor,
    RecordId(id): RecordId,
    listing: Listing<HistoryFilter>,
) -> ApiResult<HttpResponse> {
    load_any::<R>(&mut *db.conn().await?, &actor.scope, id).await?;
    let within = actor.scope.areas();
    listing
        .answer::<HistoryEntry>(async move |page, _| audit::history(&mut *db.conn().await?, within.as_deref(), id, page).await)
        .await
}
