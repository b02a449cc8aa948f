//! What is handed over, what is held back, and what comes back.

use uuid::Uuid;

use super::{
    actions::{all_are, held, told_of},
    entries::StipendEntryStatus as Status,
    money::{self, Handed},
    payments::{self, StipendProofs},
    rules::Step,
    statements::{self, Heap, Which},
    store::{self, Progress},
    types::{StipendHold, StipendPaying, StipendRelease, StipendReturn, StipendSum, named},
};
use crate::{
    attachments,
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, once},
    types::{Reason, happened},
};

/// Money was handed over: entries are paid, and each currency is one payment and one expenditure of the budget line.
pub async fn pay(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendPaying>) -> ApiResult<Answer> {
    let paying = &body.value;
    let ids = paying.entry_ids.as_deref();
    once(db, actor.id, key, &body.digest, async |conn| {
        let (run, status) = held(conn, actor, id, Step::Pay).await?;
        paying.check(run.fields.month)?;
        if let Some(agent) = paying.organization_id
            && !payments::is_organization(conn, agent).await?
        {
            return Err(ApiError::fault("/organization_id", Code::UnknownReference));
        }
        attachments::ensure_readable(conn, actor, &paying.attachment_ids, "/attachment_ids").await?;
        if let Some(ids) = ids {
            all_are(conn, &actor.scope, id, ids, &[Status::Due]).await?;
        }
        // Since the approval two records may have become one person.
        if statements::is_paid_elsewhere(conn, id, ids).await? {
            return Err(ApiError::new(Code::PaidTwice));
        }
        let heaps = statements::heaps(conn, id, ids).await?;
        if heaps.is_empty() {
            return Err(ApiError::new(Code::NothingDue));
        }
        agrees(paying.totals.as_deref(), &heaps)?;
        let made = payments::insert(conn, actor.id, id, paying, &heaps).await?;
        statements::pay(conn, actor.id, id, ids, &made).await?;
        payments::prove(conn, actor.id, &made, &paying.attachment_ids).await?;
        for (payment, heap) in made.iter().zip(&heaps) {
            let handed = Handed {
                heap,
                on: paying.paid_on,
                agent: paying.organization_id,
                override_reason: paying.override_reason.as_ref(),
            };
            let expenditure = money::spend(conn, actor.id, &run, &handed).await?;
            payments::stand_for(conn, actor.id, *payment, expenditure).await?;
        }
        store::proceed(conn, actor.id, id, &Progress { status: Some(status), ..Progress::default() }).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// What was handed over, as it is told, is what the entries come to: in their currencies, to the minor unit.
fn agrees(told: Option<&[StipendSum]>, heaps: &[Heap]) -> ApiResult<()> {
    let Some(told) = told else { return Ok(()) };
    let mut faults = Faults::default();
    for (index, sum) in told.iter().enumerate() {
        match heaps.iter().find(|heap| heap.currency == sum.currency) {
            None => faults.add(format!("/totals/{index}/currency"), Code::CurrencyMismatch),
            Some(_) if told[..index].iter().any(|earlier| earlier.currency == sum.currency) => {
                faults.add(format!("/totals/{index}/currency"), Code::Repeated);
            }
            Some(heap) if heap.amount != sum.amount => faults.add(format!("/totals/{index}/amount"), Code::OtherTotal),
            Some(_) => {}
        }
    }
    if faults.0.is_empty() && told.len() < heaps.len() {
        faults.add("/totals", Code::OtherTotal);
    }
    Ok(faults.into_result()?)
}

/// Adds what proves a payment, where it came later.
pub async fn prove(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendProofs>) -> ApiResult<Answer> {
    let given = &body.value.attachment_ids;
    body.value.check()?;
    once(db, actor.id, key, &body.digest, async |conn| {
        payments::lock(conn, id).await?;
        attachments::ensure_readable(conn, actor, given, "/attachment_ids").await?;
        payments::prove(conn, actor.id, &[id], given).await?;
        payments::touch(conn, actor.id, id).await?;
        let payment = payments::find(conn, actor, id).await?;
        Answer::record(payment.row.revision, &payment)
    })
    .await
}

/// Entries are not to be paid for now.
pub async fn hold(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendHold>) -> ApiResult<Answer> {
    let StipendHold { entry_ids, reason } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        sort(conn, actor, id, entry_ids, (Status::Due, Status::Held), Some(reason)).await
    })
    .await
}

/// Held entries may be paid again.
pub async fn release(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendRelease>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        sort(conn, actor, id, &body.value.entry_ids, (Status::Held, Status::Due), None).await
    })
    .await
}

async fn sort(
    conn: &mut Conn,
    actor: &Actor,
    id: Uuid,
    ids: &[Uuid],
    (from, to): (Status, Status),
    reason: Option<&Reason>,
) -> ApiResult<Answer> {
    held(conn, actor, id, Step::Sort).await?;
    let mut faults = Faults::default();
    named(&mut faults, ids);
    faults.into_result()?;
    all_are(conn, &actor.scope, id, ids, &[from]).await?;
    statements::turn(conn, actor.id, id, Which::Named(ids), to, reason).await?;
    store::proceed(conn, actor.id, id, &Progress::default()).await?;
    told_of(conn, actor, id).await
}

/// Paid money came back: the expenditure of its payment is reversed, and what has not come back is spent anew on the same day.
/// So what the run has spent is what its paid entries come to, always.
pub async fn give_back(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<StipendReturn>) -> ApiResult<Answer> {
    let StipendReturn { entry_ids, returned_on, reason } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (run, _) = held(conn, actor, id, Step::Sort).await?;
        let mut faults = Faults::default();
        named(&mut faults, entry_ids);
        happened(&mut faults, "/returned_on", *returned_on);
        faults.into_result()?;
        all_are(conn, &actor.scope, id, entry_ids, &[Status::Paid]).await?;
        if statements::paid_after(conn, entry_ids, *returned_on).await? {
            return Err(ApiError::fault("/returned_on", Code::DateOrder));
        }
        for rest in statements::give_back(conn, actor.id, id, entry_ids, *returned_on, reason).await? {
            if let Some(expenditure) = rest.expenditure_id {
                money::reverse(conn, actor.id, expenditure, *returned_on, reason).await?;
            }
            let left = Handed { heap: &rest.heap, on: *returned_on, agent: rest.organization_id, override_reason: None };
            let expenditure = money::spend(conn, actor.id, &run, &left).await?;
            payments::stand_for(conn, actor.id, rest.id, expenditure).await?;
        }
        store::proceed(conn, actor.id, id, &Progress::default()).await?;
        told_of(conn, actor, id).await
    })
    .await
}
