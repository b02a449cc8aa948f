//! What is done with a facility's plan.

use uuid::Uuid;

use super::{
    store,
    types::{FacilityPost, FacilityPostFields, FacilityPostPatch},
};
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    facilities::Facility,
    http::{Answer, IfMatch, New},
    register::{checked, load_open},
};

/// Adds a plan. The same plan sent again is answered with the one there is.
pub async fn add(conn: &mut Conn, actor: &Actor, facility: Uuid, new: &New<FacilityPostFields>) -> ApiResult<Answer> {
    load_open::<Facility>(conn, &actor.scope, facility).await?;
    checked(&new.fields)?;
    let collection = format!("facilities/{facility}/posts");
    if let Some(made) = store::insert(conn, actor.id, facility, new).await? {
        return Answer::created(&collection, made.id, made.revision, &made);
    }
    match store::lock(conn, facility, new.id).await? {
        Some(there) if there.retired_at.is_some() => Err(ApiError::new(Code::RecordDeleted)),
        Some(there) if there.fields == new.fields => Ok(Answer::created(&collection, there.id, there.revision, &there)?.again()),
        _ => Err(ApiError::new(Code::RecordConflict)),
    }
}

/// Edits a plan.
pub async fn change(
    conn: &mut Conn,
    actor: &Actor,
    (facility, id): (Uuid, Uuid),
    expected: IfMatch,
    patch: &FacilityPostPatch,
) -> ApiResult<Answer> {
    let there = open(conn, actor, facility, id).await?;
    expected.check(there.revision, &there)?;
    let fields = patch.apply(&there.fields)?;
    checked(&fields)?;
    if fields == there.fields {
        return Answer::record(there.revision, &there);
    }
    let saved = store::save(conn, actor.id, id, &fields).await?;
    Answer::record(saved.revision, &saved)
}

/// Retires a plan: it stays on record and asks for nobody.
pub async fn retire(conn: &mut Conn, actor: &Actor, (facility, id): (Uuid, Uuid), expected: IfMatch) -> ApiResult<Answer> {
    let there = open(conn, actor, facility, id).await?;
    expected.check(there.revision, &there)?;
    let retired = store::retire(conn, actor.id, id).await?;
    Answer::record(retired.revision, &retired)
}

/// The plan, unless it is hidden, missing or retired, or its facility is.
async fn open(conn: &mut Conn, actor: &Actor, facility: Uuid, id: Uuid) -> ApiResult<FacilityPost> {
    load_open::<Facility>(conn, &actor.scope, facility).await?;
    let there = store::lock(conn, facility, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if there.retired_at.is_some() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(there) }
}
