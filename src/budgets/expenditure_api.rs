//! `/api/v1/expenditures`.

use actix_web::{HttpResponse, get, post, web::Data};
use uuid::Uuid;

use super::{
    book::turned_round,
    expenditures::{self, Expenditure, ExpenditureFields, ExpenditureFilter, ExpenditureReversal, NewExpenditure},
};
use crate::{
    attachments,
    auth::{Actor, Caller, EditBudgets, ReadBudgets},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code},
    exchange_rates,
    http::{Answer, Body, IdempotencyKey, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId, once},
    register::checked,
};

const COLLECTION: &str = "expenditures";

/// The routes of expenditures.
pub fn routes(config: &mut Mount) {
    config.service(list_expenditures).service(create_expenditure).service(find_expenditure).service(reverse_expenditure);
}

/// List expenditures, with what turns them round.
#[utoipa::path(tag = "budgets", params(PageQuery, ExpenditureFilter), responses((status = 200, description = "A page of expenditures", body = Page<Expenditure>)))]
#[get("/expenditures")]
async fn list_expenditures(
    _caller: Caller<ReadBudgets>,
    listing: Listing<ExpenditureFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    listing
        .answer(async move |page, filter| {
            db.read_at(filter.known_at, async |conn| expenditures::list(conn, filter, page).await).await
        })
        .await
}

/// Spend money of a budget line.
#[utoipa::path(tag = "budgets", request_body = NewExpenditure, responses((status = 201, description = "The new expenditure", body = Expenditure)))]
#[post("/expenditures")]
async fn create_expenditure(
    caller: Caller<EditBudgets>,
    key: IdempotencyKey,
    body: Body<NewExpenditure>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    checked(&body.value.fields)?;
    let (id, fields) = (body.value.id, &body.value.fields);
    once(&db, caller.id, &key, &body.digest, async |conn| record(conn, &caller, id, fields).await).await
}

/// Read an expenditure.
#[utoipa::path(tag = "budgets", params(("expenditure_id" = uuid::Uuid, Path)), responses((status = 200, description = "The expenditure", body = Expenditure)))]
#[get("/expenditures/{expenditure_id}")]
async fn find_expenditure(
    _caller: Caller<ReadBudgets>,
    RecordId(id): RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let found = expenditures::find(&mut *db.conn().await?, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    Ok(held.answer(found.revision, &found))
}

/// Turn an expenditure round, whole and once: it was wrong, or the money came back.
#[utoipa::path(tag = "budgets", params(("expenditure_id" = uuid::Uuid, Path)), request_body = ExpenditureReversal, responses((status = 201, description = "What turns it round", body = Expenditure)))]
#[post("/expenditures/{expenditure_id}/reversal")]
async fn reverse_expenditure(
    caller: Caller<EditBudgets>,
    RecordId(was): RecordId,
    key: IdempotencyKey,
    body: Body<ExpenditureReversal>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let id = body.value.id.unwrap_or_else(Uuid::now_v7);
    once(&db, caller.id, &key, &body.digest, async |conn| reversal(conn, &caller, id, was, &body.value).await).await
}

async fn record(conn: &mut Conn, actor: &Actor, id: Uuid, fields: &ExpenditureFields) -> ApiResult<Answer> {
    // Sent again, it is what it was, whatever has become of rates since.
    if expenditures::find(conn, id).await?.is_some() {
        return answer(conn, id, false, |there| there.is_made_of(fields)).await;
    }
    attachments::ensure_readable(conn, actor, fields.attachment_id.as_slice(), "/attachment_id").await?;
    let currency = expenditures::currency_of(conn, fields.budget_line_id).await?;
    let currency = currency.ok_or_else(|| ApiError::fault("/budget_line_id", Code::UnknownReference))?;
    let rate = match &fields.original_currency {
        Some(other) if *other != currency => exchange_rates::on(conn, other, &currency, fields.spent_on).await?,
        _ => None,
    };
    let spent = fields.spent(actor.id, id, currency, rate)?;
    let fresh = expenditures::insert(conn, &spent).await?;
    answer(conn, id, fresh, |there| there.is_made_of(fields)).await
}

async fn reversal(conn: &mut Conn, actor: &Actor, id: Uuid, was: Uuid, body: &ExpenditureReversal) -> ApiResult<Answer> {
    let there = expenditures::find(conn, was).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    // What a run of stipends has paid is that run's to turn round.
    if there.stipend_run_id.is_some() || there.reverses_id.is_some() {
        return Err(ApiError::new(Code::WrongState));
    }
    let fresh = expenditures::insert(conn, &turned_round(actor.id, id, there, body.spent_on, &body.reason)).await?;
    answer(conn, id, fresh, |there| {
        there.reverses_id == Some(was) && there.spent_on == body.spent_on && there.override_reason.as_ref() == Some(&body.reason)
    })
    .await
}

/// The row of this id: new, or the same that was sent before.
async fn answer(conn: &mut Conn, id: Uuid, fresh: bool, same: impl Fn(&Expenditure) -> bool) -> ApiResult<Answer> {
    let there = expenditures::find(conn, id).await?.ok_or_else(|| ApiError::internal("a new expenditure is gone"))?;
    let told = Answer::created(COLLECTION, id, there.revision, &there)?;
    if fresh {
        Ok(told)
    } else if same(&there) {
        Ok(told.again())
    } else {
        Err(ApiError::new(Code::RecordConflict))
    }
}
