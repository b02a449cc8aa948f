//! What happens to units and to repair jobs: each holds the record, judges, and writes, in one transaction.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    rules::{self, Step},
    store::{self, Progress},
    types::{
        PartsReversal, RepairCancellation, RepairJob, RepairJobPatch, RepairOutcome, RepairParts, RepairResult, RepairReturn,
        RepairStart, RepairStatus, UnitEnd, UnitEnding, UnitStatus,
    },
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    register::{Record, change},
    stock::{self, Act, DocumentKind, Posting, post, posted_by, turn_round},
    stock_locations::{LocationKind, check_place},
    types::{happened, in_order},
};

/// A unit comes to its end; one with an open job does not.
pub async fn end(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<UnitEnd>) -> ApiResult<Answer> {
    let UnitEnd { ended_on, status, reason } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let unit = store::lock_unit(conn, &actor.scope, id).await?;
        if unit.status != UnitStatus::InUse {
            return Err(ApiError::new(Code::WrongState));
        }
        followed("/ended_on", Some(unit.fields.acquired_on), *ended_on).into_result()?;
        let status = match status {
            UnitEnding::WrittenOff => UnitStatus::WrittenOff,
            UnitEnding::Lost => UnitStatus::Lost,
        };
        let unit = store::end_unit(conn, actor.id, id, status, (*ended_on, reason)).await?;
        Answer::record(unit.revision, &unit)
    })
    .await
}

/// Edits a job that has not begun.
pub async fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: Uuid,
    expected: IfMatch,
    body: &Body<RepairJobPatch>,
) -> ApiResult<Answer> {
    rules::only(store::lock_job(conn, &actor.scope, id).await?.status, RepairStatus::Reported)?;
    change::<RepairJob>(conn, actor, id, expected, &body.value).await
}

/// A repair begins, in a workshop of the caller.
pub async fn start(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<RepairStart>) -> ApiResult<Answer> {
    let RepairStart { started_on, place_id } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (job, status) = held(conn, actor, id, Step::Start).await?;
        let mut faults = followed("/started_on", Some(job.fields.reported_on), *started_on);
        match place_id.or(job.fields.place_id) {
            None => faults.add("/place_id", Code::Required),
            Some(place) => {
                check_place(conn, &actor.scope, &mut faults, ("/place_id", place), &[LocationKind::Workshop]).await?;
            }
        }
        faults.into_result()?;
        let told = Progress { place_id: *place_id, started_on: Some(*started_on), ..Progress::default() };
        store::proceed(conn, actor.id, id, status, &told).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// Spare parts leave the workshop. The same document sent again takes nothing twice.
pub async fn use_parts(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<RepairParts>) -> ApiResult<Answer> {
    let RepairParts { id: document, used_on, lines } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let job = store::lock_job(conn, &actor.scope, id).await?;
        // Before it is judged: the job may have gone on since it was first sent.
        if let Some(document) = document
            && taken_already(conn, id, *document, &body.value).await?
        {
            return Ok(told_of(conn, actor, id).await?.again());
        }
        rules::only(job.status, RepairStatus::InRepair)?;
        let mut faults = followed("/used_on", job.started_on, *used_on);
        stock::check_lines(&mut faults, lines);
        faults.into_result()?;
        let ends = job.fields.place_id.zip(LocationKind::Consumption.account());
        let ends = ends.ok_or_else(|| ApiError::internal("a repair without a workshop"))?;
        // Whoever reports a fault at a facility does not take from a workshop that is not theirs.
        let mut faults = Faults::default();
        check_place(conn, &actor.scope, &mut faults, ("/place_id", ends.0), &[LocationKind::Workshop]).await?;
        if !faults.0.is_empty() {
            return Err(ApiError::new(Code::Forbidden));
        }
        let posting = Posting::of(Act::RepairJob, id, DocumentKind::Issue, *used_on, ends, lines.clone());
        let posting = Posting { id: document.unwrap_or(posting.id), ..posting };
        if !post(conn, actor.id, &[posting]).await? {
            return Err(ApiError::new(Code::RecordConflict));
        }
        told_of(conn, actor, id).await
    })
    .await
}

/// Whether the job has this document of parts, and it says the same.
async fn taken_already(conn: &mut Conn, job: Uuid, document: Uuid, parts: &RepairParts) -> ApiResult<bool> {
    let used = posted_by(conn, Act::RepairJob, job).await?;
    let used: Vec<_> = used.iter().filter(|line| line.document_id == document).collect();
    if used.is_empty() {
        return Ok(false);
    }
    let told = used.iter().map(|line| (line.occurred_on, line.lot_id, line.quantity));
    if told.eq(parts.lines.iter().map(|line| (parts.used_on, line.lot_id, line.quantity))) {
        Ok(true)
    } else {
        Err(ApiError::new(Code::RecordConflict))
    }
}

/// Parts that were written by mistake come back.
pub async fn reverse_parts(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<PartsReversal>,
) -> ApiResult<Answer> {
    let PartsReversal { document_id, reason } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        rules::only(store::lock_job(conn, &actor.scope, id).await?.status, RepairStatus::InRepair)?;
        let stands = posted_by(conn, Act::RepairJob, id).await?;
        if !stands.iter().any(|line| line.document_id == *document_id) {
            return Err(ApiError::fault("/document_id", Code::UnknownReference));
        }
        turn_round(conn, actor.id, Uuid::now_v7(), *document_id, reason, true).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// A repair is finished; what is beyond repair is written off with it.
pub async fn finish(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<RepairResult>) -> ApiResult<Answer> {
    let RepairResult { finished_on, outcome, report } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (job, status) = held(conn, actor, id, Step::Finish(*outcome)).await?;
        followed("/finished_on", job.started_on, *finished_on).into_result()?;
        let used = posted_by(conn, Act::RepairJob, id).await?;
        let last = used.iter().map(|line| line.occurred_on).max();
        followed("/finished_on", last, *finished_on).into_result()?;
        let told = Progress { finished_on: Some(*finished_on), report: Some(report.as_str()), ..Progress::default() };
        store::proceed(conn, actor.id, id, status, &told).await?;
        if *outcome == RepairOutcome::BeyondRepair {
            store::end_unit(conn, actor.id, job.fields.unit_id, UnitStatus::WrittenOff, (*finished_on, report)).await?;
        }
        told_of(conn, actor, id).await
    })
    .await
}

/// The unit is given back.
pub async fn give_back(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<RepairReturn>) -> ApiResult<Answer> {
    let returned_on = body.value.returned_on;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (job, status) = held(conn, actor, id, Step::Return).await?;
        followed("/returned_on", job.finished_on, returned_on).into_result()?;
        let told = Progress { returned_on: Some(returned_on), ..Progress::default() };
        store::proceed(conn, actor.id, id, status, &told).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// There was nothing to repair.
pub async fn cancel(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<RepairCancellation>,
) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (_, status) = held(conn, actor, id, Step::Cancel).await?;
        let told = Progress { report: Some(body.value.reason.as_str()), ..Progress::default() };
        store::proceed(conn, actor.id, id, status, &told).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// Holds the job, and says where the step leads, if it may be taken.
async fn held(conn: &mut Conn, actor: &Actor, id: Uuid, step: Step) -> ApiResult<(RepairJob, RepairStatus)> {
    let job = store::lock_job(conn, &actor.scope, id).await?;
    let status = rules::after(job.status, step)?;
    Ok((job, status))
}

/// A day that has happened, and not before another.
fn followed(pointer: &str, before: Option<NaiveDate>, day: NaiveDate) -> Faults {
    let mut faults = Faults::default();
    happened(&mut faults, pointer, day);
    in_order(&mut faults, pointer, before, Some(day));
    faults
}

async fn told_of(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<Answer> {
    let sheet = store::sheet(conn, &actor.scope, id).await?;
    Answer::record(sheet.report.job.revision(), &sheet)
}
