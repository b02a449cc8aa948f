//! Telling two people apart, and merging two records of one. Both records are held in the order of their ids.

use uuid::Uuid;

use super::{
    store,
    types::{DistinctionFields, StaffMerge},
};
use crate::{
    assignments,
    auth::Actor,
    db::Conn,
    departures,
    error::{ApiError, ApiResult, Code},
    http::{Answer, IfMatch, New},
    register::{Record, load_any},
    staff::{self, Staff},
};

/// Says that two records are of two people. The same said again under the same id is answered with what is there.
pub async fn tell_apart(conn: &mut Conn, actor: &Actor, person: Uuid, new: &New<DistinctionFields>) -> ApiResult<Answer> {
    let other = new.fields.other_id;
    staff::hold(conn, &[person, other]).await?;
    staff::ensure_own_open(conn, &actor.scope, person).await?;
    let beside = named(conn, actor, other, "/other_id").await?;
    if beside.is_retired() {
        return Err(ApiError::fault("/other_id", Code::RetiredReference));
    }
    let collection = format!("staff/{person}/distinctions");
    if let Some(made) = store::insert(conn, actor.id, person, new).await? {
        return Answer::created(&collection, made.id, made.revision, &made);
    }
    match store::find(conn, person, new.id).await? {
        Some(there) if there.retired_at.is_some() => Err(ApiError::new(Code::RecordDeleted)),
        Some(there) if there.staff_id == person && there.fields == new.fields => {
            Ok(Answer::created(&collection, there.id, there.revision, &there)?.again())
        }
        _ => Err(ApiError::new(Code::RecordConflict)),
    }
}

/// Takes back that two are two people.
pub async fn retire(conn: &mut Conn, actor: &Actor, (person, id): (Uuid, Uuid), expected: IfMatch) -> ApiResult<Answer> {
    staff::hold(conn, &[person]).await?;
    staff::ensure_employer(conn, &actor.scope, person).await?;
    let there = store::find(conn, person, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if there.retired_at.is_some() {
        return Err(ApiError::new(Code::RecordDeleted));
    }
    expected.check(there.revision, &there)?;
    let retired = store::retire(conn, actor.id, id).await?;
    Answer::record(retired.revision, &retired)
}

/// Lets a record lead to the one that takes its place; answers with that one.
pub async fn merge(conn: &mut Conn, actor: &Actor, from: Uuid, told: &StaffMerge) -> ApiResult<Answer> {
    told.check(from)?;
    let into = told.into_id;
    staff::hold(conn, &[from, into]).await?;
    staff::ensure_own_open(conn, &actor.scope, from).await?;
    let survivor = named(conn, actor, into, "/into_id").await?;
    let fault = match survivor.merged_into_id {
        Some(next) if next == from => Some(Code::MergeCircle),
        Some(_) => Some(Code::MergedReference),
        None => survivor.is_retired().then_some(Code::RetiredReference),
    };
    if let Some(code) = fault {
        return Err(ApiError::fault("/into_id", code));
    }
    if store::are_told_apart(conn, from, into).await? {
        return Err(ApiError::new(Code::WrongState));
    }
    departures::take_over(conn, actor.id, from, into).await.map_err(contradicts)?;
    assignments::take_over(conn, actor.id, from, into, told.share_waiver.as_ref()).await.map_err(asks_for_waiver)?;
    staff::redirect(conn, actor.id, from, into, &told.reason).await?;
    let survivor = load_any::<Staff>(conn, &actor.scope, into).await?;
    Answer::record(survivor.revision, &survivor)
}

/// Two absences that contradict each other are a matter of whom the person is merged into: the body names no days.
fn contradicts(mut error: ApiError) -> ApiError {
    for fault in error.faults.iter_mut().filter(|fault| fault.code == Code::Overlap) {
        "/into_id".clone_into(&mut fault.pointer);
    }
    error
}

/// Too much of one person is a matter of the waiver here: the shares are those of the posts.
fn asks_for_waiver(mut error: ApiError) -> ApiError {
    for fault in error.faults.iter_mut().filter(|fault| fault.code == Code::SharesOverFull) {
        "/share_waiver".clone_into(&mut fault.pointer);
    }
    error
}

/// The person that a body names, who must be the actor's own too.
async fn named(conn: &mut Conn, actor: &Actor, person: Uuid, pointer: &str) -> ApiResult<Staff> {
    let there = Staff::load(conn, &actor.scope, person).await?;
    let there = there.ok_or_else(|| ApiError::fault(pointer, Code::UnknownReference))?;
    staff::ensure_own(conn, &actor.scope, person).await?;
    Ok(there)
}
