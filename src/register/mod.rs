//! What every record of the register has in common: it is created once, read, edited against its
//! revision, retired, and its history is kept. The rules stand here once; a slice adds its own.

mod child;
mod handle;
mod store;

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{Actor, Scope},
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, IfMatch, Merge, New},
};

pub use child::ChildRow;
pub(crate) use child::child_row;
pub use handle::{create, find, history, retire, update};
pub(crate) use store::register_store;

/// The fields of a record that people give; checks that compare one with another.
pub trait Fields: Deserr<Faults> + Serialize + Clone + PartialEq + ToSchema {
    /// Adds what is wrong between the fields; single values have been judged when they were read.
    fn check(&self, _faults: &mut Faults) {}
}

/// A record of the register, as it is stored and answered.
#[expect(async_fn_in_trait, reason = "implemented and called in this crate only, on the worker's own thread")]
pub trait Record: Serialize + Sized {
    /// What people give.
    type Fields: Fields;
    /// The collection in addresses: `facilities`.
    const COLLECTION: &'static str;
    /// The field that puts a record inside or outside a caller's scope.
    const SCOPED_BY: &'static str;

    /// The record's id.
    fn id(&self) -> Uuid;
    /// The record's revision.
    fn revision(&self) -> i64;
    /// Whether it was retired.
    fn is_retired(&self) -> bool;
    /// What people gave.
    fn fields(&self) -> &Self::Fields;

    /// The record, if the scope holds it.
    async fn load(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Option<Self>>;
    /// The records of these ids, whoever may see them: for imports.
    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<Self>>;
    /// Inserts records of free ids; ids that are taken are left out.
    async fn insert(conn: &mut Conn, by: Uuid, records: &[New<Self::Fields>]) -> ApiResult<Vec<Self>>;
    /// Puts new fields in the place of the old, if the revision is still this.
    async fn save(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, fields: &Self::Fields) -> ApiResult<Option<Self>>;
    /// Retires the record, if the revision is still this.
    async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<Self>>;

    /// Refuses references that the caller may not see; those that do not exist the database refuses itself.
    async fn check_references(_conn: &mut Conn, _scope: &Scope, _fields: &Self::Fields) -> ApiResult<()> {
        Ok(())
    }
}

/// Creates a record. The same record sent again (same id, same fields) is answered with the one there is.
pub async fn add<R: Record>(conn: &mut Conn, actor: &Actor, new: &New<R::Fields>) -> ApiResult<Answer> {
    checked(&new.fields)?;
    R::check_references(conn, &actor.scope, &new.fields).await?;
    let inserted = R::insert(conn, actor.id, std::slice::from_ref(new)).await?;
    let Some(record) = inserted.first() else {
        return present::<R>(conn, actor, new).await;
    };
    ensure_in_scope::<R>(conn, actor, record.id()).await?;
    Answer::created(R::COLLECTION, record.id(), record.revision(), record)
}

/// The answer to a creation whose id is taken.
async fn present<R: Record>(conn: &mut Conn, actor: &Actor, new: &New<R::Fields>) -> ApiResult<Answer> {
    match R::load(conn, &actor.scope, new.id).await? {
        Some(there) if there.is_retired() => Err(ApiError::new(Code::RecordDeleted)),
        Some(there) if *there.fields() == new.fields => {
            Ok(Answer::created(R::COLLECTION, there.id(), there.revision(), &there)?.again())
        }
        _ => Err(ApiError::new(Code::RecordConflict)),
    }
}

/// Edits a record by merge patch, against the revision the caller has read.
pub async fn change<R: Record>(
    conn: &mut Conn,
    actor: &Actor,
    id: Uuid,
    expected: IfMatch,
    patch: &Merge<R::Fields>,
) -> ApiResult<Answer> {
    let there = load_open::<R>(conn, &actor.scope, id).await?;
    expected.check(there.revision(), &there)?;
    let fields = patch.apply(there.fields())?;
    checked(&fields)?;
    if fields == *there.fields() {
        return Answer::record(there.revision(), &there);
    }
    R::check_references(conn, &actor.scope, &fields).await?;
    let saved = R::save(conn, actor.id, id, there.revision(), &fields).await?;
    let saved = or_stale::<R>(conn, actor, id, expected, saved).await?;
    ensure_in_scope::<R>(conn, actor, id).await?;
    Answer::record(saved.revision(), &saved)
}

/// Retires a record: it stays, its history too, and it takes no further part.
pub async fn close<R: Record>(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    let there = load_open::<R>(conn, &actor.scope, id).await?;
    expected.check(there.revision(), &there)?;
    let closed = R::withdraw(conn, actor.id, id, there.revision()).await?;
    let closed = or_stale::<R>(conn, actor, id, expected, closed).await?;
    Answer::record(closed.revision(), &closed)
}

/// The record, unless it is hidden, missing or retired.
pub async fn load_open<R: Record>(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<R> {
    let there = R::load(conn, scope, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if there.is_retired() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(there) }
}

/// The record, unless it is hidden or missing.
pub async fn load_any<R: Record>(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<R> {
    R::load(conn, scope, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// Somebody else was faster between our reading and our writing: the caller is told as if they had come later.
async fn or_stale<R: Record>(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch, written: Option<R>) -> ApiResult<R> {
    if let Some(record) = written {
        return Ok(record);
    }
    let now = load_open::<R>(conn, &actor.scope, id).await?;
    expected.check(now.revision(), &now)?;
    Err(ApiError::unavailable("could not serialize two edits of one record"))
}

/// Judges the fields between each other.
pub fn checked(fields: &impl Fields) -> ApiResult<()> {
    let mut faults = Faults::default();
    fields.check(&mut faults);
    Ok(faults.into_result()?)
}

/// A record may not be put where its writer could not see it: the place answers as one that does not exist.
async fn ensure_in_scope<R: Record>(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<()> {
    if actor.scope == Scope::Everything || R::load(conn, &actor.scope, id).await?.is_some() {
        return Ok(());
    }
    Err(ApiError::fault(R::SCOPED_BY, Code::UnknownReference))
}
