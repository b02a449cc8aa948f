//! Writing rows of money and turning them round.

use uuid::Uuid;

use super::{
    store,
    types::{Donation, MoneyReversal, NewDonation},
};
use crate::{
    attachments,
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::Answer,
    register::checked,
};

/// The collection in addresses.
const COLLECTION: &str = "donations";

/// Writes a row. The same row sent again is answered with the one there is.
pub async fn write(conn: &mut Conn, actor: &Actor, new: &NewDonation) -> ApiResult<Answer> {
    checked(&new.fields)?;
    // Looked for first: the database would judge the same refund as a second one.
    if let Some(there) = store::find(conn, new.id).await? {
        if there.row.fields == new.fields && there.row.reverses_id.is_none() {
            return Ok(answer(&there)?.again());
        }
        return Err(ApiError::new(Code::RecordConflict));
    }
    let proof: Vec<Uuid> = new.fields.attachment_id.into_iter().collect();
    attachments::ensure_readable(conn, actor, &proof, "/attachment_id").await?;
    store::insert(conn, actor.id, new.id, &new.fields).await?;
    answer(&written(conn, new.id).await?)
}

/// Turns a row round.
pub async fn reverse(conn: &mut Conn, actor: &Actor, id: Uuid, was: Uuid, reversal: &MoneyReversal) -> ApiResult<Answer> {
    let there = store::find(conn, was).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if let Some(known) = store::find(conn, id).await? {
        if known.row.reverses_id == Some(was) && known.row.reason.as_ref() == Some(&reversal.reason) {
            return Ok(answer(&known)?.again());
        }
        return Err(ApiError::new(Code::RecordConflict));
    }
    store::insert_reversal(conn, actor.id, id, &there.row, reversal).await?;
    answer(&written(conn, id).await?)
}

async fn written(conn: &mut Conn, id: Uuid) -> ApiResult<Donation> {
    store::find(conn, id).await?.ok_or_else(|| ApiError::internal("a row was lost"))
}

fn answer(donation: &Donation) -> ApiResult<Answer> {
    Answer::created(COLLECTION, donation.row.id, 1, donation)
}
