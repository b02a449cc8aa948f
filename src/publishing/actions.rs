//! The steps of a report's life. Counting comes first, outside of the transaction that writes: it reads another world than the present.

use actix_web::web::Data;
use chrono::Utc;
use uuid::Uuid;

use super::{
    document::{self, Counted},
    rules::{self, Step},
    statement::Statement,
    store::{self, Signed},
    types::{Cancellation, NewReportDraft, Publication, PublishedReport, ReportName},
};
use crate::{
    auth::Actor,
    contracts,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Present},
    http::{Answer, Body, IdempotencyKey, earlier, etag, once},
    keys::{Keys, hex},
    register::checked,
    seals,
};

/// Where reports are.
const COLLECTION: &str = "published-reports";

/// Drafts a report. The same draft sent again is answered with the one there is.
pub async fn draft(db: &Db, actor: &Actor, key: &IdempotencyKey, body: &Body<NewReportDraft>) -> ApiResult<Answer> {
    let new = &body.value;
    checked(&new.fields)?;
    if let Some(answer) = earlier(db, actor.id, key, &body.digest).await? {
        return Ok(answer);
    }
    let counted = document::count(db, new.fields.definition_id, new.fields.as_of, None).await?;
    once(db, actor.id, key, &body.digest, async |conn| match store::insert(conn, actor.id, new.id, &counted, None).await? {
        Some(report) => told(&report),
        None => present(conn, new).await,
    })
    .await
}

fn told(report: &PublishedReport) -> ApiResult<Answer> {
    Answer::created(COLLECTION, report.id, report.revision, report)
}

/// The answer to a draft whose id is taken.
async fn present(conn: &mut Conn, new: &NewReportDraft) -> ApiResult<Answer> {
    let there = store::find(conn, ReportName::Id(new.id)).await?;
    if there.definition_id == new.fields.definition_id && there.as_of == new.fields.as_of && there.period_on.is_none() {
        return Ok(told(&there)?.again());
    }
    Err(ApiError::new(Code::RecordConflict))
}

/// Counts a draft again, by its definition as it is now. Whoever does is its drafter.
pub async fn recompute(db: &Db, actor: &Actor, name: ReportName, key: &IdempotencyKey) -> ApiResult<Answer> {
    if let Some(answer) = earlier(db, actor.id, key, &[]).await? {
        return Ok(answer);
    }
    let there = store::find(&mut *db.conn().await?, name).await?;
    rules::after(there.status, Step::Recompute)?;
    let counted: Counted = document::count(db, there.definition_id, there.as_of, there.period_on).await.map_err(superseded)?;
    once(db, actor.id, key, &[], async |conn| {
        let locked = store::lock(conn, name).await?;
        rules::after(locked.status, Step::Recompute)?;
        // Somebody counted later and was quicker: what is known better stays.
        let report =
            if locked.known_at > counted.known_at { locked } else { store::replace(conn, actor.id, there.id, &counted).await? };
        Answer::record(report.revision, &report)
    })
    .await
}

/// Nobody named a definition here: one that was retired is a state of the draft.
fn superseded(error: ApiError) -> ApiError {
    if error.code == Code::ValidationFailed { ApiError::new(Code::WrongState) } else { error }
}

/// Publishes what another has drafted: numbers it, writes the audit's head on it, signs it.
pub async fn publish(
    db: &Db,
    keys: &Data<Keys>,
    actor: &Actor,
    name: ReportName,
    key: &IdempotencyKey,
    body: &Body<Publication>,
) -> ApiResult<Answer> {
    // Everything that the report was counted from is under the seal that it bears.
    seals::seal_all(&mut *db.conn().await?).await?;
    once(db, actor.id, key, &body.digest, async |conn| {
        let draft = store::lock(conn, name).await?;
        rules::after(draft.status, Step::Publish)?;
        if hex(&draft.document_hash.0) != body.value.document_hash {
            return Err(stale(&draft));
        }
        if draft.drafted_by == actor.id {
            return Err(ApiError::new(Code::SecondPersonRequired));
        }
        let report = sign(conn, keys, actor.id, &draft).await?;
        // What a contract asks to be told by this report has been told now.
        contracts::deliver_by_report(conn, actor.id, report.definition_id, (report.as_of, Utc::now().date_naive())).await?;
        Answer::record(report.revision, &report)
    })
    .await
}

/// The draft is another than the one that was read.
fn stale(draft: &PublishedReport) -> ApiError {
    let present = serde_json::to_value(draft).ok().map(|record| Box::new(Present { etag: etag(draft.revision), record }));
    ApiError { present, ..ApiError::new(Code::StaleRevision) }
}

async fn sign(conn: &mut Conn, keys: &Keys, by: Uuid, draft: &PublishedReport) -> ApiResult<PublishedReport> {
    let head = seals::head(conn).await?.ok_or_else(|| ApiError::internal("a sealed audit without a seal"))?;
    let key = keys.publishing().first().ok_or_else(|| ApiError::internal("no key to publish with"))?;
    let (number, published_at) = store::next_number(conn).await?;
    let (document_hash, audit_hash) = (hex(&draft.document_hash.0), hex(&head.hash));
    let statement = Statement {
        number,
        title: &draft.title,
        as_of: draft.as_of,
        known_at: draft.known_at,
        published_at,
        document_hash: &document_hash,
        audit_seal: head.number,
        audit_hash: &audit_hash,
    };
    let signature = key.sign(&statement.words());
    let signed = Signed { number, published_at, head: &head, signature: &signature, key_id: &key.id, public_key: key.public() };
    store::publish(conn, by, draft.id, &signed).await
}

/// Cancels a draft.
pub async fn cancel(
    db: &Db,
    actor: &Actor,
    name: ReportName,
    key: &IdempotencyKey,
    body: &Body<Cancellation>,
) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let draft = store::lock(conn, name).await?;
        rules::after(draft.status, Step::Cancel)?;
        let report = store::cancel(conn, actor.id, draft.id, &body.value.reason).await?;
        Answer::record(report.revision, &report)
    })
    .await
}
