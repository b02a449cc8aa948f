//! `/api/v1/reporting-duties`, and the schedule of a contract.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use chrono::NaiveDate;
use deserr::Deserr;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    duties::{self, DutiesMade, DutyFilter, DutyOnDay, DutySchedule, NewDuty, ReportingDuty},
    types::Contract,
};
use crate::{
    attachments,
    auth::{Caller, EditContracts, ReadContracts},
    db::Db,
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId, once},
    register::{self, load_open},
    types::happened,
};

/// The routes of reporting duties.
pub fn routes(config: &mut Mount) {
    config
        .service(list_reporting_duties)
        .service(create_reporting_duty)
        .service(find_reporting_duty)
        .service(retire_reporting_duty)
        .service(deliver_reporting_duty)
        .service(schedule_reporting_duties);
}

/// List what partners are to be told, as it stands on a day.
#[utoipa::path(tag = "contracts", params(PageQuery, DutyFilter), responses((status = 200, description = "A page of reporting duties", body = Page<DutyOnDay>)))]
#[get("/reporting-duties")]
async fn list_reporting_duties(
    caller: Caller<ReadContracts>,
    listing: Listing<DutyFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| duties::list(&mut *db.conn().await?, &scope, filter, page).await).await
}

/// Add a reporting duty.
#[utoipa::path(tag = "contracts", request_body = NewDuty, responses((status = 201, description = "The new reporting duty", body = ReportingDuty)))]
#[post("/reporting-duties")]
async fn create_reporting_duty(
    caller: Caller<EditContracts>,
    key: IdempotencyKey,
    body: Body<NewDuty>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::create::<ReportingDuty>(&db, &caller, &key, &body).await
}

/// Read a reporting duty.
#[utoipa::path(tag = "contracts", params(("reporting_duty_id" = uuid::Uuid, Path)), responses((status = 200, description = "The reporting duty", body = ReportingDuty)))]
#[get("/reporting-duties/{reporting_duty_id}")]
async fn find_reporting_duty(
    caller: Caller<ReadContracts>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    register::find::<ReportingDuty>(&db, &caller, id, &held).await
}

/// Retire a reporting duty that nobody asks for any more.
#[utoipa::path(tag = "contracts", params(("reporting_duty_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired reporting duty", body = ReportingDuty)))]
#[delete("/reporting-duties/{reporting_duty_id}")]
async fn retire_reporting_duty(
    caller: Caller<EditContracts>,
    id: RecordId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    register::retire::<ReportingDuty>(&db, &caller, id, expected).await
}

/// That a partner was told.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"delivered_on": "2014-08-12"}))]
pub struct Delivery {
    /// The day.
    pub delivered_on: NaiveDate,
    /// What was told.
    #[deserr(default)]
    pub attachment_id: Option<Uuid>,
}

/// Deliver what is to be told.
#[utoipa::path(tag = "contracts", params(("reporting_duty_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = Delivery, responses((status = 200, description = "The reporting duty, delivered", body = ReportingDuty)))]
#[post("/reporting-duties/{reporting_duty_id}/delivery")]
async fn deliver_reporting_duty(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<Delivery>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let mut faults = Faults::default();
    happened(&mut faults, "/delivered_on", body.value.delivered_on);
    faults.into_result()?;
    once(&db, caller.id, &key, &body.digest, async |conn| {
        load_open::<ReportingDuty>(conn, &caller.scope, id).await?;
        attachments::ensure_readable(conn, &caller, body.value.attachment_id.as_slice(), "/attachment_id").await?;
        let told = duties::deliver(conn, caller.id, id, body.value.delivered_on, body.value.attachment_id).await?;
        let told = told.ok_or_else(|| ApiError::new(Code::WrongState))?;
        Answer::record(told.revision, &told)
    })
    .await
}

/// Make the reporting duties of a contract from a frequency: one for every period of its days; those that stand already stay.
#[utoipa::path(tag = "contracts", params(("contract_id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "The same request sent again under it is done once.")), request_body = DutySchedule, responses((status = 200, description = "The duties that are new", body = DutiesMade)))]
#[post("/contracts/{contract_id}/reporting-schedule")]
async fn schedule_reporting_duties(
    caller: Caller<EditContracts>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<DutySchedule>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let mut faults = Faults::default();
    body.value.check(&mut faults);
    faults.into_result()?;
    once(&db, caller.id, &key, &body.digest, async |conn| {
        let contract = load_open::<Contract>(conn, &caller.scope, id).await?;
        let days = (id, contract.fields.starts_on, contract.fields.ends_on);
        let duties = duties::schedule(conn, caller.id, days, &body.value).await?;
        Answer::plain(&DutiesMade { duties })
    })
    .await
}
