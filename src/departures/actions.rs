//! Leaving, coming back, and taking back what was told in error. The person is held, so that no post is given meanwhile.

use uuid::Uuid;

use super::{
    store,
    types::{Departure, DepartureFields, Return},
};
use crate::{
    assignments,
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, IfMatch, New},
    register::checked,
    staff,
    types::happened,
};

/// Records that a person left. The same departure sent again is answered with the one there is.
pub async fn depart(conn: &mut Conn, actor: &Actor, person: Uuid, new: &New<DepartureFields>) -> ApiResult<Answer> {
    checked(&new.fields)?;
    own(conn, actor, person).await?;
    let collection = format!("staff/{person}/departures");
    match store::find(conn, new.id).await? {
        Some(there) if there.staff_id == person && there.retired_at.is_some() => return Err(ApiError::new(Code::RecordDeleted)),
        Some(there) if there.staff_id == person && there.fields == new.fields => {
            return Ok(Answer::created(&collection, there.id, there.revision, &there)?.again());
        }
        Some(_) => return Err(ApiError::new(Code::RecordConflict)),
        None => {}
    }
    let ended = assignments::end_posts(conn, actor.id, person, new.fields.departed_on).await?;
    let departure = store::insert(conn, actor.id, person, new, ended).await?;
    Answer::created(&collection, departure.id, departure.revision, &departure)
}

/// Records the first day back: once.
pub async fn come_back(conn: &mut Conn, actor: &Actor, (person, id): (Uuid, Uuid), told: &Return) -> ApiResult<Answer> {
    let mut faults = Faults::default();
    happened(&mut faults, "/returned_on", told.returned_on);
    faults.into_result()?;
    let there = open(conn, actor, person, id).await?;
    if there.returned_on.is_some() {
        return Err(ApiError::new(Code::WrongState));
    }
    let departure = store::put_return(conn, actor.id, id, told.returned_on).await?;
    Answer::record(departure.revision, &departure)
}

/// Takes a departure back; the posts that it ended go on as they would have.
pub async fn retire(conn: &mut Conn, actor: &Actor, (person, id): (Uuid, Uuid), expected: IfMatch) -> ApiResult<Answer> {
    let there = open(conn, actor, person, id).await?;
    expected.check(there.revision, &there)?;
    let departure = store::retire(conn, actor.id, id).await?;
    assignments::reopen_posts(conn, actor.id, &there.closed_posts, there.fields.departed_on).await?;
    Answer::record(departure.revision, &departure)
}

/// The person is in use, the actor's own, and held.
async fn own(conn: &mut Conn, actor: &Actor, person: Uuid) -> ApiResult<()> {
    staff::hold(conn, &[person]).await?;
    staff::ensure_own_open(conn, &actor.scope, person).await
}

/// A departure of this person that stands.
async fn open(conn: &mut Conn, actor: &Actor, person: Uuid, id: Uuid) -> ApiResult<Departure> {
    own(conn, actor, person).await?;
    let there = store::find(conn, id).await?.filter(|there| there.staff_id == person);
    let there = there.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if there.retired_at.is_some() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(there) }
}
