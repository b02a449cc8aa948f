//! What is done with supports, the same for contracts, projects and campaigns.

use uuid::Uuid;

use super::{
    store::Supporter,
    types::{Support, SupportFields, SupportPeriod},
};
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    facilities::Facility,
    http::{Answer, IfMatch, Merge, New},
    register::{load_any, load_open},
};

/// Adds a support. The same support sent again is answered with the one there is.
pub async fn add<P: Supporter>(conn: &mut Conn, actor: &Actor, parent: Uuid, new: &New<SupportFields>) -> ApiResult<Answer> {
    load_open::<P>(conn, &actor.scope, parent).await?;
    new.fields.period().check()?;
    match load_any::<Facility>(conn, &actor.scope, new.fields.facility_id).await {
        Err(error) if error.code == Code::NotFound => return Err(ApiError::fault("/facility_id", Code::UnknownReference)),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    let collection = format!("{}/{parent}/facilities", P::COLLECTION);
    let added = P::insert_support(conn, actor.id, parent, new).await?;
    match P::support(conn, &actor.scope, parent, new.id).await? {
        Some(support) if added => Answer::created(&collection, support.id, support.revision, &support),
        Some(support) if support.retired_at.is_some() => Err(ApiError::new(Code::RecordDeleted)),
        Some(support) if support.is_made_of(&new.fields) => {
            Ok(Answer::created(&collection, support.id, support.revision, &support)?.again())
        }
        _ => Err(ApiError::new(Code::RecordConflict)),
    }
}

/// Edits the days of a support.
pub async fn change<P: Supporter>(
    conn: &mut Conn,
    actor: &Actor,
    (parent, id): (Uuid, Uuid),
    expected: IfMatch,
    patch: &Merge<SupportPeriod>,
) -> ApiResult<Answer> {
    let there = open::<P>(conn, actor, parent, id).await?;
    expected.check(there.revision, &there)?;
    let period = patch.apply(&there.period())?;
    period.check()?;
    if period == there.period() {
        return Answer::record(there.revision, &there);
    }
    let saved = P::save_support(conn, actor.id, id, there.revision, &period).await?;
    written::<P>(conn, actor, (parent, id), expected, saved).await
}

/// Retires a support: it stays on record and counts no longer.
pub async fn retire<P: Supporter>(
    conn: &mut Conn,
    actor: &Actor,
    (parent, id): (Uuid, Uuid),
    expected: IfMatch,
) -> ApiResult<Answer> {
    let there = open::<P>(conn, actor, parent, id).await?;
    expected.check(there.revision, &there)?;
    let done = P::withdraw_support(conn, actor.id, id, there.revision).await?;
    written::<P>(conn, actor, (parent, id), expected, done).await
}

/// The support, unless it is hidden, missing or retired, or what supports is.
async fn open<P: Supporter>(conn: &mut Conn, actor: &Actor, parent: Uuid, id: Uuid) -> ApiResult<Support> {
    load_open::<P>(conn, &actor.scope, parent).await?;
    let there = P::support(conn, &actor.scope, parent, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if there.retired_at.is_some() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(there) }
}

/// The support as it is now; somebody who was overtaken is told as if they had come later.
async fn written<P: Supporter>(
    conn: &mut Conn,
    actor: &Actor,
    (parent, id): (Uuid, Uuid),
    expected: IfMatch,
    done: bool,
) -> ApiResult<Answer> {
    let now = P::support(conn, &actor.scope, parent, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if !done {
        expected.check(now.revision, &now)?;
        return Err(ApiError::unavailable("could not serialize two edits of one record"));
    }
    Answer::record(now.revision, &now)
}
