//! The steps of a run's life: each holds the run, judges, and writes it, its entries and the budget, in one transaction.

use bigdecimal::Zero;
use chrono::{NaiveDate, Utc};
use uuid::Uuid;

use super::{
    entries::StipendEntryStatus as Status,
    lists, money,
    rules::{self, Step},
    statements::{self, Which},
    store::{self, Progress},
    types::{NewStipendRun, StipendApproval, StipendClosing, StipendReason, StipendRun, StipendRunStatus},
};
use crate::{
    auth::{Actor, Scope},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Fault},
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    register::{add, close as put_away},
};

/// Drafts a run: its entries are computed from the posts that its contract pays in the month.
pub async fn draft(db: &Db, actor: &Actor, key: &IdempotencyKey, body: &Body<NewStipendRun>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let answer = add::<StipendRun>(conn, actor, &body.value).await?;
        if !answer.replayed {
            statements::by_sets(conn).await?;
            statements::compute(conn, actor.id, body.value.id).await?;
        }
        Ok(answer)
    })
    .await
}

/// Computes a draft anew.
pub async fn recompute(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey) -> ApiResult<Answer> {
    once(db, actor.id, key, &[], async |conn| {
        held(conn, actor, id, Step::Recompute).await?;
        statements::compute(conn, actor.id, id).await?;
        let told = Progress { drafted_by: Some(actor.id), drafted_at: Some(Utc::now()), ..Progress::default() };
        store::proceed(conn, actor.id, id, &told).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// A second person agrees: rates are frozen, entries are due, and the money is set aside on the budget line.
pub async fn approve(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendApproval>) -> ApiResult<Answer> {
    let StipendApproval { rates_on, override_reason } = &body.value;
    body.value.check()?;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (run, status) = held(conn, actor, id, Step::Approve).await?;
        if run.drafted_by == actor.id {
            return Err(ApiError::new(Code::SecondPersonRequired));
        }
        let day = rates_on.unwrap_or_else(|| rules::rates_on(run.fields.month, Utc::now().date_naive()));
        fit(conn, &run, day).await?;
        let (entries, charged) = statements::freeze(conn, actor.id, id, &run.currency, day).await?;
        if entries == 0 || charged.0.is_zero() {
            return Err(ApiError::new(Code::NothingDue));
        }
        let commitment = money::set_aside(conn, actor.id, &run, charged, override_reason.as_ref()).await?;
        let told = Progress {
            status: Some(status),
            rates_on: Some(day),
            approved_by: Some(actor.id),
            approved_at: Some(Utc::now()),
            commitment_id: Some(commitment),
            ..Progress::default()
        };
        store::proceed(conn, actor.id, id, &told).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// Whether everything that is to be frozen is there: a scale for every post, a rate for every currency, and no month paid twice.
async fn fit(conn: &mut Conn, run: &StipendRun, day: NaiveDate) -> ApiResult<()> {
    if statements::has_unpriced(conn, run.id).await? {
        return Err(ApiError::new(Code::UnpricedPosts));
    }
    if statements::pays_twice(conn, run.id).await? {
        return Err(ApiError::new(Code::PaidTwice));
    }
    if !statements::has_rates(conn, run.id, &run.currency, day).await? {
        return Err(ApiError::fault("/rates_on", Code::MissingRate));
    }
    Ok(())
}

/// The end of a run: what is open is carried over or lapses, and the rest of the money that was set aside is free again.
pub async fn close(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendClosing>) -> ApiResult<Answer> {
    let closing = &body.value;
    closing.check()?;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (run, status) = held(conn, actor, id, Step::Close).await?;
        if closing.carry_over {
            carry(conn, actor, id, closing.entry_ids.as_deref()).await?;
        }
        if statements::has_due(conn, id).await? {
            return Err(ApiError::new(Code::EntriesOpen));
        }
        statements::turn(conn, actor.id, id, Which::Standing(&[Status::Held]), Status::Lapsed, None).await?;
        money::let_go(conn, actor.id, &run).await?;
        let told =
            Progress { status: Some(status), closed_by: Some(actor.id), closed_at: Some(Utc::now()), ..Progress::default() };
        store::proceed(conn, actor.id, id, &told).await?;
        if let Some(next) = statements::next_draft(conn, id).await? {
            statements::take_carried(conn, actor.id, next).await?;
            store::proceed(conn, actor.id, next, &Progress::default()).await?;
        }
        told_of(conn, actor, id).await
    })
    .await
}

/// Carries over what was not paid or came back: what is named of it, or all.
async fn carry(conn: &mut Conn, actor: &Actor, id: Uuid, named: Option<&[Uuid]>) -> ApiResult<()> {
    const OPEN: &[Status] = &[Status::Due, Status::Held, Status::Returned];
    if let Some(ids) = named {
        all_are(conn, &actor.scope, id, ids, OPEN).await?;
    }
    let which = named.map_or(Which::Standing(OPEN), Which::Named);
    statements::turn(conn, actor.id, id, which, Status::Carried, None).await.map(drop)
}

/// It will not be paid: its money is free again, and so are the months of its people.
pub async fn cancel(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendReason>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (run, status) = held(conn, actor, id, Step::Cancel).await?;
        let open = Which::Standing(&[Status::Drafted, Status::Due, Status::Held]);
        statements::turn(conn, actor.id, id, open, Status::Cancelled, None).await?;
        money::let_go(conn, actor.id, &run).await?;
        let told = Progress { status: Some(status), reason: Some(&body.value.reason), ..Progress::default() };
        store::proceed(conn, actor.id, id, &told).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// Puts away what was cancelled.
pub async fn retire(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    rules::retirable(store::lock(conn, &actor.scope, id).await?.status)?;
    put_away::<StipendRun>(conn, actor, id, expected).await
}

/// Why a person's month may be paid by another contract too: told before it is paid.
pub async fn waive(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendReason>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let run = lists::entry(conn, &actor.scope, id).await?.row.run_id;
        store::lock(conn, &actor.scope, run).await?;
        // As it stands now that its run is held.
        let entry = lists::entry(conn, &actor.scope, id).await?;
        if !matches!(entry.row.status, Status::Drafted | Status::Due | Status::Held) {
            return Err(ApiError::new(Code::WrongState));
        }
        store::waive(conn, actor.id, id, &body.value.reason).await?;
        store::proceed(conn, actor.id, run, &Progress::default()).await?;
        let entry = lists::entry(conn, &actor.scope, id).await?;
        Answer::record(entry.row.revision, &entry)
    })
    .await
}

/// Holds the run, and says where the step leads, if it may be taken.
pub async fn held(conn: &mut Conn, actor: &Actor, id: Uuid, step: Step) -> ApiResult<(StipendRun, StipendRunStatus)> {
    let run = store::lock(conn, &actor.scope, id).await?;
    let status = rules::after(run.status, step)?;
    statements::by_sets(conn).await?;
    Ok((run, status))
}

/// Every entry that is named is of the run, of the caller's scope, and stands in one of these ways. What is not there is a fault of the body;
/// what stands otherwise, a conflict: `already-paid` where it was paid.
pub async fn all_are(conn: &mut Conn, scope: &Scope, run: Uuid, ids: &[Uuid], wanted: &[Status]) -> ApiResult<()> {
    let unfit = statements::unfit(conn, scope, run, ids, wanted).await?;
    let code = |status: Option<Status>| match status {
        None => Code::UnknownReference,
        Some(Status::Paid) => Code::AlreadyPaid,
        Some(_) => Code::WrongState,
    };
    let faults: Vec<Fault> = unfit
        .iter()
        .map(|one| Fault { pointer: format!("/entry_ids/{}", one.place), code: code(one.status), allowed: Vec::new() })
        .collect();
    let unknown = faults.iter().any(|fault| fault.code == Code::UnknownReference);
    match faults.first() {
        None => Ok(()),
        Some(_) if unknown => Err(ApiError { faults, ..ApiError::new(Code::ValidationFailed) }),
        Some(first) => {
            let code = first.code;
            Err(ApiError { faults, ..ApiError::new(code) })
        }
    }
}

/// The run as it is now.
pub async fn told_of(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<Answer> {
    let sheet = store::sheet(conn, &actor.scope, id).await?;
    Answer::record(sheet.run.revision, &sheet)
}
